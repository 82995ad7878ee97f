"""Every way in which a model writes an item, so that what must hold for each write is tried on each of them.

``test_guards.py`` fails where a verb that writes is missing here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dynamorm
from dynamorm import Composite, DynaModel, GlobalIndex, ProjectAll, Transaction, TransactionCanceled

from ..libraries import Library, integer, listing, mapping, moment, text

FIELDS = {
    "id": text(required=True),
    "kind": text(),
    "balance": integer(),
    "rev": integer(),
    "made": moment(),
    "changed": moment(),
    "meta": mapping(),
    "tags": listing(text()),
}
TABLE = {"hash_key": "id", "version": "rev", "created": "made", "updated": "changed"}
START = dt.datetime(2030, 1, 2, 3, 4, 5, 678_901, tzinfo=dt.timezone.utc)


def account_model(library: Library, name: str = "accounts", **more: Any) -> Any:
    """Return a model whose table demands all there is."""
    return library.model("Account", {"name": name, **TABLE}, FIELDS, **more)


class Ledger(DynaModel):
    """Two kinds of items under the same keys, told apart by a discriminator."""

    class Table:
        name = "ledger"
        hash_key = "pk"
        range_key = "sk"
        discriminator = "sort"
        billing_mode = "PAY_PER_REQUEST"
        abstract = True

    class Sorted(GlobalIndex):
        name = "sorted"
        hash_key = "by_kind"
        range_key = "by_balance"
        projection = ProjectAll()


def keyed_models(library: Library) -> tuple[Any, Any]:
    """Return two models whose items may have the same keys.

    The keys of their index are made of what all writes change, and of what none does.
    """

    def model(name: str) -> Any:
        class Table(Ledger.Table):
            discriminator_value = name.lower()
            version = TABLE["version"]
            created = TABLE["created"]
            updated = TABLE["updated"]

        class Sorted(Ledger.Sorted):
            hash_key = Composite("{kind}#{balance:06d}")
            range_key = Composite("{balance:06d}#{rev:04d}")

        keys = {"pk": Composite("ACCOUNT#{id}"), "sk": Composite("ACCOUNT")}
        return library.model(name, Table, FIELDS, bases=(Ledger,), Sorted=Sorted, **keys)

    return model("Account"), model("Deposit")


def keys_of(item: dict[str, Any], sort: str = "account") -> dict[str, Any]:
    """Return what an item has to hold besides its fields, by what these say."""
    number = {name: f"{int(item[name]):0{width}d}" for name, width in (("balance", 6), ("rev", 4)) if name in item}
    keys = {"pk": f"ACCOUNT#{item['id']}", "sk": "ACCOUNT", "sort": sort}
    if "kind" in item and "balance" in item:
        keys["by_kind"] = f"{item['kind']}#{number['balance']}"
    if len(number) == 2:
        keys["by_balance"] = f"{number['balance']}#{number['rev']}"
    return keys


class Clock:
    """Gives moments that are a minute apart."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> dt.datetime:
        self.now += dt.timedelta(minutes=1)
        return self.now


@dataclass(frozen=True)
class WritePath:
    """One way to write the item with the key ``id``.

    ``write`` takes the model, an instance of the item (loaded, or new where the path ``creates``), and more keyword
    arguments of the verb.  ``carries`` says that the write is handed an item, with the version that it has to have;
    ``verb`` is the name of the verb of models or queries, for a writer of the verb that does the same.  ``is_unique``
    says that it is refused where there is an item, and ``yields`` that it leaves that item alone.
    ``takes_given`` says that what the item holds has to be told where keys are made of it.
    """

    name: str
    verb: str
    write: Callable[..., Any]
    carries: bool = True
    creates: bool = False
    deletes: bool = False
    checks_only: bool = False
    takes_version: bool = True
    is_unique: bool = False
    yields: bool = False
    takes_given: bool = False

    def __str__(self) -> str:
        return self.name


def _changed(instance: Any) -> Any:
    instance.balance += 7
    return instance


def _with_extra(model: Any, instance: Any) -> Any:
    """Let the stored item have something that the schema does not know, and the instance know of it."""
    model.Table.table.update_item(
        Key={name: getattr(instance, name) for name in model.Table.key.names},
        UpdateExpression="SET zzz = :o",
        ExpressionAttributeValues={":o": 1},
    )
    known = instance.rev
    instance.refresh()
    instance.rev = known
    return _changed(instance)


