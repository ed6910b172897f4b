"""Words and marks that people bring along from other languages, and how each is said here: hints for the grammar."""

__all__ = ["FOREIGN_MARKS", "FOREIGN_OPERATORS", "FOREIGN_WORDS", "ONE_A_LINE", "foreign_call", "foreign_condition"]

ONE_A_LINE = "write one condition a line: all of them must hold; alternatives are a block, either:"

_ALTERNATIVES = "alternatives are a block: 'either:' with a list of conditions below it"
_EXISTS = "an atom with a variable of its own already says that one exists; with _ it says that there is any"
_EVERY = "every is said by two blocks: 'not:' with the condition and, inside it, 'not:' with what must hold"
_NULL = "facts have no missing values: say 'not' and an atom with _ for what is not on record"
_LIKE = "write starts with, ends with or contains"
_REGULAR = f"{_LIKE}; there are no regular expressions"
_TODAY = "write as_of(), the date for which the question is asked"
_ROOTS = "there are no roots and powers: multiply, ?x * ?x"
_EACH_CASE = "write a rule for each case"
_DATED = "bind the date, as in pays(?x, ?y) on ?d, and compare it in the next line: ?d > 2019-01-31"
_NOT = "write not before an atom, != between two values"
_ROUND = "a list of values stands in round brackets, ?x in (a, b); no value has parts to take out"

#: Between conditions, where one should end.
FOREIGN_WORDS = {
    "and": ONE_A_LINE,
    ",": ONE_A_LINE,
    "or": _ALTERNATIVES,
    "unless": "exceptions are a key of the rule: 'unless:' with a list of conditions",
    "where": "write one condition a line",
    "if": "a rule has when:, a list of conditions, and then:, what they conclude",
    "then": "the conclusion is a key of the rule, then:",
    "else": _EACH_CASE,
    "after": _DATED,
    "before": _DATED,
    "with": "a certainty is taken with @ ?c, and compared in the next line: ?c > 0.5",
    "from": "dates are taken by since ?d, until ?d or on ?d, and compared in the next line",
}

#: Where a value should be compared.
FOREIGN_OPERATORS = {
    "is": "write = for equality; what something is stands in an atom, rich(?x), and what is not, in not rich(?x)",
    "in": "write in, in small letters",
    "not": "write not in, in small letters: ?x not in (a, b)",
    "equals": "write = for equality",
    "like": _LIKE,
    "ilike": f"{_LIKE}; lower(?x) makes capitals small",
    "matches": _REGULAR,
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

#: What marks and words of other languages are here, where that is certain.
MEANT = {
    **{"==": "=", "<>": "!=", "≠": "!=", "=<": "<=", "≤": "<=", "≥": ">=", "!": "not ", "¬": "not "},
    **dict.fromkeys("“”„", '"'),
    **dict.fromkeys("−–—", "-"),
    "，": ",",
    "（": "(",
    "）": ")",
    **dict.fromkeys(("starts_with", "startswith"), "starts with"),
    **dict.fromkeys(("ends_with", "endswith"), "ends with"),
    **dict.fromkeys(("includes", "has"), "contains"),
}

#: Marks that no condition has.
FOREIGN_MARKS = {
    "==": "write = for equality",
    "=~": _REGULAR,
    "<>": "write != for inequality",
    "≠": "write != for inequality",
    "=<": "write <=",
    "≤": "write <=",
    "=>": "write >= for a comparison; the conclusion is a key of the rule, then:",
    "≥": "write >=",
    "->": "the conclusion is a key of the rule, then:",
    ":=": "write = to give a variable a value",
    ":-": "a rule has `when:`, a list of conditions, and `then:`, an atom",
    ":": "a variable is written ?x, and a named argument name=value",
    "$": "a variable is written ?x",
    "%": "the remainder is mod(?x, 2), and 30 per cent are 0.3",
    "^": _ROOTS,
    "**": _ROOTS,
    "//": "write div(?x, 2)",
    "..": "a range is two conditions: ?x >= 1 and, in the next line, ?x <= 9",
    "...": "write _ for an argument that may be anything, or name those you mean: name=value",
    ".": "no full stop ends a condition, and no value has parts: bind it in an atom, and write year(?d), not ?d.year",
    **dict.fromkeys(("&&", "∧", "&"), ONE_A_LINE),
    ";": f"{ONE_A_LINE}; nothing ends a condition",
    **dict.fromkeys(("||", "|", "∨"), _ALTERNATIVES),
    **dict.fromkeys(("!", "¬", "\\+"), _NOT),
    "~": f"{_NOT}; {_REGULAR}",
    **dict.fromkeys("[]{}", _ROUND),
    **dict.fromkeys("“”„‘’«»", 'write straight quotes: "text"'),
    **dict.fromkeys("−–—", "write - for minus"),
    **dict.fromkeys("，（）", "write ( , ) as on an English keyboard"),
}

#: What looks like a condition.
_FOREIGN_CONDITIONS = {
    "exists": _EXISTS,
    "some": _EXISTS,
    "any": _EXISTS,
    "forall": _EVERY,
    "every": _EVERY,
    "all": _EVERY,
    "or": _ALTERNATIVES,
    "and": ONE_A_LINE,
    "not": "write not in small letters before an atom: not member(?x, ?y)",
    "test": "a comparison stands alone: ?n > 3",
    "assert": "conditions stand alone under when:, and what they conclude, an atom, under then:",
    "retract": "nothing is taken back: a rule against something has a negative certainty",
    "findall": "a fold over facts is written ?n = count(?x for member(?x, ?org))",
    "select": "name what you look up in an atom, member(?x, ?org), and compare ?x in the next line",
    "true": "leave it out: what is always true is no condition",
    "false": "leave the rule out: with it the rule never fires",
    "if": f"there is no if inside an expression: {_EACH_CASE}",
}

#: What looks like a function.
_FOREIGN_FUNCTIONS = {
    "match": _REGULAR,
    "regex": _REGULAR,
    "regexp": _REGULAR,
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
    "today": _TODAY,
    "now": _TODAY,
    "current_date": _TODAY,
    "date": "a day is written YYYY-MM-DD, without quotes",
    "datediff": "write days(?from, ?to)",
    "age": "the years between two dates are years(?from, ?to); a predicate stands alone: age(?x, ?years)",
    "sqrt": _ROOTS,
    "pow": _ROOTS,
    "case": f"there is no case inside an expression: {_EACH_CASE}",
    "coalesce": _NULL,
    "isnull": _NULL,
    "average": "write ?n = avg(?x for ...)",
    "mean": "write ?n = avg(?x for ...)",
    "distinct": "count takes distinct values: ?n = count(?x for ...)",
    "ceiling": "write ceil(?x)",
    "int": "write floor(?x)",
    "trunc": "write floor(?x)",
}


def foreign_condition(name: str) -> str:
    """How a condition of that name is said here, in whatever letters; "" where other languages have none."""
    return _FOREIGN_CONDITIONS.get(name.casefold(), "")


def foreign_call(name: str) -> str:
    """How a condition or a function of that name is said here, in whatever letters and library; or ""."""
    return foreign_condition(name) or _FOREIGN_FUNCTIONS.get(name.rpartition(".")[2].casefold(), "")
