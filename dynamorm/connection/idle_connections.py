"""The connections to one endpoint that wait to be used again, for any number of threads.

A connection is checked before it is used again and thrown away when it has been idle for longer than DynamoDB
keeps it, when anything went wrong on it, or when the process forks.
"""

from __future__ import annotations

import contextlib
import os
import time
import weakref
from collections import deque
from typing import Any, Generic, Protocol, TypeVar

__all__ = ["IdleConnections", "KeptConnection"]

# DynamoDB closes a connection that has been idle for about a minute; with half of that no request meets the
# closing.
LONGEST_IDLE = 30.0


class KeptConnection(Protocol):
    """What has to be known of a connection to keep it."""

    idle_since: float
    reusable: bool

    def is_quiet(self) -> bool: ...

    def close(self) -> None: ...


C = TypeVar("C", bound=KeptConnection)


class IdleConnections(Generic[C]):
    """At most ``size`` connections, of which the one that was used last is used next."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._idle: deque[C] = deque()
        self._finalizer = weakref.finalize(self, _close_all, self._idle)
        _KEPT.add(self)

    def __len__(self) -> int:
        return len(self._idle)

    def take(self) -> C | None:
        """Return a connection that is still good, or ``None`` when a new one is to be opened."""
        oldest = time.monotonic() - LONGEST_IDLE
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            if connection.idle_since > oldest and connection.is_quiet():
                return connection
            connection.close()

    def give_back(self, connection: C) -> None:
        """Keep a connection, or close it when it is of no more use, or one too many."""
        if not connection.reusable or len(self._idle) >= self._size:
            connection.close()
            return
        now = connection.idle_since = time.monotonic()
        self._idle.append(connection)
        # The oldest are on the left; whoever is the last to use the pool tidies it, and takes out what several threads
        # have given back at once when there was room for one.
        try:
            while len(self._idle) > self._size or self._idle[0].idle_since < now - LONGEST_IDLE:
                self._idle.popleft().close()
        except IndexError:
            pass  # other threads took them

    def close(self) -> None:
        """Close all of them."""
        _close_all(self._idle)


def _close_all(idle: deque[C]) -> None:
    with contextlib.suppress(IndexError):
        while True:
            idle.pop().close()


_KEPT: weakref.WeakSet[IdleConnections[Any]] = weakref.WeakSet()


def _forget_connections_of_the_parent() -> None:
    """In a forked child: let go of the parent's connections without a word to the other side."""
    for idle in list(_KEPT):
        idle.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_connections_of_the_parent)
