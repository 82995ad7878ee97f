"""What a field's own code gets to see of the values around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any


class LateData(Mapping[str, Any]):
    """All plain values of an item, made when a field's own code looks at them."""

    def __init__(self, make: Callable[[Mapping[str, Any]], Mapping[str, Any]], wire: Mapping[str, Any]) -> None:
        self._make = make
        self._wire = wire
        self._made: Mapping[str, Any] | None = None

    @property
    def _values(self) -> Mapping[str, Any]:
        if self._made is None:
            self._made = self._make(self._wire)
        return self._made

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class UnseenData(Mapping[str, Any]):
    """Stands for values that are not at hand: code that wants to see them has to be left to the library."""

    def __getitem__(self, name: str) -> Any:
        raise LookupError("not at hand")

    def __contains__(self, name: object) -> bool:
        raise LookupError("not at hand")

    def __iter__(self) -> Iterator[str]:
        raise LookupError("not at hand")

    def __len__(self) -> int:
        raise LookupError("not at hand")
