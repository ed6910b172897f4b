"""The atom grammar: what it reads, where it says that it cannot, and that values survive being written and read."""

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kzexpert.errors import Location
from kzexpert.language.grammar import GrammarError, parse_atom, parse_condition, parse_expected
from kzexpert.language.tokens import is_name
from kzexpert.model import (
    ANY,
    Aggregation,
    Argument,
    Comparison,
    Constant,
    Expression,
    GroundAtom,
    Membership,
    Negation,
    Operation,
    Premise,
    Term,
    Variable,
    Within,
)

HERE = Location("rules.yaml", 7, 9)


def terms(text: str) -> list[Term]:
    return [argument.term for argument in parse_atom(text, HERE).arguments]


def comparison(text: str) -> Comparison:
    condition = parse_condition(text, HERE)
    assert isinstance(condition, Comparison)
    return condition


# --- what it reads --------------------------------------------------------------------------------------------------


def test_a_premise_knows_where_it_and_its_arguments_stand() -> None:
    condition = parse_condition("member(?state, org=?bloc) within 2 years @ ?c", HERE)
    assert isinstance(condition, Premise)
    assert condition.text == "member(?state, org=?bloc) within 2 years @ ?c"
    assert condition.certainty == "c"
    assert condition.location == HERE
    atom = condition.atom
    assert (atom.predicate, atom.within, atom.location) == ("member", Within(2, "year"), HERE)
    assert atom.arguments == (
        Argument(Variable("state"), None, Location("rules.yaml", 7, 16)),
        Argument(Variable("bloc"), "org", Location("rules.yaml", 7, 24)),
    )


def test_a_location_without_a_column_stays_as_it_is() -> None:
    place = Location("--assume")
    assert parse_atom("member(A, B)", place).arguments[1].location == place


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p()", []),
        ("p(_)", [ANY]),
        ("p(_a)", [Constant("_a")]),
        ("p(NO, yes, on, true, null)", [Constant(word) for word in ("NO", "yes", "on", "true", "null")]),
        ("p(Côte-d.Or, Рурития)", [Constant("Côte-d.Or"), Constant("Рурития")]),
        ('p("two words", \'it is "so"\')', [Constant("two words"), Constant('it is "so"')]),
        (r'p("a \"b\" \\ \n\t", ' + r"'it\'s')", [Constant('a "b" \\ \n\t'), Constant("it's")]),
        ('p("")', [Constant("")]),
        ("p(1, -2.5, +3, .5, 1e3, 1E-2)", [Constant(n) for n in (1.0, -2.5, 3.0, 0.5, 1000.0, 0.01)]),
        ("p(2011-04-07)", [Constant(date(2011, 4, 7))]),
        ('p("2011-04-07", "12")', [Constant("2011-04-07"), Constant("12")]),
        ("  p ( ?x ,\t?gas-price )  ", [Variable("x"), Variable("gas-price")]),
        ("select(?from, ?class, ?None)", [Variable("from"), Variable("class"), Variable("None")]),
    ],
)
def test_terms(text: str, expected: list[Term]) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize(
    "name", ["select", "class", "count", "within", "for", "and", "or", "is", "größe", "a-b.c", "_x"]
)
def test_any_word_but_not_can_name_a_predicate(name: str) -> None:
    condition = parse_condition(f"{name}(?x)", HERE)
    assert isinstance(condition, Premise)
    assert condition.atom.predicate == name


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1 day", (1, "day")), ("3 days", (3, "day")), ("2 month", (2, "month")), ("10.0 years", (10, "year"))],
)
def test_within(text: str, expected: tuple[int, str]) -> None:
    within = parse_atom(f"p(?x) within {text}", HERE).within
    assert within is not None
    assert (within.amount, within.unit) == expected


def test_negation() -> None:
    condition = parse_condition("not member(?x, _) within 1 year", HERE)
    assert isinstance(condition, Negation)
    assert condition.location == HERE
    assert condition.atom.location == Location("rules.yaml", 7, 13)
    assert condition.text == "not member(?x, _) within 1 year"


