"""Who writes a review, and where it goes, as options and the surroundings say."""

import subprocess
from pathlib import Path

from kzexpert.cli.options import Options
from kzexpert.cli.session import layers, reviews_folder
from kzexpert.errors import Issue, Location, UsageError
from kzexpert.language.bases import is_path
from kzexpert.language.folders import is_base, packed_knowledge_base
from kzexpert.model import KnowledgeBase

__all__ = ["reviewer_name", "writable_folder"]


def reviewer_name(name: str | None) -> str:
    """Who reviews.

    Raises:
        UsageError: nobody is named (KZ606).
    """
    if name is None:
        try:
            done = subprocess.run(["git", "config", "user.name"], capture_output=True, timeout=10)
            name = done.stdout.decode("utf-8", "replace")
        except (OSError, subprocess.TimeoutExpired):
            name = ""
    name = " ".join(name.split())
    if not name:
        hint = "give --reviewer NAME, or say it once and for all: git config --global user.name NAME"
        raise UsageError(Issue("KZ606", "nobody is named as the reviewer", Location("--reviewer"), hint))
    return name


def writable_folder(options: Options, kb: KnowledgeBase, chosen: str | None) -> str:
    """Where new reviews go.

    Raises:
        UsageError: the base is not the user's own, and no folder is named (KZ607).
    """
    if chosen:
        return chosen
    last = layers(options)[-1]
    if last == packed_knowledge_base() or not (is_path(last) or is_base(last)):
        hint = "name a folder of your own with --reviews FOLDER, for signing and for list and show"
        message = f"the base {Path(last).name if is_path(last) else last} is installed, and no place for reviews"
        raise UsageError(Issue("KZ607", message, Location("--reviews"), hint))
    return reviews_folder(kb)
