"""A report as commands of GitHub Actions, which shows each as an annotation of its line, and a last line that counts.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from kzexpert.errors import Issue
from kzexpert.render.issues import summary
from kzexpert.render.reports import Report, below_root

__all__ = ["github"]

_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = _DATA | {":": "%3A", ",": "%2C"}


def github(report: Report) -> str:
    """A line for each issue."""
    lines = [*map(_annotation, report.issues), summary(report.issues)]
    if report.cases:
        lines[-1] = f"{len(report.issues)} failed, {len(report.cases) - len(report.issues)} passed"
    return "".join(f"{line}\n" for line in lines)


def _annotation(issue: Issue) -> str:
    place = issue.location
    properties = {}
    if place:
        properties = {"file": below_root(place.file) or place.file, "line": place.line, "col": place.column}
    properties["title"] = issue.code
    named = ",".join(f"{name}={_escaped(str(value), _PROPERTY)}" for name, value in properties.items() if value)
    where = f" (row {place.row})" if place and place.row else ""
    hint = f"\nhint: {issue.hint}" if issue.hint else ""
    return f"::{issue.severity} {named}::{_escaped(f'{issue.message}{where}{hint}', _DATA)}"


def _escaped(text: str, marks: dict[str, str]) -> str:
    return "".join(marks.get(character, character) for character in text)
