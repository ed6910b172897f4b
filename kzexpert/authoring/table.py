"""A data file → the declaration of a table that reads it, with what came of looking at the file."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

import msgspec
from msgspec.structs import replace

from kzexpert.authoring.columns import SampledColumn, TableFit, best_fits, fit
from kzexpert.authoring.snippets import Snippet, block, record, scalar, sequence
from kzexpert.engines import first_rows
from kzexpert.errors import Issue, KnowledgeBaseError, Location, UsageError
from kzexpert.language.containers import inner_name
from kzexpert.language.delimited import delimiter_by_ending
from kzexpert.language.guesses import date_formats, decimal_sign, guess, nothing_words, written_delimiter
from kzexpert.language.json_records import NestedError
from kzexpert.language.nearest import did_you_mean
from kzexpert.language.records import JSON_ENDINGS, RecordError, open_records, split_part
from kzexpert.model import KnowledgeBase
from kzexpert.model.file_shape import FileShape

__all__ = ["TableProposal", "propose_table"]

#: Rows that are looked at.
_ROWS = 200
_PARQUET = ".parquet"
#: One predicate is chosen where it fits better than all others by more than this.
_LEAST_APART = 0.25
#: So many columns, and predicates that may be meant, are named in a message.
_MOST_NAMED = 10
_YEAR = re.compile(r"(1[5-9]|20)[0-9]{2}")
_LEAST_YEARS = 3
_DATES = ("since", "until", "on")


class TableProposal(msgspec.Struct, frozen=True):
    """How a file is proposed to be read.

    Attributes:
        fit: which columns are which arguments.
        options: how it is cut into cells, and what they mean, as they stand in the declaration.
        fixed: argument → the value that it has in all rows.
        formats: other ways in which the dates can be read.
        unknown: kind → the names in the first rows that nobody declares, each with near ones.
        unread: the columns of which nothing comes.
    """

    fit: TableFit
    options: Mapping[str, Snippet]
    fixed: Mapping[str, str]
    formats: tuple[str, ...]
    unknown: Mapping[str, Mapping[str, str]]
    unread: tuple[str, ...]

    def declaration(self, file: str, beside: Mapping[str, str]) -> Snippet:
        """An item of ``tables:``.

        Args:
            file: as the declaration names it.
            beside: ``source`` and the like.
        """
        names = [spec.name for spec in self.fit.predicate.args]
        columns = {}
        for name in (*names, *_DATES):
            if name in self.fixed:
                columns[name] = record({"value": scalar(self.fixed[name])}).flow
            elif name in self.fit.columns:
                columns[name] = scalar(self.fit.columns[name])
        fields: dict[str, str | Sequence[str] | Snippet] = {"file": file, "predicate": self.fit.predicate.name}
        fields["columns"] = Snippet(flow := record(columns).flow, (flow,))
        return block({**fields, **self.options, **{key: value for key, value in beside.items() if value}})


def propose_table(
    kb: KnowledgeBase,
    path: str,
    predicate: str = "",
    columns: Mapping[str, str] | None = None,
    fixed: Mapping[str, str] | None = None,
) -> TableProposal:
    """Look at a file.

    Args:
        predicate: what its rows state; by default what they look like most.
        columns: argument, or ``since``, ``until``, ``on`` → column, where the author knows.
        fixed: argument → the value that all rows have.

    Raises:
        KnowledgeBaseError: the file cannot be read, or is empty (KZ124).
        UsageError: the predicate or a column is unknown, or no predicate fits (KZ806).
    """
    given, values = columns or {}, fixed or {}
    try:
        options, found = _looked_at(kb, path)
    except RecordError as error:
        place = Location(path, error.line)
        raise KnowledgeBaseError(Issue("KZ124", f"cannot read {path}: {error.message}", place, error.hint)) from None
    if not found:
        hint = "put rows into it, or name another file"
        raise KnowledgeBaseError(Issue("KZ124", f"{path} is empty", Location(path), hint))
    _check_columns(given, found)
    best = _fitting(kb, path, predicate, found, given, values)
    if "unpivot" in options and best.columns.get("since") == "year" and "until" not in best.columns:
        best = replace(best, columns={**best.columns, "until": "year"})  # what is said of a year holds in that year
    named = {item.name: item for item in found}
    chosen = {name: named[column] for name, column in best.columns.items()}
    types = {spec.name: spec.type for spec in best.predicate.args}
    options |= _meaning(chosen, types)
    unknown: dict[str, dict[str, str]] = {}
    for name, column in chosen.items():
        if types.get(name) in kb.kinds and (names := dict(_unknown(kb, column, types[name]))):
            unknown.setdefault(types[name], {}).update(names)
    formats = tuple(form for days in _days(chosen, types) for form in (date_formats(days) or [])[1:])
    unread = tuple(name for name in named if name not in best.columns.values())
    return TableProposal(best, options, values, formats[:1], unknown, unread)


def _looked_at(kb: KnowledgeBase, path: str) -> tuple[dict[str, Snippet], list[SampledColumn]]:
    """How a file is cut, and its columns with the values of the first rows."""
    path, part = split_part(path)
    name = inner_name(path, part).lower()
    options: dict[str, Snippet] = {}
    if name.endswith(_PARQUET):
        return options, _as_columns(*first_rows(path, _ROWS))
    if name.endswith(JSON_ENDINGS):
        shape = FileShape(part=part, records=_list_of_records(path, part))
        if shape.records:
            options["records"] = _plain(scalar(shape.records))
        with open_records(path, shape) as records:
            for _ in islice(records.rows(()), _ROWS):  # each path by itself: lists side by side would be combined
                pass
            return options, [_sampled(name, values) for name, values in records.paths.items()]
    seen = guess(path, FileShape(part=part))
    if seen.encoding:
        options["encoding"] = _plain(seen.encoding)
    if seen.delimiter != delimiter_by_ending(name):
        options["delimiter"] = _plain(written_delimiter(seen.delimiter))
    if seen.skip:
        options["skip"] = _plain(str(seen.skip))
    columns = _turned(kb, _as_columns(seen.columns, seen.rows), options)
    if seen.headed and not any(_is_row(kb, column) for column in columns):
        return options, columns
    options["header"] = _plain("false")
    rows = (seen.columns, *seen.rows) if seen.headed else seen.rows
    return options, _as_columns([f"c{place + 1}" for place in range(max(map(len, rows), default=0))], rows)


def _turned(kb: KnowledgeBase, columns: list[SampledColumn], options: dict[str, Snippet]) -> list[SampledColumn]:
    """The columns, where years or names are some of them with a row for each; the options for that are added."""
    marked = _marked(kb, columns)
    if marked:
        kind = kb.entity[marked[0].name].kind
        fields = {"columns": sequence(scalar(column.name) for column in marked), "name": kind, "value": "value"}
        options["unpivot"] = record(fields)
        options["where"] = record({"value": "1"})
        rest = [column for column in columns if column not in marked]
        return [*rest, SampledColumn(kind, tuple(column.name for column in marked))]
    years = [column for column in columns if _YEAR.fullmatch(column.name)]
    names = {column.name for column in columns}
    if len(years) < _LEAST_YEARS or names & {"year", "value"}:
        return columns
    fields = {"columns": scalar(f"{years[0].name}..{years[-1].name}"), "name": "year", "value": "value"}
    options["unpivot"] = record(fields)
    values = dict.fromkeys(value for column in years for value in column.values)
    nothing = dict.fromkeys(word for column in years for word in column.nothing)
    rest = [column for column in columns if column not in years]
    whens = SampledColumn("year", tuple(column.name for column in years))
    return [*rest, whens, SampledColumn("value", tuple(values), tuple(nothing))]


def _marked(kb: KnowledgeBase, columns: Sequence[SampledColumn]) -> list[SampledColumn]:
    """The columns that are named after things of one kind, and say by 1 and 0 of which of them a row is true."""
    found = [column for column in columns if column.name in kb.entity and {*column.values} <= {"0", "1"}]
    kinds = {kb.entity[column.name].kind for column in found}
    taken = kinds | {"value"}
    return found if len(found) > 1 and len(kinds) == 1 and taken.isdisjoint(item.name for item in columns) else []


def _is_row(kb: KnowledgeBase, column: SampledColumn) -> bool:
    """Whether the name of a column is a name like those below it, so that a first row was taken for a header."""
    known = kb.entity.get(column.name)
    below = (kb.entity.get(value) for value in column.values)
    return known is not None and any(item is not None and item.kind == known.kind for item in below)


def _list_of_records(path: str, part: str) -> str:
    """The path to the first list of records in a JSON file; empty where the whole is one."""
    try:
        with open_records(path, FileShape(part=part)):
            return ""
    except NestedError as error:
        if not error.lists:
            raise
        return error.lists[0]


def _as_columns(names: Sequence[str], rows: Sequence[Sequence[str | None]]) -> list[SampledColumn]:
    cells = ((name, [row[place] for row in rows if place < len(row)]) for place, name in enumerate(names))
    return [_sampled(name, own) for name, own in cells if name]


def _sampled(name: str, cells: Iterable[str | None]) -> SampledColumn:
    values = dict.fromkeys(cell.strip() for cell in cells if cell and cell.strip())
    nothing = nothing_words(values)
    return SampledColumn(name, tuple(value for value in values if value not in nothing), tuple(nothing))


def _plain(text: str) -> Snippet:
    return Snippet(text, (text,))


def _check_columns(given: Mapping[str, str], found: Sequence[SampledColumn]) -> None:
    names = [column.name for column in found]
    for argument, name in given.items():
        if name not in names:
            hint = did_you_mean(name, names) or f"its columns are {', '.join(names)}"
            place = Location("--column")
            raise UsageError(Issue("KZ806", f"the file has no column {name} for {argument}", place, hint))


def _fitting(
    kb: KnowledgeBase,
    path: str,
    predicate: str,
    columns: Sequence[SampledColumn],
    given: Mapping[str, str],
    fixed: Mapping[str, str],
) -> TableFit:
    """How the file can be read.

    Raises:
        UsageError: see `propose_table`.
    """
    names = [column.name for column in columns]
    shown = ", ".join(names[:_MOST_NAMED]) + (f" and {len(names) - _MOST_NAMED} more" * (len(names) > _MOST_NAMED))
    if not predicate:
        if given or fixed:
            hint = "name the predicate with --predicate"
            raise UsageError(Issue("KZ806", "columns and values without a predicate", Location("--column"), hint))
        return _best(kb, path, columns, shown)
    declared = kb.predicate.get(predicate)
    if declared is None:
        hint = did_you_mean(predicate, kb.predicate) or "kzexpert vocabulary lists the names"
        raise UsageError(Issue("KZ202", f"there is no predicate {predicate}", Location("--predicate"), hint))
    names = [*(spec.name for spec in declared.args), *_DATES]
    for name in (*given, *fixed):
        if name not in names:
            hint = did_you_mean(name, names) or f"it has {', '.join(names)}"
            raise UsageError(Issue("KZ203", f"{predicate} has no argument {name}", Location("--column"), hint))
    found = fit(kb, declared, columns, given, fixed)
    if found.missing:
        one = found.missing[0]
        message = f"no column looks like {' or like '.join(found.missing)}; there are {shown}"
        hint = f"name it with --column {one}=COLUMN, or give one value to all rows with --value {one}=VALUE"
        raise UsageError(Issue("KZ806", message, Location(path), hint))
    return found


def _best(kb: KnowledgeBase, path: str, columns: Sequence[SampledColumn], shown: str) -> TableFit:
    """The predicate that rows state, where names say so and no other would do as well: values alone say little.

    Of those that take the same columns it is the one of which most is on record, if anything is.
    """
    fits = best_fits(kb, columns, os.path.basename(inner_name(*split_part(path))).partition(".")[0])  # noqa: PTH119
    near = [item for item in fits if item.score >= fits[0].score - _LEAST_APART]
    recorded = Counter([*(fact.predicate for fact in kb.facts), *(table.predicate for table in kb.tables)])
    most = max((recorded[item.predicate.name] for item in near), default=0)
    near = [item for item in near if recorded[item.predicate.name] == most or not most]
    if len(near) == 1 and near[0].named:
        return near[0]
    if not fits:
        message = f"no predicate has arguments like the columns {shown}"
        hint = "say what a row states with --predicate NAME; kzexpert vocabulary lists the names"
    else:
        message = f"what do rows with the columns {shown} state?"
        likely = ", ".join(item.predicate.name for item in fits[:_MOST_NAMED])
        hint = f"say it with --predicate NAME; by their values they could be facts of {likely}"
    raise UsageError(Issue("KZ806", message, Location(path), hint))


def _meaning(chosen: Mapping[str, SampledColumn], types: Mapping[str, str]) -> dict[str, Snippet]:
    """What cells mean that are written in another way than in a base: dates, numbers, nothing."""
    options: dict[str, Snippet] = {}
    formats = next(filter(None, map(date_formats, _days(chosen, types))), [])
    if formats:
        options["dates"] = _plain(f'"{formats[0]}"')
    numbers = [column.values for name, column in chosen.items() if types.get(name) == "number"]
    sign = next(filter(None, map(decimal_sign, numbers)), "")
    if sign:
        options["decimal"] = _plain(f'"{sign}"')
    nothing = dict.fromkeys(word for column in chosen.values() for word in column.nothing)
    if nothing:
        options["null"] = _plain(sequence(['""', *map(scalar, nothing)]))
    return options


def _days(chosen: Mapping[str, SampledColumn], types: Mapping[str, str]) -> list[tuple[str, ...]]:
    return [column.values for name, column in chosen.items() if types.get(name, "date") == "date"]


def _unknown(kb: KnowledgeBase, column: SampledColumn, kind: str) -> Iterator[tuple[str, str]]:
    """The names that nobody declares, each with what to do about it."""
    names = [name for name, item in kb.entity.items() if item.kind == kind]
    for value in column.values:
        if value not in kb.entity:
            yield value, did_you_mean(value, names)
