"""Measures what is awaited, beside the same in threads; runs in a process of its own.

A contender with an ``aget`` is awaited on one event loop.  Any other one blocks: it is called by this thread, and for
what is done at once by a pool of so many threads as the others have connections.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .items import Sizes
from .measure import best_of, opened, versions

AWAITABLE = ("get", "at_once", "save", "query")
AT_ONCE = 100
CONNECTIONS = 10
# What is called is so many of them, or else to enter and to leave the loop would count.
IN_A_ROW = 25

Operations = dict[str, tuple[Callable[[], Sequence[Any]], int]]


def awaited(contender: Any, sizes: Sizes, loop: asyncio.AbstractEventLoop) -> Operations:
    """What is called for each operation, and the number of items in it."""

    def repeated(operation: Callable[[], Awaitable[Any]]) -> Callable[[], Sequence[Any]]:
        async def one_by_one() -> list[Any]:
            return [await operation() for _ in range(IN_A_ROW)]

        return lambda: loop.run_until_complete(one_by_one())

    async def at_once() -> list[Any]:
        return await asyncio.gather(*(contender.aget() for _ in range(AT_ONCE)))

    return {
        "get": (repeated(contender.aget), IN_A_ROW),
        "at_once": (lambda: loop.run_until_complete(at_once()), AT_ONCE),
        "save": (repeated(contender.asave), IN_A_ROW),
        "query": (lambda: loop.run_until_complete(contender.aquery(sizes.page)), sizes.page),  # type: ignore[no-any-return]
    }


def blocking(contender: Any, sizes: Sizes) -> Operations:
    """The same of one that blocks."""
    threads = ThreadPoolExecutor(CONNECTIONS)

    def repeated(operation: Callable[[], Any]) -> Callable[[], Sequence[Any]]:
        return lambda: [operation() for _ in range(IN_A_ROW)]

    def at_once() -> list[Any]:
        return [future.result() for future in [threads.submit(contender.get) for _ in range(AT_ONCE)]]

    return {
        "get": (repeated(contender.get), IN_A_ROW),
        "at_once": (at_once, AT_ONCE),
        "save": (repeated(contender.save), IN_A_ROW),
        "query": (lambda: contender.query(sizes.page), sizes.page),  # type: ignore[no-any-return]
    }


def measured(known: Operations, least: float, rounds: int) -> dict[str, Any]:
    """Return the seconds of CPU of each operation, and the reasons of those that failed."""
    # What is made when it is first needed is made now.
    for function, _ in (known["save"], known["at_once"]):
        function()
    gc.collect()
    gc.freeze()
    seconds, failed = {}, {}
    for operation in AWAITABLE:
        function, count = known[operation]
        try:
            check(operation, function(), count)
            seconds[operation] = best_of(function, least, rounds) / count
        except Exception as error:
            failed[operation] = f"{type(error).__name__}: {error}"
    return {"seconds": seconds, "failed": failed}


def check(operation: str, found: Sequence[Any], count: int) -> None:
    """See that everything came that was asked for: figures of something else would be worth nothing."""
    missing = 0 if operation == "save" else sum(item is None for item in found)
    if missing or len(found) != count:
        raise AssertionError(f"{len(found) - missing} items instead of {count}")


def results_of(contender: Any, sizes: Sizes, least: float, rounds: int) -> dict[str, Any]:
    if not hasattr(contender, "aget"):
        return measured(blocking(contender, sizes), least, rounds)
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(contender.begin())
        found = measured(awaited(contender, sizes, loop), least, rounds)
        loop.run_until_complete(contender.end())
        return found
    finally:
        loop.close()


def main() -> None:
    task = json.loads(sys.argv[1])
    sizes = Sizes(*task["sizes"])
    contender = opened(task["name"], task["kind"], task["endpoint"], sizes)
    found = results_of(contender, sizes, task["least"], task["rounds"])
    print(json.dumps({**found, "versions": versions(task["distributions"])}))
