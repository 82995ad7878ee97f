"""The fast transports try again when botocore would, as often as botocore would, and wait as long as botocore would."""

from __future__ import annotations

import copy
import os
import random
import re

import boto3
import pytest
from botocore.config import Config
from botocore.loaders import Loader
from botocore.retries import standard

from dynamorm import connection, exceptions
from dynamorm.connection import http_requests

from .conftest import TRANSPORTS, Request, key
from .scripted_server import ScriptedServer, answer

ITEM = b'{"Item":{"p":{"S":"p"},"s":{"N":"1"}}}'
GET = Request("GetItem", TableName="table", Key=key())
OK = answer(ITEM)


def refusal(code, status=b"400 Bad Request"):
    return answer(b'{"__type":"com.amazonaws.dynamodb.v20120810#%s","message":"No."}' % code, status)


FAULTS = {
    "closed": None,
    "ended in the middle": [b"HTTP/1.1 200 OK\r\nx-amz-crc32: 5\r\nContent-Length: 99\r\n\r\n{", None],
    "500": refusal(b"InternalServerError", b"500 Internal Server Error"),
    "502 in HTML": answer(b"<html>Bad gateway</html>", b"502 Bad Gateway", x_amz_crc32=None),
    "503 empty": answer(b"", b"503 Service Unavailable", x_amz_crc32=None),
    "504": answer(b"gone", b"504 Gateway Timeout", x_amz_crc32=None),
    "429": answer(b"{}", b"429 Too Many Requests"),
    "throughput": refusal(b"ProvisionedThroughputExceededException"),
    "throttling": refusal(b"ThrottlingException"),
    "limit": refusal(b"RequestLimitExceeded"),
    "in progress": refusal(b"TransactionInProgressException"),
    "checksum": answer(ITEM, x_amz_crc32="1"),
    "condition": refusal(b"ConditionalCheckFailedException"),
    "invalid": refusal(b"ValidationException"),
    "not found": refusal(b"ResourceNotFoundException"),
    "denied": refusal(b"AccessDeniedException"),
    "413": answer(b"too much", b"413 Payload Too Large", x_amz_crc32=None),
    "409": refusal(b"ReplicatedWriteConflictException", b"409 Conflict"),
    "wait a while": answer(b'{"__type":"x#ThrottlingException"}', b"400 Bad Request", x_amz_retry_after="200"),
}


@pytest.fixture
def pauses(replace_backoff):
    """What is waited between attempts, and none of it."""
    waited = []
    replace_backoff(waited.append)
    return waited


def outcome(transport, server, mode, attempts=None):
    retries = {"mode": mode}
    if attempts is not None:
        retries["total_max_attempts"] = attempts
    config = {"retries": retries, "read_timeout": 30}
    conn = connection.connection_for({}, {"endpoint_url": server.url, "config": config}, transport)
    try:
        response = conn.call(GET)
        result = ("answered", response.get("Item"), response["ResponseMetadata"]["RetryAttempts"])
    except exceptions.ServiceError as error:
        result = (
            type(error).__name__,
            error.code,
            error.attempts,
            error.response["ResponseMetadata"].get("MaxAttemptsReached"),
        )
    except exceptions.ConnectionFailed as error:
        result = ("ConnectionFailed", type(error.__cause__).__name__)
    return result


@pytest.mark.parametrize("mode", ["legacy", "standard"])
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_tried_again_as_botocore_would(fault, mode, fast_transport, pauses):
    seen = {}
    for transport in ("boto3", fast_transport):
        random.seed(1)  # for the jitter
        for script in ([FAULTS[fault], OK], [FAULTS[fault]]):
            with ScriptedServer(script) as server:
                before = len(pauses)
                result = outcome(transport, server, mode, attempts=3)
                waited = [round(pause, 6) for pause in pauses[before:] if pause]
                counted = [request.headers["amz-sdk-request"] for request in server.requests]
                counted = [one.partition("; ")[2] if one.startswith("ttl") else one for one in counted]
                calls = {request.headers["amz-sdk-invocation-id"] for request in server.requests}
                assert len(calls) == 1
                seen.setdefault(transport, []).append((result, waited, counted))
    if fault in ("checksum", "ended in the middle"):
        # botocore's standard mode hands out the damaged answer when it has no attempts left: here it is an
        # error
        theirs, ours = seen["boto3"].pop(), seen[fast_transport].pop()
        assert ours[0][0] == "ConnectionFailed"
        assert theirs[1:] == ours[1:]
    assert seen["boto3"] == seen[fast_transport]


def attempts_of(client):
    """Return how often a request of a client's is sent at most, by its settings and botocore's tables."""
    retries = client.meta.config.retries
    if "total_max_attempts" in retries:
        return max(1, retries["total_max_attempts"])
    if retries["mode"] == "legacy":
        return Loader().load_data("_retry")["retry"]["dynamodb"]["__default__"]["max_attempts"]
    return getattr(standard, "_SERVICE_MAX_ATTEMPTS", {}).get("dynamodb", standard.DEFAULT_MAX_ATTEMPTS)


