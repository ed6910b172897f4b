"""Tables as facts: the same conclusions, proofs and rows as if all stood in a facts file, and what is wrong told."""

import csv
import gzip
import json
import re
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
from available import ready
from click.testing import CliRunner
from short_programs import told
from small_tables import TRADE, outcome

from kzexpert.checks import check
from kzexpert.cli.group import cli
from kzexpert.engines import Settings, engine, for_engine, table_issues
from kzexpert.engines.sql.duckdb_engine import DuckDBEngine
from kzexpert.engines.sql.store.base import DatabaseError
from kzexpert.engines.sql.store.database import Database
from kzexpert.engines.sql.tables import memory_rows, reader
from kzexpert.errors import KnowledgeBaseError, UsageError
from kzexpert.language import load_knowledge_base, parse_atom, parse_partial_date, read_knowledge_base
from kzexpert.model import ANY, NOWHERE, Constant, GroundAtom, KnowledgeBase, Pattern, Program, Relation, Within
from kzexpert.program.snapshot import snapshot
from kzexpert.proof.lineage import lineage
from kzexpert.render.issues import issues_text

WORLD = """
kinds: [state, bloc]
predicates:
  member: {args: [state: state, bloc: bloc], holds: interval}
  visit: {args: [guest: state, host: state, purpose: text], holds: event}
  trade: {args: [state: state, partner: state, worth: number]}
  founded: {args: [bloc: bloc, day: date]}
  close: {args: [state: state, partner: state]}
  spoken: {args: [state: state, purpose: text]}
  worth: {args: [state: state, total: number]}
entities:
  Ruritania: {kind: state, aliases: [RUR]}
  Borduria: {kind: state}
  Syldavia: {kind: state}
  Pact: {kind: bloc}
  League: {kind: bloc}
sources: {atlas: {title: An Atlas, date: 2011}}
rules:
  - id: close
    when: ["member(?a, ?x)", "member(?b, ?x)", "?a != ?b"]
    then: "close(?a, ?b)"
    certainty: 0.6
    source: atlas
  - {id: visited, when: ["visit(?a, ?b, _) within 1 year"], then: "close(?a, ?b)", certainty: 0.4, source: atlas}
  - {id: spoken, when: ["visit(?a, _, ?p)", "not member(?a, Pact)"], then: "spoken(?a, ?p)", source: atlas}
  - {id: worth, when: ["trade(?a, _, _)", "?t = sum(?w for trade(?a, ?b, ?w))"], then: "worth(?a, ?t)", source: atlas}
"""
#: table → its header and rows
ROWS: dict[str, list[list[str]]] = {
    "member": [
        ["who", "what", "start", "stop", "sure", "says"],
        ["RU", "Pact", "1994", "", "", "p. 1"],
        ["BO", "Pact", "1994-05", "2010-05-15", "0.9", ""],
        ["BO", "Pact", "", "2005", "1", "p. 2"],
        ["SY", "League", "2010-12-31", "", "0.15", ""],
        ["RU", "League", "2011", "2012-02", "0.8", "p. 3"],
        ["SY", "League", "2009-01-01", "2010", "0.7", ""],
    ],
    "visit": [
        ["guest", "host", "why", "when"],
        ["Ruritania", "Syldavia", "it's; --", "2010-06-01"],
        ["RUR", "Borduria", 'a "quoted", one', "2009"],
        ["Syldavia", "Borduria", "NULL", "2011-02"],
    ],
    "trade": [
        ["a", "b", "worth"],
        ["Ruritania", "Borduria", "0.1"],
        ["RUR", "Syldavia", "0.2"],
        ["RUR", "Syldavia", "3e0"],
    ],
    "founded": [["bloc", "day"], ["Pact", "1994-05-15"], ["League", "1993-01-01"]],
}
TABLES = """
tables:
  - file: {member}
    predicate: member
    columns: {{state: who, bloc: what, since: start, until: stop, certainty: sure, at: says}}
    map: {{state: codes.csv}}
    source: atlas
  - {{file: {visit}, predicate: visit, columns: {{guest: guest, host: host, purpose: why, "on": when}}, certainty: 0.9,
     source: atlas}}
  - {{file: {trade}, predicate: trade, columns: {{state: a, partner: b, worth: worth}},
     source: {{id: atlas, at: p. 7}}, note: estimated}}
  - {{file: {founded}, predicate: founded, columns: {{bloc: bloc, day: day}}, source: atlas}}
"""
CODES = "code,name\nRU,Ruritania\nBO,Borduria\nSY,Syldavia\nRU,RUR\n"

Write = Callable[[Path, list[list[str]]], str]


def as_csv(path: Path, rows: list[list[str]]) -> str:
    with path.with_suffix(".csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return f"{path.name}.csv"


def as_tsv(path: Path, rows: list[list[str]]) -> str:
    with path.with_suffix(".tsv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter="\t").writerows(rows)
    return f"{path.name}.tsv"


def as_gzip(path: Path, rows: list[list[str]]) -> str:
    plain = path.parent / as_csv(path, rows)
    (path.parent / f"{path.name}.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    return f"{path.name}.csv.gz"


def as_parquet(path: Path, rows: list[list[str]], types: str = "") -> str:
    plain = path.parent / as_csv(path, rows)
    text = ", all_varchar=true" if types else ""
    columns = ", ".join(f'CAST("{name}" AS {types}) AS "{name}"' for name in rows[0]) if types else "*"
    duckdb.sql(f"COPY (SELECT {columns} FROM read_csv('{plain}', header=true{text})) TO '{path}.parquet'")
    plain.unlink()
    return f"{path.name}.parquet"


def as_folder(path: Path, rows: list[list[str]]) -> str:
    path.mkdir()
    for number, row in enumerate(rows[1:]):
        as_csv(path / f"part{number}", [rows[0], row])
    return path.name


def as_parquet_folder(path: Path, rows: list[list[str]]) -> str:
    path.mkdir()
    for number, row in enumerate(rows[1:]):
        # Every part has the types that its few values suggest; DuckDB finds one that fits all.
        as_parquet(path / f"part{number}", [rows[0], row], "VARCHAR")
    return path.name


def opened(folder: Path, write: Write = as_csv, **changed: list[list[str]]) -> KnowledgeBase:
    """The knowledge base whose facts lie in tables."""
    (folder / "world.yaml").write_text(WORLD, encoding="utf-8")
    (folder / "codes.csv").write_text(CODES, encoding="utf-8")
    files = {name: write(folder / name, changed.get(name, rows)) for name, rows in ROWS.items()}
    (folder / "tables.yaml").write_text(TABLES.format(**files), encoding="utf-8")
    kb = load_knowledge_base([], [folder / "world.yaml", folder / "tables.yaml"])
    assert [issue for issue in check(kb) if issue.severity == "error"] == []
    return kb


def written_out(folder: Path) -> KnowledgeBase:
    """The same facts in a facts file."""
    names = dict(line.split(",") for line in CODES.splitlines()[1:4])
    rows = []
    for who, what, start, stop, sure, says in ROWS["member"][1:]:
        keys = {"since": start, "until": stop, "certainty": sure, "at": says and f'"{says}"'}
        rows.append(f"{{state: {names[who]}, bloc: {what}, {', '.join(f'{k}: {v}' for k, v in keys.items() if v)}}}")
    visits = [
        f"{{guest: {g}, host: {h}, purpose: '{w.replace(chr(39), chr(39) * 2)}', 'on': {d}}}"
        for g, h, w, d in ROWS["visit"][1:]
    ]
    trades = [f"{{state: {a}, partner: {b}, worth: {w.replace('e0', '')}}}" for a, b, w in ROWS["trade"][1:]]
    founded = [f"{{bloc: {b}, day: {d}}}" for b, d in ROWS["founded"][1:]]
    parts = [("member", rows, "source: atlas"), ("visit", visits, "source: atlas\ncertainty: 0.9")]
    parts += [
        ("trade", trades, "source: {id: atlas, at: p. 7}\nnote: estimated"),
        ("founded", founded, "source: atlas"),
    ]
    files = [folder / "world.yaml"]
    files[0].write_text(WORLD, encoding="utf-8")
    for name, items, keys in parts:
        files.append(folder / f"{name}.facts.yaml")
        files[-1].write_text(f"{keys}\nfacts:\n  {name}: [{', '.join(items)}]\n", encoding="utf-8")
    return load_knowledge_base([], files)


def rows_behind(program: Program) -> dict[str, dict[Any, list[Any]]]:
    """What is told of each recorded fact, but for where it stands."""
    return {
        relation: {
            args: [
                (str(row.since), str(row.until), str(row.on), row.certainty, str(row.source), row.note)
                for row in base.rows
            ]
            for args, base in known.items()
        }
        for relation, known in program.base.items()
        if len(known)
    }


@pytest.mark.parametrize("write", [as_csv, as_tsv, as_gzip, as_parquet, as_folder, as_parquet_folder])
def test_the_same_as_in_a_facts_file(tmp_path: Path, write: Write) -> None:
    kb, plain = opened(tmp_path, write), written_out(tmp_path)
    for day in ("1994-05-01", "1996", "2010-05-16", "2010-12-31", "2012-02"):
        as_of = parse_partial_date(day).last
        expected = engine("experta").infer(snapshot(plain, as_of))
        found = engine("duckdb").infer(snapshot(kb, as_of))
        assert told(found) == told(expected)
        assert rows_behind(found.program) == rows_behind(expected.program)
        in_memory = engine("experta").infer(snapshot(for_engine(kb, "experta"), as_of))
        assert told(in_memory) == told(expected)
        for atom in expected.firings:
            assert lineage(found, [atom]).judgements == lineage(in_memory, [atom]).judgements


def test_assumed_and_withdrawn(tmp_path: Path) -> None:
    kb, plain = opened(tmp_path), written_out(tmp_path)
    assume = [parse_atom(text, NOWHERE) for text in ("member(Borduria, League)", "visit(Borduria, RUR, new)")]
    without = [parse_atom(text, NOWHERE) for text in ("member(RUR, _)", "visit(?x, ?y, NULL)")]
    as_of = parse_partial_date("2011-04").last
    expected = engine("experta").infer(snapshot(plain, as_of, assume, without))
    found = engine("duckdb").infer(snapshot(kb, as_of, assume, without))
    with pytest.raises(UsageError, match="trade"):  # no state trades with itself
        engine("duckdb").infer(snapshot(kb, as_of, without=[parse_atom("trade(?x, ?x, 3)", NOWHERE)]))
    assert told(found) == told(expected)
    assert found.program.base["visit"][("Borduria", "Ruritania", "new")].assumed


def test_tables_beside_facts(tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text(
        "source: atlas\nfacts:\n  member: [{state: RUR, bloc: Pact, certainty: 0.3}, {state: Syldavia, bloc: Pact}]\n"
        "  visit: [{guest: RUR, host: Syldavia, purpose: more, 'on': 2011}]\n",
        encoding="utf-8",
    )
    opened(tmp_path)
    kb = load_knowledge_base([], [tmp_path / name for name in ("world.yaml", "tables.yaml", "more.yaml")])
    as_of = parse_partial_date("2011").last
    expected = engine("experta").infer(snapshot(for_engine(kb, "experta"), as_of))
    found = engine("duckdb").infer(snapshot(kb, as_of))
    assert told(found) == told(expected)
    assert rows_behind(found.program) == rows_behind(expected.program)
    assert len(found.program.base["member"][("Ruritania", "Pact")].rows) == 2


def test_a_row_is_cited_by_file_and_number(tmp_path: Path) -> None:
    found = engine("duckdb").infer(snapshot(opened(tmp_path), parse_partial_date("2011").last))
    (row,) = found.program.base["member"][("Ruritania", "League")].rows
    assert (Path(row.location.file).name, row.location.row) == ("member.csv", 5)
    assert str(row.source) == "atlas, p. 3"


def test_values_of_where_choose_the_rows(tmp_path: Path) -> None:
    opened(tmp_path)
    text = (tmp_path / "tables.yaml").read_text(encoding="utf-8")
    for where, left in (("{why: NULL}", 1), ("{guest: [RUR, Syldavia]}", 2), ("{guest: RUR, why: x}", 0)):
        chosen = re.sub(r"(predicate: visit,)", rf"\1 where: {where},", text)
        (tmp_path / "tables.yaml").write_text(chosen, encoding="utf-8")
        kb = load_knowledge_base([], [tmp_path / "world.yaml", tmp_path / "tables.yaml"])
        found = engine("duckdb").infer(snapshot(kb, parse_partial_date("2012").last))
        assert len(found.certainties["visit"]) == left


BAD = [
    ("member", ["RU", "", "", "", "", ""], "1 row of member.csv: bloc is empty"),
    ("member", ["XX", "Pact", "", "", "", ""], "1 row of member.csv: 'XX' is not a known state code"),
    ("member", ["RU", "Ruritania", "", "", "", ""], "1 row of member.csv: 'Ruritania' is not a known bloc"),
    ("member", ["RU", "Pact", "1994-13", "", "", ""], "'1994-13' is not a date for since: 2010, 2010-01 or 2010-01-31"),
    ("member", ["RU", "Pact", "long ago", "", "", ""], "'long ago' is not a date for since"),
    ("member", ["RU", "Pact", "0000", "", "", ""], "'0000' is not a date for since"),
    ("member", ["RU", "Pact", "2001", "1999", "", ""], "until '1999' lies before since"),
    ("member", ["RU", "Pact", "", "", "1.5", ""], "'1.5' is not a certainty, which is over 0 and up to 1"),
    ("member", ["RU", "Pact", "", "", "0", ""], "'0' is not a certainty"),
    ("member", ["RU", "Pact", "", "", "high", ""], "'high' is not a certainty"),
    ("visit", ["RUR", "Borduria", "x", ""], "on is empty"),
    ("visit", ["Latveria", "Borduria", "x", "2010"], "'Latveria' is not a known state"),
    ("trade", ["RUR", "Borduria", "lots"], "'lots' is not a number for worth"),
    ("trade", ["RUR", "Borduria", "nan"], "'nan' is not a number"),
    ("trade", ["RUR", "Borduria", "1e999"], "'1e999' is not a number"),
    ("founded", ["Pact", "1994"], "'1994' is not a day for day, which is written 2010-01-31"),
    ("founded", ["Pact", "2011-02-30"], "'2011-02-30' is not a day"),
]


@pytest.mark.parametrize(("name", "row", "message"), BAD, ids=[message for *_, message in BAD])
def test_rows_that_are_no_facts(tmp_path: Path, name: str, row: list[str], message: str) -> None:
    changed = {name: [*ROWS[name], row]}
    kb = opened(tmp_path, **changed)
    for run in (lambda: engine("duckdb").infer(snapshot(kb)), lambda: for_engine(kb, "experta")):
        with pytest.raises(KnowledgeBaseError) as caught:
            run()
            len(run().certainties["founded"])  # type: ignore[attr-defined]  # no rule reads it
        (issue,) = caught.value.issues
        assert issue.code == "KZ125"
        assert message in issue.message
        assert issue.hint.startswith(f"see row {len(ROWS[name])} of {name}.csv")
        assert issue.location is not None
        assert issue.location.line > 1


def test_bad_rows_can_be_set_aside(tmp_path: Path) -> None:
    changed = {name: [*ROWS[name], *(row for other, row, _ in BAD if other == name)] for name in ROWS}
    kb = opened(tmp_path, **changed)
    aside = tmp_path / "bad.csv"
    found = DuckDBEngine(skip_bad_rows=str(aside)).infer(snapshot(kb, parse_partial_date("2011").last))
    assert len(found.certainties["founded"]) == 2
    expected = engine("experta").infer(snapshot(written_out(tmp_path), parse_partial_date("2011").last))
    assert told(found) == told(expected)
    with aside.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(BAD)
    assert {(Path(row["file"]).stem, int(row["row"])) for row in rows} == {
        (name, number) for name in ROWS for number in range(len(ROWS[name]), len(changed[name]))
    }
    assert {"lots", "long ago", "Latveria"} <= {row["value"] for row in rows}
    check_cells(rows, changed)


def check_cells(rows: Iterable[Mapping[str, str]], published: Mapping[str, Sequence[Sequence[str]]]) -> None:
    """Each row is there as it was published, with the columns that nothing reads."""
    for row in rows:
        header, *lines = published[Path(row["file"]).stem]
        cells = zip(header, lines[int(row["row"]) - 1], strict=True)
        assert json.loads(row["cells"]) == {name: cell or None for name, cell in cells}


@pytest.mark.parametrize("name", ["experta", "duckdb", pytest.param("spark", marks=pytest.mark.spark)])
@pytest.mark.parametrize("rows", [["R", "B"], ["RUR", "B", "7", "more"]], ids=len)
def test_rows_with_too_many_or_too_few_cells_are_set_aside(tmp_path: Path, name: str, rows: list[str]) -> None:
    kb = opened(tmp_path, trade=[*ROWS["trade"], rows])
    aside = tmp_path / "aside.jsonl"
    settings = Settings(skip_bad_rows=str(aside))
    found = engine(ready(name), settings=settings).infer(snapshot(for_engine(kb, name, settings)))
    expected = engine("experta").infer(snapshot(written_out(tmp_path)))
    assert told(found) == told(expected)
    row = json.loads(aside.read_text(encoding="utf-8"))
    assert (row["row"], row["problem"]) == (len(ROWS["trade"]), f"{len(rows)} cells, and line 1 has 3")
    assert [cell for cell in row["cells"].values() if cell] == rows


@pytest.mark.parametrize("name", ["experta", "duckdb"])
def test_rows_set_aside_as_json_lines_can_be_mended_and_read(tmp_path: Path, name: str) -> None:
    opened(tmp_path, trade=[*ROWS["trade"], ["RUR", "Bordurja", "7"]])
    aside = tmp_path / "aside.jsonl"
    kb = load_knowledge_base([], [tmp_path / "world.yaml", tmp_path / "tables.yaml"])
    for_engine(kb, "experta", Settings(skip_bad_rows=str(aside)))
    text = aside.read_text(encoding="utf-8")
    assert json.loads(text)["cells"]["b"] == "Bordurja"
    aside.write_text(text.replace("Bordurja", "Borduria"), encoding="utf-8")
    (tmp_path / "tables.yaml").write_text(
        "tables:\n- {file: aside.jsonl, predicate: trade, source: atlas,"
        " columns: {state: cells.a, partner: cells.b, worth: cells.worth}}\n",
        encoding="utf-8",
    )
    mended = load_knowledge_base([], [tmp_path / "world.yaml", tmp_path / "tables.yaml"])
    found = engine(name).infer(snapshot(for_engine(mended, name)))
    facts = found.facts.matching(Pattern("trade", "trade", (ANY, ANY, ANY)))
    assert [str(fact) for fact in facts] == ["trade(Ruritania, Borduria, 7)"]


def test_a_hundred_thousand_bad_rows_are_one_issue(tmp_path: Path) -> None:
    kb = opened(tmp_path, trade=[*ROWS["trade"], *([["RUR", f"state {number}", "1"] for number in range(100_000)])])
    with pytest.raises(KnowledgeBaseError) as caught:
        engine("duckdb").infer(snapshot(kb))
    (issue,) = caught.value.issues
    assert issue.message == "100,000 rows of trade.csv: 'state 0' is not a known state"
    assert issue.hint == "see rows 4, 5, 6 ... of trade.csv: 'state 0', 'state 1', 'state 2'"


def broken(folder: Path, kind: str) -> None:
    if kind == "missing":
        (folder / "trade.csv").unlink()
    elif kind == "no Parquet":
        (folder / "trade.csv").rename(folder / "trade.parquet")
    elif kind == "cut":
        as_parquet(folder / "trade", ROWS["trade"])
        content = (folder / "trade.parquet").read_bytes()
        (folder / "trade.parquet").write_bytes(content[: len(content) // 2])
    elif kind == "column":
        as_csv(folder / "trade", [["a", "c", "worth"], *ROWS["trade"][1:]])
    elif kind == "empty":
        (folder / "trade.csv").write_bytes(b"")
    elif kind == "ragged":
        (folder / "trade.csv").write_text("a,b,worth\nRUR,Borduria,1\nRUR,Borduria,1,2,3,4\n", encoding="utf-8")
    elif kind == "open quote":
        (folder / "trade.csv").write_text(
            'a,b,worth\nRUR,Borduria,1\nRUR,Borduria,"1\nBO,Ruritania,2\n', encoding="utf-8"
        )
    elif kind == "not UTF-8":
        (folder / "trade.csv").write_bytes(b"a,b,worth\nRUR,Bord\xff\xfe,1\n")
    elif kind == "folder":
        (folder / "trade.csv").unlink()
        (folder / "trade.csv").mkdir()
    elif kind == "codes":
        (folder / "codes.csv").unlink()
    elif kind == "two names":
        (folder / "codes.csv").write_text(CODES + "BO,Syldavia\n", encoding="utf-8")
    elif kind == "one column":
        (folder / "codes.csv").write_text("code\nRU\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing", "trade.csv does not exist"),
        ("no Parquet", "trade.parquet cannot be read"),
        ("cut", "trade.parquet cannot be read"),
        ("column", "has no column b"),
        ("empty", "trade.csv"),
        ("ragged", "trade.csv cannot be read"),
        ("open quote", "trade.csv cannot be read: line 3 has a quote that is not closed"),
        ("not UTF-8", "trade.csv cannot be read"),
        ("folder", "trade.csv holds no table"),
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
    for skip in (None, *([] if kind == "ragged" else [str(tmp_path / "bad.csv")])):  # lines can be set aside
        with pytest.raises(KnowledgeBaseError) as caught:
            DuckDBEngine(skip_bad_rows=skip).infer(snapshot(kb))
        assert caught.value.issues[0].code == "KZ124"
        assert message in caught.value.issues[0].message
        assert caught.value.issues[0].location is not None


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    kb = opened(
        tmp_path, member=[*ROWS["member"], BAD[0][1], BAD[1][1]], trade=[*ROWS["trade"], ["RUR", "Borduria", "lots"]]
    )
    (tmp_path / "visit.csv").unlink()
    with pytest.raises(KnowledgeBaseError) as caught:
        engine("duckdb").infer(snapshot(kb))
    assert sorted(issue.code for issue in caught.value.issues) == ["KZ124", "KZ125", "KZ125", "KZ125"]


def test_more_rows_than_an_engine_in_memory_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kb = opened(tmp_path)
    monkeypatch.setattr(memory_rows.table_facts, "__defaults__", (5,))
    with pytest.raises(KnowledgeBaseError, match="KZ405 the tables hold more than 5 rows") as caught:
        for_engine(kb, "experta")
    assert caught.value.issues[0].hint == "use --engine duckdb"


def test_tables_that_fail_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    kb = opened(tmp_path, trade=[*ROWS["trade"], ["RUR", "Latveria", "1"]])
    with pytest.raises(KnowledgeBaseError, match="KZ125") as caught:
        for_engine(kb, "experta")
    kept = caught.value  # whoever holds an error holds all that led to it
    assert [*temporary.iterdir()] == []
    assert kept.issues


def test_check_reads_every_row(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    assert table_issues(opened(folder)) == []
    kb = opened(folder, member=[*ROWS["member"], BAD[0][1]], founded=[*ROWS["founded"], BAD[-1][1]])
    (folder / "visit.csv").unlink()
    assert [issue.code for issue in table_issues(kb)] == ["KZ125", "KZ124", "KZ125"]
    result = CliRunner().invoke(cli, ["check", "--kb", str(tmp_path)])
    assert result.exit_code == 1
    assert re.findall(r": (KZ\d{3})", result.output) == ["KZ125", "KZ124", "KZ125"]


@pytest.mark.parametrize(
    ("declaration", "code", "message"),
    [
        ("{file: x.csv, predicate: membr, columns: {state: a}}", "KZ202", "there is no predicate membr"),
        ("{file: x.csv, predicate: member, columns: {state: a, blok: b}}", "KZ203", "member has no argument blok"),
        ("{file: x.csv, predicate: member, columns: {state: a}}", "KZ203", "no column for the argument bloc of member"),
        ("{file: x.csv, predicate: member, columns: {state: a, bloc: b, 'on': c}}", "KZ117", "'on'"),
        ("{file: x.csv, predicate: visit, columns: {guest: a, host: b, purpose: c}}", "KZ117", "visit is an event"),
        (
            "{file: x.csv, predicate: trade, columns: {state: a, partner: b, worth: c}, map: {worth: y.csv}}",
            "KZ203",
            "map",
        ),
        (
            "{file: x.csv, predicate: founded, columns: {bloc: a, day: b}, source: atlass}",
            "KZ120",
            "there is no source atlass",
        ),
        ("{file: x.csv, columns: {bloc: a}}", "KZ109", "a table without 'predicate'"),
        ("{file: x.csv, predicate: founded, columns: [a, b]}", "KZ110", "expected a mapping"),
        ("{file: x.csv, predicate: founded, colums: {bloc: a}}", "KZ108", "unknown key 'colums'"),
        ("{file: x.csv, predicate: founded, columns: {bloc: a, day: b}, certainty: 2}", "KZ111", "a certainty of 2"),
        ("nothing", "KZ110", "expected a mapping for a table"),
    ],
)
def test_declarations_that_do_not_fit(tmp_path: Path, declaration: str, code: str, message: str) -> None:
    (tmp_path / "world.yaml").write_text(WORLD, encoding="utf-8")
    (tmp_path / "tables.yaml").write_text(f"tables:\n  - {declaration}\n", encoding="utf-8")
    loaded = read_knowledge_base([], [tmp_path / "world.yaml", tmp_path / "tables.yaml"])
    issues = [issue for issue in (*loaded.issues, *check(loaded.kb)) if issue.severity == "error"]
    assert (code, True) in {(issue.code, message in issue.message) for issue in issues}
    assert all(issue.location and issue.location.line == 2 for issue in issues)


def sqlite_table(folder: Path, rows: Sequence[Sequence[object]]) -> KnowledgeBase:
    """The tables of `opened`, of which the trade stands in an SQLite file."""
    with closing(sqlite3.connect(folder / "trade.db")) as connection, connection:
        connection.execute("CREATE TABLE flows (a TEXT, b TEXT, worth REAL)")
        connection.execute("CREATE INDEX by_worth ON flows (worth, b, a)")  # SQLite could read this in its own order
        connection.executemany("INSERT INTO flows VALUES (?, ?, ?)", rows)
    opened(folder)
    declared = folder / "tables.yaml"
    text = declared.read_text(encoding="utf-8").replace("file: trade.csv", "file: 'sqlite:trade.db#flows'")
    declared.write_text(text, encoding="utf-8")
    return load_knowledge_base([], [folder / "world.yaml", declared])


@pytest.mark.parametrize("name", ["experta", "duckdb"])
def test_a_table_of_sqlite_needs_no_extension(tmp_path: Path, name: str) -> None:
    kb = sqlite_table(tmp_path, ROWS["trade"][1:])
    found = engine(name).infer(snapshot(for_engine(kb, name)))
    expected = engine("experta").infer(snapshot(written_out(tmp_path)))
    assert told(found) == told(expected)


@pytest.mark.parametrize("name", ["experta", "duckdb"])
def test_the_last_batch_of_an_sqlite_table_may_be_empty(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a table without rows, or with as many as go into whole batches."""
    monkeypatch.setattr(reader, "_AT_ONCE", 1)
    for label, rows in (("full", ROWS["trade"][1:]), ("bare", [])):
        folder = tmp_path / label
        folder.mkdir()
        kb = sqlite_table(folder, rows)
        found = engine(name).infer(snapshot(for_engine(kb, name)))
        pattern = Pattern("trade", "trade", (ANY, ANY, ANY))
        assert len(list(found.facts.matching(pattern))) == len(rows)


def test_bad_values_of_sqlite_are_told_by_their_rows(tmp_path: Path) -> None:
    first = ROWS["trade"][1]
    kb = sqlite_table(tmp_path, [first, (first[0], first[1], "much")])
    with pytest.raises(KnowledgeBaseError) as caught:
        engine("duckdb").infer(snapshot(kb))
    (issue,) = caught.value.issues
    assert issue.message == "1 row of sqlite:trade.db#flows: 'much' is not a number for worth"
    assert issue.hint.startswith("see row 2 of ")


@pytest.mark.parametrize("name", ["experta", "duckdb"])
def test_what_needs_the_network_needs_leave(tmp_path: Path, name: str) -> None:
    opened(tmp_path)
    declared = tmp_path / "tables.yaml"
    text = declared.read_text(encoding="utf-8")
    text = text.replace("file: trade.csv", "file: 'postgres:host=nowhere.invalid password=hunter2#flows'")
    declared.write_text(text, encoding="utf-8")
    kb = load_knowledge_base([], [tmp_path / "world.yaml", declared])
    with pytest.raises(KnowledgeBaseError, match="is read over the network, which needs permission") as caught:
        engine(name).infer(snapshot(for_engine(kb, name)))
    (issue,) = caught.value.issues
    assert (issue.code, issue.hint) == ("KZ124", "add --allow-network")
    assert "hunter2" not in issues_text(caught.value.issues, kb.texts)


def test_the_configuration_of_the_database_is_locked() -> None:
    with closing(Database()) as database:
        for statement in ("SET autoinstall_known_extensions = true", "SET lock_configuration = false"):
            with pytest.raises(DatabaseError, match="locked"):
                database.rows(statement)
        ((home, extensions),) = database.rows(
            "SELECT current_setting('home_directory'), current_setting('extension_directory')"
        )
        assert home == extensions == str(database._folder)


def test_nothing_else_is_read_for_a_question(tmp_path: Path) -> None:
    kb = opened(tmp_path)
    (tmp_path / "trade.csv").unlink()
    found = engine("duckdb").infer(snapshot(kb, goals=[Pattern("close", "close", (ANY, ANY))]))
    assert len(found.certainties["close"])
    assert GroundAtom("founded", ("Pact", parse_partial_date("1994-05-15").first)) in [
        GroundAtom("founded", args) for args in found.certainties["founded"]
    ]
    with pytest.raises(KnowledgeBaseError, match="KZ124"):
        len(found.certainties["trade"])


def test_the_constants_of_a_question_are_pushed_down_to_the_rows(tmp_path: Path) -> None:
    kb = opened(tmp_path)
    whole = engine("duckdb").infer(snapshot(kb))
    for predicate in ("close", "spoken", "worth"):
        for args, certainty in whole.certainties[predicate].items():
            goal = Pattern(predicate, predicate, tuple(map(Constant, args)))
            part = engine("duckdb").infer(snapshot(kb, goals=[goal]))
            assert part.certainties[predicate][args] == certainty
            fired = [
                sorted((firing.rule.id, firing.binding_text, firing.strength) for firing in one.firings[goal_atom])
                for one in (part, whole)
                for goal_atom in [GroundAtom(predicate, args)]
            ]
            assert fired[0] == fired[1]
    goal = Pattern("worth", "worth", (Constant("Ruritania"), ANY))
    rows = engine("duckdb").infer(snapshot(kb, goals=[goal])).program.base["trade"]
    assert {args[0] for args in rows} == {"Ruritania"}
    goal = Pattern("close", "close", (Constant("Syldavia"), ANY))
    visits = engine("duckdb").infer(snapshot(kb, goals=[goal])).program.base[Relation("visit", Within(1, "year"))]
    assert {args[0] for args in visits} == {"Syldavia"}


def test_an_argument_may_take_the_number_of_the_row(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\nRuritania\nBorduria\nRuritania\n", encoding="utf-8")
    declared = (
        f"{{file: {tmp_path / 't.csv'}, predicate: trade, columns: {{state: a, worth: {{row: true}}}}, source: atlas}}"
    )
    rows = outcome(tmp_path, declared)
    assert sorted(rows) == sorted(outcome(tmp_path, _written(tmp_path, "a,b\nRuritania,1\nBorduria,2\nRuritania,3\n")))


def _written(folder: Path, text: str) -> str:
    (folder / "u.csv").write_text(text, encoding="utf-8")
    return TRADE.format(file=folder / "u.csv")


@pytest.mark.parametrize(
    "value", ["9007199254740993", "-9007199254740993", "00012345678901234567", "+9100000000000000"]
)
def test_whole_numbers_that_no_double_holds(tmp_path: Path, value: str) -> None:
    said = outcome(tmp_path, _written(tmp_path, f"a,b\nRuritania,{value}\nBorduria,9007199254740992\n"))
    assert said == [
        f"KZ125 1 row of {tmp_path / 'u.csv'}: '{value}' has more digits than the number worth holds exactly"
    ]


@pytest.mark.parametrize("stored", ["BIGINT", "UBIGINT", "DECIMAL(18,0)", "DECIMAL(38,0)"])
def test_whole_numbers_of_parquet_that_no_double_holds(tmp_path: Path, stored: str) -> None:
    file, most = tmp_path / "t.parquet", 2**53
    with closing(duckdb.connect()) as connection:
        rows = f"SELECT 'Borduria' AS a, {most}::{stored} AS b UNION ALL SELECT 'Ruritania', {most + 1}::{stored}"
        connection.execute(f"COPY ({rows}) TO '{file}' (FORMAT parquet)")
    assert outcome(tmp_path, TRADE.format(file=file)) == [
        f"KZ125 1 row of {file}: '{most + 1}' has more digits than the number worth holds exactly"
    ]
