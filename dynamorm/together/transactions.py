"""Transactions: writes of which all are carried out, or none.

A transaction records writes by driving the flows of the single verbs up to the request that they would send, and
lets them go on when all requests were carried out together.  So a write in a transaction is validated, guarded and
signalled like any other, and its instance knows afterwards what is stored.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..attempts import sent_until_settled
from ..exceptions import (
    ConditionFailed,
    DynaModelException,
    DynamoException,
    InvalidExpression,
    ItemTooLarge,
    TransactionCanceled,
)
from ..expressions import Action
from ..flows import Call, Flow, Invoke, Place
from ..guards import CARRIED, Demand
from ..instances.state import State
from ..requests import Request
from ..store import Store, is_complete_model, store_of
from ..wire.codec import WireItem
from ..wire.sizes import size_of_item
from ..writing import saving, updating
from .at_the_end import AtTheEnd
from .foretold import after_update

MOST_BYTES = 4 * 1024 * 1024
LONGEST_TOKEN = 36

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


class TransactionAction(NamedTuple):
    """One action of a transaction: the verb, the model's name, and the key in plain values."""

    verb: str
    model: str
    key: Mapping[str, Any]


class _Written(NamedTuple):
    """Stands for the request of a write, which is sent together with others."""

    place: Place
    request: Request
    actions: Sequence[Action]
    demand: Demand


class _RecordingStore(Store):
    """A store whose writes are recorded; verbs that a model has replaced would send by themselves."""

    __slots__ = ()

    def is_replaced(self, verb: str) -> bool:
        return False

    def step(self, place: Place, request: Request, demand: Demand, actions: Sequence[Action]) -> Any:
        return _Written(place, request, actions, demand)


class _Recorded:
    """One write that is under way: its flow, which waits for an answer."""

    def __init__(self, action: TransactionAction, store: Store, instance: Any, flow: Flow[Any], step: _Written) -> None:
        self.action = action
        self.store = store
        self.instance = instance
        self.flow = flow
        self.step = step

    def part(self) -> dict[str, Any]:
        """Return the action in DynamoDB's words."""
        request = self.step.request
        payload = {name: request.payload[name] for name in _PARTS if name in request.payload}
        if request.operation == "UpdateItem" and "UpdateExpression" not in payload:
            return {"ConditionCheck": payload}
        return {_OPERATIONS[request.operation]: payload}

    def answer(self) -> tuple[dict[str, Any], set[str]]:
        """Return the answer that the write would have got, and the attributes that it cannot tell."""
        step = self.step
        if step.request.operation != "UpdateItem" or self.instance is None:
            return {}, set()
        state: State = self.instance._dynamorm_state
        is_known = step.demand.version > 0 and state.loaded is not None and not state.partial
        attributes, unknown = after_update(step.actions, state.loaded if is_known else None)
        return {"Attributes": attributes}, unknown

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

    def refusal(self, error: ConditionFailed) -> DynamoException:
        """Return the error that the write alone would have raised."""
        try:
            self.flow.throw(error)
        except DynamoException as refused:
            return refused
        except StopIteration:
            pass
        return error


