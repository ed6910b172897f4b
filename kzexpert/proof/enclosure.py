"""Pages that carry the traces they show, so that a reviewer needs one file: HTML in data blocks, Markdown in a comment.

Beside its seal each trace of a page has a digest of what the page says, which shows that it was edited since. What the
traces say is not looked at here.
"""

import bz2
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from json import JSONDecoder
from textwrap import wrap
from typing import Literal

import msgspec
from msgspec import UnsetType
from msgspec.structs import replace

from kzexpert import __version__
from kzexpert.errors import Issue, Location
from kzexpert.proof.document import Shown, Trace

__all__ = ["TRACE_LIMIT", "Enclosed", "Enclosing", "bound", "edited", "enclosed", "enclosing", "words"]

#: Bytes of a file of traces, and of what a packed one may become: a hundred thousand firings.
TRACE_LIMIT = 100_000_000
_OPEN, _CLOSE = '<script type="application/json" class="kzexpert-trace">', "</script>\n"
#: No trace holds ``<``, so that nothing in it ends the block, and no policy of a page has to allow data. A block with
#: more attributes is none: these would be words of the page that no digest is of.
_BLOCK = re.compile(rf"{re.escape(_OPEN)}([^<]*){re.escape(_CLOSE.strip())}\n?")
#: In an alphabet that survives what editors and e-mail do to lines: breaks, blanks, CRLF, ``>`` in front of them. The
#: last one counts.
_PACKED = re.compile(r"^[> ]*<!-- kzexpert\.trace/1 packed:([A-Za-z0-9+/=>\s]*)-->", re.MULTILINE)
_REPORT = re.compile(r'\s*\{\s*"schema"\s*:\s*"kzexpert\.report/1"\s*,\s*"traces"\s*:\s*\[\s*')
_SEPARATOR = re.compile(r"\s*,\s*")
_END = re.compile(r"\s*\]\s*\}\s*")
_DECODER = JSONDecoder()
_QUOTED = re.compile(r"^(?:> ?)+", re.MULTILINE)
_ITSELF = "ask whoever sent it for the file itself"
_EXPORT = "kzexpert trace export QUESTION --format html writes a page with its trace"


class Enclosed(msgspec.Struct, frozen=True):
    """A trace as JSON.

    Attributes:
        text: of its own, or of a file in which nothing else is left, so that its places are those in the file.
        line: where it is packed; 0 where the text has the places.
    """

    text: str
    line: int = 0

    def placed(self, issue: Issue, file: str) -> Issue:
        """An issue of the text with its place in the file."""
        return replace(issue, location=Location(file, self.line)) if self.line else issue


class Enclosing(msgspec.Struct, frozen=True):
    """What a file holds.

    Attributes:
        form: ``json`` is a trace by itself.
        issues: why there is no trace (KZ501).
    """

    form: Literal["json", "html", "markdown"]
    traces: tuple[Enclosed, ...]
    issues: tuple[Issue, ...] = ()


def enclosed(page: str, traces: Iterable[Trace]) -> str:
    """A page with its traces inside.

    Args:
        page: HTML or Markdown.
        traces: those it shows; see `bound`.
    """
    texts = [msgspec.json.encode(trace).decode() for trace in traces]
    before, end, after = page.rpartition("</body>")
    if _is_html(page):
        blocks = (f"{_OPEN}{text.replace('<', chr(92) + 'u003c')}{_CLOSE}" for text in texts)
        return f"{before}{''.join(blocks)}{end}{after}"
    packed = b64encode(bz2.compress("\n".join(texts).encode())).decode()
    lines = "\n".join(wrap(packed, 76))
    return f"{page.rstrip()}\n\n<!-- kzexpert.trace/1 packed:\n{lines}\n-->\n"


def bound(page: str, traces: Iterable[Trace]) -> tuple[Trace, ...]:
    """The traces of a page, each with a digest of what the page says beside them."""
    shown = Shown(_digest(page), __version__)
    return tuple(replace(trace, shown=shown) for trace in traces)


