"""Conclusions in Spark → files that its executors write, in folders by day and predicate.

A single file it leaves to Python, since the disks of executors are not that of the driver.
"""

import json
from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path

import msgspec
from msgspec.structs import replace
from sqlglot import exp

from kzexpert.engines.reports import Listener, Standing
from kzexpert.engines.sql.plan.words import called, column, select, subquery, typed
from kzexpert.engines.sql.results.sheet import Numbers, Part, sheet
from kzexpert.engines.sql.store.spark_store import SparkStore
from kzexpert.model import Inference, json_escapes
from kzexpert.model.columns import OWN, Form, Layout

__all__ = ["SparkWriter"]


class _Format(msgspec.Struct, frozen=True):
    """What Spark calls a format, with its options, and how numbers stand in it."""

    name: str
    numbers: Numbers
    options: dict[str, str]


_CSV = {"header": "true", "escape": '"', "multiLine": "true"}
_CSV |= {f"ignore{side}WhiteSpace": "false" for side in ("Leading", "Trailing")}
_FORMATS: dict[Form, _Format] = {
    "parquet": _Format("parquet", "plain", {"compression": "zstd"}),
    "csv": _Format("csv", "text", _CSV),
    "jsonl": _Format("text", "text", {}),
}


class SparkWriter:
    """See `kzexpert.engines.sql.results.export.FileWriter`.

    Args:
        store: where the rows lie.
    """

    def __init__(self, store: SparkStore) -> None:
        self._store = store

    def write(
        self,
        parts: Sequence[Part],
        inferences: Sequence[Inference],
        layout: Layout,
        form: Form,
        path: Path | str,
        listen: Listener,
    ) -> Mapping[str, int] | None:
        """See `kzexpert.engines.sql.results.export.FileWriter.write`."""
        if not layout.folders:
            return None
        store, format_ = self._store, _FORMATS[form]
        days = [inference.program.as_of for inference in inferences]
        standing = Standing(phase="writing")

        def tell(done: float | None = None) -> None:
            listen(replace(standing, done=done))

        query: exp.Query = sheet(parts, layout, None, days, format_.numbers, store.dialect, spread=True)
        if form == "jsonl":
            shown = [column(name) for name in layout.folders]
            query = select([*shown, called(_json_line(layout), "value")], subquery(query, "s"))
        tell()
        with store.within(None, tell):
            return store.write(query, path, format_.name, format_.options, layout.folders, layout.predicates)


def _json_line(layout: Layout) -> exp.Expr:
    """A row as a JSON object; its numbers are texts."""
    kinds: dict[str, str] = {spec.name: spec.kind for spec in layout.arguments}
    kinds |= zip(OWN, ("date", "text", "number", "text", "truth", "truth"), strict=True)
    line: exp.Expr = exp.Literal.string("{")
    for place, name in enumerate(layout.names):
        key = exp.Literal.string(f"{',' if place else ''}{json_escapes(json.dumps(name, ensure_ascii=False))}:")
        value = _json_value(column(name), kinds.get(name, "text"))
        line = _joined(line, key, exp.Coalesce(this=value, expressions=[exp.Literal.string("null")]))
    return _escaped(_joined(line, exp.Literal.string("}")))


def _json_value(value: exp.Expr, kind: str) -> exp.Expr:
    """A value; dates are in quotes, numbers and truth values as they print."""
    if kind in ("number", "truth"):
        return typed(value, "text")
    if kind == "date":
        quote = exp.Literal.string('"')
        return _joined(quote, typed(value, "text"), quote.copy())
    listed = exp.Anonymous(this="to_json", expressions=[exp.Anonymous(this="array", expressions=[value])])
    return exp.Trim(this=listed, expression=exp.Literal.string("[]"), position="BOTH")


def _escaped(line: exp.Expr) -> exp.Expr:
    """What does not show, as `kzexpert.model.json_escapes` has it."""
    hidden = [character for character in map(chr, range(0x7F, 0x10000)) if json_escapes(character) != character]
    shown = line
    for character in hidden:
        texts = [exp.Literal.string(text) for text in (character, json_escapes(character))]
        shown = exp.Anonymous(this="replace", expressions=[shown, *texts])
    found = exp.RegexpLike(this=line.copy(), expression=exp.Literal.string(f"[{''.join(hidden)}]"))
    return exp.Case(ifs=[exp.If(this=found, true=shown)], default=line.copy())


def _joined(*texts: exp.Expr) -> exp.Expr:
    return reduce(lambda start, text: exp.DPipe(this=start, expression=text), texts)
