"""The part of HTTP/1.1 that DynamoDB answers with, read without touching a socket.

An answer is read to its end or it is an error.  Bodies come with a ``Content-Length`` or in chunks: a body that ends
when the connection does cannot be told from one that was cut short, and is refused.  So is everything else that this
reader does not know.

Whatever cannot be read from the first bytes alone is read by a generator, which yields what it needs next
(:class:`Receive`, :class:`ReceiveInto`) and until when (:class:`Allow`), and is sent what came.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import Any, NamedTuple, TypeAlias, final

__all__ = [
    "RECEIVE_SIZE",
    "Allow",
    "Answer",
    "NotUnderstood",
    "PeerClosed",
    "Reading",
    "Receive",
    "ReceiveInto",
    "begin_answer",
]

RECEIVE_SIZE = 65536
LARGEST_HEAD = 65536
LARGEST_BODY = 256 * 1024 * 1024
MEBIBYTE = 1024 * 1024
LARGEST_PIECE = 16 * MEBIBYTE
_TOKEN_CHARACTERS = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class NotUnderstood(Exception):
    """What came back is not an HTTP answer as DynamoDB gives it."""


class PeerClosed(Exception):
    """The connection ended before the answer did."""


@final
class Answer(NamedTuple):
    """A complete HTTP answer; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes | bytearray
    # whether the connection that it came on may carry another request
    stays_open: bool = True


# Without the function that the class has for it, which costs as much as the rest.
_answer: Callable[[tuple[int, dict[str, str], bytes | bytearray, bool]], Answer] = partial(tuple.__new__, Answer)


@final
class Receive(NamedTuple):
    """At most ``size`` bytes are needed; to be answered with those that came, ``b""`` when no more will."""

    size: int


@final
class ReceiveInto(NamedTuple):
    """Bytes are needed in a certain place; to be answered with how many came, 0 when no more will."""

    free: memoryview


@final
class Allow(NamedTuple):
    """What is received from here on must have come within so many read timeouts; to be answered with ``None``."""

    timeouts: int


Reading: TypeAlias = Generator[Receive | ReceiveInto | Allow, Any, Answer]


def begin_answer(received: bytes) -> Answer | Reading:
    """Return the answer that begins with ``received``, or what reads the rest of it when there has to be more.

    :raises NotUnderstood: the answer is none of DynamoDB's; the generator may raise it too.
    """
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return _read_head(received)
    status, version, headers = _parse_head(received[:end])
    body = received[end + 4 :]
    connection = headers.get("connection")
    stays_open = version == "HTTP/1.1" if connection is None else connection.lower() == "keep-alive"
    announced = headers.get("content-length")
    if announced is None or "transfer-encoding" in headers:
        return _read_chunks(status, headers, stays_open, body)
    if announced == str(len(body)):
        return _answer((status, headers, body, stays_open))
    length = _parse_length(announced)
    if length > len(body):
        return _read_body(status, headers, stays_open, body, length)
    if length < len(body):
        body, stays_open = body[:length], False
    return _answer((status, headers, body, stays_open))


def _read_head(received: bytes) -> Reading:
    """Read the rest of a head, and what comes after it."""
    if not received:
        raise PeerClosed("the connection was closed without an answer")
    yield Allow(1)
    while b"\r\n\r\n" not in received:
        if len(received) > LARGEST_HEAD:
            raise NotUnderstood("an HTTP head without end")
        if not b"HTTP/1.".startswith(received[:7]):
            raise NotUnderstood("an answer that is not HTTP")
        received += _not_the_end((yield Receive(RECEIVE_SIZE)))
    answer = begin_answer(received)
    return answer if isinstance(answer, Answer) else (yield from answer)


