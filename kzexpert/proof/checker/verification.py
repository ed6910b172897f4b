"""Traces against a knowledge base: the question is read anew, all is derived anew, and every difference is an issue.

It shares no code with the engines: what it imports of the program are values, files, names and sentences.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any, Literal

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from kzexpert.errors import Issue, Location, UsageError, listed
from kzexpert.language import GrammarError, parse_atom
from kzexpert.language.nearest import did_you_mean
from kzexpert.model import GroundAtom, KnowledgeBase, Pattern, Relation, RelationKey
from kzexpert.model.calibration import Calibration
from kzexpert.program.resolve import resolve_atom
from kzexpert.proof.build import RelationFact, document, relation_fact
from kzexpert.proof.checker.comparison import Difference, differences
from kzexpert.proof.checker.derivation import Derivation
from kzexpert.proof.checker.likelihood import measured
from kzexpert.proof.checker.parser import read_trace
from kzexpert.proof.checker.places import Places
from kzexpert.proof.checker.recorded import RecordedFacts
from kzexpert.proof.checker.rules import read_rules
from kzexpert.proof.checker.steps import why_not
from kzexpert.proof.checker.testimony import testified
from kzexpert.proof.citation import cited_bases, fact_text
from kzexpert.proof.document import (
    AbsencePremise,
    AggregatePremise,
    Asked,
    BlockPremise,
    CitedBase,
    Trace,
    TracedFact,
    TracedFiring,
    seal_of,
)
from kzexpert.proof.excerpt import excerpt_of
from kzexpert.questions.question import read_question

__all__ = ["Checker", "Verification"]

_HINTS = {
    "KZ503": "it was changed since the trace was made, or the digest was",
    "KZ504": "compare the facts files, the as-of date and the assumptions with those of the trace",
    "KZ507": "export the trace again, and see what changed with kzexpert trace diff",
    "KZ509": "the issues beside this one say where; without any, a place, the engine or the wording was changed",
}


class Verification(msgspec.Struct, frozen=True):
    """What came of checking one trace.

    Attributes:
        issues: in the order of the file; errors, and a warning where rules or facts have moved.
        conclusions, firings, facts: how many of each the trace states; 0 when it cannot be read.
        against: whose rules and facts it was checked against, in words.
        alone: whether these are those that it carries.
        unknown: what a trace alone does not tell: what its rules looked for and did not find, or counted.
        page: of a page, how its words were checked.
        signed: by whom it is signed, or that nobody has looked.
    """

    file: str
    issues: tuple[Issue, ...]
    conclusions: int = 0
    firings: int = 0
    facts: int = 0
    against: str = ""
    alone: bool = False
    unknown: tuple[str, ...] = ()
    page: str = ""
    signed: str = ""

    @property
    def verified(self) -> bool:
        """Whether there is no error."""
        return all(issue.severity == "warning" for issue in self.issues)


class Checker:
    """Checks traces against one knowledge base.

    Args:
        kb: without errors.
        engines: the names that a trace may give for the engine it was made with.
        calibrations: by predicate, those that fit the rules.
        alone: the trace that the knowledge base is carried by, which is then the only one that can be checked.
    """

    def __init__(
        self,
        kb: KnowledgeBase,
        engines: Collection[str],
        calibrations: Mapping[str, Calibration] | None = None,
        alone: Trace | None = None,
    ) -> None:
        self._kb = kb
        self._alone = alone
        self._calibrations = calibrations or {}
        self._engines = engines
        self._rules = read_rules(kb)
        self._derivations: dict[tuple[date, tuple[str, ...], tuple[str, ...]], Derivation] = {}

    def verify(self, file: str, text: str) -> Verification:
        """Check a trace.

        Args:
            file: its name, for the issues.
            text: what it holds.

        Raises:
            BudgetError: the rules conclude too much.
            KnowledgeBaseError: a sum over its own conclusions has met a negative value (KZ406).
        """
        trace, issues = read_trace(file, text)
        if trace is None:
            return Verification(file, tuple(issues))
        places = Places(file, text)
        found = self._differences(trace)
        if self._alone is not None:
            found = (item for item in found if not _UNKNOWN_ALONE.search(item.path))
        issues = [_issue(difference, places[difference.path]) for difference in found]
        moved = [issue for issue in issues if issue.code == "KZ510"]
        issues = [issue for issue in issues if issue.code != "KZ510"] + _moved(moved)
        issues += _other_bases(trace, self._kb, places) if self._alone is None else ()
        if self._alone is None and any(issue.severity == "error" for issue in issues):
            wrong = _wrong_base(trace, self._kb, places)
            issues = [wrong, *(issue for issue in issues if issue.code == "KZ509")] if wrong else issues
        issues.sort(key=lambda issue: (issue.location or Location(file), issue.code, issue.message))
        counts = len(trace.conclusions), len(trace.firings), len(trace.facts)
        if self._alone is not None:
            return Verification(
                file, tuple(issues), *counts, "the rules and facts that it carries", True, _unseen(trace)
            )
        named = listed(layer.label for layer in self._kb.layers) if self._kb.layers else "the files given"
        return Verification(file, tuple(issues), *counts, f"the rules and facts of {named}")

    def _differences(self, trace: Trace) -> Iterator[Difference]:
        if trace.seal is UNSET:
            yield Difference("KZ509", "$.seal", "is missing: this is a proof that was not exported as a trace")
        elif trace.seal != seal_of(trace):
            yield Difference("KZ509", "$.seal", "does not fit what the trace says: it was changed after it was written")
        if trace.engine not in self._engines:
            hint = did_you_mean(trace.engine, self._engines)
            message = f'is "{trace.engine}", which is not an engine' + (f"; {hint}" if hint else "")
            yield Difference("KZ508", "$.engine", message)
        found: list[Difference] = []
        derivation = self._derivation(trace, found)
        question = self._question(trace, found)
        yield from found
        if derivation is None or question is None:
            return
        text, pattern = question
        assumed, withdrawn = tuple(sorted(trace.assumed)), tuple(sorted(trace.withdrawn))
        asked = Asked(text, str(pattern), trace.as_of, trace.engine, assumed, withdrawn)
        expected = document(derivation, asked, _answers(derivation, pattern))
        for predicate, place in sorted(derivation.recorded.unread.items()):
            message = (
                f"may rest on {predicate}, which has rows in the table at {place}: the checker reads facts files only"
            )
            yield Difference("KZ504", "$.facts", message)
        if derivation.recorded.unread:
            return
        expected = self._with_likelihoods(testified(expected), derivation, pattern)
        expected = replace(expected, excerpt=excerpt_of(self._kb, expected, derivation.circles(expected)))
        yield from differences(trace, expected, lambda name, item: self._reason(derivation, name, item))

    def _with_likelihoods(self, expected: Trace, derivation: Derivation, pattern: Pattern) -> Trace:
        """What should stand there, with the likelihoods of the answers where they were measured."""
        relation = pattern.relation
        calibration = self._calibrations.get(relation) if isinstance(relation, str) else None
        if calibration is None:
            return expected
        rows = {*derivation.recorded.in_force(relation), *derivation.conclusions(pattern.predicate)}
        atoms = [GroundAtom(pattern.predicate, row) for row in rows]
        certainties = {atom: derivation.certainty(RelationFact(pattern.predicate, atom)) for atom in atoms}
        return measured(expected, self._kb, calibration, certainties)

    # --- what the trace was asked ---------------------------------------------------------------------------------

    def _derivation(self, trace: Trace, found: list[Difference]) -> Derivation | None:
        """All that follows on the day of the trace, under its assumptions; None when these cannot be understood."""
        key = trace.as_of, tuple(sorted(trace.assumed)), tuple(sorted(trace.withdrawn))
        if key in self._derivations:
            return self._derivations[key]
        added = [self._added(text, f"$.assumed[{number}]", found) for number, text in enumerate(trace.assumed)]
        left_out = [self._pattern(text, f"$.withdrawn[{number}]", found) for number, text in enumerate(trace.withdrawn)]
        if found:
            return None
        atoms = [atom for atom in added if atom is not None]
        patterns = [pattern for pattern in left_out if pattern is not None]
        recorded = RecordedFacts(self._kb, trace.as_of, atoms, patterns)
        for number, pattern in enumerate(patterns if self._alone is None else ()):
            if not any(pattern.matches(atom.args) for atom in recorded.rows(pattern.predicate)):
                found.append(
                    Difference("KZ504", f"$.withdrawn[{number}]", f"is {pattern}, and no facts file states it")
                )
        if not found:
            self._derivations[key] = Derivation(self._kb, self._rules.values(), recorded, self._alone)
        return self._derivations.get(key)

    def _added(self, text: str, path: str, found: list[Difference]) -> GroundAtom | None:
        pattern = self._pattern(text, path, found)
        if pattern is None:
            return None
        if pattern.ground is not None:
            return pattern.ground
        found.append(Difference("KZ505", path, f"is {pattern}, which leaves an argument open"))
        return None

    def _pattern(self, text: str, path: str, found: list[Difference]) -> Pattern | None:
        """A pattern in canonical form; what cannot be read so is a difference."""
        try:
            pattern, issues = resolve_atom(self._kb, parse_atom(text, Location("")))
        except GrammarError as error:
            pattern, issues = None, list(error.issues)
        found += [Difference("KZ505", path, f"cannot be read: {issue.message}") for issue in issues]
        if pattern is not None and str(pattern) != text:
            found.append(Difference("KZ505", path, f"is {text}, and {pattern} is how a trace writes it"))
        return pattern

    def _question(self, trace: Trace, found: list[Difference]) -> tuple[str, Pattern] | None:
        """The question as it reads today, or else the pattern that the trace gives for it."""
        if self._alone is not None:  # it carries no more of the vocabulary than it needs
            alone = self._pattern(trace.pattern, "$.pattern", found)
            return None if alone is None else (trace.question, alone)
        try:
            question = read_question(self._kb, trace.question, dated=True)
        except UsageError as error:
            reasons = "; ".join(issue.message for issue in error.issues)
            found.append(Difference("KZ508", "$.question", f"cannot be read: {reasons}"))
        else:
            return question.text, question.pattern
        pattern = self._pattern(trace.pattern, "$.pattern", found)
        return None if pattern is None else (trace.question, pattern)

    # --- what does not belong into it -----------------------------------------------------------------------------

    def _reason(self, derivation: Derivation, name: str, item: Any) -> str:
        if isinstance(item, TracedFiring):
            return f"this does not follow: {why_not(derivation, self._rules.values(), item)}"
        if isinstance(item, TracedFact):
            return self._absence(derivation, item)
        if name == "rules":
            known = any(rule.id == item.id for rule in self._kb.rules)
            return "nothing that was asked about rests on it" if known else "the rule is not on disk"
        if name == "sources":
            known = item.id in self._kb.source
            return "nothing in the trace cites it" if known else "the source is not on disk"
        if name == "likelihoods":
            return "how often such judgements are right was not measured"
        return "this does not follow, or nothing that was asked about rests on it"

    def _absence(self, derivation: Derivation, fact: TracedFact) -> str:
        """Why a fact is not part of what was asked about."""
        relation, atom, dates = self._fact(fact.fact)
        if atom is None:
            return "the vocabulary does not know this fact"
        known = (*atom.args, *dates) in derivation.recorded.in_force(relation)
        if known and fact_text(relation, atom, dates) == fact.fact:
            return "nothing that was asked about rests on it, or it appears here twice"
        return derivation.recorded.absence_of(relation, atom)

    def _fact(self, text: str) -> tuple[RelationKey, GroundAtom | None, tuple[date, ...]]:
        """A fact as a trace writes it: relation, statement and dates; no statement where that is none."""
        head, _, tail = text.rpartition(")")
        head, told = f"{head})", _DATE.findall(tail)
        try:
            dates = tuple(date.fromisoformat(day) for _, day in told)
            pattern, _ = resolve_atom(self._kb, parse_atom(head + _DATE.sub("", tail), Location("")))
        except (GrammarError, ValueError):
            return text, None, ()
        if pattern is None:
            return text, None, ()
        within = pattern.relation.within if isinstance(pattern.relation, Relation) else None
        words = tuple(word for word, _ in told)
        relation = Relation(pattern.predicate, within, words) if within or words else pattern.predicate
        return relation, pattern.ground, dates


#: What a trace does not tell by itself: how many firings more, and of which rules, are the same lines of evidence; of
#: which rule another one takes the place.
_UNKNOWN_ALONE = re.compile(r"\.lines\[\d+\]\.(?:others|family)|\.replaces$")
#: How a trace writes a date on record behind a fact.
_DATE = re.compile(r" (since|until|on) (\d{4}-\d\d-\d\d)")


def _answers(derivation: Derivation, pattern: Pattern) -> list[RelationFact]:
    """What matches a question, the most certain first."""
    rows = {*derivation.recorded.in_force(pattern.relation)}
    if isinstance(pattern.relation, str):
        rows.update(derivation.conclusions(pattern.relation))
    found = [relation_fact(pattern, row) for row in rows if pattern.matches(row)]
    return sorted(found, key=lambda known: (-derivation.certainty(known), str(known)))


def _issue(difference: Difference, place: Location) -> Issue:
    message, hint = f"{difference.path} {difference.message}", _HINTS.get(difference.code, "")
    severity: Literal["error", "warning"] = "warning" if difference.code == "KZ510" else "error"
    return Issue(difference.code, message, place, hint, severity)


def _unseen(trace: Trace) -> tuple[str, ...]:
    """What the firings of a trace rest on that is not in it: that nothing more matches."""
    found: dict[str, None] = {}
    for firing in trace.firings:
        for premise in firing.satisfied:
            if isinstance(premise, AbsencePremise):
                found[f"not {premise.absent}"] = None
            elif isinstance(premise, BlockPremise | AggregatePremise):
                found[premise.condition] = None
    return tuple(found)


def _wrong_base(trace: Trace, kb: KnowledgeBase, places: Places) -> Issue | None:
    """That a trace was made with another base: it is not loaded by itself, or what is loaded has none of its rules."""
    loaded = {layer.name for layer in kb.layers if not layer.used}
    made = [base for base in trace.bases or () if not base.used]
    known = {rule.id for rule in kb.rules}
    foreign = trace.rules and known.isdisjoint(rule.id for rule in trace.rules)
    if all(base.name in loaded for base in made) and not foreign and trace.pattern.partition("(")[0] in kb.predicate:
        return None
    named = listed(f"{base.name} {base.version}".rstrip() for base in made) if made else "another base"
    own = [layer.label for layer in kb.layers if not layer.used]
    now = listed(own) if own else "none that has a name"
    message = f"the trace was made with {named}, and the base that is loaded is {now}"
    kb_option = f"--kb {made[0].name} where it is shipped or installed, else --kb FOLDER" if made else "--kb FOLDER"
    hint = f"name its base, {kb_option}; or check it by what it carries, --alone"
    return Issue("KZ515", message, places["$.bases"], hint)


def _other_bases(trace: Trace, kb: KnowledgeBase, places: Places) -> Iterator[Issue]:
    """A warning for each base of the trace that is not loaded now, or that says something else."""
    loaded = {base.name: base for base in cited_bases(kb)} if trace.bases else {}
    for number, base in enumerate(trace.bases or ()):
        now = loaded.get(base.name)
        if now is None or now.digest != base.digest:
            known = "is not loaded now" if now is None else f"has other files now{_as_version(base, now)}"
            message = f"the base {base.name} {base.version}".rstrip() + f" of the trace {known}"
            hint = "what the trace rests on was checked against what is loaded"
            yield Issue("KZ510", message, places[f"$.bases[{number}]"], hint, "warning")
        elif now != base:
            message = f"$.bases[{number}] is not as the base {base.name} has it: {now.name} {now.version}".rstrip()
            yield Issue("KZ508", message, places[f"$.bases[{number}]"])


def _as_version(then: CitedBase, now: CitedBase) -> str:
    return f", as version {now.version}" if now.version and now.version != then.version else ""


def _moved(issues: list[Issue]) -> list[Issue]:
    """One warning for all rules and rows that stand elsewhere now."""
    if not issues:
        return []
    first, *rest = issues
    more = f", and so with {len(rest)} more places" if rest else ""
    return [replace(first, message=f"{first.message}{more}", hint="what they say is the same")]
