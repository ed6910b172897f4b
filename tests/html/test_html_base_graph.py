"""The rules of a base as a graph, and as pages that link to each other."""

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from processes import here

from kzexpert.analysis.base_graph import base_graph
from kzexpert.errors import UsageError
from kzexpert.language import read_knowledge_base

BASE = """\
kinds: [state, bloc]
predicates:
  member: {args: [state: state, bloc: bloc], says: "{state} is in {bloc}", doc: Full members <only>.}
  leads: {args: [state: state, bloc: bloc]}
  quarrel: {args: [state: state, power: state]}
  aligned: {args: [state: state, power: state], asks: ["who is {state} aligned with"]}
  follows: {args: [state: state, power: state]}
  free: {args: [state: state]}
entities:
  Ruritania: {kind: state}
  Borduria: {kind: state}
  Pact: {kind: bloc}
sources:
  atlas: {title: "An <b>Atlas</b>", reliability: B}
source: atlas
facts:
  member: [{state: Ruritania, bloc: Pact}, {state: Borduria, bloc: Pact}]
  leads: [{state: Borduria, bloc: Pact}]
"""
RULES = """\
source: atlas
rules:
  - id: bloc
    title: A shared <bloc>
    family: ties
    when:
      - member(?state, ?bloc)
      - leads(?power, ?bloc)
      - ?state != ?power
    unless:
      - quarrel(?state, ?power)
    then: aligned(?state, ?power)
    certainty: 0.6
    because: "{state} and {power} share {bloc}"
  - {id: quarrels, when: ["quarrel(?state, ?power)"], then: "aligned(?state, ?power)", certainty: -0.5}
"""
MORE = """\
source: atlas
rules:
  - {id: on, title: Who is aligned follows, when: ["aligned(?s, ?p)"], then: "follows(?s, ?p)"}
  - id: at-odds
    when: [{either: ["quarrel(?s, ?_p)", "not follows(?s, _)"]}, "member(?s, _)"]
    then: free(?s)
"""
CASE = """\
cases:
  - id: near
    note: Who shares a bloc with its leader is <aligned>.
    ask: aligned(?state, ?power)
    want: ["aligned(Ruritania, Borduria) @ 0.6"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "rules/base.yaml": BASE.partition("source: atlas")[0],
        "rules/ties.yaml": RULES,
        "rules/more.yaml": MORE.replace("?_p", "?p"),
    }
    files |= {"facts/all.yaml": "source: atlas\n" + BASE.partition("source: atlas\n")[2], "tests/cases/all.yaml": CASE}
    files["rules/more.yaml"] = files["rules/more.yaml"].replace(
        'either: ["quarrel(?s, ?p)"', 'either: ["quarrel(?s, _)"'
    )
    for name, text in files.items():
        path = tmp_path / "base" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "base"


def _ties(graph):
    names = {item.key: item.name for item in graph.items}
    return {(names[tie.source], names[tie.target], tie.how) for tie in graph.ties}


def test_the_overview_joins_conclusions_and_counts_what_they_rest_on(folder):
    graph = base_graph(read_knowledge_base([str(folder)]).kb)
    assert [(item.name, item.note, item.level) for item in graph.items] == [
        ("aligned", "2 rules, 3 recorded predicates", 2),
        ("follows", "1 rule, 0 recorded predicates", 4),
        ("free", "1 rule, 2 recorded predicates", 6),
    ]
    assert _ties(graph) == {("aligned", "follows", "for"), ("follows", "free", "negation")}


def test_around_a_predicate_stand_the_rules_that_conclude_it_and_those_that_look_at_it(folder):
    graph = base_graph(read_knowledge_base([str(folder)]).kb, ["aligned"])
    assert _ties(graph) == {
        ("member", "bloc", "positive"),
        ("leads", "bloc", "positive"),
        ("quarrel", "bloc", "negation"),
        ("bloc", "aligned", "for"),
        ("quarrel", "quarrels", "positive"),
        ("quarrels", "aligned", "against"),
        ("aligned", "on", "positive"),
        ("on", "follows", "for"),
    }
    left = {item.name: item.left for item in graph.items}
    assert (left["quarrel"], left["follows"], left["aligned"]) == (1, 1, 0)


def test_a_topic_is_a_file_of_rules(folder):
    graph = base_graph(read_knowledge_base([str(folder)]).kb, ["more"])
    assert {item.name for item in graph.items if item.kind == "rule"} >= {"on", "at-odds"}


def test_a_name_of_nothing(folder):
    with pytest.raises(UsageError) as caught:
        base_graph(read_knowledge_base([str(folder)]).kb, ["alined", "more"])
    assert [(issue.code, issue.hint) for issue in caught.value.issues] == [("KZ309", "did you mean aligned?")]


def test_what_changed_is_marked_and_what_is_gone_is_still_shown(folder, tmp_path):
    old = read_knowledge_base([str(folder)]).kb
    ties = folder / "rules" / "ties.yaml"
    text = ties.read_text(encoding="utf-8").partition("  - {id: quarrels")[0]
    ties.write_text(text.replace("certainty: 0.6", "certainty: 0.7"), encoding="utf-8")
    graph = base_graph(read_knowledge_base([str(folder)]).kb, ["aligned"], old=old)
    assert {item.name: item.turn for item in graph.items if item.turn} == {"bloc": "changed", "quarrels": "gone"}
    assert {item.name: item.turn for item in base_graph(read_knowledge_base([str(folder)]).kb, old=old).items} == {
        "aligned": "changed",
        "follows": "",
        "free": "",
    }


def test_a_cycle_is_drawn_once_and_named(folder):
    (folder / "rules" / "cycle.yaml").write_text(
        'source: atlas\nrules:\n  - {id: back, when: ["follows(?s, ?t)", "follows(?t, ?p)"], then: "follows(?s, ?p)"}\n'
    )
    came = here("graph", "follows", "--kb", str(folder), "--format", "svg")
    picture = ElementTree.fromstring(came.stdout)
    texts = " ".join(item.text or "" for item in picture.iter("{http://www.w3.org/2000/svg}text"))
    assert "Not drawn, since it is a cycle: follows leads back to back." in texts


@pytest.mark.parametrize("form", ["dot", "mermaid", "svg", "json"])
def test_each_format_holds_every_name(folder, form):
    came = here("graph", "aligned", "--kb", str(folder), "--format", form)
    assert came.returncode == 0
    for word in ("member", "aligned", "follows", "quarrels"):
        assert word in came.stdout
    assert "<bloc>" not in came.stdout or form == "json"


# --- pages -----------------------------------------------------------------------------------------------------------


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.found += [value or "" for name, value in attrs if name == "href"]


def test_each_rule_and_predicate_has_its_page_and_every_link_leads_to_one(folder, tmp_path):
    came = here("graph", "--kb", str(folder), "--site", str(tmp_path / "site"))
    assert (came.returncode, came.stdout) == (0, "")
    assert "12 pages in" in came.stderr
    for page in (tmp_path / "site").rglob("*.html"):
        links = _Links()
        links.feed(page.read_text(encoding="utf-8"))
        assert not links.tags & {"b", "bloc", "only", "script"}
        for target in links.found:
            assert target == "data:," or (page.parent / target).is_file(), target
    rule = re.sub(r"<[^>]+>", "", (tmp_path / "site/rules/bloc.html").read_text(encoding="utf-8"))
    for text in (
        "quarrel(?state, ?power)",
        "+0.60",
        "Who shares a bloc with its leader is &lt;aligned&gt;.",
        "An &lt;b&gt;",
    ):
        assert text in rule
    predicate = (tmp_path / "site/predicates/member.html").read_text(encoding="utf-8")
    assert "Ruritania is in Pact" in predicate
    assert "Who shares a bloc" not in predicate


def test_pages_are_written_again_and_nobody_elses_file_is_touched(folder, tmp_path):
    site = tmp_path / "site"
    write = ("graph", "--kb", str(folder), "--site", str(site))
    assert here(*write).returncode == 0
    (folder / "rules" / "more.yaml").unlink()
    (site / "notes.html").write_text("mine")
    assert here(*write).returncode == 0
    assert not (site / "rules" / "on.html").exists()
    assert (site / "notes.html").read_text() == "mine"
    (site / ".kzexpert-site").unlink()
    before = {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}
    came = here(*write)
    assert (came.returncode, came.stderr.count("KZ802")) == (2, 1)
    assert before == {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}


def test_pages_are_not_mixed_with_the_files_of_a_base(folder):
    before = sorted(folder.rglob("*"))
    came = here("graph", "--site", ".", cwd=folder)
    assert (came.returncode, came.stderr.count("KZ802"), sorted(folder.rglob("*"))) == (2, 1, before)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_pages(folder, tmp_path, scheme, browser):
    from axe_playwright_python.sync_playwright import Axe

    assert here("graph", "--kb", str(folder), "--site", str(tmp_path / "site")).returncode == 0
    page = browser.new_page(color_scheme=scheme, viewport={"width": 375, "height": 800})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    for name in ("index.html", "rules/bloc.html", "predicates/aligned.html", "sources.html"):
        page.goto((tmp_path / "site" / name).as_uri())
        found = Axe().run(page).response["violations"]
        assert [(item["id"], item["nodes"][0]["html"][:80]) for item in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert said == []
