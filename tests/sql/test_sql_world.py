"""The shipped rules over real facts about the world, where these lie beside the checkout."""

import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from kzexpert.cli.group import cli

CHECKOUT = Path(__file__).parents[2]
COLLECTIONS = CHECKOUT.parent / "shared" / "data" / "world"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (COLLECTIONS / "world_facts.parquet").exists(), reason="the collections are missing"),
    pytest.mark.xdist_group("world"),
]


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    sys.path.insert(0, str(CHECKOUT))
    try:
        from benchmarks.world import write
    finally:
        sys.path.remove(str(CHECKOUT))
    return write(tmp_path_factory.mktemp("world"))


def run(options: list[str], *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, [*arguments, *options])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


def test_every_row_is_a_fact(options: list[str]) -> None:
    code, printed = run(options, "check")
    assert code == 0, printed
    assert printed.startswith("0 errors")


def test_conclusions_about_other_states(options: list[str]) -> None:
    asked = (
        "alignment(?state, ?power, _)",
        "--engine",
        "duckdb",
        "--as-of",
        "2010",
        "--limit",
        "all",
        "--width",
        "200",
    )
    code, printed = run(options, "conclusions", *asked)
    assert code == 0
    for state, power, sphere in (
        ("Poland", "the United States", "security"),
        ("Armenia", "Russia", "security"),
        ("Belarus", "Russia", "the economy"),
        ("Mexico", "the United States", "the economy"),
    ):
        assert f"{state} is aligned with {power} in {sphere}" in printed
    assert not re.search(r"Poland is aligned with Russia in [\w ]+ \((?!a hint)", printed)


def test_a_proof_cites_rows_of_the_collections(options: list[str]) -> None:
    asked = 'alignment(Poland, "United States", security)'
    code, printed = run(options, "why", asked, "--engine", "duckdb", "--as-of", "2010")
    assert code == 0
    assert "collections, atop5" in printed
    assert "ties.parquetrow" in "".join(printed.split())
