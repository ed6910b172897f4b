"""``kzexpert new``: facts, rules, entities, sources and cases that are added to a base of one's own."""

import json
import shutil
from pathlib import Path

import pytest
from processes import CHECKOUT, Came, here

from kzexpert.authoring.scaffold import scaffold, write_scaffold

FACTS = Path("facts") / "facts.yaml"
RULES = Path("rules") / "rules.yaml"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A new base that uses the shipped one."""
    folder = tmp_path / "mongolia"
    write_scaffold(scaffold(str(folder), ["kzexpert"]))
    return folder


def texts(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def new(folder: Path, *arguments: str, code: int = 0) -> Came:
    came = here("new", *arguments, cwd=folder)
    assert came.returncode == code, came.stdout + came.stderr
    return came


def told(came: Came) -> str:
    return " ".join((came.stdout + came.stderr).split())


def test_from_an_entity_to_an_answer(base: Path) -> None:
    new(base, "entity", "Mongolia", "--kind", "state", "--alias", "MN", "--alias", "Mongolian")
    new(base, "source", "treaty", "--title", "A Treaty: Text", "--date", "2024-06", "--reliability", "A")
    came = new(base, "fact", "member(MN, 'Strelsau Pact')", "--since", "2012-11", "--source", "treaty", "--at", "I, 2")
    assert came.stdout.splitlines() == [
        "Added to facts/facts.yaml:",
        '  18 |     - {state: Mongolia, org: Strelsau Pact, since: 2012-11, source: treaty, at: "I, 2"}',
        "  Mongolia is a member of the Strelsau Pact (since 2012-11, treaty, I, 2)",
    ]
    assert here("check", "--strict", cwd=base).stdout == "0 errors, 0 warnings\n"
    asked = here("ask", "alignment(Mongolia, ?power, security)", "--format", "json", cwd=base)
    assert json.loads(asked.stdout)["answers"][0]["certainty"] == 0.6


def test_everything_else_stays_as_it_is(base: Path) -> None:
    before = (base / FACTS).read_text(encoding="utf-8").splitlines()
    new(base, "entity", "Mongolia", "--kind", "state")
    new(base, "fact", "power(Borduria)", "member(Mongolia, 'Strelsau Pact')", "lends(Borduria, Mongolia, 1.5)")
    after = (base / FACTS).read_text(encoding="utf-8").splitlines()
    rest = iter(after)
    assert all(line in rest for line in before)
    assert len(after) == len(before) + 5


def test_what_a_file_says_for_all_rows_is_told(base: Path) -> None:
    assert "Borduria is a major power (almanac)" in told(new(base, "fact", "power(Borduria)"))


def test_a_fact_goes_where_its_predicate_stands(base: Path) -> None:
    (base / "facts" / "other.yaml").write_text("source: almanac\nfacts:\n  power:\n  - state: Ruritania\n", "utf-8")
    new(base, "fact", "power(Borduria)", "--note", "A note: with a colon")
    added = '  - {state: Borduria, note: "A note: with a colon"}\n'
    assert (base / "facts" / "other.yaml").read_text(encoding="utf-8").endswith(added)
    new(base, "fact", "customs_union('Strelsau Pact')")  # of two files neither is the one
    assert (base / "facts" / "customs_union.yaml").exists()
    new(base, "fact", "customs_union('Strelsau Pact')", "--file", "facts/third.yaml", "--source", "almanac")
    assert (base / "facts" / "third.yaml").exists()


def test_a_statement_that_stands_elsewhere_is_told(base: Path) -> None:
    came = new(base, "fact", "member(Ruritania, 'Strelsau Pact')", "--since", "2011")
    assert 'member(Ruritania, "Strelsau Pact") stands also at facts/facts.yaml:14:7; it counts once' in told(came)


def test_nothing_is_written_on_a_dry_run(base: Path) -> None:
    before = texts(base)
    came = new(base, "fact", "power(Borduria)", "--dry-run")
    assert came.stdout.startswith("Would add to facts/facts.yaml:\n")
    new(base, "case", "power", "--ask", "power(?x)", "--dry-run")
    assert texts(base) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fact", "member(Mongolia, OSCE)"), "Mongolia in member(state)"),
        (("fact", "member(Mongolia, OSCE)"), "kzexpert new entity Mongolia --kind state"),
        (
            ("fact", "member(Ruritanla, 'Strelsau Pact')"),
            "did you mean Ruritania or Ruritanian? Else: kzexpert new entity",
        ),
        (("fact", "power(Borduria)", "--source", "almanak"), "did you mean almanac?"),
        (("fact", "power(Borduria)", "--source", "osce"), 'kzexpert new source osce --title "..." declares it'),
        (("fact", "power(Borduria)", "--since", "tomorrow"), "facts/facts.yaml (not written):23:"),
        (("fact", "power(Borduria)", "--since", "2012"), "KZ117"),
        (("fact", "lends(Borduria, Ruritania, much)"), "KZ205"),
        (("fact", "power(?x)", "power("), "KZ305"),
        (("fact", "power(?x)", "power("), "fact:2:7: KZ201"),
        (("fact", "power(Borduria)", "--certainty", "2"), "KZ111"),
        (("fact", "power(Borduria)", "--file", "../facts.yaml"), "KZ804"),
        (("fact", "power(Borduria)", "--file", "facts/facts.csv"), "KZ804"),
        (("fact", "power(Borduria)", "--file", "facts/.h.yaml"), "KZ804 facts/.h.yaml would never be read"),
        (("fact", "power(Borduria)", "--file", "facts/.old/h.yaml"), "since .old begins with a dot"),
        (
            ("fact", "member(Ruritania, 'Strelsau Pact')", "--since", "2010"),
            'KZ802 member(Ruritania, "Strelsau Pact") is on record already, facts/facts.yaml:14:7',
        ),
        (("fact", "power(Borduria)", "power(Borduria)"), "KZ802 power(Borduria) is on record already"),
        (("entity", " ", "--kind", "state"), "KZ801 the name is empty"),
        (("source", "", "--title", "x"), "KZ801 the name is empty"),
        (("rule", ""), "KZ801 the name is empty"),
        (("entity", "Ruritania", "--kind", "state"), "Ruritania is already declared"),
        (("entity", "Mongolia", "--kind", "sate"), "did you mean state?"),
        (("entity", "Mongolia", "--kind", "state", "--alias", "Borduria"), "KZ119"),
        (("source", "almanac", "--title", "x"), "KZ802 there is already a source almanac"),
        (("source", "x", "--title", "x", "--reliability", "G"), "KZ110"),
        (("rule", "led-security-bloc"), "--replaces led-security-bloc puts yours in its place"),
        (("rule", "mongolia-loans"), "KZ802"),
        (("rule", "x", "--when", "powr(?x)", "--then", "rival(?x, ?y)"), "did you mean power?"),
        (("rule", "x", "--when", "powr(?x)", "--then", "rival(?x, ?y)"), "rules/rules.yaml (not written):17:"),
        (("rule", "x", "--when", "power(?x)"), "--then is missing"),
        (("case", "mongolia-loans", "--ask", "power(?x)"), "KZ802"),
        (("case", "a/b", "--ask", "power(?x)"), "KZ801"),
        (("case", "a", "--ask", "what is what"), "KZ301"),
        (("case", "a", "--ask", "power(?x)", "--as-of", "soon"), "KZ303"),
    ],
)
def test_what_would_be_at_fault_is_not_written(base: Path, arguments: tuple[str, ...], message: str) -> None:
    before = texts(base)
    came = here("new", *arguments, cwd=base)
    assert came.returncode in (1, 2)
    assert message in told(came)
    assert texts(base) == before


def test_a_base_of_others_is_not_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    came = new(tmp_path, "fact", "power(Russia)", "--kb", "kzexpert", code=2)
    assert "KZ804 the base kzexpert comes with kzexpert" in told(came)
    assert "kzexpert new base NAME" in told(came)
    packed = tmp_path / "site" / "kzexpert" / "_kb"
    shutil.copytree(CHECKOUT / "facts", packed / "facts")
    shutil.copytree(CHECKOUT / "rules", packed / "rules")
    monkeypatch.setattr("kzexpert.authoring.own_base.packed_knowledge_base", lambda: str(packed))
    assert "KZ804" in told(new(packed, "fact", "power(Russia)", code=2))


def test_a_used_base_is_not_written_to(base: Path) -> None:
    write_scaffold(scaffold(str(base.parent / "upper"), [str(base)]))
    upper = base.parent / "upper"
    before = texts(base)
    assert "KZ804" in told(new(upper, "fact", "power(Borduria)", "--file", "../mongolia/facts/facts.yaml", code=2))
    new(upper, "fact", "power(Borduria)")
    assert texts(base) == before


def test_a_base_may_be_named(base: Path) -> None:
    new(base.parent, "fact", "power(Borduria)", "--kb", "mongolia")
    assert b"power:" in (base / FACTS).read_bytes()


def test_byte_order_marks_and_line_breaks_stay(base: Path) -> None:
    text = (base / FACTS).read_text(encoding="utf-8").replace("\n", "\r\n")
    (base / FACTS).write_bytes(b"\xef\xbb\xbf" + text.encode())
    new(base, "fact", "power(Borduria)")
    written = (base / FACTS).read_bytes()
    assert written.startswith(b"\xef\xbb\xbf#")
    assert written.count(b"\n") == written.count(b"\r\n")


def test_a_long_row_is_broken_into_lines(base: Path) -> None:
    came = new(base, "source", "gazette", "--title", "An Official Gazette" * 3, "--publisher", "A Press" * 4)
    assert came.stdout.splitlines()[1:] == [
        "  11 |   gazette: {title: An Official GazetteAn Official GazetteAn Official Gazette,",
        "  12 |      publisher: A PressA PressA PressA Press}",
    ]


# --- rules -----------------------------------------------------------------------------------------------------------


def test_a_rule_is_added_and_fires(base: Path) -> None:
    new(base, "fact", "power(Borduria)")
    came = new(
        base,
        "rule",
        "near",
        *("--title", "Powers: friends", "--when", "member(?state, ?org)", "--when", "member(?power, ?org)"),
        *("--when", "power(?power)", "--when", "?power != ?state", "--unless", "lends(?state, ?power, _)"),
        *("--then", "alignment(?state, ?power, diplomacy)", "--certainty", "0.3"),
        *("--because", "{state} meets {power} in {org}", "--source", "mongolia-method", "--at", "1, 2"),
    )
    assert (came.stderr, here("check", "--strict", cwd=base).returncode) == ("", 0)
    assert (
        (base / RULES)
        .read_text(encoding="utf-8")
        .endswith(
            """
  - id: near
    title: "Powers: friends"
    when:
      - member(?state, ?org)
      - member(?power, ?org)
      - power(?power)
      - ?power != ?state
    unless:
      - lends(?state, ?power, _)
    then: alignment(?state, ?power, diplomacy)
    certainty: 0.3
    because: "{state} meets {power} in {org}"
    source: {id: mongolia-method, at: "1, 2"}
