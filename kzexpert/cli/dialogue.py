"""Lines of a dialogue: questions, what refers to the answer before, commands, and what is given until it is dropped.

Each becomes a command, which reads and answers it as it would alone. It neither prompts nor reads lines.
"""

import re
import shlex
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import click
from msgspec.structs import replace

from kzexpert.cli.asked import command_line, say, say_reading
from kzexpert.cli.group import COMMANDS, cli, guarded
from kzexpert.cli.opened import Givens, Kept, staying_open
from kzexpert.cli.options import Options
from kzexpert.cli.output import heard, reading
from kzexpert.cli.session import day_of_questions, open_session, read_knowledge_base
from kzexpert.errors import Issue, KzexpertError, Location, UsageError
from kzexpert.model import Constant, KnowledgeBase
from kzexpert.proof.answers import Answer
from kzexpert.questions.follow_up import Before, FollowUp, asked_before, follow_up
from kzexpert.questions.question import read_asked, read_question

__all__ = ["LEAVING", "WORDS", "Dialogue"]

#: What a dialogue understands beside questions and commands.
WORDS = {
    "as of": "Ask about another date from now on: as of 2009",
    "assume": "Take a fact as given from now on: assume member(Ruritania, Pact)",
    "without": "Leave facts out from now on: without leads(_, Pact)",
    "drop": "Drop what is kept: drop, drop date, drop assume, drop without, drop member(Ruritania, Pact)",
    "given": "Show what is kept.",
    "reload": "Read the files of the base again.",
    "help": "Show this; help COMMAND shows the options of a command.",
    "quit": "Leave; so does Ctrl-D.",
}
LEAVING = frozenset(("quit", "exit", ":q", "bye"))
#: The commands that a dialogue has.
_HERE = {name: text for name, text in COMMANDS.items() if name not in ("shell", "completion")}
#: Commands that take whatever is asked; without options it may refer to the answer before.
_ASKING = frozenset(("ask", "why"))
#: Commands whose argument may be left to the question before.
_OF_BEFORE = frozenset(("why", "why-not", "linchpins", "timeline", "matrix", "about"))
_PRONOUNS = frozenset(("it", "that", "this", "them"))
_NAME_IT = "name what you mean"
_GIVEN = re.compile(r"(?P<word>as\s+of|--as-of|assume|--assume|without|--without)[\s=]+(?P<what>\S.*)", re.I | re.S)
_PLACE = "question"