@pytest.mark.parametrize("operator", ["=", "!=", "<", "<=", ">", ">="])
def test_comparisons(operator: str) -> None:
    condition = comparison(f"?x {operator} ?y")
    assert (condition.left, condition.operator, condition.right) == (Variable("x"), operator, Variable("y"))
    assert comparison(f"?x{operator}?y").text == f"?x{operator}?y"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("?x - 1", "?x - 1"),
        ("?x-1", "?x - 1"),
        ("?x -1", "?x - 1"),
        ("1 - 2 - 3", "(1 - 2) - 3"),
        ("1 + 2 * 3", "1 + (2 * 3)"),
        ("(1 + 2) * 3", "(1 + 2) * 3"),
        ("8 / 4 / 2", "(8 / 4) / 2"),
        ("-3", "-3"),
        ("- -3", "3"),
        ("-?x * 2", "(0 - ?x) * 2"),
        ("2 * -?x", "2 * (0 - ?x)"),
        ("2011-04-07", "2011-04-07"),
        ("security", "security"),
    ],
)
def test_arithmetic(text: str, expected: str) -> None:
    assert str(comparison(f"{text} = ?r").left) == expected


def test_a_hyphen_without_spaces_belongs_to_the_word() -> None:
    assert comparison("gas-price = ?x-y") == Comparison(
        Constant("gas-price"), "=", Variable("x-y"), "gas-price = ?x-y", HERE
    )


def test_an_aggregate() -> None:
    condition = parse_condition("?n = count(?x for member(?x, ?org) @ ?c and large(?x) within 1 year)", HERE)
    assert isinstance(condition, Aggregation)
    assert (condition.result, condition.function, condition.over) == ("n", "count", Variable("x"))
    assert [item.text for item in condition.body] == ["member(?x, ?org) @ ?c", "large(?x) within 1 year"]
    assert [certainty for _, certainty in condition.atoms] == ["c", None]
    assert [item.location.column for item in condition.body] == [27, 53]


def test_an_aggregate_over_an_expression_and_comparisons() -> None:
    condition = parse_condition("?n = sum(?p * ?q / 100 for owns(?o, ?p, ?q) and ?p > 5 and ?o not in (A, B))", HERE)
    assert isinstance(condition, Aggregation)
    assert str(condition.over) == "(?p * ?q) / 100"
    assert [type(item) for item in condition.body] == [Premise, Comparison, Membership]
    assert condition.variables == ("n", "o", "p", "q", "p", "o")


@pytest.mark.parametrize(
    "text",
    [
        "?d + 30 days <= as_of()",
        "?d - 1 month > 2011-01-31",
        "?d + (?n * 2) years = ?e",
        "?n = days(?from, ?to) / 7",
        "round(?x * 2, 1) >= least(?y, 3, ?z)",
        "lower(?name) starts with as_of",
        "?name ends with ?part",
        '?name contains "z w"',
        '?name = join(?first, " ", ?last)',
    ],
)
def test_functions_and_operators_read_back_as_they_print(text: str) -> None:
    condition = parse_condition(text, HERE)
    assert isinstance(condition, Comparison)
    shown = f"{condition.left} {condition.operator} {condition.right}"
    again = parse_condition(shown, HERE)
    assert isinstance(again, Comparison)
    assert (again.left, again.operator, again.right) == (condition.left, condition.operator, condition.right)


def test_a_predicate_may_bear_the_name_of_a_function() -> None:
    assert isinstance(parse_condition("year(?x, 3)", HERE), Premise)
    assert isinstance(parse_condition("not year(?x, 3)", HERE), Negation)
    assert isinstance(parse_condition("year(?x) = 3", HERE), Comparison)
    assert isinstance(parse_condition("length(?x) not in (3, 4)", HERE), Membership)


def test_dates_as_values() -> None:
    condition = parse_condition("visit(?x, ?y) on ?day within 2 years since ?s @ ?c", HERE)
    assert isinstance(condition, Premise)
    assert condition.atom.dates == (("since", "s"), ("on", "day"))
    assert str(condition.atom.within) == "within 2 years"
    assert condition.variables == ("x", "y", "s", "day", "c")


def test_a_list_of_values() -> None:
    condition = parse_condition('?x in (A, "b c", 3, -4, 2011-01-31, ?y)', HERE)
    assert isinstance(condition, Membership)
    assert (condition.negated, [str(value) for value in condition.values]) == (
        False,
        ["A", '"b c"', "3", "-4", "2011-01-31", "?y"],
    )


