"""What a table demands of every write of its items: a version that is checked and advanced, moments that are stamped.

Every write of a model takes a :class:`Demand` from here, and nothing is sent without one.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import datetime, timezone
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

from .connection import present_moment
from .exceptions import ConditionFailed, InvalidExpression, InvalidSchemaField, PartialInstance
from .expressions import Action, Comparison, Condition, Either, joined
from .instances.changes import key_changed, same
from .instances.state import State
from .key_updates import Held, Known, key_changes, keys_to_follow
from .keyed_mapper import KeyedMapper
from .mapper import Mapper
from .schema.conversions import seconds_of, sorted_text
from .spec import FieldSpec
from .upkeep import Upkeep
from .wire.codec import AttributeValue, WireItem, decode_value
from .wire.paths import same_value


class _Word:
    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return f"<{self._text}>"


CARRIED: Any = _Word("what is carried")
"""Stands for the version that the item handed to a write carries; where there is no item, for any version."""

UNSAID: Any = _Word("nothing")
"""Stands for what a program says of an item that is not loaded, where it says nothing."""

_ANY = -1


class Demand(NamedTuple):
    """What is added to one write: conditions, and the actions of an update.

    ``values`` are what the item holds in guarded fields afterwards, by Python name, as far as that is known, and
    ``version`` is the one that it has to have before.  ``basis`` are attributes that conditions take to be as they were
    seen, and ``renewed`` gives the demand for an item in which they are otherwise, ``None`` if they are not.
    ``unsaid`` are attributes without which the write can make no item, since nobody could say what keys it would have.
    ``known`` is the item as the writer knows it, where that matters, ``None`` where it does not know.
    """

    conditions: tuple[Condition, ...] = ()
    actions: tuple[Action, ...] = ()
    values: Mapping[str, Any] = MappingProxyType({})
    version: int = _ANY
    basis: frozenset[str] = frozenset()
    renewed: Callable[[WireItem], Demand | None] | None = None
    unsaid: frozenset[str] = frozenset()
    known: WireItem | None = None


NOTHING = Demand()


class Guards:
    """The guarded fields of one model, whose table messages call ``owner``."""

    def __init__(self, mapper: Mapper, owner: str) -> None:
        fields = mapper.guarded
        self._mapper = mapper
        self._version = mapper.version
        stamps = {role: _Stamp(mapper, owner, role, fields[role]) for role in ("created", "updated") if role in fields}
        self._created, self._updated = stamps.get("created"), stamps.get("updated")
        self._keyed = mapper if isinstance(mapper, KeyedMapper) else None
        self.is_any = bool(fields) or self._keyed is not None or mapper.upkeep is not None
        if self._version is not None and self._wire_of(1) != {"N": "1"}:
            raise InvalidSchemaField(
                f"{owner}: version = {self._version.name!r} is not stored as a number; versions are counted: name an "
                "integer field"
            )

    # Whole items.

    def of_given(
        self, values: Mapping[str, Any], *, unique: bool = False, expected: Any = CARRIED
    ) -> tuple[Mapping[str, Any], Demand]:
        """Return the values of a whole item that is given, by Python or stored name, and what its write demands."""
        if expected is not CARRIED:
            self._check_expected(expected)
        if not self.is_any:
            return values, NOTHING
        kept = {stamp.spec.name for stamp in self._stamps if self._given(values, stamp.spec) is not None}
        return self._whole(values, kept, is_new=True, unique=unique, expected=expected)

    def of_saved(
        self, instance: Any, held: Mapping[str, Any], *, unique: bool = False, expected: Any = CARRIED
    ) -> tuple[Mapping[str, Any], Demand]:
        """Return the values of an instance that is saved as a whole, and what its write demands."""
        if expected is not CARRIED:
            self._check_expected(expected)
        if not self.is_any:
            return held, NOTHING
        is_new = instance._dynamorm_state.loaded is None
        kept = {stamp.spec.name for stamp in self._stamps if self._is_assigned(instance, held, stamp.spec)}
        values, demand = self._whole(held, kept, is_new=is_new, unique=unique, expected=expected)
        return values, self._knowing(demand, instance)

    def _knowing(self, demand: Demand, instance: Any) -> Demand:
        """Return a demand with the item as an instance knows it, if values of it are unique."""
        upkeep, state = self._mapper.upkeep, instance._dynamorm_state
        if upkeep is None or upkeep.unique is None or state.partial or state.loaded is None:
            return demand
        if key_changed(self._mapper, instance):
            return demand  # it is another item that is written
        return demand._replace(known=state.loaded)

    def _whole(
        self, values: Mapping[str, Any], kept: Container[str], *, is_new: bool, unique: bool, expected: Any
    ) -> tuple[dict[str, Any], Demand]:
        added = self._stamped([stamp for stamp in self._stamps if is_new or stamp is self._updated], kept)
        conditions: tuple[Condition, ...] = ()
        version = _ANY
        if self._version is not None:
            before = 0 if unique else self._expected(values, expected)
            if not unique:  # which has a condition of its own
                version, conditions = before, (self._has(before),)
            added[self._version.name] = self._native(before + 1)
        replaced = {name for added_name in added for name in self._names_of(self._mapper.fields[added_name])}
        kept_values = {name: value for name, value in values.items() if name not in replaced}
        demand = Demand(conditions, (), added, version)
        return {**kept_values, **added}, demand if unique else self._of_whole(demand)

    def _of_whole(self, demand: Demand) -> Demand:
        """Return what the write of a whole item demands; it replaces no item of another model."""
        return self._with_kind(demand) if self._keyed is not None and self._keyed.may_meet_others else demand

    def _names_of(self, spec: FieldSpec) -> tuple[str, ...]:
        """Return the names under which a program may give a field; a stored one may be another field's own."""
        return (spec.name,) if spec.stored in self._mapper.fields else (spec.name, spec.stored)

    def _given(self, values: Mapping[str, Any], spec: FieldSpec) -> Any:
        return next((values[name] for name in self._names_of(spec) if values.get(name) is not None), None)

    # Updates and deletes.

    def of_update(
        self,
        changes: Sequence[Action],
        *,
        may_create: bool,
        expected: Any = CARRIED,
        parts: WireItem = MappingProxyType({}),  # type: ignore[assignment]
        given: Any = UNSAID,
    ) -> Demand:
        """Return what an update by key demands, which makes some changes by itself.

        :param parts: the fields that the key is computed from
        :param given: what a program says that the item holds, by Python name
        """
        if expected is not CARRIED:
            self._check_expected(expected)
        if not self.is_any:
            return NOTHING
        demand = self._update(changes, may_create, _ANY if expected is CARRIED else expected or 0)
        if self._keyed is None:
            return self._making(demand, changes, parts, may_create)
        known = Known.of_given(self._keyed, parts, None if given is UNSAID else given)
        return self._following(demand, changes, known, may_create)

    def of_change(
        self, instance: Any, changes: Sequence[Action], *, expected: Any = CARRIED, advances: bool = True
    ) -> Demand:
        """Return what an update of an instance's item demands; one that only checks does not advance the version."""
        if expected is not CARRIED:
            self._check_expected(expected)
        if not self.is_any:
            return NOTHING
        version = self.carried(instance) if expected is CARRIED else expected or 0
        state: State = instance._dynamorm_state
        if not advances:
            conditions = () if version == _ANY else (self._has(version),)
            return Demand((*conditions, *self._of_this_kind), version=version)
        demand = self._knowing(self._update(changes, state.loaded is None, version), instance)
        if self._keyed is None:
            return self._making(demand, changes, {}, may_create=state.loaded is None)
        known = Known.of_instance(self._keyed, instance)
        return self._following(demand, changes, known, may_create=state.loaded is None)

    def given_by(self, instance: Any, demand: Demand) -> Held:
        """Return what an instance tells of its item, where an update of it demands that this is so."""
        assert self._keyed is not None
        names, original = map(self._keyed.named, demand.basis), instance._dynamorm_state.original
        return Held({name: original.get(name) for name in names}, Known.of_instance(self._keyed, instance))

    def of_matching(self, changes: Sequence[Action], item: WireItem, needed: frozenset[str]) -> Demand:
        """Return what an update of an item demands of which some attributes were read."""
        if not self.is_any:
            return NOTHING
        demand = self._update(changes, False, _ANY)
        if self._keyed is None:
            return demand
        known = Known(self._keyed.fields_of_key(item), item, absent=needed - item.keys())
        upkeep = self._mapper.upkeep
        if upkeep is not None and not upkeep.has_current_form(item):
            return self._when_seen(demand, changes, known, upkeep)
        return self._following(demand, changes, known, may_create=False)

    def _when_seen(self, demand: Demand, changes: Sequence[Action], known: Known, upkeep: Upkeep) -> Demand:
        """Return the demand for an item in another form: a refusal has to show all of it before keys can follow."""

        def renewed(item: WireItem) -> Demand:
            return self._following(demand, changes, known.seen(item), may_create=False)

        # no item in the current form has an attribute that says otherwise
        otherwise = tuple(Comparison((name,), "not_exists") for name in sorted(upkeep.constants))
        return demand._replace(conditions=(*demand.conditions, *otherwise), renewed=renewed)

    def keys_that_follow(self, changes: Sequence[Action]) -> tuple[frozenset[str], frozenset[str]]:
        """Return what an update changes besides, and what has to be known of an item so that its keys follow.

        The keys are those of all models whose items are read as this one's.
        """
        if not self.is_any:
            return frozenset(), frozenset()
        made = self._update(changes, False, _ANY).actions
        changed = {str(action.path[0]) for action in made}
        needed: set[str] = set()
        if self._keyed is not None:
            for mapper in (self._keyed, *(parts.mapper for parts in list(self._keyed.members.values()))):
                following, wanted = keys_to_follow(mapper, (*changes, *made))
                changed |= following
                needed |= wanted
        return frozenset(changed), frozenset(needed)

    @property
    def _of_this_kind(self) -> tuple[Condition, ...]:
        return () if self._keyed is None else self._keyed.of_this_kind

    def _following(self, demand: Demand, changes: Sequence[Action], known: Known, may_create: bool) -> Demand:
        """Return a demand with what key attributes need to follow what an update changes."""
        assert self._keyed is not None
        more = key_changes(self._keyed, (*changes, *demand.actions), known, may_create)
        making = self._making(demand._replace(actions=(*demand.actions, *more.actions)), changes, known.key, may_create)
        conditions = (*demand.conditions, *self._of_this_kind, *more.conditions)

        def renewed(item: WireItem) -> Demand | None:
            before = known.values
            if all(same_value(item.get(name), before.get(name)) for name in more.basis):
                return None  # it is as it was known to be: something else refused the write
            return self._following(demand, changes, known.seen(item), may_create)

        return making._replace(
            conditions=conditions,
            basis=more.basis,
            renewed=renewed if more.basis and known.may_change else None,
            unsaid=more.unsaid,
        )

    def _making(
        self, demand: Demand, changes: Sequence[Action], parts: Mapping[str, AttributeValue], may_create: bool
    ) -> Demand:
        """Return a demand with what an item needs that the update may make."""
        if not may_create or not self._mapper.attributes:
            return demand
        touched = {part.path[0] for part in (*changes, *demand.actions)}
        return demand._replace(actions=(*demand.actions, *self._mapper.actions_of_new(parts, touched)))

    def _update(self, changes: Iterable[Action], may_create: bool, version: int) -> Demand:
        touched = {str(action.path[0]) for action in changes}
        actions: list[Action] = []
        conditions: tuple[Condition, ...] = ()
        if self._version is not None:
            path = (self._version.stored,)
            if self._version.stored in touched:
                raise InvalidExpression(
                    f"{self._mapper.model_name}.{self._version.name} is the version, which every write advances by "
                    "itself; leave it out, and say if_version=... to demand one"
                )
            if version == _ANY:
                actions.append(Action("add", path, {"N": "1"}))
            else:
                conditions = (self._has(version),)
                actions.append(Action("set", path, self._wire_of(version + 1)))
        stamps = [stamp for stamp in self._stamps if may_create or stamp is self._updated]
        for name, native in self._stamped(stamps, {}).items():
            spec = self._mapper.fields[name]
            if spec.stored not in touched:
                is_created = self._created is not None and spec is self._created.spec
                kind = "if_not_exists" if is_created else "set"
                actions.append(Action(kind, (spec.stored,), self._mapper.wire_of(spec, native)))
        return Demand(conditions, tuple(actions), version=version)

    def of_check(self) -> Demand:
        """Return what a check by key demands besides its own conditions."""
        return self._with_kind(NOTHING)

    def of_delete(self, expected: Any = CARRIED, *, fits: bool = False) -> Demand:
        """Return what a delete by key demands.

        :param fits: whether the key is one of the model's, in a batch, where conditions cost a request for each item
        """
        if expected is not CARRIED:
            self._check_expected(expected)
        demand = NOTHING if expected is CARRIED else self._delete(expected or 0)
        if self._keyed is None or not self._keyed.kind or (fits and not self._keyed.may_meet_others):
            return demand
        return demand._replace(conditions=(*demand.conditions, *self._keyed.of_these_kinds))

    def _with_kind(self, demand: Demand) -> Demand:
        """Return a demand with the condition that what is written to is no item of another model."""
        if self._keyed is None or not self._keyed.kind:
            return demand
        return demand._replace(conditions=(*demand.conditions, *self._keyed.of_this_kind))

    def of_removal(self, instance: Any, expected: Any = CARRIED, *, fits: bool = False) -> Demand:
        """Return what the delete of an instance's item demands; that the item is gone already is no conflict.

        :param fits: whether the key is one of the model's, in a batch, where conditions cost a request for each item
        """
        if expected is not CARRIED:
            self._check_expected(expected)
        if not self.is_any:
            return NOTHING
        version = self.carried(instance) if expected is CARRIED else expected or 0
        demand = self._knowing(NOTHING if version == _ANY else self._delete(version), instance)
        return demand if fits and not self._mapper.may_meet_others else self._with_kind(demand)

    def following(
        self, item: WireItem, demand: Demand, *, after_delete: bool, deletes: bool
    ) -> tuple[WireItem, Demand]:
        """Return an item, or a key, and what its write demands after another one of ours that demanded the same."""
        assert self._version is not None
        version = 0 if after_delete else demand.version + 1
        if deletes:
            return item, self._with_kind(self._delete(version))
        next_version = {self._version.name: self._native(version + 1)}
        written = self._mapper.recomputed({**item, self._version.stored: self._wire_of(version + 1)})
        values = {**demand.values, **next_version}
        return written, self._of_whole(Demand((self._has(version),), (), values, version))

    def _delete(self, version: int) -> Demand:
        return Demand((joined(Either, (self._has(version), self._mapper.absent)),), version=version)

    # Versions.

    def carried(self, instance: Any) -> int:
        """Return the version that an instance carries.

        :raises PartialInstance: if it was loaded without one
        """
        if self._version is None:
            return _ANY
        state: State = instance._dynamorm_state
        if state.partial and instance.__dict__.get(self._version.name) is None:
            raise PartialInstance(
                f"{instance!r} was loaded without {self._version.name}, its version, which the index does not hold: "
                "refresh() it, or say if_version=..."
            )
        return self._expected(instance.__dict__, CARRIED)

    def _expected(self, values: Mapping[str, Any], expected: Any) -> int:
        """Return the version that the stored item has to have, 0 for none."""
        spec = self._version
        assert spec is not None
        if expected is not CARRIED:
            return expected or 0
        value = self._given(values, spec)
        if value is None:
            return 0
        if type(value) is not int:
            value = self._mapper.given({spec.name: value}, defaults=False)[spec.name]
        return int(value)

    def _check_expected(self, expected: Any) -> None:
        if expected is None:
            return
        name = self._mapper.model_name
        if self._version is None:
            raise InvalidExpression(
                f"if_version={expected!r}: {name} has no version; name the field that holds it in its Table: "
                'version = "..."'
            )
        if type(expected) is not int or expected < 0:
            raise InvalidExpression(f"if_version={expected!r}: give a whole number, or None for an item without one")

    def _has(self, version: int) -> Condition:
        assert self._version is not None
        path = (self._version.stored,)
        if version:
            return Comparison(path, "eq", (self._wire_of(version),))
        # other writers, and defaults of before there were versions, may have stored a zero
        return joined(Either, (Comparison(path, "not_exists"), Comparison(path, "eq", ({"N": "0"},))))

    def _native(self, version: int) -> Any:
        assert self._version is not None
        return self._mapper.adapter.validated(self._version, version)

    def _wire_of(self, version: int) -> Any:
        assert self._version is not None
        return self._mapper.wire_of(self._version, self._native(version))

    def refusal(self, demand: Demand, error: ConditionFailed) -> ConditionFailed:
        """Return the error for a write that was refused: a narrower one where the version was to blame."""
        if self._keyed is not None and error.item is not None and self._keyed.member_of(error.item, self) is None:
            name, kind = self._mapper.model_name, self._keyed.kind_in(error.item)
            error.message = f"{error.message} (the item with this key is no {name}: its kind is {kind!r})"
            return error
        if self._version is None or demand.version == _ANY or self._version_in(error.item) == demand.version:
            return error
        narrower = error.as_version_conflict()
        narrower.current = error.current
        return narrower

    def _version_in(self, item: WireItem | None) -> int:
        assert self._version is not None
        if item is None:
            return 0
        try:
            return int(decode_value(item.get(self._version.stored, {"N": "0"})))
        except Exception:
            return _ANY  # somebody else has stored something that is no version

    # Stamps.

    @property
    def _stamps(self) -> list[_Stamp]:
        return [stamp for stamp in (self._created, self._updated) if stamp is not None]

    def _stamped(self, stamps: list[_Stamp], kept: Container[str]) -> dict[str, Any]:
        """Return natives of this moment for the stamps that are not kept."""
        wanted = [stamp for stamp in stamps if stamp.spec.name not in kept]
        if not wanted:
            return {}
        moment = present_moment()
        return {stamp.spec.name: stamp.native(moment) for stamp in wanted}

    def _is_assigned(self, instance: Any, held: Mapping[str, Any], spec: FieldSpec) -> bool:
        """Return whether a value was given to an instance, or assigned since it was loaded."""
        state: State = instance._dynamorm_state
        value = held.get(spec.name)
        if value is None:
            return False
        if state.loaded is None:
            return spec.name not in state.defaults or not same(self._mapper, spec, value, state.defaults[spec.name])
        return not same(self._mapper, spec, value, state.original.get(spec.name))


