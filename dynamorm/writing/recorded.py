"""Writes that are carried out together, or not at all.

A write is recorded by driving the flow of a single verb up to the request that it would send; it goes on when all
requests were carried out.  So it is validated, guarded and signalled like any other, and its instance knows afterwards
what is stored.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..attempts import sent_until_settled
from ..careful import CarefulWrite
from ..careful_sending import MOST_RENEWALS, GuardPart, action_of_transaction, guard_parts, read_first
from ..exceptions import ConditionFailed, DynamoException, InvalidExpression, TransactionCanceled
from ..expressions import Action, Condition, after_update, depends_on
from ..flows import Call, Flow, Foretell, Invoke, Overriding, Place, Tell
from ..guards import Demand
from ..instances.state import State
from ..requests import Request
from ..store import Store
from ..wire.codec import WireItem, decode_item

# what DynamoDB takes in one transaction
MOST_ACTIONS = 100


class TransactionAction(NamedTuple):
    """One action of a transaction: the verb, the model's name, and the key in plain values."""

    verb: str
    model: str
    key: Mapping[str, Any]


class Written(NamedTuple):
    """Stands for the request of a write, which is sent together with others.

    ``careful`` is the write of a model that asks for upkeep, which makes the request from what it knows of the item.
    """

    place: Place
    first_request: Request
    actions: Sequence[Action]
    demand: Demand
    careful: CarefulWrite | None = None

    @property
    def request(self) -> Request:
        return self.first_request if self.careful is None else self.careful.request()


class RecordingStore(Store):
    """A store whose writes are recorded; verbs that a model has replaced would send by themselves."""

    __slots__ = ()

    # what is sent together is not sent again with other values
    renews = False

    def is_replaced(self, verb: str) -> bool:
        return False

    def step(self, place: Place, request: Request, demand: Demand, actions: Sequence[Action]) -> Any:
        return Written(place, request, actions, demand)

    def renewed(self, demand: Demand, item: WireItem | None, conditions: Sequence[Condition]) -> None:
        """Return nothing; see :attr:`renews`."""

    def carried(self, careful: CarefulWrite) -> Flow[dict[str, Any]]:
        write = careful.write
        actions = (*write.actions, *careful.demand.actions)
        step: Any = Written(write.place, careful.request(), actions, careful.demand, careful)
        answer: dict[str, Any] = yield step
        return answer


class Recorded:
    """One write that is under way: its flow, which waits for an answer."""

    def __init__(self, verb: str, store: Store, instance: Any, flow: Flow[Any], step: Written) -> None:
        payload = step.request.payload
        self.key: WireItem = payload.get("Key") or {name: payload["Item"][name] for name in store.mapper.key.names}
        shown = store.mapper.plain(self.key) or decode_item(self.key)
        self.action = TransactionAction(verb, store.mapper.model_name, shown)
        self.store = store
        self.instance = instance
        self.flow = flow
        self.step = step

    def part(self) -> dict[str, Any]:
        """Return the action in DynamoDB's words."""
        return action_of_transaction(self.step.request)

    @property
    def careful(self) -> CarefulWrite | None:
        return self.step.careful

    @property
    def only_checks(self) -> bool:
        """Whether nothing is to be changed, for a write that changes nothing."""
        if self.careful is not None:
            return self.careful.write.verb == "check"
        return "ConditionExpression" in self.step.request.payload

    def answer(self) -> tuple[dict[str, Any], set[str]]:
        """Return the answer that the write would have got, and the attributes that it cannot tell."""
        step = self.step
        if step.first_request.operation != "UpdateItem" or self.instance is None:
            return {}, set()
        left = None if step.careful is None else step.careful.told()
        if left is not None:
            return {"Attributes": left}, set()
        state: State = self.instance._dynamorm_state
        loaded = state.loaded or {}
        if step.demand.version > 0 and state.loaded is not None and not state.partial:
            attributes, unknown = after_update(step.actions, loaded)
            return {"Attributes": attributes}, unknown
        basis = step.demand.basis  # which was demanded to be as it is known
        told = [action for action in step.actions if depends_on([action]) <= basis]
        attributes, unknown = after_update(told, {name: loaded[name] for name in basis if name in loaded})
        more, beyond = after_update([action for action in step.actions if action not in told], None)
        return {"Attributes": {**attributes, **more}}, unknown | beyond

    def go_on(self, answer: dict[str, Any]) -> Flow[None]:
        """Let the flow go on to its end."""
        try:
            step = self.flow.send(answer)
            while True:
                try:
                    given = yield step
                except Exception as error:
                    step = self.flow.throw(error)
                else:
                    step = self.flow.send(given)
        except StopIteration:
            return

    def refusal(self, error: DynamoException) -> DynamoException:
        """Return the error that the write alone would have raised."""
        try:
            self.flow.throw(error)
        except DynamoException as refused:
            return refused
        except StopIteration:
            pass
        return error


def record(verb: str, store: Store, instance: Any, flow: Flow[Any]) -> Flow[Recorded | None]:
    """Carry a flow out up to its write, and return that; ``None`` where there is nothing to write."""
    try:
        step: Any = flow.send(None)
        while not isinstance(step, Written):
            if not isinstance(step, (Invoke, Foretell, Tell, Overriding)):
                raise InvalidExpression("a transaction only writes, and this would read something before")
            try:
                answer = yield step
            except Exception as error:
                step = flow.throw(error)
            else:
                step = flow.send(answer)
        return Recorded(verb, store, instance, flow, step)
    except StopIteration:
        return None
    except BaseException:
        flow.close()
        raise


