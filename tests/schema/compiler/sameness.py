"""Equality that sees types, signs, digits and time zones."""

from __future__ import annotations

import datetime as dt
from dataclasses import is_dataclass
from decimal import Decimal
from typing import Any


def same(one: Any, other: Any) -> bool:
    """Return whether two values are alike in every respect that a program could notice."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return set(one) == set(other) and all(same(one[name], other[name]) for name in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, (set, frozenset)):
        return sorted(map(_told, one)) == sorted(map(_told, other))
    if isinstance(one, (float, Decimal)):
        return repr(one) == repr(other)
    if isinstance(one, (dt.datetime, dt.time)):
        return one == other and _told(one) == _told(other)
    if isinstance(one, Exception):
        return same(one.args, other.args)
    if hasattr(type(one), "__pydantic_fields_set__"):
        return same(one.__getstate__(), other.__getstate__())
    if is_dataclass(one):
        return same(vars(one), vars(other))
    return bool(one == other)


def _told(value: Any) -> str:
    zone = getattr(value, "tzinfo", None)
    return f"{type(value)} {value!r} {zone!r}"


def copied(value: Any) -> Any:
    """Return other containers of the same values."""
    if type(value) is dict:
        return {name: copied(inner) for name, inner in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(copied, value))
    return set(value) if type(value) is set else value


def outcome(call: Any, *args: Any, **options: Any) -> tuple[str, Any]:
    """Return what a call returns, or what its error says."""
    try:
        return "value", call(*args, **options)
    except Exception as error:
        return "error", [type(error).__name__, str(error), getattr(error, "errors", None)]