"""
        )
    )
    assert "0.30" in here("ask", "alignment(Ruritania, ?x, diplomacy)", cwd=base).stdout


def test_a_rule_stands_instead_of_another(base: Path) -> None:
    rule = ("--when", "leads(?power, ?bloc)", "--when", "member(?state, ?bloc)", "--when", "?power != ?state")
    then = ("--then", "alignment(?state, ?power, security)", "--certainty", "0.4", "--source", "mongolia-method")
    new(base, "rule", "led-security-bloc", "--replaces", "led-security-bloc", *rule, *then)
    assert "certainty 0.40" in here("ask", "alignment(Ruritania, ?x, security)", cwd=base).stdout


def test_a_rule_to_fill_in_says_what_it_replaces(base: Path) -> None:
    shown = new(base, "rule", "own-bloc", "--replaces", "led-security-bloc").stdout
    assert "# - id: own-bloc\n" in shown
    assert "#   replaces: led-security-bloc\n" in shown
    assert "did you mean led-security-bloc" in told(new(base, "rule", "x", "--replaces", "led-security-block", code=2))


def test_warnings_about_what_was_added_are_told(base: Path) -> None:
    came = new(base, "rule", "x", "--when", "power(?x)", "--then", "multi_vector(?x)")
    assert "warning KZ213 rule x can never fire" in came.stderr


def test_a_rule_to_fill_in_changes_nothing(base: Path) -> None:
    before = (base / RULES).read_text(encoding="utf-8")
    new(base, "rule", "draft")
    after = (base / RULES).read_text(encoding="utf-8")
    assert after.startswith(before)
    assert here("check", "--strict", cwd=base).stdout == "0 errors, 0 warnings\n"
    (base / RULES).write_text(
        after.replace("\n  # ", "\n  ").replace("where-it-comes-from", "mongolia-method"), "utf-8"
    )
    assert here("check", "--strict", cwd=base).stdout == "0 errors, 0 warnings\n"
    new(base, "rule", "other", "--file", "rules/drafts.yaml")
    assert here("check", "--strict", cwd=base).stdout == "0 errors, 0 warnings\n"


# --- cases -----------------------------------------------------------------------------------------------------------


def test_a_case_wants_what_follows_now(base: Path) -> None:
    new(base, "case", "pact", "--ask", "who is Ruritania aligned with", "--note", "Both: pact and loan")
    new(base, "case", "no-pact", "--ask", "alignment(Ruritania, ?x, security)", "--without", "member(Ruritania, _)")
    came = new(base, "case", "early", "--ask", "alignment(Ruritania, ?x, security)", "--as-of", "2005")
    assert "confirm what it expects" in came.stdout
    assert (base / "tests" / "cases" / "pact.yaml").read_text(encoding="utf-8").splitlines()[1:] == [
        'note: "Both: pact and loan"',
        "ask: who is Ruritania aligned with",
        "want:",
        "  - alignment(Ruritania, Borduria, security) @ 0.60",
        "  - alignment(Ruritania, Borduria, economy) @ 0.48",
    ]
    assert "want_none: true" in (base / "tests" / "cases" / "early.yaml").read_text(encoding="utf-8")
    assert here("test", "tests/cases", cwd=base).stdout == "4 passed\n"


def test_a_case_of_a_base_without_a_date_is_dated(base: Path) -> None:
    text = (base / FACTS).read_text(encoding="utf-8").replace("date: 2024-05-01, ", "")
    (base / FACTS).write_text(text, encoding="utf-8")
    assert "as-of: 2" in new(base, "case", "pact", "--ask", "who is Ruritania aligned with").stdout


@pytest.mark.parametrize("name", ["base", "case", "entity", "fact", "rule", "source"])
def test_each_has_help_with_an_example(tmp_path: Path, name: str) -> None:
    lines = new(tmp_path, name, "--help").stdout.splitlines()
    assert any(f"  kzexpert new {name} " in line for line in lines)
    assert max(map(len, lines)) <= 80
