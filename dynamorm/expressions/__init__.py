"""Conditions and updates: how they are written, how they are resolved against fields, how they are rendered."""

from __future__ import annotations

from .conditions import (
    All,
    Comparison,
    Condition,
    Either,
    Lookup,
    Not,
    PathOperand,
    Q,
    boto3_condition,
    conjunction,
    is_condition,
    leaves,
    parts_of,
)
from .lookups import Resolver, is_in_list
from .placeholders import Path, overlapping, shown_path
from .references import Change, F, Reference, Sum
from .rendering import Rendered, render_condition, render_projection, render_update
from .updates import FUNCTIONS, Action, SumOperand

__all__ = [
    "FUNCTIONS",
    "Action",
    "All",
    "Change",
    "Comparison",
    "Condition",
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
    "shown_path",
]
