"""Updates: of the item with a key, and of an instance's item, whose answer the instance takes over."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from inspect import signature
from typing import Any

from ..arguments import check_mapping
from ..exceptions import ConditionFailed, DoesNotExist, DynaModelException, InvalidExpression, ValidationError
from ..expressions import Action, Change, Condition, is_in_list
from ..flows import Flow, Invoke, Overriding, Place
from ..guards import CARRIED, UNSAID, Demand
from ..instances.changes import changed_since, key_of_instance
from ..instances.in_flight import InFlight
from ..instances.loading import loaded, replace_all
from ..key_updates import refuse_unsaid
from ..mapper import Mapper
from ..spec import FieldSpec
from ..store import Store, plain
from ..wire.codec import AttributeValue, WireItem, decode_item, encode_item, encode_value
from ..wire.paths import same_value
from .answers import apply_answer
from .update_actions import AskedAction, asked_actions, resolved_actions, split_actions_and_conditions

# By key.


def update_key(
    store: Store,
    arguments: Sequence[Any],
    conditions: Any,
    raw: Mapping[str, Any] | None,
    keys_and_updates: Mapping[str, Any],
    expected: Any = CARRIED,
    given: Any = UNSAID,
) -> Flow[dict[str, Any] | None]:
    """Change the item with a key; returns DynamoDB's answer, ``None`` where there was nothing to do."""
    mapper = store.mapper
    changes, conditions = split_actions_and_conditions(arguments, conditions)
    keys_and_updates, given = _with_field_given(mapper, keys_and_updates, given)
    key, parts, updates = _key_and_updates(mapper, store.filled(keys_and_updates))
    mapper.require_makeable(key)
    resolved = resolved_actions(mapper, asked_actions(mapper, changes, updates))
    demand = store.guards.of_update(resolved, may_create=True, expected=expected, parts=parts, given=given)
    return _send(store, store.here, key, resolved, demand, conditions, raw)


def _with_field_given(mapper: Mapper, keys_and_updates: Mapping[str, Any], given: Any) -> tuple[Mapping[str, Any], Any]:
    """Return the values of fields, among them one that is called ``given`` where that can mean nothing else."""
    if given is UNSAID or mapper.computed_keys:
        return keys_and_updates, given
    return {**keys_and_updates, "given": given}, UNSAID


def _key_and_updates(mapper: Mapper, given: Mapping[str, Any]) -> tuple[WireItem, WireItem, dict[str, Any]]:
    """Return a key, the fields that it is computed from, and what else is given."""
    key: dict[str, Any] = {}
    updates: dict[str, Any] = {}
    for name, value in given.items():
        (key if name in mapper.names_of_key else updates)[name] = value
    return *mapper.key_and_parts(key), updates


def _send(
    store: Store,
    place: Place,
    key: WireItem,
    resolved: Sequence[Action],
    demand: Demand,
    conditions: Any,
    raw: Mapping[str, Any] | None,
    demands: tuple[Condition, ...] = (),
) -> Flow[dict[str, Any] | None]:
    returning = "NONE"
    if raw:
        check_mapping("update_item_kwargs", raw, InvalidExpression)
        raw = dict(raw)
        returning = raw.pop("ReturnValues", returning)
        if "UpdateExpression" in raw and store.mapper.computed_keys:
            raise InvalidExpression(
                f"{store.mapper.model_name} has key attributes that are computed from fields, and they cannot follow "
                "an UpdateExpression; write the update with keyword arguments or actions"
            )
    if not resolved and (not raw or "UpdateExpression" not in raw):
        return None
    return (yield from _update_or_create(store, place, key, resolved, demand, conditions, raw, demands, returning))


def _update_or_create(
    store: Store,
    place: Place,
    key: WireItem,
    resolved: Sequence[Action],
    demand: Demand,
    conditions: Any,
    raw: Mapping[str, Any] | None,
    demands: tuple[Condition, ...] = (),
    returning: str = "NONE",
) -> Flow[dict[str, Any]]:
    """Send an update, which makes an item where there is none, unless reads would refuse what it makes."""
    mapper = store.mapper
    lacking = [] if demands else _lacking(mapper, (*resolved, *demand.actions), raw)
    lacking += sorted(map(mapper.named, demand.unsaid - {mapper.fields[name].stored for name in lacking}))
    if lacking:
        demands = (store.exists,)
    if conditions is not None:
        demands = (*demands, *mapper.conditions((conditions,)))
    try:
        return (yield from store.update(place, key, resolved, demand, demands, raw, returning))
    except ConditionFailed as error:
        if not lacking or not error.met_nothing:
            raise
        remedy = "upsert() makes an item where there is none"
        if demand.unsaid:
            remedy = "what a new one does not have is said with None, in given={...}"
        raise store.does_not_exist(
            f"there is no {mapper.model_name} with key {decode_item(key)}, and the update gives no value for "
            f"{', '.join(lacking)}, which a new one needs; {remedy}"
        ) from error


