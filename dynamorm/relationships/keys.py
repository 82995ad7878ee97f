"""The keys that lead from one instance to another: whether they are complete, and which fields hold them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..store import store_of
from .declaring import Query


def is_complete(instance: Any) -> bool:
    """Return whether an instance has its whole primary key."""
    held = instance.__dict__
    return all(held.get(name) is not None for name in store_of(type(instance)).mapper.key_names)


def put_values(instance: Any, values: Mapping[str, Any]) -> None:
    """Assign the values of fields that differ; operators and other names are for queries only."""
    mapper = store_of(type(instance)).mapper
    for name, value in values_of_fields(type(instance), values).items():
        held, spec = instance.__dict__.get(name), mapper.fields[name]
        if held != value and mapper.wire_of(spec, held) != mapper.wire_of(spec, value):
            setattr(instance, name, value)


def values_of_fields(model: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    fields = store_of(model).mapper.fields
    return {name: value for name, value in values.items() if name in fields and value is not None}


def is_stored(instance: Any) -> bool:
    return instance is not None and instance._dynamorm_state.loaded is not None


class _Attribute:
    """What a probe shows in place of an attribute's value."""

    def __init__(self, name: str) -> None:
        self.name = name


class Probe:
    """Stands for an instance, to see which of its attributes a query passes on as they are."""

    def __getattr__(self, name: str) -> Any:
        return _Attribute(name)


def passed_on(query: Query) -> dict[str, str] | None:
    """Return the attributes that a query passes on, by the key they become; ``None`` if it does more than that."""
    try:
        keys = dict(query(Probe()))
    except Exception:
        return None  # it computes with them, which a probe cannot follow
    if not all(isinstance(value, _Attribute) for value in keys.values()):
        return None
    return {name: value.name for name, value in keys.items()}
