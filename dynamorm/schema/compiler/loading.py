"""Generated functions from wire items to the native values by Python name.

Each gives ``None`` when it meets anything but the expected shapes, and then the library has to load the item.  An item
with as many attributes as there are fields is first taken for complete, which spares asking for each attribute; a
KeyError says that it is not.

Functions for instances, which have to know later what they were loaded from, also pack the item while they go through
it; :mod:`.packing` says how.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .checks import GIVE_UP
from .layouts import REFUSED, DefaultFactory, DefaultValue, FieldLayout, SchemaLayout, ThroughLibrary, tag_of
from .packing import NULL, Packing
from .source import Source
from .value_loads import Store, ValueLoads
from .values import read_free, read_unknown

Load = Callable[[Mapping[str, Any]], "dict[str, Any] | None"]
Receive = Callable[[Mapping[str, Any], Any], "tuple[dict[str, Any], tuple[Any, ...] | None] | None"]


def compile_load(layout: SchemaLayout) -> tuple[Load, str]:
    """Return the load function of a schema, and its text."""
    load, text = _compiled(layout, LoadWriter(Source(f"load of {layout.name}")))
    return load, text


def compile_receive(layout: SchemaLayout) -> tuple[Receive, Packing]:
    """Return the function that loads an item and packs it, and how it is packed.

    It takes the item and what is to come first in what is kept, and gives the natives and what is kept, which is
    ``None`` where the item cannot be packed.
    """
    packing = Packing(layout)
    receive, _ = _compiled(layout, LoadWriter(Source(f"receive of {layout.name}"), packing))
    return receive, packing


def _compiled(layout: SchemaLayout, writer: LoadWriter) -> tuple[Any, str]:
    main = writer.function(layout)
    while writer.waiting:
        writer.write(writer.waiting.pop())
    return writer.source.compiled(main), "\n".join(writer.source.lines)


class LoadWriter:
    """Writes the functions of one module: one for each schema that is met.

    With a ``packing`` they pack: what is packed of a field is then in ``p`` and its number.  Whatever stores a native
    is told what is packed of it, too.
    """

    def __init__(self, source: Source, packing: Packing | None = None) -> None:
        self.source = source
        self.waiting: list[SchemaLayout] = []
        self._packing = packing
        self._values = ValueLoads(source, self.function, is_packed=packing is not None)
        self._complete_values = ValueLoads(source, self.function, is_packed=packing is not None, is_complete=True)

    def function(self, layout: SchemaLayout) -> str:
        """Return the name of a schema's function, which may be written later."""
        known = self.source.reserved(layout)
        if known is None:
            known = self.source.reserve(layout, "load")
            self.waiting.append(layout)
        return known

    def write(self, layout: SchemaLayout) -> None:
        source = self.source
        inputs = [field for field in layout.fields if not field.computed]
        arguments = "wire, first" if layout.outermost and self._packing is not None else "wire"
        with source.block(f"def {self.function(layout)}({arguments}):"), source.block("try:"):
            with source.block("if type(wire) is not dict:"):
                source.line(GIVE_UP)
            with source.block(f"if len(wire) >= {len(inputs)}:"):
                with source.block("try:"):
                    self.complete(layout)
                source.line("except KeyError:")
                source.line("    pass")
            self.incomplete(layout)
        # the block of the function goes on with the handler
        source.line("    except Exception:")
        source.line("        return None")

    def complete(self, layout: SchemaLayout) -> None:
        """Write what loads an item with a value for every field, and returns."""
        source = self.source
        natives, packed = {}, []
        if len(layout.fields) > sum(not field.computed for field in layout.fields):
            source.line("absent = 0")
        for number, field in enumerate(layout.fields):
            if field.computed:
                self.field(layout, field, number)
                packed.append(f"p{number}")
                continue
            source.line(f"w = wire[{field.stored!r}]")
            native, kept = self.complete_value(field, number)
            self.superfluous(layout, field.aliases)
            natives[field.name] = native
            packed.append(kept)
        source.line(f"out = {{{', '.join(f'{name!r}: {native}' for name, native in natives.items())}}}")
        self.end(layout, packed, f"{len(natives)}" if len(natives) == len(packed) else f"{len(packed)} - absent")

    def complete_value(self, field: FieldLayout, number: int) -> tuple[str, str]:
        """Write what loads the field of a complete item; give where its native and what is packed are."""
        source = self.source
        native, kept = f"v{number}_", f"p{number}"
        found: list[tuple[str, str]] = []

        def store(value: str, packed: str) -> None:
            found.append((value, packed))
            if tag_of(field.value) is None:  # one of several branches
                source.line(f"{native} = {value}")
                self.keep(number, packed)

        def on_null() -> None:
            if not field.nullable:
                source.line("raise KeyError")
            else:
                self.null(field, store)

        self._complete_values.value(field.value, "w", store, on_null)
        if tag_of(field.value) is None:
            return native, kept
        ((native, packed),) = found
        if packed != "w":
            return native, packed
        self.keep(number, packed)  # before the next field takes its place
        return native, kept

    def incomplete(self, layout: SchemaLayout) -> None:
        """Write what loads any item, and returns."""
        self.source.line("out = {}")
        self.source.line("absent = 0")
        for number, field in enumerate(layout.fields):
            self.field(layout, field, number)
        self.end(layout, [f"p{number}" for number in range(len(layout.fields))], f"{len(layout.fields)} - absent")

    def end(self, layout: SchemaLayout, packed: list[str], count: str) -> None:
        """Write what a function ends with, when it has found a number of attributes."""
        source = self.source
        first = "first, " if layout.outermost else ""
        kept = f"({first}{''.join(f'{one}, ' for one in packed)})"
        if not layout.outermost:
            with source.block(f"if len(wire) != {count}:"):
                known = source.use(frozenset(field.stored for field in layout.fields), "known")
                unknown = f"{source.use(read_unknown, 'unknown')}(wire, {known})"
                source.line(f"out.update({unknown})" if layout.keeps_unknown else unknown)
                if self._packing is not None:
                    source.line("return out, None")
            aliases = frozenset(alias for field in layout.fields for alias in field.aliases)
            if aliases and self._packing is not None:  # packed values are told by the stored names alone
                with source.block(f"if not {source.use(aliases, 'aliases')}.isdisjoint(wire):"):
                    source.line("return out, None")
        if self._packing is None:
            source.line("return out" if layout.finish is None else f"return {source.use(layout.finish, 'finish')}(out)")
            return
        if layout.finish is not None:
            source.line(f"out = {source.use(layout.finish, 'finish')}(out)")
        if layout.outermost:
            completed = f"{source.use(self._packing.completed, 'completed')}(wire, out, {kept})"
            if self._packing.tells_all or (self._packing.tells_complete and count.isdigit()):
                with source.block(f"if len(wire) != {count}:"):
                    source.line(f"return out, {completed}")
            else:
                source.line(f"return out, {completed}")
                return
        source.line(f"return out, {kept}")

    def keep(self, number: int, packed: str) -> None:
        if self._packing is not None:
            self.source.line(f"p{number} = {packed}")

    def field(self, layout: SchemaLayout, field: FieldLayout, number: int) -> None:
        source, key = self.source, repr(field.stored)

        def store(value: str, packed: str) -> None:
            source.line(f"out[{field.name!r}] = {value}")
            self.keep(number, packed)

        def on_null() -> None:
            if field.nullable:
                self.null(field, store)
            else:
                self.keep(number, source.use(NULL, "null"))
                self.missing(field)

        def otherwise() -> None:
            if field.otherwise is None:
                source.line(GIVE_UP)
            else:
                store(f"{source.use(field.otherwise, 'otherwise')}(w)", "w")

        demanded = field.missing is REFUSED and not field.aliases
        if demanded and not field.computed:
            source.line(f"w = wire[{key}]")
            self._values.value(field.value, "w", store, on_null, otherwise)
            return
        with source.block(f"if {key} in wire:"):
            source.line(f"w = wire[{key}]")
            if field.computed:
                source.line(f"{source.use(read_free, 'read')}(w)")
                self.keep(number, "w")
            else:
                self._values.value(field.value, "w", store, on_null, otherwise)
                self.superfluous(layout, field.aliases)
        for place, alias in enumerate(field.aliases, start=1):
            with source.block(f"elif {alias!r} in wire:"):
                source.line(f"w = wire[{alias!r}]")
                self._values.value(field.value, "w", store, on_null, otherwise)
                self.superfluous(layout, field.aliases[place:])
        with source.block("else:"):
            source.line("absent += 1")
            self.keep(number, "None")
            if not field.computed:
                self.missing(field)

    def null(self, field: FieldLayout, store: Store) -> None:
        """Write what stores NULL in a field that takes it."""
        null = self.source.use(NULL, "null")
        if isinstance(field.value, ThroughLibrary):
            store(f"{self.source.use(field.value.load, 'load')}(None, wire)", null)
        else:
            store("None", null)

    def superfluous(self, layout: SchemaLayout, aliases: Iterable[str]) -> None:
        """Write what looks at attributes that are not taken, but were if others were missing: as decoding does."""
        if layout.outermost:
            for alias in aliases:
                with self.source.block(f"if {alias!r} in wire:"):
                    self.source.line(f"{self.source.use(read_free, 'read')}(wire[{alias!r}])")

    def missing(self, field: FieldLayout) -> None:
        source = self.source
        if isinstance(field.missing, DefaultValue):
            source.line(f"out[{field.name!r}] = {source.use(field.missing.value, 'default')}")
        elif isinstance(field.missing, DefaultFactory):
            source.line(f"out[{field.name!r}] = {source.use(field.missing.factory, 'make')}()")
        elif field.missing is REFUSED:
            source.line(GIVE_UP)
