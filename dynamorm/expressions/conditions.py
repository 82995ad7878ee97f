"""Conditions as a tree that is written with :class:`Q` or references, resolved against a model, and rendered.

Until it is resolved a leaf is a :class:`Lookup`, a name with double underscores and a plain value, or a :class:`Claim`,
which names its attribute by a reference.  Resolved, it is a :class:`~dynamorm.expressions.comparisons.Comparison`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, NoReturn

from ..exceptions import InvalidExpression, MisusedExpression
from ..frozen import Frozen
from .hints import what_is_no_condition
from .operands import UNCHANGING, kept


class Condition:
    """Anything that composes with ``&``, ``|`` and ``~``."""

    _is_compound = False  # so that its text needs parentheses inside another

    def __and__(self, other: Any) -> Condition:
        return self._with(other, All)

    def __or__(self, other: Any) -> Condition:
        return self._with(other, Either)

    def __rand__(self, other: Any) -> Condition:
        return self._after(other, All)

    def __ror__(self, other: Any) -> Condition:
        return self._after(other, Either)

    def __invert__(self) -> Condition:
        return negated(self)

    def __bool__(self) -> NoReturn:
        raise MisusedExpression(f"{self!r} has no truth value here: {COMBINE}")

    def _with(self, other: Any, kind: type[All] | type[Either]) -> Condition:
        if other is None:
            return self
        if not is_condition(other):
            raise MisusedExpression(f"{self!r} combines with conditions: {what_is_no_condition(other)}")
        theirs = condition_of(other)
        if is_neutral(theirs):
            return self
        return theirs if is_neutral(self) else joined(kind, (self, theirs))

    def to_boto3(self, model: Any) -> Any:
        """Return boto3's form of the condition, with names and values as the model stores them."""
        if not hasattr(model, "_dynamorm_boto3_condition"):
            raise InvalidExpression(f"to_boto3({model!r}): the class of a model is meant")
        converted: Any = model._dynamorm_boto3_condition(self)
        return converted

    def get_expression(self) -> NoReturn:
        """Refuse to serve boto3 directly: names and values mean something for a model only."""
        raise InvalidExpression(f"{self!r} belongs to a model: hand boto3 its .to_boto3(Model)")

    def _after(self, other: Any, kind: type[All] | type[Either]) -> Condition:
        if other is None:
            return self
        if not is_condition(other):
            raise MisusedExpression(f"{self!r} combines with conditions: {what_is_no_condition(other)}")
        return condition_of(other)._with(self, kind)

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


COMBINE = "combine conditions with & | ~ instead of and, or, not, each comparison in parentheses: (a == 1) | (b == 2)"

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


