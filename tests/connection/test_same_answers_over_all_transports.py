"""One suite of operations: the same answers and errors, whatever carries them and whoever answers."""

from __future__ import annotations

import threading

import pytest
from botocore.exceptions import ClientError

from dynamorm import exceptions, local

from .awaited import AWAITED, connect
from .awaited import loop_of_the_module as loop_of_the_module
from .conftest import TRANSPORTS, Request, create_table, key

ENGINES = ["local engine", "moto server", "moto in process"]
ALL_TYPES = {
    **key(),
    "S": {"S": 'text "quoted" \\ \n é 漢 \U0001f40d'},
    "empty": {"S": ""},
    "N": {"N": "-12345678901234567890.123"},
    "B": {"B": b"\x00\xff binary"},
    "BOOL": {"BOOL": False},
    "NULL": {"NULL": True},
    "SS": {"SS": ["a", "b"]},
    "NS": {"NS": ["1", "2.5"]},
    "BS": {"BS": [b"\x01", b"two"]},
    "L": {"L": [{"S": "x"}, {"B": b"y"}, {"L": [{"BS": [b"z"]}]}]},
    "M": {"M": {"B": {"B": b"m"}, "BS": {"S": ":null"}, "M": {"M": {}}}},
}


@pytest.fixture(scope="module")
def moto_server():
    pytest.importorskip("moto")
    with local.start("moto") as engine:
        yield engine


@pytest.fixture(params=ENGINES)
def endpoint(request):
    if request.param == "local engine":
        yield {"endpoint_url": request.getfixturevalue("engine").endpoint_url}
    elif request.param == "moto server":
        yield {"endpoint_url": request.getfixturevalue("moto_server").endpoint_url}
    else:
        moto = pytest.importorskip("moto")
        with moto.mock_aws():
            yield {}


@pytest.fixture(params=[*TRANSPORTS, *AWAITED])
def transport(request):
    return request.param


@pytest.fixture
def conn(endpoint, transport):
    return connect(transport, endpoint)


@pytest.fixture
def call(conn):
    def send(operation, **payload):
        answer = conn.call(Request(operation, **payload))
        metadata = answer.pop("ResponseMetadata")
        if "ReturnConsumedCapacity" not in payload:
            answer.pop("ConsumedCapacity", None)  # moto gives it unasked
        assert metadata["HTTPStatusCode"] == 200 and metadata["RetryAttempts"] == 0
        assert all(name == name.lower() for name in metadata["HTTPHeaders"])
        return answer

    return send


@pytest.fixture
def table(conn):
    return create_table(conn)


def sets_as_sets(value):
    """Sets have no order."""
    if isinstance(value, dict):
        return {
            name: sorted(inner) if name in ("SS", "NS", "BS") and isinstance(inner, list) else sets_as_sets(inner)
            for name, inner in value.items()
        }
    return [sets_as_sets(one) for one in value] if isinstance(value, list) else value


def test_an_item_comes_back_as_it_was_put(call, table):
    assert call("PutItem", TableName=table, Item=ALL_TYPES) == {}
    answer = call("GetItem", TableName=table, Key=key(), ConsistentRead=True)
    assert sets_as_sets(answer) == sets_as_sets({"Item": ALL_TYPES})


def test_what_is_not_there_is_absent_from_the_answer(call, table):
    assert call("GetItem", TableName=table, Key=key()) == {}
    assert call("DeleteItem", TableName=table, Key=key(), ReturnValues="ALL_OLD") == {}
    assert call("Scan", TableName=table)["Items"] == []


def test_update_and_delete_return_the_values_that_were_asked_for(call, table):
    answer = call(
        "UpdateItem",
        TableName=table,
        Key=key(),
        UpdateExpression="SET v = :v, b = :b",
        ExpressionAttributeValues={":v": {"N": "1"}, ":b": {"B": b"\xfe"}},
        ReturnValues="ALL_NEW",
    )
    expected = {**key(), "v": {"N": "1"}, "b": {"B": b"\xfe"}}
    assert answer == {"Attributes": expected}
    assert call("DeleteItem", TableName=table, Key=key(), ReturnValues="ALL_OLD") == {"Attributes": expected}


def test_queries_and_scans_come_in_pages(call, table):
    for s in range(5):
        call("PutItem", TableName=table, Item={**key(s=s), "b": {"B": bytes([s])}})
    condition = {
        "TableName": table,
        "KeyConditionExpression": "p = :p",
        "ExpressionAttributeValues": {":p": {"S": "p"}},
    }
    page = call("Query", Limit=3, **condition)
    assert [item["b"]["B"] for item in page["Items"]] == [b"\0", b"\1", b"\2"]
    assert page["Count"] == 3 and page["LastEvaluatedKey"] == key(s=2)
    page = call("Query", ExclusiveStartKey=page["LastEvaluatedKey"], **condition)
    assert [item["b"]["B"] for item in page["Items"]] == [b"\3", b"\4"]
    assert "LastEvaluatedKey" not in page
    assert len(call("Scan", TableName=table)["Items"]) == 5
    assert call("Query", Select="COUNT", **condition)["Count"] == 5


def test_a_page_of_a_megabyte_comes_whole(call, table):
    for s in range(4):
        call("PutItem", TableName=table, Item={**key(s=s), "pad": {"S": "é" * 100_000}})
    items = call("Scan", TableName=table)["Items"]
    assert [len(item["pad"]["S"]) for item in items] == [100_000] * 4


