"""Many items of one model: batches of its instances that are read, and of its items that are written."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from weakref import ref

from ..arguments import check_concurrency, check_mapping
from ..drivers import arun, run
from ..exceptions import BatchError, DynamoException, InvalidExpression, InvalidKey
from ..expressions import F
from ..flows import BREATHE, PACE, Call, Flow, Invoke, Place
from ..guards import NOTHING, Demand
from ..instances.changes import key_of_instance
from ..instances.loading import Part, loader
from ..requests import build_batch_get, build_batch_write
from ..schema import PARTIAL
from ..store import Store, store_of
from ..waiting import Pace, let_others_run
from ..wire.codec import WireItem, decode_item, encode_number
from ..wire.paths import Path
from ..wire.sizes import checked_size
from ..wire.texts import StoredItem, key_within
from .batches import MOST_KEYS, BatchRead, consumed, first_of, read_in_order
from .writes import Entry, entry_of


class TypedItems(NamedTuple):
    """The items of a model in wire form; see :class:`~dynamorm.many.batches.Items`.

    ``counted`` asks how much capacity reading them consumes, ``options`` are more arguments in DynamoDB's form.
    """

    store: Store
    place: Place
    consistent: bool = False
    paths: Sequence[Path] | None = None
    counted: bool = False
    options: Mapping[str, Any] = {}

    @property
    def name(self) -> str:
        return self.store.mapper.model_name

    def identity(self, item: StoredItem) -> tuple[Any, ...]:
        key = key_within(item, self.store.mapper.key.names)
        # each attribute of a key has one type in all items, and values of different types are never equal here
        return tuple([value["S"] if "S" in value else _told_apart(value) for value in key.values()])

    def read(self, keys: Sequence[WireItem]) -> Flow[dict[str, Any]]:
        request = build_batch_get(
            self.place.table, keys, consistent=self.consistent, paths=self.paths, capacity=self.counted
        )
        if self.options:
            request.payload["RequestItems"][self.place.table].update(self.options)
        answer: dict[str, Any] = yield Call(self.place.connection, request, self.store.model)
        return answer

    def found(self, answer: dict[str, Any]) -> list[StoredItem]:
        items: list[StoredItem] = answer.get("Responses", {}).get(self.place.table, [])
        return items

    def unread(self, answer: dict[str, Any]) -> list[WireItem]:
        keys: list[WireItem] = answer.get("UnprocessedKeys", {}).get(self.place.table, {}).get("Keys", [])
        return keys

    def plain(self, item: WireItem) -> dict[str, Any]:
        return decode_item(item)


class TypedWrites:
    """Where items of a model are written; see :class:`~dynamorm.many.writes.Target`."""

    def __init__(self, store: Store, place: Place) -> None:
        self.store = store
        self.place = place
        self.name = store.mapper.model_name
        self.lane = place.connection
        self.table = place.table
        self.sender = store.model
        # a text, since Python computes its hash once
        self._home = f"{id(self.lane)} {self.table}"
        self._names = store.mapper.key.names
        self._first = self._names[0]
        self._second = self._names[1] if len(self._names) > 1 else None
        upkeep = store.mapper.upkeep_of_deletes
        # of a parent's items, those of its children may have some
        self._has_guards = upkeep is not None and upkeep.unique is not None

    def key(self, item: WireItem) -> Hashable:
        # each attribute of a key has one type in all items, and values of different types are never equal here
        first = item[self._first]
        content = first["S"] if "S" in first else _told_apart(first)
        if self._second is None:
            return self._home, content
        second = item[self._second]
        if "N" in second and second["N"].isdigit():
            return self._home, content, second["N"]
        return self._home, content, second["S"] if "S" in second else _told_apart(second)

    def write(self, requests: Mapping[str, list[Any]], sender: Any) -> Flow[dict[str, Any]]:
        answer: dict[str, Any] = yield Call(self.place.connection, build_batch_write(requests), sender)
        return answer

    def write_alone(self, entry: Entry) -> Flow[Any]:
        send = self.store.delete if entry.deletes else self.store.put
        return send(self.place, entry.item, entry.demand)

    def following(self, entry: Entry, earlier: Entry) -> Entry:
        if self.store.mapper.version is None or entry.demand.version != earlier.demand.version:
            return entry
        item, demand = self.store.guards.following(
            entry.item, entry.demand, after_delete=earlier.deletes, deletes=entry.deletes
        )
        values = None if entry.values is None else demand.values
        return entry._replace(item=item, demand=demand, values=values)

    def key_of(self, item: WireItem) -> dict[str, Any]:
        key = {name: item[name] for name in self._names}
        try:
            return self.store.mapper.load(key, PARTIAL)
        except DynamoException:
            return decode_item(key)

    def plain(self, item: WireItem) -> dict[str, Any]:
        return decode_item(item)

    def put(self, item: WireItem, demand: Demand, position: int, tag: Any, given: Any) -> Entry:
        """Return the entry that stores a whole item.

        :raises ItemTooLarge: if it is larger than DynamoDB takes
        """
        size = checked_size(item, self.name)
        if demand is NOTHING:
            return entry_of((self, self.key(item), item, False, size, position, tag, given, None, None))
        values = demand.values if isinstance(given, self.store.model) else None
        alone = self._alone(demand)
        if alone is None:
            item = self.store.mapper.stored_form(item)
        return entry_of((self, self.key(item), item, False, size, position, tag, given, alone, values))

    def delete(self, key: WireItem, demand: Demand, position: int, tag: Any, given: Any) -> Entry:
        """Return the entry that deletes the item with a key."""
        entry = self, self.key(key), key, True, KEY_SIZE, position, tag, given, self._alone(demand), None
        return entry_of(entry)

    def _alone(self, demand: Demand) -> Demand | None:
        """Return what is to be sent alone, which is what has conditions, or guards beside it."""
        return demand if demand.conditions or self._has_guards else None


def _told_apart(value: Mapping[str, Any]) -> str | bytes:
    """Return what tells the value of a key from others; Python hashes a text once, and a number every time."""
    if "N" not in value:
        return bytes(value["B"])
    text: str = value["N"]
    return text if text.isdigit() else encode_number(Decimal(text))


class MeteredWrites(TypedWrites):
    """Those of which it is told how many capacity units each answer consumed."""

    def __init__(self, store: Store, place: Place, spend: Callable[[float], None]) -> None:
        super().__init__(store, place)
        self._spend = spend

    def write(self, requests: Mapping[str, list[Any]], sender: Any) -> Flow[dict[str, Any]]:
        request = build_batch_write(requests, capacity=True)
        answer: dict[str, Any] = yield Call(self.place.connection, request, sender)
        self._spend(consumed(answer))
        return answer


# The most bytes that the text of a key takes: those of 2,048 and 1,024 bytes, each of which may be written as six.
KEY_SIZE = 6 * (2_048 + 1_024)


def key_in_any_form(store: Store, given: Any) -> WireItem:
    """Return the wire form of a key given as a dict, an instance, a tuple, or the bare value of a single hash key."""
    mapper = store.mapper
    if type(given) is dict or isinstance(given, Mapping):
        return store.wire_key(given)
    if isinstance(given, store.model):
        return key_of_instance(store_of(type(given)).mapper, given)  # a kind of the model may have keys of its own
    values = given if isinstance(given, (tuple, list)) else (given,)
    for names in (mapper.key_names, [name for name in mapper.key_names if name not in store.filled({})]):
        if len(values) == len(names):
            return store.wire_key(dict(zip(names, values, strict=True)))
    raise InvalidKey(f"{given!r}: the key of {mapper.model_name} is {', '.join(mapper.key_names)}")


class InstancesOfKeys:
    """What ``get_batch`` is asked for: the instances of any number of keys."""

    def __init__(
        self,
        store: Store,
        keys: Iterable[Any],
        consistent: bool,
        attrs: Any,
        raw: Mapping[str, Any] | None = None,
        concurrency: int = 1,
    ) -> None:
        check_concurrency(concurrency)
        if raw:
            consistent, attrs = _with_boto3_arguments(raw, consistent, attrs)
        if isinstance(attrs, str):
            attrs = [F(name.strip()) for name in attrs.split(",")]  # an expression, which may name anything
        paths = None if attrs is None else store.mapper.paths(attrs)
        if isinstance(keys, (str, bytes, Mapping)) or not isinstance(keys, Iterable):
            raise InvalidKey(f"get_batch({keys!r}): a list of keys is meant")
        place = store.here
        part: Part = paths is not None
        if paths is not None and store.mapper.has_forms:  # which are upgraded as wholes, and these cost the same
            part, paths = frozenset([str(path[0]) for path in paths]), None
        self.load: Callable[[StoredItem], Any] = loader(store, part, place)
        self.items = TypedItems(store, place, consistent, paths)
        self._concurrency = concurrency
        # iterators are gone through as keys are asked for; lists may be changed before that
        self._comes_by_and_by = isinstance(keys, Iterator)
        given = keys if self._comes_by_and_by else list(keys)
        self.keys = (key_in_any_form(store, key) for key in given)

    def as_they_come(self) -> Iterating:
        """Return an iterator of the instances that are there."""
        return self._iterating(self.keys if self._comes_by_and_by else iter(list(self.keys)))

    def found(self) -> Flow[list[Any]]:
        """Return the instances that are there, in any order."""
        keys = self.keys if self._comes_by_and_by else iter((yield from self._every_key()))
        iterating, found = self._iterating(keys), []
        while (yield from iterating.fetch()):
            while (instance := iterating.next_waiting()) is not None:
                found.append(instance)
                if len(found) % PACE == 0:
                    yield BREATHE
        return found

    def ordered(self) -> Flow[list[Any]]:
        """Return the instances in the order of the keys, with ``None`` in place of what is not there."""
        load = self.load
        try:
            keys = yield from self._every_key()
            items = yield from read_in_order(self.items, keys, concurrency=self._concurrency)
        except BatchError as error:
            raise BatchError(str(error), [load(wire) for wire in error.done], error.missing) from None
        found: list[Any] = []
        for wire in items:
            found.append(None if wire is None else load(wire))
            if len(found) % PACE == 0:
                yield BREATHE
        return found

    def _every_key(self) -> Flow[list[WireItem]]:
        keys: list[WireItem] = []
        # going through the keys is the caller's code, or calls it
        while some := (yield Invoke(first_of, (self.keys, MOST_KEYS))):
            keys += some
            yield BREATHE
        return keys

    def _iterating(self, keys: Iterator[WireItem]) -> Iterating:
        return Iterating(BatchRead(self.items, keys, concurrency=self._concurrency), self.load)


def _with_boto3_arguments(raw: Any, consistent: bool, attrs: Any) -> tuple[bool, Any]:
    """Return whether reads are consistent, and the attributes that are wanted, with what boto3's arguments say."""
    check_mapping("batch_get_kwargs", raw, InvalidExpression)
    rest = dict(raw)
    consistent = bool(rest.pop("ConsistentRead", False)) or consistent
    names, text = rest.pop("ExpressionAttributeNames", {}), rest.pop("ProjectionExpression", None)
    if rest or (text is not None and attrs is not None):
        given = ", ".join(rest) or "ProjectionExpression beside attrs"
        raise InvalidExpression(
            f"batch_get_kwargs takes ConsistentRead, ProjectionExpression and ExpressionAttributeNames, not {given}"
        )
    if text is not None:
        attrs = re.sub(r"#\w+", lambda holder: names.get(holder[0], holder[0]), text)
    return consistent, attrs


