"""Whoever hooks, patches or configures botocore finds it doing what they expect.

The fast transports send themselves only where nobody would notice; in each of the cases below botocore sends, and
the answer is the same.
"""

from __future__ import annotations

import contextvars
import gzip
import http.client
import inspect
import json
import re
import threading

import boto3
import botocore.client
import botocore.endpoint
import pytest
from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.httpsession import URLLib3Session
from botocore.loaders import Loader
from botocore.signers import RequestSigner
from botocore.stub import Stubber

from dynamorm import connection, exceptions
from dynamorm.connection.loop_pool import LoopPool
from dynamorm.connection.pool import Pool

from .awaited import AWAITED, connect
from .awaited import loop_of_the_module as loop_of_the_module
from .conftest import TRANSPORTS, Request, create_table, key
from .scripted_server import ScriptedServer, answer

ITEM = b'{"Item":{"p":{"S":"p"},"s":{"N":"1"}}}'
GET = Request("GetItem", TableName="table", Key=key())


@pytest.fixture(params=[*TRANSPORTS, *AWAITED])
def transport(request):
    return request.param


@pytest.fixture(params=["default", "direct", "async", "async direct"])
def fast_transport(request):
    return request.param


@pytest.fixture
def ours(monkeypatch):
    """Counts the requests that botocore does not send."""
    sent = []

    def count(pool):
        exchange = pool.exchange

        def counting(self, request):
            sent.append(request)
            return exchange(self, request)

        monkeypatch.setattr(pool, "exchange", counting)

    count(Pool)
    count(LoopPool)
    return sent


@pytest.fixture
def server():
    with ScriptedServer([answer(ITEM)]) as server:
        yield server


def open_to(server, transport, **options):
    return connect(transport, {"endpoint_url": server.url, **options})


def test_with_nobody_else_there_botocore_does_not_send(fast_transport, server, ours):
    conn = open_to(server, fast_transport)
    for count in (1, 2, 3):
        assert conn.call(GET)["Item"] == key()
        assert len(ours) == count


def test_botocore_sends_for_the_plain_transport(server, ours):
    assert open_to(server, "boto3").call(GET)["Item"] == key()
    assert ours == []


# Older releases of botocore do not have this event.
HAS_BEFORE_PARSE = "before-parse" in inspect.getsource(botocore.endpoint)


@pytest.mark.parametrize(
    "event",
    ["request-created", "before-sign", "choose-signer", "response-received", "needs-retry", "before-parse"],
)
def test_a_foreign_handler_sees_what_botocore_shows_it(fast_transport, server, ours, event):
    if event == "before-parse" and not HAS_BEFORE_PARSE:
        pytest.skip("this botocore has no such event")
    conn = open_to(server, fast_transport)
    conn.call(GET)
    seen = []

    def handler(event_name, **kwargs):
        seen.append(event_name)

    conn.client.meta.events.register(f"{event}.dynamodb", handler)
    assert conn.call(GET)["Item"] == key()
    assert seen == [f"{event}.dynamodb.GetItem"]
    assert len(ours) == 1
    conn.client.meta.events.unregister(f"{event}.dynamodb", handler)
    assert conn.call(GET)["Item"] == key()
    assert len(ours) == 2


@pytest.mark.parametrize(
    "event",
    ["provide-client-params", "before-parameter-build", "before-call", "after-call", "before-send"],
)
def test_handlers_around_the_sending_see_every_call_that_botocore_does_not_send(fast_transport, server, ours, event):
    conn = open_to(server, fast_transport)
    conn.call(GET)
    seen = []
    conn.client.meta.events.register(event, lambda event_name, **kwargs: seen.append(event_name))
    assert conn.call(GET)["Item"] == key()
    assert seen == [f"{event}.dynamodb.GetItem"]
    assert len(ours) == 2


def test_a_handler_of_failures_sees_them(transport, ours):
    with ScriptedServer([None]) as server:
        config = {"retries": {"total_max_attempts": 1, "mode": "standard"}}
        conn = open_to(server, transport, config=config)
        seen = []
        conn.client.meta.events.register(
            "after-call-error", lambda exception, **kwargs: seen.append(type(exception).__name__)
        )
        with pytest.raises(exceptions.ConnectionFailed):
            conn.call(GET)
        assert seen == ["ConnectionClosedError"]


def test_a_header_that_a_handler_adds_is_sent_and_signed(transport, server):
    conn = open_to(server, transport)

    def add(params, **kwargs):
        params["headers"]["X-Note"] = "ä  note"

    conn.client.meta.events.register("before-call", add)
    conn.call(GET)
    (request,) = server.requests
    assert request.headers["x-note"] == "ä  note"
    assert "x-note" in request.headers["authorization"]


