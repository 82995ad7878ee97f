"""Generated functions from the native values by Python name to wire items.

Each gives ``None`` when it meets anything but natives of exactly the expected types or, where it checks, when it cannot
tell that the item could be loaded again; then the library has to dump the values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ...wire.codec import WireItem
from .layouts import (
    ABSENT,
    REFUSED,
    UNSURE,
    Converted,
    Default,
    DefaultValue,
    FieldLayout,
    MapOf,
    SchemaLayout,
    ThroughLibrary,
    Value,
    values_in,
)
from .source import GIVE_UP, Source
from .value_dumps import NULL, Store, ValueDumps
from .values import write_map

# what has these is no name of an attribute
_SURROGATE = re.compile("[\ud800-\udfff]").search

Dump = Callable[[Mapping[str, Any]], "WireItem | None"]


class DumpWriter(ValueDumps):
    """Writes the functions of one module: for each schema one, and another for the inside of lists."""

    def __init__(self, source: Source, check: bool, load: Callable[[WireItem], Any] | None) -> None:
        super().__init__(source, check)
        self._load = load

    def schema(self, layout: SchemaLayout, nulls: bool) -> None:
        source = self.source
        with source.definition(f"def {source.function(layout, nulls)}(natives):"):
            source.line("out = {}")
            if not layout.outermost:
                source.line("absent = 0")
            if any(isinstance(field.value, ThroughLibrary) for field in layout.fields):
                self.all_natives(layout)
            for field in layout.fields:
                self.field(layout, field, nulls)
            if not layout.outermost:
                inputs = sum(not field.computed for field in layout.fields)
                source.give_up_if(f"len(natives) != {inputs} - absent")
            elif self._load is not None:
                source.give_up_if(f"{source.use(self._load, 'load')}(out) is None")
            source.line("return out")

    def all_natives(self, layout: SchemaLayout) -> None:
        """Write what collects the natives for fields whose own code may look at all of them.

        All other fields see to the values as they were assigned: no code of the user's converts anything twice.
        """
        source = self.source
        if layout.outermost:
            kept = {field.name for field in layout.fields if field.nullable and field.required}
            nones = f" or name in {source.use(frozenset(kept), 'kept')}" if kept else ""
            source.line(f"all_natives = {{name: value for name, value in natives.items() if value is not None{nones}}}")
        else:
            source.line("all_natives = dict(natives)")
        for field in layout.fields:
            if field.computed and layout.outermost:
                source.line(f"all_natives.pop({field.name!r}, None)")
            elif field.as_native is not None and not _is_exact(field.value):
                with source.block(f"if all_natives.get({field.name!r}) is not None:"):
                    as_native = source.use(field.as_native, "as_native")
                    source.line(f"all_natives[{field.name!r}] = {as_native}(all_natives[{field.name!r}])")

    def field(self, layout: SchemaLayout, field: FieldLayout, nulls: bool) -> None:
        source, value, name = self.source, field.value, repr(field.name)

        def store(dumped: str) -> None:
            source.line(GIVE_UP if _SURROGATE(field.stored) else f"out[{field.stored!r}] = {dumped}")

        if isinstance(value, ThroughLibrary) or field.always is not None:
            if not layout.outermost and not field.computed:
                source.line(f"absent += {name} not in natives")
            if isinstance(value, ThroughLibrary):
                self.through_library(field, value, store, nulls)
            elif field.always is not None:
                source.line(f"v = {source.default(field.always)}")
                self.value(value, "v", store, nulls)
            return
        source.line(f"v = natives[{name}] if {name} in natives else None")
        with source.block("if v is not None:"):
            self.value(value, "v", store, nulls)
        if not self.takes_none_for_absent(layout, field):
            with source.block(f"elif {name} in natives:"):
                self.none(field, store, nulls)
        with source.block("else:"):
            if not layout.outermost:
                source.line(f"absent += {name} not in natives")
            self.unset(field, store, nulls)

    def takes_none_for_absent(self, layout: SchemaLayout, field: FieldLayout) -> bool:
        return layout.outermost and not (field.nullable and field.required)

    def none(self, field: FieldLayout, store: Store, nulls: bool) -> None:
        """Write what is dumped for ``None``."""
        if not field.nullable and (field.unset is UNSURE or (self.check and field.required)):
            self.source.line(GIVE_UP)
        elif nulls:
            store(NULL)

    def unset(self, field: FieldLayout, store: Store, nulls: bool) -> None:
        """Write what is dumped without a value."""
        source, unset = self.source, field.unset
        if unset is UNSURE or (unset is REFUSED and self.check):
            source.line(GIVE_UP)
            return
        if isinstance(unset, DefaultValue) and unset.value is None:
            self.none(field, store, nulls)
        elif isinstance(unset, Default):
            source.line(f"v = {source.default(unset)}")
            self.value(field.value, "v", store, nulls)
        if self.check and field.unset_check is not None:
            source.line(f"{source.use(field.unset_check, 'unset')}()")

    def through_library(self, field: FieldLayout, value: ThroughLibrary, store: Store, nulls: bool) -> None:
        source, is_checked = self.source, self.check and not field.computed
        check = f"{source.use(value.check, 'check')}(v)"
        source.line(f"v = {source.use(value.dump, 'dump')}(all_natives)")
        with source.block(f"if v is {source.use(ABSENT, 'absent')} or v is None:"):
            if is_checked and field.required:
                # rare enough to be left to the library, whatever it says
                source.line(GIVE_UP)
            elif is_checked and field.unset_check is not None:
                source.line(f"{source.use(field.unset_check, 'unset')}()")
            with source.block("if v is None:"):
                if is_checked and field.nullable:
                    source.line(check)
                if nulls:
                    store(NULL)
        with source.block("else:"):
            if is_checked:
                source.line(check)
            self.free("v", store, nulls, in_list=False)


def compile_dump(
    layout: SchemaLayout,
    *,
    check: bool,
    load: Callable[[WireItem], Any] | None = None,
    writer: type[DumpWriter] = DumpWriter,
) -> Dump:
    """Return the dump function of a schema.

    With ``check`` it gives valid items only, with ``load`` only those of which that does not make ``None``.
    """
    if layout.dump_whole is not None:
        return _dump_whole(layout.dump_whole, load)
    source = Source("dump", layout.name)
    dump: Dump = source.compiled(writer(source, check, load).schema, layout, False)
    return dump


def _dump_whole(
    serialise: Callable[[Mapping[str, Any]], Mapping[str, Any]], load: Callable[[WireItem], Any] | None
) -> Dump:
    """Return the dump function of a schema whose library makes the plain values."""

    def dump(natives: Mapping[str, Any]) -> WireItem | None:
        try:
            wire = write_map(serialise(natives))
        except Exception:
            return None
        return None if load is not None and load(wire) is None else wire

    return dump


def _is_exact(value: Value) -> bool:
    """Return whether the dump gives up on any value that is not a native already."""
    return not any(
        isinstance(one, ThroughLibrary)
        or (isinstance(one, Converted) and one.as_native is not None)
        or (isinstance(one, MapOf) and one.dump_key is not None)
        for one in values_in(value)
    )
