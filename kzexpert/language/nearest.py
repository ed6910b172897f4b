"""The nearest known name to an unknown one: the one place where every layer gets its "did you mean" from.

It compares spellings only and knows nothing of what the names stand for.
"""

from collections.abc import Iterable

__all__ = ["did_you_mean", "nearest"]

#: Above this many candidates only those with the same first letter are compared: the comparison is slow.
_MANY = 2_000
#: How much of two spellings must match: "sinse" and "since" do (0.8), "frobnicate" and "predicates" (0.6) do not.
_LIKE = 0.67


def nearest(name: str, candidates: Iterable[str]) -> list[str]:
    """The candidates spelt most like a name, best first.

    Args:
        name: what was written.
        candidates: what is known; repeated names count once.

    Returns:
        At most three. A candidate that differs in case only is returned alone.
    """
    known = sorted({candidate for candidate in candidates if candidate})
    folded = name.casefold()
    same = [candidate for candidate in known if candidate.casefold() == folded]
    if same:
        return same[:3]
    if len(known) > _MANY:
        known = [candidate for candidate in known if candidate[0].casefold() == folded[:1]][:_MANY]
    from difflib import get_close_matches  # not needed, and so not loaded, when all names are known

    spellings: dict[str, list[str]] = {}
    for candidate in known:
        spellings.setdefault(candidate.casefold(), []).append(candidate)
    close = get_close_matches(folded, list(spellings), n=3, cutoff=_LIKE)
    return [candidate for spelling in close for candidate in spellings[spelling]][:3]


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """The hint for an unknown name, or "" when nothing known is like it."""
    names = nearest(name, candidates)
    if not names:
        return ""
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
    return f"did you mean {listed}?"
