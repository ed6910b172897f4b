"""A cursor in a text → what may be written there: keys, predicates, values, variables and sources that are in scope."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from kzexpert.authoring.language_server.atoms import OpenAtom, call_at, mentions
from kzexpert.authoring.language_server.base import Kind
from kzexpert.authoring.language_server.cursor import ITEM, Cursor, cursor_in
from kzexpert.authoring.snippets import scalar
from kzexpert.errors import CODES
from kzexpert.language.bases import known_bases
from kzexpert.language.cases_file import CASE_KEYS
from kzexpert.language.facts_file import ENTITY_KEYS, SOURCE_KEYS
from kzexpert.language.loader import SECTIONS
from kzexpert.language.manifest import MANIFEST_KEYS
from kzexpert.language.rules_file import BLOCKS, BUILT_IN_TYPES, PREDICATE_KEYS, ROW_KEYS, RULE_KEYS
from kzexpert.language.tables_file import TABLE_KEYS
from kzexpert.model import AGGREGATES, FUNCTIONS, GRADES, KnowledgeBase, Predicate, format_value
from kzexpert.questions.completion import Continuations

__all__ = ["Suggestion", "completions"]

Sort: TypeAlias = Literal["key", "predicate", "variable", "entity", "source", "rule", "argument", "word"]

_VARIABLE = re.compile(r"\?([^\W\d]\w*(?:-\w+)*)")
#: No more than so many are shown; who types on sees others.
_MOST = 200


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """What may be written.

    Attributes:
        start: where what was written of it begins; it stands instead of that, up to the cursor.
        insert: what is written; where `fields`, ``${1:...}`` are the places to be filled in.
        match: what it is found by.
        rank: those of a lower rank come first.
    """

    label: str
    sort: Sort
    insert: str
    start: int = 0
    detail: str = ""
    doc: str = ""
    match: str = ""
    fields: bool = False
    rank: int = 0


class _Context(msgspec.Struct, frozen=True):
    """Where something is to be written, and what is known."""

    kb: KnowledgeBase
    kind: Kind
    text: str
    cursor: int
    place: Cursor

    @property
    def item(self) -> str:
        """The text of the rule or case around the cursor, without the word that is being written."""
        start = self.text.rfind("\n", 0, self.place.item) + 1
        column = self.place.item - start
        end = re.compile(rf"^ {{0,{column}}}\S", re.MULTILINE).search(self.text, max(self.cursor, start + column + 1))
        before = re.sub(r"\?[\w-]*$", "", self.text[start : self.cursor])
        return before + "\n" + self.text[self.cursor : end.start() if end else len(self.text)]


def completions(kb: KnowledgeBase, kind: Kind, text: str, cursor: int) -> list[Suggestion]:
    """What may be written at a cursor, the likeliest first.

    Args:
        kb: whose names are known.
        kind: of the file.
        text: of the file, however broken.
    """
    context = _Context(kb, kind, text, cursor, cursor_in(text, cursor))
    path = context.place.path
    if kind == "cases" and path[:2] == ("cases", ITEM):
        path = path[2:] or (ITEM,)
    chosen = next((found for pattern, found in _TABLES[kind] if _fits(path, pattern)), None)
    if chosen is None:
        return []
    whole = context.place
    proposals = []
    for item in chosen(context, path):
        item = item if item.start else replace(item, start=whole.start)
        written = text[item.start : cursor].strip("\"'").casefold()
        if written in (item.match or item.label).casefold():
            proposals.append(item)
    proposals.sort(key=lambda item: (item.rank, item.label))
    return proposals[:_MOST]


def _fits(path: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Whether a path is as a pattern says: ``*`` is any key, ``...`` at its end anything below."""
    if pattern[-1:] == ("...",):
        return len(path) >= len(pattern) - 1 and _fits(path[: len(pattern) - 1], pattern[:-1])
    return len(path) == len(pattern) and all(want in ("*", name) for want, name in zip(pattern, path, strict=True))


# --- keys and words --------------------------------------------------------------------------------------------------


def _keys(*names: str) -> Callable[["_Context", tuple[str, ...]], Iterator[Suggestion]]:
    def found(context: _Context, path: tuple[str, ...]) -> Iterator[Suggestion]:
        if not context.place.value:
            yield from _missing(context, names, "key")

    return found


def _missing(context: _Context, names: Iterable[str], sort: Sort, detail: str = "") -> Iterator[Suggestion]:
    """Keys that do not stand there yet."""
    for rank, name in enumerate(names):
        if name not in context.place.siblings:
            yield Suggestion(label=name, sort=sort, insert=f"{scalar(name)}: ", detail=detail, rank=rank)


def _words(*names: str) -> Callable[["_Context", tuple[str, ...]], Iterator[Suggestion]]:
    return lambda context, path: (Suggestion(label=name, sort="word", insert=name) for name in names)


