"""What writes to a table of accounts come to, told in plain dicts; nothing of the library is used here.

An item is a dict of native values by name; what is ``None`` is not there.  Items are stored in one of three forms, the
latest of which is what programs are shown.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

Item = dict[str, Any]
Key = tuple[str, str]
UNKNOWN = "seen"  # an attribute that no schema knows
CURRENT = 3


# The functions of the model, which the twin uses too: what they do is the user's affair.


def lower_email_and_split_name(item: Item) -> None:
    """Make version 2."""
    if "email" in item:
        item["email"] = item["email"].lower()
    if "name" in item:
        first, _, last = item.pop("name").partition(" ")
        item.update({name: text for name, text in (("first", first), ("last", last)) if text})


def join_name(item: Item) -> None:
    """Make version 1 again."""
    if "first" in item or "last" in item:
        item["name"] = f"{item.pop('first', '')} {item.pop('last', '')}"


def count_points_and_move_town(item: Item) -> None:
    """Make version 3."""
    if "points" in item:
        item["points"] = int(item["points"])
    if "town" in item:
        item["meta"] = {**item.get("meta", {}), "town": item.pop("town")}


def spell_points_and_move_town_back(item: Item) -> Item:
    """Make version 2 again, as another dict."""
    made = dict(item)
    if "points" in made:
        made["points"] = str(made["points"])
    if "town" in made.get("meta", {}):
        made["meta"] = dict(made["meta"])
        made["town"] = made["meta"].pop("town")
    return made


UPGRADES = {2: lower_email_and_split_name, 3: count_points_and_move_town}
DOWNGRADES = {2: join_name, 3: spell_points_and_move_town_back}


def in_form(item: Item, now: int, wanted: int) -> Item:
    """Return an item of one version in the form of another."""
    made = copy.deepcopy(item)
    while now != wanted:
        step = UPGRADES[now + 1] if now < wanted else DOWNGRADES[now]
        made = step(made) or made
        now += 1 if now < wanted else -1
    return made


# Keys that are made of fields.


class Unfit(Exception):
    """A value that cannot be part of a key."""


def _by_last(item: Item) -> str | None:
    return f"NAME#{item['last']}" if "last" in item else None


def _by_points(item: Item) -> str | None:
    if "first" not in item or "points" not in item:
        return None
    if not 0 <= item["points"] <= 99_999:
        raise Unfit(item["points"])
    return f"{item['first']}#{item['points']:05d}"


def _by_town(item: Item) -> str | None:
    town = item.get("meta", {}).get("town")
    return None if town is None else f"TOWN#{town}"


class Accounts:
    """The one kind of items, in the words of ``tests.composites.plain_shop``."""

    name = "Account"
    parts = ("home", "id")
    required = ("home", "id", "plan")
    attributes: dict[str, tuple[frozenset[str], Callable[[Item], str | None]]] = {
        "gsi1pk": (frozenset({"last"}), _by_last),
        "gsi1sk": (frozenset({"first", "points"}), _by_points),
        "gsi2pk": (frozenset({"meta"}), _by_town),
        "gsi2sk": (frozenset({"email"}), lambda item: item.get("email")),
    }
    when: dict[str, Any] = {}


ACCOUNTS = Accounts()


def key_of(item: Item) -> Key:
    return item["home"], item["id"]


def computed(item: Item, names: Iterable[str] | None = None) -> dict[str, str]:
    """Return the attributes that are computed from an item, or some of them."""
    every = ACCOUNTS.attributes
    found = {name: make(item) for name, (_, make) in every.items() if names is None or name in names}
    return {name: text for name, text in found.items() if text is not None}


# Values that no two items share.

Fields = tuple[str, ...]
UNIQUE: tuple[Fields, ...] = (("email",), ("tenant", "slug"))
GUARD = "unique#"


def value_of(fields: Fields, item: Item | None) -> tuple[str, ...] | None:
    """Return the value, or the values together, that an item has, ``None`` for none."""
    values = [(item or {}).get(name) for name in fields]
    return None if None in values else tuple(str(value) for value in values)


def guard_key(fields: Fields, values: tuple[str, ...]) -> Key:
    """Return the key under which a guard is stored."""
    names, contents = ",".join(f'"{name}"' for name in fields), ",".join(f'["S","{value}"]' for value in values)
    return GUARD + hashlib.sha256(f'["",[{names}],[{contents}]]'.encode()).hexdigest(), GUARD


def guard(fields: Fields, item: Item) -> tuple[Key, Item]:
    """Return the guard of what an item has, by its key."""
    values = value_of(fields, item)
    assert values is not None
    key = guard_key(fields, values)
    made = {
        "home": key[0],
        "id": key[1],
        "_holder": dict(zip(("home", "id"), key_of(item), strict=True)),
        "_unique": f": {', '.join(fields)}",
    }
    return key, {**made, **({"until": item["until"]} if "until" in item else {})}


# What is stored.


class Record(NamedTuple):
    """An item as it is stored, in the form of a version, with its keys in indexes.

    ``secured`` are the unique fields whose values were written through a model, so that they are guarded.
    """

    item: Item
    version: int
    keys: dict[str, str]
    secured: frozenset[Fields] = frozenset()

    @property
    def stored(self) -> Item:
        return {**self.item, **self.keys, **({"_v": self.version} if self.version > 1 else {})}

    @property
    def shown(self) -> Item:
        """The item as programs see it."""
        return in_form(self.item, self.version, CURRENT)


Table = dict[Key, Record]


def is_past(item: Item, now: int) -> bool:
    return "until" in item and item["until"] <= now


def guards(table: Table, now: int) -> dict[Key, Item]:
    """Return the guards of all that is not expired."""
    found: dict[Key, Item] = {}
    for record in table.values():
        item = record.shown
        if is_past(item, now):
            continue
        for fields in record.secured:
            if value_of(fields, item) is not None:
                key, made = guard(fields, item)
                assert key not in found, f"{found[key]} and {made} have the same value"
                found[key] = made
    return found
