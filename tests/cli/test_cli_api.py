"""The package as a library: the names it offers, and the chain of its docstring."""

import tomllib
from pathlib import Path

import pytest

import kzexpert
from kzexpert.program.snapshot import snapshot

_ROOT = Path(__file__).parents[2]


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
