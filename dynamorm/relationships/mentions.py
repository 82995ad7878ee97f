"""Models that are mentioned by name: who is meant, among all that are defined and still alive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..store import complete_models


def descendants(cls: type) -> Iterator[type]:
    """Return every class that inherits from one, in the order in which they were defined."""
    child: type
    for child in cls.__subclasses__():
        yield child
        yield from descendants(child)


def full_name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


class Mention(NamedTuple):
    """A model's name, or the end of its full name with all dots, and the module and scope of who mentions it."""

    name: str
    module: str
    scope: str

    @classmethod
    def by(cls, model: type, name: str) -> Mention:
        """Return the mention of a name by a model."""
        return cls(name, model.__module__, model.__qualname__.rpartition(".")[0])

    def fits(self, model: type) -> bool:
        full = full_name(model)
        return full == self.name or full.endswith(f".{self.name}")

    def nearness(self, model: type) -> int:
        """Return how near to the mention a model is defined: 2 is beside it, 1 in the same module, 0 elsewhere."""
        if model.__module__ != self.module:
            return 0
        return 2 if model.__qualname__.rpartition(".")[0] == self.scope else 1

    def meant(self) -> list[Any]:
        """Return the nearest models that the name fits; of those that were defined anew, the latest."""
        found = {full_name(model): model for model in complete_models() if self.fits(model)}
        nearest = max(map(self.nearness, found.values()), default=0)
        return [model for model in found.values() if self.nearness(model) == nearest]
