"""Texts ↔ codes: queries join and compare integers, and no text of a user ever stands in one."""

__all__ = ["UNKNOWN", "Texts"]

#: The code of a text that no fact and no rule mentions, and so equals none that does.
UNKNOWN = -1


class Texts:
    """The texts of an inference, each with its code: 0, 1, 2 ... in the order in which they came."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}
        self._texts: list[str] = []

    def add(self, text: str) -> int:
        """The code of a text, a new one where it is new."""
        code = self._codes.get(text)
        if code is None:
            code = self._codes[text] = len(self._texts)
            self._texts.append(text)
        return code

    def code(self, text: str) -> int:
        """The code of a text, or `UNKNOWN`."""
        return self._codes.get(text, UNKNOWN)

    def text(self, code: int) -> str:
        """The text of a code."""
        return self._texts[code]