def test_an_expected_answer() -> None:
    atom, text, certainty = parse_expected(" ally(A, B)  @ -0.880", HERE)
    assert (atom.predicate, text, certainty) == ("ally", "ally(A, B)", "-0.880")
    assert parse_expected("ally(A, B)", HERE)[2] is None


# --- what it refuses, at which character, with which advice -----------------------------------------------------------

REFUSED = [
    ("", 1, "expected a condition, found the end", "a condition is an atom"),
    ("member", 7, "expected '(' after 'member', found the end", "member(?state, ?org)"),
    ("member ?x", 8, "expected '(' after 'member', found ?x", "member(?state, ?org)"),
    ("member(?x", 10, "expected ',' or ')', found the end", "close the atom with )"),
    ("member(?x,)", 11, "expected a term, found ')'", "a term is"),
    ("member(,?x)", 8, "expected a term, found ','", "a term is"),
    ("member(?x ?y)", 11, "expected ',' or ')', found ?y", "an atom is written"),
    ("member(Upper Lower)", 14, "found 'Lower'", '"Upper Lower"'),
    ("member(?x))", 11, "expected the end, found ')'", "one condition a line"),
    ("member(?)", 8, "a variable without a name", "?state"),
    ("member(?1)", 8, "a variable without a name", "?state"),
    ("member(5x)", 8, "'5x' is neither a number nor a word", '"5x"'),
    ("member(0x1F)", 8, "'0x1F' is neither", '"0x1F"'),
    ("member(1_000)", 8, "'1_000' is neither", '"1_000"'),
    ("member(1e999)", 8, "a number too large to hold", "1.7e308"),
    ("member(-x)", 9, "expected a number, found 'x'", "3, 0.5 or 1e6"),
    ('member("x)', 8, "closing quote is missing", 'close the text with "'),
    ("member(Cap d'Or, x)", 13, "closing quote is missing", "an apostrophe in double quotes"),
    (r'member("a\qb")', 10, r"unknown escape \q", r"\n"),
    ("member(a=1, b)", 13, "a positional argument after a named one", "positional arguments come first"),
    ("member(a=1, a=2)", 13, "the argument a is given twice", "keep one"),
    ("member(?a=1)", 8, "expected the name of an argument", "a=..."),
    ("member(state: ?x)", 13, "':' is not part", "name=value"),
    ("member(leads(?x))", 13, "expected ',' or ')', found '('", "a condition of its own"),
    ("member(?x + 1)", 11, "found '+'", "arithmetic stands in a comparison"),
    ("member(§)", 8, "the character § is not part", '"quotes"'),
    ("member(\u200bx)", 8, "the character U+200B", '"quotes"'),
    ("member(“x”)", 8, "'“' is not part", "straight quotes"),
    ("?x – 1 = 2", 4, "'–' is not part", "write - for minus"),
    ("p(?x，1)", 5, "'，' is not part", "write ( , )"),
    ("_(?x)", 1, "expected the name of a predicate, found '_'", "an atom is written"),
    ("?x == 3", 4, "'==' is not part", "write = for equality"),
    ("?x <> 3", 4, "'<>' is not part", "write != for inequality"),
    ("?x => 3", 4, "'=>' is not part", "write >="),
    ("?x ≤ 3", 4, "'≤' is not part", "write <="),
    ("?x is 3", 4, "expected a comparison", "write = for equality"),
    ("?x", 3, "expected a comparison", "a condition is"),
    ("?x =", 5, "expected a value, found the end", "a value is"),
    ("= 3", 1, "expected a value, found '='", "a value is"),
    ("?x = _", 6, "expected a value, found '_'", "name it"),
    ("(?x = 3", 5, "expected ')'", "close the bracket"),
    ("1 < ?x < 3", 8, "expected the end, found '<'", "two conditions"),
    ("!member(?x)", 1, "'!' is not part", "write not before an atom"),
    ("not not member(?x)", 5, "expected an atom, found 'not'", "leave both out"),
    ("not(member(?x))", 4, "expected an atom, found '('", "not denies one atom"),
    ("not ?x = 3", 5, "expected an atom, found ?x", "turn the comparison round"),
    ("member(?x) and large(?x)", 12, "expected the end, found 'and'", "one condition a line"),
    ("member(?x) or large(?x)", 12, "expected the end, found 'or'", "either:"),
    ("member(?x), large(?x)", 11, "expected the end, found ','", "one condition a line"),
    ("member(?x) && large(?x)", 12, "'&&' is not part", "one condition a line"),
    ("member(?x) large(?x)", 12, "expected the end, found 'large'", "one condition a line"),
    ("member(?x) @ 0.5", 14, "expected a variable after '@', found '0.5'", "?c > 0.5"),
    ("not member(?x) @ ?c", 16, "expected the end, found '@'", "@ ?c stands after"),
    ("member(?x) @ ?c within 1 year", 17, "expected the end, found 'within'", "before @"),
    ("member(?x) within 0 years", 19, "expected a positive whole number", "within 2 years"),
    ("member(?x) within 1.5 years", 19, "expected a positive whole number", "within 2 years"),
    ("member(?x) within two years", 19, "expected a positive whole number", "within 2 years"),
    ("member(?x) within 1e99 years", 19, "expected a positive whole number", "within 2 years"),
    ("member(?x) within 3 weeks", 21, "expected 'days', 'months' or 'years', found 'weeks'", "within 2 years"),
    ("count(?x for large(?x)) > 2", 1, "'count' cannot be used inside an expression", "?n = count(?x for"),
    ("?n > count(?x for large(?x))", 6, "'count' cannot be used inside an expression", "?n = count(?x for"),
    ("?n = mean(?x for large(?x))", 6, "there is no function mean", "avg("),
    ("?n = len(?x)", 6, "there is no function len", "length(?x)"),
    ("?n = abs(?x, 2)", 6, "abs has 2 arguments here", "abs takes 1 argument"),
    ("?n = max(?x, ?y)", 12, "expected 'for' after ?x, found ','", "greatest(?x, ...)"),
    ("?x starts_with a", 4, "expected a comparison", "starts with, in two words"),
    ("?x starts a", 11, "expected 'with' after 'starts'", "two words"),
    ("?x like a", 4, "expected a comparison", "contains"),
    ("?x in a", 7, "expected '(' after 'in'", "in brackets"),
    ("?x in (_)", 8, "a list of values contains _", "name the values"),
    ("p(?x) since 2001", 13, "expected a variable after 'since'", "since ?d"),
    ("p(?x) on ?d on ?e", 13, "on appears twice", "keep one"),
    ("?x = 9007199254740993", 6, "more digits", "as text"),
    ("?n = count(large(?x))", 12, "expected what 'count' ranges over", "?n = count(?x for"),
    ("?n = count(?x, large(?x))", 14, "expected 'for' after ?x", "?n = count("),
    ("?n = count(?x for large(?x)", 28, "expected 'and' or ')', found the end", "?n = count("),
    ("?n = count(?x for not large(?x))", 19, "expected an atom, found 'not'", "a rule of its own"),
    ("?n = count(?x for ?x > 3)", 19, "expected an atom, found ?x", "a rule of its own"),
    ("?n = count(?x for large(?x)) + 1", 30, "expected the end, found '+'", "one condition a line"),
    # What people bring along from Python, SQL, Prolog, CLIPS, Rego and Excel.
    ("?n in [1, 2]", 7, "'[' is not part", "round brackets"),
    ("?n in {1, 2}", 7, "'{' is not part", "round brackets"),
    ("?n in 1..3", 8, "'..' is not part", "?x >= 1"),
    ("?n IN (1, 2)", 4, "expected a comparison", "in small letters"),
    ("?n NOT IN (1, 2)", 4, "expected a comparison", "not in, in small letters"),
    ("?n BETWEEN 1 AND 3", 4, "expected a comparison", "?x <= 9"),
    ("?n > 1,000", 7, "expected the end, found ','", "without commas: 1000"),
    ("?t[0] = a", 3, "'[' is not part", "no value has parts"),
    ("?d.year = 2019", 3, "'.' is not part", "year(?d)"),
    ("?t.startswith(a)", 3, "'.' is not part", "no value has parts"),
    ("member(?x).", 11, "'.' is not part", "no full stop"),
    ("member(?x);", 11, "';' is not part", "nothing ends a condition"),
    ("member(?x) || large(?x)", 12, "'||' is not part", "either:"),
    ("member(?x) AND large(?x)", 12, "expected the end, found 'AND'", "one condition a line"),
    ("member(?x) with certainty", 12, "expected the end, found 'with'", "@ ?c"),
    ("pays(?x) after 2019-01-01", 10, "expected the end, found 'after'", "on ?d"),
    ("member(?x) -> large(?x)", 12, "'->' is not part", "then:"),
    ("?n % 2 = 0", 4, "'%' is not part", "mod(?x, 2)"),
    ("?n ^ 2 = 4", 4, "'^' is not part", "multiply"),
    ("?n ** 2 = 4", 4, "'**' is not part", "multiply"),
    ("?n // 2 = 4", 4, "'//' is not part", "div(?x, 2)"),
    ('?t =~ "^X"', 4, "'=~' is not part", "no regular expressions"),
    (r"\+ member(?x)", 1, r"'\+' is not part", "write not before an atom"),
    ("NOT member(?x)", 1, "'NOT' is not part", "small letters"),
    ("not exists member(?x)", 12, "expected '(' after 'exists'", "says that one exists"),
    ("exists(member(?x))", 1, "'exists' is not part", "says that one exists"),
    ("every member(?x)", 1, "'every' is not part", "two blocks"),
    ("test(?n > 3)", 1, "'test' is not part", "stands alone"),
    ("(member ?x ?y)", 1, "expected a condition", "member(...)"),
    ("(test (> ?n 3))", 1, "expected a condition", "stands alone"),
    ("N is ?n + 1", 3, "expected '(' after 'N', found 'is'", "write ="),
    ("if member(?x)", 1, "'if' is not part", "when:"),
    ("IF(?n > 3, 1, 2) = 1", 1, "there is no function IF", "a rule for each case"),
    ("true", 1, "'true' is not part", "leave it out"),
    ("SELECT who FROM member", 1, "'SELECT' is not part", "in an atom"),
    ("date.today() > ?d", 1, "there is no function date.today", "as_of()"),
    ("soldiers(?x) > 3", 1, "there is no function soldiers", "a predicate stands alone"),
    ("?n = COUNT(?x for large(?x))", 6, "there is no function COUNT", "did you mean count?"),
    ("?n = count(*)", 12, "expected what 'count' ranges over", "?n = count(?x for"),
    ("?n = sum(?x for large(?x) where ?x > 1)", 27, "expected 'and' or ')'", "follow and"),
    ("member($x)", 8, "'$' is not part", "a variable is written ?x"),
    ("member(x?)", 9, "a variable without a name", "?x"),
    ("member(*)", 8, "expected a term", "write _"),
    ("member(...)", 8, "'...' is not part", "name=value"),
    ("member(> 3)", 8, "expected a term", "compare it in the next line"),
    ("(" * 100 + "1", 41, "nested more than 40 deep", "brackets"),
    ("- " * 100 + "1 = ?x", 81, "nested more than 40 deep", "brackets"),
    ("1" + "+1" * 200 + " = ?x", 202, "more than 100 operations", "a variable of their own"),
]


