"""A reading → the English that tells how a question was read."""

from collections.abc import Collection, Mapping

from kzexpert.errors import listed
from kzexpert.model import PLACEHOLDER, Constant, KnowledgeBase, Pattern, Placeholder, Predicate, Value
from kzexpert.questions.sentences import fill

__all__ = ["ENDS", "among", "asked", "stated"]

#: Intent or command → what it asks for beside its pattern.
ENDS = {
    "why": ", and why",
    "why-not": ", and why not",
    "count": ", and how many",
    "when": ", and since when",
    "timeline": ", year by year",
    "linchpins": ", and what that hangs on",
}


def asked(kb: KnowledgeBase, pattern: Pattern, *, polar: bool = False) -> str:
    """The question for a pattern, by a template that names just what is given; else the statement with its gaps.

    Args:
        polar: whether it asks for yes or no, so that a template that begins so goes first.
    """
    predicate = kb.predicate[pattern.predicate]
    given = _given(predicate, pattern)
    fitting = [text for text in predicate.asks if _slots(text) == given.keys()]
    fitting.sort(key=lambda text: (text.split()[0] in ("who", "whom", "which", "what", "whose")) == polar)
    return fill(fitting[0], given, kb.inflected) if fitting else stated(kb, pattern)


def stated(kb: KnowledgeBase, pattern: Pattern) -> str:
    """The statement for a pattern, with which in its gaps; the pattern itself where its predicate has no `says`."""
    predicate = kb.predicate[pattern.predicate]
    if not predicate.says:
        return str(pattern)
    gaps: dict[str, Value] = {spec.name: f"which {spec.name}" for spec in predicate.args}
    return fill(predicate.says, {**gaps, **_given(predicate, pattern)}, kb.inflected)


def among(rivals: Collection[str]) -> str:
    """What a comparison asks for beside its pattern.

    Args:
        rivals: those that the question names.
    """
    named = f": {listed(rivals)} among all others" if rivals else ""
    return f", compared by the evidence{named}"


def _given(predicate: Predicate, pattern: Pattern) -> Mapping[str, Value]:

    pairs = zip(predicate.args, pattern.arguments, strict=True)
    return {spec.name: term.value for spec, term in pairs if isinstance(term, Constant)}


def _slots(text: str) -> set[str]:
    return {Placeholder.read(inside).name for inside in PLACEHOLDER.findall(text)}
