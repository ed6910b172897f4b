"""A trace by itself: shown, checked and asked again without the base that it was made with, and signed."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from tampering import tamperings
from traces import Traced
from worlds import EVERYTHING

from kzexpert.cli.group import cli
from kzexpert.engines import ENGINES
from kzexpert.model import KnowledgeBase
from kzexpert.proof.carried_base import verify_alone
from kzexpert.proof.document import Trace, sealed
from kzexpert.render import RENDERERS
from kzexpert.render.json import json_text

Kzexpert = Callable[..., Result]
QUESTION = "aligned(?state, ?power)"


@pytest.fixture
def kzexpert(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kzexpert:
    """Runs a command in a folder with the invented base `world`, of which `away/` has nothing."""
    for name in ("rules", "facts", "away"):
        (tmp_path / name).mkdir()
    (tmp_path / "rules" / "world.yaml").write_text(EVERYTHING, encoding="utf-8")
    (tmp_path / "kzexpert.yaml").write_text("name: invented\nversion: '3'\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(cli, [*map(str, arguments)])


@pytest.fixture
def exported(kzexpert: Kzexpert, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Exports a trace and goes where its base is not."""

    def export(form: str = "json", *options: str) -> Path:
        path = tmp_path / "away" / f"trace.{form}"
        result = kzexpert("trace", "export", QUESTION, "--format", form, "--output", path, *options)
        assert result.exit_code == 0, result.output
        return path

    return export


