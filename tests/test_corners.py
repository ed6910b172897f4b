"""Small bases in whose corners an answer was once wrong, each by the command that showed it, on both engines."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from available import ready
from processes import Came, here

Ask = Callable[..., Came]

HEAD = "kinds: [place]\nsources: {log: {title: A Log, date: 2011-01-01}, hearsay: {title: Hearsay, reliability: F}}\n"


@pytest.fixture(params=["experta", "duckdb"])
def engine(request: pytest.FixtureRequest) -> str:
    return ready(request.param)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """A base of two files, and of others by their paths."""

    def write(rules: str, facts: str, **others: str) -> Path:
        texts = {"rules/r.yaml": HEAD + rules, "facts/f.yaml": f"source: log\n{facts}", **others}
        for name, text in texts.items():
            (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return write


def known(came: Came) -> dict[str, float]:
    """Conclusion → certainty of an answer, or of all conclusions, as JSON."""
    document = json.loads(came.stdout)
    items = document.get("answers") or document.get("conclusions") or []
    return {item["conclusion"]: item["certainty"] for item in items}


# --- a question sees what the full inference has ---------------------------------------------------------------------

LOOPS = """
predicates:
  on_line: {args: [a: place]}
  road: {args: [a: place, b: place]}
  joined: {args: [a: place]}
  alone: {args: [a: place]}
rules:
  - {id: branch, when: ["on_line(Strelsau)"], then: "road(Strelsau, Zenda)", source: log}
  - {id: joined, when: ["road(?x, ?y)", "not road(?x, ?x)"], then: joined(?x), source: log}
  - {id: alone, when: ["on_line(?x)", "not road(?x, _)", "not road(?x, ?x)"], then: alone(?x), source: log}
"""
STATIONS = "entities: {Strelsau: {kind: place}, Zenda: {kind: place}}\nfacts: {on_line: [{a: Strelsau}]}\n"


def test_a_question_with_a_repeated_variable_sees_what_all_see(write: Any, engine: str) -> None:
    options = ("--kb", str(write(LOOPS, STATIONS)), "--engine", engine)
    everything = known(here("conclusions", "--format", "json", *options))
    assert everything == {"joined(Strelsau)": 1.0, "road(Strelsau, Zenda)": 1.0}
    assert known(here("ask", "joined(?s)", "--format", "json", *options)) == {"joined(Strelsau)": 1.0}
    assert here("ask", "alone(?s)", *options).returncode == 3
    written = here("infer", "alone", "joined", "--format", "csv", *options).stdout.splitlines()
    assert [line.split(",")[1] for line in written[1:]] == ["joined"]


# --- no proof rests on what it proves --------------------------------------------------------------------------------

SPIRAL = """
predicates:
  buys: {args: [a: place, b: place]}
  small: {args: [a: place]}
  leans: {args: [a: place, b: place]}
rules:
  - {id: spiral, when: ["leans(?x, _)", "small(?x)"], then: "leans(?x, Avalon)", source: log}
  - {id: trade, when: ["buys(?x, ?y)"], then: "leans(?x, ?y)", source: log}
"""
BUYERS = """
entities: {Avalon: {kind: place}, Laputa: {kind: place}, Utopia: {kind: place}}
facts:
  buys: [{a: Laputa, b: Utopia, source: hearsay}]
  small: [{a: Laputa}]
"""


def test_a_proof_rests_on_the_fact_and_not_on_itself(write: Any, engine: str, tmp_path: Path) -> None:
    options = ("--kb", str(write(SPIRAL, BUYERS)), "--engine", engine)
    proof = here("why", "leans(Laputa, Avalon)", *options)
    assert "buys(Laputa, Utopia)" in proof.stdout
    assert "buys(Laputa, Utopia)" in here("linchpins", "leans(Laputa, Avalon)", *options).stdout
    trace = tmp_path / "trace.json"
    assert here("trace", "export", "leans(Laputa, Avalon)", "--output", str(trace), *options).returncode == 0
    premises = [
        premise.get("fact") for firing in json.loads(trace.read_text())["firings"] for premise in firing["premises"]
    ]
    assert "leans(Laputa, Avalon)" not in premises
    assert here("trace", "verify", str(trace), "--kb", str(tmp_path)).returncode == 0


# --- every cause is named --------------------------------------------------------------------------------------------

BRAKE = """
predicates:
  treaty: {args: [a: place, b: place]}
  garrison: {args: [a: place]}
  friend: {args: [a: place, b: place]}
