"""A vocabulary as text: a block for each predicate, a line for each entity."""

from kzexpert.questions.vocabulary import EntityEntry, PredicateEntry, Vocabulary
from kzexpert.render.layout import WIDTH, Style, as_plain, wrap

__all__ = ["vocabulary_text"]


def vocabulary_text(listed: Vocabulary, style: Style = as_plain, width: int = WIDTH) -> str:
    """Everything that a vocabulary holds."""
    blocks = [_predicate(item, style, width) for item in listed.predicates]
    if listed.kinds:
        blocks.append("\n".join(style("name", kind) for kind in sorted(listed.kinds)))
    by_kind: dict[str, list[EntityEntry]] = {}
    for item in listed.entities:
        by_kind.setdefault(item.kind, []).append(item)
    for kind in sorted(by_kind):
        entries = sorted(by_kind[kind], key=lambda item: item.name)
        blocks.append("\n".join([style("name", kind), *(_entity(item, style, width) for item in entries)]))
    return "\n\n".join(blocks) + "\n"


def _predicate(item: PredicateEntry, style: Style, width: int) -> str:
    signature = f"({', '.join(f'{spec.name}: {spec.type}' for spec in item.args)})"
    notes = [{"interval": "since/until", "event": "on a date"}.get(item.holds, ""), "derived" if item.derived else ""]
    note = ", ".join(filter(None, notes))
    head = [("name", item.name), ("", signature), ("faint", f" [{note}]" if note else "")]
    lines = [wrap(head, style, width=width, rest="    ")]
    if item.says:
        lines.append(wrap([("", item.says)], style, width=width, first="  says  ", rest=" " * 8))
    for index, text in enumerate(item.asks):
        lines.append(wrap([("", text)], style, width=width, first=" " * 8 if index else "  asks  ", rest=" " * 10))
    if item.doc:
        lines.append(wrap([("faint", item.doc)], style, width=width, first="  ", rest="  "))
    return "\n".join(lines)


def _entity(item: EntityEntry, style: Style, width: int) -> str:
    aliases = f" ({', '.join(item.aliases)})" if item.aliases else ""
    return wrap([("", item.name), ("faint", aliases)], style, width=width, first="  ", rest="    ")
