"""boto3's low-level client, wire form in and out, no model at all."""

from __future__ import annotations

import boto3

from ..item import KEYS, REGION, TABLE, UPDATE, WIRE, WIRE_KEY


def prepare(endpoint):
    client = boto3.client("dynamodb", endpoint_url=endpoint, region_name=REGION, **KEYS)
    return {
        "get": lambda: client.get_item(TableName=TABLE, Key=WIRE_KEY)["Item"],
        "save": lambda: client.put_item(TableName=TABLE, Item=WIRE),
        "update": lambda: client.update_item(TableName=TABLE, Key=WIRE_KEY, **UPDATE),
    }
