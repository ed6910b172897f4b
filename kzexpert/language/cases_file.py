# ruff: noqa: PTH110, PTH112, PTH118, PTH119, PTH120, PTH122
"""Case files → `Case` values: tests of rules, each with what it asks of which facts and what must come out.

What is wrong inside a case that wants an error is kept with the case; everything else that is wrong is raised. No case
is run here.
"""

import os
from collections.abc import Iterable
from functools import partial

from kzexpert.errors import CODES, Issue, KnowledgeBaseError
from kzexpert.language.documents import ListNode, MappingNode, Node, ScalarNode, YamlDocument, parse_document
from kzexpert.language.draft import Draft
from kzexpert.language.files import YAML_LIMIT, Remembered, StrPath, TextFile, read_file
from kzexpert.language.folders import YAML_ENDINGS, walk
from kzexpert.language.grammar import GrammarError, parse_atom, parse_expected
from kzexpert.language.loader import SECTIONS, finish, read_into, read_sections
from kzexpert.language.nearest import did_you_mean
from kzexpert.language.reader import Reader, read_number
from kzexpert.language.rules_file import ROW_KEYS, split_hint
from kzexpert.model import Atom, Case, Constant, Expected, KnowledgeBase

__all__ = ["CASE_KEYS", "cases_in", "load_cases"]

_WANTS = ("want", "want_none", "want_error")
_ROW_DEFAULTS = tuple(key for key in ROW_KEYS if key != "note")  # a case's note is its own
CASE_KEYS = ("id", "note", "ask", *_WANTS, "as-of", "assume", "without", "use", *SECTIONS, *_ROW_DEFAULTS)
_CASE_FORM = "a case has ask and one of want (answers), want_none (true) and want_error (a code)"
_LEAST_DECIMALS, _MOST_DECIMALS = 2, 9


def load_cases(paths: Iterable[StrPath], base: KnowledgeBase, kept: Remembered | None = None) -> tuple[Case, ...]:
    """Reads case files.

    Args:
        paths: files, or folders whose ``*.yaml`` are read.
        base: the knowledge base that the cases are about; its vocabulary says how their facts are read.
        kept: what was read the last time; files that have not changed are not read again.

    Raises:
        KnowledgeBaseError: something is wrong with the files; with what a case says of its own rules and facts only
            when the case wants no error.
    """
    issues: list[Issue] = []
    texts: dict[str, str] = {}
    cases: list[Case] = []
    kept = kept or Remembered()
    vocabulary = {name: predicate.signature for name, predicate in base.predicate.items()}
    for path in _files(paths, issues):
        found = kept.of(path, "cases", vocabulary, partial(_read, path, base))
        if len(found[2]) > 1:  # it uses other files, which nobody looks at here
            kept.drop(path, "cases")
        cases.extend(found[0])
        issues.extend(found[1])
        texts.update(found[2])
    if issues:
        raise KnowledgeBaseError(*issues, texts=texts)
    return tuple(cases)


def _read(path: StrPath, base: KnowledgeBase) -> tuple[list[Case], list[Issue], dict[str, str]]:
    """The cases of one file, what is wrong with it, and the texts of all files that it took."""
    issues: list[Issue] = []
    texts: dict[str, str] = {}
    try:
        file = read_file(path, YAML_LIMIT)
        texts[file.name] = file.text
        return _File(file, parse_document(file), base, issues, texts).cases(), issues, texts
    except KnowledgeBaseError as error:
        return [], [*issues, *error.issues], texts


def cases_in(file: TextFile, base: KnowledgeBase) -> tuple[Case, ...]:
    """The cases of one file that is at hand; otherwise as `load_cases`."""
    issues: list[Issue] = []
    texts = {file.name: file.text}
    cases = _File(file, parse_document(file), base, issues, texts).cases()
    if issues:
        raise KnowledgeBaseError(*issues, texts=texts)
    return tuple(cases)


