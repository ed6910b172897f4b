"""Why something does not follow, as text: what was weighed, the near misses of rules, and what would make it hold."""

from collections.abc import Callable, Iterator, Sequence

from kzexpert.analysis.near_misses import Failure, Miss, NearFact
from kzexpert.analysis.proposals import Proposal
from kzexpert.analysis.remedies import DEPTH, MOST_CHANGES
from kzexpert.analysis.why_not import Weighed, WhyNot
from kzexpert.certainty import THRESHOLD
from kzexpert.errors import counted
from kzexpert.model import Inference, format_value
from kzexpert.questions.question import Question
from kzexpert.render.text import footnote, nothing_supports
from kzexpert.render.writer import PLAIN, Piece, Writer, certainty_text, display_width, sentence, stated

__all__ = ["why_not_text"]

#: How many rules are shown in full; the others are named.
_MOST_RULES = 8
_DEEPEST = 24


def why_not_text(
    inference: Inference,
    question: Question,
    found: WhyNot,
    command: Callable[[Proposal], Sequence[str]],
    out: Writer = PLAIN,
) -> str:
    """The explanation.

    Args:
        command: the words of the command line that tries a proposal out.
    """
    blocks = ["\n".join(_verdict(inference, question, found, out))]
    if found.misses:
        blocks.append("\n".join(_misses(found.misses, out)))
    elif question.pattern.predicate not in inference.program.stratum_of:
        text = f"No rule concludes {question.pattern.predicate}: it is either on record or unknown."
        blocks.append(out.wrap([("", text)]))
    else:
        text = f"No other rule that concludes {question.pattern.predicate} can conclude this."
        blocks.append(out.wrap([("", text)]))
    blocks.append("\n".join(_proposals(found, command, out)))
    blocks.append(footnote(inference, out))
    return "\n\n".join(blocks) + "\n"


# --- what is known ---------------------------------------------------------------------------------------------------


def _verdict(inference: Inference, question: Question, found: WhyNot, out: Writer) -> Iterator[str]:
    if not found.weighed:
        yield nothing_supports(inference, question, out)
    for fact in found.outside:
        text = f"{fact.fact} is on record {fact.dates}, so it is not in force on {found.as_of.isoformat()}"
        yield out.wrap([("", text), ("faint", f" ({fact.place})")], rest="  ")
    for number, weighed in enumerate(found.weighed):
        if number:
            yield ""
        yield from _weighed(weighed, out)


def _weighed(weighed: Weighed, out: Writer) -> Iterator[str]:
    item = weighed.conclusion
    certainty = f" (certainty {certainty_text(item.certainty)}; more than {THRESHOLD:.2f} would establish it)"
    head: list[Piece] = [
        ("strong", stated(item.says, item.conclusion)),
        ("", ": "),
        ("poor", "weighed, not established"),
        ("", certainty),
    ]
    yield out.wrap(head, rest="  ")
    for evidence in item.lines:
        origin = evidence.rule or "on record"
        pieces: list[Piece] = [("", sentence(evidence.because)), ("faint", f" ({origin})")]
        first = f"{certainty_text(evidence.strength).rjust(7)}  "
        yield out.wrap(pieces, first=first, rest=" " * 9)
    if item.conflict:
        text = "There is certain evidence both for and against it."
    elif weighed.against and weighed.support > THRESHOLD:
        text = (
            f"The evidence against it holds it down: without that it would be {weighed.evidence_alone} "
            f"(certainty {certainty_text(weighed.support)})."
        )
    elif weighed.support:
        text = f"The evidence for it is too weak by itself: {certainty_text(weighed.support)}."
    else:
        text = "There is evidence against it only."
    yield out.wrap([("", text)], first=" " * 9, rest=" " * 9)


# --- near misses -----------------------------------------------------------------------------------------------------


def _misses(misses: Sequence[Miss], out: Writer) -> Iterator[str]:
    rules = {miss.rule: None for miss in misses}
    yield out.wrap([("", "Rules that could conclude it, the nearest first:")])
    for rule in list(rules)[:_MOST_RULES]:
        yield from _rule([miss for miss in misses if miss.rule == rule], "  ", out)
    left = list(rules)[_MOST_RULES:]
    if left:
        yield out.wrap([("", "  and further away: "), ("name", ", ".join(left))], rest="    ")


def _rule(misses: Sequence[Miss], indent: str, out: Writer) -> Iterator[str]:
    """A rule, and what it lacks under each of its nearest bindings."""
    first = misses[0]
    title: list[Piece] = [("name", first.rule), ("", f": {first.title}" if first.title else "")]
    gives = f" ({first.place}; would give up to {certainty_text(first.strength)})"
    yield out.wrap([*title, ("faint", gives)], first=indent, rest=f"{indent}  ")
    for number, miss in enumerate(misses):
        if number:
            yield out.wrap([("faint", "or else")], first=f"{indent}  ")
        if miss.chosen:
            alternative: list[Piece] = [("faint", f"by the alternative {', '.join(miss.chosen)}")]
            yield out.wrap(alternative, first=f"{indent}  ", rest=f"{indent}    ")
        for held in miss.held:
            certainty = "" if held.certainty is None else f" {certainty_text(held.certainty)}"
            pieces: list[Piece] = [("good", "holds "), ("", held.holds), ("faint", certainty)]
            yield out.wrap(pieces, first=f"{indent}  ", rest=f"{indent}        ")
        for failure in miss.failed:
            yield from _failure(failure, f"{indent}  ", out)
        for text in miss.open:
            pieces = [("faint", "open  "), ("faint", text)]
            yield out.wrap(pieces, first=f"{indent}  ", rest=f"{indent}        ")


