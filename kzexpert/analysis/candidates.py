"""Values for the open arguments of a statement that might be assumed: declared names of their kind, near ones first.

It says what could be tried. Whether that makes anything hold is for `proposals` to find out.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice, product

import msgspec

from kzexpert.model import (
    ArgumentSpec,
    Constant,
    GroundAtom,
    KnowledgeBase,
    Pattern,
    Program,
    ProgramCondition,
    Value,
    Variable,
    format_value,
)
from kzexpert.model.established import Binding
from kzexpert.model.evaluation import holds

__all__ = ["ANY_TEXT", "Grounding", "groundings"]

#: Stands for a text that the user is to fill in.
ANY_TEXT = "..."
_MOST_NAMES, _MOST_NUMBERS, _MOST_GROUNDINGS = 6, 4, 12
#: Where there are more facts of a predicate, none is near.
_MOST_COMPARED = 2_000


class Grounding(msgspec.Struct, frozen=True):
    """A statement with a value for every argument.

    Attributes:
        guesses: for how many arguments several values were to choose from; -1 where it is on record.
    """

    atom: GroundAtom
    guesses: int


def groundings(
    program: Program,
    pattern: Pattern,
    tests: Sequence[ProgramCondition] = (),
    binding: Binding | None = None,
    number: int = 0,
    recorded: Iterable[GroundAtom] = (),
) -> Iterator[Grounding]:
    """Statements that are instances of a pattern, a few, the likeliest first.

    Args:
        recorded: what is on record, and does not hold: these come before all guesses.
        tests: comparisons that its variables must pass, where all their other variables are bound.
        number: statements to be told apart from so many others in their texts and numbers.
    """
    specs = program.kb.predicate[pattern.predicate].args
    names: list[str] = []
    choices: list[list[Value]] = []
    known = dict(binding or {})
    named = [term.name if isinstance(term, Variable) else "" for term in pattern.arguments]
    for atom in recorded:
        if pattern.undated.matches(atom.args) and _passes(named, atom.args, tests, known, program.as_of):
            yield Grounding(atom, -1)
    for place, (spec, term) in enumerate(zip(specs, pattern.arguments, strict=True)):
        if isinstance(term, Constant):
            names.append("")
            choices.append([term.value])
        else:
            names.append(term.name if isinstance(term, Variable) else "")
            choices.append(_values(program, pattern, place, spec, _bounds(tests, names[-1]), number))
    guesses = sum(len(values) > 1 for values in choices)
    ranked = sorted(product(*map(enumerate, choices)), key=_unlikeliness)
    fitting = (tuple(value for _, value in chosen) for chosen in ranked)
    passing = (args for args in fitting if _passes(names, args, tests, known, program.as_of))
    for args in islice(passing, _MOST_GROUNDINGS):
        yield Grounding(GroundAtom(pattern.predicate, args), guesses)


def _unlikeliness(chosen: Sequence[tuple[int, Value]]) -> tuple[int, int]:
    """How much of what is chosen is the same, as few things relate to themselves; and how far from near it is."""
    values = [value for _, value in chosen]
    return len(values) - len(set(values)), sum(rank for rank, _ in chosen)


def _values(
    program: Program, pattern: Pattern, place: int, spec: ArgumentSpec, bounds: Sequence[float], number: int
) -> list[Value]:
    """What to try for one argument."""
    near = _near_values(program, pattern, place)
    if spec.type == "text":
        return [f"{ANY_TEXT} {number + 1}" if number else ANY_TEXT]
    if spec.type == "number":
        numbers: list[Value] = [*bounds, *(value for value in near if isinstance(value, float)), 1.0 + number]
        return list(dict.fromkeys(numbers))[: _MOST_NUMBERS + len(bounds)]
    if spec.type == "date":
        days: list[Value] = [program.as_of, *(value for value in near if isinstance(value, date))]
        return list(dict.fromkeys(days))[:_MOST_NUMBERS]
    return _names(program.kb, spec.type, near)


def _names(kb: KnowledgeBase, kind: str, near: Sequence[Value]) -> list[Value]:
    declared = sorted({entity.name for entity in kb.entities if entity.kind == kind})
    names: list[Value] = [*(value for value in near if value in declared), *declared]
    return list(dict.fromkeys(names))[:_MOST_NAMES]


def _near_values(program: Program, pattern: Pattern, place: int) -> list[Value]:
    """The values of an argument in the facts in force, those of facts most like the pattern first."""
    likeness: dict[Value, int] = {}
    known = program.base.get(pattern.predicate, {})
    for args in known if len(known) <= _MOST_COMPARED else ():
        pairs = zip(pattern.arguments, args, strict=True)
        like = sum(isinstance(term, Constant) and term.value == value for term, value in pairs)
        likeness[args[place]] = max(likeness.get(args[place], 0), like)
    return sorted(likeness, key=lambda value: (-likeness[value], format_value(value)))


def _bounds(tests: Sequence[ProgramCondition], name: str) -> list[float]:
    """Numbers at and beside those that a variable is compared with."""
    found: list[float] = []
    for test in tests:
        _, bound = test.facing(name) or ("", None)
        if isinstance(bound, Constant) and isinstance(bound.value, float):
            found.extend((bound.value, bound.value + 1.0, bound.value - 1.0))
    return found


def _passes(
    names: Sequence[str], args: Sequence[Value], tests: Sequence[ProgramCondition], binding: Binding, as_of: date
) -> bool:
    values = dict(binding)
    for name, value in zip(names, args, strict=True):
        if name and values.setdefault(name, value) != value:
            return False
    for test in tests:
        variables, function = holds(test, as_of)
        if all(name in values for name in variables) and not function(*[values[name] for name in variables]):
            return False
    return True
