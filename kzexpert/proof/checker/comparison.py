"""A trace beside the one that follows from disk: every difference, with its path and what should stand there.

It knows what the fields are called, and nothing of how their values come about.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import msgspec
from msgspec import UnsetType
from msgspec.structs import replace

from kzexpert.proof.document import (
    CitedRule,
    CitedSource,
    Excerpt,
    Row,
    Trace,
    TracedConclusion,
    TracedFact,
    TracedFiring,
    TracedLikelihood,
    TracedLine,
)

__all__ = ["Difference", "differences"]

#: What a field that differs means; a field that is not listed is a text of a rule or a fact.
_CODES = {
    **dict.fromkeys(("digest", "rules", "outcomes"), "KZ503"),
    "assumed": "KZ504",
    **dict.fromkeys(
        (
            "at_least",
            "independent",
            "exact",
            "shared",
            "certainty",
            "weight",
            "strength",
            "supporting",
            "opposing",
            "others",
        ),
        "KZ506",
    ),
    **dict.fromkeys(("established", "conflict", "counts", "method"), "KZ506"),
    **dict.fromkeys(("id", "rule", "conclusion", "binding", "premises", "lines", "evidence", "answers"), "KZ505"),
    **dict.fromkeys(("kind", "fact", "absent", "left", "operator", "right", "result", "counted"), "KZ505"),
    **dict.fromkeys(("percent", "certainties", "frequencies", "n", "base_rate"), "KZ506"),
    **dict.fromkeys(("clusters", "folds", "brier", "base_brier"), "KZ506"),
    "place": "KZ510",
}
_TEXT = "KZ508"
_MISSING = "KZ507"
#: What a list holds: the field that tells its items apart, and what it means when one is too many.
_KEYS = {
    "conclusions": ("conclusion", "KZ505"),
    "firings": ("id", "KZ505"),
    "facts": ("fact", "KZ504"),
    "rules": ("id", "KZ505"),
    "sources": ("id", _TEXT),
    "likelihoods": ("answer", "KZ505"),
}
_LONGEST = 120
#: Where this many items differ, it is not one field that was changed.
_MANY = 200
#: What is not compared with disk.
_UNTOLD = ("seal", "shown", "signature", "bases")
#: These say where something stands, not what it is.
_UNCOMPARED = frozenset(("id", "place"))

#: Why an item of a list does not belong into the trace: the list's name, the item → a few words.
Reason: TypeAlias = Callable[[str, Any], str]


class Difference(msgspec.Struct, frozen=True):
    """A difference: the code of its issue, the path in the trace, and what is wrong there."""

    code: str
    path: str
    message: str


def differences(trace: Trace, expected: Trace, reason: Reason) -> Iterator[Difference]:
    """Every difference between a trace and what follows from disk, but for the seal.

    Args:
        reason: says why an item that does not belong into the trace does not.
    """
    numbered = _renamed(trace, expected)
    for name in trace.__struct_fields__:
        found, wanted = getattr(trace, name), getattr(numbered, name)
        if name == "excerpt":
            yield from _excerpts(found, wanted) if found else ()
        elif isinstance(found, UnsetType) != isinstance(wanted, UnsetType) and name not in _UNTOLD:
            yield _set_on_one_side(name, bool(wanted))
        elif name in _KEYS:
            yield from _listed(name, found or (), wanted or (), reason)
        elif name not in _UNTOLD:
            yield from _compared(f"$.{name}", name, found, wanted)


def _excerpts(found: Excerpt, wanted: Excerpt) -> Iterator[Difference]:
    """What a trace carries of its base, where the base says something else; once for each rule, predicate or entity."""
    for name in found.__struct_fields__:
        path, told, expected = f"$.excerpt.{name}", getattr(found, name), getattr(wanted, name)
        if told != expected:
            odd = [item for item in (*told, *expected) if (item in told) != (item in expected)]
            names = ", ".join(sorted({str(getattr(item, "id", getattr(item, "name", item))) for item in odd}))
            yield Difference(_TEXT, path, f"is not what the rules and facts say{f': {names}' if names else ''}")


def _set_on_one_side(name: str, wanted: bool) -> Difference:
    """What is said of the calibration, which must be one that fits the rules on disk."""
    if wanted:
        return Difference(_MISSING, "$", f"lacks the {name} by what the base has measured with its rules")
    return Difference("KZ503", f"$.{name}", "is of other rules than those on disk, or the base names no calibration")


# --- lists whose items have a name -----------------------------------------------------------------------------------


def _renamed(trace: Trace, expected: Trace) -> Trace:
    """What follows from disk, with its firings called as in the trace, where one that is missing moves the others."""
    pairs = _paired("firings", trace.firings, expected.firings)
    taken, matched = {firing.id for firing in trace.firings}, set(pairs.values())
    names = {
        wanted.id: f"a firing of {wanted.rule} that is not in the trace"
        for number, wanted in enumerate(expected.firings)
        if wanted.id in taken and number not in matched
    }
    names.update({expected.firings[other].id: trace.firings[number].id for number, other in pairs.items()})
    conclusions = [
        replace(
            conclusion,
            lines=tuple(replace(line, evidence=names.get(line.evidence, line.evidence)) for line in conclusion.lines),
        )
        for conclusion in expected.conclusions
    ]
    return replace(expected, conclusions=tuple(conclusions))


def _paired(name: str, found: Sequence[Any], wanted: Sequence[Any]) -> dict[int, int]:
    """Number in the trace → number in what follows from disk, for the items that mean the same.

    Of what is left over on both sides, two are a pair when they differ in a single field.
    """
    places: dict[object, list[int]] = {}
    for number, item in enumerate(wanted):
        places.setdefault(_key(name, item), []).append(number)
    pairs = {}
    for number, item in enumerate(found):
        if places.get(_key(name, item)):
            pairs[number] = places[_key(name, item)].pop(0)
    left = sorted(number for numbers in places.values() for number in numbers)
    for number, item in enumerate(found):
        if number not in pairs and 0 < len(left) < _MANY:
            near = next((other for other in left if _differing_fields(item, wanted[other]) <= 1), None)
            if near is not None:
                pairs[number] = near
                left.remove(near)
    return pairs


def _key(name: str, item: Any) -> object:
    if isinstance(item, TracedFiring):  # its number is the number of its place
        return item.rule, item.conclusion, tuple(sorted(item.binding.items()))
    return getattr(item, _KEYS[name][0])


def _differing_fields(one: msgspec.Struct, other: msgspec.Struct) -> int:
    return sum(getattr(one, name) != getattr(other, name) for name in one.__struct_fields__ if name not in _UNCOMPARED)


def _listed(name: str, found: Sequence[Any], wanted: Sequence[Any], reason: Reason) -> Iterator[Difference]:
    pairs = _paired(name, found, wanted)
    furthest = 0
    for number, item in enumerate(found):
        path = f"$.{name}[{number}]"
        if isinstance(item, TracedFiring):
            yield from _numbered(path, item.id, found[number - 1].id if number else "f0")
        if number not in pairs:
            yield Difference(_KEYS[name][1], path, f"{_described(item)}: {reason(name, item)}")
            continue
        if pairs[number] < furthest:
            yield Difference("KZ505", path, f"{_described(item)} is out of order: {name} are sorted")
        furthest = max(furthest, pairs[number])
        for field in item.__struct_fields__:
            if not (isinstance(item, TracedFiring) and field == "id"):
                pair = getattr(item, field), getattr(wanted[pairs[number]], field)
                yield from _compared(f"{path}.{field}", field, *pair)
    matched = set(pairs.values())
    for number, item in enumerate(wanted):
        if number not in matched:
            yield Difference(_MISSING, f"$.{name}", f"lacks {_described(item)}")


def _numbered(path: str, name: str, before: str) -> Iterator[Difference]:
    """Firings are numbered in their order; where one is missing, only the next one is out of order."""
    follows = f"f{int(before[1:]) + 1}" if before[1:].isdecimal() else name
    if name != follows or not name[1:].isdecimal():
        yield Difference("KZ505", f"{path}.id", f"is {name}, and {follows} follows {before}")


# --- values ----------------------------------------------------------------------------------------------------------


def _compared(path: str, name: str, found: Any, wanted: Any) -> Iterator[Difference]:
    if found == wanted:
        return
    if isinstance(wanted, msgspec.Struct) and type(found) is type(wanted):
        for field in wanted.__struct_fields__:
            yield from _compared(f"{path}.{field}", field, getattr(found, field), getattr(wanted, field))
    elif isinstance(wanted, tuple):
        yield from _compared_in_order(path, name, found, wanted)
    elif isinstance(wanted, dict):
        for key in sorted({*found, *wanted}):
            if key not in found:
                yield Difference(_MISSING, path, f"lacks ?{key}, which is {wanted[key]}")
            elif found[key] != wanted.get(key):
                yield Difference(_CODES[name], f"{path}.{key}", _instead(found[key], wanted.get(key, "nothing")))
    elif name in ("digest", "rules", "outcomes"):
        yield Difference(_CODES[name], path, f"differs from that of the rules and facts, {wanted[:12]}…")
    elif name == "place":
        yield Difference(_CODES[name], path, f"is {found}, and it is now at {wanted}")
    else:
        yield Difference(_CODES.get(name, _TEXT), path, _instead(found, wanted))


def _compared_in_order(path: str, name: str, found: Sequence[Any], wanted: Sequence[Any]) -> Iterator[Difference]:
    if len(found) == len(wanted):
        for number, pair in enumerate(zip(found, wanted, strict=True)):
            yield from _compared(f"{path}[{number}]", name, *pair)
        return
    lacking = Counter(wanted) - Counter(found)
    for item, times in lacking.items():
        yield Difference(_MISSING, path, f"lacks {_described(item)}" + (f" {times} times" if times > 1 else ""))
    extra = Counter(found) - Counter(wanted)
    for number, item in reversed(tuple(enumerate(found))):
        if extra[item] > 0:
            extra[item] -= 1
            code = "KZ504" if isinstance(item, Row) else _CODES.get(name, _TEXT)
            yield Difference(code, f"{path}[{number}]", f"{_described(item)} does not belong here")


def _instead(found: object, wanted: object) -> str:
    return f"is {_described(found)}, and {_described(wanted)} follows from the rules and facts"


def _described(item: object) -> str:
    """A value or an item in a few words."""
    if isinstance(item, TracedFiring):
        text = f"the firing of {item.rule} for {item.conclusion}"
    elif isinstance(item, Row):
        text = f"the row of {item.source or 'no source'} with the certainty {item.certainty!r}"
    elif isinstance(item, TracedLine):
        text = f"the line {item.evidence} of strength {item.strength!r}"
    elif isinstance(item, TracedConclusion):
        text = item.conclusion
    elif isinstance(item, TracedFact):
        text = item.fact
    elif isinstance(item, TracedLikelihood):
        text = f"the likelihood of {item.answer}"
    elif isinstance(item, CitedRule | CitedSource):
        text = item.id
    elif isinstance(item, msgspec.Struct):
        text = f"the premise {getattr(item, 'condition', '')}"
    else:
        text = str(item).lower() if isinstance(item, bool) else repr(item) if isinstance(item, float) else f'"{item}"'
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
