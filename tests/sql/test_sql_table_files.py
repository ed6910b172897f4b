"""Files of tables that are odd or broken: each works as in a facts file, or is a clear issue, and none a traceback."""

import csv
import gzip
import io
import os
import random
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from small_tables import SAID, TRADE, VISITS, outcome

from kzexpert.errors import without_password

Make = Callable[[Path], object]


def text(name: str, content: str | bytes) -> Make:
    def make(folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    return make


def parquet(name: str, query: str) -> Make:
    def make(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as connection:
            connection.execute(f"COPY ({query}) TO '{folder / name}' (FORMAT parquet)")

    return make


def both(*makers: Make) -> Make:
    return lambda folder: [make(folder) for make in makers]


def link(name: str, target: str) -> Make:
    def make(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(folder / target)

    return make


def told(columns: list[str], rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([columns, *rows])
    return out.getvalue()


GZIP = gzip.compress(b"a,b\n" + b"Ruritania,1\n" * 5000)
BITS = bytes(byte ^ 0x55 if 30 < place < 60 else byte for place, byte in enumerate(GZIP))

ONE = {("Ruritania", 1.0)}
TWO = {("Ruritania", 1.0), ("Borduria", 2.0)}


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (text("t.csv", "\ufeffa,b\nRuritania,1\n"), ONE),
        (text("t.csv", "a,b\r\nRUR,1\r\nBorduria,2\r\n"), TWO),
        (text("t.csv", "a,b\rRUR,1\rBorduria,2\r"), TWO),
        (text("t.csv", "a,b\nRUR,1\nBorduria,2"), TWO),
        (text("t.csv", "a,b\n\nRUR,1\n\n\nBorduria,2\n\n"), TWO),
        (text("t.csv", "a,b,\nRUR,1,\n"), ONE),
        (text("t.csv", ",a,b,\n7,RUR,1,\n"), ONE),
        (text("t.csv", "a,b,B\nRUR,1,2\n"), ONE),
        (text("t.csv", "a,b\nRUR,1.\nRUR,+1\nRUR,1e0\nBorduria,2.00\n"), TWO),
        (text("t.csv", "a,b\n"), set()),
        (text("t.csv", "a,b"), set()),
    ],
)
def test_csv_as_spreadsheets_write_it(tmp_path: Path, make: Make, found: object) -> None:
    make(tmp_path)
    assert outcome(tmp_path, TRADE.format(file="t.csv")) == found


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "it is empty; the first line names the columns"),
        ("\ufeff", "it is empty; the first line names the columns"),
        ("\na,b\nRUR,1\n", "its first line is empty; the first line names the columns"),
        ("a,b,b\nRUR,1,2\n", "its first line names the column 'b' twice"),
        ("a,b\nRUR\n", "line 2 has 1 cell, and the first line has 2"),
        ("a,b\nRUR,1\nRUR,1,2\n", "line 3 has 3 cells, and the first line has 2"),
        ('a,b\nRUR,"1\nBorduria,2\n', "line 2 has a quote that is not closed, or text behind one"),
        ('a,b\nRUR,"1"x\n', "line 2 has a quote that is not closed, or text behind one"),
        ("a,b\r\nRUR,1\nRUR,2\r\n", "it is not valid CSV"),
        ("a,b\nRUR," + "1" * 11_000_000 + "\n", "line 2 is longer than 10,000,000 bytes"),
        (b"a,b\nRUR,1\nR\xff\xfe,1\n", "is not text in UTF-8"),
        (gzip.compress(b"a,b\nRUR,1\n"), "it is not text in UTF-8"),
    ],
    ids=range(12),
)
def test_csv_that_is_none(tmp_path: Path, content: str | bytes, message: str) -> None:
    text("t.csv", content)(tmp_path)
    (issue,) = outcome(tmp_path, TRADE.format(file="t.csv"))
    assert issue.startswith("KZ124 t.csv cannot be read: ")
    assert message in issue


@pytest.mark.parametrize(
    "content", [GZIP[:-40], GZIP[:12], BITS, b"a,b\nRUR,1\n"], ids=["cut", "head", "bits", "plain"]
)
def test_a_damaged_archive(tmp_path: Path, content: bytes) -> None:
    text("t.csv.gz", content)(tmp_path)
    (issue,) = outcome(tmp_path, TRADE.format(file="t.csv.gz"))
    assert issue.startswith("KZ124 t.csv.gz cannot be read: ")


