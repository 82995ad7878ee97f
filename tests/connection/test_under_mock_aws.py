"""Under ``mock_aws`` the fast transports ask moto, in whatever order everything was imported, and open no socket."""

from __future__ import annotations

import socket
import subprocess
import sys
import textwrap

import boto3
import pytest

from .awaited import AWAITED, connect
from .awaited import loop_of_the_module as loop_of_the_module
from .conftest import TRANSPORTS, Request, create_table, key

moto = pytest.importorskip("moto")


@pytest.fixture(params=[*TRANSPORTS, *AWAITED])
def transport(request):
    return request.param


@pytest.fixture
def no_sockets(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def round_trip(transport, **options):
    conn = connect(transport, options)
    table = create_table(conn)
    conn.call(Request("PutItem", TableName=table, Item={**key(), "b": {"B": b"\xff"}}))
    answer = conn.call(Request("GetItem", TableName=table, Key=key()))
    assert answer["Item"] == {**key(), "b": {"B": b"\xff"}}
    return conn, table


def test_no_socket_is_opened(transport, no_sockets):
    with moto.mock_aws():
        _, table = round_trip(transport)
        # what was written is where boto3 itself looks
        assert boto3.client("dynamodb").get_item(TableName=table, Key=key())["Item"]["b"] == {"B": b"\xff"}


def test_a_connection_from_before_the_mock_is_not_used_in_it(transport, no_sockets):
    before = connect(transport, {})
    with moto.mock_aws():
        inside, _ = round_trip(transport)
        assert inside.client is not before.client
        assert connect(transport, {}).client is inside.client


def test_what_one_mock_held_the_next_does_not(transport, no_sockets):
    with moto.mock_aws():
        create_table(connect(transport, {}), "table-of-the-first-mock")
    with moto.mock_aws():
        answer = connect(transport, {}).call(Request("ListTables"))
        assert answer["TableNames"] == []


@pytest.mark.parametrize("own", [{"region_name": "eu-west-1"}, {"region_name": "eu-west-1", "config": {}}])
def test_the_fake_credentials_of_a_mock_do_not_outlive_it(transport, own, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with moto.mock_aws():
        round_trip(transport, **own)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "REAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    after = connect(transport, own)
    assert after.client._request_signer._credentials.access_key == "REAL"


ORDERS = {
    "moto first": ["import moto", "import boto3", "from dynamorm import connection"],
    "moto last": ["from dynamorm import connection", "import boto3", "import moto"],
    "moto after the first connection": [
        "from dynamorm import connection",
        "connection.connection_for()",
        "import moto",
    ],
    "moto after a connection with a session of its own": [
        "from dynamorm import connection",
        "connection.connection_for({'region_name': 'us-east-1'})",
        "import moto",
    ],
}


@pytest.mark.parametrize("order", ORDERS)
def test_the_order_of_imports_does_not_matter(order, fast_transport):
    script = "\n".join(ORDERS[order]) + textwrap.dedent(
        """
        import socket, types
        def refuse(*args, **kwargs):
            raise AssertionError("a socket was opened")
        socket.create_connection = refuse
        socket.socket.connect = refuse
        def call(operation, **payload):
            for own in ({}, {"region_name": "us-east-1"}):
                request = types.SimpleNamespace(operation=operation, payload=payload)
                return connection.connection_for(own).call(request)
        with moto.mock_aws():
            call("CreateTable", TableName="table", BillingMode="PAY_PER_REQUEST",
                 KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
                 AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}])
            call("PutItem", TableName="table", Item={"p": {"S": "1"}})
            assert call("GetItem", TableName="table", Key={"p": {"S": "1"}})["Item"] == {"p": {"S": "1"}}
        """
    )
    environment = {
        "DYNAMORM_TRANSPORT": fast_transport,
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_DEFAULT_REGION": "us-east-1",
        "PYTHONPATH": ":".join(filter(None, sys.path)),
    }
    run = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
