"""What a schematics model tells the compiler.

Only types of exactly schematics' own classes, and of ours, are described; what the user has written or overridden is
called as the adapter would call it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import decimal
import functools
import inspect
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from schematics import types
from schematics.models import FieldDescriptor, Model
from schematics.undefined import Undefined

from ..spec import FieldSpec
from .base import PARTIAL, TRUSTED, WHOLE, Adapter, prepare
from .compiler.layouts import (
    ABSENT,
    LEFT_OUT,
    REFUSED,
    UNSURE,
    Converted,
    DefaultFactory,
    DefaultValue,
    FieldLayout,
    Missing,
    NotCompilable,
    Record,
    SchemaLayout,
    ThroughLibrary,
    Value,
)
from .schematics_models import Models, Unready, every, has_models
from .schematics_shapes import plain_value, require_usual
from .schematics_validators import Contextual, checks_of, is_own
from .schematics_values import STORED, computed, exporting, importing, own_default, plain

_IMMUTABLE = (str, int, float, bool, bytes, type(None), decimal.Decimal, dt.date, dt.timedelta, uuid.UUID)
# What of a model takes part when an instance of it is made, filled and asked.
_METHODS = (
    "__new__",
    "__init__",
    "__getattribute__",
    "__getattr__",
    "__setattr__",
    "__getitem__",
    "__iter__",
    "__len__",
    "__bool__",
    "_convert",
    "_data",
    "convert",
    "export",
    "get",
    "keys",
    "validate",
)
_OUTER = ("__new__", "__init__", "__getattribute__", "__getattr__", "__setattr__", "__getitem__", "_data")


class SchemaDescriber:
    """Describes one schema, in one mode, with the models inside it."""

    def __init__(self, adapter: Adapter, mode: str) -> None:
        self.adapter = adapter
        self.mode = mode
        self._nested: dict[type, SchemaLayout] = {}
        self._models = Models()
        self._opaque: set[Value] = set()
        self._importing = importing(**STORED[mode])
        self._exporting = exporting()

    def outermost(self) -> SchemaLayout:
        """Describe the schema of a model."""
        adapter = self.adapter
        schema: Any = adapter.schema
        layout = SchemaLayout(adapter.schema_name)
        layout.dump_declined = _overriding(schema, _OUTER)
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
            if not every(field.value, self._is_known, lambda inner: True):
                names = ", ".join(f"validate_{name}" for name in validators)
                layout.load_declined = f"{layout.name} has {names}, and {field.name} is left to schematics"
                return
        adapter: Any = self.adapter
        nested = [field for field in inputs if has_models(field.value)]

        def judge(natives: dict[str, Any]) -> dict[str, Any]:
            for field in nested:
                if field.name in natives:
                    natives[field.name] = self._models.held(field.value, natives[field.name])
            judged: dict[str, Any] = adapter.judged(natives, self.mode)
            return judged

        layout.finish = judge

    def _is_known(self, value: Value) -> bool:
        """Say whether a native value, or what is inside, tells what schematics holds in its place."""
        return not isinstance(value, ThroughLibrary) and value not in self._opaque

    def _inner(self, model: Any, specs: Mapping[str, FieldSpec]) -> SchemaLayout:
        """Describe a model inside another; one that nests itself is described once.

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
            return self._foreign(spec, str(odd), inner=inner)
        except Contextual:
            return self._by_methods(spec, spec.native)

    def _value(self, spec: FieldSpec, field: Any) -> Value:
        require_usual(field)
        record = self._record(spec, field) if type(field) is types.ModelType else None
        checks = () if self.mode == TRUSTED else checks_of(field)
        if record is not None:
            return self._by_methods(spec, field) if checks else record
        found = plain_value(spec, field, checks, self._value, strict=self.mode != TRUSTED)
        return self._by_methods(spec, field) if found is None else found

    def _record(self, spec: FieldSpec, field: Any) -> Record:
        model, specs = field.model_class, spec.fields
        assert specs is not None
        reason = _objection(model)
        if reason is not None:
            raise NotCompilable(f"its model is left to schematics: {reason}")
        labels = {inner.name: inner.stored for inner in specs.values()}
        return Record(self._inner(model, specs), native=None, take=functools.partial(_taken, model, labels))

    def _by_methods(self, spec: FieldSpec, field: Any) -> Converted:
        """Describe a type that is converted by calling it."""
        converted = Converted(
            load=functools.partial(self._load, spec),
            dump=functools.partial(self._dump, spec),
            as_native=self._settle(spec),
            by_library=True,
        )
        if field.is_compound or type(field) is types.UnionType:
            self._opaque.add(converted)
        return converted

    def _foreign(self, spec: FieldSpec, reason: str, *, inner: bool) -> ThroughLibrary:
        name = spec.stored if inner else spec.name

        def dump(natives: dict[str, Any]) -> Any:
            if name in natives:
                return self._dump(spec, natives[name])
            if not inner or spec.native.default is Undefined:
                return None if inner else ABSENT
            return self._dump(spec, self._settle(spec)(own_default(spec.native)))

        return ThroughLibrary(
            load=lambda value, data: self._load(spec, value),
            dump=dump,
            check=functools.partial(self._load, spec),
            reason=reason,
        )

    def _computed(self, spec: FieldSpec, layout: SchemaLayout) -> ThroughLibrary:
        adapter: Any = self.adapter

        def dump(natives: dict[str, Any]) -> Any:
            values = dict(natives)
            for field in layout.fields:
                if field.name in values and has_models(field.value):
                    with contextlib.suppress(Unready):
                        values[field.name] = self._models.held(field.value, values[field.name])
            value = computed(adapter.filled(values), spec.name)
            return ABSENT if value is Undefined else self._dump(spec, value)

        return ThroughLibrary(
            lambda value, data: None, dump, lambda dumped: None, "it is computed by a function of the user's"
        )

    # What the library does.

    def _load(self, spec: FieldSpec, value: Any) -> Any:
        return self._taken(spec, prepare(spec, value))

    def _taken(self, spec: FieldSpec, value: Any) -> Any:
        # what the user has written gets hold of the context, and may keep things there
        context = self._importing if _is_leaf(spec.native) else importing(**STORED[self.mode])
        return plain(context.field_converter(spec.native, value, context))

    def _dump(self, spec: FieldSpec, value: Any) -> Any:
        field = spec.native.type if spec.computed else spec.native
        context = self._exporting if _is_leaf(field) else exporting()
        return context.field_converter(field, value, context)

    def _settle(self, spec: FieldSpec) -> Callable[[Any], Any]:
        return functools.partial(self.adapter.as_native, spec)

    # Defaults.

    def _missing(self, spec: FieldSpec, *, inner: bool = False) -> Missing:
        """Say what a load does without a value; inside other models, there is ``None`` then."""
        field, whole = spec.native, self.mode != PARTIAL
        if spec.required and spec.kind == "set" and (whole or inner):
            return DefaultFactory(lambda: self._taken(spec, []))
        if not _asks_as_usual(field):
            return DefaultFactory(lambda: self._standing_in(spec, own_default(field) if whole else Undefined, inner))
        default = self._default(spec) if whole else LEFT_OUT
        return DefaultValue(None) if inner and default is LEFT_OUT else default

    def _default(self, spec: FieldSpec) -> Missing:
        """Say what stands in for a value that nothing was stored for."""
        field = spec.native

        def make() -> Any:
            return self._standing_in(spec, own_default(field), inner=False)

        if not _asks_as_usual(field):
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

    def _standing_in(self, spec: FieldSpec, value: Any, inner: bool) -> Any:
        native = self._taken(spec, None if value is Undefined and inner else value)
        if native is Undefined:
            raise LookupError(f"no value for {spec.name}")
        return native

    def _unset(self, spec: FieldSpec) -> Missing:
        """Say what schematics gives out for an attribute that a dict inside another lacks."""
        field, settle = spec.native, self._settle(spec)
        if _asks_as_usual(field) and field._default is Undefined:
            return DefaultValue(None)
        if not _is_constant(field):
            return DefaultFactory(lambda: plain(settle(own_default(field))))
        try:
            native = settle(field.default)
        except Exception:
            return UNSURE
        return DefaultValue(native)