NAMES = "select from f r a0 x0 x1 i w problem value filename file_row_number c code text NULL 1 --"
ODD = [
    'col"umn',
    "it's",
    "größe",
    "?",
    "a b",
    "a.b",
    "*",
    "since text",
    "semi;colon",
    "/*",
    "{}",
    "\\",
    "%s",
    "$1",
    ":x",
]


@pytest.mark.parametrize("name", [*NAMES.split(), *ODD, "file of the row"])
def test_columns_of_any_name(tmp_path: Path, name: str) -> None:
    text("t.csv", told([name, "other"], [["RUR", "x"], ["Borduria", "y"]]))(tmp_path)
    quoted = "'" + name.replace("'", "''") + "'"
    declared = f"{{file: t.csv, predicate: said, columns: {{state: {quoted}, words: other}}, where: {{{quoted}: RUR}}"
    assert outcome(tmp_path, declared + ", source: atlas}") == {("Ruritania", "x")}


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("a*.csv", "ab.csv"),
        ("[x]?.csv", "xy.csv"),
        ("a*.parquet", "ab.parquet"),
        ("[b]{c}.parquet", "b{c}.parquet"),
        ("it's;--.csv", "its.csv"),
        ("größe 😀.csv", "grösse.csv"),
        ("A.CSV", "B.CSV"),
    ],
)
def test_files_of_any_name(tmp_path: Path, name: str, other: str) -> None:
    for file, worth in ((name, 1), (other, 2)):
        if file.endswith("parquet"):
            parquet(file, f"SELECT 'RUR' AS a, {worth} AS b")(tmp_path)
        else:
            text(file, f"a,b\nRUR,{worth}\n")(tmp_path)
    assert outcome(tmp_path, TRADE.format(file=f'"{name}"')) == ONE


VALUES = [
    'a "b" c',
    "x, y",
    "multi\nline",
    "crlf\r\nx",
    "it's",
    "a\\nb",
    "'; DROP TABLE r1; --",
    "a\0b",
    "x" * 1_000_000,
]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_texts_that_try_to_break_out(tmp_path: Path, ending: str) -> None:
    if ending == "csv":
        text("t.csv", told(["a", "b"], [["RUR", value] for value in VALUES]))(tmp_path)
    else:
        with duckdb.connect() as connection:
            connection.execute("CREATE TABLE t (a TEXT, b TEXT)")
            connection.executemany("INSERT INTO t VALUES ('RUR', ?)", [[value] for value in VALUES])
            connection.execute(f"COPY t TO '{tmp_path / 't.parquet'}' (FORMAT parquet)")
    file = f"t.{ending}"
    assert outcome(tmp_path, SAID.format(file=file, where="")) == {("Ruritania", value) for value in VALUES}
    for value in VALUES[:-1]:
        quoted = "where: {b: " + _quoted(value) + "},"
        assert outcome(tmp_path, SAID.format(file=file, where=quoted)) == {("Ruritania", value)}


