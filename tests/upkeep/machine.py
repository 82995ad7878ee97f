"""Accounts under random moves: what must be stored after each, what is, and how often moves were made and refused."""

from __future__ import annotations

import collections
import copy
import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant

import dynamorm
from dynamorm import inspect
from dynamorm.exceptions import ConditionFailed, DynamoException, UniqueViolation
from dynamorm.requests import Request
from dynamorm.signals import pre_request

from ..composites.machine import Known, plain
from ..composites.plain_shop import Action, Copy, NoPath, at, basis, changed, clean, differing
from ..libraries import natives
from .accounts import Program
from .drawn import Demanded
from .plain_accounts import (
    ACCOUNTS,
    CURRENT,
    UNIQUE,
    UNKNOWN,
    Fields,
    Item,
    Key,
    Record,
    Table,
    Unfit,
    computed,
    guards,
    in_form,
    is_past,
    key_of,
    value_of,
)

START = 1_900_000_000
MOST_REQUESTS = 24  # of a move that writes to each of the few items
WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"}


class Expected(NamedTuple):
    """What a move must come to: the records afterwards, the errors that may refuse it, or either of both.

    A refused move changes nothing; with ``in_part`` it is refused, and comes as far as some items.
    """

    after: Table | None
    refusals: frozenset[str] = frozenset()
    in_part: bool = False


def refused(*names: str) -> Expected:
    return Expected(None, frozenset(names))


class Wanted(NamedTuple):
    """What one write wants: the item under a key afterwards, ``None`` for none, or the errors that refuse it before.

    ``is_whole`` says that nothing of what was there stays, so that the form is the one that the program writes.
    """

    program: Program
    key: Key
    item: Item | None = None
    is_whole: bool = False
    refusals: frozenset[str] = frozenset()
    changes_nothing: bool = False


class Twin:
    """An instance, and what is known of it besides: its program, and what was counted up and not sent."""

    def __init__(self, program: Program, instance: Any, is_partial: bool = False) -> None:
        self.program, self.instance, self.is_partial = program, instance, is_partial
        self.pending: dict[str, int] = {}

    @property
    def held(self) -> Item:
        return copy.deepcopy(clean(natives(self.instance)))

    @property
    def base(self) -> Item:
        """What the item held when the instance last saw it."""
        held = self.held
        before = {name: was for name, (was, _) in inspect(self.instance).changes.items()}
        return copy.deepcopy(clean({**held, **before})) if self.is_loaded else {}

    @property
    def is_loaded(self) -> bool:
        return inspect(self.instance).is_loaded

    @property
    def extra(self) -> Item:
        return inspect(self.instance).extra

    @property
    def parts(self) -> Item:
        held = self.held
        return {name: held[name] for name in ACCOUNTS.parts}

    @property
    def key(self) -> Key:
        return key_of(self.held)

    @property
    def key_changed(self) -> bool:
        base = self.base
        return self.is_loaded and any(base.get(name) != self.held.get(name) for name in ACCOUNTS.parts)

    @property
    def known(self) -> Known:
        return Known(self.base, is_whole=not self.is_partial)

    @property
    def as_loaded(self) -> Item:
        return {**self.extra, **self.base}

    def changed(self) -> list[str]:
        """Return the fields that a partial save sends, but for those that are counted up."""
        held, base = self.held, self.base
        names = [name for name in {**base, **held} if held.get(name) != base.get(name)]
        return [name for name in names if name not in ACCOUNTS.parts and name not in self.pending]

    def actions(self, current: Item | None = None) -> list[Action]:
        counted = [Action("add", (name,), amount) for name, amount in self.pending.items()]
        return [*differing(self.base, self.held, current, self.changed()), *counted]


class Others(NamedTuple):
    """What somebody else does just before a move writes: what it comes to, and how it is done."""

    after: Table
    do: Callable[[], Any]


class Meanwhile:
    """Others who write while a move is made: what is stored then, how they do it, and what the move comes to.

    ``writes_left`` counts down to the write that they come before.
    """

    def __init__(self, after: Table, do: Callable[[], Any], expected: Expected, writes_left: int) -> None:
        self.after, self.do, self.expected, self.writes_left = after, do, expected, writes_left


