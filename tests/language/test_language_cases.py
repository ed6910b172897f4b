"""Case files: what they give, what is kept with a case that wants an error, and what is said of a case without form."""

from typing import Any

import pytest

from kzexpert.errors import KnowledgeBaseError
from kzexpert.language import load_knowledge_base
from kzexpert.language.cases_file import load_cases
from kzexpert.model import Case, KnowledgeBase

VOCABULARY = """\
kinds: [state]
predicates:
  ally: {args: [a: state, b: state]}
  trade: {args: [state: state, amount: number, code: text]}
"""


@pytest.fixture
def base(write: Any) -> KnowledgeBase:
    return load_knowledge_base([], [write("vocabulary.yaml", VOCABULARY)])


@pytest.fixture
def load(write: Any, base: KnowledgeBase) -> Any:
    def load(content: str, name: str = "cases/blocs.yaml") -> tuple[Case, ...]:
        return load_cases([write(name, content)], base)

    return load


@pytest.fixture
def refused(load: Any, brief: Any) -> Any:
    def refused(content: str) -> list[str]:
        with pytest.raises(KnowledgeBaseError) as caught:
            load(content)
        assert "cases/blocs.yaml" in caught.value.texts
        return [str(item) for item in brief(caught.value.issues)]

    return refused


def test_a_single_case_with_all_it_can_hold(load: Any, base: KnowledgeBase) -> None:
    (case,) = load(
        "id: mine\n"
        "note: why\n"
        "entities: {Ruritania: {kind: state}}\n"
        "sources: {s: {date: 2010}}\n"
        "kinds: [bloc]\n"
        "predicates: {leads: {args: [a: state, n: number]}}\n"
        "rules: [{id: r, when: ['leads(?x, 1)'], then: 'ally(?x, ?x)'}]\n"
        "source: s\n"
        "facts:\n"
        "  leads: [{a: 12, n: 12}]\n"
        "  trade: [{state: NO, amount: 7, code: 7}]\n"
        "as-of: 2011-04\n"
        "assume: ally(Ruritania, NO)\n"
        "without: ['ally(NO, _)', 'trade(NO)']\n"
        "ask: ally(?x, ?y)\n"
        "want:\n"
        "  - ally(Ruritania, NO) @ 0.88\n"
        "  - ally(a=NO, b=NO)\n"
        "  - {conclusion: 'ally(NO, \"a b\")', certainty: -0.125}\n"
    )
    assert (case.id, case.note, case.ask, str(case.location)) == ("mine", "why", "ally(?x, ?y)", "cases/blocs.yaml:1:1")
    assert case.replaces_facts
    assert [entity.name for entity in case.kb.entities] == ["Ruritania"]
    assert case.kb.kinds == ("bloc",)
    assert [rule.id for rule in case.kb.rules] == ["r"]
    assert [dict(fact.arguments) for fact in case.kb.facts] == [
        {"a": "12", "n": 12.0},
        {"state": "NO", "amount": 7.0, "code": "7"},
    ]
    assert [str(fact.source) for fact in case.kb.facts] == ["s", "s"]
    assert str(case.as_of) == "2011-04"
    assert case.assume == ("ally(Ruritania, NO)",)
    assert case.without == ("ally(NO, _)", "trade(NO)")
    assert case.want is not None
    assert [(item.conclusion, item.certainty, item.decimals) for item in case.want] == [
        ("ally(Ruritania, NO)", 0.88, 2),
        ("ally(a=NO, b=NO)", None, 9),
        ('ally(NO, "a b")', -0.125, 3),
    ]
    assert str(case.want[0].location) == "cases/blocs.yaml:17:5"
    assert (case.want_none, case.want_error, case.issues) == (False, "", ())


