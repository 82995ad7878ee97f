"""Operands as they were given, whatever becomes of the objects that held them."""

from __future__ import annotations

from typing import Any

from ..schema.copies import NEVER_COPIED, independent_copy
from ..schema.iterators import FLEETING

# asked of every operand before `kept` is called, which costs a call
UNCHANGING = NEVER_COPIED | {range}
# what an operand with several values is, as a rule; copies of those that do not change are the same objects
_SEVERAL = frozenset({list, tuple, set, frozenset})


def kept(value: Any) -> Any:
    """Return an operand that does not change with the one given, and that can be gone through again and again."""
    kind = type(value)
    if kind in UNCHANGING:
        return value
    if kind in _SEVERAL and UNCHANGING.issuperset(map(type, value)):
        return kind(value)
    if isinstance(value, FLEETING):
        return [kept(element) for element in value]
    try:
        return independent_copy(value)
    except Exception:
        return value  # what cannot be copied cannot be converted either, and is refused then
