"""A base as it was read once: all that follows from it, and the list of its judgements."""

from datetime import datetime
from typing import Protocol

from kzexpert.analysis.scenario import Scenario
from kzexpert.engines import Engine
from kzexpert.errors import Issue, Location, UsageError
from kzexpert.model import GroundAtom, Inference, KnowledgeBase, Pattern
from kzexpert.proof.document import Trace
from kzexpert.proof.index import Index
from kzexpert.proof.lineage import overview, prove
from kzexpert.questions.question import Question, read_question
from kzexpert.render.html_tree import sources_below
from kzexpert.render.judgement import Inquiry, Page

__all__ = ["Ledger", "OpenBase"]


class OpenBase(Protocol):
    """A knowledge base that is open, and how it runs."""

    @property
    def kb(self) -> KnowledgeBase:
        """As its engine takes it."""
        ...

    def infer(self) -> Inference:
        """All that follows, on the day and under the assumptions that it was opened with."""
        ...

    def engine(self) -> Engine:
        """What runs it again."""
        ...


class Ledger:
    """Another reading of the same files is another ledger.

    Attributes:
        version: tells one reading from another.
        conclusions: those of the predicates that are asked about, established or only weighed, the most certain first.
        sources: conclusion → the sources at or below it.
    """

    def __init__(self, base: OpenBase, version: str) -> None:
        self.base, self.version = base, version
        self._alone: dict[str, tuple[Scenario, Inference]] = {}
        self.read = datetime.now().astimezone()
        self.inference = base.infer()
        asked = {predicate.name for predicate in base.kb.predicates if predicate.asks}
        self.atoms = {str(atom): atom for atom in self.inference.firings if atom.predicate in asked}
        index = Index(overview(self.inference, self.atoms.values()))
        found = (index.conclusions[name] for name in self.atoms)
        self.conclusions = sorted(found, key=lambda item: (-item.certainty, item.conclusion))
        order = index.reading_order(index.trace.answers)
        self.sources = sources_below(index, order, {source: source for source in index.sources})

    def atom(self, of: str) -> GroundAtom:
        """A judgement by its text.

        Raises:
            UsageError: it is none that the base concludes (KZ309).
        """
        if of not in self.atoms:
            raise UsageError(Issue("KZ309", f"the base as it is now concludes nothing of {of}", Location("judgement")))
        return self.atoms[of]

    def question(self, of: str) -> Question:
        """The question that a judgement answers."""
        return read_question(self.base.kb, of)

    def proof(self, of: str) -> Trace:
        """The proof of a judgement."""
        return prove(self.inference, self.question(of))

    def alone(self, of: str) -> tuple[Scenario, Inference]:
        """Only what a judgement can depend on, and what follows from that: the start of each what-if; kept."""
        if of not in self._alone:
            atom = self.atom(of)
            pattern = Pattern.of(atom.predicate, atom.args)
            scenario = Scenario.of(self.inference.program).about(pattern, settled=True)
            self._alone[of] = scenario, self.base.engine().infer(scenario.program())
        return self._alone[of]

    def page(self, of: str) -> Page:
        """What its page shows, but for what takes a while."""
        return Page((Inquiry(of, self.proof(of)),), self.inference.program.as_of_reason)

    def differing(self, other: "Ledger") -> int:
        """How many judgements are others than there: more or less certain, or by other lines of evidence."""
        ours, theirs = (
            {item.conclusion: (item.certainty, [line.strength for line in item.lines]) for item in side.conclusions}
            for side in (self, other)
        )
        return sum(ours.get(name) != theirs.get(name) for name in {*ours, *theirs})
