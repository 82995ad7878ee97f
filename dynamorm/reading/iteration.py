"""One iteration over a read: instance after instance, and where it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from ..drivers import arun, run
from ..exceptions import BatchError, ValidationError
from ..flows import BREATHE, PACE, Compute, Flow, Invoke
from ..waiting import Pace, let_others_run
from ..wire.codec import WireItem
from ..wire.texts import StoredItem, key_within
from .ahead import PagesAhead
from .cursors import encode_cursor
from .pages import Chunk, Pages

Model = TypeVar("Model")


class Page(tuple[list[Model], "str | None"], Generic[Model]):
    """Some items of a query, and the cursors of the pages after and before them.

    It can be unpacked as ``items, next_cursor``.  A cursor is ``None`` where there is no such page.
    """

    __match_args__ = ("items", "next_cursor", "previous_cursor")
    _previous_cursor: str | None

    def __new__(cls, items: list[Model], next_cursor: str | None, previous_cursor: str | None = None) -> Page[Model]:
        page = super().__new__(cls, (items, next_cursor))
        page._previous_cursor = previous_cursor
        return page

    def __getnewargs__(self) -> tuple[list[Model], str | None]:
        return self.items, self.next_cursor  # what else there is travels as the state

    @property
    def items(self) -> list[Model]:
        """The items, in the order of the query."""
        return self[0]

    @property
    def next_cursor(self) -> str | None:
        """The cursor of the page after this one."""
        return self[1]

    @property
    def previous_cursor(self) -> str | None:
        """The cursor of the page before this one."""
        return self._previous_cursor

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Page) and self.previous_cursor != other.previous_cursor:
            return False
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
        return f"Page({shown})"


END: Any = object()
"""What :meth:`Iteration.next_item` returns after the last item."""


class Iteration:
    """Goes through a read once.

    An item that the schema refuses raises its error where it stands; the next one comes after it.  Items are let go
    one by one: those in wire form are several dicts for every attribute's sake, and whoever collects garbage goes
    through all that are held.
    """

    first: WireItem | None = None
    """The key of the first item of a page."""
    _is_backwards = False
    _is_behind: Callable[[WireItem], bool] | None = None

    def __init__(
        self,
        pages: Pages | PagesAhead,
        load: Callable[[StoredItem], Any],
        limit: int | None = None,
        on_invalid: Any = "raise",
        shows: Callable[[StoredItem], bool] | None = None,
        arrive: Callable[[list[StoredItem]], Flow[None]] | None = None,
        prepare: Callable[[], object] | None = None,
    ) -> None:
        self.pages = pages
        self._load = load
        self._left = limit
        self._on_invalid = on_invalid
        self._raises = on_invalid == "raise"
        self._shows = shows
        self._arrive = arrive
        self._prepare = prepare
        # both from the end to the beginning
        self._waiting: list[StoredItem] = []
        self._positions: list[StoredItem] | None = None
        self._position: StoredItem | None = None
        self._after: WireItem | None = None
        self._exhausted = False
        self._began = False
        self._pace = Pace()

    def __iter__(self) -> Iteration:
        return self

    def __next__(self) -> Any:
        if self._waiting and self._raises and self._positions is None and self._left != 0:
            self._position = wire = self._waiting.pop()
            instance = self._load(wire)
            if instance is not None:
                if self._left is not None:
                    self._left -= 1
                return instance
        found = run(self.next_item())
        if found is END:
            raise StopIteration
        return found

    def __aiter__(self) -> Iteration:
        return self

    async def __anext__(self) -> Any:
        if self._pace.is_due():
            await let_others_run()
        if self._waiting and self._raises and self._positions is None and self._left != 0:
            self._position = wire = self._waiting.pop()
            instance = self._load(wire)
            if instance is not None:
                if self._left is not None:
                    self._left -= 1
                return instance
        found = await arun(self.next_item())
        if found is END:
            raise StopAsyncIteration
        return found

    def next_item(self) -> Flow[Any]:
        """Return the next instance, :data:`END` after the last one."""
        while self._left != 0:
            if not self._waiting and not (yield from self._fetch()):
                break
            instance = yield from self._next_waiting()
            if instance is not None:
                return instance
        return END

    def next_page(self) -> Flow[list[Any] | None]:
        """Return all that is left of a page, ``None`` after the last one."""
        if self._left == 0 or not (self._waiting or (yield from self._fetch())):
            return None
        found = []
        while self._waiting and self._left != 0:
            instance = yield from self._next_waiting()
            if instance is not None:
                found.append(instance)
                if len(found) % PACE == 0:
                    yield BREATHE
        return found

    def has_more(self) -> Flow[bool]:
        """Return whether there is another item, asking for it if need be; this stands where it stood."""
        while self._waiting or (yield from self._fetch()):
            if self._shows is None or self._shows(self._waiting[-1]):
                return True
            self._pass_over()
        return False

    def go_backwards(self, is_behind: Callable[[WireItem], bool] | None = None) -> None:
        """Read against the query's order, and end before the first key that is behind the query's beginning."""
        self._is_backwards, self._is_behind = True, is_behind

    def _pass_over(self) -> None:
        """Leave out an item that is not shown; this stands where it stood."""
        self._waiting.pop()
        if self._positions is not None:
            self._positions.pop()

    def _next_waiting(self) -> Flow[Any]:
        """Return the next item of this page, ``None`` for one that is passed over."""
        wire = self._waiting.pop()
        self._position = wire if self._positions is None else self._positions.pop()
        try:
            instance = self._load(wire)
        except ValidationError as error:
            if self._raises:
                raise
            instance = None if self._on_invalid == "skip" else (yield Invoke(self._on_invalid, (error,)))
        if self._left is not None and instance is not None:
            self._left -= 1
        return instance

    def _fetch(self) -> Flow[bool]:
        """Get the next page that holds any item."""
        if self._prepare is not None:
            prepare, self._prepare = self._prepare, None
            yield Compute(prepare)
        while not self._exhausted:
            try:
                page = yield from self.pages.next_page()
            except BatchError as error:
                raise BatchError(str(error), [self._load(wire) for wire in error.done], error.missing) from None
            self._began = True
            if page is None:
                self._exhausted = True
                break
            self._after = page.after
            if self._is_behind is not None:
                page = self._cut(page, self._is_behind)
            if page.items:
                # others may hold the lists themselves
                self._waiting = page.items[::-1]
                self._positions = None if page.positions is None else page.positions[::-1]
                if self._arrive is not None:
                    yield from self._arrive(page.items[: self._left])
                return True
        return False

    def _cut(self, page: Chunk, is_behind: Callable[[WireItem], bool]) -> Chunk:
        """Return what of a page is not behind the query's beginning; nothing else is asked for after that."""
        positions = page.items if page.positions is None else page.positions
        for number, stored in enumerate(positions):
            if is_behind(key_within(stored, self.pages.key_names)):
                self._exhausted = True
                return Chunk(page.items[:number], page.positions and page.positions[:number], None)
        # filters may have left out whatever is there
        self._exhausted = page.after is not None and is_behind(page.after)
        return page

    @property
    def position(self) -> WireItem:
        """The key of the item that was taken last."""
        assert self._position is not None
        return key_within(self._position, self.pages.key_names)

    @property
    def last(self) -> WireItem | None:
        """The key after which this stands; ``None`` at the end, or where there is no order to go on in."""
        if self._is_backwards:
            return self.first
        if not self.pages.is_resumable:
            return None
        if not self._began:
            return self.pages.start
        if not self._waiting:
            return None if self._exhausted else self._after
        if self._position is None:
            return self.pages.start
        return key_within(self._position, self.pages.key_names)


class PagesInTurn:
    """Goes through an iteration page by page."""

    def __init__(self, iteration: Iteration, mark: bytes, secret: bytes | None) -> None:
        self._iteration = iteration
        self._mark = mark
        self._secret = secret

    def __iter__(self) -> PagesInTurn:
        return self

    def __next__(self) -> Page[Any]:
        page = self._page(run(self._iteration.next_page()))
        if page is None:
            raise StopIteration
        return page

    def __aiter__(self) -> PagesInTurn:
        return self

    async def __anext__(self) -> Page[Any]:
        page = self._page(await arun(self._iteration.next_page()))
        if page is None:
            raise StopAsyncIteration
        return page

    def _page(self, items: list[Any] | None) -> Page[Any] | None:
        if items is None:
            return None
        last = self._iteration.last
        return Page(items, None if last is None else encode_cursor(last, self._mark, self._secret))
