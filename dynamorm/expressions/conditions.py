"""Conditions as a tree that is written with :class:`Q`, resolved against the fields of a model, and rendered.

Until it is resolved a leaf is a :class:`Lookup`, a name with double underscores and a plain value.  Resolved, it is a
:class:`Comparison`, a document path and operands in wire form, which no longer needs the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from ..exceptions import InvalidExpression
from .placeholders import Path, Placeholders


class Condition:
    """Anything that composes with ``&``, ``|`` and ``~``."""

    def __and__(self, other: Condition) -> Condition:
        return self._with(other, All)

    def __or__(self, other: Condition) -> Condition:
        return self._with(other, Either)

    def __invert__(self) -> Condition:
        return Not(self) if not _is_neutral(self) else self

    def __bool__(self) -> NoReturn:
        raise TypeError("a condition has no truth value here: combine with & | ~ instead of and, or, not")

    def _with(self, other: Condition, combine: Callable[[tuple[Condition, ...]], Condition]) -> Condition:
        if not isinstance(other, Condition):
            return NotImplemented
        if _is_neutral(other):
            return self
        return other if _is_neutral(self) else combine((self, other))


@dataclass(frozen=True, eq=False)
class All(Condition):
    parts: tuple[Condition, ...]


@dataclass(frozen=True, eq=False)
class Either(Condition):
    parts: tuple[Condition, ...]


@dataclass(frozen=True, eq=False)
class Not(Condition):
    part: Condition


@dataclass(frozen=True, eq=False)
class Lookup(Condition):
    name: str
    value: Any


class Q(Condition):
    """One or more lookups, all of which have to hold.

    Example::

        Book.scan(Q(author="Mr. Bar") | ~Q(year__lt=1990))
    """

    def __init__(self, **lookups: Any) -> None:
        self.lookups = tuple(Lookup(name, value) for name, value in lookups.items())

    def __repr__(self) -> str:
        return f"Q({', '.join(f'{lookup.name}={lookup.value!r}' for lookup in self.lookups)})"


@dataclass(frozen=True, eq=False)
class Comparison(Condition):
    """A resolved leaf: ``operator`` is one of ours, ``size`` says that the size is compared, not the value."""

    path: Path
    operator: str
    operands: tuple[dict[str, Any], ...] = ()
    size: bool = False


def _is_neutral(condition: Condition) -> bool:
    return isinstance(condition, (Q, All)) and not _members(condition)


def _members(condition: Q | All) -> tuple[Condition, ...]:
    return condition.lookups if isinstance(condition, Q) else condition.parts


def conjunction(conditions: Iterable[Any], lookups: Mapping[str, Any] | None = None) -> tuple[Condition, ...]:
    """Give the parts of everything that was given, all of which have to hold.

    Conditions come as such, as dicts of lookups, or in lists of these; ``None`` is nothing.
    """
    parts: list[Condition] = []
    for condition in conditions:
        if condition is None:
            continue
        if isinstance(condition, Condition):
            parts.extend(parts_of(condition))
        elif isinstance(condition, Mapping):
            parts.extend(Lookup(name, value) for name, value in condition.items())
        elif isinstance(condition, (list, tuple)):
            parts.extend(conjunction(condition))
        else:
            raise InvalidExpression(f"{condition!r} is no condition: give a Q, a dict, or keyword arguments")
    parts.extend(Lookup(name, value) for name, value in (lookups or {}).items())
    return tuple(parts)


def parts_of(condition: Condition) -> tuple[Condition, ...]:
    """Give the parts that are ANDed at the top of a condition."""
    if isinstance(condition, (Q, All)):
        return tuple(inner for part in _members(condition) for inner in parts_of(part))
    return (condition,)


def resolve(condition: Condition, leaf: Callable[[Lookup], Condition]) -> Condition:
    """Give the same tree with every lookup replaced."""
    if isinstance(condition, Lookup):
        return leaf(condition)
    if isinstance(condition, (Q, All)):
        return All(tuple(resolve(part, leaf) for part in _members(condition)))
    if isinstance(condition, Either):
        return Either(tuple(resolve(part, leaf) for part in condition.parts))
    if isinstance(condition, Not):
        return Not(resolve(condition.part, leaf))
    return condition


_COMPARATORS = {"eq": "=", "ne": "<>", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_FUNCTIONS = {"begins_with": "begins_with", "contains": "contains", "type": "attribute_type"}


def render_condition(condition: Condition, placeholders: Placeholders) -> str:
    """Give the text of a resolved condition."""
    if isinstance(condition, Comparison):
        return _render_comparison(condition, placeholders)
    if isinstance(condition, All):
        return " AND ".join(_enclosed(part, placeholders) for part in condition.parts)
    if isinstance(condition, Either):
        return " OR ".join(_enclosed(part, placeholders) for part in condition.parts)
    if isinstance(condition, Not):
        return f"NOT {_enclosed(condition.part, placeholders)}"
    raise InvalidExpression(f"{condition!r} has not been resolved against a model")


def _enclosed(condition: Condition, placeholders: Placeholders) -> str:
    text = render_condition(condition, placeholders)
    return text if isinstance(condition, Comparison) else f"({text})"


def _render_comparison(comparison: Comparison, placeholders: Placeholders) -> str:
    path = placeholders.path(comparison.path)
    subject = f"size({path})" if comparison.size else path
    values = [placeholders.value(operand) for operand in comparison.operands]
    operator = comparison.operator
    if operator in _COMPARATORS:
        return f"{subject} {_COMPARATORS[operator]} {values[0]}"
    if operator == "between":
        return f"{subject} BETWEEN {values[0]} AND {values[1]}"
    if operator == "in":
        return f"{subject} IN ({', '.join(values)})"
    if operator == "not_contains":
        return f"NOT contains({path}, {values[0]})"
    if operator == "exists":
        return f"attribute_exists({path})"
    if operator == "not_exists":
        return f"attribute_not_exists({path})"
    if operator == "absent":
        null = placeholders.value({"S": "NULL"})
        return f"(attribute_not_exists({path}) OR attribute_type({path}, {null}))"
    if operator == "present":
        null = placeholders.value({"S": "NULL"})
        return f"(attribute_exists({path}) AND NOT attribute_type({path}, {null}))"
    return f"{_FUNCTIONS[operator]}({path}, {values[0]})"
