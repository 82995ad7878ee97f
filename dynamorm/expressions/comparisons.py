"""Resolved leaves of conditions, which no longer need the model: a document path, an operator, operands in wire form.

What of them does not depend on values is their :class:`Shape`, which all that look alike have in common.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from ..bounded import Bounded
from ..frozen import Frozen
from ..wire.codec import decode_value
from ..wire.paths import Path
from .conditions import Condition, in_postfix
from .placeholders import shown_path


class PathOperand(NamedTuple):
    """Another attribute of the same item as an operand."""

    path: Path
    size: bool = False


class Shape:
    """What comparisons have in common that differ in nothing but their values.

    There is one of each, so that they are told apart by identity.  ``operands`` has ``None`` for each value.
    """

    __slots__ = ("is_empty", "operands", "operator", "path", "size")

    def __init__(self, path: Path, operator: str, operands: tuple[PathOperand | None, ...], size: bool) -> None:
        self.path = path
        self.operator = operator
        self.operands = operands
        self.size = size
        self.is_empty = operator == "in" and not operands
        """Whether the value would have to be one of none."""


_NULL = {"S": "NULL"}
_shapes: Bounded[Any, Shape] = Bounded(4_096)


def shape_of(path: Path, operator: str, operands: tuple[PathOperand | None, ...] = (), size: bool = False) -> Shape:
    """Return the shape of comparisons."""
    question = (path, operator, operands, size)
    shape = _shapes.get(question)
    if shape is None:
        shape = _shapes.remember(question, Shape(*question))
    return shape


class Comparison(Condition, Frozen):
    """A resolved leaf: ``operator`` is one of ours, operands are in wire form or name another attribute.

    ``values`` are all that its text has placeholders for, in their order.
    """

    shape: Shape
    values: tuple[dict[str, Any], ...]

    _is_compound = True

    def __init__(
        self, path: Path, operator: str, operands: tuple[dict[str, Any] | PathOperand, ...] = (), size: bool = False
    ) -> None:
        held = self.__dict__
        places = tuple([None if isinstance(operand, dict) else operand for operand in operands])
        held["shape"] = shape_of(path, operator, places, size)
        values = tuple([operand for operand in operands if isinstance(operand, dict)])
        held["values"] = (*values, _NULL) if operator in ("absent", "present") else values

    @staticmethod
    def of(shape: Shape, values: tuple[dict[str, Any], ...]) -> Comparison:
        """Return a comparison whose shape is known."""
        made = _new(Comparison)
        held = made.__dict__
        held["shape"], held["values"] = shape, values
        return made

    @property
    def path(self) -> Path:
        return self.shape.path

    @property
    def operator(self) -> str:
        return self.shape.operator

    @property
    def size(self) -> bool:
        return self.shape.size

    @property
    def operands(self) -> tuple[dict[str, Any] | PathOperand, ...]:
        values = iter(self.values)
        return tuple([next(values) if operand is None else operand for operand in self.shape.operands])

    # the shape is to be the one of the process in which it is used
    def __reduce__(self) -> tuple[Any, ...]:
        return Comparison, (self.path, self.operator, self.operands, self.size)

    def __repr__(self) -> str:
        shown = [
            repr(decode_value(operand)) if isinstance(operand, dict) else f"F({operand.path!r})"
            for operand in self.operands
        ]
        return f"{shown_path(self.path)}{'.size' if self.size else ''} {self.operator} {', '.join(shown)}".rstrip()


_new = object.__new__


def is_in_order(low: dict[str, Any], high: dict[str, Any]) -> bool:
    """Return whether two values are of one type and not in descending order."""
    ((tag, lower),) = low.items()
    if tag not in high:
        return False
    upper = high[tag]
    if tag == "N":
        return Decimal(lower) <= Decimal(upper)
    if tag == "S":
        lower, upper = lower.encode(), upper.encode()
    return bool(bytes(lower) <= bytes(upper))


def leaves(condition: Condition) -> Iterable[Comparison]:
    """Return every comparison in a resolved condition."""
    if type(condition) is Comparison:
        return (condition,)
    return [token for token in in_postfix(condition) if type(token) is Comparison]
