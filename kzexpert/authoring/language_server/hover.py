"""A thing that a base names → what an editor shows of it, in Markdown."""

from collections.abc import Callable, Iterator

import msgspec

from kzexpert.authoring.language_server.findings import Findings, Trials
from kzexpert.authoring.language_server.names import Naming, Namings
from kzexpert.errors import counted, listed
from kzexpert.model import KnowledgeBase, Predicate, Rule
from kzexpert.program.resolve import Types

__all__ = ["Dossier", "hover", "lens"]

#: So many names of a kind are shown, and how many more there are.
_MOST = 8


class Dossier(msgspec.Struct, frozen=True):
    """What is known of a base.

    Attributes:
        names: all that it names.
        found: what follows from it; None where that is not known yet.
        trials: which cases rest on its rules; None where that is not known yet.
    """

    names: Namings
    found: Findings | None = None
    trials: Trials | None = None

    @property
    def kb(self) -> KnowledgeBase:
        return self.names.state.names


def hover(known: Dossier, naming: Naming) -> str:
    """What is known of the thing that is named in a place."""
    return "\n\n".join(filter(None, _TELLERS[naming.name[0]](known, naming)))


def lens(known: Dossier, rule: str) -> str:
    """What stands above a rule: ``3 cases, 2 firings``."""
    trials, found = known.trials, known.found
    parts = [] if trials is None else [_cases(len(trials.cases.get(rule, ())), trials)]
    parts += [] if found is None else [counted(found.firings.get(rule, 0), "firing")]
    return ", ".join(parts)


def _cases(number: int, trials: Trials) -> str:
    return f"{'' if trials.whole else 'at least '}{counted(number, 'case')}"


def _some(names: list[str]) -> str:
    shown = [f"`{name}`" for name in names[:_MOST]]
    more = len(names) - len(shown)
    return listed([*shown, *([f"{more} more"] if more else [])])


def _predicate(known: Dossier, naming: Naming) -> Iterator[str]:
    kb, name = known.kb, naming.name[1]
    predicate = kb.predicate.get(name)
    if predicate is None:
        yield f"There is no predicate `{name}`."
        return
    yield f"**{name}**({_signature(predicate)})" + (f" · {predicate.holds}" if predicate.holds else "")
    yield predicate.says and f"*{predicate.says}*"
    yield predicate.doc
    concluding = [rule.id for rule in kb.rules if any(head.predicate == name for head in rule.then)]
    using = [rule.id for rule in kb.rules if name in {a.predicate for c in rule.when for a, _ in c.atoms}]
    yield f"Concluded by {_some(concluding)}." if concluding else "No rule concludes it."
    yield f"Used by {_some(using)}." if using else "No rule uses it."
    found, trials = known.found, known.trials
    if trials is not None:
        resting = dict.fromkeys(case for rule in concluding or using for case in trials.cases.get(rule, ()))
        rest = "rests" if len(resting) == 1 else "rest"
        yield f"{_cases(len(resting), trials)} {rest} on it" + (f": {_some([*resting])}." if resting else ".")
    if found is not None:
        yield f"As of {found.as_of}, {counted(found.known.get(name, 0), 'statement')} {_established(found, name)}."
        yield "\n".join(f"- `{text}`" for text in found.first.get(name, ()))


def _established(found: Findings, name: str) -> str:
    return "is established" if found.known.get(name, 0) == 1 else "are established"


def _signature(predicate: Predicate) -> str:
    return ", ".join(f"{spec.name}: {spec.type}" for spec in predicate.args)


def _argument(known: Dossier, naming: Naming) -> Iterator[str]:
    _, name, argument = naming.name
    predicate = known.kb.predicate.get(name)
    kinds = {spec.name: spec.type for spec in predicate.args} if predicate else {}
    yield f"**{argument}**: {kinds.get(argument, 'not declared')}, argument of `{name}`"
    yield predicate and f"{name}({_signature(predicate)})"  # type: ignore[misc]


