"""Conditions and updates: how they are written, how they are resolved against fields, how they are rendered."""

from __future__ import annotations

from ..wire.paths import Path
from .boto3_forms import boto3_condition
from .comparisons import Comparison, PathOperand, Shape, is_in_order, leaves
from .conditions import (
    All,
    Claim,
    Condition,
    Either,
    Lookup,
    Not,
    Q,
    conjoined,
    conjunction,
    in_postfix,
    is_condition,
    joined,
    negated,
    parts_of,
)
from .foretold import after_update, depends_on
from .hints import shortened
from .judging import fixed_by, holds_never, verdict
from .lookups import Resolver
from .operands import UNCHANGING, kept
from .placeholders import shown_path
from .references import Change, F, Reference, Sum
from .rendering import (
    LONGEST,
    MOST_OPERATORS,
    Rendered,
    render_condition,
    render_projection,
    render_update,
    render_update_if,
    shapes,
)
from .updates import FUNCTIONS, Action, SumOperand, action_of
from .usual import REFERRING, Convert, is_in_list

__all__ = [
    "FUNCTIONS",
    "LONGEST",
    "MOST_OPERATORS",
    "REFERRING",
    "UNCHANGING",
    "Action",
    "All",
    "Change",
    "Claim",
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
    "action_of",
    "after_update",
    "boto3_condition",
    "conjoined",
    "conjunction",
    "depends_on",
    "fixed_by",
    "holds_never",
    "in_postfix",
    "is_condition",
    "is_in_list",
    "is_in_order",
    "joined",
    "kept",
    "leaves",
    "negated",
    "parts_of",
    "render_condition",
    "render_projection",
    "render_update",
    "render_update_if",
    "shapes",
    "shortened",
    "shown_path",
    "verdict",
]
