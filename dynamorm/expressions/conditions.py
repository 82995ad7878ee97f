"""Conditions as a tree that is written with :class:`Q` or references, resolved against a model, and rendered.

Until it is resolved a leaf is a :class:`Lookup`, a name with double underscores and a plain value, or a :class:`Claim`,
which names its attribute by a reference.  Resolved, it is a :class:`Comparison`, a document path and operands in wire
form, which no longer needs the model.  What of it does not depend on values is its :class:`Shape`, which all that look
alike have in common.
"""

from __future__ import annotations

import functools
import operator
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from ..bounded import Bounded
from ..connection import boto3_conditions
from ..exceptions import InvalidExpression
from ..frozen import Frozen
from ..wire.codec import decode_value
from ..wire.paths import Path
from .placeholders import shown_path


class Condition:
    """Anything that composes with ``&``, ``|`` and ``~``."""

    def __and__(self, other: Any) -> Condition:
        return self._with(other, All)

    def __or__(self, other: Any) -> Condition:
        return self._with(other, Either)

    def __rand__(self, other: Any) -> Condition:
        return self._after(other, All)

    def __ror__(self, other: Any) -> Condition:
        return self._after(other, Either)

    def __invert__(self) -> Condition:
        return self if is_neutral(self) else Not(self)

    def __bool__(self) -> NoReturn:
        raise TypeError("a condition has no truth value here: combine with & | ~ instead of and, or, not")

    def _with(self, other: Any, combine: Callable[[tuple[Condition, ...]], Condition]) -> Condition:
        if other is None:
            return self
        if not is_condition(other):
            raise TypeError(f"{self!r} combines with conditions, and {other!r} is none")
        theirs = condition_of(other)
        if is_neutral(theirs):
            return self
        combined: Condition = theirs if is_neutral(self) else combine((self, theirs))
        return combined

    def to_boto3(self, model: Any) -> Any:
        """Return boto3's form of the condition, with names and values as the model stores them."""
        converted: Any = model._dynamorm_boto3_condition(self)
        return converted

    def get_expression(self) -> NoReturn:
        """Refuse to serve boto3 directly: names and values mean something for a model only."""
        raise InvalidExpression(f"{self!r} belongs to a model: hand boto3 its .to_boto3(Model)")

    def _after(self, other: Any, combine: Callable[[tuple[Condition, ...]], Condition]) -> Condition:
        if other is None:
            return self
        return condition_of(other)._with(self, combine) if is_condition(other) else NotImplemented

    def _conjuncts(self) -> tuple[Condition, ...]:
        """Return the parts that are ANDed at the top."""
        return (self,)

    def _class(self) -> type:
        loaded = sys.modules.get("boto3.dynamodb.conditions")
        return type(self) if loaded is None else _also_boto3s(type(self), loaded.ConditionBase)

    # boto3 asks `isinstance(x, ConditionBase)` before it composes a condition of its own with one of ours
    __class__ = property(_class)

    # what pickle does by itself insists on the class that __class__ gives
    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), dict(vars(self)))


_boto3s: dict[tuple[type, type], type] = {}


def _also_boto3s(own: type, foreign: type) -> type:
    """Return a class that is both ours and boto3's, for ``isinstance`` only: nothing is ever made of it."""
    both = _boto3s.get((own, foreign))
    if both is None:
        both = _boto3s[own, foreign] = type(own.__name__, (own, foreign), {"__module__": own.__module__})
    return both


def _restored(kind: type, state: dict[str, Any]) -> Any:
    condition: Any = object.__new__(kind)
    condition.__dict__.update(state)
    return condition


class All(Condition, Frozen):
    parts: tuple[Condition, ...]

    def _conjuncts(self) -> tuple[Condition, ...]:
        return tuple(inner for part in self.parts for inner in part._conjuncts())

    def __repr__(self) -> str:
        return " & ".join(_shown(part) for part in self.parts) or "Q()"


class Either(Condition, Frozen):
    parts: tuple[Condition, ...]

    def __repr__(self) -> str:
        return " | ".join(_shown(part) for part in self.parts)


