"""``outcomes:`` → declarations of what turned out, in a YAML file of its own. It opens none of the files they name."""

from collections.abc import Sequence

import msgspec

from kzexpert.errors import Issue, KnowledgeBaseError
from kzexpert.language.documents import ListNode, MappingNode, Node, ScalarNode, parse_document
from kzexpert.language.facts_file import read_sources
from kzexpert.language.files import YAML_LIMIT, StrPath, TextFile, read_file
from kzexpert.language.reader import Reader
from kzexpert.language.tables_file import read_tables
from kzexpert.model import Source
from kzexpert.model.outcomes import DAY, OUTCOME, SCORE, Outcomes, Yardstick

__all__ = ["OUTCOMES_SECTIONS", "OutcomesFiles", "read_outcomes"]

OUTCOMES_SECTIONS = ("outcomes", "sources")
_FORM = "such as {predicate: aligned, file: votes.csv, columns: {state: state, as-of: year, score: z}, right: highest}"
_RIGHT = "right is highest, or {above: 0.5}"


class OutcomesFiles(msgspec.Struct, frozen=True):
    """What some files declare.

    Attributes:
        sources: those that the files declare themselves.
    """

    outcomes: tuple[Outcomes, ...]
    sources: tuple[Source, ...]
    files: tuple[TextFile, ...]


def read_outcomes(paths: Sequence[StrPath]) -> OutcomesFiles:
    """Reads files of outcomes.

    Raises:
        KnowledgeBaseError: something is wrong with them (KZ1xx, KZ701); it holds all issues of all files.
    """
    issues: list[Issue] = []
    files: list[TextFile] = []
    found: list[Outcomes] = []
    sources: list[Source] = []
    for path in paths:
        try:
            file = read_file(path, YAML_LIMIT)
            files.append(file)
            document = parse_document(file)
        except KnowledgeBaseError as error:
            issues.extend(error.issues)
            continue
        issues.extend(document.issues)
        reader = Reader(file, issues)
        hint = "a file of outcomes holds outcomes: and, for its own, sources:"
        fields = reader.fields(document.root, "a file of outcomes", OUTCOMES_SECTIONS, ("outcomes",), hint)
        if fields is None:
            continue
        if "sources" in fields:
            sources.extend(read_sources(reader, fields["sources"]))
        for item in reader.items(fields["outcomes"], "a list of outcomes", _FORM) or ():
            found.extend(_outcomes(reader, item))
    if issues:
        raise KnowledgeBaseError(*issues, texts={file.name: file.text for file in files})
    return OutcomesFiles(tuple(found), tuple(sources), tuple(files))


def _outcomes(reader: Reader, node: Node) -> list[Outcomes]:
    """One declaration, or nothing after an issue was noted: a table with a yardstick beside it."""
    if not isinstance(node, MappingNode):
        reader.wrong_shape("a mapping for outcomes", node, _FORM)
        return []
    before = reader.failures
    entries = dict(node.entries)
    _, right = entries.pop("right", (None, None))
    key, columns = entries.get("columns", (None, None))
    measure = ""
    if key is not None and isinstance(columns, MappingNode):
        measure = _measure(reader, columns)
        renamed = {("on" if name == DAY else name): pair for name, pair in columns.entries.items()}
        if "on" in renamed and DAY in columns.entries:
            at, value = renamed["on"]
            renamed["on"] = (_called(at, "on"), value)
        entries["columns"] = (key, MappingNode(renamed, columns.line, columns.column))
    yardstick, bound = _yardstick(reader, node, right, measure)
    tables = read_tables(
        reader, ListNode([MappingNode(entries, node.line, node.column)], node.line, node.column, False)
    )
    if reader.failures > before:
        return []
    return [Outcomes(table, yardstick, bound) for table in tables]


def _measure(reader: Reader, columns: MappingNode) -> str:
    """Which of a score and an outcome the columns hold."""
    found = [name for name in (SCORE, OUTCOME) if name in columns.entries]
    if len(found) != 1:
        what = "both a score and an outcome" if found else "neither a score nor an outcome"
        hint = "score: is the column of a number, outcome: that of a 0 or a 1"
        reader.note("KZ701", f"columns with {what}", reader.at(columns), hint)
    return found[0] if len(found) == 1 else ""


def _yardstick(reader: Reader, node: Node, right: Node | None, measure: str) -> tuple[Yardstick, float]:
    """What ``right:`` says."""
    if measure == OUTCOME:
        if right is not None:
            reader.note("KZ701", "right beside outcomes of 0 and 1", reader.at(right), "leave right out")
        return "given", 0.0
    if right is None:
        if measure:
            reader.note("KZ701", "nothing says which scores are right", reader.at(node), _RIGHT)
        return "highest", 0.0
    if isinstance(right, ScalarNode) and right.text == "highest":
        return "highest", 0.0
    if isinstance(right, MappingNode):
        fields = reader.fields(right, "right", ("above",), ("above",), _RIGHT)
        bound = None if fields is None else reader.number(fields["above"], "a number")
        return "above", bound or 0.0
    reader.wrong_shape("highest or {above: ...}", right, _RIGHT)
    return "highest", 0.0


def _called(key: ScalarNode, name: str) -> ScalarNode:
    """A key by another name, in its place."""
    return ScalarNode(name, key.style, key.line, key.column, key.start, key.end)
