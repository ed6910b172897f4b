"""The sections kinds, predicates and rules: what they give, and what is said of every mistake in them."""

from typing import Any

import pytest

from kzexpert.model import Aggregation, Citation, Comparison, Negation, Premise

RULE = """\
rules:
  - id: led-bloc
    title: A power leads the bloc
    when:
      - member(?state, ?bloc) @ ?c
      - "not left(?state, ?bloc)"
      - ?n = count(?x for member(?x, ?bloc))
      - ?n > 2
    then: ally(?state, ?bloc)
    certainty: -0.6
    because: "{state} is in {bloc}"
    source: {id: smith-2011, at: para 2}
    each: true
"""


def test_a_rule(read: Any) -> None:
    loaded = read(RULE)
    assert loaded.issues == ()
    (rule,) = loaded.kb.rules
    assert (rule.id, rule.title, rule.certainty, rule.each) == ("led-bloc", "A power leads the bloc", -0.6, True)
    assert rule.because == "{state} is in {bloc}"
    assert [type(condition) for condition in rule.when] == [Premise, Negation, Aggregation, Comparison]
    assert [str(condition.location) for condition in rule.when] == [
        "file.yaml:5:9",
        "file.yaml:6:10",
        "file.yaml:7:9",
        "file.yaml:8:9",
    ]
    assert [str(atom.location) for atom in rule.then] == ["file.yaml:9:11"]
    assert isinstance(rule.source, Citation)
    assert (rule.source.source, rule.source.at) == ("smith-2011", "para 2")
    assert str(rule.location) == "file.yaml:2:5"
    assert str(rule.marks["because"]) == "file.yaml:11:15"
    assert set(rule.marks) == {"id", "title", "when", "then", "certainty", "because", "source", "each"}


def test_what_a_rule_may_leave_out(read: Any) -> None:
    (rule,) = read("rules:\n  - {id: axiom, when: [], then: 'on(NO)', source: smith-2011}\n").kb.rules
    assert (rule.when, rule.title, rule.certainty, rule.because, rule.each) == ((), "", 1.0, "", False)
    assert str(rule.source) == "smith-2011"


def test_a_predicate(read: Any) -> None:
    loaded = read(
        "kinds: [state, organisation]\n"
        "predicates:\n"
        "  member:\n"
        "    args: [state: state, org: organisation, class: text]\n"
        "    holds: interval\n"
        '    says: "{state} is in {org}"\n'
        '    asks: ["is {state} in {org}", "who is in {org}"]\n'
        "    doc: Full membership.\n"
        "  on: {args: [], asks: is it on}\n"
    )
    assert loaded.issues == ()
    assert loaded.kb.kinds == ("state", "organisation")
    member, on = loaded.kb.predicates
    assert [(spec.name, spec.type) for spec in member.args] == [
        ("state", "state"),
        ("org", "organisation"),
        ("class", "text"),
    ]
    assert [str(spec.location) for spec in member.args] == ["file.yaml:4:12", "file.yaml:4:26", "file.yaml:4:45"]
    assert (member.holds, member.says, member.doc) == ("interval", "{state} is in {org}", "Full membership.")
    assert member.asks == ("is {state} in {org}", "who is in {org}")
    assert str(member.location) == "file.yaml:3:3"
    assert str(member.marks["says"]) == "file.yaml:6:12"
    assert [str(member.marks[f"asks.{n}"]) for n in (0, 1)] == ["file.yaml:7:13", "file.yaml:7:36"]
    assert (on.name, on.args, on.holds, on.asks) == ("on", (), None, ("is it on",))


def rule(*lines: str) -> str:
    """A rule whose first line stands in line 2 and column 5."""
    return "rules:\n  - " + "\n    ".join(lines) + "\n"


GOOD = ("id: r", "when: [p(?x)]", "then: q(?x)")

