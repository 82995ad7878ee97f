"""Queries and scans: lazy, reusable, and never changed by being used.

Every method gives a new object; iterating one asks for the pages of matching items one after the other, from the
start each time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from typing import Any, Generic, NamedTuple, TypeVar, overload

from ..connection import cursor_key
from ..exceptions import ConditionFailed, DoesNotExist, InvalidExpression, InvalidKey, MultipleFound, NotProjected
from ..expressions import Change, Condition, conjunction, leaves
from ..flows import Place
from ..instances.loading import loader
from ..requests import Request, build_query
from ..requests.boto3_arguments import merged, without_conditions
from ..spec import IndexSpec
from ..store import Store
from ..wire.codec import WireItem, decode_item, encode_item
from ..writing.update_plan import actions as resolved_actions
from ..writing.update_plan import planned
from .ahead import PagesAhead
from .cursors import decode_cursor, encode_cursor, fingerprint
from .key_conditions import Choice, choose, split
from .pages import Limiter, Model, Page, Pages, Run

Self = TypeVar("Self", bound="ReadIterator[Any]")

# what of the arguments in boto3's form makes a read another one
_ABOUT = ("KeyConditionExpression", "FilterExpression", "ExpressionAttributeNames", "Segment", "TotalSegments")


class Explanation(NamedTuple):
    """What a read will do: the index chosen, what finds the items, what is filtered out after that, the request."""

    index_name: str | None
    keys: tuple[Condition, ...]
    filters: tuple[Condition, ...]
    request: Request

    def __str__(self) -> str:
        where = f"index {self.index_name!r}" if self.index_name is not None else "the table"
        lines = [f"{self.request.operation} of {where}"]
        lines += [f"  key: {part!r}" for part in self.keys]
        lines += [f"  filter: {part!r}" for part in self.filters]
        return "\n".join(lines)


class ReadIterator(ABC, Generic[Model]):
    """What queries and scans have in common."""

    _index: IndexSpec | None = None
    _limit: int | None = None
    _page_size: int | None = None
    _consistent = False
    _paths: Sequence[Any] | None = None
    _partial: bool | None = None
    _start: Any = None
    _hydrated = False
    _prefetched = False
    _on_invalid: Any = "raise"
    _rate: float | None = None
    _raw: Mapping[str, Any]
    _latest: Run | None = None
    _stepping: Run | None = None
    # what a read that chooses its index has chosen
    _chosen: Choice | None = None

    def __init__(
        self, model: type[Model], conditions: Sequence[Any], lookups: Mapping[str, Any], raw: Mapping[str, Any] | None
    ) -> None:
        self._model = model
        if not raw:
            self._conditions = conjunction(conditions, lookups)
            self._raw = {}
            return
        given, found = without_conditions(raw)
        self._conditions = conjunction([*conditions, *found], lookups)
        if given.get("Limit") is not None:
            self._limit = positive("Limit", given.pop("Limit"))
        if given.get("IndexName") is not None:
            self._index = self._index_called(given.pop("IndexName"))
        if given.get("ExclusiveStartKey") is not None:
            self._start = given.pop("ExclusiveStartKey")
        if given.get("ConsistentRead") is not None:
            self._consistent = bool(given.pop("ConsistentRead"))
        self._raw = given

    @property
    def _store(self) -> Store:
        store: Store = self._model._dynamorm.store  # type: ignore[attr-defined]
        return store

    def _index_called(self, name: str) -> IndexSpec:
        indexes = self._store.table.indexes
        if name not in indexes:
            known = ", ".join(indexes) or "none"
            raise InvalidKey(f"{self._store.mapper.model_name} has no index {name!r}; there are: {known}")
        spec: IndexSpec = indexes[name].spec
        return spec

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in ("_latest", "_stepping", "_chosen")}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._name}: {' & '.join(map(repr, self._conditions)) or 'everything'}>"

    # Refining; each gives a new object.

    def _with(self: Self, **changes: Any) -> Self:
        refined = copy(self)
        refined._chosen = None
        for name, value in changes.items():
            setattr(refined, f"_{name}", value)
        return refined

    def filter(self: Self, /, *conditions: Any, **lookups: Any) -> Self:
        """Let more conditions hold besides the present ones, on keys or anything else."""
        return self._with(conditions=self._conditions + conjunction(conditions, lookups))

    key = filter

    def on(self: Self, index: str) -> Self:
        """Read from an index, by its name in DynamoDB."""
        return self._with(index=self._index_called(index))

    def limit(self: Self, limit: int) -> Self:
        """Give so many items at most."""
        return self._with(limit=positive("limit", limit))

    def page_size(self: Self, size: int) -> Self:
        """Let DynamoDB look at so many items at most for one answer, whether they match or not."""
        return self._with(page_size=positive("page_size", size))

    def consistent(self: Self, consistent: bool = True) -> Self:
        """See every write that was finished before."""
        return self._with(consistent=consistent)

    def start(self: Self, start: Any) -> Self:
        """Begin after a place: a cursor, a raw key such as ``.last``, or an instance; ``None`` is the beginning."""
        return self._with(start=start)

    def again(self: Self) -> Self:
        """Go on after ``.last``, where the latest iteration stopped; from the start if it came to the end."""
        last = self.last
        return self._with() if last is None else self.start(last)

    def only(self: Self, *names: Any) -> Self:
        """Read some attributes only, and the key: what comes is partial."""
        return self._with(paths=tuple(names))

    def specific_attributes(self: Self, attrs: Sequence[Any]) -> Self:
        """Like :meth:`only`, for a list."""
        return self.only(*attrs)

    def partial(self: Self, partial: bool = True) -> Self:
        """Say whether what is read may lack required attributes; by itself that is so for projections."""
        return self._with(partial=bool(partial))

    def recursive(self: Self) -> Self:
        """Give the same: reads go through all pages anyway."""
        return self._with()

    def hydrate(self: Self) -> Self:
        """Read whole items by batch get, page by page, where the index holds a part of them only."""
        return self._with(hydrated=True)

    def on_invalid(self: Self, what: Any) -> Self:
        """Say what becomes of stored items that the schema refuses.

        ``"raise"`` (as without this), ``"skip"``, or a callable that is given each ``ValidationError``.
        """
        if what not in ("raise", "skip") and not callable(what):
            raise InvalidExpression(f'on_invalid({what!r}): "raise", "skip" or a callable is meant')
        return self._with(on_invalid=what)

    def rate_limit(self: Self, rcu: float) -> Self:
        """Consume so many read capacity units a second at most, on average, by pausing between pages."""
        if not rcu > 0:
            raise InvalidExpression(f"rate_limit({rcu!r}): a positive number of read capacity units is meant")
        return self._with(rate=float(rcu))

    def prefetch(self: Self, prefetch: bool = True) -> Self:
        """Ask for each page while the one before it is gone through, in a thread.

        Who stops in the middle has paid for one page more than needed.
        """
        return self._with(prefetched=prefetch)

    # Reading.

    def _run(self) -> Run:
        pages = self._pages()
        return Run(pages, self._loader(pages.place), self._limit, self._on_invalid)

    def _loader(self, place: Place) -> Callable[[WireItem], Any]:
        return loader(self._model, self._is_partial, place)

    @property
    def _is_partial(self) -> bool:
        if self._partial is not None:
            return self._partial
        if self._paths is not None or "ProjectionExpression" in self._raw:
            return True
        return self._projected is not None and self._projected.included is not None and not self._hydrated

    @property
    def _projected(self) -> IndexSpec | None:
        """The index that is read."""
        return self._index

    def _pages(self, **options: Any) -> Pages:
        request, filters = self._built(**options)
        # how many items it is enough to look at: only where each one that is looked at is given
        limit = None if self._limit is None or options.get("count") or not self._gives_all(filters) else self._limit
        store = self._store
        place = store.here
        # connection and table are those of the beginning, whatever settings hold later
        if place.table != request.payload["TableName"]:
            place = place._replace(table=request.payload["TableName"])
        limiter = Limiter(self._rate) if self._rate is not None else None
        pages = Pages(store, place, request, self._key_names, limit, limiter, self._hydration())
        return PagesAhead(pages) if self._prefetched and not options.get("count") else pages

    def _hydration(self) -> Any:
        if not self._hydrated:
            return None
        paths = None if self._paths is None else self._store.mapper.paths(self._paths)
        return {"consistent": self._consistent, "paths": paths}

    def __iter__(self) -> Iterator[Model]:
        self._latest = self._run()
        return self._latest

    def __next__(self) -> Model:
        if self._stepping is None:
            self._stepping = self._latest = self._run()
        item: Model = next(self._stepping)
        return item

    @overload
    def __getitem__(self, position: int) -> Model: ...

    @overload
    def __getitem__(self, position: slice) -> list[Model]: ...

    def __getitem__(self, position: int | slice) -> Model | list[Model]:
        if isinstance(position, slice):
            bounds = (position.start, position.stop, position.step)
            if any(bound is not None and bound < 0 for bound in bounds):
                raise InvalidExpression(f"[{position.start}:{position.stop}]: a query has no end to count from")
            if position.stop == 0:
                return []
            read = self if position.stop is None else self._capped(position.stop)
            return list(read)[position]
        if isinstance(position, bool) or not isinstance(position, int):
            raise TypeError(f"[{position!r}]: a position is an integer")
        if position < 0:
            raise InvalidExpression(f"[{position}]: a query has no end to count from; reverse() it")
        found = list(self._capped(position + 1))
        if len(found) <= position:
            raise IndexError(f"[{position}]: {self._name} has {len(found)} matching items")
        return found[position]

    def _capped(self: Self, limit: int) -> Self:
        return self.limit(limit if self._limit is None else min(limit, self._limit)).prefetch(False)

    def __bool__(self) -> bool:
        return self.exists()

    def exists(self) -> bool:
        """Say whether there is any matching item, by asking for one."""
        pages = self._capped(1)._with(on_invalid="raise")._pages()
        return next(Run(pages, lambda wire: wire, 1), None) is not None

    def all(self) -> list[Model]:
        """Give all items as a list."""
        return list(self)

    def first(self) -> Model | None:
        """Give the first item, ``None`` if there is none."""
        return next(iter(self._capped(1)), None)

    def one(self) -> Model:
        """Give the one item that there is.

        :raises DoesNotExist: if there is none
        :raises MultipleFound: if there are more
        """
        found = self._capped(2).all()
        if not found:
            raise DoesNotExist(f"there is no item for {self!r}")
        if len(found) > 1:
            raise MultipleFound(f"there is more than one item for {self!r}")
        return found[0]

    def count(self) -> int:
        """Give the number of items, over all pages, without reading them."""
        counted: int = sum(page["Count"] for page in self._pages(count=True).responses())
        return counted if self._limit is None else min(counted, self._limit)

    def pages(self) -> Iterator[Page[Model]]:
        """Give the items in lists as DynamoDB's answers hold them, each with the cursor that goes on after it."""
        run = self._latest = self._run()
        return self._pages_of(run, self._mark())

    @staticmethod
    def _pages_of(run: Run, mark: bytes) -> Iterator[Page[Any]]:
        try:
            while (items := run.page()) is not None:
                yield Page(items, None if run.last is None else encode_cursor(run.last, mark, cursor_key()))
        finally:
            run.close()

    def page(self, size: int, cursor: str | None = None) -> Page[Model]:
        """Give so many items at most, from the start or after a cursor, and the cursor of the next page."""
        size = min(positive("page", size), self._limit or size)
        read = self._with(limit=size + 1, start=cursor if cursor is not None else self._start)
        run = self._latest = read._run()
        items: list[Any] = []
        while len(items) < size and (item := next(run, None)) is not None:
            items.append(item)
        if not run.has_more():
            return Page(items, None)
        last = run.last
        assert last is not None
        return Page(items, encode_cursor(last, self._mark(), cursor_key()))

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

    def delete(self) -> int:
        """Delete every item that matches, each only if it still does; gives how many were deleted."""
        store = self._store
        return self._each(lambda place, key, conditions: store.delete(place, key, conditions))

    def update(self, /, *actions: Change, **updates: Any) -> int:
        """Change every item that matches, each only if it still does; gives how many were changed."""
        store = self._store
        resolved = resolved_actions(store.mapper, planned(store.mapper, actions, updates))
        if not resolved:
            return 0
        changed = {action.path[0] for action in resolved}
        return self._each(
            lambda place, key, conditions: store.update(place, key, resolved, conditions, returning="NONE"),
            moves=not changed.isdisjoint(self._key_names),
        )

    def _each(self, write: Callable[[Place, WireItem, Sequence[Condition]], Any], moves: bool = False) -> int:
        """Write to every item that matches; ``moves`` says that the items change places in the index that is read."""
        store, written = self._store, 0
        raw = sorted({"KeyConditionExpression", "FilterExpression"} & self._raw.keys())
        if raw:
            raise InvalidExpression(f"{self._name}: {', '.join(raw)} as text cannot be held against each item again")
        conditions = (store.exists, *(part for part in self._resolved() if not self._is_on_key(part)))
        pages = self._with(paths=(), hydrated=False)._pages()
        place = pages.place
        names = store.mapper.key.names
        keys = ({name: wire[name] for name in names} for wire in Run(pages, lambda wire: wire, self._limit))
        # what moves ahead would be met again
        for key in list(keys) if moves else keys:
            try:
                write(place, key, conditions)
                written += 1
            except ConditionFailed:
                continue  # it was changed or deleted since it was read
        return written

    def _is_on_key(self, part: Condition) -> bool:
        names = self._store.mapper.key.names
        return all(leaf.path[0] in names for leaf in leaves(part))

    # Requests.

    def explain(self) -> Explanation:
        """Say what would be asked for, without asking."""
        keys, filters = self._parts()
        index = self._projected
        return Explanation(index.name if index else None, tuple(keys), tuple(filters), self._request())

    def _resolved(self) -> tuple[Condition, ...]:
        return self._store.mapper.conditions(self._conditions)

    @abstractmethod
    def _parts(self) -> tuple[Sequence[Condition], Sequence[Condition]]:
        """Give the conditions on keys, and the filters."""

    def _request(self, **options: Any) -> Request:
        """Build the request for the first page."""
        return self._built(**options)[0]

    @abstractmethod
    def _built(self, **options: Any) -> tuple[Request, Sequence[Condition]]:
        """Build the request for the first page; also gives the filters in it."""

    def _gives_all(self, filters: Sequence[Condition]) -> bool:
        """Say whether every item that DynamoDB looks at is given."""
        return not (filters or "FilterExpression" in self._raw or self._hydrated or self._on_invalid != "raise")

    def _options(self, count: bool = False) -> dict[str, Any]:
        index = self._projected
        if self._raw.get("Select") == "COUNT" and not count:
            raise InvalidExpression(f'{self._name}: Select="COUNT" gives no items; .count() counts them')
        if self._consistent and index is not None and index.is_global:
            raise InvalidKey(f"{self._name}: a global index has no consistent reads; read the table, or without")
        options: dict[str, Any] = {
            "index": index.name if index is not None else None,
            "consistent": self._consistent,
            "page_size": self._page_size,
            "start": self._start_key(),
            "capacity": True,
            # DynamoDB does not count what a projection is asked of
            "count": count and "ProjectionExpression" not in self._raw,
        }
        if self._hydrated:
            options["paths"] = [(name,) for name in self._key_names]
        elif self._paths is not None:
            options["paths"] = self._wanted_paths(self._paths)
        elif "ProjectionExpression" in self._raw:
            options["paths"] = [(name,) for name in self._key_names]
        return options

    def _wanted_paths(self, names: Sequence[Any]) -> Sequence[Any]:
        paths = self._store.mapper.paths(names)
        self._require_projected({str(path[0]) for path in paths})
        more = [(name,) for name in self._key_names if (name,) not in paths]
        return [*(path for path in paths if path[0] not in {name for (name,) in more}), *more]

    @property
    def _key_names(self) -> tuple[str, ...]:
        """The attributes that say where in the table or index an item is."""
        index, names = self._projected, self._store.mapper.key.names
        return names if index is None else tuple(dict.fromkeys([*names, *index.key.names]))

    def _start_key(self) -> WireItem | None:
        start = self._start
        if start is None:
            return None
        if isinstance(start, str):
            return decode_cursor(start, self._mark(), cursor_key())
        if isinstance(start, Mapping):
            return encode_item(start)
        if isinstance(start, self._model):
            return self._key_of(start)
        raise InvalidKey(f"start({start!r}): a cursor, a raw key or an instance of {self._model.__name__} is meant")

    def _key_of(self, instance: Any) -> WireItem:
        mapper = self._store.mapper
        key = {}
        for name in self._key_names:
            spec = mapper.adapter.by_stored[name]
            value = mapper.wire_of(spec, instance.__dict__.get(spec.name))
            if value is None:
                raise InvalidKey(f"start({instance!r}): it has no {spec.name}, and so no place in {self._name}")
            key[name] = value
        return key

    def _mark(self) -> bytes:
        """What tells the cursors of this read from those of others."""
        index = self._projected
        keys, filters = self._parts()
        about = (self._store.table.name, index.name if index else None, self._order)
        given = {name: self._raw[name] for name in _ABOUT if name in self._raw}
        values = encode_item(self._raw.get("ExpressionAttributeValues", {}))
        return fingerprint([*keys, *filters], values, type(self).__name__, *about, given)

    @property
    @abstractmethod
    def _order(self) -> Any:
        """Give what decides in which order items come, or which part of them."""

    @property
    def _name(self) -> str:
        name = self._store.mapper.model_name
        return name if self._index is None else f"{name} on index {self._index.name!r}"

    def _check_projected(self, filters: Sequence[Condition]) -> None:
        index = self._projected
        if index is not None and index.included is not None:
            self._require_projected({str(leaf.path[0]) for part in filters for leaf in leaves(part)})

    def _require_projected(self, names: set[str]) -> None:
        index, table_key = self._projected, self._store.mapper.key
        if index is None or index.included is None:
            return
        held = {*index.included, *index.key.names, *table_key.names}
        lacking = sorted(names - held)
        if lacking:
            raise NotProjected(
                f"{self._name} does not hold {', '.join(lacking)}; it holds {', '.join(sorted(held))}. "
                "Read without the filter and .hydrate(), or project more"
            )


