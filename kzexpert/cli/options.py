"""The options that commands share, and the one value that carries them. It reads none of what they name."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import click
import msgspec

__all__ = ["DEPTH", "PICTURED", "Command", "Count", "Options", "command", "common_options", "on_page"]

_FIRST, _BASE, _ENGINES, _PRINTED = "Options", "More of the base", "Engines", "Output"
#: The narrowest text that ``--width`` may ask for.
_NARROWEST = 40


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the common options say; texts are as typed."""

    kb: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    allow_network: bool = False
    as_of: str | None = None
    assume: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    engine: str = "experta"
    memory: str | None = None
    spark_master: str | None = None
    spark_remote: str | None = None
    spark_conf: tuple[str, ...] = ()
    skip_bad_rows: str | None = None
    budget: tuple[str, ...] = ()
    format: str = "text"
    output: str | None = None
    limit: int | None = None
    width: int | None = None
    no_pager: bool = False
    verbose: bool = False

    @property
    def repeated(self) -> list[str]:
        """The words of a command line that say again on what base, on which day and by which engine it runs."""
        found: list[str] = []
        default = Options()
        for name in _REPEATED:
            given = getattr(self, name)
            if given != getattr(default, name):
                option = f"--{name.replace('_', '-')}"
                values = given if isinstance(given, tuple) else (given,)
                found.extend(word for value in values for word in ((option,) if value is True else (option, value)))
        return found


#: The options that say what is asked and how, in the order in which they are repeated.
_REPEATED = (
    *("kb", "rules", "facts", "as_of", "engine", "memory", "spark_master", "spark_remote", "spark_conf"),
    *("allow_network", "skip_bad_rows", "budget"),
)


def on_page(options: Options) -> int | None:
    """How many of a kind a picture shows: what ``--limit`` says, or 0, for as many as a page takes."""
    context = click.get_current_context(silent=True)
    source = context and context.get_parameter_source("limit")
    return 0 if source is click.core.ParameterSource.DEFAULT else options.limit


class Count(click.ParamType):  # type: ignore[type-arg]  # generic in newer releases only
    """A whole number, or the word ``all`` where that is allowed, which is None."""

    name = "count"

    def __init__(self, least: int = 1, *, unlimited: bool = False) -> None:
        self.least, self.unlimited = least, unlimited

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        if isinstance(value, int):  # a default
            return value
        text = str(value).strip()
        if self.unlimited and text == "all":
            return None
        if not text.isdecimal() or int(text) < self.least:
            word = " nor all" if self.unlimited else ""
            self.fail(f"{text} is {'neither' if word else 'not'} a number from {self.least} up{word}", param, ctx)
        return int(text)


class _Option(click.Option):
    """An option that help shows in a section of its own."""

    def __init__(self, *names: Any, section: str, **rest: Any) -> None:
        super().__init__(*names, **rest)
        self.section = section


class Command(click.Command):
    """A command whose help shows its own options and the common ones first, and those of engines and the like below."""

    def sections(self, ctx: click.Context) -> dict[str, list[click.Option]]:
        """Heading → options, in the order of the help."""
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        found: dict[str, list[click.Option]] = {name: [] for name in (_FIRST, _BASE, _ENGINES, _PRINTED)}
        for option in options:
            if "--help" not in option.opts:
                found[getattr(option, "section", _FIRST)].append(option)
        found = {name: section for name, section in found.items() if section} or {_FIRST: []}
        found[[*found][-1]] += [option for option in options if "--help" in option.opts]
        return found

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for heading, params in self.sections(ctx).items():
            rows = [row for param in params if (row := param.get_help_record(ctx))]
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)


def command(**settings: Any) -> Callable[[Callable[..., Any]], Command]:
    """As `click.command`, for a `Command`."""
    return click.command(cls=Command, **settings)


