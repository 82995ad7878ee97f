"""How a Table reaches DynamoDB: what goes to boto3, the transport, and settings that are changed later."""

from __future__ import annotations

import pytest
from botocore.config import Config
from botocore.stub import Stubber

from dynamorm import ConfigurationError

from ..books import BOOK_TABLE
from ..libraries import natives
from .shop import FIELDS

# What goes to boto3.


def test_session_and_resource_kwargs_reach_boto3_and_a_dict_under_config_becomes_a_config(library, dynamo_local):
    model = library.model(
        "Book",
        {
            **BOOK_TABLE,
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
            **BOOK_TABLE,
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
    (model,) = dynamo_tables(library.model("Book", {**BOOK_TABLE, "transport": transport}, FIELDS))
    assert model.Table.connection.transport == transport
    model.put({"isbn": "1", "year": 1999})
    assert natives(model.get(isbn="1")) == {"isbn": "1", "year": 1999}


def test_an_unknown_transport_is_refused_with_the_names_that_there_are(library, dynamo_tables):
    model = library.model("Book", {**BOOK_TABLE, "transport": "pigeon"}, FIELDS)
    with pytest.raises(ConfigurationError, match="no transport 'pigeon'; there are: default, direct, boto3"):
        model.get(isbn="1")


# Attributes of Model.Table are read at each use.


def test_the_name_of_a_table_may_be_set_after_the_class_exists(library, dynamo_tables):
    one, two = (
        library.model("One", {**BOOK_TABLE, "name": "one"}, FIELDS),
        library.model("Two", {**BOOK_TABLE, "name": "two"}, FIELDS),
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
        {**BOOK_TABLE, "resource_kwargs": {"endpoint_url": dynamo_local.endpoint_url}, "session_kwargs": local},
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
    (model,) = dynamo_tables(library.model("Book", BOOK_TABLE, FIELDS))
    model.put({"isbn": "1"})
    for transport in ("boto3", "direct", "default"):
        model.Table.transport = transport
        assert model.Table.connection.transport == transport
        assert model.get(isbn="1").isbn == "1"


# The objects of boto3's behind it.


def test_the_tables_client_is_what_the_data_goes_through_so_a_stubber_answers_for_it(library, dynamo_tables):
    (book,) = dynamo_tables(library.model("Book", BOOK_TABLE, FIELDS))
    stubber = Stubber(book.Table.client)
    stubber.add_response("get_item", {"Item": {"isbn": {"S": "1"}, "title": {"S": "stubbed"}}})
    with stubber:
        assert book.get(isbn="1").title == "stubbed"
    assert book.get(isbn="1") is None


def test_hooks_on_the_tables_client_see_every_operation(library, dynamo_tables):
    (book,) = dynamo_tables(library.model("Book", BOOK_TABLE, FIELDS))
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
    (book,) = dynamo_tables(library.model("Book", BOOK_TABLE, FIELDS))
    assert type(book.Table.resource).__name__ == "dynamodb.ServiceResource"
    assert type(book.Table.table).__name__ == "dynamodb.Table"
    assert book.Table.table.name == book.Table.full_name
    book.Table.table.put_item(Item={"isbn": "1", "year": 7})
    assert book.get(isbn="1").year == 7
