"""Of equally strong proofs in a recursive component the one that counts never rests on what it proves."""

from datetime import date
from itertools import permutations

from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from kzexpert.engines import engine
from kzexpert.errors import Location
from kzexpert.evidence import lines
from kzexpert.language import parse_atom, parse_condition
from kzexpert.model import ArgumentSpec, Fact, GroundAtom, Inference, KnowledgeBase, Predicate, Rule
from kzexpert.program.snapshot import snapshot

HERE = Location("test", 1, 1)
PAIR = (ArgumentSpec("a", "text"), ArgumentSpec("b", "text"))


def closure(edges: set[tuple[str, str]], certainty: float) -> Inference:
    def rule(name: str, *when: str) -> Rule:
        conditions = tuple(parse_condition(text, HERE) for text in when)
        return Rule(name, conditions, (parse_atom("reach(?x, ?z)", HERE),), certainty=certainty)

    kb = KnowledgeBase(
        predicates=(Predicate("edge", PAIR), Predicate("reach", PAIR)),
        rules=(rule("a-step", "reach(?x, ?y)", "reach(?y, ?z)"), rule("z-base", "edge(?x, ?z)")),
        facts=tuple(Fact("edge", {"a": a, "b": b}) for a, b in sorted(edges)),
    )
    return engine().infer(snapshot(kb, date(2011, 4, 7)))


def rests_on_itself(inference: Inference, atom: GroundAtom) -> bool:
    """Follow only the lines that count, down to recorded facts."""
    open_atoms: list[tuple[GroundAtom, frozenset[GroundAtom]]] = [(atom, frozenset())]
    visited = set()
    while open_atoms:
        current, above = open_atoms.pop()
        if current in above:
            return True
        if (current, above) in visited or current.predicate == "edge":
            continue
        visited.add((current, above))
        counting = next(line for line in lines(inference, current) if line.counts)
        assert counting.firing is not None
        open_atoms.extend((premise, above | {current}) for premise in counting.firing.premises)
    return False


def test_a_cycle_of_two_is_proven_by_its_edge() -> None:
    inference = closure({("x", "y"), ("y", "x")}, 1.0)
    counting = lines(inference, GroundAtom("reach", ("x", "y")))[0]
    assert counting.firing is not None
    assert counting.firing.rule.id == "z-base"


@examples(40)
@given(
    st.sets(st.sampled_from(list(permutations("abcd", 2))), min_size=1, max_size=8),
    st.sampled_from([1.0, 0.9, 0.6]),
)
def test_no_proof_rests_on_itself(edges: set[tuple[str, str]], certainty: float) -> None:
    inference = closure(edges, certainty)
    assert not any(rests_on_itself(inference, atom) for atom in inference.firings)
