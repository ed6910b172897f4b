"""Values → JSON: documents that name their schema, two spaces deep, in the order of their fields."""

from collections.abc import Sequence

import msgspec

from kzexpert.errors import Issue, Location
from kzexpert.model import json_escapes

__all__ = ["IssueRecord", "Issues", "as_utf8", "issues_document", "json_text"]


def json_text(document: object) -> str:
    """A document as JSON.

    Args:
        document: a struct whose first field names its schema, or what msgspec can encode.
    """
    return json_escapes(msgspec.json.format(msgspec.json.encode(document), indent=2).decode()) + "\n"


class Place(msgspec.Struct, frozen=True):
    """A place that belongs to an issue."""

    file: str
    line: int
    column: int
    what: str


class IssueRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """An issue; line and column are 0 where it is about a whole file or line.

    Attributes:
        base: the used base that it is about; empty for one's own files.
    """

    code: str
    severity: str
    message: str
    file: str
    line: int
    column: int
    hint: str
    related: tuple[Place, ...]
    base: str = ""


class Issues(msgspec.Struct, frozen=True, tag_field="schema", tag="kzexpert.issues/1"):
    """What ``check`` found."""

    errors: int
    warnings: int
    issues: tuple[IssueRecord, ...]


def issues_document(issues: Sequence[Issue]) -> Issues:
    """The issues as a document."""
    errors = sum(issue.severity == "error" for issue in issues)
    return Issues(errors, len(issues) - errors, tuple(map(_record, issues)))


def _record(issue: Issue) -> IssueRecord:
    place = issue.location or Location("")
    related = tuple(Place(as_utf8(at.file), at.line, at.column, as_utf8(what)) for at, what in issue.related)
    return IssueRecord(
        code=issue.code,
        severity=issue.severity,
        message=as_utf8(issue.message),
        file=as_utf8(place.file),
        line=place.line,
        column=place.column,
        hint=as_utf8(issue.hint),
        related=related,
        base=as_utf8(issue.base),
    )


def as_utf8(text: str) -> str:
    """The text as UTF-8 can say it: a file name may hold bytes that are no text."""
    return text.encode(errors="replace").decode()
