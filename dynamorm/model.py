"""The face that users see: the metaclass that reads a model's inner classes, and the verbs, which are thin."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, overload

import six

from .definition import Definition, define
from .drivers import perform, run
from .exceptions import DoesNotExist, DynaModelException
from .expressions import Reference
from .instances.changes import changes, extra, increase, is_dirty, key_changed, values_of
from .instances.loading import accept_arriving, accept_given, accept_more, loaded
from .instances.state import DroppedField, FieldAttribute, Stateful
from .many.batches import write_batch
from .many.typed_items import InstancesOfKeys, TypedItems
from .reading.query import QueryIterator
from .reading.scan import ScanIterator
from .reading.verbs import finish_get, prepare_exists, prepare_get
from .relationships.declaring import Relationship, bind, partners_given
from .schema.copies import UNCHANGING
from .schema.iterators import settled
from .signals import model_prepared, post_init, pre_init
from .spec import FieldSpec
from .store import plain
from .wire.codec import WireItem, with_bytes
from .writing import saving, updating

if TYPE_CHECKING:
    from typing_extensions import Self


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
            bind(cls)
            model_prepared.send(cls)
        return cls

    if TYPE_CHECKING:
        # what the inner Schema declares, type checkers cannot see on the model

        def __getattr__(cls, name: str) -> Reference: ...


def _complete(cls: Any, definition: Definition, attrs: Mapping[str, Any], parents: list[type]) -> None:
    init = cls.__init__
    own_init = None if init is DynaModel.__init__ else _takes_any_keywords(init)
    store = definition.store.for_model(cls, own_init, _VERBS)
    cls._dynamorm = definition.replace(store=store)
    cls.Table = definition.store.table
    cls.Schema = definition.adapter.schema
    cls.relationships = store.relationships
    for attribute, declaration in definition.indexes.items():
        setattr(cls, attribute, declaration(cls, definition.store.table.indexes[declaration.name]))
    for name, spec in definition.adapter.fields.items():
        setattr(cls, name, FieldAttribute(spec, store.mapper, _covered(cls, name)))
    dropped = {
        name
        for parent in parents
        if isinstance(parent.__dict__.get("_dynamorm"), Definition)
        for name in parent.__dict__["_dynamorm"].adapter.fields
    } - set(definition.adapter.fields)
    for name in dropped - set(attrs):
        covered = _covered(cls, name)
        setattr(cls, name, DroppedField(name) if covered is None else covered)
    for name, value in attrs.items():
        if isinstance(value, Relationship) and name in definition.adapter.fields:
            raise DynaModelException(f"{cls.__name__}.{name} is declared as a field and as a relationship; rename one")


def _covered(cls: type, name: str) -> Any:
    """Return the attribute of the class that a field of the same name covers on instances."""
    found = inspect.getattr_static(cls, name, None)
    if isinstance(found, DroppedField):
        return None
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
    relationships: ClassVar[dict[str, Relationship]]

    # positional-only, so that fields may be called self, or cls in the class methods below
    def __init__(self, /, partial: bool = False, **raw: Any) -> None:
        """Make a new instance of what is given, which is converted and validated at once.

        What is missing is no error until the instance is saved.  ``partial`` applies no defaults.
        """
        state, cls = self._dynamorm_state, type(self)
        store = cls._dynamorm.store
        pre_init.send(cls, instance=self, partial=partial, raw=raw)
        if state.arriving is not None:
            accept_arriving(store.mapper, self, raw)
        else:
            partners = partners_given(store.relationships, raw) if store.relationships else {}
            accept_given(store.mapper, self, raw, defaults=not partial)
            for name, partner in partners.items():
                setattr(self, name, partner)
        post_init.send(cls, instance=self, partial=partial, raw=raw)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def __setattr__(self, name: str, value: Any) -> None:
        if type(value) not in UNCHANGING and (spec := _field_of(self, name)) is not None:
            value = settled(value, spec)
        object.__setattr__(self, name, value)
        state = self._dynamorm_known_state
        if state is not None and (state.defaults or state.pending or state.sending):
            state.forget(name)

    def __delattr__(self, name: str) -> None:
        if name in self.__dict__ or _field_of(self, name) is None:
            object.__delattr__(self, name)
        state = self._dynamorm_known_state
        if state is not None:
            state.forget(name)

    # Reading.

    @classmethod
    def get(
        cls,
        /,
        consistent: bool = False,
        get_item_kwargs: Mapping[str, Any] | None = None,
        attrs: Any = None,
        **keys: Any,
    ) -> Self | None:
        """Return the instance with a primary key, ``None`` if there is none.

        :param attrs: the attributes that are wanted, by name; the instance is partial then

        Example::

            Book.get(isbn="12345678910")
        """
        store = cls._dynamorm.store
        call, partial, place = prepare_get(store, consistent, get_item_kwargs, attrs, keys)
        found: Self | None = finish_get(store, perform(call), partial, place)
        return found

    @classmethod
    def require(cls, /, consistent: bool = False, **keys: Any) -> Self:
        """Like :meth:`get`, for an item that has to be there.

        :raises DoesNotExist: if it is not
        """
        found = cls.get(consistent=consistent, **keys)
        if found is None:
            shown = ", ".join(f"{name}={value!r}" for name, value in keys.items())
            raise DoesNotExist(f"there is no {cls.__name__} with {shown}")
        return found

    @classmethod
    def exists(cls, /, consistent: bool = False, **keys: Any) -> bool:
        """Return whether there is an item with a primary key."""
        return "Item" in perform(prepare_exists(cls._dynamorm.store, consistent, keys))

    @overload
    @classmethod
    def get_batch(
        cls, /, keys: Iterable[Any], consistent: bool = False, attrs: Any = None, ordered: Literal[False] = False
    ) -> Iterator[Self]: ...

    @overload
    @classmethod
    def get_batch(
        cls, /, keys: Iterable[Any], consistent: bool = False, attrs: Any = None, *, ordered: Literal[True]
    ) -> list[Self | None]: ...

    @classmethod
    def get_batch(
        cls, /, keys: Iterable[Any], consistent: bool = False, attrs: Any = None, ordered: bool = False
    ) -> Iterator[Self] | list[Self | None]:
        """Return the instances of any number of keys, in any order and without those that are not there.

        :param keys: dicts, instances, tuples, or the bare values of a hash key that has no range key beside it
        :param attrs: the attributes that are wanted, by name; the instances are partial then
        :param ordered: give a list in the order of the keys, with ``None`` in place of what is not there
        :raises BatchError: if DynamoDB goes on leaving keys undone
        """
        instances = InstancesOfKeys(cls._dynamorm.store, keys, consistent, attrs)
        return run(instances.ordered()) if ordered else instances.as_they_come()

    @classmethod
    def query(
        cls, /, *conditions: Any, query_kwargs: Mapping[str, Any] | None = None, **lookups: Any
    ) -> QueryIterator[Self]:
        """Read the items under one hash key; conditions on the range key and filters may be added.

        Example::

            Book.ByAuthor.query(author="Mr. Bar", year__gte=1990)
        """
        return QueryIterator(cls._dynamorm.store, conditions, lookups, query_kwargs)

    @classmethod
    def find(
        cls, /, *conditions: Any, query_kwargs: Mapping[str, Any] | None = None, **lookups: Any
    ) -> QueryIterator[Self]:
        """Like :meth:`query`, of the table or index that the keys among the conditions lead to.

        :raises AmbiguousIndex: if more than one index serves equally well
        """
        return QueryIterator(cls._dynamorm.store, conditions, lookups, query_kwargs)._with(chooses_index=True)

    @classmethod
    def scan(
        cls, /, *conditions: Any, scan_kwargs: Mapping[str, Any] | None = None, **lookups: Any
    ) -> ScanIterator[Self]:
        """Read every item that matches, which looks at every item there is.

        Example::

            Book.scan(Q(author="Mr. Bar") | Q(year__lt=1990))
        """
        return ScanIterator(cls._dynamorm.store, conditions, lookups, scan_kwargs)

    def refresh(self, consistent: bool = True) -> None:
        """Read the item again, in place of everything that the instance holds.

        :raises DoesNotExist: if it is gone
        """
        run(saving.refresh(type(self)._dynamorm.store, self, consistent))

    # Writing whole items.

    @classmethod
    def put(cls, item: Any, /, conditions: Any = None, **put_item_kwargs: Any) -> dict[str, Any]:
        """Store an item given as a dict (or an instance) in place of what was there."""
        return run(saving.put(cls._dynamorm.store, item, conditions, put_item_kwargs))

    @classmethod
    def put_unique(cls, item: Any, /, conditions: Any = None, **put_item_kwargs: Any) -> dict[str, Any]:
        """Store an item if there is none with its key.

        :raises HashKeyExists: if there is one
        """
        return run(saving.put(cls._dynamorm.store, item, conditions, put_item_kwargs, unique=True))

    @classmethod
    def put_batch(cls, /, *items: Any, overwrite_by_pkeys: Any = None) -> None:
        """Store any number of items; all are validated before the first is sent.

        An error has the ``position`` and the ``key`` of the item that is to blame.

        Of several with one key the last stays, whatever ``overwrite_by_pkeys`` says, which existing code may give.

        :raises BatchError: if DynamoDB goes on leaving items undone
        """
        store = cls._dynamorm.store
        run(write_batch(TypedItems(store, store.here), saving.items_to_put(store, items)))

    def save(
        self,
        partial: bool = False,
        unique: bool = False,
        return_all: bool = False,
        conditions: Any = None,
        **kwargs: Any,
    ) -> dict[str, Any] | None:
        """Store the instance as a whole, or with ``partial`` what was changed in it.

        Attributes that the schema does not know, and that the instance was loaded with, stay as they are.

        :param unique: only if there is no item with this key yet
        :param return_all: take every attribute over after a partial save, not only what was sent
        :param kwargs: more arguments of boto3's ``put_item``, or of its ``update_item``
        :raises HashKeyExists: if ``unique`` and there is one
        :raises DoesNotExist: if a loaded instance is partially saved and its item is gone
        """
        store = type(self)._dynamorm.store
        return run(saving.save(store, self, partial, unique, return_all, conditions, kwargs))

    # Writing parts of items.

    def update(
        self,
        /,
        *actions: Any,
        conditions: Any = None,
        update_item_kwargs: dict[str, Any] | None = None,
        return_all: bool = False,
        **updates: Any,
    ) -> dict[str, Any] | None:
        """Change some attributes in the table, and take over what they are then.

        Example::

            book.update(title="New title", copies__plus=1, conditions={"year": 1999})

        :raises DoesNotExist: if the instance was loaded and its item is gone
        """
        store = type(self)._dynamorm.store
        return run(saving.update_instance(store, self, actions, conditions, update_item_kwargs, return_all, updates))

    @classmethod
    def update_item(
        cls,
        /,
        *actions: Any,
        conditions: Any = None,
        update_item_kwargs: Mapping[str, Any] | None = None,
        **keys_and_updates: Any,
    ) -> dict[str, Any] | None:
        """Change an item that need not be loaded, nor be there.

        Example::

            Book.update_item(isbn="12345678910", copies__plus=1)
        """
        store = cls._dynamorm.store
        response = run(updating.update_key(store, actions, conditions, update_item_kwargs, keys_and_updates))
        return None if response is None else plain(response)

    @classmethod
    def upsert(cls, /, *actions: Any, conditions: Any = None, **keys_and_updates: Any) -> Self:
        """Change an item, or make it with these values and the schema's defaults; returns it as it is then.

        Every required field that has no default has to be given.
        """
        made: Self = run(updating.upsert(cls._dynamorm.store, actions, conditions, keys_and_updates))
        return made

    @classmethod
    def patch(cls, /, *actions: Any, conditions: Any = None, **keys_and_updates: Any) -> Self:
        """Change an item that has to be there; returns it as it is then.

        :raises DoesNotExist: if it is not
        """
        changed: Self = run(updating.patch(cls._dynamorm.store, actions, conditions, keys_and_updates))
        return changed

    def incr(self, /, **amounts: Any) -> None:
        """Change numbers now, and send the amounts with the next partial save or sync.

        They are added to whatever the numbers are by then, so that counters never conflict.
        """
        increase(type(self)._dynamorm.store.mapper, self, amounts)

    def sync(self, conditions: Any = None) -> None:
        """Send what was changed, and take everything over as it is then; with nothing changed, read only."""
        run(saving.synchronise(type(self)._dynamorm.store, self, conditions))

    def delete(self, /, conditions: Any = None, **delete_item_kwargs: Any) -> dict[str, Any]:
        """Delete the item."""
        return run(saving.delete_instance(type(self)._dynamorm.store, self, conditions, delete_item_kwargs))

    @classmethod
    def delete_item(cls, /, conditions: Any = None, **keys: Any) -> dict[str, Any]:
        """Delete the item with a primary key; it is no error if there is none."""
        return run(saving.delete_key(cls._dynamorm.store, conditions, keys))

    # Other forms.

    @classmethod
    def new_from_raw(cls, raw: Mapping[str, Any] | None, /, partial: bool = False) -> Self | None:
        """Make an instance of plain values, by Python or stored names; of ``None``, ``None``."""
        if raw is None:
            return None
        named = dict(raw)
        unnameable = {"partial": named.pop("partial")} if "partial" in named else {}
        made = cls(partial=partial, **named)
        if unnameable:
            accept_more(cls._dynamorm.store.mapper, made, unnameable)
        return made

    @classmethod
    def from_item(cls, item: WireItem, /) -> Self:
        """Make an instance of an item in DynamoDB's typed JSON, as streams and exports carry it.

        Bytes may be base64 text, as they are in JSON.
        """
        made: Self = loaded(cls._dynamorm.store, with_bytes(item))
        return made

    def to_item(self) -> WireItem:
        """Return the instance in DynamoDB's typed JSON, as it would be stored."""
        mapper = type(self)._dynamorm.store.mapper
        wire = mapper.dump(values_of(mapper, self), check=False)
        return {**self._dynamorm_state.extra, **wire}

    def to_dict(self, native: bool = False) -> dict[str, Any]:
        """Return the values: stored names and forms, or with ``native`` Python names and native values.

        Fields without a value are left out; with schematics they are ``None``, as in its own dicts.
        """
        mapper = type(self)._dynamorm.store.mapper
        adapter, found = mapper.adapter, values_of(mapper, self)
        if not native:
            found = adapter.dump(adapter.natives_of_assigned(found))
        if adapter.gives_none:
            names = [spec.name if native else spec.stored for spec in adapter.inputs]
            return {**dict.fromkeys(names), **found}
        return {name: value for name, value in found.items() if value is not None}

    def validate(self) -> dict[str, Any]:
        """Check the instance as saving would, and give its native values.

        :raises ValidationError: if it cannot be saved
        """
        mapper = type(self)._dynamorm.store.mapper
        adapter = mapper.adapter
        _, native = adapter.checked(adapter.natives_of_assigned(values_of(mapper, self)))
        return native

    # What is known of it; `dynamorm.inspect` tells the same where fields have these names.

    @property
    def is_dirty(self) -> bool:
        """Whether anything differs from what was loaded."""
        return is_dirty(type(self)._dynamorm.store.mapper, self)

    @property
    def changes(self) -> dict[str, tuple[Any, Any]]:
        """What differs from what was loaded, by field: the value then and the value now."""
        return changes(type(self)._dynamorm.store.mapper, self)

    @property
    def is_partial(self) -> bool:
        """Whether only a part of the item was loaded."""
        return self._dynamorm_state.partial

    @property
    def key_changed(self) -> bool:
        """Whether a part of the key differs from what was loaded."""
        return key_changed(type(self)._dynamorm.store.mapper, self)

    @property
    def extra(self) -> dict[str, Any]:
        """The stored attributes that the schema does not know, as plain values."""
        return extra(self)

    @classmethod
    def _dynamorm_boto3_condition(cls, condition: Any) -> Any:
        return cls._dynamorm.store.mapper.boto3_condition(condition)

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


def _field_of(instance: Any, name: str) -> FieldSpec | None:
    definition = getattr(type(instance), "_dynamorm", None)
    return None if definition is None else definition.store.mapper.fields.get(name)


def _complete_key(instance: Any) -> tuple[Any, ...] | None:
    names = type(instance)._dynamorm.store.mapper.key_names
    key = tuple(instance.__dict__.get(name) for name in names)
    return None if None in key else key


# What models may replace, and flows then call in place of what they would do themselves.
_VERBS = {
    "delete": DynaModel.delete,
    "get": DynaModel.get.__func__,  # type: ignore[attr-defined]
    "get_batch": DynaModel.get_batch.__func__,  # type: ignore[attr-defined]
    "save": DynaModel.save,
    "update": DynaModel.update,
    "update_item": DynaModel.update_item.__func__,  # type: ignore[attr-defined]
}
