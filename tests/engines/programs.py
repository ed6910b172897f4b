"""Programs made at random, for engines to agree on: everything of the language, in texts that pass the checks.

Each rule is written as a text that an author could have written, so that the grammar and the planning are on trial too.
It is `authors.Author` that writes them.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from authors import ALIASES, AS_OF, CONCLUDED, FEATURES, RULE_CERTAINTIES, VALUES, VOCABULARY, Author
from hypothesis import strategies as st

from kzexpert.checks import check
from kzexpert.errors import KzexpertError
from kzexpert.language import parse_atom, parse_condition
from kzexpert.model import (
    NOWHERE,
    ArgumentSpec,
    Atom,
    Block,
    Condition,
    Either,
    Entity,
    KnowledgeBase,
    Predicate,
    Program,
    Rule,
)
from kzexpert.program.snapshot import snapshot

__all__ = [
    "AS_OF",
    "CONCLUDED",
    "FEATURES",
    "VALUES",
    "VOCABULARY",
    "Scenario",
    "knowledge_bases",
    "program_of",
    "scenarios",
]


class Scenario(NamedTuple):
    """A knowledge base, what is assumed beside it and what is withdrawn from it."""

    kb: KnowledgeBase
    assume: tuple[Atom, ...] = ()
    without: tuple[Atom, ...] = ()

    @property
    def program(self) -> Program:
        return snapshot(self.kb, AS_OF, self.assume, self.without)


def program_of(kb: KnowledgeBase) -> Program:
    """The program of a generated knowledge base."""
    return snapshot(kb, AS_OF)


@st.composite
def knowledge_bases(draw: st.DrawFn, features: frozenset[str] = frozenset()) -> KnowledgeBase:
    """Facts at random, and rules at random of which each passes the checks beside those before it.

    Args:
        features: parts of the language, of `FEATURES`, to use beside those that every engine has.
    """
    return _knowledge_base(Author(draw, features))


@st.composite
def scenarios(draw: st.DrawFn, features: frozenset[str] = frozenset()) -> Scenario:
    """A knowledge base with assumptions and withdrawals at random; see `knowledge_bases`."""
    author = Author(draw, features)
    kb = _knowledge_base(author)
    assume = [author.ground(author.one(list(VOCABULARY))) for _ in range(author.one([0, 0, 0, 1, 2]))]
    facts = [author.one(kb.facts) for _ in range(author.one([0, 0, 0, 1, 2])) if kb.facts]
    without = [author.withdrawal(fact) for fact in facts]
    return Scenario(
        kb, tuple(parse_atom(text, NOWHERE) for text in assume), tuple(parse_atom(text, NOWHERE) for text in without)
    )


def _knowledge_base(author: "Author") -> KnowledgeBase:
    bare = KnowledgeBase(
        kinds=("state",),
        predicates=tuple(
            Predicate(name, tuple(ArgumentSpec(f"arg{i}", kind) for i, kind in enumerate(kinds)), holds)  # type: ignore[arg-type]
            for name, (kinds, holds) in VOCABULARY.items()
        ),
        entities=tuple(Entity(name, "state", (alias,)) for name, alias in ALIASES.items()),
        facts=tuple(author.facts()),
    )
    rules: list[Rule] = []
    for _ in range(author.one(range(2, 8))):
        for texts in author.rules(rules):
            rule = _rule(author, f"rule-{len(rules)}", *texts)
            if rule is not None and _passes(bare, [*rules, rule]):
                rules.append(rule)
                author.alive.extend(then.predicate for then in rule.then)
    return _with_rules(bare, rules)


def _with_rules(kb: KnowledgeBase, rules: Sequence[Rule]) -> KnowledgeBase:
    return KnowledgeBase(kb.kinds, kb.predicates, kb.entities, kb.sources, kb.facts, tuple(rules))


def _passes(kb: KnowledgeBase, rules: Sequence[Rule]) -> bool:
    return not any(issue.severity == "error" for issue in check(_with_rules(kb, rules)))


def _rule(author: "Author", name: str, when: list[Any], then: Any, certainty: float | None = None) -> Rule | None:
    """None where the text cannot be read, such as a number that is called like an argument."""
    each = author.chance(25)
    family = "" if each else author.one(["", "", "ties", "signs"])
    try:
        return Rule(
            name,
            tuple(_condition(item) for item in author.shuffled(when)),
            tuple(parse_atom(text, NOWHERE) for text in ([then] if isinstance(then, str) else then)),
            certainty=author.one(RULE_CERTAINTIES) if certainty is None else certainty,
            each=each,
            family=family,
        )
    except KzexpertError:
        return None


def _condition(item: Any) -> Condition:
    """A condition from its text, or from a block as a rules file has it."""
    if isinstance(item, str):
        return parse_condition(item, NOWHERE)
    if not isinstance(item, dict):
        return cast(Condition, item)  # another rule's
    ((keyword, items),) = item.items()
    if keyword == "either":
        return Either(tuple(tuple(map(_condition, alternative)) for alternative in items))
    return Block(tuple(map(_condition, items)), keyword)
