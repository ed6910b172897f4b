"""What the page says of a judgement."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import processes
import pytest

from kzexpert.errors import Location
from kzexpert.model import KnowledgeBase, Layer
from kzexpert.proof.citation import places_of


def said(text: str) -> str:
    """The text of the page's body, in one line."""
    body = re.sub(r"<(style|script)>.*?</\1>", "", text, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def test_the_judgement_comes_first_with_its_evidence(judgement: Callable[..., str]) -> None:
    words = said(judgement("who dominates Ruritania"))
    first = words.index("Borduria dominates Ruritania. Evidence Good evidence certainty 0.72")
    order = ("Confidence", "Likelihood", "Main reason for", "Main reason against", "What would change it")
    places = [words.index(name) for name in (*order, "What is unknown", "Annex")]
    assert [first, *places] == sorted([first, *places])
    assert "1 line of evidence for it, none against" in words
    assert words.count("Not calibrated") == 1
    assert "as of 2010-12-31" in words


@pytest.mark.parametrize(
    ("question", "verdict"),
    [
        ("is Ruritania aligned with Borduria in security", "Yes: Ruritania is aligned with Borduria in security"),
        (
            "is Ruritania aligned with Syldavia in security",
            "There is a hint against the statement that Ruritania is aligned with Syldavia in security",
        ),
        ("doomed(Syldavia)", "In conflict: Doomed: Syldavia. Evidence Certain evidence both for and against"),
        ("is Ruritania aligned with Borduria in trade", "Nothing in the knowledge base supports this."),
        (
            "doomed(?state)",
            "What comes nearest stays at or below a certainty of 0.20: Doomed: Syldavia.",
        ),
        ("leads(?power, Ring)", "Syldavia leads Ring. Evidence Very strong evidence certainty 1.00 on record"),
    ],
)
def test_verdicts(question: str, verdict: str, judgement: Callable[..., str]) -> None:
    assert verdict in said(judgement(question))


def test_changes_to_the_record_are_told_before_anything_else(judgement: Callable[..., str]) -> None:
    words = said(
        judgement(
            "who is Ruritania aligned with", assume=("member(Ruritania, Ring)",), without=("leads(Borduria, Pact)",)
        )
    )
    hypothetical = words.index("This judgement is hypothetical.")
    assert hypothetical < words.index("Ruritania is aligned with Syldavia")
    assert "assumed: Ruritania is a member of Ring" in words
    assert "left out: Borduria leads Pact" in words
    assert "Ruritania is a member of Ring assumed certainty 1.00" in words


def test_premises_have_source_paragraph_file_and_line(judgement: Callable[..., str]) -> None:
    words = said(judgement("who dominates Ruritania"))
    assert "member(Ruritania, Pact) · almanac , p. 1 (grade B) · since 1995 · facts/world.yaml:16:7" in words
    assert "The accession, not the signing." in words
    assert "gazette , no. 7 · since 1996 · recorded at 0.90 · facts/world.yaml:17:7" in words
    assert (
        "rule led-bloc : Membership of a bloc that a power leads · almanac , p. 3 (grade B) · rules/world.yaml" in words
    )


def test_evidence_against_is_gathered_from_all_depths(judgement: Callable[..., str]) -> None:
    assert "No rule speaks against it, nor against anything that it rests on." in said(
        judgement("who dominates Ruritania")
    )
    words = said(judgement("is Ruritania aligned with Syldavia in security"))
    assert "Ruritania is in Pact, the rival of Ring against −0.32" in words
    assert "No rule speaks against what it rests on." in words


def test_how_the_certainty_came_about(judgement: Callable[..., str]) -> None:
    words = said(judgement("who is Ruritania aligned with"))
    assert "good evidence · 2 lines of evidence, together 0.80" in words


def test_of_proofs_in_a_circle_the_best_counts(judgement: Callable[..., str]) -> None:
    assert "of several proofs the best one counts" in said(judgement("whom does Ruritania reach"))


def test_what_it_hangs_on(judgement: Callable[..., str]) -> None:
    words = said(judgement("who dominates Ruritania"))
    assert "Memoirs of a Regent memoir 0 facts, 1 rule 0.00 −0.72 not established: 0.20 or less" in words
    assert "Ruritania is a member of Pact member(Ruritania, Pact) 0.45 −0.27 some evidence" in words
    assert "no-treaty , now 0.90: some evidence below 0.76" in words


def test_what_is_missing_is_told_where_nothing_follows(judgement: Callable[..., str]) -> None:
    words = said(judgement("is Ruritania aligned with Borduria in trade"))
    assert (
        "rule led-bloc · rules/world.yaml:44:5 · would give up to 0.60 lacks purpose(Pact, trade) not on record"
        in words
    )
    assert "What would make it hold, each tried out" in words
    assert "assume purpose(Pact, trade) : some evidence , certainty 0.60" in words
    assert "What is missing" in said(judgement("doomed(?state)"))


def test_one_source_is_flagged(judgement: Callable[..., str]) -> None:
    assert "confidence: all of it rests on one source, “The Almanac” (" in said(judgement("leads(?power, Ring)"))
    assert "all of it rests" not in said(judgement("who dominates Ruritania"))


def test_rivals_stand_side_by_side(judgement: Callable[..., str]) -> None:
    words = said(judgement("who is Ruritania aligned with"))
    assert "Rival hypotheses" in words
    assert "Ruritania is aligned with which power in security" in words
    assert "Ruritania is a member of Pact supports +0.60 contradicts −0.32 0.92" in words
    alone = said(judgement("who dominates Ruritania"))
    assert "Rival hypotheses Left out: the base does not say what such a statement competes with" in alone


def test_the_years_tell_what_changed(judgement: Callable[..., str]) -> None:
    words = said(judgement("who dominates Ruritania"))
    assert "1995 unknown → 0.54: Ruritania is a member of Pact came into force" in words


def test_it_is_the_same_from_anywhere(
    judgement: Callable[..., str], checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = judgement("who dominates Ruritania")
    for folder in (tmp_path, checkout):
        monkeypatch.chdir(folder)
        judgement.cache_clear()  # type: ignore[attr-defined]
        assert judgement("who dominates Ruritania") == here
    assert str(checkout) not in here


@pytest.mark.parametrize(
    ("files", "file", "shown"),
    [
        (["/home/ann/kb/rules/a.yaml", "/home/ann/kb/facts/b.csv"], "/home/ann/kb/rules/a.yaml", "rules/a.yaml:3:5"),
        (["kb/rules/a.yaml", "kb/facts/b.csv"], "kb/rules/a.yaml", "rules/a.yaml:3:5"),
        (["/home/ann/kb/a.yaml", "own.yaml"], "/home/ann/kb/a.yaml", "a.yaml:3:5"),
        (["/home/ann/kb/a.yaml", "own.yaml"], "own.yaml", "own.yaml:3:5"),
        (["/home/ann/a.yaml", "/srv/b.yaml"], "/srv/b.yaml", "/srv/b.yaml:3:5"),
        (["/home/ann/a.yaml"], "/home/anna/b.yaml", "/home/anna/b.yaml:3:5"),
        ([], "a.yaml", "a.yaml:3:5"),
    ],
)
def test_places_are_shown_without_the_folder_that_all_share(files: list[str], file: str, shown: str) -> None:
    kb = KnowledgeBase(texts=dict.fromkeys(files, ""))
    assert places_of(kb)(Location(file, 3, 5)) == shown


def test_a_row_of_a_table_is_no_line() -> None:
    kb = KnowledgeBase(texts={"kb/f.yaml": "", "kb/v.yaml": ""})
    assert places_of(kb)(Location("kb/tab/t.csv", row=2)) == "tab/t.csv row 2"


@pytest.mark.parametrize(
    ("layers", "shown"),
    [
        ([Layer("/srv/own", "own")], "facts/a.yaml:3:5"),
        ([Layer("/lib/world", "world", used=True), Layer("/srv/own", "own")], "facts/a.yaml:3:5"),
        ([Layer("/lib/world", "world"), Layer("/srv/own", "mine")], "mine/facts/a.yaml:3:5"),
        ([Layer("/srv/own", used=True), Layer("/lib/world", "world")], "own/facts/a.yaml:3:5"),
        ([Layer("/srv/own", "mine", used=True), Layer("/srv", "all")], "mine/facts/a.yaml:3:5"),
    ],
)
def test_a_place_is_relative_to_its_base_and_that_of_another_says_which(layers: list[Layer], shown: str) -> None:
    kb = KnowledgeBase(layers=tuple(layers), texts={"/srv/own/facts/a.yaml": "", "/lib/world/facts/b.yaml": ""})
    assert places_of(kb)(Location("/srv/own/facts/a.yaml", 3, 5)) == shown
    assert places_of(kb)(Location("/elsewhere/c.yaml", 1)) == "/elsewhere/c.yaml:1"


def test_the_command_line_writes_it(checkout: Path, tmp_path: Path) -> None:
    kb = str(checkout / "tests" / "html" / "kb")
    file = tmp_path / "page.html"
    done = processes.run(
        "trace", "export", "who dominates Ruritania", "--kb", kb, "--format", "html", "--output", str(file)
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert file.read_text(encoding="utf-8").startswith("<!doctype html>")
