"""The schema classes that load and dump for storage: subclasses of the user's, changed in a few points only.

Values that are marked ``load_only`` or ``dump_only`` pass both ways, because storage is neither a client's input nor
its output; schema-wide validators are left out where there is no whole item; stored attributes that the schema does
not know are passed over; defaults for dumping fill instances and never a dump; and trusted reads go without
validators.
"""

from __future__ import annotations

import copy
import datetime as dt
import decimal
import functools
import inspect
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import marshmallow
from marshmallow import EXCLUDE, fields
from marshmallow import missing as MISSING

from ...exceptions import DynamoException
from ...frozen import Frozen, FrozenValue
from ..copies import UNCHANGING_BASES
from ..refusals import fault_text

EXACT = decimal.Context(prec=200, Emin=decimal.MIN_EMIN, Emax=decimal.MAX_EMAX)
_IMMUTABLE = (*UNCHANGING_BASES, type(None), dt.tzinfo)
SECRET = "_dynamorm_secret"
"""The attribute under which a field remembers that the user's schema never gives its values out."""
_HOOK = "__marshmallow_hook__"
# marshmallow 4 tells "not said" from False, and 3 lets the nested instance decide in both cases
_MANY = inspect.signature(fields.Nested).parameters["many"].default


class Variant(FrozenValue):
    """In what a derived schema differs from the user's."""

    schema_validators: bool = True
    validators: bool = True
    any_unknown: bool = False
    outermost: bool = True

    @property
    def nested(self) -> Variant:
        """The variant of schemas inside: nested values are whole wherever they are given."""
        return self.replace(schema_validators=self.validators, outermost=False)


GIVEN = Variant(schema_validators=False)
PUT = Variant()
STORED = Variant(any_unknown=True)
PROJECTED = Variant(any_unknown=True, schema_validators=False)
UNVALIDATED = Variant(any_unknown=True, schema_validators=False, validators=False)


def variant_of(schema: type[marshmallow.Schema], variant: Variant) -> type[marshmallow.Schema]:
    """Return the subclass of a schema class for one of the purposes above."""
    schema = vars(schema).get("_dynamorm_origin", schema)
    known = vars(schema).get("_dynamorm_variants")
    if known is None:
        known = {}
        type.__setattr__(schema, "_dynamorm_variants", known)
    if variant not in known:
        meta: dict[str, Any] = {"register": False}
        if variant.any_unknown:
            meta["unknown"] = EXCLUDE
        attrs: dict[str, Any] = {
            "Meta": type("Meta", (schema.Meta,), meta),
            "on_bind_field": _bind_for(schema, variant),
            "__module__": schema.__module__,
            "_dynamorm_origin": schema,
            "_call_and_store": staticmethod(_reporting_faults(schema)),
        }
        if not variant.outermost:
            attrs["load"] = _load_nested
        if inspect.getattr_static(schema, "get_attribute") is vars(marshmallow.Schema)["get_attribute"]:
            attrs["get_attribute"] = _get_attribute
        metaclass: Any = type(schema)
        with warnings.catch_warnings():
            # of Meta options, which marshmallow has already reported for the user's own class
            warnings.simplefilter("ignore", DeprecationWarning)
            derived: Any = metaclass(schema.__name__, (schema,), attrs)
        derived._hooks = _hooks_of(derived, variant)
        known[variant] = derived
    found: type[marshmallow.Schema] = known[variant]
    return found


def _reporting_faults(schema: Any) -> Callable[..., Any]:
    """Return what calls fields and validators, and makes an error of the field of whatever these raise."""
    call = schema._call_and_store

    def call_and_store(getter_func: Any, data: Any, *, field_name: str, **options: Any) -> Any:
        try:
            return call(getter_func=getter_func, data=data, field_name=field_name, **options)
        except (marshmallow.ValidationError, DynamoException):
            raise
        except Exception as error:
            is_secret = any(field.load_only for field in _fields_called(schema, field_name))
            report = {field_name: [fault_text(error, is_secret)]}
            raise marshmallow.ValidationError(report) from (None if is_secret else error)

    return call_and_store


def _fields_called(schema: Any, name: str) -> list[Any]:
    declared = schema._declared_fields.items()
    return [field for field_name, field in declared if name in (field_name, field.data_key)]


def _load_nested(self: Any, data: Any, *, partial: Any = None, **options: Any) -> Any:
    """Load as marshmallow does, but let a nested schema that is partial be so.

    What may be absent outside is handed down as a list of what may be absent inside, which is empty.
    """
    given = partial or None  # early releases hand down False too
    return self._dynamorm_origin.load(self, data, partial=given, **options)


def _get_attribute(self: marshmallow.Schema, obj: Any, attr: str, default: Any) -> Any:
    """Return a value to be dumped; of a dict marshmallow would take the method where ``items`` is absent."""
    if type(obj) is dict and "." not in attr:
        return obj.get(attr, default)
    return marshmallow.Schema.get_attribute(self, obj, attr, default)


def is_hook(value: Any) -> bool:
    """Return whether one of marshmallow's decorators marked a method."""
    return hasattr(value, _HOOK)


def hook_name(tag: Any) -> Any:
    """Return what a tag in the hooks of a schema is about, which may say more."""
    return tag[0] if isinstance(tag, tuple) else tag


