"""From every state of a table to every other: predicted, reached, and in sync afterwards."""

from __future__ import annotations

import contextlib

import pytest

from dynamorm import DynaModel, GlobalIndex, ProjectAll, ProjectInclude, ProjectKeys

from .engines import changes, tables_of_our_own

fields = pytest.importorskip("marshmallow.fields")

PROVISIONED = {"read": 3, "write": 4}
ON_DEMAND = {"billing_mode": "PAY_PER_REQUEST"}
CLASS = "STANDARD_INFREQUENT_ACCESS"


def index(name, hash_key, projection, range_key=None):
    return {"name": name, "hash_key": hash_key, "range_key": range_key, "projection": projection, "read": 2, "write": 2}


COLOR = index("by-color", "color", ProjectAll())
COLOR_BY_SIZE = index("by-color", "color", ProjectAll(), "size")
COLOR_KEYS = index("by-color", "color", ProjectKeys())
SIZE = index("by-size", "size", ProjectInclude("color", "note"))

# what the Table declares, and its indexes
STATES = {
    "provisioned": (PROVISIONED, []),
    "more throughput": ({"read": 7, "write": 1}, []),
    "on demand": (ON_DEMAND, []),
    "a stream": ({**PROVISIONED, "stream": "NEW_IMAGE"}, []),
    "another stream, on demand": ({**ON_DEMAND, "stream": "KEYS_ONLY"}, []),
    "time to live": ({**PROVISIONED, "ttl": "expires"}, []),
    "another time to live, tags": ({**PROVISIONED, "ttl": "purged", "tags": {"team": "a", "cost": "1"}}, []),
    "an index": (PROVISIONED, [COLOR]),
    "another key, and one more index": (PROVISIONED, [COLOR_BY_SIZE, SIZE]),
    "another projection, on demand": (ON_DEMAND, [COLOR_KEYS]),
    "tags, class, protection": (
        {**PROVISIONED, "tags": {"team": "b"}, "table_class": CLASS, "deletion_protection": True},
        [],
    ),
    "all of it": (
        {
            **ON_DEMAND,
            "stream": "NEW_AND_OLD_IMAGES",
            "ttl": "expires",
            "tags": {"team": "c", "more": "x"},
            "table_class": "STANDARD",
            "deletion_protection": False,
        },
        [SIZE, COLOR],
    ),
}


def model(state):
    declared, indexes = STATES[state]
    body = {
        "Table": type("Table", (), {"name": f"not {state}", "hash_key": "id", **declared}),
        "Schema": type(
            "Schema",
            (),
            {
                "id": fields.String(),
                "color": fields.String(),
                "size": fields.Integer(),
                "note": fields.String(),
                "expires": fields.Integer(),
                "purged": fields.Integer(),
            },
        ),
        **{f"Index{number}": type("Index", (GlobalIndex,), one) for number, one in enumerate(indexes)},
    }
    return type(DynaModel)("Thing", (DynaModel,), body)


MODELS = {state: model(state) for state in STATES}


@contextlib.contextmanager
def only(state):
    """Return the table of one state under the name that they all have, one at a time."""
    table = MODELS[state].Table
    own = table.name
    table.name = "things"
    yield table
    table.name = own


def projected(projection):
    if isinstance(projection, ProjectAll):
        return "ALL"
    return sorted(projection.include) or "KEYS_ONLY"


def facts_of(state):
    """What a table made from a declaration is like; what is not declared is left out."""
    declared, indexes = STATES[state]
    facts = {name: declared[name] for name in ("ttl", "table_class", "deletion_protection", "tags") if name in declared}
    facts["stream"] = declared.get("stream")
    facts["throughput"] = "PAY_PER_REQUEST" if "billing_mode" in declared else (declared["read"], declared["write"])
    facts["indexes"] = {
        one["name"]: ([one["hash_key"], *filter(None, [one["range_key"]])], projected(one["projection"]))
        for one in indexes
    }
    return facts


def expected(before, after):
    start = {"ttl": None, "table_class": "STANDARD", "deletion_protection": False, "tags": {}, **facts_of(before)}
    end = facts_of(after)
    return {**start, **end, "tags": {**start["tags"], **end.get("tags", {})}}


def live_facts(client, name):
    table = client.describe_table(TableName=name)["Table"]
    ttl = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    stream = table.get("StreamSpecification", {})
    units = table["ProvisionedThroughput"]
    on_demand = table.get("BillingModeSummary", {}).get("BillingMode") == "PAY_PER_REQUEST"
    assert table["TableStatus"] == "ACTIVE"
    assert {one["IndexStatus"] for one in table.get("GlobalSecondaryIndexes", [])} <= {"ACTIVE"}
    return {
        "ttl": ttl.get("AttributeName") if ttl["TimeToLiveStatus"] == "ENABLED" else None,
        "stream": stream.get("StreamViewType") if stream.get("StreamEnabled") else None,
        "throughput": "PAY_PER_REQUEST" if on_demand else (units["ReadCapacityUnits"], units["WriteCapacityUnits"]),
        "table_class": table.get("TableClassSummary", {}).get("TableClass", "STANDARD"),
        "deletion_protection": table.get("DeletionProtectionEnabled", False),
        "tags": {
            tag["Key"]: tag["Value"] for tag in client.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
        },
        "indexes": {
            one["IndexName"]: (
                [part["AttributeName"] for part in one["KeySchema"]],
                sorted(one["Projection"].get("NonKeyAttributes", [])) or one["Projection"]["ProjectionType"],
            )
            for one in table.get("GlobalSecondaryIndexes", [])
        },
    }


@pytest.mark.parametrize("after", STATES)
@pytest.mark.parametrize("before", STATES)
def test_a_table_is_brought_from_one_state_to_another(before, after, dynamo_local):
    with tables_of_our_own(dynamo_local) as (client, prefix):
        with only(before) as table:
            table.create_table()
        assert live_facts(client, prefix + "things") == expected(before, before)
        with only(after) as table:
            plan = table.plan(allow_rebuild=True)
            with changes() as sent:
                taken = table.update_table(allow_rebuild=True)
            assert live_facts(client, prefix + "things") == expected(before, after)
            assert taken == len(plan) == len(sent)
            assert not table.plan()
            assert table.update_table() == 0
            table.validate(strict=True)


def test_planning_sends_nothing_but_descriptions(dynamo_local):
    with tables_of_our_own(dynamo_local):
        with only("provisioned") as table:
            table.create_table()
        with only("all of it") as table, changes() as sent:
            assert table.plan()
        assert sent == []


def test_the_steps_are_in_an_order_that_dynamodb_allows(dynamo_local):
    with tables_of_our_own(dynamo_local):
        with only("another key, and one more index") as table:
            table.create_table()
        with only("all of it") as table:
            plan = table.plan(allow_rebuild=True)
    assert [step.change for step in plan] == [
        "index by-color: (color S, size N; all attributes) -> none",
        "billing mode: PROVISIONED with 3 read, 4 write -> PAY_PER_REQUEST",
        "index by-color: none -> (color S; all attributes)",
        "stream: none -> NEW_AND_OLD_IMAGES",
        "ttl: none -> expires",
        "tags: none -> more=x, team=c",
    ]
