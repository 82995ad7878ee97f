"""How values pass schematics' types: in, out, and between its objects and plain dicts.

schematics is told what to do by a context that it hands down, and by a converter that it calls for every field of
every model inside; these are ours.
"""

from __future__ import annotations

import copy
import datetime as dt
import decimal
from collections.abc import Iterator, Mapping
from typing import Any

from schematics import types
from schematics.common import DEFAULT, DROP, PRIMITIVE
from schematics.datastructures import Context
from schematics.exceptions import BaseError, ConversionError, ValidationError
from schematics.models import Model, ModelDict
from schematics.transforms import Converter
from schematics.types.serializable import Serializable
from schematics.undefined import Undefined

from ...exceptions import DynamoException
from ..base import PARTIAL, SCALARS, TRUSTED, WHOLE
from ..refusals import fault_text


class Importer(Converter):  # type: ignore[misc]
    """Takes values in through their types; ``context.validate`` says whether with validators or without."""

    def __init__(self, stored: bool = False) -> None:
        self.stored = stored

    def __call__(self, field: Any, value: Any, context: Any) -> Any:
        if isinstance(field, Serializable):
            return Undefined
        if context.validate:
            field.check_required(value, context)
            if value is None and field.name is None and not takes_none(field):
                raise ConversionError(field.messages["required"])
        if value is None or value is Undefined:
            return value
        if isinstance(field, types.StringType) and isinstance(value, SCALARS):
            value = str(value)
        if self.stored:
            value = _readable(field, value)
        try:
            return field.validate(value, context) if context.validate else field.convert(value, context)
        except ConversionError:
            if is_secret(field) and not field.is_compound:  # schematics quotes what it cannot convert
                raise ConversionError("Couldn't interpret the value, which is a secret.") from None
            raise
        except (BaseError, DynamoException):
            raise
        except Exception as error:
            if is_secret(field):
                raise ValidationError(fault_text(error, True)) from None
            if context.validate and _converts(field, value):
                raise ValidationError(fault_text(error)) from error
            # some types let through what their own conversion stumbles over
            raise ConversionError(f"Couldn't interpret {value!r}: {error}") from error


class Exporter(Converter):  # type: ignore[misc]
    """Gives values out through their types; ``None`` inside lists and dicts stays ``None`` whatever the type."""

    def __call__(self, field: Any, value: Any, context: Any) -> Any:
        if value is None:
            return None
        kind = type(field)
        if isinstance(field, types.ListType) and kind._export is types.ListType._export:
            return [self(field.field, inner, context) for inner in value]
        if isinstance(field, types.DictType) and kind._export is types.DictType._export:
            # keys of maps are text, whatever coerce_key makes of them
            return {text_of_key(name): self(field.field, inner, context) for name, inner in value.items()}
        if isinstance(field, types.UnionType) and kind.to_primitive is types.UnionType.to_primitive:
            member, native = field._resolve(value, import_context(validate=False))
            return self(member, native, context)
        return field.export(value, PRIMITIVE, context)


_IMPORTERS = {stored: Importer(stored) for stored in (False, True)}
_EXPORTER = Exporter()


def import_context(*, validate: bool = True, partial: bool = False, defaults: bool = True, stored: bool = False) -> Any:
    """Return the context of taking values in; ``partial`` and ``defaults`` concern the models inside."""
    return _context(
        initialized=True,
        field_converter=_IMPORTERS[stored],
        trusted_data={},
        mapping={},
        partial=partial,
        strict=False,
        init_values=True,
        apply_defaults=defaults,
        convert=True,
        validate=validate,
        new=True,
        oo=True,
        recursive=False,
        app_data={},
    )


def export_context() -> Any:
    """Return the context of giving everything out, whatever roles and export levels say."""
    return _context(
        initialized=True,
        field_converter=_EXPORTER,
        role=_keep,
        raise_error_on_role=False,
        export_level=DEFAULT,
        app_data={},
    )


def _context(**options: Any) -> Context:
    # what the constructor does, it does name by name, which takes longer than to convert a value
    context = object.__new__(Context)
    context.__dict__.update(options)
    return context


def _keep(name: str, value: Any) -> bool:
    return False


IMPORT_OPTIONS = {
    WHOLE: {"stored": True},
    PARTIAL: {"stored": True, "partial": True, "defaults": False},
    TRUSTED: {"stored": True, "partial": True, "validate": False},
}


