"""The small invented knowledge base, loaded and inferred once."""

from pathlib import Path

import pytest

from kzexpert.engines import engine
from kzexpert.language import load_knowledge_base
from kzexpert.model import Inference, KnowledgeBase
from kzexpert.program.snapshot import snapshot

SMALL = Path(__file__).parents[1] / "kb_small"


@pytest.fixture(scope="session")
def kb() -> KnowledgeBase:
    return load_knowledge_base([SMALL])


@pytest.fixture(scope="session")
def inference(kb: KnowledgeBase) -> Inference:
    return engine("experta").infer(snapshot(kb))
