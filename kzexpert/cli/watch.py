"""``kzexpert watch``: check and test again whenever a file of the base changes."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from kzexpert.cli.options import Options, command, common_options
from kzexpert.cli.output import tell
from kzexpert.cli.session import layers
from kzexpert.cli.signals import is_terminated
from kzexpert.engines.packages import bulk
from kzexpert.errors import Issue, KnowledgeBaseError, Location
from kzexpert.language.bases import base_folders
from kzexpert.language.files import shown_name
from kzexpert.language.folders import YAML_ENDINGS
from kzexpert.language.records import PACKED, RECORD_ENDINGS

__all__ = ["watch"]

#: The endings of files that a base reads.
_READ = (*YAML_ENDINGS, *RECORD_ENDINGS, *PACKED, ".parquet", ".db", ".sqlite")
#: Milliseconds without a change, after which those before are one; and between two looks at Ctrl-C.
_QUIET, _LOOK = 100, 250


@command(
    epilog="""\b
Examples:
  kzexpert watch
  kzexpert watch --kb my-knowledge-base""",
)
@common_options(run=False, engine=True, formats=(), output=False)
def watch(options: Options) -> int:
    """Check the base and, if it has no errors, run its cases: now, and whenever a file of it changes. Ctrl-C ends it.

    The bases that it uses are watched too.
    """
    with bulk("watch", "author"):
        from watchfiles import watch as changes_of

    paths = _paths(options)
    first = True
    try:
        for changes in changes_of(
            *paths,
            watch_filter=lambda _, path: _is_read(path, paths),
            step=_QUIET,
            rust_timeout=_LOOK,
            yield_on_timeout=True,
        ):
            if changes:
                told = sorted({f"{shown_name(path)} {_happened(path)}" for _, path in changes})
                tell(f"\n--- {', '.join(told)} ---")
            if changes or first:
                _run(options)
                tell("--- waiting for a change; Ctrl-C ends ---")
            first = False
    except KeyboardInterrupt:
        if is_terminated():
            raise
    return 0


def _run(options: Options) -> None:
    """Check and test in processes of their own, so that nothing of one run is left in the next."""
    start = [sys.executable, "-m", "kzexpert"]
    of_base = Options(kb=options.kb, rules=options.rules, facts=options.facts, allow_network=options.allow_network)
    if subprocess.run([*start, "check", "--no-pager", *of_base.repeated], check=False).returncode == 0:
        subprocess.run([*start, "test", "--no-pager", *options.repeated], check=False)


def _happened(path: str) -> str:
    """What came of a file; one in whose place another was put is no new one."""
    return "changed" if Path(path).exists() else "deleted"


def _paths(options: Options) -> list[str]:
    """The folders of the bases, and those of single files, which editors may put others in the place of.

    Raises:
        KnowledgeBaseError: there is no base (KZ115).
    """
    issues: list[Issue] = []
    folders = [base.folder for base in base_folders(layers(options), issues)]
    named = [Path(path) for path in (*options.rules, *options.facts)]
    single = [path if path.is_dir() else path.parent for path in named]
    found = [str(path.resolve()) for path in (*map(Path, folders), *single) if path.is_dir()]
    if not found:
        raise KnowledgeBaseError(*issues or [Issue("KZ115", "there is nothing to watch", Location("."))])
    return list(dict.fromkeys(found))


def _is_read(path: str, folders: Iterable[str]) -> bool:
    """Whether a base may read a file: by its ending, and not hidden."""
    below = next((path.removeprefix(folder) for folder in folders if path.startswith(folder)), path)
    hidden = any(part.startswith(".") for part in Path(below).parts)
    return path.lower().endswith(_READ) and not hidden
