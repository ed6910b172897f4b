"""Traces as DOT and as Mermaid: well-formed whatever stands in the files, and saying what the trace says."""

import re
import shutil
import subprocess
from xml.etree import ElementTree

import msgspec
import pytest
from traces import Read, Traced
from worlds import with_payload

from kzexpert.model import KnowledgeBase
from kzexpert.proof.document import FactPremise, Trace
from kzexpert.proof.index import Index
from kzexpert.render.dot import dot
from kzexpert.render.mermaid import mermaid
from kzexpert.render.svg import AGAINST
from kzexpert.render.trace_graph import graph_of, reading_order

PAYLOADS = {
    "quotes": "say \"so\" and 'so', `so`",
    "backslashes": "a\\ b\\\\ c\\n d\\",
    "brackets": "a]) b} c> d<e [f] {g} (h)",
    "entities": "&amp; &lt;b&gt; #quot; #35; &#60;",
    "arrows": "a --> b; c -.-> d; subgraph end click style",
    "directive": "%%{init: {'theme': 'dark'}}%% %% comment",
    "script": "</text><script>alert(1)</script><img src=x onerror=alert(1)>",
    "classes": ":::weak @{shape: rect} |label|",
    "comment": "/* a */ // b -- c",
    "lines": "one\\ttwo",
    "letters": "Қазақстан שלום 中文 🇰🇿 ﬂ°°35¶ß",
    "markdown": "**bold** ~~struck~~ [x](javascript:alert(1)) $$x$$",
    "dash": "- a",
    "number": "1. a",
}


@pytest.fixture(params=PAYLOADS, ids=str)
def hostile(request: pytest.FixtureRequest, read: Read, traced: Traced) -> Trace:
    return traced(read(with_payload(PAYLOADS[request.param])), "aligned(?state, ?power)")


@pytest.fixture
def calm(everything: KnowledgeBase, traced: Traced) -> Trace:
    return traced(everything, "aligned(?state, ?power)")


@pytest.fixture
def against(everything: KnowledgeBase, traced: Traced) -> Trace:
    return traced(everything, "aligned(Ruritania, Graustark)")


# --- the graph ---------------------------------------------------------------------------------------------------


def test_the_graph_holds_what_counts_once(calm: Trace) -> None:
    """To any depth: each conclusion with what counts for it, and each fact that these rest on."""
    index = Index(calm)
    pending = [answer for answer in calm.answers if index[answer].established]
    drawn: set[str] = set()
    while pending:
        statement = pending.pop()
        if statement not in drawn:
            drawn.add(statement)
            counting = [firing for line, firing in index.lines(statement) if line.counts]
            drawn |= {firing.id for firing in counting}
            pending += [fact for firing in counting for premise in firing.premises for fact in premise.facts]
    graph = graph_of(calm, depth=99)
    kinds = [node.kind for node in graph.nodes]
    assert kinds.count("firing") == len(drawn & index.firings.keys()) > 2
    assert kinds.count("conclusion") == len(drawn & index.conclusions.keys())
    names = [node.id for node in graph.nodes]
    assert len(set(names)) == len(names)
    assert {name for edge in graph.edges for name in (edge.source, edge.target)} <= set(names)
    assert {edge.source for edge in graph.edges} >= {node.id for node in graph.nodes if node.kind != "conclusion"}
    columns = {node.id: node.column for node in graph.nodes}
    assert all(columns[edge.source] > columns[edge.target] for edge in graph.edges)


def test_a_reader_meets_the_answers_first(shipped: KnowledgeBase, traced: Traced) -> None:
    trace = traced(shipped, "multi_vector(?state)")
    order = [item.conclusion for item in reading_order(Index(trace))]
    assert order[: len(trace.answers)] == list(trace.answers)
    assert sorted(order) == [item.conclusion for item in trace.conclusions]


def test_evidence_against_is_marked_and_what_does_not_count_left_out(everything: KnowledgeBase, traced: Traced) -> None:
    graph = graph_of(traced(everything, "aligned(Ruritania, Graustark)"))
    assert {edge.strength for edge in graph.edges if edge.against} == {-0.27}
    trace = traced(everything, "tied(Ruritania, Graustark)")
    (item,) = [item for item in trace.conclusions if item.conclusion == "tied(Ruritania, Graustark)"]
    assert not all(line.counts for line in item.lines)
    found = [edge for edge in graph_of(trace).edges if edge.target == "c1"]
    assert len(found) == sum(line.counts for line in item.lines)


def test_a_record_is_evidence_for_what_rules_also_conclude(everything: KnowledgeBase, traced: Traced) -> None:
    graph = graph_of(traced(everything, "aligned(Syldavia, Graustark)"))
    assert ("b", "c") in {(edge.source[0], edge.target[0]) for edge in graph.edges}


# --- DOT ---------------------------------------------------------------------------------------------------------

