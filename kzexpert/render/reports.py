"""Findings as machines read them: what `check` and `test` found, by the name of the format, a file for each."""

import os
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path

import msgspec

from kzexpert.analysis.cases import CaseResult
from kzexpert.errors import Issue
from kzexpert.model import Case

__all__ = ["FORMATS", "Report", "below_root", "cases_report", "report_text"]

#: Format → the module that has a function of its name, which makes the text of a `Report`; a row is a format more.
FORMATS = {
    "sarif": "kzexpert.render.sarif",
    "github": "kzexpert.render.github",
    "junit": "kzexpert.render.junit",
}


class Report(msgspec.Struct, frozen=True):
    """What a command found.

    Attributes:
        command: the one that found it, ``check`` or ``test``.
        issues: all of them, a failed case being one.
        texts: file → its text; of files that are in order too.
        cases: those that ran, each with the issue that it is where it failed.
        strict: whether a warning is a failure.
    """

    command: str
    issues: tuple[Issue, ...]
    texts: Mapping[str, str]
    cases: tuple[tuple[Case, Issue | None], ...] = ()
    strict: bool = False

    def fails(self, issue: Issue) -> bool:
        """Whether it fails the command."""
        return self.strict or issue.severity == "error"


def cases_report(results: Sequence[CaseResult]) -> Report:
    """The results of cases as a report."""
    cases = tuple((result.case, None if result.passed else _failure(result)) for result in results)
    texts = {file: text for case, _ in cases for file, text in case.kb.texts.items()}
    return Report("test", tuple(issue for _, issue in cases if issue), texts, cases)


def _failure(result: CaseResult) -> Issue:
    case = result.case
    message = f"the case {case.id} fails: {'; '.join(result.lines)}"
    return Issue("KZ129", message, case.location, f"it asks: {case.ask}" if case.ask else "")


def report_text(form: str, report: Report) -> str:
    """A report in a format, a key of `FORMATS`."""
    function: Callable[[Report], str] = getattr(import_module(FORMATS[form]), form)
    return function(report)


def below_root(file: str) -> str | None:
    """The path of a file below the root of the repository, with slashes; None where it lies elsewhere.

    The root is the nearest folder with ``.git`` at or above the current one, else the current one.
    """
    here = Path.cwd()
    root = next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)
    path = Path(os.path.abspath(file))  # noqa: PTH100, a link keeps its name
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else None
