"""A vocabulary as text: a block for each predicate, a line for each entity."""

from kzexpert.questions.vocabulary import EntityEntry, PredicateEntry, Vocabulary
from kzexpert.render.writer import PLAIN, Writer

__all__ = ["vocabulary_text"]


def vocabulary_text(listed: Vocabulary, out: Writer = PLAIN) -> str:
    """Everything that a vocabulary holds."""
    blocks = [_predicate(item, out) for item in listed.predicates]
    if listed.kinds:
        blocks.append("\n".join(out.style("name", kind) for kind in sorted(listed.kinds)))
    by_kind: dict[str, list[EntityEntry]] = {}
    for item in listed.entities:
        by_kind.setdefault(item.kind, []).append(item)
    for kind in sorted(by_kind):
        entries = sorted(by_kind[kind], key=lambda item: item.name)
        blocks.append("\n".join([out.style("name", kind), *(_entity(item, out) for item in entries)]))
    return "\n\n".join(blocks) + "\n"


def _predicate(item: PredicateEntry, out: Writer) -> str:
    signature = f"({', '.join(f'{spec.name}: {spec.type}' for spec in item.args)})"
    notes = [{"interval": "since/until", "event": "on a date"}.get(item.holds, ""), "derived" if item.derived else ""]
    note = ", ".join(filter(None, notes))
    head = [("name", item.name), ("", signature), ("faint", f" [{note}]" if note else "")]
    lines = [out.wrap(head, rest="    ")]
    if item.says:
        lines.append(out.wrap([("", item.says)], first="  says  ", rest=" " * 8))
    for index, text in enumerate(item.asks):
        lines.append(out.wrap([("", text)], first=" " * 8 if index else "  asks  ", rest=" " * 10))
    if item.doc:
        lines.append(out.wrap([("faint", item.doc)], first="  ", rest="  "))
    return "\n".join(lines)


def _entity(item: EntityEntry, out: Writer) -> str:
    aliases = f" ({', '.join(item.aliases)})" if item.aliases else ""
    return out.wrap([("", item.name), ("faint", aliases)], first="  ", rest="    ")
