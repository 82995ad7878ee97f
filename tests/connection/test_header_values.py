"""What would break out of its header is refused before anything is sent, and is not shown."""

from __future__ import annotations

import hashlib
import hmac
import pickle
import traceback

import boto3
import pytest

from dynamorm import connection, exceptions

from .conftest import KEYS, Request, key
from .scripted_server import ScriptedServer, answer

GET = Request("GetItem", TableName="table", Key=key())
SECRET = "hunter2"
BREAKS = ["\n", "\r", "\r\nEvil: 1", "\r\n folded", "\x00", "\x7f"]


@pytest.fixture
def server():
    with ScriptedServer([answer()]) as server:
        yield server


def refused(server, transport, **options):
    with pytest.raises(exceptions.ConfigurationError) as caught:
        connection.connection_for({}, {"endpoint_url": server.url, **options}, transport).call(GET)
    shown = "".join(traceback.format_exception(caught.value))
    assert SECRET not in shown
    assert server.requests == []


@pytest.mark.parametrize("broken", BREAKS, ids=repr)
@pytest.mark.parametrize("name", ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"])
def test_credentials_that_break_out_are_refused(server, transport, name, broken):
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "key", "aws_session_token": "token"}
    refused(server, transport, **{**keys, name: f"{SECRET}{broken}"})


def test_credentials_of_the_environment_are_looked_at_too(server, transport, monkeypatch):
    monkeypatch.setenv("AWS_SESSION_TOKEN", f"{SECRET}\n.")
    refused(server, transport)


@pytest.mark.parametrize(
    "options",
    [
        {"region_name": "us-east-1\n"},
        {"region_name": "us\r\nEvil: 1"},
        {"config": {"user_agent_extra": f"{SECRET}\n."}},
        {"config": {"user_agent": f"{SECRET}\r\nEvil: 1"}},
        {"endpoint_url": "http://localhost\r\nEvil: 1"},
        {"endpoint_url": "http://local host/"},
    ],
    ids=repr,
)
def test_settings_that_break_out_are_refused(server, transport, options):
    refused(server, transport, **options)


@pytest.mark.parametrize("event", ["before-call", "before-send"])
def test_a_header_of_a_handlers_that_breaks_out_is_refused(server, transport, event):
    conn = connection.connection_for({}, {"endpoint_url": server.url}, transport)

    def change(params=None, request=None, **kwargs):
        (params["headers"] if request is None else request.headers)["X-Note"] = f"{SECRET}\r\nEvil: 1"

    conn.client.meta.events.register(event, change)
    with pytest.raises(exceptions.ConfigurationError) as caught:
        conn.call(GET)
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert server.requests == []


@pytest.mark.parametrize(
    "options",
    [
        {"endpoint_url": "http://localhost:99999"},
        {"endpoint_url": "http://localhost:x"},
        {"endpoint_url": "http://localhost:0"},
        {"endpoint_url": "nonsense"},
        {"config": {"zz": 1}},
        {"config": {"retries": 5}},
        {"config": {"retries": {"mode": "x"}}},
        {"config": 5},
        {"config": {"max_pool_connections": "x"}},
        {"config": {"read_timeout": "x"}},
        {"aws_access_key_id": 5, "aws_secret_access_key": "x"},
        {"region_name": 5},
        {"api_version": "1999"},
    ],
    ids=repr,
)
def test_settings_that_cannot_work_are_an_error_of_ours(server, transport, options):
    refused(server, transport, **options)


def test_a_session_that_cannot_be_made_is_an_error_of_ours():
    with pytest.raises(exceptions.ConfigurationError):
        connection.connection_for({"profile_name": "nobody"}).call(GET)
    with pytest.raises(exceptions.ConfigurationError):
        connection.connection_for({"zz": 1}).call(GET)


