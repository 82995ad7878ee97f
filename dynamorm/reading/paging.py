"""One page of a query or scan, with the cursors that lead on from it and back."""

from __future__ import annotations

from typing import Any

from ..exceptions import InvalidCursor
from ..expressions import is_in_order, shortened
from ..flows import Flow
from ..locks import cached_property
from ..wire.codec import WireItem
from ..wire.paths import same_value
from .cursors import encode_cursor, leads_backwards
from .iteration import END, Iteration, Page
from .options import positive
from .read import QueryRead, Read


class Paging:
    """A page that is asked for; ``read`` goes on to one item more than it holds."""

    def __init__(self, read: Read, size: int, cursor: str | None) -> None:
        read = read.settled()
        self._whole: Read = read
        self._size = min(positive("page", size), read.options.limit or size)
        self._has_order = isinstance(read, QueryRead)
        self._is_backwards = cursor is not None and leads_backwards(cursor, read.secret)
        if self._is_backwards and not self._has_order:
            raise InvalidCursor(f"{shortened(cursor)} leads backwards: a scan of {read.name} goes forwards only")
        start = read.options.start if cursor is None else cursor
        self.read: Read = read.replaced(limit=self._size + 1, start=start, backwards=self._is_backwards)

    def page(self, iteration: Iteration) -> Flow[Page[Any]]:
        """Return the page, from an iteration of ``read``."""
        beginning = self._beginning()
        if self._is_backwards:
            iteration.go_backwards(None if beginning is None else _Beginning(self._whole, beginning).is_after)
        items: list[Any] = []
        while len(items) < self._size and (item := (yield from iteration.next_item())) is not END:
            if not items:
                iteration.first = iteration.position
            items.append(item)
        ahead = behind = None
        if (yield from iteration.has_more()):
            ahead = self._cursor(iteration.position, self._is_backwards)
        if self._has_order and iteration.pages.start != (None if self._is_backwards else beginning):
            # where nothing is left, the way back begins at the very end or beginning
            turn = iteration.first or (beginning if self._is_backwards else None)
            behind = self._cursor(turn, not self._is_backwards)
        return Page(items[::-1], behind, ahead) if self._is_backwards else Page(items, ahead, behind)

    def _beginning(self) -> WireItem | None:
        """Return the key after which the query begins; a scan needs none."""
        if not self._has_order or self._whole.options.start is None:
            return None
        start: WireItem | None = self._whole.built().request.payload.get("ExclusiveStartKey")
        return start

    def _cursor(self, key: WireItem | None, backwards: bool) -> str:
        return encode_cursor(key, self._mark, self._whole.secret, backwards=backwards)

    @cached_property
    def _mark(self) -> bytes:
        return self._whole.mark()


class _Beginning:
    """The key after which a query begins, for who comes from the other side."""

    def __init__(self, read: Read, key: WireItem) -> None:
        spec = read.store.mapper.key if read.index is None else read.index.key
        self._key = key
        self._ranges = spec.range_names
        self._is_descending = read.options.reverse

    def is_after(self, key: WireItem) -> bool:
        """Return whether this stands after another key, or is the same.

        Nothing says in which order an index holds items whose keys in it are equal: of these, only the beginning itself
        counts.
        """
        for name in self._ranges:
            if not same_value(key[name], self._key[name]):
                return is_in_order(key[name], self._key[name]) != self._is_descending
        return all(same_value(value, self._key[name]) for name, value in key.items())