def away(kzexpert: Kzexpert, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the base."""
    Path("rules/world.yaml").unlink()
    Path("kzexpert.yaml").unlink()
    monkeypatch.chdir("away")


# --- checked -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", ["aligned(?x, ?y)", "tied(?x, ?y)", "free(?x)", "close(?x)", "exercise(?x, ?y)"])
def test_every_feature_verifies_alone(everything: KnowledgeBase, traced: Traced, question: str) -> None:
    assume, without = ["exercise(Ruritania, Graustark)", "weight(RUR, 3)"], ["member(Ruritania, _)"]
    for trace in (traced(everything, question), traced(everything, question, None, assume, without)):
        found = verify_alone("t", json_text(trace), ENGINES)
        assert found.issues == ()
        assert found.against == "the rules and facts that it carries"


#: What a trace cannot know by itself, and what says where something stood.
_UNKNOWN = (".place: ", ".others: ", ".replaces: ", ".family[", "$.bases", "$.question: ", "$.excerpt.rules[0].title: ")
#: What follows from the rules and facts that a trace carries.
_DERIVED = ("$.conclusions", "$.firings", "$.facts", "$.rules", "$.excerpt")


def test_what_no_longer_follows_is_noticed_alone(everything: KnowledgeBase, traced: Traced) -> None:
    """Whoever changes a trace and seals it anew must change all that rests on it as well."""
    document: dict[str, Any] = json.loads(json_text(traced(everything, "aligned(Ruritania, ?power)")))
    changes = [
        item
        for item in tamperings(document)
        if item[0].startswith(_DERIVED) and not any(part in item[0] for part in _UNKNOWN) and ": an item" not in item[0]
    ]
    passed = []
    for words, changed in changes[:: 1 if os.environ.get("KZEXPERT_EXHAUSTIVE") == "1" else 40]:
        try:
            forged = sealed(msgspec.convert(changed, Trace))
        except msgspec.ValidationError:
            continue  # no seal makes this a trace
        if verify_alone("t", json_text(forged), ENGINES).verified:
            passed.append(words)
    assert passed == []


def test_what_a_trace_does_not_tell_is_said(
    kzexpert: Kzexpert, exported: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = exported()
    away(kzexpert, monkeypatch)
    result = kzexpert("trace", "verify", path, "--alone")
    assert (result.exit_code, result.stderr) == (0, "")
    words = " ".join(result.stdout.split())
    assert "checked against the rules and facts that it carries" in words
    assert "whether a base says the same, and whether anything is missing, a trace alone does not tell" in words
    assert "not member(Graustark, Pact)" in words
    needed = kzexpert("trace", "verify", path)
    assert "the trace is about invented 3" in needed.stderr
    assert "--alone needs none" in " ".join(needed.stderr.split())


def test_a_wrong_base_is_one_message(kzexpert: Kzexpert, exported: Callable[..., Path]) -> None:
    path = exported()
    result = kzexpert("trace", "verify", path, "--kb", "ownership", "--format", "json")
    (issue,) = json.loads(result.stdout)["traces"][0]["issues"]
    assert (issue["code"], result.exit_code) == ("KZ515", 1)
    assert "the trace was made with invented 3, and the base that is loaded is ownership" in issue["message"]
    assert "--kb invented" in issue["hint"]


def test_a_base_that_uses_that_of_the_trace_is_another_base(kzexpert: Kzexpert, tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    asked = ("trace", "export", "is Kazakhstan aligned with Russia in security?", "--kb", "kzexpert")
    assert kzexpert(*asked, "--output", path).exit_code == 0
    Path("rules/world.yaml").unlink()
    Path("kzexpert.yaml").write_text("name: other\nuses: [kzexpert]\n", encoding="utf-8")
    result = kzexpert("trace", "verify", path, "--kb", tmp_path, "--format", "json")
    (issue,) = json.loads(result.stdout)["traces"][0]["issues"]
    assert (issue["code"], result.exit_code) == ("KZ515", 1)
    assert "made with kzexpert 0.1.0, and the base that is loaded is other" in issue["message"]


def test_a_file_of_signers_that_is_not_there_is_told_of(kzexpert: Kzexpert, exported: Callable[..., Path]) -> None:
    result = kzexpert("trace", "verify", exported(), "--signers", "nowhere")
    assert (result.exit_code, "KZ511 nowhere is not a file of signers" in result.stderr) == (2, True)


# --- shown ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["text", *RENDERERS])
@pytest.mark.parametrize("given", ["json", "html"])
def test_a_trace_is_shown_in_every_format(
    kzexpert: Kzexpert, exported: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, form: str, given: str
) -> None:
    path = exported(given)
    away(kzexpert, monkeypatch)
    result = kzexpert("trace", "show", path, "--format", form, "--output", f"shown.{form}")
    assert (result.exit_code, result.output) == (0, "")
    assert "Ruritania" in Path(f"shown.{form}").read_text(encoding="utf-8")
    if form in ("json", "markdown", "html"):
        assert kzexpert("trace", "verify", f"shown.{form}", "--alone").exit_code == 0


@pytest.mark.parametrize("form", ["json", "html", "markdown"])
def test_a_report_on_several_questions_is_shown_and_checked(kzexpert: Kzexpert, form: str) -> None:
    asked = ("aligned(?state, ?power)", "tied(?state, ?other)")
    kzexpert("trace", "export", *asked, "--format", form, "--output", f"report.{form}")
    for given in ("text", "json", "html", "markdown"):
        result = kzexpert("trace", "show", f"report.{form}", "--format", given, "--output", f"shown.{given}")
        assert (result.exit_code, result.output) == (0, "")
    for file in (f"report.{form}", "shown.json", "shown.html", "shown.markdown"):
        assert kzexpert("trace", "verify", file, "--alone").stdout.count("verified: ") == 2
    assert "KZ502" in kzexpert("trace", "rerun", f"report.{form}").stderr


@pytest.mark.parametrize("more", ['],"more":1}', "] more", ",5]}", ",]}", ""])
def test_a_report_holds_traces_and_nothing_else(kzexpert: Kzexpert, exported: Callable[..., Path], more: str) -> None:
    path, text = exported(), '{"schema":"kzexpert.report/1","traces":['
    text += path.read_text(encoding="utf-8")
    path.write_text(f"{text}]}}\n", encoding="utf-8")
    assert kzexpert("trace", "verify", path).exit_code == 0
    path.write_text(f"{text}{more}\n", encoding="utf-8")
    result = kzexpert("trace", "verify", path)
    assert (result.exit_code, "KZ502 a report holds traces and nothing else" in result.stderr) == (1, True)


def test_what_was_read_is_not_overwritten(kzexpert: Kzexpert, exported: Callable[..., Path]) -> None:
    path = exported("html")
    before = path.read_bytes()
    for arguments in (["show", path], ["verify", path], ["rerun", path], ["diff", path, path]):
        result = kzexpert("trace", *arguments, "--output", path)
        assert (result.exit_code, "KZ306" in result.stderr) == (2, True)
    assert path.read_bytes() == before


def test_a_trace_with_loose_ends_is_refused(kzexpert: Kzexpert, exported: Callable[..., Path]) -> None:
    path = exported()
    document = json.loads(path.read_text(encoding="utf-8"))
    document["firings"] = []
    path.write_text(json.dumps(document), encoding="utf-8")
    result = kzexpert("trace", "show", path)
    assert (result.exit_code, "KZ507" in result.stderr) == (1, True)


# --- asked again ---------------------------------------------------------------------------------------------------


def test_the_question_is_asked_again(kzexpert: Kzexpert, exported: Callable[..., Path]) -> None:
    path = exported("html", "--as-of", "2010-10-01", "--assume", "weight(Ruritania, 3)")
    same = kzexpert("trace", "rerun", path)
    assert (same.exit_code, same.stdout) == (0, "the two traces say the same\n")
    again = kzexpert("trace", "rerun", path, "--assume", "weight(Ruritania, 3)")
    assert again.stdout == same.stdout
    nothing_follows = kzexpert("trace", "rerun", path, "--as-of", "2010-10-02")
    assert (nothing_follows.exit_code, "From 2010-10-01 to 2010-10-02" in nothing_follows.stdout) == (0, True)
    rules = Path("rules/world.yaml")
    rules.write_text(rules.read_text(encoding="utf-8").replace("certainty: 0.6", "certainty: 0.7", 1), encoding="utf-8")
    changed = kzexpert("trace", "rerun", path)
    assert changed.exit_code == 1
    assert "0.60 → 0.70" in changed.stdout
    assert kzexpert("trace", "rerun", path, "--as-of", "1990").exit_code == 1


# --- signed --------------------------------------------------------------------------------------------------------


@pytest.fixture
def signers(tmp_path: Path) -> Path:
    """A file of signers with one key, which lies beside it as `key`."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True)
    path = tmp_path / "signers"
    path.write_text(f"anna@example.org {(tmp_path / 'key.pub').read_text()}", encoding="utf-8")
    return path


@pytest.mark.parametrize("form", ["json", "html", "markdown"])
def test_it_is_said_who_signed(
    kzexpert: Kzexpert, exported: Callable[..., Path], signers: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    path = exported(form, "--sign", "key")
    assert "signed by anna@example.org" in kzexpert("trace", "verify", path, "--signers", signers).stdout
    assert "by whom was not checked" in kzexpert("trace", "verify", path).stdout
    monkeypatch.setenv("KZEXPERT_SIGNERS", str(signers))
    assert "signed by anna@example.org" in kzexpert("trace", "verify", path, "--alone").stdout
    exported(form)
    unsigned = kzexpert("trace", "verify", path)
    assert (unsigned.exit_code, "KZ513" in unsigned.stderr) == (1, True)


@pytest.mark.parametrize("form", ["json", "html", "markdown"])
def test_a_forged_trace_keeps_no_signature(
    kzexpert: Kzexpert, exported: Callable[..., Path], signers: Path, form: str
) -> None:
    """Not even where the forger seals it anew: a truth of another day under the name of the signer."""
    path = exported(form, "--sign", "key")
    signature = json.loads(kzexpert("trace", "export", QUESTION, "--sign", "key").stdout)["signature"]
    other = json.loads(kzexpert("trace", "export", QUESTION, "--as-of", "2012").stdout)
    path.write_text(json.dumps({**other, "signature": signature}), encoding="utf-8")
    result = kzexpert("trace", "verify", path, "--signers", signers)
    assert (result.exit_code, "KZ512" in result.stderr) == (1, True)


def test_a_picture_is_not_signed(kzexpert: Kzexpert, signers: Path) -> None:
    result = kzexpert("trace", "export", QUESTION, "--format", "svg", "--sign", "key")
    assert (result.exit_code, "KZ511" in result.stderr) == (2, True)


# --- what changed --------------------------------------------------------------------------------------------------

EXPORTS = """\
kinds: [state]
predicates:
  share: {args: [state: state, partner: state, percent: number]}
  dependent: {args: [state: state, partner: state], says: "{state} depends on {partner}"}
entities: {Ruritania: {kind: state}, Borduria: {kind: state}}
rules:
  - id: exports
    when: ["share(?s, ?p, ?n)", "?n > 50"]
    then: dependent(?s, ?p)
    certainty: 0.7
    because: "{p} takes {n:.0f} percent of the exports of {s}"
facts:
  share: [{state: Ruritania, partner: Borduria, percent: 95}]
"""


def test_a_number_that_moved_is_one_statement_in_facts_and_in_reasons(kzexpert: Kzexpert) -> None:
    Path("rules/world.yaml").write_text(EXPORTS, encoding="utf-8")
    kzexpert("trace", "export", "dependent(?s, ?p)", "--output", "old.json")
    Path("rules/world.yaml").write_text(EXPORTS.replace("95", "65"), encoding="utf-8")
    words = " ".join(kzexpert("trace", "rerun", "old.json").stdout.split())
    assert "changed: share(Ruritania, Borduria, 95 → 65)" in words
    assert "0.70 Borduria takes 95 → 65 percent of the exports of Ruritania (exports)" in words
    assert "none →" not in words
    assert "newly used" not in words
