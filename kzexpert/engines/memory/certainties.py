"""From bindings to certainties: when a stratum is at rest, its firings are weighed and its conclusions settled.

It joins nothing: the engine says which bindings each rule has. It adds the premises, the strengths and the sums.
"""

from collections.abc import Callable, Mapping
from itertools import count
from operator import itemgetter

import msgspec

from kzexpert.certainty import established
from kzexpert.engines.base import Meter
from kzexpert.engines.memory.facts import MemoryFacts
from kzexpert.evidence import Heights, certainty_of, line_strengths
from kzexpert.model import (
    Anonymous,
    Constant,
    Firing,
    GroundAtom,
    Inference,
    Pattern,
    Program,
    ProgramRule,
    RelationKey,
    Stratum,
    Value,
)
from kzexpert.model.established import EstablishedFacts
from kzexpert.model.evaluation import rising

__all__ = ["Settling", "View", "view_of"]

Args = tuple[Value, ...]


class View(msgspec.Struct, frozen=True):
    """A relation as a pattern looks at it: without the places of ``_``, so that one binding stands for one firing.

    Attributes:
        places: the arguments that the pattern reads.
        certainty: whether it reads the certainty as well.
        whole: whether it reads all arguments, so that a row of the view is one fact.
    """

    relation: RelationKey
    places: tuple[int, ...]
    certainty: bool
    whole: bool

    def row(self, args: Args, certainty: float) -> Args:
        """What the view shows of a fact."""
        kept = args if self.whole else tuple([args[place] for place in self.places])
        return (*kept, certainty) if self.certainty else kept


def view_of(pattern: Pattern) -> View:
    """The view that a pattern needs."""
    places = tuple(place for place, term in enumerate(pattern.terms) if not isinstance(term, Anonymous))
    return View(pattern.relation, places, pattern.certainty is not None, len(places) == len(pattern.terms))


class _Premise(msgspec.Struct, frozen=True):
    """A positive condition: how to get from a binding to the row of its view, and to the fact behind it.

    Attributes:
        arity: how many arguments the fact has; behind them stand the dates on record that the condition binds.
    """

    predicate: str
    arity: int
    view: View
    row: Callable[[Args], Args]
    fact: Callable[[Args], tuple[float, Args]]


