"""What tests of the HTML page share: pages of a small world or of one made up, and a real browser to open them in."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kzexpert.cli.options import Options
from kzexpert.cli.page import page as page_of
from kzexpert.cli.session import open_session
from kzexpert.program import relevance
from kzexpert.proof.lineage import prove
from kzexpert.questions.question import read_question
from kzexpert.render.html import html_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Dialog, Page

#: The page of a question: its text as the command line would write it.
Judgement = Callable[..., str]
#: Opens the text of a page in the browser.
Opened = Callable[..., "Page"]


@pytest.fixture(scope="session")
def judgement(checkout: Path) -> Iterator[Judgement]:
    """The page for a question to a knowledge base, by default the small world beside this file."""
    world = checkout / "tests" / "html" / "kb"

    @cache
    def judgement(question: str, kb: Path = world, assume: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> str:
        options = Options(kb=(str(kb),), assume=assume, without=without, format="html")
        session = open_session(options)
        asked = read_question(session.kb, question)
        inference = session.infer([relevance.opened(asked.pattern)])
        return html_page(page_of(session, inference, [(asked, prove(inference, asked))]))

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("KZEXPERT_CACHE", "")
        yield judgement


@pytest.fixture
def opened(browser: "Browser", tmp_path: Path) -> Iterator[Opened]:
    """Opens a page from disk, and afterwards holds of each that nothing was printed, asked or loaded beside it."""
    contexts: list[BrowserContext] = []
    seen: list[str] = []

    def opened(text: str, *, fragment: str = "", quiet: bool = True, **context: Any) -> "Page":
        file = tmp_path / f"page{len(contexts)}.html"
        file.write_text(text, encoding="utf-8")
        address = file.as_uri()
        contexts.append(browser.new_context(**{"viewport": {"width": 1000, "height": 800}, **context}))
        page = contexts[-1].new_page()
        page.set_default_timeout(30_000)

        def loaded(url: str) -> None:
            if url.partition("#")[0] != address:
                seen.append(url)

        def asked(dialog: "Dialog") -> None:
            seen.append(f"dialog: {dialog.message}")
            dialog.dismiss()

        if quiet:  # else the test tries what the policy forbids, and the browser tells that on its console
            page.on("console", lambda message: seen.append(f"console: {message.text}"))
            page.on("request", lambda request: loaded(request.url))
        page.on("response", lambda response: loaded(response.url))
        page.on("pageerror", lambda error: seen.append(f"error: {error}"))
        page.on("dialog", asked)
        page.goto(address + fragment)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert seen == []


@pytest.fixture
def dominance(judgement: Judgement, opened: Opened) -> "Page":
    """The open page of a conclusion that rests on a conclusion."""
    return opened(judgement("who dominates Ruritania"))