def test_what_a_handler_changes_before_sending_is_what_is_sent(transport, server):
    conn = open_to(server, transport)

    def change(request, **kwargs):
        request.headers["X-Late"] = "yes"

    conn.client.meta.events.register("before-send", change)
    assert conn.call(GET)["Item"] == key()
    assert server.requests[0].headers["x-late"] == "yes"


def test_an_answer_given_before_sending_is_taken(transport, server, ours):
    conn = open_to(server, transport)

    class Raw:
        def stream(self, **kwargs):
            yield b'{"Item":{"p":{"S":"from "},"s":{"N":"2"},"b":{"B":"eA=="}}}'

    conn.client.meta.events.register(
        "before-send",
        lambda request, **kwargs: AWSResponse(request.url, 200, {"X-Amzn-RequestId": "R"}, Raw()),
    )
    response = conn.call(GET)
    assert response["Item"] == {"p": {"S": "from "}, "s": {"N": "2"}, "b": {"B": b"x"}}
    assert response["ResponseMetadata"]["RequestId"] == "R"
    assert server.requests == [] and ours == []


def test_botocores_stubber_stubs(transport, server):
    conn = open_to(server, transport)
    with Stubber(conn.client) as stubber:
        stubber.add_response("get_item", {"Item": key(s=7)}, {"TableName": "table", "Key": key()})
        stubber.add_client_error("get_item", "ProvisionedThroughputExceededException")
        assert conn.call(GET)["Item"] == key(s=7)
        with pytest.raises(exceptions.Throttled):
            conn.call(GET)
        stubber.assert_no_pending_responses()
    assert server.requests == []
    assert conn.call(GET)["Item"] == key()


WRAPPED = [
    (botocore.endpoint.Endpoint, "prepare_request"),
    (botocore.endpoint.Endpoint, "make_request"),
    (botocore.endpoint.Endpoint, "create_request"),
    (botocore.endpoint.Endpoint, "_send_request"),
    (botocore.endpoint.Endpoint, "_get_response"),
    (botocore.endpoint.Endpoint, "_do_get_response"),
    (botocore.endpoint.Endpoint, "_send"),
    (URLLib3Session, "send"),
    (RequestSigner, "sign"),
    (RequestSigner, "get_auth_instance"),
    (botocore.client.BaseClient, "_make_request"),
]


@pytest.mark.parametrize("opened_before", [True, False], ids=["opened before", "opened after"])
@pytest.mark.parametrize(("owner", "name"), WRAPPED, ids=[name for _, name in WRAPPED])
def test_whoever_wraps_botocores_sending_sees_it(fast_transport, server, ours, monkeypatch, owner, name, opened_before):
    if opened_before:
        open_to(server, fast_transport).call(GET)
        assert len(ours) == 1
    seen = []
    wrapped = getattr(owner, name)

    def wrapper(self, *args, **kwargs):
        seen.append(name)
        return wrapped(self, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, wrapper)
        ours.clear()
        assert open_to(server, fast_transport).call(GET)["Item"] == key()
        assert set(seen) == {name} and ours == []
    open_to(server, fast_transport).call(GET)
    assert len(ours) == 1


def test_a_wrapper_by_wrapt_is_seen_too(fast_transport, server, ours, monkeypatch):
    wrapt = pytest.importorskip("wrapt")
    open_to(server, fast_transport).call(GET)
    seen = []

    def traced(wrapped, instance, args, kwargs):
        seen.append(wrapped.__name__)
        return wrapped(*args, **kwargs)

    with monkeypatch.context() as patch:
        # what tracers of both schools wrap
        for owner, name in (
            (botocore.client.BaseClient, "_make_api_call"),
            (botocore.endpoint.Endpoint, "prepare_request"),
        ):
            patch.setattr(owner, name, wrapt.FunctionWrapper(owner.__dict__[name], traced))
        open_to(server, fast_transport).call(GET)
    assert seen == ["_make_api_call", "prepare_request"]
    assert len(ours) == 1
    open_to(server, fast_transport).call(GET)
    assert seen == ["_make_api_call", "prepare_request"] and len(ours) == 2


@pytest.mark.parametrize("event", ["before-send", "request-created", "after-call"])
def test_who_hooks_an_awaited_call_sees_the_context_that_it_came_from(event, server):
    caller = contextvars.ContextVar("caller", default="nobody")
    seen = []
    conn = connect("async", {"endpoint_url": server.url})
    conn.client.meta.events.register(event, lambda **kwargs: seen.append((caller.get(), threading.current_thread())))
    for name in ("first", "second"):
        caller.set(name)
        assert conn.call(GET)["Item"] == key()
    assert [name for name, _ in seen] == ["first", "second"]
    # where a hook may take its time
    assert {thread.name for _, thread in seen} == {"dynamorm-aside"}


