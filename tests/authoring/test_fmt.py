"""The layout of files: once is enough, comments and meaning stay, whatever the file looked like before."""

import os
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from processes import CHECKOUT, here

from kzexpert.authoring import layout
from kzexpert.authoring.layout import formatted
from kzexpert.errors import KnowledgeBaseError, Location, UsageError
from kzexpert.language.cases_file import load_cases
from kzexpert.language.files import unsaved
from kzexpert.language.loader import load_knowledge_base, read_knowledge_base

Draw = Callable[[st.SearchStrategy[Any]], Any]

# --- the files that ship ---------------------------------------------------------------------------------------------

_OURS = (
    "rules",
    "facts",
    "bases",
    "tests/cases",
    "tests/kb_small",
    "tests/conformance",
    "kzexpert/authoring/templates",
)
SHIPPED = [CHECKOUT / "kzexpert.yaml", *(path for name in _OURS for path in sorted((CHECKOUT / name).rglob("*.yaml")))]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.relative_to(CHECKOUT).as_posix())
def test_files_that_ship_keep_what_they_say(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    after = formatted(path.name, text)
    assert formatted(path.name, after) == after
    assert _comments(after) == _comments(text)


def test_the_shipped_base_says_the_same() -> None:
    """Rules, facts and cases, read by the loader, places aside."""

    def said() -> object:
        base = load_knowledge_base([CHECKOUT])
        cases = load_cases([CHECKOUT / "tests" / "cases"], base)
        return [_values(part) for part in (base.rules, base.facts, base.predicates, base.entities, base.sources, cases)]

    before = said()
    with unsaved({str(path): formatted(path.name, path.read_text(encoding="utf-8")) for path in SHIPPED}):
        assert said() == before


def test_the_shipped_files_are_laid_out() -> None:
    result = here("fmt", "--check", ".", "bases")
    assert (result.returncode, result.stderr) == (0, "")


def _comments(text: str) -> "Counter[str]":
    return Counter(re.findall(r"(?:^|\s)(#[ \w.,:'();>\[\]-]*)$", text, re.MULTILINE))


def _values(value: object) -> object:
    """What a value holds, without places and the blanks of conditions."""
    if isinstance(value, Location):
        return None
    if isinstance(value, msgspec.Struct):
        fields = ((name, getattr(value, name)) for name in value.__struct_fields__)
        return [type(value).__name__, *(_values(part) for name, part in fields if name not in ("kb", "marks", "text"))]
    if isinstance(value, dict):
        return [(key, _values(part)) for key, part in value.items()]
    return [_values(part) for part in value] if isinstance(value, tuple | list) else value


# --- one thing each --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "rules:\n- then: p(?x)\n  id:  a\n  when: [q()]\n",
            "rules:\n  - id: a\n    when: [q()]\n    then: p(?x)\n",
        ),
        (
            "rules:\n- id: a\n  when:\n  -   p( ?x,role =y )within  2 years\n  - ?n=count(?x for p(?x,-1) and ?x>-3)\n",
            "rules:\n  - id: a\n    when:\n      - p(?x, role=y) within 2 years\n"
            "      - ?n = count(?x for p(?x, -1) and ?x > -3)\n",
        ),
        ("note:   'plain'\nat: 'it''s'\n", "note: plain\nat: it's\n"),
        ("at: '12'\nnote: 'yes'\nsource: '2011-01-01'\n", 'at: "12"\nnote: "yes"\nsource: "2011-01-01"\n'),
        ("asks: ['who {x}', 'who']\n", 'asks: ["who {x}", "who"]\n'),
        ("a: { b: 1,c: [ x,y, ] }  \n", "a: {b: 1, c: [x, y]}\n"),
        ("a: {b: 1, # one\n     # two\n c: 2\n }\n", "a: {b: 1, # one\n    # two\n    c: 2}\n"),
        ("a: [\n b,\n   c ]\n", "a: [\n  b,\n  c]\n"),
        ("a: one\n     two\nb: >-\n     folded\n       text\n", "a: one\n  two\nb: >-\n     folded\n       text\n"),
        ("a:\n- |+\n   kept\n\n\nb: 1\n", "a:\n  - |+\n     kept\n\n\nb: 1\n"),
        ("\n\na: 1\n\n\n\nb: 2", "a: 1\n\nb: 2\n"),
        ("a: &x {b: 1}\nc: *x\nd: &y\n - 1\n", "a: &x {b: 1}\nc: *x\nd: &y\n  - 1\n"),
        ("? a\n: b\n", "a:\n  b\n"),
        ("a:\n  - # one\n    b: 1\n", "a:\n  - # one\n    b: 1\n"),
        ("---\n# top\na:\n    - - b\n      - c\n...\n", "---\n# top\na:\n  - - b\n    - c\n"),
        ("a:\tb\t# tab\n", "a: b # tab\n"),
        ("# nothing yet\n", "# nothing yet\n"),
        ("- when: [ p(?x,?y), ?x > 1 ]\n", "- when: [p(?x, ?y), ?x > 1]\n"),
        ("a: \n- \n-\n  - b\n", "a:\n  -\n  - - b\n"),
        ("a:\n- b\n# of a\n- c\n# of d\nd: 1\n", "a:\n  - b\n  # of a\n  - c\n# of d\nd: 1\n"),
    ],
)
def test_layout(before: str, after: str) -> None:
    assert formatted("x.yaml", before) == after
    assert formatted("x.yaml", after) == after


