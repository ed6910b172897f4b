"""Nodes → vocabulary and rules: the sections ``kinds``, ``predicates``, ``synonyms`` and ``rules`` of a file.

A rule or predicate with a mistake is noted and left out, and the rest is read on. Whether names exist is not asked.
"""

from typing import Literal, cast

import msgspec
from msgspec.structs import replace

from kzexpert.errors import CODES, Issue, Location
from kzexpert.language.documents import ListNode, MappingNode, Node, ScalarNode
from kzexpert.language.grammar import GrammarError, parse_atom, parse_condition
from kzexpert.language.habits import foreign_call
from kzexpert.language.nearest import did_you_mean
from kzexpert.language.reader import Reader
from kzexpert.model import ArgumentSpec, Atom, Block, Citation, Condition, Either, Predicate, Rule, Synonym

__all__ = [
    "BLOCKS",
    "BUILT_IN_TYPES",
    "PREDICATE_KEYS",
    "ROW_KEYS",
    "RULE_KEYS",
    "RuleDefaults",
    "read_citation",
    "read_drops",
    "read_kinds",
    "read_predicates",
    "read_rules",
    "read_synonyms",
    "split_hint",
]

#: What a row of facts may hold beside its arguments; no argument may bear such a name.
ROW_KEYS = ("since", "until", "on", "certainty", "source", "at", "note")
PREDICATE_KEYS = ("args", "holds", "says", "asks", "doc", "compares", "assumable", "symmetric", "intended")
#: In the order in which a rule is written.
RULE_KEYS = (
    *("id", "title", "replaces", "family", "each", "when", "unless", "then", "certainty", "because", "source"),
    "intended",
)
BLOCKS = ("either", "not")
_MOST_NESTED = 10
BUILT_IN_TYPES = ("text", "number", "date")
_ARGS_FORM = "args lists name: type in order, such as [state: state, org: organisation]"
_RULE_FORM = (
    "a rule has id, when (a list of conditions) and then (an atom, or a list of them); and title, family, unless, "
    "certainty, because, source, each, replaces, intended"
)

_BLOCK_FORM = "a block is either: or not:, with a list of conditions below it, each after - and a space"
_EACH_ON_A_LINE = "write each one on a line of its own below its key, starting with - and a space; or in quotes"


def read_kinds(reader: Reader, node: Node) -> list[str]:
    """Reads ``kinds:``, the kinds of entities."""
    kinds = []
    for item in reader.items(node, "a list of kinds", "such as [state, organisation]") or ():
        if not isinstance(item, ScalarNode):
            reader.wrong_shape("the name of a kind", item)
        elif item.text in BUILT_IN_TYPES:
            hint = f"{', '.join(BUILT_IN_TYPES)} are types already; give the kind another name"
            reader.note("KZ110", f"the kind {item.text} has the name of a type", reader.at(item), hint)
        elif (name := reader.name(item, "the name of a kind")) is not None:
            kinds.append(name)
    return kinds


# --- predicates -----------------------------------------------------------------------------------------------------


def read_predicates(reader: Reader, node: Node) -> list[Predicate]:
    """Reads ``predicates:``, the vocabulary."""
    found = []
    for key, value in reader.entries(node, "a mapping of predicates", "a predicate's name, then its args, holds, says"):
        name = reader.name(key, "the name of a predicate")
        fields = reader.fields(value, f"predicate {key.text}", PREDICATE_KEYS, ("args",), _ARGS_FORM)
        if name is not None and fields is not None:
            found.append(_predicate(reader, name, fields, reader.at_key(key)))
    return found


