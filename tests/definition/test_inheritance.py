"""Section 2 of the contract: defining a model."""

from __future__ import annotations

import copy
import datetime as dt
import pickle
import sys

import pytest
from botocore.config import Config
from botocore.stub import Stubber

import dynamorm
from dynamorm import (
    ConfigurationError,
    DynaModel,
    DynaModelException,
    DynamoTableException,
    GlobalIndex,
    InvalidSchemaField,
    LocalIndex,
    MissingTableAttribute,
    ProjectAll,
    ProjectInclude,
    ProjectKeys,
    ScanRefused,
    UnknownSchema,
    ValidationError,
)
from dynamorm.table import (
    DynamoCommon3,
    DynamoGlobalIndex3,
    DynamoIndex3,
    DynamoLocalIndex3,
    DynamoTable3,
)

from .models import (
    binary,
    boolean,
    day,
    integer,
    listing,
    mapping,
    moment,
    natives,
    nested,
    page_model,
    real,
    text,
    unique,
)

FIELDS = {"isbn": text(required=True), "title": text(), "author": text(), "year": integer()}
TABLE = {"name": "books", "hash_key": "isbn"}


def shop_model(library, **table):
    """The model of the contract's example, with throughput."""

    class Book(DynaModel):
        Table = type("Table", (), {"name": "prod-books", "hash_key": "isbn", "read": 25, "write": 5, **table})

        class ByAuthor(GlobalIndex):
            name = "by-author"
            hash_key = "author"
            range_key = "year"
            read = 25
            write = 5
            projection = ProjectAll()

        Schema = library.schema(FIELDS)

    return Book


def described(table):
    return table.client.describe_table(TableName=table.full_name)["Table"]


# The inner Table.


def test_the_table_of_the_example_is_made_as_it_is_written(library, dynamo_tables):
    (book,) = dynamo_tables(shop_model(library))
    found = described(book.Table)
    assert found["TableName"] == dynamo_tables.prefix + "prod-books"
    assert found["KeySchema"] == [{"AttributeName": "isbn", "KeyType": "HASH"}]
    throughput = found["ProvisionedThroughput"]
    assert (throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]) == (25, 5)
    (index,) = found["GlobalSecondaryIndexes"]
    assert index["IndexName"] == "by-author"
    assert index["KeySchema"] == [
        {"AttributeName": "author", "KeyType": "HASH"},
        {"AttributeName": "year", "KeyType": "RANGE"},
    ]
    assert index["Projection"] == {"ProjectionType": "ALL"}
    assert {one["AttributeName"]: one["AttributeType"] for one in found["AttributeDefinitions"]} == {
        "isbn": "S",
        "author": "S",
        "year": "N",
    }


def test_a_range_key_is_the_second_part_of_the_key(page):
    assert described(page.Table)["KeySchema"] == [
        {"AttributeName": "isbn", "KeyType": "HASH"},
        {"AttributeName": "number", "KeyType": "RANGE"},
    ]


@pytest.mark.parametrize("stream", ["NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"])
def test_a_declared_stream_is_switched_on(library, dynamo_tables, stream):
    (book,) = dynamo_tables(shop_model(library, stream=stream))
    expected = {"StreamEnabled": True, "StreamViewType": stream}
    assert book.Table.stream_specification == expected
    assert described(book.Table)["StreamSpecification"] == expected


def test_a_stream_of_an_unknown_kind_is_refused(library):
    with pytest.raises(DynamoTableException, match="stream = 'ALL' has to be one of"):
        shop_model(library, stream="ALL")


