"""All passes at once: everything in one run, in one order, whatever the order of files, rules and facts."""

import random
import time

from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kzexpert.checks import PASSES, by_place, check
from kzexpert.errors import CODES, Issue, Location
from kzexpert.model import KnowledgeBase

EVERYTHING_WRONG = """\
predicates:
  leads: {args: [state: state, bloc: bloc]}
# ^ KZ219
  borders: {args: [one: state, other: stat], says: "{two} borders {other}"}
# ^ KZ214
#                              ^ KZ118
#                                                   ^ KZ216
entities:
  Latveria: {kind: state, aliases: [borduria]}
#                                   ^ KZ119
  Zubrowka: {kind: kingdom}
#                  ^ KZ118
facts:
  membr:
    - {state: Ruritania, bloc: Pact, source: atlas}
#     ^ KZ202
  member:
    - {state: Ruritanja, bloc: Pact, source: atlsa}
#             ^ KZ204
#                                            ^ KZ120
    - {state: Ruritania, since: 1994}
#     ^ KZ203 KZ121
  exercise:
    - {state: Pact, partner: Borduria, since: 2010}
#     ^ KZ117
#             ^ KZ205
#                                             ^ KZ117
rules:
  - id: hedging
    when:
      - member(?x, ?bloc)
#                  ^ KZ208
      - not aligned(?x, ?y)
#       ^ KZ206 KZ209
      - hedges(?x)
      - not hedges(?x)
#       ^ KZ209 KZ212
      - hedges( ?x )
#       ^ KZ211
      - leads(?x, Pact) within 1 year
#       ^ KZ217
      - ?n = count(?s for rival(?x, ?t))
#       ^ KZ208 KZ218
#                                   ^ KZ208
    then: hedges(?x)
    because: "{z} hedges"
#             ^ KZ216
    source: atlas
  - id: hedging
#   ^ KZ215
#       ^ KZ210
    when: ["hedges(?x)", "soldiers(Borduria, 3)"]
#                         ^ KZ213
    then: aligned(state=?x)
#         ^ KZ207
"""

SPLIT = EVERYTHING_WRONG.index("facts:"), EVERYTHING_WRONG.index("rules:")


def test_everything_that_is_wrong_is_told_in_one_run(examined):
    issues = examined(EVERYTHING_WRONG)
    assert len({issue.code for issue in issues}) == 23
    assert {issue.code for issue in issues} <= set(CODES)


def test_issues_are_sorted_by_place_and_each_is_told_once(read):
    kb = read("""\
rules:
  - {id: near, when: ["rivals(?x, ?y)", "member(?x)"], then: "aligned(?x, ?y)"}
""")
    issues = check(kb)
    assert issues == sorted(issues, key=by_place)
    assert len(set(issues)) == len(issues)
    general = Issue("KZ115", "about the whole")
    assert sorted([*issues, general], key=by_place)[0] == general


@given(seed=st.integers(0, 2**32))
@examples(40)
def test_the_order_of_files_rules_and_facts_changes_nothing(read, seed):
    facts, rules = SPLIT
    kb = read(EVERYTHING_WRONG[:facts], EVERYTHING_WRONG[facts:rules], EVERYTHING_WRONG[rules:])
    shuffled = _shuffled(kb, random.Random(seed))
    assert check(shuffled) == check(kb)


def _shuffled(kb: KnowledgeBase, order: random.Random) -> KnowledgeBase:
    """The same in another order; of two declarations that differ the first counts, so predicates keep theirs."""
    parts = {name: getattr(kb, name) for name in ("kinds", "entities", "sources", "facts", "rules")}
    return replace(kb, **{name: tuple(order.sample(items, len(items))) for name, items in parts.items()})


def test_each_pass_is_listed_once_and_says_what_it_looks_for():
    assert len(set(PASSES)) == len(PASSES)
    assert all(one.__doc__ and "KZ" in one.__doc__ for one in PASSES)


def test_the_work_grows_with_the_facts_and_no_faster(read):
    def seconds(number: int) -> float:
        rows = "\n".join(f"    - {{state: Ruritania, number: {row}, source: atlas}}" for row in range(number))
        kb = read(f"facts:\n  soldiers:\n{rows}\n")
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            assert [issue for issue in check(kb) if issue.severity == "error"] == []
            best = min(best, time.process_time() - start)
        return best

    assert seconds(8000) < 16 * max(seconds(1000), 0.002)


def test_a_place_without_a_column_sorts_first_in_its_file():
    whole, line = Issue("KZ104", "empty", Location("a.yaml")), Issue("KZ105", "bad", Location("a.yaml", 1, 1))
    assert sorted([line, whole], key=by_place) == [whole, line]
