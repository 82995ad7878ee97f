"""The table of a model as users have it: where it is, its life, and its items without the schema."""

from __future__ import annotations

import itertools
import warnings
import weakref
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from ..connection import Connection, configure, connection_for
from ..drivers import run
from ..exceptions import DynaModelException
from ..locks import Lock
from ..schema import Adapter
from ..spec import TableSpec
from .applying import carry_out, create, create_missing, delete, describe, is_there, refuse_differences
from .awaited_table import AwaitedItems, AwaitedLife
from .declared import DynamoCommon3
from .live import LiveTable
from .plain_items import PlainItems
from .plan import Plan
from .planning import plan_changes

_defined: weakref.WeakValueDictionary[int, DynamoTable3] = weakref.WeakValueDictionary()
_definitions = itertools.count()
_definition_lock = Lock()


class _Life(AwaitedLife):
    """What can be done with a table as a whole."""

    # Where it is.

    @property
    def connection(self) -> Connection:
        """The connection that the settings in force here and now lead to."""
        return connection_for(self.session_kwargs, self.resource_kwargs, self.transport, self._settings)

    @property
    def client(self) -> Any:
        """The low-level boto3 client through which the data of this table goes."""
        return self.connection.client

    @property
    def resource(self) -> Any:
        """boto3's resource, with the same session and settings."""
        return self.connection.resource

    @property
    def table(self) -> Any:
        """boto3's ``Table`` object."""
        return self.resource.Table(self.full_name)

    @classmethod
    def get_resource(cls, **kwargs: Any) -> Any:
        """Return boto3's resource.

        Arguments, where the class declares no ``resource_kwargs`` of its own, hold from then on: for the class, or
        when called on :class:`DynamoTable3` itself for every table that declares none.
        """
        if kwargs and not cls.resource_kwargs:
            if cls is DynamoTable3:
                configure(**kwargs)
            else:
                cls.resource_kwargs = kwargs
        return connection_for(cls.session_kwargs, {**kwargs, **(cls.resource_kwargs or {})}, cls.transport).resource

    # Its life.

    @property
    def exists(self) -> bool:
        """Whether the table is there."""
        return run(is_there(self.connection, self.full_name))

    def create_table(self, wait: bool = True, timeout: float = 300.0) -> Any:
        """Create the table; with ``wait`` come back when it can be used.  Returns boto3's ``Table``.

        Time to live and point-in-time recovery can only be asked for when the table is there: without ``wait`` they are
        left to :meth:`update_table`.

        :raises TableExists: if there is a table of that name
        :raises TableNotActive: if it is not ready after ``timeout`` seconds
        """
        spec = self._spec_to_create()
        run(create(self.connection, spec, wait, timeout))
        return self.table

    def create(self, wait: bool = True) -> Any:
        """Create the table: the former name of :meth:`create_table`."""
        warnings.warn("Table.create() is now called Table.create_table()", DeprecationWarning, stacklevel=2)
        return self.create_table(wait)

    def delete(self, wait: bool = True, timeout: float = 300.0) -> bool:
        """Delete the table and all that is in it; with ``wait`` come back when it is gone."""
        run(delete(self.connection, self.full_name, wait, timeout))
        return True

    def plan(self, allow_rebuild: bool = False, allow_removal: bool = False) -> Plan:
        """Return the steps that would make the live table what is declared, without taking any.

        :param allow_rebuild: plan to remove and add again a global index with another key or projection
        :param allow_removal: plan to remove global indexes that only other models of the table declare
        """
        spec = self.spec
        live = run(describe(self.connection, spec))
        return self._plan_for(spec, live, allow_rebuild=allow_rebuild, allow_removal=allow_removal)

    def _plan_for(self, spec: TableSpec, live: LiveTable, **allowed: bool) -> Plan:
        return plan_changes(spec, live, **allowed, elsewhere=self._declared_elsewhere())

    def update_table(self, allow_rebuild: bool = False, timeout: float = 3600.0, *, allow_removal: bool = False) -> int:
        """Make the live table what is declared, one step of :meth:`plan` at a time; give the number of steps taken.

        Between steps it waits until table and indexes are active.  A run that was interrupted is taken up by the next.

        :param timeout: the seconds that one step may take
        :param allow_removal: remove global indexes that only other models of the table declare
        :raises TableMismatch: if a step is refused, before any is taken
        :raises TableNotActive: when the time is up
        """
        spec = self.spec
        plan = partial(self._plan_for, spec, allow_rebuild=allow_rebuild, allow_removal=allow_removal)
        return run(carry_out(self.connection, spec, plan, timeout))

    def validate(self, strict: bool = False) -> None:
        """Compare the live table with what is declared.

        Additional indexes, wider projections and a stream that is not declared are no mismatch, unless ``strict``.

        :raises TableMismatch: with the ``differences``
        """
        spec = self.spec
        refuse_differences(spec, run(describe(self.connection, spec)), self._owner, strict)

    def _declared_elsewhere(self) -> dict[str, str]:
        """Where other models declare global indexes on the same table, by the name of the index."""
        return {
            index.name: index._owner
            for table in defined_tables()
            if table._address == self._address and table._identity != self._identity
            for index in table.indexes.values()
            if index.is_global
        }

    @property
    def _identity(self) -> tuple[str, str]:
        return type(self).__module__, self._owner

    @property
    def _address(self) -> tuple[Any, ...]:
        return self.full_name, repr(self.session_kwargs), repr(self.resource_kwargs)


