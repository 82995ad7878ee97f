"""What an instance held when a request left, so that the answer undoes nothing that was changed meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..mapper import Mapper
from ..schema.copies import UNCHANGING, independent_copy
from ..wire.codec import encode_value
from .changes import less, same, total_of
from .state import State


class InFlight:
    """What an instance held when a request left.

    Whatever it holds otherwise when the answer comes was assigned, or changed in place, meanwhile: by a receiver, or by
    another thread.  It stays, and is still to be sent.
    """

    __slots__ = ("held", "names", "pending", "shared")

    def __init__(self, instance: Any, names: Iterable[str]) -> None:
        values = instance.__dict__
        self.names = names
        self.pending: dict[str, Any] = dict(instance._dynamorm_state.pending)
        self.held: dict[str, Any] = {}
        self.shared: list[str] = []
        """Fields whose values cannot be copied: whether another one was assigned can be seen all the same."""
        for name in names:
            if name in values:
                value = values[name]
                self.held[name] = value if type(value) in UNCHANGING else self._copy(name, value)

    def _copy(self, name: str, value: Any) -> Any:
        try:
            return independent_copy(value)
        except Exception:
            self.shared.append(name)
            return value

    def changed(self, mapper: Mapper, instance: Any) -> set[str]:
        """Return the fields that were changed since the request left."""
        values, fields = instance.__dict__, mapper.fields
        changed = set()
        for name in self.names:
            before, now = self.held.get(name), values.get(name)
            if not (now is before and type(now) in UNCHANGING) and not same(mapper, fields[name], now, before):
                changed.add(name)
        return changed

    def take_over(self, instance: Any, values: Mapping[str, Any]) -> None:
        """Put values that were made for the write into the instance, unless others were assigned since."""
        held = instance.__dict__
        for name, value in values.items():
            if held.get(name) is self.held.get(name):
                held[name] = value
            self.held[name] = value

    def settle_increments(self, instance: Any) -> None:
        """Keep the increments that were made since the request left, and drop those of before."""
        state: State = instance._dynamorm_state
        if state.pending:
            state.pending = less(state.pending, self.pending)


def count_on_top(mapper: Mapper, instance: Any, names: Iterable[str]) -> None:
    """Add increments that are still to be sent to what is stored by now."""
    state: State = instance._dynamorm_state
    for name in names:
        if name in state.pending:
            spec = mapper.fields[name]
            step = encode_value(state.pending[name])
            instance.__dict__[name] = total_of(mapper, spec, state.original.get(name), step)
