"""Judgements as one Markdown document to read, mark and print: what must be known first, and an annex.

What comes from files cannot become markup.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from kzexpert.certainty import THRESHOLD
from kzexpert.errors import counted
from kzexpert.proof.document import (
    AbsencePremise,
    AggregatePremise,
    BlockPremise,
    CitedRule,
    ComparisonPremise,
    EitherPremise,
    FactPremise,
    Trace,
    TracedConclusion,
    TracedFact,
    TracedFiring,
    TracedLine,
    TracedPremise,
    TraceReport,
)
from kzexpert.proof.index import Index, merged
from kzexpert.proof.witnesses import Witnesses
from kzexpert.render.arithmetic import combined_text, multiplied_text
from kzexpert.render.judgement import (
    NO_CONFIDENCE,
    NOTHING_UNKNOWN,
    Inquiry,
    Page,
    key_judgement,
    plain_statement,
    unaided,
)
from kzexpert.render.premise_text import with_values
from kzexpert.render.text import cited_facts, further_firings, headline, likelihood_text
from kzexpert.render.trace_graph import reading_order
from kzexpert.render.trust_text import told
from kzexpert.render.writer import certainty_text, sentence, visible

__all__ = ["proof_markdown"]

_MARKUP = re.compile(r"[\\`*_\[\]<>#|~$&!]")
#: Why a document tells of nothing beside its traces.
_TRACE_ALONE = "this document says only what its trace says, so that it can be checked; the HTML page tells more"
#: What begins a list.
_START = re.compile(r"^(\d{0,9})([-+.)])")


def proof_markdown(document: Trace | TraceReport) -> str:
    """The document, which says nothing that its traces do not say, so that its words can be checked by them."""
    traces = document.traces if isinstance(document, TraceReport) else (document,)
    return "\n".join(_Document(unaided(traces, _TRACE_ALONE)).lines())


def _plain(text: str) -> str:
    """A text without any meaning to Markdown, on one line."""
    line = " ".join(visible(text).split())
    return _START.sub(r"\1\\\2", _MARKUP.sub(r"\\\g<0>", line))


def _code(text: str) -> str:
    """A text as code: between more backticks than it holds in a row."""
    shown = visible(text)
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    gap = " " if "`" in shown or not shown.strip() else ""
    return f"{fence}{gap}{shown}{gap}{fence}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], right: int = -1) -> Iterator[str]:
    """A table; `right` is the number of a column of numbers."""
    yield f"| {' | '.join(heads)} |"
    yield f"|{'|'.join(' ---: ' if number == right else ' --- ' for number in range(len(heads)))}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


class _Document:
    """One report, with the numbers by which its parts refer to each other."""

    def __init__(self, page: Page) -> None:
        self.page = page
        traces = [found.trace for found in page.inquiries]
        self.trace = traces[0] if len(traces) == 1 else merged(traces)
        self.index = Index(self.trace)
        self.witnesses = Witnesses(self.index)
        self.order = reading_order(self.index)
        self.number = {item.conclusion: number for number, item in enumerate(self.order, 1)}
        facts = enumerate(self.trace.facts, 1)
        self.fact_number: Mapping[str, str] = {fact.fact: f"F{number}" for number, fact in facts}

    def lines(self) -> Iterator[str]:
        trace, inquiries = self.trace, self.page.inquiries
        several = len(inquiries) > 1
        reason = f", {_plain(self.page.as_of_reason)}" if self.page.as_of_reason else ""
        yield f"# {f'Key judgements on {len(inquiries)} questions' if several else _plain(inquiries[0].title)}\n"
        yield f"As of {trace.as_of.isoformat()}{reason}.\n"
        for words, texts in (("Assumed", trace.assumed), ("Left out", trace.withdrawn)):
            if texts:
                yield f"{words}: {', '.join(map(_code, texts))}.\n"
        for found in inquiries:
            yield f"## {_plain(found.title) if several else 'Key judgement'}\n"
            yield from self.judgement(found)
        yield from self.answers()
        if self.order:
            yield "## Argument\n"
        for item in self.order:
            yield from self.conclusion(item)
        yield from self.facts()
        yield from self.rules_and_sources()
        yield from self.checking()

    def judgement(self, found: Inquiry) -> Iterator[str]:
        """What is said first of a question, a line each."""
        key = key_judgement(found, self.index, self.witnesses)
        if key.first is None:
            yield "Nothing in the knowledge base supports this.\n"
        else:
            if not key.established and not key.opening:
                yield f"Nothing is established. What comes nearest stays at or below {certainty_text(THRESHOLD)}:\n"
            said = f"{key.opening} {key.first.inside}" if key.opening else key.first.says
            yield f"**{_plain(said)}.**\n"
            yield f"- **Evidence:** {key.first.evidence} ({certainty_text(key.first.certainty)})"
            yield f"- **Confidence:** {_plain(' '.join(key.trust) or NO_CONFIDENCE)}"
            yield f"- **Likelihood:** {_plain(sentence(key.likelihood))}"
            for side, reason in (("for", key.favour), ("against", key.against)):
                told = f"{reason.because} ({certainty_text(reason.strength)}; {reason.cited})" if reason else "none"
                yield f"- **Main reason {side}:** {_plain(told)}"
        yield f"- **What would change it:** {_plain(' '.join(key.tips))}"
        yield f"- **What is unknown:** {_plain(' '.join(key.unknown) or NOTHING_UNKNOWN)}"
        for other in key.also:
            yield f"- **Also:** {_plain(f'{other.says}: {other.estimate}')}"
        if key.more:
            yield f"- **Also:** {counted(key.more, 'more answer')}, in the annex"
        yield ""

    def checking(self) -> Iterator[str]:
        trace = self.trace
        yield "## Checking\n"
        if trace.bases:
            bases = (
                f"{_plain(f'{base.name} {base.version}'.strip())} ({_code(base.digest[:12])})" for base in trace.bases
            )
            yield f"Bases and the beginnings of their digests: {', '.join(bases)}.\n"
        for found in self.page.inquiries:
            seal = f"; the seal of its trace is {_code(found.trace.seal)}" if found.trace.seal else ""
            yield f"- “{_plain(found.title)}” was read as {_code(found.trace.pattern)}{seal}."
        yield ""
        yield f"Concluded by the engine {_plain(trace.engine)}. `kzexpert trace verify` checks the trace that this file"
        yield "carries against the rules and facts. Rivals, years and reviews stand in the HTML page only.\n"

    def answers(self) -> Iterator[str]:
        rows = []
        for answer in self.trace.answers:
            item = self.index.conclusions.get(answer)
            number = f"{self.number[answer]}" if item else self.fact_number[answer]
            certainty = self.index[answer].certainty
            rows.append((number, self.told(answer), item.evidence if item else "on record", certainty_text(certainty)))
        if rows:
            yield "## Answers\n"
            yield from _table(("No.", "Answer", "Evidence", "Certainty"), rows, right=3)

    # --- the argument ---

    def conclusion(self, item: TracedConclusion) -> Iterator[str]:
        certainty = certainty_text(item.certainty)
        says = _plain(plain_statement(item.says)) if item.says == item.conclusion else self.told(item.conclusion)
        yield f"### {self.number[item.conclusion]}. {says}: {item.evidence} ({certainty})\n"
        yield f"{_code(item.conclusion)}{'' if item.established else ', weighed and not established'}\n"
        if item.conclusion in self.trace.answers:
            likely = self.index.likelihoods.get(item.conclusion)
            sentences = [likelihood_text(likely)] if likely else []
            sentences += told(item, self.witnesses.testimony(item.conclusion))
            yield f"{' '.join(map(_plain, sentences))}\n"
        for line in item.lines:
            yield from self.line(line)
        yield ""
        if item.conflict:
            yield "There is certain evidence for it and certain evidence against it, which leaves nothing.\n"
        elif reckoned := combined_text(item):
            what = "The best of its proofs counts" if item.method == "best" else "Its lines of evidence combine"
            yield f"{what}: {reckoned}.\n"

    def line(self, line: TracedLine) -> Iterator[str]:
        strength = f"**{certainty_text(line.strength)}**"
        firing = self.index.firings.get(line.evidence)
        if firing is None:
            yield f"- {strength} It is on record ({self.fact_number[line.evidence]})."
            return
        facts = self.witnesses.citations(firing.id)
        cited = f"Facts: {_plain(cited_facts(facts))}. " if facts else ""
        yield f"- {strength} {sentence(_plain(firing.because))}. {cited}{self.rule(self.index.rules[firing.rule])}"
        for premise in firing.premises:
            yield from self.premise(premise, firing, "    ")
        yield f"    - Strength: {multiplied_text(self.index.rules[firing.rule], firing)}"
        further = further_firings(line, self.index.rules[firing.rule].family)
        if further:
            yield f"    - {_plain(further)}"
        if not line.counts:
            yield "    - Another proof, at least as strong, counts instead."

    def rule(self, rule: CitedRule) -> str:
        origin = self.index.cited(rule) or "no source"
        title = f"{_plain(rule.title)}; " if rule.title else ""
        return f"Rule {_code(rule.id)} ({title}{_plain(origin)})."

    def premise(self, premise: TracedPremise, firing: TracedFiring, indent: str) -> Iterator[str]:
        yield f"{indent}- {self.held(premise, firing)}"
        for inner in premise.premises if isinstance(premise, EitherPremise) else ():
            yield from self.premise(inner, firing, f"{indent}    ")

    def held(self, premise: TracedPremise, firing: TracedFiring) -> str:
        """What satisfied a condition, as one line."""
        if isinstance(premise, FactPremise):
            where = f"{certainty_text(premise.certainty)}, {self.see(premise.fact)}"
            return f"{self.told(premise.fact)} ({where})"
        if isinstance(premise, AbsencePremise):
            return f"Nothing established matches {_code(premise.absent)}"
        if isinstance(premise, AggregatePremise):
            counted = ", ".join(map(self.see, premise.counted)) or "nothing"
            return f"{_code(premise.condition)} is {_code(premise.result)}, from {counted}"
        if isinstance(premise, ComparisonPremise):
            return f"{_code(premise.condition)}: {_code(f'{premise.left} {premise.operator} {premise.right}')}"
        if isinstance(premise, EitherPremise):
            return f"{_code(premise.condition)}: alternative {premise.alternative} holds"
        shown = with_values(premise, firing.binding)
        if isinstance(premise, BlockPremise):
            return f"{_code(shown.removesuffix(': nothing found'))}: nothing found"
        return f"{_code(premise.condition)}: {_code(shown)}"

    def told(self, statement: str) -> str:
        return _plain(headline(statement, self.index[statement].says))

    def see(self, fact: str) -> str:
        return f"see {self.number[fact]}" if fact in self.number else self.fact_number[fact]

    # --- what it rests on ---

    def facts(self) -> Iterator[str]:
        if not self.trace.facts:
            return
        yield "## Facts\n"
        rows = [row for fact in self.trace.facts for row in self.fact(fact)]
        yield from _table(("No.", "Fact", "Certainty", "In force", "Source", "File"), rows, right=2)

    def fact(self, fact: TracedFact) -> Iterator[tuple[str, ...]]:
        """A row of the table for each row that states the fact; the fact itself stands in the first."""
        first = (self.fact_number[fact.fact], self.told(fact.fact))
        if fact.assumed:
            yield (*first, certainty_text(fact.certainty), "", "assumed", "")
            first = ("", "")
        for row in fact.rows:
            note = f". {_plain(row.note)}" if row.note else ""
            place = _plain(row.place)
            yield (
                *first,
                certainty_text(row.certainty),
                _plain(row.dates),
                f"{_plain(self.index.cited(row) or 'no source')}{note}",
                place,
            )
            first = ("", "")

    def rules_and_sources(self) -> Iterator[str]:
        if self.trace.rules:
            yield "## Rules\n"
        for rule in self.trace.rules:
            each = ", each firing" if rule.each else f", family {_plain(rule.family)}" if rule.family else ""
            instead = f", in the place of {_plain(rule.replaces)}" if rule.replaces else ""
            yield f"- {_code(rule.id)}, certainty {certainty_text(rule.certainty)}{each}, {_plain(rule.place)}{instead}"
            yield from (
                f"    - {'when' if number == 0 else 'and'} {_code(text)}" for number, text in enumerate(rule.when)
            )
            yield f"    - then {' and '.join(map(_code, rule.conclusions))}"
        if self.trace.rules:
            yield ""
        if self.trace.sources:
            yield "## Sources\n"
        for source in self.trace.sources:
            parts = (source.authors, source.title, source.publisher, source.date, source.url)
            grade = f" Reliability {_plain(source.reliability)}." if source.reliability else ""
            yield f"- {_code(source.id)}: {_plain(', '.join(filter(None, parts)))}.{grade}"
        if self.trace.sources:
            yield ""
