"""What DynamoDB says of a live table, read into frozen descriptions; pure functions of its answers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ..exceptions import UnreadableItem
from ..frozen import FrozenValue
from ..spec import KeySpec


class LiveIndex(FrozenValue):
    """A secondary index as it is; ``included`` as in :class:`~dynamorm.spec.IndexSpec`, but sorted."""

    name: str
    key: KeySpec
    is_global: bool
    included: tuple[str, ...] | None
    read: int | None = None
    write: int | None = None
    status: str = "ACTIVE"


class LiveTable(FrozenValue):
    """A table as it is.

    ``read`` and ``write`` are ``None`` where DynamoDB names no throughput.  ``ttl``, ``pitr`` and ``tags`` are what was
    asked for separately, and say nothing where it was not.
    """

    name: str
    arn: str
    status: str
    key: KeySpec
    on_demand: bool
    read: int | None
    write: int | None
    stream: str | None
    indexes: tuple[LiveIndex, ...]
    sse: bool
    kms_key: str | None
    table_class: str
    deletion_protection: bool
    items: int
    size: int
    ttl: str | None = None
    ttl_status: str = "DISABLED"
    pitr: bool = False
    tags: Mapping[str, str] = MappingProxyType({})

    @property
    def trouble(self) -> str:
        """The first status that is not ``ACTIVE``, of the table or of an index, with whose it is; else empty."""
        if self.status != "ACTIVE":
            return f"table {self.name} is {self.status}"
        for index in self.indexes:
            if index.is_global and index.status != "ACTIVE":
                return f"index {index.name} of table {self.name} is {index.status}"
        return ""


def read_table(
    table: Mapping[str, Any],
    ttl: Mapping[str, Any] | None = None,
    backups: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
) -> LiveTable:
    """Read what ``DescribeTable``, ``DescribeTimeToLive`` and ``DescribeContinuousBackups`` say, and the tags.

    :raises UnreadableItem: where that is not what DynamoDB says of a table
    """
    try:
        return _read_table(table, ttl, backups, tags)
    except (AttributeError, KeyError, TypeError) as error:
        raise UnreadableItem(
            f"the description of table {table.get('TableName', '')!r} is not in DynamoDB's form ({error!r}); "
            "check which service answers at the endpoint",
            value=dict(table),
        ) from error


def _read_table(
    table: Mapping[str, Any],
    ttl: Mapping[str, Any] | None,
    backups: Mapping[str, Any] | None,
    tags: Mapping[str, str] | None,
) -> LiveTable:
    types = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
    key = _key(table["KeySchema"], types)
    read, write = _throughput(table)
    stream = table.get("StreamSpecification") or {}
    encryption = table.get("SSEDescription") or {}
    recovery = (backups or {}).get("PointInTimeRecoveryDescription") or {}
    ttl_status = (ttl or {}).get("TimeToLiveStatus", "DISABLED")
    return LiveTable(
        name=table["TableName"],
        arn=table.get("TableArn", ""),
        status=table["TableStatus"],
        key=key,
        on_demand=(table.get("BillingModeSummary") or {}).get("BillingMode") == "PAY_PER_REQUEST",
        read=read,
        write=write,
        stream=stream.get("StreamViewType") if stream.get("StreamEnabled") else None,
        indexes=tuple(
            _index(index, types, key, is_global)
            for kind, is_global in (("LocalSecondaryIndexes", False), ("GlobalSecondaryIndexes", True))
            for index in table.get(kind) or ()
        ),
        sse=encryption.get("Status") in ("ENABLED", "ENABLING", "UPDATING"),
        kms_key=encryption.get("KMSMasterKeyArn"),
        table_class=(table.get("TableClassSummary") or {}).get("TableClass", "STANDARD"),
        deletion_protection=bool(table.get("DeletionProtectionEnabled")),
        items=table.get("ItemCount", 0),
        size=table.get("TableSizeBytes", 0),
        ttl=(ttl or {}).get("AttributeName") if ttl_status in ("ENABLED", "ENABLING") else None,
        ttl_status=ttl_status,
        pitr=recovery.get("PointInTimeRecoveryStatus") == "ENABLED",
        tags=dict(tags or {}),
    )


def _key(schema: list[dict[str, str]], types: Mapping[str, str]) -> KeySpec:
    def of_kind(kind: str) -> tuple[tuple[str, str], ...]:
        names = (part["AttributeName"] for part in schema if part["KeyType"] == kind)
        return tuple((name, types.get(name, "?")) for name in names)

    return KeySpec(of_kind("HASH"), of_kind("RANGE"))


def _throughput(described: Mapping[str, Any]) -> tuple[int | None, int | None]:
    # On demand, and from some engines always, it is 0 and 0.
    provisioned = described.get("ProvisionedThroughput") or {}
    return provisioned.get("ReadCapacityUnits") or None, provisioned.get("WriteCapacityUnits") or None


def _index(described: Mapping[str, Any], types: Mapping[str, str], table_key: KeySpec, is_global: bool) -> LiveIndex:
    key = _key(described["KeySchema"], types)
    projection = described.get("Projection") or {}
    included: tuple[str, ...] | None = None
    if projection.get("ProjectionType") != "ALL":
        keys = {*table_key.names, *key.names}
        included = tuple(sorted(set(projection.get("NonKeyAttributes") or ()) - keys))
    read, write = _throughput(described) if is_global else (None, None)
    status = described.get("IndexStatus", "ACTIVE")
    return LiveIndex(described["IndexName"], key, is_global, included, read, write, status)
