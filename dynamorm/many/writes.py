"""The one core of batch writes: what waits, what is under way, what is sent again, and what became of it.

It does not know what items look like: a :class:`Target` says how they are sent and told apart.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Any, NamedTuple, Protocol

from ..arguments import check_concurrency
from ..backoff import FRUITLESS, jitter
from ..exceptions import (
    BatchError,
    ConditionFailed,
    DynamoException,
    InvalidExpression,
    InvalidKey,
    ItemTooLarge,
    RequestRefused,
    Throttled,
    TransactionConflict,
    UnreadableItem,
    UnstorableValue,
    ValidationError,
    to_pickle,
)
from ..flows import Flow, Handle, Invoke, Now, Pause, Start, WaitAny
from ..progress import Progress

MOST_WRITES = 25
MOST_BYTES = 16 * 1024 * 1024
# What stands around an item in the text of a request.
_AROUND = 64

# What is wrong with one item, and says nothing about the others.
_REFUSALS = (
    ConditionFailed,
    InvalidExpression,
    InvalidKey,
    ItemTooLarge,
    RequestRefused,
    UnstorableValue,
    ValidationError,
)


class Target(Protocol):
    """Where items of one kind are written.  What has the same ``lane`` fits into one request."""

    @property
    def name(self) -> str:
        """What messages call the items."""

    @property
    def lane(self) -> Hashable: ...

    @property
    def table(self) -> str: ...

    @property
    def sender(self) -> Any:
        """Whom the signals of requests name."""

    def key(self, item: Any) -> Hashable:
        """Return what tells an item from all others, of an item or of its key."""

    def write(self, requests: Mapping[str, list[Any]], sender: Any) -> Flow[dict[str, Any]]:
        """Send a batch of requests, by table."""

    def write_alone(self, entry: Entry) -> Flow[Any]:
        """Send one entry that has a demand of its own."""

    def following(self, entry: Entry, earlier: Entry) -> Entry:
        """Return an entry as it is sent after an earlier one of the same key that was carried out."""

    def key_of(self, item: Any) -> dict[str, Any]:
        """Return the primary key of an item, or a key, for reports."""

    def plain(self, item: Any) -> dict[str, Any]:
        """Return an item, or a key, as plain values, for errors."""


class Entry(NamedTuple):
    """One write of one item.

    ``key`` tells the item from all others; ``item`` is a whole item or, where it ``deletes``, the key of one.  What has
    a ``demand`` is sent alone.  ``size`` is the most bytes that it takes.  ``tag`` and ``given`` are for reports, and
    ``values`` what a given instance holds when it is written.
    """

    target: Target
    key: Hashable
    item: Any
    deletes: bool
    size: int
    position: int
    tag: Any
    given: Any
    demand: Any = None
    values: Mapping[str, Any] | None = None


# Without the function that the class has for it, since there is one of these for every item.
entry_of: Callable[[tuple[Any, ...]], Entry] = partial(tuple.__new__, Entry)


class Failure(NamedTuple):
    """A write that failed: the tag that it was given or else its position, the key, the item and the error.

    ``error`` is ``None`` for what was never sent.
    """

    tag: Any
    key: dict[str, Any]
    item: Any
    error: Exception | None


class Report:
    """What became of the writes that were handed in.

    ``written`` counts those that were carried out, ``replaced`` those in whose place a later one of the same item was
    sent.  ``failed`` lists what was refused, ``missing`` what is not known to be written because the whole came to an
    early end.
    """

    def __init__(self) -> None:
        self.written = 0
        self.replaced = 0
        self.failed: list[Failure] = []
        self.missing: list[Failure] = []

    def raise_first(self) -> None:
        """Raise the error of the first write that was refused, if any was."""
        errors = [failure.error for failure in self.failed if isinstance(failure.error, DynamoException)]
        if errors:
            raise min(errors, key=lambda error: error.position or 0)

    def __getstate__(self) -> dict[str, Any]:
        return {name: to_pickle(value) for name, value in vars(self).items()}

    def __repr__(self) -> str:
        return (
            f"<Report: {self.written} written, {self.replaced} replaced, {len(self.failed)} failed, "
            f"{len(self.missing)} missing>"
        )


class _Batch:
    """Entries that are sent together; those that are to be sent again pause before."""

    def __init__(self, entries: dict[Hashable, Entry], pause: float = 0.0) -> None:
        self.entries = entries
        self.pause = pause
        self.handle: Handle | None = None

    def outcome(self) -> Flow[dict[str, Any] | DynamoException]:
        """Send the entries, and return the answer, or the error in place of one."""
        try:
            if self.pause:
                yield Pause(self.pause)
            entries = self.entries.values()
            first = next(iter(entries))
            if first.demand is not None:
                yield from first.target.write_alone(first)
                return {}
            senders = {entry.target.sender for entry in entries}
            return (yield from first.target.write(self.requests(), senders.pop() if len(senders) == 1 else None))
        except DynamoException as error:
            return error

    def requests(self) -> dict[str, list[Any]]:
        """Return the requests in DynamoDB's words, by table."""
        entries = self.entries.values()
        return {
            table: [
                {"DeleteRequest": {"Key": entry.item}} if entry.deletes else {"PutRequest": {"Item": entry.item}}
                for entry in entries
                if entry.target.table == table
            ]
            for table in {entry.target.table: None for entry in entries}
        }

    def undone(self, answer: Mapping[str, Any]) -> dict[Hashable, Entry]:
        """Return the entries that an answer leaves undone.

        :raises UnreadableItem: if it names others
        """
        unprocessed = answer.get("UnprocessedItems")
        if not unprocessed:
            return {}
        targets = {entry.target.table: entry.target for entry in self.entries.values()}
        undone = {}
        for table, requests in unprocessed.items():
            for request in requests:
                ((verb, content),) = request.items()
                item = content["Item" if verb == "PutRequest" else "Key"]
                try:
                    key = targets[table].key(item)
                    undone[key] = self.entries[key]
                except Exception as error:
                    text = f"BatchWriteItem left something undone in table {table} that it was not asked for"
                    raise UnreadableItem(text, value=item) from error
        return undone


