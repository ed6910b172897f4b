"""What must hold of every difference of two bases, held against bases in which only some of the changes were made."""

from itertools import chain, combinations
from typing import NamedTuple

from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from kzexpert.analysis.base_diff import BaseDiff, base_diff
from kzexpert.model import Inference
from kzexpert.proof.changes import OPPOSITE

from .conftest import ReadWorld
from .test_analysis_generated import DAY, VOCABULARY, programs

check = examples(15)
#: Turns of edits, as seen from the other side.
_EDITS = {"added": "gone", "gone": "added", "changed": "changed"}


class Change(NamedTuple):
    """One line of a program before and after; empty where it is not there."""

    name: str
    before: str
    after: str


class Pair(NamedTuple):
    """Two programs that have most of their lines in common."""

    common: tuple[str, ...]
    changes: tuple[Change, ...]

    def text(self, made: frozenset[str]) -> str:
        """The program with some of the changes made."""
        chosen = [change.after if change.name in made else change.before for change in self.changes]
        lines = [*self.common, *filter(None, chosen)]
        facts: dict[str, list[str]] = {}
        for line in lines:
            if line.startswith("  - "):
                continue
            name, _, row = line.partition(": ")
            facts.setdefault(name, []).append(row)
        rows = [f"  {name}: [{', '.join(items)}]" for name, items in sorted(facts.items())]
        rules = [line for line in lines if line.startswith("  - ")]
        return (
            "\n".join([*(["facts:", *rows] if rows else []), *(["rules:", *rules] if rules else []), ""]) or "facts: {}"
        )


def _lines(program: str) -> dict[str, str]:
    """Name → line: a statement with its row, and the id of a rule with the rule."""
    found = {}
    for line in program.splitlines():
        if line.startswith("  - "):
            found[line.partition("{id: ")[2].partition(",")[0]] = line
        elif line.startswith("  "):
            predicate, _, rows = line.strip().partition(": ")
            for row in rows.strip("[]").removeprefix("{").removesuffix("}").split("}, {"):
                values = [part.partition(": ")[2] for part in row.split(", ")]
                arity = 1 if predicate == "a" else 2
                found.setdefault(f"{predicate}({', '.join(values[:arity])})", f"{predicate}: {{{row}}}")
    return found


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    """A program, and one that differs from it in a few lines."""
    before, after = (_lines(draw(programs())) for _ in range(2))
    differing = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    kept = draw(st.sets(st.sampled_from(differing), max_size=4)) if differing else set()
    common = [line for name, line in before.items() if name not in kept]
    return Pair(tuple(common), tuple(Change(name, before.get(name, ""), after.get(name, "")) for name in sorted(kept)))


class _Runs:
    """Inferences with some of the changes made, each run once."""

    def __init__(self, pair: Pair, read_world: ReadWorld) -> None:
        self.pair, self.read_world = pair, read_world
        self.known: dict[frozenset[str], Inference] = {}

    def __call__(self, made: frozenset[str]) -> Inference:
        if made not in self.known:
            world = self.read_world(self.pair.text(made), vocabulary=VOCABULARY)
            self.known[made] = world.infer(DAY.isoformat())
        return self.known[made]


def _diff(before: Inference, after: Inference) -> BaseDiff:
    return base_diff(before, after, "before", "after")


def _named(statement: str) -> str:
    """The change that a cause is about: the statement without its window and dates, or the id of a rule."""
    return statement.partition(")")[0] + ")" if "(" in statement else statement


def _causes(found: BaseDiff) -> dict[str, frozenset[str]]:
    """Conclusion → the changes that it is said to change by."""
    return {
        name: frozenset(_named(text) for cause in group.causes for text in (cause.statement, cause.was) if text)
        for group in found.consequences
        for name in group.conclusions
    }


@check
@given(pair=pairs())
def test_a_base_differs_in_nothing_from_itself(read_world: ReadWorld, pair: Pair) -> None:
    runs = _Runs(pair, read_world)
    found = _diff(runs(frozenset()), runs(frozenset()))
    assert found.same
    assert (found.edits, found.changes, found.consequences, found.facts, found.rules) == ((), (), (), (), ())


@check
@given(pair=pairs())
def test_the_way_back_is_the_mirror_of_the_way_there(read_world: ReadWorld, pair: Pair) -> None:
    runs = _Runs(pair, read_world)
    before, after = runs(frozenset()), runs(frozenset(change.name for change in pair.changes))
    there, back = _diff(before, after), _diff(after, before)
    assert {(edit.kind, edit.name, _EDITS[edit.turn]) for edit in there.edits if not edit.was} == {
        (edit.kind, edit.name, edit.turn) for edit in back.edits if not edit.was
    }
    assert {(edit.name, edit.was) for edit in there.edits if edit.was} == {
        (edit.was, edit.name) for edit in back.edits if edit.was
    }
    assert {
        (shift.name, shift.before, shift.after, OPPOSITE.get(shift.turn, shift.turn)) for shift in there.changes
    } == {(shift.name, shift.after, shift.before, shift.turn) for shift in back.changes}
    assert _causes(there) == _causes(back)


@check
@given(pair=pairs())
def test_every_edit_and_every_changed_conclusion_is_told_and_no_other(read_world: ReadWorld, pair: Pair) -> None:
    runs = _Runs(pair, read_world)
    before, after = runs(frozenset()), runs(frozenset(change.name for change in pair.changes))
    found = _diff(before, after)
    assert {name for edit in found.edits for name in (edit.name, edit.was) if name} == {c.name for c in pair.changes}
    told = [name for group in found.consequences for name in group.conclusions]
    assert len(told) == len(set(told))
    assert set(told) == {
        str(atom) for atom in {*before.firings, *after.firings} if before.certainty(atom) != after.certainty(atom)
    }


@check
@given(pair=pairs())
def test_a_single_change_is_the_cause_of_all_that_follows(read_world: ReadWorld, pair: Pair) -> None:
    runs = _Runs(pair, read_world)
    for change in pair.changes:
        found = _diff(runs(frozenset()), runs(frozenset([change.name])))
        assert {*_causes(found).values()} <= {frozenset([change.name])}


@check
@given(pair=pairs())
def test_each_named_cause_matters(read_world: ReadWorld, pair: Pair) -> None:
    """There is a mixture of the two bases in which making this change alone changes the conclusion."""
    runs = _Runs(pair, read_world)
    everything = frozenset(change.name for change in pair.changes)
    before, after = runs(frozenset()), runs(everything)
    for name, named in _causes(_diff(before, after)).items():
        atom = next(atom for side in (before, after) for atom in side.firings if str(atom) == name)
        assert named
        assert named <= everything
        for cause in named:
            others = sorted(everything - {cause})
            some = chain.from_iterable(combinations(others, size) for size in range(len(others) + 1))
            assert any(
                runs(frozenset(made)).certainty(atom) != runs(frozenset({*made, cause})).certainty(atom)
                for made in some
            )