def test_batches_read_and_write(call, table):
    puts = [{"PutRequest": {"Item": {**key(s=s), "b": {"B": bytes([s])}}}} for s in range(3)]
    answer = call("BatchWriteItem", RequestItems={table: puts})
    assert answer.get("UnprocessedItems", {}) == {}
    answer = call("BatchGetItem", RequestItems={table: {"Keys": [key(s=s) for s in range(4)]}})
    assert sorted(item["b"]["B"] for item in answer["Responses"][table]) == [b"\0", b"\1", b"\2"]
    assert answer.get("UnprocessedKeys", {}) == {}


def test_transactions_read_and_write(call, table):
    items = [{**key(s=s), "b": {"B": b"t"}} for s in range(2)]
    call("TransactWriteItems", TransactItems=[{"Put": {"TableName": table, "Item": item}} for item in items])
    gets = [{"Get": {"TableName": table, "Key": key(s=s)}} for s in range(3)]
    answer = call("TransactGetItems", TransactItems=gets)
    assert [response.get("Item") for response in answer["Responses"]] == [*items, None]


def test_capacity_is_reported_when_asked_for(call, table):
    answer = call("PutItem", TableName=table, Item=key(), ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"]["TableName"] == table
    assert answer["ConsumedCapacity"]["CapacityUnits"] > 0


def test_administration_goes_the_same_way(call, table):
    assert call("DescribeTable", TableName=table)["Table"]["TableStatus"] == "ACTIVE"
    assert table in all_tables(call)
    call("DeleteTable", TableName=table)
    assert table not in all_tables(call)


def all_tables(call):
    """Return the names of all tables: there may be more than fit into one list, by other tests."""
    answer = call("ListTables")
    names = answer["TableNames"]
    while "LastEvaluatedTableName" in answer:
        answer = call("ListTables", ExclusiveStartTableName=answer["LastEvaluatedTableName"])
        names += answer["TableNames"]
    return names


def test_a_refused_condition_is_named(call, table):
    call("PutItem", TableName=table, Item=key())
    with pytest.raises(exceptions.ConditionFailed) as caught:
        call("PutItem", TableName=table, Item=key(), ConditionExpression="attribute_not_exists(p)")
    error = caught.value
    assert isinstance(error, ClientError) and isinstance(error.args[0], ClientError)
    assert error.__cause__ is error.args[0]
    assert error.code == "ConditionalCheckFailedException"
    assert (error.operation, error.table, error.attempts, error.ambiguous) == ("PutItem", table, 1, False)
    assert error.request_id
    assert error.response["Error"]["Message"] == "The conditional request failed"


def test_a_missing_table_is_named(call):
    with pytest.raises(exceptions.TableNotFound) as caught:
        call("GetItem", TableName="no-such-table", Key=key())
    assert caught.value.table == "no-such-table"
    assert caught.value.code == "ResourceNotFoundException"


@pytest.mark.refused_by_aws("key-attributes", reason="the refusal is what is told")
def test_an_invalid_request_is_refused(call, table):
    with pytest.raises(exceptions.RequestRefused) as caught:
        call("GetItem", TableName=table, Key={"p": {"S": "x"}})
    assert caught.value.code == "ValidationException"


@pytest.mark.refused_by_aws("item-size", reason="the refusal is what is told")
def test_an_item_past_the_limit_is_too_large(call, table):
    with pytest.raises(exceptions.ItemTooLarge):
        call("PutItem", TableName=table, Item={**key(), "pad": {"S": "x" * 410_000}})


def test_a_cancelled_transaction_says_which_action_was_to_blame(call, table):
    call("PutItem", TableName=table, Item=key())
    with pytest.raises(exceptions.TransactionCanceled) as caught:
        call(
            "TransactWriteItems",
            TransactItems=[
                {"Put": {"TableName": table, "Item": key(s=2)}},
                {
                    "Put": {
                        "TableName": table,
                        "Item": key(s=1),
                        "ConditionExpression": "attribute_not_exists(p)",
                    }
                },
            ],
        )
    assert [reason.code for reason in caught.value.reasons] == ["None", "ConditionalCheckFailed"]
    assert call("GetItem", TableName=table, Key=key(s=2)) == {}


def test_a_parameter_that_does_not_exist_is_refused(call, table, transport):
    if transport in ("direct", "async", "async direct"):
        pytest.skip("direct sending leaves the checking of parameters to DynamoDB")
    with pytest.raises(exceptions.RequestRefused):
        call("GetItem", TableName=table, Key=key(), NoSuchParameter=1)


@pytest.mark.refused_by_aws("value", reason="what cannot be sent is refused by botocore")
def test_a_value_that_is_no_attribute_value_is_refused(call, table):
    with pytest.raises(exceptions.RequestRefused):
        call("PutItem", TableName=table, Item={**key(), "x": {"S": object()}})


def test_threads_share_a_connection(conn, call, table):
    wrong = []

    def work(number):
        for s in range(5):
            item = {**key(f"t{number}", s), "v": {"S": f"{number}/{s}"}}
            call("PutItem", TableName=table, Item=item)
            answer = call("GetItem", TableName=table, Key=key(f"t{number}", s), ConsistentRead=True)
            if answer != {"Item": item}:
                wrong.append(answer)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_all_transports_are_run():
    assert set(TRANSPORTS) == {"boto3", "default", "direct"} == set(AWAITED.values())
