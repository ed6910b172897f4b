"""Measure everything, side by side, and write tables of it.

python -m benchmarks [--only NAME ...] [--quick] [--runs N] [--output FILE] [--write-docs]
"""

import argparse
import sys
from pathlib import Path

from benchmarks.commands import start_up, why
from benchmarks.growth import growth
from benchmarks.measuring import Disagreement, NoInput, measured
from benchmarks.peers import PEERS
from benchmarks.tables import Figure, Measured, crossing, machine, shown, targets
from benchmarks.workload import Workload
from benchmarks.workloads import WORKLOADS

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- python -m benchmarks --write-docs: from here -->", "<!-- to here -->"
NAMES = [*WORKLOADS, "growth", "why", "start"]


def main() -> None:
    options = _options()
    try:
        text = report(options.only or NAMES, options)
    except Disagreement as error:
        raise SystemExit(str(error)) from None
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    if options.write_docs:
        write_docs(text)
    print(text, end="")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=NAMES, metavar="NAME", help=f"some of {', '.join(NAMES)}")
    parser.add_argument("--sides", nargs="+", metavar="SIDE", help="some sides only, such as duckdb sql")
    parser.add_argument("--sizes", nargs="+", type=int, metavar="N", help="other sizes than those of the tables")
    parser.add_argument("--quick", action="store_true", help="small sizes, one run: under a minute")
    parser.add_argument("--runs", type=int, default=3, help="of each side, in turn; %(default)s unless given")
    parser.add_argument("--limit", type=float, default=300, metavar="SECONDS", help="end a run that takes longer")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the tables there too")
    parser.add_argument("--write-docs", action="store_true", help="put the tables into docs/performance.md")
    return parser.parse_args()


def report(names: list[str], options: argparse.Namespace) -> str:
    """All tables.

    Raises:
        Disagreement: sides do not give the same.
    """
    runs = 1 if options.quick else options.runs
    found: list[Measured] = []
    figures: list[Figure] = []
    parts = []
    for name in names:
        try:
            if name in WORKLOADS:
                found.append(_measured(WORKLOADS[name], runs, options))
                parts.append(shown(found[-1]))
                parts += [crossing(found[-1])] if name == "crossing" and not options.sides else []
            elif name == "growth":
                parts.append(growth(runs, options.quick, _told))
            else:
                _told(name)
                text, more = why(runs) if name == "why" else start_up(3 if options.quick else max(runs, 20))
                parts.append(text)
                figures += more
        except (NoInput, FileNotFoundError) as error:
            parts.append(f"### {name}\n\nNot run: {error}.\n")
    often = f"medians of {runs} runs, of {3 * runs} where they are short" if runs > 1 else "one run"
    head = f"{often}, the sides in turn and back again, each run in a process of its own; {machine()}.\n"
    return "\n".join([head[0].upper() + head[1:], targets(found, figures), *parts])


def _measured(workload: Workload, runs: int, options: argparse.Namespace) -> Measured:
    """All sizes of a workload."""
    known = workload.sides.keys() | workload.bounds.keys()
    sides = [side for side in PEERS if side in known and (not options.sides or side in options.sides)]
    sizes = options.sizes or (workload.quick if options.quick else workload.sizes)
    return Measured(workload, {size: measured(workload, size, runs, options.limit, sides, _told) for size in sizes})


def write_docs(text: str) -> None:
    """Put the tables between two marks of the page."""
    page = PAGE.read_text(encoding="utf-8")
    before, found, rest = page.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not found or not ended:
        raise SystemExit(f"{PAGE} has no place for tables, between {BEGIN} and {END}")
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}", encoding="utf-8")


def _told(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
