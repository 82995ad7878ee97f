"""What is stored of an item, past the mapper."""

from __future__ import annotations

from typing import Any


def stored_item(model: Any, **key: Any) -> dict[str, Any] | None:
    """Return an item as boto3 reads it, or ``None`` where there is none."""
    item: dict[str, Any] | None = model.Table.table.get_item(Key=key, ConsistentRead=True).get("Item")
    return item


def stored_wire(model: Any, **key: str) -> dict[str, Any]:
    """Return an item in wire form; the key consists of texts."""
    typed = {name: {"S": value} for name, value in key.items()}
    item: dict[str, Any] = model.Table.client.get_item(TableName=model.Table.full_name, Key=typed)["Item"]
    return item
