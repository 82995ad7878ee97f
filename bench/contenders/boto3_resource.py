"""boto3's resource: plain values in and out, and no model."""

from __future__ import annotations

import boto3
from boto3.dynamodb.conditions import Key

from ..items import REGION, wire
from . import base


class Contender(base.Contender):
    @staticmethod
    def open(endpoint, variant):
        return boto3.resource("dynamodb", endpoint_url=endpoint, region_name=REGION)

    def prepare(self):
        self.table = self.shared.Table(self.kind.table)
        self.written = self.shared.Table(self.kind.written)
        # a date is text here: nothing converts it
        self.item = {
            name: wire(value)["S"] if hasattr(value, "isoformat") else value for name, value in self.first.items()
        }
        (one, another), values = self.kind.changed, self.kind.changed
        self.expression = {
            "UpdateExpression": "SET #a = :a, #b = :b",
            "ExpressionAttributeNames": {"#a": one, "#b": another},
            "ExpressionAttributeValues": {":a": values[one], ":b": values[another]},
        }

    def get(self):
        return self.table.get_item(Key=self.key)["Item"]

    def save(self):
        return self.written.put_item(Item=self.item)

    def update(self):
        return self.written.update_item(Key=self.key, **self.expression)

    def found(self, count):
        condition = Key(self.kind.hash_key).eq(self.hash_value) & Key(self.kind.range_key).lt(self.bound(count))
        return self.pages(self.table.query, KeyConditionExpression=condition)

    def scan(self):
        return self.pages(self.table.scan)

    def pages(self, method, **arguments):
        while True:
            answer = method(**arguments)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def batch_get(self):
        answer = self.shared.batch_get_item(RequestItems={self.kind.table: {"Keys": self.keys}})
        return answer["Responses"][self.kind.table]

    def batch_write(self):
        with self.written.batch_writer() as writer:
            for number in range(self.sizes.write_batch):
                writer.put_item(Item={**self.item, **self.kind.key(number)})
