"""The verbs of tables: plain values in and out, whatever the schema says."""

from __future__ import annotations

from decimal import Decimal

import pytest
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

from dynamorm import (
    BatchError,
    ConditionFailed,
    DynaModel,
    F,
    GlobalIndex,
    HashKeyExists,
    InvalidExpression,
    InvalidKey,
    ProjectAll,
    Q,
    RequestRefused,
    TableNotFound,
    UnstorableValue,
    drivers,
)
from dynamorm.signals import post_request

from .engines import tables_of_our_own

fields = pytest.importorskip("marshmallow.fields")
validate = pytest.importorskip("marshmallow.validate")


class Score(DynaModel):
    class Table:
        name = "scores"
        hash_key = "name"
        range_key = "size"
        billing_mode = "PAY_PER_REQUEST"

    class ByTeam(GlobalIndex):
        name = "by-team"
        hash_key = "team"
        range_key = "points"
        projection = ProjectAll()

    class Schema:
        # names that DynamoDB reserves, and a schema that would refuse what follows
        name = fields.String(required=True, validate=validate.Length(min=100))
        size = fields.Integer(required=True, validate=validate.Range(min=1000))
        team = fields.String()
        points = fields.Integer()
        mandatory = fields.String(required=True)


@pytest.fixture
def table(dynamo_local):
    with tables_of_our_own(dynamo_local):
        Score.Table.create_table()
        yield Score.Table


def test_what_is_put_is_got_as_boto3_gives_it(table):
    item = {"name": "a", "size": 1, "free": {"list": [Decimal("1.5"), None, {"x": b"y"}], "set": {"p", "q"}}}
    answer = table.put({**item, "nothing": None, "none": set(), "deep": {"nothing": None, "kept": 1}})
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    got = table.get(name="a", size=1, consistent=True)
    assert got == {**item, "deep": {"kept": 1}}
    assert type(got["size"]) is Decimal
    assert table.get(name="a", size=2) is None


def test_reserved_names_and_arguments_of_boto3_go_together(table):
    table.put({"name": "a", "size": 1, "points": 1})
    answer = table.put(
        {"name": "a", "size": 1, "points": 2},
        ConditionExpression="#n0 = :old",
        ExpressionAttributeNames={"#n0": "points"},
        ExpressionAttributeValues={":old": 1},
        ReturnValues="ALL_OLD",
    )
    assert answer["Attributes"] == {"name": "a", "size": 1, "points": 1}
    table.put({"name": "a", "size": 1, "points": 3}, ConditionExpression=Attr("points").eq(2))
    with pytest.raises(ConditionFailed):
        table.put({"name": "a", "size": 1}, ConditionExpression=Q(points=2))
    got = table.get(name="a", size=1, get_item_kwargs={"ProjectionExpression": "points", "ConsistentRead": True})
    assert got == {"points": 3}


@pytest.mark.parametrize("condition", [None, "attribute_not_exists(points)", Attr("points").not_exists()])
def test_what_is_put_uniquely_is_refused_where_there_is_one(table, condition):
    more = {} if condition is None else {"ConditionExpression": condition}
    table.put_unique({"name": "a", "size": 1}, **more)
    table.put_unique({"name": "a", "size": 2}, **more)
    with pytest.raises(HashKeyExists) as caught:
        table.put_unique({"name": "a", "size": 1, "points": 2}, **more)
    assert isinstance(caught.value, ClientError)
    assert caught.value.table == table.full_name
    assert "points" not in table.get(name="a", size=1)


def test_a_condition_beside_uniqueness_that_fails_is_no_matter_of_the_key(table):
    with pytest.raises(ConditionFailed) as caught:
        table.put_unique({"name": "a", "size": 1}, ConditionExpression=Attr("points").exists())
    assert not isinstance(caught.value, HashKeyExists)


def test_batches_of_any_size_are_written_and_read_without_loss(table):
    items = [{"name": f"n{number % 3}", "size": number, "points": number} for number in range(120)]
    assert table.put_batch(*items, {**items[0], "points": 1000}) is None
    keys = [{"name": item["name"], "size": item["size"]} for item in items]
    found = list(table.get_batch([*keys, *keys, {"name": "no", "size": 1}]))
    got = {(item["name"], item["size"]): item for item in found}
    assert len(found) == len(got) == 120
    assert got["n0", 0]["points"] == 1000
    assert [item for key, item in sorted(got.items()) if key != ("n0", 0)] == sorted(
        items[1:], key=lambda item: (item["name"], item["size"])
    )
    again = list(table.get_batch(iter(keys), consistent=True, attrs=["name", "points"]))
    assert len(again) == 120
    assert {frozenset(item) for item in again} == {frozenset({"name", "points"})}
    assert list(table.get_batch(keys[1:2], attrs="points")) == [{"points": 1}]


