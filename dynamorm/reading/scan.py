"""Scans: whole, in segments that others may read elsewhere, or several parts at once."""

from __future__ import annotations

from typing import Any

from ..exceptions import InvalidExpression
from .iteration import Model, Page
from .options import MOST_SEGMENTS, positive
from .query import ReadIterator, Self
from .read import ScanRead


class ScanIterator(ReadIterator[Model]):
    """Every item of a table or index that matches; all are looked at."""

    _reads = ScanRead
    _raw_name = "scan_kwargs"

    def reverse(self, reverse: bool = True) -> Any:
        """Refuse: a scan has no order."""
        raise InvalidExpression(f"{self._read.name}: a scan has no order that could be reversed; a query has")

    def first(self, reverse: bool = False) -> Model | None:
        """Return the first item that comes, ``None`` if there is none; ``reverse`` is refused like :meth:`reverse`."""
        return self.reverse() if reverse else super().first()

    def segment(self: Self, number: int, of: int) -> Self:
        """Return one part of the scan, for others to read the other parts elsewhere; it can be pickled."""
        of = positive("segment", of, MOST_SEGMENTS)
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < of:
            raise InvalidExpression(f"segment({number!r}, {of}): segments are counted from 0 to {of - 1}")
        return self._with(segment=(number, of))

    def parallel(self: Self, segments: int, workers: int | None = None) -> Self:
        """Read so many parts at the same time, in as many threads, in no order."""
        workers = positive("workers", segments if workers is None else workers)
        return self._with(parallel=(positive("parallel", segments, MOST_SEGMENTS), workers))

    def page(self, size: int, cursor: str | None = None) -> Page[Model]:
        """Return so many items at most, from the start or after a cursor, and the cursor of the next page.

        A scan goes forwards only: there is no ``previous_cursor``.
        """
        if self._read.options.parallel is not None:
            raise InvalidExpression(f"{self._read.name}: a parallel scan has no order that a page could go on in")
        return super().page(size, cursor)