class Settling:
    """Certainties and firings of one inference, stratum by stratum.

    Attributes:
        certainties: relation → arguments → certainty; base facts from the start, conclusions once they are settled.
        bindings: rule id → the bindings that the engine has found so far, each once.
    """

    def __init__(
        self, program: Program, facts: EstablishedFacts, bindings: Mapping[str, list[Args]], meter: Meter
    ) -> None:
        self.bindings = bindings
        self.certainties: dict[RelationKey, dict[Args, float]] = {
            relation: {args: fact.certainty for args, fact in base.items()} for relation, base in program.base.items()
        }
        self._program = program
        self._facts = facts
        self._meter = meter
        self._known_atoms: dict[str, dict[Args, GroundAtom]] = {}
        self._firings: dict[GroundAtom, tuple[Firing, ...]] = {}
        self._conflicts: set[GroundAtom] = set()
        self._heights = Heights(program, self.certainties, self._firings.__getitem__, facts)
        self._strongest: dict[View, dict[Args, tuple[float, Args]]] = {}
        self._plans: dict[str, tuple[Callable[[Args], Args], tuple[_Premise, ...]]] = {}
        self._all_certain = True

    @property
    def concluded(self) -> int:
        """How many conclusions are settled."""
        return len(self._firings)

    def inference(self, engine: str) -> Inference:
        """What came out, once every stratum is settled."""
        facts = MemoryFacts(self.certainties, self._firings, self._facts, self._heights)
        return Inference(self._program, engine, facts, frozenset(self._conflicts))

    def establish(self, relation: RelationKey, args: Args, certainty: float) -> None:
        """Note that a fact is established, or more certain than it was."""
        self._facts.add(relation, args, certainty)
        for view, strongest in self._strongest.items():
            if view.relation == relation:
                _keep_stronger(strongest, view.row(args, certainty), certainty, args)

    def provisional(self, rule: ProgramRule) -> Callable[[Args], tuple[Args, float]]:
        """A function from a binding of a rule in a recursive stratum to its conclusion and its strength so far."""
        head, premises = self._plan(rule)
        factor = rule.rule.certainty

        def concluded(binding: Args) -> tuple[Args, float]:
            weakest = 1.0
            for premise in premises:
                certainty = premise.fact(binding)[0]
                if certainty < weakest:
                    weakest = certainty
            certainty = round(factor * weakest, 9)
            if certainty < 1.0:
                self._all_certain = False
            return head(binding), certainty

        return concluded

    def settle(self, stratum: Stratum) -> None:
        """Weigh all firings of a stratum and settle the certainty of each of its conclusions.

        To be called again when further bindings have been found in a recursive stratum.

        Raises:
            BudgetError: more conclusions than the budget allows.
        """
        if stratum.recursive and not self._all_certain:
            self._raise_to_best_proofs(stratum)
        for predicate in stratum.predicates:
            self._settle_predicate(
                predicate, [rule for rule in stratum.rules if rule.head.predicate == predicate], stratum
            )

    def close(self, stratum: Stratum) -> None:
        """Choose the premises of a recursive stratum that is at rest, where several facts satisfy a condition."""
        inside = stratum.predicates
        if any(
            rising(rule, inside) or any(item.open and item.relation in inside for item in rule.matches)
            for rule in stratum.rules
        ):
            for atom, firings in self._firings.items():
                if atom.predicate in stratum.predicates:
                    self._firings[atom] = tuple(map(self._heights.chosen, firings))

    def _settle_predicate(self, predicate: str, rules: list[ProgramRule], stratum: Stratum) -> None:
        base = self._program.base.get(predicate, {})
        certainties = self.certainties.setdefault(predicate, {})
        gathered: dict[Args, list[Firing]] = {}
        for rule in rules:
            self._weigh(rule, gathered)
        lone: dict[float, float] = {}  # strength of an only line → what it comes to, the same for very many
        for args, firings in gathered.items():
            fact = base.get(args)
            atom = firings[0].conclusion
            self._firings[atom] = tuple(firings)
            if fact is None and len(firings) == 1:
                strength = firings[0].strength
                if strength not in lone:
                    lone[strength] = certainty_of([strength], stratum.recursive)[0]
                certainties[args] = lone[strength]
                continue
            strengths = line_strengths(firings, None if fact is None else fact.certainty)
            certainties[args], conflict = certainty_of(strengths, stratum.recursive)
            if conflict:
                self._conflicts.add(atom)

    # --- premises -----------------------------------------------------------------------------------------------------

    def _weigh(self, rule: ProgramRule, gathered: dict[Args, list[Firing]]) -> None:
        """Add the firings of a rule, with their premises and strengths, to those of their conclusions."""
        head, premises = self._plan(rule)
        factor = rule.rule.certainty
        conclusion = self._atoms(rule.head.predicate)
        settled = self.certainties[rule.head.predicate]
        known = self._facts.relations.get(rule.head.predicate, {})  # counted when a recursive stratum established them
        met: dict[View, dict[Args, tuple[float, GroundAtom]]] = {premise.view: {} for premise in premises}
        looked_up = [(premise, premise.row, met[premise.view]) for premise in premises]
        for binding in self.bindings[rule.key]:
            weakest = 1.0
            facts = []
            for premise, row, rows in looked_up:
                key = row(binding)
                found = rows.get(key)
                if found is None:
                    certainty, args = premise.fact(binding)
                    found = rows[key] = certainty, self._atoms(premise.predicate)(args[: premise.arity])
                if found[0] < weakest:
                    weakest = found[0]
                facts.append(found[1])
            args = head(binding)
            firings = gathered.get(args)
            if firings is None:
                firings = gathered[args] = []
                atom = conclusion(args)
                if args not in settled and args not in known:
                    self._meter.conclusion(rule.id)
            else:
                atom = firings[0].conclusion
            firings.append(Firing(rule, binding, atom, tuple(facts), factor * weakest))

    def _atoms(self, predicate: str) -> Callable[[Args], GroundAtom]:
        """One object for each statement, however many firings speak of it."""
        known = self._known_atoms.setdefault(predicate, {})

        def atom(args: Args) -> GroundAtom:
            found = known.get(args)
            if found is None:
                found = known[args] = GroundAtom(predicate, args)
            return found

        return atom

    def _lookup(self, view: View, row: Callable[[Args], Args]) -> Callable[[Args], tuple[float, Args]]:
        """From a binding to the certainty and the arguments of the fact behind a positive condition.

        Where ``_`` lets several facts satisfy it, that is the strongest of them.
        """
        facts = self._facts.relations.setdefault(view.relation, {})
        if view.whole and not view.certainty:

            def whole(binding: Args) -> tuple[float, Args]:
                args = row(binding)
                return facts[args], args

            return whole

        def strongest(binding: Args) -> tuple[float, Args]:
            rows = self._strongest.get(view)
            if rows is None:
                rows = self._strongest[view] = {}
                for args, certainty in facts.items():
                    _keep_stronger(rows, view.row(args, certainty), certainty, args)
            return rows[row(binding)]

        return strongest

    def _plan(self, rule: ProgramRule) -> tuple[Callable[[Args], Args], tuple[_Premise, ...]]:
        plan = self._plans.get(rule.key)
        if plan is None:
            premises = []
            for pattern in rule.matches:
                view, row = view_of(pattern), _projection(rule, pattern)
                premises.append(_Premise(pattern.predicate, pattern.arity, view, row, self._lookup(view, row)))
            plan = self._plans[rule.key] = _projection(rule, rule.head), tuple(premises)
        return plan

    # --- recursive strata ---------------------------------------------------------------------------------------------

    def _raise_to_best_proofs(self, stratum: Stratum) -> None:
        """Raise the certainties of established facts to those of their best proofs.

        A proof is never stronger than its weakest premise, so that conclusions can be settled in descending order of
        certainty (Knuth, *A generalization of Dijkstra's algorithm*, Information Processing Letters 6, 1977). A premise
        with ``_`` is met by the first, hence strongest, fact of its view that is settled.
        """
        from heapq import heappop, heappush  # few questions meet a recursion

        inside = set(stratum.predicates)
        weakest: list[float] = []
        missing: list[int] = []
        concluded: list[tuple[GroundAtom, float]] = []
        waiting: dict[tuple[View, Args], list[int]] = {}
        queue: list[tuple[float, int, GroundAtom]] = []
        serial = count()  # keeps the queue from comparing atoms
        settled: dict[GroundAtom, float] = {}

        def push(atom: GroundAtom, certainty: float) -> None:
            heappush(queue, (-round(certainty, 9), next(serial), atom))

        views = {view for rule in stratum.rules for view in map(view_of, rule.matches) if view.relation in inside}
        for predicate in stratum.predicates:
            for fact in self._program.base.get(predicate, {}).values():
                push(fact.atom, fact.certainty)
        for rule in stratum.rules:
            head, premises = self._plan(rule)
            recursive = [premise for premise in premises if premise.view.relation in inside]
            others = [premise for premise in premises if premise.view.relation not in inside]
            for binding in self.bindings[rule.key]:
                rows = {(premise.view, premise.row(binding)) for premise in recursive}
                for row in rows:
                    waiting.setdefault(row, []).append(len(weakest))
                missing.append(len(rows))
                weakest.append(min((premise.fact(binding)[0] for premise in others), default=1.0))
                concluded.append((GroundAtom(rule.head.predicate, head(binding)), rule.rule.certainty))
                if not rows:
                    push(concluded[-1][0], concluded[-1][1] * weakest[-1])
        while queue:
            negated, _, atom = heappop(queue)
            certainty = -negated
            if atom in settled or not established(certainty):
                continue
            settled[atom] = certainty
            for view in views:
                if view.relation == atom.predicate:
                    for index in waiting.pop((view, view.row(atom.args, certainty)), ()):
                        missing[index] -= 1
                        weakest[index] = min(weakest[index], certainty)
                        if not missing[index]:
                            push(concluded[index][0], concluded[index][1] * weakest[index])
        for atom, certainty in settled.items():
            if atom.args in self._facts.relations.get(atom.predicate, {}):
                self.establish(atom.predicate, atom.args, certainty)


