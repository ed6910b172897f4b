"""What `kzexpert infer` writes: the same rows by every engine and in every format, in one order."""

import csv
import json
import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import processes
import pytest
from click.testing import Result
from installed import hide
from syrupy.assertion import SnapshotAssertion

from kzexpert.engines import engine
from kzexpert.language import load_knowledge_base
from kzexpert.model import Value, format_number
from kzexpert.model.columns import layout_of
from kzexpert.program.snapshot import snapshot

Infer = Callable[..., Result]
SMALL = Path(__file__).parents[1] / "kb_small"
CHECKOUT = Path(__file__).parents[2]

bulk = pytest.mark.skipif(not (find_spec("duckdb") and find_spec("sqlglot")), reason="needs the extra bulk")
ENGINES = ["experta", pytest.param("duckdb", marks=bulk)]


def rows_of(file: Path) -> list[dict[str, object]]:
    """The rows of a Parquet file."""
    import duckdb

    found = duckdb.sql(f"SELECT * FROM read_parquet('{file}')")
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def tables_of(file: Path) -> dict[str, list[tuple[object, ...]]]:
    """Table → its columns, then its rows, of a DuckDB file."""
    import duckdb

    with duckdb.connect(str(file), read_only=True) as connection:
        names = [name for (name,) in connection.execute("SHOW TABLES").fetchall()]
        found = {}
        for name in names:
            relation = connection.table(f'"{name}"')
            found[name] = [tuple(relation.columns), *relation.fetchall()]
    return found


# --- formats ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_text(infer: Infer, tmp_path: Path, snapshot: SnapshotAssertion, name: str, form: str) -> None:
    file = tmp_path / f"out.{form}"
    result = infer("--all", "--recorded", "--engine", name, "--output", str(file))
    assert (result.exit_code, result.stdout) == (0, "")
    written = file.read_text(encoding="utf-8")
    assert written == snapshot(name=form)
    assert infer("--all", "--recorded", "--engine", name, "--format", form).stdout == written


@bulk
@pytest.mark.parametrize("name", ENGINES)
def test_parquet(infer: Infer, tmp_path: Path, snapshot: SnapshotAssertion, name: str) -> None:
    import duckdb

    file = tmp_path / "out.parquet"
    assert infer("--all", "--engine", name, "--output", str(file)).exit_code == 0
    described = duckdb.sql(f"DESCRIBE SELECT * FROM read_parquet('{file}')").fetchall()
    assert [(column, kind) for column, kind, *_ in described] == snapshot(name="columns")
    assert rows_of(file) == snapshot(name="rows")


@bulk
@pytest.mark.parametrize("name", ENGINES)
def test_duckdb(infer: Infer, tmp_path: Path, snapshot: SnapshotAssertion, name: str) -> None:
    file = tmp_path / "out.duckdb"
    assert infer("--all", "--engine", name, "--output", str(file)).exit_code == 0
    tables = tables_of(file)
    run = tables.pop("run")
    assert tables == snapshot(name="tables")
    assert ("engine", "", name) in run
    assert ("as_of", "", "2010-06-01") in run
    digests = {row[1]: row[2] for row in run if row[0] == "sha256"}
    assert len(digests) == len([*(SMALL / "rules").iterdir(), *(SMALL / "facts").iterdir()])
    assert all(re.fullmatch("[0-9a-f]{64}", str(digest)) for digest in digests.values())


def test_an_ending_or_a_name_says_the_format(infer: Infer, tmp_path: Path) -> None:
    odd = tmp_path / "result.txt"
    assert infer("--output", str(tmp_path / "A.NDJSON")).exit_code == 0
    assert infer("--output", str(odd), "--format", "jsonl").exit_code == 0
    assert odd.read_bytes() == (tmp_path / "A.NDJSON").read_bytes()


# --- engines agree ---------------------------------------------------------------------------------------------------

CHOICES = [(), ("--all",), ("--recorded",), ("--all", "--recorded"), ("quote", "near(A, ?x)", "near(?x, ?x)", "--all")]


@bulk
@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize("choice", CHOICES, ids=" ".join)
def test_engines_write_the_same_bytes(
    infer: Infer, tmp_path: Path, hard_world: Path, form: str, choice: tuple[str, ...]
) -> None:
    files = []
    for name in ("experta", "duckdb"):
        files.append(tmp_path / f"{name}.{form}")
        result = infer(*choice, "--engine", name, "--output", str(files[-1]), kb=hard_world)
        assert result.exit_code == 0, result.output
    assert files[0].read_bytes() == files[1].read_bytes()


