"""Reading while what was read is used: several parts at once, or one page ahead; never far ahead of who takes them."""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .pages import Chunk, Pages, Teller

_WAIT = 0.05  # seconds after which a thread that cannot hand over looks whether it is still wanted


class ParallelPages(Pages):
    """The pages of several reads, in whatever order they arrive; never more waiting than there are threads."""

    resumable = False

    def __init__(self, parts: Sequence[Pages], workers: int) -> None:
        self.limiter = None
        self.key_names = parts[0].key_names
        self.place = parts[0].place
        self.start = None
        self.latest: Teller | None = None
        self._parts = parts
        self._workers = min(workers, len(parts))
        self._arrived: queue.Queue[Any] = queue.Queue(maxsize=self._workers)
        self._stop = threading.Event()
        self._running: int | None = None

    @property
    def scanned(self) -> int:  # type: ignore[override]
        return sum(part.scanned for part in self._parts)

    @property
    def capacity(self) -> float:  # type: ignore[override]
        return sum(part.capacity for part in self._parts)

    def ask(self) -> dict[str, Any] | None:
        """Give the next answer of any part, ``None`` after the last one."""
        response: dict[str, Any] | None = self._next(Pages.ask)
        return response

    def next_page(self) -> Chunk | None:
        """Give the next page of any part, ``None`` after the last one."""
        page: Chunk | None = self._next(Pages.next_page)
        return page

    def _next(self, step: Callable[[Pages], Any]) -> Any:
        if self._running is None:
            self._begin(step)
        while self._running:
            kind, content, latest = self._arrived.get()
            if kind == "content":
                self.latest = latest
                return content
            self._running -= 1
            if kind == "error":
                self.close()
                raise content
        return None

    def _begin(self, step: Callable[[Pages], Any]) -> None:
        todo: queue.SimpleQueue[Pages] = queue.SimpleQueue()
        for part in self._parts:
            todo.put(part)
        self._running = self._workers
        for number in range(self._workers):
            # settings belong to the caller's context, which a new thread would not have
            context = contextvars.copy_context()
            work = (_work, step, todo, self._arrived, self._stop)
            threading.Thread(target=context.run, args=work, name=f"dynamorm-scan-{number}", daemon=True).start()

    def close(self) -> None:
        """Let the threads end; nothing comes after that."""
        self._stop.set()
        self._running = 0

    def __del__(self) -> None:
        self._stop.set()


def _work(
    step: Callable[[Pages], Any], todo: queue.SimpleQueue[Pages], arrived: queue.Queue[Any], stop: threading.Event
) -> None:
    """Read parts one after the other until none is left; knows nothing of who reads, so that he can go away."""
    try:
        while not stop.is_set():
            try:
                part = todo.get_nowait()
            except queue.Empty:
                break
            while not stop.is_set() and (content := step(part)) is not None:
                _hand_over(("content", content, part.latest), arrived, stop)
        _hand_over(("done", None, None), arrived, stop)
    except BaseException as error:
        _hand_over(("error", error, None), arrived, stop)


def _hand_over(message: Any, arrived: queue.Queue[Any], stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            return arrived.put(message, timeout=_WAIT)
        except queue.Full:
            continue


class PagesAhead(Pages):
    """The pages of one read, each asked for as soon as the one before it is taken."""

    def __init__(self, pages: Pages) -> None:
        self.limiter = pages.limiter
        self.key_names = pages.key_names
        self.place = pages.place
        self.start = pages.start
        self.latest: Teller | None = None
        self.scanned = 0
        self.capacity = 0.0
        self._pages = pages
        self._coming: _Coming | None = None

    def ask(self) -> dict[str, Any] | None:
        """Give the next answer, ``None`` after the last one."""
        return self._pages.ask()

    def next_page(self) -> Chunk | None:
        """Give the next page, ``None`` after the last one."""
        coming, self._coming = self._coming or _Coming(self._pages), None
        page = coming.page()
        self.latest, self.scanned, self.capacity = coming.latest, coming.scanned, coming.capacity
        if page is not None and page.after is not None:
            self._coming = _Coming(self._pages)
        return page


class _Coming:
    """A page that is on its way, with what was known of the read when it came; asked for in a thread."""

    def __init__(self, pages: Pages) -> None:
        self._page: Chunk | None = None
        self._error: BaseException | None = None
        # settings belong to the caller's context, which a new thread would not have
        context = contextvars.copy_context()
        self._thread = threading.Thread(
            target=context.run, args=(self._fetch, pages), name="dynamorm-next-page", daemon=True
        )
        self._thread.start()

    def _fetch(self, pages: Pages) -> None:
        try:
            self._page = pages.next_page()
        except BaseException as error:
            self._error = error
        self.latest, self.scanned, self.capacity = pages.latest, pages.scanned, pages.capacity

    def page(self) -> Chunk | None:
        """Wait for the page; what went wrong on its way goes wrong here."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._page


class WhileWanted:
    """Goes through a run, and ends its threads as soon as nobody holds it any more."""

    def __init__(self, run: Any) -> None:
        self._run = run

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self._run)

    def __del__(self) -> None:
        self._run.close()
