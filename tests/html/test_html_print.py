"""On paper everything is unfolded, black on white, with the sources, and afterwards the page is as it was."""

from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page


def printed(page: "Page") -> list[str]:
    """The text of each printed page, with single spaces."""
    from pypdf import PdfReader

    reader = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True)))
    return [" ".join(sheet.extract_text().split()) for sheet in reader.pages]


def test_what_is_folded_is_printed(dominance: "Page") -> None:
    before = dominance.locator("body").inner_html()
    sheets = printed(dominance)
    text = " ".join(sheets)
    for said in (
        "Borduria dominates Ruritania",
        "Ruritania held 2 exercises with Borduria",
        "The accession, not the signing.",
        "rules/world.yaml:44:5",
        "no treaty(Ruritania, Borduria)",
        "Without one source",
        "A. Rassendyll, Hentzau Press, 2010-06-01",
    ):
        assert said in text
    assert "Unfold all" not in text
    assert "Skip to the argument" not in text
    assert dominance.locator("body").inner_html() == before


def test_pages_are_numbered(dominance: "Page") -> None:
    sheets = printed(dominance)
    assert len(sheets) > 1
    for number, sheet in enumerate(sheets, 1):
        assert f"{number} / {len(sheets)}" in sheet


def test_browsers_that_print_what_is_open_have_all_open(dominance: "Page") -> None:
    folded = dominance.locator("details:not([open])").count()
    dominance.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert dominance.locator("details:not([open])").count() == 0
    dominance.evaluate("dispatchEvent(new Event('afterprint'))")
    assert dominance.locator("details:not([open])").count() == folded > 0


def test_without_script_all_is_printed_too(judgement: Callable[..., str], opened: "Callable[..., Page]") -> None:
    page = opened(judgement("who dominates Ruritania"), java_script_enabled=False)
    assert "The accession, not the signing." in " ".join(printed(page))


def test_a_page_that_is_filtered_says_so_on_paper(dominance: "Page") -> None:
    assert "is hidden" not in " ".join(printed(dominance))
    dominance.get_by_label("Source", exact=True).select_option("gazette")
    text = " ".join(printed(dominance))
    assert "gazette is cited in 4 places, and what does not rest on it is hidden" in text
    assert "Borduria leads Pact member" not in text


def test_paper_is_white_in_the_dark_too(judgement: Callable[..., str], opened: "Callable[..., Page]") -> None:
    page = opened(judgement("who dominates Ruritania"), color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_the_key_judgement_is_one_page_and_the_annex_the_rest(
    paper: str, judgement: Callable[..., str], opened: "Callable[..., Page]"
) -> None:
    from pypdf import PdfReader

    for question in ("who is Ruritania aligned with", "is Ruritania aligned with Borduria in trade", "doomed(?state)"):
        page = opened(judgement(question))
        leaves = PdfReader(BytesIO(page.pdf(format=paper))).pages
        first, second, *_ = (" ".join(leaf.extract_text().split()) for leaf in leaves)
        assert "What is unknown" in first
        assert "Evidence for and against" not in first and "Evidence for and against" in second
