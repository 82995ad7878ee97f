"""Fields whose values no two items of a model may share, and the items beside the model's that see to it.

Each value that is taken has a guard: an item of the same table under a key that is made of the value, which says whose
it is.  Guards are stored, moved and deleted in one transaction with the items that they guard.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from .expressions import is_in_order
from .spec import FieldSpec, KeySpec
from .wire.codec import AttributeValue, WireItem, encode_number
from .wire.texts import StoredItem, key_within

PREFIX = "unique#"
_LENGTH = len(PREFIX) + hashlib.sha256().digest_size * 2
HOLDER = "_holder"
"""The attribute of a guard that holds the key of the item whose value it is."""
FIELDS = "_unique"
"""The attribute of a guard that says which fields it is about, for who looks at the table."""


class Taken(NamedTuple):
    """A value, or several that belong together, that an item has: the name of its guard, and the fields."""

    name: str
    scope: str
    fields: tuple[str, ...]


class Unique:
    """The unique fields of a model: those that are unique together, with what tells them from those of other models.

    ``ttl`` is the attribute by which items expire, and their guards with them.  ``kind`` is the attribute that says
    which model an item belongs to.
    """

    def __init__(
        self, scoped: Sequence[tuple[str, tuple[FieldSpec, ...]]], key: KeySpec, ttl: str | None, kind: str | None
    ) -> None:
        self.scoped = tuple(scoped)
        self._key = key
        self._ttl = ttl
        self._kind = kind
        names = {name for _, specs in scoped for spec in specs for name in (spec.stored, *spec.aliases)}
        self.attributes = frozenset(names if ttl is None else {*names, ttl})
        """What of an item its guards are made of."""

    @property
    def ttl(self) -> str | None:
        return self._ttl

    def taken(self, item: WireItem) -> tuple[Taken, ...]:
        """Return what an item has taken; where a part is missing, nothing is."""
        found = []
        for scope, specs in self.scoped:
            values = [_first(item, spec) for spec in specs]
            if None not in values:
                found.append(Taken(self._name(scope, specs, values), scope, tuple(spec.name for spec in specs)))
        return tuple(found)

    @property
    def scopes(self) -> dict[tuple[str, ...], str]:
        """What tells the values of fields from those of other models, by the names of the fields."""
        return {tuple(spec.name for spec in specs): scope for scope, specs in self.scoped}

    @property
    def key_names(self) -> tuple[str, ...]:
        return self._key.names

    @property
    def labels(self) -> dict[str, tuple[str, ...]]:
        """The fields that are unique together, by what their guards say that they are about."""
        return {_label(scope, fields): fields for fields, scope in self.scopes.items()}

    def _name(self, scope: str, specs: Sequence[FieldSpec], values: Sequence[AttributeValue | None]) -> str:
        parts = [scope, [spec.stored for spec in specs], [_canonical(value) for value in values if value]]
        text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
        return PREFIX + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def key_of(self, name: str) -> WireItem:
        """Return the key of a guard."""
        return {attribute: {"S": name if number == 0 else PREFIX} for number, attribute in enumerate(self._key.names)}

    def guard(self, taken: Taken, holder: WireItem, item: WireItem) -> WireItem:
        """Return the guard of what an item with the key ``holder`` has taken."""
        made: WireItem = {
            **self.key_of(taken.name),
            HOLDER: {"M": holder},
            FIELDS: {"S": _label(taken.scope, taken.fields)},
        }
        if self._kind is not None:
            made[self._kind] = {"S": PREFIX}
        time = self.time_of(item)
        if self._ttl is not None and time is not None:
            made[self._ttl] = time
        return made

    def time_of(self, item: WireItem) -> AttributeValue | None:
        """Return when an item expires, and its guards with it, ``None`` for never."""
        time = None if self._ttl is None else item.get(self._ttl)
        return time if time is not None and "N" in time else None

    def is_past(self, item: WireItem, now: str) -> bool:
        """Return whether an item, or a guard, has expired, so that its values are free."""
        time = self.time_of(item)
        return time is not None and is_in_order(time, {"N": now})


def _label(scope: str, fields: Sequence[str]) -> str:
    return f"{scope}: {', '.join(fields)}"


def _first(item: WireItem, spec: FieldSpec) -> AttributeValue | None:
    """Return the value of a field, under its name or a former one, ``None`` for none."""
    for name in (spec.stored, *spec.aliases):
        value = item.get(name)
        if value is not None:
            return None if "NULL" in value else value
    return None


def _canonical(value: AttributeValue) -> list[str]:
    """Return the one form of a value that may be stored in several."""
    ((tag, content),) = value.items()
    if tag == "N":
        return [tag, encode_number(Decimal(content))]
    return [tag, bytes(content).hex() if tag == "B" else str(content)]


def is_guard(item: StoredItem, names: Sequence[str]) -> bool:
    """Return whether an item, or a key, is that of a guard."""
    name = key_within(item, (names[0],))[names[0]].get("S", "")
    return name.startswith(PREFIX) and len(name) == _LENGTH


def holder_of(guard: Mapping[str, Any]) -> WireItem | None:
    """Return the key of the item whose value a guard guards."""
    holder: WireItem | None = guard.get(HOLDER, {}).get("M")
    return holder
