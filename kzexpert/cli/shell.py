"""``kzexpert shell``: questions one after another, on a terminal or from a pipe."""

import sys
from collections.abc import Iterator

import click

from kzexpert.cli.dialogue import LEAVING, Dialogue
from kzexpert.cli.options import Options, command, common_options
from kzexpert.cli.output import tell, to_stdout
from kzexpert.cli.signals import exit_code, is_terminated

__all__ = ["shell"]

#: Exit codes from the gravest on; others, as of a signal or of a closed pipe, end the dialogue.
_GRAVEST = (70, 1, 2, 3, 0)


@command(
    epilog="""\b
Examples:
  kzexpert shell
  kzexpert shell --kb world --as-of 2015
  kzexpert shell < questions.txt

\b
Lines:
  who is Kazakhstan aligned with in security?
  and in energy?         the question before, with another name or year
  why?  why not China?   why the answer before holds, or what it lacks
  what if not member(Kazakhstan, CSTO)
  does it hedge?         it, there: what the question before was about
  as of 2009             kept until drop, as are assume and without
  help                   all that there is"""
)
@common_options(output=False)
def shell(options: Options) -> int:
    """Ask one question after another; each may refer to the answer before.

    Every command works in it, without kzexpert in front. The base is loaded once. Ctrl-C stops a question, Ctrl-D
    leaves. From a pipe it takes one question to a line, and returns the worst exit code of all lines.
    """
    dialogue = Dialogue(options)
    code = dialogue.open()
    if code:
        return code
    if sys.stdin is not None and sys.stdin.isatty() and sys.stdout is not None and sys.stdout.isatty():
        return _talk(dialogue)
    return _read(dialogue, echo=options.format == "text")


def _talk(dialogue: Dialogue) -> int:
    """Answer what is typed; what goes wrong with a line ends nothing."""
    from kzexpert.cli.prompt import Prompt

    prompt = Prompt(dialogue)
    for line in prompt.lines():
        if line.strip().lower() in LEAVING:
            break
        code = dialogue.turn(line)
        if is_terminated() or code not in (*_GRAVEST, exit_code()):
            return code
        with to_stdout():
            click.echo()
    return exit_code() if is_terminated() else 0


def _read(dialogue: Dialogue, echo: bool) -> int:
    """Answer each line of stdin.

    Args:
        echo: whether each answer stands below its question.
    """
    codes = [0]
    for line in _lines():
        if line.strip().lower() in LEAVING:
            break
        if echo and line.strip():
            with to_stdout():
                click.echo(f"> {line}")
        code = dialogue.turn(line)
        if code not in _GRAVEST:
            return code
        codes.append(code)
        if echo and line.strip():
            with to_stdout():
                click.echo()
    return min(codes, key=_GRAVEST.index)


def _lines() -> Iterator[str]:
    if sys.stdin is None:
        tell("stdin is closed, so that there is nothing to answer")
        return
    for line in sys.stdin:
        yield line.rstrip("\r\n")
