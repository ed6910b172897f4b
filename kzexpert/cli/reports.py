"""What commands for authors and CI share: findings in several formats at once, on stdout and in files."""

from collections.abc import Callable, Sequence

import click

from kzexpert.cli.options import Options
from kzexpert.cli.output import show, spare
from kzexpert.errors import Issue, Location, UsageError
from kzexpert.language.nearest import did_you_mean
from kzexpert.render.reports import FORMATS, Report, report_text
from kzexpert.render.writer import Writer

__all__ = ["REPORT", "REPORT_FORMATS", "Target", "show_report", "targets"]

REPORT_FORMATS = ("text", "json", *FORMATS)
REPORT = click.option(
    "--report",
    multiple=True,
    metavar="FORMAT=FILE",
    help="Write what is found to a file too, in any format of --format; repeatable.",
)
#: A format, and the file that takes it.
Target = tuple[str, str]


def targets(options: Options, given: Sequence[str]) -> list[Target]:
    """The files that ``--report`` names, looked at before long work.

    Raises:
        UsageError: one is not ``FORMAT=FILE`` (KZ307), or cannot be written (KZ306).
    """
    from kzexpert.atomic import check_apart, check_writable

    found: list[Target] = []
    for text in given:
        form, equals, file = text.partition("=")
        if form not in REPORT_FORMATS or not file:
            hint = did_you_mean(form, REPORT_FORMATS) if equals and file else ""
            hint = hint or f"write FORMAT=FILE, such as sarif=check.sarif; the formats are {', '.join(REPORT_FORMATS)}"
            raise UsageError(Issue("KZ307", f"{text} is not a report", Location("--report"), hint))
        check_writable(file)
        for other in (*(other for _, other in found), *([options.output] if options.output else [])):
            check_apart(file, other, "another option")
        found.append((form, file))
    return found


def show_report(
    options: Options, files: Sequence[Target], document: object, text_of: Callable[[Writer], str], report: Report
) -> None:
    """Write the files of ``--report``, and print what ``--format`` says.

    Raises:
        UsageError: one cannot be written, or was read (KZ306).
    """
    from msgspec.structs import replace

    for form, file in files:
        written = replace(options, format=form, output=file)
        spare(written, report.texts)
        _show(written, document, text_of, report)
    _show(options, document, text_of, report)


def _show(options: Options, document: object, text_of: Callable[[Writer], str], report: Report) -> None:
    show(
        options, document, (lambda _out: report_text(options.format, report)) if options.format in FORMATS else text_of
    )
