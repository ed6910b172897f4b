"""Questions on the command line: read, told how they were read where that needs telling, and led to their command."""

import re
import shlex
import sys
from collections.abc import Mapping, Sequence

import click
from msgspec.structs import replace

from kzexpert.cli.options import Options
from kzexpert.cli.output import reading, tell, to_stdout, wrapped
from kzexpert.cli.session import Session
from kzexpert.errors import AmbiguousQuestion, Issue, Location, UsageError
from kzexpert.questions.question import Lead, Question, read_asked, read_conclusion, read_question

__all__ = [
    "command_line",
    "conclusion_of",
    "follow",
    "on_its_day",
    "question_of",
    "questions_of",
    "read_or_choose",
    "say",
    "say_reading",
]


#: An argument that is a question by itself: several words, or a pattern.
_WHOLE = re.compile(r"\S\s+\S|\w\(.*\)")


def questions_of(arguments: Sequence[str]) -> list[str]:
    """The questions that a command was given: each argument, where each is one by itself; else the words of one."""
    return list(arguments) if all(_WHOLE.search(text) for text in arguments) else [" ".join(arguments)]


def question_of(session: Session, text: str) -> Question:
    """What a command is about; see `read_question`. How it was read is said on stderr."""
    return _told(session, read_question(session.kb, text))


def conclusion_of(session: Session, text: str) -> Question:
    """What a command is to explain; see `read_conclusion`. How it was read is said on stderr."""
    return _told(session, read_conclusion(session.kb, text))


def _told(session: Session, question: Question) -> Question:
    if question.read_as:
        tell(wrapped(session.options, f"Read as: {question.read_as}", sys.stderr))
    return question


def read_or_choose(session: Session, text: str) -> Question | Lead:
    """What is asked; where it can be read in several ways, a terminal offers the choice.

    Raises:
        UsageError: see `read_question`.
    """
    try:
        return read_asked(session.kb, text)
    except AmbiguousQuestion as error:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise
        chosen = _choice(error.readings)
        return replace(read_question(session.kb, chosen), text=text, read_as=error.readings[chosen])


def _choice(readings: Mapping[str, str]) -> str:
    """The pattern of the reading that a user picks."""
    tell("This can be read in several ways:")
    for number, words in enumerate(readings.values(), 1):
        tell(f"  {number}  {words}")
    number = click.prompt("Which one", type=click.IntRange(1, len(readings)), err=True)
    return list(readings)[number - 1]


def on_its_day(session: Session, question: Question) -> Session:
    """The session on the day that a question names.

    Raises:
        UsageError: ``--as-of`` names another one (KZ308).
    """
    if not question.as_of:
        return session
    _agree(session.options, question.as_of, question.text)
    return session.given(as_of=question.as_of)


def _agree(options: Options, as_of: str, text: str) -> None:
    if options.as_of and options.as_of.strip() != as_of:
        message = f"the question says {as_of}, and --as-of says {options.as_of}"
        raise UsageError(Issue("KZ308", message, Location("question", 1), "give one of them"), texts={"question": text})


def command_line(options: Options, command: Sequence[str]) -> list[str]:
    """A command with the options that say on what it runs."""
    words = options.repeated
    if "--as-of" in command and options.as_of:
        place = words.index("--as-of")
        words[place : place + 2] = []
    changes = [("--assume", text) for text in options.assume] + [("--without", text) for text in options.without]
    return ["kzexpert", *command, *words, *(word for change in changes for word in change)]


def follow(session: Session, lead: Lead) -> int:
    """Tell how a question was read, run the command that answers it, and return its exit code.

    Raises:
        UsageError: a date of the question and ``--as-of`` do not agree.
    """
    options, command = session.options, list(lead.command)
    if "--as-of" in command:
        _agree(options, command[-1], lead.text)
        if command[-1].endswith(".."):
            command[-1] += str(session.program().as_of.year)
    line = command_line(options, command)
    say_reading(options, lead.read_as, f"({shlex.join(line)})")
    further = ["--format", options.format] if options.format != "text" else []
    further += ["--output", options.output] if options.output else []
    further += ["--width", str(options.width)] if options.width else []
    further += ["--no-pager"] if options.no_pager else []
    further += ["--verbose"] if options.verbose else []
    root = click.get_current_context().find_root()
    assert isinstance(root.command, click.Group)
    found = root.command.get_command(root, command[0])
    assert found is not None
    with reading(lead.read_as, shlex.join(line)):
        code = found.main([*line[2:], *further], f"kzexpert {command[0]}", standalone_mode=False)
    return code if isinstance(code, int) else 0


def say_reading(options: Options, read_as: str, command: str = "") -> None:
    """Say how a question was read.

    Args:
        command: what answers it, on a line of its own, which can be copied.
    """
    stream = sys.stderr if _aside(options) else sys.stdout
    lines = [wrapped(options, f"Read as: {read_as}", stream), *([command] if command else [])]
    say(options, "\n".join([*lines, ""]))


def _aside(options: Options) -> bool:
    """Whether stdout takes nothing but the result."""
    return options.format != "text" or bool(options.output)


def say(options: Options, text: str) -> None:
    """Say something before a result: on stderr where the result is no text for the screen."""
    if _aside(options):
        tell(text.rstrip())
    else:
        with to_stdout():
            click.echo(text)
