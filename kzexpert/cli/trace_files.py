"""Files with traces as the commands take them: read, checked against a base or alone, and asked who signed them."""

import os
from collections.abc import Mapping, Sequence
from datetime import date

from msgspec.structs import replace

from kzexpert import __version__
from kzexpert.engines import ENGINES, Settings, with_rows
from kzexpert.errors import Issue, KnowledgeBaseError, Location, UsageError
from kzexpert.language.files import read_file
from kzexpert.model import KnowledgeBase
from kzexpert.program.likelihood import fitting_calibrations
from kzexpert.proof.carried_base import verify_alone
from kzexpert.proof.checker import Checker, Verification
from kzexpert.proof.checker.parser import read_trace, read_traces
from kzexpert.proof.document import Trace, TraceReport, signed_text
from kzexpert.proof.enclosure import TRACE_LIMIT, Enclosed, Enclosing, edited, enclosing, words
from kzexpert.proof.index import loose_end
from kzexpert.render.proof_markdown import proof_markdown
from kzexpert.signature import SIGNERS, check_signers, verify

__all__ = ["TraceCheck", "made_with", "only_trace", "signers_of", "told_traces", "trace_text"]


def trace_text(name: str) -> str:
    """What a file says.

    Raises:
        KnowledgeBaseError: it cannot be read.
    """
    return read_file(name, TRACE_LIMIT).text


def told_traces(name: str) -> list[Trace]:
    """The traces of a file, from JSON or a page, which can be shown; whether they are true is not asked.

    Raises:
        KnowledgeBaseError: it holds none (KZ501, KZ502), or one refers to what it does not state (KZ507).
    """
    text = trace_text(name)
    traces, issues = read_traces(name, text)
    hint = "ask whoever sent it for the original"
    loose = (f"the trace refers to {end}, which it does not state" for trace in traces if (end := loose_end(trace)))
    issues += (Issue("KZ507", message, Location(name), hint) for message in loose)
    if issues:
        raise KnowledgeBaseError(*dict.fromkeys(issues), texts={name: text})
    return traces


def only_trace(name: str) -> Trace:
    """The one trace of a file; see `told_traces`.

    Raises:
        UsageError: it holds several (KZ502).
    """
    traces = told_traces(name)
    if len(traces) > 1:
        message = f"{name} carries {len(traces)} traces, and one is needed"
        raise UsageError(Issue("KZ502", message, Location(name), "export each question by itself"))
    return traces[0]


class TraceCheck:
    """Checks files with traces.

    Args:
        kb: what they are checked against; without one each is checked by what it carries.
        network: whether tables may lie on other machines.
        signers: a file of signers, one of whom must have signed each trace; empty where that is not asked.
    """

    def __init__(self, kb: KnowledgeBase | None, network: bool = False, signers: str = "") -> None:
        self._kb = kb
        self._network = network
        self._signers = signers
        self._checkers: dict[date | None, Checker] = {}

    def of(self, name: str, text: str) -> list[Verification]:
        """What comes of the traces of a file."""
        inside = enclosing(name, text)
        if inside.issues:
            return [Verification(name, inside.issues)]
        found = [self._checked(name, item) for item in inside.traces]
        traces, issues = read_traces(name, text)
        if issues:
            return found
        wrong, page = _words(name, text, inside, traces)
        signed = [self._signed(name, trace) for trace in traces]
        return [
            replace(item, issues=(*wrong, *unsigned, *item.issues), page=page, signed=signer)
            for item, (unsigned, signer) in zip(found, signed, strict=True)
        ]

    def _checked(self, name: str, item: Enclosed) -> Verification:
        """For each day the rows of tables are read that may count on it."""
        if self._kb is None:
            found = verify_alone(name, item.text, ENGINES)
        else:
            trace = read_trace(name, item.text)[0] if self._kb.tables else None
            day = trace.as_of if trace else None
            if day not in self._checkers:
                kb = with_rows(self._kb, Settings(network=self._network), day) if trace else self._kb
                self._checkers[day] = Checker(kb, ENGINES, fitting_calibrations(self._kb)[0])
            found = self._checkers[day].verify(name, item.text)
        return replace(found, issues=tuple(item.placed(issue, name) for issue in found.issues))

    def _signed(self, name: str, trace: Trace) -> tuple[list[Issue], str]:
        """What is wrong with the signature, and who signed."""
        if not self._signers:
            return [], "signed; by whom was not checked, --signers FILE does" if trace.signature else ""
        if not trace.signature:
            hint = "who exports it signs it with --sign KEY; a seal only shows that a trace is whole"
            return [Issue("KZ513", "nobody has signed the trace", Location(name), hint)], ""
        verdict = verify(signed_text(trace), trace.signature, self._signers, "kzexpert-trace")
        if verdict.principal:
            return [], f"signed by {verdict.principal}"
        return [Issue("KZ512", f"the signature does not hold: {verdict.reason}", Location(name))], ""


def _words(name: str, page: str, inside: Enclosing, traces: Sequence[Trace]) -> tuple[list[Issue], str]:
    """What is wrong with the words of a page, and how they were checked."""
    if inside.form == "json":
        loose = any(trace.shown for trace in traces)
        message = "the trace was taken out of its page, which it says it belongs to"
        return ([Issue("KZ514", message, Location(name), "ask for the page")] if loose else []), ""
    wrong = edited(name, page, traces)
    if wrong is not None:
        return [wrong], ""
    if inside.form == "markdown":
        shown = traces[0].shown
        if words(proof_markdown(traces[0] if len(traces) == 1 else TraceReport(tuple(traces)))) == words(page):
            return [], "its words are those of the trace"
        if shown and shown.program == __version__:
            message = "the page says something else than the trace in it"
            hint = "trust none of its words; kzexpert trace show prints what the trace says"
            return [Issue("KZ514", message, Location(name), hint)], ""
    told = "by a digest" if not traces[0].signature else "by the signed digest"
    return [], f"its words are those that were written with it, {told} in it; they were not compared with the trace"


def signers_of(option: str | None) -> str:
    """The file of signers: that of an option, else of the environment; empty where neither names one.

    Raises:
        UsageError: there is no such file (KZ511).
    """
    known = option or os.environ.get(SIGNERS, "")
    if known:
        check_signers(known)
    return known


def made_with(texts: Mapping[str, str]) -> str:
    """The bases that traces were made with, in words."""
    traces = (trace for name, text in texts.items() for trace in read_traces(name, text)[0])
    bases = (base for trace in traces for base in trace.bases or () if not base.used)
    named = dict.fromkeys(f"{base.name} {base.version}".rstrip() for base in bases)
    return f"the trace is about {' and '.join(named)}" if named else "the trace does not name its own"
