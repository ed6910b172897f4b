"""The spark engine over Spark Connect: on Sail, a server in Rust that starts at once and needs no Java.

With ``SPARK_REMOTE`` set, the other tests of Spark run on the server that it names.
"""

import os
import socket
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest
from click.testing import CliRunner, Result
from examples import examples
from hypothesis import given
from installed import hide
from programs import Scenario, scenarios
from short_programs import program_of, rule, told, written

from kzexpert.cli.group import cli
from kzexpert.engines import Budget, Settings, engine
from kzexpert.engines.reports import Report, Standing
from kzexpert.errors import BudgetError, KnowledgeBaseError, UsageError
from kzexpert.model import Program

#: The newest pyspark that Sail 0.7.2 takes.
NEWEST = (4, 2)
#: For programs made at random.
SMALL = Budget(facts=1_000, firings=4_000, seconds=120)


@pytest.fixture(scope="module")
def sail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server in this process."""
    for package in ("pysail", "pyspark", "grpc_status", "pyarrow", "pandas", "sqlglot"):
        pytest.importorskip(package)
    import pyspark

    if tuple(map(int, pyspark.__version__.split(".")[:2])) > NEWEST:
        pytest.skip("Sail runs functions in Python with the pyspark beside it, and this one is too new for it")
    from pysail.spark import SparkConnectServer

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAIL_EXECUTION__CHECKPOINT__PATH", tmp_path_factory.mktemp("sail").as_uri())
        server = SparkConnectServer("127.0.0.1", 0)
        server.start(background=True)
        host, port = server.listening_address
        yield f"sc://{host}:{port}"
        server.stop()


def ran(*words: str) -> Result:
    return CliRunner().invoke(cli, [*words])


@pytest.mark.spark
def test_an_answer_is_the_same_to_the_byte(sail: str, checkout: Path) -> None:
    question = ["ask", "Who is Kazakhstan aligned with in security?", "--kb", str(checkout)]
    here, there = ran(*question), ran(*question, "--engine", "spark", "--spark-remote", sail)
    assert (there.exit_code, there.output) == (here.exit_code, here.output)
    assert here.exit_code == 0


@pytest.mark.spark
def test_settings_that_a_server_does_not_take_are_told(sail: str, checkout: Path) -> None:
    options = ["--kb", str(checkout / "tests" / "kb_small"), "--engine", "spark", "--spark-remote", sail]
    settings = ("spark.executor.memory=9g", "spark.sql.shuffle.partitions=3")
    found = ran("conclusions", *options, *(word for setting in settings for word in ("--spark-conf", setting)))
    assert found.exit_code == 0
    assert "--spark-conf: warning KZ308 Spark has not taken spark.executor.memory\n" in found.stderr
    found = ran("conclusions", *options, "--spark-conf", "spark.checkpoint.dir=hdfs:///kept")
    assert found.exit_code == 2
    assert "KZ403 over Spark Connect no folder for checkpoints can be named" in found.stderr


@pytest.mark.spark
def test_an_address_is_written_where_nothing_is(sail: str, checkout: Path, tmp_path: Path) -> None:
    address = f"file://{tmp_path}/found"
    command = ["infer", "hedges", "--kb", str(checkout), "--engine", "spark", "--spark-remote", sail]
    first, second = (ran(*command, "--output", address) for _ in range(2))
    assert (first.exit_code, second.exit_code) == (0, 2)
    assert list((tmp_path / "found").rglob("predicate=hedges/*.parquet"))
    assert f"{address}: KZ306 cannot write: File exists" in second.stderr


@pytest.mark.spark
def test_rounds_sums_texts_and_two_sessions_at_once(sail: str) -> None:
    texts = [["É'\\x", 0.1], ["é'\\X", 0.2], ["z", 0.3]]
    kb = written(
        {"link": ["number", "number"], "reach": ["number", "number"], "n": ["text", "number"], "s": ["number", "text"]},
        {"link": [[float(place), float(place + 1), 0.9] for place in range(4)], "n": texts},
        rule("link", ["link(?a, ?b)"], "reach(?a, ?b)"),
        rule("on", ["reach(?a, ?b)", "link(?b, ?c)"], "reach(?a, ?c)", 0.99),
        rule("sum", ["n(?t, _)", "?s = sum(?x for n(_, ?x))", "?u = upper(?t)"], "s(?s, ?u)"),
    )
    program = program_of(kb)
    spark = engine("spark", settings=Settings(spark_remote=sail))
    one, other = spark.infer(program), spark.infer(program)
    assert told(other) == told(one) == told(engine("experta").infer(program))
    one.facts.close()
    assert told(other) == told(engine("experta").infer(program))  # which has tables of its own


@pytest.mark.spark
@examples(5)
@given(scenario=scenarios())
def test_programs_made_at_random(sail: str, scenario: Scenario) -> None:
    def outcome(name: str) -> object:
        settings = Settings(spark_remote=sail if name == "spark" else None)
        try:
            return told(engine(name, SMALL, settings).infer(scenario.program))
        except BudgetError:
            return None

    assert outcome("spark") == outcome("experta")


def endless() -> Program:
    """What takes hours."""
    return program_of(
        written(
            {"n": ["number"], "many": ["number", "number", "number"], "some": ["number"]},
            {"n": [[float(number)] for number in range(3000)]},
            rule("many", ["n(?x)", "n(?y)", "n(?z)", "?x * ?y != ?z"], "many(?x, ?y, ?z)"),
            rule("some", ["many(?x, _, ?z)"], "some(?z)"),
        )
    )


@pytest.mark.spark
def test_what_takes_too_long_is_stopped(sail: str) -> None:
    spark = engine("spark", Budget(firings=10**12, seconds=3.0), Settings(spark_remote=sail))
    with pytest.raises(BudgetError, match=r"KZ401 .* used up the budget of 3 seconds"):
        spark.infer(endless())


@pytest.mark.spark
def test_a_server_that_goes_away_ends_the_run(sail: str) -> None:
    script = """
