"""The options of engines: carried one way to every command, and never silently without effect."""

import ast
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from installed import hide

import kzexpert
from kzexpert.cli.group import cli
from kzexpert.engines import Limits, Settings, engine, for_engine, settled
from kzexpert.engines import auto as auto_module
from kzexpert.engines.reports import Chosen, Report, Skipped, Standing
from kzexpert.errors import UsageError
from kzexpert.language import load_knowledge_base
from kzexpert.program.snapshot import snapshot

SMALL = Path(__file__).parents[1] / "kb_small"
bulk = pytest.mark.skipif(not (find_spec("duckdb") and find_spec("sqlglot")), reason="needs the extra bulk")


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KZEXPERT_CACHE", "")
    monkeypatch.delenv("KZEXPERT_DEBUG", raising=False)


def run(*arguments: str, kb: Path = SMALL) -> Result:
    return CliRunner().invoke(cli, [*arguments, "--kb", str(kb)], prog_name="kzexpert")


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """The small knowledge base with memberships in a table, of which two rows are none."""
    folder = tmp_path / "kb"
    shutil.copytree(SMALL, folder)
    (folder / "facts" / "more.tsv").write_text(
        "who\twhat\nSyldavia\tPact\nNobody\tPact\nGrand Fenwick\tRing\nRuritania\t\n", encoding="utf-8"
    )
    (folder / "facts" / "more.yaml").write_text(
        "tables:\n  - {file: more.tsv, predicate: member, columns: {state: who, bloc: what}, source: almanac}\n",
        encoding="utf-8",
    )
    return folder


# --- values ----------------------------------------------------------------------------------------------------------

ASK = ("ask", "who belongs to the Pact")
#: Every command that runs an engine.
RUNNING = (
    ASK,
    ("why", "alignment(Ruritania, ?power, security)"),
    ("why-not", "member(Syldavia, Pact)"),
    ("what-if", "who leads the Pact", "--without", "leads(Borduria, Pact)"),
    ("linchpins", "who leads the Pact"),
    ("timeline", "member(?state, Pact)"),
    ("matrix", "alignment(Ruritania, ?power, security)"),
    ("conclusions",),
    ("infer", "--format", "csv"),
    ("trace", "export", "who belongs to the Pact"),
    ("test",),
)


