"""What the flows of a connection ask of whoever runs them.

A flow is a generator that knows what is to be done and never waits itself: it yields one of these steps at a time, is
sent what came of it, or has thrown in what went wrong, and returns its result.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, NamedTuple, TypeAlias, TypeVar, final

from .destinations import Destination

__all__ = ["Ask", "Flow", "Send", "Wait"]


@final
class Send(NamedTuple):
    """A complete HTTP request is to be sent; what comes of it is the :class:`~.http_reader.Answer`."""

    destination: Destination
    request: bytes


@final
class Wait(NamedTuple):
    """Time has to pass before the next step."""

    seconds: float


@final
class Ask(NamedTuple):
    """A function is to be called: one of botocore's, or of those who listen to its events.

    ``blocks`` says that it may wait for something, or compute for long.
    """

    question: Callable[[], Any]
    blocks: bool = True


T = TypeVar("T")
Flow: TypeAlias = Generator[Send | Wait | Ask, Any, T]
