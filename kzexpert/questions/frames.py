"""Templates as frames: the words that a question must hold to ask for a predicate, and how each argument is marked.

An argument is marked by the preposition before it, by ``of`` where it bears an ``'s``, or else by its place: before the
last word that the frame needs, or after it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import zip_longest

import msgspec

from kzexpert.model import PLACEHOLDER, ArgumentSpec, KnowledgeBase, Placeholder, Predicate
from kzexpert.questions.english import (
    BE,
    COMPARED,
    DECISIVE,
    FUNCTION_WORDS,
    INTERROGATIVES,
    IRREGULAR,
    MODALS,
    PREPOSITIONS,
    PRONOUNS,
    SPEAKERS,
    SUPERLATIVES,
    TODAY,
)
from kzexpert.questions.phrases import polite
from kzexpert.questions.spoken import Lexeme, stem, synonyms_of, tokens_of, with_synonyms

__all__ = ["AFTER", "BEFORE", "Frame", "Frames", "is_bare_word", "is_participle", "marker", "nouns_of"]

BEFORE, AFTER = "before", "after"
#: Kind of the name that stands for a placeholder in the tokens of a template.
_SLOT = "{}"


class Frame(msgspec.Struct, frozen=True):
    """What one template needs.

    Attributes:
        needs: stems of its words, without function words and without nouns for what it asks.
        nouns: arguments that its words ask for, such as ``state`` in which states.
        marks: argument that it names → how it is marked.
        participle: stems of the needed words that stand as participles behind a form of to be.
        dangling: the prepositions that stand before which or whom, or before nothing.
        asked: whether it is one of the `asks`.
    """

    predicate: Predicate
    text: str
    needs: frozenset[str]
    nouns: frozenset[str]
    marks: tuple[tuple[str, str], ...]
    participle: frozenset[str]
    dangling: frozenset[str]
    asked: bool


class Frames(msgspec.Struct, frozen=True):
    """All frames of a knowledge base.

    Attributes:
        words: predicate → the stems of all words that its frames and its name have.
        nouns: predicate → stem → the arguments that it is a noun for.
        marks: predicate → argument → how it is marked in any of them.
        roles: argument that bears the name of a predicate of one argument → those of which that is recorded.
        things: stems of the nouns for arguments of any predicate.
        known: words of the vocabulary and of English → their stems.
        synonyms: see `synonyms_of`.
    """

    frames: tuple[Frame, ...]
    words: Mapping[str, frozenset[str]]
    nouns: Mapping[str, Mapping[str, tuple[str, ...]]]
    marks: Mapping[str, Mapping[str, frozenset[str]]]
    roles: Mapping[str, frozenset[str]]
    things: frozenset[str]
    known: Mapping[str, str]
    synonyms: Mapping[tuple[str, ...], Sequence[Lexeme]]

    @classmethod
    def of(cls, kb: KnowledgeBase) -> "Frames":
        """Those of the predicates of a knowledge base."""
        synonyms = synonyms_of(kb)
        frames: list[Frame] = []
        words, nouns, marks, known = {}, {}, {}, _english()
        for predicate in kb.predicate.values():
            own = [
                (text, asked)
                for text, asked in [*((ask, True) for ask in predicate.asks), (predicate.says, False)]
                if text
            ]
            nouns[predicate.name] = nouns_of(predicate.args)
            made = [_frame(predicate, text, asked, synonyms, known) for text, asked in own]
            frames += made
            marks[predicate.name] = _marks(made)
            parts = (stem(part) for part in predicate.name.split("_"))
            words[predicate.name] = frozenset().union(*(frame.needs for frame in made), parts)
            for spec in predicate.args:
                known.update({word: stem(word) for word in (spec.name, spec.type)})
        for synonym in kb.synonyms:
            for phrase in (synonym.means, *synonym.said):
                known.update({token.text: token.stem for token in tokens_of(phrase)})
        things = frozenset().union(*nouns.values())
        return cls(tuple(frames), words, nouns, marks, _roles(kb), things, known, synonyms)


def _roles(kb: KnowledgeBase) -> dict[str, frozenset[str]]:
    names = {spec.name for predicate in kb.predicates for spec in predicate.args}
    roles = {name for name, item in kb.predicate.items() if len(item.args) == 1 and name in names}
    found: dict[str, set[str]] = {name: set() for name in roles}
    for fact in kb.facts:
        if fact.predicate in roles:
            found[fact.predicate].update(map(str, fact.arguments.values()))
    return {name: frozenset(held) for name, held in found.items() if held}


def _marks(frames: Iterable[Frame]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for frame in frames:
        for name, mark in frame.marks:
            found.setdefault(name, set()).add(mark)
    return {name: frozenset(marks) for name, marks in found.items()}


def _english() -> dict[str, str]:
    known = FUNCTION_WORDS.union(
        PREPOSITIONS, INTERROGATIVES, SUPERLATIVES, TODAY, COMPARED, MODALS, PRONOUNS, DECISIVE, SPEAKERS
    )
    return {word: stem(word) for word in sorted(known)}


def nouns_of(specs: Iterable[ArgumentSpec]) -> dict[str, tuple[str, ...]]:
    """Stem of a noun → the arguments that bear it as their name, or else as their kind."""
    found: dict[str, tuple[str, ...]] = {}
    for key in ("type", "name"):
        for spec in specs:
            noun = stem(getattr(spec, key))
            found[noun] = (*found.get(noun, ()), spec.name)
    return found


def _frame(
    predicate: Predicate,
    text: str,
    asked: bool,
    synonyms: Mapping[tuple[str, ...], Sequence[Lexeme]],
    known: dict[str, str],
) -> Frame:
    tokens = polite(with_synonyms(_template_tokens(text), synonyms))
    given = {token.text for token in tokens if is_slot(token)}
    open_nouns = nouns_of(spec for spec in predicate.args if spec.name not in given)
    nouns: set[str] = set()
    needs: set[str] = set()
    for number, token in enumerate(tokens):
        before = tokens[number - 1].text if number else ""
        if is_slot(token) or is_bare_word(token):
            continue
        known[token.text] = token.stem
        if before in INTERROGATIVES and token.stem in open_nouns:
            nouns.update(open_nouns[token.stem])
        else:
            needs.add(token.stem)
    marks = tuple(
        (token.text, marker(tokens, number, is_slot, needs)) for number, token in enumerate(tokens) if is_slot(token)
    )
    participles = frozenset(token.stem for token in tokens if token.stem in needs and is_participle(tokens, token))
    return Frame(predicate, text, frozenset(needs), frozenset(nouns), marks, participles, _dangling(tokens), asked)


def _dangling(tokens: Sequence[Lexeme]) -> frozenset[str]:
    """The prepositions before which or whom, and those that nothing follows: "with" in "whom is it aligned with"."""
    found = set()
    for token, following in zip_longest(tokens, tokens[1:]):
        if token.text in PREPOSITIONS and (
            following is None or following.text in INTERROGATIVES or following.text in PREPOSITIONS
        ):
            found.add(PREPOSITIONS[token.text])
    return frozenset(found)


def _template_tokens(text: str) -> tuple[Lexeme, ...]:
    """The words of a template, each placeholder a token that bears the name of its argument."""
    found: list[Lexeme] = []
    parts = PLACEHOLDER.split(text)
    for index, part in enumerate(parts):
        wanted = Placeholder.read(part)
        if index % 2 == 0:
            found.extend(tokens_of(part))
        elif wanted.words:
            found.extend(tokens_of(wanted.words[0]))
        else:
            possessive = wanted.form == "possessive" or parts[index + 1].startswith(("'s", "’s"))
            found.append(Lexeme(wanted.name, "", 0, 0, None, ((_SLOT, wanted.name),), possessive))
    return tuple(found)


def is_slot(token: Lexeme) -> bool:
    """Whether it is a placeholder of a template."""
    return bool(token.names) and token.names[0][0] == _SLOT


def is_bare_word(token: Lexeme) -> bool:
    """Whether it carries no content of its own."""
    return token.text in FUNCTION_WORDS or token.text in PREPOSITIONS or token.text in INTERROGATIVES


def is_participle(tokens: Sequence[Lexeme], token: Lexeme) -> bool:
    """Whether a word is a past participle behind a form of to be: dominated in "is Ruritania dominated"."""
    formed = token.text.endswith("ed") or token.text in IRREGULAR
    return formed and any(other.text in BE for other in tokens)


def _alike(one: Lexeme, other: Lexeme) -> bool:
    """Whether two names may be of one kind."""
    return bool({kind for kind, _ in one.names} & {kind for kind, _ in other.names} - {_SLOT})


def marker(
    tokens: Sequence[Lexeme],
    at: int,
    is_argument: Callable[[Lexeme], bool],
    needs: Iterable[str],
    nouns: Iterable[str] = (),
) -> str:
    """How an argument is marked.

    Args:
        tokens: of the question or the template.
        at: the number of the argument among them.
        is_argument: tells arguments from words.
        needs: stems of the words that its place is relative to.
        nouns: stems of nouns that may stand between a preposition and the argument.
    """
    if tokens[at].possessive:
        return "of"
    for place in range(at - 1, -1, -1):
        token = tokens[place]
        listed = place == at - 1 and is_argument(token) and not token.possessive and _alike(token, tokens[at])
        if listed:
            return marker(tokens, place, is_argument, needs, nouns)
        if token.text in ("and", "or") and place and is_argument(tokens[place - 1]):
            return marker(tokens, place - 1, is_argument, needs, nouns)
        if token.text in PREPOSITIONS:
            return PREPOSITIONS[token.text]
        if token.text not in ("and", "or", "both", "either") and token.stem not in nouns:
            break
    behind = any(token.stem in needs for token in tokens[at + 1 :])
    return BEFORE if behind else AFTER