class Not(Condition, Frozen):
    part: Condition

    def __repr__(self) -> str:
        return f"~{_shown(self.part)}"


def _shown(part: Condition) -> str:
    return f"({part!r})" if type(part) in (All, Either, Claim, Comparison) else repr(part)


class Lookup(Condition, Frozen):
    """``name`` holds the attribute, the way into it and the operator, as a keyword argument does."""

    name: str
    value: Any

    # several are made for each call, and what Frozen does for any class costs ten times as much
    def __init__(self, name: str, value: Any) -> None:
        held = self.__dict__
        held["name"], held["value"] = name, value

    def __repr__(self) -> str:
        return f"Q({self.name}={self.value!r})"


class Claim(Condition, Frozen):
    """The attribute is named by a reference; ``size`` says that the size is compared, not the value."""

    target: Any
    operator: str
    value: Any
    size: bool = False

    def __init__(self, target: Any, operator: str, value: Any, size: bool = False) -> None:
        held = self.__dict__
        held["target"], held["operator"], held["value"], held["size"] = target, operator, value, size

    def __repr__(self) -> str:
        return f"{self.target!r}.{'size().' if self.size else ''}{self.operator}({self.value!r})"


class Q(Condition):
    """One or more lookups, all of which have to hold.

    Example::

        Book.scan(Q(author="Mr. Bar") | ~Q(year__lt=1990))
    """

    def __init__(self, /, **lookups: Any) -> None:
        self.named = lookups

    @property
    def lookups(self) -> tuple[Lookup, ...]:
        return tuple([Lookup(name, value) for name, value in self.named.items()])

    def _conjuncts(self) -> tuple[Condition, ...]:
        return self.lookups

    def __repr__(self) -> str:
        return f"Q({', '.join(f'{name}={value!r}' for name, value in self.named.items())})"


class PathOperand(NamedTuple):
    """Another attribute of the same item as an operand."""

    path: Path
    size: bool = False


class Shape:
    """What comparisons have in common that differ in nothing but their values.

    There is one of each, so that they are told apart by identity.  ``operands`` has ``None`` for each value.
    """

    __slots__ = ("operands", "operator", "path", "size")

    def __init__(self, path: Path, operator: str, operands: tuple[PathOperand | None, ...], size: bool) -> None:
        self.path = path
        self.operator = operator
        self.operands = operands
        self.size = size


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


def is_neutral(condition: Condition) -> bool:
    kind = type(condition)
    return (issubclass(kind, Q) and not condition.named) or (  # type: ignore[attr-defined]
        issubclass(kind, All) and not condition.parts  # type: ignore[attr-defined]
    )


def members(condition: Q | All) -> tuple[Condition, ...]:
    return condition.lookups if issubclass(type(condition), Q) else condition.parts  # type: ignore[union-attr]


def is_condition(given: Any) -> bool:
    """Return whether something is a condition, ours or boto3's."""
    return issubclass(type(given), Condition) or (
        hasattr(type(given), "get_expression") and hasattr(type(given), "__and__")
    )


# boto3's operators under our names; size(...) and the combining ones are read by shape
_BOTO3_OPERATORS = {
    "=": "eq",
    "<>": "ne",
    "<": "lt",
    "<=": "lte",
    ">": "gt",
    ">=": "gte",
    "IN": "in",
    "BETWEEN": "between",
    "begins_with": "begins_with",
    "contains": "contains",
    "attribute_type": "type",
    "attribute_exists": "exists",
    "attribute_not_exists": "not_exists",
}


def condition_of(given: Any) -> Condition:
    """Return a condition of ours for one of boto3's; ours stay as they are."""
    if issubclass(type(given), Condition):
        ours: Condition = given
        return ours
    expression = given.get_expression()
    operator, values = expression["operator"], expression["values"]
    if operator in ("AND", "OR"):
        parts = tuple(part for part in map(condition_of, values) if not is_neutral(part))
        if len(parts) == 1:
            return parts[0]
        return All(parts) if operator == "AND" or not parts else Either(parts)
    if operator == "NOT":
        return ~condition_of(values[0])
    target, *operands = values
    size = hasattr(target, "get_expression")
    if size:  # boto3's Size: a condition of its own around the attribute
        target = target.get_expression()["values"][0]
    known = _BOTO3_OPERATORS.get(operator)
    if known is None:
        raise InvalidExpression(f"boto3's operator {operator!r} has no counterpart here")
    if known in ("exists", "not_exists"):
        value: Any = True
    elif known == "in":
        value = [_boto3_operand(operand) for operand in operands[0]]
    elif known == "between":
        value = [_boto3_operand(operand) for operand in operands]
    else:
        value = _boto3_operand(operands[0])
    return Claim(Stored(target.name), known, value, size)


