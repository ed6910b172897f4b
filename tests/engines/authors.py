"""An author who writes facts and rules at random, for `programs`: everything of the language, in texts.

Few values and few variable names make joins meet; `contrary` and `circle` write what chance alone seldom would.
"""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from hypothesis import strategies as st
from phrases import BODIES, FILLED, LISTS, MONOTONE, NUMBERS, RECORDS, TEXTS, WORDS
from phrases import DATES as DAYS

from kzexpert.language import parse_partial_date
from kzexpert.model import Fact, Rule, Value, format_value

__all__ = ["AS_OF", "CONCLUDED", "FEATURES", "RULE_CERTAINTIES", "VALUES", "VOCABULARY", "Author"]

AS_OF = date(2010, 12, 31)
#: Parts of the language that an engine may lack while it is being built.
FEATURES = frozenset(["blocks", "conclusions", "lists", "functions", "texts", "bodies", "records", "monotone"])

#: name → types of its arguments, and how it holds.
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
    "label": (("state", "text"), None),
    "due": (("state", "date"), None),
}
#: Rules conclude these; some of them are recorded as well.
CONCLUDED = ("strong", "linked", "reach", "score", "flow", "ally", "peace", "label", "due")
ALIASES = {"Ruritania": "RU", "Borduria": "BO", "Grand Fenwick": "GF"}
VALUES: dict[str, list[Value]] = {
    "state": ["Ruritania", "Borduria", "Grand Fenwick"],
    "text": ["x", "it's; --", 'say "so"'],
    "number": [1.0, 2.0, 0.0, 0.5, -1.5, 0.1],
    "date": [date(2000, 1, 1), date(2005, 5, 5), date(2004, 2, 29), date(2010, 12, 31)],
}
VARIABLES = {"state": ["a", "b", "c"], "text": ["t"], "number": ["n", "m"], "date": ["d"]}
CERTAINTIES = [1.0, 1.0, 0.9, 0.7, 0.5, 0.3, 0.25, 0.2, 0.15]
RULE_CERTAINTIES = [1.0, 1.0, 0.9, 0.8, 0.6, 0.3, 0.05, -0.3, -0.6, -1.0]
DATES = ["2010", "2010-06", "2010-12-31", "2009-12-31", "2008-02-29", "2011"]
STRANGE = '"Grand Fenwick"'
WINDOWS = ["1 year", "2 years", "7 months", "10 months", "200 days"]
#: What computed values are called, beside `VARIABLES`.
_COMPUTED = {"state": "", "text": "w", "number": "pqrsuv", "date": "efgz"}
_NAMES = re.compile(r"\?(\w+)")


