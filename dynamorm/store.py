"""What a model is to the rooms below its class, and what can be done with one of its items.

Every write of a model passes :meth:`Store.write`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, Protocol, TypeVar
from weakref import WeakValueDictionary

from .attempts import sent_until_settled
from .connection import Settings, context_settings, levels, settings_here, within
from .exceptions import (
    ConditionFailed,
    DoesNotExist,
    DynamoException,
    ExpressionTooLong,
    InvalidKey,
    NoSuchPosition,
    PathMissing,
    RequestRefused,
    TransactionConflict,
    WrongPlace,
)
from .expressions import Action, Comparison, Condition, shown_path
from .flows import Address, Call, Flow, Place, call_step
from .guards import Demand, Guards
from .instances.loading import loaded
from .mapper import Mapper
from .requests import Request, build_delete, build_get, build_put, build_update
from .requests.boto3_arguments import merged, without_conditions
from .schema.compiler.values import read_free_map
from .wire.codec import WireItem, decode_item
from .wire.paths import same_value
from .wire.sizes import checked_size

Raw = Mapping[str, Any] | None
Kind = TypeVar("Kind", bound="Store")


class Table(Protocol):
    """What is to be known of a model's table."""

    on_read: str
    on_scan: str
    name: str
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
_stores: WeakValueDictionary[int, Store] = WeakValueDictionary()


def store_of(model: Any) -> Store:
    """Return the store of a complete model class."""
    return _stores[id(model)]


def complete_models() -> list[Any]:
    """Return every model class that is complete and alive, in the order of definition."""
    return [store.model for store in list(_stores.values())]


def is_complete_model(candidate: Any) -> bool:
    """Return whether something is a model class with a table and a schema."""
    return id(candidate) in _stores


