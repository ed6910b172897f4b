"""The language server protocol (https://microsoft.github.io/language-server-protocol/, 3.17) over the functions beside.

What an editor holds is kept here, by file; each base is read anew in a thread of its own after a change, so that what
is typed never waits. Nothing is written to disk, and nothing that a file says is run or fetched.
"""

import asyncio
import logging
import os
from collections.abc import Sequence
from typing import Any

from lsprotocol import types as lsp
from pygls import uris
from pygls.lsp.server import LanguageServer

from kzexpert import __version__
from kzexpert.authoring.language_server.base import State, base_of, kind_of, path_of, read_state
from kzexpert.authoring.language_server.completion import Suggestion, completions
from kzexpert.authoring.language_server.text import Span, Text, Units
from kzexpert.errors import CODES, Issue, Location

__all__ = ["Server", "server"]

_LOG = logging.getLogger("kzexpert.lsp")
#: Seconds without a change before a base is read again.
_PAUSE = 0.02
_SORTS = {
    "key": lsp.CompletionItemKind.Property,
    "predicate": lsp.CompletionItemKind.Function,
    "variable": lsp.CompletionItemKind.Variable,
    "entity": lsp.CompletionItemKind.Value,
    "source": lsp.CompletionItemKind.Reference,
    "rule": lsp.CompletionItemKind.Event,
    "argument": lsp.CompletionItemKind.Field,
    "word": lsp.CompletionItemKind.Keyword,
}


class Server(LanguageServer):
    """One editor's session.

    Attributes:
        held: path → text, of the files that the editor has open.
        states: folder → the base in it, as it was read last.
    """

    def __init__(self) -> None:
        super().__init__("kzexpert", __version__, lsp.TextDocumentSyncKind.Full)
        self.held: dict[str, str] = {}
        self.states: dict[str, State] = {}
        self.readings: dict[str, asyncio.Task[None]] = {}
        self.changed: set[str] = set()
        self.told: dict[str, set[str]] = {}

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
        return lsp.Location(_uri(path), self.range(text, text.word(place)))

    # --- bases ---

    def hold(self, path: str, text: str | None) -> None:
        """Takes over what an editor has of a file; None where it has closed it."""
        if text is None:
            self.held.pop(path, None)
        else:
            self.held[path] = text.removeprefix("\ufeff")
        folder = base_of(path)
        if folder:
            self.reread(folder)

    def reread(self, folder: str) -> None:
        """Has a base read again, soon."""
        self.changed.add(folder)
        running = self.readings.get(folder)
        if running is None or running.done():
            self.readings[folder] = asyncio.ensure_future(self._read(folder))

    async def _read(self, folder: str) -> None:
        while folder in self.changed:
            await asyncio.sleep(_PAUSE)
            self.changed.discard(folder)
            try:
                held = dict(self.held)
                state = await asyncio.to_thread(read_state, folder, held, self.states.get(folder))
                self.states[folder] = state
                self.tell(state)
            except Exception:
                _LOG.exception("cannot read the base in %s", folder)

    async def current(self, uri: str) -> tuple[State, str] | None:
        """The base of a file as its texts are now, and the path of the file; None for a file of no base."""
        path = _path(uri)
        folder = base_of(path)
        if folder is None:
            return None
        if folder not in self.states and folder not in self.readings:
            self.reread(folder)
        await self.readings[folder]
        state = self.states.get(folder)
        return (state, path) if state else None

    # --- diagnostics ---

    def tell(self, state: State) -> None:
        """Publishes what is wrong in all files of a base, and that nothing is wrong any more in others."""
        found: dict[str, list[lsp.Diagnostic]] = {}
        for issue in state.issues:
            path = path_of(issue.location) if issue.location else os.path.join(state.folder, "kzexpert.yaml")  # noqa: PTH118
            found.setdefault(path, []).append(self.diagnostic(issue, path, state))
        before = self.told.get(state.folder, set())
        own = {path for path in self.held if base_of(path) == state.folder}
        for path in sorted({*found, *before, *own}):
            self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(_uri(path), found.get(path, [])))
        self.told[state.folder] = {*found}

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


def _path(uri: str) -> str:
    return os.path.abspath(uris.to_fs_path(uri) or "")  # noqa: PTH100


def _uri(path: str) -> str:
    return uris.from_fs_path(path) or ""