@pytest.mark.parametrize("command", RUNNING, ids=lambda command: command[0])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--engine", "duckdb", "--memory", "lots"), "--memory: KZ307 lots is not a size"),
        (("--engine", "duckdb", "--memory", "0GB"), "--memory: KZ307 0GB is not a size"),
        (("--engine", "experta", "--memory", "2GB"), "--memory: KZ308 the experta engine cannot use --memory"),
        (("--budget", "hours=1"), "--budget: KZ307 hours=1 is not a budget"),
        (("--budget", "seconds=0"), "--budget: KZ307 seconds=0 is not a budget"),
        (("--budget", "seconds=1,facts=x"), "--budget: KZ307 facts=x is not a budget"),
        (("--engine", "duckdbb"), "KZ402 there is no engine duckdbb"),
    ],
)
def test_options_that_cannot_be(command: tuple[str, ...], options: tuple[str, ...], said: str) -> None:
    result = run(*command, *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_there_is_one_way_to_an_engine() -> None:
    package = Path(kzexpert.__file__).parent / "cli"
    openers = set()
    for path in package.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "kzexpert.engines":
                openers |= {path.name for name in node.names if name.name in ("engine", "for_engine")}
    assert openers == {"session.py"}


@pytest.mark.parametrize("name", ["experta", pytest.param("duckdb", marks=bulk)])
def test_a_budget_stops_a_run(name: str) -> None:
    result = run("conclusions", "--engine", name, "--budget", "facts=2")
    assert result.exit_code == 1
    assert "used up the budget of 2 conclusions" in result.stderr
    assert "raise the --budget" in " ".join(result.stderr.split())
    enough = run("conclusions", "--engine", name, "--budget", "facts=1_000,seconds=59.5")
    assert (enough.exit_code, enough.stderr) == (0, "")


def test_what_is_not_limited_stays_as_it_was() -> None:
    from kzexpert.engines import Budget

    assert Limits().within(Budget()) == Budget()
    assert Limits(seconds=1.5).within(Budget(facts=7)) == Budget(facts=7, seconds=1.5)


@bulk
def test_memory_reaches_the_database() -> None:
    kb = load_knowledge_base([SMALL])
    inference = engine("duckdb", settings=Settings(memory="123MB")).infer(snapshot(kb))
    database = inference.facts._exporter._store  # type: ignore[attr-defined]
    assert database.rows("SELECT current_setting('memory_limit')") == [("117.3 MiB",)]


# --- bad rows --------------------------------------------------------------------------------------------------------


@bulk
@pytest.mark.parametrize("name", ["experta", "experta-stock", "duckdb", "auto"])
def test_bad_rows_are_set_aside_and_told(tables: Path, tmp_path: Path, name: str) -> None:
    stops = run(*ASK, "--engine", name, kb=tables)
    assert (stops.exit_code, stops.stdout) == (1, "")
    assert stops.stderr.count("KZ125") == 2
    aside = tmp_path / "bad.csv"
    result = run(*ASK, "--engine", name, "--skip-bad-rows", str(aside), kb=tables)
    assert result.exit_code == 0
    assert "Syldavia is a member of Pact" in result.stdout
    assert result.stderr.count("warning KZ125") == 2
    assert f"these rows were left out; they are in {aside}" in result.stderr
    assert len(aside.read_text(encoding="utf-8").splitlines()) == 3


@bulk
def test_bad_rows_are_told_once_however_often_the_engine_runs(tables: Path, tmp_path: Path) -> None:
    options = ("--skip-bad-rows", str(tmp_path / "bad.csv"), "--engine", "duckdb")
    for command in (("timeline", "member(?state, Pact)"), ("what-if", "--all", "--without", "leads(_, _)"), ASK):
        assert run(*command, *options, kb=tables).stderr.count("these rows were left out") == 1


@bulk
@pytest.mark.parametrize("name", ["experta", "duckdb"])
def test_without_bad_rows_the_file_holds_none(tables: Path, tmp_path: Path, name: str) -> None:
    (tables / "facts" / "more.tsv").write_text("who\twhat\nSyldavia\tPact\n", encoding="utf-8")
    aside = tmp_path / "bad.csv"
    aside.write_text("of yesterday", encoding="utf-8")
    result = run(*ASK, "--engine", name, "--skip-bad-rows", str(aside), kb=tables)
    assert (result.exit_code, result.stderr) == (0, "")
    assert aside.read_text(encoding="utf-8").splitlines() == ["file,row,problem,value,cells"]


def test_without_tables_it_says_so(tmp_path: Path) -> None:
    result = run(*ASK, "--skip-bad-rows", str(tmp_path / "bad.csv"))
    assert result.exit_code == 0
    assert "warning KZ308 there are no tables, so --skip-bad-rows has nothing to do" in result.stderr
    assert [*tmp_path.iterdir()] == []


@bulk
@pytest.mark.parametrize("name", ["experta", "duckdb", "auto"])
def test_cases_may_have_tables_of_their_own(tables: Path, tmp_path: Path, name: str) -> None:
    for file in ("more.tsv", "more.yaml"):
        (tables / "facts" / file).rename(tables / "tests" / file)
    (tables / "tests" / "cases" / "own.yaml").write_text(
        "cases:\n  - id: own\n    note: a table of the case\n    use: [../more.yaml]\n"
        "    ask: member(Syldavia, ?bloc)\n    want: ['member(Syldavia, Pact)', 'member(Syldavia, Ring)']\n",
        encoding="utf-8",
    )
    options = ("--engine", name, "--skip-bad-rows", str(tmp_path / "bad.csv"))
    result = run("test", str(tables / "tests" / "cases" / "own.yaml"), *options, kb=tables)
    assert result.exit_code == 0, result.output
    assert result.stdout == "1 passed\n"


# --- auto ------------------------------------------------------------------------------------------------------------


@bulk
def test_auto_goes_by_the_number_of_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    few = run(*ASK, "--engine", "auto", "-v")
    assert "engine experta: 14 facts; it is the faster one up to 2,500" in few.stderr
    assert "engine experta\n" in few.stderr
    monkeypatch.setattr(auto_module, "MOST_FOR_EXPERTA", 13)
    many = run(*ASK, "--engine", "auto", "-v")
    assert "engine duckdb: more than 13 facts" in many.stderr
    assert "engine duckdb\n" in many.stderr
    assert few.stdout == many.stdout
    assert run(*ASK, "--engine", "auto").stderr == ""


@bulk
def test_auto_counts_the_rows_of_tables(tables: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    aside = ("--skip-bad-rows", str(tmp_path / "bad.csv"))
    few = run(*ASK, "--engine", "auto", "-v", *aside, kb=tables)
    assert "engine experta: 18 facts" in few.stderr
    monkeypatch.setattr(auto_module, "MOST_FOR_EXPERTA", 17)
    many = run(*ASK, "--engine", "auto", "-v", *aside, kb=tables)
    assert "engine duckdb: more than 17 facts" in many.stderr
    assert few.stdout == many.stdout
    for command in RUNNING[1:7]:  # also where an engine runs again and again
        results = []
        for most in (17, 1000):
            monkeypatch.setattr(auto_module, "MOST_FOR_EXPERTA", most)
            results.append(run(*command, "--engine", "auto", *aside, kb=tables))
        assert results[0].stdout == results[1].stdout
        assert results[0].exit_code == results[1].exit_code in (0, 3)


@bulk
def test_auto_leaves_a_table_that_cannot_be_read_to_the_engine(tables: Path) -> None:
    (tables / "facts" / "more.tsv").unlink()
    result = run(*ASK, "--engine", "auto", "-v", kb=tables)
    assert result.exit_code == 1
    assert "engine duckdb: not all tables can be counted" in result.stderr
    assert "KZ124" in result.stderr


@pytest.mark.parametrize("missing", ["duckdb", "sqlglot"])
def test_auto_without_the_extra_takes_experta_and_says_so(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hide(missing, monkeypatch)
    monkeypatch.setattr(auto_module, "MOST_FOR_EXPERTA", 3)
    result = run(*ASK, "--engine", "auto", "-v")
    assert result.exit_code == 0
    assert f"engine experta: the duckdb engine needs {missing} (pip install 'kzexpert[bulk]')" in result.stderr


@bulk
def test_auto_says_what_the_chosen_engine_cannot_use(monkeypatch: pytest.MonkeyPatch) -> None:
    both = ("--engine", "auto", "--memory", "1GB", "--spark-conf", "spark.x=1")
    few = run(*ASK, *both)
    assert few.exit_code == 0
    assert "--memory: warning KZ308 the experta engine, which was chosen, does not use --memory" in few.stderr
    monkeypatch.setattr(auto_module, "MOST_FOR_EXPERTA", 3)
    many = run(*ASK, *both)
    assert many.exit_code == 0
    assert "--spark-conf: warning KZ308 the duckdb engine, which was chosen, does not use --spark-conf" in many.stderr
    assert "--memory" not in many.stderr


# --- what engines tell -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["experta", pytest.param("duckdb", marks=bulk)])
def test_an_engine_tells_how_its_run_stands(name: str) -> None:
    heard: list[Report] = []
    program = snapshot(load_knowledge_base([SMALL]))
    engine(name, settings=Settings(listen=heard.append)).infer(program)
    told = [report for report in heard if isinstance(report, Standing)]
    assert told[0].phase == "loading"
    inferring = [*dict.fromkeys(report for report in told if report.phase == "inferring" and report.done is None)]
    assert [report.predicates for report in inferring if not report.round] == [
        stratum.predicates for stratum in program.strata
    ]
    assert [report.component for report in inferring] == [*range(1, len(program.strata) + 1)]
    assert {report.components for report in inferring} == {len(program.strata)}
    assert inferring[-1].rows > 0
    assert inferring[-1].facts > 0


@bulk
def test_rounds_are_told() -> None:
    from short_programs import program_of, rule, written

    kb = written(
        {"n": ["number"], "start": ["number"]},
        {"start": [[0.0]]},
        rule("start", ["start(?x)"], "n(?x)"),
        rule("next", ["n(?x)", "?y = ?x + 1", "?y < 9"], "n(?y)"),
    )
    heard: list[Report] = []
    engine("duckdb", settings=Settings(listen=heard.append)).infer(program_of(kb))
    rounds = [(report.round, report.rows) for report in heard if isinstance(report, Standing) and report.round]
    assert [*dict.fromkeys(rounds)] == [(number + 1, number) for number in range(9)]


@bulk
def test_reports_are_values(tables: Path, tmp_path: Path) -> None:
    heard: list[Report] = []
    settings = Settings(listen=heard.append, skip_bad_rows=str(tmp_path / "bad.csv"))
    kb = load_knowledge_base([tables])
    name = settled("auto", kb, settings).name
    in_memory = for_engine(kb, name, settings)
    assert (name, in_memory.tables) == ("experta", ())
    assert heard[0] == Chosen("experta", "18 facts; it is the faster one up to 2,500")
    heard.clear()
    engine("duckdb", settings=settings).infer(snapshot(kb))
    (skipped,) = (report for report in heard if isinstance(report, Skipped))
    assert [issue.code for issue in skipped.issues] == ["KZ125", "KZ125"]
    assert len({*heard}) > 2


def test_settings_are_checked_in_python_too() -> None:
    with pytest.raises(UsageError, match="KZ307 lots is not a size"):
        engine("duckdb", settings=Settings(memory="lots"))
    with pytest.raises(UsageError, match="KZ308 the experta engine cannot use --memory"):
        engine("experta", settings=Settings(memory="1GB"))


# --- verbose ---------------------------------------------------------------------------------------------------------


@bulk
@pytest.mark.parametrize("command", RUNNING[:3], ids=lambda command: command[0])
def test_verbose_finds_no_firing_that_nobody_asked_for(
    command: tuple[str, ...], large_world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kzexpert.engines.sql.results.firings import Firings

    def never(*_: object) -> None:
        raise AssertionError("all firings were fetched")

    for name in ("__iter__", "__len__", "items", "values"):
        monkeypatch.setattr(Firings, name, never)
    result = run(*command, "--engine", "duckdb", "-v")
    assert result.exit_code in (0, 3)
    assert "facts and conclusions of" in result.stderr
    large = run("ask", "shared(S1, S2, ?o, ?y)", "--engine", "duckdb", "-v", kb=large_world)
    assert large.exit_code == 0


@bulk
def test_conclusions_of_a_pattern_are_looked_up(large_world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kzexpert.engines.sql.results.firings import Firings

    monkeypatch.setattr(Firings, "__iter__", None)
    result = run("conclusions", "shared(S1, S2, ?o, ?y)", "--engine", "duckdb", "--limit", "all", kb=large_world)
    assert result.exit_code == 0
    assert result.stdout.count("shared(S1, S2") > 10
