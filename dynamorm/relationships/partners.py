"""Relationships: attributes of a model that lead from its instances to those of another.

What an instance's relationships have led to is kept by the instance, together with the keys that led there, and
forgotten when these change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

from ..exceptions import DynaModelException, InvalidKey
from ..indexes import Index
from ..instances.changes import changed_fields, is_dirty
from ..instances.loading import take_given
from ..instances.state import State
from ..many import batches as batch
from ..reading.query import QueryIterator
from .declaring import DefaultBackReference, Query, Relationship, store_of

__all__ = ["DefaultBackReference", "ManyToOne", "OneToMany", "OneToOne", "QuerySet", "Relationship"]


class Related(NamedTuple):
    """What a relationship of an instance has led to, and the keys that lead there.

    ``origin`` says how the partner came: ``"read"``, ``"made"`` because there was none, or ``"given"`` by assignment;
    it is ``None`` where it is known that there is none.  ``waiting`` says that a key was not complete at that time.
    """

    partner: Any
    keys: dict[str, Any]
    origin: str
    waiting: bool = False


def _is_complete(instance: Any) -> bool:
    """Say whether an instance has its whole primary key."""
    mapper = store_of(type(instance)).mapper
    held = instance.__dict__
    return all(held.get(mapper.adapter.by_stored[stored].name) is not None for stored in mapper.key.names)


def _put_values(instance: Any, values: Mapping[str, Any]) -> None:
    """Assign the values of fields that differ; operators and other names are for queries only."""
    mapper = store_of(type(instance)).mapper
    for name, value in _values_of_fields(type(instance), values).items():
        held, spec = instance.__dict__.get(name), mapper.fields[name]
        if held != value and mapper.wire_of(spec, held) != mapper.wire_of(spec, value):
            setattr(instance, name, value)


def _values_of_fields(model: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    fields = store_of(model).mapper.fields
    return {name: value for name, value in values.items() if name in fields and value is not None}


class OneToOne(Relationship):
    """Leads to the one instance of another model that belongs to an instance, read when it is first asked for.

    It suits items with many attributes of which few are needed often: the others live in a table of their own.

    :param auto_create: where there is no partner, give a new one, which is stored when it was filled and its owner is
        saved; without it, ``None``
    """

    BackReferenceClass: ClassVar[Any] = "self"

    def __init__(
        self,
        other: Any,
        query: Query,
        index: str | None = None,
        back_query: Query | None = None,
        back_index: str | None = None,
        back_reference: Any = DefaultBackReference,
        auto_create: bool = True,
    ) -> None:
        super().__init__(other, query, index, back_query, back_index, back_reference)
        self.auto_create = auto_create

    @property
    def _leads_to_parent(self) -> bool:
        """Whether the keys are told by the partner's, and kept by the instance itself."""
        return self.forward is not None

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        kept = self._kept(instance)
        if kept is not None and kept.partner is not None:
            return kept.partner
        keys = self.keys_from(instance)
        partner = self._read(keys) if kept is None else None
        if partner is not None:
            self._keep(instance, partner, "read")
        elif self.auto_create and not (self._leads_to_parent and self._without_value(keys)):
            partner = self._made(_values_of_fields(self.other, keys))
            self._keep(instance, partner, "made")
        return partner

    def __set__(self, instance: Any, value: Any) -> None:
        self._check(value)
        self._attach(instance, value, "given")

    def __delete__(self, instance: Any) -> None:
        kept = self._forget(instance) if self._kept(instance) is not None else None
        partner = kept.partner if kept is not None and _is_stored(kept.partner) else None
        if partner is None:
            partner = self._read(self.keys_from(instance))
        if partner is not None:
            type(partner).delete(partner)
        elif kept is None or kept.origin != "given":
            raise AttributeError(f"{self!r}: {instance!r} has no partner to delete")

    def _check(self, value: Any) -> None:
        if not isinstance(value, self.other):
            raise TypeError(f"{self!r}: an instance of {self.other.__name__} is meant, not {value!r}")

    def _read(self, keys: dict[str, Any]) -> Any:
        if self._without_value(keys):
            return None
        other = self.other
        if self._is_by_key(keys):
            return other.get(**keys)
        found = self.accessor.query(**keys)
        if self.index is not None and self.accessor.index.spec.included is not None:
            found = found.hydrate()  # a partner is saved as a whole
        return found.first()

    def _made(self, values: dict[str, Any]) -> Any:
        other = self.other
        if other._dynamorm_init is not False:
            return other(**values)
        partner = other.__new__(other)  # its own __init__ takes other arguments, and is gone round as it is by reads
        take_given(partner, values, defaults=True)
        return partner

    def _is_by_key(self, keys: Mapping[str, Any]) -> bool:
        return self.index is None and keys.keys() == set(self._key_names)

    # What an instance keeps.

    def _keep(self, instance: Any, partner: Any, origin: str) -> None:
        keys = self.keys_from(instance)
        source = partner if self._leads_to_parent else instance
        lacking = any(value is None for value in keys.values())
        waiting = origin != "read" and (lacking or not _is_complete(source))
        state: State = instance._dynamorm_state
        state.related = {**(state.related or {}), self.name: Related(partner, keys, origin, waiting)}

    def _kept(self, instance: Any) -> Related | None:
        """Give what an instance keeps, unless it was led there by other keys than it has now.

        What was assigned before there were keys, or was not stored yet, takes part in their change instead.
        """
        state: State = instance._dynamorm_state
        kept: Related | None = (state.related or {}).get(self.name)
        if kept is None:
            return None
        same = kept.keys == self.keys_from(instance)
        if same and not (kept.waiting and self._leads_to_parent):
            return kept
        if self._leads_to_parent:
            follows = same
        else:
            follows = not _is_stored(kept.partner) and (kept.origin == "given" or kept.waiting)
        if follows:
            self._attach(instance, kept.partner, kept.origin)
            return state.related[self.name] if state.related else None
        self._forget(instance)
        return None

    def _forget(self, instance: Any) -> Related:
        state: State = instance._dynamorm_state
        related = dict(state.related or {})
        kept: Related = related.pop(self.name)
        state.related = related or None
        return kept

    def _attach(self, instance: Any, partner: Any, origin: str) -> None:
        """Let the keys agree, on the side that keeps them, and keep the partner."""
        if not self._leads_to_parent:
            _put_values(partner, self.keys_from(instance))
        elif _is_complete(partner):
            values = self._keys_of_parent(partner)
            if values is not None:
                _put_values(instance, values)
            elif not self._leads_to(instance, partner):
                raise DynaModelException(
                    f"{self!r}: what {instance!r} has to store to lead to {partner!r} cannot be told from the query; "
                    "declare a back_query that gives it"
                )
        elif origin == "given":
            self._detach(instance, partner)
        self._keep(instance, partner, origin)

    def _detach(self, instance: Any, parent: Any) -> None:
        """Let a child lead to nobody until its new parent has a key, least of all to whom it led before."""
        try:
            names = set(self._keys_of_parent(_Probe()) or ())
        except Exception:
            names = set()  # it computes with what a probe cannot give
        for name in names & instance.__dict__.keys():
            if instance.__dict__[name] is not None:
                setattr(instance, name, None)
        if not self._without_value(self.keys_from(instance)):
            raise DynaModelException(
                f"{self!r}: {parent!r} has no key yet that {instance!r} could store; give it one first"
            )

    def _keys_of_parent(self, parent: Any) -> Mapping[str, Any] | None:
        """Give what a child stores to lead to a parent, ``None`` where that cannot be told."""
        if self.back_query is not None:
            return self.back_query(parent)
        passed_on = _passed_on(self.query)
        if passed_on is None:
            return None
        return {own: getattr(parent, name) for name, own in passed_on.items()}

    def _leads_to(self, instance: Any, partner: Any) -> bool:
        mapper = store_of(self.other).mapper
        keys = self.keys_from(instance)
        return all(
            mapper.wire_of(mapper.fields[name], value) == mapper.wire_of(mapper.fields[name], getattr(partner, name))
            for name, value in _values_of_fields(self.other, keys).items()
        )

    def assign(self, value: Any) -> Mapping[str, Any] | None:
        """Give the values of fields that follow from what a constructor was given for this relationship."""
        self._check(value)
        if not _is_complete(value):
            return None
        if self._leads_to_parent:
            values = self._keys_of_parent(value)
        else:
            values = None if self.back_query is None else self.back_query(value)
        return None if values is None else _values_of_fields(self.this, values)

    def partner_to_save(self, instance: Any) -> Any:
        """Give the partner if it was changed; a parent is not its child's to save."""
        kept = self._kept(instance)
        if kept is None or kept.partner is None or self._leads_to_parent:
            return None
        partner = kept.partner
        if kept.origin == "made" and not _is_stored(partner):  # looking at it is no change
            filled = {spec.name for spec in changed_fields(partner)} - kept.keys.keys()
            return partner if filled or partner._dynamorm_state.pending else None
        return partner if is_dirty(partner) else None

    # Many at once.

    def prefetch(self, children: Iterable[Any], consistent: bool = False) -> list[Any]:
        """Read the partners of many instances by batch get, one request for a hundred; gives the instances as a list.

        Those that have the same partner share one instance of it.
        """
        children = list(children)
        store = store_of(self.other)
        wanted: dict[Any, tuple[dict[str, Any], list[Any]]] = {}
        for child in children:
            if not isinstance(child, self.this):
                raise TypeError(f"{self!r}.prefetch: instances of {self.this.__name__} are meant, not {child!r}")
            if self._kept(child) is not None:
                continue
            keys = self.keys_from(child)
            if not self._is_by_key(keys):
                raise DynaModelException(
                    f"{self!r}: only partners that are found by their primary key can be read by batch get, "
                    f"and the query gives {', '.join(keys)}{'' if self.index is None else f' for {self.index}'}"
                )
            if not self._without_value(keys):
                identity = batch.identity(store, store.mapper.wire_key(keys))
                wanted.setdefault(identity, (keys, []))[1].append(child)
        found = self.other.get_batch([keys for keys, _ in wanted.values()], consistent=consistent, ordered=True)
        for partner, (_, waiting) in zip(found, wanted.values(), strict=True):
            for child in waiting:
                self._keep(child, partner, "read")
        return children


