"""The frozen values that every layer speaks of: terms, atoms, conditions, rules, facts, programs, firings, inferences.

Surface values (`KnowledgeBase` and what it holds) are as the author wrote them, each with its location; program values
(`Program` and what it holds) are resolved: positional arguments, canonical names, facts cut to the as-of date.
This module reads no file and knows no engine.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import Literal, TypeAlias

import msgspec

from kzexpert.errors import Issue, Location

__all__ = [
    "ANY",
    "NOWHERE",
    "Absence",
    "Aggregate",
    "Aggregation",
    "Anonymous",
    "Argument",
    "ArgumentSpec",
    "Assignment",
    "Atom",
    "BaseFact",
    "Case",
    "Citation",
    "Comparison",
    "Condition",
    "Constant",
    "Entity",
    "Expected",
    "Expression",
    "Fact",
    "Firing",
    "GroundAtom",
    "Inference",
    "KnowledgeBase",
    "Match",
    "Negation",
    "Operation",
    "PartialDate",
    "Pattern",
    "Predicate",
    "Premise",
    "Program",
    "ProgramCondition",
    "ProgramRule",
    "Rule",
    "Shape",
    "Source",
    "Stratum",
    "Table",
    "Term",
    "Test",
    "Value",
    "Variable",
    "Within",
    "format_number",
    "format_value",
]

#: A value of an argument: an entity's name or a text, a number (always a double), or a date.
Value: TypeAlias = str | float | date

#: What the arguments of a statement must be to matter; None where any value will do.
Shape: TypeAlias = tuple[Value | None, ...]

NOWHERE = Location("")
_BARE_WORD = re.compile(r"[^\W\d]\w*(?:[-.]\w+)*")


def format_number(number: float) -> str:
    """The number without a point when it is whole (1, 200000000), else its shortest exact form."""
    return str(int(number)) if number.is_integer() and abs(number) < 1e16 else repr(number)


def format_value(value: Value) -> str:
    """The value as the atom grammar reads it back: a bare word where it can be one, else quoted."""
    if isinstance(value, str):
        if value != "_" and _BARE_WORD.fullmatch(value):
            return value
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
        return f'"{escaped}"'
    return value.isoformat() if isinstance(value, date) else format_number(value)


# --- terms and atoms --------------------------------------------------------------------------------------------


class Variable(msgspec.Struct, frozen=True):
    """``?name``; the name is kept without its question mark."""

    name: str

    def __str__(self) -> str:
        return f"?{self.name}"


class Constant(msgspec.Struct, frozen=True):
    """A value written in a rule or a pattern."""

    value: Value

    def __str__(self) -> str:
        return format_value(self.value)


class Anonymous(msgspec.Struct, frozen=True):
    """``_``, or an argument that was left out: matches anything and binds nothing."""

    def __str__(self) -> str:
        return "_"


ANY = Anonymous()
Term: TypeAlias = Variable | Constant | Anonymous


class GroundAtom(msgspec.Struct, frozen=True, gc=False):
    """A statement without variables, such as ``member(Kazakhstan, CSTO)``: canonical names, arguments in order."""

    predicate: str
    args: tuple[Value, ...]

    def __str__(self) -> str:
        return f"{self.predicate}({', '.join(map(format_value, self.args))})"


class Within(msgspec.Struct, frozen=True):
    """``within 2 years``: how far an event may lie behind the as-of date."""

    amount: int
    unit: Literal["day", "month", "year"]

    def __str__(self) -> str:
        return f"within {self.amount} {self.unit}{'' if self.amount == 1 else 's'}"


class Argument(msgspec.Struct, frozen=True):
    """One argument as written: positional when `name` is None."""

    term: Term
    name: str | None = None
    location: Location = NOWHERE


class Atom(msgspec.Struct, frozen=True):
    """An atom as written; `kzexpert.resolve` puts its arguments in order and its names into canonical form."""

    predicate: str
    arguments: tuple[Argument, ...]
    within: Within | None = None
    location: Location = NOWHERE


# --- conditions as written ----------------------------------------------------------------------------------------


class Operation(msgspec.Struct, frozen=True):
    """Arithmetic between two expressions."""

    operator: Literal["+", "-", "*", "/"]
    left: "Expression"
    right: "Expression"

    def __str__(self) -> str:
        sides = [f"({side})" if isinstance(side, Operation) else str(side) for side in (self.left, self.right)]
        return f"{sides[0]} {self.operator} {sides[1]}"


Expression: TypeAlias = Variable | Constant | Operation


class Premise(msgspec.Struct, frozen=True):
    """A positive condition: an atom, and with ``@ ?c`` the variable that takes the matched fact's certainty."""

    atom: Atom
    text: str
    certainty: str | None = None
    location: Location = NOWHERE


