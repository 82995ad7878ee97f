"""What was changed in an instance since it was loaded, and the update that stores just that."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Context, Decimal
from typing import Any

from ..exceptions import DynamoException, ExpressionTooLong, InvalidExpression, InvalidKey
from ..expressions import (
    FUNCTIONS,
    LONGEST,
    MOST_OPERATORS,
    Action,
    Comparison,
    Condition,
    F,
    Reference,
    render_update,
)
from ..mapper import Mapper
from ..schema.copies import UNCHANGING, UNCHANGING_BASES
from ..spec import FieldSpec
from ..wire.codec import AttributeValue, WireItem, decode_item, decode_value
from ..wire.paths import differences, same_value, value_at
from .state import State

# as many digits as DynamoDB keeps, whatever the program's own context says
_EXACT = Context(prec=38)

_OF_MANY_TEXTS = frozenset({Decimal, float})

# what `update` itself takes by keyword, which no field can be given as
_KEYWORDS = frozenset({"conditions", "if_version", "update_item_kwargs", "return_all"})


def values_of(mapper: Mapper, instance: Any) -> dict[str, Any]:
    """Return the values of an instance's fields."""
    fields = mapper.fields
    return {name: value for name, value in instance.__dict__.items() if name in fields}


def changed_fields(mapper: Mapper, instance: Any) -> list[FieldSpec]:
    """Return the fields whose values would be stored differently from how they were loaded.

    Defaults that nobody touched are not among them, nor are fields with nothing but increments to be sent, nor is the
    version, which says what is expected and is advanced by every write.
    """
    state: State = instance._dynamorm_state
    held, original, defaults = instance.__dict__, state.original, state.defaults
    pending, sending = state.pending, state.sending
    changed = []
    for spec in mapper.adapter.inputs:
        name = spec.name
        now, before = held.get(name), original.get(name)
        if (now is before and type(now) in UNCHANGING) or spec is mapper.version:
            continue
        if name in pending or name in sending or (name in defaults and same(mapper, spec, now, defaults[name])):
            continue
        if not same(mapper, spec, now, before):
            changed.append(spec)
    return changed


def _identical(one: Any, other: Any) -> bool:
    """Return whether two values are the same for sure, types included; ``False`` says nothing."""
    kind = type(one)
    if kind is not type(other):
        return False
    if kind in UNCHANGING:
        # 1.5 and 1.50 are equal, and differ where they are stored as text
        return bool(one == other) and (kind not in _OF_MANY_TEXTS or one is other or str(one) == str(other))
    if kind is list:
        return len(one) == len(other) and all(map(_identical, one, other))
    if kind is dict:
        return one.keys() == other.keys() and all(_identical(value, other[name]) for name, value in one.items())
    if kind is date:
        return bool(one == other)
    if kind is datetime or kind is time:
        # moments that are equal may be stored differently: with the same zone they are not
        return bool(one == other and one.fold == other.fold and _in_same_zone(one, other))
    return one is other and isinstance(one, UNCHANGING_BASES)


def _in_same_zone(one: datetime | time, other: datetime | time) -> bool:
    here, there = one.tzinfo, other.tzinfo
    if here is there:
        return True
    # libraries make a zone anew for each text; what represents it tells which one it is
    is_alike = type(here) is type(there) and repr(here) == repr(there)
    return is_alike and one.utcoffset() == other.utcoffset()


def same(mapper: Mapper, spec: FieldSpec, one: Any, other: Any) -> bool:
    """Return whether two values of a field would be stored alike."""
    if _identical(one, other):
        return True
    try:
        return same_value(mapper.wire_of(spec, one), mapper.wire_of(spec, other))
    except Exception:
        return False  # what cannot be stored is different from whatever is; saving will say what is wrong with it


def is_dirty(mapper: Mapper, instance: Any) -> bool:
    state: State = instance._dynamorm_state
    return bool(state.pending or state.sending) or bool(changed_fields(mapper, instance))


