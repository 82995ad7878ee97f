"""Queries and scans: lazy, reusable, and never changed by being used.

Every method gives a new object; iterating one asks for the pages of matching items one after the other, from the
start each time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from typing import Any

from .codec import WireItem
from .exceptions import InvalidKey, NotProjected
from .expressions import Comparison, Condition, conjunction
from .expressions.conditions import All, Either, Not, parts_of
from .items import Store
from .requests import Request, build_query, build_scan
from .spec import IndexSpec, KeySpec

RANGE_OPERATORS = frozenset({"eq", "lt", "lte", "gt", "gte", "between", "begins_with"})


class ReadIterator(ABC):
    """What queries and scans have in common."""

    def __init__(
        self, store: Store, make: Callable[[WireItem, bool], Any], conditions: Sequence[Any], lookups: dict[str, Any]
    ) -> None:
        self._store = store
        self._make = make
        self._conditions = conjunction(conditions, lookups)
        self._index: IndexSpec | None = None
        self._limit: int | None = None
        self._page_size: int | None = None
        self._consistent = False

    # Refining; each gives a new object.

    def _with(self, **changes: Any) -> Any:
        refined = copy(self)
        for name, value in changes.items():
            setattr(refined, f"_{name}", value)
        return refined

    def filter(self, *conditions: Any, **lookups: Any) -> Any:
        """Let more conditions hold besides the present ones."""
        return self._with(conditions=self._conditions + conjunction(conditions, lookups))

    def on(self, index: str) -> Any:
        """Read from an index, by its name in DynamoDB."""
        return self._with(index=self._store.table.indexes[index].spec)

    def limit(self, limit: int) -> Any:
        """Give so many items at most."""
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise ValueError(f"limit({limit!r}): a limit is a positive integer")
        return self._with(limit=limit)

    def page_size(self, size: int) -> Any:
        """Let DynamoDB look at so many items at most for each page."""
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise ValueError(f"page_size({size!r}): a page size is a positive integer")
        return self._with(page_size=size)

    def consistent(self, consistent: bool = True) -> Any:
        """Read what was written before, at twice the price; not on global indexes."""
        return self._with(consistent=consistent)

    # Reading.

    def __iter__(self) -> Iterator[Any]:
        remaining = self._limit
        partial = self._index is not None and self._index.included is not None
        for page in self._responses():
            for wire in page.get("Items", ()):
                yield self._make(wire, partial)
                if remaining is not None:
                    remaining -= 1
                    if not remaining:
                        return

    def all(self) -> list[Any]:
        """Give all items as a list."""
        return list(self)

    def first(self) -> Any:
        """Give the first item, ``None`` if there is none."""
        return next(iter(self.limit(1)), None)

    def count(self) -> int:
        """Give the number of items, over all pages, without reading them."""
        counted: int = sum(page["Count"] for page in self._responses(count=True))
        return counted if self._limit is None else min(counted, self._limit)

    def _responses(self, count: bool = False) -> Iterator[dict[str, Any]]:
        # connection and table are those of the beginning, whatever settings hold when the iteration goes on
        request = self._request(self._store.table.full_name, count=count)
        connection = self._store.table.connection
        while True:
            response = connection.call(request, self._store.model)
            yield response
            start = response.get("LastEvaluatedKey")
            if not start:
                return
            request = request.after(start)

    @abstractmethod
    def _request(self, table: str, **options: Any) -> Request:
        """Build the request for one page."""

    def _options(self) -> dict[str, Any]:
        if self._consistent and self._index is not None and self._index.is_global:
            raise InvalidKey(f"{self._name}: a global index has no consistent reads")
        return {
            "index": self._index.name if self._index is not None else None,
            "consistent": self._consistent,
            "page_size": self._page_size,
        }

    @property
    def _name(self) -> str:
        name = self._store.mapper.model_name
        return name if self._index is None else f"{name} on index {self._index.name!r}"

    def _check_projected(self, filters: Sequence[Condition]) -> None:
        index, table_key = self._index, self._store.mapper.key
        if index is None or index.included is None:
            return
        held = {*index.included, *index.key.names, *table_key.names}
        lacking = sorted({str(comparison.path[0]) for part in filters for comparison in _leaves(part)} - held)
        if lacking:
            raise NotProjected(f"{self._name} does not hold {', '.join(lacking)}; it holds {', '.join(sorted(held))}")


def _leaves(condition: Condition) -> Iterator[Comparison]:
    if isinstance(condition, Comparison):
        yield condition
    elif isinstance(condition, Not):
        yield from _leaves(condition.part)
    elif isinstance(condition, (All, Either)):
        for part in condition.parts:
            yield from _leaves(part)


class ScanIterator(ReadIterator):
    """Looks at every item of a table or index, and gives those that match."""

    def _request(self, table: str, **options: Any) -> Request:
        filters = self._store.mapper.conditions(self._conditions)
        self._check_projected(filters)
        return build_scan(table, filters=filters, **self._options(), **options)


class QueryIterator(ReadIterator):
    """Gives the items under one hash key, in the order of the range key."""

    _reverse = False

    def reverse(self, reverse: bool = True) -> Any:
        """Give the items in descending order of the range key."""
        return self._with(reverse=reverse)

    def _request(self, table: str, **options: Any) -> Request:
        keys, filters = self._split()
        self._check_projected(filters)
        return build_query(table, keys, filters=filters, reverse=self._reverse, **self._options(), **options)

    @property
    def _key(self) -> KeySpec:
        return self._store.mapper.key if self._index is None else self._index.key

    def _split(self) -> tuple[list[Comparison], list[Condition]]:
        """Tell key conditions, the one of the hash key first, from filters."""
        parts = [inner for part in self._store.mapper.conditions(self._conditions) for inner in parts_of(part)]
        hashes: list[Comparison] = []
        ranges: list[Comparison] = []
        filters: list[Condition] = []
        for part in parts:
            if isinstance(part, Comparison) and part.path == (self._key.hash_key,):
                hashes.append(part)
            elif isinstance(part, Comparison) and part.path == (self._key.range_key,):
                ranges.append(part)
            else:
                filters.append(part)
        self._check_hash(hashes)
        for filter_ in filters:
            for leaf in _leaves(filter_):
                if leaf.path[0] in self._key.names:
                    raise InvalidKey(f"{self._name}: DynamoDB takes no filter on {leaf.path[0]}, which is a key here")
        return hashes + self._merged(ranges), filters

    def _check_hash(self, hashes: list[Comparison]) -> None:
        name = self._key.hash_key
        if not hashes:
            raise InvalidKey(f"a query of {self._name} needs {name}=..., its hash key; scan() reads without one")
        if len(hashes) > 1:
            raise InvalidKey(f"a query of {self._name} has one value of {name}, its hash key, not {len(hashes)}")
        if hashes[0].operator != "eq" or hashes[0].size:
            raise InvalidKey(
                f"{name} is the hash key of {self._name}: DynamoDB finds it by equality alone, "
                f"not with {hashes[0].operator}; scan() can"
            )

    def _merged(self, ranges: list[Comparison]) -> list[Comparison]:
        """Give the one condition on the range key; a lower and an upper bound become BETWEEN."""
        for comparison in ranges:
            if comparison.operator not in RANGE_OPERATORS or comparison.size:
                raise InvalidKey(
                    f"{self._key.range_key} is the range key of {self._name}, which a query finds with "
                    f"{', '.join(sorted(RANGE_OPERATORS))}, not with {comparison.operator}; scan() can"
                )
        if len(ranges) == 2 and {part.operator for part in ranges} == {"gte", "lte"}:
            low, high = sorted(ranges, key=lambda part: part.operator)
            return [Comparison(low.path, "between", (*low.operands, *high.operands))]
        if len(ranges) > 1:
            raise InvalidKey(f"a query of {self._name} has one condition on {self._key.range_key}, its range key")
        return ranges
