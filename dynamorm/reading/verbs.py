"""What can be done with a read besides iterating it, as flows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..exceptions import ConditionFailed, InvalidExpression, MultipleFound
from ..expressions import Change, Condition, leaves, shortened
from ..flows import Call, Flow, Place
from ..instances.loading import loaded
from ..store import Store
from ..wire.codec import WireItem
from ..wire.texts import key_within
from ..writing.update_actions import asked_actions, resolved_actions
from .cursors import encode_cursor
from .iteration import END, Iteration, Page
from .options import positive
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


# Of what matches.


def exists(read: Read) -> Flow[bool]:
    """Return whether there is any matching item, by asking for one."""
    one: Read = read.capped(1).replaced(on_invalid="raise")
    return (yield from Iteration(one.pages(), lambda wire: wire, 1).next_item()) is not END


def first(iteration: Iteration) -> Flow[Any]:
    """Return the first item of an iteration, ``None`` if there is none."""
    found = yield from iteration.next_item()
    return None if found is END else found


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
    pages, counted = read.pages(count=True), 0
    while (answer := (yield from pages.next_answer())) is not None:
        counted += answer["Count"]
    return counted if read.options.limit is None else min(counted, read.options.limit)


def page(read: Read, iteration: Iteration, size: int) -> Flow[Page[Any]]:
    """Return so many items at most of an iteration that goes on to one more, and the cursor of the next page."""
    items: list[Any] = []
    secret = read.secret
    while len(items) < size and (item := (yield from iteration.next_item())) is not END:
        items.append(item)
    if not (yield from iteration.has_more()):
        return Page(items, None)
    last = iteration.last
    assert last is not None
    return Page(items, encode_cursor(last, read.mark(), secret))


def size_of_page(read: Read, size: int) -> int:
    """Return how many items a page holds at most."""
    return min(positive("page", size), read.options.limit or size)


# Writing to what matches.

WriteOne = Callable[[Place, WireItem, Sequence[Condition]], Flow[Any]]


def delete_matching(read: Read) -> Flow[int]:
    """Delete every item that matches, each only if it still does; returns how many were deleted."""
    store, demand = read.store, read.store.guards.of_delete()

    def delete(place: Place, key: WireItem, conditions: Sequence[Condition]) -> Flow[Any]:
        return store.delete(place, key, demand, conditions)

    return (yield from _write_each(read, delete))


def update_matching(read: Read, actions: Sequence[Change], updates: Mapping[str, Any]) -> Flow[int]:
    """Change every item that matches, each only if it still does; returns how many were changed."""
    store = read.store
    for action in actions:
        if not isinstance(action, Change):
            raise InvalidExpression(
                f"{shortened(action)} is no action such as Book.views.add(1); conditions are given to filter()"
            )
    resolved = resolved_actions(store.mapper, asked_actions(store.mapper, actions, updates))
    if not resolved:
        return 0

    def update(place: Place, key: WireItem, conditions: Sequence[Condition]) -> Flow[Any]:
        return store.update(place, key, resolved, demand, conditions, returning="NONE")

    changed = {str(action.path[0]) for action in resolved}
    demand = store.guards.of_update(changed, may_create=False)
    changed.update(str(action.path[0]) for action in demand.actions)
    return (yield from _write_each(read, update, moves=not changed.isdisjoint(read.key_names)))


def _write_each(read: Read, write: WriteOne, moves: bool = False) -> Flow[int]:
    """Write to every item that matches; ``moves`` says that the items change positions in the index that is read."""
    store, written = read.store, 0
    textual = sorted({"KeyConditionExpression", "FilterExpression"} & read.options.raw.keys())
    if textual:
        raise InvalidExpression(f"{read.name}: {', '.join(textual)} as text cannot be held against each item again")
    key_names = store.mapper.key.names
    conditions = (store.exists, *(part for part in read.resolved() if not _is_on_key(part, key_names)))
    pages = read.replaced(paths=(), hydrated=False).pages()
    matching = Iteration(pages, lambda item: key_within(item, key_names), read.options.limit)
    # what moves ahead would be met again
    known = (yield from _rest(matching)) if moves else None
    while True:
        if known is None:
            key = yield from matching.next_item()
        else:
            key = known.pop() if known else END
        if key is END:
            return written
        try:
            yield from write(pages.place, key, conditions)
            written += 1
        except ConditionFailed:
            continue  # it was changed or deleted since it was read


def _rest(matching: Iteration) -> Flow[list[WireItem]]:
    """Return all that is left of an iteration, from the end to the beginning."""
    keys = []
    while (key := (yield from matching.next_item())) is not END:
        keys.append(key)
    return keys[::-1]


def _is_on_key(part: Condition, key_names: tuple[str, ...]) -> bool:
    return all(leaf.path[0] in key_names for leaf in leaves(part))