class DynamoTable3(_Life, AwaitedItems):
    """The table of a model; the inner ``Table`` class, with its own methods, is a base of its class."""

    def __init__(self, model_name: str, adapter: Adapter, indexes: Mapping[str, Any]) -> None:
        super().__init__(model_name, adapter, indexes)
        if self._is_shared:
            return  # the models that share it are defined
        with _definition_lock:
            _defined[next(_definitions)] = self

    # Its items, as plain values and without the schema; each verb gives what boto3's resource answers.

    @property
    def _items(self) -> PlainItems:
        return PlainItems(self.connection, self.full_name, self.key.names)

    def put(self, item: Mapping[str, Any], /, **put_item_kwargs: Any) -> dict[str, Any]:
        """Store an item of plain values, without the schema; ``None`` in it counts as absent."""
        return run(self._items.put(item, put_item_kwargs))

    def put_unique(self, item: Mapping[str, Any], /, **put_item_kwargs: Any) -> dict[str, Any]:
        """Store an item of plain values if there is none with its key.

        :raises HashKeyExists: if there is one
        """
        return run(self._items.put_unique(item, put_item_kwargs))

    def put_batch(self, *items: Mapping[str, Any]) -> None:
        """Store any number of items of plain values; of those with one key the last."""
        run(self._items.put_batch(items))

    def get(
        self, /, consistent: bool = False, get_item_kwargs: Mapping[str, Any] | None = None, **keys: Any
    ) -> dict[str, Any] | None:
        """Return the item with a key as plain values, ``None`` if there is none."""
        return run(self._items.get(keys, consistent, get_item_kwargs))

    def get_batch(
        self,
        keys: Iterable[Mapping[str, Any]],
        consistent: bool = False,
        attrs: str | Iterable[str] | None = None,
        batch_get_kwargs: Mapping[str, Any] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Return the items with any number of keys as plain values, in any order, without those that are missing.

        :param attrs: the names of the attributes that are wanted, or a projection expression
        """
        return self._items.get_batch(keys, consistent, attrs, batch_get_kwargs or {})

    def query(
        self, /, *conditions: Any, query_kwargs: Mapping[str, Any] | None = None, **lookups: Any
    ) -> dict[str, Any]:
        """Return one page of the items with a hash key, as boto3's response: ``Items``, ``LastEvaluatedKey`` and so on.

        :param query_kwargs: arguments of boto3's ``Table.query``; an ``IndexName`` among them chooses the index
        """
        options = query_kwargs or {}
        index: DynamoCommon3 | None = self.indexes.get(options["IndexName"]) if "IndexName" in options else self
        return run(self._items.query(None if index is None else index.key, conditions, options, lookups))

    def scan(self, /, *conditions: Any, scan_kwargs: Mapping[str, Any] | None = None, **lookups: Any) -> dict[str, Any]:
        """Return one page of the items, as boto3's response."""
        return run(self._items.scan(conditions, scan_kwargs or {}, lookups))

    def update(
        self,
        /,
        *actions: Any,
        conditions: Any = None,
        update_item_kwargs: Mapping[str, Any] | None = None,
        **keys_and_updates: Any,
    ) -> dict[str, Any]:
        """Change the item with a key, or create it, with values as they are."""
        return run(self._items.update(actions, conditions, update_item_kwargs, keys_and_updates))

    def delete_item(self, /, **keys: Any) -> dict[str, Any]:
        """Delete the item with a key; it is no error if there is none."""
        return run(self._items.delete(keys))


def defined_tables() -> tuple[DynamoTable3, ...]:
    """Return the tables of all models that are defined, in the order of definition."""
    with _definition_lock:
        tables = list(_defined.values())
    # a class that is defined anew, in an interactive session say, replaces the one that had its name
    latest = {(*table._identity, table.name): table for table in tables}
    return tuple(latest.values())


def create_tables(*models: Any, timeout: float = 300.0) -> None:
    """Create the tables of models that are not there yet, all at once, and compare the others with the models.

    Without arguments, of all models that are defined.

    :raises TableMismatch: if a table that was there is not the one its model declares
    """
    tables = [_table_of(model) for model in models] if models else list(defined_tables())
    run(create_missing(tables, timeout))


def _table_of(model: Any) -> DynamoTable3:
    table = getattr(model, "Table", None)
    if not isinstance(table, DynamoTable3):
        raise DynaModelException(
            f"create_tables() takes models that have a table, not {model!r}; an abstract class has none"
        )
    return table
