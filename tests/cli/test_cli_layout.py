"""Lines, carets and escapes: what reaches a terminal is aligned, and never a control character."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.text import Text

from kzexpert.errors import Issue, Location
from kzexpert.render.issues import issue_text
from kzexpert.render.writer import Writer, as_markup, display_width, sentence, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("Łódź", "Łódź"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\tc\u00a0d", "a b c d"),
        ("\u202eabc", "\\u202eabc"),
        ("\udcff", "\\udcff"),
    ],
)
def test_what_does_not_show_is_escaped(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "width"), [("abc", 3), ("é", 1), ("e\u0301", 1), ("東京", 4), ("ｘ", 2), ("क्\u200dष", 2)]
)
def test_columns(text: str, width: int) -> None:
    assert display_width(text) == width


def test_lines_are_filled_and_indented() -> None:
    text = Writer(width=12).wrap([("", "one two three "), ("faint", "(four five)")], first="- ", rest="  ")
    assert text.splitlines() == ["- one two", "  three", "  (four", "  five)"]


def test_a_no_break_space_does_not_break() -> None:
    assert Writer(width=8).wrap([("", "aaa bbb\u00a0ccc")]) == "aaa\nbbb ccc"


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("it hangs on the United States alone", 20, ["it hangs on the", "United States alone"]),
        ("the charter says in article 3 of it", 28, ["the charter says in", "article 3 of it"]),
        ("as the almanac has it on p. 3, grade B", 28, ["as the almanac has it on", "p. 3, grade B"]),
        ("nobody has ever measured it", 24, ["nobody has ever", "measured it"]),
        ("on record in facts/world.yaml:16:7", 22, ["on record in", "facts/world.yaml:16:7"]),
        ("東京 と 大阪 の 間", 11, ["東京 と", "大阪 の 間"]),
    ],
)
def test_lines_break_where_a_reader_would(text: str, width: int, lines: list[str]) -> None:
    """Names and numbers stay whole, and no short word stands alone at the end."""
    assert Writer(width=width).wrap([("", text)]).splitlines() == lines


@given(st.lists(st.tuples(st.sampled_from(["", "strong", "faint"]), st.text()), max_size=5), st.integers(1, 60))
@example([("", "\\\\["), ("strong", "a\\\\"), ("", "\\\\[b] \\[/] \\[1]"), ("faint", "[a\\"), ("", "]")], 60)
def test_markup_prints_what_plain_prints(pieces: list[tuple[str, str]], width: int) -> None:
    plain = Writer(width=width).wrap(pieces, first=" ")
    assert Text.from_markup(Writer(as_markup, width).wrap(pieces, first=" "), emoji=False).plain == plain


@given(st.text("ab \u6771", max_size=80), st.integers(5, 40))
def test_only_a_long_word_is_wider_than_the_line(text: str, width: int) -> None:
    for line in Writer(width=width).wrap([("", text)]).splitlines():
        assert display_width(line) <= width or " " not in line


@pytest.mark.parametrize(
    ("line", "column", "caret"),
    [
        ("when: membr(?x)", 7, "when: ^"),
        ("\twhen: membr(?x)", 8, "    when: ^"),
        ("ab\tmembr", 4, "ab  ^"),
        ("東京 membr", 4, "東京 ^"),
        ("cafe\u0301 x", 7, "café ^"),
        ("x", 2, "x^"),
        ("x", 99, "x^"),
        ("", 1, "^"),
        ("\x1b[0m membr", 6, "\\x1b[0m ^"),
    ],
)
def test_the_caret_stands_below_its_column(line: str, column: int, caret: str) -> None:
    shown = issue_text(Issue("KZ202", "message", Location("f.yaml", 1, column)), {"f.yaml": [line]})
    *_, excerpt, marker = shown.splitlines()
    assert excerpt.startswith("  1 | ")
    assert display_width(marker) == display_width("  1 | " + caret)
    assert marker.endswith("^")


def test_a_long_line_is_cut_around_its_column() -> None:
    line = "a" * 500 + "X" + "b" * 500
    _, excerpt, marker = issue_text(Issue("KZ202", "m", Location("f", 1, 501)), {"f": [line]}).splitlines()
    assert len(excerpt) < 120
    assert excerpt[len(marker) - 1] == "X"
    assert excerpt.startswith("  1 | …")
    assert excerpt.endswith("…")


def test_an_issue_without_a_place_or_a_line() -> None:
    assert issue_text(Issue("KZ115", "nothing here", hint="look elsewhere"), {}) == (
        "KZ115 nothing here\n  hint: look elsewhere"
    )
    assert issue_text(Issue("KZ104", "empty", Location("f.yaml")), {"f.yaml": []}) == "f.yaml: KZ104 empty"


def test_a_warning_and_related_places() -> None:
    related = ((Location("g.yaml", 3, 1), "the other one"),)
    issue = Issue("KZ210", "twice", Location("f.yaml", 9, 1), severity="warning", related=related)
    assert issue_text(issue, {}).splitlines() == ["f.yaml:9:1: warning KZ210 twice", "  g.yaml:3:1: the other one"]


def test_sentences_begin_with_a_capital() -> None:
    assert (sentence("the influence"), sentence(""), sentence("Ab")) == ("The influence", "", "Ab")
