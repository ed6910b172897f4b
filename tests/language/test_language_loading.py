"""Assembling a knowledge base: where it is found, how layers become one, and that all problems are told in one go."""

import random
from pathlib import Path
from typing import Any

import pytest

from kzexpert.errors import KnowledgeBaseError
from kzexpert.language import find_knowledge_base, load_knowledge_base, packed_knowledge_base, read_knowledge_base
from kzexpert.language.draft import layered
from kzexpert.model import KnowledgeBase

VOCABULARY = "kinds: [state]\npredicates:\n  ally: {args: [a: state, b: state]}\n"


def everything(kb: KnowledgeBase) -> tuple[list[str], ...]:
    """What it holds, whatever the order and the places."""
    return (
        sorted(kb.kinds),
        sorted(predicate.name for predicate in kb.predicates),
        sorted(f"{entity.name} {sorted(entity.aliases)}" for entity in kb.entities),
        sorted(f"{fact.predicate}{sorted(fact.arguments.items())}" for fact in kb.facts),
        sorted(rule.id for rule in kb.rules),
    )


def test_the_nearest_folder_with_rules_and_facts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("kb/rules", "kb/facts", "kb/a/b", "kb/half/rules", "kb/inner/rules", "kb/inner/facts"):
        (tmp_path / folder).mkdir(parents=True)
    kb = tmp_path / "kb"
    assert find_knowledge_base(kb) == str(kb)
    assert find_knowledge_base(kb / "a" / "b") == str(kb)
    assert find_knowledge_base(kb / "half") == str(kb)
    assert find_knowledge_base(kb / "inner") == str(kb / "inner")
    assert find_knowledge_base(tmp_path) in (None, find_knowledge_base(tmp_path.parent))
    monkeypatch.chdir(kb / "a")
    assert find_knowledge_base() == str(kb)


def test_the_packed_knowledge_base_lies_in_the_package() -> None:
    packed = Path(packed_knowledge_base())
    assert (packed.name, packed.parent.name) == ("_kb", "kzexpert")
    assert (packed.parent / "language").is_dir()


def test_all_files_below_rules_and_facts_are_read(write: Any) -> None:
    write("kb/rules/a.yaml", VOCABULARY)
    write("kb/rules/sub/b.yml", "rules: [{id: r, when: [], then: 'ally(A, B)'}]\n")
    write("kb/rules/c.csv", "not read\n")
    write("kb/rules/.d.yaml", "not: read\n")
    write("kb/rules/notes.txt", "not read\n")
    write("kb/facts/e.yaml", "facts: {ally: [{a: A, b: B}]}\n")
    write("kb/facts/deep/ally.csv", "a,b\nC,D\n")
    kb = load_knowledge_base(["kb"])
    assert [predicate.name for predicate in kb.predicates] == ["ally"]
    assert [rule.id for rule in kb.rules] == ["r"]
    assert [dict(fact.arguments) for fact in kb.facts] == [{"a": "A", "b": "B"}, {"a": "C", "b": "D"}]
    names = ["kb/rules/a.yaml", "kb/rules/sub/b.yml", "kb/facts/e.yaml", "kb/facts/deep/ally.csv"]
    assert list(kb.texts) == list(kb.digests) == names
    assert kb.texts["kb/rules/a.yaml"] == VOCABULARY
    assert all(len(digest) == 64 for digest in kb.digests.values())


def test_any_file_may_hold_any_section(write: Any) -> None:
    all_in_one = (
        VOCABULARY + "entities: {A: {kind: state}}\nsources: {s: {}}\nsource: s\nfacts: {ally: [{a: A, b: A}]}\n"
    )
    kb = load_knowledge_base(
        [], rules=[write("one.yaml", all_in_one + "rules: [{id: r, when: [], then: 'ally(A, A)'}]\n")]
    )
    assert everything(kb) == (["state"], ["ally"], ["A []"], ["ally[('a', 'A'), ('b', 'A')]"], ["r"])
    assert [source.id for source in kb.sources] == ["s"]


