"""Text that moves a cursor, reorders a line or is no text at all: JSON shows escapes, arguments are refused."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from kzexpert.render.json import json_text

#: C1, DEL, line and paragraph ends, marks of direction.
HIDDEN = "\x1b\x7f\x85\x9b\u061c\u200e\u202e\u2028\u2066\ufeff"
WORLD = f"""\
predicates:
  seen: {{args: [what: text], says: "{{what}} is seen"}}
  told: {{args: [what: text], says: "{{what}} is told"}}
facts:
  seen:
    - {{what: {json.dumps(HIDDEN)}}}
rules:
  - id: telling
    when: ["seen(?what)"]
    then: told(?what)
"""


Kzexpert = Callable[..., Result]


@pytest.fixture
def ask(kzexpert: Kzexpert, small: Path) -> Kzexpert:
    """Runs a command with the facts and rules above."""
    (small / "world.yaml").write_text(WORLD, encoding="utf-8")
    return lambda *arguments: kzexpert(*arguments, "--rules", "world.yaml")


def test_json_holds_only_what_shows() -> None:
    text = json_text({"text": HIDDEN})
    assert json.loads(text) == {"text": HIDDEN}
    assert text.replace("\n", "").isascii()
    assert text.replace("\n", "").isprintable()
    assert "é 中 👩‍🚀" in json_text({"text": "é 中 👩‍🚀"})


@pytest.mark.parametrize(
    "command",
    [
        ("ask", "told(?what)", "--format", "json"),
        ("why", "told(?what)", "--format", "json"),
        ("trace", "export", "told(?what)"),
        ("infer", "told", "--format", "jsonl"),
        ("infer", "told", "--format", "jsonl", "--engine", "duckdb"),
    ],
    ids=" ".join,
)
def test_every_json_holds_only_what_shows(ask: Kzexpert, command: tuple[str, ...]) -> None:
    if "duckdb" in command:
        pytest.importorskip("duckdb")
        pytest.importorskip("sqlglot")
    result = ask(*command)
    assert result.exit_code == 0, result.stderr
    assert "\\u2066" in result.stdout
    assert result.stdout.replace("\n", "").isprintable()


def test_engines_write_the_same_lines(ask: Kzexpert, small: Path) -> None:
    pytest.importorskip("duckdb")
    pytest.importorskip("sqlglot")
    written = []
    for engine in ("experta", "duckdb"):
        assert ask("infer", "told", "--output", "told.jsonl", "--engine", engine).exit_code == 0
        written.append((small / "told.jsonl").read_bytes())
        (small / "told.jsonl").unlink()
    assert written[0] == written[1]
    assert json.loads(written[0])["what"] == HIDDEN


@pytest.mark.parametrize("text", ['told("\ud800")', 'told("\udcff")', "told(\udcff)", "is \ud800 told"])
@pytest.mark.parametrize("way", [(), ("--assume",), ("--without",)], ids=str)
def test_half_of_a_pair_is_a_usage_error(ask: Kzexpert, text: str, way: tuple[str, ...]) -> None:
    result = ask("ask", "told(?what)", *way, text) if way else ask("ask", text)
    assert (result.exit_code, result.stderr.count("KZ")) in ((2, 1), (3, 0))
