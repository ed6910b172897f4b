"""CLIPS: rules in its own language, on an environment of clipspy."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import clips

__all__ = ["count", "environment", "environment_by_python", "rows"]


def environment(constructs: Sequence[str], folder: Path) -> clips.Environment:
    """Run rules over facts that CLIPS itself reads. No rule concludes a fact twice here, and CLIPS is told so."""
    made = clips.Environment()
    made.eval("(set-fact-duplication TRUE)")
    for construct in constructs:
        made.build(construct)
    made.eval(f'(load-facts "{(folder / "facts.clp").as_posix()}")')
    made.run()
    return made


def environment_by_python(constructs: Sequence[str], facts: Iterable[tuple[str, dict[str, Any]]]) -> clips.Environment:
    """Run rules over facts that Python asserts, with the settings that CLIPS starts with."""
    made = clips.Environment()
    for construct in constructs:
        made.build(construct)
    templates = {template.name: template for template in made.templates()}
    for name, slots in facts:
        templates[name].assert_fact(**slots)
    made.run()
    return made


def count(made: clips.Environment, template: str) -> int:
    """How many facts of a template there are."""
    return int(made.eval(f"(length$ (find-all-facts ((?f {template})) TRUE))"))


def rows(made: clips.Environment, template: str) -> Iterator[tuple[Any, ...]]:
    """The facts of a template: the fields of ordered ones, the slots of others in their order."""
    found = made.find_template(template)
    for fact in found.facts():
        yield tuple(fact) if found.implied else tuple(value for _, value in fact)
