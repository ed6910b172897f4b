"""The cells of a table as SQL, in both dialects: what they say behind blanks, signs for nothing, and formats.

It checks nothing: what is no number or no date stays what it is, or becomes null, and the staging says so.
"""

from collections.abc import Mapping, Sequence

from sqlglot import exp

from kzexpert.engines.sql.plan.dialects import Dialect
from kzexpert.engines.sql.plan.words import both, column, either, number, typed
from kzexpert.engines.sql.tables.files import plain_text
from kzexpert.language.date_formats import MONTHS, DateFormat, parse_date_format
from kzexpert.language.dates import parse_partial_date
from kzexpert.language.reader import read_number
from kzexpert.model import RowChoice, Table

__all__ = ["Cells", "day_of", "double"]

_NUMBER = r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?"
#: How the types of numbers begin in words of DuckDB.
_NUMERIC = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
    "FLOAT",
    "DOUBLE",
    "DECIMAL",
)
#: Of these, whole ones that may lie beyond 2^53; and those that never do, or are printed with a point or an exponent.
_GREAT = ("BIGINT", "HUGEINT", "UBIGINT", "UHUGEINT")
_EXACT = ("TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER", "FLOAT", "DOUBLE")
#: What is no number in a declaration, and may be one in a column.
_NOT_FINITE = ("nan", "inf", "-inf")
_MOST = str(2**53)
#: Whole numbers beyond 2^53: those with more digits, and those of as many that have a greater one at some place first.
_TOO_LONG = (
    r"[-+]?0*("
    + "|".join(
        [rf"[1-9][0-9]{{{len(_MOST)},}}"]
        + [
            rf"{_MOST[:place]}[{int(digit) + 1}-9][0-9]{{{len(_MOST) - place - 1}}}"
            for place, digit in enumerate(_MOST)
            if digit != "9"
        ]
    )
    + ")"
)
#: What `str.strip` takes off.
_BLANKS = "".join(filter(str.isspace, map(chr, range(0x3001))))
#: What may stand before thousands, beside the sign that is not the one before decimals.
_GROUPS = "' \u00a0\u202f\u2019"
_DATE = "[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?"
#: Day, hour, minute, sign and hours and minutes of the offset.
_MOMENT = (
    "([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2})(?::?([0-9]{2})(?::?[0-9]{2}(?:[.,][0-9]+)?)?)?"
    " ?(?:Z|UTC|GMT|([-+])([0-9]{2}):?([0-9]{2})?)?"
)


