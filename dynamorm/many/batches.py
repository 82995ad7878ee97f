"""Many items at once: as many requests as it takes, and what DynamoDB left undone asked for again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

from ..exceptions import BatchError, InvalidKey
from ..expressions import Path
from ..flows import Place
from ..requests import Request, build_batch_get, build_batch_write
from ..store import Store
from ..wire.codec import WireItem, decode_item

MOST_KEYS = 100
MOST_WRITES = 25

# How often nothing at all may be done before a batch is given up, and the bounds of the pauses in between.
_FRUITLESS = 10
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 5.0

Key = tuple[Any, ...]


def identity(store: Store, item: Mapping[str, Any]) -> Key:
    """Give the primary key of an item in wire form as something that can be compared."""
    return tuple([_comparable(item[name]) for name in store.mapper.key.names])


def _comparable(value: Mapping[str, Any]) -> Any:
    # each attribute of a key has one type in all items, and values of different types are never equal here
    ((tag, inner),) = value.items()
    return inner if tag == "S" else Decimal(inner) if tag == "N" else bytes(inner)


def wire_key_of(store: Store, given: Any) -> WireItem:
    """Give the wire form of a key in any form: a dict, an instance, a tuple, or the bare value of a single hash key."""
    mapper = store.mapper
    if type(given) is dict or isinstance(given, Mapping):
        return mapper.wire_key(given)
    if isinstance(given, store.model):
        return mapper.key_of(given.__dict__)
    names = mapper.key_names
    values = given if isinstance(given, (tuple, list)) else (given,)
    if len(values) != len(names):
        raise InvalidKey(f"{given!r}: the key of {mapper.model_name} is {', '.join(names)}")
    return mapper.wire_key(dict(zip(names, values, strict=True)))


def read(
    store: Store,
    place: Place,
    keys: Iterable[WireItem],
    *,
    consistent: bool = False,
    paths: Sequence[Path] | None = None,
    spend: Callable[[float], None] | None = None,
) -> Iterator[WireItem]:
    """Give the items that are there, in any order; each key is asked for once.

    :param spend: is told how many capacity units each answer consumed
    """
    waiting = _each_once(store, keys)
    fruitless = 0
    while asked := list(islice(waiting, MOST_KEYS)):
        while asked:
            request = build_batch_get(
                place.table, asked, consistent=consistent, paths=paths, capacity=spend is not None
            )
            response = place.connection.call(request, store.model)
            if spend is not None:
                spend(sum(one.get("CapacityUnits", 0.0) for one in response.get("ConsumedCapacity", ())))
            left = response.get("UnprocessedKeys", {}).get(place.table, {}).get("Keys", [])
            found = response.get("Responses", {}).get(place.table, ())[::-1]
            del response
            while found:  # each is let go when it is taken
                yield found.pop()
            fruitless = fruitless + 1 if len(left) == len(asked) else 0
            asked = left
            if fruitless >= _FRUITLESS:
                raise _given_up(store, "read", [], [*asked, *waiting])
            if asked:
                _pause(fruitless)


def _each_once(store: Store, keys: Iterable[WireItem]) -> Iterator[WireItem]:
    seen: set[Key] = set()
    for key in keys:
        one = identity(store, key)
        if one not in seen:
            seen.add(one)
            yield key


def in_order(store: Store, place: Place, keys: Sequence[WireItem], **options: Any) -> list[WireItem | None]:
    """Give the items of keys in the order of the keys, ``None`` where there is none."""
    found = {}
    try:
        for item in read(store, place, keys, **options):
            found[identity(store, item)] = item
    except BatchError as error:
        raise BatchError(str(error), list(found.values()), error.missing) from None
    return [found.get(identity(store, key)) for key in keys]


def write(store: Store, place: Place, items: Iterable[WireItem]) -> None:
    """Store whole items; of several with one key the last stays."""
    latest = {identity(store, item): item for item in items}
    waiting = list(latest.values())
    for start in range(0, len(waiting), MOST_WRITES):
        left = waiting[start : start + MOST_WRITES]
        fruitless = 0
        while left:
            request: Request = build_batch_write(place.table, left)
            undone = place.connection.call(request, store.model).get("UnprocessedItems", {}).get(place.table, [])
            again = [entry["PutRequest"]["Item"] for entry in undone]
            fruitless = fruitless + 1 if len(again) == len(left) else 0
            left = again
            if fruitless >= _FRUITLESS:
                missing = [*left, *waiting[start + MOST_WRITES :]]
                raise _given_up(store, "written", len(waiting) - len(missing), missing)
            if left:
                _pause(fruitless)


def _given_up(store: Store, what: str, done: Any, missing: Sequence[WireItem]) -> BatchError:
    return BatchError(
        f"{store.mapper.model_name}: {len(missing)} of a batch could not be {what}, asked for {_FRUITLESS} times "
        "in a row; the table's throughput is too low for it",
        done,
        [decode_item(item) for item in missing],
    )


def _pause(fruitless: int) -> None:
    # full jitter: many clients that were refused together do not come back together
    time.sleep(random.uniform(0, min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**fruitless)))
