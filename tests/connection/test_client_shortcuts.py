"""Requests that the library has built itself are written without being held against the service's model."""

from __future__ import annotations

import inspect
import json
import threading

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.credentials import Credentials
from botocore.endpoint_provider import EndpointProvider
from botocore.regions import EndpointRulesetResolver
from botocore.validate import ParamValidator

from dynamorm import connection, exceptions
from dynamorm.connection.http_reader import Answer
from dynamorm.connection.pool import Pool
from dynamorm.requests import Request
from dynamorm.requests.boto3_arguments import merged
from dynamorm.signals import pre_request

from .conftest import key
from .scripted_server import ScriptedServer, answer

pytestmark = pytest.mark.usefixtures("nobody_listens")

ITEM = {
    **key(),
    "text": {"S": 'ü"\\ \u2028'},
    "bytes": {"B": b"\x00\xff"},
    "many": {"BS": [b"a", b"b"]},
    "deep": {"M": {"list": {"L": [{"NULL": True}, {"BOOL": False}, {"NS": ["1", "2"]}, {"B": b"c"}]}}},
}
PAYLOADS = {
    "GetItem": {"Key": key(), "ConsistentRead": True},
    "PutItem": {
        "Item": ITEM,
        "ConditionExpression": "attribute_not_exists(#c0)",
        "ExpressionAttributeNames": {"#c0": "p"},
    },
    "UpdateItem": {"Key": key(), "UpdateExpression": "SET a = :a", "ExpressionAttributeValues": {":a": {"B": b"x"}}},
    "DeleteItem": {"Key": key()},
    "Query": {"KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "p"}}, "Limit": 3},
    "Scan": {"Segment": 0, "TotalSegments": 2},
}


@pytest.fixture
def checks(monkeypatch):
    """Counts the parameters that botocore checks."""
    seen = []
    validate = ParamValidator.validate

    def counting(self, params, shape):
        seen.append(shape.name)
        return validate(self, params, shape)

    monkeypatch.setattr(ParamValidator, "validate", counting)
    return seen


@pytest.fixture
def server():
    with ScriptedServer([answer(b"{}")]) as server:
        yield server


def open_to(server, transport="default"):
    return connection.connection_for({}, {"endpoint_url": server.url}, transport)


@pytest.mark.parametrize("operation", PAYLOADS)
def test_what_is_sent_is_what_botocore_sends(server, checks, operation):
    payload = {"TableName": "table", **PAYLOADS[operation]}
    open_to(server, "boto3").call(Request(operation, payload))
    conn = open_to(server)
    for _ in range(3):
        conn.call(Request(operation, payload))
    theirs, first, *others = server.requests
    for ours in others:
        assert json.loads(ours.body) == json.loads(theirs.body) == json.loads(first.body)
        for name in ("x-amz-target", "content-type"):
            assert ours.headers[name] == theirs.headers[name]
    assert len(checks) == 2, "botocore's own, and the first of the default transport"


@pytest.mark.parametrize(("transport", "checked"), [("default", 1), ("direct", 0)])
def test_it_is_so_for_a_client_that_is_given_no_url(monkeypatch, checks, transport, checked):
    """botocore gives such a client one more handler of its own."""
    urls = []

    def exchange(self, request):
        urls.append(self.url)
        return Answer(200, {}, b"{}")

    monkeypatch.setattr(Pool, "exchange", exchange)
    session = boto3.Session("AKID", "secret", region_name="eu-west-1")
    conn = connection.Connection(connection.Settings(session=session, transport=transport))
    assert conn.client.meta.endpoint_url == "https://dynamodb.eu-west-1.amazonaws.com"
    for _ in range(3):
        conn.call(Request("GetItem", {"TableName": "table", "Key": key()}))
    assert urls == ["https://dynamodb.eu-west-1.amazonaws.com/"] * 3
    assert len(checks) == checked


def test_nothing_of_what_was_sent_is_kept(server):
    conn = open_to(server)
    conn.call(Request("PutItem", {"TableName": "table", "Item": {**key(), "secret": {"S": "a word"}}}))
    assert "a word" not in repr(conn.client._serializer._frames)


@pytest.mark.refused_by_aws("enumeration", reason="botocore has to check it")
def test_what_is_passed_through_is_checked_before_it_is_sent(server, checks):
    conn = open_to(server)
    request = Request("GetItem", {"TableName": "table", "Key": key()})
    for _ in range(3):
        conn.call(request)
    assert len(checks) == 1
    with pytest.raises(exceptions.DynamoException, match="ReturnConsumedCapacity"):
        conn.call(merged(request, {"ReturnConsumedCapacity": 7}))
    assert len(checks) == 2 and len(server.requests) == 3


@pytest.mark.refused_by_aws("form", reason="botocore has to check it")
def test_requests_of_the_clients_own_users_are_checked(server, checks):
    conn = open_to(server)
    request = Request("GetItem", {"TableName": "table", "Key": key()})
    for _ in range(2):
        conn.call(request)
    with pytest.raises(Exception, match="Parameter validation failed"):
        conn.client.get_item(TableName="table", Key=5)
    assert len(server.requests) == 2


def test_who_changes_parameters_has_them_checked(server):
    conn = open_to(server)
    request = Request("GetItem", {"TableName": "table", "Key": key()})
    for _ in range(2):
        conn.call(request)
    conn.client.meta.events.register("before-parameter-build.dynamodb", lambda params, **kwargs: params.update(Key=5))
    with pytest.raises(exceptions.DynamoException, match="Key"):
        conn.call(request)
    assert len(server.requests) == 2


@pytest.mark.refused_by_aws("form", reason="botocore has to check it")
def test_receivers_of_pre_request_may_change_what_is_checked_then(server):
    def spoil(sender, request):
        request.payload["Key"] = 5

    conn = open_to(server)
    conn.call(Request("GetItem", {"TableName": "table", "Key": key()}))
    with pre_request.connected_to(spoil), pytest.raises(exceptions.DynamoException, match="Key"):
        conn.call(Request("GetItem", {"TableName": "table", "Key": key()}))
    assert len(server.requests) == 1


def test_the_shortcuts_of_one_thread_are_none_of_anothers(checks):
    inside, done = threading.Event(), threading.Event()

    def slowly(request):
        inside.set()
        done.wait(60)
        return answer(b"{}")

    with ScriptedServer([answer(b"{}"), slowly, answer(b"{}")]) as server:
        conn = open_to(server)
        request = Request("GetItem", {"TableName": "table", "Key": key()})
        conn.call(request)
        calling = threading.Thread(target=conn.call, args=(request,))
        calling.start()
        assert inside.wait(60)
        before = len(checks)
        conn.client.get_item(TableName="table", Key=key())
        assert len(checks) == before + 1
        done.set()
        calling.join()
    assert len(server.requests) == 3


@pytest.mark.refused_by_aws("value", reason="botocore has to check it")
def test_what_is_no_json_is_judged_by_botocore(server):
    conn = open_to(server)
    conn.call(Request("GetItem", {"TableName": "table", "Key": key()}))
    with pytest.raises(exceptions.DynamoException):
        conn.call(Request("GetItem", {"TableName": "table", "Key": {"p": {"S": object()}}}))
    assert len(server.requests) == 1


@pytest.fixture
def resolutions(monkeypatch):
    """Counts how often botocore goes through the rules for endpoints."""
    seen = []
    resolve = EndpointProvider.resolve_endpoint

    def counting(self, **parameters):
        seen.append(parameters)
        return resolve(self, **parameters)

    monkeypatch.setattr(EndpointProvider, "resolve_endpoint", counting)
    return seen


def test_where_to_send_is_found_out_once_for_each_table(server, resolutions):
    conn = open_to(server)
    for table in ("first", "second"):
        before = len(resolutions)
        for _ in range(3):
            conn.call(Request("GetItem", {"TableName": table, "Key": key()}))
        assert len(resolutions) <= before + 1
    assert len(resolutions) >= 1 and len(server.requests) == 6


def test_it_is_found_out_anew_for_what_is_not_well_formed(server, resolutions):
    conn = open_to(server)
    request = Request("GetItem", {"TableName": "table", "Key": key()})
    for _ in range(2):
        conn.call(request)
    before = len(resolutions)
    conn.client.get_item(TableName="table", Key=key())
    conn.call(merged(request, {"ReturnConsumedCapacity": "TOTAL"}))
    assert len(resolutions) == before + 2


def test_who_wraps_the_resolver_or_listens_to_it_sees_each_request(server, monkeypatch):
    conn = open_to(server)
    request = Request("GetItem", {"TableName": "table", "Key": key()})
    for _ in range(2):
        conn.call(request)
    seen = []
    construct = EndpointRulesetResolver.construct_endpoint
    monkeypatch.setattr(
        EndpointRulesetResolver,
        "construct_endpoint",
        lambda self, **asked: seen.append("wrapped") or construct(self, **asked),
    )
    for _ in range(2):
        conn.call(request)
    monkeypatch.undo()
    conn.client.meta.events.register("before-endpoint-resolution.dynamodb", lambda **kwargs: seen.append("heard"))
    for _ in range(2):
        conn.call(request)
    assert seen == ["wrapped", "wrapped", "heard", "heard"]


PAYLOADS_FOR_A_TABLE = {
    "GetItem": lambda table: {"TableName": table, "Key": key()},
    "PutItem": lambda table: {"TableName": table, "Item": key()},
    "BatchGetItem": lambda table: {"RequestItems": {table: {"Keys": [key()]}}},
    "TransactWriteItems": lambda table: {"TransactItems": [{"Delete": {"TableName": table, "Key": key()}}]},
}


@pytest.mark.skipif(
    "account_id" not in inspect.signature(Credentials).parameters, reason="this botocore knows no endpoints of accounts"
)
def test_requests_go_where_botocore_sends_them_whatever_account_table_and_operation():
    """For some of these the address, and what the user agent tells of it, are others."""
    credentials = Credentials("AKID", "secret", account_id="1" * 12)
    steps = [
        (operation, table, account)
        for table in ("table", f"arn:aws:dynamodb:us-east-1:{'3' * 12}:table/table")
        for operation in PAYLOADS_FOR_A_TABLE
        for account in ("1" * 12, "2" * 12, None, "1" * 12)
    ]
    sent = {"boto3": [], "default": [], "direct": []}
    for transport, seen in sent.items():
        session = boto3.Session(region_name="us-east-1")
        session._session._credentials = credentials
        conn = connection.Connection(connection.Settings(session=session, transport=transport))

        def note(request, seen=seen, **kwargs):
            agent = request.headers["User-Agent"]
            seen.append((request.url, agent.decode() if isinstance(agent, bytes) else agent))
            said = AWSResponse(request.url, 200, {}, None)
            said._content = b"{}"
            return said

        conn.client.meta.events.register("before-send.dynamodb", note)
        for operation, table, account in steps:
            credentials.account_id = account
            conn.call(Request(operation, PAYLOADS_FOR_A_TABLE[operation](table)))
        conn.close()
    assert sent["default"] == sent["boto3"]
    assert [url for url, _ in sent["direct"]] == [url for url, _ in sent["boto3"]]
    assert len({url for url, _ in sent["boto3"]}) > 2
