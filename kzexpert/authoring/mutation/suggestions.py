"""Cases that would notice what no case notices: small sets of facts on which a rule and its mutants differ.

The sets around a rule are tried on the rule and its mutants alone. The one that tells most of them apart becomes a
case, which is run with all rules, as it stands and with each mutant: what is not told apart then, another set may.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby

import msgspec

from kzexpert.analysis.cases import Infer, open_case
from kzexpert.analysis.scenario import Progress, silent
from kzexpert.authoring.insertion import inserted
from kzexpert.authoring.mutation.fact_sets import AS_OF, FactSet, around, instances
from kzexpert.authoring.mutation.mutants import Mutant
from kzexpert.authoring.mutation.survey import Prepare
from kzexpert.authoring.mutation.trials import CaseTrial, drawn
from kzexpert.authoring.snippets import Snippet, block, record, sequence, written
from kzexpert.certainty import established
from kzexpert.errors import Issue, KnowledgeBaseError, Location, UsageError
from kzexpert.evidence import certainty_of
from kzexpert.language.cases_file import cases_in
from kzexpert.language.files import TextFile
from kzexpert.model import (
    Case,
    EstablishedFacts,
    Fact,
    GroundAtom,
    KnowledgeBase,
    Pattern,
    Program,
    ProgramRule,
    Relation,
    Rule,
    Value,
)
from kzexpert.program.order import plan_rule
from kzexpert.program.snapshot import base_of

__all__ = ["SuggestedCase", "suggestions", "with_cases"]

_HEAD = "# Written by kzexpert test --write from what came out then. Confirm each case, or correct what it wants.\n"
#: So many sets are made into cases in vain before a rule is left alone; around so many sets that fire others are made.
_MOST_IN_VAIN, _WHOLES = 20, 2
_SLUG = re.compile(r"[^a-z0-9]+")
#: What becomes visible of a rule's conclusions: each that is established, with its certainty as it prints.
_Seen = Mapping[tuple[str, tuple[Value, ...]], float]


class SuggestedCase(msgspec.Struct, frozen=True):
    """A case that passes, and fails with some mutants.

    Attributes:
        snippet: the case as its author would write it.
        notices: those of the mutants that no case noticed before.
    """

    id: str
    snippet: Snippet
    notices: tuple[Mutant, ...]

    @property
    def yaml(self) -> str:
        """The case as an item of a list."""
        return _item(self.snippet)

    @property
    def rule(self) -> Rule:
        """The one that it is about."""
        return self.notices[0].rule


def _item(snippet: Snippet) -> str:
    return "\n".join(snippet.as_item.block) + "\n"


def suggestions(
    kb: KnowledgeBase,
    mutants: Sequence[Mutant],
    infer: Infer,
    prepare: Prepare,
    ids: Collection[str] = (),
    progress: Progress = silent,
) -> tuple[tuple[SuggestedCase, ...], int]:
    """Cases that notice as many as possible of some mutants.

    Args:
        mutants: those of one rule stand together.
        infer, prepare: as for other cases.
        ids: of the cases that there are.

    Returns:
        The cases, and how many sets of facts were tried.
    """
    groups = [list(group) for _, group in groupby(mutants, lambda mutant: mutant.rule.id)]
    found: list[SuggestedCase] = []
    tried = 0
    for done, group in enumerate(groups):
        progress(f"cases for {group[0].rule.id}", done, len(groups))
        search = _CaseSearch(kb, group, infer, prepare, {*ids, *(case.id for case in found)})
        found += search.cases()
        tried += search.tried
    return tuple(found), tried


class _CaseSearch:
    """The sets around one rule, and which of its mutants each of them tells apart."""

    def __init__(
        self, kb: KnowledgeBase, mutants: Sequence[Mutant], infer: Infer, prepare: Prepare, ids: set[str]
    ) -> None:
        self.tried = 0
        self._kb, self._infer, self._prepare, self._ids = kb, infer, prepare, ids
        self._mutants = mutants
        self._rule = mutants[0].rule
        self._variants = plan_rule(kb, self._rule).variants
        self._others = [plan_rule(kb, it.mutated).variants if it.mutated else () for it in mutants]
        patterns = [it for variants in (self._variants, *self._others) for item in variants for it in item.patterns]
        self._relations = tuple({it.relation: None for it in patterns if isinstance(it.relation, Relation)})

    def cases(self) -> Iterator[SuggestedCase]:
        """The case that tells most apart, then that which tells most of the rest, until there is none."""
        sets = [(facts, head, told) for facts, head in self._sets() if (told := self._told_apart(facts))]
        rest = {*range(len(self._mutants))}
        in_vain = 0
        while rest and sets and in_vain < _MOST_IN_VAIN:
            best = min(range(len(sets)), key=lambda at: (-len(sets[at][2] & rest), len(sets[at][0].facts), at))
            facts, head, told = sets.pop(best)
            if not told & rest:
                return
            case = self._case(facts, head, [self._mutants[index] for index in sorted(rest)])
            if case is None:
                in_vain += 1
                continue
            in_vain = 0
            rest -= {index for index, mutant in enumerate(self._mutants) if mutant in case.notices}
            yield case

    def _sets(self) -> Iterator[tuple[FactSet, Pattern]]:
        for rule in self._variants:
            made = list(instances(self._kb, rule))
            yield from ((it, rule.head) for facts in made for it in (facts, facts.supported))
            firing = [facts for facts in made if self._seen(self._variants, facts.facts)]
            for whole in sorted(firing, key=lambda facts: len(facts.facts))[:_WHOLES]:
                for facts in around(self._kb, rule, whole):
                    yield from ((facts, rule.head), (facts.supported, rule.head))

    # --- the rule alone -----------------------------------------------------------------------------------------------

    def _told_apart(self, facts: FactSet) -> frozenset[int]:
        """The numbers of the mutants that conclude something else."""
        self.tried += 1
        mine = self._seen(self._variants, facts.facts)
        return frozenset(index for index, other in enumerate(self._others) if self._seen(other, facts.facts) != mine)

    def _seen(self, variants: Sequence[ProgramRule], facts: Sequence[Fact]) -> _Seen:
        rows: dict[GroundAtom, list[Fact]] = {}
        for fact in facts:
            rows.setdefault(GroundAtom(fact.predicate, tuple(fact.arguments.values())), []).append(fact)
        base = base_of(rows, (), AS_OF, self._relations)
        known = EstablishedFacts()
        for relation, found in base.items():
            for args, held in found.items():
                if established(held.certainty):
                    known.add(relation, args, held.certainty)
        program = Program(self._kb, AS_OF, (), base)
        seen: dict[tuple[str, tuple[Value, ...]], float] = {}
        for rule in variants:
            for args, lines in drawn(rule, program, known).items():
                certainty, _ = certainty_of([*lines.values()], recursive=False)
                if abs(certainty) > 0.2:  # evidence against takes from other evidence what it says
                    seen[rule.head.predicate, args] = round(certainty, 2)
        return seen

    # --- with all rules -----------------------------------------------------------------------------------------------

    def _case(self, facts: FactSet, head: Pattern, mutants: Sequence[Mutant]) -> SuggestedCase | None:
        """The case that these facts make; None where no mutant fails it."""
        name = self._name(facts)
        case = self._read(self._text(name, facts, head, None))
        if case is None:
            return None
        ready = open_case(self._kb, case, self._prepare)
        answers = ready.answers(self._infer(ready.program))
        snippet = self._text(name, facts, head, answers)
        case = self._read(snippet)
        if case is None:
            return None
        ready = open_case(self._kb, case, self._prepare)
        trial = CaseTrial(ready, self._infer(ready.program), self._infer)
        notices = tuple(it for it in mutants if trial.notices(it) and trial.fails(it))
        if not notices:
            return None
        self._ids.add(name)
        return SuggestedCase(name, snippet, notices)

    def _read(self, snippet: Snippet) -> Case | None:
        try:
            (case,) = cases_in(TextFile("suggested.yaml", "suggested.yaml", f"cases:\n{_item(snippet)}", b""), self._kb)
        except KnowledgeBaseError:
            return None
        return case

    def _name(self, facts: FactSet) -> str:
        slug = _SLUG.sub("-", facts.slug.lower()).strip("-")
        names = (f"{self._rule.id}-{slug}{f'-{number}' if number else ''}" for number in range(1_000))
        return next(name for name in names if name not in self._ids)

    def _text(self, name: str, facts: FactSet, head: Pattern, answers: Mapping[str, float] | None) -> Snippet:
        """The case, which wants these answers."""
        specs = self._kb.predicate[head.predicate].args
        wanted = sorted((-it, text) for text, it in (answers or {}).items() if established(it))
        fields: dict[str, str | Sequence[str] | Snippet] = {
            "id": name,
            "note": f"All that {self._rule.id} asks for{facts.words}.",
        }
        if entities := self._entities(facts.facts):
            fields["entities"] = entities
        fields["facts"] = self._facts(facts.facts)
        tells_time = any("as_of()" in str(item) for rule in self._variants for item in rule.conditions)
        if tells_time or any(fact.on or fact.since for fact in facts.facts):
            fields["as-of"] = AS_OF.isoformat()
        fields["ask"] = f"{head.predicate}({', '.join(f'?{spec.name}' for spec in specs)})"
        if wanted:
            fields["want"] = [f"{text} @ {-negated:.2f}" for negated, text in wanted]
        else:
            fields["want_none"] = Snippet("true", ("true",))
        return block(fields)

    def _entities(self, facts: Sequence[Fact]) -> Snippet | None:
        kinds = {
            str(fact.arguments[spec.name]): spec.type
            for fact in facts
            for spec in self._kb.predicate[fact.predicate].args
            if spec.type not in ("text", "number", "date")
        }
        new = {name: f"{{kind: {kind}}}" for name, kind in sorted(kinds.items()) if name not in self._kb.entity}
        return record(new) if new else None

    def _facts(self, facts: Sequence[Fact]) -> Snippet:
        rows: dict[str, list[str]] = {}
        for fact in facts:
            fields = {key: written(value) for key, value in fact.arguments.items()}
            fields |= {key: str(day) for key in ("since", "until", "on") if (day := getattr(fact, key))}
            if fact.certainty != 1.0:
                fields["certainty"] = written(fact.certainty)
            rows.setdefault(fact.predicate, []).append(record(fields).flow)
        lines: list[str] = []
        for predicate, found in rows.items():
            line = f"{predicate}: {sequence(found)}"
            lines += [line] if len(line) < 100 else [f"{predicate}:", *(f"  - {row}" for row in found)]
        return Snippet(f"{{{', '.join(f'{name}: {sequence(found)}' for name, found in rows.items())}}}", tuple(lines))


# --- in a file -------------------------------------------------------------------------------------------------------


def with_cases(kb: KnowledgeBase, name: str, text: str, cases: Sequence[SuggestedCase]) -> str:
    """The text of a case file with more cases; all that stands there stays as it is.

    Args:
        name: of the file.
        text: what it holds; empty where it is new.

    Raises:
        UsageError: the file has no place for them (KZ805).
        KnowledgeBaseError: it is no YAML.
    """
    if not text.strip():
        groups = groupby(cases, lambda case: case.rule)
        parts = [f"  # {': '.join(filter(None, (rule.id, rule.title)))}\n{_indented(group)}" for rule, group in groups]
        return _HEAD + "cases:\n" + "\n".join(parts)
    for case in cases:
        text = inserted(name, text, ("cases",), case.snippet)
    try:
        cases_in(TextFile(name, name, text, b""), kb)
    except KnowledgeBaseError:
        hint = "name a new file, or one that is a list of cases below 'cases:'"
        raise UsageError(Issue("KZ805", f"{name} has no place for more cases", Location(name), hint)) from None
    return text


def _indented(cases: Iterable[SuggestedCase]) -> str:
    return "\n".join("".join(f"  {line}\n" for line in case.yaml.splitlines()) for case in cases)