def _files(paths: Iterable[StrPath], issues: list[Issue]) -> list[StrPath]:
    files: list[StrPath] = []
    for path in paths:
        try:
            files.extend(walk(path, YAML_ENDINGS) if os.path.isdir(path) else (path,))
        except KnowledgeBaseError as error:
            issues.extend(error.issues)
    return files


class _File:
    """One case file. `reader` notes what is wrong with the form of its cases."""

    def __init__(
        self, file: TextFile, document: YamlDocument, base: KnowledgeBase, issues: list[Issue], texts: dict[str, str]
    ) -> None:
        self.file = file
        self.document = document
        self.base = base
        self.reader = Reader(file, issues)
        self.texts = texts

    def cases(self) -> list[Case]:
        root = self.document.root
        if isinstance(root, MappingNode) and "cases" in root.entries:
            fields = self.reader.fields(root, "a file of cases", ("cases",)) or {}
            nodes = self.reader.items(fields["cases"], "a list of cases", _CASE_FORM) or []
        else:
            nodes = [root]
        refused = self.by_case(nodes)
        stem = os.path.splitext(os.path.basename(self.file.name))[0]
        single = len(nodes) == 1 and nodes[0] is root
        found = []
        for index, node in enumerate(nodes):
            case = self.case(node, stem if single else f"{stem}-{index + 1}", refused[index])
            if case is not None:
                found.append(case)
        return found

    def by_case(self, nodes: list[Node]) -> list[list[Issue]]:
        """What YAML itself was refused for, given to the case in which it stands."""
        refused: list[list[Issue]] = [[] for _ in nodes]
        starts = [(node.line, node.column) for node in nodes]
        for issue in self.document.issues:
            place = (issue.location.line, issue.location.column) if issue.location else (0, 0)
            before = sum(start <= place for start in starts)
            (refused[before - 1] if before else self.reader.issues).append(issue)
        return refused

    def case(self, node: Node, default_id: str, refused: list[Issue]) -> Case | None:
        reader = self.reader
        before = len(reader.issues)
        fields = reader.fields(node, "a case", CASE_KEYS, (), _CASE_FORM)
        if fields is None:
            reader.issues.extend(refused)
            return None
        case_id = reader.filled(fields["id"], "an id") if "id" in fields else default_id
        note = reader.text(fields["note"], "a note") if "note" in fields else ""
        ask = reader.filled(fields["ask"], "a question") if "ask" in fields else ""
        want, want_none, want_error = self.wants(fields, node)
        if "ask" not in fields and not want_error:
            reader.note("KZ109", "a case without 'ask'", reader.at(node), _CASE_FORM)
        content = _Content(Reader(self.file, refused), self.base, fields)
        kb, replaces_facts = content.knowledge_base()
        self.texts.update(kb.texts)
        as_of = content.reader.date(fields["as-of"], "a date") if "as-of" in fields else None
        assume, without = content.atoms("assume"), content.atoms("without")
        if not want_error:
            reader.issues.extend(refused)
        if len(reader.issues) > before or case_id is None or note is None or ask is None:
            return None
        place = reader.at(node)
        kept = tuple(refused)
        return Case(
            case_id, note, ask, kb, replaces_facts, as_of, assume, without, want, want_none, want_error, place, kept
        )

    def wants(self, fields: dict[str, Node], node: Node) -> tuple[tuple[Expected, ...] | None, bool, str]:
        """What must come out: exactly one of answers, nothing, and an error."""
        reader = self.reader
        none = reader.flag(fields["want_none"], "true") if "want_none" in fields else None
        given = [key for key in _WANTS if key in fields and not (key == "want_none" and none is False)]
        if len(given) != 1:
            message = "a case that expects nothing" if not given else f"a case with {' and '.join(given)}"
            reader.note("KZ116", message, reader.at(fields[given[1]] if given else node), _CASE_FORM)
            return None, False, ""
        if given[0] == "want_none":
            return None, True, ""
        value = fields[given[0]]
        if given[0] == "want_error":
            code = reader.text(value, "a code, such as KZ201") or ""
            if code and code not in CODES:
                reader.note("KZ116", f"{code} is not a code", reader.at(value), did_you_mean(code, CODES))
            return None, False, code
        return self.answers(value), False, ""

    def answers(self, node: Node) -> tuple[Expected, ...]:
        reader = self.reader
        items = node.items if isinstance(node, ListNode) else [node]
        if not items:
            reader.note(
                "KZ116", "an empty list of answers", reader.at(node), "if no answer is expected, write want_none: true"
            )
        answers = (self.expected(item, node) for item in items)
        return tuple(answer for answer in answers if answer is not None)

    def expected(self, node: Node, listed: Node) -> Expected | None:
        """One answer: an atom, an atom @ its certainty, or a mapping of the two."""
        reader = self.reader
        number = None
        if isinstance(node, MappingNode):
            fields = reader.fields(node, "an answer", ("conclusion", "certainty"), ("conclusion",))
            if fields is None:
                return None
            node, number = fields["conclusion"], fields.get("certainty")
        if not isinstance(node, ScalarNode) or node.missing:
            reader.wrong_shape("an answer", node, "such as ally(Ruritania, Borduria) @ 0.88")
            return None
        try:
            atom, text, written = parse_expected(node.text, reader.at(node), reader.locator(node))
        except GrammarError as error:
            reader.add(split_hint(error.issue, node, listed))
            return None
        if not _ground(atom):
            hint = "the answers of a case have no variables"
            reader.note("KZ207", "an answer with an open argument", atom.location, hint)
            return None
        if number is not None:
            if written is not None:
                reader.note("KZ106", "the certainty is given twice", reader.at(number), "keep one of the two")
            reader.number(number, "a certainty")
            written = number.text if isinstance(number, ScalarNode) and read_number(number.text) is not None else None
        if written is None:
            return Expected(text, location=reader.at(node))
        certainty = float(written)
        if not -1 <= certainty <= 1:
            reader.note("KZ111", f"a certainty of {written}", reader.at(node), "it lies from -1 to 1")
        return Expected(text, certainty, _decimals(written), reader.at(node))


