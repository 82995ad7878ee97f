"""Blocking verbs that go the awaited way: for tests whose bodies are written with the former.

A script writes awaited verbs, which differ from the blocking ones in their driver.  So the driver is replaced wherever
a module has it by name: the awaiting one carries out flows, on a loop in a thread of its own.  What is written twice by
hand, iterating and the ends of blocks, is replaced by its awaited twin.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from typing import Any

import pytest

from dynamorm import awaiting, drivers
from dynamorm.connection import Connection
from dynamorm.many.typed_items import Iterating
from dynamorm.reading.iteration import Iteration, PagesInTurn
from dynamorm.threads import in_thread
from dynamorm.together.at_the_end import AtTheEnd
from dynamorm.together.batch_writer import BatchWriter


class LoopThread:
    """An event loop in a thread of its own, and a way to wait for it from other threads."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._process = os.getpid()
        self._tasks: set[Any] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tests-loop", daemon=True)
        self._thread.start()

    @property
    def can_be_waited_for(self) -> bool:
        """Whether this is another thread, which the loop runs beside."""
        return threading.current_thread() is not self._thread and os.getpid() == self._process

    def result(self, function: Callable[[], Awaitable[Any]]) -> Any:
        """Await what a function returns on the loop, in this thread's context, and return its result."""
        ended = threading.Event()
        outcome: list[Any] = [None, None]

        async def settle() -> None:
            try:
                outcome[0] = await function()
            except BaseException as error:  # which would end the loop, if it is an interrupt
                outcome[1] = error
            finally:
                ended.set()

        def begin() -> None:
            task = self._loop.create_task(settle())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        self._loop.call_soon_threadsafe(partial(copy_context().run, begin))
        ended.wait()
        result, error = outcome
        if error is not None:
            try:
                raise error
            finally:
                del error, outcome[:]
        return result

    def end(self) -> None:
        """Let the loop end, whose thread ends with it."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@contextmanager
def awaited_face() -> Iterator[None]:
    """Let blocking verbs go the awaited way inside a ``with``."""
    loop = LoopThread()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("run", "perform"):
            ours = getattr(drivers, name)
            awaited = _instead(loop, ours, getattr(awaiting, name))
            for module in list(sys.modules.values()):
                if module.__name__.startswith("dynamorm.") and module is not drivers and vars(module).get(name) is ours:
                    patch.setattr(module, name, awaited)
        for kind in (Iteration, PagesInTurn, Iterating):
            patch.setattr(kind, "__next__", _next_instead(loop, kind.__next__, kind.__anext__))
        for kind in (AtTheEnd, BatchWriter):
            for name in ("__enter__", "__exit__"):
                patch.setattr(kind, name, _instead(loop, getattr(kind, name), getattr(kind, f"__a{name[2:]}")))
        for name in ("put", "delete"):  # which are refused in a block that was entered the awaited way
            patch.setattr(
                BatchWriter, name, _instead(loop, getattr(BatchWriter, name), getattr(BatchWriter, f"a{name}"))
            )
        patch.setattr(awaiting, "time", _Time)
        patch.setattr(awaiting, "sleep", _sleep_of(time.sleep))
        patch.setattr(Connection, "acall", _as_replaced(Connection.call, Connection.acall))
        yield
    loop.end()


class _Time:
    """The time of the blocking driver, which a test may have replaced."""

    perf_counter = staticmethod(time.perf_counter)

    @staticmethod
    def monotonic() -> float:
        return drivers.time.monotonic()


def _sleep_of(ours: Any) -> Any:
    """Return a way to sleep that calls what a test has put in place of the blocking one."""

    async def sleep(seconds: float) -> None:
        if drivers.time.sleep is ours:
            await asyncio.sleep(seconds)
        else:
            drivers.time.sleep(seconds)

    return sleep


def _instead(loop: LoopThread, blocking: Callable[..., Any], awaited: Callable[..., Awaitable[Any]]) -> Any:
    """Return a function that blocks by waiting for the awaited one, but on the loop's own thread."""

    def call(*arguments: Any, **named: Any) -> Any:
        if not loop.can_be_waited_for:  # in a receiver, say, which the loop itself calls
            return blocking(*arguments, **named)
        return loop.result(partial(awaited, *arguments, **named))

    return call


def _next_instead(loop: LoopThread, blocking: Callable[..., Any], awaited: Callable[..., Awaitable[Any]]) -> Any:
    step = _instead(loop, blocking, awaited)

    def next_one(iterator: Any) -> Any:
        try:
            return step(iterator)
        except StopAsyncIteration:
            raise StopIteration from None

    return next_one


def _as_replaced(ours: Any, awaited: Any) -> Any:
    """Return a way to send requests that calls what a test has put in place of the blocking one."""

    async def acall(connection: Any, request: Any, sender: Any = None) -> Any:
        if Connection.call is ours:
            return await awaited(connection, request, sender)
        return await in_thread(lambda: connection.call(request, sender))

    return acall
