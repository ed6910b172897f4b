"""What turned out, as declared: a table of outcomes by which the conclusions of one predicate are judged."""

from typing import Literal, TypeAlias

import msgspec

from kzexpert.model.knowledge import Table

__all__ = ["DAY", "OUTCOME", "SCORE", "Outcomes", "Yardstick"]

#: Column beside the arguments → what it holds: the day, a number that grows with being right, or 0 or 1.
DAY, SCORE, OUTCOME = "as-of", "score", "outcome"

#: When a case is right: its score is the highest among rivals, or above a bound, or its outcome is 1.
Yardstick: TypeAlias = Literal["highest", "above", "given"]


class Outcomes(msgspec.Struct, frozen=True, array_like=True):
    """One table of outcomes.

    Attributes:
        table: how its rows are read: as facts of the predicate with the arguments that have a column, the score or
            the outcome as one more argument, and the day as the day of an event.
        yardstick: when a case is right.
        bound: what the score must be above, where that is the yardstick.
    """

    table: Table
    yardstick: Yardstick
    bound: float = 0.0

    @property
    def predicate(self) -> str:
        return self.table.predicate

    @property
    def measure(self) -> str:
        """The argument that holds the score or the outcome."""
        return OUTCOME if self.yardstick == "given" else SCORE

    @property
    def dated(self) -> bool:
        """Whether its rows say of which day they are."""
        return "on" in self.table.columns
