"""What is kept between starts is what loading and checking would give, and nothing else."""

import os
import pickle
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from kzexpert.cli.group import cli
from kzexpert.program.cache import Cache

RULES = """
kinds: [state]
predicates:
  ally: {args: [state: state, other: state], says: "{state} is an ally of {other}", doc: Allies.}
  friend: {args: [state: state, other: state], says: "{state} is a friend of {other}", doc: Friends.}
rules:
  - id: allies-are-friends
    when: ["ally(?a, ?b)"]
    then: friend(?a, ?b)
    certainty: 0.6
    because: "{a} is allied with {b}"
    source: atlas
"""
FACTS = """
entities:
  Ruritania: {kind: state}
  Borduria: {kind: state}
sources:
  atlas: {title: Atlas, date: 2011}
source: atlas
facts:
  ally:
    - {state: Ruritania, other: Borduria}
"""


@pytest.fixture
def kb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "kb"
    for part, text in (("rules", RULES), ("facts", FACTS)):
        (folder / part).mkdir(parents=True)
        write(folder / part / "all.yaml", text)
    monkeypatch.setenv("KZEXPERT_CACHE", str(tmp_path / "cache"))
    return folder


def write(path: Path, text: str, age: int = 60) -> None:
    """Write a file that looks as if it had been there for a while."""
    path.write_text(text, encoding="utf-8")
    then = path.stat().st_mtime - age
    os.utime(path, (then, then))


def ask(kb: Path, *more: str, code: int = 0) -> str:
    result = CliRunner().invoke(cli, ["ask", "friend(Ruritania, ?who)", "--verbose", "--kb", str(kb), *more])
    assert result.exit_code == code, result.output
    return result.stdout


def recalls(kb: Path, *more: str) -> bool:
    result = CliRunner().invoke(cli, ["ask", "friend(Ruritania, ?who)", "--verbose", "--kb", str(kb), *more])
    assert ("recalled" in result.stderr) != ("loaded" in result.stderr)
    return "recalled" in result.stderr


def entry(kb: Path) -> Path:
    (found,) = (kb.parent / "cache").iterdir()
    return found


def test_a_register_that_changed_is_read_again(kb: Path) -> None:
    write(kb / "register.csv", "title,code\nSyldavia,SY\n")
    write(
        kb / "facts" / "register.yaml", "entities: [{file: ../register.csv, kind: state, name: title, aliases: [code]}]"
    )
    write(kb / "facts" / "more.yaml", "facts: {ally: [{state: Ruritania, other: SY, source: atlas}]}")
    first = ask(kb)
    assert "Syldavia" in first
    assert recalls(kb)
    assert ask(kb, "--output", str(kb / "register.csv"), code=2) == ""
    assert ask(kb) == first
    write(kb / "register.csv", "title,code\nKlow,SY\n", age=50)
    assert not recalls(kb)
    assert "Klow" in ask(kb)


def test_the_second_start_recalls_and_answers_the_same(kb: Path) -> None:
    first = ask(kb)
    assert recalls(kb)
    assert ask(kb) == first
    assert entry(kb).stat().st_mode & 0o077 == 0


def test_a_changed_rule_is_seen_at_once(kb: Path) -> None:
    assert "0.60" in ask(kb)
    write(kb / "rules" / "all.yaml", RULES.replace("certainty: 0.6", "certainty: 0.8"))
    assert "0.80" in ask(kb)


def test_a_change_that_keeps_size_and_time_of_change_is_seen(kb: Path) -> None:
    ask(kb)
    path = kb / "rules" / "all.yaml"
    before = path.stat()
    path.write_text(RULES.replace("certainty: 0.6", "certainty: 0.8"), encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "0.80" in ask(kb)


def test_a_new_file_is_seen(kb: Path) -> None:
    ask(kb)
    write(kb / "facts" / "more.yaml", "facts: {ally: [{state: Borduria, other: Ruritania, source: atlas}]}")
    assert not recalls(kb)


def test_other_files_are_another_entry(kb: Path, tmp_path: Path) -> None:
    ask(kb)
    write(tmp_path / "mine.yaml", "facts: {ally: [{state: Borduria, other: Ruritania, source: atlas}]}")
    assert not recalls(kb, "--facts", str(tmp_path / "mine.yaml"))
    assert recalls(kb, "--facts", str(tmp_path / "mine.yaml"))
    assert recalls(kb)


def test_files_written_this_moment_are_not_kept(kb: Path) -> None:
    write(kb / "rules" / "all.yaml", RULES, age=0)
    ask(kb)
    assert not (kb.parent / "cache").exists()


@pytest.mark.parametrize("keep", [0, 10, 200, -5000, -1])
def test_a_damaged_entry_is_made_anew(kb: Path, keep: int) -> None:
    first = ask(kb)
    whole = entry(kb).read_bytes()
    entry(kb).write_bytes(whole[:keep] + b"x" * (len(whole[keep:])))
    assert not recalls(kb)
    assert ask(kb) == first
    assert recalls(kb)


def test_what_is_kept_runs_nothing(kb: Path, tmp_path: Path) -> None:
    first = ask(kb)
    ran = tmp_path / "ran"

    class Harm:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(ran),)

    whole = entry(kb).read_bytes()
    for content in (pickle.dumps(Harm()), whole[: whole.index(b"\n", 40) + 1] + pickle.dumps(Harm())):
        entry(kb).write_bytes(content)
        assert ask(kb) == first
        assert not ran.exists()