def stored_name(name: str, field: Any) -> str:
    """Return the name under which schematics gives a field out."""
    return field.serialized_name or name


def default_of(field: Any) -> Any:
    """Return the default of a field, which belongs to whom it is given to."""
    value = field.default
    if value is field._default and isinstance(value, (list, dict, set)):
        return copy.deepcopy(value)
    return value


def is_secret(field: Any) -> bool:
    """Return whether a type, or one inside it, never gives its values out."""
    holds_others = isinstance(field, (types.ListType, types.DictType))
    return field.export_level == DROP or (holds_others and is_secret(field.field))


def _converts(field: Any, value: Any) -> bool:
    try:
        field.convert(value, import_context(validate=False))
    except Exception:
        return False
    return True


def _readable(field: Any, value: Any) -> Any:
    """Return what a type can take for what it has itself given out, where these differ."""
    if isinstance(field, types.MultilingualStringType) and isinstance(value, str):
        locale = field.default_locale
        return {locale if isinstance(locale, str) or not locale else locale[0]: value}
    if isinstance(field, types.GeoPointType):
        if isinstance(value, Mapping):
            return {name: _floated(part) for name, part in value.items()}
        return [_floated(part) for part in value] if isinstance(value, list) else value
    if not has_own_format(field):
        return value
    if isinstance(field, types.TimestampType):
        return field.from_timestamp(float(value)) if isinstance(value, (int, decimal.Decimal)) else value
    if isinstance(value, str) and isinstance(field.serialized_format, str):
        for layout in (field.serialized_format, field.serialized_format.removesuffix("%z")):
            try:
                return dt.datetime.strptime(value, layout)
            except ValueError:
                continue
    return value


def takes_none(field: Any) -> bool:
    """Return whether ``None`` may be an element; schematics validates it anywhere, but cannot always give it out."""
    return bool(field.is_compound) or type(field).to_native is types.BaseType.to_native


def text_of_key(name: Any) -> str:
    """Return the name under which an entry of a map is given out."""
    return name if isinstance(name, str) else str(name)


def _floated(value: Any) -> Any:
    return float(value) if isinstance(value, decimal.Decimal) else value


def has_own_format(field: Any) -> bool:
    """Return whether a type of dates reads other text than it writes."""
    if isinstance(field, types.DateTimeType):
        return bool(field.formats or field.parser)
    return isinstance(field, types.DateType) and field.formats != [field.serialized_format]


_LEAVES = frozenset({str, int, float, bool, type(None)})


def plain(value: Any) -> Any:
    """Return nested models as dicts, by the names that schematics' own ``to_native`` gives them."""
    if type(value) in _LEAVES:
        return value
    if isinstance(value, Model):
        return dict(_plain_items(value))
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    return value


def _plain_items(model: Any) -> Iterator[tuple[str, Any]]:
    for name, field in model._schema.fields.items():
        if isinstance(field, Serializable):
            value = computed_native(model, name, field)
        else:
            value = model._data.get(name, Undefined)
        if value is not Undefined:
            yield stored_name(name, field), plain(value)


def computed(model: Any, name: str) -> Any:
    """Return what a serializable computes; one that cannot be computed has no value, as in schematics' own loop."""
    try:
        return model[name]
    except Exception:
        return Undefined


def computed_native(model: Any, name: str, field: Serializable) -> Any:
    value = computed(model, name)
    if value is None or value is Undefined:
        return value
    return field.type.convert(value, import_context(validate=False))


def instance_of(model: Any, data: dict[str, Any]) -> Any:
    """Return an object of a model that holds just these values."""
    if model.__init__ is Model.__init__:
        instance: Any = object.__new__(model)
    else:
        instance = model(trusted_data=data, init=False)
    instance._data = ModelDict(converted=data)
    return instance


def lacks_instances(field: Any, value: Any) -> bool:
    """Return whether there is something inside that should be a model's instance and is not."""
    if value is None:
        return False
    if isinstance(field, (types.ModelType, types.PolyModelType)):
        return not isinstance(value, Model)
    if isinstance(field, types.ListType):
        return any(lacks_instances(field.field, inner) for inner in value)
    if isinstance(field, types.DictType):
        return any(lacks_instances(field.field, inner) for inner in value.values())
    return False