def test_layers_and_single_files_are_taken_together(write: Any) -> None:
    write("base/rules/v.yaml", VOCABULARY)
    write("base/facts/f.yaml", "entities: {A: {kind: state, aliases: [a1, a2]}}\n")
    write("more/facts/f.yaml", VOCABULARY + "entities: {A: {kind: state, aliases: [a2, a3]}, B: {kind: state}}\n")
    rules = write("r.yaml", "rules: [{id: r, when: [], then: 'ally(A, B)'}]\n")
    facts = write("ally.csv", "a,b\nA,B\n")
    kb = load_knowledge_base(["base", "more"], [rules], [facts])
    assert [predicate.location.file for predicate in kb.predicates] == ["base/rules/v.yaml"]
    a, b = kb.entities
    assert (a.name, a.aliases, b.name) == ("A", ("a1", "a2", "a3"), "B")
    assert str(a.marks["aliases.2"]) == "more/facts/f.yaml:4:43"
    assert (len(kb.rules), len(kb.facts)) == (1, 1)


def test_the_last_of_several_entries_prevails_in_each_form(write: Any) -> None:
    write("base/facts/f.yaml", VOCABULARY + "entities: {A: {kind: state, in_text: the A, plural: true}}\n")
    write("more/facts/f.yaml", "entities: {A: {kind: state, in_text: the far A, adjective: Anian}}\n")
    (a,) = load_knowledge_base(["base", "more"]).entities
    assert (a.in_text, a.adjective, a.possessive, a.plural) == ("the far A", "Anian", "", True)


def test_what_differs_between_layers_stays_for_the_checks(write: Any) -> None:
    files = [
        write("a.yaml", "kinds: [state, bloc]\npredicates: {p: {args: [a: state]}}\nentities: {A: {kind: state}}\n"
              "sources: {s: {title: x}, t: {}}\nrules: [{id: r, when: [], then: 'p(A)'}]\n"),
        write("b.yaml", "kinds: [bloc]\npredicates: {p: {args: [a: bloc]}}\nentities: {A: {kind: bloc}}\n"
              "sources: {s: {title: y}, t: {}}\nrules: [{id: r, when: [], then: 'p(A)'}]\n"),
    ]  # fmt: skip
    kb = load_knowledge_base([], files)
    assert kb.kinds == ("state", "bloc")
    assert [len(items) for items in (kb.predicates, kb.entities, kb.sources, kb.rules)] == [2, 2, 3, 2]


def test_a_file_given_twice_is_read_once(write: Any, tmp_path: Path) -> None:
    write("kb/rules/v.yaml", VOCABULARY)
    file = write("kb/facts/f.yaml", "facts: {ally: [{a: A, b: B}]}\n")
    (tmp_path / "link.yaml").symlink_to(file)
    kb = load_knowledge_base(["kb", "./kb", tmp_path / "kb"], [file, "link.yaml"], [tmp_path / file])
    assert len(kb.facts) == 1


def test_the_order_and_the_names_of_files_decide_nothing(write: Any) -> None:
    parts = [
        VOCABULARY,
        "entities: {A: {kind: state, aliases: [x]}, B: {kind: state}}\n",
        "entities: {A: {kind: state, aliases: [y]}}\nfacts: {ally: [{a: 12, b: B}, {a: A, b: A}]}\n",
        "facts: {ally: [{a: B, b: 7}]}\n",
        "rules: [{id: r, when: [], then: 'ally(A, B)'}]\n",
    ]
    seen = []
    for seed in range(6):
        shuffled = random.Random(seed).sample(parts, len(parts))
        files = [write(f"{seed}/{index}.yaml", part) for index, part in enumerate(shuffled)]
        seen.append(everything(load_knowledge_base([], files)))
    assert all(item == seen[0] for item in seen)


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ("nowhere", "there is no folder nowhere"),
        ("file.yaml", "file.yaml is a file"),
        ("empty", "empty has neither rules/ nor facts/"),
        ("hollow", "hollow holds no rules and no facts"),
    ],
)
def test_what_is_no_knowledge_base(layer: str, words: str, write: Any, tmp_path: Path) -> None:
    write("file.yaml", VOCABULARY)
    write("empty/README", "")
    write("hollow/rules/notes.txt", "")
    with pytest.raises(KnowledgeBaseError) as caught:
        load_knowledge_base([layer])
    (issue,) = caught.value.issues
    assert (issue.code, str(issue.location)) == ("KZ115", layer)
    assert words in issue.message
    assert issue.hint


