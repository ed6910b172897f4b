"""Tables in the shapes that publishers use: a declaration alone reads them, and every engine reads the same."""

from pathlib import Path

import pytest
from available import ready
from click.testing import CliRunner
from published_shapes import SHAPES, Shape, facts_of, opened, same_on, text

from kzexpert.cli.group import cli
from kzexpert.engines import table_issues

#: Spark takes its time: some of each way in.
_ON_SPARK = (
    "events.zip",
    "german_excel.csv",
    "moments.csv",
    "parts_of_dates.csv",
    "wide.parquet",
    "three_formats.csv",
    "choices.csv",
)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_a_declaration_alone_reads_it(tmp_path: Path, shape: Shape) -> None:
    assert facts_of(opened(tmp_path, shape)) == shape.facts


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_engines_conclude_the_same(tmp_path: Path, shape: Shape) -> None:
    same_on(opened(tmp_path, shape), ["experta", "duckdb"])


@pytest.mark.spark
@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape.name in _ON_SPARK], ids=lambda shape: shape.name)
def test_spark_concludes_the_same(tmp_path: Path, shape: Shape) -> None:
    ready("spark")
    same_on(opened(tmp_path, shape), ["duckdb", "spark"])


@pytest.mark.parametrize(("until", "hint"), [("tie.untill", "did you mean until?"), ("tie.until", ""), ("tie.end", "")])
def test_a_path_that_is_misspelt_and_may_be_missing(tmp_path: Path, until: str, hint: str) -> None:
    record = '{"state": "RUR", "org": "Pact", "tie": {"since": 2009, "until": 2010}}'
    declared = f"predicate: member, columns: {{state: state, org: org, since: tie.since, until: {until}}}"
    issues = table_issues(opened(tmp_path, Shape("t.jsonl", text(record), declared, set())))
    assert [(issue.code, issue.severity, issue.hint) for issue in issues] == ([("KZ126", "warning", hint)] * bool(hint))


@pytest.mark.parametrize("name", ["experta", "duckdb"])
def test_a_where_that_fits_no_row_warns_on_every_command(tmp_path: Path, name: str) -> None:
    declared = "predicate: listed, where: {id: 2}, columns: {id: id, name: name}"
    opened(tmp_path, Shape("t.csv", text("id,name\n1,a\n"), declared, set()))
    for folder, file in (("rules", "world.yaml"), ("facts", "tables.yaml"), ("facts", "t.csv")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / file).rename(tmp_path / folder / file)
    asked = ["ask", "listed(?id, ?name)", "--engine", name, "--kb", str(tmp_path)]
    assert "KZ126 no row of t.csv is chosen by where" in CliRunner().invoke(cli, asked).stderr
