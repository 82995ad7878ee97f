"""DynamORM's connection, wire form in and out, in each of its transports (the variant)."""

from __future__ import annotations

from types import SimpleNamespace

from dynamorm.connection import configure, connection_for

from ..item import KEYS, REGION, TABLE, UPDATE, WIRE, WIRE_KEY


def prepare(endpoint, transport):
    configure(endpoint_url=endpoint, region_name=REGION, transport=transport, **KEYS)

    def send(operation, **payload):
        # what a model does at each call, too: ask for the connection, build the request, send it
        request = SimpleNamespace(operation=operation, payload={"TableName": TABLE, **payload})
        return connection_for().call(request)

    return {
        "get": lambda: send("GetItem", Key=WIRE_KEY)["Item"],
        "save": lambda: send("PutItem", Item=WIRE),
        "update": lambda: send("UpdateItem", Key=WIRE_KEY, **UPDATE),
    }
