"""Check: no two questions of the vocabulary collide (KZ231), and cases ask for all that rules conclude (KZ232).

Both are warnings. Templates are compared word by word; the reader of questions knows more ways to say the same.
"""

from collections.abc import Sequence

from kzexpert.errors import Issue, Location
from kzexpert.model import PLACEHOLDER, Case, KnowledgeBase, Placeholder, Predicate

__all__ = ["colliding_questions", "unasked_predicates"]

_SAME = {"are": "is", "do": "does", "have": "has", "what": "which", "whom": "who"}
_ARTICLES = ("the", "a", "an")


def colliding_questions(kb: KnowledgeBase) -> list[Issue]:
    """Templates of `asks` that the same words fit, and that mean two things, or the same thing twice (KZ231)."""
    first: dict[tuple[str, ...], tuple[Predicate, tuple[str, ...], Location]] = {}
    issues = []
    for predicate in sorted(kb.predicate.values(), key=lambda item: (item.location, item.name)):
        for index, template in enumerate(predicate.asks):
            place = predicate.marks.get(f"asks.{index}", predicate.location)
            shape, slots = _shape(predicate, template)
            other, its_slots, its_place = first.setdefault(shape, (predicate, slots, place))
            if its_place == place or (other.name == predicate.name and predicate.symmetric and slots != its_slots):
                continue
            same = other.name == predicate.name
            why = (
                f"asks for {other.name} too"
                if not same
                else "stands there twice"
                if slots == its_slots
                else "is read the other way round as well"
            )
            message = f"the question {template!r} of {predicate.name} {why}"
            hint = "leave one out" if same and slots == its_slots else "word one of them otherwise"
            issues.append(Issue("KZ231", message, place, hint, "warning", ((its_place, "the other question"),)))
    return issues


def _shape(predicate: Predicate, template: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A template with the types of its placeholders in place of their names, and these names."""
    types = {spec.name: spec.type for spec in predicate.args}
    found, slots = [], []
    for word in PLACEHOLDER.sub(lambda match: match[0].replace(" ", ""), template).split():
        match = PLACEHOLDER.search(word)
        wanted = Placeholder.read(match[1]) if match else None
        if match and wanted and not wanted.words:
            slots.append(wanted.name)
            found.append(f"{{{types.get(wanted.name, wanted.name)}}}{word[match.end() :].strip('.,;:!?')}")
            continue
        plain = (wanted.words[0] if wanted else word).strip(".,;:!?").casefold()
        found += [_SAME.get(plain, plain)] if plain not in _ARTICLES else []
    return tuple(found), tuple(slots)


def unasked_predicates(kb: KnowledgeBase, cases: Sequence[Case]) -> list[Issue]:
    """Predicates that rules of a base conclude and of which no case wants or denies anything (KZ232)."""
    asked = {case.ask.partition("(")[0].strip() for case in cases}
    asked |= {item.conclusion.partition("(")[0].strip() for case in cases for item in case.want or ()}
    own = {file for layer in kb.layers for file in layer.files}
    sentences = [case.ask.casefold() for case in cases if "(" not in case.ask]
    return [
        Issue(
            "KZ232",
            f"no case asks for {predicate.name}, which rules conclude",
            predicate.location,
            "write a case that wants an answer of it: kzexpert new case",
            "warning",
        )
        for predicate in kb.predicate.values()
        if predicate.location.file in own
        and predicate.name in kb.concluded - asked
        and not any(_may_ask(predicate, text) for text in sentences)
    ]


def _may_ask(predicate: Predicate, sentence: str) -> bool:
    """Whether a sentence holds all words of a question of a predicate."""
    said = set(sentence.replace("?", " ").split())
    questions = (PLACEHOLDER.sub(" ", text).casefold().replace("?", " ").split() for text in predicate.asks)
    return any(said.issuperset(words) for words in questions if words)
