"""What must hold of every explanation, on programs that Hypothesis puts together."""

from datetime import date
from typing import Any

from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kzexpert.analysis.causes import Divergence
from kzexpert.analysis.linchpins import linchpins
from kzexpert.analysis.scenario import Revision, Scenario
from kzexpert.analysis.timeline import timeline
from kzexpert.analysis.what_if import what_if
from kzexpert.analysis.why_not import why_not
from kzexpert.certainty import established
from kzexpert.engines import engine

from .conftest import ReadWorld, World

VOCABULARY = """\
kinds: [thing]
predicates:
  a: {args: [x: thing], holds: interval}
  b: {args: [x: thing, y: thing], holds: interval}
  w: {args: [x: thing, n: number], holds: interval}
  e: {args: [x: thing, t: text], holds: event}
  p: {args: [x: thing]}
  q: {args: [x: thing]}
  r: {args: [x: thing, y: thing]}
  s: {args: [x: thing]}
  t: {args: [x: thing]}
entities: {one: {kind: thing}, two: {kind: thing}, three: {kind: thing}}
sources: {atlas: {date: 2011}, gazette: {date: 2010}}
"""
#: Conditions, conclusions, and whether evidence against them is allowed. Blocks are written in YAML.
RULES = (
    ("a(?x)", "p(?x)", True),
    ("b(?x, ?y); a(?y)", "p(?x)", True),
    ("b(?x, ?y); not a(?y)", "p(?x)", True),
    ("e(?x, _) within 2 years", "p(?x)", True),
    ("p(?x); w(?x, ?n); ?n >= 2", "q(?x)", True),
    ("b(?x, _); not p(?x)", "q(?x)", True),
    ("p(?x) @ ?c; ?c >= 0.5", "q(?x)", True),
    ("a(?x); ?n = count(?y for b(?x, ?y)); ?n >= 2", "q(?x)", True),
    ("w(?x, ?n); ?m = ?n * 2; ?m > 3", "q(?x)", True),
    ("q(?x); b(?x, ?y)", "r(?x, ?y)", False),
    ("r(?x, ?y); r(?y, ?z)", "r(?x, ?z)", False),
    ("p(?x); q(?x)", "s(?x)", True),
    ("r(?x, ?y); ?x != ?y; not e(?x, _)", "s(?x)", True),
    ("a(?x); ?n = max(?k for w(?x, ?k)); ?n < 3", "s(?x)", True),
    ("b(?x, _); {either: ['a(?x)', 'p(?x)', ['w(?x, ?n)', '?n > 1']]}", "q(?x)", True),
    ("b(?x, _); {not: ['b(?x, ?y)', 'not a(?y)']}", "s(?x)", True),
    ("a(?x); {not: ['b(?x, ?y)', {not: ['p(?y)', 'w(?y, ?n)', '?n > 1']}]}", "s(?x)", True),
    ("w(?x, _); ?n = sum(?k for b(?y, ?x) and w(?y, ?k)); ?n >= 3", "q(?x)", True),
    ("a(?x); ?n = avg(?k for w(?x, ?k) and b(?x, _) and ?k in (1, 3)); ?n > 1", "s(?x); p(?x)", True),
    ("a(?x)", "t(?x)", False),
    ("b(_, ?x); ?n = sum(?k for b(?y, ?x) and w(?y, ?k) and t(?y)); ?n >= 2", "t(?x)", False),
    ("b(?x, _); ?n = count(?y for b(?x, ?y) and t(?y)); ?n > 1", "t(?x)", False),
    ("t(?x); not p(?x)", "s(?x)", True),
    ("a(?x) since ?d; ?d < 2009-01-01", "p(?x)", True),
    ("b(?x, ?y) until ?d; ?d <= as_of() + 2 years; a(?y)", "q(?x)", True),
    ("e(?x, ?t) on ?d; years(?d, as_of()) < 2; ?t in (t1, t3)", "p(?x); q(?x)", True),
)
THINGS = st.sampled_from(("one", "two", "three"))
YEARS = st.sampled_from(("", ", since: 2009", ", until: 2009", ", since: 2008, until: 2010"))
CERTAINTIES = st.sampled_from(("1", "0.9", "0.5", "0.2"))
SOURCES = st.sampled_from(("atlas", "gazette"))
QUESTIONS = st.sampled_from(
    ("p(one)", "q(two)", "r(one, two)", "r(one, three)", "s(one)", "s(?x)", "r(?x, ?y)", "t(one)", "t(?x)")
)
DAY = date(2011, 1, 1)

check = examples(15)


