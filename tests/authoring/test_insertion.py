"""What is added to a file is added, and all that stood there stays byte for byte."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kzexpert.authoring.insertion import inserted
from kzexpert.authoring.snippets import block, record, scalar
from kzexpert.errors import UsageError
from kzexpert.language.documents import ListNode, ScalarNode, parse_document
from kzexpert.language.files import TextFile

ROW = record({"state": "Ruritania", "org": "Pact"})
RULE = block({"id": "near", "when": ["member(?x, ?y)", "?x != ?y"], "then": "near(?x, ?y)"})

#: before, after: a row of ``member`` is added.
ROWS = {
    "an empty file": ("", "facts:\n  member:\n    - {state: Ruritania, org: Pact}\n"),
    "only comments": ("# mine\n", "# mine\n\nfacts:\n  member:\n    - {state: Ruritania, org: Pact}\n"),
    "between comments": (
        "facts:\n  member:  # who is where\n    - {state: A}   # first\n    # more to come\n\n  leads: [{a: b}]\n",
        "facts:\n  member:  # who is where\n    - {state: A}   # first\n    - {state: Ruritania, org: Pact}\n"
        "    # more to come\n\n  leads: [{a: b}]\n",
    ),
    "lists that are not indented, and text in lines": (
        "facts:\n  member:\n  - state: A\n    note: |\n      long\n\nsource: x\n",
        "facts:\n  member:\n  - state: A\n    note: |\n      long\n  - {state: Ruritania, org: Pact}\n\nsource: x\n",
    ),
    "another predicate": (
        "facts:\n    leads:\n        - {a: b}\n",
        "facts:\n    leads:\n        - {a: b}\n\n    member:\n      - {state: Ruritania, org: Pact}\n",
    ),
    "brackets": (
        "facts: {member: [{a: b}, ], leads: []}\n",
        "facts: {member: [{a: b}, {state: Ruritania, org: Pact}, ], leads: []}\n",
    ),
    "brackets in lines": (
        "facts:\n  member: [\n    {a: b},  # one\n  ]\n",
        "facts:\n  member: [\n    {a: b}, {state: Ruritania, org: Pact},  # one\n  ]\n",
    ),
    "an empty list": ("facts:\n  member: []\n", "facts:\n  member:\n    - {state: Ruritania, org: Pact}\n"),
    "empty braces": ("facts: {}\n", "facts:\n  member:\n    - {state: Ruritania, org: Pact}\n"),
    "no value": ("facts:\n  member:\n", "facts:\n  member:\n    - {state: Ruritania, org: Pact}\n"),
    "no line break at the end": (
        "facts:\n  member:\n    - {a: b}",
        "facts:\n  member:\n    - {a: b}\n    - {state: Ruritania, org: Pact}\n",
    ),
    "line breaks of Windows": (
        "facts:\r\n  member:\r\n    - {a: b}\r\nsource: x\r\n",
        "facts:\r\n  member:\r\n    - {a: b}\r\n    - {state: Ruritania, org: Pact}\r\nsource: x\r\n",
    ),
    "an anchor": (
        "facts:\n  member: &rows\n    - {a: b}\n",
        "facts:\n  member: &rows\n    - {a: b}\n    - {state: Ruritania, org: Pact}\n",
    ),
    "wide letters": (
        "facts: # 国家\n  member: [{state: 蒙古, 国: ｘ}]\n",
        "facts: # 国家\n  member: [{state: 蒙古, 国: ｘ}, {state: Ruritania, org: Pact}]\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), ROWS.values(), ids=[*ROWS])
def test_a_row_is_added(before: str, after: str) -> None:
    assert inserted("facts.yaml", before, ("facts", "member"), ROW) == after


def test_rules_keep_their_distance() -> None:
    near = "  - id: a\n    then: b(?x)\n"
    added = "  - id: near\n    when:\n      - member(?x, ?y)\n      - ?x != ?y\n    then: near(?x, ?y)\n"
    close, apart = f"rules:\n{near}{near}", f"rules:\n{near}\n{near}"
    assert inserted("r", close, ("rules",), RULE) == close + added
    assert inserted("r", apart, ("rules",), RULE) == f"{apart}\n{added}"


def test_an_entry_of_a_mapping_is_added() -> None:
    before = "entities:\n  A: {kind: state}\n# end\n"
    after = 'entities:\n  A: {kind: state}\n  "null": {kind: state}\n# end\n'
    assert inserted("e", before, ("entities",), record({"kind": "state"}), "null") == after


@pytest.mark.parametrize("text", ["facts: &f {member: [{a: b}]}\nother: *f\n", "- a\n- b\n", "facts: some text\n"])
def test_where_it_cannot_be_added_alone_it_is_shown(text: str) -> None:
    with pytest.raises(UsageError, match="KZ805") as caught:
        inserted("f.yaml", text, ("facts", "member"), ROW)
    assert caught.value.issues[0].hint.splitlines()[1:] == ["- {state: Ruritania, org: Pact}"]


@given(st.text(st.characters(codec="utf-8"), max_size=12))
def test_any_text_reads_back(text: str) -> None:
    for in_flow in (True, False):
        written = scalar(text, in_flow=in_flow)
        root = parse_document(TextFile("", "", f"[{written}]" if in_flow else f"- {written}", b"")).root
        assert isinstance(root, ListNode)
        assert isinstance(root.items[0], ScalarNode)
        assert (root.items[0].text, root.items[0].missing) == (text, False)


#: Words, and what has a meaning in YAML.
WORDS = st.sampled_from(["a", "b: c", "# d", "- e", "null", "12", "x, y", "{z}", '"q"', "'", "ä", ""])
VALUES = st.recursive(WORDS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3))
DOCUMENTS = st.dictionaries(
    st.sampled_from(["facts", "rules", "other"]),
    st.dictionaries(st.sampled_from(["member", "leads"]), st.lists(VALUES, max_size=3), max_size=2),
)


@given(DOCUMENTS, st.sampled_from([None, True, False]), st.integers(1, 6))
def test_whatever_the_layout_nothing_else_changes(document: dict[str, object], flow: bool | None, indent: int) -> None:
    before = yaml.safe_dump(document, default_flow_style=flow, indent=indent, allow_unicode=True, width=30)
    before = before if document else ""
    after = inserted("f", before, ("facts", "member"), ROW)
    facts = document.setdefault("facts", {})
    assert isinstance(facts, dict)
    facts["member"] = [*facts.get("member", []), {"state": "Ruritania", "org": "Pact"}]
    assert yaml.safe_load(after) == document
    kept = [line for line in before.splitlines() if line.strip(" []{}")]
    assert len([line for line in after.splitlines() if line in kept]) >= len(kept) - 1
