"""Going through what programs hand in: by ``for``, or by ``async for`` where the driver awaits."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from .exceptions import MustBeAwaited
from .flows import Awaits, Flow, Invoke

__all__ = ["can_be_gone_through", "everything_in", "some_at_a_time"]


def can_be_gone_through(given: Any) -> bool:
    """Return whether something is an iterable of either kind."""
    return isinstance(given, (Iterable, AsyncIterable))


def everything_in(given: Any, verb: str) -> Flow[list[Any]]:
    """Return all that there is in an iterable.

    :raises MustBeAwaited: if only ``async for`` goes through it, and the driver does not await
    """
    goes_async = yield from _goes_async(given, verb)
    found: list[Any] = yield Invoke(_all_awaited if goes_async else list, (given,))
    return found


def some_at_a_time(given: Any, most: int, verb: str) -> Flow[Callable[[], Any]]:
    """Return what gives the next so many of an iterable each time that :class:`.Invoke` calls it; none at the end.

    :raises MustBeAwaited: if only ``async for`` goes through it, and the driver does not await
    """
    goes_async = yield from _goes_async(given, verb)
    (iterator,) = yield Invoke(_begun, (aiter if goes_async else iter, given))
    return partial(_some_awaited if goes_async else _some, iterator, most)


def _goes_async(given: Any, verb: str) -> Flow[bool]:
    if not isinstance(given, AsyncIterable):
        return False
    if (yield Awaits()):
        return True
    if isinstance(given, Iterable):
        return False
    raise MustBeAwaited(
        f"{verb}() cannot go through a value of type {type(given).__name__}, which takes async for: "
        "give a list, or use the awaitable verb"
    )


def _begun(begin: Callable[[Any], Any], given: Any) -> tuple[Any]:
    return (begin(given),)  # not by itself: what can be awaited would be


def _some(iterator: Iterator[Any], most: int) -> list[Any]:
    return list(islice(iterator, most))


async def _some_awaited(iterator: AsyncIterator[Any], most: int) -> list[Any]:
    some: list[Any] = []
    async for item in iterator:
        some.append(item)
        if len(some) == most:
            break
    return some


async def _all_awaited(given: AsyncIterable[Any]) -> list[Any]:
    return [item async for item in given]
