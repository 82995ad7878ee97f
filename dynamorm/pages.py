"""The pages of a read: asked for one after the other or in parallel, and gone through item by item."""

from __future__ import annotations

import contextvars
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from .batch import in_order
from .codec import WireItem
from .exceptions import ValidationError
from .items import Store
from .requests import Request
from .state import Place

_WAIT = 0.05  # seconds after which a thread that has nothing to do looks whether it is still wanted

Model = TypeVar("Model")

if TYPE_CHECKING:

    class Page(NamedTuple, Generic[Model]):
        items: list[Model]
        next_cursor: str | None

else:  # Python 3.10 has no named tuples of this and that

    class Page(NamedTuple):
        """Some items of a query, and the cursor of the next page, ``None`` when there is none."""

        items: list[Any]
        next_cursor: str | None


class Limiter:
    """Holds reads to a number of capacity units a second; shared by the threads of one read."""

    def __init__(self, units_per_second: float) -> None:
        self.units_per_second = units_per_second
        self._lock = threading.Lock()
        self._free_from = 0.0

    def wait(self) -> None:
        """Pause until what was consumed before is paid for."""
        with self._lock:
            pause = self._free_from - time.monotonic()
        if pause > 0:
            time.sleep(pause)

    def spend(self, units: float) -> None:
        with self._lock:
            begin = max(self._free_from, time.monotonic())
            self._free_from = begin + units / self.units_per_second


class Chunk(NamedTuple):
    """A page: its items, what holds the key of each item's place, and the key after which another page follows."""

    items: list[WireItem]
    places: list[WireItem]
    after: WireItem | None


class Pages:
    """The answers to one request and all that follow from it, one by one."""

    def __init__(
        self,
        store: Store,
        place: Place,
        request: Request,
        key_names: tuple[str, ...],
        limit: int | None = None,
        limiter: Limiter | None = None,
        hydration: dict[str, Any] | None = None,
    ) -> None:
        self.limiter = limiter
        self.key_names = key_names
        self.response: dict[str, Any] | None = None
        self.scanned = 0
        self.capacity = 0.0
        self.start: WireItem | None = request.payload.get("ExclusiveStartKey")
        self._store = store
        self.place = place
        self._request: Request | None = request
        self._limit = limit
        self._hydration = hydration

    def responses(self) -> Iterator[dict[str, Any]]:
        """Give DynamoDB's answers."""
        while (response := self.ask()) is not None:
            yield response

    def ask(self) -> dict[str, Any] | None:
        """Give the next answer, ``None`` after the last one."""
        request = self._request
        if request is None:
            return None
        if self._limit is not None and request.payload.get("Limit", self._limit + 1) > self._limit:
            request = request.with_limit(self._limit)
        if self.limiter is not None:
            self.limiter.wait()
        response = self.place.connection.call(request, self._store.model)
        units = (response.get("ConsumedCapacity") or {}).get("CapacityUnits", 0.0)
        if self.limiter is not None:
            self.limiter.spend(units)
        self.response = response
        self.scanned += response.get("ScannedCount", 0)
        self.capacity += units
        if self._limit is not None:
            self._limit -= min(self._limit - 1, response.get("Count", 0))
        after = response.get("LastEvaluatedKey")
        self._request = self._request.after(after) if after and self._request is not None else None
        return response

    def next_page(self) -> Chunk | None:
        """Give the next page, ``None`` after the last one."""
        response = self.ask()
        if response is None:
            return None
        items = places = response.get("Items", [])
        if self._hydration is not None and items:
            keys = [{name: item[name] for name in self._store.mapper.key.names} for item in items]
            whole = in_order(self._store, self.place, keys, **self._hydration)
            # the place in the index is that of the index's item, whatever the table says by now
            places = [held for held, item in zip(items, whole, strict=True) if item is not None]
            items = [item for item in whole if item is not None]
        return Chunk(items, places, response.get("LastEvaluatedKey"))


