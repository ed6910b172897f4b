"""Who imports whom in the package, read from its source: lazily, for types only and through an ``__init__`` too."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import kzexpert

__all__ = ["ABOVE", "LAYERS", "PACKAGE", "circle", "imports", "layer_of", "modules", "name_of", "rooms"]

PACKAGE = Path(kzexpert.__file__).parent

#: From the ground up. A layer is a module, or a package with all that is in it.
LAYERS = (
    "errors",
    "atomic",
    "signature",
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
    "authoring",
    "review",
    "render",
    "workbench",
    "api",
    "schemas",
    "cli",
)
#: The package's face and its door stand above all.
ABOVE = ("__init__", "__main__")


def modules() -> dict[str, Path]:
    """Every module by its dotted name; a package by the name of its folder."""
    found = sorted(path for path in PACKAGE.rglob("*.py") if "_kb" not in path.parts)
    return {name_of(path): path for path in found}


def name_of(path: Path) -> str:
    """``kzexpert.model.terms``, and ``kzexpert.model`` for its ``__init__``."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def layer_of(name: str) -> str:
    """The layer that a module stands in, or `ABOVE`."""
    return [*name.split("."), "__init__"][1]


def imports(known: Mapping[str, Path] | None = None) -> dict[str, set[str]]:
    """The modules that each module names in an import, and the packages whose ``__init__`` runs on the way there.

    The packages that a module stands in are not counted, unless it names them: they run before it anyway. Neither is
    ``__version__``, which the package says before it leads anywhere.
    """
    known = modules() if known is None else known
    return {name: set(_imported(name, path, known)) for name, path in known.items()}


def _imported(name: str, path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides where it leads"
            targets = [f"{node.module}.{alias.name}" for alias in node.names if alias.name != "__version__"]
            named = [target if target in known else str(node.module) for target in targets]
        else:
            continue
        for target in named:
            if target in known:
                yield target
                yield from (above for above in _above(target) if above in known and not _inside(name, above))


def _inside(name: str, package: str) -> bool:
    return f"{name}.".startswith(f"{package}.")


def _above(name: str) -> Iterator[str]:
    """The packages that a module stands in."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def rooms(package: str, graph: Mapping[str, Iterable[str]]) -> dict[str, set[str]]:
    """The same of the modules and packages that stand in one package; its ``__init__`` is one of them, by its name."""

    def room(name: str) -> str:
        inside = name.removeprefix(package).lstrip(".").split(".")[0]
        return f"{package}.{inside}" if inside else package

    found: dict[str, set[str]] = {}
    for name, targets in graph.items():
        if _inside(name, package):
            inside = {room(target) for target in targets if _inside(target, package)}
            found.setdefault(room(name), set()).update(inside - {room(name)})
    return found


def circle(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """Modules that lead back to the first of them, or none."""
    try:
        TopologicalSorter({name: sorted(graph[name]) for name in sorted(graph)}).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []
