"""Small files in the shapes that publishers use, the declarations that read them, and the facts that these are."""

import gzip
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple
from unicodedata import normalize

import duckdb
from short_programs import told
from workbooks import workbook

from kzexpert.checks import check
from kzexpert.engines import engine, for_engine, table_issues
from kzexpert.engines.registry import with_rows
from kzexpert.language import load_knowledge_base, parse_partial_date
from kzexpert.model import Fact, KnowledgeBase
from kzexpert.program.snapshot import snapshot

__all__ = ["SHAPES", "Shape", "facts_of", "opened", "same_on"]

WORLD = """
kinds: [state, org]
predicates:
  paid: {args: [payer: state, payee: state, amount: number], holds: event}
  member: {args: [state: state, org: org], holds: interval}
  gdp: {args: [state: state, worth: number], holds: interval}
  owns: {args: [owner: text, asset: text, percent: number], holds: interval}
  listed: {args: [id: text, name: text]}
  founded: {args: [org: org, day: date]}
  event: {args: [id: number, actor: state, other: state], holds: event}
  rich: {args: [state: state, worth: number]}
entities:
  Ruritania: {kind: state, aliases: [RUR, "200"]}
  Borduria: {kind: state, aliases: [BOR, "201"]}
  Größe: {kind: state}
  Pact: {kind: org}
  League: {kind: org}
sources: {atlas: {title: An Atlas, date: 2011}}
rules:
  - {id: rich, when: ["gdp(?s, ?w)", "?w > 10"], then: "rich(?s, ?w)", source: atlas}
  - {id: paid, when: ["paid(_, ?s, ?w)"], then: "rich(?s, ?w)", source: atlas}
"""


class Shape(NamedTuple):
    """A file, and what it says.

    Attributes:
        facts: arguments, and since, until and on where they are said.
    """

    name: str
    make: Callable[[Path], object]
    declared: str
    facts: set[tuple[Any, ...]]


def text(content: str, encoding: str = "utf-8") -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content.encode(encoding))


def zipped(name: str, content: str) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)

    return make


def parquet(query: str) -> Callable[[Path], object]:
    return lambda path: duckdb.sql(f"COPY ({query}) TO '{path}' (FORMAT parquet)")


def packed(content: str) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(gzip.compress(content.encode()))


PAID = "predicate: paid, columns: {payer: from, payee: to, amount: worth, 'on': day}"