class Cells:
    """What the cells of one table say.

    Args:
        types: of its columns, in words of DuckDB.

    Attributes:
        used: the columns that are read; ``x0``, ``x1`` ... in a query.
    """

    def __init__(self, dialect: Dialect, table: Table, types: Mapping[str, str]) -> None:
        self._dialect = dialect
        self._table = table
        self._types = types
        self.used = list(table.read)

    def is_numeric(self, name: str) -> bool:
        """Whether a column holds numbers, and no texts of them."""
        return self._types[name].startswith(_NUMERIC)

    def is_fraction(self, name: str) -> bool:
        """Whether a column holds floating numbers, which some databases print with effort only."""
        return self._types[name] in ("FLOAT", "DOUBLE")

    def text(self, name: str, source: str | None = None) -> exp.Expr:
        """A cell as text; null where it holds nothing."""
        if self.is_numeric(name):
            return self.printed(name, self.numeric(name, source))
        text = self.printed(name, self._raw(name, source))
        if self._types[name] == "VARCHAR":
            strip = self._table.notation.strip
            text = _trimmed(text, _BLANKS + strip.get(name, strip.get("", "")))
        nothing = self._nothing(name)
        if not {*nothing} - {""}:
            return exp.Nullif(this=text, expression=exp.Literal.string(""))
        among = text.isin(*map(exp.Literal.string, ["", *nothing]))
        return exp.Case(ifs=[exp.If(this=among, true=exp.null())], default=text.copy())

    def numeric(self, name: str, source: str | None = None) -> exp.Expr:
        """A cell of a column of numbers as it is stored; null where it holds nothing."""
        raw = self._raw(name, source)
        numbers = [float(value) for value in self._nothing(name) if value in _NOT_FINITE]
        numbers += [value for value in map(read_number, self._nothing(name)) if value is not None]
        if not numbers:
            return raw
        among = typed(raw.copy(), "double").isin(*map(number, numbers))
        return exp.Case(ifs=[exp.If(this=among, true=exp.null())], default=raw)

    def printed(self, name: str, cell: exp.Expr) -> exp.Expr:
        """What a cell of a column says, as text."""
        return plain_text(self._dialect, cell, self._types[name])

    def _nothing(self, name: str) -> Sequence[str]:
        """The signs for nothing in a column."""
        nothing = self._table.notation.nothing
        return nothing.get(name, nothing.get("", ()))

    def number(self, name: str, text: exp.Expr, source: str | None = None) -> exp.Expr:
        """A cell as a number; null where it is none, or holds nothing.

        Args:
            text: as `text` gives it, for a column of texts.
        """
        if self.is_numeric(name):
            return double(self.numeric(name, source))
        plain = self._without_groups(text) if self._table.notation.decimal else text
        # true is no number, though it can be cast to one
        return exp.Case(ifs=[exp.If(this=self._dialect.matches(plain.copy(), _NUMBER), true=double(plain.copy()))])

    def too_long(self, name: str | None, text: exp.Expr, value: exp.Expr, source: str) -> exp.Expr | None:
        """The condition that a cell holds a whole number which a double may not; None where it cannot.

        Args:
            name: None for a constant.
            text, value: the cell as both; the value costs less than a pattern, and so is looked at first.
        """
        kind = "" if name is None else self._types[name]
        if kind.startswith(_EXACT):
            return None
        if name is not None and kind.startswith(_GREAT):
            return ~self._raw(name, source).between(-(2**53), 2**53)
        return (exp.Abs(this=value.copy()) >= number(2.0**53)) & self._dialect.matches(text.copy(), _TOO_LONG)

    def _without_groups(self, text: exp.Expr) -> exp.Expr:
        """A number as it is written everywhere else; null where it is none by the declared sign."""
        sign = self._table.notation.decimal
        groups = _GROUPS + ("." if sign == "," else ",")
        grouped = f"[-+]?([0-9]{{1,3}}([{groups}][0-9]{{3}})+|[0-9]*)([{sign}][0-9]*)?"
        plain = text.copy()
        for character in groups:
            plain = exp.func("replace", plain, exp.Literal.string(character), exp.Literal.string(""))
        plain = exp.func("replace", plain, exp.Literal.string(sign), exp.Literal.string("."))
        return exp.Case(ifs=[exp.If(this=self._dialect.matches(text.copy(), grouped), true=plain)])

    # --- dates -------------------------------------------------------------------------------------------------------

    def date(self, name: str, source: str | None = None) -> exp.Expr:
        """A cell as a date in ISO: a day, a month or a year; as text where it is none."""
        kind, text = self._types[name], self.text(name, source)
        if kind.startswith(("FLOAT", "DOUBLE", "DECIMAL", "VARCHAR")):  # a year that a column of numbers holds
            text = _whole(text)
        formats = self._table.notation.dates.get(name, self._table.notation.dates.get("", ()))
        cases = []
        for form in map(parse_date_format, formats):
            cases.append(exp.If(this=self._dialect.matches(text.copy(), form.pattern), true=_written(text, form)))
        if kind == "VARCHAR":
            moment = exp.Case(
                ifs=[exp.If(this=self._dialect.matches(text.copy(), _MOMENT), true=self._utc_day(text))],
                default=text.copy(),
            )
            cases.append(exp.If(this=exp.Length(this=text.copy()) > 10, true=moment))
        return exp.Case(ifs=cases, default=text) if cases else text

    def _utc_day(self, text: exp.Expr) -> exp.Expr:
        """The day of a moment, as text: in Greenwich, where the moment says how far from it."""

        def whole(group: int) -> exp.Expr:
            found = exp.Nullif(this=_group(text, _MOMENT, group), expression=exp.Literal.string(""))
            return exp.Coalesce(this=typed(found, "int"), expressions=[exp.Literal.number(0)])

        day = _group(text, _MOMENT, 1)
        minutes, offset = whole(2) * 60 + whole(3), whole(5) * 60 + whole(6)
        east = _group(text, _MOMENT, 4).eq(exp.Literal.string("+"))
        here = exp.Case(ifs=[exp.If(this=east, true=minutes - offset)], default=minutes + offset)
        real = exp.TryCast(this=day.copy(), to=typed(exp.null(), "date").to)
        shifted = {
            -1: here.copy() < exp.Literal.number(0),
            1: here.copy() >= exp.Literal.number(24 * 60),
        }
        ifs = [
            exp.If(
                this=condition,
                true=typed(self._dialect.shifted(real.copy(), exp.Literal.number(days), "day"), "text"),
            )
            for days, condition in shifted.items()
        ]
        return exp.Case(ifs=ifs, default=day)

    def date_of_parts(self, parts: Sequence[str], source: str | None = None) -> exp.Expr:
        """A date of a year, and of a month and a day where they are said: not empty, and not 0."""
        year, *finer = [_whole(self.text(name, source)) for name in parts if name]
        date = year
        said: exp.Expr = exp.true()
        for part in finer:
            padded = exp.Case(
                ifs=[exp.If(this=exp.Length(this=part.copy()).eq(1), true=_joined("0", part))], default=part.copy()
            )
            none = either([part.is_(exp.null()), part.isin(exp.Literal.string("0"), exp.Literal.string("00"))])
            said = both([said.copy(), ~none])
            date = exp.Case(ifs=[exp.If(this=said.copy(), true=_joined(date, "-", padded))], default=date.copy())
        return date

    # --- rows --------------------------------------------------------------------------------------------------------

    def chosen(self, source: str) -> list[exp.Expr]:
        """The conditions under which a row is read."""
        found = [self._fits(name, choice, source) for name, choice in self._table.where.items()]
        if self._table.shape.unpivot is not None:
            found.append(~self.text(self._table.shape.unpivot.value, source).is_(exp.null()))
        return found

    def _fits(self, name: str, choice: RowChoice, source: str) -> exp.Expr:
        conditions = [self._compared(name, operator, value, source) for operator, value in choice.compared]
        if choice.among is not None:
            conditions.append(self._among(name, choice.among, source))
        if choice.without:
            conditions.append(~exp.Coalesce(this=self._among(name, choice.without, source), expressions=[exp.false()]))
        return both(conditions)

    def _among(self, name: str, values: Sequence[str], source: str) -> exp.Expr:
        """The condition that a column has one of some values; of numbers 2.5 is 2.50, and an empty text is nothing."""
        text = self.text(name, source)
        said: list[exp.Expr] = [exp.Literal.string(value) for value in values if value]
        found: list[exp.Expr] = []
        if said and self.is_numeric(name):
            found.append(self.number(name, text, source).isin(*map(double, said)))
        elif said and self._types[name] == "VARCHAR":  # what does not contain it need not be trimmed
            raw = self._raw(name, source)
            contained = either([self._dialect.text_test("contains", raw.copy(), value.copy()) for value in said])
            found.append(both([contained, text.isin(*said)]))
        elif said:
            found.append(text.isin(*said))
        if "" in values:
            found.append(text.is_(exp.null()))
        return either(found)

    def _compared(self, name: str, operator: str, value: str, source: str) -> exp.Expr:
        """The condition that a column compares with a number or a date."""
        compare = {"<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE}[operator]
        found: list[exp.Expr] = []
        numeric = read_number(value)
        if numeric is not None:
            found.append(compare(this=self.number(name, self.text(name, source), source), expression=number(numeric)))
        try:
            date = parse_partial_date(value)
        except ValueError:
            pass
        else:
            bound = date.last if operator in (">", "<=") else date.first
            cell = day_of(self._dialect, self.date(name, source), "first")
            found.append(compare(this=cell, expression=typed(exp.Literal.string(bound.isoformat()), "date")))
        return either([exp.Coalesce(this=condition, expressions=[exp.false()]) for condition in found])

    def _raw(self, name: str, source: str | None) -> exp.Column:
        """A column of the table, by its name there."""
        return column(f"x{self.used.index(name)}", source)


def _trimmed(text: exp.Expr, characters: str) -> exp.Expr:
    """A text without blanks and other characters at its ends.

    Few texts have such ends, and to look first is thirty times faster than to trim: the text itself is compared, and
    the last character alone is cut out.
    """
    last = exp.Substring(this=text.copy(), start=exp.Literal.number(-1))
    fine: list[exp.Expr] = [
        text.copy() >= exp.Literal.string("!"),
        text.copy() < exp.Literal.string("\x7f"),
        last.between("!", "~"),
    ]
    others = [exp.Literal.string(character) for character in characters if character not in _BLANKS]
    if others:
        first = exp.Substring(this=text.copy(), start=exp.Literal.number(1), length=exp.Literal.number(1))
        fine += [~first.isin(*others), ~last.isin(*others)]
    trimmed = exp.Trim(this=text.copy(), expression=exp.Literal.string(characters))
    return exp.Case(ifs=[exp.If(this=both(fine), true=text.copy())], default=trimmed)


def double(value: exp.Expr) -> exp.Expr:
    """A value as a number; null where it is none."""
    return exp.TryCast(this=value, to=typed(exp.null(), "double").to)


def day_of(dialect: Dialect, text: exp.Expr, which: str) -> exp.Expr:
    """The first or the last day of a date as text; null where it is none.

    Args:
        which: ``first``, ``last``, or empty where a full day is meant.
    """

    def cast(suffix: str) -> exp.Expr:
        whole = _joined(text, suffix) if suffix else text.copy()
        return exp.TryCast(this=whole, to=typed(exp.null(), "date").to)

    shapes = {10: cast("")}
    if which == "first":
        shapes |= {4: cast("-01-01"), 7: cast("-01")}
    elif which == "last":
        shapes |= {4: cast("-12-31"), 7: exp.func("last_day", cast("-01"))}
    length = exp.Length(this=text.copy())
    cases = [exp.If(this=length.eq(exp.Literal.number(size)), true=day) for size, day in shapes.items()]
    shaped = dialect.matches(text.copy(), _DATE)
    after = text.copy() >= exp.Literal.string("0001")  # the first year of Python's calendar
    return exp.Case(ifs=[exp.If(this=both([shaped, after]), true=exp.Case(ifs=cases))])


def _written(text: exp.Expr, form: DateFormat) -> exp.Expr:
    """A text that a format fits, as a date in ISO."""

    def padded(group: int) -> exp.Expr:
        found = _group(text, form.pattern, group)
        return exp.Case(
            ifs=[exp.If(this=exp.Length(this=found.copy()).eq(1), true=_joined("0", found))], default=found.copy()
        )

    year = _group(text, form.pattern, form.year)
    if form.short:
        late = year.copy() >= exp.Literal.string("69")
        century = exp.Case(ifs=[exp.If(this=late, true=exp.Literal.string("19"))], default=exp.Literal.string("20"))
        year = _joined(century, year)
    if not form.month:
        return year
    month = padded(form.month)
    if form.named:
        start = exp.func("lower", exp.func("left", _group(text, form.pattern, form.month), exp.Literal.number(3)))
        months = [
            exp.If(this=start.eq(exp.Literal.string(name)), true=exp.Literal.string(f"{place:02}"))
            for place, name in enumerate(MONTHS, 1)
        ]
        month = exp.Case(ifs=months, default=start.copy())
    return _joined(year, "-", month, "-", padded(form.day)) if form.day else _joined(year, "-", month)


def _group(text: exp.Expr, pattern: str, group: int) -> exp.Expr:
    """What a group of a regular expression has found, which fits the whole of a text."""
    arguments = [text.copy(), exp.Literal.string(f"^{pattern}$"), exp.Literal.number(group)]
    return exp.Anonymous(this="regexp_extract", expressions=arguments)


def _joined(*parts: exp.Expr | str) -> exp.Expr:
    first, *rest = [exp.Literal.string(part) if isinstance(part, str) else part.copy() for part in parts]
    for part in rest:
        first = exp.DPipe(this=first, expression=part)
    return exp.paren(first, copy=False)


def _whole(text: exp.Expr) -> exp.Expr:
    """A number as text without decimals that are 0."""
    return exp.func("regexp_replace", text, exp.Literal.string(r"\.0+\z"), exp.Literal.string(""))
