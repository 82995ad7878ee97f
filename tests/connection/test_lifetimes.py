"""Credentials that change, processes that fork, sockets that close, and nothing before it is needed."""

from __future__ import annotations

import datetime
import gc
import multiprocessing
import os
import socket
import stat
import subprocess
import sys
import threading

import boto3
import botocore.session
import pytest
from botocore.credentials import RefreshableCredentials

from dynamorm import ConfigurationError, connection
from dynamorm.connection.pool import Pool

from .conftest import Request, create_table, key
from .scripted_server import ScriptedServer, answer

ITEM = b'{"Item":{"p":{"S":"p"},"s":{"N":"1"}}}'
GET = Request("GetItem", TableName="table", Key=key())


class Impatient(RefreshableCredentials):
    """Renewed when they end, not minutes before."""

    _advisory_refresh_timeout = 0
    _mandatory_refresh_timeout = 0


class Provider:
    """Keys that are good for as long as the test says, by a clock of the test's own."""

    def __init__(self, seconds):
        self.given = 0
        self._seconds = datetime.timedelta(seconds=seconds)
        self._now = datetime.datetime.now(datetime.timezone.utc)

    def __call__(self):
        self.given += 1
        return {
            "access_key": f"KEY{self.given}",
            "secret_key": f"secret{self.given}",
            "token": f"token{self.given}",
            "expiry_time": (self._now + self._seconds).isoformat(),
        }

    def let_pass(self, seconds):
        self._now += datetime.timedelta(seconds=seconds)

    def session(self):
        credentials = Impatient.create_from_metadata(self(), self, "test")
        credentials._time_fetcher = lambda: self._now
        base = botocore.session.get_session()
        base._credentials = credentials
        return boto3.Session(botocore_session=base, region_name="us-east-1")


def test_keys_that_expire_all_the_time_are_renewed_in_mid_use(transport):
    provider = Provider(1.0)

    def answer_later(request):
        provider.let_pass(0.1)
        return answer(ITEM)

    with ScriptedServer([answer_later]) as server:
        with connection.using(session=provider.session(), endpoint_url=server.url, transport=transport):
            conn = connection.connection_for()
            threads = [threading.Thread(target=lambda: [conn.call(GET) for _ in range(20)]) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        used = set()
        for request in server.requests:
            number = request.headers["x-amz-security-token"].removeprefix("token")
            assert f"Credential=KEY{number}/" in request.headers["authorization"]
            used.add(number)
        assert len(server.requests) == 80
        assert len(used) > 2 and provider.given > 2


def test_each_attempt_is_signed_with_the_keys_of_its_moment(fast_transport, replace_backoff):
    provider = Provider(1.0)
    replace_backoff(lambda seconds: provider.let_pass(2.0))
    broken = answer(b'{"__type":"x#InternalServerError"}', b"500 Internal Server Error")
    with ScriptedServer([broken, answer(ITEM)]) as server:
        with connection.using(session=provider.session(), endpoint_url=server.url, transport=fast_transport):
            connection.connection_for().call(GET)
        first, second = (request.headers["x-amz-security-token"] for request in server.requests)
        assert first != second


def use(options, transport, table, who, count, result):
    conn = connection.connection_for({}, options, transport)
    for number in range(count):
        item = {**key(who, number), "v": {"S": f"{who}/{number}"}}
        conn.call(Request("PutItem", TableName=table, Item=item))
        got = conn.call(Request("GetItem", TableName=table, Key=key(who, number), ConsistentRead=True))
        if got["Item"] != item:
            result.put(f"{who} got {got}")
            return
    result.put("good")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_parent_and_children_use_what_the_parent_opened(transport, engine):
    """As a server does that loads the application and then forks its workers."""
    options = {"endpoint_url": engine.endpoint_url}
    conn = connection.connection_for({}, options, transport)
    table = create_table(conn)
    context = multiprocessing.get_context("fork")
    result = context.SimpleQueue()
    use(options, transport, table, "parent before", 5, result)
    children = [
        context.Process(target=use, args=(options, transport, table, f"child {n}", 25, result)) for n in range(4)
    ]
    for child in children:
        child.start()
    use(options, transport, table, "parent meanwhile", 25, result)
    for child in children:
        child.join(120)
        assert child.exitcode == 0
    assert [result.get() for _ in range(6)] == ["good"] * 6


@pytest.mark.filterwarnings("error::ResourceWarning")
def test_closing_leaves_no_socket_open(transport):
    with ScriptedServer([answer(ITEM)]) as server:
        options = {"endpoint_url": server.url}
        conn = connection.connection_for({}, options, transport)
        conn.call(GET)
        connection.close_all()
        # a connection that was closed opens what it needs again
        assert conn.call(GET)["Item"] == key()
        conn.close()
        del conn
        gc.collect()
        assert server.connections == 2


def run(script, **environment):
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_DEFAULT_REGION": "us-east-1",
        **environment,
    }
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_importing_and_configuring_imports_no_boto3_and_opens_nothing():
    run(
        """
import socket, sys
def refuse(*args, **kwargs):
    raise AssertionError("a socket was opened")
socket.socket.connect = refuse
import dynamorm
from dynamorm import ConfigurationError, connection
connection.configure(endpoint_url="http://localhost:1", region_name="eu-west-1")
with connection.using(table_prefix="x-"):
    pass
heavy = {"boto3", "botocore", "urllib3", "marshmallow", "schematics", "pydantic", "http.client"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
connection.connection_for()
assert "boto3" in sys.modules
"""
    )


