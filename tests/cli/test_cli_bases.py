"""Bases that build on each other: folders on disk, asked with the command."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from processes import CHECKOUT, Came, environment, here, run

import kzexpert
from kzexpert.language import load_knowledge_base
from kzexpert.language.bases import named_base

RULES = """
kinds: [state, bloc]
predicates:
  member: {args: [state: state, bloc: bloc], holds: interval, says: "{state} is in {bloc}"}
  leads: {args: [power: state, bloc: bloc], holds: interval}
  near: {args: [state: state, power: state], says: "{state} is near {power}"}
sources: {method: {title: A Method, date: 2001-05-01}}
source: method
rules:
  - id: by-bloc
    when: ["member(?s, ?b)", "leads(?p, ?b)", "?s != ?p"]
    then: near(?s, ?p)
    certainty: 0.6
    because: "{p} leads {b}"
  - {id: by-leader, when: ["leads(?s, ?b)", "member(?p, ?b)", "?s != ?p"], then: "near(?s, ?p)", certainty: 0.4}
"""
LOWER_FACTS = """
entities: {Borduria: {kind: state}}
sources: {late: {title: Late, date: 2015-01-01}}
source: late
facts: {}
"""
FACTS = """
entities: {Ruritania: {kind: state}, Syldavia: {kind: state}, Pact: {kind: bloc}}
sources: {almanac: {title: An Almanac, date: 2010-06-01}, unread: {title: Nobody cites it, date: 2030-01-01}}
source: almanac
facts:
  member: [{state: Ruritania, bloc: Pact, since: 1999}]
  leads: [{power: Syldavia, bloc: Pact, since: 1999}]
"""
CASE = 'facts: {member: [{state: Ruritania, bloc: Pact}]}\nask: "member(?s, Pact)"\nwant: "member(Ruritania, Pact)"\n'


def put(folder: Path, **files: str) -> Path:
    """Files by name; ``rules_a`` is ``rules/a.yaml``."""
    for name, text in files.items():
        path = folder / (name.replace("_", "/") + ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A base that uses the rules of another one beside it."""
    put(tmp_path / "lower", kzexpert="name: lower\nversion: 1.2\n", rules_all=RULES, facts_some=LOWER_FACTS)
    return put(tmp_path / "top", kzexpert="name: top\nuses: [../lower]\n", facts_own=FACTS)


def certainties(came: Came) -> dict[str, float]:
    return {item["conclusion"]: item["certainty"] for item in json.loads(came.stdout)["answers"]}


def asked(folder: Path, question: str, *arguments: str) -> dict[str, float]:
    return certainties(here("ask", question, "--format", "json", *arguments, cwd=folder))


# --- uses ------------------------------------------------------------------------------------------------------------


def test_the_rules_of_a_used_base_are_taken_and_its_facts_only_on_request(top: Path) -> None:
    checked = here("check", cwd=top)
    assert checked.stdout == "0 errors, 0 warnings\n"
    assert asked(top, "near(Ruritania, ?p)") == {"near(Ruritania, Syldavia)": 0.6}
    assert here("ask", "near(Borduria, ?p)", cwd=top).returncode == 2  # its facts/ declares that state
    put(top, kzexpert="name: top\nuses: [{base: ../lower, facts: true}]\n")
    assert here("ask", "near(Borduria, ?p)", cwd=top).returncode == 3


def test_verbose_names_every_base_and_where_it_lies(top: Path) -> None:
    told = here("ask", "near(Ruritania, ?p)", "-v", cwd=top).stderr
    assert "used base: " in told
    assert "(lower 1.2, digest " in told
    assert f"knowledge base: {top} (top, digest " in told


def test_a_digest_follows_the_files_and_not_the_folder(top: Path, tmp_path: Path) -> None:
    def digest(folder: Path) -> str:
        told = here("check", "-v", "--kb", str(folder)).stderr
        return told.partition("digest ")[2][:12]

    lower, copy = tmp_path / "lower", tmp_path / "copy"
    subprocess.run(["cp", "-r", lower, copy], check=True)
    assert digest(lower) == digest(copy)
    put(copy, rules_all=RULES + "# more\n")
    assert digest(lower) != digest(copy)


