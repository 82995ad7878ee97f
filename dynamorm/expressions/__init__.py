"""Conditions and updates: how they are written, how they are resolved against fields, how they are rendered."""

from __future__ import annotations

from ..wire.paths import Path
from .conditions import (
    All,
    Comparison,
    Condition,
    Either,
    Lookup,
    Not,
    PathOperand,
    Q,
    Shape,
    boto3_condition,
    conjunction,
    is_condition,
    leaves,
    parts_of,
)
from .lookups import REFERRING, Convert, Resolver, is_in_list
from .placeholders import overlapping, shown_path
from .references import Change, F, Reference, Sum
from .rendering import Rendered, render_condition, render_projection, render_update, shapes
from .updates import FUNCTIONS, Action, SumOperand

__all__ = [
    "FUNCTIONS",
    "REFERRING",
    "Action",
    "All",
    "Change",
    "Comparison",
    "Condition",
    "Convert",
    "Either",
    "F",
    "Lookup",
    "Not",
    "Path",
    "PathOperand",
    "Q",
    "Reference",
    "Rendered",
    "Resolver",
    "Shape",
    "Sum",
    "SumOperand",
    "boto3_condition",
    "conjunction",
    "is_condition",
    "is_in_list",
    "leaves",
    "overlapping",
    "parts_of",
    "render_condition",
    "render_projection",
    "render_update",
    "shapes",
    "shown_path",
]
