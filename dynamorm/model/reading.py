"""The verbs of models that read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, overload

from ..arguments import split_boto3_arguments
from ..drivers import perform, run
from ..entity import Entity
from ..many.typed_items import InstancesOfKeys
from ..reading.query import QueryIterator
from ..reading.scan import ScanIterator
from ..reading.verbs import finish_exists, finish_get, prepare_exists, prepare_get
from ..writing import saving

if TYPE_CHECKING:
    from typing_extensions import Self


class Reading(Entity):
    """Reads items, and gives instances of them."""

    __slots__ = ()

    @classmethod
    def get(
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

            Book.get(isbn="12345678910")
        """
        store = cls._dynamorm.store
        if consistent is not False and consistent is not True:
            store.mapper.check_consistent("get", consistent)
        call, partial, place = prepare_get(store, consistent, get_item_kwargs, attrs, keys)
        found: Self | None = finish_get(store, perform(call), partial, place)
        return found

    @classmethod
    def require(cls, /, consistent: bool = False, **keys: Any) -> Self:
        """Like :meth:`get`, for an item that has to be there.

        :raises DoesNotExist: if it is not
        """
        if consistent is not False and consistent is not True:
            cls._dynamorm.store.mapper.check_consistent("require", consistent)
        found = cls.get(consistent=consistent, **keys)
        if found is None:
            shown = ", ".join(f"{name}={value!r}" for name, value in keys.items())
            store = cls._dynamorm.store
            raise store.does_not_exist(f"there is no {store.model.__name__} with {shown}")
        return found

    @classmethod
    def exists(cls, /, consistent: bool = False, **keys: Any) -> bool:
        """Return whether there is an item with a primary key."""
        store = cls._dynamorm.store
        if consistent is not False and consistent is not True:
            store.mapper.check_consistent("exists", consistent)
        return finish_exists(store, perform(prepare_exists(store, consistent, keys)))

    @overload
    @classmethod
    def get_batch(
        cls,
        /,
        keys: Iterable[Any],
        consistent: bool = False,
        attrs: Any = None,
        batch_get_kwargs: Mapping[str, Any] | None = None,
        *,
        ordered: Literal[False] = False,
        concurrency: int = 1,
    ) -> Iterator[Self]: ...

    @overload
    @classmethod
    def get_batch(
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
    def get_batch(
        cls,
        /,
        keys: Iterable[Any],
        consistent: bool = False,
        attrs: Any = None,
        batch_get_kwargs: Mapping[str, Any] | None = None,
        *,
        ordered: bool = False,
        concurrency: int = 1,
    ) -> Iterator[Self] | list[Self | None]:
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
        return run(instances.ordered()) if ordered else instances.as_they_come()

    @classmethod
    def query(
        cls, /, *conditions: Any, query_kwargs: Mapping[str, Any] | None = None, **lookups: Any
    ) -> QueryIterator[Self]:
        """Read the items under one hash key; conditions on the range key and filters may be added.

        Example::

            Book.ByAuthor.query(author="Mr. Bar", year__gte=1990)
        """
        if conditions:
            conditions, query_kwargs = split_boto3_arguments(conditions, query_kwargs)
        return QueryIterator._of_store(cls._dynamorm.store, conditions, lookups, query_kwargs)

    @classmethod
    def find(
        cls, /, *conditions: Any, query_kwargs: Mapping[str, Any] | None = None, **lookups: Any
    ) -> QueryIterator[Self]:
        """Like :meth:`query`, of the table or index that the keys among the conditions lead to.

        :raises AmbiguousIndex: if more than one index serves equally well
        """
        return QueryIterator._of_store(cls._dynamorm.store, conditions, lookups, query_kwargs)._with(chooses_index=True)

    @classmethod
    def scan(
        cls, /, *conditions: Any, scan_kwargs: Mapping[str, Any] | None = None, **lookups: Any
    ) -> ScanIterator[Self]:
        """Read every item that matches, which looks at every item there is.

        Example::

            Book.scan(Q(author="Mr. Bar") | Q(year__lt=1990))
        """
        if conditions:
            conditions, scan_kwargs = split_boto3_arguments(conditions, scan_kwargs)
        return ScanIterator._of_store(cls._dynamorm.store, conditions, lookups, scan_kwargs)

    def refresh(self, consistent: bool = True) -> None:
        """Read the item again, in place of everything that the instance holds.

        :raises DoesNotExist: if it is gone
        """
        store = type(self)._dynamorm.store
        store.mapper.check_consistent("refresh", consistent)
        run(saving.refresh(store, self, consistent))
