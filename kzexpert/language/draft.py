"""A knowledge base in the making: what has been read so far of all its files, and how layers become one.

Facts wait until every vocabulary is known, since the declared types say how their values are read. Nothing here reads
a file.
"""

from collections.abc import Callable, Iterable, Sequence

from msgspec.structs import replace

from kzexpert.errors import Issue, Location
from kzexpert.language.facts_file import PendingRows
from kzexpert.language.files import Digests, TextFile, shown_name
from kzexpert.language.reader import Reader
from kzexpert.model import Entity, Fact, KnowledgeBase, Layer, Predicate, Register, Rule, Source, Synonym, Table

__all__ = ["Draft", "layered"]

#: What an entry of an entity may say of its forms.
_FORMS = ("in_text", "adjective", "possessive", "plural")


class Draft:
    """What was read so far, in the order of the files, and every issue.

    Attributes:
        pending: rows of facts that wait for the vocabularies.
        csv_files: they wait as well.
        tables: declarations of tables.
        registers: declarations of registers, whose entities were read.
        drops: ids of rules of earlier layers, each with its place.
    """

    def __init__(self) -> None:
        self.kinds: list[str] = []
        self.predicates: list[Predicate] = []
        self.synonyms: list[Synonym] = []
        self.entities: list[Entity] = []
        self.sources: list[Source] = []
        self.rules: list[Rule] = []
        self.pending: list[PendingRows] = []
        self.csv_files: list[Reader] = []
        self.tables: list[Table] = []
        self.registers: list[Register] = []
        self.drops: list[tuple[str, Location]] = []
        self.files: list[TextFile] = []
        self.issues: list[Issue] = []

    def add(self, other: "Draft") -> None:
        """Adds all that another one has read."""
        for name, found in vars(other).items():
            getattr(self, name).extend(found)

    @property
    def texts(self) -> dict[str, str]:
        """File name → its text."""
        return {file.name: file.text for file in self.files}

    def knowledge_base(self, facts: Iterable[Fact], layers: Sequence[Layer] = ()) -> KnowledgeBase:
        """Everything that was read, and these facts; what several files say alike is there once.

        Args:
            layers: the bases that the files belong to, in order; a file of none comes last.
        """
        order = {file: number for number, layer in enumerate(layers) for file in layer.files}
        rules, gone = _settled(self.rules, self.drops, lambda place: order.get(place.file, len(layers)))
        kb = KnowledgeBase(
            kinds=tuple(dict.fromkeys(self.kinds)),
            predicates=_distinct_predicates(self.predicates),
            entities=_joined_entities(self.entities),
            sources=_distinct_sources(self.sources),
            facts=tuple(facts),
            rules=rules,
            texts=self.texts,
            digests=Digests(
                {file.name: file.content for file in self.files},
                {shown_name(register.path): register.path for register in self.registers},
            ),
            tables=tuple(self.tables),
            layers=tuple(layers),
            drops=tuple(self.drops),
            gone=gone,
            registers=tuple(self.registers),
            synonyms=tuple(self.synonyms),
        )
        return _graded(kb)


def layered(base: KnowledgeBase, top: KnowledgeBase, *, replaces_facts: bool = False) -> KnowledgeBase:
    """One knowledge base of two.

    Args:
        base: comes first.
        top: is added, as a case adds its own rules and facts.
        replaces_facts: whether the facts of `top` stand instead of those of `base`.
    """
    own = top.texts.keys() - base.texts.keys()
    drops = (*base.drops, *top.drops)
    rules, gone = _settled((*base.rules, *top.rules), top.drops, lambda place: int(place.file in own))
    kb = KnowledgeBase(
        kinds=tuple(dict.fromkeys((*base.kinds, *top.kinds))),
        predicates=_distinct_predicates((*base.predicates, *top.predicates)),
        entities=_joined_entities((*base.entities, *top.entities)),
        sources=_distinct_sources((*base.sources, *top.sources)),
        facts=top.facts if replaces_facts else (*base.facts, *top.facts),
        rules=rules,
        texts={**base.texts, **top.texts},
        digests={**base.digests, **top.digests} if top.digests else base.digests,
        tables=top.tables if replaces_facts else (*base.tables, *top.tables),
        layers=(*base.layers, *top.layers),
        drops=drops,
        gone=(*base.gone, *top.gone, *gone),
        registers=(*base.registers, *top.registers),
        synonyms=(*base.synonyms, *top.synonyms),
    )
    return _graded(kb)


def _graded(kb: KnowledgeBase) -> KnowledgeBase:
    """The knowledge base with facts and tables that know what the grades of their sources leave of their certainty."""
    if not kb.factors:
        return kb

    def graded(fact: Fact) -> Fact:
        factor = kb.factors.get(fact.source.source) if fact.source else None
        return fact if factor is None else replace(fact, factor=factor)

    facts = tuple(map(graded, kb.facts))
    return replace(kb, facts=facts, tables=tuple(replace(table, factors=kb.factors) for table in kb.tables))


def _settled(
    rules: Iterable[Rule], drops: Iterable[tuple[str, Location]], level: Callable[[Location], int]
) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """The rules that stay, and those of earlier layers that are replaced or dropped.

    Args:
        level: the number of the layer that a place lies in.
    """
    rules = tuple(rules)
    named = [(rule.replaces, level(rule.location)) for rule in rules if rule.replaces]
    named += [(name, level(place)) for name, place in drops]
    if not named:
        return rules, ()
    latest: dict[str, int] = {}
    for name, number in named:
        latest[name] = max(number, latest.get(name, 0))
    gone = tuple(rule for rule in rules if level(rule.location) < latest.get(rule.id, 0))
    return tuple(rule for rule in rules if rule not in gone), gone


def _distinct_predicates(predicates: Iterable[Predicate]) -> tuple[Predicate, ...]:
    """Each declaration once; two that differ both stay, for the checks to complain of."""
    found: dict[object, Predicate] = {}
    for item in predicates:
        flags = item.holds, item.compares, item.symmetric
        found.setdefault((item.name, item.signature, flags, item.says, item.asks, item.doc), item)
    return tuple(found.values())


def _distinct_sources(sources: Iterable[Source]) -> tuple[Source, ...]:
    found: dict[object, Source] = {}
    for item in sources:
        found.setdefault((item.id, item.described), item)
    return tuple(found.values())


def _joined_entities(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """Each entity once, with the aliases of all its entries, and each form as the last of them gives it.

    One name with two kinds stays twice. So does a name in two rows of registers that share no alias: nothing says that
    they are about one thing.
    """
    found: dict[object, Entity] = {}
    of_rows: set[tuple[str, str]] = set()
    for item in entities:
        key = item.name, item.kind
        if item.location.row:
            if key in of_rows and set(found[key].aliases).isdisjoint(item.aliases):
                found[item.location] = item
                continue
            of_rows.add(key)
        first = found.setdefault(key, item)
        new = [alias for alias in item.aliases if alias not in first.aliases]
        forms = {name: given for name in _FORMS if (given := getattr(item, name))}
        if first is item or not (new or forms):
            continue
        marks: dict[str, Location] = dict(first.marks)
        for index, alias in enumerate(new, len(first.aliases)):
            marks[f"aliases.{index}"] = item.marks.get(f"aliases.{item.aliases.index(alias)}", item.location)
        found[item.name, item.kind] = replace(first, aliases=(*first.aliases, *new), marks=marks, **forms)
    return tuple(found.values())
