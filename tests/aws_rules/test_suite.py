"""Every request is looked at, once, whichever way it takes; and what a test sent decides whether it passes."""

from __future__ import annotations

import asyncio

import pytest

from dynamorm import connection, local
from dynamorm.exceptions import RequestRefused

from . import suite

pytest_plugins = ["pytester"]

TABLE = {
    "TableName": "looked-at",
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}
ITEM = {"id": {"S": "a"}}


class Request:
    def __init__(self, operation, **payload):
        self.operation = operation
        self.payload = payload


@pytest.fixture(scope="module")
def engine():
    with local.start() as started:
        yield started


@pytest.fixture(params=["default", "direct", "boto3"])
def opened(engine, request):
    """A connection with a table, over each transport."""
    keys = {"region_name": "us-east-1", "aws_access_key_id": request.param, "aws_secret_access_key": "local"}
    found = connection.connection_for(keys, {"endpoint_url": engine.endpoint_url}, request.param)
    found.call(Request("CreateTable", **TABLE))
    yield found
    found.call(Request("DeleteTable", TableName="looked-at"))


@pytest.fixture
def looked_at(monkeypatch):
    seen = []
    monkeypatch.setattr(suite, "look_at", lambda operation, payload: seen.append((operation, payload)))
    return seen


def test_a_request_of_the_library_is_looked_at_once(opened, looked_at):
    opened.call(Request("PutItem", TableName="looked-at", Item=ITEM))
    assert opened.call(Request("GetItem", TableName="looked-at", Key=ITEM))["Item"] == ITEM
    assert looked_at == [
        ("PutItem", {"TableName": "looked-at", "Item": ITEM}),
        ("GetItem", {"TableName": "looked-at", "Key": ITEM}),
    ]


def test_a_request_that_is_awaited_is_looked_at_once(opened, looked_at):
    assert asyncio.run(opened.acall(Request("PutItem", TableName="looked-at", Item=ITEM)))
    assert looked_at == [("PutItem", {"TableName": "looked-at", "Item": ITEM})]


def test_a_request_through_the_resource_is_looked_at_once_in_wire_form(opened, looked_at):
    opened.resource.Table("looked-at").put_item(Item={"id": "a"})
    opened.call_resource(Request("GetItem", TableName="looked-at", Key={"id": "a"}))
    assert looked_at == [
        ("PutItem", {"TableName": "looked-at", "Item": ITEM}),
        ("GetItem", {"TableName": "looked-at", "Key": ITEM}),
    ]


def test_a_request_through_the_client_is_looked_at_once(opened, looked_at):
    opened.client.put_item(TableName="looked-at", Item=ITEM)
    assert looked_at == [("PutItem", {"TableName": "looked-at", "Item": ITEM})]


@pytest.mark.refused_by_aws("key-attributes", reason="a refusal shows that the table's key is known")
def test_what_is_learnt_of_a_table_counts_from_then_on(opened):
    with pytest.raises(RequestRefused):
        opened.call(Request("PutItem", TableName="looked-at", Item={"other": {"S": "a"}}))


INNER = """
    import pytest
    from tests.aws_rules.suite import look_at, pytest_runtest_call, pytest_runtest_teardown

    def send(item=None):
        look_at("PutItem", {"TableName": "known-to-nobody", "Item": item or {"id": {"S": "a"}}})

    @pytest.fixture
    def wrong_at_the_end():
        yield
        send({"a": {"SS": []}})

    @pytest.fixture
    def wrong_at_the_start():
        send({"a": {"SS": []}})
"""


@pytest.fixture
def outcomes(pytester):
    """Run tests in a pytest of its own, and return how many passed, failed and had errors."""

    def run(tests):
        pytester.makeini("[pytest]\nmarkers =\n    refused_by_aws\n")
        pytester.makeconftest(INNER)
        pytester.makepyfile("import pytest\nfrom conftest import send\n" + tests)
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:randomly")

    return run


def test_a_test_that_sends_a_wrong_request_fails_and_says_which(outcomes):
    result = outcomes(
        "def test_right():\n    send()\n"
        "def test_wrong():\n    send({'a': {'SS': []}})\n"
        "def test_next():\n    send()\n"
        "def test_start(wrong_at_the_start):\n    send()\n"
        "def test_end(wrong_at_the_end):\n    send()\n"
    )
    result.assert_outcomes(passed=3, failed=2, errors=1)
    result.stdout.fnmatch_lines(["*PutItem: [[]set] a: an empty set (a set is not empty*"])


def test_a_test_that_fails_by_itself_shows_the_wrong_request_too(outcomes):
    result = outcomes("def test_wrong():\n    send({'a': {'SS': []}})\n    assert False, 'for another reason'\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*for another reason*", "*PutItem: [[]set] a: an empty set*"])


def test_a_test_may_declare_which_rules_it_breaks_and_has_to_break_them(outcomes):
    marker = "@pytest.mark.refused_by_aws('set', reason='it is the point')\n"
    result = outcomes(
        f"{marker}def test_declared():\n    send({{'a': {{'SS': []}}}})\n"
        f"{marker}def test_another():\n    send({{'a': {{'SS': []}}, 'b': {{'N': 'x'}}}})\n"
        f"{marker}def test_none():\n    send()\n"
        f"{marker}def test_skipped():\n    pytest.skip('for once')\n"
        "@pytest.mark.refused_by_aws('sets')\ndef test_no_rule():\n    send()\n"
    )
    result.assert_outcomes(passed=1, failed=3, skipped=1)
    result.stdout.fnmatch_lines(["*names rules that no request has broken: set*", "*there are no rules sets*"])
