"""A rule → its mutants: rules that differ from it in one place, each with the difference in words.

It goes by what stands in a condition (atoms, numbers, an operator, conditions inside), never by its kind, so that a new
form of condition is mutated like the others. Whether a mutant is a rule at all is asked of the checks.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from kzexpert.certainty import EDGES
from kzexpert.checks.rules import rule_plans
from kzexpert.checks.strata import cycles
from kzexpert.checks.templates import templates
from kzexpert.errors import Location
from kzexpert.model import (
    Anonymous,
    Argument,
    Atom,
    Condition,
    Constant,
    Expression,
    KnowledgeBase,
    Premise,
    Rule,
    Variable,
    Within,
    format_number,
)
from kzexpert.program.resolve import resolve_atom
from kzexpert.program.strata import dependencies

__all__ = ["WRITTEN", "Change", "Mutant", "accepted", "beside", "mutants", "rule_digest", "shorter_window"]

#: What is left out of a rule, or what of it is changed.
Change: TypeAlias = Literal[
    "rule",
    "conclusion",
    "condition",
    "exception",
    "alternative",
    "item",
    "window",
    "value",
    "comparison",
    "bound",
    "arguments",
    "certainty",
]

#: Operator → what it is turned into.
_TURNED: Mapping[str, tuple[str, ...]] = {
    ">=": (">", "<"),
    ">": (">=", "<="),
    "<=": ("<", ">"),
    "<": ("<=", ">="),
    "=": ("!=",),
    "!=": ("=",),
}


class Mutant(msgspec.Struct, frozen=True):
    """A rule with one change.

    Attributes:
        mutated: the rule as it is then; None where it is left out.
        words: what is done to it: ``without its condition `?n >= 2```.
        place: of what is changed.
        subject: what is left out whole, as it was written; empty where something is only changed.
        holds: where the condition that is left out stands, if it must hold for the rule to fire; None where it must
            not, and where no condition is left out.
    """

    rule: Rule
    mutated: Rule | None
    change: Change
    words: str
    place: Location
    subject: str = ""
    holds: Location | None = None

    def __str__(self) -> str:
        return f"rule {self.rule.id} {self.words}"


class _Written:
    """Conditions as text, as their names were written."""

    def atom(self, atom: Atom, certainty: str | None = None) -> str:
        terms = (f"{item.name}={item.term}" if item.name else str(item.term) for item in atom.arguments)
        parts = [f"{atom.predicate}({', '.join(terms)})", *([str(atom.within)] if atom.within else [])]
        parts += [f"{word} ?{name}" for word, name in atom.dates]
        return " ".join(parts) + (f" @ ?{certainty}" if certainty else "")

    def expressions(self, condition: Condition) -> tuple[Expression, ...]:
        return condition.expressions


#: See `kzexpert.model.conditions.Meanings`.
WRITTEN = _Written()


class _Edit(msgspec.Struct, frozen=True):
    """A part of a rule, changed; the rest as in `Mutant`."""

    made: Any
    words: str
    change: Change
    place: Location
    subject: str = ""
    holds: Location | None = None

    def inside(self, whole: Any) -> "_Edit":
        """The same change, in what the part belongs to."""
        return replace(self, made=whole)


def mutants(kb: KnowledgeBase, rule: Rule) -> Iterator[Mutant]:
    """The mutants of a rule in the order of its lines, the rule left out first; some may be no rules.

    Args:
        kb: its vocabulary says which arguments are of one type.
    """
    yield Mutant(rule, None, "rule", "left out", rule.location, rule.id, rule.location)
    editor = _Editor(kb)
    place = rule.marks.get("certainty", rule.location)
    written = format_number(rule.certainty)
    fields: Mapping[str, Iterable[_Edit]] = {
        "when": editor.conditions(rule.when, least=0),
        "then": editor.conclusions(rule.then),
        "certainty": (
            _Edit(other, f"with certainty {format_number(other)} instead of {written}", "certainty", place)
            for other in _other_bands(rule.certainty)
        ),
    }
    for name, edits in fields.items():
        for edit in edits:
            mutated = replace(rule, **{name: edit.made})
            yield Mutant(rule, mutated, edit.change, edit.words, edit.place, edit.subject, edit.holds)


def accepted(kb: KnowledgeBase, mutant: Mutant) -> bool:
    """Whether the checks find no error in a mutant, so that nothing but a case can notice it."""
    rule = mutant.mutated
    if rule is None:
        return True
    silent = tuple(replace(item, says="", asks=()) for item in kb.predicates)
    alone = replace(kb, rules=(rule,), predicates=silent)
    found = [*rule_plans(alone), *templates(alone)]
    if {(item.head, item.body, item.how) for item in dependencies([rule])} - {
        (item.head, item.body, item.how) for item in dependencies([mutant.rule])
    }:
        found += cycles(replace(kb, rules=tuple(rule if item is mutant.rule else item for item in kb.rules)))
    return not any(issue.severity == "error" for issue in found)


def _other_bands(certainty: float) -> Iterator[float]:
    """A certainty with a word that is one stronger, and one with a word that is one weaker."""
    sign, size = (1.0 if certainty > 0 else -1.0), abs(certainty)
    band = bisect_left(EDGES, size)
    for edge in (band - 1, band + 1):
        if 0 <= edge < len(EDGES):
            yield sign * EDGES[edge]


class _Editor:
    """Goes through the parts of a rule."""

    def __init__(self, kb: KnowledgeBase) -> None:
        self.kb = kb

    def conditions(
        self, conditions: tuple[Condition, ...], least: int = 1, inside: str = "", denied: bool = False
    ) -> Iterator[_Edit]:
        """A list of conditions that hold together, changed in one place.

        Args:
            least: how many of them must stay.
            inside: what they stand in, in words.
            denied: whether they must not hold for the rule to fire.
        """
        for index, condition in enumerate(conditions):
            before, after = conditions[:index], conditions[index + 1 :]
            place = condition.location
            if len(conditions) > least:
                change: Change = "item" if inside else "exception" if "exception" in condition.called else "condition"
                words = f"without {'' if inside else f'its {change} '}`{condition.text.removeprefix('unless: ')}`"
                holds = None if denied or condition.looks == "negation" else place
                yield _Edit((*before, *after), f"{words}{_in(inside)}", change, place, condition.text, holds)
            for edit in self.condition(condition, inside, denied):
                yield edit.inside((*before, edit.made, *after))

    def condition(self, condition: Condition, inside: str, denied: bool) -> Iterator[_Edit]:
        """A condition, changed in one place."""
        place = condition.location
        if condition.looks == "negation" and not condition.inner:  # the word, and not what it denies
            ((atom, _),) = condition.own_atoms
            made: Condition = Premise(atom, WRITTEN.atom(atom), location=place)
            yield _Edit(made, f"with `{made.text}` instead of `{condition.text}`{_in(inside)}", "comparison", place)
        for name in condition.__struct_fields__:
            held = getattr(condition, name)
            if condition.inner and isinstance(held, tuple):
                if condition.choices:
                    edits = self.alternatives(held, place, denied)
                else:
                    named = f"its {condition.called.removeprefix('an ').removeprefix('a ')}"
                    edits = self.conditions(held, 1, inside or named, denied or condition.looks == "negation")
                yield from (edit.inside(_changed(condition, name, edit.made)) for edit in edits)
            else:
                for part, change in self.parts(name, held):
                    made = _changed(condition, name, part)
                    yield _Edit(made, f"with `{made.text}` instead of `{condition.text}`{_in(inside)}", change, place)

    def alternatives(
        self, choices: tuple[tuple[Condition, ...], ...], place: Location, denied: bool
    ) -> Iterator[_Edit]:
        for index, alternative in enumerate(choices):
            before, after = choices[:index], choices[index + 1 :]
            text = ", ".join(condition.text for condition in alternative)
            found = next((item.location for item in alternative if item.location.file), place)
            if len(choices) > 1:
                words = f"without the alternative `{text}`"
                yield _Edit((*before, *after), words, "alternative", found, text, None if denied else found)
            for edit in self.conditions(alternative, 1, f"alternative {index + 1}", denied):
                yield edit.inside((*before, edit.made, *after))

    def conclusions(self, then: tuple[Atom, ...]) -> Iterator[_Edit]:
        for index, head in enumerate(then):
            before, after, text = then[:index], then[index + 1 :], WRITTEN.atom(head)
            if len(then) > 1:
                yield _Edit((*before, *after), f"without its conclusion `{text}`", "conclusion", head.location, text)
            for made in self.swapped(head):
                words = f"concluding `{WRITTEN.atom(made)}` instead of `{text}`"
                yield _Edit((*before, made, *after), words, "arguments", head.location)

    # --- parts of a condition -----------------------------------------------------------------------------------------

    def parts(self, name: str, held: Any) -> Iterator[tuple[Any, Change]]:
        """What may stand in one field of a condition instead of what stands there."""
        if isinstance(held, Atom):
            yield from self.atom(held)
        elif name == "operator":
            yield from ((other, "comparison") for other in _TURNED.get(held, ()))
        elif name == "negated":
            yield not held, "comparison"
        elif name == "values" and len(held) > 1:
            yield from ((held[:index] + held[index + 1 :], "value") for index in range(len(held)))
        elif name in ("left", "right", "over"):
            yield from ((made, "bound") for made in _moved(held))

    def atom(self, atom: Atom) -> Iterator[tuple[Atom, Change]]:
        if atom.within:
            yield replace(atom, within=None), "window"
            yield from ((replace(atom, within=window), "bound") for window in _windows(atom.within))
        for index, argument in enumerate(atom.arguments):
            if isinstance(argument.term, Constant):
                yield replace(atom, arguments=_with(atom.arguments, index, Anonymous())), "value"
        yield from ((made, "arguments") for made in self.swapped(atom))

    def swapped(self, atom: Atom) -> Iterator[Atom]:
        """The atom with two arguments of one type in each other's place."""
        specs = self.kb.predicate[atom.predicate].args
        types = {spec.name: spec.type for spec in specs}
        kinds = [
            types.get(item.name, "") if item.name else specs[place].type for place, item in enumerate(atom.arguments)
        ]
        for one in range(len(kinds)):
            for two in range(one + 1, len(kinds)):
                first, second = atom.arguments[one].term, atom.arguments[two].term
                if kinds[one] == kinds[two] and first != second:
                    arguments = _with(_with(atom.arguments, one, second), two, first)
                    yield replace(atom, arguments=arguments)