_FLAG = _words("true", "false")


def _codes(context: _Context, path: tuple[str, ...]) -> Iterator[Suggestion]:
    return (Suggestion(label=code, sort="word", insert=code, detail=title) for code, title in CODES.items())


def _bases(context: _Context, path: tuple[str, ...]) -> Iterator[Suggestion]:
    return (Suggestion(label=name, sort="word", insert=name, detail="base") for name in known_bases())


def _types(context: _Context, path: tuple[str, ...]) -> Iterator[Suggestion]:
    yield from _kinds(context, path)
    yield from (Suggestion(label=name, sort="word", insert=name, detail="type", rank=1) for name in BUILT_IN_TYPES)


def _kinds(context: _Context, path: tuple[str, ...]) -> Iterator[Suggestion]:
    return (Suggestion(label=name, sort="word", insert=name, detail="kind of entity") for name in context.kb.kinds)


def _families(context: _Context, path: tuple[str, ...]) -> Iterator[Suggestion]:
    names = {rule.family for rule in context.kb.rules if rule.family}
    return (Suggestion(label=name, sort="word", insert=name, detail="family of rules") for name in names)


def _rules(context: _Context, path: tuple[str, ...]) -> Iterator[Suggestion]:
    for rule in context.kb.rules:
        yield Suggestion(label=rule.id, sort="rule", insert=scalar(rule.id), detail=rule.title)


def _sources(context: _Context, path: tuple[str, ...]) -> Iterator[Suggestion]:
    for source in context.kb.sources:
        detail = ", ".join(filter(None, (source.title, source.publisher, source.date.text if source.date else "")))
        match = f"{source.id} {source.title}"
        yield Suggestion(label=source.id, sort="source", insert=scalar(source.id), detail=detail, match=match)


# --- vocabulary and facts --------------------------------------------------------------------------------------------


def _arguments(context: _Context, path: tuple[str, ...]) -> Iterator[Suggestion]:
    """The arguments of the predicate that is being declared."""
    predicate = context.kb.predicate.get(path[1])
    for spec in predicate.args if predicate else ():
        yield Suggestion(label=spec.name, sort="argument", insert=spec.name, detail=spec.type)


def _placeholders(context: _Context, path: tuple[str, ...]) -> Iterator[Suggestion]:
    """What a template may name between its braces: arguments in the vocabulary, variables in a rule."""
    brace = re.search(r"\{([^{}]*)$", context.place.text)
    if not brace:
        return
    start = context.cursor - len(brace[1])
    if path[0] == "predicates":
        yield from (replace(item, start=start) for item in _arguments(context, path))
        return
    for name, kind in _scope(context).items():
        yield Suggestion(label=name, sort="variable", insert=name, start=start, detail=kind)


def _predicate_keys(context: _Context, path: tuple[str, ...]) -> Iterator[Suggestion]:
    for predicate in context.kb.predicates:
        if predicate.name not in context.place.siblings:
            yield replace(_predicate(predicate), insert=f"{predicate.name}:", fields=False)


def _predicates(context: _Context, path: tuple[str, ...]) -> Iterator[Suggestion]:
    return (replace(_predicate(item), insert=item.name, fields=False) for item in context.kb.predicates)


def _row_keys(context: _Context, path: tuple[str, ...]) -> Iterator[Suggestion]:
    predicate = context.kb.predicate.get(path[-2])
    dates = {"interval": ("since", "until"), "event": ("on",)}.get((predicate and predicate.holds) or "", ())
    others = [key for key in ROW_KEYS if key in dates or key not in ("since", "until", "on")]
    names = {spec.name: spec.type for spec in predicate.args} if predicate else {}
    if not context.place.flow or not context.place.value:
        for item in _missing(context, [*names, *others], "argument"):
            yield replace(item, detail=names.get(item.label, ""))


def _row_value(context: _Context, path: tuple[str, ...]) -> Iterator[Suggestion]:
    predicate = context.kb.predicate.get(path[-3])
    kind = next((spec.type for spec in predicate.args if spec.name == path[-1]), "") if predicate else ""
    return _entities(context, kind, lambda name: scalar(name, in_flow=context.place.flow))


def _columns(context: _Context, path: tuple[str, ...]) -> Iterator[Suggestion]:
    named = re.search(r"^\s*-?\s*predicate:\s*(\S+)", context.item, re.MULTILINE)
    predicate = context.kb.predicate.get(named[1]) if named else None
    return _missing(
        context, [*(spec.name for spec in predicate.args), *ROW_KEYS] if predicate else ROW_KEYS, "argument"
    )


