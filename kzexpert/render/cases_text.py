"""The results of cases as text: failures, on request the rules that never fired, and a line that counts."""

from collections.abc import Iterator, Sequence

from kzexpert.analysis.cases import CaseResult, Coverage
from kzexpert.model import KnowledgeBase
from kzexpert.render.writer import PLAIN, Writer

__all__ = ["cases_text"]


def cases_text(
    kb: KnowledgeBase,
    results: Sequence[CaseResult],
    coverage: Coverage | None = None,
    out: Writer = PLAIN,
) -> str:
    """What came out otherwise than wanted, and how many cases passed and failed."""
    lines = [line for result in results if not result.passed for line in (*_failure(result, out), "")]
    if coverage:
        lines.extend(_coverage(kb, coverage, out))
    failed = sum(not result.passed for result in results)
    role, verdict = ("bad", f"{failed} failed, ") if failed else ("good", "")
    lines.append(out.style(role, f"{verdict}{len(results) - failed} passed"))
    return "\n".join(lines) + "\n"


def _failure(result: CaseResult, out: Writer) -> Iterator[str]:
    case = result.case
    head = [("bad", "FAIL "), ("strong", case.id), ("faint", f" ({case.location})")]
    yield out.wrap(head, rest="  ")
    for text in (case.note, f"ask: {case.ask}" if case.ask else ""):
        if text:
            yield out.wrap([("faint", text)], first="  ", rest="    ")
    for line in result.lines:
        yield out.wrap([("", line)], first="  - ", rest="    ")


def _coverage(kb: KnowledgeBase, coverage: Coverage, out: Writer) -> Iterator[str]:
    places = {rule.id: rule.location for rule in kb.rules}
    fired = len(coverage.cases) - len(coverage.never)
    yield f"{fired} of {len(coverage.cases)} rules fired in some case."
    for rule in coverage.never:
        yield out.wrap([("poor", rule), ("faint", f" ({places[rule]})")], first="  never: ", rest="    ")
    yield ""
