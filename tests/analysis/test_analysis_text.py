"""Explanations as text, drawings and JSON: a golden file for each, nothing wider than 80 columns, nothing unescaped."""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from kzexpert.analysis.linchpins import linchpins
from kzexpert.analysis.matrix import matrices, read_comparisons
from kzexpert.analysis.scenario import Scenario
from kzexpert.analysis.timeline import timeline
from kzexpert.analysis.what_if import what_if
from kzexpert.analysis.why_not import why_not
from kzexpert.engines import engine
from kzexpert.model import Inference
from kzexpert.proof.index import Index
from kzexpert.proof.lineage import prove
from kzexpert.questions.question import Question
from kzexpert.render.changes_text import what_if_text
from kzexpert.render.json import json_text
from kzexpert.render.linchpins_text import linchpins_text
from kzexpert.render.matrix_text import matrix_text
from kzexpert.render.proof_text import arithmetic, proof_text
from kzexpert.render.timeline_svg import timeline_svg
from kzexpert.render.timeline_text import ASCII, timeline_text
from kzexpert.render.why_not_text import why_not_text
from kzexpert.render.writer import PLAIN, Writer, as_markup, display_width

from .conftest import ReadWorld, World

ALIGNED = "aligned(Ruritania, Borduria, security)"
Texts = Callable[..., str]


def _proof(inference: Inference, question: Question, out: Writer = PLAIN, depth: int | None = None) -> str:
    index = Index(prove(inference, question))
    return proof_text(index, index.trace.answers, out, depth)


def _why(world: World, out: Writer = PLAIN) -> str:
    inference = world.infer("2007-01-01")
    return _proof(inference, world.question("firm(Ruritania, Borduria)"), out)


def _why_folded(world: World, out: Writer = PLAIN) -> str:
    inference = world.infer("2007-01-01")
    return _proof(inference, world.question("firm(Ruritania, Borduria)"), out, depth=1)


def _why_not(world: World, out: Writer = PLAIN) -> str:
    inference, question = world.infer(), world.question("aligned(Ruritania, Syldavia, security)")
    found = why_not(inference, question, engine(), limit=2)

    def command(proposal: Any) -> list[str]:
        words = ["kzexpert", "ask", found.pattern]
        return words + [word for atom in proposal.assume for word in ("--assume", atom)]

    return why_not_text(inference, question, found, command, out=out)


def _what_if(world: World, out: Writer = PLAIN) -> str:
    found = what_if(
        world.infer("1999-12-31"), world.infer("2011-04-07", assume=["quarrel(Borduria, Syldavia)"]), _infer
    )
    return what_if_text(found, out=out)


def _linchpins(world: World, out: Writer = PLAIN) -> str:
    inference = world.infer()
    return linchpins_text(inference, linchpins(inference, world.question(ALIGNED), engine()), out=out)


def _timeline(world: World, out: Writer = PLAIN) -> str:
    return timeline_text(_followed(world), out=out)


def _timeline_ascii(world: World, out: Writer = PLAIN) -> str:
    return timeline_text(_followed(world), glyphs=ASCII, out=out)


def _matrix(world: World, out: Writer = PLAIN) -> str:
    inference = world.infer(assume=["trains(Syldavia, Ruritania, 2000)", "trains(Borduria, Ruritania, 2000)"])
    found = matrices(inference, "Ruritania", read_comparisons(world.kb, "Ruritania"))
    return matrix_text(inference, found, out=out)


def _infer(program: Any) -> Any:
    return engine().infer(program)


def _followed(world: World) -> Any:
    start = Scenario.of(world.infer().program)
    return timeline(start, world.question("aligned(Ruritania, ?power, ?x)"), range(1990, 2012), engine(), weighed=True)


TEXTS = (_why, _why_folded, _why_not, _what_if, _linchpins, _timeline, _timeline_ascii, _matrix)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.__name__.strip("_"))
def test_golden(world: World, text: Texts, snapshot: SnapshotAssertion) -> None:
    assert text(world) == snapshot


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.__name__.strip("_"))
def test_nothing_is_wider_than_the_terminal(world: World, text: Texts, width: int) -> None:
    assert max(display_width(line) for line in text(world, Writer(width=width)).splitlines()) <= width


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.__name__.strip("_"))
def test_a_styled_text_says_the_same(world: World, text: Texts) -> None:
    from rich.text import Text

    assert Text.from_markup(text(world, Writer(as_markup))).plain == text(world)


def test_the_ascii_drawing_is_ascii(world: World) -> None:
    assert _timeline_ascii(world).isascii()


