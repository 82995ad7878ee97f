"""The pages of a read: the answers to one request and to all that follow from it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from ..connection import TextAnswer
from ..flows import Call, Flow, Now, Pause, Place
from ..many.batches import read_in_order
from ..many.typed_items import TypedItems
from ..requests import Request
from ..store import Store
from ..wire.codec import WireItem
from ..wire.texts import StoredItem, key_within
from .options import MOST_LOOKED_AT

LatestAnswer = Callable[[], dict[str, Any]]
"""Returns an answer again."""


class Limiter:
    """Holds reads to a number of capacity units a second, on average."""

    def __init__(self, units_per_second: float) -> None:
        self._units_per_second = units_per_second
        self._free_from = 0.0

    def wait(self) -> Flow[None]:
        """Pause until what was consumed before is paid for."""
        delay = yield from self.delay()
        if delay > 0:
            yield Pause(delay)

    def delay(self) -> Flow[float]:
        """Return how many seconds it takes until what was consumed before is paid for."""
        now: float = yield Now()
        return max(0.0, self._free_from - now)

    def spend(self, units: float) -> Flow[None]:
        """Note that units were consumed just now."""
        now = yield Now()
        self._free_from = max(self._free_from, now) + units / self._units_per_second


class Chunk(NamedTuple):
    """A page: its items, and the key after which another page follows.

    Where the items are not those of the answer, ``positions`` holds the key of each one's position.
    """

    items: list[StoredItem]
    positions: list[StoredItem] | None
    after: WireItem | None


class Pages:
    """The pages of one read, one by one.

    ``limit`` is how many items it is enough to look at.  ``whole`` are the whole items by their keys, in place of those
    of which a part was read; ``wants`` says in place of which, all of them without it.  ``is_empty`` says that nothing
    can match, so that nothing is asked for.
    """

    is_resumable = True

    def __init__(
        self,
        store: Store,
        place: Place,
        request: Request,
        key_names: tuple[str, ...],
        limit: int | None = None,
        limiter: Limiter | None = None,
        whole: TypedItems | None = None,
        is_empty: bool = False,
        wants: Callable[[StoredItem], bool] | None = None,
    ) -> None:
        self.key_names = key_names
        self.latest: LatestAnswer | None = None
        self.scanned = 0
        self.capacity = 0.0
        self.start: WireItem | None = request.payload.get("ExclusiveStartKey")
        self.place = place
        self._store = store
        self._request: Request | None = None if is_empty else request
        self._wanted = limit or 0
        self._limit = limit
        self._limiter = limiter
        self._whole = whole
        self._wants = wants
        self._unfinished: dict[str, Any] | None = None

    @property
    def is_finished(self) -> bool:
        """Whether there is no other page."""
        return self._request is None and self._unfinished is None

    def next_answer(self) -> Flow[dict[str, Any] | None]:
        """Return DynamoDB's next answer, ``None`` after the last one."""
        request = self._request
        if request is None:
            return None
        if self._limit is not None and request.payload.get("Limit", self._limit + 1) > self._limit:
            request = request.with_limit(self._limit)
        if self._limiter is not None:
            yield from self._limiter.wait()
        answer: dict[str, Any] = yield Call(self.place.connection, request, self._store.model)
        yield from self._spend((answer.get("ConsumedCapacity") or {}).get("CapacityUnits", 0.0))
        self.latest = answer.rereader() if isinstance(answer, TextAnswer) else partial(dict, answer)
        self.scanned += answer.get("ScannedCount", 0)
        if self._limit is not None:
            self._limit = self._enough(self._limit, answer.get("ScannedCount", 0), answer.get("Count", 0))
        after = answer.get("LastEvaluatedKey")
        self._request = self._request.after(after) if after and self._request is not None else None
        return answer

    def _enough(self, limit: int, looked_at: int, found: int) -> int:
        """Return how many items to look at next, if this was not enough.

        Where items of other models are passed over, steps get longer: there may be any number of them.
        """
        self._wanted -= found
        passed_over = looked_at - found if self._wanted > 0 else looked_at
        return min(max(1, self._wanted, 2 * passed_over), MOST_LOOKED_AT)

    def next_page(self) -> Flow[Chunk | None]:
        """Return the next page, ``None`` after the last one."""
        # a page whose hydration failed is hydrated again, not passed over
        answer = self._unfinished if self._unfinished is not None else (yield from self.next_answer())
        if answer is None:
            return None
        items, positions = answer.get("Items", []), None
        if self._whole is not None:
            wanted = items if self._wants is None else list(filter(self._wants, items))
            if wanted:
                self._unfinished = answer
                items, positions = yield from self._hydrate(self._whole, items, wanted)
        self._unfinished = None
        return Chunk(items, positions, answer.get("LastEvaluatedKey"))

    def _hydrate(
        self, whole: TypedItems, items: list[StoredItem], wanted: list[StoredItem]
    ) -> Flow[tuple[list[StoredItem], list[StoredItem]]]:
        """Return items, with wholes in place of those that are wanted, and what each one's position is that of."""
        keys = [key_within(item, self._store.mapper.key.names) for item in wanted]
        if self._limiter is not None:
            yield from self._limiter.wait()
        consumed: list[float] = []
        try:
            found = yield from read_in_order(whole, keys, consumed.append)
        finally:
            self.capacity += sum(consumed)
        if self._limiter is not None:
            yield from self._limiter.spend(sum(consumed))
        if len(wanted) < len(items):
            by_part = dict(zip(map(id, wanted), found, strict=True))
            found = [by_part.get(id(item), item) for item in items]
        # the position in the index is that of the index's item, whatever the table says by now
        positions = [held for held, item in zip(items, found, strict=True) if item is not None]
        return [item for item in found if item is not None], positions

    def _spend(self, units: float) -> Flow[None]:
        self.capacity += units
        if self._limiter is not None:
            yield from self._limiter.spend(units)
