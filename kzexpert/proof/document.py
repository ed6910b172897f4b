"""``kzexpert.trace/1``: a proof as a document that others can re-check, with the digests that tie it to its files.

Only the types and the digests stand here: `build` fills them.
"""

from collections.abc import Iterator
from datetime import date
from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from kzexpert.errors import counted
from kzexpert.model import Operator
from kzexpert.model.calibration import Calibration, Likelihood

__all__ = [
    "AbsencePremise",
    "AggregatePremise",
    "Asked",
    "BlockPremise",
    "CitedBase",
    "CitedRule",
    "CitedSource",
    "ComparisonPremise",
    "Confidence",
    "EitherPremise",
    "Excerpt",
    "FactPremise",
    "ListPremise",
    "Row",
    "Shown",
    "StatedBlock",
    "StatedCitation",
    "StatedCondition",
    "StatedEntity",
    "StatedPredicate",
    "StatedRule",
    "Testimony",
    "Trace",
    "TraceReport",
    "TracedConclusion",
    "TracedFact",
    "TracedFiring",
    "TracedLikelihood",
    "TracedLine",
    "TracedPremise",
    "atom_of",
    "digest_of",
    "no_digest",
    "seal_of",
    "sealed",
    "signed_text",
]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a trace: every field is required, and there is no other."""


class _Satisfied(_Part, frozen=True):
    """What satisfied one condition of a rule; `condition` is as the author wrote it."""

    condition: str

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts and conclusions that it rests on."""
        return ()


class FactPremise(_Satisfied, frozen=True, tag_field="kind", tag="fact"):
    """A positive condition, and the fact or conclusion that satisfies it; of several the strongest.

    Attributes:
        fact: a key of `Trace.facts` or `Trace.conclusions`, or of both.
        certainty: that of the fact.
    """

    fact: str
    certainty: float

    @property
    def facts(self) -> tuple[str, ...]:
        return (self.fact,)


class AbsencePremise(_Satisfied, frozen=True, tag_field="kind", tag="absence"):
    """A negation.

    Attributes:
        absent: the pattern that was looked for and that no established fact matches.
    """

    absent: str


class ComparisonPremise(_Satisfied, frozen=True, tag_field="kind", tag="comparison"):
    """A comparison, with the values of its sides as the atom grammar writes them; of an ``=`` they are the same."""

    left: str
    operator: Operator
    right: str


class AggregatePremise(_Satisfied, frozen=True, tag_field="kind", tag="aggregate"):
    """An aggregate.

    Attributes:
        result: the value, as the atom grammar writes it.
        counted: the facts and conclusions it ranged over, sorted by text. Where it looks at its own conclusions, those
            that lie lower than this one, as far as they are enough.
    """

    result: str
    counted: tuple[str, ...]

    @property
    def facts(self) -> tuple[str, ...]:
        return self.counted


class ListPremise(_Satisfied, frozen=True, tag_field="kind", tag="list"):
    """A value that is one of some values, or none of them; all as the atom grammar writes them."""

    value: str
    operator: Literal["in", "not in"]
    values: tuple[str, ...]


class BlockPremise(_Satisfied, frozen=True, tag_field="kind", tag="block"):
    """Conditions that do not hold together, or an exception.

    Attributes:
        absent: each of them as the author wrote it, with the values that its variables have outside.
    """

    keyword: Literal["not", "unless"]
    absent: tuple[str, ...]


class EitherPremise(_Satisfied, frozen=True, tag_field="kind", tag="either"):
    """Alternatives, and the one that holds.

    Attributes:
        alternative: its number, from 1.
        premises: what satisfied its conditions, in their order.
    """

    alternative: int
    premises: tuple["TracedPremise", ...]

    @property
    def facts(self) -> tuple[str, ...]:
        return tuple(fact for premise in self.premises for fact in premise.facts)


TracedPremise: TypeAlias = (
    FactPremise | AbsencePremise | ComparisonPremise | AggregatePremise | ListPremise | BlockPremise | EitherPremise
)


