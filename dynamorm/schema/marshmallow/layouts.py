"""What a marshmallow schema tells the compiler.

Only fields of exactly marshmallow's own classes, and of ours, are described; what the user has written or overridden is
called as marshmallow would call it.  The schemas described are those of :mod:`.variants`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import marshmallow
from marshmallow import EXCLUDE, fields
from marshmallow import missing as MISSING

from ...spec import FieldSpec
from ...wire.codec import decode_item
from ..base import ABSENT as NO_VALUE
from ..base import PARTIAL, Adapter, complete_absent, prepare
from ..compiler.layouts import (
    ABSENT,
    LEFT_OUT,
    REFUSED,
    UNSURE,
    DefaultFactory,
    DefaultValue,
    FieldLayout,
    ListOf,
    Missing,
    NotCompilable,
    Record,
    SchemaLayout,
    Size,
    ThroughLibrary,
    Value,
)
from .data import LateData, UnseenData
from .validators import checks_of
from .values import by_methods, give_default, plain_value
from .variants import is_instance_nested, takes_only

Plain = Callable[[Mapping[str, Any]], Mapping[str, Any]]

LOAD_HOOKS = ("pre_load", "post_load", "validates", "validates_schema")
DUMP_HOOKS = ("pre_dump", "post_dump")
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
_UNSEEN = UnseenData()


class SchemaDescriber:
    """Describes one schema, in one mode, with the schemas inside it."""

    def __init__(self, adapter: Adapter, mode: str) -> None:
        self.adapter = adapter
        self.mode = mode
        self._nested: dict[Any, SchemaLayout] = {}
        self._depth = 0

    def outermost(
        self,
        schema: marshmallow.Schema,
        fill_in: Callable[[dict[str, Any]], None],
        fillers: Mapping[str, Callable[[], Any]],
    ) -> SchemaLayout:
        """Describe the schema of a model.

        ``fill_in`` completes plain values before a load; ``fillers`` give single ones of these, ``ABSENT`` for none.
        """
        adapter = self.adapter
        layout = SchemaLayout(adapter.schema_name)
        layout.load_declined, layout.dump_declined = declined(schema, LOAD_HOOKS, _LOADING), _dump_declined(schema)
        if len(adapter.fields) != len(schema.fields):
            layout.load_declined = layout.dump_declined = "two fields share an attribute"
            return layout

        def plain(wire: Mapping[str, Any]) -> Mapping[str, Any]:
            values = decode_item({name: value for name, value in wire.items() if name in adapter.readable})
            prepared = _prepared(adapter.inputs, values, complete=self.mode != PARTIAL)
            if self.mode != PARTIAL:
                fill_in(prepared)
            return prepared

        for spec in adapter.fields.values():
            field = schema.fields[spec.native.name]
            value = self._field_value(schema, spec, field, self.mode == PARTIAL, plain)
            filler = _filler(spec, field, fillers.get(spec.name))
            missing: Missing = LEFT_OUT if self.mode == PARTIAL else _missing(spec, field, filler)
            unset: Missing = REFUSED if spec.required else LEFT_OUT
            layout.fields.append(
                FieldLayout(
                    spec.name,
                    spec.stored,
                    value,
                    nullable=spec.nullable,
                    required=spec.required,
                    computed=spec.computed,
                    missing=missing,
                    unset=unset,
                    unset_check=filler,
                    always=_always(field),
                    as_native=functools.partial(adapter.as_native, spec),
                )
            )
        return layout

    def _inner(self, field: fields.Nested, specs: Mapping[str, FieldSpec], partial: bool) -> SchemaLayout:
        """Describe a nested schema; one that nests itself is described once."""
        schema = field.schema
        only = None if field.only is None else frozenset(field.only)
        key: Any = (type(schema), only, frozenset(field.exclude), partial)
        if is_instance_nested(field):
            key = object()
        if key in self._nested:
            return self._nested[key]
        if self._depth > _DEEPEST:
            raise NotCompilable("it nests instances of schemas too deeply")
        layout = self._nested[key] = SchemaLayout(type(schema).__name__, outermost=False)

        def plain(content: Mapping[str, Any]) -> Mapping[str, Any]:
            return _prepared(specs.values(), decode_item(content), complete=True)

        self._depth += 1
        for spec in specs.values():
            inner = schema.fields[spec.native.name]
            layout.fields.append(
                FieldLayout(
                    spec.name,
                    spec.stored,
                    self._field_value(schema, spec, inner, partial, plain),
                    nullable=spec.nullable,
                    required=spec.required,
                    computed=spec.computed,
                    missing=_inner_missing(spec, inner, partial),
                    unset=_inner_unset(spec, inner),
                    always=_always(inner),
                    as_native=functools.partial(self.adapter.as_native, spec),
                )
            )
        self._depth -= 1
        return layout

    def _field_value(
        self, schema: marshmallow.Schema, spec: FieldSpec, field: Any, partial: bool, plain: Plain
    ) -> Value:
        if "." in spec.name or "." in field.name:
            raise ValueError(f"{spec.name!r} is a path to marshmallow")
        try:
            if spec.computed:
                raise NotCompilable("it is computed by a function or method of the user's")
            return self._value(spec, field, partial)
        except NotCompilable as reason:
            return self._through_library(schema, spec, field, partial, plain, str(reason))

    def _value(self, spec: FieldSpec, field: Any, partial: bool) -> Value:
        found = plain_value(self.adapter, spec, field, partial, self._value)
        if found is not None:
            return found
        assert isinstance(field, fields.Nested)
        return self._nested_value(spec, field, partial)

    def _nested_value(self, spec: FieldSpec, field: fields.Nested, partial: bool) -> Value:
        schema: Any = field.schema
        reason = declined(schema, LOAD_HOOKS, _LOADING) or _dump_declined(schema)
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
        checks = checks_of(field.validators)
        if checks and not (field.many and all(isinstance(check, Size) for check in checks)):
            return by_methods(self.adapter, spec, field, partial)
        inner = Record(self._inner(field, specs, partial or schema.partial is True))
        return ListOf(inner, checks=checks) if field.many else inner

    def _through_library(
        self, schema: marshmallow.Schema, spec: FieldSpec, field: Any, partial: bool, plain: Plain, reason: str
    ) -> ThroughLibrary:
        stored, name = spec.stored, field.name
        kwargs: dict[str, Any] = {"partial": True} if partial else {}
        outermost = self._depth == 0

        def load(value: Any, data: Mapping[str, Any]) -> Any:
            return field.deserialize(prepare(spec, value), stored, data, **kwargs)

        def dump(natives: dict[str, Any]) -> Any:
            if takes_only(field):
                return natives.get(spec.name, ABSENT) if outermost else ABSENT
            dumped = field.serialize(name, natives, accessor=schema.get_attribute)
            return ABSENT if dumped is MISSING else dumped

        return ThroughLibrary(
            load=lambda value, wire: load(value, LateData(plain, wire)),
            dump=dump,
            check=lambda dumped: load(dumped, _UNSEEN),
            reason=reason,
        )


def declined(schema: marshmallow.Schema, hooks: Iterable[str], methods: Iterable[str]) -> str | None:
    """Return why one direction of a schema is left to marshmallow."""
    kind = vars(type(schema)).get("_dynamorm_origin", type(schema))
    for tag, found in schema._hooks.items():
        hook = tag[0] if isinstance(tag, tuple) else tag
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


def _dump_declined(schema: marshmallow.Schema) -> str | None:
    return declined(schema, DUMP_HOOKS, _DUMPING)


def _prepared(specs: Iterable[FieldSpec], values: Mapping[str, Any], *, complete: bool) -> dict[str, Any]:
    inputs = [spec for spec in specs if not spec.computed]
    prepared = {spec.source: prepare(spec, values[spec.stored]) for spec in inputs if spec.stored in values}
    prepared = {source: ready for source, ready in prepared.items() if ready is not NO_VALUE}
    if complete:
        complete_absent(inputs, prepared)
    return prepared


def _always(field: Any) -> DefaultValue | None:
    return DefaultValue(field.constant) if type(field) is fields.Constant else None


def _filler(spec: FieldSpec, field: Any, fill: Callable[[], Any] | None) -> Callable[[], Any] | None:
    """Return what makes the native of a default for dumping, which stands in where there is none for loading."""
    if fill is None:
        return None

    def filler() -> Any:
        value = fill()
        if value is ABSENT:
            raise LookupError("no default")
        return field.deserialize(value, spec.stored, _UNSEEN)

    return filler


def _missing(spec: FieldSpec, field: Any, filler: Callable[[], Any] | None) -> Missing:
    """Return what a load does without a value, as storage, defaults and marshmallow, in this order, see it."""
    if spec.required and spec.kind == "set":
        return DefaultFactory(lambda: field.deserialize([], spec.stored, _UNSEEN))
    if spec.required and spec.nullable:
        return DefaultFactory(lambda: field.deserialize(None, spec.stored, _UNSEEN))
    if filler is not None:
        return DefaultFactory(filler)
    if field.required:
        return REFUSED
    return give_default(field.load_default)


def _inner_missing(spec: FieldSpec, field: Any, partial: bool) -> Missing:
    if partial and not (spec.required and (spec.nullable or spec.kind == "set")):
        return LEFT_OUT
    return _missing(spec, field, None)


def _inner_unset(spec: FieldSpec, field: Any) -> Missing:
    if spec.required and spec.kind == "set":
        return UNSURE
    if field.dump_default is not MISSING:
        return give_default(field.dump_default)
    return REFUSED if spec.required and not spec.nullable else LEFT_OUT
