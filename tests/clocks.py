"""A clock for tests of waiting, which takes no time."""

from __future__ import annotations

import threading


class Clock:
    """Stands in for the module ``time``: it moves when somebody sleeps, by just that, and at no other time."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._now = 1_000.0
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self._now += seconds
