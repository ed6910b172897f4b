"""Whatever a file holds, reading it as a trace ends in an issue with a place, never in a traceback."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from traces import Traced

from kzexpert.engines import ENGINES
from kzexpert.model import KnowledgeBase
from kzexpert.proof.checker import Checker
from kzexpert.proof.checker.parser import read_trace
from kzexpert.proof.checker.places import Places
from kzexpert.render.json import json_text

Document = dict[str, Any]


@pytest.fixture(scope="module")
def text(everything: KnowledgeBase, traced: Traced) -> str:
    return json_text(traced(everything, "aligned(Ruritania, Borduria)"))


def codes(text: str) -> list[str]:
    trace, issues = read_trace("t", text)
    assert (trace is None) == bool(issues)
    return [issue.code for issue in issues]


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "   \n",
        "nonsense",
        "[]",
        "null",
        "3",
        '"text"',
        "{}",
        '{"schema": 1}',
        '{"schema": null}',
        '{"other": "kzexpert.trace/1"}',
        '{"schema": "kzexpert.trace/1"',
        '{"schema": "kzexpert.trace/1"}}',
        '{"schema": "kzexpert.trace/1", "x": NaN}',
        '{"schema": "kzexpert.trace/1", "x": Infinity}',
        '{"schema": "kzexpert.trace/1", "x": ' + "9" * 5000 + "}",
        '{"schema": "kzexpert.trace/1", "x": "\\ud800"}',
        '{"schema": "kzexpert.trace/1", "x": ["\\udfff"]}',
        '{"schema": "kzexpert.trace/1", "x": {"\\ud800": 1}}',
        "[" * 100_000,
        '{"a":' * 50_000,
        "[" * 50_000 + "]" * 50_000,
        "<html>",
    ],
    ids=lambda text: repr(text[:30]),
)
def test_what_is_no_trace_is_told(broken: str) -> None:
    assert codes(broken) == ["KZ501"]


@pytest.mark.parametrize("schema", ["kzexpert.trace/2", "kzexpert.answer/1", "", "\u001b[31m", "x" * 10_000])
def test_another_schema_is_told(schema: str) -> None:
    (issue,) = read_trace("t", json.dumps({"seal": "", "schema": schema}, indent=1))[1]
    assert (issue.code, issue.location.line if issue.location else 0) == ("KZ502", 3)
    assert len(issue.message) < 200


_MISFITS: dict[str, tuple[Callable[[Document], object], str, str]] = {
    "a number as text": (
        lambda document: document["firings"][0].update(strength="0.6"),
        "$.firings[0].strength: Expected `float`, got `str`",
        '"strength": "0.6"',
    ),
    "a flag as number": (
        lambda document: document["conclusions"][0].update(conflict=1),
        "$.conclusions[0].conflict",
        '"conflict": 1',
    ),
    "null": (lambda document: document["facts"][1].update(says=None), "$.facts[1].says", '"says": null'),
    "a field more": (lambda document: document["facts"][1].update(more=1), "unknown field `more`", "{"),
    "a field less": (lambda document: document["facts"][1].pop("says"), "missing required field `says`", "{"),
    "a field more on top": (
        lambda document: document.update(fact=[]),
        "$.fact: a trace does not have this field; did you mean facts?",
        '"fact": []',
    ),
    "a field less on top": (lambda document: document.pop("facts"), "$.facts: this is missing", "{"),
    "a list as object": (lambda document: document.update(firings={}), "$.firings", '"firings": {}'),
    "no date": (lambda document: document.update(as_of="2011-02-30"), "$.as_of", '"as_of": "2011-02-30"'),
    "another kind of premise": (
        lambda document: document["firings"][0]["premises"][0].update(kind="oracle"),
        "$.firings[0].premises[0].kind",
        '"kind": "oracle"',
    ),
    "no kind of premise": (
        lambda document: document["firings"][0]["premises"][0].pop("kind"),
        "$.firings[0].premises[0]",
        "{",
    ),
    "an operator that is none": (
        lambda document: document["firings"][1]["premises"][2].update(operator="~"),
        "$.firings[1].premises[2].operator",
        '"operator": "~"',
    ),
    "an enormous number": (
        lambda document: document["firings"][0].update(strength=10**400),
        "$.firings[0].strength",
        '"strength": 1000',
    ),
}


@pytest.mark.parametrize("name", _MISFITS)
def test_a_field_that_does_not_fit_is_told_at_its_place(text: str, name: str) -> None:
    change, message, line = _MISFITS[name]
    document = json.loads(text)
    change(document)
    changed = json.dumps(document, indent=2)
    trace, issues = read_trace("t", changed)
    assert trace is None
    assert [issue.code for issue in issues] == ["KZ502"]
    assert message in issues[0].message
    assert issues[0].location is not None
    assert line in changed.splitlines()[issues[0].location.line - 1]


def test_all_misfits_are_told_at_once(text: str) -> None:
    document = json.loads(text)
    document["firings"][0]["strength"] = "much"
    document["firings"][1]["rule"] = None
    document["seal"] = 7
    document["extra"] = []
    assert codes(json.dumps(document)) == ["KZ502"] * 4


def test_a_key_that_stands_twice_is_told(text: str) -> None:
    doubled = text.replace('  "engine": "experta",', '  "engine": "experta",\n  "as_of": "2011-04-07",')
    assert doubled != text
    (issue,) = read_trace("t", doubled)[1]
    assert (issue.code, issue.message, str(issue.location)) == ("KZ502", "the key $.as_of appears twice", "t:8:12")


def test_places_of_values() -> None:
    text = '{\n  "a": [1, {"b, \\"}": [[], "x:]"]}],\n "c": {}\n}'
    places = Places("f", text)
    assert [
        str(places[path]) for path in ("$", "$.a", "$.a[0]", "$.a[1]", '$.a[1].b, "}', '$.a[1].b, "}[1]', "$.c")
    ] == [
        "f:1:1",
        "f:2:8",
        "f:2:9",
        "f:2:12",
        "f:2:23",
        "f:2:28",
        "f:3:7",
    ]
    assert str(places["$.a[1].missing"]) == "f:2:12"
    assert str(places["$.nothing[3].deep"]) == "f:1:1"


@examples(60)
@given(st.data())
def test_a_trace_with_any_json_in_it_is_no_bug(everything: KnowledgeBase, text: str, data: st.DataObject) -> None:
    document = json.loads(text)
    steps: list[Any] = []
    value: Any = document
    while isinstance(value, dict | list) and value and data.draw(st.integers(0, 5)):
        step = data.draw(st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value))))
        steps.append(step)
        value = value[step]
    anything = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=4,
    )
    holder = document
    for step in steps[:-1]:
        holder = holder[step]
    if steps:
        holder[steps[-1]] = data.draw(anything)
    changed = json.dumps(document)
    found = Checker(everything, ENGINES).verify("t", changed)
    assert found.verified == (document == json.loads(text))


@examples(100)
@given(st.text(max_size=200) | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")))
def test_any_text_is_no_bug(anything: str) -> None:
    assert codes(anything)