SHAPES = [
    Shape(
        "events.zip",
        zipped("20230106.export.CSV", "1\t20230105\tRUR\t\tBOR\n2\t20230106\t\t\tBOR\n3\t20230107\tBOR\t\tRUR\n"),
        "predicate: event, delimiter: tab, header: false, dates: '%Y%m%d', where: {c3: {not: ''}}, "
        "columns: {id: c1, actor: c3, other: c5, 'on': c2}",
        {
            (1.0, "Ruritania", "Borduria", None, None, "2023-01-05"),
            (3.0, "Borduria", "Ruritania", None, None, "2023-01-07"),
        },
    ),
    Shape(
        "years_as_columns.csv",
        text(
            '"Data Source","Indicators",\n\n"Last Updated","2023-12-18",\n\n"Name","Code","2009","2010",\n'
            '"Ruritania","RUR","11.5","12",\n"Borduria","BOR","","20",\n',
            "utf-8-sig",
        ),
        "predicate: gdp, skip: 4, unpivot: {columns: '1960..2022', name: year, value: worth}, "
        "columns: {state: Code, worth: worth, since: year, until: year}",
        {
            ("Ruritania", 11.5, "2009", "2009", None),
            ("Ruritania", 12.0, "2010", "2010", None),
            ("Borduria", 20.0, "2010", "2010", None),
        },
    ),
    Shape(
        "semicolons_and_line_breaks.csv",
        text(
            'from;to;worth;day;note\nRUR;BOR;10;2010-01-05;"a line\nand ""another"""\nBOR;RUR;1;2010-01-06;\n',
            "utf-8-sig",
        ),
        f'{PAID}, delimiter: ";"',
        {
            ("Ruritania", "Borduria", 10.0, None, None, "2010-01-05"),
            ("Borduria", "Ruritania", 1.0, None, None, "2010-01-06"),
        },
    ),
    Shape(
        "german_excel.csv",
        text("from;to;worth;day\r\nGröße;RUR;1.234,5;31/01/2010\r\nBOR;RUR;98,75;1/2/2010\r\n", "cp1252"),
        f"{PAID}, delimiter: ';', encoding: windows-1252, decimal: ',', dates: '%d/%m/%Y'",
        {
            ("Größe", "Ruritania", 1234.5, None, None, "2010-01-31"),
            ("Borduria", "Ruritania", 98.75, None, None, "2010-02-01"),
        },
    ),
    Shape(
        "list_without_header.csv",
        text('36,"ACME, LTD.",-0- ,"A] [B"\n37,"OTHER",-0- ,"-0- "\n\x1a'),
        "predicate: listed, header: [id, title, type, programmes], null: '-0-', split: {programmes: ']'}, "
        "strip: {programmes: '[]'}, where: {programmes: {not: ''}}, columns: {id: id, name: programmes}",
        {("36", "A", None, None, None), ("36", "B", None, None, None)},
    ),
    Shape(
        "register.csv",
        text(
            "A register\n\nMade today\nId,Buyer,Seller,Year,Number\n1,RUR,Größe,(2009),(3)\n2,BOR,RUR,2010,..\n",
            "latin-1",
        ),
        "predicate: paid, skip: 3, encoding: latin-1, strip: '()', null: [.., NA], where: {Number: {not: ''}}, "
        "columns: {payer: Buyer, payee: Seller, amount: Number, 'on': Year}",
        {("Ruritania", "Größe", 3.0, None, None, "2009")},
    ),
    Shape(
        "moments.csv",
        text(
            "who,what,start\r\nRuritania,Pact,1949-04-04T00:00:00Z\r\nBorduria,Pact,2009-12-31T22:00:00-05:00\r\n"
            "RUR,League,2010-01-01 00:30:00+01:00\r\nBOR,League,2010-03\r\n"
        ),
        "predicate: member, columns: {state: who, org: what, since: start}",
        {
            ("Ruritania", "Pact", "1949-04-04", None, None),
            ("Borduria", "Pact", "2010-01-01", None, None),
            ("Ruritania", "League", "2009-12-31", None, None),
            ("Borduria", "League", "2010-03", None, None),
        },
    ),
    Shape(
        "ownership.ftm.json",
        text(
            '{"id": "p1", "schema": "Person", "properties": {"name": ["DOE, Jon", "Jon"]}}\n'
            '{"id": "o1", "schema": "Ownership", "properties": {"owner": ["p1"], "asset": ["c1"], '
            '"percentage": ["51.0"], "startDate": ["2009-03"]}}\n'
            '{"id": "o2", "schema": "Ownership", "properties": {"owner": ["p1", "p2"], '
            '"asset": ["c2"], "percentage": ["20"]}}\n'
        ),
        "predicate: owns, where: {schema: Ownership}, columns: {owner: properties.owner, asset: properties.asset, "
        "percent: 'properties.percentage[0]', since: 'properties.startDate[0]', until: 'properties.endDate[0]'}",
        {
            ("p1", "c1", 51.0, "2009-03", None, None),
            ("p1", "c2", 20.0, None, None, None),
            ("p2", "c2", 20.0, None, None, None),
        },
    ),
    Shape(
        "nested.json",
        text(
            '{"meta": 1, "companies": [{"id": "c1", "owners": '
            '[{"name": "a", "share": 51}, {"name": "b", "share": 9.5}, {"name": "c", "share": 1}]}]}'
        ),
        "predicate: owns, records: companies, where: {owners.share: {'>=': 5}}, "
        "columns: {owner: owners.name, asset: id, percent: owners.share}",
        {("a", "c1", 51.0, None, None, None), ("b", "c1", 9.5, None, None, None)},
    ),
    Shape(
        "book.xlsx",
        lambda path: workbook(
            path,
            About=[["Made today"]],
            Data=[["Payments"], ["from", "to", "worth", "day"], ["RUR", "BOR", 3.0, date(2010, 3, 1)]],
        ),
        f"{PAID}, skip: 1",
        {("Ruritania", "Borduria", 3.0, None, None, "2010-03-01")},
    ),
    Shape(
        "unicode_text.txt",
        text("from\tto\tworth\tday\r\nGröße\tBOR\t3\t2010\r\n", "utf-16"),
        f"{PAID}, delimiter: tab",
        {("Größe", "Borduria", 3.0, None, None, "2010")},
    ),
    Shape(
        "unicode_text.csv",
        text("from,to,worth,day\r\nGröße,BOR,3,2010\r\n", "utf-16"),
        PAID,
        {("Größe", "Borduria", 3.0, None, None, "2010")},
    ),
    Shape(
        "parts_of_dates.csv",
        text("who,y1,m1,d1,y2\n200,1994,5,3,-9\n201,1995,0,,2011\nRUR,1996.0,12,0,2012\n"),
        "predicate: member, null: [NA, -9], columns: {state: who, org: {value: Pact}, "
        "since: {year: y1, month: m1, day: d1}, until: {year: y2}}",
        {
            ("Ruritania", "Pact", "1994-05-03", None, None),
            ("Borduria", "Pact", "1995", "2011", None),
            ("Ruritania", "Pact", "1996-12", "2012", None),
        },
    ),
    Shape(
        "column_per_organisation.csv",
        text("ccode,state,year,Pact,League,Zzz\n200,Ruritania,2009,1,0,1\n201,Borduria,2010,-9,1,1\n"),
        "predicate: member, null: -9, where: {joined: 1, year: {'>': 2009}}, "
        "unpivot: {columns: [Pact, League], name: org, value: joined}, "
        "columns: {state: ccode, org: org, since: year, until: year}",
        {("Borduria", "League", "2010", "2010", None)},
    ),
    Shape(
        "stored.parquet",
        parquet(
            "SELECT * FROM (VALUES ('RUR', 'BOR', 1.5::DOUBLE, TIMESTAMP '2010-01-05 23:00:00'), "
            "('BOR', 'RUR', -9::DOUBLE, TIMESTAMP '2010-01-06')) t(\"from\", \"to\", worth, day)"
        ),
        f"{PAID}, null: -9, where: {{worth: {{not: ''}}}}",
        {("Ruritania", "Borduria", 1.5, None, None, "2010-01-05")},
    ),
    Shape(
        "wide.parquet",
        parquet("SELECT 'RUR' AS code, 11.5 AS \"2009\", 12 AS \"2010\" UNION ALL SELECT 'BOR', NULL, 20"),
        "predicate: gdp, unpivot: {columns: '2000..2010', name: year, value: worth}, "
        "columns: {state: code, worth: worth, since: year}",
        {
            ("Ruritania", 11.5, "2009", None, None),
            ("Ruritania", 12.0, "2010", None, None),
            ("Borduria", 20.0, "2010", None, None),
        },
    ),
    Shape(
        "piped.csv.gz",
        packed("from|to|worth|day\nRUR|BOR|1|5 Jan 2010\nBOR|RUR|2|31 december 2010\n"),
        f"{PAID}, delimiter: '|', dates: ['%d %b %Y']",
        {
            ("Ruritania", "Borduria", 1.0, None, None, "2010-01-05"),
            ("Borduria", "Ruritania", 2.0, None, None, "2010-12-31"),
        },
    ),
    Shape(
        "three_formats.csv",
        text("from,to,worth,day\nRUR,BOR,1 234.50,01/31/09\nRUR,BOR,5%,2/2010\nRUR,BOR,$2,2010-02-03\n"),
        f"{PAID}, decimal: '.', strip: {{worth: '$%'}}, dates: {{day: ['%m/%d/%y', '%m/%Y']}}",
        {
            ("Ruritania", "Borduria", 1234.5, None, None, "2009-01-31"),
            ("Ruritania", "Borduria", 5.0, None, None, "2010-02"),
            ("Ruritania", "Borduria", 2.0, None, None, "2010-02-03"),
        },
    ),
    Shape(
        "lists_in_cells.tsv",
        text("state\torgs\tyear\nRUR\tPact; League;\t2009\nBOR\tPact\t2010\n"),
        "predicate: member, split: {orgs: ';'}, columns: {state: state, org: orgs, since: year}",
        {
            ("Ruritania", "Pact", "2009", None, None),
            ("Ruritania", "League", "2009", None, None),
            ("Borduria", "Pact", "2010", None, None),
        },
    ),
    Shape(
        "days.csv",
        text("org,day\n Pact ,4.4.1949\nLeague,10.1.1920\n"),
        "predicate: founded, dates: '%d.%m.%Y', columns: {org: org, day: day}",
        {("Pact", "1949-04-04", None, None, None), ("League", "1920-01-10", None, None, None)},
    ),
    Shape(
        "accents_apart.csv",
        text(normalize("NFD", "state,org,year\nGröße,Pact,2009\n")),
        "predicate: member, columns: {state: state, org: org, since: year}",
        {("Größe", "Pact", "2009", None, None)},
    ),
    Shape(
        "choices.csv",
        text("id,name,kind,day\n1,a,x,2009-05-01\n2,b,y,2010\n3,c,z,2010-06-01\n4,d,,2011\n5,e,x,soon\n"),
        "predicate: listed, where: {kind: {not: [y]}, day: {'>=': 2010, '<': 2011-01-01}}, "
        "columns: {id: id, name: name}",
        {("3", "c", None, None, None)},
    ),
]


