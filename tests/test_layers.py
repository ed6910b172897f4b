"""The house stands: imports point one way and never in a circle, and what things are called can be relied upon."""

import ast
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest
from imports import ABOVE, LAYERS, PACKAGE, circle, imports, layer_of, modules, rooms

from kzexpert.model import Condition, ProgramCondition

MODULES = modules()
IMPORTS = imports(MODULES)
PACKAGES = [name for name, path in MODULES.items() if path.name == "__init__.py"]

# --- the order of rooms ----------------------------------------------------------------------------------------------


def test_every_module_is_in_a_layer() -> None:
    assert {layer_of(name) for name in MODULES} - {*ABOVE} == {*LAYERS}


@pytest.mark.parametrize("name", MODULES)
def test_no_import_points_up(name: str) -> None:
    """Not even a lazy one, or one for types only."""
    layer = layer_of(name)
    if layer not in ABOVE:
        lower = LAYERS[: LAYERS.index(layer) + 1]
        assert sorted(target for target in IMPORTS[name] if layer_of(target) not in lower) == []


# --- no circles ------------------------------------------------------------------------------------------------------


def test_no_module_leads_back_to_itself() -> None:
    assert " -> ".join(circle(IMPORTS)) == ""


@pytest.mark.parametrize("package", PACKAGES)
def test_no_room_of_a_package_leads_back_to_itself(package: str) -> None:
    """A package's own folders have an order as well."""
    assert " -> ".join(circle(rooms(package, IMPORTS))) == ""


# --- names and sizes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_called_after_what_stands_in_it(name: str) -> None:
    """By a noun. Only a file of cli/ bears the name of its command, which is a verb as a rule."""
    if name == "kzexpert.authoring":  # what authors do there is a noun as well, and no shorter one says it
        return
    assert not name.rpartition(".")[2].endswith(("ing", "ise", "ize", "ify"))


def test_one_name_of_a_class_is_one_class() -> None:
    trees = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}
    found = {
        (node.name, name) for name, tree in trees.items() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    }
    often = Counter(class_name for class_name, _ in found)
    assert sorted(item for item in found if often[item[0]] > 1) == []


#: Where kinds of conditions are told apart: where they are made from what was written, executed, or told in a proof.
EXECUTORS = {
    "kzexpert.model.body",
    "kzexpert.model.evaluation",
    "kzexpert.program.order",
    "kzexpert.engines.sql.plan.conjunction",
    "kzexpert.proof.build",
    "kzexpert.proof.checker.joins",
    "kzexpert.proof.checker.rules",
    "kzexpert.proof.checker.steps",
    "kzexpert.checks.contradictions",  # of comparisons, whose kind it is about
}


def test_kinds_of_conditions_are_told_apart_where_they_are_executed() -> None:
    """Everything else asks a condition what it looks up, needs, binds or denies: a new form does not change it."""
    kinds = {kind.__name__ for kind in (*get_args(Condition), *get_args(ProgramCondition))}
    tests = [
        name
        for name, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance"
        if kinds & {part.id for part in ast.walk(node.args[1]) if isinstance(part, ast.Name)}
    ]
    assert set(tests) <= EXECUTORS
    assert len(tests) < 50


def test_no_module_is_a_fragment() -> None:
    """What takes fewer lines than these stands better beside what uses it."""
    sizes = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()}
    doors = {name for name, path in MODULES.items() if path.stem in ABOVE}
    assert {name: size for name, size in sizes.items() if size < 25 and name not in doors} == {}


# --- what a start loads ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", ["import kzexpert", "import sys; sys.argv = ['kzexpert', '--help']; import kzexpert.__main__"]
)
def test_no_engine_is_loaded_before_it_is_needed(command: str) -> None:
    script = f"""
import sys
try:
    exec({command!r})
    from kzexpert.__main__ import main
    main()
except SystemExit:
    pass
heavy = "experta duckdb sqlglot pyspark rich jinja2 yaml difflib prompt_toolkit".split()
heavy = [name for name in heavy if name in sys.modules]
print("loaded:", heavy, file=sys.stderr)
"""
    ran = subprocess.run([sys.executable, "-c", script], cwd=PACKAGE.parent, capture_output=True, text=True, check=True)
    assert "loaded: []" in ran.stderr


def test_a_plain_question_loads_what_it_needs_alone(tmp_path: Path) -> None:
    """With the base kept since the last start: no file is read, none written, nothing is checked anew."""
    base = shutil.copytree(PACKAGE.parent / "tests" / "kb_small", tmp_path / "base")
    for path in base.rglob("*"):
        os.utime(path, (1e9, 1e9))  # so young a file as a copy is not kept
    script = """
import sys
from kzexpert.cli import main
sys.argv[1:] = ["ask", "who is Ruritania aligned with?", "--kb", "base"]
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""
    for _ in range(2):
        ran = subprocess.run(
            [sys.executable, "-P", "-c", script],
            cwd=tmp_path,
            env={**os.environ, "KZEXPERT_CACHE": str(tmp_path / "cache"), "PYTHONPATH": str(PACKAGE.parent)},
            capture_output=True,
            text=True,
            check=True,
        )
    loaded = ran.stderr.split()
    libraries = {"difflib", "duckdb", "hashlib", "heapq", "jinja2", "pathlib", "rich", "sqlglot", "tempfile", "yaml"}
    rooms = ("analysis", "authoring", "checks", "proof.checker", "review", "schemas", "engines.sql", "engines.export")
    parts = {"atomic", "language.digest", "language.grammar", "language.loader", "language.tokens", "program.products"}
    parts |= {"engines.memory.growth", "render.json", "render.issues"}
    assert libraries.intersection(loaded) == set()
    own = [name.removeprefix("kzexpert.") for name in loaded if name.startswith("kzexpert.")]
    assert [name for name in own if name in parts or name.startswith(rooms)] == []
    assert len(own) < 80
