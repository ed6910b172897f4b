"""What stands for an entity in tables of users: its names and aliases, or the codes of a map. It reads no table."""

from sqlglot import exp

from kzexpert.engines.sql.plan.words import column, equal, named, select
from kzexpert.model import KnowledgeBase

__all__ = ["names_of", "resolved"]


def names_of(kb: KnowledgeBase, kind: str) -> list[tuple[str, str]]:
    """Every name and alias of the entities of a kind, each with the name."""
    return [(text, entity.name) for text, entity in kb.entity.items() if entity.kind == kind]


def resolved(entities: exp.Table, codes: exp.Table) -> exp.Select:
    """What the codes of a map stand for.

    Args:
        entities: columns ``text``, a name or alias, and ``code``, what stands for the entity.
        codes: columns ``text``, the code, and ``name``.
    """
    same = exp.Join(this=named(entities, "e"), on=equal(column("text", "e"), column("name", "m")))
    return select([column("text", "m"), column("code", "e")], named(codes, "m"), [same], distinct=True)
