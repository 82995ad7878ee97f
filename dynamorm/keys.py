"""Key conditions: found among everything that a query was given, for a table or index that is known or to be chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .exceptions import AmbiguousIndex, InvalidKey
from .expressions import Comparison, Condition, leaves, parts_of
from .items import Store
from .spec import IndexSpec, KeySpec

RANGE_OPERATORS = frozenset({"eq", "lt", "lte", "gt", "gte", "between", "begins_with"})


class Choice(NamedTuple):
    """The index that is queried (``None`` for the table), what finds items in it, and what is left as filters."""

    spec: IndexSpec | None
    keys: tuple[Comparison, ...]
    filters: tuple[Condition, ...]


def split(store: Store, index: IndexSpec | None, conditions: Sequence[Condition], *, textual: bool = False) -> Choice:
    """Tell conditions on keys, the one of the hash key first, from filters.

    ``textual`` says that the key conditions come as text, so that none has to be found here.
    """
    key = store.mapper.key if index is None else index.key
    hashes: list[Comparison] = []
    ranges: list[Comparison] = []
    filters: list[Condition] = []
    for part in (inner for condition in conditions for inner in parts_of(condition)):
        if isinstance(part, Comparison) and part.path == (key.hash_key,):
            hashes.append(part)
        elif isinstance(part, Comparison) and part.path == (key.range_key,):
            ranges.append(part)
        else:
            filters.append(part)
    where = _Where(store, index, key)
    where.check_operands([*hashes, *ranges])
    if not (textual and not hashes):
        if not hashes:
            _name_what_would_serve(store, index, where, conditions)
        where.check_hash(hashes)
    for filter_ in filters:
        for leaf in leaves(filter_):
            if leaf.path[0] in key.names:
                raise InvalidKey(
                    f"{where}: {where.named(leaf.path[0])} is a key here, and DynamoDB takes no filter on a key: "
                    "keys are found by conditions that are ANDed at the top"
                )
    return Choice(index, (*hashes, *where.merged(ranges)), tuple(filters))


class _Where:
    """The table or index of a query, for its messages."""

    def __init__(self, store: Store, index: IndexSpec | None, key: KeySpec) -> None:
        self.store = store
        self.index = index
        self.key = key

    def __str__(self) -> str:
        name = self.store.mapper.model_name
        return f"a query of {name}" if self.index is None else f"a query of {name} on index {self.index.name!r}"

    def named(self, stored: object) -> str:
        """Give the Python name of a stored attribute."""
        return self.store.mapper.adapter.by_stored[str(stored)].name

    def check_operands(self, comparisons: list[Comparison]) -> None:
        for comparison in comparisons:
            if not all(isinstance(operand, dict) for operand in comparison.operands):
                raise InvalidKey(
                    f"{self}: {self.named(comparison.path[0])} is a key here, which DynamoDB compares with values, "
                    "not with other attributes; scan() can"
                )

    def check_hash(self, hashes: list[Comparison]) -> None:
        name = self.named(self.key.hash_key)
        if not hashes:
            raise InvalidKey(f"{self} needs {name}=..., its hash key; scan() reads without one")
        if len(hashes) > 1:
            raise InvalidKey(f"{self} has one value of {name}, its hash key, not {len(hashes)}")
        if hashes[0].operator != "eq" or hashes[0].size:
            operator = "size" if hashes[0].size else hashes[0].operator
            raise InvalidKey(
                f"{self}: {name} is the hash key, which DynamoDB finds by equality alone, "
                f"not with {operator}; scan() can"
            )

    def merged(self, ranges: list[Comparison]) -> list[Comparison]:
        """Give the one condition on the range key; a lower and an upper bound become BETWEEN."""
        for comparison in ranges:
            if comparison.operator not in RANGE_OPERATORS or comparison.size:
                operator = "size" if comparison.size else comparison.operator
                raise InvalidKey(
                    f"{self}: {self.named(self.key.range_key)} is the range key, which is found with "
                    f"{', '.join(sorted(RANGE_OPERATORS))}, not with {operator}; scan() can"
                )
        if len(ranges) == 2 and {part.operator for part in ranges} == {"gte", "lte"}:
            low, high = sorted(ranges, key=lambda part: part.operator)
            return [Comparison(low.path, "between", (*low.operands, *high.operands))]
        if len(ranges) > 1:
            raise InvalidKey(f"{self} has one condition on {self.named(self.key.range_key)}, its range key")
        return ranges


def _name_what_would_serve(
    store: Store, index: IndexSpec | None, where: _Where, conditions: Sequence[Condition]
) -> None:
    serving = [
        "the table" if other is None else f"index {other.name!r}"
        for other in _places(store)
        if other is not index and _given(store, other, conditions)
    ]
    if serving:
        raise InvalidKey(
            f"{where} needs {where.named(where.key.hash_key)}=..., its hash key; with what was given, "
            f"{' or '.join(serving)} can be queried (find() chooses by itself)"
        )


def _places(store: Store) -> list[IndexSpec | None]:
    return [None, *(index.spec for index in store.table.indexes.values())]


def _given(store: Store, index: IndexSpec | None, conditions: Sequence[Condition]) -> bool:
    key = store.mapper.key if index is None else index.key
    return any(
        isinstance(part, Comparison) and part.path == (key.hash_key,) and part.operator == "eq" and not part.size
        for condition in conditions
        for part in parts_of(condition)
    )


def choose(store: Store, conditions: Sequence[Condition]) -> Choice:
    """Give the table or index that the conditions lead to.

    The hash key has to be there; a range key that is given breaks ties, then what holds more of each item, the table
    before all.
    """
    choices: list[Choice] = []
    refusals: list[InvalidKey] = []
    for index in _places(store):
        if _given(store, index, conditions):
            try:
                choices.append(split(store, index, conditions))
            except InvalidKey as error:
                refusals.append(error)
    if not choices:
        if refusals:
            raise refusals[0]
        keys = [store.mapper.key, *(index.spec.key for index in store.table.indexes.values())]
        fields = dict.fromkeys(store.mapper.adapter.by_stored[key.hash_key].name for key in keys)
        raise InvalidKey(
            f"find() of {store.mapper.model_name} needs a hash key: one of {', '.join(fields)}, by equality; "
            "scan() reads without one"
        )
    best = max(map(_merit, choices))
    leading = [choice for choice in choices if _merit(choice) == best]
    if len(leading) > 1:
        names = ", ".join(repr(choice.spec.name) for choice in leading if choice.spec is not None)
        raise AmbiguousIndex(
            f"find() of {store.mapper.model_name}: the indexes {names} serve equally well; "
            "query one of them by its name on the model"
        )
    return leading[0]


def _merit(choice: Choice) -> tuple[bool, int, int]:
    has_range = len(choice.keys) > 1
    if choice.spec is None:
        return has_range, 2, 0
    included = choice.spec.included
    return (has_range, 1, 0) if included is None else (has_range, 0, len(included))
