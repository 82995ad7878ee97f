"""What programs give to constructors and puts, taken by generated code where its library would take it as it is.

That is where every value is valid and of the type that a load would make.  Anything else, most of all what is still
to be converted, is left to the library.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ...exceptions import UnstorableValue
from ...locks import cached_property
from ...wire.codec import WireItem
from ..copies import independent_copy
from .dumping import Dump, compile_dump
from .layouts import (
    REFUSED,
    UNSURE,
    DefaultFactory,
    DefaultValue,
    FieldLayout,
    Flag,
    Number,
    SchemaLayout,
    Text,
    fills_in,
    holds_free,
    holds_records,
    keeps_natives,
)
from .narrowing import ToBeLoaded, ToBeStored
from .on_demand import OnDemand
from .parts import Writer, field_alone, leave_to_library
from .source import unless_refused
from .stored_items import StoredItems
from .values import decimal_text

Writers = Mapping[tuple[str, bool], Writer]
Dumps = Mapping[bool, Dump]


class GivenValues:
    """Takes what programs give for one schema, of which ``parts`` and ``dumps`` are generated functions."""

    def __init__(self, load: SchemaLayout, dump: SchemaLayout, parts: Writers, dumps: Dumps) -> None:
        self._layout = dump
        self._fields = _fields(dump) if load is dump else None
        self._parts = parts
        self._dumps = dumps
        self._loads: dict[str, StoredItems | None] = OnDemand(self._compile_load)

    def natives(self, given: Mapping[str, Any], defaults: bool) -> dict[str, Any] | None:
        """Return the natives of what a constructor is given, with the ``defaults`` of what is missing."""
        fields = self._fields
        if fields is None or not given.keys() <= fields.keys():
            return None
        wire = self._dump(given)
        if wire is None or len(wire) != len(given):
            return None
        found = {}
        for name, value in given.items():
            native = value if name in self._unchanged else self._as_loaded(fields[name], value, wire)
            if native is None:
                return None
            found[name] = native
        natives = {}
        for name, field in fields.items():
            if name in found:
                natives[name] = found[name]
            elif field.required or field.missing in (REFUSED, UNSURE):
                return None
            elif defaults and isinstance(field.missing, (DefaultValue, DefaultFactory)):
                default = _default(field.missing)
                if default is None or self._parts[name, True](default) is None:
                    return None
                natives[name] = default
        return natives

    def wire(self, given: Mapping[str, Any]) -> WireItem | None:
        """Return the wire form of a whole item that is put, with the defaults of what is missing."""
        fields = self._fields
        if fields is None or not given.keys() <= fields.keys() or self._loads_fill_in:
            return None
        added = {}
        for name, field in fields.items():
            if name in given:
                if given[name] is None:
                    return None
            elif field.required or field.missing in (REFUSED, UNSURE):
                return None
            elif isinstance(field.missing, (DefaultValue, DefaultFactory)):
                added[name] = _default(field.missing)
                if added[name] is None:
                    return None
        return self._dump_item({**given, **added} if added else given)

    @cached_property
    def _dump(self) -> Dump:
        """The function from any number of natives to their wire form, where each is valid by itself."""
        layout = self._layout
        alone = {name: field_alone(layout, name, True) for name in self._fields or {}}
        whole = frozenset(name for name, field in alone.items() if field is None)
        given = ToBeLoaded()
        fields = [
            # what is not loaded again need not be narrowed
            field if keeps_natives(field.value) else field.replace(value=given.value(field.value))
            for field in alone.values()
            if field is not None
        ]
        dump = _dump_of(SchemaLayout(f"{layout.name} given", fields))
        return dump if not whole else lambda given: dump(given) if whole.isdisjoint(given) else None

    @cached_property
    def _dump_item(self) -> Dump:
        """The function from the natives of a whole item to its wire form."""
        layout, given = self._layout, ToBeStored()
        if not any(holds_records(field.value) for field in layout.fields):
            return self._dumps[True]
        fields = [field.replace(value=given.value(field.value)) for field in layout.fields]
        return _dump_of(SchemaLayout(f"{layout.name} put", fields))

    @cached_property
    def _unchanged(self) -> frozenset[str]:
        """The fields whose valid natives are what a load would make: texts, truth values and integers."""
        return frozenset(
            name
            for name, field in (self._fields or {}).items()
            if isinstance(field.value, (Text, Flag))
            or (isinstance(field.value, Number) and field.value.native is int and field.value.finish is None)
        )

    @cached_property
    def _loads_fill_in(self) -> bool:
        return any(fills_in(field.value) for field in self._layout.fields)

    def _compile_load(self, name: str) -> StoredItems | None:
        fields = self._fields or {}
        layout = SchemaLayout(f"{self._layout.name}.{name}", [fields[name]])
        stored: StoredItems | None = unless_refused(lambda: StoredItems(layout), None)
        return stored

    def _as_loaded(self, field: FieldLayout, value: Any, wire: WireItem) -> Any:
        """Return the native that a load makes of a given one, ``None`` where the library has to judge."""
        if _is_changed_by_storage(value):
            return None
        if keeps_natives(field.value):
            return independent_copy(value)
        if holds_free(field.value) or _loses_digits(value):
            return None
        load = self._loads[field.name]
        natives = None if load is None else load.natives({field.stored: wire[field.stored]})
        return None if natives is None else natives.get(field.name)


def _dump_of(layout: SchemaLayout) -> Dump:
    dump: Dump = unless_refused(lambda: compile_dump(layout, check=True)[0], leave_to_library)
    return dump


def _fields(layout: SchemaLayout) -> dict[str, FieldLayout] | None:
    """Return the fields that may be given, ``None`` where the library sees their values together."""
    if layout.load_declined is not None or layout.dump_declined is not None:
        return None
    if layout.finish is not None or layout.dump_whole is not None:
        return None
    return {field.name: field for field in layout.fields if not field.computed}


def _default(missing: DefaultValue | DefaultFactory) -> Any:
    """Return a default, ``None`` where there is none to be had: the library says why."""
    if isinstance(missing, DefaultValue):
        return missing.value
    try:
        return missing.factory()
    except Exception:
        return None


def _is_changed_by_storage(value: Any) -> bool:
    """Return whether there may be something that storage does not keep: ``None`` inside, or the sign of a zero."""
    if isinstance(value, dict):
        return any(inner is None or _is_changed_by_storage(inner) for inner in value.values())
    if isinstance(value, (list, tuple)):
        return any(inner is None or _is_changed_by_storage(inner) for inner in value)
    return type(value) in (float, Decimal) and not value


def _loses_digits(value: Any) -> bool:
    """Return whether there are Decimals inside that would be read in another form, if as the same number."""
    if isinstance(value, dict):
        return any(map(_loses_digits, value.values()))
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(map(_loses_digits, value))
    if type(value) is not Decimal:
        return False
    try:
        return Decimal(decimal_text(value)).as_tuple() != value.as_tuple()
    except UnstorableValue:
        return False  # as a number; it is stored as a text, which keeps everything