def test_all_problems_of_all_files_are_told_in_one_go(write: Any, brief: Any, tmp_path: Path) -> None:
    write("kb/rules/a-tab.yaml", "rules:\n\t- id: x\n")
    write("kb/rules/b-tag.yaml", "rules: !!python/object/apply:os.system [ls]\n")
    write("kb/rules/c-rule.yaml", VOCABULARY + "rules:\n  - {id: r, when: ['p(?x'], then: 'q(', certainty: 1.5}\n")
    write("kb/rules/d-binary.yaml", b"\x00\x01\x02")
    write("kb/rules/e-empty.yaml", b"")
    write("kb/rules/f-duplicate.yaml", "kinds: [a]\nkinds: [b]\n")
    (tmp_path / "kb/rules/g-large.yaml").write_bytes(b"")
    with (tmp_path / "kb/rules/g-large.yaml").open("wb") as stream:
        stream.truncate(50_000_000)
    write(
        "kb/facts/a-dates.yaml",
        "facts:\n  ally:\n    - {a: NO, b: B, since: 2011-02-30}\n    - {a: A, since: 2, b: C}\n",
    )
    write("kb/facts/b-interval.yaml", "facts: {ally: [{a: A, b: B, since: 2011, until: 2010}]}\n")
    write("kb/facts/ally.csv", "a,b\nA\n")
    (tmp_path / "kb/facts/dangling.yaml").symlink_to("nowhere")
    with pytest.raises(KnowledgeBaseError) as caught:
        load_knowledge_base(["kb"], ["kb"], ["missing.yaml"])
    assert brief(caught.value.issues) == [
        "kb KZ101",
        "kb/facts/a-dates.yaml:3:28 KZ112",
        "kb/facts/a-dates.yaml:4:21 KZ112",
        "kb/facts/ally.csv:2 KZ114",
        "kb/facts/b-interval.yaml:1:49 KZ113",
        "kb/facts/dangling.yaml KZ101",
        "kb/rules/a-tab.yaml:2:1 KZ105",
        "kb/rules/b-tag.yaml:1:8 KZ107",
        "kb/rules/c-rule.yaml:5:25 KZ201",
        "kb/rules/c-rule.yaml:5:38 KZ201",
        "kb/rules/c-rule.yaml:5:52 KZ111",
        "kb/rules/d-binary.yaml:1:1 KZ102",
        "kb/rules/e-empty.yaml KZ104",
        "kb/rules/f-duplicate.yaml:2:1 KZ106",
        "kb/rules/g-large.yaml KZ103",
        "missing.yaml KZ101",
    ]
    assert all(issue.hint for issue in caught.value.issues)
    assert caught.value.texts["kb/rules/a-tab.yaml"] == "rules:\n\t- id: x\n"


def test_what_could_be_read_is_there_beside_the_issues(write: Any) -> None:
    write("kb/rules/v.yaml", VOCABULARY + "rules: [{id: r, when: ['p('], then: q()}, {id: s, when: [], then: q()}]\n")
    loaded = read_knowledge_base(["kb"])
    assert [issue.code for issue in loaded.issues] == ["KZ201"]
    assert [rule.id for rule in loaded.kb.rules] == ["s"]


def test_layering_two_knowledge_bases(write: Any) -> None:
    base = load_knowledge_base([], [write("a.yaml", VOCABULARY + "facts: {ally: [{a: A, b: B}]}\n")])
    top = load_knowledge_base([], [write("b.yaml", "kinds: [state, bloc]\nfacts: {ally: [{a: C, b: D}]}\n")])
    both = layered(base, top)
    assert [fact.arguments["a"] for fact in both.facts] == ["A", "C"]
    assert both.kinds == ("state", "bloc")
    assert set(both.texts) == set(both.digests) == {"a.yaml", "b.yaml"}
    assert [fact.arguments["a"] for fact in layered(base, top, replaces_facts=True).facts] == ["C"]
    assert layered(base, KnowledgeBase()).facts == base.facts


def test_csv_files_of_tables_are_no_facts_of_their_own(write: Any) -> None:
    tables = "tables:\n  - {file: ties.csv, predicate: ally, columns: {a: x, b: y}, map: {a: codes.csv}}\n"
    tables += "  - {file: parts, predicate: ally, columns: {a: x, b: y}}\n"
    write("rules/v.yaml", VOCABULARY)
    write("facts/t.yaml", tables)
    for name in ("ties", "parts/one"):
        write(f"facts/{name}.csv", "x,y\nR,B\n")
    write("facts/codes.csv", "code,name\nR,Ruritania\n")
    kb = load_knowledge_base([write("facts/ally.csv", "a,b\nR,B\n").parents[1]])
    assert [len(part) for part in (kb.tables, kb.facts)] == [2, 1]
