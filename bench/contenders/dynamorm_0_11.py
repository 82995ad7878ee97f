"""DynamORM 0.11, the last release of the former library, on marshmallow 3.12."""

from __future__ import annotations

from functools import cached_property

from dynamorm.table import DynamoTable3

from ..items import REGION
from . import dynamorm_models
from .schemas.marshmallow import schema


class Contender(dynamorm_models.Contender):
    @staticmethod
    def open(endpoint, variant):
        DynamoTable3.get_resource(endpoint_url=endpoint, region_name=REGION)
        return schema

    @cached_property
    def instance(self):
        # its constructor takes what is serialised
        return self.written(**{name: text(value) for name, value in self.first.items()})

    def found(self, count):
        return super().found(count).recursive()

    def scan(self):
        return super().scan().recursive()


def text(value):
    return value.isoformat() if hasattr(value, "isoformat") else value