def test_bases_in_a_circle(top: Path, tmp_path: Path) -> None:
    put(tmp_path / "lower", kzexpert="name: lower\nuses: [../third]\n")
    put(tmp_path / "third", kzexpert="uses: [../top]\n")
    came = here("check", cwd=top)
    assert came.returncode == 1
    assert "KZ127 bases use each other in a circle: top → lower → third → top" in came.stdout


def test_a_base_that_two_others_use_is_loaded_once(top: Path, tmp_path: Path) -> None:
    put(tmp_path / "third", kzexpert="uses: [../lower]\n")
    put(top, kzexpert="uses: [../lower, ../third]\n")
    assert here("check", cwd=top).stdout == "0 errors, 0 warnings\n"


def test_a_name_that_is_none(top: Path) -> None:
    put(top, kzexpert="uses: [kzexprt, ../nothing, facts]\n")
    came = here("check", cwd=top)
    assert "kzexpert.yaml:1:8: KZ128 there is no base kzexprt" in came.stdout
    assert "did you mean kzexpert?" in came.stdout
    assert "KZ128 ../nothing is not a base" in came.stdout
    assert "a folder is written ./facts" in came.stdout


def test_what_a_manifest_cannot_say(top: Path) -> None:
    put(top, kzexpert="nme: top\nas-of: 2010-02-30\ndrop: [x]\nuses: [{facts: true}]\nname: a/b\n")
    told = here("check", cwd=top).stdout
    assert "KZ108 unknown key 'nme'" in told
    assert "kzexpert.yaml:2:8: KZ112" in told
    assert "drop: belongs in a file of rules/" in told
    assert "KZ109" in told
    assert "'a/b' is not a name for a base" in told


def test_errors_of_a_used_base_stand_apart(top: Path, tmp_path: Path) -> None:
    put(tmp_path / "lower", rules_wrong="rules: [{id: w, when: ['membr(?s, ?b)'], then: 'near(?s, ?s)'}]\n")
    put(top, facts_wrong="facts: {membre: [{state: Ruritania}]}\n")
    shown = here("check", cwd=top).stdout
    own, _, apart = shown.partition("In lower 1.2, which is used here:")
    assert "there is no predicate membre" in own
    assert "there is no predicate membr\n" in apart
    assert shown.startswith("2 errors, 1 warning; 1 of them in used bases\n")
    failed = here("ask", "near(?a, ?b)", cwd=top)
    assert (failed.returncode, "In lower 1.2, which is used here:" in failed.stderr) == (1, True)
    bases = [issue.get("base", "") for issue in json.loads(here("check", "--format", "json", cwd=top).stdout)["issues"]]
    assert sorted(bases) == ["", "", "lower 1.2"]


def test_cases_of_a_used_base_run_with_that_base_alone(top: Path, tmp_path: Path) -> None:
    put(tmp_path / "lower", tests_cases_a="use: [../../facts/some.yaml]\nask: 'near(?a, ?b)'\nwant_none: true\n")
    put(top, tests_cases_a=CASE)
    came = here("test", cwd=top)
    assert (came.returncode, came.stdout) == (0, "1 passed\nlower 1.2, which is used here: 1 passed\n")
    put(tmp_path / "lower", tests_cases_a="ask: 'near(Ruritania, ?b)'\nwant_none: true\n")
    assert here("test", cwd=top).returncode == 1  # Ruritania is known to the upper base alone


# --- replaces and drop -----------------------------------------------------------------------------------------------

REPLACED = """
drop: [by-leader]
sources: {own: {title: Our Own}}
source: own
rules:
  - id: by-bloc
    replaces: by-bloc
    when: ["member(?s, ?b)", "leads(?p, ?b)", "?s != ?p"]
    then: near(?s, ?p)
    certainty: 0.5
    because: "{p} leads {b}"
"""


def test_rules_are_replaced_and_dropped_and_why_says_so(top: Path) -> None:
    assert asked(top, "near(?s, ?p)") == {"near(Ruritania, Syldavia)": 0.6, "near(Syldavia, Ruritania)": 0.4}
    put(top, rules_own=REPLACED)
    assert here("check", cwd=top).stdout == "0 errors, 0 warnings\n"
    assert asked(top, "near(?s, ?p)") == {"near(Ruritania, Syldavia)": 0.5}
    told = " ".join(here("why", "near(Ruritania, Syldavia)", cwd=top).stdout.split())
    assert "in the place of by-bloc of lower 1.2" in told
    assert "Dropped here (rules/own.yaml:2:8): rule by-leader" in told
    lacking = " ".join(here("why", "near(Syldavia, Ruritania)", cwd=top).stdout.split())
    assert "Dropped here (rules/own.yaml:2:8): rule by-leader" in lacking


