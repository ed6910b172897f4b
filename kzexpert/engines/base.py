"""What every engine is: a program in, an inference out, within a budget.

Engines differ in how they join; what a program means is said once, in DESIGN §4, and tested on one suite of cases.
"""

from collections.abc import Callable, Mapping, Sequence, Sized
from datetime import date
from time import monotonic
from typing import NoReturn, Protocol, runtime_checkable

import msgspec
from msgspec.structs import replace

from kzexpert.errors import BudgetError, Issue
from kzexpert.model import Inference, Program
from kzexpert.program.products import product_hint

__all__ = ["NEVER_ENDS", "Budget", "Engine", "Meter", "OnePass", "infer_each"]


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


#: What to do where a budget is used up.
NEVER_ENDS = (
    "a rule that computes new values from its own conclusions never ends: bound the value by a comparison; "
    "where there is just much to do, raise the --budget"
)


class Engine(Protocol):
    """A forward-chaining engine."""

    name: str

    def infer(self, program: Program) -> Inference:
        """All conclusions and all firings of a program.

        Raises:
            BudgetError: the rules conclude more than the budget allows, or take too long.
        """
        ...


@runtime_checkable
class OnePass(Protocol):
    """An engine that evaluates several as-of dates at once."""

    def infer_each(self, programs: Sequence[Program]) -> list[Inference]:
        """What follows from each of some programs, at least one, that differ in their as-of dates only.

        Raises:
            BudgetError: as `Engine.infer`; the budget is for all of them together.
        """
        ...


def infer_each(
    engine: Engine, programs: Sequence[Program], progress: Callable[[date, int, int], None] | None = None
) -> list[Inference]:
    """What follows on each of some as-of dates: in one pass where the engine can, else one after the other.

    Args:
        programs: at least one; they differ in their as-of dates only.
        progress: is told the next date, how many are done, and how many there are.

    Raises:
        BudgetError: see `Engine.infer`.
    """
    if isinstance(engine, OnePass):
        return engine.infer_each(programs)
    found: list[Inference] = []
    for number, program in enumerate(programs):
        if progress is not None:
            progress(program.as_of, number, len(programs))
        if found and found[-1].program.base == program.base:  # where the same facts are in force, the same follows
            found.append(replace(found[-1], program=program))
        else:
            found.append(engine.infer(program))
    return found


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
        stopped = self._program.rules[busiest if fired > 1 else rule_id]
        rule = stopped.rule
        message = f"rule {rule.id} used up the budget of {limit}" + (f" (it fired {fired:,} times)" if fired else "")
        hint = product_hint(stopped) or NEVER_ENDS
        raise BudgetError(Issue("KZ401", message, rule.location, hint), texts=self._program.kb.texts)


_LOOK_EVERY = 4096
