"""The package as a library: the names it offers, and the chain of its docstring."""

import doctest
import tomllib
from pathlib import Path
from typing import Any

import pytest

import kzexpert
from kzexpert.program.snapshot import snapshot
from kzexpert.render.json import json_text

from .conftest import Kzexpert

_ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(request: pytest.FixtureRequest) -> Kzexpert:
    """Runs a command: here the fixture's own name is that of the package."""
    found: Kzexpert = request.getfixturevalue("kzexpert")
    return found


def test_every_offered_name_is_there() -> None:
    for name in kzexpert.__all__:
        assert getattr(kzexpert, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        _ = kzexpert.nonsense


def test_the_chain_from_python() -> None:
    kb = kzexpert.load_knowledge_base([_ROOT / "tests" / "kb_small"])
    assert kzexpert.check(kb) == []
    inference = kzexpert.engine("experta").infer(snapshot(kb))
    found = kzexpert.answer(inference, kzexpert.read_question(kb, "member(?state, Ring)"))
    assert [item.bindings["state"] for item in found.answers] == ["Ruritania", "Syldavia"]


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == kzexpert.__version__


def test_the_example_of_the_package_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(_ROOT)
    found = doctest.testmod(kzexpert)
    assert (found.failed, found.attempted) == (0, 3)


def test_dir_offers_what_is_offered() -> None:
    assert dir(kzexpert) == sorted(kzexpert.__all__)


def test_a_base_says_what_the_commands_say(run: Kzexpert, small: Path) -> None:
    base = kzexpert.load(small)
    asked = "who is Ruritania aligned with"
    assert base.why(asked) == run("why", asked).stdout
    for found, command in ((base.ask(asked).established, ["ask"]), (base.trace(asked), ["trace", "export"])):
        assert json_text(found) == run(*command, asked, "--format", "json").stdout
    assert len(base.infer().firings) >= len(base.infer("leads(?power, Pact)").firings)


def test_a_base_under_another_premise(small: Path) -> None:
    base = kzexpert.load(small)
    assert base.ask("member(Syldavia, Pact)").answers == ()
    assumed = base.given(assume=["member(Syldavia, Pact)"], as_of="1999")
    assert [item.certainty for item in assumed.ask("member(Syldavia, Pact)").answers] == [1.0]
    assert assumed.ask("member(Syldavia, Pact)").as_of.isoformat() == "1999-12-31"
    assert base.given(without=["leads(_, Pact)"]).ask("leads(?who, Pact)").answers == ()


@pytest.mark.parametrize(
    ("given", "code"),
    [({"as_of": "soon"}, "KZ303"), ({"assume": ["leads("]}, "KZ201"), ({"engine": "nonsense"}, "KZ402")],
)
def test_mistakes_from_python(small: Path, given: dict[str, Any], code: str) -> None:
    with pytest.raises(kzexpert.KzexpertError, match=code):
        kzexpert.load(small).given(**given).ask("leads(?who, Pact)")
    with pytest.raises(kzexpert.KzexpertError, match="KZ301"):
        kzexpert.load(small).ask("gibberish")
    with pytest.raises(kzexpert.KzexpertError, match="KZ115"):
        kzexpert.load(small / "nowhere")


def test_reprs_are_short(small: Path) -> None:
    base = kzexpert.load(small)
    values = (base, base.kb, base.ask("leads(?who, Pact)"), base.trace("leads(?who, Pact)"), base.infer())
    assert [value for value in values if len(repr(value)) > 100] == []
