"""Another name for a thing, in every file that names it; refused where it would come to mean something else."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from kzexpert.authoring.language_server.base import State, path_of, read_state
from kzexpert.authoring.language_server.names import Naming, Namings, written
from kzexpert.authoring.language_server.text import Span
from kzexpert.errors import Issue, Location, UsageError
from kzexpert.language.files import shown_name
from kzexpert.language.rules_file import BUILT_IN_TYPES, ROW_KEYS
from kzexpert.language.tokens import is_name

__all__ = ["Replacement", "replaced", "with_name"]

#: What stands instead of a span.
Replacement = tuple[Span, str]

_VARIABLE = re.compile(r"[^\W\d]\w*(?:-[^\W\d]\w*)*")
_FORMS = {
    "predicate": "letters, digits, _ and - make a name",
    "argument": f"letters, digits, _ and - make a name, and {', '.join(ROW_KEYS)} are taken",
    "kind": f"letters, digits, _ and - make a name, and {', '.join(BUILT_IN_TYPES)} are taken",
    "variable": "a variable is ? and letters, digits, _ or -",
    "rule": "an id holds no blanks",
    "case": "an id holds no blanks",
}


def with_name(names: Namings, naming: Naming, new: str) -> dict[str, list[Replacement]]:
    """Path → the edits that give a thing another name. Of an entity only the spelling that was chosen is replaced.

    Args:
        names: of the base.
        naming: a place where the thing is named.
        new: the new name; of a variable with or without its question mark.

    Raises:
        UsageError: it is no name, something else is called so, or a file that cannot be changed names the thing (KZ801,
            KZ802, KZ804).
    """
    new = new.strip()
    new = new.removeprefix("?") if naming.name[0] == "variable" else new
    if new == naming.spelled:
        return {}
    _check_form(naming, new)
    _check_clash(names, naming, new)
    places = [(path, item) for path, item in names.of(naming.name) if item.spelled == naming.spelled]
    for reason in _fixed(names.state, naming, [path for path, _ in places]):
        raise UsageError(
            Issue("KZ804", f"{naming.spelled} cannot be renamed here: {reason}", hint="rename it there first")
        )
    found: dict[str, list[Replacement]] = {}
    for path, item in places:
        text = names.state.text(path) or ""
        found.setdefault(path, []).append((item.span, written(item, text, new)))
    _check_outcome(names.state, found, new)
    return found


def replaced(text: str, edits: list[Replacement]) -> str:
    """A text with other words in it."""
    for (start, end), new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


# --- what speaks against it ------------------------------------------------------------------------------------------


def _check_form(naming: Naming, new: str) -> None:
    sort = naming.name[0]
    good = {
        "predicate": is_name(new),
        "argument": is_name(new) and new not in ROW_KEYS,
        "kind": is_name(new) and new not in BUILT_IN_TYPES,
        "variable": _VARIABLE.fullmatch(new) is not None,
        "rule": new.split() == [new],
        "case": new.split() == [new],
    }.get(sort, bool(new) and new.isprintable())
    if not good:
        raise UsageError(Issue("KZ801", f"{new!r} cannot name {_called(sort)}", hint=_FORMS.get(sort, "write a name")))


def _check_clash(names: Namings, naming: Naming, new: str) -> None:
    sort, kb = naming.name[0], names.state.names
    taken = (
        new in kb.entity
        if sort == "entity"
        else (*naming.name[:-1], new) in {item.name for items in names.files.values() for item in items}
    )
    if taken:
        hint = "choose another name, or rename that one first"
        raise UsageError(Issue("KZ802", f"{new} is {_called(sort)} already", hint=hint))


def _called(sort: str) -> str:
    return f"an {sort}" if sort[0] in "aeiou" else f"a {sort}"


def _fixed(state: State, naming: Naming, paths: list[str]) -> Iterator[str]:
    """Why a name must stay: it stands in files that belong to somebody else, or that hold data."""
    kb = state.names
    used = {path_of(Location(name)): base for name, base in kb.used_files.items()}
    yield from (f"{shown_name(path)} belongs to the base {used[path]}" for path in paths if path in used)
    sort, name = naming.name[0], naming.name[-1]
    for fact in kb.facts:
        named = {
            "predicate": fact.predicate == name,
            "argument": fact.predicate == naming.name[-2:][0],
            "entity": naming.spelled in fact.arguments.values(),
            "source": fact.source is not None and fact.source.source == name,
        }
        if fact.location.file.lower().endswith(".csv") and named.get(sort):
            yield f"{fact.location} names it"
    if sort == "entity" and (entity := kb.entity.get(name)):
        if entity.location.row:
            yield f"it comes from {entity.location}"
        for table in kb.tables:
            predicate = kb.predicate.get(table.predicate)
            kinds = {spec.name: spec.type for spec in predicate.args} if predicate else {}
            if any(kinds.get(argument) == entity.kind for argument in table.columns):
                yield f"rows of {table.file} may name it"


def _check_outcome(state: State, edits: Mapping[str, list[Replacement]], new: str) -> None:
    """The base must be as sound with the new name as it was."""
    held = {**state.held, **{path: replaced(state.text(path) or "", own) for path, own in edits.items()}}
    after = read_state(state.folder, held)
    known = Counter(issue.code for issue in state.issues)
    for issue in after.issues:
        known[issue.code] -= 1
        if known[issue.code] < 0:
            message = f"with the name {new} there would be {issue.code} at {issue.location}: {issue.message}"
            raise UsageError(Issue("KZ802", message, hint="choose another name"))