@pytest.mark.parametrize(("text", "column", "message", "hint"), REFUSED, ids=[item[0][:40] for item in REFUSED])
def test_refused_conditions(text: str, column: int, message: str, hint: str) -> None:
    with pytest.raises(GrammarError) as caught:
        parse_condition(text, Location("rules.yaml", 3, 1))
    issue = caught.value.issue
    assert (issue.code, str(issue.location)) == ("KZ201", f"rules.yaml:3:{column}")
    assert message in issue.message
    assert hint in issue.hint


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("p(01.02.2011)", 3, "01.02.2011 is not a day"),
        ("p(2011-02-30)", 3, "2011-02-30 is not in the calendar"),
        ("p(2011-13-01)", 3, "2011-13-01 is not in the calendar"),
        ("p(0000-01-01)", 3, "0000-01-01 is not in the calendar"),
        ("p(2011-02)", 3, "2011-02 is not a full day"),
        ("p(2011-2-3)", 3, "'2011-2-3' is not a date"),
        ("?y = 2011-2", 6, "'2011-2' is not a date"),
        ("?y > 12011-01-01", 6, "'12011-01-01' is not a date"),
    ],
)
def test_refused_dates(text: str, column: int, message: str) -> None:
    with pytest.raises(GrammarError) as caught:
        parse_condition(text, Location("rules.yaml", 3, 1))
    issue = caught.value.issue
    assert (issue.code, str(issue.location), issue.message) == ("KZ112", f"rules.yaml:3:{column}", message)


