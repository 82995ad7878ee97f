"""The inner Table: what it declares, and how it describes itself."""

from __future__ import annotations

import pytest

from dynamorm import DynamoTableException, InvalidSchemaField, MissingTableAttribute, ScanRefused, ValidationError
from dynamorm.table import DynamoCommon3, DynamoTable3

from ..books import BOOK_TABLE, book_model
from ..libraries import integer, text
from ..values.things import THING
from .shop import FIELDS, described, shop_model

# What it declares.


def test_a_table_is_created_as_it_is_declared(library, dynamo_tables):
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
        "Book", {**BOOK_TABLE, "billing_mode": "PROVISIONED", "read": 1, "write": 1, attribute: None}, FIELDS
    )
    assert model(isbn="1").title is None
    with pytest.raises(MissingTableAttribute, match=rf"Book\.Table has no {attribute}"):
        model.Table.create_table()
    assert not model.Table.exists


def test_tables_are_created_and_deleted_with_what_0_11_returned(library, dynamo_tables):
    model = book_model(library)
    created = model.Table.create_table()
    assert created.table_name == model.Table.full_name
    assert model.Table.delete() is True


def test_a_table_that_validates_on_reading_refuses_what_the_schema_refuses_and_one_that_trusts_does_not(
    library, dynamo_tables
):
    fields = {"isbn": text(required=True), "title": text(required=True), "rank": integer(at_most=5)}
    (model,) = dynamo_tables(library.model("Book", BOOK_TABLE, fields))
    model.Table.table.put_item(Item={"isbn": "1", "rank": 9})
    assert model.Table.on_read == "validate"
    with pytest.raises(ValidationError):
        model.get(isbn="1")

    class Trusting(model):
        class Table(model.Table):
            on_read = "trust"

    assert (Trusting.get(isbn="1").rank, Trusting.get(isbn="1").title) == (9, None)
    with pytest.raises(DynamoTableException, match="on_read"):
        library.model("Book", {**BOOK_TABLE, "on_read": "maybe"}, fields)


def test_a_scan_is_allowed_warned_of_or_refused(library, dynamo_tables, recwarn):
    (model,) = dynamo_tables(library.model("Book", BOOK_TABLE, FIELDS))
    model.put({"isbn": "1"})
    assert (model.Table.on_scan, len(model.scan().all())) == ("allow", 1)
    # of its own kind: garbage that is collected meanwhile may warn as well
    assert not [one for one in recwarn if issubclass(one.category, UserWarning)]

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
        library.model("Book", {**BOOK_TABLE, "on_scan": "never"}, FIELDS)


def test_ttl_names_a_field_that_is_stored_as_a_number(library):
    for wrong in ("s", "free", "flag", "nothing"):
        with pytest.raises(InvalidSchemaField, match=f"ttl = '{wrong}'"):
            library.model("Expiring", {"name": "expiring", "hash_key": "id", "ttl": wrong}, THING)
    library.model("Expiring", {"name": "expiring", "hash_key": "id", "ttl": "n"}, THING)


# What it shows.


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
