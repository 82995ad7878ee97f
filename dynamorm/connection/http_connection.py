"""One keep-alive connection to an endpoint: a socket on which requests are exchanged for answers."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import time
from collections.abc import Callable
from functools import partial

from .http_reader import RECEIVE_SIZE, Allow, Answer, Reading, ReceiveInto, begin_answer

__all__ = ["HttpConnection", "question_for_quiet"]

LONGEST_WAIT = (2.0**31 - 1) / 1000  # seconds: what the system call takes
SHORTEST_WAIT = 0.001  # with a timeout of nothing Python's sockets do not wait, and say something else


class HttpConnection:
    """A connected socket on which one request at a time is exchanged for one answer.

    After an exception, or when :attr:`reusable` is false, it is good for nothing but :meth:`close`.
    ``read_timeout`` bounds the wait for each piece of an answer; once an answer has begun, its head has to be
    complete within that time, and its body within that time for every MiB, so that an answer that drips in
    byte by byte ends too.
    """

    __slots__ = ("_descriptor", "_socket", "_timeout", "idle_since", "is_quiet", "reusable")

    def __init__(self, connected: socket.socket, read_timeout: float | None) -> None:
        self._socket = connected
        self._timeout = read_timeout
        self.is_quiet = question_for_quiet(connected)
        # Before each piece that Python sends with a timeout it asks the system for room, which an idle connection
        # has: what need not be encrypted is written without that question, where sockets are files.
        is_plain = hasattr(select, "poll") and not hasattr(connected, "pending")
        self._descriptor = connected.fileno() if is_plain else -1
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
        answer = begin_answer(self._socket.recv(RECEIVE_SIZE))
        if type(answer) is not Answer:
            answer = self._read_on(answer)
        self.reusable = answer.stays_open
        return answer

    def close(self) -> None:
        """Close the socket, whatever state it is in."""
        self.reusable = False
        self._descriptor = -1  # the number may soon be another file's
        with contextlib.suppress(OSError):
            self._socket.close()

    def _read_on(self, reading: Reading) -> Answer:
        """Return the answer that takes more than the first bytes, fetching what its reader asks for."""
        deadline: float | None = None
        came: bytes | int | None = None
        while True:
            try:
                step = reading.send(came)
            except StopIteration as done:
                answer: Answer = done.value
                return answer
            if type(step) is Allow:
                deadline = None if self._timeout is None else time.monotonic() + self._timeout * step.timeouts
                came = None
                continue
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError("the answer did not end in time")
            if type(step) is ReceiveInto:
                came = self._socket.recv_into(step.free)
            else:
                came = self._socket.recv(step.size)


def question_for_quiet(connected: socket.socket) -> Callable[[], bool]:
    """Return a function that tells whether nothing waits to be read from a socket.

    An idle connection with something to read is of no more use.
    """
    ask: Callable[[], object]
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(connected, select.POLLIN | select.POLLPRI)
        ask = partial(poll.poll, 0)
    else:

        def ask() -> object:
            return select.select([connected], [], [], 0)[0]

    pending = getattr(connected, "pending", None)  # what a TLS connection has decrypted already
    if pending is not None:
        return lambda: not (pending() or ask())
    return lambda: not ask()
