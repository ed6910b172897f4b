"""Traces and kept knowledge bases over tables: an edited row, or an edited map, is noticed by all that read it."""

import json
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from kzexpert.cli.group import cli

WORLD = """
kinds: [state, bloc]
predicates:
  member: {args: [state: state, bloc: bloc], holds: interval, says: "{state} is in {bloc}"}
  leads: {args: [state: state, bloc: bloc], says: "{state} leads {bloc}"}
  aligned: {args: [state: state, power: state], says: "{state} follows {power}"}
entities:
  Ruritania: {kind: state}
  Borduria: {kind: state}
  Syldavia: {kind: state}
  Pact: {kind: bloc}
  League: {kind: bloc}
sources: {atlas: {title: An Atlas, date: 2011}}
source: atlas
facts:
  leads: [{state: Borduria, bloc: Pact}, {state: Syldavia, bloc: League}]
rules:
  - id: bloc
    when: ["member(?a, ?x)", "leads(?b, ?x)", "?a != ?b", "not leads(?a, _)"]
    then: "aligned(?a, ?b)"
    certainty: 0.6
    because: "{a} and {b} are in {x}"
    source: atlas
"""
TABLES = """
tables:
  - file: ../records/members.csv
    predicate: member
    columns: {state: who, bloc: what, since: start, until: stop, at: page}
    map: {state: ../records/codes.csv}
    source: atlas
"""
MEMBERS = "who,what,start,stop,page\nR,Pact,1994,,1\nR,League,2000,2005,2\nB,Pact,1990,,3\n"
MORE = """
tables:
  - {file: 'sqlite:../../records/more.db#members', predicate: member, columns: {state: who, bloc: what}, source: atlas}
"""
CODES = "code,name\nR,Ruritania\nB,Borduria\n"


@pytest.mark.parametrize("engine", ["experta", "duckdb"])
def test_places_of_tables_begin_at_the_base(kb: Path, engine: str) -> None:
    """Those of SQLite too, and from whatever folder the declaration leads there."""
    with closing(sqlite3.connect(kb / "records" / "more.db")) as connection, connection:
        connection.execute("CREATE TABLE members AS SELECT 'Syldavia' AS who, 'Pact' AS what")
    write(kb / "facts" / "deep" / "more.yaml", MORE)
    result = CliRunner().invoke(cli, ["trace", "export", "member(?s, Pact)", "--kb", "kb", "--engine", engine])
    rows = [row["place"] for fact in json.loads(result.stdout)["facts"] for row in fact["rows"]]
    assert sorted(rows) == ["records/members.csv row 1", "records/members.csv row 3", "records/more.db#members row 1"]


@pytest.fixture
def kb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KZEXPERT_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    for name, content in (
        ("rules/world.yaml", WORLD),
        ("facts/tables.yaml", TABLES),
        ("records/members.csv", MEMBERS),
        ("records/codes.csv", CODES),
    ):
        write(tmp_path / "kb" / name, content)
    return tmp_path / "kb"


