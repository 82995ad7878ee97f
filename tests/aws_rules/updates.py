"""Update expressions and projections: their grammar, and the types of an update's operands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .nodes import Call, Path, Step, Value, read_operand, read_path
from .refusals import Refuse, short
from .tokens import Reader, WrongSyntax
from .values import type_of

SECTIONS = ("SET", "REMOVE", "ADD", "DELETE")
_FUNCTIONS = {"if_not_exists": 2, "list_append": 2, "+": 2, "-": 2}
_SETS = ("SS", "NS", "BS")


class Action(NamedTuple):
    section: str
    path: Path
    operand: Any = None


def read_update(reader: Reader) -> list[Action]:
    """Read a whole update."""
    reader.refuse_redundant_parentheses()
    actions: list[Action] = []
    seen: set[str] = set()
    while reader.at_word(*SECTIONS):
        section = reader.next().text.upper()
        if section in seen:
            reader.refuse("sections", f"{section} comes twice")
        seen.add(section)
        actions.append(_read_action(reader, section))
        while reader.take(","):
            actions.append(_read_action(reader, section))
    reader.need_end()
    if not actions:
        raise WrongSyntax("there is nothing in it")
    return actions


def _read_action(reader: Reader, section: str) -> Action:
    path = read_path(reader)
    if section == "REMOVE":
        return Action(section, path)
    if section == "SET":
        reader.need("=")
        return Action(section, path, _read_sum(reader))
    if reader.token.kind != "value":
        raise WrongSyntax(f"{section} has {reader.token.text!r} where a value is meant")
    return Action(section, path, Value(reader.next().text))


def _read_sum(reader: Reader) -> Any:
    if reader.take("("):
        inner = _read_sum(reader)
        reader.need(")")
        if isinstance(inner, Call) and inner.name in "+-":
            return inner
    else:
        inner = _judged(reader, read_operand(reader))
    if reader.at("+") or reader.at("-"):
        sign = reader.next().text
        reader.operators += 1
        return Call(sign, (inner, _judged(reader, read_operand(reader))))
    return inner


def _judged(reader: Reader, node: Any) -> Any:
    """Return an operand of an update, whose functions are others than those of conditions."""
    if isinstance(node, Call):
        expected = _FUNCTIONS.get(node.name)
        if expected is None:
            reader.refuse("function", f"there is no function {node.name!r} in updates")
        elif expected != len(node.arguments):
            reader.refuse("operand-count", f"{node.name} has {len(node.arguments)} operands")
        elif node.name == "if_not_exists" and not isinstance(node.arguments[0], Path):
            reader.refuse("operand-type", "if_not_exists has something else than a path")
        for argument in node.arguments:
            _judged(reader, argument)
    return node


def read_projection(reader: Reader) -> list[Path]:
    """Read a whole projection."""
    paths = [read_path(reader)]
    while reader.take(","):
        paths.append(read_path(reader))
    reader.need_end()
    return paths


def judge_action(action: Action, values: Mapping[str, Any], refuse: Refuse) -> None:
    """Refuse operands of wrong types."""
    if action.section in ("ADD", "DELETE"):
        letter = type_of(values.get(action.operand.holder))
        allowed = _SETS if action.section == "DELETE" else (*_SETS, "N")
        if letter and letter not in allowed:
            refuse("operand-type", f"{action.section} has a value of type {letter}")
    elif isinstance(action.operand, Call):
        _judge_call(action.operand, values, refuse)


def _judge_call(call: Call, values: Mapping[str, Any], refuse: Refuse) -> str:
    """Return the type of a function's result, if it is known, and refuse operands of wrong types."""
    types = [_type_of_operand(argument, values, refuse) for argument in call.arguments]
    if call.name == "if_not_exists":
        return ""  # what is there may be of another type than what stands in for it
    wanted = "L" if call.name == "list_append" else "N"
    for letter in types:
        if letter and letter != wanted:
            refuse("operand-type", f"{call.name} has an operand of type {letter}")
    return wanted


def _type_of_operand(operand: Any, values: Mapping[str, Any], refuse: Refuse) -> str:
    if isinstance(operand, Value):
        return type_of(values.get(operand.holder))
    return _judge_call(operand, values, refuse) if isinstance(operand, Call) else ""


def judge_paths(paths: Sequence[tuple[Step, ...]], refuse: Refuse) -> None:
    """Refuse two paths that lead to the same, one path that leads to another, and two that take one value for both."""
    if len(paths) < 2:
        return
    ends: set[tuple[Step, ...]] = set()
    kinds: dict[tuple[Step, ...], type] = {}
    for path in paths:
        if path in ends:
            refuse("overlap", f"{short(path)} comes twice")
        ends.add(path)
    for path in paths:
        for length in range(1, len(path)):
            start = path[:length]
            if start in ends:
                refuse("overlap", f"{short(start)} leads to {short(path)}")
            if kinds.setdefault(start, type(path[length])) is not type(path[length]):
                refuse("conflict", f"{short(start)} is taken for a list and for a map")
