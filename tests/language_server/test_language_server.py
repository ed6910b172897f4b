"""``kzexpert lsp`` as an editor sees it: a real process, over standard input and output, and a base in a folder."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from editors import Editor

RULES, VOCABULARY, FACTS = "rules/alignment.yaml", "rules/vocabulary.yaml", "facts/world.yaml"


@pytest.fixture(scope="module")
def editor(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    """An editor in a copy of the small base; each test leaves the texts as they are on disk."""
    root = shutil.copytree(checkout / "tests" / "kb_small", tmp_path_factory.mktemp("editor") / "base")
    editor = Editor(root)
    for name in (RULES, VOCABULARY, FACTS):
        editor.show(name)
    yield editor
    assert editor.close() == 0


@pytest.fixture
def rules(editor: Editor) -> Iterator[str]:
    """The text of the rules, which an editor shows again as it was when the test is over."""
    yield editor.show(RULES)
    for name in (RULES, VOCABULARY, FACTS):
        editor.show(name)


RULE = """
  - id: mine
    when:
      - member(?who, ?bloc)
      - {}
    then: hedges(?who)
    source: almanac
"""


def test_a_predicate_is_completed_with_a_variable_for_each_argument(editor: Editor, rules: str) -> None:
    found = editor.completions(RULES, rules + RULE.format("memb|"))
    assert found == {"member": rules + RULE.format("member(${1:?state}, ${2:?bloc})")}
