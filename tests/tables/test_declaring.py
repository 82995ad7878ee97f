"""What a Table may say, checked when the class is made."""

from __future__ import annotations

import pytest

from dynamorm import DynaModel, DynamoTableException, GlobalIndex, InvalidSchemaField, LocalIndex, ProjectAll
from dynamorm.spec import KeySpec

from ..specs import single_key

fields = pytest.importorskip("marshmallow.fields")


def define(*, index=None, kind=GlobalIndex, **table):
    body = {
        "Table": type("Table", (), {"name": "things", "hash_key": "id", **table}),
        "Schema": type(
            "Schema",
            (),
            {
                "id": fields.String(),
                "expires": fields.Integer(data_key="Expires"),
                "price": fields.Decimal(as_string=True),
                "tags": fields.List(fields.String()),
            },
        ),
    }
    if index is not None:
        body["ByPrice"] = type("ByPrice", (kind,), {"name": "by-price", "projection": ProjectAll(), **index})
    return type(DynaModel)("Thing", (DynaModel,), body)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (
            {"billing_mode": "ON_DEMAND"},
            r"Thing\.Table: billing_mode = 'ON_DEMAND' has to be one of .*'PAY_PER_REQUEST'",
        ),
        ({"stream": "ALL"}, "stream = 'ALL' has to be one of .*'NEW_AND_OLD_IMAGES'"),
        ({"table_class": "IA"}, "table_class = 'IA' has to be one of .*'STANDARD_INFREQUENT_ACCESS'"),
        ({"pitr": "on"}, r"pitr = 'on' has to be one of \(None, True, False\)"),
        ({"sse": "KMS"}, r"sse = 'KMS' has to be one of \(None, True, False\)"),
        ({"deletion_protection": "yes"}, r"deletion_protection = 'yes' has to be one of \(None, True, False\)"),
        ({"read": 0}, r"Thing\.Table: read = 0 has to be a whole number from 1 up"),
        ({"write": "5"}, "write = '5' has to be a whole number from 1 up"),
        ({"read": True}, "read = True has to be a whole number from 1 up"),
        ({"tags": [{"Key": "a", "Value": "b"}]}, r'tags = \[.*\] has to be a dict, as {"team": "books"}'),
        ({"tags": {"cost": 5}}, "tags: 'cost': 5 has to be text, and the key not empty"),
        ({"tags": {"": "a"}}, "tags: '': 'a' has to be text, and the key not empty"),
        ({"kms_key": "k1", "sse": False}, "kms_key = 'k1' and sse = False exclude each other"),
        ({"kms_key": "alias/mine"}, "kms_key = 'alias/mine' has to be the id or the ARN of a key, not an alias"),
        ({"kms_key": True}, "kms_key = True has to be the id or the ARN of a key"),
        ({"index": {"hash_key": "price", "read": -1}}, r"Thing\.ByPrice: read = -1 has to be a whole number from 1 up"),
    ],
)
def test_a_declaration_that_cannot_be_meant_names_the_choices(declared, message):
    with pytest.raises(DynamoTableException, match=message):
        define(**declared)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"ttl": "expire"}, r"Thing\.Table: ttl = 'expire' is no field of ThingSchema; did you mean 'expires'\?"),
        ({"ttl": "price"}, "ttl = 'price' is not stored as a number; .* name a field of that kind"),
        ({"ttl": True}, "ttl = True is no field of ThingSchema; its fields are id, expires, price, tags"),
    ],
)
def test_names_are_those_of_fields_that_can_serve(declared, message):
    with pytest.raises(InvalidSchemaField, match=message):
        define(**declared)


