"""Instances of models that are made without validation: of given values, as copies, and as stand-ins."""

from __future__ import annotations

import copy
from typing import Any

import pydantic
from pydantic_core import PydanticUndefined

from ..copies import UNCHANGING, independent_copy
from .core_schema import Model

# what object.__setattr__ would look up every time
_set_values, _set_names, _set_extra, _set_private = (
    vars(pydantic.BaseModel)[name].__set__
    for name in ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
)


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
