"""Options → a checked knowledge base → an inference: the way that every command goes.

All that is wrong with the files is reported at once. Times and counts go to stderr with ``--verbose``.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from os import environ, pathsep
from os.path import isdir as is_folder
from time import perf_counter
from typing import Any

import msgspec
from msgspec.structs import replace

from kzexpert.cli.engine import Notices, settings_of, tell_work_at_the_end
from kzexpert.cli.opened import Givens, givens, once
from kzexpert.cli.options import Options
from kzexpert.cli.output import note, print_error, spare
from kzexpert.cli.progress import ProgressLine, progress_line
from kzexpert.engines import Engine, EngineRow, Settings, for_engine, settled, table_issues
from kzexpert.engines.reports import Listener
from kzexpert.errors import Issue, KnowledgeBaseError, Location, UsageError
from kzexpert.model import Atom, Case, Inference, KnowledgeBase, Pattern, Program
from kzexpert.program.cache import Cache
from kzexpert.program.likelihood import with_siblings
from kzexpert.program.order import PlannedBase
from kzexpert.program.snapshot import default_as_of, snapshot

__all__ = [
    "Session",
    "day_of_questions",
    "inspect",
    "inspect_with_cases",
    "known_cases",
    "layers",
    "open_cases",
    "open_session",
    "read_knowledge_base",
    "reviews_folder",
    "years_of",
]

_MOST_YEARS = 500
#: The options that say which base is opened, and how.
_OPENING = (
    *("kb", "rules", "facts", "allow_network", "engine", "memory", "spark_master", "spark_remote", "spark_conf"),
    *("skip_bad_rows", "budget"),
)
_AS_OF, _ASSUME, _WITHOUT = "--as-of", "--assume", "--without"


class Session(msgspec.Struct, frozen=True):
    """A knowledge base that a command has opened, and how it runs on it.

    Attributes:
        kb: as its engine takes it: for those that do not read tables, their rows are facts.
        options: those of the command; a date, assumptions and withdrawals may be others.
        row: the engine; ``auto`` is settled.
        notices: what is said beside the result.
        givens: what holds beside the options, and on both sides of a comparison.
    """

    kb: KnowledgeBase
    options: Options
    row: EngineRow
    notices: Notices
    givens: Givens = Givens()

    def given(self, **changes: Any) -> "Session":
        """With other options for a date, assumptions and withdrawals."""
        return replace(self, options=replace(self.options, **changes))

    def beside(self, kb: KnowledgeBase) -> "Session":
        """Another knowledge base, to be run by the same engine.

        Raises:
            KnowledgeBaseError: a table cannot be read, holds rows that are no facts, or is too large.
            UsageError: what reads tables is not installed.
        """
        taken = for_engine(kb, self.row.name, settings_of(self.options, self.notices)) if kb.tables else kb
        return replace(self, kb=taken)

    def engine(self, line: ProgressLine | None = None, listen: Listener | None = None) -> Engine:
        """The engine.

        Args:
            line: shows how the runs stand.
            listen: hears that too.

        Raises:
            UsageError: it is not installed.
        """
        engine = self.row.opened(settings_of(self.options, self.notices, line, listen))
        tell_work_at_the_end(self.options, engine)
        return engine

    def infer(self, goals: Sequence[Pattern] = ()) -> Inference:
        """Run the engine.

        Args:
            goals: what matters; without any, everything is concluded.

        Raises:
            UsageError: the date, an assumption or the engine is none.
            BudgetError: the rules conclude too much.
        """
        start = perf_counter()
        with progress_line() as line:
            inference = self.engine(line).infer(self.program(goals))
        if self.options.verbose:
            _tell(self.options, inference, perf_counter() - start)
        return inference

    def program(self, goals: Sequence[Pattern] = ()) -> Program:
        """What the engine is given.

        Raises:
            UsageError: the date or an assumption is none.
        """
        given, held = self.options, self.givens
        assumed, withdrawn = (*held.assume, *given.assume), (*held.without, *given.without)
        texts = {_ASSUME: "\n".join(_lines(assumed)), _WITHOUT: "\n".join(_lines(withdrawn))}
        try:
            assume, without = _atoms(self.kb, assumed, _ASSUME), _atoms(self.kb, withdrawn, _WITHOUT)
            asked = [with_siblings(self.kb, goal) for goal in goals]
            return snapshot(self.kb, _as_of(given.as_of or held.as_of), assume, without, asked)
        except UsageError as error:
            error.texts = {**error.texts, **texts}
            raise


def open_session(options: Options, kb: KnowledgeBase | None = None) -> Session:
    """Load and check, or recall what was loaded and checked before, and settle which engine runs it.

    Args:
        kb: what was loaded and checked already.

    Raises:
        KnowledgeBaseError: something is wrong with it; all of that.
        UsageError: an option of the engine is at fault.
    """
    if kb is not None:
        return _open(options, kb)
    key = Options(**{name: getattr(options, name) for name in _OPENING})
    found = once("session", key, lambda: _open(options))
    spare(options, found.kb.files)
    return replace(found, options=options, notices=Notices(options), givens=givens())


def _open(options: Options, kb: KnowledgeBase | None = None) -> Session:
    if options.output and options.skip_bad_rows:
        from kzexpert.atomic import check_apart

        check_apart(options.output, options.skip_bad_rows, "--skip-bad-rows")
    kb = kb or read_knowledge_base(options)
    notices = Notices(options)
    if options.skip_bad_rows and not kb.tables:
        notices.warn("there are no tables, so --skip-bad-rows has nothing to do", "--skip-bad-rows")
    row = settled(options.engine, kb, settings_of(options, notices))
    return Session(kb, options, row, notices).beside(kb)


def read_knowledge_base(options: Options) -> KnowledgeBase:
    """Load and check, or recall what was loaded and checked before, and read no table.

    Raises:
        KnowledgeBaseError: something is wrong with it; all of that.
    """
    paths = Options(kb=options.kb, rules=options.rules, facts=options.facts)
    kb = once("base", paths, lambda: _read(options))
    spare(options, kb.files)
    return kb


def _read(options: Options) -> PlannedBase:
    start = perf_counter()
    folders = layers(options)
    cache = Cache(folders, options.rules, options.facts)
    recalled = cache.recall()
    if recalled is not None:
        kb, issues = recalled
        spare(options, kb.files)
        _tell_bases(options, kb)
        note(
            options, f"recalled, unchanged since the last run: {_counts(kb)} in {_milliseconds(perf_counter() - start)}"
        )
    else:
        from kzexpert.checks import refuse_errors

        kb, issues = inspect(options)
        refuse_errors(kb, issues)
        cache.keep(kb, issues)
        if cache.refused:
            note(options, cache.refused)
    if options.verbose and issues:
        from kzexpert.render.issues import issues_text

        print_error(lambda out: issues_text(issues, kb.texts, out))
    return kb


def _counts(kb: KnowledgeBase) -> str:
    return f"{len(kb.facts)} facts, {len(kb.rules)} rules, {len(kb.predicates)} predicates, {len(kb.entities)} entities"


def inspect(options: Options) -> tuple[PlannedBase, list[Issue]]:
    """Load and check, and return all that is wrong, warnings too."""
    from kzexpert.checks import inspected
    from kzexpert.language import read_knowledge_base as read

    start = perf_counter()
    loaded = read(layers(options), options.rules, options.facts)
    spare(options, loaded.kb.files)
    middle = perf_counter()
    _tell_bases(options, loaded.kb)
    note(options, f"loaded: {_counts(loaded.kb)} in {_milliseconds(middle - start)}")
    kb, issues = inspected(loaded)
    errors = sum(issue.severity == "error" for issue in issues)
    took = _milliseconds(perf_counter() - middle)
    note(options, f"checked: {errors} errors, {len(issues) - errors} warnings in {took}")
    return kb, issues


def _tell_bases(options: Options, kb: KnowledgeBase) -> None:
    """Which bases answer."""
    if not options.verbose:
        return
    from kzexpert.language.digest import base_digest

    for layer in kb.layers:
        named = f"{layer.label}, " if layer.name else ""
        word = "used base" if layer.used else "knowledge base"
        note(options, f"{word}: {layer.folder} ({named}digest {base_digest(kb, layer)[:12]})")


def layers(options: Options) -> list[str]:
    """The folders or names of the knowledge base: those given, else those of ``KZEXPERT_KB``, which are separated as
    in ``PATH``, else the nearest folder, else the packed one.

    Raises:
        KnowledgeBaseError: there is none.
    """
    if options.kb:
        return list(options.kb)
    named = [name for name in environ.get("KZEXPERT_KB", "").split(pathsep) if name.strip()]
    if named:
        return named
    from kzexpert.language import find_knowledge_base, packed_knowledge_base

    folder = find_knowledge_base() or packed_knowledge_base()
    if not is_folder(folder):  # noqa: PTH112, as in `language.folders`: pathlib takes too long to import
        message = "no folder at or above the current one has rules/ and facts/"
        raise KnowledgeBaseError(Issue("KZ115", message, hint="name a knowledge base with --kb DIR or --kb NAME"))
    return [folder]


def inspect_with_cases(options: Options) -> tuple[list[Issue], Mapping[str, str]]:
    """All that is wrong with a knowledge base, its tables, its cases and its reviews, and the texts of the files.

    Tables and cases are read only where the knowledge base has no errors: else most of what they say could not be
    understood.
    """
    from kzexpert.checks import by_place
    from kzexpert.review.folder import read_reviews

    kb, issues = inspect(options)
    found, texts = _with_cases(options, kb, issues)
    reviews = read_reviews(reviews_folder(kb))
    return sorted([*found, *reviews.issues], key=by_place), {**texts, **reviews.texts}


def _with_cases(
    options: Options, kb: PlannedBase, issues: Sequence[Issue]
) -> tuple[Sequence[Issue], Mapping[str, str]]:
    """What is wrong, with what is wrong with tables and cases, and the texts of the files."""
    from kzexpert.analysis.cases import repeated_case_ids
    from kzexpert.checks import with_cases

    if any(issue.severity == "error" for issue in issues):
        return issues, kb.texts
    of_tables = [*_table_issues(options, kb), *_calibration_issues(kb)]
    try:
        cases = _read_cases(options, _case_folders(options), kb)
    except KnowledgeBaseError as error:
        return [*issues, *of_tables, *error.issues], {**kb.texts, **error.texts}
    texts = {file: text for case in cases for file, text in case.kb.texts.items()}
    return [*with_cases(kb, issues, cases), *of_tables, *repeated_case_ids(cases)], {**texts, **kb.texts}


def reviews_folder(kb: KnowledgeBase) -> str:
    """Where the reviews of a knowledge base lie: in the last of its bases that has some, else in the last."""
    folders = [f"{layer.folder}/reviews" for layer in kb.layers if not layer.used]
    return next(filter(is_folder, reversed(folders)), folders[-1] if folders else "")


def _calibration_issues(kb: KnowledgeBase) -> Sequence[Issue]:
    """What is wrong with the calibrations that manifests name."""
    if not any(layer.calibration for layer in kb.layers):
        return ()
    from kzexpert.program.likelihood import fitting_calibrations

    return fitting_calibrations(kb)[1]


def _table_issues(options: Options, kb: KnowledgeBase) -> list[Issue]:
    """What is wrong with the rows of tables."""
    if not kb.tables:
        return []
    start = perf_counter()
    issues = table_issues(kb, Settings(network=options.allow_network))
    note(options, f"rows of {len(kb.tables)} tables checked in {_milliseconds(perf_counter() - start)}")
    return issues


def open_cases(options: Options, kb: KnowledgeBase, files: Sequence[str] = ()) -> Sequence[Case]:
    """The cases of some files or folders, else those of the knowledge base.

    Raises:
        KnowledgeBaseError: something is wrong with them, or there is none.
    """
    from kzexpert.analysis.cases import repeated_case_ids

    cases = _read_cases(options, files or _case_folders(options), kb)
    repeated = repeated_case_ids(cases)
    if repeated:
        raise KnowledgeBaseError(*repeated)
    if not cases:
        hint = "put cases into tests/cases/*.yaml of the knowledge base, or name files"
        raise KnowledgeBaseError(Issue("KZ123", "there are no cases, so nothing is tested", hint=hint))
    return cases


def known_cases(options: Options, kb: KnowledgeBase) -> Sequence[Case]:
    """The cases of the knowledge base, if it has some.

    Raises:
        KnowledgeBaseError: something is wrong with them.
    """
    return _read_cases(options, _case_folders(options), kb)


def _case_folders(options: Options) -> list[str]:
    from kzexpert.language.bases import named_base

    folders = [f"{named_base(folder)}/tests/cases" for folder in layers(options)]
    return [folder for folder in folders if is_folder(folder)]  # noqa: PTH112


def _read_cases(options: Options, paths: Sequence[str], kb: KnowledgeBase) -> Sequence[Case]:
    from kzexpert.language.cases_file import load_cases

    cases = load_cases(paths, kb)
    spare(options, (file for case in cases for file in case.kb.texts))
    return cases


def day_of_questions(kb: KnowledgeBase) -> date:
    """The day that questions are about where they name none."""
    return _as_of(givens().as_of) or default_as_of(kb)[0]


def _as_of(text: str | None) -> date | None:
    if text is None:
        return None
    from kzexpert.language.dates import DATE_HINT, parse_partial_date

    try:
        return parse_partial_date(text.strip()).last
    except ValueError as error:
        hint = "kzexpert timeline follows a conclusion through years" if ".." in text else DATE_HINT
        raise UsageError(Issue("KZ303", str(error), Location(_AS_OF), hint)) from None


def years_of(text: str | None) -> range | None:
    """The years of ``1992..2011``; a single year is a range of one.

    Raises:
        UsageError: the text is something else.
    """
    if text is None:
        return None
    import re

    hint = "a range of years is written 1992..2011"
    written = re.fullmatch(r"\s*([0-9]{4})(?:\s*\.\.\s*([0-9]{4}))?\s*", text)
    if written is None or "0000" in written.groups():
        raise UsageError(Issue("KZ303", f"{text} is not a range of years", Location(_AS_OF), hint))
    start, end = int(written[1]), int(written[2] or written[1])
    if start > end:
        raise UsageError(Issue("KZ303", f"{text} runs backwards", Location(_AS_OF), f"write {end:04}..{start:04}"))
    if end - start >= _MOST_YEARS:
        raise UsageError(Issue("KZ303", f"{text} is more than {_MOST_YEARS} years", Location(_AS_OF), hint))
    return range(start, end + 1)


def _atoms(kb: KnowledgeBase, texts: Sequence[str], option: str) -> list[Atom]:
    """The atoms or sentences of an option, each on a line of its own.

    Raises:
        UsageError: some of them cannot be read; all of those.
    """
    if not texts:
        return []
    from kzexpert.language import GrammarError
    from kzexpert.questions.statements import read_statement

    atoms: list[Atom] = []
    issues: list[Issue] = []
    for number, text in enumerate(_lines(texts), 1):
        try:
            atoms.append(read_statement(kb, text, Location(option, number, 1)))
        except (GrammarError, UsageError) as error:
            issues.extend(error.issues)
    if issues:
        raise UsageError(*issues)
    return atoms


def _lines(texts: Sequence[str]) -> list[str]:
    """The texts of an option as the lines of the file that its issues refer to."""
    return [" ".join(text.splitlines()) for text in texts]


def _tell(options: Options, inference: Inference, seconds: float) -> None:
    program = inference.program
    predicates = {predicate.name for predicate in program.kb.predicates}
    reason = f", {program.as_of_reason}" if program.as_of_reason else ""
    note(options, f"as of {program.as_of.isoformat()}{reason}, engine {inference.engine}")
    firings = inference.facts.firing_count()
    if firings is None:
        concluded = {predicate for stratum in program.strata for predicate in stratum.predicates}
        known = sum(len(inference.certainties[predicate]) for predicate in concluded)
        counts = f"{known} facts and conclusions of {', '.join(sorted(concluded)) or 'no predicate'}"
    else:
        base = sum(len(facts) for relation, facts in program.base.items() if relation in predicates)
        counts = f"{base} facts in force, {len(inference.firings)} conclusions, {firings} firings"
    note(options, f"inferred: {counts} in {_milliseconds(seconds)}")


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
