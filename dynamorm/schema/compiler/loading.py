"""Generated functions from the struct of an item to the native values by Python name.

Each gives ``None`` when it meets anything but the expected shapes, and then the library has to load the item.  The one
of the outermost schema also gives what the item will not tell later, see :class:`Besides`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from ..copies import independent_copy
from .layouts import LEFT_OUT, REFUSED, UNSURE, Default, FieldLayout, SchemaLayout, ThroughLibrary, renews
from .source import GIVE_UP, Source
from .structs import Structs, members_of, takes_null
from .value_loads import ValueLoads
from .values import read_unknown


class Besides(NamedTuple):
    """What is to be known of a loaded item besides the item itself: values by Python name, as they were then.

    ``made`` are those that were made for want of stored ones, ``copies`` those that another load might not give again.
    """

    made: dict[str, Any]
    copies: dict[str, Any]


Natives = dict[str, Any]
LoadStruct = Callable[[Any, "Mapping[str, Any] | None"], "tuple[Natives, Besides | None] | None"]


def compile_load(layout: SchemaLayout, structs: Structs) -> LoadStruct:
    """Return the function from the struct of an item, and where it needs that its wire form."""
    source = Source("load", layout.name)
    load: LoadStruct = source.compiled(LoadWriter(source, structs).schema, layout)
    return load


class LoadWriter(ValueLoads):
    """Writes the functions of one module: one for each schema that is met."""

    def schema(self, layout: SchemaLayout) -> None:
        source = self.source
        source.globals["UNSET"] = UNSET
        self._members = members_of(layout)
        inputs = [(f"v{number}_", field) for number, field in enumerate(layout.fields) if not field.computed]
        made = frozenset(field.name for _, field in inputs if layout.outermost and _may_be_made(layout, field))
        renewed = tuple(field.name for _, field in inputs if layout.outermost and _is_renewed(field))
        with source.definition(f"def {source.function(layout)}(s, wire):"):
            if any(field.missing is not REFUSED for _, field in inputs):
                source.line("left_out = ()")
            if made or renewed:
                source.line("absent = nulls = ()")
            for local, field in inputs:
                self._field(field, local, field.name in made)
            source.line(f"out = {{{', '.join(f'{field.name!r}: {local}' for local, field in inputs)}}}")
            if any(field.missing in (LEFT_OUT, UNSURE) for _, field in inputs):
                with source.block("for name in left_out:"):
                    source.line("del out[name]")
            if layout.keeps_unknown:
                known = source.use(frozenset(field.stored for field in layout.fields), "known")
                source.line(f"out.update({source.use(read_unknown, 'unknown')}(wire, {known}))")
            if layout.finish is not None:
                source.line(f"out = {source.use(layout.finish, 'finish')}(out)")
            besides = f"{source.use(_besides, 'besides')}(out, absent, nulls, {renewed!r})"
            if made and not renewed:
                besides = f"{besides} if absent or nulls else None"
            elif not renewed:
                besides = "None"
            source.line(f"return out, {besides}" if layout.outermost else "return out")

    def _field(self, field: FieldLayout, local: str, may_be_made: bool) -> None:
        source = self.source

        def store(value: str) -> None:
            source.line(f"{local} = {value}")

        def on_null() -> None:
            if may_be_made:
                source.line(f"nulls += ({field.name!r},)")
            if not field.nullable:
                self._missing(field, local)
            elif isinstance(field.value, ThroughLibrary):
                store(f"{source.use(field.value.load, 'load')}(None, wire)")
            else:
                store("None")

        def load() -> None:
            self.value(field.value, "w", store, on_null if takes_null(field) else None)

        names = [field.stored, *field.aliases]
        source.line(f"w = {self._attribute(field, names[0])}")
        if field.missing is REFUSED and len(names) == 1 and self._members[field, names[0]]:
            load()
            return
        for name in names[1:]:
            with source.block("if w is UNSET:"):
                source.line(f"w = {self._attribute(field, name)}")
        with source.block("if w is not UNSET:"):
            load()
        with source.block("else:"):
            if may_be_made:
                source.line(f"absent += ({field.name!r},)")
            self._missing(field, local)

    def _attribute(self, field: FieldLayout, name: str) -> str:
        """Return the expression for the struct of an attribute, ``UNSET`` where there is none."""
        source, member = self.source, self._members[field, name]
        if member is not None:
            return f"s.{member}"
        kind = self.structs.attribute(field.value, takes_null(field))
        converted = f"{source.use(msgspec.convert, 'convert')}(wire[{name!r}], {source.use(kind, 'kind')})"
        return f"{converted} if {name!r} in wire else UNSET"

    def _missing(self, field: FieldLayout, local: str) -> None:
        source = self.source
        if isinstance(field.missing, Default):
            source.line(f"{local} = {source.default(field.missing)}")
        elif field.missing is REFUSED:
            source.line(GIVE_UP)
        else:
            source.line(f"{local} = None")
            source.line(f"left_out += ({field.name!r},)")


def _may_be_made(layout: SchemaLayout, field: FieldLayout) -> bool:
    """Return whether a load may make a value of a field where none is stored."""
    return layout.finish is not None or isinstance(field.missing, Default) or isinstance(field.value, ThroughLibrary)


def _is_renewed(field: FieldLayout) -> bool:
    return field.renewed or renews(field.value)


def _besides(
    natives: Natives, absent: tuple[str, ...], nulls: tuple[str, ...], renewed: tuple[str, ...]
) -> Besides | None:
    made = {name: independent_copy(natives[name]) for name in absent if name in natives}
    for name in nulls:
        if natives.get(name) is not None:
            made[name] = independent_copy(natives[name])
    copies = {}
    for name in renewed:
        if name in natives and name not in made:
            value = independent_copy(natives[name])
            if value is not natives[name]:
                copies[name] = value
    return Besides(made, copies) if made or copies else None
