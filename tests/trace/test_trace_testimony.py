"""What is said of a conclusion beside its certainty: counting each thing once, and on whom it hangs."""

import pytest
from msgspec.structs import replace
from traces import Problems, Read, Traced

from kzexpert.proof.checker import testimony as checker
from kzexpert.proof.document import Testimony as Said
from kzexpert.proof.document import Trace, TracedLine, sealed
from kzexpert.render.trust_text import trust

TOWN = """\
kinds: [town]
entities: {Zenda: {kind: town}}
predicates:
  smoke: {args: [town: town], says: "smoke rises over {town}"}
  heat: {args: [town: town], says: "it is hot in {town}"}
  siren: {args: [town: town], says: "a siren is heard in {town}"}
  calm: {args: [town: town], says: "all is calm in {town}"}
  seen: {args: [town: town, window: number], says: "flames are seen from window {window} in {town}"}
  fire: {args: [town: town], says: "{town} is on fire"}
  alarm: {args: [town: town], says: "{town} is alarmed"}
sources:
  watchman: {title: The Watchman, reliability: A}
  ranger: {title: The Ranger, reliability: B}
  gazette: {title: The Gazette, reliability: A}
  wire: {title: The Wire, reliability: C}
  herald: {title: The Herald, reliability: C, origin: wire}
  courier: {title: The Courier, reliability: D, origin: wire}
  letter: {title: A Letter, reliability: D}
  rumour: {title: A Rumour}
  map: {title: A Map, reliability: A, background: true}
rules:
  - {id: smoke, when: ["smoke(?town)"], then: fire(?town), certainty: 0.6}
  - {id: heat, when: ["heat(?town)"], then: fire(?town), certainty: 0.5}
  - {id: siren, when: ["siren(?town)"], then: fire(?town), certainty: 0.4}
  - {id: calm, when: ["calm(?town)"], then: fire(?town), certainty: -0.3}
"""
ONE_SOURCE = "all of it rests on one source, "
NO_SOURCE = "it hangs on no single source, "

#: Facts and who tells them → certainty, counting each thing once, confidence and its reason.
TOLD = {
    "two witnesses": ("smoke: watchman; heat: ranger", 0.8, 0.8, "high", f"{NO_SOURCE}and 2 are graded A or B"),
    "copies of one origin": ("smoke: herald; heat: courier", 0.8, 0.6, "low", f"{ONE_SOURCE}wire (grade C)"),
    "a copy and its origin": ("heat: wire; smoke: courier", 0.8, 0.6, "low", f"{ONE_SOURCE}wire (grade C)"),
    "one source twice": ("smoke: watchman; heat: watchman", 0.8, 0.6, "moderate", f"{ONE_SOURCE}watchman (grade A)"),
    "background and a witness": (
        "smoke: map; heat: ranger",
        0.8,
        0.8,
        "moderate",
        f"{NO_SOURCE}but fewer than two are graded A or B",
    ),
    "background alone": ("smoke: map; heat: map", 0.8, 0.8, "moderate", "it rests on rules and background alone"),
    "one fact told by two": ("smoke: watchman, ranger", 0.6, 0.6, "high", f"{NO_SOURCE}and 2 are graded A or B"),
    "one fact told by copies": ("smoke: herald, courier", 0.6, 0.6, "low", f"{ONE_SOURCE}wire (grade C)"),
    "poor witnesses": (
        "smoke: wire; heat: letter",
        0.8,
        0.8,
        "moderate",
        f"{NO_SOURCE}but fewer than two are graded A or B",
    ),
    "no grade": ("smoke: rumour", 0.6, 0.6, "low", f"{ONE_SOURCE}rumour (no grade)"),
    "no source": ("smoke: -; heat: -", 0.8, 0.8, "low", "all of it rests on facts without a source"),
    "evidence against": (
        "smoke: watchman; heat: ranger; calm: gazette",
        0.714285714,
        0.714285714,
        "high",
        f"{NO_SOURCE}and 2 are graded A or B",
    ),
    "evidence against weighs more": (
        "smoke: watchman; siren: ranger; calm: gazette",
        0.657142857,
        0.657142857,
        "moderate",
        "it hangs on one source, watchman (grade A)",
    ),
    "evidence against copies": (
        "smoke: herald; heat: courier; calm: gazette",
        0.714285714,
        0.428571429,
        "low",
        f"{ONE_SOURCE}wire (grade C)",
    ),
    "only against": ("calm: letter", -0.3, -0.3, "low", f"{ONE_SOURCE}letter (grade D)"),
}


def facts_of(told: str) -> str:
    """``smoke: watchman, ranger; heat: -`` → the facts of a file."""
    lines = ["facts:"]
    for fact in told.split("; "):
        name, _, sources = fact.partition(": ")
        rows = [
            "{town: Zenda}" if source == "-" else f"{{town: Zenda, source: {source}}}" for source in sources.split(", ")
        ]
        lines.append(f"  {name}: [{', '.join(rows)}]")
    return "\n".join(lines)


