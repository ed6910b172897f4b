"""JSON → records: a record a line, or a list of records somewhere in one document; columns are paths into a record.

A path is `properties.owner[0]`: keys, and places in lists counted from 0. Without a place each value of a list makes
a row of its own; values of one list stay together (``owners.name`` beside ``owners.share``), those of two are combined.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, islice, product
from typing import Any, TypeAlias

from kzexpert.language.containers import RecordError
from kzexpert.language.nearest import did_you_mean

__all__ = ["JsonRecords", "NestedError"]

#: Characters of a document that is no JSON lines: it is read whole.
_MOST_WHOLE = 500_000_000
#: So many records are looked at for the paths that there are.
_LOOKED_AT = 200
_TOO_DEEP = "its JSON is nested too deeply"
_STEP = re.compile(r"\[([0-9]+)\]|([^.\[\]]+)")
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=lambda name: None)

Cells: TypeAlias = tuple[str | None, ...]


class NestedError(RecordError):
    """A document is no list of records, and may hold some.

    Attributes:
        lists: the paths to them, from the outside in.
    """

    def __init__(self, message: str, hint: str, lists: Sequence[str]) -> None:
        super().__init__(message, hint)
        self.lists = lists


class _Tree:
    """The paths that are read, as a tree: step → what is read below it.

    Attributes:
        place: the cell that the value here becomes; None where it is none.
    """

    __slots__ = ("items", "keys", "place")

    def __init__(self) -> None:
        self.keys: dict[str, _Tree] = {}
        self.items: dict[int, _Tree] = {}
        self.place: int | None = None

    def add(self, steps: Sequence[str | int], place: int) -> None:
        node = self
        for step in steps:
            below: dict[Any, _Tree] = node.items if isinstance(step, int) else node.keys
            node = below.setdefault(step, _Tree())
        node.place = place


class JsonRecords:
    """The records of a JSON file.

    Args:
        lines: of text.
        by_line: whether each line is a record; None where the file has to tell.
        path: to the list of records in a document; empty where it is the whole.

    Attributes:
        columns: None, since each record has its own.
        absent: the paths asked for that no record has; known when all were read.

    Raises:
        RecordError: it is no JSON, or holds no list of records there.
    """

    columns = None

    def __init__(self, lines: Iterator[str], by_line: bool | None, path: str = "") -> None:
        filled = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
        head = list(islice(filled, 2))
        if not head:
            raise RecordError("it is empty", "put records into it, or name another file")
        if by_line is None:
            by_line = not path and len(head) > 1 and all(_is_record(line) for _, line in head)
        rest = chain(head, filled)
        found = _by_line(rest) if by_line else enumerate(_in_document(rest, path), 1)
        self._records: Iterator[tuple[int, Any]] = iter(found)
        self._by_line = by_line
        self._paths: dict[str, dict[str, None]] = {}
        self.absent: set[str] = set()

    def rows(self, names: Sequence[str]) -> Iterator[tuple[int, int, Sequence[str | None]]]:
        """See `kzexpert.language.delimited.Delimited.rows`; one record may make several rows.

        Raises:
            RecordError: a line is no record, or a path leads to a mapping.
        """
        tree = _Tree()
        first = next(self._records, None)
        if first is None:
            return
        for place, name in enumerate(names):  # a key may have a point itself
            tree.add([name] if isinstance(first[1], dict) and name in first[1] else json_steps(name), place)
        nothing: list[str | None] = [None] * len(names)
        seen = [False] * len(names)
        for number, (line, record) in enumerate(chain([first], self._records), 1):
            if not isinstance(record, dict | list):
                raise RecordError(
                    f"record {number} is not a mapping", "a record is {...}", line if self._by_line else 0
                )
            try:
                if number <= _LOOKED_AT:
                    self._look_at(record)
                found = _rows(record, tree, seen)
            except RecursionError:
                raise RecordError(_TOO_DEEP, line=line if self._by_line else 0) from None
            except RecordError as error:
                raise RecordError(f"record {number}: {error.message}", error.hint) from None
            for row in found:
                cells = nothing.copy()
                for place, text in row:
                    cells[place] = text
                yield number, line if self._by_line else 0, cells
        self.absent = {name for name, was in zip(names, seen, strict=True) if not was}

    def _look_at(self, record: Any) -> None:
        for path, value in _leaves(record):
            texts = self._paths.setdefault(path, {})
            if isinstance(value, str | bool):
                texts[_shown(value)] = None

    @property
    def paths(self) -> Mapping[str, Collection[str]]:
        """The paths that the first records have, without a list that is empty in one of them and filled in another."""
        inner = {path[:end] for path in self._paths for end, sign in enumerate(path) if sign in ".["}
        return {path: texts for path, texts in self._paths.items() if path not in inner}


def json_steps(path: str) -> list[str | int]:
    """The steps of a path: keys, and places in lists."""
    return [int(place) if place else key for place, key in _STEP.findall(path)]


def _leaves(value: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """All values of a record, with the paths to them."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _leaves(below, f"{before}.{key}" if before else key)
    elif isinstance(value, list) and value:
        yield from chain.from_iterable(_leaves(item, before) for item in value)
    else:
        yield before, value


