"""What the tests of the language layer share: files in an empty folder, and issues as short lines."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from kzexpert.errors import Issue
from kzexpert.language import read_knowledge_base
from kzexpert.language.loader import Loaded

Write = Callable[..., Path]
Read = Callable[..., Loaded]
Brief = Callable[[Iterable[Issue]], list[str]]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a file below an empty folder, which becomes the current one."""
    monkeypatch.chdir(tmp_path)

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return Path(name)

    return write


@pytest.fixture
def read(write: Write) -> Read:
    """Reads one file with this content, after a vocabulary if one is given."""

    def read(content: str | bytes, name: str = "file.yaml", vocabulary: str = "") -> Loaded:
        files = [write("vocabulary.yaml", vocabulary)] if vocabulary else []
        return read_knowledge_base([], [*files, write(name, content)])

    return read


@pytest.fixture
def brief() -> Brief:
    """Issues as ``file:line:column CODE``."""
    return lambda issues: [f"{issue.location} {issue.code}" for issue in issues]
