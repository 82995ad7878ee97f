"""Requests that create tables and change them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .refusals import Refuse, short
from .tables import Key, Table, Tables, key_of
from .values import name_size

LONGEST_KEY_NAME = 255
MOST_PARTS = 4
MOST_GLOBAL, MOST_LOCAL = 20, 5
MOST_PROJECTED = 100
_VIEWS = ("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES")


def judge_create_table(payload: Mapping[str, Any], refuse: Refuse) -> None:
    key = key_of(payload["KeySchema"])
    _judge_key_schema(payload["KeySchema"], 1, refuse)
    types = _types(payload, refuse)
    used = set(key.attributes)
    on_demand = payload.get("BillingMode") == "PAY_PER_REQUEST"
    _judge_throughput(payload, on_demand, "the table", refuse)
    names: list[str] = []
    for kind, most in (("GlobalSecondaryIndexes", MOST_GLOBAL), ("LocalSecondaryIndexes", MOST_LOCAL)):
        indexes = payload.get(kind)
        if indexes is None:
            continue
        if not 1 <= len(indexes) <= most:
            refuse("table", f"{len(indexes)} {kind}")
        for index in indexes:
            names.append(index["IndexName"])
            used |= set(_judge_index(index, kind == "GlobalSecondaryIndexes", refuse).attributes)
            if kind == "GlobalSecondaryIndexes":
                _judge_throughput(index, on_demand, index["IndexName"], refuse)
            else:
                _judge_local(index, key, refuse)
    if len(set(names)) < len(names):
        refuse("table", "two indexes of one name")
    if used != set(types):
        refuse("table", f"keys have {', '.join(sorted(used))}, and declared are {', '.join(sorted(types))}")
    _judge_projected(payload, refuse)
    _judge_stream(payload.get("StreamSpecification"), refuse)
    _judge_tags(payload.get("Tags"), refuse)


def _types(payload: Mapping[str, Any], refuse: Refuse) -> dict[str, str]:
    definitions = payload.get("AttributeDefinitions") or ()
    types = {one["AttributeName"]: one["AttributeType"] for one in definitions}
    if len(types) < len(definitions):
        refuse("table", "an attribute is declared twice")
    for name, letter in types.items():
        if letter not in ("S", "N", "B"):
            refuse("table", f"{name} is declared to be {letter}")
        if name_size(name, refuse) > LONGEST_KEY_NAME:
            refuse("name", f"the name of a key attribute of {len(name):,} characters")
    return types


def _judge_key_schema(schema: Any, most: int, refuse: Refuse) -> None:
    """Refuse a key that has no hash attribute, too many of a kind, or a range attribute before a hash attribute."""
    kinds = [one["KeyType"] for one in schema]
    if kinds != sorted(kinds) or set(kinds) - {"HASH", "RANGE"}:
        refuse("table", f"a key of {kinds}")
    if not 1 <= kinds.count("HASH") <= most or kinds.count("RANGE") > most:
        refuse("table", f"a key of {kinds}")
    names = [one["AttributeName"] for one in schema]
    if len(set(names)) < len(names):
        refuse("table", f"a key has {', '.join(names)}")


def _judge_index(index: Mapping[str, Any], is_global: bool, refuse: Refuse) -> Key:
    """Return the key of an index."""
    _judge_key_schema(index["KeySchema"], MOST_PARTS if is_global else 1, refuse)
    projection = index["Projection"]
    kind, named = projection.get("ProjectionType"), projection.get("NonKeyAttributes")
    if kind not in ("ALL", "KEYS_ONLY", "INCLUDE") or (kind == "INCLUDE") != bool(named):
        refuse("table", f"{index['IndexName']} projects {short(projection)}")
    for name in named or ():
        if name_size(name, refuse) > LONGEST_KEY_NAME:
            refuse("name", f"the name of a projected attribute of {len(name):,} characters")
    return key_of(index["KeySchema"])


def _judge_local(index: Mapping[str, Any], key: Key, refuse: Refuse) -> None:
    own = key_of(index["KeySchema"])
    if not key.range or own.hash != key.hash or not own.range:
        refuse("table", f"{index['IndexName']}: a local index has the table's hash key and another range key")


def _judge_projected(payload: Mapping[str, Any], refuse: Refuse) -> None:
    indexes = [*(payload.get("GlobalSecondaryIndexes") or ()), *(payload.get("LocalSecondaryIndexes") or ())]
    count = sum(len(index["Projection"].get("NonKeyAttributes") or ()) for index in indexes)
    if count > MOST_PROJECTED:
        refuse("table", f"{count} projected attributes")


def _judge_throughput(part: Mapping[str, Any], on_demand: bool, what: str, refuse: Refuse) -> None:
    throughput = part.get("ProvisionedThroughput")
    if on_demand and throughput is not None:
        refuse("table", f"{what} is paid by request, and has a throughput")
    if not on_demand and throughput is None:
        refuse("table", f"{what} has no throughput")
    if throughput is not None and not all(
        isinstance(units, int) and units >= 1
        for units in (throughput.get("ReadCapacityUnits"), throughput.get("WriteCapacityUnits"))
    ):
        refuse("table", f"{what} has a throughput of {short(throughput)}")


def _judge_stream(stream: Any, refuse: Refuse) -> None:
    if stream is None:
        return
    view = stream.get("StreamViewType")
    if stream["StreamEnabled"] != (view in _VIEWS) or (view is not None and view not in _VIEWS):
        refuse("table", f"a stream of {short(stream)}")


def _judge_tags(tags: Any, refuse: Refuse) -> None:
    if tags is None:
        return
    keys = [tag["Key"] for tag in tags]
    if len(keys) > 50 or len(set(keys)) < len(keys):
        refuse("table", f"{len(keys)} tags, {len(set(keys))} of them different")
    for tag in tags:
        if not 1 <= len(tag["Key"]) <= 128 or len(tag["Value"]) > 256 or tag["Key"].startswith("aws:"):
            refuse("table", f"a tag {short(tag)}")


def judge_update_table(payload: Mapping[str, Any], tables: Tables, refuse: Refuse) -> None:
    changes = payload.get("GlobalSecondaryIndexUpdates") or ()
    if sum("Update" not in change for change in changes) > 1:
        refuse("table", "more than one index is created or deleted")
    table = tables.get(payload["TableName"])
    types = {**(table.types if table else {}), **_types(payload, refuse)}
    for change in changes:
        ((kind, what),) = change.items()
        if kind == "Create":
            key = _judge_index(what, True, refuse)
            if not set(key.attributes) <= set(types):
                refuse("table", f"{what['IndexName']} has a key of attributes that are not declared")
        if kind == "Create" and table is not None and what["IndexName"] in table.indexes:
            refuse("table", f"there is an index {what['IndexName']!r} already")
        if kind != "Create" and table is not None and not _is_global(table, what["IndexName"]):
            refuse("index", f"there is no global index {what['IndexName']!r}")
    _judge_stream(payload.get("StreamSpecification"), refuse)


def _is_global(table: Table, name: str) -> bool:
    return name in table.indexes and table.indexes[name].is_global
