"""What a template asks for between its braces, and what stands there for a value. It fills no template."""

import re
from collections.abc import Mapping

import msgspec

from kzexpert.model.functions import FORMAT, shown
from kzexpert.model.knowledge import FORMS, Entity
from kzexpert.model.terms import Value

__all__ = ["PLACEHOLDER", "Placeholder"]

#: What stands between braces; `Placeholder` takes it apart.
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class Placeholder(msgspec.Struct, frozen=True):
    """What a template wants in one place: ``{state}``, ``{state.adjective}``, ``{share:.1f}`` or ``{state:is|are}``.

    Attributes:
        form: of an entity, see `FORMS`; empty where a sentence wants what it usually has.
        layout: after the colon: how to show a number, or words of which the value chooses one; None without a colon.
    """

    name: str
    form: str = ""
    layout: str | None = None

    @classmethod
    def read(cls, inside: str) -> "Placeholder":
        """Take apart what stands between the braces."""
        whole, colon, layout = inside.partition(":")
        name, _, form = whole.rpartition(".")
        if not name or form not in FORMS:
            name, form = whole, ""
        return cls(name, form, layout if colon else None)

    @property
    def words(self) -> tuple[str, ...]:
        """The word for one and the word for many, where it is a choice between them."""
        return tuple(self.layout.split("|")) if self.layout and self.layout.count("|") == 1 else ()

    def shown(self, value: Value, entities: Mapping[str, Entity]) -> str:
        """What stands for a value.

        Args:
            value: a text that is the name of an entity has the forms of that entity.
            entities: those with forms of their own, by name.
        """
        entity = entities.get(value) or Entity(value, "") if isinstance(value, str) else None
        if self.words:
            one = not entity.plural if entity else value == 1
            return self.words[0 if one else 1]
        if entity:
            return entity.form(self.form)
        if isinstance(value, float) and self.layout and FORMAT.fullmatch(self.layout):
            return format(int(value) if value.is_integer() and "." not in self.layout else value, self.layout)
        return shown(value)
