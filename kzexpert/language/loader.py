"""Files → one `KnowledgeBase`: all sections of all files, and all that is wrong with them at once.

The order of files is that of their names, and it decides nothing but the order of issues.
"""

import os
from collections.abc import Collection, Iterable, Mapping

import msgspec

from kzexpert.errors import Issue, KnowledgeBaseError, Location
from kzexpert.language.bases import BaseFolder, base_folders, single_files
from kzexpert.language.documents import ListNode, Node, parse_document
from kzexpert.language.draft import Draft
from kzexpert.language.facts_file import PendingRows, read_entities, read_row_keys, read_rows, read_sources
from kzexpert.language.files import (
    CSV_LIMIT,
    YAML_LIMIT,
    Remembered,
    StrPath,
    TextFile,
    read_file,
    real_path,
    shown_name,
)
from kzexpert.language.folders import YAML_ENDINGS
from kzexpert.language.manifest import read_manifest
from kzexpert.language.reader import Reader
from kzexpert.language.rules_file import (
    ROW_KEYS,
    RuleDefaults,
    read_drops,
    read_kinds,
    read_predicates,
    read_rules,
    read_synonyms,
)
from kzexpert.model import Fact, KnowledgeBase, Layer, Predicate

__all__ = [
    "SECTIONS",
    "Loaded",
    "finish",
    "load_knowledge_base",
    "read_into",
    "read_knowledge_base",
    "read_sections",
]

#: What a file of a knowledge base may hold, in any combination.
SECTIONS = ("kinds", "predicates", "synonyms", "rules", "drop", "entities", "sources", "facts", "tables")


class Loaded(msgspec.Struct, frozen=True):
    """What could be read, and what could not.

    Attributes:
        kb: everything but the records with a mistake.
        issues: all problems, in the order of files and lines; empty when the knowledge base is whole.
    """

    kb: KnowledgeBase
    issues: tuple[Issue, ...]


def load_knowledge_base(
    layers: Iterable[StrPath], rules: Iterable[StrPath] = (), facts: Iterable[StrPath] = ()
) -> KnowledgeBase:
    """Reads a knowledge base.

    Args:
        layers: folders with ``rules/`` or ``facts/`` or both, or names of bases; all of them, and the bases that they
            use, are taken together.
        rules: single files or folders of files, added to them.
        facts: single files or folders of files, added to them; any file may hold any section.

    Raises:
        KnowledgeBaseError: something is wrong with the files (KZ1xx, KZ2xx); it holds all issues of all files.
    """
    loaded = read_knowledge_base(layers, rules, facts)
    if loaded.issues:
        raise KnowledgeBaseError(*loaded.issues, texts=loaded.kb.texts)
    return loaded.kb


def read_knowledge_base(
    layers: Iterable[StrPath],
    rules: Iterable[StrPath] = (),
    facts: Iterable[StrPath] = (),
    kept: Remembered | None = None,
) -> Loaded:
    """Reads what can be read, as `load_knowledge_base`, but returns the issues beside it instead of raising them.

    Args:
        kept: what was read the last time; files that have not changed are not read again.
    """
    kept = kept or Remembered()
    draft = Draft()
    own: dict[StrPath, Draft] = {}
    paths: dict[str, StrPath] = {}
    opened: list[tuple[BaseFolder, list[StrPath]]] = []
    for base in base_folders(list(layers), draft.issues):
        opened.append((base, _added(paths, base.files, draft.issues)))
    for files, endings in ((rules, YAML_ENDINGS), (facts, (*YAML_ENDINGS, ".csv"))):
        for file in files:
            _added(paths, single_files([file], endings), draft.issues)
    for path in paths.values():
        if not _is_csv(path):
            draft.add(own.setdefault(path, _read(path, kept)))
    # Only now it is known which CSV files are tables, codes of tables, or registers: these are no facts of their own.
    named = {real_path(file) for table in draft.tables for file in (table.path, *table.codes.values())}
    named.update(real_path(register.path) for register in draft.registers)
    for real, path in paths.items():
        if _is_csv(path) and real not in named and os.path.dirname(real) not in named:  # noqa: PTH120
            draft.add(own.setdefault(path, _read(path, kept)))
    found = [_layer(base, files, draft) for base, files in opened]
    vocabulary = {item.name: item for item in reversed(draft.predicates)}
    rows: list[Fact] = []
    for path, of_file in own.items():
        of_rows, issues = _kept_rows(path, of_file, vocabulary, kept)
        rows.extend(of_rows)
        draft.issues.extend(issues)
    kb = draft.knowledge_base(rows, found)
    return Loaded(kb, tuple(sorted(kb.attributed(draft.issues), key=_place)))


