"""One keep-alive connection to an endpoint, on a socket that an event loop watches."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import weakref
from asyncio import AbstractEventLoop, Future, _get_running_loop
from typing import Any

from .http_connection import question_for_quiet
from .http_reader import RECEIVE_SIZE, Allow, Answer, Reading, ReceiveInto, begin_answer

__all__ = ["LoopConnection"]

# How much is received at most before other callbacks have their turn.
_MOST_AT_ONCE = 256 * 1024
_NOT_NOW = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class LoopConnection:
    """Like :class:`~.http_connection.HttpConnection`, without a thread that waits.

    The loop watches the socket for as long as there is a connection, so that one which the other side closes is noticed
    while it is idle.  No transport of asyncio's owns the socket: it can be closed when the loop is gone.  Nothing here
    holds on to the loop.
    """

    __slots__ = (
        "_allowed_until",
        "_answered",
        "_loop",
        "_process",
        "_reading",
        "_socket",
        "_step",
        "_timeout",
        "_unsent",
        "deadline",
        "idle_since",
        "is_quiet",
        "reusable",
    )

    def __init__(self, connected: socket.socket, read_timeout: float | None, loop: AbstractEventLoop) -> None:
        """Let a loop watch a socket.

        :raises NotImplementedError: if that is a loop which cannot
        """
        self._socket = connected
        self._timeout = read_timeout
        self._loop = weakref.ref(loop)
        self._process = os.getpid()
        self._answered: Future[Answer] | None = None
        self._reading: Reading | None = None
        self._step: Any = None
        self._unsent: memoryview | None = None
        self._allowed_until: float | None = None
        self.deadline: float | None = None
        self.reusable = True
        self.idle_since = 0.0
        self.is_quiet = question_for_quiet(connected)
        connected.setblocking(False)
        loop.add_reader(connected.fileno(), self._receive)

    def begin(self, request: bytes, loop: AbstractEventLoop) -> Future[Answer]:
        """Send a request; returns the future of its answer.

        If that fails or is cancelled, the connection is good for nothing but :meth:`close`.
        """
        self.reusable = False
        self._reading = self._allowed_until = None
        answered = self._answered = loop.create_future()
        self.deadline = None if self._timeout is None else loop.time() + self._timeout
        self._send(memoryview(request))
        return answered

    def expire(self) -> None:
        """Fail, since the other side takes too long."""
        self._fail(TimeoutError("the answer did not come in time"))

    def close(self) -> None:
        """Close the socket, whatever state it is in."""
        self.reusable, self.deadline, self._answered = False, None, None
        self.is_quiet = _is_closed  # the number may soon be another file's
        # what a forked child takes from the loop is taken from the parent's
        if self._process == os.getpid() and not self._unwatch():
            return
        with contextlib.suppress(OSError):
            self._socket.close()

    def _unwatch(self) -> bool:
        """Take the socket from the loop; returns whether that is done, and not left to the loop's own thread."""
        loop, descriptor = self._loop(), self._socket.fileno()
        if loop is None or descriptor < 0 or loop.is_closed():
            return True
        if loop.is_running() and _get_running_loop() is not loop:
            with contextlib.suppress(RuntimeError):  # it was closed just now
                loop.call_soon_threadsafe(self.close)
                return False
        loop.remove_reader(descriptor)
        loop.remove_writer(descriptor)
        return True

    # What the loop calls.

    def _send(self, unsent: memoryview) -> None:
        try:
            sent = self._socket.send(unsent)
        except _NOT_NOW:
            sent = 0
        except Exception as error:
            self._fail(error)
            return
        waits, self._unsent = self._unsent is not None, unsent[sent:] if sent < len(unsent) else None
        if waits == (self._unsent is not None):
            return
        loop = self._loop()
        assert loop is not None
        if waits:
            loop.remove_writer(self._socket.fileno())
            self.deadline = None if self._timeout is None else loop.time() + self._timeout
        else:
            loop.add_writer(self._socket.fileno(), self._send_on)

    def _send_on(self) -> None:
        if self._unsent is not None:
            self._send(self._unsent)

    def _receive(self) -> None:
        """Take what has come."""
        answered, received = self._answered, 0
        if answered is None or answered.done():
            # an answer that was read to its end just now may have been announced twice
            if answered is not None or not self.is_quiet():
                self.close()  # while idle: the other side closes, or sends what nobody waits for
            return
        try:
            while received < _MOST_AT_ONCE:
                if type(self._step) is ReceiveInto:
                    came: Any = self._socket.recv_into(self._step.free)
                    received += came
                else:
                    came = self._socket.recv(RECEIVE_SIZE)
                    received += len(came)
                begun = begin_answer(came) if self._reading is None else self._reading
                answer = begun if isinstance(begun, Answer) else self._read_on(begun, came)
                if answer is not None:
                    self._answered = self._reading = self._step = self.deadline = None
                    self.reusable = answer.stays_open and self._unsent is None
                    answered.set_result(answer)
                    return
        except _NOT_NOW:
            return
        except Exception as error:
            self._fail(error)
            return
        except BaseException:
            self._fail(ConnectionAbortedError("what came was lost by an interrupt"))
            raise
        loop = self._loop()
        assert loop is not None
        # which does not know of what a TLS connection has decrypted already
        loop.call_soon(self._receive_more, answered)

    def _receive_more(self, answered: Future[Answer]) -> None:
        if answered is self._answered:
            self._receive()

    def _read_on(self, reading: Reading, came: Any) -> Answer | None:
        """Give what came to the reader of an answer; returns the answer when it is complete."""
        loop = self._loop()
        assert loop is not None
        now = loop.time()
        try:
            step = reading.send(None if self._reading is None else came)
            while type(step) is Allow:
                self._allowed_until = None if self._timeout is None else now + self._timeout * step.timeouts
                step = reading.send(None)
        except StopIteration as done:
            answer: Answer = done.value
            return answer
        self._reading, self._step = reading, step
        if self._timeout is not None:
            self.deadline = now + self._timeout
            if self._allowed_until is not None:
                self.deadline = min(self.deadline, self._allowed_until)
        return None

    def _fail(self, error: Exception) -> None:
        answered, self._answered = self._answered, None
        self._reading = self._step = self.deadline = None
        if answered is not None and not answered.done():
            answered.set_exception(error)


def _is_closed() -> bool:
    return False
