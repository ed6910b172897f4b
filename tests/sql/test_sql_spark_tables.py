"""Tables as facts on Spark: what DuckDB and experta make of them."""

import csv
import gzip
import os
import signal
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date
from math import inf, nan
from pathlib import Path
from threading import Timer
from time import monotonic
from typing import Any

import duckdb
import pytest
from available import ready
from short_programs import told
from small_tables import SAID, outcome
from sqlglot import exp
from test_sql_tables import (
    BAD,
    ROWS,
    Write,
    as_csv,
    as_folder,
    as_gzip,
    as_parquet,
    as_parquet_folder,
    as_tsv,
    broken,
    check_cells,
    opened,
    rows_behind,
    sqlite_table,
    written_out,
)

from kzexpert.engines import Budget, Settings, engine, infer_each
from kzexpert.engines.sql import spark_engine
from kzexpert.engines.sql.plan.extents import Extent
from kzexpert.engines.sql.plan.words import column, select, subquery
from kzexpert.engines.sql.spark_engine import SparkEngine
from kzexpert.engines.sql.store import spark_store
from kzexpert.engines.sql.store.duckdb_store import DuckDBStore
from kzexpert.engines.sql.store.spark_store import SparkStore
from kzexpert.engines.sql.tables import files, local, spark_reader
from kzexpert.engines.sql.tables.duckdb_reader import DuckDBReader
from kzexpert.engines.sql.tables.reader import Opened, TableReader
from kzexpert.engines.sql.tables.relations import Loader
from kzexpert.errors import BudgetError, Issue, KnowledgeBaseError, Location
from kzexpert.language import load_knowledge_base, parse_atom, parse_partial_date
from kzexpert.model import NOWHERE, KnowledgeBase, RelationKey, Table
from kzexpert.program.snapshot import snapshot

pytestmark = pytest.mark.spark


@pytest.fixture(autouse=True)
def readers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who reads tables: the executors, as they do where these are large, unless a test says "this process" or both."""
    ready("spark")
    param = getattr(request, "param", "executors")
    if param == "executors":
        monkeypatch.setattr(spark_engine, "_BYTES", -1)
    elif param == "this process":
        monkeypatch.setattr(spark_engine, "SparkReader", None)
    else:
        monkeypatch.setattr(local, "_SENT", 0)


each_reads = pytest.mark.parametrize("readers", ["executors", "this process"], indirect=True)
#: Of a few rows that are many facts, both read.
all_read = pytest.mark.parametrize("readers", ["executors", "this process", "both"], indirect=True)


def issues_of(name: str, kb: KnowledgeBase, **options: Any) -> list[Issue]:
    with pytest.raises(KnowledgeBaseError) as caught:
        engine(name, settings=Settings(network=True)).infer(snapshot(kb))
    return caught.value.issues


@each_reads
@pytest.mark.parametrize("write", [as_csv, as_tsv, as_gzip, as_parquet, as_folder, as_parquet_folder])
def test_the_same_as_in_a_facts_file(tmp_path: Path, write: Write) -> None:
    kb, plain = opened(tmp_path, write), written_out(tmp_path)
    as_of = parse_partial_date("2010-05-15").last
    expected = engine("experta").infer(snapshot(plain, as_of))
    found = engine("spark").infer(snapshot(kb, as_of))
    assert told(found) == told(expected)
    assert rows_behind(found.program) == rows_behind(expected.program)


def places_of_members(kb: KnowledgeBase, name: str) -> dict[Any, list[tuple[str, int | None]]]:
    """Where the rows stand that state each fact."""
    base = engine(name).infer(snapshot(kb, parse_partial_date("2011").last)).program.base["member"]
    return {args: [(row.location.file, row.location.row) for row in base[args].rows] for args in base}


def test_a_row_is_cited_by_file_and_number(tmp_path: Path) -> None:
    folder = tmp_path / "a [folder] + {100%} é*"
    folder.mkdir()
    for write in (as_csv, as_parquet, as_folder):
        inside = folder / write.__name__
        inside.mkdir()
        kb = opened(inside, write)
        assert places_of_members(kb, "spark") == places_of_members(kb, "duckdb")


@pytest.mark.parametrize("linked", ["base", "file", "partition"])
def test_a_row_behind_a_link_is_cited_by_the_name_that_was_given(tmp_path: Path, linked: str) -> None:
    """Links may also bear the names of columns; of two that lead to one file each is cited."""
    base, store = tmp_path / "base", tmp_path / "a [store] é"
    base.mkdir()
    store.mkdir()
    opened(base, as_parquet)
    member = base / "member.parquet"
    if linked == "base":
        base.rename(store / "real")
        base.symlink_to(store / "real")
    elif linked == "file":
        member.rename(store / "rows.bin")
        member.symlink_to(store / "rows.bin")
    else:
        member.rename(store / "part.parquet")
        member.mkdir()
        for year in (2009, 2010):
            (member / f"year={year}").symlink_to(store)
    kb = load_knowledge_base([], [base / "world.yaml", base / "tables.yaml"])
    assert places_of_members(kb, "spark") == places_of_members(kb, "duckdb")


CELLS = """
kinds: [state]
predicates:
  cells: {args: [a: text, b: text, c: text, d: text, e: text, f: text, g: text]}
  coded: {args: [state: state, day: date, worth: number], holds: interval}
  seen: {args: [state: state]}
