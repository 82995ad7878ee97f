"""Descriptions of natives as programs give them, of which generated code dumps fewer than of those of instances.

What is given goes through the library's load first, which fills in what is absent and takes ``None`` for it.  A dump
alone drops ``None``, empty sets and the signs of zeros, and adds other defaults.  Where that makes a difference, the
value is left to the library.
"""

from __future__ import annotations

import copy
from decimal import Decimal

from .layouts import (
    LEFT_OUT,
    REFUSED,
    UNSURE,
    DefaultValue,
    FieldLayout,
    ListOf,
    MapOf,
    NotAmong,
    Number,
    Record,
    Satisfies,
    SchemaLayout,
    SetOf,
    Size,
    Value,
)
from .values import keeps_form

_NOT_ZERO = NotAmong((0,))
_NOT_EMPTY = Size(least=1)
_KEEPS_FORM = Satisfies(keeps_form)


class _Narrowing:
    """Narrows values, with the schemas inside; one that nests itself is narrowed once."""

    def __init__(self) -> None:
        self._known: dict[SchemaLayout, SchemaLayout] = {}

    def value(self, value: Value) -> Value:
        if isinstance(value, Record):
            # objects of other types than dicts went through their library when they were made
            return value.replace(layout=self._layout(value.layout)) if value.native in (dict, None) else value
        if isinstance(value, (ListOf, SetOf, MapOf)):
            return value.replace(element=self.value(value.element))
        return value

    def _layout(self, layout: SchemaLayout) -> SchemaLayout:
        if layout not in self._known:
            narrowed = self._known[layout] = copy.copy(layout)
            narrowed.fields = [self._inner_field(field) for field in layout.fields]
        return self._known[layout]

    def _inner_field(self, field: FieldLayout) -> FieldLayout:
        raise NotImplementedError


class ToBeLoaded(_Narrowing):
    """Describes those natives whose dump loads to just what the library makes of them."""

    def value(self, value: Value) -> Value:
        if isinstance(value, Number) and value.native is not int:
            more = (_KEEPS_FORM,) if value.native is Decimal and value.finish is None else ()
            return value.replace(checks=(*value.checks, _NOT_ZERO, *more))
        value = super().value(value)
        return value.replace(checks=(*value.checks, _NOT_EMPTY)) if isinstance(value, SetOf) else value

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


class ToBeStored(_Narrowing):
    """Describes those natives whose dump is what the library would store for them."""

    def _inner_field(self, field: FieldLayout) -> FieldLayout:
        unset = field.unset if _is_stored_as_loaded(field) else UNSURE
        return field.replace(value=self.value(field.value), none_is_absent=not field.nullable, unset=unset)


def _is_stored_as_loaded(field: FieldLayout) -> bool:
    """Return whether a dump without a value stores what it stores after a load without one."""
    missing, unset = field.missing, field.unset
    if isinstance(missing, DefaultValue) and isinstance(unset, DefaultValue):
        return type(missing.value) is type(unset.value) and missing.value == unset.value
    return missing is LEFT_OUT
