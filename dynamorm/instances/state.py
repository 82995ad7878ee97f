"""What an instance remembers besides its values, and the class attributes that stand for fields."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from ..expressions import Reference
from ..flows import Place
from ..mapper import Mapper
from ..schema import PARTIAL
from ..schema.compiler import Besides
from ..schema.copies import UNCHANGING, independent_copy
from ..spec import FieldSpec
from ..wire.codec import WireItem
from ..wire.texts import StoredItem, item_of, key_within


class Origin(NamedTuple):
    """What instances that were read together have in common."""

    place: Place | None
    mapper: Mapper
    mode: str


# What an instance remembers that has only been read: where it comes from, its item, and what that does not tell.
Memory = tuple[Origin, StoredItem, "Besides | None"]


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
        "_extra",
        "_loaded",
        "_memory",
        "_original",
        "arriving",
        "binding",
        "defaults",
        "partial",
        "pending",
        "place",
        "related",
        "sending",
    )

    def __init__(self) -> None:
        self._memory: Memory | None = None
        self._loaded: WireItem | None = None
        self._original: dict[str, Any] | None = {}
        self._extra: WireItem | None = {}
        self.defaults: dict[str, Any] = {}
        self.pending: dict[str, Any] = {}
        self.sending: dict[str, Any] = {}
        self.partial = False
        self.place: Place | None = None
        self.binding: Any = None
        # the values of a stored item on their way through an __init__ of the model's own
        self.arriving: dict[str, Any] | None = None
        self.related: dict[str, Any] | None = None

    @classmethod
    def of_memory(cls, memory: Memory) -> State:
        """Return the state of an instance that has only been read so far."""
        state, (origin, _, besides) = cls(), memory
        state._memory, state._original, state._extra = memory, None, None
        state.place, state.partial = origin.place, origin.mode == PARTIAL
        if besides is not None:
            state.defaults = dict(besides.made)
        return state

    @property
    def loaded(self) -> WireItem | None:
        memory = self._memory  # another thread may store the instance meanwhile
        if self._loaded is None and memory is not None:
            self._loaded = item_of(memory[1])
        return self._loaded

    @loaded.setter
    def loaded(self, wire: WireItem | None) -> None:
        # these are told from what was loaded until now
        self._original, self._extra = self.original, self.extra
        self._loaded, self._memory = wire, None

    @property
    def original(self) -> dict[str, Any]:
        memory = self._memory
        if self._original is None and memory is not None:
            origin, item, besides = memory
            values = origin.mapper.reload(self.loaded or item_of(item), origin.mode)
            if besides is not None:
                values = {name: value for name, value in values.items() if name not in besides.made} | besides.copies
            self._original = values
        assert self._original is not None
        return self._original

    @original.setter
    def original(self, values: dict[str, Any]) -> None:
        self._original = values

    def untold(self, names: tuple[str, ...]) -> WireItem | None:
        """Return some attributes of the item, as long as nobody has asked for the values that it had."""
        memory = self._memory
        try:
            return None if memory is None or self._original is not None else key_within(memory[1], names)
        except KeyError:
            return None

    def take_stored(self, attributes: WireItem, values: Mapping[str, Any], names: Collection[str]) -> None:
        """Note the attributes of fields with some names as they are stored by now, and the values that they hold."""
        assert self.loaded is not None
        stored = {**self.loaded, **attributes}
        memory = self._memory
        if memory is None or self._original is not None or not values.keys() >= set(names):
            original = self.original
            for name in names:
                original.pop(name, None)
            original.update({name: values[name] for name in names if name in values})
            self.loaded = stored
            return
        origin, _, besides = memory
        if besides is not None:
            besides = Besides(*({name: one for name, one in kept.items() if name not in names} for kept in besides))
        self._memory, self._loaded = (origin, stored, besides), stored

    @property
    def extra(self) -> WireItem:
        memory = self._memory
        if self._extra is None and memory is not None:
            self._extra = memory[0].mapper.unknown(self.loaded or item_of(memory[1]))
        assert self._extra is not None
        return self._extra

    @extra.setter
    def extra(self, attributes: WireItem) -> None:
        self._extra = attributes

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


class Stateful:
    """Keeps the state out of the instance's ``__dict__``, which belongs to the fields.

    An instance that was read begins with what it takes to make its state.
    """

    __slots__ = ("__weakref__", "_dynamorm_memory")

    _dynamorm_memory: State | Memory

    # positional-only, because fields may be called cls
    def __new__(cls, /, *args: Any, **kwargs: Any) -> Any:
        instance = super().__new__(cls)
        set_memory(instance, State())
        return instance

    @property
    def _dynamorm_state(self) -> State:
        memory = self._dynamorm_memory
        return self._state_of(memory) if type(memory) is tuple else memory  # type: ignore[return-value]

    def _state_of(self, memory: Memory) -> State:
        # Two threads must not make two states, of which one would be lost with what it is told.  What is collected
        # while one is made may look at an instance, and wait for whom it likes: no lock is held, and whose state comes
        # first into the dict is decided in one step.  Whoever comes after that was taken out finds the state in place.
        state = _being_made.setdefault(id(memory), State.of_memory(memory))
        if self._dynamorm_memory is memory:
            set_memory(self, state)
        _being_made.pop(id(memory), None)
        return self._dynamorm_memory  # type: ignore[return-value]

    @property
    def _dynamorm_known_state(self) -> State | None:
        """The state, unless the instance has only been read and has no defaults."""
        memory = self._dynamorm_memory
        return None if type(memory) is tuple and memory[2] is None else self._dynamorm_state

    def __copy__(self) -> Any:
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__)
        set_memory(twin, copy.copy(self._dynamorm_state))
        return twin

    def __reduce_ex__(self, protocol: Any) -> Any:
        set_memory(self, self._dynamorm_state)  # in place of a memory, which belongs to this process
        return super().__reduce_ex__(protocol)


_being_made: dict[int, State] = {}
set_memory = Stateful.__dict__["_dynamorm_memory"].__set__
_own_new = Stateful.__new__
set_attribute = object.__setattr__


def new_of(cls: Any) -> Callable[[Any], Any]:
    """Return what makes an empty instance of a class."""
    return object.__new__ if cls.__new__ is _own_new else cls.__new__


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
