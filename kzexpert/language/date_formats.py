"""Formats of dates as `strptime` writes them → their parts: the days of tables are read by these, in any engine.

A format says a year, and may say month and day; what it says of the time of day is passed over.
"""

import re
from functools import lru_cache

import msgspec

__all__ = ["FORMATS_HINT", "MONTHS", "DateFormat", "parse_date_format"]

#: Directive → the regular expression of what it reads.
_DIRECTIVES = {
    "Y": "[0-9]{4}",
    "y": "[0-9]{2}",
    "m": "[0-9]{1,2}",
    "d": "[0-9]{1,2}",
    "b": "[A-Za-z]{3,9}[.]?",
    "B": "[A-Za-z]{3,9}[.]?",
    "H": "[0-9]{1,2}",
    "I": "[0-9]{1,2}",
    "M": "[0-9]{2}",
    "S": "[0-9]{2}",
    "f": "[0-9]{1,9}",
    "p": "[AaPp][.]?[Mm][.]?",
    "a": "[A-Za-z]{2,9}[.]?",
    "A": "[A-Za-z]{2,9}[.]?",
}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
FORMATS_HINT = (
    "a format is such as %d/%m/%Y: %Y or %y a year, %m a month, %b or %B its English name, %d a day; "
    "%H %I %M %S %f %p and %a are passed over"
)


class DateFormat(msgspec.Struct, frozen=True):
    """A format of dates.

    Attributes:
        pattern: a regular expression with a group for each directive, for the whole of a text.
        year, month, day: the numbers of their groups; 0 where the format does not say it.
        short: whether the year has two digits: 69 to 99 are of the 20th century, 00 to 68 of the 21st, as in POSIX.
        named: whether the month is a name.
    """

    pattern: str
    year: int
    month: int
    day: int
    short: bool
    named: bool


@lru_cache
def parse_date_format(text: str) -> DateFormat:
    """Reads a format.

    Raises:
        ValueError: it is none that is supported; the message says why.
    """
    pattern = ""
    groups: dict[str, int] = {}
    count = 0
    for directive, other in re.findall(r"%(.?)|([^%])", text, re.DOTALL):
        if other or directive == "%":
            pattern += " +" if other == " " else f"[{other or '%'}]" if (other or "%") not in "^\\[]" else f"\\{other}"
            continue
        if directive not in _DIRECTIVES:
            raise ValueError(f"%{directive} is not a part of a date that can be read")
        count += 1
        pattern += f"({_DIRECTIVES[directive]})"
        groups.setdefault(directive, count)
    year, month = groups.get("Y", groups.get("y", 0)), groups.get("m") or groups.get("b") or groups.get("B") or 0
    day = groups.get("d", 0)
    if not year:
        raise ValueError("it says no year")
    if day and not month:
        raise ValueError("it says a day and no month")
    return DateFormat(pattern, year, month, day, "Y" not in groups, "m" not in groups and bool(month))