def test_reading_a_batch_goes_only_as_far_as_it_is_asked(table):
    table.put_batch(*({"name": "a", "size": number} for number in range(150)))
    sent = []

    def note(sender, request, **facts):
        sent.append(request.operation)

    with post_request.connected_to(note):
        found = table.get_batch({"name": "a", "size": number} for number in range(150))
        assert sent == []
        next(found)
        assert sent == ["BatchGetItem"]
        assert len(list(found)) == 149
    assert sent == ["BatchGetItem"] * 2


def test_what_stays_undone_is_asked_again_and_told_in_the_end(table, monkeypatch):
    items = [{"name": "a", "size": number} for number in range(5)]
    connection = type(table.connection)
    call = connection.call_resource
    left_undone = [3, 0, 0]

    def partly(self, request, sender=None):
        ((name, entries),) = request.payload["RequestItems"].items()
        if not left_undone:
            return call(self, request, sender)
        undone = left_undone.pop(0)
        batch = entries if isinstance(entries, list) else entries["Keys"]
        done, rest = batch[undone:], batch[:undone]
        # an engine here never leaves anything undone
        wanted = done if isinstance(entries, list) else {**entries, "Keys": done}
        answer = call(self, request._replace(payload={"RequestItems": {name: wanted}}), sender)
        if isinstance(entries, list):
            return {**answer, "UnprocessedItems": {name: rest} if rest else {}}
        return {**answer, "UnprocessedKeys": {name: {**entries, "Keys": rest}} if rest else {}}

    monkeypatch.setattr(connection, "call_resource", partly)
    table.put_batch(*items)
    left_undone[:] = [2]
    assert len(list(table.get_batch(items))) == 5

    def nothing(self, request, sender=None):
        kind = "UnprocessedItems" if request.operation == "BatchWriteItem" else "UnprocessedKeys"
        return {kind: request.payload["RequestItems"]}

    monkeypatch.setattr(connection, "call_resource", nothing)
    monkeypatch.setattr(drivers.time, "sleep", lambda seconds: None)
    with pytest.raises(BatchError, match=r"5 of a batch could not be read, asked for 10 times in a row") as caught:
        list(table.get_batch(items))
    assert caught.value.missing == items
    with pytest.raises(BatchError, match="5 of a batch could not be written") as caught:
        table.put_batch(*items)
    assert caught.value.missing == items
    many = [{"name": "a", "size": number} for number in range(250)]
    with pytest.raises(BatchError, match="60 of a batch could not be written") as caught:
        table.put_batch(*many[:60])
    assert (caught.value.done, caught.value.missing) == (0, many[:60])
    with pytest.raises(BatchError, match="250 of a batch could not be read") as caught:
        list(table.get_batch(many))
    assert caught.value.missing == many


def test_a_query_gives_one_page_of_boto3s_response(table):
    table.put_batch(*({"name": "a", "size": number, "team": "t", "points": 9 - number} for number in range(10)))
    answer = table.query(name="a", size__gte=3, points__lt=6, query_kwargs={"Limit": 4})
    assert [item["size"] for item in answer["Items"]] == [4, 5, 6]
    assert answer["LastEvaluatedKey"] == {"name": "a", "size": 6}
    answer = table.query(
        name="a", size__gte=3, points__lt=6, query_kwargs={"ExclusiveStartKey": answer["LastEvaluatedKey"]}
    )
    assert [item["size"] for item in answer["Items"]] == [7, 8, 9]
    answer = table.query(Q(points__between=(2, 4)), team="t", query_kwargs={"IndexName": "by-team"})
    assert [item["points"] for item in answer["Items"]] == [2, 3, 4]
    answer = table.query(query_kwargs={"KeyConditionExpression": Key("name").eq("a") & Key("size").lt(2)})
    assert answer["Count"] == 2
    text = {
        "KeyConditionExpression": "#n = :n",
        "ExpressionAttributeNames": {"#n": "name"},
        "ExpressionAttributeValues": {":n": "a"},
    }
    assert table.query(points=1, query_kwargs=text)["Count"] == 1


@pytest.mark.refused_by_aws("index", reason="the name of an index that is not there is told")
def test_a_query_takes_boto3s_older_form_of_conditions(table):
    for name, size in (("a", 1), ("a", 2), ("b", 1)):
        table.put({"name": name, "size": size, "team": "red", "points": size})

    def equal(value):
        return {"AttributeValueList": [value], "ComparisonOperator": "EQ"}

    on_table = {"KeyConditions": {"name": equal("a")}, "ScanIndexForward": False}
    assert [item["size"] for item in table.query(query_kwargs=on_table)["Items"]] == [2, 1]
    on_index = {"KeyConditions": {"team": equal("red"), "points": equal(2)}, "IndexName": "by-team"}
    assert [item["name"] for item in table.query(query_kwargs=on_index)["Items"]] == ["a"]
    assert on_table["KeyConditions"] == {"name": equal("a")}, "what was given stays as it was"
    undeclared = {"KeyConditions": {"name": equal("a")}, "IndexName": "nobody-declared-it"}
    with pytest.raises(RequestRefused, match="nobody-declared-it"):
        table.query(query_kwargs=undeclared)


