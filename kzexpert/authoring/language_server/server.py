"""The language server protocol (https://microsoft.github.io/language-server-protocol/, 3.17): what an editor asks →
what the modules beside find. It knows how the protocol calls things, and nothing else.
"""

import re
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from itertools import accumulate
from typing import Any

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from kzexpert.authoring.language_server.base import kind_of, path_of
from kzexpert.authoring.language_server.completion import Suggestion, completions
from kzexpert.authoring.language_server.fixes import fixes
from kzexpert.authoring.language_server.hover import Dossier, hover, lens
from kzexpert.authoring.language_server.names import Naming
from kzexpert.authoring.language_server.outline import Item, outline
from kzexpert.authoring.language_server.rename import Replacement, with_name
from kzexpert.authoring.language_server.session import EditorSession, path_of_uri, uri_of
from kzexpert.authoring.language_server.text import Text
from kzexpert.authoring.layout import formatted
from kzexpert.errors import KnowledgeBaseError, UsageError

__all__ = ["server"]

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
_SYMBOLS = {
    "section": lsp.SymbolKind.Namespace,
    "rule": lsp.SymbolKind.Event,
    "predicate": lsp.SymbolKind.Function,
    "entity": lsp.SymbolKind.Constant,
    "source": lsp.SymbolKind.File,
    "case": lsp.SymbolKind.Method,
    "fact": lsp.SymbolKind.Array,
}
_QUICK = lsp.CodeActionKind.QuickFix


# --- texts come and go -----------------------------------------------------------------------------------------------


def _open(session: EditorSession, params: lsp.DidOpenTextDocumentParams) -> None:
    session.hold(path_of_uri(params.text_document.uri), params.text_document.text)


def _change(session: EditorSession, params: lsp.DidChangeTextDocumentParams) -> None:
    uri = params.text_document.uri
    session.hold(path_of_uri(uri), session.workspace.get_text_document(uri).source)


def _close(session: EditorSession, params: lsp.DidCloseTextDocumentParams) -> None:
    session.hold(path_of_uri(params.text_document.uri), None)


def _save(session: EditorSession, params: lsp.DidSaveTextDocumentParams) -> None:
    base = session.base(path_of_uri(params.text_document.uri))
    if base:
        base.reading.ask()
        base.trying.ask()


