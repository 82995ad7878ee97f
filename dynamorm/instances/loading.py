"""How instances are made of stored items and of what is given, and how what is stored is put into them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ..flows import Place
from ..mapper import Mapper
from ..schema import PARTIAL, TRUSTED, WHOLE
from ..schema.compiler import Receive
from ..signals import post_init, pre_init, tell
from ..upkeep import present_second
from ..wire.codec import WireItem
from ..wire.texts import StoredItem, item_of, text_of
from .changes import changed_fields, values_of
from .in_flight import InFlight, count_on_top
from .state import Origin, State, new_of, set_attribute, set_memory, snapshot

Part = bool | frozenset[str]
"""Whether items may lack required attributes; the names of those that are wanted where more may come."""


class ModelParts(Protocol):
    """What of a model it takes to make instances."""

    mapper: Mapper
    model: Any
    table: Any
    own_init: bool | None


def loaded(
    parts: ModelParts, item: StoredItem, partial: Part = False, place: Place | None = None, *, hides: bool = True
) -> Any:
    """Return an instance of a stored item, which it keeps; ``None`` where it is of another kind, or hidden.

    :param hides: whether anything is hidden
    """
    if parts.mapper.is_sifted:
        shown = parts.mapper.shown(item, parts, hides=hides)
        if shown is None:
            return None
        parts, item = shown
        if type(partial) is frozenset:
            item = _restricted(item, partial)
    mode = _mode(parts, partial)
    mapper = parts.mapper
    return _load(parts, Origin(place, mapper, mode), mapper.receiver(mode), new_of(parts.model), None, item)


def loaded_key(parts: ModelParts, key: WireItem) -> Any:
    """Return a partial instance of an item of which only the key is known; ``None`` where it is of another kind."""
    parts = parts.mapper.member_of(key, parts)
    if parts is None or (parts.mapper.upkeep is not None and parts.mapper.upkeep.is_guard(key)):
        return None
    mapper = parts.mapper
    return _load(parts, Origin(None, mapper, PARTIAL), mapper.receiver(PARTIAL), new_of(parts.model), None, key)


def loader(
    parts: ModelParts, partial: Part = False, place: Place | None = None, now: str | None = None
) -> Callable[[StoredItem], Any]:
    """Return what makes instances of stored items, which they keep in the least room.

    It gives ``None`` for an item of a kind that is none of the model's, and for one that is hidden by now.

    :param now: the second that counts as the present
    """
    if parts.mapper.is_sifted:
        return _sifting_loader(parts, partial, place, now or present_second())
    return _loader_of(parts, partial, place)


def _sifting_loader(parts: ModelParts, partial: Part, place: Place | None, now: str) -> Callable[[StoredItem], Any]:
    loaders: dict[int, Callable[[StoredItem], Any]] = {}

    def load(item: StoredItem) -> Any:
        shown = parts.mapper.shown(item, parts, now)
        if shown is None:
            return None
        found, item = shown
        if type(partial) is frozenset:
            item = _restricted(item, partial)
        load_one = loaders.get(id(found))
        if load_one is None:
            load_one = loaders[id(found)] = _loader_of(found, partial, place)
        return load_one(item)

    return load


def _restricted(item: StoredItem, names: frozenset[str]) -> StoredItem:
    """Return what is wanted of an item that was read as a whole."""
    return {name: value for name, value in item_of(item).items() if name in names}


def _loader_of(parts: ModelParts, partial: Part, place: Place | None) -> Callable[[StoredItem], Any]:
    mode = _mode(parts, partial)
    origin = Origin(place, parts.mapper, mode)
    receive = functools.partial(_receive, parts, mode) if preparation(parts, partial) else parts.mapper.receiver(mode)
    return functools.partial(_load, parts, origin, receive, new_of(parts.model), text_of)


def _receive(parts: ModelParts, mode: str, item: StoredItem) -> Any:
    """Do what is made when it is first needed, and not before."""
    return parts.mapper.receiver(mode)(item)


def preparation(parts: ModelParts, partial: Part = False) -> Callable[[], object] | None:
    """Return what makes ready for loads, which an event loop has no time for; ``None`` where that is done."""
    mode = _mode(parts, partial)
    return None if parts.mapper.is_ready(mode) else functools.partial(parts.mapper.prepare, mode)


def make_ready(parts: ModelParts) -> None:
    """Make ready for what most verbs of a model do."""
    parts.mapper.make_ready(_mode(parts, False))


def _mode(parts: ModelParts, partial: Part) -> str:
    return PARTIAL if partial else TRUSTED if parts.table.on_read == "trust" else WHOLE


def _load(
    parts: ModelParts,
    origin: Origin,
    receive: Receive,
    new: Callable[[Any], Any],
    text: Callable[[WireItem], bytes | None] | None,
    item: StoredItem,
) -> Any:
    if not (pre_init.receivers or post_init.receivers):
        received = receive(item)
        if received is not None:
            values, besides = received
            if text is not None and type(item) is not bytes:
                item = text(item) or item  # type: ignore[arg-type]
            instance = new(parts.model)
            set_memory(instance, (origin, item, besides))
            if parts.own_init:
                _arrive(instance, values, origin.mode == PARTIAL)
            else:
                # the dict itself, and not its content: it was made for this instance
                set_attribute(instance, "__dict__", values)
            return instance
    return _loaded_slowly(parts, origin.mode, origin.place, item_of(item))


def _loaded_slowly(parts: ModelParts, mode: str, place: Place | None, wire: WireItem) -> Any:
    """Make an instance by way of its library, or of those who listen."""
    cls, mapper, partial = parts.model, parts.mapper, mode == PARTIAL
    listened = bool(pre_init.receivers or post_init.receivers)
    raw = mapper.plain(wire) if listened else {}
    instance = cls.__new__(cls)
    if listened and not parts.own_init:
        tell(pre_init, cls, instance=instance, partial=partial, raw=raw)
    values = mapper.load_plain(raw, mode, wire) if listened else mapper.load(wire, mode)
    remember_stored(mapper, instance, wire, values, partial, place)
    if parts.own_init:
        _arrive(instance, values, partial)
    else:
        instance.__dict__.update(values)
        if listened:
            tell(post_init, cls, instance=instance, partial=partial, raw=raw)
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


def accept_arriving(mapper: Mapper, instance: Any, raw: Mapping[str, Any]) -> None:
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
        accept_more(mapper, instance, changed)


def remember_stored(
    mapper: Mapper, instance: Any, wire: WireItem, values: dict[str, Any], partial: bool, place: Place | None
) -> None:
    """Remember the stored state of an instance whose values are just those that are stored."""
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


def accept_given(mapper: Mapper, instance: Any, raw: Mapping[str, Any], defaults: bool) -> None:
    """Put what a constructor was given into an instance."""
    state: State = instance._dynamorm_state
    values = mapper.given(raw, defaults=defaults)
    given = {spec.name for name in raw if (spec := mapper.resolver.find(name)) is not None}
    state.defaults = snapshot({name: value for name, value in values.items() if name not in given})
    unknown = values.keys() - mapper.adapter.fields.keys()
    if unknown:  # the schema says that it keeps what it does not know
        state.extra = mapper.encoded({name: values.pop(name) for name in unknown})
    instance.__dict__.update(values)


def accept_more(mapper: Mapper, instance: Any, raw: Mapping[str, Any]) -> None:
    """Put more into an instance that has its values."""
    state: State = instance._dynamorm_state
    values = mapper.given(raw, defaults=False)
    unknown = values.keys() - mapper.adapter.fields.keys()
    if unknown:
        state.extra = {**state.extra, **mapper.encoded({name: values.pop(name) for name in unknown})}
    instance.__dict__.update(values)
    for name in values:
        state.defaults.pop(name, None)


def mark_stored(mapper: Mapper, instance: Any, wire: WireItem, sent: InFlight, place: Place | None) -> None:
    """Remember that an instance was stored as a whole, in this wire form, with the values that it held then."""
    state: State = instance._dynamorm_state
    state.original = dict(sent.held)
    if sent.shared:
        stored = mapper.load(wire, PARTIAL)
        state.original.update((name, stored.get(name)) for name in sent.shared)
    state.loaded = {**state.extra, **wire}
    state.defaults = {}
    state.partial, state.place = False, place
    sent.settle_increments(instance)


def move_to_here(instance: Any) -> None:
    """Forget where an instance came from, and that anything of it is stored."""
    state: State = instance._dynamorm_state
    state.loaded, state.original, state.defaults = None, {}, {}
    state.place = state.binding = None


def replace_all(mapper: Mapper, instance: Any, wire: WireItem, sent: InFlight, place: Place | None) -> None:
    """Put everything that is stored into an instance, in place of what it held when it was asked for."""
    values = mapper.load(wire, WHOLE)
    kept = sent.changed(mapper, instance)
    for name in values_of(mapper, instance).keys() - values.keys() - kept:
        del instance.__dict__[name]
    instance.__dict__.update({name: value for name, value in values.items() if name not in kept})
    state: State = instance._dynamorm_state
    sent.settle_increments(instance)
    pending = state.pending
    remember_stored(mapper, instance, wire, values, False, place)
    for name in kept:
        state.defaults.pop(name, None)
    state.pending = pending
    count_on_top(mapper, instance, pending)


def adopt(mapper: Mapper, instance: Any, wire: WireItem, place: Place | None) -> None:
    """Put what is stored under an instance that was never loaded: what was given or assigned is still to be saved."""
    sent = InFlight(instance, mapper.fields)
    sent.pending = {}
    for spec in changed_fields(mapper, instance):
        if spec.name not in mapper.key_names:
            sent.held.pop(spec.name, None)
    replace_all(mapper, instance, wire, sent, place)
