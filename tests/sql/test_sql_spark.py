"""What Spark alone does: rounds whose plans do not grow, sessions that stay as they were, and what stops it."""

import json
import re
import signal
import subprocess
import sys
import time
from math import nextafter
from pathlib import Path

import pytest
from available import SETTINGS, ready, running_spark, spread
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from installed import hide
from short_programs import agreed, program_of, rule, small_base, told, written
from sqlglot import exp

from kzexpert.engines import Budget, engine
from kzexpert.engines.reports import Report, Untaken
from kzexpert.engines.sql.plan.decimals import rounded
from kzexpert.engines.sql.plan.dialects import SparkDialect
from kzexpert.engines.sql.plan.words import called, column, named, select, subquery
from kzexpert.engines.sql.spark_engine import SparkEngine
from kzexpert.engines.sql.store import spark_session, spark_store
from kzexpert.engines.sql.store.spark_store import SparkStore
from kzexpert.errors import BudgetError, UsageError
from kzexpert.model import KnowledgeBase
from kzexpert.proof.checker import Checker

pytestmark = pytest.mark.spark


@pytest.fixture(autouse=True)
def spark() -> None:
    ready("spark")


def chain(links: int, certainty: float = 1.0) -> KnowledgeBase:
    return written(
        {"link": ["number", "number"], "reach": ["number", "number"]},
        {"link": [[float(number), float(number + 1), certainty] for number in range(links)]},
        rule("link", ["link(?a, ?b)"], "reach(?a, ?b)"),
        rule("on", ["reach(?a, ?b)", "link(?b, ?c)"], "reach(?a, ?c)", 1.0 if certainty == 1.0 else 0.99),
    )


