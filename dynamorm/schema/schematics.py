"""schematics 2.1.

Every value is converted, validated and exported by its own type, and every nested model by schematics' loops.  The
outermost loop is ours, because storage wants what schematics' does not offer: a default is made once, a validator runs
once, a computed value is never taken in, and no role or export level keeps a field out.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from schematics import types
from schematics.exceptions import BaseError, CompoundError, DataError, FieldError
from schematics.models import Model, ModelDict
from schematics.types.serializable import Serializable
from schematics.undefined import Undefined

from ..spec import FieldSpec
from .base import PARTIAL, TRUSTED, WHOLE, Adapter, DynamORMSchema
from .compiler import SchemaLayout
from .schematics_models import is_reloaded
from .schematics_plans import SchemaDescriber
from .schematics_types import Binary, Set, Timestamp
from .schematics_values import (
    STORED,
    computed,
    computed_native,
    exporting,
    has_own_text,
    has_raw_models,
    importing,
    label,
    own_default,
    plain,
    takes_none,
)


def _bare(field: Any) -> Any:
    return field.type if isinstance(field, Serializable) else field


def _declared(inner: type) -> dict[str, Any]:
    """Collect what schematics looks for in the class itself and in models, but not in plain classes among the bases."""
    declared: dict[str, Any] = {}
    for klass in reversed(inner.__mro__[:-1]):
        for key, value in vars(klass).items():
            if isinstance(value, (types.BaseType, Serializable)):
                # types remember the model that they belong to, and this class may serve another one as well
                declared[key] = copy.deepcopy(value)
            elif key.startswith("validate_") or key in ("Options", "__optionsclass__"):
                declared[key] = value
            else:
                declared.pop(key, None)
    return declared


_META: type = type(Model)
_PLAIN = (str, int, float, bool, list, dict, set)


class SchematicsAdapter(Adapter):
    """A schematics model, as the mapper sees it."""

    library = "schematics"
    base = Model
    library_errors = (BaseError,)
    keeps_unknown = False
    gives_none = True

    @classmethod
    def claims(cls, inner: type) -> bool:
        if issubclass(inner, Model):
            return True
        values = [value for klass in inner.__mro__ for value in vars(klass).values()]
        return any(
            isinstance(value, (types.BaseType, Serializable))
            or (isinstance(value, type) and issubclass(value, types.BaseType))
            for value in values
        )

    @classmethod
    def adopt(cls, name: str, inner: type) -> type:
        attrs: dict[str, Any] = {"__module__": inner.__module__, "__qualname__": inner.__qualname__}
        bases: tuple[type, ...]
        if issubclass(inner, Model):
            if hasattr(inner, "__optionsclass__"):
                attrs["__optionsclass__"] = inner.__optionsclass__
            bases = (inner,) if issubclass(inner, DynamORMSchema) else (DynamORMSchema, inner)
        else:
            attrs.update(_declared(inner))
            bases = (DynamORMSchema, inner, Model)
        adopted: type = _META(name, bases, attrs)
        return adopted

    @property
    def _types(self) -> dict[str, Any]:
        fields: dict[str, Any] = self.schema._schema.fields  # type: ignore[attr-defined]
        return fields

    def messages(self, error: Exception) -> Any:
        return error.to_primitive() if isinstance(error, BaseError) else str(error)

    # Description.

    def describe(self) -> Iterable[FieldSpec]:
        return self._specs(self._types)

    def _specs(self, fields: Mapping[str, Any]) -> tuple[FieldSpec, ...]:
        labels = {label(name, field) for name, field in fields.items()}
        specs = []
        for name, field in fields.items():
            former = (key for key in field.deserialize_from if key not in fields)
            aliases = tuple(key for key in (name, *former) if key not in labels)
            specs.append(self._spec(name, field, aliases))
        return tuple(specs)

    def _spec(self, name: str, field: Any, aliases: tuple[str, ...] = ()) -> FieldSpec:
        bare = _bare(field)
        is_list = isinstance(bare, (types.ListType, types.DictType))
        stored = label(name, field)
        is_computed = field is not bare
        return FieldSpec(
            name=name,
            stored=stored,
            source=name,
            kind=_kind(bare),
            key_type=self.key_type(bare),
            required=bool(field.required) and not is_computed,
            nullable=not field.required and (bare.name is not None or takes_none(bare)),
            computed=is_computed,
            loads_to=_loads_to(bare),
            element=self._spec("element", bare.field) if is_list else None,
            nested=(lambda: self._specs(bare.model_class._schema.fields)) if _kind(bare) == "nested" else None,
            native=field,
            aliases=aliases,
        )

    def key_type(self, field: Any) -> str | None:
        field = _bare(field)
        declared = getattr(field, "dynamo_type", None)
        if declared is not None:
            return str(declared)
        if isinstance(field, (types.CompoundType, types.BooleanType, types.GeoPointType)):
            return None
        if isinstance(field, types.UnionType):
            letters = {self.key_type(inner) for inner in field._types.values()}
            return letters.pop() if len(letters) == 1 else None
        if isinstance(field, Binary):
            return "B"
        if isinstance(field, types.DecimalType):
            # schematics gives a decimal out as text
            return "S" if type(field).to_primitive is types.DecimalType.to_primitive else "N"
        if isinstance(field, (types.NumberType, types.TimedeltaType, types.TimestampType, Timestamp)):
            return "N"
        return "S"

    # Taking in.

    def load_given(self, values: dict[str, Any], *, defaults: bool) -> dict[str, Any]:
        context = importing()
        data, errors = self._taken(values, context, defaults=defaults, demands=False)
        given = [spec.name for spec in self.inputs if not values.keys().isdisjoint((spec.name, *spec.aliases))]
        return self._validated(data, errors, given, context)

    def load_whole(self, values: dict[str, Any]) -> dict[str, Any]:
        context = importing()
        data, errors = self._taken(values, context)
        return self._validated(data, errors, list(self._types), context)

    def load_stored(self, values: dict[str, Any], mode: str) -> dict[str, Any]:
        context = importing(**STORED[mode])
        data, errors = self._taken(values, context, defaults=mode != PARTIAL)
        return self._validated(data, errors, self._judged_names(data, mode), context)

    def judged(self, data: dict[str, Any], mode: str) -> dict[str, Any]:
        """Give the native values that stay when the model's ``validate_*`` methods have seen those that were loaded."""
        return self._validated(data, {}, self._judged_names(data, mode), importing(**STORED[mode]))

    def _judged_names(self, data: dict[str, Any], mode: str) -> list[str]:
        if mode == TRUSTED:
            return []
        return list(self._types if mode == WHOLE else data)

    def _taken(
        self, values: dict[str, Any], context: Any, *, defaults: bool = True, demands: bool = True
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Convert field by field; gives native values and errors, with nested models as schematics' objects."""
        data: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for spec in self.inputs:
            field = spec.native
            value = next((values[key] for key in (spec.name, *spec.aliases) if key in values), Undefined)
            if value is Undefined and defaults:
                value = own_default(field)
            if value is Undefined and not demands:
                continue
            try:
                value = context.field_converter(field, value, context)
            except (FieldError, CompoundError) as error:
                errors[spec.stored] = error
                continue
            if value is not Undefined:
                data[spec.name] = value
        return data, errors

    def _validated(
        self, data: dict[str, Any], errors: dict[str, Any], names: list[str], context: Any
    ) -> dict[str, Any]:
        """Run the model's ``validate_*`` methods of some fields, and give plain native values."""
        loaded = set(data)
        declared = self._validators
        validators = {name: declared[name] for name in names if name in declared} if declared else {}
        if validators:
            failed = {name for name, field in self._types.items() if label(name, field) in errors} if errors else ()
            for spec in self.inputs:
                if spec.name not in failed:
                    data.setdefault(spec.name, None)
            instance = self._instance(data)
            for name, validator in validators.items():
                if name in data:
                    try:
                        validator(instance, data, data[name], context)
                    except (FieldError, DataError) as error:
                        errors[self.fields[name].stored] = error
        if errors:
            raise DataError(errors, data)
        return {
            spec.name: plain(data[spec.name])
            for spec in self.inputs
            if data.get(spec.name) is not None or spec.name in loaded
        }

    def layout(self, mode: str) -> SchemaLayout:
        return SchemaDescriber(self, mode).outermost()

    def dump_layout(self) -> SchemaLayout:
        layout = self.compiled.layout(WHOLE)
        if layout.finish is None or all(is_reloaded(field.value) for field in layout.fields if not field.computed):
            return layout
        reason = "its validate methods have to see what schematics makes of its dumps"
        return SchemaLayout(layout.name, layout.fields, load_declined=reason, dump_declined=layout.dump_declined)

    @property
    def _validators(self) -> dict[str, Any]:
        validators: dict[str, Any] = self.schema._schema.validators  # type: ignore[attr-defined]
        return validators

    def _instance(self, data: dict[str, Any]) -> Any:
        """Give an object of the schema's class that holds just these values."""
        if self.schema.__init__ is Model.__init__:  # type: ignore[misc]
            instance: Any = object.__new__(self.schema)
        else:
            instance = self.schema(trusted_data=data, init=False)
        instance._data = ModelDict(converted=data)
        return instance

    # Giving out.

    def dump_values(self, natives: dict[str, Any]) -> dict[str, Any]:
        instance = self.filled(natives)
        context = exporting()
        dumped = {}
        for spec in self.fields.values():
            if spec.computed:
                value = computed(instance, spec.name)
            elif spec.name in natives:
                value = instance._data.get(spec.name)
            else:
                continue
            if value is not Undefined:
                dumped[spec.stored] = self._named(spec, lambda s=spec, v=value: _exported(s, v, context))
        return dumped

    def filled(self, natives: dict[str, Any]) -> Any:
        """Give an instance with models inside where natives have dicts, and ``None`` for what is absent."""
        data = {}
        for spec in self.inputs:
            value = natives.get(spec.name)
            if has_raw_models(spec.native, value):
                value = self._named(spec, lambda s=spec, v=value: self._converted(s, v))
            data[spec.name] = value
        return self._instance(data)

    @staticmethod
    def _named(spec: FieldSpec, work: Any) -> Any:
        try:
            return work()
        except BaseError as error:
            raise DataError({spec.stored: error}) from error

    @staticmethod
    def _converted(spec: FieldSpec, value: Any) -> Any:
        context = importing(validate=False)
        return context.field_converter(_bare(spec.native), value, context)

    def as_native(self, spec: FieldSpec, value: Any) -> Any:
        # what schematics gives out is what it holds: a number assigned as text has to become a number before that
        return self._converted(spec, value)

    def serialised(self, spec: FieldSpec, value: Any) -> Any:
        if isinstance(value, Model):
            value = dict(value._data)
        elif spec.loads_to and isinstance(value, spec.loads_to) and has_own_text(spec.native):
            return value
        return super().serialised(spec, value)

    def serialise(self, field: FieldSpec, value: Any) -> Any:
        return _exported(field, self._converted(field, value), exporting())

    def convert(self, field: FieldSpec, value: Any) -> Any:
        return plain(self._converted(field, value))

    def validated(self, field: FieldSpec, value: Any) -> Any:
        context = importing()
        return plain(context.field_converter(_bare(field.native), self.serialised(field, value), context))

    def computed_value(self, field: FieldSpec, natives: dict[str, Any]) -> Any:
        instance = self.filled(natives)
        value = computed_native(instance, field.name, field.native)
        return None if value is Undefined else plain(value)


def _exported(spec: FieldSpec, value: Any, context: Any) -> Any:
    return context.field_converter(_bare(spec.native), value, context)


def _kind(field: Any) -> str:
    if isinstance(field, types.ModelType):
        return "nested"
    if isinstance(field, Set):
        return "set"
    if isinstance(field, types.ListType):
        return "list"
    if isinstance(field, types.DictType):
        return "map"
    if isinstance(field, types.StringType):
        return "text"
    if isinstance(field, (types.NumberType, types.BooleanType)) or _loads_to(field):
        return "any" if isinstance(field, types.PolyModelType) else "leaf"
    return "any"


def _loads_to(field: Any) -> tuple[type, ...]:
    if isinstance(field, (types.ModelType, types.PolyModelType)):
        return (Model,)
    if isinstance(field, Binary):
        return (bytes, bytearray, memoryview)
    kind = field.native_type
    return (kind,) if isinstance(kind, type) and kind not in _PLAIN else ()


ADAPTER = SchematicsAdapter
