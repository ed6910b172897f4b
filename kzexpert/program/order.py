"""A rule as written → a rule that engines can run: names resolved, variables typed, an order in which all is bound.

It decides nothing about how to join: that is each engine's own. A rule that cannot be planned comes back as issues.
"""

from collections import Counter
from collections.abc import Iterator

from kzexpert.errors import Issue
from kzexpert.language.nearest import did_you_mean
from kzexpert.model import (
    Absence,
    Aggregate,
    Aggregation,
    Anonymous,
    Assignment,
    Comparison,
    Condition,
    Constant,
    Expression,
    KnowledgeBase,
    Match,
    Negation,
    Operation,
    Pattern,
    Premise,
    ProgramCondition,
    ProgramRule,
    Rule,
    Test,
    Variable,
)
from kzexpert.program.resolve import (
    expression_type,
    resolve_atom,
    resolve_expression,
    variable_types,
)

__all__ = ["Plans", "keep_plans", "plan_rule", "planned"]


Plans = tuple[tuple[ProgramRule | None, list[Issue]], ...]
_KEPT = "planned rules"


def planned(kb: KnowledgeBase) -> Plans:
    """`plan_rule` for every rule, in their order.

    A knowledge base never changes, so its plans are kept with it: the checks make them, every snapshot uses them.
    """
    kept: Plans | None = vars(kb).get(_KEPT)
    if kept is None:
        kept = tuple(plan_rule(kb, rule) for rule in kb.rules)
        keep_plans(kb, kept)
    return kept


def keep_plans(kb: KnowledgeBase, plans: Plans) -> None:
    """Keep with a knowledge base the plans that were made of its rules."""
    vars(kb)[_KEPT] = plans


def plan_rule(kb: KnowledgeBase, rule: Rule) -> tuple[ProgramRule | None, list[Issue]]:
    """Resolve a rule and order its conditions.

    Returns:
        The rule, and no issue; or None and all that is wrong with its names, types and variables.
    """
    issues: list[Issue] = []
    patterns: dict[int, tuple[Pattern | None, ...]] = {}
    for index, condition in enumerate(rule.when):
        resolved = [resolve_atom(kb, atom, certainty) for atom, certainty in condition.atoms]
        issues.extend(issue for _, found in resolved for issue in found)
        patterns[index] = tuple(pattern for pattern, _ in resolved)
    head, found = resolve_atom(kb, rule.then)
    issues.extend(found)
    types, found = variable_types(kb, rule)
    issues.extend(found)
    comparisons = {
        index: _typed_comparison(kb, condition, types, issues)
        for index, condition in enumerate(rule.when)
        if isinstance(condition, Comparison)
    }
    ordered = _Order(rule)
    issues.extend(ordered.issues)
    if head:
        issues.extend(_open_arguments(kb, rule, head))
    if issues or head is None:
        return None, issues
    conditions = tuple(
        _program_condition(condition, patterns[index], comparisons.get(index), ordered)
        for index, condition in enumerate(rule.when)
    )
    return ProgramRule(rule, head, conditions, tuple(ordered.order), tuple(ordered.variables)), []


def _open_arguments(kb: KnowledgeBase, rule: Rule, head: Pattern) -> Iterator[Issue]:
    specs = kb.predicate[head.predicate].args
    for spec, term in zip(specs, head.terms, strict=True):
        if isinstance(term, Anonymous):
            message = f"the conclusion leaves {spec.name} of {head.predicate} open"
            yield Issue("KZ207", message, rule.then.location, "give it a value or a variable that a condition binds")


def _typed_comparison(
    kb: KnowledgeBase, condition: Comparison, types: dict[str, str], issues: list[Issue]
) -> tuple[Expression, Expression]:
    """Both sides with canonical names; sides that cannot be compared become issues."""
    location = condition.location
    sides = (condition.left, condition.right)
    for side in sides:
        for operand in _operands(side):
            kind = expression_type(kb, operand, types)
            if kind not in (None, "number"):
                issues.append(Issue("KZ205", f"{operand} is a {kind}: arithmetic is for numbers", location))
    left_type, right_type = (expression_type(kb, side, types) for side in sides)
    left = resolve_expression(kb, sides[0], None if isinstance(sides[1], Constant) else right_type, location, issues)
    right = resolve_expression(kb, sides[1], None if isinstance(sides[0], Constant) else left_type, location, issues)
    if left_type and right_type and not any(isinstance(side, Constant) for side in sides) and left_type != right_type:
        message = f"{condition.left} is a {left_type} and {condition.right} a {right_type}: they are never equal"
        issues.append(Issue("KZ205", message, location))
    elif condition.operator not in ("=", "!=") and (left_type or right_type or "number") not in ("number", "date"):
        hint = "texts and entities compare with = and != only"
        issues.append(Issue("KZ205", f"{condition.operator} compares numbers or dates", location, hint))
    return left, right


def _operands(expression: Expression) -> Iterator[Expression]:
    if isinstance(expression, Operation):
        for side in (expression.left, expression.right):
            if isinstance(side, Operation):
                yield from _operands(side)
            else:
                yield side


