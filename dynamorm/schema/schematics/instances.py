"""Instances of models, made of natives, where schematics would convert every value once more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schematics.models import Model, ModelDict

from ..compiler.layouts import ListOf, MapOf, Record, SchemaLayout, Value


def instance_of(model: Any, data: dict[str, Any]) -> Any:
    """Return an object of a model that holds just these values."""
    if model.__init__ is Model.__init__:
        instance: Any = object.__new__(model)
    else:
        instance = model(trusted_data=data, init=False)
    instance._data = ModelDict(converted=data)
    return instance


class NotReady(Exception):
    """A value has to be converted before schematics can hold it."""


class NestedModels:
    """The nested models of a schema: for each description the class, and the names of its fields by stored names."""

    def __init__(self) -> None:
        self.known: dict[SchemaLayout, tuple[type, Mapping[str, str]]] = {}

    def with_instances(self, value: Value, native: Any) -> Any:
        """Return what schematics holds for a native value: the same, with instances where that has dicts.

        Natives have to be settled, or of the types that a dump demands anyway.

        :raises NotReady: where a dict lacks something
        """
        if isinstance(value, ListOf) and type(native) is list:
            return [self.with_instances(value.element, element) for element in native]
        if isinstance(value, MapOf) and value.element is not None and type(native) is dict:
            return {name: self.with_instances(value.element, element) for name, element in native.items()}
        if isinstance(value, Record) and type(native) is dict:
            return self._instance(value.layout, native)
        return native

    def _instance(self, layout: SchemaLayout, natives: dict[str, Any]) -> Any:
        model, names = self.known[layout]
        if natives.keys() != names.keys():
            raise NotReady
        held = {names[field.name]: self.with_instances(field.value, natives[field.name]) for field in layout.fields}
        return instance_of(model, held)


def holds_models(value: Value | None) -> bool:
    """Return whether schematics holds instances somewhere inside where natives have dicts."""
    return isinstance(value, Record) or (isinstance(value, (ListOf, MapOf)) and holds_models(value.element))
