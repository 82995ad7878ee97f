"""The verbs of models that store and delete whole items."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..arguments import check_switch, is_atomic
from ..drivers import run
from ..entity import Entity
from ..exceptions import DynaModelException
from ..guards import CARRIED
from ..progress import Progress
from ..writing import creating, moving, saving
from ..writing.batches import delete_batch, put_batch

if TYPE_CHECKING:
    from typing_extensions import Self


class WholeItems(Entity):
    """Stores and deletes whole items."""

    __slots__ = ()

    @classmethod
    def put(
        cls, item: Any, /, conditions: Any = None, *, if_version: int | None = CARRIED, **put_item_kwargs: Any
    ) -> dict[str, Any]:
        """Store an item given as a dict (or an instance) in place of what was there.

        :param if_version: the version that the stored item has to have, in place of the one that the item carries
        :raises VersionConflict: if it has another one
        """
        return run(saving.put(cls._dynamorm.store, item, conditions, put_item_kwargs, expected=if_version))

    @classmethod
    def put_unique(cls, item: Any, /, conditions: Any = None, **put_item_kwargs: Any) -> dict[str, Any]:
        """Store an item if there is none with its key.

        :raises HashKeyExists: if there is one
        """
        return run(saving.put(cls._dynamorm.store, item, conditions, put_item_kwargs, unique=True))

    @classmethod
    def create(cls, /, **values: Any) -> Self:
        """Make an instance and store it, if there is no item with its key; returns the instance.

        :raises HashKeyExists: if there is one
        """
        made: Self = run(creating.create(cls._dynamorm.store, values))
        return made

    @classmethod
    def get_or_create(cls, /, defaults: Mapping[str, Any] | None = None, **keys: Any) -> tuple[Self, bool]:
        """Return the instance with a primary key, and whether it was stored just now because there was none.

        However many do this at once, one of them stores the item, and all others get that one.

        :param defaults: the other values of a new item; those that are callables are called, for a new item only

        Example::

            book, created = Book.get_or_create(isbn="12345678910", defaults={"title": "Untitled"})
        """
        found: tuple[Self, bool] = run(creating.get_or_create(cls._dynamorm.store, defaults, keys))
        return found

    @classmethod
    def put_batch(
        cls,
        /,
        *items: Any,
        overwrite_by_pkeys: Any = None,
        concurrency: int = 1,
        progress: Callable[[Progress], Any] | None = None,
    ) -> None:
        """Store any number of items, given one by one or as one iterable.

        Items that are given one by one are all validated before the first is sent.  Those of an iterable are validated
        as they are sent, and all before one that is refused are written.  An error has the ``position`` and the ``key``
        of the item that is to blame.  The awaitable verb also takes what ``async for`` goes through.

        Of several with one key the last stays, whatever ``overwrite_by_pkeys`` says, which existing code may give.

        :param concurrency: how many requests are under way at the same time
        :param progress: is called with a :class:`~dynamorm.Progress` after each answer
        :raises BatchError: if DynamoDB gives no answer, or goes on leaving items undone
        """
        run(put_batch(cls._dynamorm.store, items, concurrency, progress))

    @classmethod
    def delete_batch(
        cls, /, *keys: Any, concurrency: int = 1, progress: Callable[[Progress], Any] | None = None
    ) -> None:
        """Delete any number of items, given one by one or as one iterable.

        They are given as instances, or by key in any form that ``get_batch`` takes.  It is no error if there is no such
        item.  The version of an instance is checked, and no signal is sent.  The awaitable verb also takes what
        ``async for`` goes through.

        :param concurrency: how many requests are under way at the same time
        :param progress: is called with a :class:`~dynamorm.Progress` after each answer
        :raises BatchError: if DynamoDB gives no answer, or goes on leaving items undone
        """
        run(delete_batch(cls._dynamorm.store, keys, concurrency, progress))

    def save(
        self,
        partial: bool = False,
        unique: bool = False,
        return_all: bool = False,
        *,
        conditions: Any = None,
        atomic: bool = False,
        if_unchanged: bool = False,
        if_version: int | None = CARRIED,
        **kwargs: Any,
    ) -> dict[str, Any] | None:
        """Store the instance as a whole, or with ``partial`` what was changed in it.

        Attributes that the schema does not know, and that the instance was loaded with, stay as they are.

        :param unique: only if there is no item with this key yet
        :param return_all: take every attribute over after a partial save, not only what was sent
        :param atomic: only if the item is still as it was loaded, or is not there if it never was
        :param if_unchanged: another name of ``atomic``
        :param if_version: the version that the stored item has to have, in place of the one that the instance holds
        :param kwargs: more arguments of boto3's ``put_item``, or of its ``update_item``
        :raises ConditionFailed: if ``atomic`` and somebody else has changed the item
        :raises VersionConflict: if the item has another version
        :raises HashKeyExists: if ``unique`` and there is one
        :raises DoesNotExist: if a loaded instance is partially saved and its item is gone
        """
        store = type(self)._dynamorm.store
        for name, value in (("partial", partial), ("unique", unique), ("return_all", return_all)):
            if value is not False and value is not True:
                check_switch(f"save({name}=...)", value, "assign values to the instance before", DynaModelException)
        only_unchanged = is_atomic("save", atomic, if_unchanged)
        wish = saving.Wish(partial, unique, return_all, conditions, only_unchanged, if_version)
        return run(saving.save(store, self, wish, kwargs))

    def change_key(self, /, **values: Any) -> None:
        """Give the item another key: in one transaction it is stored under the new one and deleted under the old one.

        The whole instance is stored as it is now, unsaved changes included.  The item must still be as it was loaded.
        If anything is refused, nothing is written, and the instance keeps its old key.

        :param values: values for the hash key, the range key or both, by name
        :raises InvalidKey: if they make the key that the item has already, or are not part of its key
        :raises HashKeyExists: if there is an item with the new key
        :raises ConditionFailed: if the item was changed or deleted since it was loaded
        :raises VersionConflict: if so, and it has another version
        :raises PartialInstance: if only a part of the item was loaded

        Example::

            user.change_key(email="new@example.com")
        """
        run(moving.change_key(type(self)._dynamorm.store, self, values))

    def delete(
        self,
        /,
        conditions: Any = None,
        *,
        atomic: bool = False,
        if_unchanged: bool = False,
        if_version: int | None = CARRIED,
        **delete_item_kwargs: Any,
    ) -> dict[str, Any]:
        """Delete the item.

        :param atomic: only if the item is still as it was loaded, or is not there if it never was
        :param if_unchanged: another name of ``atomic``
        :param if_version: the version that the stored item has to have, in place of the one that the instance holds
        """
        only_unchanged = is_atomic("delete", atomic, if_unchanged)
        wish = saving.Wish(conditions=conditions, atomic=only_unchanged, expected=if_version)
        return run(saving.delete_instance(type(self)._dynamorm.store, self, wish, delete_item_kwargs))

    @classmethod
    def delete_item(cls, /, conditions: Any = None, *, if_version: int | None = CARRIED, **keys: Any) -> dict[str, Any]:
        """Delete the item with a primary key; it is no error if there is none.

        :param if_version: the version that the item has to have, if there is one
        """
        return run(saving.delete_key(cls._dynamorm.store, conditions, keys, if_version))
