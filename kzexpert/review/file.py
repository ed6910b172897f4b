"""The file of a review: YAML with its keys in a fixed order, read as strictly as the files of rules and facts are."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from msgspec.structs import replace

from kzexpert.authoring.snippets import Snippet, block, scalar
from kzexpert.errors import Issue, KnowledgeBaseError, Location
from kzexpert.language import GrammarError, parse_atom
from kzexpert.language.dates import parse_day
from kzexpert.language.documents import Node, ScalarNode, parse_document
from kzexpert.language.files import TextFile
from kzexpert.language.reader import Reader
from kzexpert.review.document import PARTS, VERDICTS, Remark, Review

__all__ = ["REQUIRED_KEYS", "REVIEW_KEYS", "read_review", "review_text"]

REQUIRED_KEYS = ("conclusion", "question", "as-of", "as-of-from", "seal", "reviewer", "date")
REVIEW_KEYS = (
    *("conclusion", "question", "as-of", "as-of-from", "assume", "without", "seal", "verdict", "verdicts"),
    *("reviewer", "date", "expires", "note", "signature"),
)
#: Who says the day that a judgement is for.
_FROM = {"base": False, "reviewer": True}
_FORM = "kzexpert review sign, challenge and note write whole ones"
_REMARK_FORM = 'such as {premise: "member(A, B)", verdict: rejected, reason: it left in 2012}'
_MOMENT_HINT = "it is a day, 2026-11-28, or a moment in UTC, 2026-11-28T20:15:00Z"
_CONFLICT = re.compile(r"^(<{7}|={7}|>{7})( |$)", re.MULTILINE)


# --- review → text ------------------------------------------------------------------------------------------------


def review_text(review: Review) -> str:
    """The review as a file has it."""
    lines: list[str] = []
    for key in REVIEW_KEYS:
        value = _written(review)[key]
        if isinstance(value, str) and "\n" in value and key == "signature":
            lines += [f"{key}: |", *(f"  {line}" for line in value.splitlines())]
        elif isinstance(value, str):
            lines += [f"{key}: {scalar(value, in_flow=False)}"] if value else []
        elif value:
            lines += [f"{key}:", *(f"  {line}" for item in value for line in item.as_item.block)]
    return "\n".join([*lines, ""])


def _written(review: Review) -> Mapping[str, str | Sequence[Snippet]]:
    """Key → text, or the items of a list; what is empty is left out."""
    return {
        "conclusion": review.conclusion,
        "question": review.question,
        "as-of": review.as_of.isoformat(),
        "as-of-from": next(word for word, given in _FROM.items() if given == review.given),
        "assume": [_item(text) for text in review.assumed],
        "without": [_item(text) for text in review.withdrawn],
        "seal": review.seal,
        "verdict": review.verdict,
        "verdicts": [
            block({item.kind: item.name, "verdict": item.verdict, "reason": item.reason}) for item in review.remarks
        ],
        "reviewer": review.reviewer,
        "date": review.made,
        "expires": review.expires,
        "note": review.note,
        "signature": review.signature,
    }


def _item(text: str) -> Snippet:
    return Snippet(scalar(text), (scalar(text, in_flow=False),))


# --- text → review ------------------------------------------------------------------------------------------------


def read_review(file: TextFile, issues: list[Issue]) -> Review | None:
    """What a file says, or None after all that is wrong with it was noted."""
    conflict = _CONFLICT.search(file.text)
    if conflict is not None:
        line = file.text.count("\n", 0, conflict.start()) + 1
        hint = "keep both sides as two files: each act of a reviewer is one of its own"
        issues.append(Issue("KZ601", "a merge conflict that nobody has resolved", Location(file.name, line, 1), hint))
        return None
    try:
        document = parse_document(file)
    except KnowledgeBaseError as error:
        issues.extend(replace(item, hint=_FORM) if item.code == "KZ104" else item for item in error.issues)
        return None
    issues.extend(document.issues)
    reader = Reader(file, issues)
    reader.failures += len(document.issues)
    fields = reader.fields(document.root, "a review", REVIEW_KEYS, REQUIRED_KEYS, _FORM)
    found = None if fields is None else _Fields(reader, fields).review()
    return None if reader.failures else found


class _Fields:
    """The fields of one review; what is wrong with them is noted by the reader."""

    def __init__(self, reader: Reader, fields: Mapping[str, Node]) -> None:
        self._reader = reader
        self._fields = fields

    def review(self) -> Review:
        """The review; whether it is whole, the failures of the reader tell."""
        found = Review(
            conclusion=self._statement(self._fields["conclusion"], "a statement"),
            question=self._line("question", "the question"),
            as_of=self._day("as-of"),
            given=_FROM[self._choice("as-of-from", "where the date comes from", [*_FROM]) or "base"],
            assumed=self._statements("assume"),
            withdrawn=self._statements("without"),
            seal=self._shaped("seal", r"[0-9a-f]{64}", "the seal of a trace", "it is 64 digits of 0-9 and a-f"),
            verdict=self._choice("verdict", "a verdict", VERDICTS),  # type: ignore[arg-type]
            remarks=self._remarks(),
            reviewer=self._line("reviewer", "a name"),
            made=self._moment(),
            expires=self._expiry(),
            note=self._text("note", "a note"),
            signature=self._signature(),
            place=Location(self._reader.file.name),
        )
        if not (found.verdict or found.remarks or found.note) and not self._reader.failures:
            hint = "give verdict, verdicts or note"
            self._reader.note("KZ601", "a review that says nothing", Location(self._reader.file.name, 1), hint)
        return found

    def _text(self, key: str, what: str) -> str:
        """A text that is not blank, as written; where the key is missing an empty one."""
        return (self._reader.filled(self._fields[key], what) or "") if key in self._fields else ""

    def _line(self, key: str, what: str) -> str:
        text = self._text(key, what).strip()
        if len(text.splitlines()) > 1:
            self._reader.note("KZ110", f"expected {what} in one line", self._reader.at(self._fields[key]))
        return text

    def _choice(self, key: str, what: str, options: Sequence[str]) -> str:
        return (self._reader.choice(self._fields[key], what, options) or "") if key in self._fields else ""

    def _shaped(self, key: str, shape: str, what: str, hint: str) -> str:
        text = self._text(key, what).strip()
        if text and not re.fullmatch(shape, text):
            self._reader.note(
                "KZ110", f"expected {what}, found something else", self._reader.at(self._fields[key]), hint
            )
        return text

    def _day(self, key: str) -> date:
        text = self._text(key, "a day")
        try:
            return parse_day(text) if text else date.min
        except ValueError as error:
            self._reader.note("KZ112", str(error), self._reader.at(self._fields[key]), "a day is written 2010-01-31")
            return date.min

    def _expiry(self) -> str:
        known = self._reader.date(self._fields["expires"], "a date") if "expires" in self._fields else None
        return str(known or "")

    def _moment(self) -> str:
        text = self._text("date", "a date")
        try:
            if "T" in text:
                datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
            elif text:
                parse_day(text)
        except ValueError:
            message = f"{text!r} is not a date of a review"
            self._reader.note("KZ112", message, self._reader.at(self._fields["date"]), _MOMENT_HINT)
        return text

    def _signature(self) -> str:
        what, hint = "a signature by OpenSSH", "it is written by kzexpert review sign --key FILE"
        armour = r"-----BEGIN SSH SIGNATURE-----\n[A-Za-z0-9+/=\n]+\n-----END SSH SIGNATURE-----"
        return self._shaped("signature", armour, what, hint)

    def _statement(self, node: Node, what: str) -> str:
        """An atom, as written."""
        text = (self._reader.filled(node, what) or "").strip()
        if text and isinstance(node, ScalarNode):
            try:
                parse_atom(text, self._reader.at(node), self._reader.locator(node))
            except GrammarError as error:
                for issue in error.issues:
                    self._reader.add(issue)
        return text

    def _statements(self, key: str) -> tuple[str, ...]:
        items = self._reader.items(self._fields[key], "a list of statements") if key in self._fields else None
        return tuple(self._statement(item, "a statement") for item in items or ())

    def _remarks(self) -> tuple[Remark, ...]:
        node = self._fields.get("verdicts")
        items = self._reader.items(node, "a list of verdicts", _REMARK_FORM) if node else None
        return tuple(found for item in items or () if (found := self._remark(item)))

    def _remark(self, node: Node) -> Remark | None:
        reader = self._reader
        fields = reader.fields(node, "a verdict", (*PARTS, "verdict", "reason"), ("verdict", "reason"), _REMARK_FORM)
        if fields is None:
            return None
        kinds = [kind for kind in PARTS if kind in fields]
        if len(kinds) != 1:
            what = "two things" if kinds else "nothing"
            reader.note("KZ601", f"a verdict on {what}", reader.at(node), f"give one of {', '.join(PARTS)}")
            return None
        kind = kinds[0]
        name = reader.filled(fields[kind], f"a {kind}") or ""
        verdict = reader.choice(fields["verdict"], "a verdict", VERDICTS)
        reason = reader.filled(fields["reason"], "a reason") or ""
        return Remark(kind, name, verdict or "accepted", reason)  # type: ignore[arg-type]
