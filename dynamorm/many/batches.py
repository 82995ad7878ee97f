"""The one core of batch reads: as many requests as it takes, and what DynamoDB left undone asked for again.

It does not know what items look like: :class:`Items` of a kind say how they are asked for and told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, Protocol

from ..backoff import FRUITLESS, jitter
from ..exceptions import BatchError
from ..flows import BREATHE, Flow, Handle, Invoke, Pause, Start, WaitAny

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


class _Asked(NamedTuple):
    """Keys that are asked for together, again where an answer left them undone."""

    keys: list[Any]
    is_again: bool = False
    fruitless: int = 0

    def answer(self, items: Items) -> Flow[dict[str, Any]]:
        if self.is_again:
            yield Pause(jitter(self.fruitless))
        return (yield from items.read(self.keys))


class BatchRead:
    """Items with any number of keys, answer by answer; each key is asked for once.

    With a ``concurrency`` of more than one, so many requests are under way, and their answers come in any order.

    :param spend: is told how many capacity units each answer consumed
    """

    def __init__(
        self,
        items: Items,
        keys: Iterable[Any],
        spend: Callable[[float], None] | None = None,
        concurrency: int = 1,
    ) -> None:
        self._items = items
        self._waiting = _each_once(items, keys)
        self._spend = spend
        self._concurrency = concurrency
        self._again: list[_Asked] = []
        self._under_way: dict[Handle, _Asked] = {}

    def next_found(self) -> Flow[list[Any] | None]:
        """Return the items of the next answer, ``None`` after the last one."""
        if self._concurrency > 1:
            return (yield from self._next_of_several())
        asked = yield from self._next_asked()
        if asked is None:
            return None
        try:
            answer = yield from asked.answer(self._items)
        except BaseException:
            self._again.append(asked._replace(is_again=True))
            raise
        return self._found(asked, answer)

    def _next_of_several(self) -> Flow[list[Any] | None]:
        while len(self._under_way) < self._concurrency:
            asked = yield from self._next_asked()
            if asked is None:
                break
            self._under_way[(yield Start(asked.answer(self._items)))] = asked
        if not self._under_way:
            return None
        handle = yield WaitAny(list(self._under_way))
        asked = self._under_way.pop(handle)
        try:
            answer = handle.result()
        except BaseException:
            self._again.append(asked._replace(is_again=True))
            raise
        return self._found(asked, answer)

    def _next_asked(self) -> Flow[_Asked | None]:
        """Return what is to be asked for next, ``None`` where that is nothing.

        :raises BatchError: if there is no use in asking again
        """
        if self._again:
            asked = self._again.pop(0)
            if asked.fruitless >= FRUITLESS:
                yield from self._give_up(asked)
            return asked
        # going through the keys is the caller's code, or calls it
        keys = yield Invoke(first_of, (self._waiting, MOST_KEYS))
        return _Asked(keys) if keys else None

    def _found(self, asked: _Asked, answer: dict[str, Any]) -> list[Any]:
        """Return the items of an answer; what it left undone is asked for again."""
        if self._spend is not None:
            self._spend(consumed(answer))
        left = self._items.unread(answer)
        if left:
            fruitless = asked.fruitless + 1 if len(left) == len(asked.keys) else 0
            self._again.append(_Asked(left, True, fruitless))
        return self._items.found(answer)

    def _give_up(self, asked: _Asked) -> Flow[None]:
        """Wait for what is under way, and say what was read by then and what was not."""
        missing, done = list(asked.keys), []
        while self._under_way:
            handle = yield WaitAny(list(self._under_way))
            other = self._under_way.pop(handle)
            try:
                done += self._found(other, handle.result())
            except Exception:  # one error is enough
                missing += other.keys
        for other in self._again:
            missing += other.keys
        self._again = [asked]
        missing += yield Invoke(list, (self._waiting,))
        raise BatchError(
            f"{self._items.name}: {len(missing)} of a batch could not be read, asked for {FRUITLESS} times in a row; "
            "the table's throughput is too low for it",
            done,
            [self._items.plain(key) for key in missing],
        )


def first_of(waiting: Iterator[Any], most: int) -> list[Any]:
    """Return the next so many of what waits."""
    return list(islice(waiting, most))


def _each_once(items: Items, keys: Iterable[Any]) -> Iterator[Any]:
    seen: set[Hashable] = set()
    for key in keys:
        one = items.identity(key)
        if one not in seen:
            seen.add(one)
            yield key


def read_in_order(
    items: Items, keys: Sequence[Any], spend: Callable[[float], None] | None = None, concurrency: int = 1
) -> Flow[list[Any | None]]:
    """Return the items of keys in the order of the keys, ``None`` where there is none."""
    found: dict[Hashable, Any] = {}
    batch = BatchRead(items, keys, spend, concurrency)
    try:
        while (some := (yield from batch.next_found())) is not None:
            found.update((items.identity(item), item) for item in some)
            yield BREATHE
    except BatchError as error:
        raise BatchError(str(error), [*found.values(), *error.done], error.missing) from None
    ordered: list[Any | None] = []
    for key in keys:
        ordered.append(found.get(items.identity(key)))
        if len(ordered) % MOST_KEYS == 0:
            yield BREATHE
    return ordered


def consumed(answer: Mapping[str, Any]) -> float:
    """Return how many capacity units a batch has consumed."""
    return float(sum(one.get("CapacityUnits", 0.0) for one in answer.get("ConsumedCapacity", ())))
