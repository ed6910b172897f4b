"""``kzexpert add``: what a data file looks like, and the declaration that reads it."""

import json
from datetime import date
from pathlib import Path
from zipfile import ZipFile

import duckdb
import pytest
import yaml
from click.testing import CliRunner
from openpyxl import Workbook
from processes import Came, here

from kzexpert.authoring.scaffold import scaffold, write_scaffold
from kzexpert.authoring.table import propose_table
from kzexpert.cli.group import cli
from kzexpert.errors import UsageError
from kzexpert.language import load_knowledge_base

MEMBERS = "State,Organisation,Joined,Left\nRuritania,Strelsau Pact,2011,\nBorduria,Strelsau Pact,2012-02,2013\n"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A new base that uses the shipped one, with a folder for data."""
    folder = tmp_path / "mongolia"
    write_scaffold(scaffold(str(folder), ["kzexpert"]))
    (folder / "data").mkdir()
    return folder


def put(base: Path, name: str, text: str, encoding: str = "utf-8") -> str:
    (base / "data" / name).write_bytes(text.encode(encoding))
    return f"data/{name}"


def add(base: Path, *arguments: str, code: int = 0) -> Came:
    came = here("add", *arguments, cwd=base)
    assert came.returncode == code, came.stdout + came.stderr
    return came


def told(came: Came) -> str:
    return " ".join((came.stdout + came.stderr).split())


# --- what is proposed ------------------------------------------------------------------------------------------------

#: name, encoding, text, what is given → the declaration.
FILES = {
    "comma": (
        ("members.csv", "utf-8", MEMBERS, {}),
        {"columns": {"state": "State", "org": "Organisation", "since": "Joined", "until": "Left"}},
    ),
    "semicolons, a code page, German numbers and days": (
        (
            "loans.csv",
            "cp1252",
            "Geber;Land;Millionen;Von\nBorduria;Ruritania;1.234,5;31/01/2012\nZubrowka-Süd;Ruritania;98,75;01/02/2012\n",
            {"predicate": "lends", "columns": {"lender": "Geber", "state": "Land", "since": "Von"}},
        ),
        {
            "columns": {"lender": "Geber", "state": "Land", "millions": "Millionen", "since": "Von"},
            "encoding": "cp1252",
            "delimiter": ";",
            "dates": "%d/%m/%Y",
            "decimal": ",",
        },
    ),
    "lines above the header, and words for nothing": (
        (
            "register.csv",
            "utf-8",
            "A register of members\n\nstate,org,start,end\nRuritania,Strelsau Pact,2011,NA\n"
            "Borduria,Strelsau Pact,NA,-9\nBorduria,Strelsau Pact,2012,2013\n",
            {},
        ),
        {
            "columns": {"state": "state", "org": "org", "since": "start", "until": "end"},
            "skip": "2",
            "null": ["", "NA", "-9"],
        },
    ),
    "no header": (
        (
            "pairs.tsv",
            "utf-8",
            "Ruritania\tStrelsau Pact\t2011\nBorduria\tStrelsau Pact\t2012\n",
            {"predicate": "member"},
        ),
        {"columns": {"state": "c1", "org": "c2"}, "header": "false"},
    ),
    "one value for all rows": (
        ("pact.csv", "utf-8", "name\nRuritania\n", {"predicate": "member", "fixed": {"org": "Strelsau Pact"}}),
        {"columns": {"state": "name", "org": {"value": "Strelsau Pact"}}},
    ),
    "addresses beside labels": (
        (
            "query.csv",
            "utf-8",
            "state,stateLabel,org,orgLabel,start\nhttp://e.org/Q1,Ruritania,http://e.org/Q2,Strelsau Pact,"
            "1949-04-04T00:00:00Z\n",
            {},
        ),
        {"columns": {"state": "stateLabel", "org": "orgLabel", "since": "start"}},
    ),
    "years as columns": (
        (
            "lent.csv",
            "utf-8",
            "state,to whom,2009,2010,2011\nRuritania,Borduria,1.5,2,..\n",
            {"predicate": "lends", "columns": {"lender": "to whom"}},
        ),
        {
            "columns": {"lender": "to whom", "state": "state", "millions": "value", "since": "year", "until": "year"},
            "unpivot": {"columns": "2009..2011", "name": "year", "value": "value"},
            "null": ["", ".."],
        },
    ),
    "a list somewhere in a document": (
        (
            "ties.json",
            "utf-8",
            '{"data": {"states": [{"state": "Ruritania", "in": [{"org": "Strelsau Pact", "since": "2011"}]},'
            ' {"state": "Borduria", "in": []}]}}',
            {"predicate": "member"},
        ),
        {"columns": {"state": "state", "org": "in.org", "since": "in.since"}, "records": "data.states"},
    ),
    "JSON lines": (
        (
            "ties.jsonl",
            "utf-8",
            '{"id": 1, "tie": {"state": "Ruritania", "org": "Strelsau Pact"}, "since": "2011"}\n',
            {},
        ),
        {"columns": {"state": "tie.state", "org": "tie.org", "since": "since"}},
    ),
}


@pytest.mark.parametrize(("written", "wanted"), FILES.values(), ids=[*FILES])
def test_a_declaration_is_proposed(
    base: Path, written: tuple[str, str, str, dict[str, object]], wanted: object
) -> None:
    name, encoding, text, given = written
    path = base / put(base, name, text, encoding)
    found = propose_table(load_knowledge_base([base]), str(path), **given)  # type: ignore[arg-type]
    declared = yaml.load("\n".join(found.declaration("x", {}).block), yaml.BaseLoader)  # null is a key, and no number
    assert {key: value for key, value in declared.items() if key not in ("file", "predicate")} == wanted


def test_a_column_for_each_organisation(base: Path) -> None:
    (base / "facts" / "more.yaml").write_text("entities: {CSTO: {kind: organisation}}", encoding="utf-8")
    data = put(base, "ties.csv", "state,year,Strelsau Pact,CSTO\nRuritania,2011,1,0\nBorduria,2012,NA,1\n")
    shown = add(base, data, "--predicate", "member", "--source", "almanac").stdout
    assert "Ruritania is a member of the Strelsau Pact (since 2011 until 2011, almanac)" in shown
    assert "2 of 2 rows are facts of member:" in shown
    assert "Borduria is a member of CSTO (since 2012 until 2012, almanac)" in shown
    assert "unpivot: {columns: [Strelsau Pact, CSTO], name: organisation, value: value}" in shown
    assert "where: {value: 1}" in shown


def test_a_sheet_below_its_title(base: Path) -> None:
    book = Workbook()
    for row in (["Members of the pact"], [], ["State", "Organisation", "Joined", "Left"]):
        book.active.append(row)
    book.active.append(["Ruritania", "Strelsau Pact", date(2011, 3, 1), date(2013, 5, 9)])
    book.active.append(["Borduria", "Strelsau Pact", date(2012, 2, 1), "n/a"])
    book.active.merge_cells("A1:D1")
    book.save(base / "data" / "members.xlsx")
    shown = add(base, "data/members.xlsx", "--source", "almanac", "--yes").stdout
    assert "2 of 2 rows are facts of member:" in shown
    assert "skip: 2" in shown
    assert 'null: ["", n/a]' in shown
    assert add(base, "data/none.xlsx", code=1).stderr.startswith("data/none.xlsx: KZ124 cannot read")


def test_parquet_with_moments_and_nothing(base: Path) -> None:
    rows = "('Ruritania', 'Strelsau Pact', TIMESTAMP '2011-03-01 23:30', 4), (NULL, 'Strelsau Pact', NULL, 5)"
    file = base / "data" / "members.parquet"
    duckdb.sql(f"COPY (SELECT * FROM (VALUES {rows}) t(state, org, since, size)) TO '{file}'")
    shown = add(base, "data/members.parquet", "--source", "almanac").stdout
    assert "1 of 2 rows are facts of member:\n  Ruritania is a member of the Strelsau Pact (since 2011-03-01" in shown
    assert "row 2: state is empty" in shown
    assert "Columns not read: size" in shown


def test_one_file_of_an_archive(base: Path) -> None:
    with ZipFile(base / "data" / "all.zip", "w") as archive:
        archive.writestr("members.csv", "state,org\nRuritania,Strelsau Pact\n")
        archive.writestr("readme.txt", "Read me")
    assert "name one of them behind a #: members.csv, readme.txt" in told(add(base, "data/all.zip", code=1))
    assert "1 of 1 row is a fact of member:" in add(base, "data/all.zip#members.csv").stdout


def test_lists_side_by_side_are_looked_at_one_by_one(base: Path) -> None:
    numbers = {name: [*range(30)] for name in "abcdef"}
    data = put(base, "members.jsonl", json.dumps({"state": "Ruritania", "org": ["Strelsau Pact"] * 30, **numbers}))
    proposal = propose_table(load_knowledge_base([base]), str(base / data))
    assert (dict(proposal.fit.columns), proposal.unread) == ({"state": "state", "org": "org"}, tuple("abcdef"))


def test_the_name_of_a_file_may_be_that_of_a_predicate(base: Path) -> None:
    text = "state,power\nRuritania,Borduria\n"
    kb = load_knowledge_base([base])
    for name in ("considers_reliable", "seeks_autonomy"):
        path = base / put(base, f"{name}.csv", text)
        assert propose_table(kb, str(path)).fit.predicate.name == name
    with pytest.raises(UsageError, match="what do rows with the columns state, power state") as caught:
        propose_table(kb, str(base / put(base, "data.csv", text)))
    assert "seeks_autonomy" in caught.value.issues[0].hint


def test_of_predicates_alike_the_one_on_record_is_meant(base: Path) -> None:
    path = base / put(base, "data.csv", "state,org\nRuritania,Strelsau Pact\n")
    assert propose_table(load_knowledge_base([base]), str(path)).fit.predicate.name == "member"
    facts = base / "facts" / "facts.yaml"
    facts.write_text(facts.read_text("utf-8").replace("  member:", "  applicant:"), encoding="utf-8")
    assert propose_table(load_knowledge_base([base]), str(path)).fit.predicate.name == "applicant"


def test_values_alone_do_not_say_what_rows_state(base: Path) -> None:
    with pytest.raises(UsageError, match="what do rows with the columns name state"):
        propose_table(load_knowledge_base([base]), str(base / put(base, "list.csv", "name\nRuritania\n")))


def test_a_column_that_is_called_like_an_argument_comes_first(base: Path) -> None:
    kb = load_knowledge_base([base])
    text = "power,state,bloc\n" + "".join(
        f"{name},Borduria,Strelsau Pact\n" for name in ("Ruritania", "Zubrowka", "Elbonia")
    )
    path = base / put(base, "data.csv", text)
    assert propose_table(kb, str(path), "leads").fit.columns["power"] == "power"


def test_a_header_alone_says_which_columns_are_which(base: Path) -> None:
    path = base / put(base, "data.csv", "org,note,state\n")
    found = propose_table(load_knowledge_base([base]), str(path), "member").fit.columns
    assert found == {"state": "state", "org": "org"}


# --- what is shown and written ---------------------------------------------------------------------------------------


def test_it_is_shown_and_written_on_request(base: Path) -> None:
    data = put(base, "members.csv", MEMBERS + "Ruritanla,Strelsau Pact,2012,\n")
    tables = base / "facts" / "tables.yaml"
    came = add(base, data, "--source", "almanac", "--at", "table 3")
    assert came.stdout.splitlines() == [
        "2 of 3 rows are facts of member:",
        "  Ruritania is a member of the Strelsau Pact (since 2011, almanac, table 3)",
        "  Borduria is a member of the Strelsau Pact (since 2012-02 until 2013, almanac, table 3)",
        "1 row would not be:",
        "  row 3: 'Ruritanla' is not a known state",
        "1 undeclared name of the kind state:",
        "  Ruritanla (did you mean Ruritania or Ruritanian?)",
        "  declare one with kzexpert new entity NAME --kind state, or add it to the aliases of another",
        "",
        "  1 | tables:",
        "  2 |   - file: ../data/members.csv",
        "  3 |     predicate: member",
        "  4 |     columns: {state: State, org: Organisation, since: Joined, until: Left}",
        "  5 |     source: almanac",
        "  6 |     at: table 3",
    ]
    assert came.stderr == "nothing was written; --yes writes it to facts/tables.yaml\n"
    assert not tables.exists()
    assert add(base, data, "--dry-run", "--yes").stderr == ""
    assert not tables.exists()
    put(base, "members.csv", MEMBERS)
    assert add(base, data, "--source", "almanac", "--yes").stderr == "written to facts/tables.yaml\n"
    assert here("check", "--strict", cwd=base).stdout == "0 errors, 0 warnings\n"
    assert "Borduria is a member" in here("ask", "member(Borduria, ?org)", "--as-of", "2012", cwd=base).stdout


def test_a_second_table_stands_below_the_first(base: Path) -> None:
    add(base, put(base, "members.csv", MEMBERS), "--yes", "--source", "almanac")
    add(base, put(base, "more.csv", MEMBERS.replace("2011", "2010")), "--yes", "--source", "almanac")
    declared = yaml.safe_load((base / "facts" / "tables.yaml").read_text(encoding="utf-8"))["tables"]
    assert [item["file"] for item in declared] == ["../data/members.csv", "../data/more.csv"]


def test_a_file_that_lies_among_the_facts(base: Path) -> None:
    (base / "facts" / "pact-members.csv").write_text(MEMBERS, encoding="utf-8")
    assert "KZ114" in here("check", cwd=base).stdout
    add(base, "facts/pact-members.csv", "--yes", "--source", "almanac")
    assert here("check", "--strict", cwd=base).stdout == "0 errors, 0 warnings\n"


def test_a_large_file_is_looked_at_in_its_first_lines(base: Path) -> None:
    data = put(base, "members.csv", MEMBERS + "Ruritania,Strelsau Pact,2014,\n" * 100_000)
    assert "999 of the first 999 rows are facts of member:" in add(base, data).stdout


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "cp1252", "utf-8-sig"])
def test_a_large_file_is_cut_between_characters(base: Path, encoding: str) -> None:
    data = put(base, "members.csv", MEMBERS + "Ruritania,Strelsau Pact,2014,ü\n" * 100_000, encoding)
    assert "999 of the first 999 rows are facts of member:" in add(base, data).stdout


@pytest.mark.parametrize(("answer", "written"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_on_a_terminal_it_asks(base: Path, monkeypatch: pytest.MonkeyPatch, answer: str, written: bool) -> None:
    put(base, "members.csv", MEMBERS)
    monkeypatch.chdir(base)
    monkeypatch.setattr("kzexpert.cli.add._is_asked", lambda: True)
    came = CliRunner().invoke(cli, ["add", "data/members.csv", "--source", "almanac"], input=answer)
    assert (came.exit_code, "Write this to facts/tables.yaml? [y/N]" in came.stderr) == (0, True)
    assert (base / "facts" / "tables.yaml").exists() is written


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("data/nothing.csv",), "KZ124 cannot read data/nothing.csv: No such file"),
        (("data/colours.csv",), "KZ806 no predicate has arguments like the columns colour, taste"),
        (("data/colours.csv", "--predicate", "membr"), "did you mean member?"),
        (("data/colours.csv", "--predicate", "power"), "no column looks like state; there are colour, taste"),
        (("data/colours.csv", "--predicate", "power"), "--column state=COLUMN"),
        (("data/colours.csv", "--predicate", "power", "--column", "state=color"), "did you mean colour?"),
        (("data/colours.csv", "--predicate", "power", "--column", "sate=colour"), "did you mean state?"),
        (("data/colours.csv", "--column", "state=colour"), "columns and values without a predicate"),
        (("data/colours.csv", "--column", "colour"), "write --column NAME=..."),
        (("data/colours.csv", "--source", "almanak"), "did you mean almanac?"),
        (("data/empty.csv",), "KZ124 data/empty.csv is empty hint: put rows into it"),
        (("data/blank.tsv", "--predicate", "power"), "KZ124 data/blank.tsv is empty hint: put rows into it"),
        (("data/empty.jsonl",), "KZ124 cannot read data/empty.jsonl: it is empty hint: put records into it"),
    ],
)
def test_what_cannot_be_proposed(base: Path, arguments: tuple[str, ...], message: str) -> None:
    put(base, "colours.csv", "colour,taste\nred,sweet\n")
    for name, text in {"empty.csv": "", "blank.tsv": "\n\n", "empty.jsonl": ""}.items():
        put(base, name, text)
    came = here("add", *arguments, cwd=base)
    assert came.returncode in (1, 2)
    assert message in told(came)
    assert not (base / "facts" / "tables.yaml").exists()