def changes(mapper: Mapper, instance: Any) -> dict[str, tuple[Any, Any]]:
    """Return what differs from what was loaded, by field: the value then and the value now."""
    state: State = instance._dynamorm_state
    names = [spec.name for spec in changed_fields(mapper, instance)]
    names += [name for name in {**state.sending, **state.pending} if name not in names]
    return {name: (state.original.get(name), instance.__dict__.get(name)) for name in names}


def key_changed(mapper: Mapper, instance: Any) -> bool:
    """Return whether a part of the key differs from what was loaded."""
    state: State = instance._dynamorm_state
    if not mapper.key_has_forms:
        stored = state.untold(mapper.key.names)
        if stored is not None and stored == mapper.usual_key(instance.__dict__):
            return False
    if state.loaded is None:
        return False
    held, original = instance.__dict__, state.original
    for name in mapper.key_names:
        if name in original:
            now, before = held.get(name), original[name]
            if now is before and type(now) in UNCHANGING:
                continue
            if not same(mapper, mapper.fields[name], now, before):
                return True
    return False


def key_of_instance(mapper: Mapper, instance: Any, values: Mapping[str, Any] | None = None) -> WireItem:
    """Return the key under which the item of an instance is stored, in the form in which it was found there.

    Other writers may have written the same value, a moment for example, in another form.

    :param values: what the instance held, if that is not what it holds now
    """
    key = mapper.key_of(instance.__dict__ if values is None else values)
    if mapper.key_has_forms and instance._dynamorm_state.loaded is not None and not key_changed(mapper, instance):
        loaded = instance._dynamorm_state.loaded
        return {name: loaded.get(name, value) for name, value in key.items()}
    return key


def extra(instance: Any) -> dict[str, Any]:
    """Return the attributes that the schema does not know, as plain values."""
    return decode_item(instance._dynamorm_state.extra)


class Inspection:
    """What is known of an instance, whatever its fields are called; see :func:`dynamorm.inspect`."""

    def __init__(self, mapper: Mapper, instance: Any) -> None:
        self._mapper = mapper
        self._instance = instance

    @property
    def is_dirty(self) -> bool:
        """Whether anything differs from what was loaded."""
        return is_dirty(self._mapper, self._instance)

    @property
    def changes(self) -> dict[str, tuple[Any, Any]]:
        """What differs from what was loaded, by field: the value then and the value now."""
        return changes(self._mapper, self._instance)

    @property
    def is_partial(self) -> bool:
        """Whether only a part of the item was loaded."""
        partial: bool = self._instance._dynamorm_state.partial
        return partial

    @property
    def is_loaded(self) -> bool:
        """Whether the instance comes from the table, or was stored there."""
        return self._instance._dynamorm_state.loaded is not None

    @property
    def key_changed(self) -> bool:
        """Whether a part of the key differs from what was loaded."""
        return key_changed(self._mapper, self._instance)

    @property
    def extra(self) -> dict[str, Any]:
        """The stored attributes that the schema does not know, as plain values."""
        return extra(self._instance)


def require_same_key(mapper: Mapper, instance: Any, verb: str) -> None:
    if key_changed(mapper, instance):
        raise InvalidKey(
            f"{instance!r}: its key was changed since it was loaded, so {verb} has no item to go to; "
            "save() stores it as a new item, and the old one can be deleted by its key"
        )


def unchanged(mapper: Mapper, instance: Any, verb: str) -> list[Condition]:
    """Return the conditions that an item is still as an instance was loaded, or is not there if it never was.

    What was loaded is compared as it was received.  Of an item that was loaded in part nothing else is known.
    """
    state: State = instance._dynamorm_state
    loaded = state.loaded
    if loaded is None:
        return [mapper.absent]
    require_same_key(mapper, instance, verb)
    names = mapper.key.names
    conditions: list[Condition] = [
        Comparison((name,), "eq", (value,)) for name, value in loaded.items() if name not in names
    ]
    if not state.partial:
        declared = sorted(mapper.adapter.readable - loaded.keys())
        conditions += [Comparison((name,), "not_exists") for name in declared if name not in names]
    return conditions if len(loaded) > len(names) else [mapper.exists, *conditions]


