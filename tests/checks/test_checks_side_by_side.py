"""Conditions that follow from others, and rules side by side."""

import pytest

from kzexpert.checks import check, with_cases


@pytest.fixture
def warned(read):
    """Checks rules, given as short as they can be, and returns code and message of what is told of them."""

    def warning(*rules: str, base: str = "") -> list[tuple[str, str]]:
        text = "source: atlas\n" + base + "rules:\n" + "".join(f"  - {{{rule}}}\n" for rule in rules)
        kb = read(text)
        issues = with_cases(kb, check(kb), ())
        return [(issue.code, issue.message) for issue in issues if issue.code >= "KZ226" and issue.location]

    return warning


def _of(conditions: str, then: str = "hedges(?x)", **keys: object) -> str:
    said = "".join(f", {key}: {value}" for key, value in keys.items() if key != "id")
    return f"id: {keys.get('id', 'one')}, when: [{conditions}], then: '{then}'{said}"


@pytest.mark.parametrize(
    ("conditions", "because"),
    [
        (
            "'soldiers(?x, ?n)', '?n >= 1000', '?n > 10'",
            "the condition ?n > 10 of rule one changes nothing: it holds wherever ?n >= 1000 does",
        ),
        (
            "'soldiers(?x, ?n)', '10 < ?n', '?n != 5'",
            "the condition ?n != 5 of rule one changes nothing: it holds wherever 10 < ?n does",
        ),
        ("'soldiers(?x, ?n)', '?n in (1, 2)', '?n in (1, 2, 3)'", "?n in (1, 2, 3)"),
        ("'soldiers(?x, ?n)', '?n = 2', '?n not in (1, 3)'", "?n not in (1, 3)"),
        ("'member(?x, ?b)', 'member(?x, _)', 'leads(?x, ?b)'", "member(?x, _)"),
        ("'exercise(?x, ?y) within 1 year', 'exercise(?x, ?y)', 'rival(?x, ?y)'", "the condition exercise(?x, ?y) of"),
        (
            "'exercise(?x, ?y) within 3 years', 'exercise(?x, ?y) within 10 months', 'rival(?x, ?y)'",
            "within 3 years of",
        ),
        ("'rival(?x, ?y)', 'not leads(?x, _)', 'not leads(?x, Pact)'", "not leads(?x, Pact)"),
        ("'member(?x, Pact)', '1 < 2'", "it always holds"),
        ("'soldiers(?x, ?n)', '?n > 3', {either: ['?n > 5', ['?n > 7', 'member(?x, Pact)']]}", "the condition ?n > 3"),
    ],
)
def test_a_condition_that_follows_from_another(warned, conditions, because):
    ((code, message),) = warned(_of(conditions))
    assert code == "KZ226"
    assert because in message


@pytest.mark.parametrize(
    "conditions",
    [
        "'soldiers(?x, ?n)', '?n >= 10', '?n < 1000'",
        "'soldiers(?x, ?n)', '?n > 3', {either: ['?n > 5', 'member(?x, Pact)']}",
        "'member(?x, ?b)', 'member(?y, ?b)', '?x != ?y'",
        "'rival(?x, ?y)', 'rival(?y, ?x)'",
        "'member(?x, ?b)', 'member(?y, ?b)', '?x != ?y', '?y != ?x'",  # KZ211 says so
        "'exercise(?x, ?y) within 1 year', 'exercise(?x, ?y) within 1 month', 'exercise(?y, ?x)'",
        "'member(?x, ?b)', 'member(?x, ?b) @ ?c', '?c > 0.5'",
        "'soldiers(?x, ?n)', 'not soldiers(?x, 5)', 'not soldiers(_, 7)', '?n > 1'",
        "'member(?x, ?b)', '?n = count(?y for member(?y, ?b))', '?m = count(?y for leads(?y, ?b))', '?n > ?m'",
    ],
)
def test_conditions_that_each_say_something(warned, conditions):
    told = [code for code, _ in warned(_of(conditions)) if code == "KZ226"]
    assert told == (["KZ226"] if "1 month" in conditions else [])


def test_what_counts_each_binding_is_not_implied(warned):
    conditions = "'member(?x, ?b)', 'member(?x, ?o)', 'leads(?x, ?b)'"
    assert "KZ226" not in [code for code, _ in warned(_of(conditions, each="true", because='"{o}"', certainty=0.5))]


