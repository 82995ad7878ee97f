"""Requests that read: one item or several by their keys, queries, scans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .conditions import COMPARATORS, holds
from .expressions import Expressions
from .nodes import Comparison, Path, Tree, Value
from .refusals import Refuse, short
from .tables import Index, Key, Table, Tables, identity, judge_key, judge_key_value, judge_key_values
from .values import item_size, type_of

MOST_KEYS = 100
MOST_SEGMENTS = 1_000_000

_KEY_OPERATORS = {*COMPARATORS, "BETWEEN", "begins_with"} - {"<>"}
_SELECTIONS = ("ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "SPECIFIC_ATTRIBUTES", "COUNT")


def judge_get(payload: Mapping[str, Any], tables: Tables, refuse: Refuse) -> None:
    Expressions(payload, refuse)
    item_size(payload["Key"], refuse)
    judge_key(tables.get(payload["TableName"]), payload["Key"], refuse)


def judge_batch_get(payload: Mapping[str, Any], tables: Tables, refuse: Refuse) -> None:
    count = 0
    for name, asked in payload["RequestItems"].items():
        Expressions(asked, refuse)
        table = tables.get(name)
        seen: set[Any] = set()
        for key in asked["Keys"]:
            count += 1
            item_size(key, refuse)
            judge_key(table, key, refuse)
            who = identity(table, key)
            if who is not None and who in seen:
                refuse("batch", f"{short(key)} comes twice")
            seen.add(who)
        if not asked["Keys"]:
            refuse("batch", f"there are no keys for {name}")
    if not 1 <= count <= MOST_KEYS:
        refuse("batch", f"{count} keys")


def judge_transact_get(payload: Mapping[str, Any], tables: Tables, refuse: Refuse) -> None:
    items = payload["TransactItems"]
    if not 1 <= len(items) <= 100:
        refuse("transaction", f"{len(items)} reads")
    seen: set[Any] = set()
    for item in items:
        get = item["Get"]
        judge_get(get, tables, refuse)
        who = (get["TableName"], identity(tables.get(get["TableName"]), get["Key"]))
        if who[1] is not None and who in seen:
            refuse("transaction", f"{short(get['Key'])} comes twice")
        seen.add(who)


def judge_query(payload: Mapping[str, Any], tables: Tables, refuse: Refuse) -> None:
    expressions = Expressions(payload, refuse)
    table, index = _what_is_read(payload, tables, refuse)
    key = _key_read(table, index)
    if "KeyConditionExpression" not in payload and "KeyConditions" not in payload:
        refuse("key-condition", "there is none")
    found = _judge_key_condition(expressions, table, key, refuse)
    _judge_options(payload, expressions, table, index, refuse)
    if key is not None:
        filtered = expressions.heads("FilterExpression")
        for name in sorted(map(str, filtered & set(key.attributes))):
            refuse("key-filter", f"a filter on {name}")
        if table is not None and index is not None and index.projected is not None:
            absent = filtered - table.attributes_of(index) - index.projected
            if absent:
                refuse("index", f"it does not project {', '.join(sorted(map(str, absent)))}, which the filter needs")
    _judge_start(payload, table, index, refuse)
    _judge_start_within(payload, found, expressions.values, refuse)


def judge_scan(payload: Mapping[str, Any], tables: Tables, refuse: Refuse) -> None:
    expressions = Expressions(payload, refuse)
    table, index = _what_is_read(payload, tables, refuse)
    _judge_options(payload, expressions, table, index, refuse)
    _judge_start(payload, table, index, refuse)
    segment, count = payload.get("Segment"), payload.get("TotalSegments")
    if segment is None and count is None:
        return
    if segment is None or count is None:
        refuse("limit", "Segment and TotalSegments come together")
    elif not 1 <= count <= MOST_SEGMENTS or not 0 <= segment < count:
        refuse("limit", f"segment {segment} of {count}")


def _what_is_read(payload: Mapping[str, Any], tables: Tables, refuse: Refuse) -> tuple[Table | None, Index | None]:
    table, name = tables.get(payload["TableName"]), payload.get("IndexName")
    if table is None or name is None:
        return (table if name is None else None), None
    index = table.indexes.get(name)
    if index is None:
        refuse("index", f"there is no index {name!r}")
        return None, None
    return table, index


def _key_read(table: Table | None, index: Index | None) -> Key | None:
    if index is not None:
        return index.key
    return table.key if table is not None else None


def _judge_key_condition(
    expressions: Expressions, table: Table | None, key: Key | None, refuse: Refuse
) -> dict[str, Comparison]:
    """Return the conditions by the attributes that they are on."""
    found: dict[str, Comparison] = {}
    read = expressions.read.get("KeyConditionExpression")
    if read is None:
        return found
    if _has_other_trees(read.root):
        refuse("key-condition", "conditions on keys are joined with AND alone")
    for leaf in read.leaves:
        name = _attribute_of(leaf, expressions, refuse)
        if name is None:
            continue
        if name in found:
            refuse("key-condition", f"there are two conditions on {name}")
        found[name] = leaf
        if table is not None:
            longest = 2048 if key is not None and name in key.hash else 1024
            for operand in leaf.operands:
                if isinstance(operand, Value) and operand.holder in expressions.values:
                    judge_key_value(table, name, expressions.values[operand.holder], longest, refuse)
    if key is not None:
        _judge_parts(key, found, refuse)
    elif not any(leaf.operator == "=" for leaf in found.values()):
        refuse("key-condition", "no attribute is found by =")
    return found


def _has_other_trees(node: Any) -> bool:
    return isinstance(node, Tree) and (node.kind != "AND" or any(map(_has_other_trees, node.parts)))


def _attribute_of(leaf: Comparison, expressions: Expressions, refuse: Refuse) -> str | None:
    """Return the attribute that a condition is on."""
    if leaf.operator not in _KEY_OPERATORS:
        refuse("key-condition", f"{leaf.operator} finds no key")
        return None
    paths = [operand for operand in leaf.operands if isinstance(operand, Path)]
    others = [operand for operand in leaf.operands if isinstance(operand, Value)]
    if len(paths) != 1 or len(others) != len(leaf.operands) - 1:
        refuse("key-condition", "a key is compared with values")
        return None
    if leaf.operator not in COMPARATORS and not isinstance(leaf.operands[0], Path):
        refuse("key-condition", f"{leaf.operator} has the key first")
    if len(paths[0].steps) > 1:
        refuse("key-condition", "a key is not nested")
    step = paths[0].steps[0]
    return str(expressions.names.get(step, step))


def _judge_parts(key: Key, found: Mapping[str, Comparison], refuse: Refuse) -> None:
    """Refuse conditions that do not find the whole hash key, or leave a gap in the range key."""
    for name in key.hash:
        if name not in found or found[name].operator != "=":
            refuse("key-condition", f"{name} is not found by =")
    for name in found.keys() - set(key.attributes):
        refuse("key-condition", f"{name} is no part of the key")
    for position, name in enumerate(key.range):
        if name in found:
            for before in key.range[:position]:
                if before not in found or found[before].operator != "=":
                    refuse("key-condition", f"{name} comes without {before} before it")


def _judge_options(
    payload: Mapping[str, Any], expressions: Expressions, table: Table | None, index: Index | None, refuse: Refuse
) -> None:
    if payload.get("ConsistentRead") and index is not None and index.is_global:
        refuse("consistent-read", f"of {payload['IndexName']}")
    limit = payload.get("Limit", 1)
    if not isinstance(limit, int) or limit < 1:
        refuse("limit", f"Limit is {limit!r}")
    projects = "ProjectionExpression" in payload
    if table is not None and index is not None and index.is_global and index.projected is not None:
        absent = expressions.heads("ProjectionExpression") - table.attributes_of(index) - index.projected
        if absent:
            refuse("index", f"{payload['IndexName']} does not project {', '.join(sorted(map(str, absent)))}")
    select = payload.get("Select")
    if select is not None:
        if select not in _SELECTIONS:
            refuse("enumeration", f"Select is {select!r}")
        elif projects != (select == "SPECIFIC_ATTRIBUTES"):
            refuse("select", f"{select} {'with' if projects else 'without'} a projection")
        elif select == "ALL_PROJECTED_ATTRIBUTES" and "IndexName" not in payload:
            refuse("select", f"{select} of a table")
        elif select == "ALL_ATTRIBUTES" and index is not None and index.is_global and index.projected is not None:
            refuse("select", f"{select} of a global index that projects some")


def _judge_start(payload: Mapping[str, Any], table: Table | None, index: Index | None, refuse: Refuse) -> None:
    start = payload.get("ExclusiveStartKey")
    if start is None:
        return
    item_size(start, refuse)
    if not start:
        refuse("start-key", "an empty one")
    if table is None:
        return
    if start.keys() != table.attributes_of(index):
        refuse("start-key", f"{short(start)} has not {', '.join(sorted(table.attributes_of(index)))}")
    judge_key_values(table, table.key, start, refuse)
    if index is not None:
        judge_key_values(table, index.key, start, refuse)


def _judge_start_within(
    payload: Mapping[str, Any], found: Mapping[str, Comparison], values: Mapping[str, Any], refuse: Refuse
) -> None:
    start = payload.get("ExclusiveStartKey")
    for name, leaf in found.items():
        value = start.get(name) if start else None
        if value is not None and type_of(value) and not holds(leaf, value, values):
            refuse("start-key", f"{name} is {short(value)}, which the key condition does not find")
