"""Entries of maps that are not stored, ``None`` and empty sets: what is stored of such a map may be no valid value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..spec import FieldSpec
from ..wire.codec import is_nothing
from .copies import UNCHANGING
from .iterators import DEEPEST


def may_lose(spec: FieldSpec) -> bool:
    """Return whether there may be maps of any keys in the values of a field."""
    if spec.kind == "list":
        return spec.element is None or may_lose(spec.element)
    return spec.kind in ("map", "any", "nested")


def loses_entries(value: Any, spec: FieldSpec | None, depth: int = 0) -> bool:
    """Return whether maps of any keys in a value have entries that are not stored."""
    if type(value) in UNCHANGING or depth > DEEPEST:
        return False
    depth += 1
    if spec is not None and spec.kind == "nested":
        held = _held(value, spec)
        return any(
            loses_entries(held.get(inner.name, held.get(inner.stored)), inner, depth)
            for inner in (spec.fields or {}).values()
            if may_lose(inner)
        )
    element = None if spec is None else spec.element
    if isinstance(value, Mapping):
        return any(map(is_nothing, value.values())) or any(loses_entries(one, element, depth) for one in value.values())
    return isinstance(value, (list, tuple)) and any(loses_entries(one, element, depth) for one in value)


def _held(value: Any, spec: FieldSpec) -> Mapping[str, Any]:
    """Return what a native of a nested schema holds by name, be it a mapping or an object."""
    if isinstance(value, Mapping):
        return value
    try:
        return vars(value) if isinstance(value, spec.loads_to) else {}
    except TypeError:  # not all objects have a dict
        return {}
