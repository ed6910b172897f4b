"""What ``evaluate``, ``calibrate`` and ``learn`` share: their options, and the way from outcomes to samples."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from kzexpert.cli.engine import settings_of
from kzexpert.cli.options import Options
from kzexpert.cli.output import spare
from kzexpert.cli.progress import progress_line
from kzexpert.cli.session import Session, open_session, read_knowledge_base, years_of
from kzexpert.engines.packages import bulk
from kzexpert.errors import Issue, KnowledgeBaseError
from kzexpert.language.folders import YAML_ENDINGS
from kzexpert.language.outcomes_file import read_outcomes
from kzexpert.model import KnowledgeBase
from kzexpert.program.snapshot import default_as_of

if TYPE_CHECKING:
    from kzexpert.analysis.measure.judgements import Runs
    from kzexpert.analysis.measure.sample import Sample
    from kzexpert.analysis.measure.yardstick import Yard

__all__ = ["Measure", "Measured", "measured", "opened", "outcomes_options"]

_FOLDER = "outcomes"


class Measure(NamedTuple):
    """The options of measuring, as typed."""

    outcomes: tuple[str, ...]
    by: str | None
    years: str | None
    hold_out: str | None


class Measured(NamedTuple):
    """One predicate, inferred on the days of its outcomes.

    Attributes:
        held: the cases that are held out, where any are.
        rest: the others.
    """

    yard: "Yard"
    runs: "Runs"
    held: "Sample | None"
    rest: "Sample | None"


def outcomes_options(held: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options, as one `Measure` called ``given``.

    Args:
        held: what the command does with what is held out.
    """
    options = (
        click.option(
            "--outcomes",
            multiple=True,
            metavar="FILE",
            help="A YAML file of outcomes.  [default: outcomes/*.yaml of the base]",
        ),
        click.option(
            "--by", metavar="ARGUMENT", help="Cases with one value of it stay together.  [default: the first]"
        ),
        click.option("--as-of", "years", metavar="YEAR..YEAR", help="The years of the outcomes.  [default: all]"),
        click.option("--hold-out", metavar="WHAT", help=f"20%, 2006..2008 or state=Cuba,Poland: {held}."),
    )

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def command(**values: Any) -> Any:
            given = Measure(*(values.pop(name) for name in Measure._fields))
            return function(given=given, **values)

        for option in reversed(options):
            command = option(command)
        return command

    return decorate


@contextmanager
def opened(options: Options, given: Measure) -> Iterator[tuple[Session, KnowledgeBase, "Sequence[Yard]"]]:
    """A session, its knowledge base with tables unread, and the outcomes of all predicates.

    Raises:
        KnowledgeBaseError: something is wrong with the base or with the outcomes; there are none (KZ702).
        UsageError: a package of the extra is not installed (KZ403).
    """
    with bulk("measuring", "measure"):
        from kzexpert.analysis.measure.yardstick import yards

        unread = read_knowledge_base(options)
        session = open_session(options, unread)
        read = read_outcomes(list(given.outcomes) or _own(unread))
        if not read.outcomes:
            hint = f"give --outcomes FILE, or put a YAML file of outcomes into {_FOLDER}/ of the base"
            if read.files:
                hint = f"declare some below outcomes: of {', '.join(file.name for file in read.files)}"
            raise KnowledgeBaseError(Issue("KZ702", "there are no outcomes to judge by", hint=hint))
        spare(
            options,
            [*(file.path for file in read.files), *(file for item in read.outcomes for file in item.table.files)],
        )
        yield session, unread, yards(session.kb, read, settings_of(options, session.notices))


def _own(kb: KnowledgeBase) -> list[str]:
    """The files of outcomes of a base itself, not of those that it uses."""
    found = []
    for layer in kb.layers:
        folder = os.path.join(layer.folder, _FOLDER)  # noqa: PTH118
        if not layer.used and os.path.isdir(folder):  # noqa: PTH112
            names = sorted(name for name in os.listdir(folder) if name.endswith(YAML_ENDINGS))  # noqa: PTH208
            found += [os.path.join(folder, name) for name in names]  # noqa: PTH118
    return found


def measured(session: Session, yard: "Yard", given: Measure) -> Measured:
    """Infer on the days of some outcomes.

    Raises:
        UsageError: an option is at fault.
        KnowledgeBaseError: no case is left (KZ704), or the rules conclude too much.
    """
    from kzexpert.analysis.measure.judgements import Runs
    from kzexpert.analysis.measure.sample import Sample, cluster_argument, held_out

    years = years_of(given.years)
    by = cluster_argument(yard, given.by)
    wanted = held_out(yard, by, given.hold_out)
    default = date(years[-1], 12, 31) if years else default_as_of(session.kb)[0]
    chosen = yard.within(years)
    with progress_line() as line:
        runs = Runs(
            session.kb,
            chosen,
            session.engine(line),
            default,
            lambda day, done, total: line(f"as of {day.isoformat()}", done, total),
        )
    every = Sample(chosen, runs.cases, by)
    held = every.chosen(wanted) if given.hold_out else None
    rest = every.chosen(lambda outcome: not wanted(outcome))
    return Measured(chosen, runs, held, rest)
