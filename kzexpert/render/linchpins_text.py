"""What conclusions hang on, as text: facts, sources and rules by effect, and how far the rules can move."""

from collections.abc import Iterator, Sequence

from kzexpert.analysis.linchpins import Effect, Hanging, Linchpins, Margin
from kzexpert.errors import counted, listed
from kzexpert.model import Inference
from kzexpert.render.abridgement import first_of, more
from kzexpert.render.text import footnote
from kzexpert.render.writer import PLAIN, Piece, Writer, certainty_text, stated

__all__ = ["linchpins_text"]

#: So many things are named that bring a conclusion down.
_MOST_DECISIVE = 3
_HEADINGS = {
    "fact": "Without each fact",
    "source": "Without everything that cites each source",
    "rule": "Without each rule",
}


def linchpins_text(inference: Inference, found: Linchpins, limit: int | None = None, out: Writer = PLAIN) -> str:
    """A block for each conclusion, which begins with what decides it, and what the marks mean.

    Args:
        limit: so many effects of a kind, and of conclusions, are shown; None for all.
    """
    shown, left = first_of(found.conclusions, limit)
    blocks = ["\n".join(_block(item, limit, out)) for item in shown]
    blocks += more(left, "conclusion", "conclusions", indent="")
    if not blocks:
        blocks = [out.wrap([("", f"Nothing is established that matches {found.pattern}.")])]
    else:
        blocks.append(out.wrap([("faint", "!! no longer established; ! another word for the evidence")]))
    blocks.append(footnote(inference, out))
    return "\n\n".join(blocks) + "\n"


def _block(item: Hanging, limit: int | None, out: Writer) -> Iterator[str]:
    headline: list[Piece] = [
        ("strong", stated(item.says, item.conclusion)),
        ("", ": "),
        ("good", item.evidence),
        ("", f" (certainty {certainty_text(item.certainty)})"),
    ]
    yield out.wrap(headline, rest="  ")
    if item.single_source:
        pieces: list[Piece] = [("bad", "Single source: "), ("", f"all of it rests on {item.single_source}.")]
        yield out.wrap(pieces, first="  ", rest="  ")
    yield out.wrap([("strong", "Decisive: "), ("", _decisive(item))], first="  ", rest="  ")
    for effects in (item.facts, item.sources, item.rules):
        yield from _effects(effects, limit, out)
    yield from _margins(item.margins, out)


def _decisive(item: Hanging) -> str:
    """What brings the conclusion down alone, or what changes it most."""
    every = [*item.facts, *item.rules, *item.sources]
    falls = [effect for effect in every if effect.falls]
    if falls:
        first, left = first_of(falls, _MOST_DECISIVE)
        names = [*map(_called, first), *([f"{left} more"] if left else [])]
        each = "it" if len(falls) == 1 else "any one of them"
        return f"{listed(names)}. Without {each} the conclusion is not established."
    most = max(every, key=lambda effect: abs(effect.change), default=None)
    if most is None or certainty_text(abs(most.change)) == "0.00":
        return "nothing by itself; each thing has another that stands in for it."
    without = f"without {_called(most)} it is {certainty_text(most.certainty)}"
    return f"nothing by itself; {without}, which is the most that one thing changes."


def _called(effect: Effect) -> str:
    says_so = effect.kind == "fact" and effect.says
    return f"the fact that {effect.says}" if says_so else f"the {effect.kind} {effect.name}"


def _effects(effects: Sequence[Effect], limit: int | None, out: Writer) -> Iterator[str]:
    if not effects:
        return
    telling = [effect for effect in effects if certainty_text(abs(effect.change)) != "0.00"]
    rest = len(effects) - len(telling)
    yield ""
    yield out.style("name", f"{_HEADINGS[effects[0].kind]}:")
    shown, left = first_of(telling, limit)
    for effect in shown:
        mark = "!!" if effect.falls else "! " if effect.other_word else "  "
        first = f" {mark}{certainty_text(effect.certainty).rjust(6)}  {effect.change:+.2f}  "
        yield out.wrap(_named(effect), first=first, rest=" " * len(first))
    if left:
        yield out.wrap([("faint", f"{counted(left, 'more ' + effects[0].kind)} of less effect.")], first="   ")
    if rest:
        further = "more " if telling else ""
        text = f"{counted(rest, further + effects[0].kind)}, taken away one at a time, would change next to nothing."
        yield out.wrap([("faint", text)], first="   ", rest="   ")


def _named(effect: Effect) -> list[Piece]:
    pieces: list[Piece] = []
    if effect.kind == "fact":
        pieces += [("", stated(effect.says, effect.name))]
    else:
        pieces += [("name", effect.name), ("", f": {effect.says}" if effect.says else "")]
    if effect.kind == "source":
        pieces.append(("faint", f" ({counted(effect.facts, 'fact')}, {counted(effect.rules, 'rule')})"))
    if effect.falls:
        pieces.append(("bad", " - not established"))
    elif effect.other_word:
        pieces.append(("poor", f" - {effect.evidence}"))
    return pieces


def _margins(margins: Sequence[Margin], out: Writer) -> Iterator[str]:
    if not margins:
        return
    yield ""
    heading = "How far the certainty of each rule can move before the word for the evidence changes:"
    yield out.wrap([("name", heading)], rest="  ")
    free = [margin for margin in margins if not margin.word_below and not margin.word_above]
    for margin in margins:
        if margin in free:
            continue
        parts = [f"{certainty_text(margin.certainty)}"]
        if margin.word_below:
            parts.append(f"down to {certainty_text(margin.lowest)}, below that {margin.word_below}")
        if margin.word_above:
            parts.append(f"up to {certainty_text(margin.highest)}, above that {margin.word_above}")
        pieces: list[Piece] = [("name", margin.rule), ("", f" {'; '.join(parts)}")]
        yield out.wrap(pieces, first="   ", rest="     ")
    if free:
        names = ", ".join(margin.rule for margin in free)
        pieces = [("faint", "Any value on their side of 0 keeps it: "), ("", names)]
        yield out.wrap(pieces, first="   ", rest="     ")
