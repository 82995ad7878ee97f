"""The face that users see: the metaclass that reads a model's inner classes, and the verbs, which are thin."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import six

from .codec import WireItem, decode_item
from .definition import Definition, define
from .exceptions import DynaModelException, PartialInstance
from .query import QueryIterator, ScanIterator
from .schema import PARTIAL, TRUSTED, WHOLE
from .signals import model_prepared
from .state import DroppedField, FieldAttribute, State, Stateful


class DynaModelMeta(type):
    """Reads the inner ``Table``, ``Schema`` and index classes, and puts what they describe in their place."""

    def __new__(mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> Any:
        cls: Any = super().__new__(mcs, name, bases, attrs)
        if not any(isinstance(base, DynaModelMeta) for base in bases):
            return cls
        parents = [parent for parent in cls.__mro__[1:] if parent not in (DynaModel, Stateful, object)]
        definition = define(name, attrs, parents)
        if definition is not None:
            _complete(cls, definition, attrs, parents)
            model_prepared.send(cls)
        return cls


def _complete(cls: Any, definition: Definition, attrs: Mapping[str, Any], parents: list[type]) -> None:
    cls._dynamorm = replace(definition, store=definition.store._replace(model=cls))
    cls.Table = definition.store.table
    cls.Schema = definition.adapter.schema
    for attribute, declaration in definition.indexes.items():
        setattr(cls, attribute, declaration(cls, definition.store.table.indexes[declaration.name]))
    for name, spec in definition.adapter.fields.items():
        setattr(cls, name, FieldAttribute(spec, _covered(cls, name)))
    dropped = {
        name
        for parent in parents
        if isinstance(parent.__dict__.get("_dynamorm"), Definition)
        for name in parent.__dict__["_dynamorm"].adapter.fields
    } - set(definition.adapter.fields)
    for name in dropped - set(attrs):
        setattr(cls, name, DroppedField(name))
    init = cls.__init__
    cls._dynamorm_init = None if init is DynaModel.__init__ else _takes_any_keywords(init)


def _covered(cls: type, name: str) -> Any:
    """Give the attribute of the class that a field of the same name covers on instances."""
    found = inspect.getattr_static(cls, name, None)
    return found.covered if isinstance(found, FieldAttribute) else found


def _takes_any_keywords(init: Any) -> bool:
    kinds = {parameter.kind for parameter in inspect.signature(init).parameters.values()}
    return inspect.Parameter.VAR_KEYWORD in kinds


class DynaModel(six.with_metaclass(DynaModelMeta, Stateful)):
    """The base of all models.

    A model has an inner ``Table`` (how it is stored), an inner ``Schema`` (what it looks like, in the words of a schema
    library), and inner index classes::

        class Book(DynaModel):
            class Table:
                name = "books"
                hash_key = "isbn"
                read = 25
                write = 5

            class ByAuthor(GlobalIndex):
                name = "by-author"
                hash_key = "author"
                read = 25
                write = 5
                projection = ProjectAll()

            class Schema:
                isbn = fields.String(required=True)
                title = fields.String()
                author = fields.String()
    """

    _dynamorm: ClassVar[Definition]
    _dynamorm_init: ClassVar[bool | None]

    # positional-only, so that fields may be called self, or cls in the class methods below
    def __init__(self, /, partial: bool = False, **raw: Any) -> None:
        """Make a new instance of what is given, which is converted and validated at once.

        What is missing is no error until the instance is saved.  ``partial`` applies no defaults.
        """
        arriving = self._dynamorm_state.arriving
        mapper = self._dynamorm.store.mapper
        values = arriving if arriving is not None else mapper.given(raw, defaults=not partial)
        self.__dict__.update(values)

    @classmethod
    def get(cls, /, consistent: bool = False, **keys: Any) -> Any:
        """Give the instance with a primary key, ``None`` if there is none.

        Example::

            Book.get(isbn="12345678910")
        """
        wire = cls._dynamorm.store.get(keys, consistent)
        return None if wire is None else _loaded(cls, wire)

    @classmethod
    def put(cls, item: Any, /, conditions: Any = None) -> dict[str, Any]:
        """Store an item given as a dict (or an instance) in place of what was there."""
        store = cls._dynamorm.store
        return store.put(_taken(cls, item), store.mapper.conditions([conditions]))

    @classmethod
    def put_unique(cls, item: Any, /, conditions: Any = None) -> dict[str, Any]:
        """Store an item if there is none with its key.

        :raises HashKeyExists: if there is one
        """
        store = cls._dynamorm.store
        return store.put_unique(_taken(cls, item), store.mapper.conditions([conditions]))

    @classmethod
    def query(cls, /, *conditions: Any, **lookups: Any) -> QueryIterator:
        """Read the items under one hash key; conditions on the range key and filters may be added.

        Example::

            Book.ByAuthor.query(author="Mr. Bar", year__gte=1990)
        """
        return QueryIterator(cls._dynamorm.store, _maker(cls), conditions, lookups)

    @classmethod
    def scan(cls, /, *conditions: Any, **lookups: Any) -> ScanIterator:
        """Read every item that matches, which looks at every item there is.

        Example::

            Book.scan(Q(author="Mr. Bar") | Q(year__lt=1990))
        """
        return ScanIterator(cls._dynamorm.store, _maker(cls), conditions, lookups)

    @classmethod
    def new_from_raw(cls, raw: Mapping[str, Any] | None, /, partial: bool = False) -> Any:
        """Make an instance of plain values, by Python or stored names; of ``None``, ``None``."""
        return None if raw is None else cls(partial=partial, **raw)

    @classmethod
    def from_item(cls, item: WireItem, /) -> Any:
        """Make an instance of an item in DynamoDB's typed JSON, as streams and exports carry it."""
        return _loaded(cls, item)

    def to_item(self) -> WireItem:
        """Give the instance in DynamoDB's typed JSON, as it would be stored."""
        wire: WireItem = type(self)._dynamorm.store.mapper.dump(_values(self), check=False)
        return {**self._dynamorm_state.extra, **wire}

    def to_dict(self, native: bool = False) -> dict[str, Any]:
        """Give the values: stored names and forms, or with ``native`` Python names and native values."""
        values = _values(self)
        if native:
            return {name: value for name, value in values.items() if value is not None}
        adapter = self._dynamorm.adapter
        dumped = adapter.dump(adapter.settle(values))
        return {name: value for name, value in dumped.items() if value is not None}

    def validate(self) -> dict[str, Any]:
        """Check the instance as saving would, and give its native values.

        :raises ValidationError: if it cannot be saved
        """
        adapter = self._dynamorm.adapter
        _, native = adapter.checked(adapter.settle(_values(self)))
        return native

    def save(self, unique: bool = False, conditions: Any = None) -> dict[str, Any]:
        """Store the instance as a whole.

        Attributes that the schema does not know, and that the instance was loaded with, stay as they are.

        :param unique: only if there is no item with this key yet
        :raises HashKeyExists: if ``unique`` and there is one
        """
        store, state = type(self)._dynamorm.store, self._dynamorm_state
        if state.partial:
            raise PartialInstance(f"{self!r} was loaded in part: a full save would erase what was not loaded")
        wire = store.mapper.dump_whole(_values(self))
        resolved = store.mapper.conditions([conditions])
        if unique:
            response = store.put_unique(wire, resolved)
        elif state.extra:
            response = store.replace_known(wire, resolved)
        else:
            response = store.put(wire, resolved)
        state.loaded = {**state.extra, **wire}
        return response

    def update(self, /, conditions: Any = None, **updates: Any) -> dict[str, Any] | None:
        """Change some attributes in the table, and take over what they are then.

        Example::

            book.update(title="New title", copies__plus=1, conditions={"year": 1999})

        :raises DoesNotExist: if the instance was loaded and its item is gone
        """
        store, state = type(self)._dynamorm.store, self._dynamorm_state
        if not updates:
            return None
        actions = store.mapper.actions(updates)
        key = store.mapper.key_of(self.__dict__)
        response = store.update(key, actions, store.mapper.conditions([conditions]), state.loaded is not None)
        _take_over(self, {str(action.path[0]) for action in actions}, response["Attributes"])
        return {**response, "Attributes": decode_item(response["Attributes"])}

    def delete(self, /, conditions: Any = None) -> dict[str, Any]:
        """Delete the item."""
        store = type(self)._dynamorm.store
        return store.delete(store.mapper.key_of(self.__dict__), store.mapper.conditions([conditions]))

    def __repr__(self) -> str:
        if not hasattr(type(self), "_dynamorm"):
            return object.__repr__(self)
        by_stored = type(self)._dynamorm.adapter.by_stored
        names = [by_stored[stored].name for stored in type(self)._dynamorm.store.mapper.key.names]
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


