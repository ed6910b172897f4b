"""CSV files: what they give, and in which line what is wrong with them."""

from datetime import date
from typing import Any

import pytest

from kzexpert.language import read_knowledge_base

VOCABULARY = """\
kinds: [state]
predicates:
  trade: {args: [state: state, amount: number, from: date, code: text]}
  large: {args: [state: state]}
"""
HEADER = "state,amount,from,code,since,until,certainty,source,at,note\n"
GOOD = "Ruritania,1.5,2011-01-02,x,,,,,,\n"


def read_csv(read: Any, content: str | bytes, name: str = "trade.csv") -> Any:
    return read(content, name=name, vocabulary=VOCABULARY)


def test_a_table(read: Any) -> None:
    loaded = read_csv(
        read,
        "note,code,state,amount,from,since,until,certainty,source,at\n"
        '"a, ""b""\nand c",12,NO,-1e3,2011-01-02,2010,2011-05,0.8,hope-1894,p. 7\n'
        "\n"
        " , yes , Ruritania , 2 ,2011-12-31,,,,,\n",
    )
    assert loaded.issues == ()
    first, second = loaded.kb.facts
    assert first.predicate == "trade"
    assert first.arguments == {"code": "12", "state": "NO", "amount": -1000.0, "from": date(2011, 1, 2)}
    assert (str(first.since), str(first.until), first.certainty) == ("2010", "2011-05", 0.8)
    assert (str(first.source), first.note) == ("hope-1894, p. 7", 'a, "b"\nand c')
    assert [str(fact.location) for fact in loaded.kb.facts] == ["trade.csv:2", "trade.csv:5"]
    assert second.arguments == {"code": "yes", "state": "Ruritania", "amount": 2.0, "from": date(2011, 12, 31)}
    assert (second.since, second.until, second.on, second.certainty, second.source) == (None, None, None, 1.0, None)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_marks(end: str, mark: bytes, read: Any) -> None:
    loaded = read_csv(read, mark + (HEADER + GOOD + GOOD.strip()).replace("\n", end).encode())
    assert loaded.issues == ()
    assert [fact.location.line for fact in loaded.kb.facts] == [2, 3]


def test_a_header_alone_is_a_table_without_facts(read: Any) -> None:
    loaded = read_csv(read, HEADER)
    assert (loaded.issues, loaded.kb.facts) == ((), ())


def test_it_says_the_same_as_yaml(read: Any, write: Any) -> None:
    from_csv = read_csv(read, "state,amount,from,code,source,since\nA,1,2011-01-01,NO,s,1999\n").kb.facts
    rows = "facts:\n  trade: [{state: A, amount: 1, from: 2011-01-01, code: NO, source: s, since: 1999}]\n"
    from_yaml = read(rows, vocabulary=VOCABULARY).kb.facts
    assert [(f.predicate, f.arguments, f.since, str(f.source)) for f in from_csv] == [
        (f.predicate, f.arguments, f.since, str(f.source)) for f in from_yaml
    ]


