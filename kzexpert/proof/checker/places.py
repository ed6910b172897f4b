"""Where in a JSON text each value stands, so that an issue can point at it: paths such as ``$.firings[3].strength``.

It expects valid JSON and keeps no values.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property

from kzexpert.errors import Location

__all__ = ["Places"]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s"{}\[\],:]+')


class Places:
    """The places of a JSON text, which is scanned when the first of them is asked for.

    Args:
        file: its name.
    """

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._text = text

    def __getitem__(self, path: str) -> Location:
        """The place of a value, or, where it is missing, of what should hold it."""
        while path not in self._offsets and path != "$":
            path = path[: max(path.rfind("."), path.rfind("["))]
        return self.at(self._offsets[path])

    def at(self, offset: int) -> Location:
        """The place of a character."""
        line = bisect_right(self._lines, offset)
        return Location(self._file, line, offset - self._lines[line - 1] + 1)

    @cached_property
    def repeated_keys(self) -> dict[str, Location]:
        """Every key that stands again in its object, by path: where it does."""
        return {
            path: self.at(offset)
            for path, offset in _values(self._text)
            if path != "$" and self._offsets[path] < offset
        }

    @cached_property
    def _offsets(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for path, offset in _values(self._text):
            found.setdefault(path, offset)
        return found

    @cached_property
    def _lines(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer("\n", self._text))]


class _OpenValue:
    """An object or array whose end is not reached: its path, the key or the number of the value that comes next."""

    def __init__(self, path: str, is_object: bool) -> None:
        self.path = path
        self.is_object = is_object
        self.key: str | None = None
        self.number = 0

    def next_path(self) -> str:
        return f"{self.path}.{self.key}" if self.is_object else f"{self.path}[{self.number}]"


def _values(text: str) -> Iterator[tuple[str, int]]:
    """The path and the offset of every value, in order."""
    outer: list[_OpenValue] = []
    for match in _TOKEN.finditer(text):
        token = match[0]
        inner = outer[-1] if outer else None
        if token in ("}", "]"):
            outer.pop()
        elif token == ",":
            assert inner is not None
            inner.key = None
            inner.number += 1
        elif token != ":":
            if inner and inner.is_object and inner.key is None:
                inner.key = json.loads(token) if "\\" in token else token[1:-1]
                continue
            path = inner.next_path() if inner else "$"
            yield path, match.start()
            if token in ("{", "["):
                outer.append(_OpenValue(path, token == "{"))
