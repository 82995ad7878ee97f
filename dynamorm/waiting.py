"""What holds in code that awaited verbs run: it must not wait, and what it asks for may be gathered."""

from __future__ import annotations

import time
import types
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from .exceptions import MustBeAwaited

__all__ = ["LONGEST", "Gathering", "Pace", "gatherer", "let_others_run", "may_wait", "must_not_wait", "refuse_to_wait"]

# For how many seconds may be computed before other tasks have their turn.
LONGEST = 0.001

_awaited: ContextVar[bool] = ContextVar("dynamorm_awaited", default=False)


@contextmanager
def must_not_wait() -> Iterator[None]:
    """Let what waits be refused inside a ``with``: it would block an event loop."""
    token = _awaited.set(True)
    try:
        yield
    finally:
        _awaited.reset(token)


@contextmanager
def may_wait() -> Iterator[None]:
    """Let nothing be refused inside a ``with``, whose thread blocks nobody."""
    token = _awaited.set(False)
    try:
        yield
    finally:
        _awaited.reset(token)


def refuse_to_wait(what: str, remedy: str) -> None:
    """Refuse to wait for something where that would block an event loop.

    :raises MustBeAwaited: in code that an awaited verb runs
    """
    if _awaited.get():
        raise MustBeAwaited(f"{what} would wait for DynamoDB and block the event loop: {remedy}")


@types.coroutine
def let_others_run() -> Generator[None, None, None]:
    """Let the other tasks of the loop have their turn."""
    yield


class Pace:
    """Says when others are to have their turn, in the middle of much computing."""

    __slots__ = ("_since",)

    def __init__(self) -> None:
        self._since = 0.0

    def is_due(self) -> bool:
        """Return whether it is time to let others run, which is counted from then on."""
        now = time.perf_counter()
        if now - self._since < LONGEST:
            return False
        self._since = now
        return True


class Gathering(Protocol):
    """Takes reads of one item, to carry several of them out together."""

    def take(self, call: Any) -> Any:
        """Return a future of the answer, ``None`` where a read has to be carried out alone."""


gatherer: ContextVar[Gathering | None] = ContextVar("dynamorm_gatherer", default=None)
