"""Writing to everything that a read matches: item by item, several at a time, or by keys alone."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..exceptions import BatchError, ConditionFailed, InvalidExpression, UniqueViolation, ValidationError
from ..expressions import Change, Condition, F, leaves, negated, shortened
from ..flows import Flow, Handle, Invoke, Now, Place, Start, WaitAny
from ..guards import NOTHING
from ..many.typed_items import MeteredWrites, TypedWrites
from ..many.writes import MOST_WRITES, Writes
from ..progress import Progress
from ..store import Store
from ..wire.codec import WireItem
from ..wire.texts import StoredItem, item_of
from ..writing.update_actions import asked_actions, resolved_actions
from .iteration import END
from .options import positive, units_a_second
from .pages import Limiter
from .read import Read
from .verbs import count, stored_items


class Manner(NamedTuple):
    """How what matches is written to: how many at a time, whom to tell, at most how many write units a second.

    ``dry_run`` only counts.
    """

    concurrency: int = 1
    progress: Callable[[Progress], Any] | None = None
    rate: float | None = None
    dry_run: bool = False


def manner_given(store: Store, **given: Any) -> Manner:
    """Return how to write, as the keywords of a verb say."""
    for name, value in given.items():
        try:
            _CHECKS[name](value)
        except InvalidExpression as error:
            if name not in store.mapper.fields:
                raise
            text = f"{error}; the field {name} is changed by an action, F({name!r}).set(...)"
            raise InvalidExpression(text) from None
    rate = given["rate_limit"]
    return Manner(given["concurrency"], given["progress"], None if rate is None else float(rate), given["dry_run"])


def _check_progress(progress: Any) -> None:
    if progress is not None and not callable(progress):
        raise InvalidExpression(f"progress={shortened(progress)}: a function of a dynamorm.Progress is meant")


def _check_rate(rate: Any) -> None:
    if rate is not None:
        units_a_second(rate, "write")


def _check_dry_run(dry_run: Any) -> None:
    if not isinstance(dry_run, bool):
        raise InvalidExpression(f"dry_run={shortened(dry_run)}: True or False is meant")


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "concurrency": functools.partial(positive, "concurrency"),
    "progress": _check_progress,
    "rate_limit": _check_rate,
    "dry_run": _check_dry_run,
}


# What is written.


def delete_matching(read: Read, manner: Manner, recheck: bool = True) -> Flow[int]:
    """Delete every item that matches, each only if it still does; returns how many were deleted.

    Without ``recheck`` those that matched when they were read are deleted by their keys.
    """
    store = read.store
    matching, demand_of_all = _Matching(read, []), store.guards.of_delete()
    if not recheck and store.guards.of_delete(fits=True).conditions:
        raise InvalidExpression(
            f"{read.name}: delete(recheck=False) checks nothing, and the table demands a check of each delete, since "
            "items of other models may have the same keys; leave recheck out"
        )
    if manner.dry_run:
        return (yield from count(read))
    writers = _Writers(manner)
    metered = _METERED if manner.rate is not None else None

    def next_delete() -> Flow[Flow[Outcome] | None]:
        item = yield from matching.next_item()
        if item is END:
            return None
        owner, conditions = store, matching.conditions
        if store.mapper.hides:
            owner = matching.owner_of(item)
            conditions = matching.conditions_on(owner)
            # what sees to an item besides is its own model's; apart from that, all that are read are deleted alike
            owner = store if owner.mapper.upkeep is None else owner
        demand = demand_of_all if owner is store else owner.guards.of_delete()
        return _outcome_of_one(owner.delete(matching.place, matching.key_of(item), demand, conditions, metered))

    def next_batch() -> Flow[Flow[Outcome] | None]:
        items = yield from matching.next_items(MOST_WRITES)
        return _outcome_of_deletes(matching, items, manner.rate is not None) if items else None

    return (yield from writers.carry_out(next_delete if recheck else next_batch))


def update_matching(read: Read, manner: Manner, actions: Sequence[Change], updates: Mapping[str, Any]) -> Flow[int]:
    """Change every item that matches, each only if it still does; returns how many were changed."""
    store = read.store
    for action in actions:
        if not isinstance(action, Change):
            raise InvalidExpression(
                f"{shortened(action)} is no action such as Book.views.add(1); conditions are given to filter()"
            )
    resolved = resolved_actions(store.mapper, asked_actions(store.mapper, actions, updates))
    if not resolved:
        return 0
    guards = store.guards
    changed = {str(action.path[0]) for action in resolved}
    following, needed = guards.keys_that_follow(resolved)
    matching = _Matching(read, changed | following, needed)
    if manner.dry_run:
        return (yield from count(read))
    yield from matching.foresee()
    writers = _Writers(manner, matching.total)
    metered = _METERED if manner.rate is not None else None

    def next_update() -> Flow[Flow[Outcome] | None]:
        item = yield from matching.next_item()
        if item is END:
            return None
        key, owner = matching.key_of(item), matching.owner_of(item)
        demand = owner.guards.of_matching(resolved, item, needed)
        conditions = matching.conditions_on(owner) if store.mapper.hides else matching.conditions
        sending = owner.update(matching.place, key, resolved, demand, conditions, metered, returning="NONE")
        return _outcome_of_one(sending)

    return (yield from writers.carry_out(next_update))


class _Matching:
    """The keys of the items that match, and the conditions that hold as long as an item does.

    :param changed: the attributes that are about to be changed
    :param needed: what of each item is to be known besides its key
    """

    def __init__(self, read: Read, changed: Iterable[str], needed: Iterable[str] = ()) -> None:
        textual = sorted({"KeyConditionExpression", "FilterExpression"} & read.options.raw.keys())
        if textual:
            raise InvalidExpression(f"{read.name}: {', '.join(textual)} as text cannot be held against each item again")
        store, names = read.store, read.store.mapper.key.names
        paths, needs_whole = tuple([F(name) for name in needed]), False
        if read.options.hydrated:
            read = read.settled()
            needs_whole = read.scope.needs_whole
        self._items = stored_items(read.replaced(paths=paths, hydrated=needs_whole))
        self.place: Place = self._items.pages.place
        self.total: int | None = None
        self.conditions = (store.exists, *(part for part in read.resolved() if not _is_on_key(part, names)))
        self._store = store
        self._with_hidden = read.options.with_hidden
        self._names = names
        # what moves ahead in the index that is read would be met again
        self._moves = not set(changed).isdisjoint(read.key_names)
        self._known: list[StoredItem] = []

    def foresee(self) -> Flow[None]:
        """Read all keys before anything is written, if what is written changes where the items are in the index."""
        if self._moves:
            while (item := (yield from self._items.next_item())) is not END:
                self._known.append(item)
            self._known.reverse()
            self.total = len(self._known)

    def next_item(self) -> Flow[Any]:
        """Return what is known of the next item, :data:`END` after the last one."""
        item = self._known.pop() if self._known else (yield from self._items.next_item())
        return item if item is END else item_of(item)

    def next_items(self, most: int) -> Flow[list[WireItem]]:
        """Return what is known of the next items, so many at most; nothing after the last ones."""
        items: list[WireItem] = []
        while len(items) < most and (item := (yield from self.next_item())) is not END:
            items.append(item)
        return items

    def key_of(self, item: WireItem) -> WireItem:
        return {name: item[name] for name in self._names}

    def owner_of(self, item: WireItem) -> Store:
        """Return the store of the model that an item belongs to, which may say more than the one that is read."""
        store = self._store
        if not store.mapper.is_scoped:
            return store
        try:
            return store.mapper.member_of(item, store) or store
        except ValidationError:
            return store  # it is of no model that is known

    def conditions_on(self, owner: Store) -> tuple[Condition, ...]:
        """Return the conditions that hold as long as an item of a model matches."""
        hide = owner.mapper.hide
        return self.conditions if hide is None or self._with_hidden else (*self.conditions, negated(hide))


def _is_on_key(part: Condition, key_names: tuple[str, ...]) -> bool:
    return all(leaf.path[0] in key_names for leaf in leaves(part))


# What it comes to.


class Outcome(NamedTuple):
    """What one request came to: how many items were written, how many no longer matched, and what that consumed."""

    written: int
    passed_over: int
    units: float


_METERED = {"ReturnConsumedCapacity": "TOTAL"}
# DynamoDB does not say what a refusal consumed; it is this, for items of up to 1 KB
_UNITS_OF_A_REFUSAL = 1.0


def _outcome_of_one(sending: Flow[dict[str, Any]]) -> Flow[Outcome]:
    try:
        answer = yield from sending
    except UniqueViolation:
        raise
    except ConditionFailed:
        return Outcome(0, 1, _UNITS_OF_A_REFUSAL)  # it was changed or deleted since it was read
    return Outcome(1, 0, (answer.get("ConsumedCapacity") or {}).get("CapacityUnits", 0.0))


def _outcome_of_deletes(matching: _Matching, items: list[WireItem], is_metered: bool) -> Flow[Outcome]:
    consumed: list[float] = []
    targets: dict[Store, TypedWrites] = {}
    writes, entries = Writes(), []
    for position, item in enumerate(items):
        owner = matching.owner_of(item)
        if owner not in targets:
            place = matching.place
            targets[owner] = MeteredWrites(owner, place, consumed.append) if is_metered else TypedWrites(owner, place)
        entries.append(targets[owner].delete(matching.key_of(item), NOTHING, position, None, None))
    writes.take(entries)
    yield from writes.finish()
    writes.report.raise_first()
    return Outcome(len(items), 0, sum(consumed))


class _Writers:
    """Requests that are carried out, so many at a time, and what they came to.

    After an error no other one is begun.  Those under way are waited for, and the error of the first is raised, with
    the number of all that were written as its ``done``.
    """

    def __init__(self, manner: Manner, total: int | None = None) -> None:
        self._concurrency = manner.concurrency
        self._progress = manner.progress
        self._limiter = None if manner.rate is None else Limiter(manner.rate)
        self._total = total
        self._began = 0.0
        self._written = 0
        self._passed_over = 0
        self._position = 0
        self._under_way: dict[Handle, int] = {}
        self._errors: dict[int, Exception] = {}

    def carry_out(self, next_request: Callable[[], Flow[Flow[Outcome] | None]]) -> Flow[int]:
        """Carry out one request after the other, until there is none; returns how many items were written."""
        if self._progress is not None:
            self._began = yield Now()
        try:
            while not self._errors and (request := (yield from next_request())) is not None:
                yield from self._begin(request)
            yield from self._finish()
        except Exception as error:  # of reading, or of whoever is told
            self._errors[self._position], self._progress = error, None
        yield from self._finish()
        if self._errors:
            first = self._errors[min(self._errors)]
            first.done = self._written  # type: ignore[attr-defined]
            raise first
        return self._written

    def _begin(self, request: Flow[Outcome]) -> Flow[None]:
        position = self._position
        self._position += 1
        if self._limiter is not None:
            yield from self._limiter.wait()
        if self._concurrency == 1:
            try:
                outcome = yield from request
            except Exception as error:
                self._note_error(position, error)
            else:
                yield from self._note(outcome)
            return
        self._under_way[(yield Start(request))] = position
        if len(self._under_way) == self._concurrency:
            yield from self._take_one()

    def _finish(self) -> Flow[None]:
        while self._under_way:
            yield from self._take_one()

    def _take_one(self) -> Flow[None]:
        """Wait for one request that is under way."""
        handle = yield WaitAny(list(self._under_way))
        position = self._under_way.pop(handle)
        try:
            outcome = handle.result()
        except Exception as error:
            self._note_error(position, error)
        else:
            yield from self._note(outcome)

    def _note_error(self, position: int, error: Exception) -> None:
        self._errors[position] = error
        if isinstance(error, BatchError):
            self._written += error.done

    def _note(self, outcome: Outcome) -> Flow[None]:
        self._written += outcome.written
        self._passed_over += outcome.passed_over
        if self._limiter is not None:
            yield from self._limiter.spend(outcome.units)
        if self._progress is not None:
            seconds = (yield Now()) - self._began
            told = Progress(self._written, self._passed_over, self._total, seconds)
            yield Invoke(self._progress, (told,))
