"""Where a relational engine could go wrong: weighing, recursion, sums, and what is read from the database later."""

from itertools import pairwise

import pytest
from available import SPARK, ready
from short_programs import agreed, program_of, rule, told, written

from kzexpert.engines import engine
from kzexpert.engines.sql.duckdb_engine import DuckDBEngine
from kzexpert.engines.sql.results import firings
from kzexpert.engines.sql.store import relation as stored
from kzexpert.model import GroundAtom, KnowledgeBase, Pattern, Variable
from kzexpert.proof.lineage import lineage

STATES = ["Ruritania", "Borduria", "Syldavia", "Graustark"]


def family(certainties: list[float], *, each: bool, base: float | None = None) -> KnowledgeBase:
    """Instances of one rule beside a rule for and one against."""
    facts: dict[str, list[list[object]]] = {"tie": [[f"S{index}", index, c] for index, c in enumerate(certainties)]}
    if base is not None:
        facts["close"] = [["S0", base]]
    return written(
        {"tie": ["state", "number"], "close": ["state"], "far": ["state"]},
        facts,  # type: ignore[arg-type]
        rule("for", ["tie(S0, _)", "tie(_, ?n)"], "close(S0)", 0.35, each=each),
        rule("also", ["tie(_, ?n)", "?n > 1"], "close(S0)", 0.2),
        rule("against", ["tie(?x, ?n)", "?n != 1"], "close(S0)", -0.3, each=each),
        rule("far", ["tie(?x, _)", "not close(?x)"], "far(?x)", 0.7),
    )


@pytest.mark.parametrize("each", [False, True])
@pytest.mark.parametrize("base", [None, 0.15, 1.0])
def test_lines_of_evidence(each: bool, base: float | None) -> None:
    agreed(family([0.9, 0.3, 1.0, 0.21, 0.2, 0.55], each=each, base=base))


def test_equal_evidence_compares_equal_in_whatever_order_it_comes() -> None:
    rows = [
        [state, f"reason {index}", number, 1.0] for state in STATES for index, number in enumerate([0.3, 0.7, 0.1] * 5)
    ]
    kb = written(
        {"hint": ["state", "text", "number"], "likely": ["state"], "best": ["state"]},
        {"hint": [[*row[:2], float(index), row[2]] for index, row in enumerate(rows)]},
        rule("likely", ["hint(?s, ?why, ?n)"], "likely(?s)", 0.31, each=True),
        rule("best", ["likely(?s) @ ?c", "?m = max(?d for likely(_) @ ?d)", "?c = ?m"], "best(?s)"),
    )
    assert len(agreed(kb).certainties["best"]) == len(STATES)


def test_few_lines_and_many_of_one_strength_add_up_alike() -> None:
    kb = written(
        {"hint": ["state", "number"], "likely": ["state"], "unlikely": ["state"]},
        {"hint": [[state, i] for state, lines in zip(STATES, (1, 64, 65), strict=False) for i in range(lines)]},
        rule("likely", ["hint(?s, ?n)"], "likely(?s)", 0.0123, each=True),
        rule("unlikely", ["hint(?s, ?n)"], "unlikely(?s)", -0.0123, each=True),
    )
    assert len(set(agreed(kb).certainties["likely"].values())) == 3


def test_evidence_of_one_against_one_is_a_conflict() -> None:
    kb = written(
        {"said": ["state"], "denied": ["state"], "so": ["state"]},
        {"said": [[state] for state in STATES], "denied": [["Ruritania"], ["Borduria", 0.5]], "so": [["Syldavia"]]},
        rule("said", ["said(?s)"], "so(?s)"),
        rule("denied", ["denied(?s)"], "so(?s)", -1.0),
    )
    assert agreed(kb).conflicts == {GroundAtom("so", ("Ruritania",))}


@pytest.mark.parametrize("certainty", [1.0, 0.9, 0.3])
@pytest.mark.parametrize("factor", [1.0, 0.95, 0.5])
@pytest.mark.parametrize(
    "step", ["way(?a, ?b); road(?b, ?c)", "way(?a, ?b); way(?b, ?c)", "way(?a, ?b); road(?b, ?c); way(?c, _)"]
)
def test_best_proofs_in_a_ring(certainty: float, factor: float, step: str) -> None:
    ring = [[STATES[index], STATES[(index + 1) % 4], certainty] for index in range(4)]
    kb = written(
        {"road": ["state", "state"], "way": ["state", "state"], "stuck": ["state"]},
        {"road": [*ring, ["Ruritania", "Syldavia", 0.25]], "way": [["Graustark", "Borduria", 0.4]]},
        rule("road", ["road(?a, ?b)"], "way(?a, ?b)", 0.9 if factor < 1 else 1.0),
        rule("way", step.split("; "), "way(?a, ?c)", factor),
        rule("stuck", ["road(?a, _)", "not way(?a, ?a)"], "stuck(?a)"),
    )
    agreed(kb)


