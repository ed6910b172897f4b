"""Check: every declaration of a table fits its predicate. What is in the files is said when they are read."""

from collections.abc import Iterator

from kzexpert.errors import Issue, Location
from kzexpert.language.nearest import did_you_mean
from kzexpert.model import KnowledgeBase, Predicate, Table

__all__ = ["declared_tables", "idle_registers"]

#: What may have a column beside the arguments.
_BESIDE = ("since", "until", "on", "certainty", "source", "at", "note")


def declared_tables(kb: KnowledgeBase) -> list[Issue]:
    """Predicates (KZ202), arguments (KZ203) and dates (KZ117) that tables name."""
    issues: list[Issue] = []
    for table in kb.tables:
        predicate = kb.predicate.get(table.predicate)
        if predicate is None:
            hint = did_you_mean(table.predicate, kb.predicate)
            place = table.marks.get("predicate", table.location)
            issues.append(Issue("KZ202", f"there is no predicate {table.predicate}", place, hint))
        else:
            issues.extend(_arguments(kb, predicate, table))
            issues.extend(_dates(predicate, table))
    return issues


def idle_registers(kb: KnowledgeBase) -> list[Issue]:
    """Registers that declare nothing (KZ126); a warning."""
    issues = []
    for register in kb.registers:
        if not register.size:
            column = next(iter(register.where), None)
            says = f"no row of {register.file} is chosen by where" if column else f"{register.file} holds no rows"
            place = register.marks.get(f"where.{column}" if column else "file", register.location)
            hint = "compare the values with those of the register; all of the columns must have one of theirs"
            issues.append(Issue("KZ126", says, place, hint if column else "", "warning"))
    return issues


def _arguments(kb: KnowledgeBase, predicate: Predicate, table: Table) -> Iterator[Issue]:
    names = [spec.name for spec in predicate.args]
    for key in (*table.columns, *table.numbered, *table.constants, *table.parts):
        if key not in names and key not in _BESIDE:
            hint = did_you_mean(key, (*names, *_BESIDE)) or f"{predicate.name} has {', '.join(names) or 'no arguments'}"
            yield Issue("KZ203", f"{predicate.name} has no argument {key}", _place(table, f"columns.{key}"), hint)
    for spec in predicate.args:
        if spec.name in table.numbered and spec.type != "number":
            message = f"{spec.name} takes the number of the row, but is declared as {spec.type}"
            yield Issue("KZ203", message, _place(table, f"columns.{spec.name}"), "declare the argument as number")
        if not table.says(spec.name):
            message = f"no column for the argument {spec.name} of {predicate.name}"
            yield Issue("KZ203", message, _place(table, "columns"), f"add {spec.name}: ... to the columns")
    for key in table.codes:
        kind = next((spec.type for spec in predicate.args if spec.name == key), None)
        if kind is None or kind not in kb.kinds:
            message = f"map gives names to the codes of {key}, which takes no names of entities"
            yield Issue("KZ203", message, _place(table, f"map.{key}"), "map is for arguments that are entities")


def _dates(predicate: Predicate, table: Table) -> Iterator[Issue]:
    name = predicate.name
    fitting = {"interval": ("since", "until"), "event": ("on",), None: ()}[predicate.holds]
    for key in ("since", "until", "on"):
        if table.says(key) and key not in fitting:
            hint = f"declare {name} with 'holds: interval' (since, until) or 'holds: event' (on)"
            yield Issue(
                "KZ117",
                f"'{key}' does not apply to {name}",
                _place(table, f"columns.{key}"),
                hint,
            )
    if predicate.holds == "event" and not table.says("on"):
        message = f"{name} is an event, and no column says when it happened"
        yield Issue("KZ117", message, _place(table, "columns"), "add on: ... to the columns")


def _place(table: Table, key: str) -> Location:
    return table.marks.get(key, table.location)
