"""Batches of writes to one model, as flows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from ..exceptions import DynamoException
from ..flows import Flow, Invoke
from ..many.typed_items import TypedWrites
from ..many.writes import MOST_WRITES, Entry, Writes
from ..progress import Progress
from ..store import Store
from .entries import delete_entry, items_given, keys_given, length_of, put_entry

Tell = Callable[[Progress], Any] | None
Make = Callable[[TypedWrites, Any, int], Entry]


def put_batch(store: Store, given: tuple[Any, ...], concurrency: int, progress: Tell) -> Flow[None]:
    """Store the items that are given, or those of one iterable."""
    return _write(store, given, items_given(store, given), put_entry, concurrency, progress)


def delete_batch(store: Store, given: tuple[Any, ...], concurrency: int, progress: Tell) -> Flow[None]:
    """Delete the items of the instances and keys that are given, or of those of one iterable."""
    return _write(store, given, keys_given(store, given), delete_entry, concurrency, progress)


def _write(
    store: Store,
    given: tuple[Any, ...],
    iterable: Iterable[Any] | None,
    make: Make,
    concurrency: int,
    progress: Tell,
) -> Flow[None]:
    writes = Writes(concurrency, progress, length_of(given if iterable is None else iterable))
    target = TypedWrites(store, store.here)
    try:
        if iterable is None:
            writes.take([make(target, item, position) for position, item in enumerate(given)])
        else:
            yield from _stream(writes, target, iterable, make)
        yield from writes.finish()
    except Exception:
        yield from writes.abandon()
        raise
    writes.report.raise_first()


def _stream(writes: Writes, target: TypedWrites, iterable: Iterable[Any], make: Make) -> Flow[None]:
    position = 0
    # going through the items is the caller's code
    iterator = yield Invoke(iter, (iterable,))
    while some := (yield Invoke(_some, (iterator,))):
        entries = []
        try:
            for item in some:
                entries.append(make(target, item, position))
                position += 1
        except DynamoException:
            writes.take(entries)
            yield from writes.finish()  # so that its position says what is written
            raise
        if writes.take(entries):
            yield from writes.send()


def _some(iterator: Iterator[Any]) -> list[Any]:
    return list(islice(iterator, MOST_WRITES))
