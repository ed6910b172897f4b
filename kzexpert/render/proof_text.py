"""Proofs as text: a numbered block for each conclusion, with every line of evidence down to recorded facts.

Blocks stand below one another, however deep the proof is, and refer to one another by number. A conclusion or fact that
is used twice is shown once.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from kzexpert.certainty import combine, is_conflict, likelihood
from kzexpert.errors import counted
from kzexpert.model import BaseFact, Fact, GroundAtom
from kzexpert.proof.answers import ASSUMED
from kzexpert.proof.build import Node, Proof, Step, Support
from kzexpert.questions.sentences import dates
from kzexpert.render.text import certainty_text
from kzexpert.render.writer import PLAIN, Piece, Writer, sentence

__all__ = ["arithmetic", "proofs_text"]

_MARGIN = " " * 9
_INDENT = " " * 11
#: How many facts that were counted, and how many different factors of a product, are shown.
_MOST_COUNTED, _MOST_FACTORS = 10, 6


def proofs_text(proofs: Sequence[Proof], out: Writer = PLAIN, depth: int | None = None) -> str:
    """Some proofs as one: what is proven first, then what it rests on.

    Args:
        depth: fold conclusions that are so many steps or more away from what is proven.
    """
    nodes: dict[GroundAtom, Node] = {}
    for proof in proofs:
        nodes[proof.conclusion] = proof.root
    for proof in proofs:
        nodes |= {atom: node for atom, node in proof.nodes.items() if atom not in nodes}
    proven = [proof.conclusion for proof in proofs]
    steps = _steps_away(nodes, proven)
    derived = [node for node in nodes.values() if node.steps or node.atom in proven]
    shown = [node for node in derived if depth is None or steps[node.atom] < depth]
    text = _Text(nodes, shown, out)
    blocks = [text.block(node) for node in shown]
    folded = len(derived) - len(shown)
    if folded:
        what = counted(folded, "conclusion is", "conclusions are")
        blocks.append(out.style("faint", f"{what} folded; a greater --depth than {depth} shows more."))
    return "\n\n".join(blocks)


def _steps_away(nodes: Mapping[GroundAtom, Node], proven: Sequence[GroundAtom]) -> dict[GroundAtom, int]:
    """How many steps each statement is away from what is proven, at least."""
    away = dict.fromkeys(proven, 0)
    queue = list(proven)
    for atom in queue:
        for fact in _mentioned(nodes[atom]):
            if fact not in away:
                away[fact] = away[atom] + 1
                queue.append(fact)
    return away


def _mentioned(node: Node) -> Iterator[GroundAtom]:
    for step in node.steps:
        for support in step.supports:
            yield from support.facts


class _Text:
    """The blocks of a proof, written in order: a fact tells its records where it is first mentioned."""

    def __init__(self, nodes: Mapping[GroundAtom, Node], shown: Sequence[Node], out: Writer) -> None:
        self.nodes = nodes
        self.numbers = {node.atom: number for number, node in enumerate(shown, 1)}
        self.out = out
        self.mentions = Counter(fact for node in shown for fact in _mentioned(node))
        self.marks: dict[GroundAtom, str] = {}

    def block(self, node: Node) -> str:
        """One conclusion and its evidence."""
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
        return self.out.wrap(pieces, first, rest)

    def step(self, step: Step) -> Iterator[str]:
        rule = step.firing.rule.rule
        weakest = step.strength / rule.certainty
        factors = f", {certainty_text(rule.certainty)} × {certainty_text(weakest)}" if round(weakest, 9) != 1 else ""
        title = f"{factors}: {rule.title}" if rule.title else factors
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
            for atom in support.facts[:_MOST_COUNTED]:
                yield self.fact(atom, str(atom), indent="  ")
            if len(support.facts) > _MOST_COUNTED:
                rest = f"  and {len(support.facts) - _MOST_COUNTED} more, which --format json lists"
                yield self.line([("faint", rest)], first=f"{_MARGIN}  ", rest=_INDENT)
        else:
            yield self.line([("", f"- {support.holds}")], first=_MARGIN, rest=_INDENT)

    def fact(self, atom: GroundAtom, shown: str, indent: str = "") -> str:
        """A premise: a reference to its own block or to an earlier mention, or where it is recorded."""
        node = self.nodes[atom]
        if atom in self.numbers:
            place: list[Piece] = [("", " see "), ("name", f"[{self.numbers[atom]}]")]
        elif node.steps:
            place = [("faint", " folded")]
        elif atom in self.marks:
            place = [("", " see "), ("name", f"[{self.marks[atom]}]")]
        else:
            place = [("", " "), *(_recorded(node.base) if node.base else [])]
            if self.mentions[atom] > 1:
                self.marks[atom] = f"f{len(self.marks) + 1}"
                place[:1] = [("", " "), ("name", f"[{self.marks[atom]}]"), ("", " ")]
        pieces: list[Piece] = [("", f"- {shown} "), ("faint", certainty_text(node.certainty)), *place]
        return self.line(pieces, first=_MARGIN + indent, rest=_INDENT + indent)

    def combination(self, node: Node) -> Iterator[str]:
        """How several lines of evidence make one certainty."""
        strengths = [step.strength for step in node.steps if step.counts]
        strengths += [node.base.certainty] if node.base and not node.best_only else []
        if len(strengths) > 1 and not node.best_only:
            text = f"= {arithmetic(strengths)}, from {len(strengths)} lines of evidence"
            yield self.line([("faint", text)], first=_strength(node.certainty), rest=_MARGIN)


def arithmetic(strengths: Sequence[float]) -> str:
    """How lines of evidence combine, as one line: ``(0.98 - 0.24) / (1 - 0.24), where 0.98 = 1 - (1-0.60)^3(1-0.48)``.

    Equal factors are written as powers; of very many the last are left out. Numbers have two decimals.
    """
    favour = [strength for strength in strengths if strength > 0]
    against = [-strength for strength in strengths if strength < 0]
    more, less = (certainty_text(combine(side)) for side in (favour, against))
    if not against:
        return f"1 - {_product(favour)}"
    if not favour:
        return f"{_product(against)} - 1"
    if is_conflict(strengths):
        return "0.00 by definition: certain evidence for it and certain evidence against it"
    weaker = min(combine(favour), combine(against))
    sides = [f"{total} = 1 - {_product(side)}" for total, side in ((more, favour), (less, against)) if len(side) > 1]
    where = f", where {' and '.join(sides)}" if sides else ""
    return f"({more} - {less}) / (1 - {certainty_text(weaker)}){where}"


def _product(strengths: Sequence[float]) -> str:
    counts = Counter(sorted((round(strength, 9) for strength in strengths), reverse=True))
    factors = [f"(1-{certainty_text(value)})" + (f"^{count}" if count > 1 else "") for value, count in counts.items()]
    return "".join(factors[:_MOST_FACTORS]) + ("..." if len(factors) > _MOST_FACTORS else "")


def _strength(number: float) -> str:
    return f"{certainty_text(number).rjust(7)}  "


def _recorded(base: BaseFact) -> list[Piece]:
    """Where a fact comes from: every row with its dates, source, file and line."""
    rows = [ASSUMED] if base.assumed else []
    rows += map(_row, base.rows)
    return [("faint", f"on record: {'; '.join(rows)}" if base.rows else ASSUMED)]


def _row(fact: Fact) -> str:
    return ", ".join(filter(None, [str(fact.source or "no source"), dates(fact), str(fact.location)]))