def test_an_entry_of_another_clone_is_not_read(kb: Path, tmp_path: Path) -> None:
    """As when a repository brings the cache of its author along."""
    ask(kb)
    brought = entry(kb).read_bytes().replace(b"0.6", b"0.9")
    copy = tmp_path / "copy"
    shutil.copytree(kb, copy)
    shutil.rmtree(kb)
    copy.rename(kb)  # the same path, the same times and sizes, but not the same files
    entry(kb).write_bytes(brought)
    assert not recalls(kb)
    assert "0.60" in ask(kb)


def test_links_are_not_followed(kb: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(kb)
    entry(kb).rename(tmp_path / "elsewhere")
    (tmp_path / "cache" / Cache([str(kb)], [], [])._name).symlink_to(tmp_path / "elsewhere")
    assert not recalls(kb)
    assert recalls(kb), "the link was replaced by an entry"
    (tmp_path / "link").symlink_to(tmp_path / "cache", target_is_directory=True)
    for name in ("link", "link/"):
        monkeypatch.setenv("KZEXPERT_CACHE", f"{tmp_path}/{name}")
        assert not recalls(kb)


def test_a_folder_that_others_can_look_into_is_not_used(kb: Path) -> None:
    ask(kb)
    (kb.parent / "cache").chmod(0o750)
    result = CliRunner().invoke(cli, ["ask", "friend(Ruritania, ?who)", "--verbose", "--kb", str(kb)])
    assert "not private to you" in result.stderr
    assert "loaded" in result.stderr


def test_only_so_many_entries_are_kept(kb: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kzexpert.program.cache._MOST", 2)
    ask(kb)
    for name in ("b", "c", "d"):
        shutil.copytree(kb, kb.with_name(name))
        ask(kb.with_name(name))
    (kb.parent / "cache" / "0123abcd.pickle").write_bytes(b"of an earlier version")
    ask(kb)
    assert len(list((kb.parent / "cache").iterdir())) == 2
    assert recalls(kb)


def test_nothing_else_in_the_folder_is_removed(kb: Path) -> None:
    """Someone may name a private folder that holds more."""
    folder = kb.parent / "cache"
    folder.mkdir(mode=0o700)
    kept = {"model.pickle", "notes.entry", "download.part", "0123abcd.pickle.bak"}
    for name in kept:
        write(folder / name, "mine", age=9_000_000)
    write(folder / "0123abcd.pickle", "of an earlier version")
    write(folder / "0123abcd.entry.42.part", "of a killed run", age=9_000_000)
    ask(kb)
    assert {path.name for path in folder.iterdir()} - kept == {Cache([str(kb)], [], [])._name}


def test_texts_and_dates_of_rules_come_back_as_such(kb: Path) -> None:
    rules = RULES.replace('["ally(?a, ?b)"]', '["ally(?a, ?b)", "?d = 2010-01-31", "?t = \\"2010\\""]')
    write(kb / "rules" / "all.yaml", rules)
    assert ask(kb) == ask(kb)
    assert recalls(kb)


def test_a_text_that_looks_like_a_date_is_not_kept(kb: Path) -> None:
    rules = RULES.replace('["ally(?a, ?b)"]', '["ally(?a, ?b)", "?t = \\"2010-01-31\\""]')
    write(kb / "rules" / "all.yaml", rules)
    ask(kb)
    assert not recalls(kb)


def test_an_entry_that_others_may_write_is_not_read(kb: Path) -> None:
    ask(kb)
    entry(kb).chmod(0o666)
    assert not recalls(kb)


def test_nothing_is_kept_on_request(kb: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KZEXPERT_CACHE", "")
    assert not recalls(kb)
    assert not recalls(kb)


def test_a_folder_that_cannot_be_made_does_no_harm(kb: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KZEXPERT_CACHE", str(tmp_path / "file" / "below"))
    assert ask(kb) == ask(kb)


def test_a_knowledge_base_with_errors_is_never_kept(kb: Path) -> None:
    write(kb / "rules" / "all.yaml", RULES.replace("ally(?a, ?b)", "aly(?a, ?b)"))
    for _ in range(2):
        result = CliRunner().invoke(cli, ["ask", "friend(Ruritania, ?who)", "--kb", str(kb)])
        assert result.exit_code == 1
        assert "KZ202" in result.stderr
    assert not (kb.parent / "cache").exists()


def test_the_lines_of_a_recalled_file_can_be_shown(kb: Path) -> None:
    ask(kb)
    recalled = Cache([str(kb)], [], []).recall()
    assert recalled is not None
    rule = recalled[0].rules[0]
    assert "allies-are-friends" in recalled[0].texts[rule.location.file].splitlines()[rule.location.line - 1]


def test_a_moved_folder_is_another_one(kb: Path) -> None:
    ask(kb)
    moved = kb.with_name("moved")
    shutil.copytree(kb, moved)
    assert not recalls(moved)
