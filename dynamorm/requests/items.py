"""Pure builders of requests: data in, an operation with its payload in wire form out; no client, no network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from ..expressions import (
    Action,
    Condition,
    Path,
    Rendered,
    render_condition,
    render_projection,
    render_update_if,
)
from ..wire.codec import WireItem

_NAMES = "ExpressionAttributeNames"
_VALUES = "ExpressionAttributeValues"
_ITEM_IN_REFUSAL = "ReturnValuesOnConditionCheckFailure"


def shown_request(operation: str, payload: Mapping[str, Any]) -> str:
    """Return the text of a request: what it is about, and none of the values in it, some of which may be secrets."""
    table = payload.get("TableName") or ", ".join(payload.get("RequestItems", ()))
    return f"<{operation} of {table}: {', '.join(name for name in payload if name != 'TableName')}>"


class Request(NamedTuple):
    """An operation of DynamoDB's API, and what goes into it.

    One that is ``well_formed`` holds nothing but what was built here, which need not be held against the API.  Whoever
    sends one ``as_texts`` takes texts for the items in the answer, too.
    """

    operation: str
    payload: dict[str, Any]
    well_formed: bool = True
    as_texts: bool = False

    def __repr__(self) -> str:
        return shown_request(self.operation, self.payload)

    def after(self, key: WireItem | None) -> Request:
        """Return the request for another page: the same, starting after a key, or from the start."""
        payload = {name: value for name, value in self.payload.items() if name != "ExclusiveStartKey"}
        if key is not None:
            payload["ExclusiveStartKey"] = key
        return self._replace(payload=payload)

    def with_limit(self, limit: int) -> Request:
        """Return the same request for so many items to be looked at."""
        return self._replace(payload={**self.payload, "Limit": limit})


# Without the function that the class has for it, since there is one of these for every request.
_request: Callable[[tuple[str, dict[str, Any], bool, bool]], Request] = partial(tuple.__new__, Request)


def build_get(table: str, key: WireItem, *, consistent: bool = False, paths: Sequence[Path] | None = None) -> Request:
    payload: dict[str, Any] = {"TableName": table, "Key": key}
    if consistent:
        payload["ConsistentRead"] = True
    if paths is not None:
        _add(payload, "ProjectionExpression", render_projection(paths))
    return _request(("GetItem", payload, True, True))


def build_put(table: str, item: WireItem, conditions: Sequence[Condition] = ()) -> Request:
    payload: dict[str, Any] = {"TableName": table, "Item": item}
    _add_conditions(payload, conditions)
    return _request(("PutItem", payload, True, False))


def build_delete(table: str, key: WireItem, conditions: Sequence[Condition] = ()) -> Request:
    payload: dict[str, Any] = {"TableName": table, "Key": key}
    _add_conditions(payload, conditions)
    return _request(("DeleteItem", payload, True, False))


def build_update(
    table: str,
    key: WireItem,
    actions: Sequence[Action],
    conditions: Sequence[Condition] = (),
    *,
    returning: str = "ALL_NEW",
) -> Request:
    payload: dict[str, Any] = {"TableName": table, "Key": key, "ReturnValues": returning}
    if not actions:
        _add_conditions(payload, conditions)
        return _request(("UpdateItem", payload, True, False))
    payload["UpdateExpression"], condition, payload[_NAMES], values = render_update_if(actions, conditions)
    if values:
        payload[_VALUES] = values
    if condition:
        payload["ConditionExpression"] = condition
        payload[_ITEM_IN_REFUSAL] = "ALL_OLD"
    return _request(("UpdateItem", payload, True, False))


def _add(payload: dict[str, Any], name: str, rendered: Rendered) -> None:
    payload[name], names, values = rendered
    if names:
        known = payload.setdefault(_NAMES, names)
        if known is not names:
            known.update(names)
    if values:
        known = payload.setdefault(_VALUES, values)
        if known is not values:
            known.update(values)


def _add_conditions(payload: dict[str, Any], conditions: Sequence[Condition]) -> None:
    if conditions:
        _add(payload, "ConditionExpression", render_condition(conditions))
        payload[_ITEM_IN_REFUSAL] = "ALL_OLD"


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
    payload = _read(table, index, **options)
    if key_conditions:
        _add(payload, "KeyConditionExpression", render_condition(key_conditions, "k"))
    if reverse:
        payload["ScanIndexForward"] = False
    if filters:
        _add(payload, "FilterExpression", render_condition(filters, "f"))
    return Request("Query", payload, as_texts=True)


def build_scan(
    table: str,
    *,
    index: str | None = None,
    filters: Sequence[Condition] = (),
    segment: tuple[int, int] | None = None,
    **options: Any,
) -> Request:
    payload = _read(table, index, **options)
    if segment is not None:
        payload["Segment"], payload["TotalSegments"] = segment
    if filters:
        _add(payload, "FilterExpression", render_condition(filters, "f"))
    return Request("Scan", payload, as_texts=True)


def _read(
    table: str,
    index: str | None,
    *,
    consistent: bool = False,
    page_size: int | None = None,
    count: bool = False,
    paths: Sequence[Path] | None = None,
    start: WireItem | None = None,
    capacity: bool = False,
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
    elif paths is not None:
        _add(payload, "ProjectionExpression", render_projection(paths))
    if start is not None:
        payload["ExclusiveStartKey"] = start
    if capacity:
        payload["ReturnConsumedCapacity"] = "TOTAL"
    return payload


def build_batch_get(
    table: str,
    keys: Sequence[WireItem],
    *,
    consistent: bool = False,
    paths: Sequence[Path] | None = None,
    capacity: bool = False,
) -> Request:
    asked: dict[str, Any] = {"Keys": list(keys)}
    if consistent:
        asked["ConsistentRead"] = True
    if paths is not None:
        rendered = render_projection(paths)
        asked["ProjectionExpression"] = rendered.text
        asked["ExpressionAttributeNames"] = rendered.names
    payload: dict[str, Any] = {"RequestItems": {table: asked}}
    if capacity:
        payload["ReturnConsumedCapacity"] = "TOTAL"
    return Request("BatchGetItem", payload, as_texts=True)


def build_batch_get_of_tables(keys: Mapping[str, Sequence[WireItem]], *, consistent: bool = False) -> Request:
    """``keys`` are those of the items that are wanted, by table."""
    more = {"ConsistentRead": True} if consistent else {}
    asked = {table: {"Keys": list(some), **more} for table, some in keys.items()}
    return Request("BatchGetItem", {"RequestItems": asked}, as_texts=True)


def build_batch_write(requests: Mapping[str, Sequence[Any]], *, capacity: bool = False) -> Request:
    """``requests`` are those to put and to delete items, by table."""
    payload: dict[str, Any] = {"RequestItems": requests}
    if capacity:
        payload["ReturnConsumedCapacity"] = "TOTAL"
    return Request("BatchWriteItem", payload)
