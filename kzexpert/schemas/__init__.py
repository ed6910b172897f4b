"""The JSON Schemas of the documents that the program prints, made from the types that it fills, and of files of a base.

The former are published as files: ``python -m kzexpert.schemas`` writes them anew after a type has changed.
"""

import re
from importlib import import_module, resources
from typing import Any

import msgspec

from kzexpert.errors import Issue, UsageError
from kzexpert.language.nearest import did_you_mean

__all__ = ["DOCUMENTS", "Document", "generated", "published"]

#: ``name: text`` or ``one, other: text`` in the attributes of a docstring; lines that go on are indented.
_ENTRY = re.compile(r"^ *(\w+(?:, \w+)*): (.*(?:\n {8,}.*)*)", re.MULTILINE)


class Document(msgspec.Struct, frozen=True):
    """A kind of document: the type that is encoded, and the command that prints it."""

    module: str
    type: str
    made_by: str


#: By the name that stands in ``"schema": "kzexpert.NAME/1"``, whatever the number.
DOCUMENTS = {
    "answer": Document("kzexpert.proof.answers", "Answer", "ask --format json"),
    "conclusions": Document("kzexpert.proof.answers", "Conclusions", "conclusions --format json"),
    "why-not": Document("kzexpert.analysis.why_not", "WhyNot", "why-not --format json"),
    "what-if": Document("kzexpert.analysis.what_if", "WhatIf", "what-if --format json"),
    "graph": Document("kzexpert.analysis.base_graph", "BaseGraph", "graph --format json"),
    "diff": Document("kzexpert.analysis.base_diff", "BaseDiff", "diff --format json"),
    "linchpins": Document("kzexpert.analysis.linchpins", "Linchpins", "linchpins --format json"),
    "timeline": Document("kzexpert.analysis.timeline", "Timeline", "timeline --format json"),
    "matrix": Document("kzexpert.analysis.matrix", "Matrices", "matrix --format json"),
    "about": Document("kzexpert.analysis.profile", "Profile", "about --format json"),
    "trace": Document("kzexpert.proof.document", "Trace", "why --format json, trace export"),
    "report": Document("kzexpert.proof.document", "TraceReport", "trace export of several questions"),
    "verification": Document("kzexpert.render.trace_text", "Verifications", "trace verify --format json"),
    "trace-diff": Document("kzexpert.proof.diff", "TraceDiff", "trace diff --format json"),
    "reviews": Document("kzexpert.render.review_json", "ReviewRecords", "review list --format json"),
    "evaluation": Document("kzexpert.analysis.measure.evaluation", "Evaluations", "evaluate --format json"),
    "calibration": Document("kzexpert.model.calibration", "Calibrations", "calibrate --output"),
    "lessons": Document("kzexpert.analysis.measure.lessons", "Taught", "learn --format json"),
    "issues": Document("kzexpert.render.json", "Issues", "check --format json"),
    "test": Document("kzexpert.render.cases_json", "CasesDocument", "test --format json"),
    "mutation": Document("kzexpert.render.mutation_json", "MutationDocument", "test --mutate --format json"),
    "vocabulary": Document("kzexpert.questions.vocabulary", "Vocabulary", "vocabulary --format json"),
}


def published(name: str) -> str:
    """The schema of a document as it is published.

    Args:
        name: a key of `DOCUMENTS`; ``kzexpert.trace/1`` stands for ``trace``.

    Raises:
        UsageError: there is no such document (KZ301).
    """
    short = re.sub(r"/\d+$", "", name.removeprefix("kzexpert."))
    if short not in DOCUMENTS:
        from kzexpert.schemas.files import FILES

        hint = did_you_mean(short, (*DOCUMENTS, *FILES)) or f"there are {', '.join((*DOCUMENTS, *FILES))}"
        raise UsageError(Issue("KZ301", f"there is no schema {name}", hint=hint))
    return resources.files("kzexpert.schemas").joinpath(f"{short}.json").read_text(encoding="utf-8")


def generated(name: str) -> str:
    """The schema of a document from its type, in JSON Schema 2020-12."""
    document = DOCUMENTS[name]
    kind = getattr(import_module(document.module), document.type)
    made: dict[str, Any] = msgspec.json.schema(kind)
    for definition in made.get("$defs", {}).values():
        _describe(definition)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": kind.__struct_config__.tag}
    return msgspec.json.format(msgspec.json.encode({**head, **made}), indent=2).decode() + "\n"


def _describe(definition: dict[str, Any]) -> None:
    """Put what a docstring says of an attribute where a schema has it: at the property."""
    from inspect import cleandoc  # takes longer to import than all else here

    summary, _, attributes = cleandoc(definition.get("description", "")).partition("Attributes:\n")
    if not summary:
        return
    definition["description"] = " ".join(summary.split())
    for entry in _ENTRY.finditer(attributes):
        for field in entry[1].split(", "):
            if field in definition["properties"]:
                held = definition["properties"][field]
                if "$ref" in held:
                    definition["properties"][field] = held = {"allOf": [held]}
                held["description"] = " ".join(entry[2].split())