MISTAKES = [
    ("", "trade.csv KZ104", "names the columns"),
    ("\n\n", "trade.csv KZ104", "names the columns"),
    ("state;amount;from;code\n", "trade.csv:1 KZ114", "commas"),
    ("state,amount,from\n", "trade.csv:1 KZ114", "every argument"),
    ("state,amount,from,code,code\n", "trade.csv:1 KZ114", "keep one"),
    ("state,amount,from,code,sinse\n", "trade.csv:1 KZ114", "did you mean since?"),
    ("state,amount,from,code,xyzzy\n", "trade.csv:1 KZ114", "the columns are state, amount"),
    (HEADER + GOOD + "A,1\n", "trade.csv:3 KZ114", "in quotes"),
    (HEADER + GOOD + GOOD.replace("x", "x,y"), "trade.csv:3 KZ114", "in quotes"),
    (HEADER + '"A,1\n', "trade.csv:2 KZ114", "closing quote"),
    (HEADER + GOOD + '"A"B,1\n', "trade.csv:3 KZ114", "doubled"),
    (HEADER + '"' + "x" * 140_000 + '"\n', "trade.csv:2 KZ114", "in quotes"),
    (HEADER + '"' + "x" * 10_000_001 + '"\n', "trade.csv:2 KZ114", "closing quote"),
    ("state\tamount\tfrom\tcode\n", "trade.csv:1 KZ114", "under tables, with `delimiter: tab`"),
    (HEADER + GOOD.replace("Ruritania", " "), "trade.csv:2 KZ114", "every argument"),
    (HEADER + GOOD.replace("1.5", "many"), "trade.csv:2 KZ205", "amount is a number"),
    (HEADER + GOOD.replace("1.5", "nan"), "trade.csv:2 KZ205", "amount is a number"),
    (HEADER + GOOD.replace("2011-01-02", "2011-02-30"), "trade.csv:2 KZ112", "from is a full day"),
    (HEADER + GOOD.replace("x,,,", "x,2011-13,,"), "trade.csv:2 KZ112", "2010-01-31"),
    (HEADER + GOOD.replace("x,,,", "x,2012,2011,"), "trade.csv:2 KZ113", "exchange"),
    (HEADER + GOOD.replace("x,,,", "x,,,1.5"), "trade.csv:2 KZ111", "over 0"),
    (HEADER + GOOD.replace("x,,,", "x,,,0"), "trade.csv:2 KZ111", "over 0"),
    (HEADER + GOOD.replace("x,,,", "x,,,high"), "trade.csv:2 KZ110", "a number"),
    (HEADER + GOOD.replace("x,,,,", "x,,,,,p. 7"), "trade.csv:2 KZ114", "in quotes"),
    (HEADER + "A,1,2011-01-01,x,,,,,p. 7,\n", "trade.csv:2 KZ109", "give source too"),
]


@pytest.mark.parametrize(("content", "expected", "hint"), MISTAKES, ids=[repr(item[0][-50:]) for item in MISTAKES])
def test_a_mistake_is_told_with_its_line(content: str, expected: str, hint: str, read: Any, brief: Any) -> None:
    issues = read_csv(read, content).issues
    assert brief(issues) == [expected]
    assert hint in issues[0].hint


@pytest.mark.parametrize(
    ("encoding", "hint"), [("cp1252", "under tables, with `encoding: cp1252`"), ("utf-16", "under tables")]
)
def test_another_encoding_is_read_as_a_table(encoding: str, hint: str, read: Any, brief: Any) -> None:
    issues = read_csv(read, (HEADER + GOOD.replace("x", "Türkiye")).encode(encoding)).issues
    assert [issue.code for issue in issues] == ["KZ102"]
    assert issues[0].hint == f"save it in UTF-8 and try again, or read it as it is: {hint}"


def test_a_name_that_is_no_predicate(read: Any, brief: Any) -> None:
    issues = read_csv(read, "state\nA\n", "larg.csv").issues
    assert brief(issues) == ["larg.csv KZ114"]
    assert issues[0].hint == "did you mean large?"


def test_a_bad_row_is_left_out_and_the_rest_is_read(read: Any, brief: Any) -> None:
    loaded = read_csv(read, HEADER + "A,x,2011-02-30,c,,,,,,\n" + GOOD + "B,1\n")
    assert brief(loaded.issues) == ["trade.csv:2 KZ112", "trade.csv:2 KZ205", "trade.csv:4 KZ114"]
    assert [fact.arguments["state"] for fact in loaded.kb.facts] == ["Ruritania"]


def test_a_file_full_of_mistakes_is_not_read_to_its_end(read: Any) -> None:
    loaded = read_csv(read, HEADER + "A,1\n" * 1000 + GOOD)
    assert len(loaded.issues) == 21
    assert [issue.message for issue in loaded.issues if "were not read" in issue.message]
    assert loaded.kb.facts == ()


def test_the_vocabulary_may_come_after_the_table(write: Any) -> None:
    table = write("large.csv", "state\n12\n")
    loaded = read_knowledge_base([], [table, write("z.yaml", VOCABULARY)])
    assert loaded.issues == ()
    assert loaded.kb.facts[0].arguments == {"state": "12"}