def _keep_stronger(strongest: dict[Args, tuple[float, Args]], row: Args, certainty: float, args: Args) -> None:
    """Of the facts behind one row of a view keep the most certain; of equal ones the first by text."""
    held = strongest.get(row)
    if (
        held is None
        or certainty > held[0]
        or (certainty == held[0] and str(GroundAtom("", args)) < str(GroundAtom("", held[1])))
    ):
        strongest[row] = (certainty, args)


def _projection(rule: ProgramRule, pattern: Pattern) -> Callable[[Args], Args]:
    """From a binding of the rule to what a view shows of the pattern's fact."""
    place = {variable: index for index, variable in enumerate(rule.variables)}
    terms = [term for term in pattern.terms if not isinstance(term, Anonymous)]
    constants = tuple(term.value for term in terms if isinstance(term, Constant))
    # A binding with the constants behind it is picked from by position, which costs one call in C.
    picks: list[int] = []
    seen = 0
    for term in terms:
        if isinstance(term, Constant):
            picks.append(len(place) + seen)
            seen += 1
        else:
            picks.append(place[term.name])
    if pattern.certainty:
        picks.append(place[pattern.certainty])
    if not picks:
        return lambda _: ()
    if len(picks) == 1:
        only = picks[0]
        return (lambda _: constants) if constants else (lambda binding: (binding[only],))
    pick = itemgetter(*picks)
    return (lambda binding: pick(binding + constants)) if constants else pick
