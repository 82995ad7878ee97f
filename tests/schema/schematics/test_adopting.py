"""Which classes are schematics', and what becomes of them."""

from __future__ import annotations

import pytest

pytest.importorskip("schematics")

from schematics import types
from schematics.exceptions import ValidationError as Refusal
from schematics.models import Model
from schematics.transforms import blacklist, whitelist
from schematics.types.serializable import serializable

from dynamorm.schema.base import DynamORMSchema
from dynamorm.schema.registry import adapter_for
from dynamorm.schema.schematics import ADAPTER

from .declared import MOMENT, Address, adapter_of, adapter_with, errors_of

# schematics calls its own deprecated functions
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated function:DeprecationWarning")


class TestWhatIsClaimed:
    def test_a_plain_class_with_types(self):
        class Schema:
            isbn = types.StringType()

        assert ADAPTER.claims(Schema)
        assert adapter_for("Book", Schema) is ADAPTER

    def test_a_plain_class_with_nothing_but_a_serializable(self):
        class Schema:
            @serializable
            def shout(self):
                return "!"

        assert ADAPTER.claims(Schema)

    def test_a_model_and_a_subclass_of_an_adopted_one(self):
        parent = adapter_of(Address).schema
        assert ADAPTER.claims(Address)
        assert ADAPTER.claims(type("Schema", (parent,), {}))

    def test_types_of_a_mixin(self):
        class Mixin:
            isbn = types.StringType()

        assert ADAPTER.claims(type("Schema", (Mixin,), {}))

    def test_nothing_else(self):
        class Schema:
            isbn: str = "x"

            def validate_isbn(self, data, value):
                pass

        assert not ADAPTER.claims(Schema)


class TestWhatIsAdopted:
    def test_a_plain_class_becomes_a_model_of_that_name(self):
        class Mixin:
            author = types.StringType()

            def shout(self):
                return self.isbn + "!"

        class Schema(Mixin):
            isbn = types.StringType()

            def validate_isbn(self, data, value):
                if value == "bad":
                    raise Refusal("bad isbn")

        schema = adapter_of(Schema).schema
        assert schema.__name__ == "BookSchema"
        assert issubclass(schema, (Model,)) and issubclass(schema, DynamORMSchema) and issubclass(schema, Mixin)
        assert set(schema._dynamorm_adapter.fields) == {"author", "isbn"}
        assert schema({"isbn": "1"}).shout() == "1!"
        assert errors_of(schema._dynamorm_adapter.natives_of_given, {"isbn": "bad"}) == {"isbn": ["bad isbn"]}

    def test_a_model_keeps_its_class(self):
        class Schema(Address):
            street = types.StringType()

            class Options:
                serialize_when_none = False
                roles = {"public": blacklist("note")}

        schema = adapter_of(Schema).schema
        assert issubclass(schema, Schema)
        assert set(schema._dynamorm_adapter.fields) == {"city", "zip", "note", "street"}
        assert "public" in schema._schema.options.roles

    def test_options_of_a_plain_class_are_kept(self):
        class Schema:
            isbn = types.StringType()

            class Options:
                roles = {"public": whitelist("isbn")}

        assert "public" in adapter_of(Schema).schema._schema.options.roles

    def test_a_schema_inherits_from_the_adopted_one_of_its_parent(self):
        class Base:
            isbn = types.StringType(required=True)

            def validate_isbn(self, data, value):
                if value == "bad":
                    raise Refusal("bad isbn")

        parent = adapter_of(Base)

        class Schema(parent.schema):
            pages = types.IntType()

        child = adapter_of(Schema)
        assert set(child.fields) == {"isbn", "pages"}
        assert set(parent.fields) == {"isbn"}
        assert errors_of(child.natives_of_whole, {"isbn": "bad"}) == {"isbn": ["bad isbn"]}

    def test_a_plain_child_can_drop_a_field(self):
        class Base:
            isbn = types.StringType()
            pages = types.IntType()

        class Schema(Base):
            pages = None

        assert set(adapter_of(Schema).fields) == {"isbn"}

    def test_the_users_classes_stay_as_they_are(self):
        class Schema:
            isbn = types.StringType()
            tags = types.ListType(types.StringType())

        before = {name: dict(vars(value)) for name, value in vars(Schema).items() if not name.startswith("__")}
        first, second = adapter_of(Schema), adapter_of(Schema)
        assert {name: dict(vars(value)) for name, value in vars(Schema).items() if name in before} == before
        assert first.schema._schema.fields["isbn"].owner_model is first.schema
        assert second.schema._schema.fields["isbn"].owner_model is second.schema

    def test_super_works_in_methods_of_a_plain_class(self):
        class Schema:
            isbn = types.StringType()

            def __init__(self, *args, **kwargs):
                super().__init__(*args, **kwargs)
                self.suffix = "!"

            @serializable(type=types.StringType())
            def shout(self):
                return self.isbn + self.suffix

        assert adapter_of(Schema).dump({"isbn": "1"}) == {"isbn": "1", "shout": "1!"}

    def test_what_every_model_schema_offers(self):
        schema = adapter_with(isbn=types.StringType(required=True), at=types.DateTimeType()).schema
        assert schema.base_schema_type() is Model
        assert list(schema.dynamorm_fields()) == ["isbn", "at"]
        assert schema.field_to_dynamo_type(schema.dynamorm_fields()["at"]) == "S"
        assert schema.dynamorm_validate({"isbn": 1, "at": MOMENT}) == {
            "isbn": "1",
            "at": "2024-05-06T07:08:09.000000+0000",
        }
        assert schema.dynamorm_validate({"at": MOMENT}, partial=True, native=True) == {"at": MOMENT}
