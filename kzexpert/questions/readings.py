"""Tokens and frames → readings: which predicate a question may ask for, and with which arguments, the best first.

A reading uses every word. It is small and can be explained: words are compared by their stems, arguments by how they
are marked, and no probability is involved.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from itertools import combinations, pairwise

import msgspec

from kzexpert.model import ArgumentSpec, Constant, Pattern, Predicate, Term, Value, Variable
from kzexpert.questions.english import AUXILIARIES, DECISIVE, INTERROGATIVES, PREPOSITIONS
from kzexpert.questions.frames import AFTER, BEFORE, Frame, Frames, is_bare_word, is_participle, marker
from kzexpert.questions.spoken import Lexeme

__all__ = ["Reading", "best_readings", "readings_of"]

#: So far from its template no reading counts.
_FAR = 3
#: Marks that may stand for one another where only one argument can be meant.
_ALIKE = (frozenset(("in", "for")), frozenset(("of", BEFORE)))
_MARKED = frozenset(PREPOSITIONS.values())
_BUILT_IN: dict[str, type] = {"text": str, "number": float, "date": date}


class Reading(msgspec.Struct, frozen=True):
    """One way to read a question.

    Attributes:
        frame: the template that it is like.
        given: argument → value.
        nouns: arguments that it asks for by name, such as ``state`` in which states.
        unread: the tokens that it has no use for.
        cost: how far it is from the template: places of arguments that were concluded, words from elsewhere.
        in_roles: whether what bears the name of a predicate of one argument is such an entity: the power is a power.
    """

    frame: Frame
    given: tuple[tuple[str, Value], ...]
    nouns: frozenset[str]
    unread: tuple[Lexeme, ...]
    cost: int
    in_roles: bool = True

    @property
    def pattern(self) -> Pattern:
        """What it asks; an argument that is not given is a variable named after it."""
        given, predicate = dict(self.given), self.frame.predicate
        terms: list[Term] = [
            Constant(given[spec.name]) if spec.name in given else Variable(spec.name) for spec in predicate.args
        ]
        return Pattern(predicate.name, predicate.name, tuple(terms))

    def polar(self, tokens: Sequence[Lexeme]) -> bool:
        """Whether the question asks for yes or no, or states."""
        if tokens and tokens[0].text in AUXILIARIES:
            return True
        stated = not self.frame.asked or self.pattern.ground is not None
        return stated and not any(token.text in INTERROGATIVES for token in tokens)


def best_readings(readings: Sequence[Reading]) -> list[Reading]:
    """Of the readings that use every word the nearest to its template for each pattern, and of these the best alone.

    Several are left where none is better than all others: the question can be read in several ways.
    """
    whole = [reading for reading in readings if not reading.unread and reading.cost < _FAR]
    best = min(map(_rank, whole), default=None)
    found: dict[str, Reading] = {}
    for reading in whole:
        if _rank(reading) == best:
            found.setdefault(str(reading.pattern), reading)
    turned = {(item.frame.predicate.name, frozenset(str(value) for _, value in item.given)) for item in found.values()}
    fitting = [item for item in found.values() if item.in_roles]
    return fitting if len(turned) == 1 and fitting else list(found.values())


def _rank(reading: Reading) -> tuple[int, bool, int]:
    """A statement counts where no question is as near."""
    return reading.cost, not reading.frame.asked, -len(reading.frame.needs)


def readings_of(frames: Frames, tokens: Sequence[Lexeme]) -> list[Reading]:
    """The readings by all frames whose words stand in the question; what they cannot use is unread."""
    found = []
    for frame in frames.frames:
        reading = _reading(frames, frame, tokens)
        if reading is not None:
            found.append(reading)
    return found


def _reading(frames: Frames, frame: Frame, tokens: Sequence[Lexeme]) -> Reading | None:
    """The question by one frame; None where it lacks a word that the frame needs."""
    predicate = frame.predicate
    if not frame.needs <= {token.stem for token in tokens}:
        return None
    kinds = {spec.type for spec in predicate.args}
    nouns_of = frames.nouns[predicate.name]
    arguments: list[int] = []
    unread: list[Lexeme] = []
    nouns: set[str] = set()
    cost = 0
    seen: set[str] = set()
    called: list[int] = []
    for number, token in enumerate(tokens):
        if token.stem in frame.needs:
            if token.stem in seen:
                unread.append(token)
            seen.add(token.stem)
            continue
        if any(kind in kinds for kind, _ in token.names) or _built_in(token, predicate.args):
            arguments.append(number)
        elif token.names:
            unread.append(token)
        elif token.stem in nouns_of and (
            _is_asked(tokens, number) or not _is_built_in(predicate, nouns_of[token.stem])
        ):
            nouns.update(nouns_of[token.stem])
            called.append(number)
        elif token.stem in frames.words[predicate.name] and token.text not in DECISIVE:
            if _is_repeated(token, frame.needs):
                unread.append(token)
            cost += 1
        elif not is_bare_word(token):
            unread.append(token)
    chosen = {id(tokens[number]) for number in arguments}
    marks = {
        number: marker(tokens, number, lambda token: id(token) in chosen, frame.needs, nouns_of) for number in arguments
    }
    turned = _is_turned(frame, tokens)
    placed = _placed(frame, tokens, marks, frames.marks[predicate.name], turned)
    if placed is None:
        return None
    given, left, concluded = placed
    given = _in_their_roles(frames, predicate, tokens, marks, given)
    unread += [tokens[number] for number in left]
    unread += _owned_things(frames, frame, tokens, marks, given)
    unread += [tokens[number] for number in called if not _is_needed(nouns_of[tokens[number].stem], given, number)]
    bare = not frame.needs - {"not"}
    if bare and any(marks[given[name]] != mark for name, mark in frame.marks if name in given):
        return None
    if bare and (concluded or len(given) != len(frame.marks) or frame.nouns != frozenset(nouns) or cost):
        return None
    specs = {spec.name: spec for spec in predicate.args}
    values = tuple((name, _value(tokens[number], specs[name])) for name, number in given.items())
    named = tuple((name, value) for name, value in values if value is not None)
    cost += concluded + _FAR * _asks_otherwise(frame, tokens)
    in_roles = all(str(value) in frames.roles.get(name, (str(value),)) for name, value in named)
    return Reading(frame, named, frozenset(nouns), tuple(unread), cost, in_roles)


def _asks_otherwise(frame: Frame, tokens: Sequence[Lexeme]) -> bool:
    """Whether question and frame, for all their common words, ask for different things.

    "What shares does it hold" does not ask for whom it holds shares, and no statement says what shares.
    """
    if frame.dangling - {PREPOSITIONS.get(token.text) for token in tokens}:
        return True
    pairs = pairwise(tokens)
    return not frame.asked and any(
        token.text in INTERROGATIVES and following.stem in frame.needs for token, following in pairs
    )


def _is_asked(tokens: Sequence[Lexeme], number: int) -> bool:
    """Whether a noun stands behind which, or begins what is left of "how many"."""
    return number == 0 or tokens[number - 1].text in INTERROGATIVES


def _is_repeated(token: Lexeme, needs: Collection[str]) -> bool:
    """Whether a word is of one root with a word that the frame needs: owner in "who owns the owner of A"."""
    return any(token.stem.startswith(need) or need.startswith(token.stem) for need in needs)


def _owned_things(
    frames: Frames, frame: Frame, tokens: Sequence[Lexeme], marks: Mapping[int, str], given: Mapping[str, int]
) -> list[Lexeme]:
    """The nouns for things that are another's: in "are companies of A blocked" it is not A that is blocked."""
    found, expected = [], dict(frame.marks)
    for name, number in given.items():
        if marks[number] == "of" and expected.get(name) != "of":
            place = number + 1 if tokens[number].possessive else max(number - 2, 0)
            found += [item for item in tokens[place : place + 1] if not item.names and item.stem in frames.things]
    return found