def _read(path: StrPath, kept: Remembered) -> Draft:
    """What one file says, but for its facts."""

    def read() -> Draft:
        found = Draft()
        read_into(found, path)
        return found

    own = kept.of(path, "draft", None, read)
    if own.registers:  # their rows lie in files that nobody looks at here
        kept.drop(path, "draft")
    return own


def _kept_rows(
    path: StrPath, own: Draft, vocabulary: Mapping[str, Predicate], kept: Remembered
) -> tuple[list[Fact], list[Issue]]:
    """The facts of one file, and what is wrong with them."""

    def read() -> tuple[list[Fact], list[Issue]]:
        before = len(own.issues)
        found = _rows(own, vocabulary)
        issues = own.issues[before:]
        del own.issues[before:]
        return found, issues

    stem = os.path.splitext(os.path.basename(path))[0]  # noqa: PTH119, PTH122
    names = [pending.key.text for pending in own.pending] + [stem] * len(own.csv_files)
    given = [predicate.signature if (predicate := vocabulary.get(name)) else None for name in names]
    return kept.of(path, "facts", given, read)


def _added(paths: dict[str, StrPath], files: Iterable[StrPath], issues: list[Issue]) -> list[StrPath]:
    """Adds files by their real path, and returns those that were not there; a folder that has none is noted."""
    new = []
    try:
        for path in files:
            if paths.setdefault(real_path(path), path) is path:
                new.append(path)
    except KnowledgeBaseError as error:
        issues.extend(error.issues)
    return new


def _layer(base: BaseFolder, files: Iterable[StrPath], draft: Draft) -> Layer:
    """A base with what its manifest says."""
    read: list[TextFile] = []
    manifest = read_manifest(base.folder, draft.issues, read)
    draft.files.extend(read)
    folder = os.path.join(base.folder, "rules", "")  # noqa: PTH118
    known = draft.texts  # without data files of tables
    names = {os.fspath(path): name for path in files if (name := shown_name(path)) in known}
    rules = [name for path, name in names.items() if path.startswith(folder)]
    return Layer(
        folder=base.folder,
        name=manifest.name,
        title=manifest.title,
        version=manifest.version,
        licence=manifest.licence,
        authors=manifest.authors,
        as_of=manifest.as_of,
        files=(*(file.name for file in read), *_with_registers(names.values(), draft)),
        rules=_with_registers(rules, draft),
        used=base.used,
        uses=base.uses,
        grades=manifest.grades,
        calibration=manifest.calibration,
    )


def _with_registers(files: Collection[str], draft: Draft) -> tuple[str, ...]:
    """Files, and the registers that they declare, each once."""
    declared = (shown_name(register.path) for register in draft.registers if register.location.file in files)
    return tuple(dict.fromkeys((*files, *declared)))


def _is_csv(path: StrPath) -> bool:
    return os.fspath(path).lower().endswith(".csv")