@pytest.mark.parametrize("text", ["p(?x) @ ?c", "not p(x)", "?x = 3", "p(x) extra"])
def test_what_is_a_condition_but_not_an_atom(text: str) -> None:
    with pytest.raises(GrammarError) as caught:
        parse_atom(text, HERE)
    assert caught.value.issue.code == "KZ201"


def test_a_certainty_that_is_no_number() -> None:
    with pytest.raises(GrammarError) as caught:
        parse_expected("ally(A, B) @ ?c", HERE)
    assert "expected a number, found ?c" in caught.value.issue.message


# --- round trips ------------------------------------------------------------------------------------------------------

names = st.from_regex(r"[A-Za-zéб_][a-z0-9_ß]{0,5}(?:[-.][a-z0-9]{1,3})?", fullmatch=True).filter(is_name)
variables = st.from_regex(r"[A-Za-zéб_][a-z0-9_ß]{0,5}(?:-[a-z]{1,3})?", fullmatch=True).map(Variable)
numbers = st.floats(allow_nan=False, allow_infinity=False)
values = st.one_of(st.text(), names, numbers, st.dates())
constants = values.map(Constant)
argument_terms = st.one_of(constants, variables, st.just(ANY))
withins = st.builds(Within, st.integers(1, 9_999_999), st.sampled_from(("day", "month", "year")))


