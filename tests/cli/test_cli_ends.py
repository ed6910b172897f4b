"""How commands end when something around them goes wrong: full devices, signals, a folder that is gone; and what no
command overwrites."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from available import SPARK, ready

from kzexpert.engines.export.lines import guarded
from kzexpert.engines.packages import bulk
from kzexpert.errors import UsageError

from .conftest import Kzexpert
from .test_cli_process import ASK, SMALL, command, environment

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="no full device here")

# --- full devices ----------------------------------------------------------------------------------------------------


@needs_full
@pytest.mark.parametrize("arguments", [("--help",), ("ask", "--help"), ("--version",)], ids=" ".join)
def test_help_on_a_full_device(arguments: tuple[str, ...]) -> None:
    with FULL.open("wb") as full:
        result = subprocess.run(command(*arguments), env=environment(), stdout=full, stderr=subprocess.PIPE)
    assert result.returncode == 2
    assert b"stdout: KZ306" in result.stderr
    assert b"Traceback" not in result.stderr


@needs_full
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((*ASK, "--verbose"), 0),
        (("check", "--kb", "nowhere"), 1),
        (("ask", "gibberish", "--kb", str(SMALL)), 2),
        (("ask",), 2),
        (("ask", "which states hedge", "--kb", str(SMALL), "--verbose"), 3),
    ],
)
def test_a_full_stderr_keeps_the_exit_code(arguments: tuple[str, ...], code: int) -> None:
    with FULL.open("wb") as full:
        result = subprocess.run(command(*arguments), env=environment(), stdout=subprocess.PIPE, stderr=full)
    assert result.returncode == code


# --- signals ---------------------------------------------------------------------------------------------------------

ENDLESS = """
predicates:
  tick: {args: [number: number]}
