"""Knowledge bases whose conclusions are hard to write down, and large ones."""

import random
from pathlib import Path

__all__ = ["HARD_TEXTS", "hard", "large"]

HARD_TEXTS = (
    "",
    "plain",
    "a, b",
    'say "so"',
    "two\nlines",
    "carriage\rreturn",
    "tab\tand \\",
    "# no comment",
    "a#b",
    "Łódź 😀",
    "\u2028\x1f\x7f",
    "'; DROP TABLE run; --",
    "NULL",
    "null",
    " spaces ",
    "0",
)
_NUMBERS = (0, 1, -1, 15000, 0.1, -0.5, 1e15, 1e16, 1e20, 1e21, 123456789012345680.0, 1e-5, 1e-7, 2.5e-300, 1e300)
_RULES = """
kinds: [state]
predicates:
  said: {args: [who: state, value: text]}
  counted: {args: [who: state, value: number]}
  born: {args: [who: state, value: date]}
  knows: {args: [who: state, whom: state]}
  quote: {args: [who: state, value: text]}
  measure: {args: [who: state, value: number, half: number]}
  day: {args: [who: state, value: date]}
  run: {args: [predicate: state, As_Of: number]}
  near: {args: [a: state, b: state]}
  Near: {args: [B: state, b: state]}
  peace: {args: []}
rules:
  - {id: quote, when: ["said(?a, ?t)"], then: "quote(?a, ?t)", certainty: 0.9, source: s}
  - {id: measure, when: ["counted(?a, ?n)", "?h = ?n / 2"], then: "measure(?a, ?n, ?h)", certainty: 0.3, source: s}
  - {id: day, when: ["born(?a, ?d)"], then: "day(?a, ?d)", certainty: 0.1, source: s}
  - {id: run, when: ["counted(?a, ?n)", "?n > 0"], then: "run(?a, ?n)", certainty: -0.4, source: s}
  - {id: near, when: ["knows(?a, ?b)"], then: "near(?a, ?b)", certainty: 0.8, source: s}
  - {id: nearer, when: ["near(?a, ?b)", "near(?b, ?c)"], then: "near(?a, ?c)", certainty: 0.7, source: s}
  - {id: both, when: ["near(?a, ?b)", "near(?b, ?a)"], then: "Near(?a, ?b)", source: s}
  - {id: peace, when: ["not knows(A, D)"], then: "peace()", certainty: 0.95, source: s}
  - {id: heard, when: ["said(?a, plain)"], then: "knows(?a, ?a)", certainty: 0.5, source: s}
"""


def _quoted(text: str) -> str:
    return '"' + "".join(f"\\U{ord(character):08X}" for character in text) + '"'


def hard(folder: Path) -> Path:
    """Texts, numbers and names that formats disagree about; facts that are recorded and concluded at once."""
    for name in ("rules", "facts"):
        (folder / name).mkdir(parents=True)
    (folder / "rules" / "world.yaml").write_text(_RULES, encoding="utf-8")
    said = [f"{{who: {'ABCD'[place % 4]}, value: {_quoted(text)}}}" for place, text in enumerate(HARD_TEXTS)]
    counted = [f"{{who: {'ABCD'[place % 4]}, value: {number!r}}}" for place, number in enumerate(_NUMBERS)]
    lines = [
        "entities: {A: {kind: state}, B: {kind: state}, C: {kind: state}, D: {kind: state}}",
        "sources: {s: {title: S, date: 2011-04-07}}",
        "source: s",
        "facts:",
        f"  said: [{', '.join(said)}]",
        f"  counted: [{', '.join(counted)}]",
        "  born: [{who: A, value: 1990-01-31}, {who: B, value: 0001-01-01}, {who: B, value: 9999-12-31}]",
        "  knows: [{who: A, whom: B}, {who: B, whom: A, certainty: 0.4}, {who: B, whom: C}, {who: A, whom: A}]",
        "  near: [{a: A, b: B, certainty: 0.2}, {a: D, b: D}, {a: D, b: A, certainty: 0.15}]",
    ]
    (folder / "facts" / "world.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def large(folder: Path, years: int = 8) -> Path:
    """Memberships in a table; who shares one with whom follows: 300,000 rows a year."""
    for name in ("rules", "facts"):
        (folder / name).mkdir(parents=True)
    (folder / "rules" / "world.yaml").write_text(
        """
kinds: [state, org]
predicates:
  member: {args: [state: state, org: org, year: number]}
  shared: {args: [one: state, other: state, org: org, year: number]}
rules:
  - {id: shared, when: ["member(?a, ?o, ?y)", "member(?b, ?o, ?y)", "?a != ?b"], then: "shared(?a, ?b, ?o, ?y)",
     source: s}
""",
        encoding="utf-8",
    )
    names = [f"S{number}: {{kind: state}}" for number in range(200)]
    names += [f"O{number}: {{kind: org}}" for number in range(500)]
    (folder / "facts" / "world.yaml").write_text(
        f"entities: {{{', '.join(names)}}}\nsources: {{s: {{title: S, date: 2011}}}}\ntables:\n"
        "  - {file: member.tsv, predicate: member, columns: {state: state, org: org, year: year}, source: s}\n",
        encoding="utf-8",
    )
    chance = random.Random(7)
    with (folder / "facts" / "member.tsv").open("w", encoding="utf-8") as file:
        file.write("state\torg\tyear\n")
        for year in range(years):
            for org in range(500):
                for state in chance.sample(range(200), chance.randint(5, 40)):
                    file.write(f"S{state}\tO{org}\t{year}\n")
    return folder
