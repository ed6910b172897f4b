"""YAML with places: what is text, what is refused and where, and that no input does harm."""

import pytest
import yaml
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from kzexpert.errors import KnowledgeBaseError
from kzexpert.language import documents
from kzexpert.language.documents import MappingNode, ScalarNode, YamlDocument, parse_document, scalar_locator
from kzexpert.language.files import TextFile

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


def parse(text: str) -> YamlDocument:
    return parse_document(TextFile("f.yaml", "f.yaml", text, text.encode()))


def refused(text: str) -> list[tuple[str, str]]:
    """Place and code of every issue."""
    try:
        issues = parse(text).issues
    except KnowledgeBaseError as error:
        issues = error.issues
    return [(str(issue.location), issue.code) for issue in issues]


@pytest.mark.parametrize(
    "word", ["NO", "yes", "on", "off", "Y", "12", "1_000", "0x10", "12:30", ".inf", "2011-02-30", "="]
)
def test_every_scalar_is_text_as_written(word: str) -> None:
    root = parse(f"{word}: {word}").root
    assert isinstance(root, MappingNode)
    key, value = root.entries[word]
    assert isinstance(value, ScalarNode)
    assert (key.text, value.text) == (word, word)


REFUSED = [
    ("a: 1\nb: 2\na: 3\n", "f.yaml:3:1", "KZ106"),
    ("a: 1\n'a': 3\n", "f.yaml:2:1", "KZ106"),
    ("a: {b: 1, b: 2}\n", "f.yaml:1:11", "KZ106"),
    ("a:\n\t- b\n", "f.yaml:2:1", "KZ105"),
    ("a:\n  b: 1\n\t  c: 2\n", "f.yaml:3:1", "KZ105"),
    ("a: b: c\n", "f.yaml:1:5", "KZ105"),
    ("a: [1, 2\nb: 3\n", "f.yaml:2:2", "KZ105"),
    ("a: {x} is\n", "f.yaml:1:8", "KZ105"),
    ('- "x" is\n', "f.yaml:1:7", "KZ105"),
    ("a: @x\n", "f.yaml:1:4", "KZ105"),
    ("a: 'x\n", "f.yaml:2:1", "KZ105"),
    ("a: 1\n- b\n", "f.yaml:2:1", "KZ105"),
    ("a: é\x07\n", "f.yaml:1:5", "KZ105"),
    ("a: *x\n", "f.yaml:1:4", "KZ105"),
    ("%YAML 2.0\n---\na: 1\n", "f.yaml:1:1", "KZ105"),
    ("a: &a [*a]\n", "f.yaml:1:8", "KZ107"),
    ("a: &a {b: {c: *a}}\n", "f.yaml:1:15", "KZ107"),
    ("a: 1\n<<: {b: 2}\n", "f.yaml:2:1", "KZ107"),
    ("? [a]\n: b\n", "f.yaml:1:3", "KZ107"),
    ("a: 1\n---\nb: 2\n", "f.yaml:2:1", "KZ107"),
    ("a: !!python/object/apply:os.system [ls]\n", "f.yaml:1:4", "KZ107"),
    ("a: !!binary aGVsbG8=\n", "f.yaml:1:4", "KZ107"),
    ("a: !!set {b, c}\n", "f.yaml:1:4", "KZ107"),
    ("a: !foo b\n", "f.yaml:1:4", "KZ107"),
    ("a: ! b\n", "f.yaml:1:4", "KZ107"),
    ("!!map {a: b}\n", "f.yaml:1:1", "KZ107"),
    ("a:\n  - !large(?x)\n", "f.yaml:2:5", "KZ107"),
    (BOMB, "f.yaml:5:20", "KZ107"),
    ("[" * 100_000, "f.yaml:1:41", "KZ107"),
    ("{a: " * 100_000, "f.yaml:1:161", "KZ107"),
    ("- " * 100_000, "f.yaml:1:81", "KZ107"),
    ("", "f.yaml", "KZ104"),
    ("  \n# only a comment\n", "f.yaml", "KZ104"),
    ("---\n...\n", "f.yaml", "KZ104"),
    ("~\n", "f.yaml", "KZ104"),
]


@pytest.mark.parametrize(("text", "place", "code"), REFUSED, ids=[repr(item[0][:24]) for item in REFUSED])
def test_refused_documents(text: str, place: str, code: str) -> None:
    assert refused(text) == [(place, code)]


