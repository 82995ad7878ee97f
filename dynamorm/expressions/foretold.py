"""What an update leaves, as far as it can be told without asking."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Context, Decimal, Inexact
from typing import Any

from ..wire.codec import AttributeValue, WireItem, decode_value, encode_value
from ..wire.paths import replaced_at, value_at
from .comparisons import PathOperand
from .updates import Action, Operand, SumOperand
from .usual import is_in_list

_EXACT = Context(prec=38, traps=[Inexact])


def after_update(actions: Sequence[Action], before: WireItem | None) -> tuple[WireItem, set[str]]:
    """Return the attributes that an update changed, and the names of those that only DynamoDB knows.

    :param before: the item as it was, where that is known for sure
    """
    item: WireItem = dict(before or {})
    unknown: set[str] = set()
    for action in actions:
        name = str(action.path[0])
        try:
            value = _value_after(action, before)
        except LookupError:
            unknown.add(name)
            continue
        if before is None and is_in_list(action.path):
            unknown.add(name)
        else:
            item = replaced_at(item, action.path, value)
    changed = {str(action.path[0]) for action in actions} - unknown
    return {name: item[name] for name in changed if name in item}, unknown


def depends_on(actions: Iterable[Action]) -> set[str]:
    """Return the attributes on whose values of before it depends what actions leave."""
    names: set[str] = set()
    for action in actions:
        if len(action.path) > 1 or action.kind not in ("set", "remove"):
            names.add(str(action.path[0]))
        value = action.value
        for part in (value.left, value.right) if isinstance(value, SumOperand) else (value,):
            if isinstance(part, PathOperand):
                names.add(str(part.path[0]))
    return names


def _value_after(action: Action, before: WireItem | None) -> AttributeValue | None:
    """Return what is at the path of an action afterwards, ``None`` for nothing.

    :raises LookupError: where that cannot be told
    """
    kind = action.kind
    if kind == "remove":
        return None
    value = _operand_before(action.value, before)
    if kind == "set":
        return value
    if before is None:
        raise LookupError("it depends on what was there")
    there = value_at(before, action.path)
    if kind == "if_not_exists":
        return value if there is None else there
    if kind in ("append", "prepend"):
        elements = [] if there is None else there["L"]
        return {"L": [*elements, *value["L"]] if kind == "append" else [*value["L"], *elements]}
    if "N" in value:
        return _sum(there, value, -1 if kind == "minus" else 1)
    return _set_after(kind, there, value)


def _operand_before(value: Operand | None, before: WireItem | None) -> AttributeValue:
    """Return the value that an operand has in an item.

    :raises LookupError: if that is not known, or there is none
    """
    if isinstance(value, SumOperand):
        left, right = (_summand_before(part, before) for part in (value.left, value.right))
        return _sum(left, right, -1 if value.sign == "-" else 1)
    if isinstance(value, PathOperand):
        found = None if before is None or value.size else value_at(before, value.path)
        if found is None:
            raise LookupError("it is made of another attribute")
        return found
    assert value is not None
    return value


def _summand_before(part: AttributeValue | PathOperand, before: WireItem | None) -> AttributeValue:
    if not isinstance(part, PathOperand):
        return part
    if before is None:
        raise LookupError("it is made of another attribute")
    return value_at(before, part.path) or {"N": "0"}


def _sum(there: AttributeValue | None, amount: AttributeValue, sign: int) -> AttributeValue:
    base = Decimal(0 if there is None else there["N"])
    try:
        total = _EXACT.add(base, _EXACT.multiply(Decimal(amount["N"]), sign))
    except Inexact:
        raise LookupError("it has more digits than DynamoDB keeps") from None
    return encode_value(decode_value({"N": str(total)}))


def _set_after(kind: str, there: AttributeValue | None, value: AttributeValue) -> AttributeValue | None:
    ((tag, elements),) = value.items()
    kept: list[Any] = list(there[tag]) if there is not None else []
    if kind == "add":
        kept += [element for element in elements if element not in kept]
    else:
        kept = [element for element in kept if element not in elements]
    return {tag: kept} if kept else None
