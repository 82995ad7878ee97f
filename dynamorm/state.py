"""What an instance remembers besides its values, and the class attributes that stand for fields."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .codec import WireItem
from .connection import Connection
from .expressions import Reference
from .schema.copies import UNCHANGING, kept
from .spec import FieldSpec


class Place(NamedTuple):
    """Where items are: a connection, and the full name of a table there."""

    connection: Connection
    table: str


class State:
    """The stored state of an instance, as far as it is known.

    ``loaded`` is the item as it was received or last written, ``None`` for what was never loaded, and ``original`` the
    native values of that time.  ``defaults`` are values that nobody gave, as they were when the schema supplied them;
    ``pending`` the increments that are not sent yet, ``sending`` those of which no answer has come.  ``extra`` holds
    the attributes that the schema does not know, in wire form; ``partial`` says that only a part was loaded; ``place``
    is where the item is.  ``related`` is what the instance's relationships have led to, by their names.

    Most instances are only read, so that of what was received no more is kept than it takes to tell it again.
    """

    __slots__ = (
        "_loaded",
        "_original",
        "_reload",
        "arriving",
        "defaults",
        "extra",
        "partial",
        "pending",
        "place",
        "related",
        "sending",
    )

    def __init__(self) -> None:
        self._loaded: WireItem | Packed | None = None
        self._original: dict[str, Any] | None = {}
        self._reload: Callable[[WireItem], dict[str, Any]] | None = None
        self.defaults: dict[str, Any] = {}
        self.pending: dict[str, Any] = {}
        self.sending: dict[str, Any] = {}
        self.extra: WireItem = {}
        self.partial = False
        self.place: Place | None = None
        # the values of a stored item on their way through an __init__ of the model's own
        self.arriving: dict[str, Any] | None = None
        self.related: dict[str, Any] | None = None

    @property
    def loaded(self) -> WireItem | None:
        if type(self._loaded) is Packed:
            self._loaded = self._loaded.unpacked()
        return self._loaded  # type: ignore[return-value]

    @loaded.setter
    def loaded(self, wire: WireItem | None) -> None:
        self._original = self.original  # which is told from what was loaded until now
        self._loaded = wire

    @property
    def original(self) -> dict[str, Any]:
        if self._original is None:
            assert self._reload is not None and self.loaded is not None
            self._original, self._reload = self._reload(self.loaded), None
        return self._original

    @original.setter
    def original(self, values: dict[str, Any]) -> None:
        self._original, self._reload = values, None

    def received(self, wire: WireItem, reload: Callable[[WireItem], dict[str, Any]]) -> bool:
        """Remember an item whose natives ``reload`` gives at any time; ``False`` where these may differ."""
        found = packed(wire)
        if found.shape.has_null:  # in whose place there may be a default, which may be made anew
            return False
        self._loaded, self._original, self._reload = found, None, reload
        return True

    def __getstate__(self) -> dict[str, Any]:
        # a connection belongs to its process
        return {name: getattr(self, name) for name in _PICKLED}

    def __setstate__(self, values: dict[str, Any]) -> None:
        State.__init__(self)
        for name, value in values.items():
            setattr(self, name, value)

    def __copy__(self) -> State:
        twin = State()
        twin.__setstate__({name: copy.copy(value) for name, value in self.__getstate__().items()})
        twin.place = self.place
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> State:
        twin = State()
        twin.__setstate__(copy.deepcopy(self.__getstate__(), memo))
        twin.place = self.place
        return twin


_PICKLED = ("loaded", "original", "arriving", "defaults", "extra", "partial", "pending", "related", "sending")


class Shape(NamedTuple):
    """What items of one kind have in common: names and tags of their attributes, in their order."""

    names: tuple[str, ...]
    tags: tuple[str, ...]
    has_null: bool


class Packed(NamedTuple):
    """An item in wire form, without a dict for each attribute."""

    shape: Shape
    contents: tuple[Any, ...]

    def unpacked(self) -> WireItem:
        attributes = zip(self.shape.names, self.shape.tags, self.contents, strict=True)
        return {name: {tag: content} for name, tag, content in attributes}


_MOST_SHAPES = 512
_shapes: dict[Any, Shape] = {}


def packed(wire: WireItem) -> Packed:
    """Give a wire item, each of whose values has one tag, in less room."""
    tags, contents = [], []
    for value in wire.values():
        (tag,) = value
        tags.append(tag)
        contents.append(value[tag])
    question = (*wire, *tags)
    shape = _shapes.get(question)
    if shape is None:
        if len(_shapes) >= _MOST_SHAPES:
            _shapes.clear()
        shape = _shapes[question] = Shape(tuple(wire), tuple(tags), "NULL" in tags)
    return Packed(shape, tuple(contents))


class Stateful:
    """Keeps the state out of the instance's ``__dict__``, which belongs to the fields."""

    __slots__ = ("__weakref__", "_dynamorm_state")

    _dynamorm_state: State

    # positional-only, because fields may be called cls
    def __new__(cls, /, *args: Any, **kwargs: Any) -> Any:
        instance = super().__new__(cls)
        object.__setattr__(instance, "_dynamorm_state", State())
        return instance

    def __copy__(self) -> Any:
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__)
        object.__setattr__(twin, "_dynamorm_state", copy.copy(self._dynamorm_state))
        return twin


class FieldAttribute:
    """Stands for a field on the class: an instance without a value reads ``None``.

    It defines no ``__set__``, so that a value in the instance's ``__dict__`` comes first.  Where the class has a method
    of the field's name, the class goes on showing the method.
    """

    def __init__(self, spec: FieldSpec, covered: Any = None) -> None:
        self.spec = spec
        self.covered = covered

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            if self.covered is None:
                return Reference((self.spec.name,), owner.__name__)
            bind = getattr(type(self.covered), "__get__", None)
            return self.covered if bind is None else bind(self.covered, None, owner)
        if self.spec.computed:
            return owner._dynamorm.store.mapper.computed(self.spec, instance.__dict__)  # type: ignore[attr-defined]
        return None


class DroppedField:
    """Hides a field of a parent's schema that the child's schema does not have."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        raise AttributeError(f"{owner.__name__} has no field {self.name!r}")


def snapshot(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give the values as they are now, whatever happens to them later."""
    return {name: value if type(value) in UNCHANGING else kept(value) for name, value in values.items()}
