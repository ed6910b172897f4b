"""Nodes → how the file of a table is cut into rows and cells, and how its cells are written. It opens no file."""

import codecs
from collections.abc import Callable, Mapping
from typing import TypeVar

from kzexpert.language.date_formats import FORMATS_HINT, parse_date_format
from kzexpert.language.dates import parse_partial_date
from kzexpert.language.documents import ListNode, MappingNode, Node, ScalarNode
from kzexpert.language.reader import Reader, read_number
from kzexpert.language.records import JSON_ENDINGS, WORKBOOKS
from kzexpert.model.file_shape import FileShape, Notation, RowChoice, Unpivot

__all__ = ["NOTATION", "SHAPE", "read_choice", "read_notation", "read_shape"]

#: The keys that say how a file is cut, and those that say how cells are written.
SHAPE = ("encoding", "delimiter", "skip", "header", "records", "unpivot", "split")
NOTATION = ("null", "decimal", "dates", "strip")
_COMPARED = (">=", "<=", ">", "<")
_UNPIVOT = 'such as {columns: "1960..2020", name: year, value: millions}'
_WHERE = 'a value, a list of values, or a mapping such as {not: [a, b]} or {">=": 1990, "<": 2000}'

_T = TypeVar("_T")


# --- the shape of a file ---------------------------------------------------------------------------------------------


def read_shape(reader: Reader, fields: Mapping[str, Node], file: str, part: str) -> FileShape:
    """Reads how a file is cut into rows and cells.

    Args:
        fields: of the declaration.
        file: its name, whose ending says which options fit.
        part: the sheet, or the file in the archive.
    """
    given = {key: fields[key] for key in SHAPE if key in fields}
    for key, node in given.items():
        _check_fits(reader, key, node, file)
    return FileShape(
        part=part,
        encoding=_encoding(reader, given["encoding"]) if "encoding" in given else "",
        delimiter=_delimiter(reader, given["delimiter"]) if "delimiter" in given else "",
        skip=_skip(reader, given["skip"]) if "skip" in given else 0,
        header=_header(reader, given["header"]) if "header" in given else None,
        records=(reader.filled(given["records"], "the path to a list of records") or "") if "records" in given else "",
        unpivot=_unpivot(reader, given["unpivot"]) if "unpivot" in given else None,
        split=_split(reader, given["split"]) if "split" in given else {},
    )


def _check_fits(reader: Reader, key: str, node: Node, file: str) -> None:
    """Note an option that says nothing of files of this kind."""
    name = file.lower().removesuffix(".gz")
    json, sheet = name.endswith(JSON_ENDINGS), name.endswith(WORKBOOKS)
    stored = name.endswith(".parquet") or ":" in file.partition("#")[0][2:]
    fits = {
        "records": not sheet and not stored and not name.endswith((".csv", ".tsv")),
        "encoding": not sheet and not stored,
        "delimiter": not sheet and not stored and not json,
        "skip": not stored and not json,
        "header": not stored and not json,
    }
    if not fits.get(key, True):
        what = "a workbook" if sheet else "JSON" if json else "Parquet or a database" if stored else "CSV"
        reader.note("KZ110", f"{key} does not apply to {what}", reader.at(node), f"leave {key} out")


def _encoding(reader: Reader, node: Node) -> str:
    text = reader.filled(node, "the name of an encoding") or ""
    try:
        found = codecs.lookup(text).name if text else ""
        "".encode(found or "utf-8")
        return "utf-8-sig" if found == "utf-8" else found
    except (LookupError, ValueError):
        hint = "such as cp1252 (Windows, Western Europe), cp1251 (Cyrillic), cp1250, latin-1 or utf-16"
        reader.note("KZ110", f"there is no encoding {text}", reader.at(node), hint)
    return ""


def _delimiter(reader: Reader, node: Node) -> str:
    text = reader.text(node, "a delimiter")
    if text in ("tab", "\\t"):
        return "\t"
    if text is not None and (len(text) != 1 or text in '"\r\n'):
        hint = "such as ';', '|' or tab"
        reader.note("KZ110", f"a delimiter is one character, not {text!r}", reader.at(node), hint)
    return text or ""


def _skip(reader: Reader, node: Node) -> int:
    found = reader.number(node, "a number of lines")
    if found is not None and (found < 0 or found != int(found)):
        reader.note("KZ110", "expected a whole number of lines", reader.at(node), "the lines above the header")
    return int(found or 0)


def _header(reader: Reader, node: Node) -> tuple[str, ...] | None:
    """None for the usual header, which ``true`` means as well."""
    if isinstance(node, ListNode):
        names = tuple((reader.text(item, "the name of a column") or "").strip() for item in node.items)
        for place, name in enumerate(names):
            if name and name in names[:place]:
                reader.note("KZ110", f"the header names {name} twice", reader.at(node.items[place]))
        if any(names):
            return names
    elif isinstance(node, ScalarNode) and node.style is None and node.text in ("true", "false"):
        return None if node.text == "true" else ()
    hint = "header: [state, year] names the columns; header: false calls them c1, c2 ..."
    reader.wrong_shape("a list of names, or false", node, hint)
    return None


