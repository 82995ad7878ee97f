"""One connection: requests are sent whole, answers come in time or not at all, and nothing is read twice."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from types import SimpleNamespace

import pytest

from dynamorm.connection import http_connection
from dynamorm.connection.http_connection import HttpConnection
from dynamorm.connection.http_reader import NotUnderstood, PeerClosed

from .scripted_server import answer

MEBIBYTE = 1024 * 1024


def exchange(pieces, timeout=30.0, close=True):
    """Let a server say the pieces; return the answer read, and whether the connection is still good."""
    ours, theirs = socket.socketpair()

    def serve():
        theirs.recv(65536)
        for piece in pieces:
            try:
                theirs.sendall(piece)
            except OSError:
                return
        if close:
            theirs.shutdown(socket.SHUT_WR)

    server = threading.Thread(target=serve)
    server.start()
    connection = HttpConnection(ours, timeout)
    try:
        return connection.exchange(b"POST"), connection.reusable
    finally:
        connection.close()
        server.join()
        theirs.close()


@pytest.mark.parametrize("size", [0, 2, 3000, 100_000, 3 * MEBIBYTE])
def test_an_answer_is_read_to_its_end(size):
    body = b"x" * size
    got, reusable = exchange([answer(body)])
    assert (got.status, got.body, reusable) == (200, body, True)
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (size or 2, body or b"{}")
    got, reusable = exchange([chunked])
    assert (got.status, got.body, reusable) == (200, body or b"{}", True)


def test_a_connection_that_the_server_means_to_close_is_not_used_again():
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
def test_after_what_is_no_answer_a_connection_is_not_used_again(said, error):
    ours, theirs = socket.socketpair()
    theirs.sendall(said)
    theirs.shutdown(socket.SHUT_WR)
    connection = HttpConnection(ours, 30)
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


def test_silence_ends_in_time():
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


def test_a_request_larger_than_the_socket_takes_at_once_is_sent_whole():
    ours, theirs = socket.socketpair()
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
    connection = HttpConnection(ours, 30)
    for _ in range(2):
        assert connection.exchange(request).body == b"{}"
    server.join()
    assert received == [request, request]
    connection.close()
    theirs.close()


@pytest.mark.parametrize("reads", [0, 1000])
def test_a_request_that_nobody_takes_ends_in_time(reads):
    ours, theirs = socket.socketpair()
    ended = threading.Event()

    def sip():
        while not ended.wait(0.02):
            theirs.recv(reads)

    server = threading.Thread(target=sip if reads else ended.wait)
    server.start()
    connection = HttpConnection(ours, 0.2)
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        connection.exchange(b"x" * 5_000_000)
    assert time.monotonic() - begun < 60, "all of it would take a hundred seconds"
    ended.set()
    server.join()
    connection.close()
    theirs.close()


@pytest.mark.parametrize("timeout", [0, 0.0001])
def test_next_to_no_time_is_a_timeout_too(timeout):
    with pytest.raises(TimeoutError):
        exchange([], timeout=timeout, close=False)


@pytest.mark.parametrize("timeout", [None, 1e10])
def test_there_may_be_any_time_for_an_answer(timeout):
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