def _values(instance: Any) -> dict[str, Any]:
    values = {name: value for name, value in instance.to_dict(native=True).items() if value is not None}
    values.pop("changed", None)  # which would win
    return {**values, "balance": 7}


def _written(hand_in: Callable[[Any], None]) -> None:
    with dynamorm.BatchWriter(concurrency=2) as writer:
        hand_in(writer)


def _in_transaction(record: Callable[..., Any]) -> Callable[..., Any]:
    """Return what writes in a transaction of one action, and raises what the write alone would raise."""

    def write(model: Any, instance: Any, **options: Any) -> None:
        try:
            with Transaction() as tx:
                record(tx, model, instance, **options)
        except TransactionCanceled as canceled:
            raise canceled.failed[0].error from canceled

    return write


SINGLE_PATHS = [
    WritePath("put of a dict", "put", lambda m, i, **o: m.put(_values(i), **o), creates=True),
    WritePath("put of an instance", "put", lambda m, i, **o: m.put(_changed(i), **o), creates=True),
    WritePath(
        "put_unique",
        "put_unique",
        lambda m, i, **o: m.put_unique(_values(i)),
        creates=True,
        takes_version=False,
        is_unique=True,
    ),
    WritePath(
        "create",
        "create",
        lambda m, i, **o: m.create(**_values(i)),
        creates=True,
        takes_version=False,
        is_unique=True,
    ),
    WritePath(
        "get_or_create",
        "get_or_create",
        lambda m, i, **o: m.get_or_create(id=i.id, defaults={"balance": 7}),
        carries=False,
        creates=True,
        takes_version=False,
        yields=True,
    ),
    WritePath(
        "put_batch of dicts",
        "put_batch",
        lambda m, i, **o: m.put_batch(_values(i)),
        creates=True,
        takes_version=False,
    ),
    WritePath(
        "put_batch of instances",
        "put_batch",
        lambda m, i, **o: m.put_batch(_changed(i)),
        creates=True,
        takes_version=False,
    ),
    WritePath(
        "put_batch of an iterable",
        "put_batch",
        lambda m, i, **o: m.put_batch(_changed(one) for one in [i]),
        creates=True,
        takes_version=False,
    ),
    WritePath(
        "put of a dict in a BatchWriter",
        "put_batch",
        lambda m, i, **o: _written(lambda writer: writer.put(m, _values(i))),
        creates=True,
        takes_version=False,
    ),
    WritePath(
        "put of an instance in a BatchWriter",
        "put_batch",
        lambda m, i, **o: _written(lambda writer: writer.put(_changed(i))),
        creates=True,
        takes_version=False,
    ),
    WritePath("save", "save", lambda m, i, **o: _changed(i).save(**o), creates=True),
    WritePath(
        "unique save",
        "save",
        lambda m, i, **o: _changed(i).save(unique=True),
        creates=True,
        takes_version=False,
        is_unique=True,
    ),
    WritePath("save with unknown attributes", "save", lambda m, i, **o: _with_extra(m, i).save(**o)),
    WritePath("partial save", "save", lambda m, i, **o: _changed(i).save(partial=True, **o), creates=True),
    WritePath("partial save of nothing", "save", lambda m, i, **o: i.save(partial=True, **o), creates=True),
    WritePath(
        "partial save of a condition alone",
        "save",
        lambda m, i, **o: i.save(partial=True, conditions={"balance__exists": True}, **o),
        checks_only=True,
    ),
    WritePath("update", "update", lambda m, i, **o: i.update(balance=7, **o), creates=True),
    WritePath("update inside a list", "update", lambda m, i, **o: i.update(balance=7, tags__0="b", **o)),
    WritePath("update with all returned", "update", lambda m, i, **o: i.update(balance=7, return_all=True, **o)),
    WritePath("reconcile", "reconcile", lambda m, i, **o: _changed(i).reconcile(), creates=True, takes_version=False),
    WritePath("sync", "sync", lambda m, i, **o: _changed(i).sync(), creates=True, takes_version=False),
    WritePath("delete", "delete", lambda m, i, **o: i.delete(**o), deletes=True),
    WritePath(
        "dynamorm.save", "save", lambda m, i, **o: dynamorm.save([_changed(i)]), creates=True, takes_version=False
    ),
    WritePath("dynamorm.sync", "sync", lambda m, i, **o: dynamorm.sync(_changed(i)), creates=True, takes_version=False),
    WritePath("dynamorm.delete", "delete", lambda m, i, **o: dynamorm.delete(i), deletes=True, takes_version=False),
    WritePath(
        "delete_batch of instances",
        "delete_batch",
        lambda m, i, **o: m.delete_batch(i),
        deletes=True,
        takes_version=False,
    ),
    WritePath(
        "delete_batch of keys",
        "delete_batch",
        lambda m, i, **o: m.delete_batch([i.id]),
        carries=False,
        deletes=True,
        takes_version=False,
    ),
    WritePath(
        "delete of an instance in a BatchWriter",
        "delete_batch",
        lambda m, i, **o: _written(lambda writer: writer.delete(i)),
        deletes=True,
        takes_version=False,
    ),
    WritePath(
        "delete of a key in a BatchWriter",
        "delete_batch",
        lambda m, i, **o: _written(lambda writer: writer.delete(m, id=i.id)),
        carries=False,
        deletes=True,
        takes_version=False,
    ),
    WritePath(
        "update_item",
        "update_item",
        lambda m, i, **o: m.update_item(id=i.id, balance=7, **o),
        carries=False,
        creates=True,
        takes_given=True,
    ),
    WritePath(
        "upsert",
        "upsert",
        lambda m, i, **o: m.upsert(id=i.id, balance=7, **o),
        carries=False,
        creates=True,
        takes_given=True,
    ),
    WritePath("patch", "patch", lambda m, i, **o: m.patch(id=i.id, balance=7, **o), carries=False, takes_given=True),
    WritePath("delete_item", "delete_item", lambda m, i, **o: m.delete_item(id=i.id, **o), carries=False, deletes=True),
    WritePath(
        "query().update()",
        "query",
        lambda m, i, **o: m.query(id=i.id).update(balance=7),
        carries=False,
        takes_version=False,
    ),
    WritePath(
        "query().update() of several at a time",
        "query",
        lambda m, i, **o: m.query(id=i.id).update(balance=7, concurrency=3),
        carries=False,
        takes_version=False,
    ),
    WritePath(
        "query().delete() by keys",
        "query",
        lambda m, i, **o: m.query(id=i.id).delete(recheck=False),
        carries=False,
        deletes=True,
        takes_version=False,
    ),
    WritePath(
        "query().delete()",
        "query",
        lambda m, i, **o: m.query(id=i.id).delete(),
        carries=False,
        deletes=True,
        takes_version=False,
    ),
]
TRANSACTION_PATHS = [
    WritePath(
        f"transaction: {name}",
        verb,
        _in_transaction(record),
        carries=not name.endswith("by key"),
        creates=(verb in ("put", "save") and name != "check") or name == "update by key",
        deletes=name.startswith("delete"),
        checks_only=name == "check",
        takes_version=name != "check",
        takes_given=name == "update by key",
    )
    for name, verb, record in (
        ("put of a dict", "put", lambda tx, m, i, **o: tx.put(m, _values(i), **o)),
        ("put of an instance", "put", lambda tx, m, i, **o: tx.put(_changed(i), **o)),
        ("save", "save", lambda tx, m, i, **o: tx.save(_changed(i), **o)),
        ("partial save", "save", lambda tx, m, i, **o: tx.save(_changed(i), partial=True, **o)),
        ("update", "update", lambda tx, m, i, **o: tx.update(i, balance=7, **o)),
        ("check", "save", lambda tx, m, i, **o: tx.check(i, balance__exists=True, **o)),
        ("delete", "delete", lambda tx, m, i, **o: tx.delete(i, **o)),
        ("update by key", "update_item", lambda tx, m, i, **o: tx.update(m, id=i.id, balance=7, **o)),
        ("delete by key", "delete_item", lambda tx, m, i, **o: tx.delete(m, id=i.id, **o)),
    )
]
PATHS = [*SINGLE_PATHS, *TRANSACTION_PATHS]
# What leaves the key of an item, or its content, for which there are tests of its own.
MOVING = {"change_key", "migrate"}
# What a model can be asked to do without writing an item, and what only leads to the verbs above.
NOT_WRITING = {
    "exists", "find", "from_item", "get", "get_batch", "get_by", "incr", "move_to_here", "new_from_raw", "refresh",
    "require", "scan", "to_dict", "to_item", "using", "validate", "verify_unique",
}  # fmt: skip


def verbs() -> set[str]:
    """Return the names of all verbs of models; those that are awaited do what the others do."""
    every = dynamorm.model._VERBS
    return {name for name in every if not name.startswith(("_", "a")) or name.removeprefix("a") not in every}