class Transaction(AtTheEnd):
    """Carry out up to 100 writes of any models and tables, all or none of them, at the end of a ``with``.

    On an exception nothing is sent.  What is recorded is validated at once, and sent with the values of that moment.

    :param token: makes it harmless to send the transaction again within ten minutes, by another process too; without
        one, a token is made for the attempts of this one

    Example::

        with Transaction() as tx:
            tx.update(Book, isbn="1", stock__minus=1, conditions={"stock__gte": 1})
            tx.put(Order, {"id": "7", "isbn": "1"})
    """

    def __init__(self, token: str | None = None) -> None:
        if token is not None and (not isinstance(token, str) or not token):
            raise InvalidExpression(f"Transaction(token={token!r}): give a text that is not empty")
        if token is not None and len(token) > LONGEST_TOKEN:
            token = hashlib.sha256(token.encode()).hexdigest()[:LONGEST_TOKEN]
        super().__init__()
        self._token = token or uuid.uuid4().hex
        self._recorded: list[_Recorded] = []
        self._size = 0

    # What is recorded.

    def put(self, target: Any, item: Any = None, *, conditions: Any = None, if_version: Any = CARRIED) -> None:
        """Store a whole item: ``put(Book, {...})``, or ``put(book)``."""
        store, instance = self._target(target, "put", item if item is not None else target)
        given = instance if item is None else item
        flow = saving.put(store, given, conditions, {}, expected=if_version)
        self._record("put", store, given if isinstance(given, store.model) else None, flow)

    def save(
        self,
        instance: Any,
        partial: bool = False,
        unique: bool = False,
        *,
        conditions: Any = None,
        atomic: bool = False,
        if_version: Any = CARRIED,
    ) -> None:
        """Store an instance as a whole, or with ``partial`` what was changed in it; see :meth:`DynaModel.save`."""
        store = self._of_instance(instance, "save")
        wish = saving.Wish(partial, unique, False, conditions, atomic, if_version)
        self._record("save", store, instance, saving.save(store, instance, wish, {}))

    def update(
        self, target: Any, *actions: Any, conditions: Any = None, if_version: Any = CARRIED, **keys_and_updates: Any
    ) -> None:
        """Change an item: ``update(book, title="x")``, or ``update(Book, isbn="1", title="x")``."""
        store, instance = self._target(target, "update")
        if instance is None:
            flow = updating.update_key(store, actions, conditions, None, keys_and_updates, if_version)
        else:
            flow = saving.update_instance(
                store, instance, actions, conditions, None, False, keys_and_updates, if_version
            )
        self._record("update", store, instance, flow)

    def delete(
        self, target: Any, *, conditions: Any = None, atomic: bool = False, if_version: Any = CARRIED, **keys: Any
    ) -> None:
        """Delete an item: ``delete(book)``, or ``delete(Book, isbn="1")``."""
        store, instance = self._target(target, "delete")
        if instance is None:
            if atomic:
                raise InvalidExpression("delete(atomic=True): give an instance, which knows how the item was loaded")
            flow = saving.delete_key(store, conditions, keys, if_version)
        else:
            wish = saving.Wish(conditions=conditions, atomic=atomic, expected=if_version)
            flow = saving.delete_instance(store, instance, wish, {})
        self._record("delete", store, instance, flow)

    def check(self, target: Any, *conditions: Any, **keys_and_lookups: Any) -> None:
        """Demand something of an item without changing it: ``check(Book, isbn="1", stock__gte=1)``."""
        store, instance = self._target(target, "check")
        keys = {name: value for name, value in keys_and_lookups.items() if name in store.mapper.names_of_key}
        lookups = {name: value for name, value in keys_and_lookups.items() if name not in keys}
        demands = store.mapper.conditions(conditions, lookups)
        if instance is None:
            flow = _checked_key(store, keys, demands)
        else:
            flow = updating.check(store, instance, list(demands) or None)
        self._record("check", store, instance, flow)

    # How it is recorded.

    def _target(self, target: Any, verb: str, item: Any = None) -> tuple[Store, Any]:
        """Return the store for a model, a handle or an instance, and the instance if it is one."""
        if is_complete_model(type(target)):
            return self._of_instance(target, verb), target
        definition = getattr(target, "_dynamorm", None)
        if definition is None:
            raise InvalidExpression(f"{verb}({target!r}): give a model or an instance of one")
        return definition.store.twin(_RecordingStore), None

    def _of_instance(self, instance: Any, verb: str) -> Store:
        if not is_complete_model(type(instance)):
            raise InvalidExpression(f"{verb}({instance!r}): give an instance of a model")
        store = store_of(type(instance))
        changed = saving.changed_partners(store, instance) if verb in ("save", "update") else []
        if changed:
            raise DynaModelException(
                f"{verb}({instance!r}): {changed[0].instance!r} was changed too, and a transaction saves no partners "
                "along; save it before, or add it to the transaction first"
            )
        return store.twin(_RecordingStore)

    def _record(self, verb: str, store: Store, instance: Any, flow: Flow[Any]) -> None:
        step = _first_write(flow)
        if step is None:
            return  # there is nothing to do
        payload = step.request.payload
        key: WireItem = payload.get("Key") or {name: payload["Item"][name] for name in store.mapper.key.names}
        action = TransactionAction(verb, store.mapper.model_name, store.mapper.plain(key))
        recorded = _Recorded(action, store, instance, flow, step)
        try:
            self._check(recorded, key)
        except BaseException:
            flow.close()
            raise
        self._recorded.append(recorded)

    def _check(self, recorded: _Recorded, key: WireItem) -> None:
        action, place = recorded.action, recorded.step.place
        what = f"{action.verb} of {action.model} {dict(action.key)}"
        first = self._recorded[0].step.place.connection if self._recorded else None
        self._require_room(what, len(self._recorded), place.connection, first)
        if "ConditionCheck" in recorded.part() and "ConditionExpression" not in recorded.step.request.payload:
            raise InvalidExpression(f"{what}: there is nothing to store but the key; put() the item")
        for other in self._recorded:
            if other.step.place.table == place.table and other.action.key == action.key:
                raise InvalidExpression(
                    f"{what}: the transaction has a {other.action.verb} of the same item already, and DynamoDB takes "
                    "one action for each; put both into one"
                )
        self._size += size_of_item(recorded.step.request.payload.get("Item", key))
        if self._size > MOST_BYTES:
            raise ItemTooLarge(
                f"{what}: with it the items of the transaction have {self._size:,} bytes, and DynamoDB takes "
                f"{MOST_BYTES:,} at most"
            )

    def _give_up(self) -> None:
        for recorded in self._recorded:
            recorded.flow.close()

    # How it is carried out.

    def _carry_out(self) -> Flow[None]:
        recorded = self._recorded
        if not recorded:
            return
        payload = {"TransactItems": [one.part() for one in recorded], "ClientRequestToken": self._token}
        request = Request("TransactWriteItems", payload)
        try:
            yield from sent_until_settled(Call(recorded[0].step.place.connection, request))
        except TransactionCanceled as error:
            self._explain(error)
            raise
        except BaseException:
            self._give_up()  # so that increments are still to be sent
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

    def _explain(self, error: TransactionCanceled) -> None:
        """Say of each reason which action it belongs to, and what the item is by now."""
        reasons = []
        for one, reason in zip(self._recorded, error.reasons, strict=False):
            refused = None
            if reason.error is not None:
                refused = one.refusal(reason.error)
            else:
                one.flow.close()
            current = getattr(refused, "current", None)
            reasons.append(reason.replace(action=one.action, instance=one.instance, current=current, error=refused))
        for one in self._recorded[len(reasons) :]:
            one.flow.close()
        error.reasons = tuple(reasons)


def _first_write(flow: Flow[Any]) -> _Written | None:
    """Carry a flow out up to its write, ``None`` if it has none; what belongs to the user is called on the way."""
    try:
        step: Any = flow.send(None)
        while not isinstance(step, _Written):
            if not isinstance(step, Invoke):
                flow.close()
                raise InvalidExpression("a transaction only writes, and this would read something before")
            try:
                with step.within():
                    answer = step.function(*step.arguments, **step.keywords)
            except Exception as error:
                step = flow.throw(error)
            else:
                step = flow.send(answer)
        return step
    except StopIteration:
        return None


def _checked_key(store: Store, keys: Mapping[str, Any], demands: Sequence[Any]) -> Flow[Any]:
    key = store.wire_key(keys)
    return store.update(store.here, key, [], Demand(), (*demands,) or (store.exists,), returning="NONE")


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