def _entities(context: _Context, kind: str, write: Callable[[str], str]) -> Iterator[Suggestion]:
    """Entities of a kind, by their aliases too."""
    for entity in context.kb.entities:
        if entity.kind == kind:
            detail = f"{kind}: {', '.join(entity.aliases)}" if entity.aliases else kind
            match = " ".join((entity.name, *entity.aliases))
            yield Suggestion(
                label=entity.name, sort="entity", insert=write(entity.name), detail=detail, match=match, rank=2
            )


# --- conditions and atoms --------------------------------------------------------------------------------------------


def _condition(context: _Context, path: tuple[str, ...]) -> Iterator[Suggestion]:
    """A condition of a rule, or a word of one."""
    yield from _atom(context, path)
    if path[-1] == ITEM and re.fullmatch(r"\w*", context.place.text):
        others = {"not ": "no such fact", **{f"{name}:": "block" for name in BLOCKS}}
        for word, detail in others.items():
            yield Suggestion(label=word.strip(), sort="word", insert=word, detail=detail, rank=4)


def _atom(context: _Context, path: tuple[str, ...]) -> Iterator[Suggestion]:
    """An atom, or a word of one."""
    quote = context.place.text[:1] if context.place.text[:1] in ("'", '"') else ""
    text = context.place.text.removeprefix(quote)
    call, last = call_at(text)
    start = context.cursor - (len(text) - last)
    mark = "" if path[0] in ("assume", "want") else "?"
    predicate = context.kb.predicate.get(call.predicate) if call else None
    found: Iterable[Suggestion]
    if call and call.predicate:
        found = _argument(context, predicate, call, quote) if predicate else ()
    elif not call and re.search(r"\)\s+\w*$", text):
        found = _tail(context, text)
    else:
        inside = call is not None or not re.fullmatch(r"(not\s+)?\w*", text)
        found = chain(
            (_predicate(item, mark) for item in context.kb.predicates),
            _variables(context, "") if inside else (),
            _functions() if "=" in text else (),
        )
    yield from (replace(item, start=start) for item in found)


def _question(context: _Context, path: tuple[str, ...]) -> Iterator[Suggestion]:
    """A pattern, or a question in words: what the shell completes."""
    written = context.place.text.lstrip("\"'")
    start = context.cursor - len(written)
    for item in Continuations(context.kb).of(written) if written and "(" not in written else ():
        if "(" not in item.text:  # a pattern has its fields below
            yield Suggestion(label=item.text, sort="word", insert=item.text, start=start + item.start, detail=item.note)
    yield from _atom(context, path)


def _predicate(predicate: Predicate, mark: str = "?") -> Suggestion:
    """An atom of a predicate, with a variable for each argument."""
    filled = ", ".join(f"${{{number}:{mark}{spec.name}}}" for number, spec in enumerate(predicate.args, 1))
    return Suggestion(
        label=predicate.name,
        sort="predicate",
        insert=f"{predicate.name}({filled})",
        detail=f"({', '.join(f'{spec.name}: {spec.type}' for spec in predicate.args)})",
        doc="\n\n".join(filter(None, (predicate.says, predicate.doc))),
        fields=True,
        rank=1,
    )


def _argument(context: _Context, predicate: Predicate, call: OpenAtom, quote: str) -> Iterator[Suggestion]:
    """An argument: a variable, an entity, or the name of an argument."""
    names = {spec.name: spec.type for spec in predicate.args}
    name = call.argument or [*names, *[""] * (call.position + 1)][call.position]
    kind = names.get(name, "")
    variables = _scope(context)
    if name and name not in variables:
        yield Suggestion(label=f"?{name}", sort="variable", insert=f"?{name}", detail=kind, rank=1)
    yield from _variables(context, kind)
    yield Suggestion(label="_", sort="word", insert="_", detail="anything", rank=3)
    yield from _entities(context, kind, lambda name: _value(name, quote))
    if not call.argument:
        for other, kind in [*names.items()][0 if call.given else call.position :]:
            if other not in call.given:
                yield Suggestion(label=f"{other}=", sort="argument", insert=f"{other}=", detail=kind, rank=4)


def _value(name: str, quote: str) -> str:
    """A name as an atom has it, where the atom itself stands in quotes of YAML."""
    written = format_value(name)
    return f"'{written[1:-1]}'" if quote == '"' and written[:1] == '"' and "'" not in written else written


def _variables(context: _Context, kind: str) -> Iterator[Suggestion]:
    """The variables of the rule, those of a kind first."""
    for name, own in _scope(context).items():
        yield Suggestion(label=f"?{name}", sort="variable", insert=f"?{name}", detail=own, rank=0 if own == kind else 3)


