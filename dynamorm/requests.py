"""Pure builders of requests: data in, an operation with its payload in wire form out; no client, no network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from .codec import WireItem
from .expressions import Action, Condition, Placeholders, render_condition, render_update
from .expressions.conditions import All


class Request(NamedTuple):
    """An operation of DynamoDB's API, and what goes into it."""

    operation: str
    payload: dict[str, Any]

    def after(self, key: WireItem) -> Request:
        """Give the request for the next page: the same, starting after a key."""
        return Request(self.operation, {**self.payload, "ExclusiveStartKey": key})


def build_get(table: str, key: WireItem, *, consistent: bool = False, paths: Sequence[str] | None = None) -> Request:
    payload: dict[str, Any] = {"TableName": table, "Key": key}
    if consistent:
        payload["ConsistentRead"] = True
    if paths is not None:
        placeholders = Placeholders()
        payload["ProjectionExpression"] = ", ".join(placeholders.path((path,)) for path in paths)
        payload.update(placeholders.payload())
    return Request("GetItem", payload)


def build_put(table: str, item: WireItem, conditions: Sequence[Condition] = ()) -> Request:
    return Request("PutItem", {"TableName": table, "Item": item, **_conditional(conditions, Placeholders())})


def build_delete(table: str, key: WireItem, conditions: Sequence[Condition] = ()) -> Request:
    return Request("DeleteItem", {"TableName": table, "Key": key, **_conditional(conditions, Placeholders())})


def build_update(
    table: str,
    key: WireItem,
    actions: Iterable[Action],
    conditions: Sequence[Condition] = (),
    *,
    returning: str = "ALL_NEW",
) -> Request:
    placeholders = Placeholders()
    payload: dict[str, Any] = {"TableName": table, "Key": key, "ReturnValues": returning}
    text = render_update(actions, placeholders)
    if text:
        payload["UpdateExpression"] = text
    payload.update(_conditional(conditions, placeholders))
    payload.update(placeholders.payload())
    return Request("UpdateItem", payload)


def _conditional(conditions: Sequence[Condition], placeholders: Placeholders) -> dict[str, Any]:
    if not conditions:
        return {}
    text = render_condition(All(tuple(conditions)), placeholders)
    return {
        "ConditionExpression": text,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        **placeholders.payload(),
    }


def build_query(
    table: str,
    key_conditions: Sequence[Condition],
    *,
    index: str | None = None,
    filters: Sequence[Condition] = (),
    reverse: bool = False,
    **options: Any,
) -> Request:
    """``key_conditions`` name the hash key first: local engines insist on that order."""
    placeholders = Placeholders()
    payload = _read(table, index, **options)
    payload["KeyConditionExpression"] = render_condition(All(tuple(key_conditions)), placeholders)
    if reverse:
        payload["ScanIndexForward"] = False
    _add_filters(payload, filters, placeholders)
    return Request("Query", payload)


def build_scan(table: str, *, index: str | None = None, filters: Sequence[Condition] = (), **options: Any) -> Request:
    placeholders = Placeholders()
    payload = _read(table, index, **options)
    _add_filters(payload, filters, placeholders)
    return Request("Scan", payload)


def _read(
    table: str,
    index: str | None,
    *,
    consistent: bool = False,
    page_size: int | None = None,
    count: bool = False,
) -> dict[str, Any]:
    payload: dict[str, Any] = {"TableName": table}
    if index is not None:
        payload["IndexName"] = index
    if consistent:
        payload["ConsistentRead"] = True
    if page_size is not None:
        payload["Limit"] = page_size
    if count:
        payload["Select"] = "COUNT"
    return payload


def _add_filters(payload: dict[str, Any], filters: Sequence[Condition], placeholders: Placeholders) -> None:
    if filters:
        payload["FilterExpression"] = render_condition(All(tuple(filters)), placeholders)
    payload.update(placeholders.payload())