def test_predicates_that_need_each_other() -> None:
    kb = written(
        {"next": ["number", "number"], "even": ["number"], "odd": ["number", "text"], "both": ["number"], "always": []},
        {"next": [[float(n), float(n + 1), 0.99] for n in range(12)], "even": [[0.0]], "odd": [[7.0, "seed", 0.5]]},
        rule("odd", ["even(?n)", "next(?n, ?m)"], "odd(?m, derived)", 0.97),
        rule("even", ["odd(?n, _)", "next(?n, ?m)"], "even(?m)"),
        rule("always", ["odd(9, _)"], "always()"),
        rule("zero", ["always()"], "even(0)"),
        rule("both", ["even(?n)", "odd(?n, _)"], "both(?n)"),
    )
    agreed(kb)


def test_rules_that_compute_their_own_premises_end_where_they_say() -> None:
    kb = written(
        {"start": ["number"], "count": ["number", "number"], "last": ["number"]},
        {"start": [[0.0], [10.0, 0.7]]},
        rule("start", ["start(?n)"], "count(?n, ?n)"),
        rule("more", ["count(?s, ?n)", "?m = ?n + 1", "?m < ?s + 25"], "count(?s, ?m)", 0.99),
        rule("last", ["?m = max(?n for count(_, ?n))"], "last(?m)"),
    )
    assert set(agreed(kb).certainties["last"]) == {(34.0,)}


@pytest.mark.parametrize(
    "values",
    [
        [1.0, 2.0, 3.0],
        [0.1, 0.2, 0.3],
        [1e16, 1.0, -1e16],
        [1e308, 1e308, -1e308],
        [-1e308] * 2 + [1e308] * 2,
        [1e308, 1e308],
        [0.1] * 3,
        [],
    ],
    ids=str,
)
def test_sums_are_exact(values: list[float]) -> None:
    kb = written(
        {"worth": ["state", "text", "number"], "owner": ["state"], "total": ["state", "number"], "all": ["number"]},
        {"worth": [["Ruritania", f"x{i}", v] for i, v in enumerate(values)], "owner": [["Ruritania"], ["Borduria"]]},
        rule("total", ["owner(?s)", "?t = sum(?v for worth(?s, ?x, ?v))"], "total(?s, ?t)"),
        rule("all", ["?t = sum(?v for worth(_, _, ?v))"], "all(?t)"),
    )
    agreed(kb)


def large(states: int = 60) -> KnowledgeBase:
    """More facts than are fetched at once, read through a relation that is never stored."""
    names = [f"S{index}" for index in range(states)]
    return written(
        {
            "tie": ["state", "state"],
            "pair": ["state", "state"],
            "shared": ["state", "state", "state"],
            "near": ["state", "state"],
        },
        {"tie": [[a, b, 0.5 if a > b else 1.0] for a in names for b in names if (int(a[1:]) * int(b[1:])) % 7 == 1]},
        rule("shared", ["tie(?a, ?x)", "tie(?b, ?x)", "?a != ?b"], "shared(?a, ?b, ?x)", 0.9),
        rule("near", ["shared(?a, ?b, _)"], "near(?a, ?b)", 0.8),
        rule("near-too", ["shared(?a, ?b, ?x)"], "near(?a, ?b)", 0.1, each=True),
    )


@pytest.mark.parametrize("fetched", [-1, 1_000_000], ids=["bit by bit", "whole"])
def test_what_is_fetched_and_when_makes_no_difference(monkeypatch: pytest.MonkeyPatch, fetched: int) -> None:
    monkeypatch.setattr(stored, "_SMALL", fetched)
    monkeypatch.setattr(firings, "_MANY", 1 if fetched > 0 else 1_000_000)
    program = program_of(large(12))
    ours, theirs = engine("duckdb").infer(program), engine("experta").infer(program)
    for relation, known in theirs.certainties.items():
        assert set(ours.certainties[relation]) == set(known)
        assert all(ours.certainties[relation][args] == certainty for args, certainty in known.items())
        assert ("no", "such") not in ours.certainties[relation]
        assert len(ours.certainties[relation]) == len(known)
    assert set(ours.firings) == set(theirs.firings)
    assert len(ours.firings) == len(theirs.firings)
    assert GroundAtom("tie", ("S1", "S1")) not in ours.firings
    for atom in theirs.firings:
        assert lineage(ours, [atom]).judgements == lineage(theirs, [atom]).judgements
    assert told(ours) == told(theirs)


