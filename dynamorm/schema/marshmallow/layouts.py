"""What a marshmallow schema tells the compiler.

Only fields of exactly marshmallow's own classes, and of ours, are described; what the user has written or overridden is
called as marshmallow would call it.  The schemas described are those of :mod:`.variants`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import marshmallow
from marshmallow import EXCLUDE, fields
from marshmallow import missing as MISSING

from ...locks import cached_property
from ...spec import FieldSpec
from ...wire.codec import decode_item
from ..base import PARTIAL, prepare, prepare_fields
from ..compiler.describing import Describer, Place, leaf, list_of, set_of
from ..compiler.layouts import (
    ABSENT,
    LEFT_OUT,
    REFUSED,
    UNSURE,
    Checks,
    Converted,
    DefaultFactory,
    DefaultValue,
    Free,
    ListOf,
    MapOf,
    Missing,
    NotCompilable,
    Record,
    SchemaLayout,
    Size,
    ThroughLibrary,
    Value,
)
from .fields import Set
from .values import LEAVES, checks_of, give_default, require_marshmallow
from .variants import hook_name, is_instance_nested, takes_only

Plain = Callable[[Mapping[str, Any]], Mapping[str, Any]]

_LOAD_HOOKS = ("pre_load", "post_load", "validates", "validates_schema")
_DUMP_HOOKS = ("pre_dump", "post_dump")
_LOADING = (
    "load",
    "_do_load",
    "_deserialize",
    "_call_and_store",
    "_invoke_load_processors",
    "_invoke_field_validators",
    "_invoke_schema_validators",
    "_invoke_processors",
    "_run_validator",
    "dict_class",
)
_DUMPING = ("dump", "_serialize", "get_attribute", "_invoke_dump_processors", "_invoke_processors", "dict_class")
# How deep schemas may nest themselves through instances, each of which may be another.
_DEEPEST = 6


class LateData(Mapping[str, Any]):
    """All plain values of an item, made when a field's own code looks at them."""

    def __init__(self, make: Plain, wire: Mapping[str, Any]) -> None:
        self._make = make
        self._wire = wire

    @cached_property
    def _values(self) -> Mapping[str, Any]:
        return self._make(self._wire)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def _refuse(wire: Mapping[str, Any]) -> Mapping[str, Any]:
    raise LookupError("not at hand")


UNSEEN = LateData(_refuse, {})
"""Stands for values that are not at hand: code that wants to see them has to be left to the library."""


class Within(Place):
    """The ``schema`` that fields stand in, which may be ``partial``, and what makes ``plain`` values of stored ones."""

    schema: Any = None
    plain: Plain = dict
    partial: bool = False

    @property
    def options(self) -> dict[str, Any]:
        """What marshmallow hands down to fields."""
        return {"partial": True} if self.partial else {}