def _described(code: str) -> lsp.CodeDescription | None:
    """Where the documentation of a code lies: in the package, or in the checkout that it is run from."""
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120
    for folder in ("_docs", os.path.join(os.pardir, "docs")):  # noqa: PTH118
        path = os.path.normpath(os.path.join(package, folder, "errors.md"))  # noqa: PTH118
        if os.path.isfile(path):  # noqa: PTH113
            words = "".join(letter for letter in CODES[code].lower() if letter.isalnum() or letter in " -")
            return lsp.CodeDescription(f"{_uri(path)}#{code.lower()}-{words.replace(' ', '-')}")
    return None


# --- what an editor asks ---------------------------------------------------------------------------------------------


def _open(server: Server, params: lsp.DidOpenTextDocumentParams) -> None:
    server.hold(_path(params.text_document.uri), params.text_document.text)


def _change(server: Server, params: lsp.DidChangeTextDocumentParams) -> None:
    uri = params.text_document.uri
    server.hold(_path(uri), server.workspace.get_text_document(uri).source)


def _close(server: Server, params: lsp.DidCloseTextDocumentParams) -> None:
    server.hold(_path(params.text_document.uri), None)


def _save(server: Server, params: lsp.DidSaveTextDocumentParams) -> None:
    folder = base_of(_path(params.text_document.uri))
    if folder:
        server.reread(folder)


def _watched(server: Server, params: lsp.DidChangeWatchedFilesParams) -> None:
    for folder in server.states:
        server.reread(folder)


async def _completion(server: Server, params: lsp.CompletionParams) -> lsp.CompletionList | None:
    """What may be written; it does not wait for a base that is being read."""
    path = _path(params.text_document.uri)
    folder = base_of(path)
    if folder is None or path not in server.held:
        return None
    if folder not in server.states and await server.current(params.text_document.uri) is None:
        return None
    kind = kind_of(folder, path)
    text = Text(server.held[path], server.units)
    cursor = text.offset(params.position.line, params.position.character)
    found = completions(server.states[folder].names, kind, text.text, cursor) if kind else []
    items = [_item(server, text, cursor, item, number) for number, item in enumerate(found)]
    return lsp.CompletionList(is_incomplete=True, items=items)


def _item(server: Server, text: Text, cursor: int, item: Suggestion, number: int) -> lsp.CompletionItem:
    capabilities = server.client_capabilities.text_document
    asked = capabilities and capabilities.completion and capabilities.completion.completion_item
    snippets = bool(asked and asked.snippet_support) and item.fields
    insert = item.insert if snippets or not item.fields else _plain(item.insert)
    return lsp.CompletionItem(
        label=item.label,
        kind=_SORTS[item.sort],
        detail=item.detail or None,
        documentation=lsp.MarkupContent(lsp.MarkupKind.Markdown, item.doc) if item.doc else None,
        filter_text=_match(item, text.text[item.start : cursor]),
        sort_text=f"{number:04}",
        insert_text_format=lsp.InsertTextFormat.Snippet if snippets else lsp.InsertTextFormat.PlainText,
        text_edit=lsp.TextEdit(server.range(text, (item.start, cursor)), insert),
    )


def _plain(snippet: str) -> str:
    """A snippet with what stands in its places as it is."""
    import re

    return re.sub(r"\$\{\d+:([^}]*)\}", r"\1", snippet)


def _match(item: Suggestion, written: str) -> str:
    """What an editor compares with what is written: it looks from the beginning, and an alias may have been found."""
    bare = written.strip("\"'")
    folded = (item.match or item.label).casefold()
    return (
        written
        if bare and bare.casefold() in folded and not item.label.casefold().startswith(bare.casefold())
        else item.label
    )


def server() -> Server:
    """A server with all that it can do."""
    made = Server()
    markers = lsp.CompletionOptions(trigger_characters=["?", "(", ",", ":", " ", "{", '"'])
    features: Sequence[tuple[str, Any, Any]] = (
        (lsp.TEXT_DOCUMENT_DID_OPEN, _open, None),
        (lsp.TEXT_DOCUMENT_DID_CHANGE, _change, None),
        (lsp.TEXT_DOCUMENT_DID_CLOSE, _close, None),
        (lsp.TEXT_DOCUMENT_DID_SAVE, _save, None),
        (lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, _watched, None),
        (lsp.TEXT_DOCUMENT_COMPLETION, _completion, markers),
    )
    for name, handler, options in features:
        made.feature(name, options)(handler)
    return made
