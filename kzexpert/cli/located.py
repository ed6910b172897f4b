"""What a user names to compare with, a folder, a base or a git revision → a base that can be loaded."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from msgspec.structs import replace

from kzexpert.checks import refuse_errors
from kzexpert.cli.options import Options
from kzexpert.cli.session import inspect, layers, read_knowledge_base
from kzexpert.errors import Issue, KnowledgeBaseError, Location, UsageError
from kzexpert.language.bases import named_base
from kzexpert.language.folders import is_base
from kzexpert.language.revisions import in_repository, revision_folder
from kzexpert.model import KnowledgeBase

__all__ = ["Located", "located"]


class Located(msgspec.Struct, frozen=True):
    """A base that was named.

    Attributes:
        name: as the user names it.
        options: those that load it.
        folder: where the files of a revision were written, a numbered folder for each base; empty where it is none.
    """

    name: str
    options: Options
    folder: str = ""

    def place(self, place: Location) -> str:
        """A place in it as a user can find it: that of a revision as git writes it, ``HEAD~1:facts/world.yaml:3``."""
        return self._shown(str(place))

    def knowledge_base(self) -> KnowledgeBase:
        """Load and check it.

        Raises:
            KnowledgeBaseError: something is wrong with it; all of that.
        """
        if not self.folder:
            return read_knowledge_base(self.options)
        try:  # nothing is kept of it: its folder goes
            kb, issues = inspect(self.options)
            refuse_errors(kb, issues)
        except KnowledgeBaseError as error:
            texts = {self._shown(file): text for file, text in error.texts.items()}
            raise KnowledgeBaseError(*map(self._issue, error.issues), texts=texts) from None
        return kb

    def _shown(self, text: str) -> str:
        if not self.folder:
            return text
        return re.sub(rf"{re.escape(self.folder + os.sep)}[0-9]+{re.escape(os.sep)}", lambda _: f"{self.name}:", text)

    def _issue(self, issue: Issue) -> Issue:
        related = tuple((self._location(place), what) for place, what in issue.related)
        place = self._location(issue.location) if issue.location else None
        return replace(issue, message=self._shown(issue.message), location=place, related=related)

    def _location(self, place: Location) -> Location:
        return replace(place, file=self._shown(place.file))


@contextmanager
def located(options: Options, name: str) -> Iterator[Located]:
    """The base that a name stands for: a folder, else a base of that name, else a revision of the base in use.

    Raises:
        UsageError: it is none of these (KZ101).
    """
    if os.path.isdir(name) or _is_name(name):  # noqa: PTH112
        yield Located(name, replace(options, kb=(name,)))
        return
    with TemporaryDirectory(prefix="kzexpert-") as folder:
        yield Located(name, replace(options, kb=tuple(_revision(options, name, folder))), folder)


def _is_name(name: str) -> bool:
    """Whether it is that of a base."""
    try:
        return is_base(named_base(name))
    except KnowledgeBaseError:
        return False


def _revision(options: Options, revision: str, target: str) -> Iterator[str]:
    """The folders of the base in use as they were at a revision; those that lie in no repository are as they are."""
    folders = [named_base(name) for name in layers(options)]
    versioned = [folder for folder in folders if in_repository(folder)]
    if not versioned:
        message = f"{revision} is neither a folder nor a base, and {' and '.join(folders)} is not in a git repository"
        hint = "name a folder with rules/ and facts/, or a base; revisions are those of the base in use"
        raise UsageError(Issue("KZ101", message, Location(revision), hint))
    for number, folder in enumerate(folders):
        yield revision_folder(revision, folder, Path(target, str(number))) if folder in versioned else folder