def test_a_table_on_demand_needs_no_throughput(library, dynamo_tables):
    (book,) = dynamo_tables(shop_model(library, billing_mode="PAY_PER_REQUEST", read=None, write=None))
    assert described(book.Table)["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_an_unknown_billing_mode_is_refused(library):
    with pytest.raises(DynamoTableException, match="billing_mode = 'FREE' has to be one of"):
        shop_model(library, billing_mode="FREE")


@pytest.mark.parametrize("attribute", ["read", "write"])
def test_throughput_is_missed_by_create_table_alone(library, dynamo_tables, attribute):
    model = library.model(
        "Book", {**TABLE, "billing_mode": "PROVISIONED", "read": 1, "write": 1, attribute: None}, FIELDS
    )
    assert model(isbn="1").title is None
    with pytest.raises(MissingTableAttribute, match=rf"Book\.Table has no {attribute}"):
        model.Table.create_table()
    assert not model.Table.exists


def test_session_and_resource_kwargs_reach_boto3_and_a_dict_under_config_becomes_a_config(library, dynamo_local):
    model = library.model(
        "Book",
        {
            **TABLE,
            "session_kwargs": {"region_name": "eu-north-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"},
            "resource_kwargs": {
                "endpoint_url": dynamo_local.endpoint_url,
                "config": {"connect_timeout": 7, "max_pool_connections": 3},
            },
        },
        FIELDS,
    )
    for client in (model.Table.client, model.Table.resource.meta.client):
        assert client.meta.region_name == "eu-north-1"
        assert client.meta.endpoint_url == dynamo_local.endpoint_url
        assert (client.meta.config.connect_timeout, client.meta.config.max_pool_connections) == (7, 3)


def test_a_config_that_is_one_already_is_taken_as_it_is(library, dynamo_local):
    model = library.model(
        "Book",
        {
            **TABLE,
            "resource_kwargs": {
                "endpoint_url": dynamo_local.endpoint_url,
                "region_name": "us-east-1",
                "config": Config(connect_timeout=9),
            },
        },
        FIELDS,
    )
    assert model.Table.client.meta.config.connect_timeout == 9


@pytest.mark.parametrize("transport", ["default", "direct", "boto3"])
def test_every_transport_reads_and_writes_the_same(library, dynamo_tables, transport):
    (model,) = dynamo_tables(library.model("Book", {**TABLE, "transport": transport}, FIELDS))
    assert model.Table.connection.transport == transport
    model.put({"isbn": "1", "year": 1999})
    assert natives(model.get(isbn="1")) == {"isbn": "1", "year": 1999}


def test_an_unknown_transport_is_refused_with_the_names_that_there_are(library, dynamo_tables):
    model = library.model("Book", {**TABLE, "transport": "pigeon"}, FIELDS)
    with pytest.raises(ConfigurationError, match="no transport 'pigeon'; there are: default, direct, boto3"):
        model.get(isbn="1")


def test_a_table_that_validates_on_reading_refuses_what_the_schema_refuses_and_one_that_trusts_does_not(
    library, dynamo_tables
):
    fields = {"isbn": text(required=True), "title": text(required=True), "rank": integer(at_most=5)}
    (model,) = dynamo_tables(library.model("Book", TABLE, fields))
    model.Table.table.put_item(Item={"isbn": "1", "rank": 9})
    assert model.Table.on_read == "validate"
    with pytest.raises(ValidationError):
        model.get(isbn="1")

    class Trusting(model):
        class Table(model.Table):
            on_read = "trust"

    assert (Trusting.get(isbn="1").rank, Trusting.get(isbn="1").title) == (9, None)
    with pytest.raises(DynamoTableException, match="on_read"):
        library.model("Book", {**TABLE, "on_read": "maybe"}, fields)


def test_a_scan_is_allowed_warned_of_or_refused(library, dynamo_tables, recwarn):
    (model,) = dynamo_tables(library.model("Book", TABLE, FIELDS))
    model.put({"isbn": "1"})
    assert (model.Table.on_scan, len(model.scan().all())) == ("allow", 1)
    assert not recwarn.list

    class Warning_(model):
        class Table(model.Table):
            on_scan = "warn"

    with pytest.warns(UserWarning, match="is scanned: every item in it is read"):
        assert len(Warning_.scan().all()) == 1

    class Refusing(model):
        class Table(model.Table):
            on_scan = "error"

    with pytest.raises(ScanRefused):
        Refusing.scan().all()
    with pytest.raises(DynamoTableException, match="on_scan"):
        library.model("Book", {**TABLE, "on_scan": "never"}, FIELDS)


def test_an_abstract_table_makes_no_model_and_its_children_have_it(library, dynamo_tables):
    class Base(DynaModel):
        class Table:
            name = "books"
            hash_key = "isbn"
            billing_mode = "PAY_PER_REQUEST"
            abstract = True

        def shout(self):
            return self.title.upper()

    class Book(Base):
        Schema = library.schema(FIELDS)

    class Magazine(Base):
        class Table(Base.Table):
            name = "magazines"

        Schema = library.schema(FIELDS)

    dynamo_tables(Book, Magazine)
    assert isinstance(Base.Table, type)
    assert (Book.Table.name, Magazine.Table.name) == ("books", "magazines")
    Magazine.put({"isbn": "1", "title": "t"})
    assert Magazine.get(isbn="1").shout() == "T"
    assert Book.get(isbn="1") is None


# Attributes of Model.Table are read at each use.


def test_the_name_of_a_table_may_be_set_after_the_class_exists(library, dynamo_tables):
    one, two = (
        library.model("One", {**TABLE, "name": "one"}, FIELDS),
        library.model("Two", {**TABLE, "name": "two"}, FIELDS),
    )
    dynamo_tables(one, two)
    two.put({"isbn": "1", "title": "in two"})
    assert one.get(isbn="1") is None
    one.Table.name = "two"
    assert one.get(isbn="1").title == "in two"
    assert [found.title for found in one.scan()] == ["in two"]
    one.put({"isbn": "2"})
    assert two.get(isbn="2") is not None
    one.Table.name = "one"


@pytest.mark.parametrize("attribute", ["session_kwargs", "resource_kwargs"])
def test_settings_of_a_table_may_be_set_after_the_class_exists(library, dynamo_local, attribute):
    local = {"region_name": "us-east-1", "aws_access_key_id": "x", "aws_secret_access_key": "y"}
    model = library.model(
        "Book",
        {**TABLE, "resource_kwargs": {"endpoint_url": dynamo_local.endpoint_url}, "session_kwargs": local},
        FIELDS,
    )
    assert model.Table.client.meta.region_name == "us-east-1"
    if attribute == "session_kwargs":
        model.Table.session_kwargs = {**local, "region_name": "eu-west-1"}
        assert model.Table.client.meta.region_name == "eu-west-1"
        # and one that is changed in place
        model.Table.session_kwargs["region_name"] = "eu-west-2"
        assert model.Table.client.meta.region_name == "eu-west-2"
    else:
        model.Table.resource_kwargs = {"endpoint_url": "http://127.0.0.1:1"}
        assert model.Table.client.meta.endpoint_url == "http://127.0.0.1:1"
        model.Table.resource_kwargs["endpoint_url"] = "http://127.0.0.1:2"
        assert model.Table.resource.meta.client.meta.endpoint_url == "http://127.0.0.1:2"


def test_the_transport_of_a_table_may_be_set_after_the_class_exists(library, dynamo_tables):
    (model,) = dynamo_tables(library.model("Book", TABLE, FIELDS))
    model.put({"isbn": "1"})
    for transport in ("boto3", "direct", "default"):
        model.Table.transport = transport
        assert model.Table.connection.transport == transport
        assert model.get(isbn="1").isbn == "1"


# The inner Schema.


def test_a_plain_inner_class_becomes_a_schema_of_the_library_named_after_the_model(library):
    model = library.model("Book", TABLE, library.schema(FIELDS))
    assert model.Schema.__name__ == "BookSchema"
    assert issubclass(model.Schema, model.Schema.base_schema_type())
    assert model.Schema.base_schema_type().__module__.partition(".")[0] == library.name
    assert issubclass(model.Schema, dynamorm.schema.base.DynamORMSchema)
    assert list(model.Schema.dynamorm_fields()) == list(FIELDS)


def test_a_schema_of_the_librarys_own_becomes_one_too_and_stays_as_it_was(library):
    own = library.own_schema(FIELDS)
    model = library.model("Book", TABLE, own)
    assert issubclass(model.Schema, own)
    assert model.Schema is not own
    assert (model.Schema.__name__, own.__name__) == ("BookSchema", "Schema")
    assert not issubclass(own, dynamorm.schema.base.DynamORMSchema)
    other = library.model("Other", {**TABLE, "name": "others"}, own)
    assert (other.Schema.__name__, model.Schema.__name__) == ("OtherSchema", "BookSchema")
    assert other(isbn="1", year="7").year == model(isbn="1", year="7").year == 7


def test_validators_of_the_schema_are_the_models(library, dynamo_tables):
    (model,) = dynamo_tables(library.model("Book", TABLE, {**FIELDS, "rank": integer(at_most=5)}))
    for refused in (lambda: model(isbn="1", rank=6), lambda: model.put({"isbn": "1", "rank": 6})):
        with pytest.raises(ValidationError):
            refused()
    assert model.get(isbn="1") is None


def test_nested_schemas_are_the_models_with_their_own_stored_names(library, dynamo_tables):
    fields = {"isbn": text(required=True), "publisher": nested({"name": text(stored="Name"), "since": integer()})}
    (model,) = dynamo_tables(library.model("Book", TABLE, fields))
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

    model = type(DynaModel)("Book", (DynaModel,), {"Table": type("Table", (), TABLE), "Schema": Schema})
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

    model = type(DynaModel)("Book", (DynaModel,), {"Table": type("Table", (), TABLE), "Schema": Plain})
    assert model.Schema.__name__ == "BookSchema"
    assert (model(isbn="1", tags=["a", "a"]).tags, model().year) == ({"a"}, 7)


def test_a_schema_validates_mappings_as_0_11_did(library):
    model = library.model(
        "Book",
        TABLE,
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


# What Table and indexes show.


def test_the_table_is_an_instance_of_a_class_of_the_models_own(library):
    one, two = shop_model(library), shop_model(library)
    assert isinstance(one.Table, DynamoTable3) and isinstance(one.Table, DynamoCommon3)
    assert type(one.Table) is not DynamoTable3
    assert type(one.Table) is not type(two.Table)
    assert (one.Table.name, one.Table.hash_key, one.Table.range_key, one.Table.read, one.Table.write) == (
        "prod-books",
        "isbn",
        None,
        25,
        5,
    )


def test_the_table_describes_itself_as_boto3_wants_it(library):
    book = shop_model(library)
    assert book.Table.key_schema == [{"AttributeName": "isbn", "KeyType": "HASH"}]
    assert sorted(book.Table.attribute_definitions, key=lambda one: one["AttributeName"]) == [
        {"AttributeName": "author", "AttributeType": "S"},
        {"AttributeName": "isbn", "AttributeType": "S"},
        {"AttributeName": "year", "AttributeType": "N"},
    ]
    assert book.Table.provisioned_throughput == {"ReadCapacityUnits": 25, "WriteCapacityUnits": 5}
    assert book.Table.stream_specification == {"StreamEnabled": False}
    assert book.Table.all_attribute_fields == {"isbn", "author", "year"}
    assert book.Table.table_attribute_fields == {"isbn"}
    assert book.Table.index_attribute_fields() == {"author", "year"}
    assert book.Table.index_attribute_fields(index_name="by-author") == {"author", "year"}
    assert book.Table.index_attribute_fields("no-such") == set()


def test_an_index_is_an_instance_that_knows_model_and_table(library, dynamo_tables):
    (book,) = dynamo_tables(shop_model(library))
    assert isinstance(book.ByAuthor, GlobalIndex)
    assert book.ByAuthor.model is book
    assert book.ByAuthor.index is book.Table.indexes["by-author"]
    assert isinstance(book.ByAuthor.index, DynamoGlobalIndex3) and isinstance(book.ByAuthor.index, DynamoIndex3)
    assert book.ByAuthor.index.key_schema == [
        {"AttributeName": "author", "KeyType": "HASH"},
        {"AttributeName": "year", "KeyType": "RANGE"},
    ]
    assert book.ByAuthor.index.provisioned_throughput == {"ReadCapacityUnits": 25, "WriteCapacityUnits": 5}
    book.put({"isbn": "1", "author": "a", "year": 1})
    book.put({"isbn": "2", "author": "a", "year": 2})
    book.put({"isbn": "3"})
    assert [found.isbn for found in book.ByAuthor.query(author="a", year__gt=1)] == ["2"]
    assert sorted(found.isbn for found in book.ByAuthor.scan()) == ["1", "2"]


def test_a_global_index_may_have_up_to_four_attributes_in_each_part_of_its_key(library, dynamo_tables):
    class ByAll(GlobalIndex):
        name = "by-all"
        hash_key = ("a", "b", "c", "d")
        range_key = ["e", "f", "g", "h"]
        projection = ProjectKeys()

    class ByThree(GlobalIndex):
        name = "by-three"
        hash_key = ("c", "a", "b")
        projection = ProjectAll()

    fields = {"id": text(required=True), **{name: text(stored=name.upper()) for name in "abcd"}}
    fields = {**fields, **{name: integer() for name in "efgh"}}
    table = {"name": "things", "hash_key": "id"}
    (thing,) = dynamo_tables(library.model("Thing", table, fields, ByAll=ByAll, ByThree=ByThree))
    found = described(thing.Table)
    indexes = {index["IndexName"]: index["KeySchema"] for index in found["GlobalSecondaryIndexes"]}
    assert [(part["AttributeName"], part["KeyType"]) for part in indexes["by-all"]] == [
        *((name, "HASH") for name in "ABCD"),
        *((name, "RANGE") for name in "efgh"),
    ]
    assert [(part["AttributeName"], part["KeyType"]) for part in indexes["by-three"]] == [
        (name, "HASH") for name in "CAB"
    ]
    assert thing.ByAll.index.key_schema == indexes["by-all"]
    assert {one["AttributeName"]: one["AttributeType"] for one in found["AttributeDefinitions"]} == {
        "id": "S",
        **dict.fromkeys("ABCD", "S"),
        **dict.fromkeys("efgh", "N"),
    }
    thing.Table.validate(strict=True)
    assert thing.Table.plan() == ()
    thing(id="1", a="x", e=5).save()  # no key of the indexes is whole
    assert natives(thing.get(id="1")) == {"id": "1", "a": "x", "e": 5}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"hash_key": ("author", "titel")}, "hash_key = 'titel' is no field of BookSchema; did you mean 'title'"),
        ({"hash_key": ("author", "author")}, "name 'author' 2 times"),
        ({"hash_key": "author", "range_key": ("year", "author")}, "name 'author' 2 times"),
        ({"hash_key": ()}, r"hash_key = \(\) names no fields; DynamoDB takes from 1 to 4"),
        ({"hash_key": ("isbn", "title", "author", "year", "isbn")}, "names 5 fields; DynamoDB takes from 1 to 4"),
    ],
)
def test_a_key_of_several_fields_that_cannot_be_is_refused(library, keys, message):
    index = type("ByAuthor", (GlobalIndex,), {"name": "by-author", "projection": ProjectAll(), **keys})
    with pytest.raises(InvalidSchemaField, match=rf"Book\.ByAuthor: .*{message}"):
        library.model("Book", TABLE, FIELDS, ByAuthor=index)


