"""Where the items of a model are: by the settings around each call, or by what a handle or an instance says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, Protocol

from .connection import Settings, context_settings, levels, settings_here, within
from .exceptions import InvalidKey, WrongPlace
from .flows import Address, Place
from .mapper import Mapper
from .wire.codec import WireItem


class Table(Protocol):
    """What is to be known of a model's table."""

    on_read: str
    on_scan: str
    name: str
    discriminator: str | None
    unique: Any
    indexes: Any

    @property
    def full_name(self) -> str: ...

    @property
    def connection(self) -> Any: ...

    def _placed(self, settings: Settings, name: str | None) -> Any: ...


class Handled(NamedTuple):
    """What a handle of a model holds, and a query that was made among settings: where the items are, come what may.

    ``name`` is the table's full name if it is not the usual one, and ``given`` are values of the key, by Python name.
    """

    settings: Settings
    name: str | None = None
    given: Mapping[str, Any] = {}


# What says where the items of a store are, instead of the settings around a call.
Binding = Handled | Place | Address

_pinned: ContextVar[tuple[Table, Handled | Place] | None] = ContextVar("dynamorm_place", default=None)


class Located:
    """A model's items, as far as it is asked where they are.

    ``binding`` says it; without, the settings around each call do.
    """

    __slots__ = ("__weakref__", "binding", "mapper", "model", "table")

    mapper: Mapper
    table: Table
    model: Any
    binding: Binding | None

    def bound(self, binding: Binding | None) -> Any:
        """Return the same with items where a binding says."""
        raise NotImplementedError

    def elsewhere(self, options: Mapping[str, Any]) -> Any:
        """Return the store of a handle that is made with options here and now.

        :raises InvalidKey: if a value is given for anything but a part of the key
        """
        rest, before, names = dict(options), self.binding, self.mapper.key_names
        name, given = rest.pop("table_name", None), dict(rest.pop("given", None) or {})
        strangers = ", ".join(sorted(given.keys() - set(names)))
        if strangers:
            key = ", ".join(names)
            raise InvalidKey(f"given={given!r}: {strangers}: not part of the key of {self.mapper.model_name}: {key}")
        if not isinstance(before, Handled):
            return self.bound(Handled(settings_here(rest), name, given))
        settings = settings_here(rest, before.settings)
        return self.bound(Handled(settings, name or before.name, {**before.given, **self.filled(given)}))

    def belonging(self) -> Any:
        """Return the store for what is made here and now: among the settings of a context, it belongs there."""
        if self.binding is not None:
            return self
        binding, settings = self._binding_here, context_settings()
        if binding is None and settings is not None:
            binding = Handled(settings)
        return self if binding is None else self.bound(binding)

    @property
    def _binding_here(self) -> Binding | None:
        if self.binding is None:
            pinned = _pinned.get()
            if pinned is not None and pinned[0] is self.table:
                return pinned[1]
        return self.binding

    @property
    def here(self) -> Place:
        """Where items are: by the binding, or by the settings that hold here and now."""
        table, binding = self.table, self._binding_here
        if binding is None:
            return Place(table.connection, table.full_name, context_settings())
        if isinstance(binding, Place):
            return binding.renewed()
        if isinstance(binding, Address):
            return self._checked(binding)
        placed = table._placed(binding.settings, binding.name)
        return Place(placed.connection, placed.full_name, binding.settings)

    @property
    def whereabouts(self) -> tuple[Any, ...]:
        """What :attr:`here` follows from: as long as that is equal, the items are in the same place."""
        return self._binding_here, *levels()

    @property
    def settings(self) -> Settings | None:
        """The settings that hold in place of those around a call."""
        binding = self._binding_here
        return binding.settings if isinstance(binding, (Handled, Place)) else None

    @property
    def table_name(self) -> str:
        """The full name of the table; knowing it takes no connection."""
        binding = self._binding_here
        if binding is None:
            return self.table.full_name
        if isinstance(binding, Handled):
            name: str = self.table._placed(binding.settings, binding.name).full_name
            return name
        return binding.table

    def _checked(self, address: Address) -> Place:
        """Return the place that holds here and now, if it is the one with an address."""
        here: Place = self.bound(None).here
        if here.address != address:
            name = self.mapper.model_name
            raise WrongPlace(
                f"this {name} belongs to the table {address.table!r} at {address.endpoint}; here and now {name} is in "
                f"{here.table!r} at {here.address.endpoint}. Go there with dynamorm.using(...), or let an instance "
                "belong here with move_to_here()"
            )
        return here

    def wire_key(self, values: Mapping[str, Any]) -> WireItem:
        """Return the wire form of a primary key that was given as keyword arguments."""
        if self.binding is not None or _pinned.get() is not None:
            values = self.filled(values)
        return self.mapper.wire_key(values)

    def place_of(self, instance: Any) -> Place:
        """Return the place that an instance was loaded from or saved to, or else the one that it is bound to.

        :raises WrongPlace: for an instance that came from another process, if its item is elsewhere
        """
        state = instance._dynamorm_state
        place: Place | None = state.place
        if place is not None:
            return place.renewed()
        return self.here if state.binding is None else self.bound(state.binding).here

    def beside(self, instance: Any) -> Any:
        """Return the store for what belongs to an instance of another model, by the settings of its place."""
        state = instance._dynamorm_state
        settings = getattr(state.place or state.binding, "settings", None)
        return self if settings is None else self.bound(Handled(settings))

    def at(self, place: Place) -> Callable[[], AbstractContextManager[None]]:
        """Return what makes contexts in which the model's verbs go to a place.

        An instance's changes go to its own place by this, where they pass verbs of the class that the model replaced.
        """
        contexts: Callable[[], AbstractContextManager[None]] = self.bound(place).pinned
        return contexts

    @contextmanager
    def pinned(self) -> Iterator[None]:
        """Let the model's own store be bound as this one, and other models have the settings of its place."""
        binding = self.binding
        if not isinstance(binding, (Handled, Place)):
            yield
            return
        token = _pinned.set((self.table, binding))
        try:
            with within(binding.settings or context_settings()):
                yield
        finally:
            _pinned.reset(token)

    def filled(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return values by Python name with those of the key that a handle gives.

        :raises InvalidKey: if they contradict each other
        """
        if self.binding is None and _pinned.get() is None:
            return values
        binding = self._binding_here
        if not isinstance(binding, Handled) or not binding.given:
            return values
        mapper, filled = self.mapper, dict(values)
        for name, value in binding.given.items():
            spec = mapper.fields[name]
            present = next((key for key in (name, spec.stored) if filled.get(key) is not None), None)
            if present is None:
                filled[name] = value
            elif mapper.wire_of(spec, filled[present]) != mapper.wire_of(spec, value):
                raise InvalidKey(
                    f"{mapper.model_name}: {present}={filled[present]!r} contradicts the handle, which gives "
                    f"{name}={value!r}"
                )
        return filled
