"""clingo: programs without negation in cycles, which its grounder evaluates completely; nothing is left to solve."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import clingo

__all__ = ["count", "grounded", "rows"]


def grounded(folder: Path, rules: str) -> clingo.Control:
    """Evaluate rules over the facts."""
    control = clingo.Control(["--warn=none"])
    control.load(str(folder / "facts.lp"))
    control.add("base", [], rules)
    control.ground([("base", [])])
    return control


def count(control: clingo.Control, relation: str, arity: int) -> int:
    """How many facts of a relation there are."""
    return sum(1 for _ in control.symbolic_atoms.by_signature(relation, arity))


def rows(control: clingo.Control, relation: str, arity: int) -> Iterator[tuple[Any, ...]]:
    """The facts of a relation."""
    for atom in control.symbolic_atoms.by_signature(relation, arity):
        yield tuple(
            item.number if item.type is clingo.SymbolType.Number else item.string for item in atom.symbol.arguments
        )
