"""The verbs of models that change parts of items, to be awaited.

Written by ``scripts/write_awaited.py``: edit :mod:`dynamorm.model.parts_of_items`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..arguments import is_atomic
from ..drivers import arun
from ..entity import Entity
from ..guards import CARRIED, UNSAID
from ..store import plain
from ..writing import saving, updating
from .awaits import awaits

if TYPE_CHECKING:
    from typing_extensions import Self


class AwaitedPartsOfItems(Entity):
    """Awaits what :class:`.PartsOfItems` waits for."""

    __slots__ = ()

    @awaits
    async def aupdate(
        self,
        /,
        *actions: Any,
        conditions: Any = None,
        update_item_kwargs: dict[str, Any] | None = None,
        return_all: bool = False,
        if_version: int | None = CARRIED,
        **updates: Any,
    ) -> dict[str, Any] | None:
        """Change some attributes in the table, and take over what they are then.

        Example::

            await book.aupdate(title="New title", copies__plus=1, conditions={"year": 1999})

        :raises DoesNotExist: if the instance was loaded and its item is gone
        """
        store = type(self)._dynamorm.store
        return await arun(
            saving.update_instance(
                store, self, actions, conditions, update_item_kwargs, return_all, updates, if_version
            )
        )

    @classmethod
    @awaits
    async def aupdate_item(
        cls,
        /,
        *actions: Any,
        conditions: Any = None,
        update_item_kwargs: Mapping[str, Any] | None = None,
        if_version: int | None = CARRIED,
        given: Mapping[str, Any] | None = UNSAID,
        **keys_and_updates: Any,
    ) -> dict[str, Any] | None:
        """Change an item that need not be loaded, nor be there.

        :param given: what the item holds in fields that its keys are made of too, for a change of the others

        Example::

            await Book.aupdate_item(isbn="12345678910", copies__plus=1)
        """
        store = cls._dynamorm.store
        response = await arun(
            updating.update_key(store, actions, conditions, update_item_kwargs, keys_and_updates, if_version, given)
        )
        return None if response is None else plain(response)

    @classmethod
    @awaits
    async def aupsert(
        cls,
        /,
        *actions: Any,
        conditions: Any = None,
        if_version: int | None = CARRIED,
        given: Mapping[str, Any] | None = UNSAID,
        **keys_and_updates: Any,
    ) -> Self:
        """Change an item, or make it with these values and the schema's defaults; returns it as it is then.

        Every required field that has no default has to be given.

        :param given: what the item holds in fields that its keys are made of too, for a change of the others
        """
        store = cls._dynamorm.store
        made: Self = await arun(updating.upsert(store, actions, conditions, keys_and_updates, if_version, given))
        return made

    @classmethod
    @awaits
    async def apatch(
        cls,
        /,
        *actions: Any,
        conditions: Any = None,
        if_version: int | None = CARRIED,
        given: Mapping[str, Any] | None = UNSAID,
        **keys_and_updates: Any,
    ) -> Self:
        """Change an item that has to be there; returns it as it is then.

        :param given: what the item holds in fields that its keys are made of too, for a change of the others
        :raises DoesNotExist: if it is not
        """
        store = cls._dynamorm.store
        changed: Self = await arun(updating.patch(store, actions, conditions, keys_and_updates, if_version, given))
        return changed

    @awaits
    async def areconcile(self, conditions: Any = None, *, atomic: bool = False, if_unchanged: bool = False) -> None:
        """Send what was changed, and take everything over as it is then; with nothing changed, read only.

        :param atomic: only if the item is still as it was loaded, or is not there if it never was
        :param if_unchanged: another name of ``atomic``
        """
        only_unchanged = is_atomic("reconcile", atomic, if_unchanged)
        await arun(saving.reconcile(type(self)._dynamorm.store, self, conditions, only_unchanged))