def _unpivot(reader: Reader, node: Node) -> Unpivot | None:
    keys = ("columns", "name", "value")
    fields = reader.fields(node, "unpivot", keys, keys, _UNPIVOT)
    if fields is None:
        return None
    columns = tuple(item.text for item in reader.texts(fields["columns"], "a column, or a range of columns"))
    name, value = (reader.filled(fields[key], "the name of a new column") or "" for key in keys[1:])
    if name and name == value:
        reader.note("KZ110", f"unpivot makes two columns {name}", reader.at(fields["value"]), _UNPIVOT)
    return Unpivot(columns, name, value)


def _split(reader: Reader, node: Node) -> dict[str, str]:
    found = {}
    for key, value in reader.entries(node, "a mapping of columns to separators", 'such as {owners: ";"}'):
        found[key.text] = reader.text(value, "a separator") or ""
        if not found[key.text]:
            reader.note("KZ110", f"no separator for the values of {key.text}", reader.at(value), 'such as ";"')
    return found


# --- the notation of cells -------------------------------------------------------------------------------------------


def read_notation(reader: Reader, fields: Mapping[str, Node]) -> Notation:
    """Reads how cells are written."""
    return Notation(
        nothing=_by_column(reader, fields.get("null"), _texts),
        strip=_by_column(reader, fields.get("strip"), lambda reader, node: reader.filled(node, "characters") or ""),
        dates=_by_column(reader, fields.get("dates"), _formats),
        decimal=_decimal(reader, fields["decimal"]) if "decimal" in fields else "",
    )


def _decimal(reader: Reader, node: Node) -> str:
    text = reader.text(node, "the sign before decimals")
    if text not in (None, ",", "."):
        reader.note("KZ110", f"{text!r} is not a decimal sign", reader.at(node), 'it is "," or "."')
    return text or ""


def _by_column(reader: Reader, node: Node | None, read: Callable[[Reader, Node], _T]) -> dict[str, _T]:
    """One value for all columns, or a mapping of columns to values."""
    if node is None:
        return {}
    if isinstance(node, MappingNode):
        return {key.text: read(reader, value) for key, value in reader.entries(node, "a mapping of columns")}
    return {"": read(reader, node)}


def _texts(reader: Reader, node: Node) -> tuple[str, ...]:
    items = node.items if isinstance(node, ListNode) else [node]
    return tuple((reader.text(item, "a text for nothing") or "").strip() for item in items)


def _formats(reader: Reader, node: Node) -> tuple[str, ...]:
    found = []
    for item in reader.texts(node, "a format of dates"):
        try:
            parse_date_format(item.text)
            found.append(item.text)
        except ValueError as error:
            reader.note("KZ110", f"{item.text!r} is not a format for dates: {error}", reader.at(item), FORMATS_HINT)
    return tuple(found)


# --- the rows that are chosen ----------------------------------------------------------------------------------------


def read_choice(reader: Reader, key: ScalarNode, node: Node) -> RowChoice:
    """Reads what a row must have in a column."""
    if not isinstance(node, MappingNode):
        return RowChoice(_values(reader, key.text, node))
    fields = reader.fields(node, f"where of {key.text}", ("not", *_COMPARED), (), _WHERE) or {}
    compared = []
    for operator in _COMPARED:
        if operator in fields:
            text = (reader.text(fields[operator], "a number or a date") or "").strip()
            if not _is_comparable(text):
                hint = "numbers and dates are compared: 1990, 0.5 or 2010-01-31"
                reader.note("KZ110", f"{text!r} is neither a number nor a date", reader.at(fields[operator]), hint)
            compared.append((operator, text))
    without = _values(reader, key.text, fields["not"]) if "not" in fields else ()
    return RowChoice(None, without, tuple(compared))


def _is_comparable(text: str) -> bool:
    if read_number(text) is not None:
        return True
    try:
        parse_partial_date(text)
    except ValueError:
        return False
    return True


def _values(reader: Reader, column: str, node: Node) -> tuple[str, ...]:
    items = node.items if isinstance(node, ListNode) else [node]
    if not items:
        hint = "leave the column out, and rows with any value there are read"
        reader.note("KZ110", f"no values for {column} to have", reader.at(node), hint)
    found = tuple((reader.text(item, "a value") or "").strip() for item in items)
    for text, item in zip(found, items, strict=True):
        operator = next((sign for sign in (*_COMPARED, "!=") if text.startswith(sign)), None)
        if operator and isinstance(item, ScalarNode):
            rest = text[len(operator) :].strip()
            says = "not" if operator == "!=" else f'"{operator}"'
            reader.note("KZ110", f"{text!r} is a text here", reader.at(item), f"a comparison is {{{says}: {rest}}}")
    return found
