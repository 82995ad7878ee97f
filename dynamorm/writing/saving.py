"""Saving, updating, refreshing and deleting instances: what is validated, signalled, sent and taken over, in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..arguments import check_mapping
from ..exceptions import (
    DynaModelException,
    HashKeyExists,
    InvalidExpression,
    PartialInstance,
    PathMissing,
)
from ..expressions import Change
from ..flows import Flow, Foretell, Invoke, Overriding, Tell
from ..guards import CARRIED, Demand
from ..instances.changes import (
    changes,
    key_changed,
    key_of_instance,
    more,
    partial_save,
    require_same_key,
    unchanged,
    values_of,
)
from ..instances.in_flight import InFlight
from ..instances.loading import adopt, mark_stored, replace_all
from ..instances.state import State, snapshot
from ..signals import post_delete, post_save, post_update, pre_delete, pre_save, pre_update
from ..store import Store, store_of
from ..wire.codec import WireItem
from ..wire.texts import item_of
from .update_actions import asked_actions, split_actions_and_conditions
from .updating import change_instance, check, store_key, take_actions, with_what_receivers_changed, without_own_key

# Whole items.


# A whole item that is to be stored, in wire form, with what its write demands.
Whole = tuple[WireItem, Demand]


def item_to_put(store: Store, item: Any, unique: bool = False, expected: Any = CARRIED) -> Whole:
    """Return what was given to be put."""
    guards, mapper = store.guards, store.mapper
    if isinstance(item, store.model):
        store.filled(item.__dict__)  # which contradicts nothing
        held, demand = guards.of_saved(item, values_of(mapper, item), unique=unique, expected=expected)
        return whole_item(store, item, held), demand
    given = item if isinstance(item, Mapping) else mapper.adapter.values_of(item)
    if given is not None:
        values, demand = guards.of_given(store.filled(given), unique=unique, expected=expected)
        return mapper.wire_of_new(values), demand
    name = store.model.__name__
    raise DynaModelException(f"{name} is put as a dict, an instance of it or an object of its Schema, not as {item!r}")


def whole_item(store: Store, instance: Any, values: Mapping[str, Any]) -> WireItem:
    """Return the wire form of a whole instance with some values, validated, with what a lenient schema let it keep."""
    state: State = instance._dynamorm_state
    if state.partial:
        raise PartialInstance(
            f"{instance!r} was loaded in part: storing it whole would erase what was not loaded. "
            "save(partial=True), update() and refresh() work"
        )
    wire = store.mapper.dump_whole(values)
    if store.mapper.key_has_forms:
        wire.update(key_of_instance(store.mapper, instance, values))
    return {**state.extra, **wire}


def put(
    store: Store,
    item: Any,
    conditions: Any,
    raw: Mapping[str, Any],
    *,
    unique: bool = False,
    expected: Any = CARRIED,
) -> Flow[dict[str, Any]]:
    """Store an item in place of what was there, or with ``unique`` where there is none."""
    (wire, demand), resolved = item_to_put(store, item, unique, expected), store.mapper.conditions([conditions])
    send = store.put_unique if unique else store.put
    sending = send(store.here, wire, demand, resolved, raw)
    return _put_instance(sending, item, demand) if demand.values and isinstance(item, store.model) else sending


def _put_instance(sending: Flow[dict[str, Any]], instance: Any, demand: Demand) -> Flow[dict[str, Any]]:
    response = yield from sending
    instance.__dict__.update(demand.values)
    return response


class Wish(NamedTuple):
    """How an instance is to be saved."""

    partial: bool = False
    unique: bool = False
    return_all: bool = False
    conditions: Any = None
    atomic: bool = False
    expected: Any = CARRIED


def save(store: Store, instance: Any, wish: Wish, raw: dict[str, Any]) -> Flow[dict[str, Any] | None]:
    """Store an instance as a whole, or what was changed in it."""
    conditions = wish.conditions
    if wish.atomic:
        conditions = [*unchanged(store.mapper, instance, "an atomic save"), conditions]
    if wish.partial:
        return save_changes(store, instance, wish.return_all, conditions, raw, wish.expected)
    return save_whole(store, instance, wish.unique, conditions, raw, wish.expected)


def save_whole(
    store: Store, instance: Any, unique: bool, conditions: Any, raw: dict[str, Any], expected: Any = CARRIED
) -> Flow[dict[str, Any]]:
    """Store an instance as a whole; what the schema does not know and was loaded stays as it is by now."""
    cls, state = store.model, instance._dynamorm_state
    if post_save.receivers:
        yield Foretell(post_save, cls)
    if pre_save.receivers:
        yield Tell(pre_save, cls, {"instance": instance, "put_kwargs": raw})
    partners = (yield from valid_partners(store, instance)) if state.related else ()
    sent = InFlight(instance, store.mapper.fields)
    held, demand = store.guards.of_saved(instance, sent.held, unique=unique, expected=expected)
    whole = whole_item(store, instance, held)
    resolved = store.mapper.conditions([conditions])
    place = store.place_of(instance)
    if unique:
        response = yield from store.put_unique(place, whole, demand, resolved, raw)
    elif state.extra and state.loaded is not None:
        known = {name: value for name, value in whole.items() if name not in state.extra}
        response = yield from store.replace_known(place, known, state.extra, demand, resolved, raw)
    else:
        response = yield from store.put(place, whole, demand, resolved, raw)
    if demand.values:
        sent.take_over(instance, demand.values)
    mark_stored(store.mapper, instance, whole, sent, place)
    if partners:
        yield from save_partners(partners, partial=False)
    if post_save.receivers:
        yield Tell(post_save, cls, {"instance": instance, "put_kwargs": raw})
    return response


# What was changed.


def save_changes(
    store: Store, instance: Any, return_all: bool, conditions: Any, raw: dict[str, Any], expected: Any = CARRIED
) -> Flow[dict[str, Any] | None]:
    """Send what differs from what was loaded, through the model's own ``update``."""
    mapper = store.mapper
    require_same_key(mapper, instance, "a partial save")
    if instance._dynamorm_state.related:
        changed_partners(store, instance)  # a new parent may have got the key that this instance is to store
    plainly = not take_actions(store)
    done, updates = partial_save(mapper, instance, plainly=plainly)
    if not done and not updates:
        partners = yield from valid_partners(store, instance)
        response = None
        if instance._dynamorm_state.loaded is None:
            response = yield from store_key(store, instance, conditions, raw, expected)
        elif conditions is not None or expected is not CARRIED:
            yield from check(store, instance, conditions, expected)
        yield from save_partners(partners, partial=True)
        return response
    options = {"conditions": conditions, "update_item_kwargs": raw, "return_all": return_all, "if_version": expected}
    try:
        return (yield from _update_with_increments(store, instance, done, options, updates))
    except PathMissing:
        key = key_of_instance(mapper, instance)
        answer = yield store.get(store.place_of(instance), key, consistent=True)
        done, updates = partial_save(mapper, instance, item_of(answer.get("Item") or {}), plainly=plainly)
        return (yield from _update_with_increments(store, instance, done, options, updates))