def test_the_errors_of_a_client_are_caught_by_its_own_names(transport):
    refusal = answer(b'{"__type":"x#ConditionalCheckFailedException","message":"no"}', b"400 Bad Request")
    with ScriptedServer([refusal]) as server:
        conn = connection.connection_for({}, {"endpoint_url": server.url}, transport)
        with pytest.raises(conn.client.exceptions.ConditionalCheckFailedException) as caught:
            conn.call(Request("PutItem", TableName="table", Item=key()))
        assert isinstance(caught.value, exceptions.ConditionFailed)
        with pytest.raises(conn.client.exceptions.ConditionalCheckFailedException):
            raise caught.value.as_hash_key_exists()
        assert isinstance(caught.value, boto3.Session().client("sts").exceptions.ClientError)


@pytest.mark.parametrize("mode", ["legacy", "standard"])
@pytest.mark.parametrize("faults", [0, 1])
def test_what_is_told_of_attempts_is_what_botocore_tells(fast_transport, mode, faults, replace_backoff):
    replace_backoff(lambda seconds: None)
    broken = answer(b'{"__type":"x#InternalServerError"}', b"500 Internal Server Error")
    config = {"retries": {"total_max_attempts": faults + 1, "mode": mode}}
    told = []
    for transport in ("boto3", fast_transport):
        with ScriptedServer([*[broken] * faults, answer()]) as server:
            conn = connection.connection_for({}, {"endpoint_url": server.url, "config": config}, transport)
            metadata = conn.call(GET)["ResponseMetadata"]
            told.append({name: metadata.get(name) for name in ("RetryAttempts", "MaxAttemptsReached")})
    assert told[0] == told[1]


def recomputed_signature(received):
    """Return the signature that AWS computes from what it receives, by the published rules and none of our code."""
    given = dict(part.strip().split("=", 1) for part in received.headers["authorization"].split(" ", 1)[1].split(","))
    scope = given["Credential"].split("/", 1)[1]
    path = received.head.split(b" ")[1].decode()
    names = given["SignedHeaders"].split(";")
    block = "".join(f"{name}:{' '.join(received.headers[name].split())}\n" for name in names)
    body = hashlib.sha256(received.body).hexdigest()
    canonical = f"POST\n{path}\n\n{block}\n{';'.join(names)}\n{body}"
    text = f"AWS4-HMAC-SHA256\n{received.headers['x-amz-date']}\n{scope}\n"
    text += hashlib.sha256(canonical.encode()).hexdigest()
    signing_key = f"AWS4{KEYS['aws_secret_access_key']}".encode()
    for part in scope.split("/"):
        signing_key = hmac.digest(signing_key, part.encode(), "sha256")
    return given["Signature"], hmac.digest(signing_key, text.encode(), "sha256").hex()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Note": "a  note"},
        {"Accept-Encoding": "gzip"},
        {"accept-encoding": "identity"},
        {"Host": "dynamodb.example.com"},
        {"Content-Length": None},
    ],
    ids=repr,
)
@pytest.mark.parametrize("body", [GET, Request("PutItem", TableName="table", Item={**key(), "t": {"S": "\u00e4"}})])
def test_the_signature_is_that_of_what_is_on_the_wire(transport, server, headers, body):
    conn = connection.connection_for({}, {"endpoint_url": server.url}, transport)

    def change(params, **kwargs):
        params["headers"].update({name: value for name, value in headers.items() if value is not None})

    if headers:
        conn.client.meta.events.register("before-call", change)
    conn.call(body)
    (received,) = server.requests
    theirs, ours = recomputed_signature(received)
    assert theirs == ours
    for name, value in headers.items():
        if value is not None:
            assert received.headers[name.lower()] == value


def test_a_table_that_is_missing_is_told_with_where_it_was_looked_for(transport):
    missing = answer(b'{"__type":"x#ResourceNotFoundException","message":"gone"}', b"400 Bad Request")
    with ScriptedServer([missing]) as server:
        conn = connection.connection_for({}, {"endpoint_url": server.url}, transport)
        with pytest.raises(exceptions.TableNotFound, match=r"create_table\(\)") as caught:
            conn.call(GET)
        assert "us-east-1" in str(caught.value) and server.url in str(caught.value)
        assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
