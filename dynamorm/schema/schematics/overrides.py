"""What users have overridden in schematics' models and types, and is therefore left to schematics."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from schematics import types
from schematics.common import PRIMITIVE
from schematics.models import FieldDescriptor, Model

from ..compiler.describing import require_usual
from ..compiler.layouts import NotCompilable
from .types import Binary, Set, Timestamp, UTCDateTime
from .values import is_own

# What of a model takes part when an instance of it is made, filled and asked; of nested ones, there is more.
OUTERMOST_METHODS = ("__new__", "__init__", "__getattribute__", "__getattr__", "__setattr__", "__getitem__", "_data")
_INNER_METHODS = ("__iter__", "__len__", "__bool__", "_convert", "convert", "export", "get", "keys", "validate")
_OWN_TYPES = (Set, Binary, Timestamp, UTCDateTime)


def overridden_method(kind: type, methods: Iterable[str]) -> str | None:
    """Return a sentence about the first of some methods that a model does not have from schematics."""
    for method in methods:
        if inspect.getattr_static(kind, method, None) is not inspect.getattr_static(Model, method, None):
            return f"{kind.__name__} overrides {method} of schematics"
    return None


def objection_to(model: Any) -> str | None:
    """Return why a nested model is left to schematics, ``None`` for most."""
    name = model.__name__
    if type(model) is not type(Model):
        return f"{name} has a metaclass of its own"
    if model._schema.validators:
        return f"{name} has " + ", ".join(f"validate_{field}" for field in model._schema.validators)
    declared = model._schema.fields
    for key, field in declared.items():
        if not isinstance(field, types.BaseType):
            return f"{name}.{key} is computed by a function of the user's"
        if type(inspect.getattr_static(model, key)) is not FieldDescriptor:
            return f"{name}.{key} is a descriptor of its own"
    keys = [key for field in declared.values() for key in set(field.get_input_keys())]
    if len(set(keys)) != len(keys):
        return f"two fields of {name} may have the same name"
    return overridden_method(model, (*OUTERMOST_METHODS, *_INNER_METHODS))


def require_unmodified(field: Any) -> None:
    """Raise ``NotCompilable`` where a type is not simply one of schematics' or of ours."""
    kind = type(field)
    require_usual(field, kind.__module__.startswith("schematics.") or kind in _OWN_TYPES, "type")
    exporting = field.export_mapping.get(PRIMITIVE)
    if getattr(exporting, "__func__", None) is not kind.to_primitive or type(exporting.__self__) is not kind:
        raise NotCompilable("its export_mapping is its own")


def is_self_contained(field: Any) -> bool:
    """Return whether a type sees to itself, with no code of the user's inside."""
    kind = type(field)
    return (
        not field.is_compound
        and kind is not types.UnionType
        and kind.__module__.startswith("schematics.")
        and all(map(is_own, field.validators))
    )


def has_usual_default(field: Any) -> bool:
    """Return whether a type leaves it to schematics what its default is and whether a value is required."""
    kind, base = type(field), types.BaseType
    return kind.default is base.default and kind.check_required is base.check_required
