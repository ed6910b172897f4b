"""``kzexpert trace`` and ``kzexpert schema`` as a user runs them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from worlds import EVERYTHING

from kzexpert.cli.group import cli

Kzexpert = Callable[..., Result]
QUESTION = "aligned(Ruritania, ?power)"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the invented knowledge base, which is the current one."""
    for folder in ("rules", "facts"):
        (tmp_path / folder).mkdir()
    (tmp_path / "rules" / "world.yaml").write_text(EVERYTHING, encoding="utf-8")
    (tmp_path / "facts" / "none.yaml").write_text("facts: {}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def kzexpert(world: Path) -> Kzexpert:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(cli, arguments, prog_name="kzexpert")

    return run


def export(kzexpert: Kzexpert, name: str = "a.json", *options: str) -> Path:
    assert kzexpert("trace", "export", QUESTION, "--output", name, *options).exit_code == 0
    return Path(name)


def test_what_is_exported_verifies(kzexpert: Kzexpert) -> None:
    export(kzexpert)
    result = kzexpert("trace", "verify", "a.json")
    assert (result.stdout.splitlines()[0], result.stderr) == ("verified: 2 conclusions, 5 firings, 9 facts", "")
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("manifest", "says"),
    [("name: world\nversion: '3'\n", "the trace is about world 3"), ("", "the trace does not name its own")],
)
def test_where_there_is_no_base_the_one_of_the_trace_is_named(
    kzexpert: Kzexpert, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manifest: str, says: str
) -> None:
    if manifest:
        (tmp_path / "kzexpert.yaml").write_text(manifest, encoding="utf-8")
    file = export(kzexpert).resolve()
    result = kzexpert("trace", "verify", str(file), "--kb", "./nowhere")
    assert (result.exit_code, result.stdout, result.stderr.count("KZ")) == (1, "", 1)
    assert f"KZ115 there is no folder nowhere; {says}\n" in result.stderr


@pytest.mark.parametrize("format", ["json", "markdown", "html", "svg", "dot", "mermaid"])
def test_every_format_is_written_to_a_file_as_it_is_printed(kzexpert: Kzexpert, format: str) -> None:
    printed = kzexpert("trace", "export", QUESTION, "--format", format)
    export(kzexpert, "a.out", "--format", format)
    assert (printed.stdout, printed.exit_code) == (Path("a.out").read_text(encoding="utf-8"), 0)
    starts = {"json": "{", "markdown": "# ", "html": "<!doctype html>", "svg": "<svg "}
    starts |= {"dot": "digraph", "mermaid": "%%{init"}
    assert printed.stdout.lower().startswith(starts[format])


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("free(?state)", 0),
        ("close(Borduria)", 3),
        ("free(Borduria)", 3),
        ("member(?state, Pact)", 0),
        ("member(Graustark, _)", 3),
    ],
)
def test_the_exit_code_says_whether_anything_is_established(kzexpert: Kzexpert, question: str, code: int) -> None:
    result = kzexpert("trace", "export", question)
    assert result.exit_code == code
    assert json.loads(result.stdout)["schema"] == "kzexpert.trace/1"


def test_options_go_into_the_trace(kzexpert: Kzexpert) -> None:
    options = ("--as-of", "2010-06", "--assume", "leads(RUR, Pact)", "--without", "leads(Borduria, _)")
    document = json.loads(kzexpert("trace", "export", "leads(?x, Pact)", *options).stdout)
    assert (document["as_of"], document["assumed"], document["withdrawn"]) == (
        "2010-06-30",
        ["leads(Ruritania, Pact)"],
        ["leads(Borduria, _)"],
    )
    assert document["answers"] == ["leads(Ruritania, Pact)"]


def test_several_traces_each_with_its_line(kzexpert: Kzexpert) -> None:
    export(kzexpert, "a.json")
    path = export(kzexpert, "b.json", "--as-of", "2012")
    path.write_text(path.read_text(encoding="utf-8").replace('"strength": 0.6', '"strength": 0.5'), encoding="utf-8")
    Path("c.json").write_text("nonsense", encoding="utf-8")
    result = kzexpert("trace", "verify", "a.json", "b.json", "c.json")
    assert result.exit_code == 1
    assert [line for line in result.stdout.splitlines() if ": " in line] == [
        "a.json: verified: 2 conclusions, 5 firings, 9 facts",
        "b.json: not verified: 3 errors",
        "c.json: not verified: 1 error",
    ]
    assert "b.json:3:11: KZ509" in result.stderr
    assert '"strength": 0.5' in result.stderr
    assert "c.json:1: KZ501 not a trace: it is neither JSON nor a page that carries a trace" in result.stderr