def partial_save(
    mapper: Mapper, instance: Any, current: WireItem | None = None, *, plainly: bool = False
) -> tuple[list[Any], dict[str, Any]]:
    """Return the update that stores what was changed: actions, and keyword arguments for all that have a plain name.

    :param current: the item as it is by now: maps that it does not have are sent whole
    :param plainly: give keyword arguments alone, for verbs that take no actions
    """
    state: State = instance._dynamorm_state
    key, guarded = mapper.key_fields, mapper.guarded.values()
    specs = [spec for spec in changed_fields(mapper, instance) if spec.stored not in key]
    nested = {} if state.loaded is None else _nested_changes(mapper, state.original, instance.__dict__, specs, current)
    actions, updates = _sets(mapper, instance.__dict__, specs, nested, plainly)
    for name, amount in state.pending.items():
        updates[f"{name}__add"] = amount
    if state.loaded is None:
        for name, value in state.defaults.items():
            spec = mapper.adapter.fields[name]
            untouched = value is not None and spec.stored not in key and name not in state.pending
            if untouched and not spec.computed and spec not in specs and spec not in guarded:
                updates[f"{name}__if_not_exists"] = value
    return actions, updates


def changed_since(
    mapper: Mapper, instance: Any, before: Mapping[str, Any], whole: Container[str], *, plainly: bool = False
) -> tuple[list[Any], dict[str, Any]]:
    """Return the update that stores what was changed since the instance had other values; increments stay pending.

    :param whole: stored names of what is sent whole in any case
    """
    state: State = instance._dynamorm_state
    held = instance.__dict__
    specs = [
        spec
        for spec in mapper.adapter.inputs
        if spec.stored not in mapper.key_fields and spec is not mapper.version
        if spec.name not in state.pending and spec.name not in state.sending
        if not same(mapper, spec, held.get(spec.name), before.get(spec.name))
    ]
    parted = [spec for spec in specs if state.loaded is not None and spec.stored not in whole]
    return _sets(mapper, held, specs, _nested_changes(mapper, before, held, parted, None), plainly)


def _sets(
    mapper: Mapper, held: Mapping[str, Any], specs: Sequence[FieldSpec], nested: Mapping[str, Any], plainly: bool
) -> tuple[list[Any], dict[str, Any]]:
    """Return the actions and keyword arguments that set fields, at the places in them that are known or as a whole."""
    if _too_long(mapper, nested, len(specs) - len(nested)):
        nested = {}
    actions: list[Any] = []
    updates: dict[str, Any] = {}
    for spec in specs:
        done: list[Any] = []
        named: dict[str, Any] = {}
        for path, value in nested.get(spec.name, ()):
            _set(mapper, path, None if value is None else decode_value(value), done, named)
        if spec.name not in nested or (done and plainly):
            done, named = [], {}
            value = held.get(spec.name)
            mapper.refuse_iterators(spec, value)
            _set(mapper, (spec.stored,), value, done, named)
        actions.extend(done)
        updates.update(named)
    return actions, updates


def _nested_changes(
    mapper: Mapper,
    original: Mapping[str, Any],
    held: Mapping[str, Any],
    specs: Sequence[FieldSpec],
    current: WireItem | None,
) -> dict[str, list[tuple[tuple[str | int, ...], AttributeValue | None]]]:
    """Find the maps of which only a part was changed, with the places in them."""
    found = {}
    if mapper.adapter.has_dump_hooks:
        return {}  # what hooks make of a part of a value nobody can say
    for spec in specs:
        if spec.kind not in ("nested", "map", "any"):
            continue
        try:
            before = mapper.wire_of(spec, original.get(spec.name))
            now = mapper.wire_of(spec, held.get(spec.name))
        except Exception:
            continue  # it is sent whole, and refused with a reason there
        if before is not None and now is not None and "M" in before and "M" in now and before["M"] and now["M"]:
            places = list(differences(before, now, (spec.stored,)))
            if current is not None:
                places = _from_gone_maps(current, {spec.stored: now}, places)
            if places and not any(_empty_set(value) for _, value in places):
                found[spec.name] = places
    return found


