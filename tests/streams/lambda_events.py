"""The changes of a table as the engine's stream holds them, in the form in which AWS Lambda hands them over."""

from __future__ import annotations

import base64
import datetime
from collections.abc import Iterator
from typing import Any

import boto3


def records_of(table: Any) -> list[dict[str, Any]]:
    """Return all records of a table's stream, in the form of Lambda's."""
    client = table.connection.client
    described = client.describe_table(TableName=table.full_name)["Table"]
    streams = boto3.client(
        "dynamodbstreams",
        endpoint_url=client.meta.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    found = [_of_lambda(record, table.full_name) for record in _records(streams, described["LatestStreamArn"])]
    streams.close()
    return found


def _records(streams: Any, arn: str) -> Iterator[dict[str, Any]]:
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while iterator:
            answer = streams.get_records(ShardIterator=iterator)
            yield from answer["Records"]
            iterator = answer.get("NextShardIterator") if answer["Records"] else None


def _of_lambda(record: dict[str, Any], table: str) -> dict[str, Any]:
    told = {name: _plain(value) for name, value in record["dynamodb"].items()}
    made = told["ApproximateCreationDateTime"]
    told["ApproximateCreationDateTime"] = made.timestamp() if isinstance(made, datetime.datetime) else made
    source = f"arn:aws:dynamodb:us-east-1:123456789012:table/{table}/stream/2025-01-01T00:00:00.000"
    return {**record, "dynamodb": told, "eventSourceARN": source, "eventSource": "aws:dynamodb"}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value
