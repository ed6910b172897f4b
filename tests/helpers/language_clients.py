"""An editor: pygls' client, which speaks with ``kzexpert lsp`` in a process of its own."""

import asyncio
import threading
from collections.abc import Coroutine
from pathlib import Path
from queue import Empty, Queue
from typing import Any, TypeVar

from lsprotocol import types as lsp
from processes import command, environment
from pygls.lsp.client import LanguageClient

__all__ = ["Editor", "applied", "at"]

T = TypeVar("T")
_PATIENCE = 30


def at(text: str) -> tuple[str, lsp.Position]:
    """A text without the ``|`` in it, and the position where that stands, counted as UTF-16."""
    before, _, after = text.partition("|")
    line = before.rpartition("\n")[2]
    return before + after, lsp.Position(before.count("\n"), len(line.encode("utf-16-le")) // 2)


def applied(text: str, edits: list[lsp.TextEdit]) -> str:
    """A text after edits; positions count UTF-16."""

    def offset(lines: list[str], place: lsp.Position) -> int:
        written = lines[place.line].encode("utf-16-le")[: 2 * place.character].decode("utf-16-le")
        return sum(map(len, lines[: place.line])) + len(written)

    lines = [*text.splitlines(keepends=True), ""]
    for edit in sorted(edits, key=lambda edit: (edit.range.start.line, edit.range.start.character), reverse=True):
        text = text[: offset(lines, edit.range.start)] + edit.new_text + text[offset(lines, edit.range.end) :]
    return text


class Editor:
    """An editor with some files open. What it asks is answered before a method returns."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.client = LanguageClient("test", "1")
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.published: Queue[lsp.PublishDiagnosticsParams] = Queue()
        self.refreshed: Queue[None] = Queue()
        self.client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(lambda found: self.published.put(found))
        self.client.feature(lsp.WORKSPACE_CODE_LENS_REFRESH)(lambda found: self.refreshed.put(found))
        self.started = self.run(self._start())

    async def _start(self) -> lsp.InitializeResult:
        await self.client.start_io(*command("lsp"), cwd=str(self.root), env=environment())
        completion = lsp.CompletionClientCapabilities(
            completion_item=lsp.ClientCompletionItemOptions(snippet_support=True)
        )
        lenses = lsp.CodeLensWorkspaceClientCapabilities(refresh_support=True)
        capabilities = lsp.ClientCapabilities(
            workspace=lsp.WorkspaceClientCapabilities(code_lens=lenses),
            text_document=lsp.TextDocumentClientCapabilities(completion=completion),
        )
        found = await self.client.initialize_async(
            lsp.InitializeParams(capabilities=capabilities, root_uri=self.root.as_uri())
        )
        self.client.initialized(lsp.InitializedParams())
        return found

    def run(self, asked: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(asked, self.loop).result(_PATIENCE)

    def ask(self, method: str, params: Any) -> Any:
        """The answer to a request."""

        async def answer() -> Any:
            return await self.client.protocol.send_request_async(method, params)

        return self.run(answer())

    def uri(self, name: str) -> str:
        return (self.root / name).as_uri()

    def document(self, name: str) -> lsp.TextDocumentIdentifier:
        return lsp.TextDocumentIdentifier(self.uri(name))

    def show(self, name: str, text: str | None = None) -> str:
        """Opens a file, or types until it says something else."""
        text = (self.root / name).read_text(encoding="utf-8") if text is None else text
        if name not in self.texts:
            item = lsp.TextDocumentItem(self.uri(name), "yaml", 1, text)
            self.loop.call_soon_threadsafe(
                self.client.text_document_did_open, lsp.DidOpenTextDocumentParams(text_document=item)
            )
        else:
            version = self.versions[name] + 1
            document = lsp.VersionedTextDocumentIdentifier(uri=self.uri(name), version=version)
            change = lsp.TextDocumentContentChangeWholeDocument(text)
            params = lsp.DidChangeTextDocumentParams(document, [change])
            self.loop.call_soon_threadsafe(self.client.text_document_did_change, params)
        self.texts[name], self.versions[name] = text, self.versions.get(name, 0) + 1
        return text

    def restore(self) -> None:
        """Has every file say again what is on disk; one that is not there is closed."""
        for name, text in [*self.texts.items()]:
            path = self.root / name
            if not path.exists():
                del self.texts[name]
                params = lsp.DidCloseTextDocumentParams(self.document(name))
                self.loop.call_soon_threadsafe(self.client.text_document_did_close, params)
            elif (saved := path.read_text(encoding="utf-8")) != text:
                self.show(name, saved)
        for name in [*self.texts][:1]:  # what is asked of a file waits until its base has been read
            self.ask(lsp.TEXT_DOCUMENT_HOVER, lsp.HoverParams(self.document(name), lsp.Position(0, 0)))

    def wrong(self, name: str) -> list[lsp.Diagnostic]:
        """What is wrong with a file: the next that the server says of it, before it falls silent on that."""
        while True:
            found = self.published.get(timeout=_PATIENCE)
            if found.uri == self.uri(name):
                return list(found.diagnostics)

    def comes_to(self, name: str, *codes: str) -> bool:
        """Whether the server says in time that just these codes are wrong with a file; else `Empty` is raised.

        What it says before, of texts that were shown earlier, does not count.
        """
        while {told.code for told in self.wrong(name)} != {*codes}:
            pass
        return True

    def calm(self) -> None:
        """Forgets what was published so far."""
        try:
            while True:
                self.published.get_nowait()
        except Empty:
            return

    def issues(self, name: str, text: str) -> list[lsp.Diagnostic]:
        """What is wrong with a file once it says a text."""
        self.calm()
        self.show(name, text)
        return self.wrong(name)

    def find(self, name: str, words: str) -> dict[str, Any]:
        """The parameters of a request about the first place where some words stand in a file."""
        before = self.texts[name][: self.texts[name].index(words)]
        _, position = at(f"{before}|")
        return {"text_document": self.document(name), "position": position}

    def hover(self, name: str, words: str) -> str:
        """What is shown of the thing named at some words."""
        found = self.ask(lsp.TEXT_DOCUMENT_HOVER, lsp.HoverParams(**self.find(name, words)))
        return str(found.contents.value) if found else ""

    def renamed(self, name: str, words: str, new: str) -> dict[str, str]:
        """File → its text when the thing named at some words is called otherwise."""
        found = self.ask(lsp.TEXT_DOCUMENT_RENAME, lsp.RenameParams(**self.find(name, words), new_name=new))
        after = {}
        for uri, edits in found.changes.items():
            path = uri.removeprefix(f"{self.root.as_uri()}/")
            text = self.texts.get(path) or (self.root / path).read_text(encoding="utf-8")
            after[path] = applied(text, edits)
        return after

    def completions(self, name: str, marked: str) -> dict[str, str]:
        """What is proposed at the ``|`` → the text with it, its fields as they are."""
        text, position = at(marked)
        self.show(name, text)
        found = self.ask(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionParams(self.document(name), position))
        return {item.label: applied(text, [item.text_edit]) for item in found.items} if found else {}

    def close(self) -> int | None:
        """Ends the session; the exit code of the server."""
        self.ask(lsp.SHUTDOWN, None)
        self.loop.call_soon_threadsafe(self.client.exit, None)
        process = self.client._server
        code = self.run(process.wait()) if process else None
        self.run(self.client.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(_PATIENCE)
        return code
