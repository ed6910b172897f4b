"""What comes out of an engine: certainties and firings."""

from collections.abc import Mapping

import msgspec

from kzexpert.model.program import BaseFact, Program, ProgramRule
from kzexpert.model.terms import GroundAtom, Value, format_value

__all__ = ["Firing", "Inference", "Line"]


class Firing(msgspec.Struct, frozen=True, gc=False):
    """One rule with one binding of all its variables whose conditions hold.

    Attributes:
        binding: values in the order of ``rule.variables``.
        premises: the fact behind each positive condition, in the order of the author; where several facts satisfy
            one, the most certain (ties by text).
        strength: rule certainty × the lowest certainty of the premises.
    """

    rule: ProgramRule
    binding: tuple[Value, ...]
    conclusion: GroundAtom
    premises: tuple[GroundAtom, ...]
    strength: float

    @property
    def values(self) -> dict[str, Value]:
        """Variable name → value."""
        return dict(zip(self.rule.variables, self.binding, strict=True))

    @property
    def binding_text(self) -> tuple[str, ...]:
        """The binding as text, by which ties are broken."""
        return tuple(map(format_value, self.binding))


class Line(msgspec.Struct, frozen=True):
    """One line of evidence for or against a conclusion.

    Attributes:
        strength: −1..1.
        firing: the firing that counts, or None for a base fact.
        base: the base fact, or None for a firing.
        others: further firings of the same rule, which do not add up; the strongest first.
        counts: false where a better proof in a recursive component stands instead.
    """

    strength: float
    firing: Firing | None = None
    base: BaseFact | None = None
    others: tuple[Firing, ...] = ()
    counts: bool = True


class Inference(msgspec.Struct, frozen=True, dict=True):
    """All facts and all firings of a program.

    Attributes:
        engine: the name of the engine that made it.
        certainties: relation → arguments → certainty, for base facts and conclusions, established or not.
        firings: conclusion → its firings, in no particular order.
        conflicts: conclusions with evidence of +1 and of −1.
    """

    program: Program
    engine: str
    certainties: Mapping[str, Mapping[tuple[Value, ...], float]]
    firings: Mapping[GroundAtom, tuple[Firing, ...]]
    conflicts: frozenset[GroundAtom] = frozenset()

    def certainty(self, atom: GroundAtom) -> float | None:
        """The certainty of a fact or conclusion, None when nothing is known of it."""
        return self.certainties.get(atom.predicate, {}).get(atom.args)
