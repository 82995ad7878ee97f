"""The face that users see: the metaclass that reads a model's inner classes, and the verbs, which are thin."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast, overload

import six

from . import exceptions
from .arguments import check_mapping, check_switch, is_atomic, split_boto3_arguments
from .attributes import Abstract, complete, give_error, missing
from .definition import Definition, define
from .drivers import perform, run
from .entity import Entity
from .exceptions import DynaModelException
from .expressions import Reference
from .guards import CARRIED
from .handles import ModelHandle
from .instances.changes import changes, extra, increase, is_dirty, key_changed, values_of
from .instances.loading import accept_arriving, accept_given, accept_more, loaded, move_to_here
from .many.typed_items import InstancesOfKeys
from .progress import Progress
from .reading.query import QueryIterator
from .reading.scan import ScanIterator
from .reading.verbs import finish_get, prepare_exists, prepare_get
from .relationships.declaring import Relationship, bind, partners_given
from .signals import model_prepared, post_init, pre_init
from .store import plain
from .wire.codec import WireItem, with_bytes
from .writing import creating, saving, updating
from .writing.batches import delete_batch, put_batch

if TYPE_CHECKING:
    from typing_extensions import Self


class DynaModelMeta(type):
    """Reads the inner ``Table``, ``Schema`` and index classes, and puts what they describe in their place."""

    def __new__(mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> Any:
        cls: Any = super().__new__(mcs, name, bases, attrs)
        if not any(isinstance(base, DynaModelMeta) for base in bases):
            return cls
        give_error(cls)
        parents = [parent for parent in cls.__mro__[1:] if parent not in DynaModel.__mro__]
        definition = define(name, attrs, parents)
        if definition is None:
            cls._dynamorm = Abstract()
            return cls
        complete(cls, definition, attrs, DynaModel, _VERBS)
        bind(cls)
        model_prepared.send(cls)
        return cls

    def __getattr__(cls, name: str) -> Reference:
        # also tells type checkers what there is on the model for the fields of the inner Schema
        raise missing(cls, name)


class DynaModel(six.with_metaclass(DynaModelMeta, Entity)):
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
    _dynamorm_does_not_exist: ClassVar[type[exceptions.DoesNotExist]] = exceptions.DoesNotExist
    relationships: ClassVar[dict[str, Relationship]]
    DoesNotExist: ClassVar[type[exceptions.DoesNotExist]] = exceptions.DoesNotExist

    # positional-only, so that fields may be called self, or cls in the class methods below
    def __init__(self, /, partial: bool = False, **raw: Any) -> None:
        """Make a new instance of what is given, which is converted and validated at once.

        What is missing is no error until the instance is saved.  ``partial`` applies no defaults.
        """
        state, cls = self._dynamorm_state, type(self)
        store = cls._dynamorm.store
        if partial is not False and partial is not True:
            remedy = f"give the values by keyword: {cls.__name__}(**values)"
            check_switch(f"{cls.__name__}(partial=...)", partial, remedy, DynaModelException)
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

    # Elsewhere.

    @classmethod
    def using(
        cls,
        /,
        *,
        table_name: str | None = None,
        given: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> type[Self]:
        """Return a handle: this model with its items in one place, whatever settings hold where it is used.

        It has all verbs of the class, and what they return are instances of the class.

        :param table_name: the full name of the table, prefix included
        :param given: values of key fields; they are filled in wherever a key is given, and must not be contradicted
        :param options: what :func:`dynamorm.using` takes, over the settings that hold here and now

        Example::

            books = Book.using(table_prefix="acme-")
            books.get(isbn="12345678910")
        """
        options.update({} if table_name is None else {"table_name": table_name}, given=given)
        return cast("type[Self]", ModelHandle(cls._dynamorm, options))

    def move_to_here(self) -> None:
        """Let the instance belong to the table that holds here and now, as a new one: nothing of it is stored there.

        The item that it was loaded from stays where it is.
        """
        move_to_here(self)

    # Reading.

    @classmethod
    def get(
        cls,
        /,
        consistent: bool = False,
        get_item_kwargs: Mapping[str, Any] | None = None,
        *,
        attrs: Any = None,
        **keys: Any,
    ) -> Self | None:
        """Return the instance with a primary key, ``None`` if there is none.

        :param attrs: the attributes that are wanted, by name; the instance is partial then

        Example::

            Book.get(isbn="12345678910")
        """
        store = cls._dynamorm.store
        if consistent is not False and consistent is not True:
            store.mapper.check_consistent("get", consistent)
        call, partial, place = prepare_get(store, consistent, get_item_kwargs, attrs, keys)
        found: Self | None = finish_get(store, perform(call), partial, place)
        return found

    @classmethod
    def require(cls, /, consistent: bool = False, **keys: Any) -> Self:
        """Like :meth:`get`, for an item that has to be there.

        :raises DoesNotExist: if it is not
        """
        if consistent is not False and consistent is not True:
            cls._dynamorm.store.mapper.check_consistent("require", consistent)
        found = cls.get(consistent=consistent, **keys)
        if found is None:
            shown = ", ".join(f"{name}={value!r}" for name, value in keys.items())
            store = cls._dynamorm.store
            raise store.does_not_exist(f"there is no {store.model.__name__} with {shown}")
        return found

    @classmethod
    def exists(cls, /, consistent: bool = False, **keys: Any) -> bool:
        """Return whether there is an item with a primary key."""
        store = cls._dynamorm.store
        if consistent is not False and consistent is not True:
            store.mapper.check_consistent("exists", consistent)
        return "Item" in perform(prepare_exists(store, consistent, keys))

    @overload
    @classmethod
    def get_batch(
        cls,
        /,
        keys: Iterable[Any],
        consistent: bool = False,
        attrs: Any = None,
        batch_get_kwargs: Mapping[str, Any] | None = None,
        *,
        ordered: Literal[False] = False,
        concurrency: int = 1,
    ) -> Iterator[Self]: ...

    @overload
    @classmethod
    def get_batch(
        cls,
        /,
        keys: Iterable[Any],
        consistent: bool = False,
        attrs: Any = None,
        batch_get_kwargs: Mapping[str, Any] | None = None,
        *,
        ordered: Literal[True],
        concurrency: int = 1,
    ) -> list[Self | None]: ...

    @classmethod
    def get_batch(
        cls,
        /,
        keys: Iterable[Any],
        consistent: bool = False,
        attrs: Any = None,
        batch_get_kwargs: Mapping[str, Any] | None = None,
        *,
        ordered: bool = False,
        concurrency: int = 1,
    ) -> Iterator[Self] | list[Self | None]:
        """Return the instances of any number of keys, in any order and without those that are not there.

        :param keys: dicts, instances, tuples, or the bare values of a hash key that has no range key beside it
        :param attrs: the attributes that are wanted, by name; the instances are partial then
        :param batch_get_kwargs: ``ConsistentRead`` and ``ProjectionExpression`` in boto3's form
        :param ordered: give a list in the order of the keys, with ``None`` in place of what is not there
        :param concurrency: how many requests of 100 keys are under way at the same time
        :raises BatchError: if DynamoDB goes on leaving keys undone
        """
        store = cls._dynamorm.store
        store.mapper.check_consistent("get_batch", consistent)
        instances = InstancesOfKeys(store, keys, consistent, attrs, batch_get_kwargs, concurrency)
        return run(instances.ordered()) if ordered else instances.as_they_come()

    @classmethod
    def query(
        cls, /, *conditions: Any, query_kwargs: Mapping[str, Any] | None = None, **lookups: Any
    ) -> QueryIterator[Self]:
        """Read the items under one hash key; conditions on the range key and filters may be added.

        Example::

            Book.ByAuthor.query(author="Mr. Bar", year__gte=1990)
        """
        if conditions:
            conditions, query_kwargs = split_boto3_arguments(conditions, query_kwargs)
        return QueryIterator._of_store(cls._dynamorm.store, conditions, lookups, query_kwargs)

    @classmethod
    def find(
        cls, /, *conditions: Any, query_kwargs: Mapping[str, Any] | None = None, **lookups: Any
    ) -> QueryIterator[Self]:
        """Like :meth:`query`, of the table or index that the keys among the conditions lead to.

        :raises AmbiguousIndex: if more than one index serves equally well
        """
        return QueryIterator._of_store(cls._dynamorm.store, conditions, lookups, query_kwargs)._with(chooses_index=True)

    @classmethod
    def scan(
        cls, /, *conditions: Any, scan_kwargs: Mapping[str, Any] | None = None, **lookups: Any
    ) -> ScanIterator[Self]:
        """Read every item that matches, which looks at every item there is.

        Example::

            Book.scan(Q(author="Mr. Bar") | Q(year__lt=1990))
        """
        if conditions:
            conditions, scan_kwargs = split_boto3_arguments(conditions, scan_kwargs)
        return ScanIterator._of_store(cls._dynamorm.store, conditions, lookups, scan_kwargs)

    def refresh(self, consistent: bool = True) -> None:
        """Read the item again, in place of everything that the instance holds.

        :raises DoesNotExist: if it is gone
        """
        store = type(self)._dynamorm.store
        store.mapper.check_consistent("refresh", consistent)
        run(saving.refresh(store, self, consistent))

    # Writing whole items.

    @classmethod
    def put(
        cls, item: Any, /, conditions: Any = None, *, if_version: int | None = CARRIED, **put_item_kwargs: Any
    ) -> dict[str, Any]:
        """Store an item given as a dict (or an instance) in place of what was there.

        :param if_version: the version that the stored item has to have, in place of the one that the item carries
        :raises VersionConflict: if it has another one
        """
        return run(saving.put(cls._dynamorm.store, item, conditions, put_item_kwargs, expected=if_version))

    @classmethod
    def put_unique(cls, item: Any, /, conditions: Any = None, **put_item_kwargs: Any) -> dict[str, Any]:
        """Store an item if there is none with its key.

        :raises HashKeyExists: if there is one
        """
        return run(saving.put(cls._dynamorm.store, item, conditions, put_item_kwargs, unique=True))

    @classmethod
    def create(cls, /, **values: Any) -> Self:
        """Make an instance and store it, if there is no item with its key; returns the instance.

        :raises HashKeyExists: if there is one
        """
        made: Self = run(creating.create(cls._dynamorm.store, values))
        return made

    @classmethod
    def get_or_create(cls, /, defaults: Mapping[str, Any] | None = None, **keys: Any) -> tuple[Self, bool]:
        """Return the instance with a primary key, and whether it was stored just now because there was none.

        However many do this at once, one of them stores the item, and all others get that one.

        :param defaults: the other values of a new item; those that are callables are called, for a new item only

        Example::

            book, created = Book.get_or_create(isbn="12345678910", defaults={"title": "Untitled"})
        """
        found: tuple[Self, bool] = run(creating.get_or_create(cls._dynamorm.store, defaults, keys))
        return found

    @classmethod
    def put_batch(
        cls,
        /,
        *items: Any,
        overwrite_by_pkeys: Any = None,
        concurrency: int = 1,
        progress: Callable[[Progress], Any] | None = None,
    ) -> None:
        """Store any number of items, given one by one or as one iterable.

        Items that are given one by one are all validated before the first is sent.  Those of an iterable are validated
        as they are sent, and all before one that is refused are written.  An error has the ``position`` and the ``key``
        of the item that is to blame.

        Of several with one key the last stays, whatever ``overwrite_by_pkeys`` says, which existing code may give.

        :param concurrency: how many requests are under way at the same time
        :param progress: is called with a :class:`~dynamorm.Progress` after each answer
        :raises BatchError: if DynamoDB gives no answer, or goes on leaving items undone
        """
        run(put_batch(cls._dynamorm.store, items, concurrency, progress))

    @classmethod
    def delete_batch(
        cls, /, *keys: Any, concurrency: int = 1, progress: Callable[[Progress], Any] | None = None
    ) -> None:
        """Delete any number of items, given one by one or as one iterable.

        They are given as instances, or by key in any form that ``get_batch`` takes.  It is no error if there is no such
        item.  The version of an instance is checked, and no signal is sent.

        :param concurrency: how many requests are under way at the same time
        :param progress: is called with a :class:`~dynamorm.Progress` after each answer
        :raises BatchError: if DynamoDB gives no answer, or goes on leaving items undone
        """
        run(delete_batch(cls._dynamorm.store, keys, concurrency, progress))

    def save(
        self,
        partial: bool = False,
        unique: bool = False,
        return_all: bool = False,
        *,
        conditions: Any = None,
        atomic: bool = False,
        if_unchanged: bool = False,
        if_version: int | None = CARRIED,
        **kwargs: Any,
    ) -> dict[str, Any] | None:
        """Store the instance as a whole, or with ``partial`` what was changed in it.

        Attributes that the schema does not know, and that the instance was loaded with, stay as they are.

        :param unique: only if there is no item with this key yet
        :param return_all: take every attribute over after a partial save, not only what was sent
        :param atomic: only if the item is still as it was loaded, or is not there if it never was
        :param if_unchanged: another name of ``atomic``
        :param if_version: the version that the stored item has to have, in place of the one that the instance holds
        :param kwargs: more arguments of boto3's ``put_item``, or of its ``update_item``
        :raises ConditionFailed: if ``atomic`` and somebody else has changed the item
        :raises VersionConflict: if the item has another version
        :raises HashKeyExists: if ``unique`` and there is one
        :raises DoesNotExist: if a loaded instance is partially saved and its item is gone
        """
        store = type(self)._dynamorm.store
        for name, value in (("partial", partial), ("unique", unique), ("return_all", return_all)):
            if value is not False and value is not True:
                check_switch(f"save({name}=...)", value, "assign values to the instance before", DynaModelException)
        only_unchanged = is_atomic("save", atomic, if_unchanged)
        wish = saving.Wish(partial, unique, return_all, conditions, only_unchanged, if_version)
        return run(saving.save(store, self, wish, kwargs))

    # Writing parts of items.

    def update(
        self,
        /,
        *actions: Any,
        conditions: Any = None,
        update_item_kwargs: dict[str, Any] | None = None,
        return_all: bool = False,
        if_version: int | None = CARRIED,
        **updates: Any,
    ) -> dict[str, Any] | None:
        """Change some attributes in the table, and take over what they are then.

        Example::

            book.update(title="New title", copies__plus=1, conditions={"year": 1999})

        :raises DoesNotExist: if the instance was loaded and its item is gone
        """
        store = type(self)._dynamorm.store
        return run(
            saving.update_instance(
                store, self, actions, conditions, update_item_kwargs, return_all, updates, if_version
            )
        )

    @classmethod
    def update_item(
        cls,
        /,
        *actions: Any,
        conditions: Any = None,
        update_item_kwargs: Mapping[str, Any] | None = None,
        if_version: int | None = CARRIED,
        **keys_and_updates: Any,
    ) -> dict[str, Any] | None:
        """Change an item that need not be loaded, nor be there.

        Example::

            Book.update_item(isbn="12345678910", copies__plus=1)
        """
        store = cls._dynamorm.store
        response = run(
            updating.update_key(store, actions, conditions, update_item_kwargs, keys_and_updates, if_version)
        )
        return None if response is None else plain(response)

    @classmethod
    def upsert(
        cls, /, *actions: Any, conditions: Any = None, if_version: int | None = CARRIED, **keys_and_updates: Any
    ) -> Self:
        """Change an item, or make it with these values and the schema's defaults; returns it as it is then.

        Every required field that has no default has to be given.
        """
        made: Self = run(updating.upsert(cls._dynamorm.store, actions, conditions, keys_and_updates, if_version))
        return made

    @classmethod
    def patch(
        cls, /, *actions: Any, conditions: Any = None, if_version: int | None = CARRIED, **keys_and_updates: Any
    ) -> Self:
        """Change an item that has to be there; returns it as it is then.

        :raises DoesNotExist: if it is not
        """
        changed: Self = run(updating.patch(cls._dynamorm.store, actions, conditions, keys_and_updates, if_version))
        return changed

    def incr(self, /, **amounts: Any) -> None:
        """Change numbers now, and send the amounts with the next partial save or :meth:`reconcile`.

        They are added to whatever the numbers are by then, so that counters never conflict.
        """
        increase(type(self)._dynamorm.store.mapper, self, amounts)

    def reconcile(self, conditions: Any = None, *, atomic: bool = False, if_unchanged: bool = False) -> None:
        """Send what was changed, and take everything over as it is then; with nothing changed, read only.

        :param atomic: only if the item is still as it was loaded, or is not there if it never was
        :param if_unchanged: another name of ``atomic``
        """
        only_unchanged = is_atomic("reconcile", atomic, if_unchanged)
        run(saving.reconcile(type(self)._dynamorm.store, self, conditions, only_unchanged))

    def sync(self, conditions: Any = None, *, atomic: bool = False, if_unchanged: bool = False) -> None:
        """Reconcile: the former name of :meth:`reconcile`."""
        options = {"atomic": True} if is_atomic("sync", atomic, if_unchanged) else {}
        type(self).reconcile(self, conditions, **options)

    def delete(
        self,
        /,
        conditions: Any = None,
        *,
        atomic: bool = False,
        if_unchanged: bool = False,
        if_version: int | None = CARRIED,
        **delete_item_kwargs: Any,
    ) -> dict[str, Any]:
        """Delete the item.

        :param atomic: only if the item is still as it was loaded, or is not there if it never was
        :param if_unchanged: another name of ``atomic``
        :param if_version: the version that the stored item has to have, in place of the one that the instance holds
        """
        only_unchanged = is_atomic("delete", atomic, if_unchanged)
        wish = saving.Wish(conditions=conditions, atomic=only_unchanged, expected=if_version)
        return run(saving.delete_instance(type(self)._dynamorm.store, self, wish, delete_item_kwargs))

    @classmethod
    def delete_item(cls, /, conditions: Any = None, *, if_version: int | None = CARRIED, **keys: Any) -> dict[str, Any]:
        """Delete the item with a primary key; it is no error if there is none.

        :param if_version: the version that the item has to have, if there is one
        """
        return run(saving.delete_key(cls._dynamorm.store, conditions, keys, if_version))

    # Other forms.

    @classmethod
    def new_from_raw(cls, raw: Mapping[str, Any] | None, /, partial: bool = False) -> Self | None:
        """Make an instance of plain values, by Python or stored names; of ``None``, ``None``."""
        if raw is None:
            return None
        check_mapping(f"{cls.__name__}.new_from_raw()", raw, DynaModelException)
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
        check_mapping(f"{cls.__name__}.from_item()", item, DynaModelException)
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
        natives: dict[str, Any] = mapper.validated(values_of(mapper, self))
        return natives

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


# What models may replace, and flows then call in place of what they would do themselves.
_VERBS = {
    name: getattr(member, "__func__", member)
    for name, member in vars(DynaModel).items()
    if inspect.isroutine(getattr(member, "__func__", member))
}