def paired(pairs: int) -> KnowledgeBase:
    """More facts than are kept in one partition, and more conclusions than the driver keeps."""
    return written(
        {"pair": ["number", "number"], "first": ["number"]},
        {"pair": [[float(number // 2), float(number)] for number in range(pairs)]},
        rule("first", ["pair(?a, ?b)"], "first(?a)"),
    )


def endless() -> KnowledgeBase:
    """A program that takes hours."""
    return written(
        {"n": ["number"], "many": ["number", "number", "number"], "some": ["number"]},
        {"n": [[float(number)] for number in range(3000)]},
        rule("many", ["n(?x)", "n(?y)", "n(?z)", "?x * ?y != ?z"], "many(?x, ?y, ?z)"),
        rule("some", ["many(?x, _, ?z)"], "some(?z)"),
    )


# --- rounds ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("certainty", [1.0, 0.9])
def test_plans_do_not_grow_with_the_rounds(certainty: float, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[int] = []
    view = SparkStore.view

    def watched(store, frame, size=None):  # type: ignore[no-untyped-def]
        lines.append(len(frame._jdf.queryExecution().logical().toString().splitlines()))
        return view(store, frame, size)

    monkeypatch.setattr(SparkStore, "view", watched)
    assert len(agreed(chain(30, certainty), "spark").certainties["reach"]) == 465
    assert len(lines) > 30  # a table for each round
    assert max(lines) <= 40


def test_the_rows_of_a_round_stay_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the usual budget is so small that a limit may draw them into one task."""
    spread(monkeypatch)
    parts: list[int] = []
    cut = SparkStore._cut

    def watched(store, frame):  # type: ignore[no-untyped-def]
        parts.append(frame.rdd.getNumPartitions())
        return cut(store, frame)

    monkeypatch.setattr(SparkStore, "_cut", watched)
    agreed(chain(5, 0.9), "spark")
    assert min(parts) > 1


@pytest.mark.parametrize(
    ("left", "kind", "most", "joined"),
    [
        (5_000, "", 5_000, "ShuffledHashJoin"),
        (5_000, "ANTI", 5_000, "ShuffledHashJoin"),
        (5_000, "", 4_999, "SortMergeJoin"),
        (10, "", 5_000, "BroadcastHashJoin"),  # of the ten
        (10, "ANTI", 5_000, "ShuffledHashJoin"),
    ],
)
@pytest.mark.parametrize("within", [False, True])
def test_a_table_of_known_size_is_looked_up(
    left: int, kind: str, most: int, joined: str, within: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spark_store, "_HASHED", most)
    session = running_spark().newSession()
    session.conf.set("spark.sql.autoBroadcastJoinThreshold", "10m")
    store = SparkStore(session, facts=1_000_000)
    one, other = (
        store.load({"x": "number", "n": "whole"}, [(float(place), place) for place in range(rows)])
        for rows in (left, 5_000)
    )
    right = subquery(select([exp.Star()], other), "b") if within else named(other, "b")
    on = column("x", "a").eq(column("x", "b"))
    query = select([column("n", "a")], named(one, "a"), [exp.Join(this=right, on=on, kind=kind or None)])
    plan = str(store._frame(query)._jdf.queryExecution().executedPlan().toString())
    store.close()
    assert joined in plan


# --- sessions --------------------------------------------------------------------------------------------------------


def test_an_existing_session_is_left_as_it_was() -> None:
    session = running_spark().newSession()
    session.conf.set("spark.sql.ansi.enabled", "true")
    session.conf.set("spark.sql.shuffle.partitions", "3")
    session.sql("SELECT 1 AS x").createOrReplaceTempView("r1")

    def state() -> list[object]:
        shown = [session.sql(text).collect() for text in ("SHOW TABLES", "SHOW USER FUNCTIONS")]
        return [dict(session.conf.getAll), *shown, session.sparkContext.getJobTags()]

    before = state()
    program = program_of(chain(2))
    assert told(SparkEngine(session=session).infer(program)) == told(engine("experta").infer(program))
    assert state() == before
    assert session.sql("SELECT x FROM r1").collect()[0].x == 1  # it still runs


def test_settings_of_a_session_that_would_change_results_change_none() -> None:
    session = running_spark().newSession()
    for name, value in {
        "spark.sql.ansi.enabled": "true",
        "spark.sql.caseSensitive": "false",
        "spark.sql.session.timeZone": "Asia/Almaty",
    }.items():
        session.conf.set(name, value)
    kb = written(
        {"n": ["text", "number"], "part": ["text", "number"]},
        {"n": [["a", 1.0], ["A", 0.0], ["b", 3.0]]},
        rule("part", ["n(?a, ?x)", "n(?b, ?y)", "?z = ?x / ?y"], "part(?a, ?z)"),
    )
    program = program_of(kb)
    assert told(SparkEngine(session=session).infer(program)) == told(engine("experta").infer(program))


def test_settings_that_a_running_spark_does_not_take_are_told() -> None:
    given = {
        "spark.executor.memory": "9g",
        "spark.sql.ansi.enabled": "true",  # results hang on it
        "spark.sql.shufle.partitions": "3",
        "spark.sql.shuffle.partitions": "3",
    }
    told_of: list[Report] = []
    SparkEngine(session=running_spark(), conf=given, listen=told_of.append).infer(program_of(chain(1)))
    (issue,) = (issue for report in told_of if isinstance(report, Untaken) for issue in report.issues)
    untaken = "spark.executor.memory, spark.sql.ansi.enabled and spark.sql.shufle.partitions"
    assert (issue.code, issue.severity, issue.message) == ("KZ308", "warning", f"Spark has not taken {untaken}")


def test_with_verbose_a_command_says_what_the_cluster_has_done(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from kzexpert.cli.group import cli

    options = ["conclusions", "--engine", "spark", "--kb", str(small_base(tmp_path))]
    assert "the cluster ran" not in CliRunner().invoke(cli, options).stderr
    told = CliRunner().invoke(cli, [*options, "-v"]).stderr.splitlines()[-1]
    assert re.fullmatch(r"the cluster ran [\d,]+ jobs?, [\d,]+ stages?, [\d,]+ tasks?; .+ shuffled", told)


def test_nothing_is_told_on_stderr_and_a_spark_that_cannot_start_is_a_clear_error(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "kzexpert", "conclusions", "--engine", "spark", "--format", "json", "--kb", "."]
    kb = small_base(tmp_path / "kb")
    options = [word for name, value in SETTINGS.items() for word in ("--spark-conf", f"{name}={value}")]
    ran = subprocess.run([*command, *options], cwd=kb, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "new(Ruritania)" in ran.stdout
    assert json.loads(ran.stdout)["engine"] == "spark"
    ran = subprocess.run([*command, "--spark-master", "local[0]"], cwd=kb, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert ran.stderr.startswith("KZ403 Spark cannot be started on local[0]")
    assert "It is written local[4]" in ran.stderr
    path = tmp_path / "bin"
    path.mkdir()
    env = {"PATH": str(path), "HOME": str(tmp_path)}
    ran = subprocess.run(command, cwd=kb, capture_output=True, text=True, check=False, env=env)
    assert ran.returncode == 2
    assert ran.stderr.startswith("KZ403 the spark engine needs Java")
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("missing", ["pyspark", "sqlglot"])
def test_without_its_packages_the_engine_says_how_to_get_them(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hide(missing, monkeypatch)
    with pytest.raises(UsageError, match=f"KZ403 the spark engine needs {missing}") as caught:
        engine("spark")
    assert caught.value.issues[0].hint == "pip install 'kzexpert[spark]'"


def test_duckdb_is_not_needed() -> None:
    script = """
import sys
sys.modules["duckdb"] = None
from kzexpert.engines import engine
engine("spark")
"""
    subprocess.run([sys.executable, "-c", script], check=True)


# --- limits ----------------------------------------------------------------------------------------------------------


def test_a_rule_that_never_ends_is_stopped_and_named() -> None:
    kb = written(
        {"n": ["number"], "start": ["number"]},
        {"start": [[0.0]]},
        rule("start", ["start(?x)"], "n(?x)"),
        rule("for-ever", ["n(?x)", "?y = ?x + 1"], "n(?y)"),
    )
    with pytest.raises(BudgetError, match=r"KZ401 rule for-ever.* used up the budget of 5 conclusions"):
        engine("spark", Budget(facts=5)).infer(program_of(kb))
    with pytest.raises(BudgetError, match=r"KZ401 rule for-ever.* used up the budget of 2 seconds"):
        engine("spark", Budget(seconds=2.0)).infer(program_of(kb))
    assert told(engine("spark").infer(program_of(chain(1))))  # Spark runs on


def test_a_budget_may_be_more_than_a_limit_can_say() -> None:
    program = program_of(chain(3))
    found = engine("spark", Budget(facts=3_000_000_000, firings=3_000_000_000)).infer(program)
    assert told(found) == told(engine("duckdb").infer(program))


def test_a_job_that_takes_too_long_is_stopped() -> None:
    started = time.monotonic()
    with pytest.raises(BudgetError, match="KZ401 rule some used up the budget of 5 seconds"):
        engine("spark", Budget(firings=10**12, seconds=5.0)).infer(program_of(endless()))
    assert time.monotonic() - started < 120  # of hours


def test_a_folder_for_checkpoints_is_used_and_ctrl_c_stops_the_job_and_says_nothing(tmp_path: Path) -> None:
    """In a process of its own, since both are for the whole of Spark."""
    folders = [str(Path(__file__).parents[1] / name) for name in ("sql", "engines", "helpers")]
    script = f"""
import sys
from pathlib import Path
sys.path[:0] = {folders!r}
from available import SETTINGS
from pyspark import SparkContext
from short_programs import program_of, told
from test_sql_spark import endless, paired
from kzexpert.engines import engine
from kzexpert.engines.sql.spark_engine import SparkEngine

def heard(report):
    if report.phase == "inferring" and report.predicates in (("many",), ("some",)):
        print("at work", flush=True)

kept = Path({str(tmp_path / "kept")!r})
conf = {{**SETTINGS, "spark.checkpoint.dir": str(kept)}}
spark = SparkEngine(master="local[1]", conf=conf, listen=heard)
program = program_of(paired(12_000))
found = spark.infer(program)
assert told(found) == told(engine("experta").infer(program))
assert list(kept.rglob("*.parquet"))
found.facts.close()
assert not list(kept.iterdir())
assert SparkContext._active_spark_context.getCheckpointDir() is None  # it is the user's
try:
    spark.infer(program_of(endless()))
except KeyboardInterrupt:
    print("stopped", flush=True)
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        if process.stdout.readline() == "at work\n":
            process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    assert out.splitlines()[-1] == "stopped"
    deadline = time.monotonic() + 60  # Java ends a moment after Python
    while list((tmp_path / "kept").iterdir()) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not list((tmp_path / "kept").iterdir())  # nothing is left behind


def test_a_folder_for_checkpoints_that_cannot_be_made_is_a_clear_error() -> None:
    spark = SparkEngine(session=running_spark(), checkpoint="nowhere://kept")
    with pytest.raises(UsageError, match='KZ306 cannot write: No FileSystem for scheme "nowhere"'):
        spark.infer(program_of(chain(1)))


# --- what comes out --------------------------------------------------------------------------------------------------


def test_a_trace_from_spark_is_verified(checkout: Path) -> None:
    from click.testing import CliRunner

    from kzexpert.cli.group import cli
    from kzexpert.engines import ENGINES
    from kzexpert.language import load_knowledge_base

    options = ["trace", "export", "alignment(Kazakhstan, ?power, security)", "--kb", str(checkout)]
    traces = [CliRunner().invoke(cli, [*options, "--engine", name]) for name in ("spark", "experta")]
    assert [trace.exit_code for trace in traces] == [0, 0]
    found = Checker(load_knowledge_base([checkout]), ENGINES).verify("trace", traces[0].stdout)
    assert found.issues == ()
    one, other = (json.loads(trace.stdout) for trace in traces)
    assert one.pop("engine") == "spark"
    assert other.pop("engine") == "experta"
    assert one.pop("seal") != other.pop("seal")  # which covers the name of the engine
    assert one == other


def test_rows_are_written_by_executors_and_counted(tmp_path: Path) -> None:
    store = SparkStore(running_spark().newSession())
    stored = store.load({"p": "text", "a0": "text", "c": "number"}, [("it's", "x", 1), ("q", "\0", 0.5)])
    query = select([column(name) for name in ("p", "a0", "c")], stored)
    target = tmp_path / "rows"
    found = store.write(query.copy(), target, "parquet", {}, ["p"], ["it's", "q", "none"])
    assert found == {"it's": 1, "q": 1, "none": 0}
    read = running_spark().read.parquet(str(target))
    assert sorted(map(tuple, read.collect())) == [("\0", 0.5, "q"), ("x", 1.0, "it's")]
    for there in (target, f"file://{target}"):
        with pytest.raises(FileExistsError):
            store.write(query.copy(), there, "parquet", {}, ["p"], ["q"])
    with pytest.raises(OSError, match="No FileSystem for scheme"):
        store.write(query.copy(), "nowhere://rows", "parquet", {}, ["p"], ["q"])
    store.close()


def test_what_cannot_be_written_whole_leaves_nothing_at_an_address(tmp_path: Path) -> None:
    store = SparkStore(running_spark().newSession())
    stored = store.load({"p": "text", "x": "number"}, [("p", float(place)) for place in range(10)])
    fails = exp.func("raise_error", exp.cast(column("x"), "text"))
    query = select([column("p"), called(exp.If(this=column("x") > 5.0, true=fails, false=column("x")), "x")], stored)
    target = tmp_path / "rows"
    with pytest.raises(OSError, match="USER_RAISED_EXCEPTION"):
        store.write(query, f"file://{target}", "parquet", {}, ["p"], ["p"])
    assert not target.exists()
    store.close()


def test_rows_that_lie_on_the_disk_of_a_server_have_not_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SparkStore(running_spark().newSession())
    query = select([column("p"), column("x")], store.load({"p": "text", "x": "number"}, [("p", 1.0)]))
    monkeypatch.setattr(Path, "rglob", lambda path, pattern: iter(()))  # as on another machine
    with pytest.raises(OSError, match="0 of 1 rows have come to this folder"):
        store.write(query, tmp_path / "rows", "parquet", {}, ["p"], ["p"])
    store.close()


def test_an_address_is_free_where_nothing_is(tmp_path: Path) -> None:
    """Its name is no pattern; and to look at it changes nothing of how Spark is started."""
    kb = small_base(tmp_path / "kb")
    (tmp_path / "a").mkdir()
    address = f"file://{tmp_path}/{{a,b}}"
    script = f"""
import sys
from kzexpert.cli import main
for _ in range(2):
    sys.argv = ["kzexpert", "infer", "--engine", "spark", "--kb", {str(kb)!r}, "--output", {address!r}]
    try:
        main()
    except SystemExit as ended:
        print(ended.code)
from pyspark import SparkContext
print(SparkContext._active_spark_context.getConf().get("spark.buffer.pageSize"))
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ran.stdout.split() == ["0", "2", "1m"], ran.stderr
    assert f"{address}: KZ306 cannot write: File exists" in ran.stderr
    assert list((tmp_path / "{a,b}").rglob("predicate=new/*.parquet"))


def test_what_a_job_has_measured_is_asked_again_where_it_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark_session, "_MEASURED", 0.0)
    frame = running_spark().range(3)
    _, measured = spark_session.watched(frame, ["count(1)", "max(id)"])
    assert measured(frame) == [3, 2]  # no job has run, as if what it said were lost


def test_no_text_of_a_user_stands_in_a_statement() -> None:
    texts = ["it's", 'a"b', "back\\slash", "'; DROP TABLE r1; --", "${x}", ":name", "?", "x y", ""]
    query = select([called(exp.Literal.string(text), f"x{place}") for place, text in enumerate(texts)])
    statement = SparkDialect().text(query)
    assert not any(text in statement for text in texts if len(text) > 3)
    assert tuple(running_spark().sql(statement).collect()[0]) == tuple(texts)


# --- rounding --------------------------------------------------------------------------------------------------------

near_ties = st.builds(
    lambda whole, aside: nextafter((whole + 0.5) / 1e9, aside),
    st.integers(-(10**9), 10**9 - 1),
    st.sampled_from([-9, 9]),
)
ties = st.builds(lambda whole, power: whole / 2**power, st.integers(-(2**20), 2**20), st.integers(20, 40))
unit = st.floats(-1.0, 1.0, allow_nan=False)


@pytest.mark.parametrize("name", ["duckdb", "spark"])
@examples(10)
@given(numbers=st.lists(st.one_of(unit, ties, near_ties), min_size=50, max_size=200))
def test_numbers_are_rounded_as_python_does(name: str, numbers: list[float]) -> None:
    if name == "spark":
        store: object = SparkStore(running_spark())
    else:
        from kzexpert.engines.sql.store.duckdb_store import DuckDBStore

        store = DuckDBStore()
    stored = store.load({"i": "whole", "x": "number"}, list(enumerate(numbers)))  # type: ignore[attr-defined]
    query = rounded(select([column("i"), column("x")], stored.copy()), ["i"], "x")
    rows = dict(store.rows(query))  # type: ignore[attr-defined]
    store.close()  # type: ignore[attr-defined]
    assert [rows[place] for place in range(len(numbers))] == [round(number, 9) for number in numbers]


def test_the_largest_table_says_into_how_many_parts_rows_go(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "spark.sql.shuffle.partitions"
    session = running_spark().newSession()
    session.conf.set(name, "4")
    # As with Spark Connect, where the number of cores is not told.
    monkeypatch.setattr(spark_store, "tasks", lambda given: int(given.conf.get(name)))
    store = SparkStore(session, facts=0)
    found = []
    for facts, largest in ((900, 900), (90_000, 20_000), (1_200_000, 300_000), (1_200_000, 1_200_000), (4e6, 4e6)):
        store.expects(facts, largest)
        found.append(session.conf.get(name))
    store.close()
    assert found == ["1", "1", "1", "3", "4"]
