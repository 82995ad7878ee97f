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
from marshmallow import EXCLUDE, RAISE, fields
from marshmallow import missing as MISSING
from marshmallow.exceptions import ValidationError as LibraryError

from ...exceptions import DynaModelException
from ...locks import cached_property
from ...spec import FieldSpec
from ..base import ABSENT, PARTIAL, TRUSTED, WHOLE, Adapter, DynamORMSchema
from ..compiler import SchemaLayout
from ..compiler.on_demand import OnDemand
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
_VARIANTS = {WHOLE: STORED, PARTIAL: PROJECTED, TRUSTED: UNVALIDATED}
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

    @cached_property
    def _schemas(self) -> dict[Variant, marshmallow.Schema]:
        """The schemas at work, by their variants; each is made when it is first needed."""
        return OnDemand(lambda variant: variant_of(self.schema, variant)())

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

    def describe(self) -> Iterable[FieldSpec]:
        # marshmallow 3 keeps the fields of a schema in a set; declared, they have an order
        fields_ = self._schemas[STORED].fields
        schema: Any = self.schema
        declared = [name for name in schema._declared_fields if name in fields_]
        return [spec_of(self.schema_name, name, fields_[name]) for name in dict.fromkeys([*declared, *fields_])]

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
            self.fill_in(values)
        schema = self._schemas[GIVEN]
        absent = tuple(
            name
            for name, field in schema.fields.items()
            if (field.data_key if field.data_key is not None else name) not in values
            and not (defaults and field.load_default is not MISSING)
        )
        return self._mapping(schema.load(values, partial=absent, unknown=self.unknown, many=False))

    def load_whole(self, values: dict[str, Any]) -> dict[str, Any]:
        self.fill_in(values)
        return self._mapping(self._schemas[PUT].load(values, unknown=self.unknown, many=False))

    def load_stored(self, values: dict[str, Any], mode: str) -> dict[str, Any]:
        if mode != PARTIAL:
            self.fill_in(values)
        partial = True if mode == PARTIAL else None  # which leaves it to the schema
        return self._mapping(self._schemas[_VARIANTS[mode]].load(values, partial=partial, many=False))

    def fill_in(self, values: dict[str, Any]) -> None:
        """Let defaults that the schema gives on dumping stand where there is none on loading."""
        for source, filler in self.fillers.items():
            if source not in values:
                value = filler()
                if value is not ABSENT:
                    values[source] = value

    @cached_property
    def fillers(self) -> dict[str, Callable[[], Any]]:
        """What gives the serialised defaults for dumping, by the source names of fields without one for loading."""
        fillers: dict[str, Callable[[], Any]] = {}
        for spec in self.inputs:
            field = self._declared[spec.native.name]
            if field.load_default is MISSING and field.dump_default is not MISSING:
                fillers[spec.source] = functools.partial(self._filler, spec, field.dump_default)
        return fillers

    def _filler(self, spec: FieldSpec, default: Any) -> Any:
        value = default() if callable(default) else default
        if value is None:
            return None if spec.nullable else ABSENT
        return self.serialised(spec, value if is_immutable(value) else copy.deepcopy(value))

    def layout(self, mode: str) -> SchemaLayout:
        return SchemaDescriber(self, mode).schema(self._schemas[_VARIANTS[mode]])

    def _mapping(self, loaded: Any) -> dict[str, Any]:
        if not isinstance(loaded, Mapping):
            raise DynaModelException(
                f"{self.schema_name} loads to {type(loaded).__name__}: a post_load method of a model's schema "
                "has to return a mapping, the model is the object"
            )
        return dict(loaded)

    def dump_values(self, natives: dict[str, Any]) -> dict[str, Any]:
        dumped = dict(self._schemas[STORED].dump(natives, many=False))
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
            if len(spec.parts) != len(value):
                return list(value)
            return [self.serialised(part, inner) for part, inner in zip(spec.parts, value, strict=True)]
        if isinstance(value, Mapping) and spec.kind == "map" and spec.parts:
            (key,) = spec.parts
            value = {self.serialised(key, name): inner for name, inner in value.items()}
        if self._is_foreign(spec, value):
            return self.serialise(spec, value)
        return super().serialised(spec, value)

    def as_native(self, spec: FieldSpec, value: Any) -> Any:
        field = spec.native
        if value is None or spec.computed or takes_only(field) or self._is_foreign(spec, value):
            return value
        if isinstance(field, fields.Tuple) and isinstance(value, (list, tuple)):
            if len(spec.parts) != len(value):
                return self.convert(spec, value)
            return tuple(self.as_native(part, inner) for part, inner in zip(spec.parts, value, strict=True))
        if isinstance(value, Mapping) and spec.kind == "map" and spec.parts:
            (key,) = spec.parts
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
            unknown = [name for name in value if name not in spec.by_any_name]
            if unknown:
                raise LibraryError({name: ["Unknown field."] for name in unknown})

    def convert(self, field: FieldSpec, value: Any) -> Any:
        return self._loaded(field, self._converters[field], value)

    def validated(self, field: FieldSpec, value: Any) -> Any:
        return self._loaded(field, field.native, self.serialised(field, value))

    @staticmethod
    def _loaded(spec: FieldSpec, field: fields.Field[Any], value: Any) -> Any:
        if _is_element_of_nested(spec):
            return spec.native.schema.load(value, many=False)
        return field.deserialize(value, spec.name, {spec.name: value})

    @cached_property
    def _converters(self) -> dict[FieldSpec, fields.Field[Any]]:
        """Twins of fields that only convert, by what describes these."""
        return OnDemand(_without_validators)

    def computed_value(self, field: FieldSpec, natives: dict[str, Any]) -> Any:
        value = field.native.serialize(field.name, natives)
        return None if value is MISSING else value


def _is_element_of_nested(spec: FieldSpec) -> bool:
    """Return whether this describes one element of ``Nested(..., many=True)``, which is no field of its own."""
    return spec.kind == "nested" and bool(spec.native.many)


def _without_validators(spec: FieldSpec) -> fields.Field[Any]:
    twin: fields.Field[Any] = copy.copy(spec.native)
    twin.validators = []
    return twin


ADAPTER = MarshmallowAdapter
