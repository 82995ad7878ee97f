"""Connections are kept, checked, bounded, timed, closed, and never shared with a child process."""

from __future__ import annotations

import gc
import multiprocessing
import os
import socket
import ssl
import threading
import time

import pytest
from botocore import exceptions as theirs

from dynamorm.connection import idle_connections
from dynamorm.connection.http_reader import NotUnderstood, PeerClosed
from dynamorm.connection.idle_connections import IdleConnections
from dynamorm.connection.network_errors import exchange_error
from dynamorm.connection.pool import Pool, SendingOptions

from .scripted_server import ScriptedServer, answer

POST = b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
# What Python 3.12 and later say about a fork in a process with threads is what these tests are about.
forking = pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")


@pytest.fixture
def pool_to():
    made = []

    def make(server, **options):
        pool = Pool(server.url, "127.0.0.1", server.port, None, SendingOptions(**options))
        made.append(pool)
        return pool

    yield make
    for pool in made:
        pool.close()


def test_one_connection_carries_many_requests(pool_to):
    with ScriptedServer([answer()]) as server:
        pool = pool_to(server)
        for _ in range(10):
            assert pool.exchange(POST).body == b"{}"
        assert server.connections == 1


def test_connections_that_are_given_back_at_once_are_not_one_too_many():
    """Another thread gives one back after this one has found room, and before it has used it."""
    idle = IdleConnections(1)

    class Kept:
        reusable, closed = True, False

        def __init__(self, meanwhile=None):
            self._meanwhile = meanwhile

        def __setattr__(self, name, value):
            super().__setattr__(name, value)
            if name == "idle_since" and self._meanwhile is not None:
                idle.give_back(self._meanwhile)

        def is_quiet(self):
            return True

        def close(self):
            self.closed = True

    other = Kept()
    one = Kept(other)
    idle.give_back(one)
    assert len(idle) == 1
    assert [one.closed, other.closed] == [False, True]


