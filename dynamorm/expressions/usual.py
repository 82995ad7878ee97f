"""What makes comparisons of usual values, learned once for each name and operator.

It gives ``None`` for unusual values, which have to be looked at more closely.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from ..wire.codec import encode_stored, encode_value
from ..wire.paths import Path
from .comparisons import Comparison, is_in_order, shape_of
from .conditions import Stored
from .references import Reference, Size

Convert: TypeAlias = Callable[[Any], "dict[str, Any] | None"]
Compare: TypeAlias = Callable[[Any], "Comparison | None"]

# values that stand for an attribute
REFERRING = (Size, Reference, Stored)
# of IN
MOST_VALUES = 100
# operators that compare by order, and the types that have one
_ORDERING = frozenset({"lt", "lte", "gt", "gte", "between"})
_ORDERED = frozenset({"S", "N", "B"})
BEGINNING = frozenset({"S", "B"})


def of_none(path: Path, operator: str) -> Comparison:
    return Comparison(path, "absent" if operator == "eq" else "present")


def comparing(path: Path, operator: str, size: bool, convert: Convert) -> Compare:
    shape = shape_of(path, operator, (None,), size)
    absence = None
    if not size and operator in ("eq", "ne"):
        absence = of_none(path, operator)

    def compare(value: Any) -> Comparison | None:
        if value is None:
            return absence
        wire = None if isinstance(value, REFERRING) else convert(value)
        return None if wire is None else Comparison.of(shape, (wire,))

    return compare


# what can be gone through twice
_SEVERAL = (list, tuple, set, frozenset)


def comparing_several(path: Path, operator: str, size: bool, convert: Convert) -> Compare:
    def compare(values: Any) -> Comparison | None:
        if type(values) not in _SEVERAL:
            return None
        count = len(values)
        if count != 2 if operator == "between" else count > MOST_VALUES:
            return None
        wires = []
        for value in values:
            wire = None if value is None or isinstance(value, REFERRING) else convert(value)
            if wire is None:
                return None
            wires.append(wire)
        if operator == "between" and not is_in_order(*wires):
            return None
        return Comparison.of(shape_of(path, operator, (None,) * count, size), tuple(wires))

    return compare


def nothing_usual(value: Any) -> None:
    return None


def encoded(value: Any) -> dict[str, Any] | None:
    if type(value) is str and value.isascii():
        return {"S": value}
    try:
        return encode_stored(value)
    except Exception:
        return None  # it is encoded once more, for the error


def encoded_in_list(value: Any) -> dict[str, Any] | None:
    try:
        return encode_stored(value, in_list=True)
    except Exception:
        return None


def size_of(value: Any) -> dict[str, Any] | None:
    return encode_value(value) if type(value) is int else None


def is_in_list(path: Path) -> bool:
    """Return whether a path leads into a list, where maps keep their NULLs."""
    return len(path) > 1 and any(isinstance(step, int) for step in path)


def tags_for(operator: str) -> frozenset[str] | None:
    """Return the forms in which operands of an operator are stored; ``None`` is any."""
    return _ORDERED if operator in _ORDERING else BEGINNING if operator == "begins_with" else None


def only(tags: frozenset[str], convert: Convert) -> Convert:
    """Return a conversion of nothing but values that are stored in certain forms."""

    def convert_tagged(value: Any) -> dict[str, Any] | None:
        wire = convert(value)
        return None if wire is None or tags.isdisjoint(wire) else wire

    return convert_tagged


def in_parts(operands: list[Any]) -> list[list[Any]]:
    """Return the operands of IN in lists of as many as DynamoDB takes."""
    return [operands[start : start + MOST_VALUES] for start in range(0, len(operands), MOST_VALUES)]
