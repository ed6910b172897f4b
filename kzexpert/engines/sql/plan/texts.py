"""Texts ↔ what stands for them in a database: codes, which join and compare fast, or the texts themselves."""

from typing import Any, Protocol

from sqlglot import exp

__all__ = ["UNKNOWN", "Codes", "Further", "Plain", "Texts"]

#: The code of a text that no fact and no rule mentions, and so equals none that does.
UNKNOWN = -1


class Texts(Protocol):
    """How a database keeps texts."""

    def add(self, text: str) -> int | str:
        """What stands for a text, which may be new."""
        ...

    def code(self, text: str) -> int | str:
        """What stands for a text, or `UNKNOWN`."""
        ...

    def text(self, code: Any) -> str:
        """The text that something stands for."""
        ...


class Plain:
    """See `Texts`. Every text stands for itself, so that no table of codes has to be known everywhere in a cluster."""

    def add(self, text: str) -> str:
        """The text."""
        return text

    def code(self, text: str) -> str:
        """The text; one that nothing mentions equals none that is stored."""
        return text

    def text(self, code: str) -> str:
        """The text."""
        return code


class Further(Protocol):
    """Texts that lie in the database, since they came from tables; their codes follow those in memory."""

    @property
    def table(self) -> exp.Table:
        """All texts: columns ``text`` and ``code``."""
        ...

    def add(self, text: str) -> int:
        """The code of a text, a new one where it is new."""
        ...

    def code(self, text: str) -> int:
        """The code of a text, or `UNKNOWN`."""
        ...

    def text(self, code: int) -> str:
        """The text of a code."""
        ...


class Codes:
    """See `Texts`. Each text of an inference has a code: 0, 1, 2 ... in the order in which they came.

    Attributes:
        further: those of tables; it takes in all that come after it.
    """

    def __init__(self) -> None:
        self.further: Further | None = None
        self._codes: dict[str, int] = {}
        self._texts: list[str] = []

    def __len__(self) -> int:
        return len(self._texts)

    @property
    def known(self) -> list[str]:
        """The texts in memory, in the order of their codes."""
        return self._texts

    def add(self, text: str) -> int:
        """The code of a text, a new one where it is new."""
        code = self._codes.get(text)
        if code is None:
            if self.further is not None:
                return self.further.add(text)
            code = self._codes[text] = len(self._texts)
            self._texts.append(text)
        return code

    def code(self, text: str) -> int:
        """The code of a text, or `UNKNOWN`."""
        code = self._codes.get(text)
        if code is None:
            return UNKNOWN if self.further is None else self.further.code(text)
        return code

    def text(self, code: int) -> str:
        """The text of a code."""
        return self._texts[code] if code < len(self._texts) or self.further is None else self.further.text(code)
