"""The verbs of models in full: what is validated, signalled, sent and taken over, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from inspect import signature
from typing import Any

from ..exceptions import (
    BatchError,
    ConditionFailed,
    DoesNotExist,
    DynaModelException,
    InvalidKey,
    PartialInstance,
    PathMissing,
    ValidationError,
)
from ..expressions import Action, Change, Condition, F, is_in_list
from ..flows import Place
from ..instances.changes import changed_since, changes, key_changed, partial_save, require_same_key, values_of
from ..instances.loading import known_as_stored, loaded, loader, refreshed
from ..instances.state import State, snapshot
from ..many import batches as batch
from ..signals import post_delete, post_save, post_update, pre_delete, pre_save, pre_update
from ..store import Store, plain
from ..wire.codec import WireItem, decode_item, encode_item
from .answers import take_over
from .update_plan import Planned, actions, planned, told_apart


def _store(model: Any) -> Store:
    store: Store = model._dynamorm.store
    return store


def taken(cls: Any, item: Any) -> WireItem:
    """Give the wire form of what was given to be put."""
    mapper = _store(cls).mapper
    if isinstance(item, cls):
        return whole_wire(item)
    if isinstance(item, Mapping):
        return mapper.take(item)
    raise DynaModelException(f"{cls.__name__} is put as a dict or an instance of it, not as {item!r}")


def whole_wire(instance: Any) -> WireItem:
    """Give the wire form of a whole instance, validated, with what a lenient schema let it keep."""
    state: State = instance._dynamorm_state
    if state.partial:
        raise PartialInstance(
            f"{instance!r} was loaded in part: storing it whole would erase what was not loaded. "
            "save(partial=True), update() and refresh() work"
        )
    wire = _store(type(instance)).mapper.dump_whole(values_of(instance))
    return {**state.extra, **wire}


# Partners that are saved along.


def changed_partners(instance: Any) -> list[Any]:
    """Give the partners that are saved together with an instance because they were changed."""
    relationships = type(instance)._dynamorm_relationships
    related = instance._dynamorm_state.related or {}
    found = [relationships[name].partner_to_save(instance) for name in related if name in relationships]
    return [partner for partner in found if partner is not None]


def valid_partners(instance: Any) -> list[Any]:
    """Like :func:`changed_partners`, each validated, so that nothing is stored where one cannot be."""
    partners = changed_partners(instance)
    for partner in partners:
        type(partner).validate(partner)
    return partners


def save_partners(partners: Iterable[Any], partial: bool) -> None:
    for partner in partners:
        # under a new key there is nothing yet that a part could be sent to
        type(partner).save(partner, partial=partial and not key_changed(partner))


# Whole items.


def save_whole(instance: Any, unique: bool, conditions: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Store an instance as a whole; what the schema does not know and was loaded stays as it is by now."""
    cls, state = type(instance), instance._dynamorm_state
    store = _store(cls)
    pre_save.send(cls, instance=instance, put_kwargs=kwargs)
    partners = valid_partners(instance)
    whole = whole_wire(instance)
    resolved = store.mapper.conditions([conditions])
    place = store.place_of(instance)
    if unique:
        response = store.put_unique(place, whole, resolved, kwargs)
    elif state.extra and state.loaded is not None:
        known = {name: value for name, value in whole.items() if name not in state.extra}
        response = store.replace_known(place, known, resolved, kwargs)
    else:
        response = store.put(place, whole, resolved, kwargs)
    known_as_stored(instance, whole, place)
    save_partners(partners, partial=False)
    post_save.send(cls, instance=instance, put_kwargs=kwargs)
    return response


def save_changes(instance: Any, return_all: bool, conditions: Any, kwargs: dict[str, Any]) -> dict[str, Any] | None:
    """Send what differs from what was loaded, through the model's own ``update``."""
    require_same_key(instance, "a partial save")
    changed_partners(instance)  # a new parent may have got the key that this instance is to store
    plainly = not _take_actions(type(instance))
    done, updates = partial_save(instance, plainly=plainly)
    if not done and not updates:
        partners = valid_partners(instance)
        if conditions is not None:
            check(instance, conditions)
        save_partners(partners, partial=True)
        return None
    options: dict[str, Any] = {"update_item_kwargs": kwargs, "return_all": return_all}
    if conditions is not None:
        options["conditions"] = conditions
    try:
        return _update_with_increments(instance, done, {**options, **updates})
    except PathMissing:
        done, updates = partial_save(instance, _current(instance), plainly=plainly)
        return _update_with_increments(instance, done, {**options, **updates})


