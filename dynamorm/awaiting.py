"""What carries flows out on an event loop: the awaiting driver, beside the blocking one in :mod:`dynamorm.drivers`."""

from __future__ import annotations

import inspect
import time
from asyncio import Future, Task, get_running_loop, sleep
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any, TypeVar

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
from .overrides import Override
from .signals import atell
from .threads import in_thread, once_in_thread
from .turns import Turns
from .waiting import LONGEST, gatherer, let_others_run, may_wait, must_not_wait

__all__ = ["Turns", "awaitable", "get_running_loop", "in_thread", "once_in_thread", "perform", "run"]

Result = TypeVar("Result")

# Flows that were started and have not ended: a loop does not hold on to its tasks.
_under_way: set[Task[None]] = set()


async def run(flow: Flow[Result]) -> Result:
    """Carry a flow out on the running loop, and return its result."""
    send, since = flow.send, time.perf_counter()
    try:
        step: Any = send(None)
        while True:
            try:
                kind = type(step)
                if kind is Call:
                    answer = await perform(step)
                    since = time.perf_counter()
                elif kind is Breathe:
                    answer = None
                    if time.perf_counter() - since > LONGEST:
                        await let_others_run()
                        since = time.perf_counter()
                else:
                    answer = await _answer_to(step)
            except BaseException as error:
                step = flow.throw(error)
            else:
                step = send(answer)
    except StopIteration as end:
        result: Result = end.value
        return result


def perform(call: Call) -> Awaitable[dict[str, Any]]:
    """Carry out the one step that a read of one item consists of; to be awaited."""
    gathering = gatherer.get()
    if gathering is not None:
        gathered: Future[dict[str, Any]] | None = gathering.take(call)
        if gathered is not None:
            return gathered
    return call[0].acall(call[1], call[2])


async def _answer_to(step: Any) -> Any:
    kind = type(step)
    if kind is Invoke:
        with step.within():
            return await _called(partial(step.function, *step.arguments, **step.keywords))
    if kind is Compute:
        return await in_thread(step.function)
    if kind is Tell:
        with must_not_wait():
            return await atell(step.signal, step.sender, **step.values)
    if kind is Foretell:
        return None  # whatever they are
    if kind is Awaits:
        return True
    if kind is CallPlain:
        return await step.connection.acall_resource(step.request)
    if kind is Pause:
        return await sleep(step.seconds)
    if kind is Now:
        return time.monotonic()
    if kind is Overriding:
        override = step.store.override(step.verb, awaits=True)
        return None if override is None else awaitable(override)
    if kind is Start:
        return _Started(step.flow)
    return await _first_ended(step.handles)


async def _called(function: Callable[[], Any]) -> Any:
    """Return what a function of the user's returns, or the coroutine that it makes."""
    with must_not_wait():
        result = function()
        return await result if inspect.isawaitable(result) else result


def awaitable(override: Override) -> Callable[..., Any]:
    """Return a verb of a model's own to be awaited; one that blocks runs in a thread, with the caller's context."""
    if not override.blocks:
        return override.function

    def complete(*arguments: Any, **keywords: Any) -> Any:
        result = override.function(*arguments, **keywords)
        return list(result) if isinstance(result, Iterator) else result  # which would block where it is gone through

    async def call(*arguments: Any, **keywords: Any) -> Any:
        with may_wait():
            return await in_thread(partial(complete, *arguments, **keywords))

    return call


# Flows beside one another.


class _Started:
    """A flow in a task of its own, which runs to its end whatever becomes of who started it."""

    def __init__(self, flow: Flow[Any]) -> None:
        self.has_ended = False
        self.waiting: list[Future[None]] = []
        self._result: Any = None
        self._error: BaseException | None = None
        task = get_running_loop().create_task(self._run(flow))
        _under_way.add(task)
        task.add_done_callback(_under_way.discard)

    def result(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._result

    async def _run(self, flow: Flow[Any]) -> None:
        try:
            self._result = await run(flow)
        except BaseException as error:
            self._error = error
            if not isinstance(error, Exception):
                raise
        finally:
            self.has_ended = True
            for waiter in self.waiting:
                if not waiter.done():
                    waiter.set_result(None)


async def _first_ended(handles: list[_Started]) -> _Started:
    """Return one of the flows that have ended, when there is one."""
    while True:
        for handle in handles:
            if handle.has_ended:
                return handle
        waiter = get_running_loop().create_future()
        for handle in handles:
            handle.waiting.append(waiter)
        try:
            await waiter
        finally:
            for handle in handles:
                handle.waiting.remove(waiter)
