"""The inner Schema: what becomes of it, and what is kept of it."""

from __future__ import annotations

import datetime as dt

import pytest

import dynamorm
from dynamorm import DynaModel, ValidationError

from ..books import BOOK_TABLE
from ..libraries import binary, day, integer, moment, nested, real, text, unique
from .shop import FIELDS


def test_a_plain_inner_class_becomes_a_schema_of_the_library_named_after_the_model(library):
    model = library.model("Book", BOOK_TABLE, library.schema(FIELDS))
    assert model.Schema.__name__ == "BookSchema"
    assert issubclass(model.Schema, model.Schema.base_schema_type())
    assert model.Schema.base_schema_type().__module__.partition(".")[0] == library.name
    assert issubclass(model.Schema, dynamorm.schema.base.DynamORMSchema)
    assert list(model.Schema.dynamorm_fields()) == list(FIELDS)


def test_a_schema_of_the_librarys_own_becomes_one_too_and_stays_as_it_was(library):
    own = library.own_schema(FIELDS)
    model = library.model("Book", BOOK_TABLE, own)
    assert issubclass(model.Schema, own)
    assert model.Schema is not own
    assert (model.Schema.__name__, own.__name__) == ("BookSchema", "Schema")
    assert not issubclass(own, dynamorm.schema.base.DynamORMSchema)
    other = library.model("Other", {**BOOK_TABLE, "name": "others"}, own)
    assert (other.Schema.__name__, model.Schema.__name__) == ("OtherSchema", "BookSchema")
    assert other(isbn="1", year="7").year == model(isbn="1", year="7").year == 7


def test_validators_of_the_schema_are_the_models(library, dynamo_tables):
    (model,) = dynamo_tables(library.model("Book", BOOK_TABLE, {**FIELDS, "rank": integer(at_most=5)}))
    for refused in (lambda: model(isbn="1", rank=6), lambda: model.put({"isbn": "1", "rank": 6})):
        with pytest.raises(ValidationError):
            refused()
    assert model.get(isbn="1") is None


def test_nested_schemas_are_the_models_with_their_own_stored_names(library, dynamo_tables):
    fields = {"isbn": text(required=True), "publisher": nested({"name": text(stored="Name"), "since": integer()})}
    (model,) = dynamo_tables(library.model("Book", BOOK_TABLE, fields))
    model.put({"isbn": "1", "publisher": {"name": "House", "since": "1890"}})
    stored = model.Table.table.get_item(Key={"isbn": "1"})["Item"]
    assert stored == {"isbn": "1", "publisher": {"Name": "House", "since": 1890}}
    with pytest.raises(ValidationError):
        model.put({"isbn": "1", "publisher": {"name": "House", "since": "long"}})


def test_hooks_and_meta_of_a_marshmallow_schema_are_kept():
    marshmallow = pytest.importorskip("marshmallow")

    class Book(DynaModel):
        class Table:
            name = "books"
            hash_key = "isbn"

        class Schema:
            isbn = marshmallow.fields.String()
            title = marshmallow.fields.String()
            on = marshmallow.fields.Date()

            class Meta:
                dateformat = "%d/%m/%Y"
                unknown = marshmallow.RAISE

            @marshmallow.pre_load
            def strip(self, data, **kwargs):
                return {name: value.strip() for name, value in data.items()}

            @marshmallow.validates("title")
            def check_title(self, value, **kwargs):
                if value == "no":
                    raise marshmallow.ValidationError("not this title")

            def own_method(self):
                return "kept"

    assert Book(isbn=" 1 ").isbn == "1"
    assert Book(on="06/05/2024").on == dt.date(2024, 5, 6)
    with pytest.raises(ValidationError, match="not this title"):
        Book(title="no")
    with pytest.raises(ValidationError, match="Unknown field"):
        Book(colour="x")
    assert Book.Schema().own_method() == "kept"


def test_hooks_and_options_of_a_schematics_model_are_kept():
    types = pytest.importorskip("schematics.types")
    errors = pytest.importorskip("schematics.exceptions")

    class Book(DynaModel):
        class Table:
            name = "books"
            hash_key = "isbn"

        class Schema:
            isbn = types.StringType()
            title = types.StringType()

            class Options:
                serialize_when_none = False

            def validate_title(self, data, value, context):
                if value == "no":
                    raise errors.ValidationError("not this title")

            def own_method(self):
                return "kept"

    with pytest.raises(ValidationError, match="not this title"):
        Book(title="no")
    assert Book.Schema({"isbn": "1"}).to_primitive() == {"isbn": "1"}
    assert Book.Schema().own_method() == "kept"


def test_hooks_and_configuration_of_a_pydantic_model_are_kept():
    pydantic = pytest.importorskip("pydantic")

    def strip(value):
        return value.strip() if isinstance(value, str) else value

    class Schema(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(extra="forbid")
        __annotations__ = {"isbn": str, "title": str | None}
        title = None
        strip_title = pydantic.field_validator("title", mode="before")(strip)

        def own_method(self):
            return "kept"

    model = type(DynaModel)("Book", (DynaModel,), {"Table": type("Table", (), BOOK_TABLE), "Schema": Schema})
    assert model(title=" x ").title == "x"
    with pytest.raises(ValidationError, match="extra_forbidden"):
        model(colour="x")
    assert model.Schema(isbn="1").own_method() == "kept"


def test_for_pydantic_a_plain_class_with_annotations_is_enough():
    pytest.importorskip("pydantic")

    class Plain:
        isbn: str
        year: int = 7
        tags: set[str] | None = None

    model = type(DynaModel)("Book", (DynaModel,), {"Table": type("Table", (), BOOK_TABLE), "Schema": Plain})
    assert model.Schema.__name__ == "BookSchema"
    assert (model(isbn="1", tags=["a", "a"]).tags, model().year) == ({"a"}, 7)


def test_a_schema_validates_mappings_as_0_11_did(library):
    model = library.model(
        "Book",
        BOOK_TABLE,
        {"isbn": text(required=True), "when": day(), "rank": integer(at_most=5), "copies": integer(default=1)},
    )
    validate = model.Schema.dynamorm_validate
    natives = validate({"isbn": "1", "when": "2024-05-06"}, native=True)
    assert (natives["when"].isoformat(), natives["copies"]) == ("2024-05-06", 1)
    assert validate({"isbn": "1", "when": natives["when"]})["when"] == "2024-05-06"
    assert {n: v for n, v in validate({"rank": "3"}, partial=True, native=True).items() if v is not None} == {"rank": 3}
    for refused in ({}, {"isbn": "1", "rank": 6}):
        with pytest.raises(ValidationError):
            validate(refused)
    with pytest.raises(ValidationError):
        validate({"rank": 6}, partial=True)


def test_a_schema_tells_the_key_type_of_its_fields(library):
    fields = {
        "a": text(),
        "b": integer(),
        "c": real(),
        "d": moment(),
        "e": unique(),
        "f": binary(),
    }
    model = library.model("Book", {"name": "t", "hash_key": "a"}, fields)
    letters = {name: model.Schema.field_to_dynamo_type(field) for name, field in model.Schema.dynamorm_fields().items()}
    assert letters == {"a": "S", "b": "N", "c": "N", "d": "S", "e": "S", "f": "B"}