class _Order:
    """The order of evaluation of one rule, and what cannot be bound.

    Matches bind first. Then, in the order of the author and again until nothing moves, every other condition is taken
    whose variables are bound; ``=`` with one lone unbound variable binds it.
    """

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.issues: list[Issue] = []
        self.order: list[int] = []
        self.binds: dict[int, str] = {}
        self.shared: dict[int, tuple[str, ...]] = {}
        outside = Counter(name for part in (*rule.when, rule.then) for name in {*part.variables})
        self.positive = {
            name for condition in rule.when if isinstance(condition, Premise) for name in condition.variables
        }
        self.variables: list[str] = []
        for index, condition in enumerate(rule.when):
            names = list(condition.variables)
            if isinstance(condition, Aggregation):
                local = {name for name in names if outside[name] == 1} - {condition.result}
                inner = [name for name in dict.fromkeys(names) if name != condition.result and name not in local]
                self.shared[index] = tuple(inner)
                self._check_aggregation(condition, names, inner)
                names = [name for name in names if name not in local]
            self.variables.extend(names)
        self.variables = list(dict.fromkeys(self.variables))
        self._order()

    def _check_aggregation(self, condition: Aggregation, names: list[str], shared: list[str]) -> None:
        inner = names[1:]
        if condition.result in inner:
            message = f"?{condition.result} is the result of the aggregate and stands inside it"
            self.issues.append(Issue("KZ218", message, condition.location, "give the result a name of its own"))
        if condition.over not in inner:
            message = f"?{condition.over} does not occur in the atoms of the aggregate"
            hint = did_you_mean(condition.over, inner)
            self.issues.append(Issue("KZ218", message, condition.location, hint))
        for name in shared:
            if name not in self.positive:
                message = f"?{name} stands inside the aggregate and elsewhere, but no positive condition binds it"
                hint = f"bind ?{name} by a condition of its own, or rename the one inside"
                self.issues.append(Issue("KZ206", message, condition.location, hint))

    def _order(self) -> None:
        bound = set(self.positive)
        pending: list[int] = []
        for index, condition in enumerate(self.rule.when):
            (self.order if isinstance(condition, Premise) else pending).append(index)
        moved = True
        while pending and moved:
            moved = False
            for index in list(pending):
                if self._ready(index, bound):
                    pending.remove(index)
                    self.order.append(index)
                    moved = True
        self._report_unbound(pending, bound)

    def _ready(self, index: int, bound: set[str]) -> bool:
        condition = self.rule.when[index]
        if isinstance(condition, Aggregation):
            if condition.result not in bound:
                self.binds[index] = condition.result
                bound.add(condition.result)
            return True
        open_names = {*condition.variables} - bound
        if not open_names:
            return True
        if isinstance(condition, Comparison) and condition.operator == "=" and len(open_names) == 1:
            name = next(iter(open_names))
            for side, other in ((condition.left, condition.right), (condition.right, condition.left)):
                if side == Variable(name) and name not in other.variables:
                    self.binds[index] = name
                    bound.add(name)
                    return True
        return False

    def _report_unbound(self, pending: list[int], bound: set[str]) -> None:
        reported = set()
        for index in pending:
            condition = self.rule.when[index]
            for name in dict.fromkeys(condition.variables):
                if name not in bound and name not in reported:
                    reported.add(name)
                    kind = "a negation" if condition.looks == "negation" else "a comparison"
                    message = f"?{name} stands in {kind}, but no positive condition binds it"
                    self.issues.append(Issue("KZ206", message, condition.location, self._binding_hint(name, bound)))
        for argument in self.rule.then.arguments:
            name = argument.term.name if isinstance(argument.term, Variable) else ""
            if name and name not in bound and name not in reported:
                reported.add(name)
                message = f"?{name} stands in the conclusion, but no condition binds it"
                location = argument.location if argument.location.file else self.rule.then.location
                self.issues.append(Issue("KZ206", message, location, self._binding_hint(name, bound)))

    @staticmethod
    def _binding_hint(name: str, bound: set[str]) -> str:
        hint = did_you_mean(f"?{name}", [f"?{known}" for known in bound])
        return hint or f"add a condition that binds ?{name}, or write _ where it may be"


def _program_condition(
    condition: Condition,
    patterns: tuple[Pattern | None, ...],
    sides: tuple[Expression, Expression] | None,
    ordered: _Order,
) -> ProgramCondition:
    index = next(i for i, item in enumerate(ordered.rule.when) if item is condition)
    found = tuple(pattern for pattern in patterns if pattern is not None)
    if isinstance(condition, Premise):
        return Match(found[0])
    if isinstance(condition, Negation):
        return Absence(found[0])
    name = ordered.binds.get(index)
    if isinstance(condition, Aggregation):
        shared = ordered.shared[index]
        return Aggregate(condition.result, condition.function, condition.over, found, shared, name is None)
    assert sides is not None
    left, right = sides
    if name is None:
        return Test(left, condition.operator, right)
    return Assignment(name, right if left == Variable(name) else left)