def test_a_draft_replaces_rules_of_the_base_it_is_given_with(top: Path, tmp_path: Path) -> None:
    draft = tmp_path / "drafts"
    put(draft, own=REPLACED)
    assert asked(top, "near(?s, ?p)", "--rules", str(draft)) == {"near(Ruritania, Syldavia)": 0.5}


def test_what_the_middle_of_three_bases_changed_stays_changed(top: Path, tmp_path: Path) -> None:
    put(tmp_path / "middle", kzexpert="name: middle\nuses: [../lower]\n", rules_own=REPLACED)
    put(top, kzexpert="uses: [../lower, ../middle]\n")
    assert asked(top, "near(?s, ?p)") == {"near(Ruritania, Syldavia)": 0.5}
    upper = REPLACED.replace("[by-leader]", "[]").replace("0.5", "0.3")
    put(top, rules_own=upper)
    for engine in ("experta", "duckdb"):
        assert asked(top, "near(?s, ?p)", "--engine", engine) == {"near(Ruritania, Syldavia)": 0.3}


def test_a_case_replaces_and_drops_for_itself(top: Path) -> None:
    wanted = "ask: 'near(?s, ?p)'\nwant: 'near(Ruritania, Syldavia) @ 0.5'\n"
    put(top, tests_cases_a=REPLACED + wanted, tests_cases_b="drop: [by-bloc]\n" + wanted)
    came = here("test", cwd=top)
    assert "FAIL b" in came.stdout
    assert came.stdout.splitlines()[-1] == "1 failed, 1 passed"


def test_a_manifest_may_be_empty(top: Path) -> None:
    put(top, kzexpert="# nothing yet\n", rules_all=RULES)
    assert here("check", cwd=top).stdout == "0 errors, 0 warnings\n"


def test_the_same_id_without_that_names_both_places(top: Path) -> None:
    put(top, rules_own=REPLACED.replace("    replaces: by-bloc\n", ""))
    came = here("check", cwd=top)
    assert "rules/own.yaml:6:9: KZ210 rule id by-bloc appears twice" in came.stdout
    assert "lower/rules/all.yaml:10:9: the other rule of that id" in came.stdout
    assert "replaces: by-bloc" in " ".join(came.stdout.split())


def test_what_nobody_has_is_not_replaced(top: Path) -> None:
    put(top, rules_own=REPLACED.replace("[by-leader]", "[by-leadr]").replace("replaces: by-bloc", "replaces: by-block"))
    told = here("check", cwd=top).stdout
    assert "KZ223 drop names by-leadr" in told
    assert "KZ223 replaces names by-block" in told
    assert "did you mean by-bloc?" in told


def test_a_base_does_not_replace_its_own_rules(top: Path, tmp_path: Path) -> None:
    put(tmp_path / "lower", rules_own="drop: [by-bloc]\n")
    assert "KZ223 drop names by-bloc" in here("check", "--kb", str(tmp_path / "lower")).stdout


# --- which base answers ----------------------------------------------------------------------------------------------


def test_a_base_is_named_by_option_variable_and_folder(top: Path, tmp_path: Path) -> None:
    question = ("ask", "who leads the CSTO")
    assert here(*question, "--kb", "kzexpert", cwd=tmp_path).stdout.startswith("Russia leads the CSTO")
    assert here(*question, cwd=top, settings={"KZEXPERT_KB": "kzexpert"}).stdout.startswith("Russia leads the CSTO")
    both = {"KZEXPERT_KB": os.pathsep.join(["kzexpert", str(CHECKOUT / "tests" / "kb_small")])}
    assert "knowledge base: " in here("check", "-v", cwd=tmp_path, settings=both).stderr
    assert asked(top / "facts", "near(Ruritania, ?p)") == {"near(Ruritania, Syldavia)": 0.6}  # the nearest above
    unknown = here(*question, "--kb", "kzexprt", cwd=tmp_path)
    assert (unknown.returncode, "did you mean kzexpert?" in unknown.stderr) == (1, True)


