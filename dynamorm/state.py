"""What an instance remembers besides its values, and the class attributes that stand for fields."""

from __future__ import annotations

from typing import Any

from .codec import WireItem
from .spec import FieldSpec


class State:
    """The stored state of an instance, as far as it is known.

    ``loaded`` is the item as it was received or last written, ``None`` for what was never loaded; ``extra`` holds the
    attributes that the schema does not know, in wire form; ``partial`` says that only a part was loaded.
    """

    __slots__ = ("arriving", "extra", "loaded", "partial")

    def __init__(self) -> None:
        self.loaded: WireItem | None = None
        self.extra: WireItem = {}
        self.partial = False
        # the values of a stored item on their way through an __init__ of the model's own
        self.arriving: dict[str, Any] | None = None


class Stateful:
    """Keeps the state out of the instance's ``__dict__``, which belongs to the fields."""

    __slots__ = ("__weakref__", "_dynamorm_state")

    _dynamorm_state: State

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        instance = super().__new__(cls)
        instance._dynamorm_state = State()
        return instance


class FieldAttribute:
    """Stands for a field on the class: an instance without a value reads ``None``.

    It defines no ``__set__``, so that a value in the instance's ``__dict__`` comes first.  Where the class has a method
    of the field's name, the class goes on showing the method.
    """

    def __init__(self, spec: FieldSpec, covered: Any = None) -> None:
        self.spec = spec
        self.name = spec.name
        self.covered = covered

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            if self.covered is None:
                return self
            bind = getattr(type(self.covered), "__get__", None)
            return self.covered if bind is None else bind(self.covered, None, owner)
        if self.spec.computed:
            return owner._dynamorm.store.mapper.computed(self.spec, instance.__dict__)  # type: ignore[attr-defined]
        return None

    def __repr__(self) -> str:
        return f"<field {self.name}>"


class DroppedField:
    """Hides a field of a parent's schema that the child's schema does not have."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        raise AttributeError(f"{owner.__name__} has no field {self.name!r}")
