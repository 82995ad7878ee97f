"""Indexes whose keys consist of several attributes: described, compared, and rebuilt when their key changes."""

from __future__ import annotations

import pytest

from dynamorm import DynaModel, GlobalIndex, ProjectAll, TableMismatch
from dynamorm.requests.tables import build_create_table
from dynamorm.spec import IndexSpec, KeySpec, TableSpec
from dynamorm.tables.live import read_table
from dynamorm.tables.planning import plan_changes

from ..specs import single_key
from .engines import changes, tables_of_our_own
from .simulated import SimulatedTable

# The key of the only index: hash attributes, range attributes.
STATES = {
    "no index": None,
    "one hash attribute": (("color",), ()),
    "two hash attributes": (("color", "shape"), ()),
    "the same in another order": (("shape", "color"), ()),
    "one of them a range attribute": (("color",), ("shape",)),
    "two range attributes": (("color",), ("shape", "size")),
    "these in another order": (("color",), ("size", "shape")),
    "all of them": (("color", "shape", "size", "a"), ("b", "c", "d", "e")),
}
TEXTS = {
    "one hash attribute": "(color S; all attributes)",
    "two hash attributes": "(color S + shape S; all attributes)",
    "the same in another order": "(shape S + color S; all attributes)",
    "one of them a range attribute": "(color S, shape S; all attributes)",
    "two range attributes": "(color S, shape S + size N; all attributes)",
    "these in another order": "(color S, size N + shape S; all attributes)",
    "all of them": "(color S + shape S + size N + a N, b N + c N + d N + e N; all attributes)",
}


def model(state):
    fields = pytest.importorskip("marshmallow.fields")
    body = {
        "Table": type("Table", (), {"name": "things", "hash_key": "id", "read": 3, "write": 4}),
        "Schema": type(
            "Schema",
            (),
            {
                **{name: fields.String() for name in ("id", "color", "shape")},
                **{name: fields.Integer() for name in ("size", *"abcde")},
            },
        ),
    }
    key = STATES[state]
    if key is not None:
        declared = {"name": "by-looks", "projection": ProjectAll(), "read": 2, "write": 2, "hash_key": key[0]}
        if key[1]:
            declared["range_key"] = list(key[1])
        body["ByLooks"] = type("ByLooks", (GlobalIndex,), declared)
    return type(DynaModel)("Thing", (DynaModel,), body)


def live_key(client, name):
    indexes = client.describe_table(TableName=name)["Table"].get("GlobalSecondaryIndexes", [])
    if not indexes:
        return None
    (index,) = indexes
    return tuple(
        tuple(part["AttributeName"] for part in index["KeySchema"] if part["KeyType"] == kind)
        for kind in ("HASH", "RANGE")
    )


def steps_between(before, after):
    """Say what a plan says of it."""
    if STATES[before] == STATES[after]:
        return []
    removal = [f"index by-looks: {TEXTS[before]} -> none"] if STATES[before] else []
    addition = [f"index by-looks: none -> {TEXTS[after]} with 2 read, 2 write"] if STATES[after] else []
    return removal + addition


@pytest.mark.parametrize("after", STATES)
@pytest.mark.parametrize("before", STATES)
def test_an_index_is_brought_from_one_key_to_another(before, after, moto):
    with tables_of_our_own(moto) as (client, prefix):
        model(before).Table.create_table()
        assert live_key(client, prefix + "things") == STATES[before]
        table = model(after).Table
        plan = table.plan(allow_rebuild=True)
        assert [step.change for step in plan] == steps_between(before, after)
        with changes() as sent:
            taken = table.update_table(allow_rebuild=True)
        assert taken == len(plan) == len(sent)
        assert live_key(client, prefix + "things") == STATES[after]
        assert table.plan() == ()
        assert table.update_table() == 0
        table.validate(strict=True)


def test_another_order_of_a_key_is_refused_without_leave_to_rebuild(moto):
    with tables_of_our_own(moto) as (client, prefix):
        model("two hash attributes").Table.create_table()
        table = model("the same in another order").Table
        with changes() as sent, pytest.raises(TableMismatch) as caught:
            table.update_table()
        assert sent == []
        assert live_key(client, prefix + "things") == STATES["two hash attributes"]
        (step,) = caught.value.differences
        assert step.refused.startswith("a changed key takes removing and adding the index again. Allow it with allow_")
        assert step.danger.startswith("removed to be added again with another key")
        with pytest.raises(TableMismatch, match=r"by-looks: \(color S \+ shape S; all attributes\) -> none\n"):
            table.validate()


KEY = KeySpec((("color", "S"), ("shape", "S")), (("size", "N"), ("age", "N")))
INDEX = IndexSpec("by-looks", KEY, True, None, 2, 2)
TABLE = TableSpec("things", single_key("id", "S"), 3, 4, indexes=(INDEX,))


def test_a_request_names_hash_attributes_first_and_keeps_the_order():
    (index,) = build_create_table(TABLE).payload["GlobalSecondaryIndexes"]
    assert index["KeySchema"] == [
        {"AttributeName": "color", "KeyType": "HASH"},
        {"AttributeName": "shape", "KeyType": "HASH"},
        {"AttributeName": "size", "KeyType": "RANGE"},
        {"AttributeName": "age", "KeyType": "RANGE"},
    ]
    assert build_create_table(TABLE).payload["AttributeDefinitions"] == [
        {"AttributeName": name, "AttributeType": letter}
        for name, letter in [("age", "N"), ("color", "S"), ("id", "S"), ("shape", "S"), ("size", "N")]
    ]


def test_a_description_may_mix_the_kinds_of_key_attributes():
    described = SimulatedTable(build_create_table(TABLE)).table
    schema = described["GlobalSecondaryIndexes"][0]["KeySchema"]
    described["GlobalSecondaryIndexes"][0]["KeySchema"] = [schema[2], schema[0], schema[3], schema[1]]
    assert plan_changes(TABLE, read_table(described)) == ()


@pytest.mark.parametrize(
    "key",
    [
        KeySpec(KEY.hashes[::-1], KEY.ranges),
        KeySpec(KEY.hashes, KEY.ranges[::-1]),
        KeySpec(KEY.hashes[:1], (KEY.hashes[1], *KEY.ranges)),
        KeySpec((*KEY.hashes, KEY.ranges[0]), KEY.ranges[1:]),
        KeySpec(KEY.hashes),
        KeySpec(KEY.hashes, (("size", "N"), ("age", "S"))),
    ],
)
def test_whatever_is_another_key_is_a_rebuild(key):
    live = SimulatedTable(build_create_table(TABLE)).describe()
    declared = TABLE.replace(indexes=(INDEX.replace(key=key),))
    plan = plan_changes(declared, live)
    assert [step.what for step in plan] == ["index by-looks", "index by-looks"]
    assert "a changed key takes removing" in plan.refusals[0].refused
    assert all(not step.harmless for step in plan)


def test_a_type_that_another_index_has_otherwise_is_refused_for_any_attribute_of_the_key():
    live = SimulatedTable(build_create_table(TABLE)).describe()
    other = IndexSpec("other", KeySpec((("id", "S"), ("age", "S"))), True, None, 2, 2)
    (step,) = plan_changes(TABLE.replace(indexes=(INDEX, other)), live).refusals
    assert step.refused == (
        "age would be a key of type S, and is one of type N in index by-looks; DynamoDB wants one type for an "
        "attribute. Declare a field of that type"
    )