entities: {Ruritania: {kind: state}}
sources: {atlas: {title: An Atlas, date: 2011}}
rules: [{id: seen, when: ["coded(?a, _, _)"], then: seen(?a), source: atlas}]
tables:
  - {file: cells.parquet, predicate: cells, columns: {a: a, b: b, c: c, d: d, e: e, f: f, g: g}, source: atlas}
  - {file: coded.parquet, predicate: coded, map: {state: codes.csv}, dates: {day: "%Y%m%d"}, where: {worth: {">": 1}},
     columns: {state: code, day: day, worth: worth, since: year, certainty: sure}, null: {sure: [-99, nan, n/a]},
     source: atlas}
"""
NUMBERS = [12345678.0, 1e-4, 1e-5, 1e-7, -0.0, inf, nan, -nan, 1e15, 1e16, 128.953125, 0.1, 1e10, -2.5e-8, 1e-45]
AS_CELLS = """
SELECT x AS a, x::FLOAT AS b, coalesce(TRY_CAST(x AS DECIMAL(10, 8)), 0) AS c,
    coalesce(TRY_CAST(x AS DECIMAL(4, 4)), 0.0)::DECIMAL(4, 4) AS d, coalesce(TRY_CAST(x AS DECIMAL(38, 38)), 0) AS e,
    coalesce(TRY_CAST(x AS DECIMAL(38, 0)), 0) AS f, unhex('00FF27C3A9') AS g
FROM (SELECT unnest($1::DOUBLE[]) AS x)
"""
AS_CODED = """
SELECT code::DOUBLE AS code, day::DOUBLE AS day, worth::DOUBLE AS worth, year::FLOAT AS year, sure::DOUBLE AS sure
FROM (VALUES (1e-5, 20100131.0, 2.5, 1994.0, 0.5), (1e-5, 20100131.0, 3.5, 1995.0, 'nan'::DOUBLE),
    (12345678.0, 20110131.0, 4.5, 1996.0, -99.0), (7.0, 0.0, 0.5, 0.0, 7.0)) t(code, day, worth, year, sure)
"""


def with_cells(folder: Path) -> KnowledgeBase:
    """A knowledge base whose tables hold numbers that are read as texts, codes and dates, and bytes."""
    duckdb.sql(AS_CELLS, params=[NUMBERS]).write_parquet(str(folder / "cells.parquet"))
    duckdb.sql(AS_CODED).write_parquet(str(folder / "coded.parquet"))
    (folder / "codes.csv").write_text("code,name\n1e-05,Ruritania\n12345678.0,Ruritania\n", encoding="utf-8")
    (folder / "cells.yaml").write_text(CELLS, encoding="utf-8")
    return load_knowledge_base([], [folder / "cells.yaml"])


@each_reads
def test_numbers_in_tables_are_the_same_texts(tmp_path: Path) -> None:
    kb = with_cells(tmp_path)
    found, expected = (engine(name).infer(snapshot(kb, date(2011, 12, 31))) for name in ("spark", "duckdb"))
    for predicate, facts in {"cells": len(NUMBERS), "coded": 3}.items():
        assert len(expected.certainties[predicate]) == facts
        assert dict(found.certainties[predicate]) == dict(expected.certainties[predicate])
    (tmp_path / "codes.csv").write_text("code,name\n1,Ruritania\n", encoding="utf-8")
    issues = issues_of("spark", kb)
    assert issues == issues_of("duckdb", kb)
    assert "'1e-05' is not a known state code" in issues[0].message


def test_numbers_that_are_read_as_numbers_need_no_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a plan named a function, Spark would not find it."""
    monkeypatch.setattr(spark_store, "PYTHON", {})
    kb = opened(tmp_path, as_parquet)  # a certainty and a worth are DOUBLE
    found, expected = (engine(name).infer(snapshot(kb, date(2010, 5, 15))) for name in ("spark", "duckdb"))
    assert told(found) == told(expected)


