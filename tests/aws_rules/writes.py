"""Requests that write: one item, batches, transactions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .expressions import Expressions
from .nodes import Value, resolved
from .refusals import Refuse, short
from .tables import Table, Tables, identity, judge_item, judge_key, judge_key_value
from .values import LARGEST_ITEM, item_size, value_size

MOST_WRITES = 25
MOST_ACTIONS = 100
LARGEST_REQUEST = 16 * 1024 * 1024
LARGEST_TRANSACTION = 4 * 1024 * 1024

RETURN_VALUES = {
    "PutItem": ("NONE", "ALL_OLD"),
    "DeleteItem": ("NONE", "ALL_OLD"),
    "UpdateItem": ("NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"),
}


def judge_put(payload: Mapping[str, Any], tables: Tables, refuse: Refuse) -> int:
    """Return the size of the item, and refuse what is wrong in the request."""
    Expressions(payload, refuse)
    size = item_size(payload["Item"], refuse)
    judge_item(tables.get(payload["TableName"]), payload["Item"], refuse)
    return size


def judge_delete(payload: Mapping[str, Any], tables: Tables, refuse: Refuse) -> int:
    """Return the size of the key, and refuse what is wrong in the request."""
    Expressions(payload, refuse)
    size = item_size(payload["Key"], refuse)
    judge_key(tables.get(payload["TableName"]), payload["Key"], refuse)
    return size


def judge_update(payload: Mapping[str, Any], tables: Tables, refuse: Refuse) -> int:
    """Return the size of the key and of what is set, and refuse what is wrong in the request."""
    expressions = Expressions(payload, refuse)
    table, key = tables.get(payload["TableName"]), payload["Key"]
    size = item_size(key, refuse)
    judge_key(table, key, refuse)
    for name in sorted(map(str, expressions.heads("UpdateExpression") & key.keys())):
        refuse("key-update", f"{name} is part of the key")
    written = {}
    for action in expressions.leaves("UpdateExpression"):
        path = resolved(action.path, expressions.names)
        value = expressions.values.get(action.operand.holder) if isinstance(action.operand, Value) else None
        if value is not None and action.section in ("SET", "ADD"):
            written[path] = value
    for path, value in written.items():
        size += value_size(value, path[0], _heard_before)
        if len(path) == 1 and table is not None:
            _judge_index_keys(table, str(path[0]), value, refuse)
    if size > LARGEST_ITEM:
        refuse("item-size", f"an update that writes {size:,} bytes")
    return size


def _heard_before(rule: str, text: str) -> None:
    """Refuse nothing: the values of placeholders have been judged where they are defined."""


def _judge_index_keys(table: Table, name: str, value: Any, refuse: Refuse) -> None:
    for index in table.indexes.values():
        if name in index.key.attributes:
            judge_key_value(table, name, value, 2048 if name in index.key.hash else 1024, refuse)


def judge_batch_write(payload: Mapping[str, Any], tables: Tables, refuse: Refuse) -> None:
    count = size = 0
    for name, writes in payload["RequestItems"].items():
        table = tables.get(name)
        seen: set[Any] = set()
        for write in writes:
            count += 1
            ((kind, what),) = write.items()
            if kind == "PutRequest":
                size += item_size(what["Item"], refuse)
                judge_item(table, what["Item"], refuse)
                who = identity(table, what["Item"]) if table else None
            else:
                size += item_size(what["Key"], refuse)
                judge_key(table, what["Key"], refuse)
                who = identity(table, what["Key"])
            if who is not None and who in seen:
                refuse("batch", f"two writes of {short(who)}")
            seen.add(who)
    if not 1 <= count <= MOST_WRITES:
        refuse("batch", f"{count} writes")
    if size > LARGEST_REQUEST:
        refuse("request-size", f"{size:,} bytes")


def judge_transact_write(payload: Mapping[str, Any], tables: Tables, refuse: Refuse) -> None:
    judges = {"Put": judge_put, "Delete": judge_delete, "Update": judge_update, "ConditionCheck": judge_delete}
    items, size = payload["TransactItems"], 0
    if not 1 <= len(items) <= MOST_ACTIONS:
        refuse("transaction", f"{len(items)} actions")
    token = payload.get("ClientRequestToken")
    if token is not None and not 1 <= len(token) <= 36:
        refuse("token", f"a token of {len(token)} characters")
    seen: set[Any] = set()
    for item in items:
        ((kind, action),) = item.items()
        size += judges[kind](action, tables, refuse)
        if kind == "ConditionCheck" and "ConditionExpression" not in action:
            refuse("form", "a ConditionCheck without a condition")
        if kind == "Update" and "UpdateExpression" not in action:
            refuse("form", "an Update without an expression")
        table = tables.get(action["TableName"])
        values = action["Item"] if kind == "Put" else action["Key"]
        who = (action["TableName"], identity(table, values) if table or kind != "Put" else None)
        if who[1] is not None and who in seen:
            refuse("transaction", f"two actions on {short(values)}")
        seen.add(who)
    if size > LARGEST_TRANSACTION:
        refuse("request-size", f"a transaction of {size:,} bytes")
