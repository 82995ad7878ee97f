"""What a schematics model tells the compiler.

Only types of exactly schematics' own classes, and of ours, are described; what the user has written or overridden is
called as the adapter would call it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import decimal
import functools
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from schematics import types
from schematics.undefined import Undefined

from ...spec import FieldSpec
from ..base import PARTIAL, TRUSTED, WHOLE, Adapter, prepare
from ..compiler.layouts import (
    ABSENT,
    LEFT_OUT,
    REFUSED,
    UNSURE,
    Converted,
    DefaultFactory,
    DefaultValue,
    FieldLayout,
    Flag,
    ListOf,
    MapOf,
    Missing,
    NotCompilable,
    Number,
    Record,
    SchemaLayout,
    Text,
    ThroughLibrary,
    Value,
    fields_in,
    innermost,
    values_in,
)
from .conversion import IMPORT_OPTIONS, computed, default_of, export_context, import_context, instance_of, plain
from .overrides import (
    OUTERMOST_METHODS,
    has_usual_default,
    is_self_contained,
    objection_to,
    overridden_method,
    require_unmodified,
)
from .validators import NeedsContext, checks_of
from .values import value_of_type

_IMMUTABLE = (str, int, float, bool, bytes, type(None), decimal.Decimal, dt.date, dt.timedelta, uuid.UUID)


class SchemaDescriber:
    """Describes one schema, in one mode, with the models inside it."""

    def __init__(self, adapter: Adapter, mode: str) -> None:
        self.adapter = adapter
        self.mode = mode
        self._nested: dict[type, SchemaLayout] = {}
        self._models = _NestedModels()
        self._opaque: set[Value] = set()
        self._import_context = import_context(**IMPORT_OPTIONS[mode])
        self._export_context = export_context()

    def outermost(self) -> SchemaLayout:
        """Return the description of the schema."""
        adapter = self.adapter
        schema: Any = adapter.schema
        layout = SchemaLayout(adapter.schema_name)
        layout.dump_declined = overridden_method(schema, OUTERMOST_METHODS)
        if len(adapter.by_stored) != len(adapter.fields):
            layout.load_declined = layout.dump_declined = "two fields share an attribute"
            return layout
        settles = any(spec.computed for spec in adapter.fields.values())
        for spec in adapter.fields.values():
            value = self._computed(spec, layout) if spec.computed else self._field_value(spec)
            missing = LEFT_OUT if spec.computed else self._missing(spec)
            default = LEFT_OUT if spec.computed else self._default(spec)
            layout.fields.append(
                FieldLayout(
                    spec.name,
                    spec.stored,
                    value,
                    nullable=spec.nullable,
                    required=spec.required,
                    computed=spec.computed,
                    missing=missing,
                    unset=REFUSED if default is REFUSED else LEFT_OUT,
                    unset_check=default.factory if isinstance(default, DefaultFactory) else None,
                    as_native=self._settle(spec) if settles or isinstance(value, ThroughLibrary) else None,
                    aliases=spec.aliases,
                )
            )
        if self.mode != TRUSTED and schema._schema.validators:
            self._add_validators(layout, schema._schema.validators)
        return layout

    def _add_validators(self, layout: SchemaLayout, validators: Iterable[str]) -> None:
        """Let the model's own validators see what was loaded, where that can be shown to them as schematics would."""
        inputs = [field for field in layout.fields if not field.computed]
        for field in inputs:
            if not all(map(self._is_known, values_in(field.value))):
                names = ", ".join(f"validate_{name}" for name in validators)
                layout.load_declined = f"{layout.name} has {names}, and {field.name} is left to schematics"
                return
        adapter: Any = self.adapter
        nested = [field for field in inputs if _holds_models(field.value)]

        def judge(natives: dict[str, Any]) -> dict[str, Any]:
            for field in nested:
                if field.name in natives:
                    natives[field.name] = self._models.with_instances(field.value, natives[field.name])
            judged: dict[str, Any] = adapter.judged(natives, self.mode)
            return judged

        layout.finish = judge

    def _is_known(self, value: Value) -> bool:
        """Return whether a native value, or what is inside, tells what schematics holds in its place."""
        return not isinstance(value, ThroughLibrary) and value not in self._opaque

    def _inner(self, model: Any, specs: Mapping[str, FieldSpec]) -> SchemaLayout:
        """Return the description of a model inside another; one that nests itself is described once.

        Natively it is a dict by stored names.
        """
        if model in self._nested:
            return self._nested[model]
        layout = self._nested[model] = SchemaLayout(model.__name__, outermost=False)
        self._models.known[layout] = model, {spec.stored: spec.name for spec in specs.values()}
        for spec in specs.values():
            value = self._field_value(spec, inner=True)
            layout.fields.append(
                FieldLayout(
                    spec.stored,
                    spec.stored,
                    value,
                    nullable=spec.nullable,
                    required=spec.required,
                    missing=self._missing(spec, inner=True),
                    unset=self._unset(spec),
                    as_native=self._settle(spec) if isinstance(value, ThroughLibrary) else None,
                    aliases=spec.aliases,
                )
            )
        return layout

    # Values.

    def _field_value(self, spec: FieldSpec, *, inner: bool = False) -> Value:
        try:
            return self._value(spec, spec.native)
        except NotCompilable as odd:
            return self._left_to_schematics(spec, str(odd), inner=inner)
        except NeedsContext:
            return self._by_conversion(spec, spec.native)

    def _value(self, spec: FieldSpec, field: Any) -> Value:
        require_unmodified(field)
        record = self._record(spec, field) if type(field) is types.ModelType else None
        checks = () if self.mode == TRUSTED else checks_of(field)
        if record is not None:
            return self._by_conversion(spec, field) if checks else record
        found = value_of_type(spec, field, checks, self._value, strict=self.mode != TRUSTED)
        return self._by_conversion(spec, field) if found is None else found

    def _record(self, spec: FieldSpec, field: Any) -> Record:
        model, specs = field.model_class, spec.fields
        assert specs is not None
        reason = objection_to(model)
        if reason is not None:
            raise NotCompilable(f"its model is left to schematics: {reason}")
        take = functools.partial(_stored_values, model, {inner.name: inner.stored for inner in specs.values()})
        return Record(self._inner(model, specs), native=None, take=take)

    def _by_conversion(self, spec: FieldSpec, field: Any) -> Converted:
        """Return the description of a type that is converted by calling it."""
        converted = Converted(
            load=functools.partial(self._loaded, spec),
            dump=functools.partial(self._exported, spec),
            as_native=self._settle(spec),
            by_library=True,
        )
        if field.is_compound or type(field) is types.UnionType:
            self._opaque.add(converted)
        return converted

    def _left_to_schematics(self, spec: FieldSpec, reason: str, *, inner: bool) -> ThroughLibrary:
        name = spec.stored if inner else spec.name

        def dump(natives: dict[str, Any]) -> Any:
            if name in natives:
                return self._exported(spec, natives[name])
            if not inner or spec.native.default is Undefined:
                return None if inner else ABSENT
            return self._exported(spec, self._settle(spec)(default_of(spec.native)))

        return ThroughLibrary(
            load=lambda value, data: self._loaded(spec, value),
            dump=dump,
            check=functools.partial(self._loaded, spec),
            reason=reason,
        )

    def _computed(self, spec: FieldSpec, layout: SchemaLayout) -> ThroughLibrary:
        adapter: Any = self.adapter

        def dump(natives: dict[str, Any]) -> Any:
            values = dict(natives)
            for field in layout.fields:
                if field.name in values and _holds_models(field.value):
                    with contextlib.suppress(_NotReady):
                        values[field.name] = self._models.with_instances(field.value, values[field.name])
            value = computed(adapter.filled(values), spec.name)
            return ABSENT if value is Undefined else self._exported(spec, value)

        return ThroughLibrary(
            lambda value, data: None, dump, lambda dumped: None, "it is computed by a function of the user's"
        )

    # What the library does.

    def _loaded(self, spec: FieldSpec, value: Any) -> Any:
        return self._imported(spec, prepare(spec, value))

    def _imported(self, spec: FieldSpec, value: Any) -> Any:
        # what the user has written gets hold of the context, and may keep things there
        is_shared = is_self_contained(spec.native)
        context = self._import_context if is_shared else import_context(**IMPORT_OPTIONS[self.mode])
        return plain(context.field_converter(spec.native, value, context))

    def _exported(self, spec: FieldSpec, value: Any) -> Any:
        field = spec.native.type if spec.computed else spec.native
        context = self._export_context if is_self_contained(field) else export_context()
        return context.field_converter(field, value, context)

    def _settle(self, spec: FieldSpec) -> Callable[[Any], Any]:
        return functools.partial(self.adapter.as_native, spec)

    # Defaults.

    def _missing(self, spec: FieldSpec, *, inner: bool = False) -> Missing:
        """Return what a load does without a value; inside other models, there is ``None`` then."""
        field, whole = spec.native, self.mode != PARTIAL
        if spec.required and spec.kind == "set" and (whole or inner):
            return DefaultFactory(lambda: self._imported(spec, []))
        if not has_usual_default(field):
            return DefaultFactory(lambda: self._native_default(spec, default_of(field) if whole else Undefined, inner))
        default = self._default(spec) if whole else LEFT_OUT
        return DefaultValue(None) if inner and default is LEFT_OUT else default

    def _default(self, spec: FieldSpec) -> Missing:
        """Return what stands in for a value that nothing was stored for."""
        field = spec.native

        def make() -> Any:
            return self._native_default(spec, default_of(field), inner=False)

        if not has_usual_default(field):
            return DefaultFactory(make)
        if field._default is Undefined:
            return REFUSED if spec.required and self.mode == WHOLE else LEFT_OUT
        if not _is_constant(field):
            return DefaultFactory(make)
        try:
            native = make()
        except Exception:
            return REFUSED
        return DefaultValue(native) if isinstance(native, _IMMUTABLE) else DefaultFactory(make)

    def _native_default(self, spec: FieldSpec, value: Any, inner: bool) -> Any:
        native = self._imported(spec, None if value is Undefined and inner else value)
        if native is Undefined:
            raise LookupError(f"no value for {spec.name}")
        return native

    def _unset(self, spec: FieldSpec) -> Missing:
        """Return what schematics gives out for an attribute that a dict inside another lacks."""
        field, settle = spec.native, self._settle(spec)
        if has_usual_default(field) and field._default is Undefined:
            return DefaultValue(None)
        if not _is_constant(field):
            return DefaultFactory(lambda: plain(settle(default_of(field))))
        try:
            native = settle(field.default)
        except Exception:
            return UNSURE
        return DefaultValue(native)


