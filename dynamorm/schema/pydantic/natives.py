"""pydantic's native values: the plain form in which they are stored, and instances made without validation."""

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

from ..conversions import sorted_text
from ..copies import UNCHANGING, independent_copy
from ..iterators import refuse_iterators
from .core_schema import Model

# what object.__setattr__ would look up every time
_set_values, _set_names, _set_extra, _set_private = (
    vars(pydantic.BaseModel)[name].__set__
    for name in ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
)
PLAIN = frozenset({str, int, float, bool, Decimal, bytes, type(None)})
_TEXTS = frozenset({dt.date, dt.time, dt.timedelta, UUID})


def plain(value: Any) -> Any:
    """Return the form in which a native value is stored."""
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
    if isinstance(value, dt.datetime):
        return sorted_text(value)
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
        letters = {letter_of(one) for one in elements}
        return set(elements) if len(letters) <= 1 and None not in letters else elements
    if isinstance(value, (PurePath, IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network)):
        return str(value)
    refuse_iterators(value)
    return to_jsonable_python(value)


def forms_of(value: Any) -> list[Any]:
    """Return the forms in which a value may be found in storage: ours, and for a datetime the one that others write."""
    return [plain(value), *([to_jsonable_python(value)] if isinstance(value, dt.datetime) else [])]


def as_text(value: Any) -> Any:
    """Return what a string field takes for a value that was given for it."""
    # of the scalars that such fields take, these are strange to pydantic
    return str(value) if isinstance(value, (UUID, dt.date, dt.time)) else value


def _plain_key(key: Any) -> str:
    key = plain(key)
    (text,) = to_jsonable_python({key: None})
    return cast(str, text)


def letter_of(value: Any) -> str | None:
    """Return the letter of the DynamoDB type of a plain value that may be a key, or in a set."""
    if isinstance(value, str):
        return "S"
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return "N"
    return "B" if isinstance(value, bytes) else None


def instance_of(model: Model, values: dict[str, Any], names: set[str], extra: Any) -> pydantic.BaseModel:
    """Return an instance of exactly these values: nothing is validated, no default is made, no hook is called."""
    instance = model.__new__(model)
    _set_values(instance, values)
    _set_names(instance, names)
    _set_extra(instance, extra)
    _set_private(instance, _private_values(model, values) if model.__private_attributes__ else None)
    return instance


def _private_values(model: Model, values: dict[str, Any]) -> dict[str, Any]:
    private: dict[str, Any] = {}
    for name, declared in model.__private_attributes__.items():
        factory: Any = declared.default_factory
        if factory is None:
            value = declared.get_default()
        elif getattr(declared, "default_factory_takes_validated_data", False):
            value = factory({**values, **private})
        else:
            value = factory()
        if value is not PydanticUndefined:
            private[name] = value
    return private


def copy_of(instance: pydantic.BaseModel) -> pydantic.BaseModel:
    """Return a copy of an instance with everything in it, as pydantic's own ``__deepcopy__`` makes it."""
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
    _set_values(twin, values)
    _set_names(twin, instance.__pydantic_fields_set__.copy())
    _set_extra(twin, extra if extra is None else independent_copy(extra))
    _set_private(twin, private)
    return twin


class StandIn:
    """Takes the place of a nested class while pydantic works, which would otherwise use what that has compiled."""

    __slots__ = ("__dict__", "__pydantic_extra__", "__pydantic_fields_set__", "__pydantic_private__", "original")


def stand_in_for(model: type) -> type[StandIn]:
    """Return a class that takes the place of a model."""
    return type(model.__name__, (StandIn,), {"__slots__": (), "__module__": model.__module__})
