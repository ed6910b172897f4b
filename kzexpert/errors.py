"""Where things stand in the files, what is wrong with them, and the exceptions that carry it: the ground of all layers.

It imports nothing of ours, and it prints nothing: an `Issue` is a value, and `render.issues` turns it into text.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

__all__ = [
    "CODES",
    "AmbiguousQuestion",
    "BudgetError",
    "Issue",
    "KnowledgeBaseError",
    "KzexpertError",
    "Location",
    "Repair",
    "UsageError",
    "an",
    "counted",
    "listed",
    "without_password",
]

_PASSWORD = r"(password\s*=\s*)(?:'(?:[^'\\]|\\.)*'|[^\s&#\"']+)|(://[^:/@\s]*:)[^\s]*(?=@)"


def without_password(text: str) -> str:
    """A text in which no password of a connection to a database stands, as it may be shown."""
    return re.sub(_PASSWORD, lambda found: f"{found[1] or found[2]}***", text, flags=re.IGNORECASE)


def counted(number: int, thing: str, things: str = "") -> str:
    """A number with its noun: ``1 fact``, ``3 facts``, ``1,000 facts``.

    Args:
        things: the plural, where it is not the noun with an ``s``.
    """
    return f"{number:,} {thing if number == 1 else things or f'{thing}s'}"


def an(thing: str) -> str:
    """A noun with its article: ``a state``, ``an organisation``."""
    return f"{'an' if thing[:1] in 'aeio' else 'a'} {thing}"


def listed(names: Iterable[str], last: str = "and") -> str:
    """Names as English lists them: ``A``, ``A and B``, ``A, B and C``.

    Args:
        last: the word before the last of several.
    """
    *before, final = names
    return f"{', '.join(before)} {last} {final}" if before else final


class Location(msgspec.Struct, frozen=True, order=True, array_like=True):
    """A place in a file.

    Attributes:
        file: the path as the user gave it or as it was found, or a name such as ``--assume``.
        line: 1 for the first line; 0 when the issue is about the whole file.
        column: 1 for the first character; 0 when the issue is about the whole line.
        row: of a table, 1 for the first below its header: what no editor counts in lines. 0 for a place in a text.
    """

    file: str
    line: int = 0
    column: int = 0
    row: int = 0

    def __str__(self) -> str:
        if self.row:
            return f"{self.file} row {self.row}"
        parts = [self.file]
        if self.line:
            parts.append(str(self.line))
            if self.column:
                parts.append(str(self.column))
        return ":".join(parts)


class Repair(msgspec.Struct, frozen=True, array_like=True):
    """A change of a text: at the place stands `old`, and `new` is to stand there."""

    place: Location
    old: str
    new: str


class Issue(msgspec.Struct, frozen=True, array_like=True):
    """One finding about what a user wrote.

    Attributes:
        code: a key of `CODES`.
        message: what is wrong, in one sentence without a full stop.
        location: where; None for a finding about the whole knowledge base.
        hint: what to do about it, or the nearest valid thing; may be empty.
        severity: an error stops the program, a warning does not.
        related: other places that belong to the finding, each with a few words.
        base: the used base that it is about; empty for one's own files.
        fix: what settles it, where that is certain.
    """

    code: str
    message: str
    location: Location | None = None
    hint: str = ""
    severity: Literal["error", "warning"] = "error"
    related: tuple[tuple[Location, str], ...] = ()
    base: str = ""
    fix: Repair | None = None


class KzexpertError(Exception):
    """Anything that a user can be told about.

    Attributes:
        issues: what is wrong, all of it.
        texts: file name → its text, so that the offending lines can be shown.
    """

    def __init__(self, *issues: Issue, texts: Mapping[str, str] | None = None) -> None:
        super().__init__("; ".join(f"{issue.code} {issue.message}" for issue in issues))
        self.issues = issues
        self.texts: Mapping[str, str] = texts or {}


class KnowledgeBaseError(KzexpertError):
    """The knowledge base, a case or a trace is at fault (exit code 1)."""


class BudgetError(KnowledgeBaseError):
    """A rule set used up its budget of facts, firings or seconds (exit code 1)."""


class UsageError(KzexpertError):
    """A question, a pattern or an option is at fault (exit code 2)."""


class AmbiguousQuestion(UsageError):
    """A question that can be read in several ways (exit code 2).

    Attributes:
        readings: pattern → its question in words.
    """

    def __init__(
        self, *issues: Issue, texts: Mapping[str, str] | None = None, readings: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(*issues, texts=texts)
        self.readings: Mapping[str, str] = readings or {}


#: Every code that an `Issue` may bear, with its title; docs/errors.md explains each. Codes are never reused.
CODES: dict[str, str] = {
    # loading
    "KZ101": "a file or folder is missing or cannot be read",
    "KZ102": "a file is not text in UTF-8",
    "KZ103": "a file is over the size limit",
    "KZ104": "a file is empty",
    "KZ105": "not valid YAML",
    "KZ106": "a key appears twice",
    "KZ107": "a YAML feature that is not allowed here",
    "KZ108": "an unknown key",
    "KZ109": "a key is missing",
    "KZ110": "a value of the wrong shape",
    "KZ111": "a certainty out of range",
    "KZ112": "not a date",
    "KZ113": "until lies before since",
    "KZ114": "a CSV file that does not fit its predicate",
    "KZ115": "no knowledge base",
    "KZ116": "a case that expects nothing, or more than one thing",
    "KZ117": "a fact's dates do not fit its predicate",
    "KZ118": "an unknown kind of entity",
    "KZ119": "a name with two meanings",
    "KZ120": "an unknown source",
    "KZ121": "a fact without a source",
    "KZ122": "a case id appears twice",
    "KZ123": "no cases",
    "KZ124": "a table that cannot be read",
    "KZ125": "rows of a table that cannot be facts",
    "KZ126": "a table none of whose rows is read, or a path that no record has",
    "KZ127": "bases that use each other in a circle",
    "KZ128": "a base is used that does not exist",
    "KZ129": "a case does not come out as it wants",
    "KZ130": "a change of a rule that no case notices",
    # rules, and atoms wherever they stand
    "KZ201": "a condition that cannot be read",
    "KZ202": "an unknown predicate",
    "KZ203": "arguments that do not fit the predicate",
    "KZ204": "an unknown entity",
    "KZ205": "a value or variable of the wrong type",
    "KZ206": "an unbound variable",
    "KZ207": "a conclusion with an open argument",
    "KZ208": "a variable that appears only once",
    "KZ209": "rules that depend on themselves through a negation, an aggregate, a certainty or evidence against",
    "KZ210": "a rule id appears twice",
    "KZ211": "a condition is repeated",
    "KZ212": "conditions that contradict each other",
    "KZ213": "a rule that can never fire",
    "KZ214": "a predicate that nothing uses",
    "KZ215": "a rule without a source",
    "KZ216": "a template names something that does not exist",
    "KZ217": "within on a predicate that is not an event",
    "KZ218": "an aggregate that cannot be evaluated",
    "KZ219": "a predicate is declared twice, and differently",
    "KZ220": "a rule that may never end",
    "KZ221": "too many choices of alternatives",
    "KZ222": "a sum over events whose day is not bound",
    "KZ223": "a rule that replaces or drops nothing",
    "KZ224": "rules/ names what it does not declare",
    "KZ225": "a synonym of words that the vocabulary lacks",
    "KZ226": "a condition that follows from others",
    "KZ227": "a rule that adds nothing to another",
    "KZ228": "one fact as two lines of evidence",
    "KZ229": "an exception that never holds",
    "KZ230": "a gap or an overlap between the bounds of rules",
    "KZ231": "questions that collide",
    "KZ232": "a conclusion that no case asks for",
    "KZ233": "a warning that is called intended, and is not there",
    # questions and options
    "KZ301": "a question that is not understood",
    "KZ302": "a question that can be read in two ways",
    "KZ303": "an as-of date that is not a date",
    "KZ304": "nothing to withdraw",
    "KZ305": "an assumption that is not a ground atom",
    "KZ306": "output that cannot be written",
    "KZ307": "an option with a value that it cannot take",
    "KZ308": "options that do not go together",
    "KZ309": "a question about what the knowledge base does not know",
    # engines
    "KZ401": "the budget is used up",
    "KZ402": "an unknown engine",
    "KZ403": "an engine that is not installed",
    "KZ404": "the database ran out of memory or disk",
    "KZ405": "a table too large for the engine",
    "KZ406": "a sum inside a cycle meets a negative value",
    # traces
    "KZ501": "a file that is not a trace",
    "KZ502": "a trace of another version, or one that breaks its schema",
    "KZ503": "a rule or a fact in a trace has another digest",
    "KZ504": "a fact in a trace is not on record, or not in force",
    "KZ505": "a step of a trace does not follow",
    "KZ506": "a number in a trace is wrong",
    "KZ507": "something is missing from a trace",
    "KZ508": "a text in a trace differs from the rules and facts",
    "KZ509": "a trace was changed after it was written",
    "KZ510": "rules or facts in a trace have moved",
    "KZ511": "a signature that cannot be made or checked",
    "KZ512": "a signature that does not hold",
    "KZ513": "a trace that nobody signed",
    "KZ514": "a page that says something else than its trace",
    "KZ515": "a trace of another base",
    # reviews
    "KZ601": "a file of reviews/ that is not a review",
    "KZ602": "a review without the trace that it is of",
    "KZ603": "a broken trace beside reviews",
    "KZ604": "a review of what its trace does not say",
    "KZ605": "a signature of a review that does not hold",
    "KZ606": "nobody is named as the reviewer",
    "KZ607": "no place for reviews",
    "KZ608": "nothing to review, or too much at once",
    # measuring
    "KZ701": "outcomes that do not fit what they judge",
    "KZ702": "no outcomes",
    "KZ703": "outcomes that repeat or contradict each other",
    "KZ704": "too few outcomes to measure anything",
    "KZ705": "a file that is not a calibration",
    "KZ706": "a calibration made with other rules",
    "KZ707": "a required figure is not reached",
    # bases that are written
    "KZ801": "a name that cannot be used",
    "KZ802": "something is already there",
    "KZ803": "a base that cannot be used",
    "KZ804": "not your own base",
    "KZ805": "a file with no place for an addition",
    "KZ806": "a data file that fits no predicate",
    "KZ807": "a file that cannot be laid out anew",
}
