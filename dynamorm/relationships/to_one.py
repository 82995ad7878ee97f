"""What leads to one: read when it is first asked for, and kept with the keys that led there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from ..drivers import arun, run
from ..exceptions import DynaModelException
from ..flows import Flow, Invoke, Overriding
from ..instances.changes import changed_fields, is_dirty
from ..instances.loading import accept_given
from ..instances.state import State
from ..iterables import everything_in
from ..many.typed_items import InstancesOfKeys, TypedItems
from ..reading import verbs
from ..store import Store, store_of
from ..waiting import refuse_to_wait
from ..writing.saving import Wish, delete_instance
from .awaited_to_one import AwaitedToOne
from .declaring import DefaultBackReference, Query
from .keys import Probe, is_complete, is_stored, passed_on, put_values, values_of_fields
from .to_many import OneToMany


class Related(NamedTuple):
    """What a relationship of an instance has led to, and the keys that lead there.

    ``origin`` says how the partner came: ``"read"``, ``"made"`` because there was none, or ``"given"`` by assignment;
    it is ``None`` where it is known that there is none.  ``waiting`` says that a key was not complete at that time.
    """

    partner: Any
    keys: dict[str, Any]
    origin: str
    waiting: bool = False


class OneToOne(AwaitedToOne):
    """Leads to the one instance of another model that belongs to an instance, read when it is first asked for.

    It suits items with many attributes of which few are needed often: the others live in a table of their own.

    :param auto_create: where there is no partner, give a new one, which is stored when it was filled and its owner is
        saved; without it, ``None``
    """

    BackReferenceClass: ClassVar[Any] = "self"

    def __init__(
        self,
        other: Any,
        query: Query | None = None,
        index: str | None = None,
        back_query: Query | None = None,
        back_index: str | None = None,
        back_reference: Any = DefaultBackReference,
        auto_create: bool = True,
        *,
        on: str | Sequence[str] | None = None,
    ) -> None:
        super().__init__(other, query, index, back_query, back_index, back_reference, on=on)
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
        if kept is None and not self._without_value(keys):  # or else there is nothing to ask for
            name = type(instance).__name__
            remedy = f"await {name}.{self.name}.aget(...) first, or {name}.{self.name}.aprefetch(...) for many"
            refuse_to_wait(f"the relationship {name}.{self.name}, which is not loaded,", remedy)
        partner = run(self._read(instance, keys)) if kept is None else None
        return self._arrived(instance, keys, partner)

    async def aget(self, instance: Any) -> Any:
        """Return the partner of an instance, which is kept with it from then on.

        Example::

            user = await Thread.user.aget(thread)
        """
        kept = self._kept(instance)
        if kept is not None and kept.partner is not None:
            return kept.partner
        keys = self.keys_from(instance)
        partner = await arun(self._read(instance, keys)) if kept is None else None
        return self._arrived(instance, keys, partner)

    def _arrived(self, instance: Any, keys: dict[str, Any], partner: Any) -> Any:
        """Return the partner that was read, or one that is made because there was none; either is kept."""
        if partner is not None:
            self._keep(instance, partner, "read")
        elif self.auto_create and not (self._leads_to_parent and self._without_value(keys)):
            partner = self._made(values_of_fields(self.other, keys))
            partner._dynamorm_state.binding = store_of(self.other).beside(instance).binding
            self._keep(instance, partner, "made")
        return partner

    def __set__(self, instance: Any, value: Any) -> None:
        self._check(value)
        self._attach(instance, value, "given")

    def __delete__(self, instance: Any) -> None:
        run(self._delete_partner(instance))

    def _delete_partner(self, instance: Any) -> Flow[None]:
        kept = self._forget(instance) if self._kept(instance) is not None else None
        partner = kept.partner if kept is not None and is_stored(kept.partner) else None
        if partner is None:
            partner = yield from self._read(instance, self.keys_from(instance))
        if partner is not None:
            store = store_of(type(partner))
            if store.is_replaced("delete") and (own := (yield Overriding(store, "delete"))) is not None:
                yield Invoke(own, (partner,))
            else:
                yield from delete_instance(store, partner, Wish(), {})
        elif kept is None or kept.origin != "given":
            raise AttributeError(f"{self!r}: {instance!r} has no partner to delete")

    def _check(self, value: Any) -> None:
        if not isinstance(value, self.other):
            raise TypeError(f"{self!r}: an instance of {self.other.__name__} is meant, not {value!r}")

    def _read(self, instance: Any, keys: dict[str, Any]) -> Flow[Any]:
        if self._without_value(keys):
            return None
        store = store_of(self.other).beside(instance)
        if not self._is_by_key(keys):
            with store.pinned():
                found = self.accessor.query(**keys)
            if self.index is not None and self.accessor.index.spec.included is not None:
                found = found.hydrate()  # a partner is saved as a whole
            return (yield from verbs.first(found._read.capped(1).iteration()))
        if store.is_replaced("get") and (own := (yield Overriding(store, "get"))) is not None:
            return (yield Invoke(own, (), keys, store.pinned))
        call, partial, place = verbs.prepare_get(store, False, None, None, keys)
        return verbs.finish_get(store, (yield call), partial, place)

    def _made(self, values: dict[str, Any]) -> Any:
        other, store = self.other, store_of(self.other)
        if store.own_init is not False:
            return other(**values)
        partner = other.__new__(other)  # its own __init__ takes other arguments, and is gone round as it is by reads
        accept_given(store.mapper, partner, values, defaults=True)
        return partner

    def _is_by_key(self, keys: Mapping[str, Any]) -> bool:
        return self.index is None and keys.keys() == set(self._key_names)

    # What an instance keeps.

    def _keep(self, instance: Any, partner: Any, origin: str) -> None:
        keys = self.keys_from(instance)
        source = partner if self._leads_to_parent else instance
        lacking = any(value is None for value in keys.values())
        waiting = origin != "read" and (lacking or not is_complete(source))
        state: State = instance._dynamorm_state
        state.related = {**(state.related or {}), self.name: Related(partner, keys, origin, waiting)}

    def _kept(self, instance: Any) -> Related | None:
        """Return what an instance keeps, unless it was led there by other keys than it has now.

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
            follows = not is_stored(kept.partner) and (kept.origin == "given" or kept.waiting)
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
            put_values(partner, self.keys_from(instance))
        elif is_complete(partner):
            values = self._keys_of_parent(partner)
            if values is not None:
                put_values(instance, values)
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
            names = set(self._keys_of_parent(Probe()) or ())
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
        """Return what a child stores to lead to a parent, ``None`` where that cannot be told."""
        if self.back_query is not None:
            return self.back_query(parent)
        names = passed_on(self.query)
        if names is None:
            return None
        return {own: getattr(parent, name) for name, own in names.items()}

    def _leads_to(self, instance: Any, partner: Any) -> bool:
        mapper = store_of(self.other).mapper
        keys = self.keys_from(instance)
        return all(
            mapper.wire_of(mapper.fields[name], value) == mapper.wire_of(mapper.fields[name], getattr(partner, name))
            for name, value in values_of_fields(self.other, keys).items()
        )

    def assign(self, value: Any) -> Mapping[str, Any] | None:
        """Return the values of fields that follow from what a constructor was given for this relationship."""
        self._check(value)
        if not is_complete(value):
            return None
        if self._leads_to_parent:
            values = self._keys_of_parent(value)
        else:
            values = None if self.back_query is None else self.back_query(value)
        return None if values is None else values_of_fields(self.this, values)

    def partner_to_save(self, instance: Any) -> tuple[Any, bool] | None:
        """Return the partner if it was changed, and whether it was made here; a parent is not its child's to save."""
        kept = self._kept(instance)
        if kept is None or kept.partner is None or self._leads_to_parent:
            return None
        partner, mapper = kept.partner, store_of(type(kept.partner)).mapper
        if kept.origin == "made" and not is_stored(partner):  # looking at it is no change
            filled = {spec.name for spec in changed_fields(mapper, partner)} - kept.keys.keys()
            return (partner, True) if filled or partner._dynamorm_state.pending else None
        return (partner, False) if is_dirty(mapper, partner) else None

    # Many at once.

    def prefetch(self, children: Iterable[Any], consistent: bool = False) -> list[Any]:
        """Read the partners of many instances by batch get, one request for a hundred; returns the instances as a list.

        Those that have the same partner share one instance of it.
        """
        return run(self.prefetched(children, consistent))

    def prefetched(self, given: Iterable[Any], consistent: bool) -> Flow[list[Any]]:
        """Read the partners of many instances."""
        children = yield from everything_in(given, "prefetch")
        elsewhere: dict[Any, tuple[Store, list[Any]]] = {}
        for child in children:
            if not isinstance(child, self.this):
                raise TypeError(f"{self!r}.prefetch: instances of {self.this.__name__} are meant, not {child!r}")
            if self._kept(child) is None:
                store = store_of(self.other).beside(child)
                elsewhere.setdefault(store.settings, (store, []))[1].append(child)
        for store, together in elsewhere.values():
            yield from self._prefetch_from(store, together, consistent)
        return children

    def _prefetch_from(self, store: Store, children: Sequence[Any], consistent: bool) -> Flow[None]:
        items = TypedItems(store, store.here, consistent)
        wanted: dict[Any, tuple[dict[str, Any], list[Any]]] = {}
        for child in children:
            keys = self.keys_from(child)
            if not self._is_by_key(keys):
                raise DynaModelException(
                    f"{self!r}: only partners that are found by their primary key can be read by batch get, "
                    f"and the query gives {', '.join(keys)}{'' if self.index is None else f' for {self.index}'}"
                )
            if not self._without_value(keys):
                identity = items.identity(store.mapper.wire_key(keys))
                wanted.setdefault(identity, (keys, []))[1].append(child)
        keys_of_all = [keys for keys, _ in wanted.values()]
        if store.is_replaced("get_batch") and (own := (yield Overriding(store, "get_batch"))) is not None:
            options = {"consistent": consistent, "ordered": True}
            found = yield Invoke(own, (keys_of_all,), options, store.pinned)
        else:
            found = yield from InstancesOfKeys(store, keys_of_all, consistent, None).ordered()
        for partner, (_, waiting) in zip(found, wanted.values(), strict=True):
            for child in waiting:
                self._keep(child, partner, "read")


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
