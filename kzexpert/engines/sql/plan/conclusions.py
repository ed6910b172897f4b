"""The rules that conclude a predicate → a query for its conclusions with their certainties, outside of recursion.

The arithmetic is that of `kzexpert.evidence` and `kzexpert.certainty`, and gives the same doubles.
"""

from collections.abc import Hashable, Sequence
from functools import partial

import msgspec
from msgspec.structs import replace
from sqlglot import exp

from kzexpert.certainty import combine
from kzexpert.engines.sql.plan.decimals import rounded
from kzexpert.engines.sql.plan.dialects import Dialect
from kzexpert.engines.sql.plan.extents import CERTAINTY, DAY, Extent, Kind, argument
from kzexpert.engines.sql.plan.rules import STRENGTH, Planner, variable
from kzexpert.engines.sql.plan.words import called, column, least, number, select, subquery, together
from kzexpert.model import ProgramRule

__all__ = ["conclusions", "conflict", "is_view"]


class _Lines(msgspec.Struct, frozen=True):
    """What one family of rules, or the base facts, say for or against each conclusion.

    Attributes:
        query: ``a0``, ``a1`` ..., and ``s`` unless `strength` says it.
        single: at most one row for each conclusion.
        lowest: no strength is lower, by absolute value.
        dated: whether the column `DAY` says for which as-of date a row holds.
        negative: whether they speak against.
    """

    query: exp.Query
    strength: float | None
    single: bool
    lowest: float
    dated: bool
    negative: bool = False


def is_view(rules: Sequence[ProgramRule], base: Extent | None) -> bool:
    """Whether each binding of the one rule is a conclusion of its own, found by joins alone.

    Such a relation need not be stored: it costs no more to read than to join.
    """
    if len(rules) != 1 or base is not None:
        return False
    rule = rules[0]
    return all(item.joinable for item in rule.conditions) and set(rule.matched) <= set(rule.head.variables)


def conclusions(planner: Planner, dialect: Dialect, rules: Sequence[ProgramRule], base: Extent | None) -> Extent:
    """The facts and conclusions of a predicate with their certainties.

    Args:
        rules: those that conclude it; at least one.
        base: its recorded facts.
    """
    lines, columns = _lines(planner, rules, base)
    kinds = planner.extents[rules[0].head.predicate].kinds
    if len(lines) == 1 and lines[0].single:
        return _single(lines[0], columns, kinds)
    return Extent(_combined(dialect, lines, columns), kinds, dated=lines[0].dated)


def conflict(planner: Planner, rules: Sequence[ProgramRule], base: Extent | None) -> exp.Select | None:
    """The conclusions with evidence of +1 and of −1; None where there can be none."""
    highest = max(*(rule.rule.certainty for rule in rules), 0.0 if base is None else 1.0)
    if highest < 1.0 or all(rule.rule.certainty > -1.0 for rule in rules):
        return None
    lines, columns = _lines(planner, rules, base)
    keys = [column(name, "l") for name in columns]
    query = select(keys, subquery(_gathered(lines, columns), "l"))
    certain = exp.Max(this=column(STRENGTH, "l")) >= number(1.0)
    against = exp.Min(this=column(STRENGTH, "l")) <= number(-1.0)
    return query.group_by(*[key.copy() for key in keys], copy=False).having(certain, against, copy=False)


def _lines(planner: Planner, rules: Sequence[ProgramRule], base: Extent | None) -> tuple[list[_Lines], list[str]]:
    """The lines of all rules and of the base facts, and the columns that tell their conclusions apart."""
    families: dict[Hashable, list[ProgramRule]] = {}
    for rule in rules:
        families.setdefault(rule.rule.line, []).append(rule)
    lines = [_lines_of(planner, family) for family in families.values()]
    if base is not None:
        shown: list[exp.Expr] = [column(name, "m") for name in base.shown]
        if base.certainty is None:
            shown.append(called(column(CERTAINTY, "m"), STRENGTH))
        lines.append(_Lines(select(shown, base.named("m")), base.certainty, True, base.lowest, base.dated))
    columns = [argument(place) for place in range(len(planner.extents[rules[0].head.predicate].kinds))]
    if any(line.dated for line in lines):
        columns.append(DAY)
        undated = (line for line in lines if not line.dated)
        whole = {id(line): replace(line, query=planner.on_all_days(line.query), dated=True) for line in undated}
        lines = [whole.get(id(line), line) for line in lines]
    return lines, columns


def _lines_of(planner: Planner, variants: Sequence[ProgramRule]) -> _Lines:
    """The lines of evidence of one rule: its strongest firing for each conclusion, or with ``each`` for each instance.

    Args:
        variants: of the rule, or of all rules of its family; their firings are not told apart, see `Firing.line`.
    """
    rule, *others = variants
    if others or (rule.rule.each and len(rule.instance_places) < len(rule.variables)):
        return _lines_of_variants(planner, variants)
    body = planner.body(rule)
    query = planner.head(rule, body)
    single = body.matched <= set(rule.head.variables)
    negative = rule.rule.certainty < 0
    if not single and not rule.rule.each:
        if body.strength is None:
            keys = [argument(place) for place in range(max(len(rule.head.terms), 1))]
            query = _strongest(query, [*keys, *([DAY] if body.dated else [])], negative)
        else:
            query.distinct(copy=False)
        single = True
    return _Lines(query, body.strength, single, body.lowest, body.dated, negative)