def _in(inside: str) -> str:
    return f" in {inside}" if inside else ""


def _changed(condition: Condition, name: str, part: Any) -> Condition:
    """A condition with something else in one of its fields; what was written of it goes along."""
    made: Condition = replace(condition, **{name: part})
    return replace(made, text=made.said(WRITTEN)) if "text" in made.__struct_fields__ else made


def _with(arguments: tuple[Argument, ...], index: int, term: Any) -> tuple[Argument, ...]:
    return (*arguments[:index], replace(arguments[index], term=term), *arguments[index + 1 :])


def _windows(window: Within) -> Iterator[Within]:
    yield replace(window, amount=window.amount + 1)
    yield from shorter_window(window)


def shorter_window(window: Within) -> Iterator[Within]:
    """The window that is one unit shorter; of a year, a month; none of a month or a day."""
    if window.amount > 1:
        yield replace(window, amount=window.amount - 1)
    elif window.unit == "year":
        yield Within(11, "month")


def beside(number: float) -> tuple[float, float]:
    """The numbers below and above one, by one in its last digit or a hundredth: less is a matter of rounding."""
    digits = format_number(number).partition(".")[2]
    places = min(len(digits), 2) if digits.isdecimal() else 0
    return round(number - 10.0**-places, 9) + 0.0, round(number + 10.0**-places, 9) + 0.0


def _moved(expression: Any) -> Iterator[Any]:
    """An expression with one of its numbers moved a little: who notices that notices a longer move."""
    if isinstance(expression, Constant) and isinstance(expression.value, float):
        yield from map(Constant, beside(expression.value))
    elif isinstance(expression, msgspec.Struct) and not isinstance(expression, Constant | Variable):
        for name in expression.__struct_fields__:
            held = getattr(expression, name)
            if isinstance(held, tuple):
                for index, item in enumerate(held):
                    for made in _moved(item):
                        yield replace(expression, **{name: (*held[:index], made, *held[index + 1 :])})
            else:
                for made in _moved(held):
                    yield replace(expression, **{name: made})


def rule_digest(kb: KnowledgeBase, rule: Rule) -> str:
    """The first 16 digits of SHA-256 over what a rule concludes from what, and how strongly; its sentences aside."""
    from hashlib import sha256  # loads OpenSSL, and most commands need no digest

    heads = [str(resolve_atom(kb, head)[0]) for head in rule.then]
    said = [rule.id, *(item.said(WRITTEN) for item in rule.when), *heads, rule.certainty, rule.family, rule.each]
    return sha256(repr(said).encode()).hexdigest()[:16]
