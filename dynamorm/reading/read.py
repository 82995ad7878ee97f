"""What a query or scan comes to: its conditions told apart, the request for its first page, and its pages.

A :class:`Read` is made of a store and options, and changed by nothing.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from ..callers import levels_to_the_caller
from ..connection import cursor_key
from ..exceptions import InvalidCursor, InvalidExpression, InvalidKey, NotProjected, ScanRefused
from ..expressions import Comparison, Condition, Path, holds_never, leaves, parts_of, shortened, verdict
from ..instances.loading import Part, loader, preparation
from ..keyed_mapper import KeyedMapper
from ..locks import cached_property
from ..many.typed_items import TypedItems
from ..requests import Request, build_query, build_scan
from ..requests.boto3_arguments import merged, names_in
from ..spec import IndexSpec
from ..store import Store, store_of
from ..upkeep import present_second
from ..wire.codec import WireItem, encode_item
from ..wire.paths import same_value
from ..wire.texts import StoredItem
from .ahead import PagesAhead
from .cursors import decode_cursor, fingerprint
from .index_choice import choose
from .iteration import Iteration
from .key_conditions import Choice, finds_nothing, split
from .options import MOST_LOOKED_AT, ReadOptions
from .pages import Limiter, Pages
from .partners import Partners
from .scope import NOTHING, Asked, Scope

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


class Built(NamedTuple):
    """The request for a first page, the filters in it, and whether it is seen already that nothing matches."""

    request: Request
    filters: Sequence[Condition]
    is_empty: bool


class Read(ABC):
    """What queries and scans have in common."""

    kind: ClassVar[str]

    def __init__(self, store: Store, options: ReadOptions) -> None:
        self.store = store
        self.options = options

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.store, self.options)

    def replaced(self, **changes: Any) -> Any:
        """Return this read with other options."""
        return type(self)(self.store, self.options._replace(**changes))

    def capped(self, limit: int) -> Any:
        """Return this read for so many items at most, none of them ahead of who takes them."""
        most = self.options.limit
        return self.replaced(limit=limit if most is None else min(limit, most), ahead=False)

    @property
    def name(self) -> str:
        """What messages call it."""
        name, index = self.store.mapper.model_name, self.options.on_index
        return name if index is None else f"{name} on index {index.name!r}"

    @property
    def index(self) -> IndexSpec | None:
        """The index that is read, ``None`` for the table."""
        return self.options.on_index

    @property
    def key_names(self) -> tuple[str, ...]:
        """The attributes that say at which position of table or index an item is."""
        index, names = self.index, self.store.mapper.key.names
        return names if index is None else tuple(dict.fromkeys([*names, *index.key.names]))

    def resolved(self) -> tuple[Condition, ...]:
        """Return the conditions, resolved."""
        return self.store.mapper.conditions(self.options.conditions)

    @abstractmethod
    def parts(self) -> tuple[Sequence[Condition], Sequence[Condition]]:
        """Return the conditions on keys, and the filters."""

    @abstractmethod
    def built(self, *, count: bool = False) -> Built:
        """Return the request for the first page, and what is to be known of it."""

    @property
    @abstractmethod
    def order(self) -> Any:
        """What decides in which order items come, or which part of them."""

    def explain(self) -> Explanation:
        """Return what would be asked for, without asking."""
        read = self.settled()
        keys, filters = read.parts()
        index, scope = read.index, read.scope
        every = (*keys, *scope.keys), (*filters, *scope.filters)
        return Explanation(index.name if index else None, *every, read.built().request)

    def settled(self) -> Any:
        """Return this read as it is carried out: whatever depends on the time depends on one moment."""
        if not self.store.mapper.is_scoped or self.options.now is not None:
            return self
        return self.replaced(now=present_second() if self.store.mapper.hides else "")

    @property
    def scope(self) -> Scope:
        """What is left out besides what the conditions leave out."""
        if not self.store.mapper.is_scoped:
            return NOTHING
        scope: Scope = self.settled()._scope
        return scope

    @cached_property
    def _scope(self) -> Scope:
        options, index = self.options, self.index
        asked = Asked(
            name=self.name,
            key=self.store.mapper.key if index is None else index.key,
            held=self.held,
            keys=self.parts()[0],
            now=options.now or "",
            is_query=isinstance(self, QueryRead),
            is_textual="KeyConditionExpression" in options.raw,
            is_hydrated=options.hydrated,
            with_hidden=options.with_hidden,
            with_expired=options.with_expired,
        )
        return Scope(self.store, asked)

    # Pages.

    def iteration(self) -> Iteration:
        """Return an iteration from the start; connection and table are those of now, whatever settings hold later."""
        if self.store.mapper.is_scoped and self.options.now is None:
            return self.settled().iteration()  # type: ignore[no-any-return]
        options, pages = self.options, self.pages(loads=True)
        load = loader(self.store, self.part, pages.place, options.now)
        prepare = preparation(self.store, self.part)
        shows = None
        if self.store.mapper.is_scoped:
            scope = self._scope
            shows = scope.shows if scope.is_local else None
            if scope.judges_hide:
                load = _showing(scope, load)
        if not options.partners:
            return Iteration(pages, load, options.limit, options.on_invalid, shows, prepare=prepare)
        partners = Partners(load, options.partners, options.consistent)
        return Iteration(pages, partners, options.limit, options.on_invalid, shows, partners.arrive, prepare)

    def pages(self, *, count: bool = False, loads: bool = False) -> Pages | PagesAhead:
        """Return the pages from the start; with ``count`` they hold numbers of items only.

        :param loads: whether instances are made of the items, which takes whole ones where these have to be upgraded
        """
        rate = self.options.rate
        limiter = None if rate is None else Limiter(rate)
        if self.options.ahead and not count:
            return PagesAhead([self.pages_in_turn(None, loads=loads)], limiter=limiter)
        return self.pages_in_turn(limiter, count=count, loads=loads)

    def pages_in_turn(self, limiter: Limiter | None, *, count: bool = False, loads: bool = False) -> Pages:
        """Return the pages from the start, each asked for when it is wanted."""
        options, store = self.options, self.store
        request, filters, is_empty = self.built(count=count)
        # how many items it is enough to look at: only where each one that is looked at is given
        limit = None if options.limit is None or count or not self._gives_all(filters) else options.limit
        if limit is not None and limit > MOST_LOOKED_AT:
            limit = None
        place = store.here
        if place.table != request.payload["TableName"]:
            place = place._replace(table=request.payload["TableName"])
        whole = wants = None
        if options.hydrated:
            paths = None
            if not loads or (options.paths is not None and not store.mapper.has_forms):
                paths = _widened(store.mapper.paths(options.paths or ()), self.scope.told)
            whole = TypedItems(store, place, options.consistent, paths, counted=True)
        elif loads and store.mapper.has_forms and self._brings_parts:
            whole, wants = TypedItems(store, place, options.consistent, counted=True), self.scope.is_outdated
        return Pages(store, place, request, self.key_names, limit, limiter, whole, is_empty, wants)

    def _gives_all(self, filters: Sequence[Condition]) -> bool:
        """Return whether every item that DynamoDB looks at is given."""
        options = self.options
        return not (filters or "FilterExpression" in options.raw or options.hydrated or options.on_invalid != "raise")

    @property
    def part(self) -> Part:
        """Whether what is read may lack required attributes; its names where more may come than was asked for."""
        options, partial = self.options, self.options.partial
        if options.paths is not None or "ProjectionExpression" in options.raw:
            if self.store.mapper.has_forms and partial is not False:
                return self._names_wanted
            return True if partial is None else partial
        if partial is not None:
            return partial
        return self.index is not None and self.index.included is not None and not options.hydrated

    @property
    def _brings_parts(self) -> bool:
        """Whether items do not come as wholes."""
        return bool(self.replaced(partial=None).part)

    @property
    def _names_wanted(self) -> frozenset[str]:
        """The attributes of whole items that are wanted where a projection says so."""
        options = self.options
        wanted = self.store.mapper.paths(options.paths or ())
        names = names_in(options.raw) if "ProjectionExpression" in options.raw else frozenset()
        return names.union(self.key_names, self.scope.told, [str(path[0]) for path in wanted])

    # Requests.

    def _arguments(self, count: bool) -> dict[str, Any]:
        """Return what builders of requests take of every read."""
        options, index = self.options, self.index
        if options.raw.get("Select") == "COUNT" and not count:
            raise InvalidExpression(f'{self.name}: Select="COUNT" gives no items; .count() counts them')
        if options.consistent and index is not None and index.is_global:
            raise InvalidKey(f"{self.name}: a global index has no consistent reads; read the table, or without")
        is_counted_here = count and self.scope.is_local
        arguments: dict[str, Any] = {
            "index": index.name if index is not None else None,
            "consistent": options.consistent,
            "page_size": options.page_size,
            "start": self._start_key(),
            "capacity": True,
            # DynamoDB does not count what a projection is asked of
            "count": count and not is_counted_here and "ProjectionExpression" not in options.raw,
        }
        if options.hydrated or is_counted_here:
            arguments["paths"] = self._paths_that_tell
        elif options.paths is not None:
            arguments["paths"] = self._wanted_paths(options.paths)
        elif "ProjectionExpression" in options.raw:
            arguments["paths"] = self._paths_that_tell
        return arguments

    @property
    def _names_that_tell(self) -> Sequence[str]:
        """The attributes that tell an item, and whether it is left out."""
        names, held = self.key_names, self.held
        if not self.store.mapper.is_scoped:
            return names
        told = self.scope.told
        return list(dict.fromkeys([*names, *(name for name in told if held is None or name in held)]))

    @property
    def _paths_that_tell(self) -> Sequence[Any]:
        return [(name,) for name in self._names_that_tell]

    def _wanted_paths(self, names: Sequence[Any]) -> Sequence[Any]:
        mapper, held = self.store.mapper, self.held
        # what an index does not hold of what tells an item is told otherwise
        paths = [path for path in mapper.paths(names) if held is None or path[0] in held or path[0] not in mapper.tells]
        self._require_projected({str(path[0]) for path in paths})
        return _widened(paths, self._names_that_tell)

    def _start_key(self) -> WireItem | None:
        start, model = self.options.start, self.store.model
        if start is None:
            return None
        if isinstance(start, (str, bytes)):
            backwards = self.options.backwards
            return decode_cursor(start, self.mark(), self.secret, self._key_types, backwards=backwards)
        if isinstance(start, Mapping):
            return self._raw_start(start)
        if isinstance(start, model):
            return self._position_of(start)
        raise InvalidKey(f"start({start!r}): a cursor, a raw key or an instance of {model.__name__} is meant")

    @property
    def _key_types(self) -> dict[str, str]:
        index = self.index
        return {**self.store.mapper.key.types, **(index.key.types if index is not None else {})}

    def _raw_start(self, start: Mapping[str, Any]) -> WireItem:
        """Return a raw key in wire form, which has to be a whole one of what is read."""
        position, types = encode_item(start), self._key_types
        if position.keys() != types.keys():
            raise InvalidKey(f"start({start!r}): a position in {self.name} is made of {', '.join(types)}")
        for name, letter in types.items():
            if not position[name].get(letter):
                raise InvalidKey(f"start({start!r}): {name} is a key of type {letter}, and cannot be {start[name]!r}")
        return position

    def _position_of(self, instance: Any) -> WireItem:
        mapper = store_of(type(instance)).mapper
        position = {}
        for name in self.key_names:
            is_known = name in mapper.attributes or name in mapper.adapter.by_stored
            value = mapper.attribute_of(name, instance.__dict__) if is_known else None
            if value is None:
                shown = ", ".join(mapper.fields_of(name))
                raise InvalidKey(f"start({instance!r}): it has no {shown}, and so no place in {self.name}")
            position[name] = value
        return position

    @property
    def secret(self) -> bytes | None:
        """What cursors are signed with."""
        return cursor_key(self.store.settings)

    def mark(self) -> bytes:
        """Return what tells the cursors of this read from those of others."""
        index, raw = self.index, self.options.raw
        about = [self.store.table.name, index.name if index else None, self.order]
        if self.options.with_hidden:
            about.append("with_hidden")
        given = {name: raw[name] for name in _ABOUT if name in raw}
        values = encode_item(raw.get("ExpressionAttributeValues", {}))
        return fingerprint(self._marked, values, self.kind, *about, given)

    @property
    def _marked(self) -> Sequence[Condition]:
        """The conditions that make a read another one than others: those that were given, not what they come to."""
        keys, filters = self.parts()
        if not isinstance(self.store.mapper, KeyedMapper):
            return [*keys, *filters]
        # what they say of keys follows from which models there are
        return [part for condition in self.resolved() for part in parts_of(condition)]

    def _check_projected(self, filters: Sequence[Condition]) -> None:
        if self.index is not None and self.index.included is not None:
            shapes = [leaf.shape for part in filters for leaf in leaves(part)]
            others = [operand.path for shape in shapes for operand in shape.operands if operand is not None]
            self._require_projected({str(path[0]) for path in (*(shape.path for shape in shapes), *others)})

    @property
    def held(self) -> set[str] | None:
        """The attributes that the index holds, ``None`` where it is all of them."""
        index = self.index
        if index is None or index.included is None:
            return None
        return {*index.included, *index.key.names, *self.store.mapper.key.names}

    def _require_projected(self, names: set[str]) -> None:
        held = self.held
        if held is None:
            return
        lacking = sorted(names - held)
        if lacking:
            raise NotProjected(
                f"{self.name} does not hold {', '.join(lacking)}; it holds {', '.join(sorted(held))}. "
                "Read without the filter and .hydrate(), or project more"
            )


def _widened(paths: Sequence[Path], names: Sequence[str]) -> list[Path]:
    """Return paths with whole attributes among them; DynamoDB takes no two of which one leads to the other."""
    whole = [(name,) for name in names if (name,) not in paths]
    return [*(path for path in paths if (path[0],) not in whole), *whole]


def _showing(scope: Scope, load: Callable[[StoredItem], Any]) -> Callable[[StoredItem], Any]:
    """Return what loads the items that are not hidden."""
    return lambda item: load(item) if scope.shows(item) else None


class QueryRead(Read):
    """The items under one hash key."""

    kind = "QueryIterator"

    @property
    def order(self) -> Any:
        return self.options.reverse

    @property
    def index(self) -> IndexSpec | None:
        named = self.options.on_index
        return self._chosen_index if named is None and self.options.chooses_index else named

    @cached_property
    def _chosen_index(self) -> IndexSpec | None:
        # which does not depend on values, only on what is compared and how
        return self._choice().spec

    def _start_key(self) -> WireItem | None:
        position, start = super()._start_key(), self.options.start
        if position is None:
            return None
        for part in self._choice().keys:
            if part.operator == "eq" and not same_value(position[str(part.path[0])], part.values[0]):
                if isinstance(start, str):
                    raise InvalidCursor(f"{shortened(start)} belongs to another query: {part!r} is not so there")
                raise InvalidKey(f"start({start!r}): this is no position in a query of {self.name} with {part!r}")
        return position

    def _choice(self) -> Choice:
        """Return the table or index that is read, with the conditions on its keys and the filters."""
        options, conditions = self.options, self.resolved()
        if options.chooses_index and options.on_index is None:
            return choose(self.store, conditions)
        return split(self.store, options.on_index, conditions, textual="KeyConditionExpression" in options.raw)

    def parts(self) -> tuple[Sequence[Comparison], Sequence[Condition]]:
        # which models there are, and so what conditions say of keys, may change until a read is carried out
        choice = self._choice() if self.options.now is None else self._settled_choice
        return choice.keys, choice.filters

    @cached_property
    def _settled_choice(self) -> Choice:
        return self._choice()

    def built(self, *, count: bool = False) -> Built:
        keys, filters = self.parts()
        self._check_projected(filters)
        arguments, scope = self._arguments(count), self.scope
        every = [*filters, *scope.filters]
        reverse = self.options.reverse != self.options.backwards
        is_empty = finds_nothing(self.store, self.index, keys) or holds_never(filters)
        if scope.keys:
            keys = [*keys, *scope.keys]
            if arguments["start"] is not None and not verdict(scope.keys[0], arguments["start"]):
                # it was not expired when it was read; DynamoDB takes no position that the key conditions do not find
                is_empty = is_empty or reverse
                arguments["start"] = arguments["start"] if reverse else None
        request = build_query(self.store.table_name, keys, filters=every, reverse=reverse, **arguments)
        return Built(merged(request, self.options.raw), filters, is_empty)


class ScanRead(Read):
    """All items."""

    kind = "ScanIterator"

    @property
    def order(self) -> Any:
        return self.options.segment

    def parts(self) -> tuple[Sequence[Condition], Sequence[Condition]]:
        return (), self.resolved()

    def built(self, *, count: bool = False) -> Built:
        policy = self.store.table.on_scan
        if policy == "error":
            raise ScanRefused(f'{self.name} is not to be scanned: its Table says on_scan = "error"; query it instead')
        if policy == "warn":
            warnings.warn(f"{self.name} is scanned: every item in it is read", stacklevel=levels_to_the_caller())
        if self.options.reverse:
            raise InvalidExpression(f"{self.name}: a scan has no order that could be reversed; a query has")
        filters = self.resolved()
        self._check_projected(filters)
        arguments = self._arguments(count)
        every = [*filters, *self.scope.filters]
        request = build_scan(self.store.table_name, filters=every, segment=self.options.segment, **arguments)
        return Built(merged(request, self.options.raw), filters, holds_never(filters))

    def pages(self, *, count: bool = False, loads: bool = False) -> Pages | PagesAhead:
        options = self.options
        if options.parallel is None:
            return super().pages(count=count, loads=loads)
        if options.ahead:
            raise InvalidExpression(f"{self.name}: a parallel scan reads ahead by itself; leave out read_ahead()")
        if options.start is not None or options.segment is not None:
            raise InvalidExpression(f"{self.name}: a parallel scan reads everything; no start() or segment()")
        total, at_once = options.parallel
        parts = [
            self.replaced(segment=(number, total), parallel=None).pages_in_turn(None, count=count, loads=loads)
            for number in range(total)
        ]
        return PagesAhead(parts, at_once, None if options.rate is None else Limiter(options.rate))
