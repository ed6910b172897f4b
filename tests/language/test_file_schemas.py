"""The schemas of files and their readers refuse the same: for each file that is whole, all ways to break one thing."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from editors import as_editors_read
from processes import CHECKOUT, here

from kzexpert.errors import Issue, KnowledgeBaseError
from kzexpert.language.cases_file import load_cases
from kzexpert.language.files import YAML_LIMIT, read_file, unsaved
from kzexpert.language.loader import load_knowledge_base, read_knowledge_base
from kzexpert.language.manifest import read_manifest
from kzexpert.language.outcomes_file import read_outcomes
from kzexpert.model import KnowledgeBase
from kzexpert.review.file import read_review
from kzexpert.schemas.files import FILES, file_schema

Break = tuple[str, Any]

BASE: dict[str, Any] = {
    "kinds": ["state", "bloc"],
    "predicates": {
        "member": {
            **{"args": [{"state": "state"}, {"org": "bloc"}], "holds": "interval", "says": "{state} is in {org}"},
            **{"asks": ["who is in {org}"], "doc": "Full", "assumable": False, "symmetric": False},
        },
        "aligned": {"args": [{"state": "state"}, {"power": "state"}], "compares": "power", "intended": {"KZ230": "so"}},
        "soldiers": {"args": [{"state": "state"}, {"number": "number"}]},
    },
    "synonyms": {"aligned": ["allied", "close"]},
    "rules": [
        {
            **{"id": "a", "title": "A", "family": "f", "certainty": -0.5, "because": "b", "intended": {"KZ230": "so"}},
            **{"when": ["member(?x, ?y)", {"either": ["p(?x)", ["q(?x)", "r(?x)"]]}, {"not": ["p(?x)", "q(?y)"]}]},
            **{"unless": ["s(?x)", ["t(?x)", "u(?y)"]], "then": "aligned(?x, ?y)", "source": {"id": "s", "at": "p 1"}},
        },
        {
            "id": "b",
            "replaces": "c",
            "each": True,
            "when": ["member(?x, _)"],
            "then": ["p(?x)", "q(?x)"],
            "source": "s",
        },
    ],
    "drop": ["old"],
    "entities": {
        "Ruritania": {
            "kind": "state",
            "aliases": ["RUR"],
            "in_text": "the R",
            "adjective": "Ruritanian",
            "plural": False,
        },
        "Pact": {"kind": "bloc", "possessive": "the Pact's"},
    },
    "sources": {
        "s": {
            **{"title": "T", "authors": ["A"], "publisher": "P", "date": "2011-04", "url": "u", "reliability": "A"},
            **{"origin": "o", "background": True},
        }
    },
    "facts": {
        "member": [{"state": "Ruritania", "org": "Pact", "since": "2002-10-07", "until": 2011, "certainty": 0.9}],
        "soldiers": [{"state": "Ruritania", "number": 12, "on": "2010-01", "note": "n", "source": "s", "at": "p 2"}],
    },
    "source": "s",
    "at": "p 3",
}
TABLES: dict[str, Any] = {
    "entities": [
        {"file": "none.csv", "kind": "state", "name": "n", "aliases": ["a"], "where": {"x": ["y"]}, "null": "-"}
    ],
    "tables": [
        {
            **{"file": "a.csv", "predicate": "member", "columns": {"state": "s", "org": {"value": "Pact"}}},
            **{"where": {"k": {"not": ["a"], ">=": 1990, "<": "2000-01"}, "l": "b"}, "map": {"state": "codes.csv"}},
            **{
                "certainty": 0.5,
                "source": "s",
                "at": "p",
                "note": "n",
                "encoding": "cp1252",
                "delimiter": ";",
                "skip": 2,
            },
            **{"header": ["s", "d"], "null": {"s": ["", "-"]}, "decimal": ",", "skip": 2, "strip": {"s": "*"}},
        },
        {
            **{"file": "a.json", "predicate": "x", "columns": {"a": {"row": True}, "on": {"year": "y", "month": "m"}}},
            **{"records": "data", "unpivot": {"columns": ["1", "2"], "name": "y", "value": "v"}, "dates": "%d.%m.%Y"},
        },
    ],
}
CASES = {
    "cases": [
        {
            **{"id": "a", "note": "n", "ask": "aligned(Ruritania, ?x)", "as-of": "2011", "assume": ["member(a, b)"]},
            **{"without": "member(c, d)", "want": ["aligned(a, b) @ 0.5", {"conclusion": "p(a)", "certainty": 0.3}]},
            **{"facts": {"member": [{"state": "Ruritania", "org": "Pact"}]}, "source": "s"},
        },
        {"ask": "who", "want_none": True, "rules": [{"id": "x", "when": [], "then": "p(a)"}]},
        {"want_error": "KZ201", "rules": [{"id": 1}]},
    ]
}
SINGLE = {"ask": "who", "want": "aligned(a, b)"}
MANIFEST = {
    **{"name": "n", "title": "T", "version": "1", "licence": "MIT", "authors": ["A"], "as-of": "2011-01"},
    **{"uses": ["kzexpert", {"base": "./x", "facts": True}], "grades": {"A": 1, "F": 0.5}, "calibration": {"x": [1]}},
}
OUTCOMES = {
    "outcomes": [
        {
            **{"predicate": "aligned", "file": "v.csv", "columns": {"state": "s", "as-of": "y", "score": "z"}},
            **{"right": {"above": 0.5}, "source": "s"},
        },
        {"predicate": "aligned", "file": "v.csv", "columns": {"state": "s", "outcome": "z"}},
        {"predicate": "aligned", "file": "v.csv", "columns": {"score": "z"}, "right": "highest"},
    ],
    "sources": {"s": {"title": "T"}},
}
REVIEW = {
    **{"conclusion": "aligned(a, b)", "question": "who", "as-of": "2011-01-31", "as-of-from": "base"},
    **{"assume": ["p(a)"], "without": ["q(b)"], "seal": "a" * 64, "verdict": "accepted", "reviewer": "R", "note": "n"},
    **{
        "verdicts": [{"premise": "p(a)", "verdict": "rejected", "reason": "r"}],
        "date": "2026-11-28",
        "expires": "2027",
    },
}
WHOLE: list[tuple[str, Any]] = [
    *(("rules", {key: part}) for key, part in BASE.items() if key not in ("facts", "source", "at")),
    ("facts", {key: BASE[key] for key in ("facts", "source", "at")}),
    ("facts", {"entities": TABLES["entities"]}),
    *(("facts", {"tables": [table]}) for table in TABLES["tables"]),
    *(("cases", CASES), ("cases", SINGLE), ("manifest", MANIFEST)),
    *(("outcomes", OUTCOMES), ("review", REVIEW)),
]
#: What no schema says of these breaks: it depends on the vocabulary, on another key, on a file beside, or on a list of
#: encodings or of marks in formats of dates. Nor can one tell what conditions say, days that no calendar has, or
#: an "until" before its "since".
_BEYOND = re.compile("KZ(124|202|205)|has no argument|there is no encoding|which is not read|is not a format for dates")


def broken(value: Any) -> Iterator[Break]:
    """The value with one thing wrong each, and what that is; what is changed may be right as well."""
    yield from (("null", None), ("text", "some text"), ("number", 7), ("list", ["x"]), ("mapping", {"x": "y"}))
    yield from (("empty", ""), ("no list", []), ("true", True), ("far", 40.5), ("nothing", 0), ("blank", " "))
    if isinstance(value, dict):
        yield "another key", {**value, "anothr": 1}
        yield "an empty key", {**value, "": "x"}
        for key in value:
            yield f"without {key}", {name: part for name, part in value.items() if name != key}
            yield f"{key} misspelt", {f"{name}x" if name == key else name: part for name, part in value.items()}
            for what, other in broken(value[key]):
                yield f"{key}: {what}", {**value, key: other}
            if key == "args":
                yield f"{key} twice", {**value, key: [*value[key], *value[key]]}
    elif isinstance(value, list):
        for number, item in enumerate(value):
            for what, other in broken(item):
                changed = copy.copy(value)
                changed[number] = other
                yield f"{number}: {what}", changed


@pytest.fixture(scope="module")
def base() -> KnowledgeBase:
    with unsaved({"base.yaml": json.dumps(BASE)}):
        return read_knowledge_base([], facts=["base.yaml"]).kb


def read(kind: str, document: Any, base: KnowledgeBase, folder: Path) -> list[Issue]:
    """What the reader finds wrong with a file."""
    path = str(folder / ("kzexpert.yaml" if kind == "manifest" else "file.yaml"))
    issues: list[Issue] = []
    with unsaved({path: json.dumps(document)}):
        try:
            if kind == "cases":
                load_cases([path], base)
            elif kind == "manifest":
                read_manifest(folder, issues, [])
            elif kind == "outcomes":
                read_outcomes([path])
            elif kind == "review":
                read_review(read_file(path, YAML_LIMIT), issues)
            else:
                issues += read_knowledge_base([], facts=[path]).issues
        except KnowledgeBaseError as error:
            issues += error.issues
    return [issue for issue in issues if not _BEYOND.search(f"{issue.code} {issue.message}")]


@pytest.mark.parametrize(("kind", "document"), WHOLE, ids=lambda part: part if isinstance(part, str) else "")
def test_what_the_reader_refuses_the_schema_refuses(
    kind: str, document: Any, base: KnowledgeBase, tmp_path: Path
) -> None:
    schema = jsonschema.Draft202012Validator(file_schema(kind))
    (tmp_path / "kzexpert.yaml").touch()
    assert read(kind, document, base, tmp_path) == []
    schema.validate(document)
    apart = []
    for what, other in broken(document):
        issues, fits = read(kind, other, base, tmp_path), schema.is_valid(other)
        if fits == bool(issues):
            apart.append(f"{what}: {issues[0].message if issues else 'refused by the schema alone'}")
    assert apart == []


# --- files that ship -------------------------------------------------------------------------------------------------


def files_of(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files of a base with their kinds."""
    for name, kind in (("rules", "rules"), ("facts", "facts"), ("tests/cases", "cases"), ("outcomes", "outcomes")):
        yield from ((kind, path) for path in sorted((folder / name).glob("*.yaml")))
    yield "manifest", folder / "kzexpert.yaml"