def said_of(trace: Trace, statement: str) -> Said:
    """What a document says of a conclusion; the checker says the same."""
    assert checker.testified(trace) == trace
    found = {item.conclusion: item.testimony for item in trace.conclusions}[statement]
    assert found is not None
    return found


def certainty_of(trace: Trace, statement: str) -> float:
    """How certain a conclusion of a document is."""
    return {item.conclusion: item.certainty for item in trace.conclusions}[statement]


@pytest.mark.parametrize(("told", "certainty", "at_least", "level", "reason"), TOLD.values(), ids=TOLD)
def test_who_vouches_for_it(
    told: str, certainty: float, at_least: float, level: str, reason: str, read: Read, traced: Traced
) -> None:
    trace = traced(read(TOWN + facts_of(told)), "fire(Zenda)")
    found = said_of(trace, "fire(Zenda)")
    assert found.confidence is not None
    assert (trace.conclusions[0].certainty, found.at_least) == (certainty, at_least)
    assert (found.confidence.level, found.confidence.reason) == (level, reason)


def test_an_assumption_is_no_witness(read: Read, traced: Traced) -> None:
    trace = traced(read(TOWN), "fire(Zenda)", assume=["smoke(Zenda)"])
    confidence = said_of(trace, "fire(Zenda)").confidence
    assert confidence is not None
    assert (confidence.level, confidence.reason) == ("low", "all of it rests on an assumption")


def test_of_what_is_not_established_no_confidence_is_stated(read: Read, traced: Traced) -> None:
    facts = "facts: {smoke: [{town: Zenda, certainty: 0.3, source: watchman}]}\n"
    assert said_of(traced(read(TOWN + facts), "fire(Zenda)"), "fire(Zenda)").confidence is None


def test_what_proves_itself_in_a_circle_counts_once(read: Read, traced: Traced) -> None:
    kb = read(
        """\
kinds: [day]
entities: {Monday: {kind: day}}
predicates:
  rain: {args: [day: day], says: "it rains on {day}"}
  snow: {args: [day: day], says: "it snows on {day}"}
  wet: {args: [day: day], says: "{day} is wet"}
sources: {almanac: {title: Almanac, reliability: B}}
source: almanac
facts:
  rain: [{day: Monday, certainty: 0.4}]
  snow: [{day: Monday, certainty: 0.3}]
rules:
  - {id: thaw, when: ["snow(?day)"], then: rain(?day), certainty: 0.2}
  - {id: frost, when: ["rain(?day)"], then: snow(?day), certainty: 0.9}
  - {id: rain-is-wet, when: ["rain(?day)"], then: wet(?day)}
  - {id: snow-is-wet, when: ["snow(?day)"], then: wet(?day)}
"""
    )
    trace = traced(kb, "wet(Monday)")
    found = said_of(trace, "wet(Monday)")
    assert (round(certainty_of(trace, "wet(Monday)"), 2), found.at_least) == (0.62, 0.4)
    assert (found.shared, len(found.independent)) == (("rain(Monday)",), 1)


def test_two_weaker_lines_that_share_nothing_outweigh_one_that_shares_with_both(read: Read, traced: Traced) -> None:
    both = '  - {id: both, when: ["smoke(?town)", "heat(?town)"], then: fire(?town), certainty: 0.7}\n'
    trace = traced(read(TOWN + both + facts_of("smoke: watchman; heat: ranger")), "fire(Zenda)")
    found = said_of(trace, "fire(Zenda)")
    assert (trace.conclusions[0].certainty, found.at_least) == (0.94, 0.8)
    assert (found.exact, found.shared) == (True, ("heat(Zenda)", "smoke(Zenda)"))


def test_a_rule_below_two_lines_counts_once(read: Read, traced: Traced) -> None:
    rules = """\
  - {id: bells, when: ["fire(?town)"], then: alarm(?town), certainty: 0.9}
  - {id: crowds, when: ["fire(?town)", "siren(?town)"], then: alarm(?town), certainty: 0.5}
"""
    trace = traced(read(TOWN + rules + facts_of("smoke: map; siren: map")), "alarm(Zenda)")
    fire = 1 - 0.4 * 0.6
    assert said_of(trace, "alarm(Zenda)").at_least == pytest.approx(0.9 * fire)


def test_what_a_premise_comes_to_counting_things_once_is_passed_on(read: Read, traced: Traced) -> None:
    rule = '  - {id: bells, when: ["fire(?town)"], then: alarm(?town), certainty: 0.9}\n'
    trace = traced(read(TOWN + rule + facts_of("smoke: herald; heat: courier")), "alarm(Zenda)")
    found = said_of(trace, "alarm(Zenda)")
    assert (certainty_of(trace, "alarm(Zenda)"), found.at_least) == (
        0.72,
        0.54,
    )


