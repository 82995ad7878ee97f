"""The adapter of marshmallow: every load and dump is marshmallow's own.

:mod:`.variants` says how its schemas differ from the user's.
"""

from __future__ import annotations

import copy
import decimal
import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import marshmallow
from marshmallow import EXCLUDE, INCLUDE, RAISE, fields
from marshmallow import missing as MISSING
from marshmallow.exceptions import ValidationError as LibraryError

from ...exceptions import DynaModelException
from ...locks import cached_property
from ...spec import FieldSpec
from ..base import PARTIAL, TRUSTED, WHOLE, Adapter, DynamORMSchema
from ..compiler import SchemaLayout
from ..compiler.layouts import ABSENT as NO_VALUE
from ..sorting import SAMPLES, sorts
from .layouts import SchemaDescriber
from .specs import converts_itself, key_type_of, spec_of
from .variants import (
    GIVEN,
    PROJECTED,
    PUT,
    SECRET,
    STORED,
    UNVALIDATED,
    Variant,
    is_hook,
    is_immutable,
    nested_policy,
    takes_only,
    variant_of,
)

_KEPT_APART = {"__dict__", "__weakref__"}
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

    def _spec(self, name: str, field: fields.Field[Any]) -> FieldSpec:
        return spec_of(self.schema_name, name, field)

    def key_type(self, field: Any) -> str | None:
        return key_type_of(field)

    def has_unsorted_form(self, spec: FieldSpec) -> bool:
        field = spec.native
        if spec.key_type != "S" or converts_itself(field):
            return False
        is_number = isinstance(field, fields.Number)
        kind = field.num_type if is_number else next(iter(spec.loads_to), None)
        return kind is not None and kind in SAMPLES and not sorts(kind, lambda value: self.serialise(spec, value))

    def may_be_unsorted(self, spec: FieldSpec) -> bool:
        is_moment = isinstance(spec.native, (fields.DateTime, fields.Time)) and not isinstance(spec.native, fields.Date)
        return spec.key_type == "S" and is_moment

    def hides(self, spec: FieldSpec) -> bool:
        return getattr(spec.native, SECRET, False)

    def nested_kind(self, spec: FieldSpec) -> Any:
        return type(spec.native.schema)

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

    def layout(self, mode: str) -> SchemaLayout:
        schema = {WHOLE: self._stored, PARTIAL: self._projected, TRUSTED: self._trusted}[mode]
        fillers = {} if mode == PARTIAL else {name: filler for name, (_, filler) in self._fillers.items()}
        return SchemaDescriber(self, mode).outermost(schema, self._fill_in, fillers)

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
            parts = self.parts_of(spec, field.tuple_fields)
            if len(parts) == len(value):
                return [self.serialised(part, inner) for part, inner in zip(parts, value, strict=True)]
            return list(value)
        if isinstance(value, Mapping) and spec.kind == "map" and field.key_field is not None:
            (key,) = self.parts_of(spec, [field.key_field])
            value = {self.serialised(key, name): inner for name, inner in value.items()}
        if self._is_foreign(spec, value):
            return self.serialise(spec, value)
        return super().serialised(spec, value)

    def as_native(self, spec: FieldSpec, value: Any) -> Any:
        field = spec.native
        if value is None or spec.computed or takes_only(field) or self._is_foreign(spec, value):
            return value
        if isinstance(field, fields.Tuple) and isinstance(value, (list, tuple)):
            parts = self.parts_of(spec, field.tuple_fields)
            if len(parts) != len(value):
                return self.convert(spec, value)
            return tuple(self.as_native(part, inner) for part, inner in zip(parts, value, strict=True))
        if isinstance(value, Mapping) and spec.kind == "map" and field.key_field is not None:
            (key,) = self.parts_of(spec, [field.key_field])
            value = {self.as_native(key, name): inner for name, inner in value.items()}
        if isinstance(field, fields.Pluck):
            return self.convert(spec, value)
        if converts_itself(field) and not spec.loads_to:
            return self._either(spec, value)
        if isinstance(field, fields.Boolean):
            return value if isinstance(value, bool) else self.convert(spec, value)
        if isinstance(field, fields.Number) and not spec.loads_to:
            return value if type(value) is field.num_type else self.convert(spec, value)
        if isinstance(value, Mapping) and spec.fields is not None:
            self._refuse_unknown(spec, value)
        return super().as_native(spec, value)

    def _is_foreign(self, spec: FieldSpec, value: Any) -> bool:
        """Return whether a value can only be a native one of a field that loads to something of the user's."""
        if value is None or (spec.loads_to and isinstance(value, spec.loads_to)):
            return False
        field = spec.native
        if isinstance(field, fields.Pluck):
            parts = value if field.many and isinstance(value, (list, tuple)) else [value]
            return any(isinstance(part, Mapping) or not isinstance(part, _PLAIN) for part in parts)
        if isinstance(value, (*_PLAIN, Mapping)):
            return False
        return spec.kind == "nested" or converts_itself(field)

    def _either(self, spec: FieldSpec, value: Any) -> Any:
        """Return the native value of a field that may load to plain values: what it can dump is native."""
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

    def parts_of(self, spec: FieldSpec, of: Iterable[fields.Field[Any]]) -> tuple[FieldSpec, ...]:
        """Return descriptions of what is in a field besides its elements: the places of a tuple, the keys of a map."""
        known = self.__dict__.setdefault("_known_parts", {})
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
        """Return a twin of a field that only converts."""
        known = self.__dict__.setdefault("_known_twins", {})
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
    """Return whether this describes one element of ``Nested(..., many=True)``, which is no field of its own."""
    return spec.kind == "nested" and bool(spec.native.many)


ADAPTER = MarshmallowAdapter
