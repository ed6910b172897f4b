"""What the Tab key of bash, zsh and fish proposes for the values of options and arguments.

Which values a parameter takes is told by its name or its metavar, in one table; no command has to say more. Nothing is
printed and nothing fails here: where a base is at fault there are no proposals.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class

from kzexpert.cli.options import Options
from kzexpert.cli.session import read_knowledge_base
from kzexpert.errors import KzexpertError
from kzexpert.model import KnowledgeBase
from kzexpert.questions.completion import Continuation, Continuations

__all__ = ["with_values"]

#: What begins as a value does, in a context; a pair of it and what it is.
_Values: TypeAlias = Callable[[click.Context, str], Iterable[CompletionItem]]


def with_values(command: click.Command) -> None:
    """Let the parameters of a command, and of those below it, propose their values."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                with_values(below)
    for param in command.params:
        keys = (f"{command.name} {param.name}", param.name, param.metavar)
        values = next((_VALUES[key] for key in keys if key in _VALUES), None)
        if values is not None:
            param.type = _Known(values)


class _Known(click.types.StringParamType):
    """A text, some of whose values are known."""

    def __init__(self, values: _Values) -> None:
        self._values = values

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Values that go on as a word begins; those of an argument of many words, as all of them begin."""
        given = ctx.params.get(param.name or "") if param.nargs == -1 else ()
        before = "".join(f"{word} " for word in given or ())
        found = []
        for item in self._values(ctx, before + incomplete):
            if item.type != "plain":
                found.append(CompletionItem(incomplete, type=item.type))
            elif item.value.lower().startswith(before.lower()):
                found.append(CompletionItem(item.value[len(before) :], help=_line(item.help)))
        return found


def _line(text: str | None) -> str | None:
    return " ".join(text.split())[:70] or None if text else None


class _Bash(BashComplete):
    """Escapes what bash would take for its own, unless a quotation mark stands in front already."""

    source_template = BashComplete.source_template.replace(
        "COMPREPLY+=($value)",  # which bash would expand as a pattern of files
        """COMPREPLY+=("$value")
            [[ $value == *[=\\(,] ]] && compopt -o nospace""",
    )

    def format_completion(self, item: CompletionItem) -> str:
        words = os.environ.get("COMP_WORDS", "").split("\n")
        at = int(os.environ.get("COMP_CWORD", "0"))
        quoted = at < len(words) and words[at][:1] in ("'", '"')
        value = item.value if quoted or item.type != "plain" else _SPECIAL.sub(r"\\\1", item.value)
        return f"{item.type},{value}"


_SPECIAL = re.compile(r"""([()?*'"$&;<>|\[\]`\\])""")
add_completion_class(_Bash)


# --- values ---


def _chosen(values: Iterable[str | tuple[str, str]], text: str) -> Iterator[CompletionItem]:
    pairs = ((item, "") if isinstance(item, str) else item for item in values)
    for value, told in dict(pairs).items():
        if value.lower().startswith(text.lower()):
            yield CompletionItem(value, help=told)


def _files(_ctx: click.Context, _text: str) -> Iterable[CompletionItem]:
    return [CompletionItem("", type="file")]


def _folders(_ctx: click.Context, _text: str) -> Iterable[CompletionItem]:
    return [CompletionItem("", type="dir")]


def _bases(_ctx: click.Context, text: str) -> Iterable[CompletionItem]:
    """Shipped and installed bases; folders where no such name begins so."""
    from kzexpert.language.bases import known_bases

    return list(_chosen(known_bases(), text)) or [CompletionItem("", type="dir")]


def _compared(_ctx: click.Context, text: str) -> Iterable[CompletionItem]:
    """What may be held against another: bases, else files and folders."""
    from kzexpert.language.bases import known_bases

    return list(_chosen(known_bases(), text)) or [CompletionItem("", type="file")]


def _engines(_ctx: click.Context, text: str) -> Iterable[CompletionItem]:
    from kzexpert.engines.registry import CHOICES

    return _chosen(CHOICES, text)


def _documents(_ctx: click.Context, text: str) -> Iterable[CompletionItem]:
    from kzexpert.schemas import DOCUMENTS

    return _chosen(((name, item.made_by) for name, item in DOCUMENTS.items()), text)


def _of_base(values: Callable[[KnowledgeBase, str], Iterable[str | tuple[str, str]]]) -> _Values:
    """What the base in use has."""

    def found(ctx: click.Context, text: str) -> Iterable[CompletionItem]:
        given: dict[str, Any] = {name: ctx.params.get(name) or () for name in ("kb", "rules", "facts")}
        kb = (given["kb"],) if isinstance(given["kb"], str) else given["kb"]  # of new and add, which write to one
        try:
            base = read_knowledge_base(Options(kb=kb, rules=given["rules"], facts=given["facts"]))
        except KzexpertError:
            return ()
        return list(_chosen(values(base, text), text))

    return found


def _questions(kb: KnowledgeBase, text: str) -> Iterator[tuple[str, str]]:
    return _whole(text, Continuations(kb).of(text))


def _names(kb: KnowledgeBase, text: str) -> Iterator[tuple[str, str]]:
    return _whole(text, Continuations(kb).all_names(text))


def _subjects(kb: KnowledgeBase, text: str) -> Iterator[tuple[str, str]]:
    yield from _names(kb, text)
    yield from _questions(kb, text)


def _atoms(kb: KnowledgeBase, text: str) -> Iterator[tuple[str, str]]:
    return _whole(text, (item for item in Continuations(kb).of(text) if "(" in text or item.text.endswith("(")))


def _whole(text: str, found: Iterable[Continuation]) -> Iterator[tuple[str, str]]:
    """The text with each continuation in the place of its end, but for the comma behind that, which bash would lose."""
    return ((text[: item.start] + item.text.rstrip(" ,"), item.note) for item in found)


def _predicates(kb: KnowledgeBase, _text: str) -> Iterator[tuple[str, str]]:
    return ((item.name, item.doc or item.says) for item in kb.predicates)


def _parts(kb: KnowledgeBase, text: str) -> Iterator[str | tuple[str, str]]:
    yield from ("predicates", "kinds", "entities", *kb.kinds)
    yield from _predicates(kb, text)


def _rules(kb: KnowledgeBase, _text: str) -> Iterator[tuple[str, str]]:
    return ((rule.id, rule.title) for rule in kb.rules)


def _topics(kb: KnowledgeBase, _text: str) -> list[str]:
    from kzexpert.analysis.profile import RECORDED, topic_of

    return [*dict.fromkeys(topic_of(rule) for rule in kb.rules), RECORDED]


#: Command and parameter, else parameter, else metavar → its values.
_VALUES: dict[str | None, _Values] = {
    "FILE": _files,
    "PATH": _files,
    "FOLDER": _folders,
    "NAME|FOLDER": _bases,
    "BASE|FILE|DATE": _compared,
    "ATOM": _of_base(_atoms),
    "QUESTION": _of_base(_questions),
    "kb": _bases,
    "engine": _engines,
    "budget": lambda _ctx, text: _chosen(("seconds=", "facts=", "firings="), text),
    "question": _of_base(_questions),
    "conclusion": _of_base(_questions),
    "judgement": _of_base(_questions),
    "pattern": _of_base(_questions),
    "subject": _of_base(_subjects),
    "entity": _of_base(_names),
    "topic": _of_base(_topics),
    "predicate": _of_base(_predicates),
    "kind": _of_base(lambda kb, _text: kb.kinds),
    "source": _of_base(lambda kb, _text: [(item.id, item.title) for item in kb.sources]),
    "replaces": _of_base(_rules),
    "challenge rule": _of_base(_rules),
    "folder": _folders,
    "file": _files,
    "files": _files,
    "data": _files,
    "infer pattern": _of_base(lambda kb, text: [*_predicates(kb, text), *_questions(kb, text)]),
    "old": _compared,
    "new": _compared,
    "schema name": _documents,
    "vocabulary name": _of_base(_parts),
}
