"""What the answer to an update brings: put into the instance at the paths that were sent, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..exceptions import ValidationError
from ..flows import Place
from ..instances.changes import less
from ..instances.in_flight import InFlight, count_on_top
from ..instances.state import State
from ..mapper import Mapper
from ..schema import PARTIAL, TRUSTED
from ..schema.copies import UNCHANGING, independent_copy
from ..wire.codec import AttributeValue, WireItem
from ..wire.paths import replaced_at, same_value, value_at
from .update_actions import AskedAction


def apply_answer(
    mapper: Mapper,
    instance: Any,
    asked: Sequence[AskedAction],
    answer: WireItem,
    sent: InFlight,
    place: Place | None,
    *,
    whole_answer: bool = False,
    more_changed: bool = False,
) -> None:
    """Put what an update brought back into an instance, at the paths that were sent and nowhere else.

    What was changed in the instance since the update was ``sent`` stays, and is still to be saved.
    ``whole_answer`` says that the answer holds every attribute, not only those that the update changed, and
    ``more_changed`` that it changed more than what was planned.  Increments that are still to be sent stay, on top of
    what is stored by now.
    """
    state: State = instance._dynamorm_state
    state.sending = {}
    is_more = whole_answer or more_changed or state.pending or state.loaded is None
    if not is_more and _are_just_fields(asked, answer):
        _apply_fields(mapper, instance, asked, answer, sent)
    else:
        _apply_parts(mapper, instance, asked, answer, sent, whole_answer, more_changed)
    state.place = place


def _apply_parts(
    mapper: Mapper,
    instance: Any,
    asked: Sequence[AskedAction],
    answer: WireItem,
    sent: InFlight,
    whole_answer: bool,
    more_changed: bool,
) -> None:
    state: State = instance._dynamorm_state
    stored: WireItem = dict(state.loaded or mapper.key_of(sent.held))
    by_attribute: dict[str, list[AskedAction]] = {}
    for part in asked:
        if _is_answered(part, answer):
            by_attribute.setdefault(str(part.path[0]), []).append(part)
    others: Iterable[str] = () if whole_answer else answer.keys() - by_attribute.keys()
    if more_changed:
        differ = [name for name in {**stored, **answer} if not same_value(stored.get(name), answer.get(name))]
        others = [name for name in differ if name not in by_attribute]
    # what the instance holds with its unsaved changes, where only a part of an attribute was sent
    held: dict[str, AttributeValue | None] = {}
    for name, parts in by_attribute.items():
        if any(len(part.path) > 1 for part in parts):
            local = _wire_of(mapper, instance, name, instance.__dict__)
            departed = _wire_of(mapper, instance, name, sent.held)
            value, held[name] = _merged(name, parts, stored.get(name), local, departed, answer)
            _put(stored, name, value)
        else:
            _put(stored, name, answer.get(name))
    for name in others:
        _put(stored, name, answer.get(name))
    names = [*by_attribute, *others]
    later = {mapper.fields[name].stored for name in sent.changed(mapper, instance)}
    now = {name: stored[name] for name in names if name in stored}
    _put_natives(mapper, state, now, names, into=state.original)
    differing = {name: value for name, value in held.items() if not same_value(value, stored.get(name))}
    changed = {name: value for name, value in differing.items() if value is not None}
    _put_natives(mapper, state, changed, differing, into=instance.__dict__)
    _show_stored(mapper, instance, [name for name in names if name not in differing and name not in later])
    if state.loaded is None:
        for name in mapper.key_names:
            state.original[name] = sent.held.get(name)
    state.loaded, state.extra = stored, mapper.unknown(stored)
    assigned = {name for name, parts in by_attribute.items() for part in parts if part.kind in ("set", "remove")}
    _settle_increments(mapper, instance, names, assigned, sent)


def _merged(
    name: str,
    parts: Sequence[AskedAction],
    before: AttributeValue | None,
    held: AttributeValue | None,
    departed: AttributeValue | None,
    answer: WireItem,
) -> tuple[AttributeValue | None, AttributeValue | None]:
    """Return an attribute as it is stored by now, and as the instance goes on holding it, at places inside it."""
    was_changed = not same_value(held, before)
    stored = {} if before is None else {name: before}
    local = {} if held is None else {name: held}
    departing = {} if departed is None else {name: departed}
    for part in parts:
        around = _up_to_list(part.path)
        # elements move when others go: unless the list fits, it is taken as it is now
        path = part.path if was_changed and _fits(local, answer, part) else around
        stored = replaced_at(stored, around, value_at(answer, around))
        if same_value(value_at(local, path), value_at(departing, path)):  # else it was changed again meanwhile
            local = replaced_at(local, path, value_at(answer, path))
    return stored.get(name), local.get(name)


def _show_stored(mapper: Mapper, instance: Any, names: Iterable[str]) -> None:
    """Let an instance hold what is stored in some attributes."""
    original, held = instance._dynamorm_state.original, instance.__dict__
    for spec in filter(None, map(mapper.adapter.by_stored.get, names)):
        if spec.name in original:
            held[spec.name] = independent_copy(original[spec.name])
        else:
            held.pop(spec.name, None)


def _are_just_fields(asked: Sequence[AskedAction], answer: WireItem) -> bool:
    """Return whether an answer holds the whole fields that were changed and nothing else."""
    if len(asked) != len(answer):
        return False
    for _label, _kind, path, spec, _value, _convert in asked:
        if spec is None or len(path) != 1 or path[0] not in answer:
            return False
    return True


def _apply_fields(
    mapper: Mapper, instance: Any, asked: Sequence[AskedAction], answer: WireItem, sent: InFlight
) -> None:
    """Put whole fields into an instance."""
    try:
        values = mapper.load(answer, PARTIAL)
    except ValidationError:
        values = mapper.load(answer, TRUSTED)  # whether the schema likes it or not, it is what is stored now
    state: State = instance._dynamorm_state
    held, later = instance.__dict__, sent.changed(mapper, instance)
    names = [part.spec.name for part in asked if part.spec is not None]
    for name in names:
        state.defaults.pop(name, None)
        if name in later:
            continue
        if name in values:
            value = values[name]
            held[name] = value if type(value) in UNCHANGING else independent_copy(value)
        else:
            held.pop(name, None)
    state.take_stored(answer, values, names)


def _settle_increments(mapper: Mapper, instance: Any, names: Iterable[str], assigned: set[str], sent: InFlight) -> None:
    """Count increments that are still to be sent on top of what is stored by now; of what was assigned, later ones."""
    state: State = instance._dynamorm_state
    if state.pending:
        specs = list(filter(None, map(mapper.adapter.by_stored.get, names)))
        gone = {
            spec.name: sent.pending[spec.name]
            for spec in specs
            if spec.stored in assigned and spec.name in sent.pending
        }
        state.pending = less(state.pending, gone)
        count_on_top(mapper, instance, [spec.name for spec in specs])


def _put(item: WireItem, name: str, value: AttributeValue | None) -> None:
    """Put a value into an item, or with ``None`` take the attribute out of it."""
    if value is None:
        item.pop(name, None)
    else:
        item[name] = value


def _is_answered(part: AskedAction, answer: WireItem) -> bool:
    """Return whether an answer tells what is at a path by now; what was removed, or emptied, is not in it."""
    if len(part.path) == 1:
        return part.path[0] in answer or part.kind in ("remove", "delete")
    return part.kind in ("remove", "delete") or value_at(answer, _up_to_list(part.path)) is not None


def _up_to_list(path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    return path[: next((number for number, step in enumerate(path) if isinstance(step, int)), len(path))]


def _fits(local: WireItem, answer: WireItem, part: AskedAction) -> bool:
    """Return whether positions mean the same in what an instance holds and in what is stored."""
    if part.kind == "remove":
        return _up_to_list(part.path) == part.path
    for number, step in enumerate(part.path):
        if isinstance(step, int):
            here, there = value_at(local, part.path[:number]), value_at(answer, part.path[:number])
            if here is None or there is None or len(here.get("L", ())) != len(there.get("L", ())):
                return False
    return True


def _wire_of(mapper: Mapper, instance: Any, name: str, held: Mapping[str, Any]) -> AttributeValue | None:
    """Return the wire form of what an instance holds or held in an attribute, with changes that are not stored."""
    spec = mapper.adapter.by_stored.get(name)
    if spec is None:
        return None
    try:
        return mapper.wire_of(spec, held.get(spec.name))
    except Exception:
        loaded = instance._dynamorm_state.loaded
        return None if loaded is None else loaded.get(name)


def _put_natives(mapper: Mapper, state: State, wire: WireItem, names: Iterable[str], into: dict[str, Any]) -> None:
    """Put the native values of some attributes where values are kept."""
    specs = [spec for name in names if (spec := mapper.adapter.by_stored.get(name)) is not None]
    if not specs:
        return
    try:
        values = mapper.load(wire, PARTIAL)
    except ValidationError:
        values = mapper.load(wire, TRUSTED)  # whether the schema likes it or not, it is what is stored now
    for spec in specs:
        state.defaults.pop(spec.name, None)
        if spec.name in values and spec.stored in wire:
            into[spec.name] = values[spec.name]
        else:
            into.pop(spec.name, None)
