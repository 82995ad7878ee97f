"""Turns that the tasks of one event loop take."""

from __future__ import annotations

from asyncio import Future, get_running_loop
from collections import deque
from contextlib import suppress
from typing import Any

__all__ = ["Turns"]


class Turns:
    """So many tasks at the same time, in the order in which they came: ``async with turns``."""

    __slots__ = ("_free", "_waiting")

    def __init__(self, size: int) -> None:
        self._free = size
        self._waiting: deque[Future[Any]] = deque()

    def take(self) -> bool:
        """Take a turn if one is free."""
        if self._free <= 0:
            return False
        self._free -= 1
        return True

    async def wait(self) -> None:
        """Take a turn when all that were here before have had theirs."""
        turn = get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except BaseException:
            if not turn.done():
                # nobody waits for it: the task was thrown away, perhaps with its loop
                with suppress(ValueError):
                    self._waiting.remove(turn)
            elif not turn.cancelled():
                self.give_back()  # it was this task's turn when it was cancelled
            raise

    def give_back(self) -> None:
        """End a turn, which is the next one's then."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done() and not turn.get_loop().is_closed():
                turn.set_result(None)
                return
        self._free += 1

    async def __aenter__(self) -> None:
        if not self.take():
            await self.wait()

    async def __aexit__(self, *error: object) -> None:
        self.give_back()
