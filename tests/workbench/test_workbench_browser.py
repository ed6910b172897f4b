"""The workbench in a real browser: by mouse and by keyboard alone, on every width, in light and in dark.

Whatever a test does, nothing is printed on the console, nothing is asked of another machine, and no error is thrown.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
import yaml
from served import OF, Serve, Served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.slow

Visit = Callable[..., "Page"]


@pytest.fixture
def visit(browser: "Browser") -> "Iterator[Visit]":
    """Opens a page of a workbench, as whoever follows the printed address does."""
    contexts: list[BrowserContext] = []
    seen: list[str] = []

    def visit(served: Served, *, of: str = OF, view: str = "argument", **context: Any) -> "Page":
        contexts.append(browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **context}))
        page = contexts[-1].new_page()
        page.set_default_timeout(30_000)
        page.on("console", lambda message: seen.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: seen.append(f"error: {error}"))
        page.on("request", lambda asked: None if asked.url.startswith(served.root) else seen.append(asked.url))
        page.goto(served.address)
        page.wait_for_url(served.root)
        if of:
            page.goto(f"{served.root}?{urlencode({'of': of, 'view': view})}")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert seen == []


def flaws(page: "Page") -> list[str]:
    """What axe finds at fault."""
    from axe_playwright_python.sync_playwright import Axe

    return [f"{item['id']}: {item['nodes'][0]['html'][:120]}" for item in Axe().run(page).response["violations"]]


def on_focus(page: "Page") -> str:
    return str(page.evaluate("document.activeElement.textContent.trim().slice(0, 60) || document.activeElement.id"))


def tab_to(page: "Page", text: str) -> None:
    """Press Tab until what has this text, or this id, has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if text in on_focus(page):
            return
    raise AssertionError(f"{text} cannot be reached: {on_focus(page)}")


def test_the_list_is_filtered_as_one_types(served: Served, visit: Visit) -> None:
    page = visit(served, of="")
    count, text = page.locator("#ledger p"), page.locator("#text")
    total = count.inner_text()
    text.fill("aligned Syldavia")
    page.get_by_text("3 judgements of").wait_for()
    assert on_focus(page) == "text"
    page.locator("#word").select_option("very strong evidence")
    page.get_by_text("0 judgements of").wait_for()
    text.fill("")
    page.locator("#source").select_option("memoir")
    page.locator("#word").select_option("")
    page.locator("#verdict").select_option("accepted")
    page.get_by_text("0 judgements of").wait_for()
    page.locator("#verdict").select_option("")
    page.locator("#source").select_option("")
    page.get_by_text(total, exact=True).wait_for()
    page.get_by_role("link", name="Ruritania is aligned with Borduria in security").click()
    assert page.locator("h1").inner_text() == "Ruritania is aligned with Borduria in security"
    assert page.locator("[aria-current=page] .says").inner_text() == "Ruritania is aligned with Borduria in security"


def test_what_if_changes_the_judgement_at_once(served: Served, visit: Visit) -> None:
    page = visit(served)
    outcome = page.locator("#outcome")
    assert "0.80" in outcome.inner_text()
    page.get_by_label("Borduria leads Pact").check()
    outcome.get_by_text("before: 0.80").wait_for()
    assert "0.50" in outcome.inner_text() and "some evidence, and not good evidence" in outcome.inner_text()
    assert page.evaluate("document.activeElement.name") == "without"
    slider = page.get_by_label("Several joint exercises within two years")
    slider.focus()
    page.keyboard.press("Home")
    outcome.get_by_text("0.00").wait_for()
    assert page.locator("output[for=weight-1]").inner_text() == "left out"
    assert page.evaluate("document.activeElement.type") == "range"
    page.locator("#assume").fill("leads(Syldavia, Pact)")
    page.keyboard.press("Enter")
    page.locator("#assume").fill("no such thing")
    page.keyboard.press("Enter")
    outcome.get_by_text("KZ201").wait_for()
    assert "\n  1 | no such thing\n" in outcome.inner_text()  # in lines, so that the caret points at something
    page.get_by_role("button", name="Back to what is on record").click()
    outcome.get_by_text("0.80").first.wait_for()
    assert not page.get_by_label("Borduria leads Pact").is_checked()
    assert served.reviews == []