def test_comments_go_with_the_keys_of_a_rule() -> None:
    before = """\
rules:
  - # what it is
    then: p(?x)  # concludes
    # the name
    id: a
    when:
      - q(?x)
      # - r(?x)

  # the next one
  - {then: p(?x), id: b, when: [q(?x)]}
"""
    assert (
        formatted("x.yaml", before)
        == """\
rules:
  # the name
  - id: a
    when:
      - q(?x)
      # - r(?x)
    # what it is
    then: p(?x)  # concludes

  # the next one
  - {id: b, when: [q(?x)], then: p(?x)}
"""
    )
    assert formatted("x.yaml", formatted("x.yaml", before)) == formatted("x.yaml", before)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: 1\na: 2\n", "KZ106"),
        ("a: [\n", "KZ105"),
        ("a: !!int 1\n", "KZ107"),
        ("a: 1\n---\nb: 1\n", "KZ107"),
        ("a: {<<: b}\n", "KZ107"),
        ("a: *b\n", "KZ105"),
    ],
)
def test_what_the_reader_refuses_is_refused(text: str, code: str) -> None:
    with pytest.raises(KnowledgeBaseError) as caught:
        formatted("x.yaml", text)
    assert {issue.code for issue in caught.value.issues} == {code}


def test_a_file_that_would_say_something_else_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "_spaced", lambda text: text.replace("q", "w"))
    with pytest.raises(UsageError, match="KZ807"):
        formatted("x.yaml", "rules: [{id: a, when: [q(?x)]}]")


# --- any file --------------------------------------------------------------------------------------------------------

_TEXTS = st.sampled_from(
    [
        *[
            "plain",
            "two words",
            "it's",
            'say "so"',
            "12",
            "yes",
            "null",
            "~",
            "2011-01-01",
            "a: b",
            "x #y",
            "{state} is",
        ],
        *[
            "- a",
            "",
            "1e5",
            "ünï",
            "back\\slash",
            "a,b",
            "[x]",
            "*a",
            "&a",
            "?x",
            "%",
            "@",
            "0x1F",
            "<<",
            " edge ",
            "a\tb",
        ],
    ]
)
_ATOMS = st.sampled_from(
    [
        *[
            "p( ?x , _)",
            "not  q(?x)",
            "?x!=?y",
            "?n = count( ?x for p(?x,-1) and ?x>3 )",
            "p(role = x)",
            "?x in ( a,b )",
        ],
        *['p("a  b", ?x)', "p(?x)@?c", "?n=-(?x + 1)*2", "p(?x) within 2  years since ?d", "?d - 3 days < 2011-01-01"],
    ]
)


