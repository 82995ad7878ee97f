"""What is wrong with the guard of one unique value, seen at one moment with the items that it is about, and its repair.

Whatever is judged by is a condition of the repair, in the same transaction: if anything of it was changed meanwhile,
nothing is written, and everything is looked at again.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..attempts import sent_until_settled
from ..careful_sending import action_of_transaction
from ..exceptions import ConditionFailed, ExpressionTooLong, TransactionCanceled
from ..expressions import Condition
from ..flows import Call, Flow, Place
from ..requests import Request, build_delete, build_put, build_update
from ..store import Store
from ..unique import HOLDER, Taken, Unique, holder_of
from ..upkeep import present_second
from ..wire.codec import WireItem, decode_item
from ..wire.paths import same_value
from .seen import Seen, as_seen, at_once, is_key, is_same_key

# How often something is looked at again because others have changed it.
MOST_LOOKS = 20


class Finding(NamedTuple):
    """Something in which the guards of unique values and the items do not agree.

    ``kind`` is one of these:

    - ``"missing"``: no guard keeps a value for the ``item`` that has it; ``other`` is who has the guard and not the
      value, if there is one
    - ``"mistimed"``: the guard expires at another time than its ``item``
    - ``"orphaned"``: the guard of a value that the ``item`` does not have, or of an item that is gone
    - ``"taken"``: the ``item`` has a value that ``other`` has too, and rightly; who is to give it up, nobody but you
      can say
    - ``"unused"``: the guard of fields that are not unique as far as the model knows; since other programs may know
      more, it is left alone
    - ``"unreadable"``: the ``item`` is newer than the program knows, or cannot be upgraded, so that nothing is known of
      its values

    ``fields`` are those that are unique together.  ``item``, ``other`` and ``guard`` are keys in plain values, by the
    names that they are stored under.  ``repaired`` says whether it is as it should be by now.
    """

    kind: str
    fields: tuple[str, ...]
    item: dict[str, Any] | None
    other: dict[str, Any] | None = None
    guard: dict[str, Any] | None = None
    repaired: bool = False


class _Moment(NamedTuple):
    """A guard at one moment, with the item that it names as its holder, and one that is said to have the value."""

    guard: WireItem | None
    holder: Seen | None
    claimant: Seen | None


class Judge:
    """Looks closely at single guards, and repairs what is wrong with them if that is wanted."""

    def __init__(self, store: Store, place: Place, unique: Unique, repairs: bool) -> None:
        self._store = store
        self._place = place
        self._unique = unique
        self._repairs = repairs

    def of_value(self, key: WireItem, taken: Taken) -> Flow[Finding | None]:
        """Return what is wrong with a value that an item has, ``None`` for nothing."""
        guard_key = self._unique.key_of(taken.name)

        def fault(moment: _Moment) -> Finding | None:
            kind = self._fault_of_value(moment, taken)
            other = moment.holder.key if moment.holder is not None and kind != "mistimed" else None
            return (
                None
                if kind is None
                else Finding(kind, taken.fields, decode_item(key), _plain(other), _plain(guard_key))
            )

        def repair(moment: _Moment) -> list[dict[str, Any]]:
            me = moment.claimant
            assert me is not None and me.unique is not None and me.shown is not None
            guard = me.unique.guard(taken, key, me.shown)
            put = build_put(self._place.table, guard, self._as_seen(moment.guard))
            others = [] if moment.holder is None or is_same_key(moment.holder.key, key) else [moment.holder]
            return [action_of_transaction(put), *map(self._check, (me, *others))]

        return self._look(guard_key, key, fault, repair)

    def of_guard(self, guard_key: WireItem, fields: tuple[str, ...], *, is_shared: bool) -> Flow[Finding | None]:
        """Return what is wrong with a guard, ``None`` for nothing.

        :param is_shared: whether items of other models may hold it rightly
        """

        def fault(moment: _Moment) -> Finding | None:
            holder = None if moment.holder is None else moment.holder.key
            if not self._is_orphaned(moment, guard_key, is_shared):
                return None
            return Finding("orphaned", fields, _plain(holder), None, _plain(guard_key))

        def repair(moment: _Moment) -> list[dict[str, Any]]:
            delete = build_delete(self._place.table, guard_key, self._as_seen(moment.guard))
            return [action_of_transaction(delete), *([] if moment.holder is None else [self._check(moment.holder)])]

        return self._look(guard_key, None, fault, repair)

    def _look(
        self,
        guard_key: WireItem,
        claimant: WireItem | None,
        fault: Callable[[_Moment], Finding | None],
        repair: Callable[[_Moment], list[dict[str, Any]]],
    ) -> Flow[Finding | None]:
        finding: Finding | None = None
        for _ in range(MOST_LOOKS):
            moment = yield from self._moment(guard_key, claimant)
            finding = None if moment is None else fault(moment)
            if moment is None or finding is None or not self._repairs or finding.kind == "taken":
                return finding
            try:
                is_repaired = yield from self._is_carried_out(repair(moment))
            except ExpressionTooLong:  # what an upgrade reads of the item is too much for a condition
                return finding
            if is_repaired:
                return finding._replace(repaired=True)
        return finding

    def _moment(self, guard_key: WireItem, claimant: WireItem | None) -> Flow[_Moment | None]:
        """Return everything that is to be known of a guard; ``None`` if it passes from one to another all the time."""
        keys = [guard_key] if claimant is None else [guard_key, claimant]
        for _ in range(MOST_LOOKS):
            guard, *items = yield from at_once(self._store, self._place, keys)
            seen = [Seen(self._store, key, item) for key, item in zip(keys[1:], items, strict=True)]
            named = None if guard is None else holder_of(guard)
            holder = next((one for one in seen if is_same_key(one.key, named)), None)
            if holder is not None or not is_key(named, self._store.mapper.key):
                return _Moment(guard, holder, None if claimant is None else seen[0])
            keys = [*keys[: 1 if claimant is None else 2], named]
        return None

    # What is wrong.

    def _fault_of_value(self, moment: _Moment, taken: Taken) -> str | None:
        me, holder, now = moment.claimant, moment.holder, present_second()
        if me is None or not me.has(taken) or me.is_past(now):
            return None  # it was changed since
        if holder is None:
            return "missing"
        if is_same_key(holder.key, me.key):
            return None if is_timed_like(moment.guard, me) else "mistimed"
        if holder.is_unreadable:
            return None  # which is told of that item
        if holder.is_of_another_model or (taken.name in holder.names and not holder.is_past(now)):
            return "taken"
        return "missing"

    def _is_orphaned(self, moment: _Moment, guard_key: WireItem, is_shared: bool) -> bool:
        guard, holder = moment.guard, moment.holder
        if guard is None or self._unique.is_past(guard, present_second()):
            return False
        if holder is None:
            return True
        if holder.is_unreadable or (is_shared and holder.is_of_another_model):
            return False
        return name_of(guard_key, self._unique) not in holder.names

    # Repairs.

    def _check(self, seen: Seen) -> dict[str, Any]:
        return action_of_transaction(build_update(self._place.table, seen.key, (), seen.unchanged(), returning="NONE"))

    def _as_seen(self, guard: WireItem | None) -> Sequence[Condition]:
        mapper = self._store.mapper
        return [mapper.absent] if guard is None else [mapper.exists, *as_seen(guard, [HOLDER])]

    def _is_carried_out(self, parts: list[dict[str, Any]]) -> Flow[bool]:
        """Send a transaction; return whether everything was as it had been seen."""
        request = Request("TransactWriteItems", {"TransactItems": parts, "ClientRequestToken": uuid.uuid4().hex})
        try:
            yield from sent_until_settled(Call(self._place.connection, request, self._store.model))
        except TransactionCanceled as canceled:
            if not any(isinstance(reason.error, ConditionFailed) for reason in canceled.reasons):
                raise
            return False
        return True


def name_of(guard: WireItem, unique: Unique) -> str:
    """Return the name of a guard."""
    return str(guard[unique.key_names[0]]["S"])


def is_timed_like(guard: WireItem | None, holder: Seen) -> bool:
    """Return whether a guard expires when its holder does."""
    unique, item = holder.unique, holder.shown
    if unique is None or unique.ttl is None or guard is None or item is None:
        return True
    return same_value(guard.get(unique.ttl), unique.time_of(item))


def _plain(key: WireItem | None) -> dict[str, Any] | None:
    return None if key is None else decode_item(key)
