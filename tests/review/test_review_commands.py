"""``kzexpert review`` as reviewers use it: from a page that came by e-mail to a verdict that no longer holds."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from processes import on_a_terminal, run

from kzexpert.cli.group import cli

Kzexpert = Callable[..., Result]
RURITANIA = "alignment(Ruritania, Borduria, security)"
ASKED = "alignment(Ruritania, ?power, security)"
SMITH = ("--reviewer", "A. Smith", "--date", "2026-11-28")
FILE = "reviews/2026-11-28-alignment-ruritania-borduria-security-a-smith.yaml"


@pytest.fixture
def kzexpert(base: Path) -> Kzexpert:
    def ran(*arguments: str) -> Result:
        return CliRunner().invoke(cli, arguments, prog_name="kzexpert")

    return ran


@pytest.fixture
def signed(kzexpert: Kzexpert) -> Kzexpert:
    """The command, after a verdict was given."""
    result = kzexpert("review", "sign", ASKED, *SMITH)
    assert (result.exit_code, result.stderr) == (0, "")
    return kzexpert


def edit(path: str, old: str, new: str) -> None:
    text = Path(path).read_text(encoding="utf-8")
    assert old in text
    Path(path).write_text(text.replace(old, new), encoding="utf-8")


def flat(text: str) -> str:
    return " ".join(text.split())


def stale(kzexpert: Kzexpert) -> str:
    """What ``review list --stale`` says of a verdict that no longer holds."""
    result = kzexpert("review", "list", "--stale")
    assert (result.exit_code, result.stderr) == (1, "")
    return flat(result.stdout)


# --- the way of a reviewer ------------------------------------------------------------------------------------------


def test_from_a_page_by_email_to_a_verdict_that_no_longer_holds(base: Path, tmp_path: Path) -> None:
    desk = tmp_path / "desk"
    desk.mkdir()
    for name in ("key", "other"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(desk / name)], check=True)
    (desk / "signers").write_text(f"smith@desk {(desk / 'key.pub').read_text()}", encoding="utf-8")
    mail = str(desk / "mail.html")
    assert run("trace", "export", ASKED, "--format", "html", "--output", mail, cwd=base).returncode == 0

    verified = run("trace", "verify", mail, cwd=base)
    assert (verified.returncode, "verified" in verified.stdout) == (0, True)
    challenge = ("--challenge", "leads(Borduria, Pact)", "nobody but the almanac says so")
    sign = run("review", "sign", mail, *SMITH, *challenge, "--key", str(desk / "key"), cwd=base)
    assert (sign.returncode, sign.stderr) == (0, "")
    assert "accepted by A. Smith on 2026-11-28, signed with a key" in flat(sign.stdout)
    assert "without it: some evidence (0.50)" in flat(sign.stdout)
    signers = ("--signers", str(desk / "signers"))
    assert run("review", "list", "--stale", *signers, cwd=base).returncode == 0
    shown = run("review", "show", FILE, *signers, cwd=base)
    assert "signed by smith@desk" in flat(shown.stdout)

    facts = base / "facts" / "world.yaml"
    text = facts.read_text(encoding="utf-8")
    facts.write_text(text.replace("name: Storm, on: 2009-05", "name: Storm, on: 2003-05"), encoding="utf-8")
    assert facts.read_text(encoding="utf-8") != text
    listed = run("review", "list", "--stale", *signers, cwd=base)
    assert (listed.returncode, listed.stderr) == (1, "")
    told = flat(listed.stdout)
    assert "Ruritania is aligned with Borduria in security: accepted by A. Smith on 2026-11-28" in told
    assert "exercise(Ruritania, Borduria, Storm)" in told
    assert "some evidence now (0.43), and good evidence then (0.71)" in told
    assert not re.search("[0-9a-f]{12}", listed.stdout)  # in words, not in digests

    assert run("review", "sign", mail, *SMITH, cwd=base).returncode == 0  # in her name, by whomever
    unsigned = run("review", "list", *signers, cwd=base)
    assert (unsigned.returncode, "warning KZ605 A. Smith has not signed it" in flat(unsigned.stderr)) == (0, True)
    edit(str(base / FILE), "accepted", "rejected")
    forged = run("review", "list", *signers, cwd=base)
    assert (forged.returncode, "KZ605 the signature does not hold" in flat(forged.stderr)) == (1, True)


# --- signing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["json", "html", "markdown"])
def test_what_was_sent_is_signed_in_each_form_that_carries_its_trace(kzexpert: Kzexpert, form: str) -> None:
    assert kzexpert("trace", "export", ASKED, "--format", form, "--output", f"mail.{form}").exit_code == 0
    result = kzexpert("review", "sign", f"mail.{form}", *SMITH)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "as-of-from: base" in Path(FILE).read_text(encoding="utf-8")
    assert kzexpert("review", "list", "--stale").exit_code == 0


def test_a_trace_that_was_changed_is_not_signed(kzexpert: Kzexpert) -> None:
    kzexpert("trace", "export", ASKED, "--output", "mail.json")
    edit("mail.json", "0.714285714", "0.814285714")
    result = kzexpert("review", "sign", "mail.json", *SMITH)
    assert (result.exit_code, "KZ509" in result.stderr) == (1, True)
    assert not Path("reviews").exists()


def test_whoever_signs_what_the_base_no_longer_says_is_told(kzexpert: Kzexpert) -> None:
    kzexpert("trace", "export", ASKED, "--output", "mail.json")
    edit("rules/alignment.yaml", "certainty: 0.6", "certainty: 0.5")
    result = kzexpert("review", "sign", "mail.json", *SMITH)
    assert result.exit_code == 0
    assert "now says something else: - the certainty is 0.64, and was 0.71" in flat(result.stdout)


def test_one_answer_is_judged_at_a_time(kzexpert: Kzexpert) -> None:
    asked = "alignment(?state, ?power, ?sphere)"
    several = kzexpert("review", "sign", "member(?state, ?bloc)", *SMITH)
    assert (several.exit_code, "KZ608 there are" in several.stderr) == (2, True)
    assert "--conclusion" in several.stderr
    chosen = kzexpert("review", "sign", asked, *SMITH, "--conclusion", "Ruritania is aligned with Borduria in security")
    assert (chosen.exit_code, Path(FILE).exists()) == (0, True)
    wrong = kzexpert("review", "sign", asked, *SMITH, "--conclusion", "alignment(Ruritania, Ruritania, security)")
    assert (wrong.exit_code, "KZ608" in wrong.stderr) == (2, True)
    nothing = kzexpert("review", "sign", "alignment(Ruritania, Ruritania, security)", *SMITH)
    assert (nothing.exit_code, "KZ608 nothing answers" in nothing.stderr) == (2, True)


def test_the_reviewer_is_the_one_whom_git_knows(
    kzexpert: Kzexpert, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    nobody = kzexpert("review", "sign", ASKED)
    assert (nobody.exit_code, "KZ606" in nobody.stderr, "--reviewer NAME" in flat(nobody.stderr)) == (2, True, True)
    (tmp_path / "gitconfig").write_text("[user]\nname = Анна Смит\n", encoding="utf-8")
    assert "accepted by Анна Смит" in flat(kzexpert("review", "sign", ASKED).stdout)


def test_an_installed_base_is_no_place_for_reviews(kzexpert: Kzexpert) -> None:
    asked = ("is Kazakhstan aligned with Russia in security?", "--kb", "kzexpert")
    refused = kzexpert("review", "note", *asked, *SMITH, "--note", "a thought")
    assert (refused.exit_code, "KZ607" in refused.stderr, "--reviews FOLDER" in flat(refused.stderr)) == (2, True, True)
    written = kzexpert("review", "note", *asked, *SMITH, "--note", "a thought", "--reviews", "mine")
    assert written.exit_code == 0, written.stderr
    assert "1 note" in kzexpert("review", "list", "--kb", "kzexpert", "--reviews", "mine").stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("sign", ASKED, "--expires", "soon"), "KZ307"),
        (("sign", ASKED, "--date", "2026-02-30"), "KZ307"),
        (("sign", ASKED, "--challenge", "leads(Borduria, Pakt)", "why"), "KZ604"),
        (("sign", "mail.json"), "KZ101"),
        (("sign", "facts/world.yaml"), "KZ501"),
        (("challenge", ASKED, "--rule", "led-block", "--reason", "why"), "KZ604"),
        (("challenge", ASKED, "--rule", "led-bloc"), "KZ608"),
        (("challenge", ASKED, "--reason", "why"), "KZ608"),
        (("sign", ASKED, "--key", "nokey"), "KZ511"),
        (("sign", "window.json"), "KZ604"),
        (("note", "what is the weather?", "--note", "x"), "KZ301"),
        (("note", ASKED, "--note", " "), "KZ608 a note without text"),
        (("challenge", ASKED, "--rule", "led-bloc", "--reason", " "), "KZ608 a challenge without a reason"),
        (("sign", ASKED, "--challenge", "led-bloc", ""), "KZ608 a challenge without a reason"),
        (("note", ASKED, "--note", "\udcff"), "KZ608 the review is not text"),
    ],
)
def test_what_cannot_be_written_is_told_and_nothing_is(
    kzexpert: Kzexpert, arguments: tuple[str, ...], code: str
) -> None:
    recent = 'exercise(Ruritania, Borduria, "Calm Sea") within 2 years'
    assert kzexpert("trace", "export", recent, "--output", "window.json").exit_code == 0
    result = kzexpert("review", arguments[0], *SMITH, *arguments[1:])
    assert result.exit_code in (1, 2)
    assert code in result.stderr
    assert "hint:" in result.stderr
    assert not Path("reviews").exists()


# --- challenges -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("challenged", "left"),
    [
        (("--premise", "leads(Borduria, Pact)"), "some evidence (0.50)"),
        (("--premise", "Ruritania is a member of Pact"), "a hint (0.29)"),
        (("--rule", "led-bloc"), "a hint (0.29)"),
        (("--rule", "small-army"), "good evidence (0.80)"),
        (("--source", "almanac"), "nothing established (0.00)"),
        (("--source", "gazette"), "good evidence (0.71)"),
    ],
)
def test_a_challenge_shows_what_would_be_left(signed: Kzexpert, challenged: tuple[str, str], left: str) -> None:
    result = signed("review", "challenge", ASKED, *challenged, "--reason", "doubtful", *SMITH)
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"without it: {left}" in flat(result.stdout)


def test_a_conclusion_is_challenged_as_a_premise_too(kzexpert: Kzexpert) -> None:
    result = kzexpert(
        "review", "challenge", "doomed(?who)", "--premise", 'independent("Grand Fenwick")', "--reason", "?", *SMITH
    )
    assert (result.exit_code, result.stderr) == (0, "")
    assert "without it: nothing established (0.00)" in flat(result.stdout)


def test_a_challenge_is_open_until_it_is_withdrawn_or_about_nothing(signed: Kzexpert) -> None:
    challenge = ("review", "challenge", ASKED, "--rule", "exercises")
    jones = ("--reviewer", "B. Jones")
    assert signed(*challenge, "--reason", "too old", *jones).exit_code == 0
    assert "1 open challenge" in signed("review", "list").stdout
    edit("facts/world.yaml", "name: Storm, on: 2009-05", "name: Storm, on: 2003-05")
    assert "1 challenge of what is gone" in signed("review", "list").stdout
    edit("facts/world.yaml", "name: Storm, on: 2003-05", "name: Storm, on: 2009-05")
    assert signed(*challenge, "--withdraw", *jones).exit_code == 0
    listed = flat(signed("review", "list").stdout)
    assert "1 settled" in listed
    assert "settled accepted" in listed
    assert "parts accepted by B. Jones" in signed("review", "show", ASKED).stdout
    assert "open" not in listed


# --- what is stale, and why -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        (
            "rules/alignment.yaml",
            "certainty: 0.6",
            "certainty: 0.5",
            "the rule led-bloc says something else: certainty",
        ),
        ("rules/alignment.yaml", "id: led-bloc", "id: bloc-led", "the rule led-bloc is gone"),
        ("facts/world.yaml", "name: Storm, on: 2009-05", "name: Storm, on: 2009-06", "on 2009-05 → 2009-06"),
        ("facts/world.yaml", 'at: "no. 7"', 'at: "no. 8"', "at no. 7 → no. 8"),
        (
            "facts/world.yaml",
            "almanac: {title: ",
            "almanac: {reliability: D, title: ",
            "almanac is described otherwise",
        ),
        (
            "rules/alignment.yaml",
            "certainty: -0.3",
            "certainty: -0.301",
            "the certainty is 0.7139, and was 0.7143",
        ),
        (
            "rules/alignment.yaml",
            "is in {bloc}, which",
            "joined {bloc}, which",
            "led-bloc says something else: because Ruritania is in Pact, which Borduria leads → Ruritania joined Pact",
        ),
        (
            "rules/vocabulary.yaml",
            '{state} is aligned with {power} in {sphere}"',
            '{state} defies {power} in {sphere}"',
            "reads “Ruritania defies Borduria in security” now, and “Ruritania is aligned with",
        ),
    ],
)
def test_a_change_is_named_in_words(signed: Kzexpert, file: str, old: str, new: str, reason: str) -> None:
    edit(file, old, new)
    assert reason in stale(signed)


def test_a_fact_that_a_rule_rests_on_the_absence_of_is_named(kzexpert: Kzexpert) -> None:
    assert (
        kzexpert(
            "review", "sign", "independent(?who)", *SMITH, "--conclusion", 'independent("Grand Fenwick")'
        ).exit_code
        == 0
    )
    Path("facts/new.yaml").write_text(
        "facts:\n  member: [{state: Grand Fenwick, bloc: Pact, source: almanac}]\n", encoding="utf-8"
    )
    told = stale(kzexpert)
    assert "nothing is known of it any more" in told
    assert 'member("Grand Fenwick", Pact) is established now, and a rule rested on its absence' in told


def test_an_exception_that_has_come_to_hold_is_named(kzexpert: Kzexpert) -> None:
    edit(
        "rules/alignment.yaml",
        "    then: alignment(?state, ?power, ?sphere)\n    certainty: 0.6",
        """\
    unless: ["reaches(?power, ?state)"]
    then: alignment(?state, ?power, ?sphere)
    certainty: 0.6""",
    )
    assert kzexpert("review", "sign", ASKED, *SMITH).exit_code == 0
    edit(
        "facts/world.yaml",
        "  exercise:\n",
        "  exercise:\n    - {state: Borduria, power: Ruritania, name: Ice, on: 2001}\n",
    )
    assert "reaches(Borduria, Ruritania) is established now, and a rule rested on its absence" in stale(kzexpert)


def test_a_rule_that_stands_in_the_place_of_one_of_another_base_is_named(kzexpert: Kzexpert, base: Path) -> None:
    own = base.parent / "own"
    for name in ("rules", "facts"):
        (own / name).mkdir(parents=True)
    (own / "kzexpert.yaml").write_text("uses: [{base: ../base, facts: true}]\nas-of: 2010-06-01\n", encoding="utf-8")
    assert kzexpert("review", "sign", ASKED, "--kb", str(own), *SMITH).exit_code == 0
    text = Path("rules/alignment.yaml").read_text(encoding="utf-8").partition("  - id: exercises")[0]
    text = text.replace("id: led-bloc", "id: led-bloc\n    replaces: led-bloc").replace(
        "certainty: 0.6", "certainty: 0.5"
    )
    (own / "rules" / "own.yaml").write_text(text, encoding="utf-8")
    result = kzexpert("review", "list", "--stale", "--kb", str(own))
    assert "led-bloc says something else: certainty 0.6 → 0.5; replaces none → led-bloc of" in flat(result.stdout)


def test_the_day_is_that_of_the_base_unless_the_reviewer_chose_it(signed: Kzexpert) -> None:
    chosen = ("--as-of", "2010-06-01", "--reviewer", "B. Jones")
    assert signed("review", "sign", ASKED, *chosen).exit_code == 0
    Path("kzexpert.yaml").write_text("as-of: 2015\n", encoding="utf-8")
    told = stale(signed)
    assert "1 of 2 verdicts no longer holds" in told
    assert "accepted by A. Smith" in told
    assert "it was given as of 2010-06-01, and now it is asked as of 2015-12-31" in told


def test_a_verdict_expires_and_stands_in_another_base_only_if_that_says_the_same(kzexpert: Kzexpert) -> None:
    assert kzexpert("review", "sign", ASKED, *SMITH, "--expires", "2001").exit_code == 0
    assert "- it expired at the end of 2001" in stale(kzexpert)
    world = kzexpert("review", "list", "--stale", "--kb", "kzexpert", "--reviews", "reviews")
    assert world.exit_code == 1
    assert "the base does not know what alignment(Ruritania, Borduria, security) says" in flat(world.stdout)


def test_what_was_assumed_is_assumed_again(kzexpert: Kzexpert) -> None:
    changed = ("--assume", "member(Fenwick, Pact)", "--without", "soldiers(Fenwick, _)")
    asked = "alignment(Fenwick, Borduria, security)"
    assert kzexpert("review", "sign", asked, *changed, *SMITH).exit_code == 0
    assert kzexpert("review", "list", "--stale").exit_code == 0
    text = Path("facts/world.yaml").read_text(encoding="utf-8")
    kept = "".join(line for line in text.splitlines(keepends=True) if "number: 2000" not in line)
    Path("facts/world.yaml").write_text(kept, encoding="utf-8")
    assert kzexpert("review", "list", "--stale").exit_code == 0, kzexpert("review", "list", "--stale").stdout


def test_the_list_and_the_page_of_a_judgement(signed: Kzexpert) -> None:
    signed("review", "sign", ASKED, "--reviewer", "B. Jones", "--verdict", "needs work", "--note", "One source.")
    assert flat(signed("review", "list").stdout).startswith("2 reviews: 2 hold holds accepted 2026-11-28 A. Smith")
    shown = signed("review", "show", "Ruritania is aligned with Borduria in security")
    assert shown.exit_code == 0
    assert "Dissent: accepted by A. Smith; needs work by B. Jones." in shown.stdout
    assert "rule led-bloc: Membership of a bloc that a power leads" in flat(shown.stdout)
    assert max(map(len, shown.stdout.splitlines())) <= 80
    assert signed("review", "show", "hedges(Ruritania)").exit_code == 3


@pytest.mark.parametrize("words", [("list",), ("list", "--stale"), ("show", ASKED)])
def test_a_terminal_shows_in_colours_what_a_pipe_gets(signed: Kzexpert, base: Path, words: tuple[str, ...]) -> None:
    edit("rules/alignment.yaml", "certainty: 0.6", "certainty: 0.5")
    signed("review", "challenge", ASKED, "--rule", "exercises", "--reason", "[old]", *SMITH)
    command = ("review", *words, "--kb", str(base), "--no-pager", "--width", "80")
    code, shown = on_a_terminal(command)
    plain = signed(*command)
    assert "\x1b[" in shown
    assert re.sub("\x1b\\[[0-9;]*m", "", shown).replace("\r", "") == plain.stdout
    assert code == plain.exit_code


def test_nothing_that_a_reviewer_writes_steers_a_terminal(kzexpert: Kzexpert) -> None:
    hostile = ("--reviewer", "Eve\x1b[31m", "--note", "a\x1b]0;x\x07b", "--challenge", "gazette", "c\x1bd")
    shown = [kzexpert("review", *words).stdout for words in (("sign", ASKED, *hostile), ("list",), ("show", ASKED))]
    assert all("Eve\\x1b[31m" in text and "\x1b" not in text for text in shown)


def test_a_file_that_is_named_is_found_or_told_of(
    signed: Kzexpert, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Accepted by A. Smith" in signed("review", "show", str(base / FILE)).stdout
    missing = signed("review", "show", "reviews/nowhere.yaml")
    assert (missing.exit_code, "KZ608 reviews/nowhere.yaml is no review" in missing.stderr) == (2, True)
    Path("mine").symlink_to("reviews")
    assert "Accepted by A. Smith" in signed("review", "show", FILE.replace("reviews", "mine")).stdout
    file = signed("review", "list", "--reviews", FILE)
    assert (file.exit_code, "KZ607" in file.stderr) == (2, True)
    monkeypatch.setenv("KZEXPERT_SIGNERS", "nowhere")
    listed = signed("review", "list")  # although nothing is signed with a key
    assert (listed.exit_code, "KZ511 nowhere is not a file of signers" in listed.stderr) == (2, True)


def test_reviews_that_are_no_folder_are_told_of(kzexpert: Kzexpert) -> None:
    Path("reviews").write_text("nothing", encoding="utf-8")
    for words in (("review", "list", "--stale"), ("check",)):
        result = kzexpert(*words)
        assert (result.exit_code, "KZ607 this is no folder" in result.output) == (1, True)


def test_what_is_read_is_not_overwritten(signed: Kzexpert) -> None:
    assert signed("trace", "export", ASKED, "--output", "mail.json").exit_code == 0
    for words in (("list", "--output", "reviews/x.yaml"), ("sign", "mail.json", *SMITH, "--output", "mail.json")):
        result = signed("review", *words)
        assert (result.exit_code, "KZ306" in result.stderr) == (2, True)


def test_the_document_says_what_the_text_says(signed: Kzexpert) -> None:
    edit("rules/alignment.yaml", "certainty: 0.6", "certainty: 0.5")
    result = signed("review", "list", "--stale", "--format", "json")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["schema"], document["stale"]) == (1, "kzexpert.reviews/1", 1)
    (record,) = document["reviews"]
    assert (record["state"], record["conclusion"], record["signed_by"]) == ("stale", RURITANIA, "nobody")
    assert record["reasons"][0] == "the certainty is 0.64, and was 0.71"


@pytest.mark.parametrize("engine", ["experta", "duckdb"])
def test_engines_agree_on_what_is_stale(signed: Kzexpert, engine: str) -> None:
    assert signed("review", "list", "--stale", "--engine", engine).exit_code == 0
    edit("rules/alignment.yaml", "certainty: 0.6", "certainty: 0.5")
    assert signed("review", "list", "--stale", "--engine", engine).exit_code == 1


def test_a_page_that_lacks_a_broken_review_says_so(signed: Kzexpert) -> None:
    edit(FILE, "verdict: accepted", "verdict: maybe")
    result = signed("trace", "export", ASKED, "--format", "html", "--output", "page.html")
    assert result.exit_code == 0
    assert f"{FILE}:" in result.stderr and "maybe" in result.stderr