class Negation(msgspec.Struct, frozen=True):
    """``not atom``: holds when no established fact matches."""

    atom: Atom
    text: str
    location: Location = NOWHERE


class Comparison(msgspec.Struct, frozen=True):
    """``left op right``; with ``=`` and one lone unbound variable it binds that variable."""

    left: Expression
    operator: Literal["=", "!=", "<", "<=", ">", ">="]
    right: Expression
    text: str
    location: Location = NOWHERE


class Aggregation(msgspec.Struct, frozen=True):
    """``?result = function(?over for atom and atom ...)``."""

    result: str
    function: Literal["count", "sum", "min", "max"]
    over: str
    premises: tuple[Premise, ...]
    text: str
    location: Location = NOWHERE


Condition: TypeAlias = Premise | Negation | Comparison | Aggregation


# --- what a knowledge base holds ------------------------------------------------------------------------------------


class PartialDate(msgspec.Struct, frozen=True):
    """A day, a month or a year.

    Attributes:
        text: as written: ``2010``, ``2010-01`` or ``2010-01-31``.
        first: its first day, which ``since`` and ``on`` mean.
        last: its last day, which ``until`` and an as-of date mean.
    """

    text: str
    first: date
    last: date

    def __str__(self) -> str:
        return self.text


class ArgumentSpec(msgspec.Struct, frozen=True):
    """One declared argument; `type` is a kind of entity, ``text``, ``number`` or ``date``."""

    name: str
    type: str
    location: Location = NOWHERE


class Predicate(msgspec.Struct, frozen=True):
    """A declared predicate. `marks` maps a key of its YAML (``says``, ``asks.0`` ...) to its location.

    Attributes:
        compares: the argument whose values are rival hypotheses; empty where nobody compares them.
    """

    name: str
    args: tuple[ArgumentSpec, ...]
    holds: Literal["interval", "event"] | None = None
    says: str = ""
    asks: tuple[str, ...] = ()
    doc: str = ""
    location: Location = NOWHERE
    marks: Mapping[str, Location] = {}
    compares: str = ""


class Entity(msgspec.Struct, frozen=True):
    """A named thing of one kind; every alias stands for the name."""

    name: str
    kind: str
    aliases: tuple[str, ...] = ()
    location: Location = NOWHERE
    marks: Mapping[str, Location] = {}


class Source(msgspec.Struct, frozen=True):
    """A publication; `reliability` is a letter of the Admiralty code, A (best) to F."""

    id: str
    title: str = ""
    authors: str = ""
    publisher: str = ""
    date: PartialDate | None = None
    reliability: str = ""
    url: str = ""
    location: Location = NOWHERE


class Citation(msgspec.Struct, frozen=True):
    """Where a statement comes from: a source and a place in it (``para 2``)."""

    source: str
    at: str = ""
    location: Location = NOWHERE

    def __str__(self) -> str:
        return f"{self.source}, {self.at}" if self.at else self.source


class Fact(msgspec.Struct, frozen=True):
    """One row of a facts file, as written.

    Attributes:
        arguments: argument name → value as written (an alias is still an alias).
        certainty: over 0, up to 1.
        marks: key of the row → its location.
    """

    predicate: str
    arguments: Mapping[str, Value]
    since: PartialDate | None = None
    until: PartialDate | None = None
    on: PartialDate | None = None
    certainty: float = 1.0
    source: Citation | None = None
    note: str = ""
    location: Location = NOWHERE
    marks: Mapping[str, Location] = {}


class Table(msgspec.Struct, frozen=True):
    """Facts of one predicate that lie in a file or a database, and are read in place.

    Attributes:
        file: as written; `path` leads there from the current folder, and is the same where it names a database.
        columns: argument, or ``since``, ``until``, ``on``, ``certainty``, ``source``, ``at``, ``note`` → column.
        where: column → the values, as text, that its rows may have.
        codes: argument → CSV file of codes and names that its column is read with, the path as in `path`.
        certainty: of the rows, where no column says it.
        without: sources whose rows are left out, as no author says but an analysis may.
        marks: key of the declaration (``columns.state``, ``where.kind`` ...) → its location.
    """

    file: str
    path: str
    predicate: str
    columns: Mapping[str, str]
    where: Mapping[str, tuple[str, ...]] = {}
    codes: Mapping[str, str] = {}
    certainty: float = 1.0
    source: Citation | None = None
    note: str = ""
    location: Location = NOWHERE
    marks: Mapping[str, Location] = {}
    without: tuple[str, ...] = ()