def test_a_program_that_ends_with_open_connections_ends_quietly(transport):
    with ScriptedServer([answer(ITEM)]) as server:
        run(
            f"""
import types
from dynamorm import ConfigurationError, connection
request = types.SimpleNamespace(
    operation="GetItem", payload={{"TableName": "table", "Key": {{"p": {{"S": "1"}}}}}}
)
connection.connection_for({{}}, {{"endpoint_url": {server.url!r}}}, {transport!r}).call(request)
"""
        )


def test_opening_a_connection_sends_nothing_and_opens_no_socket(transport, monkeypatch):
    with ScriptedServer([answer(ITEM)]) as server:
        conn = connection.connection_for({}, {"endpoint_url": server.url}, transport)
        assert conn.client is not None
        assert server.connections == 0
        conn.call(GET)
        conn.call(GET)
        assert (server.connections, len(server.requests)) == (1, 2)
        assert {request.headers["x-amz-target"] for request in server.requests} == {"DynamoDB_20120810.GetItem"}


def test_a_fast_transport_leaves_botocores_own_pool_empty(fast_transport, monkeypatch):
    sent = []
    exchange = Pool.exchange
    monkeypatch.setattr(Pool, "exchange", lambda self, request: sent.append(1) or exchange(self, request))
    with ScriptedServer([answer(ITEM)]) as server:
        connection.connection_for({}, {"endpoint_url": server.url}, fast_transport).call(GET)
    assert sent == [1]


class TestConnectionsPastTheMost:
    @pytest.fixture(autouse=True)
    def few(self):
        connection.close_all()
        connection.configure(max_connections=3)
        yield
        connection.configure(max_connections=None)

    def call_as(self, tenant, server, transport):
        with connection.using(
            aws_access_key_id=tenant, aws_secret_access_key=f"secret of {tenant}", endpoint_url=server.url
        ):
            conn = connection.connection_for(transport=transport)
            conn.call(GET)
            return conn

    def test_are_closed_in_the_order_of_their_last_use(self, transport):
        with ScriptedServer([answer(ITEM)]) as server:
            first, second, third = (self.call_as(name, server, transport) for name in ("a", "b", "c"))
            assert self.call_as("a", server, transport) is first
            self.call_as("d", server, transport)
            assert not second.is_current() and first.is_current() and third.is_current()
            assert self.call_as("b", server, transport) is not second

    def test_are_forgotten_with_their_sockets_and_secrets(self, transport):
        with ScriptedServer([answer(ITEM)]) as server:
            for number in range(30):
                self.call_as(f"tenant-{number}", server, transport)
            gc.collect()
            assert server.connections == 30
            assert len(open_sockets_to(server)) <= 3
        held = [kept for kept in gc.get_objects() if isinstance(kept, connection.Settings)]
        assert 0 < len({kept.client_kwargs.get("aws_secret_access_key") for kept in held} - {None}) <= 3

    def test_go_on_working_for_whoever_has_one(self, transport):
        with ScriptedServer([answer(ITEM)]) as server:
            first = self.call_as("a", server, transport)
            for name in "bcde":
                self.call_as(name, server, transport)
            assert first.call(GET)["Item"]
            again = first.renewed()
            assert again is not first and again.is_current() and again.renewed() is again

    @pytest.mark.parametrize("wrong", [0, -1, 2.0, "3", True])
    def test_need_a_number(self, wrong):
        with pytest.raises(ConfigurationError, match="max_connections"):
            connection.configure(max_connections=wrong)

    def test_are_counted_for_the_process(self):
        with pytest.raises(ConfigurationError, match="configure"), connection.using(max_connections=3):
            pass


def open_sockets_to(server):
    """Return the connections of this process to a server, by the ports on this side."""
    port = int(server.url.rpartition(":")[2])
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            if not stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                continue  # a socket object made of something else fails, and leaves its descriptor open
            with socket.socket(fileno=os.dup(int(name))) as one:
                if one.getpeername()[1] == port:
                    found.append(one.getsockname()[1])
        except (OSError, ValueError):
            continue  # gone, or not connected
    return found
