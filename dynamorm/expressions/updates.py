"""Updates: what is to be done at which path."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from ..wire.paths import Path
from .comparisons import PathOperand

FUNCTIONS = frozenset({"plus", "minus", "add", "delete", "append", "prepend", "if_not_exists", "remove"})


class SumOperand(NamedTuple):
    """A sum of two operands; an attribute that is absent counts as 0."""

    left: dict[str, Any] | PathOperand
    sign: str
    right: dict[str, Any] | PathOperand


Operand = dict[str, Any] | PathOperand | SumOperand


class Action(NamedTuple):
    """One change: ``kind`` is ``set`` or one of the functions of the grammar; ``value`` is in wire form."""

    kind: str
    path: Path
    value: Operand | None = None


# Without the function that the class has for it, since there are some of these for every update.
action_of: Callable[[tuple[str, Path, Operand | None]], Action] = partial(tuple.__new__, Action)
