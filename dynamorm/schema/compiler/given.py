"""What programs give to constructors and puts, taken by generated code where its library would take it as it is.

That is where every value is valid and of the type that a load would make.  Anything else, most of all what is still
to be converted, is left to the library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from ...locks import cached_property
from ...wire.codec import WireItem
from ..copies import independent_copy
from .dumping import Dump, DumpWriter, compile_dump
from .given_dumps import DumpsToLoad, DumpsToStore
from .layouts import (
    LEFT_OUT,
    REFUSED,
    UNSURE,
    Default,
    DefaultValue,
    FieldLayout,
    Record,
    SchemaLayout,
    fills_in,
    holds_free,
    innermost,
    keeps_natives,
)
from .on_demand import leave_to_library, unless_refused
from .parts import Writer, field_alone
from .stored_items import StoredItems

Writers = Mapping[tuple[str, bool], Writer]
Dumps = Mapping[bool, Dump]

# storage keeps these as they are
_KEPT = frozenset({str, int, bool})


class GivenValues:
    """Takes what programs give for one schema, of which ``parts`` and ``dumps`` are generated functions."""

    def __init__(self, load: SchemaLayout, dump: SchemaLayout, parts: Writers, dumps: Dumps) -> None:
        self._layout = dump
        self._parts = parts
        self._dumps = dumps
        self._is_left = load is not dump or _sees_all(dump)
        self._fields = {field.name: field for field in dump.fields if not field.computed}
        fields = self._fields.values()
        self._needed = {field.name for field in fields if field.required or field.missing in (REFUSED, UNSURE)}
        self._defaults = {field.name: field.missing for field in fields if isinstance(field.missing, Default)}

    def natives(self, given: Mapping[str, Any], defaults: bool) -> dict[str, Any] | None:
        """Return the natives of what a constructor is given, with the ``defaults`` of what is missing."""
        if self._is_left or not self._needed <= given.keys() <= self._taken.keys():
            return None
        wire = self._dump(given)
        natives = None if wire is None or len(wire) != len(given) else self._as_loaded(given, wire)
        if natives is None:
            return None
        added = self._defaults_beside(given) if defaults else {}
        if added is None or any(self._parts[name, True](default) is None for name, default in added.items()):
            return None
        natives.update(added)
        return {name: natives[name] for name in self._fields if name in natives}

    def wire(self, given: Mapping[str, Any]) -> WireItem | None:
        """Return the wire form of a whole item that is put, with the defaults of what is missing."""
        if self._is_left or not self._needed <= given.keys() <= self._fields.keys():
            return None
        dump = self._dump_item
        if dump is leave_to_library or any(value is None for value in given.values()):
            return None
        added = self._defaults_beside(given)
        return None if added is None else dump({**given, **added} if added else given)

    def _defaults_beside(self, given: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the defaults of what is missing; ``None`` where there is none to be had: the library says why."""
        added = {}
        for name, missing in self._defaults.items():
            if name not in given:
                try:
                    added[name] = missing.value if isinstance(missing, DefaultValue) else missing.factory()
                except Exception:
                    return None
                if added[name] is None:
                    return None
        return added

    def _as_loaded(self, given: Mapping[str, Any], wire: WireItem) -> dict[str, Any] | None:
        """Return the natives that a load makes of given ones, ``None`` where the library has to judge."""
        loaded: Mapping[str, Any] | None = None
        natives = {}
        for name, value in given.items():
            if type(value) not in _KEPT and _is_changed_by_storage(value):
                return None
            if name in self._kept:
                natives[name] = value if type(value) in _KEPT else independent_copy(value)
                continue
            loaded = loaded or self._load(wire)
            if loaded is None or loaded.get(name) is None:
                return None
            natives[name] = loaded[name]
        return natives

    @cached_property
    def _taken(self) -> dict[str, FieldLayout]:
        """The fields whose values can be taken without those of others."""
        alone = {name: field_alone(self._layout, name, True) for name in self._fields}
        return {
            name: field
            for name, field in alone.items()
            if field is not None and (keeps_natives(field.value) or not holds_free(field.value))
        }

    @cached_property
    def _kept(self) -> frozenset[str]:
        """The fields whose valid natives, or copies of them, are what a load would make."""
        return frozenset(name for name, field in self._taken.items() if keeps_natives(field.value))

    @cached_property
    def _dump(self) -> Dump:
        """The function from any number of natives to their wire form, where each is valid by itself."""
        return self._compiled(DumpsToLoad, list(self._taken.values()))

    @cached_property
    def _load(self) -> Callable[[WireItem], Mapping[str, Any] | None]:
        """The function from the wire form of any number of natives to those that do not stay as they are."""
        fields = [
            field.replace(missing=LEFT_OUT, aliases=()) for name, field in self._taken.items() if name not in self._kept
        ]
        layout = SchemaLayout(f"{self._layout.name} given", fields)
        stored: StoredItems | None = unless_refused(lambda: StoredItems(layout), None)
        return leave_to_library if stored is None else stored.natives

    @cached_property
    def _dump_item(self) -> Dump:
        """The function from the natives of a whole item to its wire form."""
        fields = self._layout.fields
        if any(fills_in(field.value) for field in self._fields.values()):
            return leave_to_library
        if not any(isinstance(innermost(field.value), Record) for field in fields):
            return self._dumps[True]
        return self._compiled(DumpsToStore, fields)

    def _compiled(self, writer: type[DumpWriter], fields: list[FieldLayout]) -> Dump:
        layout = SchemaLayout(f"{self._layout.name} given", fields)
        dump: Dump = unless_refused(lambda: compile_dump(layout, check=True, writer=writer))
        return dump


def _sees_all(layout: SchemaLayout) -> bool:
    """Return whether the library sees the values of a schema together."""
    ways = (layout.load_declined, layout.dump_declined, layout.finish, layout.dump_whole)
    return any(way is not None for way in ways)


def _is_changed_by_storage(value: Any) -> bool:
    """Return whether there may be something that storage does not keep: ``None`` inside, or the sign of a zero."""
    if isinstance(value, dict):
        return any(inner is None or _is_changed_by_storage(inner) for inner in value.values())
    if isinstance(value, (list, tuple)):
        return any(inner is None or _is_changed_by_storage(inner) for inner in value)
    return type(value) in (float, Decimal) and not value