# what leaves a value where there was none
_SUPPLYING = frozenset({"set", "if_not_exists", "plus", "minus", "add", "append", "prepend"})


def _lacking(
    mapper: Mapper, actions: Iterable[Action | AskedAction], raw: Mapping[str, Any] | None = None
) -> list[str]:
    """Return the required fields that an item would not have if an update made it."""
    if not mapper.demanded:
        return []
    supplied = {action.path[0] for action in actions if len(action.path) == 1 and action.kind in _SUPPLYING}
    if raw and "UpdateExpression" in raw:
        names = raw.get("ExpressionAttributeNames", {})
        # an expression of the caller's own may set whatever it mentions
        supplied.update(names.get(word, word) for word in _WORD.findall(raw["UpdateExpression"]))
    return [spec.name for spec in mapper.demanded if spec.stored not in supplied]


_WORD = re.compile(r"[#\w]+")


def upsert(
    store: Store,
    arguments: Sequence[Any],
    conditions: Any,
    keys_and_updates: Mapping[str, Any],
    expected: Any = CARRIED,
    given: Any = UNSAID,
) -> Flow[Any]:
    """Change an item, or make it with what is given and the schema's defaults."""
    mapper = store.mapper
    changes, conditions = split_actions_and_conditions(arguments, conditions)
    keys_and_updates, given = _with_field_given(mapper, keys_and_updates, given)
    key, parts, updates = _key_and_updates(mapper, store.filled(keys_and_updates))
    mapper.require_makeable(key)
    asked = asked_actions(mapper, changes, updates)
    made = {spec.stored for spec in mapper.guarded.values()} | parts.keys()  # without anybody saying so
    missing = [name for name in _lacking(mapper, asked) if mapper.fields[name].stored not in made]
    if missing:
        raise DynaModelException(
            f"upsert of {mapper.model_name} may make a new item, which needs {', '.join(missing)} too; "
            "patch() changes only what is there"
        )
    defaults = mapper.given({}, defaults=True)
    touched = {str(part.path[0]) for part in asked} | made | set(key)
    for name, value in defaults.items():
        spec = mapper.adapter.fields.get(name)
        if spec is not None and spec.stored not in touched and value is not None and not spec.computed:
            asked.append(asked_actions(mapper, (), {f"{name}__if_not_exists": value})[0])
    resolved, demands = resolved_actions(mapper, asked), mapper.conditions([conditions])
    demand = store.guards.of_update(resolved, may_create=True, expected=expected, parts=parts, given=given)
    if demand.unsaid:
        refuse_unsaid(mapper, demand.unsaid)
    return (yield from _changed(store, key, resolved, demand, demands))


def patch(
    store: Store,
    arguments: Sequence[Any],
    conditions: Any,
    keys_and_updates: Mapping[str, Any],
    expected: Any = CARRIED,
    given: Any = UNSAID,
) -> Flow[Any]:
    """Change an item that has to be there."""
    mapper = store.mapper
    changes, conditions = split_actions_and_conditions(arguments, conditions)
    keys_and_updates, given = _with_field_given(mapper, keys_and_updates, given)
    key, parts, updates = _key_and_updates(mapper, store.filled(keys_and_updates))
    resolved = resolved_actions(mapper, asked_actions(mapper, changes, updates))
    demand = store.guards.of_update(resolved, may_create=False, expected=expected, parts=parts, given=given)
    demands = (store.exists, *mapper.conditions([conditions]))
    try:
        return (yield from _changed(store, key, resolved, demand, demands))
    except ConditionFailed as error:
        if not error.met_nothing:
            raise
        raise store.does_not_exist(f"there is no {mapper.model_name} with key {decode_item(key)}") from error


def _changed(
    store: Store, key: WireItem, resolved: Sequence[Action], demand: Demand, demands: Sequence[Condition]
) -> Flow[Any]:
    place = store.here
    answer = yield from store.update(place, key, resolved, demand, demands)
    # the update itself may be what lets the item expire
    return loaded(store, answer.get("Attributes", key), place=place, hides=False)


