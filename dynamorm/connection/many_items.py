"""Answers with many items, which can be read again without being kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class ManyItems(dict[str, Any]):
    """An answer that can be read once more from its text, which takes much less room than its items."""

    __slots__ = ("_read",)

    def __init__(self, answer: dict[str, Any], read: Callable[[], dict[str, Any] | None]) -> None:
        super().__init__(answer)
        self._read = read

    def rereader(self) -> Callable[[], dict[str, Any]]:
        """Return a function that reads the same answer again, and does not hold its items until then."""
        rest, read = {name: part for name, part in self.items() if name != "Items"}, self._read
        return lambda: {**(read() or {}), **rest}
