"""Functions that are compiled when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ...locks import Lock
from .source import Refused

lock = Lock()
"""Held while anything is described or compiled: what is generated is generated once."""


Key = TypeVar("Key")
Made = TypeVar("Made")
NOT_COMPILED = (Refused, RecursionError)


def leave_to_library(values: Any) -> None:
    """Stand for a function that was not compiled."""


def unless_refused(compile_it: Callable[[], Any], otherwise: Any = leave_to_library) -> Any:
    """Return what was compiled, or something else where Python does not take the source."""
    try:
        return compile_it()
    except NOT_COMPILED:
        return otherwise


class OnDemand(dict[Key, Made]):
    """Makes what is missing, once, and is a plain dict for what is there.

    Where Python does not take the source, there is something else in its place, and ``refused`` says why.
    """

    def __init__(self, make: Callable[[Key], Made], otherwise: Any = leave_to_library) -> None:
        super().__init__()
        self.refused: dict[Key, str] = {}
        self._make = make
        self._otherwise = otherwise

    def __missing__(self, key: Key) -> Made:
        with lock:
            if key not in self:
                try:
                    self[key] = self._make(key)
                except NOT_COMPILED as error:
                    self.refused[key] = str(error)
                    self[key] = self._otherwise
            return self[key]
