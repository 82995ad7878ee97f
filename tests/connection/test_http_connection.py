"""One connection: requests are sent whole, answers come in time or not at all, and nothing is read twice."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time
from types import SimpleNamespace

import pytest
from botocore.exceptions import BotoCoreError

from dynamorm.connection import http_connection, http_reader, loop_connection
from dynamorm.connection.http_connection import HttpConnection
from dynamorm.connection.http_reader import NotUnderstood, PeerClosed
from dynamorm.connection.loop_pool import LoopPool
from dynamorm.connection.pool import SendingOptions
from dynamorm.connection.tls import tls_context

from .scripted_server import answer

MEBIBYTE = 1024 * 1024


class OnLoop:
    """A connection that an event loop watches, with the face of one that blocks."""

    def __init__(self, connected, timeout):
        self._loop = asyncio.new_event_loop()
        self._socket = connected
        options = SendingOptions(read_timeout=timeout, size=1)
        self._pool = LoopPool(SimpleNamespace(options=options, url="http://test", connected=lambda: connected))

    @property
    def reusable(self):
        return len(self._pool._idle) == 1

    def exchange(self, request):
        try:
            return self._loop.run_until_complete(self._pool.exchange(request))
        except BotoCoreError as error:
            raise error.__cause__ from None

    def close(self):
        self._pool.close_all()
        self._loop.close()
        self._socket.close()


class OnUvloop(OnLoop):
    def __init__(self, connected, timeout):
        super().__init__(connected, timeout)
        self._loop.close()
        self._loop = pytest.importorskip("uvloop").new_event_loop()


FACES = {"blocking": HttpConnection, "awaited": OnLoop, "awaited by uvloop": OnUvloop}


@pytest.fixture(params=[*FACES, "awaited over TLS", "blocking over TLS"])
def ends(request):
    """Make a connection and the server's end of it: ``ends(read_timeout)``."""
    name, _, tls = request.param.partition(" over ")
    contexts = request.getfixturevalue("contexts") if tls else None
    if "uvloop" in name:
        pytest.importorskip("uvloop")

    def make(timeout):
        ours, theirs = socket.socketpair()
        if contexts is not None:
            ours, theirs = secured(ours, theirs, *contexts)
        return FACES[name](ours, timeout), theirs

    return make


@pytest.fixture(scope="module")
def contexts(tmp_path_factory):
    """What the two ends of a TLS connection show and trust."""
    authority = pytest.importorskip("tests.connection.test_trusting_certificates").Authority(
        tmp_path_factory.mktemp("authority")
    )
    return tls_context(str(authority.bundle), ""), authority.server_context("localhost")


def secured(ours, theirs, client, server):
    """Agree on keys."""
    agreed = []
    shaking = threading.Thread(target=lambda: agreed.append(server.wrap_socket(theirs, server_side=True)))
    shaking.start()
    secure = client.wrap_socket(ours, server_hostname="localhost")
    shaking.join()
    return secure, agreed[0]


def end_of(theirs):
    """Say that nothing more will come."""
    theirs.shutdown(socket.SHUT_WR)


@pytest.fixture
def exchange(ends):
    """Let a server say the pieces; return the answer read, and whether the connection is still good."""

    def exchange_one(pieces, timeout=30.0, close=True):
        connection, theirs = ends(timeout)

        def serve():
            theirs.recv(65536)
            for piece in pieces:
                if isinstance(piece, float):
                    time.sleep(piece)
                    continue
                try:
                    theirs.sendall(piece)
                except OSError:
                    return
            if close:
                end_of(theirs)

        server = threading.Thread(target=serve)
        server.start()
        try:
            return connection.exchange(b"POST"), connection.reusable
        finally:
            connection.close()
            server.join()
            theirs.close()

    return exchange_one


@pytest.mark.parametrize("size", [0, 2, 3000, 100_000, 3 * MEBIBYTE])
def test_an_answer_is_read_to_its_end(size, exchange):
    body = b"x" * size
    got, reusable = exchange([answer(body)], close=False)
    assert (got.status, got.body, reusable) == (200, body, True)
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (size or 2, body or b"{}")
    got, reusable = exchange([chunked], close=False)
    assert (got.status, got.body, reusable) == (200, body or b"{}", True)


