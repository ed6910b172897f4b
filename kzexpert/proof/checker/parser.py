"""Text → traces, or all that keeps it from being one: not JSON, another version, fields that do not fit.

It compares nothing with rules or facts.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from kzexpert.errors import Issue, Location
from kzexpert.language.nearest import did_you_mean
from kzexpert.proof.checker.places import Places
from kzexpert.proof.document import Trace
from kzexpert.proof.enclosure import enclosing

__all__ = ["SCHEMA", "read_trace", "read_traces"]

SCHEMA = "kzexpert.trace/1"
_EXPORT = "kzexpert trace export QUESTION --output FILE writes one"


def read_traces(file: str, text: str) -> tuple[list[Trace], list[Issue]]:
    """Read the traces of a file: one in JSON, or all that a page carries, HTML or Markdown.

    Args:
        file: its name, for the issues.

    Returns:
        Those that can be read, and what is wrong with the others; see `read_trace`.
    """
    found = enclosing(file, text)
    traces, issues = [], [*found.issues]
    for item in found.traces:
        trace, wrong = read_trace(file, item.text)
        traces += [trace] if trace else []
        issues += (item.placed(issue, file) for issue in wrong)
    return traces, issues


class _RepeatedKeyError(ValueError):
    """A key appears twice in one object."""


def read_trace(file: str, text: str) -> tuple[Trace | None, list[Issue]]:
    """Read a trace.

    Args:
        file: its name, for the issues.

    Returns:
        The trace and no issue, or None and every issue: KZ501 where it is no trace at all, else KZ502.
    """
    places = Places(file, text)
    try:
        document = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
        json.dumps(document, ensure_ascii=False).encode()  # half of a surrogate pair, which escapes can hide anywhere
    except _RepeatedKeyError:
        repeated = places.repeated_keys.items()
        return None, [Issue("KZ502", f"the key {path} appears twice", place, "keep one") for path, place in repeated]
    except json.JSONDecodeError as error:
        return None, [Issue("KZ501", f"not JSON: {error.msg}", Location(file, error.lineno, error.colno), _EXPORT)]
    except UnicodeEncodeError:
        return None, [Issue("KZ501", "not text: it holds half of a surrogate pair", Location(file), _EXPORT)]
    except (ValueError, RecursionError) as error:  # NaN, a number of thousands of digits, thousands of brackets
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        return None, [Issue("KZ501", f"not JSON that can be read: {reason}", Location(file), _EXPORT)]
    if not isinstance(document, dict) or not isinstance(document.get("schema"), str):
        return None, [Issue("KZ501", "not a trace: it has no schema", Location(file, 1), _EXPORT)]
    if document["schema"] != SCHEMA:
        shown = str(Location(document["schema"][:60]))
        hint = f"this version reads {SCHEMA}; {_EXPORT}"
        return None, [Issue("KZ502", f"the schema is {shown}, not {SCHEMA}", places["$.schema"], hint)]
    issues = [Issue("KZ502", f"{path}: {message}", places[path], _SCHEMA_HINT) for path, message in _misfits(document)]
    if issues:
        return None, issues
    return msgspec.convert(document, Trace), []


_SCHEMA_HINT = "kzexpert schema trace prints what belongs where"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _RepeatedKeyError
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _misfits(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The path and a message for every field, and every item of a list, that is not of its type."""
    types = get_type_hints(Trace)
    for field in msgspec.structs.fields(Trace):
        if field.required and field.name not in document:
            yield f"$.{field.name}", "this is missing"
    for name, value in document.items():
        if name == "schema":
            continue
        if name not in types:
            hint = did_you_mean(name, types)
            yield f"$.{name}", "a trace does not have this field" + (f"; {hint}" if hint else "")
        elif get_origin(types[name]) is tuple and isinstance(value, list):
            (item_type, *_) = get_args(types[name])
            for number, item in enumerate(value):
                yield from _misfit(f"$.{name}[{number}]", item, item_type)
        else:
            yield from _misfit(f"$.{name}", value, types[name])


def _misfit(path: str, value: object, wanted: Any) -> Iterator[tuple[str, str]]:
    try:
        msgspec.convert(value, wanted)
    except msgspec.ValidationError as error:
        message, _, inner = str(error).partition(" - at `$")
        yield path + inner.removesuffix("`"), message
    except (RecursionError, OverflowError):
        yield path, "a value that a trace cannot hold"
