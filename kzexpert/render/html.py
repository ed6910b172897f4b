"""A judgement as one HTML file: the answer, the argument as a tree that folds, what it hangs on, rivals, and history.

The page loads nothing: style and script stand in it, and its content security policy lets no other run and forbids
every request. All that comes from files goes through jinja2's escaping, and what would not show is shown as an escape.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from kzexpert.analysis.linchpins import Hanging
from kzexpert.analysis.matrix import Matrix
from kzexpert.analysis.timeline import Timeline
from kzexpert.analysis.why_not import WhyNot
from kzexpert.certainty import THRESHOLD
from kzexpert.errors import counted
from kzexpert.model import Inference, KnowledgeBase, Source
from kzexpert.proof.answers import Answer
from kzexpert.proof.index import Index
from kzexpert.proof.witnesses import Witnesses
from kzexpert.render.html_tree import argument, citations_of
from kzexpert.render.text import UNCALIBRATED, likelihood_text, opening
from kzexpert.render.timeline_svg import timeline_svg
from kzexpert.render.timeline_text import estimated, unmeasured
from kzexpert.render.trust_text import told
from kzexpert.render.writer import certainty_text, sentence, visible

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["PAGE", "Citing", "Page", "content_digest", "environment", "html_page", "parts"]

#: The templates, the style and the script of pages.
PAGE = Path(__file__).with_name("page")
_VARIABLE = re.compile(r"\?\w+")
_WEB = re.compile(r"https?://[!-~]+")


class Citing(msgspec.Struct, frozen=True):
    """A source of the page, and how many facts and rules of the argument cite it."""

    number: int
    source: Source
    facts: int
    rules: int


class Page(msgspec.Struct, frozen=True):
    """What a page shows.

    Attributes:
        answer: what was asked, and what matches it. What is not established is shown where nothing else is.
        index: of the proof; what is not among its answers is left out.
        hangs_on: what some of the conclusions hang on.
        rivals: matrices of rival hypotheses.
        timeline: the conclusions over the years.
        lacking: where nothing is established, what is missing for it.
    """

    inference: Inference
    answer: Answer
    index: Index
    hangs_on: Sequence[Hanging] = ()
    rivals: Sequence[Matrix] = ()
    timeline: Timeline | None = None
    lacking: WhyNot | None = None


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
    """What the templates of a page speak of, by the names that they use."""
    from markupsafe import Markup

    kb = page.inference.program.kb
    answer, index = page.answer, page.index
    answers = answer.established.answers or answer.answers
    proven = {name.replace(_window(answer.pattern), "", 1): name for name in index.trace.answers}
    shown = tuple(item for item in answers if item.conclusion in proven)
    names = [proven[item.conclusion] for item in shown]
    citing = _citing(kb, index, names)
    numbers = {item.source.id: item.number for item in citing}
    witnesses = Witnesses(index)
    drawn = argument(index, names, numbers, witnesses)
    return {
        "answer": answer,
        "answers": shown,
        "left_out": len(answers) - len(shown),
        "program": page.inference.program,
        "argument": drawn,
        "anchors": drawn.anchors,
        "citing": citing,
        "numbers": numbers,
        "hangs_on": page.hangs_on,
        "rivals": page.rivals,
        "lacking": page.lacking,
        "timeline": page.timeline,
        "drawing": Markup(timeline_svg(page.timeline, None, paper=False)) if page.timeline else "",
        "uncalibrated": UNCALIBRATED if any(item.likelihood is None for item in shown) else "",
        "threshold": THRESHOLD,
        "testimonies": [witnesses.testimony(name) for name in names],
        "vouched": [told(index[name], witnesses.testimony(name)) for name in names],
        "grades": {item.source.id: item.source.reliability for item in citing},
    }


def _window(pattern: str) -> str:
    """The window of a pattern, with the space before it."""
    found = re.search(r" within \d+ \w+", pattern.rpartition(")")[2])
    return found[0] if found else ""


def _citing(kb: KnowledgeBase, index: Index, proven: Sequence[str]) -> tuple[Citing, ...]:
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
        Citing(number, kb.source.get(name, Source(name)), of_facts, of_rules)
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
    environment.filters["signed"] = _minus(lambda number: f"{round(number, 2) + 0.0:+.2f}")
    environment.filters["percent"] = lambda number: f"{round(number, 2):g}%"
    environment.filters["sentence"] = sentence
    environment.filters["opening"] = opening
    environment.filters["likelihood"] = likelihood_text
    environment.filters["unmeasured"] = unmeasured
    environment.filters["estimated"] = lambda point: estimated(point).replace("-", "−")
    environment.filters["counted"] = counted
    environment.filters["rival"] = lambda text: _VARIABLE.sub("…", text)
    environment.globals["zip"] = zip
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