class TracedFiring(_Part, frozen=True):
    """One rule with one binding whose conditions hold.

    Attributes:
        id: ``f1``, ``f2`` ... in the order of the trace.
        rule: a key of `Trace.rules`.
        because: the rule's sentence for this binding.
        binding: variable → value, as the atom grammar writes it.
        premises: one for each condition or block, in the order of the rule.
        strength: the rule's certainty × the lowest certainty of the facts among the premises.
    """

    id: str
    rule: str
    conclusion: str
    because: str
    binding: dict[str, str]
    premises: tuple[TracedPremise, ...]
    strength: float

    @property
    def satisfied(self) -> Iterator[TracedPremise]:
        """The premises, with those of the alternative that holds in the place of alternatives."""
        return _flat(self.premises)


def _flat(premises: tuple[TracedPremise, ...]) -> Iterator[TracedPremise]:
    for premise in premises:
        if isinstance(premise, EitherPremise):
            yield from _flat(premise.premises)
        else:
            yield premise


class TracedLine(_Part, frozen=True):
    """One line of evidence.

    Attributes:
        evidence: the id of a firing, or the recorded fact itself.
        counts: false where a better proof in a recursive component stands instead.
        others: how many more firings the rule, or its family, has for the same conclusion; they do not add up.
        family: the other rules of the family among them, by id.
    """

    evidence: str
    strength: float
    counts: bool
    others: int
    family: tuple[str, ...]


class Confidence(_Part, frozen=True):
    """How far a conclusion rests on several witnesses, as ICD 203 asks.

    Attributes:
        reason: why it is no more, in words.
        hangs_on: the origins without which nothing is established.
    """

    level: Literal["high", "moderate", "low"]
    reason: str
    hangs_on: tuple[str, ...]


class Testimony(_Part, frozen=True):
    """How far a conclusion stands on its own: its certainty counting each thing once, and on whom it hangs.

    Attributes:
        at_least: of the lines on the winning side the strongest that share no uncertain fact, inner rule or origin, and
            all on the other side, combined.
        independent: these lines on the winning side.
        exact: whether no stronger set was left untried.
        shared: recorded facts on which several lines of the winning side rest.
        confidence: None where nothing is established.
    """

    at_least: float
    independent: tuple[str, ...]
    exact: bool
    shared: tuple[str, ...]
    confidence: Confidence | None


class TracedConclusion(_Part, frozen=True):
    """What rules concluded, and how its certainty came about.

    Attributes:
        says: as a sentence.
        evidence: how strong it is, in words; see `kzexpert.certainty.evidence_word`.
        established: whether the certainty is above 0.2, so that it satisfies conditions.
        conflict: there is certain evidence for it and certain evidence against it.
        method: ``combined``: all lines add up; ``best``: in a recursive component the best proof counts.
        supporting, opposing: what the lines for it and the lines against it come to by themselves.
        lines: the strongest first.
        testimony: how far it stands on its own; None before that was looked at.
    """

    conclusion: str
    says: str
    certainty: float
    evidence: str
    established: bool
    conflict: bool
    method: Literal["combined", "best"]
    supporting: float
    opposing: float
    lines: tuple[TracedLine, ...]
    testimony: Testimony | None


class Row(_Part, frozen=True):
    """One row of a facts file that states a fact in force; what it leaves out is empty.

    Attributes:
        digest: of all the row says; its file, its place in it and its layout do not matter.
        weight: its certainty as the grade of its source leaves it.
        place: where it stood when the trace was made, for the reader.
    """

    digest: str
    certainty: float
    weight: float
    since: str
    until: str
    on: str
    source: str
    at: str
    note: str
    place: str

    @property
    def citation(self) -> str:
        """Source and place in it; empty where there is none."""
        return ", ".join(filter(None, (self.source, self.at)))

    @property
    def dates(self) -> str:
        """When it holds, as written: ``since 1994 until 2010-06``."""
        given = (("since", self.since), ("until", self.until), ("on", self.on))
        return " ".join(f"{word} {day}" for word, day in given if day)


class TracedFact(_Part, frozen=True):
    """A recorded or assumed fact.

    Attributes:
        fact: the atom; a fact of a window is followed by it, and one whose dates a condition binds by these, as in
            ``exercise(A, B) within 1 year on 2010-09-01``.
        certainty: the highest weight of its rows; 1 for an assumed fact.
        rows: those in force, the most certain first.
    """

    fact: str
    says: str
    certainty: float
    assumed: bool
    rows: tuple[Row, ...]