rules:
  - {id: start, when: ["soldiers(_, ?n)"], then: tick(?n), source: almanac}
  - {id: tick, when: ["tick(?n)", "?m = ?n + 1"], then: tick(?m), source: almanac}
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("engine", ["experta", "duckdb"])
def test_a_signal_leaves_nothing_behind(tmp_path: Path, number: signal.Signals, engine: str) -> None:
    if engine == "duckdb":
        pytest.importorskip("duckdb")
        pytest.importorskip("sqlglot")
    (tmp_path / "endless.yaml").write_text(ENDLESS, encoding="utf-8")
    results, scratch = tmp_path / "results", tmp_path / "scratch"
    results.mkdir()
    scratch.mkdir()
    options = ("--kb", str(SMALL), "--rules", str(tmp_path / "endless.yaml"), "--verbose", "--engine", engine)
    process = subprocess.Popen(
        command("infer", "tick", *options, "--output", str(results / "ticks.csv"), "--budget", "facts=100000000"),
        env=environment(PYTHONUNBUFFERED="1", TMPDIR=str(scratch)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stderr is not None
    with process.stderr:
        for line in process.stderr:
            if line.startswith("checked:"):
                break
        time.sleep(1.0)
        process.send_signal(number)
        told = process.stderr.read()
    assert process.wait(timeout=60) == 128 + number
    assert "terminated" in told
    assert "Traceback" not in told
    assert [*results.iterdir(), *scratch.iterdir()] == []


LOST = """
import sys, time, weakref
from kzexpert.cli.signals import exit_code, listen_for_signals
class Thing: pass
def callback(_):
    sys.stdout.write("now\\n"); sys.stdout.flush()
    time.sleep(30)
listen_for_signals()
try:
    thing = Thing()
    reference = weakref.ref(thing, callback)
    del thing
    time.sleep(30)
except KeyboardInterrupt:
    sys.exit(exit_code())
"""


def test_a_signal_is_not_lost_amid_a_callback() -> None:
    """Imports are full of callbacks, out of which Python lets no exception go."""
    process = subprocess.Popen([sys.executable, "-c", LOST], env=environment(), stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == b"now\n"
        process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 128 + signal.SIGTERM


def test_a_signal_waits_while_a_library_is_imported() -> None:
    arrived = []
    before = signal.signal(signal.SIGTERM, lambda *_: arrived.append("signal"))
    try:
        with bulk("the duckdb engine"):
            signal.raise_signal(signal.SIGTERM)
            arrived.append("end of the import")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert arrived == ["end of the import", "signal"]


# --- a folder that is gone -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (ASK, 0),
        (("check", "--kb", str(SMALL)), 0),
        (("test", "--kb", str(SMALL)), 0),
        (("why", "who is Ruritania aligned with", "--kb", str(SMALL)), 0),
        (("trace", "export", "who is Ruritania aligned with", "--kb", str(SMALL)), 0),
        (("infer", "--format", "csv", "--kb", str(SMALL)), 0),
        (("ask", "which states hedge", "--kb", "here"), 1),
        (("infer", "--output", "x.csv", "--kb", str(SMALL)), 2),
    ],
)
def test_a_working_folder_that_was_deleted(tmp_path: Path, arguments: tuple[str, ...], code: int) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    line = 'cd "$0" && rmdir "$0" && exec "$@"'
    result = subprocess.run(
        ["sh", "-c", line, str(gone), *command(*arguments)], env=environment(), capture_output=True, encoding="utf-8"
    )
    assert (result.returncode, "bug of its own" in result.stderr) == (code, False), result.stderr
    assert "Traceback" not in result.stderr


# --- libraries -------------------------------------------------------------------------------------------------------


def test_a_library_without_memory_is_not_of_another_version() -> None:
    with pytest.raises(UsageError) as caught, bulk("the duckdb engine"):
        raise ImportError("cannot allocate memory in static TLS block", name="duckdb", path="/x/duckdb.so")
    assert "another version" not in str(caught.value)
    assert "memory" in caught.value.issues[0].hint
    with pytest.raises(UsageError, match="another version"), bulk("the duckdb engine"):
        raise ImportError("cannot import name 'x' from 'duckdb'", name="duckdb", path="/x/duckdb/__init__.py")


# --- what no command overwrites --------------------------------------------------------------------------------------


def refused(kzexpert: Kzexpert, *arguments: str) -> None:
    result = kzexpert(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "KZ306 cannot write: the command reads this file" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("ask", "hedges(?s, _, _, _)"),
        ("why", "hedges(?s, _, _, _)"),
        ("conclusions",),
        ("check",),
        ("vocabulary",),
        ("test",),
        ("infer", "--format", "csv"),
        ("timeline", "leads(?power, Pact)"),
        ("trace", "export", "hedges(?s, _, _, _)"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("way", ["itself", "symbolic link", "hard link"])
def test_a_file_that_was_read_is_not_overwritten(
    kzexpert: Kzexpert, small: Path, arguments: tuple[str, ...], way: str
) -> None:
    file = sorted((small / "rules").glob("*.yaml"))[0]
    before = file.read_bytes()
    target = {"itself": file, "symbolic link": small / "soft", "hard link": small / "hard"}[way]
    if way == "symbolic link":
        target.symlink_to(file)
    elif way == "hard link":
        os.link(file, target)
    refused(kzexpert, *arguments, "--output", str(target))
    assert file.read_bytes() == before


def test_traces_and_cases_are_read_too(kzexpert: Kzexpert, small: Path) -> None:
    assert kzexpert("trace", "export", "leads(?who, Pact)", "--output", "a.json").exit_code == 0
    refused(kzexpert, "trace", "verify", "a.json", "--output", "a.json")
    refused(kzexpert, "trace", "diff", "a.json", "a.json", "--output", str(small / "a.json"))
    case = next((small / "tests" / "cases").glob("*.yaml"))
    refused(kzexpert, "test", "--output", str(case))


def test_files_of_tables_are_read_too(kzexpert: Kzexpert, small: Path) -> None:
    """Wherever they lie, and however a declaration names them: a file, one of a folder, a table of SQLite, codes."""
    pytest.importorskip("duckdb")
    register = small / "register"
    (register / "parts").mkdir(parents=True)
    (register / "parts" / "one.csv").write_text("who\nsun\n", encoding="utf-8")
    (register / "codes.csv").write_text("code,name\nsun,sun\n", encoding="utf-8")
    with closing(sqlite3.connect(register / "all.db")) as connection, connection:
        connection.execute("CREATE TABLE stars (who TEXT)")
    (small / "facts" / "tables.yaml").write_text(
        "kinds: [star]\nentities: {sun: {kind: star}}\npredicates: {shines: {args: [who: star]}}\n"
        "sources: {sky: {date: 2011}}\ntables:\n"
        "  - {file: 'sqlite:../register/all.db#stars', predicate: shines, columns: {who: who}, source: sky}\n"
        "  - {file: ../register/parts, predicate: shines, columns: {who: who}, map: {who: ../register/codes.csv},"
        " source: sky}\n",
        encoding="utf-8",
    )
    for name in ("all.db", "codes.csv", "parts/one.csv"):
        file = register / name
        before = file.read_bytes()
        refused(kzexpert, "conclusions", "--output", str(file))
        bad = kzexpert("conclusions", "--skip-bad-rows", str(file))
        assert (bad.exit_code, bad.stderr.count("KZ306")) == (2, 1)
        assert file.read_bytes() == before

    for option in ("--output", "--skip-bad-rows"):
        new = kzexpert("infer", "--format", "csv", option, str(register / "parts" / "two.csv"))
        assert (new.exit_code, new.stderr.count("KZ306 cannot write: the command reads all files of this folder")) == (
            2,
            1,
        )
    assert [file.name for file in (register / "parts").iterdir()] == ["one.csv"]


@pytest.mark.parametrize("option", ["--output", "--skip-bad-rows"])
def test_files_of_partitions_are_read_too(kzexpert: Kzexpert, small: Path, option: str) -> None:
    duckdb = pytest.importorskip("duckdb")
    table, beside = small / "lc", small / "beside"
    for folder, year in ((table / "year=2010", 1), (beside, 2)):
        folder.mkdir(parents=True)
        duckdb.sql(f"COPY (SELECT 'sun' AS who) TO '{folder}/p{year}.parquet'")
    (table / "year=2011").symlink_to(beside)
    (small / "facts" / "tables.yaml").write_text(
        "kinds: [star]\nentities: {sun: {kind: star}}\npredicates: {shines: {args: [who: star]}}\n"
        "sources: {sky: {date: 2011}}\n"
        "tables: [{file: ../lc, predicate: shines, columns: {who: who}, source: sky}]\n",
        encoding="utf-8",
    )
    for name in ("lc/year=2010/p1.parquet", "lc/year=2011/p2.parquet", "beside/p2.parquet"):
        before = (small / name).read_bytes()
        given = ("shines", "--recorded", "--engine", "duckdb", "--format", "parquet", option, name)
        result = kzexpert("infer", *given, *(() if option == "--output" else ("--output", "out.parquet")))
        assert (result.exit_code, "KZ306 cannot write: the command reads this file" in result.stderr) == (2, True)
        assert (small / name).read_bytes() == before
    for name in ("lc/year=2010/new.parquet", "lc/a/b.parquet", "beside/new.parquet"):
        (small / name).parent.mkdir(exist_ok=True)
        result = kzexpert("conclusions", option, name)
        assert (result.exit_code, "the command reads all files of this folder" in result.stderr) == (2, True)
        assert not (small / name).exists()


def test_two_results_do_not_go_to_one_file(kzexpert: Kzexpert, small: Path) -> None:
    result = kzexpert("infer", "--output", "same.csv", "--skip-bad-rows", str(small / "." / "same.csv"))
    assert result.exit_code == 2
    assert "same.csv: KZ306 cannot write: --skip-bad-rows names the same file" in result.stderr
    assert not (small / "same.csv").exists()
    for _ in range(2):
        result = kzexpert("infer", "--output", "out/", "--skip-bad-rows", str(small / "out" / "bad.csv"))
        assert result.exit_code == 2
        assert "out/: KZ306 cannot write: --skip-bad-rows names a file in this folder" in result.stderr
        (small / "out").mkdir(exist_ok=True)
    assert [*(small / "out").iterdir()] == []


# --- formulas in CSV -------------------------------------------------------------------------------------------------


FORMULAS = ("=1+1", "-2,5", '=HYPERLINK("a,b")', "@SUM", "+a\nb", "\tx", "\r=y", "-")


def test_texts_that_a_spreadsheet_takes_for_formulas_are_guarded() -> None:
    assert [guarded(text) for text in FORMULAS] == [f"'{text}" for text in FORMULAS]
    for text in ("", "-0.5", "+1e+20", 'say "=x"', "two\nlines, =no", "a=b"):
        assert guarded(text) == text


@pytest.mark.parametrize("engine", ["experta", "duckdb", SPARK])
def test_the_option_that_guards(kzexpert: Kzexpert, small: Path, engine: str) -> None:
    ready(engine)
    (small / "world.yaml").write_text(
        "predicates: {seen: {args: [what: text]}, told: {args: [what: text]}}\n"
        "facts: {seen: [{what: '=1+1'}]}\n"
        "rules: [{id: telling, when: ['seen(?what)'], then: told(?what)}]\n",
        encoding="utf-8",
    )
    command = ("infer", "told", "--rules", "world.yaml", "--format", "csv", "--engine", engine)
    assert ",=1+1," in kzexpert(*command).stdout
    assert ",'=1+1," in kzexpert(*command, "--guard-formulas").stdout
    assert kzexpert(*command[:-3], "jsonl", "--guard-formulas").exit_code == 2
