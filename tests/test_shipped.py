"""What the shipped knowledge base answers, through the command line as an analyst uses it."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from processes import here

FIRST = "Who is Kazakhstan aligned with in security?"
BYPASS = (
    "backs(China, Atasu-Alashankou)",
    "uses_route(Kazakhstan, Atasu-Alashankou, hydrocarbons)",
    "bypasses(Atasu-Alashankou, Russia)",
)


@pytest.fixture
def certainties() -> Any:
    """Ask, and give conclusion → certainty in the order of the answers."""

    def ask(question: str, *options: str) -> dict[str, float]:
        came = here("ask", question, "--format", "json", *options)
        assert came.returncode in (0, 3), came.stderr
        assert came.stderr == ""
        document = json.loads(came.stdout)
        assert document["schema"] == "kzexpert.answer/1"
        return {item["conclusion"]: item["certainty"] for item in document["answers"]}

    return ask


# --- the first question ----------------------------------------------------------------------------------------


def test_the_first_answer_is_russia_with_a_source_for_every_line() -> None:
    came = here("ask", FIRST)
    assert came.returncode == 0
    assert came.stderr == ""
    first = came.stdout.split("\n", 1)[0]
    assert re.fullmatch(r"Kazakhstan is aligned with Russia in security: (very strong|strong) evidence", first)
    evidence = re.split(r"\n\s+(?=-?[01]\.\d\d  )", came.stdout.split("\n\n")[0])[1:]
    assert len(evidence) >= 3
    cited = r"\([a-z-]+;\s+facts:\s.*;\s+rule:\s+[a-z0-9-]+,\s.*\)$"
    assert [line for line in evidence if not re.search(cited, line, re.DOTALL)] == []


def test_the_first_answer_as_json_has_the_same_evidence() -> None:
    document = json.loads(here("ask", FIRST, "--format", "json").stdout)
    assert document["pattern"] == "alignment(Kazakhstan, ?power, security)"
    assert document["as_of"] == "2011-04-07"
    first = document["answers"][0]
    assert first["bindings"] == {"power": "Russia"}
    assert first["certainty"] >= 0.6
    assert first["established"] is True
    assert first["derived"] is True
    assert [line["rule"] for line in first["lines"] if not line["source"]] == []


# --- questions in plain words and as patterns ------------------------------------------------------------------

QUESTIONS = [
    ("alignment(Kazakhstan, ?power, ?sphere)", "who is {kz} aligned with"),
    ('alignment(Kazakhstan, "United States", energy)', "is {kz} aligned with {us} in energy"),
    ("balances(Kazakhstan, ?power, ?rival)", "which states does {kz} balance"),
    ("hedges(Kazakhstan, ?bloc, ?other, ?sphere)", "does {kz} hedge"),
    ("hedges(Kazakhstan, ?bloc, ?other, ?sphere)", "between which blocs does {kz} hedge"),
    ("dominates(?power, Kazakhstan, security)", "who dominates {kz}'s security"),
    ("expected(Russia, ?course, ?other, ?sphere)", "what is expected of {ru}"),
    ('expected("United States", ?course, ?other, ?sphere)', "what is expected of {us}"),
    ("expected(Kazakhstan, ?course, ?other, ?sphere)", "what is expected of {kz}"),
    ("influence(?power, ?region, growing)", "whose influence grows"),
    ("depends(Kazakhstan, ?power, ?sphere)", "on whom does {kz} depend for export routes"),
]
NAMES = [
    {"kz": "Kazakhstan", "ru": "Russia", "us": "the United States"},
    {"kz": "Astana", "ru": "Moscow", "us": "Washington"},
    {"kz": "KZ", "ru": "moscow", "us": "WASHINGTON"},
]


@pytest.mark.parametrize(("pattern", "words"), QUESTIONS, ids=[words for _, words in QUESTIONS])
def test_plain_words_ask_for_the_pattern_whatever_the_names(certainties: Any, pattern: str, words: str) -> None:
    by_pattern = certainties(pattern)
    assert by_pattern
    texts = {words.format(**names) for names in NAMES}
    assert {text: certainties(f"{text}?") for text in texts} == dict.fromkeys(texts, by_pattern)


def test_what_the_answers_are(certainties: Any) -> None:
    aligned = certainties("who is Kazakhstan aligned with?")
    assert {"alignment(Kazakhstan, Russia, security)", "alignment(Kazakhstan, Russia, economy)"} <= set(aligned)
    for sphere in ("energy", "diplomacy", "non-proliferation"):
        assert f'alignment(Kazakhstan, "United States", {sphere})' in aligned
    assert list(aligned.values()) == sorted(aligned.values(), reverse=True)
    assert set(certainties("whose influence grows?")) == {
        'influence(Russia, "Central Asia", growing)',
        'influence(China, "Central Asia", growing)',
    }
    assert set(certainties("which states does Astana balance?")) == {
        'balances(Kazakhstan, Russia, "United States")',
        'balances(Kazakhstan, "United States", Russia)',
    }


@pytest.mark.parametrize("command", [("ask",), ("why",)])
def test_why_prints_the_whole_proof_down_to_sourced_facts(command: tuple[str]) -> None:
    question = "is Kazakhstan aligned with Washington in energy"
    words = f"why {question}" if command == ("ask",) else question
    came = here(*command, words)
    assert came.returncode == 0
    assert re.search(r"^\[1\] Kazakhstan is aligned with (the )?United States in energy", came.stdout)
    flat = " ".join(came.stdout.split())
    statements = re.findall(r"- ([a-z_]+\([^)]*\)) [01]\.\d\d (?:\[f\d+\] )?(on record: \S+|see \[f?\d+\])", flat)
    assert ("exports_through(Kazakhstan, Russia, hydrocarbons)", "on record: wagner-costa-2011,") in statements
    assert ("depends(Kazakhstan, Russia, energy)", "see [3]") in statements
    premises = re.findall(r"- [a-z_]+\([^)]*\)", flat)
    assert len(premises) == len(statements), "a premise is neither on record nor proven"
    assert len(re.findall(r"facts/\w+\.yaml:\d+:\d+", flat)) >= 8


def test_why_not_says_what_is_missing() -> None:
    came = here("why", "is Kazakhstan aligned with China in energy")
    assert came.returncode == 3
    assert "backs(China, ?route)" in came.stdout or "backs(China" in came.stdout


def test_a_question_that_is_not_understood_gets_the_nearest() -> None:
    came = here("ask", "who is the friend of Kazakhstan?")
    assert (came.returncode, came.stdout) == (2, "")
    assert "KZ309" in came.stderr
    assert "who is Kazakhstan aligned with" in came.stderr


# --- other days, other facts -----------------------------------------------------------------------------------


def test_1993_knows_no_partnership_for_peace(certainties: Any) -> None:
    assert certainties("partner(Kazakhstan, ?org, ?programme)")
    assert certainties("partner(Kazakhstan, ?org, ?programme)", "--as-of", "1993") == {}
    assert certainties("does Kazakhstan hedge?", "--as-of", "1993") == {}


def test_2009_knows_no_customs_union(certainties: Any) -> None:
    assert certainties('member(?state, "Customs Union")', "--as-of", "2009") == {}
    assert len(certainties('member(?state, "Customs Union")', "--as-of", "2010")) == 3
    assert certainties("alignment(Kazakhstan, Russia, economy)")
    assert certainties("alignment(Kazakhstan, Russia, economy)", "--as-of", "2009") == {}
    trade = "dominant_trader(Russia, Kazakhstan)"
    assert certainties(trade, "--as-of", "2009")[trade] < certainties(trade)[trade]


def test_2012_no_longer_counts_the_exercises_of_2010() -> None:
    now, later = (here("ask", FIRST, *options).stdout for options in ((), ("--as-of", "2012")))
    assert "repeated-exercises" in now
    assert "Russia" in later
    assert "repeated-exercises" not in later


def test_outside_the_csto_the_security_alignment_is_weaker(certainties: Any) -> None:
    russia = "alignment(Kazakhstan, Russia, security)"
    assert certainties(FIRST, "--without", "member(Kazakhstan, CSTO)")[russia] < certainties(FIRST)[russia]


def test_a_chinese_backed_pipeline_past_russia_makes_energy_alignment_with_china(certainties: Any) -> None:
    china = "alignment(Kazakhstan, China, energy)"
    assert china not in certainties("who is Kazakhstan aligned with in energy?")
    options = [word for atom in BYPASS for word in ("--assume", atom)]
    assert china in certainties("who is Kazakhstan aligned with in energy?", *options)


USERS_RULES = """\
predicates:
  exposed:
    args: [state: state, power: state]
    says: "{state} is exposed to {power}"
    asks: ["to whom is {state} exposed"]