def _quoted(value: str) -> str:
    """As YAML in double quotes."""
    import json

    return json.dumps(value)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("3.10::DECIMAL(18,2)", 3.1),
        ("170141183460469231731687303715884105727::HUGEINT", 2.0**127),
        ("-0.0::DOUBLE", 0.0),
        ("0.1::FLOAT", 0.10000000149011612),
        ("'3e2'", 300.0),
        ("'1e-400'", 0.0),
        ("'3'::ENUM('3')", 3.0),
        ("5e-324::DOUBLE", 5e-324),
        ("NULL", "b is empty"),
        ("'nan'::DOUBLE", "'nan' is not a number"),
        ("'-inf'::DOUBLE", "'-inf' is not a number"),
        ("true", "'true' is not a number"),
        ("[1]", "'[1]' is not a number"),
        ("{'x': 1}", "is not a number"),
        ("'0x10'", "'0x10' is not a number"),
        ("'1_000'", "'1_000' is not a number"),
        ("'1,5'", "'1,5' is not a number"),
        ("' 3 '", 3.0),
        ("DATE '2000-01-01'", "'2000-01-01' is not a number"),
        ("INTERVAL 1 DAY", "'1 day' is not a number"),
    ],
)
def test_numbers(tmp_path: Path, value: str, found: float | str) -> None:
    parquet("t.parquet", f"SELECT 'RUR' AS a, {value} AS b")(tmp_path)
    result = outcome(tmp_path, TRADE.format(file="t.parquet"))
    if isinstance(found, float):
        assert result == {("Ruritania", found)}
    else:
        (issue,) = result
        assert issue.startswith("KZ125 1 row of t.parquet: ")
        assert found.replace("b is", "worth is") in issue


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("1994", "1994"),
        ("1994.0::DOUBLE", "1994"),
        ("1994::DECIMAL(6,2)", "1994"),
        ("'1994-05'", "1994-05"),
        ("DATE '1994-05-01'", "1994-05-01"),
        ("TIMESTAMP '1994-05-01 10:20:30'", "1994-05-01"),
        ("TIMESTAMPTZ '1994-05-01 23:00:00-05'", "1994-05-02"),
        ("'2010-02-30'", None),
        ("'0000'", None),
        ("'0000-00-00'", None),
        ("1994.5::DOUBLE", None),
        ("DATE 'infinity'", None),
        ("TIMESTAMPTZ 'infinity'", None),
        ("DATE '0044-03-15 (BC)'", None),
        ("DATE '12010-01-01'", None),
        ("50", None),
        ("true", None),
        ("[1994]", None),
        ("'１９９４'", None),
    ],
)
def test_dates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, found: str | None) -> None:
    monkeypatch.setenv("TZ", "America/New_York")  # where the machine stands does not matter
    parquet("t.parquet", f"SELECT 'RUR' AS a, {value} AS b")(tmp_path)
    result = outcome(tmp_path, VISITS.format(file="t.parquet"))
    if found is None:
        (issue,) = result
        assert issue.startswith("KZ125 1 row of t.parquet: ")
        assert issue.endswith("is not a date for on: 2010, 2010-01 or 2010-01-31")
    else:
        assert result == {("Ruritania", found)}


def row(name: str, value: str, columns: str = "'RUR' AS a, {} AS b") -> Make:
    return parquet(name, f"SELECT {columns.format(value)}")


ONE_ROW = row("t/x.parquet", "1")


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (both(ONE_ROW, row("t/y.parquet", "'2.5'")), {1.0, 2.5}),
        (both(ONE_ROW, row("t/y.parquet", "2", "{} AS b, 'RUR' AS a, 9 AS z")), {1.0, 2.0}),
        (both(ONE_ROW, text("t/y.csv", "b,a\n2,RUR\n"), text("t/z.tsv", "a\tb\nRUR\t3\n")), {1.0, 2.0, 3.0}),
        (both(ONE_ROW, text("t/.y.csv", "x"), text("t/z.txt", "x")), {1.0}),
        (both(text("u/x.csv", "a,b\nRUR,1\n"), link("t", "u")), {1.0}),
        (both(ONE_ROW, row("t/y.parquet", "2", "'RUR' AS a, {} AS c")), "t/y.parquet has no column b"),
        (both(ONE_ROW, text("t/y.csv", "a,c\nRUR,1\n")), "t/y.csv has no column b"),
        (both(ONE_ROW, text("t/y.csv", "")), "t/y.csv cannot be read: it is empty"),
        (both(ONE_ROW, text("t/y.parquet", "PAR1xxxxPAR1")), "t cannot be read: "),
        (both(row("t/x.parquet", "[1]"), row("t/y.parquet", "2")), "t cannot be read: "),
        (row("t/year=1/x.parquet", "1"), {1.0}),
        (row("t/year/x.parquet", "1"), "t holds no table"),
        (lambda folder: (folder / "t").mkdir(), "t holds no table"),
        (link("t/x.csv", "t"), "t/x.csv cannot be read: Is a directory"),
        (link("t/x.csv", "t/x.csv"), "t/x.csv cannot be read: Too many levels of symbolic links"),
        (link("t/x.csv", "nowhere"), "t/x.csv cannot be read: No such file or directory"),
        (link("t", "t"), "t does not exist"),
        (text("t/\udcff.csv", "a,b\nRUR,1\n"), "t holds a file whose name is not UTF-8: '\\udcff.csv'"),
    ],
    ids=range(18),
)
def test_folders(tmp_path: Path, make: Make, found: set[float] | str) -> None:
    make(tmp_path)
    result = outcome(tmp_path, TRADE.format(file="t"))
    if isinstance(found, str):
        (issue,) = result
        assert issue.startswith(f"KZ124 {found}")
    else:
        assert result == {("Ruritania", number) for number in found}