def _ready(session: EditorSession, params: lsp.InitializedParams) -> None:
    """Asks to be told of files that change without the editor, where it can tell that."""
    workspace = session.client_capabilities.workspace
    able = workspace.did_change_watched_files if workspace else None
    if able and able.dynamic_registration:
        watchers = [lsp.FileSystemWatcher("**/*.{yaml,yml,csv}")]
        options = lsp.DidChangeWatchedFilesRegistrationOptions(watchers)
        asked = lsp.Registration("files", lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
        session.client_register_capability(lsp.RegistrationParams([asked]))


def _watched(session: EditorSession, params: lsp.DidChangeWatchedFilesParams) -> None:
    for base in session.bases.values():
        base.reading.ask()


# --- completion ------------------------------------------------------------------------------------------------------


async def _completion(session: EditorSession, params: lsp.CompletionParams) -> lsp.CompletionList | None:
    """What may be written. It does not wait for a base that is being read, unless for the first time."""
    path = path_of_uri(params.text_document.uri)
    base = session.base(path)
    kind = kind_of(base.folder, path) if base else None
    if base is None or kind is None or path not in session.held:
        return None
    if base.dossier is None:
        await session.dossier(params.text_document.uri)
    if base.dossier is None:
        return None
    text = Text(session.held[path], session.units)
    cursor = text.offset(params.position.line, params.position.character)
    found = completions(base.dossier.kb, kind, text.text, cursor)
    items = [_item(session, text, cursor, item, number) for number, item in enumerate(found)]
    return lsp.CompletionList(is_incomplete=True, items=items)


def _item(session: EditorSession, text: Text, cursor: int, item: Suggestion, number: int) -> lsp.CompletionItem:
    asked = session.client_capabilities.text_document
    able = asked.completion.completion_item if asked and asked.completion else None
    snippet = item.fields and bool(able and able.snippet_support)
    insert = item.insert if snippet or not item.fields else re.sub(r"\$\{\d+:([^}]*)\}", r"\1", item.insert)
    # An editor compares what is written with the beginning of a name; an alias was found by another one.
    written = text.text[item.start : cursor]
    bare = written.strip("\"'").casefold()
    return lsp.CompletionItem(
        label=item.label,
        kind=_SORTS[item.sort],
        detail=item.detail or None,
        documentation=lsp.MarkupContent(lsp.MarkupKind.Markdown, item.doc) if item.doc else None,
        filter_text=item.label if item.label.casefold().startswith(bare) and written[:1] not in ("'", '"') else written,
        sort_text=f"{number:04}",
        insert_text_format=lsp.InsertTextFormat.Snippet if snippet else lsp.InsertTextFormat.PlainText,
        text_edit=lsp.TextEdit(session.range(text, (item.start, cursor)), insert),
    )


# --- names -----------------------------------------------------------------------------------------------------------


async def _named(session: EditorSession, params: Any) -> tuple[Dossier, str, Naming] | None:
    """What is named at the position of a request."""
    opened = await session.dossier(params.text_document.uri)
    if opened is None:
        return None
    known, path = opened
    text = session.text(path, known.names.state)
    naming = known.names.at(path, text.offset(params.position.line, params.position.character))
    return (known, path, naming) if naming else None


async def _hover(session: EditorSession, params: lsp.HoverParams) -> lsp.Hover | None:
    named = await _named(session, params)
    if named is None:
        return None
    known, path, naming = named
    text = session.text(path, known.names.state)
    content = lsp.MarkupContent(lsp.MarkupKind.Markdown, hover(known, naming))
    return lsp.Hover(content, session.range(text, naming.span))


def _places(session: EditorSession, known: Dossier, places: Sequence[tuple[str, Naming]]) -> list[lsp.Location]:
    state = known.names.state
    return [lsp.Location(uri_of(path), session.range(session.text(path, state), item.span)) for path, item in places]


async def _definition(session: EditorSession, params: lsp.DefinitionParams) -> list[lsp.Location]:
    """Where a thing is declared; of an entity first its name, and then its aliases; of a variable its first mention."""
    named = await _named(session, params)
    if named is None:
        return []
    known, _, naming = named
    places = known.names.of(naming.name)
    defined = [(path, item) for path, item in places if item.defines]
    first = [(path, item) for path, item in defined if item.spelled == naming.name[-1]]
    return _places(session, known, first or defined or places[:1])


async def _references(session: EditorSession, params: lsp.ReferenceParams) -> list[lsp.Location]:
    named = await _named(session, params)
    if named is None:
        return []
    known, _, naming = named
    wanted = params.context.include_declaration
    return _places(session, known, [place for place in known.names.of(naming.name) if wanted or not place[1].defines])


async def _highlight(session: EditorSession, params: lsp.DocumentHighlightParams) -> list[lsp.DocumentHighlight]:
    named = await _named(session, params)
    if named is None:
        return []
    known, path, naming = named
    own = [(path, item) for item in known.names.file(path) if item.name == naming.name]
    return [lsp.DocumentHighlight(place.range) for place in _places(session, known, own)]


async def _prepare(session: EditorSession, params: lsp.PrepareRenameParams) -> lsp.PrepareRenamePlaceholder | None:
    named = await _named(session, params)
    if named is None:
        return None
    known, path, naming = named
    return lsp.PrepareRenamePlaceholder(
        session.range(session.text(path, known.names.state), naming.span), naming.spelled
    )


async def _rename(session: EditorSession, params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
    """Edits in all files; refused, with the reason, where the name cannot be had."""
    named = await _named(session, params)
    if named is None:
        return None
    known, _, naming = named
    try:
        found = with_name(known.names, naming, params.new_name)
    except UsageError as error:
        raise _refused(error) from None
    return lsp.WorkspaceEdit(changes={uri_of(path): _edits(session, known, path, own) for path, own in found.items()})


def _edits(session: EditorSession, known: Dossier, path: str, edits: Sequence[Replacement]) -> list[lsp.TextEdit]:
    text = session.text(path, known.names.state)
    return [lsp.TextEdit(session.range(text, span), new) for span, new in edits]


# --- whole files -----------------------------------------------------------------------------------------------------


async def _symbols(session: EditorSession, params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
    path = path_of_uri(params.text_document.uri)
    if session.base(path) is None or path not in session.held:
        return []
    text = Text(session.held[path], session.units)
    return [_symbol(session, text, item) for item in outline(text.text)]


def _symbol(session: EditorSession, text: Text, item: Item) -> lsp.DocumentSymbol:
    return lsp.DocumentSymbol(
        name=item.title or "-",
        kind=_SYMBOLS[item.sort],
        range=session.range(text, item.whole),
        selection_range=session.range(text, item.name),
        detail=item.detail or None,
        children=[_symbol(session, text, below) for below in item.below],
    )


async def _workspace_symbols(session: EditorSession, params: lsp.WorkspaceSymbolParams) -> list[lsp.WorkspaceSymbol]:
    """What is declared in all bases that are open, by a part of its name."""
    wanted = params.query.casefold()
    found = []
    for known in filter(None, (base.dossier for base in session.bases.values())):
        for path, items in known.names.files.items():
            for item in items:
                sort = _SYMBOLS.get(item.name[0])
                if item.defines and sort and wanted in item.spelled.casefold():
                    (location,) = _places(session, known, [(path, item)])
                    found.append(lsp.WorkspaceSymbol(location=location, name=item.spelled, kind=sort))
    return found


async def _lenses(session: EditorSession, params: lsp.CodeLensParams) -> list[lsp.CodeLens]:
    """Above each rule how many cases and firings it has, once that is known."""
    opened = await session.dossier(params.text_document.uri)
    if opened is None:
        return []
    known, path = opened
    text = session.text(path, known.names.state)
    rules = [item for item in known.names.file(path) if item.name[0] == "rule" and item.defines]
    said = [(item, lens(known, item.spelled)) for item in rules]
    return [lsp.CodeLens(session.range(text, item.span), lsp.Command(title, "")) for item, title in said if title]


async def _actions(session: EditorSession, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    """What settles the issues that stand in a range."""
    opened = await session.dossier(params.text_document.uri)
    if opened is None:
        return []
    known, path = opened
    state = known.names.state
    text = session.text(path, state)
    found = []
    for issue in state.issues:
        if issue.location is None or path_of(issue.location) != path:
            continue
        told = session.diagnostic(issue, path, state)
        if told.range.end.line < params.range.start.line or told.range.start.line > params.range.end.line:
            continue
        for fix in fixes(issue, path, text):
            edit = lsp.WorkspaceEdit(changes={params.text_document.uri: _edits(session, known, path, fix.edits)})
            found.append(lsp.CodeAction(fix.title, kind=_QUICK, diagnostics=[told], is_preferred=fix.sure, edit=edit))
    return found


def _formatting(session: EditorSession, params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit]:
    """A file as ``kzexpert fmt`` lays it out, in edits of the lines that change; a broken file stays as it is."""
    path = path_of_uri(params.text_document.uri)
    if session.base(path) is None or path not in session.held:
        return []
    text = Text(session.held[path], session.units)
    try:
        after = formatted(path, text.text)
    except KnowledgeBaseError:  # what is wrong with it is told anyway
        return []
    except UsageError as error:
        raise _refused(error) from None
    old, new = text.text.splitlines(keepends=True), after.splitlines(keepends=True)
    starts = [0, *accumulate(map(len, old))]
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [
        lsp.TextEdit(session.range(text, (starts[first], starts[last])), "".join(new[start:end]))
        for step, first, last, start, end in steps
        if step != "equal"
    ]


def _refused(error: UsageError) -> JsonRpcException:
    issue = error.issues[0]
    message = f"{issue.message}; {issue.hint}" if issue.hint else issue.message
    return JsonRpcException(message, lsp.LSPErrorCodes.RequestFailed.value)


def server() -> EditorSession:
    """A server with all that it can do."""
    made = EditorSession()
    marks = lsp.CompletionOptions(trigger_characters=["?", "(", ",", ":", " ", "{", '"'])
    features: Sequence[tuple[str, Callable[..., Any], Any]] = (
        (lsp.INITIALIZED, _ready, None),
        (lsp.TEXT_DOCUMENT_DID_OPEN, _open, None),
        (lsp.TEXT_DOCUMENT_DID_CHANGE, _change, None),
        (lsp.TEXT_DOCUMENT_DID_CLOSE, _close, None),
        (lsp.TEXT_DOCUMENT_DID_SAVE, _save, None),
        (lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, _watched, None),
        (lsp.TEXT_DOCUMENT_COMPLETION, _completion, marks),
        (lsp.TEXT_DOCUMENT_HOVER, _hover, None),
        (lsp.TEXT_DOCUMENT_DEFINITION, _definition, None),
        (lsp.TEXT_DOCUMENT_REFERENCES, _references, None),
        (lsp.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, _highlight, None),
        (lsp.TEXT_DOCUMENT_PREPARE_RENAME, _prepare, None),
        (lsp.TEXT_DOCUMENT_RENAME, _rename, lsp.RenameOptions(prepare_provider=True)),
        (lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL, _symbols, None),
        (lsp.TEXT_DOCUMENT_FORMATTING, _formatting, None),
        (lsp.WORKSPACE_SYMBOL, _workspace_symbols, None),
        (lsp.TEXT_DOCUMENT_CODE_LENS, _lenses, None),
        (lsp.TEXT_DOCUMENT_CODE_ACTION, _actions, lsp.CodeActionOptions(code_action_kinds=[_QUICK])),
    )
    for name, handler, options in features:
        made.feature(name, options)(handler)
    return made
