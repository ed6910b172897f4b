"""The page is valid: elements nest as HTML has it, ids are unique, and every link on it leads somewhere."""

from collections.abc import Callable
from html.parser import HTMLParser

import pytest

VOID = {"br", "col", "hr", "img", "input", "link", "meta"}
#: Element → what may stand in it, where that is little.
CHILDREN = {
    "ul": {"li"},
    "ol": {"li"},
    "dl": {"dt", "dd", "div"},
    "table": {"caption", "thead", "tbody", "tfoot"},
    "thead": {"tr"},
    "tbody": {"tr"},
    "tfoot": {"tr"},
    "tr": {"th", "td"},
    "select": {"option"},
    "html": {"head", "body"},
    "head": {"meta", "link", "title", "style"},
}
#: Elements that hold phrases only.
PHRASES = {
    "p",
    "summary",
    "h1",
    "h2",
    "h3",
    "h4",
    "span",
    "a",
    "strong",
    "em",
    "code",
    "label",
    "button",
    "dt",
    "caption",
}
PHRASING = {"a", "strong", "em", "code", "span", "svg", "label", "button", "input", "select", "option", "mark", "br"}
PARENTS = {
    "li": {"ul", "ol"},
    "dt": {"dl", "div"},
    "dd": {"dl", "div"},
    "summary": {"details"},
    "td": {"tr"},
    "th": {"tr"},
}


class Checked(HTMLParser):
    """Reads a page and gathers what is wrong with it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.ids: list[str] = []
        self.named: list[str] = []
        self.deepest = 0
        self.first_in: dict[int, str] = {}
        self.feed(text)
        self.close()
        self.wrong.extend(f"{tag} stays open" for tag in self.open)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        parent = self.open[-1] if self.open else ""
        inside_svg = "svg" in self.open
        if parent in CHILDREN and tag not in CHILDREN[parent]:
            self.wrong.append(f"{tag} in {parent}")
        if not inside_svg and PHRASES & set(self.open) and tag not in PHRASING:
            self.wrong.append(f"{tag} in {self.open[-3:]}")
        if tag in PARENTS and parent not in PARENTS[tag]:
            self.wrong.append(f"{tag} in {parent}")
        if tag in {"a", "button", "input", "select", "details"} and {"a", "button", "summary"} & set(self.open):
            self.wrong.append(f"{tag} in {self.open[-3:]}")
        if self.first_in.setdefault(len(self.open), tag) != "summary" and parent == "details" and tag == "summary":
            self.wrong.append("summary is not the first in details")
        names = [name for name, _ in attributes]
        if len(names) != len(set(names)):
            self.wrong.append(f"an attribute twice in {tag}")
        given = {name: value or "" for name, value in attributes}
        self.ids.extend(given[name] for name in ("id",) if name in given)
        for name in ("for", "aria-labelledby", "aria-describedby"):
            self.named.extend(given.get(name, "").split())
        if given.get("href", "").startswith("#"):
            self.named.append(given["href"][1:])
        if tag not in VOID:
            self.open.append(tag)
            self.deepest = max(self.deepest, len(self.open))
            self.first_in.pop(len(self.open), None)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if "svg" not in self.open:
            self.wrong.append(f"<{tag}/> outside of a drawing")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> at {self.getpos()}")


QUESTIONS = (
    "who dominates Ruritania",
    "who is Ruritania aligned with",
    "is Ruritania aligned with Syldavia in security",
    "is Ruritania aligned with Syldavia in trade",
    "whom does Ruritania reach",
    "doomed(?state)",
    "leads(?power, ?bloc)",
    "exercise(?state, ?power, ?name)",
)


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_page_is_valid(question: str, judgement: Callable[..., str]) -> None:
    for assume, without in ((), ()), (("member(Ruritania, Ring)",), ("purpose(Ring, trade)",)):
        text = judgement(question, assume=assume, without=without)
        assert text.startswith('<!doctype html>\n<html lang="en">')
        found = Checked(text)
        assert found.wrong == []
        assert len(found.ids) == len(set(found.ids))
        assert [name for name in found.named if name not in found.ids] == []


def test_the_check_sees_what_is_wrong() -> None:
    for wrong in (
        "<ul><p></p></ul>",
        "<p><div></div></p>",
        "<details><p></p><summary></summary></details>",
        "<a><a></a></a>",
        "<div><p></div>",
        "<li></li>",
        "<div>",
        "<br/>",
    ):
        assert Checked(wrong).wrong, wrong
    for right in ("<details><summary>x</summary><p></p></details>", "<ul><li><p>x</p></li></ul>"):
        assert Checked(right).wrong == []