# Of an instance.


def change_instance(
    store: Store,
    instance: Any,
    asked: Sequence[AskedAction],
    changes: Sequence[Change],
    conditions: Any,
    raw: dict[str, Any],
    sent: dict[str, Any] | None,
    return_all: bool,
    expected: Any = CARRIED,
) -> Flow[dict[str, Any] | None]:
    """Send an update of an instance's item, and let the instance take over what it is then.

    :param sent: key and keyword arguments, where the model's own ``update_item`` or a receiver is to see them
    """
    state, more_changed = instance._dynamorm_state, "UpdateExpression" in raw
    response: dict[str, Any] | None
    # neither elements that move nor what an expression of the caller's own does can be told from the changes alone
    whole = return_all or more_changed or any(map(is_in_list, [part.path for part in asked]))
    raw["ReturnValues"] = "ALL_NEW" if whole else "UPDATED_NEW"
    place, is_loaded = store.place_of(instance), state.loaded is not None
    own: Any = None
    if sent is not None and store.is_replaced("update_item"):
        own = yield Overriding(store, "update_item")
    # hooks of the schema run once for a write: where update_item is the model's own, when that calls ours
    is_resolved = own is None or bool(store.mapper.computed_keys)
    resolved = resolved_actions(store.mapper, asked) if is_resolved else [Action(one.kind, one.path) for one in asked]
    demand = store.guards.of_change(instance, resolved, expected=expected)
    answered = [*asked, *_guarded(store.mapper, demand)] if demand.actions else asked
    everything = return_all or more_changed or not is_loaded
    departed = InFlight(instance, _touched(store.mapper, answered, everything))
    try:
        if own is not None:
            assert sent is not None
            demands = [store.exists, conditions] if is_loaded else conditions
            keywords = {"conditions": demands, "update_item_kwargs": raw, **sent}
            if store.mapper.version is not None:
                keywords["if_version"] = demand.version
            if demand.basis:
                keywords["given"] = store.guards.given_by(instance, demand)
            response = yield Invoke(own, tuple(changes), keywords, store.at(place))
            answer = None if response is None else encode_item(response.get("Attributes") or {})
        else:
            mapper = store.mapper
            key = key_of_instance(mapper, instance) if sent is None else _key_and_updates(mapper, sent)[0]
            demands = (store.exists,) if is_loaded else ()
            response = yield from _send(store, place, key, resolved, demand, conditions, raw, demands)
            answer = None if response is None else response.get("Attributes", {})
            response = None if response is None else plain(response)
    except ConditionFailed as error:
        if is_loaded and error.met_nothing:
            raise gone(store, instance) from error
        raise
    if answer is not None and return_all:
        _take_all_over(store.mapper, instance, answered, answer, departed, place)
    elif answer is not None:
        apply_answer(
            store.mapper, instance, answered, answer, departed, place, whole_answer=whole, more_changed=more_changed
        )
    return response


def _guarded(mapper: Mapper, demand: Demand) -> list[AskedAction]:
    """Return what a table's guards change by themselves, in the form of what was asked for."""
    asked = []
    for action in demand.actions:
        name = str(action.path[0])
        spec = mapper.adapter.by_stored.get(name)
        # a key attribute may be left out after all, where the item was another one: whatever comes of it is taken over
        kind = "remove" if name in mapper.attributes else action.kind
        asked.append(AskedAction(mapper.named(name), kind, action.path, spec, None))
    return asked


def _touched(mapper: Mapper, asked: Sequence[AskedAction], everything: bool) -> Iterable[str]:
    """Return the fields that an answer may bring."""
    if everything:
        return mapper.fields
    named = (mapper.adapter.by_stored.get(str(part.path[0])) for part in asked)
    return dict.fromkeys(spec.name for spec in named if spec is not None)


def _take_all_over(
    mapper: Mapper, instance: Any, asked: Sequence[AskedAction], answer: WireItem, sent: InFlight, place: Place
) -> None:
    try:
        replace_all(mapper, instance, answer, sent, place)
    except ValidationError:
        # the schema refuses the item as it is now, but what was sent is stored, and not to be sent again
        apply_answer(mapper, instance, asked, answer, sent, place, whole_answer=True)
        raise


