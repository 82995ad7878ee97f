"""What an instance remembers besides its values, and the class attributes that stand for fields."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..expressions import Reference
from ..flows import Place
from ..mapper import Mapper, Receiver
from ..schema.copies import UNCHANGING, independent_copy
from ..spec import FieldSpec
from ..wire.codec import WireItem


class Origin(NamedTuple):
    """What instances that were read together have in common."""

    place: Place | None
    partial: bool
    receiver: Receiver


class State:
    """The stored state of an instance, as far as it is known.

    ``loaded`` is the item as it was received or last written, ``None`` for what was never loaded, and ``original`` the
    native values of that time.  ``defaults`` are values that nobody gave, as they were when the schema supplied them;
    ``pending`` the increments that are not sent yet, ``sending`` those of which no answer has come.  ``extra`` holds
    the attributes that the schema does not know, in wire form; ``partial`` says that only a part was loaded; ``place``
    is where the item is, and ``binding`` where to look for it as long as that is not known.  ``related`` is what the
    instance's relationships have led to, by their names.

    Most instances are only read, so that no more is kept of what was received than it takes to tell it again.
    """

    __slots__ = (
        "_loaded",
        "_original",
        "_packed",
        "arriving",
        "binding",
        "defaults",
        "extra",
        "partial",
        "pending",
        "place",
        "related",
        "sending",
    )

    def __init__(self) -> None:
        self._packed: tuple[Any, ...] | None = None
        self._loaded: WireItem | None = None
        self._original: dict[str, Any] | None = {}
        self.defaults: dict[str, Any] = {}
        self.pending: dict[str, Any] = {}
        self.sending: dict[str, Any] = {}
        self.extra: WireItem = {}
        self.partial = False
        self.place: Place | None = None
        self.binding: Any = None
        # the values of a stored item on their way through an __init__ of the model's own
        self.arriving: dict[str, Any] | None = None
        self.related: dict[str, Any] | None = None

    @classmethod
    def of_packed(cls, packed: tuple[Any, ...]) -> State:
        """Return the state of an instance that has only been read so far."""
        state, origin = cls(), packed[0]
        state._packed, state._original = packed, None
        state.place, state.partial = origin.place, origin.partial
        unknown, made, _ = _besides_item(packed)
        state.extra, state.defaults = unknown, dict(made)
        return state

    @property
    def loaded(self) -> WireItem | None:
        if self._loaded is None and self._packed is not None:
            self._loaded = self._packed[0].receiver.unpacked(self._packed)
        return self._loaded

    @loaded.setter
    def loaded(self, wire: WireItem | None) -> None:
        self._original = self.original  # which is told from what was loaded until now
        self._loaded, self._packed = wire, None

    @property
    def original(self) -> dict[str, Any]:
        if self._original is None:
            packed, wire = self._packed, self.loaded
            assert packed is not None and wire is not None
            _, made, copies = _besides_item(packed)
            values = packed[0].receiver.reloaded(wire)
            self._original = {name: value for name, value in values.items() if name not in made} | copies
        return self._original

    @original.setter
    def original(self, values: dict[str, Any]) -> None:
        self._original = values

    def forget(self, name: str) -> None:
        """Note that a field was assigned or deleted: its value is neither a default any more nor counted up to."""
        self.defaults.pop(name, None)
        self.pending.pop(name, None)
        self.sending.pop(name, None)

    def __getstate__(self) -> dict[str, Any]:
        # a connection belongs to its process; other processes are told the address
        address = self.binding if self.place is None else self.place.address
        return {**self._described(), "binding": address}

    def _described(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _PICKLED}

    def __setstate__(self, values: dict[str, Any]) -> None:
        State.__init__(self)
        for name, value in values.items():
            setattr(self, name, value)

    def __copy__(self) -> State:
        twin = State()
        twin.__setstate__({name: copy.copy(value) for name, value in self._described().items()})
        twin.place, twin.binding = self.place, self.binding
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> State:
        twin = State()
        twin.__setstate__(copy.deepcopy(self._described(), memo))
        twin.place, twin.binding = self.place, self.binding
        return twin


_PICKLED = ("loaded", "original", "arriving", "defaults", "extra", "partial", "pending", "related", "sending")


def _besides_item(packed: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the three dicts at the end of what is packed, which is complete without them."""
    size = packed[0].receiver.size
    return packed[size:] if len(packed) > size else ({}, {}, {})


