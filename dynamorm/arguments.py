"""What comes in the place of an argument by mistake, or because existing code puts it there.

The texts of errors here show no values: they may be anything, whole items with their secrets included.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .exceptions import DynaModelException, DynamoException, InvalidExpression

BOTO3_ARGUMENTS = frozenset(
    {
        "ConsistentRead",
        "ExclusiveStartKey",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
        "FilterExpression",
        "KeyConditionExpression",
        "Limit",
        "ProjectionExpression",
        "ReturnConsumedCapacity",
        "ScanIndexForward",
        "Segment",
        "Select",
        "TotalSegments",
    }
)


def check_switch(name: str, value: Any, remedy: str, kind: type[DynamoException]) -> None:
    """Refuse what is neither true nor false.

    :param remedy: what to do for those who have put something else in its position
    """
    if value is not None and not (isinstance(value, int) and value in (0, 1)):
        raise kind(f"{name} takes True or False, not a value of type {type(value).__name__}; {remedy}")


def is_atomic(verb: str, atomic: Any, if_unchanged: Any) -> bool:
    """Return whether a write is to be refused where the item was changed, which either of two switches says."""
    for name, value in (("atomic", atomic), ("if_unchanged", if_unchanged)):
        if value is not False and value is not True:
            check_switch(f"{verb}({name}=...)", value, "give conditions as conditions=...", DynaModelException)
    return bool(atomic or if_unchanged)


def check_concurrency(concurrency: Any) -> None:
    """Refuse what says how many requests are to be under way, and is no number of them."""
    if type(concurrency) is not int or concurrency < 1:
        raise InvalidExpression(f"concurrency={concurrency!r}: give a whole number of at least 1")


def check_mapping(name: str, value: Any, kind: type[DynamoException]) -> None:
    """Refuse what is no dict, nor anything like one."""
    if not isinstance(value, Mapping):
        raise kind(f"{name} takes a dict, not a value of type {type(value).__name__}")


def split_boto3_arguments(conditions: tuple[Any, ...], kwargs: Any) -> tuple[tuple[Any, ...], Any]:
    """Take a first dict of boto3's arguments, which existing code may give by position, out of the conditions."""
    first = conditions[0] if conditions else None
    if kwargs is None and isinstance(first, Mapping) and first and first.keys() <= BOTO3_ARGUMENTS:
        return conditions[1:], first
    return conditions, kwargs
