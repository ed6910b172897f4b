"""The published schemas are those of the types, every document has one, and what is printed fits it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from traces import Traced

import kzexpert
from kzexpert.cli.group import cli
from kzexpert.model import KnowledgeBase
from kzexpert.proof.diff import trace_diff
from kzexpert.render.json import json_text
from kzexpert.schemas import DOCUMENTS, generated, published
from kzexpert.schemas.files import FILES

_PACKAGE = Path(kzexpert.__file__).parent
_TAG = re.compile(r'tag="kzexpert\.([\w-]+)/\d+"')


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_published_schema_is_that_of_the_type(name: str) -> None:
    assert published(name) == generated(name), "python -m kzexpert.schemas writes the schemas anew"


def test_every_document_is_listed() -> None:
    tags = {tag for path in _PACKAGE.rglob("*.py") for tag in _TAG.findall(path.read_text(encoding="utf-8"))}
    assert tags == set(DOCUMENTS)
    files = {path.stem for path in (_PACKAGE / "schemas").glob("*.json")}
    assert files == set(DOCUMENTS)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_schema_names_its_document(name: str) -> None:
    schema = json.loads(published(name))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"].rpartition("/")[0] == f"kzexpert.{name}"
    root = schema["$defs"][schema["$ref"].rpartition("/")[2]]
    assert root["properties"]["schema"]["enum"] == [schema["title"]]
    assert root["description"]


#: What is not in every proof.
_UNSET = {"seal", "shown", "signature", "calibration", "likelihoods", "bases", "excerpt"}


def test_all_that_a_trace_says_is_required_and_nothing_else_allowed() -> None:
    for name, definition in json.loads(published("trace"))["$defs"].items():
        unset = {"Trace": _UNSET, "CitedRule": {"replaces"}}
        optional = unset.get(name, set())  # not in every proof
        if name.startswith("Stated"):  # as in a file, where what is usual need not be said
            continue
        assert definition["required"] == [field for field in definition["properties"] if field not in optional]
        assert definition["additionalProperties"] is False
        assert definition["description"]


def test_traces_and_their_differences_fit_their_schemas(everything: KnowledgeBase, traced: Traced) -> None:
    one, other = (traced(everything, question) for question in ("aligned(?x, ?y)", "aligned(Ruritania, ?y)"))
    for name, document in (("trace", one), ("trace-diff", trace_diff(one, other))):
        schema = json.loads(published(name))
        assert list(misfits(json.loads(json_text(document)), schema, schema, "$")) == []
    broken = {**json.loads(json_text(one)), "more": 1, "as_of": 7}
    schema = json.loads(published("trace"))
    assert list(misfits(broken, schema, schema, "$")) == ["$.more", "$.as_of"]


_TYPES = {
    "string": str,
    "number": int | float,
    "integer": int,
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}


def misfits(value: Any, schema: dict[str, Any], root: dict[str, Any], path: str) -> Iterator[str]:
    """The paths that do not fit, by as much of JSON Schema as the published ones use."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    for part in schema.get("allOf", ()):
        yield from misfits(value, part, root, path)
    if "anyOf" in schema and all(list(misfits(value, part, root, path)) for part in schema["anyOf"]):
        yield path
    if "enum" in schema and value not in schema["enum"]:
        yield path
    if "type" in schema and not isinstance(value, _TYPES[schema["type"]]):
        yield path
    elif isinstance(value, dict) and "properties" in schema:
        yield from (f"{path}.{key}" for key in value if key not in schema["properties"])
        yield from (f"{path}.{key}" for key in schema.get("required", ()) if key not in value)
        for key, inner in schema["properties"].items():
            if key in value:
                yield from misfits(value[key], inner, root, f"{path}.{key}")
    elif isinstance(value, list) and isinstance(schema.get("items"), dict):
        for number, item in enumerate(value):
            yield from misfits(item, schema["items"], root, f"{path}[{number}]")


def test_the_command() -> None:
    run = CliRunner().invoke
    assert run(cli, ["schema", "trace"]).stdout == published("trace")
    assert run(cli, ["schema", "kzexpert.trace/1"]).stdout == published("trace")
    assert [line.split()[0] for line in run(cli, ["schema"]).stdout.splitlines()] == [*{**DOCUMENTS, **FILES}]
    wrong = run(cli, ["schema", "trance"])
    assert (wrong.exit_code, "did you mean trace?" in wrong.stderr) == (2, True)