def test_tables_and_local_indexes_have_one_field_in_each_part_of_the_key(library):
    with pytest.raises(
        InvalidSchemaField, match=r"Book\.Table: hash_key = \('isbn', 'title'\): only the key of a Global"
    ):
        library.model("Book", {"name": "books", "hash_key": ("isbn", "title")}, FIELDS)
    declared = {"name": "by-year", "hash_key": "isbn", "range_key": ("author", "year"), "projection": ProjectAll()}
    with pytest.raises(InvalidSchemaField, match=r"Book\.ByYear: range_key = .*: only the key of a GlobalIndex"):
        library.model("Book", {**TABLE, "range_key": "title"}, FIELDS, ByYear=type("ByYear", (LocalIndex,), declared))


def test_a_child_may_have_another_key_for_an_index_of_its_parent(library):
    parent = shop_model(library)

    class Child(parent):
        class ByAuthor(parent.ByAuthor):
            hash_key = ("author", "title")

    assert Child.ByAuthor.index.key.hash_names == ("author", "title")
    assert Child.ByAuthor.index.key.range_names == ("year",)
    assert parent.ByAuthor.index.key.hash_names == ("author",)


def test_a_local_index_has_the_tables_hash_key_and_another_range_key(library, dynamo_tables):
    class ByBody(LocalIndex):
        name = "by-body"
        hash_key = "isbn"
        range_key = "body"
        projection = ProjectInclude("words")

    (page,) = dynamo_tables(page_model(library, ByBody=ByBody))
    assert isinstance(page.ByBody.index, DynamoLocalIndex3)
    (index,) = described(page.Table)["LocalSecondaryIndexes"]
    assert index["KeySchema"][1] == {"AttributeName": "Body", "KeyType": "RANGE"}
    assert index["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["words"]}
    page.put({"isbn": "1", "number": 1, "body": "zz"})
    page.put({"isbn": "1", "number": 2, "body": "aa"})
    assert [found.number for found in page.ByBody.query(isbn="1")] == [2, 1]


def test_projections_are_declared_as_instances_or_classes(library, dynamo_tables):
    class ByAuthor(GlobalIndex):
        name = "by-author"
        hash_key = "author"
        projection = ProjectKeys

    class ByYear(GlobalIndex):
        name = "by-year"
        hash_key = "year"
        projection = ProjectAll

    (book,) = dynamo_tables(library.model("Book", TABLE, FIELDS, ByAuthor=ByAuthor, ByYear=ByYear))
    found = {index["IndexName"]: index["Projection"] for index in described(book.Table)["GlobalSecondaryIndexes"]}
    assert found == {
        "by-author": {"ProjectionType": "KEYS_ONLY"},
        "by-year": {"ProjectionType": "ALL"},
    }


def test_inner_table_and_index_classes_keep_their_methods_and_bases(library):
    class Loud:
        def shout(self):
            return self.name.upper()

    class Book(DynaModel):
        class Table(Loud):
            name = "books"
            hash_key = "isbn"

            @property
            def short(self):
                return self.name[:2]

        class ByAuthor(Loud, GlobalIndex):
            name = "by-author"
            hash_key = "author"
            projection = ProjectAll()

            def of(self, author):
                return self.query(author=author)

        Schema = library.schema(FIELDS)

    assert isinstance(Book.Table, Loud) and isinstance(Book.ByAuthor, Loud)
    assert (Book.Table.shout(), Book.Table.short, Book.ByAuthor.shout()) == ("BOOKS", "bo", "BY-AUTHOR")
    assert Book.ByAuthor.of("a").explain().index_name == "by-author"


def test_the_tables_client_is_what_the_data_goes_through_so_a_stubber_answers_for_it(library, dynamo_tables):
    (book,) = dynamo_tables(library.model("Book", TABLE, FIELDS))
    stubber = Stubber(book.Table.client)
    stubber.add_response("get_item", {"Item": {"isbn": {"S": "1"}, "title": {"S": "stubbed"}}})
    with stubber:
        assert book.get(isbn="1").title == "stubbed"
    assert book.get(isbn="1") is None


def test_hooks_on_the_tables_client_see_every_operation(library, dynamo_tables):
    (book,) = dynamo_tables(library.model("Book", TABLE, FIELDS))
    seen = []

    def note(params, **kwargs):
        seen.append(kwargs["model"].name)

    events = book.Table.client.meta.events
    events.register("before-parameter-build.dynamodb", note)
    try:
        book.put({"isbn": "1"})
        book.get(isbn="1").delete()
        list(book.scan())
    finally:
        events.unregister("before-parameter-build.dynamodb", note)
    assert seen == ["PutItem", "GetItem", "DeleteItem", "Scan"]


def test_resource_and_table_are_boto3s_own(library, dynamo_tables):
    (book,) = dynamo_tables(library.model("Book", TABLE, FIELDS))
    assert type(book.Table.resource).__name__ == "dynamodb.ServiceResource"
    assert type(book.Table.table).__name__ == "dynamodb.Table"
    assert book.Table.table.name == book.Table.full_name
    book.Table.table.put_item(Item={"isbn": "1", "year": 7})
    assert book.get(isbn="1").year == 7


# Field classes of the user's own.


def own_kind(library, base, dumped, attributes):
    """Give a kind of field, derived from one of the library's, whose dump is what ``dumped`` makes of the value."""
    if library.name == "pydantic":
        core = pytest.importorskip("pydantic_core.core_schema")

        def schema(cls, source, handler):
            def take(value):
                return value if isinstance(value, cls) else cls(value)

            dump = core.plain_serializer_function_ser_schema(lambda held: dumped(held.value))
            return core.no_info_plain_validator_function(take, serialization=dump)

        kind = {"text": str, "integer": int, "any": object}[base]
        body = {
            "__new__": lambda cls, value: kind.__new__(cls) if kind is object else kind.__new__(cls, value),
            "__init__": lambda self, value: setattr(self, "value", value),
            "__get_pydantic_core_schema__": classmethod(schema),
        }
    elif library.name == "marshmallow":
        kind = getattr(library.library.fields, {"text": "String", "integer": "Integer", "any": "Field"}[base])
        body = {
            "_serialize": lambda self, value, *rest, **options: dumped(value),
            "_deserialize": lambda self, value, *rest, **options: value,
        }
    else:
        kind = getattr(library.types, {"text": "StringType", "integer": "IntType", "any": "BaseType"}[base])
        body = {
            "to_primitive": lambda self, value, context=None: dumped(value),
            "to_native": lambda self, value, context=None: value,
        }
    return type("Own", (kind,), {**body, **attributes})


def model_with(library, base, dumped, key="own", **attributes):
    kind = own_kind(library, base, dumped, attributes)
    if library.name == "pydantic":
        annotations = {"isbn": str | None, "own": kind | None}
        body = {"__annotations__": annotations, "isbn": None, "own": None, "__module__": __name__}
    else:
        body = {"isbn": library.field(text()), "own": kind()}
    return library.model("Book", {"name": "books", "hash_key": key}, type("Schema", (), body))


@pytest.mark.parametrize(
    ("dumped", "letter"),
    [
        (str, "S"),
        (int, "N"),
        (lambda value: str(value).encode(), "B"),
        (lambda value: [value], "L"),
        (lambda value: {"v": value}, "M"),
        (bool, "BOOL"),
    ],
)
def test_what_an_own_fields_dump_returns_is_stored_by_its_python_type(library, dynamo_tables, dumped, letter):
    (model,) = dynamo_tables(model_with(library, "any", dumped, key="isbn"))
    instance = model(isbn="1")
    instance.own = 7
    instance.save()
    found = model.Table.client.get_item(TableName=model.Table.full_name, Key={"isbn": {"S": "1"}})["Item"]
    assert list(found["own"]) == [letter]


@pytest.mark.parametrize(
    ("base", "attributes", "letter"),
    [
        ("integer", {}, "N"),
        ("text", {}, "S"),
        ("any", {}, "S"),
        ("any", {"dynamo_type": "N"}, "N"),
        ("text", {"dynamo_type": "B"}, "B"),
    ],
)
def test_an_own_field_is_a_key_as_its_nearest_known_ancestor_or_as_it_says(library, base, attributes, letter):
    model = model_with(library, base, str, **attributes)
    assert model.Table.attribute_definitions == [{"AttributeName": "own", "AttributeType": letter}]
    assert model.Schema.field_to_dynamo_type(model.Schema.dynamorm_fields()["own"]) == letter


# What is refused, when the class is made.


def test_a_model_without_a_table_is_refused(library):
    with pytest.raises(DynaModelException, match="You must define an inner 'Table' class on your 'Book' class"):
        type(DynaModel)("Book", (DynaModel,), {"Schema": library.schema(FIELDS)})


def test_a_model_without_a_schema_is_refused():
    with pytest.raises(DynaModelException, match="You must define an inner 'Schema' class on your 'Book' class"):
        type(DynaModel)("Book", (DynaModel,), {"Table": type("Table", (), TABLE)})


def test_a_schema_in_no_library_is_refused():
    with pytest.raises(UnknownSchema, match=r"Book\.Schema holds no field of a schema library") as caught:
        type(DynaModel)(
            "Book", (DynaModel,), {"Table": type("Table", (), TABLE), "Schema": type("Schema", (), {"a": 1})}
        )
    assert isinstance(caught.value, DynaModelException)


@pytest.mark.parametrize("missing", ["name", "hash_key"])
def test_a_table_without_name_or_hash_key_is_refused(library, missing):
    with pytest.raises(MissingTableAttribute, match=rf"Book\.Table has no {missing}"):
        library.model("Book", {name: value for name, value in TABLE.items() if name != missing}, FIELDS)


@pytest.mark.parametrize("missing", ["name", "hash_key", "projection"])
def test_an_index_without_name_hash_key_or_projection_is_refused(library, missing):
    declared = {"name": "by-author", "hash_key": "author", "projection": ProjectAll()}
    del declared[missing]
    with pytest.raises(MissingTableAttribute, match=rf"Book\.ByAuthor has no {missing}"):
        library.model("Book", TABLE, FIELDS, ByAuthor=type("ByAuthor", (GlobalIndex,), declared))


@pytest.mark.parametrize("role", ["hash_key", "range_key"])
def test_a_key_that_is_no_field_is_refused_with_the_nearest_name(library, role):
    said = rf"{role} = 'titel' is no field of BookSchema; did you mean 'title'"
    with pytest.raises(InvalidSchemaField, match=rf"Book\.Table: {said}"):
        library.model("Book", {**TABLE, role: "titel"}, FIELDS)
    declared = {"name": "by-title", "hash_key": "title", "projection": ProjectAll(), role: "titel"}
    index = type("ByTitle", (GlobalIndex,), declared)
    with pytest.raises(InvalidSchemaField, match=rf"Book\.ByTitle: {said}"):
        library.model("Book", TABLE, FIELDS, ByTitle=index)


@pytest.mark.parametrize("field", [boolean(), listing(text()), mapping(), nested({"a": text()})], ids=lambda f: f.kind)
def test_a_key_of_a_field_that_is_no_key_type_is_refused(library, field):
    with pytest.raises(InvalidSchemaField, match="stored neither as string, number nor binary"):
        library.model("Book", {"name": "t", "hash_key": "key"}, {"key": field})


# Inheritance.


def test_trap_a_child_may_override_only_the_table(library, dynamo_tables):
    parent = shop_model(library, billing_mode="PAY_PER_REQUEST")

    class Child(parent):
        class Table:
            name = "children"
            hash_key = "isbn"
            billing_mode = "PAY_PER_REQUEST"

    dynamo_tables(parent, Child)
    Child.put({"isbn": "1", "author": "a", "year": 1})
    assert parent.get(isbn="1") is None
    assert type(Child.get(isbn="1")) is Child
    assert [type(found) for found in Child.ByAuthor.query(author="a")] == [Child]
    assert Child.Schema is parent.Schema
    assert list(parent.ByAuthor.query(author="a")) == []


def test_trap_an_inherited_index_gives_instances_of_the_child(library, dynamo_tables):
    parent = shop_model(library)

    class Child(parent):
        def shout(self):
            return self.author.upper()

    dynamo_tables(parent)
    Child(isbn="1", author="a", year=1).save()
    assert [type(found) for found in Child.ByAuthor.query(author="a")] == [Child]
    assert [type(found) for found in Child.ByAuthor.scan()] == [Child]
    assert [type(found) for found in parent.ByAuthor.query(author="a")] == [parent]
    assert [type(found) for found in Child.scan()] == [Child]
    assert type(Child.get(isbn="1")) is Child and type(parent.get(isbn="1")) is parent
    assert (Child.ByAuthor.model, parent.ByAuthor.model) == (Child, parent)
    assert Child.ByAuthor.query(author="a").first().shout() == "A"


def test_trap_a_child_does_not_take_over_its_parents_table(library, dynamo_tables):
    parent = shop_model(library)
    before = parent.Table

    class Child(parent):
        Schema = library.schema({**FIELDS, "age": integer()})

    class Other(parent):
        class Table(parent.Table):
            name = "others"

    assert parent.Table is before
    assert parent.Table.schema is parent.Schema is not Child.Schema
    assert Child.Table is not parent.Table
    dynamo_tables(parent)
    parent.put({"isbn": "1", "year": 5})
    assert type(parent.get(isbn="1")) is parent
    assert [type(found) for found in parent.scan()] == [parent]
    with pytest.raises(InvalidSchemaField):
        parent.scan(age=1).all()


def test_a_child_that_overrides_nothing_shares_its_parents_table(library):
    parent = shop_model(library)

    class Child(parent):
        pass

    class Grandchild(Child):
        colour = "blue"

    assert Child.Table is parent.Table and Grandchild.Table is parent.Table
    assert Child.Schema is parent.Schema


def test_inner_classes_of_a_child_may_inherit_from_the_parents(library, dynamo_tables):
    parent = shop_model(library)

    class Child(parent):
        class Table(parent.Table):
            name = "children"

        class ByAuthor(parent.ByAuthor):
            projection = ProjectKeys()

        Schema = library.schema({"age": integer()}, bases=(parent.Schema,))

    assert (Child.Table.hash_key, Child.Table.read, Child.Table.name) == ("isbn", 25, "children")
    assert isinstance(Child.ByAuthor.index.projection, ProjectKeys)
    assert isinstance(parent.ByAuthor.index.projection, ProjectAll)
    assert Child.ByAuthor.index.hash_key == "author"
    assert set(Child.Schema.dynamorm_fields()) == {*FIELDS, "age"}
    assert set(parent.Schema.dynamorm_fields()) == set(FIELDS)
    assert Child.Schema.__name__ == "ChildSchema"
    dynamo_tables(Child)
    Child.put({"isbn": "1", "author": "a", "year": 1, "age": 3, "title": "t"})
    assert Child.get(isbn="1").age == 3
    (found,) = Child.ByAuthor.query(author="a")
    assert (type(found), found.is_partial, found.title) == (Child, True, None)


def test_a_child_may_write_the_inner_classes_as_statements():
    fields = pytest.importorskip("marshmallow.fields")

    class Parent(DynaModel):
        class Table:
            name = "parents"
            hash_key = "id"

        class Schema:
            id = fields.String()

    class Child(Parent):
        class Schema(Parent.Schema):
            age = fields.Integer()

    assert Child(id="1", age="3").age == 3
    assert Parent.Schema.__name__ == "ParentSchema"


def test_a_child_adds_an_index_and_the_parent_does_not_get_it(library, dynamo_tables):
    parent = shop_model(library)

    class Child(parent):
        class Table(parent.Table):
            name = "children"

        class ByTitle(GlobalIndex):
            name = "by-title"
            hash_key = "title"
            read = 1
            write = 1
            projection = ProjectAll()

    assert set(Child.Table.indexes) == {"by-author", "by-title"}
    assert set(parent.Table.indexes) == {"by-author"}
    assert not hasattr(parent, "ByTitle")
    dynamo_tables(Child)
    assert {index["IndexName"] for index in described(Child.Table)["GlobalSecondaryIndexes"]} == {
        "by-author",
        "by-title",
    }


def test_a_child_does_without_an_index_of_its_parent_by_setting_it_to_none(library):
    parent = shop_model(library)

    class Child(parent):
        ByAuthor = None

    assert Child.Table.indexes == {}
    assert Child.ByAuthor is None
    assert set(parent.Table.indexes) == {"by-author"}


def test_plain_mixins_bring_methods_fields_tables_and_indexes(library, dynamo_tables):
    class Stored:
        class Table:
            name = "books"
            hash_key = "isbn"
            billing_mode = "PAY_PER_REQUEST"

    class Found:
        class ByAuthor(GlobalIndex):
            name = "by-author"
            hash_key = "author"
            projection = ProjectAll()

        def colleagues(self):
            return type(self).ByAuthor.query(author=self.author)

    class Described:
        Schema = library.schema(FIELDS)

    class Book(Stored, Found, Described, DynaModel):
        pass

    class Magazine(Found, DynaModel):
        class Table(Stored.Table):
            name = "magazines"

        Schema = library.schema(FIELDS)

    dynamo_tables(Book, Magazine)
    Book.put({"isbn": "1", "author": "a"})
    (found,) = Book.get(isbn="1").colleagues()
    assert type(found) is Book
    assert Magazine.ByAuthor.model is Magazine
    assert isinstance(Found.ByAuthor, type)


def test_of_several_parents_the_nearest_gives_what_the_child_lacks(library):
    one = library.model("One", {**TABLE, "name": "one"}, {"isbn": text()})
    two = library.model("Two", {**TABLE, "name": "two"}, {"isbn": text(), "year": integer()})

    class Both(one, two):
        pass

    assert Both.Table is one.Table
    assert not hasattr(Both(), "year")


def test_a_grandchild_inherits_through_a_child_that_replaced_something(library):
    parent = shop_model(library)

    class Child(parent):
        class Table(parent.Table):
            name = "children"

    class Grandchild(Child):
        pass

    assert Grandchild.Table is Child.Table
    assert Grandchild.ByAuthor.index is Child.Table.indexes["by-author"]
    assert Grandchild.ByAuthor.model is Grandchild


def test_model_classes_can_be_copied_and_pickled_by_name(library):
    model = shop_model(library)
    assert copy.copy(model) is model and copy.deepcopy(model) is model
    model.__module__, model.__qualname__ = __name__, "PickledByName"
    sys.modules[__name__].PickledByName = model
    try:
        assert pickle.loads(pickle.dumps(model)) is model
    finally:
        delattr(sys.modules[__name__], "PickledByName")


# Stored names.


def test_keys_projections_conditions_and_updates_take_python_names_and_send_stored_ones(library, dynamo_tables):
    class ByWriter(GlobalIndex):
        name = "by-writer"
        hash_key = "writer"
        range_key = "born"
        projection = ProjectInclude("motto")

    fields = {
        "code": text(stored="Code", required=True),
        "part": integer(stored="Part", required=True),
        "writer": text(stored="Writer"),
        "born": integer(stored="Born"),
        "motto": text(stored="Motto"),
        "plain": text(),
    }
    model = library.model("Book", {"name": "named", "hash_key": "code", "range_key": "part"}, fields, ByWriter=ByWriter)
    dynamo_tables(model)
    assert model.Table.key_schema == [
        {"AttributeName": "Code", "KeyType": "HASH"},
        {"AttributeName": "Part", "KeyType": "RANGE"},
    ]
    model.put({"code": "c", "part": 1, "writer": "w", "born": 1900, "motto": "m", "plain": "p"})
    raw = model.Table.table.get_item(Key={"Code": "c", "Part": 1})["Item"]
    assert raw == {"Code": "c", "Part": 1, "Writer": "w", "Born": 1900, "Motto": "m", "plain": "p"}
    assert model.get(code="c", part=1).motto == "m"
    (found,) = model.ByWriter.query(writer="w", born__gt=1800)
    assert (found.motto, found.plain) == ("m", None)
    assert [one.part for one in model.scan(motto__begins_with="m")] == [1]
    model.update_item(code="c", part=1, motto="n", conditions={"writer": "w"})
    assert model.get(code="c", part=1, attrs=["motto"]).to_item() == {
        "Code": {"S": "c"},
        "Part": {"N": "1"},
        "Motto": {"S": "n"},
    }
    assert model.query(code="c").only("motto").first().motto == "n"
    assert model.get(code="c", part=1).to_dict(native=True) == {
        "code": "c",
        "part": 1,
        "writer": "w",
        "born": 1900,
        "motto": "n",
        "plain": "p",
    }
