"""Mistakes in a knowledge base apart from what only follows from files that could not be read whole."""

import re
from collections.abc import Sequence

from kzexpert.errors import Issue
from kzexpert.language.loader import Loaded

__all__ = ["without_consequences"]

#: Unknown names, and what they keep from being used.
_UNKNOWN_NAME = frozenset(("KZ118", "KZ120", "KZ202", "KZ204"))
_UNUSED = frozenset(("KZ213", "KZ214"))
#: Of a register that could not be read whole; then nobody knows which names it would have declared.
_REGISTER = frozenset(("KZ124", "KZ125"))
_KEY = re.compile(r"^[ \t]*(?:- )?(?:id: *)?[\"']?([^\s\"'#:\[{][^\"'#:]*?)[\"']?[ \t]*(?::|$)", re.MULTILINE)
_LIST = re.compile(r"(?:aliases|kinds):[ \t]*\[([^\]]*)\]")


def without_consequences(issues: Sequence[Issue], loaded: Loaded) -> list[Issue]:
    """The issues of the checks that stand on their own.

    A name does not count as unknown if a file with a mistake seems to declare it: as a key, an id, an alias or a kind.

    Args:
        issues: what the checks found in what was loaded.
        loaded: what was loaded, and the issues of loading.
    """
    declared: set[str] = set()
    for file in {issue.location.file for issue in loaded.issues if issue.location}:
        text = loaded.kb.texts.get(file, "")
        declared.update(_KEY.findall(text))
        declared.update(name.strip(" \"'") for names in _LIST.findall(text) for name in names.split(","))
    lacking = any(issue.code in _REGISTER for issue in loaded.issues)
    return [issue for issue in issues if not _follows(issue, declared) and not (lacking and issue.code == "KZ204")]


def _follows(issue: Issue, declared: set[str]) -> bool:
    if issue.code in _UNKNOWN_NAME:
        return any(f" {name} " in f"{issue.message} " for name in declared)
    return issue.code in _UNUSED
