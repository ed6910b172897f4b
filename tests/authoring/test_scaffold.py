"""A new base is clean as it stands, does what its last lines say, and overwrites nothing."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from editors import as_editors_read
from processes import environment, here

from kzexpert.authoring.scaffold import scaffold, write_scaffold


def made(folder: Path, *arguments: str) -> list[str]:
    """The lines that ``new base`` prints."""
    came = here("new", "base", *arguments, cwd=folder)
    assert (came.returncode, came.stderr) == (0, "")
    return came.stdout.splitlines()


@pytest.mark.parametrize(
    "uses", [(), ("kzexpert",), ("ownership",), ("kzexpert", "ownership")], ids=["alone", "rules", "other", "both"]
)
def test_a_new_base_is_clean(tmp_path: Path, uses: tuple[str, ...]) -> None:
    made(tmp_path, "mongolia", *(word for name in uses for word in ("--uses", name)))
    folder = tmp_path / "mongolia"
    assert here("check", "--strict", cwd=folder).stdout == "0 errors, 0 warnings\n"
    assert here("test", "tests/cases", cwd=folder).stdout == "1 passed\n"
    assert here("test", "tests/cases", "--coverage", cwd=folder).returncode == 0


def test_bases_of_ones_own_build_on_each_other(tmp_path: Path) -> None:
    made(tmp_path, "neighbours", "--uses", "kzexpert")
    made(tmp_path, "deep/mongolia", "--uses", "./neighbours")
    folder = tmp_path / "deep" / "mongolia"
    assert "uses: [../../neighbours]" in (folder / "kzexpert.yaml").read_text(encoding="utf-8")
    assert "KZ227 rule mongolia-loans adds nothing" in here("check", cwd=folder).stdout.replace("\n", " ")
    rules = folder / "rules" / "rules.yaml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("0.6 ", "0.8 "), encoding="utf-8")
    assert here("check", "--strict", cwd=folder).stdout == "0 errors, 0 warnings\n"
    assert here("test", "tests/cases", cwd=folder).stdout == "1 passed\n"


@pytest.mark.slow
@pytest.mark.parametrize("uses", [(), ("--uses", "kzexpert")], ids=["alone", "rules"])
def test_the_next_commands_run(tmp_path: Path, uses: tuple[str, ...]) -> None:
    lines = made(tmp_path, "north-asia", *uses)
    commands = lines[lines.index("Next:") + 1 :]
    assert len(commands) == 3
    function = f'kzexpert() {{ {sys.executable} -m kzexpert "$@"; }}'
    script = "\n".join([function, "set -e", *commands])
    came = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert (came.returncode, came.stderr) == (0, "")
    assert "Ruritania is aligned with Borduria" in came.stdout


def test_every_file_is_named(tmp_path: Path) -> None:
    lines = made(tmp_path, "mongolia", "--package")
    named = {line.split()[0] for line in lines[1 : lines.index("")]}
    found = {path.relative_to(tmp_path / "mongolia").as_posix() for path in (tmp_path / "mongolia").rglob("*.*")}
    schemas = {name for name in found if name.startswith("schemas/")}
    assert named == found - schemas | {"schemas/"}


@pytest.mark.parametrize("uses", [(), ("--uses", "kzexpert")], ids=["alone", "rules"])
def test_every_file_names_the_schema_that_it_fits(tmp_path: Path, uses: tuple[str, ...]) -> None:
    made(tmp_path, "mongolia", *uses)
    files = [*(tmp_path / "mongolia").rglob("*.yaml")]
    assert len(files) == 5
    for file in files:
        text = file.read_text(encoding="utf-8")
        named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
        assert named is not None
        schema = json.loads((file.parent / named[1]).read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator(schema).validate(as_editors_read(file))


def test_a_title_may_be_anything(tmp_path: Path) -> None:
    made(tmp_path, "mongolia", "--package", "--title", 'Mongolia: "between" two \\ neighbours')
    assert here("check", "--strict", cwd=tmp_path / "mongolia").stdout == "0 errors, 0 warnings\n"


# --- names, and what is in the way -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "hint"),
    [("North Korea", "such as north-korea"), ("2nd", "such as nd"), ("!", "such as mongolia"), ("kzexpert", "--uses")],
)
def test_a_name_that_is_none(tmp_path: Path, name: str, hint: str) -> None:
    came = here("new", "base", name, cwd=tmp_path)
    assert (came.returncode, "KZ801" in came.stderr) == (2, True)
    assert hint in " ".join(came.stderr.split())
    assert [*tmp_path.iterdir()] == []


def test_a_used_base_that_is_none(tmp_path: Path) -> None:
    came = here("new", "base", "mongolia", "--uses", "kzexprt", "--uses", "./nothing", cwd=tmp_path)
    assert came.returncode == 2
    assert "did you mean kzexpert?" in came.stderr
    assert "KZ803 ./nothing is not a base" in came.stderr
    (tmp_path / "neighbours" / "rules").mkdir(parents=True)
    assert "a folder is written ./neighbours" in here("new", "base", "b", "--uses", "neighbours", cwd=tmp_path).stderr
    packed = here("new", "base", "b", "--uses", "./neighbours", "--package", cwd=tmp_path).stderr
    assert "a package cannot use the folder ./neighbours" in packed
    assert not (tmp_path / "b").exists()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    came = here("new", "base", ".", cwd=tmp_path)
    assert (came.returncode, "already holds files: notes.txt" in came.stderr) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    named = here("new", "base", "notes.txt", cwd=tmp_path)
    assert "KZ80" in named.stderr
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_hidden_files_are_not_in_the_way(tmp_path: Path) -> None:
    folder = tmp_path / "mongolia"
    (folder / ".git").mkdir(parents=True)
    lines = made(folder, ".")
    assert lines[-2:] == ["  kzexpert check && kzexpert test", '  kzexpert ask "who is Ruritania aligned with"']


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    came = here("new", "base", "mongolia", cwd=tmp_path)
    tmp_path.chmod(0o700)
    assert "KZ306" in came.stderr


# --- packages --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.xdist_group("packaging")
def test_an_installed_package_offers_its_base(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="the backend is not here, and tests fetch nothing for it")
    write_scaffold(scaffold(str(tmp_path / "north-asia"), ["kzexpert"], "North Asia", package=True))
    target = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--no-deps", "--no-build-isolation"]
    came = subprocess.run(
        [*pip, "--no-index", "--target", str(target), str(tmp_path / "north-asia")], capture_output=True, text=True
    )
    assert came.returncode == 0, came.stdout + came.stderr
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "kzexpert.yaml").write_text("name: mine\nuses: [north-asia]\n", encoding="utf-8")

    def kzexpert(*arguments: str) -> subprocess.CompletedProcess[str]:
        settings = environment()
        settings["PYTHONPATH"] += os.pathsep + str(target)
        command = [sys.executable, "-m", "kzexpert", *arguments]
        return subprocess.run(command, cwd=tmp_path / "mine", env=settings, capture_output=True, text=True)

    checked = kzexpert("check", "--strict", "--verbose")
    assert checked.stdout == "0 errors, 0 warnings\n"
    assert "(north-asia 0.1.0, digest " in checked.stderr
    assert "0.48" in kzexpert("ask", "who is Ruritania aligned with in economy", "--kb", "north-asia").stdout
    assert "1 passed" in kzexpert("test", "--kb", "north-asia").stdout
    refused = kzexpert("new", "fact", "power(Borduria)", "--kb", "north-asia")
    assert "KZ804" in refused.stderr