class Author:
    """Draws all that is left to chance; the first of every choice is what an example shrinks to."""

    def __init__(self, draw: st.DrawFn, features: frozenset[str] = frozenset()) -> None:
        self.draw = draw
        self.features = features
        self.serial = 0
        self.alive: list[str] = []  # predicates of which something may hold

    def one(self, items: Sequence[Any]) -> Any:
        return self.draw(st.sampled_from(items))

    def chance(self, percent: int) -> bool:
        return bool(self.one(range(100)) >= 100 - percent)

    def may(self, feature: str, percent: int) -> bool:
        """Whether to use a part of the language, where engines have it."""
        return feature in self.features and self.chance(percent)

    def shuffled(self, items: list[Any]) -> list[Any]:
        return self.draw(st.permutations(items))

    # --- facts ---

    def facts(self) -> list[Fact]:
        found = []
        for name, (kinds, holds) in VOCABULARY.items():
            recorded = name in ("ally", "size", "visit", "founded") or self.chance(25) or self.may("monotone", 30)
            if recorded:
                self.alive += [name, name] if holds == "event" else [name]
            for _ in range(self.one(range(3, 9)) if kinds else 1) if recorded else ():
                values = {f"arg{i}": self.one(VALUES[kind]) for i, kind in enumerate(kinds)}
                if self.chance(20):
                    values = {key: ALIASES.get(str(value), value) for key, value in values.items()}
                on = parse_partial_date(self.one(DATES)) if holds == "event" else None
                since = parse_partial_date(self.one(DATES)) if holds == "interval" and self.chance(40) else None
                until = parse_partial_date(self.one(DATES)) if holds == "interval" and self.chance(20) else None
                if not (since and until and until.last < since.first):
                    found.append(Fact(name, values, since, until, on, self.one(CERTAINTIES)))
        return found

    def ground(self, name: str) -> str:
        return f"{name}({', '.join(format_value(self.one(VALUES[kind])) for kind in VOCABULARY[name][0])})"

    def withdrawal(self, fact: Fact) -> str:
        values = [format_value(value) for value in fact.arguments.values()]
        return f"{fact.predicate}({', '.join('_' if self.chance(30) else value for value in values)})"

    # --- rules ---

    def rules(self, earlier: list[Rule]) -> list[tuple[Any, ...]]:
        """One rule, or a few that make sense together only: conditions, conclusion, and the certainty if it matters."""
        if self.chance(15) or self.may("monotone", 25):
            return self.circle()
        if self.chance(12):
            return self.spiral()
        if self.chance(10):
            return self.mirror()
        if earlier and self.chance(15):
            return [self.contrary(self.one(earlier))]
        premises = [self.premise() for _ in range(self.one([1, 1, 1, 2, 2, 3]))]
        return [(*self.with_others(premises),)]

    def circle(self) -> list[tuple[Any, ...]]:
        """A recursive component, over one predicate or two, with proofs of several lengths and strengths."""
        one, other = self.one([("linked", "linked"), ("reach", "reach"), ("linked", "reach"), ("ally", "ally")])
        step = self.one(["ally", one])
        rules: list[tuple[Any, ...]] = [
            (["ally(?a, ?b)"], f"{one}(?a, ?b)", self.one([1.0, 0.9, 0.6])),
            ([f"{step}(?a, ?b)", f"{other}(?b, ?c)"], f"{one}(?a, ?c)", self.one([1.0, 0.9, 0.8, 0.3])),
        ]
        if one != other:
            rules.append(([f"{one}(?b, ?a)", *(["?a != ?b"] if self.chance(50) else [])], f"{other}(?a, ?b)", 0.9))
        if self.chance(50):  # conditions that several facts may satisfy, all of them conclusions of the same component
            texts = ["{one}(?a, _) & ally(_, ?b)", "{other}(_, ?b) & {one}(?a, _)", "{one}(?b, _) & ally(?b, ?a)"]
            when = self.one(texts).format(one=one, other=other).split(" & ")
            rules.append((when, f"{one}(?b, ?a)", self.one([1.0, 1.0, 0.9])))
        if "monotone" in self.features:
            rules.extend(self.ever_more() for _ in range(self.one([0, 1, 1, 2])))
        return rules[1:] if one == "ally" else rules

    def ever_more(self) -> tuple[Any, ...]:
        """A rule that looks at what it concludes through an aggregate which only grows."""
        when, then = self.one(MONOTONE)
        return ([*when], then, self.one([1.0, 1.0, 0.9, 0.6]))

    def spiral(self) -> list[tuple[Any, ...]]:
        """A component whose rules ask for any of its facts, all equally certain: one could be its own proof."""
        one, other = self.one([("linked", "linked"), ("reach", "linked"), ("reach", "reach")])
        certainty = self.one([1.0, 1.0, 0.9])
        anything = self.one(
            [f"{other}(?a, _)", f"{other}(arg0=?a)", f"{other}(_, ?a)", f"{other}(arg1=?a)", f"{other}(_, _)"]
        )
        ground = self.one(
            ["size(?a, _)", "ally(?a, _)", "visit(?a, _, _) within 1 year", "visit(arg0=?a) within 2 years"]
        )
        start = self.one(["ally(?a, ?b)", "ally(?b, ?a)"])
        rules: list[tuple[Any, ...]] = [
            ([anything, ground], f"{one}(?a, {self.one(['RU', 'Borduria', STRANGE, '?a'])})", certainty),
            ([start], f"{one}(?a, ?b)", certainty),
        ]
        if one != other or self.chance(40):
            rules.append(
                ([f"{one}({self.one(['?a, ?b', '?b, ?a', '?b, _'])})", "ally(?a, _)"], f"{other}(?a, ?a)", 1.0)
            )
        if self.chance(40):
            head = f"score(?a, {self.one(['1', '0.5'])})"
            rules.append(
                (
                    [
                        ground,
                        self.one([f"not {one}(?a, ?a)", f"not {one}(_, ?a)", f"?r = count(?k for {one}(?a, ?k))"]),
                    ],
                    head,
                    0.8,
                )
            )
        return self.shuffled(rules)

    def mirror(self) -> list[tuple[Any, ...]]:
        """A conclusion with names in it, and rules that ask for it with one variable twice, or for none of it."""
        name = self.one(["linked", "reach"])
        names = [self.one(["RU", "Borduria", STRANGE]) for _ in range(2)]
        same = f"{name}(?a, ?a)"
        return [
            (["size(?a, _)"], f"{name}({', '.join(names)})", self.one([1.0, 0.7])),
            (
                [f"{name}(?a, ?b)", self.one([f"not {same}", same, f"not {name}(?b, ?a)"])],
                "strong(?a)",
                self.one([1.0, -0.6]),
            ),
            (["ally(?a, _)", f"not {name}(?a, _)", f"not {same}"], "score(?a, 1)", 1.0),
        ]

    def contrary(self, rule: Rule) -> tuple[Any, ...]:
        """The conditions of another rule and its conclusion, with evidence of its own for or against it."""
        arguments = [str(argument.term) for argument in rule.then[0].arguments]
        then = f"{rule.then[0].predicate}({', '.join(arguments)})"
        return ([*rule.when], then, self.one([-rule.certainty, 1.0, -0.6, 0.4]))

    def term(self, kind: str, bound: set[str] | None = None) -> str:
        chance = self.one(range(100))
        names = [name for name in VARIABLES[kind] if bound is None or name in bound]
        if chance < 75 and names:
            return f"?{self.one(names)}"
        if chance < 88:
            return "_"
        value = self.one(VALUES[kind])
        return format_value(ALIASES.get(str(value), value) if self.chance(30) else value)

    def atom(self, bound: set[str] | None = None) -> str:
        name = self.one(self.alive if self.chance(85) else list(VOCABULARY))
        kinds, holds = VOCABULARY[name]
        arguments = [self.term(kind, bound) for kind in kinds]
        if arguments and self.chance(15):
            named = [f"arg{place}={term}" for place, term in enumerate(arguments) if term != "_"]
            arguments = self.shuffled(named) if named else arguments
        text = f"{name}({', '.join(arguments)})"
        return f"{text} within {self.one(WINDOWS)}" if holds == "event" and self.chance(60) else text

    def premise(self) -> str:
        text = str(self.one(RECORDS)) if self.may("records", 25) else self.atom()
        return f"{text} @ ?{self.one(['p', 'q', 'm'])}" if self.chance(12) else text

    def with_others(self, premises: list[str]) -> tuple[list[Any], Any]:
        """Conditions that are no positive ones beside those that are, over variables that are bound; conclusions."""
        when: list[Any] = list(premises)
        bound = {*_NAMES.findall(" ".join(premises))}
        if self.chance(30):
            when.append(f"not {self.atom(bound)}")
        if self.chance(30):
            when.append(self.aggregate(bound))
            bound.add("r")
        if self.may("bodies", 30):
            when.append(f"?v = {self.filled(self.one(BODIES), bound)}")
            bound.add("v")
        if (numbers := self.numbers(bound)) and self.chance(35):
            when.extend(self.assignments(numbers, bound))
        if self.may("functions", 50):
            when.extend(self.computed(bound))
        when += [self.filled(self.one(LISTS), bound)] if self.may("lists", 30) else []
        when += [self.filled(self.one(WORDS), bound)] if self.may("texts", 30) else []
        if self.chance(35):
            when.append(self.comparison(self.numbers(bound), bound))
        when += [self.either(bound)] if self.may("blocks", 35) else []
        when += [self.block(bound)] if self.may("blocks", 35) else []
        heads = [self.head(bound) for _ in range(2 if self.may("conclusions", 25) else 1)]
        return [item for item in when if item], heads

    @staticmethod
    def numbers(bound: set[str]) -> list[str]:
        """The bound variables that are numbers."""
        return [name for name in "nmpqrsuv" if name in bound]

    # --- blocks, functions and aggregates -----------------------------------------------------------------------------

    def filled(self, phrase: str, bound: set[str]) -> str:
        """A phrase with bound variables in its places; empty where there is none of the type."""
        known = {
            "state": [name for name in "abc" if name in bound],
            "number": self.numbers(bound),
            "text": [name for name in "tw" if name in bound],
            "date": [name for name in "defgz" if name in bound],
        }
        places = {place for place in FILLED if f"{{{place}}}" in phrase}
        if not all(known[FILLED[place]] for place in places):
            return ""
        return phrase.format(**{place: self.one(known[FILLED[place]]) for place in sorted(places)})

    def computed(self, bound: set[str]) -> list[str]:
        """A function of what is bound, compared with something or given a name."""
        phrases, name, others = self.one(
            [(NUMBERS, "u", "0.5 1 -1 3"), (DAYS, "z", "2005-05-05 2004-02-29"), (TEXTS, "w", "x S")]
        )
        left = self.filled(self.one(phrases), bound)
        if not left:
            return []
        if self.chance(60) and name not in bound:
            bound.add(name)
            return [f"?{name} = {left}"]
        ordered = ["=", "!="] if name == "w" else ["<", "<=", ">", ">=", "=", "!="]
        right = self.filled(self.one(phrases), bound) if self.chance(30) else ""
        return [f"{left} {self.one(ordered)} {right or self.one(others.split())}"]

    def either(self, bound: set[str], depth: int = 0) -> dict[str, Any]:
        """Alternatives; at times each of them binds ``?c`` for the rest of the rule."""
        binds = depth == 0 and "c" not in bound and self.chance(40)
        alternatives = []
        for _ in range(self.one([2, 2, 3])):
            items = [self.one(["ally(?a, ?c)", "linked(_, ?c)", "?c = RU", "size(?c, _)"])] if binds else []
            for _ in range(self.one([0, 1] if binds else [1, 1, 2])):
                items.append(self.inner(bound, depth))
            alternatives.append(items)
        if binds:
            bound.add("c")
        return {"either": alternatives}

    def block(self, bound: set[str], depth: int = 0) -> dict[str, Any]:
        """Conditions that must not hold together, with variables of their own at times."""
        items = [self.inner(bound, depth) for _ in range(self.one([1, 2, 2, 3]))]
        return {self.one(["not", "unless"]) if depth == 0 else "not": items}

    def inner(self, bound: set[str], depth: int) -> Any:
        chance = self.one(range(100))
        if chance < 45:
            return self.own(self.atom(), bound)
        if chance < 65:
            return self.comparison(self.numbers(bound), bound) or self.own(self.atom(), bound)
        if chance < 75:
            return f"not {self.atom(bound)}"
        if chance < 82 and "bodies" in self.features and (folded := self.filled(self.one(BODIES), bound)):
            self.serial += 1
            result = self.one([*self.numbers(bound), f"x{self.serial}"])
            return f"?{result} = {folded}"
        if depth < 2:
            return self.block(bound, depth + 1) if self.chance(50) else self.either(bound, depth + 1)
        return self.own(self.atom(), bound)

    def own(self, text: str, bound: set[str]) -> str:
        """A condition inside of a block; what is not bound outside has a name of its own, at times the same."""
        self.serial += self.chance(50)
        return _NAMES.sub(lambda found: found[0] if found[1] in bound else f"{found[0]}{self.serial}", text)

    def comparison(self, numbers: list[str], bound: set[str]) -> str:
        choices = []
        if numbers:
            left, other = self.one(numbers), self.one(numbers)
            right = self.one(["0.5", "1", "-1.5", f"?{other} * 2 - 1", f"1 / ?{other}", f"?{other}"])
            choices += [f"?{left} {self.one(['<', '<=', '>', '>=', '=', '!='])} {right}"]
        if {"a", "b"} <= bound:
            choices += [f"?a {self.one(['!=', '='])} ?b"]
        if "a" in bound:
            choices += [f"?a {self.one(['!=', '='])} {self.one(['RU', 'Borduria', STRANGE])}"]
        if "d" in bound:
            choices += [f"?d {self.one(['<', '>=', '!='])} 2005-05-05"]
        return str(self.one(choices)) if choices else ""

    def assignments(self, numbers: list[str], bound: set[str]) -> list[str]:
        """``=`` that binds, from what is bound or from what another one binds."""
        number, other = self.one(numbers), self.one(numbers)
        right = self.one(["2", f"?{other}", f"(?{other} - 1)", "0"])
        found = [f"?s = ?{number} {self.one('+-*/')} {right}"]
        bound.add("s")
        if self.chance(30):
            found.append(self.one(["?u = ?s + 1", "?s - ?n = ?u", "?u = ?s"]))
            bound.add("u")
        return found

    def aggregate(self, bound: set[str]) -> str:
        inner = self.one(
            [
                "size(?a, ?l)",
                "size(_, ?l) and ally(?a, ?k)",
                "size(?k, ?l) and ally(?k, ?a)",
                "size(?k, ?l) and size(?j, ?l)",
                "visit(?a, _, ?l)",
                "visit(?k, ?i, ?l) within 1 year",
                "flow(?a, ?k, ?l)",
                "ally(?a, ?k) @ ?l",
                "ally(?a, ?b) @ ?l",
                "score(?a, ?l)",
                "score(?k, ?l) @ ?o",
                "linked(?k, ?k) @ ?l",
                "linked(?a, ?k) @ ?l",
                "founded(?k, _) and size(?k, ?l)",
                "visit(arg0=?a, arg2=?l) within 2 years",
                "flow(?k, ?k, ?l)",
                "size(?a, ?l) and visit(?k, _, ?l) within 10 months",
            ]
        )
        result = self.one(["r", "r", "r", "n"]) if "n" in bound else "r"
        over = "k" if "?k" in inner and self.chance(25) else "l"
        function = self.one(["count", "sum", "min", "max"]) if over == "l" else "count"
        return f"?{result} = {function}(?{over} for {inner})"

    def head(self, bound: set[str]) -> str:
        name = self.one(CONCLUDED)
        arguments = []
        for kind in VOCABULARY[name][0]:
            names = [*VARIABLES[kind], *_COMPUTED[kind]]
            known = [item for item in names if item in bound]
            arguments.append(
                f"?{self.one(known)}" if known and self.chance(92) else format_value(self.one(VALUES[kind]))
            )
        return f"{name}({', '.join(arguments)})"