class CitedRule(_Part, frozen=True):
    """A rule that fired.

    Attributes:
        digest: of all the rule says, with names and arguments resolved; file, place and layout do not matter.
        family: rules of one family are one line of evidence; empty where it is a family of its own.
        when: its conditions as the author wrote them.
        then: its conclusion, resolved; several are a list.
        replaces: the rule of another base that it stands instead of, and that base.
        place: where it stood when the trace was made, for the reader.
    """

    id: str
    digest: str
    title: str
    family: str
    when: tuple[str, ...]
    then: str | tuple[str, ...]
    certainty: float
    each: bool
    source: str
    at: str
    place: str
    replaces: str | UnsetType = UNSET

    @property
    def citation(self) -> str:
        """Source and place in it; empty where there is none."""
        return ", ".join(filter(None, (self.source, self.at)))

    @property
    def conclusions(self) -> tuple[str, ...]:
        """Its conclusions, one or several."""
        return (self.then,) if isinstance(self.then, str) else self.then


class CitedSource(_Part, frozen=True):
    """A publication that a fact or a rule of the trace cites.

    Attributes:
        reliability: A to F, or empty.
        origin: sources of one origin are one witness; empty where it is its own.
        background: whether it tells what nobody disputes, so that it is no witness.
    """

    id: str
    title: str
    authors: str
    publisher: str
    date: str
    reliability: str
    url: str
    origin: str
    background: bool


class CitedBase(_Part, frozen=True):
    """A base that was loaded when a trace was exported.

    Attributes:
        digest: over its files of rules and facts and its manifest; where the folder lies does not matter.
        used: whether it was loaded only since another base uses it.
    """

    name: str
    version: str
    digest: str
    used: bool


class TracedLikelihood(_Part, frozen=True):
    """How often judgements such as an answer were right."""

    answer: str
    likelihood: Likelihood


class Asked(msgspec.Struct, frozen=True):
    """What a document answers: the question as it was read, and the world it was asked of.

    Attributes:
        pattern: how the question was read.
        assumed, withdrawn: facts that were added, and patterns of facts that were left out.
    """

    question: str
    pattern: str
    as_of: date
    engine: str
    assumed: tuple[str, ...]
    withdrawn: tuple[str, ...]


class StatedPredicate(_Part, frozen=True, omit_defaults=True):
    """A declaration of the vocabulary; its fields are the keys of a rules file, see `kzexpert.model.Predicate`."""

    name: str
    args: tuple[dict[str, str], ...]
    holds: Literal["interval", "event", ""] = ""
    says: str = ""
    compares: str = ""
    symmetric: bool = False


class StatedEntity(_Part, frozen=True, omit_defaults=True):
    """An entity; its fields are the keys of a file, see `kzexpert.model.Entity`.

    Attributes:
        aliases: those by which the rules call it.
    """

    name: str
    kind: str
    aliases: tuple[str, ...] = ()
    in_text: str = ""
    adjective: str = ""
    possessive: str = ""
    plural: bool = False


class StatedBlock(_Part, frozen=True, omit_defaults=True, rename={"together": "not"}):
    """Conditions of which a rule has a block.

    Attributes:
        either: alternatives, each a list of conditions.
        together: conditions that must not hold together.
    """

    either: tuple[tuple["StatedCondition", ...], ...] = ()
    together: tuple["StatedCondition", ...] = ()


StatedCondition: TypeAlias = str | StatedBlock


class StatedCitation(_Part, frozen=True):
    """Where a rule has it from: the id of a source, and the place in it."""

    id: str
    at: str


class StatedRule(_Part, frozen=True, omit_defaults=True):
    """A rule in full; its fields are the keys of a rules file, see `kzexpert.model.Rule`."""

    id: str
    when: tuple[StatedCondition, ...]
    then: tuple[str, ...]
    unless: tuple[tuple[StatedCondition, ...], ...] = ()
    title: str = ""
    family: str = ""
    certainty: float = 1.0
    because: str = ""
    source: StatedCitation | UnsetType = UNSET
    each: bool = False