@pytest.mark.parametrize(("text", "place", "code"), [item for item in REFUSED if item[2] in ("KZ106", "KZ107")])
def test_the_same_is_refused_without_libyaml(text: str, place: str, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "_Loader", yaml.SafeLoader)
    assert refused(text) == [(place, code)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a:\n\t- b\n", "YAML does not allow tabs for indentation: use spaces"),
        ("a: b: c\n", "in quotes"),
        ("a: {x} is\n", "in quotes"),
        ("a: @x\n", "in quotes"),
        ("a: 'x\n", "close the quotes"),
        ("a: [1, 2\nb: 3\n", "close the bracket"),
        ("a: - b\n", "below its key"),
        ("a: !large(?x)\n", "not p(?x)"),
        ("a: *x\n", "quotes"),
    ],
)
def test_the_hint_says_what_is_usually_meant(text: str, words: str) -> None:
    try:
        (issue,) = parse(text).issues
    except KnowledgeBaseError as error:
        (issue,) = error.issues
    assert words in issue.hint


def test_a_tag_is_named() -> None:
    (issue,) = parse("a: !!python/object:os.system {}\n").issues
    assert "!!python/object:os.system" in issue.message


def test_a_duplicate_key_points_at_both_places() -> None:
    (issue,) = parse("abc: 1\n\nabc: 2\n").issues
    assert [str(place) for place, _ in issue.related] == ["f.yaml:1:1"]


def test_one_file_tells_all_that_is_refused_in_it() -> None:
    assert refused("a: !x 1\nb: {c: 1, c: 2}\n<<: {}\nd: *e\nf: [!y g]\n") == [
        ("f.yaml:1:4", "KZ107"),
        ("f.yaml:2:11", "KZ106"),
        ("f.yaml:3:1", "KZ107"),
        ("f.yaml:4:4", "KZ105"),
        ("f.yaml:5:5", "KZ107"),
    ]


def test_anchors_are_allowed() -> None:
    root = parse("a: &x {b: c}\nd: *x\ne: [*x, *x]\n").root
    assert isinstance(root, MappingNode)
    assert root.entries["a"][1] == root.entries["d"][1]


# --- the place of every character -------------------------------------------------------------------------------------

WRITTEN = [
    "- plain ^text",
    "-    plain ^text # with a comment",
    "- 'single ^quotes'",
    "- 'it''s ^here'",
    '- "double ^quotes"',
    r'- "a \"b\" \n \x41 \u0041 \U00000041 ^c"',
    "- plain\n  and\n    ^folded",
    "- 'folded\n   and ^quoted'",
    '- "folded\n   \\"and\\" ^quoted"',
    "- plain\r\n  and ^folded",
    "- [a, 😀 ^b]",
]


@pytest.mark.parametrize("marked", WRITTEN)
@pytest.mark.parametrize("before", ["", "# comment\n\n", "- é: 😀\n"])
def test_the_place_of_a_character_of_a_scalar(marked: str, before: str) -> None:
    marked = before + marked
    at = marked.index("^")
    text = marked.replace("^", "\u00a7")  # a mark that is easy to find in the content
    line, column = text[:at].count("\n") + 1, at - text[:at].rfind("\n")
    node = parse(text).root
    while not isinstance(node, ScalarNode):
        assert not isinstance(node, MappingNode)
        node = node.items[-1]  # type: ignore[union-attr]
    place = scalar_locator(TextFile("f.yaml", "", text, b""), node)(node.text.index("\u00a7"))
    assert (place.line, place.column) == (line, column)


@pytest.mark.parametrize("text", ["- |\n  block\n  text", "- >\n  block\n  text", "- plain\n\n\n  with blank lines"])
def test_in_block_scalars_every_character_stands_at_the_start(text: str) -> None:
    document = parse(text)
    node = document.root.items[0]  # type: ignore[union-attr]
    assert isinstance(node, ScalarNode)
    assert str(scalar_locator(document.file, node)(7)) == "f.yaml:1:3"


# --- no input does harm -----------------------------------------------------------------------------------------------

MARKS = "[]{},|>#%@'\"\\é\u2028\x85\r~1"
fragments = st.sampled_from(
    [
        *MARKS,
        "a",
        "b: ",
        "- ",
        "? ",
        ": ",
        "\n",
        "\n  ",
        "\n\t",
        " ",
        "&a ",
        "*a",
        "!t ",
        "!!set ",
        "---",
        "...",
        "<<: ",
    ]
)


@given(st.lists(fragments, max_size=30).map("".join))
@examples(300)
def test_any_text_is_parsed_or_refused_at_a_place(text: str) -> None:
    try:
        issues = parse(text).issues
    except KnowledgeBaseError as error:
        issues = error.issues
        assert issues
    for issue in issues:
        assert issue.location is not None
        assert issue.location.file == "f.yaml"
        assert issue.message
        assert issue.hint