def until(condition):
    """Wait for what the other side has done to arrive."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def until_all_are_loud(pool):
    """Wait until there is something to be read on every idle connection."""
    until(lambda: not any(connection.is_quiet() for connection in list(pool._idle._idle)))


def test_a_connection_that_was_closed_while_idle_is_not_used_again(pool_to):
    with ScriptedServer([answer()]) as server:
        pool = pool_to(server)
        for _ in range(5):
            pool.exchange(POST)
            server.drop_connections()
            until_all_are_loud(pool)
        assert server.connections == 5


@pytest.mark.parametrize("surplus", [answer(b'{"stale": 1}'), b"x"])
def test_a_connection_with_an_answer_too_many_is_not_used_again(pool_to, surplus):
    with ScriptedServer([[answer(), 0.02, surplus], answer(b'{"fresh":1}')]) as server:
        pool = pool_to(server)
        pool.exchange(POST)
        until_all_are_loud(pool)
        assert pool.exchange(POST).body == b'{"fresh":1}'
        assert server.connections == 2


def test_a_connection_that_was_idle_for_too_long_is_not_used_again(pool_to, monkeypatch):
    with ScriptedServer([answer()]) as server:
        pool = pool_to(server)
        pool.exchange(POST)
        monkeypatch.setattr(idle_connections, "LONGEST_IDLE", -1.0)
        pool.exchange(POST)
        assert server.connections == 2


def test_no_thread_waits_for_the_connection_of_another(pool_to):
    at_once = threading.Barrier(8, timeout=60)

    def answer_together(request):
        at_once.wait()
        return answer()

    with ScriptedServer([answer_together]) as server:
        pool = pool_to(server, size=3)
        threads = [threading.Thread(target=pool.exchange, args=(POST,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.connections == 8


class Kept:
    """As much of a connection as is needed to keep it."""

    def __init__(self, reusable=True):
        self.reusable = reusable
        self.idle_since = 0.0
        self.closed = False

    def is_quiet(self):
        return True

    def close(self):
        self.closed = True


def test_no_more_idle_connections_are_kept_than_the_client_says():
    idle = IdleConnections(3)
    given = [Kept() for _ in range(8)]
    for connection in given:
        idle.give_back(connection)
    assert [connection.closed for connection in given] == [False] * 3 + [True] * 5
    assert idle.take() is given[2], "the one that was used last"
    assert len(idle) == 2


def test_a_connection_of_no_more_use_is_closed_and_not_kept():
    idle = IdleConnections(3)
    spent = Kept(reusable=False)
    idle.give_back(spent)
    assert spent.closed and len(idle) == 0


def test_the_oldest_connections_are_closed_by_whoever_gives_one_back():
    idle = IdleConnections(3)
    old, new = Kept(), Kept()
    idle.give_back(old)
    old.idle_since -= 2 * idle_connections.LONGEST_IDLE
    idle.give_back(new)
    assert old.closed and not new.closed and len(idle) == 1


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ([None], theirs.ConnectionClosedError),
        ([b"noise\r\n\r\n"], theirs.ConnectionClosedError),
        ([[b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", None]], theirs.ConnectionClosedError),
    ],
)
def test_what_goes_wrong_is_botocores_error_and_ends_the_connection(pool_to, script, error):
    with ScriptedServer([*script, answer()]) as server:
        pool = pool_to(server)
        with pytest.raises(error):
            pool.exchange(POST)
        assert pool.exchange(POST).body == b"{}"
        assert server.connections == 2


def test_silence_is_botocores_error_and_ends_the_connection(pool_to):
    ended = threading.Event()

    def be_silent(request):
        ended.wait(60)
        return answer()

    with ScriptedServer([be_silent]) as server:
        pool = pool_to(server, read_timeout=0.1)
        with pytest.raises(theirs.ReadTimeoutError):
            pool.exchange(POST)
        assert len(pool._idle) == 0
        ended.set()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TimeoutError(), theirs.ReadTimeoutError),
        (ssl.SSLEOFError(), theirs.ConnectionClosedError),
        (ssl.SSLZeroReturnError(), theirs.ConnectionClosedError),
        (ssl.SSLError(), theirs.SSLError),
        (ConnectionResetError(), theirs.ConnectionClosedError),
        (PeerClosed(), theirs.ConnectionClosedError),
        (NotUnderstood(), theirs.ConnectionClosedError),
        (ZeroDivisionError(), type(None)),
    ],
)
def test_each_failure_of_an_exchange_has_its_error_of_botocores(error, kind):
    assert type(exchange_error("http://x", error)) is kind


def test_where_nobody_listens_there_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(theirs.EndpointConnectionError):
        Pool("http://x", "127.0.0.1", port, None, SendingOptions()).exchange(POST)
    with pytest.raises(theirs.EndpointConnectionError):
        Pool("http://x", "no-such-host.invalid", 80, None, SendingOptions()).exchange(POST)
    with pytest.raises(theirs.EndpointConnectionError):
        Pool("http://x", "a" * 300, 80, None, SendingOptions()).exchange(POST)


def test_an_endpoint_that_does_not_accept_ends_in_time():
    # a listener whose queue is full lets further connections wait
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = []
        try:
            for _ in range(4):
                one = socket.socket()
                one.setblocking(False)
                one.connect_ex(full.getsockname())
                waiting.append(one)
            pool = Pool("http://x", *full.getsockname(), None, SendingOptions(connect_timeout=0.2))
            with pytest.raises(theirs.ConnectTimeoutError):
                pool.exchange(POST)
        finally:
            for one in waiting:
                one.close()


def test_an_interrupt_in_mid_exchange_spoils_no_later_answer(pool_to, monkeypatch):
    class Interrupt(BaseException):
        pass

    with ScriptedServer([answer(b'{"late":1}'), answer(b'{"mine":1}')]) as server:
        pool = pool_to(server)
        monkeypatch.setattr(
            "dynamorm.connection.http_reader._parse_head", lambda head: (_ for _ in ()).throw(Interrupt)
        )
        with pytest.raises(Interrupt):
            pool.exchange(POST)
        monkeypatch.undo()
        assert pool.exchange(POST).body == b'{"mine":1}'
        assert server.connections == 2


@pytest.mark.filterwarnings("error::ResourceWarning")
def test_a_pool_that_is_no_longer_used_leaves_no_socket_open():
    with ScriptedServer([answer()]) as server:
        pool = Pool(server.url, "127.0.0.1", server.port, None, SendingOptions())
        pool.exchange(POST)
        (idle,) = pool._idle._idle
        del pool
        gc.collect()
        assert idle._socket.fileno() == -1


@forks
@forking
def test_a_child_process_uses_connections_of_its_own(pool_to):
    def echo(request):
        return answer(request.body)

    def ask(pool, who, count):
        for number in range(count):
            body = f"{who}/{number}".encode()
            said = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
            if pool.exchange(said).body != body:
                os._exit(1)

    with ScriptedServer([echo]) as server:
        pool = pool_to(server)
        ask(pool, "parent before", 3)
        assert server.connections == 1
        context = multiprocessing.get_context("fork")
        children = [context.Process(target=ask, args=(pool, f"child {n}", 50)) for n in range(4)]
        for child in children:
            child.start()
        ask(pool, "parent meanwhile", 50)
        for child in children:
            child.join(120)
            assert child.exitcode == 0
        ask(pool, "parent after", 3)
        assert server.connections == 5


def test_connections_are_opened_as_the_client_is_configured(pool_to):
    with ScriptedServer([answer()]) as server:
        pool = pool_to(server, socket_options=((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),))
        pool.exchange(POST)
        (idle,) = pool._idle._idle
        assert idle._socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert idle._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