class Excerpt(_Part, frozen=True):
    """What a trace needs of its base to be checked without it, beside its facts and sources.

    Attributes:
        kinds: of the entities and arguments.
        rules: those that fired, by id.
        grades: grade of a source → what it leaves of the certainty of a fact, for the sources of the trace.
        circles: predicates of the trace that need each other, by the rules of the whole base.
    """

    kinds: tuple[str, ...]
    predicates: tuple[StatedPredicate, ...]
    entities: tuple[StatedEntity, ...]
    rules: tuple[StatedRule, ...]
    grades: dict[str, float]
    circles: tuple[tuple[str, ...], ...]


class Shown(_Part, frozen=True):
    """The page that carries a trace.

    Attributes:
        digest: of all that stands outside of its traces; see `kzexpert.proof.enclosure`.
        program: the version of the program that wrote it.
    """

    digest: str
    program: str


class Trace(_Part, frozen=True, kw_only=True, tag_field="schema", tag="kzexpert.trace/1"):
    """Everything that matches a question, and all that it rests on, each once: a proof, and once it is sealed a trace.

    Attributes:
        seal: SHA-256 of the document with an empty seal, without `shown` and `signature`, which shows careless changes.
            It is no signature. A proof that is not exported has none.
        shown: only in a page.
        signature: by OpenSSH, of `seal`, and of what a page says; not set where nobody signed it.
        pattern: how the question was read.
        assumed, withdrawn: facts that were added, and patterns of facts that were left out.
        answers: what matches, established or only weighed, by certainty, then by text.
        conclusions, facts: sorted by text.
        firings: sorted by conclusion, rule and binding.
        rules, sources: sorted by id.
        calibration: of the predicate that was asked about; not set where it has none that fits the rules.
        likelihoods: what the calibration says of the answers, in their order. Measured was, of statements that differ
            only in arguments without outcomes, the one of the highest certainty; of others nothing is said.
        bases: those with a name, in the order in which they were loaded; none in a proof that is not exported.
        excerpt: what it needs of them; neither in a proof that is not exported.
    """

    seal: str | UnsetType = UNSET
    shown: Shown | UnsetType = UNSET
    signature: str | UnsetType = UNSET
    question: str
    pattern: str
    as_of: date
    engine: str
    assumed: tuple[str, ...]
    withdrawn: tuple[str, ...]
    answers: tuple[str, ...]
    conclusions: tuple[TracedConclusion, ...]
    firings: tuple[TracedFiring, ...]
    facts: tuple[TracedFact, ...]
    rules: tuple[CitedRule, ...]
    sources: tuple[CitedSource, ...]
    calibration: Calibration | UnsetType = UNSET
    likelihoods: tuple[TracedLikelihood, ...] | UnsetType = UNSET
    bases: tuple[CitedBase, ...] | UnsetType = UNSET
    excerpt: Excerpt | UnsetType = UNSET

    def __repr__(self) -> str:
        return f"<trace of {self.question!r}: {counted(len(self.answers), 'answer')}>"


class TraceReport(_Part, frozen=True, tag_field="schema", tag="kzexpert.report/1"):
    """Several questions that were asked of one base on one day: the trace of each, with its own seal."""

    traces: tuple[Trace, ...]


# --- digests ---------------------------------------------------------------------------------------------------------


def seal_of(trace: Trace) -> str:
    """SHA-256, in hex, of the trace with an empty seal, as compact JSON with its fields in the declared order."""
    return digest_of(msgspec.structs.replace(trace, seal="", shown=UNSET, signature=UNSET), order="deterministic")


def sealed(trace: Trace) -> Trace:
    """The trace with its seal."""
    return msgspec.structs.replace(trace, seal=seal_of(trace))


def atom_of(fact: str) -> str:
    """A fact without the window and the dates that a trace writes behind it."""
    return fact[: fact.rindex(")") + 1]


def signed_text(trace: Trace) -> bytes:
    """What a signature of a trace is of: a line with its seal, and of a page the digest of what that says."""
    shown = f" {trace.shown.digest}" if trace.shown else ""
    return f"{trace.seal}{shown}\n".encode()


def digest_of(value: object, order: Literal["deterministic"] | None = None) -> str:
    """SHA-256, in hex, of a value as compact JSON."""
    from hashlib import sha256  # loads OpenSSL, and only proofs need it

    return sha256(msgspec.json.encode(value, order=order)).hexdigest()


def no_digest(_value: object) -> str:
    """In the place of `digest_of`, for a proof that nobody exports."""
    return ""
