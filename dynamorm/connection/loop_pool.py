"""The keep-alive connections to one endpoint that one event loop watches."""

from __future__ import annotations

import socket
from asyncio import AbstractEventLoop, get_running_loop

from ..threads import in_thread
from ..turns import Turns
from .http_connection import LONGEST_WAIT, SHORTEST_WAIT
from .http_reader import Answer
from .idle_connections import IdleConnections
from .loop_connection import LoopConnection
from .network_errors import exchange_error
from .pool import Pool

__all__ = ["LoopCannotWatch", "LoopPool"]


class LoopCannotWatch(Exception):
    """The event loop is of a kind that cannot watch sockets."""


class LoopPool:
    """At most as many connections as the configuration says; whoever comes when all are in use waits for its turn."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        timeout = pool.options.read_timeout
        self._timeout = None if timeout is None else min(max(timeout, SHORTEST_WAIT), LONGEST_WAIT)
        self._turns = Turns(pool.options.size)
        self._idle: IdleConnections[LoopConnection] = IdleConnections(pool.options.size)
        self._in_use: set[LoopConnection] = set()
        self._is_timing = False
        self._cannot_watch = False

    async def exchange(self, request: bytes) -> Answer:
        """Send a complete HTTP request on a good connection and return the answer.

        :raises botocore.exceptions.HTTPClientError: as :meth:`~.pool.Pool.exchange` does
        :raises LoopCannotWatch: if nothing can be sent from this loop
        """
        loop, turns = get_running_loop(), self._turns
        if self._cannot_watch:
            raise LoopCannotWatch(f"a {type(loop).__name__} cannot watch sockets")
        if not turns.take():
            await turns.wait()
        try:
            connection = self._idle.take() or await self._open(loop)
            self._in_use.add(connection)
            try:
                answered = connection.begin(request, loop)
                if not self._is_timing and connection.deadline is not None:
                    self._time(loop)
                answer = await answered
            except BaseException as error:
                connection.close()
                theirs = exchange_error(self._pool.url, error) if isinstance(error, Exception) else None
                if theirs is None:
                    raise
                raise theirs from error
            finally:
                self._in_use.discard(connection)
            self._idle.give_back(connection)
            return answer
        finally:
            turns.give_back()

    def close(self) -> None:
        """Close all idle connections; to be called where the loop runs, or after its end."""
        self._idle.close()

    def close_all(self) -> None:
        """Close all connections of a loop that is closed, those included that it was in the middle of using."""
        self.close()
        while self._in_use:
            self._in_use.pop().close()

    async def _open(self, loop: AbstractEventLoop) -> LoopConnection:
        # finding the address and agreeing on keys both block
        connected: socket.socket = await in_thread(self._pool.connected, unclaimed=socket.socket.close)
        try:
            return LoopConnection(connected, self._timeout, loop)
        except BaseException as error:
            connected.close()
            if not isinstance(error, NotImplementedError):
                raise
            self._cannot_watch = True
            raise LoopCannotWatch(f"a {type(loop).__name__} cannot watch sockets") from None

    def _time(self, loop: AbstractEventLoop) -> None:
        """See to deadlines: by one timer for all, which is set anew when it went off, as long as there are any."""
        now = loop.time()
        deadlines = []
        for connection in list(self._in_use):
            if connection.deadline is not None and connection.deadline <= now:
                connection.expire()
            if connection.deadline is not None:
                deadlines.append(connection.deadline)
        self._is_timing = bool(deadlines)
        if deadlines:
            loop.call_at(min(deadlines), self._time, loop)
