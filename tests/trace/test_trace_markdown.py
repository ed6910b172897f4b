"""A trace as Markdown: one document with all of the trace, in which nothing from a file becomes markup."""

from collections import Counter
from collections.abc import Iterator

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from test_trace_graphs import PAYLOADS
from traces import Read, Traced
from worlds import with_payload

from kzexpert.model import KnowledgeBase
from kzexpert.proof.document import Trace
from kzexpert.render.proof_markdown import proof_markdown

#: What the document is made of: no link, no image, no emphasis but strong, no HTML.
_TOKENS = {
    *("heading", "paragraph", "table", "thead", "tbody", "tr", "th", "td", "bullet_list", "list_item", "strong"),
    *("inline", "text", "code_inline", "softbreak"),
}
_MORE = {
    "long numbers": "1234) a",
    "indents": "      a\\tb",
    "plus": "+ a",
    "headings": "# a",
    "rules": "---",
    "fences": "``` x ~~~",
    "ticks": "`` a ` b ``",
    "pipes": "a | b \\| c",
    "address": "<https://example.org> www.example.org me@example.org",
    "reference": "[a]: https://example.org",
    "picture": "![a](b)",
    "html": "<b>bold</b> <!-- x --> <?php ?>",
}


@pytest.fixture(params=[*PAYLOADS.values(), *_MORE.values()], ids=[*PAYLOADS, *_MORE])
def payload(request: pytest.FixtureRequest) -> str:
    text: str = request.param
    return text


def tokens(text: str) -> Iterator[Token]:
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        yield token
        yield from token.children or ()


def shown(text: str) -> str:
    return "".join(token.content for token in tokens(text) if token.type in ("text", "code_inline"))


def plain(text: str) -> str:
    return " ".join(text.split())


def blocks(text: str) -> Counter[str]:
    return Counter(token.type for token in tokens(text) if token.block)


def test_nothing_from_a_file_becomes_markup(payload: str, read: Read, traced: Traced) -> None:
    text = proof_markdown(traced(read(with_payload(payload)), "aligned(?state, ?power)"))
    found = {token.type.removesuffix("_open").removesuffix("_close") for token in tokens(text)}
    assert found == _TOKENS
    calm = proof_markdown(traced(read(with_payload("calm")), "aligned(?state, ?power)"))
    assert blocks(text) == blocks(calm)


def test_texts_are_shown_as_they_are(payload: str, read: Read, traced: Traced) -> None:
    trace = traced(read(with_payload(payload)), "aligned(?state, ?power)")
    text = shown(proof_markdown(trace))
    for firing in trace.firings:
        assert plain(firing.because)[1:] in text
    for source in trace.sources:
        assert plain(source.title) in text
    for fact in trace.facts:
        assert plain(fact.says)[1:] in text


def test_every_row_of_a_table_has_its_columns(payload: str, read: Read, traced: Traced) -> None:
    text = proof_markdown(traced(read(with_payload(payload)), "aligned(?state, ?power)"))
    cells: list[int] = []
    widths = []
    for token in tokens(text):
        if token.type == "tr_open":
            cells.append(0)
        elif token.type in ("td_open", "th_open"):
            cells[-1] += 1
        elif token.type == "table_close":
            widths.append(set(cells))
            cells = []
    assert widths == [{4}, {6}]


def test_it_holds_every_part_of_the_trace(shipped: KnowledgeBase, traced: Traced) -> None:
    trace: Trace = traced(shipped, "alignment(Kazakhstan, ?power, ?sphere)")
    text = proof_markdown(trace)
    assert text.count("\n### ") == len(trace.conclusions)
    argument = text.partition("## Argument\n")[2]
    assert argument.count("\n- **") == sum(len(item.lines) for item in trace.conclusions)
    facts = text.partition("## Facts\n")[2].partition("\n## ")[0]
    rows = [line for line in facts.splitlines() if line.startswith(("| F", "|  |"))]
    assert len(rows) == sum(max(1, len(fact.rows)) for fact in trace.facts)
    for name in (*(rule.id for rule in trace.rules), *(source.id for source in trace.sources), trace.seal):
        assert f"`{name}`" in text
    for firing in trace.firings:
        for premise in firing.premises:
            assert premise.condition in text


def test_an_assumption_is_called_one(everything: KnowledgeBase, traced: Traced) -> None:
    assumed, left_out = ["leads(Syldavia, Pact)"], ["leads(Graustark, _)"]
    text = proof_markdown(traced(everything, "aligned(Ruritania, ?x)", assume=assumed, without=left_out))
    assert "Assumed: `leads(Syldavia, Pact)`.\n" in text
    assert "Left out: `leads(Graustark, _)`.\n" in text
    assert "| Syldavia leads Pact | 1.00 |  | assumed |  |" in text


def test_nothing_that_follows(everything: KnowledgeBase, traced: Traced) -> None:
    text = proof_markdown(traced(everything, "free(Borduria)"))
    assert "\nNothing in the knowledge base supports this.\n" in text
    assert "## Argument" not in text


_DOCUMENT = """\
## Answers

| No. | Answer | Evidence | Certainty |
| --- | --- | --- | ---: |
| 1 | free(Graustark) | very strong evidence | 1.00 |

## Argument

### 1. Free: Graustark: very strong evidence (1.00)

`free(Graustark)`

Moderate confidence: all of it rests on one source, atlas (grade B).

- **1.00** A state that is aligned with nobody. Facts: SRC. Rule `isolated` (A state that is aligned with nobody; SRC).
    - weight(Graustark, 7) (1.00, F1)
    - Nothing established matches `aligned(Graustark, _)`
    - `?number < 10`: `7 < 10`
    - Strength: 1.00 × 1.00 = 1.00

## Facts

| No. | Fact | Certainty | In force | Source | File |
| --- | --- | ---: | --- | --- | --- |
| F1 | weight(Graustark, 7) | 1.00 |  | SRC | PLACE |

## Rules

- `isolated`, certainty 1.00, PLACE
    - when `weight(?state, ?number)`
    - and `not aligned(?state, _)`
    - and `?number < 10`
    - then `free(?state)`

## Sources

- `atlas`: Hope, An Atlas of Invented States, Zenda Press, 2011-04-07. Reliability B.

## Checking

- “Free: state” was read as `free(?state)`; the seal of its trace is `SEAL`.

Concluded by the engine experta. `kzexpert trace verify` checks the trace that this file
carries against the rules and facts. Rivals, years and reviews stand in the HTML page only.
"""


def test_the_document(everything: KnowledgeBase, traced: Traced) -> None:
    trace = traced(everything, "free(?state)")
    text = proof_markdown(trace).replace(trace.seal, "SEAL")
    for place in (trace.facts[0].rows[0].place, trace.rules[0].place):
        text = text.replace(place, "PLACE")
    cited = "atlas, page 1 (grade B)"
    assert text.count(cited) == 3
    key, answers, annex = text.partition("## Answers")
    assert f"{answers}{annex}".replace(cited, "SRC") == _DOCUMENT
    assert key.startswith(
        "# Free: state\n\nAs of 2011-04-07.\n\n## Key judgement\n\n**Free: Graustark.**\n\n- **Evidence:**"
    )
    names = ("Confidence", "Likelihood", "Main reason for", "Main reason against", "What would change it")
    assert [key.count(f"- **{name}:**") for name in (*names, "What is unknown")] == [1] * 6
