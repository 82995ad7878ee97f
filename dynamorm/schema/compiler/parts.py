"""Generated functions for single values: those of one field, or of what is inside one, as updates and conditions hold.

Each gives the AttributeValue of a native, and ``None`` where the library has to make it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...wire.codec import AttributeValue
from .dumping import DumpWriter, compile_dump
from .given_dumps import DumpsToStore
from .layouts import (
    LEFT_OUT,
    Accepts,
    FieldLayout,
    Flag,
    ListOf,
    MapOf,
    Number,
    Record,
    SchemaLayout,
    SetOf,
    Text,
    ThroughLibrary,
    Value,
    values_in,
)
from .on_demand import leave_to_library

Writer = Callable[[Any], "AttributeValue | None"]
Scalar = Text | Number | Flag


def compile_part(layout: SchemaLayout, name: str, check: bool) -> Writer:
    """Return the function for the native of a field; with ``check`` it takes valid ones only, as given."""
    field = field_alone(layout, name, check)
    return leave_to_library if field is None else _writer(f"{layout.name}.{name}", field, check)


def compile_scalar(layout: SchemaLayout, value: Scalar, check: bool) -> Writer:
    """Return the function for a text, number or truth value that is somewhere inside a field."""
    return _writer(f"{layout.name}, inside", FieldLayout("inside", "inside", value), check)


def scalar_inside(layout: SchemaLayout, path: Sequence[str | int], check: bool, *, element: bool) -> Scalar | None:
    """Return the description of what is at a document path, if that is a text, number or truth value.

    With ``element`` it is that of any element of what is at the path.
    """
    name = next((field.name for field in layout.fields if field.stored == path[0]), None)
    field = None if name is None else field_alone(layout, name, check)
    value = None if field is None else field.value
    for step in (*path[1:], *((None,) if element else ())):
        # a check of the whole may stand for those of what is inside
        if check and any(isinstance(one, Accepts) for one in getattr(value, "checks", ())):
            return None
        value = _below(value, step)
    return value if isinstance(value, (Text, Number, Flag)) else None


def field_alone(layout: SchemaLayout, name: str, check: bool) -> FieldLayout | None:
    """Return a field whose value can be dumped, and checked, without those of others; ``None`` for any other."""
    field = next((field for field in layout.fields if field.name == name), None)
    if (
        field is None
        or layout.dump_declined is not None
        or layout.dump_whole is not None
        or (check and (layout.load_declined is not None or layout.finish is not None or field.changes_given))
        or (check and any(isinstance(one, ThroughLibrary) for one in values_in(field.value)))
        or field.always is not None
        or isinstance(field.value, ThroughLibrary)
    ):
        return None
    return field.replace(unset=LEFT_OUT, unset_check=None)


def _writer(title: str, field: FieldLayout, check: bool) -> Writer:
    name, stored = field.name, field.stored
    dump = compile_dump(SchemaLayout(title, [field]), check=check, writer=DumpsToStore if check else DumpWriter)

    def write(value: Any) -> AttributeValue | None:
        wire = dump({name: value})
        return None if wire is None else wire.get(stored)

    return write


def _below(value: Value | None, step: str | int | None) -> Value | None:
    """Return what is inside a value: a field by its stored name, what has a name or a place, or with ``None`` any."""
    if isinstance(value, Record) and isinstance(step, str):
        return next((field.value for field in value.layout.fields if field.stored == step), None)
    if (
        (isinstance(value, MapOf) and isinstance(step, str))
        or (isinstance(value, ListOf) and not isinstance(step, str))
        or (isinstance(value, SetOf) and step is None)
    ):
        return value.element
    return None
