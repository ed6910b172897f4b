"""The expressions of one rule with their meaning: names in canonical form, and operands of types that go together."""

from kzexpert.errors import Issue, Location, an
from kzexpert.model import (
    FUNCTIONS,
    TEXT_OPERATORS,
    Call,
    Condition,
    Constant,
    Expression,
    KnowledgeBase,
    Operation,
    Operator,
    Rule,
    called,
)
from kzexpert.program.resolve import Types, flat, resolve_value

__all__ = ["Values"]


class Values:
    """Resolves the expressions of a rule; what cannot be computed or compared is noted at once.

    Args:
        types: of the rule's variables.
        issues: where to note it.
    """

    def __init__(self, kb: KnowledgeBase, types: Types, rule: Rule, issues: list[Issue]) -> None:
        self._kb = kb
        self._types = types
        self._issues = issues
        self._found: dict[Condition, tuple[Expression, ...]] = {}
        for condition in flat(rule.when):
            for expression in condition.expressions:
                self._check(expression, condition.location)
            sides = [self._compared(condition, *compared) for compared in condition.comparisons]
            if sides:
                self._found[condition] = (sides[0][0], *(right for _, right in sides))

    def expressions(self, condition: Condition) -> tuple[Expression, ...]:
        """The expressions that a condition computes itself; those that are compared with nothing have no names."""
        return self._found.get(condition, condition.expressions)

    def _note(self, message: str, location: Location, hint: str = "") -> None:
        self._issues.append(Issue("KZ205", message, location, hint))

    def _compared(
        self, condition: Condition, left: Expression, operator: Operator, right: Expression
    ) -> tuple[Expression, Expression]:
        location, sides = condition.location, (left, right)
        left_type, right_type = map(self._types.expression, sides)
        written = [isinstance(side, Constant) for side in sides]
        if operator in TEXT_OPERATORS:
            for side, kind in zip(sides, (left_type, right_type), strict=True):
                if kind in ("number", "date"):
                    self._note(f"{side} is {an(kind)}, and '{operator}' compares texts", location)
            return left, right
        left = self._resolved(sides[0], None if written[1] else right_type, location)
        right = self._resolved(sides[1], None if written[0] else left_type, location)
        if left_type and right_type and not any(written) and left_type != right_type:
            if "text" not in (left_type, right_type) or {left_type, right_type} & {"number", "date"}:
                message = f"{sides[0]} is {an(left_type)} and {sides[1]} {an(right_type)}: they are never equal"
                hint = "a day is written 2019-01-31" if "date" in (left_type, right_type) else ""
                self._note(message, location, hint)
        elif operator not in ("=", "!=") and (left_type or right_type or "number") not in ("number", "date"):
            hint = "texts and entities compare with = and !=, starts with, ends with and contains"
            if any(isinstance(side, Constant) and isinstance(side.value, str) for side in sides):
                hint = "a word alone is a text: bind the value of an argument in an atom, p(?x, ?n), and compare ?n"
            self._note(f"{operator} compares numbers or dates", location, hint)
        return left, right

    def _resolved(self, side: Expression, wanted: str | None, location: Location) -> Expression:
        if isinstance(side, Constant) and wanted:
            return Constant(resolve_value(self._kb, side.value, wanted, location, self._issues))
        return side

    def _check(self, expression: Expression, location: Location) -> None:
        """Note operands and arguments of a wrong type, and what can never have a value."""
        if isinstance(expression, Operation):
            for side in (expression.left, expression.right):
                self._check(side, location)
                kind = self._types.expression(side)
                if kind not in (None, "number") and not isinstance(side, Operation):
                    hint = "days(?from, ?to) counts the days between two dates" if kind == "date" else ""
                    self._note(f"{side} is {an(kind)}: arithmetic is for numbers", location, hint)
                    break
            if expression.operator == "/" and expression.right == Constant(0.0):
                self._note(f"{expression} divides by 0, and never has a value", location)
        elif isinstance(expression, Call):
            self._check_call(expression, location)

    def _check_call(self, expression: Call, location: Location) -> None:
        function = FUNCTIONS[expression.function]
        first: str | None = None
        for index, argument in enumerate(expression.arguments):
            self._check(argument, location)
            kind, wanted = self._types.expression(argument), function.type_of(index)
            if kind is None or wanted == "any":
                continue
            if wanted == "same":
                first = first or kind
                wanted = "number" if first == "number" else "date"
            fits = kind not in ("number", "date") if wanted == "text" else kind == wanted
            if not fits:
                hint = "a day is written 2011-01-31" if wanted == "date" and isinstance(argument, Constant) else ""
                message = f"{argument} is {an(kind)}, and {expression.function} takes {an(wanted)} there"
                self._note(message, location, hint)
                return
        constant = [argument.value for argument in expression.arguments if isinstance(argument, Constant)]
        if (
            expression.arguments
            and len(constant) == len(expression.arguments)
            and called(expression.function, constant) is None
        ):
            self._note(f"{expression} never has a value", location)
