"""From a question to a trace, in one call."""

from collections.abc import Callable, Sequence
from datetime import date

from kzexpert.engines import engine
from kzexpert.language import parse_atom
from kzexpert.model import NOWHERE, KnowledgeBase
from kzexpert.program.snapshot import snapshot
from kzexpert.proof.document import Trace
from kzexpert.proof.lineage import exported, prove
from kzexpert.questions.question import read_question

__all__ = ["AS_OF", "Problems", "Read", "Traced", "traced_from"]

AS_OF = date(2011, 4, 7)

#: A knowledge base and a question → the trace.
Traced = Callable[..., Trace]
#: A text → the knowledge base.
Read = Callable[[str], KnowledgeBase]
#: A knowledge base and a trace → code and message of each issue.
Problems = Callable[[KnowledgeBase, Trace], list[str]]


def traced_from(
    kb: KnowledgeBase,
    question: str,
    as_of: date | None = None,
    assume: Sequence[str] = (),
    without: Sequence[str] = (),
    engine_name: str = "experta",
) -> Trace:
    """The trace of a question."""
    added, left_out = ([parse_atom(text, NOWHERE) for text in texts] for texts in (assume, without))
    program = snapshot(kb, as_of or AS_OF, added, left_out)
    return exported(prove(engine(engine_name).infer(program), read_question(kb, question)), kb)
