"""Conclusions in DuckDB → files that it writes itself. All columns and their order are those of `sheet`."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import msgspec
from msgspec.structs import replace
from sqlglot import exp

from kzexpert.engines.description import description
from kzexpert.engines.reports import Listener, Standing
from kzexpert.engines.sql.plan.words import column, day, select, subquery
from kzexpert.engines.sql.plan.words import table as table_of
from kzexpert.engines.sql.results.sheet import ON, Numbers, Part, RankedTexts, counts, ranked_texts, sheet, table
from kzexpert.engines.sql.store.duckdb_store import DuckDBStore
from kzexpert.model import Inference, json_escapes
from kzexpert.model.columns import RUN_TABLE, Form, Layout, table_columns, table_names

__all__ = ["DuckDBWriter", "escape_json_lines"]


class _Copy(msgspec.Struct, frozen=True):
    """What the database calls a format, with its options, and how numbers stand in it."""

    format: str
    numbers: Numbers
    options: dict[str, exp.Expr] = {}


_COPY: dict[Form, _Copy] = {
    "parquet": _Copy("parquet", "plain", {"compression": exp.var("zstd")}),
    "csv": _Copy("csv", "text", {"header": exp.true()}),
    "jsonl": _Copy("json", "json"),
}


class DuckDBWriter:
    """See `kzexpert.engines.sql.results.export.FileWriter`.

    Args:
        store: where the rows lie.
    """

    def __init__(self, store: DuckDBStore) -> None:
        self._store = store

    def write(
        self,
        parts: Sequence[Part],
        inferences: Sequence[Inference],
        layout: Layout,
        form: Form,
        path: Path | str,
        listen: Listener,
    ) -> Mapping[str, int]:
        """See `kzexpert.engines.sql.results.export.FileWriter.write`."""
        store, target = self._store, Path(path)
        standing = Standing(phase="writing")

        def tell(done: float | None = None) -> None:
            listen(replace(standing, done=done))

        tell()
        with store.within(None, tell), ranked_texts(store) as texts:
            counted = store.rows(counts(parts, layout, by_day=bool(layout.folders)))
            found = dict.fromkeys(layout.predicates, 0)
            for place, rows, *_ in counted:
                found[layout.predicates[place]] += int(rows)
            standing = replace(standing, rows=sum(found.values()))
            if form == "duckdb":
                self._database(parts, inferences, layout, texts, target)
            elif not layout.folders:
                days = [inference.program.as_of for inference in inferences]
                self._copy(sheet(parts, layout, texts, days, _COPY[form].numbers, store.dialect), form, target)
            for place, _, on in sorted(counted) if layout.folders else ():
                predicate = layout.predicates[place]
                own = [_on(on, part) for part in parts if part.predicate == predicate]
                folder = target / layout.folder(on, predicate)
                folder.mkdir(parents=True)
                query = sheet(own, layout, texts, [on], _COPY[form].numbers, store.dialect)
                self._copy(query, form, folder / f"part-0.{form}")
            standing = replace(standing, spilled=store.spilled())
            tell(1.0)
        return found

    def _copy(self, query: exp.Query, form: Form, file: Path) -> None:
        self._store.write(query, file, _COPY[form].format, _COPY[form].options)
        if form == "jsonl":
            escape_json_lines(file)

    def _database(
        self,
        parts: Sequence[Part],
        inferences: Sequence[Inference],
        layout: Layout,
        texts: RankedTexts | None,
        path: Path,
    ) -> None:
        """A table for each predicate, and one that describes the run."""
        described = description(inferences)
        told = {name: [row[place] for row in described] for place, name in enumerate(("what", "name", "value"))}
        store, kb = self._store, inferences[0].program.kb
        days = [inference.program.as_of for inference in inferences]
        with store.attached(path) as file:
            for predicate, name in table_names(layout.predicates).items():
                own = [part for part in parts if part.predicate == predicate]
                columns = table_columns(kb, predicate)
                query = table(own, layout.kinds[predicate], columns, texts, days, layout.derived, store.dialect)
                store.run_apart(exp.Create(this=table_of(name, file), kind="TABLE", expression=query))
            run = select([column(name) for name in told], store.gather(told))
            store.run(exp.Create(this=table_of(RUN_TABLE, file), kind="TABLE", expression=run))


def escape_json_lines(path: Path) -> None:
    """Escape, in a file of JSON lines that a database wrote, what does not show; most files hold nothing of that."""
    with path.open(encoding="utf-8", newline="") as file:
        if all(json_escapes(line) == line for line in file):
            return
    escaped = path.with_name(f"{path.name}.escaped")
    with path.open(encoding="utf-8", newline="") as file, escaped.open("w", encoding="utf-8", newline="") as target:
        target.writelines(map(json_escapes, file))
    escaped.replace(path)


def _on(on: date, part: Part) -> Part:
    """The rows of a part that hold on a day."""
    return Part(
        part.predicate, select([exp.Star()], subquery(part.query.copy(), "f"), where=[column(ON, "f").eq(day(on))])
    )
