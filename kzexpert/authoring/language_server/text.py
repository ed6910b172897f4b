"""A text and the ways to count in it: offsets, lines and columns as YAML has them, positions as editors have them."""

import re
from bisect import bisect_right
from functools import cached_property
from typing import Literal, TypeAlias

import msgspec

from kzexpert.errors import Location

__all__ = ["Span", "Text", "Units"]

#: From an offset up to another.
Span: TypeAlias = tuple[int, int]
#: What an editor counts within a line.
Units: TypeAlias = Literal["utf-8", "utf-16", "utf-32"]

_EDITOR_LINES = re.compile(r"\r\n|[\n\r]")
_YAML_LINES = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_WORD = re.compile(r"[^\s,:()\[\]{}]+|\S")


class Text(msgspec.Struct, frozen=True, dict=True):
    """What a file says, whether on disk or in an editor."""

    text: str
    units: Units = "utf-16"

    @cached_property
    def starts(self) -> list[int]:
        """Where the lines of an editor begin."""
        return [0, *(found.end() for found in _EDITOR_LINES.finditer(self.text))]

    @cached_property
    def _yaml_starts(self) -> list[int]:
        return [0, *(found.end() for found in _YAML_LINES.finditer(self.text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and character from 0, as an editor counts."""
        line = bisect_right(self.starts, offset) - 1
        return line, self._counted(self.text[self.starts[line] : offset])

    def offset(self, line: int, character: int) -> int:
        """The offset of a position; one beyond the line or the text is taken for its end."""
        if line >= len(self.starts):
            return len(self.text)
        start = self.starts[line]
        end = self.starts[line + 1] if line + 1 < len(self.starts) else len(self.text)
        written = self.text[start:end].rstrip("\r\n")
        if written.isascii() or self.units == "utf-32":
            return start + min(character, len(written))
        at = 0
        for at, letter in enumerate(written):
            if character <= 0:
                return start + at
            character -= self._counted(letter)
        return start + min(at + 1, len(written))

    def _counted(self, text: str) -> int:
        if text.isascii() or self.units == "utf-32":
            return len(text)
        size = len(text.encode(self.units if self.units == "utf-8" else "utf-16-le", "surrogatepass"))
        return size if self.units == "utf-8" else size // 2

    def place(self, location: Location) -> int:
        """The offset of a place that an issue or a value names."""
        starts = self._yaml_starts
        start = starts[min(max(location.line, 1), len(starts)) - 1]
        return min(start + max(location.column - 1, 0), len(self.text))

    def word(self, location: Location) -> Span:
        """The word at a place, or all of its line where none is named: what an editor underlines."""
        start = self.place(location)
        line = bisect_right(self.starts, start) - 1
        end = self.starts[line + 1] if line + 1 < len(self.starts) else len(self.text)
        written = self.text[start:end].rstrip("\r\n")
        if not location.column:
            return start + len(written) - len(written.lstrip()), start + len(written.rstrip())
        found = _WORD.match(written)
        if found is None:  # behind the last character: what stands before it is underlined
            return max(start - 1, self.starts[line]), start
        return start, start + found.end()
