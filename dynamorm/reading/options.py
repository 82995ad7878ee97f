"""What a read is to do besides its conditions: frozen options, which every refinement replaces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from math import inf
from numbers import Real
from typing import Any, NamedTuple

from ..exceptions import InvalidExpression, InvalidKey
from ..expressions import conjunction, kept
from ..requests.boto3_arguments import without_conditions
from ..spec import IndexSpec
from ..store import Store


class ReadOptions(NamedTuple):
    """What a query or scan asks for.

    ``conditions`` are not resolved yet, ``raw`` are arguments in boto3's form.  ``chooses_index`` is what ``find``
    does, ``paths`` are the attributes that are wanted.  ``segment`` is a part of a scan and the number of parts,
    ``parallel`` the number of parts and of those that are read at a time.  ``backwards`` is what a page asks for that
    stands before its start: the order of reading is turned around, and the query stays the same.  ``with_hidden`` and
    ``with_expired`` take in what is left out otherwise; expired items come as they are stored only, and never as
    instances.  ``now`` is the second that counts as the present for all of an iteration.
    ``partners`` are relationships whose partners are read along.
    """

    conditions: Any
    raw: Mapping[str, Any] = {}
    on_index: IndexSpec | None = None
    chooses_index: bool = False
    limit: int | None = None
    page_size: int | None = None
    consistent: bool = False
    reverse: bool = False
    paths: Sequence[Any] | None = None
    partial: bool | None = None
    start: Any = None
    hydrated: bool = False
    ahead: bool = False
    on_invalid: Any = "raise"
    rate: float | None = None
    segment: tuple[int, int] | None = None
    parallel: tuple[int, int] | None = None
    backwards: bool = False
    with_hidden: bool = False
    with_expired: bool = False
    now: str | None = None
    partners: tuple[Any, ...] = ()


def options_given(
    store: Store, conditions: Sequence[Any], lookups: Mapping[str, Any], raw: Mapping[str, Any] | None
) -> ReadOptions:
    """Return the options of a read as a model's ``query`` or ``scan`` was given them.

    Of arguments in boto3's form, those that mean an option become that option.
    """
    if not raw:
        return ReadOptions(conjunction(conditions, lookups))
    rest, found = without_conditions(raw)
    rest = kept(rest)
    changes: dict[str, Any] = {}
    if rest.get("Limit") is not None:
        changes["limit"] = positive("Limit", rest.pop("Limit"))
    if rest.get("IndexName") is not None:
        changes["on_index"] = index_called(store, rest.pop("IndexName"))
    if rest.get("ExclusiveStartKey") is not None:
        changes["start"] = given_start(rest.pop("ExclusiveStartKey"))
    if rest.get("ConsistentRead") is not None:
        changes["consistent"] = bool(rest.pop("ConsistentRead"))
    if rest.get("ScanIndexForward") is not None:
        changes["reverse"] = not rest.pop("ScanIndexForward")
    return ReadOptions(conjunction([*conditions, *found], lookups), raw=rest, **changes)


def index_called(store: Store, name: str) -> IndexSpec:
    """Return the index with a name in DynamoDB."""
    indexes = store.table.indexes
    if not isinstance(name, str) or name not in indexes:
        known = ", ".join(indexes) or "none"
        raise InvalidKey(f"{store.mapper.model_name} has no index {name!r}; there are: {known}")
    spec: IndexSpec = indexes[name].spec
    return spec


def given_start(start: Any) -> Any:
    """Return a position as it was given, whatever becomes of the dict or instance."""
    return start if start is None or isinstance(start, (str, bytes)) else copy(start)


def given_names(names: Any) -> tuple[Any, ...]:
    """Return the attributes that are wanted."""
    if isinstance(names, (str, bytes)) or not isinstance(names, Iterable):
        raise InvalidExpression(f"specific_attributes({names!r}): a list of names is meant")
    return tuple(names)


def units_a_second(given: Any, kind: str) -> float:
    """Return a number of capacity units a second."""
    if isinstance(given, bool) or not isinstance(given, Real) or not 0 < float(given) < inf:
        raise InvalidExpression(f"rate_limit({given!r}): a positive number of {kind} capacity units is meant")
    return float(given)


MOST_LOOKED_AT = 2**31 - 1
MOST_SEGMENTS = 1_000_000


def positive(name: str, number: Any, most: float = inf) -> int:
    """Return a number that has to be a whole one from 1 up."""
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise InvalidExpression(f"{name}({number!r}): a positive integer is meant")
    if number > most:
        raise InvalidExpression(f"{name}({number!r}): DynamoDB takes {most:,} at most")
    return number