def test_a_list_of_cases_and_their_names(load: Any) -> None:
    cases = load("cases:\n  - {ask: q, want_none: true}\n  - {id: second, ask: q, want: 'ally(A, B)'}\n")
    assert [case.id for case in cases] == ["blocs-1", "second"]
    assert [str(case.location) for case in cases] == ["cases/blocs.yaml:2:5", "cases/blocs.yaml:3:5"]
    assert [case.want_none for case in cases] == [True, False]
    assert not cases[0].replaces_facts
    (single,) = load("ask: q\nwant_none: true\n")
    assert single.id == "blocs"


@pytest.mark.parametrize(
    ("written", "certainty", "decimals"),
    [("0.88", 0.88, 2), ("0.9", 0.9, 2), ("1", 1.0, 2), ("0.123456789012", 0.123456789012, 9), ("-0.600", -0.6, 3)],
)
def test_a_certainty_is_compared_as_finely_as_it_is_written(
    written: str, certainty: float, decimals: int, load: Any
) -> None:
    (case,) = load(f"ask: q\nwant:\n  - ally(A, B) @ {written}\n")
    assert [(item.certainty, item.decimals) for item in case.want] == [(certainty, decimals)]
    (case,) = load(f"ask: q\nwant:\n  - {{conclusion: 'ally(A, B)', certainty: {written}}}\n")
    assert [(item.certainty, item.decimals) for item in case.want] == [(certainty, decimals)]


def test_files_that_a_case_uses(load: Any, write: Any) -> None:
    write("cases/f/facts.yaml", "entities: {B: {kind: state}}\nfacts: {ally: [{a: A, b: B}]}\n")
    write("cases/f/trade.csv", "state,amount,code\nA,1,2\n")
    (case,) = load("ask: q\nwant_none: true\nuse: [f/facts.yaml, f/trade.csv]\n")
    assert case.replaces_facts
    assert [fact.predicate for fact in case.kb.facts] == ["ally", "trade"]
    assert [entity.name for entity in case.kb.entities] == ["B"]
    assert set(case.kb.texts) == {"cases/blocs.yaml", "cases/f/facts.yaml", "cases/f/trade.csv"}


def test_a_used_file_without_facts_leaves_those_of_the_knowledge_base(load: Any, write: Any) -> None:
    write("cases/more.yaml", "rules: [{id: r, when: [], then: 'ally(A, B)'}]\n")
    (case,) = load("ask: q\nwant_none: true\nuse: more.yaml\n")
    assert not case.replaces_facts
    assert [rule.id for rule in case.kb.rules] == ["r"]


def test_a_case_with_no_facts_at_all(load: Any) -> None:
    (case,) = load("ask: q\nwant_none: true\nfacts: {}\n")
    assert case.replaces_facts
    assert case.kb.facts == ()


@pytest.mark.parametrize(
    ("line", "code", "place"),
    [
        ("rules: [{id: r, when: ['p('], then: q()}]", "KZ201", "2:27"),
        ("as-of: 2011-02-30", "KZ112", "2:8"),
        ("facts: {ally: [{a: A, until: 2001, since: 2002}]}", "KZ113", "2:30"),
        ("facts: {ally: [{a: A, a: B}]}", "KZ106", "2:23"),
        ("facts: {ally: [{a: !x A}]}", "KZ107", "2:20"),
        ("facts: {ally: [{c: A}]}", "KZ203", "2:17"),
        ("assume: ally(A", "KZ201", "2:15"),
        ("use: nowhere.yaml", "KZ101", "2:6"),
    ],
)
def test_what_is_wrong_inside_a_case_is_kept_if_it_wants_an_error(
    line: str, code: str, place: str, load: Any, refused: Any, brief: Any
) -> None:
    (case,) = load(f"want_error: {code}\n{line}\n")
    assert case.want_error == code
    assert brief(case.issues) == [f"cases/blocs.yaml:{place} {code}"]
    assert refused(f"want_none: true\n{line}\nask: q\n") == [f"cases/blocs.yaml:{place} {code}"]


