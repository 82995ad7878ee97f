"""Instances of nested models, made of natives, where schematics would convert every value once more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from schematics.models import ModelDict

from .compiler.layouts import (
    REFUSED,
    Converted,
    DefaultValue,
    FieldLayout,
    Flag,
    ListOf,
    MapOf,
    Number,
    Record,
    SchemaLayout,
    SetOf,
    Text,
    ThroughLibrary,
    Value,
)


class Unready(Exception):
    """A value has to be converted before schematics can hold it."""


class Models:
    """The nested models of a schema: for each description the class, and the names of its fields by stored names."""

    def __init__(self) -> None:
        self.known: dict[SchemaLayout, tuple[type, Mapping[str, str]]] = {}

    def held(self, value: Value, native: Any) -> Any:
        """Give what schematics holds for a native value: the same, with instances where that has dicts.

        Natives have to be settled, or of the types that a dump demands anyway.

        :raises Unready: where a dict lacks something
        """
        if isinstance(value, ListOf) and type(native) is list:
            return [self.held(value.element, element) for element in native]
        if isinstance(value, MapOf) and value.element is not None and type(native) is dict:
            return {name: self.held(value.element, element) for name, element in native.items()}
        if isinstance(value, Record) and type(native) is dict:
            return self._instance(value.layout, native)
        return native

    def _instance(self, layout: SchemaLayout, natives: dict[str, Any]) -> Any:
        model, names = self.known[layout]
        if natives.keys() != names.keys():
            raise Unready
        held = {names[field.name]: self.held(field.value, natives[field.name]) for field in layout.fields}
        instance: Any = object.__new__(model)
        instance._data = ModelDict(converted=held)
        return instance


def has_models(value: Value | None) -> bool:
    """Say whether schematics holds instances somewhere inside where natives have dicts."""
    return isinstance(value, Record) or (isinstance(value, (ListOf, MapOf)) and has_models(value.element))


def every(value: Value | None, judge: Callable[[Any], bool], judge_field: Callable[[FieldLayout], bool]) -> bool:
    """Say whether something is true of a value, and of all that is inside it."""
    waiting, seen = [value], set()
    while waiting:
        value = waiting.pop()
        if not judge(value):
            return False
        if isinstance(value, (ListOf, MapOf)):
            waiting.append(value.element)
        elif isinstance(value, Record) and value.layout not in seen:
            seen.add(value.layout)
            if not all(map(judge_field, value.layout.fields)):
                return False
            waiting.extend(field.value for field in value.layout.fields)
    return True


def is_reloaded(value: Value) -> bool:
    """Say whether the wire form of a native value loads to what a load of its plain form gives."""
    return every(value, _is_told, _has_no_default)


def _is_told(value: Value) -> bool:
    if isinstance(value, Converted):
        return value.as_text
    if isinstance(value, MapOf):
        return not value.nullable and value.dump_key is None
    return not isinstance(value, (SetOf, ThroughLibrary)) and isinstance(value, (Text, Number, Flag, ListOf, Record))


def _has_no_default(field: FieldLayout) -> bool:
    """Say whether an attribute that is not stored cannot load to a value, where ``None`` was given for it."""
    return field.missing is REFUSED or (isinstance(field.missing, DefaultValue) and field.missing.value is None)
