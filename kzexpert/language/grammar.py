"""Text → conditions, atoms and patterns: one hand-written recursive descent for all places where atoms are written.

It reads syntax only: whether the names exist and the variables are bound is for the checks to say.
"""

from typing import Literal, cast

from kzexpert.errors import Location, Repair
from kzexpert.language.expressions import AGGREGATE_FORM, UNITS, ExpressionParser
from kzexpert.language.habits import FOREIGN_OPERATORS, FOREIGN_WORDS, ONE_A_LINE, foreign_call, foreign_condition
from kzexpert.language.tokens import (
    GrammarError,
    Locator,
    Token,
    is_name,
    locator,
    meant,
)
from kzexpert.model import (
    AGGREGATES,
    ANY,
    DATE_WORDS,
    FUNCTIONS,
    Aggregation,
    Argument,
    Atom,
    Comparison,
    Condition,
    Constant,
    DateBinding,
    Membership,
    Negation,
    Operator,
    Premise,
    Term,
    Value,
    Variable,
    Within,
)

__all__ = ["GrammarError", "parse_atom", "parse_condition", "parse_expected", "parse_value"]

_ATOM_FORM = "an atom is written predicate(argument, ...): member(?state, ?org)"
_CONDITION_FORM = "a condition is an atom, not and an atom, a comparison, ?x in (a, b), or ?n = count(?x for atom)"
_TERM_FORM = 'a term is ?variable, _, a word, a "text", a number or a day YYYY-MM-DD'
_COMPARISON_FORM = "a comparison (= != < <= > >=, starts with, ends with, contains, in)"
_ONE_VALUE = "name the value, ?x, and compare it in the next line: ?x > 3"
_SEVERAL = "only one atom can stand here; a rule with several conclusions has a list of them under then:"
_COMPARISONS = frozenset(("=", "!=", "<", "<=", ">", ">="))
_TWO_WORDS = {"starts": "starts with", "ends": "ends with"}
_MOST_UNITS = 9_999_999


def parse_condition(text: str, location: Location, locate: Locator | None = None) -> Condition:
    """Reads one condition of a rule.

    Args:
        text: one line of text.
        location: the place of its first character.
        locate: gives the place of any character, where that is not simply further right on the same line.

    Raises:
        GrammarError: the text is not a condition (KZ201), or it names a day that no calendar has (KZ112).
    """
    parser = _Parser(text, locate or locator(location))
    condition = parser.condition()
    parser.end()
    return condition


def parse_atom(text: str, location: Location, locate: Locator | None = None) -> Atom:
    """Reads one atom without ``@``: a conclusion, a pattern, an assumption. Arguments are as for `parse_condition`.

    Raises:
        GrammarError: the text is not an atom (KZ201), or it names a day that no calendar has (KZ112).
    """
    parser = _Parser(text, locate or locator(location))
    atom = parser.atom()
    parser.end(_SEVERAL)
    return atom


def parse_value(text: str) -> Value | None:
    """The value that a text stands for as an argument of an atom; None where it is none."""
    try:
        arguments = parse_atom(f"value({text})", Location("")).arguments
    except GrammarError:
        return None
    term = arguments[0].term if len(arguments) == 1 else None
    return term.value if isinstance(term, Constant) else None


def parse_expected(text: str, location: Location, locate: Locator | None = None) -> tuple[Atom, str, str | None]:
    """Reads what a case wants, ``ATOM`` or ``ATOM @ 0.88``.

    Returns:
        The atom, its text, and the certainty as written, None where there is none.

    Raises:
        GrammarError: as `parse_atom`, or what follows ``@`` is not a number.
    """
    parser = _Parser(text, locate or locator(location))
    atom = parser.atom()
    atom_text = parser.since(0)
    certainty = parser.signed_number().text if parser.accept("@") else None
    parser.end()
    return atom, atom_text, certainty


def _joins_values(token: Token) -> bool:
    """Whether a value stands before it: what follows is arithmetic, a comparison or ``in``."""
    if token.kind == "word":
        return token.text in ("in", "contains", *_TWO_WORDS)
    return token.kind == "mark" and (token.text in _COMPARISONS or token.text in "+-*/")


