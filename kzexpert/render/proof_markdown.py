"""A trace as one Markdown document that a reviewer can read, mark and print: answers, argument, facts, rules, sources.

It says nothing that the trace does not say. What comes from files cannot become markup.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

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
)
from kzexpert.proof.index import Index
from kzexpert.proof.witnesses import Witnesses
from kzexpert.render.premise_text import with_values
from kzexpert.render.text import UNCALIBRATED, cited_facts, further_firings, headline, likelihood_text
from kzexpert.render.trace_graph import reading_order
from kzexpert.render.trust_text import told
from kzexpert.render.writer import certainty_text, sentence, visible

__all__ = ["proof_markdown"]

_MARKUP = re.compile(r"[\\`*_\[\]<>#|~$&!]")
#: What begins a list.
_START = re.compile(r"^(\d{0,9})([-+.)])")


def proof_markdown(trace: Trace) -> str:
    """The document."""
    return "\n".join(_Document(trace).lines())


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
    """One trace, with the numbers by which its parts refer to each other."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.index = Index(trace)
        self.witnesses = Witnesses(self.index)
        self.order = reading_order(self.index)
        self.number = {item.conclusion: number for number, item in enumerate(self.order, 1)}
        self.fact_number: Mapping[str, str] = {fact.fact: f"F{number}" for number, fact in enumerate(trace.facts, 1)}

    def lines(self) -> Iterator[str]:
        trace = self.trace
        yield f"# {_plain(trace.question)}\n"
        yield f"As of {trace.as_of.isoformat()}, by the engine {_plain(trace.engine)}. The question was read as"
        yield f"{_code(trace.pattern)}.\n"
        if trace.bases:
            bases = (
                f"{_plain(f'{base.name} {base.version}'.strip())} ({_code(base.digest[:12])})" for base in trace.bases
            )
            yield f"Bases and the beginnings of their digests: {', '.join(bases)}.\n"
        for words, texts in (("Assumed", trace.assumed), ("Left out", trace.withdrawn)):
            if texts:
                yield f"{words}: {', '.join(map(_code, texts))}.\n"
        yield from self.answers()
        if self.order:
            yield "## Argument\n"
        for item in self.order:
            yield from self.conclusion(item)
        yield from self.facts()
        yield from self.rules_and_sources()
        yield "## Checking\n"
        yield f"{'' if self.index.measured else f'{UNCALIBRATED} '}The same trace as JSON"
        yield "(`kzexpert trace export --format json`) can be checked against the rules and facts with"
        yield f"`kzexpert trace verify`. {f'Its seal is {_code(trace.seal)}.' if trace.seal else 'It has no seal.'}"
        yield ""

    def answers(self) -> Iterator[str]:
        rows = []
        for answer in self.trace.answers:
            item = self.index.conclusions.get(answer)
            word = "on record"
            if item is not None:
                word = item.evidence
            number = f"{self.number[answer]}" if item else self.fact_number[answer]
            certainty = self.index[answer].certainty
            rows.append((number, self.told(answer), word, certainty_text(certainty)))
        if rows:
            yield from _table(("No.", "Answer", "Evidence", "Certainty"), rows, right=3)
        else:
            yield "Nothing follows.\n"

    # --- the argument ---

    def conclusion(self, item: TracedConclusion) -> Iterator[str]:
        certainty = certainty_text(item.certainty)
        yield f"### {self.number[item.conclusion]}. {self.told(item.conclusion)}: {item.evidence} ({certainty})\n"
        yield f"{_code(item.conclusion)}{'' if item.established else ', weighed and not established'}\n"
        if item.testimony is not None and item.conclusion in self.trace.answers:
            likely = self.index.likelihoods.get(item.conclusion)
            sentences = [likelihood_text(likely)] if likely else []
            yield f"{' '.join(map(_plain, [*sentences, *told(item, item.testimony)]))}\n"
        for line in item.lines:
            yield from self.line(line)
        yield ""
        counting = [line for line in item.lines if line.counts]
        if item.conflict:
            yield "There is certain evidence for it and certain evidence against it, which leaves nothing.\n"
        elif item.method == "best" and len(item.lines) > 1:
            yield f"The best of its proofs counts: {certainty}.\n"
        elif len(counting) > 1:
            against = f", against {certainty_text(item.opposing)}" if item.opposing else ""
            supporting = f"for {certainty_text(item.supporting)}"
            yield f"{len(counting)} lines of evidence: {supporting}{against}; together {certainty}.\n"

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
