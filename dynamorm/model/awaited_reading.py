"""The verbs of models that read, to be awaited.

Written by ``scripts/write_awaited.py``: edit :mod:`dynamorm.model.reading`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, overload

from ..drivers import aperform, arun
from ..entity import Entity
from ..many.typed_items import InstancesOfKeys
from ..reading.verbs import finish_exists, finish_get, prepare_exists, prepare_get
from ..writing import saving
from .awaits import awaits

if TYPE_CHECKING:
    from typing_extensions import Self


class AwaitedReading(Entity):
    """Awaits what :class:`.Reading` waits for."""

    __slots__ = ()

    @classmethod
    @awaits
    async def aget(
        cls,
        /,
        consistent: bool = False,
        get_item_kwargs: Mapping[str, Any] | None = None,
        *,
        attrs: Any = None,
        **keys: Any,
    ) -> Self | None:
        """Return the instance with a primary key, ``None`` if there is none.

        :param attrs: the attributes that are wanted, by name; the instance is partial then

        Example::

            await Book.aget(isbn="12345678910")
        """
        store = cls._dynamorm.store
        if consistent is not False and consistent is not True:
            store.mapper.check_consistent("get", consistent)
        call, partial, place = prepare_get(store, consistent, get_item_kwargs, attrs, keys)
        found: Self | None = finish_get(store, await aperform(call), partial, place)
        return found

    @classmethod
    @awaits
    async def arequire(cls, /, consistent: bool = False, **keys: Any) -> Self:
        """Like :meth:`get`, for an item that has to be there.

        :raises DoesNotExist: if it is not
        """
        if consistent is not False and consistent is not True:
            cls._dynamorm.store.mapper.check_consistent("require", consistent)
        found = await cls.aget(consistent=consistent, **keys)
        if found is None:
            shown = ", ".join(f"{name}={value!r}" for name, value in keys.items())
            store = cls._dynamorm.store
            raise store.does_not_exist(f"there is no {store.model.__name__} with {shown}")
        return found

    @classmethod
    @awaits
    async def aexists(cls, /, consistent: bool = False, **keys: Any) -> bool:
        """Return whether there is an item with a primary key."""
        store = cls._dynamorm.store
        if consistent is not False and consistent is not True:
            store.mapper.check_consistent("exists", consistent)
        return finish_exists(store, await aperform(prepare_exists(store, consistent, keys)))

    @overload
    @classmethod
    async def aget_batch(
        cls,
        /,
        keys: Iterable[Any],
        consistent: bool = False,
        attrs: Any = None,
        batch_get_kwargs: Mapping[str, Any] | None = None,
        *,
        ordered: Literal[False] = False,
        concurrency: int = 1,
    ) -> list[Self]: ...

    @overload
    @classmethod
    async def aget_batch(
        cls,
        /,
        keys: Iterable[Any],
        consistent: bool = False,
        attrs: Any = None,
        batch_get_kwargs: Mapping[str, Any] | None = None,
        *,
        ordered: Literal[True],
        concurrency: int = 1,
    ) -> list[Self | None]: ...

    @classmethod
    @awaits
    async def aget_batch(
        cls,
        /,
        keys: Iterable[Any],
        consistent: bool = False,
        attrs: Any = None,
        batch_get_kwargs: Mapping[str, Any] | None = None,
        *,
        ordered: bool = False,
        concurrency: int = 1,
    ) -> list[Self] | list[Self | None]:
        """Return the instances of any number of keys, in any order and without those that are not there.

        :param keys: dicts, instances, tuples, or the bare values of a hash key that has no range key beside it
        :param attrs: the attributes that are wanted, by name; the instances are partial then
        :param batch_get_kwargs: ``ConsistentRead`` and ``ProjectionExpression`` in boto3's form
        :param ordered: give a list in the order of the keys, with ``None`` in place of what is not there
        :param concurrency: how many requests of 100 keys are under way at the same time
        :raises BatchError: if DynamoDB goes on leaving keys undone
        """
        store = cls._dynamorm.store
        store.mapper.check_consistent("get_batch", consistent)
        instances = InstancesOfKeys(store, keys, consistent, attrs, batch_get_kwargs, concurrency)
        return await arun(instances.ordered() if ordered else instances.found())

    @awaits
    async def arefresh(self, consistent: bool = True) -> None:
        """Read the item again, in place of everything that the instance holds.

        :raises DoesNotExist: if it is gone
        """
        store = type(self)._dynamorm.store
        store.mapper.check_consistent("refresh", consistent)
        await arun(saving.refresh(store, self, consistent))