class _NotReady(Exception):
    """A value has to be converted before schematics can hold it."""


class _NestedModels:
    """The nested models of a schema: for each description the class, and the names of its fields by stored names."""

    def __init__(self) -> None:
        self.known: dict[SchemaLayout, tuple[type, Mapping[str, str]]] = {}

    def with_instances(self, value: Value, native: Any) -> Any:
        """Return what schematics holds for a native value: the same, with instances where that has dicts.

        Natives have to be settled, or of the types that a dump demands anyway.

        :raises _NotReady: where a dict lacks something
        """
        if isinstance(value, ListOf) and type(native) is list:
            return [self.with_instances(value.element, element) for element in native]
        if isinstance(value, MapOf) and value.element is not None and type(native) is dict:
            return {name: self.with_instances(value.element, element) for name, element in native.items()}
        if isinstance(value, Record) and type(native) is dict:
            return self._instance(value.layout, native)
        return native

    def _instance(self, layout: SchemaLayout, natives: dict[str, Any]) -> Any:
        model, names = self.known[layout]
        if natives.keys() != names.keys():
            raise _NotReady
        held = {names[field.name]: self.with_instances(field.value, natives[field.name]) for field in layout.fields}
        return instance_of(model, held)


def _holds_models(value: Value) -> bool:
    """Return whether schematics holds instances somewhere inside where natives have dicts."""
    return isinstance(innermost(value), Record)


