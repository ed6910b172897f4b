"""Sentences of the shipped bases are English: templates with each name that fits, and all that follows."""

import re
from collections.abc import Iterator, Mapping

import pytest

import kzexpert
from kzexpert.model import PLACEHOLDER, Entity, GroundAtom, KnowledgeBase, Placeholder, Value
from kzexpert.program.resolve import Types
from kzexpert.questions.sentences import because, fill, says
from kzexpert.render.writer import sentence

BASES = ("kzexpert", "world", "ownership")
#: A number may stand for one thing only where the template has a word for one.
ONE, SEVERAL = 1.0, (2.0, 33.5, 15000.0)
#: Names that are spelt with a vowel and begin with a consonant, and the other way round.
LIKE_CONSONANTS = r"(?i:uni|use|eu|one\b|ubi)|U[KSN]\b|EU\b"
LIKE_VOWELS = r"(?i:hour|honest|honou?r|heir)|[AEFHILMNORSX][A-Z]*\b"
#: What stands before a name in the place of its article, or between the two.
BEFORE = r"(?<!the )(?<!-led )(?<!'s )(?<!s' )(?<!its )(?<!own )"


def faults(text: str, kb: KnowledgeBase) -> Iterator[str]:
    """What an editor would mark in a sentence."""
    told = sentence(text)
    patterns = {
        "it begins with a small letter": r"^[a-z]",
        "blanks": r"  |^ | $| [,.;:)]|\( ",
        "a word stands twice": r"(?i)\b(\w+) \1\b",
        "a before a vowel": rf"\b[Aa] (?!{LIKE_CONSONANTS})[AEIOUaeiou]",
        "an before a consonant": rf"\b[Aa]n (?!{LIKE_VOWELS})[^AEIOUaeiou]",
        "two articles": r"(?i)\b(the|an?) (the|an?)\b",
        "one of many": r"\b1 (?!million)(\w+ )?[a-z]+s\b",
        "a name of the program": r"[a-z]_[a-z]|[{}?]",
        "possessive of a possessive": r"'s'|''",
    }
    yield from (fault for fault, pattern in patterns.items() if re.search(pattern, told))
    for item in kb.inflected.values():
        if item.name in text:
            yield from faults_around(item, text)


def faults_around(item: Entity, text: str) -> Iterator[str]:
    """What is wrong around a name: an article that it lacks, a verb in the other number."""
    name = rf"(?<![\w-]){re.escape(item.name)}(?![\w-])"
    if item.in_text == f"the {item.name}" and re.search(rf"{BEFORE}{name}(?! rules| law)", text):
        yield f"{item.name} lacks its article"
    subject = rf"^{re.escape(item.form('in_text'))}"
    verb = "is|has|does|was" if item.plural else "are|have|do|were"
    if re.search(rf"{subject} (?:{verb})\b", text):
        yield f"{item.name} has a verb of the other number"


def values(kb: KnowledgeBase, types: Mapping[str, str], template: str) -> Iterator[dict[str, Value]]:
    """For the names in a template, one choice of values after the other, until every entity had its turn."""
    wanted = [Placeholder.read(inside) for inside in PLACEHOLDER.findall(template)]
    choices: dict[str, list[Value]] = {}
    for item in wanted:
        kind = types.get(item.name, "text")
        if kind == "number":
            singular = any(other.words for other in wanted if other.name == item.name)
            choices[item.name] = [*SEVERAL, ONE] if singular else [*SEVERAL]
        else:
            choices[item.name] = [entity.name for entity in kb.entities if entity.kind == kind] or ["something"]
    most = max(map(len, choices.values()), default=0)
    for turn in range(most):  # two places of one kind have two entities
        yield {name: found[(turn + place) % len(found)] for place, (name, found) in enumerate(choices.items())}


@pytest.fixture(scope="module", params=BASES)
def kb(request: pytest.FixtureRequest) -> KnowledgeBase:
    return kzexpert.load(request.param).kb


def test_every_template_is_english_with_every_name(kb: KnowledgeBase) -> None:
    templates = [
        (predicate.name, predicate.says, {spec.name: spec.type for spec in predicate.args})
        for predicate in kb.predicates
        if predicate.says
    ]
    templates += [(rule.id, rule.because, Types(kb, rule).of) for rule in kb.rules]
    assert [name for name, template, _ in templates if not template] == []
    found = {
        f"{name}: {text}: {fault}": None
        for name, template, types in templates
        for chosen in values(kb, types, template)
        for text in [fill(template, chosen, kb.inflected)]
        for fault in faults(text, kb)
    }
    assert list(found)[:20] == []


@pytest.mark.parametrize("name", ["kzexpert", "ownership"])
def test_all_that_is_on_record_or_follows_is_english(name: str) -> None:
    base = kzexpert.load(name)
    inference = base.infer()
    recorded = [item for item in inference.program.base.items() if item[0] in base.kb.predicate]
    told = {says(base.kb, GroundAtom(name, row)) for name, rows in recorded for row in rows}
    told |= {says(base.kb, atom) for atom in inference.firings}
    told |= {because(base.kb, firing) for firings in inference.firings.values() for firing in firings}
    assert [f"{text}: {fault}" for text in sorted(told) for fault in faults(text, base.kb)] == []


def test_titles_and_docs_are_sentences(kb: KnowledgeBase) -> None:
    titles = [rule.title for rule in kb.rules]
    docs = [predicate.doc for predicate in kb.predicates]
    assert [text for text in (*titles, *docs) if [*faults(text, kb)] or not text[:1].isupper()] == []
    assert [text for text in titles if text.endswith(".")] == []
    assert [text for text in docs if not text.endswith(".")] == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Kazakhstan is aligned with United States", "United States lacks its article"),
        ("the the United States leads", "two articles"),
        ("the United States leads a union", None),
        ("the American-led Customs Union is a old union", "a before a vowel"),
        ("Kazakhstan is an member", "an before a consonant"),
        ("hydrocarbons is part of energy", "hydrocarbons has a verb of the other number"),
        ("the United States are part of it", "United States has a verb of the other number"),
        ("Russia  leads", "blanks"),
        ("Russia plans 1 joint exercises", "one of many"),
        ("Russia significant_partner China", "a name of the program"),
    ],
)
def test_an_editor_marks_what_is_no_english(text: str, fault: str | None) -> None:
    assert fault is None or fault in [*faults(text, kzexpert.load("kzexpert").kb)]
    assert fault is not None or [*faults(text, kzexpert.load("kzexpert").kb)] == []
