"""Sums and lines of evidence that Spark spreads over machines: the same bits as where one does it all in order."""

import itertools
from collections.abc import Sequence
from math import isfinite, ldexp, prod

import pytest
from available import ready, running_spark
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql.udf import UDFRegistration
from short_programs import agreed, rule, written

from kzexpert.engines.sql.plan.dialects import SparkDialect
from kzexpert.engines.sql.plan.words import called, column, number, select
from kzexpert.engines.sql.store.spark_store import SparkStore
from kzexpert.model import AGGREGATES

pytestmark = pytest.mark.spark


@pytest.fixture(autouse=True)
def spark() -> None:
    ready("spark")


#: Numbers where a way to add up could go wrong: at the ends of the range, and where digits begin.
ends = st.sampled_from([5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 8.98846567431158e307, -0.0, 1e16, 0.1])
edges = st.builds(ldexp, st.sampled_from([1.0, 2.0**53 - 1, 2.0**52 + 1]), st.integers(-40, 34).map(lambda n: n * 28))
plain = st.builds(lambda whole, digits: whole / 10**digits, st.integers(-(10**12), 10**12), st.integers(0, 3))
sizes = st.one_of(st.floats(allow_nan=False, allow_infinity=False), ends, edges.filter(isfinite), plain)
numbers = st.builds(lambda size, sign: size * sign, sizes, st.sampled_from([1.0, -1.0]))
groups = st.lists(numbers, min_size=1, max_size=8).flatmap(
    lambda some: st.sampled_from([some, some + [-x for x in some[1:]], some * 9])
)


@examples(2)
@given(found=st.lists(groups, min_size=60, max_size=120))
def test_sums_are_exact_and_rounded_once(found: list[list[float]]) -> None:
    store = SparkStore(running_spark())
    rows = [(place, value) for place, values in enumerate(found) for value in values]
    stored = store.load({"k0": "whole", "x": "number"}, rows)
    query = SparkDialect().total(select([column("k0"), column("x")], stored), ["k0"], average=False)
    sums = dict(store.rows(query))
    store.close()
    told = [sums[place].hex() if isfinite(sums[place]) else None for place in range(len(found))]
    expected = [AGGREGATES["sum"].fold(values) for values in found]
    assert told == [None if value is None else float(value).hex() for value in expected]  # type: ignore[arg-type]


def test_many_numbers_of_one_group() -> None:
    store = SparkStore(running_spark())
    counted = 200_000
    rows = store.view(store.session.range(counted).selectExpr("id * 48271 % 2147483647 / 1000D AS x"))
    query = SparkDialect().total(select([column("x")], rows), [], average=False)
    values = [number * 48271 % 2147483647 / 1000.0 for number in range(counted)]
    assert store.rows(query) == [(AGGREGATES["sum"].fold(values),)]
    store.close()


# --- evidence --------------------------------------------------------------------------------------------------------

factors = st.one_of(st.floats(0.0, 1.0), st.floats(0.99, 1.0), st.sampled_from([0.0, 1.0, 1.0 - 2.0**-53, 5e-324]))
lines = st.lists(st.tuples(factors, st.integers(1, 2000)), min_size=1, max_size=6, unique_by=lambda line: line[0])


@examples(2)
@given(found=st.lists(lines, min_size=40, max_size=60))
def test_lines_that_are_alike_are_multiplied_one_after_the_other(found: list[list[tuple[float, int]]]) -> None:
    store = SparkStore(running_spark())
    rows = [(place, *line) for place, group in enumerate(found) for line in group]
    stored = store.load({"i": "whole", "f": "number", "n": "whole"}, rows)
    dialect = SparkDialect()
    some = column("f") >= number(0.0)
    products = [
        called(dialect.product(column("f"), some.copy(), ascending=up, times=column("n")), name)
        for up, name in ((True, "up"), (False, "down"))
    ]
    told = {place: tuple(pair) for place, *pair in store.rows(select([column("i"), *products], stored).group_by("i"))}
    store.close()
    for place, group in enumerate(found):
        expected = [_product(sorted(group, reverse=down)) for down in (False, True)]
        assert [1.0 - product for product in told[place]] == [1.0 - product for product in expected]


def _product(counted: Sequence[tuple[float, int]]) -> float:
    return prod(itertools.chain.from_iterable(itertools.repeat(factor, times) for factor, times in counted))


def test_each_line_of_many_counts_and_no_executor_needs_python(monkeypatch: pytest.MonkeyPatch) -> None:
    def registered(self: object, name: str, *others: object) -> None:
        raise AssertionError(name)

    monkeypatch.setattr(UDFRegistration, "register", registered)
    names, strengths = ("Ruritania", "Borduria"), (1.0, 0.9, 0.300000001, 0.3)
    kb = written(
        {"saw": ["state", "number"], "seen": ["state"], "at_fault": ["state"], "mean": ["number"]},
        {
            "saw": [[name, float(i), strengths[i % len(name) % 4]] for name in names for i in range(60)],
            "seen": [["Ruritania", 0.3]],
        },
        rule("for", ["saw(?s, ?i)", "?i > 10"], "at_fault(?s)", 0.002, each=True),
        rule("against", ["saw(?s, ?i)", "?i < 30"], "at_fault(?s)", -0.003, each=True),
        rule("once", ["seen(?s)"], "at_fault(?s)", 0.5),
        rule("mean", ["?m = avg(?i / 7 for saw(_, ?i))"], "mean(?m)"),
    )
    assert len(set(agreed(kb, "spark").certainties["at_fault"].values())) == 2
