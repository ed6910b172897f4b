"""What a knowledge base holds, as the author wrote it, each thing with its place. Names may still be wrong."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from kzexpert.errors import Issue, Location, counted
from kzexpert.model.conditions import Condition
from kzexpert.model.file_shape import FileShape, Notation, RowChoice
from kzexpert.model.terms import NOWHERE, Atom, Value

__all__ = [
    "FORMS",
    "GRADES",
    "ArgumentSpec",
    "Case",
    "Citation",
    "Entity",
    "Expected",
    "Fact",
    "KnowledgeBase",
    "Layer",
    "PartialDate",
    "Predicate",
    "Register",
    "Rule",
    "Source",
    "Synonym",
    "Table",
]

#: The Admiralty code: how reliable a source is, A completely, E not at all, F not to be judged.
GRADES = ("A", "B", "C", "D", "E", "F")
#: How the path of a table of an SQLite file begins: ``sqlite:FILE#TABLE``.
_SQLITE = "sqlite:"


class PartialDate(msgspec.Struct, frozen=True, array_like=True):
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


class ArgumentSpec(msgspec.Struct, frozen=True, array_like=True):
    """One declared argument; `type` is a kind of entity, ``text``, ``number`` or ``date``."""

    name: str
    type: str
    location: Location = NOWHERE


class Predicate(msgspec.Struct, frozen=True, array_like=True):
    """A declared predicate. `marks` maps a key of its YAML (``says``, ``asks.0`` ...) to its location.

    Attributes:
        compares: the argument whose values are rival hypotheses; empty where nobody compares them.
        assumable: false where why-not should never propose to assume it.
        symmetric: whether its two arguments may change places and nothing else is said, so that text says it once.
        intended: code of a warning about it → why it is as it should be.
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
    assumable: bool = True
    symmetric: bool = False
    intended: Mapping[str, str] = {}

    @property
    def signature(self) -> tuple[tuple[str, str], ...]:
        """Its arguments, each with its type."""
        return tuple((spec.name, spec.type) for spec in self.args)


#: The forms of an entity that a template may ask for: `{state.adjective}`.
FORMS = ("in_text", "adjective", "possessive", "name")


class Entity(msgspec.Struct, frozen=True, array_like=True):
    """A named thing of one kind; every alias stands for the name.

    Attributes:
        in_text: what a sentence calls it, article and all: ``the United States``; empty where that is its name.
        adjective: ``American``; empty where the name serves.
        possessive: ``the United States'``; empty where it ends as usual.
        plural: whether the verb beside it is plural.
    """

    name: str
    kind: str
    aliases: tuple[str, ...] = ()
    location: Location = NOWHERE
    marks: Mapping[str, Location] = {}
    in_text: str = ""
    adjective: str = ""
    possessive: str = ""
    plural: bool = False

    def form(self, name: str) -> str:
        """One of `FORMS`; what the author left out is made from the name."""
        spoken = self.in_text or self.name
        if name == "adjective":
            return self.adjective or self.name
        if name == "possessive":
            return self.possessive or f"{spoken}'{'' if self.plural and spoken.endswith('s') else 's'}"
        return self.name if name == "name" else spoken

    @property
    def spellings(self) -> tuple[str, ...]:
        """All that a question may call it: its name, its aliases, then its forms."""
        forms = tuple(filter(None, (self.in_text, self.adjective, self.possessive)))
        return tuple(dict.fromkeys((self.name, *self.aliases, *forms))) if forms else (self.name, *self.aliases)


class Synonym(msgspec.Struct, frozen=True, array_like=True):
    """What people say, and the words of templates, arguments or kinds that mean the same.

    Attributes:
        means: words that the vocabulary has.
        said: words and phrases that stand for them in a question.
        marks: number of a phrase → its location.
    """

    means: str
    said: tuple[str, ...]
    location: Location = NOWHERE
    marks: Mapping[int, Location] = {}


