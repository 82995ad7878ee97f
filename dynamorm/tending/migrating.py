"""Rewriting the items of a model that are stored in an earlier form, while others read and write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..careful import CarefulWrite, Write
from ..exceptions import (
    BatchError,
    ConditionFailed,
    ConfigurationError,
    ConnectionFailed,
    DynamoException,
    DynamoTableException,
    InvalidExpression,
    ItemTooLarge,
    RequestRefused,
    ServiceError,
    TransactionCanceled,
    TransactionConflict,
    UniqueViolation,
)
from ..expressions import Comparison, Condition, Either, joined, negated, shortened
from ..flows import Call, Flow, Handle, Invoke, Now, Place, Start, WaitAny
from ..progress import Progress
from ..reading.options import MOST_SEGMENTS, positive, units_a_second
from ..reading.pages import Limiter
from ..requests import Request, build_scan
from ..store import Store
from ..upgrades import Upgrades
from ..wire.codec import WireItem, decode_item
from ..wire.texts import item_of
from .checkpoints import Checkpoint, Position, as_json, from_json, path_given
from .members import members_of, of_these_kinds, owner_of

# How many items a page looks at: what a killed run has to look at again, and after how many it says where it stands.
PAGE = 500
# How many of the items that could not be upgraded are told.
MOST_TOLD = 100
SHOWN = 3


class Migration(NamedTuple):
    """What a migration came to.

    ``looked_at`` is how many items the table holds, those of other models included; ``rewritten`` how many were given
    another form, or would have been; ``failed`` how many could not be.  ``left`` are all others: they were in the form
    that is written, or in a later one, or somebody else has rewritten or deleted them meanwhile.
    """

    looked_at: int = 0
    rewritten: int = 0
    left: int = 0
    failed: int = 0


class Manner(NamedTuple):
    """How to migrate, as the keywords of the verb say."""

    segments: int
    checkpoint: Any = None
    dry_run: bool = False
    rate: float | None = None
    progress: Callable[[Progress], Any] | None = None


def manner_given(
    segments: Any, checkpoint: Any, dry_run: Any, rate_limit: Any, progress: Callable[[Progress], Any] | None
) -> Manner:
    """Return how to migrate.

    :raises InvalidExpression: if a keyword cannot be meant
    """
    if not isinstance(dry_run, bool):
        raise InvalidExpression(f"dry_run={shortened(dry_run)}: True or False is meant")
    if progress is not None and not callable(progress):
        raise InvalidExpression(f"progress={shortened(progress)}: a function of a dynamorm.Progress is meant")
    rate = None if rate_limit is None else units_a_second(rate_limit, "write")
    return Manner(positive("segments", segments, MOST_SEGMENTS), path_given(checkpoint), dry_run, rate, progress)


def migrate(store: Store, manner: Manner) -> Flow[Migration]:
    """Rewrite every item that is in an earlier form than the one that is written, unless it is changed meanwhile.

    :raises BatchError: if some could not be upgraded, when everything else is done
    :raises DynamoTableException: if the model has no versions
    :raises InvalidCursor: if the checkpoint is of another run
    """
    forms = {member.mapper.model_name: upgrades for member in members_of(store) if (upgrades := _upgrades_of(member))}
    name = store.mapper.model_name
    if not forms:
        raise DynamoTableException(
            f"{name}.migrate(): {name} has no versions of its items; say schema_version = 2 in its Table, and write a "
            "function that makes an item of that version into its body, marked with @upgrade(2)"
        )
    if all(upgrades.written == 1 for upgrades in forms.values()):
        return Migration()
    return (yield from _Run(store, store.here, manner, forms).carry_out())


def _upgrades_of(store: Store) -> Upgrades | None:
    return None if store.mapper.upkeep is None else store.mapper.upkeep.upgrades


class Failure(NamedTuple):
    """An item that could not be upgraded: its key, and why."""

    key: WireItem
    reason: str

    def __str__(self) -> str:
        return f"{decode_item(self.key)}: {self.reason}"


class _Page(NamedTuple):
    """What one page came to; the segment has come to its ``position``, if all of it is done."""

    rewritten: int
    looked_at: int = 0
    failures: tuple[Failure, ...] = ()
    position: Position | None = None


class _Run:
    """One run: segments that are gone through at the same time, page by page."""

    def __init__(self, store: Store, place: Place, manner: Manner, forms: dict[str, Upgrades]) -> None:
        self._store = store
        self._place = place
        self._manner = manner
        self._positions = [Position()] * manner.segments
        self._looked_at = self._rewritten = self._failed = 0
        self._failures: list[Failure] = []
        self._under_way: dict[Handle, int] = {}
        self._error: Exception | None = None
        # whether pages that are under way are to be given up
        self._is_over = False
        self._began = 0.0
        self._filters = (_in_earlier_forms(forms), *of_these_kinds(store))
        versions = {name: [upgrades.written, upgrades.current] for name, upgrades in sorted(forms.items())}
        self._checkpoint = None
        if manner.checkpoint is not None and not manner.dry_run:
            address = place.address
            run = {"table": address.table, "endpoint": address.endpoint, "versions": versions}
            self._checkpoint = Checkpoint(manner.checkpoint, {**run, "segments": manner.segments})

    def carry_out(self) -> Flow[Migration]:
        """Go through all segments, from where the run stands."""
        if self._checkpoint is not None:  # reading a file takes time, as what belongs to the user does
            self._go_on_from((yield Invoke(self._checkpoint.read)))
        yield from self._note_position()  # so that a file that cannot be written is refused before anything is sent
        self._began = yield Now()
        try:
            yield from self._go_through()
        finally:
            self._is_over = True
        if self._checkpoint is not None:
            yield Invoke(self._checkpoint.remove)
        return self._outcome()

    def _go_through(self) -> Flow[None]:
        for number in self._open:
            yield from self._begin(number)
        while self._under_way:
            handle = yield WaitAny(list(self._under_way))
            number = self._under_way.pop(handle)
            try:
                yield from self._note(number, handle.result())
            except Exception as error:
                self._error, self._is_over = self._error or error, True
            if not (self._is_over or self._positions[number].is_finished):
                yield from self._begin(number)
        if self._error is not None:
            raise self._error

    @property
    def _open(self) -> list[int]:
        return [number for number, position in enumerate(self._positions) if not position.is_finished]

    def _begin(self, number: int) -> Flow[None]:
        share = None if self._manner.rate is None else self._manner.rate / len(self._open)
        handle = yield Start(self._page(number, None if share is None else Limiter(share)))
        self._under_way[handle] = number

    def _note(self, number: int, page: _Page) -> Flow[None]:
        """Count what a page came to, and note how far its segment has come by it."""
        self._rewritten += page.rewritten
        if page.position is None:
            return
        self._positions[number] = page.position
        self._looked_at += page.looked_at
        self._failed += len(page.failures)
        self._failures += page.failures[: MOST_TOLD - len(self._failures)]
        yield from self._note_position()
        if self._manner.progress is not None:
            seconds = (yield Now()) - self._began
            yield Invoke(self._manner.progress, (Progress(self._rewritten, self._failed, None, seconds),))

    # Where it stands.

    def _go_on_from(self, noted: Any) -> None:
        if noted is None:
            return
        self._positions, counts = noted
        self._looked_at, self._rewritten, self._failed = (counts[name] for name in _COUNTS)
        self._failures = [Failure(from_json(key), reason) for key, reason in counts["failures"]]

    def _note_position(self) -> Flow[None]:
        if self._checkpoint is None:
            return
        counts = dict(zip(_COUNTS, (self._looked_at, self._rewritten, self._failed), strict=True))
        failures = [(as_json(failure.key), failure.reason) for failure in self._failures]
        yield Invoke(self._checkpoint.write, (list(self._positions), {**counts, "failures": failures}))

    def _outcome(self) -> Migration:
        done = self._rewritten + self._failed
        outcome = Migration(self._looked_at, self._rewritten, self._looked_at - done, self._failed)
        if not self._failed:
            return outcome
        shown = "; ".join(map(str, self._failures[:SHOWN]))
        rest = "all others can be" if self._manner.dry_run else "all others are done"
        raise BatchError(
            f"{self._store.mapper.model_name}: {self._failed} of {self._looked_at} items could not be upgraded, and "
            f"are stored as they were; {rest}. The first ones: {shown}",
            self._rewritten,
            [decode_item(failure.key) for failure in self._failures],
            outcome,
        )

    # One page.

    def _page(self, number: int, limiter: Limiter | None) -> Flow[_Page]:
        """Rewrite what a page of a segment brings; a page is given up when another one has failed."""
        answer = yield Call(self._place.connection, self._request(number), self._store.model)
        rewritten, failures = 0, []
        for stored in answer.get("Items", ()):
            if self._is_over:
                return _Page(rewritten)
            item = item_of(stored)
            try:
                units = yield from self._units_of_rewriting(item)
            except DynamoException as error:
                if not _is_about_the_item(error):
                    raise
                failures.append(Failure(self._key_of(item), _reason(error)))
                continue
            if units is None:
                continue
            rewritten += 1
            if limiter is not None:
                yield from limiter.spend(units)
                yield from limiter.wait()
        after = answer.get("LastEvaluatedKey")
        position = Position(after, is_finished=not after)
        return _Page(rewritten, answer.get("ScannedCount", 0), tuple(failures), position)

    def _request(self, number: int) -> Request:
        return build_scan(
            self._place.table,
            filters=self._filters,
            segment=(number, self._manner.segments),
            page_size=PAGE,
            start=self._positions[number].after,
        )

    def _units_of_rewriting(self, item: WireItem) -> Flow[float | None]:
        """Rewrite an item; return how many capacity units that consumed, ``None`` where there was nothing to do."""
        owner = owner_of(self._store, item)
        if owner is None or _upgrades_of(owner) is None:
            return None
        metered = None if self._manner.rate is None else {"ReturnConsumedCapacity": "TOTAL"}
        write = Write("upgrade", self._place, self._key_of(item), owner.guards.of_check(), raw=metered)
        careful = CarefulWrite(owner.mapper, write)
        careful.see(item)
        if careful.is_superfluous:
            return None
        if self._manner.dry_run:
            careful.request()  # which an item that cannot be upgraded has none of
            return 0.0
        answer = yield from owner.carried(careful)
        if careful.is_superfluous:
            return None
        units: float = (answer.get("ConsumedCapacity") or {}).get("CapacityUnits", 0.0)
        return units

    def _key_of(self, item: WireItem) -> WireItem:
        return {name: item[name] for name in self._store.mapper.key.names}


_COUNTS = ("looked_at", "rewritten", "failed")


def _in_earlier_forms(forms: dict[str, Upgrades]) -> Condition:
    """Return the condition that lets those items be left out which are in the form that is written, or in a later one.

    One whose version cannot be read meets it, so that it is told of.
    """
    bounds = sorted({(upgrades.attribute, upgrades.written) for upgrades in forms.values()})
    written = (Comparison((attribute,), "gte", ({"N": str(version)},)) for attribute, version in bounds)
    return joined(Either, tuple(map(negated, written)))


def _is_about_the_item(error: DynamoException) -> bool:
    """Return whether an error says that one item cannot be upgraded, and not that nothing can be written at all."""
    if isinstance(error, (ConnectionFailed, ConfigurationError)):
        return False
    of_one = (ConditionFailed, ItemTooLarge, RequestRefused, TransactionCanceled, TransactionConflict)
    return isinstance(error, of_one) or not isinstance(error, ServiceError)


def _reason(error: DynamoException) -> str:
    if isinstance(error, UniqueViolation):
        return f"{', '.join(error.fields)} would be the same as in the item with {error.holder}"
    return f"{type(error).__name__}: {error}"
