"""What tests of traces share: the shipped knowledge base and an invented one, and traces of their conclusions."""

from pathlib import Path

import pytest
from traces import Problems, Read, Traced, traced_from
from worlds import EVERYTHING

from kzexpert.checks import check
from kzexpert.engines import ENGINES
from kzexpert.language import load_knowledge_base
from kzexpert.model import KnowledgeBase
from kzexpert.proof.checker import Checker
from kzexpert.proof.document import Trace
from kzexpert.render.json import json_text


@pytest.fixture(scope="session")
def traced() -> Traced:
    """Makes the trace of a question to a knowledge base, as of 7 April 2011."""
    return traced_from


@pytest.fixture(scope="session")
def shipped(checkout: Path) -> KnowledgeBase:
    """The knowledge base of the checkout."""
    return load_knowledge_base([checkout])


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    """The invented knowledge base with every feature of the language."""
    return _read(tmp_path_factory.mktemp("world") / "world.yaml", EVERYTHING)


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads a text as the one file of a knowledge base without errors."""
    return lambda text: _read(tmp_path / "world.yaml", text)


def _read(path: Path, text: str) -> KnowledgeBase:
    path.write_text(text, encoding="utf-8")
    kb = load_knowledge_base([], [path])
    assert [issue for issue in check(kb) if issue.severity == "error"] == []
    return kb


@pytest.fixture(scope="session")
def problems() -> Problems:
    """Checks a trace: code, path and message of each issue."""

    def problems(kb: KnowledgeBase, trace: Trace) -> list[str]:
        return [f"{issue.code} {issue.message}" for issue in Checker(kb, ENGINES).verify("t", json_text(trace)).issues]

    return problems
