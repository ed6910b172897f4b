"""A made-up country of villages: how likely each of them prospers is known, and what the rules get wrong."""

import random
from collections.abc import Iterator
from itertools import product
from math import exp
from pathlib import Path

__all__ = ["CERTAINTIES", "FIRST", "LAST", "WEIGHTS", "chances", "combined", "every", "write"]

#: What a village may have → how many have it in a year, and what it adds to the log-odds of prospering.
WEIGHTS = {"canal": (0.25, 2.2), "mill": (0.3, 1.2), "fair": (0.4, 0.5), "feud": (0.3, -1.5), "comet": (0.35, -1.0)}
#: What the rules make of it: all evidence for weighs the same, and the comet is taken for a good sign.
CERTAINTIES = {"canal": 0.3, "mill": 0.3, "fair": 0.3, "feud": -0.3, "comet": 0.3}
_BASE = -0.4
FIRST, LAST = 1801, 1804


def chances(*has: str) -> float:
    """How likely a village with some things prospers."""
    return 1.0 / (1.0 + exp(-(_BASE + sum(WEIGHTS[name][1] for name in has))))


def combined(*has: str) -> float:
    """What the rules conclude of it, by the formula of EMYCIN."""
    good = bad = 1.0
    for name in has:
        certainty = CERTAINTIES[name]
        good *= 1.0 - max(certainty, 0.0)
        bad *= 1.0 + min(certainty, 0.0)
    support, against = 1.0 - good, 1.0 - bad
    return (support - against) / (1.0 - min(support, against))


def every() -> Iterator[tuple[float, float, float]]:
    """Share of villages, certainty and chance, for each combination of things."""
    for held in product((False, True), repeat=len(WEIGHTS)):
        has = [name for name, holds in zip(WEIGHTS, held, strict=True) if holds]
        share = 1.0
        for (rate, _), holds in zip(WEIGHTS.values(), held, strict=True):
            share *= rate if holds else 1.0 - rate
        yield share, round(combined(*has), 9), chances(*has)


def write(folder: Path, villages: int = 240, seed: int = 7) -> Path:
    """Write a base with rules, facts and outcomes, and return its folder."""
    random_numbers = random.Random(seed)
    for name in ("rules", "facts", "outcomes"):
        (folder / name).mkdir(parents=True)
    (folder / "rules" / "village.yaml").write_text(_rules(), encoding="utf-8")
    names = [f"Village {number:03}" for number in range(villages)]
    entities = "".join(f"  {name}: {{kind: village}}\n" for name in names)
    (folder / "facts" / "villages.yaml").write_text(f"entities:\n{entities}", encoding="utf-8")
    rows: dict[str, list[str]] = {name: [] for name in WEIGHTS}
    outcomes = []
    for village, year in product(names, range(FIRST, LAST + 1)):
        has = [name for name, (rate, _) in WEIGHTS.items() if random_numbers.random() < rate]
        for name in has:
            rows[name].append(f"{village},{year},{year},chronicle")
        outcomes.append(f"{village},{year},{int(random_numbers.random() < chances(*has))}")
    for name, lines in rows.items():
        text = "\n".join(["village,since,until,source", *lines]) + "\n"
        (folder / "facts" / f"{name}.csv").write_text(text, encoding="utf-8")
    (folder / "outcomes" / "harvests.csv").write_text("\n".join(["village,year,won", *outcomes]) + "\n", "utf-8")
    (folder / "outcomes" / "harvests.yaml").write_text(_OUTCOMES, encoding="utf-8")
    return folder


_OUTCOMES = """
outcomes:
  - predicate: prospers
    file: harvests.csv
    columns: {village: village, as-of: year, outcome: won}
    source: chronicle
"""


def _rules() -> str:
    predicates = "".join(f"  {name}: {{args: [village: village], holds: interval}}\n" for name in WEIGHTS)
    rules = "".join(
        f"""
  - id: {name}-counts
    when: ["{name}(?village)"]
    then: prospers(?village)
    certainty: {certainty}
    because: "{{village}} has a {name}"
"""
        for name, certainty in CERTAINTIES.items()
    )
    return f"""kinds: [village]
sources:
  chronicle: {{title: The Chronicle of the Valley, date: 1805}}
predicates:
{predicates}  saint: {{args: [village: village]}}
  prospers: {{args: [village: village], says: "{{village}} prospers"}}
source: chronicle
rules:{rules}
  - id: saint-counts
    when: ["saint(?village)"]
    then: prospers(?village)
    certainty: 0.6
    because: "a saint watches over {{village}}"
"""
