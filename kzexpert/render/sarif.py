"""A report as SARIF 2.1.0, which code scanning and editors read: paths below the root of the repository, columns in
UTF-16, and fingerprints that stay when lines move.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kzexpert import __version__
from kzexpert.errors import CODES, Issue, Location
from kzexpert.render.json import as_utf8, json_text
from kzexpert.render.reports import Report, below_root

__all__ = ["sarif"]

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
#: The name by which readers know the root of the repository.
_ROOT = "%SRCROOT%"


def sarif(report: Report) -> str:
    """The report as one run of one tool."""
    codes = sorted({issue.code for issue in report.issues})
    rules = [{"id": code, "shortDescription": {"text": CODES[code]}} for code in codes]
    run = {
        "tool": {"driver": {"name": "kzexpert", "semanticVersion": __version__, "rules": rules}},
        "invocations": [{"executionSuccessful": True, "exitCode": int(any(map(report.fails, report.issues)))}],
        "automationDetails": {"id": f"kzexpert/{report.command}/"},
        "columnKind": "utf16CodeUnits",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository, or the current folder."}}},
        "results": _results(report, codes),
    }
    return json_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _results(report: Report, codes: list[str]) -> list[dict[str, Any]]:
    lines = {file: text.split("\n") for file, text in report.texts.items()}
    fallback = Location(min(report.texts, default="."))  # readers show nothing that has no place
    known: Counter[tuple[str, ...]] = Counter()
    results = []
    for issue in report.issues:
        place = issue.location or fallback
        line = _line(place, lines).strip()
        same = issue.code, _artifact(place)["uri"], as_utf8(issue.message), as_utf8(line)
        known[same] += 1
        print_ = sha256("\n".join((*same, str(known[same]))).encode()).hexdigest()
        result: dict[str, Any] = {
            "ruleId": issue.code,
            "ruleIndex": codes.index(issue.code),
            "level": issue.severity,
            "message": {"text": _message(issue)},
            "locations": [{"physicalLocation": _physical(place, lines)}],
            "partialFingerprints": {"kzexpertIssue/v1": print_},
        }
        if issue.related:
            result["relatedLocations"] = [
                {"physicalLocation": _physical(at, lines), "message": {"text": as_utf8(words)}}
                for at, words in issue.related
            ]
        results.append(result)
    return results


def _message(issue: Issue) -> str:
    where = f" (row {issue.location.row})" if issue.location and issue.location.row else ""
    hint = f"\nhint: {issue.hint}" if issue.hint else ""
    return as_utf8(f"{issue.message}{where}{hint}")


def _artifact(place: Location) -> dict[str, str]:
    below = below_root(place.file)
    return {"uri": Path(place.file).absolute().as_uri()} if below is None else {"uri": quote(below), "uriBaseId": _ROOT}


def _physical(place: Location, lines: dict[str, list[str]]) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": _artifact(place)}
    if place.line:
        region: dict[str, Any] = {"startLine": place.line}
        line = _line(place, lines)
        if place.column:
            region["startColumn"] = 1 + len(line[: place.column - 1].encode("utf-16-le", "surrogatepass")) // 2
        if line.strip():
            region["snippet"] = {"text": as_utf8(line.rstrip("\r"))}
        physical["region"] = region
    return physical


def _line(place: Location, lines: dict[str, list[str]]) -> str:
    known = lines.get(place.file, [])
    return known[place.line - 1] if 0 < place.line <= len(known) else ""
