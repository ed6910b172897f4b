"""Programs made at random, for engines to agree on: everything of the language, in texts that pass the checks."""

from datetime import date
from random import Random

from hypothesis import strategies as st

from kzexpert.checks import check
from kzexpert.errors import KzexpertError
from kzexpert.language import parse_atom, parse_condition, parse_partial_date
from kzexpert.model import (
    NOWHERE,
    ArgumentSpec,
    Entity,
    Fact,
    KnowledgeBase,
    Predicate,
    Program,
    Rule,
    Value,
    format_value,
)
from kzexpert.snapshot import snapshot

__all__ = ["AS_OF", "knowledge_bases", "program_of"]

AS_OF = date(2010, 12, 31)

#: name → types of its arguments, and how it holds. Those below `CONCLUDED` may be recorded as well.
VOCABULARY: dict[str, tuple[tuple[str, ...], str | None]] = {
    "ally": (("state", "state"), None),
    "size": (("state", "number"), "interval"),
    "visit": (("state", "text", "number"), "event"),
    "founded": (("state", "date"), None),
    "peace": ((), None),
    "strong": (("state",), None),
    "linked": (("state", "state"), None),
    "reach": (("state", "state"), None),
    "score": (("state", "number"), None),
    "flow": (("state", "state", "number"), None),
}
CONCLUDED = ("strong", "linked", "reach", "score", "flow", "ally", "peace")
VALUES: dict[str, list[Value]] = {
    "state": ["Ruritania", "Borduria", "Syldavia"],
    "text": ["x", "it's; --", "NULL", 'say "so"'],
    "number": [0.0, 1.0, 2.0, -1.5, 0.1, 0.2],
    "date": [date(2000, 1, 1), date(2005, 5, 5)],
}
VARIABLES = {"state": ["a", "b", "c"], "text": ["t"], "number": ["n", "m"], "date": ["d"]}
CERTAINTIES = [1.0, 1.0, 1.0, 0.5, 0.7, 0.15, 0.2, 0.9, 0.25, 0.8]
RULE_CERTAINTIES = [1.0, 1.0, 0.6, 0.3, 0.05, -0.6, -1.0, -0.3, 0.9]
DATES = ["2009", "2010-06", "2008-01-05", "2011", "2010-12-31"]


@st.composite
def knowledge_bases(draw: st.DrawFn) -> KnowledgeBase:
    """Facts at random, and rules at random of which each passes the checks beside those before it."""
    random = draw(st.randoms(use_true_random=False))
    rules: list[Rule] = []
    bare = KnowledgeBase(
        kinds=("state",),
        predicates=tuple(
            Predicate(name, tuple(ArgumentSpec(f"arg{i}", kind) for i, kind in enumerate(kinds)), holds)  # type: ignore[arg-type]
            for name, (kinds, holds) in VOCABULARY.items()
        ),
        entities=tuple(Entity(str(name), "state") for name in VALUES["state"]),
        facts=tuple(_facts(random)),
    )
    for number in range(draw(st.integers(1, 14))):
        rule = _rule(random, f"rule-{number}")
        if rule is not None and _passes(bare, [*rules, rule]):
            rules.append(rule)
    return _with_rules(bare, rules)


def program_of(kb: KnowledgeBase) -> Program:
    """The program of a generated knowledge base."""
    return snapshot(kb, AS_OF)


def _with_rules(kb: KnowledgeBase, rules: list[Rule]) -> KnowledgeBase:
    return KnowledgeBase(kb.kinds, kb.predicates, kb.entities, kb.sources, kb.facts, tuple(rules))


def _passes(kb: KnowledgeBase, rules: list[Rule]) -> bool:
    return not any(issue.severity == "error" for issue in check(_with_rules(kb, rules)))


def _facts(random: Random) -> list[Fact]:
    facts = []
    for name, (kinds, holds) in VOCABULARY.items():
        if name in CONCLUDED and random.random() < 0.5:
            continue
        for _ in range(random.randint(1, 9)):
            values = {f"arg{i}": random.choice(VALUES[kind]) for i, kind in enumerate(kinds)}
            since = until = on = None
            if holds == "event":
                on = parse_partial_date(random.choice(DATES))
            elif holds == "interval":
                since = parse_partial_date(random.choice(["2001", "2010", "2011"])) if random.random() < 0.5 else None
                until = parse_partial_date(random.choice(["2010", "2011", "2012"])) if random.random() < 0.3 else None
            facts.append(Fact(name, values, since, until, on, random.choice(CERTAINTIES)))
    return facts


