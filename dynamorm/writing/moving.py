"""Moving an item to another key: it is stored there and deleted where it was, in one transaction."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Mapping
from typing import Any

from ..exceptions import (
    ConditionFailed,
    DynaModelException,
    ExpressionTooLong,
    InvalidKey,
    PartialInstance,
    TransactionCanceled,
)
from ..expressions import Condition, render_condition
from ..flows import Flow, Foretell, Tell
from ..guards import Demand
from ..instances.changes import key_of_instance, require_same_key, unchanged
from ..instances.in_flight import InFlight
from ..instances.loading import mark_stored
from ..instances.state import State
from ..mapper import Mapper
from ..signals import post_save, pre_save
from ..store import Store
from ..wire.codec import WireItem
from ..wire.paths import same_value
from .recorded import RecordingStore, carry_out, give_up, record
from .saving import Wish, changed_partners, delete_instance, whole_item


def change_key(store: Store, instance: Any, given: Mapping[str, Any]) -> Flow[None]:
    """Store an instance under another key and delete its item under the old one, both or neither."""
    _require_movable(store, instance)
    natives = _natives_of_key(store.mapper, instance, given)
    recording, old = store.twin(RecordingStore), copy.copy(instance)
    put = yield from record("put", recording, instance, _put(recording, instance, old, natives))
    assert put is not None
    try:
        # what listens to deletes is shown the key that is no more
        delete = yield from record("delete", recording, old, _delete(recording, old))
    except BaseException:
        give_up([put])
        raise
    assert delete is not None
    try:
        yield from carry_out([put, delete], uuid.uuid4().hex, store.model)
    except TransactionCanceled as canceled:
        errors = (reason.error for reason in canceled.reasons)
        refused = next((error for error in errors if isinstance(error, ConditionFailed)), None)
        if refused is None:
            raise
        refused.attempts, refused.ambiguous = canceled.attempts, canceled.ambiguous
        raise refused from canceled


def _require_movable(store: Store, instance: Any) -> None:
    state: State = instance._dynamorm_state
    if state.loaded is None:
        raise DynaModelException(
            f"change_key() of {instance!r}: it was never loaded or saved, so it has no item to move; assign the key "
            "and save() it"
        )
    require_same_key(store.mapper, instance, "change_key()")
    if state.partial:
        raise PartialInstance(
            f"change_key() of {instance!r}: it was loaded in part, and an item is moved as a whole; refresh() it first"
        )
    changed = changed_partners(store, instance)
    if changed:
        raise DynaModelException(
            f"change_key() of {instance!r}: {changed[0].instance!r} was changed too, and is not saved along; save it "
            "first"
        )


def _natives_of_key(mapper: Mapper, instance: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are given for parts of the key, converted and validated, by Python name."""
    others = [name for name in given if name not in mapper.names_of_key]
    if others:
        raise InvalidKey(
            f"change_key({', '.join(f'{name}=...' for name in others)}): the key of {mapper.model_name} is "
            f"{', '.join(mapper.key_names)}; update() and save() change everything else"
        )
    named = {mapper.resolver.field(name).name: value for name, value in given.items()}
    natives = {**dict.fromkeys(named), **mapper.given(named, defaults=False)}
    mapper.key_of({**instance.__dict__, **natives})  # which refuses what can be no key
    return natives


def _put(store: Store, instance: Any, old: Any, natives: Mapping[str, Any]) -> Flow[None]:
    """Store an instance under its new key, where there must be none; it has its old key again if that fails.

    :param old: the instance as it was, with its old key
    """
    mapper, state = store.mapper, instance._dynamorm_state
    place, raw = store.place_of(instance), dict[str, Any]()
    instance.__dict__.update(natives)
    try:
        if post_save.receivers:
            yield Foretell(post_save, store.model)
        if pre_save.receivers:
            yield Tell(pre_save, store.model, {"instance": instance, "put_kwargs": raw})
        sent = InFlight(instance, mapper.fields)
        held, demand = store.guards.of_saved(instance, sent.held)
        whole = {**whole_item(store, instance, held), **_new_key(mapper, old, sent.held)}
        # the version is counted on, and it is the old item that has to have the one before
        yield from store.put_unique(place, whole, Demand(values=demand.values), (), raw)
    except BaseException:
        instance.__dict__.update({name: old.__dict__.get(name) for name in mapper.key_names})
        state.related = old._dynamorm_state.related  # to which other keys may not have led
        raise
    sent.take_over(instance, demand.values)
    mark_stored(mapper, instance, whole, sent, place)
    if post_save.receivers:
        yield Tell(post_save, store.model, {"instance": instance, "put_kwargs": raw})


def _new_key(mapper: Mapper, old: Any, held: Mapping[str, Any]) -> WireItem:
    """Return the key that an item moves to; the parts that stay the same keep the form in which they are stored."""
    stored, before, after = key_of_instance(mapper, old), mapper.key_of(old.__dict__), mapper.key_of(held)
    kept = {name: stored[name] for name, value in after.items() if same_value(value, before[name])}
    if len(kept) == len(after):
        raise InvalidKey(
            f"change_key() of {old!r}: it has this key already; give another value for a part of it "
            f"({', '.join(mapper.key_names)})"
        )
    return {**after, **kept}


def _delete(store: Store, old: Any) -> Flow[Any]:
    """Delete the item under its old key, which must be as it was loaded: nothing else is moved."""
    return delete_instance(store, old, Wish(conditions=_as_loaded(store, old)), {})


def _as_loaded(store: Store, old: Any) -> list[Condition]:
    """Return the conditions that an item is as it was loaded; where these are too many, its version says so alone."""
    conditions = unchanged(store.mapper, old, "change_key()")
    if store.mapper.version is not None:
        try:
            render_condition([*store.guards.of_removal(old).conditions, *conditions])
        except ExpressionTooLong:
            return [store.exists]
    return conditions
