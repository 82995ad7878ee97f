"""What resolved conditions come to, judged as DynamoDB judges them: for an item at hand, or for any item.

``None`` is the verdict where that depends on what is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any, TypeAlias

from ..wire.codec import AttributeValue
from ..wire.paths import same_value, value_at
from .comparisons import Comparison, PathOperand, Shape, is_in_order
from .conditions import All, Condition, Not, folded, in_postfix, parts_of

_Item: TypeAlias = Mapping[str, AttributeValue]
# None where an attribute is not there
_Value: TypeAlias = AttributeValue | None
_ORDERED = frozenset({"S", "N", "B"})


def verdict(condition: Condition, item: _Item, unknown: Container[str] = ()) -> bool | None:
    """Return whether a resolved condition holds of an item; None where that depends on attributes that are not known.

    ``unknown`` are the top-level attributes of which it is not known what the item has there.
    """

    def of_leaf(leaf: Comparison) -> bool | None:
        if leaf.shape.is_empty:
            return False
        return None if _touches(leaf.shape, unknown) else _holds(leaf, item)

    found: bool | None = folded(in_postfix(condition), of_leaf, _verdict_of_tree)
    return found


def holds_never(conditions: Iterable[Condition]) -> bool:
    """Return whether resolved conditions, all of which have to hold, can be seen to hold of no item."""
    for condition in conditions:
        if type(condition) is Comparison:
            if condition.shape.is_empty:
                return True
        elif folded(in_postfix(condition), _verdict_of_leaf, _verdict_of_tree) is False:
            return True
    return False


def fixed_by(conditions: Iterable[Condition]) -> dict[str, AttributeValue]:
    """Return the attributes that resolved conditions, all of which have to hold, fix by equality.

    Where two conditions fix one attribute, the first counts.
    """
    fixed: dict[str, AttributeValue] = {}
    for condition in conditions:
        for part in parts_of(condition):
            if type(part) is not Comparison or part.operator != "eq" or part.size:
                continue
            if len(part.path) == 1 and part.values:
                fixed.setdefault(str(part.path[0]), part.values[0])
    return fixed


def _verdict_of_leaf(leaf: Comparison) -> bool | None:
    return False if leaf.shape.is_empty else None


def _verdict_of_tree(kind: Any, verdicts: list[bool | None]) -> bool | None:
    """Return what a tree comes to, from the verdicts on its parts."""
    if kind is Not:
        return None if verdicts[0] is None else not verdicts[0]
    settled = kind is not All  # what one part is enough for
    if settled in verdicts:
        return settled
    return None if None in verdicts else not settled


def _touches(shape: Shape, attributes: Container[str]) -> bool:
    paths = [shape.path, *[operand.path for operand in shape.operands if operand is not None]]
    return any(path[0] in attributes for path in paths)


def _holds(leaf: Comparison, item: _Item) -> bool:
    subject = PathOperand(leaf.path, leaf.size)
    return _OPERATORS[leaf.operator](*[_operand(operand, item) for operand in (subject, *leaf.operands)])


def _operand(operand: AttributeValue | PathOperand, item: _Item) -> _Value:
    if not isinstance(operand, PathOperand):
        return operand
    value = value_at(item, operand.path)
    return _size(value) if operand.size else value


def _size(value: _Value) -> _Value:
    if value is None:
        return None
    ((tag, content),) = value.items()
    if tag in ("N", "BOOL", "NULL"):
        return None  # these have no size, and compare as if they were not there
    size = len(content)
    if tag == "S":  # DynamoDB counts text in units of UTF-16, not in letters or bytes
        size += sum(letter > "\uffff" for letter in content)
    return {"N": str(size)}


def _is_equal(value: _Value, other: _Value) -> bool:
    # what is not there equals nothing, not even what is not there either
    return value is not None and same_value(value, other)


def _is_at_most(value: _Value, other: _Value) -> bool:
    if value is None or other is None or _ORDERED.isdisjoint(value):
        return False
    return is_in_order(value, other)


def _is_below(value: _Value, other: _Value) -> bool:
    return _is_at_most(value, other) and not _is_at_most(other, value)


def _begins_with(value: _Value, start: _Value) -> bool:
    if value is None or start is None:
        return False
    ((tag, content),) = value.items()
    return tag in ("S", "B") and tag in start and bool(content.startswith(start[tag]))


def _contains(value: _Value, part: _Value) -> bool:
    if value is None or part is None:
        return False
    ((tag, content),) = value.items()
    if tag in ("S", "B"):
        return tag in part and part[tag] in content
    if tag in ("SS", "NS", "BS"):
        return any(same_value({tag[0]: element}, part) for element in content)
    return tag == "L" and any(same_value(element, part) for element in content)


_OPERATORS: dict[str, Callable[..., bool]] = {
    "exists": lambda value: value is not None,
    "not_exists": lambda value: value is None,
    "absent": lambda value: value is None or "NULL" in value,
    "present": lambda value: value is not None and "NULL" not in value,
    "type": lambda value, code: value is not None and code["S"] in value,
    "eq": _is_equal,
    "ne": lambda value, other: not _is_equal(value, other),
    "lt": _is_below,
    "lte": _is_at_most,
    "gt": lambda value, other: _is_below(other, value),
    "gte": lambda value, other: _is_at_most(other, value),
    "between": lambda value, low, high: _is_at_most(low, value) and _is_at_most(value, high),
    "in": lambda value, *others: any(_is_equal(value, other) for other in others),
    "begins_with": _begins_with,
    "contains": _contains,
    "not_contains": lambda value, part: not _contains(value, part),
}
