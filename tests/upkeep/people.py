"""A model in three forms: what tests of upkeep rewrite, and how they look at what is stored."""

from __future__ import annotations

from typing import Any

from dynamorm import downgrade, upgrade

from ..libraries import integer, text

TABLE = {"name": "people", "hash_key": "id"}
FIRST = {"id": text(required=True), "name": text(), "visits": integer()}
SECOND = {"id": text(required=True), "first": text(), "last": text(), "visits": integer()}


def split(item: dict[str, Any]) -> None:
    if "name" in item:
        item["first"], _, item["last"] = item.pop("name").partition(" ")


def join(item: dict[str, Any]) -> None:
    item["name"] = f"{item.pop('first', '')} {item.pop('last', '')}"


def first_form(library: Any, **table: Any) -> Any:
    """Return the model that knows whole names only."""
    return library.model("Person", {**TABLE, "schema_version": 1, **table}, FIRST)


def second_form(library: Any, **table: Any) -> Any:
    """Return the model that tells first names from last names; it can write the first form, too."""
    table = {**TABLE, "schema_version": 2, **table}
    return library.model("Person", table, SECOND, split=upgrade(2)(split), join=downgrade(2)(join))


def raw(model: Any) -> list[dict[str, Any]]:
    """Return everything that the table of a model holds, as boto3 reads it."""
    return sorted(model.Table.table.scan(ConsistentRead=True)["Items"], key=lambda item: str(sorted(item.items())))


def put_raw(model: Any, *items: dict[str, Any]) -> None:
    for item in items:
        model.Table.table.put_item(Item=item)
