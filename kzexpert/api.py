"""The package from Python: a knowledge base that is asked, as on the command line. It prints nothing.

Whatever is wrong with files, questions or options is raised as a `KzexpertError`, which holds all of it.
"""

import os
from collections.abc import Sequence
from datetime import date

import msgspec

from kzexpert.analysis.profile import Profile, mentions, profile, read_entity
from kzexpert.checks import check, refuse_errors
from kzexpert.engines import engine, for_engine, settled
from kzexpert.errors import Issue, Location, UsageError, counted
from kzexpert.language import GrammarError, find_knowledge_base, load_knowledge_base, packed_knowledge_base
from kzexpert.language.dates import DATE_HINT, parse_partial_date
from kzexpert.language.files import StrPath
from kzexpert.model import Atom, Inference, KnowledgeBase, Pattern
from kzexpert.program.likelihood import with_siblings
from kzexpert.program.order import planned
from kzexpert.program.snapshot import snapshot
from kzexpert.proof.answers import Answer, answer
from kzexpert.proof.document import Trace
from kzexpert.proof.lineage import exported, outline, prove
from kzexpert.questions.question import read_question
from kzexpert.questions.statements import read_statement
from kzexpert.render.explanation_text import explanation, explanation_text

__all__ = ["Base", "load"]


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """A checked knowledge base, and what is asked of it: on which day, under which assumptions, by which engine.

    Attributes:
        kb: everything that was loaded.
        as_of: a day, month or year, of which the last day counts; None for the date of the newest source.
        assume, without: statements taken as given, and facts that are left out, as patterns or in a sentence.
        engine: the name of an engine.
    """

    kb: KnowledgeBase
    as_of: str | date | None = None
    assume: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    engine: str = "experta"

    def given(
        self,
        *,
        as_of: str | date | None = None,
        assume: Sequence[str] = (),
        without: Sequence[str] = (),
        engine: str = "",
    ) -> "Base":
        """The same base on another day, with further assumptions or withdrawals, or by another engine."""
        return Base(
            kb=self.kb,
            as_of=as_of or self.as_of,
            assume=(*self.assume, *assume),
            without=(*self.without, *without),
            engine=engine or self.engine,
        )

    def ask(self, question: str) -> Answer:
        """The answer to a question in plain words or to a pattern, established or only weighed."""
        asked = read_question(self.kb, question, dated=True)
        day = self.given(as_of=asked.as_of) if asked.as_of else self
        inference = day._inferred([asked.pattern])
        return answer(inference, asked, outline(inference, asked))

    def why(self, conclusion: str) -> str:
        """The proof of a conclusion as text, or what each rule lacks for it: what ``kzexpert why`` prints."""
        asked = read_question(self.kb, conclusion if conclusion.lower().startswith("why ") else f"why {conclusion}")
        return explanation_text(explanation(self._inferred([asked.pattern]), asked))

    def trace(self, question: str) -> Trace:
        """Everything that answers a question and all that it rests on: what ``kzexpert trace export`` writes."""
        asked = read_question(self.kb, question)
        return exported(prove(self._inferred([asked.pattern]), asked), self.kb)

    def about(self, name: str) -> Profile:
        """All that is concluded and recorded of an entity: what ``kzexpert about --format json`` prints."""
        entity = read_entity(self.kb, name)
        return profile(self._inferred(mentions(self.kb, entity)), entity)

    def infer(self, *patterns: str) -> Inference:
        """All facts, conclusions and firings; with patterns or questions, all that bear on these."""
        return self._inferred([read_question(self.kb, text).pattern for text in patterns])

    def _inferred(self, goals: Sequence[Pattern]) -> Inference:
        row = settled(self.engine, self.kb)
        kb = for_engine(self.kb, row.name)
        assume, without = _atoms(kb, self.assume, "assume"), _atoms(kb, self.without, "without")
        wide = [with_siblings(kb, goal) for goal in goals]
        program = snapshot(kb, _day(self.as_of), assume, without, wide)
        return engine(row.name).infer(program)

    def __repr__(self) -> str:
        return f"<base: {counted(len(self.kb.facts), 'fact')}, {counted(len(self.kb.rules), 'rule')}, {self.engine}>"


def load(*folders: StrPath, rules: Sequence[StrPath] = (), facts: Sequence[StrPath] = ()) -> Base:
    """Load and check a knowledge base.

    Args:
        folders: with ``rules/`` and ``facts/``, or names of shipped or installed bases; several are layered. Without
            any, those of ``KZEXPERT_KB``, else the nearest at or above the current folder, else the packed one.
        rules, facts: single files or folders of files beside them.

    Raises:
        KnowledgeBaseError: something is wrong with it; all of that.
    """
    chosen = folders or [name for name in os.environ.get("KZEXPERT_KB", "").split(os.pathsep) if name.strip()]
    chosen = chosen or [find_knowledge_base() or packed_knowledge_base()]
    kb = planned(load_knowledge_base(chosen, rules, facts))
    refuse_errors(kb, check(kb))
    return Base(kb=kb)


def _day(given: str | date | None) -> date | None:
    if not isinstance(given, str):
        return given
    try:
        return parse_partial_date(given.strip()).last
    except ValueError as error:
        raise UsageError(Issue("KZ303", str(error), Location("as_of"), DATE_HINT)) from None


def _atoms(kb: KnowledgeBase, texts: Sequence[str], argument: str) -> list[Atom]:
    try:
        return [read_statement(kb, " ".join(text.splitlines()), Location(argument, 1, 1)) for text in texts]
    except GrammarError as error:
        raise UsageError(*error.issues) from None
