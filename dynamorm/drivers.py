"""What carries flows out: the blocking driver, and the way to the awaiting one.

Nothing above the connection waits, or starts a thread, but in here.
"""

from __future__ import annotations

import contextvars
import os
import threading
import time
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from types import CoroutineType
from typing import Any, TypeVar

from .exceptions import ConnectionFailed, MustBeAwaited
from .flows import (
    Awaits,
    Breathe,
    Call,
    CallPlain,
    Compute,
    Flow,
    Foretell,
    Invoke,
    Now,
    Overriding,
    Pause,
    Start,
    Tell,
)
from .locks import Latch, importing
from .overrides import Override
from .signals import foretell, tell

Result = TypeVar("Result")


class _Stopped(Exception):
    """Carries a ``StopIteration`` of the user's through a flow, which could not be left by it."""


def run(flow: Flow[Result]) -> Result:
    """Carry a flow out in this thread, and return its result."""
    send = flow.send
    try:
        step: Any = send(None)
        while True:
            try:
                answer = step[0].call(step[1], step[2]) if type(step) is Call else _answer_to(step)
            except StopIteration as stop:
                step = flow.throw(_Stopped(stop))
            except BaseException as error:
                step = flow.throw(error)
            else:
                step = send(answer)
    except StopIteration as end:
        result: Result = end.value
        return result
    except _Stopped as carrier:
        raise carrier.args[0] from None


def perform(call: Call) -> dict[str, Any]:
    """Carry out the one step that a read of one item consists of."""
    return call.connection.call(call.request, call.sender)


def arun(flow: Flow[Result]) -> Coroutine[Any, Any, Result]:
    """Carry a flow out on the running event loop; to be awaited for its result."""
    return _later("run", flow) if _driver is None else _driver.run(flow)


def aperform(call: Call) -> Awaitable[dict[str, Any]]:
    """Do what :func:`perform` does on the running event loop; to be awaited."""
    return _later("perform", call) if _driver is None else _driver.perform(call)


def aside(function: Callable[[], Result]) -> Coroutine[Any, Any, Result]:
    """Call what blocks in a thread beside the running event loop; to be awaited for its result."""
    return _later("in_thread", function) if _driver is None else _driver.in_thread(function)


def aside_once(key: Hashable, function: Callable[[], Any]) -> Coroutine[Any, Any, None]:
    """Call what blocks in a thread, once for all who come with the same key while it runs; to be awaited."""
    return _later("once_in_thread", key, function) if _driver is None else _driver.once_in_thread(key, function)


def awaitable(override: Override) -> Callable[..., Any]:
    """Return a verb of a model's own to be awaited, in a thread if it blocks."""
    return _awaiting().awaitable(override)  # type: ignore[no-any-return]


def running_loop() -> Any:
    """Return the event loop that runs in this thread."""
    return _awaiting().get_running_loop()


def turns(size: int) -> Any:
    """Return turns that so many tasks of an event loop take at the same time: ``async with turns``."""
    return _awaiting().Turns(size)


async def _later(name: str, *arguments: Any) -> Any:
    """Do what the driver does that has not been imported yet, which takes a while: a thread imports it."""
    with importing:
        from .threads import in_thread
    driver: Any = await in_thread(_awaiting)
    return await getattr(driver, name)(*arguments)


def _awaiting() -> Any:
    """Return the awaiting driver, which is imported when something is awaited: it imports asyncio."""
    global _driver
    if _driver is None:
        with importing:
            from . import awaiting
        _driver = awaiting
    return _driver


_driver: Any = None


def _answer_to(step: Any) -> Any:
    kind = type(step)
    if kind is Invoke:
        with step.within():
            answer = step.function(*step.arguments, **step.keywords)
        if type(answer) is CoroutineType:
            answer.close()
            raise MustBeAwaited(
                f"{step.function!r} is a coroutine function, which nothing here can await: give a plain function, or "
                "use the awaitable verb"
            )
        return answer
    if kind is Tell:
        return tell(step.signal, step.sender, **step.values)
    if kind is Compute:
        return step.function()
    if kind is Foretell:
        return foretell(step.signal, step.sender)
    if kind is Overriding:
        override = step.store.override(step.verb)
        return None if override is None else override.function
    if kind is Breathe:
        return None
    if kind is Awaits:
        return False
    if kind is CallPlain:
        return step.connection.call_resource(step.request)
    if kind is Pause:
        return time.sleep(step.seconds)
    if kind is Now:
        return time.monotonic()
    if kind is Start:
        return _Started(step.flow)
    return _first_ended(step.handles)


class _Started:
    """A flow in a thread of its own."""

    def __init__(self, flow: Flow[Any]) -> None:
        self.has_ended = False
        self.waiting: list[Latch] = []
        self._flow = flow
        self._result: Any = None
        self._error: BaseException | None = None
        _running.add(self)
        # settings belong to the caller's context, which a new thread would not have
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self._run,), name="dynamorm-flow", daemon=True).start()

    def result(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._result

    def _run(self) -> None:
        try:
            self._end(run(self._flow))
        except BaseException as error:
            self._end(None, error)

    def _end(self, result: Any, error: BaseException | None = None) -> None:
        self._result, self._error, self.has_ended = result, error, True
        for latch in tuple(self.waiting):
            latch.open()

    def lose(self) -> None:
        """After a fork: the thread is the parent's."""
        if not self.has_ended:
            self._end(None, ConnectionFailed("the process was forked while a request was under way; ask again"))


def _first_ended(handles: list[_Started]) -> _Started:
    """Return one of the flows that have ended, when there is one."""
    latch = Latch()
    for handle in handles:
        handle.waiting.append(latch)
    try:
        while True:
            # one that ends after it was asked opens the latch
            for handle in handles:
                if handle.has_ended:
                    return handle
            latch.wait()
    finally:
        for handle in handles:
            handle.waiting.remove(latch)


_running: weakref.WeakSet[_Started] = weakref.WeakSet()


def _lose_those_of_the_parent() -> None:
    for handle in list(_running):
        handle.lose()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_lose_those_of_the_parent)