class Rule(msgspec.Struct, frozen=True):
    """A rule as written. `marks` maps a key of its YAML (``because``, ``certainty`` ...) to its location."""

    id: str
    when: tuple[Condition, ...]
    then: Atom
    title: str = ""
    certainty: float = 1.0
    because: str = ""
    source: Citation | None = None
    each: bool = False
    location: Location = NOWHERE
    marks: Mapping[str, Location] = {}


class Expected(msgspec.Struct, frozen=True):
    """One answer that a case wants.

    Attributes:
        conclusion: a ground atom as text.
        certainty: None when the case does not say.
        decimals: to how many decimals the certainty is compared.
    """

    conclusion: str
    certainty: float | None = None
    decimals: int = 9
    location: Location = NOWHERE


class Case(msgspec.Struct, frozen=True):
    """A test of rules: what to ask of which facts, and what must come out.

    Attributes:
        kb: the case's own entities, sources, facts, vocabulary and rules, layered over the knowledge base.
        replaces_facts: whether its facts stand instead of those of the knowledge base.
        want: None unless the case lists answers.
        want_error: a code, or "" when the case wants none.
        issues: what is wrong inside of it; kept only with a case that wants an error.
    """

    id: str
    note: str
    ask: str
    kb: "KnowledgeBase"
    replaces_facts: bool = False
    as_of: PartialDate | None = None
    assume: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    want: tuple[Expected, ...] | None = None
    want_none: bool = False
    want_error: str = ""
    location: Location = NOWHERE
    issues: tuple[Issue, ...] = ()


class KnowledgeBase(msgspec.Struct, frozen=True, dict=True):
    """Everything that was loaded, in the order of the files; names may still be wrong: the checks say so.

    Attributes:
        texts: file → its text, for showing the line of an issue.
        digests: file → SHA-256 of its bytes, in hex.
        tables: further facts, which nobody has looked at yet.
    """

    kinds: tuple[str, ...] = ()
    predicates: tuple[Predicate, ...] = ()
    entities: tuple[Entity, ...] = ()
    sources: tuple[Source, ...] = ()
    facts: tuple[Fact, ...] = ()
    rules: tuple[Rule, ...] = ()
    texts: Mapping[str, str] = {}
    digests: Mapping[str, str] = {}
    tables: tuple[Table, ...] = ()

    @cached_property
    def predicate(self) -> Mapping[str, Predicate]:
        """Predicate by name; of two declarations the first."""
        return {item.name: item for item in reversed(self.predicates)}

    @cached_property
    def entity(self) -> Mapping[str, Entity]:
        """Entity by name and by alias; names go before aliases."""
        found = {alias: item for item in reversed(self.entities) for alias in item.aliases}
        found.update({item.name: item for item in reversed(self.entities)})
        return found

    @cached_property
    def source(self) -> Mapping[str, Source]:
        """Source by id."""
        return {item.id: item for item in reversed(self.sources)}


# --- programs: resolved, ready for an engine ------------------------------------------------------------------------


class Pattern(msgspec.Struct, frozen=True):
    """A resolved atom.

    Attributes:
        relation: where an engine looks: the predicate's name, or ``name within 1 year`` for the facts of that window.
        predicate: its name.
        terms: one for each declared argument, in order.
        certainty: the variable that ``@`` binds, or None.
    """

    relation: str
    predicate: str
    terms: tuple[Term, ...]
    certainty: str | None = None

    def __str__(self) -> str:
        window = self.relation[len(self.predicate) :]
        tail = f" @ ?{self.certainty}" if self.certainty else ""
        return f"{self.predicate}({', '.join(map(str, self.terms))}){window}{tail}"

    @property
    def variables(self) -> Iterator[str]:
        """Names of its variables, in order, repeated where they are; the one of ``@`` comes last."""
        for term in self.terms:
            if isinstance(term, Variable):
                yield term.name
        if self.certainty:
            yield self.certainty


class Match(msgspec.Struct, frozen=True):
    """Some established fact matches the pattern."""

    pattern: Pattern


class Absence(msgspec.Struct, frozen=True):
    """No established fact matches the pattern."""

    pattern: Pattern


class Test(msgspec.Struct, frozen=True):
    """A comparison of bound values. One without a finite value (a division by zero) is false."""

    left: Expression
    operator: Literal["=", "!=", "<", "<=", ">", ">="]
    right: Expression


class Assignment(msgspec.Struct, frozen=True):
    """Binds a variable to the value of an expression; fails when there is no finite value."""

    variable: str
    expression: Expression