def _is_needed(names: Collection[str], given: Mapping[str, int], number: int) -> bool:
    """Whether a noun asks for something, or stands beside the name of what it is: the state Ruritania.

    In "the companies of A" it does neither where A takes the place of the company.
    """
    return any(name not in given or abs(given[name] - number) == 1 for name in names)


def _is_built_in(predicate: Predicate, names: Collection[str]) -> bool:
    return any(spec.type in _BUILT_IN for spec in predicate.args if spec.name in names)


def _built_in(token: Lexeme, specs: Sequence[ArgumentSpec]) -> bool:
    """Whether it is a number, a date or a text that an argument can take."""
    return token.value is not None and any(
        isinstance(token.value, _BUILT_IN[spec.type]) for spec in specs if spec.type in _BUILT_IN
    )


def _is_turned(frame: Frame, tokens: Sequence[Lexeme]) -> bool:
    """Whether one of question and frame is in the passive and the other is not."""
    passive = frozenset(token.stem for token in tokens if token.stem in frame.needs and is_participle(tokens, token))
    return bool(passive - frame.participle) or bool(frame.participle - passive and "by" in dict(frame.marks).values())


def _placed(
    frame: Frame, tokens: Sequence[Lexeme], marks: Mapping[int, str], marked: Mapping[str, frozenset[str]], turned: bool
) -> tuple[dict[str, int], list[int], int] | None:
    """Which token each argument takes.

    Args:
        marks: number of a token that is an argument → how it is marked.
        marked: argument → how it is marked anywhere in the vocabulary.
        turned: whether one of question and frame speaks in the passive and the other does not.

    Returns:
        Argument → number of its token; the tokens that are left; and how many places were concluded from what else was
        there. None where a token may be this argument as well as that.
    """
    turn = {BEFORE: AFTER, AFTER: BEFORE, "by": BEFORE} if turned else {}
    expected = dict(frame.marks)
    given: dict[str, int] = {}
    waiting: list[int] = []
    for number, mark in marks.items():
        kin = [spec.name for spec in frame.predicate.args if _value(tokens[number], spec) is not None]
        mark = turn.get(mark, mark)
        if len(kin) == 1 and _is_marked_so(marked.get(kin[0], ()), mark):
            fitting = kin
        else:
            fitting = [name for name in kin if expected.get(name) == mark]
        chosen = next((name for name in fitting if name not in given), "")
        if chosen:
            given[chosen] = number
        else:
            waiting.append(number)
    return _concluded(frame, tokens, marks, waiting, given)