@pytest.mark.parametrize(("windows", "exact"), [(3, True), (16, True), (17, False)])
def test_each_firing_is_a_line_and_of_very_many_the_strongest_are_taken_first(
    windows: int, exact: bool, read: Read, traced: Traced
) -> None:
    rule = '  - {id: flames, when: ["seen(?town, _)"], then: fire(?town), certainty: 0.3, each: true}\n'
    rule = rule.replace("_", "?window")
    copies = ("herald", "courier", "ranger")
    rows = ", ".join(f"{{town: Zenda, window: {one}, source: {copies[one % 3]}}}" for one in range(windows))
    trace = traced(read(f"{TOWN}{rule}facts:\n  seen: [{rows}]\n"), "fire(Zenda)")
    found = said_of(trace, "fire(Zenda)")
    assert (found.exact, found.at_least, len(found.independent)) == (exact, 0.51, 2)
    assert trace.conclusions[0].certainty == pytest.approx(1 - 0.7**windows, abs=1e-8)


def test_the_checker_compares_very_many_lines_only_with_those_that_it_keeps(
    read: Read, traced: Traced, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows, compared, share = 60, [], checker._Testimonies._share
    rule = '  - {id: flames, when: ["seen(?town, ?window)"], then: fire(?town), certainty: 0.3, each: true}\n'
    rows = ", ".join(
        f"{{town: Zenda, window: {one}, source: {'herald' if one % 2 else 'map'}}}" for one in range(windows)
    )
    trace = traced(read(f"{TOWN}{rule}facts:\n  seen: [{rows}]\n"), "fire(Zenda)")

    def counted(self: checker._Testimonies, one: TracedLine, other: TracedLine) -> bool:
        compared.append((one, other))
        return share(self, one, other)

    monkeypatch.setattr(checker._Testimonies, "_share", counted)
    assert checker.testified(trace) == trace
    pairs = len(compared)
    kept = said_of(trace, "fire(Zenda)").independent
    assert len(kept) == windows // 2 + 1
    assert pairs < windows * len(kept) // 2


def test_of_recursive_rules_the_best_proof_counts(read: Read, traced: Traced) -> None:
    kb = read(
        """\
kinds: [town]
entities: {Zenda: {kind: town}, Strelsau: {kind: town}, Hentzau: {kind: town}}
predicates:
  road: {args: [one: town, other: town], says: "a road leads from {one} to {other}"}
  reach: {args: [one: town, other: town], says: "{other} is reached from {one}"}
sources: {atlas: {title: Atlas, reliability: B}, letter: {title: Letter, reliability: D}}
facts:
  road:
    - {one: Zenda, other: Strelsau, source: atlas}
    - {one: Strelsau, other: Hentzau, source: letter, certainty: 0.9}
    - {one: Hentzau, other: Strelsau, source: letter}
    - {one: Zenda, other: Hentzau, source: letter, certainty: 0.5}
rules:
  - {id: at-once, when: ["road(?one, ?other)"], then: "reach(?one, ?other)", certainty: 0.8}
  - {id: onwards, when: ["reach(?one, ?mid)", "road(?mid, ?other)"], then: "reach(?one, ?other)"}
"""
    )
    trace = traced(kb, "reach(Zenda, Hentzau)")
    item = {item.conclusion: item for item in trace.conclusions}["reach(Zenda, Hentzau)"]
    found = said_of(trace, item.conclusion)
    assert (item.method, item.certainty, found.at_least) == ("best", 0.8, 0.8)
    assert found.confidence is not None
    assert found.confidence.hangs_on == ("letter",)


def _changed(found: Said) -> dict[str, Said | None]:
    confidence = found.confidence
    assert confidence is not None
    return {
        "none at all": None,
        "as certain as the lines": replace(found, at_least=0.8),
        "a trifle more": replace(found, at_least=found.at_least + 1e-6),
        "another line": replace(found, independent=found.independent * 2),
        "no line": replace(found, independent=()),
        "not exact": replace(found, exact=False),
        "shares a fact": replace(found, shared=("smoke(Zenda)",)),
        "no confidence": replace(found, confidence=None),
        "high": replace(found, confidence=replace(confidence, level="high")),
        "another reason": replace(found, confidence=replace(confidence, reason=f"{NO_SOURCE}and 2 are graded A or B")),
        "hangs on nothing": replace(found, confidence=replace(confidence, hangs_on=())),
    }


def test_a_changed_testimony_does_not_verify(read: Read, traced: Traced, problems: Problems) -> None:
    kb = read(TOWN + facts_of("smoke: herald; heat: courier"))
    trace = traced(kb, "fire(Zenda)")
    assert problems(kb, trace) == []
    (item,) = trace.conclusions
    for words, changed in _changed(said_of(trace, "fire(Zenda)")).items():
        forged = sealed(replace(trace, conclusions=(replace(item, testimony=changed),)))
        assert problems(kb, forged), words


@pytest.mark.parametrize(
    ("strengths", "words"),
    [
        ((0.6, 0.5), "0.80 if its lines are independent, 0.60 counting each witness once."),
        ((0.6,), "0.80 if all that its line rests on is independent, 0.60 counting each witness once."),
        ((0.6, -0.1), "0.80 if all that its line rests on is independent, 0.60 counting each witness once."),
    ],
)
def test_several_lines_are_spoken_of_only_where_there_are_several(strengths: tuple[float, ...], words: str) -> None:
    assert trust(0.8, strengths, 0.6, True, (), None) == [words]
