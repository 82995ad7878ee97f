"""Items without a schema: plain values in and out, by the names under which they are stored, through boto3's resource."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any, NamedTuple

from .connection import Connection
from .exceptions import ConditionFailed, InvalidKey, Throttled, UnstorableValue
from .requests import Request

KEYS_OF_A_GET = 100
ITEMS_OF_A_WRITE = 25
# How often in a row an answer may leave everything unprocessed before that is an error.
FRUITLESS_ROUNDS = 12

PlainItem = dict[str, Any]


class RawItems(NamedTuple):
    """The items of the table of a name; ``keys`` are the names of its key attributes."""

    connection: Connection
    table: str
    keys: tuple[str, ...]

    def put(self, item: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
        """Store an item in place of what was there."""
        return self._call("PutItem", {**options, "TableName": self.table, "Item": _without_nothing(item)})

    def put_unique(self, item: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
        """Store an item if there is none with its key."""
        names = dict(options.get("ExpressionAttributeNames") or {})
        names["#dynamorm_key"] = self.keys[0]
        absent = "attribute_not_exists(#dynamorm_key)"
        condition = options.get("ConditionExpression")
        if condition is not None and not isinstance(condition, str):
            raise InvalidKey(
                f"put_unique: ConditionExpression = {condition!r} has to be the text of an expression: it is sent together "
                "with the condition that the key is new"
            )
        more = {
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            "ConditionExpression": f"{absent} AND ({condition})" if condition else absent,
            "ExpressionAttributeNames": names,
        }
        try:
            return self.put(item, {**options, **more})
        except ConditionFailed as error:
            if error.item is not None or not condition:
                raise error.as_hash_key_exists() from error.__cause__
            raise

    def put_batch(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Store any number of items; of those with one key the last."""
        plain = [_without_nothing(item) for item in items]
        named = [(self._identity({name: item.get(name) for name in self.keys}), item) for item in plain]
        for chunk in _chunks(named, ITEMS_OF_A_WRITE):
            writes = [{"PutRequest": {"Item": item}} for item in dict(chunk).values()]
            for _answer in self._batch("BatchWriteItem", "UnprocessedItems", writes):
                pass

    def get(
        self, key: Mapping[str, Any], consistent: bool, options: Mapping[str, Any] | None = None
    ) -> PlainItem | None:
        """Give the item with a key."""
        payload = {**(options or {}), "TableName": self.table, "Key": self._key(key)}
        if consistent:
            payload["ConsistentRead"] = True
        return self._call("GetItem", payload).get("Item")

    def get_batch(
        self, keys: Iterable[Mapping[str, Any]], consistent: bool, attrs: str | Iterable[str] | None
    ) -> Iterator[PlainItem]:
        """Give the items with any number of keys, those that are there."""
        options: dict[str, Any] = {"ConsistentRead": True} if consistent else {}
        if isinstance(attrs, str):
            options["ProjectionExpression"] = attrs
        elif attrs is not None:
            names = {f"#n{number}": name for number, name in enumerate(dict.fromkeys(attrs))}
            options["ProjectionExpression"] = ", ".join(names)
            options["ExpressionAttributeNames"] = names
        for chunk in _chunks(self._each_once(keys), KEYS_OF_A_GET):
            for answer in self._batch("BatchGetItem", "UnprocessedKeys", chunk, options):
                yield from answer.get("Responses", {}).get(self.table, ())

    def delete(self, key: Mapping[str, Any]) -> dict[str, Any]:
        """Delete the item with a key."""
        return self._call("DeleteItem", {"TableName": self.table, "Key": self._key(key)})

    def _call(self, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        try:
            return self.connection.call_resource(Request(operation, payload))
        except (TypeError, ArithmeticError) as error:  # what boto3 makes of values that it cannot send
            raise UnstorableValue(f"{operation} on table {self.table} was not sent: {error}") from error

    def _batch(
        self, operation: str, unprocessed: str, entries: list[Any], options: Mapping[str, Any] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Send what a batch holds, and again what was left of it, until nothing is."""
        fruitless = 0
        while entries:
            wanted = entries if operation == "BatchWriteItem" else {**(options or {}), "Keys": entries}
            answer = self._call(operation, {"RequestItems": {self.table: wanted}})
            yield answer
            rest = answer.get(unprocessed, {}).get(self.table, [])
            left = rest if operation == "BatchWriteItem" else (rest and rest["Keys"])
            fruitless = fruitless + 1 if len(left) == len(entries) else 0
            if fruitless >= FRUITLESS_ROUNDS:
                raise Throttled(
                    f"{operation} on table {self.table}: {len(left)} entries were left unprocessed {fruitless} times in a "
                    "row: the table has too little throughput for them"
                )
            entries = left
            if entries:
                time.sleep(random.uniform(0, min(0.05 * 2**fruitless, 5.0)))

    def _key(self, key: Mapping[str, Any]) -> PlainItem:
        missing = [name for name in self.keys if key.get(name) is None]
        superfluous = [name for name in key if name not in self.keys]
        if missing or superfluous:
            said = [
                f"{what}: {', '.join(names)}"
                for what, names in (("missing", missing), ("superfluous", superfluous))
                if names
            ]
            raise InvalidKey(f"the key of table {self.table} is {', '.join(self.keys)}; {'; '.join(said)}")
        return dict(key)

    def _identity(self, key: Mapping[str, Any]) -> tuple[Any, ...]:
        """Give a key in a form by which equal ones are found."""
        identity = tuple(
            bytes(value) if isinstance(value, (bytearray, memoryview)) else value
            for value in (self._key(key)[name] for name in self.keys)
        )
        try:
            hash(identity)
        except TypeError:
            raise InvalidKey(f"table {self.table}: {dict(key)!r} cannot be a key") from None
        return identity

    def _each_once(self, keys: Iterable[Mapping[str, Any]]) -> Iterator[PlainItem]:
        seen = set()
        for key in keys:
            identity = self._identity(key)
            if identity not in seen:
                seen.add(identity)
                yield dict(key)


def _chunks(entries: Iterable[Any], size: int) -> Iterator[list[Any]]:
    entries = iter(entries)
    while chunk := list(itertools.islice(entries, size)):
        yield chunk


def _without_nothing(values: Mapping[str, Any]) -> PlainItem:
    """Leave out what is ``None`` or an empty set, inside of mappings too."""
    return {
        name: _without_nothing(value) if isinstance(value, Mapping) else value
        for name, value in values.items()
        if value is not None and not (isinstance(value, Set) and not value)
    }