def _predicate(reader: Reader, name: str, fields: dict[str, Node], place: Location) -> Predicate:
    marks = {key: reader.at(value) for key, value in fields.items()}
    asks = reader.texts(fields["asks"], "a question") if "asks" in fields else []
    marks.update({f"asks.{index}": reader.at(item) for index, item in enumerate(asks)})
    holds = reader.choice(fields["holds"], "interval or event", ("interval", "event")) if "holds" in fields else None
    return Predicate(
        name,
        _argument_specs(reader, fields["args"]),
        cast(Literal["interval", "event"] | None, holds),
        (reader.text(fields["says"], "a sentence") or "") if "says" in fields else "",
        tuple(item.text for item in asks),
        (reader.text(fields["doc"], "a text") or "") if "doc" in fields else "",
        place,
        marks,
        (reader.filled(fields["compares"], "the name of an argument") or "") if "compares" in fields else "",
        reader.flag(fields["assumable"], "true or false") is not False if "assumable" in fields else True,
        "symmetric" in fields and reader.flag(fields["symmetric"], "true or false") is True,
        _intended(reader, fields, marks),
    )


def _intended(reader: Reader, fields: dict[str, Node], marks: dict[str, Location]) -> dict[str, str]:
    """Codes of warnings, each with the reason why what they are about is meant; their places go to `marks`."""
    found: dict[str, str] = {}
    form = "the code of a warning, and why it is meant: intended: {KZ230: nothing follows in between}"
    for key, value in (
        reader.entries(fields["intended"], "the warnings that are meant", form) if "intended" in fields else ()
    ):
        reason = reader.filled(value, "why this is meant")
        if key.text not in CODES:
            reader.note(
                "KZ110", f"{key.text!r} is not the code of a warning", reader.at(key), did_you_mean(key.text, CODES)
            )
        elif reason is not None:
            found[key.text] = reason
            marks[f"intended.{key.text}"] = reader.at_key(key)
    return found


def _argument_specs(reader: Reader, node: Node) -> tuple[ArgumentSpec, ...]:
    specs: dict[str, ArgumentSpec] = {}
    for item in reader.items(node, "a list of arguments", _ARGS_FORM) or ():
        if not isinstance(item, MappingNode) or len(item.entries) != 1:
            reader.wrong_shape("one argument with its type", item, _ARGS_FORM)
            continue
        ((key, value),) = item.entries.values()
        name = reader.name(key, "the name of an argument")
        kind = reader.name(value, "a type") if isinstance(value, ScalarNode) else reader.text(value, "a type")
        if name is None or kind is None:
            continue
        if name in ROW_KEYS:
            message = f"an argument cannot be called {name}: a row's own keys take this name"
            reader.note("KZ110", message, reader.at(key), f"a row of facts may hold {', '.join(ROW_KEYS)} by itself")
        elif name in specs:
            first = (specs[name].location, "it first appears here")
            reader.note("KZ106", f"the argument {name} appears twice", reader.at(key), "rename one", related=(first,))
        else:
            specs[name] = ArgumentSpec(name, kind, reader.at(key))
    return tuple(specs.values())


def read_synonyms(reader: Reader, node: Node) -> list[Synonym]:
    """Reads ``synonyms:``, what people say for words of the vocabulary."""
    found = []
    form = "words of the vocabulary, then what people say for them: aligned with: [allied with, close to]"
    for key, value in reader.entries(node, "a mapping of synonyms", form):
        said = reader.texts(value, "a word or a phrase")
        marks = {number: reader.at(item) for number, item in enumerate(said)}
        found.append(Synonym(key.text, tuple(item.text for item in said), reader.at_key(key), marks))
    return found


# --- rules ----------------------------------------------------------------------------------------------------------


class RuleDefaults(msgspec.Struct, frozen=True):
    """What the keys beside ``rules:`` say for the rules that do not say it themselves."""

    source: Citation | None = None
    family: str = ""


def read_rules(reader: Reader, node: Node, defaults: RuleDefaults) -> list[Rule]:
    """Reads ``rules:``."""
    rules = (_rule(reader, item, defaults) for item in reader.items(node, "a list of rules", _RULE_FORM) or ())
    return [rule for rule in rules if rule is not None]


def read_drops(reader: Reader, node: Node) -> list[tuple[str, Location]]:
    """Reads ``drop:``, the ids of rules of a used base that are left out."""
    items = reader.items(node, "a list of rule ids", "such as drop: [first-rule, second-rule]") or ()
    found = ((reader.filled(item, "a rule's id"), reader.at(item)) for item in items)
    return [(name, place) for name, place in found if name is not None]


