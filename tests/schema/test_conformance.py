"""The conformance suite, over every schema library that is installed."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from importlib.util import find_spec
from typing import Annotated

import pytest

from dynamorm.testing import SchemaKit, SchemaSuite
from dynamorm.testing.schema_suite import KEY_TYPES


class MarshmallowKit(SchemaKit):
    key_types = {**KEY_TYPES, "price": "N", "published": "S"}

    @property
    def library_error(self):
        from marshmallow import ValidationError

        return ValidationError

    def book(self):
        from marshmallow import Schema, fields, validate

        from dynamorm.schema.marshmallow import Set

        class Publisher(Schema):
            name = fields.String(required=True)
            city = fields.String()

        class Book:
            isbn = fields.String(required=True)
            title = fields.String(load_default="Untitled")
            pages = fields.Integer(validate=validate.Range(max=1000))
            rating = fields.Float()
            price = fields.Decimal()
            in_print = fields.Boolean()
            published = fields.AwareDateTime()
            ident = fields.UUID()
            tags = fields.List(fields.String())
            stock = fields.Dict(keys=fields.String(), values=fields.Integer())
            genres = Set(fields.String())
            publisher = fields.Nested(Publisher)
            note = fields.String(allow_none=True)
            shelf = fields.String(data_key="Shelf")

        return Book

    def nullable(self):
        from marshmallow import fields

        class Book:
            isbn = fields.String(required=True)
            note = fields.String(required=True, allow_none=True)

        return Book

    def with_set(self):
        from marshmallow import fields

        from dynamorm.schema.marshmallow import Set

        class Book:
            isbn = fields.String(required=True)
            genres = Set(fields.String(), required=True)

        return Book

    def counted(self, calls):
        from marshmallow import fields, pre_load, validates, validates_schema

        class Book:
            isbn = fields.String(required=True)
            published = fields.AwareDateTime()

            @pre_load
            def count_load(self, data, **kwargs):
                calls["load"] += 1
                return data

            @validates("published")
            def count_field(self, value, *args, **kwargs):
                assert isinstance(value, dt.datetime)
                calls["field"] += 1

            @validates_schema
            def count_whole(self, data, **kwargs):
                calls["whole"] += 1

        return Book


class SchematicsKit(SchemaKit):
    key_types = {**KEY_TYPES, "price": "S", "published": "S"}
    counts = ("field",)

    @property
    def library_error(self):
        from schematics.exceptions import BaseError

        return BaseError

    def book(self):
        from schematics import types
        from schematics.models import Model

        from dynamorm.schema.schematics import Set

        class Publisher(Model):
            name = types.StringType(required=True)
            city = types.StringType()

        class Book:
            isbn = types.StringType(required=True)
            title = types.StringType(default="Untitled")
            pages = types.IntType(max_value=1000)
            rating = types.FloatType()
            price = types.DecimalType()
            in_print = types.BooleanType()
            published = types.DateTimeType(tzd="require")
            ident = types.UUIDType()
            tags = types.ListType(types.StringType())
            stock = types.DictType(types.IntType())
            genres = Set(types.StringType())
            publisher = types.ModelType(Publisher)
            note = types.StringType()
            shelf = types.StringType(serialized_name="Shelf")

        return Book

    def with_set(self):
        from schematics import types

        from dynamorm.schema.schematics import Set

        class Book:
            isbn = types.StringType(required=True)
            genres = Set(types.StringType(), required=True)

        return Book

    def counted(self, calls):
        from schematics import types

        class Book:
            isbn = types.StringType(required=True)
            published = types.DateTimeType(tzd="require")

            def validate_published(self, data, value, context=None):
                assert isinstance(value, dt.datetime)
                calls["field"] += 1

        return Book

    def plain(self, native):
        return {name: value for name, value in dict(native).items() if value is not None}


class PydanticKit(SchemaKit):
    key_types = {**KEY_TYPES, "price": "N", "published": "S"}

    @property
    def library_error(self):
        from pydantic_core import ValidationError

        return ValidationError

    def fields_in(self, errors):
        return {error["loc"][0] for error in errors}

    def plain(self, native):
        return {name: value for name, value in native if value is not None}

    def book(self):
        from pydantic import AwareDatetime, BaseModel, Field

        class Publisher(BaseModel):
            name: str
            city: str | None = None

        class Book(BaseModel):
            isbn: str
            title: str = "Untitled"
            pages: Annotated[int | None, Field(le=1000)] = None
            rating: float | None = None
            price: Decimal | None = None
            in_print: bool | None = None
            published: AwareDatetime | None = None
            ident: uuid.UUID | None = None
            tags: list[str] | None = None
            stock: dict[str, int] | None = None
            genres: set[str] | None = None
            publisher: Publisher | None = None
            note: str | None = None
            shelf: Annotated[str | None, Field(alias="Shelf")] = None

        Book.model_rebuild(_types_namespace={**globals(), **locals()})
        return Book

    def nullable(self):
        from pydantic import BaseModel

        class Book(BaseModel):
            isbn: str
            note: str | None

        return Book

    def with_set(self):
        from pydantic import BaseModel

        class Book(BaseModel):
            isbn: str
            genres: set[str]

        return Book

    def counted(self, calls):
        from pydantic import AwareDatetime, BaseModel, field_validator, model_validator

        class Book(BaseModel):
            isbn: str
            published: AwareDatetime | None = None

            @field_validator("published")
            @classmethod
            def count_field(cls, value):
                assert isinstance(value, dt.datetime)
                calls["field"] += 1
                return value

            @model_validator(mode="after")
            def count_whole(self):
                calls["whole"] += 1
                return self

        Book.model_rebuild(_types_namespace={**globals(), **locals()})
        return Book

    counts = ("field", "whole")


def needs(library):
    return pytest.mark.skipif(find_spec(library) is None, reason=f"{library} is not installed")


@needs("marshmallow")
class TestMarshmallow(SchemaSuite):
    kit = MarshmallowKit()


@needs("schematics")
@pytest.mark.filterwarnings("ignore:Call to deprecated function:DeprecationWarning")
class TestSchematics(SchemaSuite):
    kit = SchematicsKit()


@needs("pydantic")
class TestPydantic(SchemaSuite):
    kit = PydanticKit()
