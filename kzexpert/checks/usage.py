"""Check: rules that no facts can set off, and predicates that nothing mentions; both are warnings.

It looks at recorded facts of any date, so a rule it passes may still not fire on a given day.
"""

from collections.abc import Callable, Iterator, Sequence

from kzexpert.errors import Issue, Location
from kzexpert.language.nearest import did_you_mean
from kzexpert.model import (
    Atom,
    Case,
    Condition,
    Constant,
    Fact,
    KnowledgeBase,
    Rule,
    Value,
)
from kzexpert.program.resolve import resolve_atom

__all__ = ["exceptions_that_never_hold", "rules_that_never_fire", "unused_predicates"]

#: Values at some positions of the recorded facts of a predicate; None where a fact cannot be resolved.
_Index = dict[tuple[str, tuple[int, ...]], set[tuple[Value, ...]] | None]


def rules_that_never_fire(kb: KnowledgeBase, cases: Sequence[Case] = ()) -> list[Issue]:
    """Rules with a condition that no recorded fact matches and no rule that can fire concludes (KZ213).

    A rule may wait for facts of a predicate that only other bases record, if a case has such facts. A conclusion counts
    as possible whatever its arguments. Rules and facts that are at fault themselves are taken to fit, so that one
    misspelled name does not condemn all that rests on it.
    """
    _, lacking, concluded = _possible(kb, cases)
    issues: list[Issue] = []
    for index, rule in enumerate(kb.rules):
        for condition, atom in lacking[index]:
            if atom.within or atom.dates or atom.predicate not in concluded:
                issues.append(_never_fires(kb, rule, condition, atom))
                break
    return issues


def exceptions_that_never_hold(kb: KnowledgeBase, cases: Sequence[Case] = ()) -> list[Issue]:
    """Negations and exceptions of which a condition has no fact, of the base or a case, and no rule (KZ229)."""
    recorded, _, concluded = _possible(kb, cases)
    issues: list[Issue] = []
    for rule in kb.rules:
        for denied in (part for condition in rule.when for part in condition.flat if part.looks == "negation"):
            needed = [(denied, atom) for atom, _ in denied.own_atoms]
            needed += [(condition, atom) for condition in denied.inner for atom, _ in condition.required]
            for part, atom in needed:
                if not recorded(atom) and (atom.within or atom.dates or atom.predicate not in concluded):
                    why, related = _lack(kb, part, atom)
                    message = f"{denied.called} of rule {rule.id} changes nothing: {why}"
                    hint = f"add a case with facts of {atom.predicate}, correct it, or leave it out"
                    issues.append(Issue("KZ229", message, denied.location, hint, "warning", related))
                    break
    return issues


def _possible(
    kb: KnowledgeBase, cases: Sequence[Case]
) -> tuple[Callable[[Atom], bool], dict[int, list[tuple[Condition, Atom]]], set[str]]:
    """Whether a fact matches an atom; what each rule lacks, by index; and the predicates that rules can establish."""
    tried = {fact.predicate for case in cases for fact in case.kb.facts} - {fact.predicate for fact in kb.facts}
    recorded = _recorded(kb, tried)
    lacking = {
        index: [(condition, atom) for condition, atom in _required(rule) if not recorded(atom)]
        for index, rule in enumerate(kb.rules)
    }
    return recorded, lacking, _concluded(kb.rules, lacking)


def _required(rule: Rule) -> Iterator[tuple[Condition, Atom]]:
    """The atoms that some fact must match; counts and sums hold over nothing, the least and the greatest do not."""
    for condition in rule.when:
        for atom, _ in condition.required:
            yield condition, atom


def _concluded(rules: Sequence[Rule], lacking: dict[int, list[tuple[Condition, Atom]]]) -> set[str]:
    """The predicates that rules can establish, each rule looked at once for each of its open conditions."""
    open_conditions = {index: len(found) for index, found in lacking.items()}
    waiting: dict[str, list[int]] = {}
    for index, found in lacking.items():
        for _, atom in found:
            if not atom.within and not atom.dates:
                waiting.setdefault(atom.predicate, []).append(index)
    ready = [index for index, number in open_conditions.items() if number == 0]
    concluded: set[str] = set()
    for index in ready:
        new = {head.predicate for head in rules[index].then} - concluded if rules[index].certainty > 0 else ()
        concluded.update(new)
        for predicate in sorted(new):
            for dependent in waiting.get(predicate, ()):
                open_conditions[dependent] -= 1
                if open_conditions[dependent] == 0:
                    ready.append(dependent)
    return concluded


