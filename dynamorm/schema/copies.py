"""Copies of native values, by which it is known later what was changed in place."""

from __future__ import annotations

import copy
from collections.abc import Callable, ItemsView, KeysView, Set, ValuesView
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

# What cannot change in place needs no copy.
UNCHANGING = frozenset({str, int, float, bool, bytes, type(None), Decimal, UUID, timedelta})
UNCHANGING_BASES = (str, int, float, bytes, Decimal, UUID, date, time, timedelta, Enum)

QUICK_COPIES: dict[Any, Callable[[Any], Any]] = {}
"""Functions that do what some library's ``__deepcopy__`` does, in less time, by that method."""


# moments that are equal may be stored differently, so these are not like the others where values are compared
NEVER_COPIED = UNCHANGING | {date, time, datetime}


def independent_copy(value: Any) -> Any:
    """Return a copy of a value that may change in place; what may not is its own copy."""
    kind = type(value)
    if kind is list:
        return [element if type(element) in UNCHANGING else independent_copy(element) for element in value]
    if kind is set:
        return {element if type(element) in UNCHANGING else independent_copy(element) for element in value}
    if kind is dict:
        return {name: inner if type(inner) in UNCHANGING else independent_copy(inner) for name, inner in value.items()}
    if kind in NEVER_COPIED:
        return value
    if isinstance(value, (KeysView, ValuesView, ItemsView)):  # which cannot be copied as they are
        return independent_copy((set if isinstance(value, Set) else list)(value))
    quicker = QUICK_COPIES.get(getattr(kind, "__deepcopy__", None))
    if quicker is not None:
        return quicker(value)
    return value if isinstance(value, UNCHANGING_BASES) else copy.deepcopy(value)
