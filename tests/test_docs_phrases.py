"""The table "How to say it" of docs/language.md: every row is a rule that finds what the row says."""

import re
from datetime import date
from pathlib import Path

import pytest
import yaml

from kzexpert.engines import engine
from kzexpert.language import load_knowledge_base
from kzexpert.program.snapshot import snapshot

PAGE = (Path(__file__).parents[1] / "docs" / "language.md").read_text(encoding="utf-8")
SECTION = PAGE[PAGE.index("## How to say it") : PAGE.index("## Questions")]
ROWS = re.findall(r"^\| ([^|`]+) \| (`.+`) \| ([^|`]+) \|$", SECTION, re.MULTILINE)
AS_OF = date(2010, 11, 30)
FACTS = re.search(r"^```yaml file=\S+\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)


def test_the_table_says_all_that_users_asked_for():
    asked = (
        "exists, every, or, not both, exception, arg-max, count over a condition, average, days between, "
        "age in whole years, adult on a date, expiry within 30 days, prefix of a code, one of a list, larger of two, "
        "rounding, weighted sum, two conclusions"
    )
    assert [name.partition(":")[0] for name, _, _ in ROWS] == asked.split(", ")


@pytest.mark.parametrize("name", ["experta", "experta-stock"])
@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_row_finds_what_it_says(row, name, tmp_path):
    assert FACTS is not None
    _, written, wanted = row
    rule = {"id": "row", "when": [], "then": "found(?x)"}
    for text in re.findall(r"`([^`]+)`", written):
        block = yaml.safe_load(text) if re.match(r"(either|not|unless|then):", text) else text
        key = next(iter(block)) if isinstance(block, dict) else ""
        if key in ("unless", "then"):
            rule[key] = block[key]
        else:
            rule["when"].append(block)
    (tmp_path / "rules").mkdir()
    (tmp_path / "facts").mkdir()
    (tmp_path / "rules" / "firms.yaml").write_text(FACTS[1], encoding="utf-8")
    (tmp_path / "rules" / "row.yaml").write_text(yaml.safe_dump({"rules": [rule]}), encoding="utf-8")
    kb = load_knowledge_base([tmp_path])
    inference = engine(name).infer(snapshot(kb, AS_OF))
    assert ", ".join(sorted(args[0] for args in inference.certainties["found"])) == wanted
