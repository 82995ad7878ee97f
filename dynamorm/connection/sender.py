"""One keep-alive connection to an endpoint, and the part of HTTP/1.1 that DynamoDB answers with.

A request goes out in one piece; an answer is read to its end or it is an error.  Bodies come with a
``Content-Length`` or in chunks: a body that ends when the connection does cannot be told from one that was
cut short, and is refused.  So is everything else that this reader does not know.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

__all__ = ["Answer", "NotUnderstood", "PeerClosed", "WireConnection"]

RECEIVE_SIZE = 65536
LARGEST_HEAD = 65536
LARGEST_BODY = 256 * 1024 * 1024
MEBIBYTE = 1024 * 1024
LARGEST_PIECE = 16 * MEBIBYTE
LONGEST_WAIT = (2.0**31 - 1) / 1000  # seconds: what the system call takes
SHORTEST_WAIT = 0.001  # with a timeout of nothing Python's sockets do not wait, and say something else
_TOKEN_CHARACTERS = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class NotUnderstood(Exception):
    """What came back is not an HTTP answer as DynamoDB gives it."""


class PeerClosed(Exception):
    """The connection ended before the answer did."""


class Answer(NamedTuple):
    """A complete HTTP answer; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes | bytearray


# Without the function that the class has for it, which costs as much as the rest.
_answer: Callable[[tuple[int, dict[str, str], bytes | bytearray]], Answer] = partial(tuple.__new__, Answer)


