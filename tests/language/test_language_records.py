"""Files in the shapes that publishers use, as records: columns, rows, and what is said of a file that is none."""

import gzip
import io
import os
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from workbooks import workbook

from kzexpert.language.guesses import Guess, date_formats, decimal_sign, encoding_of, guess, header_hint, nothing_words
from kzexpert.language.records import Record, RecordError, open_records, split_part
from kzexpert.model.file_shape import FileShape, Unpivot


def read(path: Path, names: list[str], **shape: Any) -> list[Record]:
    with open_records(str(path), FileShape(**shape)) as records:
        return [(number, line, list(cells)) for number, line, cells in records.rows(names)]


def cells(path: Path, names: list[str], **shape: Any) -> list[list[str | None]]:
    return [[*row] for _, _, row in read(path, names, **shape)]


def wrong(path: Path, names: list[str], **shape: Any) -> RecordError:
    with pytest.raises(RecordError) as raised:
        read(path, names, **shape)
    return raised.value


PLAIN = "state;worth\nRuritania;1\n\nBorduria;2\n"


@pytest.mark.parametrize(
    ("name", "content", "shape"),
    [
        ("t.csv", PLAIN.encode(), {"delimiter": ";"}),
        ("t.csv", b"\xef\xbb\xbf" + PLAIN.encode(), {"delimiter": ";"}),
        ("t.tsv", PLAIN.replace(";", "\t").encode("utf-16"), {}),
        ("t.txt", PLAIN.replace(";", "\t").encode("utf-16-le"), {"delimiter": "\t", "encoding": "utf-16-le"}),
        ("t.csv", PLAIN.replace("\n", "\r\n").replace(";", ",").encode(), {}),
        ("t.csv", PLAIN.replace("\n", "\r").replace(";", "|").encode(), {"delimiter": "|"}),
        ("t.csv", b"A register\n\n" + PLAIN.encode(), {"delimiter": ";", "skip": 2}),
        ("t.csv.gz", gzip.compress(PLAIN.replace(";", ",").encode(), mtime=0), {}),
        ("t.jsonl", b'{"state": "Ruritania", "worth": 1}\n{"state": "Borduria", "worth": 2}\n', {}),
        ("t.json", b'{"state": "Ruritania", "worth": 1}\n\n{"state": "Borduria", "worth": 2}', {}),
        ("t.json", b'[{"state": "Ruritania",\n "worth": 1},\n {"state": "Borduria", "worth": 2}]', {}),
        (
            "t.json",
            b'{"d": [0, [{"state": "Ruritania", "worth": 1}, {"state": "Borduria", "worth": 2}]]}',
            {"records": "d[1]"},
        ),
        ("t.csv", b"Ruritania,1\nBorduria,2\n\x1a", {"header": ("state", "worth")}),
    ],
)
def test_the_same_rows_in_many_shapes(tmp_path: Path, name: str, content: bytes, shape: dict[str, Any]) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert cells(path, ["state", "worth"], **shape) == [["Ruritania", "1"], ["Borduria", "2"]]
    assert cells(path, ["worth"], **shape) == [["1"], ["2"]]


def test_rows_are_counted_from_the_first_record_and_lines_from_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('above\nnote,worth,\n"one\ntwo",1,\n\nthree,2,\n', encoding="utf-8")
    assert read(path, ["note", "worth"], skip=1) == [(1, 3, ["one\ntwo", "1"]), (2, 6, ["three", "2"])]