class Stateful:
    """Keeps the state out of the instance's ``__dict__``, which belongs to the fields.

    An instance that was read begins with what it takes to make its state: its origin, and its item as
    :class:`~dynamorm.schema.compiler.packing.Packing` says.
    """

    __slots__ = ("__weakref__", "_dynamorm_memory")

    _dynamorm_memory: State | tuple[Any, ...]

    # positional-only, because fields may be called cls
    def __new__(cls, /, *args: Any, **kwargs: Any) -> Any:
        instance = super().__new__(cls)
        _set_memory(instance, State())
        return instance

    @property
    def _dynamorm_state(self) -> State:
        packed = self._dynamorm_memory
        return self._unpacked_state(packed) if type(packed) is tuple else packed  # type: ignore[return-value]

    def _unpacked_state(self, packed: tuple[Any, ...]) -> State:
        # Two threads must not make two states, of which one would be lost with what it is told.  What is collected
        # while one is made may look at an instance, and wait for whom it likes: no lock is held, and whose state comes
        # first into the dict is decided in one step.  Whoever comes after that was taken out finds the state in place.
        state = _being_made.setdefault(id(packed), State.of_packed(packed))
        if self._dynamorm_memory is packed:
            _set_memory(self, state)
        _being_made.pop(id(packed), None)
        return self._dynamorm_memory  # type: ignore[return-value]

    @property
    def _dynamorm_known_state(self) -> State | None:
        """The state, unless the instance has only been read and has no defaults."""
        packed = self._dynamorm_memory
        return None if type(packed) is tuple and len(packed) == packed[0].receiver.size else self._dynamorm_state

    def __copy__(self) -> Any:
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__)
        _set_memory(twin, copy.copy(self._dynamorm_state))
        return twin

    def __reduce_ex__(self, protocol: Any) -> Any:
        _set_memory(self, self._dynamorm_state)  # in place of a packed item, which belongs to this process
        return super().__reduce_ex__(protocol)


_being_made: dict[int, State] = {}
_set_memory = Stateful.__dict__["_dynamorm_memory"].__set__
_own_new = Stateful.__new__
_set_attribute = object.__setattr__


def maker(cls: Any) -> Callable[[dict[str, Any], tuple[Any, ...]], Any]:
    """Return what makes instances of their values and of what is packed of their items."""
    new = object.__new__ if cls.__new__ is _own_new else cls.__new__

    def make(values: dict[str, Any], packed: tuple[Any, ...]) -> Any:
        instance = new(cls)
        # the dict itself, and not its content: it was made for this instance
        _set_attribute(instance, "__dict__", values)
        _set_memory(instance, packed)
        return instance

    return make


class FieldAttribute:
    """Stands for a field on the class: an instance without a value reads ``None``.

    It defines no ``__set__``, so that a value in the instance's ``__dict__`` comes first.  Where the class has a method
    of the field's name, the class goes on showing the method.
    """

    def __init__(self, spec: FieldSpec, mapper: Mapper, covered: Any = None) -> None:
        self.spec = spec
        self.covered = covered
        self._mapper = mapper

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            if self.covered is None:
                return Reference((self.spec.name,), owner.__name__)
            bind = getattr(type(self.covered), "__get__", None)
            return self.covered if bind is None else bind(self.covered, None, owner)
        if self.spec.computed:
            return self._mapper.computed(self.spec, instance.__dict__)
        return None


class DroppedField:
    """Hides a field of a parent's schema that the child's schema does not have."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        raise AttributeError(f"{owner.__name__} has no field {self.name!r}")


def snapshot(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values as they are now, whatever happens to them later."""
    return {name: value if type(value) in UNCHANGING else independent_copy(value) for name, value in values.items()}
