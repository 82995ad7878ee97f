"""marshmallow, 3.18 and later, and the fields that it lacks: :class:`Set`, :class:`Binary`, :class:`Timestamp`.

Every load and dump is marshmallow's own, on subclasses of the user's schema that differ in four points: values that
are marked ``load_only`` or ``dump_only`` pass both ways, because storage is neither a client's input nor its output;
schema-wide validators are left out where there is no whole item; stored attributes that the schema does not know are
passed over; and trusted reads go without validators.
"""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import ipaddress
import math
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import marshmallow
from marshmallow import EXCLUDE, INCLUDE, fields
from marshmallow import missing as MISSING
from marshmallow.exceptions import ValidationError as LibraryError

from ..exceptions import DynaModelException
from ..spec import FieldSpec
from .base import PARTIAL, TRUSTED, WHOLE, Adapter, DynamORMSchema

_KEPT_APART = {"__dict__", "__weakref__"}


class Set(fields.List):
    """A set, stored as one of DynamoDB's sets; elements are strings, numbers or bytes by their own field."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        dumped = super()._serialize(value, attr, obj, **kwargs)
        return None if dumped is None else set(dumped)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        return set(super()._deserialize(list(value) if isinstance(value, (set, frozenset)) else value, attr, data, **kwargs))


class Binary(fields.Field):
    """Bytes, stored as they are; text given for it is taken as base64."""

    default_error_messages: ClassVar[dict[str, str]] = {"invalid": "Not valid bytes, nor base64 text."}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bytes:
        if isinstance(value, (bytes, bytearray, memoryview)):
            return bytes(value)
        try:
            return base64.b64decode(value, validate=True)
        except (TypeError, ValueError) as error:
            raise self.make_error("invalid") from error


class Timestamp(fields.Field):
    """A moment, stored as a number of seconds since 1970, as DynamoDB's TTL wants it; loads to an aware UTC datetime.

    Naive datetimes are taken as UTC.  Whole seconds are stored as integers.
    """

    default_error_messages: ClassVar[dict[str, str]] = {"invalid": "Not a valid timestamp."}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            value = value.replace(tzinfo=dt.timezone.utc)
        since = value - dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
        seconds = since.days * 86400 + since.seconds
        if not since.microseconds:
            return seconds
        # built from text: the ambient decimal context may be too coarse for it
        microseconds = seconds * 1_000_000 + since.microseconds
        return decimal.Decimal(f"{microseconds}E-6")

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dt.datetime:
        if isinstance(value, bool) or not isinstance(value, (int, float, decimal.Decimal, str)):
            raise self.make_error("invalid")
        try:
            microseconds = int(decimal.Decimal(str(value)).scaleb(6, _EXACT))
            return dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc) + dt.timedelta(microseconds=microseconds)
        except (ArithmeticError, ValueError) as error:
            raise self.make_error("invalid") from error


_EXACT = decimal.Context(prec=60)


@dataclass(frozen=True)
class _Variant:
    """In what a derived schema differs from the user's."""

    schema_validators: bool = True
    validators: bool = True
    any_unknown: bool = False

    @property
    def nested(self) -> _Variant:
        """The variant of schemas inside: nested values are whole wherever they are given."""
        return replace(self, schema_validators=self.validators)


_GIVEN = _Variant(schema_validators=False)
_PUT = _Variant()
_STORED = _Variant(any_unknown=True)
_PROJECTED = _Variant(any_unknown=True, schema_validators=False)
_TRUSTED = _Variant(any_unknown=True, schema_validators=False, validators=False)

_variants: dict[tuple[type, _Variant], type] = {}


def _variant_of(schema: type[marshmallow.Schema], variant: _Variant) -> type[marshmallow.Schema]:
    """Give the subclass of a schema class for one of the purposes above."""
    derived = _variants.get((schema, variant))
    if derived is None:
        meta: dict[str, Any] = {"register": False}
        if variant.any_unknown:
            meta["unknown"] = EXCLUDE
        attrs: dict[str, Any] = {
            "Meta": type("Meta", (schema.Meta,), meta),
            "on_bind_field": _bind_for(schema, variant),
            "__module__": schema.__module__,
        }
        attrs.update(_without_hooks(schema, variant))
        derived = _variants[schema, variant] = type(schema.__name__, (schema,), attrs)
    return derived