def _is_marked_so(known: Collection[str], mark: str) -> bool:
    """Whether the only argument of a kind may be marked so: like anywhere else, or by its place alone.

    An argument that never bears a preposition keeps its place: "who leads A" does not ask what A leads.
    """
    if not known or mark in known or (mark in (BEFORE, AFTER) and any(other in _MARKED for other in known)):
        return True
    return any({mark, other} <= alike for alike in _ALIKE for other in known)


def _concluded(
    frame: Frame, tokens: Sequence[Lexeme], marks: Mapping[int, str], waiting: list[int], given: dict[str, int]
) -> tuple[dict[str, int], list[int], int] | None:
    """The last argument of a kind takes the last token of it, where another argument of that kind is given.

    It does not where both are marked alike by a preposition: "on A and B" names two things where one is wanted.
    """
    left: list[int] = []
    concluded = 0
    for number in waiting:
        able = [spec.name for spec in frame.predicate.args if _value(tokens[number], spec) is not None]
        free = [name for name in able if name not in given]
        kin = {marks[given[name]] for name in able if name in given} - {BEFORE}
        if not free or len(able) == 1:
            left.append(number)
        elif len(free) == 1 and len(waiting) == 1 and marks[number] not in kin:
            given[free[0]] = number
            concluded += 1
        else:
            return None
    return given, left, concluded


def _in_their_roles(
    frames: Frames, predicate: Predicate, tokens: Sequence[Lexeme], marks: Mapping[int, str], given: Mapping[str, int]
) -> dict[str, int]:
    """The arguments, two of one kind that are marked alike in the order that fits what is recorded of them.

    "Are China and Ruritania allies" does not say which of them is the power. An argument that bears the name of a
    predicate of one argument takes an entity of which that is recorded.
    """
    found = dict(given)
    kinds = {spec.name: spec.type for spec in predicate.args}
    for one, other in combinations(given, 2):
        role = frames.roles.get(one) or frames.roles.get(other)
        if role is None or kinds[one] != kinds[other] or marks[given[one]] != marks[given[other]]:
            continue
        bearer, rest = (one, other) if one in frames.roles else (other, one)
        has = {name: any(own in role for _, own in tokens[given[name]].names) for name in (bearer, rest)}
        if has[rest] and not has[bearer]:
            found[one], found[other] = given[other], given[one]
    return found


def _value(token: Lexeme, spec: ArgumentSpec) -> Value | None:
    """What a token is for an argument; None where it cannot be one."""
    if spec.type in _BUILT_IN:
        return token.value if isinstance(token.value, _BUILT_IN[spec.type]) else None
    return next((name for kind, name in token.names if kind == spec.type), None)