class Aggregate(msgspec.Struct, frozen=True):
    """Counts or folds over the bindings of its local variables.

    Attributes:
        variable: what the result binds, or is compared with where `binds` is false.
        shared: variables that also stand elsewhere in the rule; bound before the aggregate is evaluated.
    """

    variable: str
    function: Literal["count", "sum", "min", "max"]
    over: str
    patterns: tuple[Pattern, ...]
    shared: tuple[str, ...]
    binds: bool


ProgramCondition: TypeAlias = Match | Absence | Test | Assignment | Aggregate


class ProgramRule(msgspec.Struct, frozen=True, dict=True):
    """A resolved rule.

    Attributes:
        rule: as written.
        head: its conclusion; every variable of it is bound.
        conditions: in the order of the author.
        order: indices of `conditions` in an order in which every variable is bound before it is used: the matches as
            written, then the others as soon as what they need is bound.
        variables: every variable of the rule that is not local to an aggregate, in order of first appearance.
    """

    rule: Rule
    head: Pattern
    conditions: tuple[ProgramCondition, ...]
    order: tuple[int, ...]
    variables: tuple[str, ...]

    @property
    def id(self) -> str:
        return self.rule.id

    @cached_property
    def matches(self) -> tuple[Pattern, ...]:
        """The patterns of its positive conditions, in the order of the author."""
        return tuple(condition.pattern for condition in self.conditions if isinstance(condition, Match))


class Stratum(msgspec.Struct, frozen=True):
    """One strongly connected component of the dependency graph with the rules that conclude its predicates.

    Attributes:
        recursive: whether a rule of it uses a predicate of it; then the best proof counts.
    """

    predicates: tuple[str, ...]
    rules: tuple[ProgramRule, ...]
    recursive: bool


class BaseFact(msgspec.Struct, frozen=True):
    """A recorded or assumed fact in force, with every row that states it, the most certain first."""

    atom: GroundAtom
    certainty: float
    rows: tuple[Fact, ...]
    assumed: bool = False


class Program(msgspec.Struct, frozen=True, dict=True):
    """What an engine is given: a snapshot of the facts and the rules in strata.

    Attributes:
        strata: in an order in which each needs only those before it.
        base: relation → arguments → fact in force. A window of an event predicate is a relation of its own.
        assumed, withdrawn: what was added and removed, as text.
        shapes: predicate → what its statements must look like to matter; those that look like none of these may be
            missing. None where everything matters.
    """

    kb: KnowledgeBase
    as_of: date
    strata: tuple[Stratum, ...]
    base: Mapping[str, Mapping[tuple[Value, ...], BaseFact]]
    assumed: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    shapes: Mapping[str, tuple[Shape, ...]] | None = None

    @cached_property
    def rules(self) -> Mapping[str, ProgramRule]:
        """Rule by id."""
        return {rule.id: rule for stratum in self.strata for rule in stratum.rules}

    @cached_property
    def stratum_of(self) -> Mapping[str, Stratum]:
        """Concluded predicate → its stratum."""
        return {rule.head.predicate: stratum for stratum in self.strata for rule in stratum.rules}


# --- what comes out -------------------------------------------------------------------------------------------------


class Firing(msgspec.Struct, frozen=True, gc=False):
    """One rule with one binding of all its variables whose conditions hold.

    Attributes:
        binding: values in the order of ``rule.variables``.
        premises: the fact behind each positive condition, in the order of the author; where several facts satisfy
            one, the most certain (ties by text).
        strength: rule certainty × the lowest certainty of the premises.
    """

    rule: ProgramRule
    binding: tuple[Value, ...]
    conclusion: GroundAtom
    premises: tuple[GroundAtom, ...]
    strength: float

    @property
    def values(self) -> dict[str, Value]:
        """Variable name → value."""
        return dict(zip(self.rule.variables, self.binding, strict=True))

    @property
    def binding_text(self) -> tuple[str, ...]:
        """The binding as text, by which ties are broken."""
        return tuple(map(format_value, self.binding))


class Inference(msgspec.Struct, frozen=True, dict=True):
    """All facts and all firings of a program.

    Attributes:
        engine: the name of the engine that made it.
        certainties: relation → arguments → certainty, for base facts and conclusions, established or not.
        firings: conclusion → its firings, in no particular order.
        conflicts: conclusions with evidence of +1 and of −1.
    """

    program: Program
    engine: str
    certainties: Mapping[str, Mapping[tuple[Value, ...], float]]
    firings: Mapping[GroundAtom, tuple[Firing, ...]]
    conflicts: frozenset[GroundAtom] = frozenset()

    def certainty(self, atom: GroundAtom) -> float | None:
        """The certainty of a fact or conclusion, None when nothing is known of it."""
        return self.certainties.get(atom.predicate, {}).get(atom.args)
