"""The nearest known name to an unknown one: the one place where every layer gets its "did you mean" from.

It compares spellings only and knows nothing of what the names stand for.
"""

from collections.abc import Iterable

from kzexpert.errors import listed

__all__ = ["did_you_mean", "is_slip", "nearest", "slips_between"]

#: Above this many candidates only those are compared that begin or end alike: the comparison is slow.
_MANY = 2_000
#: How much of two spellings must match: "sinse" and "since" do (0.8), "frobnicate" and "predicates" (0.6) do not.
_LIKE = 0.67
#: Shorter names resemble too many others; from so many letters on two slips are certain to be slips.
_SHORTEST, _TWO_SLIPS = 4, 9


def nearest(name: str, candidates: Iterable[str]) -> list[str]:
    """The candidates spelt most like a name, best first.

    Args:
        name: what was written.
        candidates: what is known; repeated names count once.

    Returns:
        At most three. A candidate that differs in case only is returned alone.
    """
    known = [*filter(None, candidates)]
    folded = name.casefold()
    same = {candidate for candidate in known if candidate.casefold() == folded}
    if same:
        return sorted(same)[:3]
    if len(known) > _MANY:
        known = _alike(folded, known)
    from difflib import get_close_matches  # not needed, and so not loaded, when all names are known

    spellings: dict[str, list[str]] = {}
    for candidate in sorted({*known}):
        spellings.setdefault(candidate.casefold(), []).append(candidate)
    close = get_close_matches(folded, list(spellings), n=3, cutoff=_LIKE)
    return [candidate for spelling in close for candidate in spellings[spelling]][:3]


def _alike(folded: str, known: Iterable[str]) -> list[str]:
    """Of many candidates those that share the beginning or the end of a name, and of these the ones that share most."""
    piece = (len(folded) + 3) // 4
    begins, ends = folded[:piece], folded[-piece:]
    found = [item for item in known if (other := item.casefold()).startswith(begins) or other.endswith(ends)]
    if len(found) <= _MANY:
        return found
    from heapq import nsmallest

    return nsmallest(_MANY, found, key=lambda item: (-_shared(folded, item.casefold()), item))


def _shared(one: str, other: str) -> int:
    """How many characters two texts share at their beginning and at their end."""
    before = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    pairs = zip(reversed(one[before:]), reversed(other[before:]), strict=False)
    left = min(len(one), len(other)) - before
    return before + next((at for at, (a, b) in enumerate(pairs) if a != b), left)


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """The hint for an unknown name, or "" when nothing known is like it."""
    names = nearest(name, candidates)
    if not names:
        return ""
    if not all(map(str.isascii, names)):
        from unicodedata import normalize

        names = [*dict.fromkeys(normalize("NFC", item) for item in names)]
    return f"did you mean {listed(names, 'or')}?"


def is_slip(name: str, meant: str) -> bool:
    """Whether a name is certain to be another one with a slip of the pen, or with other capitals."""
    if name.casefold() == meant.casefold():
        return True
    most = 1 if len(name) < _TWO_SLIPS else 2
    near = len(name) >= _SHORTEST and abs(len(name) - len(meant)) <= most and name[:1] == meant[:1]
    return near and slips_between(name, meant) <= most


def slips_between(one: str, other: str) -> int:
    """How many letters are wrong, missing, too many or swapped with the next: the optimal string alignment."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            best = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                best = min(best, before[j - 2] + 1)
            row.append(best)
        before, last = last, row
    return last[-1]