def _rule(reader: Reader, node: Node, defaults: RuleDefaults) -> Rule | None:
    fields = reader.fields(node, "a rule", RULE_KEYS, ("id", "when", "then"), _RULE_FORM)
    if fields is None:
        return None
    before = reader.failures
    marks = {key: reader.at(value) for key, value in fields.items()}
    rule_id = reader.filled(fields["id"], "a rule's id") or ""
    if rule_id.split() != [rule_id] and rule_id:
        reader.note("KZ110", f"{rule_id!r} is not an id", marks["id"], "an id holds no spaces: use hyphens")
    when = _conditions(reader, fields["when"])
    if "unless" in fields:
        when += _exceptions(reader, fields["unless"])
    then = _conclusions(reader, fields["then"])
    # What else is wrong with a rule does not keep the checks from looking at its names and variables.
    readable = reader.failures == before
    certainty = reader.certainty(fields["certainty"], negative=True) if "certainty" in fields else 1.0
    each = reader.flag(fields["each"], "true or false") if "each" in fields else False
    title = reader.text(fields["title"], "a title") if "title" in fields else ""
    because = reader.text(fields["because"], "a sentence") if "because" in fields else ""
    source = read_citation(reader, fields["source"]) if "source" in fields else defaults.source
    family = reader.filled(fields["family"], "the name of a family") if "family" in fields else defaults.family
    if each and "family" in fields:
        hint = "leave out one of the two: each: true counts every firing, a family counts one"
        reader.note("KZ110", "a rule with each: true has no family", marks["family"], hint)
    intended = _intended(reader, fields, marks)
    if not readable or not then:
        return None
    return Rule(
        id=rule_id,
        when=when,
        then=then,
        title=title or "",
        family="" if each else family or "",
        certainty=certainty or 1.0,
        because=because or "",
        source=source,
        each=bool(each),
        location=reader.at(node),
        marks=marks,
        replaces=(reader.filled(fields["replaces"], "the id of a rule") or "") if "replaces" in fields else "",
        intended=intended,
    )


def _conditions(reader: Reader, node: Node, depth: int = 0) -> tuple[Condition, ...]:
    """The conditions of a list, which must all hold."""
    if _is_split(reader, node):
        return ()
    items = reader.items(node, "a list of conditions", _EACH_ON_A_LINE) or ()
    found = (_condition(reader, item, depth) for item in items)
    return tuple(condition for condition in found if condition is not None)


def _is_split(reader: Reader, node: Node) -> bool:
    """Whether YAML has split an atom at its commas, since it stands in a list in brackets; that is noted once."""
    if not isinstance(node, ListNode) or not node.flow:
        return False
    for item in node.items:
        if isinstance(item, ScalarNode) and item.style is None and item.text.count("(") != item.text.count(")"):
            reader.note("KZ201", f"YAML ends {item.text!r} at its comma", reader.at(item), _EACH_ON_A_LINE)
            return True
    return False


def _condition(reader: Reader, item: Node, depth: int) -> Condition | None:
    if isinstance(item, MappingNode):
        return _block(reader, item, depth)
    if not isinstance(item, ScalarNode) or item.missing:
        reader.wrong_shape("a condition", item, _EACH_ON_A_LINE)
        return None
    try:
        return parse_condition(item.text, reader.at(item), reader.locator(item))
    except GrammarError as error:
        reader.add(error.issue)
        return None


