"""Generated functions for single values: those of one field, or of what is inside one, as updates and conditions hold.

Each gives the AttributeValue of a native, and ``None`` where the library has to make it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...wire.codec import AttributeValue
from .dumping import compile_dump
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
    passes_library,
)
from .narrowing import ToBeStored

Writer = Callable[[Any], "AttributeValue | None"]
Steps = tuple["str | None", ...]

# schemas may nest themselves, and each way into them has a function of its own
_DEEPEST = 6


def compile_part(layout: SchemaLayout, name: str, check: bool) -> Writer:
    """Return the function for the native of a field; with ``check`` it takes valid ones only, as given."""
    field = field_alone(layout, name, check)
    if field is None:
        return leave_to_library
    if check:
        field = field.replace(value=ToBeStored().value(field.value))
    return _writer(f"{layout.name}.{name}", field, check)


def compile_inner_part(layout: SchemaLayout, name: str, steps: Steps, check: bool) -> Writer:
    """Return the function for a text, number or truth value some steps inside a field."""
    field = field_alone(layout, name, check)
    value: Value | None = None if field is None else field.value
    for step in steps:
        # a check of the whole may stand for those of what is inside
        if check and any(isinstance(one, Accepts) for one in getattr(value, "checks", ())):
            return leave_to_library
        value = _below(value, step)
    if not isinstance(value, (Text, Number, Flag)):
        return leave_to_library
    inside = ".".join(step or "element" for step in steps)
    return _writer(f"{layout.name}.{inside}", FieldLayout(inside, "inside", value), check)


def trail_of(layout: SchemaLayout, path: Sequence[str | int], *, element: bool) -> tuple[str, Steps] | None:
    """Return the field that a document path begins with, and the steps from there; ``None`` stands for any element.

    With ``element`` they lead to an element of what is at the path.
    """
    field = next((field for field in layout.fields if field.stored == path[0]), None)
    if field is None or len(path) > _DEEPEST:
        return None
    value: Value | None = field.value
    steps: list[str | None] = []
    for step in (*path[1:], *((0,) if element else ())):
        is_position = isinstance(step, int)
        is_element = isinstance(value, ListOf) if is_position else isinstance(value, MapOf)
        if is_element or (isinstance(value, SetOf) and element and len(steps) == len(path) - 1):
            steps.append(None)
        elif isinstance(value, Record) and not is_position:
            steps.append(str(step))
        else:
            return None
        value = _below(value, steps[-1])
    return field.name, tuple(steps)


def field_alone(layout: SchemaLayout, name: str, check: bool) -> FieldLayout | None:
    """Return a field whose value can be dumped, and checked, without those of others; ``None`` for any other."""
    field = next((field for field in layout.fields if field.name == name), None)
    if (
        field is None
        or layout.dump_declined is not None
        or layout.dump_whole is not None
        or (check and (layout.load_declined is not None or layout.finish is not None or field.changes_given))
        or (check and passes_library(field.value))
        or field.computed
        or field.always is not None
        or isinstance(field.value, ThroughLibrary)
    ):
        return None
    return field.replace(unset=LEFT_OUT, unset_check=None)


def leave_to_library(values: Any) -> None:
    """Stand for a function that was not compiled."""


def _writer(title: str, field: FieldLayout, check: bool) -> Writer:
    name, stored = field.name, field.stored
    dump, _ = compile_dump(SchemaLayout(title, [field]), check=check)

    def write(value: Any) -> AttributeValue | None:
        wire = dump({name: value})
        return None if wire is None else wire.get(stored)

    return write


def _below(value: Value | None, step: str | None) -> Value | None:
    """Return what is inside a value: a field by its stored name, or any element."""
    if isinstance(value, Record):
        layout = value.layout
        if layout.finish is not None or layout.dump_declined is not None:
            return None
        return next((one.value for one in layout.fields if one.stored == step and _stands_alone(one)), None)
    return value.element if isinstance(value, (ListOf, SetOf, MapOf)) else None


def _stands_alone(field: FieldLayout) -> bool:
    return not field.computed and field.always is None
