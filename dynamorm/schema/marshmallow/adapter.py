"""marshmallow, 3.18 and later, and the fields that it lacks: :class:`Set`, :class:`Binary`, :class:`Timestamp`.

Every load and dump is marshmallow's own; :mod:`.variants` says how its schemas differ from the user's.
"""

from __future__ import annotations

import copy
import datetime as dt
import decimal
import functools
import ipaddress
import math
import uuid
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

import marshmallow
from marshmallow import EXCLUDE, INCLUDE, RAISE, fields
from marshmallow import missing as MISSING
from marshmallow.exceptions import ValidationError as LibraryError

from ...exceptions import DynaModelException
from ...spec import FieldSpec
from ..base import PARTIAL, TRUSTED, WHOLE, Adapter, DynamORMSchema
from ..compiler import SchemaPlan
from ..compiler.plans import ABSENT as NO_VALUE
from .fields import Binary, Set, Timestamp
from .plans import SchemaPlanner
from .variants import (
    GIVEN,
    PROJECTED,
    PUT,
    STORED,
    UNVALIDATED,
    Variant,
    is_computed,
    is_hook,
    is_immutable,
    nested_policy,
    takes_only,
    variant_of,
)

_KEPT_APART = {"__dict__", "__weakref__"}


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
            or is_hook(value)
            for value in values
        )

    @classmethod
    def adopt(cls, name: str, inner: type) -> type:
        if issubclass(inner, marshmallow.Schema):
            bases = (inner,) if issubclass(inner, DynamORMSchema) else (DynamORMSchema, inner)
            own: dict[str, Any] = {"__module__": inner.__module__}
            if inner.__name__ == name:  # what others nest by this name is the user's class
                own["Meta"] = type("Meta", (inner.Meta,), {"register": False})
            metaclass: Any = type(inner)
            adopted: type = metaclass(name, bases, own)
            return adopted
        attrs = {key: value for key, value in vars(inner).items() if key not in _KEPT_APART}
        others = tuple(base for base in inner.__bases__ if base is not object)
        metaclass = type(marshmallow.Schema)
        adopted = metaclass(name, (DynamORMSchema, *others, marshmallow.Schema), attrs)
        return adopted

    # The schemas at work; each is made when it is first needed.

    @cached_property
    def _given(self) -> marshmallow.Schema:
        return self._make(GIVEN)

    @cached_property
    def _put(self) -> marshmallow.Schema:
        return self._make(PUT)

    @cached_property
    def _stored(self) -> marshmallow.Schema:
        return self._make(STORED)

    @cached_property
    def _projected(self) -> marshmallow.Schema:
        return self._make(PROJECTED)

    @cached_property
    def _trusted(self) -> marshmallow.Schema:
        return self._make(UNVALIDATED)

    def _make(self, variant: Variant) -> marshmallow.Schema:
        return variant_of(self.schema, variant)()

    @cached_property
    def _declared(self) -> dict[str, fields.Field[Any]]:
        """The fields as the user's own schema has them, with what is set aside for storage."""
        return dict(self.schema().fields)

    @cached_property
    def unknown(self) -> Any:
        """What the schema says of names that it does not know; without a word of its own, they are ignored."""
        return getattr(getattr(self.schema, "Meta", None), "unknown", None) or EXCLUDE

    @cached_property
    def has_dump_hooks(self) -> bool:  # type: ignore[override]
        hooks: dict[Any, Any] = self.schema._hooks  # type: ignore[attr-defined]
        return any("dump" in str(key) and methods for key, methods in hooks.items())

    @property
    def keeps_unknown(self) -> bool:
        return bool(self.unknown == INCLUDE)

    def describe(self) -> Iterable[FieldSpec]:
        # marshmallow 3 keeps the fields of a schema in a set; declared, they have an order
        fields_ = self._stored.fields
        schema: Any = self.schema
        declared = [name for name in schema._declared_fields if name in fields_]
        return [self._spec(name, fields_[name]) for name in dict.fromkeys([*declared, *fields_])]

    def _spec(self, name: str, field: Any) -> FieldSpec:
        if field.attribute and "." in field.attribute:
            raise DynaModelException(
                f"{self.schema_name}.{name}: attribute={field.attribute!r} is a path; "
                "an attribute of a model has a plain name"
            )
        stored = field.data_key if field.data_key is not None else name
        kind = self._kind(field)
        element: FieldSpec | None = None
        nested = None
        if kind in ("nested", "list") and isinstance(field, fields.Nested):
            nested = self._nested_fields(field)
            if kind == "list":
                element = FieldSpec("element", stored, stored, kind="nested", nested=nested, native=field)
                nested = None
        elif kind in ("list", "set"):
            element = self._spec("element", field.inner)
        elif kind == "map" and field.value_field is not None:
            element = self._spec("element", field.value_field)
        return FieldSpec(
            name=field.attribute or name,
            stored=stored,
            source=stored,
            kind=kind,
            key_type=self.key_type(field),
            required=field.required,
            nullable=field.allow_none,
            computed=is_computed(field),
            loads_to=self._loads_to(field),
            element=element,
            nested=nested,
            native=field,
        )

    def _kind(self, field: fields.Field[Any]) -> str:
        is_text = isinstance(field, fields.String) and not isinstance(field, fields.UUID)
        if _converts_itself(field) or isinstance(field, (fields.Pluck, fields.Tuple)):
            return "text" if is_text else "leaf" if self._loads_to(field) else "any"
        if isinstance(field, fields.Nested):
            return "list" if field.many else "nested"
        if isinstance(field, fields.List):
            return "set" if isinstance(field, Set) else "list"
        if isinstance(field, fields.Mapping):
            return "map"
        if self._loads_to(field) or isinstance(field, (fields.Number, fields.Boolean)):
            return "leaf"
        return "text" if is_text else "any"

    def _nested_fields(self, field: fields.Nested) -> Any:
        return lambda: tuple(self._spec(name, inner) for name, inner in field.schema.fields.items())

    @staticmethod
    def _loads_to(field: fields.Field[Any]) -> tuple[type, ...]:
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
        return self._mapping(self._given.load(values, partial=absent, unknown=self.unknown, many=False))

    def load_whole(self, values: dict[str, Any]) -> dict[str, Any]:
        self._fill_in(values)
        return self._mapping(self._put.load(values, unknown=self.unknown, many=False))

    def load_stored(self, values: dict[str, Any], mode: str) -> dict[str, Any]:
        if mode == PARTIAL:
            return self._mapping(self._projected.load(values, partial=True, many=False))
        self._fill_in(values)
        schema = self._stored if mode == WHOLE else self._trusted
        assert mode in (WHOLE, TRUSTED)
        return self._mapping(schema.load(values, many=False))

    def _fill_in(self, values: dict[str, Any]) -> None:
        """Let defaults that the schema gives on dumping stand where there is none on loading."""
        for spec, filler in self._fillers.values():
            if spec.source not in values:
                value = filler()
                if value is not NO_VALUE:
                    values[spec.source] = value

    @cached_property
    def _fillers(self) -> dict[str, tuple[FieldSpec, Callable[[], Any]]]:
        """What gives the serialised defaults for dumping, of the fields that have none for loading."""
        fillers: dict[str, tuple[FieldSpec, Callable[[], Any]]] = {}
        for spec in self.inputs:
            field = self._declared[spec.native.name]
            if field.load_default is MISSING and field.dump_default is not MISSING:
                fillers[spec.name] = (spec, functools.partial(self._filler, spec, field.dump_default))
        return fillers

    def _filler(self, spec: FieldSpec, default: Any) -> Any:
        value = default() if callable(default) else default
        if value is None:
            return None if spec.nullable else NO_VALUE
        return self.serialised(spec, value if is_immutable(value) else copy.deepcopy(value))

    def plan(self, mode: str) -> SchemaPlan:
        schema = {WHOLE: self._stored, PARTIAL: self._projected, TRUSTED: self._trusted}[mode]
        fillers = {} if mode == PARTIAL else {name: filler for name, (_, filler) in self._fillers.items()}
        return SchemaPlanner(self, mode).outermost(schema, self._fill_in, fillers)

    def _mapping(self, loaded: Any) -> dict[str, Any]:
        if not isinstance(loaded, Mapping):
            raise DynaModelException(
                f"{self.schema_name} loads to {type(loaded).__name__}: a post_load method of a model's schema "
                "has to return a mapping, the model is the object"
            )
        return dict(loaded)

    def dump_values(self, natives: dict[str, Any]) -> dict[str, Any]:
        dumped = dict(self._stored.dump(natives, many=False))
        for spec in self.inputs:
            if takes_only(spec.native) and spec.name in natives:
                dumped[spec.stored] = natives[spec.name]
        return dumped

    def serialise(self, field: FieldSpec, value: Any) -> Any:
        library_field = field.native
        if takes_only(library_field) or field.computed:
            return value
        if _is_element_of_nested(field):
            return library_field.schema.dump(value, many=False)
        return library_field.serialize(field.name, {field.name: value})

    def serialised(self, spec: FieldSpec, value: Any) -> Any:
        field = spec.native
        if isinstance(field, fields.Tuple) and isinstance(value, (list, tuple)):
            parts = self._parts(spec, field.tuple_fields)
            if len(parts) == len(value):
                return [self.serialised(part, inner) for part, inner in zip(parts, value, strict=True)]
            return list(value)
        if isinstance(value, Mapping) and spec.kind == "map" and field.key_field is not None:
            (key,) = self._parts(spec, [field.key_field])
            value = {self.serialised(key, name): inner for name, inner in value.items()}
        if self._is_foreign(spec, value):
            return self.serialise(spec, value)
        return super().serialised(spec, value)

    def as_native(self, spec: FieldSpec, value: Any) -> Any:
        field = spec.native
        if value is None or spec.computed or takes_only(field) or self._is_foreign(spec, value):
            return value
        if isinstance(field, fields.Tuple) and isinstance(value, (list, tuple)):
            parts = self._parts(spec, field.tuple_fields)
            if len(parts) != len(value):
                return self.convert(spec, value)
            return tuple(self.as_native(part, inner) for part, inner in zip(parts, value, strict=True))
        if isinstance(value, Mapping) and spec.kind == "map" and field.key_field is not None:
            (key,) = self._parts(spec, [field.key_field])
            value = {self.as_native(key, name): inner for name, inner in value.items()}
        if isinstance(field, fields.Pluck):
            return self.convert(spec, value)
        if _converts_itself(field) and not spec.loads_to:
            return self._either(spec, value)
        if isinstance(field, fields.Boolean):
            return value if isinstance(value, bool) else self.convert(spec, value)
        if isinstance(field, fields.Number) and not spec.loads_to:
            return value if type(value) is field.num_type else self.convert(spec, value)
        if isinstance(value, Mapping) and spec.fields is not None:
            self._refuse_unknown(spec, value)
        return super().as_native(spec, value)

    def _is_foreign(self, spec: FieldSpec, value: Any) -> bool:
        """Say whether a value can only be a native one of a field that loads to something of the user's."""
        if value is None or (spec.loads_to and isinstance(value, spec.loads_to)):
            return False
        field = spec.native
        if isinstance(field, fields.Pluck):
            parts = value if field.many and isinstance(value, (list, tuple)) else [value]
            return any(isinstance(part, Mapping) or not isinstance(part, _PLAIN) for part in parts)
        if isinstance(value, (*_PLAIN, Mapping)):
            return False
        return spec.kind == "nested" or _converts_itself(field)

    def _either(self, spec: FieldSpec, value: Any) -> Any:
        """Give the native value of a field that may load to plain values: what it can dump is native."""
        try:
            self.serialise(spec, value)
        except Exception:
            return self.convert(spec, value)
        return value

    @staticmethod
    def _refuse_unknown(spec: FieldSpec, value: Mapping[str, Any]) -> None:
        """Refuse what a nested schema does not know, where it says so: its dump would drop it without a word."""
        if nested_policy(spec.native) == RAISE:
            known = {name for inner in (spec.fields or {}).values() for name in (inner.name, inner.stored)}
            unknown = [name for name in value if name not in known]
            if unknown:
                raise LibraryError({name: ["Unknown field."] for name in unknown})

    def _parts(self, spec: FieldSpec, of: Iterable[fields.Field[Any]]) -> tuple[FieldSpec, ...]:
        """Describe what is in a field besides its elements: the places of a tuple, the keys of a map."""
        known = self.__dict__.setdefault("_parts_of", {})
        if spec not in known:
            known[spec] = tuple(self._spec("element", field) for field in of)
        parts: tuple[FieldSpec, ...] = known[spec]
        return parts

    def convert(self, field: FieldSpec, value: Any) -> Any:
        if _is_element_of_nested(field):
            return field.native.schema.load(value, many=False)
        return self._unvalidated(field).deserialize(value, field.name, {field.name: value})

    def validated(self, field: FieldSpec, value: Any) -> Any:
        prepared = self.serialised(field, value)
        if _is_element_of_nested(field):
            return field.native.schema.load(prepared, many=False)
        return field.native.deserialize(prepared, field.name, {field.name: prepared})

    def _unvalidated(self, spec: FieldSpec) -> fields.Field[Any]:
        """Give a twin of a field that only converts."""
        known = self.__dict__.setdefault("_twins_of", {})
        if spec not in known:
            twin = copy.copy(spec.native)
            twin.validators = []
            known[spec] = twin
        converter: fields.Field[Any] = known[spec]
        return converter

    def computed_value(self, field: FieldSpec, natives: dict[str, Any]) -> Any:
        value = field.native.serialize(field.name, natives)
        return None if value is MISSING else value


def _is_element_of_nested(spec: FieldSpec) -> bool:
    """Say whether this describes one element of ``Nested(..., many=True)``, which is no field of its own."""
    return spec.kind == "nested" and bool(spec.native.many)


def _converts_itself(field: fields.Field[Any]) -> bool:
    """Say whether a field is of a class that the user wrote, with a conversion of its own."""
    return any(
        getattr(type(field), name).__module__ not in ("marshmallow.fields", Set.__module__)
        for name in ("serialize", "_serialize", "deserialize", "_deserialize")
    )


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
