"""boto3's low-level client: the wire form in and out, and no model at all.

The variant is the name of a module that is imported as well.
"""

from __future__ import annotations

from importlib import import_module

import boto3

from ..items import REGION
from .base import Wire

METHODS = {
    "GetItem": "get_item",
    "PutItem": "put_item",
    "UpdateItem": "update_item",
    "Query": "query",
    "Scan": "scan",
    "BatchGetItem": "batch_get_item",
    "BatchWriteItem": "batch_write_item",
}


class Contender(Wire):
    @staticmethod
    def open(endpoint, variant):
        if variant:
            import_module(variant)
        return boto3.client("dynamodb", endpoint_url=endpoint, region_name=REGION)

    def prepare(self):
        self.methods = {operation: getattr(self.shared, name) for operation, name in METHODS.items()}

    def send(self, operation, payload):
        return self.methods[operation](**payload)