def test_the_result_as_json(kzexpert: Kzexpert) -> None:
    path = export(kzexpert)
    found = json.loads(kzexpert("trace", "verify", "a.json", "--format", "json", "--alone").stdout)
    assert found == {
        "schema": "kzexpert.verification/2",
        "verified": True,
        "traces": [
            {
                "file": "a.json",
                "verified": True,
                "conclusions": 2,
                "firings": 5,
                "facts": 9,
                "against": "the rules and facts that it carries",
                "alone": True,
                "unknown": found["traces"][0]["unknown"],
                "page": "",
                "signed": "",
                "issues": [],
            }
        ],
    }
    path.write_text(path.read_text(encoding="utf-8").replace('"others": 0', '"others": 1', 1), encoding="utf-8")
    result = kzexpert("trace", "verify", "a.json", "--format", "json")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["verified"]) == (1, False)
    assert [issue["code"] for issue in document["traces"][0]["issues"]] == ["KZ509", "KZ506"]


def test_files_that_moved_are_told_and_pass(kzexpert: Kzexpert, world: Path) -> None:
    export(kzexpert)
    (world / "rules" / "world.yaml").rename(world / "rules" / "moved.yaml")
    result = kzexpert("trace", "verify", "a.json")
    assert result.exit_code == 0
    assert "warning KZ510" in result.stderr
    assert result.stdout.startswith("verified: ")


def test_a_changed_rule_breaks_old_traces(kzexpert: Kzexpert, world: Path) -> None:
    export(kzexpert)
    rules = world / "rules" / "world.yaml"
    rules.write_text(EVERYTHING.replace("certainty: 0.6\n", "certainty: 0.7\n", 1), encoding="utf-8")
    result = kzexpert("trace", "verify", "a.json")
    assert (result.exit_code, "KZ503" in result.stderr) == (1, True)


def test_it_verifies_against_what_is_on_disk_and_not_what_was_kept(
    kzexpert: Kzexpert, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(kzexpert)

    def recall(_: object) -> None:
        raise AssertionError("a kept knowledge base was asked for")

    monkeypatch.setattr("kzexpert.program.cache.Cache.recall", recall)
    assert kzexpert("trace", "verify", "a.json").exit_code == 0


@pytest.mark.parametrize("command", [("verify", "no.json"), ("diff", "no.json", "no.json"), ("verify", ".")])
def test_a_file_that_cannot_be_read_is_told(kzexpert: Kzexpert, command: tuple[str, ...]) -> None:
    result = kzexpert("trace", *command)
    assert (result.exit_code, "KZ101" in result.stderr) == (1, True)


def test_a_knowledge_base_at_fault_is_told_before_any_trace(kzexpert: Kzexpert, world: Path) -> None:
    export(kzexpert)
    (world / "facts" / "none.yaml").write_text("facts: {nothing: [{a: b}]}\n", encoding="utf-8")
    result = kzexpert("trace", "verify", "a.json")
    assert (result.exit_code, "KZ202" in result.stderr, result.stdout) == (1, True, "")


def test_differences(kzexpert: Kzexpert) -> None:
    export(kzexpert, "a.json")
    export(kzexpert, "b.json", "--as-of", "2012", "--engine", "experta-stock")
    same = kzexpert("trace", "diff", "a.json", "a.json")
    assert (same.exit_code, same.stdout) == (0, "the two traces say the same\n")
    other = kzexpert("trace", "diff", "a.json", "b.json")
    assert (other.exit_code, other.stdout.splitlines()[0]) == (1, "From 2011-04-07 to 2012-12-31:")
    document = json.loads(kzexpert("trace", "diff", "a.json", "b.json", "--format", "json").stdout)
    assert (document["schema"], document["same"]) == ("kzexpert.trace-diff/2", False)
    kzexpert("trace", "diff", "a.json", "b.json", "--output", "diff.txt")
    assert Path("diff.txt").read_text(encoding="utf-8") == other.stdout


def test_what_is_no_trace_cannot_be_compared(kzexpert: Kzexpert) -> None:
    export(kzexpert)
    Path("b.json").write_text('{"schema": "kzexpert.answer/1"}', encoding="utf-8")
    result = kzexpert("trace", "diff", "a.json", "b.json")
    assert (result.exit_code, "b.json:1:12: KZ502" in result.stderr) == (1, True)


@pytest.mark.parametrize("arguments", [("export",), ("verify",), ("diff", "a.json"), ("forge",)])
def test_usage(kzexpert: Kzexpert, arguments: tuple[str, ...]) -> None:
    assert kzexpert("trace", *arguments).exit_code == 2


@pytest.mark.parametrize("command", ["export", "verify", "diff"])
def test_help_shows_examples(kzexpert: Kzexpert, command: str) -> None:
    result = kzexpert("trace", command, "--help")
    assert (result.exit_code, "Examples:" in result.stdout) == (0, True)
