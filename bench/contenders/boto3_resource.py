"""boto3's resource: plain values in and out, no model."""

from __future__ import annotations

import boto3

from ..item import KEY, KEYS, PLAIN, REGION, TABLE, UPDATE

PLAIN_UPDATE = {**UPDATE, "ExpressionAttributeValues": {":a": 673, ":b": 11}}


def prepare(endpoint):
    table = boto3.resource("dynamodb", endpoint_url=endpoint, region_name=REGION, **KEYS).Table(TABLE)
    return {
        "get": lambda: table.get_item(Key=KEY)["Item"],
        "save": lambda: table.put_item(Item=PLAIN),
        "update": lambda: table.update_item(Key=KEY, **PLAIN_UPDATE),
    }
