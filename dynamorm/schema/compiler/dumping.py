"""Generated functions from the native values by Python name to wire items.

Each gives ``None`` when it meets anything but natives of exactly the expected types or, where it checks, when it cannot
tell that the item could be loaded again; then the library has to dump the values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...wire.codec import WireItem
from .checks import GIVE_UP
from .layouts import (
    ABSENT,
    LEFT_OUT,
    REFUSED,
    UNSURE,
    Converted,
    DefaultFactory,
    DefaultValue,
    FieldLayout,
    ListOf,
    MapOf,
    Record,
    SchemaLayout,
    ThroughLibrary,
    Value,
)
from .source import Source
from .value_dumps import Store, ValueDumps
from .values import write_item

Dump = Callable[[Mapping[str, Any]], "WireItem | None"]


def compile_dump(layout: SchemaLayout, *, check: bool) -> tuple[Dump, str]:
    """Return the dump function of a schema, and its text; with ``check`` it gives valid items only."""
    if layout.dump_whole is not None:
        return _dump_whole(layout.dump_whole, check), ""
    source = Source(f"dump of {layout.name}")
    writer = DumpWriter(source, check)
    main = writer.function(layout, False)
    while writer.waiting:
        writer.write(*writer.waiting.pop())
    dump: Dump = source.compiled(main)
    return dump, "\n".join(source.lines)


class DumpWriter:
    """Writes the functions of one module: for each schema one, and another for the inside of lists.

    Inside of lists, ``nulls``, DynamoDB's NULL stands for ``None``; elsewhere nothing does.
    """

    def __init__(self, source: Source, check: bool) -> None:
        self.source = source
        self.check = check
        self.waiting: list[tuple[SchemaLayout, bool]] = []
        self._functions: dict[tuple[int, bool], str] = {}
        self._values = ValueDumps(source, check, self.function)

    def function(self, layout: SchemaLayout, nulls: bool) -> str:
        """Return the name of a schema's function, which may be written later."""
        known = self._functions.get((id(layout), nulls))
        if known is None:
            known = self._functions[id(layout), nulls] = self.source.reserve((layout, nulls), "dump")
            self.waiting.append((layout, nulls))
        return known

    def write(self, layout: SchemaLayout, nulls: bool) -> None:
        source = self.source
        with source.block(f"def {self.function(layout, nulls)}(natives):"), source.block("try:"):
            source.line("out = {}")
            if not layout.outermost:
                source.line("absent = 0")
            any_through_library = any(isinstance(field.value, ThroughLibrary) for field in layout.fields)
            if any_through_library:
                self.all_natives(layout)
            for field in layout.fields:
                if isinstance(field.value, ThroughLibrary):
                    self.field_through_library(layout, field, field.value, nulls)
                else:
                    self.field(layout, field, nulls)
            if not layout.outermost:
                inputs = [field for field in layout.fields if not field.computed]
                with source.block(
                    f"if len({'all_natives' if any_through_library else 'natives'}) != {len(inputs)} - absent:"
                ):
                    source.line(GIVE_UP)
            source.line("return out")
        source.line("    except Exception:")
        source.line("        return None")

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
            elif field.as_native is not None and not _is_exact(field.value, []):
                with source.block(f"if all_natives.get({field.name!r}) is not None:"):
                    as_native = source.use(field.as_native, "as_native")
                    source.line(f"all_natives[{field.name!r}] = {as_native}(all_natives[{field.name!r}])")

    def field(self, layout: SchemaLayout, field: FieldLayout, nulls: bool) -> None:
        source, name = self.source, repr(field.name)

        def store(value: str) -> None:
            source.line(f"out[{field.stored!r}] = {value}" if _is_storable(field.stored) else GIVE_UP)

        def present() -> None:
            with source.block("if v is not None:"):
                self._values.value(field.value, "v", store, nulls, in_list=False)
            with source.block("else:"):
                if layout.outermost:
                    if field.nullable and field.required:
                        with source.block(f"if {name} not in natives:"):
                            self.unset(field, store, nulls)
                    else:
                        self.unset(field, store, nulls)
                elif field.none_is_absent:
                    self.unset(field, store, nulls)
                else:
                    self.none(field, store, nulls)

        if field.always is not None:
            if not layout.outermost:
                with source.block(f"if {name} not in natives:"):
                    source.line("absent += 1")
            source.line(f"v = {source.use(field.always.value, 'always')}")
            self._values.value(field.value, "v", store, nulls, in_list=False)
            return
        if layout.outermost:
            source.line(f"v = natives.get({name})")
            present()
            return
        with source.block(f"if {name} in natives:"):
            source.line(f"v = natives[{name}]")
            present()
        with source.block("else:"):
            source.line("absent += 1")
            self.unset(field, store, nulls)

    def none(self, field: FieldLayout, store: Store, nulls: bool) -> None:
        unsure = field.unset is UNSURE and not field.nullable
        if unsure or (self.check and field.required and not field.nullable):
            self.source.line(GIVE_UP)
        elif nulls:
            store("{'NULL': True}")

    def unset(self, field: FieldLayout, store: Store, nulls: bool) -> None:
        source = self.source
        if field.unset is REFUSED:
            if self.check:
                source.line(GIVE_UP)
        elif isinstance(field.unset, DefaultValue) and field.unset.value is None:
            self.none(field, store, nulls)
        elif field.unset is not LEFT_OUT:
            if isinstance(field.unset, DefaultValue):
                source.line(f"v = {source.use(field.unset.value, 'default')}")
            elif isinstance(field.unset, DefaultFactory):
                source.line(f"v = {source.use(field.unset.factory, 'make')}()")
            else:
                source.line(GIVE_UP)
                return
            self._values.value(field.value, "v", store, nulls, in_list=False)
        if self.check and field.unset_check is not None:
            source.line(f"{source.use(field.unset_check, 'unset')}()")

    def field_through_library(
        self, layout: SchemaLayout, field: FieldLayout, value: ThroughLibrary, nulls: bool
    ) -> None:
        source = self.source

        def store(dumped: str) -> None:
            source.line(f"out[{field.stored!r}] = {dumped}" if _is_storable(field.stored) else GIVE_UP)

        if not layout.outermost and not field.computed:
            with source.block(f"if {field.name!r} not in natives:"):
                source.line("absent += 1")
        source.line(f"v = {source.use(value.dump, 'dump')}(all_natives)")
        check = self.check and not field.computed
        absent = source.use(ABSENT, "absent")
        with source.block(f"if v is {absent} or v is None:"):
            if check and field.required:
                # rare enough to be left to the library, whatever it says
                source.line(GIVE_UP)
            elif check:
                if field.unset_check is not None:
                    source.line(f"{source.use(field.unset_check, 'unset')}()")
                if field.nullable:
                    with source.block("if v is None:"):
                        source.line(f"{source.use(value.check, 'check')}(v)")
            if nulls:
                with source.block("if v is None:"):
                    store("{'NULL': True}")
        with source.block("else:"):
            if check:
                source.line(f"{source.use(value.check, 'check')}(v)")
            self._values.free("v", store, nulls, in_list=False)


def _dump_whole(serialise: Callable[[Mapping[str, Any], bool], Mapping[str, Any]], check: bool) -> Dump:
    """Return the dump function of a schema whose library makes the plain values."""

    def dump(natives: Mapping[str, Any]) -> WireItem | None:
        try:
            return write_item(serialise(natives, check))
        except Exception:
            return None

    return dump


def _is_storable(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_exact(value: Value | None, above: list[SchemaLayout]) -> bool:
    """Return whether the dump gives up on any value that is not a native already."""
    if isinstance(value, ThroughLibrary):
        return False
    if isinstance(value, Converted):
        return value.as_native is None
    if isinstance(value, MapOf):
        return value.dump_key is None and _is_exact(value.element, above)
    if isinstance(value, ListOf):
        return _is_exact(value.element, above)
    if isinstance(value, Record):
        below = [*above, value.layout]
        return value.layout in above or all(_is_exact(field.value, below) for field in value.layout.fields)
    return True
