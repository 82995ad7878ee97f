"""What a schematics model tells the compiler.

Only types of exactly schematics' own classes, and of ours, are described; what the user has written or overridden is
called as the adapter would call it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from schematics import types
from schematics.undefined import Undefined

from ...spec import FieldSpec
from ..base import PARTIAL, TRUSTED, WHOLE, Adapter, prepare
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
from ..copies import UNCHANGING_BASES
from .conversion import (
    IMPORT_OPTIONS,
    computed,
    default_of,
    export_context,
    import_context,
    instance_of,
    plain,
    text_of_key,
)
from .overrides import (
    OUTERMOST_METHODS,
    has_usual_default,
    is_self_contained,
    objection_to,
    overridden_method,
    require_unmodified,
)
from .types import Set
from .values import LEAVES, NeedsContext, checks_of

_IMMUTABLE = (*UNCHANGING_BASES, type(None))


class SchemaDescriber(Describer):
    """Describes one schema, in one mode, with the models inside it, which natively are dicts by stored names."""

    inner_names = "stored"

    def __init__(self, adapter: Adapter, mode: str) -> None:
        super().__init__(adapter, mode)
        self._layout = SchemaLayout(adapter.schema_name)
        self._computes = any(spec.computed for spec in adapter.fields.values())
        # for each description of a nested model the class, and the names of its fields by stored names
        self._models: dict[SchemaLayout, tuple[type, Mapping[str, str]]] = {}
        self._opaque: set[Value] = set()
        self._import_context = import_context(**IMPORT_OPTIONS[mode])
        self._export_context = export_context()

    def schema(self) -> SchemaLayout:
        """Return the description of the schema."""
        adapter, layout, schema = self.adapter, self._layout, self.adapter.schema
        layout.dump_declined = overridden_method(schema, OUTERMOST_METHODS)
        self.outermost(layout, Place(), is_ambiguous=len(adapter.by_stored) != len(adapter.fields))
        if self.mode != TRUSTED and schema._schema.validators and layout.load_declined is None:
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
        nested = [field for field in inputs if isinstance(innermost(field.value), Record)]

        def judge(natives: dict[str, Any]) -> dict[str, Any]:
            for field in nested:
                if field.name in natives:
                    natives[field.name] = self._with_instances(field.value, natives[field.name])
            judged: dict[str, Any] = self.adapter.judged(natives, self.mode)
            return judged

        layout.finish = judge

    def _is_known(self, value: Value) -> bool:
        """Return whether a native value, or what is inside, tells what schematics holds in its place."""
        return not isinstance(value, ThroughLibrary) and value not in self._opaque

    def is_settled(self, value: Value, place: Place) -> bool:
        return isinstance(value, ThroughLibrary) or (self._computes and not place.depth)

    # Values.

    def field_value(self, spec: FieldSpec, field: Any, place: Place) -> Value:
        if spec.computed:
            return self._computed(spec)
        try:
            return super().field_value(spec, field, place)
        except NeedsContext:
            return self._by_conversion(spec, field)

    def value(self, spec: FieldSpec, field: Any, place: Place) -> Value:
        require_unmodified(field)
        kind = type(field)
        found: Value | None = self._record(spec, field) if kind is types.ModelType else None
        checks = () if self.mode == TRUSTED else checks_of(field)
        if found is not None:
            found = None if checks else found
        elif kind in (types.ListType, Set, types.DictType):
            found = self._container(spec, field, checks, place)
        else:
            found = leaf(LEAVES, field, checks)
        return found or self._by_conversion(spec, field)

    def _container(self, spec: FieldSpec, field: Any, checks: Checks, place: Place) -> Value | None:
        """Describe a list, a set or a map; ``None`` where its type has to be called."""
        assert spec.element is not None
        element, nullable = self.value(spec.element, field.field, place), spec.element.nullable
        if type(field) is types.ListType:
            # trusted loads keep None among elements
            return list_of(element, nullable or self.mode == TRUSTED, checks)
        if type(field) is Set:
            return set_of(element, checks)
        if checks:
            return None
        coerce = field.coerce_key
        if coerce is str:
            return MapOf(element, nullable)
        return MapOf(element, nullable, load_key=coerce, dump_key=lambda key: text_of_key(coerce(key)))

    def _record(self, spec: FieldSpec, field: Any) -> Record:
        model, specs = field.model_class, spec.fields
        assert specs is not None
        reason = objection_to(model)
        if reason is not None:
            raise NotCompilable(f"its model is left to schematics: {reason}")
        take = partial(_stored_values, model, {inner.name: inner.stored for inner in specs.values()})
        layout = self.inner(model, model.__name__, specs.values(), Place(1))
        self._models[layout] = model, {inner.stored: inner.name for inner in specs.values()}
        return Record(layout, native=None, take=take)

    def _by_conversion(self, spec: FieldSpec, field: Any) -> Converted:
        """Return the description of a type that is converted by calling it."""
        converted = Converted(
            load=partial(self._loaded, spec),
            dump=partial(self._exported, spec),
            as_native=partial(self.adapter.as_native, spec),
            by_library=True,
        )
        if field.is_compound or type(field) is types.UnionType:
            self._opaque.add(converted)
        return converted

    def through_library(self, spec: FieldSpec, field: Any, place: Place, reason: str) -> ThroughLibrary:
        name = spec.stored if place.depth else spec.name

        def dump(natives: dict[str, Any]) -> Any:
            if name in natives:
                return self._exported(spec, natives[name])
            if not place.depth or field.default is Undefined:
                return None if place.depth else ABSENT
            return self._exported(spec, self.adapter.as_native(spec, default_of(field)))

        return ThroughLibrary(
            load=lambda value, data: self._loaded(spec, value),
            dump=dump,
            check=partial(self._loaded, spec),
            reason=reason,
        )

    def _computed(self, spec: FieldSpec) -> ThroughLibrary:
        adapter, layout = self.adapter, self._layout

        def dump(natives: dict[str, Any]) -> Any:
            values = dict(natives)
            for field in layout.fields:
                if field.name in values and isinstance(innermost(field.value), Record):
                    with contextlib.suppress(_NotReady):
                        values[field.name] = self._with_instances(field.value, values[field.name])
            value = computed(adapter.filled(values), spec.name)
            return ABSENT if value is Undefined else self._exported(spec, value)

        return ThroughLibrary(
            lambda value, data: None, dump, lambda dumped: None, "it is computed by a function of the user's"
        )

    def _with_instances(self, value: Value, native: Any) -> Any:
        """Return what schematics holds for a native value: the same, with instances where that has dicts.

        Natives have to be settled, or of the types that a dump demands anyway.

        :raises _NotReady: where a dict lacks something
        """
        if isinstance(value, ListOf) and type(native) is list:
            return [self._with_instances(value.element, element) for element in native]
        if isinstance(value, MapOf) and type(native) is dict:
            return {name: self._with_instances(value.element, element) for name, element in native.items()}
        if isinstance(value, Record) and type(native) is dict:
            model, names = self._models[value.layout]
            if native.keys() != names.keys():
                raise _NotReady
            fields = value.layout.fields
            held = {names[field.name]: self._with_instances(field.value, native[field.name]) for field in fields}
            return instance_of(model, held)
        return native

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

    # Defaults.

    def outcomes(self, spec: FieldSpec, field: Any, place: Place) -> dict[str, Any]:
        if spec.computed:
            return {}
        is_inside = bool(place.depth)
        missing = default = self._default(spec, is_inside)
        if spec.required and spec.kind == "set" and (self.mode != PARTIAL or is_inside):
            missing = DefaultFactory(lambda: self._imported(spec, []))
        if is_inside:
            return {"missing": missing, "unset": self._unset(spec)}
        return {
            "missing": missing,
            "unset": REFUSED if default is REFUSED else LEFT_OUT,
            "unset_check": default.factory if isinstance(default, DefaultFactory) else None,
        }

    def _default(self, spec: FieldSpec, is_inside: bool) -> Missing:
        """Return what stands in for a value that nothing was stored for; inside other models, ``None`` does."""
        field, makes_defaults = spec.native, self.mode != PARTIAL

        def make() -> Any:
            value = default_of(field) if makes_defaults else Undefined
            native = self._imported(spec, None if value is Undefined and is_inside else value)
            if native is Undefined:
                raise LookupError(f"no value for {spec.name}")
            return native

        if not has_usual_default(field):
            return DefaultFactory(make)
        if field._default is Undefined or not makes_defaults:
            if spec.required and self.mode == WHOLE:
                return REFUSED
            return DefaultValue(None) if is_inside else LEFT_OUT
        if not _is_constant(field):
            return DefaultFactory(make)
        try:
            native = make()
        except Exception:
            return REFUSED
        return DefaultValue(native) if isinstance(native, _IMMUTABLE) else DefaultFactory(make)

    def _unset(self, spec: FieldSpec) -> Missing:
        """Return what schematics gives out for an attribute that a dict inside another lacks."""
        field, settle = spec.native, partial(self.adapter.as_native, spec)
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
