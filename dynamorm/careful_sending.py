"""Sending careful writes: alone or in one transaction with the guards of unique values, again where that may help."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from .attempts import sent_until_settled
from .careful import CarefulWrite, is_held_by
from .exceptions import ConditionFailed, TransactionCanceled, TransactionConflict, UniqueViolation
from .expressions import negated
from .flows import Call, Flow, call_step
from .requests import Request, build_delete, build_get, build_put, build_update
from .unique import Taken, holder_of
from .wire.codec import WireItem, decode_item
from .wire.texts import item_of

# How often a write is made anew from what it met.  A refusal says that somebody else came through, so that all do in
# the end; with 16 at once, one out of eight is the next.
MOST_RENEWALS = 100


class GuardPart(NamedTuple):
    """What a transaction does with a guard: it is stored for the one that ``gains`` the value, or deleted.

    One that is somebody else's, since two have a value from before it was unique, is checked to be so and left.
    """

    part: dict[str, Any]
    name: str
    write: CarefulWrite
    fields: tuple[str, ...]
    gains: bool

    def refusal(self, error: ConditionFailed) -> ConditionFailed | None:
        """Return the error for a value that is somebody else's; ``None`` where that does not matter."""
        if not self.gains:
            self.write.correct(self.name)
            return None
        found = holder_of(error.item or {})
        holder = None if found is None else decode_item(found)
        violation = error.as_unique_violation(self.fields, holder)
        violation.message = f"the item with key {holder} has the same {', '.join(self.fields)}, which is to be unique"
        return violation


def guard_parts(writes: Iterable[CarefulWrite]) -> list[GuardPart]:
    """Return what writes that are carried out together do with guards; a value may pass from one to another."""
    gains: dict[tuple[str, str], tuple[CarefulWrite, Taken, WireItem]] = {}
    losses: dict[tuple[str, str], list[tuple[CarefulWrite, Taken]]] = {}
    for write in writes:
        table = write.write.place.table
        gained, lost = write.exchange()
        for taken, guard in gained:
            if (table, taken.name) in gains:
                raise write.taken_twice(taken)
            gains[table, taken.name] = write, taken, guard
        for taken in lost:
            losses.setdefault((table, taken.name), []).append((write, taken))
    found = []
    for (table, name), (write, taken, guard) in gains.items():
        former = [write.key, *(other.key for other, _ in losses.get((table, name), ()))]
        request = build_put(table, guard, (write.held_by(former),))
        found.append(GuardPart({"Put": request.payload}, name, write, taken.fields, True))
    for (table, name), losers in losses.items():
        if (table, name) not in gains:
            write, taken = losers[0]
            key, keys = write.guard_key(name), [other.key for other, _ in losers]
            if write.holds(name):
                request = build_delete(table, key, (write.held_by(keys),))
            else:  # and it has to stay so, or nobody would give the value up
                request = build_update(table, key, (), [negated(is_held_by(one)) for one in keys], returning="NONE")
            found.append(GuardPart(action_of_transaction(request), name, write, taken.fields, False))
    return found


def carried_alone(write: CarefulWrite, sender: Any) -> Flow[dict[str, Any]]:
    """Carry one write out, made anew from what a refusal shows as often as that may help."""
    for attempt in range(MOST_RENEWALS):
        if write.is_superfluous:
            return {}
        if write.needs_reading:
            yield from read_first(write, sender)
        guards = guard_parts([write])
        try:
            if guards:
                answer = yield from _with_guards(write, guards, sender)
            else:
                step = call_step((write.write.place.connection, write.request(), sender))
                try:
                    answer = yield step
                except TransactionConflict as conflict:
                    answer = yield from sent_until_settled(step, conflict)
        except ConditionFailed as error:
            if isinstance(error, UniqueViolation) or attempt == MOST_RENEWALS - 1 or not write.met(error):
                raise
            continue
        except _NotHeld:
            continue
        if guards and write.returning != "NONE" and not write.is_told:
            # a transaction returns nothing
            item = write.shown if write.wants_old else (yield from _read(write, sender))
            return write.with_returned(answer, item)
        return write.answer(answer)
    raise AssertionError("the last attempt returns or raises")


def read_first(write: CarefulWrite, sender: Any) -> Flow[None]:
    """Read the item that is to be written, so that what it gives up is known."""
    write.see((yield from _read(write, sender)))


def _read(write: CarefulWrite, sender: Any) -> Flow[WireItem | None]:
    place = write.write.place
    answer = yield call_step((place.connection, build_get(place.table, write.key, consistent=True), sender))
    item = answer.get("Item")
    return None if item is None else item_of(item)


class _NotHeld(Exception):
    """A guard that was to be deleted is somebody else's."""


def _with_guards(write: CarefulWrite, guards: Sequence[GuardPart], sender: Any) -> Flow[dict[str, Any]]:
    """Carry a write out in one transaction with guards; errors are those that the write alone would raise."""
    request = write.request()
    parts = [action_of_transaction(request), *(guard.part for guard in guards)]
    payload: dict[str, Any] = {"TransactItems": parts, "ClientRequestToken": uuid.uuid4().hex}
    if "ReturnConsumedCapacity" in request.payload:
        payload["ReturnConsumedCapacity"] = "TOTAL"
    try:
        call = Call(write.write.place.connection, Request("TransactWriteItems", payload), sender)
        return _of_one((yield from sent_until_settled(call)))
    except TransactionCanceled as canceled:
        own, *others = canceled.reasons or (None,)
        if own is not None and own.error is not None:
            raise own.error from canceled
        refusals = [
            guard.refusal(reason.error)
            for guard, reason in zip(guards, others, strict=False)
            if isinstance(reason.error, ConditionFailed)
        ]
        if not refusals:
            raise
        for refusal in refusals:
            if refusal is not None:
                raise refusal from canceled
        raise _NotHeld from canceled


def _of_one(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to a transaction in the form of the answer to one write."""
    consumed = answer.get("ConsumedCapacity")
    if not consumed:
        return answer
    return {**answer, "ConsumedCapacity": {"CapacityUnits": sum(one.get("CapacityUnits", 0.0) for one in consumed)}}


_OPERATIONS = {"PutItem": "Put", "UpdateItem": "Update", "DeleteItem": "Delete"}
_PARTS = (
    "TableName",
    "Item",
    "Key",
    "UpdateExpression",
    "ConditionExpression",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "ReturnValuesOnConditionCheckFailure",
)


def action_of_transaction(request: Request) -> dict[str, Any]:
    """Return a write in the words of transactions; an update that changes nothing is a check."""
    payload = {name: request.payload[name] for name in _PARTS if name in request.payload}
    if request.operation == "UpdateItem" and "UpdateExpression" not in payload:
        return {"ConditionCheck": payload}
    return {_OPERATIONS[request.operation]: payload}