def test_folders_of_files(top: Path, tmp_path: Path) -> None:
    put(tmp_path / "more", a="facts: {leads: [{power: Ruritania, bloc: Pact, source: almanac}]}\n")
    assert asked(top, "leads(?p, Pact)", "--facts", str(tmp_path / "more")).keys() == {
        "leads(Ruritania, Pact)",
        "leads(Syldavia, Pact)",
    }
    (tmp_path / "empty").mkdir()
    assert "KZ101" in here("check", "--rules", str(tmp_path / "empty"), cwd=top).stdout
    assert "give a base with --kb" in here("check", "--facts", str(top), cwd=top).stdout


def test_what_was_kept_for_the_next_start_follows_the_used_base(top: Path, tmp_path: Path) -> None:
    kept = {"KZEXPERT_CACHE": str(tmp_path / "cache")}
    for folder in (top, tmp_path / "lower"):
        for file in folder.rglob("*.yaml"):
            os.utime(file, (1_500_000_000, 1_500_000_000))
    for recalled in (False, True):
        came = here("ask", "near(Ruritania, ?p)", "-v", cwd=top, settings=kept)
        assert ("recalled" in came.stderr, "(lower 1.2, digest " in came.stderr) == (recalled, True)
    put(tmp_path / "lower", rules_all=RULES.replace("0.6", "0.7"))
    assert "certainty 0.70" in here("ask", "near(Ruritania, ?p)", cwd=top, settings=kept).stdout


# --- as of -----------------------------------------------------------------------------------------------------------


def as_of(folder: Path, *arguments: str) -> str:
    text = here("ask", "near(Ruritania, ?p)", *arguments, cwd=folder).stdout
    return " ".join(text.partition("As of ")[2].split()).partition(". ")[0]


def test_the_default_date_is_that_of_what_this_base_cites_and_is_said(top: Path, tmp_path: Path) -> None:
    assert as_of(top) == "2010-06-01, the date of source almanac"
    newer = put(tmp_path / "more", a="sources: {wire: {title: W, date: 2012}}\n") / "a.yaml"
    assert as_of(top, "--facts", str(newer)) == "2010-06-01, the date of source almanac"
    newer.write_text(newer.read_text() + "facts: {leads: [{power: Ruritania, bloc: Pact, source: wire}]}\n")
    assert as_of(top, "--facts", str(newer)) == "2012-12-31, the date of source wire"
    assert as_of(top, "--as-of", "2005") == "2005-12-31"


def test_facts_of_a_used_base_do_not_move_the_date(top: Path, tmp_path: Path) -> None:
    late = "facts: {leads: [{power: Borduria, bloc: League}]}\n"
    text = LOWER_FACTS.replace("facts: {}\n", late).replace("}}\nsources", "}, League: {kind: bloc}}\nsources")
    put(tmp_path / "lower", facts_some=text)
    put(top, kzexpert="uses: [{base: ../lower, facts: true}]\n")
    assert as_of(top) == "2010-06-01, the date of source almanac"


def test_a_manifest_names_the_date(top: Path) -> None:
    put(top, kzexpert="uses: [../lower]\nas-of: 2008\n")
    assert as_of(top) == "2008-12-31"


def test_without_a_dated_source_it_is_today(top: Path) -> None:
    put(top, facts_own=FACTS.replace(", date: 2010-06-01", ""))
    assert as_of(top).endswith(", today, since no dated source is cited")


# --- the shipped base ------------------------------------------------------------------------------------------------

MONGOLIA = """
entities:
  Mongolia: {kind: state}
  China: {kind: state}
sources: {note: {title: A Note, date: 2020-01-01}}
source: note
facts:
  turns_to: [{state: Mongolia, power: China, sphere: energy, since: 2010}]
"""


def test_the_shipped_rules_stand_without_the_shipped_facts(tmp_path: Path) -> None:
    folder = put(tmp_path / "mongolia", kzexpert="name: mongolia\nuses: [kzexpert]\n", facts_own=MONGOLIA)
    came = run("check", "--strict", cwd=folder)
    assert (came.returncode, came.stdout) == (0, "0 errors, 0 warnings\n")
    answer = run("ask", "who is Mongolia aligned with in energy", cwd=folder)
    assert answer.stdout.startswith("Mongolia is aligned with China in energy: ")
    assert run("ask", "who leads the CSTO", cwd=folder).returncode == 2  # Kazakhstan's facts are not there