@all_read
@pytest.mark.parametrize("more", [0, 800])
def test_assumed_and_withdrawn_on_several_dates(tmp_path: Path, more: int) -> None:
    visits = [["Syldavia", "RUR", f"no. {number}", str(1990 + number % 22)] for number in range(more)]
    kb = opened(tmp_path, as_parquet, visit=[*ROWS["visit"], *visits])
    assume = [parse_atom(text, NOWHERE) for text in ("member(Borduria, League)", "visit(Borduria, RUR, new)")]
    without = [parse_atom(text, NOWHERE) for text in ("member(RUR, _)", "visit(?x, ?y, NULL)")]
    programs = [snapshot(kb, date(year, 12, 31), assume, without) for year in (1994, 2005, 2010, 2011)]
    for one, other in zip(infer_each(engine("spark"), programs), infer_each(engine("duckdb"), programs), strict=True):
        assert told(one) == told(other)
        assert rows_behind(one.program) == rows_behind(other.program)


@all_read
def test_rows_that_are_no_facts(tmp_path: Path) -> None:
    changed = {name: [*ROWS[name], *(row for other, row, _ in BAD if other == name)] for name in ROWS}
    kb = opened(tmp_path, **changed)
    issues = issues_of("spark", kb)
    assert issues == issues_of("duckdb", kb)
    assert {issue.code for issue in issues} == {"KZ125"}
    aside = tmp_path / "bad.csv"
    found = SparkEngine(skip_bad_rows=str(aside)).infer(snapshot(kb, parse_partial_date("2011").last))
    expected = engine("experta").infer(snapshot(written_out(tmp_path), parse_partial_date("2011").last))
    assert told(found) == told(expected)
    with aside.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(BAD)
    check_cells(rows, changed)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing", "trade.csv does not exist"),
        ("no Parquet", "trade.parquet cannot be read"),
        ("cut", "trade.parquet cannot be read"),
        ("column", "has no column b"),
        ("empty", "trade.csv"),
        ("ragged", "trade.csv cannot be read: line 3 has 6 cells, and the first line has 3"),
        ("open quote", "trade.csv cannot be read: line 3 has a quote that is not closed"),
        ("not UTF-8", "trade.csv cannot be read"),
        ("codes", "codes.csv cannot be read"),
        ("two names", "codes.csv has two names for BO: Borduria and Syldavia"),
        ("one column", "codes.csv does not have two columns"),
    ],
)
def test_tables_that_cannot_be_read(tmp_path: Path, kind: str, message: str) -> None:
    opened(tmp_path)
    broken(tmp_path, kind)
    if (tmp_path / "trade.parquet").exists():
        text = (tmp_path / "tables.yaml").read_text(encoding="utf-8").replace("trade.csv", "trade.parquet")
        (tmp_path / "tables.yaml").write_text(text, encoding="utf-8")
    kb = load_knowledge_base([], [tmp_path / "world.yaml", tmp_path / "tables.yaml"])
    (issue,) = issues_of("spark", kb)
    assert issue.code == "KZ124"
    assert message in issue.message
    assert "\n" not in issue.message
    (other,) = issues_of("duckdb", kb)
    assert issue.location == other.location


def test_an_inch_is_no_open_quote(tmp_path: Path) -> None:
    """Of a file that lies elsewhere, whose lines are not looked at one by one, it is told as one."""
    opened(tmp_path)
    (tmp_path / "visit.csv").write_text('guest,host,why,when\nRUR,Syldavia,5" pipes,2011-02\n', encoding="utf-8")
    sources = [tmp_path / "world.yaml", tmp_path / "tables.yaml"]
    found = [engine(name).infer(snapshot(load_knowledge_base([], sources))) for name in ("duckdb", "spark")]
    assert told(found[0]) == told(found[1])
    assert "'5\" pipes'" in str(told(found[1]))
    text = (tmp_path / "tables.yaml").read_text(encoding="utf-8")
    (tmp_path / "tables.yaml").write_text(text.replace("visit.csv", f"file://{tmp_path}/visit.csv"), encoding="utf-8")
    (issue,) = issues_of("spark", load_knowledge_base([], sources))
    assert (issue.code, "has an odd number of quotes" in issue.message) == ("KZ124", True)
    assert "copy the file here" in issue.hint


