"""How two bases differ: edits, and the conclusions under what they change by."""

import pytest
from syrupy.assertion import SnapshotAssertion

from kzexpert.analysis.base_diff import BaseDiff, base_diff
from kzexpert.proof.changes import Move
from kzexpert.render.base_diff_text import base_diff_text

from .conftest import VOCABULARY, WORLD, ReadWorld

_LED = 'certainty: 0.6\n    because: "{s} is in'
_SYLDAVIA = "    - {state: Syldavia, bloc: League, since: 1990, until: 2005}\n"
_TRAINS = "{power: Borduria, state: Ruritania, soldiers: 2000, since: 2000, source: gazette}"
_BORDURIA = "    - {state: Borduria, bloc: Pact, since: 1990}\n"
_FIRST = "    - {state: Ruritania, power: Syldavia, name: first, on: 2003-05}\n"
_FREEDOM = "  - id: freedom\n"
_QUARREL = "certainty: 0.5, source: gazette}"

#: Name → what is replaced in the world, the edits, and the conclusions with their causes.
CASES: dict[str, tuple[dict[str, str], list[str], dict[str, list[str]]]] = {
    "a rule is weaker": (
        {_LED: _LED.replace("0.6", "0.3")},
        ["changed rule led-bloc: certainty 0.6 → 0.3"],
        {"aligned(Ruritania, Borduria, security)": ["rule changed led-bloc"]},
    ),
    "a sentence is another": (
        {"{s} quarrels with {p}": "{s} and {p} are at odds"},
        ["changed rule quarrels: because {s} quarrels with {p} → {s} and {p} are at odds"],
        {},
    ),
    "a rule asks for more": (
        {'"?n >= 1000"': '"?n >= 1000", "leads(?s, _)"'},
        ["changed rule trained: when  → leads(?s, _)"],
        {"aligned(Ruritania, Borduria, security)": ["rule changed trained"]},
    ),
    "a rule and a fact together": (
        {
            _FIRST: f"{_FIRST}    - {{state: Syldavia, power: Borduria, name: drill, on: 2009}}\n",
            _FREEDOM: f"  - {{id: sworn, when: ['exercise(?s, ?p, drill)'], then: 'firm(?s, ?p)'}}\n{_FREEDOM}",
        },
        ["added rule sworn", "added fact exercise(Syldavia, Borduria, drill)"],
        {"firm(Syldavia, Borduria)": ["new rule sworn", "recorded exercise(Syldavia, Borduria, drill)"]},
    ),
    "a rule that looks at recent events and at dates": (
        {
            _FREEDOM: "  - {id: drilled, when: ['exercise(?s, ?p, _) within 10 years', 'leads(?p, _) since ?d', "
            f"'?d < 1995-01-01'], then: 'firm(?s, ?p)'}}\n{_FREEDOM}",
        },
        ["added rule drilled"],
        {"firm(Ruritania, Syldavia)": ["new rule drilled"]},
    ),
    "a number moved": (
        {_TRAINS: _TRAINS.replace("2000, since", "900, since")},
        ["changed fact trains(Borduria, Ruritania, 2000 → 900)"],
        {"aligned(Ruritania, Borduria, security)": ["not recorded trains(Borduria, Ruritania, 2000)"]},
    ),
    "a fact is less certain, and another source says so": (
        {_QUARREL: "certainty: 0.25, source: atlas}"},
        ["changed fact quarrel(Ruritania, Borduria): certainty 0.5 → 0.25; source gazette → atlas"],
        {"aligned(Ruritania, Borduria, security)": ["weaker quarrel(Ruritania, Borduria)"]},
    ),
    "a date of validity": (
        {"{state: Ruritania, bloc: Pact, since: 1994}": "{state: Ruritania, bloc: Pact, since: 1994, until: 2009}"},
        ["changed fact member(Ruritania, Pact): until  → 2009"],
        {
            "aligned(Ruritania, Borduria, security)": ["went out of force member(Ruritania, Pact)"],
            "aligned(Ruritania, Syldavia, security)": ["went out of force member(Ruritania, Pact)"],
        },
    ),
    "an alias instead of a name": ({"[{state: Ruritania, power": "[{state: RUR, power"}, [], {}),
    "a row twice": (
        {_BORDURIA: _BORDURIA * 2},
        ["added fact member(Borduria, Pact)"],
        {},
    ),
}


