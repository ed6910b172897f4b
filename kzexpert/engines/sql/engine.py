"""What the engines over a database have in common: how they are set up, and that programs run on them in one pass."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, TypedDict, Unpack

from kzexpert.engines.base import BULK_BUDGET, Budget
from kzexpert.engines.reports import Listener, unheard
from kzexpert.engines.sql.run import Run
from kzexpert.model import Inference, Program

__all__ = ["DatabaseEngine", "Terms"]


class Terms(TypedDict, total=False):
    """How any of them runs.

    Attributes:
        budget: when to stop. Firings are counted where they may be too many.
        skip_bad_rows: a file for the rows of tables that are no facts; without it they are an error.
        listen: hears how a run stands, partly from another thread.
        network: whether tables may lie elsewhere.
    """

    budget: Budget | None
    skip_bad_rows: str | None
    listen: Listener
    network: bool


class DatabaseEngine(ABC):
    """See the module; an engine gives a run for some programs."""

    name: ClassVar[str]

    def __init__(self, **terms: Unpack[Terms]) -> None:
        self.budget = terms.get("budget") or BULK_BUDGET
        self.skipped_to = terms.get("skip_bad_rows")
        self.listen = terms.get("listen", unheard)
        self.network = terms.get("network", False)

    @abstractmethod
    def run(self, programs: Sequence[Program]) -> Run:
        """What runs them, on a store of its own."""

    def infer(self, program: Program) -> Inference:
        """See `kzexpert.engines.base.Engine.infer`. What the inference holds is fetched from the database when read."""
        return self.infer_each([program])[0]

    def infer_each(self, programs: Sequence[Program]) -> list[Inference]:
        """See `kzexpert.engines.base.OnePass.infer_each`. The as-of dates are a column of the relations."""
        return self.run(programs).inferences(self.name)