def _update_with_increments(instance: Any, done: Sequence[Change], arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Call the model's own ``update`` with everything that is to be sent; increments stay to be sent if it fails."""
    state: State = instance._dynamorm_state
    state.sending, state.pending = state.pending, {}
    try:
        response: dict[str, Any] | None = type(instance).update(instance, *done, **arguments)
    finally:
        state.sending, state.pending = {}, {**state.sending, **state.pending}
    return response


def _take_actions(cls: Any) -> bool:
    """Say whether the verbs that changes pass take actions; those written for DynamORM 0.11 do not."""
    return _takes_any_number(cls.update) and _takes_any_number(getattr(cls.update_item, "__func__", cls.update_item))


@lru_cache(maxsize=256)
def _takes_any_number(verb: Any) -> bool:
    return any(parameter.kind is parameter.VAR_POSITIONAL for parameter in signature(verb).parameters.values())


def _current(instance: Any) -> WireItem:
    """Give an instance's item as it is now, in wire form."""
    store = _store(type(instance))
    key = store.mapper.key_of(instance.__dict__)
    return store.get(store.place_of(instance), key, consistent=True) or {}


def check(instance: Any, conditions: Any) -> None:
    """Hold conditions against the item without changing it; it has to be there."""
    store = _store(type(instance))
    resolved = (store.exists, *store.mapper.conditions([conditions]))
    key = store.mapper.key_of(instance.__dict__)
    try:
        store.update(store.place_of(instance), key, [], resolved, returning="NONE")
    except ConditionFailed as error:
        if error.item is None:
            raise _gone(instance) from error
        raise


def _gone(instance: Any) -> DoesNotExist:
    return DoesNotExist(f"{instance!r} is not in the table any more")


# Parts of items.


def update_instance(
    instance: Any,
    arguments: Sequence[Any],
    conditions: Any,
    update_item_kwargs: dict[str, Any] | None,
    return_all: bool,
    updates: dict[str, Any],
    own_update_item: Any,
) -> dict[str, Any] | None:
    """Change an item through the model's own ``update_item``, and take over what it is then.

    Where that is ``own_update_item``, which nobody has replaced, what it would do is done here with what is known.
    """
    cls = type(instance)
    store, state = _store(cls), instance._dynamorm_state
    require_same_key(instance, "update()")
    changes, conditions = told_apart(arguments, conditions)
    mapper, key_names = store.mapper, store.mapper.key_names
    _refuse_keys(mapper, updates)  # before they are among what is sent, to say which item
    raw: dict[str, Any] = {} if update_item_kwargs is None else update_item_kwargs
    is_replaced = getattr(cls.update_item, "__func__", None) is not own_update_item
    sent: dict[str, Any] | None = None
    signals: dict[str, Any] = {}
    if is_replaced or pre_update.receivers or post_update.receivers:
        sent = {**updates, **{name: instance.__dict__.get(name) for name in key_names}}
        signals = {"instance": instance, "conditions": conditions, "update_item_kwargs": raw, "updates": sent}
        if pre_update.receivers:
            before = snapshot(values_of(instance))
            pre_update.send(cls, **signals)
            changes = _with_what_receivers_changed(instance, before, changes, sent)
        updates = {name: value for name, value in sent.items() if name not in key_names}
    partners = valid_partners(instance) if state.related else []
    more_changed = "UpdateExpression" in raw
    if not changes and not updates and not more_changed:
        _finish_update(cls, partners, signals)
        return None
    plan = planned(mapper, changes, updates)
    # neither elements that move nor what an expression of the caller's own does can be told from the changes alone
    whole = return_all or more_changed or any(map(is_in_list, [part.path for part in plan]))
    raw["ReturnValues"] = "ALL_NEW" if whole else "UPDATED_NEW"
    place = store.place_of(instance)
    is_loaded = state.loaded is not None
    try:
        if not is_replaced:
            key = mapper.key_of(instance.__dict__) if sent is None else _key_and_updates(store, sent)[0]
            response = _change(store, place, key, plan, conditions, raw, (store.exists,) if is_loaded else ())
            answer = None if response is None else response.get("Attributes", {})
            response = None if response is None else plain(response)
        else:
            demands = [store.exists, conditions] if is_loaded else conditions
            with store.at(place):
                response = cls.update_item(*changes, conditions=demands, update_item_kwargs=raw, **(sent or {}))
            answer = None if response is None else encode_item(response.get("Attributes") or {})
    except ConditionFailed as error:
        if is_loaded and error.item is None:
            raise _gone(instance) from error
        raise
    if answer is not None and return_all:
        _take_all_over(instance, plan, answer, place)
    elif answer is not None:
        take_over(instance, plan, answer, place, whole_answer=whole, more_changed=more_changed)
    _finish_update(cls, partners, signals)
    return response


def _refuse_keys(mapper: Any, updates: Mapping[str, Any]) -> None:
    for name in mapper.names_of_key.intersection(updates):
        planned(mapper, (), {name: updates[name]})


def _finish_update(cls: Any, partners: Sequence[Any], signals: dict[str, Any]) -> None:
    if partners:
        save_partners(partners, partial=True)
    if signals:
        post_update.send(cls, **signals)


def _with_what_receivers_changed(
    instance: Any, before: Mapping[str, Any], changes: list[Change], sent: dict[str, Any]
) -> list[Change]:
    """Add what the receivers of ``pre_update`` did to the instance to what is sent; functions that were asked for stay.

    Gives the actions; keyword arguments are changed where they are.
    """
    mapper = _store(type(instance)).mapper
    parts = planned(mapper, changes, {name: sent[name] for name in sent if _is_no_key(mapper, name)})
    asked = {str(part.path[0]) for part in parts}
    done, named = changed_since(instance, before, asked, plainly=not _take_actions(type(instance)))
    added = planned(mapper, done, named)
    counted = {part.path[0] for part in parts if part.kind not in ("set", "remove")}
    replaced = {part.path[0] for part in added} - counted
    gone = {part.label for part in parts if part.path[0] in replaced}
    for name in gone & sent.keys():
        del sent[name]
    refused = {part.label for part in added if part.path[0] in counted}
    sent.update((name, value) for name, value in named.items() if name not in refused)
    kept = [change for change in changes if repr(change.target) not in gone]
    return [*kept, *(change for change in done if repr(change.target) not in refused)]


def _is_no_key(mapper: Any, name: str) -> bool:
    spec = mapper.resolver.find(name)
    return spec is None or spec.stored not in mapper.key.names


def _take_all_over(instance: Any, plan: Any, answer: WireItem, place: Place) -> None:
    try:
        refreshed(instance, answer, place)
    except ValidationError:
        # the schema refuses the item as it is now, but what was sent is stored, and not to be sent again
        take_over(instance, plan, answer, place, whole_answer=True)
        raise


def update_key(
    cls: Any, arguments: Sequence[Any], conditions: Any, raw: Mapping[str, Any] | None, given: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Change the item with a key; gives DynamoDB's answer, ``None`` where there was nothing to do."""
    store = _store(cls)
    changes, conditions = told_apart(arguments, conditions)
    key, updates = _key_and_updates(store, given)
    return _change(store, store.here, key, planned(store.mapper, changes, updates), conditions, raw)


def _change(
    store: Store,
    place: Place,
    key: WireItem,
    plan: Sequence[Planned],
    conditions: Any,
    raw: Mapping[str, Any] | None,
    demands: tuple[Condition, ...] = (),
) -> dict[str, Any] | None:
    resolved = actions(store.mapper, plan)
    returning = "NONE"
    if raw:
        raw = dict(raw)
        returning = raw.pop("ReturnValues", returning)
    if not resolved and (not raw or "UpdateExpression" not in raw):
        return None
    if conditions is not None:
        demands = (*demands, *store.mapper.conditions((conditions,)))
    return store.update(place, key, resolved, demands, raw, returning)


def _key_and_updates(store: Store, given: Mapping[str, Any]) -> tuple[WireItem, dict[str, Any]]:
    mapper = store.mapper
    key: dict[str, Any] = {}
    updates: dict[str, Any] = {}
    for name, value in given.items():
        (key if name in mapper.names_of_key else updates)[name] = value
    return mapper.wire_key(key), updates


def upsert(cls: Any, arguments: Sequence[Any], conditions: Any, given: Mapping[str, Any]) -> Any:
    """Change an item, or make it with what is given and the schema's defaults."""
    store = _store(cls)
    mapper = store.mapper
    changes, conditions = told_apart(arguments, conditions)
    key, updates = _key_and_updates(store, given)
    plan = planned(mapper, changes, updates)
    supplied = {str(part.path[0]) for part in plan if part.kind != "remove"} | set(key)
    defaults = mapper.given({}, defaults=True)
    missing = [
        spec.name
        for spec in mapper.adapter.inputs
        if spec.required and not spec.nullable and spec.kind != "set"
        if spec.stored not in supplied and defaults.get(spec.name) is None
    ]
    if missing:
        raise DynaModelException(
            f"upsert of {cls.__name__} may make a new item, which needs {', '.join(missing)} too; "
            "patch() changes only what is there"
        )
    touched = {str(part.path[0]) for part in plan} | set(key)
    for name, value in defaults.items():
        spec = mapper.adapter.fields.get(name)
        if spec is not None and spec.stored not in touched and value is not None and not spec.computed:
            plan.append(planned(mapper, (), {f"{name}__if_not_exists": value})[0])
    return _changed(cls, store, key, actions(mapper, plan), store.mapper.conditions([conditions]))


def patch(cls: Any, arguments: Sequence[Any], conditions: Any, given: Mapping[str, Any]) -> Any:
    """Change an item that has to be there."""
    store = _store(cls)
    changes, conditions = told_apart(arguments, conditions)
    key, updates = _key_and_updates(store, given)
    resolved = actions(store.mapper, planned(store.mapper, changes, updates))
    demands = (store.exists, *store.mapper.conditions([conditions]))
    try:
        return _changed(cls, store, key, resolved, demands)
    except ConditionFailed as error:
        if error.item is not None:
            raise
        raise DoesNotExist(f"there is no {cls.__name__} with key {decode_item(key)}") from error


def _changed(cls: Any, store: Store, key: WireItem, resolved: Sequence[Action], conditions: Any) -> Any:
    place = store.here
    answer = store.update(place, key, resolved, conditions)
    return loaded(cls, answer.get("Attributes", key), place=place)


def synchronise(instance: Any, conditions: Any) -> None:
    """Send what was changed, if anything was, and take everything over as it is then."""
    require_same_key(instance, "sync()")
    changed_partners(instance)
    if not changes(instance).keys() - set(_store(type(instance)).mapper.key_names):
        if conditions is not None:
            check(instance, conditions)
        partners = valid_partners(instance)
        refresh(instance, consistent=True)
        save_partners(partners, partial=True)
        return
    save_changes(instance, True, conditions, {})


def refresh(instance: Any, consistent: bool) -> None:
    """Read an item again, in place of everything that its instance holds."""
    require_same_key(instance, "refresh()")
    store = _store(type(instance))
    place = store.place_of(instance)
    wire = store.get(place, store.mapper.key_of(instance.__dict__), consistent)
    if wire is None:
        raise DoesNotExist(f"{instance!r} is not in the table")
    refreshed(instance, wire, place)


def delete_instance(instance: Any, conditions: Any, raw: dict[str, Any]) -> dict[str, Any]:
    """Delete an instance's item."""
    cls = type(instance)
    store = _store(cls)
    require_same_key(instance, "delete()")
    pre_delete.send(cls, instance=instance)
    key = store.mapper.key_of(instance.__dict__)
    resolved = store.mapper.conditions([conditions])
    response = store.delete(store.place_of(instance), key, resolved, raw)
    post_delete.send(cls, instance=instance)
    return response


# Many items.


def items_of_keys(cls: Any, keys: Iterable[Any], consistent: bool, attrs: Any, ordered: bool) -> Any:
    """Give the instances of keys: as they come, or ``ordered``."""
    store = _store(cls)
    if isinstance(attrs, str):
        attrs = [F(name.strip()) for name in attrs.split(",")]  # an expression, which may name anything
    paths = None if attrs is None else store.mapper.paths(attrs)
    if isinstance(keys, (str, bytes, Mapping)):
        raise InvalidKey(f"get_batch({keys!r}): a list of keys is meant")
    place = store.here
    load = loader(cls, paths is not None, place)
    wire_keys = (batch.wire_key_of(store, key) for key in keys)
    if not ordered:
        return _Found(batch.read(store, place, wire_keys, consistent=consistent, paths=paths), load)
    try:
        items = batch.in_order(store, place, list(wire_keys), consistent=consistent, paths=paths)
    except BatchError as error:
        raise BatchError(str(error), [load(wire) for wire in error.done], error.missing) from None
    return [None if wire is None else load(wire) for wire in items]


class _Found(Generator[Any, None, None]):
    """Gives the instances of stored items; one that the schema refuses raises, and the next one comes after it."""

    def __init__(self, items: Iterator[WireItem], load: Callable[[WireItem], Any]) -> None:
        self._items = items
        self._load = load
        self._done: list[Any] = []

    def __next__(self) -> Any:
        try:
            wire = next(self._items)
        except BatchError as error:
            raise BatchError(str(error), self._done, error.missing) from None
        instance = self._load(wire)
        self._done.append(instance)
        return instance

    def send(self, value: Any) -> Any:
        return next(self)

    def throw(self, *error: Any) -> Any:
        self._items = iter(())
        return super().throw(*error)
