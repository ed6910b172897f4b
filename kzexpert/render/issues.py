"""Issues as text: place, code and message, the line itself with a caret, related places, and a hint."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from kzexpert.errors import Issue, Location, counted, without_password
from kzexpert.render.writer import PLAIN, Writer, display_width, visible

__all__ = ["issue_text", "issues_text", "summary"]

_TAB = 4
#: A longer line is cut to this many characters around the place.
_LONGEST_LINE = 100


def issues_text(
    issues: Sequence[Issue], texts: Mapping[str, str], out: Writer = PLAIN, limit: int | None = None
) -> str:
    """All issues, a block each with an empty line between them; those of used bases stand apart, below their names.

    Args:
        texts: file → its text, for the offending lines.
        limit: of a code so many are shown, and those that say the same once; None for all.
    """
    lines = {file: texts[file].splitlines() for file in _files(issues) if file in texts}
    blocks = []
    for base, group in groupby(sorted(issues, key=lambda issue: issue.base), key=lambda issue: issue.base):
        if base:
            blocks.append(out.style("strong", f"In {visible(base)}, which is used here:") + "\n")
        blocks.extend(_shown_issues([*group], lines, limit, out))
    return "\n".join(blocks)


def _shown_issues(
    issues: Sequence[Issue], lines: Mapping[str, list[str]], limit: int | None, out: Writer
) -> Iterator[str]:
    """Issues in their order; those that say the same with the first, and of a code no more than the limit."""
    if limit is None or len(issues) <= limit:
        yield from (f"{issue_text(issue, lines, out)}\n" for issue in issues)
        return
    alike: dict[tuple[str, str, str], list[Issue]] = {}
    for issue in issues:
        alike.setdefault((issue.code, issue.message, issue.hint), []).append(issue)
    by_code = Counter(code for code, _, _ in alike)
    told: Counter[str] = Counter()
    for (code, _, _), group in alike.items():
        first, *others = sorted(group, key=lambda issue: (issue.location is not None, issue.location))
        told[code] += 1
        if told[code] <= limit:
            told_too = (
                [out.wrap([("faint", _same_at(first, others, limit))], first="  ", rest=" " * 4)] if others else []
            )
            yield "\n".join([issue_text(first, lines, out), *told_too]) + "\n"
        if told[code] == by_code[code] > limit:
            yield out.wrap([("faint", f"{by_code[code] - limit:,} more of {code}.")]) + "\n"


def _same_at(first: Issue, others: Sequence[Issue], limit: int) -> str:
    """Where else the same is wrong: no more than the limit, each without the file where that is the first one's."""
    file = first.location.file if first.location else ""
    places = [visible(str(other.location)) for other in others if other.location]
    shown = [place.removeprefix(visible(file)).strip() for place in places[:limit]]
    more = f" and {counted(len(others) - len(shown), 'more place')}" if len(others) > len(shown) else ""
    return f"the same at {', '.join(shown)}{more}" if shown else f"the same{more.replace(' and', ' in')}"


def _files(issues: Sequence[Issue]) -> set[str]:
    return {issue.location.file for issue in issues if issue.location}


def issue_text(issue: Issue, lines: Mapping[str, list[str]], out: Writer = PLAIN) -> str:
    """One issue.

    Args:
        lines: file → its lines.
    """
    warning = issue.severity == "warning"
    place = f"{visible(str(issue.location))}: " if issue.location else ""
    word = "warning " if warning else ""
    head = out.style("poor" if warning else "bad", f"{word}{issue.code}") + out.style("", f" {visible(issue.message)}")
    parts = [out.style("strong", place) + head if place else head]
    parts.extend(_excerpt(issue.location, lines, out))
    parts.extend(out.style("", f"  {visible(str(location))}: {visible(words)}") for location, words in issue.related)
    first, *rest = issue.hint.splitlines() or [""]
    if first:
        parts.append(out.wrap([("name", "hint: "), ("", first)], first="  ", rest=" " * 8))
        parts.extend(out.style("", f"    {visible(line)}") for line in rest)
    return "\n".join(parts)


def _excerpt(location: Location | None, lines: Mapping[str, list[str]], out: Writer) -> list[str]:
    """The offending line, and a caret below the column where there is one."""
    known = lines.get(location.file, []) if location else []
    if location is None or not 0 < location.line <= len(known):
        return []
    text = without_password(known[location.line - 1])
    column = min(location.column, len(text) + 1)
    start = 0
    if len(text) > _LONGEST_LINE:
        start = max(0, column - 1 - _LONGEST_LINE // 2)
    cut = text[start : start + _LONGEST_LINE]
    left, right = "…" if start else "", "…" if start + _LONGEST_LINE < len(text) else ""
    number = str(location.line)
    excerpt = [out.style("faint", f"  {number} | ") + out.style("", f"{left}{_shown(cut)}{right}".rstrip())]
    if location.column:
        indent = display_width(left + _shown(cut[: column - 1 - start]))
        excerpt.append(out.style("faint", f"  {' ' * len(number)} | ") + " " * indent + out.style("bad", "^"))
    return excerpt


def _shown(text: str) -> str:
    """The text with tabs filled to the next stop, and control characters as escapes."""
    first, *rest = text.split("\t")
    shown = visible(first)
    for part in rest:
        shown += " " * (_TAB - display_width(shown) % _TAB) + visible(part)
    return shown


def summary(issues: Sequence[Issue]) -> str:
    """How many errors and warnings there are."""
    errors = sum(issue.severity == "error" for issue in issues)
    foreign = sum(bool(issue.base) for issue in issues)
    apart = f"; {foreign} of them in used bases" if foreign else ""
    return f"{counted(errors, 'error')}, {counted(len(issues) - errors, 'warning')}{apart}"
