"""What is known of an entity: by which names it is found, what is told of it, in what order, and what is left out."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from syrupy.assertion import SnapshotAssertion

import kzexpert
from kzexpert.analysis.profile import Profile, mentions, profile, read_entity, shares
from kzexpert.cli.group import cli
from kzexpert.errors import UsageError
from kzexpert.render.profile_text import profile_text

from .conftest import ReadWorld, World

PARTIES = """\
kinds: [state, bloc]
predicates:
  member: {args: [state: state, bloc: bloc], says: "{state} is in {bloc}"}
  ally: {args: [state: state, other: state], says: "{state} and {other} are allies"}
  trade: {args: [state: state, other: state, share: number], says: "{state} sells {share} % to {other}"}
entities:
  Ruritania: {kind: state, aliases: [Ruritanian, SR]}
  Borduria: {kind: state}
  Syldavia: {kind: state}
  Pact: {kind: bloc}
  League: {kind: bloc}
  Ring: {kind: bloc}
  Syldavian: {kind: bloc, aliases: [S.R.]}
sources:
  atlas: {title: An Atlas of Invented States, date: 2011-04-07, reliability: B}
"""
RECORDS = """\
source: {id: atlas, at: page 3}
facts:
  member:
    - {state: Ruritania, bloc: Pact}
    - {state: Ruritania, bloc: League}
    - {state: Ruritania, bloc: Ring}
    - {state: Borduria, bloc: Pact}
  ally: [{state: Ruritania, other: Borduria}, {state: Ruritania, other: Syldavia}]
  trade:
    - {state: Ruritania, other: Borduria, share: 4}
    - {state: Ruritania, other: Syldavia, share: 4}
    - {state: Syldavia, other: Ruritania, share: 9}