@pytest.mark.parametrize("fast_transport", ["async", "async direct"])
def test_a_tracer_of_awaited_calls_sees_the_context_that_they_came_from(fast_transport, server, monkeypatch):
    caller = contextvars.ContextVar("caller", default="nobody")
    make = botocore.client.BaseClient._make_api_call
    seen = []

    def traced(self, operation, params):
        seen.append((operation, caller.get()))
        return make(self, operation, params)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", traced)
    caller.set("a span")
    assert open_to(server, fast_transport).call(GET)["Item"] == key()
    assert seen == [("GetItem", "a span")]


def test_whoever_wraps_the_calls_alone_sees_them_and_botocore_does_not_send(fast_transport, server, ours, monkeypatch):
    make = botocore.client.BaseClient._make_api_call
    seen = []

    def wrapper(self, operation, params):
        seen.append((operation, params))
        return make(self, operation, params)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", wrapper)
    assert open_to(server, fast_transport).call(GET)["Item"] == key()
    assert seen == [("GetItem", GET.payload)]
    assert len(ours) == 1


def test_what_is_replaced_on_the_client_itself_is_called(transport, server, monkeypatch):
    conn = open_to(server, transport)
    conn.call(GET)
    monkeypatch.setattr(conn.client, "get_item", lambda **kwargs: {"Item": kwargs["Key"]}, raising=False)
    assert conn.call(Request("GetItem", TableName="table", Key=key(s=3))) == {"Item": key(s=3)}
    assert len(server.requests) == 1


def test_what_is_replaced_on_the_clients_endpoint_is_called(fast_transport, server, ours, monkeypatch):
    conn = open_to(server, fast_transport)
    endpoint = conn.client._endpoint
    seen = []
    send = endpoint._send

    def sending(request):
        seen.append(request.url)
        return send(request)

    monkeypatch.setattr(endpoint, "_send", sending)
    assert conn.call(GET)["Item"] == key()
    assert seen == [server.url + "/"] and ours == []


def test_a_connection_class_that_was_replaced_is_used(fast_transport, server, ours, monkeypatch):
    from botocore import awsrequest

    conn = open_to(server, fast_transport)

    class Recording(awsrequest.AWSHTTPConnection):
        """What recorders of HTTP put in the place of botocore's connection class."""

    monkeypatch.setattr(awsrequest, "AWSHTTPConnection", Recording)
    assert conn.call(GET)["Item"] == key()
    assert ours == []


def test_requests_go_through_the_proxy(fast_transport, server, ours):
    # an HTTP proxy is asked with the whole URL; the scripted server is one in that respect
    config = Config(proxies={"http": server.url})
    conn = connect(fast_transport, {"endpoint_url": "http://example.invalid", "config": config})
    assert conn.call(GET)["Item"] == key()
    assert server.requests[0].head.startswith(b"POST http://example.invalid/ HTTP/1.1")
    assert ours == []


def test_requests_go_through_the_proxy_of_the_environment(fast_transport, server, ours, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url)
    conn = connect(fast_transport, {"endpoint_url": "http://example.invalid"})
    assert conn.call(GET)["Item"] == key()
    assert ours == []


def test_a_client_certificate_is_botocores_business(fast_transport, server, ours, tmp_path):
    conn = open_to(server, fast_transport, config=Config(client_cert=str(tmp_path / "client.pem")))
    assert conn.call(GET)["Item"] == key()
    assert ours == []


def test_unsigned_requests_stay_unsigned(fast_transport, server, ours):
    conn = open_to(server, fast_transport, config=Config(signature_version=UNSIGNED))
    assert conn.call(GET)["Item"] == key()
    assert "authorization" not in server.requests[0].headers
    assert ours == []


@pytest.mark.parametrize(("mode", "is_served"), [("legacy", True), ("standard", True), ("adaptive", False)])
def test_a_retry_mode_that_is_not_served_is_botocores_business(fast_transport, server, ours, mode, is_served):
    conn = open_to(server, fast_transport, config=Config(retries={"mode": mode}))
    assert conn.call(GET)["Item"] == key()
    assert bool(ours) is is_served


@pytest.fixture
def modelled(tmp_path, monkeypatch):
    """Add to botocore's description of an operation, as users can in their folder of models."""

    def add(operation, **traits):
        folder = tmp_path / "dynamodb" / "2012-08-10"
        folder.mkdir(parents=True)
        extras = {"version": 1.0, "merge": {"operations": {operation: traits}}}
        (folder / "service-2.sdk-extras.json").write_text(json.dumps(extras))
        monkeypatch.setattr(Loader, "CUSTOMER_DATA_PATH", str(tmp_path))

    return add


# Releases of botocore differ in which one they take.
CHECKSUMS = {"x-amz-checksum-crc32", "content-md5"}
LARGE = Request("PutItem", TableName="table", Item={**key(), "text": {"S": "x" * 20_000}})