def compared(
    read_world: ReadWorld, old: str, new: str, name: str = "experta", vocabulary: str = VOCABULARY
) -> BaseDiff:
    before, after = read_world(old), read_world(new, vocabulary=vocabulary)
    return base_diff(before.infer(name=name), after.infer(name=name), "old", "new")


def edited(found: BaseDiff) -> list[str]:
    """Each edit in a line."""
    what = {edit: "; ".join(f"{move.field} {move.before} → {move.after}" for move in edit.what) for edit in found.edits}
    return [f"{edit.turn} {edit.kind} {edit.shown}" + (f": {what[edit]}" if what[edit] else "") for edit in found.edits]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("engine_name", ["experta", "duckdb"])
def test_what_differs_and_what_follows_by_cause(read_world: ReadWorld, name: str, engine_name: str) -> None:
    replaced, edits, consequences = CASES[name]
    new = WORLD
    for old_text, new_text in replaced.items():
        assert new.count(old_text) == 1
        new = new.replace(old_text, new_text)
    found = compared(read_world, WORLD, new, engine_name)
    assert edited(found) == edits
    assert {
        name: sorted(f"{cause.turn} {cause.statement}" for cause in group.causes)
        for group in found.consequences
        for name in group.conclusions
    } == consequences
    assert found.same == (not edits)


def test_entities_sources_and_predicates(read_world: ReadWorld) -> None:
    vocabulary = (
        VOCABULARY.replace("aliases: [RUR, Strelsau]", "aliases: [RUR]")
        .replace("  Syldavia: {kind: state}", "  Syldavia: {kind: state}\n  Graustark: {kind: state}")
        .replace("date: 2010}", "date: 2010-06, reliability: B}")
        .replace('says: "{state} is free"', 'says: "{state} is bound to nobody", doc: By no bloc.')
    )
    found = compared(read_world, WORLD, WORLD, vocabulary=vocabulary)
    assert edited(found) == [
        "changed predicate free: says {state} is free → {state} is bound to nobody; doc  → By no bloc.",
        "added entity Graustark",
        "changed entity Ruritania: aliases Strelsau → ",
        "changed source gazette: date 2010 → 2010-06; reliability  → B",
    ]
    assert (found.same, found.changes) == (False, ())


def test_places_of_both_sides(read_world: ReadWorld) -> None:
    found = compared(read_world, WORLD, "# One line more.\n" + WORLD.replace("since: 1994}", "since: 1995}"))
    (edit,) = found.edits
    assert (edit.what, edit.places) == ((Move("since", "1994", "1995"),), ("world1.yaml:4:7", "world1.yaml:5:7"))


#: Ten states that join a bloc.
_JOINING = "".join(f"  S{number}: {{kind: state}}\n" for number in range(10))


def test_text_is_ordered_by_effect_folds_what_is_alike_and_stops(
    read_world: ReadWorld, snapshot: SnapshotAssertion
) -> None:
    vocabulary = VOCABULARY.replace("sources:\n", f"{_JOINING}sources:\n")
    members = "".join(f"    - {{state: S{number}, bloc: Pact, since: 1999}}\n" for number in range(10))
    text = WORLD.replace("  leads:\n", f"{members}  leads:\n")
    changed = text.replace(_LED, _LED.replace("0.6", "0.5")).replace(_TRAINS, "")
    old, new = (read_world(one, vocabulary=vocabulary).infer() for one in (text, changed))
    found = base_diff(old, new, "old", "new")
    assert "\n".join(base_diff_text(found, limit) for limit in (2, 1)) == snapshot


def test_the_text_of_no_difference(read_world: ReadWorld) -> None:
    assert (
        base_diff_text(compared(read_world, WORLD, WORLD), 2) == "old and new state the same, and the same follows.\n"
    )
