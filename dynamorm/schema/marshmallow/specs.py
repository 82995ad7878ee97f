"""marshmallow's fields as the mapper's neutral descriptions."""

from __future__ import annotations

import datetime as dt
import decimal
import ipaddress
import math
import uuid
from collections.abc import Iterable
from typing import Any

from marshmallow import fields

from ...exceptions import DynaModelException
from ...spec import FieldSpec
from .fields import Binary, Set, Timestamp, UTCDateTime
from .variants import is_computed

# The type that each field loads to, where that is no text, number, truth value or container.
_LOADS_TO: tuple[tuple[type, tuple[type, ...]], ...] = (
    (Timestamp, (dt.datetime,)),
    (UTCDateTime, (dt.datetime,)),
    (Binary, (bytes, bytearray, memoryview)),
    (fields.Date, (dt.date,)),  # before DateTime, from which it and Time derive in marshmallow 3
    (fields.Time, (dt.time,)),
    (fields.DateTime, (dt.datetime,)),
    (fields.TimeDelta, (dt.timedelta,)),
    (fields.UUID, (uuid.UUID,)),
    (fields.Decimal, (decimal.Decimal,)),
    (fields.IP, (ipaddress.IPv4Address, ipaddress.IPv6Address)),
    (fields.IPInterface, (ipaddress.IPv4Interface, ipaddress.IPv6Interface)),
)


def spec_of(schema_name: str, name: str, field: Any) -> FieldSpec:
    """Return the description of a field that has a name in a schema."""
    if field.attribute and "." in field.attribute:
        raise DynaModelException(
            f"{schema_name}.{name}: attribute={field.attribute!r} is a path; an attribute of a model has a plain name"
        )
    stored = field.data_key if field.data_key is not None else name
    kind = _kind_of(field)
    element: FieldSpec | None = None
    nested = None
    parts: Iterable[Any] = field.tuple_fields if isinstance(field, fields.Tuple) else ()
    if kind in ("nested", "list") and isinstance(field, fields.Nested):
        nested = _nested_specs(schema_name, field)
        if kind == "list":
            element = FieldSpec("element", stored, stored, kind="nested", nested=nested, native=field)
            nested = None
    elif kind in ("list", "set"):
        element = spec_of(schema_name, "element", field.inner)
    elif kind == "map":
        parts = () if field.key_field is None else (field.key_field,)
        element = None if field.value_field is None else spec_of(schema_name, "element", field.value_field)
    return FieldSpec(
        name=field.attribute or name,
        stored=stored,
        source=stored,
        kind=kind,
        key_type=key_type_of(field),
        required=field.required,
        nullable=field.allow_none,
        computed=is_computed(field),
        loads_to=_types_of(field),
        element=element,
        nested=nested,
        native=field,
        parts=tuple(spec_of(schema_name, "element", part) for part in parts),
    )


def _kind_of(field: fields.Field[Any]) -> str:
    is_text = isinstance(field, fields.String) and not isinstance(field, fields.UUID)
    if converts_itself(field) or isinstance(field, (fields.Pluck, fields.Tuple)):
        return "text" if is_text else "leaf" if _types_of(field) else "any"
    if isinstance(field, fields.Nested):
        return "list" if field.many else "nested"
    if isinstance(field, fields.List):
        return "set" if isinstance(field, Set) else "list"
    if isinstance(field, fields.Mapping):
        return "map"
    if _types_of(field) or isinstance(field, (fields.Number, fields.Boolean)):
        return "leaf"
    return "text" if is_text else "any"


def _nested_specs(schema_name: str, field: fields.Nested) -> Any:
    return lambda: tuple(spec_of(schema_name, name, inner) for name, inner in field.schema.fields.items())


def _types_of(field: fields.Field[Any]) -> tuple[type, ...]:
    if isinstance(field, fields.Enum):
        return (field.enum,)
    for kind, types in _LOADS_TO:
        if isinstance(field, kind):
            return types
    return ()


def key_type_of(field: Any) -> str | None:
    """Return the key type (S, N, B) of a field, ``None`` where it cannot be a key."""
    declared = getattr(field, "dynamo_type", None)
    if declared is not None:
        return str(declared)
    if isinstance(field, fields.Pluck):
        return None if field.many else key_type_of(field.schema.fields[field.field_name])
    if isinstance(field, (fields.Nested, fields.List, fields.Mapping, fields.Tuple, fields.Boolean)):
        return None
    if isinstance(field, (Binary, fields.Raw)):
        return "B"
    if isinstance(field, (Timestamp, fields.TimeDelta)):
        return "N"
    if isinstance(field, fields.Number):
        return "S" if field.as_string else "N"
    if isinstance(field, fields.DateTime) and (field.format or "").startswith("timestamp"):
        return "N"
    if isinstance(field, fields.Constant):
        return _letter_of([field.constant])
    if isinstance(field, fields.Enum):
        if not field.by_value:
            return "S"
        if type(field.field) is fields.Raw or type(field.field) is fields.Field:
            return _letter_of([member.value for member in field.enum])
        return key_type_of(field.field)
    return "S"


def converts_itself(field: fields.Field[Any]) -> bool:
    """Return whether a field is of a class that the user wrote, with a conversion of its own."""
    return any(
        getattr(type(field), name).__module__ not in ("marshmallow.fields", Set.__module__)
        for name in ("serialize", "_serialize", "deserialize", "_deserialize")
    )


def _letter_of(values: Iterable[Any]) -> str | None:
    letters = {_letter(value) for value in values}
    return letters.pop() if len(letters) == 1 else None


def _letter(value: Any) -> str | None:
    if isinstance(value, str):
        return "S"
    if isinstance(value, bytes):
        return "B"
    is_number = isinstance(value, (int, float, decimal.Decimal)) and not isinstance(value, bool)
    return "N" if is_number and math.isfinite(value) else None
