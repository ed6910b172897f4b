"""All that is concluded and recorded of one entity, by topic, the strongest first.

A topic is a file of rules: what its rules are the strongest evidence for. It adds nothing to what was inferred.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from kzexpert.certainty import established
from kzexpert.errors import Issue, Location, UsageError
from kzexpert.evidence import lines
from kzexpert.language.nearest import did_you_mean, nearest
from kzexpert.model import ANY, BaseFact, Constant, Entity, GroundAtom, Inference, KnowledgeBase, Pattern, Rule
from kzexpert.proof.answers import ASSUMED, Conclusion, cited, conclude, plain
from kzexpert.questions.sentences import citations, dates, says
from kzexpert.questions.templates import EntityNames, words

__all__ = ["RECORDED", "Profile", "RecordedFact", "Topic", "mentions", "profile", "read_entity", "shares", "topic_of"]

#: What facts that no rule concludes are called where a topic is asked for.
RECORDED = "recorded"

_PLACE = "entity"


class RecordedFact(msgspec.Struct, frozen=True):
    """One recorded fact.

    Attributes:
        fact: the statement as an atom; `arguments` are those that it has, by name.
        says: as a sentence.
        dates: of each row in force that has some, as written: ``since 1994``.
        sources: source, place and grade of each row in force; empty where none is recorded.
    """

    fact: str
    predicate: str
    arguments: dict[str, str | int | float]
    says: str
    certainty: float
    dates: tuple[str, ...]
    sources: tuple[str, ...]


class Topic(msgspec.Struct, frozen=True):
    """The conclusions of one file of rules, the most certain first, and of these what is said of the entity itself."""

    topic: str
    conclusions: tuple[Conclusion, ...]


class Profile(msgspec.Struct, frozen=True, tag_field="schema", tag="kzexpert.about/1"):
    """What is known of an entity on a day.

    Attributes:
        topics: that with the most certain conclusion first.
        recorded: facts that no rule concludes, the most certain first, then what is said of the entity itself, then in
            the order of the vocabulary, high numbers first.
        read_as: how a question that led here was read, in words; not set where none did.
        command: the command line that it led to; set with `read_as`.
    """

    entity: str
    kind: str
    aliases: tuple[str, ...]
    as_of: date
    engine: str
    assumed: tuple[str, ...]
    withdrawn: tuple[str, ...]
    topics: tuple[Topic, ...]
    recorded: tuple[RecordedFact, ...]
    read_as: str | UnsetType = UNSET
    command: str | UnsetType = UNSET

    def of(self, topic: str) -> "Profile":
        """What belongs to one topic, of which ``recorded`` is one.

        Raises:
            UsageError: there is no such topic (KZ301).
        """
        names = [*(item.topic for item in self.topics), *([RECORDED] if self.recorded else [])]
        if topic not in names:
            hint = did_you_mean(topic, names) or f"there is something on {', '.join(names) or 'no topic'}"
            raise UsageError(
                Issue("KZ301", f"there is nothing about {self.entity} under {topic}", Location("--topic"), hint)
            )
        topics = tuple(item for item in self.topics if item.topic == topic)
        return replace(self, topics=topics, recorded=self.recorded if topic == RECORDED else ())

    def first(self, most: int) -> "Profile":
        """The most certain statements, as many of each topic as there is room for."""
        *kept, recorded = shares(
            [*([1] * len(item.conclusions) for item in self.topics), [1] * len(self.recorded)], most
        )
        topics = (
            Topic(item.topic, item.conclusions[:count]) for item, count in zip(self.topics, kept, strict=True) if count
        )
        return replace(self, topics=tuple(topics), recorded=self.recorded[:recorded])


def read_entity(kb: KnowledgeBase, text: str) -> Entity:
    """The entity that a user names, by its name or an alias.

    Raises:
        UsageError: nothing is called so (KZ204), or several things are (KZ302).
    """
    meant = EntityNames(kb, text).meanings(words(text))
    found = [item for item in kb.entities if (item.kind, item.name) in meant]
    if len(found) == 1:
        return found[0]
    if found:
        named = "\n".join(["name one of them:", *(f"{item.name}, of kind {item.kind}" for item in found)])
        issue = Issue("KZ302", f"{len(found)} entities are called {text}", Location(_PLACE, 1, 1), named)
    else:
        hint = _near(kb, text) or "kzexpert vocabulary entities lists every entity"
        issue = Issue("KZ204", f"there is no entity {text}", Location(_PLACE, 1, 1), hint)
    raise UsageError(issue, texts={_PLACE: text})


def _near(kb: KnowledgeBase, text: str) -> str:
    """The names and aliases that are near, one for each entity."""
    owner = {name: item.name for item in kb.entities for name in item.spellings}
    best: dict[str, str] = {}
    for name in nearest(text, owner):
        best.setdefault(owner[name], name)
    return did_you_mean(text, best.values())


def mentions(kb: KnowledgeBase, entity: Entity) -> tuple[Pattern, ...]:
    """What may be said of an entity: a pattern for each argument of each predicate that takes its kind."""
    return tuple(
        Pattern(
            predicate.name,
            predicate.name,
            tuple(Constant(entity.name) if place == at else ANY for at in range(len(predicate.args))),
        )
        for predicate in kb.predicate.values()
        for place, spec in enumerate(predicate.args)
        if spec.type == entity.kind
    )


def profile(inference: Inference, entity: Entity) -> Profile:
    """What is established of an entity.

    Args:
        inference: of its `mentions`, or of everything.
    """
    program = inference.program
    atoms = {atom: None for pattern in mentions(program.kb, entity) for atom in inference.facts.matching(pattern)}
    told = [atom for atom in atoms if established(inference.certainty(atom) or 0.0)]
    inference.facts.prefetch(told)
    topics: dict[str, list[Conclusion]] = {}
    recorded: list[BaseFact] = []
    place = {item.name: index for index, item in enumerate(program.kb.predicates)}
    for atom in sorted(told, key=lambda atom: _rank(inference, atom, entity, place)):
        base = program.base.get(atom.predicate, {}).get(atom.args)
        topic = _topic(inference, atom)
        if topic:
            topics.setdefault(topic, []).append(conclude(inference, atom))
        elif base is not None:
            recorded.append(base)
    return Profile(
        entity.name,
        entity.kind,
        entity.aliases,
        program.as_of,
        inference.engine,
        program.assumed,
        program.withdrawn,
        tuple(_ordered(topics)),
        tuple(_record(program.kb, base) for base in recorded),
    )


def _rank(
    inference: Inference, atom: GroundAtom, entity: Entity, place: Mapping[str, int]
) -> tuple[float, bool, int, tuple[float, ...], str]:
    """What comes first: what is certain, what has the entity as its subject, and what has high numbers."""
    numbers = tuple(-value for value in atom.args if isinstance(value, float))
    certainty = inference.certainty(atom) or 0.0
    return -certainty, atom.args[0] != entity.name, place[atom.predicate], numbers, str(atom)


def topic_of(rule: Rule) -> str:
    """The topic of a rule: the name of its file."""
    return rule.location.file.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]


def _topic(inference: Inference, atom: GroundAtom) -> str:
    """The topic of the rule that is the strongest evidence for a statement; empty where none is."""
    rules = (line.firing.rule.rule for line in lines(inference, atom) if line.firing)
    return next(map(topic_of, rules), "")


def _ordered(topics: Mapping[str, Sequence[Conclusion]]) -> Iterator[Topic]:
    """Topics by the most certain of their conclusions, then by name."""
    found = [Topic(name, tuple(items)) for name, items in topics.items()]
    return iter(sorted(found, key=lambda topic: (-topic.conclusions[0].certainty, topic.topic)))


def _record(kb: KnowledgeBase, base: BaseFact) -> RecordedFact:
    atom = base.atom
    names = (spec.name for spec in kb.predicate[atom.predicate].args)
    sources = [ASSUMED] if base.assumed else []
    sources += (cited(kb, citation) for citation in citations(base))
    return RecordedFact(
        fact=str(atom),
        predicate=atom.predicate,
        arguments=plain(dict(zip(names, atom.args, strict=True))),
        says=says(kb, atom),
        certainty=base.certainty,
        dates=tuple(dict.fromkeys(filter(None, map(dates, base.rows)))),
        sources=tuple(sources),
    )


def shares(costs: Sequence[Sequence[int]], room: int) -> list[int]:
    """How many items of each list have room: the first of each list, then the second, and so on.

    Args:
        costs: what each item takes; a list of which one found no room gets none that come later.
    """
    taken = [0] * len(costs)
    open_lists = dict.fromkeys(range(len(costs)))
    while open_lists:
        for index in list(open_lists):
            rest = costs[index][taken[index] :]
            if rest and rest[0] <= room:
                taken[index] += 1
                room -= rest[0]
            else:
                del open_lists[index]
    return taken