def _scope(context: _Context) -> Mapping[str, str]:
    """The variables of the rule or case around the cursor, each with its type where an atom shows it."""
    item = context.item
    found = dict.fromkeys(_VARIABLE.findall(item), "")
    for line in item.splitlines():
        for part in mentions(line) if "(" in line else ():
            predicate = context.kb.predicate.get(part.call[0])
            if part.kind == "variable" and predicate:
                names = {spec.name: spec.type for spec in predicate.args}
                kinds = [*names.values()]
                kind = names.get(part.call[2]) or (kinds[part.call[1]] if part.call[1] < len(kinds) else "")
                found[part.text[1:]] = found.get(part.text[1:]) or kind
    return found


def _functions() -> Iterator[Suggestion]:
    for name in AGGREGATES:
        insert = f"{name}(${{1:?x}} for ${{2:atom}})"
        yield Suggestion(label=name, sort="word", insert=insert, detail="aggregate", fields=True, rank=5)
    for name in FUNCTIONS:
        yield Suggestion(label=name, sort="word", insert=f"{name}(", detail="function", rank=5)


def _tail(context: _Context, text: str) -> Iterator[Suggestion]:
    """What may stand behind an atom."""
    named = [part.text for part in mentions(text) if part.kind == "predicate"]
    predicate = context.kb.predicate.get(named[-1]) if named else None
    tails = {"interval": ("since ?", "until ?"), "event": ("within 1 year", "on ?")}
    for word in (*tails.get((predicate and predicate.holds) or "", ()), "@ ?"):
        yield Suggestion(label=word, sort="word", insert=word)


# --- what stands where ----------------------------------------------------------------------------------------------

_Found: TypeAlias = Callable[[_Context, tuple[str, ...]], Iterator[Suggestion]]
_FILE: tuple[tuple[tuple[str, ...], _Found], ...] = (
    ((), _keys(*SECTIONS, *ROW_KEYS, "family")),
    (("source",), _sources),
    (("source", "id"), _sources),
    (("family",), _families),
    (("drop", ITEM), _rules),
    (("rules", ITEM), _keys(*RULE_KEYS)),
    (("rules", ITEM, "when", "..."), _condition),
    (("rules", ITEM, "unless", "..."), _condition),
    (("rules", ITEM, "then"), _atom),
    (("rules", ITEM, "then", ITEM), _atom),
    (("rules", ITEM, "because"), _placeholders),
    (("rules", ITEM, "source"), _sources),
    (("rules", ITEM, "source", "id"), _sources),
    (("rules", ITEM, "replaces"), _rules),
    (("rules", ITEM, "family"), _families),
    (("rules", ITEM, "each"), _FLAG),
    (("predicates", "*"), _keys(*PREDICATE_KEYS)),
    (("predicates", "*", "args", ITEM, "*"), _types),
    (("predicates", "*", "holds"), _words("interval", "event")),
    (("predicates", "*", "compares"), _arguments),
    (("predicates", "*", "assumable"), _FLAG),
    (("predicates", "*", "symmetric"), _FLAG),
    (("predicates", "*", "says"), _placeholders),
    (("predicates", "*", "asks", "..."), _placeholders),
    (("entities", "*"), _keys(*ENTITY_KEYS)),
    (("entities", "*", "kind"), _kinds),
    (("entities", ITEM, "kind"), _kinds),
    (("entities", "*", "plural"), _FLAG),
    (("sources", "*"), _keys(*SOURCE_KEYS)),
    (("sources", "*", "reliability"), _words(*GRADES)),
    (("sources", "*", "background"), _FLAG),
    (("facts",), _predicate_keys),
    (("facts", "*", ITEM), _row_keys),
    (("facts", "*", ITEM, "source"), _sources),
    (("facts", "*", ITEM, "source", "id"), _sources),
    (("facts", "*", ITEM, "*"), _row_value),
    (("tables", ITEM), _keys(*TABLE_KEYS)),
    (("tables", ITEM, "predicate"), _predicates),
    (("tables", ITEM, "columns"), _columns),
    (("tables", ITEM, "source"), _sources),
)
_CASE: tuple[tuple[tuple[str, ...], _Found], ...] = (
    ((), _keys("cases", *CASE_KEYS)),
    ((ITEM,), _keys(*CASE_KEYS)),
    (("ask",), _question),
    *(((name, *below), _atom) for name in ("assume", "without", "want") for below in ((), (ITEM,))),
    (("want", ITEM, "conclusion"), _atom),
    (("want_none",), _FLAG),
    (("want_error",), _codes),
)
_TABLES: Mapping[Kind, tuple[tuple[tuple[str, ...], _Found], ...]] = {
    "rules": _FILE,
    "facts": _FILE,
    "cases": (*_CASE, *_FILE),
    "manifest": (((), _keys(*MANIFEST_KEYS)), (("uses", "..."), _bases), (("grades",), _keys(*GRADES))),
}
