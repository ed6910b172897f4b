"""What every engine is: a program in, an inference out, within a budget.

Engines differ in how they join; what a program means is said once, in DESIGN §4, and tested on one suite of cases.
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence, Sized
from time import monotonic
from typing import TYPE_CHECKING, NoReturn, Protocol

import msgspec

from kzexpert.errors import BudgetError, Issue
from kzexpert.model import GroundAtom, Inference, Pattern, Program, Value

if TYPE_CHECKING:
    from kzexpert.engines.evaluation import EstablishedFacts

__all__ = ["Budget", "Engine", "Meter", "StoredCertainties"]


class Budget(msgspec.Struct, frozen=True):
    """How much a run may cost before it is stopped.

    Attributes:
        facts: conclusions, established or not.
        firings: firings.
        seconds: wall-clock seconds from the start of the inference.
    """

    facts: int = 500_000
    firings: int = 2_000_000
    seconds: float = 60.0


class Engine(Protocol):
    """A forward-chaining engine."""

    name: str

    def infer(self, program: Program) -> Inference:
        """All conclusions and all firings of a program.

        Raises:
            BudgetError: the rules conclude more than the budget allows, or take too long.
        """
        ...


class StoredCertainties(Mapping[str, Mapping[tuple[Value, ...], float]]):
    """The certainties of an inference whose facts lie outside of memory: what is asked for is fetched."""

    @abstractmethod
    def matching(self, pattern: Pattern) -> Iterator[GroundAtom]:
        """The facts and conclusions that match a pattern, found by its constants."""

    @abstractmethod
    def prefetch(self, atoms: Sequence[GroundAtom]) -> None:
        """Fetch at once what will be asked of these: certainties, firings and base facts."""

    @abstractmethod
    def established(self) -> "EstablishedFacts":
        """The established facts, looked up when needed."""


class Meter:
    """Counts what a run spends, and stops it where the budget ends. The clock is read every few thousand steps.

    Args:
        fired: rule id → its firings so far, kept by the engine.
    """

    def __init__(self, budget: Budget, program: Program, fired: Mapping[str, Sized]) -> None:
        self.budget = budget
        self._program = program
        self._fired = fired
        self._deadline = monotonic() + budget.seconds
        self._steps = self._firings = self._facts = 0
        self._next_look = _LOOK_EVERY

    def candidates(self, rule_id: str, count: int) -> None:
        """The matcher looks at `count` facts for a condition of the rule.

        Raises:
            BudgetError: time is up.
        """
        self._steps += count
        if self._steps >= self._next_look:
            self._next_look = self._steps + _LOOK_EVERY
            if monotonic() > self._deadline:
                self._stop(rule_id, f"{self.budget.seconds:g} seconds")

    def firing(self, rule_id: str) -> None:
        """The rule fires.

        Raises:
            BudgetError: it does so too often.
        """
        self._firings += 1
        self._steps += 1
        if self._firings > self.budget.firings:
            self._stop(rule_id, f"{self.budget.firings:,} firings")
        if self._steps >= self._next_look:
            self.candidates(rule_id, 0)

    def conclusion(self, rule_id: str) -> None:
        """The rule concludes something new.

        Raises:
            BudgetError: there are too many conclusions.
        """
        self._facts += 1
        if self._facts > self.budget.facts:
            self._stop(rule_id, f"{self.budget.facts:,} conclusions")

    def _stop(self, rule_id: str, limit: str) -> NoReturn:
        busiest = max(sorted(self._fired), key=lambda name: len(self._fired[name]), default=rule_id)
        fired = len(self._fired.get(busiest, ()))
        rule = self._program.rules[busiest if fired > 1 else rule_id].rule
        message = f"rule {rule.id} used up the budget of {limit}" + (f" (it fired {fired:,} times)" if fired else "")
        hint = "a rule that computes new values from its own conclusions never ends: bound the value by a comparison"
        raise BudgetError(Issue("KZ401", message, rule.location, hint), texts=self._program.kb.texts)


_LOOK_EVERY = 4096