rules:
  - id: dependence-exposes
    when:
      - depends(?state, ?power, _)
      - dominates(?power, ?state, _)
    then: exposed(?state, ?power)
    certainty: 0.6
    because: "{state} depends on {power}, which dominates it"
    source: kzexpert-method
  - id: autonomy-shields
    when:
      - seeks_autonomy(?state, ?power)
    then: exposed(?state, ?power)
    certainty: -0.3
    because: "{state} seeks autonomy from {power}"
    source: kzexpert-method
  - id: dependence-speaks-against-alignment
    when:
      - depends(?state, ?power, ?sphere)
    then: alignment(?state, ?power, ?sphere)
    certainty: -0.6
    because: "{state} depends on {power} in {sphere} and resents it"
    source: kzexpert-method
"""


def test_three_rules_of_a_user_change_answers(certainties: Any, tmp_path: Path) -> None:
    rules = tmp_path / "mine.yaml"
    rules.write_text(USERS_RULES, encoding="utf-8")
    given = ("--rules", str(rules))
    checked = here("check", *given)
    assert (checked.returncode, checked.stdout.strip()) == (0, "0 errors, 0 warnings")
    assert list(certainties("to whom is Astana exposed?", *given)) == ["exposed(Kazakhstan, Russia)"]
    economy = "alignment(Kazakhstan, Russia, economy)"
    assert certainties(economy, *given).get(economy, 0.0) < certainties(economy)[economy]
    assert certainties(FIRST, *given) == certainties(FIRST)


# --- bad input -------------------------------------------------------------------------------------------------


def rule(*conditions: str, then: str = "multi_vector(?state)", more: str = "") -> str:
    lines = "".join(f"      - {condition}\n" for condition in conditions)
    return f"rules:\n  - id: mine\n    source: kzexpert-method\n    when:\n{lines}    then: {then}\n{more}"


def fact(predicate: str, row: str) -> str:
    return f"source: kzexpert-method\nfacts:\n  {predicate}:\n    - {row}\n"


_BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)

#: What is wrong → the file, its option, the code and the place of the issue.
BAD: dict[str, tuple[str | bytes, str, str, str]] = {
    "misspelled predicate": (rule("membr(?state, CSTO)"), "--rules", "KZ202", ":5:9"),
    "misspelled entity": (rule("member(?state, CSTOO)"), "--rules", "KZ204", ":5:24"),
    "missing argument": (rule("member(?state)"), "--rules", "KZ203", ":5:9"),
    "unbound variable": (rule("member(?state, CSTO)", "?n > 3"), "--rules", "KZ206", ":6:9"),
    "negation through recursion": (
        rule("power(?state)", "not multi_vector(?state)"),
        "--rules",
        "KZ209",
        ":6:9",
    ),
    "certainty 1.5 of a rule": (rule("power(?state)", more="    certainty: 1.5\n"), "--rules", "KZ111", ":7:16"),
    "certainty 1.5 of a fact": (fact("power", "{state: China, certainty: 1.5}"), "--facts", "KZ111", ":4:33"),
    "a variable left out of then": (
        rule("member(?state, ?org)", then="strained(?state, power=Russia)"),
        "--rules",
        "KZ207",
        ":6:11",
    ),
    "question mark left out of then": (rule("power(?state)", then="multi_vector(state)"), "--rules", "KZ204", ":6:24"),
    "duplicate key": ("rules: []\nrules: []\n", "--rules", "KZ106", ":2:1"),
    "tab": ("rules:\n\t- id: mine\n", "--rules", "KZ105", ":2:1"),
    "binary": (b"\x7fELF\x02\x01\x00\xff\xfe\x00", "--rules", "KZ102", ""),
    "empty": ("", "--rules", "KZ104", ""),
    "50 MB": (b"# " + b"x" * 50_000_000 + b"\nrules: []\n", "--rules", "KZ103", ""),
    "alias bomb": (_BOMB, "--rules", "KZ107", r":\d+:\d+"),
    "python object": ("rules: !!python/object:os.system [ls]\n", "--rules", "KZ107", ":1:8"),
    "a country written NO": (fact("power", "{state: NO}"), "--facts", "KZ204", ":4:15"),
    "30 February": (fact("rising", "{power: China, since: 2011-02-30}"), "--facts", "KZ112", ":4:29"),
    "until before since": (fact("rising", "{power: China, since: 2012, until: 2011}"), "--facts", "KZ113", ":4:42"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named_with_its_code_place_line_and_hint(tmp_path: Path, name: str) -> None:
    content, option, code, place = BAD[name]
    path = tmp_path / "bad.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    for command in (("check",), ("ask", FIRST)):
        came = here(*command, option, "bad.yaml", "--kb", str(Path(__file__).parents[1]), cwd=tmp_path)
        told = came.stdout + came.stderr
        assert came.returncode == 1, told
        assert "Traceback" not in told
        assert len(told) < 20_000
        assert re.search(rf"^bad\.yaml{place or '[:0-9]*'}: {code} ", told, re.MULTILINE), told
        assert "  hint: " in told
        if place:
            assert re.search(r"^ +\d+ \| .*\n +\| +\^$", told, re.MULTILINE), told


def test_all_that_is_wrong_is_named_in_one_run(checkout: Path, tmp_path: Path) -> None:
    shutil.copytree(checkout / "facts", tmp_path / "facts")
    shutil.copytree(checkout / "rules", tmp_path / "rules")
    for number, (content, option, _, _) in enumerate(BAD.values()):
        path = tmp_path / option.removeprefix("--") / f"bad-{number}.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.replace("mine", f"m{number}").encode())
    came = here("check", cwd=tmp_path)
    assert came.returncode == 1
    assert "Traceback" not in came.stdout + came.stderr
    for number, (name, (_, option, code, _)) in enumerate(BAD.items()):
        file = re.escape(f"{option.removeprefix('--')}/bad-{number}.yaml")
        assert re.search(rf"^{file}[:\d]* {code} ", came.stdout + came.stderr, re.MULTILINE), name


def test_a_country_called_no_can_be_declared(certainties: Any, tmp_path: Path) -> None:
    path = tmp_path / "norway.yaml"
    path.write_text("entities:\n  NO: {kind: state}\n" + fact("power", "{state: NO}"), encoding="utf-8")
    assert "power(NO)" in certainties("power(?state)", "--facts", str(path))


def test_a_folder_instead_of_a_file(tmp_path: Path) -> None:
    came = here("check", "--rules", str(tmp_path))
    assert came.returncode == 1
    assert "KZ101" in came.stdout + came.stderr
    assert "hint:" in came.stdout + came.stderr
    assert "Traceback" not in came.stderr


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    loop = tmp_path / "loop.yaml"
    loop.symlink_to(loop)
    came = here("ask", FIRST, "--rules", str(loop))
    assert came.returncode == 1
    assert "KZ101" in came.stderr
    assert "Traceback" not in came.stderr


ENDLESS = """\
predicates:
  counted: {args: [number: number]}
rules:
  - {id: starts, when: [power(Russia)], then: counted(0), source: kzexpert-method}
  - id: goes-on-for-ever
    when: ["counted(?n)", "?m = ?n + 1"]
    then: counted(?m)
    source: kzexpert-method
"""


def test_a_rule_set_that_would_run_for_ever_is_stopped_and_the_rule_named(tmp_path: Path) -> None:
    path = tmp_path / "endless.yaml"
    path.write_text(ENDLESS, encoding="utf-8")
    came = here("ask", "counted(?n)", "--rules", str(path), "--budget", "facts=2000")
    assert (came.returncode, came.stdout) == (1, "")
    assert re.search(
        r"endless\.yaml:5:5: KZ401 rule goes-on-for-ever used up the budget of 2,000 conclusions", came.stderr
    )
    assert "hint:" in came.stderr
