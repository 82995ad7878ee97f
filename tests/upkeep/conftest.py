"""A clock that stands still until it is set."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

import dynamorm


class StandingClock:
    """Gives one moment, until it is moved on."""

    def __init__(self) -> None:
        self.now = dt.datetime(2030, 1, 1, tzinfo=dt.timezone.utc)

    def __call__(self) -> dt.datetime:
        return self.now

    @property
    def second(self) -> int:
        """The seconds since 1970."""
        return int(self.now.timestamp())

    def pass_by(self, seconds: int) -> None:
        """Let time go by."""
        self.now += dt.timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Iterator[StandingClock]:
    clock = StandingClock()
    dynamorm.configure(clock=clock)
    yield clock
    dynamorm.configure(clock=None)