@given(names, st.lists(values))
@example("p", ["_"])
@example("p", ["not"])
@example("p", ["1"])
@example("p", ["2011-04-07"])
@example("p", ["a\r\n\\n\"'"])
@example("p", [-0.0])
@example("p", [5e-324])
@example("p", [1e22])
@example("p", [2.0**53, 2.0**53 + 2, -9999999999999998.0, 1e16])
def test_a_ground_atom_is_read_back(predicate: str, args: list[str | float | date]) -> None:
    text = str(GroundAtom(predicate, tuple(args)))
    atom = parse_atom(text, HERE)
    assert atom.predicate == predicate
    assert [argument.term for argument in atom.arguments] == [Constant(value) for value in args]
    assert (
        str(GroundAtom(predicate, tuple(a.term.value for a in atom.arguments if isinstance(a.term, Constant)))) == text
    )


@given(names, st.lists(argument_terms, max_size=4), st.dictionaries(names, argument_terms, max_size=4), withins)
def test_an_atom_with_named_arguments_is_read_back(
    predicate: str, positional: list[Term], named: dict[str, Term], within: Within
) -> None:
    written = [*map(str, positional), *(f"{name} = {term}" for name, term in named.items())]
    atom = parse_atom(f"{predicate}({', '.join(written)}) {within}", HERE)
    assert atom.within == within
    assert [(a.name, a.term) for a in atom.arguments] == [(None, term) for term in positional] + list(named.items())


def _operations(children: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.builds(Operation, st.sampled_from("+-*/"), children, children)


@given(
    st.recursive(st.one_of(constants, variables), _operations, max_leaves=12),
    st.sampled_from(("=", "!=", "<", "<=", ">", ">=")),
    st.recursive(st.one_of(constants, variables), _operations, max_leaves=12),
)
def test_a_comparison_is_read_back(left: Expression, operator: str, right: Expression) -> None:
    condition = comparison(f"{left} {operator} {right}")
    assert (condition.left, condition.operator, condition.right) == (left, operator, right)


@given(st.text(alphabet="?ab_-.1 (),=<>@\"'\\+*/!\nnotforcountwithinyear", max_size=40))
def test_any_text_is_a_condition_or_refused_at_one_of_its_characters(text: str) -> None:
    try:
        condition = parse_condition(text, Location("f", 1, 1))
    except GrammarError as error:
        assert error.issue.location is not None
        assert 1 <= error.issue.location.column <= len(text) + 1
        assert error.issue.message
        assert error.issue.hint
    else:
        assert condition.text in text
