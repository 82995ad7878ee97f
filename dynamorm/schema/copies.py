"""Copies of native values, by which it is known later what was changed in place."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

# What cannot change in place needs no copy.
UNCHANGING = frozenset({str, int, float, bool, bytes, type(None), Decimal, UUID, timedelta})
UNCHANGING_BASES = (str, int, float, bytes, Decimal, UUID, date, time, timedelta, Enum)

QUICKER: dict[Any, Callable[[Any], Any]] = {}
"""Functions that do what some library's ``__deepcopy__`` does, in less time, by that method."""


def kept(value: Any) -> Any:
    """Give a copy of a value that may change in place; what may not is its own copy."""
    kind = type(value)
    if kind in UNCHANGING:
        return value
    if kind is list:
        return [element if type(element) in UNCHANGING else kept(element) for element in value]
    if kind is dict:
        return {name: inner if type(inner) in UNCHANGING else kept(inner) for name, inner in value.items()}
    if isinstance(value, UNCHANGING_BASES):
        return value
    return QUICKER.get(getattr(kind, "__deepcopy__", None), copy.deepcopy)(value)