MISTAKES = [
    # the file
    ("- a\n", "file.yaml:1:1 KZ110", "a file holds any of"),
    ("kind: [state]\n", "file.yaml:1:1 KZ108", "did you mean kinds?"),
    ("frobnicate: 1\n", "file.yaml:1:1 KZ108", "the keys are kinds, predicates"),
    ("rules:\n", "file.yaml:1:7 KZ110", "a rule has id"),
    ("rules: {id: r}\n", "file.yaml:1:8 KZ110", "a rule has id"),
    ("source: smith-2011\nkinds: [state]\n", "file.yaml:1:9 KZ108", "default for the rows"),
    # kinds
    ("kinds: state\n", "file.yaml:1:8 KZ110", "such as [state, organisation]"),
    ("kinds: [number]\n", "file.yaml:1:9 KZ110", "another name"),
    ("kinds: [two words]\n", "file.yaml:1:9 KZ110", "a name is letters"),
    ("kinds: [[a]]\n", "file.yaml:1:9 KZ110", ""),
    # predicates
    ("predicates: [p]\n", "file.yaml:1:13 KZ110", "a predicate's name"),
    ("predicates:\n  p:\n", "file.yaml:2:5 KZ110", "args lists name: type"),
    ("predicates:\n  p: {says: x}\n", "file.yaml:2:6 KZ109", "args lists name: type"),
    ("predicates:\n  p: {args: [], arg: 1}\n", "file.yaml:2:17 KZ108", "did you mean args?"),
    ("predicates:\n  p: {args: {a: text}}\n", "file.yaml:2:13 KZ110", "args lists name: type"),
    ("predicates:\n  p: {args: [a]}\n", "file.yaml:2:14 KZ110", "args lists name: type"),
    ("predicates:\n  p: {args: [{a: text, b: text}]}\n", "file.yaml:2:14 KZ110", "args lists name: type"),
    ("predicates:\n  p: {args: [a: ]}\n", "file.yaml:2:17 KZ110", ""),
    ("predicates:\n  p: {args: [a: text, a: text]}\n", "file.yaml:2:23 KZ106", "rename one"),
    ("predicates:\n  p: {args: [on: text]}\n", "file.yaml:2:14 KZ110", "a row of facts may hold since"),
    ("predicates:\n  p: {args: [source: text]}\n", "file.yaml:2:14 KZ110", "a row of facts may hold since"),
    ("predicates:\n  p: {args: ['1st': text]}\n", "file.yaml:2:15 KZ110", "a name is letters"),
    ("predicates:\n  not: {args: []}\n", "file.yaml:2:3 KZ110", "a name is letters"),
    ("predicates:\n  is a: {args: []}\n", "file.yaml:2:3 KZ110", "a name is letters"),
    ("predicates:\n  p: {args: [], holds: intervall}\n", "file.yaml:2:24 KZ110", "did you mean interval?"),
    ("predicates:\n  p: {args: [], asks: [a, {b}]}\n", "file.yaml:2:27 KZ110", ""),
    ("predicates:\n  p: {args: [], says: [a]}\n", "file.yaml:2:23 KZ110", ""),
    # rules
    (rule("id: r", "when: [p(?x)]"), "file.yaml:2:5 KZ109", "a rule has id, when"),
    (rule("id: r", "wen: [p(?x)]", "then: q(?x)"), "file.yaml:3:5 KZ108", "did you mean when?"),
    (rule("id: r", "when: p(?x)", "then: q(?x)"), "file.yaml:3:11 KZ110", "on a line of its own"),
    (rule("id: r", "when:", "then: q(?x)"), "file.yaml:3:10 KZ110", "on a line of its own"),
    (rule("id: r", "when: [p(?x), ~]", "then: q(?x)"), "file.yaml:3:19 KZ110", "on a line of its own"),
    (rule("id: r", "when: [{p: x}]", "then: q(?x)"), "file.yaml:3:13 KZ108", "either: or not:"),
    (rule("id: r", "when:", "  - p(?x) q", "then: q(?x)"), "file.yaml:4:15 KZ201", "one condition a line"),
    (rule("id: r", "when:", '  - "p(\\"x\\" y)"', "then: q(?x)"), "file.yaml:4:18 KZ201", "one pair of quotes"),
    (rule("id: r", "when:", "  - p(2011-02-30)", "then: q(?x)"), "file.yaml:4:11 KZ112", "YYYY-MM-DD"),
    (rule("id: r", "when:", "  - !p(?x)", "then: q(?x)"), "file.yaml:4:9 KZ107", "not p(?x)"),
    (rule("id: r", "when: [p(?x)]", "then: []"), "file.yaml:4:11 KZ110", "a rule concludes one atom or several"),
    (rule("id: r", "when: [p(?x)]", "then: q(?x) since ?d"), "file.yaml:4:11 KZ201", "remove it here"),
    (rule("id: r", "when: [{either: [p(?x)]}]", "then: q(?x)"), "file.yaml:3:13 KZ201", "without either:"),
    (rule("id: r", "when: [{not: []}]", "then: q(?x)"), "file.yaml:3:18 KZ110", "a block is"),
    (rule("id: r", "when:", "  - p(who: ?x)", "then: q(?x)"), "file.yaml:4:9 KZ201", "name=value"),
    (rule("id: r", "when:", "  - some c: p(c)", "then: q(?x)"), "file.yaml:4:9 KZ201", "says that one exists"),
    (rule("id: r", "when: [p(?x)]", "then: q(?x) and r(?x)"), "file.yaml:4:17 KZ201", "a list of them under then:"),
    (rule("id: r", "when: [p(?x)]", "then: assert(q(?x))"), "file.yaml:4:11 KZ201", "an atom, under then:"),
    (rule("id: r", "when: [{exists: [p(?x)]}]", "then: q(?x)"), "file.yaml:3:13 KZ108", "already says"),
    (rule("id: r", "when: [p(?x)]", "then: not q(?x)"), "file.yaml:4:11 KZ201", "negative certainty"),
    (rule("id: r", "when: [p(?x)]", "then: q(?x) @ ?c"), "file.yaml:4:17 KZ201", "take none"),
    (rule("id: r", "when: [p(?x)]", "then: q(?x) within 1 year"), "file.yaml:4:11 KZ201", "remove it here"),
    (rule(*GOOD, "certainty: 1.5"), "file.yaml:5:16 KZ111", "from -1 to 1"),
    (rule(*GOOD, "certainty: 0"), "file.yaml:5:16 KZ111", "not 0"),
    (rule(*GOOD, "certainty: -1.01"), "file.yaml:5:16 KZ111", "from -1 to 1"),
    (rule(*GOOD, "certainty: .nan"), "file.yaml:5:16 KZ110", "a number is written"),
    (rule(*GOOD, "certainty: 1e999"), "file.yaml:5:16 KZ110", "a number is written"),
    (rule(*GOOD, "certainty: '0.5'"), "file.yaml:5:17 KZ110", "without quotes"),
    (rule(*GOOD, "certainty: high"), "file.yaml:5:16 KZ110", "a number is written"),
    (rule(*GOOD, "each: yes"), "file.yaml:5:11 KZ110", "true or false"),
    (rule(*GOOD, "each: True"), "file.yaml:5:11 KZ110", "true or false"),
    (rule(*GOOD, "source: {at: para 2}"), "file.yaml:5:13 KZ109", "{id: smith-2011"),
    (rule(*GOOD, "source: {id: a, page: 2}"), "file.yaml:5:21 KZ108", "the keys are id, at"),
    (rule(*GOOD, "source: [a]"), "file.yaml:5:13 KZ110", ""),
    (rule(*GOOD, "title:"), "file.yaml:5:11 KZ110", ""),
    (rule("id: two words", *GOOD[1:]), "file.yaml:2:9 KZ110", "hyphens"),
    (rule("id: ' '", *GOOD[1:]), "file.yaml:2:10 KZ110", ""),
    ("rules:\n  - r\n", "file.yaml:2:5 KZ110", "a rule has id"),
]


