"""Proofs of hundreds of steps, one below the other or side by side, still make a page that opens and folds."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from playwright.sync_api import Page

STEPS = 500
#: On two idle cores each takes less than one; the bound is for cores that are shared, and still shows quadratic work.
SECONDS = 20


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five hundred roads one after the other, and as many to one place."""
    folder = tmp_path_factory.mktemp("chain")
    stops = [f"Stop-{number}" for number in range(STEPS + 1)]
    rules = {
        "kinds": ["stop"],
        "predicates": {
            "road": {"args": [{"from": "stop"}, {"to": "stop"}], "says": "a road leads from {from} to {to}"},
            "spoke": {"args": [{"from": "stop"}, {"to": "stop"}], "says": "{from} sees {to}"},
            "start": {"args": [{"stop": "stop"}], "says": "{stop} is the start"},
            "reached": {"args": [{"stop": "stop"}], "says": "{stop} is reached"},
            "hiked": {"args": [{"stop": "stop"}], "says": "somebody hiked to {stop}"},
            "seen": {"args": [{"stop": "stop"}], "says": "{stop} is seen"},
            "crowded": {"args": [{"stop": "stop"}], "says": "{stop} is crowded"},
        },
        "rules": [
            {"id": "start", "when": ["start(?stop)"], "then": "reached(?stop)", "source": "map"},
            {"id": "on", "when": ["reached(?a)", "road(?a, ?b)"], "then": "reached(?b)", "source": "map"},
            {"id": "set-out", "when": ["start(?stop)"], "then": "hiked(?stop)"},
            {"id": "hike", "when": ["hiked(?a)", "reached(?a)", "road(?a, ?b)"], "then": "hiked(?b)"},
            {
                "id": "seen",
                "when": ["spoke(?a, ?b)"],
                "then": "seen(?b)",
                "certainty": 0.01,
                "each": True,
                "because": "{a} sees it",
                "source": "map",
            },
            {
                "id": "crowded",
                "when": ["?n = count(?a for spoke(?a, ?b))", "spoke(_, ?b)", "?n > 9"],
                "then": "crowded(?b)",
            },
        ],
    }
    facts = {
        "entities": {stop: {"kind": "stop"} for stop in stops},
        "sources": {"map": {"title": "A map", "date": 2010}},
        "source": "map",
        "facts": {
            "start": [{"stop": stops[0]}],
            "road": [{"from": a, "to": b} for a, b in pairwise(stops)],
            "spoke": [{"from": stop, "to": stops[0]} for stop in stops[1:]],
        },
    }
    for name, content in (("rules", rules), ("facts", facts)):
        (folder / name).mkdir()
        (folder / name / f"{name}.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return folder


def opened_in(opened: "Callable[..., Page]", text: str) -> "Page":
    start = perf_counter()
    page = opened(text)
    assert perf_counter() - start < SECONDS
    return page


def test_a_proof_of_great_depth(chain: Path, judgement: Callable[..., str], opened: "Callable[..., Page]") -> None:
    text = judgement(f"hiked(Stop-{STEPS})", chain)
    assert len(text) < 4_000_000
    page = opened_in(opened, text)
    assert page.get_by_role("heading", name="Further down").is_visible()
    deepest = """() => Math.max(...Array.from(document.querySelectorAll("*"), (item) => {
      let depth = 0;
      for (let at = item; at; at = at.parentElement) depth += 1;
      return depth;
    }))"""
    assert page.evaluate(deepest) < 256
    nested = """() => Math.max(...Array.from(document.querySelectorAll(".branch > details"), (item) => {
      let depth = 0;
      for (let at = item; at; at = at.parentElement.closest(".branch > details")) depth += 1;
      return depth;
    }))"""
    assert 12 <= page.evaluate(nested) <= 14
    assert page.locator(".branch > details").count() == 2 * STEPS + 1
    start = perf_counter()
    page.get_by_role("button", name="Unfold all").click()
    assert page.get_by_text("Stop-0 is the start").first.is_visible()
    assert perf_counter() - start < SECONDS


def test_a_long_chain_folds_to_its_first_and_its_last_step(
    chain: Path, judgement: Callable[..., str], opened: "Callable[..., Page]"
) -> None:
    page = opened(judgement(f"reached(Stop-{STEPS})", chain))
    steps = page.locator("#argument .branch > details > summary")
    assert steps.count() == STEPS + 1
    shown = [text.split("\n")[0] for text in page.locator("#argument summary:visible .says").all_inner_texts()]
    assert shown == [f"Stop-{STEPS} is reached", "Stop-0 is reached the last step"]
    page.get_by_text(f"{STEPS - 1} steps between").click()
    assert page.locator("#argument summary", has_text=f"Stop-{STEPS - 1} is reached").is_visible()


def test_a_proof_of_great_depth_on_a_phone(
    chain: Path, judgement: Callable[..., str], opened: "Callable[..., Page]"
) -> None:
    page = opened(judgement(f"reached(Stop-{STEPS})", chain), viewport={"width": 390, "height": 844})
    page.get_by_role("button", name="Unfold all").click()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390


def test_every_step_is_reached_by_links(
    chain: Path, judgement: Callable[..., str], opened: "Callable[..., Page]"
) -> None:
    page = opened(judgement(f"reached(Stop-{STEPS})", chain))
    for hop in range(3):
        link = page.locator("#argument a.says").nth(hop)
        page.evaluate("(number) => document.querySelectorAll('#argument a.says')[number].click()", hop)
        target = page.locator(str(link.get_attribute("href")))
        target.wait_for(state="visible")
        assert target.evaluate("(item) => item.contains(document.activeElement)")


def test_search_through_many_steps(chain: Path, judgement: Callable[..., str], opened: "Callable[..., Page]") -> None:
    page = opened(judgement(f"reached(Stop-{STEPS})", chain))
    start = perf_counter()
    page.get_by_label("Search", exact=True).fill("a road leads from")
    page.get_by_role("status").get_by_text(f"{STEPS} places found").wait_for()
    assert perf_counter() - start < SECONDS
    page.get_by_label("Search", exact=True).press("Escape")
    page.locator("mark").first.wait_for(state="detached")


@pytest.mark.parametrize("question", ["seen(Stop-0)", "crowded(Stop-0)"])
def test_a_proof_of_great_breadth(
    question: str, chain: Path, judgement: Callable[..., str], opened: "Callable[..., Page]"
) -> None:
    text = judgement(question, chain)
    assert len(text) < 2_000_000
    page = opened_in(opened, text)
    assert page.locator("#argument .fact").count() >= STEPS
    page.locator("#argument summary").first.focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    assert page.locator("#argument details[open]").count() > 0


def test_many_answers_are_cut_and_counted(chain: Path, judgement: Callable[..., str]) -> None:
    text = judgement("reached(?stop)", chain)
    argument = text.partition('<section id="argument"')[2]
    assert argument.count('<ul class="tree">\n<li class="branch"') == 1
    assert f"the annex leaves out the last {STEPS + 1 - 40}, and a narrower question shows them" in text