def _failure(failure: Failure, indent: str, out: Writer) -> Iterator[str]:
    verb = "fails" if failure.why in ("blocked", "comparison", "no value") else "lacks"
    pieces: list[Piece] = [("bad", f"{verb} "), ("", failure.instance), ("poor", f": {_why(failure)}")]
    yield out.wrap(pieces, first=indent, rest=f"{indent}      ")
    for fact in failure.facts:
        yield out.wrap(_near(fact), first=f"{indent}      ", rest=f"{indent}        ")
    if failure.below and display_width(indent) < _DEEPEST:
        yield out.wrap([("faint", "which could follow by")], first=f"{indent}      ")
        for rule in dict.fromkeys(miss.rule for miss in failure.below):
            below = [miss for miss in failure.below if miss.rule == rule][:1]
            yield from _rule(below, f"{indent}      ", out)


def _why(failure: Failure) -> str:
    words = {
        "no such fact": "not on record",
        "not concluded": "no rule concludes it now",
        "not in force": "on record, but not in force",
        "not recent": "on record, but not recent enough",
        "no such date": "on record, but not with such a date",
        "withdrawn": "withdrawn",
        "too weak": "weighed, not established",
        "others only": "known only of what other conditions rule out",
        "blocked": "it is known",
        "comparison": "it does not hold",
        "no value": "it has no value",
    }
    if failure.missing is not None:
        return f"{format_value(failure.missing)} is missing" if failure.missing else "it must lie beyond"
    return words[failure.why]


def _near(fact: NearFact) -> list[Piece]:
    certainty = "" if fact.certainty is None else f" {certainty_text(fact.certainty)}"
    note = ", ".join(filter(None, [fact.dates, fact.place]))
    return [("", f"- {fact.fact}"), ("faint", certainty + (f" ({note})" if note else ""))]


# --- proposals -------------------------------------------------------------------------------------------------------


def _proposals(found: WhyNot, command: Callable[[Proposal], Sequence[str]], out: Writer) -> Iterator[str]:
    bounds = f"The search goes {DEPTH} levels deep and tries at most {MOST_CHANGES} changes: there may be other ways."
    if found.cut_short:
        bounds = "The search was cut short, so there may be other ways."
    if not found.proposals:
        tried = counted(found.tried, "set of changes was", "sets of changes were")
        text = f"Nothing was found that would make it hold if assumed or withdrawn; {tried} tried. {bounds}"
        yield out.wrap([("", text)])
        return
    yield out.wrap([("", "What would make it hold, each tried out:")])
    for proposal in found.proposals:
        yield from _proposal(proposal, command(proposal), found, out)
    yield out.wrap([("faint", bounds)])


def _proposal(proposal: Proposal, words: Sequence[str], found: WhyNot, out: Writer) -> Iterator[str]:
    groups = (("assume", proposal.assume), ("withdraw", proposal.without))
    parts = [f"{verb} {' and '.join(atoms)}" for verb, atoms in groups if atoms]
    result: list[Piece] = [("good", proposal.evidence), ("", f" (certainty {certainty_text(proposal.certainty)})")]
    if proposal.conclusion != found.pattern:
        result = [("", f"{proposal.conclusion} is "), *result]
    yield out.wrap([("strong", "; ".join(parts)), ("", ": "), *result], first="  ", rest="    ")
    yield _shell(words, out)


def _shell(words: Sequence[str], out: Writer) -> str:
    """A command line to copy, broken by backslashes between its words."""
    from shlex import quote

    lines = [""]
    for option in _with_values(words):
        text = " ".join(map(quote, option))
        if lines[-1] and display_width(f"      {lines[-1]} {text} \\") > out.width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {text}".strip()
    indents = ["    ", *["      "] * len(lines)]
    ends = [" \\"] * (len(lines) - 1) + [""]
    return "\n".join(
        out.style("faint", f"{indent}{line}{end}") for indent, line, end in zip(indents, lines, ends, strict=False)
    )


def _with_values(words: Sequence[str]) -> Iterator[list[str]]:
    """Each option with its value, every other word alone."""
    pending: list[str] = []
    for word in words:
        if pending and pending[0].startswith("--") and len(pending) == 1:
            yield [pending[0], word]
            pending = []
        else:
            if pending:
                yield pending
            pending = [word]
    if pending:
        yield pending