ONE_FIELD = "only the key of a GlobalIndex may consist of several fields; name one, by its bare name, or one that holds"


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"hash_key": ("id", "price")}, rf"Thing\.Table: hash_key = \('id', 'price'\): {ONE_FIELD}"),
        ({"hash_key": ["id"]}, rf"Thing\.Table: hash_key = \['id'\]: {ONE_FIELD}"),
        ({"range_key": ("price",)}, rf"Thing\.Table: range_key = \('price',\): {ONE_FIELD}"),
        (
            {"kind": LocalIndex, "index": {"hash_key": "id", "range_key": ("price", "expires")}},
            rf"Thing\.ByPrice: range_key = \('price', 'expires'\): {ONE_FIELD}",
        ),
        ({"kind": LocalIndex, "index": {"hash_key": ("id",), "range_key": "price"}}, r"hash_key = \('id',\): only the"),
        ({"index": {"hash_key": ()}}, r"Thing\.ByPrice: hash_key = \(\) names no fields; DynamoDB takes from 1 to 4"),
        (
            {"index": {"hash_key": "id", "range_key": []}},
            r"range_key = \[\] names no fields; DynamoDB takes from 1 to 4",
        ),
        (
            {"index": {"hash_key": ("id", "expires", "price", "a", "b")}},
            r"hash_key = \('id', .*\) names 5 fields; DynamoDB takes from 1 to 4",
        ),
        ({"index": {"hash_key": "id", "range_key": list("abcde")}}, "range_key = .* names 5 fields; DynamoDB takes"),
        (
            {"index": {"hash_key": ("price", "price")}},
            r"hash_key = \('price', 'price'\) and range_key = None name 'price' 2 times; a field has one place",
        ),
        (
            {"index": {"hash_key": ("id", "expires"), "range_key": "Expires"}},
            r"hash_key = \('id', 'expires'\) and range_key = 'Expires' name 'expires' 2 times",
        ),
        ({"range_key": "id"}, r"Thing\.Table: hash_key = 'id' and range_key = 'id' name 'id' 2 times"),
        (
            {"index": {"hash_key": ("id", "prise")}},
            r"hash_key = 'prise' is no field of ThingSchema; did you mean 'price'",
        ),
        (
            {"index": {"hash_key": "id", "range_key": ("price", "tags")}},
            "range_key = 'tags' is a List, which is stored",
        ),
        ({"index": {"hash_key": ("id", ("price",))}}, r"hash_key = \('price',\) is no field of ThingSchema"),
        ({"index": {"hash_key": {"id", "price"}}}, r"hash_key = {.*} is no field of ThingSchema"),
    ],
)
def test_only_the_keys_of_global_indexes_consist_of_several_fields(declared, message):
    with pytest.raises(InvalidSchemaField, match=message):
        define(**declared)


def test_the_key_of_a_global_index_keeps_the_order_of_its_fields():
    index = define(index={"hash_key": ["price", "id"], "range_key": ("expires",)}).ByPrice.index
    assert (index.hash_key, index.range_key) == (["price", "id"], ("expires",))
    assert index.key == KeySpec((("price", "S"), ("id", "S")), (("Expires", "N"),))
    assert index.key_schema == [
        {"AttributeName": "price", "KeyType": "HASH"},
        {"AttributeName": "id", "KeyType": "HASH"},
        {"AttributeName": "Expires", "KeyType": "RANGE"},
    ]
    assert index.table.index_attribute_fields() == {"price", "id", "Expires"}


@pytest.mark.parametrize("hash_key", ["price", ("price",), ["price"]])
def test_one_field_in_a_row_is_that_field(hash_key):
    assert define(index={"hash_key": hash_key}).ByPrice.index.key == single_key("price", "S")


def test_time_to_live_goes_by_the_stored_name():
    assert define(ttl="expires").Table.spec.ttl == "Expires"
    assert define(ttl="Expires").Table.spec.ttl == "Expires"
    assert define(ttl=False).Table.spec.ttl is False
    assert define().Table.spec.ttl is None


@pytest.mark.parametrize(
    ("declared", "on_demand"),
    [
        ({}, None),
        ({"read": 1, "write": 1}, False),
        ({"billing_mode": "PROVISIONED"}, False),
        ({"billing_mode": "PAY_PER_REQUEST", "read": 1, "write": 1}, True),
    ],
)
def test_how_a_table_is_paid_for_may_be_left_open(declared, on_demand):
    assert define(**declared).Table.spec.on_demand is on_demand


def test_a_key_of_ones_own_means_encryption_with_it():
    spec = define(kms_key="k1").Table.spec
    assert (spec.sse, spec.kms_key) == (True, "k1")