def opened(folder: Path, shape: Shape, more: str = "") -> KnowledgeBase:
    """The world with the table of a shape."""
    path = folder / shape.name
    shape.make(path)
    name = f"{shape.name}#Data" if shape.name.endswith(".xlsx") else shape.name
    (folder / "world.yaml").write_text(WORLD, encoding="utf-8")
    (folder / "tables.yaml").write_text(
        f"tables:\n  - {{file: '{name}', {shape.declared}, source: atlas{more}}}\n", encoding="utf-8"
    )
    kb = load_knowledge_base([], [folder / "world.yaml", folder / "tables.yaml"])
    assert [issue for issue in check(kb) if issue.severity == "error"] == []
    return kb


def facts_of(kb: KnowledgeBase) -> set[tuple[Any, ...]]:
    """All rows of its tables as facts, whatever the day."""
    assert table_issues(kb) == []
    return {_row(fact) for fact in with_rows(kb).facts}


def _row(fact: Fact) -> tuple[Any, ...]:
    values = [value.isoformat() if hasattr(value, "isoformat") else value for value in fact.arguments.values()]
    return (*values, *(day.text if day else None for day in (fact.since, fact.until, fact.on)))


def same_on(kb: KnowledgeBase, names: Sequence[str]) -> None:
    """Make sure that engines conclude the same, and cite the same rows."""
    found = []
    for name in names:
        inference = engine(name).infer(snapshot(for_engine(kb, name), parse_partial_date("2010").last))
        base = inference.program.base
        rows = {
            (*args, str(row.since), str(row.until), str(row.on), Path(row.location.file).name, row.location.row)
            for known in base.values()
            for args, fact in known.items()
            for row in fact.rows
        }
        found.append((told(inference), rows))
    assert all(item == found[0] for item in found)
