"""What leads to many: a query that is also sized."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from ..exceptions import InvalidKey
from ..indexes import Index
from ..reading.options import index_called
from ..reading.query import QueryIterator
from ..reading.read import Read
from ..store import store_of
from ..waiting import refuse_to_wait
from .declaring import Relationship


class QuerySet(QueryIterator[Any]):
    """The query of the many: everything that queries are, and sized.

    ``len()`` reads all items and keeps them for later iterations of this object; truth asks for one item.
    """

    _items: list[Any] | None = None

    def __init__(self, model: Any, query: Mapping[str, Any], index: Any = None) -> None:
        super().__init__(model, **query)
        if index is not None:
            name = index.index.name if isinstance(index, Index) else index
            self._read = self._read.replaced(on_index=index_called(store_of(model), name))

    def _of(self, read: Read) -> Any:
        refined = super()._of(read)
        refined._items = None
        return refined

    def __iter__(self) -> Iterator[Any]:
        return self._kept_or_read(super().__iter__())

    def _kept_or_read(self, reading: Iterator[Any]) -> Iterator[Any]:
        # list() asks for the length only after it has the iterator
        yield from reading if self._items is None else self._items

    def __aiter__(self) -> AsyncIterator[Any]:
        return super().__aiter__() if self._items is None else Kept(self._items)

    def __len__(self) -> int:
        if self._items is None:
            refuse_to_wait("len() of a relationship", "make a list of it: items = await relationship.aall()")
            self._items = list(super().__iter__())
        return len(self._items)

    def __bool__(self) -> bool:
        return super().__bool__() if self._items is None else bool(self._items)


class Kept:
    """Goes through items that are here, for ``async for``."""

    def __init__(self, items: list[Any]) -> None:
        self._items = iter(list(items))

    def __aiter__(self) -> Kept:
        return self

    async def __anext__(self) -> Any:
        for item in self._items:
            return item
        raise StopAsyncIteration


class OneToMany(Relationship):
    """Leads to the many instances of another model that belong to an instance, as a query."""

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        keys = self.keys_from(instance)
        lacking = self._without_value(keys)
        if lacking:
            raise InvalidKey(
                f"{instance!r} has no {self.name} yet: the query gives no value for {', '.join(lacking)}, a key of "
                f"{self.other.__name__}"
            )
        with store_of(self.other).beside(instance).pinned():
            return QuerySet(self.other, keys, None if self.index is None else self.accessor)

    def __set__(self, instance: Any, value: Any) -> None:
        self.assign(value)

    def __delete__(self, instance: Any) -> None:
        raise AttributeError(f"{self!r} leads to many; {self.name}.delete() deletes them")
