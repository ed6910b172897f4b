"""Any rows, in a table or in a facts file, read by either engine: the same inference."""

import csv
import json
from datetime import date
from math import nan
from pathlib import Path
from struct import pack, unpack
from tempfile import TemporaryDirectory

import duckdb
from examples import examples
from hypothesis import example, given
from hypothesis import strategies as st
from short_programs import told

from kzexpert.checks import check
from kzexpert.engines import engine, for_engine
from kzexpert.engines.sql.plan.dialects import CELL_TEXT
from kzexpert.engines.sql.store.printers import PRINTERS
from kzexpert.language import load_knowledge_base
from kzexpert.model import Inference, KnowledgeBase
from kzexpert.program.snapshot import snapshot

#: Words that mean something in SQL, in our plans or to DuckDB: as predicates, arguments, variables and columns.
WORDS = ("select", "from", "table", "where", "group", "null", "a0", "c", "f", "r", "code", "text_", "order", "x0")
NAMES = ("Ruritania", "Borduria", "it's", "select", 'a "b"', "--", "NULL", "0", "1 or 1=1", "größe", "; DROP TABLE r1")
EVENTS, SPANS = "select", "group"
AS_OF = date(2011, 4, 7)

names = st.sampled_from(NAMES)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1, max_size=8)
texts = texts.map(str.strip).filter(bool)  # blanks around a cell say nothing
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**6), 10**6).map(float)
days = st.dates(date(1, 1, 1), date(9999, 12, 31)) | st.dates(date(2009, 1, 1), date(2012, 12, 31))
partial = st.builds(lambda day, length: day.isoformat()[:length], days, st.sampled_from([4, 7, 10]))
certainties = st.integers(1, 1000).map(lambda number: number / 1000)


@st.composite
def spans(draw: st.DrawFn) -> dict[str, object]:
    """A row of an interval."""
    row: dict[str, object] = {"where": draw(names), "a0": draw(texts), "null": draw(numbers)}
    bounds = sorted([draw(days), draw(days)])
    for key, day in zip(("since", "until"), bounds, strict=True):
        if draw(st.booleans()):
            row[key] = day.isoformat()[: draw(st.sampled_from([4, 10]))]
    if draw(st.booleans()):
        row["certainty"] = draw(certainties)
    return row


@st.composite
def events(draw: st.DrawFn) -> dict[str, object]:
    """A row of an event."""
    row = {"from": draw(names), "order": draw(days).isoformat(), "on": draw(partial)}
    return {**row, "note": draw(texts)} if draw(st.booleans()) else row


WORLD = f"""
kinds: [table]
predicates:
  {EVENTS}: {{args: [from: table, order: date], holds: event}}
  {SPANS}: {{args: [where: table, a0: text, "null": number], holds: interval}}
  r: {{args: [f: table, code: text]}}
  union: {{args: [f: table, total: number]}}
  x0: {{args: [f: table]}}
entities:
  {{{", ".join(json.dumps(name, ensure_ascii=False) + ": {kind: table}" for name in NAMES)}}}
sources: {{atlas: {{title: An Atlas, date: 2011-04-07}}}}
rules:
  - {{id: select, when: ["group(?select, ?from, _) @ ?c", "?c > 0.3"], then: "r(?select, ?from)", certainty: 0.9}}
  - {{id: "--", when: ["group(?f, _, _)", "?t = sum(?n for group(?f, ?x, ?n))"], then: "union(?f, ?t)"}}
  - {{id: "'", when: ["select(?f, ?d) within 18 months", "not group(?f, _, 0)"], then: "x0(?f)", certainty: 0.5}}
  - {{id: '"', when: ["select(?f, _)", "select(?f, ?d)", "?d >= 2010-01-01"], then: "x0(?f)", certainty: 0.4}}
"""


def load(folder: Path, facts: str) -> KnowledgeBase:
    (folder / "world.yaml").write_text(WORLD, encoding="utf-8")
    (folder / "facts.yaml").write_text(facts, encoding="utf-8")
    kb = load_knowledge_base([], [folder / "world.yaml", folder / "facts.yaml"])
    assert [issue for issue in check(kb) if issue.severity == "error"] == []
    return kb


