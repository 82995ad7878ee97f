"""Key attributes that are computed from fields, as instances and classes show them."""

from __future__ import annotations

from typing import Any

from ..composites import KeyAttribute
from ..expressions import Reference
from ..mapper import Mapper
from ..wire.codec import decode_value
from .state import State


class ComputedAttribute:
    """Stands for a key attribute on the class: instances show it as it is with their present values."""

    def __init__(self, attribute: KeyAttribute, mapper: Mapper) -> None:
        self.attribute = attribute
        self._mapper = mapper

    def __get__(self, instance: Any, owner: type) -> Any:
        name = self.attribute.name
        if instance is None:
            return Reference((name,), owner.__name__)
        value = self._mapper.attribute_of(name, instance.__dict__)
        state: State = instance._dynamorm_state
        if value is None and state.partial and state.loaded is not None:
            value = state.loaded.get(name)
        return None if value is None else decode_value(value)

    def __set__(self, instance: Any, value: Any) -> None:
        fields = ", ".join(self.attribute.specs)
        raise AttributeError(
            f"{type(instance).__name__}.{self.attribute.name} is computed from {fields or 'nothing'}; assign "
            f"{'these, and it follows' if fields else 'nothing to it'}"
        )

    def __delete__(self, instance: Any) -> None:
        self.__set__(instance, None)