# --- proofs -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strengths", "text"),
    [
        ((0.6, 0.3), "1 - (1-0.60)(1-0.30)"),
        ((0.3, 0.6, 0.6), "1 - (1-0.60)^2(1-0.30)"),
        ((-0.2, -0.3), "(1-0.30)(1-0.20) - 1"),
        ((0.6, -0.2), "(0.60 - 0.20) / (1 - 0.20)"),
        ((0.6, 0.3, -0.2), "(0.72 - 0.20) / (1 - 0.20), where 0.72 = 1 - (1-0.60)(1-0.30)"),
        ((0.1, -0.5, -0.5), "(0.10 - 0.75) / (1 - 0.10), where 0.75 = 1 - (1-0.50)^2"),
        ((1.0, -1.0), "0.00 by definition: certain evidence for it and certain evidence against it"),
        (tuple(n / 10 for n in range(1, 9)), "1 - (1-0.80)(1-0.70)(1-0.60)(1-0.50)(1-0.40)(1-0.30)..."),
    ],
)
def test_how_a_certainty_came_about(strengths: tuple[float, ...], text: str) -> None:
    assert arithmetic(strengths) == text


def test_a_proof_of_five_hundred_steps(read_world: ReadWorld) -> None:
    """Every step has a number and a block of its own at the same margin, and refers to the next by its number."""
    size = 500
    names = ", ".join(f"s{number}: {{kind: state}}" for number in range(size + 1))
    quarrels = ", ".join(f"{{state: s{number}, power: s{number + 1}}}" for number in range(size))
    world = read_world(
        f"""
        entities: {{{names}}}
        facts: {{quarrel: [{quarrels}]}}
        rules:
          - {{id: last, when: ["quarrel(?s, s{size})"], then: "reaches(?s, s{size})"}}
          - {{id: step, when: ["quarrel(?s, ?v)", "reaches(?v, ?p)"], then: "reaches(?s, ?p)"}}
        """
    )
    inference = world.infer()
    text = _proof(inference, world.question(f"reaches(s0, s{size})"))
    assert max(map(len, text.splitlines())) <= 80
    assert len(re.findall(r"^\[\d+\] ", text, re.MULTILINE)) == size
    assert "see [500]" in text
    folded = _proof(inference, world.question(f"reaches(s0, s{size})"), depth=3)
    assert len(folded.splitlines()) < 40
    assert "497 conclusions are folded" in folded


def test_a_fact_tells_its_record_once(world: World) -> None:
    inference = world.infer(assume=["member(Syldavia, Pact)"])
    text = " ".join(_proof(inference, world.question("aligned(?s, ?p, ?x)")).split())
    places = re.findall(r"on record: [^;]*?(world1\.yaml:\d+:\d+)", text)
    assert len(places) == len(set(places)) > 3
    marks = re.findall(r"see \[(f\d+)\]", text)
    assert marks
    for mark in marks:
        assert text.index(f"[{mark}]") < text.index(f"see [{mark}]")


# --- drawings ---------------------------------------------------------------------------------------------------------


def test_the_drawing(world: World, snapshot: SnapshotAssertion) -> None:
    drawing = timeline_svg(_followed(world))
    root = ElementTree.fromstring(drawing)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert drawing == snapshot


def test_each_conclusion_has_a_plot_to_one_scale(read_world: ReadWorld) -> None:
    world = read_world(
        """
        facts:
          quarrel:
            - {state: Ruritania, power: Borduria, since: 2001, until: 2003}
            - {state: Ruritania, power: Syldavia, since: 2001}
        """
    )
    start = Scenario.of(world.infer().program)
    found = timeline(start, world.question("quarrel(?s, ?p)"), range(2002, 2006), engine())
    drawing = timeline_svg(found)
    first, second = re.findall(r'<path d="([^"]*)" fill="none" [^>]*stroke-width="2.5"', drawing)
    height = re.match(r"M[\d.]+ ([\d.]+)H", first)
    assert height is not None
    assert re.fullmatch(rf"M[\d.]+ {height[1]}(H[\d.]+){{3}}", first)
    assert re.fullmatch(rf"M[\d.]+ {height[1]}(H[\d.]+){{2}}V[\d.]+", second), (
        "it ends on record, in the year after the last"
    )
    assert "1 more conclusion" in timeline_svg(found, 1)


def test_plots_of_one_value_stand_below_its_name(read_world: ReadWorld) -> None:
    """That of the first variable that tells some apart, where it gathers them."""
    world = read_world(
        """
        facts:
          exercise:
            - {state: Ruritania, power: Borduria, name: one, on: 2003}
            - {state: Ruritania, power: Borduria, name: other, on: 2003}
            - {state: Syldavia, power: Borduria, name: third, on: 2003}
            - {state: Syldavia, power: Borduria, name: fourth, on: 2003}
        """
    )
    start = Scenario.of(world.infer().program)
    drawing = timeline_svg(timeline(start, world.question("exercise(?s, ?p, ?n)"), range(2002, 2005), engine()))
    assert re.findall(r'font-size="13" font-weight="bold">([^<]*)<', drawing) == ["Ruritania", "Syldavia"]