def _never_fires(kb: KnowledgeBase, rule: Rule, condition: Condition, atom: Atom) -> Issue:
    why, related = _lack(kb, condition, atom)
    hint = f"add facts of {atom.predicate}, or correct the condition"
    return Issue("KZ213", f"rule {rule.id} can never fire: {why}", condition.location, hint, "warning", related)


def _lack(kb: KnowledgeBase, condition: Condition, atom: Atom) -> tuple[str, tuple[tuple[Location, str], ...]]:
    """Why nothing can match an atom of a condition, and the rules that were to conclude it."""
    name = atom.predicate
    concluding = [other for other in kb.rules if any(head.predicate == name for head in other.then)]
    sources = sorted((other.location, other.id) for other in concluding)
    if sources and not atom.within and not atom.dates:
        related = tuple((location, f"rule {other}") for location, other in sources)
        against = all(other.certainty < 0 for other in concluding)
        return f"no rule establishes {name}" if against else f"the rules that conclude {name} can never fire", related
    if any(fact.predicate == name for fact in kb.facts):
        return f"no recorded fact matches {condition.text.removeprefix('not ')}", ()
    return f"there is no fact of {name}" + ("" if atom.within or atom.dates else " and no rule that concludes it"), ()


def _recorded(kb: KnowledgeBase, tried: set[str]) -> Callable[[Atom], bool]:
    """Whether some fact matches the constants of an atom; of what is ``tried``, some case has facts.

    Facts are read once for each set of positions asked about.
    """
    facts: dict[str, list[Fact]] = {}
    for fact in kb.facts:
        facts.setdefault(fact.predicate, []).append(fact)
    in_tables = {table.predicate for table in kb.tables} | tried
    indexes: _Index = {}

    def matches(atom: Atom) -> bool:
        if atom.predicate in in_tables:
            return True  # nobody has looked at the rows yet
        rows = facts.get(atom.predicate, [])
        constants = any(isinstance(argument.term, Constant) for argument in atom.arguments)
        if atom.predicate in kb.predicate and (not rows or not constants):
            return bool(rows)
        pattern = resolve_atom(kb, atom)[0]
        if pattern is None:
            return True
        fixed = pattern.fixed
        key = pattern.predicate, tuple(fixed)
        if key not in indexes:
            indexes[key] = _index(kb, rows, key[1])
        index = indexes[key]
        return index is None or tuple(fixed.values()) in index

    return matches


def _index(kb: KnowledgeBase, rows: Sequence[Fact], places: tuple[int, ...]) -> set[tuple[Value, ...]] | None:
    specs = [kb.predicate[rows[0].predicate].args[place] for place in places]
    found: set[tuple[Value, ...]] = set()
    for fact in rows:
        key: list[Value] = []
        for spec in specs:
            value = fact.arguments.get(spec.name)
            if spec.type in kb.kinds and isinstance(value, str):
                entity = kb.entity.get(value)
                value = entity.name if entity else None
            if value is None:
                return None
            key.append(value)
        found.add(tuple(key))
    return found


# --- unused -----------------------------------------------------------------------------------------------------------


def unused_predicates(kb: KnowledgeBase, cases: Sequence[Case] = ()) -> list[Issue]:
    """Declared predicates that no rule, no fact and no case mentions (KZ214)."""
    used = _mentioned(kb)
    for case in cases:
        used.update(_mentioned(case.kb))
        wanted = (item.conclusion for item in case.want or ())
        used.update(text.partition("(")[0].strip() for text in (case.ask, *case.assume, *case.without, *wanted))
    return [
        Issue(
            "KZ214",
            f"no rule and no fact uses {predicate.name}",
            predicate.location,
            did_you_mean(predicate.name, used - set(kb.predicate)) or "add a rule or facts for it, or take it out",
            "warning",
        )
        for predicate in kb.predicates
        if predicate.name not in used
    ]


def _mentioned(kb: KnowledgeBase) -> set[str]:
    used = {fact.predicate for fact in kb.facts} | {table.predicate for table in kb.tables}
    for rule in kb.rules:
        used.update(head.predicate for head in rule.then)
        used.update(atom.predicate for condition in rule.when for atom, _ in condition.atoms)
    return used
