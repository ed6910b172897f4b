"""What every engine is: a program in, an inference out, within a budget.

Engines differ in how they join; what a program means is said once, in DESIGN §4, and tested on one suite of cases.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from time import monotonic
from typing import NoReturn, Protocol, runtime_checkable

import msgspec
from msgspec.structs import replace

from kzexpert.errors import BudgetError, Issue
from kzexpert.model import Inference, Program, ProgramRule

__all__ = [
    "BULK_BUDGET",
    "Budget",
    "Engine",
    "Meter",
    "OnePass",
    "Reaching",
    "collector_at_rest",
    "infer_each",
    "over_budget",
]


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


#: Of engines for many facts, where every conclusion is a row, and not an object.
BULK_BUDGET = Budget(facts=1_000_000_000, firings=10_000_000_000, seconds=600.0)

_NEVER_ENDS = "a rule that computes new values from its own conclusions never ends: bound the value by a comparison"
_MUCH_TO_DO = "if there is simply a lot to do, raise the --budget"


class Engine(Protocol):
    """A forward-chaining engine.

    Attributes:
        budget: when it stops, which also holds for whoever goes on from its results.
    """

    name: str
    budget: Budget

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


@runtime_checkable
class Reaching(Protocol):
    """An engine that can write to other file systems."""

    def check_free(self, address: str, programs: Sequence[Program]) -> None:
        """Make sure that it reaches an address, and that nothing is there.

        Args:
            programs: what it runs then.

        Raises:
            OSError: it does not, or something is.
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
        same = found and found[-1].program.base == program.base and not program.tells_time
        if same:  # where the same facts are in force, the same follows
            found.append(replace(found[-1], program=program))
        else:
            found.append(engine.infer(program))
    return found


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """No garbage collection meanwhile: an inference only grows, and scanning it again and again doubles its time."""
    active = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if active:
            gc.enable()


class Work(msgspec.Struct, frozen=True):
    """What a cluster has done.

    Attributes:
        shuffled: bytes that went from task to task.
    """

    jobs: int
    stages: int
    tasks: int
    shuffled: int


@runtime_checkable
class Clustered(Protocol):
    """An engine that has others work for it."""

    def work(self) -> Work | None:
        """What they have done since it began; None where they do not tell."""
        ...


class Meter:
    """Counts what a run spends, and stops it where the budget ends. The clock is read every few thousand steps."""

    def __init__(self, budget: Budget, program: Program) -> None:
        self.budget = budget
        self._program = program
        self._deadline = monotonic() + budget.seconds
        self._steps = self._firings = self._facts = 0
        self._next_look = _LOOK_EVERY
        self._of_rule: dict[str, int] = {}

    def candidates(self, rule_id: str, count: int) -> None:
        """The matcher looks at `count` facts for a condition of the rule.

        Raises:
            BudgetError: time is up.
        """
        self._steps += count
        if self._steps >= self._next_look:
            self._next_look = self._steps + _LOOK_EVERY
            if monotonic() > self._deadline:
                self._stop(rule_id, f"the budget of {self.budget.seconds:g} seconds")

    def firing(self, rule_id: str) -> None:
        """The conditions of the rule hold once more, so that it is going to fire.

        Raises:
            BudgetError: they do so too often, or time is up.
        """
        self._firings += 1
        self._of_rule[rule_id] = self._of_rule.get(rule_id, 0) + 1
        if self._firings > self.budget.firings:
            self._stop(rule_id, f"the budget of {self.budget.firings:,} firings")
        self.candidates(rule_id, 1)

    def conclusion(self, rule_id: str) -> None:
        """The rule concludes something new.

        Raises:
            BudgetError: there are too many conclusions.
        """
        self._facts += 1
        if self._facts > self.budget.facts:
            self._stop(rule_id, f"the budget of {self.budget.facts:,} conclusions")

    def out_of_memory(self) -> BudgetError:
        """The error for a run that needs more memory than there is."""
        return self._error(next(iter(self._program.rules.values())).id, "all memory")

    def _stop(self, rule_id: str, limit: str) -> NoReturn:
        raise self._error(rule_id, limit)

    def _error(self, rule_id: str, limit: str) -> BudgetError:
        busiest = max(sorted(self._of_rule), key=self._of_rule.__getitem__, default=rule_id)
        fired = self._of_rule.get(busiest, 0)
        named = busiest if fired > 1 else rule_id
        rule = next(rule for rule in self._program.rules.values() if rule.id == named)
        message = f"rule {rule.id} used up {limit}" + (f" (it fired {fired:,} times)" if fired else "")
        return over_budget(self._program, [rule], message)


def over_budget(program: Program, rules: Sequence[ProgramRule], message: str) -> BudgetError:
    """The error for a budget that is used up, at the first of some rules, with what can be done about it."""
    from kzexpert.program.products import product_hint

    advice = next(filter(None, map(product_hint, rules)), _NEVER_ENDS)
    hint = f"{advice}; {_MUCH_TO_DO}"
    location = rules[0].rule.location if rules else None
    return BudgetError(Issue("KZ401", message, location, hint), texts=program.kb.texts)


_LOOK_EVERY = 4096