#: Lines of a file that is cut every so many bytes.
LINES = [f"{number},é{number}" for number in range(30)]
CUT = {"spark.sql.files.maxPartitionBytes": "64", "spark.sql.files.openCostInBytes": "0"}


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """The settings with which any file of a few lines is large."""
    monkeypatch.setattr(files, "SMALL", 0)
    return CUT


def told_by(reader: TableReader, path: Path) -> Opened:
    return reader.open(Table(str(path), str(path), "", {}, location=Location(str(path))))


def rows_of(reader: TableReader, opened: Opened, where: Mapping[str, str] | None = None) -> list[tuple[Any, ...]]:
    """The rows of a table: where each stands, and its cells."""
    names = list(opened.types)
    cells = [column(f"x{place}", "q") for place in range(len(names))]
    only = [cells[names.index(name)].eq(exp.Literal.string(value)) for name, value in (where or {}).items()]
    query = select([column("f"), column("r"), *cells], subquery(opened.query(names), "q"), where=only)
    with reader.store.in_order(), reader.store.reading():
        return sorted((file, row, *(cell or "" for cell in told)) for file, row, *told in reader.store.rows(query))


def test_a_large_csv_file_is_split_where_lines_are_rows(tmp_path: Path, cut: Mapping[str, str]) -> None:
    texts = {
        "plain": ("\n".join(["n,t", *LINES, ""]), True),
        "returns": ("\r\n".join(["n,t", *LINES, ""]), True),
        "unended": ("\r\n".join(["n,t", *LINES]), True),
        "marked": ("\ufeff" + "\n".join(["n,t", *LINES]), True),
        "blank": ("\n\n".join(["n,t", *LINES, ""]), True),
        "quotes": ("\n".join(["n,t", *(f'"{line}","a ""b"""' for line in LINES)]), True),
        "packed": ("\n".join(["n,t", *LINES]), True),
        "break": ("\n".join(["n,t", *LINES, '1,"two\nlines"', *LINES]), False),
        "header": ("\n".join(['"n\nm",t', *LINES]), False),
        "return": ("\n".join(["n,t", *(f'"{line}","a\rb"' for line in LINES)]), False),
        "mac": ("\r".join(["n,t", *LINES]), False),
        "inches": ("\n".join(["n,t", *(f'{line} 5" pipe' for line in LINES)]), False),
    }
    store = SparkEngine(conf=cut).run([snapshot(opened(tmp_path))]).database
    with closing(store), closing(DuckDBStore(network=False)) as other:
        for name, (text, split) in texts.items():
            path = tmp_path / (f"{name}.csv.gz" if name == "packed" else f"{name}.csv")
            path.write_bytes(gzip.compress(text.encode()) if name == "packed" else text.encode())
            readers: list[TableReader] = [
                spark_reader.SparkReader(store, network=False),
                DuckDBReader(other, network=False),
            ]
            found, expected = (rows_of(reader, told_by(reader, path)) for reader in readers)
            assert found == expected, name
            assert (spark_reader._rows_before(store, str(path), ",") is not None) == split, name


def test_a_bad_row_of_a_file_in_parts_has_its_number(tmp_path: Path, cut: Mapping[str, str]) -> None:
    kb = opened(tmp_path, trade=[*ROWS["trade"], *ROWS["trade"][1:] * 9, ["RUR", "Borduria", "lots"]])
    with pytest.raises(KnowledgeBaseError) as caught:
        SparkEngine(conf=cut).infer(snapshot(kb))
    assert caught.value.issues == issues_of("duckdb", kb)
    assert "see row 31 of trade.csv" in caught.value.issues[0].hint


def test_folders_that_stand_for_columns(tmp_path: Path) -> None:
    """Of a partitioned folder only those files are read whose rows are asked for; what folders say is a text."""
    folder = tmp_path / "a [folder]"
    for year in ("2009", "010"):
        place = folder / f"year={year}" / "why=to%20see"
        place.mkdir(parents=True)
        duckdb.sql(f"SELECT '{year}' AS told").write_parquet(str(place / "part.parquet"))
    store = SparkEngine().run([snapshot(opened(tmp_path))]).database
    with closing(store):
        reader = spark_reader.SparkReader(store, network=False)
        table = told_by(reader, folder)
        (folder / "year=2009" / "why=to%20see" / "part.parquet").unlink()
        there = str(folder / "year=010" / "why=to%20see" / "part.parquet")
        assert rows_of(reader, table, {"year": "010"}) == [(there, 1, "010", "010", "to see")]


