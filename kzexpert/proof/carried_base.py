"""A trace → the knowledge base that it carries, read as any other is, so that the same checker checks it alone."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from itertools import groupby
from typing import Any, TypeAlias

import msgspec
from msgspec import UnsetType
from msgspec.structs import replace

from kzexpert.checks import check
from kzexpert.errors import Issue, KnowledgeBaseError, Location
from kzexpert.language import GrammarError, parse_atom
from kzexpert.language.documents import MappingNode, parse_document
from kzexpert.language.draft import Draft
from kzexpert.language.files import TextFile
from kzexpert.language.loader import finish, read_sections
from kzexpert.language.reader import Reader
from kzexpert.model import NOWHERE, KnowledgeBase, Layer, Value, json_escapes
from kzexpert.proof.checker.parser import read_trace
from kzexpert.proof.checker.places import Places
from kzexpert.proof.checker.verification import Checker, Verification
from kzexpert.proof.document import Excerpt, Row, Trace, atom_of
from kzexpert.proof.excerpt import values_of

__all__ = ["carried_base", "verify_alone"]

#: How issues call what is read of a trace.
_NAME = "the trace"
#: A predicate, what a row of it states, and the row.
_Stated: TypeAlias = tuple[str, Mapping[str, Value], Row]


def verify_alone(file: str, text: str, engines: Collection[str]) -> Verification:
    """Check a trace against the rules and facts that it carries itself; see `Checker.verify`."""
    trace, issues = read_trace(file, text)
    if trace is None:
        return Verification(file, tuple(issues))
    kb, wrong = carried_base(trace)
    calibrations = {}
    if kb is not None and trace.calibration and trace.calibration.predicate in kb.predicate:
        calibrations = {trace.calibration.predicate: trace.calibration}
    if kb is None:
        place = Places(file, text)["$.excerpt"]
        return Verification(file, tuple(replace(issue, location=place, related=()) for issue in wrong))
    return Checker(kb, engines, calibrations, trace).verify(file, text)


def carried_base(trace: Trace) -> tuple[KnowledgeBase | None, list[Issue]]:
    """The knowledge base that a trace carries: the rules that fired, the facts below its answers, their words.

    Returns:
        It, or None and what is wrong with it, in places of no file.
    """
    if isinstance(trace.excerpt, UnsetType):
        return None, [Issue("KZ502", "it does not carry its rules in full, as traces of earlier versions do not")]
    try:
        rows = _rows(trace, trace.excerpt)
    except (GrammarError, KeyError, ValueError):
        return None, [Issue("KZ504", "a fact in it does not fit the predicates that it states")]
    draft = Draft()
    text = json_escapes(msgspec.json.encode(_file(trace, trace.excerpt, rows)).decode())
    file = TextFile(_NAME, _NAME, text, b"")
    try:
        root = parse_document(file).root
    except KnowledgeBaseError as error:
        return None, [*error.issues]
    assert isinstance(root, MappingNode)
    read_sections(Reader(file, draft.issues), {key: node for key, (_, node) in root.entries.items()}, draft)
    kb = draft.knowledge_base(finish(draft, {}), [Layer("", grades=trace.excerpt.grades)])
    issues = draft.issues + [issue for issue in check(kb) if issue.severity == "error"]
    if issues:
        return None, issues
    pairs = zip(kb.facts, rows, strict=True)
    found = tuple(replace(fact, location=Location(row.place)) for fact, (_, _, row) in pairs)
    stood = {rule.id: Location(rule.place) for rule in trace.rules}
    return replace(
        kb, facts=found, rules=tuple(replace(rule, location=stood.get(rule.id, NOWHERE)) for rule in kb.rules)
    ), []


def _rows(trace: Trace, excerpt: Excerpt) -> list[_Stated]:
    """The rows of all facts with what they state, by predicate; each once, in however many windows it stands.

    Raises:
        GrammarError, KeyError, ValueError: a fact is none of a predicate that is stated.
    """
    names = {item.name: [name for spec in item.args for name in spec] for item in excerpt.predicates}
    found: dict[str, Counter[Row]] = {}
    for fact in trace.facts:
        found.setdefault(atom_of(fact.fact), Counter())
        found[atom_of(fact.fact)] |= Counter(fact.rows)
    stated: list[_Stated] = []
    for text, rows in found.items():
        atom = parse_atom(text, NOWHERE)
        arguments = dict(zip(names[atom.predicate], values_of([atom]), strict=True))
        stated += ((atom.predicate, arguments, row) for row in rows.elements())
    return sorted(stated, key=lambda item: item[0])


def _file(trace: Trace, excerpt: Excerpt, rows: Iterable[_Stated]) -> dict[str, Any]:
    """All of it as one file of a base has it."""
    named = msgspec.to_builtins(excerpt)
    return {
        "kinds": named["kinds"],
        **{part: {item.pop("name"): item for item in named[part]} for part in ("predicates", "entities")},
        "sources": {item.pop("id"): _filled(item) for item in msgspec.to_builtins(trace.sources)},
        "rules": named["rules"],
        "facts": {
            name: [{**arguments, **_filled(_beside(row))} for _, arguments, row in some]
            for name, some in groupby(rows, key=lambda item: item[0])
        },
    }


def _beside(row: Row) -> dict[str, Any]:
    """What a row says beside its arguments."""
    given = {name: getattr(row, name) for name in ("since", "until", "on", "certainty", "note")}
    return {**given, "source": {"id": row.source, "at": row.at} if row.source else ""}


def _filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value != ""}