def _values(instance: Any) -> dict[str, Any]:
    """Give the values of an instance's fields."""
    fields = type(instance)._dynamorm.adapter.fields
    return {name: value for name, value in instance.__dict__.items() if name in fields}


def _complete_key(instance: Any) -> tuple[Any, ...] | None:
    definition = type(instance)._dynamorm
    names = [definition.adapter.by_stored[stored].name for stored in definition.store.mapper.key.names]
    key = tuple(instance.__dict__.get(name) for name in names)
    return None if None in key else key


def _taken(cls: Any, item: Any) -> WireItem:
    """Give the wire form of what was given to be put."""
    store = cls._dynamorm.store
    if isinstance(item, DynaModel):
        if not isinstance(item, cls):
            raise DynaModelException(f"{item!r} is no {cls.__name__}")
        whole: WireItem = store.mapper.dump_whole(_values(item))
        return whole
    if not isinstance(item, Mapping):
        raise DynaModelException(f"{cls.__name__}.put takes a dict or an instance, not {item!r}")
    given: WireItem = store.mapper.take(item)[1]
    return given


def _maker(cls: Any) -> Any:
    def make(wire: WireItem, partial: bool) -> Any:
        return _loaded(cls, wire, partial)

    return make


def _loaded(cls: Any, wire: WireItem, partial: bool = False) -> Any:
    """Make an instance of a stored item."""
    definition = cls._dynamorm
    mapper = definition.store.mapper
    mode = PARTIAL if partial else TRUSTED if definition.store.table.on_read == "trust" else WHOLE
    values = mapper.load(wire, mode)
    instance = cls.__new__(cls)
    state: State = instance._dynamorm_state
    state.loaded, state.partial, state.extra = wire, partial, mapper.unknown(wire)
    if cls._dynamorm_init:
        # an __init__ of the model's own that takes any keywords sees the values, converted and validated already
        state.arriving = values
        instance.__init__(partial=partial, **values)
        state.arriving = None
    instance.__dict__.update(values)
    return instance


def _take_over(instance: Any, names: set[str], wire: WireItem) -> None:
    """Put what an update brought back into an instance: the attributes that were changed, and only these."""
    definition = type(instance)._dynamorm
    changed = definition.store.mapper.load_changed(wire, names)
    for stored in names:
        name = definition.adapter.by_stored[stored].name
        if name in changed:
            instance.__dict__[name] = changed[name]
        else:
            instance.__dict__.pop(name, None)
    state: State = instance._dynamorm_state
    if state.loaded is not None:
        kept = {name: value for name, value in state.loaded.items() if name not in names}
        state.loaded = {**kept, **{name: wire[name] for name in names if name in wire}}
