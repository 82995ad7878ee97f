"""A real engine gives back what it was given."""

from __future__ import annotations

import uuid

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynamorm.wire.codec import decode_item, encode_item

from ..profiles import examples
from .values import boto_form, storable, texts, with_types


@pytest.fixture(scope="module")
def table(dynamo_local):
    if dynamo_local.name == "moto":
        pytest.skip("moto's server fails on a map with an empty key")
    client = boto3.client(
        "dynamodb",
        endpoint_url=dynamo_local.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    name = f"codec-{uuid.uuid4().hex}"
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield client, name
    client.delete_table(TableName=name)


@settings(max_examples=examples(quick=20, long=200), suppress_health_check=list(HealthCheck))
@given(
    batch=st.lists(
        st.dictionaries(texts.filter(lambda t: t and t != "id"), storable, max_size=3), min_size=15, max_size=25
    )
)
def test_a_real_engine_gives_back_what_it_was_given(table, batch):
    client, name = table
    items = {str(number): dict(values, id=str(number)) for number, values in enumerate(batch)}
    requests = [{"PutRequest": {"Item": encode_item(item)}} for item in items.values()]
    answer = client.batch_write_item(RequestItems={name: requests})
    assert not answer["UnprocessedItems"]
    keys = [{"id": {"S": key}} for key in items]
    stored = client.batch_get_item(RequestItems={name: {"Keys": keys, "ConsistentRead": True}})["Responses"][name]
    assert len(stored) == len(items)
    for wire in stored:
        ours = encode_item(items[wire["id"]["S"]])
        assert boto_form({"M": wire}) == boto_form({"M": ours})
        assert with_types(decode_item(wire)) == with_types(decode_item(ours))
