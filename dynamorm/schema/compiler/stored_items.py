"""Loads of stored items, as texts or as dicts in wire form, by generated code alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ...wire.texts import item_of, may_hold_bytes
from .layouts import SchemaLayout
from .loading import Besides, Natives, compile_load
from .structs import Structs, needs_wire


class StoredItems:
    """Loads the items of one schema; everything gives ``None`` where the library has to load an item.

    ``load`` is the generated function.
    """

    def __init__(self, layout: SchemaLayout) -> None:
        structs = Structs()
        self._struct = structs.record(layout)
        self.load = compile_load(layout, structs)
        self._decode = msgspec.json.Decoder(self._struct).decode
        self._needs_wire = needs_wire(layout)
        # what may be of any type may be bytes, which no type says then
        self._takes_bytes_for_text = structs.holds_untyped

    def natives(self, wire: Mapping[str, Any]) -> Natives | None:
        """Return the natives of an item in wire form."""
        try:
            received = self.load(msgspec.convert(wire, self._struct), wire)
        except _REFUSED:
            return None
        return None if received is None else received[0]

    def receive(self, item: bytes | Mapping[str, Any]) -> tuple[Natives, Besides | None] | None:
        """Return the natives of an item, and what it will not tell later."""
        try:
            if type(item) is bytes:
                if not (self._needs_wire or (self._takes_bytes_for_text and may_hold_bytes(item))):
                    return self.load(self._decode(item), None)
                item = item_of(item)
            return self.load(msgspec.convert(item, self._struct), item)  # type: ignore[arg-type]
        except _REFUSED:
            return None


_REFUSED = (msgspec.MsgspecError, RecursionError, ValueError, TypeError)
