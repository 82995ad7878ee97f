"""What a model is to the rooms below its class, and what can be done with one of its items.

Every write of a model passes :meth:`Store.write`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, Protocol
from weakref import WeakValueDictionary

from .exceptions import ConditionFailed, DynamoException, InvalidExpression, PathMissing, RequestRefused
from .expressions import Action, Comparison, Condition, shown_path
from .flows import Call, Flow, Place, call_step
from .instances.loading import loaded
from .mapper import Mapper
from .requests import Request, build_delete, build_get, build_put, build_update
from .requests.boto3_arguments import merged, without_conditions
from .schema.compiler.values import read_free_map
from .wire.codec import WireItem, decode_item
from .wire.paths import same_value

Raw = Mapping[str, Any] | None

# the bytes that DynamoDB takes of one expression
_LONGEST_EXPRESSION = 4_096


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


_pinned: ContextVar[tuple[Table, Place] | None] = ContextVar("dynamorm_place", default=None)
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
    """

    __slots__ = ("__weakref__", "mapper", "model", "own_init", "relationships", "table", "verbs")

    def __init__(self, mapper: Mapper, table: Table) -> None:
        self.mapper = mapper
        self.table = table
        self.model: Any = None
        self.own_init: bool | None = None
        self.relationships: dict[str, Any] = {}
        self.verbs: Mapping[str, Any] = {}

    def for_model(self, model: Any, own_init: bool | None, verbs: Mapping[str, Any]) -> Store:
        """Return the store of a model class with this mapper and table, which is known by its class from now on."""
        store = Store(self.mapper, self.table)
        store.model, store.own_init, store.verbs = model, own_init, verbs
        _stores[id(model)] = store
        return store

    def __reduce__(self) -> tuple[Any, ...]:
        return store_of, (self.model,)

    def is_replaced(self, verb: str) -> bool:
        """Return whether the model has a verb of its own in place of ours, which is to be called then."""
        found = getattr(self.model, verb)
        return getattr(found, "__func__", found) is not self.verbs[verb]

    # Where its items are.

    @property
    def here(self) -> Place:
        """Where items are by the settings that hold here and now."""
        return self._pinned_place or Place(self.table.connection, self.table.full_name)

    @property
    def table_name(self) -> str:
        """The full name of the table here and now; knowing it takes no connection."""
        place = self._pinned_place
        return self.table.full_name if place is None else place.table

    @property
    def _pinned_place(self) -> Place | None:
        pinned = _pinned.get()
        return pinned[1] if pinned is not None and pinned[0] is self.table else None

    def place_of(self, instance: Any) -> Place:
        """Return the place that an instance was loaded from or saved to, else the one that holds here and now."""
        place: Place | None = instance._dynamorm_state.place
        return place if place is not None and place.connection.is_current() else self.here

    def at(self, place: Place) -> partial[Any]:
        """Return what makes contexts in which the model's verbs go to a place.

        An instance's changes go to its own place by this, where they pass verbs of the class that the model replaced.
        """
        return partial(_pin, self.table, place)

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
        self, place: Place, item: WireItem, conditions: Sequence[Condition] = (), raw: Raw = None
    ) -> Flow[dict[str, Any]]:
        """Store a whole item in place of what was there."""
        raw, more = self._conditions(raw)
        return self.write(place, merged(build_put(place.table, item, (*conditions, *more)), raw), plain)

    def put_unique(
        self, place: Place, item: WireItem, conditions: Sequence[Condition] = (), raw: Raw = None
    ) -> Flow[dict[str, Any]]:
        """Store a whole item if there is none with its key."""
        try:
            return (yield from self.put(place, item, (self.absent, *conditions), raw))
        except ConditionFailed as error:
            if error.item is not None or not (conditions or raw):
                narrower = error.as_hash_key_exists()
                narrower.current = error.current
                raise narrower from error.__cause__
            raise

    def replace_known(
        self, place: Place, item: WireItem, extra: WireItem, conditions: Sequence[Condition] = (), raw: Raw = None
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
            request = build_update(place.table, key, actions, (*conditions, *more), returning="NONE")
        except InvalidExpression:
            request = None
        if request is None or len(request.payload["UpdateExpression"]) > _LONGEST_EXPRESSION:
            return self._replace_unless_changed(place, item, extra, conditions, raw)
        return self.write(place, merged(request, rest), plain)

    def _replace_unless_changed(
        self, place: Place, item: WireItem, extra: WireItem, conditions: Sequence[Condition], raw: Raw
    ) -> Flow[dict[str, Any]]:
        unchanged = [Comparison((name,), "eq", (value,)) for name, value in sorted(extra.items())]
        try:
            return (yield from self.put(place, {**extra, **item}, (*unchanged, *conditions), raw))
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
        conditions: Sequence[Condition] = (),
        raw: Raw = None,
        returning: str = "ALL_NEW",
    ) -> Flow[dict[str, Any]]:
        """Change an item; returns DynamoDB's answer."""
        raw, more = self._conditions(raw)
        request = build_update(place.table, key, actions, (*conditions, *more), returning=returning)
        return self.write(place, merged(request, raw), actions=actions)

    def delete(
        self, place: Place, key: WireItem, conditions: Sequence[Condition] = (), raw: Raw = None
    ) -> Flow[dict[str, Any]]:
        """Delete the item with a key; it is no error if there is none."""
        raw, more = self._conditions(raw)
        return self.write(place, merged(build_delete(place.table, key, (*conditions, *more)), raw), plain)

    def write(
        self,
        place: Place,
        request: Request,
        finish: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
        actions: Sequence[Action] = (),
    ) -> Flow[dict[str, Any]]:
        """Send a write; a refusal shows the item as it is, as an instance.

        :param finish: what is made of the answer
        :param actions: those of an update, to say which of them met nothing around its path
        """
        try:
            answer: dict[str, Any] = yield call_step((place.connection, request, self.model))
        except ConditionFailed as error:
            error.current = self._current(error.item, place)
            raise
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


@contextmanager
def _pin(table: Table, place: Place) -> Iterator[None]:
    token = _pinned.set((table, place))
    try:
        yield
    finally:
        _pinned.reset(token)


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
