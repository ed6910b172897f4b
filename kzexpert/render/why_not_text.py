"""Why something does not follow, as text: what was weighed, the near misses of rules, and what would make it hold."""

from collections.abc import Callable, Iterator, Sequence

from kzexpert.analysis.mending import DEPTH, MOST_CHANGES
from kzexpert.analysis.near_misses import Failure, Miss, NearFact
from kzexpert.analysis.proposals import Proposal
from kzexpert.analysis.why_not import Weighed, WhyNot
from kzexpert.certainty import THRESHOLD
from kzexpert.model import Inference
from kzexpert.questions.question import Question
from kzexpert.render.layout import WIDTH, Piece, Style, as_plain, display_width, sentence, stated, wrap
from kzexpert.render.text import certainty_text, footnote, nothing_supports

__all__ = ["why_not_text"]

#: How many rules are shown in full; the others are named.
_MOST_RULES = 8
_DEEPEST = 24


def why_not_text(
    inference: Inference,
    question: Question,
    found: WhyNot,
    command: Callable[[Proposal], Sequence[str]],
    style: Style = as_plain,
    width: int = WIDTH,
) -> str:
    """The explanation.

    Args:
        command: the words of the command line that tries a proposal out.
    """
    blocks = ["\n".join(_verdict(inference, question, found, style, width))]
    if found.misses:
        blocks.append("\n".join(_misses(found.misses, style, width)))
    elif question.pattern.predicate not in inference.program.stratum_of:
        text = f"No rule concludes {question.pattern.predicate}: it is on record, or it is not known."
        blocks.append(wrap([("", text)], style, width=width))
    else:
        text = f"No other rule that concludes {question.pattern.predicate} can conclude this."
        blocks.append(wrap([("", text)], style, width=width))
    blocks.append("\n".join(_proposals(found, command, style, width)))
    blocks.append(footnote(inference, style, width))
    return "\n\n".join(blocks) + "\n"


# --- what is known ---------------------------------------------------------------------------------------------------


def _verdict(inference: Inference, question: Question, found: WhyNot, style: Style, width: int) -> Iterator[str]:
    if not found.weighed:
        yield nothing_supports(inference, question, style, width)
    for fact in found.outside:
        text = f"{fact.fact} is on record {fact.dates}, so it is not in force on {found.as_of.isoformat()}"
        yield wrap([("", text), ("faint", f" ({fact.place})")], style, width=width, rest="  ")
    for number, weighed in enumerate(found.weighed):
        if number:
            yield ""
        yield from _weighed(weighed, style, width)


def _weighed(weighed: Weighed, style: Style, width: int) -> Iterator[str]:
    item = weighed.conclusion
    certainty = f" (certainty {certainty_text(item.certainty)}; more than {THRESHOLD:.2f} would establish it)"
    head: list[Piece] = [
        ("strong", stated(item.says, item.conclusion)),
        ("", ": "),
        ("poor", "weighed, not established"),
        ("", certainty),
    ]
    yield wrap(head, style, width=width, rest="  ")
    for evidence in item.evidence:
        origin = evidence.rule or "on record"
        pieces: list[Piece] = [("", sentence(evidence.because)), ("faint", f" ({origin})")]
        first = f"{certainty_text(evidence.strength).rjust(7)}  "
        yield wrap(pieces, style, width=width, first=first, rest=" " * 9)
    if item.conflict:
        text = "There is certain evidence both for and against it."
    elif weighed.against and weighed.support > THRESHOLD:
        text = (
            f"The evidence against it holds it down: without that it would be {weighed.likelihood_alone} "
            f"(certainty {certainty_text(weighed.support)})."
        )
    elif weighed.support:
        text = f"The evidence for it is too weak by itself: {certainty_text(weighed.support)}."
    else:
        text = "There is evidence against it only."
    yield wrap([("", text)], style, width=width, first=" " * 9, rest=" " * 9)


# --- near misses -----------------------------------------------------------------------------------------------------


def _misses(misses: Sequence[Miss], style: Style, width: int) -> Iterator[str]:
    rules = {miss.rule: None for miss in misses}
    yield wrap([("", "Rules that could conclude it, the nearest first:")], style, width=width)
    for rule in list(rules)[:_MOST_RULES]:
        yield from _rule([miss for miss in misses if miss.rule == rule], "  ", style, width)
    left = list(rules)[_MOST_RULES:]
    if left:
        yield wrap([("", "  and further away: "), ("name", ", ".join(left))], style, width=width, rest="    ")