@pytest.mark.parametrize("readers", ["this process"], indirect=True)
@pytest.mark.parametrize("stopped_by", ["time", "Ctrl-C"])
@pytest.mark.parametrize("step", ["stage", "load"])
def test_what_this_process_reads_can_be_stopped(
    tmp_path: Path, step: str, stopped_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(loader: Loader, _: object) -> None:
        if stopped_by == "Ctrl-C":
            Timer(1.0, os.kill, [os.getpid(), signal.SIGINT]).start()
        loader.store.rows("SELECT sum(sqrt(range)) FROM range(20000000000)")

    monkeypatch.setattr(Loader, step, slow)
    program = snapshot(opened(tmp_path))
    started = monotonic()
    if stopped_by == "time":
        with pytest.raises(BudgetError, match="KZ401 loading the facts used up the budget of 1 seconds"):
            SparkEngine(budget=Budget(seconds=1.0)).infer(program)
    else:
        with pytest.raises(KeyboardInterrupt):
            SparkEngine().infer(program)
    assert monotonic() - started < 10


@pytest.mark.parametrize("readers", ["both"], indirect=True)
def test_rows_that_are_too_many_facts_are_counted_and_not_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "_STATED", 0)
    loaded: list[object] = []
    load = Loader.load

    def noted(loader: Loader, relations: Sequence[RelationKey]) -> dict[RelationKey, Extent]:
        loaded.append(type(loader.store))
        return load(loader, relations)

    monkeypatch.setattr(Loader, "load", noted)
    kb = opened(tmp_path, as_parquet)
    infer_each(engine("spark"), [snapshot(kb, date(year, 12, 31)) for year in (1994, 2010)])
    assert loaded == [SparkStore]
    programs = [snapshot(kb, date(year, 12, 31)) for year in (1994, 2005)]
    with closing(DuckDBStore()) as store:
        loader = Loader(DuckDBReader(store, network=False), programs)
        assert loader.stated(["member"], 12) == 12  # six rows on two dates, at most
        assert loader.stated(["member"], 11) == 6
        assert loader.stated(["member", "founded"], 0) == 8  # what holds on all dates is one fact


@pytest.mark.parametrize("readers", ["this process"], indirect=True)
@pytest.mark.parametrize("write", [as_csv, as_tsv, as_gzip, as_parquet, as_folder, as_parquet_folder])
def test_tables_of_many_rows_are_not_small_in_whatever_file(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [["a", "b", "worth"], *(["RUR", "Borduria", str(number)] for number in range(30))]
    kb = opened(tmp_path, write, trade=rows)
    monkeypatch.setattr(spark_engine, "_ROWS", 100)  # in a folder each row has a header
    assert spark_engine._are_small(kb.tables)
    monkeypatch.setattr(spark_engine, "_ROWS", 30)
    assert not spark_engine._are_small(kb.tables)


def test_tables_of_databases_are_for_duckdb(tmp_path: Path) -> None:
    opened(tmp_path)
    text = (tmp_path / "tables.yaml").read_text(encoding="utf-8")
    text = text.replace("file: trade.csv", "file: 'postgres:dbname=trade#flows'")
    (tmp_path / "tables.yaml").write_text(text, encoding="utf-8")
    (issue,) = issues_of("spark", load_knowledge_base([], [tmp_path / "world.yaml", tmp_path / "tables.yaml"]))
    assert issue.message == "the spark engine cannot read postgres tables"
    assert "--engine duckdb" in issue.hint


def test_a_table_of_sqlite(tmp_path: Path) -> None:
    kb = sqlite_table(tmp_path, ROWS["trade"][1:])
    expected = engine("experta").infer(snapshot(written_out(tmp_path)))
    assert told(engine("spark").infer(snapshot(kb))) == told(expected)


def test_numbers_of_sqlite_are_the_same_texts(tmp_path: Path) -> None:
    """Whole ones among others have no point."""
    with closing(sqlite3.connect(tmp_path / "t.db")) as database, database:
        database.execute("CREATE TABLE told (a, b)")
        database.executemany("INSERT INTO told VALUES ('RUR', ?)", [(5,), (0.5,), (12345678.0,), (1e-5,)])
    declared = SAID.format(file="'sqlite:t.db#told'", where="")
    assert {words for _, words in outcome(tmp_path, declared, ("duckdb", "spark"))} == {
        "5",
        "0.5",
        "12345678.0",
        "1e-05",
    }
