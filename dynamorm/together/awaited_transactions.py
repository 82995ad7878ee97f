"""What is recorded in a transaction, to be awaited.

Written by ``scripts/write_awaited.py``: edit :mod:`dynamorm.together.transactions`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..drivers import arun
from ..exceptions import InvalidExpression
from ..flows import Flow
from ..guards import CARRIED, UNSAID
from ..store import Store
from ..writing import saving, updating
from ..writing.recorded import Recorded, record
from .at_the_end import AtTheEnd


class AwaitedTransaction(AtTheEnd):
    """Records what a transaction does, and awaits what is the user's."""

    _recorded: list[Recorded]
    _target: Callable[..., tuple[Store, Any]]
    _of_instance: Callable[..., Store]
    _check: Callable[[Recorded], None]

    async def aput(self, target: Any, item: Any = None, *, conditions: Any = None, if_version: Any = CARRIED) -> None:
        """Store a whole item: ``put(Book, {...})``, or ``put(book)``."""
        store, instance = self._target(target, "put", item if item is not None else target)
        given = instance if item is None else item
        flow = saving.put(store, given, conditions, {}, expected=if_version)
        await self._arecord("put", store, given if isinstance(given, store.model) else None, flow)

    async def asave(
        self,
        instance: Any,
        partial: bool = False,
        unique: bool = False,
        *,
        conditions: Any = None,
        atomic: bool = False,
        if_version: Any = CARRIED,
    ) -> None:
        """Store an instance as a whole, or with ``partial`` what was changed in it; see :meth:`DynaModel.save`."""
        store = self._of_instance(instance, "save")
        wish = saving.Wish(partial, unique, False, conditions, atomic, if_version)
        await self._arecord("save", store, instance, saving.save(store, instance, wish, {}))

    async def aupdate(
        self,
        target: Any,
        *actions: Any,
        conditions: Any = None,
        if_version: Any = CARRIED,
        given: Any = UNSAID,
        **keys_and_updates: Any,
    ) -> None:
        """Change an item: ``update(book, title="x")``, or ``update(Book, isbn="1", title="x")``.

        :param given: what an item that is not loaded holds in fields that its keys are made of too
        """
        store, instance = self._target(target, "update")
        if instance is None:
            flow = updating.update_key(store, actions, conditions, None, keys_and_updates, if_version, given)
        else:
            flow = saving.update_instance(
                store, instance, actions, conditions, None, False, keys_and_updates, if_version
            )
        await self._arecord("update", store, instance, flow)

    async def adelete(
        self, target: Any, *, conditions: Any = None, atomic: bool = False, if_version: Any = CARRIED, **keys: Any
    ) -> None:
        """Delete an item: ``delete(book)``, or ``delete(Book, isbn="1")``."""
        store, instance = self._target(target, "delete")
        if instance is None:
            if atomic:
                raise InvalidExpression("delete(atomic=True): give an instance, which knows how the item was loaded")
            flow = saving.delete_key(store, conditions, keys, if_version)
        else:
            wish = saving.Wish(conditions=conditions, atomic=atomic, expected=if_version)
            flow = saving.delete_instance(store, instance, wish, {})
        await self._arecord("delete", store, instance, flow)

    async def acheck(self, target: Any, *conditions: Any, **keys_and_lookups: Any) -> None:
        """Demand something of an item without changing it: ``check(Book, isbn="1", stock__gte=1)``."""
        store, instance = self._target(target, "check")
        keys = {name: value for name, value in keys_and_lookups.items() if name in store.mapper.names_of_key}
        lookups = {name: value for name, value in keys_and_lookups.items() if name not in keys}
        demands = store.mapper.conditions(conditions, lookups)
        if instance is None:
            flow = updating.check_key(store, keys, demands)
        else:
            flow = updating.check(store, instance, list(demands) or None)
        await self._arecord("check", store, instance, flow)

    async def _arecord(self, verb: str, store: Store, instance: Any, flow: Flow[Any]) -> None:
        recorded = await arun(record(verb, store, instance, flow))  # which calls what is the user's, and sends nothing
        if recorded is None:
            return  # there is nothing to do
        try:
            self._check(recorded)
        except BaseException:
            recorded.flow.close()
            raise
        self._recorded.append(recorded)
