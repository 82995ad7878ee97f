"""What tables are asked for, to be awaited.

Written by ``scripts/write_awaited.py``: edit :mod:`dynamorm.tables.table`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ..connection import Connection
from ..drivers import arun, aside
from .applying import carry_out, create, delete, describe, is_there, refuse_differences
from .declared import DeclaredTable, DynamoCommon3
from .plain_items import PlainItems
from .plan import Plan


class AwaitedLife(DeclaredTable):
    """Awaits what is done with a table as a whole."""

    _plan_for: Callable[..., Plan]

    if TYPE_CHECKING:

        @property
        def connection(self) -> Connection: ...

        @property
        def table(self) -> Any: ...

    async def aexists(self) -> bool:
        """Whether the table is there."""
        return await arun(is_there(self.connection, self.full_name))

    async def acreate_table(self, wait: bool = True, timeout: float = 300.0) -> Any:
        """Create the table; with ``wait`` come back when it can be used.  Returns boto3's ``Table``.

        Time to live and point-in-time recovery can only be asked for when the table is there: without ``wait`` they are
        left to :meth:`update_table`.

        :raises TableExists: if there is a table of that name
        :raises TableNotActive: if it is not ready after ``timeout`` seconds
        """
        spec = self._spec_to_create()
        await arun(create(self.connection, spec, wait, timeout))
        return await aside(lambda: self.table)

    async def adelete(self, wait: bool = True, timeout: float = 300.0) -> bool:
        """Delete the table and all that is in it; with ``wait`` come back when it is gone."""
        await arun(delete(self.connection, self.full_name, wait, timeout))
        return True

    async def aplan(self, allow_rebuild: bool = False, allow_removal: bool = False) -> Plan:
        """Return the steps that would make the live table what is declared, without taking any.

        :param allow_rebuild: plan to remove and add again a global index with another key or projection
        :param allow_removal: plan to remove global indexes that only other models of the table declare
        """
        spec = self.spec
        live = await arun(describe(self.connection, spec))
        return self._plan_for(spec, live, allow_rebuild=allow_rebuild, allow_removal=allow_removal)

    async def aupdate_table(
        self, allow_rebuild: bool = False, timeout: float = 3600.0, *, allow_removal: bool = False
    ) -> int:
        """Make the live table what is declared, one step of :meth:`plan` at a time; give the number of steps taken.

        Between steps it waits until table and indexes are active.  A run that was interrupted is taken up by the next.

        :param timeout: the seconds that one step may take
        :param allow_removal: remove global indexes that only other models of the table declare
        :raises TableMismatch: if a step is refused, before any is taken
        :raises TableNotActive: when the time is up
        """
        spec = self.spec
        plan = partial(self._plan_for, spec, allow_rebuild=allow_rebuild, allow_removal=allow_removal)
        return await arun(carry_out(self.connection, spec, plan, timeout))

    async def avalidate(self, strict: bool = False) -> None:
        """Compare the live table with what is declared.

        Additional indexes, wider projections and a stream that is not declared are no mismatch, unless ``strict``.

        :raises TableMismatch: with the ``differences``
        """
        spec = self.spec
        refuse_differences(spec, await arun(describe(self.connection, spec)), self._owner, strict)


class AwaitedItems(DeclaredTable):
    """Awaits what is done with items as plain values."""

    if TYPE_CHECKING:

        @property
        def _items(self) -> PlainItems: ...

    async def aput(self, item: Mapping[str, Any], /, **put_item_kwargs: Any) -> dict[str, Any]:
        """Store an item of plain values, without the schema; ``None`` in it counts as absent."""
        return await arun(self._items.put(item, put_item_kwargs))

    async def aput_unique(self, item: Mapping[str, Any], /, **put_item_kwargs: Any) -> dict[str, Any]:
        """Store an item of plain values if there is none with its key.

        :raises HashKeyExists: if there is one
        """
        return await arun(self._items.put_unique(item, put_item_kwargs))

    async def aput_batch(self, *items: Mapping[str, Any]) -> None:
        """Store any number of items of plain values; of those with one key the last."""
        await arun(self._items.put_batch(items))

    async def aget(
        self, /, consistent: bool = False, get_item_kwargs: Mapping[str, Any] | None = None, **keys: Any
    ) -> dict[str, Any] | None:
        """Return the item with a key as plain values, ``None`` if there is none."""
        return await arun(self._items.get(keys, consistent, get_item_kwargs))

    async def aget_batch(
        self,
        keys: Iterable[Mapping[str, Any]],
        consistent: bool = False,
        attrs: str | Iterable[str] | None = None,
        batch_get_kwargs: Mapping[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        """Return the items with any number of keys as plain values, in any order, without those that are missing.

        :param attrs: the names of the attributes that are wanted, or a projection expression
        """
        return await arun(self._items.found(keys, consistent, attrs, batch_get_kwargs or {}))

    async def aquery(
        self, /, *conditions: Any, query_kwargs: Mapping[str, Any] | None = None, **lookups: Any
    ) -> dict[str, Any]:
        """Return one page of the items with a hash key, as boto3's response: ``Items``, ``LastEvaluatedKey`` and so on.

        :param query_kwargs: arguments of boto3's ``Table.query``; an ``IndexName`` among them chooses the index
        """
        options = query_kwargs or {}
        index: DynamoCommon3 | None = self.indexes.get(options["IndexName"]) if "IndexName" in options else self
        return await arun(self._items.query(None if index is None else index.key, conditions, options, lookups))

    async def ascan(
        self, /, *conditions: Any, scan_kwargs: Mapping[str, Any] | None = None, **lookups: Any
    ) -> dict[str, Any]:
        """Return one page of the items, as boto3's response."""
        return await arun(self._items.scan(conditions, scan_kwargs or {}, lookups))

    async def aupdate(
        self,
        /,
        *actions: Any,
        conditions: Any = None,
        update_item_kwargs: Mapping[str, Any] | None = None,
        **keys_and_updates: Any,
    ) -> dict[str, Any]:
        """Change the item with a key, or create it, with values as they are."""
        return await arun(self._items.update(actions, conditions, update_item_kwargs, keys_and_updates))

    async def adelete_item(self, /, **keys: Any) -> dict[str, Any]:
        """Delete the item with a key; it is no error if there is none."""
        return await arun(self._items.delete(keys))