import sys
from pysail.spark import SparkConnectServer
server = SparkConnectServer("127.0.0.1", 0)
server.start(background=True)
print(server.listening_address[1], flush=True)
sys.stdin.read()
"""
    command, pipe, began = [sys.executable, "-c", script], subprocess.PIPE, []
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        address = f"sc://127.0.0.1:{int(server.stdout.readline())}"

        def heard(report: Report) -> None:
            if isinstance(report, Standing) and report.phase == "inferring" and not began:
                began.append(monotonic())
                server.kill()

        spark = engine("spark", settings=Settings(spark_remote=address, listen=heard))
        with pytest.raises(KnowledgeBaseError, match=r"KZ404 Spark could not finish: .*onnect"):
            spark.infer(endless())
    assert monotonic() - began[0] < 60


@pytest.mark.spark
def test_facts_that_are_closed_leave_a_server_of_the_user_alone(sail: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from kzexpert.engines.sql.spark_engine import SparkEngine

    monkeypatch.setenv("SPARK_LOCAL_REMOTE", "1")  # as pyspark sets it for a server in this process
    monkeypatch.setenv("SPARK_CONNECT_MODE_ENABLED", "1")
    with warnings.catch_warnings(action="ignore"):  # of versions of pandas
        from pyspark.sql.connect.session import SparkSession

        session = SparkSession(connection=sail)
    found = SparkEngine(session=session).infer(program_of(written({"n": ["number"]}, {"n": [[1.0]]})))
    found.facts.close()
    assert (os.environ.get("SPARK_LOCAL_REMOTE"), os.environ.get("SPARK_CONNECT_MODE_ENABLED")) == ("1", "1")
    assert session.range(1).count() == 1
    session.client.close()


@pytest.mark.parametrize(
    ("address", "master", "message"),
    [
        ("http://host", None, "KZ307 http://host is not the address of a server of Spark Connect"),
        ("sc://", None, "KZ307 sc:// is not the address"),
        ("sc://host", "local", "KZ308 --spark-remote and --spark-master are two places for Spark to run"),
    ],
)
def test_an_address_that_is_none_is_an_error(address: str, master: str | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        engine("spark", settings=Settings(spark_remote=address, spark_master=master))


def test_without_a_server_the_error_names_the_address(checkout: Path) -> None:
    for package in ("pyspark", "grpc_status", "pyarrow", "pandas", "sqlglot"):
        pytest.importorskip(package)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"sc://127.0.0.1:{closed.getsockname()[1]}"
        result = ran("conclusions", "--kb", str(checkout), "--engine", "spark", "--spark-remote", address)
    assert result.exit_code == 2
    assert f"KZ403 Spark cannot be reached at {address}: " in result.stderr


def test_without_the_packages_of_spark_connect_the_hint_names_them(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyspark")
    pytest.importorskip("sqlglot")
    hide("grpc", monkeypatch, "pyspark.sql.connect")
    result = ran("conclusions", "--kb", str(checkout), "--engine", "spark", "--spark-remote", "sc://127.0.0.1")
    assert result.exit_code == 2
    assert "KZ403 Spark Connect is not installed: " in result.stderr
    assert "pip install pyspark-client" in result.stderr