def store_key(
    store: Store, instance: Any, conditions: Any, raw: dict[str, Any], expected: Any = CARRIED
) -> Flow[dict[str, Any]]:
    """Make the item of an instance that has nothing but its key; one that is there stays as it is."""
    mapper, place = store.mapper, store.place_of(instance)
    sent, demand = InFlight(instance, mapper.fields), store.guards.of_change(instance, (), expected=expected)
    key = key_of_instance(mapper, instance, sent.held)
    returning = "UPDATED_NEW" if demand.actions else "NONE"
    response = yield from _update_or_create(store, place, key, (), demand, conditions, raw, returning=returning)
    apply_answer(mapper, instance, _guarded(mapper, demand), response.get("Attributes", {}), sent, place)
    return plain(response)


def check(store: Store, instance: Any, conditions: Any, expected: Any = CARRIED) -> Flow[None]:
    """Hold conditions against the item without changing it; it has to be there."""
    resolved = (store.exists, *store.mapper.conditions([conditions]))
    key = key_of_instance(store.mapper, instance)
    demand = store.guards.of_change(instance, (), expected=expected, advances=False)
    try:
        place = store.place_of(instance)
        yield from store.update(place, key, [], demand, resolved, returning="NONE", checks=True)
    except ConditionFailed as error:
        if error.met_nothing:
            raise gone(store, instance) from error
        raise


def gone(store: Store, instance: Any) -> DoesNotExist:
    return store.does_not_exist(f"{instance!r} is not in the table any more")


def without_own_key(mapper: Mapper, instance: Any, updates: dict[str, Any]) -> dict[str, Any]:
    """Return updates without the parts of the key that an instance has already, which say which item is meant.

    :raises InvalidKey: where they name another one
    """
    named = mapper.names_of_key.intersection(updates)
    for name in named:
        if name in mapper.attributes:
            if encode_value(updates[name]) != key_of_instance(mapper, instance)[name]:
                asked_actions(mapper, (), {name: updates[name]})
            continue
        spec = mapper.resolver.field(name)
        own, given = (_wire_of_key(mapper, spec, value) for value in (instance.__dict__.get(spec.name), updates[name]))
        if own is None or given is None or not same_value(own, given):
            asked_actions(mapper, (), {name: updates[name]})
    return {name: value for name, value in updates.items() if name not in named} if named else updates


def _wire_of_key(mapper: Mapper, spec: FieldSpec, value: Any) -> AttributeValue | None:
    try:
        return mapper.wire_of(spec, value)
    except Exception:
        return None  # it is no key of any item


def with_what_receivers_changed(
    store: Store, instance: Any, before: Mapping[str, Any], changes: list[Change], sent: dict[str, Any]
) -> list[Change]:
    """Add what the receivers of ``pre_update`` did to the instance to what is sent; functions that were asked for stay.

    Returns the actions; keyword arguments are changed where they are.
    """
    mapper = store.mapper
    parts = asked_actions(mapper, changes, {name: sent[name] for name in sent if _is_no_key(mapper, name)})
    asked = {str(part.path[0]) for part in parts}
    done, named = changed_since(mapper, instance, before, asked, plainly=not take_actions(store))
    added = asked_actions(mapper, done, named)
    counted = {part.path[0] for part in parts if part.kind not in ("set", "remove")}
    replaced = {part.path[0] for part in added} - counted
    gone_labels = {part.label for part in parts if part.path[0] in replaced}
    for name in gone_labels & sent.keys():
        del sent[name]
    refused = {part.label for part in added if part.path[0] in counted}
    sent.update((name, value) for name, value in named.items() if name not in refused)
    kept = [change for change in changes if repr(change.target) not in gone_labels]
    return [*kept, *(change for change in done if repr(change.target) not in refused)]


def _is_no_key(mapper: Mapper, name: str) -> bool:
    spec = mapper.resolver.find(name)
    return spec is None or spec.stored not in mapper.key_fields


def take_actions(store: Store) -> bool:
    """Return whether the verbs that changes pass take actions; those written for DynamORM 0.11 do not."""
    update_item = store.model.update_item
    return _takes_any_number(store.model.update) and _takes_any_number(getattr(update_item, "__func__", update_item))


@lru_cache(maxsize=256)
def _takes_any_number(verb: Any) -> bool:
    return any(parameter.kind is parameter.VAR_POSITIONAL for parameter in signature(verb).parameters.values())


def check_key(store: Store, keys: Mapping[str, Any], demands: Sequence[Any]) -> Flow[Any]:
    """Demand something of the item with a key, or that it is there, without changing it."""
    key = store.wire_key(keys)
    demand, conditions = store.guards.of_check(), (*demands,) or (store.exists,)
    return store.update(store.here, key, [], demand, conditions, returning="NONE", checks=True)
