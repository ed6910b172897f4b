"""Files of publishers that lie beside the project, where they do: each loads by a declaration alone."""

from pathlib import Path
from typing import Any

import pytest
from published_shapes import facts_of

from kzexpert.checks import check
from kzexpert.language import load_knowledge_base

FILES = Path(__file__).parents[2] / ".." / "shared" / "cases" / "published"
WORLD = """
kinds: [state, org]
predicates:
  event: {args: [actor: state, other: state, code: text], holds: event}
  gdp: {args: [state: state, dollars: number], holds: interval}
  riot: {args: [id: text, agency: text, dead: number], holds: event}
  paid: {args: [payer: state, payee: state, amount: number, n: number], holds: event}
  owns: {args: [owner: text, asset: text, percent: number], holds: interval}
  listed: {args: [id: text, name: text, programme: text]}
  deal: {args: [buyer: state, seller: state, number: number], holds: event}
  delivered: {args: [id: text], holds: event}
  member: {args: [state: state, org: org], holds: interval}
entities:
  Kazakhstan: {kind: state, aliases: [KAZ]}
  Russia: {kind: state, aliases: [RUS]}
  France: {kind: state}
  Türkiye: {kind: state}
  United States of America: {kind: state}
  NATO: {kind: org}
sources: {s: {title: S, date: 2024-01-01}}
"""
_EVENTS = (
    'predicate: event, delimiter: tab, header: false, dates: "%Y%m%d", '
    'where: {c6: {not: ""}}, columns: {actor: c6, other: c16, code: c27, "on": c2}'
)
_REGISTER = "skip: 11, encoding: cp1252, strip: ()"
#: File, declaration, facts: arguments, and since, until and on.
DECLARED: list[tuple[str, str, set[tuple[Any, ...]]]] = [
    *(
        (
            name,
            _EVENTS,
            {
                ("Russia", "Kazakhstan", "042", None, None, "2023-01-05"),
                ("Kazakhstan", "Russia", "0331", None, None, "2023-01-06"),
            },
        )
        for name in ("20230106001500.export.CSV", "20230106001500.export.CSV.zip")
    ),
    (
        "API_NY.GDP.MKTP.CD_DS2_en_csv_v2_6011335.csv",
        'predicate: gdp, skip: 4, unpivot: {columns: "1960..2022", name: year, value: dollars}, '
        "where: {Country Code: KAZ}, columns: {state: Country Code, dollars: dollars, since: year, until: year}",
        {
            ("Kazakhstan", 115308661142.927, "2009", "2009", None),
            ("Kazakhstan", 148047348240.643, "2010", "2010", None),
        },
    ),
    (
        "acled_semicolon.csv",
        'predicate: riot, delimiter: ";", split: {source: ";"}, '
        'columns: {id: event_id_cnty, agency: source, dead: fatalities, note: notes, "on": event_date}',
        {
            ("KAZ101", "Agency A", 10.0, None, None, "2022-01-05"),
            ("KAZ101", "Agency B", 10.0, None, None, "2022-01-05"),
            ("KAZ102", "Agency C", 1.0, None, None, "2022-01-06"),
        },
    ),
    (
        "dups.csv",
        'predicate: paid, columns: {payer: From, payee: To, amount: Amount, n: {row: true}, "on": Date}',
        {
            ("France", "Kazakhstan", amount, number, None, None, day)
            for number, amount, day in (
                (1.0, 5.0, "2012-01-31"),
                (2.0, 5.0, "2012-01-31"),
                (3.0, 5.0, "2012-02-28"),
                (4.0, 7.0, "2012-02-28"),
            )
        },
    ),
    (
        "excel_de_1252.csv",
        'predicate: paid, encoding: cp1252, delimiter: ";", decimal: ",", dates: "%d/%m/%Y", '
        'columns: {payer: Von, payee: Nach, amount: Betrag, n: {row: true}, "on": Datum}',
        {
            ("Türkiye", "Kazakhstan", 1234.5, 1.0, None, None, "2012-01-31"),
            ("France", "Kazakhstan", 98.75, 2.0, None, None, "2012-02-01"),
        },
    ),
    (
        "entities.ftm.json",
        "predicate: owns, where: {schema: Ownership}, columns: {owner: properties.owner, asset: properties.asset, "
        'percent: "properties.percentage[0]", since: "properties.startDate[0]", until: "properties.endDate[0]"}',
        {("x-2674", "gl-1", 51.0, "2019-03", None, None)},
    ),
    (
        "sdn.csv",
        'predicate: listed, header: false, null: "-0-", split: {c4: "] ["}, columns: {id: c1, name: c2, programme: c4}',
        {
            ("36", "EXAMPLE AIRLINES", "LANDA", None, None, None),
            ("2674", "DOE, Jon", "PROG1", None, None, None),
            ("173", "EXAMPLE TRADING CO., LTD.", "LANDA", None, None, None),
            ("173", "EXAMPLE TRADING CO., LTD.", "LANDB", None, None, None),
        },
    ),
    (
        "trade-register.csv",
        f'predicate: deal, {_REGISTER}, "null": "..", where: {{Number ordered: {{not: ""}}}}, '
        'columns: {buyer: Recipient, seller: Supplier, number: Number ordered, "on": Year of order}',
        {
            ("Kazakhstan", "Russia", 12.0, None, None, "2015"),
            ("Kazakhstan", "Türkiye", 3.0, None, None, "2021"),
        },
    ),
    (
        "trade-register.csv",
        f'predicate: delivered, {_REGISTER}, split: {{Year(s) of delivery: ";"}}, '
        'columns: {id: Deal ID, "on": Year(s) of delivery}',
        {
            (deal, None, None, year)
            for deal, year in (("101", "2015"), ("101", "2016"), ("101", "2017"), ("102", "2022"), ("103", "2010"))
        },
    ),
    (
        "wikidata_query.csv",
        "predicate: member, columns: {state: stateLabel, org: orgLabel, since: start, until: end}",
        {
            ("United States of America", "NATO", "1949-04-04", None, None),
            ("France", "NATO", "1949-08-24", None, None),
        },
    ),
]


@pytest.mark.skipif(not FILES.is_dir(), reason="the files do not lie beside the project")
@pytest.mark.parametrize(("name", "declared", "facts"), DECLARED, ids=[f"{n}-{d[0]}" for n, d in enumerate(DECLARED)])
def test_it_loads_by_a_declaration_alone(tmp_path: Path, name: str, declared: str, facts: set[tuple[Any, ...]]) -> None:
    (tmp_path / "world.yaml").write_text(WORLD, encoding="utf-8")
    path = (FILES / name).resolve()
    (tmp_path / "t.yaml").write_text(f"tables:\n  - {{file: {path}, {declared}, source: s}}\n", encoding="utf-8")
    kb = load_knowledge_base([], [tmp_path / "world.yaml", tmp_path / "t.yaml"])
    assert [issue for issue in check(kb) if issue.severity == "error"] == []
    assert facts_of(kb) == facts
