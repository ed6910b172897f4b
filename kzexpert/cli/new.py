"""``kzexpert new``: a base, or one more rule, fact, entity, source or case for it. What stands there stays as it is."""

import os
import shlex
from typing import Any

import click
from msgspec.structs import replace

from kzexpert.authoring.additions import add_entity, add_facts, add_rule, add_skeleton, add_source, read_facts
from kzexpert.authoring.case import case_file, case_text
from kzexpert.authoring.own_base import Addition
from kzexpert.authoring.scaffold import scaffold, write_scaffold
from kzexpert.cli.addition import DRY_RUN, KB, adding, finish, own_base, print_lines, stated
from kzexpert.cli.options import Command, Options
from kzexpert.language.rules_file import RULE_KEYS

__all__ = ["new"]


#: What the files of a new base are for.
_SCHEMAS = "schemas/"
_HOLDS = {
    "kzexpert.yaml": "what the base is called, and what it builds on",
    "pyproject.toml": "what pip install needs",
    "rules/vocabulary.yaml": "the words that facts, rules and questions may use",
    "rules/rules.yaml": "what follows from what, how surely, and why",
    "facts/facts.yaml": "who and what there is, what is known of it, and who says so",
    "tests/cases/cases.yaml": "what must come out",
    _SCHEMAS: "what editors go by that check the files while they are written",
}


@click.group(
    epilog="""\b
Examples:
  kzexpert new base mongolia --uses kzexpert
  kzexpert new entity Mongolia --kind state --alias Mongolian
  kzexpert new fact "member(Mongolia, OSCE)" --since 2012-11-21 --source osce
  kzexpert new rule exercises
  kzexpert new case alignment --ask "who is Mongolia aligned with\"""",
)
def new() -> None:
    """Start a base of your own, or add to it. Comments, order and quotes of your files stay as they are.

    An addition is checked with the whole base before it is written; nothing that would be an error is written.
    """


@new.command(
    cls=Command,
    short_help="Make a folder that is a base.",
    epilog="""\b
Examples:
  kzexpert new base mongolia --uses kzexpert
  kzexpert new base mongolia --title "Mongolia and its neighbours" --package""",
)
@click.argument("folder")
@click.option("--uses", multiple=True, metavar="NAME|FOLDER", help="A base to build on: its rules are taken.")
@click.option("--title", default="", help="What the base is about.")
@click.option("--package", is_flag=True, help="Add what pip install needs to make the base available to others.")
def base(folder: str, uses: tuple[str, ...], title: str, package: bool) -> None:
    """Make a FOLDER with one example of each thing that a base holds: kzexpert.yaml, rules/, facts/, tests/cases/.

    Its name is that of the folder. The examples are invented; the base checks, tests and answers at once.
    """
    from kzexpert.cli.schema import schema_texts

    made = scaffold(folder, uses, title, package=package)
    schemas = {f"{_SCHEMAS}{kind}.json": text for kind, text in schema_texts().items()}
    write_scaffold(replace(made, files={**made.files, **schemas}))
    name = "." if os.path.realpath(folder) == os.path.realpath(".") else shlex.quote(folder)
    width = max(map(len, made.files))
    lines = [
        f"Made {folder}:",
        *(f"  {file:<{width}}  {_HOLDS[file]}" for file in (*made.files, _SCHEMAS)),
        "",
        "Next:",
    ]
    lines += [] if name == "." else [f"  cd {name}"]
    lines += ["  kzexpert check && kzexpert test", f'  kzexpert ask "{made.question}"']
    print_lines(lines)


@new.command(
    cls=Command,
    short_help="Add facts.",
    epilog="""\b
Examples:
  kzexpert new fact "member(Mongolia, OSCE)" --since 2012-11-21 --source osce
  kzexpert new fact "exercise(Mongolia, Russia, 'Selenga')" --on 2024-07""",
)
@click.argument("fact", nargs=-1, required=True)
@click.option("--since", default="", metavar="DATE", help="When it starts to hold: a day, month or year.")
@click.option("--until", default="", metavar="DATE", help="Until when.")
@click.option("--on", default="", metavar="DATE", help="When it happened, of an event.")
@click.option("--certainty", default="", metavar="NUMBER", help="How certain it is, over 0 and up to 1.  [default: 1]")
@click.option("--source", default="", metavar="ID", help="Who says so.")
@click.option("--at", default="", metavar="PLACE", help="Where in the source, such as para 3.")
@click.option("--note", default="", metavar="TEXT", help="What a reviewer should know.")
@adding
def fact(fact: tuple[str, ...], kb: str | None, file: str, dry_run: bool, **beside: str) -> None:
    """Add each FACT, an atom such as member(Mongolia, OSCE), to the file that holds facts of its predicate."""
    own = own_base(kb)
    change = add_facts(own, read_facts(own.kb, fact), beside, file)
    lines = [stated(change.kb, item) for item in change.facts]
    lines += [f"{atom} stands also at {old.location}; it counts once" for atom, _, old in change.repeated]
    finish(change, dry_run, lines)