def write(path: Path, content: str) -> None:
    """Write a file that looks as if it had been there for a while."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    os.utime(path, (1_000_000_000, 1_000_000_000))


def edit(path: Path, old: str, new: str) -> None:
    before = path.read_text(encoding="utf-8")
    assert old in before
    write(path, before.replace(old, new))


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(cli, [*arguments, "--kb", "kb"])
    assert result.exit_code == code, result.output
    return result.output


@pytest.mark.parametrize("engine", ["duckdb", "experta"])
def test_an_edited_table_is_read_again(kb: Path, engine: str) -> None:
    def followed() -> list[str]:
        printed = run("ask", "aligned(Ruritania, ?who)", "--engine", engine, "--as-of", "2003", "--verbose")
        assert ("recalled" in printed) == (len(asked) > 0)
        asked.append(printed)
        return sorted(re.findall(r"Ruritania follows (\w+)", printed))

    asked: list[str] = []
    assert followed() == ["Borduria", "Syldavia"]
    edit(kb / "records/members.csv", "2005", "2001")
    assert followed() == ["Borduria"]
    edit(kb / "records/codes.csv", "R,Ruritania\nB,Borduria", "B,Ruritania\nR,Borduria")
    edit(kb / "records/members.csv", "R,Pact,1994", "B,League,1994")
    assert followed() == ["Borduria", "Syldavia"]
    assert any((kb.parent / "cache").iterdir())


def export(name: str, engine: str = "duckdb", as_of: str = "2003") -> None:
    run("trace", "export", "aligned(?a, ?b)", "--engine", engine, "--as-of", as_of, "--output", name)


@pytest.mark.parametrize("engine", ["duckdb", "experta"])
def test_traces_over_tables_verify(kb: Path, engine: str) -> None:
    export("one.json", engine)
    export("other.json", engine, "1995")
    assert run("trace", "verify", "one.json", "other.json").count("verified: ") == 2
    assert "records/members.csv row 1" in Path("one.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "old", "new", "codes"),
    [
        ("members.csv", "1994,,1", "1993,,1", {"KZ503", "KZ508"}),
        ("members.csv", "1994,,1", "1994,,p. 1", {"KZ503", "KZ508"}),
        ("members.csv", "R,Pact,1994", "R,Pact,2004", {"KZ504", "KZ505", "KZ507"}),
        ("members.csv", "2000,2005", "2000,2001", {"KZ504", "KZ505"}),
        ("members.csv", "B,Pact,1990,,3\n", "B,Pact,1990,,3\nS,Pact,1990,,3\n", {"KZ125"}),
        ("codes.csv", "R,Ruritania\nB,Borduria", "R,Borduria\nB,Ruritania", {"KZ504"}),
    ],
)
def test_what_was_edited_is_noticed(kb: Path, file: str, old: str, new: str, codes: set[str]) -> None:
    export("trace.json")
    edit(kb / "records" / file, old, new)
    found = set(re.findall(r"KZ\d{3}", run("trace", "verify", "trace.json", code=1)))
    assert found & codes


def test_rows_that_only_moved_are_the_same_facts(kb: Path) -> None:
    export("trace.json")
    edit(kb / "records/members.csv", "page\n", "page\nB,League,1991,1992,9\n")
    printed = run("trace", "verify", "trace.json")
    assert "warning KZ510" in printed
    assert "verified: " in printed


def test_a_large_table_verifies_by_the_rows_of_the_day(kb: Path) -> None:
    (kb / "records/members.csv").unlink()
    years = "SELECT 'R' AS who, 'Pact' AS what, 1000 + i % 1500 AS start, 1000 + i % 1500 AS stop, i AS page"
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY ({years} FROM range(150000) t(i)) TO '{kb / 'records/members.parquet'}' (FORMAT parquet)"
        )
    edit(kb / "facts/tables.yaml", "members.csv", "members.parquet")
    export("trace.json")
    assert "verified: 1 conclusion" in run("trace", "verify", "trace.json")


def test_a_row_is_cited_by_its_number_and_a_line_by_its_line(tmp_path: Path) -> None:
    base = tmp_path / "base"
    for name, text in {
        "rules/r.yaml": "predicates:\n  big: {args: [name: text]}\n  small: {args: [name: text]}\n"
        "  seen: {args: [name: text]}\nrules:\n  - {id: b, when: ['big(?x)'], then: seen(?x)}\n"
        "  - {id: s, when: ['small(?x)'], then: seen(?x)}\n",
        "facts/f.yaml": "tables:\n  - {file: tab/t.csv, predicate: big, columns: {name: n}}\n",
        "facts/small.csv": "name\nA\nB\n",
        "facts/tab/t.csv": "n\nA\nB\n",
    }.items():
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_text(text, encoding="utf-8")
    for name in ("experta", "duckdb"):
        given = ["trace", "export", "seen(B)", "--kb", str(base), "--engine", name, "--as-of", "2011"]
        found = CliRunner().invoke(cli, given)
        places = {row["place"] for fact in json.loads(found.stdout)["facts"] for row in fact["rows"]}
        assert places == {"facts/small.csv:3", "facts/tab/t.csv row 2"}
