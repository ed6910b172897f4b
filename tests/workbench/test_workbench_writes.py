"""What reviewers do is written at once, whole and as a new file, whoever writes too and whatever happens meanwhile."""

import os
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path

import httpx
import pytest
from processes import run
from served import OF, Serve, Served, form

FACTS = Path("facts", "world.yaml")


def act(client: httpx.Client, fields: dict[str, str], **said: str) -> httpx.Response:
    """What one reviewer says, by the page that `fields` come from."""
    return client.post("/acts", data={**fields, "kind": "judgement", "verdict": "accepted", **said})


def page_of(client: httpx.Client) -> str:
    return client.get("/", params={"of": OF}).text


def test_what_is_recorded_is_what_the_command_reads(serve: Serve) -> None:
    served = serve()
    client = served.page()
    fields = form(page_of(client))
    assert "Recorded in" in act(client, fields, reason='Fine: "quoted" #1\n\nand more', expires="2027-06").text
    challenge = {"kind": "premise", "name": "leads(Borduria, Pact)", "verdict": "rejected", "reason": "It left."}
    told = act(client, fields, **challenge).text
    assert "Without it: 0.50" in told
    assert "Recorded in" in act(client, fields, verdict="", reason="Ask again in May.").text
    assert (
        "Recorded in" in act(client, fields, kind="source", name="gazette", verdict="needs work", reason="Weak.").text
    )
    told = act(client, fields, kind="rule", name="exercises", verdict="", reason="Count them again.").text
    assert told.count("Count them again.") == 2  # at the rule, and among all that is said of the judgement
    assert len(served.reviews) == 5
    shown = run("review", "show", OF, "--kb", str(served.base))
    assert shown.returncode == 0, shown.stderr
    for text in (
        "accepted by A. Reviewer",
        "until 2027-06",
        'Fine: "quoted" #1',
        "It left.",
        "Ask again in May.",
        "Weak.",
    ):
        assert text in shown.stdout
    page = page_of(client)
    assert "2 open challenges" in page and "It left." in page and "Without it: 0.50" in page


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"verdict": ""}, "KZ608"),
        ({"verdict": "", "kind": "rule", "name": "no-such-rule", "reason": "x"}, "KZ604"),
        ({"kind": "premise", "name": "leads(Borduria, Pact)", "verdict": "rejected"}, "KZ608"),
        ({"kind": "premise", "name": "leads(Syldavia, Pact)", "verdict": "rejected", "reason": "x"}, "KZ604"),
        ({"verdict": "perhaps"}, "KZ608"),
        ({"expires": "soon"}, "KZ307"),
        ({"seen": "0" * 32}, "KZ604"),
    ],
)
def test_what_says_nothing_is_refused_in_words(served: Served, said: dict[str, str], code: str) -> None:
    client = served.page()
    answer = act(client, form(page_of(client)), **said)
    assert code in answer.text and "Nothing was recorded" in answer.text
    assert served.reviews == []


@pytest.mark.slow
def test_two_reviewers_with_two_tabs_each_lose_nothing(serve: Serve) -> None:
    """Forty acts at once by two processes: as many files, each whole, and both reviewers see them all."""
    one, other = serve(), serve(reviewer="B. Reader")
    tabs = [served.page() for served in (one, one, other, other)]
    fields = [form(page_of(tab)) for tab in tabs]
    with ThreadPoolExecutor(8) as pool:
        sent = [
            pool.submit(act, *pair, verdict="", reason=f"Note {n}.")
            for n, pair in enumerate([*zip(tabs, fields, strict=True)] * 10)
        ]
    assert all("Recorded in" in found.result().text for found in sent)
    notes = [re.findall(r"^note: (.*)$", file.read_text(), re.MULTILINE) for file in one.reviews]
    assert sorted(notes) == sorted([f"Note {number}."] for number in range(40))
    assert run("review", "list", "--kb", str(one.base)).returncode == 0
    for tab in tabs:
        page = page_of(tab)
        assert all(f"Note {number}." in page for number in range(40))


def test_what_another_wrote_since_is_shown_beside_ones_own(serve: Serve) -> None:
    served = serve()
    client = served.page()
    fields = form(page_of(client))
    signed = run(
        "review", "sign", OF, "--verdict", "rejected", "--note", "Not so.", "--reviewer", "C", "--kb", str(served.base)
    )
    assert signed.returncode == 0, signed.stderr
    told = act(client, fields, reason="I think so.").text
    assert "Not so." in told and "I think so." in told
    assert len(served.reviews) == 2
    assert "Not so." in served.reviews[1].read_text() + served.reviews[0].read_text()