class _Parser(ExpressionParser):
    """Reads conditions and atoms."""

    __slots__ = ()

    def end(self, conjunction: str = ONE_A_LINE) -> None:
        """Nothing more may follow; `conjunction` says what to do about ``and`` and the like."""
        token = self.peek()
        if token.kind == "end":
            return
        before = self.tokens[self.position - 1]
        if token.text == "," and before.kind == self.peek(1).kind == "number":
            hint = f"a number is written without commas: {before.text}{self.peek(1).text}"
        elif token.text.casefold() in FOREIGN_WORDS:
            hint = FOREIGN_WORDS[token.text.casefold()]
            hint = conjunction if hint == ONE_A_LINE else hint
        elif token.text in ("within", *DATE_WORDS):
            hint = f"{token.text} goes right after an atom, before @"
        elif token.text == "@":
            hint = "@ ?c stands after an atom that must hold; a rule has certainty:, and others take none"
        elif token.text in _COMPARISONS:
            hint = "a comparison has two sides; write two comparisons as two conditions, and an aggregate as ?n = ..."
        else:
            hint = conjunction
        raise self.unexpected("the end", hint)

    # --- conditions ---

    def condition(self) -> Condition:
        start = self.position
        first, second = self.peek(), self.peek(1)
        location = self.locate(first.offset)
        if first.kind == "word" and first.text == "not" and not _joins_values(second):
            self.position += 1
            if second.text == "not":
                raise self.unexpected("an atom", "leave both out; 'not:' inside 'not:' is a block, and says every")
            if second.kind == "variable" or second.text == "(":
                hint = "not denies one atom: turn the comparison round, or put what must not hold into a block, not:"
                raise self.unexpected("an atom", hint)
            atom = self.atom()
            return Negation(atom, self.since(start), location)
        if first.text == "(" and second.kind == "word" and second.text not in FUNCTIONS and not self.joins(2):
            hint = (
                foreign_condition(second.text) or f"the name stands before the bracket: {second}(...), commas between"
            )
            raise self.unexpected("a condition", hint.replace("'", ""))
        if first.kind == "word" and second.text == "(" and not self.is_call():
            return self.premise()
        assigned = first.kind == "variable" and second.text == "="
        if assigned and self.peek(2).text in AGGREGATES and self.peek(3).text == "(":
            return self.aggregation()
        if first.kind == "end":
            raise self.unexpected("a condition", _CONDITION_FORM)
        if first.kind == "word" and not _joins_values(second) and second.text != "(":
            self.position += 1
            foreign = FOREIGN_WORDS.get(first.text.casefold()) or foreign_call(first.text)
            if foreign:
                raise self.error(f"'{first.text}' is not part of a condition", foreign, first)
            if second.text == "not" and self.peek(2).text == "in":
                self.position -= 1
                return self.comparison()
            raise self.unexpected(f"'(' after {first}", FOREIGN_OPERATORS.get(second.text, _ATOM_FORM))
        return self.comparison()

    def joins(self, ahead: int) -> bool:
        """Whether a value has ended before a token further on."""
        return self.peek(ahead).text == ")" or _joins_values(self.peek(ahead))

    def is_call(self) -> bool:
        """Whether a word and an opening bracket begin a value: behind its closing bracket a comparison goes on."""
        depth = 0
        for offset, token in enumerate(self.tokens[self.position :], self.position):
            if token.kind == "mark":
                depth += {"(": 1, ")": -1}.get(token.text, 0)
            if token.kind == "end" or (token.text == ")" and depth == 0):
                after = self.tokens[min(offset + 1, len(self.tokens) - 1)]
                negated = after.text == "not" and self.tokens[min(offset + 2, len(self.tokens) - 1)].text == "in"
                return negated or _joins_values(after)
        return False

    def premise(self) -> Premise:
        start = self.position
        atom = self.atom()
        certainty = None
        if self.accept("@"):
            token = self.take()
            if token.kind != "variable":
                hint = "@ takes a variable, which further conditions can compare: member(?x, ?y) @ ?c, then ?c > 0.5"
                raise self.unexpected("a variable after '@'", hint, token)
            certainty = token.text[1:]
        return Premise(atom, self.since(start), certainty, atom.location)

    def comparison(self) -> Comparison | Membership:
        start = self.position
        location = self.locate(self.tokens[start].offset)
        left = self.expression()
        operator = self.peek()
        negated = operator.text == "not" and self.peek(1).text == "in"
        if negated or (operator.kind == "word" and operator.text == "in"):
            self.position += 1 + negated
            return Membership(left, self.values(), negated, self.since(start), location)
        symbol = self.operator()
        right = self.expression()
        return Comparison(left, symbol, right, self.since(start), location)

    def operator(self) -> Operator:
        token = self.peek()
        if token.kind == "mark" and token.text in _COMPARISONS:
            self.position += 1
            return cast(Operator, token.text)
        if token.kind == "word" and token.text == "contains":
            self.position += 1
            return "contains"
        if token.kind == "word" and token.text in _TWO_WORDS:
            self.position += 1
            self.expect("with", f"'with' after '{token.text}'", f"write {_TWO_WORDS[token.text]}, in two words")
            return cast(Operator, _TWO_WORDS[token.text])
        hint = FOREIGN_OPERATORS.get(token.text.casefold(), _CONDITION_FORM)
        raise self.unexpected(_COMPARISON_FORM, hint, fix=meant(token.text, self.locate(token.offset)))

    def values(self) -> tuple[Variable | Constant, ...]:
        """The list behind ``in``."""
        form = "a list is written in brackets: ?state in (Kazakhstan, Mongolia)"
        self.expect("(", "'(' after 'in'", form)
        found: list[Variable | Constant] = []
        while True:
            term = self.term()
            if not isinstance(term, Variable | Constant):
                token = self.tokens[self.position - 1]
                raise self.error("a list of values contains _", "name the values that it may be", token)
            found.append(term)
            if self.accept(")"):
                return tuple(found)
            self.expect(",", "',' or ')'", form)

    def aggregation(self) -> Aggregation:
        start = self.position
        result, _, function = self.take(), self.take(), self.take()
        self.expect("(", "'('", AGGREGATE_FORM)
        called = self.peek().kind == "word" and self.peek(1).text == "(" and self.peek().text not in FUNCTIONS
        if self.peek().text == "*" or (called and not foreign_condition(self.peek().text)):
            raise self.unexpected(f"what {function} ranges over", AGGREGATE_FORM)
        over = self.expression()
        if self.peek().text == "," and function.text in ("min", "max"):
            other = {"min": "least", "max": "greatest"}[function.text]
            raise self.unexpected(f"'for' after {over}", f"of two or more values, write {other}({over}, ...)")
        self.expect("for", f"'for' after {over}", AGGREGATE_FORM)
        body: list[Condition] = [self.inner_premise()]
        while self.accept("and"):
            body.append(self.inner_condition())
        self.expect(
            ")", "'and' or ')'", "further conditions of an aggregate follow and: ?n = count(?x for p(?x) and ?x > 3)"
        )
        location = self.locate(result.offset)
        return Aggregation(result.text[1:], function.text, over, tuple(body), self.since(start), location)

    def inner_premise(self) -> Premise:
        token = self.peek()
        if token.kind != "word" or token.text == "not" or self.peek(1).text != "(" or self.is_call():
            hint = "an aggregate ranges over facts: begin with an atom, and put not into a rule of its own"
            raise self.unexpected("an atom", hint)
        return self.premise()

    def inner_condition(self) -> Premise | Comparison | Membership:
        """A further condition of an aggregate."""
        token = self.peek()
        if token.kind == "word" and token.text == "not" and not _joins_values(self.peek(1)):
            hint = "an aggregate takes atoms, comparisons and lists; put not into a rule of its own"
            raise self.unexpected("an atom or a comparison", hint)
        if token.kind == "word" and self.peek(1).text == "(" and not self.is_call():
            return self.premise()
        return self.comparison()

    # --- atoms ---

    def atom(self) -> Atom:
        name = self.take()
        if name.kind != "word" or not is_name(name.text):
            hint = "a rule against something has a negative certainty" if name.text == "not" else _ATOM_FORM
            raise self.unexpected("the name of a predicate", hint, name)
        foreign = foreign_condition(name.text)
        self.expect("(", f"'(' after {name}", foreign or _ATOM_FORM)
        arguments: list[Argument] = []
        try:
            if not self.accept(")"):
                self.arguments(arguments)
        except GrammarError as error:
            if foreign:
                raise self.error(f"'{name.text}' is not part of a condition", foreign, name) from error
            raise
        within, dates = self.atom_tail()
        return Atom(name.text, tuple(arguments), within, self.locate(name.offset), dates)

    def atom_tail(self) -> tuple[Within | None, tuple[DateBinding, ...]]:
        """What may stand behind the arguments: a window, and the variables that take dates on record."""
        within: Within | None = None
        dates: dict[str, str] = {}
        while (token := self.peek()).kind == "word" and token.text in ("within", *DATE_WORDS):
            if token.text in dates or (token.text == "within" and within):
                raise self.error(f"{token.text} appears twice", "keep one of the two", token)
            if token.text == "within":
                within = self.within()
                continue
            self.position += 1
            variable = self.take()
            if variable.kind != "variable":
                hint = f"{token.text} binds a date: {token.text} ?d, which further conditions compare: ?d < 2010-01-01"
                raise self.unexpected(f"a variable after '{token.text}'", hint, variable)
            dates[token.text] = variable.text[1:]
        return within, tuple((word, dates[word]) for word in DATE_WORDS if word in dates)

    def arguments(self, arguments: list[Argument]) -> None:
        named: set[str] = set()
        while True:
            token = self.peek()
            argument = self.argument()
            if argument.name is None:
                if named:
                    hint = "positional arguments come first, named ones after them"
                    raise self.error("a positional argument after a named one", hint, token)
            elif argument.name in named:
                raise self.error(f"the argument {argument.name} is given twice", "keep one of the two", token)
            else:
                named.add(argument.name)
            arguments.append(argument)
            if self.accept(")"):
                return
            if not self.accept(","):
                raise self.unexpected("',' or ')'", self.after_argument_hint(), fix=self.quoted_words())

    def quoted_words(self) -> Repair | None:
        """Quotes around an argument of several words; None where it is something else."""
        first = last = self.position - 1
        while self.tokens[last + 1].kind in ("word", "number"):
            last += 1
        start, end = self.tokens[first], self.tokens[last]
        whole = last > first and start.kind in ("word", "number") and self.tokens[last + 1].text in (",", ")")
        if not whole or any(token.text in ("for", "and", "in") for token in self.tokens[first : last + 1]):
            return None
        written = self.text[start.offset : end.offset + len(end.text)]
        return Repair(self.locate(start.offset), written, f'"{written}"')

    def after_argument_hint(self) -> str:
        """What to do about a token that can follow no argument."""
        before, found = self.tokens[self.position - 1], self.peek()
        if found.kind == "end":
            return "close the atom with )"
        if found.text == "for":
            return AGGREGATE_FORM
        if before.kind in ("word", "number") and found.kind in ("word", "number", "date", "text"):
            return f'put a text with spaces in quotes: "{before.text} {found.text}"'
        if before.kind == "text" and found.kind != "mark":
            return "an argument is one text: put all of it between one pair of quotes"
        if found.text == "(":
            return "an atom holds no other atom: give it a condition of its own and share a variable"
        if found.text in ("+", "-", "*", "/"):
            return "arithmetic stands in a comparison of its own: ?n = ?x + 1"
        if found.text in _COMPARISONS:
            return _ONE_VALUE
        return _ATOM_FORM

    def argument(self) -> Argument:
        token = self.peek()
        location = self.locate(token.offset)
        if self.peek(1).text == "=" and self.peek(1).kind == "mark":
            if token.kind != "word" or not is_name(token.text):
                hint = f"a named argument is written name=value: {token.text.lstrip('?')}=..."
                raise self.unexpected("the name of an argument", hint)
            self.position += 2
            return Argument(self.term(), token.text, location)
        return Argument(self.term(), None, location)

    def term(self) -> Term:
        token = self.peek()
        if token.kind == "word" and token.text == "_":
            self.position += 1
            return ANY
        if token.kind == "mark" and token.text in ("-", "+"):
            return Constant(self.number(self.signed_number()))
        value = self.value()
        if value is None:
            hint = _ONE_VALUE if token.text in _COMPARISONS else _TERM_FORM
            raise self.unexpected("a term", "write _ for what may be anything" if token.text == "*" else hint)
        return value

    def within(self) -> Within | None:
        if not self.accept("within"):
            return None
        form = "write within and a whole number of days, months or years: within 2 years"
        token = self.take()
        amount = float(token.text) if token.kind == "number" else 0.0
        if not (amount.is_integer() and 1 <= amount <= _MOST_UNITS):
            raise self.unexpected("a positive whole number after 'within'", form, token)
        unit = self.take()
        if unit.text not in UNITS:
            raise self.unexpected("'days', 'months' or 'years'", form, unit)
        return Within(int(amount), cast(Literal["day", "month", "year"], UNITS[unit.text]))
