# ruff: noqa: PTH110, PTH118
"""``kzexpert.yaml``, the manifest of a base: what it is called, and which bases it uses. Every key may be missing.

It reads one file, and it does not look for the bases that are named there.
"""

import os
from collections.abc import Mapping
from typing import Any

import msgspec

from kzexpert.errors import Issue, KnowledgeBaseError, Location
from kzexpert.language.documents import ListNode, MappingNode, Node, ScalarNode, parse_document
from kzexpert.language.files import YAML_LIMIT, StrPath, TextFile, read_file, unsaved_text
from kzexpert.language.folders import MANIFEST
from kzexpert.language.reader import Reader
from kzexpert.model import GRADES, PartialDate

__all__ = ["MANIFEST_KEYS", "Manifest", "Use", "read_manifest"]

MANIFEST_KEYS = ("name", "title", "version", "licence", "authors", "uses", "as-of", "grades", "calibration")
_FORM = f"{MANIFEST} may hold any of {', '.join(MANIFEST_KEYS)}"
_GRADES_FORM = "such as grades: {A: 1, B: 1, C: 0.9, D: 0.6, E: 0.3, F: 0.5}"
_USE_FORM = "such as uses: [kzexpert, ./other, {base: kzexpert, facts: true}]"


class Use(msgspec.Struct, frozen=True):
    """A base that another uses, by its name or, with ``./`` or ``../``, by its folder; `facts` takes its facts too."""

    base: str
    facts: bool
    location: Location


class Manifest(msgspec.Struct, frozen=True):
    """What a manifest says; `calibration` is as written."""

    name: str = ""
    title: str = ""
    version: str = ""
    licence: str = ""
    authors: tuple[str, ...] = ()
    uses: tuple[Use, ...] = ()
    as_of: PartialDate | None = None
    grades: Mapping[str, float] = {}
    calibration: Any = None


def read_manifest(folder: StrPath, issues: list[Issue], files: list[TextFile]) -> Manifest:
    """Reads the manifest of a folder; without a file, one that says nothing.

    Args:
        issues: what is wrong with it is added here.
        files: it is added here.
    """
    path = os.path.join(folder, MANIFEST)
    if unsaved_text(path) is None and not os.path.exists(path):
        return Manifest()
    try:
        file = read_file(path, YAML_LIMIT)
        files.append(file)
        document = parse_document(file)
    except KnowledgeBaseError as error:
        # Every key may be missing, and so may all of them.
        issues.extend(issue for issue in error.issues if issue.code != "KZ104")
        return Manifest()
    issues.extend(document.issues)
    reader = Reader(file, issues)
    root = document.root
    if isinstance(root, MappingNode) and "drop" in root.entries:
        key, _ = root.entries.pop("drop")
        reader.note("KZ108", "drop in a manifest", reader.at_key(key), "drop: belongs in a file of rules/")
    fields = reader.fields(root, MANIFEST, MANIFEST_KEYS, (), _FORM)
    return Manifest() if fields is None else _manifest(reader, fields)


def _manifest(reader: Reader, fields: dict[str, Node]) -> Manifest:
    texts = {
        key: reader.filled(fields[key], f"a text for {key}") or "" if key in fields else ""
        for key in ("title", "version", "licence")
    }
    name = reader.filled(fields["name"], "the name of the base") or "" if "name" in fields else ""
    if name and (name != os.path.basename(name) or name.startswith(".") or name.split() != [name]):  # noqa: PTH119
        hint = "a name is one word, without a slash, that does not begin with a dot"
        reader.note("KZ110", f"{name!r} is not a name for a base", reader.at(fields["name"]), hint)
    return Manifest(
        name=name,
        authors=tuple(item.text for item in reader.texts(fields["authors"], "an author"))
        if "authors" in fields
        else (),
        uses=_uses(reader, fields["uses"]) if "uses" in fields else (),
        as_of=reader.date(fields["as-of"], "a date") if "as-of" in fields else None,
        grades=_grades(reader, fields["grades"]) if "grades" in fields else {},
        calibration=_plain(fields["calibration"]) if "calibration" in fields else None,
        **texts,
    )


def _uses(reader: Reader, node: Node) -> tuple[Use, ...]:
    found = []
    for item in node.items if isinstance(node, ListNode) else [node]:
        facts: bool | None = False
        if isinstance(item, MappingNode):
            fields = reader.fields(item, "a used base", ("base", "facts"), ("base",), _USE_FORM)
            if fields is None:
                continue
            facts = reader.flag(fields["facts"], "true or false") if "facts" in fields else False
            item = fields["base"]
        name = reader.filled(item, "the name or folder of a base")
        if name is not None:
            found.append(Use(name, bool(facts), reader.at(item)))
    return tuple(found)


def _grades(reader: Reader, node: Node) -> dict[str, float]:
    """Grade of a source → what it leaves of the certainty of a fact."""
    found: dict[str, float] = {}
    for key, value in reader.entries(node, "a mapping of grades to factors", _GRADES_FORM):
        if key.text not in GRADES:
            reader.note(
                "KZ110", f"{key.text!r} is not a grade", reader.at_key(key), f"the grades are {', '.join(GRADES)}"
            )
        factor = reader.certainty(value, negative=False)
        if factor is not None:
            found[key.text] = factor
    return found


def _plain(node: Node) -> Any:
    """Texts, lists and mappings, as written."""
    if isinstance(node, ScalarNode):
        return None if node.missing else node.text
    if isinstance(node, ListNode):
        return [_plain(item) for item in node.items]
    return {key: _plain(value) for key, (_, value) in node.entries.items()} if isinstance(node, MappingNode) else None