def test_each_part_is_reviewed_where_it_stands(serve: Serve, visit: Visit) -> None:
    served = serve()
    page = visit(served)
    page.get_by_role("button", name="Unfold all").click()
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    for kind, name, verdict in (
        ("premise", "leads(Borduria, Pact)", "reject"),
        ("rule", "exercises", "needs work"),
        ("source", "gazette", "accept"),
    ):
        button = page.locator(f".act[data-kind={kind}][data-name='{name}']").first
        button.click()
        dialog = page.get_by_role("dialog", name=f"Review the {kind}")
        assert name in dialog.inner_text()
        dialog.get_by_role("button", name="Record it").click()  # the browser asks for a verdict and a reason
        assert dialog.is_visible() and not dialog.get_by_label("Until").is_visible()
        dialog.get_by_label(verdict).check()
        dialog.get_by_label("Reason").fill(f'About the <{kind}> & its "name".')
        dialog.get_by_role("button", name="Record it").click()
        dialog.wait_for(state="hidden")
        assert on_focus(page).startswith("Review")
        assert page.evaluate("document.activeElement.dataset.name") == name
        reviewed = page.locator(f".review:has([data-kind={kind}][data-name='{name}'])").first
        reviewed.get_by_text(f"About the <{kind}>").wait_for()
    assert "2 open challenges" in page.locator("main .kicker").inner_text()
    assert "2 open challenges" in page.locator(".judgements [aria-current]").inner_text()
    page.locator("main > .review .act").click()
    page.get_by_role("dialog").get_by_label("accept").check()
    page.keyboard.press("Escape")
    assert len(served.reviews) == 3
    page.reload()
    assert "2 open challenges" in page.locator("main .kicker").inner_text()


def test_it_works_by_keyboard_alone(serve: Serve, visit: Visit) -> None:
    """From the first Tab to a signed judgement with one challenged premise, and back on the list."""
    served = serve()
    page = visit(served, of="")
    page.keyboard.press("Tab")
    assert on_focus(page) == "Skip to the judgement"
    tab_to(page, "text")
    page.keyboard.type("aligned ruritania borduria")
    page.get_by_text("1 judgement of").wait_for()
    tab_to(page, "Ruritania is aligned")
    page.keyboard.press("Enter")
    page.wait_for_selector("#what-if")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    tab_to(page, "Review this judgement")
    page.keyboard.press("Enter")
    page.keyboard.press("Space")  # the first verdict has the focus
    tab_to(page, "act-reason")
    page.keyboard.type("Read and agreed.")
    tab_to(page, "Record it")
    page.keyboard.press("Enter")
    page.locator("main .kicker").get_by_text("accepted").wait_for()
    assert on_focus(page).startswith("Review")
    tab_to(page, "+0.60")
    page.keyboard.press("Enter")
    tab_to(page, "Review this premise: member(Ruritania, Pact)")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    assert on_focus(page).startswith("Review this premise") or on_focus(page).startswith("Review")
    assert len(served.reviews) == 1 and "Read and agreed." in served.reviews[0].read_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(served: Served, visit: Visit, scheme: str) -> None:
    page = visit(served, color_scheme=scheme)
    page.get_by_role("button", name="Unfold all").click()
    assert flaws(page) == []
    page.get_by_label("Borduria leads Pact").check()
    page.locator("#outcome").get_by_text("before: 0.80").wait_for()
    page.locator("main > .review .act").click()
    assert flaws(page) == []
    for view in ("rivals", "years", "hangs-on", "since"):
        page.goto(f"{served.root}?{urlencode({'of': OF, 'view': view})}")
        page.get_by_text("Working it out").wait_for(state="detached")
        assert flaws(page) == []
    page.goto(served.root)
    assert flaws(page) == []


