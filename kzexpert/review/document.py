"""One act of a reviewer: a verdict on a judgement or on parts of it, or a note. Written once, it is never changed."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Literal, TypeAlias, get_args

import msgspec

from kzexpert.errors import Location
from kzexpert.language.dates import parse_partial_date
from kzexpert.model import NOWHERE

__all__ = ["PARTS", "VERDICTS", "Kind", "Opinion", "PartKind", "Remark", "Review", "moment"]

Opinion: TypeAlias = Literal["accepted", "rejected", "needs work"]
PartKind: TypeAlias = Literal["premise", "rule", "source"]
Kind: TypeAlias = Literal["sign-off", "challenge", "note"]
VERDICTS: tuple[Opinion, ...] = get_args(Opinion)
PARTS: tuple[PartKind, ...] = get_args(PartKind)


class Remark(msgspec.Struct, frozen=True):
    """What a reviewer says of one premise, rule or source.

    Attributes:
        name: the statement, or the id.
    """

    kind: PartKind
    name: str
    verdict: Opinion
    reason: str


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """What one reviewer did at one time.

    Attributes:
        conclusion: the statement that was judged, as the trace writes it.
        question: what it answered.
        as_of: the day that it was judged for.
        given: whether the reviewer chose that day; else it is the one that the base says.
        assumed, withdrawn: facts that were added, and patterns of facts that were left out.
        seal: of the trace that lay before the reviewer.
        verdict: on the whole; empty where only parts are judged.
        remarks: on parts.
        made: a day, or a moment in UTC, as in ``2026-11-28T20:15:00Z``.
        expires: a day, a month or a year, until whose end the verdict counts; empty where no end is set.
        signature: by OpenSSH, of `signed`; empty where there is none.
        place: the file.
    """

    conclusion: str
    question: str
    as_of: date
    given: bool
    assumed: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    seal: str
    verdict: Literal["", "accepted", "rejected", "needs work"] = ""
    remarks: tuple[Remark, ...] = ()
    reviewer: str
    made: str
    expires: str = ""
    note: str = ""
    signature: str = ""
    place: Location = NOWHERE

    @property
    def kind(self) -> Kind:
        """What it is, by what it says."""
        return "sign-off" if self.verdict else "challenge" if self.remarks else "note"

    @property
    def contests(self) -> bool:
        """Whether it finds something wrong with a part; who withdraws a challenge accepts the part."""
        return any(remark.verdict != "accepted" for remark in self.remarks)

    @property
    def day(self) -> str:
        """The day on which it was made."""
        return self.made[:10]

    @property
    def signed(self) -> bytes:
        """What a signature is of: all of it but the signature, as compact JSON with its fields in the declared order.

        So another layout of the file leaves it valid.
        """
        said = msgspec.structs.asdict(self)
        return msgspec.json.encode({key: value for key, value in said.items() if key not in ("signature", "place")})

    @property
    def world(self) -> tuple[date | None, tuple[str, ...], tuple[str, ...]]:
        """Of which world it is asked again: the day, None for that of the base, and what is assumed and withdrawn."""
        return self.as_of if self.given else None, self.assumed, self.withdrawn

    @property
    def subjects(self) -> Iterator[tuple[object, ...]]:
        """What it says something of; a later review of the same reviewer on the same stands in its place."""
        of = (self.reviewer, self.conclusion, *self.world)
        if self.verdict:
            yield of
        for remark in self.remarks:
            yield (*of, remark.kind, remark.name)

    @property
    def order(self) -> tuple[str, str, int]:
        """The key to sort reviews by: when they were made; those of one moment by file, as these are numbered."""
        name = self.place.file.removesuffix(".yaml")
        stem, _, number = name.rpartition("-")
        return (self.made, stem, int(number)) if number.isdecimal() else (self.made, name, 0)

    def expired(self, today: date) -> bool:
        """Whether its time is over."""
        return bool(self.expires) and parse_partial_date(self.expires).last < today


def moment(now: datetime) -> str:
    """A moment in UTC as reviews write it."""
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")
