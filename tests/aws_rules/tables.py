"""What is known of tables: their keys, those of their indexes, and what these project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .refusals import Refuse, short
from .values import comparable, content_bytes, text_size, type_of

_LONGEST = {"HASH": 2048, "RANGE": 1024}


class Key(NamedTuple):
    """The attributes of a key; an index may have several of each kind."""

    hash: tuple[str, ...]
    range: tuple[str, ...]

    @property
    def attributes(self) -> tuple[str, ...]:
        return self.hash + self.range


class Index(NamedTuple):
    key: Key
    is_global: bool
    # besides the attributes of the keys; nothing said for all
    projected: frozenset[str] | None


class Table(NamedTuple):
    key: Key
    types: dict[str, str]
    indexes: dict[str, Index]

    def attributes_of(self, index: Index | None) -> set[str]:
        """Return the attributes of the table's key, and of an index's."""
        return {*self.key.attributes, *(index.key.attributes if index else ())}


class Tables(dict[str, Table]):
    """Tables by their names, learnt from the requests that create and change them."""

    def learn(self, operation: str, payload: Mapping[str, Any]) -> None:
        """Remember what a request to create, change or delete a table makes of it."""
        name = payload.get("TableName")
        if operation == "DeleteTable":
            self.pop(name, None)  # type: ignore[arg-type]
        elif operation == "CreateTable" and isinstance(name, str):
            table = Table(key_of(payload["KeySchema"]), {}, {})
            _learn_types(table, payload)
            for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
                for index in payload.get(kind) or ():
                    table.indexes[index["IndexName"]] = _index_of(index, kind == "GlobalSecondaryIndexes")
            self[name] = table
        elif operation == "UpdateTable" and name in self:
            table = self[name]
            _learn_types(table, payload)
            for change in payload.get("GlobalSecondaryIndexUpdates") or ():
                if "Create" in change:
                    table.indexes[change["Create"]["IndexName"]] = _index_of(change["Create"], True)
                elif "Delete" in change:
                    table.indexes.pop(change["Delete"]["IndexName"], None)


def _learn_types(table: Table, payload: Mapping[str, Any]) -> None:
    for one in payload.get("AttributeDefinitions") or ():
        table.types[one["AttributeName"]] = one["AttributeType"]


def key_of(schema: Any) -> Key:
    """Return the key that a ``KeySchema`` says."""
    return Key(*[tuple(one["AttributeName"] for one in schema if one["KeyType"] == kind) for kind in _LONGEST])


def _index_of(index: Mapping[str, Any], is_global: bool) -> Index:
    projection = index.get("Projection") or {}
    everything = projection.get("ProjectionType") == "ALL"
    named = frozenset(projection.get("NonKeyAttributes") or ())
    return Index(key_of(index["KeySchema"]), is_global, None if everything else named)


def judge_key(table: Table | None, key: Any, refuse: Refuse) -> None:
    """Refuse a key that has not exactly the attributes of the table's."""
    if table is None:
        return
    if key.keys() != set(table.key.attributes):
        refuse("key-attributes", f"{short(key)} is no key of {', '.join(table.key.attributes)}")
    judge_key_values(table, table.key, key, refuse)


def judge_item(table: Table | None, item: Any, refuse: Refuse) -> None:
    """Refuse an item without the table's key, or with values that the keys of table and indexes do not take."""
    if table is None or not isinstance(item, dict):
        return
    missing = [name for name in table.key.attributes if name not in item]
    if missing:
        refuse("key-attributes", f"an item without {', '.join(missing)}")
    judge_key_values(table, table.key, item, refuse)
    for index in table.indexes.values():
        judge_key_values(table, index.key, item, refuse)


def judge_key_values(table: Table, key: Key, values: Mapping[str, Any], refuse: Refuse) -> None:
    """Refuse values of key attributes that are empty, too long or of another type than declared."""
    for kind, names in (("HASH", key.hash), ("RANGE", key.range)):
        for name in names:
            if name in values:
                judge_key_value(table, name, values[name], _LONGEST[kind], refuse)


def judge_key_value(table: Table, name: str, value: Any, longest: int, refuse: Refuse) -> None:
    """Refuse a value of one key attribute."""
    letter = type_of(value)
    declared = table.types.get(name)
    if declared and letter and letter != declared:
        refuse("key-type", f"{name} is {short(value)}, and declared to be {declared}")
        return
    if letter == "S":
        size = text_size(value["S"], name, lambda rule, text: None)
    elif letter == "B":
        size = len(content_bytes(value["B"], name, lambda rule, text: None))
    else:
        return
    if not 1 <= size <= longest:
        refuse("key-value", f"{name} has {size:,} bytes")


def identity(table: Table | None, values: Mapping[str, Any]) -> Any:
    """Return what tells one item from another, or nothing where the key is not known."""
    names = table.key.attributes if table else sorted(values)
    try:
        return tuple([(name, type_of(values[name]), comparable(values[name])) for name in names])
    except (KeyError, ValueError, TypeError, ArithmeticError, AttributeError):
        return None
