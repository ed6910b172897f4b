"""The base of all states that ships: its cases, its README, both engines, and years in one pass."""

import csv
import json
import re
from pathlib import Path
from textwrap import dedent

import duckdb
import pytest
from processes import CHECKOUT, here

from benchmarks.factbook import TABLES, pack

KB = ("--kb", "world")
#: The tables that the packing reads; they are no part of the project.
COLLECTIONS = CHECKOUT.parent / "shared" / "data" / "world"


def test_check_finds_nothing() -> None:
    came = here("check", "--strict", *KB)
    assert (came.returncode, came.stdout) == (0, "0 errors, 0 warnings\n")


@pytest.mark.slow
def test_the_cases_pass_and_assert_every_rule() -> None:
    came = here("test", "--coverage", *KB)
    assert came.returncode == 0, came.stdout
    assert "the rule " not in came.stdout  # that nothing asserts


def test_a_proof_cites_the_edition_and_the_row() -> None:
    came = here("why", "is Poland aligned with the US in security?", "--engine", "duckdb", *KB)
    assert came.returncode == 0, came.stderr
    flat = " ".join(came.stdout.split())
    assert "on record: factbook, international organization participation, by edition (grade B), since 2000, " in flat
    assert re.search(r" factbook/memberships\.parquet row \d+", flat)


@pytest.mark.slow
def test_engines_conclude_the_same_of_all_states(tmp_path: Path) -> None:
    written = []
    for engine in ("experta", "duckdb"):
        file = tmp_path / f"{engine}.csv"
        came = here("infer", "--all", "--engine", engine, "--output", str(file), *KB)
        assert came.returncode == 0, came.stderr
        written.append(file.read_bytes())
    assert written[0] == written[1]


#: States whose ISO code begins as the code of another state does in FIPS 10-4, which the Factbook uses.
_TWINS = {
    **{
        "GMB": "Gambia",
        "DEU": "Germany",
        "AUS": "Australia",
        "AUT": "Austria",
        "DZA": "Algeria",
        "ATG": "Antigua and Barbuda",
    },
    **{
        "CHN": "China",
        "CHE": "Switzerland",
        "SWE": "Sweden",
        "NER": "Niger",
        "NGA": "Nigeria",
        "COD": "Democratic Republic of the Congo",
    },
    **{
        "COG": "Congo",
        "DMA": "Dominica",
        "DOM": "Dominican Republic",
        "PRK": "North Korea",
        "KOR": "South Korea",
        "SVK": "Slovakia",
    },
    **{"SVN": "Slovenia", "LVA": "Latvia", "LBY": "Libya", "ZAF": "South Africa", "ZMB": "Zambia", "UKR": "Ukraine"},
}


@pytest.mark.parametrize("code", _TWINS)
def test_codes_of_states_are_those_of_iso(code: str) -> None:
    with (CHECKOUT / "bases/world/factbook/states.csv").open(encoding="utf-8", newline="") as rows:
        assert {row["code"]: row["name"] for row in csv.DictReader(rows)}[code] == _TWINS[code]


def test_an_odd_figure_of_trade_is_in_the_entries_of_both_states() -> None:
    file = str(CHECKOUT / "bases/world/factbook/trade.parquet")
    query = "SELECT flow, percent FROM read_parquet(?) WHERE (state, partner, first) = (?, ?, 2023) ORDER BY ALL"
    with duckdb.connect() as connection:
        gambia, kazakhstan = (
            connection.execute(query, [file, *pair]).fetchall() for pair in (("GMB", "KAZ"), ("KAZ", "GMB"))
        )
    assert gambia == [("exports_share_to", 92.0), ("imports_share_from", 26.0)]
    assert kazakhstan == [("imports_share_from", 4.0)]


def test_years_are_told_in_one_pass(tmp_path: Path) -> None:
    file = tmp_path / "years.csv"
    asked = "alignment(?state, ?power, security)"
    came = here("infer", asked, "--as-of", "1999..2025", "--engine", "duckdb", "--output", str(file), *KB)
    assert came.returncode == 0, came.stderr
    with file.open(encoding="utf-8", newline="") as rows:
        poland = [row["as_of"][:4] for row in csv.DictReader(rows) if row["state"] == "Poland"]
    assert poland == [str(year) for year in range(2000, 2026)]


def test_a_timeline_of_many_facts_takes_the_engine_that_does_all_years_at_once() -> None:
    asked = ("timeline", "alignment(Poland, ?power, security)", "--as-of", "1999..2001", "--format", "json")
    chosen, named = (json.loads(here(*asked, *KB, *more).stdout) for more in ((), ("--engine", "experta")))
    assert (chosen.pop("engine"), named.pop("engine")) == ("duckdb", "experta")
    assert chosen == named
    small = here("timeline", "leads(?power, CSTO)", "--format", "json")
    assert json.loads(small.stdout)["engine"] == "experta"


def test_the_base_of_its_readme_adds_to_it(tmp_path: Path) -> None:
    text = (CHECKOUT / "bases/world/README.md").read_text("utf-8")
    for content, name in re.findall(r"```yaml\n(# (\S+)\n.*?)```", text, re.DOTALL):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(dedent(content), encoding="utf-8")
    came = here("ask", "who is Saudi Arabia aligned with in security?", "--kb", str(tmp_path))
    assert came.stdout.startswith("Saudi Arabia is aligned with the United States in security: "), came.stderr


@pytest.mark.skipif(not COLLECTIONS.is_dir(), reason="the collections are not there")
def test_the_tables_are_what_the_packing_makes_of_the_collections(tmp_path: Path) -> None:
    pack(tmp_path)
    shipped = CHECKOUT / "bases" / "world" / "factbook"
    for name in TABLES:
        made, there = (duckdb.read_parquet(str(folder / f"{name}.parquet")) for folder in (tmp_path, shipped))
        assert made.fetchall() == there.fetchall()
