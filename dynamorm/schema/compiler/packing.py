"""Packed items: what an instance keeps of the item that it was loaded from, without a dict for each attribute.

A packed value is the content of an AttributeValue, whose tag the schema tells; lists, maps and records are tuples of
packed values.  What the schema does not tell is kept as the AttributeValue that it is, which alone is a dict.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...locks import cached_property
from ...wire.codec import AttributeValue, WireItem
from ..copies import independent_copy
from .layouts import (
    DefaultFactory,
    DefaultValue,
    Flag,
    ListOf,
    MapOf,
    Record,
    SchemaLayout,
    SetOf,
    Text,
    ThroughLibrary,
    Value,
    renews,
    tag_of,
)

Unpack = Callable[[Any], AttributeValue]

NULL: Any = type("Null", (), {"__slots__": ()})()
"""Stands for ``{"NULL": True}``; inside lists and maps ``None`` does so too, which elsewhere stands for nothing."""


def packs_as_native(value: Value | None) -> bool:
    """Return whether a native of this kind is just what is packed of it."""
    return isinstance(value, (Text, Flag))


class Packing:
    """How the items of one schema are packed: after something else, the fields in their order.

    Where there is more to tell, three dicts follow: attributes that the schema does not know, in wire form; values that
    were made for want of stored ones; and copies of those that another load might not give again; by Python name.
    """

    def __init__(self, layout: SchemaLayout) -> None:
        self._layout = layout
        self.size = 1 + len(layout.fields)
        self._stored = frozenset(field.stored for field in layout.fields)
        self._aliases = frozenset(alias for field in layout.fields for alias in field.aliases)
        inputs = [(place, field) for place, field in enumerate(layout.fields, start=1) if not field.computed]
        any_made = layout.finish is not None
        self._made = [
            (place, field.name)
            for place, field in inputs
            if any_made
            or isinstance(field.missing, (DefaultValue, DefaultFactory))
            or isinstance(field.value, ThroughLibrary)
        ]
        self._renewed = [field.name for _, field in inputs if field.renewed or renews(field.value)]
        self.tells_complete = not self._aliases and not self._renewed
        """Whether a complete item without unknown attributes leaves nothing more to tell."""
        self.tells_all = self.tells_complete and not self._made
        """Whether that is so for incomplete ones, too."""

    def completed(self, wire: WireItem, natives: Mapping[str, Any], kept: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """Return what is kept of an item with what else there is to tell; ``None`` where this form cannot tell it."""
        if not self._aliases.isdisjoint(wire):
            return None
        made = {}
        for place, name in self._made:
            if kept[place] is None:
                if name in natives:
                    made[name] = independent_copy(natives[name])
            elif kept[place] is NULL and natives.get(name) is not None:
                made[name] = independent_copy(natives[name])
        copies = {}
        for name in self._renewed:
            if name in natives and name not in made:
                value = independent_copy(natives[name])
                if value is not natives[name]:
                    copies[name] = value
        unknown = {name: value for name, value in wire.items() if name not in self._stored}
        return (*kept, unknown, made, copies) if unknown or made or copies else kept

    def unpacked(self, kept: tuple[Any, ...]) -> WireItem:
        """Return the item of what was kept."""
        item = {
            stored: _element(packed, unpack)
            for (stored, unpack), packed in zip(self._unpacks, kept[1 : self.size], strict=True)
            if packed is not None
        }
        return {**item, **kept[self.size]} if len(kept) > self.size else item

    @cached_property
    def _unpacks(self) -> list[tuple[str, Unpack]]:
        records: dict[int, Unpack] = {}
        return [(field.stored, _unpack_of(field.value, records)) for field in self._layout.fields]


def _unpack_of(value: Value | None, records: dict[int, Unpack]) -> Unpack:
    if isinstance(value, ListOf):
        element = _unpack_of(value.element, records)
        return lambda packed: {"L": [_element(one, element) for one in packed]}
    if isinstance(value, MapOf):
        inner = _unpack_of(value.element, records)

        def unpack_map(packed: tuple[Any, ...]) -> AttributeValue:
            half = len(packed) // 2
            return {"M": {name: _element(one, inner) for name, one in zip(packed[:half], packed[half:], strict=True)}}

        return unpack_map
    if isinstance(value, Record):
        return _unpack_record(value.layout, records)
    tag = None if value is None else tag_of(value)
    if tag is None:
        tag = getattr(value, "usual", None)
    known = str(tag)  # what else there is, is never packed
    if isinstance(value, SetOf):
        return lambda packed: {known: list(packed)}
    return lambda packed: {known: packed}


def _unpack_record(layout: SchemaLayout, records: dict[int, Unpack]) -> Unpack:
    """Return the function for a schema inside another, which may be inside itself."""
    known = records.get(id(layout))
    if known is not None:
        return known
    fields: list[tuple[str, Unpack]] = []

    def unpack(packed: tuple[Any, ...]) -> AttributeValue:
        return {
            "M": {
                stored: _element(one, inner)
                for (stored, inner), one in zip(fields, packed, strict=True)
                if one is not None
            }
        }

    records[id(layout)] = unpack
    fields += [(field.stored, _unpack_of(field.value, records)) for field in layout.fields]
    return unpack


def _element(packed: Any, unpack: Unpack) -> AttributeValue:
    if type(packed) is dict:
        return packed
    return {"NULL": True} if packed is None or packed is NULL else unpack(packed)
