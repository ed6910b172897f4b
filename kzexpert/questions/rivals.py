"""Questions that set entities against each other, and the hypotheses that they mean.

What can be compared is what the vocabulary declares with ``compares``.
"""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from kzexpert.model import Constant, KnowledgeBase, Pattern, Predicate, Term, Variable
from kzexpert.questions.english import COMPARED, PREPOSITIONS
from kzexpert.questions.frames import Frames, is_bare_word
from kzexpert.questions.readings import best_readings, readings_of
from kzexpert.questions.spoken import Lexeme, stem

__all__ = ["Rivals", "comparison", "disjunction"]


class Rivals(msgspec.Struct, frozen=True):
    """Rival hypotheses: the values of the first open argument of a pattern, and those that the question names."""

    pattern: Pattern
    names: tuple[str, ...]


def comparison(kb: KnowledgeBase, frames: Frames, tokens: Sequence[Lexeme]) -> Rivals | None:
    """What "compare A and B in C" means; None where words are left over, or two predicates could be meant."""
    made = (_compared(frames, predicate, tokens) for predicate in kb.predicate.values() if predicate.compares)
    found = [item for item in made if item]
    return found[0] if len(found) == 1 else None


def _compared(frames: Frames, predicate: Predicate, tokens: Sequence[Lexeme]) -> Rivals | None:
    kinds = {spec.name: spec.type for spec in predicate.args}
    rivals = _run(tokens, kinds[predicate.compares])
    given: dict[str, str] = {}
    read = frames.words[predicate.name] | frames.nouns[predicate.name].keys() | {*map(stem, COMPARED)}
    for token in tokens:
        if token in rivals:
            continue
        free = [
            name for name in kinds if name != predicate.compares and name not in given and _name(token, kinds[name])
        ]
        if len(free) == 1:
            given[free[0]] = _name(token, kinds[free[0]])
        elif token.names or not (is_bare_word(token) or token.stem in read or token.text == "or"):
            return None
    terms: list[Term] = [Constant(given[name]) if name in given else Variable(name) for name in kinds]
    first = next(term for term in terms if isinstance(term, Variable))
    if first.name != predicate.compares:
        return None
    names = tuple(_name(token, kinds[predicate.compares]) for token in rivals)
    return Rivals(Pattern(predicate.name, predicate.name, tuple(terms)), names)


def _run(tokens: Sequence[Lexeme], kind: str) -> list[Lexeme]:
    """The first names of a kind that stand in one row, joined by and, or, or nothing; at least two."""
    run: list[Lexeme] = []
    for token in tokens:
        if _name(token, kind) and not token.possessive:
            run.append(token)
        elif token.text not in ("and", "or"):
            if len(run) > 1:
                break
            run = []
    return run if len(run) > 1 else []


def _name(token: Lexeme, kind: str) -> str:
    return next((name for own, name in token.names if own == kind), "")


def disjunction(frames: Frames, tokens: Sequence[Lexeme]) -> Rivals | None:
    """What "is A closer to B or to C" means: the question for B, with C beside it; None where it is none."""
    at = [number for number, token in enumerate(tokens) if token.text == "or"]
    if len(at) != 1:
        return None
    end = at[0] + 1
    while end < len(tokens) and tokens[end].text in PREPOSITIONS:
        end += 1
    if not 0 < at[0] < end < len(tokens) or not tokens[end].names:
        return None
    best = best_readings(readings_of(frames, (*tokens[: at[0]], *tokens[end + 1 :])))
    if len(best) != 1 or not best[0].frame.predicate.compares:
        return None
    reading, predicate = best[0], best[0].frame.predicate
    kind = next(spec.type for spec in predicate.args if spec.name == predicate.compares)
    one, other = str(dict(reading.given).get(predicate.compares, "")), _name(tokens[end], kind)
    beside = next((name for token in reversed(tokens[: at[0]]) if (name := _name(token, kind))), "")
    if not one or not other or beside != one:
        return None
    opened = replace(reading, given=tuple(pair for pair in reading.given if pair[0] != predicate.compares))
    variables = [term for term in opened.pattern.terms if isinstance(term, Variable)]
    return Rivals(opened.pattern, (one, other)) if variables[0].name == predicate.compares else None
