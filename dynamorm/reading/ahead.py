"""Reading while what was read is used: several parts of a scan at once, or a query's next page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..flows import Flow, Handle, Pause, Start, WaitAny
from .pages import Chunk, LatestAnswer, Limiter, Pages

Next = Callable[[Pages], Flow[Any]]


class _Arrived(NamedTuple):
    """A page or an answer, and what its part of the read came to by it."""

    content: Any
    latest: LatestAnswer | None
    scanned: int
    capacity: float


class PagesAhead:
    """The pages of one or several reads, each asked for as soon as the one before it is taken.

    Pages of several parts come in whatever order they arrive.  Of each part at most one page is on its way or waits to
    be taken, so that reading is never far ahead of who takes them; whoever stops has paid for these.
    """

    def __init__(self, parts: Sequence[Pages], at_once: int = 1, limiter: Limiter | None = None) -> None:
        self.is_resumable = len(parts) == 1
        self.key_names = parts[0].key_names
        self.place = parts[0].place
        self.start = parts[0].start if self.is_resumable else None
        self.latest: LatestAnswer | None = None
        self.scanned = 0
        self.capacity = 0.0
        self._waiting = list(parts[::-1])
        self._at_once = at_once
        self._limiter = limiter
        self._coming: dict[Handle, Pages] = {}

    def next_answer(self) -> Flow[dict[str, Any] | None]:
        """Return the next answer of any part, ``None`` after the last one."""
        answer: dict[str, Any] | None = yield from self._next(Pages.next_answer)
        return answer

    def next_page(self) -> Flow[Chunk | None]:
        """Return the next page of any part, ``None`` after the last one."""
        page: Chunk | None = yield from self._next(Pages.next_page)
        return page

    def _next(self, step: Next) -> Flow[Any]:
        while self._waiting or self._coming:
            while self._waiting and len(self._coming) < self._at_once:
                yield from self._begin(self._waiting.pop(), step)
            handle = yield WaitAny(list(self._coming))
            part = self._coming.pop(handle)
            try:
                arrived = handle.result()
            except BaseException:
                # one part alone can be asked again; of several the rest would look like the whole
                self._waiting, self._coming = [part] if self.is_resumable else [], {}
                raise
            self.latest, self.scanned = arrived.latest, self.scanned + arrived.scanned
            self.capacity += arrived.capacity
            if self._limiter is not None:
                yield from self._limiter.spend(arrived.capacity)
            if not part.is_finished:
                yield from self._begin(part, step)
            if arrived.content is not None:
                return arrived.content
        return None

    def _begin(self, part: Pages, step: Next) -> Flow[None]:
        delay = 0.0 if self._limiter is None else (yield from self._limiter.delay())
        handle = yield Start(_after(delay, part, step))
        self._coming[handle] = part


def _after(delay: float, part: Pages, step: Next) -> Flow[_Arrived]:
    if delay:
        yield Pause(delay)
    scanned, capacity = part.scanned, part.capacity
    content = yield from step(part)
    return _Arrived(content, part.latest, part.scanned - scanned, part.capacity - capacity)
