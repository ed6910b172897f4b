"""``kzexpert watch`` on a terminal, while files are changed as editors change them."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from processes import command, here
from terminals import CTRL_C, Terminal

WAITING = "waiting for a change"


@pytest.mark.slow
def test_every_change_is_checked_and_tested(tmp_path: Path) -> None:
    base = tmp_path / "base"
    shutil.copytree(Path(__file__).parents[1] / "kb_small", base)
    terminal = Terminal(command("watch"), cwd=base)
    terminal.until("0 errors", "passed", WAITING)

    written = base / "rules" / "new.yaml"
    written.write_text("rules: [{id: a, when: [membr(?x)], then: b(?x)}]\n", encoding="utf-8")
    terminal.until("--- rules/new.yaml changed ---", "KZ202 there is no predicate membr", WAITING)
    terminal.screen.reset()

    replaced = base / "rules" / ".new.tmp"
    replaced.write_text("drop: []\n", encoding="utf-8")
    os.replace(replaced, written)  # noqa: PTH105, as editors do
    terminal.until("--- rules/new.yaml changed ---", "0 errors", "passed", WAITING)
    terminal.screen.reset()

    (base / "notes.md").write_text("nothing that a base reads", encoding="utf-8")
    written.unlink()
    terminal.until("--- rules/new.yaml deleted ---", "0 errors", "passed", WAITING)
    terminal.type(CTRL_C)
    assert terminal.end() == 0


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    result = here("watch")
    assert result.returncode == 2
    assert "pip install 'kzexpert[author]'" in result.stderr


def test_a_base_that_is_not_there() -> None:
    result = here("watch", "--kb", "no-such-base")
    assert (result.returncode, "no-such-base" in result.stderr) == (1, True)