class Source(msgspec.Struct, frozen=True, array_like=True):
    """A publication.

    Attributes:
        reliability: a letter of the Admiralty code, A (best) to F; empty where it has no grade.
        origin: what it goes back to: sources of one origin are one witness; empty where it is its own.
        background: whether it tells what nobody disputes, so that it is no witness.
    """

    id: str
    title: str = ""
    authors: str = ""
    publisher: str = ""
    date: PartialDate | None = None
    reliability: str = ""
    url: str = ""
    location: Location = NOWHERE
    origin: str = ""
    background: bool = False

    @property
    def described(self) -> tuple[object, ...]:
        """All that is said of it."""
        says = (self.title, self.authors, self.publisher, self.date, self.reliability, self.url)
        return (*says, self.origin, self.background)

    @property
    def witness(self) -> str:
        """Whom it goes back to."""
        return self.origin or self.id


class Citation(msgspec.Struct, frozen=True, array_like=True):
    """Where a statement comes from: a source and a place in it (``para 2``)."""

    source: str
    at: str = ""
    location: Location = NOWHERE

    def __str__(self) -> str:
        return f"{self.source}, {self.at}" if self.at else self.source


class Fact(msgspec.Struct, frozen=True, array_like=True):
    """One row of a facts file, as written.

    Attributes:
        arguments: argument name → value as written (an alias is still an alias).
        certainty: over 0, up to 1.
        marks: key of the row → its location.
        factor: what the grade of its source leaves of its certainty; see `KnowledgeBase.factors`.
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
    factor: float = 1.0

    @property
    def weight(self) -> float:
        """Its certainty as the grade of its source leaves it, to nine decimals."""
        return round(self.certainty * self.factor, 9)


class Table(msgspec.Struct, frozen=True, array_like=True):
    """Facts of one predicate that lie in a file or a database, and are read in place.

    Attributes:
        file: as written; `path` leads there from the current folder, and is the same where it is an address.
        columns: argument, or ``since``, ``until``, ``on``, ``certainty``, ``source``, ``at``, ``note`` → column.
        where: column → what its rows must have there.
        numbered: arguments that take the number of the row, counted as citations count it.
        constants: argument, or one of the dates → what it is in all rows, as text.
        parts: argument or date → the columns of its year, month and day, of which the latter two may be "".
        codes: argument → CSV file of codes and names that its column is read with, the path as in `path`.
        certainty: of the rows, where no column says it.
        without: sources whose rows are left out, as no author says but an analysis may.
        factors: source → what its grade leaves of the certainty of a row, where that is less than all.
        marks: key of the declaration (``columns.state``, ``where.kind`` ...) → its location.
    """

    file: str
    path: str
    predicate: str
    columns: Mapping[str, str]
    where: Mapping[str, RowChoice] = {}
    codes: Mapping[str, str] = {}
    certainty: float = 1.0
    source: Citation | None = None
    note: str = ""
    location: Location = NOWHERE
    marks: Mapping[str, Location] = {}
    without: tuple[str, ...] = ()
    numbered: tuple[str, ...] = ()
    factors: Mapping[str, float] = {}
    constants: Mapping[str, str] = {}
    parts: Mapping[str, tuple[str, str, str]] = {}
    shape: FileShape = FileShape()
    notation: Notation = Notation()

    def says(self, key: str) -> bool:
        """Whether its rows say something of an argument, a date, or anything else that a row may have."""
        return key in self.columns or key in self.constants or key in self.parts or key in self.numbered

    @property
    def read(self) -> dict[str, str]:
        """The columns that are read → the key of the declaration that names it first."""
        named = {f"columns.{key}": [name] for key, name in self.columns.items()}
        named |= {f"columns.{key}": list(filter(None, names)) for key, names in self.parts.items()}
        named |= {f"where.{name}": [name] for name in self.where}
        if self.shape.unpivot is not None:  # rows without a value are none
            named["unpivot"] = [self.shape.unpivot.value]
        found: dict[str, str] = {}
        for key, names in named.items():
            for name in names:
                found.setdefault(name, key)
        return found

    def factor(self, source: str) -> float:
        """What the grade of a source leaves of the certainty of a row that cites it; "" is none."""
        return self.factors.get(source, 1.0)

    @property
    def files(self) -> tuple[str, ...]:
        """What is read of it: its file, folder or address, and its files of codes."""
        return (self.sqlite[0] if self.is_sqlite else self.path, *self.codes.values())

    @property
    def is_sqlite(self) -> bool:
        return self.path.startswith(_SQLITE)

    @property
    def sqlite(self) -> tuple[str, str]:
        """An SQLite file, as seen from the current folder, and the table in it; one of them may be empty."""
        file, _, name = self.path.removeprefix(_SQLITE).partition("#")
        return file, name


class Register(msgspec.Struct, frozen=True, array_like=True):
    """A table whose rows are entities of one kind.

    Attributes:
        file: as written; `path` leads there from the current folder.
        name: the column of their names.
        aliases: the columns of their aliases.
        where: column → what its rows must have there.
        marks: key of the declaration (``name``, ``aliases.0``, ``where.kind`` ...) → its location.
        size: how many rows were chosen; 1 before anybody looked.
        shape: how the file is cut into rows and cells.
        nothing: column → texts that stand for nothing there; "" is every column that is not named.
    """

    file: str
    path: str
    kind: str
    name: str
    aliases: tuple[str, ...] = ()
    where: Mapping[str, RowChoice] = {}
    location: Location = NOWHERE
    marks: Mapping[str, Location] = {}
    size: int = 1
    shape: FileShape = FileShape()
    nothing: Mapping[str, tuple[str, ...]] = {}


class Rule(msgspec.Struct, frozen=True, array_like=True):
    """A rule as written. `marks` maps a key of its YAML (``because``, ``certainty`` ...) to its location.

    Attributes:
        when: its conditions; those of ``unless`` come last, as blocks.
        then: what it concludes, at least one atom.
        family: what kind of tie it sees: rules of one family are one line of evidence; empty where it is a family of
            its own.
        replaces: the id of a rule of an earlier base, which this one stands instead of; empty where there is none.
        intended: code of a warning about it → why it is as it should be.
    """

    id: str
    when: tuple[Condition, ...]
    then: tuple[Atom, ...]
    title: str = ""
    family: str = ""
    certainty: float = 1.0
    because: str = ""
    source: Citation | None = None
    each: bool = False
    location: Location = NOWHERE
    marks: Mapping[str, Location] = {}
    replaces: str = ""
    intended: Mapping[str, str] = {}

    @property
    def line(self) -> str | tuple[str, str, bool]:
        """What rules have in common that are one line of evidence for a conclusion, or one against it.

        That is their family and whether they speak for it; a rule without one stands alone. No id is empty, so that no
        family is taken for a rule.
        """
        return ("", self.family, self.certainty > 0) if self.family else self.id


class Layer(msgspec.Struct, frozen=True, array_like=True):
    """A base that a knowledge base was made of: its folder, and what its manifest says.

    Attributes:
        folder: where it lies, as it was given or found.
        name: as its manifest calls it; empty where none does.
        as_of: the day its questions are about, where no other is given.
        files: those of its files that were read, as issues name them.
        rules: those of them that lie in its ``rules/``.
        used: whether it is there only since another base uses it.
        uses: the folders of the bases that it uses.
        grades: grade of a source → what it leaves of the certainty of a fact.
        calibration: as written; kept for those who ask for it.
    """

    folder: str
    name: str = ""
    title: str = ""
    version: str = ""
    licence: str = ""
    authors: tuple[str, ...] = ()
    as_of: PartialDate | None = None
    files: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    used: bool = False
    uses: tuple[str, ...] = ()
    grades: Mapping[str, float] = {}
    calibration: Any = None

    @property
    def label(self) -> str:
        """How it is spoken of: by name and version, else by its folder."""
        return f"{self.name} {self.version}".strip() if self.name else self.folder


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


class KnowledgeBase(msgspec.Struct, frozen=True, dict=True, array_like=True):
    """Everything that was loaded, in the order of the files; names may still be wrong: the checks say so.

    Attributes:
        texts: file → its text, for showing the line of an issue.
        digests: file → SHA-256 of its bytes, in hex.
        tables: further facts, which nobody has looked at yet.
        registers: tables that some of the entities come from.
        layers: the bases it was made of, in the order in which they were loaded.
        drops: ids of rules of earlier layers that are left out, each with its place.
        gone: the rules of earlier layers that others stand instead of, or that are left out.
        synonyms: what people say for words of the vocabulary.
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
    layers: tuple[Layer, ...] = ()
    drops: tuple[tuple[str, Location], ...] = ()
    gone: tuple[Rule, ...] = ()
    registers: tuple[Register, ...] = ()
    synonyms: tuple[Synonym, ...] = ()

    def __repr__(self) -> str:
        return f"<knowledge base: {counted(len(self.facts), 'fact')}, {counted(len(self.rules), 'rule')}>"

    @property
    def files(self) -> tuple[str, ...]:
        """Everything that is read of it: files, folders of tables, and what lies elsewhere by its address."""
        of_tables = (file for table in self.tables for file in table.files)
        return (*self.texts, *(register.path for register in self.registers), *of_tables)

    @cached_property
    def predicate(self) -> Mapping[str, Predicate]:
        """Predicate by name; of two declarations the first."""
        return {item.name: item for item in reversed(self.predicates)}

    @cached_property
    def entity(self) -> Mapping[str, Entity]:
        """Entity by name and by alias, in each form that Unicode has for their letters; names go before aliases."""
        found = {alias: item for item in reversed(self.entities) for alias in item.aliases}
        found.update({item.name: item for item in reversed(self.entities)})
        accented = [text for text in found if not text.isascii()]
        if accented:
            from unicodedata import normalize

            for form in ("NFC", "NFD"):
                for text in accented:
                    found.setdefault(normalize(form, text), found[text])
        return found

    @cached_property
    def inflected(self) -> Mapping[str, Entity]:
        """By name the entities that have forms of their own in sentences."""
        return {
            item.name: item
            for item in reversed(self.entities)
            if item.in_text or item.adjective or item.possessive or item.plural
        }

    @cached_property
    def grades(self) -> Mapping[str, float]:
        """Grade of a source → what it leaves of the certainty of a fact that cites it; all where it is not named.

        It is as the base says that one asks with, else the last of those that it uses and that says it.
        """
        declared = [layer.grades for used in (False, True) for layer in reversed(self.layers) if layer.used == used]
        return next(filter(None, declared), {})

    @cached_property
    def factors(self) -> Mapping[str, float]:
        """Source → what its grade leaves of the certainty of a fact that cites it, where that is less than all."""
        found = {item.id: self.grades.get(item.reliability, 1.0) for item in reversed(self.sources)}
        return {name: factor for name, factor in found.items() if factor < 1.0}

    @cached_property
    def concluded(self) -> frozenset[str]:
        """The predicates that rules conclude."""
        return frozenset(head.predicate for rule in self.rules for head in rule.then)

    @cached_property
    def used_files(self) -> Mapping[str, str]:
        """File of a base that is there only since another base uses it → what that base is called."""
        return {file: layer.label for layer in self.layers if layer.used for file in layer.files}

    def attributed(self, issues: Iterable[Issue]) -> list[Issue]:
        """The issues, those in files of used bases with the name of the base."""
        return [
            replace(issue, base=self.used_files.get(issue.location.file, "")) if issue.location else issue
            for issue in issues
        ]

    def written(self, place: Location) -> tuple[bool, Location]:
        """The key to sort places by: what used bases say comes first, so that what is added to it is at fault."""
        return place.file not in self.used_files, place

    @cached_property
    def source(self) -> Mapping[str, Source]:
        """Source by id."""
        return {item.id: item for item in reversed(self.sources)}