def as_facts(rows: dict[str, list[dict[str, object]]]) -> str:
    """A facts file: texts stand in quotes, numbers and dates do not."""

    def value(key: str, item: object) -> str:
        bare = isinstance(item, float) or key in ("since", "until", "on", "order")
        if bare:
            return repr(item) if isinstance(item, float) else str(item)
        return '"' + "".join(f"\\U{ord(character):08x}" for character in str(item)) + '"'

    def written(row: dict[str, object]) -> str:
        return "{" + ", ".join(f'"{key}": {value(key, item)}' for key, item in row.items()) + "}"

    return "source: atlas\nfacts:\n" + "".join(
        f"  {predicate}: [{', '.join(map(written, found))}]\n" for predicate, found in rows.items()
    )


def as_table(folder: Path, predicate: str, columns: list[str], rows: list[dict[str, object]], ending: str) -> str:
    """A table whose columns bear any names, and its declaration."""
    headings = dict(zip(columns, WORDS, strict=False))
    path = folder / f"{predicate}.{ending}"
    cells = [["" if row.get(key) is None else row[key] for key in columns] for row in rows]
    if ending == "csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([list(headings.values()), *cells])
    else:
        types = {"null": "DOUBLE", "certainty": "DOUBLE"}
        shape = ", ".join(f'"{headings[key]}" {types.get(key, "TEXT")}' for key in columns)
        with duckdb.connect() as connection:
            connection.execute(f"CREATE TABLE t ({shape})")
            for row in rows:
                marks = ", ".join("?" * len(columns))
                connection.execute(f"INSERT INTO t VALUES ({marks})", [row.get(key) for key in columns])
            connection.execute(f"COPY t TO '{path}' (FORMAT parquet)")
    named = ", ".join(f'"{key}": "{heading}"' for key, heading in headings.items())
    return f"  - {{file: {path.name}, predicate: {predicate}, columns: {{{named}}}, source: atlas}}\n"


def plain(inference: Inference) -> object:
    """What an inference says, and the rows behind it, but for where they stand."""
    rows = {
        (relation, args): [
            (str(r.since), str(r.until), str(r.on), r.certainty, str(r.source), r.note) for r in base.rows
        ]
        for relation, known in inference.program.base.items()
        for args, base in known.items()
    }
    return told(inference), rows


@examples(20)
@given(
    spans=st.lists(spans(), max_size=6),
    events=st.lists(events(), max_size=5),
    ending=st.sampled_from(["csv", "parquet"]),
)
def test_a_table_says_what_a_facts_file_says(
    spans: list[dict[str, object]], events: list[dict[str, object]], ending: str
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        expected = plain(
            engine("experta").infer(snapshot(load(folder, as_facts({SPANS: spans, EVENTS: events})), AS_OF))
        )
        tables = "tables:\n" + as_table(
            folder, SPANS, ["where", "a0", "null", "since", "until", "certainty"], spans, ending
        )
        tables += as_table(folder, EVENTS, ["from", "order", "on", "note"], events, ending)
        kb = load(folder, tables)
        for engine_ in ("duckdb", "experta"):
            assert plain(engine(engine_).infer(snapshot(for_engine(kb, engine_), AS_OF))) == expected


def as_float(number: float) -> float:
    """The nearest number that a FLOAT holds."""
    found: float = unpack("<f", pack("<f", number))[0]
    return found


#: Numbers as they come from measures, and any others; whole ones lie just between floats, or are as near to two texts.
doubles = st.floats() | st.integers(-(10**12), 10**12).map(lambda n: n / 1000) | st.integers(-(2**70), 2**70).map(float)
floats = (
    st.floats(width=32)
    | st.builds(lambda n, power: as_float(n * 10.0**power), st.integers(-(10**9), 10**9), st.integers(-12, 9))
    | st.builds(lambda n, power: n * 2.0**power, st.integers(-(2**24), 2**24), st.integers(-20, 20))
)


@examples(300)
@given(doubles, floats, st.binary())
@example(-0.0, 128.953125, b"\x00\xff ab'\"<\\\n")
@example(1e15, 15125440512.0, b"")
@example(1e16, 431011616.0, "é".encode())
@example(1e-5, 2.0**-149, b"")
@example(5e-324, 2.0**-126, b"")
@example(-nan, -nan, b"")
@example(123456789012345678.0, as_float(0.1), b"")
def test_executors_print_cells_as_duckdb_does(double: float, single: float, blob: bytes) -> None:
    texts = "SELECT CAST(? AS DOUBLE)::VARCHAR, CAST(? AS FLOAT)::VARCHAR, CAST(? AS BLOB)::VARCHAR"
    (printed,) = duckdb.execute(texts, [double, single, blob]).fetchall()
    cells = {"DOUBLE": double, "FLOAT": single, "BLOB": blob}
    assert printed == tuple(PRINTERS[CELL_TEXT[kind]](cell) for kind, cell in cells.items())
