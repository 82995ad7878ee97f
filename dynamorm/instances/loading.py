"""Instances: how they are made of stored items and of what is given, and what they take over from an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..flows import Place
from ..schema import PARTIAL, TRUSTED, WHOLE
from ..signals import post_init, pre_init
from ..wire.codec import WireItem
from .changes import values_of
from .state import Origin, State, maker, snapshot


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
