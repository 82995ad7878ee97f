"""Attribute values: whether DynamoDB takes them, and how many bytes it counts for them."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from .refusals import Refuse, short

DEEPEST = 32
LARGEST_ITEM = 400 * 1024
LONGEST_NAME = 65_535

_NUMBER = re.compile(r"[+-]?(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?", re.ASCII)
_LEAVES = {"S": str, "N": str, "BOOL": bool, "NULL": bool}
_SETS = {"SS": "S", "NS": "N", "BS": "B"}


def item_size(item: Any, refuse: Refuse) -> int:
    """Return how many bytes DynamoDB counts for an item, and refuse what is wrong in it."""
    if not isinstance(item, dict):
        refuse("form", f"{short(item)} is no item")
        return 0
    size = 0
    for name, value in item.items():
        size += name_size(name, refuse) + value_size(value, name, refuse)
    if size > LARGEST_ITEM:
        refuse("item-size", f"an item of {size:,} bytes")
    return size


def name_size(name: Any, refuse: Refuse) -> int:
    """Return the bytes of an attribute's name."""
    if not isinstance(name, str):
        refuse("form", f"{short(name)} is no name")
        return 0
    if name.isascii() and 1 <= len(name) <= LONGEST_NAME:
        return len(name)  # nearly always
    size = text_size(name, f"the name {short(name)}", refuse)
    if not 1 <= size <= LONGEST_NAME:
        refuse("name", f"a name of {size:,} bytes: {short(name)}")
    return size


def text_size(text: str, where: Any, refuse: Refuse) -> int:
    """Return the bytes of a text."""
    if text.isascii():
        return len(text)
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        refuse("text", f"{where} has half of a surrogate pair: {short(text)}")
        return len(text)


def value_size(value: Any, where: Any, refuse: Refuse, level: int = 1) -> int:
    """Return how many bytes DynamoDB counts for a value; ``where`` is the name of the attribute."""
    if not isinstance(value, dict) or len(value) != 1:
        refuse("value", f"{where}: {short(value)} has not exactly one type")
        return 0
    if level > DEEPEST:
        refuse("nesting", f"{where}: a value at level {level}")
        return 0
    ((tag, content),) = value.items()
    if tag in _LEAVES:
        return _leaf_size(tag, content, where, refuse)
    if tag == "B":
        return len(content_bytes(content, where, refuse))
    if tag in _SETS:
        return _set_size(tag, content, where, refuse)
    if tag == "L" and isinstance(content, (list, tuple)):
        return 3 + sum(1 + value_size(element, where, refuse, level + 1) for element in content)
    if tag == "M" and isinstance(content, dict):
        return 3 + sum(
            1 + name_size(name, refuse) + value_size(element, where, refuse, level + 1)
            for name, element in content.items()
        )
    refuse("value", f"{where}: {short(value)} is no value of type {tag}")
    return 0


def _leaf_size(tag: str, content: Any, where: Any, refuse: Refuse) -> int:
    if type(content) is not _LEAVES[tag] and not isinstance(content, _LEAVES[tag]):
        refuse("value", f"{where}: {short(content)} is no content of type {tag}")
        return 0
    if tag == "S":
        return text_size(content, where, refuse)
    if tag == "N":
        wrong, size = judge_number(content)
        if wrong:
            refuse("number", f"{where}: {short(content)} {wrong}")
        return size
    if tag == "NULL" and content is not True:
        refuse("value", f"{where}: NULL is true, not {content}")
    return 1


def content_bytes(content: Any, where: Any, refuse: Refuse) -> bytes:
    """Return the content of a binary value; boto3 has a class for it."""
    content = getattr(content, "value", content)
    if not isinstance(content, (bytes, bytearray, memoryview)):
        refuse("value", f"{where}: {short(content)} is no binary content")
        return b""
    return bytes(content)


def _set_size(tag: str, elements: Any, where: Any, refuse: Refuse) -> int:
    if not isinstance(elements, (list, tuple, set, frozenset)):
        refuse("value", f"{where}: {short(elements)} is no set")
        return 0
    if not elements:
        refuse("set", f"{where}: an empty set")
    inner = _SETS[tag]
    size = sum(value_size({inner: element}, where, refuse) for element in elements)
    try:
        distinct = {comparable({inner: element}) for element in elements}
    except (AttributeError, ArithmeticError, TypeError, ValueError):
        return size  # an element is no value, which has been said
    if len(distinct) != len(elements):
        refuse("set", f"{where}: an element twice in {short(elements)}")
    return size


@functools.lru_cache(maxsize=10_000)
def judge_number(text: str) -> tuple[str, int]:
    """Return what is wrong with a number, or nothing, and how many bytes DynamoDB counts for it."""
    found = _NUMBER.fullmatch(text)
    if found is None or not (found[1] or found[2]):
        return "is not written as a number", 0
    whole, fraction, power = found[1], found[2], int(found[3] or 0)
    digits = (whole + fraction).lstrip("0")
    exponent = power - len(fraction)
    highest = exponent + len(digits) - 1 if digits else power
    significant = digits.rstrip("0")
    if highest > 125 or highest < -130:
        return "is outside the range", 1
    if len(significant) > 38:
        return f"has {len(significant)} digits", 1
    exponent += len(digits) - len(significant)
    before_the_point = max(0, min(len(significant), highest + 1)) if significant else 0
    behind = len(significant) - before_the_point
    return "", 1 + -(-before_the_point // 2) + -(-behind // 2) + text.startswith("-")


def type_of(value: Any) -> str:
    """Return the type letter of a value."""
    return next(iter(value)) if isinstance(value, dict) and len(value) == 1 else ""


def comparable(value: Mapping[str, Any]) -> Any:
    """Return what values of one type are ordered, and told apart, by."""
    ((tag, content),) = value.items()
    if tag == "S":
        return content.encode("utf-8", "surrogatepass")
    if tag == "N":
        return Decimal(content)
    return bytes(getattr(content, "value", content))
