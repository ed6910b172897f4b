"""Words that people bring along from other languages, and how each is said here: where the grammar takes its hints."""

__all__ = ["FOREIGN_CALLS", "FOREIGN_OPERATORS", "FOREIGN_WORDS"]

_ALTERNATIVES = "alternatives are a block: 'either:' with a list of conditions below it"
_EXISTS = "an atom with a variable of its own already says that one exists; with _ it says that there is any"
_EVERY = "every is said by two blocks: 'not:' with the condition and, inside it, 'not:' with what must hold"
_NULL = "facts have no missing values: say 'not' and an atom with _ for what is not on record"
_LIKE = "write starts with, ends with or contains"

#: Between conditions, where one should end.
FOREIGN_WORDS = {
    "and": "write one condition a line: all of them must hold; alternatives are a block, either:",
    ",": "write one condition a line: all of them must hold; alternatives are a block, either:",
    "or": _ALTERNATIVES,
    "unless": "exceptions are a key of the rule: 'unless:' with a list of conditions",
    "where": "write one condition a line",
    "if": "a rule has when:, a list of conditions, and then:, what they conclude",
    "then": "the conclusion is a key of the rule, then:",
}

#: Where a value should be compared.
FOREIGN_OPERATORS = {
    "is": "write = for equality; not on record is 'not' and an atom with _",
    "equals": "write = for equality",
    "like": _LIKE,
    "ilike": f"{_LIKE}; lower(?x) makes capitals small",
    "matches": f"{_LIKE}; there are no regular expressions",
    "starts_with": "write starts with, in two words",
    "startswith": "write starts with, in two words",
    "ends_with": "write ends with, in two words",
    "endswith": "write ends with, in two words",
    "includes": "write contains",
    "has": "write contains",
    "between": "write two conditions: ?x >= 1 and, in the next line, ?x <= 9",
    "mod": "write mod(?x, 2)",
    "div": "write div(?x, 2)",
}

#: What looks like an atom or a function.
FOREIGN_CALLS = {
    "exists": _EXISTS,
    "some": _EXISTS,
    "any": _EXISTS,
    "forall": _EVERY,
    "every": _EVERY,
    "all": _EVERY,
    "or": _ALTERNATIVES,
    "and": "write one condition a line: all of them must hold",
    "starts_with": 'write ?x starts with "text"',
    "startswith": 'write ?x starts with "text"',
    "ends_with": 'write ?x ends with "text"',
    "endswith": 'write ?x ends with "text"',
    "contains": 'write ?x contains "text"',
    "len": "write length(?x)",
    "size": "write length(?x) of a text; of facts, ?n = count(?x for ...)",
    "concat": "write join(?x, ?y)",
    "substr": f"parts of a text cannot be cut out; {_LIKE}",
    "substring": f"parts of a text cannot be cut out; {_LIKE}",
    "today": "write as_of(), the date for which the question is asked",
    "now": "write as_of(), the date for which the question is asked",
    "current_date": "write as_of(), the date for which the question is asked",
    "date": "a day is written YYYY-MM-DD, without quotes",
    "datediff": "write days(?from, ?to)",
    "age": "write years(?from, ?to)",
    "sqrt": "there are no roots and powers: multiply, ?x * ?x",
    "pow": "there are no roots and powers: multiply, ?x * ?x",
    "if": "there is no if inside an expression: write a rule for each case",
    "case": "there is no case inside an expression: write a rule for each case",
    "coalesce": _NULL,
    "isnull": _NULL,
    "average": "write ?n = avg(?x for ...)",
    "mean": "write ?n = avg(?x for ...)",
    "distinct": "count takes distinct values: ?n = count(?x for ...)",
    "ceiling": "write ceil(?x)",
    "int": "write floor(?x)",
    "trunc": "write floor(?x)",
}