class Iterating(Generator[Any, None, None]):
    """Goes through the instances of a batch; one that the schema refuses raises, and the next one comes after it."""

    def __init__(self, batch: BatchRead, load: Callable[[StoredItem], Any]) -> None:
        self._batch = batch
        self._load = load
        self._waiting: list[StoredItem] = []  # from the end to the beginning: each is let go when it is taken
        # for the error that may come: those that are still somebody's, for there may be any number
        self._done: list[ref[Any]] = []
        self._many = 1_000
        self._ended = False
        self._pace = Pace()

    def __next__(self) -> Any:
        while True:
            instance = self.next_waiting()
            if instance is not None:
                return instance
            if not run(self.fetch()):
                raise StopIteration

    def __aiter__(self) -> Iterating:
        return self

    async def __anext__(self) -> Any:
        if self._pace.is_due():
            await let_others_run()
        while True:
            instance = self.next_waiting()
            if instance is not None:
                return instance
            if not await arun(self.fetch()):
                raise StopAsyncIteration

    def next_waiting(self) -> Any:
        """Return the next instance of those that have come, ``None`` if there is none."""
        while self._waiting:
            instance = self._load(self._waiting.pop())
            if instance is not None:
                self._done.append(ref(instance))
                return instance
        return None

    def fetch(self) -> Flow[bool]:
        """Ask for more; returns whether there was anything to ask for."""
        if self._ended:
            return False
        try:
            found = yield from self._batch.next_found()
        except BatchError as error:
            self._ended = True
            done = [instance for one in self._done if (instance := one()) is not None]
            done += map(self._load, error.done)
            raise BatchError(str(error), done, error.missing) from None
        if found is None:
            return False
        if len(self._done) > self._many:
            self._done = [one for one in self._done if one() is not None]
            self._many = 2 * len(self._done) + 1_000
        self._waiting = found[::-1]
        return True

    def send(self, value: Any) -> Any:
        return next(self)

    def throw(self, *error: Any) -> Any:
        self._ended, self._waiting = True, []
        return super().throw(*error)
