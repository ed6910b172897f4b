"""kzexpert: rules and sourced facts in YAML, conclusions with certainties, and proofs that can be re-checked.

From Python, in a folder with a knowledge base (or with its path given to `load`):

>>> import kzexpert
>>> kb = kzexpert.load()
>>> kb.ask("which states hedge?")
<answer to 'which states hedge?': 2 established>

`kb.why`, `kb.trace` and `kb.infer` go on from there, and `kb.given(as_of="2009", assume=[...])` asks under another
premise. The chain below, for those who want its parts: `load_knowledge_base`, `check`, `engine`, `read_question`,
`answer`. Names are imported when they are first used: ``import kzexpert`` loads no engine and reads no file.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kzexpert.api import Base, load
    from kzexpert.checks import check
    from kzexpert.engines import engine
    from kzexpert.errors import KzexpertError
    from kzexpert.language import load_knowledge_base
    from kzexpert.proof.answers import answer
    from kzexpert.questions.question import read_question

__all__ = [
    "Base",
    "KzexpertError",
    "__version__",
    "answer",
    "check",
    "engine",
    "load",
    "load_knowledge_base",
    "read_question",
]

__version__ = "0.1.0"

_HOMES = {
    "Base": "kzexpert.api",
    "KzexpertError": "kzexpert.errors",
    "answer": "kzexpert.proof.answers",
    "check": "kzexpert.checks",
    "engine": "kzexpert.engines",
    "load": "kzexpert.api",
    "load_knowledge_base": "kzexpert.language",
    "read_question": "kzexpert.questions.question",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