def _option(section: str, *names: str, **rest: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(*names, cls=_Option, section=section, **rest)


_KB = _option(
    _FIRST,
    "--kb",
    multiple=True,
    metavar="NAME|FOLDER",
    help="A shipped or installed base, or a folder with rules/ and facts/; several are layered.",
)
_SOURCES = (
    _option(_BASE, "--rules", multiple=True, metavar="PATH", help="One more file of rules, or a folder of them."),
    _option(_BASE, "--facts", multiple=True, metavar="PATH", help="One more file of facts, or a folder of them."),
    _option(_BASE, "--allow-network", is_flag=True, help="Read tables on other machines or database servers."),
)
_RUN = (
    _option(_FIRST, "--assume", multiple=True, metavar="ATOM", help="Take a fact as given."),
    _option(_FIRST, "--without", multiple=True, metavar="ATOM", help="Leave out the facts that match."),
)
_NAMED = "The engine: experta, experta-stock, duckdb, spark, or auto, which chooses by the number of facts."
_ENGINE = (
    _option(_ENGINES, "--memory", metavar="SIZE", help="How much memory the duckdb engine may take, such as 2GB."),
    _option(_ENGINES, "--spark-master", metavar="URL", help="Where the spark engine runs, such as local[4] or yarn."),
    _option(_ENGINES, "--spark-remote", metavar="URL", help="A server of Spark Connect, such as sc://host:15002."),
    _option(
        _ENGINES,
        "--spark-conf",
        multiple=True,
        metavar="NAME=VALUE",
        help="Configuration of Spark, for the spark engine.",
    ),
    _option(
        _ENGINES,
        "--skip-bad-rows",
        metavar="FILE",
        help="Write table rows that cannot be facts to FILE, and go on without them.",
    ),
    _option(
        _ENGINES,
        "--budget",
        multiple=True,
        metavar="WHAT=N",
        help="When to stop a run: seconds, facts or firings, such as seconds=300.",
    ),
)
#: What ``--limit`` and ``--depth`` mean to pictures.
PICTURED = "How many of a kind to show; JSON has all, and a picture as many as a page takes unless you say."
DEPTH = "How many steps down a picture goes (svg, dot, mermaid).  [default: as many as a page takes]"
_FILE = "Write to a file, replacing it only when all is written."
_SCREEN = (
    _option(
        _PRINTED,
        "--width",
        type=Count(_NARROWEST),
        metavar="COLUMNS",
        help="How wide a text is.  [default: as the terminal, or 80]",
    ),
    _option(_PRINTED, "--no-pager", is_flag=True, help="Print on a terminal without a stop at each screen."),
)
_VERBOSE = _option(
    _PRINTED,
    *("-v", "--verbose"),
    is_flag=True,
    help="Report on stderr what is loaded and inferred, and how long it takes.",
)
_AS_OF = {
    "DATE": "A day, month or year; its last day counts.  [default: that of the base]",
    "DATE|YEAR..YEAR": "A day, month or year, of which the last day counts; or years, each as of its last day.  "
    "[default: that of the base]",
    "YEAR..YEAR": "The years to look at.  [default: all on record]",
}


def common_options(
    *,
    base: bool = True,
    run: bool = True,
    engine: bool = False,
    formats: Sequence[str] = ("text", "json"),
    by: str = "experta",
    as_of: str = "DATE",
    output: bool = True,
    limit: int | None = None,
    limits: str = "How many of a kind to show; JSON has all.",
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the common options, as one `Options` before its own parameters.

    Args:
        base: whether the command reads a knowledge base.
        run: whether it infers what is asked, and so needs a date, assumptions and an engine.
        engine: whether it needs an engine all the same.
        formats: what it can print, the default first; without any it has an option of its own, and writes to a file.
        by: the engine unless ``--engine`` names another one.
        as_of: what ``--as-of`` takes, a key of `_AS_OF`.
        output: whether it may write to a file.
        limit: how many it shows unless ``--limit`` says otherwise, 0 for what fits the screen; without, it has no such
            option.
        limits: what ``--limit`` counts.
    """
    chosen = [_KB] if base else []
    chosen += [_option(_FIRST, "--as-of", metavar=as_of, help=_AS_OF[as_of]), *_RUN] if run else []
    if limit is not None:
        count, shown = Count(unlimited=True), limit > 0
        limits += "" if shown else "  [default: as many as a screen takes]"
        chosen.append(
            _option(_FIRST, "--limit", type=count, default=limit, show_default=shown, metavar="NUMBER|all", help=limits)
        )
    if formats:
        form = click.Choice(formats)
        chosen.append(
            _option(_FIRST, "--format", type=form, default=formats[0], show_default=True, help="What to print.")
        )
    if output:
        chosen.append(_option(_PRINTED if formats else _FIRST, "--output", metavar="FILE", help=_FILE))
    chosen += _SOURCES if base else ()
    if run or engine:
        named = _option(_ENGINES, "--engine", default=by, show_default=True, metavar="NAME", help=_NAMED)
        chosen += [named, *_ENGINE]
    chosen += [*(_SCREEN if "text" in formats else ()), *((_VERBOSE,) if base else ())]

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def command(**values: Any) -> Any:
            given = {name: values.pop(name) for name in Options.__struct_fields__ if name in values}
            return function(Options(**given), **values)

        for option in reversed(chosen):
            command = option(command)
        return command

    return decorate
