"""Where in a JSON text each value stands, so that an issue can point at it: paths such as ``$.firings[3].strength``.

It expects valid JSON and keeps no values.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator

from kzexpert.errors import Location

__all__ = ["Places"]

_TOKEN = re.compile(r'\s+|"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s"{}\[\],:]+')


class Places:
    """The places of a JSON text, which is scanned when the first of them is asked for.

    Args:
        file: its name.
    """

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._text = text
        self._offsets: dict[str, int] | None = None
        self._lines: list[int] = []
        self.twice: list[str] = []

    def __getitem__(self, path: str) -> Location:
        """The place of a value; of one that is missing, the place of what should hold it."""
        if self._offsets is None:
            self._scan()
        assert self._offsets is not None
        while path not in self._offsets and path:
            path = path[: max(path.rfind("."), path.rfind("["))] if "." in path or "[" in path else ""
        return self.at(self._offsets.get(path, 0))

    def at(self, offset: int) -> Location:
        """The place of a character."""
        if not self._lines:
            self._lines = [0, *(match.end() for match in re.finditer("\n", self._text))]
        line = bisect_right(self._lines, offset)
        return Location(self._file, line, offset - self._lines[line - 1] + 1)

    def repeated_keys(self) -> list[str]:
        """The paths of keys that stand twice in one object."""
        if self._offsets is None:
            self._scan()
        return self.twice

    def _scan(self) -> None:
        self._offsets = {}
        for path, offset in _values(self._text):
            if path in self._offsets:
                self.twice.append(path)
            self._offsets.setdefault(path, offset)


def _values(text: str) -> Iterator[tuple[str, int]]:
    """The path and the offset of every value, in order."""
    import json

    path = "$"
    outer: list[tuple[str, int]] = []  # the path of each open object (−1) or array (the number of the next item)
    key = ""
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token.isspace() or token == ",":
            continue
        if token in "}]":
            path, _ = outer.pop()
        elif token == ":":
            path = f"{outer[-1][0]}.{key}"
        elif token.startswith('"') and outer and outer[-1][1] < 0 and path == outer[-1][0]:
            key = json.loads(token)
            continue
        else:
            if outer and outer[-1][1] >= 0:
                holder, number = outer[-1]
                path = f"{holder}[{number}]"
                outer[-1] = holder, number + 1
            yield path, match.start()
            if token in "{[":
                outer.append((path, -1 if token == "{" else 0))
                continue
        path = outer[-1][0] if outer and token != ":" else path