def _rule(misses: Sequence[Miss], indent: str, style: Style, width: int) -> Iterator[str]:
    """A rule, and what it lacks under each of its nearest bindings."""
    first = misses[0]
    title: list[Piece] = [("name", first.rule), ("", f": {first.title}" if first.title else "")]
    gives = f" ({first.place}; would give up to {certainty_text(first.strength)})"
    yield wrap([*title, ("faint", gives)], style, width=width, first=indent, rest=f"{indent}  ")
    for number, miss in enumerate(misses):
        if number:
            yield wrap([("faint", "or else")], style, width=width, first=f"{indent}  ")
        for held in miss.held:
            certainty = "" if held.certainty is None else f" {certainty_text(held.certainty)}"
            pieces: list[Piece] = [("good", "holds "), ("", held.holds), ("faint", certainty)]
            yield wrap(pieces, style, width=width, first=f"{indent}  ", rest=f"{indent}        ")
        for failure in miss.failed:
            yield from _failure(failure, f"{indent}  ", style, width)
        for text in miss.open:
            pieces = [("faint", "open  "), ("faint", text)]
            yield wrap(pieces, style, width=width, first=f"{indent}  ", rest=f"{indent}        ")


def _failure(failure: Failure, indent: str, style: Style, width: int) -> Iterator[str]:
    verb = "fails" if failure.why in ("blocked", "comparison", "no value") else "lacks"
    pieces: list[Piece] = [("bad", f"{verb} "), ("", failure.instance), ("poor", f": {_why(failure)}")]
    yield wrap(pieces, style, width=width, first=indent, rest=f"{indent}      ")
    for fact in failure.facts:
        yield wrap(_near(fact), style, width=width, first=f"{indent}      ", rest=f"{indent}        ")
    if failure.below and display_width(indent) < _DEEPEST:
        yield wrap([("faint", "which could follow by")], style, width=width, first=f"{indent}      ")
        for rule in dict.fromkeys(miss.rule for miss in failure.below):
            below = [miss for miss in failure.below if miss.rule == rule][:1]
            yield from _rule(below, f"{indent}      ", style, width)


def _why(failure: Failure) -> str:
    words = {
        "no such fact": "no such fact",
        "not concluded": "no rule concludes it now",
        "not in force": "on record, but not in force",
        "not recent": "on record, but not recent enough",
        "withdrawn": "withdrawn",
        "too weak": "weighed, not established",
        "others only": "known only of what other conditions do not admit",
        "blocked": "it is known",
        "comparison": "it does not hold",
        "no value": "it has no value",
    }
    return words[failure.why]


def _near(fact: NearFact) -> list[Piece]:
    certainty = "" if fact.certainty is None else f" {certainty_text(fact.certainty)}"
    note = ", ".join(filter(None, [fact.dates, fact.place]))
    return [("", f"- {fact.fact}"), ("faint", certainty + (f" ({note})" if note else ""))]


# --- proposals -------------------------------------------------------------------------------------------------------


def _proposals(found: WhyNot, command: Callable[[Proposal], Sequence[str]], style: Style, width: int) -> Iterator[str]:
    bounds = (
        f"The search goes {DEPTH} levels of rules down, with {MOST_CHANGES} changes at most: there may be other ways."
    )
    if found.cut_short:
        bounds = "The search was cut short, so there may be other ways."
    if not found.proposals:
        tried = "1 set of changes was" if found.tried == 1 else f"{found.tried} sets of changes were"
        text = f"Nothing to assume or withdraw was found that would make it hold; {tried} tried. {bounds}"
        yield wrap([("", text)], style, width=width)
        return
    yield wrap([("", "What would make it hold, each tried out:")], style, width=width)
    for proposal in found.proposals:
        yield from _proposal(proposal, command(proposal), found, style, width)
    yield wrap([("faint", bounds)], style, width=width)


def _proposal(proposal: Proposal, words: Sequence[str], found: WhyNot, style: Style, width: int) -> Iterator[str]:
    groups = (("assume", proposal.assume), ("withdraw", proposal.without))
    parts = [f"{verb} {' and '.join(atoms)}" for verb, atoms in groups if atoms]
    result: list[Piece] = [("good", proposal.likelihood), ("", f" (certainty {certainty_text(proposal.certainty)})")]
    if proposal.conclusion != found.pattern:
        result = [("", f"{proposal.conclusion} is "), *result]
    yield wrap([("strong", "; ".join(parts)), ("", ": "), *result], style, width=width, first="  ", rest="    ")
    yield _shell(words, style, width)


def _shell(words: Sequence[str], style: Style, width: int) -> str:
    """A command line to copy, broken by backslashes between its words."""
    from shlex import quote

    lines = [""]
    for option in _with_values(words):
        text = " ".join(map(quote, option))
        if lines[-1] and display_width(f"      {lines[-1]} {text} \\") > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {text}".strip()
    indents = ["    ", *["      "] * len(lines)]
    ends = [" \\"] * (len(lines) - 1) + [""]
    return "\n".join(
        style("faint", f"{indent}{line}{end}") for indent, line, end in zip(indents, lines, ends, strict=False)
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