@st.composite
def programs(draw: st.DrawFn) -> str:
    """The text of some facts and rules."""
    facts: dict[str, set[str]] = {"a": set(), "b": set(), "w": set(), "e": set()}
    for _ in range(draw(st.integers(0, 7))):
        name = draw(st.sampled_from("abwe"))
        args = f"x: {draw(THINGS)}"
        if name == "b":
            args += f", y: {draw(THINGS)}"
        if name == "w":
            args += f", n: {draw(st.integers(1, 3))}"
        if name == "e":
            args += f", t: t{draw(st.integers(1, 2))}, on: {draw(st.sampled_from((2007, 2009, 2010)))}"
        tail = draw(YEARS) if name != "e" else ""
        facts[name].add(f"{{{args}{tail}, certainty: {draw(CERTAINTIES)}, source: {draw(SOURCES)}}}")
    rules = []
    for number in sorted(draw(st.sets(st.integers(0, len(RULES) - 1), min_size=2, max_size=9))):
        when, then, against = RULES[number]
        certainty = draw(st.sampled_from((0.9, 0.6, 0.3, 0.15, *((-0.3, -0.6) if against else ()))))
        conditions = ", ".join(text if text[0] == "{" else f'"{text}"' for text in when.split("; "))
        heads = ", ".join(f'"{text}"' for text in then.split("; "))
        each = ", each: true" if draw(st.booleans()) and then[0] not in "rt" else ""
        rules.append(
            f"  - {{id: rule{number}, when: [{conditions}], then: [{heads}], certainty: {certainty}{each}, "
            f"source: {draw(SOURCES)}}}"
        )
    rows = [f"  {name}: [{', '.join(sorted(items))}]" for name, items in facts.items() if items]
    return "\n".join([*(["facts:", *rows] if rows else []), "rules:", *rules])


@check
@given(program=programs(), question=QUESTIONS)
def test_every_proposal_makes_it_hold_and_no_part_of_it_would(
    read_world: ReadWorld, program: str, question: str
) -> None:
    world = read_world(program, vocabulary=VOCABULARY)
    inference = world.infer(DAY.isoformat())
    asked = world.question(question)
    if any(established(inference.certainty(atom) or 0.0) for atom in matching(inference, asked)):
        return
    for proposal in why_not(inference, asked, engine(), limit=3).proposals:
        whole = Scenario.of(inference.program)
        changes = [(text, True) for text in proposal.assume] + [(text, False) for text in proposal.without]
        assert certainty_after(world, whole, changes, proposal.conclusion) == proposal.certainty
        assert established(proposal.certainty)
        for left_out in changes if len(changes) > 1 else ():
            fewer = [change for change in changes if change != left_out]
            after = engine().infer(changed(world, whole, fewer).program())
            assert not any(established(after.certainty(atom) or 0.0) for atom in matching(after, asked))


def matching(inference: Any, question: Any) -> list[Any]:
    return list(inference.facts.matching(question.pattern))


def changed(world: World, scenario: Scenario, changes: list[tuple[str, bool]]) -> Scenario:
    added, gone = (
        frozenset(world.atom(text) for text, assume in changes if assume == added) for added in (True, False)
    )
    return scenario.changed(Revision(assume=added, without=gone))


def certainty_after(world: World, scenario: Scenario, changes: list[tuple[str, bool]], text: str) -> float | None:
    after: float | None = engine().infer(changed(world, scenario, changes).program()).certainty(world.atom(text))
    return after


@check
@given(program=programs(), question=QUESTIONS)
def test_the_part_that_a_goal_depends_on_says_the_same(read_world: ReadWorld, program: str, question: str) -> None:
    world = read_world(program, vocabulary=VOCABULARY)
    whole = world.infer(DAY.isoformat())
    asked = world.question(question)
    for settled in (False, True):
        part = engine().infer(Scenario.of(whole.program).about(asked.pattern, settled=settled).program())
        for atom in {*matching(whole, asked), *matching(part, asked)}:
            assert part.certainty(atom) == whole.certainty(atom)


@check
@given(program=programs(), question=QUESTIONS)
def test_linchpins_are_all_whose_withdrawal_changes_it_and_no_others(
    read_world: ReadWorld, program: str, question: str
) -> None:
    """Everything on record is withdrawn, one thing after the other, each with an inference of the whole."""
    world = read_world(program, vocabulary=VOCABULARY)
    inference = world.infer(DAY.isoformat())
    found = linchpins(inference, world.question(question), engine(), margins=False)
    if not found.conclusions:
        return
    whole = Scenario.of(inference.program)
    revisions = {
        "fact": {
            str(fact.atom): Revision(without=frozenset([fact.atom]))
            for facts in inference.program.base.values()
            for fact in facts.values()
        },
        "source": {source.id: Revision(source=source.id) for source in world.kb.sources},
        "rule": {rule.id: Revision(rule=rule.id) for rule in world.kb.rules},
    }
    fresh = {
        (kind, name): engine().infer(whole.changed(revision).program())
        for kind, named in revisions.items()
        for name, revision in named.items()
    }
    for item in found.conclusions:
        told = {(effect.kind, effect.name): effect.certainty for effect in (*item.facts, *item.sources, *item.rules)}
        atom = world.atom(item.conclusion)
        without = {key: after.certainty(atom) or 0.0 for key, after in fresh.items()}
        assert told == {key: without[key] for key in told}
        assert {key for key in told if told[key] != item.certainty} == {
            key for key in without if without[key] != item.certainty
        }
        if item.single_source:
            assert [effect.name for effect in item.sources] == [item.single_source]


