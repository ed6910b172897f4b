"""Whoever reads, however: by screen reader, in the dark, on a phone, with little sight or without motion."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import kzexpert.render

if TYPE_CHECKING:
    from playwright.sync_api import Page

STYLE = (Path(kzexpert.render.__file__).parent / "page" / "page.css").read_text(encoding="utf-8")
#: Text and what it may stand on: at least 4.5:1 (WCAG 2.2, 1.4.3).
TEXTS = [(text, ground) for text in ("ink", "soft", "link", "pro", "con") for ground in ("paper", "card", "mark")]
TEXTS += [("ink", "caution"), ("link", "caution")]
#: Parts of controls and drawings, and what they stand on: at least 3:1 (1.4.11).
PARTS = [("edge", "paper"), ("edge", "card"), ("pro", "track"), ("con", "track"), ("link", "paper"), ("link", "card")]
QUESTIONS = ("who dominates Ruritania", "who is Ruritania aligned with", "doomed(?state)", "leads(?power, Ring)")


def palettes() -> Mapping[str, Mapping[str, str]]:
    """The colours of each of the themes, light ones where a theme has no other."""
    blocks = re.findall(r":root \{([^}]*)\}", STYLE)
    found = [dict(re.findall(r"--(\w+): (#\w+)", block)) for block in blocks]
    assert len(found) == 3, "light, dark, print"
    return {"light": found[0], "dark": found[0] | found[1], "print": found[0] | found[2]}


def luminance(colour: str) -> float:
    """The relative luminance of ``#rgb`` or ``#rrggbb`` (WCAG 2.2)."""
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def test_contrast_is_computed_as_wcag_has_it() -> None:
    assert contrast("#000", "#ffffff") == 21
    assert round(contrast("#777777", "#fff"), 2) == 4.48


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_every_pair_of_colours_has_enough_contrast(theme: str) -> None:
    colours = palettes()[theme]
    found = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in (*TEXTS, *PARTS)}
    assert {pair: ratio for pair, ratio in found.items() if ratio < (4.5 if pair in TEXTS else 3)} == {}


def test_nothing_is_coloured_past_the_palette() -> None:
    rules = re.sub(r":root \{[^}]*\}", "", STYLE)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)|\brgb|\bhsl|opacity: (?!1)", rules) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_axe_finds_nothing(
    scheme: str, question: str, judgement: Callable[..., str], opened: "Callable[..., Page]"
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = opened(judgement(question), color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((item) => { item.open = true; })")
    found = Axe().run(page).response["violations"]
    assert [(item["id"], [node["html"] for node in item["nodes"]]) for item in found] == []


def test_the_scheme_of_the_reader_is_followed(judgement: Callable[..., str], opened: "Callable[..., Page]") -> None:
    text = judgement("who dominates Ruritania")
    for scheme in ("light", "dark"):
        page = opened(text, color_scheme=scheme)
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        paper = palettes()[scheme]["paper"]
        assert ground == f"rgb({', '.join(str(int(paper[at : at + 2], 16)) for at in (1, 3, 5))})"


def test_landmarks_headings_and_names(dominance: "Page") -> None:
    for role, name in (
        ("banner", None),
        ("main", None),
        ("navigation", "Annex"),
        ("search", "Search and filter the argument"),
        ("region", "Who dominates Ruritania?"),
        ("region", "Argument"),
        ("region", "Evidence for and against"),
        ("region", "Rules and arithmetic"),
        ("region", "What it hangs on"),
        ("region", "Rival hypotheses"),
        ("region", "Over the years"),
        ("region", "What is missing"),
        ("region", "Sources"),
        ("region", "How to check it"),
        ("searchbox", "Search"),
        ("combobox", "Source"),
    ):
        named = {"name": name, "exact": True} if name else {}
        assert dominance.get_by_role(role, **named).count() == 1, (role, name)  # type: ignore[arg-type]
    assert dominance.get_by_role("heading", level=1).all_inner_texts() == ["Who dominates Ruritania?"]


def test_every_control_has_a_name(dominance: "Page") -> None:
    dominance.get_by_role("button", name="Unfold all").click()
    snapshot = dominance.locator("body").aria_snapshot()
    controls = re.findall(r"- (?:button|link|searchbox|combobox|textbox|checkbox)\b(.*)", snapshot)
    assert len(controls) > 20
    assert [control for control in controls if '"' not in control] == []


def test_numbers_are_told_with_what_they_are(dominance: "Page") -> None:
    snapshot = dominance.locator("#argument").aria_snapshot()
    assert "Borduria dominates Ruritania certainty 0.72" in snapshot
    assert "for, strength +0.72 Ruritania follows Borduria" in snapshot


def test_the_keyboard_reaches_everything_in_order(dominance: "Page") -> None:
    reached = []
    for _ in range(24):
        dominance.keyboard.press("Tab")
        reached.append(dominance.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    assert reached[0] == "Skip to the annex"
    assert reached.index("search") < reached.index("filter") < reached.index("unfold") < reached.index("fold")


def test_the_link_to_skip_shows_itself_and_skips(dominance: "Page") -> None:
    dominance.keyboard.press("Tab")
    box = dominance.locator(".skip").bounding_box()
    assert box and box["x"] >= 0
    dominance.keyboard.press("Enter")
    dominance.keyboard.press("Tab")
    assert dominance.evaluate("document.activeElement.textContent") == "For and against"


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_needs_no_sideways_scrolling(
    width: int, question: str, judgement: Callable[..., str], opened: "Callable[..., Page]"
) -> None:
    page = opened(judgement(question), viewport={"width": width, "height": 844}, is_mobile=True, has_touch=True)
    page.evaluate("document.querySelectorAll('details').forEach((item) => { item.open = true; })")
    room = "[document.scrollingElement.scrollWidth, document.scrollingElement.clientWidth]"
    needed, given = page.evaluate(room)
    assert needed <= given


def test_long_words_wrap(judgement: Callable[..., str], opened: "Callable[..., Page]") -> None:
    text = judgement("who dominates Ruritania").replace("Ruritania", "Ruritania" * 30)
    page = opened(text, viewport={"width": 390, "height": 844})
    page.evaluate("document.querySelectorAll('details').forEach((item) => { item.open = true; })")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390


def test_no_motion_where_the_reader_wants_none(judgement: Callable[..., str], opened: "Callable[..., Page]") -> None:
    text = judgement("who dominates Ruritania")
    duration = "getComputedStyle(document.querySelector('summary'), '::before').transitionDuration"
    assert opened(text).evaluate(duration) == "0.12s"
    assert opened(text, reduced_motion="reduce").evaluate(duration) == "0s"
