"""The options of engines → an engine: the one way in which every command gets its own, and says what it tells."""

import re
from collections.abc import Sequence

import click

from kzexpert.cli.options import Options
from kzexpert.cli.output import note, print_error, tell
from kzexpert.cli.progress import ProgressLine
from kzexpert.engines import Engine, Limits, Settings, engine, for_engine
from kzexpert.engines.reports import Chosen, Listener, Report, Skipped, Standing
from kzexpert.errors import Issue, Location, UsageError
from kzexpert.model import KnowledgeBase

__all__ = ["engine_of", "with_tables"]

_BUDGET = "--budget"
_BUDGET_HINT = "a budget is written seconds=300, facts=1000000 or firings=1000000"
_LIMIT = re.compile(r"\s*(seconds|facts|firings)\s*=\s*([0-9][0-9_]*(?:\.[0-9]+)?)\s*")
#: Seconds; more than any clock of the operating system is waited for.
_LONGEST = 1e8
_TOLD = "kzexpert.cli.engine"


def engine_of(options: Options, line: ProgressLine | None = None, listen: Listener | None = None) -> Engine:
    """The engine that the options ask for.

    Args:
        line: shows how the runs stand.
        listen: hears that too.

    Raises:
        UsageError: there is no such engine, or it cannot run so; all of that.
    """
    return engine(options.engine, settings=_settings(options, line, listen))


def with_tables(kb: KnowledgeBase, options: Options) -> KnowledgeBase:
    """A knowledge base as the engine takes it: for engines that keep facts in memory, the rows of its tables are facts.

    Raises:
        KnowledgeBaseError: a table cannot be read, holds rows that are no facts, or is too large.
        UsageError: an option is at fault, or what reads tables is not installed.
    """
    if not kb.tables:
        if options.skip_bad_rows:
            _warn("KZ308", "there are no tables, so that --skip-bad-rows has nothing to do", "--skip-bad-rows")
        return kb
    return for_engine(kb, options.engine, _settings(options))


def _settings(options: Options, line: ProgressLine | None = None, listen: Listener | None = None) -> Settings:
    def heard(report: Report) -> None:
        if line is not None:
            line.hear(report)
        if not isinstance(report, Standing):
            _tell(options, report)
        if listen is not None:
            listen(report)

    return Settings(
        memory=options.memory,
        spark_master=options.spark_master,
        spark_conf=options.spark_conf,
        skip_bad_rows=options.skip_bad_rows,
        network=options.allow_network,
        limits=_limits(options.budget),
        listen=heard,
    )


def _limits(texts: Sequence[str]) -> Limits:
    """What ``--budget`` changes.

    Raises:
        UsageError: a text is no budget (KZ307); all of them.
    """
    found: dict[str, float] = {}
    issues = []
    for text in (part for given in texts for part in given.split(",")):
        written = _LIMIT.fullmatch(text)
        amount = float(written[2].replace("_", "")) if written else 0.0
        if written is None or not 0.0 < amount < (_LONGEST if written[1] == "seconds" else 1e18):
            issues.append(Issue("KZ307", f"{text.strip()} is no budget", Location(_BUDGET), _BUDGET_HINT))
        else:
            found[written[1]] = amount
    if issues:
        raise UsageError(*issues)
    whole = {name: int(found[name]) for name in ("facts", "firings") if name in found}
    return Limits(seconds=found.get("seconds"), **whole)


def _tell(options: Options, report: Skipped | Chosen) -> None:
    """Say once in a command what happened beside its result."""
    if _was_told(report.engine if isinstance(report, Chosen) else report):
        return
    if isinstance(report, Chosen):
        note(options, f"engine {report.engine}: {report.why}")
        for option in report.unused:
            message = f"the {report.engine} engine, which was chosen, does not use {option}"
            _warn("KZ308", message, option.split(" ")[0])
        return
    from kzexpert.render.issues import issues_text

    issues = [Issue(item.code, item.message, item.location, item.hint, "warning") for item in report.issues]
    print_error(lambda out: issues_text(issues, {}, out))
    tell(f"these rows were left out; they are in {report.file}")


def _warn(code: str, message: str, option: str) -> None:
    if _was_told(message):
        return
    from kzexpert.render.issues import issues_text

    issue = Issue(code, message, Location(option), severity="warning")
    print_error(lambda out: issues_text([issue], {}, out))


def _was_told(what: object) -> bool:
    """Whether the command has said something before; it counts as said from now on."""
    context = click.get_current_context(silent=True)
    told: set[object] = context.meta.setdefault(_TOLD, set()) if context else set()
    if what in told:
        return True
    told.add(what)
    return False
