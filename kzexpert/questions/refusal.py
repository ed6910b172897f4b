"""What is not understood, and what would be: the errors for questions in plain words.

It reads nothing that was not read before: it names the words at fault, and the templates that come near.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from math import fsum

from kzexpert.errors import AmbiguousQuestion, Issue, Location, UsageError, an
from kzexpert.language.nearest import did_you_mean, nearest
from kzexpert.model import KnowledgeBase
from kzexpert.questions.english import CONNECTIVES, DECISIVE, NUMERALS, PRONOUNS
from kzexpert.questions.interpretation import Unclear
from kzexpert.questions.sentences import fill
from kzexpert.questions.templates import EntityNames, Fit, Span, Template, Word, fit, statement_templates

__all__ = ["Refusal"]

_PLACE = "question"
_WRITTEN = {"text": 'in "quotes"', "number": "in digits", "date": "as YYYY-MM-DD"}
#: Shorter words resemble too many others.
_LONG_WORD = 5
_MOST_SHOWN = 5
_NO_NAMES = DECISIVE | CONNECTIVES | NUMERALS


class Refusal:
    """The errors for one question.

    Args:
        names: those that it may hold.
        asks: the templates of questions.
        spoken: its words.
        parts: the words that a template may fit, with and without why.
    """

    def __init__(
        self,
        kb: KnowledgeBase,
        text: str,
        names: EntityNames,
        asks: Sequence[Template],
        spoken: Sequence[Word],
        parts: Sequence[Sequence[Word]],
    ) -> None:
        self.kb, self.text, self.names, self.asks = kb, text, names, asks
        self.spoken, self.parts = spoken, parts

    def unclear(self, found: Unclear) -> UsageError:
        """What keeps a question from being understood: the words that nothing reads, and what comes near."""
        if found.several:
            return self.ambiguous(dict(found.candidates))
        if found.unknown:
            return self._part_of_unknown(*found.unknown, found.part)
        self._report_unknown_names()
        near = [words for _, words in found.candidates]
        if found.strange and found.names:
            shown = " and ".join(f"'{word}'" for word, _ in found.strange)
            message = f"the knowledge base says nothing about {shown}"
            place = Location(_PLACE, 1, found.strange[0][1] + 1)
            return self._error(Issue("KZ309", message, place, self._hint(near)))
        if not found.words or len(found.words) == len(self.spoken):
            return self.not_understood()
        return self.unexplained(found.words, near)

    def _part_of_unknown(self, name: str, start: int, part: str) -> UsageError:
        hint = f"{part} is known by itself; write the word beside it small where it is no part of a name"
        return self._error(Issue("KZ204", f"unknown name {name}", Location(_PLACE, 1, start + 1), hint))

    def unexplained(self, unread: Sequence[tuple[str, int]], near: Sequence[str] = ()) -> UsageError:
        shown = " and ".join(f"'{word}'" for word, _ in unread)
        message = f"this question is not understood: nothing in it explains {shown}"
        return self._error(Issue("KZ301", message, Location(_PLACE, 1, unread[0][1] + 1), self._hint(near)))

    def _hint(self, near: Sequence[str]) -> str:
        """What comes near to the question."""
        near = list(dict.fromkeys([*near, *self._nearest()]))[:_MOST_SHOWN]
        lines = ["questions it would understand:", *near] if near else ["kzexpert vocabulary lists what can be asked"]
        return "\n".join([*lines, *self._about_pronouns()])

    def ambiguous(self, readings: Mapping[str, str]) -> AmbiguousQuestion:
        hint = "\n".join(["ask one of them as a pattern:", *list(readings)[:_MOST_SHOWN]])
        message = f"the question can be read in {len(readings)} ways"
        return AmbiguousQuestion(
            Issue("KZ302", message, Location(_PLACE, 1), hint), texts={_PLACE: self.text}, readings=readings
        )

    def _report_unknown_names(self) -> None:
        """Raise if the question fits a template but for names that do not exist."""
        best: tuple[int, int, Fit, Sequence[Word]] | None = None
        for part in self.parts:
            for template in self.asks:
                found = fit(template, part, self.names, tolerant=True)
                if (
                    found
                    and not self._hides_names(found, part)
                    and (best is None or (found.unknown_words, -template.literals) < best[:2])
                ):
                    best = (found.unknown_words, -template.literals, found, part)
        if best is None:
            return
        _, _, found, part = best
        issues = [self._unknown(span, part[span.start : span.end]) for span in found.unknown]
        if found.template.literals > 1 or all(issue.hint.startswith("did you mean") for issue in issues):
            raise self._error(*issues)

    def _hides_names(self, found: Fit, part: Sequence[Word]) -> bool:
        """Whether it takes a name and a word beside it for one unknown name, or words such as all for a name."""
        taken = {
            word.text
            for span in found.unknown
            if span.spec.type not in _WRITTEN
            for word in part[span.start : span.end]
        }
        return bool(taken & _NO_NAMES) or any(
            span.end > span.start + 1
            and any(self._named_at(part[span.start : span.end], at) for at in range(span.end - span.start))
            for span in found.unknown
        )

    def _unknown(self, span: Span, part: Sequence[Word]) -> Issue:
        """What is wrong with the words in the place of an argument."""
        kind, location = span.spec.type, Location(_PLACE, 1, part[0].start + 1)
        shown = self.text[part[0].start : part[-1].end].removesuffix("'s")
        if len(part) == 1 and part[0].text in PRONOUNS:
            hint = f"each question stands alone; name the {kind}"
            return Issue("KZ204", f"'{shown}' does not stand for anything here", location, hint)
        if kind in _WRITTEN:
            return Issue("KZ205", f"{shown} is not {an(kind)}", location, f"write {an(kind)} {_WRITTEN[kind]}")
        others = self.names.meanings(part)
        if others:
            other_kind, name = others[0]
            return Issue("KZ205", f"{name} is {an(other_kind)}, and {an(kind)} is needed here", location)
        hint = self._near_names(shown, kind) or f"kzexpert vocabulary {kind} lists every {kind}"
        return Issue("KZ204", f"unknown {kind} {shown}", location, hint)

    def _near_names(self, shown: str, kind: str) -> str:
        """The names and aliases that are near, one for each entity."""
        owner = {
            name: item.name for item in self.kb.entities if item.kind == kind for name in (*item.aliases, item.name)
        }
        best: dict[str, str] = {}
        for name in nearest(shown, owner):
            best.setdefault(owner[name], name)
        return did_you_mean(shown, best.values())

    def not_understood(self) -> UsageError:
        hint = self._nearest()
        lines = ["questions it would understand:", *hint] if hint else ["kzexpert vocabulary lists what can be asked"]
        lines += self._about_pronouns()
        message = "this question is not understood" if self.text else "the question is empty"
        return self._error(Issue("KZ301", message, Location(_PLACE, 1), "\n".join(lines)))

    def _about_pronouns(self) -> list[str]:
        pronoun = next((word.text for word in self.spoken if word.text in PRONOUNS), None)
        return [f"each question stands alone: instead of '{pronoun}', name what it stands for"] if pronoun else []

    def _nearest(self) -> list[str]:
        """The templates most like the question: by the words they share, a rare one counting more than a common one."""
        templates = [*self.asks, *(found for found in statement_templates(self.kb) if not found.predicate.asks)]
        stems = [{word for word in template.elements if isinstance(word, str)} for template in templates]
        using: dict[str, int] = {}
        for stem in itertools.chain.from_iterable(stems):
            using[stem] = using.get(stem, 0) + 1

        def weight(words_of: Iterable[str]) -> float:
            return fsum(1 / using[stem] for stem in words_of)  # exact, since sets have no order

        asked = {stem for word in self.spoken if (stem := _known_stem(word, using))}
        named = {start: self._named_at(self.spoken, start) for start in range(len(self.spoken))}
        scored: dict[str, float] = {}
        for template, own in zip(templates, stems, strict=True):
            shared = weight(asked & own)
            if shared:
                text, filled, open_slots = _example(template, named)
                score = 2 * shared / (weight(asked) + weight(own)) + 0.1 * (filled - open_slots)
                scored[text] = max(scored.get(text, score), score)
        return sorted(scored, key=lambda text: -scored[text])[:_MOST_SHOWN]

    def _named_at(self, spoken: Sequence[Word], start: int) -> Mapping[str, str]:
        """Kind → the name that begins at a word."""
        return {kind: name for _, meanings in self.names.at(spoken, start) for kind, name in reversed(meanings)}

    def _error(self, *issues: Issue) -> UsageError:
        return UsageError(*issues, texts={_PLACE: self.text})


def _known_stem(word: Word, using: Mapping[str, int]) -> str:
    """The word as templates have it; of a long one that none has, the nearest that one has, if any."""
    if word.stem in using or len(word.stem) < _LONG_WORD:
        return word.stem if word.stem in using else ""
    return next(iter(nearest(word.stem, using)), "")


def _example(template: Template, named: Mapping[int, Mapping[str, str]]) -> tuple[str, int, int]:
    """The template with the names of the question in place, how many there are, and how many are open."""
    taken: set[int] = set()
    shown: dict[str, str] = {}
    slots = [element for element in template.elements if not isinstance(element, str)]
    for slot in slots:
        start = next((at for at, names in named.items() if slot.type in names and at not in taken), None)
        shown[slot.name] = f"<{slot.type}>" if start is None else named[start][slot.type]
        if start is not None:
            taken.add(start)
    return fill(template.text, shown, {}), len(taken), len(slots) - len(taken)
