"""``kzexpert test --mutate``: which changes of rules the cases notice."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import click
import msgspec

from kzexpert.analysis.cases import TriedCase
from kzexpert.cli.located import located
from kzexpert.cli.options import Options
from kzexpert.cli.output import tell
from kzexpert.cli.progress import progress_line
from kzexpert.cli.reports import Target, show_report
from kzexpert.cli.session import Session
from kzexpert.errors import Issue, KnowledgeBaseError, Location, UsageError, counted
from kzexpert.language.nearest import did_you_mean
from kzexpert.model import KnowledgeBase, Rule

__all__ = ["MutationOptions", "changed_rules", "mutate", "mutation_options", "own_rules"]

_RULE, _THRESHOLD = "--rule", "--threshold"


class MutationOptions(msgspec.Struct, frozen=True):
    """What was asked of mutants; each option that needs them implies ``--mutate``."""

    mutate: bool = False
    rule: tuple[str, ...] = ()
    since: str | None = None
    threshold: float | None = None
    suggest: bool = False
    write: str | None = None

    @property
    def asked(self) -> bool:
        return self != MutationOptions(rule=self.rule, since=self.since)


_OPTIONS = (
    click.option("--mutate", is_flag=True, help="Change each rule in one place after the other; does a case fail?"),
    click.option(_RULE, multiple=True, metavar="ID", help="Look at this rule alone, with --mutate or --coverage."),
    click.option("--since", metavar="REV", help="Look at the rules that are new or other since a git revision alone."),
    click.option(
        _THRESHOLD,
        type=click.FloatRange(0, 100),
        metavar="PERCENT",
        help="Exit with 1 where fewer of the changes are noticed; implies --mutate.",
    ),
    click.option("--suggest", is_flag=True, help="Print cases that would notice more; implies --mutate."),
    click.option("--write", metavar="FILE", help="Add these cases to a file of cases; implies --suggest."),
)


def mutation_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def own_rules(kb: KnowledgeBase, options: Options, given: MutationOptions) -> list[Rule]:
    """The rules of the base itself, in the order of files and lines, as far as the options choose them.

    Raises:
        UsageError: there is no such rule (KZ305), or no such revision (KZ101).
    """
    own = sorted((rule for rule in kb.rules if rule.location.file not in kb.used_files), key=lambda rule: rule.location)
    ids = {rule.id for rule in own}
    for name in given.rule:
        if name not in ids:
            hint = did_you_mean(name, ids) or "kzexpert vocabulary lists what the rules conclude"
            raise UsageError(Issue("KZ305", f"the base has no rule {name} of its own", Location(_RULE), hint))
    chosen = [rule for rule in own if not given.rule or rule.id in given.rule]
    return changed_rules(kb, options, given.since, chosen) if given.since else chosen


def changed_rules(kb: KnowledgeBase, options: Options, revision: str, rules: Sequence[Rule]) -> list[Rule]:
    """Those of some rules that conclude otherwise than at a revision, or were not there.

    Raises:
        UsageError: there is no such revision (KZ101).
        KnowledgeBaseError: the base was at fault then.
    """
    from kzexpert.authoring.mutation.mutants import rule_digest

    with located(options, revision) as before:
        old = before.knowledge_base()
        known = {rule_digest(old, rule) for rule in old.rules}
    return [rule for rule in rules if rule_digest(kb, rule) not in known]


def mutate(
    session: Session,
    given: MutationOptions,
    tried: Sequence[TriedCase],
    files: Sequence[Target],
) -> int:
    """Try the mutants on cases that pass, and show how many of them are noticed.

    Raises:
        KnowledgeBaseError: fewer than was required (KZ707).
        UsageError: the file of ``--write`` takes no cases (KZ805), or cannot be written (KZ306).
    """
    from kzexpert.atomic import replace_file
    from kzexpert.authoring.layout import formatted
    from kzexpert.authoring.mutation.suggestions import suggestions, with_cases
    from kzexpert.authoring.mutation.survey import survey, trials_of
    from kzexpert.render.mutation_json import mutation_document, mutation_report
    from kzexpert.render.mutation_text import mutation_text

    kb, options = session.kb, session.options
    rules = own_rules(kb, options, given)
    old = _old_text(given.write)
    suggest = given.suggest or given.write is not None
    with progress_line() as line:
        infer = session.engine(line).infer
        prepare = lambda layer: session.beside(layer).kb  # noqa: E731
        found = survey(kb, rules, trials_of(tried, infer), line)
        survivors = [item.mutant for item in found.of("survived")] if suggest else []
        made, sets = suggestions(kb, survivors, infer, prepare, {item.result.case.id for item in tried}, line)
    text_of = lambda out: mutation_text(found, made if suggest else None, sets, options.limit, out)  # noqa: E731
    show_report(options, files, mutation_document(found, made), text_of, mutation_report(kb, found))
    if given.write is not None and made:
        text = with_cases(kb, given.write, old, made)
        tidy = formatted(given.write, old) == old  # a file in another layout keeps it
        replace_file(given.write, formatted(given.write, text) if tidy else text)
        tell(f"added {counted(len(made), 'case')} to {given.write}")
    if given.threshold is not None and found.percent < given.threshold:
        message = f"{found.percent:.1f} percent of the changes are noticed, and {given.threshold:g} are required"
        raise KnowledgeBaseError(
            Issue("KZ707", message, Location(_THRESHOLD), "--suggest prints cases that notice more")
        )
    return 0


def _old_text(file: str | None) -> str:
    """What the file of ``--write`` holds, looked at before long work; "" where it is new.

    Raises:
        UsageError: it cannot be written (KZ306), or is no YAML file (KZ805).
        KnowledgeBaseError: it cannot be read.
    """
    if file is None:
        return ""
    from kzexpert.atomic import check_writable
    from kzexpert.language.files import YAML_LIMIT, read_file

    check_writable(file)
    if not file.endswith((".yaml", ".yml")):
        hint = "such as tests/cases/more.yaml"
        raise UsageError(Issue("KZ805", f"{file} is no YAML file, so no case can be added", Location("--write"), hint))
    return read_file(file, YAML_LIMIT).text if os.path.exists(file) else ""  # noqa: PTH110
