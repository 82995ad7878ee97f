"""Which model an item of a table belongs to, among those whose items are read as one model's."""

from __future__ import annotations

from ..exceptions import ValidationError
from ..expressions import Condition
from ..keyed_mapper import KeyedMapper
from ..store import Store
from ..unique import HOLDER, is_guard
from ..wire.codec import WireItem


def members_of(store: Store) -> list[Store]:
    """Return the stores of all models whose items are read as those of one."""
    mapper = store.mapper
    return list(mapper.members.values()) if isinstance(mapper, KeyedMapper) else [store]


def of_these_kinds(store: Store) -> tuple[Condition, ...]:
    """Return the condition that lets items of other models be left out, where these say whose they are."""
    return store.mapper.of_these_kinds if isinstance(store.mapper, KeyedMapper) else ()


def owner_of(store: Store, item: WireItem) -> Store | None:
    """Return the store of the model that an item belongs to, ``None`` for an item of another one, and for a guard."""
    if is_guard_of_any(store, item):
        return None
    try:
        found: Store | None = store.mapper.member_of(item, store)
    except ValidationError:  # of a kind that no model of the family has
        return None
    return found


def is_guard_of_any(store: Store, item: WireItem) -> bool:
    """Return whether an item is the guard of a unique value, be it of another model."""
    return is_guard(item, store.mapper.key.names) and HOLDER in item
