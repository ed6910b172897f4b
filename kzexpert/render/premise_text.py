"""What held where a condition of a rule is no lookup of a fact, as one line of text."""

from collections.abc import Mapping, Sequence

from kzexpert.errors import Location
from kzexpert.language import GrammarError, parse_condition
from kzexpert.language.grammar import parse_value
from kzexpert.model import Call, Expression, Operation, Value
from kzexpert.proof.document import (
    AbsencePremise,
    AggregatePremise,
    BlockPremise,
    ComparisonPremise,
    EitherPremise,
    FactPremise,
    ListPremise,
    TracedPremise,
)

__all__ = ["with_values"]


def with_values(premise: TracedPremise, binding: Mapping[str, str]) -> str:
    """What held: ``3 + 1 [= 4] > 2``, ``count = 3``, ``no pact(A, B)``, ``unless pact(A, B): nothing found``.

    Args:
        binding: of the firing: variable → value as the atom grammar writes it.
    """
    if isinstance(premise, FactPremise):
        return premise.fact
    if isinstance(premise, AbsencePremise):
        return f"no {premise.absent}"
    if isinstance(premise, BlockPremise):
        absent = " and ".join(premise.absent)
        return f"{premise.keyword} {f'({absent})' if len(premise.absent) > 1 else absent}: nothing found"
    if isinstance(premise, ListPremise):
        return f"{premise.value} {premise.operator} ({', '.join(premise.values)})"
    if isinstance(premise, EitherPremise):
        return f"either: alternative {premise.alternative} holds"
    try:
        condition = parse_condition(premise.condition, Location(""))
    except GrammarError:  # of a document that was changed
        condition = None
    if isinstance(premise, AggregatePremise):
        return f"{condition.function} = {premise.result}" if condition and condition.function else premise.result
    return _compared(premise, condition.expressions if condition else (), binding)


def _compared(premise: ComparisonPremise, sides: Sequence[Expression], binding: Mapping[str, str]) -> str:
    shown = [premise.left, premise.right]
    if len(sides) == len(shown):
        values = {name: value for name, text in binding.items() if (value := parse_value(text)) is not None}
        shown = [_reckoned(side, text, values) for side, text in zip(sides, shown, strict=True)]
    return f" {premise.operator} ".join(shown)


def _reckoned(side: Expression, shown: str, values: Mapping[str, Value]) -> str:
    """A side of a comparison: what is computed stands before its value."""
    return f"{side.instance(values)} [= {shown}]" if isinstance(side, Operation | Call) else shown
