"""bloop, which writes batches item by item."""

from __future__ import annotations

import boto3
from bloop import BaseModel, Boolean, Column, DateTime, Engine, Integer, List, Map, Number, String

from ..items import REGION
from .base import Mapper

TYPES = {"string": String, "integer": Integer, "float": Number, "boolean": Boolean, "datetime": DateTime}


class Contender(Mapper):
    @staticmethod
    def open(endpoint, variant):
        options = {"endpoint_url": endpoint, "region_name": REGION}
        return Engine(
            dynamodb=boto3.client("dynamodb", **options),
            dynamodbstreams=boto3.client("dynamodbstreams", **options),
        )

    def define(self, table):
        body = {"Meta": type("Meta", (), {"table_name": table})}
        for one in self.kind.fields:
            keys = {"hash_key": one.name == self.kind.hash_key, "range_key": one.name == self.kind.range_key}
            body[one.name] = Column(self.type_of(one), **keys)
        model = type(BaseModel)(self.kind.name.title(), (BaseModel,), body)
        self.shared.bind(model, skip_table_setup=True)
        return model

    def type_of(self, one):
        if one.type == "list":
            return List(self.type_of(one.of))
        if one.type == "map":
            return Map(**dict.fromkeys(self.first[one.name], String))
        if one.type == "record":
            return Map(**{part.name: self.type_of(part) for part in one.of})
        return TYPES[one.type]

    def get(self):
        instance = self.model(**self.key)
        self.shared.load(instance)
        return instance

    def save(self):
        # one that was saved would send its key alone
        return self.shared.save(self.written(**self.first))

    def update(self):
        return self.shared.save(self.written(**self.key, **self.kind.changed))

    def found(self, count):
        is_one, before = getattr(self.model, self.kind.hash_key), getattr(self.model, self.kind.range_key)
        return self.shared.query(self.model, key=(is_one == self.hash_value) & (before < self.bound(count)))

    def scan(self):
        return self.shared.scan(self.model)

    def batch_get(self):
        instances = [self.model(**key) for key in self.keys]
        self.shared.load(*instances)
        return instances

    def batch_write(self):
        return self.shared.save(*(self.written(**values) for values in self.batch))