class Run:
    """One iteration: gives instance after instance, and knows where it is.

    An item that the schema refuses raises its error where it stands; the next one comes after it.
    """

    def __init__(
        self, pages: Pages, load: Callable[[WireItem], Any], limit: int | None, on_invalid: Any = "raise"
    ) -> None:
        self.pages = pages
        self._load = load
        self._left = limit
        self._on_invalid = on_invalid
        self._items: list[WireItem] = []
        self.places: list[WireItem] = []
        self._position = 0
        self._after: WireItem | None = None
        self._exhausted = False
        self._began = False

    def __iter__(self) -> Run:
        return self

    def __next__(self) -> Any:
        while self._left != 0:
            if self._position == len(self._items) and not self._fetch():
                raise StopIteration
            wire = self._items[self._position]
            self._position += 1
            if self._on_invalid == "raise":
                instance = self._load(wire)
            else:
                try:
                    instance = self._load(wire)
                except ValidationError as error:
                    instance = None if self._on_invalid == "skip" else self._on_invalid(error)
                    if instance is None:
                        continue
            if self._left is not None:
                self._left -= 1
            return instance
        raise StopIteration

    def _fetch(self) -> bool:
        """Get the next page that holds any item."""
        while not self._exhausted:
            page = self.pages.next_page()
            self._began = True
            if page is None:
                self._exhausted = True
                break
            self._items, self.places, self._after = page
            self._position = 0
            if self._items:
                return True
        self._items, self.places, self._position = [], [], 0
        return False

    def has_more(self) -> bool:
        """Say whether there is another item, asking for it if need be."""
        if self._position < len(self._items):
            return True
        items, places, position = self._items, self.places, self._position
        found = self._fetch()
        # what follows stays to be read, after the place where this stands
        self._items, self.places, self._position = items + self._items, places + self.places, position
        return found

    def page(self) -> list[Any] | None:
        """Give all that is left of a page, ``None`` after the last one."""
        if self._left == 0 or (self._position == len(self._items) and not self._fetch()):
            return None
        found = []
        for _ in range(len(self._items) - self._position):
            if self._left == 0 or self._position == len(self._items):
                break
            item = next(self, None) if self._on_invalid == "raise" else self._next_here()
            if item is not None:
                found.append(item)
        return found

    def _next_here(self) -> Any:
        """Give the next item of this page only."""
        try:
            item = self._load(self._items[self._position])
        except ValidationError as error:
            item = None if self._on_invalid == "skip" else self._on_invalid(error)
        self._position += 1
        if item is not None and self._left is not None:
            self._left -= 1
        return item

    @property
    def last(self) -> WireItem | None:
        """The key after which this stands; ``None`` at the end."""
        if not self._began:
            return self.pages.start
        if self._position == len(self._items):
            return None if self._exhausted else self._after
        if self._position == 0:
            return self.pages.start
        place = self.places[self._position - 1]
        return {name: place[name] for name in self.pages.key_names}


class ParallelPages(Pages):
    """The pages of several reads at once, in whatever order they arrive; never more waiting than there are threads."""

    def __init__(self, parts: Sequence[Pages], workers: int) -> None:
        self.limiter = None
        self.key_names = parts[0].key_names
        self.place = parts[0].place
        self.start = None
        self.response: dict[str, Any] | None = None
        self._parts = parts
        self._workers = min(workers, len(parts))
        self._arrived: queue.Queue[Any] = queue.Queue(maxsize=self._workers)
        self._threads: list[threading.Thread] = []
        self._todo: queue.SimpleQueue[Pages] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._running = 0

    @property
    def scanned(self) -> int:  # type: ignore[override]
        return sum(part.scanned for part in self._parts)

    @property
    def capacity(self) -> float:  # type: ignore[override]
        return sum(part.capacity for part in self._parts)

    def ask(self) -> dict[str, Any] | None:
        """Give the next answer of any part; used for counting, where order and overlap mean nothing."""
        for part in self._parts:
            response = part.ask()
            if response is not None:
                return response
        return None

    def next_page(self) -> Chunk | None:
        if not self._threads:
            self._begin()
        while self._running:
            kind, content = self._arrived.get()
            if kind == "page":
                page: Chunk = content
                return page._replace(after=None)
            self._running -= 1
            if kind == "error":
                self.close()
                raise content
        return None

    def _begin(self) -> None:
        for part in self._parts:
            self._todo.put(part)
        self._running = self._workers
        for _ in range(self._workers):
            # settings belong to the caller's context, which a new thread would not have
            context = contextvars.copy_context()
            work = (_work, self._todo, self._arrived, self._stop)
            thread = threading.Thread(target=context.run, args=work, daemon=True)
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        """Let the threads end."""
        self._stop.set()

    def __del__(self) -> None:
        self._stop.set()


def _work(todo: queue.SimpleQueue[Pages], arrived: queue.Queue[Any], stop: threading.Event) -> None:
    """Read parts one after the other until none is left; knows nothing of who reads, so that he can go away."""
    try:
        while not stop.is_set():
            try:
                part = todo.get_nowait()
            except queue.Empty:
                break
            while not stop.is_set() and (page := part.next_page()) is not None:
                if page.items:
                    _hand_over(("page", page), arrived, stop)
        _hand_over(("done", None), arrived, stop)
    except BaseException as error:
        _hand_over(("error", error), arrived, stop)


def _hand_over(message: Any, arrived: queue.Queue[Any], stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            return arrived.put(message, timeout=_WAIT)
        except queue.Full:
            continue


def parallel(parts: Sequence[Pages], workers: int) -> Pages:
    """Give the pages of several reads as they arrive."""
    return ParallelPages(parts, workers)
