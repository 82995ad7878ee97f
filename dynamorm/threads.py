"""Calls that would block an event loop, in threads beside it."""

from __future__ import annotations

import threading
from asyncio import AbstractEventLoop, Task, get_running_loop, shield
from collections.abc import Callable, Hashable
from contextlib import suppress
from contextvars import copy_context
from typing import Any, TypeVar

__all__ = ["in_thread", "once_in_thread"]

Result = TypeVar("Result")


class _Outcome:
    """What a function came to; its result is let go of unless it is claimed, wherever it gets lost."""

    __slots__ = ("_unclaimed", "error", "result")

    def __init__(self, unclaimed: Callable[[Any], Any] | None) -> None:
        self.result: Any = None
        self.error: BaseException | None = None
        self._unclaimed = unclaimed

    def claim(self) -> Any:
        self._unclaimed = None
        error, self.error = self.error, None
        if error is None:
            return self.result
        try:
            raise error
        finally:
            del error  # whose traceback leads to this frame

    def let_go(self) -> None:
        unclaimed, self._unclaimed = self._unclaimed, None
        if unclaimed is not None and self.result is not None:
            unclaimed(self.result)

    # a loop that is closed forgets what threads have told it
    __del__ = let_go


async def in_thread(function: Callable[[], Result], unclaimed: Callable[[Result], Any] | None = None) -> Result:
    """Return what a function returns that is called in a thread of its own, with the caller's context.

    The thread goes on when the caller is cancelled, and keeps neither a loop nor the process from ending.

    :param unclaimed: is called with a result that nobody waits for any more
    """
    loop = get_running_loop()
    ended = loop.create_future()
    context = copy_context()

    def work() -> None:
        outcome = _Outcome(unclaimed)
        try:
            outcome.result = context.run(function)
        except BaseException as error:
            outcome.error = error
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(settle, outcome)

    def settle(outcome: _Outcome) -> None:
        if ended.done():
            outcome.let_go()
        else:
            ended.set_result(outcome)

    threading.Thread(target=work, name="dynamorm-aside", daemon=True).start()
    try:
        outcome: _Outcome = await ended
    except BaseException:
        if ended.done() and not ended.cancelled():  # it ended when its caller had been cancelled already
            ended.result().let_go()
        raise
    result: Result = outcome.claim()
    return result


async def once_in_thread(key: Hashable, function: Callable[[], Any]) -> None:
    """Call a function in a thread, once for all who come with the same key while it runs."""
    loop = get_running_loop()
    task = _shared.get((loop, key))
    if task is None:
        task = _shared[loop, key] = loop.create_task(in_thread(function))

        def forget(ended: Task[Any]) -> None:
            _shared.pop((loop, key), None)
            if not ended.cancelled():
                ended.exception()  # which nobody may be there to ask for

        task.add_done_callback(forget)
    await shield(task)


_shared: dict[tuple[AbstractEventLoop, Hashable], Task[Any]] = {}
