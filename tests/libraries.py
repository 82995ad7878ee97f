"""The three schema libraries, so that a test written once runs with each of them.

A field is declared once (``text(required=True)``, ``listing(text())``), and a :class:`Library` writes it in its own
words; ``library.model(...)`` makes a model of such fields.  The fixture ``library`` gives each in turn.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import functools
import importlib.util
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import pytest

from dynamorm import DynaModel

NO_DEFAULT: Any = object()


@dataclass(frozen=True)
class Declared:
    """A field in no library's words.

    ``at_most`` is the greatest number, or the length of the longest text, that the field accepts.
    """

    kind: str
    required: bool = False
    nullable: bool = False
    default: Any = NO_DEFAULT
    stored: str | None = None
    at_most: int | None = None
    element: Declared | None = None
    fields: Mapping[str, Declared] | None = None
    members: type[enum.Enum] | None = None


def text(**options: Any) -> Declared:
    return Declared("text", **options)


def integer(**options: Any) -> Declared:
    return Declared("integer", **options)


def real(**options: Any) -> Declared:
    return Declared("real", **options)


def exact(**options: Any) -> Declared:
    """A Decimal; schematics stores it as text, the others as a number."""
    return Declared("exact", **options)


def boolean(**options: Any) -> Declared:
    return Declared("boolean", **options)


def moment(**options: Any) -> Declared:
    """An aware datetime, stored as ISO text."""
    return Declared("moment", **options)


def day(**options: Any) -> Declared:
    return Declared("day", **options)


def unique(**options: Any) -> Declared:
    """A UUID."""
    return Declared("unique", **options)


def binary(**options: Any) -> Declared:
    return Declared("binary", **options)


def listing(element: Declared, **options: Any) -> Declared:
    return Declared("listing", element=element, **options)


def collection(element: Declared, **options: Any) -> Declared:
    """A set."""
    return Declared("collection", element=element, **options)


def mapping(**options: Any) -> Declared:
    """A map with any keys and values."""
    return Declared("mapping", **options)


def member(members: type[enum.Enum], **options: Any) -> Declared:
    """A member of an enum, stored by its value; schematics has no such field."""
    return Declared("member", members=members, **options)


def nested(fields: Mapping[str, Declared], **options: Any) -> Declared:
    return Declared("nested", fields=fields, **options)


class Library:
    """What a schema library calls the fields, and how its schemas are written."""

    name: ClassVar[str]

    def field(self, declared: Declared) -> Any:
        """Return the field in the library's words."""
        raise NotImplementedError

    def schema(
        self,
        fields: Mapping[str, Declared],
        *,
        whole: Callable[[Mapping[str, Any]], str | None] | None = None,
        unknown: str | None = None,
        bases: tuple[type, ...] = (),
    ) -> type:
        """Return a class that can stand as a model's inner ``Schema``.

        :param whole: a validator of whole items: it is shown the natives, and returns a complaint or ``None``
        :param unknown: ``"allow"`` or ``"forbid"``, what to do with names that are not declared
        :param bases: of the inner class
        """
        raise NotImplementedError

    def own_schema(self, fields: Mapping[str, Declared], **options: Any) -> type:
        """Return a class of the library's own."""
        raise NotImplementedError

    def model(
        self,
        name: str,
        table: Mapping[str, Any] | type,
        fields: Mapping[str, Declared] | type,
        *,
        bases: tuple[type, ...] = (DynaModel,),
        **body: Any,
    ) -> Any:
        """Return a model; the ``body`` holds index classes, methods and whatever else stands in the class."""
        schema = fields if isinstance(fields, type) else self.schema(fields)
        if not isinstance(table, type):
            table = type("Table", (), {"billing_mode": "PAY_PER_REQUEST", **table})
        return type(DynaModel)(name, bases, {"__module__": __name__, "Table": table, "Schema": schema, **body})

    def __repr__(self) -> str:
        return self.name