class SchemaDescriber(Describer):
    """Describes one schema, in one mode, with the schemas inside it."""

    def schema(self, schema: marshmallow.Schema) -> SchemaLayout:
        """Describe the schema of a model."""
        adapter, is_partial = self.adapter, self.mode == PARTIAL
        layout = SchemaLayout(
            adapter.schema_name,
            load_declined=_declined(schema, _LOAD_HOOKS, _LOADING),
            dump_declined=_declined(schema, _DUMP_HOOKS, _DUMPING),
        )

        def plain(wire: Mapping[str, Any]) -> Mapping[str, Any]:
            values = decode_item({name: value for name, value in wire.items() if name in adapter.readable})
            prepared = prepare_fields(adapter.inputs, values, complete=not is_partial)
            if not is_partial:
                adapter.fill_in(prepared)
            return prepared

        is_ambiguous = len(adapter.fields) != len(schema.fields)
        return self.outermost(layout, Within(0, schema, plain, is_partial), is_ambiguous=is_ambiguous)

    def field_of(self, spec: FieldSpec, place: Within) -> Any:
        return place.schema.fields[spec.native.name]

    def field_value(self, spec: FieldSpec, field: Any, place: Within) -> Value:
        if "." in spec.name or "." in field.name:
            raise ValueError(f"{spec.name!r} is a path to marshmallow")
        if spec.computed:
            return self.through_library(spec, field, place, "it is computed by a function or method of the user's")
        return super().field_value(spec, field, place)

    def value(self, spec: FieldSpec, field: Any, place: Within) -> Value:
        require_marshmallow(field)
        checks = checks_of(field.validators)
        if type(field) is fields.Nested:
            found = self._nested(spec, field, checks, place)
        elif isinstance(field, fields.List) or (isinstance(field, fields.Mapping) and field.mapping_type is dict):
            found = self._container(spec, field, checks, place)
        else:
            found = leaf(LEAVES, field, checks)
        return found or self._by_methods(spec, field, checks, place)

    def _by_methods(self, spec: FieldSpec, field: Any, checks: Checks, place: Within) -> Value:
        """Describe a field that is converted by calling its two methods."""
        exact = spec.loads_to if spec.loads_to and not isinstance(field, (fields.Pluck, fields.Tuple)) else ()
        options = place.options
        return Converted(
            load=lambda value: field._deserialize(prepare(spec, value), spec.stored, None, **options),
            dump=lambda value: field._serialize(value, spec.name, {spec.name: value}),
            natives=exact,
            as_native=None if exact else lambda value: self.adapter.as_native(spec, value),
            checks=checks,
            by_library=True,
        )

    def _container(self, spec: FieldSpec, field: Any, checks: Checks, place: Within) -> Value | None:
        """Describe a list, a set or a map; ``None`` where its methods are to be called."""
        is_map = isinstance(field, fields.Mapping)
        inner = field.value_field if is_map else field.inner
        element: Value = Free()
        if inner is not None:
            assert spec.element is not None
            element = self.value(spec.element, inner, place)
        if is_map:
            return self._map(spec, field, element, checks)
        if type(field) is Set:
            return set_of(element, checks)
        if type(inner) is fields.Constant:  # which takes None for its constant
            return None
        return list_of(element, inner.allow_none, checks)

    def _map(self, spec: FieldSpec, field: Any, element: Value, checks: Checks) -> Value | None:
        key = field.key_field
        if key is None and field.value_field is None:
            return Free(mapping=True, checks=checks)
        if key is not None:
            require_marshmallow(key)
        if checks or type(field.value_field) is fields.Constant:
            return None
        nullable = spec.element is None or spec.element.nullable
        if key is None or (type(key) is fields.String and not key.validators):
            return MapOf(element, nullable)
        (key_spec,) = spec.parts

        def dump_key(name: Any) -> Any:
            return key._serialize(self.adapter.as_native(key_spec, name), None, None)

        return MapOf(element, nullable, load_key=key.deserialize, dump_key=dump_key)

    def _nested(self, spec: FieldSpec, field: fields.Nested, checks: Checks, place: Within) -> Value | None:
        schema: Any = field.schema
        reason = _declined(schema, _LOAD_HOOKS, _LOADING) or _declined(schema, _DUMP_HOOKS, _DUMPING)
        if reason is not None:
            raise NotCompilable(f"its schema is left to marshmallow: {reason}")
        record = spec.element if field.many else spec
        specs = None if record is None else record.fields
        if (
            specs is None
            or bool(schema.many) != bool(field.many)
            or schema.partial not in (None, False, True)
            or schema.unknown != EXCLUDE
            or field.unknown is not None
            or len(specs) != len(schema.fields)
            or len({inner.name for inner in specs.values()}) != len(specs)
        ):
            raise NotCompilable("its schema is made in a way that is left to marshmallow")
        if checks and not (field.many and all(isinstance(check, Size) for check in checks)):
            return None
        inner = Record(self._inner_schema(field, specs, place))
        return ListOf(inner, checks=checks) if field.many else inner

    def _inner_schema(self, field: fields.Nested, specs: Mapping[str, FieldSpec], place: Within) -> SchemaLayout:
        schema, inner_specs = field.schema, specs.values()
        only = None if field.only is None else frozenset(field.only)
        partial = place.partial or schema.partial is True
        # an instance may differ from others of its class
        key = object() if is_instance_nested(field) else (type(schema), only, frozenset(field.exclude), partial)
        if place.depth > _DEEPEST and key not in self._inner:
            raise NotCompilable("it nests instances of schemas too deeply")

        def plain(content: Mapping[str, Any]) -> Mapping[str, Any]:
            return prepare_fields(inner_specs, decode_item(content))

        return self.inner(key, type(schema).__name__, inner_specs, Within(place.depth + 1, schema, plain, partial))

    def through_library(self, spec: FieldSpec, field: Any, place: Within, reason: str) -> ThroughLibrary:
        stored, name, options = spec.stored, field.name, place.options

        def load(value: Any, data: Mapping[str, Any]) -> Any:
            return field.deserialize(prepare(spec, value), stored, data, **options)

        def dump(natives: dict[str, Any]) -> Any:
            if takes_only(field):
                return ABSENT if place.depth else natives.get(spec.name, ABSENT)
            dumped = field.serialize(name, natives, accessor=place.schema.get_attribute)
            return ABSENT if dumped is MISSING else dumped

        return ThroughLibrary(
            load=lambda value, wire: load(value, LateData(place.plain, wire)),
            dump=dump,
            check=lambda dumped: load(dumped, UNSEEN),
            reason=reason,
        )

    def outcomes(self, spec: FieldSpec, field: Any, place: Within) -> dict[str, Any]:
        fill = None if place.depth or place.partial else self.adapter.fillers.get(spec.source)
        filler = None if fill is None else _filler(spec, field, fill)
        is_completed = place.depth and spec.required and (spec.nullable or spec.kind == "set")
        return {
            "missing": LEFT_OUT if place.partial and not is_completed else _missing(spec, field, filler),
            "unset": _inner_unset(spec, field) if place.depth else REFUSED if spec.required else LEFT_OUT,
            "unset_check": filler,
            "always": DefaultValue(field.constant) if type(field) is fields.Constant else None,
        }


