"""Judgements as one HTML file: what must be known first, on one printed page each, and an annex that bears them out.

The page loads nothing: style and script stand in it, and its content security policy lets no other run and forbids
every request. All that comes from files goes through jinja2's escaping, and what would not show is shown as an escape.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from kzexpert.certainty import THRESHOLD, established
from kzexpert.errors import counted
from kzexpert.proof.document import CitedSource, Trace
from kzexpert.proof.index import Index, merged
from kzexpert.proof.witnesses import Witnesses
from kzexpert.render.arithmetic import exact_text
from kzexpert.render.html_tree import Branch, argument, balance, citations_of
from kzexpert.render.judgement import (
    NO_CONFIDENCE,
    NOTHING_UNKNOWN,
    Inquiry,
    KeyJudgement,
    Page,
    key_judgement,
    plain_statement,
)
from kzexpert.render.review_text import reasons
from kzexpert.render.text import UNCALIBRATED
from kzexpert.render.timeline_svg import timeline_svg
from kzexpert.render.timeline_text import estimated, unmeasured
from kzexpert.render.writer import certainty_text, sentence, visible

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["PAGE", "Citing", "PageQuestion", "content_digest", "environment", "html_page", "parts"]

#: The templates, the style and the script of pages.
PAGE = Path(__file__).with_name("page")
_VARIABLE = re.compile(r"\?\w+")
#: A minus sign, as it is typed.
_HYPHEN = re.compile(r"(?<![\w-])-(?=\d)")
_WEB = re.compile(r"https?://[!-~]+")
#: A page is for reading: no more answers of one question.
_MOST_ANSWERS = 40


class Citing(msgspec.Struct, frozen=True):
    """A source of the page, and how many facts and rules of the argument cite it."""

    number: int
    source: CitedSource
    facts: int
    rules: int


class PageQuestion(msgspec.Struct, frozen=True):
    """A question as the page shows it.

    Attributes:
        shown: the trees of its answers; what is not established is shown where nothing else is.
        left_out: how many more answers there are.
    """

    number: int
    inquiry: Inquiry
    key: KeyJudgement
    shown: tuple[Branch, ...]
    left_out: int


def html_page(page: Page) -> str:
    """The page as text."""
    from markupsafe import Markup

    style, script = ((PAGE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    return (
        environment()
        .get_template("page.html")
        .render(
            **parts(page),
            style=Markup(style),
            style_hash=content_digest(style),
            script=Markup(script),
            script_hash=content_digest(script),
        )
    )


def parts(page: Page) -> dict[str, Any]:
    """What the templates of a page speak of, by the names that they use.

    What some question is without stands in `omitted`, by the name of the section: the question, and the reason.
    """
    from markupsafe import Markup

    index = Index(merged([found.trace for found in page.inquiries]))
    names = [_shown(found.trace, index) for found in page.inquiries]
    proven = list(dict.fromkeys(name for shown in names for name in shown[:_MOST_ANSWERS]))
    citing = _citing(index, proven)
    numbers = {item.source.id: item.number for item in citing}
    witnesses = Witnesses(index)
    drawn = argument(index, proven, numbers, witnesses)
    branches = dict(zip(proven, drawn.proven, strict=True))
    asked = [
        PageQuestion(
            number=number,
            inquiry=found,
            key=key_judgement(found, index, witnesses),
            shown=tuple(branches[name] for name in shown[:_MOST_ANSWERS]),
            left_out=len(shown[_MOST_ANSWERS:]),
        )
        for number, (found, shown) in enumerate(zip(page.inquiries, names, strict=True), 1)
    ]
    looked, omitted = _sections(page)
    return {
        "asked": asked,
        "several": len(asked) > 1,
        "trace": index.trace,
        "as_of_reason": page.as_of_reason,
        "supposed": page.supposed,
        "argument": drawn,
        "anchors": drawn.anchors,
        "citing": citing,
        "numbers": numbers,
        "rules": [rule for rule in index.trace.rules if rule.id in drawn.uses],
        "hangs_on": looked["hangs_on"],
        "rivals": [matrix for several in looked["rivals"] for matrix in several],
        "timelines": [(item, Markup(timeline_svg(item, None, paper=False))) for item in looked["timeline"]],
        "lackings": looked["lacking"],
        "reviews": looked["reviews"],
        "omitted": omitted,
        "threshold": THRESHOLD,
        "nothing_unknown": NOTHING_UNKNOWN,
        "no_confidence": NO_CONFIDENCE,
        "uncalibrated": UNCALIBRATED,
        "grades": {item.source.id: item.source.reliability for item in citing},
        "titles": {item.source.id: item.source.title or item.source.id for item in citing},
    }


def _sections(page: Page) -> tuple[dict[str, list[Any]], dict[str, list[tuple[str, str]]]]:
    """What was looked at beside the proofs, by section; and where a section was left out, the question and why."""
    omitted: dict[str, list[tuple[str, str]]] = {}
    looked: dict[str, list[Any]] = {}
    for section in ("hangs_on", "rivals", "timeline", "lacking", "reviews"):
        told = [(found.title, getattr(found, section)) for found in page.inquiries]
        omitted[section] = [(title, value) for title, value in told if isinstance(value, str)]
        looked[section] = [value for _, value in told if not isinstance(value, str)]
    return looked, omitted


def _shown(trace: Trace, index: Index) -> list[str]:
    """The answers that are established, or else all that were weighed."""
    return [name for name in trace.answers if established(index[name].certainty)] or list(trace.answers)


def _citing(index: Index, proven: Sequence[str]) -> tuple[Citing, ...]:
    """The sources behind what is proven, the most cited first."""
    facts: dict[str, int] = {}
    rules: dict[str, set[str]] = {}
    for statement in index.reading_order(proven):
        for kind, name, source in citations_of(index, statement):
            if kind == "fact":
                facts[source] = facts.get(source, 0) + 1
            else:
                rules.setdefault(source, set()).add(name)
    cited = [(facts.get(name, 0), len(rules.get(name, ())), name) for name in {*facts, *rules}]
    cited.sort(key=lambda item: (-item[0] - item[1], item[2]))
    return tuple(
        Citing(number, index.sources[name], of_facts, of_rules)
        for number, (of_facts, of_rules, name) in enumerate(cited, 1)
    )


@cache
def environment() -> "Environment":
    """The templates, and the filters they use; they take a tenth of a second to compile."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    def shown(value: object) -> object:
        return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    environment = Environment(
        loader=FileSystemLoader(PAGE),
        autoescape=True,
        finalize=shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["certainty"] = _minus(certainty_text)
    environment.filters["exact"] = _minus(exact_text)
    environment.filters["minus"] = lambda text: _HYPHEN.sub("−", text)
    environment.filters["signed"] = _minus(lambda number: f"{round(number, 2) + 0.0:+.2f}")
    environment.filters["percent"] = lambda number: f"{round(number, 2):g}%"
    environment.filters["sentence"] = sentence
    environment.filters["titled"] = lambda says, atom: plain_statement(says) if says == atom else sentence(says)
    environment.filters["reasons"] = reasons
    environment.filters["told"] = lambda trace, name: Index(trace)[name].says
    environment.filters["balance"] = balance
    environment.filters["unmeasured"] = unmeasured
    environment.filters["estimated"] = lambda point: estimated(point).replace("-", "−")
    environment.filters["counted"] = counted
    environment.filters["rival"] = lambda text: _VARIABLE.sub("…", text)
    environment.globals["zip"] = zip
    environment.tests["text"] = lambda value: isinstance(value, str)
    environment.tests["web"] = lambda text: _WEB.fullmatch(text) is not None
    return environment


def _minus(text_of: Callable[[float], str]) -> Callable[[float], str]:
    """With the sign that is as wide as a plus, and that is read out as minus."""
    return lambda number: text_of(number).replace("-", "−")


def content_digest(text: str) -> str:
    """How a content security policy names a style or a script."""
    from base64 import b64encode
    from hashlib import sha256

    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
