"""The base of small immutable values.

They look like frozen dataclasses, type checkers included, and cost a fraction of these when their module is imported:
dataclasses write and compile several methods for each class, which every cold start would pay for anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from typing_extensions import Self, dataclass_transform
else:

    def dataclass_transform(**options: Any) -> Any:
        return lambda base: base


@dataclass_transform(frozen_default=True, eq_default=False)
class Frozen:
    """Has the attributes that its class annotates, in this order; defaults are the class's own.

    Equal to itself alone.  What is ``_unshown`` stays out of its text.
    """

    _names: ClassVar[tuple[str, ...]] = ()
    _required: ClassVar[frozenset[str]] = frozenset()
    _needed: ClassVar[int] = 0
    _defaults: ClassVar[dict[str, Any]] = {}
    _unshown: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = [name for name, kind in cls.__annotations__.items() if not _is_of_class(kind)]
        cls._names = (*cls._names, *(name for name in own if name not in cls._names))
        cls._defaults = {**cls._defaults, **{name: cls.__dict__[name] for name in own if name in cls.__dict__}}
        cls._required = frozenset(cls._names) - frozenset(cls._defaults)
        # how many arguments by position are enough, if there are no others
        cls._needed = max((place for place, name in enumerate(cls._names, 1) if name in cls._required), default=0)

    def __init__(self, *values: Any, **named: Any) -> None:
        names = self._names
        if not named and self._needed <= len(values) <= len(names):
            if len(values) != len(names):
                self.__dict__.update(self._defaults)
            self.__dict__.update(zip(names, values, strict=False))
            return
        given = dict(zip(self._names, values, strict=False))
        if len(values) > len(given) or not given.keys().isdisjoint(named):
            raise TypeError(f"{type(self).__name__} takes each of {', '.join(self._names)} once")
        given.update(named)
        if len(given) < len(self._names):
            if not self._required <= given.keys():
                missing = [name for name in self._names if name in self._required and name not in given]
                raise TypeError(f"{type(self).__name__} needs {', '.join(missing)}")
            given = {**self._defaults, **given}
        if len(given) > len(self._names):
            raise TypeError(f"{type(self).__name__} has no {', '.join(sorted(given.keys() - set(self._names)))}")
        self.__dict__.update(given)

    def replace(self, **changes: Any) -> Self:
        """Return another one that differs in some attributes."""
        return type(self)(**{**self._values(), **changes})

    def _values(self) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in self._names}

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be set: it is immutable")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be deleted: it is immutable")

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self._values().items() if name not in self._unshown)
        return f"{type(self).__name__}({shown})"


@dataclass_transform(frozen_default=True)
class FrozenValue(Frozen):
    """Equal to every other of its class with the same content."""

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash((type(self), *self._values().values()))


def _is_of_class(annotation: Any) -> bool:
    return "ClassVar" in annotation if isinstance(annotation, str) else "ClassVar" in repr(annotation)
