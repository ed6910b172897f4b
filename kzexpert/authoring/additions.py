"""Facts, rules, entities and sources that are added to a base: what is asked for → the file that says it, checked."""

from collections.abc import Iterable, Mapping, Sequence

from kzexpert.authoring.insertion import inserted
from kzexpert.authoring.own_base import Addition, OwnBase
from kzexpert.authoring.snippets import Snippet, block, record, scalar, sequence, written
from kzexpert.errors import Issue, Location, UsageError, an
from kzexpert.language.grammar import GrammarError, parse_atom
from kzexpert.language.nearest import did_you_mean
from kzexpert.model import Atom, Constant, Fact, GroundAtom, KnowledgeBase
from kzexpert.program.resolve import resolve_atom

__all__ = ["add_entity", "add_facts", "add_rule", "add_skeleton", "add_source", "check_source", "read_facts"]

_SKELETON = """\
- id: {id}
{replaces}  title: What it says, in one line
  when:                         # all of these; ?state and ?power are variables
    - member(?state, ?org)
    - leads(?power, ?org)
    - ?state != ?power
  then: alignment(?state, ?power, security)
  certainty: 0.6                # 0.3 a hint, 0.6 good evidence, 0.8 strong; below 0 it speaks against
  because: "{{state}} and {{power}} are both in {{org}}, which {{power}} leads"
  source: where-it-comes-from   # kzexpert new source declares one
"""


def read_facts(kb: KnowledgeBase, texts: Sequence[str]) -> list[GroundAtom]:
    """What some atoms state, with the names of entities for their aliases.

    Raises:
        UsageError: they cannot be read, name what nobody declares, or leave an argument open; all that is wrong.
    """
    issues: list[Issue] = []
    found: list[GroundAtom] = []
    for number, text in enumerate(texts, 1):
        try:
            atom = parse_atom(text, Location("fact", number, 1))
        except GrammarError as error:
            issues.extend(error.issues)
            continue
        pattern, wrong = resolve_atom(kb, atom)
        issues.extend(_with_way_out(kb, atom, issue) for issue in wrong)
        if pattern is not None and pattern.ground is None:
            issues.append(Issue("KZ305", f"{pattern} leaves an argument open", atom.location, "give each a value"))
        elif pattern is not None and pattern.ground is not None:
            found.append(pattern.ground)
    if issues:
        raise UsageError(*issues, texts={"fact": "\n".join(texts)})
    return found


def _with_way_out(kb: KnowledgeBase, atom: Atom, issue: Issue) -> Issue:
    """An issue about an entity that nobody knows, with the command that declares it."""
    predicate = kb.predicate.get(atom.predicate)
    if issue.code != "KZ204" or predicate is None:
        return issue
    types = {spec.name: spec.type for spec in predicate.args}
    for spec, argument in zip(predicate.args, atom.arguments, strict=False):
        if argument.location == issue.location and isinstance(argument.term, Constant):
            name, kind = str(argument.term), types.get(argument.name or spec.name, spec.type)
            near = issue.hint if issue.hint.startswith("did you mean") else ""
            command = f"kzexpert new entity {name} --kind {kind}"
            return Issue(issue.code, issue.message, issue.location, f"{near} Else: {command}" if near else command)
    return issue


def add_facts(own: OwnBase, facts: Iterable[GroundAtom], beside: Mapping[str, str], file: str = "") -> Addition:
    """Rows at the end of those of their predicates.

    Args:
        beside: ``since``, ``source`` and the like, as typed.
        file: where; by default where facts of the predicate stand already.

    Raises:
        UsageError: the source is unknown (KZ120), a row stands there already with the same dates and source (KZ802),
            or there is no place for the rows (KZ804, KZ805).
        KnowledgeBaseError: the base would be at fault with them.
    """
    check_source(own.kb, beside.get("source", ""))
    facts = list(facts)
    names = {fact.predicate for fact in facts}
    target = own.file(
        file,
        "facts",
        f"{facts[0].predicate}.yaml",
        lambda kb: (fact for fact in kb.facts if fact.predicate in names),
        lambda kb: kb.facts,
    )
    text = own.text(target)
    for fact in facts:
        specs = own.kb.predicate[fact.predicate].args
        row = {spec.name: written(value) for spec, value in zip(specs, fact.args, strict=True)}
        text = inserted(target, text, ("facts", fact.predicate), record({**row, **_written(beside)}))
    change = own.changed(target, text)
    hint = "give what sets yours apart: --since, --until, --on or --source"
    issues = [
        Issue("KZ802", f"{atom} is on record already, {old.location}", Location("fact"), hint)
        for atom, row, old in change.repeated
        if _circumstances(row) == _circumstances(old)
    ]
    if issues:
        raise UsageError(*issues)
    return change


def _circumstances(fact: Fact) -> tuple[object, ...]:
    return fact.since, fact.until, fact.on, fact.source and fact.source.source


def _written(fields: Mapping[str, str]) -> dict[str, str]:
    return {key: scalar(value) for key, value in fields.items() if value}


def check_source(kb: KnowledgeBase, source: str) -> None:
    """Refuse a source that nobody declares; empty is none.

    Raises:
        UsageError: KZ120.
    """
    if source and source not in kb.source:
        hint = did_you_mean(source, kb.source) or f'kzexpert new source {scalar(source)} --title "..." declares it'
        raise UsageError(Issue("KZ120", f"there is no source {source}", Location("--source"), hint))


