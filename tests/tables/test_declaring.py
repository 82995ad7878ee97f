"""What a Table may say, checked when the class is made."""

from __future__ import annotations

import pytest

from dynamorm import DynaModel, DynamoTableException, GlobalIndex, InvalidSchemaField, ProjectAll

fields = pytest.importorskip("marshmallow.fields")


def define(*, index=None, **table):
    body = {
        "Table": type("Table", (), {"name": "things", "hash_key": "id", **table}),
        "Schema": type(
            "Schema",
            (),
            {
                "id": fields.String(),
                "expires": fields.Integer(data_key="Expires"),
                "price": fields.Decimal(as_string=True),
            },
        ),
    }
    if index is not None:
        body["ByPrice"] = type("ByPrice", (GlobalIndex,), {"name": "by-price", "projection": ProjectAll(), **index})
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
        ({"ttl": True}, "ttl = True is no field of ThingSchema; its fields are id, expires, price"),
        (
            {"index": {"hash_key": ("price", "id")}},
            r"Thing\.ByPrice: hash_key = \('price', 'id'\) names several fields; a key here is one field",
        ),
        ({"index": {"hash_key": "price", "range_key": ["id"]}}, r"range_key = \['id'\] names several fields"),
        ({"hash_key": ("id", "price")}, r"Thing\.Table: hash_key = \('id', 'price'\) names several fields"),
    ],
)
def test_names_are_those_of_fields_that_can_serve(declared, message):
    with pytest.raises(InvalidSchemaField, match=message):
        define(**declared)


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
