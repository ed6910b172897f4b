"""Conditions of the newer parts of the language, as an author may write them: texts and blocks with places to fill.

A phrase is a text in which ``{n}`` and the like stand for names of bound variables of a type; see `FILLED`.
"""

__all__ = ["BODIES", "DATES", "FILLED", "LISTS", "MONOTONE", "NUMBERS", "RECORDS", "TEXTS", "WORDS"]

#: Place in a phrase → the variables that may stand there, by the type of their values.
FILLED = {"a": "state", "n": "number", "m": "number", "t": "text", "d": "date"}

#: Expressions that are numbers.
NUMBERS = [
    "abs(?{n})",
    "round(?{n})",
    "round(?{n} / 3, 1)",
    "round(?{n} * 10, -1)",
    "floor(?{n} - 0.5)",
    "ceil(?{n} * 0.3)",
    "mod(?{n}, ?{m})",
    "mod(?{n} * 7, -3)",
    "div(?{n} * 7, 2)",
    "div(?{n}, ?{m} - 1)",
    "least(?{n}, ?{m}, 1)",
    "greatest(?{n}, abs(?{m}))",
    "length(?{t})",
    "length(?{a}) / ?{n}",
    "year(?{d}) - 2000",
    "month(?{d})",
    "days(?{d}, as_of()) / 365",
    "days(2004-02-29, ?{d})",
    "years(?{d}, as_of())",
    "years(?{d}, 2003-03-01)",
    "years(as_of(), ?{d} + 1 year)",
]
#: Expressions that are dates.
DATES = [
    "?{d} + 1 month",
    "?{d} - 30 days",
    "?{d} + 4 years",
    "?{d} + ?{n} months",
    "?{d} - ?{n} days",
    "least(?{d}, 2004-02-29)",
    "greatest(?{d} - 1 year, 1999-12-31)",
    "as_of() - 6 years",
    "as_of() + ?{n} years",
]
#: Expressions that are texts.
TEXTS = ['join(?{a}, "-", ?{n})', "join(?{t}, ?{d})", "upper(?{t})", "lower(?{a})", "join(upper(?{a}), length(?{t}))"]
#: Comparisons of texts.
WORDS = [
    '?{t} starts with "x"',
    '?{t} contains "s"',
    '?{t} ends with ")"',
    '?{a} contains "ria"',
    "?{a} starts with Rur",
    "lower(?{a}) ends with upper(?{t})",
    "?{a} contains ?{t}",
    "upper(?{t}) != ?{t}",
]
LISTS = [
    "?{a} in (RU, Borduria)",
    '?{a} not in ("Grand Fenwick", ?{a})',
    "?{n} in (1, 0.5, ?{m})",
    "?{n} not in (0, 2)",
    "?{n} * 2 in (1, 2, ?{m})",
    '?{t} in (x, "it\'s; --")',
    "?{d} not in (2005-05-05, 2000-01-01)",
    "?{n} / 0 not in (1, 2)",
    "length(?{a}) in (8, ?{n})",
]
#: Aggregates: the function, what it folds, and its body. ``{a}`` is shared with the rule.
BODIES = [
    "avg(?l for size(_, ?l))",
    "avg(?l for size(?k, ?l) and ?k != ?{a})",
    "avg(?l / ?o for flow(?{a}, _, ?l) and size(?{a}, ?o))",
    "sum(?l for visit(_, _, ?l))",
    "sum(?l for visit(arg2=?l))",
    "sum(?l for visit(?{a}, _, ?l) within 1 year)",
    "sum(?l for size(_, ?l) and founded(_, _))",
    "sum(?l * 2 - ?o for size(?k, ?l) and size(?k, ?o))",
    "sum(?l for size(?k, ?l) and ?l > 0.5)",
    "sum(?y for flow(?k, ?{a}, ?l) and ?y = abs(?l))",
    "sum(length(?k) for ally(?{a}, ?k))",
    "max(?y for size(?k, ?l) and ?y = ?l * -2)",
    "min(round(?l / 3, 1) for size(?k, ?l))",
    "min(days(?o, as_of()) for founded(?k, ?o))",
    "count(?k for size(?k, ?l) and ?k not in (RU) and ?l >= 0)",
    "count(?l * ?l for size(_, ?l))",
    'count(?o for visit(?{a}, ?o, _) and ?o contains "s")',
    "count(?k for visit(?k, ?i, ?l) and size(?k, ?l))",
]
#: Atoms that bind dates on record; ``?e``, ``?f`` and ``?g`` take them.
RECORDS = [
    "size(?a, ?n) since ?e",
    "size(?a, ?n) until ?f",
    "size(?a, _) since ?e until ?f",
    "size(arg0=?b) since ?g",
    "visit(?a, _, _) on ?e",
    "visit(?a, ?t, ?n) on ?e",
    "visit(?b, _, ?m) within 1 year on ?f",
]
#: Rules that look at what they conclude through an aggregate: conditions, and the conclusion.
MONOTONE = [
    (["flow(_, ?c, _)", "?s = sum(?l for flow(?k, ?c, ?l) and strong(?k) and ?l >= 0)", "?s >= 1"], "strong(?c)"),
    (["size(?c, ?n)", "?s = sum(?l for size(?k, ?l) and linked(?k, ?c) and ?l >= 0)", "?s > ?n / 2"], "linked(?c, ?c)"),
    (["ally(?a, ?c)", "?s = sum(?l / 2 for size(?k, ?l) and reach(?k, _) and ?l > 0)", "1 <= ?s"], "reach(?c, ?a)"),
    (["ally(?a, ?b)", "?s = count(?k for linked(?k, ?a) and ?k != ?b)", "?s >= 2"], "linked(?b, ?a)"),
    (["ally(?a, ?b)", "?s = count(?k for reach(?a, ?k))", "?s > 1"], "reach(?b, ?a)"),
    (["ally(?a, ?b)", "linked(?b, _)", "?s = count(?k for linked(?k, _))", "?s > 0"], "linked(?a, ?b)"),
    (["ally(?a, ?b)", "?s = max(?l for score(?a, ?l))", "?s >= 0.5"], "score(?b, 1)"),
    (["size(?a, ?n)", "?s = max(?l for score(?k, ?l) and ally(?k, ?a))", "?s > ?n"], "score(?a, ?n)"),
    (["size(?a, ?n)", "?s = min(?l for score(?k, ?l) and ally(?a, ?k))", "?s < ?n"], "score(?a, ?n)"),
    (["ally(?a, ?b)", "?s = min(?l for size(?k, ?l) and linked(?a, ?k))", "?s <= 0.5"], "linked(?a, ?b)"),
]
