"""The base of owners and blocked persons that ships: its cases on both engines, `infer`, the questions of its users."""

import csv
import io
import json

import pytest
from processes import CHECKOUT, here

KB = ("--kb", str(CHECKOUT / "bases" / "ownership"))


def test_check_finds_nothing() -> None:
    came = here("check", *KB)
    assert (came.returncode, came.stdout) == (0, "0 errors, 0 warnings\n")


def test_the_cases_pass_and_try_every_rule() -> None:
    came = here("test", "--coverage", *KB)
    assert came.returncode == 0, came.stdout
    assert "no case" not in came.stdout


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
        "Amberline Holding": "EU UK US",
        "Aurel Sandoz-Pike": "EU UK US",
        "Birchgate Shipping": "EU US",
        "Cinderford Metals": "US",
        "Corvin Tallow": "UK US",
        "Juniper Textiles": "UK",
    }


def test_a_trace_of_a_sum_holds(tmp_path: object) -> None:
    file = f"{tmp_path}/trace.json"
    made = here("trace", "export", 'blocked("Cinderford Metals", US)', "--output", file, *KB)
    assert made.returncode == 0, made.stderr
    came = here("trace", "verify", file, *KB)
    assert came.returncode == 0, came.stdout + came.stderr


QUESTIONS = [
    ("who is blocked?", "blocked(?party, ?regime)"),
    ("is Birchgate blocked?", 'blocked("Birchgate Shipping", ?regime)'),
    ("Is Birchgate Shipping blocked under US law?", 'blocked("Birchgate Shipping", US)'),
    ("is Cinderford Metals sanctioned?", 'blocked("Cinderford Metals", ?regime)'),
    ("who is blocked by the EU?", "blocked(?party, EU)"),
    ("which companies are owned by blocked persons?", "blocked(?party, ?regime)"),
    ("which rules block Cinderford?", 'blocked("Cinderford Metals", ?regime)'),
    ("does the 50 percent rule apply to Birchgate?", 'blocked("Birchgate Shipping", ?regime)'),
    ("who owns Cinderford?", 'owns(?owner, "Cinderford Metals", ?percent)'),
    ("how much of Cinderford does Corvin Tallow own?", 'owns("Corvin Tallow", "Cinderford Metals", ?percent)'),
    ("what does Aurel Sandoz-Pike own?", 'owns("Aurel Sandoz-Pike", ?company, ?percent)'),
    ("is Juniper owned by Aurel Sandoz-Pike?", 'owns("Aurel Sandoz-Pike", "Juniper Textiles", ?percent)'),
    ("who are the shareholders of Kestrel?", 'owns(?owner, "Kestrel Media", ?percent)'),
    ("who controls Elmhollow?", 'controlled("Elmhollow Energy", ?person)'),
    ("whom does Corvin Tallow control?", 'controlled(?company, "Corvin Tallow")'),
    ("which companies need a closer look?", "doubtful(?party, ?regime)"),
    ("may Dunmarsh be controlled by blocked persons?", 'doubtful("Dunmarsh Bank", ?regime)'),
    ("may we deal with Birchgate?", 'barred("Birchgate Shipping", ?regime)'),
    ("with whom are dealings barred by the US?", "barred(?party, US)"),
    ("who is listed by the UK?", "listed(?party, UK)"),
    ("is Corvin Tallow still listed?", 'listed("Corvin Tallow", ?regime)'),
    ("who holds the majority of Amberline?", 'majority(?owner, "Amberline Holding")'),
    ("who is a director of Elmhollow?", 'director(?person, "Elmhollow Energy")'),
    ("who is licensed by OFAC?", "licensed(?party, US)"),
]


@pytest.mark.parametrize(("question", "pattern"), QUESTIONS)
def test_questions_of_its_users_are_understood(question: str, pattern: str) -> None:
    came = here("ask", question, "--format", "json", *KB)
    assert came.returncode == 0, came.stderr
    assert json.loads(came.stdout)["pattern"] == pattern
