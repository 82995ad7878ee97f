"""What can be heard of requests: signals with everything, log lines without keys and values."""

from __future__ import annotations

import logging

import pytest

from dynamorm import connection, exceptions
from dynamorm.signals import post_request, pre_request

from .conftest import Request, key
from .scripted_server import ScriptedServer, answer

ITEM = b'{"Item":{"p":{"S":"p"},"s":{"N":"1"}},"ConsumedCapacity":{"TableName":"t","CapacityUnits":0.5}}'
GET = Request("GetItem", TableName="table", Key=key("secret-key"))


class Model:
    """What requests are sent for."""


@pytest.fixture
def heard():
    events = []

    def before(sender, **kwargs):
        events.append(("before", sender, kwargs))

    def after(sender, **kwargs):
        events.append(("after", sender, kwargs))

    with pre_request.connected_to(before), post_request.connected_to(after):
        yield events


def test_signals_tell_of_each_request(transport, heard):
    with ScriptedServer([answer(ITEM)]) as server:
        conn = connection.connection_for({}, {"endpoint_url": server.url}, transport)
        response = conn.call(GET, sender=Model)
    (_, first, before), (_, second, after) = heard
    assert first is second is Model
    assert before == {"request": GET}
    seconds = after.pop("seconds")
    assert 0 < seconds < 5
    assert after == {
        "request": GET,
        "response": response,
        "attempts": 1,
        "consumed": {"TableName": "t", "CapacityUnits": 0.5},
        "error": None,
    }


def test_signals_tell_of_failures_too(transport, heard, replace_backoff):
    replace_backoff(lambda seconds: None)
    broken = answer(b'{"__type":"x#InternalServerError"}', b"500 Internal Server Error")
    with ScriptedServer([broken]) as server:
        options = {"endpoint_url": server.url, "config": {"retries": {"total_max_attempts": 2}}}
        with pytest.raises(exceptions.Unavailable) as caught:
            connection.connection_for({}, options, transport).call(GET, Model)
    (_, _, after) = heard[1]
    assert after["error"] is caught.value
    assert (after["response"], after["attempts"]) == (None, 2)


def test_an_error_of_a_receiver_propagates(transport):
    def refuse(sender, **kwargs):
        raise ZeroDivisionError

    with ScriptedServer([answer(ITEM)]) as server:
        conn = connection.connection_for({}, {"endpoint_url": server.url}, transport)
        with pre_request.connected_to(refuse), pytest.raises(ZeroDivisionError):
            conn.call(GET)
        assert server.requests == []
        with post_request.connected_to(refuse), pytest.raises(ZeroDivisionError):
            conn.call(GET)


def test_the_log_names_operation_table_time_attempts_and_capacity_and_no_more(transport, caplog):
    caplog.set_level(logging.DEBUG, "dynamorm")
    with ScriptedServer([answer(ITEM)]) as server:
        connection.connection_for({}, {"endpoint_url": server.url}, transport).call(GET)
    messages = [record.getMessage() for record in caplog.records if record.name.startswith("dynamorm")]
    # where moto has been imported it listens to botocore, which is told as the reason for making a client
    messages = [message for message in messages if not message.startswith("a client is made")]
    assert len(messages) == 1
    assert messages[0].startswith("GetItem on table: answered in ")
    assert messages[0].endswith(" ms, attempts: 1, capacity: 0.5")
    assert "secret-key" not in "".join(messages)


def test_credentials_are_in_no_error_and_no_log(transport, caplog, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "very-secret-token")
    caplog.set_level(logging.DEBUG, "dynamorm")
    with ScriptedServer([None]) as server:
        options = {"endpoint_url": server.url, "config": {"retries": {"total_max_attempts": 1}}}
        conn = connection.connection_for({}, options, transport)
        with pytest.raises(exceptions.ConnectionFailed) as caught:
            conn.call(GET)
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("dynamorm")]
    assert "very-secret" not in "".join([*ours, str(caught.value), repr(caught.value), repr(conn)])
