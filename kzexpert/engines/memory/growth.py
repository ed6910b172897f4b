"""Rules whose aggregates look at their own component: their bindings wait until enough of it is concluded.

It joins nothing but the bodies of such aggregates. experta finds the bindings of the other conditions; the engine says
when facts are new, and fires what is ready then.
"""

from collections.abc import Iterator, Mapping, Sequence

from kzexpert.engines.negatives import check_sum
from kzexpert.model import Aggregate, Body, EstablishedFacts, Program, ProgramRule, RelationKey, Value
from kzexpert.model.established import extend
from kzexpert.model.evaluation import Completion, rising, solutions

__all__ = ["Growth"]

Row = tuple[Value, ...]


class Growth:
    """The bindings of one such rule.

    Args:
        known: the variables that its matches bind, in the order of a row.
        completion: what says whether a row is ready, and with which values.
        inside: the predicates of the component.
    """

    def __init__(
        self,
        program: Program,
        rule: ProgramRule,
        known: Sequence[str],
        completion: Completion,
        facts: EstablishedFacts,
        inside: Sequence[str],
    ) -> None:
        self.rule = rule
        self._program = program
        self._known = tuple(known)
        self._completion = completion
        self._facts = facts
        self._inside = inside
        self._aggregates = rising(rule, inside)
        self._waiting: dict[Row, None] = {}
        self._fresh: dict[Row, None] = {}
        self._ready: dict[Row, None] = {}
        self._joined = [tuple(name for name in item.shared if name in item.body.matched) for item in self._aggregates]
        self._by_key: list[dict[Row, list[Row]]] = [{} for _ in self._aggregates]

    def wait(self, row: Row) -> None:
        """Take in the values of one binding of the matches."""
        self._waiting[row] = self._fresh[row] = None
        for joined, rows in zip(self._joined, self._by_key, strict=True):
            rows.setdefault(self._key(joined, row), []).append(row)

    def ready(self, new: Mapping[RelationKey, Sequence[Row]]) -> list[Row]:
        """The bindings of all variables of the rule that have become ready.

        Args:
            new: relation of the component → the arguments of facts that are new since the last call.
        """
        touched, self._fresh = self._fresh, {}
        for aggregate, joined, rows in zip(self._aggregates, self._joined, self._by_key, strict=True):
            for key in self._touched(aggregate, joined, new):
                touched.update(dict.fromkeys(rows.get(key, ())))
        found = []
        for row in touched:
            binding = self._complete(row) if row in self._waiting else None
            if binding is not None:
                del self._waiting[row]
                self._ready[row] = None
                found.append(binding)
        return found

    def bindings(self) -> list[Row]:
        """The bindings that are ready, with what their aggregates come to by now."""
        return [binding for row in self._ready if (binding := self._complete(row)) is not None]

    def check(self) -> None:
        """See that no sum has met a negative value, once the component is complete.

        Raises:
            KnowledgeBaseError: one has (KZ406).
        """
        for aggregate, rows in zip(self._aggregates, self._by_key, strict=True):
            keys = {self._key(aggregate.shared, row): row for found in rows.values() for row in found}
            values = (dict(zip(self._known, row, strict=True)) for row in keys.values())
            check_sum(self._program, self.rule, aggregate, values, self._facts, self._inside)

    def _complete(self, row: Row) -> Row | None:
        complete = self._completion(dict(zip(self._known, row, strict=True)))
        return None if complete is None else tuple([complete[name] for name in self.rule.variables])

    def _key(self, names: Sequence[str], row: Row) -> Row:
        values = dict(zip(self._known, row, strict=True))
        return tuple([values[name] for name in names])

    def _touched(
        self, aggregate: Aggregate, joined: Sequence[str], new: Mapping[RelationKey, Sequence[Row]]
    ) -> Iterator[Row]:
        """The values of shared variables whose result new facts may change.

        Only the matches are looked at: what they do not bind, other conditions of the body may need.
        """
        body = aggregate.body
        for index, pattern in zip(body.places, body.matches, strict=True):
            rest = Body(body.conditions, tuple(place for place in body.places if place != index), body.variables)
            for args in new.get(pattern.relation, ()):
                binding = extend(pattern, args, self._facts.relations[pattern.relation][args], {})
                if binding is not None:
                    for found in solutions(rest, self._facts, binding, self._program.as_of):
                        yield tuple([found[name] for name in joined])
