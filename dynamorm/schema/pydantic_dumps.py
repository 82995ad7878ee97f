"""Dumps of pydantic's models by pydantic's engine alone: every step sees all values at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..spec import FieldSpec
from . import pydantic_variants as variants
from .base import ABSENT, Adapter, means_none, prepare
from .pydantic_engine import Engine
from .pydantic_plans import Finish
from .pydantic_values import plain


class WholeDump:
    """Does what ``natives_of_assigned`` and ``checked_dump`` of adapters do, for values that nothing is wrong with."""

    def __init__(self, adapter: Adapter, engine: Engine, check: Finish, *, keeps_unknown: bool) -> None:
        inputs = adapter.inputs
        self._model = engine.model
        self._keeps_unknown = keeps_unknown
        self._names = frozenset(adapter.fields)
        self._computed = {spec.name for spec in adapter.fields.values() if spec.computed}
        self._needed = frozenset(
            spec.name for spec in inputs if spec.required and not spec.nullable and spec.kind != "set"
        )
        self._nones = {spec.name: None for spec in inputs if spec.nullable}
        self._with_none = {spec.name: spec.stored for spec in inputs if means_none(spec)}
        self._prepared = [(spec.stored, spec.source, spec.nullable, _inside(spec)) for spec in inputs]
        self._settle = engine.validator(variants.ASSIGNED).validate_python
        self._serialise = engine.serializer.to_python
        self._check = check

    def __call__(self, natives: Mapping[str, Any], check: bool) -> dict[str, Any]:
        """Give the plain values by stored name, with ``check`` only valid ones; raises where something is wrong."""
        if not self._names.issuperset(natives):
            raise LookupError("values of no field")
        given = {
            name: value
            for name, value in natives.items()
            if (value is not None or name in self._with_none) and name not in self._computed
        }
        settled = self._settle(given, strict=False, by_alias=True, by_name=False)
        left_out = None if self._needed <= settled.keys() else self._computed
        values = {**self._nones, **settled}
        instance = variants.bare(self._model, values, set(settled), {} if self._keeps_unknown else None)
        serialised = self._serialise(instance, mode="python", by_alias=True, exclude=left_out, warnings="error")
        if type(serialised) is not dict:
            raise TypeError(serialised)
        dumped: dict[str, Any] = plain(serialised)
        if check:
            for name, stored in self._with_none.items():
                if name not in settled and dumped.get(stored, ABSENT) is None:
                    del dumped[stored]
            self._check(self._ready(dumped))
        return dumped

    def _ready(self, dumped: dict[str, Any]) -> dict[str, Any]:
        """Make plain values fit for the check."""
        ready = {}
        for stored, source, nullable, inside in self._prepared:
            value = dumped.get(stored, ABSENT)
            if value is not ABSENT and (value is not None or nullable):
                ready[source] = value if inside is None else prepare(inside, value)
        return ready


class ValidatedDump:
    """Serialises natives that pydantic has just made of a whole item."""

    def __init__(self, adapter: Adapter, engine: Engine) -> None:
        self._model = engine.model
        self._serialise = engine.serializer.to_python
        self._fields = engine.model.__pydantic_fields__
        self._nones = {spec.name: None for spec in adapter.inputs if spec.nullable}

    def __call__(self, natives: Mapping[str, Any], check: bool) -> dict[str, Any]:
        """Give the plain values by stored name; raises where something is wrong."""
        given = {name: value for name, value in natives.items() if name in self._fields}
        values = {**self._nones, **given}
        if len(values) != len(self._fields):
            raise LookupError("a model validator left a field out")
        instance = variants.bare(self._model, values, set(given), None)
        serialised = self._serialise(instance, mode="python", by_alias=True, warnings="error")
        if type(serialised) is not dict:
            raise TypeError(serialised)
        dumped: dict[str, Any] = plain(serialised)
        return dumped


def _inside(spec: FieldSpec) -> FieldSpec | None:
    """Give the description of a field whose values have to be made fit themselves."""
    return spec if spec.element is not None or spec.nested is not None else None