def _from_gone_maps(
    current: WireItem, held: WireItem, places: Iterable[tuple[tuple[str | int, ...], AttributeValue | None]]
) -> list[tuple[tuple[str | int, ...], AttributeValue | None]]:
    """Return the places with those inside maps that an item does not have replaced by the first of these maps."""
    found = {}
    for path, _ in places:
        around = (path[:end] for end in range(1, len(path)))
        start = next((outer for outer in around if "M" not in (value_at(current, outer) or ())), path)
        found[start] = value_at(held, start)
    return list(found.items())


def _empty_set(value: AttributeValue | None) -> bool:
    return value is not None and any(tag in value and not value[tag] for tag in ("SS", "NS", "BS"))


def _too_long(mapper: Mapper, nested: Mapping[str, Any], whole: int) -> bool:
    actions = [
        Action("set" if value is not None else "remove", path, value)
        for places in nested.values()
        for path, value in places
    ]
    if len(actions) + whole > MOST_OPERATORS:
        return True
    try:
        return bool(actions) and len(render_update(actions).text) > LONGEST - 24 * whole
    except ExpressionTooLong:
        return True


def _set(mapper: Mapper, path: Sequence[str | int], value: Any, actions: list[Any], updates: dict[str, Any]) -> None:
    """Add an action under the name that an ``update`` overridden by the model knows it by, where it has one."""
    spec = mapper.adapter.by_stored[str(path[0])]
    names: list[Any] = [spec.name, *path[1:]]
    text = "__".join(map(str, names))
    try:
        found, _, words = mapper.resolver.split(text, FUNCTIONS)
        plain = found == tuple(path) and not words and text not in _KEYWORDS
    except DynamoException:
        plain = False
    if plain:
        updates[text] = value
    else:
        target: Reference = F(*names) if len(names) > 1 else Reference((spec.name,))
        actions.append(target.remove() if value is None else target.set(value))


def increase(mapper: Mapper, instance: Any, amounts: Mapping[str, Any]) -> None:
    """Change numbers locally now, and remember the amounts for the next partial save."""
    state: State = instance._dynamorm_state
    planned: list[tuple[FieldSpec, AttributeValue]] = []
    for name, amount in amounts.items():
        spec = mapper.resolver.field(name)
        if spec.stored in mapper.key_fields or spec.computed or spec is mapper.version:
            raise InvalidExpression(f"incr({name}=...): {mapper.model_name}.{name} is no number that can be counted up")
        if isinstance(amount, bool) or not isinstance(amount, (int, float, Decimal)):
            raise InvalidExpression(f"incr({name}={amount!r}): a number is meant")
        step = mapper.amount(spec, amount, name)
        if "N" not in step:
            raise InvalidExpression(f"incr({name}=...): {mapper.model_name}.{name} is not stored as a number")
        planned.append((spec, step))
    assigned = {spec.name for spec in changed_fields(mapper, instance)}
    for spec, step in planned:
        name = spec.name
        total = total_of(mapper, spec, instance.__dict__.get(name), step)
        if name not in assigned:  # a value that was assigned and not stored is what counting goes on from
            state.pending = more(state.pending, {name: decode_value(step)})
        instance.__dict__[name] = total
        state.defaults.pop(name, None)


def total_of(mapper: Mapper, spec: FieldSpec, value: Any, step: AttributeValue) -> Any:
    """Return the native value of a number that is counted up."""
    wire = mapper.wire_of(spec, value)
    return mapper.adapter.as_native(spec, _sum(0 if wire is None else decode_value(wire), decode_value(step)))


def more(amounts: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """Return increments with others added to them."""
    return {**amounts, **{name: _sum(amounts.get(name, 0), amount) for name, amount in others.items()}}


def less(amounts: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is left of increments when others are taken from them."""
    left = {name: _sum(amount, -others[name]) if name in others else amount for name, amount in amounts.items()}
    return {name: amount for name, amount in left.items() if amount}


def _sum(one: Any, other: Any) -> Any:
    if type(one) is int and type(other) is int:
        return one + other
    return _EXACT.add(Decimal(one), Decimal(other))
