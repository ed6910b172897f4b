"""What an engine tells while it runs: frozen values, for whoever listens. They say how a run stands, no more."""

from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec

from kzexpert.errors import Issue

__all__ = ["Chosen", "Listener", "Report", "Skipped", "Standing", "Unread", "Untaken", "Waiting", "unheard"]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run is.

    Attributes:
        phase: what it is doing.
        component: which component of the rules is at work, from 1.
        components: how many there are.
        predicates: those of the component.
        round: of a recursive component, from 1; 0 where rounds are not counted.
        facts: recorded facts that were read.
        rows: conclusions so far; while writing, those to be written.
        spilled: bytes that went to disk for want of memory, once all is written.
        done: the part of the statement at work that is done, from 0 to 1, as the database estimates it.
    """

    phase: Literal["loading", "inferring", "writing"]
    component: int = 0
    components: int = 0
    predicates: tuple[str, ...] = ()
    round: int = 0
    facts: int = 0
    rows: int = 0
    spilled: int = 0
    done: float | None = None


class Skipped(msgspec.Struct, frozen=True):
    """Rows of tables were left out.

    Attributes:
        issues: what is wrong with them.
        file: where they were written to.
    """

    issues: tuple[Issue, ...]
    file: str


class Unread(msgspec.Struct, frozen=True):
    """Tables of which no row was read, each a warning."""

    issues: tuple[Issue, ...]


class Untaken(msgspec.Struct, frozen=True):
    """Settings were given that have no effect, each a warning."""

    issues: tuple[Issue, ...]


class Waiting(msgspec.Struct, frozen=True):
    """A cluster has no executor for the run, which waits for one.

    Attributes:
        seconds: how long it has waited.
    """

    seconds: int


class Chosen(msgspec.Struct, frozen=True):
    """``auto`` has chosen an engine.

    Attributes:
        why: in a few words.
        unused: options that were given and that this engine cannot use.
    """

    engine: str
    why: str
    unused: tuple[str, ...] = ()


Report: TypeAlias = Standing | Skipped | Unread | Untaken | Waiting | Chosen
Listener: TypeAlias = Callable[[Report], None]


def unheard(report: Report) -> None:
    """A listener that does nothing."""
