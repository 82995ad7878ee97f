"""The face of a blocking connection, over one whose calls are awaited: for tests that are written once for both."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from dynamorm import connection


class LoopInThread:
    """An event loop that runs in a thread of its own as long as the ``with`` lasts."""

    def __init__(self, new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop) -> None:
        self.loop = new_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> LoopInThread:
        self._thread.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def result_of(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Return what a coroutine returns, with the context of whoever asks."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(300)


class Awaiting:
    """A connection whose ``call`` is awaited on the loop of another thread; all else is the connection's own."""

    def __init__(self, conn: Any, loop: LoopInThread) -> None:
        self._conn = conn
        self._loop = loop

    def call(self, request: Any, sender: Any = None) -> Any:
        return self._loop.result_of(self._conn.acall(request, sender))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._conn, name)


def uvloop_loop() -> asyncio.AbstractEventLoop:
    """Return a loop of uvloop's; the test is skipped where that is not installed."""
    loop: asyncio.AbstractEventLoop = pytest.importorskip("uvloop").new_event_loop()
    return loop


LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop_loop}


def run_on(new_loop: Callable[[], asyncio.AbstractEventLoop], coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Do what ``asyncio.run`` does, on a loop of any kind."""
    loop = new_loop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        try:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            loop.close()


def awaited_place(coroutine: Any) -> str:
    """Return the name of our function in which a coroutine waits."""
    while hasattr(coroutine.cr_await, "cr_code"):
        coroutine = coroutine.cr_await
    name: str = coroutine.cr_code.co_name
    return name


class Leftovers:
    """The connections that event loops watch, and the turns that are taken, of all pools of a test."""

    def __init__(self, pools: list[Any]) -> None:
        self._pools = pools

    @property
    def loop_pools(self) -> list[Any]:
        return [one for pool in self._pools for one in list(pool.of_loops.values())]

    @property
    def idle(self) -> int:
        return sum(len(one._idle) for one in self.loop_pools)

    def assert_none_in_use(self) -> None:
        for one in self.loop_pools:
            assert one._in_use == set()
            assert one._turns._free == one._pool.options.size
            assert not [turn for turn in one._turns._waiting if not turn.done()]


# Transports whose calls are awaited, beside those of the same names.
AWAITED = {"async": "default", "async direct": "direct", "async boto3": "boto3"}
_loop: list[LoopInThread] = []


@pytest.fixture(scope="module", autouse=True)
def loop_of_the_module() -> Iterator[LoopInThread]:
    """To be imported where :func:`connect` is used: the loop on which calls are awaited."""
    with LoopInThread() as loop:
        _loop.append(loop)
        yield loop
        _loop.remove(loop)


def connect(transport: str, options: dict[str, Any]) -> Any:
    """Return a connection over a transport, or one of those above."""
    opened = connection.connection_for({}, options, AWAITED.get(transport, transport))
    return Awaiting(opened, _loop[-1]) if transport in AWAITED else opened
