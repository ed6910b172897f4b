"""What changed between two traces as text: the conclusions with what is behind it, then facts, rules and sources."""

from collections.abc import Iterator

from kzexpert.proof.diff import ConclusionChange, FactChange, HeadChange, RuleChange, TraceDiff
from kzexpert.render.text import certainty_text, headline
from kzexpert.render.writer import PLAIN, Writer

__all__ = ["trace_diff_text"]

_ROLES = {"gained": "good", "stronger": "good", "lost": "bad", "weaker": "poor", "changed": "faint"}
_HEADS = {"pattern": "pattern", "as_of": "as of", "assumed": "assumed", "withdrawn": "left out"}
_NOTHING = "–"


def trace_diff_text(found: TraceDiff, out: Writer = PLAIN) -> str:
    """The changes, or one line when there are none."""
    if found.same:
        return "the two traces say the same\n"
    text = _DiffText(out)
    sections = (
        ("asked", [text.head(change) for change in found.head]),
        ("conclusions", [text.conclusion(change) for change in found.conclusions]),
        ("facts", [text.fact(change) for change in found.facts]),
        ("rules", [text.rule(change) for change in found.rules]),
        ("sources", [text.line("changed", source) for source in found.sources]),
    )
    blocks = ["\n".join([out.style("strong", title), *lines]) for title, lines in sections if lines]
    return "\n\n".join(blocks) + "\n"


class _DiffText:
    def __init__(self, out: Writer) -> None:
        self.out = out

    def line(self, how: str, text: str, indent: str = "  ") -> str:
        first = f"{indent}{how:<10}"
        return self.out.wrap([(_ROLES.get(how, ""), text)], first, " " * len(first))

    def head(self, change: HeadChange) -> str:
        return self.line(_HEADS[change.field], f"{change.before or 'nothing'} → {change.after or 'nothing'}")

    def conclusion(self, change: ConclusionChange) -> str:
        return "\n".join(self._conclusion(change))

    def _conclusion(self, change: ConclusionChange) -> Iterator[str]:
        words = " → ".join(dict.fromkeys(word for word in change.likelihood if word))
        yield self.line(
            change.how, f"{_numbers(change.before, change.after)}  {headline(change.conclusion, change.says)} ({words})"
        )
        for line in change.lines:
            name = f" (rule {line.rule})" if line.rule else ""
            yield self.line(line.how, f"{_numbers(line.before, line.after)}  {line.because}{name}", indent="    ")
        for cause in change.causes:
            yield self.line("because", cause, indent="    ")

    def fact(self, change: FactChange) -> str:
        why = f": {change.why}" if change.why else ""
        return self.line(change.how, f"{_numbers(change.before, change.after)}  {change.fact}{why}")

    def rule(self, change: RuleChange) -> str:
        what = f": {', '.join(change.what)}" if change.what else ""
        return self.line(change.how, f"{_numbers(change.before, change.after)}  {change.rule}{what}")


def _numbers(before: float | None, after: float | None) -> str:
    """One number where it stays the same, else both."""
    one, other = (_NOTHING if number is None else certainty_text(number) for number in (before, after))
    return one if before == after else f"{one} → {other}"
