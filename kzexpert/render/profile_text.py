"""What is known of an entity as text: a paragraph for each topic, and recorded facts that differ in one name as one.

It is cut to the lines of a screen, and says what is left out.
"""

from collections.abc import Iterator, Sequence

import msgspec

from kzexpert.analysis.profile import RECORDED, Profile, RecordedFact, shares
from kzexpert.errors import counted, listed
from kzexpert.model import GroundAtom, Inference, KnowledgeBase, Predicate
from kzexpert.proof.answers import Conclusion, once
from kzexpert.questions.sentences import says
from kzexpert.render.text import footnote, headline
from kzexpert.render.writer import PLAIN, Writer, certainty_text, sentence

__all__ = ["profile_text"]

#: Lines at the ends and between the parts of the text.
_BETWEEN = 6
#: So many names stand in one sentence, and so many sources behind it, where not all is shown.
_MOST_NAMES, _MOST_SOURCES = 8, 2
_MOST_ALIASES = 3


class _Section(msgspec.Struct, frozen=True):
    """A topic: its statements, each as text, and how many facts it tells."""

    topic: str
    items: Sequence[tuple[str, int]]
    all: int


def profile_text(
    inference: Inference, found: Profile, out: Writer = PLAIN, *, room: int | None = None, limit: int = 0
) -> str:
    """What is known of an entity; everything, where nothing else is said.

    Args:
        room: lines that the text may take.
        limit: sentences to show; 0 is no limit.
    """
    whole = room is None and not limit
    kb = inference.program.kb
    concluded = {
        topic.topic: [(_conclusion(item, out), 1) for item in once(topic.conclusions)] for topic in found.topics
    }
    sections = [_Section(topic, items, len(items)) for topic, items in concluded.items()]
    if found.recorded:
        groups = _groups(kb, found.recorded)
        told = [_recorded(kb, group, out, whole) for group in groups]
        sections.append(_Section(RECORDED, told, len(found.recorded)))
    head, foot = _head(found, out), footnote(inference, out, words=None if found.topics else False)
    if not sections:
        return f"{head}\n\nNothing is concluded or recorded of it.\n\n{foot}\n"
    taken = [len(section.items) for section in sections]
    if limit:
        taken = shares([[1] * count for count in taken], limit)
    elif room is not None:
        fixed = head.count("\n") + foot.count("\n") + len(sections) + _BETWEEN
        costs = [[text.count("\n") + 1 for text, _ in section.items] for section in sections]
        taken = shares(costs, max(room - fixed, len(sections)))
    shown = [sum(told for _, told in section.items[:n]) for section, n in zip(sections, taken, strict=True)]
    lines = [line for item in zip(sections, taken, shown, strict=True) if item[1] for line in _lines(*item, out)]
    left = sum(section.all for section in sections) - sum(shown)
    blocks = [head, "\n".join(lines), *([_left(left, _fullest(sections, shown), out)] if left else []), foot]
    return "\n\n".join(blocks) + "\n"


def _head(found: Profile, out: Writer) -> str:
    concluded = sum(len([*once(topic.conclusions)]) for topic in found.topics)
    aliases = [*found.aliases[:_MOST_ALIASES], *(["..."] if len(found.aliases) > _MOST_ALIASES else [])]
    also = f", also {', '.join(aliases)}" if aliases else ""
    counts = [counted(concluded, "conclusion")] if concluded else []
    counts += [counted(len(found.recorded), "recorded fact")] if found.recorded else []
    told = f": {' and '.join(counts)}" if counts else ""
    return out.wrap([("strong", found.entity), ("", f" ({found.kind}{also}){told}.")], rest="  ")


def _lines(section: _Section, taken: int, shown: int, out: Writer) -> Iterator[str]:
    count = "" if shown == section.all else f", {shown} of {section.all}"
    yield out.style("name", sentence(section.topic)) + out.style("faint", count)
    yield from (text for text, _ in section.items[:taken])


def _fullest(sections: Sequence[_Section], shown: Sequence[int]) -> str:
    """The topic of which most is left out."""
    return max(zip(sections, shown, strict=True), key=lambda item: item[0].all - item[1])[0].topic


