"""Descriptions of what is given, of which generated code dumps only what a load makes anew as it was.

A dump may drop ``None``, empty sets and the signs of zeros, and add defaults inside.  That is right for what is saved,
and not for what is still to be loaded as it was given: all of it is left to the library here.
"""

from __future__ import annotations

import copy

from .layouts import (
    LEFT_OUT,
    REFUSED,
    DefaultValue,
    FieldLayout,
    ListOf,
    MapOf,
    NotAmong,
    Number,
    Record,
    SchemaLayout,
    SetOf,
    Size,
    Value,
)

_NOT_ZERO = NotAmong((0,))
_NOT_EMPTY = Size(least=1)


class Narrowing:
    """Narrows values, with the schemas inside; one that nests itself is narrowed once."""

    def __init__(self) -> None:
        self._known: dict[SchemaLayout, SchemaLayout] = {}

    def value(self, value: Value) -> Value:
        """Return the description of those natives that storage keeps."""
        if isinstance(value, Number):
            return value if value.native is int else value.replace(checks=(*value.checks, _NOT_ZERO))
        if isinstance(value, Record):
            return value.replace(layout=self._layout(value.layout))
        if isinstance(value, (ListOf, SetOf, MapOf)) and value.element is not None:
            value = value.replace(element=self.value(value.element))
        return value.replace(checks=(*value.checks, _NOT_EMPTY)) if isinstance(value, SetOf) else value

    def _layout(self, layout: SchemaLayout) -> SchemaLayout:
        if layout not in self._known:
            narrowed = self._known[layout] = copy.copy(layout)
            narrowed.fields = [self._inner_field(field) for field in layout.fields]
        return self._known[layout]

    def _inner_field(self, field: FieldLayout) -> FieldLayout:
        """Return a field that is not dumped where it is absent, so that the load decides what it is."""
        loads_to_none = isinstance(field.missing, DefaultValue) and field.missing.value is None
        takes_none = loads_to_none and not field.required
        return field.replace(
            value=self.value(field.value),
            required=not takes_none,
            nullable=takes_none,
            unset=REFUSED if field.required else LEFT_OUT,
            unset_check=None,
        )
