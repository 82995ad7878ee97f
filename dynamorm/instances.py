"""Instances: how they are made of stored items and of what is given, and what they take over from an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .changes import total_of, values_of
from .codec import AttributeValue, WireItem, encode_value
from .documents import replaced_at, same_value, value_at
from .exceptions import ValidationError
from .schema import PARTIAL, TRUSTED, WHOLE
from .schema.copies import UNCHANGING, independent_copy
from .signals import post_init, pre_init
from .state import Origin, Place, State, maker, snapshot
from .updates import Planned


def loaded(cls: Any, wire: WireItem, partial: bool = False, place: Place | None = None) -> Any:
    """Make an instance of a stored item."""
    return loader(cls, partial, place)(wire)


def loader(cls: Any, partial: bool = False, place: Place | None = None) -> Callable[[WireItem], Any]:
    """Give what makes instances of stored items."""
    definition = cls._dynamorm
    mode = PARTIAL if partial else TRUSTED if definition.store.table.on_read == "trust" else WHOLE
    receiver = definition.store.mapper.receiver(mode)
    receive, make, origin = receiver.receive, maker(cls), Origin(place, partial, receiver)

    def load(wire: WireItem) -> Any:
        if not (pre_init.receivers or post_init.receivers):
            received = receive(wire, origin)
            if received is not None:
                values, kept = received
                if kept is not None and not cls._dynamorm_init:
                    return make(values, kept)
                if kept is not None:
                    instance = make({}, kept)
                    _arrive(instance, values, partial)
                    return instance
        return _loaded_slowly(cls, mode, place, wire)

    return load


def _loaded_slowly(cls: Any, mode: str, place: Place | None, wire: WireItem) -> Any:
    """Make an instance by way of its library, or of those who listen."""
    mapper, partial = cls._dynamorm.store.mapper, mode == PARTIAL
    listened = bool(pre_init.receivers or post_init.receivers)
    raw = mapper.plain(wire) if listened else {}
    instance = cls.__new__(cls)
    if listened and not cls._dynamorm_init:
        pre_init.send(cls, instance=instance, partial=partial, raw=raw)
    values = mapper.load_plain(raw, mode, wire) if listened else mapper.load(wire, mode)
    settle(instance, wire, values, partial, place)
    if cls._dynamorm_init:
        _arrive(instance, values, partial)
    else:
        instance.__dict__.update(values)
        if listened:
            post_init.send(cls, instance=instance, partial=partial, raw=raw)
    return instance


def _arrive(instance: Any, values: dict[str, Any], partial: bool) -> None:
    """Let an ``__init__`` of the model's own that takes any keywords have the values, converted and validated.

    What it makes of them stands.  Where it does not call ours, they are put into the instance after it.
    """
    state: State = instance._dynamorm_state
    state.arriving = values
    try:
        instance.__init__(**{**values, "partial": partial})
        if state.arriving is not None:
            instance.__dict__.update(values)
    finally:
        state.arriving = None


def take_arriving(instance: Any, raw: Mapping[str, Any]) -> None:
    """Put the values of a stored item into an instance whose own ``__init__`` passes them on, changed or not."""
    state: State = instance._dynamorm_state
    arriving, state.arriving = state.arriving or {}, None
    for name, value in arriving.items():
        if name in raw:
            instance.__dict__[name] = value
        else:
            instance.__dict__.setdefault(name, value)
    changed = {name: value for name, value in raw.items() if name not in arriving or value is not arriving[name]}
    if changed:
        take_more(instance, changed)


def settle(instance: Any, wire: WireItem, values: dict[str, Any], partial: bool, place: Place | None) -> None:
    """Remember the stored state of an instance whose values are just those that are stored."""
    mapper = type(instance)._dynamorm.store.mapper
    state: State = instance._dynamorm_state
    state.loaded, state.partial, state.place = wire, partial, place
    state.original = snapshot(values)
    state.pending, state.sending = {}, {}
    state.extra = mapper.unknown(wire)
    state.defaults = {}
    for name in values:
        spec = mapper.fields.get(name)
        if spec is None or "NULL" not in spec.held_in(wire, {"NULL": True}):
            continue
        if spec.held_in(wire) is None or values[name] is not None:
            state.defaults[name] = state.original.pop(name)


def take_given(instance: Any, raw: Mapping[str, Any], defaults: bool) -> None:
    """Put what a constructor was given into an instance."""
    mapper = type(instance)._dynamorm.store.mapper
    state: State = instance._dynamorm_state
    values = mapper.given(raw, defaults=defaults)
    given = {spec.name for name in raw if (spec := mapper.resolver.find(name)) is not None}
    state.defaults = snapshot({name: value for name, value in values.items() if name not in given})
    unknown = values.keys() - mapper.adapter.fields.keys()
    if unknown:  # the schema says that it keeps what it does not know
        state.extra = mapper.encoded({name: values.pop(name) for name in unknown})
    instance.__dict__.update(values)


def take_more(instance: Any, raw: Mapping[str, Any]) -> None:
    """Put more into an instance that has its values."""
    mapper = type(instance)._dynamorm.store.mapper
    state: State = instance._dynamorm_state
    values = mapper.given(raw, defaults=False)
    unknown = values.keys() - mapper.adapter.fields.keys()
    if unknown:
        state.extra = {**state.extra, **mapper.encoded({name: values.pop(name) for name in unknown})}
    instance.__dict__.update(values)
    for name in values:
        state.defaults.pop(name, None)


# What is taken over.


def known_as_stored(instance: Any, wire: WireItem, place: Place | None) -> None:
    """Remember that an instance has just been stored as a whole, in this wire form."""
    state: State = instance._dynamorm_state
    try:
        state.original = snapshot(values_of(instance))
    except Exception:
        # an object was assigned that cannot be copied; what was stored of it is known all the same
        state.original = type(instance)._dynamorm.store.mapper.load(wire, PARTIAL)
    state.loaded = {**state.extra, **wire}
    state.defaults, state.pending = {}, {}
    state.partial, state.place = False, place


def refreshed(instance: Any, wire: WireItem, place: Place | None) -> None:
    """Put everything that is stored into an instance, in place of what it had."""
    mapper = type(instance)._dynamorm.store.mapper
    values = mapper.load(wire, WHOLE)
    for name in values_of(instance).keys() - values.keys():
        del instance.__dict__[name]
    instance.__dict__.update(values)
    settle(instance, wire, values, False, place)


def take_over(
    instance: Any,
    plan: Sequence[Planned],
    answer: WireItem,
    place: Place | None,
    *,
    whole_answer: bool = False,
    more_changed: bool = False,
) -> None:
    """Put what an update brought back into an instance, at the paths that were sent and nowhere else.

    ``whole_answer`` says that the answer holds every attribute, not only those that the update changed, and
    ``more_changed`` that it changed more than what was planned.  Increments that are still to be sent stay, on top of
    what is stored by now.
    """
    mapper = type(instance)._dynamorm.store.mapper
    state: State = instance._dynamorm_state
    state.sending = {}
    is_more = whole_answer or more_changed or state.pending or state.loaded is None
    if not is_more and _are_just_fields(plan, answer):
        _take_fields_over(instance, state, mapper, plan, answer)
    else:
        _take_parts_over(instance, state, mapper, plan, answer, whole_answer, more_changed)
    state.place = place


def _take_parts_over(
    instance: Any,
    state: State,
    mapper: Any,
    plan: Sequence[Planned],
    answer: WireItem,
    whole_answer: bool,
    more_changed: bool,
) -> None:
    parts = [part for part in plan if _is_answered(part, answer)]
    stored: WireItem = dict(state.loaded or mapper.key_of(instance.__dict__))
    tops = dict.fromkeys(str(part.path[0]) for part in parts)
    others: Iterable[str] = () if whole_answer else answer.keys() - tops.keys()
    if more_changed:
        differ = [top for top in {**stored, **answer} if not same_value(stored.get(top), answer.get(top))]
        others = [top for top in differ if top not in tops]
    tops.update(dict.fromkeys(others))
    # what is replaced as a whole need not be known
    inside = {part.path[0] for part in parts if len(part.path) > 1}
    wanted = [top for top in tops if top in inside or top in others]
    local: WireItem = {top: value for top in wanted if (value := _local(mapper, instance, state, top)) is not None}
    unchanged = {top for top in wanted if same_value(local.get(top), stored.get(top))}
    for part in parts:
        if len(part.path) == 1:
            _replace(stored, str(part.path[0]), answer)
            continue
        around = _up_to_list(part.path)
        # elements move when others go: unless the list fits, it is taken as it is now
        path = part.path if part.path[0] not in unchanged and _fits(local, answer, part) else around
        stored = replaced_at(stored, around, value_at(answer, around))
        local = replaced_at(local, path, value_at(answer, path))
    for name in others:
        _replace(stored, name, answer)
        _replace(local, name, answer)
    now_stored = {top: stored[top] for top in tops if top in stored}
    _put_back(instance, now_stored, tops, into=state.original)
    differing = [top for top in wanted if not same_value(local.get(top), now_stored.get(top))]
    _put_back(instance, {top: local[top] for top in differing if top in local}, differing, into=instance.__dict__)
    for spec in filter(None, map(mapper.adapter.by_stored.get, tops.keys() - set(differing))):
        if spec.name in state.original:
            instance.__dict__[spec.name] = independent_copy(state.original[spec.name])
        else:
            instance.__dict__.pop(spec.name, None)
    _count_on_top(instance, tops, {str(part.path[0]) for part in parts if part.kind in ("set", "remove")})
    if state.loaded is None:
        for name in mapper.key_names:
            state.original[name] = instance.__dict__.get(name)
    state.loaded, state.extra = stored, mapper.unknown(stored)


def _are_just_fields(plan: Sequence[Planned], answer: WireItem) -> bool:
    """Say whether an answer holds the whole fields that were changed and nothing else."""
    return len(plan) == len(answer) and all(
        part.spec is not None and len(part.path) == 1 and part.path[0] in answer for part in plan
    )


def _take_fields_over(instance: Any, state: State, mapper: Any, plan: Sequence[Planned], answer: WireItem) -> None:
    """Put whole fields into an instance."""
    try:
        values = mapper.load(answer, PARTIAL)
    except ValidationError:
        values = mapper.load(answer, TRUSTED)  # whether the schema likes it or not, it is what is stored now
    original, held, defaults = state.original, instance.__dict__, state.defaults
    for part in plan:
        assert part.spec is not None
        name = part.spec.name
        defaults.pop(name, None)
        if name in values:
            original[name] = value = values[name]
            held[name] = value if type(value) in UNCHANGING else independent_copy(value)
        else:
            original.pop(name, None)
            held.pop(name, None)
    assert state.loaded is not None
    stored = {**state.loaded, **answer}
    state.loaded, state.extra = stored, mapper.unknown(stored)


def _count_on_top(instance: Any, tops: Iterable[str], assigned: set[str]) -> None:
    """Add increments that are still to be sent to what is stored by now; what was assigned has none any more."""
    mapper = type(instance)._dynamorm.store.mapper
    state: State = instance._dynamorm_state
    for spec in filter(None, map(mapper.adapter.by_stored.get, tops)):
        if spec.stored in assigned:
            state.pending.pop(spec.name, None)
        elif spec.name in state.pending:
            step = encode_value(state.pending[spec.name])
            instance.__dict__[spec.name] = total_of(mapper, spec, state.original.get(spec.name), step)


def _replace(item: WireItem, name: str, answer: WireItem) -> None:
    """Take an attribute of an item from an answer, in which it is or, by now, is not."""
    if name in answer:
        item[name] = answer[name]
    else:
        item.pop(name, None)


def _is_answered(part: Planned, answer: WireItem) -> bool:
    """Say whether an answer tells what is at a path by now; what was removed, or emptied of elements, is not in it."""
    if len(part.path) == 1:
        return part.path[0] in answer or part.kind in ("remove", "delete")
    return part.kind in ("remove", "delete") or value_at(answer, _up_to_list(part.path)) is not None


def _up_to_list(path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    return path[: next((number for number, step in enumerate(path) if isinstance(step, int)), len(path))]


def _fits(local: WireItem, answer: WireItem, part: Planned) -> bool:
    """Say whether positions mean the same in what an instance holds and in what is stored."""
    if part.kind == "remove":
        return _up_to_list(part.path) == part.path
    for number, step in enumerate(part.path):
        if isinstance(step, int):
            here, there = value_at(local, part.path[:number]), value_at(answer, part.path[:number])
            if here is None or there is None or len(here.get("L", ())) != len(there.get("L", ())):
                return False
    return True


def _local(mapper: Any, instance: Any, state: State, top: str) -> AttributeValue | None:
    """Give the wire form of what an instance holds in an attribute, with changes that are not stored yet."""
    spec = mapper.adapter.by_stored.get(top)
    if spec is None:
        return None
    try:
        found: AttributeValue | None = mapper.wire_of(spec, instance.__dict__.get(spec.name))
    except Exception:
        return None if state.loaded is None else state.loaded.get(top)
    return found


def _put_back(instance: Any, wire: WireItem, tops: Iterable[str], into: dict[str, Any]) -> None:
    """Put the native values of some attributes where values are kept."""
    tops = list(tops)
    if not tops:
        return
    mapper = type(instance)._dynamorm.store.mapper
    state: State = instance._dynamorm_state
    try:
        values = mapper.load(wire, PARTIAL)
    except ValidationError:
        values = mapper.load(wire, TRUSTED)  # whether the schema likes it or not, it is what is stored now
    for top in tops:
        spec = mapper.adapter.by_stored.get(top)
        if spec is None:
            continue
        state.defaults.pop(spec.name, None)
        if spec.name in values and top in wire:
            into[spec.name] = values[spec.name]
        else:
            into.pop(spec.name, None)
