"""The base of owners and blocked persons that ships: its cases on both engines, `infer`, the questions of its users."""

import csv
import io
import json
import re
from pathlib import Path
from textwrap import dedent

import pytest
from processes import CHECKOUT, here

KB = ("--kb", "ownership")


def test_check_finds_nothing() -> None:
    came = here("check", *KB)
    assert (came.returncode, came.stdout) == (0, "0 errors, 0 warnings\n")


def test_the_cases_pass_and_assert_every_rule() -> None:
    came = here("test", "--coverage", *KB)
    assert came.returncode == 0, came.stdout
    assert "the rule " not in came.stdout  # that nothing asserts


@pytest.mark.slow
def test_the_cases_pass_on_duckdb() -> None:
    came = here("test", "--engine", "duckdb", *KB)
    assert came.returncode == 0, came.stdout


@pytest.mark.parametrize("engine", ["experta", "duckdb"])
def test_infer_writes_who_is_blocked_by_whom(engine: str) -> None:
    came = here("infer", "blocked", "--format", "csv", "--engine", engine, *KB)
    assert came.returncode == 0, came.stderr
    rows = list(csv.DictReader(io.StringIO(came.stdout)))
    assert {row["as_of"] for row in rows} == {"2025-06-30"}
    blocked: dict[str, str] = {}
    for row in rows:
        blocked[row["party"]] = f"{blocked.get(row['party'], '')} {row['regime']}".strip()
    assert blocked == {
        "Ambrellow Holding": "EU UK US",
        "Aurel Quillmere": "EU UK US",
        "Birchenmoor Shipping": "EU US",
        "Cinderhoven Metals": "US",
        "Corvin Tallowick": "UK US",
        "Junipolt Textiles": "UK",
    }


def test_a_trace_of_a_sum_holds(tmp_path: Path) -> None:
    file = str(tmp_path / "trace.json")
    made = here("trace", "export", 'blocked("Cinderhoven Metals", US)', "--output", file, *KB)
    assert made.returncode == 0, made.stderr
    came = here("trace", "verify", file, *KB)
    assert came.returncode == 0, came.stdout + came.stderr


REGISTER = {
    "kzexpert.yaml": "uses: [ownership]",
    "facts/parties.yaml": """
        entities:
          Ansgar Vellow: {kind: party}
          Brimholt: {kind: party}
          Corrick: {kind: party}
        sources: {my-register: {title: A register, date: 2025-01-31}}
        """,
    "register/names.csv": "id,name\np-1,Ansgar Vellow\nc-1,Brimholt\nc-2,Corrick\n",
    "register/shares.csv": "holder,company,pct,from,to\np-1,c-1,51.5,2019-03,\n"
    "p-1,c-2,80,2010,2020\nc-1,c-2,49.99,2021,\n",
    "register/list.csv": "id,authority,designated,removed,measure\np-1,OFAC,2022-02-24,,asset freeze\n"
    "c-2,OFAC,2022-02-24,,loans\np-1,United Kingdom,2022-03-01,2024-06-30,asset freeze\n",
    "register/officers.csv": "officer,company,role\np-1,c-2,director\np-1,c-1,auditor\n",
}


@pytest.mark.parametrize("engine", ["experta", "duckdb"])
def test_the_declaration_of_its_readme_reads_a_register(engine: str, tmp_path: Path) -> None:
    base = tmp_path / "mine"
    (declared,) = re.findall(
        r"```yaml\n(.*?)```", (CHECKOUT / "bases/ownership/README.md").read_text("utf-8"), re.DOTALL
    )
    for name, text in {**REGISTER, "facts/register.yaml": declared}.items():
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_text(dedent(text), encoding="utf-8")
    came = here("infer", "blocked", "doubtful", "--format", "csv", "--engine", engine, "--kb", str(base))
    assert came.returncode == 0, came.stderr
    found = {(row["predicate"], row["party"], row["regime"]) for row in csv.DictReader(io.StringIO(came.stdout))}
    assert found == {
        ("blocked", "Ansgar Vellow", "US"),
        ("blocked", "Brimholt", "US"),
        ("doubtful", "Corrick", "US"),
    }


QUESTIONS = [
    ("who is blocked?", "blocked(?party, ?regime)"),
    ("is Birchenmoor blocked?", 'blocked("Birchenmoor Shipping", ?regime)'),
    ("Is Birchenmoor Shipping blocked under US law?", 'blocked("Birchenmoor Shipping", US)'),
    ("is Cinderhoven Metals sanctioned?", 'blocked("Cinderhoven Metals", ?regime)'),
    ("who is blocked by the EU?", "blocked(?party, EU)"),
    ("which companies are owned by blocked persons?", "blocked(?party, ?regime)"),
    ("which rules block Cinderhoven?", 'blocked("Cinderhoven Metals", ?regime)'),
    ("does the 50 percent rule apply to Birchenmoor?", 'blocked("Birchenmoor Shipping", ?regime)'),
    ("who owns Cinderhoven?", 'owns(?owner, "Cinderhoven Metals", ?percent)'),
    ("how much of Cinderhoven does Corvin Tallowick own?", 'owns("Corvin Tallowick", "Cinderhoven Metals", ?percent)'),
    ("what does Aurel Quillmere own?", 'owns("Aurel Quillmere", ?company, ?percent)'),
    ("is Junipolt owned by Aurel Quillmere?", 'owns("Aurel Quillmere", "Junipolt Textiles", ?percent)'),
    ("who are the shareholders of Kestrelby?", 'owns(?owner, "Kestrelby Media", ?percent)'),
    ("who controls Elmharrock?", 'controlled("Elmharrock Energy", ?person)'),
    ("whom does Corvin Tallowick control?", 'controlled(?company, "Corvin Tallowick")'),
    ("which companies need a closer look?", "doubtful(?party, ?regime)"),
    ("may Dunmarrow be controlled by blocked persons?", 'doubtful("Dunmarrow Bank", ?regime)'),
    ("may we deal with Birchenmoor?", 'barred("Birchenmoor Shipping", ?regime)'),
    ("with whom are dealings barred by the US?", "barred(?party, US)"),
    ("who is listed by the UK?", "listed(?party, UK)"),
    ("is Corvin Tallowick still listed?", 'listed("Corvin Tallowick", ?regime)'),
    ("who holds the majority of Ambrellow?", 'majority(?owner, "Ambrellow Holding")'),
    ("who is a director of Elmharrock?", 'director(?person, "Elmharrock Energy")'),
    ("is Ambrellow Holding on a sanctions list?", 'listed("Ambrellow Holding", ?regime)'),
    (
        "what percentage of Cinderhoven is owned by blocked persons?",
        'blocked_share("Cinderhoven Metals", ?regime, ?percent)',
    ),
    ("is Cinderhoven Metals blocked in the US?", 'blocked("Cinderhoven Metals", US)'),
    ("are the assets of Ambrellow frozen in Britain?", 'blocked("Ambrellow Holding", UK)'),
    ("does Aurel Quillmere control Kestrelby Media?", 'controlled("Kestrelby Media", "Aurel Quillmere")'),
    ("are we allowed to deal with Ambrellow?", 'barred("Ambrellow Holding", ?regime)'),
    ("who is licensed by OFAC?", "licensed(?party, US)"),
]


@pytest.mark.parametrize(("question", "pattern"), QUESTIONS)
def test_questions_of_its_users_are_understood(question: str, pattern: str) -> None:
    came = here("ask", question, "--format", "json", *KB)
    assert came.returncode in (0, 3), came.stderr
    assert json.loads(came.stdout)["pattern"] == pattern
