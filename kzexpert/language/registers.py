"""Registers: tables whose rows are entities of one kind, with names and aliases. Whether names clash is not asked."""

from collections.abc import Callable, Collection, Iterable, Iterator
from operator import ge, gt, le, lt
from unicodedata import normalize

from msgspec.structs import replace

from kzexpert.errors import Issue, KnowledgeBaseError, Location, counted
from kzexpert.language.dates import parse_partial_date
from kzexpert.language.documents import Node
from kzexpert.language.files import path_beside, shown_name
from kzexpert.language.nearest import did_you_mean
from kzexpert.language.reader import Reader, read_number
from kzexpert.language.records import RECORD_ENDINGS, Record, RecordError, open_records, split_part
from kzexpert.language.table_options import SHAPE, read_choice, read_notation, read_shape
from kzexpert.model import Entity, Register, RowChoice

__all__ = ["REGISTER_KEYS", "read_register", "read_registers"]

REGISTER_KEYS = ("file", "kind", "name", "aliases", "where", *SHAPE, "null")
_FORM = "such as {file: register.csv, kind: company, name: title, aliases: [lei, isin]}"
_EXAMPLES = 3


def read_registers(reader: Reader, node: Node) -> list[Register]:
    """Reads ``entities:`` where it is a list, the declarations; one with a mistake is noted and left out."""
    registers = (_declaration(reader, item) for item in reader.items(node, "a list of registers", _FORM) or ())
    return [register for register in registers if register is not None]


def _declaration(reader: Reader, node: Node) -> Register | None:
    before = reader.failures
    fields = reader.fields(node, "a register", REGISTER_KEYS, ("file", "kind", "name"), _FORM)
    if fields is None:
        return None
    file = reader.filled(fields["file"], "a file") or ""
    kind = reader.filled(fields["kind"], "a kind of entity") or ""
    name = reader.filled(fields["name"], "the name of a column") or ""
    aliases = reader.texts(fields["aliases"], "the name of a column") if "aliases" in fields else []
    marks = {key: reader.at(value) for key, value in fields.items()}
    marks.update({f"aliases.{index}": reader.at(item) for index, item in enumerate(aliases)})
    where: dict[str, RowChoice] = {}
    if "where" in fields:
        for key, value in reader.entries(fields["where"], "a mapping of columns to values", "such as {status: active}"):
            where[key.text] = read_choice(reader, key, value)
            marks[f"where.{key.text}"] = reader.at_key(key)
    path, part = split_part(path_beside(reader.file.path, file))
    shape, notation = read_shape(reader, fields, path, part), read_notation(reader, fields)
    if not path.lower().removesuffix(".gz").endswith((*RECORD_ENDINGS, ".zip")):
        hint = f"the file of a register ends in {', '.join(RECORD_ENDINGS)}, alone or packed as .gz or .zip"
        reader.note("KZ124", f"{file} cannot be a register", marks["file"], hint)
    if reader.failures > before:
        return None
    columns = tuple(item.text for item in aliases)
    return Register(
        file, path, kind, name, columns, where, reader.at(node), marks, shape=shape, nothing=notation.nothing
    )


# --- rows ------------------------------------------------------------------------------------------------------------


