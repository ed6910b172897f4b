"""What the workbench shows, as HTML: the templates of the page of a judgement, and its own around them."""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from zlib import crc32

import msgspec
from msgspec.structs import replace

from kzexpert.analysis.linchpins import hangs_on
from kzexpert.analysis.matrix import rivals_of
from kzexpert.analysis.scenario import Scenario
from kzexpert.analysis.timeline import timeline, years_on_record
from kzexpert.certainty import evidence_cutoffs
from kzexpert.errors import KzexpertError
from kzexpert.proof.document import TracedConclusion
from kzexpert.render.html import PAGE, environment, parts
from kzexpert.render.issues import issues_text
from kzexpert.render.judgement import UNRIVALLED
from kzexpert.render.review_text import reasons
from kzexpert.workbench.desk import Current
from kzexpert.workbench.ledger import Ledger
from kzexpert.workbench.opinions import CHOICES, Opinions
from kzexpert.workbench.trial import Trial

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["FILES", "bench", "listed", "notice", "outcome", "panel", "recorded"]

_FOLDER = Path(__file__).with_name("page")
#: Name in an address → the file and its type; nothing else of the disk is handed out.
FILES = {
    "workbench.css": (_FOLDER / "workbench.css", "text/css"),
    "workbench.js": (_FOLDER / "workbench.js", "text/javascript"),
    "htmx.min.js": (_FOLDER / "htmx.min.js", "text/javascript"),
    "icon.svg": (_FOLDER / "icon.svg", "image/svg+xml"),
    "page.css": (PAGE / "page.css", "text/css"),
    "page.js": (PAGE / "page.js", "text/javascript"),
}
VIEWS = {
    "argument": "Argument",
    "rivals": "Rivals",
    "years": "Years",
    "hangs-on": "What it hangs on",
    "since": "Since the sign-off",
}
#: So many judgements are listed at a time; so many years are followed.
_AT_ONCE, _MOST_YEARS = 50, 120


