"""Check: bases fit on each other: what is replaced or dropped is there, and ``rules/`` stands without ``facts/``."""

from collections.abc import Iterator, Sequence, Set

from kzexpert.checks.rules import rule_plans
from kzexpert.checks.sources import sources_of_rules
from kzexpert.checks.vocabulary import kinds
from kzexpert.errors import Issue, Location
from kzexpert.language.nearest import did_you_mean
from kzexpert.model import KnowledgeBase, Layer, Rule

__all__ = ["idle_replacements", "undeclared_names"]

_HINT = "replaces and drop name a rule of a base that this one uses; of its own rules, change or delete it"


def idle_replacements(kb: KnowledgeBase) -> list[Issue]:
    """Rules to replace or to drop that no earlier base has (KZ223)."""
    gone = {rule.id for rule in kb.gone}
    named = [
        ("replaces", rule.replaces, rule.marks.get("replaces", rule.location)) for rule in kb.rules if rule.replaces
    ]
    named += [("drop", name, place) for name, place in kb.drops]
    return [_idle(kb, word, name, place) for word, name, place in named if name not in gone]


def _idle(kb: KnowledgeBase, word: str, name: str, place: Location) -> Issue:
    own = next((rule for rule in kb.rules if rule.id == name), None)
    related = ((own.location, "the rule of that id, in the same base"),) if own else ()
    hint = _HINT if own else did_you_mean(name, [rule.id for rule in kb.rules]) or _HINT
    return Issue("KZ223", f"{word} names {name}, which is not a rule of a used base", place, hint, related=related)


def undeclared_names(kb: KnowledgeBase) -> list[Issue]:
    """Names in ``rules/`` of a base with a manifest that only its ``facts/`` declares (KZ224); a warning.

    Whoever uses such a base without its facts finds its rules at fault.
    """
    return [issue for layer in kb.layers if layer.name and not layer.used for issue in _undeclared(kb, layer)]


def _undeclared(kb: KnowledgeBase, layer: Layer) -> Iterator[Issue]:
    own = frozenset(layer.rules)
    records = frozenset(layer.files) - own
    if not records or not own:
        return

    whole = {name: getattr(kb, name) for name in KnowledgeBase.__struct_fields__}
    names = {item.name for item in kb.predicates if item.location.file in records}
    names |= {name for item in kb.entities if item.location.file in records for name in (item.name, *item.aliases)}
    names |= {item.id for item in kb.sources if item.location.file in records}
    rules = _naming([rule for rule in kb.rules if rule.location.file in own], names)
    whole |= {"rules": rules, "facts": (), "tables": ()}
    declared = {
        name: tuple(item for item in whole[name] if item.location.file not in records)
        for name in ("predicates", "entities", "sources")
    }
    for check in (kinds, sources_of_rules, rule_plans):
        found = [
            issue
            for issue in check(KnowledgeBase(**{**whole, **declared}))
            if issue.severity == "error" and issue.location
        ]
        known = {(issue.code, issue.location) for issue in check(KnowledgeBase(**whole))} if found else set()
        for issue in found:
            if (issue.code, issue.location) not in known:
                message = f"{issue.message} in rules/ of {layer.name}: only facts/ declares it"
                hint = "declare it in rules/ too, so that others can use the rules without the facts"
                yield Issue("KZ224", message, issue.location, hint, "warning")


def _naming(rules: Sequence[Rule], names: Set[str]) -> tuple[Rule, ...]:
    """The rules that may name one of some things, which planning them again tells; most rules name none."""
    texts = ["\n".join([*map(str, rule.then), *_written(rule)]) for rule in rules]
    everything = "\n".join(texts)
    named = [name for name in names if name in everything]
    # Beyond ASCII and with a backslash one name has several spellings.
    return tuple(
        rule
        for rule, text in zip(rules, texts, strict=True)
        if not text.isascii() or "\\" in text or any(name in text for name in named)
    )


def _written(rule: Rule) -> Iterator[str]:
    yield from (condition.text for condition in rule.when)
    if rule.source is not None:
        yield rule.source.source
