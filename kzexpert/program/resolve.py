"""Names to their meaning: surface atoms, rules and facts → positional arguments and canonical names, or issues.

The checks call it for the issues, the snapshot and the questions for the values. It looks nothing up but the
vocabulary, and it never guesses: the nearest names go into a hint.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date

from kzexpert.errors import Issue, Location, an, counted
from kzexpert.language.dates import parse_day
from kzexpert.language.habits import foreign_call
from kzexpert.language.nearest import did_you_mean
from kzexpert.model import (
    AGGREGATES,
    ANY,
    FUNCTIONS,
    Argument,
    Atom,
    Condition,
    Constant,
    Expression,
    Fact,
    GroundAtom,
    KnowledgeBase,
    Operation,
    Pattern,
    Predicate,
    Relation,
    Rule,
    Term,
    Value,
    Variable,
    shown,
)

__all__ = [
    "Types",
    "flat",
    "resolve_atom",
    "resolve_fact",
    "resolve_value",
]

#: What other languages call a variable: X, N1.
_LIKE_A_VARIABLE = re.compile("[A-Z][0-9]?")
_NAME = re.compile(r"[^\W\d]\w*")
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
        hint = did_you_mean(atom.predicate, kb.predicate) or foreign_call(atom.predicate)
        return None, [Issue("KZ202", f"there is no predicate {atom.predicate}", atom.location, hint)]
    issues: list[Issue] = []
    terms: list[Term] = [ANY] * len(predicate.args)
    for index, argument in _placed(predicate, atom, issues):
        terms[index] = _resolve_term(kb, predicate, index, argument, issues)
    if atom.within and predicate.holds != "event":
        hint = f"declare {predicate.name} with 'holds: event', or leave out '{atom.within}'"
        issues.append(
            Issue("KZ217", f"{predicate.name} is not an event, so 'within' does not apply", atom.location, hint)
        )
    for word, _ in atom.dates:
        wanted = "event" if word == "on" else "interval"
        if predicate.holds != wanted:
            message = f"facts of {predicate.name} have no date of '{word}'"
            has = {"event": "an event happens 'on' a day", "interval": "an interval lasts 'since' and 'until' a day"}
            hint = has.get(predicate.holds or "", f"declare {predicate.name} with 'holds: {wanted}'")
            issues.append(Issue("KZ217", message, atom.location, hint))
    if issues:
        return None, issues
    if not atom.within and not atom.dates:
        return Pattern(predicate.name, predicate.name, tuple(terms), certainty), []
    relation = Relation(predicate.name, atom.within, tuple(word for word, _ in atom.dates))
    return Pattern(relation, predicate.name, (*terms, *(Variable(name) for _, name in atom.dates)), certainty), []


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
    *,
    recorded: bool = False,
) -> Value:
    """The value as the type wants it: an alias becomes the name.

    Args:
        place: where it stands, for the message.
        recorded: whether it stands in a fact, where there are no variables.
    """
    if wanted in _BUILT_IN:
        if _type_of(value) != wanted:
            hint = _written_as(value, wanted)
            message = f"{place} takes {_BUILT_IN[wanted]}, not {_described(value)}"
            issues.append(Issue("KZ205", message, location, hint))
        return value
    entity = kb.entity.get(value) if isinstance(value, str) else None
    if entity is None:
        hint = _nearest_of_kind(kb, value, wanted) if hints else ""
        if not (hint or recorded) and isinstance(value, str) and _LIKE_A_VARIABLE.fullmatch(value):
            hint = f"a variable is written ?{value}"
        hint = hint or f"declare it under 'entities:' with kind {wanted}"
        issues.append(Issue("KZ204", f"unknown {wanted} {shown(value)} in {place}", location, hint))
        return value
    if entity.kind != wanted:
        hint = _nearest_of_kind(kb, value, wanted) if hints else ""
        message = f"{place} takes {an(wanted)}, and {entity.name} is {an(entity.kind)}"
        issues.append(Issue("KZ205", message, location, hint))
    return entity.name


def _written_as(value: Value, wanted: str) -> str:
    """How to write what was meant by a value of another type; "" where nobody can tell."""
    if wanted == "text":
        return f'write "{shown(value)}" for the text'
    if not isinstance(value, str):
        return "a day is written 2019-01-31; its year alone is year(?d)" if wanted == "date" else ""
    if value.casefold() in ("null", "none", "nil"):
        return "facts have no missing values: say 'not' and an atom with _ for what is not on record"
    readable = parse_day if wanted == "date" else float
    try:
        readable(value)
    except ValueError:
        return f"a variable is written ?{value}" if _NAME.fullmatch(value) else ""
    return f"write {value}, without quotes"


def _nearest_of_kind(kb: KnowledgeBase, value: Value, kind: str) -> str:
    if not isinstance(value, str) and shown(value) in kb.entity:
        return f'a name of digits stands in quotes: "{shown(value)}"'
    return did_you_mean(shown(value), [name for name, item in kb.entity.items() if item.kind == kind])


def _type_of(value: Value) -> str:
    return "text" if isinstance(value, str) else "date" if isinstance(value, date) else "number"


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
        return None, [Issue("KZ202", f"there is no predicate {fact.predicate}", fact.location, hint)]
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
            args.append(_canonical(kb, value, spec.type, place, location, issues, hints, recorded=True))
    names = {spec.name for spec in predicate.args}
    for name in fact.arguments:
        if name not in names:
            location = fact.marks.get(name, fact.location)
            hint = did_you_mean(name, names) if hints else ""
            issues.append(Issue("KZ203", f"{predicate.name} has no argument {name}", location, hint))
    return (None if issues else GroundAtom(predicate.name, tuple(args))), issues


# --- types of variables ---------------------------------------------------------------------------------------------


class Types:
    """The type of each variable of a rule, and what is used as two types.

    Atoms that do not fit their predicate are passed over: `resolve_atom` reports them.

    Attributes:
        of: variable → type.
        issues: every variable that is taken for two types, every aggregate that folds what it cannot.
    """

    def __init__(self, kb: KnowledgeBase, rule: Rule) -> None:
        self.of: dict[str, str] = {}
        self.issues: list[Issue] = []
        self._kb = kb
        conditions = tuple(flat(rule.when))
        for condition in conditions:
            for atom, certainty in condition.own_atoms:
                self._use_atom(atom)
                if certainty:
                    self._use(certainty, "number", "a certainty", atom.location)
        for atom in rule.then:
            self._use_atom(atom)
        for _ in conditions:  # chains of assignments and aggregates: each pass types at least one more
            before = len(self.of)
            for condition in conditions:
                self._infer(condition)
            if len(self.of) == before:
                break
        for condition in conditions:
            if condition.function:
                self._check_aggregate(condition)

    def _use(self, variable: str, kind: str, place: str, location: Location) -> None:
        if self.of.setdefault(variable, kind) != kind:
            message = f"?{variable} is {an(self.of[variable])} elsewhere in the rule, but {place} takes {an(kind)}"
            self.issues.append(Issue("KZ205", message, location))

    def _use_atom(self, atom: Atom) -> None:
        for word, name in atom.dates:
            self._use(name, "date", word, atom.location)
        predicate = self._kb.predicate.get(atom.predicate)
        if predicate is None:
            return
        for index, argument in _placed(predicate, atom, []):
            if isinstance(argument.term, Variable):
                spec = predicate.args[index]
                self._use(argument.term.name, spec.type, f"{predicate.name}({spec.name})", argument.location)

    def _infer(self, condition: Condition) -> None:
        for side, other in condition.equates:
            kind = self.expression(other)
            if isinstance(side, Variable) and kind:
                self.of.setdefault(side.name, kind)
        if condition.function:
            kind = self._result(condition)
            if kind:
                self.of.setdefault(condition.result, kind)

    def _result(self, condition: Condition) -> str | None:
        (over,) = condition.expressions
        return self.expression(over) if AGGREGATES[condition.function].keeps_type else "number"

    def _check_aggregate(self, condition: Condition) -> None:
        (over,) = condition.expressions
        folded, allowed = self.expression(over), AGGREGATES[condition.function].accepts
        if folded and allowed and folded not in allowed:
            what = over if isinstance(over, Variable) else "what it folds"
            message = f"{condition.function} takes {'s or '.join(allowed)}s, and {what} is a {folded}"
            self.issues.append(Issue("KZ205", message, condition.location))
        kind = self._result(condition)
        if kind:
            self._use(condition.result, kind, condition.function, condition.location)

    def expression(self, expression: Expression) -> str | None:
        """The type of an expression; None for a variable of unknown type."""
        if isinstance(expression, Operation):
            return "number"
        if isinstance(expression, Variable):
            return self.of.get(expression.name)
        if isinstance(expression, Constant):
            return _type_of(expression.value)
        gives = FUNCTIONS[expression.function].gives
        if gives != "same":
            return gives
        return next(filter(None, map(self.expression, expression.arguments)), None)


def flat(conditions: Iterable[Condition]) -> Iterator[Condition]:
    """Conditions with those inside of them."""
    for condition in conditions:
        yield from condition.flat


def resolve_value(kb: KnowledgeBase, value: Value, wanted: str, location: Location, issues: list[Issue]) -> Value:
    """A value in canonical form, where `wanted` is the type of what it is compared with."""
    return _canonical(kb, value, wanted, "the comparison", location, issues)
