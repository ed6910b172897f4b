"""Answers and conclusions as text: a headline for each, then a line for each reason with its source."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec import UNSET

from kzexpert.certainty import THRESHOLD, VERDICT
from kzexpert.errors import counted, listed
from kzexpert.model import GroundAtom, Inference, KnowledgeBase, Placeholder
from kzexpert.model.calibration import Likelihood
from kzexpert.proof.answers import ASSUMED, Answer, Conclusion, Conclusions, EvidenceLine, once
from kzexpert.proof.document import TracedLine
from kzexpert.questions.question import Question
from kzexpert.questions.sentences import fill, says
from kzexpert.render.abridgement import abridged, all_shown, likewise, more, tally
from kzexpert.render.trust_text import trust
from kzexpert.render.writer import PLAIN, Piece, Writer, certainty_text, sentence

__all__ = [
    "UNCALIBRATED",
    "answer_text",
    "cited_facts",
    "conclusions_text",
    "footnote",
    "further_firings",
    "ground_atom",
    "headline",
    "likelihood_text",
    "nothing_supports",
    "opening",
]

UNCALIBRATED = "Not calibrated: nobody has measured how often such judgements are right."
#: So many places in sources are cited for the facts of a line of evidence.
_MOST_CITED = 3
#: More answers than these are counted before they are told.
_FEW = 4


#: How a document writes a date on record behind a fact.
_DATES = re.compile(r"(?:since|until|on) \d{4}-\d\d-\d\d")


def headline(statement: str, says: str) -> str:
    """The sentence for a statement with the dates that it tells; an atom that has none stays as it is written."""
    dates = "".join(f", {found}" for found in _DATES.findall(statement.rpartition(")")[2]))
    return f"{says if statement.startswith(says) else sentence(says)}{dates}"


def further_firings(line: TracedLine, family: str) -> str:
    """What else fires in one line of evidence and does not add up; empty where nothing does.

    Args:
        family: of the rule that counts.
    """
    if not line.others:
        return ""
    times = "once more" if line.others == 1 else f"{line.others} more times"
    if not line.family:
        return f"The rule fires {times}, which does not add up."
    rules = f"rule{'s' if len(line.family) > 1 else ''} {', '.join(line.family)}"
    return f"The family {family} fires {times} ({rules}): one line of evidence, which does not add up."


def ground_atom(question: Question) -> GroundAtom | None:
    """The one statement that a yes-or-no question asks about; None for any other question."""
    return question.pattern.ground if question.within is None else None


def answer_text(
    inference: Inference,
    question: Question,
    answer: Answer,
    *,
    weighed: bool = False,
    limit: int | None = None,
    out: Writer = PLAIN,
) -> str:
    """The answer to a question, or a plain statement that nothing follows.

    Args:
        answer: established and weighed statements alike.
        weighed: also show what was weighed and not established.
        limit: show so many answers; None for all.
    """
    before = _before(inference.program.kb, question, answer, out)
    if ground_atom(question) and answer.answers:
        verdicts = [_block(item, out, _verdict(item, question.negated)) for item in answer.answers]
        return "\n\n".join([*before, *verdicts, footnote(inference, out, words=_unmeasured(answer.answers))]) + "\n"
    visible = answer.answers if weighed else answer.established.answers
    shown = [*once(visible)]
    blocks = [*_blocks(shown, limit, out)]
    if not answer.established.answers:
        blocks.insert(0, nothing_supports(inference, question, out))
    hidden = len(answer.answers) - len(visible)
    if hidden:
        were = counted(hidden, "statement was", "statements were")
        text = f"{were} weighed and not established; --all shows {'it' if hidden == 1 else 'them'}."
        blocks.append(out.wrap([("", text)]))
    elif not blocks[1:] and not shown:
        blocks.append('To see what is missing, put "why" in place of "ask".')
    return "\n\n".join([*before, *blocks, footnote(inference, out, words=_unmeasured(shown))]) + "\n"


def _before(kb: KnowledgeBase, question: Question, answer: Answer, out: Writer) -> list[str]:
    """What goes before the answers: how the question was read, and how many there are where it wants to know."""
    found = [out.wrap([("faint", f"Read as: {answer.read_as}")])] if answer.read_as else []
    if answer.count is not UNSET:
        found.append(f"Counted: {answer.count}.")
    summary = _yes_where(kb, question, answer)
    return [*found, out.wrap([("good", summary)])] if summary else found


#: What stands before the last gap of a statement: "in" in "is aligned with Borduria in {sphere}".
_BEFORE_GAP = re.compile(r"\b(in|on|by|through|between|with|for|from|against) \{([^{}]*)\}")


def _yes_where(kb: KnowledgeBase, question: Question, answer: Answer) -> str:
    """The short answer to a yes-or-no question that leaves one argument open: "Yes, in security; not in energy."

    Empty for any other question, where nothing reaches a yes, and where no preposition says how to name the argument.
    """
    gaps = {Placeholder.read(inside).name: word for word, inside in _BEFORE_GAP.findall(_says(kb, question))}
    names = [*question.pattern.variables]
    if not question.polar or question.negated or len(names) != 1 or names[0] not in gaps:
        return ""
    spoken = [(fill("{it}", {"it": item.bindings[names[0]]}, kb.inflected), item.certainty) for item in answer.answers]
    yes = [text for text, certainty in spoken if certainty >= VERDICT]
    some = [text for text, certainty in spoken if THRESHOLD < certainty < VERDICT]
    none = [text for text, certainty in spoken if -VERDICT < certainty <= THRESHOLD]
    no = [text for text, certainty in spoken if certainty <= -VERDICT]
    told = [("Yes, ", yes), ("some evidence ", some), ("not established ", none), ("not ", no)]
    parts = [f"{word}{gaps[names[0]]} {listed(texts)}" for word, texts in told if texts]
    return f"{'; '.join(parts)}." if yes else ""


def _says(kb: KnowledgeBase, question: Question) -> str:
    predicate = kb.predicate.get(question.pattern.predicate)
    return predicate.says if predicate else ""


def _blocks(shown: Sequence[Conclusion], limit: int | None, out: Writer) -> Iterator[str]:
    """The answers, the most certain first; of those that rest on the same rules, where they are many, one."""
    groups, left = abridged(shown, limit, lambda item: item.conclusion, _grounds)
    if len(shown) > _FEW:
        yield _counts(shown, "answer", out)
    for group in groups:
        yield "\n".join([_block(group.first, out), *likewise(group, limit, out, indent="  ")])
    if left or len(groups) < len(shown):
        yield "\n".join([*more(left, "answer", "answers", indent=""), all_shown(out)])


def _grounds(item: Conclusion) -> tuple[object, ...]:
    """What must be the same for two answers to rest on the same."""
    return item.certainty, item.at_least, item.confidence, *((line.rule, line.strength) for line in item.lines)


def _unmeasured(items: Sequence[Conclusion]) -> bool:
    return any(item.likelihood is None for item in items)


def nothing_supports(inference: Inference, question: Question, out: Writer = PLAIN) -> str:
    """The plain statement that nothing follows."""
    ground = ground_atom(question)
    asked = f"{says(inference.program.kb, ground)}." if ground else str(question.pattern)
    return out.wrap([("", f"Nothing in the knowledge base supports: {asked}")])


def opening(certainty: float, evidence: str, *, conflict: bool, negated: bool = False) -> tuple[str, str]:
    """How the answer to a yes-or-no question begins, and its role; below `VERDICT` with neither yes nor no.

    Args:
        evidence: the word for the certainty.
        negated: whether it asks if the statement does not hold.
    """
    yes, no = ("No", "Yes") if negated else ("Yes", "No")
    if conflict:
        return "bad", "In conflict:"
    if certainty >= VERDICT:
        return "good", f"{yes}:"
    if certainty <= -VERDICT:
        return "bad", f"{no}. There is {evidence} the statement that"
    if certainty > THRESHOLD:
        return "poor", f"There is {evidence} that"
    if certainty < -THRESHOLD:
        return "poor", f"There is {evidence} the statement that"
    return "poor", "Nothing is established about whether"


def _verdict(item: Conclusion, negated: bool) -> list[Piece]:
    """The answer to a yes-or-no question."""
    role, words = opening(item.certainty, item.evidence, conflict=item.conflict, negated=negated)
    begun: list[Piece] = [(role, f"{words} "), ("strong", item.says)]
    if words.endswith(":"):
        return [*begun, ("", ": "), *_estimate(item)]
    short = f"; established above {THRESHOLD:.2f}" if -THRESHOLD <= item.certainty <= THRESHOLD else ""
    return [*begun, ("", f" ({_certainty(item)}{short})")]


def _block(item: Conclusion, out: Writer, stated: Sequence[Piece] = ()) -> str:
    """The headline of a statement and its evidence.

    Args:
        stated: the headline, where it is not the statement itself.
    """
    own = [("strong", headline(item.conclusion, item.says)), ("", ": "), *_estimate(item)]
    lines = [out.wrap(stated or own, rest="  "), *_trust(item, out)]
    lines.extend(_reason(line, out) for line in item.lines)
    return "\n".join(lines)


def _trust(item: Conclusion, out: Writer) -> Iterator[str]:
    """What is to be known before the evidence is believed: how likely, how much of it stands alone, and on whom."""
    if item.likelihood is not None:
        yield out.wrap([("", likelihood_text(item.likelihood))], first="  ", rest="  ")
    if item.at_least is not UNSET:
        strengths = [line.strength for line in item.lines]
        for text in trust(item.certainty, strengths, item.at_least, item.exact, item.shared, item.confidence or None):
            yield out.wrap([("", text)], first="  ", rest="  ")


def likelihood_text(told: Likelihood) -> str:
    """How often such judgements were right, as a sentence."""
    return f"Likelihood: {told.word}, {told.percent:g} percent, as measured on {told.measured}."


def _certainty(item: Conclusion) -> str:
    return f"certainty\u00a0{certainty_text(item.certainty)}"


def _estimate(item: Conclusion) -> list[Piece]:
    if item.conflict:
        return [("bad", "certain evidence both for and against"), ("", f" ({_certainty(item)})")]
    return [("good" if item.established else "poor", item.evidence), ("", f" ({_certainty(item)})")]


def _reason(line: EvidenceLine, out: Writer) -> str:
    source = line.source or "no source"
    rests = f"facts: {cited_facts(line.facts)}; rule: {source}" if line.facts else source
    reason: list[Piece] = [("", f"{sentence(line.because)} "), ("faint", f"({line.rule}; {rests})")]
    if line.fact:
        reason = [("", ASSUMED)] if source == ASSUMED else [("", "on record "), ("faint", f"({source})")]
    strength = certainty_text(line.strength).rjust(7)
    return out.wrap(reason, first=f"{strength}  ", rest=" " * 9)


def cited_facts(citations: Sequence[str]) -> str:
    """The sources of the facts of a line of evidence; of many only the first."""
    shown = "; ".join(citations[:_MOST_CITED])
    return f"{shown}; and {len(citations) - _MOST_CITED} more" if len(citations) > _MOST_CITED else shown


def footnote(inference: Inference, out: Writer = PLAIN, *, words: bool | None = None) -> str:
    """As of when, under which assumptions, and, where the text judges, that its likelihood was not measured.

    Args:
        words: whether it judges what was not measured; None where it judges, and a calibration that the base names may
            have measured it.
    """
    program = inference.program
    if words is None:
        words = not any(layer.calibration for layer in program.kb.layers)
    reason = f", {program.as_of_reason}" if program.as_of_reason else ""
    return premises(f"{program.as_of.isoformat()}{reason}", program.assumed, program.withdrawn, out, words=words)


def premises(
    as_of: str, assumed: Sequence[str], withdrawn: Sequence[str], out: Writer = PLAIN, *, words: bool = False
) -> str:
    """As of when, under which assumptions, and that the likelihood was not measured where `words` says so."""
    parts = [f"As of {as_of}."]
    parts += [f"Assumed: {atom}." for atom in assumed]
    parts += [f"Withdrawn: {atom}." for atom in withdrawn]
    parts += [UNCALIBRATED] if words else []
    return out.wrap([("faint", " ".join(parts))])


def conclusions_text(inference: Inference, found: Conclusions, limit: int | None = None, out: Writer = PLAIN) -> str:
    """How many conclusions there are, and a line each by predicate.

    Args:
        limit: of a predicate so many lines; None for all.
    """
    told = [*once(found.conclusions)]
    by_predicate: dict[str, list[Conclusion]] = {}
    for item in told:
        by_predicate.setdefault(item.conclusion.partition("(")[0], []).append(item)
    blocks = [_counts(told, "conclusion", out)] if told else []
    hidden = False
    for predicate, items in by_predicate.items():
        groups, left = abridged(items, limit, lambda item: item.conclusion, lambda item: certainty_text(item.certainty))
        lines = [out.style("name", predicate)]
        for group in groups:
            lines += [_conclusion_line(group.first, out), *likewise(group, limit, out, indent=" " * 9)]
        blocks.append("\n".join([*lines, *more(left, indent=" " * 9)]))
        hidden = hidden or left > 0 or len(groups) < len(items)
    if not blocks:
        blocks = ["The rules conclude nothing of this kind."]
    blocks += [all_shown(out)] if hidden else []
    return "\n\n".join([*blocks, footnote(inference, out, words=None if found.conclusions else False)]) + "\n"


def _counts(items: Sequence[Conclusion], thing: str, out: Writer) -> str:
    """How many conclusions there are, and on which evidence."""
    ordered = sorted(items, key=lambda item: -item.certainty)
    words = Counter(f"on {item.evidence}" if item.established else item.evidence for item in ordered)
    return out.wrap([("strong", f"{tally(len(items), thing, words)}.")], rest="  ")


def _conclusion_line(item: Conclusion, out: Writer) -> str:
    line = [("", f"{headline(item.conclusion, item.says)} "), ("faint", f"({item.evidence})")]
    return out.wrap(line, first=f"{certainty_text(item.certainty).rjust(7)}  ", rest=" " * 9)
