"""A report as JUnit XML, which all CI systems read: a suite for each file; its tests are cases or, of `check`, issues.

There is no standard; what is written here is what https://github.com/testmoapp/junitxml lists as common.
"""

import re
from collections.abc import Iterable
from xml.etree import ElementTree

from kzexpert.errors import Issue
from kzexpert.render.issues import issue_text
from kzexpert.render.reports import Report

__all__ = ["junit"]

#: What XML 1.0 cannot say, not even as an escape.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: Report) -> str:
    """A suite for each file in order; a file without an issue is a test that passes."""
    suites: dict[str, list[ElementTree.Element]] = {}
    lines = {file: text.splitlines() for file, text in report.texts.items()}
    for case, failure in report.cases:
        file, line = case.location.file, case.location.line
        suites.setdefault(file, []).append(_test(file, case.id, line, failure, report, lines))
    if not report.cases:
        suites = {file: [] for file in sorted(report.texts)}
        for issue in report.issues:
            file, line = (issue.location.file, issue.location.line) if issue.location else ("", 0)
            suites.setdefault(file, []).append(_test(file, _name(issue), line, issue, report, lines))
    root = ElementTree.Element("testsuites", {"name": f"kzexpert {report.command}"})
    for file, tests in suites.items():
        suite = ElementTree.SubElement(root, "testsuite", {"name": _clean(file or "the knowledge base")})
        suite.extend(tests or [ElementTree.Element("testcase", {"name": "no issues", "classname": _clean(file)})])
        _count(suite, suite)
    _count(root, root.iter("testsuite"))
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _count(element: ElementTree.Element, parts: Iterable[ElementTree.Element]) -> None:
    parts = [*parts]
    tests = [test for part in parts for test in part.iter("testcase")]
    failed = sum(test.find("failure") is not None for test in tests)
    element.attrib.update(tests=str(len(tests)), failures=str(failed), errors="0", skipped="0")


def _name(issue: Issue) -> str:
    place = issue.location
    where = f" row {place.row}" if place and place.row else f" {place.line}:{place.column}" if place else ""
    return f"{issue.code}{where}"


def _test(
    file: str, name: str, line: int, issue: Issue | None, report: Report, lines: dict[str, list[str]]
) -> ElementTree.Element:
    place = {"line": str(line)} if line else {}
    test = ElementTree.Element(
        "testcase", {"name": _clean(name), "classname": _clean(file), "file": _clean(file)} | place
    )
    if issue is None:
        return test
    text = _clean(issue_text(issue, lines))
    if report.fails(issue):
        inner = ElementTree.SubElement(test, "failure", {"message": _clean(issue.message), "type": issue.code})
    else:
        inner = ElementTree.SubElement(test, "system-out")
    inner.text = text
    return test


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