_SAMPLE = datetime(2020, 2, 3, 4, 5, 6, 789012, tzinfo=timezone.utc)


class _Stamp:
    """A field that holds a moment, in the form that it takes."""

    def __init__(self, mapper: Mapper, owner: str, role: str, spec: FieldSpec) -> None:
        self.spec = spec
        self._adapter = mapper.adapter
        for form in _forms_for(spec):
            try:
                native = self._adapter.validated(spec, form(_SAMPLE))
                stored = mapper.wire_of(spec, native)
            except Exception:  # whatever a library or a validator raises: the next form may do
                continue
            if stored is not None:
                self._form = form
                self._is_native = type(native) is type(form(_SAMPLE)) and bool(native == form(_SAMPLE))
                return
        raise InvalidSchemaField(
            f"{owner}: {role} = {spec.name!r} takes no moment: name a field of datetimes, of numbers (seconds since "
            "1970) or of text"
        )

    def native(self, moment: datetime) -> Any:
        """Return the native value for a moment in UTC."""
        given = self._form(moment)
        return given if self._is_native else self._adapter.validated(self.spec, given)


Form = Callable[[datetime], Any]


def _forms_for(spec: FieldSpec) -> list[Form]:
    """Return the forms in which a field may take a moment, the likeliest first."""
    if spec.kind == "text":
        return [sorted_text]
    if spec.loads_to:
        return [lambda moment: moment, lambda moment: moment.replace(tzinfo=None), datetime.date, seconds_of]
    if spec.key_type == "N":
        return [seconds_of, lambda moment: float(Decimal(seconds_of(moment))), lambda moment: int(seconds_of(moment))]
    return [sorted_text]
