"""Programs written in short, and what it means that two engines agree on them."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from available import ready

from kzexpert.checks import check
from kzexpert.engines import engine
from kzexpert.language import parse_atom, parse_condition
from kzexpert.model import (
    NOWHERE,
    ArgumentSpec,
    Entity,
    Fact,
    Firing,
    Inference,
    KnowledgeBase,
    Predicate,
    Program,
    Rule,
    Value,
)
from kzexpert.program.snapshot import snapshot

__all__ = ["agreed", "program_of", "rule", "small_base", "told", "written"]

#: predicate → types of its arguments
Vocabulary = Mapping[str, Sequence[str]]
#: predicate → rows; the last item of a longer row is its certainty
Rows = Mapping[str, Sequence[Sequence[Value]]]


def written(vocabulary: Vocabulary, facts: Rows, *rules: Rule) -> KnowledgeBase:
    """A knowledge base that passes the checks."""
    recorded = []
    for predicate, rows in facts.items():
        arity = len(vocabulary[predicate])
        for row in rows:
            numbers = (float(value) if isinstance(value, int) else value for value in row[:arity])
            values = {f"arg{place}": value for place, value in enumerate(numbers)}
            certainty = float(row[arity]) if len(row) > arity else 1.0  # type: ignore[arg-type]
            recorded.append(Fact(predicate, values, certainty=certainty))
    names = {
        str(value)
        for predicate, rows in facts.items()
        for row in rows
        for value, kind in zip(row, vocabulary[predicate], strict=False)
        if kind == "state"
    }
    kb = KnowledgeBase(
        kinds=("state",),
        predicates=tuple(
            Predicate(name, tuple(ArgumentSpec(f"arg{place}", kind) for place, kind in enumerate(kinds)))
            for name, kinds in vocabulary.items()
        ),
        entities=tuple(Entity(name, "state") for name in sorted(names)),
        facts=tuple(recorded),
        rules=rules,
    )
    errors = [issue for issue in check(kb) if issue.severity == "error"]
    assert not errors, errors
    return kb


def rule(name: str, when: Sequence[str], then: str, certainty: float = 1.0, *, each: bool = False) -> Rule:
    """A rule from its texts."""
    conditions = tuple(parse_condition(text, NOWHERE) for text in when)
    return Rule(name, conditions, (parse_atom(then, NOWHERE),), certainty=certainty, each=each)


def told(inference: Inference) -> tuple[object, object, object]:
    """All that an inference says, in values that can be compared."""

    def firing(item: Firing) -> tuple[object, ...]:
        premises = tuple((premise.predicate, premise.args) for premise in item.premises)
        return (item.rule.id, item.binding, (item.conclusion.predicate, item.conclusion.args), premises, item.strength)

    certainties = {relation: dict(known.items()) for relation, known in inference.certainties.items() if len(known)}
    firings = {atom: {firing(item) for item in found} for atom, found in inference.firings.items()}
    return certainties, firings, inference.conflicts


def program_of(kb: KnowledgeBase) -> Program:
    """Its program on a fixed day."""
    return snapshot(kb, date(2011, 4, 7))


def agreed(kb: KnowledgeBase, name: str = "duckdb") -> Inference:
    """The inference of a relational engine; experta must say the same."""
    program = program_of(kb)
    inference = engine(ready(name)).infer(program)
    assert told(inference) == told(engine("experta").infer(program))
    return inference


def small_base(kb: Path, recorded: str = "source: book\nfacts: {old: [{s: Ruritania}]}\n") -> Path:
    """A folder of one rule, and of one fact or what else is recorded."""
    (kb / "rules").mkdir(parents=True)
    (kb / "facts").mkdir()
    (kb / "rules" / "all.yaml").write_text(
        "kinds: [state]\npredicates: {old: {args: [s: state]}, new: {args: [s: state]}}\n"
        "rules: [{id: one, when: ['old(?s)'], then: new(?s), source: book}]\n",
        encoding="utf-8",
    )
    (kb / "facts" / "all.yaml").write_text(
        f"entities: {{Ruritania: {{kind: state}}}}\nsources: {{book: {{title: A Book, date: 2011}}}}\n{recorded}",
        encoding="utf-8",
    )
    return kb