def _without_hooks(schema: type[marshmallow.Schema], variant: _Variant) -> dict[str, None]:
    """Name the decorated methods that a variant goes without; a plain attribute of that name hides the hook."""
    unwanted = set()
    if not variant.schema_validators:
        unwanted.add("validates_schema")
    if not variant.validators:
        unwanted.add("validates")
    hidden = {}
    for klass in schema.__mro__:
        for name, value in vars(klass).items():
            tags = getattr(value, "__marshmallow_hook__", None) or {}
            if any((tag[0] if isinstance(tag, tuple) else tag) in unwanted for tag in tags):
                hidden[name] = None
    return hidden


def _bind_for(schema: type[marshmallow.Schema], variant: _Variant) -> Any:
    def on_bind_field(self: marshmallow.Schema, field_name: str, field_obj: fields.Field) -> None:
        schema.on_bind_field(self, field_name, field_obj)
        if not _is_computed(field_obj):
            field_obj.load_only = field_obj.dump_only = False
        for inner in _fields_within(field_obj):
            if isinstance(inner, fields.Nested):
                inner.nested = _nested_variant(inner.nested, self, variant.nested)
                inner._schema = None
                if variant.any_unknown:
                    inner.unknown = None
            if not variant.validators:
                inner.validators = []
                inner.required = False

    return on_bind_field


def _nested_variant(nested: Any, parent: marshmallow.Schema, variant: _Variant) -> Any:
    """Give a function that resolves what was nested when it is first needed, since schemas may nest themselves."""

    def resolve() -> Any:
        found = nested() if callable(nested) and not isinstance(nested, type) else nested
        if isinstance(found, dict):
            found = marshmallow.Schema.from_dict(found)
        if isinstance(found, str):
            found = type(parent) if found == "self" else marshmallow.class_registry.get_class(found)
        if isinstance(found, marshmallow.Schema):
            return _variant_of(type(found), variant)(
                only=found.only,
                exclude=found.exclude,
                many=found.many,
                load_only=found.load_only,
                dump_only=found.dump_only,
                partial=found.partial,
                **({} if variant.any_unknown else {"unknown": found.unknown}),
            )
        return _variant_of(found, variant)

    return resolve


def _fields_within(field: fields.Field) -> Iterator[fields.Field]:
    yield field
    if isinstance(field, fields.List):
        yield from _fields_within(field.inner)
    elif isinstance(field, fields.Tuple):
        for inner in field.tuple_fields:
            yield from _fields_within(inner)
    elif isinstance(field, fields.Mapping):
        for part in (field.key_field, field.value_field):
            if part is not None:
                yield from _fields_within(part)


def _is_computed(field: fields.Field) -> bool:
    """Say whether a field only computes: it has no way of taking a value in."""
    if isinstance(field, fields.Method):
        return field.serialize_method_name is not None and field.deserialize_method_name is None
    if isinstance(field, fields.Function):
        return field.serialize_func is not None and field.deserialize_func is None
    return False


def _takes_only(field: fields.Field) -> bool:
    """Say whether a field has no way of giving a value out, so that the value itself is stored."""
    if isinstance(field, fields.Method):
        return field.serialize_method_name is None
    if isinstance(field, fields.Function):
        return field.serialize_func is None
    return False


