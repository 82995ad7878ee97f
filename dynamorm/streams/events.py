"""The records of a stream that AWS Lambda hands to a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..exceptions import DynamoTableException, InvalidExpression, ValidationError
from ..store import Store, complete_models, is_complete_model, store_of
from .changes import Change, ChangeReader, check_on_invalid

__all__ = ["Readers", "records", "records_in"]


def records(
    event: Mapping[str, Any], *models: Any, on_invalid: str | Callable[[ValidationError], Any] = "raise"
) -> Iterator[Change]:
    """Return the changes in an event that AWS Lambda hands to a function, in their order.

    Instances are of the models whose tables the event names; guards of unique values are passed over.

    :param models: those to look at, classes or handles; without any, all models that are defined
    :param on_invalid: what becomes of images that the schema refuses: ``"raise"``, ``"skip"``, or a function that is
        called with each ``ValidationError``
    :raises DynamoTableException: if no model is in a table of the event

    Example::

        def handler(event, context):
            for change in records(event, Book):
                if change.kind == "insert":
                    print("new:", change.new.title)
    """
    readers = Readers(models, on_invalid)
    return filter(None, map(readers.change, records_in(event)))


def records_in(event: Any) -> Sequence[Mapping[str, Any]]:
    """Return the records of an event."""
    found = event.get("Records") if isinstance(event, Mapping) else None
    if not isinstance(found, list):
        raise InvalidExpression("this is no event of a DynamoDB stream: it has no list of Records")
    return found


class Readers:
    """Reads records of any tables, each with the models that are in its table."""

    def __init__(self, models: Sequence[Any], on_invalid: str | Callable[[ValidationError], Any]) -> None:
        check_on_invalid(on_invalid)
        self._on_invalid = on_invalid
        self._stores = [_store_of(model) for model in models] if models else None
        self._readers: dict[str, ChangeReader] = {}

    def change(self, record: Mapping[str, Any]) -> Change | None:
        """Return the change that a record tells, ``None`` for one that is none of a model's."""
        table = _table_in(record)
        reader = self._readers.get(table)
        if reader is None:
            reader = self._readers[table] = ChangeReader(self._stores_in(table), self._on_invalid)
        return reader.change(record)

    def _stores_in(self, table: str) -> list[Store]:
        stores = self._stores if self._stores is not None else _all_stores()
        found = [store for store in stores if not table or store.table_name == table]
        if not found:
            names = ", ".join(sorted({store.table_name for store in stores})) or "none"
            raise DynamoTableException(
                f"no model is in the table {table!r}, whose changes the event holds; the tables of the models are: "
                f"{names}. Import the model, and let table_prefix be that of the table"
            )
        return found


def _all_stores() -> list[Store]:
    # a class that is defined anew, in an interactive session say, replaces the one that had its name
    latest = {(model.__module__, model.__qualname__): store_of(model) for model in complete_models()}
    return list(latest.values())


def _store_of(model: Any) -> Store:
    definition = getattr(model, "_dynamorm", None)
    if definition is None or is_complete_model(type(model)):
        raise InvalidExpression(f"{model!r} is no model: give classes of models")
    store: Store = definition.store
    return store


def _table_in(record: Any) -> str:
    """Return the name of the table that a record is of, an empty text where it does not say."""
    source = record.get("eventSourceARN") if isinstance(record, Mapping) else None
    return str(source or "").partition(":table/")[2].partition("/")[0]
