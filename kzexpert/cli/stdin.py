"""A file whose text comes from stdin, as editors and hooks send it: `-`, and `--stdin-name` for where it belongs."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from msgspec.structs import replace

from kzexpert.cli.options import Options
from kzexpert.cli.session import layers
from kzexpert.language.bases import named_base
from kzexpert.language.files import YAML_LIMIT, real_path, shown_name, text_of, unsaved
from kzexpert.language.folders import MANIFEST

__all__ = ["STDIN", "STDIN_NAME", "stdin_text", "unsaved_file"]

STDIN_NAME = click.option("--stdin-name", metavar="FILE", help="With -, the file that the text on stdin belongs to.")


def STDIN(function: Callable[..., Any]) -> Callable[..., Any]:
    """The argument ``-`` and its option."""
    return click.argument("dash", metavar="[-]", required=False, type=click.Choice(["-"]))(STDIN_NAME(function))


def stdin_text(name: str) -> str:
    """What stdin holds, read as a file of that name would be.

    Raises:
        KnowledgeBaseError: it is not text in UTF-8 (KZ102), or too large (KZ103).
    """
    return text_of(sys.stdin.buffer.read(YAML_LIMIT + 1), shown_name(name), YAML_LIMIT)


@contextmanager
def unsaved_file(options: Options, dash: str | None, name: str | None) -> Iterator[tuple[Options, str | None]]:
    """Inside, a file of the base says what stdin does.

    Args:
        dash: ``-``, where the text comes from stdin.

    Yields:
        The options with that file among those of the base, and its name; nothing changed without a dash.

    Raises:
        click.UsageError: one of the two is missing.
    """
    if (dash is None) != (name is None):
        raise click.UsageError("- and --stdin-name FILE go together: the text, and the file that it belongs to")
    if name is None:
        yield options, None
        return
    folders = [real_path(named_base(folder)) for folder in layers(options)]
    path = real_path(name)
    of_another_kind = {os.path.join(folder, MANIFEST) for folder in folders}  # noqa: PTH118
    cases = tuple(os.path.join(folder, "tests", "") for folder in folders)  # noqa: PTH118
    kept = path in of_another_kind or path.startswith(cases)
    with unsaved({name: stdin_text(name)}):
        yield options if kept else replace(options, facts=(*options.facts, name)), shown_name(name)
