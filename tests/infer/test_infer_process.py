"""The command as a process that is killed, interrupted or runs out of disk: the file is there whole, or as it was."""

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import processes
import pytest
from processes import CHECKOUT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (find_spec("duckdb") and find_spec("sqlglot")), reason="needs the extra bulk"),
]

FORMS = ("parquet", "csv", "duckdb")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the file goes; temporary files of the database have a folder of their own."""
    (tmp_path / "temporary").mkdir()
    (tmp_path / "out").mkdir()
    return tmp_path


_STARTED: list[subprocess.Popen[str]] = []


def started(kb: Path, folder: Path, *arguments: str, **streams: int) -> subprocess.Popen[str]:
    """Start ``infer`` on DuckDB."""
    told = ("infer", "--engine", "duckdb", "--kb", str(kb), *arguments)
    process = processes.started(*told, TMPDIR=str(folder / "temporary"), **streams)  # type: ignore[arg-type]
    _STARTED.append(process)
    return process


@pytest.fixture(autouse=True)
def _no_process_is_left() -> Iterator[None]:
    """Also where a test fails."""
    yield
    while _STARTED:
        process = _STARTED.pop()
        process.kill()
        process.wait()


def wait_until_writing(process: subprocess.Popen[str], file: Path) -> None:
    """Until there is something in the new file that is filled beside the old one."""
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if any(part.stat().st_size > 1000 for part in list(file.parent.glob(f".kzexpert-*/{file.name}"))):
            return
        time.sleep(0.005)
    pytest.fail("it did not come to writing")


# --- killed and interrupted ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_killed_while_writing(large_world: Path, folder: Path, form: str) -> None:
    file = folder / "out" / f"x.{form}"
    file.write_bytes(b"as it was")
    process = started(large_world, folder, "--output", str(file))
    wait_until_writing(process, file)
    process.kill()
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert file.read_bytes() == b"as it was"


@pytest.mark.parametrize("form", FORMS)
def test_interrupted_while_writing(large_world: Path, folder: Path, form: str) -> None:
    file = folder / "out" / f"x.{form}"
    file.write_bytes(b"as it was")
    process = started(large_world, folder, "--output", str(file))
    wait_until_writing(process, file)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said.splitlines()[-1]) == (130, "interrupted")
    assert file.read_bytes() == b"as it was"
    assert [item.name for item in file.parent.iterdir()] == [file.name]
    assert [*(folder / "temporary").iterdir()] == []


_ENDLESS = """
kinds: [state]
predicates:
  n: {args: [n: number]}
  hop: {args: [a: number, b: number]}
rules:
  - {id: hop, when: ["n(?a)", "?b = ?a + 1"], then: "hop(?a, ?b)", source: s}
  - {id: hops, when: ["hop(?a, ?b)", "?c = ?b + 1", "?c < 10000000"], then: "hop(?b, ?c)", source: s}
"""
_DEEP = """
predicates:
  edge: {args: [a: number, b: number]}
  path: {args: [a: number, b: number]}
rules:
  - {id: edge, when: ["edge(?a, ?b)"], then: "path(?a, ?b)", source: s}
  - {id: path, when: ["path(?a, ?b)", "edge(?b, ?c)"], then: "path(?a, ?c)", source: s}