def _entity(known: Dossier, naming: Naming) -> Iterator[str]:
    kb, name = known.kb, naming.name[1]
    entity = kb.entity.get(name)
    if entity is None:
        yield f"There is no entity `{name}`."
        return
    yield f"**{entity.name}** · {entity.kind}"
    yield f"Also {listed(entity.aliases)}." if entity.aliases else ""
    spoken = {"in text": entity.in_text, "adjective": entity.adjective, "possessive": entity.possessive}
    yield ", ".join(f"{form}: *{words}*" for form, words in spoken.items() if words)
    facts = sum(any(kb.entity.get(str(value)) is entity for value in fact.arguments.values()) for fact in kb.facts)
    yield f"{counted(facts, 'fact')} on record, named in {counted(len(known.names.of(naming.name)), 'place')}."


def _source(known: Dossier, naming: Naming) -> Iterator[str]:
    kb, name = known.kb, naming.name[1]
    source = kb.source.get(name)
    if source is None:
        yield f"There is no source `{name}`."
        return
    yield f"**{source.title or source.id}**"
    day = source.date.text if source.date else ""
    yield ", ".join(filter(None, (source.authors, source.publisher, day)))
    yield " · ".join(
        filter(
            None,
            (
                source.reliability and f"reliability {source.reliability}",
                source.origin and f"goes back to {source.origin}",
                "background, no witness" if source.background else "",
            ),
        )
    )
    yield source.url
    facts = sum(fact.source is not None and fact.source.source == name for fact in kb.facts)
    rules = sum(rule.source is not None and rule.source.source == name for rule in kb.rules)
    yield f"{counted(facts, 'fact')} and {counted(rules, 'rule')} cite it."


def _rule(known: Dossier, naming: Naming) -> Iterator[str]:
    kb, name = known.kb, naming.name[1]
    rule = next((rule for rule in (*kb.rules, *kb.gone) if rule.id == name), None)
    if rule is None:
        yield f"There is no rule `{name}`."
        return
    yield f"**{rule.id}**" + (f" · {rule.title}" if rule.title else "")
    yield f"```\n{_body(rule)}\n```"
    yield f"Certainty {rule.certainty:g}" + (f", family `{rule.family}`." if rule.family else ".")
    yield f"Source: `{rule.source}`." if rule.source else ""
    yield lens(known, rule.id)
    resting = known.trials.cases.get(rule.id, ()) if known.trials else ()
    yield f"Cases: {_some([*resting])}." if resting else ""


def _body(rule: Rule) -> str:
    """A rule on a few lines."""
    return "\n".join((*(condition.text for condition in rule.when), f"→ {', '.join(map(str, rule.then))}"))


def _variable(known: Dossier, naming: Naming) -> Iterator[str]:
    name = naming.name[-1]
    kind = _type_of(known, naming)
    yield f"**?{name}**" + (f": {kind}" if kind else "")
    yield f"{counted(len(known.names.of(naming.name)), 'place')} in this rule."


def _type_of(known: Dossier, naming: Naming) -> str:
    """The type of a variable, as the arguments that it stands for have it."""
    _, path, line, name = naming.name
    for rule in known.kb.rules:
        if rule.location.line == int(line) and known.names.state.is_at(rule.location, path):
            return Types(known.kb, rule).of.get(name, "")
    return ""


def _kind(known: Dossier, naming: Naming) -> Iterator[str]:
    kb, name = known.kb, naming.name[1]
    members = [entity.name for entity in kb.entities if entity.kind == name]
    yield f"**{name}** · kind of entity"
    yield f"{counted(len(members), 'entity', 'entities')}: {_some(members)}." if members else "No entity is one."


def _family(known: Dossier, naming: Naming) -> Iterator[str]:
    members = [rule.id for rule in known.kb.rules if rule.family == naming.name[1]]
    yield f"**{naming.name[1]}** · family: its rules are one line of evidence"
    yield f"{_some(members)}." if members else ""


def _case(known: Dossier, naming: Naming) -> Iterator[str]:
    case = next((case for case in known.names.state.cases if case.id == naming.name[1]), None)
    yield f"**{naming.name[1]}** · case"
    yield case.note if case else ""
    yield "It does not come out as it wants." if known.trials and naming.name[1] in known.trials.failed else ""


_Teller = Callable[[Dossier, Naming], Iterator[str]]
_TELLERS: dict[str, _Teller] = {
    "predicate": _predicate,
    "argument": _argument,
    "entity": _entity,
    "source": _source,
    "rule": _rule,
    "variable": _variable,
    "kind": _kind,
    "family": _family,
    "case": _case,
}
