"""Names and values that would break out of a query: same conclusions as experta, and no error."""

from datetime import date

import pytest
from available import SPARK
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from short_programs import agreed, program_of, rule, written

from kzexpert.engines import engine
from kzexpert.engines.sql.store.database import Database
from kzexpert.model import KnowledgeBase

NASTY = [
    "it's",
    "''",
    '"',
    '""; DROP TABLE "r1"; --',
    "'); DROP TABLE r1; --",
    "/* comment */",
    "-- comment",
    "a;b",
    "NUL\0inside",
    "\0",
    "",
    " ",
    "NULL",
    "null",
    "true",
    "NaN",
    "1",
    "2011-04-07",
    "line\nbreak\ttab\rreturn",
    "back\\slash",
    "$1 ? :name %s {} {:.9f}",
    "ﬁ ｓｑｌ Ω \u202e\U0001f1f0\U0001f1ff",
    "comma,comma",
    "e\u0301",
    "\u00e9",
]
KEYWORDS = [
    "select",
    "from",
    "where",
    "group",
    "order",
    "table",
    "union",
    "null",
    "recursive",
    "join",
    "values",
    "c",
    "a0",
]


def pairs(values: list[str]) -> KnowledgeBase:
    """Each value with each other, asked for by constants too."""
    quoted = [f'"{value}"' for value in values if value and value.isprintable() and not set('"\\') & set(value)]
    return written(
        {"word": ["text"], "pair": ["text", "text"], "same": ["text"], "other": ["text"], "known": ["text"]},
        {
            "word": [[value] for value in values],
            "pair": [[value, values[-index]] for index, value in enumerate(values)],
        },
        rule("same", ["pair(?x, ?y)", "?x = ?y"], "same(?x)"),
        rule("other", ["word(?x)", "not pair(_, ?x)"], "other(?x)", 0.6),
        *[
            rule(f"known-{index}", [f"word({text})", f"not other({text})"], f"known({text})")
            for index, text in enumerate(quoted)
        ],
    )


both_databases = pytest.mark.parametrize("name", ["duckdb", SPARK])


@both_databases
def test_texts_that_would_break_out_of_a_query(name: str) -> None:
    inference = agreed(pairs(NASTY), name)
    assert set(inference.certainties["word"]) == {(value,) for value in NASTY}


@both_databases
def test_a_text_of_a_megabyte(name: str) -> None:
    long = "x'\";--" * 200_000
    assert (long,) in agreed(pairs([long, long + "y", "z"]), name).certainties["same"]


@examples(15)
@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"])), min_size=2, max_size=6, unique=True))
def test_any_texts(values: list[str]) -> None:
    agreed(pairs(values))


@both_databases
def test_a_rule_with_a_constant_of_a_megabyte(name: str) -> None:
    long = "x'; -- $" * 130_000
    kb = written(
        {"word": ["text"], "found": ["text"]},
        {"word": [[long], ["short"]]},
        rule("long", ["word(?x)", f'?x = "{long}"'], "found(?x)"),
    )
    assert set(agreed(kb, name).certainties["found"]) == {(long,)}


@pytest.mark.parametrize("name", KEYWORDS)
def test_keywords_as_names(name: str) -> None:
    assert len(agreed(named(name)).certainties["out"]) == 2


@pytest.mark.spark
def test_keywords_as_names_on_spark() -> None:
    assert len(agreed(named("select"), "spark").certainties["out"]) == 2


def named(name: str) -> KnowledgeBase:
    """A program whose names are one word."""
    return written(
        {name: ["state", "number"], f"{name}_{name}": ["state", "number"], "out": ["state"]},
        {name: [["Ruritania", 1.0], ["Borduria", 2.0, 0.5]]},
        rule(name, [f"{name}(?{name}, ?limit) @ ?as", "?on = ?limit + ?as"], f"{name}_{name}(?{name}, ?on)"),
        rule(
            "out", [f"{name}_{name}(?{name}, _)", f"?n = count(?v for {name}(?{name}, ?v))", "?n > 0"], f"out(?{name})"
        ),
    )


def test_no_text_of_a_user_stands_in_a_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    statements: list[str] = []
    execute = Database._execute

    def recorded(self, connection, text, parameters=()):  # type: ignore[no-untyped-def]
        statements.append(f"{text} {parameters}")
        return execute(self, connection, text, parameters)

    monkeypatch.setattr(Database, "_execute", recorded)
    kb = written(
        {"secret_name": ["text"], "found": ["text"]},
        {"secret_name": [["secret-value"]]},
        rule(
            "secret-rule",
            ["secret_name(?secret_variable)", "?secret_variable != secret-constant"],
            "found(?secret_variable)",
        ),
    )
    inference = engine("duckdb").infer(program_of(kb))
    assert [firing.rule.id for found in inference.firings.values() for firing in found] == ["secret-rule"]
    assert len(statements) >= 3
    assert not any("secret" in statement for statement in statements)


@both_databases
def test_numbers_at_the_edges(name: str) -> None:
    numbers = [0.0, -0.0, 0.1, 1 / 3, 5e-324, 1.7976931348623157e308, -1e300, 2.0**53, 2.0**53 + 2, 123456789.123456789]
    kb = written(
        {
            "n": ["number"],
            "sum": ["number"],
            "least": ["number"],
            "grown": ["number", "number"],
            "part": ["number", "number"],
        },
        {"n": [[number] for number in numbers]},
        rule("sum", ["?s = sum(?x for n(?x))"], "sum(?s)"),
        rule("least", ["?s = min(?x for n(?x))"], "least(?s)"),
        rule("grown", ["n(?x)", "n(?y)", "?z = ?x * ?y - 1"], "grown(?x, ?z)"),
        rule("part", ["n(?x)", "n(?y)", "?z = ?x / ?y"], "part(?x, ?z)"),
        rule("compared", ["n(?x)", "n(?y)", "?x / ?y > 0.5 / (?x - ?y)"], "part(?x, ?y)"),
    )
    agreed(kb, name)


@both_databases
def test_dates(name: str) -> None:
    days = [date.min, date(1991, 12, 16), date(2000, 2, 29), date.max]
    kb = written(
        {"founded": ["state", "date"], "later": ["state", "state"], "first": ["date"], "day": ["state"]},
        {"founded": [[f"S{index}", day] for index, day in enumerate(days)]},
        rule("later", ["founded(?a, ?x)", "founded(?b, ?y)", "?x > ?y"], "later(?a, ?b)"),
        rule("first", ["?d = min(?x for founded(_, ?x))"], "first(?d)"),
        rule("day", ["founded(?a, 2000-02-29)"], "day(?a)"),
    )
    assert set(agreed(kb, name).certainties["first"]) == {(date.min,)}
