"""The results of cases as text: failures, on request the rules that never fired, and a line that counts."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from kzexpert.analysis.cases import CaseResult, Coverage
from kzexpert.model import KnowledgeBase
from kzexpert.render.writer import PLAIN, Writer

__all__ = ["cases_text"]


def cases_text(
    kb: KnowledgeBase,
    results: Sequence[CaseResult],
    coverage: Coverage | None = None,
    out: Writer = PLAIN,
    used: Mapping[str, Sequence[CaseResult]] = MappingProxyType({}),
) -> str:
    """What came out otherwise than wanted, and how many cases passed and failed.

    Args:
        used: used base → how its own cases went.
    """
    lines = [*_failures(results, out)]
    if coverage:
        lines.extend(_coverage(kb, coverage, out))
    lines.append(_verdict(results, out))
    for base, found in used.items():
        lines.extend(_failures(found, out))
        lines.append(out.style("", f"{base}, which is used here: ") + _verdict(found, out))
    return "\n".join(lines) + "\n"


def _failures(results: Sequence[CaseResult], out: Writer) -> list[str]:
    return [line for result in results if not result.passed for line in (*_failure(result, out), "")]


def _verdict(results: Sequence[CaseResult], out: Writer) -> str:
    failed = sum(not result.passed for result in results)
    role, verdict = ("bad", f"{failed} failed, ") if failed else ("good", "")
    return out.style(role, f"{verdict}{len(results) - failed} passed")


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