def _lines_of_variants(planner: Planner, variants: Sequence[ProgramRule]) -> _Lines:
    rule = variants[0].rule
    bodies = [planner.body(variant) for variant in variants]
    dated = any(body.dated for body in bodies)
    strengths = {body.strength for body in bodies}
    strength = strengths.pop() if len(strengths) == 1 else None
    heads = [argument(place) for place in range(max(len(variants[0].head.terms), 1))] + ([DAY] if dated else [])
    instance = [f"i{place}" for place in range(len(variants[0].instance_places))] if rule.each else []
    keys = [*heads, *instance]
    parts: list[exp.Query] = []
    for variant, body in zip(variants, bodies, strict=True):
        values = zip(variant.instance_places, instance, strict=False)
        shown = [called(item, argument(place)) for place, item in enumerate(planner.head_values(variant))]
        shown += [called(column(variable(place), "b"), name) for place, name in values]
        shown += [column(DAY, "b")] if body.dated else []
        own = column(STRENGTH, "b") if body.strength is None else number(body.strength)
        shown += [called(own, STRENGTH)] if strength is None else []
        part = select(shown, subquery(body.query, "b"))
        if dated and not body.dated:
            part = planner.on_all_days(part)
        names = [*keys, *([STRENGTH] if strength is None else [])]
        parts.append(select([column(name, "v") for name in names], subquery(part, "v")))
    negative = rule.certainty < 0
    query = together(parts)
    found = (
        _strongest(query, keys, negative)
        if strength is None
        else select([column(name, "l") for name in keys], subquery(query, "l"), distinct=True)
    )
    names = [*heads, *([STRENGTH] if strength is None else [])]
    found = select([column(name, "w") for name in names], subquery(found, "w"))
    return _Lines(found, strength, not rule.each, min(body.lowest for body in bodies), dated, negative)


def _strongest(query: exp.Query, columns: Sequence[str], negative: bool) -> exp.Select:
    keys = [column(name, "l") for name in columns]
    strength = column(STRENGTH, "l")
    strongest = exp.Min(this=strength) if negative else exp.Max(this=strength)
    shown = [*keys, called(strongest, STRENGTH)]
    return select(shown, subquery(query, "l")).group_by(*[key.copy() for key in keys], copy=False)


def _single(line: _Lines, columns: list[str], kinds: tuple[Kind, ...]) -> Extent:
    """One line of evidence for each conclusion."""
    if line.strength is not None:
        certainty = combine([line.strength])
        return Extent(line.query, kinds, certainty, certainty, dated=line.dated)
    strength = column(STRENGTH, "l")
    # What the general formula comes to for one line, by the same arithmetic.
    alone: exp.Expr = number(1.0) - exp.paren(number(1.0) - strength, copy=False)
    if line.negative:
        alone = exp.paren(number(1.0) + strength, copy=False) - number(1.0)
    summed = select([*[column(name, "l") for name in columns], called(alone, CERTAINTY)], subquery(line.query, "l"))
    return Extent(
        rounded(summed, columns, CERTAINTY),
        kinds,
        None,
        -1.0 if line.negative else line.lowest - 1e-9,
        dated=line.dated,
    )


def _gathered(lines: Sequence[_Lines], columns: list[str]) -> exp.Query:
    """All lines of evidence, each a row."""
    gathered = []
    for line in lines:
        strength = column(STRENGTH, "u") if line.strength is None else called(number(line.strength), STRENGTH)
        gathered.append(select([*[column(name, "u") for name in columns], strength], subquery(line.query, "u")))
    return together(gathered)


def _counted(rows: exp.Query, columns: list[str]) -> exp.Select:
    """How many lines of each strength there are, so that not all lines of a conclusion must meet on one machine."""
    keys = [column(name, "u") for name in (*columns, STRENGTH)]
    counted = called(exp.Count(this=exp.Star()), "n")
    return select([*keys, counted], subquery(rows, "u")).group_by(*[key.copy() for key in keys], copy=False)


def _combined(dialect: Dialect, lines: Sequence[_Lines], columns: list[str]) -> exp.Select:
    """Several lines of evidence: p and n, and what they come to."""
    keys = [column(name, "l") for name in columns]
    alike = lines[0].strength if len(lines) == 1 else None
    strength = column(STRENGTH, "l") if alike is None else number(alike)
    rows, times = _gathered(lines, columns), None
    if dialect.spreads and not all(line.single for line in lines):
        rows, times = _counted(rows, columns), column("n", "l")
    product = partial(dialect.product, times=times)
    positive: exp.Expr = number(0.0)
    negative: exp.Expr = number(0.0)
    if any(not line.negative for line in lines):
        factor = number(1.0) - strength if alike is None else 1.0 - alike
        above = strength > number(0.0)
        positive = number(1.0) - product(factor, above, ascending=False)
    if any(line.negative for line in lines):
        factor_ = number(1.0) + strength if alike is None else 1.0 + alike
        below = strength < number(0.0)
        negative = product(factor_, below, ascending=True) - number(1.0)
    shown = [*keys, called(positive, "p"), called(negative, "n")]
    summed = select(shown, subquery(rows, "l")).group_by(*[key.copy() for key in keys], copy=False)
    return _certainty(summed, columns, mixed=len({line.negative for line in lines}) > 1)


def _certainty(summed: exp.Select, columns: list[str], *, mixed: bool) -> exp.Select:
    """(p + n) / (1 − min(p, −n)), rounded; +1 against −1 is 0."""
    p, n = column("p", "l"), column("n", "l")
    total: exp.Expr = p + n
    if mixed:
        weaker = least([p.copy(), -n])
        rest = exp.paren(number(1.0) - weaker, copy=False)
        quotient = exp.paren(total, copy=False) / rest
        conflict = weaker >= number(1.0)
        total = exp.Case(ifs=[exp.If(this=conflict, true=number(0.0))], default=quotient)
    shown = [*[column(name, "l") for name in columns], called(total, CERTAINTY)]
    return rounded(select(shown, subquery(summed, "l")), columns, CERTAINTY)
