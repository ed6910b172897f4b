"""Proofs as text: a numbered block for each conclusion, with every line of evidence down to recorded facts.

Blocks refer to one another by number, so that a conclusion that is used twice is shown once.
"""

from collections.abc import Iterator, Mapping, Sequence

from kzexpert.certainty import combine, likelihood
from kzexpert.model import BaseFact, Fact, GroundAtom
from kzexpert.proof import Node, Proof, Step, Support
from kzexpert.query import ASSUMED
from kzexpert.render.layout import WIDTH, Piece, Style, as_plain, sentence, wrap
from kzexpert.render.text import certainty_text
from kzexpert.sentences import dates

__all__ = ["proofs_text"]

_MARGIN = " " * 9
_INDENT = " " * 11


def proofs_text(proofs: Sequence[Proof], style: Style = as_plain, width: int = WIDTH) -> str:
    """Some proofs as one: what is proven first, then what it rests on."""
    nodes: dict[GroundAtom, Node] = {}
    for proof in proofs:
        nodes[proof.conclusion] = proof.root
    for proof in proofs:
        nodes |= {atom: node for atom, node in proof.nodes.items() if atom not in nodes}
    proven = {proof.conclusion for proof in proofs}
    shown = [node for node in nodes.values() if node.steps or node.atom in proven]
    numbers = {node.atom: number for number, node in enumerate(shown, 1)}
    blocks = [_Block(nodes, numbers, style, width).text(node) for node in shown]
    return "\n\n".join(blocks)


class _Block:
    """One conclusion and its evidence."""

    def __init__(
        self, nodes: Mapping[GroundAtom, Node], numbers: Mapping[GroundAtom, int], style: Style, width: int
    ) -> None:
        self.nodes = nodes
        self.numbers = numbers
        self.style = style
        self.width = width

    def text(self, node: Node) -> str:
        word = "certain evidence both for and against" if node.conflict else likelihood(node.certainty)
        note = "" if node.established else ", not established"
        bare = node.says == str(node.atom)
        number = f"[{self.numbers[node.atom]}] "
        headline = [
            ("name", number),
            ("strong", node.says if bare else sentence(node.says)),
            ("", ": "),
            ("good" if node.established else "poor", word),
            ("", f" (certainty\u00a0{certainty_text(node.certainty)}{note})"),
        ]
        lines = [self.line(headline, rest="    ")]
        if not bare:
            lines.append(self.line([("faint", str(node.atom))], first="    ", rest="    "))
        if node.base:
            lines.append(self.line(_recorded(node.base), first=_strength(node.base.certainty), rest=_MARGIN))
        for step in node.steps:
            lines.extend(self.step(step))
        lines.extend(self.combination(node))
        return "\n".join(lines)

    def line(self, pieces: Sequence[Piece], first: str = "", rest: str = "") -> str:
        return wrap(pieces, self.style, width=self.width, first=first, rest=rest)

    def step(self, step: Step) -> Iterator[str]:
        rule = step.firing.rule.rule
        title = f": {rule.title}" if rule.title else ""
        yield self.line([("", sentence(step.because))], first=_strength(step.strength), rest=_MARGIN)
        origin = f"{rule.source or 'no source'}; {rule.location}"
        rule_pieces = [("faint", "rule "), ("name", rule.id), ("faint", f"{title} ({origin})")]
        yield self.line(rule_pieces, first=_MARGIN, rest=_INDENT)
        for support in step.supports:
            yield from self.support(support)
        if step.others:
            ways = "once more" if len(step.others) == 1 else f"{len(step.others)} more times"
            yield self.line([("faint", f"The rule fires {ways}, which does not add up.")], first=_MARGIN, rest=_MARGIN)
        if not step.counts:
            yield self.line(
                [("faint", "Another proof, at least as strong, counts instead.")], first=_MARGIN, rest=_MARGIN
            )

    def support(self, support: Support) -> Iterator[str]:
        if support.kind == "fact":
            yield self.fact(support.facts[0], support.holds)
        elif support.kind == "aggregate":
            yield self.line([("", f"- {support.condition}: {support.holds}")], first=_MARGIN, rest=_INDENT)
            for atom in support.facts:
                yield self.fact(atom, str(atom), indent="  ")
        else:
            yield self.line([("", f"- {support.holds}")], first=_MARGIN, rest=_INDENT)

    def fact(self, atom: GroundAtom, shown: str, indent: str = "") -> str:
        """A premise: a reference to its own block, or where it is recorded."""
        node = self.nodes[atom]
        if atom in self.numbers:
            place: list[Piece] = [("", " see "), ("name", f"[{self.numbers[atom]}]")]
        else:
            place = [("", " "), *(_recorded(node.base) if node.base else [])]
        pieces: list[Piece] = [("", f"- {shown} "), ("faint", certainty_text(node.certainty)), *place]
        return self.line(pieces, first=_MARGIN + indent, rest=_INDENT + indent)

    def combination(self, node: Node) -> Iterator[str]:
        """How several lines of evidence make one certainty."""
        strengths = [step.strength for step in node.steps if step.counts]
        strengths += [node.base.certainty] if node.base and not node.best_only else []
        if len(strengths) < 2 or node.best_only:
            return
        favour, against = (combine(s for s in strengths if sign * s > 0) for sign in (1, -1))
        text = f"together, from {len(strengths)} lines of evidence"
        if favour and against:
            more, less = certainty_text(favour), certainty_text(-against)
            text += f": {more} for it and {less} against it"
        yield self.line([("faint", text)], first=_strength(node.certainty), rest=_MARGIN)


def _strength(number: float) -> str:
    return f"{certainty_text(number).rjust(7)}  "


def _recorded(base: BaseFact) -> list[Piece]:
    """Where a fact comes from: every row with its dates, source, file and line."""
    rows = [ASSUMED] if base.assumed else []
    rows += map(_row, base.rows)
    return [("faint", f"on record: {'; '.join(rows)}" if base.rows else ASSUMED)]


def _row(fact: Fact) -> str:
    return ", ".join(filter(None, [str(fact.source or "no source"), dates(fact), str(fact.location)]))
