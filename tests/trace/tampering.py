"""Every single-field change of a JSON document that could deceive a reader, one after another."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import date, timedelta
from math import nextafter
from typing import Any, TypeAlias

#: The steps from the root to a value.
Path: TypeAlias = tuple[str | int, ...]


def tamperings(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each change as a few words, and the document with it."""
    fields = _values_by_field(document)
    for path, value in _walk(document, ()):
        for words, changed in _changes(path, value, fields):
            yield f"{_shown(path)}: {words}", _with(document, path, changed)
        if path and isinstance(path[-1], str):
            yield f"{_shown(path)}: removed", _without(document, path)


def _walk(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _walk(inner, (*path, number))


def _values_by_field(document: dict[str, Any]) -> dict[str, list[str]]:
    """Field → the texts that stand in it anywhere: what a forger would put in the place of another."""
    found: dict[str, list[str]] = {}
    for path, value in _walk(document, ()):
        if isinstance(value, str):
            found.setdefault(_field(path), []).append(value)
    return {field: list(dict.fromkeys(values)) for field, values in found.items()}


def _field(path: Path) -> str:
    return next(step for step in reversed(path) if isinstance(step, str))


def _changes(path: Path, value: Any, fields: dict[str, list[str]]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, bool):
        yield "flipped", not value
    elif isinstance(value, int | float):
        yield "more", value + 0.1 if isinstance(value, float) else value + 1
        yield "less", value - 0.1 if isinstance(value, float) else value - 1
        if value:
            yield "other sign", -value
            yield "nothing", 0
        if isinstance(value, float):
            yield "a trifle more", nextafter(value, 2.0)
        yield "a text", str(value)
    elif isinstance(value, str):
        yield from _changed_texts(path, value, fields)
    elif isinstance(value, list):
        yield from _changed_lists(value)
    elif value is None:
        yield "a text", "x"
    else:
        yield "one field more", {**value, "more": "x"}
    if path:
        yield "null", None


def _changed_texts(path: Path, value: str, fields: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    yield "longer", f"{value}x"
    yield "a space", f"{value} "
    if value:
        yield "empty", ""
        yield "shorter", value[:-1]
    if value.swapcase() != value:
        yield "other case", value.swapcase()
    if _field(path) == "as_of":
        yield from (
            ("a day later", _later(value, 1)),
            ("a day earlier", _later(value, -1)),
            ("a year", _later(value, 366)),
        )
    if _field(path) == "engine":
        yield "another engine", "experta-stock" if value == "experta" else "experta"
    known = fields[_field(path)]
    if len(known) > 1:
        yield "that of another", known[(known.index(value) + 1) % len(known)]


def _later(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days)).isoformat()


def _changed_lists(value: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    for number, item in enumerate(value):
        yield f"without {number}", value[:number] + value[number + 1 :]
        yield f"{number} twice", [*value[: number + 1], item, *value[number + 1 :]]
        if number and value[number - 1] != item:
            yield f"{number} before {number - 1}", [*value[: number - 1], item, value[number - 1], *value[number + 1 :]]


def _shown(path: Path) -> str:
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def _with(document: Any, path: Path, value: Any) -> Any:
    if not path:
        return deepcopy(value)
    step, *rest = path
    changed = dict(document) if isinstance(document, dict) else list(document)
    changed[step] = _with(document[step], tuple(rest), value)
    return changed


def _without(document: Any, path: Path) -> Any:
    *outer, last = path
    changed = deepcopy(document)
    inner = changed
    for step in outer:
        inner = inner[step]
    del inner[last]
    return changed
