"""Findings for machines: what their own readers and schemas make of them."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import junitparser
import pytest

from .conftest import Kzexpert

#: As @microsoft/jest-sarif 1.0.0-beta.0 (MIT) ships it.
SARIF = Path(__file__).parents[1] / "helpers" / "sarif-2.1.0.json"

WRONG = """\
# ĀĀ
rules:
  - {id: "😀", when: [membr(?state)], then: 'hedges(?state)'}
  - id: far, 100% %0A
    when:
      - member(?state, ?bloc)
    then: hedges(?state)
"""


@pytest.fixture
def broken(small: Path) -> Path:
    (small / "rules" / "a b%,ü.yaml").write_text(WRONG, encoding="utf-8")
    (small / "facts" / "bell.yaml").write_text('facts:\n  "a\\x07b": [{x: 1}]\n', encoding="utf-8")
    return small


def _sarif(text: str) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(text)
    jsonschema.Draft4Validator(json.loads(SARIF.read_text(encoding="utf-8"))).validate(log)
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


def _shown(kzexpert: Kzexpert, *arguments: str) -> list[dict[str, Any]]:
    shown = json.loads(kzexpert(*arguments, "--format", "json").stdout)["issues"]
    assert isinstance(shown, list)
    return shown


def test_sarif_fits_its_schema_and_says_what_check_says(kzexpert: Kzexpert, broken: Path) -> None:
    result = kzexpert("check", "--format", "sarif")
    run = _sarif(result.stdout)
    assert result.exit_code == 1
    assert [found["ruleId"] for found in run["results"]] == [one["code"] for one in _shown(kzexpert, "check")]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[found["ruleIndex"]]["id"] == found["ruleId"] for found in run["results"])


def test_columns_of_sarif_count_units_of_utf_16_and_its_paths_are_uris(kzexpert: Kzexpert, broken: Path) -> None:
    run = _sarif(kzexpert("check", "--format", "sarif").stdout)
    (place,) = (
        found["locations"][0]["physicalLocation"]
        for found in run["results"]
        if "there is no predicate membr" in found["message"]["text"]
    )
    assert place["artifactLocation"] == {"uri": "rules/a%20b%25%2C%C3%BC.yaml", "uriBaseId": "%SRCROOT%"}
    line = WRONG.split("\n")[2]
    assert place["region"]["startColumn"] == line.index("membr") + 1 + 1  # the face takes two
    assert place["region"]["snippet"]["text"] == line


def test_paths_begin_at_the_root_of_the_repository(kzexpert: Kzexpert, broken: Path) -> None:
    (broken.parent / ".git").mkdir()
    run = _sarif(kzexpert("check", "--format", "sarif").stdout)
    uris = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in run["results"]}
    assert all(uri.startswith("small/") for uri in uris)
    assert "file=small/facts/bell.yaml," in kzexpert("check", "--format", "github").stdout


def test_fingerprints_stay_when_lines_move_and_tell_issues_apart(kzexpert: Kzexpert, broken: Path) -> None:
    def prints() -> list[str]:
        run = _sarif(kzexpert("check", "--format", "sarif").stdout)
        return [found["partialFingerprints"]["kzexpertIssue/v1"] for found in run["results"]]

    before = prints()
    assert len(set(before)) == len(before) > 3
    file = broken / "rules" / "a b%,ü.yaml"
    file.write_text(f"# above\n\n{file.read_text(encoding='utf-8')}", encoding="utf-8")
    assert prints() == before


def test_annotations_are_a_line_each_and_read_back(kzexpert: Kzexpert, broken: Path) -> None:
    *lines, last = kzexpert("check", "--format", "github").stdout.splitlines()
    issues = _shown(kzexpert, "check")
    assert len(lines) == len(issues)
    for line, issue in zip(lines, issues, strict=True):
        found = re.fullmatch(r"::(error|warning) ([^:]*)::(.*)", line)
        assert found is not None
        properties = dict(item.split("=", 1) for item in found[2].split(","))
        read = {name: _unescaped(value) for name, value in properties.items()}
        assert (found[1], read["title"], read["file"]) == (issue["severity"], issue["code"], issue["file"])
        assert int(read["line"]) == issue["line"]
        assert _unescaped(found[3]).split("\nhint: ")[0] == issue["message"]
    assert re.fullmatch(r"\d+ errors, \d+ warnings?", last)


def _unescaped(text: str) -> str:
    for written, meant in (("%0A", "\n"), ("%0D", "\r"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(written, meant)
    return text


@pytest.mark.parametrize("strict", [(), ("--strict",)])
def test_junit_of_check_counts_what_fails(kzexpert: Kzexpert, broken: Path, strict: tuple[str, ...]) -> None:
    kzexpert("check", "--report", "junit=check.xml", *strict)
    read = junitparser.JUnitXml.fromfile("check.xml")
    issues = _shown(kzexpert, "check")
    failing = [issue for issue in issues if strict or issue["severity"] == "error"]
    assert read.failures == len(failing)
    tests = [test for suite in read for test in suite]
    assert read.tests == len(tests)
    assert sum(test.is_passed for test in tests) == len(tests) - len(failing)


def test_junit_of_test_has_a_test_for_each_case(kzexpert: Kzexpert, small: Path) -> None:
    case = "{id: wrong, note: no, ask: 'leads(?a, Pact)', want: 'leads(Klow, Pact)'}"
    (small / "tests" / "cases" / "zz.yaml").write_text(case, encoding="utf-8")
    result = kzexpert("test", "--format", "junit")
    read = junitparser.JUnitXml.fromstring(result.stdout)
    shown = json.loads(kzexpert("test", "--format", "json").stdout)
    assert result.exit_code == 1
    assert {(test.name, test.is_passed) for suite in read for test in suite} == {
        (one["id"], one["passed"]) for one in shown["cases"]
    }
    (found,) = _sarif(kzexpert("test", "--format", "sarif").stdout)["results"]
    assert "missing: leads(Syldavia, Pact)" in found["message"]["text"]
    assert "line=1,col=1,title=KZ129::the case wrong fails" in kzexpert("test", "--format", "github").stdout


def test_several_reports_at_once(kzexpert: Kzexpert, broken: Path) -> None:
    forms = {"text": "a.txt", "json": "a.json", "sarif": "a.sarif", "github": "a.log", "junit": "a.xml"}
    result = kzexpert("check", *(word for form, file in forms.items() for word in ("--report", f"{form}={file}")))
    assert result.stdout == Path("a.txt").read_text(encoding="utf-8") == kzexpert("check").stdout
    for form, file in forms.items():
        assert kzexpert("check", "--format", form).stdout == Path(file).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("reports", "message"),
    [
        (["sarf=a"], "did you mean sarif?"),
        (["sarif"], "write FORMAT=FILE"),
        (["sarif=no/such/a"], "cannot write"),
        (["sarif=a", "junit=./a"], "names the same file"),
        (["sarif=rules/vocabulary.yaml"], "the command reads"),
    ],
)
def test_reports_that_cannot_be_written(kzexpert: Kzexpert, reports: list[str], message: str) -> None:
    result = kzexpert("check", *(word for one in reports for word in ("--report", one)))
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_one_file_from_stdin(small: Path) -> None:
    from click.testing import CliRunner

    from kzexpert.cli.group import cli

    def checked(name: str, text: str) -> tuple[int, str]:
        result = CliRunner().invoke(cli, ["check", "-", "--stdin-name", name, "--format", "github"], input=text)
        return result.exit_code, result.stdout

    code, out = checked("rules/new.yaml", WRONG)
    assert code == 1
    assert "file=rules/new.yaml,line=3,col=22,title=KZ202::there is no predicate membr%0A" in out
    assert not (small / "rules" / "new.yaml").exists()
    first = next(iter(sorted((small / "tests" / "cases").glob("*.yaml"))))
    assert "KZ116" in checked(str(first.relative_to(small)), "{ask: leads(_, _)}")[1]
    (small / "kzexpert.yaml").write_text("name: small\n", encoding="utf-8")
    assert "title=KZ108" in checked("kzexpert.yaml", "nam: x\n")[1]
    (small / "rules" / "other.yaml").write_text("ruls: []\n", encoding="utf-8")
    assert checked("rules/new.yaml", "kinds: [star]\n") == (0, "0 errors, 0 warnings\n")


def test_stdin_and_its_name_go_together(kzexpert: Kzexpert) -> None:
    for words in (["-"], ["--stdin-name", "rules/x.yaml"]):
        result = kzexpert("check", *words)
        assert (result.exit_code, "go together" in result.stderr) == (2, True)
