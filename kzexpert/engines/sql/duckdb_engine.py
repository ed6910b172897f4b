"""The engine for millions of facts: each stratum becomes a query that DuckDB runs on all cores.

It keeps facts and certainties in the database and no firing at all; `stored` and `firings` fetch what is asked for.
"""

import weakref
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from math import fsum
from time import monotonic

from sqlglot import exp

from kzexpert.engines.base import Budget
from kzexpert.engines.sql.codec import Codec
from kzexpert.engines.sql.database import Database, TimeIsUp
from kzexpert.engines.sql.extents import (
    CERTAINTY,
    Extent,
    Kind,
    both,
    column,
    empty,
    equal,
    kinds_of,
    number,
    select,
    subquery,
)
from kzexpert.engines.sql.firings import Firings
from kzexpert.engines.sql.plan import Planner
from kzexpert.engines.sql.recursion import Component
from kzexpert.engines.sql.stored import Certainties
from kzexpert.engines.sql.texts import Texts
from kzexpert.engines.sql.weighing import conclusions, conflict, is_view
from kzexpert.errors import BudgetError, Issue
from kzexpert.model import (
    Absence,
    Aggregate,
    Assignment,
    Constant,
    Expression,
    GroundAtom,
    Inference,
    Match,
    Operation,
    Pattern,
    Program,
    ProgramRule,
    Stratum,
    Test,
)

__all__ = ["DuckDBEngine"]

#: Far more than the other engines have: every conclusion is a row here, and not an object.
_BUDGET = Budget(facts=1_000_000_000, firings=10_000_000_000, seconds=600.0)


class DuckDBEngine:
    """Runs programs on DuckDB, in process.

    Args:
        memory: such as ``2GB``; what does not fit goes to disk. By default DuckDB's own limit, 80 % of the machine's.
        threads: by default one for each core.
        database: a file for the tables, or ``:memory:``.
        budget: when to stop. Firings are not counted, since they are not enumerated.
    """

    name = "duckdb"

    def __init__(
        self,
        memory: str | None = None,
        threads: int | None = None,
        database: str = ":memory:",
        budget: Budget | None = None,
    ) -> None:
        self._memory = memory
        self._threads = threads
        self._path = database
        self.budget = budget or _BUDGET

    def infer(self, program: Program) -> Inference:
        """See `kzexpert.engines.base.Engine.infer`. What the inference holds is fetched from the database when read."""
        database = Database(self._memory, self._threads, self._path)
        inference = _Run(program, database, self.budget).inference(self.name)
        weakref.finalize(inference.certainties, database.close)
        return inference


class _Run:
    """One inference."""

    def __init__(self, program: Program, database: Database, budget: Budget) -> None:
        self.program = program
        self.database = database
        self.budget = budget
        self.texts = Texts()
        self.extents: dict[str, Extent] = {}
        self.planner = Planner(self.extents, self.texts, ExactSums(database))
        self.base: dict[str, Extent] = {}
        self.concluded = 0
        self.uses = Counter(
            pattern.relation for rule in program.rules.values() for pattern in patterns_of(rule)
        )

    def inference(self, name: str) -> Inference:
        """Load what the rules read, run all strata, and say where the results lie."""
        stratum = None
        try:
            with self.database.within(self.budget.seconds):
                self._load()
                for stratum in self.program.strata:
                    self._run(stratum)
        except TimeIsUp:
            self._stop(stratum, f"{self.budget.seconds:g} seconds")
        certainties = Certainties(self.database, self.texts, self.program, self.extents)
        conflicts = frozenset(self._conflicts(certainties))
        firings = Firings(self.database, self.planner, self.program, certainties)
        return Inference(self.program, name, certainties, firings, conflicts)
