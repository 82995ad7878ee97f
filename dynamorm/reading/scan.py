"""Scans: whole, in segments that others may read elsewhere, or in several threads at once."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from ..exceptions import InvalidExpression, ScanRefused
from ..expressions import Condition
from ..requests import Request, build_scan
from ..requests.boto3_arguments import merged
from .ahead import ParallelPages, WhileWanted
from .pages import Limiter, Model, Page, Pages
from .query import ReadIterator, Self, positive


class ScanIterator(ReadIterator[Model]):
    """Looks at every item of a table or index, and gives those that match."""

    _segments: tuple[int, int] | None = None
    _parallel: tuple[int, int] | None = None

    def reverse(self, reverse: bool = True) -> Any:
        """Refuse: a scan has no order."""
        raise InvalidExpression(f"{self._name}: a scan has no order that could be reversed; a query has")

    def first(self, reverse: bool = False) -> Model | None:
        """Give the first item that comes, ``None`` if there is none; ``reverse`` is refused like :meth:`reverse`."""
        return self.reverse() if reverse else super().first()

    def segment(self: Self, number: int, of: int) -> Self:
        """Give one part of the scan, for others to read the other parts elsewhere; it can be pickled."""
        if not 0 <= number < positive("segment", of):
            raise InvalidExpression(f"segment({number}, {of}): segments are counted from 0 to {of - 1}")
        return self._with(segments=(number, of))

    def parallel(self: Self, segments: int, workers: int | None = None) -> Self:
        """Read so many parts at the same time, in as many threads, in no order."""
        workers = positive("workers", segments if workers is None else workers)
        return self._with(parallel=(positive("parallel", segments), workers))

    def page(self, size: int, cursor: str | None = None) -> Page[Model]:
        """Give so many items at most, from the start or after a cursor, and the cursor of the next page."""
        if self._parallel is not None:
            raise InvalidExpression(f"{self._name}: a parallel scan has no order that a page could go on in")
        return super().page(size, cursor)

    def __iter__(self) -> Iterator[Model]:
        run = super().__iter__()
        return run if self._parallel is None else WhileWanted(run)

    @property
    def _order(self) -> Any:
        return self._segments

    def _pages(self, **options: Any) -> Pages:
        if self._parallel is None:
            return super()._pages(**options)
        if self._prefetched:
            raise InvalidExpression(f"{self._name}: a parallel scan reads ahead by itself; leave out prefetch()")
        if self._start is not None or self._segments is not None:
            raise InvalidExpression(f"{self._name}: a parallel scan reads everything; no start() or segment()")
        total, workers = self._parallel
        limiter = Limiter(self._rate) if self._rate is not None else None
        parts = []
        for number in range(total):
            part: Pages = ReadIterator._pages(self.segment(number, total), **options)
            part.limiter = limiter
            parts.append(part)
        return ParallelPages(parts, workers)

    def _parts(self) -> tuple[Sequence[Condition], Sequence[Condition]]:
        return (), self._resolved()

    def _built(self, **options: Any) -> tuple[Request, Sequence[Condition]]:
        store = self._store
        policy = store.table.on_scan
        if policy == "error":
            raise ScanRefused(f'{self._name} is not to be scanned: its Table says on_scan = "error"; query it instead')
        if policy == "warn":
            warnings.warn(f"{self._name} is scanned: every item in it is read", stacklevel=_depth() + 1)
        filters = self._resolved()
        self._check_projected(filters)
        request = build_scan(store.table_name, filters=filters, segment=self._segments, **self._options(**options))
        return merged(request, self._raw), filters


def _depth() -> int:
    """Give how many calls inside this package lead to the caller, who wants to warn of what was called from outside."""
    depth, frame = 0, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals["__name__"].startswith("dynamorm."):
        depth, frame = depth + 1, frame.f_back
    return depth