class Dialogue:
    """A dialogue on one base.

    Args:
        options: those of each command that takes them.
    """

    def __init__(self, options: Options) -> None:
        self._options = replace(options, as_of=None, assume=(), without=())
        self._opened = Kept(Givens(options.as_of, options.assume, options.without))
        self._before = Before()

    @property
    def givens(self) -> Givens:
        """What is kept until it is dropped."""
        return self._opened.givens

    @property
    def kb(self) -> KnowledgeBase:
        """The base, loaded when it is first asked for.

        Raises:
            KnowledgeBaseError: something is wrong with it; all of that.
        """
        with staying_open(self._opened):
            return read_knowledge_base(self._options)

    def open(self) -> int:
        """Load the base, and look at what is given.

        Returns:
            The exit code, after telling what is wrong.
        """
        return self._guarded(self._checked)

    def turn(self, line: str) -> int:
        """Answer a line.

        Returns:
            The exit code of its command, after telling what went wrong; 0 of an empty line or a comment.
        """
        line = " ".join(line.split())
        return 0 if not line or line.startswith("#") else self._guarded(lambda: self._answered(line))

    def _guarded(self, run: Callable[[], int]) -> int:
        with staying_open(self._opened):
            return guarded(run)

    def _answered(self, line: str) -> int:
        word, _, rest = line.partition(" ")
        given = _GIVEN.fullmatch(line)
        if given:
            return self._keep(
                " ".join(given["word"].lower().split()).removeprefix("--").replace("-", " "), given["what"]
            )
        own = {"drop": self._drop, "given": self._show, "reload": self._reload, "help": self._help, "?": self._help}
        if word in own and (not rest or word in ("drop", "help")):
            return own[word](rest)
        if word in _OF_BEFORE and (not rest or _is_pronoun(rest)):
            return self._of_before(word, rest)
        if word in _HERE and (word not in _ASKING or " --" in rest):
            return self._run([word, *_split(rest)])
        line = rest if word == "ask" else line
        found = follow_up(self.kb, line, self._before, self._is_question)
        return self._run(["ask", "--", line]) if found is None else self._follow(found)

    def _follow(self, found: FollowUp) -> int:
        say_reading(self._options, found.read_as)
        words = [found.words[0], *(("--as-of", found.as_of) if found.as_of else ()), *found.words[1:]]
        kept = replace(self._options, **{name: getattr(self.givens, name) for name in Givens.__struct_fields__})
        with reading(found.read_as, shlex.join(command_line(kept, words))):
            return self._run(words)

    def _of_before(self, word: str, rest: str) -> int:
        """A command about the question before, or about the entity that it begins with."""
        before, options = self._before, _split(rest)[1:]
        if word == "about" and not before.about:
            raise UsageError(
                Issue(
                    "KZ301", f"nothing was asked before that '{word} {rest}' could be about", Location(_PLACE), _NAME_IT
                )
            )
        subject = before.about[0] if word == "about" else str(asked_before(word, before))
        day = ["--as-of", before.as_of] if before.as_of and word != "timeline" and "--as-of" not in rest else []
        if rest:
            say_reading(self._options, f"{word} {subject}")
        return self._run([word, *day, subject, *options])

    def _is_question(self, text: str, literal: bool) -> bool:
        try:
            found = read_asked(self.kb, text)
        except UsageError:
            return False
        return not (literal and found.read_as)

    def _run(self, words: Sequence[str]) -> int:
        """Run a command with the options of the dialogue, and remember what it was about."""
        context = click.Context(cli, info_name="kzexpert")
        command = cli.get_command(context, words[0])
        assert command is not None
        with heard() as documents:
            code = command.main(
                [*words[1:]], words[0], standalone_mode=False, parent=context, default_map=self._defaults(command)
            )
        for document in documents:
            found = _before(self.kb, document)
            self._before = replace(found, as_of=self._day(document)) if found else self._before
        return code if isinstance(code, int) else 0

    def _day(self, document: object) -> str:
        """The day of a document; empty where questions are about that anyway. One without a day leaves it as it was."""
        day = getattr(document, "as_of", None)
        if not isinstance(day, date):
            return self._before.as_of
        if day == day_of_questions(self.kb):
            return ""
        return f"{day.year:04}" if (day.month, day.day) == (12, 31) else day.isoformat()

    def _defaults(self, command: click.Command) -> dict[str, Any]:
        """The options of the dialogue, for a command and for those below it."""
        if isinstance(command, click.Group):
            context = click.Context(command)
            below = ((name, command.get_command(context, name)) for name in command.list_commands(context))
            return {name: self._defaults(found) for name, found in below if found is not None}
        default = Options()
        names = [name for name in Options.__struct_fields__ if getattr(self._options, name) != getattr(default, name)]
        return {name: getattr(self._options, name) for name in names}

    # --- what is kept ---

    def _keep(self, word: str, what: str) -> int:
        before, text = self.givens, _unquoted(what)
        if word == "as of":
            self._opened.givens = replace(before, as_of=text)
        else:
            self._opened.givens = replace(before, **{word: (*getattr(before, word), text)})
        try:
            code = self._checked()
        except KzexpertError:
            self._opened.givens = before
            raise
        if word == "as of":
            self._before = replace(self._before, as_of="")
        return code

    def _checked(self) -> int:
        """Load the base, and see that the date and the assumptions mean something.

        Raises:
            KzexpertError: they do not, or something is wrong with the base.
        """
        session = open_session(self._options)
        session.engine()  # imported now, since Ctrl-C amid an import may leave a library broken
        if self.givens != Givens():
            session.program()
        return 0

    def _drop(self, what: str) -> int:
        given, text = self.givens, _unquoted(what)
        if not text or text == "all":
            left = Givens()
        elif text in ("date", "as of"):
            left = replace(given, as_of=None)
        elif text in ("assume", "without"):
            left = replace(given, **{text: ()})
        else:
            assume, without = (
                tuple(kept for kept in kept_all if kept != text) for kept_all in (given.assume, given.without)
            )
            left = Givens(given.as_of, assume, without)
        if left == given:
            hint = "\n".join(["what is kept:", *self.kept]) if self.kept else "nothing is kept"
            raise UsageError(
                Issue("KZ301", f"{text or 'nothing'} is not kept, so that nothing is dropped", Location(_PLACE), hint)
            )
        self._opened.givens = left
        if left.as_of != given.as_of:
            self._before = replace(self._before, as_of="")
        return self._show("")

    @property
    def kept(self) -> list[str]:
        """What is kept, in words."""
        given = self.givens
        dates = [f"as of {given.as_of}"] if given.as_of else []
        return [*dates, *(f"assume {text}" for text in given.assume), *(f"without {text}" for text in given.without)]

    def _show(self, _rest: str) -> int:
        say(self._options, "\n".join(self.kept) or "nothing is kept")
        return 0

    def _reload(self, _rest: str) -> int:
        self._opened.found.clear()
        return self._checked()

    def _help(self, rest: str) -> int:
        if rest:
            words = _split(rest)
            if words[0] not in _HERE:
                raise UsageError(Issue("KZ301", f"there is no command {words[0]}", Location(_PLACE)))
            return self._run([*words, "--help"])
        rows = [*WORDS.items(), *_HERE.items()]
        width = max(len(name) for name, _ in rows) + 2
        lines = ["A question, what refers to the answer before (and in energy? why? what if not member(...)), or:", ""]
        say(self._options, "\n".join([*lines, *(f"  {name:<{width}}{text}" for name, text in rows)]))
        return 0


def _is_pronoun(text: str) -> bool:
    """Whether a pronoun stands where a command has its argument."""
    said = text.split(" --")[0].strip(" ?").lower()
    return said in _PRONOUNS


def _split(text: str) -> list[str]:
    """The words of a command; a quotation mark that is none, as in a possessive, is a letter."""
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _before(kb: KnowledgeBase, document: object) -> Before | None:
    """What a document is about; None where that is nothing that could be asked again."""
    entity = getattr(document, "entity", "")
    if entity:
        return Before(about=(entity,))
    text = getattr(document, "pattern", "")
    try:
        pattern = read_question(kb, text).pattern if text else None
    except UsageError:  # of a pattern that cannot be written: a constant that is no text of the grammar
        return None
    if pattern is None:
        return None
    about = [term.value for term in pattern.terms if isinstance(term, Constant)]
    found = document.established.answers if isinstance(document, Answer) else ()
    answers = [value for item in found for value in item.bindings.values()]
    named, answering = (
        tuple(name for name in values if isinstance(name, str) and name in kb.entity) for values in (about, answers)
    )
    return Before(pattern, named, answering)