def edited(file: str, page: str, traces: Sequence[Trace]) -> Issue | None:
    """That a page says something else than when it was written, or was written with other traces (KZ514).

    Args:
        file: its name.
        traces: those inside.
    """
    now = _digest(page)
    if all(not isinstance(trace.shown, UnsetType) and trace.shown.digest == now for trace in traces):
        return None
    message = "the page does not say what it said when it was written: it was edited, or saved by a browser"
    hint = "trust none of its words; kzexpert trace show prints what the trace in it says"
    return Issue("KZ514", message, Location(file), hint)


def words(page: str) -> str:
    """What a page says outside of its traces; of Markdown without what editors and e-mail do to its lines."""
    if _is_html(page):
        return _BLOCK.sub("", page.replace("\r\n", "\n")).strip()
    packed = _packed(page)
    rest = page[: packed.start()] + page[packed.end() :] if packed else page
    return " ".join(_QUOTED.sub("", rest).split())


def enclosing(file: str, text: str) -> Enclosing:
    """The traces of a file, whatever it is called.

    Args:
        file: its name, for the issues.
    """
    if text.lstrip()[:1] in ("{", "["):
        found, rest = _listed(text)
        if found and not _END.fullmatch(rest):
            place = Location(file, text.count("\n") - rest.count("\n") + 1)
            return Enclosing("json", (), (Issue("KZ502", "a report holds traces and nothing else", place, _ITSELF),))
        return Enclosing("json", tuple(found) or (Enclosed(text),))
    if _is_html(text):
        found = [Enclosed(_alone(text, *match.span(1))) for match in _BLOCK.finditer(text)]
        return Enclosing("html", tuple(found), () if found else (_none(file, "the page carries no trace"),))
    packed = _packed(text)
    if packed is None:
        what = "it is neither JSON nor a page that carries a trace"
        return Enclosing("markdown", (), (_none(file, what),))
    line = text.count("\n", 0, packed.start()) + 1
    try:
        unpacker = bz2.BZ2Decompressor()
        content = unpacker.decompress(b64decode(re.sub(r"[>\s]", "", packed[1]), validate=True), TRACE_LIMIT)
        if not unpacker.eof:
            raise ValueError
        found = [Enclosed(trace, line) for trace in content.decode().split("\n")]
    except (ValueError, OSError, EOFError):  # base64, bz2, UTF-8
        damaged = Issue("KZ501", "the packed trace is damaged", Location(file, line), _ITSELF)
        return Enclosing("markdown", (), (damaged,))
    return Enclosing("markdown", tuple(found))


def _listed(text: str) -> tuple[list[Enclosed], str]:
    """The traces of a report (`kzexpert.proof.document.TraceReport`) and what follows them; none of something else."""
    found: list[Enclosed] = []
    head = _REPORT.match(text)
    place = end = head.end() if head else len(text)
    while place < len(text) and text[place] == "{":
        try:
            _, end = _DECODER.raw_decode(text, place)
        except ValueError:  # the rest is told of as it stands
            return [*found, Enclosed(_alone(text, place, len(text)))], "]}"
        found.append(Enclosed(_alone(text, place, end)))
        separator = _SEPARATOR.match(text, end)
        place = separator.end() if separator else len(text)
    return found, text[end:]


def _digest(page: str) -> str:
    return sha256(words(page).encode()).hexdigest()


def _is_html(text: str) -> bool:
    return text.lstrip()[:1] == "<" and not text.lstrip().startswith("<!-- kzexpert.trace")


def _packed(text: str) -> re.Match[str] | None:
    return next(reversed([*_PACKED.finditer(text)]), None)


def _alone(text: str, start: int, end: int) -> str:
    """A part of a text at its place, with nothing but blanks and lines before it."""
    return re.sub(r"[^\n]", " ", text[:start]) + text[start:end]


def _none(file: str, what: str) -> Issue:
    return Issue("KZ501", f"not a trace: {what}", Location(file, 1), _EXPORT)
