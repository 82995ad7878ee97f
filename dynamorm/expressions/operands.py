"""Operands as they were given, whatever becomes of the objects that held them."""

from __future__ import annotations

import copy
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

# asked of every operand before `kept` is called, which costs a call
UNCHANGING = frozenset(
    {str, int, float, bool, bytes, type(None), Decimal, UUID, timedelta, date, datetime, time, range}
)


def kept(value: Any) -> Any:
    """Return an operand that does not change with the one given, and that can be gone through again and again."""
    if type(value) in UNCHANGING:
        return value
    if isinstance(value, (Iterator, KeysView, ValuesView, ItemsView)):
        return [kept(element) for element in value]
    try:
        return _copy(value)
    except Exception:
        return value  # what cannot be copied cannot be converted either, and is refused then


def _copy(value: Any) -> Any:
    kind = type(value)
    if kind is list or kind is tuple or kind is set or kind is frozenset:
        return kind([element if type(element) in UNCHANGING else _copy(element) for element in value])
    if kind is dict:
        return {name: inner if type(inner) in UNCHANGING else _copy(inner) for name, inner in value.items()}
    return copy.deepcopy(value)