def test_each_case_of_a_list_keeps_its_own_issues(load: Any, brief: Any) -> None:
    cases = load(
        "cases:\n"
        "  - want_error: KZ106\n    facts: {}\n    facts: {}\n"
        "  - {ask: q, want_none: true}\n"
        "  - want_error: KZ107\n    facts: !x {}\n"
    )
    assert [brief(case.issues) for case in cases] == [
        ["cases/blocs.yaml:4:5 KZ106"],
        [],
        ["cases/blocs.yaml:7:12 KZ107"],
    ]


MISTAKES = [
    ("- a\n", ["1:1 KZ110"]),
    ("cases: q\n", ["1:8 KZ110"]),
    ("cases: [q]\n", ["1:9 KZ110"]),
    ("cases: []\nask: q\n", ["2:1 KZ108"]),
    ("ask: q\n", ["1:1 KZ116"]),
    ("ask: q\nwant: []\n", ["2:7 KZ116"]),
    ("ask: q\nwant_none: false\n", ["1:1 KZ116"]),
    ("ask: q\nwant_none: true\nwant: [a(b)]\n", ["2:12 KZ116"]),
    ("ask: q\nwant_none: true\nwant_error: KZ201\n", ["3:13 KZ116"]),
    ("ask: q\nwant_error: KZ999\n", ["2:13 KZ116"]),
    ("want_none: true\n", ["1:1 KZ109"]),
    ("ask: q\nwant_none: yes\n", ["2:12 KZ110"]),
    ("ask: ''\nwant_none: true\n", ["1:7 KZ110"]),
    ("ask: q\nwant_none: true\nas_of: 2011\n", ["3:1 KZ108"]),
    ("ask: q\nwant_none: true\nas-of: spring\n", ["3:8 KZ112"]),
    ("ask: q\nwant:\n  - ally(A, ?x)\n", ["3:5 KZ207"]),
    ("ask: q\nwant:\n  - ally(A, _)\n", ["3:5 KZ207"]),
    ("ask: q\nwant:\n  - ally(A, B) @ 1.5\n", ["3:5 KZ111"]),
    ("ask: q\nwant:\n  - ally(A, B) @ ?c\n", ["3:18 KZ201"]),
    ("ask: q\nwant:\n  - ally(A\n", ["3:11 KZ201"]),
    ("ask: q\nwant:\n  - ~\n", ["3:5 KZ110"]),
    ("ask: q\nwant:\n  - {certainty: 1}\n", ["3:5 KZ109"]),
    ("ask: q\nwant:\n  - {conclusion: 'a(b) @ 1', certainty: 1}\n", ["3:41 KZ106"]),
    ("ask: q\nwant:\n  - {conclusion: a(b), certainty: high}\n", ["3:35 KZ110"]),
    ("ask: q\nwant_none: true\nwithout: [ally(A, _)]\n", ["3:17 KZ201", "3:19 KZ201"]),
    ("ask: q\nask: r\nwant_none: true\n", ["2:1 KZ106"]),
    ("a: [\n", ["2:1 KZ105"]),
    ("# none\n", [" KZ104"]),
]


@pytest.mark.parametrize(("content", "expected"), MISTAKES, ids=[repr(item[0]) for item in MISTAKES])
def test_a_case_without_form_is_refused(content: str, expected: list[str], refused: Any) -> None:
    assert refused(content) == [f"cases/blocs.yaml:{item}".replace(": ", " ") for item in expected]


def test_folders_and_missing_files(write: Any, base: KnowledgeBase, brief: Any) -> None:
    write("cases/b.yaml", "ask: q\nwant_none: true\n")
    write("cases/sub/a.yml", "ask: q\nwant_none: true\n")
    write("cases/sub/a.csv", "a\n")
    assert [case.id for case in load_cases(["cases"], base)] == ["b", "a"]
    write("cases/c.yaml", "ask: q\n")
    with pytest.raises(KnowledgeBaseError) as caught:
        load_cases(["cases", "nowhere.yaml"], base)
    assert brief(caught.value.issues) == ["cases/c.yaml:1:1 KZ116", "nowhere.yaml KZ101"]
