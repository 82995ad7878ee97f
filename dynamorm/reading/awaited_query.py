"""What queries and scans are asked for, to be awaited.

Written by ``scripts/write_awaited.py``: edit :mod:`dynamorm.reading.query`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, Generic

from ..drivers import arun
from ..expressions import Change
from ..progress import Progress
from . import verbs
from .iteration import Iteration, Model, Page
from .matched import delete_matching, manner_given, update_matching
from .paging import Paging
from .read import Read


class AwaitedRead(Generic[Model]):
    """Awaits what a query or a scan waits for."""

    _read: Read
    _begin: Callable[..., Iteration]

    def __aiter__(self) -> AsyncIterator[Model]:
        return self._begin()

    async def aexists(self) -> bool:
        """Return whether there is any matching item, by asking for one."""
        return await arun(verbs.exists(self._read))

    async def aall(self) -> list[Model]:
        """Return all items as a list."""
        return [item async for item in self]

    async def aby_model(self) -> verbs.ByModel:
        """Return all items in lists by their models; a model that has none among them gives an empty list.

        Example::

            found = await Shop.query(email="ann@example.com").aby_model()
            found[Order], found[Customer]
        """
        return await arun(verbs.by_model(self._begin()))

    async def afirst(self) -> Model | None:
        """Return the first item, ``None`` if there is none."""
        found: Model | None = await arun(verbs.first(self._read.capped(1).iteration()))
        return found

    async def aone(self) -> Model:
        """Return the one item that there is.

        :raises DoesNotExist: if there is none
        :raises MultipleFound: if there are more
        """
        found: Model = await arun(verbs.one(self._read.capped(2), self))
        return found

    async def acount(self) -> int:
        """Return the number of items, over all pages, without reading them.

        Where items of several models are in the table, their keys and kinds are read: those of others do not count.
        """
        return await arun(verbs.count(self._read))

    async def apage(self, size: int, cursor: str | None = None) -> Page[Model]:
        """Return so many items at most, from the start or a cursor on, and the cursors of the pages around them.

        Either cursor of a page may be given, and the items come in the order of the query.
        """
        paging = Paging(self._read, size, cursor)
        return await arun(paging.page(self._begin(paging.read)))

    async def adelete(
        self,
        *,
        recheck: bool = True,
        concurrency: int = 1,
        progress: Callable[[Progress], Any] | None = None,
        rate_limit: float | None = None,
        dry_run: bool = False,
    ) -> int:
        """Delete every item that matches, each only if it still does; returns how many were deleted.

        An error has the number of those that were deleted as its ``done``; the rest can be deleted by the same call.

        :param recheck: without it, what matched when it was read is deleted by key, 25 items a request
        :param concurrency: how many requests are under way at the same time
        :param progress: is called with a :class:`dynamorm.Progress` after each answer; items that no longer match when
            they are to be deleted count as failed
        :param rate_limit: how many write capacity units are consumed in a second at most, on average
        :param dry_run: delete nothing, and return how many items match now
        """
        manner = manner_given(
            self._read.store, concurrency=concurrency, progress=progress, rate_limit=rate_limit, dry_run=dry_run
        )
        return await arun(delete_matching(self._read, manner, bool(recheck)))

    async def aupdate(
        self,
        /,
        *actions: Change,
        concurrency: int = 1,
        progress: Callable[[Progress], Any] | None = None,
        rate_limit: float | None = None,
        dry_run: bool = False,
        **updates: Any,
    ) -> int:
        """Change every item that matches, each only if it still does; returns how many were changed.

        An error has the number of those that were changed as its ``done``.

        :param concurrency: how many requests are under way at the same time
        :param progress: is called with a :class:`dynamorm.Progress` after each answer; items that no longer match when
            they are to be changed count as failed
        :param rate_limit: how many write capacity units are consumed in a second at most, on average
        :param dry_run: change nothing, and return how many items match now
        """
        manner = manner_given(
            self._read.store, concurrency=concurrency, progress=progress, rate_limit=rate_limit, dry_run=dry_run
        )
        return await arun(update_matching(self._read, manner, actions, updates))


class AwaitedQuery(AwaitedRead[Model]):
    """Awaits what only a query waits for."""

    reverse: Callable[..., Any]

    async def afirst(self, reverse: bool = False) -> Model | None:
        """Return the first item, or with ``reverse`` the last; ``None`` if there is none."""
        asked = self.reverse(not self._read.options.reverse) if reverse else self
        found: Model | None = await arun(verbs.first(asked._read.capped(1).iteration()))
        return found