def _term(random: Random, kind: str, bound: set[str] | None = None) -> str:
    chance = random.random()
    if chance < 0.12:
        return "_"
    names = [name for name in VARIABLES[kind] if bound is None or name in bound]
    if chance < 0.2 or not names:
        return format_value(random.choice(VALUES[kind]))
    return f"?{random.choice(names)}"


def _atom(random: Random, bound: set[str] | None = None) -> str:
    name = random.choice(list(VOCABULARY))
    kinds, holds = VOCABULARY[name]
    text = f"{name}({', '.join(_term(random, kind, bound) for kind in kinds)})"
    if holds == "event" and random.random() < 0.5:
        text += f" within {random.choice(['1 year', '2 years', '7 months', '200 days'])}"
    return text


def _rule(random: Random, name: str) -> Rule | None:
    """A rule in which most variables are bound; None when its text cannot be read."""
    conditions = [_atom(random) for _ in range(random.randint(1, 3))]
    conditions = [
        f"{text} @ ?{random.choice(['p', 'q', 'm'])}" if random.random() < 0.15 else text for text in conditions
    ]
    joined = " ".join(conditions) + " "
    bound = {
        variable
        for variable in ("a", "b", "c", "t", "n", "m", "d", "p", "q")
        if any(f"?{variable}{mark}" in joined for mark in ",) ")
    }
    numbers = [variable for variable in ("n", "m", "p", "q") if variable in bound]
    if random.random() < 0.3:
        conditions.append("not " + _atom(random, bound))
    if random.random() < 0.3 and numbers:
        left, right = random.choice(numbers), random.choice(["0.5", "1", f"?{random.choice(numbers)} * 2 - 1"])
        conditions.append(f"?{left} {random.choice(['<', '<=', '>', '>=', '=', '!='])} {right}")
    if random.random() < 0.3 and {"a", "b"} <= bound:
        conditions.append(f"?a {random.choice(['!=', '='])} ?b")
    if random.random() < 0.3:
        conditions.append(_aggregate(random))
        bound.add("r")
        if random.random() < 0.5:
            conditions.append(f"?r {random.choice(['>', '<=', '!='])} 1")
    if random.random() < 0.25 and numbers:
        other = random.choice(["2", "0", f"?{random.choice(numbers)}", f"(?{random.choice(numbers)} - 1)"])
        conditions.append(f"?s = ?{random.choice(numbers)} {random.choice('+-*/')} {other}")
        bound.add("s")
    random.shuffle(conditions)
    try:
        return Rule(
            name,
            tuple(parse_condition(text, NOWHERE) for text in conditions),
            parse_atom(_head(random, bound), NOWHERE),
            certainty=random.choice(RULE_CERTAINTIES),
            each=random.random() < 0.3,
        )
    except KzexpertError:
        return None


def _aggregate(random: Random) -> str:
    inner = random.choice(
        [
            "size(?a, ?l)",
            "size(_, ?l) and ally(?a, ?k)",
            "visit(?a, _, ?l)",
            "flow(?a, ?k, ?l)",
            "ally(?a, ?k) @ ?l",
            "score(?a, ?l)",
            "score(?k, ?l) @ ?o",
            "visit(?a, ?k, ?l) within 1 year",
        ]
    )
    return f"?r = {random.choice(['count', 'sum', 'min', 'max'])}(?l for {inner})"


def _head(random: Random, bound: set[str]) -> str:
    name = random.choice(CONCLUDED)
    arguments = []
    for kind in VOCABULARY[name][0]:
        names = [item for item in VARIABLES[kind] + (["p", "q", "r", "s"] if kind == "number" else []) if item in bound]
        known = names and random.random() < 0.9
        arguments.append(f"?{random.choice(names)}" if known else format_value(random.choice(VALUES[kind])))
    return f"{name}({', '.join(arguments)})"
