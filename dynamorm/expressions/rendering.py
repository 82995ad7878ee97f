"""The text of resolved conditions and updates, with every name and value as a placeholder.

The text depends on the shape of an expression alone (operators, paths, how many operands), so it is made once for each
shape and remembered; only the values are collected anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from ..bounded import Bounded
from ..exceptions import ExpressionTooLong, InvalidExpression
from ..wire.paths import Path
from .comparisons import Comparison, PathOperand
from .conditions import All, Condition, Not, conjoined, folded, in_postfix
from .placeholders import Placeholders, conflicting, overlapping, shown_path
from .updates import Action, Operand, SumOperand

_ZERO = {"N": "0"}
_EMPTY: dict[str, Any] = {"L": []}


class Rendered(NamedTuple):
    """The text of an expression and what its placeholders stand for."""

    text: str
    names: dict[str, str]
    values: dict[str, Any]


class _Template(NamedTuple):
    """The text, its names, the placeholders of its values, and of an update the actions in the order of the text."""

    text: str
    names: dict[str, str]
    holders: tuple[str, ...]
    order: tuple[int, ...] = ()

    def filled(self, values: Iterable[dict[str, Any]]) -> Rendered:
        return Rendered(self.text, self.names.copy(), dict(zip(self.holders, values, strict=True)))


_templates: Bounded[Any, _Template] = Bounded(1_024)


def render_condition(parts: Sequence[Condition], prefix: str = "c") -> Rendered:
    """Return the text of resolved conditions, all of which have to hold."""
    values: list[dict[str, Any]] = []
    question = (prefix, *[_shape(part, values) for part in parts])
    template = _templates.get(question)
    if template is None:
        condition = conjoined(parts)
        template = _remembered(question, prefix, lambda holders: _condition(condition, holders))
    return template.filled(values)


def render_update(actions: Sequence[Action], prefix: str = "u") -> Rendered:
    """Return the text of an update expression."""
    question = (
        prefix,
        "update",
        *[
            (action.kind, action.path) if type(action.value) is dict else (*action[:2], _operand_shape(action.value))
            for action in actions
        ],
    )
    template = _templates.get(question)
    if template is None:
        _refuse_conflict("an update", [action.path for action in actions])
        order = _in_order_of_clauses(actions)
        ordered = [actions[number] for number in order]
        template = _remembered(question, prefix, lambda holders: _update(ordered, holders), order)
    values: list[dict[str, Any]] = []
    for number in template.order:
        _add_values(actions[number], values)
    return template.filled(values)


class RenderedUpdate(NamedTuple):
    """The texts of an update and of its condition, and what the placeholders in both stand for."""

    update: str
    condition: str
    names: dict[str, str]
    values: dict[str, Any]


class _UpdateTemplate(NamedTuple):
    """The texts of an update with its condition, their names, and the placeholders of their values.

    ``order`` has the actions in the order of the text.  ``steps`` has those with values, each with what stands for an
    absent attribute, if its text names that; it is ``None`` where a value is more than one that was given.
    """

    update: str
    condition: str
    names: dict[str, str]
    holders: tuple[str, ...]
    order: tuple[int, ...]
    steps: tuple[tuple[int, dict[str, Any] | None], ...] | None


_update_templates: Bounded[Any, _UpdateTemplate] = Bounded(1_024)


def render_update_if(actions: Sequence[Action], conditions: Sequence[Condition]) -> RenderedUpdate:
    """Return the texts of an update expression and of resolved conditions, all of which have to hold.

    :raises InvalidExpression: where two actions change one place
    """
    of_conditions: list[dict[str, Any]] = []
    question = (
        *[
            (kind, path) if type(value) is dict else (kind, path, _operand_shape(value))
            for kind, path, value in actions
        ],
        None,
        *[_shape(condition, of_conditions) for condition in conditions],
    )
    template = _update_templates.get(question)
    if template is None:
        template = _update_templates.remember(question, _update_template(actions, conditions))
    values: list[Any] = []
    if template.steps is not None:
        for number, default in template.steps:
            values.append(actions[number].value)
            if default is not None:
                values.append(default)
    else:
        for number in template.order:
            _add_values(actions[number], values)
    filled = dict(zip(template.holders, values + of_conditions, strict=True))
    return RenderedUpdate(template.update, template.condition, template.names.copy(), filled)


def _update_template(actions: Sequence[Action], conditions: Sequence[Condition]) -> _UpdateTemplate:
    clash = overlapping([action.path for action in actions])
    if clash is not None:
        first, second = (shown_path(path) for path in clash)
        raise InvalidExpression(f"an update of {first} and of {second} at once: DynamoDB changes each place one time")
    update = render_update(actions)
    condition = render_condition(conditions) if conditions else Rendered("", {}, {})
    order, steps = _in_order_of_clauses(actions), None
    if all(type(action.value) is dict or action.value is None for action in actions):
        valued = [number for number in order if actions[number].value is not None]
        steps = tuple([(number, _DEFAULTS.get(actions[number].kind)) for number in valued])
    return _UpdateTemplate(
        update.text,
        condition.text,
        update.names | condition.names,
        (*update.values, *condition.values),
        order,
        steps,
    )


def _in_order_of_clauses(actions: Sequence[Action]) -> tuple[int, ...]:
    return tuple(sorted(range(len(actions)), key=lambda number: _CLAUSES.index(_clause_of(actions[number]))))


def render_projection(paths: Sequence[Path], prefix: str = "p") -> Rendered:
    """Return the text of a projection."""
    question = (prefix, "projection", *paths)
    template = _templates.get(question)
    if template is None:
        _refuse_conflict("a projection", paths)
        template = _remembered(question, prefix, lambda holders: ", ".join(map(holders.path, paths)))
    return template.filled(())


def _refuse_conflict(what: str, paths: Sequence[Path]) -> None:
    clash = conflicting(paths)
    if clash is not None:
        first, second = map(shown_path, clash)
        raise InvalidExpression(
            f"{what} of {first} and of {second} at once: DynamoDB takes what is around them for a list or for a map, "
            "never for both"
        )


def _remembered(
    question: Any, prefix: str, text: Callable[[Placeholders], str], order: tuple[int, ...] = ()
) -> _Template:
    holders = Placeholders(prefix)
    rendered = text(holders)
    _refuse_too_long(rendered, prefix)
    names = {holder: name for name, holder in holders.names.items()}
    template = _Template(rendered, names, tuple(f":{prefix}{number}" for number in range(holders.values)), order)
    return _templates.remember(question, template)


# Limits.

LONGEST = 4_096
"""How many bytes of text an expression has at most."""
MOST_OPERATORS = 300
_OPERATOR = re.compile(r"\b(?:AND|OR|NOT|BETWEEN|IN)\b|[<>=]+|\w+\(")
_WHAT_AND_REMEDY = {
    "c": ("the condition", "compare fewer attributes, or a version of the item"),
    "f": ("the filter", "ask several times for a part each, or filter what is read"),
    "k": ("the condition on the key", "ask several times for a part each"),
    "u": ("the update", "change less at once, set a whole map or list, or put the whole item"),
    "p": ("the projection", "read whole items"),
}


def _refuse_too_long(text: str, prefix: str) -> None:
    what, remedy = _WHAT_AND_REMEDY[prefix]
    if len(text) > LONGEST:
        raise ExpressionTooLong(
            f"{what} is {len(text):,} bytes long as an expression, and DynamoDB takes {LONGEST:,}: {remedy}"
        )
    if prefix == "u":
        return  # in no more bytes there are no more operators
    # of `a BETWEEN b AND c` the AND is none
    count = len(_OPERATOR.findall(text)) - text.count(" BETWEEN ")
    if count > MOST_OPERATORS:
        raise ExpressionTooLong(f"{what} has {count} operators, and DynamoDB takes {MOST_OPERATORS}: {remedy}")


# Conditions.

_COMPARATORS = {"eq": "=", "ne": "<>", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
# operators of ours for which DynamoDB needs more than one of its own
_COMPOUND = frozenset({"not_contains", "absent", "present"})  # and IN of nothing
_FUNCTIONS = {"begins_with": "begins_with", "contains": "contains", "type": "attribute_type"}


def shapes(conditions: Iterable[Condition]) -> tuple[Any, ...]:
    """Return what of resolved conditions does not depend on values."""
    return tuple([part.shape if type(part) is Comparison else _shape(part, []) for part in conditions])


def _shape(condition: Any, values: list[dict[str, Any]]) -> Any:
    """Return what the text of a condition depends on; its values are added in the order of their placeholders."""
    if type(condition) is Comparison:
        values += condition.values
        return condition.shape
    shape: list[Any] = []
    for token in in_postfix(condition):
        if type(token) is Comparison:
            values += token.values
            shape.append(token.shape)
        elif type(token) is tuple:
            shape.append(token)
        else:
            raise InvalidExpression(f"{token!r} has not been resolved against a model")
    return tuple(shape)


def _operand_shape(operand: Operand | None) -> Any:
    # values are plain dicts; everything else that an operand can be is hashable and part of the text
    if type(operand) is dict:
        return "value"
    if isinstance(operand, SumOperand):
        return _operand_shape(operand.left), operand.sign, _operand_shape(operand.right)
    return operand


def _condition(condition: Condition, holders: Placeholders) -> str:
    def of_leaf(leaf: Comparison) -> tuple[str, bool]:
        return _comparison(leaf, holders), leaf.operator in _COMPOUND or leaf.shape.is_empty

    text, _ = folded(in_postfix(condition), of_leaf, _tree)
    return str(text)


def _tree(kind: Any, parts: list[tuple[str, bool]]) -> tuple[str, bool]:
    """Return the text of a tree, and that it needs parentheses inside another."""
    enclosed = [f"({text})" if is_compound else text for text, is_compound in parts]
    if kind is Not:
        return f"NOT {enclosed[0]}", True
    return (" AND " if kind is All else " OR ").join(enclosed), True


def _comparison(comparison: Comparison, holders: Placeholders) -> str:
    path = holders.path(comparison.path)
    subject = f"size({path})" if comparison.size else path
    operands = [_operand(operand, holders) for operand in comparison.operands]
    operator = comparison.operator
    if operator in _COMPARATORS:
        return f"{subject} {_COMPARATORS[operator]} {operands[0]}"
    if operator == "between":
        return f"{subject} BETWEEN {operands[0]} AND {operands[1]}"
    if comparison.shape.is_empty:
        # what is refused for it still shows the item as it is
        return f"attribute_exists({path}) AND attribute_not_exists({path})"
    if operator == "in":
        return f"{subject} IN ({', '.join(operands)})"
    if operator == "not_contains":
        return f"NOT contains({path}, {operands[0]})"
    if operator == "exists":
        return f"attribute_exists({path})"
    if operator == "not_exists":
        return f"attribute_not_exists({path})"
    if operator == "absent":
        return f"attribute_not_exists({path}) OR attribute_type({path}, {holders.value()})"
    if operator == "present":
        return f"attribute_exists({path}) AND (NOT attribute_type({path}, {holders.value()}))"
    return f"{_FUNCTIONS[operator]}({path}, {operands[0]})"


def _operand(operand: Operand, holders: Placeholders) -> str:
    if isinstance(operand, PathOperand):
        path = holders.path(operand.path)
        return f"size({path})" if operand.size else path
    return holders.value()


# Updates.

_CLAUSES = ("SET", "REMOVE", "ADD", "DELETE")
_CLAUSE = {"remove": "REMOVE", "add": "ADD", "delete": "DELETE"}
# what stands for an attribute that is not there
_DEFAULTS = {"plus": _ZERO, "minus": _ZERO, "append": _EMPTY, "prepend": _EMPTY}


def _clause_of(action: Action) -> str:
    return _CLAUSE.get(action.kind, "SET")


def _update(ordered: Sequence[Action], holders: Placeholders) -> str:
    clauses: dict[str, list[str]] = {}
    for action in ordered:
        clauses.setdefault(_clause_of(action), []).append(_action(action, holders))
    return " ".join(f"{clause} {', '.join(texts)}" for clause, texts in clauses.items())


def _action(action: Action, holders: Placeholders) -> str:
    path = holders.path(action.path)
    if action.kind == "remove":
        return path
    value = _value(action.value, holders)
    if action.kind in ("add", "delete"):
        return f"{path} {value}"
    if action.kind == "if_not_exists":
        return f"{path} = if_not_exists({path}, {value})"
    if action.kind in ("plus", "minus"):
        sign = "+" if action.kind == "plus" else "-"
        return f"{path} = if_not_exists({path}, {holders.value()}) {sign} {value}"
    if action.kind in ("append", "prepend"):
        present = f"if_not_exists({path}, {holders.value()})"
        first, second = (present, value) if action.kind == "append" else (value, present)
        return f"{path} = list_append({first}, {second})"
    return f"{path} = {value}"


def _value(value: Operand | None, holders: Placeholders) -> str:
    if isinstance(value, SumOperand):
        return f"{_summand(value.left, holders)} {value.sign} {_summand(value.right, holders)}"
    assert value is not None
    return _operand(value, holders)


def _summand(part: dict[str, Any] | PathOperand, holders: Placeholders) -> str:
    text = _operand(part, holders)
    return f"if_not_exists({text}, {holders.value()})" if isinstance(part, PathOperand) else text


def _add_values(action: Action, values: list[dict[str, Any]]) -> None:
    """Add the values of an action in the order of their placeholders."""
    value = action.value
    if isinstance(value, SumOperand):
        values += [_ZERO if isinstance(part, PathOperand) else part for part in (value.left, value.right)]
    elif value is not None and not isinstance(value, PathOperand):
        values.append(value)
    default = _DEFAULTS.get(action.kind)
    if default is not None:
        values.append(default)