def _is_constant(field: Any) -> bool:
    """Return whether a default may be converted once for all."""
    default = field._default
    return not callable(default) and isinstance(default, _IMMUTABLE) and is_self_contained(field)


def _stored_values(model: Any, stored_names: Mapping[str, str], value: Any) -> Mapping[str, Any] | None:
    """Return the values of a nested model, or of a dict that stands for one, by stored names."""
    if type(value) is dict:
        return value
    if type(value) is not model:
        return None
    return {stored_names[name]: held for name, held in value._data.items()}


def is_reloaded(value: Value) -> bool:
    """Return whether the wire form of a native value loads to what a load of its plain form gives."""
    return all(map(_is_told_by_wire_form, values_in(value))) and all(map(_has_no_default, fields_in(value)))


def _is_told_by_wire_form(value: Value) -> bool:
    if isinstance(value, Converted):
        return value.as_text
    if isinstance(value, MapOf):
        return not value.nullable and value.dump_key is None
    return isinstance(value, (Text, Number, Flag, ListOf, Record))


def _has_no_default(field: FieldLayout) -> bool:
    """Return whether an attribute that is not stored cannot load to a value, where ``None`` was given for it."""
    return field.missing is REFUSED or (isinstance(field.missing, DefaultValue) and field.missing.value is None)
