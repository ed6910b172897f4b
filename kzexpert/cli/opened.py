"""What stays open from one command to the next in one process, and what holds for all: a shell alone has that."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import msgspec

from kzexpert.cli.options import Options

__all__ = ["Givens", "Kept", "givens", "once", "staying_open"]

T = TypeVar("T")


class Givens(msgspec.Struct, frozen=True):
    """What holds for each command beside its own options; see `Options`."""

    as_of: str | None = None
    assume: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


class Kept:
    """What was opened, by its kind and the options that opened it.

    Attributes:
        givens: what holds now.
    """

    def __init__(self, givens: Givens) -> None:
        self.givens = givens
        self.found: dict[tuple[str, Options], Any] = {}


_OPENED: ContextVar[Kept | None] = ContextVar("opened", default=None)


@contextmanager
def staying_open(opened: Kept) -> Iterator[None]:
    """Inside, what is opened stays open, whatever happens to its files."""
    token = _OPENED.set(opened)
    try:
        yield
    finally:
        _OPENED.reset(token)


def once(kind: str, options: Options, make: Callable[[], T]) -> T:
    """What was opened by these options before; where nothing stays open, or nothing was, it is made."""
    opened = _OPENED.get()
    if opened is None:
        return make()
    if (kind, options) not in opened.found:
        opened.found[kind, options] = make()
    found: T = opened.found[kind, options]
    return found


def givens() -> Givens:
    """What holds for each command now."""
    opened = _OPENED.get()
    return Givens() if opened is None else opened.givens
