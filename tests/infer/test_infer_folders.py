"""``infer --output FOLDER``: a folder is replaced when all of it is written, and only if it is ours."""

import json
import os
import stat
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import Result

from kzexpert.engines.export import files
from kzexpert.engines.export.folders import DONE
from kzexpert.errors import UsageError

Infer = Callable[..., Result]
bulk = pytest.mark.skipif(not (find_spec("duckdb") and find_spec("sqlglot")), reason="needs the extra bulk")
FOREIGN = [
    "predicate=reaches/notes.txt",
    "predicate=reaches/deep/part-0.csv",
    "predicate=mine/part-mine.csv",
    "part-of-my-thesis.txt",
    "part-0.csv",
    "as_of=soon/predicate=reaches/part-0.csv",
]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@bulk
@pytest.mark.parametrize("name", ["experta", "duckdb"])
def test_rows_are_those_of_a_file(infer: Infer, tmp_path: Path, name: str) -> None:
    import duckdb

    years = ("--as-of", "2009..2011", "--all", "--engine", name)
    said = infer(*years, "--output", f"{tmp_path}/out/").stderr
    assert f"rows written to {tmp_path}/out/ (" in said
    infer(*years, "--output", str(tmp_path / "out.parquet"))
    names = "as_of, predicate, state, power, certainty, established"
    read = f"SELECT {names} FROM read_parquet('{{}}') ORDER BY ALL"
    wanted = duckdb.sql(read.format(tmp_path / "out.parquet")).fetchall()
    assert duckdb.sql(read.format(tmp_path / "out" / "*" / "*" / "*.parquet")).fetchall() == wanted
    told = [json.loads(line) for line in (tmp_path / "out" / DONE).read_text(encoding="utf-8").splitlines()]
    assert {"what": "engine", "name": "", "value": name} in told
    assert [row["value"] for row in told if row["what"] == "as_of"] == ["2009-12-31", "2010-12-31", "2011-12-31"]