"""


def known(world: World, name: str, **changes: object) -> Profile:
    return profile(world.infer(**changes), read_entity(world.kb, name))  # type: ignore[arg-type]


def told(world: World, name: str, **changes: object) -> str:
    inference = world.infer(**changes)  # type: ignore[arg-type]
    return profile_text(inference, profile(inference, read_entity(world.kb, name)))


# --- names ---


@pytest.mark.parametrize("name", ["Ruritania", "ruritania", "Strelsau", "RUR", "the Ruritania's", "Ruritania?"])
def test_an_entity_is_found_by_any_of_its_names(world: World, name: str) -> None:
    assert read_entity(world.kb, name).name == "Ruritania"


def test_a_mistyped_name_proposes_near_ones(world: World) -> None:
    with pytest.raises(UsageError) as caught:
        read_entity(world.kb, "Ruritannia")
    (issue,) = caught.value.issues
    assert (issue.code, issue.message, issue.hint) == (
        "KZ204",
        "there is no entity Ruritannia",
        "did you mean Ruritania?",
    )


def test_a_name_of_two_things_is_told(read_world: ReadWorld) -> None:
    with pytest.raises(UsageError) as caught:
        read_entity(read_world(vocabulary=PARTIES).kb, "SR")
    (issue,) = caught.value.issues
    assert issue.code == "KZ302"
    assert issue.hint.splitlines() == ["name one of them:", "Ruritania, of kind state", "Syldavian, of kind bloc"]


# --- what is told ---


def test_conclusions_stand_by_the_file_of_their_strongest_rule_and_records_behind_them(world: World) -> None:
    found = known(world, "Ruritania")
    (topic,) = found.topics
    assert topic.topic == "world1"
    certainties = [item.certainty for item in topic.conclusions]
    assert certainties == sorted(certainties, reverse=True)
    assert all("Ruritania" in item.conclusion for item in topic.conclusions)
    assert all(item.established for item in topic.conclusions)
    assert [(item.fact, item.certainty, item.dates, item.sources) for item in found.recorded] == [
        ("member(Ruritania, Pact)", 1.0, ("since 1994",), ("atlas",)),
        ("exercise(Ruritania, Syldavia, first)", 1.0, ("on 2003-05",), ("atlas",)),
        ("trains(Borduria, Ruritania, 2000)", 1.0, ("since 2000",), ("gazette",)),
        ("quarrel(Ruritania, Borduria)", 0.5, ("since 2008",), ("gazette",)),
    ]


def test_facts_that_are_not_in_force_are_not_told(world: World) -> None:
    facts = [item.fact for item in known(world, "Syldavia").recorded]
    assert "member(Syldavia, League)" not in facts
    facts = [item.fact for item in known(world, "Syldavia", day="2001-01-01").recorded]
    assert "member(Syldavia, League)" in facts


def test_what_is_assumed_says_so(world: World) -> None:
    found = known(world, "Syldavia", assume=["member(Syldavia, Pact)"])
    assert found.assumed == ("member(Syldavia, Pact)",)
    assert [item.sources for item in found.recorded if item.fact == "member(Syldavia, Pact)"] == [("assumed",)]


def test_goals_of_one_entity_give_what_the_whole_inference_gives(shipped: World) -> None:
    for name in ("Kazakhstan", "NATO", "Central Asia", "hydrocarbons"):
        entity = read_entity(shipped.kb, name)
        asked = kzexpert.Base(kb=shipped.kb).about(name)
        assert mentions(shipped.kb, entity)
        assert asked == profile(shipped.infer(str(asked.as_of)), entity)


def test_engines_tell_the_same(shipped: World) -> None:
    pytest.importorskip("duckdb")
    by_experta, by_duckdb = (
        kzexpert.Base(kb=shipped.kb, engine=name).about("Kazakh") for name in ("experta", "duckdb")
    )
    assert (by_experta.topics, by_experta.recorded) == (by_duckdb.topics, by_duckdb.recorded)


# --- in words ---


def test_facts_that_differ_in_one_name_are_one_sentence(read_world: ReadWorld) -> None:
    text = " ".join(told(read_world(RECORDS, vocabulary=PARTIES), "Ruritania").split())
    assert "Ruritania is in League, Pact and Ring (atlas, page 3 (grade\xa0B))" in text.replace("grade B", "grade\xa0B")
    assert "Ruritania sells 4 % to Borduria and Syldavia" in text
    assert "Ruritania and Borduria are allies" in text
    assert "Ruritania and Syldavia are allies" in text


def test_several_subjects_keep_their_verb(read_world: ReadWorld) -> None:
    assert "Each of Borduria and Ruritania is in Pact" in told(read_world(RECORDS, vocabulary=PARTIES), "Pact")


def test_nothing_known_is_said(read_world: ReadWorld) -> None:
    assert "Nothing is concluded or recorded of it." in told(read_world(RECORDS, vocabulary=PARTIES), "Syldavian")


@pytest.mark.parametrize("room", [8, 12, 16, 20, 24, 40])
def test_a_text_fits_the_screen_and_says_how_much_more_there_is(shipped: World, room: int) -> None:
    inference = shipped.infer()
    found = profile(inference, read_entity(shipped.kb, "Kazakhstan"))
    text = profile_text(inference, found, room=room)
    least = profile_text(inference, found, room=1)
    assert text.count("\n") <= max(room, least.count("\n"))
    assert "more: --limit all shows all, --topic recorded all of that topic." in text


def test_what_is_said_of_the_entity_itself_comes_first_and_high_numbers_before_low(read_world: ReadWorld) -> None:
    more = (
        "    - {state: Ruritania, other: Syldavia, share: 30}\n    - {state: Borduria, other: Ruritania, share: 90}\n"
    )
    facts = [item.fact for item in known(read_world(RECORDS + more, vocabulary=PARTIES), "Ruritania").recorded]
    assert [fact for fact in facts if fact.startswith("trade")] == [
        "trade(Ruritania, Syldavia, 30)",
        "trade(Ruritania, Borduria, 4)",
        "trade(Ruritania, Syldavia, 4)",
        "trade(Borduria, Ruritania, 90)",
        "trade(Syldavia, Ruritania, 9)",
    ]
    assert facts[-2:] == ["trade(Borduria, Ruritania, 90)", "trade(Syldavia, Ruritania, 9)"]


def test_of_one_line_the_most_certain_conclusion_and_no_empty_heading(shipped: World) -> None:
    inference = shipped.infer()
    found = profile(inference, read_entity(shipped.kb, "Kazakhstan"))
    text = profile_text(inference, found, limit=1)
    assert ", 0 of" not in text
    strongest = max((item for topic in found.topics for item in topic.conclusions), key=lambda item: item.certainty)
    assert f"{strongest.certainty:.2f}  {strongest.says}" in text
    (topic,) = found.first(1).topics
    assert [item.conclusion for item in topic.conclusions] == [strongest.conclusion]


def test_each_topic_has_its_turn(shipped: World) -> None:
    assert shares([[1, 1, 1], [2, 2], [1]], 100) == [3, 2, 1]
    assert shares([[1, 1, 1], [2, 2], [1]], 4) == [1, 1, 1]
    assert shares([[1, 1, 1], [2, 2], [1]], 6) == [3, 1, 1]
    assert shares([], 6) == []


# --- the command ---


@pytest.fixture
def about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Runs the command on a base of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KZEXPERT_CACHE", "")
    monkeypatch.setenv("LINES", "40")
    small = Path(__file__).parents[1] / "kb_small"

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(cli, ["about", "--kb", str(small), *arguments], prog_name="kzexpert")

    return run


TEXTS = {
    "alias": (0, "Strelsau"),
    "limited": (0, "Ruritania", "--limit", "4"),
    "all": (0, "Ruritania", "--limit", "all"),
    "topic": (0, "Ruritania", "--topic", "recorded"),
    "nothing": (3, "Klow", "--as-of", "1500"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_text(about, name: str, snapshot: SnapshotAssertion) -> None:  # type: ignore[no-untyped-def]
    code, *arguments = TEXTS[name]
    result = about(*arguments)
    assert (result.exit_code, result.stderr) == (code, "")
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert result.stdout == snapshot


def test_json_holds_everything_unless_it_is_limited(about) -> None:  # type: ignore[no-untyped-def]
    document = json.loads(about("Ruritania", "--format", "json").stdout)
    assert document["schema"] == "kzexpert.about/1"
    statements = sum(len(topic["conclusions"]) for topic in document["topics"]) + len(document["recorded"])
    assert statements > 4
    document = json.loads(about("Ruritania", "--format", "json", "--limit", "4").stdout)
    assert sum(len(topic["conclusions"]) for topic in document["topics"]) + len(document["recorded"]) == 4


def test_a_topic_of_which_nothing_is_known_is_told(about) -> None:  # type: ignore[no-untyped-def]
    result = about("Ruritania", "--topic", "record")
    assert result.exit_code == 2
    assert "KZ301 there is nothing about Ruritania under record" in result.stderr
    assert "did you mean recorded?" in result.stderr