def read_into(draft: Draft, path: StrPath) -> bool:
    """Reads one file, by its ending as CSV or YAML; its facts wait for `finish`.

    Returns:
        Whether the file holds facts.
    """
    is_csv = _is_csv(path)
    try:
        file = read_file(path, CSV_LIMIT if is_csv else YAML_LIMIT)
        draft.files.append(file)
        reader = Reader(file, draft.issues)
        if is_csv:
            draft.csv_files.append(reader)
            return True
        document = parse_document(file)
    except KnowledgeBaseError as error:
        draft.issues.extend(error.issues)
        return False
    draft.issues.extend(document.issues)
    hint = f"a file holds any of {', '.join(SECTIONS)}, each with a colon"
    fields = reader.fields(document.root, "the file", (*SECTIONS, *ROW_KEYS, "family"), (), hint)
    return fields is not None and read_sections(reader, fields, draft)


def read_sections(reader: Reader, fields: Mapping[str, Node], draft: Draft) -> bool:
    """Reads the sections of a file or of a case; the rows of ``facts`` wait for `finish`.

    Returns:
        Whether there are facts among them.
    """
    if "kinds" in fields:
        draft.kinds.extend(read_kinds(reader, fields["kinds"]))
    if "predicates" in fields:
        draft.predicates.extend(read_predicates(reader, fields["predicates"]))
    if "synonyms" in fields:
        draft.synonyms.extend(read_synonyms(reader, fields["synonyms"]))
    if "entities" in fields:
        _read_entities(reader, fields["entities"], draft)
    if "sources" in fields:
        draft.sources.extend(read_sources(reader, fields["sources"]))
    beside = {key: fields[key] for key in ROW_KEYS if key in fields}
    meant = ROW_KEYS if "facts" in fields else ("source", "at") if "rules" in fields else ()
    defaults = read_row_keys(reader, {key: node for key, node in beside.items() if key in meant})
    if defaults.at:
        hint = "at is a place in a source: give source too"
        reader.note("KZ109", "at without a source", defaults.places["at"], hint)
    if "rules" in fields:
        family = reader.filled(fields["family"], "the name of a family") if "family" in fields else None
        draft.rules.extend(read_rules(reader, fields["rules"], RuleDefaults(defaults.source, family or "")))
    if "drop" in fields:
        draft.drops.extend(read_drops(reader, fields["drop"]))
    if "tables" in fields:
        from kzexpert.language.tables_file import read_tables  # most knowledge bases have none

        draft.tables.extend(read_tables(reader, fields["tables"]))
    if "facts" in fields:
        entries = reader.entries(fields["facts"], "a mapping of predicates to rows", "such as member: [{...}, {...}]")
        draft.pending.extend(PendingRows(reader, key, rows, defaults) for key, rows in entries)
        return True
    for key, node in beside.items():
        if "rules" not in fields or key not in ("source", "at"):
            message, hint = f"{key!r} has no facts beside it", "beside `facts:` it is the default for the rows"
            reader.note("KZ108", message, reader.at(node), hint)
    return False


def _read_entities(reader: Reader, node: Node, draft: Draft) -> None:
    """Entities by hand stand in a mapping, registers of them in a list."""
    if not isinstance(node, ListNode):
        draft.entities.extend(read_entities(reader, node))
        return
    from kzexpert.language.registers import read_register, read_registers  # most knowledge bases have none

    for declared in read_registers(reader, node):
        register, entities = read_register(declared, draft.issues)
        draft.registers.append(register)
        draft.entities.extend(entities)


def finish(draft: Draft, vocabulary: Mapping[str, Predicate]) -> list[Fact]:
    """Reads the facts that waited.

    Args:
        draft: all files are read into it.
        vocabulary: predicates that are known beside those of the draft, which go before them.
    """
    return _rows(draft, {**vocabulary, **{item.name: item for item in reversed(draft.predicates)}})


def _rows(draft: Draft, known: Mapping[str, Predicate]) -> list[Fact]:
    facts: list[Fact] = []
    for pending in draft.pending:
        facts.extend(read_rows(pending, known))
    if draft.csv_files:
        from kzexpert.language.csv_file import read_table  # most knowledge bases have no CSV file

        for file in draft.csv_files:
            facts.extend(read_table(file, known))
    return facts


def _place(issue: Issue) -> tuple[str, Location, str, str]:
    return issue.base, issue.location or Location(""), issue.code, issue.message
