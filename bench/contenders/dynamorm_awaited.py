"""DynamORM's models, awaited; the variant is transport and schema library, as in ``direct:marshmallow``.

At most ten connections are open at the same time, as is usual.
"""

from __future__ import annotations

from . import dynamorm_models


class Contender(dynamorm_models.Contender):
    async def aget(self):
        return await self.model.aget(**self.key)

    async def asave(self):
        return await self.instance.asave()

    async def aquery(self, count):
        return [item async for item in self.found(count)]
