"""What pydantic demands of values, in the words of the compiler, where these say the same."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum, Flag
from typing import Any

from .compiler.layouts import Bounds, Check, Checks, Size
from .pydantic_fields import SAYS_NOTHING, Node, Piece
from .pydantic_values import plain

_NUMBERS: dict[str, type] = {"int": int, "float": float, "decimal": Decimal}
_HASHES = (Enum.__hash__, str.__hash__, int.__hash__)
_EQUALITIES = (Enum.__eq__, str.__eq__, int.__eq__)
_BOUNDS = {"gt", "ge", "lt", "le"}
_SIZES = {"min_length", "max_length"}


def simple_checks(piece: Piece) -> Checks | None:
    """Give the checks that refuse just those values of the right type that pydantic refuses, ``None`` if none do."""
    if not piece.is_checked:
        return ()
    node = piece.stored
    kind, demands = node["type"], node.keys() - SAYS_NOTHING
    if kind in _NUMBERS and demands <= _BOUNDS:
        bounds = _bounds(node, _NUMBERS[kind])
        return None if bounds is None else (bounds,)
    if kind in ("str", "list") and demands <= _SIZES:
        return (Size(node.get("min_length"), node.get("max_length")),)
    return None


def _bounds(node: Node, native: type) -> Check | None:
    given = {name: node[name] for name in _BOUNDS if node.get(name) is not None}
    if {"gt", "ge"} <= given.keys() or {"lt", "le"} <= given.keys():
        return None
    if any(type(bound) not in (native, int) for bound in given.values()):
        return None
    least = next((native(given[name]) for name in ("ge", "gt") if name in given), None)
    most = next((native(given[name]) for name in ("le", "lt") if name in given), None)
    return Bounds(least, most, "gt" not in given, "lt" not in given)


def choices(node: Node) -> Mapping[Any, Any] | None:
    """Give the stored form of each value of a ``Literal`` or ``Enum``, ``None`` where there may be other values."""
    if node["type"] == "literal":
        expected = node["expected"]
        return {one: one for one in expected} if all(type(one) in (str, int) for one in expected) else None
    if node["type"] != "enum" or node.get("missing") is not None or issubclass(node["cls"], Flag):
        return None
    return {one: plain(one.value) for one in node["members"]} if _are_told_apart(node["cls"]) else None


def _are_told_apart(kind: Any) -> bool:
    """Say whether members are looked up as Python does it, and not by a method of the user's."""
    return kind.__hash__ in _HASHES and kind.__eq__ in _EQUALITIES
