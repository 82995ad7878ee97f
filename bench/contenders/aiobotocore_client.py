"""aiobotocore's low-level client: the wire form in and out, and no model at all."""

from __future__ import annotations

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session

from ..items import REGION
from .base import Wire

CONNECTIONS = 10


class Contender(Wire):
    async def begin(self):
        config = AioConfig(max_pool_connections=CONNECTIONS)
        self.opening = get_session().create_client(
            "dynamodb", endpoint_url=self.shared["endpoint"], region_name=REGION, config=config
        )
        self.client = await self.opening.__aenter__()

    async def end(self):
        await self.opening.__aexit__(None, None, None)

    async def aget(self):
        return (await self.client.get_item(TableName=self.kind.table, Key=self.wire_key))["Item"]

    async def asave(self):
        return await self.client.put_item(TableName=self.kind.written, Item=self.wire)

    async def aquery(self, count):
        pages = self.client.get_paginator("query").paginate(**self.asked(count))
        return [item async for page in pages for item in page["Items"]]
