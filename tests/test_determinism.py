"""Same input, same bytes: whatever the hash seed, the names of files and the order of facts."""

import random
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import processes
import pytest
import yaml

QUESTIONS = (
    ("ask", "alignment(?state, ?power, ?sphere)", "--format", "json"),
    ("conclusions", "--all"),
    ("why", "alignment(?state, ?power, security)"),
)


def output(kb: Path, *arguments: str, seed: int = 0) -> str:
    came = processes.run(*arguments, "--kb", ".", cwd=kb, PYTHONHASHSEED=str(seed))
    assert came.returncode == 0
    return came.stdout


@pytest.fixture
def copy(checkout: Path, tmp_path: Path) -> Path:
    for part in ("rules", "facts"):
        shutil.copytree(checkout / part, tmp_path / part)
    return tmp_path


@pytest.mark.parametrize("arguments", QUESTIONS, ids=lambda arguments: arguments[0])
def test_hash_seeds_change_nothing(checkout: Path, arguments: tuple[str, ...]) -> None:
    with ThreadPoolExecutor(2) as pool:
        outputs = set(pool.map(lambda seed: output(checkout, *arguments, seed=seed), range(10)))
    assert len(outputs) == 1
    assert outputs.pop()


@pytest.mark.parametrize(
    "arguments",
    [
        ("ask", "which powers of which spheres are the states that share members with blocs aligned to or against"),
        ("ask", "alignmnt(Kazakstan, ?power, securty)"),
        ("vocabulary", "stat"),
    ],
)
def test_hash_seeds_change_no_suggestion(checkout: Path, arguments: tuple[str, ...]) -> None:
    with ThreadPoolExecutor(2) as pool:
        seeds = map(str, range(4))
        came = pool.map(lambda seed: processes.run(*arguments, "--kb", ".", cwd=checkout, PYTHONHASHSEED=seed), seeds)
        told = {(one.returncode, one.stdout, one.stderr) for one in came}
    ((code, _, suggestion),) = told
    assert code == 2
    assert "hint:" in suggestion


def test_names_of_rule_files_change_nothing(copy: Path) -> None:
    before = [output(copy, *arguments) for arguments in QUESTIONS[:2]]
    for number, path in enumerate(sorted((copy / "rules").iterdir(), reverse=True)):
        path.rename(path.with_name(f"{number}.yaml"))
    assert [output(copy, *arguments) for arguments in QUESTIONS[:2]] == before


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_facts_changes_nothing(copy: Path, seed: int) -> None:
    before = [output(copy, *arguments) for arguments in QUESTIONS[:2]]
    shuffle = random.Random(seed)
    for path in (copy / "facts").glob("*.yaml"):
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        facts = document.get("facts", {})
        for rows in facts.values():
            shuffle.shuffle(rows)
        if facts:
            document["facts"] = dict(shuffle.sample(list(facts.items()), len(facts)))
            _as_typed(document)
            path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")
    assert [output(copy, *arguments) for arguments in QUESTIONS[:2]] == before


def _as_typed(document: dict[str, object]) -> None:
    """Numbers were read as text; write them so that they are read as they were. A year stays a year."""

    def convert(key: str, value: object) -> object:
        if isinstance(value, dict):
            return {name: convert(name, item) for name, item in value.items()}
        if isinstance(value, list):
            return [convert(key, item) for item in value]
        assert isinstance(value, str)
        number = value.replace(".", "", 1).isdigit() and key not in ("since", "until", "on", "at")
        return float(value) if number else value

    for key in ("facts", "certainty"):
        if key in document:
            document[key] = convert(key, document[key])


MOVES = """\
predicates:
  recorded: {args: [from: number, to: number]}
  moved: {args: [from: number, to: number]}
rules:
  - {id: moves, when: ["recorded(?a, ?b)"], then: "moved(?a, ?b)"}
"""


@pytest.fixture
def moves(tmp_path: Path) -> tuple[Path, Path]:
    """Two bases; the one move of the second could stand for either of two of the first."""
    bases = tmp_path / "old", tmp_path / "new"
    for base, rows in zip(bases, ("{from: 1, to: 2}, {from: 3, to: 4}", "{from: 1, to: 4}"), strict=True):
        for folder, text in (("rules", MOVES), ("facts", f"facts: {{recorded: [{rows}]}}\n")):
            (base / folder).mkdir(parents=True)
            (base / folder / "moves.yaml").write_text(text, encoding="utf-8")
    return bases


def test_hash_seeds_pair_no_statements(moves: tuple[Path, Path]) -> None:
    came = [output(moves[0], "what-if", "--all", "--against", "../new", seed=seed) for seed in range(1, 5)]
    assert len(set(came)) == 1
    assert "→ none  moved(1, 2)" in came[0]
    assert "none → 1.00  moved(1, 4)" in came[0]


def test_engines_pair_no_statements(moves: tuple[Path, Path]) -> None:
    came = [output(moves[1], "diff", "../old", "--engine", engine) for engine in ("experta", "duckdb")]
    assert came[0] == came[1]
    assert "1 gained, 2 lost" in came[0]
