"""Writes of models that ask for upkeep: what was seen of the item decides what is sent, and a refusal shows it again.

A write is sent blindly where that is enough, under the condition that the item is what most items are: in the current
form, and not expired.  A refusal brings the item, and then everything is made from that: an expired one is replaced
as if there was none, an item of an old form is upgraded and written to at once.  What touches a unique value has to
know the item first, and goes in one transaction with the guards of the values that it takes and gives up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .exceptions import (
    ConditionFailed,
    DynamoException,
    InvalidExpression,
    PathMissing,
    RequestRefused,
    UniqueViolation,
    ValidationError,
)
from .expressions import (
    Action,
    Comparison,
    Condition,
    Either,
    after_update,
    conjoined,
    depends_on,
    joined,
    leaves,
    shown_path,
    verdict,
)
from .flows import Place
from .guards import Demand
from .mapper import Mapper
from .requests import Request, build_delete, build_put, build_update
from .requests.boto3_arguments import merged
from .unique import HOLDER, Taken, Unique
from .upgrades import Upgraded
from .upkeep import Upkeep, present_second
from .wire.codec import WireItem, decode_item
from .wire.paths import same_value, value_at

_TEXTUAL = ("ConditionExpression", "UpdateExpression")


class Write(NamedTuple):
    """One write of one item, as it was asked for.

    ``verb`` is ``"put"``, ``"update"``, ``"delete"`` or ``"check"``; an update without actions makes an item where
    there is none.  An ``"upgrade"`` gives an item that was seen the form that is written, if it has an earlier one, and
    changes nothing else.  ``item`` is what is put, in the current form.  ``raw`` are arguments in boto3's form,
    ``returning`` what an update returns.
    """

    verb: str
    place: Place
    key: WireItem
    demand: Demand
    conditions: tuple[Condition, ...] = ()
    item: WireItem | None = None
    actions: tuple[Action, ...] = ()
    raw: Mapping[str, Any] | None = None
    returning: str = "NONE"


class CarefulWrite:
    """A write that is under way, with what is known of the item."""

    def __init__(self, mapper: Mapper, write: Write, *, renews: bool = True) -> None:
        upkeep = mapper.upkeep_of_deletes if write.verb == "delete" else mapper.upkeep
        assert upkeep is not None
        self.write = write
        self.demand = write.demand
        self._mapper = mapper
        self._upkeep: Upkeep = upkeep
        self._renews = renews
        self._now = present_second()
        self.is_known, self._is_seen = write.demand.known is not None, False
        # the item as reads show it, None for none
        self.shown: WireItem | None = write.demand.known
        # the same as it is stored, where that is not what is shown: it is expired, or has an old form
        self._stored: WireItem | None = None
        self._read: frozenset[str] = frozenset()
        # the mapper of the model that the item belongs to, which may be another kind of this one
        self._owner = mapper
        # whether the upgrade of what is stored changes values that are to be unique
        self._retakes = False
        self._not_mine: set[str] = set()
        self._refuse_text()

    @property
    def key(self) -> WireItem:
        return self.write.key

    # What is seen.

    def see(self, item: WireItem | None) -> None:
        """Note what is stored under the key, ``None`` for nothing."""
        self._now = present_second()
        self.is_known, self._is_seen, self._stored, self._read = True, True, None, frozenset()
        self._retakes = False
        if item is None or self._is_expired(item):
            self.shown, self._stored = None, item
            return
        if self._is_upgrade and not self._is_behind(item):
            self.shown = item
            return
        owner = self._owner_of(item)
        if owner is None or owner.upkeep is None:
            self.shown = item
            return
        self._owner = owner
        self.shown, self._read = self._upgraded(item)
        if self.shown is not item:
            self._stored = item
            self._retakes = self._basis(item) != self._basis(self.shown) and not self._is_free(item)

    def _owner_of(self, item: WireItem) -> Mapper | None:
        """Return the mapper of the model that an item belongs to, ``None`` for another model's."""
        own, mapper = object(), self._mapper
        try:
            found: Any = mapper.member_of(item, own)
        except ValidationError:
            return None  # no model has items of its kind
        if found is own:
            return mapper
        owner: Mapper | None = None if found is None else found.mapper
        return owner

    def _upgraded(self, item: WireItem) -> Upgraded:
        owner = self._owner
        upgraded, read = (owner.upkeep or self._upkeep).upgraded(item)
        return Upgraded(item if upgraded is item else owner.as_shown(upgraded), read)

    def _is_expired(self, item: WireItem) -> bool:
        if self._is_upgrade:
            return False  # whoever reads without hiding it is to find it in the form that is written, too
        return self._upkeep.expiry is not None and self._upkeep.is_expired(item, self._now)

    def _is_free(self, item: WireItem) -> bool:
        """Return whether the item is only upgraded, and its values are free since it has expired."""
        return self._is_upgrade and self._upkeep.unique is not None and self._unique.is_past(item, self._now)

    @property
    def _is_upgrade(self) -> bool:
        return self.write.verb == "upgrade"

    def _is_behind(self, item: WireItem) -> bool:
        """Return whether an item is one of the model's, in an earlier form than the one that is written."""
        upgrades = self._upkeep.upgrades
        assert upgrades is not None
        return self._mapper.member_of(item, self) is self and upgrades.version_of(item) < upgrades.written

    @property
    def is_superfluous(self) -> bool:
        """Whether there is nothing to write: what was to be upgraded is not in an earlier form (any more), or gone."""
        return self._is_upgrade and self._stored is None

    def met(self, error: ConditionFailed) -> bool:
        """Take in what a refusal shows; return whether it is to be tried again, made from that.

        An item that is shown otherwise than it is stored is so in the error, too.  What counts is not tried again where
        it may have been carried out already.
        """
        may_try = not (error.ambiguous and depends_on(self.write.actions))
        return self._takes_in(error) and may_try

    def _takes_in(self, error: ConditionFailed) -> bool:
        before, was_known, was_stored = self.shown, self.is_known, self._stored
        self.see(error.item)
        if self._is_upgrade:
            return True  # it demands nothing but that the item is as it was seen
        if self._renews or self._stored is not None:
            self._renew()
        if self._stored is not None:
            error.item = self.shown
            return self._holds(self.shown)
        if self._makes_other_form and self.shown is None and not (was_known and before is None):
            return self._holds(None)
        if self.demand is not self.write.demand and self._is_renewed:
            self._is_renewed = False
            return self._holds(self.shown)
        is_otherwise = was_known and (was_stored is not None or self._basis(before) != self._basis(self.shown))
        if was_known and self.touches_unique and is_otherwise:
            return self._holds(self.shown)
        return was_stored is not None and self._holds(self.shown)

    _is_renewed = False

    def _renew(self) -> None:
        """Let computed keys follow what is seen by now."""
        item = self.shown or {}
        if self.demand.renewed is not None and all(verdict(one, item) is not False for one in self.write.conditions):
            renewed = self.demand.renewed(item)
            if renewed is not None:
                self.demand, self._is_renewed = renewed, True

    def _holds(self, item: WireItem | None) -> bool:
        """Return whether everything that is demanded holds of an item."""
        every = (*self.demand.conditions, *self.write.conditions)
        return all(verdict(condition, item or {}) is not False for condition in every)

    # What is sent.

    def request(self) -> Request:
        """Return the request, as what is known makes it."""
        # where what is demanded does not hold, the usual one is refused, and shows what it met
        is_special = self._stored is not None and self._holds(self.shown)
        return merged(self._special() if is_special else self._usual(), self.write.raw)

    def _usual(self) -> Request:
        """Return the request for an item that is stored as it is shown, or of which nothing is known."""
        write, upkeep, mapper = self.write, self._upkeep, self._mapper
        if self._makes_other_form and self.is_known and self.shown is None and self._holds(None):
            return build_put(write.place.table, mapper.stored_form(self.after() or {}), (mapper.absent,))
        conditions = [*self.demand.conditions, *write.conditions, *self._unchanged_basis()]
        is_checked = bool(conditions) or write.verb == "update"
        if upkeep.upgrades is not None and is_checked:
            conditions.append(upkeep.is_current(mapper.absent))
            if self._makes_other_form:
                conditions.append(mapper.exists)
        if upkeep.expiry is not None and is_checked:
            if write.verb != "update" and all(verdict(one, {}) for one in conditions):
                # an expired item is none
                conditions = [joined(Either, (conjoined(conditions), upkeep.past(self._now)))]
            else:
                conditions.append(upkeep.not_past(self._now))
        actions = (*write.actions, *self.demand.actions)
        if write.verb == "update" and not actions and self.is_known and self.shown is None:
            # transactions have no update that makes an item of nothing but its key
            return build_put(write.place.table, mapper.stored_form(self.after() or {}), conditions)
        return self._built(conditions, actions)

    def _special(self) -> Request:
        """Return the request for an item that is stored otherwise than it is shown."""
        assert self._stored is not None
        write, mapper, stored = self.write, self._mapper, self._stored
        if self.shown is None:
            conditions: list[Condition] = [self._upkeep.past(self._now)]
            if write.verb != "update":
                return self._built(conditions)
            return build_put(write.place.table, mapper.stored_form(self.after() or {}), conditions)
        if not (write.actions or self._is_upgrade):  # nor does what is there need any change
            return self._built(self._unchanged(stored, {*self._decisive(), *stored.keys() - self.shown.keys()}))
        made = mapper.stored_form(self.after() or {})
        changed = {name for name in {**stored, **made} if not same_value(stored.get(name), made.get(name))}
        actions = [
            Action("set", (name,), made[name]) if name in made else Action("remove", (name,))
            for name in sorted(changed)
        ]
        conditions = self._unchanged(stored, {*changed, *self._decisive()} - set(mapper.key.names))
        return self._built(conditions, actions)

    def _decisive(self) -> set[str]:
        """Return the attributes that what is made of an item depends on."""
        every = (*self.demand.conditions, *self.write.conditions)
        names = {str(leaf.path[0]) for condition in every for leaf in leaves(condition)}
        names |= {*self._read, *depends_on((*self.write.actions, *self.demand.actions)), *self._upkeep.attributes}
        if self.touches_unique:
            names |= self._unique.attributes
        for attribute in self._mapper.computed_keys.values():  # which are all made anew
            names |= attribute.reads
        return names - set(self._mapper.key.names)

    def _built(self, conditions: Sequence[Condition], actions: Sequence[Action] = ()) -> Request:
        write, table = self.write, self.write.place.table
        if write.verb == "put":
            assert write.item is not None
            return build_put(table, self._mapper.stored_form(write.item), conditions)
        if write.verb == "delete":
            return build_delete(table, write.key, conditions)
        returning = write.returning
        if self._stored is not None and returning != "NONE":
            returning = "ALL_OLD" if self.wants_old else "ALL_NEW"  # of which parts are returned then
        return build_update(table, write.key, actions, conditions, returning=returning)

    def _unchanged(self, item: WireItem | None, names: Iterable[str]) -> list[Condition]:
        """Return the conditions that attributes are as they are in an item."""
        if item is None:
            return [self._mapper.absent]
        return [
            Comparison((name,), "eq", (item[name],)) if name in item else Comparison((name,), "not_exists")
            for name in sorted(names)
        ]

    @property
    def _makes_other_form(self) -> bool:
        """Whether what an update would make is not in the form that is written."""
        upgrades = self._upkeep.upgrades
        return self.write.verb == "update" and upgrades is not None and upgrades.written != upgrades.current

    def _refuse_text(self) -> None:
        given = [name for name in _TEXTUAL if isinstance((self.write.raw or {}).get(name), str)]
        if given:
            raise InvalidExpression(
                f"{self._mapper.model_name}: {given[0]} is given as text, and the table has upkeep (hide_expired, "
                "schema_version or unique) that has to know what it says; write conditions with Q or boto3's Attr, and "
                "updates with keyword arguments or actions"
            )

    # What becomes of the item.

    def after(self) -> WireItem | None:
        """Return the item after the write, in the current form.

        :raises RequestRefused: where DynamoDB would refuse the update
        """
        if self._is_upgrade:  # which is not written without a key that it should have
            return None if self.shown is None else self._owner.recomputed(self.shown)
        if self.write.verb != "update":
            return self.write.item
        actions = (*self.write.actions, *self.demand.actions)
        made = self._updated(actions)
        mapper = self._mapper
        return mapper.recomputed({**made, **self.write.key}) if mapper.attributes else {**made, **self.write.key}

    def _updated(self, actions: Sequence[Action]) -> WireItem:
        before = {**(self.shown or {}), **self.write.key}
        name = self._mapper.model_name
        for action in actions:
            around = action.path[:-1]
            if around and value_at(before, around) is None:
                raise PathMissing(
                    f"{name}, update of {shown_path(action.path)} in the item with key {decode_item(self.write.key)}: "
                    "the map or list around it is not there; set the whole attribute instead"
                )
        values, untold = after_update(actions, before)
        if untold:
            raise RequestRefused(
                f"{name}, update of {', '.join(sorted(untold))} in the item with key {decode_item(self.write.key)}: "
                "what is copied from is not there, or the number has more digits than DynamoDB keeps"
            )
        touched = {str(action.path[0]) for action in actions}
        return {**{name: value for name, value in before.items() if name not in touched}, **values}

    @property
    def is_told(self) -> bool:
        """Whether the item after an update is known as a whole, since it was put."""
        is_made = self.shown is None and (self._stored is not None or self._makes_other_form)
        return self.write.verb == "update" and self.is_known and is_made

    def told(self) -> WireItem | None:
        """Return what an update left, as far as that was demanded; ``None`` where nothing was."""
        if self.is_told:
            return self.after()
        if self.write.verb != "update" or self._stored is None:
            return None
        return self._of_touched(self.after() or {})

    def answer(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Return DynamoDB's answer with what was asked for of an item that was written otherwise than asked for."""
        if self.write.verb != "update" or self.returning == "NONE":
            return dict(answer)
        if self.is_told:
            return self.with_returned(answer, self.shown if self.wants_old else self.after())
        if self._stored is not None:
            rest = {name: value for name, value in answer.items() if name != "Attributes"}
            return self.with_returned(rest, answer.get("Attributes"))
        return dict(answer)

    def with_returned(self, answer: Mapping[str, Any], item: WireItem | None) -> dict[str, Any]:
        """Return an answer with what of an item is to be returned, as reads would show it, be it expired."""
        if item is not None:
            item = self._upgraded(item).item
            item = self._of_touched(item) if self.returning.startswith("UPDATED") else item
        return {**answer, **({"Attributes": item} if item else {})}

    def _of_touched(self, item: WireItem) -> WireItem:
        touched = {str(action.path[0]) for action in (*self.write.actions, *self.demand.actions)}
        return {name: value for name, value in item.items() if name in touched}

    @property
    def returning(self) -> str:
        """What is to be returned, in DynamoDB's words."""
        if self.write.verb == "update":
            return self.write.returning
        said: str = (self.write.raw or {}).get("ReturnValues", "NONE")
        return said

    @property
    def wants_old(self) -> bool:
        """Whether the item as it was is to be returned."""
        return self.returning.endswith("OLD")

    # Unique values.

    @property
    def _unique(self) -> Unique:
        """What is to be unique of the item that is there."""
        upkeep = self._owner.upkeep
        unique = self._upkeep.unique if upkeep is None or upkeep.unique is None else upkeep.unique
        assert unique is not None
        return unique

    @property
    def touches_unique(self) -> bool:
        """Whether the write may take or give up a value that is to be unique."""
        if self._upkeep.unique is None or self.write.verb == "check":
            return False
        if self.write.verb in ("put", "delete") or self._retakes:
            return True
        touched = {str(action.path[0]) for action in (*self.write.actions, *self.demand.actions)}
        unique, key = self._unique.attributes, self._mapper.key.names
        return not unique.isdisjoint(touched) or (not unique.isdisjoint(key) and self._holds(None))

    @property
    def needs_reading(self) -> bool:
        return self.touches_unique and not (self.is_known and (self._is_seen or self._is_known_well))

    @property
    def _is_known_well(self) -> bool:
        """Whether what the writer knows of the item is enough, though it may be otherwise by now."""
        try:
            self._updated(self._deciding)
        except DynamoException:
            return False  # by now the item may have what is copied from
        return not self.wants_old

    @property
    def _basis_names(self) -> set[str]:
        """The attributes that what is taken and given up depends on."""
        return {*self._unique.attributes, *depends_on(self._deciding)} - set(self._mapper.key.names)

    def _basis(self, item: WireItem | None) -> dict[str, Any] | None:
        if item is None or self._upkeep.unique is None:
            return None
        return {name: item[name] for name in self._basis_names if name in item}

    def _unchanged_basis(self) -> list[Condition]:
        return self._unchanged(self.shown, self._basis_names) if self.touches_unique and self.is_known else []

    @property
    def _deciding(self) -> list[Action]:
        """The actions that decide what is taken."""
        every = (*self.write.actions, *self.demand.actions)
        return [action for action in every if action.path[0] in self._unique.attributes]

    def exchange(self) -> tuple[list[tuple[Taken, WireItem]], list[Taken]]:
        """Return the values that the write takes, each with the guard of it, and those that it gives up."""
        if not self.touches_unique:
            return [], []
        unique, shown = self._unique, self.shown or {}
        after = self.write.item or {} if self.write.verb in ("put", "delete") else self._updated(self._deciding)
        # an item in an earlier form has guards of what it is stored as, if it has any
        before = self._stored if self._retakes and self._stored is not None else shown
        own = self._upkeep.unique if self.write.verb == "put" else None
        now, then = (own or unique).taken(after), unique.taken(before)
        is_same_time = unique.ttl is None or same_value(before.get(unique.ttl), after.get(unique.ttl))
        gained = [one for one in now if one not in then or not is_same_time]
        former = dict.fromkeys((*then, *unique.taken(shown)) if before is not shown else then)
        lost = [one for one in former if one not in now]
        return [(one, unique.guard(one, self.write.key, after)) for one in gained], lost

    def guard_key(self, name: str) -> WireItem:
        """Return the key of a guard."""
        return self._unique.key_of(name)

    def taken_twice(self, taken: Taken) -> UniqueViolation:
        """Return the error for a value that two writes of one transaction would take."""
        fields = ", ".join(taken.fields)
        error = UniqueViolation(
            f"{self._mapper.model_name}: the item with key {decode_item(self.key)} has the same {fields} as another "
            "one that the transaction writes, and no two items may share it"
        )
        error.fields = taken.fields
        return error

    def holds(self, name: str) -> bool:
        """Return whether the item is taken to hold the guard of a value that it has."""
        return name not in self._not_mine

    def correct(self, name: str) -> None:
        """Note that a guard is not whose it was taken to be: somebody else's, or the item's own after all."""
        self._not_mine ^= {name}

    def held_by(self, former: Iterable[WireItem]) -> Condition:
        """Return the condition that nobody else holds a guard: it is absent, or one of the holders' own, or expired."""
        allowed: list[Condition] = [self._mapper.absent]
        allowed += map(is_held_by, former)
        ttl = self._unique.ttl
        if ttl is not None:
            allowed.append(Comparison((ttl,), "lte", ({"N": self._now},)))
        return joined(Either, allowed)


def is_held_by(holder: WireItem) -> Condition:
    """Return the condition that a guard is that of an item's value."""
    return Comparison((HOLDER,), "eq", ({"M": holder},))
