"""What is told of much: a summary, the first of each kind, what is alike as one; at each width."""

import re
from pathlib import Path

import click
import pytest
from processes import here
from syrupy.assertion import SnapshotAssertion

from kzexpert.cli.group import COMMANDS, cli
from kzexpert.render.abridgement import abridged, likewise

from .conftest import Kzexpert

LONG = {
    "conclusions": ("conclusions", "--all", "--limit", "1"),
    "ask": ("ask", "reaches(?a, ?b)", "--limit", "1"),
    "what-if": ("what-if", "--all", "--without", "leads(_, _)", "--limit", "1"),
    "linchpins": ("linchpins", "alignment(Ruritania, ?power, security)", "--limit", "1"),
    "timeline": ("timeline", "member(?state, ?bloc)", "--as-of", "2000..2005", "--limit", "1"),
}


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", LONG)
def test_at_each_width(kzexpert: Kzexpert, name: str, width: int, snapshot: SnapshotAssertion) -> None:
    result = kzexpert(*LONG[name], "--width", str(width))
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= width
    assert result.stdout == snapshot


def test_the_world_is_told_on_few_lines_and_with_all_in_full() -> None:
    words = ("ask", "alignment(?state, ?power, security)", "--kb", "world", "--width", "60")
    some, every = here(*words, "--limit", "3").stdout, here(*words, "--limit", "all").stdout
    assert max(map(len, [*some.splitlines(), *every.splitlines()])) <= 60
    assert len(some.splitlines()) < 50 < 300 < len(every.splitlines())
    assert ("--limit all" in some, "--limit all" in every) == (True, False)


@pytest.mark.parametrize("limit", ["0", "-1", "few", "1.5"])
def test_a_limit_is_a_number_or_all(kzexpert: Kzexpert, limit: str) -> None:
    result = kzexpert("conclusions", "--limit", limit)
    assert result.exit_code == 2
    assert "is neither a number from 1 up nor all" in result.stderr


def test_errors_that_say_the_same_are_told_once(kzexpert: Kzexpert, small: Path) -> None:
    rows = "".join("    - {state: Ruritania, org: Nowhere}\n" for _ in range(30))
    (small / "facts" / "more.yaml").write_text(f"facts:\n  member:\n{rows}", encoding="utf-8")
    checked = kzexpert("check").stdout
    assert checked.startswith("30 errors, ")
    assert re.search(r"the same at :4:26,\s.* and 19 more\s+places", checked, re.DOTALL)
    assert kzexpert("check", "--limit", "all").stdout.count("facts/more.yaml:") >= 30
    assert "the same at :4:26" in kzexpert("conclusions").stderr


def test_what_differs_in_one_name_is_one() -> None:
    told = [f"member({state}, Pact)" for state in ("A", "B", "C", "D")] + ["member(A, Ring)"]
    groups, left = abridged(told, 2, str, lambda _: 1)
    assert [(group.first, group.names) for group in groups] == [(told[0], ("B", "C", "D")), (told[4], ())]
    assert left == 0
    assert likewise(groups[0], 1) == ["and the same with B, C and 1 more in place of A"]
    assert [group.first for group in abridged(told, 5, str, lambda _: 1)[0]] == told


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_common_options_before_those_of_engines(kzexpert: Kzexpert, name: str) -> None:
    command = cli.get_command(cli.make_context("kzexpert", [name], resilient_parsing=True), name)
    shown = kzexpert(name, "--help").stdout
    assert isinstance(command, click.Command)
    if "--engine" in shown:
        assert shown.index("Options:") < shown.index("--kb") < shown.index("Engines:") < shown.index("--engine")
