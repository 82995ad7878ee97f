"""The functions of one schema, compiled when they are first called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

from ...locks import cached_property
from ...wire.codec import AttributeValue, WireItem
from .dumping import Dump, compile_dump
from .given import GivenValues
from .layouts import SchemaLayout, Text
from .loading import Besides, Natives
from .on_demand import OnDemand, lock
from .parts import Steps, Writer, compile_inner_part, compile_part, field_alone, leave_to_library, trail_of
from .report import Direction, report_fields
from .source import unless_refused
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
        self._layout = layout
        self._whole = whole
        self._dump_layout = dump_layout
        self._given = given
        self._layouts: dict[str, SchemaLayout] = {}
        self._texts: dict[str, str] = {}
        self._refused: dict[str, str] = {}
        self.stored: dict[str, StoredItems | None] = OnDemand(self._compile_load)
        """What loads stored items, by the mode, ``None`` where the library does."""
        self.loads: dict[str, Load] = OnDemand(lambda mode: self._way_of("natives", mode))
        """Functions like :meth:`load`, by their mode."""
        self.receives: dict[str, Receive] = OnDemand(lambda mode: self._way_of("receive", mode))
        """Functions that load items for instances, be they texts, by their mode."""
        self.dumps: dict[bool, Dump] = OnDemand(self._compile_dump)
        """Functions like :meth:`dump`, by whether they check."""
        self.parts: dict[tuple[str, bool], Writer] = OnDemand(self._compile_part)
        """Functions like :meth:`part`, by the name of the field and whether they check."""
        self._inner_parts: dict[tuple[str, Steps, bool], Writer] = OnDemand(self._compile_inner_part)

    def load(self, wire: Mapping[str, Any], mode: str) -> dict[str, Any] | None:
        """Return the natives of a stored item."""
        return self.loads[mode](wire)

    def dump(self, natives: Mapping[str, Any], check: bool) -> WireItem | None:
        """Return the wire form of natives; with ``check`` only where it is valid."""
        return self.dumps[check](natives)

    def part(self, name: str, value: Any, check: bool) -> AttributeValue | None:
        """Return the wire form of the native value of one field; with ``check`` only where it is valid by itself."""
        return self.parts[name, check](value)

    def is_text(self, name: str) -> bool:
        """Return whether any text that a field holds is stored as it is."""
        field = field_alone(self.dump_layout, name, False)
        return field is not None and type(field.value) is Text

    def inner_part(self, path: Sequence[str | int], check: bool, *, element: bool = False) -> Writer:
        """Return a function like :meth:`part` for what is at a document path inside a field, or an element of that.

        It only writes texts, numbers and truth values.
        """
        trail = trail_of(self.dump_layout, path, element=element)
        if trail is None:
            return leave_to_library
        name, steps = trail
        return self._inner_parts[name, steps, check]

    @cached_property
    def given(self) -> TakesGiven:
        """What takes the values that programs give."""
        if self._given is not None:
            with suppress(Exception):  # whatever is wrong with a schema, its library says it best, when it is used
                return self._given()
        return GivenValues(self.layout(self._whole), self.dump_layout, self.parts, self.dumps)

    def layout(self, mode: str) -> SchemaLayout:
        """Return the description for a load."""
        with lock:
            if mode not in self._layouts:
                self._layouts[mode] = _described(self._name, lambda: self._layout(mode))
            return self._layouts[mode]

    @cached_property
    def dump_layout(self) -> SchemaLayout:
        """The description for the dump, which may be the one for a whole load."""
        return self.layout(self._whole) if self._dump_layout is None else _described(self._name, self._dump_layout)

    @property
    def loading(self) -> Direction:
        """What is compiled of the validating load."""
        self.loads[self._whole]
        layout, function = self.layout(self._whole), f"load {self._whole}"
        reason = layout.load_declined or self._refused.get(function)
        return Direction(f"{self._name}.load", reason, report_fields(layout), self._texts.get(function, ""))

    @property
    def dumping(self) -> Direction:
        """What is compiled of the dump of a full save, which also checks."""
        self.dumps[True]
        layout = self.dump_layout
        reason = layout.dump_declined or layout.load_declined or self._refused.get("dump True")
        return Direction(f"{self._name}.dump", reason, report_fields(layout), self._texts.get("dump True", ""))

    def _way_of(self, name: str, mode: str) -> Any:
        return getattr(self.stored[mode], name, leave_to_library)

    def _compile_load(self, mode: str) -> StoredItems | None:
        layout = self.layout(mode)
        if layout.load_declined is not None:
            return None
        stored: StoredItems | None = self._unless_refused(f"load {mode}", lambda: StoredItems(layout), None)
        if stored is not None:
            self._texts[f"load {mode}"] = stored.text
        return stored

    def _compile_dump(self, check: bool) -> Dump:
        layout = self.dump_layout
        if layout.dump_declined is not None or (check and layout.load_declined is not None):
            return leave_to_library
        has_to_load = check and layout.finish is not None
        # a load makes all checks, and the functions of the user's among them are to run once
        dump: Dump
        dump, self._texts[f"dump {check}"] = self._unless_refused(
            f"dump {check}", lambda: compile_dump(layout, check=check and not has_to_load), _LEFT
        )
        return self._if_it_loads(dump) if has_to_load else dump

    def _if_it_loads(self, dump: Dump) -> Dump:
        """Return the dump of a schema that has something to say about all values together, as a load does."""

        def dump_what_loads(natives: Mapping[str, Any]) -> WireItem | None:
            wire = dump(natives)
            return None if wire is None or self.loads[self._whole](wire) is None else wire

        return dump_what_loads

    def _compile_part(self, key: tuple[str, bool]) -> Writer:
        part: Writer = self._unless_refused(
            f"part {key}", lambda: compile_part(self.dump_layout, *key), leave_to_library
        )
        return part

    def _compile_inner_part(self, key: tuple[str, Steps, bool]) -> Writer:
        part: Writer = self._unless_refused(
            f"inside {key}", lambda: compile_inner_part(self.dump_layout, *key), leave_to_library
        )
        return part

    def _unless_refused(self, function: str, compile_it: Callable[[], Any], otherwise: Any = leave_to_library) -> Any:
        """Return what was compiled, or what leaves it to the library, where Python does not take the source."""
        return unless_refused(compile_it, otherwise, lambda reason: self._refused.update({function: reason}))


_LEFT = (leave_to_library, "")


def _described(name: str, describe: Callable[[], SchemaLayout]) -> SchemaLayout:
    try:
        return describe()
    except Exception as error:
        reason = f"it cannot be described: {type(error).__name__}: {error}"
        return SchemaLayout(name, load_declined=reason, dump_declined=reason)
