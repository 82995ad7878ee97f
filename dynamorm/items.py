"""What can be done with single items of a model: each function builds its request, sends it, and reads the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .codec import WireItem, decode_item
from .exceptions import ConditionFailed, DoesNotExist
from .expressions import Action, Comparison, Condition
from .mapper import Mapper
from .requests import Request, build_delete, build_get, build_put, build_update
from .table import DynamoTable3


class Store(NamedTuple):
    """A model's mapper and table, which is all that it takes to read and write its items.

    ``model`` is whom the signals of requests name as their sender.
    """

    mapper: Mapper
    table: DynamoTable3
    model: Any = None

    def call(self, request: Request) -> dict[str, Any]:
        return self.table.connection.call(request, self.model)

    def get(self, keys: Mapping[str, Any], consistent: bool) -> WireItem | None:
        """Give the item with a key, in wire form."""
        request = build_get(self.table.full_name, self.mapper.wire_key(keys), consistent=consistent)
        return self.call(request).get("Item")

    def put(self, item: WireItem, conditions: Sequence[Condition] = ()) -> dict[str, Any]:
        """Store a whole item in place of what was there."""
        return _plain(self.call(build_put(self.table.full_name, item, conditions)))

    def put_unique(self, item: WireItem, conditions: Sequence[Condition] = ()) -> dict[str, Any]:
        """Store a whole item if there is none with its key."""
        absent = Comparison((self.mapper.key.hash_key,), "not_exists")
        try:
            return self.put(item, (absent, *conditions))
        except ConditionFailed as error:
            if error.item is not None or not conditions:
                raise error.as_hash_key_exists() from error.__cause__
            raise

    def replace_known(self, item: WireItem, conditions: Sequence[Condition] = ()) -> dict[str, Any]:
        """Store everything that the schema knows of an item, and leave its other attributes as they are now."""
        key = {name: item[name] for name in self.mapper.key.names}
        actions = []
        for stored in self.mapper.adapter.by_stored:
            if stored in key:
                continue
            if stored in item:
                actions.append(Action("set", (stored,), item[stored]))
            else:
                actions.append(Action("remove", (stored,)))
        return _plain(self.call(build_update(self.table.full_name, key, actions, conditions, returning="NONE")))

    def update(
        self, key: WireItem, actions: Sequence[Action], conditions: Sequence[Condition], must_exist: bool
    ) -> dict[str, Any]:
        """Change an item; gives the answer with all its attributes as they are now, in wire form."""
        if must_exist:
            conditions = (Comparison((self.mapper.key.hash_key,), "exists"), *conditions)
        try:
            return self.call(build_update(self.table.full_name, key, actions, conditions))
        except ConditionFailed as error:
            if must_exist and error.item is None:
                name = self.mapper.model_name
                raise DoesNotExist(f"there is no {name} with key {decode_item(key)} any more") from error
            raise

    def delete(self, key: WireItem, conditions: Sequence[Condition] = ()) -> dict[str, Any]:
        """Delete the item with a key; it is no error if there is none."""
        return _plain(self.call(build_delete(self.table.full_name, key, conditions)))


def _plain(response: dict[str, Any]) -> dict[str, Any]:
    if "Attributes" in response:
        return {**response, "Attributes": decode_item(response["Attributes"])}
    return response