class Marshmallow(Library):
    name = "marshmallow"

    def __init__(self) -> None:
        self.library = pytest.importorskip("marshmallow")

    def field(self, declared: Declared) -> Any:
        from dynamorm.schema import marshmallow as own

        fields, options = self.library.fields, {}
        if declared.required:
            options["required"] = True
        if declared.nullable:
            options["allow_none"] = True
        if declared.default is not NO_DEFAULT:
            options["load_default"] = declared.default
        if declared.stored is not None:
            options["data_key"] = declared.stored
        if declared.at_most is not None:
            check = self.library.validate.Length if declared.kind == "text" else self.library.validate.Range
            options["validate"] = check(max=declared.at_most)
        if declared.kind == "nested":
            return fields.Nested(self.own_schema(declared.fields or {}), **options)
        if declared.kind in ("listing", "collection"):
            assert declared.element is not None
            kind = fields.List if declared.kind == "listing" else own.Set
            return kind(self.field(declared.element), **options)
        if declared.kind == "member":
            assert declared.members is not None
            return fields.Enum(declared.members, by_value=True, **options)
        kinds = {
            "text": fields.String,
            "integer": fields.Integer,
            "real": fields.Float,
            "exact": fields.Decimal,
            "boolean": fields.Boolean,
            "moment": fields.AwareDateTime,
            "day": fields.Date,
            "unique": fields.UUID,
            "binary": own.Binary,
            "mapping": fields.Dict,
        }
        return kinds[declared.kind](**options)

    def schema(self, fields, *, whole=None, unknown=None, bases=()):
        body = {name: self.field(declared) for name, declared in fields.items()}
        if unknown is not None:
            policy = {"allow": self.library.INCLUDE, "forbid": self.library.RAISE}[unknown]
            body["Meta"] = type("Meta", (), {"unknown": policy})
        if whole is not None:

            @self.library.validates_schema
            def check_whole(schema, values, **kwargs):
                complaint = whole(values)
                if complaint:
                    raise self.library.ValidationError(complaint)

            body["check_whole"] = check_whole
        if bases and any(issubclass(base, self.library.Schema) for base in bases):
            return type(self.library.Schema)("Schema", bases, body)
        return type("Schema", bases, body)

    def own_schema(self, fields, **options):
        return self.schema(fields, bases=(self.library.Schema,), **options)


class Schematics(Library):
    name = "schematics"

    def __init__(self) -> None:
        pytest.importorskip("schematics")
        self.types = pytest.importorskip("schematics.types")
        self.base = pytest.importorskip("schematics.models").Model

    def field(self, declared: Declared) -> Any:
        from dynamorm.schema import schematics as own

        types, options = self.types, {}
        if declared.required:
            options["required"] = True
        if declared.default is not NO_DEFAULT:
            options["default"] = declared.default
        if declared.stored is not None:
            options["serialized_name"] = declared.stored
        if declared.at_most is not None:
            options["max_length" if declared.kind == "text" else "max_value"] = declared.at_most
        if declared.kind == "nested":
            return types.ModelType(self.own_schema(declared.fields or {}), **options)
        if declared.kind in ("listing", "collection"):
            assert declared.element is not None
            kind = types.ListType if declared.kind == "listing" else own.Set
            return kind(self.field(declared.element), **options)
        if declared.kind == "member":
            pytest.skip("schematics has no field for the members of an enum")
        if declared.kind == "mapping":
            return types.DictType(types.BaseType(), **options)
        kinds = {
            "text": types.StringType,
            "integer": types.IntType,
            "real": types.FloatType,
            "exact": types.DecimalType,
            "boolean": types.BooleanType,
            "moment": types.DateTimeType,
            "day": types.DateType,
            "unique": types.UUIDType,
            "binary": own.Binary,
        }
        return kinds[declared.kind](**options)

    def schema(self, fields, *, whole=None, unknown=None, bases=()):
        if unknown is not None:
            pytest.skip("a schema of schematics has no say in names that it does not know")
        if whole is not None:
            pytest.skip("schematics validates field by field, nothing as a whole")
        body = {name: self.field(declared) for name, declared in fields.items()}
        if bases and any(issubclass(base, self.base) for base in bases):
            return type(self.base)("Schema", bases, body)
        return type("Schema", bases, body)

    def own_schema(self, fields, **options):
        return self.schema(fields, bases=(self.base,), **options)


