"""The verbs of models that change parts of items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..arguments import is_atomic
from ..drivers import run
from ..entity import Entity
from ..guards import CARRIED, UNSAID
from ..instances.changes import increase
from ..store import plain
from ..writing import saving, updating

if TYPE_CHECKING:
    from typing_extensions import Self


class PartsOfItems(Entity):
    """Changes parts of items."""

    __slots__ = ()

    def update(
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

            book.update(title="New title", copies__plus=1, conditions={"year": 1999})

        :raises DoesNotExist: if the instance was loaded and its item is gone
        """
        store = type(self)._dynamorm.store
        return run(
            saving.update_instance(
                store, self, actions, conditions, update_item_kwargs, return_all, updates, if_version
            )
        )

    @classmethod
    def update_item(
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

            Book.update_item(isbn="12345678910", copies__plus=1)
        """
        store = cls._dynamorm.store
        response = run(
            updating.update_key(store, actions, conditions, update_item_kwargs, keys_and_updates, if_version, given)
        )
        return None if response is None else plain(response)

    @classmethod
    def upsert(
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
        made: Self = run(updating.upsert(store, actions, conditions, keys_and_updates, if_version, given))
        return made

    @classmethod
    def patch(
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
        changed: Self = run(updating.patch(store, actions, conditions, keys_and_updates, if_version, given))
        return changed

    def incr(self, /, **amounts: Any) -> None:
        """Change numbers now, and send the amounts with the next partial save or :meth:`reconcile`.

        They are added to whatever the numbers are by then, so that counters never conflict.
        """
        increase(type(self)._dynamorm.store.mapper, self, amounts)

    def reconcile(self, conditions: Any = None, *, atomic: bool = False, if_unchanged: bool = False) -> None:
        """Send what was changed, and take everything over as it is then; with nothing changed, read only.

        :param atomic: only if the item is still as it was loaded, or is not there if it never was
        :param if_unchanged: another name of ``atomic``
        """
        only_unchanged = is_atomic("reconcile", atomic, if_unchanged)
        run(saving.reconcile(type(self)._dynamorm.store, self, conditions, only_unchanged))

    def sync(self, conditions: Any = None, *, atomic: bool = False, if_unchanged: bool = False) -> None:
        """Reconcile: the former name of :meth:`reconcile`."""
        options = {"atomic": True} if is_atomic("sync", atomic, if_unchanged) else {}
        type(self).reconcile(self, conditions, **options)