def _is_stored(instance: Any) -> bool:
    return instance is not None and instance._dynamorm_state.loaded is not None


class _Attribute:
    """What a probe shows in place of an attribute's value."""

    def __init__(self, name: str) -> None:
        self.name = name


class _Probe:
    """Stands for an instance, to see which of its attributes a query passes on as they are."""

    def __getattr__(self, name: str) -> Any:
        return _Attribute(name)


def _passed_on(query: Query) -> dict[str, str] | None:
    """Give the attributes that a query passes on, by the key they become; ``None`` if it does more than that."""
    try:
        keys = dict(query(_Probe()))
    except Exception:
        return None  # it computes with them, which a probe cannot follow
    if not all(isinstance(value, _Attribute) for value in keys.values()):
        return None
    return {name: value.name for name, value in keys.items()}


class QuerySet(QueryIterator[Any]):
    """The query of the many: everything that queries are, and sized.

    ``len()`` reads all items and keeps them for later iterations of this object; truth asks for one item.
    """

    _items: list[Any] | None = None

    def __init__(self, model: Any, query: Mapping[str, Any], index: Any = None) -> None:
        super().__init__(model, (), query, None)
        if index is not None:
            self._index = self._index_called(index.index.name if isinstance(index, Index) else index)

    def _with(self, **changes: Any) -> Any:
        return super()._with(**{"items": None, **changes})

    def __iter__(self) -> Iterator[Any]:
        return self._kept_or_read(super().__iter__())

    def _kept_or_read(self, reading: Iterator[Any]) -> Iterator[Any]:
        # list() asks for the length only after it has the iterator
        yield from reading if self._items is None else self._items

    def __len__(self) -> int:
        if self._items is None:
            self._items = list(super().__iter__())
        return len(self._items)

    def __bool__(self) -> bool:
        return super().__bool__() if self._items is None else bool(self._items)


class OneToMany(Relationship):
    """Leads to the many instances of another model that belong to an instance, as a query."""

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        keys = self.keys_from(instance)
        lacking = self._without_value(keys)
        if lacking:
            raise InvalidKey(
                f"{instance!r} has no {self.name} yet: the query gives no value for {', '.join(lacking)}, a key of "
                f"{self.other.__name__}"
            )
        return QuerySet(self.other, keys, None if self.index is None else self.accessor)

    def __set__(self, instance: Any, value: Any) -> None:
        self.assign(value)

    def __delete__(self, instance: Any) -> None:
        raise AttributeError(f"{self!r} leads to many; {self.name}.delete() deletes them")


class ManyToOne(OneToOne):
    """Leads from a child to its parent, which many children may have in common.

    Assigning a parent stores its key in the child.  A parent is never saved together with a child.
    """

    BackReferenceClass = OneToMany
    BackReferenceTemplate = "{back_reference}s"

    @property
    def _leads_to_parent(self) -> bool:
        return True


OneToMany.BackReferenceClass = ManyToOne
