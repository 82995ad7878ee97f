"""Items as they are at one moment, and what they have of unique values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

from ..attempts import sent_until_settled
from ..exceptions import DynamoException
from ..expressions import Comparison, Condition
from ..flows import Call, Flow, Place
from ..requests import Request, build_get
from ..spec import KeySpec
from ..store import Store
from ..unique import Taken, Unique
from ..wire.codec import WireItem
from ..wire.paths import same_value
from .members import owner_of


class Seen:
    """An item as it was at one moment, or that there was none.

    ``taken`` is what it has of unique values, and ``names`` are those of all guards that are rightly its own: of an
    item in an earlier form, also of what it is stored as.  ``shown`` is the item in its current form.
    """

    def __init__(self, store: Store, key: WireItem, item: WireItem | None) -> None:
        self.key = key
        self.item = item
        self.shown = item
        self.is_unreadable = False
        self.taken: tuple[Taken, ...] = ()
        self.names: frozenset[str] = frozenset()
        self.unique: Unique | None = None
        self._store = store
        self._owner = None if item is None else owner_of(store, item)
        self._read: frozenset[str] = frozenset()
        if item is not None and self._owner is not None:
            self._look(self._owner, item)

    def _look(self, owner: Store, item: WireItem) -> None:
        upkeep = owner.mapper.upkeep
        if upkeep is None or upkeep.unique is None:
            return
        self.unique = upkeep.unique
        try:
            shown, self._read = upkeep.upgraded(item)
        except DynamoException:  # too new, or a function of the model cannot upgrade it
            self.is_unreadable = True
            return
        self.shown = item if shown is item else owner.mapper.as_shown(shown)
        self.taken = self.unique.taken(self.shown)
        stored = self.taken if shown is item else self.unique.taken(item)
        self.names = frozenset(one.name for one in (*self.taken, *stored))

    @property
    def is_of_another_model(self) -> bool:
        return self.item is not None and self._owner is None

    def has(self, taken: Taken) -> bool:
        return taken in self.taken

    def is_past(self, now: str) -> bool:
        """Return whether the item has expired, so that its values are free."""
        return self.unique is not None and self.shown is not None and self.unique.is_past(self.shown, now)

    def unchanged(self) -> list[Condition]:
        """Return the conditions that what the item has of unique values is as it was seen."""
        mapper = self._store.mapper if self._owner is None else self._owner.mapper
        if self.item is None:
            return [mapper.absent]
        names = set() if mapper.kind_name is None else {mapper.kind_name}
        if self._owner is not None and mapper.upkeep is not None and self.unique is not None:
            names |= {*self.unique.attributes, *self._read, *mapper.upkeep.attributes}
        return [mapper.exists, *as_seen(self.item, sorted(names - set(mapper.key.names)))]


def as_seen(item: WireItem, names: Sequence[str]) -> list[Condition]:
    """Return the conditions that attributes are as they are in an item."""
    return [
        Comparison((name,), "eq", (item[name],)) if name in item else Comparison((name,), "not_exists")
        for name in names
    ]


def is_same_key(one: WireItem | None, other: WireItem | None) -> bool:
    """Return whether two keys are the same, however their numbers are written."""
    if one is None or other is None or one.keys() != other.keys():
        return False
    return all(same_value(value, other[name]) for name, value in one.items())


def is_key(candidate: WireItem | None, key: KeySpec) -> TypeGuard[WireItem]:
    """Return whether something may be the key of an item, so that DynamoDB can be asked for it."""
    if candidate is None or candidate.keys() != set(key.names):
        return False
    return all(bool(candidate[name].get(letter)) for name, letter in key.types.items())


def at_once(store: Store, place: Place, keys: Sequence[WireItem]) -> Flow[list[WireItem | None]]:
    """Return the items with some keys, all as they are at one moment, ``None`` where there is none."""
    parts = [{"Get": build_get(place.table, key).payload} for key in keys]
    request = Request("TransactGetItems", {"TransactItems": parts})
    answer = yield from sent_until_settled(Call(place.connection, request, store.model))
    return [one.get("Item") or None for one in answer["Responses"]]
