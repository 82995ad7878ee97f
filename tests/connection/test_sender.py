"""The reader of answers: what it understands it reads exactly; whatever else comes is an error, in time."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamorm.connection import http_reader
from dynamorm.connection.http_connection import HttpConnection
from dynamorm.connection.http_reader import Answer, NotUnderstood, PeerClosed

from .scripted_server import answer


def exchange(pieces, timeout=5.0, pause=0.0, close=True):
    """Let a server say the pieces; return the answer read, and whether the connection is still good."""
    ours, theirs = socket.socketpair()

    def serve():
        theirs.recv(65536)
        for number, piece in enumerate(pieces):
            if pause and number:
                time.sleep(pause)
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


def chunked(body, sizes, extension=b""):
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    out = b""
    while body:
        size = max(1, sizes.pop() if sizes else len(body))
        piece, body = body[:size], body[size:]
        out += b"%x%s\r\n%s\r\n" % (len(piece), extension, piece)
    return head + out + b"0\r\n\r\n"


def cut(data, places):
    places = sorted({place % (len(data) + 1) for place in places})
    return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True) if start < end]


places = st.lists(st.integers(0, 10_000), max_size=5)


@given(body=st.binary(max_size=3000), cuts=places)
def test_an_answer_is_read_whole_in_whatever_pieces_it_comes(body, cuts):
    got, reusable = exchange(cut(answer(body), cuts))
    assert (got.status, got.body, reusable) == (200, body, True)
    assert got.headers["x-amzn-requestid"] == "REQUEST"


@given(body=st.binary(max_size=3000), cuts=places, sizes=st.lists(st.integers(1, 500), max_size=5))
def test_so_is_an_answer_in_chunks(body, cuts, sizes):
    got, reusable = exchange(cut(chunked(body, sizes), cuts))
    assert (got.status, got.body, reusable) == (200, body, True)


@given(body=st.binary(max_size=300), end=st.integers(0, 10_000))
def test_an_answer_that_ends_early_is_an_error(body, end):
    whole = answer(body)
    with pytest.raises((PeerClosed, NotUnderstood)):
        exchange([whole[: end % len(whole)]])


@given(noise=st.binary(min_size=1, max_size=300))
def test_noise_is_an_error(noise):
    with pytest.raises((PeerClosed, NotUnderstood)):
        exchange([noise])


@given(data=st.data())
def test_an_answer_with_a_changed_byte_is_read_exactly_or_an_error(data):
    """Framing alone cannot see a changed body; it may not make up or lose a byte of it."""
    body = b'{"Item":{"isbn":{"S":"1"}}}'
    changed = bytearray(answer(body))
    place = data.draw(st.integers(0, len(changed) - 1))
    changed[place] = data.draw(st.integers(0, 255))
    try:
        got, reusable = exchange([bytes(changed)])
    except (PeerClosed, NotUnderstood):
        return
    assert bytes(changed).endswith(got.body) or not reusable or len(got.body) < len(body)
    if reusable:
        assert len(got.body) == len(body)


def test_more_than_an_answer_ends_the_connection():
    for surplus in (b"x", answer(b"{}")):
        got, reusable = exchange([answer(b"{}") + surplus])
        assert (got.body, reusable) == (b"{}", False)
        got, reusable = exchange([chunked(b"{}", []) + surplus])
        assert (got.body, reusable) == (b"{}", False)


@pytest.mark.parametrize(
    ("head", "reusable"),
    [
        (b"HTTP/1.1 200 OK\r\n", True),
        (b"HTTP/1.1 200\r\n", True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n", False),
        (b"HTTP/1.1 200 OK\r\nConnection: Keep-Alive\r\n", True),
        (b"HTTP/1.1 200 OK\r\nConnection: upgrade\r\n", False),
        (b"HTTP/1.0 200 OK\r\n", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n", True),
    ],
)
def test_a_connection_is_used_again_only_when_the_server_means_it(head, reusable):
    got, again = exchange([head + b"Content-Length: 2\r\n\r\n{}"])
    assert (got.body, again) == (b"{}", reusable)


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\n\r\n{}",
        b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + answer(),
        b"HTTP/1.1 101 Switching Protocols\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 20x OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n2\r\n{}\r\n0\r\nX: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffff\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n folded: x\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n: empty\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
        b"HTTP/1.1 200 OK\r\nx-amz-crc32: 1\r\nx-amz-crc32: 2\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000,
        b"",
    ],
)
def test_what_dynamodb_does_not_say_is_not_understood(said):
    with pytest.raises((NotUnderstood, PeerClosed)):
        exchange([said])


def test_headers_given_twice_are_joined():
    got, _ = exchange([b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 0\r\n\r\n"])
    assert got == Answer(200, {"x-a": "1, 2", "content-length": "0"}, b"")


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
def test_an_answer_that_drips_in_ends_in_time(pieces):
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        exchange(pieces, timeout=0.2, pause=0.02)
    assert time.monotonic() - begun < 1.0


def test_silence_ends_in_time():
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        exchange([], timeout=0.1, close=False)
    assert time.monotonic() - begun < 1.0


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timers here")
def test_silence_ends_in_time_for_a_program_that_is_interrupted_all_the_while():
    """A wait that began anew after each signal would never end."""
    ours, theirs = socket.socketpair()
    connection = HttpConnection(ours, 0.3)
    earlier = signal.signal(signal.SIGALRM, lambda *unused: None)
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
    try:
        begun = time.monotonic()
        with pytest.raises(TimeoutError):
            connection.exchange(b"POST")
        assert 0.25 < time.monotonic() - begun < 2.0
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, earlier)
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
    connection = HttpConnection(ours, 5)
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
    assert time.monotonic() - begun < 2.0
    ended.set()
    server.join()
    connection.close()
    theirs.close()


def test_a_large_answer_has_time_in_proportion():
    body = b"x" * (3 * 1024 * 1024)
    pieces = cut(answer(body), range(0, len(body), len(body) // 6))
    got, _ = exchange(pieces, timeout=0.2, pause=0.06)
    assert len(got.body) == len(body)
    got, _ = exchange(cut(chunked(body, [100_000] * 40), range(0, len(body), len(body) // 6)), 0.2, 0.06)
    assert len(got.body) == len(body)


def test_an_answer_larger_than_what_is_set_aside_at_once_is_read_whole(monkeypatch):
    monkeypatch.setattr(http_reader, "LARGEST_PIECE", 200_000)
    body = bytes(range(250)) * 2000
    for size in (199_999, 200_000, 200_001, 400_000, len(body)):
        got, reusable = exchange(cut(answer(body[:size]), range(0, size, 70_000)))
        assert (bytes(got.body), reusable) == (body[:size], True)


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