def read_register(register: Register, issues: list[Issue]) -> tuple[Register, list[Entity]]:
    """Reads the rows of a register.

    Args:
        issues: gets what is wrong: the file cannot be read or lacks a column (KZ124), rows have no name (KZ125).

    Returns:
        The register with the number of rows that it chose, and their entities in order; as declared where it cannot
        be read.
    """
    columns = [register.name, *register.aliases, *register.where]
    place = register.marks["file"]
    try:
        with open_records(register.path, register.shape) as records:
            if records.columns is not None:
                _refuse(register, {*columns}.difference(records.columns), records.columns)
            found = _chosen(register, records.rows(columns))
            _refuse(register, records.absent, records.paths)
    except RecordError as error:
        at = f"line {error.line:,} of {register.file}" if error.line else register.file
        issues.append(Issue("KZ124", f"{at} cannot be read: {error.message}", place, error.hint))
        return register, []
    except KnowledgeBaseError as error:
        issues.extend(error.issues)
        return register, []
    nameless = [number for number, texts in found if not texts[0]]
    if nameless:
        message = f"{counted(len(nameless), 'row')} of {register.file}: {register.name} is empty"
        shown = ", ".join(map(str, nameless[:_EXAMPLES])) + " ..." * (len(nameless) > _EXAMPLES)
        hint = f"see row{'s' if len(nameless) > 1 else ''} {shown}; give them names, or leave them out with 'where'"
        issues.append(Issue("KZ125", message, register.marks["name"], hint))
    entities = list(_entities(shown_name(register.path), register.kind, found))
    return replace(register, size=len(found)), entities


def _refuse(register: Register, absent: Collection[str], known: Collection[str]) -> None:
    """Say which of its columns a register lacks.

    Raises:
        KnowledgeBaseError: there are such (KZ124).
    """
    wanted = {"name": register.name}
    wanted |= {f"aliases.{index}": name for index, name in enumerate(register.aliases)}
    wanted |= {f"where.{name}": name for name in register.where}
    issues = []
    for mark, name in wanted.items():
        if name in absent:
            hint = did_you_mean(name, known) or f"its columns are {', '.join(filter(None, known))}"
            place = register.marks[mark]
            issues.append(Issue("KZ124", f"{register.file} has no column {name}", place, hint))
    if issues:
        raise KnowledgeBaseError(*issues)


def _chosen(register: Register, rows: Iterable[Record]) -> list[tuple[int, list[str]]]:
    """Number and texts of each record that `where` keeps: its name first. What makes several rows is one record."""
    own = 1 + len(register.aliases)
    wanted = [_test(choice) for choice in register.where.values()]
    everywhere = register.nothing.get("", ())
    nothing = [register.nothing.get(name, everywhere) for name in (register.name, *register.aliases, *register.where)]
    found: list[tuple[int, list[str]]] = []
    for number, _, cells in rows:
        texts = ["" if cell is None else cell.strip() for cell in cells]
        texts = [text if text.isascii() else normalize("NFC", text) for text in texts]
        if register.nothing:
            texts = ["" if text in none else text for text, none in zip(texts, nothing, strict=True)]
        if not all(fits(text) for text, fits in zip(texts[own:], wanted, strict=True)):
            continue
        if found and found[-1][0] == number:
            found[-1][1].extend(texts[:own])
        else:
            found.append((number, texts[:own]))
    return found


def _test(choice: RowChoice) -> Callable[[str], bool]:
    """What says whether the text of a cell is chosen."""
    among = None if choice.among is None else frozenset(choice.among)

    def fits(text: str) -> bool:
        if (among is not None and text not in among) or text in choice.without:
            return False
        return all(_compares(text, operator, value) for operator, value in choice.compared)

    return fits


def _compares(text: str, operator: str, value: str) -> bool:
    """Whether a text compares with another one as a number or as a date."""
    compare = {"<": lt, "<=": le, ">": gt, ">=": ge}[operator]
    one, other = read_number(text), read_number(value)
    if one is not None and other is not None and compare(one, other):
        return True
    try:
        bound = parse_partial_date(value)
        return bool(compare(parse_partial_date(text).first, bound.last if operator in (">", "<=") else bound.first))
    except ValueError:
        return False


def _entities(file: str, kind: str, found: Iterable[tuple[int, list[str]]]) -> Iterator[Entity]:
    no_marks: dict[str, Location] = {}
    for number, texts in found:
        if texts[0]:
            name, *aliases = dict.fromkeys(filter(None, texts))
            yield Entity(name, kind, tuple(aliases), Location(file, row=number), no_marks)