def _update_with_increments(
    store: Store, instance: Any, done: Sequence[Change], options: dict[str, Any], updates: dict[str, Any]
) -> Flow[dict[str, Any] | None]:
    """Pass everything that is to be sent through ``update``; increments stay to be sent if it fails."""
    state: State = instance._dynamorm_state
    state.sending, state.pending = state.pending, {}
    try:
        if store.is_replaced("update") and (own := (yield Overriding(store, "update"))) is not None:
            usual = {"conditions": None, "if_version": CARRIED}  # what code for DynamORM 0.11 need not take
            given = {name: value for name, value in options.items() if name not in usual or value is not usual[name]}
            keywords = {**given, **updates}
            response: dict[str, Any] | None = yield Invoke(own, (instance, *done), keywords)
        else:
            response = yield from update_instance(store, instance, done, updates=updates, **options)
    finally:
        state.sending, state.pending = {}, more(state.sending, state.pending)
    return response


def update_instance(
    store: Store,
    instance: Any,
    arguments: Sequence[Any],
    conditions: Any,
    update_item_kwargs: dict[str, Any] | None,
    return_all: bool,
    updates: dict[str, Any],
    if_version: Any = CARRIED,
) -> Flow[dict[str, Any] | None]:
    """Change an item, through the model's own ``update_item`` where it has one, and take over what it is then."""
    mapper, state = store.mapper, instance._dynamorm_state
    require_same_key(mapper, instance, "update()")
    todo, conditions = split_actions_and_conditions(arguments, conditions)
    updates = without_own_key(mapper, instance, updates)
    raw: dict[str, Any] = {} if update_item_kwargs is None else update_item_kwargs
    if raw:
        check_mapping("update_item_kwargs", raw, InvalidExpression)
    sent: dict[str, Any] | None = None
    signalled: dict[str, Any] = {}
    if pre_update.receivers or post_update.receivers or store.is_replaced("update_item"):
        sent = {**updates, **{name: instance.__dict__.get(name) for name in mapper.key_names}}
        signalled = {"instance": instance, "conditions": conditions, "update_item_kwargs": raw, "updates": sent}
        if post_update.receivers:
            yield Foretell(post_update, store.model)
        if pre_update.receivers:
            before, counted = snapshot(values_of(mapper, instance)), set(state.sending)
            yield Tell(pre_update, store.model, signalled)
            for name in counted - state.sending.keys():  # a value was assigned in place of the increments
                sent.pop(f"{name}__add", None)
            todo = with_what_receivers_changed(store, instance, before, todo, sent)
        updates = {name: value for name, value in sent.items() if name not in mapper.key_names}
    partners = (yield from valid_partners(store, instance)) if state.related else ()
    response = None
    if todo or updates or "UpdateExpression" in raw:
        asked = asked_actions(mapper, todo, updates)
        response = yield from change_instance(
            store, instance, asked, todo, conditions, raw, sent, return_all, if_version
        )
    if partners:
        yield from save_partners(partners, partial=True)
    if signalled and post_update.receivers:
        yield Tell(post_update, store.model, signalled)
    return response