# --- rules side by side ----------------------------------------------------------------------------------------------


def test_a_rule_that_adds_nothing_to_another_of_its_family(warned):
    told = warned(
        _of("'soldiers(?x, ?n)', '?n > 10'", id="large", family="f", certainty=0.6),
        _of("'soldiers(?s, ?m)', '?m > 99', 'member(?s, _)'", "hedges(?s)", id="huge", family="f", certainty=0.3),
    )
    assert told == [("KZ227", "rule huge adds nothing: wherever it fires, large fires too, and counts no less")]


def test_of_two_rules_that_say_the_same_the_later_one_is_told(warned):
    told = warned(
        _of("'rival(?x, ?y)', '?n = count(?b for member(?x, ?b))', '?n >= 2'", id="first", family="f"),
        _of("'rival(?s, ?t)', '?k = count(?c for member(?s, ?c))', '2 <= ?k'", "hedges(?s)", id="second", family="f"),
    )
    assert [(code, message.split()[1]) for code, message in told] == [("KZ227", "second")]


def test_alternatives_that_two_rules_make_idle_are_not_idle_by_one(warned):
    rules = [
        _of("'soldiers(?x, ?n)', '?n > 10'", id="large", family="f", certainty=0.6),
        _of("'member(?x, Pact)'", id="inside", family="f", certainty=0.6),
    ]
    either = "{either: [['soldiers(?x, ?n)', '?n > 99'], 'member(?x, Pact)']}"
    assert warned(*rules, _of(either, id="both", family="f", certainty=0.3)) == []
    alone = "{either: [['soldiers(?x, ?n)', '?n > 99'], ['soldiers(?x, ?n)', '?n > 50']]}"
    assert [message.split()[1] for _, message in warned(*rules, _of(alone, id="both", family="f", certainty=0.3))] == [
        "both"
    ]


@pytest.mark.parametrize(
    ("keys", "other"),
    [
        ({"certainty": 0.3, "family": "f"}, {"certainty": 0.6, "family": "f"}),  # the special case is the stronger one
        ({"certainty": 0.6, "family": "f"}, {"certainty": -0.3, "family": "f"}),
        ({"certainty": 0.6, "each": "true"}, {"certainty": 0.3, "each": "true"}),
    ],
)
def test_a_special_case_may_count_for_more_or_speak_against(warned, keys, other):
    told = warned(
        _of("'soldiers(?x, ?n)', '?n > 10'", id="large", **keys),
        _of("'soldiers(?x, ?n)', '?n > 99'", id="huge", **other),
    )
    assert told == []


def test_one_fact_is_no_evidence_twice(warned):
    told = warned(
        _of("'exercise(?x, ?y)'", "aligned(?x, ?y)", id="ever", certainty=0.3),
        _of("'exercise(?s, ?t) within 1 year'", "aligned(?s, ?t)", id="lately", certainty=0.6),
        _of("'rival(?s, ?t)', 'exercise(?s, _)'", "aligned(?s, ?t)", id="else", certainty=0.6),
    )
    assert told == [
        ("KZ228", "rule lately makes a second line of evidence of what ever rests on: exercise(?x, ?y)"),
    ]


@pytest.mark.parametrize(
    "second",
    [
        _of("'soldiers(?x, ?n)', '?n < 5'", id="two", certainty=0.3),  # the two never fire together
        _of("'soldiers(?x, ?n)', '?n >= 10'", id="two", certainty=-0.3),
        _of("'soldiers(?x, ?n)', '?n >= 10'", id="two", certainty=0.3, family="f"),
        _of("'soldiers(?y, ?n)', 'rival(?x, ?y)', '?n >= 10'", id="two", certainty=0.3),
    ],
)
def test_evidence_of_two_things(warned, second):
    told = warned(_of("'soldiers(?x, ?n)', '?n >= 10'", id="one", certainty=0.5, family="f"), second)
    assert "KZ228" not in [code for code, _ in told]


