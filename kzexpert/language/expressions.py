"""Text → expressions: values, functions and arithmetic, read from the tokens of a line one after the other."""

import math
from typing import Literal, cast

from kzexpert.errors import Issue, Repair
from kzexpert.language.dates import parse_day
from kzexpert.language.habits import foreign_call
from kzexpert.language.nearest import did_you_mean
from kzexpert.language.tokens import TOO_LONG, GrammarError, Locator, Token, is_too_long, tokenize, unquoted
from kzexpert.model import AGGREGATES, FUNCTIONS, SHIFTS, Call, Constant, Expression, Operation, Variable

__all__ = ["AGGREGATE_FORM", "UNITS", "ExpressionParser"]

AGGREGATE_FORM = "an aggregate is written ?n = count(?x for member(?x, ?org) and large(?x))"
UNITS = {"day": "day", "days": "day", "month": "month", "months": "month", "year": "year", "years": "year"}
#: Deeper or longer expressions would exhaust the stack of whoever walks them.
_MOST_DEPTH = 40
_MOST_OPERATIONS = 100


class ExpressionParser:
    """A text, its tokens and how far they are read; it knows expressions, and the grammar the rest."""

    __slots__ = ("depth", "locate", "operations", "position", "text", "tokens")

    def __init__(self, text: str, locate: Locator) -> None:
        self.text = text
        self.locate = locate
        self.tokens = tokenize(text, locate)
        self.position = 0
        self.depth = 0
        self.operations = 0

    # --- tokens ---

    def peek(self, ahead: int = 0) -> Token:
        return self.tokens[self.position + ahead]

    def accept(self, text: str) -> bool:
        """Takes the next token if it is this mark or word."""
        token = self.tokens[self.position]
        if token.text == text and token.kind in ("mark", "word"):
            self.position += 1
            return True
        return False

    def expect(self, text: str, what: str, hint: str) -> None:
        if not self.accept(text):
            raise self.unexpected(what, hint)

    def take(self) -> Token:
        token = self.tokens[self.position]
        self.position += 1
        return token

    def unexpected(self, what: str, hint: str, token: Token | None = None, fix: Repair | None = None) -> GrammarError:
        found = token or self.peek()
        return self.error(f"expected {what}, found {found}", hint, found, fix)

    def error(self, message: str, hint: str, token: Token, fix: Repair | None = None) -> GrammarError:
        return GrammarError(Issue("KZ201", message, self.locate(token.offset), hint, fix=fix))

    def since(self, start: int) -> str:
        """The text from a token up to the last one read."""
        last = self.tokens[self.position - 1]
        return self.text[self.tokens[start].offset : last.offset + len(last.text)]

    # --- values ---

    def value(self) -> Variable | Constant | None:
        """A variable, a word, a text, a number or a day; None, and nothing read, when there is none."""
        token = self.peek()
        if token.kind in ("mark", "end"):
            return None
        self.position += 1
        if token.kind == "variable":
            return Variable(token.text[1:])
        if token.kind == "word":
            return Constant(token.text)
        if token.kind == "text":
            return Constant(unquoted(token, self.locate))
        if token.kind == "number":
            return Constant(self.number(token))
        return Constant(parse_day(token.text))

    def number(self, token: Token) -> float:
        number = float(token.text)
        if is_too_long(token.text):
            raise self.error(f"{token.text} has more digits than a number holds exactly", TOO_LONG, token)
        if not math.isfinite(number):
            raise self.error("a number too large to hold", "numbers are doubles, up to 1.7e308", token)
        return number

    def signed_number(self) -> Token:
        """A number with its sign, if it has one, as one token."""
        sign = self.take() if self.peek().text in ("-", "+") else None
        token = self.take()
        if token.kind != "number":
            raise self.unexpected("a number", "a number is written 3, 0.5 or 1e6", token)
        return token if sign is None else Token("number", sign.text + token.text, sign.offset)

    # --- expressions ---

    def expression(self) -> Expression:
        left = self.product()
        while self.peek().kind == "mark" and self.peek().text in ("+", "-"):
            operator = self.take()
            right = self.product()
            unit = self.peek()
            if unit.kind == "word" and unit.text in UNITS:
                self.position += 1
                left = self.shift(left, operator, right, unit)
            else:
                left = self.operation(left, operator, right)
        return left

    def shift(self, day: Expression, operator: Token, amount: Expression, unit: Token) -> Call:
        """``?day + 30 days``."""
        if operator.text == "-":
            whole = isinstance(amount, Constant) and isinstance(amount.value, float)
            amount = Constant(-amount.value) if whole else self.operation(Constant(0.0), operator, amount)  # type: ignore[union-attr,operator]
        return Call(SHIFTS[UNITS[unit.text]], (day, amount))

    def product(self) -> Expression:
        left = self.factor()
        while self.peek().kind == "mark" and self.peek().text in ("*", "/"):
            left = self.operation(left, self.take(), self.factor())
        return left

    def operation(self, left: Expression, operator: Token, right: Expression) -> Operation:
        self.operations += 1
        if self.operations > _MOST_OPERATIONS:
            hint = "give parts of it a variable of their own: ?part = ?x + ?y"
            raise self.error(f"an expression of more than {_MOST_OPERATIONS} operations", hint, operator)
        return Operation(cast(Literal["+", "-", "*", "/"], operator.text), left, right)

    def factor(self) -> Expression:
        token = self.peek()
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise self.error(f"an expression nested more than {_MOST_DEPTH} deep", "remove some brackets", token)
        try:
            return self.nested(token)
        finally:
            self.depth -= 1

    def nested(self, token: Token) -> Expression:
        if self.accept("("):
            inner = self.expression()
            self.expect(")", "')'", "close the bracket")
            return inner
        if self.accept("-"):
            operand = self.factor()
            if isinstance(operand, Constant) and isinstance(operand.value, float):
                return Constant(-operand.value)
            return self.operation(Constant(0.0), token, operand)
        if token.kind == "word" and token.text == "_":
            raise self.unexpected("a value", "name it: ?x")
        if token.kind == "word" and self.peek(1).text == "(":
            return self.call()
        value = self.value()
        if value is None:
            raise self.unexpected("a value", 'a value is ?variable, a word, a "text", a number or a day YYYY-MM-DD')
        return value

    def call(self) -> Call:
        """A function with its arguments."""
        name = self.take()
        function = FUNCTIONS.get(name.text)
        if name.text in AGGREGATES:
            raise self.error(f"'{name.text}' cannot be used inside an expression", AGGREGATE_FORM, name)
        if function is None or name.text in SHIFTS.values():
            known = [known for known in FUNCTIONS if known not in SHIFTS.values()]
            hint = (
                did_you_mean(name.text, (*known, *AGGREGATES))
                or foreign_call(name.text)
                or f"a predicate stands alone: {name.text}(?x, ?value), and in the next line what ?value must be; "
                f"the functions are {', '.join(known)}"
            )
            raise self.error(f"there is no function {name.text}", hint, name)
        self.position += 1
        arguments: list[Expression] = []
        if not self.accept(")"):
            while True:
                arguments.append(self.expression())
                if self.accept(")"):
                    break
                self.expect(",", "',' or ')'", "the arguments of a function stand in brackets, with commas between")
        if not function.accepts(len(arguments)):
            hint = f"{name.text} takes {function.arity}"
            raise self.error(f"{name.text} has {len(arguments)} argument{'s' * (len(arguments) != 1)} here", hint, name)
        return Call(name.text, tuple(arguments))