def test_moments_beside_texts(tmp_path: Path) -> None:
    row("t/x.parquet", "TIMESTAMP '1994-05-01 10:20:30'")(tmp_path)
    text("t/y.csv", "a,b\nRUR,1995\n")(tmp_path)
    assert outcome(tmp_path, VISITS.format(file="t")) == {("Ruritania", "1994-05-01"), ("Ruritania", "1995")}


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("t.csv", lambda folder: os.mkfifo(folder / "t.csv"), "t.csv is not a table"),
        ("t.csv", lambda folder: (folder / "t.csv").symlink_to("/dev/zero"), "t.csv is not a table"),
        ("t.xlsx", text("t.xlsx", "x"), "t.xlsx cannot be read: the workbook cannot be read"),
        ("http://127.0.0.1:9/x.csv", lambda _: None, "http://127.0.0.1:9/x.csv is read over the network"),
        ('"a\\0b.csv"', lambda _: None, "does not exist"),
        ("a" * 5000 + ".csv", lambda _: None, "cannot be read: File name too long"),
        (".", lambda _: None, ". holds no table"),
        ("t.parquet", text("t.parquet", ""), "t.parquet cannot be read: "),
        ("t.parquet", row("t.parquet", "3", "1 AS file_row_number, 2 AS a, {} AS b"), "t.parquet cannot be read: "),
        ("sqlite:x.db", lambda _: None, "sqlite: without #TABLE does not name a table"),
    ],
    ids=range(10),
)  # fmt: skip
def test_what_is_no_table(tmp_path: Path, name: str, make: Make, message: str) -> None:
    make(tmp_path)
    (issue,) = outcome(tmp_path, TRADE.format(file=name))
    assert issue.startswith("KZ124 ")
    assert message in issue


def test_a_map_is_no_address(tmp_path: Path) -> None:
    declared = TRADE.format(file="t.csv").replace(
        "predicate:", "map: {state: 'https://me:secret@example.org/x.csv'}, predicate:"
    )
    (tmp_path / "t.csv").write_text("a,b\n", encoding="utf-8")
    (issue,) = outcome(tmp_path, declared)
    assert "https://me:***@example.org/x.csv is an address, and a map is a file" in issue


def test_parquet_with_any_damage(tmp_path: Path) -> None:
    rows = "SELECT CASE WHEN i % 2 = 0 THEN 'RUR' ELSE 'Borduria' END AS a, i * 1.5 AS b FROM range(3000) t(i)"
    parquet("t.parquet", rows)(tmp_path)
    whole = (tmp_path / "t.parquet").read_bytes()
    codes = set()
    for seed in range(60):
        chance = random.Random(seed)
        damaged = bytearray(whole)
        for _ in range(chance.choice([1, 2, 10])):
            damaged[chance.randrange(len(damaged) - 400 if seed % 2 else 0, len(damaged))] = chance.randrange(256)
        end = chance.randrange(len(damaged)) if seed % 7 == 0 else len(damaged)
        (tmp_path / "t.parquet").write_bytes(damaged[:end])
        result = outcome(tmp_path, TRADE.format(file="t.parquet"), engines=("duckdb",))
        codes |= {item[:5] for item in result if isinstance(item, str)}
    assert codes <= {"KZ124", "KZ125"}
    assert "KZ124" in codes


@pytest.mark.parametrize(
    ("where", "left"),
    [
        ("{n: 2.5}", 1),
        ("{n: '2.50'}", 1),
        ("{n: [3, 2.5]}", 1),
        ("{n: text}", 0),
        ("{f: 3}", 1),
        ("{b: true}", 1),
        ("{d: 2000-01-01}", 1),
        ("{e: ''}", 1),
        ("{e: ['', x]}", 1),
        ("{a: ''}", 0),
        ("{n: 2.5, f: 4}", 0),
    ],
)
def test_values_that_rows_must_have(tmp_path: Path, where: str, left: int) -> None:
    columns = "2.50::DECIMAL(5,2) AS n, 3.0::DOUBLE AS f, true AS b, TIMESTAMP '2000-01-01 10:00' AS d, NULL::TEXT AS e"
    parquet("t.parquet", f"SELECT 'RUR' AS a, 1 AS b, {columns.replace('true AS b', 'true AS y')}")(tmp_path)
    declared = TRADE.format(file="t.parquet").replace("source:", f"where: {where.replace('{b:', '{y:')}, source:")
    assert len(outcome(tmp_path, declared)) == left


