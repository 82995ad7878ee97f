"""What of the items of a model has to be seen to besides their fields: that they expire, have forms, hold values alone.

Most models ask for none of it, and have no :class:`Upkeep`.
"""

from __future__ import annotations

from .connection import present_moment
from .expressions import Comparison, Condition, Either, is_in_order, joined, negated
from .schema.conversions import seconds_of
from .spec import KeySpec
from .unique import Unique, is_guard
from .upgrades import Upgraded, Upgrades
from .wire.codec import WireItem
from .wire.paths import same_value
from .wire.texts import StoredItem, item_of, present_within


def present_second() -> str:
    """Return the seconds since 1970, as text, by which items expire."""
    return str(int(seconds_of(present_moment())))


class Upkeep:
    """What a model asks for; ``expiry`` is the attribute by which items are hidden when its time is past."""

    def __init__(
        self, key: KeySpec, expiry: str | None = None, upgrades: Upgrades | None = None, unique: Unique | None = None
    ) -> None:
        self.key = key
        self.expiry = expiry
        self.upgrades = upgrades
        self.unique = unique

    @property
    def constants(self) -> WireItem:
        """What every item in its current form holds because of the upkeep."""
        return {} if self.upgrades is None else self.upgrades.constants

    @property
    def attributes(self) -> frozenset[str]:
        """The attributes that are stored besides the fields."""
        return frozenset() if self.upgrades is None else frozenset((self.upgrades.attribute,))

    @property
    def always_read(self) -> tuple[str, ...]:
        """What it takes to say of an item whether it is shown, and in which form it is."""
        names = (self.expiry, None if self.upgrades is None else self.upgrades.attribute)
        return tuple(name for name in names if name is not None)

    # What is shown.

    def hides(self, item: StoredItem, now: str | None = None) -> bool:
        """Return whether reads leave an item out.

        :param now: the second that counts as the present
        """
        return self.is_guard(item) or (self.expiry is not None and self.is_expired(item, now))

    def is_guard(self, item: StoredItem) -> bool:
        """Return whether an item is the guard of a unique value."""
        return self.unique is not None and is_guard(item, self.key.names)

    def is_expired(self, item: StoredItem, now: str | None = None) -> bool:
        """Return whether the time of an item is past."""
        assert self.expiry is not None
        time = present_within(item, (self.expiry,)).get(self.expiry)
        return time is not None and "N" in time and is_in_order(time, {"N": now or present_second()})

    def upgraded(self, item: WireItem) -> Upgraded:
        """Return an item in the form that the model has now."""
        return Upgraded(item) if self.upgrades is None else self.upgrades.upgraded(item, self.key)

    def shown(self, item: StoredItem) -> StoredItem:
        """Return an item as reads show it."""
        upgrades = self.upgrades
        if upgrades is None:
            return item
        if present_within(item, (upgrades.attribute,)) == upgrades.constants:
            return item
        return upgrades.upgraded(item_of(item), self.key).item

    def has_current_form(self, item: WireItem) -> bool:
        """Return whether an item, or a part of one, says that it is in the current form."""
        return all(name in item and same_value(item[name], value) for name, value in self.constants.items())

    # Conditions.

    def past(self, now: str) -> Condition:
        """The condition that an item is expired."""
        assert self.expiry is not None
        return Comparison((self.expiry,), "lte", ({"N": now},))

    def not_past(self, now: str) -> Condition:
        """The condition that an item is not expired, or not there."""
        return negated(self.past(now))

    def is_current(self, absent: Condition) -> Condition:
        """The condition that an item is in the current form, or that there is none."""
        assert self.upgrades is not None
        path, version = (self.upgrades.attribute,), self.upgrades.current
        has = Comparison(path, "eq", ({"N": str(version)},))
        return joined(Either, (has, Comparison(path, "not_exists") if version == 1 else absent))