def _hooks_of(schema: Any, variant: Variant) -> dict[Any, Any]:
    """Return the hooks of a schema without those that a variant goes without; as methods they can still be called."""
    unwanted = set()
    if not variant.schema_validators:
        unwanted.add("validates_schema")
    if not variant.validators:
        unwanted.add("validates")
    hooks: dict[Any, Any] = schema._hooks.copy()
    for tag in [tag for tag in hooks if hook_name(tag) in unwanted]:
        del hooks[tag]
    return hooks


def _bind_for(schema: type[marshmallow.Schema], variant: Variant) -> Callable[..., None]:
    def on_bind_field(self: marshmallow.Schema, field_name: str, field_obj: fields.Field[Any]) -> None:
        schema.on_bind_field(self, field_name, field_obj)
        for inner in fields_within(field_obj):
            setattr(inner, SECRET, inner.load_only)
        if not is_computed(field_obj):
            field_obj.load_only = takes_only(field_obj)
            field_obj.dump_only = False
            if variant.outermost:
                field_obj.dump_default = MISSING
        if not (callable(field_obj.load_default) or is_immutable(field_obj.load_default)):
            # marshmallow would give the same object to all instances
            field_obj.load_default = functools.partial(copy.deepcopy, field_obj.load_default)
        for inner in fields_within(field_obj):
            if isinstance(inner, fields.Nested):
                _nest(inner, schema, variant)
            elif isinstance(inner, fields.Boolean):
                # whatever words the user chose, storage holds the truth values themselves
                inner.truthy = {*inner.truthy, True}
                inner.falsy = {*inner.falsy, False}
            elif isinstance(inner, fields.Decimal) and inner.places is not None:
                _round_exactly(inner)
            if not variant.validators:
                inner.validators = []
                inner.required = False
                inner.allow_none = True

    return on_bind_field


def is_immutable(value: Any) -> bool:
    """Return whether instances may share a value."""
    return value is MISSING or isinstance(value, _IMMUTABLE)


def _nest(field: fields.Nested, parent: type[marshmallow.Schema], variant: Variant) -> None:
    # marshmallow binds the fields of a nested instance twice
    if not isinstance(field.nested, _NestedVariant):
        if isinstance(field.nested, marshmallow.Schema) and field.nested.many and field.many in (None, _MANY):
            field.many = True
        field.nested = _NestedVariant(field.nested, parent, variant.nested)
    field._schema = None
    if variant.any_unknown and field.unknown is not None:
        field._dynamorm_unknown = field.unknown  # type: ignore[attr-defined]
        field.unknown = None


class _NestedVariant(Frozen):
    """Resolves what was nested when it is first needed, since schemas may nest themselves and each other."""

    nested: Any
    parent: type[marshmallow.Schema]
    variant: Variant

    def __call__(self) -> Any:
        found = self.nested
        if callable(found) and not isinstance(found, type):
            found = found()
        if isinstance(found, dict):
            found = marshmallow.Schema.from_dict(found)
        if isinstance(found, str):
            found = self.parent if found == "self" else marshmallow.class_registry.get_class(found)
        if isinstance(found, marshmallow.Schema):
            return self._twin(found)
        return variant_of(found, self.variant)

    def _twin(self, instance: marshmallow.Schema) -> marshmallow.Schema:
        """Return a copy of a schema instance that is of the variant's class, with everything set on the instance."""
        twin = copy.copy(instance)
        twin.__class__ = variant_of(type(instance), self.variant)
        twin.declared_fields = copy.deepcopy(instance.declared_fields)
        if self.variant.any_unknown:
            twin._dynamorm_unknown = instance.unknown  # type: ignore[attr-defined]
            twin.unknown = EXCLUDE
        twin._init_fields()
        return twin


def is_instance_nested(field: fields.Nested) -> bool:
    """Return whether a schema instance was nested, which may differ from others of its class."""
    return hasattr(field.schema, "_dynamorm_unknown")


def nested_policy(field: fields.Nested) -> Any:
    """Return what the user said of names that a nested schema does not know."""
    schema = field.schema
    own = getattr(field, "_dynamorm_unknown", None) or getattr(schema, "_dynamorm_unknown", None)
    kind: Any = type(schema)
    return own or kind._dynamorm_origin.opts.unknown


def _round_exactly(field: fields.Decimal) -> None:
    """Keep the ambient decimal context out of a field that rounds to a number of places."""
    kind: Any = type(field)

    def format_num(value: Any) -> Any:
        with decimal.localcontext(EXACT):
            return kind._format_num(field, value)

    field._format_num = format_num  # type: ignore[method-assign]


def fields_within(field: fields.Field[Any]) -> Iterator[fields.Field[Any]]:
    """Return a field and the fields of what is in it, nested schemas excepted."""
    yield field
    if isinstance(field, fields.List):
        yield from fields_within(field.inner)
    elif isinstance(field, fields.Tuple):
        for inner in field.tuple_fields:
            yield from fields_within(inner)
    elif isinstance(field, fields.Mapping):
        for part in (field.key_field, field.value_field):
            if part is not None:
                yield from fields_within(part)


def is_computed(field: fields.Field[Any]) -> bool:
    """Return whether a field only computes: it has no way of taking a value in."""
    if isinstance(field, fields.Method):
        return field.serialize_method_name is not None and field.deserialize_method_name is None
    if isinstance(field, fields.Function):
        return field.serialize_func is not None and field.deserialize_func is None
    return False


def takes_only(field: fields.Field[Any]) -> bool:
    """Return whether a field has no way of giving a value out, so that the value itself is stored."""
    if isinstance(field, fields.Method):
        return field.serialize_method_name is None
    if isinstance(field, fields.Function):
        return field.serialize_func is None
    return False
