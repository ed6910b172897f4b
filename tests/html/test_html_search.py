"""Search marks and unfolds what it finds, the filter leaves what rests on a source, and both say what they did."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page


def find(page: "Page", text: str) -> None:
    page.get_by_label("Search", exact=True).fill(text)


def status(page: "Page", said: str) -> None:
    """Wait until the status says this, for some seconds."""
    region = page.get_by_role("status")
    for _ in range(200):
        if region.inner_text() == said:
            return
        page.wait_for_timeout(50)
    assert region.inner_text() == said


def test_it_marks_counts_and_unfolds(dominance: "Page") -> None:
    find(dominance, "accession")
    status(dominance, "1 place found")
    assert dominance.locator("mark").all_inner_texts() == ["accession"]
    assert dominance.locator("mark").is_visible()


def test_it_finds_rules_atoms_and_places_in_any_case(dominance: "Page") -> None:
    for words in ("LED-BLOC", "member(Ruritania, Pact)", "rules/world.yaml:44", "no treaty(ruritania", "p. 3"):
        find(dominance, words)
        status(dominance, "1 place found")
        assert dominance.locator("mark").is_visible()


def test_white_space_is_any_white_space_and_signs_are_signs(dominance: "Page") -> None:
    find(dominance, "  calm \t sea ")
    dominance.locator("mark").first.wait_for()
    assert {text.lower() for text in dominance.locator("mark").all_inner_texts()} == {"calm sea"}
    for words in (".*", "(", "[a-z]", "\\", "a|b", "?n >= 2 "):
        find(dominance, words)
        marked = "words => [...document.querySelectorAll('mark')].every(mark => mark.textContent === words)"
        dominance.wait_for_function(marked, arg=words.strip())


def test_escape_clears_and_folds_what_it_unfolded(dominance: "Page") -> None:
    before = dominance.locator("#argument").inner_html()
    find(dominance, "ruritania")
    dominance.locator("mark").first.wait_for()
    assert dominance.locator("#argument details[open]").count() > 1
    dominance.keyboard.press("Escape")
    assert dominance.get_by_label("Search", exact=True).input_value() == ""
    assert dominance.locator("mark").count() == 0
    assert dominance.locator("#argument").inner_html() == before


def test_what_the_reader_unfolded_stays(dominance: "Page") -> None:
    line = dominance.locator("#argument summary", has_text="has no treaty to show for it")
    line.click()
    find(dominance, "accession")
    status(dominance, "1 place found")
    find(dominance, "")
    status(dominance, "")
    assert dominance.locator("#argument details[open]").count() == 2


def test_nothing_found_is_said(dominance: "Page") -> None:
    find(dominance, "Zembla")
    status(dominance, "Nothing found")


def test_enter_goes_from_place_to_place_and_round(dominance: "Page") -> None:
    find(dominance, "Storm")
    status(dominance, "2 places found")
    for key, said in (
        ("Enter", "Place 1 of 2"),
        ("Enter", "Place 2 of 2"),
        ("Enter", "Place 1 of 2"),
        ("Shift+Enter", "Place 2 of 2"),
    ):
        dominance.get_by_label("Search", exact=True).press(key)
        status(dominance, said)
        assert dominance.locator("mark.current").count() == 1
    dominance.get_by_role("button", name="Next place").click()
    status(dominance, "Place 1 of 2")


def test_letters_that_change_length_in_lower_case_are_found(
    judgement: Callable[..., str], opened: "Callable[..., Page]"
) -> None:
    page = opened(judgement("who dominates Ruritania").replace("The accession", "İİİİ: The İstanbul accession"))
    find(page, "accession, not")
    status(page, "1 place found")
    assert page.locator("mark").all_inner_texts() == ["accession, not"]


def test_the_filter_leaves_what_rests_on_a_source(dominance: "Page") -> None:
    dominance.get_by_label("Source", exact=True).select_option("gazette")
    status(dominance, "gazette is cited in 4 places, and what does not rest on it is hidden")
    shown = dominance.locator("#argument .says:visible").all_inner_texts()
    assert "Ruritania and Borduria held Storm" in shown
    assert "Ruritania is a member of Pact" in shown
    assert "Borduria leads Pact" not in shown
    assert dominance.locator("#argument .cite.chosen:visible").count() == 4
    dominance.get_by_label("Source", exact=True).select_option("all")
    status(dominance, "")
    assert dominance.locator("#argument [hidden]:not(button)").count() == 0
    assert dominance.locator("#argument details[open]").count() == 1


def test_search_within_a_source(dominance: "Page") -> None:
    dominance.get_by_label("Source", exact=True).select_option("memoir")
    find(dominance, "pact")
    status(dominance, "Nothing found; memoir is cited in 1 place, and what does not rest on it is hidden")


def test_a_link_to_something_hidden_ends_the_filter(dominance: "Page") -> None:
    dominance.get_by_label("Source", exact=True).select_option("memoir")
    dominance.locator("#hangs-on a", has_text="Borduria leads Pact").click()
    dominance.locator("#argument .fact", has_text="Borduria leads Pact").wait_for(state="visible")
    assert dominance.get_by_label("Source", exact=True).input_value() == ""