@new.command(
    cls=Command,
    short_help="Add a rule.",
    epilog="""\b
Examples:
  kzexpert new rule loans --when "lends(?p, ?state, ?n)" --when "?n > 99" \\
    --then "alignment(?state, ?p, economy)" --certainty 0.6 \\
    --because "{p} has lent {state} {n} million" --source mine
  kzexpert new rule loans""",
)
@click.argument("id")
@click.option("--title", default="", help="What it says, in one line.")
@click.option("--replaces", default="", metavar="ID", help="The rule of a used base that it replaces.")
@click.option("--family", default="", help="Rules of one family are one line of evidence.")
@click.option("--when", multiple=True, metavar="CONDITION", help="A condition; all must hold.")
@click.option("--unless", multiple=True, metavar="CONDITION", help="An exception.")
@click.option("--then", multiple=True, metavar="ATOM", help="What follows.")
@click.option("--certainty", default="", metavar="NUMBER", help="How strong it is as evidence, -1 to 1.  [default: 1]")
@click.option("--because", default="", metavar="SENTENCE", help="The reason, with variables as {name}.")
@click.option("--source", default="", metavar="ID", help="Where it comes from.")
@click.option("--at", default="", metavar="PLACE", help="Where in the source, such as para 3.")
@adding
def rule(
    id: str,
    then: tuple[str, ...],
    at: str,
    kb: str | None,
    file: str,
    dry_run: bool,
    **fields: Any,
) -> None:
    """Add a rule after those that conclude the same; without --when and --then, one to fill in, as a comment."""
    own = own_base(kb)
    if not fields["when"] and not then:
        told = "remove the # and fill it in; kzexpert check says what is wrong"
        finish(add_skeleton(own, id, fields["replaces"], file), dry_run, [told])
        return
    for option, given in (("--when", fields["when"]), ("--then", then)):
        if not given:
            raise click.UsageError(f"a rule has --when and --then, and {option} is missing")
    heads = then[0] if len(then) == 1 else list(then)
    said = {**fields, "id": id, "then": heads}
    finish(add_rule(own, {key: said[key] for key in RULE_KEYS if key in said}, at, file), dry_run)


@new.command(
    cls=Command,
    short_help="Declare an entity.",
    epilog="""\b
Examples:
  kzexpert new entity Mongolia --kind state --alias MN --adjective Mongolian
  kzexpert new entity UN --kind organisation --in-text "the UN\"""",
)
@click.argument("name")
@click.option("--kind", required=True, help="A kind of the vocabulary, such as state.")
@click.option("--alias", multiple=True, metavar="NAME", help="Another name for it; repeatable.")
@click.option("--in-text", default="", metavar="WORDS", help="What a sentence calls it: the United States.")
@click.option("--adjective", default="", metavar="WORD", help="Its adjective: American.")
@adding
def entity(
    name: str,
    kind: str,
    alias: tuple[str, ...],
    in_text: str,
    adjective: str,
    kb: str | None,
    file: str,
    dry_run: bool,
) -> None:
    """Declare what facts, rules and questions may name."""
    finish(add_entity(own_base(kb), name, kind, alias, file, in_text=in_text, adjective=adjective), dry_run)


@new.command(
    cls=Command,
    short_help="Declare a source.",
    epilog="""\b
Examples:
  kzexpert new source osce --title "Mongolia joins" --publisher OSCE \\
    --date 2012-11-21 --reliability A""",
)
@click.argument("id")
@click.option("--title", required=True, help="Its title.")
@click.option("--authors", default="", help="Who wrote it.")
@click.option("--publisher", default="", help="Who published it.")
@click.option("--date", default="", metavar="DATE", help="When: a day, month or year.")
@click.option("--url", default="", help="Where it can be read.")
@click.option("--reliability", default="", metavar="A-F", help="How reliable it is, by the Admiralty code.")
@adding
def source(id: str, kb: str | None, file: str, dry_run: bool, **fields: str) -> None:
    """Declare a source, for facts and rules to cite by its ID."""
    finish(add_source(own_base(kb), id, fields, file), dry_run)


@new.command(
    cls=Command,
    short_help="Make a case of what is answered now.",
    epilog="""\b
Examples:
  kzexpert new case pact --ask "who is Mongolia aligned with in security"
  kzexpert new case no-pact --ask "who is Mongolia aligned with in security" \\
    --without "member(Mongolia, _)\"""",
)
@click.argument("name")
@click.option("--ask", required=True, metavar="QUESTION", help="What to ask, in plain words or as a pattern.")
@click.option("--note", default="", metavar="TEXT", help="Why the case is there.")
@click.option("--as-of", metavar="DATE", help="A day, month or year.  [default: that of the base]")
@click.option("--assume", multiple=True, metavar="ATOM", help="Take a fact as given.")
@click.option("--without", multiple=True, metavar="ATOM", help="Leave out the facts that match.")
@KB
@DRY_RUN
def case(
    name: str,
    ask: str,
    note: str,
    as_of: str | None,
    assume: tuple[str, ...],
    without: tuple[str, ...],
    kb: str | None,
    dry_run: bool,
) -> None:
    """Write tests/cases/NAME.yaml, a case that expects today's answers. Whether they are right is for you to say."""
    from kzexpert.cli.session import open_session
    from kzexpert.proof.answers import answer
    from kzexpert.questions.question import read_question

    own = own_base(kb)
    file = case_file(own, name)
    session = open_session(Options(kb=own.folders, as_of=as_of, assume=assume, without=without))
    asked = read_question(session.kb, ask)
    inference = session.infer([asked.pattern])
    program = inference.program
    moves = program.as_of_reason.startswith("today")  # with no date of its own the case would want another one tomorrow
    day = as_of or (program.as_of.isoformat() if moves else "")
    text = case_text(ask, answer(inference, asked), note, day, program.assumed, program.withdrawn)
    told = "confirm what it expects, or correct it; kzexpert test runs it"
    finish(Addition(file, "", text, own.kb, ()), dry_run, [told])