class _Content:
    """What a case brings along: vocabulary, rules and facts of its own, and what it assumes and withdraws."""

    def __init__(self, reader: Reader, base: KnowledgeBase, fields: dict[str, Node]) -> None:
        self.reader = reader
        self.base = base
        self.fields = fields

    def knowledge_base(self) -> tuple[KnowledgeBase, bool]:
        """What it adds to the knowledge base, and whether its facts stand instead of those there."""
        reader = self.reader
        draft = Draft()
        draft.issues = reader.issues
        draft.files.append(reader.file)
        replaces_facts = False
        folder = os.path.dirname(reader.file.path)
        for item in reader.texts(self.fields["use"], "a file") if "use" in self.fields else ():
            path = os.path.join(folder, item.text)
            if os.path.exists(path):
                replaces_facts |= read_into(draft, path)
            else:
                hint = "the path is relative to the case file"
                reader.note("KZ101", f"there is no file {item.text}", reader.at(item), hint)
        own = {key: node for key, node in self.fields.items() if key in SECTIONS or key in _ROW_DEFAULTS}
        replaces_facts |= read_sections(reader, own, draft)
        return draft.knowledge_base(finish(draft, self.base.predicate)), replaces_facts

    def atoms(self, key: str) -> tuple[str, ...]:
        """One atom or a list of them, as text."""
        atoms = []
        node = self.fields.get(key)
        for item in [] if node is None else self.reader.texts(node, "an atom"):
            try:
                parse_atom(item.text, self.reader.at(item), self.reader.locator(item))
                atoms.append(item.text)
            except GrammarError as error:
                self.reader.add(split_hint(error.issue, item, node))
        return tuple(atoms)


def _ground(atom: Atom) -> bool:
    return all(isinstance(argument.term, Constant) for argument in atom.arguments)


def _decimals(written: str) -> int:
    """To how many decimals a certainty is compared: as many as are written, and at least two, as they are printed."""
    point = written.find(".")
    digits = 0 if point < 0 or "e" in written.lower() else len(written) - point - 1
    return min(max(digits, _LEAST_DECIMALS), _MOST_DECIMALS)