SIZES = "predicates: {army: {args: [state: state, size: text]}}\n"


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [
        ("'?n < 10'", "'?m > 10'", "rules small and large leave a gap: neither fires for ?m at 10"),
        ("'?n < 10'", "'20.5 <= ?m'", "rules small and large leave a gap: neither fires for ?m between 10 and 20.5"),
        ("'?n <= 10'", "'?m >= 10'", "rules small and large overlap: for ?m at 10 they conclude two things"),
        (
            "'?n < 10', '?n > 0'",
            "'?m >= 5'",
            "rules small and large overlap: for ?m between 5 and 10 they conclude two things",
        ),
        ("'?n < 10'", "'?m >= 10'", ""),
        ("'?n <= 9'", "'?m >= 10'", ""),  # whole numbers
        ("'?n < 10'", "'?m >= 20', 'member(?y, Pact)'", ""),  # they differ in more than a bound
    ],
)
def test_bounds_side_by_side(warned, low, high, message):
    told = warned(
        _of(f"'soldiers(?x, ?n)', {low}", "army(?x, small)", id="small"),
        _of(f"'soldiers(?y, ?m)', {high}", "army(?y, large)", id="large"),
        base=SIZES,
    )
    assert told == ([("KZ230", message)] if message else [])


def test_bounds_for_and_against_may_leave_a_gap_and_not_overlap(warned):
    rules = [
        _of("'soldiers(?x, ?n)', '?n < 10'", id="against", certainty=-0.5),
        _of("'soldiers(?x, ?n)', '?n > 20'", id="for", certainty=0.5),
    ]
    assert warned(*rules) == []
    ((code, message),) = warned(rules[0], rules[1].replace("> 20", "> 5"))
    assert (code, "speak for and against the same thing" in message) == ("KZ230", True)


# --- questions, cases, intentions -------------------------------------------------------------------------------------


def test_questions_that_collide(examined):
    examined(
        """\
predicates:
  courts: {args: [power: state, state: state], asks: ["who courts {state}", "is {power} the suitor of {state}"]}
  woos:
    args: [power: state, state: state]
    asks:
      - Who courts {state}?
#       ^ KZ231
      - are {state} a suitor of {power}
#       ^ KZ231
      - what does {power} woo
      - which do the {state} woo
#       ^ KZ231
  kin:
    args: [one: state, two: state]
    symmetric: true
    asks: ["is {one} kin of {two}", "is {two} kin of {one}"]
  holds: {args: [bloc: bloc, state: state], asks: ["who courts {bloc}"]}
facts: {courts: [], woos: [], kin: [], holds: [{bloc: Pact, state: Borduria}]}
source: atlas
""".replace("facts: {courts: [], woos: [], kin: [], holds: [{bloc: Pact, state: Borduria}]}", FACTS),
        thorough=True,
    )


FACTS = """facts:
  courts: [{power: Borduria, state: Syldavia}]
  woos: [{power: Borduria, state: Syldavia}]
  kin: [{one: Borduria, two: Syldavia}]
  holds: [{bloc: Pact, state: Borduria}]"""


def test_what_is_intended_is_not_told_and_what_is_not_there_cannot_be_intended(examined):
    examined(
        """\
source: atlas
rules:
  - id: near
    when: ["soldiers(?x, ?n)", "?n > 5", "?n > 3"]
    then: hedges(?x)
    intended:
      KZ226: the lower bound is for readers
      KZ230: nothing follows in between
      KZ231: nobody asks
#     ^ KZ233
  - id: far
    when: ["soldiers(?x, ?n)", "?n < 1", "?n < 3"]
#                                         ^ KZ226
    then: hedges(?x)
    certainty: 0.5
""",
        thorough=True,
    )


def test_an_exception_that_never_holds(examined):
    issues = examined(
        """\
source: atlas
predicates: {neutral: {args: [state: state]}, calm: {args: [state: state]}}
rules:
  - id: near
    when:
      - member(?x, _)
      - not leads(?x, League)
#       ^ KZ229
    unless:
      - neutral(?x)
#       ^ KZ229
      - - rival(?x, ?y)
        - calm(?y)
    then: hedges(?x)
  - {id: peace, when: ["founded(_, ?day)", "member(?x, Pact)", "?day > 2000-01-01"], then: calm(?x)}
""",
        thorough=True,
    )
    assert [issue.message.partition(": ")[2] for issue in issues] == [
        "no recorded fact matches leads(?x, League)",
        "there is no fact of neutral and no rule that concludes it",
    ]