def positive(name: str, number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise InvalidExpression(f"{name}({number!r}): a positive integer is meant")
    return number


class QueryIterator(ReadIterator[Model]):
    """Gives the items under one hash key, in the order of the range key."""

    _reverse = False
    _chooses = False

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        if self._raw.get("ScanIndexForward") is not None:
            given = dict(self._raw)
            self._reverse = not given.pop("ScanIndexForward")
            self._raw = given

    def reverse(self: Self, reverse: bool = True) -> Self:
        """Give the items in descending order of the range key."""
        return self._with(reverse=reverse)

    def first(self, reverse: bool = False) -> Model | None:
        """Give the first item, or with ``reverse`` the last; ``None`` if there is none."""
        read = self.reverse(not self._reverse) if reverse else self
        return next(iter(read._capped(1)), None)

    @property
    def _order(self) -> Any:
        return self._reverse

    def _choice(self) -> Choice:
        """Give the table or index that is read, with the conditions on its keys and the filters."""
        store, conditions = self._store, self._resolved()
        if self._chooses and self._index is None:
            return choose(store, conditions)
        return split(store, self._index, conditions, textual="KeyConditionExpression" in self._raw)

    @property
    def _projected(self) -> IndexSpec | None:
        if not self._chooses or self._index is not None:
            return self._index
        # which does not depend on values, only on what is compared and how
        if self._chosen is None:
            self._chosen = self._choice()
        return self._chosen.spec

    def _parts(self) -> tuple[Sequence[Condition], Sequence[Condition]]:
        choice = self._choice()
        return choice.keys, choice.filters

    def _built(self, **options: Any) -> tuple[Request, Sequence[Condition]]:
        keys, filters = self._parts()
        self._check_projected(filters)
        request = build_query(
            self._store.table_name, keys, filters=filters, reverse=self._reverse, **self._options(**options)
        )
        return merged(request, self._raw), filters
