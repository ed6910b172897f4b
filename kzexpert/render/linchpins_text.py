"""What conclusions hang on, as text: facts, sources and rules by effect, and how far the rules can move."""

from collections.abc import Iterator, Sequence

from kzexpert.analysis.linchpins import Effect, Hanging, Linchpins, Margin
from kzexpert.model import Inference
from kzexpert.render.layout import WIDTH, Piece, Style, as_plain, stated, wrap
from kzexpert.render.text import certainty_text, footnote

__all__ = ["linchpins_text"]

_HEADINGS = {"fact": "Without each fact", "source": "Without all that cites each source", "rule": "Without each rule"}


def linchpins_text(inference: Inference, found: Linchpins, style: Style = as_plain, width: int = WIDTH) -> str:
    """A block for each conclusion, and what the marks mean."""
    blocks = ["\n".join(_block(item, style, width)) for item in found.conclusions]
    if not blocks:
        blocks = [wrap([("", f"Nothing is established that matches {found.pattern}.")], style, width=width)]
    else:
        blocks.append(wrap([("faint", "!! no longer established; ! another likelihood word")], style, width=width))
    blocks.append(footnote(inference, style, width))
    return "\n\n".join(blocks) + "\n"


def _block(item: Hanging, style: Style, width: int) -> Iterator[str]:
    headline: list[Piece] = [
        ("strong", stated(item.says, item.conclusion)),
        ("", ": "),
        ("good", item.likelihood),
        ("", f" (certainty {certainty_text(item.certainty)})"),
    ]
    yield wrap(headline, style, width=width, rest="  ")
    if item.single_source:
        pieces: list[Piece] = [("bad", "Single source: "), ("", f"all of it rests on {item.single_source}.")]
        yield wrap(pieces, style, width=width, first="  ", rest="  ")
    for effects in (item.facts, item.sources, item.rules):
        yield from _effects(effects, style, width)
    yield from _margins(item.margins, style, width)


def _effects(effects: Sequence[Effect], style: Style, width: int) -> Iterator[str]:
    if not effects:
        return
    telling = [effect for effect in effects if certainty_text(abs(effect.change)) != "0.00"]
    rest = len(effects) - len(telling)
    yield ""
    yield style("name", f"{_HEADINGS[effects[0].kind]}:")
    for effect in telling:
        mark = "!!" if effect.falls else "! " if effect.other_word else "  "
        first = f" {mark}{certainty_text(effect.certainty).rjust(6)}  {effect.change:+.2f}  "
        yield wrap(_named(effect), style, width=width, first=first, rest=" " * len(first))
    if rest:
        more = "more " if telling else ""
        text = f"{_count(rest, more + effects[0].kind)}, taken away one at a time, would change next to nothing."
        yield wrap([("faint", text)], style, width=width, first="   ", rest="   ")


def _named(effect: Effect) -> list[Piece]:
    pieces: list[Piece] = []
    if effect.kind == "fact":
        pieces += [("", stated(effect.says, effect.name))]
    else:
        pieces += [("name", effect.name), ("", f": {effect.says}" if effect.says else "")]
    if effect.kind == "source":
        pieces.append(("faint", f" ({_count(effect.facts, 'fact')}, {_count(effect.rules, 'rule')})"))
    if effect.falls:
        pieces.append(("bad", " - not established"))
    elif effect.other_word:
        pieces.append(("poor", f" - {effect.likelihood}"))
    return pieces


def _margins(margins: Sequence[Margin], style: Style, width: int) -> Iterator[str]:
    if not margins:
        return
    yield ""
    heading = "How far the certainty of each rule can move before the likelihood word changes:"
    yield wrap([("name", heading)], style, width=width, rest="  ")
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
        yield wrap(pieces, style, width=width, first="   ", rest="     ")
    if free:
        names = ", ".join(margin.rule for margin in free)
        pieces = [("faint", "Any value on their side of 0 keeps it: "), ("", names)]
        yield wrap(pieces, style, width=width, first="   ", rest="     ")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
