"""What explanations show on the knowledge base that ships."""

from kzexpert.analysis.linchpins import linchpins
from kzexpert.analysis.matrix import matrices, read_comparisons
from kzexpert.analysis.scenario import Scenario
from kzexpert.analysis.timeline import timeline
from kzexpert.analysis.what_if import what_if
from kzexpert.analysis.why_not import why_not
from kzexpert.certainty import established
from kzexpert.engines import engine

from .conftest import World

SECURITY = "alignment(Kazakhstan, Russia, security)"


def test_why_not_china_in_energy_names_a_pipeline_and_a_turn(shipped: World) -> None:
    question = "alignment(Kazakhstan, China, energy)"
    found = why_not(shipped.infer(), shipped.question(question), engine())
    proposed = [proposal.assume for proposal in found.proposals]
    assert ("backs(China, Baku-Tbilisi-Ceyhan)",) in proposed
    assert ("turns_to(Kazakhstan, China, energy)",) in proposed
    for proposal in found.proposals:
        assert established(shipped.certainty(question, assume=proposal.assume, without=proposal.without))
    pipeline = next(miss for miss in found.misses if miss.rule == "backed-bypass")
    assert [failure.instance for failure in pipeline.failed] == ["backs(China, Baku-Tbilisi-Ceyhan)"]


def test_what_if_there_were_no_pipeline_deal(shipped: World) -> None:
    question = shipped.question("on whom does Kazakhstan depend?")
    after = shipped.infer(without=["uses_route(Kazakhstan, Baku-Tbilisi-Ceyhan, hydrocarbons)"])
    found = what_if(shipped.infer(), after, engine().infer, question)
    assert {shift.conclusion: shift.turn for shift in found.changes} == {
        "depends(Kazakhstan, Russia, economy)": "stronger",
        "depends(Kazakhstan, Russia, energy)": "stronger",
    }
    assert {line.rule for shift in found.changes for line in shift.lines} == {"bypass-lowers-dependence"}


def test_the_security_alignment_hangs_on_membership_and_training(shipped: World) -> None:
    (item,) = linchpins(shipped.infer(), shipped.question(SECURITY), engine(), margins=False).conclusions
    ranked = [effect.name for effect in item.facts]
    assert ranked[:3] == ["power(Russia)", "trains(Russia, Kazakhstan, 15000)", "member(Kazakhstan, CSTO)"]
    assert item.sources[0].name == "wagner-costa-2011"
    assert item.sources[0].falls


def test_the_matrix_separates_the_spheres(shipped: World) -> None:
    found = matrices(shipped.infer(), "Kazakhstan", read_comparisons(shipped.kb, "Astana"))
    leading = {matrix.pattern: matrix.hypotheses[0].value for matrix in found.matrices}
    assert leading == {
        "alignment(Kazakhstan, ?power, diplomacy)": "United States",
        "alignment(Kazakhstan, ?power, economy)": "Russia",
        "alignment(Kazakhstan, ?power, energy)": "United States",
        "alignment(Kazakhstan, ?power, non-proliferation)": "United States",
        "alignment(Kazakhstan, ?power, security)": "Russia",
    }
    security = next(matrix for matrix in found.matrices if matrix.pattern.endswith("security)"))
    assert {item.value for item in security.hypotheses} == {"Russia", "United States", "China"}
    assert security.rows[0].says == "Kazakhstan is a member of the CSTO"
    assert [cell.effect for cell in security.rows[0].cells] == ["supports", "silent", "contradicts"]


def test_the_timeline_shows_its_steps(shipped: World) -> None:
    start = Scenario.of(shipped.infer().program)
    question = shipped.question("alignment(Kazakhstan, ?power, security)")
    found = timeline(start, question, range(1991, 2013), engine())
    steps = {
        series.conclusion.split(", ")[1].strip('"'): [change.period for change in series.changes]
        for series in found.series
    }
    assert steps == {
        "Russia": ["1994", "2001", "2002", "2010", "2011"],
        "United States": ["1995", "2002"],
    }