class _Mess:
    """Writes a value as somebody may have written it: any indentation, quotes, brackets, and comments everywhere."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.comments = 0

    def maybe(self, chance: int = 3) -> bool:
        return bool(self.draw(st.integers(0, chance)) == 0)

    def comment(self) -> str:
        self.comments += 1
        return f"# comment {self.comments}, a: [b"

    def blanks(self) -> str:
        return " " * int(self.draw(st.integers(1, 3)))

    def end(self) -> str:
        """The rest of a line, with comments and blank lines below it."""
        text = f"{self.blanks()}{self.comment()}" if self.maybe(5) else self.draw(st.sampled_from(["", "", " "]))
        for _ in range(self.draw(st.sampled_from([0, 0, 0, 1, 2]))):
            text += "\n" + (" " * int(self.draw(st.integers(0, 8))) + self.comment() if self.maybe(1) else "")
        return text + "\n"

    def scalar(self, text: str, *, flow: bool) -> str:
        ways = [f"'{text.replace(chr(39), chr(39) * 2)}'"]
        if "\t" not in text and "\\" not in text:
            ways.append('"' + text.replace('"', '\\"') + '"')
        if layout._reads_as(text, text, key=False, flow=flow) and text:
            ways += [text, text]
        return str(self.draw(st.sampled_from(ways)))

    def flow(self, value: object) -> str:
        if isinstance(value, dict):
            parts = [f"{key}:{self.blanks()}{self.flow(part)}" for key, part in value.items()]
            return self.bracketed("{", parts, "}")
        if isinstance(value, list):
            return self.bracketed("[", [self.flow(part) for part in value], "]")
        return self.scalar(str(value), flow=True)

    def bracketed(self, opening: str, parts: list[str], closing: str) -> str:
        text = opening
        for number, part in enumerate(parts):
            gap = self.draw(st.sampled_from(["", " ", "  ", "\n         "]))
            if self.maybe(8):
                gap = f"  {self.comment()}\n            "
            text += gap + part + ("," if number < len(parts) - 1 or self.maybe() else "")
            text += self.draw(st.sampled_from(["", " "]))
        return text + (f" {self.comment()}\n           {closing}" if self.maybe(9) else closing)

    def block(self, value: object, indent: int) -> str:
        """Lines, of which the first one is written behind what stands there already."""
        step = int(self.draw(st.integers(1, 4)))
        if isinstance(value, dict) and value:
            lines = [f"{key}:{self.below(part, indent, step)}" for key, part in value.items()]
            return (" " * indent).join(lines)
        if isinstance(value, list) and value:
            lines = [f"-{' ' * step}{self.item(part, indent + 1 + step)}" for part in value]
            return (" " * indent).join(lines)
        return f"{self.flow(value)}{self.end()}"

    def item(self, value: object, indent: int) -> str:
        return f"{self.flow(value)}{self.end()}" if self.maybe() else self.block(value, indent)

    def below(self, value: object, indent: int, step: int) -> str:
        if not isinstance(value, dict | list) or not value or self.maybe():
            return f"{self.blanks()}{self.flow(value)}{self.end()}"
        inner = indent + (0 if isinstance(value, list) and self.maybe(1) and indent else step)
        return f"{self.end()}{' ' * inner}{self.block(value, inner)}"


@st.composite
def _files(draw: Draw) -> tuple[str, int]:
    """A file, and how many comments are in it."""
    keys = draw(st.permutations(["id", "title", "when", "unless", "then", "because", "source", "certainty"]))
    conditions = st.lists(
        st.one_of(_ATOMS, st.builds(lambda a: {"either": a}, st.lists(_ATOMS, min_size=2, max_size=3)))
    )
    shapes = {"when": conditions, "unless": conditions, "then": _ATOMS, "certainty": st.just("0.5"), "id": st.just("a")}
    rules = [
        {key: draw(shapes.get(key, _TEXTS)) for key in keys[: draw(st.integers(1, 8))]}
        for _ in range(draw(st.integers(1, 3)))
    ]
    rows = st.lists(st.dictionaries(st.sampled_from(["state", "org", "since"]), _TEXTS, max_size=3), max_size=3)
    document = {"rules": rules, "facts": draw(st.dictionaries(st.sampled_from(["p", "q"]), rows, max_size=2))}
    mess = _Mess(draw)
    head = f"{mess.comment()}\n" if mess.maybe(1) else ""
    text = head + mess.block({key: document[key] for key in draw(st.permutations([*document]))}, 0)
    return text.replace("\n", draw(st.sampled_from(["\n", "\n", "\r\n"]))), mess.comments


@given(_files())
@examples(40)
def test_any_file_keeps_comments_and_meaning(file: tuple[str, int]) -> None:
    text, comments = file
    after = formatted("x.yaml", text)
    assert formatted("x.yaml", after) == after
    found = [int(number) for number in re.findall(r"# comment (\d+), a: \[b", after)]
    assert sorted(found) == list(range(1, comments + 1))
    assert ("\r\n" in after) == ("\r\n" in text.split("\n")[0] + "\n")
    assert _read(after) == _read(text)


def _read(text: str) -> object:
    """What the loader makes of a file: values without places, and the codes of what is wrong."""
    with unsaved({"x.yaml": text}):
        loaded = read_knowledge_base([], facts=["x.yaml"])
    kb = loaded.kb
    codes = Counter((issue.code, re.sub(r"\s", "", issue.message)) for issue in loaded.issues)
    return [_values(part) for part in (kb.rules, kb.facts)], codes


# --- the command -----------------------------------------------------------------------------------------------------

_LAID_OUT = "facts:\n  member: [{state: Ruritania}]\n"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A base with a file that is laid out, one that is not, and one that is broken."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts" / "a.yaml").write_text(_LAID_OUT, encoding="utf-8")
    (tmp_path / "facts" / "b.yaml").write_bytes(b"\xef\xbb\xbf" + _LAID_OUT.replace(" [", "   [").encode())
    return tmp_path


def test_files_are_written_in_place(base: Path) -> None:
    kept, changed = base / "facts" / "a.yaml", base / "facts" / "b.yaml"
    changed.chmod(0o640)
    linked = base / "rules" / "link.yaml"
    linked.symlink_to(changed)
    before = kept.stat().st_mtime_ns
    result = here("fmt", cwd=base)
    assert (result.returncode, result.stderr) == (0, "")
    assert "changed: facts/b.yaml" in result.stdout
    assert changed.read_bytes() == b"\xef\xbb\xbf" + _LAID_OUT.encode()
    assert (changed.stat().st_mode & 0o777, linked.is_symlink(), kept.stat().st_mtime_ns) == (0o640, True, before)
    assert here("fmt", "--check", cwd=base).returncode == 0


def test_check_and_diff_write_nothing(base: Path) -> None:
    before = (base / "facts" / "b.yaml").read_bytes()
    checked = here("fmt", "--check", cwd=base)
    assert (checked.returncode, checked.stdout.splitlines()[0]) == (1, "would change: facts/b.yaml")
    shown = here("fmt", "--diff", cwd=base)
    assert shown.returncode == 0
    assert shown.stdout.splitlines()[:2] == ["--- a/facts/b.yaml", "+++ b/facts/b.yaml"]
    assert (base / "facts" / "b.yaml").read_bytes() == before


def test_a_broken_file_stays_and_the_others_are_laid_out(base: Path) -> None:
    broken = base / "rules" / "x.yaml"
    broken.write_text("a:   1\na: 2\n", encoding="utf-8")
    result = here("fmt", cwd=base)
    assert result.returncode == 1
    assert "rules/x.yaml:2:1: KZ106" in result.stderr
    assert "changed: facts/b.yaml" in result.stdout
    assert broken.read_text(encoding="utf-8") == "a:   1\na: 2\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to(base: Path) -> None:
    (base / "facts").chmod(0o500)
    result = here("fmt", cwd=base)
    (base / "facts").chmod(0o700)
    assert (result.returncode, "KZ306" in result.stderr) == (2, True)


def test_stdin_to_stdout(monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from kzexpert.cli.group import cli

    result = CliRunner().invoke(cli, ["fmt", "-"], input="a:   1\r\n")
    assert (result.exit_code, result.stdout_bytes) == (0, b"a: 1\r\n")
    result = CliRunner().invoke(cli, ["fmt", "-", "--stdin-name", "rules/x.yaml"], input="a: [\n")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "rules/x.yaml" in str(result.exception) + result.stderr
