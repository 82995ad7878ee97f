"""What relationships to one instance are asked for, to be awaited.

Written by ``scripts/write_awaited.py``: edit :mod:`dynamorm.relationships.to_one`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..drivers import arun
from ..flows import Flow
from .declaring import Relationship


class AwaitedToOne(Relationship):
    """Awaits what a relationship to one instance waits for."""

    prefetched: Callable[..., Flow[list[Any]]]

    async def aprefetch(self, children: Iterable[Any], consistent: bool = False) -> list[Any]:
        """Read the partners of many instances by batch get, one request for a hundred; returns the instances as a list.

        Those that have the same partner share one instance of it.
        """
        return await arun(self.prefetched(children, consistent))
