"""Issues whose hints are certain → texts without them. What leaves its issue or brings another error is not kept."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec

from kzexpert.authoring.language_server.fixes import fixes
from kzexpert.authoring.language_server.rename import Replacement
from kzexpert.authoring.language_server.text import Text
from kzexpert.errors import Issue
from kzexpert.language.folders import YAML_ENDINGS

__all__ = ["Correction", "corrections"]

#: File → its text.
Texts: TypeAlias = Mapping[str, str]
Inspect: TypeAlias = Callable[[Texts], tuple[Sequence[Issue], Texts]]
#: A text is corrected so many times at most: what one correction brings to light may be corrected too.
_MOST_ROUNDS = 20


class Correction(msgspec.Struct, frozen=True):
    """An edit of a file, and the issue that it settles."""

    issue: Issue
    file: str
    edit: Replacement
    old: str


def corrections(inspect: Inspect) -> tuple[list[Correction], dict[str, str]]:
    """What is corrected, and the text of each file that changes by it.

    Args:
        inspect: all that is wrong where some files have other texts, and the texts of all files.
    """
    changed: dict[str, str] = {}
    done: list[Correction] = []
    refused: set[tuple[str, str, str]] = set()
    issues, texts = inspect(changed)
    for _ in range(_MOST_ROUNDS):
        found = [item for item in _certain(issues, texts) if _key(item) not in refused]
        if not found:
            break
        for group in _tries(found):
            after = {**changed, **_edited(group, texts)}
            new_issues, new_texts = inspect(after)
            if _is_better(issues, new_issues, group, new_texts):
                done += group
                changed, issues, texts = after, new_issues, new_texts
                break
            if len(group) == 1:
                refused.add(_key(group[0]))
    return done, changed


def _key(item: Correction) -> tuple[str, str, str]:
    return item.file, item.issue.code, item.issue.message


def _tries(found: Sequence[Correction]) -> Iterator[Sequence[Correction]]:
    """All at once, then one by one: one that is no good keeps none of the others from being made."""
    yield found
    if len(found) > 1:
        yield from ([item] for item in found)


def _certain(issues: Iterable[Issue], texts: Texts) -> list[Correction]:
    """The certain fixes in files of one's own, none of which overlap."""
    found: list[Correction] = []
    taken: dict[str, list[tuple[int, int]]] = {}
    for issue in issues:
        file = issue.location.file if issue.location else ""
        if issue.base or file not in texts or not file.lower().endswith(YAML_ENDINGS):
            continue
        text = Text(texts[file])
        certain = [fix for fix in fixes(issue, file, text) if fix.certain]
        if len(certain) != 1 or len(certain[0].edits) != 1:
            continue
        ((start, end), _) = edit = certain[0].edits[0]
        spans = taken.setdefault(file, [])
        if all(end <= first or start >= last for first, last in spans):
            spans.append((start, end))
            found.append(Correction(issue, file, edit, text.text[start:end]))
    return found


def _edited(found: Iterable[Correction], texts: Texts) -> dict[str, str]:
    """The texts with the edits in them, from the last one in a file to the first."""
    changed: dict[str, str] = {}
    for item in sorted(found, key=lambda item: item.edit[0], reverse=True):
        text = changed.get(item.file, texts[item.file])
        (start, end), new = item.edit
        changed[item.file] = text[:start] + new + text[end:]
    return changed


def _is_better(before: Sequence[Issue], after: Sequence[Issue], group: Sequence[Correction], texts: Texts) -> bool:
    """Whether the issues of a group are gone, and no error is new.

    An error elsewhere in a file that is corrected is none: a record with a mistake is left out, and so is what else is
    wrong with it.

    Args:
        texts: as corrected.
    """
    settled = Counter(map(_told, (item.issue for item in group)))
    was, now = Counter(map(_told, before)), Counter(map(_told, after))
    if any(now[told] > was[told] - number for told, number in settled.items()):
        return False
    spans = _new_spans(group)
    for issue in after:
        if issue.severity == "error" and now[_told(issue)] > was[_told(issue)]:
            file = issue.location.file if issue.location else ""
            place = Text(texts[file]).place(issue.location) if issue.location and file in spans else -1
            if place < 0 or any(start <= place <= end for start, end in spans[file]):
                return False
    return True


def _new_spans(group: Sequence[Correction]) -> dict[str, list[tuple[int, int]]]:
    """File → where its edits stand in the text as corrected."""
    found: dict[str, list[tuple[int, int]]] = {}
    moved: Counter[str] = Counter()
    for item in sorted(group, key=lambda item: item.edit[0]):
        (start, end), new = item.edit
        at = start + moved[item.file]
        found.setdefault(item.file, []).append((at, at + len(new)))
        moved[item.file] += len(new) - (end - start)
    return found


def _told(issue: Issue) -> tuple[str, str, str]:
    """What an issue says, wherever in its file."""
    return issue.code, issue.message, issue.location.file if issue.location else ""