# The type that each field loads to, where that is no text, number, truth value or container.
_LOADS_TO: tuple[tuple[type, tuple[type, ...]], ...] = (
    (Timestamp, (dt.datetime,)),
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

_PLAIN = (str, int, float, bool, list, dict, tuple, set, frozenset, bytes, bytearray, decimal.Decimal)


class MarshmallowAdapter(Adapter):
    """A marshmallow schema, as the mapper sees it."""

    library = "marshmallow"
    base = marshmallow.Schema
    library_errors = (LibraryError,)

    @classmethod
    def claims(cls, inner: type) -> bool:
        if issubclass(inner, marshmallow.Schema):
            return True
        values = [value for klass in inner.__mro__ for value in vars(klass).values()]
        return any(
            isinstance(value, fields.Field)
            or (isinstance(value, type) and issubclass(value, fields.Field))
            or hasattr(value, "__marshmallow_hook__")
            for value in values
        )

    @classmethod
    def adopt(cls, name: str, inner: type) -> type:
        if issubclass(inner, marshmallow.Schema):
            bases = (inner,) if issubclass(inner, DynamORMSchema) else (DynamORMSchema, inner)
            return type(name, bases, {"__module__": inner.__module__})
        attrs = {key: value for key, value in vars(inner).items() if key not in _KEPT_APART}
        bases = tuple(base for base in inner.__bases__ if base is not object)
        return type(name, (DynamORMSchema, *bases, marshmallow.Schema), attrs)

    # The schemas at work; each is made when it is first needed.

    @cached_property
    def _given(self) -> marshmallow.Schema:
        return self._make(_GIVEN)

    @cached_property
    def _put(self) -> marshmallow.Schema:
        return self._make(_PUT)

    @cached_property
    def _stored(self) -> marshmallow.Schema:
        return self._make(_STORED)

    @cached_property
    def _projected(self) -> marshmallow.Schema:
        return self._make(_PROJECTED)

    @cached_property
    def _trusted(self) -> marshmallow.Schema:
        return self._make(_TRUSTED)

    def _make(self, variant: _Variant) -> marshmallow.Schema:
        return _variant_of(self.schema, variant)()

    @cached_property
    def unknown(self) -> str:
        """What the schema says of names that it does not know; without a word of its own, they are ignored."""
        return getattr(self.schema.Meta, "unknown", None) or EXCLUDE

    @property
    def keeps_unknown(self) -> bool:
        return self.unknown == INCLUDE

    def library_fields(self) -> dict[str, Any]:
        return dict(self.schema().fields)

    def describe(self) -> Iterable[FieldSpec]:
        return [self._spec(name, field) for name, field in self._stored.fields.items()]

    def _spec(self, name: str, field: fields.Field) -> FieldSpec:
        if field.attribute and "." in field.attribute:
            raise DynaModelException(
                f"{self.schema_name}.{name}: attribute={field.attribute!r} is a path; "
                "an attribute of a model has a plain name"
            )
        stored = field.data_key if field.data_key is not None else name
        element: FieldSpec | None = None
        nested = None
        kind = "leaf"
        if isinstance(field, fields.Pluck):
            kind = "any"
        elif isinstance(field, fields.Nested):
            kind, nested = "nested", self._nested_fields(field)
            if field.many:
                element = FieldSpec(name, stored, stored, kind="nested", nested=nested, native=field)
                kind, nested = "list", None
        elif isinstance(field, fields.List):
            kind = "set" if isinstance(field, Set) else "list"
            element = self._spec("element", field.inner)
        elif isinstance(field, fields.Mapping):
            kind = "map"
            element = None if field.value_field is None else self._spec("element", field.value_field)
        elif isinstance(field, fields.Tuple):
            kind = "any"
        elif isinstance(field, (fields.String, fields.Url, fields.Email)) and not isinstance(field, fields.UUID):
            kind = "text"
        elif not self._loads_to(field) and type(field).__name__ not in _NUMBERS:
            kind = "any"
        return FieldSpec(
            name=field.attribute or name,
            stored=stored,
            source=stored,
            kind=kind,
            key_type=self.key_type(field),
            required=field.required,
            nullable=field.allow_none,
            computed=_is_computed(field),
            loads_to=self._loads_to(field),
            element=element,
            nested=nested,
            native=field,
        )

    def _nested_fields(self, field: fields.Nested) -> Any:
        return lambda: tuple(self._spec(name, inner) for name, inner in field.schema.fields.items())

    @staticmethod
    def _loads_to(field: fields.Field) -> tuple[type, ...]:
        if isinstance(field, fields.Enum):
            return (field.enum,)
        for kind, types in _LOADS_TO:
            if isinstance(field, kind):
                return types
        return ()

    def key_type(self, field: Any) -> str | None:
        declared = getattr(field, "dynamo_type", None)
        if declared is not None:
            return str(declared)
        if isinstance(field, fields.Pluck):
            return None if field.many else self.key_type(field.schema.fields[field.field_name])
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
            return self.key_type(field.field)
        return "S"

    def load_given(self, values: dict[str, Any], *, defaults: bool) -> dict[str, Any]:
        if defaults:
            self._fill_in(values)
        absent = tuple(
            name
            for name, field in self._given.fields.items()
            if (field.data_key if field.data_key is not None else name) not in values
            and not (defaults and field.load_default is not MISSING)
        )
        return self._mapping(self._given.load(values, partial=absent, unknown=self.unknown))

    def load_whole(self, values: dict[str, Any]) -> dict[str, Any]:
        self._fill_in(values)
        return self._mapping(self._put.load(values, unknown=self.unknown))

    def load_stored(self, values: dict[str, Any], mode: str) -> dict[str, Any]:
        if mode == PARTIAL:
            return self._mapping(self._projected.load(values, partial=True))
        self._fill_in(values)
        schema = self._stored if mode == WHOLE else self._trusted
        assert mode in (WHOLE, TRUSTED)
        return self._mapping(schema.load(values))

    def _fill_in(self, values: dict[str, Any]) -> None:
        """Let defaults that the schema gives on dumping stand where there is none on loading."""
        for spec in self.inputs:
            field = spec.native
            if (
                spec.source not in values
                and field.load_default is MISSING
                and field.dump_default is not MISSING
            ):
                value = field.dump_default() if callable(field.dump_default) else field.dump_default
                if value is not None:
                    values[spec.source] = self.serialised(spec, value)
                elif spec.nullable:
                    values[spec.source] = None

    def _mapping(self, loaded: Any) -> dict[str, Any]:
        if not isinstance(loaded, Mapping):
            raise DynaModelException(
                f"{self.schema_name} loads to {type(loaded).__name__}: a post_load method of a model's schema "
                "has to return a mapping, the model is the object"
            )
        return dict(loaded)

    def dump_values(self, natives: dict[str, Any]) -> dict[str, Any]:
        dumped = dict(self._stored.dump(natives))
        for spec in self.inputs:
            if _takes_only(spec.native) and spec.name in natives:
                dumped[spec.stored] = natives[spec.name]
        return dumped

    def serialise(self, field: FieldSpec, value: Any) -> Any:
        library_field = field.native
        if _takes_only(library_field) or field.computed:
            return value
        if isinstance(library_field, fields.Nested) and field.kind == "nested" and library_field.many:
            return library_field.schema.dump(value, many=False)
        name = library_field.attribute or "value"
        return library_field.serialize(name, {name: value})

    def convert(self, field: FieldSpec, value: Any) -> Any:
        return field.native._deserialize(value, field.name, {field.name: value})

    def computed_value(self, field: FieldSpec, natives: dict[str, Any]) -> Any:
        value = field.native.serialize(field.name, natives)
        return None if value is MISSING else value


_NUMBERS = {"Integer", "Float", "Number", "Boolean"}


def _letter_of(values: Iterable[Any]) -> str | None:
    letters = set()
    for value in values:
        if isinstance(value, str):
            letters.add("S")
        elif isinstance(value, (int, float, decimal.Decimal)) and not isinstance(value, bool):
            letters.add("N" if math.isfinite(value) else "")
        elif isinstance(value, bytes):
            letters.add("B")
        else:
            letters.add("")
    (letter, *others) = letters or {""}
    return None if others or not letter else letter


ADAPTER = MarshmallowAdapter
