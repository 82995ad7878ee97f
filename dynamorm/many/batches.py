"""The one core of batches: as many requests as it takes, and what DynamoDB left undone asked for again.

It does not know what items look like: :class:`Items` of a kind say how they are asked for and told apart.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Protocol

from ..exceptions import BatchError
from ..flows import Flow, Invoke, Pause

MOST_KEYS = 100
MOST_WRITES = 25

# How often nothing at all may be done before a batch is given up, and the bounds of the pauses in between.
_FRUITLESS = 10
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 5.0


class Written(Protocol):
    """One kind of items that are written."""

    @property
    def name(self) -> str:
        """What messages call them."""

    def identity(self, item: Any) -> Hashable:
        """Return the primary key of an item, or a key, as something that can be compared."""

    def write(self, items: Sequence[Any]) -> Flow[dict[str, Any]]:
        """Write some items."""

    def unwritten(self, answer: dict[str, Any]) -> list[Any]:
        """Return the items that an answer left undone."""

    def plain(self, item: Any) -> dict[str, Any]:
        """Return an item, or a key, as plain values, for errors."""


class Items(Written, Protocol):
    """One kind of items, those of a model or plain ones, and the place where they are."""

    def read(self, keys: Sequence[Any]) -> Flow[dict[str, Any]]:
        """Ask for the items with some keys."""

    def found(self, answer: dict[str, Any]) -> list[Any]:
        """Return the items of an answer."""

    def unread(self, answer: dict[str, Any]) -> list[Any]:
        """Return the keys that an answer left undone."""


class BatchRead:
    """Items with any number of keys, answer by answer; each key is asked for once.

    :param spend: is told how many capacity units each answer consumed
    """

    def __init__(self, items: Items, keys: Iterable[Any], spend: Callable[[float], None] | None = None) -> None:
        self._items = items
        self._waiting = _each_once(items, keys)
        self._spend = spend
        self._asked: list[Any] = []
        self._fruitless = 0

    def next_found(self) -> Flow[list[Any] | None]:
        """Return the items of the next answer, ``None`` after the last one."""
        if not self._asked:
            # going through the keys is the caller's code, or calls it
            self._asked = yield Invoke(_first, (self._waiting, MOST_KEYS))
            if not self._asked:
                return None
        elif self._fruitless >= _FRUITLESS:
            rest = yield Invoke(list, (self._waiting,))
            raise _given_up(self._items, "read", [], [*self._asked, *rest])
        else:
            yield Pause(_jitter(self._fruitless))
        answer = yield from self._items.read(self._asked)
        if self._spend is not None:
            self._spend(consumed(answer))
        left = self._items.unread(answer)
        self._fruitless = self._fruitless + 1 if len(left) == len(self._asked) else 0
        self._asked = left
        return self._items.found(answer)


def _first(waiting: Iterator[Any], most: int) -> list[Any]:
    return list(islice(waiting, most))


def _each_once(items: Items, keys: Iterable[Any]) -> Iterator[Any]:
    seen: set[Hashable] = set()
    for key in keys:
        one = items.identity(key)
        if one not in seen:
            seen.add(one)
            yield key


def read_in_order(
    items: Items, keys: Sequence[Any], spend: Callable[[float], None] | None = None
) -> Flow[list[Any | None]]:
    """Return the items of keys in the order of the keys, ``None`` where there is none."""
    found: dict[Hashable, Any] = {}
    batch = BatchRead(items, keys, spend)
    try:
        while (some := (yield from batch.next_found())) is not None:
            found.update((items.identity(item), item) for item in some)
    except BatchError as error:
        raise BatchError(str(error), list(found.values()), error.missing) from None
    return [found.get(items.identity(key)) for key in keys]


def write_batch(items: Written, given: Iterable[Any]) -> Flow[None]:
    """Write items; of several with one key the last stays."""
    waiting = list({items.identity(item): item for item in given}.values())
    for start in range(0, len(waiting), MOST_WRITES):
        left = waiting[start : start + MOST_WRITES]
        fruitless = 0
        while left:
            answer = yield from items.write(left)
            again = items.unwritten(answer)
            fruitless = fruitless + 1 if len(again) == len(left) else 0
            left = again
            if fruitless >= _FRUITLESS:
                missing = [*left, *waiting[start + MOST_WRITES :]]
                raise _given_up(items, "written", len(waiting) - len(missing), missing)
            if left:
                yield Pause(_jitter(fruitless))


def consumed(answer: dict[str, Any]) -> float:
    """Return how many capacity units a batch has consumed."""
    return float(sum(one.get("CapacityUnits", 0.0) for one in answer.get("ConsumedCapacity", ())))


def _given_up(items: Written, what: str, done: Any, missing: Sequence[Any]) -> BatchError:
    return BatchError(
        f"{items.name}: {len(missing)} of a batch could not be {what}, asked for {_FRUITLESS} times "
        "in a row; the table's throughput is too low for it",
        done,
        [items.plain(item) for item in missing],
    )


def _jitter(fruitless: int) -> float:
    # full jitter: many clients that were refused together do not come back together
    return random.uniform(0, min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**fruitless))