@bulk
@pytest.mark.parametrize("choice", CHOICES, ids=" ".join)
def test_parquet_and_json_hold_the_same(
    infer: Infer, tmp_path: Path, hard_world: Path, choice: tuple[str, ...]
) -> None:
    found = []
    for name in ("experta", "duckdb"):
        file = tmp_path / f"{name}.parquet"
        assert infer(*choice, "--engine", name, "--output", str(file), kb=hard_world).exit_code == 0
        found.append(rows_of(file))
    lines = infer(*choice, "--format", "jsonl", kb=hard_world).stdout.split("\n")[:-1]
    as_json = [json.loads(line) for line in lines]
    assert found[0] == found[1]
    assert [{**row, "as_of": str(row["as_of"])} for row in found[0]] == as_json


@pytest.mark.parametrize("name", ENGINES)
def test_the_file_holds_every_conclusion_and_no_other(infer: Infer, hard_world: Path, name: str) -> None:
    kb = load_knowledge_base([hard_world])
    inference = engine("experta").infer(snapshot(kb))
    layout = layout_of(kb, kb.concluded, derived=False)
    lines = infer("--all", "--engine", name, "--format", "jsonl", kb=hard_world).stdout.split("\n")[:-1]
    told = {}
    for row in map(json.loads, lines):
        columns = [layout.arguments[place].name for place in layout.places[row["predicate"]]]
        told[row["predicate"], *(row[column] for column in columns)] = row["certainty"]
    assert len(lines) == len(told)
    # Numbers stand as text where the column holds texts of other predicates.
    expected = {
        (atom.predicate, *(_as_written(value, layout.arguments[place].kind) for value, place in placed)): certainty
        for atom in inference.firings
        for placed in [list(zip(atom.args, layout.places[atom.predicate], strict=True))]
        for certainty in [inference.certainty(atom)]
    }
    assert told == expected


def _as_written(value: Value, kind: str) -> object:
    if isinstance(value, float):
        return format_number(value) if kind == "text" else value
    return str(value)


def test_recorded_facts_are_told_apart(infer: Infer, hard_world: Path) -> None:
    rows = list(csv.DictReader(infer("--recorded", "--all", "--format", "csv", kb=hard_world).stdout.splitlines()))
    near = {(row["a"], row["b_"]): row["derived"] for row in rows if row["predicate"] == "near"}
    assert near["A", "B"] == "true"  # recorded and concluded
    assert near["D", "A"] == "false"
    concluded = infer("near", "--all", "--format", "csv", kb=hard_world).stdout
    assert "D,A" not in concluded


@bulk
def test_names_that_collide(infer: Infer, tmp_path: Path, hard_world: Path) -> None:
    file = tmp_path / "out.db"
    assert infer("--output", str(file), "--all", kb=hard_world).exit_code == 0
    tables = tables_of(file)
    assert {"run", "run_", "Near", "near_"} <= set(tables)
    assert tables["run_"][0] == ("as_of", "predicate", "As_Of_", "certainty", "evidence", "established")
    assert tables["Near"][0][1:3] == ("B", "b_")
    assert tables["peace"][1][1] == 0.95
    header = infer("--format", "csv", kb=hard_world).stdout.partition("\n")[0].split(",")
    assert len({name.lower() for name in header}) == len(header)


# --- dates -----------------------------------------------------------------------------------------------------------


@bulk
@pytest.mark.parametrize("choice", [(), ("--all", "--recorded"), ("alignment", "reaches(?a, Syldavia)")], ids=" ".join)
def test_years_are_rows_of_their_own(infer: Infer, choice: tuple[str, ...]) -> None:
    texts = [
        infer(*choice, "--as-of", "1994..2011", "--engine", name, "--format", "csv").stdout
        for name in ("experta", "duckdb")
    ]
    assert texts[0] == texts[1]
    each = []
    for year in range(1994, 2012):
        header, *lines = infer(*choice, "--as-of", str(year), "--format", "csv").stdout.splitlines()
        each += lines
    assert texts[0].splitlines() == [header, *each]


# --- always the same -------------------------------------------------------------------------------------------------


