"""What docs/architecture.md shows of the source: the pictures of its rooms and the table of its layers.

``python docs/refresh.py`` puts them into the page. ``python docs/house.py COMMIT`` counts that commit and the last one.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
sys.path.insert(0, str(CHECKOUT / "tests" / "helpers"))

from imports import LAYERS, imports, modules, rooms  # noqa: E402

__all__ = ["filled"]

_PART = re.compile(r"(<!-- (picture|engines|layers) -->\n).*?(?=<!-- end -->)", re.DOTALL)


def filled(page: str) -> str:
    """A page with its pictures and tables as the source has them now."""
    parts = {
        "picture": lambda: _picture("kzexpert"),
        "engines": lambda: _picture("kzexpert.engines"),
        "layers": _layers,
    }
    return _PART.sub(lambda found: f"{found[1]}{parts[found[2]]()}\n", page)


# --- the picture -----------------------------------------------------------------------------------------------------


@cache
def _graph() -> dict[str, set[str]]:
    return imports()


def _picture(package: str) -> str:
    """The rooms of a package in Mermaid. What leads there by way of another room has no arrow of its own."""
    inside = rooms(package, _graph())
    for door in (package, f"{package}.__main__"):
        inside.pop(door, None)
    found = {name: targets & inside.keys() for name, targets in inside.items()}
    names = {name: name.removeprefix(f"{package}.") for name in found}
    arrows = [f"    {names[name]} --> {names[target]}" for name in sorted(found) for target in _nearest(name, found)]
    boxes = [f'    {short}["{short}{"/" if _is_package(name) else ""}"]' for name, short in sorted(names.items())]
    return "\n".join(["```mermaid", "flowchart TD", *boxes, *arrows, "```"])


def _is_package(name: str) -> bool:
    return modules()[name].name == "__init__.py"


def _nearest(name: str, graph: Mapping[str, Iterable[str]]) -> list[str]:
    """Those that a room leads to, but for those that these lead to."""
    direct = set(graph[name])
    return sorted(direct - {far for target in direct for far in _reached(target, graph)})


def _reached(name: str, graph: Mapping[str, Iterable[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [*graph[name]]
    while waiting:
        target = waiting.pop()
        if target not in found:
            found.add(target)
            waiting += graph[target]
    return found


# --- the layers ------------------------------------------------------------------------------------------------------


def _layers() -> str:
    """Every layer with the first paragraph of its docstring, from the ground up."""
    known = modules()
    rows = []
    for layer in LAYERS:
        name = f"kzexpert.{layer}"
        first = (ast.get_docstring(ast.parse(known[name].read_text(encoding="utf-8"))) or "").split("\n\n")[0]
        rows.append(f"| `{layer}{'/' if _is_package(name) else ''}` | {' '.join(first.split())} |")
    return "\n".join(["| layer | what it is |", "|---|---|", *rows])


# --- before and after ------------------------------------------------------------------------------------------------

_KINDS = r"Premise|Negation|Comparison|Aggregation|Match|Absence|Test|Assignment|Aggregate"
_ISINSTANCE = rf"isinstance\([^)]*\b({_KINDS})\b"
#: What is counted → the command that counts it, in the folder of a checkout.
COUNTS = {
    "lines of Python": "find kzexpert -name '*.py' | xargs cat | wc -l",
    "of these neither blank nor a comment alone": r"find kzexpert -name '*.py' | xargs grep -hvE '^\s*(#|$)' | wc -l",
    "modules": "find kzexpert -name '*.py' | wc -l",
    "`isinstance` tests on kinds of conditions": rf"grep -rnE '{_ISINSTANCE}' kzexpert --include='*.py' | wc -l",
    "modules with such a test": rf"grep -rlE '{_ISINSTANCE}' kzexpert --include='*.py' | wc -l",
    "modules under 25 lines": "find kzexpert -name '*.py' ! -name '__*' | xargs wc -l | awk '$1 < 25' | wc -l",
    "modules called by a gerund": "find kzexpert -name '*ing.py' | wc -l",
    "names of more than one class": r"grep -rhoE '^class \w+' kzexpert --include='*.py' | sort | uniq -d | wc -l",
    "mentions of `StoredCertainties`": "grep -rn StoredCertainties kzexpert --include='*.py' | wc -l",
}


def _counted(folder: Path) -> list[str]:
    return [
        subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()
        for command in COUNTS.values()
    ]


def main(before: str) -> None:
    """Print the table of a commit and the last one, and the commands."""
    import tempfile

    columns = []
    for commit in (before, "HEAD"):
        with tempfile.TemporaryDirectory() as folder:
            unpack = f"git archive {commit} kzexpert | tar -x -C '{folder}'"
            subprocess.run(["bash", "-c", unpack], cwd=CHECKOUT, check=True)
            columns.append(_counted(Path(folder)))
    print(f"| counted | {before[:7]} | now |\n|---|---|---|")
    for name, one, other in zip(COUNTS, *columns, strict=True):
        print(f"| {name} | {int(one):,} | {int(other):,} |")
    print("\n```sh", *COUNTS.values(), "```", sep="\n")


if __name__ == "__main__":
    main(sys.argv[1])
