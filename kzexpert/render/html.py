"""A judgement as one HTML file: the answer, the argument as a tree that folds, what it hangs on, its rivals, its history.

The page loads nothing: style and script stand in it, and its content security policy forbids every request. All that
comes from files goes through jinja2's escaping.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from kzexpert.certainty import likelihood
from kzexpert.model import BaseFact, GroundAtom, Inference, KnowledgeBase, Source
from kzexpert.proof import Node, Proof, Step
from kzexpert.query import ASSUMED, Answer

__all__ = ["Branch", "Evidence", "Record", "html_page", "trees"]

_PAGE = Path(__file__).with_name("page")
#: How deep a tree nests on the page; what lies deeper becomes a tree of its own, since browsers stop nesting at 512.
_DEEPEST = 12


class Record(msgspec.Struct, frozen=True):
    """Where a fact is recorded: one row of a facts file."""

    source: str
    at: str
    title: str
    dates: str
    certainty: float
    note: str
    place: str


class Condition(msgspec.Struct, frozen=True):
    """One condition of a rule as written, what satisfied it, and the branches below it."""

    written: str
    kind: str
    holds: str
    branches: tuple["Branch", ...]


class Evidence(msgspec.Struct, frozen=True):
    """One line of evidence that a rule gives."""

    because: str
    strength: float
    rule: str
    title: str
    source: str
    at: str
    place: str
    counts: bool
    others: int
    conditions: tuple[Condition, ...]


class Branch(msgspec.Struct, frozen=True):
    """A fact or a conclusion where it is shown, or a reference to where that is.

    Attributes:
        id: the anchor of the statement on the page.
        shown: false for a reference.
        sources: ids of all sources at or below it, for the filter.
    """

    id: str
    says: str
    atom: str
    certainty: float
    likelihood: str
    derived: bool
    conflict: bool
    assumed: bool
    shown: bool
    records: tuple[Record, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    sources: tuple[str, ...] = ()


def trees(kb: KnowledgeBase, proofs: Sequence[Proof]) -> tuple[tuple[Branch, ...], tuple[Branch, ...]]:
    """The proofs as trees, each statement shown once.

    Returns:
        The trees of what is proven, in the order given, and the trees of what lies too deep to nest.
    """
    nodes: dict[GroundAtom, Node] = {}
    for proof in proofs:
        nodes.update(proof.nodes)
    grove = _Grove(kb, nodes)
    proven = tuple(grove.branch(proof.conclusion, 0) for proof in proofs)
    deeper = []
    while grove.postponed:
        deeper.append(grove.branch(grove.postponed.pop(0), 0))
    return proven, tuple(deeper)


class _Grove:
    """Grows the trees; a statement that stands already, or stands elsewhere, is referred to."""

    def __init__(self, kb: KnowledgeBase, nodes: Mapping[GroundAtom, Node]) -> None:
        self.kb = kb
        self.nodes = nodes
        self.ids = {atom: f"s{number}" for number, atom in enumerate(nodes, 1)}
        self.placed: set[GroundAtom] = set()
        self.postponed: list[GroundAtom] = []

    def branch(self, atom: GroundAtom, depth: int) -> Branch:
        node = self.nodes[atom]
        here = atom not in self.placed and (depth < _DEEPEST or not node.steps) and atom not in self.postponed
        if not here:
            if atom not in self.placed and atom not in self.postponed:
                self.postponed.append(atom)
            return self._made(node, shown=False)
        self.placed.add(atom)
        evidence = tuple(self._evidence(step, depth) for step in node.steps)
        return self._made(node, shown=True, evidence=evidence)

    def _made(self, node: Node, shown: bool, evidence: tuple[Evidence, ...] = ()) -> Branch:
        records = tuple(self._records(node.base)) if node.base and shown else ()
        below = [branch.sources for line in evidence for condition in line.conditions for branch in condition.branches]
        sources = {record.source for record in records} | {line.source for line in evidence}
        sources.update(*below)
        return Branch(
            id=self.ids[node.atom],
            says=node.says,
            atom=str(node.atom),
            certainty=node.certainty,
            likelihood=likelihood(node.certainty),
            derived=bool(node.steps),
            conflict=node.conflict,
            assumed=node.base is not None and node.base.assumed,
            shown=shown,
            records=records,
            evidence=evidence,
            sources=tuple(sorted(sources - {""})),
        )

    def _evidence(self, step: Step, depth: int) -> Evidence:
        rule = step.firing.rule.rule
        return Evidence(
            because=step.because,
            strength=step.strength,
            rule=rule.id,
            title=rule.title,
            source=rule.source.source if rule.source else "",
            at=rule.source.at if rule.source else "",
            place=str(rule.location),
            counts=step.counts,
            others=len(step.others),
            conditions=tuple(
                Condition(
                    support.condition,
                    support.kind,
                    support.holds,
                    tuple(self.branch(fact, depth + 1) for fact in support.facts),
                )
                for support in step.supports
            ),
        )

    def _records(self, base: BaseFact) -> Iterable[Record]:
        if base.assumed:
            yield Record(ASSUMED, "", "assumed for this question", "", 1.0, "", "")
        for row in base.rows:
            source = row.source.source if row.source else ""
            parts = [("since", row.since), ("until", row.until), ("on", row.on)]
            yield Record(
                source=source,
                at=row.source.at if row.source else "",
                title=self._title(source),
                dates=", ".join(f"{word} {value}" for word, value in parts if value),
                certainty=row.certainty,
                note=row.note,
                place=str(row.location),
            )

    def _title(self, source: str) -> str:
        found = self.kb.source.get(source)
        return found.title if found else ""


class Citing(msgspec.Struct, frozen=True):
    """A source of the page, and how many statements and rules cite it."""

    source: Source
    cited: int


def html_page(
    inference: Inference,
    answer: Answer,
    proofs: Sequence[Proof],
    hangs_on: object | None = None,
    matrix: object | None = None,
    timeline_svg: str = "",
) -> str:
    """The page.

    Args:
        answer: what was asked, and the conclusions that answer it.
        proofs: of those conclusions, in the order of the answer.
        hangs_on: the linchpins of the first conclusion, or None.
        matrix: the competing hypotheses, or None.
        timeline_svg: a drawing made by `render.timeline_svg`, or "".
    """
    from jinja2 import Environment, FileSystemLoader
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(_PAGE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["signed"] = lambda number: f"{number:+.2f}".replace("-", "−")
    environment.filters["two"] = lambda number: f"{number + 0.0:.2f}".replace("-", "−")
    proven, deeper = trees(inference.program.kb, proofs)
    citing = _citing(inference.program.kb, proofs)
    environment.globals["anchors"] = {item.source.id: f"source{number}" for number, item in enumerate(citing, 1)}
    return environment.get_template("page.html").render(
        answer=answer,
        program=inference.program,
        proven=proven,
        deeper=deeper,
        citing=citing,
        hangs_on=hangs_on,
        matrix=matrix,
        timeline=Markup(timeline_svg),
        style=Markup((_PAGE / "page.css").read_text(encoding="utf-8")),
        script=Markup((_PAGE / "page.js").read_text(encoding="utf-8")),
    )


def _citing(kb: KnowledgeBase, proofs: Sequence[Proof]) -> tuple[Citing, ...]:
    """The sources behind the proofs, the most cited first."""
    counts: dict[str, int] = {}
    nodes = [node for proof in proofs for node in proof.nodes.values()]
    rows = {row.location: row.source for node in nodes if node.base for row in node.base.rows}
    rules = {step.firing.rule.id: step.firing.rule.rule.source for node in nodes for step in node.steps}
    for citation in (*rows.values(), *rules.values()):
        if citation:
            counts[citation.source] = counts.get(citation.source, 0) + 1
    found = [Citing(kb.source.get(name, Source(name)), count) for name, count in counts.items()]
    return tuple(sorted(found, key=lambda item: (-item.cited, item.source.id)))