@bulk
@pytest.mark.slow
@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_the_same_bytes_whatever_the_hashes(tmp_path: Path, hard_world: Path, form: str) -> None:
    for name in ("experta", "duckdb"):
        written = set()
        for seed in range(3):
            file = tmp_path / f"{seed}.{form}"
            options = ("--all", "--recorded", "--engine", name, "--output", str(file), "--kb", str(hard_world))
            assert processes.run("infer", *options, PYTHONHASHSEED=str(seed)).returncode == 0
            written.add(file.read_bytes())
        assert len(written) == 1


@bulk
@pytest.mark.slow
def test_a_large_file_is_in_order_and_the_same_for_any_number_of_threads(tmp_path: Path, large_world: Path) -> None:
    from kzexpert.engines.export.files import export
    from kzexpert.engines.sql.duckdb_engine import DuckDBEngine
    from kzexpert.model.columns import Selection

    kb = load_knowledge_base([large_world])
    written = set()
    for threads, memory in ((1, None), (3, "300MB")):
        inference = DuckDBEngine(memory=memory, threads=threads).infer(snapshot(kb))
        file = tmp_path / f"{threads}.parquet"
        rows = export([inference], Selection(), "parquet", file)
        written.add(file.read_bytes())
    assert rows == {"shared": 2_402_374}
    assert len(written) == 1
    import duckdb

    keys = '(one, other, "year", org)'
    unsorted = f"SELECT count(*) FROM (SELECT {keys} < lag({keys}) OVER () AS less FROM read_parquet('{file}')) t"
    (found,) = duckdb.sql(unsorted.replace('"year", org', 'org, "year"') + " WHERE less").fetchall()
    assert found == (0,)


# --- nothing to write, and mistakes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENGINES)
def test_nothing_follows(infer: Infer, tmp_path: Path, name: str) -> None:
    file = tmp_path / "out.csv"
    result = infer("hedges", "--engine", name, "--output", str(file))
    assert result.exit_code == 3
    assert file.read_text(encoding="utf-8") == "as_of,predicate,state,certainty,evidence,established\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--output: KZ308 where should the conclusions go?"),
        (("--output", "x.txt"), "KZ307 the ending of x.txt names no format"),
        (("member", "--format", "csv"), "KZ308 no rule concludes member"),
        (("membr", "--format", "csv"), "KZ301"),
        (("alignment(?a, ?b", "--format", "csv"), "KZ201"),
        (
            ("exercise(?a, ?b, ?c) within 1 year", "--format", "csv"),
            "KZ301 a file of conclusions has neither a window of time",
        ),
        (("--format", "csv", "--as-of", "2011..1990"), "KZ303 2011..1990 runs backwards"),
        (("--output", "nowhere/x.csv"), "nowhere/x.csv: KZ306 cannot write: No such file or directory"),
        (("--output", "."), ".: KZ306 cannot write: the command runs in this folder"),
        (("--output", "nowhere/x/"), "nowhere/x/: KZ306 cannot write: No such file or directory"),
        (("--output", "\0/"), "KZ306 cannot write"),
        (("--output", "x/", "--format", "duckdb"), "KZ308 a DuckDB database is written to a file"),
        (("--output", "x/", "--format", "csv", "--lines"), "KZ308 lines of evidence are written to a file"),
        (("--output", "hdfs:///x"), "hdfs:///x: KZ308 the experta engine does not write to hdfs:///x"),
    ],
)
def test_mistakes(
    infer: Infer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = infer(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert [*tmp_path.iterdir()] == []


def test_what_writes_parquet_may_be_missing(infer: Infer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hide("duckdb", monkeypatch)
    result = infer("--output", str(tmp_path / "x.parquet"))
    assert result.exit_code == 2
    assert "KZ403 writing parquet needs duckdb" in result.stderr
    assert [*tmp_path.iterdir()] == []
    assert infer("--output", str(tmp_path / "x.csv")).exit_code == 0


def test_the_summary_tells_what_it_cost(infer: Infer, tmp_path: Path) -> None:
    said = infer("--output", str(tmp_path / "x.csv")).stderr
    assert re.search(r"^\d+ rows written to \S+x\.csv \(\d+ bytes\)$", said, re.MULTILINE)
    assert re.search(r"^ +\d+ +reaches$", said, re.MULTILINE)
    assert re.search(r"^\d+ facts read; loading [\d.]+ s, inferring [\d.]+ s, writing [\d.]+ s", said, re.MULTILINE)
    assert "peak memory" in said