@pytest.mark.parametrize("name", [".", "bases/world", "bases/ownership"])
def test_files_that_ship_fit_the_schemas_with_the_names_of_their_base(name: str) -> None:
    kb = load_knowledge_base([CHECKOUT / name])
    schemas = {kind: jsonschema.Draft202012Validator(file_schema(kind, kb)) for kind in FILES}
    for kind, path in files_of(CHECKOUT / name):
        wrong = schemas[kind].iter_errors(as_editors_read(path))
        assert [f"{path.name}: {error.json_path} {error.message[:80]}" for error in wrong] == []


def test_names_that_a_base_lacks_are_refused_with_them() -> None:
    kb = load_knowledge_base([CHECKOUT])
    named, any_name = (jsonschema.Draft202012Validator(file_schema("facts", base)) for base in (kb, None))
    for wrong in (
        {"facts": {"membr": []}},
        {"facts": {"member": [{"state": "Kazakstan", "org": "CSTO"}]}},
        {"facts": {"member": [{"state": "Kazakhstan", "orgg": "CSTO"}]}},
        {"facts": {"member": [{"state": "Kazakhstan"}]}},
        {"facts": {"trains": [{"trainer": "Russia", "state": "Kazakhstan", "officers": "many"}]}},
        {"source": "wagner", "facts": {}},
        {"entities": {"X": {"kind": "stat"}}},
        {"rules": [{"id": "a", "when": [], "then": "alignmnt(?x)"}]},
    ):
        assert any_name.is_valid(wrong)
        assert not named.is_valid(wrong)


def test_the_command_prints_and_writes_them(tmp_path: Path) -> None:
    printed = json.loads(here("schema", "rules", "--kb", ".").stdout)
    assert printed == file_schema("rules", load_knowledge_base([CHECKOUT]))
    assert here("schema", "--write", "s/t", cwd=tmp_path).returncode == 0
    assert {path.stem for path in (tmp_path / "s" / "t").iterdir()} == {*FILES}
    for path in (tmp_path / "s" / "t").iterdir():
        assert json.loads(path.read_text(encoding="utf-8")) == file_schema(path.stem)
    for words in (["rules", "--write", "x"], ["trace", "--kb", "."], ["ruls"]):
        assert here("schema", *words, cwd=tmp_path).returncode == 2