class Store:
    """A model as the rooms below its class know it.

    ``model`` is the class itself: whom signals name as their sender, and what instances are made of.  ``own_init`` says
    whether it has an ``__init__`` of its own: ``None`` is no, ``True`` is one that takes any keywords.
    ``relationships`` are its relationships by name, and ``verbs`` the verbs as they are where no model replaces them.
    ``does_not_exist`` is the error for an item that is not there, and ``guards`` say what its table demands of every
    write.  ``binding`` says where the items are; without it, the settings around each call do.
    """

    __slots__ = (
        "__weakref__",
        "binding",
        "does_not_exist",
        "guards",
        "mapper",
        "model",
        "own_init",
        "relationships",
        "table",
        "verbs",
    )

    def __init__(self, mapper: Mapper, table: Table, guards: Guards) -> None:
        self.mapper = mapper
        self.table = table
        self.guards = guards
        self.model: Any = None
        self.own_init: bool | None = None
        self.does_not_exist: type[DoesNotExist] = DoesNotExist
        self.relationships: dict[str, Any] = {}
        self.verbs: Mapping[str, Any] = {}
        self.binding: Binding | None = None

    def for_model(
        self, model: Any, own_init: bool | None, verbs: Mapping[str, Any], does_not_exist: type[DoesNotExist]
    ) -> Store:
        """Return the store of a model class with this mapper and table, which is known by its class from now on."""
        store = Store(self.mapper, self.table, self.guards)
        store.model, store.own_init, store.verbs = model, own_init, verbs
        store.does_not_exist = does_not_exist
        _stores[id(model)] = store
        return store

    def __reduce__(self) -> tuple[Any, ...]:
        if self.binding is None:
            return store_of, (self.model,)
        return _store_at, (self.model, self.binding if isinstance(self.binding, Address) else self.here.address)

    def is_replaced(self, verb: str) -> bool:
        """Return whether the model has a verb of its own in place of ours, which is to be called then."""
        found = getattr(self.model, verb)
        return getattr(found, "__func__", found) is not self.verbs[verb]

    def no_such_position(self, message: str) -> NoSuchPosition:
        """Return the error for a query that has fewer items than its position says, of the model's own kind."""
        kind: type[NoSuchPosition] = getattr(self.does_not_exist, "NoSuchPosition", NoSuchPosition)
        return kind(message)

    # Where its items are.

    def bound(self, binding: Binding) -> Store:
        """Return the store of the same model, whose items are where a binding says."""
        store = self.twin(Store)
        store.binding = binding
        return store

    def twin(self, kind: type[Kind]) -> Kind:
        """Return a store of some kind that is the same in everything else."""
        store = kind(self.mapper, self.table, self.guards)
        store.model, store.own_init, store.verbs = self.model, self.own_init, self.verbs
        store.does_not_exist = self.does_not_exist
        store.relationships, store.binding = self.relationships, self.binding
        return store

    def elsewhere(self, options: Mapping[str, Any]) -> Store:
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

    def belonging(self) -> Store:
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
        here = store_of(self.model).here
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

    def beside(self, instance: Any) -> Store:
        """Return the store for what belongs to an instance of another model, by the settings of its place."""
        state = instance._dynamorm_state
        settings = getattr(state.place or state.binding, "settings", None)
        return self if settings is None else self.bound(Handled(settings))

    def at(self, place: Place) -> Callable[[], AbstractContextManager[None]]:
        """Return what makes contexts in which the model's verbs go to a place.

        An instance's changes go to its own place by this, where they pass verbs of the class that the model replaced.
        """
        return self.bound(place).pinned

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

    # Requests.

    @property
    def exists(self) -> Condition:
        return self.mapper.exists

    @property
    def absent(self) -> Condition:
        return self.mapper.absent

    def get(self, place: Place, key: WireItem, consistent: bool = False, paths: Any = None, raw: Raw = None) -> Call:
        """Return the step that reads the item with a key."""
        request = merged(build_get(place.table, key, consistent=consistent, paths=paths), raw)
        return call_step((place.connection, request, self.model))

    def put(
        self, place: Place, item: WireItem, demand: Demand, conditions: Sequence[Condition] = (), raw: Raw = None
    ) -> Flow[dict[str, Any]]:
        """Store a whole item in place of what was there."""
        checked_size(item, self.mapper.model_name)
        raw, more = self._conditions(raw)
        request = build_put(place.table, item, (*demand.conditions, *conditions, *more))
        return self.write(place, merged(request, raw), demand, plain)

    def put_unique(
        self, place: Place, item: WireItem, demand: Demand, conditions: Sequence[Condition] = (), raw: Raw = None
    ) -> Flow[dict[str, Any]]:
        """Store a whole item if there is none with its key."""
        try:
            return (yield from self.put(place, item, demand, (self.absent, *conditions), raw))
        except ConditionFailed as error:
            if error.item is not None or not (conditions or raw):
                narrower = error.as_hash_key_exists()
                narrower.current = error.current
                raise narrower from error.__cause__
            raise

    def replace_known(
        self,
        place: Place,
        item: WireItem,
        extra: WireItem,
        demand: Demand,
        conditions: Sequence[Condition] = (),
        raw: Raw = None,
    ) -> Flow[dict[str, Any]]:
        """Store everything that the schema knows of an item, and leave its other attributes as they are now.

        Where that is too much for one update, the whole item is put, on condition that these attributes are still what
        was loaded of them as ``extra``: a save is one request.
        """
        key = {name: item[name] for name in self.mapper.key.names}
        actions = []
        for stored in sorted(self.mapper.adapter.readable - key.keys()):  # under former names too, which a put erases
            if stored in item:
                actions.append(Action("set", (stored,), item[stored]))
            else:
                actions.append(Action("remove", (stored,)))
        rest, more = self._conditions(raw)
        try:
            demands = (*demand.conditions, *conditions, *more)
            request = build_update(place.table, key, actions, demands, returning="NONE")
        except ExpressionTooLong:
            return self._replace_unless_changed(place, item, extra, demand, conditions, raw)
        return self.write(place, merged(request, rest), demand, plain)

    def _replace_unless_changed(
        self,
        place: Place,
        item: WireItem,
        extra: WireItem,
        demand: Demand,
        conditions: Sequence[Condition],
        raw: Raw,
    ) -> Flow[dict[str, Any]]:
        unchanged = [Comparison((name,), "eq", (value,)) for name, value in sorted(extra.items())]
        try:
            return (yield from self.put(place, {**extra, **item}, demand, (*unchanged, *conditions), raw))
        except ConditionFailed as error:
            now = error.item or {}
            changed = [name for name, value in extra.items() if not same_value(now.get(name), value)]
            if changed:
                error.message = (
                    f"{error.message} (the schema does not know {', '.join(sorted(changed))}, and somebody else has "
                    "changed that since the instance was loaded; an item of so many attributes is only saved over what "
                    "was loaded: refresh() the instance, or send what was changed in it with save(partial=True))"
                )
            raise

    def update(
        self,
        place: Place,
        key: WireItem,
        actions: Sequence[Action],
        demand: Demand,
        conditions: Sequence[Condition] = (),
        raw: Raw = None,
        returning: str = "ALL_NEW",
    ) -> Flow[dict[str, Any]]:
        """Change an item; returns DynamoDB's answer."""
        raw, more = self._conditions(raw)
        actions = (*actions, *demand.actions)
        demands = (*demand.conditions, *conditions, *more)
        request = build_update(place.table, key, actions, demands, returning=returning)
        return self.write(place, merged(request, raw), demand, actions=actions)

    def delete(
        self, place: Place, key: WireItem, demand: Demand, conditions: Sequence[Condition] = (), raw: Raw = None
    ) -> Flow[dict[str, Any]]:
        """Delete the item with a key; it is no error if there is none."""
        raw, more = self._conditions(raw)
        request = build_delete(place.table, key, (*demand.conditions, *conditions, *more))
        return self.write(place, merged(request, raw), demand, plain)

    def write(
        self,
        place: Place,
        request: Request,
        demand: Demand,
        finish: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
        actions: Sequence[Action] = (),
    ) -> Flow[dict[str, Any]]:
        """Send a write; a refusal shows the item as it is, as an instance.

        :param finish: what is made of the answer
        :param actions: those of an update, to say which of them met nothing around its path
        """
        try:
            step = self.step(place, request, demand, actions)
            try:
                answer: dict[str, Any] = yield step
            except TransactionConflict as conflict:
                answer = yield from sent_until_settled(step, conflict)
        except ConditionFailed as error:
            error.current = self._current(error.item, place)
            refusal = self.guards.refusal(demand, error)
            if refusal is error:
                raise
            raise refusal from error.__cause__
        except RequestRefused as error:
            inside = ", ".join(shown_path(action.path) for action in actions if len(action.path) > 1)
            if not inside or "document path" not in str(error):
                raise
            raise PathMissing(
                f"{self.mapper.model_name}, update of {inside} in the item with key "
                f"{decode_item(request.payload['Key'])}: the map or list around it is not there; "
                "set the whole attribute instead"
            ) from error
        return answer if finish is None else finish(answer)

    def step(self, place: Place, request: Request, demand: Demand, actions: Sequence[Action]) -> Any:
        """Return the step that carries a write out."""
        return call_step((place.connection, request, self.model))

    def _current(self, item: WireItem | None, place: Place) -> Any:
        """Return the instance of an item that met a condition, ``None`` where it cannot be read as one."""
        if item is None:
            return None
        try:
            return loaded(self, item, place=place)
        except DynamoException:
            return None

    def _conditions(self, raw: Raw) -> tuple[dict[str, Any], tuple[Condition, ...]]:
        if not raw:
            return {}, ()
        rest, found = without_conditions(raw)
        return rest, self.mapper.conditions(found)


def _store_at(model: Any, address: Address) -> Store:
    return store_of(model).bound(address)


def plain(response: dict[str, Any]) -> dict[str, Any]:
    """Return an answer in the form of boto3's resource: its attributes as plain values."""
    attributes = response.get("Attributes")
    if attributes is None:
        return response
    try:
        values = read_free_map(attributes)
    except Exception:
        values = decode_item(attributes)  # which says what is wrong with it
    return {**response, "Attributes": values}
