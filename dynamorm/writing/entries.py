"""What programs hand in to be written together: what of it is one item, and the entries that are made of items."""

from __future__ import annotations

from collections.abc import AsyncIterable, Mapping, Sized
from typing import Any

from ..exceptions import DynamoException
from ..instances.changes import key_of_instance, require_same_key
from ..iterables import can_be_gone_through
from ..many.typed_items import TypedWrites, key_in_any_form
from ..many.writes import Entry
from ..store import Store, is_complete_model
from .saving import item_to_put


def put_entry(target: TypedWrites, item: Any, position: int, tag: Any = None) -> Entry:
    """Return the entry that stores an item; an error says which one is to blame."""
    try:
        wire, demand = item_to_put(target.store, item)
        return target.put(wire, demand, position, tag, item)
    except DynamoException as error:
        error.about(position, given_key(target.store, item))
        raise


def delete_entry(target: TypedWrites, given: Any, position: int) -> Entry:
    """Return the entry that deletes an instance's item, or the item with a key."""
    store = target.store
    try:
        if isinstance(given, store.model):
            require_same_key(store.mapper, given, "a batch of deletes")
            key = key_of_instance(store.mapper, given)
            demand = store.guards.of_removal(given, fits=store.mapper.fits(key))
        else:
            key = key_in_any_form(store, given)
            demand = store.guards.of_delete(fits=store.mapper.fits(key))
        return target.delete(key, demand, position, None, given)
    except DynamoException as error:
        error.about(position, given_key(store, given))
        raise


def given_key(store: Store, item: Any) -> dict[str, Any]:
    """Return the parts of its key that an item has, whatever else is wrong with it."""
    mapper = store.mapper
    values = item if isinstance(item, Mapping) else mapper.adapter.values_of(item) or getattr(item, "__dict__", {})
    fields = mapper.fields  # the base of several models has none
    stored = {name: fields[name].stored if name in fields else name for name in mapper.key_names}
    found = {name: values.get(name, values.get(stored[name])) for name in mapper.key_names}
    return {name: value for name, value in found.items() if value is not None}


def items_given(store: Store, given: tuple[Any, ...]) -> Any:
    """Return the iterable of items that is given alone, ``None`` where what is given are the items themselves."""
    if len(given) != 1 or _is_one(store, given[0]) or not can_be_gone_through(given[0]):
        return None
    return given[0]


def keys_given(store: Store, given: tuple[Any, ...]) -> Any:
    """Like :func:`items_given`, of instances and keys in any form."""
    iterable = items_given(store, given)
    if isinstance(iterable, tuple) and len(store.mapper.key_names) > 1 and iterable:
        first = iterable[0]
        if not isinstance(first, (Mapping, tuple, list)) and not _is_one(store, first, texts=False):
            return None  # the values of one key
    return iterable


def _is_one(store: Store, item: Any, texts: bool = True) -> bool:
    """Return whether something is one item, whatever can be iterated over in it."""
    if isinstance(item, Mapping) or (texts and isinstance(item, (str, bytes, bytearray))):
        return True
    return is_complete_model(type(item)) or store.mapper.adapter.values_of(item) is not None


def length_of(given: Any) -> int | None:
    """Return how many items are given, where that is known."""
    # a query may have to be read for it
    return len(given) if isinstance(given, Sized) and not isinstance(given, AsyncIterable) else None
