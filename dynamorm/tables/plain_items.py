"""Items without a schema: plain values in and out, under the names by which they are stored, through boto3's resource.

Conditions and updates are written as for models.  They are put into expressions here, and their values handed to boto3
as plain values like all others.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence, Set
from typing import Any, NamedTuple

from ..arguments import check_mapping
from ..drivers import run
from ..exceptions import ConditionFailed, InvalidExpression, InvalidKey, UnstorableValue
from ..expressions import FUNCTIONS, Action, Change, Comparison, Condition, Resolver, Sum, SumOperand, parts_of
from ..flows import CallPlain, Connection, Flow
from ..many.batches import BatchRead
from ..many.writes import Entry, Writes
from ..requests import Request, build_delete, build_put, build_query, build_scan, build_update
from ..requests.boto3_arguments import merged, without_conditions
from ..requests.items import shown_request
from ..spec import KeySpec
from ..wire.codec import decode_item

PlainItem = dict[str, Any]
Options = Mapping[str, Any]


class PlainRequest(NamedTuple):
    """An operation of DynamoDB's API, with plain values in place of the wire form, as boto3's resource takes it."""

    operation: str
    payload: dict[str, Any]

    def __repr__(self) -> str:
        return shown_request(self.operation, self.payload)


class PlainItems(NamedTuple):
    """The items of the table of a name; ``keys`` are the names of its key attributes."""

    connection: Connection
    table: str
    keys: tuple[str, ...]

    # One item.

    def put(self, item: Mapping[str, Any], options: Options, *more: Condition) -> Flow[PlainItem]:
        """Store an item in place of what was there."""
        rest, conditions = without_conditions(options)
        request = merged(build_put(self.table, {}, (*more, *self._resolved(conditions))), rest)
        return (yield from self.ask(request, Item=self._item(item)))

    def put_unique(self, item: Mapping[str, Any], options: Options) -> Flow[PlainItem]:
        """Store an item if there is none with its key."""
        try:
            return (yield from self.put(item, options, Comparison((self.keys[0],), "not_exists")))
        except ConditionFailed as error:
            if error.item is not None or "ConditionExpression" not in options:
                raise error.as_hash_key_exists() from error.__cause__
            raise

    def get(self, key: Mapping[str, Any], consistent: bool, options: Options | None = None) -> Flow[PlainItem | None]:
        """Return the item with a key."""
        more = {"ConsistentRead": True} if consistent else {}
        request = PlainRequest("GetItem", {**(options or {}), "TableName": self.table, **more})
        answer = yield from self.ask(request, Key=self.whole_key(key))
        item: PlainItem | None = answer.get("Item")
        return item

    def update(
        self, actions: Sequence[Any], conditions: Any, options: Options | None, keys_and_updates: Mapping[str, Any]
    ) -> Flow[PlainItem]:
        """Change an item, or create it."""
        key = {name: value for name, value in keys_and_updates.items() if name in self.keys}
        updates = {name: value for name, value in keys_and_updates.items() if name not in key}
        rest, more = without_conditions(options)
        planned = self._actions(actions, updates)
        if not planned and "UpdateExpression" not in rest:
            raise InvalidExpression(f"an update of table {self.table} needs something to change")
        request = build_update(self.table, {}, planned, self._resolved([conditions, *more]), returning="NONE")
        return (yield from self.ask(merged(request, rest), Key=self.whole_key(key)))

    def delete(self, key: Mapping[str, Any]) -> Flow[PlainItem]:
        """Delete the item with a key."""
        return (yield from self.ask(build_delete(self.table, {}), Key=self.whole_key(key)))

    # Many items.

    def put_batch(self, items: Iterable[Mapping[str, Any]]) -> Flow[None]:
        """Store any number of items; of those with one key the last."""
        target, writes = PlainWrites(self), Writes()
        yield from writes.send_all([target.put(self._item(item), position) for position, item in enumerate(items)])
        yield from writes.finish()
        writes.report.raise_first()

    def get_batch(
        self, keys: Iterable[Mapping[str, Any]], consistent: bool, attrs: str | Iterable[str] | None, options: Options
    ) -> Iterator[PlainItem]:
        """Return an iterator of the items with any number of keys, those that are there."""
        batch = self._batch(keys, consistent, attrs, options)
        return itertools.chain.from_iterable(iter(lambda: run(batch.next_found()), None))

    def found(
        self, keys: Iterable[Mapping[str, Any]], consistent: bool, attrs: str | Iterable[str] | None, options: Options
    ) -> Flow[list[PlainItem]]:
        """Return the items with any number of keys, those that are there."""
        batch, found = self._batch(keys, consistent, attrs, options), []
        while (some := (yield from batch.next_found())) is not None:
            found += some
        return found

    def _batch(
        self, keys: Iterable[Mapping[str, Any]], consistent: bool, attrs: str | Iterable[str] | None, options: Options
    ) -> BatchRead:
        asked: dict[str, Any] = dict(options)
        if consistent:
            asked["ConsistentRead"] = True
        if isinstance(attrs, str):
            asked["ProjectionExpression"] = attrs
        elif attrs is not None:
            names = {f"#p{number}": name for number, name in enumerate(dict.fromkeys(attrs))}
            asked["ProjectionExpression"] = ", ".join(names)
            asked["ExpressionAttributeNames"] = names
        return BatchRead(PlainBatch(self, asked), map(self.whole_key, keys))

    def query(
        self, key: KeySpec | None, conditions: Sequence[Any], options: Options, lookups: Mapping[str, Any]
    ) -> Flow[PlainItem]:
        """Return one page of the items with a hash key; ``key`` is that of the table or index that is queried."""
        rest, more = without_conditions(options)
        parts = [inner for part in self._resolved([*conditions, *more], lookups) for inner in parts_of(part)]
        found: list[Comparison] = []
        filters: list[Condition] = []
        for part in parts:
            if isinstance(part, Comparison) and not part.size and key is not None and part.path in _paths(key.names):
                found.append(part)
            else:
                filters.append(part)
        # the legacy form too, which DynamoDB still takes
        in_words_of_boto3 = "KeyConditionExpression" in rest or "KeyConditions" in rest
        if key is not None and not in_words_of_boto3:
            if not {*key.hash_names} <= {part.path[0] for part in found}:
                needed = " and ".join(f"{name}=..." for name in key.hash_names)
                raise InvalidKey(f"a query of table {self.table} needs {needed}, its hash key; scan() reads without")
        elif key is None and not in_words_of_boto3:
            raise InvalidKey(
                f"a query of table {self.table} on index {options.get('IndexName')!r}, which is not declared: "
                "declare it, or give the KeyConditionExpression as text"
            )
        # local engines want the hash key first
        found.sort(key=lambda part: 0 if key is None else key.names.index(str(part.path[0])))
        return (yield from self.ask(merged(build_query(self.table, found, filters=filters), rest)))

    def scan(self, conditions: Sequence[Any], options: Options, lookups: Mapping[str, Any]) -> Flow[PlainItem]:
        """Return one page of the items."""
        rest, more = without_conditions(options)
        filters = self._resolved([*conditions, *more], lookups)
        return (yield from self.ask(merged(build_scan(self.table, filters=filters), rest)))

    # What they share.

    @property
    def _resolver(self) -> Resolver:
        return Resolver(f"table {self.table}", None)

    def _resolved(self, conditions: Iterable[Any], lookups: Mapping[str, Any] | None = None) -> tuple[Condition, ...]:
        return tuple(self._resolver.conditions(conditions, lookups))

    def _actions(self, changes: Sequence[Any], updates: Mapping[str, Any]) -> list[Action]:
        actions = []
        for change in changes:
            if not isinstance(change, Change):
                raise InvalidExpression(f"{change!r} is no action such as F('views').add(1)")
            actions.append(self._action(self._resolver.walk(change.target)[0], change.kind, change.value))
        for name, value in updates.items():
            path, _spec, words = self._resolver.split(name, FUNCTIONS)
            actions.append(self._action(path, words[0] if words else "set", value))
        return actions

    def _action(self, path: tuple[str | int, ...], kind: str, value: Any) -> Action:
        if path[0] in self.keys:
            raise InvalidKey(f"{path[0]} is part of the key of table {self.table}, which DynamoDB cannot update")
        if kind == "remove" or (kind == "set" and (value is None or _is_empty_set(value))):
            return Action("remove", path)
        if isinstance(value, Sum):
            left, right = self._operand(value.left), self._operand(value.right)
            return Action(kind, path, SumOperand(left, value.sign, right))
        if kind in ("append", "prepend") and not isinstance(value, (list, tuple)):
            value = [value]
        return Action(kind, path, self._operand(value))

    def _operand(self, value: Any) -> Any:
        other = self._resolver.path_operand(value)
        return self._resolver.operand(None, value) if other is None else other

    def ask(self, request: Request | PlainRequest, **plain: Any) -> Flow[PlainItem]:
        """Send a request with plain values in place of those in wire form."""
        payload = {**request.payload, **plain}
        for name in ("ExpressionAttributeValues", "ExclusiveStartKey"):
            if name in payload:
                payload[name] = decode_item(payload[name])
        try:
            answer: PlainItem = yield CallPlain(self.connection, PlainRequest(request.operation, payload))
        except (TypeError, ArithmeticError) as error:  # what boto3 makes of values that it cannot send
            raise UnstorableValue(f"{request.operation} on table {self.table} was not sent: {error}") from error
        return answer

    def _item(self, item: Mapping[str, Any]) -> PlainItem:
        check_mapping(f"an item of table {self.table}", item, InvalidExpression)
        return _without_nothing(item)

    def whole_key(self, key: Mapping[str, Any]) -> PlainItem:
        """Return a key as a dict, all of it and nothing else."""
        check_mapping(f"a key of table {self.table}", key, InvalidKey)
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


class PlainBatch(NamedTuple):
    """The plain items of a batch; see :class:`~dynamorm.many.batches.Items`."""

    of: PlainItems
    options: Options

    @property
    def name(self) -> str:
        return f"table {self.of.table}"

    def identity(self, item: Mapping[str, Any]) -> tuple[Any, ...]:
        key = self.of.whole_key({name: item.get(name) for name in self.of.keys})
        identity = tuple(
            bytes(value) if isinstance(value, (bytearray, memoryview)) else value
            for value in (key[name] for name in self.of.keys)
        )
        try:
            hash(identity)
        except TypeError:
            raise InvalidKey(f"table {self.of.table}: {key!r} cannot be a key") from None
        return identity

    def read(self, keys: Sequence[PlainItem]) -> Flow[dict[str, Any]]:
        asked = {**self.options, "Keys": list(keys)}
        return self.of.ask(PlainRequest("BatchGetItem", {"RequestItems": {self.of.table: asked}}))

    def found(self, answer: dict[str, Any]) -> list[PlainItem]:
        items: list[PlainItem] = answer.get("Responses", {}).get(self.of.table, [])
        return items

    def unread(self, answer: dict[str, Any]) -> list[PlainItem]:
        keys: list[PlainItem] = answer.get("UnprocessedKeys", {}).get(self.of.table, {}).get("Keys", [])
        return keys

    def plain(self, item: PlainItem) -> dict[str, Any]:
        return item


class PlainWrites:
    """Where plain items are written; see :class:`~dynamorm.many.writes.Target`."""

    sender = None

    def __init__(self, of: PlainItems) -> None:
        self._of = of
        self._batch = PlainBatch(of, {})
        self.name = self._batch.name
        self.lane = "plain", of.connection
        self.table = of.table

    def key(self, item: PlainItem) -> Hashable:
        return self.lane, self.table, self._batch.identity(item)

    def write(self, requests: Mapping[str, list[Any]], sender: Any) -> Flow[PlainItem]:
        return self._of.ask(PlainRequest("BatchWriteItem", {"RequestItems": requests}))

    def write_alone(self, entry: Entry) -> Flow[Any]:
        raise AssertionError(f"{entry}: plain items have no demands")

    def following(self, entry: Entry, earlier: Entry) -> Entry:
        return entry

    def key_of(self, item: PlainItem) -> dict[str, Any]:
        return {name: item[name] for name in self._of.keys}

    def plain(self, item: PlainItem) -> dict[str, Any]:
        return item

    def put(self, item: PlainItem, position: int) -> Entry:
        """Return the entry that stores an item, whose size nobody knows before boto3 has written it."""
        return Entry(self, self.key(item), item, False, 0, position, None, item)


def _paths(key: tuple[str, ...]) -> list[tuple[str | int, ...]]:
    return [(name,) for name in key]


def _without_nothing(values: Mapping[str, Any]) -> PlainItem:
    """Leave out what is ``None`` or an empty set, inside of mappings too."""
    return {
        name: _without_nothing(value) if isinstance(value, Mapping) else value
        for name, value in values.items()
        if value is not None and not _is_empty_set(value)
    }


def _is_empty_set(value: Any) -> bool:
    return isinstance(value, Set) and not value
