"""A file is replaced at once, or left as it was."""

import os
import stat
from pathlib import Path

import pytest

from kzexpert.atomic import replace_file, replacement
from kzexpert.errors import UsageError


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_text("old", encoding="utf-8")
    with replacement(str(file)) as path:
        path.write_text("new", encoding="utf-8")
        assert path.parent.parent == tmp_path  # on the same disk, so that it is renamed and not copied
        assert file.read_text(encoding="utf-8") == "old"
    assert file.read_text(encoding="utf-8") == "new"
    assert [*tmp_path.iterdir()] == [file]


@pytest.mark.parametrize("wrong", [OSError(28, "No space left on device"), ValueError("ours"), KeyboardInterrupt()])
def test_whatever_goes_wrong(tmp_path: Path, wrong: BaseException) -> None:
    file = tmp_path / "x"
    file.write_text("old", encoding="utf-8")
    expected = UsageError if isinstance(wrong, OSError) else type(wrong)
    with pytest.raises(expected) as caught, replacement(str(file)) as path:
        path.write_text("half", encoding="utf-8")
        raise wrong
    if isinstance(caught.value, UsageError):
        assert str(caught.value) == "KZ306 cannot write: No space left on device"
        assert caught.value.issues[0].hint.startswith("make room")
    assert file.read_text(encoding="utf-8") == "old"
    assert [*tmp_path.iterdir()] == [file]


def test_a_block_that_writes_nothing_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="KZ306"), replacement(str(tmp_path / "x")):
        pass
    assert [*tmp_path.iterdir()] == []


def test_permissions_and_links_stay(tmp_path: Path) -> None:
    file, link = tmp_path / "x", tmp_path / "link"
    file.write_text("old", encoding="utf-8")
    file.chmod(0o640)
    link.symlink_to(file)
    replace_file(str(link), "new")
    assert link.is_symlink()
    assert (file.read_text(encoding="utf-8"), stat.S_IMODE(file.stat().st_mode)) == ("new", 0o640)
    mask = os.umask(0o027)
    try:
        replace_file(str(tmp_path / "fresh"), "new")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "fresh").stat().st_mode) == 0o640


@pytest.mark.parametrize("name", ["\0", ".", "no/such/folder/x"])
def test_names_that_are_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="KZ306 cannot write"):
        replace_file(name, "text")
    assert [*tmp_path.iterdir()] == []
