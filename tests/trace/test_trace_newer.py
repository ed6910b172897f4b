"""How each of the newer parts of the language shows in a proof, that it verifies, and that no change of it does."""

import json

import msgspec
import pytest
from newer import NEWER, QUESTIONS
from syrupy.assertion import SnapshotAssertion
from tampering import tamperings
from traces import AS_OF, Problems, Read, Traced, traced_from

from kzexpert.checks import check
from kzexpert.engines import ENGINES, engine
from kzexpert.errors import KnowledgeBaseError
from kzexpert.language import load_knowledge_base
from kzexpert.model import KnowledgeBase
from kzexpert.program.snapshot import snapshot as cut
from kzexpert.proof.answers import answer
from kzexpert.proof.checker import Checker
from kzexpert.proof.document import EitherPremise, Trace, sealed
from kzexpert.proof.index import Index
from kzexpert.proof.lineage import prove
from kzexpert.questions.question import read_question
from kzexpert.render.dot import dot
from kzexpert.render.html import html_page
from kzexpert.render.json import json_text
from kzexpert.render.judgement import unaided
from kzexpert.render.mermaid import mermaid
from kzexpert.render.proof_markdown import proof_markdown
from kzexpert.render.proof_text import proof_text


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    """The invented knowledge base with the newer parts of the language."""
    path = tmp_path_factory.mktemp("world") / "world.yaml"
    path.write_text(NEWER, encoding="utf-8")
    kb = load_knowledge_base([], [path])
    assert check(kb) == []
    return kb


@pytest.mark.parametrize("part", QUESTIONS)
def test_every_part_shows_as_text(newer: KnowledgeBase, part: str, snapshot: SnapshotAssertion) -> None:
    trace = traced_from(newer, QUESTIONS[part])
    assert trace.answers
    assert proof_text(Index(trace), trace.answers) == snapshot


@pytest.mark.parametrize("part", QUESTIONS)
def test_every_part_shows_as_markdown(newer: KnowledgeBase, part: str, snapshot: SnapshotAssertion) -> None:
    document = proof_markdown(traced_from(newer, QUESTIONS[part]))
    assert document[document.index("## Argument") : document.index("## Checking")] == snapshot


@pytest.mark.parametrize("part", QUESTIONS)
def test_every_part_shows_on_a_page(newer: KnowledgeBase, part: str, snapshot: SnapshotAssertion) -> None:
    inference = engine().infer(cut(newer, AS_OF))
    question = read_question(newer, QUESTIONS[part])
    page = html_page(unaided([prove(inference, question)]))
    lists = page[page.index('<ul class="conditions">') :]
    assert lists[: lists.index("</section>")] == snapshot


@pytest.mark.parametrize("part", QUESTIONS)
def test_every_part_verifies_and_is_drawn(newer: KnowledgeBase, part: str, problems: Problems) -> None:
    trace = traced_from(newer, QUESTIONS[part])
    assert problems(newer, trace) == []
    assert msgspec.json.decode(json_text(trace), type=Trace) == trace
    for drawn in (dot(trace), mermaid(trace)):
        assert "  c1" in drawn
        assert ("  f1" in drawn) == bool(trace.firings)


@pytest.mark.parametrize("part", QUESTIONS)
def test_every_part_has_the_same_proof_from_a_database(newer: KnowledgeBase, part: str) -> None:
    pytest.importorskip("duckdb")
    one, other = (traced_from(newer, QUESTIONS[part], engine_name=name) for name in ("experta", "duckdb"))
    assert msgspec.structs.replace(one, engine="", seal="") == msgspec.structs.replace(other, engine="", seal="")


