"""Functions that are compiled when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...locks import Lock

lock = Lock()
"""Held while anything is described or compiled: what is generated is generated once."""


class OnDemand(dict[Any, Any]):
    """Makes what is missing, once, and is a plain dict for what is there."""

    def __init__(self, make: Callable[[Any], Any]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: Any) -> Any:
        with lock:
            if key not in self:
                self[key] = self._make(key)
            return self[key]
