"""Answers and conclusions as text: a headline for each, then a line for each reason with its source."""

import re

from kzexpert.certainty import THRESHOLD
from kzexpert.errors import counted
from kzexpert.model import GroundAtom, Inference
from kzexpert.proof.answers import ASSUMED, Answer, Conclusion, Conclusions, Evidence
from kzexpert.proof.document import TracedLine
from kzexpert.questions.question import Question
from kzexpert.questions.sentences import says
from kzexpert.render.writer import PLAIN, Piece, Writer, sentence

__all__ = [
    "CONVENTION",
    "answer_text",
    "certainty_text",
    "conclusions_text",
    "footnote",
    "further_firings",
    "ground_atom",
    "headline",
    "nothing_supports",
]

CONVENTION = "Likelihood words are those of ICD 203 at (1 + certainty) / 2, by our convention."


def certainty_text(certainty: float) -> str:
    """Two decimals, and never a negative zero."""
    return f"{round(certainty, 2) + 0.0:.2f}"


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
    out: Writer = PLAIN,
) -> str:
    """The answer to a question, or a plain statement that nothing follows.

    Args:
        answer: established and weighed statements alike.
        weighed: also show what was weighed and not established.
    """
    if ground_atom(question) and answer.answers:
        verdicts = [_block(item, out, _verdict(item)) for item in answer.answers]
        return "\n\n".join([*verdicts, footnote(inference, out)]) + "\n"
    shown = answer.answers if weighed else answer.established.answers
    blocks = [_block(item, out) for item in shown]
    if not answer.established.answers:
        blocks.insert(0, nothing_supports(inference, question, out))
    hidden = len(answer.answers) - len(shown)
    if hidden:
        were = counted(hidden, "statement was", "statements were")
        blocks.append(f"{were} weighed and not established; --all shows {'it' if hidden == 1 else 'them'}.")
    elif not blocks[1:] and not shown:
        blocks.append('To see what is missing, put "why" in place of "ask".')
    return "\n\n".join([*blocks, footnote(inference, out, words=bool(shown))]) + "\n"


def nothing_supports(inference: Inference, question: Question, out: Writer = PLAIN) -> str:
    """The plain statement that nothing follows."""
    ground = ground_atom(question)
    asked = f"{says(inference.program.kb, ground)}." if ground else str(question.pattern)
    return out.wrap([("", f"Nothing in the knowledge base supports: {asked}")])


def _verdict(item: Conclusion) -> Piece:
    if item.established:
        return "good", "Yes: "
    if item.conflict:
        return "bad", "In conflict: "
    return ("bad", "No: ") if item.certainty < -THRESHOLD else ("poor", "Not established: ")


def _block(item: Conclusion, out: Writer, verdict: Piece = ("", "")) -> str:
    """The headline of a statement and its evidence."""
    stated = [verdict, ("strong", _statement(item, begins=not verdict[1])), ("", ": "), *_estimate(item, verdict[1])]
    lines = [out.wrap(stated, rest="  ")]
    lines.extend(_reason(evidence, out) for evidence in item.evidence)
    return "\n".join(lines)


def _statement(item: Conclusion, begins: bool = True) -> str:
    """The sentence, with a capital where it begins a line; an atom has none."""
    return headline(item.conclusion, item.says) if begins else item.says


def _estimate(item: Conclusion, verdict: str) -> list[Piece]:
    certainty = f" (certainty\u00a0{certainty_text(item.certainty)}"
    if item.conflict:
        return [("bad", "certain evidence both for and against"), ("", f"{certainty})")]
    if item.established:
        return [("good", item.likelihood), ("", f"{certainty})")]
    short = f"; established above {THRESHOLD:.2f}" if item.certainty >= -THRESHOLD else ""
    return [("poor", item.likelihood), ("", f"{certainty}{short if verdict else ', not established'})")]


def _reason(evidence: Evidence, out: Writer) -> str:
    source = evidence.source or "no source"
    reason: list[Piece] = [("", f"{sentence(evidence.because)} "), ("faint", f"({evidence.rule}; {source})")]
    if evidence.fact:
        reason = [("", ASSUMED)] if source == ASSUMED else [("", "on record "), ("faint", f"({source})")]
    strength = certainty_text(evidence.strength).rjust(7)
    return out.wrap(reason, first=f"{strength}  ", rest=" " * 9)


def footnote(inference: Inference, out: Writer = PLAIN, *, words: bool = True) -> str:
    """As of when, under which assumptions, and, where the text has `words` of likelihood, what they mean."""
    program = inference.program
    reason = f", {program.as_of_reason}" if program.as_of_reason else ""
    parts = [f"As of {program.as_of.isoformat()}{reason}."]
    parts += [f"Assumed: {atom}." for atom in program.assumed]
    parts += [f"Withdrawn: {atom}." for atom in program.withdrawn]
    parts += [CONVENTION] if words else []
    return out.wrap([("faint", " ".join(parts))])


def conclusions_text(inference: Inference, found: Conclusions, out: Writer = PLAIN) -> str:
    """Conclusions by predicate, a line each."""
    blocks: list[str] = []
    last = ""
    for item in found.conclusions:
        predicate = item.conclusion.partition("(")[0]
        if predicate != last:
            blocks.append(("\n" if last else "") + out.style("name", predicate))
            last = predicate
        note = "" if item.established else ", not established"
        line = [("", f"{_statement(item)} "), ("faint", f"({item.likelihood}{note})")]
        first = f"{certainty_text(item.certainty).rjust(7)}  "
        blocks.append(out.wrap(line, first=first, rest=" " * 9))
    if not blocks:
        blocks = ["The rules conclude nothing of this kind."]
    return "\n".join([*blocks, "", footnote(inference, out, words=bool(found.conclusions)), ""])
