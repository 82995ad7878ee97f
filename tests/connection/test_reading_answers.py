"""The reader of answers, without any socket: what it understands it reads exactly, however it is chopped up."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamorm.connection import http_reader
from dynamorm.connection.http_reader import (
    RECEIVE_SIZE,
    Allow,
    Answer,
    NotUnderstood,
    PeerClosed,
    ReceiveInto,
    begin_answer,
)

from .scripted_server import answer


class Coming:
    """Pieces that come one after another, and after them the end of the connection."""

    def __init__(self, pieces):
        self.pieces = deque(pieces)

    def take(self, size):
        piece = self.pieces.popleft() if self.pieces else b""
        if len(piece) > size:
            self.pieces.appendleft(piece[size:])
        return piece[:size]


def read(pieces):
    """Return the answer in the pieces, and whether its connection is still good."""
    coming = Coming(pieces)
    reading = begin_answer(coming.take(RECEIVE_SIZE))
    came = None
    while not isinstance(reading, Answer):
        try:
            step = reading.send(came)
        except StopIteration as done:
            reading = done.value
        else:
            came = carry_out(step, coming)
    # what comes after an answer is seen by the reader, or else waits on the connection
    return reading._replace(stays_open=reading.stays_open and not coming.pieces)


def carry_out(step, coming):
    if isinstance(step, Allow):
        return None
    if isinstance(step, ReceiveInto):
        piece = coming.take(len(step.free))
        step.free[: len(piece)] = piece
        return len(piece)
    return coming.take(step.size)


def outcome(pieces):
    try:
        return read(pieces)
    except (NotUnderstood, PeerClosed) as error:
        return type(error)


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


def byte_by_byte(data):
    return [data[place : place + 1] for place in range(len(data))]


UNDERSTOOD = {
    "with a length": answer(b'{"Item":{"isbn":{"S":"1"}}}'),
    "empty": answer(b""),
    "in a chunk": chunked(b'{"Item":{}}', []),
    "in chunks": chunked(b"abcdefghijklmnopqrstuvwxyz", [5, 1, 10]),
    "in chunks with extensions": chunked(b"abcdef", [2], b";a=b"),
    "in no chunk": chunked(b"", []),
    "an error": answer(b'{"__type":"x#ThrottlingException"}', b"400 Bad Request"),
    "a status without a reason": b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n{}",
    "closing": answer(b"{}", Connection="close"),
    "closing in chunks": chunked(b"{}", []).replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"),
    "staying open": answer(b"{}", Connection="Keep-Alive"),
    "upgrading": answer(b"{}", Connection="upgrade"),
    "of the older version": b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "of the older version, staying open": b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}",
    "headers given twice": b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 0\r\n\r\n",
    "one byte too many": answer(b"{}") + b"x",
    "twice": answer(b"{}") + answer(b"{}"),
    "in chunks, and a byte too many": chunked(b"{}", []) + b"x",
}
REFUSED = {
    "no length": b"HTTP/1.1 200 OK\r\n\r\n{}",
    "status 204": b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
    "status 304": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\n\r\n",
    "status 100": b"HTTP/1.1 100 Continue\r\n\r\n" + answer(),
    "status 101": b"HTTP/1.1 101 Switching Protocols\r\nContent-Length: 0\r\n\r\n",
    "another version": b"HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\n{}",
    "a status that is no number": b"HTTP/1.1 20x OK\r\nContent-Length: 2\r\n\r\n{}",
    "two blanks before the status": b"HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "a length with a plus": b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\n{}",
    "a hexadecimal length": b"HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\n{}",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}",
    "a list of lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n{}",
    "a length of another alphabet": b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\n{}",
    "an impossible length": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{}",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a length and chunks": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    ),
    "compressed chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "announced trailers": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n2\r\n{}\r\n0\r\nX: 1\r\n\r\n"
    ),
    "trailers": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: 1\r\n\r\n",
    "a negative chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
    "a chunk without a size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n{}\r\n0\r\n\r\n",
    "a chunk that is longer than it says": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
    "a size of twelve digits": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffff\r\n{}\r\n0\r\n\r\n",
    "a chunk beyond all answers": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n{}\r\n0\r\n\r\n",
    "a size without end": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"0" * 1100,
    "a folded header": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n folded: x\r\n\r\n{}",
    "a blank before the colon": b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\n{}",
    "a header without a colon": b"HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 2\r\n\r\n{}",
    "a header without a name": b"HTTP/1.1 200 OK\r\n: empty\r\nContent-Length: 2\r\n\r\n{}",
    "lines that end otherwise": b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
    "two checksums": b"HTTP/1.1 200 OK\r\nx-amz-crc32: 1\r\nx-amz-crc32: 2\r\nContent-Length: 2\r\n\r\n{}",
    "noise": b"SSH-2.0-OpenSSH_9.6\r\n",
    "noise with an end": b"noise\r\n\r\n",
    "nothing": b"",
}


@pytest.mark.parametrize("kind", UNDERSTOOD)
def test_an_answer_is_the_same_wherever_it_is_cut(kind):
    said = UNDERSTOOD[kind]
    whole = read([said])
    assert read(byte_by_byte(said)) == whole
    for place in range(1, len(said)):
        assert read([said[:place], said[place:]]) == whole


@pytest.mark.parametrize("kind", REFUSED)
def test_what_dynamodb_does_not_say_is_refused_in_the_same_way_wherever_it_is_cut(kind):
    said = REFUSED[kind]
    whole = outcome([said])
    assert whole in (NotUnderstood, PeerClosed)
    assert outcome(byte_by_byte(said)) is whole
    for place in range(1, len(said)):
        assert outcome([said[:place], said[place:]]) is whole


@pytest.mark.parametrize("kind", [kind for kind in UNDERSTOOD if "too many" not in kind and kind != "twice"])
def test_an_answer_that_ends_early_is_refused_in_the_same_way_wherever_it_is_cut(kind):
    said = UNDERSTOOD[kind]
    for end in range(len(said)):
        assert outcome([said[:end]]) is outcome(byte_by_byte(said[:end])) is PeerClosed


@given(body=st.binary(max_size=3000), cuts=st.lists(st.integers(0, 10_000), max_size=5))
def test_any_body_is_read_whole_in_whatever_pieces_it_comes(body, cuts):
    got = read(cut(answer(body), cuts))
    assert (got.status, got.body, got.stays_open) == (200, body, True)
    assert got.headers["x-amzn-requestid"] == "REQUEST"


@given(
    body=st.binary(max_size=3000),
    cuts=st.lists(st.integers(0, 10_000), max_size=5),
    sizes=st.lists(st.integers(1, 500), max_size=5),
)
def test_so_is_any_body_in_chunks(body, cuts, sizes):
    got = read(cut(chunked(body, sizes), cuts))
    assert (got.status, got.body, got.stays_open) == (200, body, True)


@given(noise=st.binary(min_size=1, max_size=300))
def test_noise_is_refused(noise):
    assert outcome([noise]) in (NotUnderstood, PeerClosed)


@given(data=st.data())
def test_an_answer_with_a_changed_byte_is_read_exactly_or_refused(data):
    """Framing alone cannot see a changed body; it may not make up or lose a byte of it."""
    body = b'{"Item":{"isbn":{"S":"1"}}}'
    changed = bytearray(answer(body))
    place = data.draw(st.integers(0, len(changed) - 1))
    changed[place] = data.draw(st.integers(0, 255))
    got = outcome([bytes(changed)])
    assert got == outcome(byte_by_byte(bytes(changed)))
    if isinstance(got, Answer):
        assert bytes(changed).endswith(got.body) or not got.stays_open or len(got.body) < len(body)
        assert len(got.body) == len(body) or not got.stays_open


@pytest.mark.parametrize("surplus", [b"x", answer(b"{}")])
@pytest.mark.parametrize("said", [answer(b"{}"), chunked(b"{}", [])], ids=["with a length", "in chunks"])
def test_more_than_an_answer_ends_the_connection(said, surplus):
    got = begin_answer(said + surplus)
    if not isinstance(got, Answer):
        got = read([said + surplus])
    assert (got.body, got.stays_open) == (b"{}", False)


@pytest.mark.parametrize(
    ("head", "stays_open"),
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
def test_a_connection_stays_open_only_when_the_server_means_it(head, stays_open):
    got = read([head + b"Content-Length: 2\r\n\r\n{}"])
    assert (got.body, got.stays_open) == (b"{}", stays_open)


def test_a_head_without_end_is_refused():
    assert outcome([b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000]) is NotUnderstood


def test_headers_given_twice_are_joined():
    assert read([UNDERSTOOD["headers given twice"]]) == Answer(200, {"x-a": "1, 2", "content-length": "0"}, b"")


def test_an_answer_that_is_there_at_once_takes_no_generator():
    assert isinstance(begin_answer(answer(b"{}")), Answer)


def test_an_answer_larger_than_what_is_set_aside_at_once_is_read_whole(monkeypatch):
    monkeypatch.setattr(http_reader, "LARGEST_PIECE", 200_000)
    body = bytes(range(250)) * 2000
    for size in (199_999, 200_000, 200_001, 400_000, len(body)):
        got = read(cut(answer(body[:size]), range(0, size, 70_000)))
        assert (bytes(got.body), got.stays_open) == (body[:size], True)


def allowances(pieces):
    """Return the numbers of timeouts that are allowed, each with how much had come by then."""
    coming = Coming(pieces)
    first = coming.take(RECEIVE_SIZE)
    total = len(first)
    reading = begin_answer(first)
    allowed, came = [], None
    while True:
        try:
            step = reading.send(came)
        except StopIteration:
            return allowed
        if isinstance(step, Allow):
            allowed.append((step.timeouts, total))
        came = carry_out(step, coming)
        if came:
            total += came if isinstance(came, int) else len(came)


MEBIBYTE = 1024 * 1024


def test_a_head_has_one_timeout_from_its_first_byte_and_a_body_its_own():
    said = answer(b"x" * 100)
    end = said.index(b"\r\n\r\n") + 4
    assert allowances(byte_by_byte(said)) == [(1, 1), (1, end)]


def test_a_body_has_a_timeout_more_for_every_mebibyte_to_come():
    said = answer(b"x" * (3 * MEBIBYTE + 500))
    end = said.index(b"\r\n\r\n") + 4
    assert allowances([said[:end], said[end:]]) == [(4, end)]


def test_chunks_have_another_timeout_for_every_mebibyte_that_has_come():
    said = chunked(b"x" * 3 * MEBIBYTE, [MEBIBYTE // 2] * 6)
    allowed = allowances(cut(said, range(0, len(said), 50_000)))
    assert [timeouts for timeouts, _ in allowed] == [1, 1, 1, 1]
    steps = [come // (MEBIBYTE - 100_000) for _, come in allowed]
    assert steps == [0, 1, 2, 3]