class Filter(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which judgements are listed.

    Attributes:
        text: words that must all stand in the sentence, the atom or the rules.
        word: for the evidence.
        verdict: of reviewers; see `CHOICES`.
    """

    text: str = ""
    source: str = ""
    word: str = ""
    verdict: str = ""
    stale: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Filter":
        """What an address says."""
        return cls(**{name: query.get(name, "").strip() for name in cls.__struct_fields__})

    def among(self, ledger: Ledger, opinions: Opinions) -> list[TracedConclusion]:
        """The judgements that fit."""
        words = self.text.casefold().split()
        return [
            item
            for item in ledger.conclusions
            if not self.word or item.evidence == self.word
            if not self.source or self.source in ledger.sources[item.conclusion]
            if not self.verdict or opinions.reception(item.conclusion).fits(self.verdict)
            if not self.stale or opinions.reception(item.conclusion).stale
            if not words or all(word in f"{item.says} {item.conclusion}".casefold() for word in words)
        ]


def bench(state: Current, query: Mapping[str, str]) -> str:
    """The whole page: the list, and the judgement that is open; where none is, how many there are of each sort.

    Args:
        query: of the address: what is open, and which judgements are listed.
    """
    ledger, of, view = state.ledger, query.get("of", ""), query.get("view", "")
    view = view if view in VIEWS else "argument"
    found = _frame(state, of) | _listing(state, query)
    if of not in ledger.atoms:
        return _filled("bench.html", **found, opened=False, view=view, counts=_counts(state))
    page = ledger.page(of)
    found |= parts(page) | {
        "opened": True,
        "view": view,
        "panel": _address("panel", {"of": of, "view": view}),
        "facts": page.inquiries[0].trace.facts,
        "rules": page.inquiries[0].trace.rules,
        "trial": None,
        "issues": "",
        "print_of": state.opinions.print_of(of),
    }
    return _filled("bench.html", **found)


def listed(state: Current, query: Mapping[str, str]) -> str:
    """The list alone, or more of it."""
    return _filled("ledger.html", **_listing(state, query))


def notice(state: Current, seen: str, of: str) -> str:
    """How the files on disk stand to a page.

    Args:
        seen: the version that it was made of.
        of: what is open on it.
    """
    return _filled("notice.html", seen=seen, here=_address("/", {"of": of}), **_wrong(state))


def outcome(found: Trial | KzexpertError) -> str:
    """What a judgement would be, or why that cannot be said."""
    if isinstance(found, KzexpertError):
        return _filled("outcome.html", issues=_told(found))
    return _filled("outcome.html", issues="", trial=found)


def panel(state: Current, of: str, view: str) -> str:
    """A view of a judgement that takes a while."""
    ledger = state.ledger
    inference, atom, page = ledger.inference, ledger.atom(of), ledger.page(of)
    engine, (inquiry,) = ledger.base.engine(), page.inquiries
    if view == "rivals":
        inquiry = replace(inquiry, rivals=rivals_of(inference, atom) or UNRIVALLED)
    elif view == "years":
        question = ledger.question(of)
        years = years_on_record(inference.program, question.pattern, lambda _: inference)[-_MOST_YEARS:]
        found = timeline(Scenario.of(inference.program), question, years, engine, weighed=True)
        told = found if len(years) > 1 and found.series else "what is on record tells of one year only"
        inquiry = replace(inquiry, timeline=told)
    elif view == "hangs-on":
        inquiry = replace(inquiry, hangs_on=hangs_on(inference, atom, engine))
    page = replace(page, inquiries=(inquiry,))
    return _filled("panel.html", view=view, signed=state.opinions.signed(of), reasons=reasons, **parts(page))


def recorded(state: Current, of: str, file: str) -> str:
    """What a page is told after something was recorded: that it was, and all that reviewers say now."""
    said = sorted(state.opinions.subjects(of))
    return _filled("recorded.html", of=of, file=file, said=said, **_reviewed(state.opinions, of))


def refused(error: KzexpertError) -> str:
    """What a page is told where something was not recorded."""
    return _filled("refused.html", issues=_told(error))


def _frame(state: Current, of: str) -> dict[str, Any]:
    """What stands around the list and the judgement."""
    ledger = state.ledger
    titles = [layer.title or layer.name for layer in reversed(ledger.base.kb.layers)]
    words = {item.evidence for item in ledger.conclusions}
    return {
        **_wrong(state),
        "again": _address("notice", {"of": of}),
        "seen": "",
        "title": next(filter(None, titles), "kzexpert"),
        "program": ledger.inference.program,
        "reviewer": state.opinions.reviewer,
        "views": VIEWS,
        "choices": {
            "source": sorted({source for sources in ledger.sources.values() for source in sources}),
            "word": [word for _, word in evidence_cutoffs() if word in words],
            "verdict": CHOICES,
        },
        "narrowed": lambda name, value: _address("/", {name: value}),
    }


def _counts(state: Current) -> dict[str, Mapping[str, int]]:
    """How many judgements each choice of the filter leaves."""
    received = [state.opinions.reception(item.conclusion) for item in state.ledger.conclusions]
    return {
        "word": Counter(item.evidence for item in state.ledger.conclusions),
        "verdict": {choice: sum(item.fits(choice) for item in received) for choice in CHOICES},
    }


def _listing(state: Current, query: Mapping[str, str]) -> dict[str, Any]:
    """What the list speaks of."""
    ledger, chosen, of = state.ledger, Filter.of(query), query.get("of", "")
    found = chosen.among(ledger, state.opinions)
    asked = query.get("start", "0")
    start = int(asked) if asked.isdecimal() and len(asked) < 10 else 0
    end = start + _AT_ONCE
    filters = {name: text for name in Filter.__struct_fields__ if (text := getattr(chosen, name))}
    return {
        "of": of,
        "start": start,
        "chosen": chosen,
        "listed": found[start:end],
        "total": len(found),
        "total_of": len(ledger.conclusions),
        "left": len(found) - end,
        "more": _address("list", {**filters, "of": of, "start": str(end)}) if len(found) > end else "",
        "link": lambda name, **more: _address("/", {**filters, "of": name, **more}),
        **_reviewed(state.opinions, of),
    }


def _reviewed(opinions: Opinions, of: str) -> dict[str, Any]:
    """What reviewers say, for the marks at each part."""
    return {
        "receptions": opinions.reception,
        "said_of": lambda kind, name: opinions.said(of, kind, name),
        "key": lambda *parts: f"k{crc32(repr(parts).encode('utf-8', 'surrogateescape')):08x}",
    }


def _wrong(state: Current) -> dict[str, Any]:
    """What is wrong with the files on disk."""
    reviews = state.opinions.reviews
    return {
        "state": state,
        "wrong_files": _told(state.broken),
        "wrong_reviews": issues_text(reviews.issues, reviews.texts),
    }


def _told(error: KzexpertError | None) -> str:
    return issues_text(error.issues, error.texts) if error else ""


def _address(path: str, query: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(query)}"


def _filled(name: str, **found: Any) -> str:
    return _environment().get_template(name).render(**found)


@cache
def _environment() -> "Environment":
    """The templates of the workbench, and those of the page of a judgement behind them."""
    from jinja2 import ChoiceLoader, FileSystemLoader
    from markupsafe import escape

    shared = environment()
    shared.filters["intact"] = escape  # what comes back with a request must be what it was, though it may not show
    return shared.overlay(loader=ChoiceLoader([FileSystemLoader(_FOLDER), shared.loader or FileSystemLoader([])]))
