"""The report as a page: it loads and runs nothing, its drawings say what they show, and names from files stay text."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

_SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def page(valley, command):
    """The page of the villages."""
    result = command("evaluate", "--kb", valley, "--format", "html")
    assert result.exit_code == 0, result.output
    return result.stdout


def test_it_loads_nothing_and_runs_nothing(page):
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert not re.search(r"(?:src|href)=\"(?!data:,|#)", page)


def test_its_elements_are_closed(page):
    open_: list[str] = []

    class Elements(HTMLParser):
        def handle_starttag(self, tag, attrs):
            if tag not in ("meta", "link"):
                open_.append(tag)

        def handle_startendtag(self, tag, attrs):
            pass

        def handle_endtag(self, tag):
            assert open_.pop() == tag

    Elements().feed(page)
    assert open_ == []


def test_drawings_are_svg_and_say_what_they_show(page):
    drawings = [ElementTree.fromstring(text) for text in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]
    assert [drawing.find(f"{_SVG}title").text for drawing in drawings] == [
        "Reliability of prospers",
        "ROC curve of prospers",
    ]
    for drawing in drawings:
        width, height = (float(part) for part in drawing.get("viewBox").split()[2:])
        for line in drawing.iter(f"{_SVG}polyline"):
            points = [tuple(map(float, point.split(","))) for point in line.get("points").split()]
            assert len(points) > 2
            assert all(0 <= x <= width and 0 <= y <= height for x, y in points)
            assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert re.search(r"The area below it is 0\.[67]\d", page)


def test_rules_stand_in_a_table_with_their_record(page):
    rows = re.findall(r"<th scope=\"row\">(\w+-counts)</th>", page)
    assert sorted(rows) == ["canal-counts", "comet-counts", "fair-counts", "feud-counts", "mill-counts"]
    assert "Rules that never fired: saint-counts" in page


def test_names_from_files_stay_text(small, command):
    path = small / "rules" / "village.yaml"
    path.write_text(path.read_text("utf-8").replace("chronicle:", "'<b>x</b>': {}\n  chronicle:"), encoding="utf-8")
    outcomes = small / "outcomes" / "harvests.yaml"
    outcomes.write_text(outcomes.read_text("utf-8").replace("source: chronicle", "source: <b>x</b>"), encoding="utf-8")
    page = command("evaluate", "--kb", small, "--format", "html", "--no-rules").stdout
    assert "<b>" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page


def test_the_text_begins_with_coverage(small, command):
    text = command("evaluate", "--kb", small, "--no-rules").stdout
    lines = text.splitlines()
    assert lines[:3] == [
        "prospers, right where the outcome is 1 (chronicle)",
        "120 cases, 1801-12-31 to 1804-12-31, 30 values of village",
        "",
    ]
    assert re.match(r"Coverage: \d+% of cases have a conclusion, \d+% an established one; ", " ".join(lines[3:]))
    assert all(len(line) <= 80 for line in text.splitlines() if not line.startswith("  "))