def _block(reader: Reader, node: MappingNode, depth: int) -> Condition | None:
    """``either:`` with alternatives, or ``not:`` with conditions that must not hold together."""
    if depth >= _MOST_NESTED:
        hint = "give the inner part a rule of its own"
        reader.note("KZ201", f"blocks nested more than {_MOST_NESTED} deep", reader.at(node), hint)
        return None
    if len(node.entries) != 1:
        reader.wrong_shape("either: or not:", node, _BLOCK_FORM)
        return None
    ((name, (key, value)),) = node.entries.items()
    place = reader.at_key(key)
    if name == "not":
        conditions = _together(reader, value, depth + 1)
        return Block(conditions, "not", place) if conditions else None
    if name != "either":
        if not name.isidentifier():
            hint = foreign_call(name.split()[0]) if name.split() else ""
            hint = hint or "a condition holds no colon: a named argument is name=value; put a text with one in quotes"
            reader.note("KZ201", f"YAML takes {name!r} for a key, since a colon follows it", place, hint)
            return None
        hint = did_you_mean(name, BLOCKS) or foreign_call(name) or _BLOCK_FORM
        reader.note("KZ108", f"unknown block {name!r}", place, hint)
        return None
    items = reader.items(value, "a list of alternatives", _BLOCK_FORM) or ()
    alternatives = tuple(_together(reader, item, depth + 1) for item in items)
    if len(alternatives) < 2 and (items or isinstance(value, ListNode)):
        hint = "with one alternative write its conditions without either:"
        reader.note("KZ201", f"either: with {'one' if items else 'no'} alternative", place, hint)
        return None
    return Either(alternatives, place) if alternatives and all(alternatives) else None


def _together(reader: Reader, node: Node, depth: int) -> tuple[Condition, ...]:
    """One condition, or a list of conditions that must all hold."""
    if isinstance(node, ListNode):
        if not node.items:
            reader.wrong_shape("a condition", node, _BLOCK_FORM)
        return _conditions(reader, node, depth)
    found = _condition(reader, node, depth)
    return () if found is None else (found,)


def _exceptions(reader: Reader, node: Node) -> tuple[Condition, ...]:
    """``unless:``: each item is a condition or a list of conditions, negated as a whole."""
    if _is_split(reader, node):
        return ()
    found = []
    for item in node.items if isinstance(node, ListNode) else [node]:
        conditions = _together(reader, item, 1)
        if conditions:
            found.append(Block(conditions, "unless", reader.at(item)))
    return tuple(found)


def split_hint(issue: Issue, item: ScalarNode, listed: Node | None) -> Issue:
    """The issue with a fitting hint where an item of a list in brackets is half an atom: YAML split it at a comma."""
    if isinstance(listed, ListNode) and listed.flow and item.text.count("(") != item.text.count(")"):
        return replace(issue, hint=_EACH_ON_A_LINE)
    return issue


def _conclusions(reader: Reader, node: Node) -> tuple[Atom, ...]:
    """One atom, or a list of them."""
    if _is_split(reader, node):
        return ()
    if isinstance(node, ListNode) and node.items:
        return tuple(atom for item in node.items for atom in _conclusion(reader, item))
    return _conclusion(reader, node)


def _conclusion(reader: Reader, node: Node) -> tuple[Atom, ...]:
    if not isinstance(node, ScalarNode) or node.missing:
        reader.wrong_shape("an atom", node, "a rule concludes one atom or several: then: ally(?state, ?power)")
        return ()
    try:
        atom = parse_atom(node.text, reader.at(node), reader.locator(node))
    except GrammarError as error:
        reader.add(error.issue)
        return ()
    if atom.within is not None or atom.dates:
        word = "within" if atom.within is not None else atom.dates[0][0]
        reader.note(
            "KZ201", f"a conclusion with {word}", atom.location, f"{word} belongs in conditions; remove it here"
        )
    return (atom,)


def read_citation(reader: Reader, node: Node, at: Node | None = None) -> Citation | None:
    """Reads where a statement comes from: the id of a source, or ``{id: ..., at: ...}``.

    Args:
        reader: of the file.
        node: the value of ``source``.
        at: the value of ``at`` beside it, in a row of facts.
    """
    if isinstance(node, MappingNode):
        fields = reader.fields(node, "a source", ("id", "at"), ("id",), "such as {id: smith-2011, at: para 2}")
        if fields is None:
            return None
        node = fields["id"]
        if "at" in fields:
            if at is not None:
                reader.note("KZ106", "the key at appears twice", reader.at(at), "keep the one inside of source")
            at = fields["at"]
    source = reader.filled(node, "the id of a source")
    place = "" if at is None else reader.text(at, "a place in the source")
    return None if source is None or place is None else Citation(source, place, reader.at(node))
