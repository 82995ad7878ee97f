"""Conditions, filters and key conditions: their grammar, and the types of their operands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .nodes import Call, Comparison, Path, Tree, Value, read_list, read_operand, resolved
from .refusals import Refuse, short
from .tokens import Reader, WrongSyntax
from .values import comparable, type_of

MOST_OPTIONS = 100

COMPARATORS = ("=", "<>", "<", "<=", ">", ">=")
ORDERED = ("<", "<=", ">", ">=", "BETWEEN")
_ORDERED_TYPES = ("S", "N", "B")
_TYPES = frozenset({"S", "N", "B", "SS", "NS", "BS", "L", "M", "BOOL", "NULL"})
_FUNCTIONS = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
    "size": 1,
}


def read_condition(reader: Reader) -> Any:
    """Read a whole condition."""
    reader.refuse_redundant_parentheses()
    root = _condition(reader, _read_or(reader))
    reader.need_end()
    return root


def _read_or(reader: Reader) -> Any:
    return _read_joined(reader, "OR", lambda: _read_joined(reader, "AND", lambda: _read_not(reader)))


def _read_joined(reader: Reader, kind: str, read_part: Any) -> Any:
    first = read_part()
    if not reader.at_word(kind):
        return first
    parts = [_condition(reader, first)]
    while reader.at_word(kind):
        reader.next()
        reader.operators += 1
        parts.append(_condition(reader, read_part()))
    return Tree(kind, tuple(parts))


def _read_not(reader: Reader) -> Any:
    if not reader.at_word("NOT"):
        return _read_one(reader)
    reader.next()
    reader.operators += 1
    return Tree("NOT", (_condition(reader, _read_one(reader)),))


def _read_one(reader: Reader) -> Any:
    """Read a comparison, a condition in parentheses, or an operand in parentheses and what it is compared with."""
    if reader.take("("):
        inner = _read_or(reader)
        reader.need(")")
        if isinstance(inner, (Tree, Comparison)):
            return inner
    else:
        inner = read_operand(reader)
    return _read_comparison(reader, inner)


def _read_comparison(reader: Reader, left: Any) -> Any:
    token = reader.token
    if token.kind == "sign" and token.text in COMPARATORS:
        reader.next()
        operator, operands = token.text, (left, read_operand(reader))
    elif reader.at_word("BETWEEN"):
        reader.next()
        lower = read_operand(reader)
        reader.need_word("AND")
        operator, operands = "BETWEEN", (left, lower, read_operand(reader))
    elif reader.at_word("IN"):
        reader.next()
        options = read_list(reader)
        if len(options) > MOST_OPTIONS:
            reader.refuse("operand-count", f"IN has {len(options)} operands")
        operator, operands = "IN", (left, *options)
    else:
        return left
    reader.operators += 1
    for operand in operands:
        _judge_operand(reader, operand)
    return Comparison(operator, operands)


def _condition(reader: Reader, node: Any) -> Any:
    """Return what has to be a condition as one."""
    if isinstance(node, (Tree, Comparison)):
        return node
    if not isinstance(node, Call):
        raise WrongSyntax(f"{short(node)} is no condition")
    if node.name == "size":
        reader.refuse("function", "size alone is no condition")
    expected = _FUNCTIONS.get(node.name)
    if expected is None:
        reader.refuse("function", f"there is no function {node.name!r} in conditions")
    elif expected != len(node.arguments):
        reader.refuse("operand-count", f"{node.name} has {len(node.arguments)} operands")
    for argument in node.arguments:
        _judge_operand(reader, argument)
    return Comparison(node.name, node.arguments)


def _judge_operand(reader: Reader, node: Any) -> None:
    """Refuse what an operand cannot be: conditions, and size of anything but a path."""
    if not isinstance(node, Call):
        return
    if node.name != "size":
        reader.refuse("function", f"{node.name!r} stands where an operand is meant")
    elif len(node.arguments) != 1:
        reader.refuse("operand-count", f"size has {len(node.arguments)} operands")
    elif not isinstance(node.arguments[0], Path):
        reader.refuse("operand-type", "size has something else than a path")


def leaves_of(node: Any) -> Iterator[Comparison]:
    """Return the comparisons that a condition consists of."""
    if isinstance(node, Tree):
        for part in node.parts:
            yield from leaves_of(part)
    else:
        yield node


def judge_leaf(leaf: Comparison, names: Mapping[str, Any], values: Mapping[str, Any], refuse: Refuse) -> None:
    """Refuse operands of wrong types."""
    operator, operands = leaf
    given = [values.get(operand.holder) if isinstance(operand, Value) else None for operand in operands]
    types = [type_of(value) for value in given]
    if operator in ORDERED:
        _only(types, _ORDERED_TYPES, operator, refuse)
    if operator == "BETWEEN" and given[1] is not None and given[2] is not None:
        _judge_bounds(given[1], given[2], refuse)
    elif operator == "begins_with":
        _only(types, ("S", "B"), operator, refuse)
        if any(isinstance(operand, Call) for operand in operands):
            refuse("operand-type", "begins_with has a size")
    elif operator == "attribute_type" and len(operands) == 2:
        content = given[1].get("S") if isinstance(given[1], dict) else None
        if content not in _TYPES:
            refuse("operand-type", f"attribute_type has {short(given[1])} for a type")
    elif operator in ("attribute_exists", "attribute_not_exists") and not isinstance(operands[0], Path):
        refuse("operand-type", f"{operator} has something else than a path")
    if len(operands) > 1 and not isinstance(operands[0], Value):
        first = _identity(operands[0], names)
        if any(_identity(operand, names) == first for operand in operands[1:] if not isinstance(operand, Value)):
            refuse("same-operand", f"{operator} has {short(first)} twice")


def _identity(operand: Any, names: Mapping[str, Any]) -> Any:
    if isinstance(operand, Call):
        return (operand.name, *[_identity(argument, names) for argument in operand.arguments])
    return resolved(operand, names) if isinstance(operand, Path) else operand


def _only(types: list[str], allowed: tuple[str, ...], operator: str, refuse: Refuse) -> None:
    for letter in types:
        if letter and letter not in allowed:
            refuse("operand-type", f"{operator} has a value of type {letter}")


def _judge_bounds(lower: Any, upper: Any, refuse: Refuse) -> None:
    if type_of(lower) != type_of(upper):
        refuse("between", f"the bounds {short(lower)} and {short(upper)} are of two types")
    elif type_of(lower) in _ORDERED_TYPES and comparable(lower) > comparable(upper):
        refuse("between", f"{short(lower)} is greater than {short(upper)}")


def holds(leaf: Comparison, value: Any, values: Mapping[str, Any]) -> bool:
    """Return whether a value of a range key fits the condition on it, as far as that can be told."""
    operator, operands = leaf
    bounds = [values.get(operand.holder) for operand in operands if isinstance(operand, Value)]
    if any(type_of(bound) != type_of(value) or type_of(value) not in _ORDERED_TYPES for bound in bounds):
        return True
    if not isinstance(operands[0], Path):
        operator = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(operator, operator)
    actual, (first, *rest) = comparable(value), [comparable(bound) for bound in bounds]
    if operator == "begins_with":
        return bool(actual.startswith(first))
    if operator == "BETWEEN":
        return bool(first <= actual <= rest[0])
    fits = {"=": actual == first, "<": actual < first, "<=": actual <= first, ">": actual > first}
    return bool(fits.get(operator, actual >= first))
