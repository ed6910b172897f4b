"""A base as static pages that link to each other: one for each rule and each predicate, with its cases and sources.

The pages load nothing and run nothing. What comes from files goes through jinja2's escaping.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

import msgspec

from kzexpert.analysis.base_graph import base_graph, topic_of, uses_of
from kzexpert.certainty import evidence_word
from kzexpert.model import Case, Condition, Fact, KnowledgeBase, Predicate, Rule
from kzexpert.program.resolve import resolve_atom, resolve_fact
from kzexpert.questions.sentences import dates, says
from kzexpert.render.base_graph import drawn
from kzexpert.render.html import PAGE, content_digest, environment
from kzexpert.render.trace_svg import graph_svg

__all__ = ["Tried", "site"]

_STYLES = (PAGE / "page.css", PAGE / "site.css")
_UNSAFE = re.compile(r"[^\w.-]", re.ASCII)
_CALL = re.compile(r"[^\W\d][\w-]*(?=\s*\()")
#: So many facts of a predicate are shown.
_MOST_FACTS = 20


class Tried(msgspec.Struct, frozen=True):
    """A case that passes, and the rules that its wanted answers rest on."""

    case: Case
    rules: frozenset[str]

    @property
    def asks(self) -> frozenset[str]:
        """The predicates that it asks for, as far as patterns and wanted answers tell."""
        texts = (self.case.ask, *(item.conclusion for item in self.case.want or ()))
        return frozenset(text.partition("(")[0].strip() for text in texts if "(" in text)


def site(kb: KnowledgeBase, tried: Sequence[Tried]) -> Mapping[str, str]:
    """The pages: path below the folder of the site → text.

    Args:
        kb: has no errors.
        tried: its cases.

    Raises:
        UsageError: igraph is missing (KZ403).
    """
    return _Site(kb, tried).pages()


class _Site:
    def __init__(self, kb: KnowledgeBase, tried: Sequence[Tried]) -> None:
        self.kb = kb
        self.tried = tried
        self.page = {("rule", rule.id): "" for rule in kb.rules} | {("predicate", name): "" for name in kb.predicate}
        taken: set[str] = set()
        for kind, name in self.page:
            self.page[kind, name] = _file(kind, name, taken)

    @cached_property
    def rows(self) -> Mapping[str, list[Fact]]:
        """The recorded facts of each predicate."""
        found: dict[str, list[Fact]] = {}
        for fact in self.kb.facts:
            found.setdefault(fact.predicate, []).append(fact)
        return found

    def pages(self) -> dict[str, str]:
        """All pages, the list of them first."""
        topics: dict[str, list[Rule]] = {}
        for rule in self.kb.rules:
            topics.setdefault(topic_of(rule), []).append(rule)
        recorded = [item for item in self.kb.predicate.values() if item.name not in self.kb.concluded]
        found = {
            "index.html": self.text(
                "site_index.html", "", topics=topics, recorded=recorded, picture=graph_svg(drawn(base_graph(self.kb)))
            ),
            "sources.html": self.text("site_sources.html", "", sources=self.kb.source.values(), cited=self.cited()),
        }
        for rule in self.kb.rules:
            found[self.page["rule", rule.id]] = self.rule(rule)
        for predicate in self.kb.predicate.values():
            found[self.page["predicate", predicate.name]] = self.predicate(predicate)
        return found

    def text(self, template: str, up: str, **values: object) -> str:
        """A page.

        Args:
            up: leads from its folder to that of the site.
        """
        from markupsafe import Markup

        style = "".join(path.read_text(encoding="utf-8") for path in _STYLES)
        layer = next((item for item in reversed(self.kb.layers) if not item.used), None)
        picture = values.pop("picture", "")
        return (
            environment()
            .get_template(template)
            .render(
                base=(layer.title or layer.label) if layer else "a knowledge base",
                version=layer.version if layer else "",
                up=up,
                link=lambda kind, name: up + self.page[kind, name],
                linked=lambda text: [*self.linked(str(text), up)],
                picture=Markup(picture),
                evidence_word=evidence_word,
                style=Markup(style),
                style_hash=content_digest(style),
                **values,
            )
        )

    def linked(self, text: str, up: str) -> Iterator[tuple[str, str]]:
        """The parts of a condition, each with the page that it leads to, or without one."""
        end = 0
        for found in _CALL.finditer(text):
            page = self.page.get(("predicate", found[0]))
            if page:
                yield text[end : found.start()], ""
                yield found[0], up + page
                end = found.end()
        yield text[end:], ""

    def rule(self, rule: Rule) -> str:
        kin = [other for other in self.kb.rules if rule.family and other.family == rule.family and other is not rule]
        return self.text(
            "site_rule.html",
            "../",
            rule=rule,
            topic=topic_of(rule),
            conditions_of=[*_lines(item for item in rule.when if not _is_exception(item))],
            exceptions=[*_lines(item for item in rule.when if _is_exception(item))],
            conclusions=[resolve_atom(self.kb, atom)[0] for atom in rule.then],
            kin=kin,
            cases_of=[item.case for item in self.tried if rule.id in item.rules],
            source=self.kb.source.get(rule.source.source) if rule.source else None,
            picture=graph_svg(drawn(base_graph(self.kb, [rule.id]))),
        )

    def predicate(self, predicate: Predicate) -> str:
        rows = self.rows.get(predicate.name, [])
        facts = [(self.said(fact), fact.source.source if fact.source else "") for fact in rows[:_MOST_FACTS]]
        return self.text(
            "site_predicate.html",
            "../",
            predicate=predicate,
            concluding=[item for item in self.kb.rules if any(head.predicate == predicate.name for head in item.then)],
            using=[item for item in self.kb.rules if predicate.name in uses_of(item)],
            facts=facts,
            recorded=len(rows),
            tables=sorted({table.file for table in self.kb.tables if table.predicate == predicate.name}),
            cases_of=[item.case for item in self.tried if predicate.name in item.asks],
            picture=graph_svg(drawn(base_graph(self.kb, [predicate.name]))),
        )

    def said(self, fact: Fact) -> str:
        """A row as a sentence, with its dates."""
        atom, _ = resolve_fact(self.kb, fact, hints=False)
        return " ".join(filter(None, (says(self.kb, atom) if atom else fact.predicate, dates(fact))))

    def cited(self) -> Mapping[str, tuple[int, list[Rule]]]:
        """Source → how many facts cite it, and the rules that do."""
        facts: dict[str, int] = {}
        for fact in self.kb.facts:
            if fact.source:
                facts[fact.source.source] = facts.get(fact.source.source, 0) + 1
        rules: dict[str, list[Rule]] = {}
        for rule in self.kb.rules:
            if rule.source:
                rules.setdefault(rule.source.source, []).append(rule)
        return {name: (facts.get(name, 0), rules.get(name, [])) for name in self.kb.source}


def _file(kind: str, name: str, taken: set[str]) -> str:
    """The file of a page, none of which differs from another in case alone."""
    stem = _UNSAFE.sub("_", name).strip(".") or "_"
    number, path = 1, f"{kind}s/{stem}.html"
    while path.casefold() in taken:
        number += 1
        path = f"{kind}s/{stem}-{number}.html"
    taken.add(path.casefold())
    return path


def _is_exception(condition: Condition) -> bool:
    return condition.called == "an exception"


def _lines(conditions: Iterable[Condition], depth: int = 0) -> Iterator[tuple[int, str]]:
    """Each condition, and what stands inside of blocks, with how deep it stands."""
    for condition in conditions:
        if condition.choices:
            for number, alternative in enumerate(condition.choices):
                yield depth, "or" if number else "either"
                yield from _lines(alternative, depth + 1)
        elif condition.inner and not condition.result:
            together = len(condition.inner) > 1
            if not _is_exception(condition) or together:
                yield depth, "not together" if together else "not"
            yield from _lines(condition.inner, depth + (0 if _is_exception(condition) and not together else 1))
        else:
            yield depth, condition.text
