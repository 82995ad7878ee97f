"""Every request that is built is one that botocore's own model of the service accepts."""

from __future__ import annotations

import re

import pytest

from dynamorm.exceptions import InvalidExpression
from dynamorm.expressions import Action, Comparison, shown_path
from dynamorm.expressions.conditions import Either, Not
from dynamorm.requests import (
    build_batch_get,
    build_delete,
    build_get,
    build_put,
    build_query,
    build_scan,
    build_update,
)
from dynamorm.requests.tables import build_create_table, build_delete_table, build_describe_table
from dynamorm.spec import IndexSpec, TableSpec

from ..specs import single_key
from ..traffic import assert_valid

KEY = {"id": {"S": "1"}}
NAMED = Comparison(("naïve name", 3, "#:"), "eq", ({"N": "1"},))
SIZED = Comparison(("tags",), "gte", ({"N": "1"},), size=True)
ABSENT = Comparison(("x",), "absent")
TABLE = TableSpec(
    name="things",
    key=single_key("id", "S", "rank", "N"),
    read=1,
    write=2,
    stream="NEW_IMAGE",
    indexes=(
        IndexSpec("by-name", single_key("name", "S"), is_global=True, included=("x",), read=3, write=4),
        IndexSpec("by-age", single_key("id", "S", "age", "N"), is_global=False),
    ),
)


@pytest.mark.parametrize(
    "request_",
    [
        build_get("things", KEY),
        build_get("things", KEY, consistent=True, paths=[("name",), ("size", 0)]),
        build_put("things", KEY),
        build_put("things", KEY, [NAMED, Either((SIZED, Not(ABSENT)))]),
        build_delete("things", KEY, [ABSENT]),
        build_update("things", KEY, [Action("set", ("a",), {"S": "x"}), Action("remove", ("b", 0))]),
        build_update("things", KEY, [Action("plus", ("n",), {"N": "1"}), Action("append", ("l",), {"L": []})], [NAMED]),
        build_update("things", KEY, [], [ABSENT]),
        build_query("things", [NAMED], index="by-name", filters=[SIZED], reverse=True, page_size=5, consistent=True),
        build_scan("things", filters=[Not(NAMED)], count=True),
        build_scan("things").after(KEY),
        build_create_table(TABLE),
        build_describe_table("things"),
        build_delete_table("things"),
    ],
    ids=lambda request_: request_.operation,
)
def test_built_requests_fit_the_service_model(request_):
    assert_valid(request_)


def test_names_and_values_are_sent_as_placeholders_alone():
    payload = build_put("things", KEY, [NAMED, SIZED]).payload
    assert payload["ConditionExpression"] == "#c0[3].#c1 = :c0 AND size(#c2) >= :c1"
    assert payload["ExpressionAttributeNames"] == {"#c0": "naïve name", "#c1": "#:", "#c2": "tags"}
    assert payload["ExpressionAttributeValues"] == {":c0": {"N": "1"}, ":c1": {"N": "1"}}


@pytest.mark.parametrize(
    "paths",
    [
        [("a", 0), ("a", "b")],
        [("a", "b"), ("c",), ("a", 1, "b")],
        [("a", 0, "b", "c"), ("a", 0, "b", 2)],
    ],
)
def test_what_is_a_list_in_one_path_and_a_map_in_another_is_refused(paths):
    shown = " and of ".join(map(re.escape, map(shown_path, (paths[0], paths[-1]))))
    for build, what in (
        (lambda: build_update("things", KEY, [Action("remove", path) for path in paths]), "an update"),
        (lambda: build_get("things", KEY, paths=paths), "a projection"),
        (lambda: build_scan("things", paths=paths), "a projection"),
        (lambda: build_batch_get("things", [KEY], paths=paths), "a projection"),
    ):
        for _ in range(2):
            with pytest.raises(InvalidExpression, match=f"{what} of {shown} at once"):
                build()


def test_paths_that_part_by_names_or_by_positions_are_taken():
    paths = [("a", 0, "b"), ("a", 1), ("c", "d"), ("c", "e", 0), ("a", 0, "c")]
    assert build_get("things", KEY, paths=paths).payload["ProjectionExpression"].count(",") == len(paths) - 1
    assert (
        "REMOVE" in build_update("things", KEY, [Action("remove", path) for path in paths]).payload["UpdateExpression"]
    )


def test_the_same_request_is_built_the_same_way_twice():
    first, second = (build_update("t", KEY, [Action("set", ("a",), {"S": "x"})], [SIZED, NAMED]) for _ in range(2))
    assert first == second


def test_a_local_index_has_no_throughput_and_an_on_demand_table_none_at_all():
    payload = build_create_table(TABLE).payload
    assert "ProvisionedThroughput" not in payload["LocalSecondaryIndexes"][0]
    assert payload["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"] == {
        "ReadCapacityUnits": 3,
        "WriteCapacityUnits": 4,
    }
    on_demand = build_create_table(TableSpec("t", single_key("id", "S"), on_demand=True, indexes=TABLE.indexes)).payload
    assert on_demand["BillingMode"] == "PAY_PER_REQUEST"
    assert "ProvisionedThroughput" not in on_demand
    assert "ProvisionedThroughput" not in on_demand["GlobalSecondaryIndexes"][0]


def test_a_projection_is_all_keys_or_what_is_included():
    kinds = [
        index["Projection"]
        for name in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
        for index in build_create_table(TABLE).payload[name]
    ]
    assert kinds == [{"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x"]}, {"ProjectionType": "ALL"}]