def test_a_file_without_a_header_has_numbered_columns(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("36,ACME, x \n", encoding="utf-8")
    assert cells(path, ["c2", "c3"], header=()) == [["ACME", "x "]]


def archive(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w") as out:
        for name, text in files.items():
            out.writestr(name.replace("__", "."), text)
    return path


def test_an_archive_of_one_file_is_that_file(tmp_path: Path) -> None:
    path = archive(tmp_path / "t.export.zip", t__tsv="state\tworth\nRuritania\t1\n", __MACOSX="")
    assert wrong(path, ["state"]).message == "the archive holds 2 files"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("folder/", "")
        out.writestr("folder/t.tsv", "state\tworth\nRuritania\t1\n")
        out.writestr("__MACOSX/folder/._t.tsv", "x")
    assert cells(path, ["state", "worth"]) == [["Ruritania", "1"]]


def test_one_of_several_files_in_an_archive_is_named(tmp_path: Path) -> None:
    path = archive(tmp_path / "t.zip", data__csv="state\nRuritania\n", about__csv="x\ny\n")
    assert cells(path, ["state"], part="data.csv") == [["Ruritania"]]
    error = wrong(path, ["state"])
    assert (error.message, error.hint) == (
        "the archive holds 2 files",
        "name one of them behind a #: data.csv, about.csv",
    )


def test_what_is_no_archive_is_told(tmp_path: Path) -> None:
    for name in ("t.zip", "t.csv.gz"):
        path = tmp_path / name
        path.write_bytes(b"PK nothing")
        assert "packed" in wrong(path, ["state"]).message or "gzip" in wrong(path, ["state"]).message


def test_a_name_in_an_archive_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("é.csv", "state\nRuritania\n")
    for name in ("t.zip", "t.xlsx"):
        (tmp_path / name).write_bytes(path.read_bytes().replace("é".encode(), b"\xc3("))
        assert "can't decode byte 0xc3" in wrong(tmp_path / name, ["state"]).message


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.zip", "t.xlsx"])
def test_what_is_no_file_is_never_opened(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    assert wrong(tmp_path / name, ["state"]).message == "it is a pipe or a device, not a file"
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / name).mkdir()
    assert wrong(tmp_path / "folder" / name, ["state"]).message == "Is a directory"
    assert "null byte" in wrong(tmp_path / f"\0{name}", ["state"]).message


# --- JSON ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "names", "rows"),
    [
        ('{"p": {"owner": ["a"]}}', ["p.owner[0]"], [["a"]]),
        ('{"p": {"owner": ["a", "b"]}, "id": "x"}', ["id", "p.owner"], [["x", "a"], ["x", "b"]]),
        ('{"p": {"owner": ["a", "b"]}, "id": "x"}', ["id", "p.owner[1]"], [["x", "b"]]),
        ('{"o": [{"n": "a", "s": 51.0}, {"n": "b", "s": 49}]}', ["o.n", "o.s"], [["a", "51.0"], ["b", "49"]]),
        ('{"o": ["a", "b"], "c": ["x", "y"]}', ["o", "c"], [["a", "x"], ["a", "y"], ["b", "x"], ["b", "y"]]),
        ('{"o": [], "c": null, "d": true, "e": 1e3}', ["o", "c", "d", "e"], [[None, None, "true", "1e3"]]),
        ('{"a.b": 1}', ["a.b"], [["1"]]),
        ('[["a", 1]]', ["[0][1]"], [["1"]]),
    ],
)
def test_paths_into_json(tmp_path: Path, record: str, names: list[str], rows: list[list[str | None]]) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(record + "\n", encoding="utf-8")
    assert cells(path, names) == rows


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        ('{"a": {"b": 1}}', "record 1: a path leads to a mapping, not to a value", "go on to one of its keys: b"),
        ('{"a": 1}\n{"a": ', "it is not valid JSON: Expecting value", ""),
        ('"a"', "record 1 is not a mapping", "a record is {...}"),
        ('{"a": "\\ud800"}', "record 1: a text holds half of a character", "its JSON has a lone surrogate"),
        ("[" * 100_000, "its JSON is nested too deeply", ""),
        ("", "it is empty", "put records into it, or name another file"),
    ],
)
def test_what_is_no_record_is_told(tmp_path: Path, content: str, message: str, hint: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(content, encoding="utf-8")
    error = wrong(path, ["a"])
    assert (error.message, error.hint) == (message, hint)


def test_a_path_that_is_too_deep_to_follow_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"a":' * 900 + "1" + "}" * 900, encoding="utf-8")
    error = wrong(path, [".".join("a" * 900)])
    assert (error.message, error.line) == ("its JSON is nested too deeply", 1)


def test_the_list_of_records_is_found_for_the_hint(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text('{"head": {}, "results": {"bindings": [{"a": 1}]}}', encoding="utf-8")
    assert wrong(path, ["a"]).hint == "they stand in records: results.bindings"
    assert cells(path, ["a"], records="results.bindings") == [["1"]]


# --- workbooks -------------------------------------------------------------------------------------------------------


def test_cells_of_a_workbook_are_texts(tmp_path: Path) -> None:
    moment = datetime(2011, 3, 1, 12, 30)
    rows: list[list[object]] = [["a", "b", "c", "d", "e"], [3.0, 0.5, date(2011, 3, 1), moment, True], [None, "x"]]
    path = workbook(tmp_path / "t.xlsx", First=[["About"]], Data=rows)
    assert read(path, ["a", "b", "c", "d", "e"], part="Data") == [
        (1, 2, ["3", "0.5", "2011-03-01", "2011-03-01T12:30:00", "true"]),
        (2, 3, ["", "x", "", "", ""]),
    ]
    assert wrong(path, ["a"], part="Dat").hint == "did you mean Data?"


def test_a_workbook_with_lines_above_and_without_a_header(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", First=[["About"], [], ["a", "b"], [1, 2]])
    assert read(path, ["b"], skip=2) == [(1, 4, ["2"])]
    assert read(path, ["c2"], skip=3, header=()) == [(1, 4, ["2"])]


def test_the_header_of_a_workbook_below_its_title(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", First=[["About"], [], ["a", "b"], [1, 2]])
    assert header_hint(str(path), FileShape(), ["a", "b"]) == "lines above the header? `skip: 2`"
    assert header_hint(str(path), FileShape(skip=3), ["a", "b"]) == "fewer lines above the header? `skip: 2`"
    assert wrong(tmp_path / "none.xlsx", ["a"]).message.startswith("No such file")


def test_a_workbook_that_would_fill_memory_is_refused(tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active.cell(1, 1, "a")
    book.active.cell(1_000_000, 16_000, "b")
    book.save(tmp_path / "t.xlsx")
    assert "as far apart as 16,000,000,000 cells" in wrong(tmp_path / "t.xlsx", ["a"]).message
    (tmp_path / "u.xlsx").write_bytes(b"PK")
    assert wrong(tmp_path / "u.xlsx", ["a"]).hint == "save it as .xlsx or .csv"


# --- one row becomes several -----------------------------------------------------------------------------------------

YEARS = "state,code,FY1990,FY1991,FY2000,sum\nRuritania,RUR,1,,3,4\nBorduria,BOR,,,,\n"


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        (("FY1990..FY1999",), [["RUR", "1990", "1"]]),
        (("FY1960..FY2020",), [["RUR", "1990", "1"], ["RUR", "2000", "3"]]),
        (("FY1990", "sum"), [["RUR", "FY1990", "1"], ["RUR", "sum", "4"]]),
        (("FY2000..sum",), [["RUR", "FY2000", "3"], ["RUR", "sum", "4"]]),
    ],
)
def test_columns_become_rows(tmp_path: Path, columns: tuple[str, ...], rows: list[list[str]]) -> None:
    path = tmp_path / "t.csv"
    path.write_text(YEARS, encoding="utf-8")
    assert cells(path, ["code", "year", "worth"], unpivot=Unpivot(columns, "year", "worth")) == rows


@pytest.mark.parametrize(
    ("unpivot", "message"),
    [
        (Unpivot(("1960..2020",), "year", "worth"), "no column lies in 1960..2020 to unpivot"),
        (Unpivot(("FY1990", "nought"), "year", "worth"), "it has no column nought to unpivot"),
        (Unpivot(("FY1990",), "state", "worth"), "unpivot makes a column state, and the file has one"),
    ],
)
def test_an_unpivot_that_fits_nothing_is_told(tmp_path: Path, unpivot: Unpivot, message: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(YEARS, encoding="utf-8")
    assert wrong(path, ["code"], unpivot=unpivot).message == message


def test_a_range_of_columns_says_nothing_of_json(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text('[{"code": "RUR", "1990": 1, "1991": 2}]', encoding="utf-8")
    error = wrong(path, ["code"], unpivot=Unpivot(("1990..1991",), "year", "worth"))
    assert (error.message.partition(" ")[0], error.hint) == ("1990..1991", "list them")
    rows = cells(path, ["code", "year", "worth"], unpivot=Unpivot(("1990", "1991"), "year", "worth"))
    assert rows == [["RUR", "1990", "1"], ["RUR", "1991", "2"]]


@pytest.mark.parametrize(
    ("file", "parts"),
    [
        ("a.xlsx#Table #1", ("a.xlsx", "Table #1")),
        ("a#b.XLS#c", ("a#b.XLS", "c")),
        ("a.zip#b/c.csv", ("a.zip", "b/c.csv")),
        ("a#1.csv", ("a#1.csv", "")),
        ("a.xlsx", ("a.xlsx", "")),
    ],
)
def test_a_part_stands_behind_the_first_sign(file: str, parts: tuple[str, str]) -> None:
    assert split_part(file) == parts


def test_cells_are_split(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('who,where\na; b;,"x,y"\n,z\n', encoding="utf-8")
    assert read(path, ["who", "where"], split={"who": "; ", "where": ","}) == [
        (1, 2, ["a", "x"]),
        (1, 2, ["a", "y"]),
        (1, 2, ["b", "x"]),
        (1, 2, ["b", "y"]),
        (2, 3, [None, "z"]),
    ]
    assert wrong(path, ["who"], split={"whom": ";"}).hint == "did you mean who?"


# --- what is wrong, and what it looks like ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message", "line"),
    [
        ("a,b\n1\n", "1 cell, and line 1 has 2", 2),
        ("a,b\n1,2,3\n", "3 cells, and line 1 has 2", 2),
        ('a,b\n1,"2\n', "not valid CSV: unexpected end of data", 2),
        ('a,b\n1,"2"x\n', "not valid CSV: ',' expected after '\"'", 2),
        ("a,a\n", "its first line names the column 'a' twice", 1),
        ("", "it is empty; the first line names the columns", 0),
        ("\n,\n", "its first line is empty; the first line names the columns", 2),
    ],
)
def test_what_is_no_csv_is_told(tmp_path: Path, content: str, message: str, line: int) -> None:
    path = tmp_path / "t.csv"
    path.write_text(content, encoding="utf-8")
    error = wrong(path, ["a", "b"])
    assert (error.message, error.line) == (message, line)


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        ("Türkiye;Göteborg\n", "cp1252", "cp1252"),
        ("Россия;Казахстан\n", "cp1251", "cp1251"),
        ("Türkiye\n", "utf-8", ""),
        ("Türkiye\n", "utf-16", ""),
        ("Turkey,Sweden,Norway\n", "utf-16-le", "utf-16-le"),
        ("Turkey,Sweden,Norway\n", "utf-16-be", "utf-16-be"),
        ("Россия;Казахстан\n", "utf-16-le", "utf-16-le"),
        ("Turkey;Sweden\rNorway;Turkey\r", "utf-16-be", "utf-16-be"),
        ("Türkiye,\0Sweden\nNorway,\0\n", "utf-8", ""),
        ("Türkiye,\0Sweden\nNorway,\0\n", "cp1252", "cp1252"),
    ],
)
def test_an_encoding_is_proposed_that_reads_the_file(tmp_path: Path, text: str, encoding: str, found: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode(encoding))
    assert encoding_of(str(path)) == found
    if found.startswith("cp"):
        assert wrong(path, []).hint == f"`encoding: {found}` reads it"


@pytest.mark.parametrize(
    ("content", "wanted", "hint"),
    [
        ("About\n\na,b\n1,2\n", ["a", "b"], "lines above the header? `skip: 2`"),
        ("a;b\n1;2\n", ["a", "b"], 'another delimiter? `delimiter: ";"`'),
        ("About\na\tb\n1\t2\n", ["a", "b"], "lines above the header? `skip: 1, delimiter: tab`"),
        ("36,ACME\n37,Other\n", ["name"], "does no line name the columns?"),
        ("a,1990,1991,1992\nx,1,2,3\n", ["year"], 'years as columns? `unpivot: {columns: "1990..1992"'),
        ("a,b\nx,y\n", ["c"], ""),
    ],
)
def test_a_hint_names_the_option_that_finds_a_column(
    tmp_path: Path, content: str, wanted: list[str], hint: str
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(content, encoding="utf-8")
    found = header_hint(str(path), FileShape(), wanted)
    assert found.startswith(hint) and bool(found) == bool(hint)


def test_what_a_file_looks_like(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("Register, of deals\n\nVon;Datum\nTürkiye;31/01/2012\nFrance;01/02/2012\n".encode("cp1252"))
    rows = (("Türkiye", "31/01/2012"), ("France", "01/02/2012"))
    assert guess(str(path)) == Guess("cp1252", ";", 2, True, ("Von", "Datum"), rows)


@pytest.mark.parametrize(
    ("values", "formats"),
    [
        (["31/01/2012", "", "01/02/2012"], ["%d/%m/%Y"]),
        (["01/02/2012"], ["%d/%m/%Y", "%m/%d/%Y"]),
        (["01/31/2012"], ["%m/%d/%Y"]),
        (["20120131"], ["%Y%m%d"]),
        (["10 Dec 1948"], ["%d %b %Y"]),
        (["2012-01-31", "2012", "2012-01-31T00:00:00Z"], []),
        (["31/01/2012", "soon"], None),
        ([""], None),
    ],
)
def test_the_formats_of_dates(values: list[str], formats: list[str] | None) -> None:
    assert date_formats(values) == formats


@pytest.mark.parametrize(
    ("values", "sign"),
    [(["1.234,5", "98,75"], ","), (["1,234.5", "3"], "."), (["1.5"], ""), (["a"], ""), (["1 234,5"], ",")],
)
def test_the_sign_of_decimals(values: list[str], sign: str) -> None:
    assert decimal_sign(values) == sign


def test_words_for_nothing() -> None:
    assert nothing_words(["-0- ", "3", "NA"]) == ["NA", "-0-"]


def test_a_line_that_never_ends_fills_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="w") as packed:
        for _ in range(30):
            packed.write(b"a" * 1_000_000)
    path.write_bytes(out.getvalue())
    assert "limit" in wrong(path, ["a"]).message
