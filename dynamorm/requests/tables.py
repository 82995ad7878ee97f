"""Pure builders of the requests that create, describe, change and delete tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..spec import IndexSpec, TableSpec
from . import Request


def build_create_table(spec: TableSpec) -> Request:
    """All that ``CreateTable`` takes; time to live and point-in-time recovery have calls of their own."""
    payload: dict[str, Any] = {
        "TableName": spec.name,
        "KeySchema": spec.key.schema,
        "AttributeDefinitions": attribute_definitions(spec.attribute_types),
    }
    if spec.on_demand:
        payload["BillingMode"] = "PAY_PER_REQUEST"
    else:
        payload["ProvisionedThroughput"] = throughput(spec.read, spec.write)
    if spec.stream:
        payload["StreamSpecification"] = stream_specification(spec.stream)
    if spec.sse:
        payload["SSESpecification"] = _encryption(spec.sse, spec.kms_key)
    if spec.table_class:
        payload["TableClass"] = spec.table_class
    if spec.tags:
        payload["Tags"] = _tag_list(spec.tags)
    if spec.deletion_protection:
        payload["DeletionProtectionEnabled"] = True
    for index in spec.indexes:
        kind = "GlobalSecondaryIndexes" if index.is_global else "LocalSecondaryIndexes"
        payload.setdefault(kind, []).append(_index(index, index.is_global and not spec.on_demand))
    return Request("CreateTable", payload)


def build_after_creation(spec: TableSpec) -> tuple[Request, ...]:
    """What has to be asked for once the table is there."""
    requests = []
    if spec.ttl:
        requests.append(build_ttl(spec.name, str(spec.ttl), True))
    if spec.pitr:
        requests.append(build_pitr(spec.name, True))
    return tuple(requests)


def build_delete_table(name: str) -> Request:
    return Request("DeleteTable", {"TableName": name})


def build_describe_table(name: str) -> Request:
    return Request("DescribeTable", {"TableName": name})


def build_describe_ttl(name: str) -> Request:
    return Request("DescribeTimeToLive", {"TableName": name})


def build_describe_pitr(name: str) -> Request:
    return Request("DescribeContinuousBackups", {"TableName": name})


def build_list_tags(arn: str, start: str | None = None) -> Request:
    return Request("ListTagsOfResource", {"ResourceArn": arn, **({"NextToken": start} if start else {})})


def build_throughput(name: str, read: int, write: int) -> Request:
    return Request("UpdateTable", {"TableName": name, "ProvisionedThroughput": throughput(read, write)})


def build_index_throughput(name: str, index: str, read: int, write: int) -> Request:
    return _index_change(name, _index_update(index, read, write))


def build_on_demand(name: str) -> Request:
    return Request("UpdateTable", {"TableName": name, "BillingMode": "PAY_PER_REQUEST"})


def build_provisioned(name: str, read: int, write: int, indexes: Iterable[tuple[str, int, int]]) -> Request:
    """``indexes`` are all global indexes that the table has, each with its throughput."""
    payload: dict[str, Any] = {
        "TableName": name,
        "BillingMode": "PROVISIONED",
        "ProvisionedThroughput": throughput(read, write),
    }
    updates = [_index_update(*index) for index in indexes]
    if updates:
        payload["GlobalSecondaryIndexUpdates"] = updates
    return Request("UpdateTable", payload)


def build_add_index(name: str, index: IndexSpec, types: Mapping[str, str], *, provisioned: bool) -> Request:
    """``types`` are the type letters of all key attributes that the table has with the new index."""
    request = _index_change(name, {"Create": _index(index, provisioned)})
    return Request("UpdateTable", {**request.payload, "AttributeDefinitions": attribute_definitions(types)})


def build_remove_index(name: str, index: str) -> Request:
    return _index_change(name, {"Delete": {"IndexName": index}})


def build_stream(name: str, kind: str | None) -> Request:
    return Request("UpdateTable", {"TableName": name, "StreamSpecification": stream_specification(kind)})


def build_encryption(name: str, enabled: bool, key: str | None) -> Request:
    return Request("UpdateTable", {"TableName": name, "SSESpecification": _encryption(enabled, key)})


def build_table_class(name: str, table_class: str) -> Request:
    return Request("UpdateTable", {"TableName": name, "TableClass": table_class})


def build_protection(name: str, protected: bool) -> Request:
    return Request("UpdateTable", {"TableName": name, "DeletionProtectionEnabled": protected})


def build_ttl(name: str, attribute: str, enabled: bool) -> Request:
    specification = {"Enabled": enabled, "AttributeName": attribute}
    return Request("UpdateTimeToLive", {"TableName": name, "TimeToLiveSpecification": specification})


def build_pitr(name: str, enabled: bool) -> Request:
    specification = {"PointInTimeRecoveryEnabled": enabled}
    return Request("UpdateContinuousBackups", {"TableName": name, "PointInTimeRecoverySpecification": specification})


def build_tags(arn: str, tags: Iterable[tuple[str, str]]) -> Request:
    return Request("TagResource", {"ResourceArn": arn, "Tags": _tag_list(tags)})


def attribute_definitions(types: Mapping[str, str]) -> list[dict[str, str]]:
    """``AttributeDefinitions`` as DynamoDB wants them."""
    return [{"AttributeName": name, "AttributeType": letter} for name, letter in sorted(types.items())]


def throughput(read: int | None, write: int | None) -> dict[str, int | None]:
    """``ProvisionedThroughput`` as DynamoDB wants it."""
    return {"ReadCapacityUnits": read, "WriteCapacityUnits": write}


def stream_specification(kind: str | None) -> dict[str, Any]:
    """``StreamSpecification`` as DynamoDB wants it."""
    return {"StreamEnabled": True, "StreamViewType": kind} if kind else {"StreamEnabled": False}


def _index(index: IndexSpec, provisioned: bool) -> dict[str, Any]:
    declared: dict[str, Any] = {
        "IndexName": index.name,
        "KeySchema": index.key.schema,
        "Projection": index.projection,
    }
    if provisioned:
        declared["ProvisionedThroughput"] = throughput(index.read, index.write)
    return declared


def _index_change(name: str, change: dict[str, Any]) -> Request:
    # DynamoDB creates or deletes one index in a request, so each change of an index is one
    return Request("UpdateTable", {"TableName": name, "GlobalSecondaryIndexUpdates": [change]})


def _index_update(index: str, read: int, write: int) -> dict[str, Any]:
    return {"Update": {"IndexName": index, "ProvisionedThroughput": throughput(read, write)}}


def _encryption(enabled: bool, key: str | None) -> dict[str, Any]:
    if not enabled:
        return {"Enabled": False}
    return {"Enabled": True, "SSEType": "KMS", **({"KMSMasterKeyId": key} if key else {})}


def _tag_list(tags: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags]
