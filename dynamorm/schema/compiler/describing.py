"""How adapters describe schemas: the walk over fields and over the schemas inside, and values that libraries share."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from inspect import isfunction
from typing import Any

from ...frozen import Frozen
from ...spec import FieldSpec
from ..conversions import in_utc, sorted_text, utc_moment_of
from .layouts import (
    Checks,
    Converted,
    FieldLayout,
    ListOf,
    NotCompilable,
    Number,
    SchemaLayout,
    SetOf,
    Size,
    Text,
    ThroughLibrary,
    Value,
    is_stable,
)

UUIDS = Converted(uuid.UUID, str, as_text=True, natives=(uuid.UUID,), reload="same")
UTC_MOMENTS = Converted(
    utc_moment_of, sorted_text, as_text=True, natives=(dt.datetime,), as_native=in_utc, reload="same"
)

Leaves = Mapping[type, "Value | Callable[[Any], Value | None]"]
"""For each class of fields that hold no others, their values without checks, or what makes these of a field."""


class Place(Frozen):
    """Where fields stand; the ``depth`` of a model's own fields is 0."""

    depth: int = 0


class Describer:
    """Describes one schema, in one mode, with the schemas inside it; what is said of values is the library's."""

    inner_names = "name"
    """Which name of a field inside other schemas is that of natives."""

    def __init__(self, adapter: Any, mode: str) -> None:
        self.adapter = adapter
        self.mode = mode
        self._inner: dict[Any, SchemaLayout] = {}

    # What a library has to supply.

    def field_of(self, spec: FieldSpec, place: Any) -> Any:
        """Return the library's object for a field."""
        return spec.native

    def value(self, spec: FieldSpec, field: Any, place: Any) -> Value:
        """Return how the values of a field are stored and loaded.

        :raises NotCompilable: where that is for the library to say
        """
        raise NotImplementedError

    def through_library(self, spec: FieldSpec, field: Any, place: Any, reason: str) -> ThroughLibrary:
        """Return how a field goes through the library as a whole."""
        raise NotImplementedError

    def outcomes(self, spec: FieldSpec, field: Any, place: Any) -> dict[str, Any]:
        """Return what happens where there is no value, by the names that it has in a ``FieldLayout``."""
        raise NotImplementedError

    def is_settled(self, value: Value, place: Any) -> bool:
        """Return whether what was assigned is made a native for ``ThroughLibrary`` fields beside it."""
        return True

    # What is the same for all libraries.

    def outermost(self, layout: SchemaLayout, place: Any, *, is_ambiguous: bool) -> SchemaLayout:
        """Describe the schema of a model, of which two fields may ask for the same attribute."""
        if is_ambiguous:
            layout.load_declined = layout.dump_declined = "two fields share an attribute"
            return layout
        return self._with_fields(layout, self.adapter.fields.values(), place)

    def inner(self, key: Any, name: str, specs: Iterable[FieldSpec], place: Any) -> SchemaLayout:
        """Describe a nested schema; one that nests itself is described once, by its key."""
        if key not in self._inner:
            layout = self._inner[key] = SchemaLayout(name, outermost=False)
            self._with_fields(layout, specs, place)
        return self._inner[key]

    def _with_fields(self, layout: SchemaLayout, specs: Iterable[FieldSpec], place: Any) -> SchemaLayout:
        for spec in specs:
            field = self.field_of(spec, place)
            value = self.field_value(spec, field, place)
            layout.fields.append(
                FieldLayout(
                    getattr(spec, self.inner_names) if place.depth else spec.name,
                    spec.stored,
                    value,
                    nullable=spec.nullable,
                    required=spec.required,
                    computed=spec.computed,
                    aliases=spec.aliases,
                    as_native=partial(self.adapter.as_native, spec) if self.is_settled(value, place) else None,
                    **self.outcomes(spec, field, place),
                )
            )
        return layout

    def field_value(self, spec: FieldSpec, field: Any, place: Any) -> Value:
        """Return how the values of a field of a schema are stored and loaded, if as its library says."""
        try:
            return self.value(spec, field, place)
        except NotCompilable as reason:
            return self.through_library(spec, field, place, str(reason))


def require_usual(field: Any, is_known: bool, noun: str, *, replaced: str = "") -> None:
    """Raise ``NotCompilable`` where a field is not simply of a known class, with the methods of that.

    One method may be ``replaced``.
    """
    kind = type(field)
    if not is_known:
        raise NotCompilable(f"{kind.__name__} is a {noun} of its own")
    own = [name for name in vars(field) if name != replaced and isfunction(getattr(kind, name, None))]
    if own:
        raise NotCompilable(f"its {', '.join(sorted(own))} is its own")


def leaf(leaves: Leaves, field: Any, checks: Checks) -> Value | None:
    """Return the values of a field that holds no others, ``None`` where only its methods know."""
    found = leaves.get(type(field))
    value = found(field) if callable(found) else found
    return None if value is None else value.replace(checks=checks)


def list_of(element: Value, nullable: bool, checks: Checks) -> Value | None:
    """Return a list, ``None`` where its checks have to see what a load makes of it."""
    if is_stable(element) or all(isinstance(check, Size) for check in checks):
        return ListOf(element, nullable, checks)
    return None


def set_of(element: Value, checks: Checks) -> Value | None:
    """Return a set, ``None`` where its elements may become others when they are stored."""
    return SetOf(element, checks) if isinstance(element, (Text, Number)) and is_stable(element) else None
