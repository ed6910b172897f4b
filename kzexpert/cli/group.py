"""The command group: it imports a command when that is called, and it alone turns errors into exit codes."""

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from kzexpert import __version__
from kzexpert.cli.output import WIDEST, print_error, tell, to_stderr, to_stdout
from kzexpert.cli.signals import exit_code, is_terminated
from kzexpert.errors import KzexpertError, UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["COMMANDS", "COMPLETE", "KzexpertGroup", "cli", "guarded"]

#: Command → its line of help, in the order of the help text. Each is an object of its own name in a module of its own
#: name, which is imported when the command is called.
COMMANDS = {
    "ask": "Answer a question, with certainty and reasons.",
    "why": "Show the whole proof of a conclusion.",
    "why-not": "Say what a conclusion lacks, and what would help.",
    "what-if": "Show what changes with facts, rules or the date.",
    "linchpins": "Show what a conclusion hangs on.",
    "timeline": "Follow a conclusion through the years.",
    "about": "Show all that is known of an entity.",
    "matrix": "Compare rival hypotheses by their evidence.",
    "conclusions": "List everything that the rules conclude.",
    "infer": "Write all conclusions to a file.",
    "diff": "Show how two bases differ, and what follows.",
    "evaluate": "Compare the conclusions with what happened.",
    "calibrate": "Measure how often a certainty is right.",
    "learn": "Propose certainties for rules from outcomes.",
    "shell": "Ask one question after another.",
    "trace": "Write traces, check them, compare them.",
    "review": "Sign judgements, challenge them, hear what changed.",
    "check": "Report everything wrong with a knowledge base.",
    "test": "Run the cases of a knowledge base.",
    "watch": "Check and test again on every change.",
    "fix": "Do what the hints of check say.",
    "fmt": "Lay out the files of a base.",
    "new": "Start a base of your own, or add to it.",
    "add": "Read a data file as facts, by a declaration.",
    "graph": "Draw the rules, or write pages about them.",
    "vocabulary": "List what rules, facts and questions may say.",
    "lsp": "Serve an editor: a language server.",
    "schema": "Print the JSON Schema of a document.",
    "completion": "Print what makes bash, zsh or fish complete.",
}

_BUG = 70
#: The variable by which the Tab key of a shell asks for proposals.
COMPLETE = "_KZEXPERT_COMPLETE"
#: So many of a code are told where a command cannot go on; `check` tells all.
_MOST_ISSUES = 10


class KzexpertGroup(click.Group):
    """Loads a command when it is named, and turns whatever goes wrong into a message and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(import_module(f"kzexpert.cli.{name}"), name)
        command.name, command.short_help = cmd_name, COMMANDS[cmd_name]
        if COMPLETE in os.environ:
            from kzexpert.cli.values import with_values

            with_values(command)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """The commands from the table, of which none is imported for that; or options."""
        from click.shell_completion import CompletionItem

        found = [CompletionItem(name, help=text) for name, text in COMMANDS.items() if name.startswith(incomplete)]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([*COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from kzexpert.language.nearest import did_you_mean

            hint = did_you_mean(args[0], COMMANDS) or f"the commands are {', '.join(COMMANDS)}"
            raise click.UsageError(f"there is no command {args[0]}: {hint}", ctx)
        return super().resolve_command(ctx, args)

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        """Run a command and exit: 0 answered · 1 the knowledge base is at fault · 2 usage · 3 nothing follows."""
        if COMPLETE in os.environ:
            import_module("kzexpert.cli.values")  # which has bash know of quotes
        extra["standalone_mode"] = False
        run = super().main

        def printing() -> Any:
            """Help is printed by click itself, which exits by itself only where the reader has gone."""
            with to_stdout():
                try:
                    return run(args, *rest, **extra)
                except SystemExit:
                    raise BrokenPipeError from None

        helps = {"-h", "--help", "--version"}.intersection(sys.argv[1:] if args is None else args)
        sys.exit(guarded(printing if helps else lambda: run(args, *rest, **extra)))


def _interrupted() -> int:
    tell("terminated" if is_terminated() else "interrupted")
    return exit_code()


def guarded(run: Callable[[], Any]) -> int:
    """The exit code of a run, after telling on stderr what went wrong."""
    try:
        code = run()
    except KzexpertError as error:
        if is_terminated():  # amid an import: the library then takes itself for broken
            return _interrupted()
        _show_issues(error)
        return 2 if isinstance(error, UsageError) else 1
    except click.Abort:
        return _interrupted()
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        with to_stderr():
            error.show()
        return error.exit_code
    except Exception as error:
        if is_terminated():  # a library has put an error of its own in the place of the interrupt
            return _interrupted()
        _show_bug(error)
        return _BUG
    return code if isinstance(code, int) else 0


def _show_issues(error: KzexpertError) -> None:
    from kzexpert.render.issues import issues_text

    print_error(lambda out: issues_text(error.issues, error.texts, out, _MOST_ISSUES))


def _show_bug(error: Exception) -> None:
    if os.environ.get("KZEXPERT_DEBUG"):
        import traceback

        with to_stderr():
            traceback.print_exception(error)
        return
    text = " ".join(str(error).split())[:500]
    tell(f"kzexpert stopped because of a bug in kzexpert, not in your files: {type(error).__name__}: {text}")
    tell("  hint: run it again with KZEXPERT_DEBUG=1 to see where, and report it")


@click.group(
    cls=KzexpertGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDEST},
    epilog="""\b
Examples:
  kzexpert ask "which states hedge?"
  kzexpert why "alignment(?state, ?power, security)"
  kzexpert check --kb my-knowledge-base

\b
Exit codes: 0 answered; 1 the knowledge base is at fault; 2 usage;
3 understood, but nothing follows.""",
)
@click.version_option(__version__, prog_name="kzexpert")
def cli() -> None:
    """Ask a knowledge base of rules and sourced facts, and see why it answers so."""