_STRING = r'"(?:[^"\\\n]|\\.)*"'
_ATTRIBUTE = rf"\w+=(?:{_STRING}|\w+)"
_DOT = re.compile(
    rf"""digraph\ trace\ \{{\n
    (?:\ \ (?:graph|node|edge)\ \[{_ATTRIBUTE}(?:,\ {_ATTRIBUTE})*\]\n){{3}}
    (?:\ \ [cfb]\d+\ \[{_ATTRIBUTE}(?:,\ {_ATTRIBUTE})*\]\n)*
    (?:\ \ [cfb]\d+\ ->\ [cfb]\d+(?:\ \[{_ATTRIBUTE}(?:,\ {_ATTRIBUTE})*\])?\n)*
    \}}\n""",
    re.VERBOSE,
)


def test_dot_is_well_formed_whatever_the_files_say(hostile: Trace) -> None:
    assert _DOT.fullmatch(dot(hostile))


def test_graphviz_shows_the_texts_as_they_are(hostile: Trace) -> None:
    if shutil.which("dot") is None:
        pytest.skip("graphviz is not installed")
    done = subprocess.run(["dot", "-Tsvg"], input=dot(hostile), capture_output=True, encoding="utf-8", check=True)
    assert done.stderr == ""
    drawn = ElementTree.fromstring(done.stdout).iter("{http://www.w3.org/2000/svg}text")
    shown = {"".join(item.itertext()).replace("\xa0", " ") for item in drawn}
    for node in graph_of(hostile).nodes:
        assert {line.replace("\xa0", " ") for line in node.label} <= shown


# --- Mermaid -----------------------------------------------------------------------------------------------------

_SAFE = r"(?:[\w ,.()\[\]!?=+/:'-]|\#\d+;)*"
_LABEL = rf'"{_SAFE}(?:<br/>{_SAFE})*"'
_MERMAID = re.compile(
    rf"""%%\{{init:\ [^\n]*\}}%%\n
    flowchart\ LR\n
    \ \ accTitle:\ {_SAFE}\n
    (?:\ \ (?:[cf]\d+\({_LABEL}\)|b\d+\[{_LABEL}\]):::(?:conclusion|firing|fact|weak)\n)*
    (?:\ \ [cfb]\d+\ (?:-->|-\.->|==>)\ [cfb]\d+\n)*
    \ \ notes\[{_LABEL}\]:::notes\n
    (?:\ \ linkStyle\ \d+(?:,\d+)*\ stroke:\#[0-9a-f]{{6}}\n)*
    (?:\ \ classDef\ \w+\ [\w:\-,\# ]+\n){{5}}""",
    re.VERBOSE,
)


def test_mermaid_is_well_formed_whatever_the_files_say(hostile: Trace) -> None:
    assert _MERMAID.fullmatch(mermaid(hostile))


def test_mermaid_shows_the_texts_as_they_are(hostile: Trace) -> None:
    labels = {label for found in re.findall(r'"([^"\n]*)"', mermaid(hostile)) for label in found.split("<br/>")}
    shown = {re.sub(r"#(\d+);", lambda match: chr(int(match[1])), label) for label in labels}
    assert {line for node in graph_of(hostile).nodes for line in node.label} <= shown


def test_the_numbers_of_red_edges_are_those_of_evidence_against(against: Trace) -> None:
    text = mermaid(against)
    numbers = re.search(rf"linkStyle ([\d,]+) stroke:{AGAINST}", text)
    assert numbers is not None
    edges = [line for line in text.splitlines() if re.search(r" (-\.?-|==)>", line)]
    marked = [edges[int(number)] for number in numbers[1].split(",")]
    assert marked == [line for line in edges if "-.->" in line]


def test_a_circle_in_a_changed_trace_has_an_end(against: Trace) -> None:
    """No trace that is right has one, but a picture is made of any that can be read."""
    (answer, *_) = against.answers
    circular = [
        msgspec.structs.replace(
            firing,
            premises=tuple(
                msgspec.structs.replace(premise, fact=answer) if isinstance(premise, FactPremise) else premise
                for premise in firing.premises
            ),
        )
        for firing in against.firings
    ]
    graph = graph_of(msgspec.structs.replace(against, firings=tuple(circular)), depth=9)
    columns = {node.id: node.column for node in graph.nodes}
    assert len(columns) > 1
    assert all(columns[edge.source] > columns[edge.target] for edge in graph.edges)


def test_statements_that_are_no_atoms_are_drawn_as_they_stand(calm: Trace) -> None:
    facts = {fact.fact: f"not an atom {number}" for number, fact in enumerate(calm.facts)}
    renamed = tuple(msgspec.structs.replace(fact, fact=facts[fact.fact]) for fact in calm.facts)
    firings = tuple(
        msgspec.structs.replace(
            firing,
            premises=tuple(
                msgspec.structs.replace(premise, fact=facts.get(premise.fact, premise.fact))
                if isinstance(premise, FactPremise)
                else premise
                for premise in firing.premises
            ),
        )
        for firing in calm.firings
    )
    assert graph_of(msgspec.structs.replace(calm, facts=renamed, firings=firings)).nodes
