"""Files that are no good: missing, unreadable, too large, not text. None of them may hang or end in a traceback."""

import os
from pathlib import Path

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from kzexpert.errors import KnowledgeBaseError
from kzexpert.language import read_knowledge_base
from kzexpert.language.files import CSV_LIMIT, YAML_LIMIT, Digests, read_file, shown_name
from kzexpert.language.folders import walk


def code_and_place(path: str | Path) -> tuple[str, str]:
    (issue,) = read_knowledge_base([], [path]).issues
    return issue.code, str(issue.location)


@pytest.mark.parametrize(
    ("content", "place", "words"),
    [
        (b"rules: []\n# \0\n", "file.yaml:2:3", "byte 13 is NUL"),
        (bytes(range(256)) * 8, "file.yaml:1:1", "byte 1 is NUL"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "file.yaml:3:1", "not a text file"),
        ("a: ü\nb: ä\n".encode("latin-1"), "file.yaml:1:4", "byte 4 is 0xFC"),
        (b"\xef\xbb\xbfa: 1\nb: \xff\n", "file.yaml:2:4", "byte 12 is 0xFF"),
        ("a: 1\n".encode("utf-16"), "file.yaml:1", "UTF-16"),
        (b"a: \xed\xa0\x80\n", "file.yaml:1:4", "not text in UTF-8"),
    ],
)
def test_what_is_not_text(
    content: bytes, place: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file.yaml").write_bytes(content)
    (issue,) = read_knowledge_base([], ["file.yaml"]).issues
    assert (issue.code, str(issue.location)) == ("KZ102", place)
    assert words in issue.message


@pytest.mark.parametrize(("name", "limit"), [("file.yaml", YAML_LIMIT), ("file.csv", CSV_LIMIT)])
def test_a_file_over_the_limit_is_not_read(
    name: str, limit: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Path(name).open("wb") as stream:
        stream.truncate(50_000_000 + 1)  # a hole: takes no room
    assert code_and_place(name) == ("KZ103", name)
    (issue,) = read_knowledge_base([], [name]).issues
    assert f"{limit:,} is the limit" in issue.message


def test_a_file_at_the_limit_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_bytes(b"12345")
    assert read_file(path, 5).text == "12345"
    with pytest.raises(KnowledgeBaseError):
        read_file(path, 4)


@pytest.mark.skipif(os.name == "nt", reason="needs the files of a Unix system")
def test_what_is_not_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder.yaml").mkdir()
    os.mkfifo("pipe.yaml")
    Path("dangling.yaml").symlink_to("nowhere")
    Path("loop.yaml").symlink_to("loop.yaml")
    for name in ("folder.yaml", "pipe.yaml", "dangling.yaml", "loop.yaml", "missing.yaml", "/dev/null", "file.yaml/x"):
        assert code_and_place(name) == ("KZ101", name)
    assert code_and_place("a\0b") == ("KZ101", "a\0b")
    assert code_and_place("x" * 300)[0] == "KZ101"


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs Linux")
def test_a_file_that_fails_when_read() -> None:
    (issue,) = read_knowledge_base([], ["/proc/self/mem"]).issues
    assert issue.code == "KZ101"
    assert "Input/output error" in issue.message


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_text("kinds: [state]\n")
    path.chmod(0)
    (issue,) = read_knowledge_base([], [path]).issues
    assert issue.code == "KZ101"
    assert "Permission denied" in issue.message


def test_a_file_that_grows_beyond_the_limit_while_it_is_read() -> None:
    if Path("/proc/self/status").exists():  # its size is given as 0
        with pytest.raises(KnowledgeBaseError) as caught:
            read_file("/proc/self/status", 10)
        assert caught.value.issues[0].code == "KZ103"


def test_a_byte_order_mark_and_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    file = read_file(path, 100)
    assert file.text == "a: 1\r\nb: 2\r\n"
    assert file.content == b"\xef\xbb\xbfa: 1\r\nb: 2\r\n"


def test_names_are_shown_relative_to_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path / "a")
    assert shown_name(tmp_path / "a" / "b" / "c.yaml") == os.path.join("b", "c.yaml")  # noqa: PTH118
    assert shown_name("./c.yaml") == "c.yaml"
    assert shown_name("../c.yaml") == "../c.yaml"
    assert shown_name(tmp_path / "ab" / "c.yaml") == str(tmp_path / "ab" / "c.yaml")


def test_a_current_folder_that_was_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    path = tmp_path / "file.yaml"
    path.write_text("kinds: [state]\n")
    assert read_knowledge_base([], [path]).kb.kinds == ("state",)


def test_digests_are_of_the_bytes_and_computed_once() -> None:
    digests = Digests({"a": b"", "b": b"abc"})
    assert digests["a"] == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert digests["a"] is digests["a"]
    assert dict(digests)["b"].startswith("ba7816bf")
    assert len(digests) == 2
    with pytest.raises(KeyError):
        digests["c"]


def test_walking_leaves_out_hidden_files_and_other_endings(tmp_path: Path) -> None:
    for name in (
        "b.yaml",
        "a.yml",
        "C.YAML",
        "d.txt",
        ".e.yaml",
        "e.yaml~",
        "sub/f.yaml",
        ".git/g.yaml",
        "sub/.h.yaml",
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    found = [Path(path).relative_to(tmp_path).as_posix() for path in walk(tmp_path, (".yaml", ".yml"))]
    assert found == ["C.YAML", "a.yml", "b.yaml", "sub/f.yaml"]


@given(content=st.binary(max_size=200), ending=st.sampled_from([".yaml", ".csv"]))
@examples(100)
def test_any_bytes_are_read_or_refused(content: bytes, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"file{ending}"
    path.write_bytes(content)
    loaded = read_knowledge_base([], [path])
    assert all(issue.location is not None for issue in loaded.issues)
