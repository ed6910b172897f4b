"""What is packed is whole: the wheel works in an empty folder, and the source archive is enough to build it."""

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import kzexpert

CHECKOUT = Path(__file__).parents[1]
Run = Callable[..., subprocess.CompletedProcess[str]]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("packaging")]


def pip(*arguments: str, python: str = sys.executable) -> None:
    command = [python, "-m", "pip", "--disable-pip-version-check", *arguments]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    came = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert came.returncode == 0, came.stdout + came.stderr


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source archive. pip builds wheels only, so that the build backend is called as pip would call it."""
    folder = tmp_path_factory.mktemp("sdist")
    backend = tmp_path_factory.mktemp("backend")
    pip("install", "--quiet", "--target", str(backend), "hatchling>=1.27")
    code = f"from hatchling.build import build_sdist; build_sdist({str(folder)!r})"
    environment = {**os.environ, "PYTHONPATH": str(backend)}
    subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, env=environment, capture_output=True, check=True)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source archive: so both are whole or neither."""
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(archive))
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel and its dependencies; its ``kzexpert``."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    commands = folder / ("Scripts" if os.name == "nt" else "bin")
    pip("install", "--quiet", str(wheel), python=str(commands / "python"))
    return commands / "kzexpert"


@pytest.fixture
def run(installed: Path, tmp_path: Path) -> Run:
    """Run the installed command in an empty folder."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        return subprocess.run(
            [installed, *arguments], cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", check=False
        )

    return run


def _shipped(*folders: str) -> set[str]:
    files = (path for folder in folders for path in (CHECKOUT / folder).rglob("*") if path.is_file())
    return {path.relative_to(CHECKOUT).as_posix() for path in files if "__pycache__" not in path.parts}


def test_the_wheel_holds_the_package_with_its_types_and_the_knowledge_base(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    packed = {f"kzexpert/_kb/{name}" for name in _shipped("rules", "facts", "tests/cases", "tests/crowd")}
    packed |= {f"kzexpert/_{name}" for name in _shipped("bases")}
    assert sorted((_shipped("kzexpert") | packed) - names) == []
    assert "kzexpert/py.typed" in names
    outside = {name.split("/")[0] for name in names} - {"kzexpert", f"kzexpert-{kzexpert.__version__}.dist-info"}
    assert outside == set()


def test_the_source_archive_holds_what_the_checkout_is_worked_on_with(archive: Path) -> None:
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    wanted = _shipped("bases", "rules", "facts", "docs", "tests", "benchmarks")
    wanted |= {"README.md", "LICENSE", "CHANGELOG.md"}
    ours = {name for name in wanted if not any(part.startswith(".") for part in Path(name).parts)}
    assert sorted(ours - names) == []


def test_the_wheel_says_who_it_is(wheel: Path) -> None:
    text = zipfile.ZipFile(wheel).read(f"kzexpert-{kzexpert.__version__}.dist-info/METADATA").decode()
    for line in ("Name: kzexpert", f"Version: {kzexpert.__version__}", "License-Expression: MIT AND 0BSD"):
        assert f"\n{line}\n" in text
    assert "License-File: LICENSE" in text and "License-File: kzexpert/workbench/page/htmx.LICENSE" in text


def test_an_empty_folder_is_enough(run: Run) -> None:
    asked = run("ask", "Who is Kazakhstan aligned with in security?")
    assert (asked.returncode, asked.stderr) == (0, "")
    assert asked.stdout.startswith("Kazakhstan is aligned with Russia in security: ")
    proof = run("why", "alignment(Kazakhstan, Russia, security)")
    assert proof.returncode == 0
    assert "led-security-bloc" in proof.stdout
    assert run("conclusions", "alignment(?state, ?power, ?sphere)").returncode == 0
    checked = run("check")
    assert (checked.returncode, checked.stdout.splitlines()[-1]) == (0, "0 errors, 0 warnings")
    tested = run("test")
    assert tested.returncode == 0
    assert tested.stdout.splitlines()[-1].endswith(" passed")


def test_verbose_says_that_the_packed_knowledge_base_answers(run: Run, installed: Path) -> None:
    told = run("ask", "who leads the CSTO?", "--verbose")
    assert told.returncode == 0
    assert f"knowledge base: {installed.parents[1]}" in told.stderr
    assert "_kb" in told.stderr
    assert f"(kzexpert {kzexpert.__version__}, digest " in told.stderr


def test_the_wheel_is_small(wheel: Path) -> None:
    assert wheel.stat().st_size < 3_000_000


def test_a_base_of_tables_says_what_reads_them(run: Run) -> None:
    asked = run("ask", "who is Poland aligned with in security?", "--kb", "world")
    assert asked.returncode != 0
    assert "kzexpert[bulk]" in asked.stderr


def test_the_packed_base_can_be_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "kzexpert.yaml").write_text("name: empty\nuses: [kzexpert]\n", encoding="utf-8")
    checked = run("check", "--strict")
    assert (checked.returncode, checked.stdout) == (0, "0 errors, 0 warnings\n")
    assert run("ask", "who leads the CSTO?", "--kb", "kzexpert").returncode == 0


def test_the_public_names_can_be_imported_and_no_engine_comes_with_them(installed: Path, tmp_path: Path) -> None:
    names = "[getattr(kzexpert, name) for name in kzexpert.__all__]"
    code = f"import sys, kzexpert; {names}; print('experta' in sys.modules)"
    came = subprocess.run(
        [installed.with_name("python"), "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert came.stdout == "False\n"
