"""What can be done with single items of a model: each function builds its request, sends it, and reads the answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, Protocol

from .exceptions import ConditionFailed, DynamoException, PathMissing, RequestRefused
from .expressions import Action, Condition, shown_path
from .flows import Place
from .instances.loading import loaded
from .mapper import Mapper
from .requests import Request, build_delete, build_get, build_put, build_update
from .requests.boto3_arguments import merged, without_conditions
from .schema.compiler.values import read_free_map
from .wire.codec import WireItem, decode_item

Raw = Mapping[str, Any] | None


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


class Store(NamedTuple):
    """A model's mapper and table, which is all that it takes to read and write its items.

    ``model`` is whom the signals of requests name as their sender, and what instances are made of.
    """

    mapper: Mapper
    table: Table
    model: Any = None

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
        """Give the place that an instance was loaded from or saved to, else the one that holds here and now."""
        place: Place | None = instance._dynamorm_state.place
        return place if place is not None and place.connection.is_current() else self.here

    @contextmanager
    def at(self, place: Place) -> Iterator[None]:
        """Let the model's verbs go to a place; an instance's own, while its changes pass the class's verbs."""
        token = _pinned.set((self.table, place))
        try:
            yield
        finally:
            _pinned.reset(token)

    @property
    def exists(self) -> Condition:
        return self.mapper.exists

    @property
    def absent(self) -> Condition:
        return self.mapper.absent

    def get(
        self, place: Place, key: WireItem, consistent: bool = False, paths: Any = None, raw: Raw = None
    ) -> WireItem | None:
        """Give the item with a key, in wire form."""
        request = merged(build_get(place.table, key, consistent=consistent, paths=paths), raw)
        return place.connection.call(request, self.model).get("Item")

    def put(
        self, place: Place, item: WireItem, conditions: Sequence[Condition] = (), raw: Raw = None
    ) -> dict[str, Any]:
        """Store a whole item in place of what was there."""
        raw, more = self._conditions(raw)
        return plain(self.write(place, merged(build_put(place.table, item, (*conditions, *more)), raw)))

    def put_unique(
        self, place: Place, item: WireItem, conditions: Sequence[Condition] = (), raw: Raw = None
    ) -> dict[str, Any]:
        """Store a whole item if there is none with its key."""
        try:
            return self.put(place, item, (self.absent, *conditions), raw)
        except ConditionFailed as error:
            if error.item is not None or not (conditions or raw):
                narrower = error.as_hash_key_exists()
                narrower.current = error.current
                raise narrower from error.__cause__
            raise

    def replace_known(
        self, place: Place, item: WireItem, conditions: Sequence[Condition] = (), raw: Raw = None
    ) -> dict[str, Any]:
        """Store everything that the schema knows of an item, and leave its other attributes as they are now."""
        key = {name: item[name] for name in self.mapper.key.names}
        actions = []
        for stored in sorted(self.mapper.adapter.readable - key.keys()):  # under former names too, which a put erases
            if stored in item:
                actions.append(Action("set", (stored,), item[stored]))
            else:
                actions.append(Action("remove", (stored,)))
        raw, more = self._conditions(raw)
        request = build_update(place.table, key, actions, (*conditions, *more), returning="NONE")
        return plain(self.write(place, merged(request, raw)))

    def update(
        self,
        place: Place,
        key: WireItem,
        actions: Sequence[Action],
        conditions: Sequence[Condition] = (),
        raw: Raw = None,
        returning: str = "ALL_NEW",
    ) -> dict[str, Any]:
        """Change an item; gives DynamoDB's answer."""
        raw, more = self._conditions(raw)
        request = build_update(place.table, key, actions, (*conditions, *more), returning=returning)
        try:
            return self.write(place, merged(request, raw))
        except RequestRefused as error:
            if "document path" in str(error) and any(len(action.path) > 1 for action in actions):
                inside = ", ".join(shown_path(action.path) for action in actions if len(action.path) > 1)
                raise PathMissing(
                    f"{self.mapper.model_name}, update of {inside} in the item with key {decode_item(key)}: "
                    "the map or list around it is not there; set the whole attribute instead"
                ) from error
            raise

    def delete(
        self, place: Place, key: WireItem, conditions: Sequence[Condition] = (), raw: Raw = None
    ) -> dict[str, Any]:
        """Delete the item with a key; it is no error if there is none."""
        raw, more = self._conditions(raw)
        return plain(self.write(place, merged(build_delete(place.table, key, (*conditions, *more)), raw)))

    def write(self, place: Place, request: Request) -> dict[str, Any]:
        """Send a write; a refusal shows the item as it is, as an instance."""
        try:
            return place.connection.call(request, self.model)
        except ConditionFailed as error:
            error.current = self.current(error.item, place)
            raise

    def current(self, item: WireItem | None, place: Place) -> Any:
        """Give the instance of an item that met a condition, ``None`` where it cannot be read as one."""
        if item is None:
            return None
        try:
            return loaded(self.model, item, place=place)
        except DynamoException:
            return None

    def _conditions(self, raw: Raw) -> tuple[dict[str, Any], tuple[Condition, ...]]:
        if not raw:
            return {}, ()
        rest, found = without_conditions(raw)
        return rest, self.mapper.conditions(found)


def plain(response: dict[str, Any]) -> dict[str, Any]:
    """Give an answer in the form of boto3's resource: its attributes as plain values."""
    attributes = response.get("Attributes")
    if attributes is None:
        return response
    try:
        values = read_free_map(attributes)
    except Exception:
        values = decode_item(attributes)  # which says what is wrong with it
    return {**response, "Attributes": values}