def _read_body(status: int, headers: dict[str, str], stays_open: bool, begun: bytes, length: int) -> Reading:
    """Read the body of which ``begun`` has come, into the place where it stays."""
    yield Allow(1 + (length - len(begun)) // MEBIBYTE)
    pieces: list[bytearray] = []
    missing = length
    while missing:
        # whoever only says that much is to come does not get all of the memory for it at once
        piece = bytearray(min(missing, LARGEST_PIECE))
        free = memoryview(piece)
        if not pieces:
            free[: len(begun)] = begun
            free = free[len(begun) :]
        while free:
            count = _not_the_end((yield ReceiveInto(free)))
            free = free[count:]
        pieces.append(piece)
        missing -= len(piece)
    body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
    return _answer((status, headers, body, stays_open))


def _read_chunks(status: int, headers: dict[str, str], stays_open: bool, received: bytes) -> Reading:
    """Read a chunked body of which ``received`` is the beginning."""
    if headers.get("transfer-encoding", "").lower() != "chunked" or "content-length" in headers:
        raise NotUnderstood("an answer whose length is unknown")
    if "trailer" in headers:
        raise NotUnderstood("a chunked answer with trailers")
    yield Allow(1)
    pieces: list[bytes] = []
    total = 0
    while True:
        while (end := received.find(b"\r\n")) < 0:
            if len(received) > 1024:
                raise NotUnderstood("a chunk without a size")
            received += _not_the_end((yield Receive(RECEIVE_SIZE)))
        size = _parse_chunk_size(received[:end])
        total += size
        if total > LARGEST_BODY:
            raise NotUnderstood("an answer larger than any that DynamoDB gives")
        received = received[end + 2 :]
        while len(received) < size + 2:
            received += _not_the_end((yield Receive(RECEIVE_SIZE)))
        if received[size : size + 2] != b"\r\n":
            raise NotUnderstood("a chunk that does not end where it says")
        if size == 0:
            return _answer((status, headers, b"".join(pieces), stays_open and len(received) == 2))
        pieces.append(received[:size])
        received = received[size + 2 :]
        # Every MiB that has come buys the next one its time.
        if total // MEBIBYTE != (total - size) // MEBIBYTE:
            yield Allow(1)


def _not_the_end(came: Any) -> Any:
    if not came:
        raise PeerClosed("the connection was closed in the middle of an answer")
    return came


def _parse_head(head: bytes) -> tuple[int, str, dict[str, str]]:
    lines = head.decode("latin-1").split("\r\n")
    status_line = lines[0]
    if status_line == "HTTP/1.1 200 OK":
        status, version = 200, "HTTP/1.1"
    else:
        status, version = _parse_status_line(status_line)
    headers: dict[str, str] = {}
    lower_case = _lowered.get
    del lines[0]
    for line in lines:
        name, _, value = line.partition(": ")
        lowered = lower_case(name)
        if lowered is None:
            lowered, value = _parse_header_line(line)
        if lowered in headers:
            if lowered in ("content-length", "transfer-encoding", "x-amz-crc32"):
                raise NotUnderstood(f"an answer with two {lowered} headers")
            value = f"{headers[lowered]}, {value.strip(_BLANK)}"
        headers[lowered] = value.strip(_BLANK)
    return status, version, headers


_BLANK = " \t"
# Names as they came, validated and in lower case: servers use the same few again and again.
_lowered: dict[str, str] = {}
_MOST_NAMES = 200


def _parse_header_line(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    lowered = name.lower()
    if not colon or not name or not _TOKEN_CHARACTERS.issuperset(name):
        raise NotUnderstood("an answer with a malformed header")
    if len(_lowered) < _MOST_NAMES:
        _lowered[name] = lowered
    return lowered, value


def _parse_status_line(line: str) -> tuple[int, str]:
    version, code = line[:8], line[9:12]
    if (
        version not in ("HTTP/1.1", "HTTP/1.0")
        or line[8:9] != " "
        or line[12:13] not in ("", " ")
        or not (code.isascii() and code.isdigit())
        or not "200" <= code <= "599"
        or code in ("204", "304")
    ):
        raise NotUnderstood("an answer without a status that DynamoDB gives")
    return int(code), version


def _parse_length(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 10:
        length = int(text)
        if length <= LARGEST_BODY:
            return length
    raise NotUnderstood("an answer with an impossible length")


def _parse_chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip(b" \t")
    if not 0 < len(digits) <= 8 or digits.strip(b"0123456789abcdefABCDEF"):
        raise NotUnderstood("a chunk without a size")
    return int(digits, 16)