class Bank(RuleBasedStateMachine):
    """The programs are set for each library; ``counts`` are of moves that were made and refused, by name."""

    programs: tuple[Program, ...]
    unique: tuple[Fields, ...] = UNIQUE
    counts: collections.Counter[tuple[str, str]]

    def __init__(self) -> None:
        super().__init__()
        self.records: Table = {}
        self.twins: list[Twin] = []
        self.now = START
        self.others: Callable[[], Others | None] | None = None
        self.is_late = False
        self.meanwhile: Meanwhile | None = None
        self.sent = 0
        dynamorm.configure(clock=self.clock)
        pre_request.connect(self.before_request)
        for raw in self.raw_items():
            self.table.delete_item(Key={"home": raw["home"], "id": raw["id"]})

    def teardown(self) -> None:
        pre_request.disconnect(self.before_request)
        dynamorm.configure(clock=None)

    def clock(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.now + 0.75, dt.timezone.utc)

    def timed(self, values: Item) -> Item:
        """Return drawn values, in which times are counted from now on."""
        return {**values, "until": values["until"] + self.now} if values.get("until") is not None else dict(values)

    def timed_actions(self, actions: list[Action]) -> list[Action]:
        return [
            action._replace(value=action.value + self.now)
            if action.path == ("until",) and action.kind in ("set", "if_not_exists")
            else action
            for action in actions
        ]

    @property
    def table(self) -> Any:
        """The table as boto3 sees it."""
        return self.programs[0].model.Table.table

    def raw_items(self) -> list[Any]:
        found: list[Any] = self.table.scan(ConsistentRead=True)["Items"]
        return found

    def one_of_group(self, group: str, data: Any) -> None:
        """Do one of the moves that share a rule."""
        found = {name: getattr(getattr(type(self), name), "sharing", None) for name in dir(type(self))}
        times = {name: said[1] for name, said in found.items() if said and said[0] == group}
        # Hypothesis likes the first one
        names = [name for name in sorted(times, key=lambda name: -times[name]) for _ in range(times[name])]
        name = data.draw(st.sampled_from(names), group)
        getattr(self, name)(**data.draw(found[name][2]))

    def program(self, number: int) -> Program:
        return self.programs[number % len(self.programs)]

    # What is done.

    def before_request(self, sender: Any, request: Any) -> None:
        """Count what is sent, and let others write just before the first write, or the second."""
        if not isinstance(request, Request):
            return
        self.sent += 1
        if self.meanwhile is not None and request.operation in WRITES:
            self.meanwhile.writes_left -= 1
            if not self.meanwhile.writes_left:
                meanwhile, sent, self.meanwhile = self.meanwhile, self.sent, None
                meanwhile.do()
                self.sent = sent

    def act(
        self,
        move: str,
        ours: Callable[[], Any],
        expect: Callable[[], Expected],
        *,
        writes: int = 1,
        at: Key | None = None,
    ) -> Any:
        """Make a move; return what it returned, or the error with which it was refused.

        :param expect: says what it must come to, as the records are then
        :param at: the key of the one item that it writes
        :param writes: how many items it writes; 0 where others must not come between, since it reads before
        """
        expected, meanwhile = expect(), self.come_between(expect, writes)
        self.sent = 0
        error: DynamoException | None = None
        result = None
        try:
            result = ours()
        except DynamoException as raised:
            error = raised
        # each refusal shows what it takes to make a write anew; what goes on does not see what it is shown
        assert self.sent <= MOST_REQUESTS, f"{move} took {self.sent} requests"
        if meanwhile is not None and self.has_come():
            self.counts["others write meanwhile", "made"] += 1
            self.records, expected = meanwhile.after, meanwhile.expected
        return (
            self.judged(move, result, expected, at) if error is None else self.judged_refusal(move, error, expected, at)
        )

    def come_between(self, expect: Callable[[], Expected], writes: int) -> Meanwhile | None:
        """Let others write while a move is made; return what it comes to then."""
        make, self.others = self.others, None
        others = make() if make is not None and writes else None
        if others is None:
            return None
        before, self.records = self.records, others.after
        expected, self.records = expect(), before
        # what is written again was refused the first time
        self.meanwhile = Meanwhile(others.after, others.do, expected, 2 if self.is_late and writes == 1 else 1)
        return self.meanwhile

    def has_come(self) -> bool:
        """Return whether others have written while a move was made; one that writes nothing leaves them no room."""
        has_come, self.meanwhile = self.meanwhile is None, None
        return has_come

    def judged(self, move: str, result: Any, expected: Expected, at: Key | None) -> Any:
        is_refused = expected.after is None or expected.in_part
        assert not is_refused, f"{move} was to be refused: {sorted(expected.refusals)}"
        assert expected.after is not None
        self.counts[move, "made"] += 1
        self.records = expected.after
        return result

    def judged_refusal(self, move: str, error: DynamoException, expected: Expected, at: Key | None) -> DynamoException:
        names = {kind.__name__ for kind in type(error).__mro__}
        if not names & expected.refusals:
            raise error
        self.counts[move, type(error).__name__.removesuffix("ClientError")] += 1
        if expected.in_part and expected.after is not None:
            self.records = expected.after
        else:
            self.says_what_it_met(error, at)
        return error

    def says_what_it_met(self, error: DynamoException, at: Key | None) -> None:
        """Hold what an error says against what there is."""
        if isinstance(error, UniqueViolation):
            if error.holder is not None:
                holder = self.live((error.holder["home"], error.holder["id"]))
                assert holder is not None and error.fields in holder.secured
        elif isinstance(error, ConditionFailed) and at is not None:
            item = self.shown(at)
            met = error.current and natives(error.current)
            assert met == (item and self.known_fields(self.programs[0], item))

    def twin(self, program: Program, instance: Any, is_partial: bool = False) -> Twin:
        twin = Twin(program, instance, is_partial)
        self.twins = [*self.twins[-7:], twin]
        return twin

    def one_of(self, number: int) -> Twin:
        return self.twins[number % len(self.twins)]

    # What there is.

    def live(self, key: Key) -> Record | None:
        """Return the record with a key, unless it is expired."""
        record = self.records.get(key)
        return None if record is None or is_past(record.item, self.now) else record

    def shown(self, key: Key) -> Item | None:
        record = self.live(key)
        return None if record is None else record.shown

    def everything_shown(self) -> list[Item]:
        return [item for key in self.records if (item := self.shown(key)) is not None]

    def known_fields(self, program: Program, item: Item) -> Item:
        fields = program.model.Schema.dynamorm_fields()
        return {name: value for name, value in item.items() if name in fields}

    # What it must come to.

    def carried_out(self, *wanted: Wanted, is_transaction: bool = False) -> Expected:
        """Return what writes come to that are carried out together."""
        refusals = frozenset().union(*(one.refusals for one in wanted))
        if refusals:
            # that two writes take the same is seen before anything is sent
            return Expected(None, refusals | ({"TransactionCanceled", "UniqueViolation"} if is_transaction else set()))
        gains: dict[tuple[Fields, Any], Key] = {}
        losses: dict[tuple[Fields, Any], set[Key]] = {}
        after = dict(self.records)
        for one in wanted:
            if one.changes_nothing:
                continue
            before, item = self.live(one.key), one.item
            was = None if before is None else before.shown
            secured = set()
            stored = self.guarded_form(before)
            for fields in self.unique:
                then, now = value_of(fields, stored), value_of(fields, item)
                is_same_time = was is not None and item is not None and was.get("until") == item.get("until")
                if now is not None and (then != now or not is_same_time):
                    if (fields, now) in gains:
                        return refused("UniqueViolation")
                    gains[fields, now] = one.key
                    secured.add(fields)
                elif now is not None and before is not None and fields in before.secured:
                    secured.add(fields)
                for former in {then, value_of(fields, was)} - {now, None}:
                    losses.setdefault((fields, former), set()).add(one.key)
            after.pop(one.key, None)
            if item is not None:
                after[one.key] = self.record(one.program, before, item, one.is_whole, frozenset(secured))
        for (fields, value), key in gains.items():
            holder = self.holder(fields, value)
            if holder is not None and holder != key and holder not in losses.get((fields, value), ()):
                return refused("TransactionCanceled" if is_transaction else "UniqueViolation")
        return Expected(after)

    def guarded_form(self, record: Record | None) -> Item | None:
        """Return the form of an item that its guards are of: an upgrade that changes unique values takes new ones."""
        if record is None:
            return None
        names = {name for fields in self.unique for name in fields}
        is_changed = any(record.item.get(name) != record.shown.get(name) for name in names)
        return record.item if is_changed else record.shown

    def record(
        self, program: Program, before: Record | None, item: Item, is_whole: bool, secured: frozenset[Fields]
    ) -> Record:
        is_current = before is not None and before.version == CURRENT
        version = CURRENT if is_current and not is_whole else program.written
        return Record(in_form(item, CURRENT, version), version, computed(item), secured)

    def holder(self, fields: Fields, value: Any) -> Key | None:
        """Return the key of the item that has a value for itself."""
        for key in self.records:
            record = self.live(key)
            if record is not None and fields in record.secured and value_of(fields, record.shown) == value:
                return key
        return None

    def whole(self, program: Program, values: Item, *, unique: bool = False, extra: Item | None = None) -> Wanted:
        """Return what the put of a whole item comes to."""
        item = {**(extra or {}), **clean(values)}
        key = key_of(item)
        try:
            computed(item)
        except Unfit:
            return Wanted(program, key, refusals=frozenset({"ValidationError"}))
        if unique and self.live(key) is not None:
            return Wanted(program, key, refusals=frozenset({"HashKeyExists"}))
        return Wanted(program, key, item, is_whole=True)

    def saved(self, twin: Twin, unique: bool = False, atomic: bool = False) -> Wanted:
        """Return what the save of a whole instance comes to."""
        if twin.is_partial:
            return Wanted(twin.program, twin.key, refusals=frozenset({"PartialInstance"}))
        if atomic and twin.key_changed:
            return Wanted(twin.program, twin.key, refusals=frozenset({"InvalidKey"}))
        extra = twin.extra
        is_update = bool(extra) and not unique and twin.is_loaded
        if is_update:
            extra = {name: one for name, one in (self.shown(twin.key) or {}).items() if name == UNKNOWN}
        wanted = self.whole(twin.program, twin.held, unique=unique, extra=extra)
        if atomic and not wanted.refusals and not self.is_as_loaded(twin):
            return wanted._replace(refusals=frozenset({"ConditionFailed"}))
        return wanted._replace(is_whole=not is_update)

    def is_as_loaded(self, twin: Twin) -> bool:
        """Return whether an item is as an instance knows it, apart from what no schema knows and was not there."""
        current, as_loaded = self.shown(twin.key), twin.as_loaded
        if not twin.is_loaded or current is None:
            return not twin.is_loaded and current is None
        declared = {} if twin.is_partial else twin.program.model.Schema.dynamorm_fields()
        return {name: one for name, one in current.items() if name in as_loaded or name in declared} == as_loaded

    def updated(
        self,
        program: Program,
        parts: Item,
        actions: list[Action],
        known: Known,
        *,
        must_exist: bool = False,
        may_create: bool = True,
        retries: bool = True,
    ) -> Wanted:
        """Return what an update comes to."""
        key = key_of(parts)
        following, needed = basis(ACCOUNTS, actions, may_create)
        refusals: set[str] = set()
        if not all(known.tells(name) for name in needed):
            refusals.add("IncompleteKey")
        seen = {**{name: known.values[name] for name in needed if name in known.values}, **parts}
        read = frozenset().union(*(ACCOUNTS.attributes[name][0] for name in following))
        try:
            decisive = [action for action in actions if action.path[0] in read]
            computed(_leniently_changed(seen, decisive), following)
        except Unfit:
            refusals.add("ValidationError")
        except NoPath:
            refusals.add("IncompleteKey")  # nothing is known of what is to be copied
        record, current = self.live(key), self.shown(key)
        if current is None:
            supplied = {action.path[0] for action in actions if len(action.path) == 1 and action.kind != "remove"}
            if must_exist or not set(ACCOUNTS.required) <= supplied | set(parts):
                refusals.add("DoesNotExist")
        is_stale = any((current or {}).get(name) != known.values.get(name) for name in needed)
        is_made_anew = retries or (record is not None and record.version != CURRENT)
        if is_stale and (current is None or not (known.may_change and is_made_anew)):
            refusals.add("ConditionFailed")
        try:
            before = current or dict(parts)
            after = changed(before, actions)
            computed(after)
            # engines take the removal of what is not there for done, and DynamoDB does not
            gone = [one for one in actions if one.kind == "remove" and at(before, (*one.path[:-1],)) is None]
            if gone and self.is_made_here(program, key):
                raise NoPath(gone)
        except Unfit:
            refusals.add("ValidationError")
        except NoPath:
            is_copy = any(action.value.name not in (current or parts) for action in actions if _copies(action))
            refusals |= {"IncompleteKey", "RequestRefused"} if is_copy else {"PathMissing", "RequestRefused"}
        if refusals:
            return Wanted(program, key, refusals=frozenset(refusals))
        if is_stale:
            self.counts["update over what others changed", "made"] += 1
        return Wanted(program, key, after)

    def is_made_here(self, program: Program, key: Key) -> bool:
        """Return whether an update of an item is carried out by the library, as it is stored otherwise than shown."""
        record = self.records.get(key)
        if record is None:
            return program.written != CURRENT
        return record.version != CURRENT or is_past(record.item, self.now)

    def changed_instance(self, twin: Twin, actions: list[Action], retries: bool = True) -> Wanted:
        """Return what the update of an instance's item comes to."""
        if twin.key_changed:
            return Wanted(twin.program, twin.key, refusals=frozenset({"InvalidKey"}))
        is_loaded = twin.is_loaded
        return self.updated(
            twin.program,
            twin.parts,
            actions,
            twin.known,
            must_exist=is_loaded,
            may_create=not is_loaded,
            retries=retries,
        )

    def partly_saved(self, twin: Twin, retries: bool = True) -> Wanted:
        """Return what the partial save of an instance comes to."""
        if twin.key_changed:
            return Wanted(twin.program, twin.key, refusals=frozenset({"InvalidKey"}))
        actions = twin.actions()
        if not actions and twin.is_loaded:
            return Wanted(twin.program, twin.key, changes_nothing=True)
        wanted = self.changed_instance(twin, actions, retries)
        if "PathMissing" in wanted.refusals and retries:
            around = self.changed_instance(twin, twin.actions(self.shown(twin.key) or {}), retries)
            others = wanted.refusals - {"PathMissing", "RequestRefused"}
            return around if not others else wanted._replace(refusals=wanted.refusals | around.refusals)
        return wanted

    def deleted(self, program: Program, key: Key) -> Wanted:
        return Wanted(program, key)

    def demanding(self, demanded: Demanded | None, wanted: Wanted) -> Wanted:
        """Return what a write comes to that demands something of the item besides."""
        if demanded is None or demanded.holds(self.shown(wanted.key) or {}):
            return wanted
        return wanted._replace(refusals=wanted.refusals | {"ConditionFailed"})

    # What holds after each move.

    @invariant()
    def everything_is_stored_as_it_must_be(self) -> None:
        found = {(raw["home"], raw["id"]): plain(raw) for raw in self.raw_items()}
        of_items = {key: raw for key, raw in found.items() if "_holder" not in raw}
        assert of_items == {key: record.stored for key, record in self.records.items()}
        of_guards = {key: raw for key, raw in found.items() if "_holder" in raw and not is_past(raw, self.now)}
        assert of_guards == guards(self.records, self.now)

    @invariant()
    def instances_show_their_keys(self) -> None:
        for twin in self.twins:
            held = twin.held
            for name, (_, made) in ACCOUNTS.attributes.items():
                try:
                    text = made(held)
                except Unfit:
                    continue
                assert getattr(twin.instance, name) == text


def _copies(action: Action) -> bool:
    return isinstance(action.value, Copy)


def _leniently_changed(item: Item, actions: Iterable[Action]) -> Item:
    """Return an item after actions, where maps that are missing are made: it is computed, not stored."""
    ways = {action.path[0]: {} for action in actions if len(action.path) > 1 and isinstance(action.path[1], str)}
    return changed({**ways, **item}, [action for action in actions if not isinstance(action.path[-1], int)])