rules:
  - {id: treaty, when: ["treaty(?x, ?y)"], then: "friend(?x, ?y)", certainty: 0.6, source: log}
  - {id: empty, when: ["treaty(?x, ?y)", "not garrison(?x)"], then: "friend(?x, ?y)", certainty: -0.9, source: log}
"""
TREATY = """
entities: {Avalon: {kind: place}, Laputa: {kind: place}}
facts:
  treaty: [{a: Avalon, b: Laputa}]
  garrison: [{a: Avalon, source: hearsay}]
"""


def test_what_holds_back_evidence_against_is_a_linchpin(write: Any, engine: str) -> None:
    shown = here("linchpins", "friend(Avalon, Laputa)", "--kb", str(write(BRAKE, TREATY)), "--engine", engine).stdout
    assert "garrison(Avalon)" in shown
    assert re.search(r"[-−]0\.75", shown)
    assert "single source" not in shown.lower()


ENDED = """
predicates:
  guard: {args: [a: place, b: place], holds: interval}
  safe: {args: [a: place]}
rules:
  - {id: guarded, when: ["guard(?x, _)"], then: safe(?x), certainty: 0.9, source: log}
"""
GUARDS = """
entities: {Avalon: {kind: place}, Laputa: {kind: place}, Utopia: {kind: place}}
facts:
  guard:
    - {a: Avalon, b: Laputa, until: 2009}
    - {a: Avalon, b: Utopia, certainty: 0.5}
"""


def test_the_fact_that_ended_is_the_cause(write: Any, engine: str) -> None:
    options = ("--kb", str(write(ENDED, GUARDS)), "--engine", engine)
    history = here("timeline", "safe(Avalon)", "--as-of", "2008..2011", *options).stdout
    assert "guard(Avalon, Laputa)" in history
    changed = here("what-if", "safe(Avalon)", "--as-of", "2009", "--without", "guard(Avalon, Laputa)", *options).stdout
    assert "0.90 → 0.45" in changed
    assert changed.count("guard(Avalon, Laputa)") > 1, "named as withdrawn, and again as the cause"


# --- one number, one place -------------------------------------------------------------------------------------------

FAINT = """
predicates:
  met: {args: [a: place, b: place], holds: event}
  warm: {args: [a: place, b: place]}
rules:
  - {id: warm, when: ["met(?a, ?b) within 1 year"], then: "warm(?a, ?b)", source: log}
"""
MEETING = """
entities: {Avalon: {kind: place}, Laputa: {kind: place}}
facts: {met: [{a: Avalon, b: Laputa, on: 2010-12-31, certainty: 0.700000000049}]}
"""


def test_a_certainty_within_a_window_is_rounded_as_every_other(write: Any, engine: str) -> None:
    options = ("--kb", str(write(FAINT, MEETING)), "--engine", engine, "--format", "json")
    for question in ("met(Avalon, Laputa) within 1 year", "met(Avalon, Laputa)", "warm(Avalon, Laputa)"):
        assert list(known(here("ask", question, *options)).values()) == [0.7]


SEEN = """
predicates:
  tall: {args: [a: place]}
  wide: {args: [a: place]}
  seen: {args: [a: place]}
rules:
  - {id: tall, when: ["tall(?a)"], then: seen(?a), source: log}
  - {id: wide, when: ["wide(?a)"], then: seen(?a), source: log}
"""
TABLE = """
facts: {}
entities: {Avalon: {kind: place}, Laputa: {kind: place}}
tables:
  - {file: atlas/tall.csv, predicate: tall, columns: {a: name}, source: log}
