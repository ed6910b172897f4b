"""The options of engines → how an engine is to run, and what it tells beside its result."""

import re
from collections.abc import Sequence

import click

from kzexpert.cli.options import Options
from kzexpert.cli.output import note, print_error, tell
from kzexpert.cli.progress import ProgressLine
from kzexpert.engines import Clustered, Engine, Limits, Settings
from kzexpert.engines.reports import Chosen, Listener, Report, Skipped, Standing, Waiting
from kzexpert.errors import Issue, Location, UsageError, counted

__all__ = ["Notices", "settings_of", "tell_work_at_the_end"]

_BUDGET = "--budget"
_BUDGET_HINT = "a budget is written seconds=300, facts=1000000 or firings=1000000"
_LIMIT = r"\s*(seconds|facts|firings)\s*=\s*([0-9][0-9_]*(?:\.[0-9]+)?)\s*"
_WAITING = (
    "Spark has had no executor for this run for {} seconds: the cluster has none, or others have them all; "
    "it waits on, until Ctrl-C or for as long as --budget seconds=N says"
)
#: Seconds; more than any clock of the operating system is waited for.
_LONGEST = 1e8


class Notices:
    """Says on stderr what happens beside the result of a command: each thing once, however often engines run."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._said: set[Report | Issue] = set()

    def hear(self, report: Report) -> None:
        """Say what an engine tells, but for how its run stands."""
        if isinstance(report, Standing) or report in self._said:
            return
        self._said.add(report)
        if isinstance(report, Chosen):
            note(self._options, f"engine {report.engine}: {report.why}")
            for option in report.unused:
                self.warn(f"the {report.engine} engine, which was chosen, does not use {option}", option.split(" ")[0])
        elif isinstance(report, Waiting):
            tell(_WAITING.format(report.seconds))
        else:
            _print([Issue(item.code, item.message, item.location, item.hint, "warning") for item in report.issues])
            if isinstance(report, Skipped):
                tell(f"these rows were left out; they are in {report.file}")

    def warn(self, message: str, option: str) -> None:
        """Say that an option has nothing to do (KZ308)."""
        issue = Issue("KZ308", message, Location(option), severity="warning")
        if issue not in self._said:
            self._said.add(issue)
            _print([issue])


def _print(issues: Sequence[Issue]) -> None:
    from kzexpert.render.issues import issues_text

    print_error(lambda out: issues_text(issues, {}, out))


def tell_work_at_the_end(options: Options, engine: Engine) -> None:
    """Say with ``--verbose`` what a cluster has done for a command, proofs and files included."""
    if not options.verbose or not isinstance(engine, Clustered):
        return

    def tell_work() -> None:
        from kzexpert.render.export_text import bytes_text

        work = engine.work()
        if work is not None:
            done = f"{counted(work.jobs, 'job')}, {counted(work.stages, 'stage')}, {counted(work.tasks, 'task')}"
            note(options, f"the cluster ran {done}; {bytes_text(work.shuffled)} shuffled")

    click.get_current_context().call_on_close(tell_work)


def settings_of(
    options: Options, notices: Notices, line: ProgressLine | None = None, listen: Listener | None = None
) -> Settings:
    """How an engine is to run.

    Args:
        line: shows how the runs stand.
        listen: hears that too.

    Raises:
        UsageError: a text of ``--budget`` is none.
    """
    listeners = (notices.hear, *([line.hear] if line else []), *([listen] if listen else []))

    def heard(report: Report) -> None:
        for listener in listeners:
            listener(report)

    return Settings(
        memory=options.memory,
        spark_master=options.spark_master,
        spark_remote=options.spark_remote,
        spark_conf=options.spark_conf,
        skip_bad_rows=options.skip_bad_rows,
        network=options.allow_network,
        limits=_limits(options.budget),
        listen=heard,
    )


def _limits(texts: Sequence[str]) -> Limits:
    """What ``--budget`` changes.

    Raises:
        UsageError: a text is not a budget (KZ307); all of them.
    """
    found: dict[str, float] = {}
    issues = []
    for text in (part for given in texts for part in given.split(",")):
        written = re.fullmatch(_LIMIT, text)
        amount = float(written[2].replace("_", "")) if written else 0.0
        if written is None or not 0.0 < amount < (_LONGEST if written[1] == "seconds" else 1e18):
            issues.append(Issue("KZ307", f"{text.strip()} is not a budget", Location(_BUDGET), _BUDGET_HINT))
        else:
            found[written[1]] = amount
    if issues:
        raise UsageError(*issues)
    whole = {name: int(found[name]) for name in ("facts", "firings") if name in found}
    return Limits(seconds=found.get("seconds"), **whole)
