"""docs/errors.md explains every code, under its title, with an example that is really wrong in that way."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from installed import hide

import kzexpert
from kzexpert.cli.group import cli
from kzexpert.engines import Budget, engine
from kzexpert.errors import CODES, KnowledgeBaseError
from kzexpert.language import load_knowledge_base
from kzexpert.program.snapshot import snapshot

DOCUMENT = (Path(__file__).parents[1] / "docs" / "errors.md").read_text(encoding="utf-8")
_HEADING = re.compile(r"^### (KZ\d{3}): (.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_QUOTED = re.compile(r'"(KZ\d{3})"')


def sections() -> dict[str, str]:
    """Code → the text of its section."""
    found = list(_HEADING.finditer(DOCUMENT))
    ends = [match.start() for match in found[1:]] + [len(DOCUMENT)]
    return {match[1]: DOCUMENT[match.end() : end] for match, end in zip(found, ends, strict=True)}


def test_every_code_has_its_section_under_its_title_in_order():
    assert _HEADING.findall(DOCUMENT) == list(CODES.items())


def test_the_codes_in_the_source_are_those_that_are_declared():
    package = Path(kzexpert.__file__).parent
    used = {
        code
        for path in package.rglob("*.py")
        if path != package / "errors.py"
        for code in _QUOTED.findall(path.read_text(encoding="utf-8"))
    }
    assert used == set(CODES)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A knowledge base of the file that all examples share, and the odd files that some name."""
    for name in ("rules", "facts", "tests/cases"):
        (tmp_path / name).mkdir(parents=True)
    base = next(text for language, name, text in _BLOCK.findall(DOCUMENT) if (language, name) == ("yaml", "base"))
    (tmp_path / "rules" / "base.yaml").write_text(base, encoding="utf-8")
    (tmp_path / "image.yaml").write_bytes(b"\x89PNG\r\n\x1a\n\x00")
    (tmp_path / "empty.yaml").write_bytes(b"# nothing yet\n")
    (tmp_path / "huge.yaml").write_bytes(b"#" * 6_000_000)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_file_that_all_examples_share_is_sound(folder):
    result = CliRunner().invoke(cli, ["check"])
    assert (result.exit_code, set(re.findall(r"KZ\d{3}", result.output))) == (0, set())


def test_a_problem_looks_as_the_document_shows_it(folder):
    shown = next(text for language, _, text in _BLOCK.findall(DOCUMENT) if language == "text")
    wrong = (
        "rules:\n  - id: near\n    when:\n      - membr(?state, ?bloc)\n    then: hedges(?state)\n    source: atlas\n"
    )
    (folder / "rules" / "security.yaml").write_text(wrong, encoding="utf-8")
    assert shown in CliRunner().invoke(cli, ["check"]).output


#: A rule for traces to tell of.
TRACED = """
rules:
  - id: bloc
    when: ["member(?state, ?bloc)", "leads(?power, ?bloc)", "?state != ?power"]
    then: aligned(?state, ?power)
    certainty: 0.6
    because: "{state} follows {power} in {bloc}"
    source: atlas
"""
#: What no document can show: see tests/sql/test_sql_limits.py, tests/sql/test_sql_tables.py,
#: tests/review/test_review_commands.py and tests/authoring/test_fmt.py.
SHOWN_ELSEWHERE = frozenset(["KZ404", "KZ405", "KZ605", "KZ807"])


@pytest.mark.parametrize("code", [code for code in CODES if code not in SHOWN_ELSEWHERE])
def test_the_example_of_a_code_is_wrong_in_that_way(folder, code, monkeypatch):
    blocks = _BLOCK.findall(sections()[code])
    assert blocks, "a section has an example"
    commands = [["check"]]
    for language, name, text in blocks:
        if language == "tampering":
            (folder / "signers").write_text("anna@example.org ssh-ed25519 AAAA\n", encoding="utf-8")
            signers = ["--signers", "signers"] if name == "signature" else []
            form = name if name == "html" else "json"
            commands = [["trace", "verify", str(tampered(folder, text, form)), *signers]]
        elif language == "sh":
            if package := name.removeprefix("without-"):
                hide(package, monkeypatch)
            commands = [shlex.split(line.removeprefix("kzexpert")) for line in text.splitlines()]
        else:
            path = folder / _path_of(language, name)
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_text(text, encoding="utf-8")
        if name == "run":
            assert code in run_out(folder)
            return
    for command in commands:
        result = CliRunner().invoke(cli, command)
        assert code in result.output
        assert result.exception is None or isinstance(result.exception, SystemExit)


def tampered(folder: Path, change: str, form: str) -> Path:
    """A trace in which what the left side of ``=>`` matches first is the right side."""
    (folder / "rules" / "example.yaml").write_text(TRACED, encoding="utf-8")
    path = folder / f"trace.{form}"
    export = ["trace", "export", "aligned(?state, ?power)", "--format", form, "--output", str(path)]
    result = CliRunner().invoke(cli, export)
    assert result.exit_code == 0, result.output
    pattern, replacement = change.rstrip("\n").split(" => ")
    before = path.read_text(encoding="utf-8")
    after = re.sub(pattern, lambda _: replacement, before, count=1, flags=re.DOTALL)
    assert after != before or pattern == replacement
    path.write_text(after, encoding="utf-8")
    return path


def _path_of(language: str, name: str) -> str:
    if language == "json" or "/" in name:
        return name
    if language == "csv":
        return f"facts/{name}"
    return "tests/cases/example.yaml" if name == "case" else "rules/example.yaml"


def run_out(folder: Path) -> set[str]:
    """The codes of a run with a small budget."""
    with pytest.raises(KnowledgeBaseError) as caught:
        engine(budget=Budget(firings=1000)).infer(snapshot(load_knowledge_base([folder])))
    return {issue.code for issue in caught.value.issues}
