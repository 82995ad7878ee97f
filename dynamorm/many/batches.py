"""The one core of batch reads: as many requests as it takes, and what DynamoDB left undone asked for again.

It does not know what items look like: :class:`Items` of a kind say how they are asked for and told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol

from ..exceptions import BatchError
from ..flows import Flow, Invoke, Pause
from .backoff import FRUITLESS, jitter

MOST_KEYS = 100


class Items(Protocol):
    """One kind of items, those of a model or plain ones, and the place where they are."""

    @property
    def name(self) -> str:
        """What messages call them."""

    def identity(self, item: Any) -> Hashable:
        """Return the primary key of an item, or a key, as something that can be compared."""

    def read(self, keys: Sequence[Any]) -> Flow[dict[str, Any]]:
        """Ask for the items with some keys."""

    def found(self, answer: dict[str, Any]) -> list[Any]:
        """Return the items of an answer."""

    def unread(self, answer: dict[str, Any]) -> list[Any]:
        """Return the keys that an answer left undone."""

    def plain(self, item: Any) -> dict[str, Any]:
        """Return an item, or a key, as plain values, for errors."""


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
        elif self._fruitless >= FRUITLESS:
            rest = yield Invoke(list, (self._waiting,))
            raise _given_up(self._items, [*self._asked, *rest])
        else:
            yield Pause(jitter(self._fruitless))
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


def consumed(answer: Mapping[str, Any]) -> float:
    """Return how many capacity units a batch has consumed."""
    return float(sum(one.get("CapacityUnits", 0.0) for one in answer.get("ConsumedCapacity", ())))


def _given_up(items: Items, missing: Sequence[Any]) -> BatchError:
    return BatchError(
        f"{items.name}: {len(missing)} of a batch could not be read, asked for {FRUITLESS} times "
        "in a row; the table's throughput is too low for it",
        [],
        [items.plain(item) for item in missing],
    )