def test_requests_that_the_model_has_compressed_are_compressed(transport, server, ours, modelled):
    pytest.importorskip("botocore.compress")
    modelled("PutItem", requestcompression={"encodings": ["gzip"]})
    conn = open_to(server, transport)
    conn.call(LARGE)
    assert conn.client is not None  # which one transport makes when it is asked for, and sends through from then on
    conn.call(LARGE)
    for request in server.requests:
        assert request.headers["content-encoding"] == "gzip"
        assert json.loads(gzip.decompress(request.body)) == LARGE.payload
    assert len(server.requests) == 2 and ours == []


def test_requests_that_the_model_wants_a_checksum_of_carry_one(transport, server, ours, modelled):
    pytest.importorskip("botocore.httpchecksum")
    modelled("PutItem", httpChecksum={"requestChecksumRequired": True})
    conn = open_to(server, transport)
    conn.call(LARGE)
    conn.call(LARGE)
    assert all(request.headers.keys() & CHECKSUMS for request in server.requests)
    assert len(server.requests) == 2 and ours == []


def test_an_endpoint_with_a_path_is_sent_to(transport, server):
    conn = connect(transport, {"endpoint_url": server.url + "/some/path"})
    assert conn.call(GET)["Item"] == key()
    assert server.requests[0].head.startswith(b"POST /some/path HTTP/1.1")


def test_an_unusual_url_is_botocores_business(fast_transport, server, ours):
    conn = connect(fast_transport, {"endpoint_url": server.url + "/a?b=c"})
    assert conn.call(GET)["Item"] == key()
    assert ours == []


@pytest.mark.skipif(not HAS_BEFORE_PARSE, reason="this botocore has no event for it")
def test_where_botocore_sends_it_still_need_not_read_by_shapes(server, monkeypatch):
    from botocore.parsers import JSONParser

    conn = open_to(server, "default", config=Config(retries={"mode": "adaptive"}))
    bodies = []
    parse = JSONParser.parse

    def parsing(self, response, shape):
        bodies.append(response["body"])
        return parse(self, response, shape)

    monkeypatch.setattr(JSONParser, "parse", parsing)
    assert conn.call(GET)["Item"] == key()
    assert bodies == [b"{}"]


def test_the_two_sides_send_the_same(fast_transport, server):
    """Header by header, but for what differs from request to request."""
    for transport in ("boto3", fast_transport):
        open_to(server, transport).call(GET)
    theirs, ours = (dict(request.headers) for request in server.requests)
    assert theirs.keys() == ours.keys()
    for headers in (theirs, ours):
        # which of its features were used is what botocore lists after " m/"
        headers["user-agent"] = re.sub(r" m/[^ ]*", "", headers["user-agent"])
    changing = {"x-amz-date", "authorization", "amz-sdk-invocation-id", "content-length"}
    assert {n: v for n, v in theirs.items() if n not in changing} == {
        n: v for n, v in ours.items() if n not in changing
    }
    signed = [headers["authorization"].partition("Signature=")[0] for headers in (theirs, ours)]
    assert signed[0].replace(" ", "") == signed[1].replace(" ", "")


def test_a_call_in_lambda_carries_the_trace(transport, server, monkeypatch):
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "function")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988;Parent=ä;Sampled=1")
    open_to(server, transport).call(GET)
    assert server.requests[0].headers["x-amzn-trace-id"] == "Root=1-5759e988;Parent=%C3%A4;Sampled=1"


def test_a_transaction_without_a_token_gets_one(transport):
    write = Request("TransactWriteItems", TransactItems=[{"Put": {"TableName": "table", "Item": key()}}])
    with ScriptedServer([None, answer()]) as server:
        open_to(server, transport).call(write)
        first, second = server.requests
        assert b'"ClientRequestToken"' in first.body
        assert first.body == second.body
    assert "ClientRequestToken" not in write.payload


def test_fifty_threads_at_once_make_one_client(transport, engine, monkeypatch):
    made = []
    client = boto3.Session.client
    monkeypatch.setattr(boto3.Session, "client", lambda *a, **k: made.append(1) or client(*a, **k))
    options = {"endpoint_url": engine.endpoint_url}
    table = create_table(connect("boto3", options))
    made.clear()
    connection.close_all()
    start = threading.Barrier(50)
    failures = []

    def work(number):
        start.wait()
        try:
            conn = connect(transport, options)
            item = key(str(number))
            conn.call(Request("PutItem", TableName=table, Item=item))
            got = conn.call(Request("GetItem", TableName=table, Key=item))
            assert got["Item"] == item
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert made == [1]


def test_python_http_clients_of_others_are_left_alone():
    assert http.client.HTTPConnection.__module__ == "http.client"
