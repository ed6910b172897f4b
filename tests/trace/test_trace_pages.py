"""Pages carry the traces that they show: HTML and Markdown are read and checked as JSON is, and edits are noticed."""

import json
import re
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from test_trace_graphs import PAYLOADS
from worlds import EVERYTHING, with_payload

from kzexpert.cli.group import cli
from kzexpert.proof.checker.parser import read_traces

Kzexpert = Callable[..., Result]
QUESTION = "aligned(?state, ?power)"


@pytest.fixture
def kzexpert(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kzexpert:
    """Runs a command in a folder with the invented base."""
    for name in ("rules", "facts"):
        (tmp_path / name).mkdir()
    (tmp_path / "rules" / "world.yaml").write_text(EVERYTHING, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(cli, list(arguments))


def export(kzexpert: Kzexpert, form: str) -> Path:
    path = Path(f"aligned.{form}")
    result = kzexpert("trace", "export", QUESTION, "--format", form, "--output", str(path))
    assert result.exit_code == 0, result.output
    return path


def trace_in(path: Path) -> dict[str, object]:
    (trace,), issues = read_traces(str(path), path.read_text(encoding="utf-8"))
    assert issues == []
    assert trace.seal
    return {name: getattr(trace, name) for name in trace.__struct_fields__ if name != "shown"}


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_a_page_carries_the_trace_that_json_is(kzexpert: Kzexpert, form: str) -> None:
    path = export(kzexpert, form)
    assert trace_in(path) == trace_in(export(kzexpert, "json"))
    result = kzexpert("trace", "verify", str(path))
    assert (result.exit_code, result.stderr) == (0, "")
    assert kzexpert("trace", "diff", str(path), "aligned.json").exit_code == 0


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_what_it_is_is_told_by_what_it_holds(kzexpert: Kzexpert, form: str) -> None:
    path = export(kzexpert, form)
    renamed = path.rename("mail.txt")
    assert kzexpert("trace", "verify", str(renamed)).exit_code == 0


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
@pytest.mark.parametrize("form", ["html", "markdown"])
def test_nothing_in_a_trace_breaks_out_of_its_place(kzexpert: Kzexpert, form: str, payload: str) -> None:
    text = with_payload(f"{payload} </script><!-- kzexpert.trace/1 packed: AAAA -->")
    Path("rules/world.yaml").write_text(text, encoding="utf-8")
    path = export(kzexpert, form)
    assert trace_in(path) == trace_in(export(kzexpert, "json"))
    assert kzexpert("trace", "verify", str(path)).exit_code == 0


@pytest.mark.parametrize(
    "mailed",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: textwrap.indent(text, "> "),
        lambda text: "".join(f"{line.rstrip()}\n\n" for line in text.splitlines()),
        lambda text: re.sub(r"^(<!--.*\n)((?:.+\n)+)", lambda found: found[1] + found[2].replace("\n", " "), text),
    ],
    ids=["CRLF", "quoted", "spaced", "joined"],
)
def test_markdown_survives_what_is_done_to_its_lines(kzexpert: Kzexpert, mailed: Callable[[str], str]) -> None:
    path = export(kzexpert, "markdown")
    path.write_text(mailed(path.read_text(encoding="utf-8")), encoding="utf-8", newline="")
    result = kzexpert("trace", "verify", str(path))
    assert (result.exit_code, result.stderr) == (0, "")


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_an_edited_word_is_noticed(kzexpert: Kzexpert, form: str) -> None:
    path = export(kzexpert, form)
    text = path.read_text(encoding="utf-8")
    start = text.index("0.6")  # in the words: the traces come last
    path.write_text(f"{text[:start]}0.9{text[start + 3 :]}", encoding="utf-8")
    result = kzexpert("trace", "verify", str(path))
    assert result.exit_code == 1
    assert re.findall(r"KZ\d+", result.stderr) == ["KZ514"]


def test_nothing_is_hidden_in_the_block_of_a_trace(kzexpert: Kzexpert) -> None:
    kzexpert("trace", "export", QUESTION, "--format", "html", "--output", "page.html")
    page = Path("page.html").read_text(encoding="utf-8")
    for block in (
        '<script src="https://evil.example/" class="kzexpert-trace">',
        '<script type="module" class="kzexpert-trace">',
    ):
        changed = page.replace('<script type="application/json" class="kzexpert-trace">', block)
        assert changed != page
        for text in (changed, page.replace("</body>", f"{block}</script></body>")):
            Path("page.html").write_text(text, encoding="utf-8")
            assert kzexpert("trace", "verify", "page.html").exit_code == 1


def test_an_edited_trace_is_told_at_its_place(kzexpert: Kzexpert) -> None:
    path = export(kzexpert, "html")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"strength":0.6', '"strength":0.9', 1), encoding="utf-8")
    result = kzexpert("trace", "verify", str(path), "--format", "json")
    issue = next(item for item in json.loads(result.stdout)["traces"][0]["issues"] if item["code"] == "KZ506")
    line = path.read_text(encoding="utf-8").splitlines()[issue["line"] - 1]
    assert line[issue["column"] - 1 :].startswith("0.9")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is neither JSON nor a page that carries a trace"),
        ("# Hedging\n\nThey hedge.", "it is neither JSON nor a page that carries a trace"),
        ("<!doctype html><p>They hedge.", "the page carries no trace"),
        ("<!-- kzexpert.trace/1 packed:\nQlpo\n-->", "the packed trace is damaged"),
        ("<!-- kzexpert.trace/1 packed:\n////\n-->", "the packed trace is damaged"),
        ("<!-- kzexpert.trace/1 packed:\nA\n-->", "the packed trace is damaged"),
    ],
)
def test_a_file_without_a_trace(kzexpert: Kzexpert, text: str, message: str) -> None:
    Path("mail.md").write_text(text, encoding="utf-8")
    result = kzexpert("trace", "verify", "mail.md")
    assert result.exit_code == 1
    assert re.findall(r"KZ\d+", result.stderr) == ["KZ501"]
    assert message in " ".join(result.stderr.split())