class WireConnection:
    """A connected socket on which one request at a time is exchanged for one answer.

    After an exception, or when :attr:`reusable` is false, it is good for nothing but :meth:`close`.
    ``read_timeout`` bounds the wait for each piece of an answer; once an answer has begun, its head has to be
    complete within that time, and its body within that time for every MiB, so that an answer that drips in
    byte by byte ends too.
    """

    __slots__ = ("_descriptor", "_is_tls", "_poll", "_socket", "_timeout", "idle_since", "reusable")

    def __init__(self, connected: socket.socket, read_timeout: float | None) -> None:
        self._socket = connected
        self._timeout = read_timeout
        self._is_tls = hasattr(connected, "pending")
        self._poll: select.poll | None = None
        # Before each piece that Python sends with a timeout it asks the system for room, which an idle connection
        # has: what need not be encrypted is written without that question, where sockets are files.
        self._descriptor = -1
        if hasattr(select, "poll"):
            self._poll = select.poll()
            self._poll.register(connected, select.POLLIN | select.POLLPRI)
            if not self._is_tls:
                self._descriptor = connected.fileno()
        if read_timeout is not None:
            read_timeout = min(max(read_timeout, SHORTEST_WAIT), LONGEST_WAIT)
        connected.settimeout(read_timeout)
        self.reusable = True
        self.idle_since = 0.0

    def exchange(self, request: bytes) -> Answer:
        """Send ``request`` and return the answer to it.

        :raises PeerClosed: the other side closed the connection before the answer was complete.
        :raises NotUnderstood: the answer is none.
        :raises OSError: as the socket does; ``TimeoutError`` among them.
        """
        self.reusable = False
        if self._descriptor < 0:
            self._socket.sendall(request)
        else:
            try:
                sent = os.write(self._descriptor, request)
            except BlockingIOError:
                sent = 0
            if sent != len(request):
                self._socket.sendall(memoryview(request)[sent:])
        received = self._socket.recv(RECEIVE_SIZE)
        end = received.find(b"\r\n\r\n")
        if end < 0:
            received, end = self._rest_of_head(received)
        status, version, headers = _parse_head(received[:end])
        begun = received[end + 4 :]
        body: bytes | bytearray = begun
        surplus = False
        if "content-length" in headers and "transfer-encoding" not in headers:
            length = _parse_length(headers["content-length"])
            if length > len(begun):
                body = self._read_whole(begun, length)
            elif length < len(begun):
                body, surplus = begun[:length], True
        else:
            body, surplus = self._read_chunks(headers, begun)
        connection = headers.get("connection")
        if connection is None:
            self.reusable = version == "HTTP/1.1" and not surplus
        else:
            self.reusable = connection.lower() == "keep-alive" and not surplus
        return _answer((status, headers, body))

    def is_quiet(self) -> bool:
        """Whether nothing waits to be read; an idle connection with something to read is of no more use."""
        if self._is_tls and self._socket.pending():  # type: ignore[attr-defined]
            return False
        if self._poll is not None:
            return not self._poll.poll(0)
        return not select.select([self._socket], [], [], 0)[0]

    def close(self) -> None:
        """Close the socket, whatever state it is in."""
        self.reusable = False
        self._descriptor = -1  # the number may soon be another file's
        with contextlib.suppress(OSError):
            self._socket.close()

    def _receive(self, size: int, deadline: float | None) -> bytes:
        _check(deadline)
        piece = self._socket.recv(size)
        if not piece:
            raise PeerClosed(_IN_THE_MIDDLE)
        return piece

    def _deadline(self, expected: int) -> float | None:
        if self._timeout is None:
            return None
        return time.monotonic() + self._timeout * (1 + expected // MEBIBYTE)

    def _rest_of_head(self, received: bytes) -> tuple[bytes, int]:
        if not received:
            raise PeerClosed("the connection was closed without an answer")
        deadline = self._deadline(0)
        while (end := received.find(b"\r\n\r\n")) < 0:
            if len(received) > LARGEST_HEAD:
                raise NotUnderstood("an HTTP head without end")
            if not b"HTTP/1.".startswith(received[:7]):
                raise NotUnderstood("an answer that is not HTTP")
            received += self._receive(RECEIVE_SIZE, deadline)
        return received, end

    def _read_whole(self, begun: bytes, length: int) -> bytes | bytearray:
        """Read the body of which ``begun`` has come, into the place where it stays."""
        deadline = self._deadline(length - len(begun))
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
                _check(deadline)
                count = self._socket.recv_into(free)
                if not count:
                    raise PeerClosed(_IN_THE_MIDDLE)
                free = free[count:]
            pieces.append(piece)
            missing -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _read_chunks(self, headers: dict[str, str], received: bytes) -> tuple[bytes, bool]:
        """Read a chunked body of which ``received`` is the beginning; also say whether more than it came."""
        if headers.get("transfer-encoding", "").lower() != "chunked" or "content-length" in headers:
            raise NotUnderstood("an answer whose length is unknown")
        if "trailer" in headers:
            raise NotUnderstood("a chunked answer with trailers")
        deadline = self._deadline(0)
        pieces: list[bytes] = []
        total = 0
        while True:
            while (end := received.find(b"\r\n")) < 0:
                if len(received) > 1024:
                    raise NotUnderstood("a chunk without a size")
                received += self._receive(RECEIVE_SIZE, deadline)
            size = _parse_chunk_size(received[:end])
            total += size
            if total > LARGEST_BODY:
                raise NotUnderstood("an answer larger than any that DynamoDB gives")
            received = received[end + 2 :]
            while len(received) < size + 2:
                received += self._receive(RECEIVE_SIZE, deadline)
            if received[size : size + 2] != b"\r\n":
                raise NotUnderstood("a chunk that does not end where it says")
            if size == 0:
                return b"".join(pieces), len(received) > 2
            pieces.append(received[:size])
            received = received[size + 2 :]
            # Every MiB that has come buys the next one its time.
            if total // MEBIBYTE != (total - size) // MEBIBYTE:
                deadline = self._deadline(0)


_IN_THE_MIDDLE = "the connection was closed in the middle of an answer"


def _check(deadline: float | None) -> None:
    if deadline is not None and time.monotonic() > deadline:
        raise TimeoutError("the answer did not end in time")


def _parse_head(head: bytes) -> tuple[int, str, dict[str, str]]:
    lines = head.decode("latin-1").split("\r\n")
    status_line = lines[0]
    if status_line == "HTTP/1.1 200 OK":
        status, version = 200, "HTTP/1.1"
    else:
        status, version = _parse_status_line(status_line)
    headers: dict[str, str] = {}
    del lines[0]
    for line in lines:
        name, _, value = line.partition(": ")
        lowered = _lowered.get(name)
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
