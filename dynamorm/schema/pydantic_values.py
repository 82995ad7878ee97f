"""The plain form in which pydantic's native values are stored, and copies of them."""

from __future__ import annotations

import copy
import datetime as dt
from collections import deque
from collections.abc import Mapping, Set
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from pathlib import PurePath
from typing import Any, cast
from uuid import UUID

import pydantic
from pydantic_core import PydanticUndefined, to_jsonable_python

from .copies import UNCHANGING, independent_copy

_set = object.__setattr__
PLAIN = frozenset({str, int, float, bool, Decimal, bytes, type(None)})
_TEXTS = frozenset({dt.datetime, dt.date, dt.time, dt.timedelta, UUID})


def plain(value: Any) -> Any:
    """Give the form in which a native value is stored."""
    kind = type(value)
    if kind in PLAIN:
        return value
    if kind is dict:
        return {
            name if type(name) is str else _plain_key(name): one if type(one) in PLAIN else plain(one)
            for name, one in value.items()
        }
    if kind is list:
        return [one if type(one) in PLAIN else plain(one) for one in value]
    if kind in _TEXTS:
        return to_jsonable_python(value)
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, (pydantic.SecretStr, pydantic.SecretBytes, pydantic.Secret)):
        return plain(value.get_secret_value())
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, (int, float, Decimal, bytes)):
        return value
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, Mapping):
        return plain(dict(value))
    if isinstance(value, (list, tuple, deque)):
        return [plain(one) for one in value]
    if isinstance(value, Set):
        elements = [plain(one) for one in value]
        return (
            set(elements) if any(all(map(fits, elements)) for fits in (_is_text, _is_bytes, _is_number)) else elements
        )
    if isinstance(value, (PurePath, IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network)):
        return str(value)
    return to_jsonable_python(value)


def copied(instance: pydantic.BaseModel) -> pydantic.BaseModel:
    """Copy an instance with everything in it, as pydantic's own ``__deepcopy__`` does."""
    kind = type(instance)
    twin = kind.__new__(kind)
    values = instance.__dict__.copy()
    for name, value in values.items():
        if type(value) not in UNCHANGING:
            values[name] = independent_copy(value)
    extra = instance.__pydantic_extra__
    private = instance.__pydantic_private__
    if private is not None:
        private = {name: value for name, value in copy.deepcopy(private).items() if value is not PydanticUndefined}
    _set(twin, "__dict__", values)
    _set(twin, "__pydantic_fields_set__", instance.__pydantic_fields_set__.copy())
    _set(twin, "__pydantic_extra__", extra if extra is None else independent_copy(extra))
    _set(twin, "__pydantic_private__", private)
    return twin


def _plain_key(key: Any) -> str:
    key = plain(key)
    (text,) = to_jsonable_python({key: None})
    return cast(str, text)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_bytes(value: Any) -> bool:
    return isinstance(value, bytes)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