@pytest.mark.parametrize(("text", "expected", "hint"), MISTAKES, ids=[repr(item[0])[:60] for item in MISTAKES])
def test_a_mistake_is_told_once_at_its_place(text: str, expected: str, hint: str, read: Any, brief: Any) -> None:
    issues = read(text).issues
    assert brief(issues) == [expected]
    assert hint in issues[0].hint


def test_a_mistake_in_what_facts_and_rules_share_is_told_once(read: Any, brief: Any) -> None:
    shared = "source: {idd: x}\nfacts: {}\nrules:\n  - {id: r, when: ['p(?x)'], then: 'q(?x)'}\n"
    assert brief(read(shared).issues) == ["file.yaml:1:10 KZ108"]
    assert brief(read(shared.replace("{idd: x}", "smith-2011")).issues) == []


def test_conditions_in_brackets_are_split_at_their_commas(read: Any, brief: Any) -> None:
    issues = read(rule("id: r", "when: [p(?x, a), q(?x)]", "then: q(?x)")).issues
    assert brief(issues) == ["file.yaml:3:12 KZ201"]
    assert all("on a line of its own" in issue.hint for issue in issues)


def test_all_mistakes_of_a_file_are_told_and_the_rest_is_read(read: Any, brief: Any) -> None:
    loaded = read(
        "kinds: [state, text]\n"
        "predicates:\n"
        "  p: {args: [x: state]}\n"
        "  q: {args: [x: state], holds: ever}\n"
        "rules:\n"
        "  - {id: a, when: ['p(?x', 'r(?x) and'], then: 'q(', certainty: 2}\n"
        "  - {id: b, when: ['p(?x)'], then: q(?x)}\n"
    )
    assert brief(loaded.issues) == [
        "file.yaml:1:16 KZ110",
        "file.yaml:4:32 KZ110",
        "file.yaml:6:25 KZ201",
        "file.yaml:6:35 KZ201",
        "file.yaml:6:51 KZ201",
        "file.yaml:6:65 KZ111",
    ]
    assert [predicate.name for predicate in loaded.kb.predicates] == ["p", "q"]
    assert [item.id for item in loaded.kb.rules] == ["b"]