IN_CODE = [
    {"mode": "standard"},
    {"mode": "adaptive"},
    {"max_attempts": 0},
    {"total_max_attempts": 2, "max_attempts": 5},
    {"mode": "legacy", "max_attempts": 2},
    {"mode": "standard", "total_max_attempts": 5},
]
AROUND = [
    {},
    {"AWS_RETRY_MODE": "legacy"},
    {"AWS_RETRY_MODE": "standard"},
    {"AWS_RETRY_MODE": "adaptive"},
    {"AWS_MAX_ATTEMPTS": "1"},
    {"AWS_MAX_ATTEMPTS": "2"},
    {"AWS_RETRY_MODE": "legacy", "AWS_MAX_ATTEMPTS": "3"},
    {"AWS_RETRY_MODE": "standard", "AWS_MAX_ATTEMPTS": "7"},
]


@pytest.mark.parametrize("around", AROUND, ids=lambda around: " ".join(around.values()) or "nothing")
def test_attempts_and_mode_are_those_of_the_environment(around, pauses, monkeypatch):
    for name, value in around.items():
        monkeypatch.setenv(name, value)
    compare_attempts({})


def test_attempts_and_mode_are_those_of_the_profile(pauses, monkeypatch, tmp_path):
    (tmp_path / "config").write_text("[default]\nretry_mode = legacy\nmax_attempts = 3\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    compare_attempts({})


@pytest.mark.parametrize("retries", IN_CODE, ids=str)
def test_attempts_and_mode_are_those_of_the_code_before_those_of_the_environment(retries, pauses, monkeypatch):
    monkeypatch.setenv("AWS_RETRY_MODE", "legacy")
    compare_attempts({"config": {"retries": retries}})
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "7")
    compare_attempts({"config": {"retries": retries}})


def compare_attempts(options):
    """Hold the requests that each transport sends against what a client made in the same circumstances would do."""
    made = {"config": Config(**options["config"])} if options else {}
    client = boto3.client("dynamodb", endpoint_url="http://localhost:1", **copy.deepcopy(made))
    expected = attempts_of(client)
    mode = client.meta.config.retries["mode"]
    announced = {}
    for transport in TRANSPORTS:
        with ScriptedServer([FAULTS["500"]]) as server:
            conn = connection.connection_for({}, {"endpoint_url": server.url, **copy.deepcopy(options)}, transport)
            with pytest.raises(exceptions.Unavailable) as caught:
                conn.call(GET)
            assert len(server.requests) == caught.value.attempts == expected, transport
            announced[transport] = [
                request.headers["amz-sdk-request"].partition("attempt=")[2] for request in server.requests
            ]
            assert conn.client.meta.config.retries["mode"] == mode
    assert announced["boto3"] == announced["default"] == announced["direct"]


def test_a_quota_that_is_used_up_ends_the_attempts_and_successes_pay_it_back(fast_transport, pauses):
    """The same sequence of failures and successes leaves both with the same number of requests."""
    script = [FAULTS["500"]] * 150 + [OK] * 60 + [FAULTS["500"]] * 40
    asked = {}
    for transport in ("boto3", fast_transport):
        with ScriptedServer(script) as server:
            for _ in range(215):
                outcome(transport, server, "standard", attempts=3)
            asked[transport] = len(server.requests)
    assert 215 < asked["boto3"] == asked[fast_transport] < 400  # without a quota there were 645


@pytest.mark.parametrize(
    "said",
    [
        answer(b"<html>It works!</html>", x_amz_crc32=None),
        answer(b"", x_amz_crc32=None),
        answer(b"[]", x_amz_crc32=None),
        answer(b'"text"', x_amz_crc32=None),
        answer(b'{"Item":', x_amz_crc32=None),
        answer(b"\xff\xfe", x_amz_crc32=None),
        refusal(b"ConditionalCheckFailedException", b"200 OK"),
        answer(ITEM, b"201 Created"),
        answer(ITEM, Content_Encoding="gzip"),
        answer(ITEM, x_amz_crc32="no number"),
        answer(ITEM, b"302 Found", Location="http://elsewhere/", x_amz_crc32=None),
    ],
)
def test_what_is_no_answer_is_never_taken_for_one(fast_transport, said, pauses):
    with ScriptedServer([said]) as server, pytest.raises(exceptions.DynamoException) as caught:
        outcome_of = connection.connection_for(
            {}, {"endpoint_url": server.url, "config": {"retries": {"total_max_attempts": 2}}}, fast_transport
        )
        outcome_of.call(GET)
    assert isinstance(caught.value, (exceptions.ConnectionFailed, exceptions.ServiceError))


def test_retries_are_logged_without_values(fast_transport, pauses, caplog):
    caplog.set_level("INFO", "dynamorm")
    with ScriptedServer([FAULTS["500"], OK]) as server:
        outcome(fast_transport, server, "standard", 3)
    assert [record.getMessage() for record in caplog.records] == ["GetItem is tried again (attempt 2)"]


def test_every_call_has_a_name_of_its_own():
    names = {http_requests._retry_lines(1, {}, 3).splitlines()[0] for _ in range(10_000)}
    assert len(names) == 10_000
    assert all(
        re.fullmatch(r"amz-sdk-invocation-id: [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", name) for name in names
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_child_process_names_its_calls_differently():
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, http_requests._process.encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as said:
        assert said.read() not in ("", http_requests._process)
