"""What every contender can do."""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from typing import Any


class Contender:
    """Reads and writes items of one kind in one way.

    ``open`` makes what the contenders of all kinds share: a client, or settings.  Making a contender defines its model.
    ``name`` is the part of its name after the first colon.
    """

    @staticmethod
    def open(endpoint, variant):
        return {"endpoint": endpoint, "variant": variant}

    def __init__(self, shared, kind, sizes):
        self.shared, self.kind, self.sizes = shared, kind, sizes
        self.prepare()

    def prepare(self):
        """Define the model, or whatever has to be there before the first call."""

    def get(self) -> Any:
        raise NotImplementedError

    def save(self) -> Any:
        raise NotImplementedError

    def update(self) -> Any:
        raise NotImplementedError

    def found(self, count) -> Any:
        """The first so many items by a query, one after the other."""
        raise NotImplementedError

    def query(self, count):
        return list(self.found(count))

    def scan(self) -> Any:
        """Every item, one after the other."""
        raise NotImplementedError

    def batch_get(self) -> Any:
        raise NotImplementedError

    def batch_write(self) -> Any:
        raise NotImplementedError

    # Those who are awaited have ``aget``, ``asave`` and ``aquery`` as well.

    async def begin(self) -> None:
        """Open what can be opened only where an event loop runs."""

    async def end(self) -> None:
        """Close that."""

    # What to ask for.

    @property
    def hash_value(self):
        return self.first[self.kind.hash_key]

    @cached_property
    def first(self):
        """The values of the item that is read and written alone."""
        return self.kind.values(0)

    @cached_property
    def key(self):
        return self.kind.key(0)

    @cached_property
    def keys(self):
        """The keys of a batch, from all over the table."""
        step = self.sizes.stored // self.sizes.read_batch
        return [self.kind.key(number * step) for number in range(self.sizes.read_batch)]

    @cached_property
    def batch(self):
        """The values of a batch that is written."""
        return [self.kind.values(number) for number in range(self.sizes.write_batch)]

    def bound(self, count):
        """The range key that so many items stand before."""
        return self.kind.key(count)[self.kind.range_key]


class Mapper(Contender):
    """One with models: a model for what is read, and another of the same kind for what is written."""

    def prepare(self):
        self.model = self.define(self.kind.table)

    def define(self, table) -> Any:
        raise NotImplementedError

    @cached_property
    def written(self):
        return self.define(self.kind.written)

    @cached_property
    def instance(self):
        return self.written(**self.first)

    @cached_property
    def instances(self):
        return [self.written(**values) for values in self.batch]


class Wire(Contender):
    """One without models, that takes and gives what is on the wire."""

    def send(self, operation, payload) -> Any:
        raise NotImplementedError

    def taken(self, items):
        return items

    @cached_property
    def wire_key(self):
        return self.kind.wire_key(0)

    @cached_property
    def wire_keys(self):
        step = self.sizes.stored // self.sizes.read_batch
        return [self.kind.wire_key(number * step) for number in range(self.sizes.read_batch)]

    @cached_property
    def wire(self):
        return self.kind.wire(0)

    @cached_property
    def puts(self):
        return [{"PutRequest": {"Item": self.kind.wire(number)}} for number in range(self.sizes.write_batch)]

    @cached_property
    def expression(self):
        (one, another), wire = self.kind.changed, self.kind.wire(0)
        values = {name: {next(iter(wire[name])): str(value)} for name, value in self.kind.changed.items()}
        return {
            "UpdateExpression": "SET #a = :a, #b = :b",
            "ExpressionAttributeNames": {"#a": one, "#b": another},
            "ExpressionAttributeValues": {":a": values[one], ":b": values[another]},
        }

    def get(self):
        answer = self.send("GetItem", {"TableName": self.kind.table, "Key": self.wire_key})
        return self.taken([answer["Item"]])[0]

    def save(self):
        return self.send("PutItem", {"TableName": self.kind.written, "Item": self.wire})

    def update(self):
        return self.send("UpdateItem", {"TableName": self.kind.written, "Key": self.wire_key, **self.expression})

    def asked(self, count):
        """The request of a query for the first so many items."""
        bound = self.kind.wire_key(count)
        return {
            "TableName": self.kind.table,
            "KeyConditionExpression": "#h = :h AND #r < :r",
            "ExpressionAttributeNames": {"#h": self.kind.hash_key, "#r": self.kind.range_key},
            "ExpressionAttributeValues": {":h": bound[self.kind.hash_key], ":r": bound[self.kind.range_key]},
        }

    def found(self, count):
        return chain.from_iterable(self.pages("Query", self.asked(count)))

    def scan(self):
        return chain.from_iterable(self.pages("Scan", {"TableName": self.kind.table}))

    def pages(self, operation, payload):
        while True:
            answer = self.send(operation, payload)
            yield self.taken(answer["Items"])
            after = answer.get("LastEvaluatedKey")
            if not after:
                return
            payload = {**payload, "ExclusiveStartKey": after}

    def batch_get(self):
        answer = self.send("BatchGetItem", {"RequestItems": {self.kind.table: {"Keys": self.wire_keys}}})
        return self.taken(answer["Responses"][self.kind.table])

    def batch_write(self):
        return self.send("BatchWriteItem", {"RequestItems": {self.kind.written: self.puts}})
