"""Whether an answer has the shape that whoever asked for it relies on; one place for all verbs.

DynamoDB's own answers always have.  A proxy's page, another service or a damaged body may come with a status of 200.
What is looked at here is the answer and, where there is no decoder that looks itself, what stands in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["part_out_of_shape"]


def part_out_of_shape(operation: str, payload: Any, answer: Any, plain: bool = False) -> str | None:
    """Return what is wrong with an answer, which may hold ``plain`` values; ``None`` for a good one."""
    try:
        for name, part in answer.items():
            known = _PARTS.get(name)
            if known is None:
                continue
            kind, look, look_at_plain = known
            if name == "ConsumedCapacity":
                kind = list if operation in _OF_SEVERAL_TABLES else dict
            if type(part) is not kind and not isinstance(part, kind):
                return f"{name} is {_article(part)}"
            if look is not None:
                look(part, payload, plain)
            elif plain and look_at_plain is not None:
                look_at_plain(part, payload, plain)
        needed = _NEEDED.get(operation)
        if needed is not None and needed not in answer:
            return f"{needed} is missing"
        if "Select" in payload and "Count" not in answer:
            return "Count is missing"
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return f"a part of it is none of DynamoDB's ({error})"
    return None


def _article(part: Any) -> str:
    return f"a {type(part).__name__}"


_NEEDED = {
    "DescribeTable": "Table",
    "CreateTable": "TableDescription",
    "UpdateTable": "TableDescription",
}
# which tell of each table what was consumed there, where others tell of one
_OF_SEVERAL_TABLES = frozenset(
    {
        "BatchGetItem",
        "BatchWriteItem",
        "TransactGetItems",
        "TransactWriteItems",
        "BatchExecuteStatement",
        "ExecuteTransaction",
    }
)


def _look_at_items(items: Any, payload: Any, plain: bool) -> None:
    for item in items:
        _demand(item, dict)


def _look_at_responses(responses: Any, payload: Any, plain: bool) -> None:
    if "RequestItems" in payload:
        for items in responses.values():
            _demand(items, list)
            if plain:
                _look_at_items(items, payload, plain)
    else:
        for entry in responses:
            _demand(entry, dict)
            _demand(entry.get("Item", {}), dict)


def _look_at_unread(unread: Any, payload: Any, plain: bool) -> None:
    for asked in unread.values():
        for key in _demand(asked["Keys"], list):
            _look_at_key(key, payload, plain)


def _look_at_unwritten(unwritten: Any, payload: Any, plain: bool) -> None:
    sent = {kind for entries in payload["RequestItems"].values() for entry in entries for kind in entry}
    for entries in unwritten.values():
        for entry in _demand(entries, list):
            ((kind, request),) = entry.items()
            if kind not in sent:
                raise ValueError(f"{kind} was not asked for")
            item = _demand(request["Item" if kind == "PutRequest" else "Key"], dict)
            for value in () if plain else item.values():
                ((_, _),) = value.items()


def _look_at_capacity(capacity: Any, payload: Any, plain: bool) -> None:
    for one in capacity if isinstance(capacity, list) else [capacity]:
        _demand(one.get("CapacityUnits", 0.0), (int, float))


def _look_at_key(key: Any, payload: Any, plain: bool) -> None:
    _demand(key, dict)
    for value in () if plain else key.values():
        ((_, content),) = value.items()
        _demand(content, (str, bytes))


def _demand(part: Any, kind: type | tuple[type, ...]) -> Any:
    if not isinstance(part, kind):
        raise TypeError(f"{_article(part)} where another value belongs")
    return part


Look = Callable[[Any, Any, bool], None]

# Of each part its type, what looks into it, and what looks into plain values where typed ones are looked at by their
# decoder.
_PARTS: dict[str, tuple[type | tuple[type, ...], Look | None, Look | None]] = {
    "Item": ((dict, bytes), None, None),
    "Attributes": (dict, None, None),
    "Items": (list, None, _look_at_items),
    "Count": (int, None, None),
    "ScannedCount": (int, None, None),
    "LastEvaluatedKey": (dict, _look_at_key, None),
    "Responses": ((dict, list), _look_at_responses, None),
    "UnprocessedKeys": (dict, _look_at_unread, None),
    "UnprocessedItems": (dict, _look_at_unwritten, None),
    "ConsumedCapacity": (dict, _look_at_capacity, None),
    "Table": (dict, None, None),
    "TableDescription": (dict, None, None),
}