def test_an_earlier_output_is_replaced_and_keeps_its_permissions(infer: Infer, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir(mode=0o750)
    assert infer("--as-of", "2009..2010", "--output", str(out), "--format", "jsonl").exit_code == 0
    assert {path.parts[0] for path in map(Path, contents(out))} == {DONE, "as_of=2009-12-31", "as_of=2010-12-31"}
    assert infer("reaches", "--output", str(out), "--format", "csv").exit_code == 0
    assert sorted(contents(out)) == [DONE, "predicate=reaches/part-0.csv"]
    assert stat.S_IMODE(out.stat().st_mode) == 0o750
    assert infer("hedges", "--output", f"{out}/", "--format", "csv").exit_code == 3
    assert sorted(contents(out)) == [DONE]
    assert [*tmp_path.iterdir()] == [out]


@pytest.mark.parametrize("wrong", [OSError(28, "No space left on device"), ValueError("ours"), KeyboardInterrupt()])
def test_a_write_that_fails_leaves_the_old_folder_as_it_was(
    infer: Infer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: BaseException
) -> None:
    command = ("--output", f"{tmp_path}/out/", "--format", "csv")
    infer(*command)
    before = contents(tmp_path / "out")
    write = files.write_csv
    written: list[object] = []

    def fail(*arguments) -> None:  # type: ignore[no-untyped-def]
        if written:
            raise wrong
        written.append(write(*arguments))

    monkeypatch.setattr(files, "write_csv", fail)
    result = infer(*command, "--all")
    assert result.exit_code != 0
    if isinstance(wrong, OSError):
        assert "out/: KZ306 cannot write: No space left on device" in result.stderr
    assert contents(tmp_path / "out") == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("foreign", ["notes.txt", *FOREIGN])
def test_what_somebody_else_wrote_is_not_overwritten(infer: Infer, tmp_path: Path, foreign: str) -> None:
    command = ("--output", f"{tmp_path}/out/", "--format", "csv")
    infer(*command)
    file = tmp_path / "out" / foreign
    file.parent.mkdir(exist_ok=True, parents=True)
    file.write_text("mine", encoding="utf-8")
    before = contents(tmp_path / "out")
    result = infer(*command)
    assert result.exit_code == 2
    assert "KZ306 cannot write: " in result.stderr
    assert ", which this command did not write" in result.stderr
    assert contents(tmp_path / "out") == before


def test_a_link_in_a_folder_is_not_ours(infer: Infer, tmp_path: Path) -> None:
    command = ("--output", f"{tmp_path}/out/", "--format", "csv")
    infer(*command)
    link = tmp_path / "out" / "predicate=lnk"
    for target in (tmp_path, tmp_path / "out" / "predicate=reaches", tmp_path / "nowhere"):
        link.symlink_to(target)
        result = infer(*command)
        assert result.exit_code == 2
        assert "cannot write: this folder holds predicate=lnk, which this command did not write" in result.stderr
        link.unlink()
    assert infer(*command).exit_code == 0


def test_what_spark_writes_is_ours(infer: Infer, tmp_path: Path) -> None:
    command = ("--output", f"{tmp_path}/out/", "--format", "csv")
    infer(*command)
    name = "part-00000-5b0e3c1e-7a3f-4b0c-9d6e-0a1b2c3d4e5f.c000"
    for file in (f"{name}.snappy.parquet", f"{name}.csv", f"{name}.json", f".{name}.csv.crc"):
        (tmp_path / "out" / "predicate=reaches" / file).touch()
    assert infer(*command).exit_code == 0
    assert [path.name for path in (tmp_path / "out" / "predicate=reaches").iterdir()] == ["part-0.csv"]


@pytest.mark.parametrize("name", ["old", "new", "draft"])
def test_a_folder_of_any_name_is_replaced(infer: Infer, tmp_path: Path, name: str) -> None:
    for _ in range(3):
        assert infer("--output", f"{tmp_path}/{name}/", "--format", "csv").exit_code == 0
        assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_name_that_is_too_long(infer: Infer, tmp_path: Path) -> None:
    for end in ("", "/"):
        result = infer("--output", f"{tmp_path}/{'x' * 300}{end}", "--format", "csv")
        assert result.exit_code == 2
        assert "KZ306 cannot write: File name too long" in result.stderr


@pytest.mark.parametrize("inside", ["", "predicate=reaches"])
def test_a_folder_that_may_not_be_emptied_is_told_before_the_run(
    infer: Infer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    out = tmp_path / "out"
    infer("--output", f"{out}/", "--format", "csv")
    monkeypatch.setattr(os, "access", lambda path, mode: not (path == out / inside and mode & os.W_OK))
    monkeypatch.setattr(files, "write_csv", lambda *_: pytest.fail("it ran"))
    result = infer("--output", f"{out}/", "--format", "csv")
    assert result.exit_code == 2
    assert "out/: KZ306 cannot write: Permission denied\n  hint: give a folder that may be written to" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_without_our_mark_is_not_ours(infer: Infer, tmp_path: Path) -> None:
    command = ("--output", f"{tmp_path}/out/", "--format", "csv")
    infer(*command)
    for mark in ("", "not json", "[1]"):
        (tmp_path / "out" / DONE).write_text(mark, encoding="utf-8")  # as Spark itself leaves it
        assert infer(*command).exit_code == 2
    (tmp_path / "out" / DONE).unlink()
    assert infer(*command).exit_code == 2


def test_a_folder_that_is_read_is_not_replaced(infer: Infer, tmp_path: Path) -> None:
    from kzexpert.atomic import check_unread

    infer("--output", f"{tmp_path}/out/", "--format", "csv")
    for read in ("out", "out/*/part-0.csv", "out/predicate=reaches/part-0.csv"):
        with pytest.raises(UsageError, match="it is a folder with files that the command reads"):
            check_unread(f"{tmp_path}/out/", [str(tmp_path / read)])
        with pytest.raises(UsageError, match="it is a folder with files that the command reads"):
            check_unread(f"{tmp_path}/missing/../out/", [str(tmp_path / read)])
    check_unread(f"{tmp_path}/out/", [str(tmp_path / "out2" / "x.csv")])


def test_formulas_are_guarded_in_folders_too(infer: Infer, tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text(
        "predicates: {seen: {args: [what: text]}, told: {args: [what: text]}}\nfacts: {seen: [{what: '=1+1'}]}\n"
        "rules: [{id: telling, when: ['seen(?what)'], then: told(?what)}]\n",
        encoding="utf-8",
    )
    options = ("--rules", str(tmp_path / "more.yaml"), "--format", "csv", "--guard-formulas")
    infer("told", *options, "--output", f"{tmp_path}/out/")
    assert b",'=1+1," in (tmp_path / "out" / "predicate=told" / "part-0.csv").read_bytes()