def add_rule(own: OwnBase, fields: Mapping[str, str | Sequence[str]], at: str = "", file: str = "") -> Addition:
    """A rule behind those that conclude the same.

    Args:
        fields: what it says by key, as typed: ``id``, ``when``, ``then``, ...
        at: the place in its source.
        file: where; by default where other rules conclude the same predicate.

    Raises:
        UsageError: the id is empty (KZ801), there is such a rule (KZ802), its source is unknown (KZ120), or there is
            no place for it.
        KnowledgeBaseError: the base would be at fault with it.
    """
    name = str(fields["id"])
    _check_rule_id(own, name, str(fields.get("replaces", "")))
    source = str(fields.get("source", ""))
    check_source(own.kb, source)
    shown: dict[str, str | Sequence[str] | Snippet] = {key: value for key, value in fields.items() if value}
    if at and source:
        shown["source"] = record({"id": scalar(source), "at": scalar(at)})
    heads = {text.partition("(")[0].strip() for text in _texts(fields["then"])}
    target = own.file(
        file,
        "rules",
        "rules.yaml",
        lambda kb: (rule for rule in kb.rules if any(head.predicate in heads for head in rule.then)),
        lambda kb: kb.rules,
    )
    return own.changed(target, inserted(target, own.text(target), ("rules",), block(shown)))


def _texts(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value


def _check_name(name: str, argument: str) -> None:
    if not name.strip():
        hint = "give it a name that facts, rules and questions can use"
        raise UsageError(Issue("KZ801", "the name is empty", Location(argument), hint))


def _check_rule_id(own: OwnBase, name: str, replaces: str) -> None:
    _check_name(name, "id")
    found = next((rule for rule in own.kb.rules if rule.id == name), None)
    if found is None or (replaces == name and found.location.file in own.kb.used_files):
        return
    hint = (
        f"--replaces {name} puts yours in its place" if found.location.file in own.kb.used_files else "give another id"
    )
    raise UsageError(Issue("KZ802", f"there is already a rule {name}, {found.location}", Location("id"), hint))


def add_skeleton(own: OwnBase, name: str, replaces: str = "", file: str = "") -> Addition:
    """A rule to be filled in, as a comment at the end of a file of rules.

    Args:
        replaces: the id of the rule of a used base that it is to stand instead of.

    Raises:
        UsageError: the id is empty (KZ801), there is such a rule (KZ802), there is none to be replaced (KZ223), or the
            file is none of the base (KZ804).
    """
    _check_rule_id(own, name, replaces)
    used = [rule.id for rule in own.kb.rules if rule.location.file in own.kb.used_files]
    if replaces and replaces not in used:
        hint = did_you_mean(replaces, used) or "kzexpert.yaml says which bases are used"
        raise UsageError(
            Issue(
                "KZ223", f"replaces names {replaces}, which is not a rule of a used base", Location("--replaces"), hint
            )
        )
    target = own.file(file, "rules", "rules.yaml", lambda kb: kb.rules)
    text = own.text(target)
    newline = "\r\n" if "\r\n" in text else "\n"
    head = text if text.strip() else "rules: []   # without the brackets, once the # below are gone\n"
    if not head.endswith("\n"):
        head += newline
    skeleton = _SKELETON.format(id=scalar(name), replaces=f"  replaces: {scalar(replaces)}\n" if replaces else "")
    lines = "".join(f"  # {line}\n" for line in skeleton.splitlines())
    after = head + ("\n" + lines).replace("\n", newline)
    return own.changed(target, after)


def add_entity(
    own: OwnBase,
    name: str,
    kind: str,
    aliases: Sequence[str] = (),
    file: str = "",
    *,
    in_text: str = "",
    adjective: str = "",
) -> Addition:
    """An entity behind the others.

    Args:
        in_text, adjective: its forms in sentences, if they are not its name.

    Raises:
        UsageError: the name is empty (KZ801), it is declared already (KZ802), or there is no place for it (KZ804,
            KZ805).
        KnowledgeBaseError: the base would be at fault with it: an unknown kind, an alias of another entity.
    """
    _check_name(name, "name")
    known = own.kb.entity.get(name)
    if known is not None:
        message = f"{name} is already declared, as {known.name}, {an(known.kind)}: {known.location}"
        raise UsageError(Issue("KZ802", message, Location("name"), "add an alias to it there, or take another name"))
    target = own.file(
        file,
        "facts",
        "entities.yaml",
        lambda kb: (item for item in kb.entities if item.kind == kind),
        lambda kb: kb.entities,
    )
    fields = {"kind": scalar(kind)}
    fields |= {key: scalar(form) for key, form in (("in_text", in_text), ("adjective", adjective)) if form}
    if aliases:
        fields["aliases"] = sequence(map(scalar, aliases))
    return own.changed(target, inserted(target, own.text(target), ("entities",), record(fields), name))


def add_source(own: OwnBase, name: str, fields: Mapping[str, str], file: str = "") -> Addition:
    """A source behind the others.

    Args:
        fields: ``title``, ``date`` and the like, as typed.

    Raises:
        UsageError: the name is empty (KZ801), it is declared already (KZ802), or there is no place for it (KZ804,
            KZ805).
        KnowledgeBaseError: the base would be at fault with it: no date, no grade.
    """
    _check_name(name, "id")
    known = own.kb.source.get(name)
    if known is not None:
        raise UsageError(
            Issue("KZ802", f"there is already a source {name}: {known.location}", Location("id"), "give another id")
        )
    target = own.file(file, "facts", "sources.yaml", lambda kb: kb.sources)
    return own.changed(target, inserted(target, own.text(target), ("sources",), record(_written(fields)), name))