def give_up(recorded: Iterable[Recorded]) -> None:
    """Let go of writes that will not be carried out; what they were to store is still to be stored."""
    for one in recorded:
        one.flow.close()


def carry_out(recorded: Sequence[Recorded], token: str, sender: Any = None) -> Flow[None]:
    """Send what was recorded in one request, and let each write go on to its end.

    :param token: by which DynamoDB knows the request when it is sent again
    :param sender: whom the signals of requests name
    """
    try:
        yield from _send(recorded, token, sender)
    except TransactionCanceled:
        raise  # which was explained
    except BaseException:
        give_up(recorded)  # so that increments are still to be sent
        raise
    finally_failed: list[BaseException] = []
    for one in recorded:
        answer, unknown = one.answer()
        try:
            yield from one.go_on(answer)
        except Exception as error:  # a receiver's: everything is stored, and the others are to know it
            finally_failed.append(error)
        if unknown:
            _forget(one.store, one.instance, unknown)
    if finally_failed:
        raise finally_failed[0]


def _send(recorded: Sequence[Recorded], token: str, sender: Any) -> Flow[None]:
    """Send what was recorded with the guards of unique values, again where a refusal shows how it can be made anew."""
    connection, careful = recorded[0].step.place.connection, [one.careful for one in recorded if one.careful]
    for attempt in range(MOST_RENEWALS):
        for write in careful:
            if write.needs_reading:
                yield from read_first(write, sender)
        guards = guard_parts(careful)
        _require_room(recorded, guards)
        parts = [*(one.part() for one in recorded), *(guard.part for guard in guards)]
        payload = {"TransactItems": parts, "ClientRequestToken": token if not attempt else uuid.uuid4().hex}
        try:
            yield from sent_until_settled(Call(connection, Request("TransactWriteItems", payload), sender))
        except TransactionCanceled as error:
            if attempt < MOST_RENEWALS - 1 and _can_be_made_anew(recorded, guards, error):
                continue
            _explain(recorded, guards, error)
            raise
        return


def _require_room(recorded: Sequence[Recorded], guards: Sequence[GuardPart]) -> None:
    if len(recorded) + len(guards) > MOST_ACTIONS:
        raise InvalidExpression(
            f"the transaction has {len(recorded)} actions, and {len(guards)} more that see to unique values: more than "
            f"the {MOST_ACTIONS} that DynamoDB takes together"
        )


def _can_be_made_anew(recorded: Sequence[Recorded], guards: Sequence[GuardPart], error: TransactionCanceled) -> bool:
    """Return whether everything that a transaction was canceled for can be met by making it from what was found."""
    is_possible, is_any_met = bool(error.failed), False
    for one, reason in zip(recorded, error.reasons, strict=False):
        if reason.code != "None":
            is_refusal = isinstance(reason.error, ConditionFailed)
            is_met = is_refusal and one.careful is not None and one.careful.met(reason.error)
            is_possible, is_any_met = is_possible and is_met, is_any_met or is_met
    for guard, reason in zip(guards, error.reasons[len(recorded) :], strict=False):
        if reason.code != "None":
            is_refusal = isinstance(reason.error, ConditionFailed)
            # who is found to be otherwise than it was thought to be may be the one that gives the value up
            is_free = is_refusal and (guard.refusal(reason.error) is None or is_any_met)
            is_possible = is_possible and is_free
    return is_possible


def _explain(recorded: Sequence[Recorded], guards: Sequence[GuardPart], error: TransactionCanceled) -> None:
    """Say of each reason which action it belongs to, and what the item is by now.

    A value that is taken is the reason of the action that would take it.
    """
    taken = {}
    for guard, reason in zip(guards, error.reasons[len(recorded) :], strict=False):
        if isinstance(reason.error, ConditionFailed) and (violation := guard.refusal(reason.error)) is not None:
            taken[id(guard.write)] = reason.replace(error=violation, item=None)
    reasons = []
    for one, reason in zip(recorded, error.reasons, strict=False):
        reason = taken.get(id(one.careful), reason) if reason.error is None else reason
        refused = None
        if reason.error is not None:
            refused = one.refusal(reason.error)
        else:
            one.flow.close()
        current = getattr(refused, "current", None)
        reasons.append(reason.replace(action=one.action, instance=one.instance, current=current, error=refused))
    give_up(recorded[len(reasons) :])
    error.reasons = tuple(reasons)


def _forget(store: Store, instance: Any, attributes: set[str]) -> None:
    """Let an instance count as loaded without some attributes, whose values only DynamoDB knows."""
    state: State = instance._dynamorm_state
    names = [store.mapper.adapter.by_stored[name].name for name in attributes if name in store.mapper.adapter.by_stored]
    original, item = dict(state.original), {k: v for k, v in (state.loaded or {}).items() if k not in attributes}
    state.loaded = item
    for name in names:
        original.pop(name, None)
        instance.__dict__.pop(name, None)
        state.defaults.pop(name, None)
    state.original, state.partial = original, True
