"""Pictures for reports: what they show and leave out, harmless whatever the files say, and legible on an A4 page."""

import builtins
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result
from syrupy.assertion import SnapshotAssertion

from kzexpert.cli.group import cli
from kzexpert.render.svg import apart, text_width, tint, wrapped

if TYPE_CHECKING:
    from playwright.sync_api import Page

Kzexpert = Callable[..., Result]
SVG = "{http://www.w3.org/2000/svg}"
EVERYTHING = "alignment(?state, ?power, ?sphere)"
#: A picture of each kind.
PICTURES = {
    "argument": ("trace", "export", "dominates(?power, Ruritania)", "--format", "svg"),
    "table": ("conclusions", EVERYTHING, "--all", "--format", "svg"),
    "network": ("conclusions", EVERYTHING, "--all", "--format", "network"),
    "timeline": ("timeline", EVERYTHING, "--all", "--format", "svg"),
    "slopes": ("what-if", "--all", "--without", "member(Ruritania, Pact)", "--format", "svg"),
    "waterfall": ("linchpins", "alignment(Ruritania, Borduria, security)", "--format", "svg"),
}


@pytest.fixture
def kzexpert(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kzexpert:
    """Runs a command on a copy of the world beside this file."""
    monkeypatch.chdir(shutil.copytree(checkout / "tests" / "html" / "kb", tmp_path / "world"))
    monkeypatch.setenv("KZEXPERT_CACHE", "")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(cli, arguments, prog_name="kzexpert")

    return run


def drawn(kzexpert: Kzexpert, *arguments: str) -> str:
    result = kzexpert(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def texts(picture: str) -> list[str]:
    """What is to be read in a picture, a line each."""
    root = ElementTree.fromstring(picture)
    return ["".join(item.itertext()) for item in root.iter(f"{SVG}text")]


# --- what they show ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in PICTURES if name not in ("argument", "network")])
def test_a_picture(kzexpert: Kzexpert, name: str, snapshot: SnapshotAssertion) -> None:
    assert drawn(kzexpert, *PICTURES[name]) == snapshot


@pytest.mark.parametrize("name", ["argument", "network"])
def test_the_words_of_a_picture_that_a_library_lays_out(
    kzexpert: Kzexpert, name: str, snapshot: SnapshotAssertion
) -> None:
    assert sorted(texts(drawn(kzexpert, *PICTURES[name]))) == snapshot


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_stands_alone_and_says_what_it_shows(kzexpert: Kzexpert, name: str) -> None:
    picture = drawn(kzexpert, *PICTURES[name])
    root = ElementTree.fromstring(picture)
    names = {item.get("id"): item for item in root.iter() if item.get("id")}
    title, reading = (names[key] for key in str(root.get("aria-labelledby")).split())
    assert (root.tag, root.get("role"), title.tag, reading.tag) == (f"{SVG}svg", "img", f"{SVG}title", f"{SVG}desc")
    assert title.text
    assert len(str(reading.text)) > 40
    assert not re.search(r"<(script|style|image|foreignObject|a)\b|href|url\(|@import", picture)
    assert not re.search(r"\?\w|\w\(\w", "\n".join(texts(picture))), "code"


def test_what_if_that_changes_only_what_was_not_asked_about_says_so(kzexpert: Kzexpert) -> None:
    words = texts(kzexpert("what-if", "rivals(?bloc, ?other)", *PICTURES["slopes"][2:]).stdout)
    assert "Nothing that was asked about changes." in words and "Not drawn: 4 more conclusions that change." in words


def test_pictures_are_the_same_bytes_whatever_the_seed(kzexpert: Kzexpert) -> None:
    for name in ("argument", "network"):
        made = {
            subprocess.run(
                [sys.executable, "-m", "kzexpert", *PICTURES[name]],
                env={**os.environ, "PYTHONHASHSEED": seed},
                capture_output=True,
                check=True,
            ).stdout
            for seed in ("1", "2")
        }
        assert len(made) == 1


def test_an_argument_says_what_is_left_out_below(kzexpert: Kzexpert) -> None:
    question = PICTURES["argument"][:3]
    whole = texts(drawn(kzexpert, *question, "--format", "svg", "--depth", "9"))
    folded = texts(drawn(kzexpert, *question, "--format", "svg", "--depth", "1"))
    assert not [line for line in whole if "more below" in line]
    assert [line for line in folded if re.fullmatch(r"\d+ more below", line)]
    for form in ("dot", "mermaid"):
        assert "more below" in drawn(kzexpert, *question, "--format", form, "--depth", "1")
        assert "more below" not in drawn(kzexpert, *question, "--format", form, "--depth", "9")


def test_what_a_page_does_not_take_is_counted(kzexpert: Kzexpert) -> None:
    limited = {name: drawn(kzexpert, *PICTURES[name], "--limit", "1") for name in ("table", "network", "timeline")}
    assert re.search(r"Not drawn: \d+ more rows?;", limited["table"])
    assert re.search(r"Not drawn: \d+ more lines?;", limited["network"])
    assert re.search(r"Not drawn: \d+ more conclusions?;", limited["timeline"])
    assert re.search(r"Not drawn: \d+ more conclusions?", drawn(kzexpert, *PICTURES["slopes"], "--limit", "1"))
    assert re.search(r"and \d+ more of less effect", drawn(kzexpert, *PICTURES["waterfall"], "--limit", "1"))


def test_a_network_wants_two_entities(kzexpert: Kzexpert) -> None:
    for arguments in (["doomed(?state)"], []):
        result = kzexpert("conclusions", *arguments, "--format", "network")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "--format: KZ308" in result.stderr
        assert "hint:" in result.stderr


def test_a_picture_of_nothing(kzexpert: Kzexpert) -> None:
    nothing = "alignment(Borduria, ?power, trade)"
    for command, form in (
        ("conclusions", "svg"),
        ("conclusions", "network"),
        ("timeline", "svg"),
        ("linchpins", "svg"),
    ):
        result = kzexpert(command, nothing, "--format", form)
        assert result.exit_code == 3, result.output
        assert [line for line in texts(result.stdout) if line.startswith("Nothing is established")]


@pytest.mark.parametrize("name", ["argument", "network"])
def test_without_igraph_a_message_says_how_to_get_it(
    kzexpert: Kzexpert, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = builtins.__import__

    def without(module: str, *rest: Any) -> Any:
        if module == "igraph":
            raise ModuleNotFoundError("No module named 'igraph'", name="igraph")
        return known(module, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    result = kzexpert(*PICTURES[name])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "KZ403" in result.stderr
    assert "pip install 'kzexpert[review]'" in result.stderr


HOSTILE = ["</text><script>alert(1)</script>", "a\u202eb\u2066c", "]]>&amp;<!--", "\u0007\u2028x", "'\"><svg onload=x>"]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_file_comes_to_life(kzexpert: Kzexpert, text: str) -> None:
    path = Path("facts") / "hostile.yaml"
    shown = text.encode("unicode_escape").decode().replace('"', '\\"')
    path.write_text(
        f'entities: {{"{shown}": {{kind: state}}, "{shown} again": {{kind: state}}}}\n'
        f'facts: {{treaty: [{{state: "{shown}", power: Borduria}}, {{state: "{shown} again", power: Borduria}}]}}\n',
        encoding="utf-8",
    )
    for arguments in (
        ["conclusions", "alignment(?state, Borduria, ?sphere)", "--all", "--format", "svg"],
        ["conclusions", "alignment(?state, ?power, _)", "--all", "--format", "network"],
        ["trace", "export", "treaty(?state, Borduria)", "--format", "svg"],
        ["timeline", "treaty(?state, Borduria)", "--format", "svg"],
        ["what-if", "treaty(?state, Borduria)", "--without", "treaty(_, Borduria)", "--format", "svg"],
    ):
        picture = kzexpert(*arguments).stdout
        root = ElementTree.fromstring(picture)
        assert {item.tag.removeprefix(SVG) for item in root.iter()} <= {
            *("svg", "title", "desc", "rect", "text", "g", "path", "line", "circle")
        }
        assert not [name for item in root.iter() for name in item.attrib if name.startswith("on")]
        assert picture.replace("\n", "").isprintable()


# --- how wide texts are, and where they stand ------------------------------------------------------------------------


def test_lines_are_no_wider_than_they_may_be() -> None:
    text = "Kazakhstan belongs to the Russian-led CSTO " + "x" * 200 + " Қазақстан 中文中文中文"
    for width in (5, 40, 180):
        lines = wrapped(text, width)
        assert all(text_width(line) <= width or len(line) == 1 for line in lines)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    cut = wrapped(text, 100, most=2)
    assert len(cut) == 2
    assert cut[-1].endswith("…")


def test_labels_are_put_apart_in_their_order() -> None:
    places = apart([10, 10, 10, 50], [20, 20, 20, 10], 4, 0, 200)
    edges = [(place - size / 2, place + size / 2) for place, size in zip(places, [20, 20, 20, 10], strict=True)]
    assert all(one[1] + 4 <= other[0] for one, other in pairwise(edges))
    assert edges[0][0] >= 0


def _light(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_numbers_in_cells_are_legible_on_every_colour() -> None:
    for hundredths in range(-100, 101):
        ground, ink = map(_light, tint(hundredths / 100))
        assert (max(ground, ink) + 0.05) / (min(ground, ink) + 0.05) >= 4.4


#: Texts that lie on each other or reach beyond the picture, and the smallest size of one, in pixels.
_FAULTS = """() => {
  const sheet = document.querySelector('svg').getBoundingClientRect();
  const texts = [...document.querySelectorAll('svg text')].filter(text => text.textContent.trim());
  const boxes = texts.map(text => [text.textContent, text.getBoundingClientRect()]);
  const faults = [];
  boxes.forEach(([words, box], at) => {
    if (box.left < sheet.left - 1 || box.top < sheet.top - 1 ||
        box.right > sheet.right + 1 || box.bottom > sheet.bottom + 1) faults.push(['clipped', words]);
    for (const [others, other] of boxes.slice(at + 1)) {
      const across = Math.min(box.right, other.right) - Math.max(box.left, other.left);
      const down = Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top);
      if (across > 1 && down > 4) faults.push(['overlap', words, others]);
    }
  });
  return [faults, Math.min(...texts.map(text => parseFloat(getComputedStyle(text).fontSize)))];
}"""
SHIPPED = {
    "who": ("trace", "export", "Who is Kazakhstan aligned with in security?", "--format", "svg"),
    "all": ("trace", "export", "alignment(Kazakhstan, ?power, ?sphere)", "--format", "svg"),
    "hedges": ("trace", "export", "which states hedge?", "--format", "svg"),
    "table": ("conclusions", "--format", "svg"),
    "years": ("timeline", "alignment(Kazakhstan, ?power, ?sphere)", "--all", "--format", "svg"),
    "slopes": ("what-if", "--all", "--without", "member(Kazakhstan, CSTO)", "--format", "svg"),
    "waterfall": ("linchpins", "alignment(Kazakhstan, ?power, ?sphere)", "--format", "svg"),
    "world table": ("conclusions", EVERYTHING, "--kb", "world", "--format", "svg"),
    "world network": ("conclusions", EVERYTHING, "--kb", "world", "--format", "network"),
    "control": ("trace", "export", "who controls what", "--kb", "ownership", "--format", "svg"),
    "control network": ("conclusions", "who controls what", "--kb", "ownership", "--format", "network"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_a_picture_is_legible_on_an_a4_page(
    name: str, opened: "Callable[..., Page]", checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pypdf import PdfReader

    monkeypatch.chdir(checkout)
    picture = CliRunner().invoke(cli, SHIPPED[name], prog_name="kzexpert").stdout
    page = opened(f'<!doctype html><title>x</title><body style="margin: 0">{picture}')
    faults, smallest = page.evaluate(_FAULTS)
    assert faults == []
    assert smallest >= 7 / 0.75, "seven points"
    (wide,) = (float(found) for found in re.findall(r'<svg [^>]*width="(\d+)"', picture))
    reader = PdfReader(BytesIO(page.pdf(format="A4", landscape=wide > 730, margin=dict.fromkeys(SIDES, "10mm"))))
    assert len(reader.pages) == 1
    assert texts(picture)[0].split()[0] in reader.pages[0].extract_text()


SIDES = ("top", "right", "bottom", "left")
