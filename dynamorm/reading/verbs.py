"""What can be done with a read besides iterating it, as flows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..exceptions import MultipleFound
from ..flows import Call, Flow, Place
from ..instances.loading import loaded
from ..store import Store
from ..wire.texts import StoredItem
from .iteration import END, Iteration
from .read import Read

# One item, by its key: one request, so that preparing it and finishing are all there is.


def prepare_get(
    store: Store, consistent: bool, raw: Mapping[str, Any] | None, attrs: Any, keys: Mapping[str, Any]
) -> tuple[Call, bool, Place]:
    """Return the step that reads an item, whether only a part of it is read, and its place."""
    mapper = store.mapper
    partial = attrs is not None or "ProjectionExpression" in (raw or ())
    key, paths = store.wire_key(keys), mapper.paths(attrs or ()) if partial else None
    place = store.here
    return store.get(place, key, consistent, paths, raw), partial, place


def finish_get(store: Store, answer: Mapping[str, Any], partial: bool, place: Place) -> Any:
    """Return the instance that an answer holds, ``None`` if there is none."""
    wire = answer.get("Item")
    return None if wire is None else loaded(store, wire, partial, place)


def prepare_exists(store: Store, consistent: bool, keys: Mapping[str, Any]) -> Call:
    """Return the step that reads the key of an item, if it is there."""
    key = store.wire_key(keys)  # refused before a connection is opened
    return store.get(store.here, key, consistent, store.mapper.paths(()))


def finish_exists(store: Store, answer: Mapping[str, Any]) -> bool:
    """Return whether an answer holds an item of the model."""
    wire = answer.get("Item")
    return wire is not None and store.mapper.is_own(wire)


# Of what matches.


def exists(read: Read) -> Flow[bool]:
    """Return whether there is any matching item, by asking for one."""
    one: Read = read.capped(1).replaced(on_invalid="raise")
    return (yield from Iteration(one.pages(), own_items(one), 1).next_item()) is not END


def own_items(read: Read) -> Callable[[StoredItem], StoredItem | None]:
    """Return what gives an item as it is, and ``None`` for one of another model."""
    is_own = read.store.mapper.is_own
    return (lambda item: item if is_own(item) else None) if read.is_mixed else lambda item: item


def first(iteration: Iteration) -> Flow[Any]:
    """Return the first item of an iteration, ``None`` if there is none."""
    found = yield from iteration.next_item()
    return None if found is END else found


class ByModel(dict[Any, list[Any]]):
    """Items in lists by their models; a model that has none gives an empty list."""

    def __missing__(self, model: Any) -> list[Any]:
        return []


def by_model(iteration: Iteration) -> Flow[ByModel]:
    """Return all items of an iteration by their models."""
    found = ByModel()
    while (item := (yield from iteration.next_item())) is not END:
        found.setdefault(type(item), []).append(item)
    return found


def one(read: Read, shown: Any) -> Flow[Any]:
    """Return the one item of a read that goes on to two at most."""
    iteration = read.iteration()
    found = yield from iteration.next_item()
    if found is END:
        raise read.store.does_not_exist(f"there is no item for {shown!r}")
    if (yield from iteration.next_item()) is not END:
        raise MultipleFound(f"there is more than one item for {shown!r}")
    return found


def count(read: Read) -> Flow[int]:
    """Return the number of items, over all pages, without reading them."""
    if read.is_mixed:
        return (yield from _count_own(read))
    pages, counted = read.pages(count=True), 0
    while (answer := (yield from pages.next_answer())) is not None:
        counted += answer["Count"]
    return counted if read.options.limit is None else min(counted, read.options.limit)


def _count_own(read: Read) -> Flow[int]:
    """Return the number of items that are the model's, which DynamoDB itself does not tell from those of others."""
    raw = {name: value for name, value in read.options.raw.items() if name != "Select"}
    read = read.replaced(raw=raw, hydrated=False)
    pages, limit, counted = read.pages(count=True), read.options.limit, 0
    while (page := (yield from pages.next_page())) is not None and (limit is None or counted < limit):
        counted += sum(map(read.store.mapper.is_own, page.items))
    return counted if limit is None else min(counted, limit)
