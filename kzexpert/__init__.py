"""kzexpert: rules and sourced facts in YAML, conclusions with certainties, and proofs that can be re-checked.

The chain that the command line runs, for use from Python::

    from kzexpert.program.snapshot import snapshot

    kb = load_knowledge_base(["path/to/kb"])
    issues = check(kb)
    inference = engine("experta").infer(snapshot(kb))
    answered = answer(inference, read_question(kb, "member(?state, ?org)"))

Names are imported when they are first used: ``import kzexpert`` loads no engine and reads no file.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kzexpert.checks import check
    from kzexpert.engines import engine
    from kzexpert.errors import KzexpertError
    from kzexpert.language import load_knowledge_base
    from kzexpert.proof.answers import answer
    from kzexpert.questions.question import read_question

__all__ = [
    "KzexpertError",
    "__version__",
    "answer",
    "check",
    "engine",
    "load_knowledge_base",
    "read_question",
]

__version__ = "0.1.0"

_HOMES = {
    "KzexpertError": "kzexpert.errors",
    "answer": "kzexpert.proof.answers",
    "check": "kzexpert.checks",
    "engine": "kzexpert.engines",
    "load_knowledge_base": "kzexpert.language",
    "read_question": "kzexpert.questions.question",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
