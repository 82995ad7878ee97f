"""Batches of writes to one model, as flows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..exceptions import DynamoException
from ..flows import BREATHE, PACE, Flow, Invoke
from ..iterables import some_at_a_time
from ..many.typed_items import TypedWrites
from ..many.writes import MOST_WRITES, Entry, Writes
from ..progress import Progress
from ..store import Store
from .entries import delete_entry, items_given, keys_given, length_of, put_entry

Tell = Callable[[Progress], Any] | None
Make = Callable[[TypedWrites, Any, int], Entry]


def put_batch(store: Store, given: tuple[Any, ...], concurrency: int, progress: Tell) -> Flow[None]:
    """Store the items that are given, or those of one iterable."""
    return _write(store, "put_batch", given, items_given(store, given), put_entry, concurrency, progress)


def delete_batch(store: Store, given: tuple[Any, ...], concurrency: int, progress: Tell) -> Flow[None]:
    """Delete the items of the instances and keys that are given, or of those of one iterable."""
    return _write(store, "delete_batch", given, keys_given(store, given), delete_entry, concurrency, progress)


def _write(
    store: Store,
    verb: str,
    given: tuple[Any, ...],
    iterable: Any,
    make: Make,
    concurrency: int,
    progress: Tell,
) -> Flow[None]:
    writes = Writes(concurrency, progress, length_of(given if iterable is None else iterable))
    target = TypedWrites(store, store.here)
    try:
        if iterable is None:
            entries = []
            for position, item in enumerate(given):
                entries.append(make(target, item, position))
                if position % PACE == 0:
                    yield BREATHE
            yield from writes.send_all(entries)
        else:
            yield from _stream(writes, verb, target, iterable, make)
        yield from writes.finish()
    except Exception:
        yield from writes.abandon()
        raise
    writes.report.raise_first()


def _stream(writes: Writes, verb: str, target: TypedWrites, iterable: Any, make: Make) -> Flow[None]:
    position = 0
    # going through the items is the caller's code
    take = yield from some_at_a_time(iterable, MOST_WRITES, verb)
    while some := (yield Invoke(take)):
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