def _is_leaf(field: Any) -> bool:
    """Say whether a type sees to itself, with no code of the user's inside."""
    kind = type(field)
    return (
        not field.is_compound
        and kind is not types.UnionType
        and kind.__module__.startswith("schematics.")
        and all(map(is_own, field.validators))
    )


def _asks_as_usual(field: Any) -> bool:
    """Say whether a type leaves it to schematics what its default is and whether a value is required."""
    kind, base = type(field), types.BaseType
    return kind.default is base.default and kind.check_required is base.check_required


def _is_constant(field: Any) -> bool:
    """Say whether a default may be converted once for all."""
    default = field._default
    return not callable(default) and isinstance(default, _IMMUTABLE) and _is_leaf(field)


def _taken(model: Any, labels: Mapping[str, str], value: Any) -> Mapping[str, Any] | None:
    """Give the values of a nested model, or of a dict that stands for one, by stored names."""
    if type(value) is dict:
        return value
    if type(value) is not model:
        return None
    return {labels[name]: held for name, held in value._data.items()}


def _overriding(kind: type, methods: Iterable[str]) -> str | None:
    for method in methods:
        if inspect.getattr_static(kind, method, None) is not inspect.getattr_static(Model, method, None):
            return f"{kind.__name__} overrides {method} of schematics"
    return None


def _objection(model: Any) -> str | None:
    """Say why a nested model is left to schematics."""
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
    return _overriding(model, _METHODS)
