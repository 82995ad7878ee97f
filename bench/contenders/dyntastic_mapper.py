"""dyntastic, on pydantic."""

from __future__ import annotations

from dyntastic import A, Dyntastic

from ..items import REGION
from .base import Mapper
from .schemas.pydantic import annotations


class Contender(Mapper):
    def define(self, table):
        body = {
            "__annotations__": annotations(self.kind.fields),
            "__module__": __name__,
            "__table_name__": table,
            "__table_host__": self.shared["endpoint"],
            "__table_region__": REGION,
            "__hash_key__": self.kind.hash_key,
            "__range_key__": self.kind.range_key,
        }
        return type(Dyntastic)(self.kind.name.title(), (Dyntastic,), body)

    def get(self):
        return self.model.get(*self.key.values())

    def save(self):
        return self.instance.save()

    def update(self):
        changes = [getattr(A, name).set(value) for name, value in self.kind.changed.items()]
        answer = self.instance.update(*changes, refresh=False)  # else it would read the item again
        self.instance.ignore_unrefreshed()
        return answer

    def found(self, count):
        before = getattr(A, self.kind.range_key) < self.bound(count)
        return self.model.query(self.hash_value, range_key_condition=before)

    def scan(self):
        return self.model.scan()

    def batch_get(self):
        return self.model.batch_get([tuple(key.values()) for key in self.keys])

    def batch_write(self):
        with self.written.batch_writer():
            for instance in self.instances:
                instance.save()
