"""Cases, the tests of rules: run one over a knowledge base, tell what came out otherwise than wanted.

It takes the engine as a function and prints nothing. A case is judged by its answers alone, never by their proofs.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from kzexpert.certainty import established
from kzexpert.checks import check
from kzexpert.errors import Issue, KnowledgeBaseError, KzexpertError, Location
from kzexpert.language.draft import layered
from kzexpert.language.grammar import parse_atom
from kzexpert.model import Atom, Case, Expected, Inference, KnowledgeBase, Pattern, Program, Rule
from kzexpert.program.order import planned
from kzexpert.program.resolve import resolve_atom
from kzexpert.program.snapshot import snapshot
from kzexpert.proof.answers import answer
from kzexpert.questions.question import Question, read_question

__all__ = ["CaseResult", "OpenCase", "TriedCase", "fired", "open_case", "repeated_case_ids", "run_case", "try_case"]

Infer = Callable[[Program], Inference]


class CaseResult(msgspec.Struct, frozen=True):
    """How a case went.

    Attributes:
        lines: what came out otherwise than wanted, a difference a line; empty when the case passed.
        fired: ids of the rules that fired, in order.
    """

    case: Case
    passed: bool
    lines: tuple[str, ...] = ()
    fired: tuple[str, ...] = ()


class OpenCase(msgspec.Struct, frozen=True):
    """A case made ready: the knowledge base with what it adds, its question, and what an engine is given."""

    case: Case
    kb: KnowledgeBase
    question: Question | None
    program: Program

    def differences(self, certainties: Mapping[str, float]) -> list[str]:
        """What comes out otherwise than wanted, a difference a line.

        Args:
            certainties: of all that is known that matches the question, by its text.
        """
        return _judge_answer(self.kb, self.case, certainties)

    def changed(self, rules: Sequence[Rule]) -> Program:
        """What an engine is given with other rules: as much of it as bears on the question.

        Raises:
            KzexpertError: these are no rules.
        """
        kb = planned(replace(self.kb, rules=tuple(rules)))
        return _program(kb, self.case, [self.question.pattern] if self.question else [])

    def answers(self, inference: Inference) -> dict[str, float]:
        """The certainty of all that is known that matches the question, by its text."""
        found = answer(inference, self.question).answers if self.question else ()
        return {item.conclusion: item.certainty for item in found}


def _as_it_is(kb: KnowledgeBase) -> KnowledgeBase:
    return kb


def open_case(kb: KnowledgeBase, case: Case, prepare: Callable[[KnowledgeBase], KnowledgeBase] = _as_it_is) -> OpenCase:
    """Make a case ready.

    Args:
        kb: the knowledge base that the case is layered over; it has no errors.
        prepare: makes of a knowledge base with tables what the engine takes.

    Raises:
        KzexpertError: what the case adds or asks is at fault.
    """
    layer = planned(prepare(_layer(kb, case)))
    return OpenCase(case, layer, read_question(layer, case.ask) if case.ask else None, _program(layer, case))


class TriedCase(msgspec.Struct, frozen=True):
    """A case that was run.

    Attributes:
        ready: None where it could not be made ready, or run.
        inference: likewise; whoever asked for it closes its facts.
    """

    result: CaseResult
    ready: OpenCase | None = None
    inference: Inference | None = None


def run_case(
    kb: KnowledgeBase, case: Case, infer: Infer, prepare: Callable[[KnowledgeBase], KnowledgeBase] = _as_it_is
) -> CaseResult:
    """Run a case and compare what comes out with what it wants; see `try_case`."""
    tried = try_case(kb, case, infer, prepare)
    if tried.inference is not None:
        tried.inference.facts.close()  # a database that waited for the garbage collector would wait with its memory
    return tried.result


def try_case(
    kb: KnowledgeBase, case: Case, infer: Infer, prepare: Callable[[KnowledgeBase], KnowledgeBase] = _as_it_is
) -> TriedCase:
    """Run a case, compare what comes out with what it wants, and keep it for those who go on from there.

    A case that wants answers wants all that is established, recorded or concluded, and nothing else. Certainties are
    compared as they print, to as many decimals as the case gives.

    Args:
        kb: the knowledge base that the case is layered over; it has no errors.
        infer: runs an engine.
        prepare: makes of a knowledge base with tables what the engine takes.
    """
    try:
        ready = open_case(kb, case, prepare)
        inference = infer(ready.program)
    except KzexpertError as error:
        lines = _judge_errors(case, error.issues)
        return TriedCase(CaseResult(case, not lines, tuple(lines)))
    lines = ready.differences(ready.answers(inference))
    return TriedCase(CaseResult(case, not lines, tuple(lines), fired(inference)), ready, inference)


def _layer(kb: KnowledgeBase, case: Case) -> KnowledgeBase:
    """The knowledge base with what the case adds, checked.

    Raises:
        KnowledgeBaseError: what the case adds is at fault.
    """
    own = case.kb
    adds = (own.kinds, own.predicates, own.entities, own.sources, own.facts, own.rules, own.tables, own.drops)
    layer, errors = kb, list(case.issues)
    if any(adds) or case.replaces_facts:
        layer = planned(layered(kb, own, replaces_facts=case.replaces_facts))
        errors += [issue for issue in check(layer) if issue.severity == "error"]
    if errors:
        raise KnowledgeBaseError(*errors, texts=layer.texts)
    return layer


def _program(kb: KnowledgeBase, case: Case, goals: Sequence[Pattern] = ()) -> Program:
    def atoms(texts: Iterable[str]) -> list[Atom]:
        return [parse_atom(text, case.location, lambda _: case.location) for text in texts]

    as_of = case.as_of.last if case.as_of else None
    return snapshot(kb, as_of, assume=atoms(case.assume), without=atoms(case.without), goals=goals)


def fired(inference: Inference) -> tuple[str, ...]:
    """The ids of the rules that fired, in order."""
    return tuple(sorted({firing.rule.id for firings in inference.firings.values() for firing in firings}))


# --- what was wanted and what came out -------------------------------------------------------------------------------


def _judge_errors(case: Case, issues: Sequence[Issue]) -> list[str]:
    if case.want_error and any(issue.code == case.want_error for issue in issues):
        return []
    told = [_told(issue) for issue in issues]
    return (
        [f"expected the error {case.want_error}, and got others", *told]
        if case.want_error
        else ["cannot be run", *told]
    )


def _told(issue: Issue) -> str:
    place = f"{issue.location}: " if issue.location else ""
    return f"{place}{issue.code} {issue.message}" + (f" ({issue.hint})" if issue.hint else "")


def _judge_answer(kb: KnowledgeBase, case: Case, answers: Mapping[str, float]) -> list[str]:
    found = {text: certainty for text, certainty in answers.items() if established(certainty)}
    if case.want_error:
        came = ", ".join(_shown(*item) for item in found.items()) or "no answer"
        return [f"expected the error {case.want_error}, and got none; {came}"]
    lines: list[str] = []
    wanted = _wanted(kb, case.want or (), lines)
    for text, expected in wanted.items():
        if text not in found:
            weighed = f", weighed at {answers[text]:.2f} and not established" if text in answers else ""
            lines.append(f"missing: {text}{weighed}")
        elif expected.certainty is not None:
            lines.extend(_difference(text, found[text], expected))
    lines.extend(f"unexpected: {_shown(*item)}" for item in found.items() if item[0] not in wanted)
    return lines


def _wanted(kb: KnowledgeBase, expected: Iterable[Expected], lines: list[str]) -> dict[str, Expected]:
    """What the case wants, by its text with canonical names; what this vocabulary cannot say adds a line."""
    wanted: dict[str, Expected] = {}
    for item in expected:
        pattern, issues = resolve_atom(kb, parse_atom(item.conclusion, item.location))
        if pattern is None:
            lines.extend(map(_told, issues))
            continue
        if pattern.ground is None:
            lines.append(f"{item.location}: {pattern} leaves an argument open: a case expects ground atoms")
        else:
            wanted[str(pattern.ground)] = item
    return wanted


def _difference(text: str, certainty: float, wanted: Expected) -> list[str]:
    """A line where two certainties print differently at so many decimals; a zero has no sign."""
    places = wanted.decimals
    came, should = (f"{round(number or 0.0, places) + 0.0:.{places}f}" for number in (certainty, wanted.certainty))
    return [] if came == should else [f"certainty of {text}: expected {should}, got {came}"]


def _shown(text: str, certainty: float) -> str:
    return f"{text} @ {certainty:.2f}"


# --- of all cases ----------------------------------------------------------------------------------------------------


def repeated_case_ids(cases: Iterable[Case]) -> list[Issue]:
    """Case ids that stand twice (KZ122), each with the other place."""
    first: dict[str, Location] = {}
    issues: list[Issue] = []
    for location, name in sorted((case.location, case.id) for case in cases):
        if name in first:
            message, hint = f"case id {name} appears twice", "rename one of the two"
            related = ((first[name], "the other case of that id"),)
            issues.append(Issue("KZ122", message, location, hint, related=related))
        first.setdefault(name, location)
    return issues