@check
@given(program=programs(), question=QUESTIONS)
def test_the_margins_of_rules_are_turning_points(read_world: ReadWorld, program: str, question: str) -> None:
    world = read_world(program, vocabulary=VOCABULARY)
    found = linchpins(world.infer(DAY.isoformat()), world.question(question), engine())
    for item in found.conclusions[:1]:
        for margin in item.margins:
            assert abs(margin.lowest) <= 1 >= abs(margin.highest)
            assert margin.lowest <= margin.certainty <= margin.highest
            for place, beyond in ((margin.lowest, margin.word_below), (margin.highest, margin.word_above)):
                assert word(world, item.conclusion, margin.rule, place) == item.evidence
                outwards = -0.01 if place == margin.lowest and margin.word_below else 0.01
                if beyond:
                    assert word(world, item.conclusion, margin.rule, round(place + outwards, 9)) != item.evidence


def word(world: World, conclusion: str, rule_id: str, certainty: float) -> str:
    from kzexpert.certainty import evidence_word

    rules = tuple(replace(rule, certainty=certainty) if rule.id == rule_id else rule for rule in world.kb.rules)
    return evidence_word(type(world)(replace(world.kb, rules=rules)).certainty(conclusion, day=DAY.isoformat()))


@check
@given(program=programs(), days=st.tuples(*[st.sampled_from(("2006-06-01", "2009-01-01", "2011-01-01"))] * 2))
def test_what_if_tells_every_difference_and_no_other(
    read_world: ReadWorld, program: str, days: tuple[str, str]
) -> None:
    world = read_world(program, vocabulary=VOCABULARY)
    before, after = map(world.infer, days)
    assert what_if(before, before, engine().infer).changes == ()
    found = what_if(before, after, engine().infer)
    told = {shift.conclusion: (shift.before, shift.after) for shift in found.changes}
    atoms = {*before.firings, *after.firings}
    assert told == {
        str(atom): (before.certainty(atom), after.certainty(atom))
        for atom in atoms
        if before.certainty(atom) != after.certainty(atom)
    }
    for shift in found.changes:
        assert shift.lines
        for line in shift.lines:
            assert line.before != line.after
            assert line.causes or line.rule_turn


@check
@given(program=programs(), data=st.data())
def test_the_causes_of_a_change_are_enough_to_make_it(read_world: ReadWorld, program: str, data: st.DataObject) -> None:
    """Of many withdrawals those that are named, alone, leave each conclusion as all of them together do."""
    world = read_world(program, vocabulary=VOCABULARY)
    before = world.infer(DAY.isoformat())
    start = Scenario.of(before.program)
    facts = {str(fact.atom): fact.atom for known in before.program.base.values() for fact in known.values()}
    gone = data.draw(st.sets(st.sampled_from(sorted(facts)))) if facts else set()
    after = engine().infer(start.changed(Revision(without=frozenset(facts[name] for name in gone))).program())
    difference = Divergence(before, after)
    for atom in {*before.firings, *after.firings}:
        if before.certainty(atom) != after.certainty(atom):
            causes = {cause.statement.partition(")")[0] + ")" for cause in difference.roots(atom)}
            assert causes <= gone
            fewer = start.changed(Revision(without=frozenset(facts[name] for name in causes)))
            assert engine().infer(fewer.program()).certainty(atom) == after.certainty(atom)


@check
@given(program=programs(), question=QUESTIONS)
def test_every_step_of_a_timeline_has_its_facts(read_world: ReadWorld, program: str, question: str) -> None:
    world = read_world(program, vocabulary=VOCABULARY)
    start = Scenario.of(world.infer().program)
    found = timeline(start, world.question(question), range(2006, 2012), engine(), weighed=True)
    for series in found.series[:2]:
        for point in series.points:
            fresh = world.infer(point.as_of.isoformat()).certainty(world.atom(series.conclusion))
            assert point.certainty == fresh
        for change in series.changes:
            assert change.causes
            # Of several rows one may lapse.
            turns = {"came into force", "went out of force", "lapsed", "stronger", "weaker", "another date"}
            assert turns.issuperset(cause.turn for cause in change.causes)
