"""The pages of a read: asked for one after the other or in parallel, and gone through item by item."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from .batch import in_order
from .codec import WireItem
from .connection import ManyItems
from .exceptions import BatchError, ValidationError
from .items import Store
from .requests import Request
from .state import Place

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
    """A page: its items, and the key after which another page follows.

    Where the items are not those of the answer, ``places`` holds the key of each one's place.
    """

    items: list[WireItem]
    places: list[WireItem] | None
    after: WireItem | None


Teller = Callable[[], dict[str, Any]]
"""Tells an answer."""


class Pages:
    """The answers to one request and all that follow from it, one by one."""

    resumable = True

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
        self.latest: Teller | None = None
        self.scanned = 0
        self.capacity = 0.0
        self.start: WireItem | None = request.payload.get("ExclusiveStartKey")
        self._store = store
        self.place = place
        self._request: Request | None = request
        self._limit = limit
        self._hydration = hydration
        self._unfinished: dict[str, Any] | None = None

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
        self._spend((response.get("ConsumedCapacity") or {}).get("CapacityUnits", 0.0))
        self.latest = response.rereader() if isinstance(response, ManyItems) else partial(dict, response)
        self.scanned += response.get("ScannedCount", 0)
        if self._limit is not None:
            self._limit -= min(self._limit - 1, response.get("Count", 0))
        after = response.get("LastEvaluatedKey")
        self._request = self._request.after(after) if after and self._request is not None else None
        return response

    def _spend(self, units: float) -> None:
        self.capacity += units
        if self.limiter is not None:
            self.limiter.spend(units)

    def close(self) -> None:
        """Let go of what reads ahead; nothing does here."""

    def next_page(self) -> Chunk | None:
        """Give the next page, ``None`` after the last one."""
        # a page whose hydration failed is hydrated again, not passed over
        response = self._unfinished if self._unfinished is not None else self.ask()
        if response is None:
            return None
        self._unfinished = response
        items, places = response.get("Items", []), None
        if self._hydration is not None and items:
            keys = [{name: item[name] for name in self._store.mapper.key.names} for item in items]
            if self.limiter is not None:
                self.limiter.wait()
            whole = in_order(self._store, self.place, keys, spend=self._spend, **self._hydration)
            # the place in the index is that of the index's item, whatever the table says by now
            places = [held for held, item in zip(items, whole, strict=True) if item is not None]
            items = [item for item in whole if item is not None]
        self._unfinished = None
        return Chunk(items, places, response.get("LastEvaluatedKey"))


class Run:
    """One iteration: gives instance after instance, and knows where it is.

    An item that the schema refuses raises its error where it stands; the next one comes after it.  Items are let go
    one by one: each consists of several dicts for every attribute's sake, and whoever collects garbage goes through all
    that are held.
    """

    def __init__(
        self, pages: Pages, load: Callable[[WireItem], Any], limit: int | None, on_invalid: Any = "raise"
    ) -> None:
        self.pages = pages
        self._load = load
        self._left = limit
        self._on_invalid = on_invalid
        self._is_plain = limit is None and on_invalid == "raise"
        # both from the end to the beginning
        self._waiting: list[WireItem] = []
        self._places: list[WireItem] | None = None
        self._place: WireItem | None = None
        self._after: WireItem | None = None
        self._exhausted = False
        self._began = False

    def __iter__(self) -> Run:
        return self

    def __next__(self) -> Any:
        if self._waiting and self._is_plain and self._places is None:
            self._place = wire = self._waiting.pop()
            return self._load(wire)
        while self._left != 0:
            if not self._waiting and not self._fetch():
                raise StopIteration
            instance = self._next_here()
            if instance is not None:
                return instance
        self.close()
        raise StopIteration

    def _next_here(self) -> Any:
        """Give the next item of this page, ``None`` for one that is passed over."""
        wire = self._waiting.pop()
        self._place = wire if self._places is None else self._places.pop()
        if self._on_invalid == "raise":
            instance = self._load(wire)
        else:
            try:
                instance = self._load(wire)
            except ValidationError as error:
                instance = None if self._on_invalid == "skip" else self._on_invalid(error)
        if self._left is not None and instance is not None:
            self._left -= 1
        return instance

    def close(self) -> None:
        """End whatever reads ahead."""
        self.pages.close()

    def _fetch(self) -> bool:
        """Get the next page that holds any item."""
        while not self._exhausted:
            try:
                page = self.pages.next_page()
            except BatchError as error:
                raise BatchError(str(error), [self._load(wire) for wire in error.done], error.missing) from None
            self._began = True
            if page is None:
                self._exhausted = True
                break
            self._after = page.after
            if page.items:
                # others may hold the lists themselves
                self._waiting = page.items[::-1]
                self._places = None if page.places is None else page.places[::-1]
                return True
        return False

    def has_more(self) -> bool:
        """Say whether there is another item, asking for it if need be; this stands where it stood."""
        return bool(self._waiting) or self._fetch()

    def page(self) -> list[Any] | None:
        """Give all that is left of a page, ``None`` after the last one."""
        if self._left == 0 or (not self._waiting and not self._fetch()):
            return None
        found = []
        while self._waiting and self._left != 0:
            item = self._next_here()
            if item is not None:
                found.append(item)
        return found

    @property
    def last(self) -> WireItem | None:
        """The key after which this stands; ``None`` at the end, or where there is no order to go on in."""
        if not self.pages.resumable:
            return None
        if not self._began:
            return self.pages.start
        if not self._waiting:
            return None if self._exhausted else self._after
        if self._place is None:
            return self.pages.start
        return {name: self._place[name] for name in self.pages.key_names}
