"""The key judgement of a page or a document: what a reader must know before the argument, each thing in a sentence.

It is made of a proof and of what was looked at beside it; where that was left out, the reason stands in its place.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from kzexpert.analysis.linchpins import Effect, Hanging
from kzexpert.analysis.matrix import Matrix
from kzexpert.analysis.near_misses import Miss
from kzexpert.analysis.timeline import Timeline
from kzexpert.analysis.why_not import WhyNot
from kzexpert.certainty import THRESHOLD, established, evidence_word
from kzexpert.errors import counted, listed
from kzexpert.model.calibration import Likelihood
from kzexpert.proof.document import Testimony, Trace, TracedConclusion, TracedFact, TracedFiring, TracedLine
from kzexpert.proof.index import Index, graded
from kzexpert.proof.witnesses import Witnesses
from kzexpert.render.text import UNCALIBRATED, headline, likelihood_text, opening
from kzexpert.render.trust_text import told
from kzexpert.render.writer import certainty_text, sentence
from kzexpert.review.document import VERDICTS
from kzexpert.review.state import ReviewState

__all__ = [
    "NOTHING_UNKNOWN",
    "NO_BASE",
    "NO_CONFIDENCE",
    "UNRIVALLED",
    "Inquiry",
    "KeyJudgement",
    "Page",
    "Reason",
    "Stated",
    "key_judgement",
    "plain_statement",
    "unaided",
]

#: So many answers are named beside the first one, so many things that would change it, or that are unknown.
_MOST_ALSO, _MOST_NAMED, _MOST_CHARACTERS = 6, 3, 280
#: Why there are no rivals.
UNRIVALLED = "the base does not say what such a statement competes with, or nothing on record speaks of any rival"
#: Why nothing was looked at beside a proof that comes without its base.
NO_BASE = "the trace was shown without the base that it was made from"

#: Where there is nothing to say.
NOTHING_UNKNOWN, NO_CONFIDENCE = "Nothing that the rules ask for.", "None is given where nothing is established."


class Inquiry(msgspec.Struct, frozen=True):
    """A question, the proof of its answers, and what was looked at beside it.

    What was not looked at is a text, which says why; so nothing is left out in silence.

    Attributes:
        title: the question in words.
        trace: the proof, with its seal where it was exported.
        hangs_on: what the most certain answer hangs on.
        rivals: that answer beside those that differ in the argument that its predicate compares.
        timeline: the answers over the years.
        lacking: where nothing is established, what is missing for it.
        misses: rules that could speak for or against the most certain answer, and lack something.
        reviews: what reviewers said of the answers, and what became of it.
        negated: whether a yes means that the answer does not hold.
    """

    title: str
    trace: Trace
    hangs_on: Hanging | str = NO_BASE
    rivals: Sequence[Matrix] | str = NO_BASE
    timeline: Timeline | str = NO_BASE
    lacking: WhyNot | str = NO_BASE
    misses: Sequence[Miss] | str = NO_BASE
    reviews: Sequence[ReviewState] | str = NO_BASE
    negated: bool = False


class Page(msgspec.Struct, frozen=True):
    """What a report shows: one question, or several of one base on one day.

    Attributes:
        inquiries: for each question.
        as_of_reason: where the day comes from, in words.
        supposed: what is assumed or left out → the sentence of it, where that is known.
    """

    inquiries: tuple[Inquiry, ...]
    as_of_reason: str = ""
    supposed: Mapping[str, str] = {}


class Reason(msgspec.Struct, frozen=True):
    """A line of evidence in a sentence, its strength, and the sources of its facts, or else that of its rule."""

    because: str
    strength: float
    cited: str


class Stated(msgspec.Struct, frozen=True):
    """An answer in a sentence, with the word for its evidence; `inside` is what stands inside of another sentence."""

    statement: str
    says: str
    inside: str
    certainty: float
    evidence: str
    likelihood: Likelihood | None

    @property
    def estimate(self) -> str:
        """The word for the evidence and the certainty, with the likelihood where that was measured."""
        likely = f"; {self.likelihood.word}, {self.likelihood.percent:g} percent" if self.likelihood else ""
        return f"{self.evidence} ({certainty_text(self.certainty)}{likely})"


class KeyJudgement(msgspec.Struct, frozen=True):
    """What is said first.

    Attributes:
        opening: how the answer to a yes-or-no question begins; else empty.
        first: the most certain answer; None where there is none.
        also: other established answers, or what was weighed where nothing is established.
        more: how many of these are not named.
        trust: confidence and its reason, then what else is to be known before the evidence is believed.
        likelihood: how often such judgements were right, or that nobody has measured it.
        tips: what would change it, the loss of one thing each.
        unknown: what is missing.
        review: who accepted or rejected it, and whether that still holds.
    """

    opening: str
    first: Stated | None
    also: tuple[Stated, ...]
    more: int
    trust: tuple[str, ...]
    low: bool
    likelihood: str
    favour: Reason | None
    against: Reason | None
    tips: tuple[str, ...]
    unknown: tuple[str, ...]
    review: str = ""

    @property
    def established(self) -> bool:
        """Whether the first answer is."""
        return self.first is not None and established(self.first.certainty)


def key_judgement(found: Inquiry, index: Index, witnesses: Witnesses) -> KeyJudgement:
    """The key judgement on a question.

    Args:
        index: of a proof that holds that of the question; `witnesses` of it.
    """
    stated = [_stated(index, name) for name in found.trace.answers]
    strong = [item for item in stated if established(item.certainty)]
    shown = strong or stated
    first = shown[0] if shown else None
    also = shown[1 : _MOST_ALSO + 1]
    if first is None:
        return KeyJudgement(
            "", None, (), 0, (), False, "", None, None, _remedies(found, index), _unmet(found), _review(found)
        )
    item = index[first.statement]
    testimony = witnesses.testimony(first.statement)
    testimony = replace(testimony, shared=tuple(_stated(index, name).says for name in testimony.shared))
    reasons = [_reason(index, witnesses, *pair) for pair in index.lines(first.statement) if pair[0].counts]
    recorded = index.facts.get(first.statement)
    if recorded and recorded.certainty > 0 and not any(reason.strength > recorded.certainty for reason in reasons):
        reasons.insert(0, _record(index, recorded))
    return KeyJudgement(
        opening=_opening(found, item, len(stated)),
        first=first,
        also=tuple(also),
        more=len(shown) - 1 - len(also),
        trust=tuple(_titled(index, text, testimony) for text in told(item, testimony)),
        low=testimony.confidence is not None and testimony.confidence.level == "low",
        likelihood=_likelihood(first, shown[1:]),
        favour=next((reason for reason in reasons if reason.strength > 0), None),
        against=next((reason for reason in reasons if reason.strength < 0), None),
        tips=tuple(_tips(found, index, witnesses, first)) if strong else _remedies(found, index),
        unknown=tuple(_unknown(found, index, [item for item in stated if not established(item.certainty)], first)),
        review=_review(found),
    )


def unaided(traces: Sequence[Trace], reason: str = NO_BASE) -> Page:
    """The report of traces by themselves, without anything that was looked at beside them.

    Args:
        reason: why nothing was.
    """
    return Page(tuple(Inquiry(_title(item), item, reason, reason, reason, reason, reason, reason) for item in traces))


def _title(trace: Trace) -> str:
    """The question; of a pattern the predicate and its arguments."""
    text = trace.question.strip()
    if text.partition("(")[0] == trace.pattern.partition("(")[0]:
        return plain_statement(trace.pattern)
    return sentence(text if text[-1:] in "?.!" else f"{text}?")


def plain_statement(text: str) -> str:
    """An atom without a sentence of its own, for a heading: ``Doomed: Syldavia``."""
    name, bracket, inside = text.partition("(")
    if not bracket:
        return sentence(text)
    values = ", ".join(part.strip().lstrip("?") for part in inside.rpartition(")")[0].split(","))
    return f"{sentence(name.replace('_', ' '))}: {values.replace('_', 'any')}"


def _stated(index: Index, statement: str) -> Stated:
    item = index[statement]
    bare = statement.startswith(item.says)  # its predicate has no sentence
    says = plain_statement(item.says) if bare else headline(statement, item.says)
    conflict = isinstance(item, TracedConclusion) and item.conflict
    word = "certain evidence both for and against" if conflict else evidence_word(item.certainty)
    likely = index.likelihoods.get(statement)
    return Stated(statement, says, says if bare else item.says, item.certainty, word, likely)


def _likelihood(first: Stated, others: Sequence[Stated]) -> str:
    if first.likelihood is None:
        return UNCALIBRATED
    bare = sum(item.likelihood is None for item in others)
    further = f" Not calibrated for {counted(bare, 'other answer')}." if bare else ""
    return f"{likelihood_text(first.likelihood).removeprefix('Likelihood: ')}{further}"


def _opening(found: Inquiry, item: TracedConclusion | TracedFact, answers: int) -> str:
    """How the sentence begins where the question names one statement."""
    name = item.conclusion if isinstance(item, TracedConclusion) else item.fact
    if answers != 1 or name != found.trace.pattern:
        return ""
    return opening(
        item.certainty,
        evidence_word(item.certainty),
        conflict=isinstance(item, TracedConclusion) and item.conflict,
        negated=found.negated,
    )[1]


def _reason(index: Index, witnesses: Witnesses, line: TracedLine, firing: TracedFiring) -> Reason:
    rule = index.rules[firing.rule]
    return Reason(
        _cut(sentence(firing.because)),
        line.strength,
        _sources(index, witnesses.cited(firing.id) or [(rule.source, rule.at)]),
    )


def _record(index: Index, fact: TracedFact) -> Reason:
    if fact.assumed:
        return Reason("It is assumed", fact.certainty, "no source")
    return Reason("It is on record", fact.certainty, _sources(index, [(row.source, row.at) for row in fact.rows]))


def _sources(index: Index, cited: Iterable[tuple[str, str]]) -> str:
    """Sources by their titles, with the places in them and their grades."""
    found = []
    for name, at in dict.fromkeys(cited):
        source = index.sources.get(name)
        if source is not None:
            found.append(graded(", ".join(filter(None, (source.title or name, at))), source.reliability))
    return _cut("; ".join(found) or "no source")


def _cut(text: str) -> str:
    """A text that leaves room for others on one printed page; the whole stands in the annex."""
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS].rpartition(' ')[0] or text[:99]} …"


def _titled(index: Index, text: str, testimony: Testimony) -> str:
    """A sentence with the titles of the origins that it names by their ids."""
    for name in testimony.confidence.hangs_on if testimony.confidence else ():
        if name in index.sources and index.sources[name].title:
            text = text.replace(f"{name} (", f"“{index.sources[name].title}” (")
    return _cut(text)


# --- what would change it --------------------------------------------------------------------------------------------


def _tips(found: Inquiry, index: Index, witnesses: Witnesses, first: Stated) -> Iterator[str]:
    """The one source, fact and rule whose loss changes the judgement most, a sentence each."""
    hanging = found.hangs_on
    if isinstance(hanging, str):
        confidence = witnesses.testimony(first.statement).confidence
        for origin in confidence.hangs_on[:_MOST_NAMED] if confidence else ():
            source = index.sources.get(origin)
            told = f"what “{source.title or origin}” says" if source else origin
            yield f"Without {told}, it would not be established."
        yield f"What single facts and rules are worth was not tried: {hanging}."
        return
    most = [max(items, key=lambda item: abs(item.change)) for items in _by_kind(hanging) if items]
    most = [item for item in most if certainty_text(abs(item.change)) != "0.00"]
    if not any(item.falls or item.other_word for item in most):
        yield "No single source, fact or rule changes the word for the evidence."
    yield from (_cut(_tip(item)) for item in sorted(most, key=lambda item: -abs(item.change)))


def _by_kind(hanging: Hanging) -> tuple[tuple[Effect, ...], ...]:
    return hanging.sources, hanging.facts, hanging.rules


def _tip(effect: Effect) -> str:
    named = {
        "source": f"everything that cites “{effect.says or effect.name}”",
        "fact": f"the fact that {effect.says}" if effect.says != effect.name else effect.says,
        "rule": f"the rule “{effect.says or effect.name}”",
    }
    still = "" if effect.other_word else " still"
    then = f"there would{still} be {effect.evidence} ({certainty_text(effect.certainty)})"
    if effect.falls and effect.certainty >= -THRESHOLD:
        then = "it would not be established"
    return f"Without {named[effect.kind]}, {then}."


def _remedies(found: Inquiry, index: Index) -> tuple[str, ...]:
    """What would make it hold."""
    lacking = found.lacking
    if isinstance(lacking, str):
        return (f"What would make it hold was not tried: {lacking}.",)
    if not lacking.proposals:
        return ("Nothing was found that would make it hold if assumed or withdrawn.",)
    texts = []
    for item in lacking.proposals[:_MOST_NAMED]:
        gone = (index[text].says if text in index.facts else text for text in item.without)
        parts = [*item.says, *(f"it were not so that {text}" for text in gone)]
        texts.append(_cut(f"If {' and '.join(parts)}: {item.evidence} ({certainty_text(item.certainty)})."))
    return tuple(texts)


# --- what is unknown -------------------------------------------------------------------------------------------------


def _unmet(found: Inquiry) -> tuple[str, ...]:
    if isinstance(found.lacking, str):
        return (f"What the rules lack was not looked at: {found.lacking}.",)
    return (*_missing(found.lacking.misses),) or ("No rule can conclude it.",)


def _missing(misses: Sequence[Miss]) -> Iterator[str]:
    """Rules that find nothing on record to go by; one whose comparison fails has looked and found too little."""
    blind = [miss for miss in misses if all(item.why != "blocked" for item in miss.failed)]
    titles = list(dict.fromkeys(miss.title or miss.rule for miss in blind))
    if titles:
        shown = "; ".join(f"“{title}”" for title in titles[:_MOST_NAMED])
        more = f"; and {len(titles) - _MOST_NAMED} more" if len(titles) > _MOST_NAMED else ""
        rules = counted(len(titles), "rule")
        yield _cut(f"There is nothing on record for {rules} that could bear on it: {shown}{more}.")


def _unknown(found: Inquiry, index: Index, weighed: Sequence[Stated], first: Stated) -> Iterator[str]:
    if isinstance(found.misses, str):
        yield f"Which rules find no evidence was not looked at: {found.misses}."
    else:
        yield from _missing(found.misses)
    others = [item for item in weighed if item is not first]
    if others and established(first.certainty):
        shown = [f"{item.says}: {item.estimate}" for item in others[:_MOST_NAMED]]
        more = [f"{len(others) - _MOST_NAMED} more"] if len(others) > _MOST_NAMED else []
        yield _cut(f"Weighed and not established: {listed([*shown, *more])}.")
    below = index.reading_order([first.statement])
    facts = [index.facts[name] for name in below if name in index.facts]
    bare = sum(not fact.assumed and not any(row.source for row in fact.rows) for fact in facts)
    if bare:
        yield f"{counted(bare, 'fact')} of the argument {'cites' if bare == 1 else 'cite'} no source."
    sources = {row.source for fact in facts for row in fact.rows if row.source}
    ungraded = sorted(name for name in sources if not index.sources[name].reliability)
    if ungraded:
        more = [f"{len(ungraded) - _MOST_NAMED} more"] if len(ungraded) > _MOST_NAMED else []
        who = listed([f"“{index.sources[name].title or name}”" for name in ungraded[:_MOST_NAMED]] + more)
        yield _cut(f"Nobody has graded how reliable {who} {'is' if len(ungraded) == 1 else 'are'}.")


# --- what reviewers said ---------------------------------------------------------------------------------------------


def _review(found: Inquiry) -> str:
    """Who accepted or rejected it, dissent and open challenges, in a few sentences."""
    states = found.reviews
    if isinstance(states, str):
        return f"Reviews were not looked at: {states}."
    verdicts = [state for state in states if state.review.verdict]
    texts = []
    for word in VERDICTS:
        who = [
            f"{s.review.reviewer}{' (no longer as signed)' if s.stale else ''}"
            for s in verdicts
            if s.review.verdict == word
        ]
        if who:
            texts.append(f"{sentence(word)} by {listed(who)}.")
    if len({state.review.verdict for state in verdicts}) > 1:
        texts.append("Reviewers dissent.")
    challenges = len({(remark.kind, remark.name) for state in states for remark in state.open})
    if challenges:
        texts.append(f"{counted(challenges, 'challenge')} {'is' if challenges == 1 else 'are'} open.")
    return _cut(" ".join(texts) or "Nobody has reviewed it.")
