"""Nodes → vocabulary and rules: the sections ``kinds``, ``predicates`` and ``rules`` of a file.

A rule or predicate with a mistake is noted and left out, and the rest is read on. Whether names exist is not asked.
"""

from typing import Literal, cast

from msgspec.structs import replace

from kzexpert.errors import Issue, Location
from kzexpert.language.documents import ListNode, MappingNode, Node, ScalarNode
from kzexpert.language.grammar import GrammarError, parse_atom, parse_condition
from kzexpert.language.reader import Reader
from kzexpert.model import ArgumentSpec, Atom, Citation, Condition, Predicate, Rule

__all__ = ["ROW_KEYS", "read_citation", "read_kinds", "read_predicates", "read_rules", "split_hint"]

#: What a row of facts may hold beside its arguments; no argument may bear such a name.
ROW_KEYS = ("since", "until", "on", "certainty", "source", "at", "note")
_PREDICATE_KEYS = ("args", "holds", "says", "asks", "doc", "compares")
_RULE_KEYS = ("id", "title", "when", "then", "certainty", "because", "source", "each")
_BUILT_IN_TYPES = ("text", "number", "date")
_ARGS_FORM = "args lists name: type in order, such as [state: state, org: organisation]"
_RULE_FORM = (
    "a rule has id, when (a list of conditions) and then (an atom); and title, certainty, because, source, each"
)

_EACH_ON_A_LINE = "write each one on a line of its own below its key, starting with - and a space; or in quotes"


def read_kinds(reader: Reader, node: Node) -> list[str]:
    """Reads ``kinds:``, the kinds of entities."""
    kinds = []
    for item in reader.items(node, "a list of kinds", "such as [state, organisation]") or ():
        if not isinstance(item, ScalarNode):
            reader.wrong_shape("the name of a kind", item)
        elif item.text in _BUILT_IN_TYPES:
            hint = f"{', '.join(_BUILT_IN_TYPES)} are types already; give the kind another name"
            reader.note("KZ110", f"the kind {item.text} bears the name of a type", reader.at(item), hint)
        elif (name := reader.name(item, "the name of a kind")) is not None:
            kinds.append(name)
    return kinds


# --- predicates -----------------------------------------------------------------------------------------------------


def read_predicates(reader: Reader, node: Node) -> list[Predicate]:
    """Reads ``predicates:``, the vocabulary."""
    found = []
    for key, value in reader.entries(node, "a mapping of predicates", "a predicate's name, then its args, holds, says"):
        name = reader.name(key, "the name of a predicate")
        fields = reader.fields(value, f"predicate {key.text}", _PREDICATE_KEYS, ("args",), _ARGS_FORM)
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
    )


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
            message = f"an argument cannot be called {name}: this name is taken by a row's own keys"
            reader.note("KZ110", message, reader.at(key), f"a row of facts may hold {', '.join(ROW_KEYS)} by itself")
        elif name in specs:
            first = (specs[name].location, "it stands here first")
            reader.note("KZ106", f"the argument {name} stands twice", reader.at(key), "rename one", related=(first,))
        else:
            specs[name] = ArgumentSpec(name, kind, reader.at(key))
    return tuple(specs.values())


# --- rules ----------------------------------------------------------------------------------------------------------


def read_rules(reader: Reader, node: Node) -> list[Rule]:
    """Reads ``rules:``."""
    rules = (_rule(reader, item) for item in reader.items(node, "a list of rules", _RULE_FORM) or ())
    return [rule for rule in rules if rule is not None]


def _rule(reader: Reader, node: Node) -> Rule | None:
    fields = reader.fields(node, "a rule", _RULE_KEYS, ("id", "when", "then"), _RULE_FORM)
    if fields is None:
        return None
    before = reader.failures
    marks = {key: reader.at(value) for key, value in fields.items()}
    rule_id = reader.filled(fields["id"], "a rule's id") or ""
    if rule_id.split() != [rule_id] and rule_id:
        reader.note("KZ110", f"{rule_id!r} is not an id", marks["id"], "an id holds no spaces: use hyphens")
    when = _conditions(reader, fields["when"])
    then = _conclusion(reader, fields["then"])
    # What else is wrong with a rule does not keep the checks from looking at its names and variables.
    readable = reader.failures == before
    certainty = reader.certainty(fields["certainty"], negative=True) if "certainty" in fields else 1.0
    each = reader.flag(fields["each"], "true or false") if "each" in fields else False
    title = reader.text(fields["title"], "a title") if "title" in fields else ""
    because = reader.text(fields["because"], "a sentence") if "because" in fields else ""
    source = read_citation(reader, fields["source"]) if "source" in fields else None
    if not readable or then is None:
        return None
    place = reader.at(node)
    return Rule(rule_id, when, then, title or "", certainty or 1.0, because or "", source, bool(each), place, marks)


def _conditions(reader: Reader, node: Node) -> tuple[Condition, ...]:
    conditions = []
    for item in reader.items(node, "a list of conditions", _EACH_ON_A_LINE) or ():
        if not isinstance(item, ScalarNode) or item.missing:
            reader.wrong_shape("a condition", item, _EACH_ON_A_LINE)
            continue
        try:
            conditions.append(parse_condition(item.text, reader.at(item), reader.locator(item)))
        except GrammarError as error:
            reader.add(split_hint(error.issue, item, node))
    return tuple(conditions)


def split_hint(issue: Issue, item: ScalarNode, listed: Node | None) -> Issue:
    """The issue with a fitting hint where an item of a list in brackets is half an atom: YAML split it at a comma."""
    if isinstance(listed, ListNode) and listed.flow and item.text.count("(") != item.text.count(")"):
        return replace(issue, hint=_EACH_ON_A_LINE)
    return issue


def _conclusion(reader: Reader, node: Node) -> Atom | None:
    if not isinstance(node, ScalarNode) or node.missing:
        reader.wrong_shape("an atom", node, "a rule concludes one atom, such as then: ally(?state, ?power)")
        return None
    try:
        atom = parse_atom(node.text, reader.at(node), reader.locator(node))
    except GrammarError as error:
        reader.add(error.issue)
        return None
    if atom.within is not None:
        hint = "within looks back from a condition; take it away here"
        reader.note("KZ201", "a conclusion with within", atom.location, hint)
    return atom


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
                reader.note("KZ106", "the key at stands twice", reader.at(at), "keep the one inside of source")
            at = fields["at"]
    source = reader.filled(node, "the id of a source")
    place = "" if at is None else reader.text(at, "a place in the source")
    return None if source is None or place is None else Citation(source, place, reader.at(node))
