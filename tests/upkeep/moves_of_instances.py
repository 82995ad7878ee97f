"""Moves of instances, among them stale ones, ones of expired items and ones that were loaded in part."""

from __future__ import annotations

import copy

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

import dynamorm
from dynamorm.exceptions import DynamoException

from ..composites.machine import sharing
from . import drawn
from .machine import Bank, Expected, Twin, Wanted, refused
from .moves_by_key import MovesByKey, choices, said
from .plain_accounts import Item, Unfit, computed, key_of


def with_instances(machine: Bank) -> bool:
    return bool(machine.twins)


class MovesOfInstances(MovesByKey):
    @rule(data=st.data(), makes=st.booleans())
    def make_or_change_an_instance(self, data, makes):
        self.one_of_group("change an instance" if self.twins and not makes else "make an instance", data)

    @precondition(with_instances)
    @rule(data=st.data())
    def write_an_instance(self, data):
        self.let_others_write(data)
        self.one_of_group("write an instance", data)

    # Instances come to be.

    @sharing("make an instance", choice=choices, values=drawn.items())
    def make(self, choice, values):
        program = self.program(choice)
        self.twin(program, program.model(**copy.deepcopy(self.timed(values))))

    @sharing("make an instance", times=4, choice=choices, place=drawn.places, twice=st.booleans())
    def get(self, choice, place, twice):
        program, item = self.program(choice), self.shown(key_of(place))
        for _ in range(1 + twice):
            found = program.model.get(consistent=True, **place)
            assert program.model.exists(consistent=True, **place) is (item is not None)
            if item is None:
                assert found is None
            else:
                assert self.twin(program, found).held == self.known_fields(program, item)
                assert not found.is_dirty

    # Instances change.

    @sharing("change an instance", times=4, choice=choices, data=st.data())
    def assign(self, choice, data):
        twin = self.one_of(choice)
        for name, value in data.draw(st.lists(drawn.assignment(), min_size=1, max_size=2)):
            value = value + self.now if name == "until" and value is not None else value
            setattr(twin.instance, name, copy.deepcopy(value))
            twin.pending.pop(name, None)

    @sharing("change an instance", choice=choices, place=drawn.places)
    def assign_a_part_of_the_key(self, choice, place):
        self.one_of(choice).instance.id = place["id"]

    @sharing("change an instance", choice=choices, town=drawn.names, text=drawn.texts)
    def change_in_place(self, choice, town, text):
        held = self.one_of(choice).instance.__dict__
        if held.get("meta") is not None:
            held["meta"]["town"] = town
        if held.get("tags"):
            held["tags"][0] = text

    @sharing("change an instance", choice=choices, name=st.sampled_from(["visits", "points"]), amount=drawn.amounts)
    def incr(self, choice, name, amount):
        self.count_up(self.one_of(choice), name, amount)

    def count_up(self, twin: Twin, name: str, amount: int) -> None:
        if name not in twin.changed():
            twin.pending[name] = twin.pending.get(name, 0) + amount
        twin.instance.incr(**{name: amount})

    # Instances write.

    @sharing(
        "write an instance",
        times=3,
        choice=choices,
        unique=st.booleans(),
        atomic=st.booleans(),
        demanded=drawn.demands,
    )
    def save(self, choice, unique, atomic, demanded):
        twin = self.one_of(choice)
        unique = unique and not twin.is_loaded and not atomic
        result = self.act(
            "atomic save" if atomic else "save",
            lambda: twin.instance.save(unique=unique, atomic=atomic, conditions=said(demanded)),
            lambda: self.carried_out(self.demanding(demanded, self.saved(twin, unique, atomic))),
            at=twin.key,
        )
        if not isinstance(result, DynamoException):
            twin.pending = {}
            self.knows(twin, list(twin.held))

    def knows(self, twin: Twin, names: list[str]) -> None:
        """Hold what an instance has in some fields, which it has just written, against what is stored."""
        if not names:
            return
        stored, held, base = self.records[twin.key].shown, twin.held, twin.base
        for name in names:
            if name not in twin.pending:
                assert held.get(name) == base.get(name) == stored.get(name), name

    @sharing(
        "write an instance",
        times=3,
        choice=choices,
        return_all=st.booleans(),
        atomic=st.booleans(),
        demanded=drawn.demands,
    )
    def save_a_part(self, choice, return_all, atomic, demanded):
        self.save_partly(self.one_of(choice), "partial save", return_all, atomic, demanded)

    def save_partly(
        self,
        twin: Twin,
        move: str,
        return_all: bool = False,
        atomic: bool = False,
        demanded: drawn.Demanded | None = None,
    ) -> None:
        names = [action.path[0] for action in twin.actions()]

        def expect() -> Expected:
            wanted = self.partly_saved(twin)
            if atomic and not twin.key_changed and not self.is_as_loaded(twin):
                wanted = wanted._replace(refusals=wanted.refusals | {"ConditionFailed", "DoesNotExist"})
            if demanded is not None and not twin.key_changed and wanted.changes_nothing and not self.live(twin.key):
                wanted = wanted._replace(refusals=wanted.refusals | {"DoesNotExist"})
            return self.carried_out(self.demanding(demanded, wanted))

        result = self.act(
            f"atomic {move}" if atomic else move,
            lambda: twin.instance.save(
                partial=True, return_all=return_all, atomic=atomic, conditions=said(demanded) or None
            ),
            expect,
            at=twin.key,
        )
        if not isinstance(result, DynamoException):
            twin.pending = {}
            self.knows(twin, names)

    @sharing(
        "write an instance",
        choice=choices,
        name=st.sampled_from(["visits", "points"]),
        amount=drawn.amounts,
        by_sync=st.booleans(),
    )
    def incr_and_store(self, choice, name, amount, by_sync):
        twin = self.one_of(choice)
        self.count_up(twin, name, amount)
        if by_sync:
            self.reconcile(twin, "incr + sync")
        else:
            self.save_partly(twin, "incr + partial save")

    @sharing(
        "write an instance",
        times=5,
        choice=choices,
        actions=drawn.actions(),
        return_all=st.booleans(),
        demanded=drawn.demands,
    )
    def update(self, choice, actions, return_all, demanded):
        twin, actions = self.one_of(choice), self.timed_actions(actions)
        done, updates = drawn.arguments(actions)
        is_inside = any(len(action.path) > 1 for action in actions)
        result = self.act(
            "update by path" if is_inside else "update",
            lambda: twin.instance.update(*done, *said(demanded), return_all=return_all, **updates),
            lambda: self.carried_out(self.demanding(demanded, self.changed_instance(twin, actions))),
            at=twin.key,
        )
        if isinstance(result, DynamoException):
            return
        for action in actions:
            if action.kind in ("set", "remove"):
                twin.pending.pop(action.path[0], None)
        self.knows(twin, [action.path[0] for action in actions if len(action.path) == 1])
        if return_all:
            self.is_as_stored(twin)

    @sharing("write an instance", times=2, choice=choices, atomic=st.booleans())
    def sync(self, choice, atomic):
        self.reconcile(self.one_of(choice), "sync", atomic)

    def synced(self, twin: Twin, atomic: bool = False) -> Expected:
        """Return what the reconciliation of an instance comes to."""
        if twin.key_changed:
            return refused("InvalidKey")
        if twin.actions():
            wanted = self.partly_saved(twin)
        else:
            wanted = Wanted(twin.program, twin.key, changes_nothing=True)
            if self.live(twin.key) is None:
                wanted = wanted._replace(refusals=frozenset({"DoesNotExist"}))
        if atomic and not self.is_as_loaded(twin):
            wanted = wanted._replace(refusals=wanted.refusals | {"ConditionFailed", "DoesNotExist"})
        return self.carried_out(wanted)

    def reconcile(self, twin: Twin, move: str, atomic: bool = False) -> None:
        writes = 1 if twin.actions() else 0
        result = self.act(
            f"atomic {move}" if atomic else move,
            lambda: twin.instance.sync(atomic=atomic),
            lambda: self.synced(twin, atomic),
            writes=writes,
        )
        if not isinstance(result, DynamoException):
            self.is_as_stored(twin)

    def is_as_stored(self, twin: Twin) -> None:
        twin.pending, twin.is_partial = {}, False
        assert twin.held == self.known_fields(twin.program, self.records[twin.key].shown)
        assert not twin.instance.is_dirty

    def read(self, twin: Twin) -> Expected:
        if twin.key_changed:
            return refused("InvalidKey")
        return refused("DoesNotExist") if self.live(twin.key) is None else Expected(self.records)

    @sharing("write an instance", choice=choices, by_load=st.booleans())
    def refresh(self, choice, by_load):
        twin = self.one_of(choice)
        result = self.act(
            "dynamorm.load" if by_load else "refresh",
            (lambda: dynamorm.load(twin.instance, consistent=True))
            if by_load
            else (lambda: twin.instance.refresh(consistent=True)),
            lambda: self.read(twin),
            writes=0,
        )
        if not isinstance(result, DynamoException):
            self.is_as_stored(twin)

    @sharing("write an instance", choice=choices, atomic=st.booleans(), demanded=drawn.demands)
    def delete(self, choice, atomic, demanded):
        twin = self.one_of(choice)

        def expect() -> Expected:
            if twin.key_changed:
                return refused("InvalidKey")
            if atomic and not self.is_as_loaded(twin):
                return refused("ConditionFailed")
            return self.carried_out(self.demanding(demanded, self.deleted(twin.program, twin.key)))

        self.act(
            "atomic delete" if atomic else "delete",
            lambda: twin.instance.delete(said(demanded), atomic=atomic),
            expect,
            at=twin.key,
        )

    @sharing("write an instance", times=2, choice=choices, place=drawn.places)
    def change_key(self, choice, place):
        twin = self.one_of(choice)
        result = self.act("change_key", lambda: twin.instance.change_key(**place), lambda: self.moved(twin, place))
        if not isinstance(result, DynamoException):
            twin.pending = {}
            self.knows(twin, list(twin.held))

    def moved(self, twin: Twin, parts: Item) -> Expected:
        """Return what the move of an instance's item to another key comes to."""
        if not twin.is_loaded:
            return refused("DynaModelException")
        if twin.key_changed:
            return refused("InvalidKey")
        if twin.is_partial:
            return refused("PartialInstance")
        old, item = twin.key, {**twin.extra, **twin.held, **parts}
        new, refusals = key_of(item), set()
        if new == old:
            refusals.add("InvalidKey")
        try:
            computed(item)
        except Unfit:
            refusals.add("ValidationError")
        if not self.is_as_loaded(twin):
            refusals.add("ConditionFailed")
        if new != old and self.live(new) is not None:
            refusals.add("HashKeyExists")
        if refusals:
            return Expected(None, frozenset(refusals))
        return self.carried_out(Wanted(twin.program, new, item, is_whole=True), Wanted(twin.program, old))
