"""DynamORM's connection alone: the wire form in and out, in each of its transports (the variant)."""

from __future__ import annotations

from dynamorm.connection import configure, connection_for
from dynamorm.requests import Request

from ..items import REGION
from .base import Wire


class Contender(Wire):
    @staticmethod
    def open(endpoint, variant):
        configure(endpoint_url=endpoint, region_name=REGION, transport=variant)

    def send(self, operation, payload):
        # as a model does at each call: ask for the connection, and send through it
        return connection_for().call(Request(operation, payload))
