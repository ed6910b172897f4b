"""Which changes of rules the cases notice, as text: how many, then each that passes, and what would tell it apart."""

from collections.abc import Iterator, Sequence

from kzexpert.authoring.mutation.suggestions import SuggestedCase
from kzexpert.authoring.mutation.survey import MutantResult, Survey
from kzexpert.errors import counted
from kzexpert.render.writer import PLAIN, Piece, Writer

__all__ = ["mutation_text", "told"]


def mutation_text(
    found: Survey,
    suggested: Sequence[SuggestedCase] | None = None,
    tried: int = 0,
    limit: int | None = None,
    out: Writer = PLAIN,
) -> str:
    """A survey as text.

    Args:
        suggested: cases that would notice more; None where they were not asked for.
        tried: how many sets of facts were made to find these.
        limit: how many mutants of a kind to tell, and cases; None is all.
    """
    lines = [out.wrap(_counts(found)), ""]
    survived, equivalent = found.of("survived"), found.of("equivalent")
    for item in survived[:limit]:
        lines.append(out.wrap([("poor", told(item)), ("faint", f" ({item.mutant.place})")], rest="  "))
    lines += _more(len(survived), limit, "more that no case notices", out)
    if suggested is not None:
        lines += _suggested(found, suggested, tried, limit, out)
    if equivalent:
        lines += [out.style("strong", "Not counted, since no facts can tell them from the rule:")]
        for item in equivalent[:limit]:
            lines.append(
                out.wrap([("", f"{item.mutant}: {item.why}"), ("faint", f" ({item.mutant.place})")], "  ", "    ")
            )
        lines += _more(len(equivalent), limit, "more", out)
    return "\n".join(lines).rstrip("\n") + "\n"


def _counts(found: Survey) -> list[Piece]:
    noticed, survived, equivalent = (len(found.of(status)) for status in ("noticed", "survived", "equivalent"))
    all_of = counted(noticed + survived, "change")
    said = [f" of {all_of} to {counted(len(found.rules), 'rule')} are noticed, {found.percent:.1f} percent"]
    if equivalent:
        said.append(f"{equivalent:,} more {'changes' if equivalent == 1 else 'change'} nothing")
    if found.refused:
        said.append(f"{found.refused:,} {'makes' if found.refused == 1 else 'make'} no rule")
    return [("bad" if survived else "good", f"{noticed:,}"), ("", f"{'; '.join(said)}.")]


def told(item: MutantResult) -> str:
    """What a survivor is, and which cases let it pass."""
    cases = len(item.passes)
    if not cases:
        return f"{item.mutant}: no case reaches it"
    reaching = (
        "the one case that reaches" if cases == 1 else f"{'both' if cases == 2 else f'all {cases}'} cases that reach"
    )
    return f"{item.mutant} passes {reaching} it"


def _more(many: int, limit: int | None, what: str, out: Writer) -> Iterator[str]:
    if limit is not None and many > limit:
        yield out.style("faint", f"{many - limit:,} {what}; --limit all tells them")
    if many:
        yield ""


def _suggested(
    found: Survey, suggested: Sequence[SuggestedCase], tried: int, limit: int | None, out: Writer
) -> Iterator[str]:
    noticed = {id(mutant) for case in suggested for mutant in case.notices}
    rest = [item for item in found.of("survived") if id(item.mutant) not in noticed]
    if suggested:
        told_apart = f"{counted(len(suggested), 'case')} would notice {counted(len(noticed), 'more change')}"
        yield out.style("strong", f"{told_apart}; each passes now, and fails with those:")
        yield "cases:"
    for case in suggested[:limit]:
        for mutant in case.notices:
            yield out.style("faint", f"  # {mutant}")
        yield from (f"  {line}" for line in case.yaml.splitlines())
        yield ""
    yield from _more(len(suggested), limit, "more cases", out) if limit is not None and len(suggested) > limit else ()
    if rest:
        sets = counted(tried, "set of facts", "sets of facts")
        yield out.wrap([("", f"Not told apart by {sets} that were made, which does not show that nothing can:")])
        for item in rest[:limit]:
            yield out.wrap([("poor", str(item.mutant)), ("faint", f" ({item.mutant.place})")], "  ", "    ")
        yield from _more(len(rest), limit, "more", out)
