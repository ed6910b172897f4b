"""``kzexpert lsp`` as an editor sees it: a real process, over standard input and output, and a base in a folder."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from language_clients import Editor, applied, at
from lsprotocol import types as lsp
from processes import environment, run
from pygls.exceptions import JsonRpcException

RULES, VOCABULARY, FACTS = "rules/alignment.yaml", "rules/vocabulary.yaml", "facts/world.yaml"
CASES = "tests/cases/basic.yaml"


@pytest.fixture(scope="module")
def editor(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    """An editor in a copy of the small base; each test leaves the texts as they are on disk."""
    root = shutil.copytree(checkout / "tests" / "kb_small", tmp_path_factory.mktemp("editor") / "base")
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    editor = Editor(root)
    for name in (RULES, VOCABULARY, FACTS, CASES):
        editor.show(name)
    yield editor
    assert editor.close() == 0
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before  # it writes nothing


@pytest.fixture
def rules(editor: Editor) -> Iterator[str]:
    """The text of the rules; afterwards every file says again what is on disk."""
    yield (editor.root / RULES).read_text(encoding="utf-8")
    editor.restore()


RULE = """
  - id: mine
    when:
      - member(?who, ?union)
      - {}
    then: hedges(?who)
    source: almanac
"""

# --- completion ------------------------------------------------------------------------------------------------------


def test_a_predicate_is_completed_with_a_variable_for_each_argument(editor: Editor, rules: str) -> None:
    found = editor.completions(RULES, rules + RULE.format("memb|"))
    assert found == {"member": rules + RULE.format("member(${1:?state}, ${2:?bloc})")}


@pytest.mark.parametrize(
    ("written", "label", "becomes"),
    [
        ("not lea|", "leads", "not leads(${1:?power}, ${2:?bloc})"),
        ("leads(|", "?who", "leads(?who"),
        ("leads(?power, |", "?union", "leads(?power, ?union"),
        ("leads(?power, Pa|", "Pact", "leads(?power, Pact"),
        ('leads("Grand F|', "Grand Fenwick", 'leads("Grand Fenwick"'),
        ("leads(Szoh|", "Borduria", "leads(Borduria"),  # by an alias
        ("leads(power=?who, bl|", "bloc=", "leads(power=?who, bloc="),
        ("?un|", "?union", "?union"),
        ("?n = cou|", "count", "?n = count(${1:?x} for ${2:atom})"),
        ("?n = count(?x for mem|", "member", "?n = count(?x for member(${1:?state}, ${2:?bloc})"),
        ("exercise(?who, _, _) wi|", "within 1 year", "exercise(?who, _, _) within 1 year"),
        ("eit|", "either:", "either:"),
    ],
)
def test_words_of_a_condition(editor: Editor, rules: str, written: str, label: str, becomes: str) -> None:
    assert editor.completions(RULES, rules + RULE.format(written))[label] == rules + RULE.format(becomes)


def test_only_entities_of_the_right_kind(editor: Editor, rules: str) -> None:
    found = editor.completions(RULES, rules + RULE.format("leads(_, |"))
    assert {"Pact", "Ring"} <= {*found}
    assert "Borduria" not in found


@pytest.mark.parametrize(
    ("file", "marked", "label", "line"),
    [
        (RULES, "rules:\n  - id: x\n    source: |\n", "almanac", "    source: almanac"),
        (RULES, "rules:\n  - id: x\n    source: {id: gaz|\n", "gazette", "    source: {id: gazette"),
        (RULES, "rules:\n  - id: x\n    wh|\n", "when", "    when: "),
        (RULES, 'rules:\n  - when:\n      - leads(?p, ?b)\n    because: "{|', "b", '    because: "{b'),
        (RULES, "rules:\n  - then: hed|", "hedges", "  - then: hedges(${1:?state})"),
        (VOCABULARY, "predicates:\n  p:\n    args: [x: st|", "state", "    args: [x: state"),
        (VOCABULARY, "predicates:\n  p:\n    holds: in|", "interval", "    holds: interval"),
        (VOCABULARY, 'predicates:\n  leads:\n    says: "{po|', "power", '    says: "{power'),
        (FACTS, "facts:\n  mem|", "member", "  member:"),
        (FACTS, "facts:\n  member:\n    - {st|", "state", "    - {state: "),
        (FACTS, "facts:\n  member:\n    - {state: Grand|", "Grand Fenwick", "    - {state: Grand Fenwick"),
        (FACTS, "facts:\n  member:\n    - {state: X,\n       sin|", "since", "       since: "),
        (FACTS, "entities:\n  X: {kind: bl|", "bloc", "  X: {kind: bloc"),
        (FACTS, "sources:\n  x:\n    reli|", "reliability", "    reliability: "),
        (CASES, "cases:\n  - id: x\n    ask: hed|", "hedges", "    ask: hedges(${1:?state})"),
        (CASES, "cases:\n  - id: x\n    ask: who is Rur|\n", "Ruritania", "    ask: who is Ruritania"),
        (FACTS, "tables:\n  - predicate: mem|\n", "member", "  - predicate: member"),
        (CASES, "cases:\n  - id: x\n    want_error: KZ2|", "KZ202", "    want_error: KZ202"),
        (CASES, "cases:\n  - id: x\n    want:\n      - leads(Bor|", "Borduria", "      - leads(Borduria"),
        ("kzexpert.yaml", "uses: [wor|", "world", "uses: [world"),
    ],
)
def test_keys_and_values(editor: Editor, rules: str, file: str, marked: str, label: str, line: str) -> None:
    assert line in editor.completions(file, marked)[label].splitlines()


def test_a_key_that_stands_there_is_not_proposed_again(editor: Editor, rules: str) -> None:
    found = editor.completions(RULES, "rules:\n  - id: x\n    |\n    then: hedges(?who)\n    source: almanac\n")
    assert {"when", "because"} <= {*found}
    assert not {"id", "then", "source"} & {*found}
    assert "rules" not in editor.completions(RULES, f"{rules}\n|\nsource: almanac\n")


# --- what is wrong ---------------------------------------------------------------------------------------------------


def test_what_is_wrong_is_told_while_it_is_typed(editor: Editor, rules: str) -> None:
    (told,) = editor.issues(RULES, rules.replace("member(?state, ?other)", "membr(?state, ?other)"))
    assert (told.code, told.severity) == ("KZ202", lsp.DiagnosticSeverity.Error)
    assert told.message == "there is no predicate membr\ndid you mean member?"
    assert told.code_description and told.code_description.href.endswith("errors.md#kz202-an-unknown-predicate")
    assert editor.issues(RULES, rules) == []


def test_what_one_file_says_is_wrong_in_others(editor: Editor, rules: str) -> None:
    vocabulary = editor.texts[VOCABULARY]
    editor.show(
        VOCABULARY, vocabulary.replace("  hedges:\n    args: [state: state]", "  hedges:\n    args: [bloc: bloc]")
    )
    assert editor.comes_to(RULES, "KZ205")


def test_a_quick_fix_writes_what_was_meant(editor: Editor, rules: str) -> None:
    for wrong, right in (("membr(", "member("), ("gazete", "gazette"), ("becuse:", "because:")):
        text = rules.replace("source: almanac", "source: gazette").replace(right, wrong, 1)
        told = next(told for told in editor.issues(RULES, text) if "did you mean" in told.message)
        actions = editor.ask(
            lsp.TEXT_DOCUMENT_CODE_ACTION,
            lsp.CodeActionParams(editor.document(RULES), told.range, lsp.CodeActionContext([told])),
        )
        (edits,) = [action.edit.changes[editor.uri(RULES)] for action in actions if action.is_preferred]
        assert applied(text, edits) == text.replace(wrong, right, 1)


def test_columns_are_counted_as_editors_count_them(editor: Editor, rules: str) -> None:
    """In UTF-16, where a character beyond the first plane is two."""
    text = rules + RULE.format('?who != "𝄞𝄞" \n      - membr(?who, "𝄞", ?x)')
    told = next(told for told in editor.issues(RULES, text) if told.code == "KZ202")
    marked = text.replace("membr(", "|membr(")
    assert told.range.start == at(marked)[1]
    found = editor.completions(RULES, rules + RULE.format('?who != "𝄞𝄞"\n      - reaches("𝄞", Szoh|'))
    assert 'reaches("𝄞", Borduria' in found["Borduria"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "\x00", "rules: [", "a: &a [*a]", "\ufeffrules:", "- - -\n\t- x", "[" * 2000, "x" * 100_000),
        *("rules: !!python/object:os.system {}", "rules:\r\n  - id: \u2028\r\n", "rules: \ufffd\U0010ffff"),
    ],
)
def test_no_text_ends_the_server(editor: Editor, rules: str, text: str) -> None:
    for name in (RULES, FACTS, CASES, "kzexpert.yaml"):
        editor.show(name, text)
        editor.ask(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL, lsp.DocumentSymbolParams(editor.document(name)))
        place = {"text_document": editor.document(name), "position": lsp.Position(0, len(text))}
        for method, params in (
            (lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionParams(**place)),
            (lsp.TEXT_DOCUMENT_HOVER, lsp.HoverParams(**place)),
            (lsp.TEXT_DOCUMENT_DEFINITION, lsp.DefinitionParams(**place)),
        ):
            editor.ask(method, params)
    editor.restore()
    assert editor.issues(RULES, rules) == []


def test_names_stay_known_while_their_file_cannot_be_read(editor: Editor, rules: str) -> None:
    editor.issues(VOCABULARY, "predicates: [")
    assert "member" in editor.completions(RULES, rules + RULE.format("memb|"))


def test_a_file_of_no_base_is_left_alone(editor: Editor, tmp_path: Path) -> None:
    item = lsp.TextDocumentItem((tmp_path / "compose.yaml").as_uri(), "yaml", 1, "services: [")
    editor.loop.call_soon_threadsafe(editor.client.text_document_did_open, lsp.DidOpenTextDocumentParams(item))
    place = lsp.CompletionParams(lsp.TextDocumentIdentifier(item.uri), lsp.Position(0, 3))
    assert editor.ask(lsp.TEXT_DOCUMENT_COMPLETION, place) is None


# --- names -----------------------------------------------------------------------------------------------------------


def test_hover_tells_what_is_known(editor: Editor, rules: str) -> None:
    shown = editor.hover(RULES, "member(?state, ?bloc)")
    assert "**member**(state: state, bloc: bloc) · interval" in shown
    assert "Full membership only." in shown
    assert "No rule concludes it." in shown
    assert "Used by `led-bloc`, `two-blocs` and `keeps-to-itself`." in shown
    assert "?power**: state" in editor.hover(RULES, "?power, ?bloc)")
    assert "The Almanac" in editor.hover(RULES, 'almanac, at: "p. 3"')
    assert "**Borduria** · state" in editor.hover(FACTS, "Borduria, bloc: Pact")
    assert "Certainty 0.15" in editor.hover(RULES, "two-blocs")


def test_conclusions_cases_and_firings_come_when_they_are_known(editor: Editor, rules: str) -> None:
    def lenses() -> list[str]:
        found = editor.ask(lsp.TEXT_DOCUMENT_CODE_LENS, lsp.CodeLensParams(editor.document(RULES)))
        return [lens.command.title for lens in found]

    while not any("case" in title and "firing" in title for title in lenses()):
        editor.refreshed.get(timeout=30)
    assert lenses()[0] == "1 case, 1 firing"
    shown = editor.hover(RULES, "alignment(?state, ?power, ?sphere)")
    assert "1 case rests on it: `aligned`." in shown
    assert "As of 2010-06-01, 1 statement is established." in shown
    assert "- `alignment(Ruritania, Borduria, security) 0.71`" in shown


def test_definition_and_references_lead_through_all_files(editor: Editor, rules: str) -> None:
    (place,) = editor.ask(lsp.TEXT_DOCUMENT_DEFINITION, lsp.DefinitionParams(**editor.find(RULES, "member(?state")))
    assert place.uri == editor.uri(VOCABULARY)
    assert place.range.start == editor.find(VOCABULARY, "member:")["position"]
    for word, files in (("member(?state", {RULES, VOCABULARY, FACTS}), ("security)", {RULES, FACTS, CASES})):
        asked = lsp.ReferenceParams(**editor.find(RULES, word), context=lsp.ReferenceContext(include_declaration=True))
        found = editor.ask(lsp.TEXT_DOCUMENT_REFERENCES, asked)
        assert {place.uri for place in found} == {editor.uri(name) for name in files}


def test_a_variable_is_renamed_in_its_rule_and_its_sentence(editor: Editor, rules: str) -> None:
    first, rest = rules.split("  - id: exercises")
    expected = first.replace("?bloc", "?union").replace("{bloc}", "{union}") + "  - id: exercises" + rest
    assert editor.renamed(RULES, "?bloc", "?union") == {RULES: expected}


def test_a_predicate_is_renamed_in_every_file(editor: Editor, rules: str) -> None:
    after = editor.renamed(VOCABULARY, "leads:", "heads")
    assert set(after) == {RULES, VOCABULARY, FACTS}
    for name, text in after.items():
        before = editor.texts[name]
        assert text == before.replace("leads(", "heads(").replace("  leads:", "  heads:")


def test_an_argument_is_renamed_in_templates_and_rows(editor: Editor, rules: str) -> None:
    after = editor.renamed(VOCABULARY, "sphere: sphere]", "field")
    assert '    args: [bloc: bloc, field: sphere]\n    says: "{bloc} serves {field}"' in after[VOCABULARY]
    assert "- {bloc: Pact, field: security}" in after[FACTS]


def test_an_entity_is_renamed_wherever_it_stands(editor: Editor, rules: str) -> None:
    after = editor.renamed(FACTS, "Ruritania:", "New Ruritania")
    assert 'alignment("New Ruritania", Borduria, security) @ 0.714' in after[CASES]
    assert "ask: who is New Ruritania aligned with" in after[CASES]
    assert "- {state: New Ruritania, bloc: Ring, since: 2004}" in after[FACTS]


@pytest.mark.parametrize(
    ("file", "words", "new", "why"),
    [
        (RULES, "?bloc", "state", "state is a variable already"),
        (RULES, "member(?state", "leads", "leads is a predicate already"),
        (RULES, "member(?state", "a b", "'a b' cannot name a predicate"),
        (RULES, "two-blocs", "doom", "doom is a rule already"),
        (FACTS, "Borduria:", "Klow", "Klow is an entity already"),
        (FACTS, "almanac:", "gazette", "gazette is a source already"),
        (VOCABULARY, "sphere: sphere]", "bloc", "bloc is an argument already"),
    ],
)
def test_a_name_that_is_taken_or_none_is_refused(
    editor: Editor, rules: str, file: str, words: str, new: str, why: str
) -> None:
    with pytest.raises(JsonRpcException, match=why):
        editor.renamed(file, words, new)


def test_names_of_used_bases_and_in_data_files_stay(tmp_path: Path, checkout: Path) -> None:
    base = shutil.copytree(checkout / "tests" / "kb_small", tmp_path / "small")
    (base / "facts" / "leads.csv").write_text("power,bloc,source\nSyldavia,Ring,almanac\n", encoding="utf-8")
    own = tmp_path / "own" / "rules" / "own.yaml"
    own.parent.mkdir(parents=True)
    (tmp_path / "own" / "kzexpert.yaml").write_text("uses: [../small]\n", encoding="utf-8")
    own.write_text("rules:\n  - id: mine\n    when:\n      - member(?s, ?b)\n    then: hedges(?s)\n", encoding="utf-8")
    editor = Editor(tmp_path)
    name = "own/rules/own.yaml"
    editor.show(name)
    assert "Full membership only." in editor.hover(name, "member(")
    (place,) = editor.ask(lsp.TEXT_DOCUMENT_DEFINITION, lsp.DefinitionParams(**editor.find(name, "member(")))
    assert place.uri == editor.uri(f"small/{VOCABULARY}")
    with pytest.raises(JsonRpcException, match="belongs to the base"):
        editor.renamed(name, "member(", "belongs")
    assert editor.renamed(name, "?b)", "bloc") == {name: editor.texts[name].replace("?b)", "?bloc)")}
    editor.show(f"small/{FACTS}")
    with pytest.raises(JsonRpcException, match=r"leads\.csv:2 names it"):
        editor.renamed(f"small/{FACTS}", "Syldavia:", "Syldovia")
    assert editor.close() == 0


def test_without_its_packages_it_says_what_to_install(tmp_path: Path) -> None:
    missing = "raise ModuleNotFoundError(\"No module named 'pygls'\", name='pygls')"
    (tmp_path / "pygls.py").write_text(missing, encoding="utf-8")
    path = os.pathsep.join((str(tmp_path), environment()["PYTHONPATH"]))
    ran = run("lsp", PYTHONPATH=path)
    assert ran.returncode == 2
    assert "KZ403 the language server needs pygls" in ran.stderr
    assert "pip install 'kzexpert[author]'" in ran.stderr


def test_symbols(editor: Editor, rules: str) -> None:
    (section,) = editor.ask(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL, lsp.DocumentSymbolParams(editor.document(RULES)))
    assert [item.name for item in section.children][:2] == ["led-bloc", "exercises"]
    found = editor.ask(lsp.WORKSPACE_SYMBOL, lsp.WorkspaceSymbolParams("two-b"))
    assert [(item.name, item.location.uri) for item in found] == [("two-blocs", editor.uri(RULES))]


def test_formatting_is_that_of_fmt(editor: Editor, rules: str) -> None:
    def edits(text: str) -> list[lsp.TextEdit]:
        editor.show(RULES, text)
        options = lsp.FormattingOptions(tab_size=2, insert_spaces=True)
        return list(
            editor.ask(lsp.TEXT_DOCUMENT_FORMATTING, lsp.DocumentFormattingParams(editor.document(RULES), options))
        )

    untidy = rules.replace("leads(?power, ?bloc)", "leads( ?power,?bloc )", 1)
    assert applied(untidy, edits(untidy)) == applied(rules, edits(rules))
    assert len(edits(untidy)) < len(rules.splitlines()) / 2
    assert edits("rules: [") == []
