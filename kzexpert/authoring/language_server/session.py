"""One editor's session: what it holds of which file, each base as it was read last, and what was found out about it.

A base is read anew in a thread of its own after a change, so that what is typed never waits. Nothing is written to
disk, and nothing that a file says is run or fetched.
"""

import asyncio
import logging
import os
import threading
from collections.abc import Awaitable, Callable
from time import monotonic, sleep
from typing import Any, TypeVar

from lsprotocol import types as lsp
from msgspec.structs import replace
from pygls import uris
from pygls.lsp.server import LanguageServer

from kzexpert import __version__
from kzexpert.authoring.language_server.base import State, base_of, path_of, read_state
from kzexpert.authoring.language_server.findings import Calm, Findings, Trials, findings, trials
from kzexpert.authoring.language_server.hover import Dossier
from kzexpert.authoring.language_server.names import Namings
from kzexpert.authoring.language_server.text import Span, Text, Units
from kzexpert.errors import CODES, Issue, KzexpertError, Location
from kzexpert.language.files import Remembered
from kzexpert.language.folders import MANIFEST

__all__ = ["EditedBase", "EditorSession", "path_of_uri", "uri_of"]

T = TypeVar("T")
_LOG = logging.getLogger("kzexpert.lsp")
#: Seconds without a change before a base is read again, and before it is asked what follows from it.
_PAUSE, _REST = 0.02, 1.0


class Chore:
    """Something to do once nobody has asked for it during a pause; asked for while it is done, it is done once more."""

    def __init__(self, pause: float, run: Callable[[], Awaitable[None]]) -> None:
        self.pause, self.run = pause, run
        self.wanted = False
        self.task: asyncio.Task[None] | None = None

    def ask(self) -> None:
        self.wanted = True
        if self.task is None or self.task.done():
            self.task = asyncio.ensure_future(self._work())

    async def done(self) -> None:
        """Waits until all is done that was asked for."""
        if self.task is not None:
            await self.task

    async def _work(self) -> None:
        while self.wanted:
            while self.wanted:
                self.wanted = False
                await asyncio.sleep(self.pause)
            try:
                await self.run()
            except KzexpertError as error:
                _LOG.warning("%s", error)
            except Exception:  # whatever it is, the next change has another chance
                _LOG.exception("a bug in kzexpert, not in your files")


