"""pydynox: its core is written in Rust; values are not validated."""

from __future__ import annotations

from pydynox import DynamoDBClient, Model, ModelConfig, SyncBatchWriter
from pydynox.attributes import (
    BooleanAttribute,
    DatetimeAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    StringAttribute,
)

from ..items import ACCESS_KEY, REGION, SECRET_KEY
from .base import Mapper

ATTRIBUTES = {
    "string": StringAttribute,
    "integer": NumberAttribute,
    "float": NumberAttribute,
    "boolean": BooleanAttribute,
    "datetime": DatetimeAttribute,
    "list": ListAttribute,
    "map": MapAttribute,
    "record": MapAttribute,
}


class Contender(Mapper):
    @staticmethod
    def open(endpoint, variant):
        return DynamoDBClient(region=REGION, access_key=ACCESS_KEY, secret_key=SECRET_KEY, endpoint_url=endpoint)

    def define(self, table):
        body = {"model_config": ModelConfig(table=table, client=self.shared), "__module__": __name__}
        for one in self.kind.fields:
            keys = {"partition_key": one.name == self.kind.hash_key, "sort_key": one.name == self.kind.range_key}
            body[one.name] = ATTRIBUTES[one.type](**{key: True for key, wanted in keys.items() if wanted})
        return type(Model)(self.kind.name.title(), (Model,), body)

    def get(self):
        return self.model.sync_get(**self.key)

    def save(self):
        return self.instance.sync_save(full_replace=True)

    def update(self):
        return self.written.sync_update_by_key(**self.key, **self.kind.changed)

    def found(self, count):
        before = getattr(self.model, self.kind.range_key) < self.bound(count)
        return self.model.sync_query(self.hash_value, before)

    def scan(self):
        return self.model.sync_scan()

    def batch_get(self):
        return self.model.sync_batch_get(self.keys)

    def batch_write(self):
        with SyncBatchWriter(self.shared, self.kind.written) as batch:
            for instance in self.instances:
                batch.put(instance.to_dict())
