"""What is assumed or withdrawn: an atom, or the sentence that a predicate's `says` makes of it."""

from collections.abc import Iterator

from msgspec.structs import replace

from kzexpert.errors import Issue, Location, UsageError
from kzexpert.language.grammar import parse_atom
from kzexpert.language.tokens import GrammarError
from kzexpert.model import Atom, KnowledgeBase
from kzexpert.questions.templates import EntityNames, fit, patterns, statement_templates, stray_signs, words

__all__ = ["read_statement"]

_HINT = "a sentence does as well, if a template of 'kzexpert vocabulary' makes it"


def read_statement(kb: KnowledgeBase, text: str, location: Location) -> Atom:
    """Read an atom such as ``member(Ruritania, Pact)``, or "Ruritania is a member of the Pact".

    A sentence is read word by word, with nothing left over, so that it never means more or less than its atom.

    Args:
        location: where the text begins.

    Raises:
        GrammarError: it is neither.
        UsageError: the sentence can be read in several ways (KZ302).
    """
    try:
        return parse_atom(text, location)
    except GrammarError as error:
        found = list(dict.fromkeys(_sentences(kb, text)))
        if not found:
            raise (error if "(" in text else _with_hint(error)) from None
    if len(found) > 1:
        hint = "\n".join(["write one of them:", *found])
        raise UsageError(Issue("KZ302", f"'{text}' can be read in {len(found)} ways", location, hint))
    return parse_atom(found[0], location)


def _with_hint(error: GrammarError) -> GrammarError:
    return GrammarError(*(replace(issue, hint=f"{issue.hint}; {_HINT}") for issue in error.issues))


def _sentences(kb: KnowledgeBase, text: str) -> Iterator[str]:
    """The atoms that a sentence can stand for."""
    spoken, names, signs = words(text), EntityNames(kb, text), stray_signs(kb, text)
    for template in statement_templates(kb, asked=False):
        if all(sign in template.text for sign, _ in signs):
            found = fit(template, spoken, names)
            yield from map(str, patterns(found)) if found else ()
