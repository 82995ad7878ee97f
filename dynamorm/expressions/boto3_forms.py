"""Resolved conditions in boto3's form."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from typing import Any

from ..connection import boto3_conditions
from ..exceptions import InvalidExpression
from ..wire.codec import decode_value
from ..wire.paths import Path
from .comparisons import Comparison, PathOperand
from .conditions import All, Condition, Not, conjoined, folded, in_postfix
from .placeholders import shown_path


def boto3_condition(parts: Sequence[Condition]) -> Any:
    """Return boto3's form of resolved conditions, all of which have to hold."""
    if not parts:
        raise InvalidExpression("an empty condition has no form in boto3")
    boto3s = boto3_conditions()
    return folded(in_postfix(conjoined(parts)), lambda leaf: _comparison_as_boto3(leaf, boto3s), _tree_as_boto3)


def _tree_as_boto3(kind: Any, parts: list[Any]) -> Any:
    if kind is Not:
        return ~parts[0]
    combine = operator.and_ if kind is All else operator.or_
    # boto3 joins two at a time and writes what comes of it by recursion, so it is given a tree with no deep end
    while len(parts) > 1:
        parts = [functools.reduce(combine, parts[start : start + 2]) for start in range(0, len(parts), 2)]
    return parts[0]


def _comparison_as_boto3(comparison: Comparison, boto3s: Any) -> Any:
    attribute = _boto3_attribute(comparison.path, boto3s)
    subject = attribute.size() if comparison.size else attribute
    operands = [
        _boto3_attribute(operand.path, boto3s, operand.size)
        if isinstance(operand, PathOperand)
        else decode_value(operand)
        for operand in comparison.operands
    ]
    kind = comparison.operator
    # boto3's sizes lack the methods for these two, but not the conditions
    if comparison.shape.is_empty:
        return attribute.exists() & attribute.not_exists()
    if kind == "in":
        return boto3s.In(subject, operands)
    if kind == "ne":
        return boto3s.NotEquals(subject, *operands)
    if kind == "not_contains":
        return ~attribute.contains(*operands)
    if kind == "absent":
        return attribute.not_exists() | attribute.attribute_type("NULL")
    if kind == "present":
        return attribute.exists() & ~attribute.attribute_type("NULL")
    return getattr(subject, "attribute_type" if kind == "type" else kind)(*operands)


def _boto3_attribute(path: Path, boto3s: Any, size: bool = False) -> Any:
    for step in path:
        if isinstance(step, str) and any(letter in step for letter in ".[]"):
            raise InvalidExpression(f"boto3 cannot name an attribute called {step!r}: it takes it for a path")
    attribute = boto3s.Attr(shown_path(path))
    return attribute.size() if size else attribute
