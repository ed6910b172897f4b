"""Names to their meaning: surface atoms, rules and facts → positional arguments and canonical names, or issues.

The checks call it for the issues, the snapshot and the questions for the values. It looks nothing up but the
vocabulary, and it never guesses: the nearest names go into a hint.
"""

from collections.abc import Callable, Iterator
from datetime import date

from kzexpert.errors import Issue, Location, counted
from kzexpert.language.nearest import did_you_mean
from kzexpert.model import (
    AGGREGATES,
    ANY,
    Aggregation,
    Argument,
    Atom,
    Comparison,
    Constant,
    Expression,
    Fact,
    GroundAtom,
    KnowledgeBase,
    Operation,
    Pattern,
    Predicate,
    Rule,
    Term,
    Value,
    Variable,
)

__all__ = [
    "expression_type",
    "resolve_atom",
    "resolve_expression",
    "resolve_fact",
    "variable_types",
]

_BUILT_IN = {"text": "a text", "number": "a number", "date": "a date"}


def resolve_atom(kb: KnowledgeBase, atom: Atom, certainty: str | None = None) -> tuple[Pattern | None, list[Issue]]:
    """Put the arguments of an atom in declared order and its names in canonical form.

    Args:
        certainty: the variable that ``@`` binds.

    Returns:
        The pattern, and no issue; or None and all that is wrong.
    """
    predicate = kb.predicate.get(atom.predicate)
    if predicate is None:
        hint = did_you_mean(atom.predicate, kb.predicate)
        return None, [Issue("KZ202", f"unknown predicate {atom.predicate}", atom.location, hint)]
    issues: list[Issue] = []
    terms: list[Term] = [ANY] * len(predicate.args)
    for index, argument in _placed(predicate, atom, issues):
        terms[index] = _resolve_term(kb, predicate, index, argument, issues)
    if atom.within and predicate.holds != "event":
        hint = f"declare {predicate.name} with 'holds: event', or leave out '{atom.within}'"
        issues.append(
            Issue("KZ217", f"{predicate.name} is not an event, so 'within' says nothing", atom.location, hint)
        )
    if issues:
        return None, issues
    relation = f"{predicate.name} {atom.within}" if atom.within else predicate.name
    return Pattern(relation, predicate.name, tuple(terms), certainty), []


def _placed(predicate: Predicate, atom: Atom, issues: list[Issue]) -> Iterator[tuple[int, Argument]]:
    """Each argument with its declared position; what has none becomes an issue."""
    names = [spec.name for spec in predicate.args]
    signature = f"{predicate.name}({', '.join(names)})"
    positional = [argument for argument in atom.arguments if argument.name is None]
    named = [argument for argument in atom.arguments if argument.name is not None]
    too_few = not named and len(positional) < len(names)
    if len(positional) > len(names) or too_few:
        many = counted(len(positional), "argument")
        hint = f"it takes {signature}"
        if too_few:
            example = f"{names[0]}=..." if names else ""
            hint += (
                f"; write _ for an argument that may be anything, or name those you mean: {predicate.name}({example})"
            )
        issues.append(Issue("KZ203", f"{predicate.name} has {many} here, not {len(names)}", atom.location, hint))
    yield from enumerate(positional[: len(names)])
    for argument in named:
        if argument.name not in names:
            hint = did_you_mean(argument.name or "", names) or f"it takes {signature}"
            message = f"{predicate.name} has no argument {argument.name}"
            issues.append(Issue("KZ203", message, argument.location, hint))
        elif names.index(argument.name) < len(positional):
            message = f"argument {argument.name} of {predicate.name} is given twice"
            issues.append(Issue("KZ203", message, argument.location, f"it takes {signature}"))
        else:
            yield names.index(argument.name), argument


def _resolve_term(kb: KnowledgeBase, predicate: Predicate, index: int, argument: Argument, issues: list[Issue]) -> Term:
    if not isinstance(argument.term, Constant):
        return argument.term
    spec = predicate.args[index]
    value = _canonical(kb, argument.term.value, spec.type, f"{predicate.name}({spec.name})", argument.location, issues)
    return Constant(value)


def _canonical(
    kb: KnowledgeBase,
    value: Value,
    wanted: str,
    place: str,
    location: Location,
    issues: list[Issue],
    hints: bool = True,
) -> Value:
    """The value as the type wants it: an alias becomes the name. `place` says where, for the message."""
    if wanted in _BUILT_IN:
        if _type_of(value) != wanted:
            hint = f'write "{_plain(value)}" for the text' if wanted == "text" else ""
            message = f"{place} takes {_BUILT_IN[wanted]}, not {_described(value)}"
            issues.append(Issue("KZ205", message, location, hint))
        return value
    entity = kb.entity.get(value) if isinstance(value, str) else None
    if entity is None:
        hint = _nearest_of_kind(kb, value, wanted) if hints else ""
        hint = hint or f"declare it under 'entities:' with kind {wanted}"
        issues.append(Issue("KZ204", f"unknown {wanted} {_plain(value)} in {place}", location, hint))
        return value
    if entity.kind != wanted:
        hint = _nearest_of_kind(kb, value, wanted) if hints else ""
        issues.append(Issue("KZ205", f"{place} takes a {wanted}, and {entity.name} is a {entity.kind}", location, hint))
    return entity.name


