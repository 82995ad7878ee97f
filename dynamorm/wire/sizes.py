"""How many bytes items take, as DynamoDB counts them, and the limit that it sets."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Context
from typing import Any

import orjson

from ..exceptions import ItemTooLarge
from .texts import binary_as_text

__all__ = ["LARGEST_ITEM", "checked_size", "size_of_item", "size_of_value"]

LARGEST_ITEM = 400 * 1024

# What a list or a map takes besides its content, and each of its elements or entries.
_CONTAINER = 3
_ELEMENT = 1
_SHOWN = 3
_EXACT = Context(prec=60)


def checked_size(item: Mapping[str, Any], owner: str) -> int:
    """Return the most bytes that an item may take, and refuse one that DynamoDB would not take.

    The text of an item is longer than its size, and made faster than that is counted: few items have to be.
    """
    try:
        most = len(orjson.dumps(item, default=binary_as_text))
    except (TypeError, ValueError, RecursionError):
        most = size_of_item(item)
    if most > LARGEST_ITEM:
        _refuse_too_large(item, owner)
    return most


def _refuse_too_large(item: Mapping[str, Any], owner: str) -> None:
    sizes = {name: _length(name) + size_of_value(value) for name, value in item.items()}
    size = sum(sizes.values())
    if size <= LARGEST_ITEM:
        return
    largest = sorted(sizes, key=sizes.__getitem__, reverse=True)[:_SHOWN]
    shown = ", ".join(f"{name} ({sizes[name]:,})" for name in largest)
    error = ItemTooLarge(
        f"{owner}: an item of {size:,} bytes was not sent; DynamoDB takes {LARGEST_ITEM:,} at most, names included. "
        f"Its largest attributes are {shown}"
    )
    error.code = "ValidationException"
    raise error


def size_of_item(item: Mapping[str, Any]) -> int:
    """Return the size of an item in wire form."""
    return sum([_length(name) + size_of_value(value) for name, value in item.items()])


def size_of_value(value: Mapping[str, Any]) -> int:
    """Return the size of an AttributeValue."""
    ((tag, content),) = value.items()
    if tag == "S":
        return _length(content)
    if tag == "N":
        return _size_of_number(content)
    if tag == "B":
        return len(content)
    if tag == "M":
        return _CONTAINER + sum([_ELEMENT + _length(name) + size_of_value(one) for name, one in content.items()])
    if tag == "L":
        return _CONTAINER + sum([_ELEMENT + size_of_value(one) for one in content])
    if tag == "SS":
        return sum(map(_length, content))
    if tag == "NS":
        return sum(map(_size_of_number, content))
    return sum(map(len, content)) if tag == "BS" else 1


def _length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _size_of_number(text: str) -> int:
    """Return the size of a number: a byte for two digits, which are paired from the decimal point on, and one more."""
    sign, digits, exponent = _EXACT.create_decimal(text).normalize(_EXACT).as_tuple()
    if not any(digits):
        return 1
    before = max(0, min(len(digits), len(digits) + int(exponent)))
    return 1 + (before + 1) // 2 + (len(digits) - before + 1) // 2 + sign
