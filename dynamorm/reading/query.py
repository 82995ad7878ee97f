"""Queries: lazy, reusable, and never changed by being used.

Every method gives a new object; iterating one asks for the pages of matching items one after the other, from the
start each time.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from copy import copy
from operator import index
from typing import Any, ClassVar, TypeVar, overload

from ..drivers import run
from ..exceptions import InvalidExpression, MisusedExpression
from ..expressions import Change, conjoined, conjunction
from ..progress import Progress
from ..store import Store, is_complete_model, store_of
from ..waiting import refuse_to_wait
from ..wire.codec import decode_item
from . import verbs
from .awaited_query import AwaitedQuery, AwaitedRead
from .iteration import Iteration, Model, Page, PagesInTurn
from .matched import delete_matching, manner_given, update_matching
from .options import (
    MOST_LOOKED_AT,
    given_names,
    given_start,
    index_called,
    options_given,
    positive,
    units_a_second,
)
from .paging import Paging
from .partners import checked
from .read import Explanation, QueryRead, Read

Self = TypeVar("Self", bound="ReadIterator[Any]")


class ReadIterator(AwaitedRead[Model], ABC):
    """What queries and scans have in common."""

    _reads: ClassVar[type[Read]]
    _raw_name: ClassVar[str]
    _read: Read
    _latest: Iteration | None
    _stepping: Iteration | None

    def __init__(self, model: Any, /, *conditions: Any, **lookups: Any) -> None:
        """Read the items of a model, as its ``query`` or ``scan`` does."""
        if not is_complete_model(model):
            raise InvalidExpression(f"{type(self).__name__}({model!r}, ...): the class of a model comes first")
        self._begin_as(store_of(model), conditions, lookups, lookups.pop(self._raw_name, None))

    @classmethod
    def _of_store(
        cls: type[Self],
        store: Store,
        conditions: Sequence[Any],
        lookups: Mapping[str, Any],
        raw: Mapping[str, Any] | None = None,
    ) -> Self:
        """Return a read of what a store knows as its model."""
        made = cls.__new__(cls)
        made._begin_as(store, conditions, lookups, raw)
        return made

    def _begin_as(
        self, store: Store, conditions: Sequence[Any], lookups: Mapping[str, Any], raw: Mapping[str, Any] | None
    ) -> None:
        store = store.belonging()
        self._read = self._reads(store, options_given(store, conditions, store.filled(lookups), raw))
        self._latest = self._stepping = None

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_latest": None, "_stepping": None}

    def __repr__(self) -> str:
        conditions = self._read.options.conditions
        shown = repr(conjoined(conditions)) if conditions else "everything"
        return f"<{type(self).__name__} of {self._read.name}: {shown}>"

    # Refining; each gives a new object.

    def _with(self: Self, **changes: Any) -> Self:
        return self._of(self._read.replaced(**changes))

    def _of(self: Self, read: Read) -> Self:
        refined = copy(self)
        refined._read = read
        return refined

    def filter(self: Self, /, *conditions: Any, **lookups: Any) -> Self:
        """Let more conditions hold besides the present ones, on keys or anything else."""
        return self._with(conditions=self._read.options.conditions + conjunction(conditions, lookups))

    key = filter

    def on(self: Self, index: str) -> Self:
        """Read from an index, by its name in DynamoDB."""
        return self._with(on_index=index_called(self._read.store, index))

    def limit(self: Self, limit: int) -> Self:
        """Return so many items at most."""
        return self._with(limit=positive("limit", limit))

    def page_size(self: Self, size: int) -> Self:
        """Let DynamoDB look at so many items at most for one answer, whether they match or not."""
        return self._with(page_size=positive("page_size", size, MOST_LOOKED_AT))

    def consistent(self: Self, consistent: bool = True) -> Self:
        """See every write that was finished before."""
        return self._with(consistent=consistent)

    def start(self: Self, start: Any) -> Self:
        """Begin after a position: a cursor, a raw key such as ``.last``, or an instance; ``None`` is the beginning."""
        return self._with(start=given_start(start))

    def again(self: Self) -> Self:
        """Go on after ``.last``, where the latest iteration stopped; from the start if it came to the end."""
        last = self.last
        return self._with() if last is None else self.start(last)

    def only(self: Self, *names: Any) -> Self:
        """Read some attributes only, and the key: what comes is partial."""
        return self._with(paths=tuple(names))

    def specific_attributes(self: Self, attrs: Sequence[Any]) -> Self:
        """Like :meth:`only`, for a list."""
        return self.only(*given_names(attrs))

    def partial(self: Self, partial: bool = True) -> Self:
        """Choose whether what is read may lack required attributes; by itself that is so for projections."""
        return self._with(partial=bool(partial))

    def recursive(self: Self) -> Self:
        """Return the same: reads go through all pages anyway."""
        return self._with()

    def hydrate(self: Self) -> Self:
        """Read whole items by batch get, page by page, where the index holds a part of them only."""
        return self._with(hydrated=True)

    def with_hidden(self: Self, with_hidden: bool = True) -> Self:
        """Read what the ``hide`` of the model's table leaves out, too."""
        return self._with(with_hidden=bool(with_hidden))

    def on_invalid(self: Self, what: Any) -> Self:
        """Choose what becomes of stored items that the schema refuses.

        ``"raise"`` (as without this), ``"skip"``, or a callable that is given each ``ValidationError``.
        """
        if what not in ("raise", "skip") and not callable(what):
            raise InvalidExpression(f'on_invalid({what!r}): "raise", "skip" or a callable is meant')
        return self._with(on_invalid=what)

    def rate_limit(self: Self, rcu: float) -> Self:
        """Consume so many read capacity units a second at most, on average, by pausing between pages."""
        return self._with(rate=units_a_second(rcu, "read"))

    def read_ahead(self: Self, ahead: bool = True) -> Self:
        """Ask for each page while the one before it is gone through, in a thread or, awaited, in a task.

        Who stops in the middle has paid for one page more than needed.
        """
        return self._with(ahead=ahead)

    def prefetch(self: Self, *relationships: Any) -> Self:
        """Read the partners to which relationships lead along with each page, a hundred in one request.

        Without relationships, or for a bool, it does what :meth:`read_ahead` does, which was called so before.

        Example::

            for thread in Thread.query(forum="python").prefetch(Thread.user):
                print(thread.subject, thread.user.name)
        """
        if not relationships or (len(relationships) == 1 and isinstance(relationships[0], bool)):
            return self.read_ahead(*relationships)
        return self._with(partners=checked(relationships, self._read.store.model))

    # Reading.

    def _begin(self, read: Read | None = None) -> Iteration:
        self._latest = (read or self._read).iteration()
        return self._latest

    def __iter__(self) -> Iterator[Model]:
        return self._begin()

    def __next__(self) -> Model:
        if self._stepping is None:
            self._stepping = self._begin()
        item: Model = next(self._stepping)
        return item

    @overload
    def __getitem__(self, position: int) -> Model: ...

    @overload
    def __getitem__(self, position: slice) -> list[Model]: ...

    def __getitem__(self, position: int | slice) -> Model | list[Model]:
        refuse_to_wait("query[...]", "take a list, await query.limit(...).aall()")
        if isinstance(position, slice):
            start, stop, step = (
                None if bound is None else self._position(bound)
                for bound in (position.start, position.stop, position.step)
            )
            if step == 0:
                raise InvalidExpression("[::0]: steps of no length lead nowhere")
            if stop is not None and stop <= (start or 0):
                return []
            return list(self if stop is None else self._capped(stop))[start:stop:step]
        position = self._position(position)
        found = list(self._capped(position + 1))
        if len(found) <= position:
            raise self._read.store.no_such_position(
                f"[{position}]: there are only {len(found)} items for {self!r}; first() gives None where there is none"
            )
        return found[position]

    def _position(self, given: Any) -> int:
        if isinstance(given, bool) or not hasattr(type(given), "__index__"):
            raise MisusedExpression(
                f"[{given!r}]: the items of a query have positions, query[0] or query[:10]; "
                "their attributes are those of the items"
            )
        position = index(given)
        if position < 0:
            raise InvalidExpression(
                f"[{given}]: a query has no end to count from; "
                "reverse() it and count from the start, or make a list of it: query.all()"
            )
        return position

    def _capped(self: Self, limit: int) -> Self:
        return self._of(self._read.capped(limit))

    def __bool__(self) -> bool:
        refuse_to_wait("bool(query)", "ask await query.aexists()")
        return self.exists()

    def exists(self) -> bool:
        """Return whether there is any matching item, by asking for one."""
        return run(verbs.exists(self._read))

    def all(self) -> list[Model]:
        """Return all items as a list."""
        return list(self)

    def by_model(self) -> verbs.ByModel:
        """Return all items in lists by their models; a model that has none among them gives an empty list.

        Example::

            found = Shop.query(email="ann@example.com").by_model()
            found[Order], found[Customer]
        """
        return run(verbs.by_model(self._begin()))

    def first(self) -> Model | None:
        """Return the first item, ``None`` if there is none."""
        found: Model | None = run(verbs.first(self._read.capped(1).iteration()))
        return found

    def one(self) -> Model:
        """Return the one item that there is.

        :raises DoesNotExist: if there is none
        :raises MultipleFound: if there are more
        """
        found: Model = run(verbs.one(self._read.capped(2), self))
        return found

    def count(self) -> int:
        """Return the number of items, over all pages, without reading them.

        Where items of several models are in the table, their keys and kinds are read: those of others do not count.
        """
        return run(verbs.count(self._read))

    def pages(self) -> Iterator[Page[Model]]:
        """Return the items in lists as DynamoDB's answers hold them, each with the cursor that goes on after it.

        These pages have no ``previous_cursor``.
        """
        return PagesInTurn(self._begin(), self._read.mark(), self._read.secret)

    def apages(self) -> AsyncIterator[Page[Model]]:
        """Return the pages of :meth:`pages` for ``async for``."""
        return PagesInTurn(self._begin(), self._read.mark(), self._read.secret)

    def page(self, size: int, cursor: str | None = None) -> Page[Model]:
        """Return so many items at most, from the start or a cursor on, and the cursors of the pages around them.

        Either cursor of a page may be given, and the items come in the order of the query.
        """
        paging = Paging(self._read, size, cursor)
        return run(paging.page(self._begin(paging.read)))

    # What the latest iteration came to.

    @property
    def last(self) -> dict[str, Any] | None:
        """The raw key after which the latest iteration stopped; ``None`` at the end."""
        last = None if self._latest is None else self._latest.last
        return None if last is None else decode_item(last)

    @property
    def scanned(self) -> int:
        """How many items DynamoDB has looked at so far."""
        return 0 if self._latest is None else self._latest.pages.scanned

    @property
    def capacity(self) -> float:
        """How many capacity units were consumed so far."""
        return 0.0 if self._latest is None else self._latest.pages.capacity

    @property
    def resp(self) -> dict[str, Any] | None:
        """DynamoDB's latest answer, in plain values."""
        latest = None if self._latest is None else self._latest.pages.latest
        if latest is None:
            return None
        plain = latest()
        if "Items" in plain:
            plain["Items"] = [decode_item(item) for item in plain["Items"]]
        if "LastEvaluatedKey" in plain:
            plain["LastEvaluatedKey"] = decode_item(plain["LastEvaluatedKey"])
        return plain

    # Writing.

    def delete(
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
        return run(delete_matching(self._read, manner, bool(recheck)))

    def update(
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
        return run(update_matching(self._read, manner, actions, updates))

    def explain(self) -> Explanation:
        """Return what would be asked for, without asking."""
        return self._read.explain()


class QueryIterator(AwaitedQuery[Model], ReadIterator[Model]):
    """The items under one hash key, in the order of the range key."""

    _reads = QueryRead
    _raw_name = "query_kwargs"

    def reverse(self: Self, reverse: bool = True) -> Self:
        """Return the items in descending order of the range key."""
        return self._with(reverse=reverse)

    def first(self, reverse: bool = False) -> Model | None:
        """Return the first item, or with ``reverse`` the last; ``None`` if there is none."""
        asked = self.reverse(not self._read.options.reverse) if reverse else self
        found: Model | None = run(verbs.first(asked._read.capped(1).iteration()))
        return found