"""


def _recursive(folder: Path, rules: str) -> Path:
    """Rules that take far longer than the test."""
    kb = folder / "kb"
    for name in ("rules", "facts"):
        (kb / name).mkdir(parents=True)
    (kb / "rules" / "r.yaml").write_text(rules, encoding="utf-8")
    (kb / "facts" / "s.yaml").write_text("sources: {s: {title: S, date: 2011}}\n", encoding="utf-8")
    if "edge" in rules:
        rows = "".join(f"{number},{number + 1},s\n" for number in range(20_000))
        (kb / "facts" / "edge.csv").write_text(f"a,b,source\n{rows}", encoding="utf-8")
    else:
        (kb / "facts" / "n.csv").write_text("n,source\n0,s\n", encoding="utf-8")
    return kb


@pytest.mark.parametrize("rules", [_ENDLESS, _DEEP], ids=["rounds", "recursive query"])
def test_interrupted_in_recursion(folder: Path, rules: str) -> None:
    """The database itself looks for signals only when a recursive query has ended."""
    file = folder / "out" / "x.csv"
    process = started(_recursive(folder, rules), folder, "--output", str(file), "--budget", "facts=100000000")
    deadline = time.monotonic() + 60
    while not [*(folder / "temporary").iterdir()] and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(1.0)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said.splitlines()[-1]) == (130, "interrupted")
    assert [*file.parent.iterdir()] == []
    assert [*(folder / "temporary").iterdir()] == []


def test_the_time_of_a_recursive_query_is_bounded(folder: Path) -> None:
    """Also where the database goes on after it was told to stop."""
    budget = ("--budget", "facts=100000000", "--budget", "seconds=1")
    process = started(_recursive(folder, _DEEP), folder, "--output", str(folder / "out" / "x.csv"), *budget)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "KZ401" in said
    assert [*(folder / "temporary").iterdir()] == []


# --- no room ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    try:
        done = subprocess.run(mounted, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        done = False
    if not done:
        pytest.skip("only root can make a small disk")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.parametrize("form", [*FORMS, "jsonl"])
def test_a_full_disk(large_world: Path, folder: Path, full: Path, form: str) -> None:
    file = full / f"x.{form}"
    file.write_bytes(b"as it was")
    process = started(large_world, folder, "--output", str(file))
    _, said = process.communicate(timeout=100)
    assert process.returncode == 2
    assert said.startswith(f"{file}: KZ306 cannot write: No space left on device\n  hint: make room there")
    assert "Traceback" not in said
    assert file.read_bytes() == b"as it was"
    assert [item.name for item in full.iterdir()] == [file.name]


@pytest.mark.parametrize("engine", ["experta", "duckdb"])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
def test_a_device_that_is_full(folder: Path, engine: str) -> None:
    small = CHECKOUT / "tests" / "kb_small"
    with Path("/dev/full").open("wb") as device:
        process = started(small, folder, "--format", "csv", "--engine", engine, stdout=device.fileno())
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said.count("KZ306")) == (2, 1)
    process = started(small, folder, "--format", "csv", "--engine", engine, "--output", "/dev/full")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert said.startswith("/dev/full: KZ306 cannot write: No space left on device")
    assert [*(folder / "temporary").iterdir()] == []


def test_too_little_memory(large_world: Path, folder: Path) -> None:
    file = folder / "out" / "x.csv"
    process = started(large_world, folder, "--output", str(file), "--memory", "2MB")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "KZ404 the database ran out of memory or disk" in said
    assert "Traceback" not in said
    assert [*file.parent.iterdir()] == []


# --- pipes and terminals ---------------------------------------------------------------------------------------------


def test_a_named_pipe(folder: Path) -> None:
    pipe = folder / "out" / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    process = started(CHECKOUT / "tests" / "kb_small", folder, "--format", "csv", "--output", str(pipe))
    process.communicate(timeout=60)
    reader.join(timeout=60)
    assert process.returncode == 0
    assert read[0].startswith(b"as_of,predicate,")
    assert read[0].endswith(b"\n")


def test_a_reader_that_goes_away(large_world: Path, folder: Path) -> None:
    process = started(large_world, folder, "--format", "csv", stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("as_of,")
    process.stdout.close()
    assert process.wait(timeout=60) == 141
    assert process.stderr is not None
    with process.stderr:
        assert "Traceback" not in process.stderr.read()


def test_progress_on_a_terminal(large_world: Path, folder: Path) -> None:
    command = ("infer", "--engine", "duckdb", "--kb", str(large_world), "--output", str(folder / "out" / "x.jsonl"))
    code, shown = processes.on_a_terminal(command, stdout=subprocess.DEVNULL, COLUMNS="100")
    assert code == 0
    *lines, last = shown.split("\r\x1b[K")
    assert any(re.match(r"writing [█░]{20} +\d+%", line) for line in lines)
    assert max(map(len, lines)) < 100
    assert "\n" not in "".join(lines)  # one line, drawn again and again, and gone at the end
    assert last.startswith("2,402,374 rows written")


def test_no_progress_elsewhere(large_world: Path, folder: Path) -> None:
    process = started(large_world, folder, "--output", str(folder / "out" / "x.jsonl"))
    _, said = process.communicate(timeout=100)
    assert process.returncode == 0
    assert said.startswith("2,402,374 rows written")
    assert "\x1b" not in said
