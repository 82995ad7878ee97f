"""PynamoDB."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from pynamodb.attributes import (
    Attribute,
    BooleanAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.models import Model

from ..items import ACCESS_KEY, REGION, SECRET_KEY
from .base import Mapper


class ISODateTimeAttribute(Attribute):
    """A date in the form that all store here; PynamoDB's own form is one that others do not read."""

    attr_type = "S"

    def serialize(self, value):
        return value.isoformat()

    def deserialize(self, value):
        return datetime.fromisoformat(value)


ATTRIBUTES = {
    "string": UnicodeAttribute,
    "integer": NumberAttribute,
    "float": NumberAttribute,
    "boolean": BooleanAttribute,
    "datetime": ISODateTimeAttribute,
    "map": MapAttribute,
}


def attribute_of(one):
    """The class of an attribute, which is called with what else is to be said of it."""
    if one.type == "list":
        return partial(ListAttribute, of=attribute_of(one.of))
    if one.type == "record":
        return type(MapAttribute)(
            one.name.title(), (MapAttribute,), {part.name: attribute_of(part)() for part in one.of}
        )
    return ATTRIBUTES[one.type]


class Contender(Mapper):
    def define(self, table):
        settings = {
            "table_name": table,
            "host": self.shared["endpoint"],
            "region": REGION,
            "aws_access_key_id": ACCESS_KEY,
            "aws_secret_access_key": SECRET_KEY,
        }
        body = {"Meta": type("Meta", (), settings)}
        for one in self.kind.fields:
            keys = {"hash_key": one.name == self.kind.hash_key, "range_key": one.name == self.kind.range_key}
            body[one.name] = attribute_of(one)(**keys)
        return type(Model)(self.kind.name.title(), (Model,), body)

    def get(self):
        return self.model.get(self.hash_value, self.key[self.kind.range_key])

    def save(self):
        return self.instance.save()

    def update(self):
        changes = [getattr(self.written, name).set(value) for name, value in self.kind.changed.items()]
        return self.instance.update(actions=changes)

    def found(self, count):
        before = getattr(self.model, self.kind.range_key) < self.bound(count)
        return self.model.query(self.hash_value, before)

    def scan(self):
        return self.model.scan()

    def batch_get(self):
        return list(self.model.batch_get([tuple(key.values()) for key in self.keys]))

    def batch_write(self):
        with self.written.batch_write() as batch:
            for instance in self.instances:
                batch.save(instance)
