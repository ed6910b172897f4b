"""``kzexpert fix``: what hints say with certainty is done, and nothing else."""

import shutil
from pathlib import Path

import pytest
from processes import here

from kzexpert.authoring.language_server.fixes import fixes
from kzexpert.authoring.language_server.text import Text
from kzexpert.language.files import unsaved
from kzexpert.language.loader import read_knowledge_base


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """The small base, which a test may break."""
    folder = tmp_path / "small"
    shutil.copytree(Path(__file__).parents[1] / "kb_small", folder)
    return folder


WRONG = """\
# wrong in many ways
source: atlas
rules:
  - id: a
    title: It says: more
    certaintyy: "0.5"
    each: True
    when:
      - membr(?state, ?bloc)   # here
      - leads(?power, Pact)
      - ?state <> ?power
      - ?state ≠ Klow
    then: alignment(?state, ?power, secruity)
    because: {state} sits with {power}
  - id: b
    when: ["not member(Grand Fenwick, ?x)", 'leads(?y, ?x)', "?y == Borduria"]
    then: hedges(?y)
"""
RIGHT = """\
# wrong in many ways
source: atlas
rules:
  - id: a
    title: "It says: more"
    certainty: 0.5
    each: true
    when:
      - member(?state, ?bloc)   # here
      - leads(?power, Pact)
      - ?state != ?power
      - ?state != Klow
    then: alignment(?state, ?power, security)
    because: "{state} sits with {power}"
  - id: b
    when: ["not member('Grand Fenwick', ?x)", 'leads(?y, ?x)', "?y = Borduria"]
    then: hedges(?y)
"""


def test_all_that_is_certain_is_done_at_once(base: Path) -> None:
    file = base / "rules" / "wrong.yaml"
    file.write_text(WRONG, encoding="utf-8")
    shown = here("fix", "--diff", cwd=base)
    told = here("fix", "--dry-run", cwd=base)
    assert file.read_text(encoding="utf-8") == WRONG
    assert '+    title: "It says: more"\n' in shown.stdout
    assert "rules/wrong.yaml:9:9: KZ202 membr is now member\n" in told.stdout
    done = here("fix", cwd=base)
    assert done.stdout == told.stdout.replace("would be done", "done")
    assert file.read_text(encoding="utf-8") == RIGHT
    assert "'Grand'" not in done.stdout


def test_the_cases_are_corrected_when_the_base_is_whole(base: Path) -> None:
    rule, case = base / "rules" / "w.yaml", base / "tests" / "cases" / "w.yaml"
    rule.write_text("drop: []\nkindss: []\n", encoding="utf-8")
    case.write_text("{id: w, ask: leads(_, _), want_nonee: True}\n", encoding="utf-8")
    here("fix", cwd=base)
    assert rule.read_text(encoding="utf-8") == "drop: []\nkinds: []\n"
    assert case.read_text(encoding="utf-8") == "{id: w, ask: leads(_, _), want_none: true}\n"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("rules: [{id: a, when: [ledas(?x, ?y)], then: q(?x)}]\n", "q"),  # nothing is like q
        ("facts: {member: [{state: Ruritania, bloc: Pact, since: 7.10.2002}]}\n", "7.10.2002"),  # July or October
        ("rules: [{id: a, when: [mem(?x, ?y)], then: hedges(?x)}]\n", "mem"),  # too short to be a slip
        ("entities: {A: {kind: state, kindd: x}}\n", "kindd"),  # the key would be there twice
    ],
)
def test_what_is_not_certain_or_no_good_is_left(base: Path, text: str, left: str) -> None:
    file = base / "facts" / "w.yaml"
    file.write_text(text, encoding="utf-8")
    result = here("fix", cwd=base)
    assert result.returncode == 1
    assert left in file.read_text(encoding="utf-8")
    assert "KZ" in here("check", cwd=base).stdout


def test_a_base_without_mistakes_stays(base: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in base.rglob("*.yaml")}
    result = here("fix", cwd=base)
    assert result.returncode == 0
    assert result.stdout.startswith("0 corrections done; left: 0 errors")
    assert {path: path.stat().st_mtime_ns for path in base.rglob("*.yaml")} == before


def test_an_editor_offers_the_same_edits() -> None:
    text = "facts: {member: [{since: 2001/3/4}]}\n"
    with unsaved({"x.yaml": text}):
        (issue,) = read_knowledge_base([], facts=["x.yaml"]).issues
    (fix,) = fixes(issue, "x.yaml", Text(text))
    ((start, end), new) = fix.edits[0]
    assert (fix.certain, text[start:end], new) == (True, "2001/3/4", "2001-03-04")
