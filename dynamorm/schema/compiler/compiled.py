"""The functions of one schema, compiled when they are first called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

from ...locks import cached_property
from ...wire.codec import WireItem
from .dumping import Dump, compile_dump
from .given import GivenValues
from .layouts import SchemaLayout, Text
from .loading import Besides, Natives
from .on_demand import OnDemand, leave_to_library
from .parts import Scalar, Writer, compile_part, compile_scalar, field_alone, scalar_inside
from .report import Direction, report_fields
from .source import text_of
from .stored_items import StoredItems

Load = Callable[[Mapping[str, Any]], "Natives | None"]
Receive = Callable[["bytes | Mapping[str, Any]"], "tuple[Natives, Besides | None] | None"]


class TakesGiven(Protocol):
    """What takes the values that programs give, and gives ``None`` where the adapter has to take them."""

    def natives(self, given: Mapping[str, Any], defaults: bool) -> dict[str, Any] | None:
        """Return the natives of what a constructor is given, with the ``defaults`` of what is missing."""

    def wire(self, given: Mapping[str, Any]) -> WireItem | None:
        """Return the wire form of a whole item that is put, with the defaults of what is missing."""


class Compiled:
    """The generated functions of a schema.

    All of them give ``None`` where the library has to do the work, be it that a schema is not compiled or that a value
    is not of the expected shape.  ``layout`` describes the schema for loads in each mode, ``whole`` is the one that
    demands everything, and ``dump_layout`` describes it for dumps, where these need something else.
    """

    def __init__(
        self,
        name: str,
        layout: Callable[[str], SchemaLayout],
        whole: str,
        dump_layout: Callable[[], SchemaLayout] | None = None,
        given: Callable[[], TakesGiven] | None = None,
    ) -> None:
        self._name = name
        self._whole = whole
        self._dump_layout = dump_layout
        self._given = given
        self._layouts = OnDemand[str, SchemaLayout](lambda mode: _described(name, lambda: layout(mode)))
        self.stored = OnDemand[str, StoredItems | None](self._compile_load, None)
        """What loads stored items, by the mode, ``None`` where the library does."""
        self.loads = OnDemand[str, Load](lambda mode: self._way_of("natives", mode))
        """Functions from an item in wire form to its natives, by the mode."""
        self.receives = OnDemand[str, Receive](lambda mode: self._way_of("receive", mode))
        """Functions that load items for instances, be they texts, by their mode."""
        self.dumps = OnDemand[bool, Dump](self._compile_dump)
        """Functions from natives to their wire form, by whether they only give valid ones."""
        self.parts = OnDemand[tuple[str, bool], Writer](lambda key: compile_part(self.dump_layout, *key))
        """Functions from the native of one field to its wire form, by its name and whether it is to be valid."""
        self._scalars = OnDemand[tuple[Scalar, bool], Writer](lambda key: compile_scalar(self.dump_layout, *key))

    def is_text(self, name: str) -> bool:
        """Return whether any text that a field holds is stored as it is."""
        field = field_alone(self.dump_layout, name, False)
        return field is not None and type(field.value) is Text

    def inner_part(self, path: Sequence[str | int], check: bool, *, element: bool = False) -> Writer:
        """Return a function like those of ``parts`` for what is at a document path, or for an element of that.

        It only writes texts, numbers and truth values.
        """
        value = scalar_inside(self.dump_layout, path, check, element=element)
        return leave_to_library if value is None else self._scalars[value, check]

    @cached_property
    def given(self) -> TakesGiven:
        """What takes the values that programs give."""
        if self._given is not None:
            with suppress(Exception):  # whatever is wrong with a schema, its library says it best, when it is used
                return self._given()
        return GivenValues(self.layout(self._whole), self.dump_layout, self.parts, self.dumps)

    def layout(self, mode: str) -> SchemaLayout:
        """Return the description for a load."""
        return self._layouts[mode]

    @cached_property
    def dump_layout(self) -> SchemaLayout:
        """The description for the dump, which may be the one for a whole load."""
        return self.layout(self._whole) if self._dump_layout is None else _described(self._name, self._dump_layout)

    @property
    def loading(self) -> Direction:
        """What is compiled of the validating load."""
        stored, layout = self.stored[self._whole], self.layout(self._whole)
        reason = layout.load_declined or self.stored.refused.get(self._whole)
        text = "" if stored is None else text_of(stored.load)
        return Direction(f"{self._name}.load", reason, report_fields(layout), text)

    @property
    def dumping(self) -> Direction:
        """What is compiled of the dump of a full save, which also checks."""
        dump, layout = self.dumps[True], self.dump_layout
        reason = layout.dump_declined or layout.load_declined or self.dumps.refused.get(True)
        return Direction(f"{self._name}.dump", reason, report_fields(layout), text_of(dump))

    def _way_of(self, name: str, mode: str) -> Any:
        return getattr(self.stored[mode], name, leave_to_library)

    def _compile_load(self, mode: str) -> StoredItems | None:
        layout = self.layout(mode)
        return StoredItems(layout) if layout.load_declined is None else None

    def _compile_dump(self, check: bool) -> Dump:
        layout = self.dump_layout
        if layout.dump_declined is not None or (check and layout.load_declined is not None):
            return leave_to_library
        if check and layout.finish is not None:
            # a load makes all checks, and the functions of the user's among them are to run once
            return compile_dump(layout, check=False, load=self.loads[self._whole])
        return compile_dump(layout, check=check)


def _described(name: str, describe: Callable[[], SchemaLayout]) -> SchemaLayout:
    try:
        return describe()
    except Exception as error:
        reason = f"it cannot be described: {type(error).__name__}: {error}"
        return SchemaLayout(name, load_declined=reason, dump_declined=reason)
