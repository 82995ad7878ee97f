"""Making instances and storing them where there is no item with their key yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..arguments import check_mapping
from ..exceptions import DynaModelException, HashKeyExists, InvalidKey
from ..flows import Flow, Invoke, Overriding
from ..instances.loading import accept_more, loaded
from ..store import Store
from .saving import Wish, save

# How often an item may be stored before ours, and be deleted before it is read, until this is called a failure.
_ATTEMPTS = 5


def create(store: Store, values: Mapping[str, Any]) -> Flow[Any]:
    """Return a new instance, which is stored if there is no item with its key."""
    instance = yield from _made(store, values)
    yield from _save_new(store, instance)
    return instance


def get_or_create(store: Store, defaults: Mapping[str, Any] | None, keys: Mapping[str, Any]) -> Flow[tuple[Any, bool]]:
    """Return the instance with a key, and whether it was made and stored because there was none.

    Whoever else stores it meanwhile, there is one item in the end, and it is what all of them return.
    """
    supplied = _checked_defaults(store, defaults)
    store.wire_key(keys)  # refused before anything is asked for
    made, attempts = None, 0
    while True:
        found = yield from _read(store, keys)
        if found is not None:
            return found, False
        if made is None:
            values = yield from _called(supplied)
            made = yield from _made(store, {**values, **keys})
        attempts += 1
        try:
            yield from _save_new(store, made)
        except HashKeyExists:
            if attempts == _ATTEMPTS:
                raise
        else:
            return made, True


def _checked_defaults(store: Store, defaults: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if defaults is None:
        return {}
    check_mapping("get_or_create(defaults=...)", defaults, DynaModelException)
    named = ", ".join(sorted(store.mapper.names_of_key.intersection(defaults)))
    if named:
        raise InvalidKey(
            f"get_or_create(defaults=...) holds {named}, part of the key of {store.model.__name__}: the key says which "
            "item is meant; give it by keyword"
        )
    return defaults


def _called(defaults: Mapping[str, Any]) -> Flow[dict[str, Any]]:
    """Return values by name, those that are callables called."""
    values = {}
    for name, value in defaults.items():
        values[name] = (yield Invoke(value)) if callable(value) else value
    return values


def _made(store: Store, values: Mapping[str, Any]) -> Flow[Any]:
    """Return an instance of the model, made by its own constructor."""
    named = dict(store.filled(values))
    # the constructor has a switch of this name
    unnameable = {"partial": named.pop("partial")} if "partial" in named else {}
    instance = yield Invoke(store.model, (), named)
    if unnameable:
        accept_more(store.mapper, instance, unnameable)
    if store.binding is not None:
        instance._dynamorm_state.binding = store.binding
    return instance


def _save_new(store: Store, instance: Any) -> Flow[None]:
    if store.is_replaced("save") and (own := (yield Overriding(store, "save"))) is not None:
        yield Invoke(own, (instance,), {"unique": True})
    else:
        yield from save(store, instance, Wish(unique=True), {})


def _read(store: Store, keys: Mapping[str, Any]) -> Flow[Any]:
    """Return the instance with a key, ``None`` if there is none; every write that was finished before is seen."""
    if store.is_replaced("get") and (own := (yield Overriding(store, "get"))) is not None:
        return (yield Invoke(own, (), {"consistent": True, **keys}, store.pinned))
    place = store.here
    answer = yield store.get(place, store.wire_key(keys), consistent=True)
    wire = answer.get("Item")
    return None if wire is None else loaded(store, wire, place=place)