class Writes:
    """Any number of writes, so many requests of them at once.

    Of several writes of one item the last one stays: it replaces one that waits, and waits itself while one is under
    way or to be sent again.

    :param progress: is called with a :class:`~dynamorm.progress.Progress` after each answer
    :param total: how many writes are to come, where that is known
    """

    def __init__(
        self,
        concurrency: int = 1,
        progress: Callable[[Progress], Any] | None = None,
        total: int | None = None,
        refused: Callable[[Failure], Any] | None = None,
    ) -> None:
        check_concurrency(concurrency)
        if progress is not None and not callable(progress):
            raise InvalidExpression(f"progress={progress!r}: give a function that takes a dynamorm.Progress")
        self.report = Report()
        self._concurrency = concurrency
        self._progress = progress
        self._total = total
        self._refused = refused
        self._begun: float | None = None
        self._waiting: dict[Hashable, Entry] = {}
        self._again: dict[Hashable, Entry] = {}
        self._reserve: Iterator[Entry] = iter(())
        self._alone: deque[Entry] = deque()
        # of items whose keys are under way, or to be sent again
        self._held: dict[Hashable, Entry] = {}
        self._busy: set[Hashable] = set()
        self._under_way: list[_Batch] = []
        self._fruitless = 0
        self._rounds = 0
        self._given_up = False
        self._lost: list[tuple[Entry, Exception | None]] = []
        self._cause: BaseException | None = None
        self._error: BatchError | None = None

    # Handing in.

    def take(self, entries: Sequence[Entry]) -> bool:
        """Let writes wait; returns whether there is enough for a request, so that :meth:`send` has to be carried out.

        :raises BatchError: if the whole has come to an early end
        """
        if self._error is not None:
            raise self._error
        busy, waiting, held = self._busy, self._waiting, self._held
        before = len(waiting) + len(held)
        for entry in entries:
            if busy and entry.key in busy:
                held[entry.key] = entry
            else:
                waiting[entry.key] = entry
        self.report.replaced += before + len(entries) - len(waiting) - len(held)
        return len(waiting) + len(self._again) >= MOST_WRITES or self._is_ending

    def send(self) -> Flow[None]:
        """Send as long as there is enough for a full request, and wait where too much is under way."""
        if self._begun is None and self._progress is not None:
            self._begun = yield Now()
        while len(self._waiting) + len(self._again) >= MOST_WRITES or self._is_ending:
            yield from self._go_on()

    def send_all(self, entries: Iterable[Entry]) -> Flow[None]:
        """Take and send any number of writes, all of which are handed in from the start."""
        self._reserve = iter(entries)
        while some := list(islice(self._reserve, MOST_WRITES)):
            if self.take(some):
                yield from self.send()

    def finish(self) -> Flow[None]:
        """Send the rest, and wait for every answer.

        :raises BatchError: if something is not known to be written
        """
        if self._begun is None and self._progress is not None:
            self._begun = yield Now()
        while self._under_way or self._again or self._alone or self._waiting or self._held:
            yield from self._go_on()
        if self._is_ending:
            yield from self._end()

    def abandon(self) -> Flow[None]:
        """Send nothing more, and wait for the answers to what is under way."""
        self._progress = self._refused = None
        yield from self._land()

    # Sending.

    def _go_on(self) -> Flow[None]:
        """Send one request, or wait for an answer."""
        if self._is_ending:
            yield from self._end()
        batch = self._composed() if len(self._under_way) < self._concurrency else None
        if batch is None:
            yield from self._wait()
            return
        self._under_way.append(batch)
        try:
            if self._concurrency > 1:
                batch.handle = yield Start(batch.outcome())
                return
            outcome = yield from batch.outcome()
        except Exception as error:  # none of ours: a receiver's, say
            self._lose(batch, error)
            raise
        yield from self._settle(batch, outcome)

    def _wait(self) -> Flow[None]:
        """Wait for an answer."""
        coming = {batch.handle: batch for batch in self._under_way}
        interrupted = coming.pop(None, None)
        if interrupted is not None:  # while it was sent, so that there will be no answer
            self._lose(interrupted, None)
            return
        handle = yield WaitAny(list(coming))
        batch = coming[handle]
        try:
            outcome = handle.result()
        except DynamoException as error:  # the thread is lost, in a forked child
            outcome = error
        except BaseException as error:
            self._lose(batch, error)
            raise
        yield from self._settle(batch, outcome)

    def _composed(self) -> _Batch | None:
        """Return what is sent next, ``None`` where there is nothing that can be."""
        if self._alone:
            entry = self._alone.popleft()
            return _Batch({entry.key: entry})
        first = next(iter(self._again.values()), None)
        pause = 0.0 if first is None else jitter(self._rounds)
        if first is None:
            first = next(iter(self._waiting.values()), None)
        if first is None:
            return None
        entries = {first.key: first} if first.demand is not None else self._fitting(first.target.lane)
        if not self._again and len(entries) == len(self._waiting):
            self._waiting.clear()
        else:
            for key in entries:
                if key in self._again:
                    del self._again[key]
                else:
                    del self._waiting[key]
        self._busy.update(entries)
        return _Batch(entries, pause)

    def _fitting(self, lane: Hashable) -> dict[Hashable, Entry]:
        """Return as many entries of a lane as fit into one request."""
        fitting: dict[Hashable, Entry] = {}
        count, room = 0, MOST_BYTES
        for some in (self._again, self._waiting):
            for key, entry in some.items():
                needed = entry.size + _AROUND
                if entry.demand is None and entry.target.lane == lane and (needed <= room or not count):
                    fitting[key] = entry
                    count, room = count + 1, room - needed
                    if count == MOST_WRITES:
                        return fitting
        return fitting

    # What came of it.

    def _settle(self, batch: _Batch, outcome: dict[str, Any] | DynamoException) -> Flow[None]:
        undone: dict[Hashable, Entry] = {}
        refused: Failure | None = None
        if not isinstance(outcome, DynamoException):
            try:
                undone = batch.undone(outcome)
            except UnreadableItem as error:
                outcome = error
        if isinstance(outcome, DynamoException) and not _passes(outcome) and not isinstance(outcome, _REFUSALS):
            self._lose(batch, outcome)
            yield from self._tell()
            return
        self._under_way.remove(batch)
        if not isinstance(outcome, DynamoException):
            self._note_written(
                {key: entry for key, entry in batch.entries.items() if key not in undone} if undone else batch.entries
            )
        elif _passes(outcome):
            undone = batch.entries
        elif len(batch.entries) > 1:
            self._alone.extend(batch.entries.values())  # so that the one that is to blame is found
        else:
            (entry,) = batch.entries.values()
            refused = self._refuse(entry, outcome)
        if undone:
            self._again.update(undone)
            if len(undone) == len(batch.entries):
                self._note_fruitless(outcome)
        if refused is not None and self._refused is not None:
            yield Invoke(self._refused, (refused,))
        yield from self._tell()

    def _note_written(self, entries: Mapping[Hashable, Entry]) -> None:
        if not entries:
            return
        self.report.written += len(entries)
        self._fruitless = self._rounds = 0
        for entry in entries.values():
            if entry.values:
                entry.given.__dict__.update(entry.values)
        if not self._held:
            self._busy.difference_update(entries)
            return
        for key, entry in entries.items():
            self._release(key, entry)

    def _release(self, key: Hashable, earlier: Entry | None = None) -> None:
        """Let another write of the same item go its way."""
        self._busy.discard(key)
        held = self._held.pop(key, None)
        if held is not None:
            if earlier is not None and earlier.demand is not None and held.demand is not None:
                held = held.target.following(held, earlier)
            self._waiting[key] = held

    def _refuse(self, entry: Entry, error: DynamoException) -> Failure:
        failure = _failure_of(entry, error)
        error.about(entry.position, failure.key)
        self.report.failed.append(failure)
        self._release(entry.key)
        return failure

    def _note_fruitless(self, outcome: Any) -> None:
        # several requests that are refused at the same time are one sign of how it goes, not several
        self._fruitless += 1
        self._rounds = self._fruitless // (len(self._under_way) + 1)
        if self._rounds >= FRUITLESS:
            self._given_up = True
            self._cause = outcome if isinstance(outcome, DynamoException) else None

    def _tell(self) -> Flow[None]:
        if self._progress is not None:
            now = yield Now()
            report = self.report
            done = report.written + report.replaced
            seconds = now - (self._begun or now)
            yield Invoke(self._progress, (Progress(done, len(report.failed), self._total, seconds),))

    # An early end.

    def _end(self) -> Flow[None]:
        """Come to an early end, when what is under way has come to its own."""
        yield from self._land()
        if self._error is None:
            self._error = self._early_end()
        raise self._error from self._cause

    @property
    def _is_ending(self) -> bool:
        return bool(self._lost) or self._given_up

    def _land(self) -> Flow[None]:
        while self._under_way:
            with suppress(Exception):  # what it is about is noted
                yield from self._wait()
        for some in (self._again, self._waiting, self._held):
            self._lost += [(entry, None) for entry in some.values()]
            some.clear()
        self._lost += [(entry, None) for entry in (*self._alone, *self._reserve)]
        self._alone.clear()
        self._busy.clear()
        self._lost.sort(key=lambda lost: lost[0].position)
        self.report.missing = [_failure_of(entry, error) for entry, error in self._lost]

    def _early_end(self) -> BatchError:
        names = ", ".join(sorted({entry.target.name for entry, _ in self._lost}))
        if self._given_up:
            text = (
                f"{names}: {len(self._lost)} of a batch could not be written, asked for {FRUITLESS} times in a row; "
                "the table's throughput is too low for it"
            )
        else:
            text = f"{names}: {len(self._lost)} of a batch are not known to be written: {self._cause}"
        missing = [entry.target.plain(entry.item) for entry, _ in self._lost]
        return BatchError(text, self.report.written, missing, self.report)

    def _lose(self, batch: _Batch, error: BaseException | None) -> None:
        """Note that there is no telling whether entries were written, after which nothing more is sent."""
        self._under_way.remove(batch)
        self._cause = self._cause or error
        found = error if isinstance(error, Exception) else None
        self._lost += [(entry, found) for entry in batch.entries.values()]


def _failure_of(entry: Entry, error: Exception | None) -> Failure:
    tag = entry.position if entry.tag is None else entry.tag
    return Failure(tag, entry.target.key_of(entry.item), entry.given, error)


def _passes(error: DynamoException) -> bool:
    """Return whether an error goes away by itself, and says that nothing was written."""
    return isinstance(error, (Throttled, TransactionConflict))
