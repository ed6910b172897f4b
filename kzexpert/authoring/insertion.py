"""YAML text + one more item → the text with it: all that stood there stays byte for byte, comments and blank lines too.

Positions come from PyYAML's marks. What was inserted is read again, and nothing else may have changed by it.
"""

from collections.abc import Sequence
from typing import TypeAlias

import yaml

from kzexpert.authoring.snippets import Snippet
from kzexpert.errors import Issue, KnowledgeBaseError, Location, UsageError
from kzexpert.language.documents import ListNode, MappingNode, Node, ScalarNode, parse_document
from kzexpert.language.files import TextFile

__all__ = ["inserted"]

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: A tree without places.
_Plain: TypeAlias = "str | list[_Plain] | dict[str, _Plain] | None"


def inserted(name: str, text: str, path: Sequence[str], item: Snippet, key: str = "") -> str:
    """The text of a file with one more item.

    Args:
        name: of the file.
        text: what it holds; it may be empty, and need not end with a line break.
        path: the keys down to the list or mapping that takes the item; those that are missing are made.
        item: what is added at the end of that.
        key: of the item, where it goes into a mapping.

    Raises:
        UsageError: the file is written in a way that leaves no place for it (KZ805).
        KnowledgeBaseError: the file is no YAML.
    """
    before = _plain(name, text)
    changed = _changed(text, path, item, key)
    try:
        same = _plain(name, changed) == _with(before, path, _plain(name, item.flow), key)
    except (KnowledgeBaseError, yaml.YAMLError):  # an alias stands for a list that is written elsewhere
        same = False
    if same:
        return changed
    piece = item.under(key) if key else item.as_item
    hint = "\n".join([f"add this by hand below {': '.join(path)}:", *piece.block])
    raise UsageError(Issue("KZ805", f"{name} has no place for an addition", Location(name), hint))


# --- where it goes ---------------------------------------------------------------------------------------------------


def _changed(text: str, path: Sequence[str], item: Snippet, key: str) -> str:
    node: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    above: yaml.Node | None = None
    indentation = 0
    missing = list(path)
    while missing and isinstance(node, yaml.MappingNode):
        found = next(((name, value) for name, value in node.value if name.value == missing[0]), None)
        if found is None:
            break
        above, (name, node) = node, found
        indentation = name.start_mark.column + 2
        missing.pop(0)
    piece = item.under(key) if key else item.as_item
    if missing:
        inner = Snippet(f"{{{piece.flow}}}" if key else f"[{piece.flow}]", piece.block)
        for name in reversed(missing[1:]):
            entry = inner.under(name)
            inner = Snippet(f"{{{entry.flow}}}", entry.block)
        piece = inner.under(missing[0])
    return _placed(text, node, piece, indentation, in_flow=_is_flow(above))


def _placed(text: str, node: yaml.Node | None, piece: Snippet, indentation: int, *, in_flow: bool) -> str:
    """The text with a piece at the end of a list or mapping.

    Args:
        indentation: of a list or mapping that has no item to show it.
        in_flow: whether it stands in brackets of something else.
    """
    if node is None:
        gap = "\n" if text.strip() else ""
        return _with_lines(text, len(text), piece.block, 0, gap)
    children = _children(node)
    if not children and not in_flow:
        if isinstance(node, yaml.ScalarNode):
            return _with_lines(text, node.start_mark.index, piece.block, indentation)
        cut = text[: node.start_mark.index].rstrip(" ") + text[node.end_mark.index :]
        return _with_lines(cut, node.start_mark.index - 1, piece.block, indentation)
    if not isinstance(node, yaml.CollectionNode) or _is_flow(node) or in_flow:
        place = _end(children[-1]) if children else node.start_mark.index + 1
        return text[:place] + (", " if children else "") + piece.flow + text[place:]
    gap = "\n" if _has_gaps(text, node, piece) else ""
    return _with_lines(text, _end(children[-1]), piece.block, _column(text, node), gap)


def _with_lines(text: str, place: int, lines: Sequence[str], indentation: int, gap: str = "") -> str:
    """The text with lines below the one in which a place lies, or below the last one that is not blank before it."""
    newline = "\r\n" if "\r\n" in text else "\n"
    end = text.find("\n", len(text[:place].rstrip()))
    head, tail = (text, "") if end < 0 else (text[: end + 1], text[end + 1 :])
    if head and not head.endswith("\n"):
        head += newline
    added = gap + "".join(f"{' ' * indentation}{line}".rstrip() + "\n" for line in lines)
    return head + added.replace("\n", newline) + tail


def _column(text: str, node: yaml.CollectionNode) -> int:
    """Where the items of a list or mapping without brackets begin in their lines; an anchor may stand before it."""
    if isinstance(node, yaml.MappingNode):
        return int(node.value[0][0].start_mark.column)
    dash = text.rfind("-", 0, node.value[0].start_mark.index)
    return dash - text.rfind("\n", 0, dash) - 1


def _children(node: yaml.Node) -> list[yaml.Node]:
    """The items of a list; keys and values of a mapping in turn."""
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _end(node: yaml.Node) -> int:
    """Where a node ends: what has no brackets and no quotes ends with the last of what is in it."""
    children = _children(node)
    return _end(children[-1]) if children and not _is_flow(node) else int(node.end_mark.index)


def _is_flow(node: yaml.Node | None) -> bool:
    return isinstance(node, yaml.CollectionNode) and bool(node.flow_style)


def _has_gaps(text: str, node: yaml.CollectionNode, piece: Snippet) -> bool:
    """Whether a blank line stands between the items, or where there is but one, whether long items look better so."""
    starts = node.value if isinstance(node, yaml.SequenceNode) else [name for name, _ in node.value]
    ends = node.value if isinstance(node, yaml.SequenceNode) else [value for _, value in node.value]
    if len(starts) < 2:
        return len(piece.block) > 1
    between = text[_end(ends[-2]) : starts[-1].start_mark.index]
    return any(not line.strip() for line in between.split("\n")[1:-1])


# --- what it says ----------------------------------------------------------------------------------------------------


def _plain(name: str, text: str) -> _Plain:
    if yaml.compose(text, Loader=_Loader) is None:
        return None
    return _tree(parse_document(TextFile(name, name, text, b"")).root)


def _tree(node: Node) -> _Plain:
    if isinstance(node, ScalarNode):
        return None if node.missing else node.text
    if isinstance(node, ListNode):
        return [_tree(item) for item in node.items]
    return {key: _tree(value) for key, (_, value) in node.entries.items()} if isinstance(node, MappingNode) else None


def _with(tree: _Plain, path: Sequence[str], item: _Plain, key: str) -> _Plain:
    """A tree with one more item, as it should come out."""
    if path:
        inside = tree if isinstance(tree, dict) else {}
        return {**inside, path[0]: _with(inside.get(path[0]), path[1:], item, key)}
    if key:
        return {**(tree if isinstance(tree, dict) else {}), key: item}
    return [*(tree if isinstance(tree, list) else []), item]