@pytest.mark.parametrize("width", [1440, 768, 375, 320])
def test_nothing_is_wider_than_the_screen(served: Served, visit: Visit, width: int) -> None:
    page = visit(served, viewport={"width": width, "height": 800})
    page.get_by_role("button", name="Unfold all").click()
    for view in ("argument", "years", "hangs-on"):
        page.goto(f"{served.root}?{urlencode({'of': OF, 'view': view})}")
        page.get_by_text("Working it out").wait_for(state="detached")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("main > .review .act").click()
    box = page.locator("#act").bounding_box()
    assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width
    if width < 1024:
        page.goto(f"{served.root}?{urlencode({'of': OF, 'text': 'none such'})}")
        page.locator("#ledger-fold:not([open])").wait_for()
        assert not page.locator("#text").is_visible()  # the list is folded once a judgement is open


def test_two_tabs_hear_of_each_other_and_of_the_files(serve: Serve, visit: Visit) -> None:
    served = serve()
    one, other = visit(served), visit(served)
    facts = served.base / "facts" / "world.yaml"
    facts.write_text(facts.read_text().replace("bloc: Pact, since: 1990", "bloc: Pact, since: 1990, until: 2001"))
    one.evaluate("dispatchEvent(new Event('focus'))")  # as if one came back to it
    one.get_by_text("This page shows what it said before").wait_for()
    one.locator("main > .review .act").click()
    dialog = one.get_by_role("dialog")
    dialog.get_by_label("accept").check()
    dialog.get_by_role("button", name="Record it").click()
    dialog.get_by_text("Nothing was recorded").wait_for()
    dialog.get_by_role("button", name="Cancel").click()
    one.get_by_role("link", name="Show it as it is now").click()
    assert "0.50" in one.locator(".verdict").inner_text()
    facts.write_text(facts.read_text() + "nonsense: [\n")
    other.reload()
    assert "The files of the base are broken" in other.locator("#notice").inner_text()
    assert "world.yaml:" in other.locator(".issues").inner_text()
    assert "0.50" in other.locator(".verdict").inner_text()
    assert served.reviews == []


#: Ends a text, an attribute, a script; and turns the reading order round.
HOSTILE = "'\"></textarea><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}\u202e&amp;"


def hostile(value: Any) -> Any:
    """What YAML holds, with that behind each name and each text."""
    if isinstance(value, dict):
        return {"on" if key is True else key: hostile(item) for key, item in value.items()}  # as YAML 1.1 reads it
    if isinstance(value, list):
        return [hostile(item) for item in value]
    named = isinstance(value, str) and value in ("Ruritania", "The Almanac", "The accession, not the signing.", "p. 1")
    return f"{value}{HOSTILE}" if named else value


def test_what_stands_in_files_stays_text(serve: Serve, base: Path, visit: Visit) -> None:
    facts = base / "facts" / "world.yaml"
    read = hostile(yaml.safe_load(facts.read_text()))
    read["entities"]["Ruritania" + HOSTILE] = read["entities"].pop("Ruritania")
    facts.write_text(yaml.safe_dump(read, allow_unicode=True))
    served = serve(reviewer=f"B.{HOSTILE}")
    page = visit(served, of="")
    scripts = page.locator("script").count()
    page.locator("#text").fill("aligned borduria <script>")
    page.get_by_text("1 judgement of").wait_for()
    page.locator(".judgements a").first.click()
    page.get_by_role("button", name="Unfold all").click()
    page.locator(".act[data-kind=premise]").nth(1).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("reject").check()
    dialog.get_by_label("Reason").fill(HOSTILE)
    dialog.get_by_role("button", name="Record it").click()
    dialog.wait_for(state="hidden")
    page.locator("input[name=without]").first.check()
    page.locator("#outcome").get_by_text("before").wait_for()
    assert page.locator("script").count() == scripts + 1  # that of the page of a judgement
    assert page.locator("img, [onerror]").count() == 0
    for view in ("rivals", "years", "hangs-on", "since"):
        page.locator(f".views a[href*='view={view}']").click()
        page.get_by_text("Working it out").wait_for(state="detached")
        assert page.locator("img, [onerror]").count() == 0
    assert len(served.reviews) == 1
