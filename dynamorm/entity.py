"""What instances of models are to Python: how they are shown and compared, and what assigning to them means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from .instances.state import Stateful
from .schema.copies import UNCHANGING
from .schema.iterators import settled

if TYPE_CHECKING:
    from .definition import Definition


class Entity(Stateful):
    """An instance of a model, without the verbs."""

    __slots__ = ()

    _dynamorm: ClassVar[Definition]

    def __setattr__(self, name: str, value: Any) -> None:
        if type(value) not in UNCHANGING:
            definition = getattr(type(self), "_dynamorm", None)
            spec = None if definition is None else definition.store.mapper.fields.get(name)
            if spec is not None:
                value = settled(value, spec)
        object.__setattr__(self, name, value)
        state = self._dynamorm_known_state
        if state is not None and (state.defaults or state.pending or state.sending):
            state.forget(name)

    def __delattr__(self, name: str) -> None:
        spec = type(self)._dynamorm.adapter.fields.get(name)
        if spec is None or spec.computed:
            object.__delattr__(self, name)
        else:
            setattr(self, name, None)  # whether it had a value or not

    def __repr__(self) -> str:
        if not hasattr(type(self), "_dynamorm"):
            return object.__repr__(self)
        names = type(self)._dynamorm.store.mapper.key_names
        shown = ", ".join(f"{name}={self.__dict__.get(name)!r}" for name in names)
        return f"<{type(self).__name__} {shown}>"

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(self) is not type(other):
            return NotImplemented
        key = _complete_key(self)
        return key is not None and key == _complete_key(other)

    def __hash__(self) -> int:
        key = _complete_key(self)
        if key is None:
            raise TypeError(f"{self!r} cannot be hashed before its key is complete")
        return hash((type(self), key))


def _complete_key(instance: Any) -> tuple[Any, ...] | None:
    names = type(instance)._dynamorm.store.mapper.key_names
    key = tuple(instance.__dict__.get(name) for name in names)
    return None if None in key else key
