"""Imports point one way: a layer imports from those before it and never from those after it, not even lazily."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import kzexpert

PACKAGE = Path(kzexpert.__file__).parent

#: From the ground up. A layer is a module, or a package with all that is in it.
LAYERS = (
    "errors",
    "atomic",
    "model",
    "certainty",
    "evidence",
    "language",
    "program",
    "checks",
    "engines",
    "questions",
    "proof",
    "analysis",
    "render",
    "schemas",
    "cli",
)
#: The package's face and its door stand above all.
ABOVE = ("__init__", "__main__")


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "_kb" not in path.parts)


def layer_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_layers(path: Path) -> set[str]:
    """Every layer that a module names in an import, at its top, in a function or for types only."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where they lead"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("kzexpert.")}
    return found & {*LAYERS}


def test_every_module_is_in_a_layer() -> None:
    assert {layer_of(path) for path in modules()} - {*ABOVE} == {*LAYERS}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_import_points_up(path: Path) -> None:
    layer = layer_of(path)
    if layer not in ABOVE:
        height = LAYERS.index(layer)
        upward = {other for other in imported_layers(path) if LAYERS.index(other) > height}
        assert not upward, f"{layer} must not import {', '.join(sorted(upward))}"


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
heavy = "experta duckdb sqlglot pyspark rich jinja2 yaml difflib".split()
heavy = [name for name in heavy if name in sys.modules]
print("loaded:", heavy, file=sys.stderr)
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "loaded: []" in ran.stderr