def test_a_query_needs_a_hash_key_that_is_known(table):
    with pytest.raises(InvalidKey, match=r"needs name=\.\.\., its hash key"):
        table.query(points=1)
    with pytest.raises(InvalidKey, match="on index 'by-color', which is not declared"):
        table.query(name="a", query_kwargs={"IndexName": "by-color"})


def test_a_scan_filters_what_no_schema_knows(table):
    table.put_batch(*({"name": "a", "size": number, "free": {"x": number}} for number in range(5)))
    assert table.scan(free__x__gte=3)["Count"] == 2
    assert table.scan(F("free.x") < 1)["Items"] == [{"name": "a", "size": 0, "free": {"x": 0}}]
    assert table.scan(Attr("free.x").eq(1), scan_kwargs={"Select": "COUNT"})["Count"] == 1


def test_an_update_takes_values_as_they_are(table):
    table.update(name="a", size=1, points=5, tags={"p"}, list=[1], free={"x": 1})
    table.update(
        F("tags").add({"q"}),
        name="a",
        size=1,
        points__plus=2,
        list__append=2,
        free__x=Decimal("1.5"),
        team__if_not_exists="t",
        gone=None,
    )
    assert table.get(name="a", size=1) == {
        "name": "a",
        "size": 1,
        "points": 7,
        "tags": {"p", "q"},
        "list": [1, 2],
        "free": {"x": Decimal("1.5")},
        "team": "t",
    }
    table.update(name="a", size=1, points=F("points") + F("points"), team__remove=True, tags=set())
    answer = table.update(
        name="a",
        size=1,
        copy=F("points"),
        conditions={"points__gt": 10},
        update_item_kwargs={"ReturnValues": "ALL_NEW", "ConditionExpression": Attr("free").exists()},
    )
    assert answer["Attributes"]["copy"] == 14
    assert not {"team", "tags"} & set(answer["Attributes"])
    with pytest.raises(ConditionFailed):
        table.update(name="a", size=1, points=1, conditions=Q(points__gt=100) & Q(size=1))
    text = {"UpdateExpression": "SET points = :p", "ExpressionAttributeValues": {":p": 3}}
    table.update(name="a", size=1, update_item_kwargs=text)
    assert table.get(name="a", size=1)["points"] == 3


def test_a_deleted_item_is_gone(table):
    table.put({"name": "a", "size": 1})
    table.delete_item(name="a", size=1)
    table.delete_item(name="a", size=1)
    assert table.get(name="a", size=1) is None


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda table: table.get(name="a"), InvalidKey, "is name, size; missing: size"),
        (lambda table: table.delete_item(name="a", size=1, team="t"), InvalidKey, "superfluous: team"),
        (lambda table: list(table.get_batch([{"nam": "a"}])), InvalidKey, "missing: name, size; superfluous: nam"),
        (lambda table: list(table.get_batch([{"name": ["a"], "size": 1}])), InvalidKey, "cannot be a key"),
        (lambda table: table.put_batch({"name": "a"}), InvalidKey, "missing: size"),
        (lambda table: table.put("x"), InvalidExpression, "takes a dict"),
        (lambda table: table.put_batch({"name": "a", "size": 1}, ["x"]), InvalidExpression, "takes a dict"),
        (lambda table: list(table.get_batch(["a"])), InvalidKey, "takes a dict"),
        (lambda table: table.update(name="a", size=1), InvalidExpression, "needs something to change"),
        (lambda table: table.update("x", name="a", size=1), InvalidExpression, "'x' is no action"),
        (lambda table: table.update(name="a", size=1, size__plus=1), InvalidKey, "size is part of the key"),
        (
            lambda table: table.put({"name": "a", "size": 1.5}),
            UnstorableValue,
            "PutItem on table .* was not sent: Float",
        ),
        pytest.param(
            lambda table: table.put({"name": "a", "size": "1"}),
            RequestRefused,
            "PutItem on table",
            marks=pytest.mark.refused_by_aws("key-type", reason="no schema knows the types, so DynamoDB refuses"),
        ),
    ],
)
def test_what_is_wrong_is_said_with_our_own_errors(table, call, error, message):
    with pytest.raises(error, match=message):
        call(table)


def test_a_table_that_is_not_there_is_told_as_such(dynamo_local):
    with tables_of_our_own(dynamo_local), pytest.raises(TableNotFound, match=r"GetItem on table test-.*scores"):
        Score.Table.get(name="a", size=1)
