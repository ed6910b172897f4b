"""Check: what is declared is declared once, and with kinds that exist. It does not look at how the names are used."""

from collections.abc import Iterable, Iterator

from kzexpert.errors import Issue, Location, an, counted
from kzexpert.language.nearest import did_you_mean
from kzexpert.model import Entity, KnowledgeBase, Predicate

__all__ = ["kinds", "names", "predicates"]

_BUILT_IN = ("text", "number", "date")
#: So many rows of registers are told one by one.
_MOST_ROWS = 20
_OTHER_CASE = "give one of them another name; questions do not tell upper from lower case"
_TWO_ROWS = "rows of one name are one entity if they share an alias; else name them by a column that tells them apart"


def kinds(kb: KnowledgeBase) -> list[Issue]:
    """Kinds of arguments and of entities that nobody declares (KZ118)."""
    issues: list[Issue] = []
    declared = frozenset(kb.kinds)
    types = declared.union(_BUILT_IN)
    for predicate in kb.predicates:
        for spec in predicate.args:
            if spec.type not in types:
                message = f"unknown kind {spec.type} of the argument {spec.name} of {predicate.name}"
                hint = did_you_mean(spec.type, types) or f"declare it under 'kinds:', or use {', '.join(_BUILT_IN)}"
                issues.append(Issue("KZ118", message, spec.location, hint))
    for register in kb.registers:
        if register.kind not in declared:
            hint = did_you_mean(register.kind, declared) or "declare it under 'kinds:'"
            place = register.marks.get("kind", register.location)
            issues.append(Issue("KZ118", f"unknown kind {register.kind} of the rows of {register.file}", place, hint))
    for entity in kb.entities:
        if entity.kind not in declared and not entity.location.row:
            hint = did_you_mean(entity.kind, declared) or "declare it under 'kinds:'"
            location = entity.marks.get("kind", entity.location)
            issues.append(Issue("KZ118", f"unknown kind {entity.kind} of {entity.name}", location, hint))
    return issues


def predicates(kb: KnowledgeBase) -> list[Issue]:
    """Predicates declared twice and differently (KZ219), and arguments to compare that they lack (KZ203)."""
    issues: list[Issue] = []
    first: dict[str, Predicate] = {}
    for predicate in sorted(kb.predicates, key=lambda item: kb.written(item.location)):
        names = [spec.name for spec in predicate.args]
        if predicate.compares and predicate.compares not in names:
            message = f"{predicate.name} compares {predicate.compares}, which is not an argument of it"
            hint = did_you_mean(predicate.compares, names) or f"its arguments are {', '.join(names)}"
            issues.append(Issue("KZ203", message, predicate.marks.get("compares", predicate.location), hint))
        if predicate.symmetric and [spec.type for spec in predicate.args] != [predicate.args[0].type] * 2:
            message = f"{predicate.name} is symmetric, and does not have two arguments of one type"
            hint = "only two arguments of one type can change places; leave 'symmetric' out"
            issues.append(Issue("KZ203", message, predicate.marks.get("symmetric", predicate.location), hint))
        known = first.setdefault(predicate.name, predicate)
        differing = [] if known is predicate else _differences(known, predicate)
        if differing:
            message = f"{predicate.name} is declared twice, with different {' and '.join(differing)}"
            hint = "keep one declaration, or give one of the predicates another name"
            issues.append(
                Issue("KZ219", message, predicate.location, hint, related=((known.location, "declared here before"),))
            )
    return issues


def _differences(one: Predicate, other: Predicate) -> list[str]:
    """What two declarations do not share; what documents them may differ."""
    signatures = [one.signature, other.signature]
    pairs = {
        "args": (signatures[0], signatures[1]),
        "holds": (one.holds, other.holds),
        "says": (one.says, other.says),
        "asks": (one.asks, other.asks),
        "compares": (one.compares, other.compares),
        "symmetric": (one.symmetric, other.symmetric),
    }
    return [key for key, (left, right) in pairs.items() if left != right]


# --- names of entities -----------------------------------------------------------------------------------------------


def names(kb: KnowledgeBase) -> list[Issue]:
    """Names and aliases with two meanings (KZ119), compared without case, since questions are read without case."""
    owner: dict[str, Entity] = {}
    contested: set[str] = set()
    for entity in kb.entities:
        for spelling in (entity.name, *entity.aliases):
            folded = spelling.casefold()
            if owner.setdefault(folded, entity) is not entity:
                contested.add(folded)
    if not contested:
        return []
    claims: dict[str, list[tuple[bool, Location, str, Entity]]] = {}
    for entity in kb.entities:
        for is_alias, location, spelling in _spellings(entity):
            if spelling.casefold() in contested:
                claims.setdefault(spelling.casefold(), []).append((is_alias, location, spelling, entity))
    return _at_most([issue for found in claims.values() for issue in _conflicts(kb, found)])


def _at_most(issues: list[Issue]) -> list[Issue]:
    """The issues, those about rows only up to a number: a register may have one fault ten thousand times."""
    of_rows = [(item.location, item) for item in issues if item.location and item.location.row]
    rest = sorted(of_rows, key=lambda pair: pair[0])[_MOST_ROWS:]
    if not rest:
        return issues
    left_out = {id(item) for _, item in rest}
    more = Issue("KZ119", f"{counted(len(rest), 'more name')} with two meanings from this row on", rest[0][0])
    return [*(item for item in issues if id(item) not in left_out), more]


def _spellings(entity: Entity) -> Iterator[tuple[bool, Location, str]]:
    yield False, entity.location, entity.name
    for index, alias in enumerate(entity.aliases):
        yield True, entity.marks.get(f"aliases.{index}", entity.location), alias


def _conflicts(kb: KnowledgeBase, claims: Iterable[tuple[bool, Location, str, Entity]]) -> Iterator[Issue]:
    """An issue for each claim on a spelling but the first; a name goes before an alias."""
    (first_is_alias, first_place, first_spelling, holder), *others = sorted(
        claims, key=lambda claim: (claim[0], kb.written(claim[1]), claim[2])
    )
    as_first = f"an alias of {holder.name}" if first_is_alias else f"the name of {an(holder.kind)}"
    for is_alias, place, spelling, entity in others:
        hint = _OTHER_CASE
        if entity.name != holder.name:
            as_other = f"an alias of {entity.name}" if is_alias else f"the name of {an(entity.kind)}"
            apart = f" ({first_spelling})" if first_spelling != spelling else ""
            message = f"{spelling} is {as_other} here, but {as_first}{apart} elsewhere"
        elif entity.kind != holder.kind and not is_alias:
            message = f"{spelling} is {an(entity.kind)} here, but {an(holder.kind)} elsewhere"
        elif entity is not holder and not is_alias:
            message = f"{spelling} is {an(entity.kind)} here and a different one elsewhere"
            hint = _TWO_ROWS
        else:
            continue
        yield Issue("KZ119", message, place, hint, related=((first_place, f"{first_spelling} is {as_first}"),))
