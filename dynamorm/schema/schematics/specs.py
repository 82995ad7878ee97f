"""schematics' types as the mapper's neutral descriptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schematics import types
from schematics.models import Model
from schematics.types.serializable import Serializable

from ...spec import FieldSpec
from .conversion import stored_name, takes_none
from .types import Binary, Set, Timestamp

_PLAIN = (str, int, float, bool, list, dict, set)


def specs_of(fields: Mapping[str, Any]) -> tuple[FieldSpec, ...]:
    """Return the descriptions of a model's types by their names."""
    stored_names = {stored_name(name, field) for name, field in fields.items()}
    specs = []
    for name, field in fields.items():
        former = (key for key in field.deserialize_from if key not in fields)
        aliases = tuple(key for key in (name, *former) if key not in stored_names)
        specs.append(_spec(name, field, aliases))
    return tuple(specs)


def _spec(name: str, field: Any, aliases: tuple[str, ...] = ()) -> FieldSpec:
    bare = bare_type(field)
    is_list = isinstance(bare, (types.ListType, types.DictType))
    stored = stored_name(name, field)
    is_computed = field is not bare
    return FieldSpec(
        name=name,
        stored=stored,
        source=name,
        kind=_kind(bare),
        key_type=key_type_of(bare),
        required=bool(field.required) and not is_computed,
        nullable=not field.required and (bare.name is not None or takes_none(bare)),
        computed=is_computed,
        loads_to=_loads_to(bare),
        element=_spec("element", bare.field) if is_list else None,
        nested=(lambda: specs_of(bare.model_class._schema.fields)) if _kind(bare) == "nested" else None,
        native=field,
        aliases=aliases,
    )


def key_type_of(field: Any) -> str | None:
    """Return the key type of a type or a serializable, ``None`` where it cannot be a key."""
    field = bare_type(field)
    declared = getattr(field, "dynamo_type", None)
    if declared is not None:
        return str(declared)
    if isinstance(field, (types.CompoundType, types.BooleanType, types.GeoPointType)):
        return None
    if isinstance(field, types.UnionType):
        letters = {key_type_of(inner) for inner in field._types.values()}
        return letters.pop() if len(letters) == 1 else None
    if isinstance(field, Binary):
        return "B"
    if isinstance(field, types.DecimalType):
        # schematics gives a decimal out as text
        return "S" if type(field).to_primitive is types.DecimalType.to_primitive else "N"
    if isinstance(field, (types.NumberType, types.TimedeltaType, types.TimestampType, Timestamp)):
        return "N"
    return "S"


def bare_type(field: Any) -> Any:
    """Return the type of what may be a serializable."""
    return field.type if isinstance(field, Serializable) else field


def _kind(field: Any) -> str:
    if isinstance(field, types.ModelType):
        return "nested"
    if isinstance(field, Set):
        return "set"
    if isinstance(field, types.ListType):
        return "list"
    if isinstance(field, types.DictType):
        return "map"
    if isinstance(field, types.StringType):
        return "text"
    if isinstance(field, (types.NumberType, types.BooleanType)) or _loads_to(field):
        return "any" if isinstance(field, types.PolyModelType) else "leaf"
    return "any"


def _loads_to(field: Any) -> tuple[type, ...]:
    if isinstance(field, (types.ModelType, types.PolyModelType)):
        return (Model,)
    if isinstance(field, Binary):
        return (bytes, bytearray, memoryview)
    kind = field.native_type
    return (kind,) if isinstance(kind, type) and kind not in _PLAIN else ()