class Pydantic(Library):
    name = "pydantic"

    def __init__(self) -> None:
        self.library = pytest.importorskip("pydantic")

    def annotation(self, declared: Declared) -> Any:
        if declared.kind == "nested":
            return self.own_schema(declared.fields or {})
        if declared.kind in ("listing", "collection"):
            assert declared.element is not None
            element = self.annotation(declared.element)
            if declared.element.at_most is not None:
                element = Annotated[element, self.field(replace(declared.element, required=True))[1]]
            return list[element] if declared.kind == "listing" else set[element]
        if declared.kind == "member":
            return declared.members
        return {
            "text": str,
            "integer": int,
            "real": float,
            "exact": decimal.Decimal,
            "boolean": bool,
            "moment": dt.datetime,
            "day": dt.date,
            "unique": uuid.UUID,
            "binary": bytes,
            "mapping": dict[str, Any],
        }[declared.kind]

    def field(self, declared: Declared) -> Any:
        """Return an annotation and what stands behind it."""
        annotation, options = self.annotation(declared), {}
        if declared.stored is not None:
            options["alias"] = declared.stored
        if declared.at_most is not None:
            options["max_length" if declared.kind == "text" else "le"] = declared.at_most
        if declared.default is not NO_DEFAULT:
            if callable(declared.default):
                options["default_factory"] = declared.default
            else:
                options["default"] = declared.default
        elif not declared.required:
            options["default"] = None
        if declared.nullable or not (declared.required or declared.default is not NO_DEFAULT):
            annotation = annotation | None
        return annotation, self.library.Field(**options)

    def schema(self, fields, *, whole=None, unknown=None, bases=()):
        pairs = {name: self.field(declared) for name, declared in fields.items()}
        body: dict[str, Any] = {name: field for name, (_, field) in pairs.items()}
        body["__annotations__"] = {name: annotation for name, (annotation, _) in pairs.items()}
        body["__module__"] = __name__
        if unknown is not None:
            body["model_config"] = self.library.ConfigDict(extra=unknown)
        if whole is not None:

            def check_whole(schema):
                complaint = whole(dict(schema))
                if complaint:
                    raise ValueError(complaint)
                return schema

            body["check_whole"] = self.library.model_validator(mode="after")(check_whole)
        if bases and any(issubclass(base, self.library.BaseModel) for base in bases):
            return type(self.library.BaseModel)("Schema", bases, body)
        return type("Schema", bases, body)

    def own_schema(self, fields, **options):
        return self.schema(fields, bases=(self.library.BaseModel,), **options)


LIBRARIES: dict[str, type[Library]] = {kind.name: kind for kind in (Marshmallow, Schematics, Pydantic)}


@functools.cache
def library_named(name: str) -> Library:
    """Return a library; skip the test where it is not installed."""
    return LIBRARIES[name]()


def installed_libraries() -> list[Library]:
    """Return every library that is installed; skip the test where none is."""
    found = [library_named(name) for name in LIBRARIES if importlib.util.find_spec(name) is not None]
    if not found:
        pytest.skip("no schema library is installed")
    return found


def natives(instance: Any) -> dict[str, Any]:
    """Return ``to_dict(native=True)`` without ``None``, with values of nested schemas as dicts by Python names.

    In pydantic these are objects; schematics' own natives are dicts by stored names.
    """
    fields = type(instance).Schema.dynamorm_fields()
    return {
        name: _by_python_names(fields.get(name), value)
        for name, value in type(instance).to_dict(instance, native=True).items()
        if value is not None
    }


def _by_python_names(field: Any, value: Any) -> Any:
    if isinstance(value, list):
        return [_by_python_names(getattr(field, "field", None), element) for element in value]
    if hasattr(type(value), "model_fields"):
        return {name: _by_python_names(None, inner) for name, inner in value}
    nested_class = getattr(field, "model_class", None)
    if nested_class is not None and isinstance(value, dict):
        fields = nested_class._schema.fields
        names = {inner.serialized_name or name: name for name, inner in fields.items()}
        return {names[stored]: _by_python_names(fields[names[stored]], inner) for stored, inner in value.items()}
    return value


def with_field(fields: Mapping[str, Declared], name: str, **changes: Any) -> dict[str, Declared]:
    """Return the fields with one of them declared differently."""
    return {**fields, name: replace(fields[name], **changes)}
