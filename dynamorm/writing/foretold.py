"""What an update leaves, as far as it can be told without asking: transactions give nothing back."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal, Inexact
from typing import Any

from ..expressions import Action, is_in_list
from ..wire.codec import AttributeValue, WireItem, decode_value, encode_value
from ..wire.paths import replaced_at, value_at

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


def _value_after(action: Action, before: WireItem | None) -> AttributeValue | None:
    """Return what is at the path of an action afterwards, ``None`` for nothing.

    :raises LookupError: where that cannot be told
    """
    kind, value = action.kind, action.value
    if kind == "remove":
        return None
    if not isinstance(value, dict):
        raise LookupError("it is made of other attributes")
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
