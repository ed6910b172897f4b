"""The results of cases as text: failures, on request what nothing asserts, and a line that counts."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from kzexpert.analysis.cases import CaseResult
from kzexpert.authoring.mutation.coverage import RulePart
from kzexpert.errors import counted, listed
from kzexpert.render.writer import PLAIN, Writer

__all__ = ["cases_text"]


def cases_text(
    results: Sequence[CaseResult],
    coverage: Sequence[RulePart] | None = None,
    out: Writer = PLAIN,
    used: Mapping[str, Sequence[CaseResult]] = MappingProxyType({}),
    limit: int | None = None,
) -> str:
    """What came out otherwise than wanted, and how many cases passed and failed.

    Args:
        used: used base → how its own cases went.
        limit: of how many parts that nothing asserts to tell; None is all.
    """
    lines = [*_failures(results, out)]
    if coverage is not None:
        lines.extend(_coverage(coverage, limit, out))
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


def _coverage(coverage: Sequence[RulePart], limit: int | None, out: Writer) -> Iterator[str]:
    kinds = dict.fromkeys(part.part for part in coverage)
    said = []
    for kind in kinds:
        these = [part for part in coverage if part.part == kind]
        many = sum(bool(part.asserted_by) for part in these)
        said.append(f"{many} of {counted(len(these), _CALLED.get(kind, kind))}")
    yield out.wrap([("", f"Cases assert {listed(said) if said else 'nothing'}.")])
    silent = [part for part in coverage if not part.asserted_by]
    if silent:
        yield "Nothing asserts"
    for part in silent[:limit]:
        named = f"the {_CALLED.get(part.part, part.part)} {part.text.removeprefix('unless: ')}"
        pieces = [("poor", named), ("faint", f" ({part.place})")]
        yield out.wrap(pieces, first="  ", rest="    ")
    if limit is not None and len(silent) > limit:
        yield out.style("faint", f"  {len(silent) - limit:,} more; --limit all tells them")
    yield ""


#: What a part is called beside the others.
_CALLED = {"item": "inner condition"}
