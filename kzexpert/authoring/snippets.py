"""Values and records → YAML as an author would write it: plain where that reads back as the same text, else quoted."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from kzexpert.errors import KnowledgeBaseError
from kzexpert.language.documents import ListNode, MappingNode, Node, ScalarNode, parse_document
from kzexpert.language.files import TextFile
from kzexpert.model import Value, format_number
from kzexpert.model.terms import json_escapes

__all__ = ["Snippet", "block", "record", "scalar", "sequence", "written"]

_WIDTH = 100


class Snippet(msgspec.Struct, frozen=True):
    """One value in both ways of writing.

    Attributes:
        flow: for a place inside of brackets.
        block: its lines for any other place, indented from nothing on.
    """

    flow: str
    block: tuple[str, ...]

    @property
    def as_item(self) -> "Snippet":
        """As an item of a list; the flow style of an item is that of its value."""
        first, *rest = self.block
        return Snippet(self.flow, (f"- {first}", *(f"  {line}" if line else "" for line in rest)))

    def under(self, key: str, *, known: bool = False) -> "Snippet":
        """As the value of a key, which stands as it is where it is one that the reader knows: ``null:`` as well."""
        name = key if known else scalar(key)
        if self.block == (self.flow,):
            return Snippet(f"{name}: {self.flow}", (f"{name}: {self.flow}",))
        in_braces = self.block[0].startswith("{")
        first, *rest = (f"{name}: {self.block[0]}", *self.block[1:]) if in_braces else (f"{name}:", *self.block)
        return Snippet(f"{name}: {self.flow}", (first, *(f"  {line}" if line else "" for line in rest)))


def scalar(text: str, *, in_flow: bool = True) -> str:
    """A text: plain where YAML gives the same text back, else in double quotes.

    Args:
        in_flow: whether it may come to stand inside of brackets, where commas and brackets need quotes.
    """
    form = "[%s, {%s: %s}]" if in_flow else "- %s\n- %s: %s"
    reads_back = (
        text == text.strip() and text.isprintable() and _scalars(form.replace("%s", text)) == [(text, None)] * 3
    )
    if reads_back and text not in ("", "null", "~", "true", "false"):
        return text
    return json_escapes(json.dumps(text, ensure_ascii=False))


def _scalars(source: str) -> list[tuple[str, str | None]]:
    """The texts in some YAML, keys and values alike, each with its style."""

    def below(node: Node) -> Iterator[tuple[str, str | None]]:
        if isinstance(node, ScalarNode):
            yield node.text, node.style
        elif isinstance(node, ListNode):
            yield from (found for item in node.items for found in below(item))
        elif isinstance(node, MappingNode):
            yield from (found for pair in node.entries.values() for item in pair for found in below(item))

    try:
        return [*below(parse_document(TextFile("", "", source, b"")).root)]
    except KnowledgeBaseError:
        return []


def written(value: Value) -> str:
    """A value of an argument."""
    if isinstance(value, str):
        return scalar(value)
    return format_number(value) if isinstance(value, float) else value.isoformat()


def sequence(items: Iterable[str]) -> str:
    """Written values as a list in brackets."""
    return f"[{', '.join(items)}]"


def record(fields: Mapping[str, str]) -> Snippet:
    """Written values as a mapping in braces, on as many lines as it takes."""
    entries = [f"{scalar(key)}: {value}" for key, value in fields.items()]
    lines = ["{"]
    for number, entry in enumerate(entries):
        end = "}" if number == len(entries) - 1 else ","
        gap = "" if lines[-1] in ("{", " ") else " "
        if gap and len(lines[-1]) + len(entry) + 2 > _WIDTH:
            lines.append(" ")
            gap = ""
        lines[-1] += f"{gap}{entry}{end}"
    return Snippet(" ".join(line.strip() for line in lines), tuple(lines))


def block(fields: Mapping[str, str | Sequence[str] | Snippet]) -> Snippet:
    """Texts, lists of texts and records as a mapping with a key a line."""
    lines: list[str] = []
    flow: list[str] = []
    for key, value in fields.items():
        if isinstance(value, str):
            lines.append(f"{key}: {scalar(value, in_flow=False)}")
            flow.append(f"{key}: {scalar(value)}")
        elif isinstance(value, Snippet):
            lines += value.under(key, known=True).block
            flow.append(f"{key}: {value.flow}")
        else:
            lines += [f"{key}:", *(f"  - {scalar(item, in_flow=False)}" for item in value)]
            flow.append(f"{key}: {sequence(map(scalar, value))}")
    return Snippet(f"{{{', '.join(flow)}}}", tuple(lines))