def test_nobody_signs_what_they_have_not_seen(serve: Serve) -> None:
    """A change that the judgement rests on stops the act; one elsewhere in the base does not."""
    served = serve()
    client, facts = served.page(), served.base / FACTS
    fields, text = form(page_of(client)), facts.read_text()
    facts.write_text(f"# moved by a line\n{text}")
    assert "Recorded in" in act(client, fields).text
    facts.write_text(text.replace('since: "1995"', "since: 1996").replace("since: 1995", "since: 1996"))
    assert facts.read_text() != text
    assert "Nothing was recorded" in act(client, fields, reason="late").text
    assert len(served.reviews) == 1
    assert "Recorded in" in act(client, form(page_of(client))).text
    page = page_of(client)
    assert "The base changed on disk and was read again" in page
    since = client.get("/panel", params={"of": OF, "view": "since"}).text
    assert "It holds as signed" in since and "It no longer holds as signed" not in since  # the newer verdict counts


def test_a_verdict_that_no_longer_holds_is_said_with_its_reason(serve: Serve) -> None:
    served = serve()
    client, facts = served.page(), served.base / FACTS
    act(client, form(page_of(client)))
    assert "no longer holds as signed" not in client.get("/list").text
    facts.write_text(facts.read_text().replace("bloc: Pact, since: 1990", "bloc: Pact, since: 1990, until: 2001"))
    assert "no longer holds as signed" in client.get("/list", params={"stale": "1"}).text
    assert "1 judgement of" in client.get("/list", params={"stale": "1"}).text
    since = client.get("/panel", params={"of": OF, "view": "since"}).text
    stale = run("review", "list", "--stale", "--width", "400", "--kb", str(served.base))
    reasons = [line.removeprefix("  - ") for line in stale.stdout.splitlines() if line.startswith("  - ")]
    assert stale.returncode == 1 and reasons
    assert all(unescape(since).lower().count(reason.lower()) == 1 for reason in reasons)


def test_broken_files_are_told_and_what_was_good_stays(serve: Serve) -> None:
    served = serve()
    client, facts = served.page(), served.base / FACTS
    before = client.get("/list").text
    text = facts.read_text()
    facts.write_text(text.replace("leads:", "leadz:"))
    page = page_of(client)
    assert "The files of the base are broken" in page and "KZ202" in page
    assert re.search(r"facts/world\.yaml:\d+:\d+", page)
    assert client.get("/list").text == before
    assert "Recorded in" in act(client, form(page), reason="Of what was good.").text
    facts.write_text(text)
    assert "are broken" not in page_of(client)
    assert len(served.reviews) == 1


def test_a_broken_review_is_told_and_costs_no_other(serve: Serve) -> None:
    served = serve()
    client = served.page()
    act(client, form(page_of(client)), reason="Good.")
    (served.base / "reviews" / "zz.yaml").write_text("verdict: [\n")
    page = page_of(client)
    assert "zz.yaml:" in page and "KZ105" in page and "Good." in page


@pytest.mark.slow
def test_kill_in_the_middle_leaves_no_half_file(serve: Serve) -> None:
    """Killed at several moments of many acts: each file that is there is whole, and each act that was told is there."""
    told = 0
    for moment in range(1, 5):
        served = serve()
        client = served.page()
        fields = form(page_of(client))
        with ThreadPoolExecutor(4) as pool:
            sent = [pool.submit(act, client, fields, verdict="", reason=f"{n} " + "x" * 5000) for n in range(40)]
            time.sleep(0.04 * moment)
            os.kill(served.process.pid, signal.SIGKILL)
        told += sum(found.exception() is None and "Recorded in" in found.result().text for found in sent)
    listed = run("review", "list", "--kb", str(served.base))
    assert listed.returncode == 0, listed.stderr
    assert len(served.reviews) >= told
    assert all(file.read_text().endswith("\n") for file in served.reviews)


def test_a_folder_that_cannot_be_written_to_is_said(serve: Serve) -> None:
    served = serve()
    (served.base / "reviews").write_text("a file stands in its place\n")
    client = served.page()
    answer = act(client, form(page_of(client)))
    assert "KZ306" in answer.text and "Nothing was recorded" in answer.text
