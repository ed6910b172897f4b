"""What a run cost → text."""

from collections.abc import Mapping

import msgspec

from kzexpert.errors import counted

__all__ = ["Cost", "bytes_text", "cost_text"]


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What it cost to write conclusions.

    Attributes:
        rows: predicate → rows written.
        file: where to; empty for stdout.
        size: bytes of the file; None where that is unknown.
        facts: recorded facts that were read.
        loading, inferring, writing: seconds.
        memory: bytes at the peak; None where the system does not tell.
        spilled: bytes that the database put on disk for want of memory; None without a database.
    """

    rows: Mapping[str, int]
    file: str
    size: int | None
    facts: int
    loading: float
    inferring: float
    writing: float
    memory: int | None
    spilled: int | None


def cost_text(cost: Cost) -> str:
    """The summary of a run."""
    total = sum(cost.rows.values())
    place = cost.file or "stdout"
    size = f" ({bytes_text(cost.size)})" if cost.size is not None else ""
    widest = max((len(f"{rows:,}") for rows in cost.rows.values()), default=0)
    lines = [f"{counted(total, 'row')} written to {place}{size}"]
    lines += [f"  {rows:>{widest},}  {predicate}" for predicate, rows in cost.rows.items()]
    rate = f", {total / cost.writing:,.0f} rows a second" if total and cost.writing >= 0.001 else ""
    lines.append(
        f"{counted(cost.facts, 'fact')} read; loading {cost.loading:.2f} s, inferring {cost.inferring:.2f} s, "
        f"writing {cost.writing:.2f} s{rate}"
    )
    memory = [f"peak memory {bytes_text(cost.memory)}"] if cost.memory is not None else []
    if cost.spilled is not None:
        memory.append(f"{bytes_text(cost.spilled)} spilled to disk" if cost.spilled else "nothing spilled to disk")
    if memory:
        lines.append(", ".join(memory))
    return "\n".join(lines) + "\n"


def bytes_text(number: int) -> str:
    """A size, such as ``3.1 MB``."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= size:
            return f"{number / size:.1f} {unit}"
    return f"{number} bytes"
