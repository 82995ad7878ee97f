"""Key conditions: found among everything that a query was given, for a table or index that is known or to be chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

from ..exceptions import InvalidKey
from ..expressions import Comparison, Condition, Shape, is_in_order, leaves, parts_of, shapes
from ..keyed_mapper import KeyedMapper
from ..spec import IndexSpec, KeySpec
from ..store import Store
from .by_parts import by_parts, refuse_contradiction, with_kind

RANGE_OPERATORS = frozenset({"eq", "lt", "lte", "gt", "gte", "between", "begins_with"})


class Choice(NamedTuple):
    """The index that is queried (``None`` for the table), what finds items in it, and what is left as filters."""

    spec: IndexSpec | None
    keys: tuple[Comparison, ...]
    filters: tuple[Condition, ...]


def split(store: Store, index: IndexSpec | None, conditions: Sequence[Condition], *, textual: bool = False) -> Choice:
    """Return the conditions on keys, in the order of the key, and the filters.

    ``textual`` says that the key conditions come as text, so that none has to be found here.
    """
    parts = [inner for condition in conditions for inner in parts_of(condition)]
    mapper = store.mapper
    if isinstance(mapper, KeyedMapper) and not textual:
        # what is said of computed keys depends on values
        key = mapper.key if index is None else index.key
        refuse_contradiction(str(_Where(store, index, key)), mapper, key, parts)
        return _split(store, index, with_kind(mapper, key, by_parts(mapper, key, parts)), conditions, textual)
    question = (None if index is None else index.name, textual, *shapes(parts))
    known: _Arrangement | None = store.mapper.arrangements.get(question)
    if known is not None:
        return Choice(index, known.keys(parts), tuple([parts[position] for position in known.filters]))
    choice = _split(store, index, parts, conditions, textual)
    store.mapper.arrangements.remember(question, _Arrangement(choice, parts))
    return choice


class _Arrangement:
    """Where among conditions of some shapes the keys and the filters are.

    The key is at one position, or between two.
    """

    def __init__(self, choice: Choice, parts: Sequence[Condition]) -> None:
        positions = {id(part): position for position, part in enumerate(parts)}
        self.filters = tuple(positions[id(part)] for part in choice.filters)
        self._keys: list[tuple[Shape | None, tuple[int, ...]]] = []
        for part in choice.keys:
            if id(part) in positions:
                self._keys.append((None, (positions[id(part)],)))
            else:
                bounds = [
                    position
                    for position, one in enumerate(parts)
                    if isinstance(one, Comparison) and one.path == part.path
                ]
                bounds.sort(key=lambda position: cast(Comparison, parts[position]).operator)
                self._keys.append((part.shape, tuple(bounds)))

    def keys(self, parts: Sequence[Any]) -> tuple[Comparison, ...]:
        return tuple(
            [
                parts[positions[0]] if shape is None else Comparison.of(shape, _values(parts, positions))
                for shape, positions in self._keys
            ]
        )


def _values(parts: Sequence[Comparison], positions: tuple[int, ...]) -> tuple[dict[str, Any], ...]:
    return tuple([value for position in positions for value in parts[position].values])


def _split(
    store: Store, index: IndexSpec | None, parts: Sequence[Condition], conditions: Sequence[Condition], textual: bool
) -> Choice:
    key = store.mapper.key if index is None else index.key
    on_keys: dict[str, list[Comparison]] = {name: [] for name in key.names}
    filters: list[Condition] = []
    for part in parts:
        if isinstance(part, Comparison) and len(part.path) == 1 and part.path[0] in on_keys:
            on_keys[str(part.path[0])].append(part)
        else:
            filters.append(part)
    where = _Where(store, index, key)
    where.check_operands(on_keys)
    if not textual:
        if not all(on_keys[name] for name in key.hash_names):
            _name_what_would_serve(store, index, where, conditions)
        where.check_hash_is_whole(on_keys)
    keys = [where.checked_hash(name, on_keys[name]) for name in key.hash_names if on_keys[name]]
    ranges = {name: where.merged(name, on_keys[name]) for name in key.range_names if on_keys[name]}
    if not textual:
        where.check_range_has_no_gap(ranges)
    for filter_ in filters:
        for leaf in leaves(filter_):
            if leaf.path[0] in key.names:
                raise InvalidKey(
                    f"{where}: {where.named(leaf.path[0])} is a key here, and DynamoDB takes no filter on a key: "
                    "keys are found by conditions that are ANDed at the top"
                )
    return Choice(index, (*keys, *ranges.values()), tuple(filters))


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
        """Return the Python name of a stored attribute."""
        return self.store.mapper.named(stored)

    @property
    def needed(self) -> str:
        """What such a query cannot do without."""
        shown = []
        for name in self.key.hash_names:
            fields = self.store.mapper.fields_of(name)
            made = f" for {name}" if name in self.store.mapper.attributes and fields != (name,) else ""
            shown.append(" and ".join(f"{field}=..." for field in fields) + made)
        return f"{' and '.join(shown)}, its hash key"

    def check_operands(self, on_keys: Mapping[str, list[Comparison]]) -> None:
        for name, comparisons in on_keys.items():
            if not all(isinstance(operand, dict) for part in comparisons for operand in part.operands):
                raise InvalidKey(
                    f"{self}: {self.named(name)} is a key here, which DynamoDB compares with values, "
                    "not with other attributes; scan() can"
                )

    def check_hash_is_whole(self, on_keys: Mapping[str, list[Comparison]]) -> None:
        lacking = [self.named(name) for name in self.key.hash_names if not on_keys[name]]
        if len(lacking) == len(self.key.hash_names):
            raise InvalidKey(f"{self} needs {self.needed}; scan() reads without one")
        if lacking:
            raise InvalidKey(f"{self} needs {self.needed}, as a whole: there is no {' and no '.join(lacking)}")

    def checked_hash(self, stored: str, found: list[Comparison]) -> Comparison:
        name, role = self.named(stored), _role(self.key.hashes, "hash key")
        if len(found) > 1:
            raise InvalidKey(f"{self} has one value of {name}, {role}, not {len(found)}")
        if found[0].operator != "eq" or found[0].size:
            raise InvalidKey(
                f"{self}: {name} is {role}, which DynamoDB finds by equality alone, "
                f"not with {_operator(found[0])}; scan() can"
            )
        return found[0]

    def merged(self, stored: str, found: list[Comparison]) -> Comparison:
        """Return the one condition on a range attribute; a lower and an upper bound become BETWEEN."""
        name, role = self.named(stored), _role(self.key.ranges, "range key")
        for comparison in found:
            if comparison.operator not in RANGE_OPERATORS or comparison.size:
                raise InvalidKey(
                    f"{self}: {name} is {role}, which is found with "
                    f"{', '.join(sorted(RANGE_OPERATORS))}, not with {_operator(comparison)}; scan() can"
                )
        if len(found) == 2 and {part.operator for part in found} == {"gte", "lte"}:
            low, high = sorted(found, key=lambda part: part.operator)
            return Comparison(low.path, "between", (*low.operands, *high.operands))
        if len(found) > 1:
            raise InvalidKey(f"{self} has one condition on {name}, {role}")
        return found[0]

    def check_range_has_no_gap(self, ranges: Mapping[str, Comparison]) -> None:
        """Hold conditions on a range key against DynamoDB's rule for several attributes.

        They are used from the first one on, and only the last condition may be something else than an equality.
        """
        for stored in ranges:
            for before in self.key.range_names[: self.key.range_names.index(stored)]:
                if before not in ranges or ranges[before].operator != "eq":
                    order = ", ".join(map(self.named, self.key.range_names))
                    given = f"comes with {_operator(ranges[before])}" if before in ranges else "is not given"
                    raise InvalidKey(
                        f"{self}: its range key is {order}, in this order, so that {self.named(stored)} is found only "
                        f"together with {self.named(before)} by equality, which {given}; scan() can"
                    )


# what no key is
_EMPTY = ({"S": ""}, {"B": b""})


def finds_nothing(store: Store, index: IndexSpec | None, keys: Sequence[Any]) -> bool:
    """Return whether a lower bound that became BETWEEN with an upper one is above it, which DynamoDB refuses.

    :raises InvalidKey: if a key is compared with an empty value, which DynamoDB refuses too
    """
    for part in keys:
        operator, values = part.shape.operator, part.values
        if values[0] in _EMPTY or values[-1] in _EMPTY:
            where = _Where(store, index, store.mapper.key if index is None else index.key)
            raise InvalidKey(
                f"{where}: {where.named(part.path[0])} is a key, and keys are never empty; "
                f"DynamoDB takes no empty value for {operator} either"
            )
        if operator == "between" and not is_in_order(*values):
            return True
    return False


def _role(attributes: Sequence[object], key: str) -> str:
    return f"the {key}" if len(attributes) == 1 else f"part of the {key}"


def _operator(comparison: Comparison) -> str:
    return "size" if comparison.size else comparison.operator


def _name_what_would_serve(
    store: Store, index: IndexSpec | None, where: _Where, conditions: Sequence[Condition]
) -> None:
    serving = [
        "the table" if other is None else f"index {other.name!r}"
        for other in candidates(store)
        if other is not index and is_given(store, other, conditions)
    ]
    if serving:
        raise InvalidKey(
            f"{where} needs {where.needed}; with what was given, "
            f"{' or '.join(serving)} can be queried (find() chooses by itself)"
        )


def candidates(store: Store) -> list[IndexSpec | None]:
    return [None, *(index.spec for index in store.table.indexes.values())]


def is_given(store: Store, index: IndexSpec | None, conditions: Sequence[Condition]) -> bool:
    key = store.mapper.key if index is None else index.key
    parts = [part for condition in conditions for part in parts_of(condition)]
    if isinstance(store.mapper, KeyedMapper):
        parts = by_parts(store.mapper, key, parts)
    found = {part.path for part in parts if isinstance(part, Comparison) and part.operator == "eq" and not part.size}
    return found >= {(name,) for name in key.hash_names}
