"""Dates as people write them: a day, a month or a year, each kept as written with its first and last day.

It reads ISO 8601 calendar dates in these three shapes only, and no time of day.
"""

import re
from datetime import date, timedelta
from functools import lru_cache

from kzexpert.model import PartialDate

__all__ = ["DATE_HINT", "parse_day", "parse_partial_date"]

DATE_HINT = "a date is a day, a month or a year: 2010-01-31, 2010-01 or 2010"
_SHAPE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


@lru_cache(maxsize=4096)
def parse_partial_date(text: str) -> PartialDate:
    """Reads ``2010``, ``2010-01`` or ``2010-01-31``.

    Args:
        text: exactly one of these shapes, years 0001 to 9999.

    Returns:
        The date as written, with the first and the last day it covers.

    Raises:
        ValueError: the text has another shape, or no calendar has that day; the message says which.
    """
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise ValueError(f"{_shown(text)} is not a date")
    year, month, day = (1 if part is None else int(part) for part in shape.groups())
    try:
        first = date(year, month, day)
    except ValueError:
        raise ValueError(f"{text} is not in the calendar") from None
    return PartialDate(text, first, _last(first, whole_year=shape[2] is None, whole_month=shape[3] is None))


def parse_day(text: str) -> date:
    """Reads a full day, ``2010-01-31``.

    Raises:
        ValueError: the text is not a date, or it is a month or a year only.
    """
    partial = parse_partial_date(text)
    if len(text) < 10:
        raise ValueError(f"{text} is not a full day")
    return partial.first


def _last(first: date, *, whole_year: bool, whole_month: bool) -> date:
    if whole_year:
        return date(first.year, 12, 31)
    if whole_month:
        return date(first.year, 12, 31) if first.month == 12 else date(first.year, first.month + 1, 1) - timedelta(1)
    return first


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:37]}...")