@pytest.mark.parametrize("name", ["duckdb", SPARK])
def test_a_proof_takes_a_query_for_each_of_its_levels(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many conclusions, predicates and rules there are, and one query more for all certainties."""
    kb = written(
        {
            "tie": ["state", "state", "number"],
            "reach": ["state", "state"],
            "share": ["state", "number"],
            "hub": ["state"],
            "calm": ["state", "state"],
        },
        {"tie": [[a, b, 0.5 + len(a)] for a, b in pairwise(STATES)]},
        rule("step", ["tie(?a, ?b, ?n)", "?n > 1"], "reach(?a, ?b)", 0.9),
        rule("further", ["reach(?a, ?b)", "tie(?b, ?c, _)"], "reach(?a, ?c)", 0.9),
        rule("share", ["tie(?a, _, _)", "?s = sum(?n for tie(?a, ?b, ?n))"], "share(?a, ?s)"),
        rule("hub", ["share(?a, ?s)", "reach(?a, ?b)", "?s > 2"], "hub(?a)", 0.7),
        rule("hub-too", ["reach(?a, Graustark)"], "hub(?a)", 0.4),
        rule("calm", ["tie(?a, ?b, _)", "not hub(?b)"], "calm(?a, ?b)", 0.6),
        rule("calm-too", ["hub(Ruritania)", "tie(?a, _, _)"], "calm(Ruritania, ?a)", 0.8),
    )
    program = program_of(kb)
    ours, theirs = engine(ready(name)).infer(program), engine("experta").infer(program)
    store, asked = ours.firings._database, []  # type: ignore[attr-defined]
    answer = store.rows

    def rows(query: object, *loaded: object) -> object:
        asked.extend([] if loaded else [query])
        return answer(query, *loaded)

    monkeypatch.setattr(store, "rows", rows)
    atoms = sorted(theirs.firings, key=str)
    assert lineage(ours, atoms).judgements == lineage(theirs, atoms).judgements
    assert len(asked) <= 3
    ours.facts.close()


def test_a_pattern_is_looked_up_by_its_constants() -> None:
    program = program_of(large())
    ours, theirs = engine("duckdb").infer(program), engine("experta").infer(program)
    assert len(ours.certainties["shared"]) > 2000
    for terms in [
        ("S1", "?x", "S1"),
        ("?x", "?x", "?y"),
        ("?x", "S2", "?y"),
        ("nobody", "?x", "?y"),
        ("?x", "?y", "?z"),
    ]:
        pattern = Pattern("shared", "shared", tuple(map(_term, terms)))
        assert set(ours.facts.matching(pattern)) == set(theirs.facts.matching(pattern))
    facts, others = ours.facts.established, theirs.facts.established
    pattern = Pattern("shared", "shared", (Variable("a"), Variable("b"), Variable("x")))
    for binding in [{"a": "S1"}, {"a": "S1", "b": "S8"}, {"x": "S3"}, {"x": 1.0}, {"a": "nobody"}]:
        assert set(facts.rows(pattern, binding)) == set(others.rows(pattern, binding))


def _term(text: str) -> object:
    from kzexpert.model import Constant

    return Variable(text[1:]) if text.startswith("?") else Constant(text)


def test_memory_and_threads_can_be_limited() -> None:
    program = program_of(large())
    inference = DuckDBEngine(memory="200MB", threads=1).infer(program)
    assert told(inference) == told(engine("experta").infer(program))


def test_only_what_rules_read_is_loaded() -> None:
    kb = written(
        {"used": ["state"], "unused": ["state"], "so": ["state"]},
        {"used": [["Ruritania"]], "unused": [["Borduria"]]},
        rule("so", ["used(?s)"], "so(?s)"),
    )
    inference = agreed(kb)
    assert set(inference.certainties) == {"used", "unused", "so"}
    assert dict(inference.certainties["unused"]) == {("Borduria",): 1.0}