class Stored(NamedTuple):
    """An attribute by the name that boto3 was given: names as they are stored, joined by dots and positions."""

    name: str
    size: bool = False


def _boto3_operand(value: Any) -> Any:
    """Return the attribute that is compared with, where it is no plain value."""
    if not hasattr(type(value), "begins_with"):
        return value
    return Stored(value.name, hasattr(value, "get_expression"))


def conjunction(conditions: Iterable[Any], lookups: Mapping[str, Any] | None = None) -> tuple[Condition, ...]:
    """Return the parts of everything that was given, all of which have to hold.

    Conditions come as such, as boto3's, as dicts of lookups, or in lists of these; ``None`` is nothing.
    """
    parts: list[Condition] = []
    for condition in conditions:
        if condition is None:
            continue
        if is_condition(condition):
            parts.extend(parts_of(condition_of(condition)))
        elif isinstance(condition, Mapping):
            parts.extend([Lookup(name, value) for name, value in condition.items()])
        elif isinstance(condition, (list, tuple)):
            parts.extend(conjunction(condition))
        else:
            raise InvalidExpression(f"{condition!r} is no condition: give a Q, a dict, or keyword arguments")
    if lookups:
        parts.extend([Lookup(name, value) for name, value in lookups.items()])
    return tuple(parts)


def parts_of(condition: Condition) -> tuple[Condition, ...]:
    """Return the parts that are ANDed at the top of a condition."""
    return condition._conjuncts()


def leaves(condition: Condition) -> Iterable[Comparison]:
    """Return every comparison in a resolved condition."""
    kind = type(condition)
    if kind is Comparison:
        yield condition  # type: ignore[misc]
    elif kind is Not:
        yield from leaves(condition.part)  # type: ignore[attr-defined]
    elif kind is All or kind is Either:
        for part in condition.parts:  # type: ignore[attr-defined]
            yield from leaves(part)


def resolve(condition: Any, leaf: Callable[[Any], Condition]) -> Condition:
    """Return the same tree with every lookup and claim replaced."""
    # not by isinstance: what is no instance of a class would be asked for its __class__ too, which we compute
    kind = type(condition)
    if kind is Lookup or kind is Claim:
        return leaf(condition)
    if issubclass(kind, (Q, All)):
        parts = tuple([resolve(part, leaf) for part in members(condition)])
        # DynamoDB refuses the parentheses that an AND of one would get
        return parts[0] if len(parts) == 1 else All(parts)
    if kind is Either:
        return Either(tuple([resolve(part, leaf) for part in condition.parts]))
    if kind is Not:
        return Not(resolve(condition.part, leaf))
    resolved: Condition = condition
    return resolved


def boto3_condition(parts: Sequence[Condition]) -> Any:
    """Return boto3's form of resolved conditions, all of which have to hold."""
    boto3s = boto3_conditions()
    converted = [_as_boto3(part, boto3s) for part in parts]
    if not converted:
        raise InvalidExpression("an empty condition has no form in boto3")
    return functools.reduce(lambda one, other: one & other, converted)


def _as_boto3(condition: Condition, boto3s: Any) -> Any:
    if isinstance(condition, Comparison):
        return _comparison_as_boto3(condition, boto3s)
    if isinstance(condition, Not):
        return ~_as_boto3(condition.part, boto3s)
    assert isinstance(condition, (All, Either))
    combine = operator.and_ if isinstance(condition, All) else operator.or_
    return functools.reduce(combine, [_as_boto3(part, boto3s) for part in condition.parts])


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
