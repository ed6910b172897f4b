"""How certainties come about, in numbers that a reader can reckon again."""

from kzexpert.proof.document import CitedRule, FactPremise, TracedConclusion, TracedFiring

__all__ = ["combined_text", "exact_text", "multiplied_text"]


def exact_text(number: float) -> str:
    """A certainty as one reckons with it: two decimals, or as many as there are up to four."""
    whole, _, decimals = f"{round(number, 4) + 0.0:.4f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def multiplied_text(rule: CitedRule, firing: TracedFiring) -> str:
    """How the strength of a firing comes about: ``0.60 × min(1.00, 0.90) = 0.54``."""
    held = [exact_text(premise.certainty) for premise in firing.satisfied if isinstance(premise, FactPremise)]
    lowest = f"min({', '.join(held)})" if len(held) > 1 else held[0] if held else "1.00"
    return f"{exact_text(rule.certainty)} × {lowest} = {exact_text(firing.strength)}"


def combined_text(item: TracedConclusion) -> str:
    """How the lines of evidence for a conclusion come to its certainty; empty where there is one."""
    strengths = [line.strength for line in item.lines if line.counts]
    if len(strengths) < 2:
        return ""
    if item.method == "best":
        return f"max({', '.join(map(exact_text, strengths))}) = {exact_text(item.certainty)}"
    sums = []
    for word, side in (("for", [s for s in strengths if s > 0]), ("against", [-s for s in strengths if s < 0])):
        factors = " × ".join(f"(1 − {exact_text(strength)})" for strength in side)
        total = exact_text(item.supporting if word == "for" else -item.opposing)
        sums += [f"{word} 1 − {factors} = {total}" if len(side) > 1 else f"{word} {total}"] if side else []
    if item.supporting and item.opposing and not item.conflict:
        favour, against = exact_text(item.supporting), exact_text(-item.opposing)
        least = exact_text(min(item.supporting, -item.opposing))
        sums.append(f"together ({favour} − {against}) / (1 − {least}) = {exact_text(item.certainty)}")
    return "; ".join(sums)
