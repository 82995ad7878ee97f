"""What can be done with a read besides iterating it, as flows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..exceptions import MultipleFound
from ..flows import BREATHE, Call, Flow, Place
from ..instances.loading import Part, loaded
from ..requests.boto3_arguments import names_in, unprojected
from ..store import Store
from ..wire.texts import StoredItem
from .iteration import END, Iteration
from .read import Read

# One item, by its key: one request, so that preparing it and finishing are all there is.


def prepare_get(
    store: Store, consistent: bool, raw: Mapping[str, Any] | None, attrs: Any, keys: Mapping[str, Any]
) -> tuple[Call, Part, Place]:
    """Return the step that reads an item, what is wanted of it, and its place."""
    mapper = store.mapper
    partial = attrs is not None or "ProjectionExpression" in (raw or ())
    key, paths = store.wire_key(keys), mapper.paths(attrs or ()) if partial else None
    place = store.here
    call = store.get(place, key, consistent, paths, raw)
    if partial and mapper.has_forms:  # which are upgraded as wholes, and a whole item costs the same
        return call._replace(request=unprojected(call.request)), names_in(call.request.payload), place
    return call, partial, place


def finish_get(store: Store, answer: Mapping[str, Any], partial: Part, place: Place) -> Any:
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
    return (yield from stored_items(one).next_item()) is not END


def stored_items(read: Read) -> Iteration:
    """Return an iteration over items as they are stored: none is upgraded, or made an instance."""
    if not read.store.mapper.is_scoped:
        return Iteration(read.pages(), _itself, read.options.limit)
    read = read.settled()
    scope = read.scope

    def shown(item: StoredItem) -> StoredItem | None:
        return item if scope.shows(item) else None

    return Iteration(read.pages(), shown if scope.is_local else _itself, read.options.limit)


def _itself(item: StoredItem) -> StoredItem:
    return item


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
        yield BREATHE
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
    read = read.settled()
    if read.options.hydrated and not read.scope.needs_whole:
        read = read.replaced(hydrated=False, paths=None)
    if read.scope.is_local:
        return (yield from _count_here(read))
    pages, counted = read.pages(count=True), 0
    while (answer := (yield from pages.next_answer())) is not None:
        counted += answer["Count"]
    return counted if read.options.limit is None else min(counted, read.options.limit)


def _count_here(read: Read) -> Flow[int]:
    """Return the number of items that are shown, which DynamoDB itself does not tell from others."""
    if "Select" in read.options.raw:
        read = read.replaced(raw={name: value for name, value in read.options.raw.items() if name != "Select"})
    shows = read.scope.shows
    pages, limit, counted = read.pages(count=True), read.options.limit, 0
    while (page := (yield from pages.next_page())) is not None and (limit is None or counted < limit):
        counted += sum(map(shows, page.items))
        yield BREATHE
    return counted if limit is None else min(counted, limit)
