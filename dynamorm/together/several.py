"""Several instances of any models: loaded together, and saved, deleted or reconciled one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from ..arguments import is_atomic
from ..drivers import run
from ..exceptions import BatchError, DynaModelException, DynamoException, InvalidExpression, ObjectsNotFound
from ..flows import Call, Connection, Flow, Invoke, Overriding, Place
from ..instances.changes import key_of_instance, require_same_key
from ..instances.in_flight import InFlight
from ..instances.loading import replace_all
from ..iterables import can_be_gone_through, everything_in
from ..many.batches import BatchRead
from ..many.typed_items import TypedItems
from ..requests import build_batch_get_of_tables
from ..store import Store, is_complete_model, store_of
from ..wire.codec import WireItem, decode_item
from ..wire.texts import StoredItem, item_of
from ..writing import saving

# The verbs.


def load(*instances: Any, consistent: bool = False) -> None:
    """Read the items of instances, in place of everything that the instances hold.

    Each argument is an instance or an iterable of instances, of any models.  Their items are asked for together, a
    hundred at a time.

    :raises ObjectsNotFound: for those whose items are not there, when all others are loaded
    :raises BatchError: if DynamoDB goes on leaving some undone
    """
    if not isinstance(consistent, bool):
        raise InvalidExpression(f"load(consistent={consistent!r}): True or False is meant; load() takes instances only")
    run(load_several(instances, consistent))


def save(*instances: Any, conditions: Any = None, atomic: bool = False, if_unchanged: bool = False) -> None:
    """Save instances as wholes, one after the other, each as its own ``save`` does.

    Each argument is an instance or an iterable of instances, of any models.  An error says which were saved, in its
    ``done``, and which were not, in its ``left``.

    :param conditions: what has to hold of each item
    :param atomic: only those whose items are still as they were loaded
    """
    run(write_several(SAVE, instances, conditions, is_atomic("save", atomic, if_unchanged)))


def delete(*instances: Any, conditions: Any = None, atomic: bool = False, if_unchanged: bool = False) -> None:
    """Delete the items of instances, one after the other, each as its own ``delete`` does; see :func:`save`."""
    run(write_several(DELETE, instances, conditions, is_atomic("delete", atomic, if_unchanged)))


def sync(*instances: Any, conditions: Any = None, atomic: bool = False, if_unchanged: bool = False) -> None:
    """Reconcile instances with their items one by one, each as its own ``sync`` does; see :func:`save`."""
    run(write_several(SYNC, instances, conditions, is_atomic("sync", atomic, if_unchanged)))


def _given(verb: str, arguments: Iterable[Any]) -> Flow[list[Any]]:
    """Return the instances that are given one by one or in iterables."""
    found: list[Any] = []
    for argument in arguments:
        if is_complete_model(type(argument)):
            found.append(argument)
            continue
        if isinstance(argument, (str, bytes, Mapping)) or not can_be_gone_through(argument):
            raise _no_instance(verb, argument)
        # going through it is the caller's code, or calls it
        for one in (yield from everything_in(argument, verb)):
            if not is_complete_model(type(one)):
                raise _no_instance(verb, one)
            found.append(one)
    return found


def _no_instance(verb: str, given: Any) -> DynaModelException:
    # which may be an item, with its secrets
    kind = f"the model {given.__name__}" if is_complete_model(given) else f"a value of type {type(given).__name__}"
    return DynaModelException(f"{verb}() takes instances of models, or iterables of them, not {kind}")


# Writing.

Write = Callable[[Store, Any, Any, bool], Flow[Any]]


class Verb(NamedTuple):
    """What is done to each instance: by the first of the verbs that its model has replaced, or else by ``write``."""

    name: str
    replaceable: tuple[str, ...]
    write: Write


def _save(store: Store, instance: Any, conditions: Any, atomic: bool) -> Flow[Any]:
    return saving.save(store, instance, saving.Wish(conditions=conditions, atomic=atomic), {})


def _delete(store: Store, instance: Any, conditions: Any, atomic: bool) -> Flow[Any]:
    return saving.delete_instance(store, instance, saving.Wish(conditions=conditions, atomic=atomic), {})


SAVE = Verb("save", ("save",), _save)
DELETE = Verb("delete", ("delete",), _delete)
SYNC = Verb("sync", ("sync", "reconcile"), saving.reconcile)


def write_several(verb: Verb, arguments: Iterable[Any], conditions: Any, atomic: bool) -> Flow[None]:
    """Do something to one instance after the other; an error says how far it came."""
    instances = yield from _given(verb.name, arguments)
    stores = [store_of(type(instance)) for instance in instances]
    for store in dict.fromkeys(stores):
        store.mapper.conditions([conditions])  # refused before anything is sent
    for position, (store, instance) in enumerate(zip(stores, instances, strict=True)):
        try:
            yield from _write_one(verb, store, instance, conditions, atomic)
        except Exception as error:
            error.done, error.left = instances[:position], instances[position:]  # type: ignore[attr-defined]
            raise


def _write_one(verb: Verb, store: Store, instance: Any, conditions: Any, atomic: bool) -> Flow[None]:
    for name in verb.replaceable:
        if store.is_replaced(name) and (own := (yield Overriding(store, name))) is not None:
            break
    else:
        yield from verb.write(store, instance, conditions, atomic)
        return
    # what code for DynamORM 0.11 need not take is only given where it is asked for
    options = {**({} if conditions is None else {"conditions": conditions}), **({"atomic": True} if atomic else {})}
    yield Invoke(own, (instance,), options)


# Loading.

# A key or an item, and the table that it is in.
InTable = tuple[str, Any]


class SeveralTables:
    """The items of several tables in one place; see :class:`~dynamorm.many.batches.Items`."""

    def __init__(self, connection: Connection, consistent: bool) -> None:
        self._connection = connection
        self._consistent = consistent
        self._items: dict[str, TypedItems] = {}
        self._models: dict[Any, None] = {}

    def add(self, store: Store, place: Place) -> None:
        """Let the items of a model be among them."""
        self._items.setdefault(place.table, TypedItems(store, place))
        self._models[store.model] = None

    @property
    def name(self) -> str:
        return ", ".join(model.__name__ for model in self._models)

    def identity(self, item: InTable) -> tuple[Any, ...]:
        table, content = item
        return table, *self._items[table].identity(content)

    def read(self, keys: Sequence[InTable]) -> Flow[dict[str, Any]]:
        asked: dict[str, list[WireItem]] = {}
        for table, key in keys:
            asked.setdefault(table, []).append(key)
        request = build_batch_get_of_tables(asked, consistent=self._consistent)
        sender = next(iter(self._models)) if len(self._models) == 1 else None
        answer: dict[str, Any] = yield Call(self._connection, request, sender)
        return answer

    def found(self, answer: dict[str, Any]) -> list[tuple[str, StoredItem]]:
        by_table: dict[str, list[StoredItem]] = answer.get("Responses", {})
        return [(table, item) for table, items in by_table.items() for item in items]

    def unread(self, answer: dict[str, Any]) -> list[InTable]:
        by_table: dict[str, Any] = answer.get("UnprocessedKeys", {})
        return [(table, key) for table, asked in by_table.items() for key in asked["Keys"]]

    def plain(self, item: InTable) -> dict[str, Any]:
        return decode_item(item[1])


class _Awaited(NamedTuple):
    """An instance whose item is asked for, and what it held then."""

    instance: Any
    store: Store
    place: Place
    sent: InFlight

    def take(self, item: WireItem) -> None:
        replace_all(self.store.mapper, self.instance, item, self.sent, self.place)


def load_several(arguments: Iterable[Any], consistent: bool) -> Flow[None]:
    """Fill instances with what is stored of them."""
    instances = yield from _given("load", arguments)
    tables: dict[Connection, SeveralTables] = {}
    keys: dict[Connection, list[InTable]] = {}
    awaited: dict[tuple[Any, ...], list[_Awaited]] = {}
    for instance in instances:
        store = store_of(type(instance))
        require_same_key(store.mapper, instance, "load()")
        place = store.place_of(instance)
        several = tables.setdefault(place.connection, SeveralTables(place.connection, consistent))
        several.add(store, place)
        key = (place.table, key_of_instance(store.mapper, instance))
        keys.setdefault(place.connection, []).append(key)
        one = _Awaited(instance, store, place, InFlight(instance, store.mapper.fields))
        awaited.setdefault((place.connection, *several.identity(key)), []).append(one)
    refused: list[DynamoException] = []
    loaded: set[int] = set()
    for connection, several in tables.items():
        batch = BatchRead(several, keys[connection])
        try:
            while (found := (yield from batch.next_found())) is not None:
                _take(several, connection, found, awaited, loaded, refused)
        except BatchError as error:
            _take(several, connection, error.done, awaited, loaded, refused)
            raise _as_of_instances(error, instances, loaded) from None
    if refused:
        raise refused[0]
    missing = [instance for instance in instances if id(instance) not in loaded]
    if missing:
        raise ObjectsNotFound(_said_of(missing, len(instances)), missing)


def _take(
    several: SeveralTables,
    connection: Connection,
    found: Iterable[tuple[str, StoredItem]],
    awaited: Mapping[tuple[Any, ...], list[_Awaited]],
    loaded: set[int],
    refused: list[DynamoException],
) -> None:
    """Put what was found into the instances that wait for it; what their schema refuses is told at the end."""
    for table, item in found:
        for one in awaited.get((connection, *several.identity((table, item))), ()):
            try:
                shown = one.store.mapper.shown(item, one.store)
                if shown is None:
                    continue  # what is there by now is of another kind, or expired
                loaded.add(id(one.instance))
                one.take(item_of(shown[1]))
            except DynamoException as error:
                refused.append(error)


def _as_of_instances(error: BatchError, instances: Sequence[Any], loaded: set[int]) -> BatchError:
    """Return the error with the instances that were loaded, and those that were not."""
    done = [instance for instance in instances if id(instance) in loaded]
    return BatchError(str(error), done, [instance for instance in instances if id(instance) not in loaded])


_SHOWN = 5


def _said_of(missing: Sequence[Any], many: int) -> str:
    shown = ", ".join(chain(map(repr, missing[:_SHOWN]), ["..."] if len(missing) > _SHOWN else []))
    return f"{len(missing)} of {many} instances are not in the table: {shown}"