def test_what_lapses_is_drawn_apart_from_what_ends(read_world: ReadWorld) -> None:
    world = read_world(
        """
        facts:
          exercise: [{state: Ruritania, power: Borduria, name: first, on: 2003-05}]
          quarrel: [{state: Ruritania, power: Syldavia, since: 2003, until: 2004}]
        rules:
          - {id: drill, when: ["exercise(?s, ?p, _) within 2 years"], then: "firm(?s, ?p)"}
          - {id: quarrel, when: ["quarrel(?s, ?p)"], then: "firm(?s, ?p)", certainty: 0.5}
        """
    )
    found = timeline(Scenario.of(world.infer().program), world.question("firm(?s, ?p)"), range(2003, 2008), engine())
    drawing = timeline_svg(found)
    dotted = re.findall(r'<path d="([^"]*)"[^>]*stroke-dasharray="1 4"', drawing)
    hollow = re.findall(r'<circle [^>]*fill="none"[^>]*>\s*<title>([^<]*)', drawing)
    full = re.findall(r'<circle [^>]*fill="#[^>]*>\s*<title>([^<]*)', drawing)
    assert len(dotted) == 1
    assert [told.partition(":")[0] for told in hollow] == ["2005-12-31"]
    assert [told.partition(":")[0] for told in full] == ["2005-12-31"]
    assert "does not mean that it ended" in drawing
    words = timeline_text(found)
    assert "2005-2007      -  nothing newer is on record" in words
    assert "2005-2007      -  it ended on record" in words
    assert "██~~~" in words


def test_a_drawing_of_nothing(world: World) -> None:
    start = Scenario.of(world.infer().program)
    found = timeline(start, world.question("reaches(?s, ?p)"), range(2000, 2003), engine())
    assert ElementTree.fromstring(timeline_svg(found)) is not None
    assert "Nothing in the knowledge base supports reaches(?s, ?p) in 2000..2002" in timeline_text(found)


def test_markup_in_a_drawing_is_text(read_world: ReadWorld) -> None:
    script = "</title><script>alert(1)</script>"
    world = read_world(
        f"""
        facts: {{exercise: [{{state: Ruritania, power: Borduria, name: "{script}", on: 2003}}]}}
        """
    )
    start = Scenario.of(world.infer().program)
    drawing = timeline_svg(timeline(start, world.question("exercise(?s, ?p, ?n)"), range(2002, 2005), engine()))
    root = ElementTree.fromstring(drawing)
    assert not [item for item in root.iter() if item.tag.endswith("script")]
    assert script in "".join(root.itertext())


# --- JSON -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "document"),
    [
        ("kzexpert.timeline/1", _followed),
        (
            "kzexpert.linchpins/1",
            lambda world: linchpins(world.infer(), world.question(ALIGNED), engine()),
        ),
        ("kzexpert.what-if/1", lambda world: what_if(world.infer("1999-12-31"), world.infer(), _infer)),
        (
            "kzexpert.why-not/1",
            lambda world: why_not(world.infer(), world.question("free(Ruritania)"), engine()),
        ),
        (
            "kzexpert.matrix/1",
            lambda world: matrices(world.infer(), "Ruritania", read_comparisons(world.kb, "Ruritania")),
        ),
    ],
)
def test_json_reads_back(world: World, schema: str, document: Callable[[World], Any]) -> None:
    found = document(world)
    text = json_text(found)
    assert f'"schema": "{schema}"' in text
    assert msgspec.json.decode(text, type=type(found)) == found


# --- what is advised, and what ends --------------------------------------------------------------------------------


@pytest.mark.parametrize(("rivals", "advised"), [("Borduria", False), ("Borduria, Syldavia", True)])
def test_a_matrix_prefers_only_among_hypotheses_on_which_evidence_bears(
    read_world: ReadWorld, rivals: str, advised: bool
) -> None:
    quarrels = "\n".join(f"    - {{state: Ruritania, power: {name}}}" for name in rivals.split(", "))
    world = read_world(
        f"""
facts:
  leads: [{{power: Borduria, bloc: Pact}}, {{power: Syldavia, bloc: Pact}}]
  quarrel:
{quarrels}
rules:
  - {{id: power, when: ["quarrel(?s, ?p)", "leads(?p, _)"], then: "aligned(?s, ?p, security)", certainty: 0.5}}
"""
    )
    inference = world.infer()
    text = matrix_text(inference, matrices(inference, "Ruritania", read_comparisons(world.kb, "Ruritania")))
    assert "Syldavia" in text, "a hypothesis, whether or not evidence bears on it"
    assert ("is to be preferred" in " ".join(text.split())) == advised


def test_what_nothing_speaks_against_any_more_is_no_longer_opposed(world: World) -> None:
    before, after = world.infer(), world.infer(without=["member(Ruritania, Pact)"])
    question = world.question("aligned(Ruritania, Syldavia, security)")
    text = " ".join(what_if_text(what_if(before, after, _infer, question)).split())
    assert "-0.50 → none" in text
    assert "no longer opposed" in text
    assert "nothing supports it" not in text
