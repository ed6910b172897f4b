"""Several questions make one report, and what reviewers said stands in it."""

import json
import re
import shutil
from html import unescape
from pathlib import Path

import pytest
from click.testing import CliRunner

from kzexpert.cli.asked import questions_of
from kzexpert.cli.group import cli


@pytest.fixture
def world(checkout: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(checkout / "tests" / "html" / "kb", tmp_path / "kb"))


def said(page: str) -> str:
    body = re.sub(r"<(style|script)[ >].*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def run(*words: str) -> str:
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize(
    ("words", "questions"),
    [
        (("which", "states", "hedge"), 1),
        (("which states hedge?", "who leads NATO?"), 2),
        (("hedges(?s, _, _, security)", "who leads NATO?"), 2),
        (("balances(?s)", "doomed(?s)"), 2),
        (("who", "leads", "United States"), 1),
        (("hedges(?s,", "_,", "_,", "security)"), 1),
    ],
)
def test_words_are_one_question_and_whole_questions_are_several(words: tuple[str, ...], questions: int) -> None:
    assert len(questions_of(words)) == questions


QUESTIONS = ("who dominates Ruritania", "who is Ruritania aligned with")


def test_a_report_has_a_key_judgement_on_each_question_and_one_annex(world: Path) -> None:
    page = run("trace", "export", *QUESTIONS, "--kb", str(world), "--format", "html")
    words = said(page)
    assert "Key judgements on 2 questions" in words
    assert [page.count(f'<section class="judgement" id="q{number}"') for number in (1, 2, 3)] == [1, 1, 0]
    assert page.count('id="sources"') == page.count('id="rules-title"') == 1
    assert page.count('<dt id="source') == words.count("reliability B") + words.count("· 0 facts") + 2


@pytest.mark.parametrize("form", ["json", "html", "markdown"])
def test_a_report_verifies_trace_by_trace(form: str, world: Path, tmp_path: Path) -> None:
    file = tmp_path / f"report.{form}"
    run("trace", "export", *QUESTIONS, "--kb", str(world), "--format", form, "--output", str(file))
    assert run("trace", "verify", str(file), "--kb", str(world)).count(": verified") == 2
    if form == "json":
        document = json.loads(file.read_text(encoding="utf-8"))
        assert document["schema"] == "kzexpert.report/1"
        document["traces"][1]["answers"] = []
        file.write_text(json.dumps(document), encoding="utf-8")
        assert CliRunner().invoke(cli, ["trace", "verify", str(file), "--kb", str(world)]).exit_code == 1


def test_a_picture_is_of_one_question(world: Path) -> None:
    done = CliRunner().invoke(cli, ["trace", "export", *QUESTIONS, "--kb", str(world), "--format", "svg"])
    assert done.exit_code == 2


def test_dissent_and_challenges_are_shown_and_what_no_longer_holds(world: Path) -> None:
    asked, base = "who dominates Ruritania", ("--kb", str(world))
    run("review", "sign", asked, *base, "--reviewer", "Ann")
    run("review", "sign", asked, *base, "--reviewer", "Bob", "--verdict", "rejected", "--note", "one bloc is no rule")
    run("review", "challenge", asked, *base, "--reviewer", "Cid", "--rule", "no-treaty", "--reason", "too broad")
    words = said(run("trace", "export", asked, *base, "--format", "html"))
    assert "Review Accepted by Ann. Rejected by Bob. Reviewers dissent. 1 challenge is open." in words
    assert "Open challenge: rule no-treaty" in words and "too broad" in words
    facts = world / "facts" / "world.yaml"
    facts.write_text(facts.read_text(encoding="utf-8").replace("certainty: 0.9", "certainty: 0.5"), encoding="utf-8")
    words = said(run("trace", "export", asked, *base, "--format", "html"))
    assert "Accepted by Ann (no longer as signed)." in words
    assert "It no longer holds as signed:" in words