def test_what_yaml_refuses_inside_of_a_rule_costs_the_rule(read: Any, brief: Any) -> None:
    loaded = read("rules:\n" + rule("id: a", "when:", "  - !p(?x)", "  - q(?x)", "then: r(?x)")[7:] + rule(*GOOD)[7:])
    assert brief(loaded.issues) == ["file.yaml:4:9 KZ107"]
    assert [item.id for item in loaded.kb.rules] == ["r"]


def test_keys_beside_rules_hold_for_those_that_do_not_say_otherwise(read: Any) -> None:
    loaded = read(
        "source: {id: smith-2011, at: para 2}\n"
        "family: blocs\n"
        "rules:\n"
        "  - {id: one, when: ['on(NO)'], then: 'off(NO)'}\n"
        "  - {id: two, when: ['on(NO)'], then: 'off(NO)', source: jones-2010, family: treaties}\n"
    )
    assert loaded.issues == ()
    one, two = loaded.kb.rules
    assert (one.source.source, one.source.at, one.family) == ("smith-2011", "para 2", "blocs")
    assert (two.source.source, two.source.at, two.family) == ("jones-2010", "", "treaties")


def test_a_fact_refuses_a_number_beyond_two_to_the_53rd(read: Any) -> None:
    loaded = read("facts:\n  soldiers: [{number: 9007199254740992}, {number: 9007199254740993}]\n")
    (issue,) = loaded.issues
    assert "digits" in issue.message
    assert "text" in issue.hint
    assert [fact.arguments["number"] for fact in loaded.kb.facts] == [9007199254740992.0]


def test_synonyms(read: Any) -> None:
    loaded = read("synonyms:\n  member of: [joined, part of]\n  state: country\n")
    assert loaded.issues == ()
    assert [(item.means, item.said) for item in loaded.kb.synonyms] == [
        ("member of", ("joined", "part of")),
        ("state", ("country",)),
    ]
    assert [str(place) for place in loaded.kb.synonyms[0].marks.values()] == ["file.yaml:2:15", "file.yaml:2:23"]