def reconcile(store: Store, instance: Any, conditions: Any, atomic: bool = False) -> Flow[None]:
    """Send what was changed, if anything was, and take everything over as it is then."""
    require_same_key(store.mapper, instance, "reconcile()")
    if atomic:
        conditions = [*unchanged(store.mapper, instance, "reconcile()"), conditions]
    changed_partners(store, instance)
    if changes(store.mapper, instance).keys() - set(store.mapper.key_names):
        yield from save_changes(store, instance, True, conditions, {})
        return
    if conditions is not None:
        yield from check(store, instance, conditions)
    partners = yield from valid_partners(store, instance)
    yield from refresh(store, instance, consistent=True)
    yield from save_partners(partners, partial=True)


def refresh(store: Store, instance: Any, consistent: bool) -> Flow[None]:
    """Read an item again, in place of everything that its instance holds."""
    require_same_key(store.mapper, instance, "refresh()")
    place = store.place_of(instance)
    sent = InFlight(instance, store.mapper.fields)
    answer = yield store.get(place, key_of_instance(store.mapper, instance, sent.held), consistent)
    shown = store.mapper.shown(answer["Item"], store) if "Item" in answer else None
    if shown is None:
        raise store.does_not_exist(f"{instance!r} is not in the table")
    replace_all(store.mapper, instance, item_of(shown[1]), sent, place)


def delete_key(store: Store, conditions: Any, keys: Mapping[str, Any], expected: Any = CARRIED) -> Flow[dict[str, Any]]:
    """Delete the item with a primary key."""
    key, resolved = store.wire_key(keys), store.mapper.conditions([conditions])
    return store.delete(store.here, key, store.guards.of_delete(expected), resolved)


def delete_instance(store: Store, instance: Any, wish: Wish, raw: dict[str, Any]) -> Flow[dict[str, Any]]:
    """Delete an instance's item."""
    require_same_key(store.mapper, instance, "delete()")
    conditions = wish.conditions
    if wish.atomic:
        conditions = [*unchanged(store.mapper, instance, "an atomic delete"), conditions]
    if post_delete.receivers:
        yield Foretell(post_delete, store.model)
    if pre_delete.receivers:
        yield Tell(pre_delete, store.model, {"instance": instance})
    key = key_of_instance(store.mapper, instance)
    resolved, demand = store.mapper.conditions([conditions]), store.guards.of_removal(instance, wish.expected)
    response = yield from store.delete(store.place_of(instance), key, demand, resolved, raw)
    if post_delete.receivers:
        yield Tell(post_delete, store.model, {"instance": instance})
    return response


# Partners that are saved along.


class Partner(NamedTuple):
    """A partner that is to be saved along; ``is_made`` says that it was made because none was stored."""

    instance: Any
    is_made: bool


def changed_partners(store: Store, instance: Any) -> list[Partner]:
    """Return the partners that are saved together with an instance because they were changed."""
    related = instance._dynamorm_state.related or {}
    relationships = store.relationships
    found = [relationships[name].partner_to_save(instance) for name in related if name in relationships]
    return [Partner(*partner) for partner in found if partner is not None]


def valid_partners(store: Store, instance: Any) -> Flow[list[Partner]]:
    """Like :func:`changed_partners`, each validated, so that nothing is stored where one cannot be."""
    partners = changed_partners(store, instance)
    for partner, _ in partners:
        yield Invoke(type(partner).validate, (partner,))
    return partners


def save_partners(partners: Iterable[Partner], partial: bool) -> Flow[None]:
    """Save the partners of an instance that was saved."""
    for partner, is_made in partners:
        store = store_of(type(partner))
        # under a new key there is nothing yet that a part could be sent to
        partly = partial and not key_changed(store.mapper, partner)
        if not is_made:
            yield from _save_partner(store, partner, partial=partly)
        elif partly:
            # makes the item, or changes that of somebody who stored one meanwhile
            yield from _save_partner(store, partner, partial=True, return_all=True)
        else:
            yield from _save_made(store, partner)


def _save_made(store: Store, partner: Any) -> Flow[None]:
    """Save a partner that was made because there was none; if somebody stored one meanwhile, change that one."""
    try:
        yield from _save_partner(store, partner, unique=True)
    except HashKeyExists as error:
        shown = None if error.item is None else store.mapper.shown(error.item, store)
        if shown is None:
            raise
        adopt(store.mapper, partner, item_of(shown[1]), store.place_of(partner))
    else:
        return
    yield from _save_partner(store, partner, partial=True)


def _save_partner(
    store: Store, partner: Any, partial: bool = False, unique: bool = False, return_all: bool = False
) -> Flow[None]:
    if store.is_replaced("save") and (own := (yield Overriding(store, "save"))) is not None:
        asked = {"unique": unique, "return_all": return_all}
        options = {"partial": partial, **{name: True for name, is_asked in asked.items() if is_asked}}
        yield Invoke(own, (partner,), options)
    else:
        yield from save(store, partner, Wish(partial, unique, return_all), {})