def test_the_shipped_manifest_is_of_the_version_of_the_package() -> None:
    assert yaml.safe_load((CHECKOUT / "kzexpert.yaml").read_text())["version"] == kzexpert.__version__


def test_a_trace_names_the_bases_it_was_made_with(top: Path) -> None:
    (top / "t.json").write_text(here("trace", "export", "near(Ruritania, ?p)", cwd=top).stdout, encoding="utf-8")
    bases = json.loads((top / "t.json").read_text())["bases"]
    assert [(base["name"], base["version"], base["used"]) for base in bases] == [
        ("lower", "1.2", True),
        ("top", "", False),
    ]
    same = here("trace", "verify", "t.json", cwd=top)
    assert (same.returncode, same.stderr) == (0, "")
    put(top, facts_more="entities: {Gorra: {kind: state}}\n")
    changed = here("trace", "verify", "t.json", cwd=top)
    assert changed.returncode == 0
    assert "KZ510 the base top of the trace has other files now" in changed.stderr


def test_names_that_only_facts_declare_are_told(top: Path, tmp_path: Path) -> None:
    named = "rules: [{id: r, when: ['leads(?s, _)'], then: 'near(?s, Borduria)', source: late}]\n"
    put(tmp_path / "lower", rules_named=named)
    told = here("check", "--kb", str(tmp_path / "lower")).stdout
    assert "KZ224 there is no source late in rules/ of lower: only facts/ declares it" in told
    assert "KZ224" in told.partition("Borduria")[2]
    assert "KZ204" in here("check", cwd=top).stdout.partition("In lower")[2]


# --- installed bases -------------------------------------------------------------------------------------------------

BACKEND = '''
"""The least that builds a wheel, without a network."""
import zipfile
from pathlib import Path

def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = "ruritania_base-1.0-py3-none-any.whl"
    info = "ruritania_base-1.0.dist-info"
    with zipfile.ZipFile(Path(directory) / name, "w") as wheel:
        for path in sorted(Path("ruritania_base").rglob("*.*")):
            wheel.write(path, path.as_posix())
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: ruritania-base\\nVersion: 1.0\\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/entry_points.txt", "[kzexpert.bases]\\nruritania = ruritania_base\\n")
        wheel.writestr(f"{info}/RECORD", "")
    return name
'''


@pytest.mark.slow
def test_an_installed_package_offers_a_base(tmp_path: Path) -> None:
    package = put(tmp_path / "package" / "ruritania_base", kzexpert="name: ruritania\nversion: 1.0\n", rules_all=RULES)
    (package / "__init__.py").write_text("raise ImportError('a base is read, not run')\n")
    (package.parent / "backend.py").write_text(BACKEND)
    system = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    (package.parent / "pyproject.toml").write_text(system)
    site = tmp_path / "site"
    words = ("install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--target", str(site))
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", *words, str(package.parent)]
    came = subprocess.run(pip, env=environment(), capture_output=True, text=True, timeout=120, check=False)
    assert came.returncode == 0, came.stderr
    found = os.pathsep.join([str(Path(kzexpert.__file__).parents[1]), str(site)])
    top = put(tmp_path / "top", kzexpert="name: top\nuses: [ruritania]\n", facts_own=FACTS)
    answer = run("ask", "near(Ruritania, ?p)", "-v", cwd=top, PYTHONPATH=found)
    assert answer.returncode == 0, answer.stderr
    assert "certainty 0.60" in answer.stdout
    assert "(ruritania 1.0, digest " in answer.stderr
    assert run("check", "--kb", "ruritania", cwd=tmp_path, PYTHONPATH=found).returncode == 0
    absent = run("check", cwd=top)
    assert "KZ128 there is no base ruritania" in absent.stdout


def test_bases_from_python(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(top)
    (answer,) = kzexpert.load().ask("near(Ruritania, ?p)").answers
    assert answer.certainty == 0.6
    assert [layer.name for layer in load_knowledge_base(["kzexpert"]).layers] == ["kzexpert"]
    assert Path(named_base("kzexpert")) == CHECKOUT
    (trace,) = [kzexpert.load().trace("near(Ruritania, ?p)")]
    assert [base.name for base in trace.bases or ()] == ["lower", "top"]