class _Tree(Condition):
    """A condition made of others.

    Trees may be as deep as programs make them, and are only ever gone through in their postfix form.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _of_postfix, (tuple(in_postfix(self)),)

    def __repr__(self) -> str:
        text, _ = folded(in_postfix(self), _shown_leaf, _shown_tree)
        return str(text)


class All(_Tree, Frozen):
    """Made by :func:`joined`, so that none of the parts is another one."""

    parts: tuple[Condition, ...]

    def _conjuncts(self) -> tuple[Condition, ...]:
        return tuple([inner for part in self.parts for inner in part._conjuncts()])


class Either(_Tree, Frozen):
    """Made by :func:`joined`, so that none of the parts is another one."""

    parts: tuple[Condition, ...]


class Not(_Tree, Frozen):
    """Made by :func:`negated`, so that the part is no other one."""

    part: Condition


def joined(kind: type[All] | type[Either], parts: Iterable[Condition]) -> Condition:
    """Return the conditions joined, those of the same kind among them taken apart; one alone stays what it is."""
    flat: list[Condition] = []
    for part in parts:
        if type(part) is kind:
            flat += part.parts
        else:
            flat.append(part)
    # DynamoDB refuses the parentheses that an AND of one would get
    return flat[0] if len(flat) == 1 else kind(tuple(flat))


def conjoined(parts: Iterable[Condition]) -> Condition:
    """Return conditions as one, all of which have to hold."""
    return joined(All, parts)


def negated(condition: Condition) -> Condition:
    """Return the opposite of a condition; what is neutral has none."""
    if is_neutral(condition):
        return condition
    return condition.part if type(condition) is Not else Not(condition)


def in_postfix(condition: Condition) -> list[Any]:
    """Return what a tree consists of: the parts of each ``All``, ``Either`` or ``Not``, then its kind and their number.

    Whatever depends on a whole tree is found by :func:`folded`, without recursion.
    """
    found: list[Any] = []
    waiting = [condition]
    while waiting:
        one: Any = waiting.pop()
        kind = type(one)
        if kind is All or kind is Either:
            found.append((kind, len(one.parts)))
            waiting += one.parts
        elif kind is Not:
            found.append((kind, 1))
            waiting.append(one.part)
        else:
            found.append(one)
    found.reverse()
    return found


def folded(postfix: Iterable[Any], of_leaf: Callable[[Any], Any], of_tree: Callable[[Any, list[Any]], Any]) -> Any:
    """Return what becomes of a tree: ``of_leaf`` makes something of each leaf, ``of_tree`` of a kind and what was made
    of its parts."""
    made: list[Any] = []
    for token in postfix:
        if type(token) is tuple:
            kind, count = token
            start = len(made) - count
            parts = made[start:]
            del made[start:]
            made.append(of_tree(kind, parts))
        else:
            made.append(of_leaf(token))
    (whole,) = made
    return whole


def made_of(kind: Any, parts: list[Condition]) -> Condition:
    """Return a tree of a kind."""
    return negated(parts[0]) if kind is Not else joined(kind, parts)


def _of_postfix(postfix: tuple[Any, ...]) -> Any:
    return folded(postfix, lambda leaf: leaf, made_of)


def _shown_leaf(leaf: Condition) -> tuple[str, bool]:
    return repr(leaf), leaf._is_compound


def _shown_tree(kind: Any, parts: list[tuple[str, bool]]) -> tuple[str, bool]:
    """Return the text of a tree, and whether it needs parentheses inside another."""
    shown = [f"({text})" if is_compound else text for text, is_compound in parts]
    if kind is Not:
        return f"~{shown[0]}", False
    return (" & " if kind is All else " | ").join(shown) or "Q()", True


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

    _is_compound = True

    def __init__(self, target: Any, operator: str, value: Any, size: bool = False) -> None:
        held = self.__dict__
        held["target"], held["operator"], held["size"] = target, operator, size
        held["value"] = value if type(value) in UNCHANGING else kept(value)

    def __bool__(self) -> NoReturn:
        instead = ""
        if self.operator == "eq":
            instead = f"; `in` a list is written {self.target!r}.is_in([...])"
        elif self.operator in ("lt", "lte", "gt", "gte"):
            instead = f"; a chained comparison is written {self.target!r}.between(low, high)"
        raise MisusedExpression(f"{self!r} has no truth value here: {COMBINE}{instead}")

    def __repr__(self) -> str:
        return f"{self.target!r}.{'size().' if self.size else ''}{self.operator}({self.value!r})"


class Q(Condition):
    """One or more lookups, all of which have to hold.

    Example::

        Book.scan(Q(author="Mr. Bar") | ~Q(year__lt=1990))
    """

    def __init__(self, /, *misplaced: Any, **lookups: Any) -> None:
        if misplaced:
            raise MisusedExpression(
                f"Q takes keyword arguments, as in Q(year=1999), not {', '.join(map(repr, misplaced))}; {COMBINE}"
            )
        for name, value in lookups.items():
            if type(value) not in UNCHANGING:
                lookups[name] = kept(value)
        self.named = lookups

    @property
    def lookups(self) -> tuple[Lookup, ...]:
        return tuple([Lookup(name, value) for name, value in self.named.items()])

    def _conjuncts(self) -> tuple[Condition, ...]:
        return self.lookups

    def __repr__(self) -> str:
        return f"Q({', '.join(f'{name}={value!r}' for name, value in self.named.items())})"


def is_neutral(condition: Condition) -> bool:
    kind = type(condition)
    return (issubclass(kind, Q) and not condition.named) or (  # type: ignore[attr-defined]
        issubclass(kind, All) and not condition.parts  # type: ignore[attr-defined]
    )


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
_BOTO3_KINDS: dict[str, Any] = {"AND": All, "OR": Either, "NOT": Not}


def condition_of(given: Any) -> Condition:
    """Return a condition of ours for one of boto3's; ours stay as they are."""
    if issubclass(type(given), Condition):
        ours: Condition = given
        return ours
    found: list[Any] = []
    waiting = [given]
    while waiting:
        one = waiting.pop()
        if issubclass(type(one), Condition):
            found.append(one)
            continue
        expression = one.get_expression()
        operator, values = expression["operator"], expression["values"]
        if operator in _BOTO3_KINDS:
            found.append((_BOTO3_KINDS[operator], len(values)))
            waiting += values
        else:
            found.append(_claim_of(operator, values))
    condition: Condition = folded(reversed(found), lambda leaf: leaf, _made_of_some)
    return condition


def _made_of_some(kind: Any, parts: list[Condition]) -> Condition:
    return made_of(kind, parts if kind is Not else [part for part in parts if not is_neutral(part)] or [Q()])


def _claim_of(operator: str, values: Any) -> Claim:
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

    def __repr__(self) -> str:
        return f"Attr({self.name!r}){'.size()' if self.size else ''}"


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
            parts += _lookups(condition)
        elif isinstance(condition, (list, tuple)):
            try:
                parts.extend(conjunction(condition))
            except RecursionError:
                raise MisusedExpression("conditions are in a list that contains itself, or nested too deep") from None
        else:
            raise InvalidExpression(what_is_no_condition(condition))
    if lookups:
        parts += _lookups(lookups)
    return tuple(parts)


def _lookups(named: Mapping[str, Any]) -> list[Condition]:
    return [Lookup(name, value if type(value) in UNCHANGING else kept(value)) for name, value in named.items()]


def parts_of(condition: Condition) -> tuple[Condition, ...]:
    """Return the parts that are ANDed at the top of a condition."""
    return condition._conjuncts()
