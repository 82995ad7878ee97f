"""The adapter of schematics 2.1.

Every value is converted, validated and exported by its own type, and every nested model by schematics' loops.  The
outermost loop is ours, because storage wants what schematics' does not offer: a default is made once, a validator runs
once, a computed value is never taken in, and no role or export level keeps a field out.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from schematics import types
from schematics.exceptions import BaseError, CompoundError, DataError, FieldError, ValidationError
from schematics.models import Model
from schematics.types.serializable import Serializable
from schematics.undefined import Undefined

from ...exceptions import DynamoException
from ...spec import FieldSpec
from ..base import PARTIAL, TRUSTED, WHOLE, Adapter, DynamORMSchema
from ..compiler import SchemaLayout
from ..conversions import in_utc
from ..refusals import fault_text
from ..sorting import SAMPLES, sorts
from .conversion import (
    IMPORT_OPTIONS,
    computed,
    computed_native,
    default_of,
    export_context,
    has_own_format,
    import_context,
    instance_of,
    is_secret,
    lacks_instances,
    plain,
)
from .layouts import SchemaDescriber, is_reloaded
from .specs import bare_type, key_type_of, specs_of


class SchematicsAdapter(Adapter):
    """A schematics model, as the mapper sees it."""

    library = "schematics"
    base = Model
    library_errors = (BaseError,)
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
        adopted: type = type(Model)(name, bases, attrs)
        return adopted

    @property
    def _types(self) -> dict[str, Any]:
        fields: dict[str, Any] = self.schema._schema.fields  # type: ignore[attr-defined]
        return fields

    def messages(self, error: Exception) -> Any:
        return error.to_primitive() if isinstance(error, BaseError) else str(error)

    def hides(self, spec: FieldSpec) -> bool:
        return is_secret(bare_type(spec.native))

    def nested_kind(self, spec: FieldSpec) -> Any:
        return bare_type(spec.native).model_class

    # Description.

    def describe(self) -> Iterable[FieldSpec]:
        return specs_of(self._types)

    def key_type(self, field: Any) -> str | None:
        return key_type_of(field)

    def has_unsorted_form(self, spec: FieldSpec) -> bool:
        field = bare_type(spec.native)
        kind = field.native_type
        if spec.key_type != "S" or kind not in SAMPLES or not type(field).__module__.startswith("schematics."):
            return False

        def dump(value: Any) -> Any:
            return _exported(spec, _converted(spec, in_utc(value) if needs_zone else value), export_context())

        needs_zone = isinstance(field, types.DateTimeType) and field.tzd == "require"
        return not sorts(kind, dump)

    def may_be_unsorted(self, spec: FieldSpec) -> bool:
        field = bare_type(spec.native)
        return spec.key_type == "S" and isinstance(field, types.DateTimeType) and not field.convert_tz

    # Taking in.

    def load_given(self, values: dict[str, Any], *, defaults: bool) -> dict[str, Any]:
        context = import_context()
        data, errors = self._converted_fields(values, context, defaults=defaults, demands=False)
        given = [spec.name for spec in self.inputs if not values.keys().isdisjoint((spec.name, *spec.aliases))]
        return self._validated(data, errors, given, context)

    def load_whole(self, values: dict[str, Any]) -> dict[str, Any]:
        context = import_context()
        data, errors = self._converted_fields(values, context)
        return self._validated(data, errors, list(self._types), context)

    def load_stored(self, values: dict[str, Any], mode: str) -> dict[str, Any]:
        context = import_context(**IMPORT_OPTIONS[mode])
        data, errors = self._converted_fields(values, context, defaults=mode != PARTIAL)
        return self._validated(data, errors, self._validated_names(data, mode), context)

    def judged(self, data: dict[str, Any], mode: str) -> dict[str, Any]:
        """Return the native values that stay when the model's ``validate_*`` methods have seen what was loaded."""
        return self._validated(data, {}, self._validated_names(data, mode), import_context(**IMPORT_OPTIONS[mode]))

    def _validated_names(self, data: dict[str, Any], mode: str) -> list[str]:
        if mode == TRUSTED:
            return []
        return list(self._types if mode == WHOLE else data)

    def _converted_fields(
        self, values: dict[str, Any], context: Any, *, defaults: bool = True, demands: bool = True
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return native values and errors, field by field, with nested models as schematics' objects."""
        data: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        for spec in self.inputs:
            field = spec.native
            value = next((values[key] for key in (spec.name, *spec.aliases) if key in values), Undefined)
            if value is Undefined and defaults:
                value = default_of(field)
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
        """Return plain native values that the model's ``validate_*`` methods of some fields have seen."""
        loaded = set(data)
        declared = self._validators
        validators = {name: declared[name] for name in names if name in declared} if declared else {}
        if validators:
            for spec in self.inputs:
                if spec.stored not in errors:
                    data.setdefault(spec.name, None)
            instance = instance_of(self.schema, data)
            for name, validator in validators.items():
                if name in data:
                    try:
                        validator(instance, data, data[name], context)
                    except (FieldError, DataError) as error:
                        errors[self.fields[name].stored] = error
                    except DynamoException:
                        raise
                    except Exception as error:
                        errors[self.fields[name].stored] = _fault(self.fields[name], error)
        if errors:
            causes = (getattr(one, "__cause__", None) for one in errors.values())
            raise DataError(errors, data) from next(filter(None, causes), None)
        return {
            spec.name: plain(data[spec.name])
            for spec in self.inputs
            if data.get(spec.name) is not None or spec.name in loaded
        }

    def layout(self, mode: str) -> SchemaLayout:
        return SchemaDescriber(self, mode).schema()

    def dump_layout(self) -> SchemaLayout:
        layout = self.compiled.layout(WHOLE)  # which is watched already
        if layout.finish is None or all(is_reloaded(field.value) for field in layout.fields if not field.computed):
            return layout
        reason = "its validate methods have to see what schematics makes of its dumps"
        return SchemaLayout(layout.name, layout.fields, load_declined=reason, dump_declined=layout.dump_declined)

    @property
    def _validators(self) -> dict[str, Any]:
        validators: dict[str, Any] = self.schema._schema.validators  # type: ignore[attr-defined]
        return validators

    # Giving out.

    def dump_values(self, natives: dict[str, Any]) -> dict[str, Any]:
        instance = self.filled(natives)
        context = export_context()
        dumped = {}
        for spec in self.fields.values():
            if spec.computed:
                value = computed(instance, spec.name)
            elif spec.name in natives:
                value = instance._data.get(spec.name)
            else:
                continue
            if value is not Undefined:
                dumped[spec.stored] = _named(spec, partial(_exported, spec, value, context))
        return dumped

    def filled(self, natives: dict[str, Any]) -> Any:
        """Return an instance with models inside where natives have dicts, and ``None`` for what is absent."""
        data = {spec.name: _named(spec, partial(_held, spec, natives.get(spec.name))) for spec in self.inputs}
        return instance_of(self.schema, data)

    def as_native(self, spec: FieldSpec, value: Any) -> Any:
        # what schematics gives out is what it holds: a number assigned as text has to become a number before that
        return _converted(spec, value)

    def values_of_object(self, item: Any) -> dict[str, Any]:
        return {name: value for name, value in item._data.items() if value is not Undefined}

    def serialised(self, spec: FieldSpec, value: Any) -> Any:
        if isinstance(value, Model):
            value = dict(value._data)
        elif spec.loads_to and isinstance(value, spec.loads_to):
            return value if has_own_format(spec.native) else self.serialise(spec, _converted(spec, value))
        return super().serialised(spec, value)

    def serialise(self, field: FieldSpec, value: Any) -> Any:
        return _exported(field, _held(field, value), export_context())

    def convert(self, field: FieldSpec, value: Any) -> Any:
        return plain(_converted(field, value))

    def validated(self, field: FieldSpec, value: Any) -> Any:
        context = import_context()
        return plain(context.field_converter(bare_type(field.native), self.serialised(field, value), context))

    def computed_value(self, field: FieldSpec, natives: dict[str, Any]) -> Any:
        instance = self.filled(natives)
        value = computed_native(instance, field.name, field.native)
        return None if value is Undefined else plain(value)


def _declared(inner: type) -> dict[str, Any]:
    """Return what schematics looks for in the class itself and in models, but not in plain classes among the bases."""
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


def _fault(spec: FieldSpec, error: Exception) -> ValidationError:
    """Return the error of a field for something that a validator raised by mistake."""
    is_hidden = is_secret(bare_type(spec.native))
    fault = ValidationError(fault_text(error, is_hidden))
    fault.__cause__ = None if is_hidden else error
    return fault


def _named(spec: FieldSpec, work: Callable[[], Any]) -> Any:
    """Return what some work gives, or raise its error as that of a field."""
    try:
        return work()
    except BaseError as error:
        raise DataError({spec.stored: error}) from error


def _converted(spec: FieldSpec, value: Any) -> Any:
    context = import_context(validate=False)
    return context.field_converter(bare_type(spec.native), value, context)


def _held(spec: FieldSpec, value: Any) -> Any:
    """Return what schematics holds for a native value: instances stand where that has dicts.

    Anything else is native already, and a type of the user's may change it each time that it is converted.
    """
    return _converted(spec, value) if lacks_instances(bare_type(spec.native), value) else value


def _exported(spec: FieldSpec, value: Any, context: Any) -> Any:
    return context.field_converter(bare_type(spec.native), value, context)


ADAPTER = SchematicsAdapter
