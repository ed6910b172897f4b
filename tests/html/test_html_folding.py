"""The tree folds and unfolds by mouse and by keyboard, and links unfold what they lead to."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


def open_count(page: "Page") -> int:
    return page.locator("#argument details[open]").count()


def focused(page: "Page") -> str:
    """The statement or reason that has the focus."""
    text = page.evaluate("document.activeElement.querySelector('.says, .because')?.textContent.trim()")
    return str(text)


def summary(page: "Page", text: str) -> "Locator":
    return page.locator("#argument summary", has_text=text).first


def test_the_first_conclusion_is_open_and_its_evidence_folded(dominance: "Page") -> None:
    assert open_count(dominance) == 1
    assert dominance.get_by_text("Ruritania follows Borduria and has no treaty").first.is_visible()
    assert not dominance.get_by_text("Ruritania is a member of Pact").first.is_visible()


def test_the_mouse_folds_and_unfolds(dominance: "Page") -> None:
    line = summary(dominance, "has no treaty to show for it")
    below = summary(dominance, "Ruritania is aligned with Borduria")
    line.click()
    assert below.is_visible()
    line.click()
    assert not below.is_visible()


def test_enter_and_space_fold_and_unfold(dominance: "Page") -> None:
    line = summary(dominance, "has no treaty to show for it")
    line.focus()
    for key in ("Enter", "Space"):
        before = open_count(dominance)
        dominance.keyboard.press(key)
        assert open_count(dominance) == before + 1
        dominance.keyboard.press(key)
        assert open_count(dominance) == before


def test_arrow_keys_walk_the_tree(dominance: "Page") -> None:
    press = dominance.keyboard.press
    summary(dominance, "Borduria dominates Ruritania").focus()
    press("ArrowRight")
    assert focused(dominance).startswith("Ruritania follows Borduria")
    press("ArrowRight")
    press("ArrowRight")
    assert focused(dominance) == "Ruritania is aligned with Borduria in security"
    press("ArrowRight")
    press("ArrowDown")
    assert focused(dominance) == "Ruritania is in Pact, which Borduria leads"
    press("ArrowDown")
    assert focused(dominance) == "Ruritania held 2 exercises with Borduria"
    press("ArrowUp")
    press("ArrowLeft")
    assert focused(dominance) == "Ruritania is aligned with Borduria in security"
    press("ArrowLeft")
    assert focused(dominance) == "Ruritania is aligned with Borduria in security"
    press("End")
    assert focused(dominance) == "Ruritania is aligned with Borduria in security"
    press("Home")
    assert focused(dominance) == "Borduria dominates Ruritania"


def test_keys_with_modifiers_are_left_to_the_browser(dominance: "Page") -> None:
    summary(dominance, "Borduria dominates Ruritania").focus()
    for key in ("Control+ArrowLeft", "Shift+ArrowLeft", "Control+End"):
        dominance.keyboard.press(key)
    assert open_count(dominance) == 1
    assert focused(dominance) == "Borduria dominates Ruritania"


def test_buttons_unfold_and_fold_all(dominance: "Page") -> None:
    dominance.get_by_role("button", name="Unfold all").click()
    assert dominance.locator("#argument details:not([open])").count() == 0
    assert dominance.get_by_text("The accession, not the signing.").is_visible()
    dominance.get_by_role("button", name="Fold all", exact=True).click()
    assert open_count(dominance) == 0


def test_a_link_unfolds_what_it_leads_to_however_often(dominance: "Page") -> None:
    link = dominance.locator("#hangs-on a", has_text="Ruritania is a member of Pact")
    fact = dominance.locator("#argument .fact", has_text="Ruritania is a member of Pact").first
    for _ in range(2):
        link.click()
        fact.wait_for(state="visible")
        dominance.get_by_role("button", name="Fold all", exact=True).click()
        assert not fact.is_visible()


def test_a_reference_leads_to_the_one_place_where_a_statement_is_shown(dominance: "Page") -> None:
    dominance.get_by_role("button", name="Unfold all").click()
    reference = dominance.locator("#argument a.says").first
    target = dominance.locator(str(reference.get_attribute("href")))
    assert reference.inner_text() == target.locator(".says").first.inner_text().removesuffix(" within 2 years")
    reference.click()
    assert dominance.evaluate("document.querySelector(':target').id") == target.get_attribute("id")


def test_an_address_with_a_fragment_opens_unfolded(
    judgement: Callable[..., str], opened: "Callable[..., Page]"
) -> None:
    text = judgement("who dominates Ruritania")
    anchor = text.partition('<li class="branch fact" id="')[2].partition('"')[0]
    page = opened(text, fragment=f"#{anchor}")
    assert page.locator(f"#{anchor}").is_visible()


def test_an_address_with_a_wild_fragment_does_no_harm(
    judgement: Callable[..., str], opened: "Callable[..., Page]"
) -> None:
    assert open_count(opened(judgement("who dominates Ruritania"), fragment="#%E0%A4%A&<b>")) == 1


def test_without_script_the_page_folds_and_offers_no_dead_buttons(
    judgement: Callable[..., str], opened: "Callable[..., Page]"
) -> None:
    page = opened(judgement("who dominates Ruritania"), java_script_enabled=False)
    assert not page.get_by_role("button", name="Unfold all").is_visible()
    summary(page, "has no treaty to show for it").click()
    assert summary(page, "Ruritania is aligned with Borduria").is_visible()