async def _aside(run: Callable[..., T], *arguments: Any) -> T:
    """What a function gives in a thread of its own, which keeps nobody from leaving, however long it takes."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[T] = loop.create_future()

    def settle(give: Callable[[Any], None], value: object) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(give, value)

    def work() -> None:
        try:
            found = run(*arguments)
        except Exception as error:
            settle(outcome.set_exception, error)
        else:
            settle(outcome.set_result, found)

    threading.Thread(target=work, daemon=True).start()
    return await outcome


class EditedBase:
    """A base of which an editor has files open.

    Attributes:
        dossier: what is known of it; None before it was read.
        reading, asking, trying: reads its files, finds out what follows from them, and runs its cases.
    """

    def __init__(self, folder: str, session: "EditorSession") -> None:
        self.folder, self.session = folder, session
        self.dossier: Dossier | None = None
        self.told: set[str] = set()
        self.kept = Remembered()
        self.reading = Chore(_PAUSE, self._read)
        self.asking = Chore(_REST, lambda: self._ask(findings))
        self.trying = Chore(_REST, lambda: self._ask(trials))

    async def _read(self) -> None:
        before = self.dossier
        held = dict(self.session.held)
        known = before.names.state if before else None
        state = await _aside(read_state, self.folder, held, known, self.kept)
        self.dossier = replace(self.dossier, names=Namings(state)) if self.dossier else Dossier(Namings(state))
        self.session.tell(self)
        self.asking.ask()
        if self.dossier.trials is None:
            self.trying.ask()

    async def _ask(self, question: Callable[[State, Calm], Findings | Trials]) -> None:
        if self.dossier is None or not self.dossier.names.state.sound:
            return
        answer = await _aside(question, self.dossier.names.state, self.session.calm)
        if isinstance(answer, Findings):
            self.dossier = replace(self.dossier, found=answer)
            self.session.tell(self)
        else:
            self.dossier = replace(self.dossier, trials=answer)
        workspace = self.session.client_capabilities.workspace
        if workspace and workspace.code_lens and workspace.code_lens.refresh_support:
            self.session.workspace_code_lens_refresh(None)


class EditorSession(LanguageServer):
    """One editor's session.

    Attributes:
        held: path → text, of the files that the editor has open.
        bases: folder → the base in it.
    """

    def __init__(self) -> None:
        super().__init__("kzexpert", __version__, lsp.TextDocumentSyncKind.Full)
        self.held: dict[str, str] = {}
        self.bases: dict[str, EditedBase] = {}
        self.typed = 0.0

    # --- texts ---

    @property
    def units(self) -> Units:
        encoding = self.workspace.position_encoding
        return "utf-8" if encoding == "utf-8" else "utf-32" if encoding == "utf-32" else "utf-16"

    def text(self, path: str, state: State) -> Text:
        return Text(state.text(path) or "", self.units)

    def range(self, text: Text, span: Span) -> lsp.Range:
        start, end = text.position(span[0]), text.position(span[1])
        return lsp.Range(lsp.Position(*start), lsp.Position(*end))

    def location(self, place: Location, state: State) -> lsp.Location:
        path = path_of(place)
        text = self.text(path, state)
        return lsp.Location(uri_of(path), self.range(text, text.word(place)))

    # --- bases ---

    def base(self, path: str) -> EditedBase | None:
        """The base that a file is part of."""
        folder = base_of(path)
        return self.bases.setdefault(folder, EditedBase(folder, self)) if folder else None

    def hold(self, path: str, text: str | None) -> None:
        """Takes over what an editor has of a file; None where it has closed it."""
        self.typed = monotonic()
        if text is None:
            self.held.pop(path, None)
        else:
            self.held[path] = text.removeprefix("\ufeff")
        base = self.base(path)
        if base:
            base.reading.ask()

    def calm(self) -> None:
        """Waits until nobody has typed for a while; called in a thread that is not that of the editor's requests."""
        while (left := self.typed + _REST - monotonic()) > 0:
            sleep(left)

    async def dossier(self, uri: str) -> tuple[Dossier, str] | None:
        """What is known of the base of a file, as its texts are now, and the path of the file; None without a base."""
        path = path_of_uri(uri)
        base = self.base(path)
        if base is None:
            return None
        if base.dossier is None:
            base.reading.ask()
        await base.reading.done()
        return (base.dossier, path) if base.dossier else None

    # --- diagnostics ---

    def tell(self, base: EditedBase) -> None:
        """Publishes what is wrong in all files of a base, and that nothing is wrong any more in others."""
        known = base.dossier
        if known is None:
            return
        state = known.names.state
        found: dict[str, list[lsp.Diagnostic]] = {}
        of_tables = known.found.issues if known.found and state.sound else ()
        for issue in (*state.issues, *of_tables):
            path = path_of(issue.location) if issue.location else os.path.join(state.folder, MANIFEST)  # noqa: PTH118
            found.setdefault(path, []).append(self.diagnostic(issue, path, state))
        own = {path for path in self.held if base_of(path) == state.folder}
        for path in sorted({*found, *base.told, *own}):
            self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri_of(path), found.get(path, [])))
        base.told = {*found}

    def diagnostic(self, issue: Issue, path: str, state: State) -> lsp.Diagnostic:
        text = self.text(path, state)
        span = text.word(issue.location) if issue.location else (0, 0)
        related = [
            lsp.DiagnosticRelatedInformation(self.location(place, state), words) for place, words in issue.related
        ]
        return lsp.Diagnostic(
            range=self.range(text, span),
            message=f"{issue.message}\n{issue.hint}" if issue.hint else issue.message,
            severity=lsp.DiagnosticSeverity.Error if issue.severity == "error" else lsp.DiagnosticSeverity.Warning,
            code=issue.code,
            code_description=_described(issue.code),
            source="kzexpert",
            related_information=related or None,
        )


def path_of_uri(uri: str) -> str:
    """Where the file of an editor is."""
    return os.path.abspath(uris.to_fs_path(uri) or "")  # noqa: PTH100


def uri_of(path: str) -> str:
    """What an editor calls a file."""
    return uris.from_fs_path(path) or ""


def _described(code: str) -> lsp.CodeDescription | None:
    """Where the documentation of a code lies: in the package, or in the checkout that it is run from."""
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120
    for folder in ("_docs", os.path.join(os.pardir, "docs")):  # noqa: PTH118
        path = os.path.normpath(os.path.join(package, folder, "errors.md"))  # noqa: PTH118
        if os.path.isfile(path):  # noqa: PTH113
            words = "".join(letter for letter in CODES[code].lower() if letter.isalnum() or letter in " -")
            return lsp.CodeDescription(f"{uri_of(path)}#{code.lower()}-{words.replace(' ', '-')}")
    return None
