"""Proofs as text: a numbered block for each conclusion, with every line of evidence down to recorded facts.

Blocks stand below one another, however deep the proof is, and refer to one another by number. A conclusion or fact that
is used twice is shown once.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from kzexpert.certainty import combine, established, evidence_word, is_conflict
from kzexpert.errors import counted
from kzexpert.proof.answers import ASSUMED
from kzexpert.proof.document import (
    AggregatePremise,
    EitherPremise,
    FactPremise,
    TracedFact,
    TracedFiring,
    TracedLine,
    TracedPremise,
    atom_of,
)
from kzexpert.proof.index import Index
from kzexpert.proof.witnesses import Witnesses
from kzexpert.render.premise_text import with_values
from kzexpert.render.text import cited_facts, further_firings, likelihood_text
from kzexpert.render.trust_text import told
from kzexpert.render.writer import PLAIN, Piece, Writer, certainty_text, sentence

__all__ = ["arithmetic", "proof_text"]

_MARGIN = " " * 9
_INDENT = " " * 11
#: How many facts that were counted, and how many different factors of a product, are shown.
_MOST_COUNTED, _MOST_FACTORS = 10, 6


def proof_text(index: Index, proven: Sequence[str], out: Writer = PLAIN, depth: int | None = None) -> str:
    """What is proven, then what it rests on.

    Args:
        proven: answers of the document, of which there may be more.
        depth: fold conclusions that are so many steps or more away from what is proven.
    """
    order = dict.fromkeys((*proven, *index.reading_order(proven)))
    steps = _steps_away(index, proven)
    derived = [name for name in order if name in index.conclusions or name in proven]
    shown = [name for name in derived if depth is None or steps[name] < depth]
    text = _Text(index, shown, out)
    blocks = [text.block(name) for name in shown]
    folded = len(derived) - len(shown)
    if folded:
        what = counted(folded, "conclusion is", "conclusions are")
        blocks.append(out.style("faint", f"{what} folded; a greater --depth than {depth} shows more."))
    return "\n\n".join(blocks)


def _steps_away(index: Index, proven: Sequence[str]) -> dict[str, int]:
    """How many steps each statement is away from what is proven, at least."""
    away = dict.fromkeys(proven, 0)
    queue = list(proven)
    for name in queue:
        for fact in index.below(name):
            if fact not in away:
                away[fact] = away[name] + 1
                queue.append(fact)
    return away


class _Text:
    """The blocks of a proof, written in order: a fact tells its records where it is first mentioned."""

    def __init__(self, index: Index, shown: Sequence[str], out: Writer) -> None:
        self.index = index
        self.numbers = {name: number for number, name in enumerate(shown, 1)}
        self.out = out
        self.witnesses = Witnesses(index)
        self.mentions = Counter(fact for name in shown for fact in index.below(name))
        self.marks: dict[str, str] = {}

    def block(self, name: str) -> str:
        """One conclusion and its evidence."""
        item, fact = self.index[name], self.index.facts.get(name)
        conclusion = self.index.conclusions.get(name)
        holds = established(item.certainty)
        in_conflict = conclusion is not None and conclusion.conflict
        word = "certain evidence both for and against" if in_conflict else evidence_word(item.certainty)
        bare = name.startswith(item.says)
        headline = [
            ("name", f"[{self.numbers[name]}] "),
            ("strong", name if bare else sentence(item.says)),
            ("", ": "),
            ("good" if holds else "poor", word),
            ("", f" (certainty\u00a0{certainty_text(item.certainty)})"),
        ]
        lines = [self.line(headline, rest="    ")]
        if not bare:
            lines.append(self.line([("faint", name)], first="    ", rest="    "))
        if name in self.index.likelihoods:
            lines.append(self.line([("", likelihood_text(self.index.likelihoods[name]))], first="    ", rest="    "))
        if name in self.index.trace.answers:
            testimony = self.witnesses.testimony(name)
            lines.extend(self.line([("", text)], first="    ", rest="    ") for text in told(item, testimony))
        if fact:
            lines.append(self.line(_recorded(self.index, fact), first=_strength(fact.certainty), rest=_MARGIN))
        for line, firing in self.index.lines(name):
            lines.extend(self.evidence(line, firing))
        strengths = self.index.strengths(name)
        if len(strengths) > 1:
            text = f"= {arithmetic(strengths)}, from {len(strengths)} lines of evidence"
            lines.append(self.line([("faint", text)], first=_strength(item.certainty), rest=_MARGIN))
        return "\n".join(lines)

    def line(self, pieces: Sequence[Piece], first: str = "", rest: str = "") -> str:
        return self.out.wrap(pieces, first, rest)

    def evidence(self, line: TracedLine, firing: TracedFiring) -> Iterator[str]:
        """A line of evidence that a rule gives."""
        rule = self.index.rules[firing.rule]
        weakest = line.strength / rule.certainty
        factors = f", {certainty_text(rule.certainty)} × {certainty_text(weakest)}" if round(weakest, 7) != 1 else ""
        title = f"{factors}: {rule.title}" if rule.title else factors
        yield self.line([("", sentence(firing.because))], first=_strength(line.strength), rest=_MARGIN)
        facts = self.witnesses.citations(firing.id)
        if facts:
            yield self.line([("faint", f"facts: {cited_facts(facts)}")], first=_MARGIN, rest=_INDENT)
        origin = f"{self.index.cited(rule) or 'no source'}; {rule.place}"
        if rule.replaces:
            origin += f"; in the place of {rule.replaces}"
        rule_pieces = [("faint", "rule "), ("name", rule.id), ("faint", f"{title} ({origin})")]
        yield self.line(rule_pieces, first=_MARGIN, rest=_INDENT)
        for premise in firing.premises:
            yield from self.premise(premise, firing)
        further = further_firings(line, rule.family)
        if further:
            yield self.line([("faint", further)], first=_MARGIN, rest=_MARGIN)
        if not line.counts:
            yield self.line(
                [("faint", "Another proof, at least as strong, counts instead.")], first=_MARGIN, rest=_MARGIN
            )

    def premise(self, premise: TracedPremise, firing: TracedFiring, indent: str = "") -> Iterator[str]:
        """What satisfied a condition: a fact, or what held in atoms and values."""
        if isinstance(premise, FactPremise):
            yield self.fact(premise.fact, premise.fact, indent)
            return
        held = with_values(premise, firing.binding)
        shown = f"{premise.condition}: {held}" if isinstance(premise, AggregatePremise) else held
        yield self.line([("", f"- {shown}")], first=_MARGIN + indent, rest=_INDENT + indent)
        if isinstance(premise, EitherPremise):
            for inner in premise.premises:
                yield from self.premise(inner, firing, f"{indent}  ")
            return
        for fact in premise.facts[:_MOST_COUNTED]:
            yield self.fact(fact, atom_of(fact), f"{indent}  ")
        if len(premise.facts) > _MOST_COUNTED:
            rest = f"  and {len(premise.facts) - _MOST_COUNTED} more, which --format json lists"
            yield self.line([("faint", rest)], first=f"{_MARGIN}{indent}  ", rest=_INDENT + indent)

    def fact(self, name: str, shown: str, indent: str = "") -> str:
        """A premise: a reference to its own block or to an earlier mention, or where it is recorded.

        Args:
            shown: the statement, without its window and dates where the condition tells these.
        """
        if name in self.numbers:
            place: list[Piece] = [("", " see "), ("name", f"[{self.numbers[name]}]")]
        elif name in self.index.conclusions:
            place = [("faint", " folded")]
        elif name in self.marks:
            place = [("", " see "), ("name", f"[{self.marks[name]}]")]
        else:
            place = [("", " "), *_recorded(self.index, self.index.facts[name])]
            if self.mentions[name] > 1:
                self.marks[name] = f"f{len(self.marks) + 1}"
                place[:1] = [("", " "), ("name", f"[{self.marks[name]}]"), ("", " ")]
        pieces: list[Piece] = [("", f"- {shown} "), ("faint", certainty_text(self.index[name].certainty)), *place]
        return self.line(pieces, first=_MARGIN + indent, rest=_INDENT + indent)


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


def _recorded(index: Index, fact: TracedFact) -> list[Piece]:
    """Where a fact comes from: every row with its dates, source, file and line."""
    rows = [ASSUMED] if fact.assumed else []
    rows += [", ".join(filter(None, (index.cited(row) or "no source", row.dates, row.place))) for row in fact.rows]
    return [("faint", f"on record: {'; '.join(rows)}" if fact.rows else ASSUMED)]