@pytest.mark.parametrize("part", QUESTIONS)
def test_no_change_of_a_part_verifies(newer: KnowledgeBase, part: str) -> None:
    document = json.loads(json_text(traced_from(newer, QUESTIONS[part])))
    checker = Checker(newer, ENGINES)
    every = [
        (words, changed)
        for words, changed in tamperings(document)
        if words.startswith(("$.firings", "$.rules", "$.facts")) and ".place: " not in words
    ]
    passed = []
    for words, changed in every[:: max(1, len(every) // 60)]:
        try:
            forged = sealed(msgspec.convert(changed, Trace))
        except msgspec.ValidationError:
            continue  # no seal makes this a trace
        if checker.verify("t", json_text(forged)).verified:
            passed.append(words)
    assert passed == []


def test_another_alternative_that_holds_too_is_not_the_one_that_counts(newer: KnowledgeBase) -> None:
    trace = traced_from(newer, QUESTIONS["either"])
    (first, *_) = (item for firing in trace.firings for item in firing.premises if isinstance(item, EitherPremise))
    assert (first.alternative, [item.condition for item in first.premises]) == (1, ["exercise(?state, ?other)"])


_RING = """\
kinds: [firm]
predicates:
  listed: {args: [firm: firm]}
  owns: {args: [owner: firm, asset: firm, percent: number]}
  blocked: {args: [firm: firm]}
entities: {X: {kind: firm}, A: {kind: firm}, B: {kind: firm}}
sources: {atlas: {title: Atlas, date: 2011}}
source: atlas
rules:
  - id: listed
    when: ["listed(?firm)"]
    then: blocked(?firm)
  - id: half
    when: ["owns(_, ?firm, _)", "?sum = sum(?p for owns(?o, ?firm, ?p) and blocked(?o))", "?sum >= 50"]
    then: blocked(?firm)
facts:
  listed: [{firm: X}]
  owns:
"""


def test_in_a_ring_a_proof_rests_on_what_lies_below(read: Read, traced: Traced, problems: Problems) -> None:
    rows = ((60, "X", "A"), (100, "A", "B"), (40, "B", "A"))
    kb = read(_RING + "".join(f"    - {{owner: {one}, asset: {other}, percent: {p}}}\n" for p, one, other in rows))
    trace = traced(kb, "blocked(A)")
    assert problems(kb, trace) == []
    (half,) = (firing for firing in trace.firings if firing.rule == "half")
    (total,) = (premise for premise in half.premises if premise.condition.startswith("?sum ="))
    assert (half.binding["sum"], total.facts) == ("60", ("blocked(X)", "owns(X, A, 60)"))


def test_a_ring_that_nobody_blocks_is_not_blocked(read: Read, traced: Traced, problems: Problems) -> None:
    kb = read(f"{_RING}    - {{owner: A, asset: B, percent: 100}}\n    - {{owner: B, asset: A, percent: 100}}\n")
    trace = traced(kb, "blocked(?firm)")
    assert (trace.answers, problems(kb, trace)) == (("blocked(X)",), [])


_LIFTED = """\
kinds: [firm]
predicates:
  owns: {args: [owner: firm, asset: firm]}
  named: {args: [firm: firm]}
  blocked: {args: [firm: firm]}
entities: {A: {kind: firm}, B: {kind: firm}}
sources:
  gazette: {title: Gazette, date: 2011, reliability: C}
  register: {title: Register, date: 2011, reliability: A}
rules:
  - {id: again, family: ties, source: register, when: ["blocked(?firm)", "owns(?firm, _)"], then: blocked(?firm)}
  - id: owned
    family: ties
    source: register
    when: ["owns(_, ?firm)", "?n = count(?o for owns(?o, ?firm) and blocked(?o))", "?n >= 1"]
    then: blocked(?firm)
  - {id: told, family: FAMILY, certainty: 0.4, source: gazette, when: ["named(?firm)"], then: blocked(?firm)}
facts:
  owns: [{owner: A, asset: B, source: register}, {owner: B, asset: A, source: register}]
  named: [{firm: A, source: gazette}]
"""


@pytest.mark.parametrize("engine_name", ["experta", "duckdb"])
@pytest.mark.parametrize("family", ["news", "ties"])
def test_a_certainty_that_a_ring_lifts_hangs_on_whoever_told_of_the_first(
    read: Read, problems: Problems, engine_name: str, family: str
) -> None:
    pytest.importorskip(engine_name)
    kb = read(_LIFTED.replace("FAMILY", family))
    for asked in ("blocked(?firm)", "blocked(A)", "blocked(B)"):
        trace = traced_from(kb, asked, engine_name=engine_name)
        assert problems(kb, trace) == []
        index = Index(trace)
        for firm in ("blocked(A)", "blocked(B)"):
            item = index.conclusions[firm]
            assert (item.certainty, index.lines(firm)[0][1].rule) == (1.0, "owned")
            assert item.testimony is not None
            assert item.testimony.confidence is not None
            assert item.testimony.confidence.level == "low"
            assert "gazette" in item.testimony.confidence.hangs_on
        assert [firing.rule for _, firing in index.lines("blocked(A)")] == ["owned", "told"]


def test_no_other_order_of_the_lines_in_a_ring_verifies(read: Read, problems: Problems) -> None:
    kb = read(_LIFTED.replace("FAMILY", "news"))
    trace = traced_from(kb, "blocked(A)")
    for number, item in enumerate(trace.conclusions):
        turned = msgspec.structs.replace(item, lines=item.lines[::-1])
        forged = (*trace.conclusions[:number], turned, *trace.conclusions[number + 1 :])
        honest = len(item.lines) == 1
        found = problems(kb, sealed(msgspec.structs.replace(trace, conclusions=forged)))
        assert (found == []) == honest


def test_a_sum_of_its_own_conclusions_with_a_negative_value_is_refused(read: Read, traced: Traced) -> None:
    rows = "    - {owner: X, asset: A, percent: 60}\n"
    honest = traced(read(_RING + rows), "blocked(?firm)")
    kb = read(f"{_RING}{rows}    - {{owner: A, asset: A, percent: -40}}\n")
    with pytest.raises(KnowledgeBaseError, match="negative"):
        Checker(kb, ENGINES).verify("t", json_text(honest))


def test_a_trace_without_anything_new_has_nothing_new(everything: KnowledgeBase, traced: Traced) -> None:
    trace = traced(everything, "aligned(?x, ?y)")
    kinds = {type(premise).__struct_config__.tag for firing in trace.firings for premise in firing.premises}
    assert kinds == {"fact", "absence", "comparison", "aggregate"}
    assert all(isinstance(rule.then, str) for rule in trace.rules)


@pytest.mark.parametrize(
    ("question", "answers", "bindings"),
    [
        (
            "member(Ruritania, ?bloc) since ?day",
            ("member(Ruritania, Pact) since 1990-01-01",),
            [{"bloc": "Pact", "day": "1990-01-01"}],
        ),
        (
            "member(?state, League) since ?from until ?to",
            ("member(Syldavia, League) since 2000-05-01 until 2012-06-30",),
            [{"state": "Syldavia", "from": "2000-05-01", "to": "2012-06-30"}],
        ),
        (
            "exercise(Ruritania, Borduria) within 3 years on ?day",
            (
                "exercise(Ruritania, Borduria) within 3 years on 2010-09-01",
                "exercise(Ruritania, Borduria) within 3 years on 2009-10-03",
            ),
            [{"day": "2010-09-01"}, {"day": "2009-10-03"}],
        ),
    ],
)
def test_a_question_may_ask_for_dates_on_record(
    newer: KnowledgeBase,
    question: str,
    answers: tuple[str, ...],
    bindings: list[dict[str, str]],
    problems: Problems,
) -> None:
    trace = traced_from(newer, question)
    assert (trace.answers, problems(newer, trace)) == (answers, [])
    found = answer(engine().infer(cut(newer, AS_OF)), read_question(newer, question))
    assert [item.bindings for item in found.answers] == bindings


def test_an_assumed_event_happens_on_the_day(newer: KnowledgeBase, problems: Problems) -> None:
    trace = traced_from(newer, "exercise(Syldavia, ?other) on ?day", assume=["exercise(Syldavia, Graustark)"])
    assert (trace.answers, problems(newer, trace)) == (("exercise(Syldavia, Graustark) on 2011-04-07",), [])


def test_alternatives_that_bind_in_another_order_are_one_instance(tmp_path) -> None:
    """Of a rule with ``each: true``: the checker groups firings by their variables' names, as engines do."""
    path = tmp_path / "each.yaml"
    path.write_text(
        """\
kinds: [state]
predicates: {ally: {args: [one: state, two: state]}, linked: {args: [one: state, two: state]}}
entities: {Ruritania: {kind: state}, Borduria: {kind: state}, Syldavia: {kind: state}}
facts:
  ally: [{one: Ruritania, two: Borduria}, {one: Borduria, two: Ruritania}, {one: Syldavia, two: Borduria}]
rules:
  - id: either-way
    each: true
    certainty: 0.5
    when: [{either: ["ally(?c, _)", "ally(?b, ?c)"]}, "ally(?c, ?b)"]
    then: linked(Ruritania, ?b)
""",
        encoding="utf-8",
    )
    kb = load_knowledge_base([], [path])
    trace = traced_from(kb, "linked(Ruritania, ?b)")
    assert {item.conclusion: len(item.lines) for item in trace.conclusions} == {
        "linked(Ruritania, Borduria)": 2,
        "linked(Ruritania, Ruritania)": 1,
    }
    assert Checker(kb, ENGINES).verify("trace.json", json_text(trace)).issues == ()
