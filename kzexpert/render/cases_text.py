"""The results of cases as text: failures, on request the rules that never fired, and a line that counts."""

from collections.abc import Iterator, Sequence

from kzexpert.analysis.cases import CaseResult, Coverage
from kzexpert.model import KnowledgeBase
from kzexpert.render.layout import WIDTH, Style, as_plain, wrap

__all__ = ["cases_text"]


def cases_text(
    kb: KnowledgeBase,
    results: Sequence[CaseResult],
    coverage: Coverage | None = None,
    style: Style = as_plain,
    width: int = WIDTH,
) -> str:
    """What came out otherwise than wanted, and how many cases passed and failed."""
    lines = [line for result in results if not result.passed for line in (*_failure(result, style, width), "")]
    if coverage:
        lines.extend(_coverage(kb, coverage, style, width))
    failed = sum(not result.passed for result in results)
    role, verdict = ("bad", f"{failed} failed, ") if failed else ("good", "")
    lines.append(style(role, f"{verdict}{len(results) - failed} passed"))
    return "\n".join(lines) + "\n"


def _failure(result: CaseResult, style: Style, width: int) -> Iterator[str]:
    case = result.case
    head = [("bad", "FAIL "), ("strong", case.id), ("faint", f" ({case.location})")]
    yield wrap(head, style, width=width, rest="  ")
    for text in (case.note, f"ask: {case.ask}" if case.ask else ""):
        if text:
            yield wrap([("faint", text)], style, width=width, first="  ", rest="    ")
    for line in result.lines:
        yield wrap([("", line)], style, width=width, first="  - ", rest="    ")


def _coverage(kb: KnowledgeBase, coverage: Coverage, style: Style, width: int) -> Iterator[str]:
    places = {rule.id: rule.location for rule in kb.rules}
    fired = len(coverage.cases) - len(coverage.never)
    yield f"{fired} of {len(coverage.cases)} rules fired in some case."
    for rule in coverage.never:
        yield wrap(
            [("poor", rule), ("faint", f" ({places[rule]})")], style, width=width, first="  never: ", rest="    "
        )
    yield ""
