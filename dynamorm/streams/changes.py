"""What one record of a stream says: instances of an item as it was and as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, NamedTuple

from ..exceptions import DynaModelException, InvalidExpression, ValidationError
from ..instances.loading import loaded, loaded_key
from ..store import Store
from ..wire.codec import WireItem, decode_item, with_bytes

__all__ = ["Change", "ChangeReader", "check_on_invalid"]

_KINDS = {"INSERT": "insert", "MODIFY": "modify", "REMOVE": "remove"}
_TTL = "dynamodb.amazonaws.com"


class Change(NamedTuple):
    """One change of an item.

    ``old`` is the instance before, ``None`` for an insert; ``new`` the one after, ``None`` for a remove.  Where the
    stream carries no such image, the instance is partial: it has what the key tells.
    """

    kind: str
    """``"insert"``, ``"modify"`` or ``"remove"``."""
    model: Any
    """The class of the item's model."""
    old: Any
    new: Any
    keys: dict[str, Any]
    """The primary key as plain values, by stored name."""
    at: datetime
    """When it was made, to the second, in UTC."""
    sequence: str
    """The number of the change, by which those of one item are in order."""
    by_ttl: bool
    """Whether DynamoDB deleted the item because it had expired."""

    @property
    def instance(self) -> Any:
        """The instance after the change, or the one before a remove."""
        return self.old if self.new is None else self.new


def check_on_invalid(what: Any) -> None:
    """Refuse what cannot say what becomes of records that the schema refuses."""
    if what not in ("raise", "skip") and not callable(what):
        raise InvalidExpression(f'on_invalid={what!r}: give "raise", "skip" or a function')


class ChangeReader:
    """Makes changes of records, with instances of the models of a table."""

    def __init__(self, stores: Sequence[Store], on_invalid: str | Callable[[ValidationError], Any] = "raise") -> None:
        self._stores = stores
        self._on_invalid = on_invalid

    def change(self, record: Mapping[str, Any]) -> Change | None:
        """Return what a record says, ``None`` for a guard of a unique value, and for what is not to be seen."""
        try:
            return self._change(record)
        except ValidationError as error:
            if self._on_invalid == "raise":
                raise
            if callable(self._on_invalid):
                self._on_invalid(error)
            return None

    def _change(self, record: Mapping[str, Any]) -> Change | None:
        try:
            kind, told = _KINDS[record["eventName"]], record["dynamodb"]
            key, sequence = with_bytes(told["Keys"]), str(told["SequenceNumber"])
            at = _moment(told["ApproximateCreationDateTime"])
        except (KeyError, TypeError) as error:
            raise InvalidExpression(f"{_shown(record)} is no record of a DynamoDB stream: {error!r}") from None
        old = None if kind == "insert" else self._instance(told.get("OldImage"), key)
        new = None if kind == "remove" else self._instance(told.get("NewImage"), key)
        if old is None and new is None:
            return None
        identity = record.get("userIdentity") or {}
        # Lambda and the API write these names differently
        by_ttl = _TTL in (identity.get("principalId"), identity.get("PrincipalId"))
        return Change(kind, type(old if new is None else new), old, new, decode_item(key), at, sequence, by_ttl)

    def _instance(self, image: Mapping[str, Any] | None, key: WireItem) -> Any:
        """Return the instance of an image, or of a key where the stream carries none."""
        item = None if image is None else with_bytes(image)
        found: dict[int, Any] = {}
        for store in self._stores:
            instance = loaded_key(store, key) if item is None else loaded(store, item, hides=False)
            if instance is not None:
                found[id(type(instance))] = instance
        if len(found) > 1:
            names = " and ".join(sorted(type(instance).__name__ for instance in found.values()))
            raise DynaModelException(
                f"the item with key {decode_item(key)} may be one of {names}, which share a table and are not told "
                "apart: name the model that is meant"
            )
        return next(iter(found.values()), None)


def _moment(given: Any) -> datetime:
    """Return the time of a record: Lambda has seconds, and boto3 a datetime."""
    if isinstance(given, datetime):
        return given.astimezone(timezone.utc)
    return datetime.fromtimestamp(given, timezone.utc)


def _shown(record: Any) -> str:
    """Return what a message shows of a record, which may hold secrets."""
    return f"one with {', '.join(map(str, record))}" if isinstance(record, Mapping) else type(record).__name__