def test_a_connection_that_the_server_means_to_close_is_not_used_again(exchange):
    got, reusable = exchange([answer(b"{}", Connection="close")])
    assert (got.body, reusable) == (b"{}", False)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (b"", PeerClosed),
        (answer(b"x" * 100)[:-1], PeerClosed),
        (answer(b"x" * 100)[:50], PeerClosed),
        (b"noise", NotUnderstood),
    ],
)
def test_after_what_is_no_answer_a_connection_is_not_used_again(said, error, ends):
    connection, theirs = ends(30)
    theirs.sendall(said)
    end_of(theirs)
    with pytest.raises(error):
        connection.exchange(b"POST")
    assert not connection.reusable
    connection.close()
    theirs.close()


class Clock:
    """Time that passes only when something is waited for."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now


class SlowSocket:
    """Has a piece come after each pause; looks like one with TLS, whose every byte goes through its methods."""

    def __init__(self, clock, pieces, pause):
        self._clock = clock
        self._pieces = list(pieces)
        self._pause = pause

    def recv(self, size):
        self._clock.now += self._pause
        piece = self._pieces.pop(0) if self._pieces else b""
        if len(piece) > size:
            self._pieces.insert(0, piece[size:])
        return piece[:size]

    def recv_into(self, free):
        piece = self.recv(len(free))
        free[: len(piece)] = piece
        return len(piece)

    def pending(self):
        return 0

    def fileno(self):
        return 0

    def settimeout(self, seconds):
        pass

    def sendall(self, data):
        pass

    def close(self):
        pass


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(http_connection, "time", SimpleNamespace(monotonic=clock.monotonic))
    return clock


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([bytes([byte]) for byte in answer(b"x" * 300)], id="byte by byte"),
        pytest.param([answer(b"x" * 300)[:-300], *[b"x"] * 300], id="the body byte by byte"),
        pytest.param(
            [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n"] * 300],
            id="chunk by chunk",
        ),
        pytest.param([b"HTTP/1.1 200 OK\r\n", *[b"X: 1\r\n"] * 300], id="header by header"),
    ],
)
def test_an_answer_that_drips_in_ends_in_time(pieces, clock):
    begun = clock.now
    with pytest.raises(TimeoutError, match="did not end in time"):
        HttpConnection(SlowSocket(clock, pieces, 0.02), 0.2).exchange(b"POST")
    assert 0.2 < clock.now - begun < 0.3


def test_a_large_answer_has_time_in_proportion(clock):
    body = b"x" * (3 * MEBIBYTE + 100_000)
    said = answer(body)
    pieces = [said[start : start + 20_000] for start in range(0, len(said), 20_000)]
    in_time = 4 * 1.0 / len(pieces)
    got = HttpConnection(SlowSocket(clock, pieces, 0.98 * in_time), 1.0).exchange(b"POST")
    assert got.body == body
    with pytest.raises(TimeoutError):
        HttpConnection(SlowSocket(clock, pieces, 1.05 * in_time), 1.0).exchange(b"POST")


def test_without_a_timeout_an_answer_may_take_any_time(clock):
    pieces = [bytes([byte]) for byte in answer(b"{}")]
    assert HttpConnection(SlowSocket(clock, pieces, 1e6), None).exchange(b"POST").body == b"{}"


def test_silence_ends_in_time(exchange):
    with pytest.raises(TimeoutError):
        exchange([], timeout=0.1, close=False)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timers here")
def test_silence_ends_in_time_for_a_program_that_is_interrupted_all_the_while():
    """A wait that began anew after each signal would never end."""
    ours, theirs = socket.socketpair()
    connection = HttpConnection(ours, 0.3)
    earlier = signal.signal(signal.SIGALRM, lambda *unused: None)
    # whoever started the tests may have blocked the signal
    mask = signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
    try:
        begun = time.monotonic()
        with pytest.raises(TimeoutError):
            connection.exchange(b"POST")
        assert time.monotonic() - begun > 0.25
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        # a handler that was not set by Python cannot be set by it again
        signal.signal(signal.SIGALRM, signal.SIG_DFL if earlier is None else earlier)
        connection.close()
        theirs.close()


def test_a_request_larger_than_the_socket_takes_at_once_is_sent_whole(ends):
    connection, theirs = ends(30)
    request = bytes(range(256)) * 20_000
    received = []

    def serve():
        for _ in range(2):
            taken = bytearray()
            while len(taken) < len(request):
                taken.extend(theirs.recv(65536))
            received.append(bytes(taken))
            theirs.sendall(answer())

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    for _ in range(2):
        assert connection.exchange(request).body == b"{}"
    server.join()
    assert received == [request, request]
    connection.close()
    theirs.close()


@pytest.mark.parametrize("reads", [0, 1000])
def test_a_request_that_nobody_takes_ends_in_time(reads, ends):
    connection, theirs = ends(0.2)
    ended = threading.Event()

    def sip():
        while not ended.wait(0.02):
            theirs.recv(reads)

    server = threading.Thread(target=sip if reads else ended.wait)
    server.start()
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        connection.exchange(b"x" * 5_000_000)
    assert time.monotonic() - begun < 60, "all of it would take a hundred seconds"
    ended.set()
    server.join()
    connection.close()
    theirs.close()


@pytest.mark.parametrize("timeout", [0, 0.0001])
def test_next_to_no_time_is_a_timeout_too(timeout, exchange):
    with pytest.raises(TimeoutError):
        exchange([], timeout=timeout, close=False)


@pytest.mark.parametrize("timeout", [None, 1e10])
def test_there_may_be_any_time_for_an_answer(timeout, exchange):
    got, _ = exchange([answer(b"{}")], timeout=timeout)
    assert got.body == b"{}"


def test_a_connection_that_was_closed_writes_into_no_other():
    ours, theirs = socket.socketpair()
    connection = HttpConnection(ours, 1)
    other, end = socket.socketpair()
    number = ours.fileno()
    connection.close()
    theirs.close()
    os.dup2(other.fileno(), number)
    with pytest.raises(OSError):
        connection.exchange(b"POST")
    end.setblocking(False)
    with pytest.raises(BlockingIOError):
        end.recv(1)
    os.close(number)
    other.close()
    end.close()


def test_an_idle_connection_with_something_to_read_is_not_quiet():
    ours, theirs = socket.socketpair()
    connection = HttpConnection(ours, 1)
    assert connection.is_quiet()
    theirs.sendall(b"x")
    assert not connection.is_quiet()
    connection.close()
    theirs.close()
    ours, theirs = socket.socketpair()
    connection = HttpConnection(ours, 1)
    theirs.close()
    assert not connection.is_quiet()
    connection.close()


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([answer(b"x" * 300)[:-300], *[0.01, b"x"] * 300], id="the body byte by byte"),
        pytest.param([b"HTTP/1.1 200 OK\r\n", *[0.01, b"X: 1\r\n"] * 300], id="header by header"),
        pytest.param([answer(b"x" * 300)[:-1], 0.6], id="all but the end"),
    ],
)
def test_an_answer_that_drips_in_ends_in_its_time(pieces, exchange):
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        exchange(pieces, timeout=0.2, close=False)
    assert time.monotonic() - begun < 60


def test_a_large_answer_that_comes_slowly_but_in_time_is_read(exchange):
    said = answer(b"x" * (3 * MEBIBYTE))
    pieces = [piece for start in range(0, len(said), 400_000) for piece in (0.01, said[start : start + 400_000])]
    got, reusable = exchange(pieces, timeout=20, close=False)
    assert (len(got.body), reusable) == (3 * MEBIBYTE, True)


def test_a_loop_that_was_busy_still_takes_an_answer_that_came_in_time(ends):
    connection, theirs = ends(0.2)
    if isinstance(connection, HttpConnection):
        connection.close()
        theirs.close()
        pytest.skip("has no loop")
    server = threading.Timer(0.1, theirs.sendall, [answer(b"{}")])
    server.start()
    connection._loop.call_later(0.001, time.sleep, 0.4)
    assert connection.exchange(b"POST").body == b"{}"
    connection.close()
    server.join()
    theirs.close()


def test_an_answer_that_comes_before_the_request_was_taken_spoils_no_other(ends):
    connection, theirs = ends(20)
    theirs.sendall(answer(b"too large", b"413 Too Large"))
    if isinstance(connection, OnLoop):
        assert connection.exchange(b"x" * 5_000_000).status == 413
        assert not connection.reusable
    connection.close()
    theirs.close()


def test_an_answer_is_read_in_pieces_of_any_size(exchange, monkeypatch):
    """Where others have their turn in between, what TLS has decrypted already waits for its own."""
    for module in (loop_connection, http_connection, http_reader):
        monkeypatch.setattr(module, "RECEIVE_SIZE", 80)
    monkeypatch.setattr(loop_connection, "_MOST_AT_ONCE", 100)
    body = b"x" * 2_000
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (2_000, body)
    got, reusable = exchange([chunked], timeout=2, close=False)
    assert (got.body, reusable) == (body, True)
