"""Analysis of competing hypotheses: which evidence bears on which of several rival values of an argument, and how.

The rows come from firings, their order from how well they tell the hypotheses apart (Heuer, *Psychology of Intelligence
Analysis*, 1999, ch. 8: evidence that fits all hypotheses has no diagnostic value, however strong it is). No cell is
filled by hand, and nothing is concluded here that the rules have not concluded.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from kzexpert.certainty import combine, established, evidence_word
from kzexpert.errors import Issue, Location, UsageError
from kzexpert.evidence import line_strengths, lines
from kzexpert.model import (
    Anonymous,
    Constant,
    Firing,
    GroundAtom,
    Inference,
    KnowledgeBase,
    Pattern,
    Predicate,
    Value,
    Variable,
    format_value,
    shown,
)
from kzexpert.model.established import EstablishedFacts
from kzexpert.questions import paraphrase
from kzexpert.questions.question import read_conclusion
from kzexpert.questions.sentences import because, says
from kzexpert.questions.templates import EntityNames, words

__all__ = [
    "Cell",
    "EvidenceRow",
    "Hypothesis",
    "Matrices",
    "Matrix",
    "Rivalry",
    "matrices",
    "read_comparisons",
    "rivals_of",
]

#: A cell of less than this, or of more than its negative, is silent: it prints as 0.00.
_SILENT = 0.005
_PLACE = "matrix"

#: The key of a rule and the binding of a firing.
_Identity: TypeAlias = tuple[str, tuple[Value, ...]]


class Rivalry(msgspec.Struct, frozen=True):
    """What to compare: the rival values of one argument of a pattern.

    Attributes:
        hypothesis: the variable of the pattern whose values are the rival hypotheses.
        subject: what the evidence must be about; None where it must be about the hypothesis itself.
    """

    pattern: Pattern
    hypothesis: str
    subject: Value | None


class Hypothesis(msgspec.Struct, frozen=True):
    """One column.

    Attributes:
        value: the rival value.
        conclusion: what is said of it.
        certainty: 0 where no rule says anything.
        support, against: what the lines of evidence for it, and those against it, come to by themselves. Heuer prefers
            the hypothesis with the least against it, not the one with the most for it.
    """

    value: str
    conclusion: str
    says: str
    certainty: float
    evidence: str
    established: bool
    support: float
    against: float


class Cell(msgspec.Struct, frozen=True):
    """What one piece of evidence says of one hypothesis.

    Attributes:
        strength: −1..1; that of the firing, or of several together.
        rules: ids of the rules by which it speaks.
        because: their reasons.
        counts: false where other evidence counts instead, since a rule is one line of evidence.
    """

    effect: Literal["supports", "contradicts", "silent"]
    strength: float = 0.0
    rules: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    counts: bool = True


class EvidenceRow(msgspec.Struct, frozen=True):
    """One piece of evidence.

    Attributes:
        evidence: statements, with the hypothesis as a variable where it speaks of several.
        says: the same in words.
        cells: one for each hypothesis, in their order.
        diagnosticity: the highest strength minus the lowest, 0..2; at 0 the evidence tells nothing apart.
    """

    evidence: tuple[str, ...]
    says: str
    cells: tuple[Cell, ...]
    diagnosticity: float


class Matrix(msgspec.Struct, frozen=True):
    """One matrix.

    Attributes:
        pattern: with every argument but the hypothesis given.
        hypotheses: the columns, the most certain first.
        rows: the most diagnostic first.
    """

    pattern: str
    says: str
    hypotheses: tuple[Hypothesis, ...]
    rows: tuple[EvidenceRow, ...]


class Matrices(msgspec.Struct, frozen=True, tag_field="schema", tag="kzexpert.matrix/1"):
    """A matrix for each combination of values of the arguments that a pattern leaves open beside the hypothesis.

    Attributes:
        read_as: how a question that led here was read, in words; not set where none did.
        command: the command line that it led to; set with `read_as`.
    """

    question: str
    as_of: date
    engine: str
    assumed: tuple[str, ...]
    withdrawn: tuple[str, ...]
    matrices: tuple[Matrix, ...]
    read_as: str | UnsetType = UNSET
    command: str | UnsetType = UNSET


def rivals_of(inference: Inference, atom: GroundAtom) -> tuple[Matrix, ...]:
    """A conclusion beside those that differ from it in the argument that its predicate compares; none if none does."""
    predicate = inference.program.kb.predicate[atom.predicate]
    if not predicate.compares:
        return ()
    given = [(spec.name, value) for spec, value in zip(predicate.args, atom.args, strict=True)]
    terms = tuple(Variable(name) if name == predicate.compares else Constant(value) for name, value in given)
    subject = next((value for name, value in given if name != predicate.compares), None)
    comparison = Rivalry(Pattern(atom.predicate, atom.predicate, terms), predicate.compares, subject)
    found = matrices(inference, str(atom), [comparison]).matrices
    return tuple(matrix for matrix in found if len(matrix.hypotheses) > 1)


def read_comparisons(kb: KnowledgeBase, text: str) -> tuple[Rivalry, ...]:
    """What a user wants to compare.

    Args:
        text: the name of an entity, whose predicates with a declared ``compares`` are taken; or a pattern or a question
            in plain words, whose first open argument is the hypothesis.

    Raises:
        UsageError: it is neither, or it leaves nothing open.
    """
    named = EntityNames(kb, text).meanings(words(text))
    found = [item for kind, name in named for item in _declared(kb, kind, name)]
    if found:
        return tuple(found)
    if named:
        name = named[0][1]
        hint = 'give a pattern whose first variable is the hypothesis, or declare "compares: ARGUMENT" for a predicate'
        raise UsageError(
            Issue("KZ301", f"no predicate that takes {name} declares what it compares", Location(_PLACE, 1), hint),
            texts={_PLACE: text},
        )
    pattern = read_conclusion(kb, text).pattern
    hypothesis = next((term.name for term in pattern.terms if isinstance(term, Variable)), None)
    if hypothesis is None:
        hint = f"put a variable where the hypotheses stand, such as ?{kb.predicate[pattern.predicate].args[0].name}"
        raise UsageError(
            Issue("KZ301", f"{pattern} leaves nothing open to compare", Location(_PLACE, 1), hint), texts={_PLACE: text}
        )
    given = next((term for term in pattern.terms if not isinstance(term, Anonymous)), None)
    return (Rivalry(pattern, hypothesis, given.value if isinstance(given, Constant) else None),)


def _declared(kb: KnowledgeBase, kind: str, name: str) -> Iterator[Rivalry]:
    """The comparisons that the vocabulary declares for an entity, which is the first other argument of its kind."""
    for predicate in kb.predicate.values():
        place = next(
            (
                index
                for index, spec in enumerate(predicate.args)
                if spec.type == kind and spec.name != predicate.compares
            ),
            None,
        )
        if predicate.compares and place is not None:
            terms = tuple(
                Constant(name) if index == place else Variable(spec.name) for index, spec in enumerate(predicate.args)
            )
            yield Rivalry(Pattern(predicate.name, predicate.name, terms), predicate.compares, name)


def matrices(inference: Inference, text: str, comparisons: Iterable[Rivalry]) -> Matrices:
    """The matrices of some comparisons, in their order, and then in that of the values of other open arguments."""
    found = [matrix for comparison in comparisons for matrix in _Comparing(inference, comparison).matrices()]
    program = inference.program
    return Matrices(text, program.as_of, inference.engine, program.assumed, program.withdrawn, tuple(found))


class _Comparing:
    """One comparison: its hypotheses, and the firings that speak of them."""

    def __init__(self, inference: Inference, comparison: Rivalry) -> None:
        self.inference = inference
        self.kb = inference.program.kb
        self.pattern = comparison.pattern
        self.place = next(
            index for index, term in enumerate(self.pattern.terms) if term == Variable(comparison.hypothesis)
        )
        self.predicate: Predicate = self.kb.predicate[self.pattern.predicate]
        self.subject = comparison.subject

    def matrices(self) -> Iterator[Matrix]:
        atoms = list(self.inference.facts.matching(self.pattern))
        values = {atom.args[self.place] for atom in atoms} | self.conceivable()
        for setting in sorted({self.at(atom, "") for atom in atoms}, key=str):
            yield self.matrix(setting, sorted(values, key=format_value))

    def conceivable(self) -> set[Value]:
        """Values that some rule would accept as a hypothesis, by its conditions on that value alone."""
        facts = self.inference.facts.established
        found: set[Value] = set()
        for rule in self.inference.program.rules.values():
            if rule.head.predicate != self.pattern.predicate:
                continue
            term = rule.head.terms[self.place]
            if isinstance(term, Variable):
                own = [pattern for pattern in rule.matches if set(pattern.variables) == {term.name}]
                found |= _satisfying(facts, own, term.name)
        return found

    def at(self, atom: GroundAtom, value: Value) -> GroundAtom:
        """The same statement of another hypothesis."""
        args = list(atom.args)
        args[self.place] = value
        return GroundAtom(atom.predicate, tuple(args))

    def matrix(self, setting: GroundAtom, values: Sequence[Value]) -> Matrix:
        hypotheses = {value: self.hypothesis(self.at(setting, value), value) for value in values}
        ordered = sorted(values, key=lambda value: (-hypotheses[value].certainty, format_value(value)))
        counting: set[_Identity] = set()
        pieces = _Pieces()
        for value in ordered:
            atom = self.at(setting, value)
            counted = (line.firing for line in lines(self.inference, atom) if line.counts)
            counting.update(_identity(firing) for firing in counted if firing)
            for firing in self.inference.firings.get(atom, ()):
                stated = self.about_subject(firing, value)
                keys = _key(stated), _key(self.open(item, value) for item in stated)
                pieces.add(value, firing, *(key or _key([firing.rule.id]) for key in keys))
        rows = [self.row(found, ordered, counting) for found in pieces.found]
        rows.extend(self.recorded_row(setting, ordered))
        rows.sort(key=lambda row: (-row.diagnosticity, row.says, row.evidence))
        statement = self.open(self.at(setting, ordered[0]), ordered[0])
        return Matrix(
            str(statement),
            paraphrase.stated(self.kb, statement),
            tuple(hypotheses[value] for value in ordered),
            tuple(rows),
        )

    def hypothesis(self, atom: GroundAtom, value: Value) -> Hypothesis:
        strengths = [line.strength for line in lines(self.inference, atom) if line.counts]
        certainty = self.inference.certainty(atom) or 0.0
        return Hypothesis(
            value=shown(value),
            conclusion=str(atom),
            says=says(self.kb, atom),
            certainty=certainty,
            evidence=evidence_word(certainty),
            established=established(certainty),
            support=combine(strength for strength in strengths if strength > 0),
            against=combine(strength for strength in strengths if strength < 0),
        )

    # --- rows ---------------------------------------------------------------------------------------------------------

    def about_subject(self, firing: Firing, value: Value) -> tuple[GroundAtom, ...]:
        """The premises that tell one piece of evidence from another: what it says of the subject.

        So the membership of a bloc is one piece of evidence, which supports one hypothesis by one rule and contradicts
        another by another, whatever else these rules look at.
        """
        subject = value if self.subject is None else self.subject
        found = [atom for atom in firing.premises if subject in atom.args]
        return tuple(dict.fromkeys(found or firing.premises))

    def open(self, atom: GroundAtom, value: Value) -> Pattern:
        """The statement with the hypothesis as a variable."""
        variable = Variable(self.predicate.args[self.place].name)
        terms = tuple(variable if arg == value else Constant(arg) for arg in atom.args)
        return Pattern(atom.predicate, atom.predicate, terms)

    def row(
        self, found: Mapping[Value, Sequence[Firing]], ordered: Sequence[Value], counting: set[_Identity]
    ) -> EvidenceRow:
        cells = tuple(self.cell(found.get(value, ()), counting) for value in ordered)
        value, firings = next(iter(found.items()))
        stated = {self.about_subject(firing, name) for name, several in found.items() for firing in several}
        if len(stated) == 1:
            evidence: list[GroundAtom | Pattern] = [*stated.pop()]
        else:
            evidence = list(dict.fromkeys(self.open(atom, value) for atom in self.about_subject(firings[0], value)))
        # A rule that only counts has no premises to tell of.
        words = self.in_words(evidence) or because(self.kb, firings[0])
        return EvidenceRow(tuple(map(str, evidence)), words, cells, _spread(cells))

    def cell(self, firings: Sequence[Firing], counting: set[_Identity]) -> Cell:
        if not firings:
            return Cell("silent")
        ordered = sorted(firings, key=lambda firing: (firing.rule.id, -abs(firing.strength), firing.binding_text))
        strength = combine(line_strengths(ordered, None))
        effect: Literal["supports", "contradicts", "silent"] = "supports" if strength > 0 else "contradicts"
        return Cell(
            effect if abs(strength) >= _SILENT else "silent",
            strength,
            tuple(dict.fromkeys(firing.rule.id for firing in ordered)),
            tuple(dict.fromkeys(because(self.kb, firing) for firing in ordered)),
            any(_identity(firing) in counting for firing in ordered),
        )

    def recorded_row(self, setting: GroundAtom, ordered: Sequence[Value]) -> Iterator[EvidenceRow]:
        """What is on record about the hypotheses themselves."""
        known = self.inference.program.base.get(setting.predicate, {})
        facts = [known.get(self.at(setting, value).args) for value in ordered]
        recorded = [fact.atom for fact in facts if fact]
        if recorded:
            cells = tuple(Cell("supports", fact.certainty) if fact else Cell("silent") for fact in facts)
            yield EvidenceRow(tuple(map(str, recorded)), f"on record: {self.in_words(recorded)}", cells, _spread(cells))

    def in_words(self, statements: Iterable[GroundAtom | Pattern]) -> str:
        return "; ".join(dict.fromkeys(_in_words(self.kb, statement) for statement in statements))


class _Pieces:
    """Pieces of evidence: firings that speak of the same statements, as they stand or with the hypothesis left open.

    Attributes:
        found: for each piece, hypothesis → firings.
    """

    def __init__(self) -> None:
        self.found: list[dict[Value, list[Firing]]] = []
        self._home: dict[frozenset[str], dict[Value, list[Firing]]] = {}

    def add(self, value: Value, firing: Firing, *keys: frozenset[str]) -> None:
        """Put a firing for a hypothesis to the piece that bears one of the keys; pieces that share it become one."""
        homes = [self._home[key] for key in keys if key in self._home]
        if not homes:
            homes.append({})
            self.found.append(homes[0])
        piece = homes[0]
        for other in homes[1:]:
            if other is not piece:
                for name, firings in other.items():
                    piece.setdefault(name, []).extend(firings)
                self._home.update({key: piece for key, home in self._home.items() if home is other})
                self.found = [home for home in self.found if home is not other]
        piece.setdefault(value, []).append(firing)
        self._home.update(dict.fromkeys(keys, piece))


def _identity(firing: Firing) -> _Identity:
    return firing.rule.key, firing.binding


def _key(statements: Iterable[GroundAtom | Pattern | str]) -> frozenset[str]:
    return frozenset(map(str, statements))


def _spread(cells: Sequence[Cell]) -> float:
    strengths = [cell.strength for cell in cells]
    return round(max(strengths) - min(strengths), 9)


def _in_words(kb: KnowledgeBase, statement: GroundAtom | Pattern) -> str:
    if isinstance(statement, Pattern):
        if not kb.predicate[statement.predicate].says:
            return str(statement)
        args = tuple(term.value if isinstance(term, Constant) else str(term) for term in statement.terms)
        statement = GroundAtom(statement.predicate, args)
    return says(kb, statement)


def _satisfying(facts: EstablishedFacts, patterns: Sequence[Pattern], variable: str) -> set[Value]:
    return {binding[variable] for binding in facts.solutions(patterns, {})} if patterns else set()
