"""The conclusion to be explained, in plain words or as a pattern; not a question about recent events only."""

from kzexpert.errors import Issue, Location, UsageError
from kzexpert.model import KnowledgeBase
from kzexpert.questions.question import Question, read_question

__all__ = ["read_conclusion"]


def read_conclusion(kb: KnowledgeBase, text: str) -> Question:
    """Read what is to be explained.

    Raises:
        UsageError: it is not understood, or it asks for recent events only, which nothing concludes.
    """
    question = read_question(kb, text)
    if question.within:
        message = f"'{question.within}' selects recent events, and they can only be asked for"
        hint = "leave it out here, or put it into a question to kzexpert ask"
        raise UsageError(Issue("KZ217", message, Location("question", 1), hint), texts={"question": text})
    return question
