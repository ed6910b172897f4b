"""A question in plain words that no template fits word by word → what it asks for, and how it was read.

Tokens → wish (what is wanted, and when) → readings → the one that is better than all others. Every word counts: what no
reading uses makes the question not understood.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec
from msgspec.structs import replace

from kzexpert.model import KnowledgeBase, Pattern
from kzexpert.questions.english import CONNECTIVES, NUMERALS, SIZES, Intent
from kzexpert.questions.frames import Frames, is_bare_word
from kzexpert.questions.paraphrase import ENDS, among, asked, stated
from kzexpert.questions.phrases import Wish, dates_joined, wish_of
from kzexpert.questions.readings import Reading, best_readings, readings_of
from kzexpert.questions.rivals import Rivals, comparison, disjunction
from kzexpert.questions.spoken import Lexeme, mended, named, stem, tokens_of, with_synonyms
from kzexpert.questions.templates import words

__all__ = ["Interpretation", "Unclear", "interpretation"]

_MOST_SHOWN = 3
#: With these a known word is the same word.
_ENDINGS = ("ing", "ed", "er", "ers")
#: Words of plain English, which no knowledge base lacks.
_COMMON = CONNECTIVES | NUMERALS
#: Intent → the command that follows it, where that is not ``ask``.
_COMMANDS: dict[Intent, str] = {
    "why": "why",
    "why-not": "why-not",
    "compare": "matrix",
    "what-if": "what-if",
    "timeline": "timeline",
    "linchpins": "linchpins",
    "about": "about",
}
_DATES = {"interval": " since ?since", "event": " on ?day"}


class Interpretation(msgspec.Struct, frozen=True):
    """What a question was read as.

    Attributes:
        intent: what is wanted of the pattern.
        read_as: that in words.
        pattern: None where it is about an entity.
        tail: what follows the pattern: a window, or a date that is asked for.
        entity: whom it is about.
        as_of: a date as written; empty where there is none.
        years: the first and the last year of a timeline, either empty where it is open.
        withdrawn: whether the pattern is to be taken away, and not to be assumed.
        polar: whether it asks for yes or no.
        counts: the arguments whose values are to be counted.
        negated: whether a yes means that the pattern does not hold.
        by: the argument whose largest numbers come first.
    """

    intent: Intent
    read_as: str
    pattern: Pattern | None = None
    tail: str = ""
    entity: str = ""
    as_of: str = ""
    years: tuple[str, str] | None = None
    withdrawn: bool = False
    polar: bool = False
    counts: tuple[str, ...] = ()
    negated: bool = False
    by: str = ""

    @property
    def command(self) -> tuple[str, ...]:
        """The command that answers it, and its arguments."""
        stated = f"{self.pattern}{self.tail}"
        words: tuple[str, ...]
        if self.intent == "what-if":
            words = ("what-if", "--all", "--without" if self.withdrawn else "--assume", stated)
        else:
            words = (_COMMANDS.get(self.intent, "ask"), self.entity or stated)
        dates = "..".join(self.years) if self.years else self.as_of
        return (*words, "--as-of", dates) if dates else words


class Unclear(msgspec.Struct, frozen=True):
    """A question that was not read.

    Attributes:
        words: those that no reading uses, as written, each with its place.
        strange: those of them that the knowledge base has nowhere.
        names: whether it names anything that the knowledge base has.
        several: whether it can be read in several ways, which `candidates` are.
        candidates: what comes near, each a pattern and its words.
        unknown: a name that nothing bears, though a part of it is one; with its place.
        part: that part.
    """

    words: tuple[tuple[str, int], ...] = ()
    strange: tuple[tuple[str, int], ...] = ()
    names: bool = False
    several: bool = False
    candidates: tuple[tuple[str, str], ...] = ()
    unknown: tuple[str, int] | None = None
    part: str = ""


def interpretation(kb: KnowledgeBase, text: str) -> Interpretation | Unclear:
    """What a question asks for, or why that is not clear."""
    frames = Frames.of(kb)
    tokens = dates_joined(tokens_of(text))
    tokens = named(kb, text, mended(kb, tokens, named(kb, text, tokens), frames.known))
    unknown = _unknown_name(text, tokens)
    if unknown is not None:
        return unknown
    wish = wish_of(named(kb, text, with_synonyms(tokens, frames.synonyms)))
    if wish is None:
        return Unclear()
    entity = _subject(wish)
    if entity:
        return Interpretation("about", f"tell me about {entity}", entity=entity)
    compared = _compared(kb, frames, wish)
    if compared is not None:
        return _comparison(kb, wish, compared)
    found, wish = _readings(frames, wish)
    best = best_readings(found)
    if len(best) == 1:
        return _interpreted(kb, wish, best[0]) or Unclear(_stops(text, wish), candidates=_shown(kb, best))
    if best:
        return Unclear(several=True, candidates=_shown(kb, best))
    return _unclear(kb, frames, text, wish, found)


def _unknown_name(text: str, tokens: Sequence[Lexeme]) -> Unclear | None:
    """Two words with capitals that follow each other, of which one alone is a name: the Borduria Pact."""
    if all(text[token.start].isupper() for token in tokens):
        return None
    for first, last in pairwise(tokens):
        known = first if first.names else last
        joined = text[first.end : last.start] == " " and text[first.start].isupper() and text[last.start].isupper()
        if (
            not joined
            or bool(first.names) == bool(last.names)
            or first.possessive
            or (first is not known and not first.start)
        ):
            continue
        if not is_bare_word(last if first is known else first):
            return Unclear(unknown=(text[first.start : last.end], first.start), part=text[known.start : known.end])
    return None


def _readings(frames: Frames, wish: Wish) -> tuple[list[Reading], Wish]:
    """The readings, with ``not`` as a word of a template where one needs it."""
    if wish.negated:
        found = readings_of(frames, wish.tokens)
        if best_readings(found):
            return found, replace(wish, negated=0)
    return readings_of(frames, wish.rest), wish


def _stops(text: str, wish: Wish) -> tuple[tuple[str, int], ...]:
    """Each ``not`` and each word for the largest of a question, as written: they keep a reading from being asked."""
    stops = SIZES | ({"not"} if wish.negated else set())
    return _spans(text, (token for token in wish.tokens if token.text in stops))


def _spans(text: str, tokens: Iterable[Lexeme]) -> tuple[tuple[str, int], ...]:
    """Words as written, each with its place."""
    return tuple((text[token.start : token.end], token.start) for token in tokens)


def _subject(wish: Wish) -> str:
    """The entity that a question is about as a whole; empty where it asks for something of it."""
    names = [token for token in wish.rest if token.names]
    others = [token for token in wish.rest if not token.names and not is_bare_word(token)]
    if len(names) != 1 or others or wish.as_of or wish.negated or wish.intent not in ("about", "what"):
        return ""
    return names[0].names[0][1]


def _compared(kb: KnowledgeBase, frames: Frames, wish: Wish) -> Rivals | None:
    if wish.negated:
        return None
    if wish.intent == "compare":
        return comparison(kb, frames, wish.rest)
    return disjunction(frames, wish.rest) if wish.intent == "what" else None


def _comparison(kb: KnowledgeBase, wish: Wish, found: Rivals) -> Interpretation:
    read_as = f"{asked(kb, found.pattern)}{among(found.names)}{_when(wish)}"
    return Interpretation("compare", read_as, found.pattern, as_of=wish.as_of)


def _interpreted(kb: KnowledgeBase, wish: Wish, reading: Reading) -> Interpretation | None:
    """A reading with what is wanted of it; None where that does not go together."""
    pattern, predicate = reading.pattern, reading.frame.predicate
    if wish.intent == "what-if":
        return _supposed(kb, wish, pattern)
    polar = reading.polar(wish.rest) and wish.intent == "what"
    intent, tail = wish.intent, ""
    counts: tuple[str, ...] = ()
    if intent == "why" and wish.negated:
        intent = "why-not"
    elif intent == "when":
        intent, tail = ("when", _DATES[predicate.holds]) if predicate.holds else ("timeline", "")
    elif intent == "count":
        counts = _counted(reading)
        intent = "count" if counts else "what"
        if not counts and not _is_number(reading):
            return None
    if intent == "compare" or (intent == "timeline" and wish.as_of):
        return None
    if wish.negated > 1 or (wish.negated and not polar and intent != "why-not"):
        return None
    by = _number(reading) if wish.strongest else ""
    if not by and any(token.text in SIZES for token in wish.tokens):
        return None
    if predicate.holds == "event" and wish.during and len(wish.as_of) == 4 and not tail:
        tail = " within 1 year"
    parts = [asked(kb, pattern, polar=polar or pattern.ground is not None), ENDS.get(intent, "")]
    parts += [", or not"] * (wish.negated > 0 and intent == "what")
    parts += [f", the largest {by} first" if by else ", the strongest first"] * wish.strongest + [
        ", at the date of the knowledge base"
    ] * wish.today
    read_as = "".join(parts) + _when(wish, tail)
    return Interpretation(
        intent,
        read_as,
        pattern,
        tail,
        as_of=wish.as_of,
        years=wish.years,
        polar=polar,
        counts=counts,
        negated=wish.negated > 0 and not _expects_yes(wish.tokens),
        by=by,
    )


def _expects_yes(tokens: Sequence[Lexeme]) -> bool:
    """Whether a negated question wants to hear yes where what it negates holds: "isn't A a member of B"."""
    return any(token.text == "not" and token.start == tokens[0].start for token in tokens[1:2])


def _counted(reading: Reading) -> tuple[str, ...]:
    """The arguments whose values "how many" counts: those that it names, else the one that is open."""
    given = dict(reading.given)
    unknown = [spec for spec in reading.frame.predicate.args if spec.name not in given]
    named = [spec for spec in unknown if spec.name in reading.nouns]
    counts = named or unknown
    return (counts[0].name,) if len(counts) == 1 and counts[0].type != "number" else ()


def _is_number(reading: Reading) -> bool:
    """Whether an argument that is open is a number, and one that the question names."""
    given = dict(reading.given)
    words = reading.frame.needs
    numbers = [spec.name for spec in reading.frame.predicate.args if spec.type == "number" and spec.name not in given]
    return any(name in reading.nouns or stem(name) in words for name in numbers)


def _number(reading: Reading) -> str:
    """The argument that is open and a number; empty where there is none, or several."""
    given = dict(reading.given)
    numbers = [spec.name for spec in reading.frame.predicate.args if spec.type == "number" and spec.name not in given]
    return numbers[0] if len(numbers) == 1 else ""


def _supposed(kb: KnowledgeBase, wish: Wish, pattern: Pattern) -> Interpretation | None:
    """What changes if a statement held, or did not."""
    if wish.negated > 1 or (pattern.ground is None and not wish.negated) or wish.strongest:
        return None
    says = stated(kb, pattern)
    told = f"if it were not so that {says}" if wish.negated else f"if it were so that {says}"
    read_as = f"what changes {told}{_when(wish)}"
    return Interpretation("what-if", read_as, pattern, as_of=wish.as_of, withdrawn=bool(wish.negated))


def _when(wish: Wish, tail: str = "") -> str:
    if wish.years is not None:
        first, last = wish.years
        return f" from {first} to {last}" if last else f" since {first}"
    if not wish.as_of:
        return ""
    return f", in {wish.as_of}" if "within" in tail else f", as of {wish.as_of}"


# --- what is not understood ------------------------------------------------------------------------------------------


def _unclear(kb: KnowledgeBase, frames: Frames, text: str, wish: Wish, found: Iterable[Reading]) -> Unclear:
    near = sorted(found, key=lambda reading: (len(reading.unread), reading.cost, -len(reading.frame.needs)))
    open_words = [token for token in wish.rest if not token.names and token.value is None and not is_bare_word(token)]
    sizes = [token for token in wish.tokens if token.text in SIZES]
    unread: Sequence[Lexeme] = [*sizes, *(near[0].unread if near else open_words)]
    known = {plain.stem for word in frames.known for plain in words(word)}
    strange = [
        token
        for token in unread
        if token in open_words
        and token.text not in _COMMON
        and words(token.text)[0].stem not in known
        and not (token.text.endswith(_ENDINGS) and token.stem in frames.known.values())
    ]
    return Unclear(
        _spans(text, unread) or _stops(text, wish),
        _spans(text, strange),
        any(token.names for token in wish.rest),
        candidates=_shown(kb, near),
    )


def _shown(kb: KnowledgeBase, readings: Iterable[Reading]) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for reading in readings:
        if len(found) < _MOST_SHOWN:
            found.setdefault(str(reading.pattern), asked(kb, reading.pattern))
    return tuple(found.items())
