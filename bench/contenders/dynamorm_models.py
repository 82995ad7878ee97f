"""DynamORM's models; the variant is transport and schema library, as in ``direct:marshmallow``."""

from __future__ import annotations

from importlib import import_module

import dynamorm

from ..items import REGION
from .base import Mapper


def model(kind, table, schema):
    """A model as it is written with every release of DynamORM."""
    described = {
        "name": table,
        "hash_key": kind.hash_key,
        "range_key": kind.range_key,
        "read": 1,
        "write": 1,
    }
    body = {"Table": type("Table", (), described), "Schema": schema(kind.fields)}
    base = dynamorm.DynaModel
    return type(base)(kind.name.title(), (base,), body)


class Contender(Mapper):
    @staticmethod
    def open(endpoint, variant):
        transport, _, library = variant.partition(":")
        dynamorm.configure(endpoint_url=endpoint, region_name=REGION, transport=transport)
        return import_module(f"bench.contenders.schemas.{library}").schema

    def define(self, table):
        return model(self.kind, table, self.shared)

    def get(self):
        return self.model.get(**self.key)

    def save(self):
        return self.instance.save()

    def update(self):
        return self.instance.update(**self.kind.changed)

    def found(self, count):
        return self.model.query(
            **{self.kind.hash_key: self.hash_value, f"{self.kind.range_key}__lt": self.bound(count)}
        )

    def scan(self):
        return self.model.scan()

    def batch_get(self):
        return list(self.model.get_batch(self.keys))

    def batch_write(self):
        return self.written.put_batch(*self.batch)