def _is_record(line: str) -> bool:
    try:
        return isinstance(_DECODER.decode(line), dict)
    except ValueError:
        return False


def _by_line(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, Any]]:
    for number, line in lines:
        yield number, _decoded(line, number)


def _decoded(text: str, line: int = 0) -> Any:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise RecordError(f"it is not valid JSON: {error.msg}", line=line or error.lineno) from None
    except RecursionError:
        raise RecordError(_TOO_DEEP, line=line) from None


def _in_document(lines: Iterator[tuple[int, str]], path: str) -> list[Any]:
    """The records of one document."""
    parts = []
    size = 0
    for _, line in lines:
        parts.append(line)
        size += len(line)
        if size > _MOST_WHOLE:
            message = f"this is a document of more than {_MOST_WHOLE:,} characters, which is read whole"
            raise RecordError(message, "write it with one record to a line, as .jsonl")
    document = found = _decoded("".join(parts))
    for step in json_steps(path):
        fits = isinstance(found, list) and step < len(found) if isinstance(step, int) else isinstance(found, dict)
        found = found[step] if fits and (isinstance(step, int) or step in found) else None
    if isinstance(found, list) and all(isinstance(item, dict) for item in found):
        return found
    lists = _lists(document)
    if isinstance(found, dict) and not lists:
        return [found]
    what = f"there is no list of records at {path}" if path else "it is not a list of records"
    hint = did_you_mean(path, lists) or (f"they stand in records: {' or '.join(lists)}" if lists else "")
    raise NestedError(what, hint, lists)


def _lists(document: Any, before: str = "", depth: int = 4) -> list[str]:
    """The paths to lists of records, from the outside in."""
    if isinstance(document, list) and document and all(isinstance(item, dict) for item in document):
        return [before] if before else []
    items: list[tuple[str, Any]] = []
    if isinstance(document, dict):
        items = [(f"{before}.{key}" if before else key, below) for key, below in document.items()]
    elif isinstance(document, list):
        items = [(f"{before}[{place}]", below) for place, below in enumerate(document[:10])]
    return [path for name, below in items for path in _lists(below, name, depth - 1)] if depth else []


def _rows(value: Any, tree: _Tree, seen: list[bool]) -> list[list[tuple[int, str]]]:
    """The rows of a value, each as places and texts of cells; at least one, which may be empty."""
    if isinstance(value, list):
        chosen = [_rows(value[place], below, seen) for place, below in tree.items.items() if place < len(value)]
        if tree.keys or tree.place is not None:
            each = [row for item in value for row in _rows(item, tree, seen) if row]
            chosen.append(each or [[]])
        return _combined(chosen)
    if isinstance(value, dict):
        if tree.place is not None:
            hint = f"go on to one of its keys: {', '.join(list(value)[:6])}"
            raise RecordError("a path leads to a mapping, not to a value", hint)
        return _combined([_rows(value[key], below, seen) for key, below in tree.keys.items() if key in value])
    if tree.place is None or value is None:
        if tree.place is not None:
            seen[tree.place] = True
        return [[]]
    seen[tree.place] = True
    return [[(tree.place, _text(value))]]


def _combined(parts: list[list[list[tuple[int, str]]]]) -> list[list[tuple[int, str]]]:
    if len(parts) == 1:
        return parts[0]
    if all(len(part) == 1 for part in parts):
        return [list(chain.from_iterable(part[0] for part in parts))]
    return [list(chain.from_iterable(rows)) for rows in product(*parts)]


def _shown(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _text(value: Any) -> str:
    text = _shown(value)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise RecordError("a text holds half of a character", "its JSON has a lone surrogate") from None
    return text
