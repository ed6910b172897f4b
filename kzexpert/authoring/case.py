"""A question and what is answered to it now → a case file, for its author to confirm."""

import os
from collections.abc import Sequence
from pathlib import Path

from kzexpert.authoring.own_base import OwnBase
from kzexpert.authoring.snippets import Snippet, block
from kzexpert.errors import Issue, Location, UsageError
from kzexpert.language.cases_file import load_cases
from kzexpert.language.files import shown_name
from kzexpert.language.tokens import is_name
from kzexpert.proof.answers import Answer

__all__ = ["case_file", "case_text"]

_HEAD = "# What followed when kzexpert new case wrote this. Confirm each line, or correct what it should be.\n"


def case_file(own: OwnBase, name: str) -> str:
    """The file of a new case.

    Raises:
        UsageError: the name cannot be that of a file (KZ801), or there is such a case (KZ802).
        KnowledgeBaseError: the cases that are there cannot be read.
    """
    if not is_name(name):
        hint = "a name is letters, digits, - and _, and begins with a letter"
        raise UsageError(Issue("KZ801", f"{name!r} is not a name for a case", Location("name"), hint))
    folder = Path(own.folder) / "tests" / "cases"
    file = shown_name(folder / f"{name}.yaml")
    cases = load_cases([folder], own.kb) if folder.is_dir() else ()
    places = [str(case.location) for case in cases if case.id == name] or [file] * os.path.lexists(file)
    if places:
        message = f"there is already a case {name}: {places[0]}"
        raise UsageError(Issue("KZ802", message, Location("name"), "give another name"))
    return file


def case_text(
    ask: str,
    found: Answer,
    note: str = "",
    as_of: str = "",
    assume: Sequence[str] = (),
    without: Sequence[str] = (),
) -> str:
    """The text of a file with one case, whose id is the name of the file.

    Args:
        ask: the question, as typed.
        found: what is answered to it; what is not established is not wanted.
        note: why the case is there.
        as_of: the date that the question was about; empty for that of the base.
        assume, without: what was assumed and withdrawn.
    """
    wanted = [f"{item.conclusion} @ {item.certainty:.2f}" for item in found.answers if item.established]
    fields: dict[str, str | Sequence[str] | Snippet] = {"note": note, "ask": ask, "as-of": as_of}
    fields |= {"assume": assume, "without": without, "want": wanted}
    if not wanted:
        fields["want_none"] = Snippet("true", ("true",))
    return _HEAD + "\n".join(block({key: value for key, value in fields.items() if value}).block) + "\n"