def _nearest_of_kind(kb: KnowledgeBase, value: Value, kind: str) -> str:
    return did_you_mean(_plain(value), [name for name, item in kb.entity.items() if item.kind == kind])


def _type_of(value: Value) -> str:
    return "text" if isinstance(value, str) else "date" if isinstance(value, date) else "number"


def _plain(value: Value) -> str:
    return value if isinstance(value, str) else str(Constant(value))


def _described(value: Value) -> str:
    return f"{_BUILT_IN[_type_of(value)]} ({Constant(value)})"


def resolve_fact(kb: KnowledgeBase, fact: Fact, hints: bool = True) -> tuple[GroundAtom | None, list[Issue]]:
    """The ground atom that a row states.

    Args:
        hints: whether to look for the nearest names, which takes longer than all the rest.

    Returns:
        The atom, and no issue; or None and all that is wrong with its predicate and arguments.
    """
    predicate = kb.predicate.get(fact.predicate)
    if predicate is None:
        hint = did_you_mean(fact.predicate, kb.predicate) if hints else ""
        return None, [Issue("KZ202", f"unknown predicate {fact.predicate}", fact.location, hint)]
    issues: list[Issue] = []
    args: list[Value] = []
    for spec in predicate.args:
        value = fact.arguments.get(spec.name)
        if value is None:
            message = f"a fact of {predicate.name} needs the argument {spec.name}"
            issues.append(Issue("KZ203", message, fact.location, f"write {spec.name}: ... ({spec.type})"))
        else:
            place = f"{predicate.name}({spec.name})"
            location = fact.marks.get(spec.name, fact.location)
            args.append(_canonical(kb, value, spec.type, place, location, issues, hints))
    names = {spec.name for spec in predicate.args}
    for name in fact.arguments:
        if name not in names:
            location = fact.marks.get(name, fact.location)
            hint = did_you_mean(name, names) if hints else ""
            issues.append(Issue("KZ203", f"{predicate.name} has no argument {name}", location, hint))
    return (None if issues else GroundAtom(predicate.name, tuple(args))), issues


# --- types of variables ---------------------------------------------------------------------------------------------


def variable_types(kb: KnowledgeBase, rule: Rule) -> tuple[dict[str, str], list[Issue]]:
    """The type of each variable of a rule, and where it is used as two.

    Atoms that do not fit their predicate are passed over: `resolve_atom` reports them.
    """
    types: dict[str, str] = {}
    issues: list[Issue] = []

    def use(variable: str, kind: str, place: str, location: Location) -> None:
        if types.setdefault(variable, kind) != kind:
            message = f"?{variable} is a {types[variable]} elsewhere in the rule, but {place} takes a {kind}"
            issues.append(Issue("KZ205", message, location))

    for condition in rule.when:
        for atom, certainty in condition.atoms:
            _use_atom(kb, atom, use)
            if certainty:
                use(certainty, "number", "a certainty", atom.location)
    for condition in rule.when:
        if isinstance(condition, Aggregation):
            folded = types.get(condition.over, "number")
            function = AGGREGATES[condition.function]
            if function.accepts and folded not in function.accepts:
                allowed = "s or ".join(function.accepts)
                message = f"{condition.function} takes {allowed}s, and ?{condition.over} is a {folded}"
                issues.append(Issue("KZ205", message, condition.location))
            use(condition.result, function.result_type(folded), condition.function, condition.location)
    _use_atom(kb, rule.then, use)
    for _ in rule.when:  # chains of assignments: each pass types at least one more
        before = len(types)
        for condition in rule.when:
            if isinstance(condition, Comparison) and condition.operator == "=":
                for side, other in ((condition.left, condition.right), (condition.right, condition.left)):
                    kind_of_other = expression_type(kb, other, types)
                    if isinstance(side, Variable) and side.name not in types and kind_of_other:
                        types[side.name] = kind_of_other
        if len(types) == before:
            break
    return types, issues


def _use_atom(kb: KnowledgeBase, atom: Atom, use: Callable[[str, str, str, Location], None]) -> None:
    predicate = kb.predicate.get(atom.predicate)
    if predicate is None:
        return
    for index, argument in _placed(predicate, atom, []):
        if isinstance(argument.term, Variable):
            spec = predicate.args[index]
            use(argument.term.name, spec.type, f"{predicate.name}({spec.name})", argument.location)


def expression_type(kb: KnowledgeBase, expression: Expression, types: dict[str, str]) -> str | None:
    """The type of an expression; None for a variable of unknown type."""
    if isinstance(expression, Operation):
        return "number"
    if isinstance(expression, Variable):
        return types.get(expression.name)
    return _type_of(expression.value)


def resolve_expression(
    kb: KnowledgeBase, expression: Expression, wanted: str | None, location: Location, issues: list[Issue]
) -> Expression:
    """The expression with names in canonical form, where `wanted` is the type of what it is compared with."""
    if isinstance(expression, Constant) and wanted:
        return Constant(_canonical(kb, expression.value, wanted, "the comparison", location, issues))
    return expression