def _declined(schema: marshmallow.Schema, hooks: Iterable[str], methods: Iterable[str]) -> str | None:
    """Return why one direction of a schema is left to marshmallow."""
    kind = vars(type(schema)).get("_dynamorm_origin", type(schema))
    for tag, found in schema._hooks.items():
        hook = hook_name(tag)
        if found and hook in hooks:
            names = ", ".join(sorted({one if isinstance(one, str) else one[0] for one in found}))
            return f"{kind.__name__} has a {hook} hook, {names}"
    for method in methods:
        own = inspect.getattr_static(kind, method) is not inspect.getattr_static(marshmallow.Schema, method)
        if own or method in vars(schema):
            return f"{kind.__name__} overrides {method} of marshmallow"
    if schema.dict_class is not dict:
        return f"{kind.__name__} makes a {schema.dict_class.__name__}"
    return None


def _filler(spec: FieldSpec, field: Any, fill: Callable[[], Any]) -> Callable[[], Any]:
    """Return what makes the native of a default for dumping, which stands in where there is none for loading."""

    def filler() -> Any:
        value = fill()
        if value is ABSENT:
            raise LookupError("no default")
        return field.deserialize(value, spec.stored, UNSEEN)

    return filler


def _missing(spec: FieldSpec, field: Any, filler: Callable[[], Any] | None) -> Missing:
    """Return what a load does without a value, as storage, defaults and marshmallow, in this order, see it."""
    if spec.required and spec.kind == "set":
        return DefaultFactory(lambda: field.deserialize([], spec.stored, UNSEEN))
    if spec.required and spec.nullable:
        return DefaultFactory(lambda: field.deserialize(None, spec.stored, UNSEEN))
    if filler is not None:
        return DefaultFactory(filler)
    if field.required:
        return REFUSED
    return give_default(field.load_default)


def _inner_unset(spec: FieldSpec, field: Any) -> Missing:
    if spec.required and spec.kind == "set":
        return UNSURE
    if field.dump_default is not MISSING:
        return give_default(field.dump_default)
    return REFUSED if spec.required and not spec.nullable else LEFT_OUT
