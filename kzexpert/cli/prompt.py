"""The prompt of the shell on a terminal: what is kept, completion, and a history that is the user's alone."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.output import ColorDepth

from kzexpert.cli.dialogue import WORDS, Dialogue
from kzexpert.cli.group import COMMANDS
from kzexpert.cli.output import colours, tell
from kzexpert.cli.signals import is_terminated
from kzexpert.questions.completion import Continuation, Continuations

__all__ = ["Prompt"]

#: What is kept stands in the prompt where it takes no more columns than that, else only how many there are.
_LONGEST = 50
#: Commands whose arguments are names of entities, and those whose arguments are predicates.
_OF_ENTITIES, _OF_PREDICATES = frozenset(("about", "matrix")), frozenset(("infer", "vocabulary"))


class Prompt:
    """Reads lines of a dialogue from a terminal."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue
        self._session: PromptSession[str] = PromptSession(
            history=_history(),
            completer=_Completer(dialogue),
            auto_suggest=AutoSuggestFromHistory(),
            complete_while_typing=True,
            enable_history_search=False,
            color_depth=None if colours() else ColorDepth.DEPTH_1_BIT,
        )

    def lines(self) -> Iterator[str]:
        """Lines as they are typed, until Ctrl-D or a signal to end; Ctrl-C takes back what was typed."""
        layer = next((layer for layer in reversed(self._dialogue.kb.layers) if layer.title), None)
        about = f"{layer.title}, {layer.label}. " if layer else ""
        tell(f"{about}Tab completes, help tells more, Ctrl-D leaves.")
        while True:
            try:
                yield self._session.prompt(self._text)
            except KeyboardInterrupt:
                if is_terminated():
                    return
            except EOFError:
                return

    def _text(self) -> FormattedText:
        kept = "; ".join(self._dialogue.kept)
        if len(kept) > _LONGEST:
            given = self._dialogue.givens
            counts = (f"{len(given.assume)} assumed", f"{len(given.without)} left out")
            kept = ", ".join([*([f"as of {given.as_of}"] if given.as_of else []), *counts])
        return FormattedText([("bold", "kzexpert"), ("fg:ansiyellow", f" [{kept}]" if kept else ""), ("bold", "> ")])


class _Completer(Completer):
    """Commands and questions at the beginning of a line, then whatever the line goes on with."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        text = document.text_before_cursor.lstrip()
        if not text and not complete_event.completion_requested:
            return
        for item in self._found(text):
            yield Completion(item.text, item.start - len(text), display_meta=item.note)

    def _found(self, text: str) -> Iterator[Continuation]:
        word, gap, rest = text.partition(" ")
        if not gap:
            for name, note in {**COMMANDS, **WORDS}.items():
                if name.startswith(word):
                    yield Continuation(name, 0, note)
            yield from self._continuations.of(text)
            return
        at = len(word) + 1
        if word in _OF_ENTITIES:
            found = self._continuations.all_names(rest) or self._continuations.of(rest)
        elif word in _OF_PREDICATES:
            found = self._continuations.predicates(rest)
        elif word in COMMANDS or word in WORDS:
            found = self._continuations.of(rest)
        else:
            found, at = self._continuations.of(text), 0
        yield from (Continuation(item.text, item.start + at, item.note) for item in found)

    @cached_property
    def _continuations(self) -> Continuations:
        return Continuations(self._dialogue.kb)


def _history() -> History:
    """What was typed before: a file of the user's own, else only what this shell has seen.

    ``KZEXPERT_HISTORY`` names another file, and when it is empty nothing is kept.
    """
    chosen = os.environ.get("KZEXPERT_HISTORY")
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")  # noqa: PTH111
    path = os.path.join(state, "kzexpert", "history") if chosen is None else chosen  # noqa: PTH118
    if not path:
        return InMemoryHistory()
    try:
        _make_private(path)
    except OSError as error:
        tell(f"no history is kept: {path}: {error.strerror}")
        return InMemoryHistory()
    return FileHistory(path)


def _make_private(path: str) -> None:
    """Make a file that nobody else may read.

    Raises:
        OSError: it cannot be written.
    """
    folder = os.path.dirname(path)  # noqa: PTH120
    if folder:
        os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    with suppress(OSError, AttributeError):  # a file system without permissions
        os.fchmod(descriptor, 0o600)
    os.close(descriptor)
