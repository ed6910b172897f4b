"""The options that commands share, and the one value that carries them. It reads none of what they name."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import click
import msgspec

__all__ = ["Options", "common_options"]


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
    spark_conf: tuple[str, ...] = ()
    skip_bad_rows: str | None = None
    budget: tuple[str, ...] = ()
    format: str = "text"
    output: str | None = None
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
    *("kb", "rules", "facts", "as_of", "engine", "memory", "spark_master", "spark_conf"),
    *("allow_network", "skip_bad_rows", "budget"),
)
_SOURCES = (
    click.option(
        "--kb",
        multiple=True,
        metavar="NAME|FOLDER",
        help="A shipped or installed base, or a folder with rules/ and facts/; several are layered.",
    ),
    click.option("--rules", multiple=True, metavar="PATH", help="One more file of rules, or a folder of them."),
    click.option("--facts", multiple=True, metavar="PATH", help="One more file of facts, or a folder of them."),
    click.option("--allow-network", is_flag=True, help="Read tables on other machines or database servers."),
)
_RUN = (
    click.option("--assume", multiple=True, metavar="ATOM", help="Take a fact as given."),
    click.option("--without", multiple=True, metavar="ATOM", help="Leave out the facts that match."),
)
_ENGINE = (
    click.option(
        "--engine",
        default="experta",
        show_default=True,
        metavar="NAME",
        help="The engine: experta, experta-stock, duckdb, spark, or auto, which chooses by the number of facts.",
    ),
    click.option("--memory", metavar="SIZE", help="How much memory the duckdb engine may take, such as 2GB."),
    click.option("--spark-master", metavar="URL", help="Where the spark engine runs, such as local[4] or yarn."),
    click.option(
        "--spark-conf", multiple=True, metavar="NAME=VALUE", help="Configuration of Spark, for the spark engine."
    ),
    click.option(
        "--skip-bad-rows", metavar="FILE", help="Write table rows that cannot be facts to FILE, and go on without them."
    ),
    click.option(
        "--budget",
        multiple=True,
        metavar="WHAT=N",
        help="When to stop a run: seconds, facts or firings, such as seconds=300.",
    ),
)
_OUTPUT = click.option("--output", metavar="FILE", help="Write to a file, replacing it only when all is written.")
_VERBOSE = click.option(
    "-v", "--verbose", is_flag=True, help="Report on stderr what is loaded and inferred, and how long it takes."
)
_AS_OF = {
    "DATE": "A day, month or year; its last day counts.  [default: that of the base]",
    "DATE|YEAR..YEAR": "A day, month or year, of which the last day counts; or years, each as of its last day.  "
    "[default: that of the base]",
    "YEAR..YEAR": "The years to look at.  [default: all on record]",
}


def common_options(
    *,
    run: bool = True,
    engine: bool = False,
    formats: Sequence[str] = ("text", "json"),
    as_of: str = "DATE",
    output: bool = True,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the common options, as one `Options` before its own parameters.

    Args:
        run: whether the command infers what is asked, and so needs a date, assumptions and an engine.
        engine: whether it needs an engine all the same.
        formats: what it can print, the default first; without any it has an option of its own.
        as_of: what ``--as-of`` takes, a key of `_AS_OF`.
        output: whether it may write to a file.
    """
    day = click.option("--as-of", metavar=as_of, help=_AS_OF[as_of])
    form = click.option(
        "--format", type=click.Choice(formats), default=(*formats, "")[0], show_default=True, help="What to print."
    )
    engines = _ENGINE if run or engine else ()
    chosen = (
        *_SOURCES,
        *((day, *_RUN) if run else ()),
        *engines,
        *((form,) if formats else ()),
        *((_OUTPUT,) if output else ()),
        _VERBOSE,
    )

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def command(**values: Any) -> Any:
            given = {name: values.pop(name) for name in Options.__struct_fields__ if name in values}
            return function(Options(**given), **values)

        for option in reversed(chosen):
            command = option(command)
        return command

    return decorate
