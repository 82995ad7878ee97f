"""A child of a fork works, whatever the parent's threads were in the middle of."""

from __future__ import annotations

import datetime
import socket
import threading
import types

import boto3
import botocore.session
import pytest
import urllib3.util.connection
from botocore.credentials import RefreshableCredentials

from dynamorm import connection
from dynamorm.connection import registry

from ..forks import in_forked_child, needs_fork, while_a_thread
from .conftest import TRANSPORTS, Request, create_table, key

pytestmark = [needs_fork, pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")]


@pytest.fixture
def table(opened):
    return create_table(opened("boto3"))


def lazy_client_of(conn):
    return conn._opened._client


def the_lock_of_all_connections(conn):
    return registry._lock


def the_lock_of_one_connection(conn):
    return conn._lock


def the_lock_of_the_client(conn):
    return lazy_client_of(conn)._lock


def the_lock_of_destinations(conn):
    transport = conn._transport
    exchange = getattr(transport, "_early_exchange", None) or getattr(transport, "exchange", None)
    return exchange.destinations._lock if exchange is not None else conn._lock


def the_lock_of_botocores_pools(conn):
    return conn.client._endpoint.http_session._manager.pools.lock


def the_lock_of_one_of_botocores_pools(conn):
    conn.resource.meta.client.list_tables()
    (pool,) = conn.resource.meta.client._endpoint.http_session._manager.pools._container.values()
    return pool.pool.mutex


def the_lock_of_a_pool_of_the_clients(conn):
    conn.client.list_tables()
    (pool,) = conn.client._endpoint.http_session._manager.pools._container.values()
    return pool.pool.mutex


LOCKS = [
    the_lock_of_all_connections,
    the_lock_of_one_connection,
    the_lock_of_the_client,
    the_lock_of_destinations,
    the_lock_of_botocores_pools,
    the_lock_of_one_of_botocores_pools,
    the_lock_of_a_pool_of_the_clients,
]


@pytest.mark.parametrize("lock_of", LOCKS, ids=lambda one: one.__name__)
def test_a_child_reads_and_writes_whichever_lock_a_thread_held(transport, opened, table, lock_of):
    conn = opened(transport)
    put = Request("PutItem", TableName=table, Item=key())
    conn.call(put)

    def work():
        again = opened(transport)
        again.call(put)
        assert again.call(Request("GetItem", TableName=table, Key=key()))["Item"] == key()
        assert opened(transport, region_name="eu-west-1").call(Request("ListTables"))
        assert again.resource.meta.client.list_tables()
        assert again.client.list_tables()

    with while_a_thread(lock_of(conn)):
        in_forked_child(work)
    assert conn.call(Request("GetItem", TableName=table, Key=key()))["Item"] == key()


MAKING = {
    "a client is made": [(boto3.Session, "client")],
    "a client is made by botocore": [(botocore.session.Session, "create_client")],
    "a socket is opened": [(socket, "create_connection"), (urllib3.util.connection, "create_connection")],
}


@pytest.mark.parametrize("making", MAKING)
def test_a_child_works_while_a_thread_of_the_parent_makes(transport, opened, table, monkeypatch, making):
    connection.close_all()
    inside, over = threading.Event(), threading.Event()

    def halting(function):
        def halt(*args, **kwargs):
            if not inside.is_set():
                inside.set()
                over.wait()
            return function(*args, **kwargs)

        return halt

    for owner, name in MAKING[making]:
        monkeypatch.setattr(owner, name, halting(getattr(owner, name)))
    get = Request("GetItem", TableName=table, Key=key())
    thread = threading.Thread(target=lambda: (opened(transport).client, opened(transport).call(get)))
    thread.start()
    try:
        assert inside.wait(10)
        in_forked_child(lambda: opened(transport).call(get))
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_child_refreshes_credentials_that_the_parent_was_refreshing(transport, engine, table):
    def keys():
        in_an_hour = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
        return {
            "access_key": "KEY",
            "secret_key": "secret",
            "token": "token",
            "expiry_time": in_an_hour.isoformat(),
        }

    credentials = RefreshableCredentials.create_from_metadata(keys(), keys, "test")
    base = botocore.session.get_session()
    base._credentials = credentials
    session = boto3.Session(botocore_session=base, region_name="us-east-1")
    get = Request("GetItem", TableName=table, Key=key())
    with connection.using(session=session, endpoint_url=engine.endpoint_url, transport=transport):
        conn = connection.connection_for()
        conn.call(get)
        credentials._expiry_time = datetime.datetime.now(datetime.timezone.utc)
        with while_a_thread(credentials._refresh_lock):
            in_forked_child(lambda: conn.call(get))


@pytest.mark.parametrize("mode", ["standard", "adaptive"])
def test_a_child_uses_a_retry_quota_that_a_thread_was_counting(transport, opened, table, mode):
    conn = opened(transport, config={"retries": {"mode": mode}})
    get = Request("GetItem", TableName=table, Key=key())
    conn.call(get)
    emitter = conn.client.meta.events._emitter
    handlers = emitter._handlers.prefix_search("after-call.dynamodb.GetItem")
    (quota,) = (one.__self__._quota for one in handlers if one.__qualname__.startswith("RetryQuotaChecker"))
    quota._available_capacity -= 1  # there is something to be paid back

    def work():
        conn.call(get)
        conn.client.get_item(TableName=table, Key=key())

    with while_a_thread(quota._lock):
        in_forked_child(work)


def test_a_lock_that_the_forking_thread_holds_is_still_its_own(opened, table):
    conn = opened("direct")
    with conn._lock, registry._lock:
        in_forked_child(lambda: conn.call(Request("GetItem", TableName=table, Key=key())))

        def leave():
            with conn._lock:
                pass

        in_forked_child(leave)


def test_a_child_imports_what_a_thread_was_importing(monkeypatch, tmp_path):
    (tmp_path / "slow_adapter_of_a_test.py").write_text(
        "import slow_adapter_gate as gate\ngate.inside.set()\ngate.over.wait(1)\nADAPTER = object\n"
    )
    gate = types.SimpleNamespace(inside=threading.Event(), over=threading.Event())
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(__import__("sys").modules, "slow_adapter_gate", gate)
    from dynamorm.schema import registry as adapters

    monkeypatch.setitem(adapters.LIBRARIES, "slow", "slow_adapter_of_a_test")
    thread = threading.Thread(target=adapters._built_in, args=("slow",))
    thread.start()
    assert gate.inside.wait(5)
    # the fork waits for the end of the import, or the child could never have the module
    in_forked_child(lambda: adapters._built_in("slow"))
    thread.join()
