"""One table of a small world, and what two engines make of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from short_programs import told

from kzexpert.checks import check
from kzexpert.engines import engine, for_engine
from kzexpert.errors import KnowledgeBaseError
from kzexpert.language import load_knowledge_base, parse_partial_date
from kzexpert.program.snapshot import snapshot

__all__ = ["SAID", "TRADE", "VISITS", "WORLD", "outcome"]

WORLD = """
kinds: [state]
predicates:
  trade: {args: [state: state, worth: number]}
  said: {args: [state: state, words: text]}
  visit: {args: [state: state], holds: event}
  wealth: {args: [state: state, worth: number]}
  heard: {args: [state: state, words: text]}
  seen: {args: [state: state]}
entities:
  Ruritania: {kind: state, aliases: [RUR]}
  Borduria: {kind: state}
sources: {atlas: {title: An Atlas, date: 2011}}
rules:
  - {id: wealth, when: ["trade(?a, ?x)"], then: "wealth(?a, ?x)", source: atlas}
  - {id: heard, when: ["said(?a, ?x)"], then: "heard(?a, ?x)", source: atlas}
  - {id: seen, when: ["visit(?a)"], then: seen(?a), source: atlas}
"""
TRADE = "{{file: {file}, predicate: trade, columns: {{state: a, worth: b}}, source: atlas}}"
SAID = "{{file: {file}, predicate: said, columns: {{state: a, words: b}}, {where} source: atlas}}"
VISITS = "{{file: {file}, predicate: visit, columns: {{state: a, 'on': b}}, source: atlas}}"


def outcome(folder: Path, declared: str, engines: Sequence[str] = ("duckdb", "experta"), hints: bool = False) -> Any:
    """The facts of a table, each as its arguments and the date of an event as written; or its issues as text.

    All engines must say the same.

    Args:
        hints: give those of the issues instead.
    """
    (folder / "world.yaml").write_text(WORLD, encoding="utf-8")
    (folder / "tables.yaml").write_text(f"tables:\n  - {declared}\n", encoding="utf-8")
    kb = load_knowledge_base([], [folder / "world.yaml", folder / "tables.yaml"])
    assert [issue for issue in check(kb) if issue.severity == "error"] == []
    found: list[Any] = []
    for name in engines:
        try:
            inference = engine(name).infer(snapshot(for_engine(kb, name), parse_partial_date("2011").last))
            found.append((told(inference), _rows(inference.program.base)))
        except KnowledgeBaseError as error:
            found.append([issue.hint if hints else f"{issue.code} {issue.message}" for issue in error.issues])
    assert all(item == found[0] for item in found)
    return found[0] if isinstance(found[0], list) else found[0][1]


def _rows(base: Any) -> set[tuple[object, ...]]:
    return {
        (*args, *([str(row.on)] if row.on else []))
        for known in base.values()
        for args, fact in known.items()
        for row in fact.rows
    }
