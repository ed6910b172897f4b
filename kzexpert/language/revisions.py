"""A revision of a git repository → a folder with the files that it had, read from git's objects alone.

No working tree is touched, and nothing of the repository runs: no hook, no filter, no fetch. Links and submodules are
left out.
"""

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from kzexpert.errors import Issue, Location, UsageError

__all__ = ["in_repository", "revision_folder"]

#: What git must not take from the environment, where it would name another repository.
_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE")
_SETTINGS = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1"}
_OPTIONS = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "protocol.allow=never")
#: Bytes of all files that are read of a revision.
_LIMIT = 500_000_000
_FILES = ("100644", "100755")


def in_repository(folder: str) -> bool:
    """Whether a folder lies in a repository.

    Raises:
        UsageError: there is no git (KZ101).
    """
    return _git(folder, "rev-parse", "--show-toplevel").returncode == 0


def revision_folder(revision: str, folder: str, target: Path) -> str:
    """Write the files of a revision below `target`.

    Args:
        revision: whatever git takes for a commit: ``HEAD~1``, a tag, a branch, a hash.
        folder: of a base, as it is now. Of its repository the rest is read only where a file of it says ``..``.
        target: an empty folder.

    Returns:
        What stands for `folder` then.

    Raises:
        UsageError: there is no git, no such revision, or no such folder in it (KZ101).
    """
    top = os.fsdecode(_said(revision, folder, "rev-parse", "--show-toplevel")).rstrip("\n")
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if commit.returncode != 0:
        message = f"{revision} is not a folder, a base, or a revision of the repository of {folder}"
        hint = "git log --oneline lists revisions; a base is a folder with rules/ and facts/"
        raise UsageError(Issue("KZ101", message, Location(revision), hint))
    below = os.path.relpath(os.path.realpath(folder), os.path.realpath(top)).replace(os.sep, "/")
    everything = list(_listed(revision, folder, commit.stdout.decode().strip()))
    own = [entry for entry in everything if below == "." or entry[0].startswith(f"{below}/")]
    if not own:
        message = f"{folder} is not in revision {revision}"
        raise UsageError(Issue("KZ101", message, Location(revision), "name a later revision"))
    _write(revision, folder, own, target)
    outside = any(b".." in (target / path).read_bytes() for path, _, _ in own if path.endswith((".yaml", ".yml")))
    if outside and below != ".":
        _write(revision, folder, [*{*everything}.difference(own)], target)
    return os.path.normpath(target / below)


def _listed(revision: str, folder: str, commit: str) -> Iterator[tuple[str, str, int]]:
    """The path, object and size of each file of a commit."""
    listing = _said(revision, folder, "ls-tree", "-r", "-z", "-l", "--full-tree", commit)
    for line in filter(None, listing.split(b"\0")):
        told, _, path = line.partition(b"\t")
        mode, _, name, size = told.decode().split()
        text = os.fsdecode(path)
        if mode in _FILES and not {"", ".", "..", ".git"}.intersection(text.split("/")):
            if not size.isdigit():
                raise _unreadable(revision, f"{text} is missing from its objects")
            yield text, name, int(size)


def _write(revision: str, folder: str, entries: Sequence[tuple[str, str, int]], target: Path) -> None:
    if sum(size for _, _, size in entries) > _LIMIT:
        message, hint = f"the files of {revision} take more than {_LIMIT:,} bytes", "check it out, and name that folder"
        raise UsageError(Issue("KZ101", message, Location(revision), hint))
    names = "".join(f"{name}\n" for _, name, _ in entries).encode()
    content = _said(revision, folder, "cat-file", "--batch", given=names)
    start = 0
    for path, _, size in entries:
        start = content.index(b"\n", start) + 1
        file = target / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content[start : start + size])
        start += size + 1


def _said(revision: str, folder: str, *arguments: str, given: bytes = b"") -> bytes:
    done = _git(folder, *arguments, given=given)
    if done.returncode != 0:
        said = os.fsdecode(done.stderr).strip().splitlines()
        raise _unreadable(revision, said[0] if said else f"it ends with {done.returncode}")
    return done.stdout


def _unreadable(revision: str, reason: str) -> UsageError:
    hint = "name a folder instead, or repair the repository"
    return UsageError(Issue("KZ101", f"git cannot read {revision}: {reason}", Location(revision), hint))


def _git(folder: str, *arguments: str, given: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    settings = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    command = ["git", "--no-pager", *_OPTIONS, "-C", folder, *arguments]
    try:
        return subprocess.run(command, input=given, capture_output=True, env={**settings, **_SETTINGS}, check=False)
    except OSError:
        hint = "install git, or name a folder with rules/ and facts/"
        raise UsageError(Issue("KZ101", "git is not installed, so no revision can be read", hint=hint)) from None
