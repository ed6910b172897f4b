"""The JSON Schemas of the files of a base, made of the tables of keys by which the readers of `kzexpert.language` go.

A schema says what a file is made of. What conditions say, and what files say together, is for ``kzexpert check``.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from kzexpert.errors import CODES
from kzexpert.language.cases_file import CASE_KEYS
from kzexpert.language.facts_file import ENTITY_KEYS, SOURCE_KEYS
from kzexpert.language.loader import SECTIONS
from kzexpert.language.manifest import MANIFEST_KEYS
from kzexpert.language.outcomes_file import OUTCOMES_SECTIONS
from kzexpert.language.registers import REGISTER_KEYS
from kzexpert.language.rules_file import BLOCKS, BUILT_IN_TYPES, PREDICATE_KEYS, ROW_KEYS, RULE_KEYS
from kzexpert.language.tables_file import TABLE_KEYS
from kzexpert.model import GRADES, KnowledgeBase
from kzexpert.model.outcomes import OUTCOME, SCORE
from kzexpert.review.document import PARTS, VERDICTS
from kzexpert.review.file import REQUIRED_KEYS, REVIEW_KEYS

__all__ = ["FILES", "file_schema"]

Schema: TypeAlias = dict[str, Any]

#: Kind of file → what it is.
FILES = {
    "rules": "a file of rules/, which may hold any section",
    "facts": "a file of facts/, which may hold any section",
    "vocabulary": "a file of the vocabulary, which may hold any section",
    "cases": "a file of tests/cases/",
    "manifest": "kzexpert.yaml",
    "review": "a file of reviews/",
    "outcomes": "a file of outcomes",
}

_ANY: Schema = {}
_TEXT: Schema = {"type": ["string", "number", "boolean"]}
_FILLED: Schema = {**_TEXT, "pattern": r"\S"}
_FLAG: Schema = {"type": "boolean"}
_LETTER, _SIGN = r"[^\u0000-@\[-\^`{-\u007f]", r"[^\u0000-/:-@\[-\^`{-\u007f]"
#: Of ASCII exactly what makes a name; beyond that anything.
_NAME: Schema = {
    "type": ["string", "boolean"],
    "pattern": rf"^{_LETTER}{_SIGN}*([-.]{_SIGN}+)*$",
    "not": {"enum": ["_", "not"]},
}
_MONTH, _DAY = "(0[1-9]|1[0-2])", "(0[1-9]|[12][0-9]|3[01])"
_DATE: Schema = {
    "type": ["string", "integer"],
    "pattern": rf"^[0-9]{{4}}(-{_MONTH}(-{_DAY})?)?$",
    "minimum": 1000,
    "maximum": 9999,
}
_FULL_DAY: Schema = {"type": "string", "pattern": rf"^[0-9]{{4}}-{_MONTH}-{_DAY}$"}
_CERTAINTY: Schema = {"type": "number", "exclusiveMinimum": 0, "maximum": 1}
_OF_RULE: Schema = {"type": "number", "minimum": -1, "maximum": 1, "not": {"const": 0}}
_SIGNED: Schema = {"type": "number", "minimum": -1, "maximum": 1}
#: An atom, a comparison or a list of values: what else it says is for the grammar.
_CONDITION: Schema = {"type": "string", "pattern": r"\(|[=<>]|\s(in|starts|ends|contains)\s"}
_CODE: Schema = {"enum": [*CODES]}


def _list(items: Schema, least: int = 0) -> Schema:
    return {"type": "array", "items": items, **({"minItems": least} if least else {})}


def _some(items: Schema) -> Schema:
    """One, or a list."""
    return {"anyOf": [items, _list(items)]}


def _map(values: Schema, keys: Schema | None = None) -> Schema:
    """A mapping with any keys."""
    return {"type": "object", "propertyNames": keys or {"pattern": r"\S"}, "additionalProperties": values}


def _fields(keys: Sequence[str], shapes: Mapping[str, Schema], required: Sequence[str] = ()) -> Schema:
    """A mapping with known keys.

    Args:
        keys: the reader's own; one without a shape is a mistake that a test finds.
    """
    properties = {key: shapes[key] for key in keys}
    return {"type": "object", "properties": properties, "required": [*required], "additionalProperties": False}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


class _Allowed:
    """The names of a base; without one any name will do."""

    def __init__(self, kb: KnowledgeBase | None) -> None:
        self.kb = kb

    def one_of(self, names: Callable[[KnowledgeBase], Iterable[str]], otherwise: Schema = _FILLED) -> Schema:
        return otherwise if self.kb is None else {"enum": sorted({*names(self.kb)})}

    def predicate(self) -> Schema:
        return self.one_of(lambda kb: kb.predicate)

    def source(self) -> Schema:
        return self.one_of(lambda kb: (source.id for source in kb.sources))

    def atom(self, behind: str = "") -> Schema:
        """An atom of a conclusion.

        Args:
            behind: a pattern of what may follow it.
        """
        names = r"[^\s()]+" if self.kb is None else "|".join(map(re.escape, sorted(self.kb.predicate)))
        return {"type": "string", "pattern": rf"^\s*({names})\s*\([\s\S]*\)\s*{behind}$"}

    def value(self, type_: str) -> Schema:
        """An argument of a type."""
        if type_ == "number":
            return {"type": "number"}
        if type_ in BUILT_IN_TYPES:
            return _FULL_DAY if type_ == "date" else _TEXT
        kb = self.kb
        named = [] if kb is None else [item for item in kb.entities if item.kind == type_]
        known = sorted({name for item in named for name in (item.name, *item.aliases)})
        return {"enum": known} if known else _TEXT

    def rows(self) -> Schema:
        """What stands below ``facts:``."""
        beside = _row_keys()
        if self.kb is None:
            row: Schema = {"type": "object", "properties": beside, "additionalProperties": _TEXT}
            return _map(_list(row))
        rows = {
            item.name: _list(
                {
                    "type": "object",
                    "properties": {**{spec.name: self.value(spec.type) for spec in item.args}, **beside},
                    "required": [spec.name for spec in item.args],
                    "additionalProperties": False,
                    **({"description": item.doc} if item.doc else {}),
                }
            )
            for item in self.kb.predicates
        }
        return {"type": "object", "properties": rows, "additionalProperties": False}


def _row_keys() -> dict[str, Schema]:
    shapes = {"certainty": _CERTAINTY, "source": _ref("citation"), "at": _TEXT, "note": _TEXT}
    return {key: shapes.get(key, _DATE) for key in ROW_KEYS}


# --- parts -----------------------------------------------------------------------------------------------------------


def _parts(names: _Allowed) -> dict[str, Schema]:
    """The definitions that files share."""
    together = _ref("together")
    return {
        "citation": {
            "anyOf": [names.source(), _fields(("id", "at"), {"id": names.source(), "at": _TEXT}, ("id",))],
        },
        "condition": {"anyOf": [_CONDITION, _ref("block")]},
        "together": {"anyOf": [_ref("condition"), _list(_ref("condition"), 1)]},
        "block": {
            **_fields(BLOCKS, {"either": _list(together, 2), "not": together}),
            "minProperties": 1,
            "maxProperties": 1,
        },
        "intended": _map(_FILLED, _CODE),
        "predicate": _predicate(),
        "rule": _rule(names),
        "entity": _entity(names),
        "source": _source(),
        "register": _register(names),
        "table": _table(names),
    }


def _predicate() -> Schema:
    argument = {
        **_map(_NAME, {**_NAME, "not": {"enum": ["_", "not", *ROW_KEYS]}}),
        "minProperties": 1,
        "maxProperties": 1,
    }
    shapes = {
        "args": {**_list(argument), "uniqueItems": True},
        "holds": {"enum": ["interval", "event"]},
        "asks": _some(_FILLED),
        "compares": _FILLED,
        "assumable": _FLAG,
        "symmetric": _FLAG,
        "intended": _ref("intended"),
    }
    return _fields(PREDICATE_KEYS, {"says": _TEXT, "doc": _TEXT, **shapes}, ("args",))


def _rule(names: _Allowed) -> Schema:
    shapes = {
        "id": {**_TEXT, "pattern": r"^\s*\S+\s*$"},
        "title": _TEXT,
        "replaces": _FILLED,
        "family": _FILLED,
        "each": _FLAG,
        "when": _list(_ref("condition")),
        "unless": {"anyOf": [_ref("condition"), _list(_ref("together"))]},
        "then": {"anyOf": [names.atom(), _list(names.atom(), 1)]},
        "certainty": _OF_RULE,
        "because": _TEXT,
        "source": _ref("citation"),
        "intended": _ref("intended"),
    }
    alone = {"required": ["family", "each"], "properties": {"each": {"const": True}}}
    return {**_fields(RULE_KEYS, shapes, ("id", "when", "then")), "not": alone}


def _entity(names: _Allowed) -> Schema:
    shapes = {"kind": names.one_of(lambda kb: kb.kinds), "aliases": _some(_FILLED), "plural": _FLAG}
    return _fields(ENTITY_KEYS, {**dict.fromkeys(ENTITY_KEYS, _FILLED), **shapes}, ("kind",))


def _source() -> Schema:
    shapes = {
        "authors": _some(_FILLED),
        "date": _DATE,
        "reliability": {"enum": [*GRADES]},
        "origin": _FILLED,
        "background": _FLAG,
    }
    return _fields(SOURCE_KEYS, {**dict.fromkeys(("title", "publisher", "url"), _TEXT), **shapes})


def _by_column(shape: Schema) -> Schema:
    return {"anyOf": [shape, _map(shape)]}


def _shape() -> dict[str, Schema]:
    """The keys that say how a file is cut, and how its cells are written."""
    unpivot = {"columns": _some(_FILLED), "name": _FILLED, "value": _FILLED}
    comparable: Schema = {"anyOf": [{"type": "number"}, _DATE]}
    values = {"anyOf": [_TEXT, _list(_TEXT, 1)]}
    choice = _fields(
        ("not", ">=", "<=", ">", "<"), {"not": values, **dict.fromkeys((">=", "<=", ">", "<"), comparable)}
    )
    return {
        "file": _FILLED,
        "where": _map({"anyOf": [values, choice]}),
        "encoding": _FILLED,
        "delimiter": {"type": ["string", "integer"], "pattern": r'^([^"\r\n]|tab|\\t)$', "minimum": 0, "maximum": 9},
        "skip": {"type": "integer", "minimum": 0},
        "header": {"anyOf": [_FLAG, {**_list(_TEXT), "contains": _FILLED}]},
        "records": _FILLED,
        "unpivot": _fields(("columns", "name", "value"), unpivot, ("columns", "name", "value")),
        "split": _map({**_TEXT, "minLength": 1}),
        "null": _by_column(_some(_TEXT)),
        "strip": _by_column(_FILLED),
        "dates": _by_column(_some(_FILLED)),
        "decimal": {"enum": [",", "."]},
    }


def _register(names: _Allowed) -> Schema:
    shapes = {"kind": names.one_of(lambda kb: kb.kinds), "name": _FILLED, "aliases": _some(_FILLED)}
    return _fields(REGISTER_KEYS, {**_shape(), **shapes}, ("file", "kind", "name"))


def _column() -> Schema:
    date = {
        **_fields(("year", "month", "day"), dict.fromkeys(("year", "month", "day"), _FILLED), ("year",)),
        "dependentRequired": {"day": ["month"]},
    }
    constant, row = _fields(("value",), {"value": _FILLED}, ("value",)), _fields(("row",), {"row": _FLAG}, ("row",))
    return {"anyOf": [_FILLED, date, constant, row]}


def _table(names: _Allowed, keys: Sequence[str] = (), **more: Schema) -> Schema:
    beside = {key: shape for key, shape in _row_keys().items() if key in TABLE_KEYS}
    shapes = {
        "predicate": names.predicate(),
        "columns": _map(_column()),
        "map": _map(_FILLED),
    }
    found = _fields((*TABLE_KEYS, *keys), {**_shape(), **beside, **shapes, **more}, ("file", "predicate", "columns"))
    return {**found, "dependentRequired": {"at": ["source"]}}


# --- files -----------------------------------------------------------------------------------------------------------


def _sections(names: _Allowed) -> dict[str, Schema]:
    kind = {**_NAME, "not": {"enum": ["_", "not", *BUILT_IN_TYPES]}}
    return {
        "kinds": _list(kind),
        "predicates": _map(_ref("predicate"), _NAME),
        "synonyms": _map(_some(_FILLED)),
        "rules": _list(_ref("rule")),
        "drop": _list(_FILLED),
        "entities": {"anyOf": [_map(_ref("entity")), _list(_ref("register"))]},
        "sources": _map(_ref("source")),
        "facts": names.rows(),
        "tables": _list(_ref("table")),
    }


def _base_file(names: _Allowed) -> Schema:
    """A file of rules/ or facts/."""
    shapes = {**_sections(names), **_row_keys(), "family": _FILLED}
    return {**_fields((*SECTIONS, *ROW_KEYS, "family"), shapes), **_beside(ROW_KEYS)}


def _beside(keys: Sequence[str]) -> Schema:
    """What goes together of sections and the keys beside them."""
    lonely = [key for key in keys if key in ROW_KEYS and key not in ("source", "at")]
    return {
        "dependentRequired": {"at": ["source"], **{key: ["facts"] for key in lonely}},
        "dependentSchemas": {"source": {"anyOf": [{"required": ["facts"]}, {"required": ["rules"]}]}},
    }


def _case(names: _Allowed) -> Schema:
    """A case, which may bring along words and names of its own."""
    own_names = _Allowed(None)
    atom, answer = own_names.atom(), _answer(own_names)
    shapes = {"id": _FILLED, "note": _TEXT, "ask": _FILLED, "want": {"anyOf": [answer, _list(answer, 1)]}}
    shapes |= {"want_none": _FLAG, "want_error": _CODE}
    own = {"as-of": _DATE, "assume": _some(atom), "without": _some(atom), "use": _some(_FILLED)}
    own |= {**_sections(own_names), **{key: shape for key, shape in _row_keys().items() if key in CASE_KEYS}}
    own.pop("note", None)  # that of a case is no default of rows
    none = {"required": ["want_none"], "properties": {"want_none": {"const": True}}}
    one = {"oneOf": [{"required": ["want"]}, {"required": ["want_error"]}, none]}
    whole = {"properties": own, "required": ["ask"], **_beside([*own])}
    # What a case that wants an error brings along may be wrong in any way.
    parts: list[Schema] = [one, {"if": {"required": ["want_error"]}, "else": whole}]
    if names.kb is not None:
        known = {"assume": _some(names.atom()), "without": _some(names.atom()), "want": _some(_answer(names))}
        new_words = [{"required": [key]} for key in ("predicates", "use", "want_error")]
        parts.append({"if": {"not": {"anyOf": new_words}}, "then": {"properties": known}})
    return {**_fields(CASE_KEYS, {**dict.fromkeys(own, _ANY), **shapes}), "allOf": parts}


def _answer(names: _Allowed) -> Schema:
    """What a case wants: an atom with a certainty behind it or beside it, or without."""
    atom = names.atom(r"(@\s*[-+.0-9eE]+\s*)?")
    fields = _fields(("conclusion", "certainty"), {"conclusion": atom, "certainty": _SIGNED}, ("conclusion",))
    return {"anyOf": [atom, fields]}


def _cases(names: _Allowed) -> Schema:
    several = _fields(("cases",), {"cases": _list(_ref("case"))}, ("cases",))
    return {"if": {"required": ["cases"]}, "then": several, "else": _ref("case")}


def _manifest(names: _Allowed) -> Schema:
    use = _fields(("base", "facts"), {"base": _FILLED, "facts": _FLAG}, ("base",))
    shapes = {
        "name": {**_TEXT, "pattern": r"^[^\s./\\][^\s/\\]*$"},
        "authors": _some(_FILLED),
        "uses": _some({"anyOf": [_FILLED, use]}),
        "as-of": _DATE,
        "grades": _map(_CERTAINTY, {"enum": [*GRADES]}),
        "calibration": _ANY,
    }
    return {**_fields(MANIFEST_KEYS, {**dict.fromkeys(MANIFEST_KEYS, _FILLED), **shapes}), "type": ["object", "null"]}


def _outcomes(names: _Allowed) -> Schema:
    columns = {
        **_map(_column()),
        "oneOf": [{"required": [SCORE]}, {"required": [OUTCOME]}],
        "properties": {"on": False},
    }
    right = {"anyOf": [{"const": "highest"}, _fields(("above",), {"above": {"type": "number"}}, ("above",))]}
    of_score = {"properties": {"columns": {"required": [SCORE]}}}
    table = {
        **_table(names, ("right",), columns=columns, right=right),
        "if": of_score,
        "then": {"required": ["right"]},
        "else": {"properties": {"right": False}},
    }
    return _fields(OUTCOMES_SECTIONS, {"outcomes": _list(table), "sources": _map(_ref("source"))}, ("outcomes",))


def _review(names: _Allowed) -> Schema:
    remark = {
        **_fields((*PARTS, "verdict", "reason"), {**dict.fromkeys((*PARTS, "reason"), _FILLED),
                                                  "verdict": {"enum": [*VERDICTS]}}, ("verdict", "reason")),
        "oneOf": [{"required": [kind]} for kind in PARTS],
    }  # fmt: skip
    atom = names.atom()
    shapes = {
        "conclusion": atom,
        "as-of": _FULL_DAY,
        "as-of-from": {"enum": ["base", "reviewer"]},
        "assume": _list(atom),
        "without": _list(atom),
        "seal": {"type": "string", "pattern": r"^\s*[0-9a-f]{64}\s*$"},
        "verdict": {"enum": [*VERDICTS]},
        "verdicts": _list(remark),
        "date": {"type": "string", "pattern": rf"^[0-9]{{4}}-{_MONTH}-{_DAY}(T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}Z)?$"},
        "expires": _DATE,
    }
    says = {"anyOf": [{"required": [key]} for key in ("verdict", "verdicts", "note")]}
    return {**_fields(REVIEW_KEYS, {**dict.fromkeys(REVIEW_KEYS, _FILLED), **shapes}, REQUIRED_KEYS), **says}


_MADE: Mapping[str, Callable[[_Allowed], Schema]] = {
    "rules": _base_file,
    "facts": _base_file,
    "vocabulary": _base_file,
    "cases": _cases,
    "manifest": _manifest,
    "review": _review,
    "outcomes": _outcomes,
}


def file_schema(kind: str, kb: KnowledgeBase | None = None) -> Schema:
    """The schema of a kind of file, in JSON Schema 2020-12.

    Args:
        kind: a key of `FILES`.
        kb: a base whose names are the ones that a file may use.
    """
    names = _Allowed(kb)
    parts = {**_parts(_Allowed(None)), "case": _case(names)} if kind == "cases" else _parts(names)
    made = _MADE[kind](names)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"kzexpert: {FILES[kind]}"}
    return {**head, **made, "$defs": _needed(made, parts)}


def _needed(made: object, parts: Mapping[str, Schema]) -> dict[str, Schema]:
    """The definitions that a schema refers to, directly or not."""
    found: dict[str, Schema] = {}
    pending = [*_referred(made)]
    while pending:
        name = pending.pop()
        if name not in found:
            found[name] = parts[name]
            pending += _referred(parts[name])
    return {name: part for name, part in parts.items() if name in found}


def _referred(made: object) -> Iterable[str]:
    if isinstance(made, dict):
        if isinstance(reference := made.get("$ref"), str):
            yield reference.removeprefix("#/$defs/")
        for part in made.values():
            yield from _referred(part)
    elif isinstance(made, list):
        for part in made:
            yield from _referred(part)
