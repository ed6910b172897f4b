"""The files of reviews/: whole or refused with a message, never overwritten, and alike for all who write."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kzexpert.cli.group import cli
from kzexpert.errors import UsageError
from kzexpert.language.files import TextFile
from kzexpert.model import NOWHERE
from kzexpert.proof.document import Trace
from kzexpert.review.document import PARTS, VERDICTS, Remark, Review
from kzexpert.review.file import read_review, review_text
from kzexpert.review.folder import add_review, read_reviews

FILE = "reviews/2026-11-28-alignment-ruritania-borduria-security-a-smith.yaml"


def read(text: str) -> Review:
    issues = []
    found = read_review(TextFile("r.yaml", "r.yaml", text, text.encode()), issues)
    assert issues == []
    assert found is not None
    return found


def test_a_file_says_what_was_written(base: Path, review: Review, trace: Trace) -> None:
    assert add_review("reviews", review, trace) == FILE
    held = read_reviews("reviews")
    assert held.issues == ()
    assert [replace(item, place=NOWHERE) for item in held.reviews] == [review]
    assert held.trace(review) == trace


LINES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).map(
    lambda text: " ".join(text.split()) or "x"
)


@given(
    reviewer=LINES,
    question=LINES,
    note=st.text(st.characters(exclude_categories=["Cs"]), max_size=60).filter(lambda text: not text or text.strip()),
    remarks=st.lists(st.builds(Remark, st.sampled_from(PARTS), LINES, st.sampled_from(VERDICTS), LINES), max_size=3),
)
def test_no_text_is_lost_in_the_file(reviewer: str, question: str, note: str, remarks: list[Remark]) -> None:
    written = Review(
        conclusion="p(a)",
        question=question,
        as_of="2010-01-01",
        given=True,
        seal="0" * 64,
        verdict="rejected",
        remarks=tuple(remarks),
        reviewer=reviewer,
        made="2026-11-28",
        note=note,
    )
    found = read(review_text(replace(written, as_of=read("\n".join(LEAST)).as_of)))
    assert (found.reviewer, found.question, found.note, found.remarks) == (reviewer, question, note, tuple(remarks))


LEAST = [
    "conclusion: p(a)",
    "question: what",
    "as-of: 2010-01-01",
    "as-of-from: base",
    f"seal: {'0' * 64}",
    "verdict: accepted",
    "reviewer: A. Smith",
    "date: 2026-11-28",
]


def test_layout_order_line_ends_and_a_byte_order_mark_do_not_matter(base: Path, review: Review, trace: Trace) -> None:
    path = Path(add_review("reviews", review, trace))
    lines = path.read_text(encoding="utf-8").splitlines()
    *kept, last = [line for line in lines if not line.startswith(("  ", "verdicts"))]
    verdicts = [line for line in lines if line.startswith(("  ", "verdicts"))]
    text = "\r\n".join(["# seen by hand", last, *kept[::-1], *verdicts, ""])
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    held = read_reviews("reviews")
    assert held.issues == ()
    assert held.reviews[0].signed == review.signed


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("reviewer:", "reviewr:", "KZ108", "did you mean reviewer"),
        ("reviewer: A. Smith", "reviewer: A. Smith\nreviewer: B. Jones", "KZ106", "twice"),
        ("verdict: accepted", "verdict: acepted", "KZ110", "accepted"),
        ("date: 2026-11-28T20:15:00Z", "date: 2026-02-30", "KZ112", "2026-11-28T20:15:00Z"),
        ("expires: 2027-11", "expires: 2027-13", "KZ112", "calendar"),
        ("as-of: 2010-06-01", "as-of: 2010-06", "KZ112", "full day"),
        ("as-of-from: base", "as-of-from: me", "KZ110", "base, reviewer"),
        ("reviewer: A. Smith", "reviewer: '  '", "KZ110", "empty"),
        ("conclusion: alignment(", "conclusion: alignment((", "KZ201", ""),
        ("  - premise:", "  - premice:", "KZ108", "premise"),
        ("    reason:", "    why:", "KZ109", "reason"),
        ("seal: ", "seal: 0", "KZ110", "64 digits"),
        ("note: ", "signature: none\nnote: ", "KZ110", "OpenSSH"),
        ("date: ", "- date: ", "KZ105", ""),
        ("verdict: accepted\n", "<<<<<<< HEAD\nverdict: accepted\n=======\n", "KZ601", "two files"),
        ("as-of: 2010-06-01", "as-of: 2010-06-02", "KZ604", "sign again"),
        ("leads(Borduria, Pact)", "leads(Borduria, Pakt)", "KZ604", "premise"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_place(
    base: Path, review: Review, trace: Trace, old: str, new: str, code: str, said: str
) -> None:
    path = Path(add_review("reviews", review, trace))
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    add_review("reviews", replace(review, reviewer="B. Jones"), trace)
    ran = CliRunner().invoke(cli, ["check", "--limit", "all"])
    assert ran.exit_code == 1
    told = " ".join(ran.output.split())
    assert f"{FILE}" in told
    assert code in told
    assert said in told
    assert [item.reviewer for item in read_reviews("reviews").reviews] == ["B. Jones"]


def test_a_file_that_ends_early_is_told_of(base: Path, review: Review, trace: Trace) -> None:
    """As an editor or a disk that is full leaves it; whatever is left is no traceback."""
    path = Path(add_review("reviews", review, trace))
    whole = path.read_bytes()
    for length in range(0, len(whole) - 1, 7):
        path.write_bytes(whole[:length])
        held = read_reviews("reviews")
        assert held.issues or held.reviews[0].signed != review.signed or length > whole.index(b"note")


@pytest.mark.parametrize("change", ["gone", "short", "other", "tampered"])
def test_a_review_needs_the_trace_that_it_is_of(base: Path, review: Review, trace: Trace, change: str) -> None:
    add_review("reviews", review, trace)
    path = Path("reviews", "traces", f"{review.seal[:16]}.json")
    text = path.read_text(encoding="utf-8")
    changed = {"short": text[:99], "other": "[]", "tampered": text.replace('"accepted"', "").replace("0.6", "0.9")}
    if change == "gone":
        path.unlink()
    else:
        path.write_text(changed[change], encoding="utf-8")
    held = read_reviews("reviews")
    assert held.reviews == ()
    assert {issue.code for issue in held.issues} == {"KZ602" if change == "gone" else "KZ603"}
    add_review("reviews", review, trace)
    assert read_reviews("reviews").issues == ()


def test_nothing_is_overwritten_whoever_writes_at_the_same_time(base: Path, review: Review, trace: Trace) -> None:
    notes = [replace(review, note=f"thought {number}") for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        paths = [*pool.map(lambda note: add_review("reviews", note, trace), notes)]
    assert len({*paths}) == 24
    held = read_reviews("reviews")
    assert held.issues == ()
    assert {item.note for item in held.reviews} == {item.note for item in notes}
    assert len([*Path("reviews").rglob("*")]) == 24 + 2


def test_a_name_of_a_reviewer_leads_nowhere_else(base: Path, review: Review, trace: Trace) -> None:
    for name in ("../../etc/passwd", "C:\\x", "." * 300, "Әйгерім Сағат", "李" * 200, "a\x1b[31m"):
        path = Path(add_review("reviews", replace(review, reviewer=name), trace))
        assert path.parent == Path("reviews")
    assert len(read_reviews("reviews").reviews) == 6


def test_a_review_of_something_else_is_not_written(base: Path, review: Review, trace: Trace) -> None:
    with pytest.raises(UsageError, match="KZ604"):
        add_review("reviews", replace(review, conclusion="hedges(Ruritania)"), trace)
    assert not Path("reviews").exists()


def test_the_newest_of_a_reviewer_on_one_thing_counts(base: Path, review: Review, trace: Trace) -> None:
    """So a challenge is withdrawn, and a verdict changed; the challenge stays where only the verdict is new."""
    (challenged,) = review.remarks
    again = replace(review, verdict="rejected", remarks=(), made="2026-11-29")
    other = replace(review, reviewer="B. Jones", remarks=())
    note = replace(review, verdict="", remarks=(), note="I wonder", made="2026-11-29")
    for item in (review, again, other, note):
        add_review("reviews", item, trace)

    def said() -> list[tuple[str, str, str, int]]:
        held = read_reviews("reviews").in_force
        return [(item.reviewer, item.kind, item.verdict, len(item.remarks)) for item in held]

    newer = [("B. Jones", "sign-off", "accepted", 0), ("A. Smith", "sign-off", "rejected", 0)]
    newer += [("A. Smith", "note", "", 0)]
    assert said() == [("A. Smith", "challenge", "", 1), *newer]
    withdrawn = replace(challenged, verdict="accepted", reason="they do, on page 4")
    add_review("reviews", replace(review, verdict="", remarks=(withdrawn,), made="2026-11-30"), trace)
    assert said() == [*newer, ("A. Smith", "challenge", "", 1)]
