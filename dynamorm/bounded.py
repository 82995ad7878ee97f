"""What was found out and can be found out again: kept until there is too much of it."""

from __future__ import annotations

from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Bounded(dict[Key, Value]):
    """A dict that :meth:`remember` empties when it is full, so that programs which ask ever new questions do not grow.

    It is read like any dict, at no extra cost.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def remember(self, key: Key, value: Value) -> Value:
        """Keep a value, and return it; of several threads that found the same out, all return the first one's."""
        if len(self) >= self._most:
            self.clear()
        return self.setdefault(key, value)
