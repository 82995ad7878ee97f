"""pydynox, awaited: its core runs in threads of its own, and nothing says how many connections it may open."""

from __future__ import annotations

from . import pydynox_mapper


class Contender(pydynox_mapper.Contender):
    async def aget(self):
        return await self.model.get(**self.key)

    async def asave(self):
        return await self.instance.save(full_replace=True)

    async def aquery(self, count):
        before = getattr(self.model, self.kind.range_key) < self.bound(count)
        return [item async for item in self.model.query(self.hash_value, before)]
