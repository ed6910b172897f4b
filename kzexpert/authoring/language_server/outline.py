"""A text → its outline, and the rules in it: what an editor lists, and where it may say something of a rule."""

from collections.abc import Iterator
from typing import Literal, TypeAlias

import msgspec

from kzexpert.authoring.language_server.names import tree
from kzexpert.authoring.language_server.text import Span
from kzexpert.language.documents import ListNode, MappingNode, Node, ScalarNode

__all__ = ["Item", "outline"]

Sort: TypeAlias = Literal["section", "rule", "predicate", "entity", "source", "case", "fact"]

_SORTS: dict[str, Sort] = {
    "rules": "rule",
    "predicates": "predicate",
    "entities": "entity",
    "sources": "source",
    "facts": "fact",
    "cases": "case",
}


class Item(msgspec.Struct, frozen=True):
    """Something in a file.

    Attributes:
        name: the span of its name.
        whole: the span of all of it.
        detail: what else is said of it in a few words.
    """

    title: str
    sort: Sort
    name: Span
    whole: Span
    detail: str = ""
    below: tuple["Item", ...] = ()


def outline(text: str) -> tuple[Item, ...]:
    """The sections of a file, and the rules, predicates, entities, sources, facts and cases in them."""
    root = tree("", text)
    if not isinstance(root, MappingNode):
        return ()
    found = []
    for key, value in root.entries.values():
        inner = tuple(_inside(text, _SORTS[key.text], value)) if key.text in _SORTS else ()
        end = max(inner[-1].whole[1] if inner else 0, _end(value, key))
        found.append(Item(key.text, "section", (key.start, key.end), (key.start, end), "", inner))
    return tuple(found)


def _inside(text: str, sort: Sort, node: Node) -> Iterator[Item]:
    if isinstance(node, MappingNode):
        for key, value in node.entries.values():
            rows = f"{len(value.items)} rows" if sort == "fact" and isinstance(value, ListNode) else ""
            yield Item(key.text, sort, (key.start, key.end), (key.start, _end(value, key)), rows)
    elif isinstance(node, ListNode):
        for item in node.items:
            if isinstance(item, MappingNode) and item.entries:
                first = next(iter(item.entries.values()))[0]
                named = item.entries.get("id", (first, first))[1]
                named = named if isinstance(named, ScalarNode) else first
                said = item.entries.get("title") or item.entries.get("note")
                detail = said[1].text if said and isinstance(said[1], ScalarNode) else ""
                whole = (first.start, _end(item, first))
                yield Item(named.text, sort, (named.start, named.end), whole, detail)


def _end(node: Node, least: ScalarNode) -> int:
    """Where the last scalar of a node ends; an alias points back, and counts for nothing."""
    if isinstance(node, ScalarNode):
        return max(node.end, least.end)
    children = node.items if isinstance(node, ListNode) else []
    if isinstance(node, MappingNode):
        children = [value for _, value in node.entries.values()] + [key for key, _ in node.entries.values()]
    return max([least.end, *(_end(child, least) for child in children)])
