"""Answers to reads whose items stay texts: who makes instances of them looks into each when it is its turn.

Whether an answer is DynamoDB's JSON is known after it was cut into items; msgspec and orjson agree in that, with two
exceptions: msgspec does not mind invalid UTF-8 in what it passes over, nor numbers beyond those that there are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import UNSET, MsgspecError, Raw, Struct, UnsetType
from msgspec.json import Decoder

from ..wire.texts import item_of

__all__ = ["TextAnswer", "cut"]


Read = Callable[[str, bytes | bytearray], "dict[str, Any] | None"]


class TextAnswer(dict[str, Any]):
    """An answer with texts in place of its items, which can be read again as botocore would read it."""

    __slots__ = ("source",)

    source: tuple[Read, str, bytes | bytearray]
    """What reads the answer to an operation as a whole, the operation, and the answer."""

    def rereader(self) -> Callable[[], dict[str, Any]]:
        """Return a function that gives the answer with its items in wire form, and does not hold these until then."""
        rest = {name: part for name, part in self.items() if name not in _ITEMS}
        read, operation, body = self.source
        return lambda: {**(read(operation, body) or {}), **rest}


_ITEMS = frozenset({"Item", "Items", "Responses"})


class _One(Struct, forbid_unknown_fields=True, gc=False):
    Item: Raw
    ConsumedCapacity: Any = UNSET


class _Page(Struct, forbid_unknown_fields=True, gc=False):
    Items: list[Raw]
    Count: int | UnsetType = UNSET
    ScannedCount: int | UnsetType = UNSET
    LastEvaluatedKey: Raw | UnsetType = UNSET
    ConsumedCapacity: Any = UNSET


class _Batch(Struct, forbid_unknown_fields=True, gc=False):
    Responses: dict[str, list[Raw]]
    UnprocessedKeys: Any = UNSET
    ConsumedCapacity: Any = UNSET


def _of_one(answer: _One) -> dict[str, Any] | None:
    item = bytes(answer.Item)
    return {"Item": item} if item[:1] == b"{" else None


def _of_page(answer: _Page) -> dict[str, Any]:
    # copies, since each item alone would hold the whole page
    parts: dict[str, Any] = {"Items": list(map(bytes, answer.Items))}
    if answer.Count is not UNSET:
        parts["Count"] = answer.Count
    if answer.ScannedCount is not UNSET:
        parts["ScannedCount"] = answer.ScannedCount
    if answer.LastEvaluatedKey is not UNSET:
        parts["LastEvaluatedKey"] = item_of(bytes(answer.LastEvaluatedKey))
    return parts


def _of_batch(answer: _Batch) -> dict[str, Any] | None:
    if answer.UnprocessedKeys:
        return None  # in which there may be binary values
    parts: dict[str, Any] = {"Responses": {table: list(map(bytes, items)) for table, items in answer.Responses.items()}}
    if answer.UnprocessedKeys is not UNSET:
        parts["UnprocessedKeys"] = answer.UnprocessedKeys
    return parts


_KINDS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], dict[str, Any] | None]]] = {
    "GetItem": (Decoder(_One).decode, _of_one),
    "Query": (Decoder(_Page).decode, _of_page),
    "Scan": (Decoder(_Page).decode, _of_page),
    "BatchGetItem": (Decoder(_Batch).decode, _of_batch),
}


def cut(operation: str, body: bytes | bytearray, read: Read) -> TextAnswer | None:
    """Return an answer with texts for items, ``None`` where there are none, or where it has to be read as a whole.

    ``read`` is what does that.
    """
    kind = _KINDS.get(operation)
    if kind is None:
        return None
    decode, parts_of = kind
    try:
        if not body.isascii():
            body.decode()
        answer = decode(body)
        parts = parts_of(answer)
    except (MsgspecError, ValueError, RecursionError):
        return None
    if parts is None:
        return None
    if answer.ConsumedCapacity is not UNSET:
        parts["ConsumedCapacity"] = answer.ConsumedCapacity
    found = TextAnswer(parts)
    found.source = read, operation, body
    return found