"""


def test_rows_are_cited_by_their_number_and_lines_by_theirs(write: Any, engine: str) -> None:
    files = {"facts/atlas/tall.csv": "name\nAvalon\nLaputa\n", "facts/wide.csv": "a,source\nAvalon,log\nLaputa,log\n"}
    kb = write(SEEN, TABLE, **files)
    shown = here("why", "seen(Laputa)", "--kb", ".", "--engine", engine, cwd=kb).stdout
    flat = " ".join(shown.split())
    assert "tall.csv row 2" in flat
    assert "wide.csv:3" in flat
    assert str(kb) not in flat


# --- budgets, and what never ends ------------------------------------------------------------------------------------

PRODUCT = """
predicates:
  member: {args: [a: number, b: number]}
  pair: {args: [a: number, b: number]}
rules:
  - {id: crowd, when: ["member(?a, ?b)", "member(?c, ?d)"], then: "pair(?a, ?c)", source: log}
"""
CROWD = f"facts: {{member: [{', '.join(f'{{a: {number}, b: {number}}}' for number in range(400))}]}}\n"


def test_a_product_of_conditions_is_stopped_at_its_first_matches(write: Any, engine: str) -> None:
    budget = ("--budget", "firings=1000", "--budget", "seconds=3600")
    came = here("ask", "pair(?a, ?b)", *budget, "--kb", str(write(PRODUCT, CROWD)), "--engine", engine)
    assert came.returncode == 1
    assert "KZ401" in came.stderr
    assert "crowd" in came.stderr
    assert "share no variable" in " ".join(came.stderr.split())


COUNTING = """
predicates:
  first: {args: [n: number]}
  count: {args: [n: number]}
rules:
  - {id: first, when: ["first(?n)"], then: count(?n), source: log}
  - {id: next, when: ["count(?n)", "?m = ?n + 1"], then: count(?m), source: log}
"""
ONE = "facts: {first: [{n: 1}]}\n"


def test_a_rule_that_makes_ever_new_numbers_is_warned_of(write: Any) -> None:
    came = here("check", "--kb", str(write(COUNTING, ONE)))
    assert came.returncode == 0
    assert re.search(r"r\.yaml:\d+:\d+: warning KZ\d+ rule next ", came.stdout + came.stderr)


def test_a_rule_that_makes_ever_new_numbers_is_stopped(write: Any, engine: str) -> None:
    came = here("ask", "count(?n)", "--kb", str(write(COUNTING, ONE)), "--engine", engine, "--budget", "facts=3000")
    assert came.returncode == 1
    assert "KZ401" in came.stderr
    assert "next" in came.stderr


EDGES = ", ".join(
    f"{{a: {layer * 3 + one}, b: {layer * 3 + 3 + other}}}"
    for layer in range(12)
    for one in range(3)
    for other in range(3)
)
PATHS = """
predicates:
  edge: {args: [a: number, b: number]}
  path: {args: [a: number, b: number]}
rules:
  - {id: edge, when: ["edge(?a, ?b)"], then: "path(?a, ?b)", source: log}
  - {id: path, when: ["path(?a, ?b)", "edge(?b, ?c)"], then: "path(?a, ?c)", source: log}
"""


@pytest.mark.slow
def test_why_not_of_a_path_that_leads_nowhere_ends(write: Any, engine: str) -> None:
    came = here(
        "why-not", "path(36, 0)", "--kb", str(write(PATHS, f"facts: {{edge: [{EDGES}]}}\n")), "--engine", engine
    )
    assert came.returncode in (0, 3)
    assert "edge(" in came.stdout


def test_a_trace_with_half_of_a_surrogate_pair_is_at_fault(write: Any, tmp_path: Path) -> None:
    kb = write(SEEN, TABLE, **{"facts/atlas/tall.csv": "name\nAvalon\n"})
    exported = here("trace", "export", "seen(?a)", "--kb", str(kb))
    broken = tmp_path / "broken.json"
    broken.write_text(exported.stdout.replace("A Log", "A \\ud800Log"), encoding="utf-8")
    came = here("trace", "verify", str(broken), "--kb", str(kb))
    assert came.returncode == 1
    assert re.search(r"KZ50\d", came.stdout + came.stderr)
