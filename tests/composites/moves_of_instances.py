"""Moves of instances, among them stale ones and ones that were loaded in part."""

from __future__ import annotations

import copy

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

import dynamorm
from dynamorm.exceptions import DynamoException

from . import drawn
from .machine import Expected, Shop, Twin, refused, sharing
from .plain_shop import KINDS, UNKNOWN, Item, Unfit, clean

choices = st.integers(0, 7)


def with_instances(machine: Shop) -> bool:
    return bool(machine.twins)


class MovesOfInstances(Shop):
    @rule(data=st.data(), makes=st.booleans())
    def make_or_change_an_instance(self, data, makes):
        self.one_of_group("change an instance" if self.twins and not makes else "make an instance", data)

    @precondition(with_instances)
    @rule(data=st.data())
    def write_an_instance(self, data):
        self.one_of_group("write an instance", data)

    # Instances come to be.

    @sharing("make an instance", drawn_item=drawn.items())
    def make(self, drawn_item):
        kind, values = drawn_item
        self.twin(kind, self.model(kind)(**copy.deepcopy(values)))

    @sharing("make an instance", times=3, place=drawn.places, twice=st.booleans())
    def get(self, place, twice):
        kind, parts = place
        key = kind.key(parts)
        for _ in range(1 + twice):
            found = self.model(kind).get(consistent=True, **parts)
            is_there = key in self.items and self.items[key]["kind"] == kind.name
            assert self.model(kind).exists(consistent=True, **parts) is is_there
            if is_there:
                self.twin(kind, found)
                assert self.twins[-1].held == self.known_fields(self.items[key])
            else:
                assert found is None

    def known_fields(self, item: Item) -> Item:
        return {
            name: value for name, value in item.items() if name in self.models[item["kind"]].Schema.dynamorm_fields()
        }

    @sharing(
        "make an instance",
        times=4,
        place=drawn.places,
        through_index=st.booleans(),
        is_saved=st.booleans(),
        data=st.data(),
    )
    def get_a_part(self, place, through_index, is_saved, data):
        kind, parts = place
        item = self.items.get(kind.key(parts))
        if item is None or item["kind"] != kind.name:
            return
        model = self.model(kind)
        if through_index:
            stored = kind.stored(item)
            if "gsi2pk" not in stored or "gsi2sk" not in stored:
                return
            index = {"Customer": "ByVisits", "order": "ByNote", "Line": "BySku"}[kind.name]
            found = getattr(model, index).query(gsi2pk=stored["gsi2pk"], gsi2sk=stored["gsi2sk"])
        else:
            name = data.draw(st.sampled_from(sorted(drawn.VALUES[kind.name])))
            found = model.query(pk=kind.key(parts)[0], sk=kind.key(parts)[1]).only(name)
        instance = next(one for one in found if (one.pk, one.sk) == kind.key(parts))
        self.twin(kind, instance, is_partial=True)
        if is_saved:  # as a whole, which is refused
            self.act("save", instance.save, self.saved(self.twins[-1]))

    # Instances change.

    @sharing("change an instance", times=3, choice=choices, data=st.data())
    def assign(self, choice, data):
        twin = self.one_of(choice)
        for name, value in data.draw(st.lists(drawn.assignment_of(twin.kind), min_size=1, max_size=2)):
            setattr(twin.instance, name, copy.deepcopy(value))
            twin.pending.pop(name, None)

    @sharing("change an instance", choice=choices, email=st.sampled_from(drawn.EMAILS))
    def assign_a_part_of_the_key(self, choice, email):
        self.one_of(choice).instance.email = email

    @sharing("change an instance", choice=choices, rank=drawn.numbers, text=drawn.texts)
    def change_in_place(self, choice, rank, text):
        held = self.one_of(choice).instance.__dict__
        if held.get("meta") is not None:
            held["meta"]["rank"] = rank
        if held.get("tags"):
            held["tags"][0] = text

    @sharing("change an instance", choice=choices, amount=drawn.amounts)
    def incr(self, choice, amount):
        self.count_up(self.one_of(choice), amount)

    def count_up(self, twin: Twin, amount: int) -> None:
        (name,) = twin.kind.counters
        if name not in twin.changed():
            twin.pending[name] = twin.pending.get(name, 0) + amount
        twin.instance.incr(**{name: amount})

    # Instances write.

    @sharing("write an instance", times=2, choice=choices, unique=st.booleans())
    def save(self, choice, unique):
        twin = self.one_of(choice)
        unique = unique and not twin.is_loaded
        result = self.act("save", lambda: twin.instance.save(unique=unique), self.saved(twin, unique))
        if not isinstance(result, DynamoException):
            twin.pending = {}

    @sharing("write an instance", times=2, choice=choices, return_all=st.booleans())
    def save_a_part(self, choice, return_all):
        self.save_partly(self.one_of(choice), "partial save", return_all)

    def save_partly(self, twin: Twin, move: str, return_all: bool = False) -> None:
        expected = self.partly_saved(twin)
        result = self.act(move, lambda: twin.instance.save(partial=True, return_all=return_all), expected)
        if not isinstance(result, DynamoException):
            twin.pending = {}

    @sharing("write an instance", times=2, choice=choices, amount=drawn.amounts, by_sync=st.booleans())
    def incr_and_store(self, choice, amount, by_sync):
        twin = self.one_of(choice)
        self.count_up(twin, amount)
        if by_sync:
            self.reconcile(twin, "incr + sync")
        else:
            self.save_partly(twin, "incr + partial save")

    @sharing("write an instance", times=4, choice=choices, data=st.data(), return_all=st.booleans())
    def update(self, choice, data, return_all):
        twin = self.one_of(choice)
        actions = data.draw(drawn.actions_of(twin.kind))
        done, updates = drawn.arguments(actions)
        is_inside = any(len(action.path) > 1 for action in actions)
        result = self.act(
            "update by path" if is_inside else "update",
            lambda: twin.instance.update(*done, return_all=return_all, **updates),
            self.changed_instance(twin, actions),
        )
        if not isinstance(result, DynamoException):
            for action in actions:
                if action.kind in ("set", "remove"):
                    twin.pending.pop(action.path[0], None)
            if return_all:
                self.is_as_stored(twin)

    @sharing("write an instance", choice=choices)
    def sync(self, choice):
        self.reconcile(self.one_of(choice), "sync")

    def synced(self, twin: Twin) -> Expected:
        """Return what the reconciliation of an instance comes to."""
        if twin.actions() or twin.key_changed:
            return self.partly_saved(twin)
        return self.read(twin)

    def read(self, twin: Twin) -> Expected:
        if twin.key_changed:
            return refused("InvalidKey")
        item = self.items.get(twin.key)
        if item is None or item["kind"] != twin.kind.name:
            return refused("DoesNotExist")
        return Expected(self.items)

    def reconcile(self, twin: Twin, move: str) -> None:
        result = self.act(move, twin.instance.sync, self.synced(twin))
        if not isinstance(result, DynamoException):
            self.is_as_stored(twin)

    def is_as_stored(self, twin: Twin) -> None:
        twin.pending, twin.is_partial = {}, False
        assert twin.held == self.known_fields(self.items[twin.key])
        assert not twin.instance.is_dirty

    @sharing("write an instance", choice=choices)
    def refresh(self, choice):
        twin = self.one_of(choice)
        result = self.act("refresh", lambda: twin.instance.refresh(consistent=True), self.read(twin))
        if not isinstance(result, DynamoException):
            self.is_as_stored(twin)

    @sharing("write an instance", choice=choices)
    def load(self, choice):
        twin = self.one_of(choice)
        result = self.act("dynamorm.load", lambda: dynamorm.load(twin.instance, consistent=True), self.read(twin))
        if not isinstance(result, DynamoException):
            self.is_as_stored(twin)

    @sharing("write an instance", choice=choices)
    def delete(self, choice):
        twin = self.one_of(choice)
        expected = refused("InvalidKey") if twin.key_changed else self.deleted(twin.kind, twin.key)
        self.act("delete", twin.instance.delete, expected)

    @sharing("write an instance", times=2, choice=choices, data=st.data())
    def change_key(self, choice, data):
        twin = self.one_of(choice)
        _, parts = data.draw(st.sampled_from([place for place in drawn.PLACES if place[0] is twin.kind]))
        result = self.act("change_key", lambda: twin.instance.change_key(**parts), self.moved(twin, parts))
        if not isinstance(result, DynamoException):
            twin.pending = {}

    def moved(self, twin: Twin, parts: Item) -> Expected:
        """Return what the move of an instance's item to another key comes to."""
        if not twin.is_loaded:
            return refused("DynaModelException")
        if twin.key_changed:
            return refused("InvalidKey")
        if twin.is_partial:
            return refused("PartialInstance")
        kind, old, item = twin.kind, twin.key, {**twin.extra, **twin.held, **parts}
        new, refusals = kind.key(item), set()
        if new == old:
            refusals.add("InvalidKey")
        try:
            kind.stored(item)
        except Unfit:
            refusals.add("ValidationError")
        as_loaded = {**twin.extra, **twin.base, "kind": kind.name}
        current = self.items.get(old, {})
        known = {
            name: value for name, value in current.items() if name in as_loaded or name in self.known_fields(current)
        }
        if known != as_loaded:
            refusals.add("ConditionFailed")
        if new != old and new in self.items:
            refusals.add("HashKeyExists")
        if refusals:
            return Expected(None, frozenset(refusals))
        after = self.with_item(old, None)
        after[new] = {**clean(item), "kind": kind.name}
        return Expected(after)

    def without_news(self, item: Item, seen: Item) -> Item:
        return {name: value for name, value in item.items() if name != UNKNOWN or name in seen}


assert set(drawn.VALUES) == set(KINDS)
