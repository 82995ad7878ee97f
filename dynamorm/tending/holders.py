"""Finding an item by values that no other item has: their guard says whose they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..exceptions import InvalidKey
from ..families import FamilyMapper
from ..flows import Flow, Place
from ..instances.loading import loaded
from ..store import Store
from ..unique import Taken, Unique, holder_of
from ..wire.codec import WireItem
from ..wire.texts import item_of


def get_by(store: Store, values: Mapping[str, Any]) -> Flow[Any]:
    """Return the instance that has unique values, ``None`` if there is none.

    :raises InvalidKey: if the names are not those of fields that are unique together
    """
    unique, taken = _taken(store, values)
    place = store.here
    # the value may pass on from one item to another between the two reads
    for _ in range(2):
        guard = yield from _read(store, place, unique.key_of(taken.name))
        holder = None if guard is None else holder_of(guard)
        if holder is None:
            return None
        item = yield from _read(store, place, holder)
        shown = None if item is None else store.mapper.shown(item, store)
        if item is not None and shown is not None and _has(shown, taken):
            instance = loaded(store, item, place=place)
            return instance if _fits_handle(store, instance) else None
    return None


def _read(store: Store, place: Place, key: WireItem) -> Flow[WireItem | None]:
    answer = yield store.get(place, key, consistent=True)
    item = answer.get("Item")
    return None if item is None else item_of(item)


def _has(shown: tuple[Any, Any], taken: Taken) -> bool:
    owner, item = shown
    upkeep = owner.mapper.upkeep
    return upkeep is not None and upkeep.unique is not None and taken in upkeep.unique.taken(item_of(item))


def _taken(store: Store, values: Mapping[str, Any]) -> tuple[Unique, Taken]:
    """Return the unique fields of a model, and what an item takes that has some values."""
    mapper = store.mapper
    if isinstance(mapper, FamilyMapper):
        mapper.refuse()
    unique = None if mapper.upkeep is None else mapper.upkeep.unique
    if unique is None:
        raise InvalidKey(
            f"{mapper.model_name}.get_by(): no fields of {mapper.model_name} are unique; name some in its Table: "
            'unique = ["email"]'
        )
    given = {mapper.resolver.field(name).name: value for name, value in values.items()}
    filled = {mapper.resolver.field(name).name: value for name, value in store.filled(given).items()}
    fields = next((one for one in unique.scopes if given.keys() <= set(one) <= filled.keys()), None)
    if fields is None or not given:
        known = "; ".join(", ".join(f"{name}=..." for name in one) for one in unique.scopes)
        raise InvalidKey(
            f"{mapper.model_name}.get_by({', '.join(values)}): give the fields that are unique together: {known}"
        )
    missing = [name for name in fields if filled[name] is None]
    if missing:
        raise InvalidKey(f"{mapper.model_name}.get_by(): no value for {', '.join(missing)}")
    specs = [mapper.fields[name] for name in fields]
    item = {spec.stored: mapper.resolver.operand(spec, filled[spec.name]) for spec in specs}
    return unique, next(one for one in unique.taken(item) if one.fields == fields)


def _fits_handle(store: Store, instance: Any) -> bool:
    """Return whether an instance has the values of the key that a handle gives."""
    try:
        store.filled(instance.__dict__)
    except InvalidKey:
        return False
    return True
