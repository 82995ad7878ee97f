"""Items as the JSON that DynamoDB sends: the least room that an item takes, and all that is to be known of it."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from msgspec import UNSET, MsgspecError, defstruct, structs
from msgspec.json import Decoder

from ..bounded import Bounded
from .codec import WireItem, with_bytes

__all__ = ["StoredItem", "binary_as_text", "item_of", "key_within", "may_hold_bytes", "present_within", "text_of"]

StoredItem = bytes | WireItem
"""An item as its text, or in wire form."""


def item_of(stored: StoredItem) -> WireItem:
    """Return an item in wire form."""
    if type(stored) is not bytes:
        return stored  # type: ignore[return-value]
    try:
        item = orjson.loads(stored)
    except ValueError:
        item = json.loads(stored)  # takes numbers beyond those that there are
    return with_bytes(item) if may_hold_bytes(stored) else item


def key_within(stored: StoredItem, names: tuple[str, ...]) -> WireItem:
    """Return some attributes of an item; others are not even looked at.

    :raises KeyError: where one is missing
    """
    if not isinstance(stored, bytes):
        return {name: stored[name] for name in names}
    read = _readers.get(names) or _readers.remember(names, _reader(names))
    try:
        found = dict(zip(names, structs.astuple(read(stored)), strict=True))
    except (MsgspecError, ValueError):
        item = item_of(stored)  # which says more
        return {name: item[name] for name in names}
    return with_bytes(found) if may_hold_bytes(stored) else found


def present_within(stored: StoredItem, names: tuple[str, ...]) -> WireItem:
    """Return those of some attributes that an item has; others are not even looked at."""
    if not isinstance(stored, bytes):
        return {name: stored[name] for name in names if name in stored}
    read = _lenient_readers.get(names) or _lenient_readers.remember(names, _reader(names, UNSET))
    try:
        read_values = zip(names, structs.astuple(read(stored)), strict=True)
    except (MsgspecError, ValueError):
        return present_within(item_of(stored), names)
    found = {name: value for name, value in read_values if value is not UNSET}
    return with_bytes(found) if may_hold_bytes(stored) else found


_readers: Bounded[tuple[str, ...], Callable[[bytes], Any]] = Bounded(1_024)
_lenient_readers: Bounded[tuple[str, ...], Callable[[bytes], Any]] = Bounded(1_024)


def _reader(names: tuple[str, ...], *default: Any) -> Callable[[bytes], Any]:
    """Return what reads some attributes of the text of an item, with a default for those that are not there."""
    members = [f"m{number}" for number in range(len(names))]
    fields = [(member, Any, *default) for member in members]
    try:
        kind = defstruct("Key", fields, rename=dict(zip(members, names, strict=True)))
    except ValueError:
        return _refuse  # a name that JSON writes with escapes
    return Decoder(kind).decode


def _refuse(text: bytes) -> Any:
    raise ValueError


def may_hold_bytes(text: bytes) -> bool:
    """Return whether there may be binary values in the text of an item, which are base64 there."""
    return b'"B"' in text or b'"BS"' in text


def text_of(item: Mapping[str, Any]) -> bytes | None:
    """Return the text of an item, ``None`` where that would not be the same item any more."""
    try:
        text = orjson.dumps(item, default=binary_as_text, option=_EXACTLY)
    except (TypeError, ValueError, RecursionError):
        return None
    return bytes(memoryview(text))  # orjson leaves room for 4 KB behind every text


_EXACTLY = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_SUBCLASS


def binary_as_text(value: Any) -> str:
    """Return the text that stands for bytes in JSON."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return b64encode(value).decode("ascii")
    raise TypeError(f"a payload cannot hold {type(value).__name__}")
