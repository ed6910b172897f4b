"""Registers: tables whose rows are entities, and what is said of rows that are none."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from kzexpert.checks import check
from kzexpert.cli.group import cli
from kzexpert.errors import Issue
from kzexpert.language import load_knowledge_base, read_knowledge_base
from kzexpert.language.digest import base_digest
from kzexpert.language.nearest import nearest
from kzexpert.model import Entity, KnowledgeBase
from kzexpert.questions.templates import EntityNames, words

VOCABULARY = """
kinds: [company, state]
predicates:
  owns: {args: [owner: company, owned: company], says: "{owner} owns {owned}", asks: ["who owns {owned}"]}
sources: {gazette: {title: The Gazette, date: 2011-01-01}}
"""
REGISTER = """lei,title,isin,status
L1,Zenda Mills,I1,active
L2,Strelsau Steel,,active
L3,Old Tram Co.,I3,gone
"""
DECLARED = (
    "entities: [{file: ../register.csv, kind: company, name: title, aliases: [lei, isin], where: {status: active}}]\n"
)

Base = Callable[..., Path]


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Base:
    """Makes a base of files by name, with the vocabulary and the register unless others are given."""
    monkeypatch.chdir(tmp_path)

    def base(**facts: str) -> Path:
        files = {"vocabulary.yaml": VOCABULARY, "register.csv": REGISTER, "register.yaml": DECLARED}
        files.update({name.replace("_", "."): text for name, text in facts.items()})
        folder = tmp_path / "kb" / "facts"
        folder.mkdir(parents=True)
        for name, text in files.items():
            (folder.parent if name == "register.csv" else folder).joinpath(name).write_text(text, encoding="utf-8")
        return Path("kb")

    return base


def told(folder: Path) -> list[Issue]:
    """All that is wrong with a base."""
    loaded = read_knowledge_base([folder])
    return [*loaded.issues, *check(loaded.kb)]


def shown(issues: list[Issue]) -> list[str]:
    return [f"{issue.location} {issue.code} {issue.message}" for issue in issues if issue.code != "KZ214"]


# --- what a register gives -------------------------------------------------------------------------------------------


def test_rows_are_entities(base: Base) -> None:
    kb = load_knowledge_base([base()])
    assert [(item.name, item.kind, item.aliases, str(item.location)) for item in kb.entities] == [
        ("Zenda Mills", "company", ("L1", "I1"), "kb/register.csv row 1"),
        ("Strelsau Steel", "company", ("L2",), "kb/register.csv row 2"),
    ]


def test_a_register_among_the_facts_is_no_table_of_its_own(base: Base) -> None:
    folder = base(register_yaml=DECLARED.replace("../register", "names"), names_csv=REGISTER)
    kb = load_knowledge_base([folder])
    assert (len(kb.entities), kb.facts) == (2, ())
    assert kb.layers[0].files.count("kb/facts/names.csv") == 1


def test_aliases_stand_for_the_name_wherever_names_do(base: Base) -> None:
    folder = base(owns_csv="owner,owned,source\nL1,Strelsau Steel,gazette\n")

    def out(*arguments: str) -> str:
        result = CliRunner().invoke(cli, [*arguments, "--kb", str(folder)], env={"KZEXPERT_CACHE": ""})
        return f"{result.exit_code} {result.output}"

    assert out("ask", "owns(I1, ?x)").startswith("0 Zenda Mills owns Strelsau Steel")
    assert out("ask", "who owns L2?").startswith("0 Zenda Mills owns Strelsau Steel")
    assert out("ask", "owns(L2, ?x)", "--assume", "owns(L2, I1)").startswith("0 Strelsau Steel owns Zenda Mills")
    assert "did you mean Zenda Mills?" in out("ask", 'owns("Zenda Mill", ?x)').replace("\n", " ")
    assert "Strelsau Steel" in out("vocabulary", "company")


def test_tables_read_the_same_names(base: Base) -> None:
    pytest.importorskip("duckdb")
    declared = "{file: shares.csv, predicate: owns, columns: {owner: who, owned: whom}, source: gazette}"
    folder = base(
        shares_csv="who,whom\nI1,L2\n",
        shares_yaml=f"tables: [{declared}]\n",
    )
    for engine in ("experta", "duckdb"):
        arguments = ["ask", "who owns L2?", "--kb", str(folder), "--engine", engine]
        assert CliRunner().invoke(cli, arguments).output.startswith("Zenda Mills owns Strelsau Steel")


def test_by_hand_and_in_a_register_is_one_entity(base: Base) -> None:
    kb = load_knowledge_base([base(hand_yaml="entities: {Zenda Mills: {kind: company, aliases: [The Mills]}}\n")])
    assert [item.name for item in kb.entities] == ["Zenda Mills", "Strelsau Steel"]
    assert sorted(kb.entities[0].aliases) == ["I1", "L1", "The Mills"]
    assert [issue.code for issue in check(kb)] == ["KZ214"]


def test_rows_that_share_an_alias_are_one_entity(base: Base) -> None:
    rows = "lei,title,isin,status\nL1,Zenda Mills,I1,active\nL1,Zenda Mills,I2,active\n"
    (entity,) = load_knowledge_base([base(register_csv=rows)]).entities
    assert entity.aliases == ("L1", "I1", "I2")


def test_names_are_compared_in_one_form(base: Base) -> None:
    kb = load_knowledge_base([base(register_csv="lei,title,isin,status\n L1 , Cafe\u0301 ,L1,active\n")])
    assert [(item.name, item.aliases) for item in kb.entities] == [("Caf\u00e9", ("L1",))]


FTM = """{"id": "Q1", "schema": "Company", "caption": "Zenda Mills", "properties": {"alias": ["Mills", "ZM"]}}
{"id": "Q2", "schema": "Ownership", "caption": "", "properties": {}}
{"id": "Q3", "schema": "Person", "caption": "R. Rassendyll", "properties": {}}
"""


def test_records_of_follow_the_money(base: Base) -> None:
    declared = (
        "entities:\n- {file: ../../people.ftm.json, kind: company, name: caption, aliases: [id, properties.alias],"
        " where: {schema: [Company, Person]}}\n"
    )
    Path("people.ftm.json").write_text(FTM, encoding="utf-8")
    kb = load_knowledge_base([base(register_yaml=declared)])
    assert [(item.name, item.aliases, str(item.location)) for item in kb.entities] == [
        ("Zenda Mills", ("Q1", "Mills", "ZM"), "people.ftm.json row 1"),
        ("R. Rassendyll", ("Q3",), "people.ftm.json row 3"),
    ]


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("{since: {'>=': 1990}}", ["B", "C"]),
        ("{since: {'>': 1990}}", ["C"]),
        ("{since: {not: ''}, town: {not: [Klow]}}", ["A", "C"]),
        ("{since: ''}", ["D"]),
    ],
)
def test_options_of_tables_are_those_of_registers(base: Base, where: str, names: list[str]) -> None:
    rows = "A register\nA;1980-01-01;Zenda\nB;1990;Klow\nC;1991-02;-\nD;-;Klow\n"
    shape = "delimiter: ';', skip: 1, header: [title, since, town], 'null': '-', encoding: cp1252"
    declared = f"entities: [{{file: ../register.csv, kind: company, name: title, {shape}, where: {where}}}]\n"
    kb = load_knowledge_base([base(register_csv=rows, register_yaml=declared)])
    assert [item.name for item in kb.entities] == names


def test_cells_that_hold_several_aliases(base: Base) -> None:
    rows = "title,codes\nZenda Mills,L1; I1\nStrelsau Steel,\n"
    declared = DECLARED.replace("[lei, isin], where: {status: active}", "codes, split: {codes: ;}")
    kb = load_knowledge_base([base(register_csv=rows, register_yaml=declared)])
    assert [(item.name, item.aliases) for item in kb.entities] == [
        ("Zenda Mills", ("L1", "I1")),
        ("Strelsau Steel", ()),
    ]


# --- what is wrong with one ------------------------------------------------------------------------------------------

WRONG = {
    "no such file": ({"register_yaml": DECLARED.replace("register.csv", "registr.csv")}, ["KZ124"], "cannot be read"),
    "a file of another kind": (
        {"register_yaml": DECLARED.replace("csv", "txt.pdf")},
        ["KZ124"],
        "cannot be a register",
    ),
    "no such column": ({"register_yaml": DECLARED.replace("isin", "isn")}, ["KZ124"], "has no column isn"),
    "an unknown kind": ({"register_yaml": DECLARED.replace("company", "compny")}, ["KZ118"], "unknown kind compny"),
    "nothing chosen": ({"register_yaml": DECLARED.replace("active", "alive")}, ["KZ126"], "chosen by where"),
    "an unknown key": ({"register_yaml": DECLARED.replace("aliases:", "alias:")}, ["KZ108"], "'alias'"),
    "no name": ({"register_csv": f"{REGISTER}L4,,I4,active\n"}, ["KZ125"], "1 row of ../register.csv: title is empty"),
    "a name twice": (
        {"register_csv": f"{REGISTER}L4,Zenda Mills,,active\n"},
        ["KZ119"],
        "Zenda Mills is a company here and a different one elsewhere",
    ),
    "an alias of two": (
        {"register_csv": f"{REGISTER}L1,Zenda Mines,,active\n"},
        ["KZ119"],
        "L1 is an alias of Zenda Mines here, but an alias of Zenda Mills elsewhere",
    ),
    "a name by hand of another kind": (
        {"hand_yaml": "entities: {Zenda Mills: {kind: state}}\n"},
        ["KZ119"],
        "Zenda Mills is a company here, but a state elsewhere",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_told_once(case: str, base: Base) -> None:
    files, codes, says = WRONG[case]
    issues = [issue for issue in told(base(**files)) if issue.code != "KZ214"]
    assert [issue.code for issue in issues] == codes
    assert says in issues[0].message
    assert issues[0].location is not None


def test_both_places_are_named(base: Base) -> None:
    issues = told(base(register_csv=f"{REGISTER}L4,Zenda Mills,,active\n"))
    (issue,) = (issue for issue in issues if issue.code == "KZ119")
    assert str(issue.location) == "kb/register.csv row 4"
    assert [str(place) for place, _ in issue.related] == ["kb/register.csv row 1"]


def test_many_mistakes_are_counted(base: Base) -> None:
    rows = "".join(f"A{number},Twin {number % 50},,active\n" for number in range(100))
    issues = [item for item in told(base(register_csv=f"lei,title,isin,status\n{rows}")) if item.code == "KZ119"]
    assert len(issues) == 21
    assert issues[-1].message == "30 more names with two meanings from this row on"
    assert str(issues[-1].location) == "kb/register.csv row 71"


def test_an_unreadable_register_makes_no_name_unknown(base: Base) -> None:
    folder = base(
        owns_csv="owner,owned,source\nL1,Strelsau Steel,gazette\n",
        register_yaml=DECLARED.replace("register.csv", "nowhere.csv"),
    )
    result = CliRunner().invoke(cli, ["check", "--kb", str(folder)])
    assert result.exit_code == 1
    assert "KZ124" in result.output
    assert "KZ204" not in result.output


# --- files -----------------------------------------------------------------------------------------------------------


def test_a_register_belongs_to_the_base(base: Base) -> None:
    folder = base()
    before = load_knowledge_base([folder])
    assert str(folder / "register.csv") in before.files
    digest = base_digest(before, before.layers[0])
    (folder / "register.csv").write_text(REGISTER.replace("L1", "L9"), encoding="utf-8")
    after = load_knowledge_base([folder])
    assert base_digest(after, after.layers[0]) != digest


# --- many ------------------------------------------------------------------------------------------------------------

ODD = [
    "U.S. Steel",
    "The Zenda Mills",
    "A",
    "A. P. Moller",
    "An-Nahar",
    "Lloyd's of Strelsau",
    "O’Neil & Co.",
    "Don't Panic",
    "Cannot Ltd",
    '"Tram" Co.',
    "«Tram» of Klow",
    "3M",
    "5.5 Fund",
    "-5 Club",
    "2011-01-01 Club",
    "Zenda\nMills",
    "Straße Bau",
    "Lloyds",
]


@pytest.mark.parametrize("name", ODD)
def test_a_question_finds_each_name_among_others(name: str) -> None:
    kb = KnowledgeBase(entities=tuple(Entity(other, "company") for other in ODD))
    assert ("company", name) in EntityNames(kb, f"who owns {name} today").meanings(words(name) or words(name, True))


def test_near_names_among_many() -> None:
    known = [
        f"{first} {second} {number}"
        for first in ("Zenda", "Klow")
        for second in ("Mills", "Trams")
        for number in range(1000)
    ]
    assert nearest("Zenda Mils 17", known)[0] == "Zenda Mills 17"
    assert nearest("Zanda Mills 17", known)[0] == "Zenda Mills 17"
    assert nearest("Klow Trams 917x", known)[0] == "Klow Trams 917"
    assert nearest("Qqq", known) == []