def _left(left: int, topic: str, out: Writer) -> str:
    return out.wrap([("", f"{left} more: --limit all shows all, --topic {topic} all of that topic.")])


def _conclusion(item: Conclusion, out: Writer) -> str:
    pieces = [("", f"{headline(item.conclusion, item.says)} "), ("faint", f"({item.evidence})")]
    return out.wrap(pieces, first=f"{certainty_text(item.certainty):>7}  ", rest=" " * 9)


def _recorded(kb: KnowledgeBase, group: Sequence[RecordedFact], out: Writer, whole: bool) -> tuple[str, int]:
    """Facts that one sentence tells, and how many of them it names."""
    first, named = group[0], len(group)
    told = f"{headline(first.fact, first.says)}{''.join(f', {dates}' for dates in first.dates)}"
    if named > 1:
        named = named if whole or named <= _MOST_NAMES + 1 else _MOST_NAMES
        told = sentence(_together(kb, group, named))
    sources = list(dict.fromkeys(source for item in group for source in item.sources)) or ["no source"]
    cited = sources if whole or len(sources) <= _MOST_SOURCES else [sources[0], f"{len(sources) - 1} more"]
    pieces = [("", f"{told} "), ("faint", f"({'; '.join(cited)})")]
    return out.wrap(pieces, first=f"{certainty_text(first.certainty):>7}  ", rest=" " * 9), named


# --- facts that differ in one name ---


def _groups(kb: KnowledgeBase, records: Sequence[RecordedFact]) -> list[Sequence[RecordedFact]]:
    """The records, those together that differ in one argument, where their sentence can name several things there."""
    found: dict[str, list[RecordedFact]] = {}
    for item in records:
        found.setdefault(item.predicate, []).append(item)
    grouped = (group for name, items in found.items() for group in _folded(kb.predicate[name], items))
    place = {item.fact: index for index, item in enumerate(records)}
    return sorted(grouped, key=lambda group: place[group[0].fact])


def _folded(predicate: Predicate, records: Sequence[RecordedFact]) -> Sequence[Sequence[RecordedFact]]:
    """The records of one predicate in as few groups as there can be."""
    ways = [[[item] for item in records]]
    for spec in predicate.args:
        if not _takes_several(predicate.says, spec.name):
            continue
        groups: dict[object, list[RecordedFact]] = {}
        for item in records:
            value = item.arguments[spec.name]
            rest = tuple(other for name, other in item.arguments.items() if name != spec.name)
            key = (rest, item.certainty, None if isinstance(value, str) else value)
            groups.setdefault(key, []).append(item)
        ways.append(list(groups.values()))
    return min(ways, key=len)


def _takes_several(template: str, name: str) -> bool:
    """Whether a sentence stays one with several names in a place: where it is no genitive, and no half of a pair."""
    slot = f"{{{name}}}"
    pair = f"{slot} and {{" in template or f"}} and {slot}" in template
    return template.count(slot) == 1 and f"{{{name}." not in template and not pair


def _together(kb: KnowledgeBase, group: Sequence[RecordedFact], most: int) -> str:
    """One sentence for several facts that differ in one argument."""
    first = group[0]
    name = next(name for name, value in first.arguments.items() if value != group[1].arguments[name])
    spoken = [_spoken(kb, str(item.arguments[name])) for item in group[:most]]
    if most < len(group):
        spoken.append(f"{len(group) - most} more")
    each = "each of " if kb.predicate[first.predicate].says.startswith(f"{{{name}}}") else ""
    joined = f"{each}{listed(spoken)}"
    given = ((joined if key == name else value) for key, value in first.arguments.items())
    values = (float(value) if isinstance(value, int) else value for value in given)
    return says(kb, GroundAtom(first.predicate, tuple(values)))


def _spoken(kb: KnowledgeBase, name: str) -> str:
    """What a sentence calls an entity; a text as it is."""
    return kb.inflected[name].form("") if name in kb.inflected else name