CODES = "{{file: t.csv, predicate: trade, columns: {{state: a, worth: b}}, map: {{state: {file}}}, source: atlas}}"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("code,name\nR,RUR\nR,Ruritania\nB,Borduria\nX,Nowhere\n,RUR\n", TWO),
        ("code,x,name\nR,1,RUR\nB,2,Borduria\n", TWO),
        ("name,code\nR,RUR\nB,Borduria\n", TWO),
        ('\ufeff,name\r\n"R","RUR"\r\nB,Borduria\r\n', TWO),
        ("", "KZ124 codes.csv cannot be read: it is empty; the first line names the columns"),
        ("code\tname\nR\tRUR\n", "KZ124 codes.csv does not have two columns, for codes and names"),
        ("code,name\nR\n", "KZ124 codes.csv cannot be read: line 2 has 1 cell, and the first line has 2"),
        ("code,name\nR,RUR\nB,Borduria\nR,Borduria\n", "KZ124 codes.csv has two names for R: Borduria and RUR"),
        ("code,name\nR,RUR\n", "KZ125 1 row of t.csv: 'B' is not a known state code"),
        (None, "KZ124 codes.csv cannot be read: No such file or directory"),
    ],
    ids=range(10),
)  # fmt: skip
def test_codes(tmp_path: Path, content: str | None, found: object) -> None:
    text("t.csv", "a,b\nR,1\nB,2\n")(tmp_path)
    if content is not None:
        text("codes.csv", content)(tmp_path)
    result = outcome(tmp_path, CODES.format(file="codes.csv"))
    assert result == (found if isinstance(found, set) else [found])


@pytest.mark.parametrize(
    ("codes", "hint"),
    [
        ("", "rows 1, 2 of t.csv: 'Ruritanja', 'Nowhere'; did you mean Ruritania?"),
        ("Ruritanja,Bordurai", "row 1 of t.csv; codes.csv calls it 'Bordurai', {}: did you mean Borduria?"),
        ("Ruritanja,Atlantis", "row 1 of t.csv; codes.csv calls it 'Atlantis', {}"),
        ("Ruritanja,", "row 1 of t.csv; codes.csv gives it no name"),
    ],
)
def test_the_nearest_names(tmp_path: Path, codes: str, hint: str) -> None:
    text("t.csv", "a,b\nRuritanja,1\nNowhere,2\n")(tmp_path)
    text("codes.csv", f"code,name\n{codes}\nNowhere,RUR\n")(tmp_path)
    declared = CODES.format(file="codes.csv") if codes else TRADE.format(file="t.csv")
    assert outcome(tmp_path, declared, hints=True) == ["see " + hint.format("which is not a known state")]


def test_sources_of_rows(tmp_path: Path) -> None:
    text("t.csv", "a,b,src\nRUR,1,atlas\nRUR,2,\nRUR,3,atlsa\n")(tmp_path)
    declared = TRADE.format(file="t.csv").replace("worth: b", "worth: b, source: src")
    assert outcome(tmp_path, declared) == ["KZ125 1 row of t.csv: 'atlsa' is not a known source"]
    assert outcome(tmp_path, declared, hints=True) == ["see row 3 of t.csv; did you mean atlas?"]


@pytest.mark.parametrize(
    ("connection", "shown"),
    [
        ("host=h password=hunter2 dbname=x#t", "host=h password=*** dbname=x#t"),
        ("password = 'hunter2 a' host=h#t", "password = *** host=h#t"),
        ("//me:hunter2@h/x#t", "//me:***@h/x#t"),
        ("//me:hunt@er2@h/x#t", "//me:***@h/x#t"),
    ],
)
def test_a_password_is_not_shown(connection: str, shown: str) -> None:
    said = "'postgres:{}' cannot be read"
    scheme = "postgresql:" if connection.startswith("//") else ""
    assert without_password(said.format(scheme + connection)) == said.format(scheme + shown)


