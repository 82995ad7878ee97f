"""What a model is to the rooms below its class, and what can be done with one of its items.

Every write of a model passes :meth:`Store.write`, or :meth:`Store._careful` where the model asks for upkeep.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, TypeVar
from weakref import WeakValueDictionary

from .attempts import sent_until_settled
from .careful import CarefulWrite, Write
from .careful_sending import MOST_RENEWALS, carried_alone
from .exceptions import (
    ConditionFailed,
    DoesNotExist,
    DynamoException,
    ExpressionTooLong,
    NoSuchPosition,
    PathMissing,
    RequestRefused,
    TransactionConflict,
    UniqueViolation,
)
from .expressions import Action, Comparison, Condition, depends_on, shown_path, verdict
from .flows import Address, Call, Flow, Place, call_step
from .guards import Demand, Guards
from .instances.loading import loaded
from .located import Binding, Located, Table
from .mapper import Mapper
from .overrides import Override, blocking_override, chosen_override
from .requests import Request, build_delete, build_get, build_put, build_update
from .requests.boto3_arguments import merged, without_conditions
from .schema.compiler.values import read_free_map
from .wire.codec import WireItem, decode_item
from .wire.paths import same_value
from .wire.sizes import checked_size

Raw = Mapping[str, Any] | None
Kind = TypeVar("Kind", bound="Store")

_stores: WeakValueDictionary[int, Store] = WeakValueDictionary()
_bases: WeakValueDictionary[int, Store] = WeakValueDictionary()


def store_of(model: Any) -> Store:
    """Return the store of a complete model class, or of the abstract base of several that share a table."""
    store = _stores.get(id(model))
    return _bases[id(model)] if store is None else store


def complete_models() -> list[Any]:
    """Return every model class that is complete and alive, in the order of definition."""
    return [store.model for store in list(_stores.values())]


def is_complete_model(candidate: Any) -> bool:
    """Return whether something is a model class with a table and a schema."""
    return id(candidate) in _stores


class Store(Located):
    """A model as the rooms below its class know it.

    ``model`` is the class itself: whom signals name as their sender, and what instances are made of.  ``own_init`` says
    whether it has an ``__init__`` of its own: ``None`` is no, ``True`` is one that takes any keywords.
    ``relationships`` are its relationships by name, and ``verbs`` the verbs as they are where no model replaces them.
    ``does_not_exist`` is the error for an item that is not there, and ``guards`` say what its table demands of every
    write.  ``binding`` says where the items are; without it, the settings around each call do.
    """

    __slots__ = (
        "does_not_exist",
        "guards",
        "own_init",
        "relationships",
        "verbs",
    )

    # whether what a write is refused for may be made anew from what it met
    renews = True

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

    def for_base(self, model: Any, verbs: Mapping[str, Any], does_not_exist: type[DoesNotExist]) -> Store:
        """Return the store of the abstract base of several models, which stands for no items of its own."""
        store = self.twin(Store)
        store.model, store.verbs, store.does_not_exist = model, verbs, does_not_exist
        _bases[id(model)] = store
        return store

    def __reduce__(self) -> tuple[Any, ...]:
        if self.binding is None:
            return store_of, (self.model,)
        return _store_at, (self.model, self.binding if isinstance(self.binding, Address) else self.here.address)

    def is_replaced(self, verb: str) -> bool:
        """Return whether the model has a verb of its own in place of ours, blocking or awaited.

        What is to be called then depends on who carries out the flow: :class:`~dynamorm.flows.Overriding`.
        """
        verbs, found = self.verbs, getattr(self.model, verb)
        if getattr(found, "__func__", found) is not verbs[verb]:
            return True
        ours = verbs.get(name := f"a{verb}")  # there is none of sync()
        return ours is not None and getattr(found := getattr(self.model, name), "__func__", found) is not ours

    def override(self, verb: str, awaits: bool = False) -> Override | None:
        """Return what the model has in place of one of our verbs; one that awaits others calls these too."""
        return (chosen_override if awaits else blocking_override)(self.model, verb, self.verbs)

    def no_such_position(self, message: str) -> NoSuchPosition:
        """Return the error for a query that has fewer items than its position says, of the model's own kind."""
        kind: type[NoSuchPosition] = getattr(self.does_not_exist, "NoSuchPosition", NoSuchPosition)
        return kind(message)

    # Where its items are.

    def bound(self, binding: Binding | None) -> Store:
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
        if self.mapper.upkeep is not None:
            key = {name: item[name] for name in self.mapper.key.names}
            return self._careful(Write("put", place, key, demand, (*conditions, *more), item, raw=raw))
        request = build_put(place.table, item, (*demand.conditions, *conditions, *more))
        return self.write(place, merged(request, raw), demand, plain)

    def put_unique(
        self, place: Place, item: WireItem, demand: Demand, conditions: Sequence[Condition] = (), raw: Raw = None
    ) -> Flow[dict[str, Any]]:
        """Store a whole item if there is none with its key."""
        if self.mapper.upkeep is not None and demand.known is None:
            demand = demand._replace(known={})  # which the condition demands
        try:
            return (yield from self.put(place, item, demand, (self.absent, *conditions), raw))
        except UniqueViolation:
            raise
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
        for stored in sorted(self.mapper.known - key.keys()):  # under former names too, which a put erases
            if stored in item:
                actions.append(Action("set", (stored,), item[stored]))
            else:
                actions.append(Action("remove", (stored,)))
        rest, more = self._conditions(raw)
        if self.mapper.upkeep is not None:
            write = Write("update", place, key, demand, (*conditions, *more), actions=tuple(actions), raw=rest)
            return self._careful(write)
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
        except UniqueViolation:
            raise
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
        *,
        checks: bool = False,
    ) -> Flow[dict[str, Any]]:
        """Change an item; returns DynamoDB's answer.

        Without actions it makes an item where there is none, unless it only ``checks``.
        """
        raw, more = self._conditions(raw)
        if self.mapper.upkeep is not None:
            verb, every = "check" if checks else "update", (*conditions, *more)
            asked = Write(verb, place, key, demand, every, None, tuple(actions), raw, returning=returning)
            return self._careful(asked)

        def send(demand: Demand) -> Flow[dict[str, Any]]:
            every = (*actions, *demand.actions)
            demands = (*demand.conditions, *conditions, *more)
            request = build_update(place.table, key, every, demands, returning=returning)
            return self.write(place, merged(request, raw), demand, actions=every)

        if demand.renewed is None:
            return send(demand)
        return self._sent_over_others(send, demand, (*conditions, *more), bool(depends_on(actions)))

    def _sent_over_others(
        self,
        send: Callable[[Demand], Flow[dict[str, Any]]],
        demand: Demand,
        conditions: Sequence[Condition],
        counts: bool,
    ) -> Flow[dict[str, Any]]:
        """Send an update whose computed keys are made of what was known, and again when that was changed meanwhile.

        :param counts: whether it would do something else the second time, so that it is not sent again where the first
            time may have done it
        """
        for _ in range(MOST_RENEWALS):
            try:
                return (yield from send(demand))
            except ConditionFailed as error:
                renewed = self.renewed(demand, error.item, conditions)
                if renewed is None or (error.ambiguous and counts):
                    raise
                demand = renewed  # and sent at once: it shows what the item is now, which is less true after a pause
        return (yield from send(demand))

    def renewed(self, demand: Demand, item: WireItem | None, conditions: Sequence[Condition]) -> Demand | None:
        """Return the demand for an item that an update met, ``None`` where another condition refuses that too."""
        if demand.renewed is None:
            return None
        met = item or {}  # somebody may have deleted what was there the time before
        if any(verdict(condition, met) is False for condition in conditions):
            return None  # and what could be made of it does not matter
        fresh = demand.renewed(met)
        if fresh is None or any(verdict(condition, met) is False for condition in fresh.conditions):
            return None
        return fresh

    def delete(
        self, place: Place, key: WireItem, demand: Demand, conditions: Sequence[Condition] = (), raw: Raw = None
    ) -> Flow[dict[str, Any]]:
        """Delete the item with a key; it is no error if there is none."""
        raw, more = self._conditions(raw)
        if self.mapper.upkeep_of_deletes is not None:
            return self._careful(Write("delete", place, key, demand, (*conditions, *more), raw=raw))
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
            self._refuse(place, demand, error)
        except RequestRefused as error:
            self._refuse_path(request.payload, actions, error)
        return answer if finish is None else finish(answer)

    def _refuse(self, place: Place, demand: Demand, error: ConditionFailed) -> NoReturn:
        """Raise the error for a write that was refused, with the item as an instance."""
        error.current = self._current(error.item, place)
        refusal = error if isinstance(error, UniqueViolation) else self.guards.refusal(demand, error)
        if refusal is error:
            raise error
        raise refusal from error.__cause__

    def _refuse_path(self, payload: Mapping[str, Any], actions: Sequence[Action], error: RequestRefused) -> NoReturn:
        """Raise the error for an update that DynamoDB calls invalid."""
        inside = ", ".join(shown_path(action.path) for action in actions if len(action.path) > 1)
        if not inside or "document path" not in str(error):
            raise error
        raise PathMissing(
            f"{self.mapper.model_name}, update of {inside} in the item with key "
            f"{decode_item(payload['Key'])}: the map or list around it is not there; "
            "set the whole attribute instead"
        ) from error

    def _careful(self, write: Write) -> Flow[dict[str, Any]]:
        """Send a write of a model that asks for upkeep."""
        careful = CarefulWrite(self.mapper, write, renews=self.renews)
        try:
            answer = yield from self.carried(careful)
        except ConditionFailed as error:
            self._refuse(write.place, careful.demand, error)
        except RequestRefused as error:
            self._refuse_path({"Key": write.key}, write.actions, error)
        return answer if write.verb in ("update", "check") else plain(answer)

    def carried(self, careful: CarefulWrite) -> Flow[dict[str, Any]]:
        """Carry a write out, from what a refusal shows again if need be."""
        return carried_alone(careful, self.model)

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
