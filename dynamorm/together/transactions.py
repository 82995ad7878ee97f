"""Transactions: writes of which all are carried out, or none."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from ..drivers import run
from ..exceptions import DynaModelException, InvalidExpression, ItemTooLarge
from ..flows import Flow
from ..guards import CARRIED, UNSAID
from ..store import Store, is_complete_model, store_of
from ..wire.sizes import size_of_item
from ..writing import saving, updating
from ..writing.recorded import Recorded, RecordingStore, carry_out, give_up, record
from .awaited_transactions import AwaitedTransaction

MOST_BYTES = 4 * 1024 * 1024
LONGEST_TOKEN = 36


class Transaction(AwaitedTransaction):
    """Carry out up to 100 writes of any models and tables, all or none of them, at the end of a ``with``.

    On an exception nothing is sent.  What is recorded is validated at once, and sent with the values of that moment.

    :param token: makes it harmless to send the transaction again within ten minutes, by another process too; without
        one, a token is made for the attempts of this one.  A transaction that had to be made anew, since an item was
        otherwise than thought (models with ``unique``, ``schema_version`` or ``hide_expired``), is sent under another.

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
        self._recorded: list[Recorded] = []
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
        self,
        target: Any,
        *actions: Any,
        conditions: Any = None,
        if_version: Any = CARRIED,
        given: Any = UNSAID,
        **keys_and_updates: Any,
    ) -> None:
        """Change an item: ``update(book, title="x")``, or ``update(Book, isbn="1", title="x")``.

        :param given: what an item that is not loaded holds in fields that its keys are made of too
        """
        store, instance = self._target(target, "update")
        if instance is None:
            flow = updating.update_key(store, actions, conditions, None, keys_and_updates, if_version, given)
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
            flow = updating.check_key(store, keys, demands)
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
        return definition.store.twin(RecordingStore), None

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
        return store.twin(RecordingStore)

    def _record(self, verb: str, store: Store, instance: Any, flow: Flow[Any]) -> None:
        recorded = run(record(verb, store, instance, flow))  # which calls what is the user's, and sends nothing
        if recorded is None:
            return  # there is nothing to do
        try:
            self._check(recorded)
        except BaseException:
            recorded.flow.close()
            raise
        self._recorded.append(recorded)

    def _check(self, recorded: Recorded) -> None:
        action, place = recorded.action, recorded.step.place
        what = f"{action.verb} of {action.model} {dict(action.key)}"
        first = self._recorded[0].step.place.connection if self._recorded else None
        self._require_room(what, len(self._recorded), place.connection, first)
        if "ConditionCheck" in recorded.part() and not recorded.only_checks:
            raise InvalidExpression(f"{what}: there is nothing to store but the key; put() the item")
        for other in self._recorded:
            if other.step.place.table == place.table and other.key == recorded.key:
                raise InvalidExpression(
                    f"{what}: the transaction has a {other.action.verb} of the same item already, and DynamoDB takes "
                    "one action for each; put both into one"
                )
        self._size += size_of_item(recorded.step.request.payload.get("Item", recorded.key))
        if self._size > MOST_BYTES:
            raise ItemTooLarge(
                f"{what}: with it the items of the transaction have {self._size:,} bytes, and DynamoDB takes "
                f"{MOST_BYTES:,} at most"
            )

    def _give_up(self) -> None:
        give_up(self._recorded)

    def _carry_out(self) -> Flow[None]:
        if self._recorded:
            yield from carry_out(self._recorded, self._token)