def spoiled(name: str) -> Make:
    """A Parquet file that says what columns it has, and whose rows nobody can read."""

    def make(folder: Path) -> None:
        row(name, "9")(folder)
        whole = bytearray((folder / name).read_bytes())
        whole[4:24] = bytes(20)
        (folder / name).write_bytes(whole)

    return make


@pytest.mark.parametrize("above", ["", "kind=sold/"])
@pytest.mark.parametrize(
    ("where", "worths"),
    [
        ("{year: 2010}", {1.0}),
        ("{year: {'>=': 2010, '<': 2012}}", {1.0, 2.0}),
        ("{year: {not: [2012, '']}}", {1.0, 2.0, 3.0}),
        ("{year: ['01']}", {3.0}),
    ],
)
def test_folders_that_say_a_column(tmp_path: Path, above: str, where: str, worths: set[float]) -> None:
    for year, worth in {"2010": 1, "2011": 2, "01": 3}.items():
        row(f"{above}t/year={year}/x.parquet", str(worth))(tmp_path)
    for year in ("2012", "__HIVE_DEFAULT_PARTITION__"):
        spoiled(f"{above}t/year={year}/x.parquet")(tmp_path)
    declared = f"{{file: {above}t, predicate: trade, columns: {{state: a, worth: b}}, where: {where}, source: atlas}}"
    assert outcome(tmp_path, declared) == {("Ruritania", worth) for worth in worths}


@pytest.mark.parametrize("where", ["", "where: {year: 2010},"])
def test_folders_of_different_columns(tmp_path: Path, where: str) -> None:
    both(row("t/year=2010/x.parquet", "1"), row("t/x.parquet", "2"))(tmp_path)
    declared = TRADE.format(file="t").replace("source:", f"{where} source:")
    says = "no column for x.parquet, year for year=2010/x.parquet"
    assert outcome(tmp_path, declared) == [f"KZ124 files of t lie in folders of different columns: {says}"]
    assert outcome(tmp_path, declared, hints=True) == ["put all in folders of the same columns"]


@pytest.mark.parametrize(
    ("place", "name", "column", "found"),
    [
        ("b=1/t/year=2010", "b=1/t", "b", 5.0),
        ("b=1/year=2010", "b=1/year=2010", "b", 5.0),
        ("t/b=1", "t/b=1/x.parquet", "b", 5.0),
        ("B=1/t/year=2010", "B=1/t", "b", 5.0),
        ("t/B=1", "t", "b", 5.0),
        ("t/B=1", "t", "B", 1.0),
        ("t/b=1", "t", "b", 1.0),
        ("b=1/t/b=2", "b=1/t", "b", 2.0),
    ],
)
def test_folders_named_as_a_column_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, name: str, column: str, found: float
) -> None:
    row(f"{place}/x.parquet", "5.0")(tmp_path)
    for start, file in ((tmp_path, name), (tmp_path / place, name), (tmp_path, tmp_path / name)):
        monkeypatch.chdir(start)
        declared = TRADE.format(file=file).replace("worth: b", f"worth: {column}")
        assert outcome(tmp_path, declared) == {("Ruritania", found)}


def test_many_folders(tmp_path: Path) -> None:
    for worth in range(300):
        row(f"t/worth={worth}/x.parquet", "'y'")(tmp_path)
    declared = TRADE.format(file="t").replace("worth: b", "worth: worth")
    assert outcome(tmp_path, declared) == {("Ruritania", float(worth)) for worth in range(300)}


def test_bad_rows_of_files_of_one_name(tmp_path: Path) -> None:
    for year, worths in {"2010": "1, ?", "2010-b": "?, 2", "2011": "3, 4, ?, ?"}.items():
        values = ", ".join(f"('RUR', '{worth}')" for worth in worths.split(", "))
        parquet(f"t/year={year}/x.parquet", f"SELECT * FROM (VALUES {values}) v(a, b)")(tmp_path)
    (hint,) = outcome(tmp_path, TRADE.format(file="t"), hints=True)
    places = "row 1 of year=2010-b/x.parquet, row 2 of year=2010/x.parquet, row 3 of year=2011/x.parquet ..."
    assert hint == f"see {places}"
    declared = TRADE.format(file="t").replace("source:", "where: {year: 2011}, source:")
    assert outcome(tmp_path, declared, hints=True) == ["see rows 3, 4 of year=2011/x.parquet"]
