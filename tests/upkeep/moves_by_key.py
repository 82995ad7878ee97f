"""Moves by key: programs of every release write, old ones among them, time passes, and DynamoDB deletes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from dynamorm import Q

from ..composites.machine import Known, sharing
from ..composites.plain_shop import Action, basis, clean
from . import drawn
from .machine import Bank, Expected, Others, refused
from .plain_accounts import ACCOUNTS, Item, Key, Record, in_form, key_of

choices = st.integers(0, 7)
ON_GUARDS = ("email", "tenant", "slug", "until")


def said(demanded: drawn.Demanded | None) -> list[Any]:
    """Return the conditions that say what is demanded."""
    return [] if demanded is None else [Q(**demanded.said)]


class MovesByKey(Bank):
    @rule(data=st.data())
    def write_by_key(self, data):
        self.let_others_write(data)
        self.one_of_group("write by key", data)

    @sharing(
        "write by key",
        times=2,
        choice=choices,
        values=drawn.items(),
        as_instance=st.booleans(),
        unique=st.booleans(),
        demanded=drawn.demands,
    )
    def put(self, choice, values, as_instance, unique, demanded):
        program, values = self.program(choice), self.timed(values)
        given = program.model(**copy.deepcopy(values)) if as_instance else copy.deepcopy(values)
        verb = "put_unique" if unique else "put"
        self.act(
            verb,
            lambda: getattr(program.model, verb)(given, *said(demanded)),
            lambda: self.carried_out(self.demanding(demanded, self.whole(program, values, unique=unique))),
            at=key_of(values),
        )

    @sharing("write by key", choice=choices, values=drawn.items())
    def create(self, choice, values):
        program, values = self.program(choice), self.timed(values)
        made = self.act(
            "create",
            lambda: program.model.create(**copy.deepcopy(values)),
            lambda: self.carried_out(self.whole(program, values, unique=True)),
            at=key_of(values),
        )
        if isinstance(made, program.model):
            self.twin(program, made)

    @sharing("write by key", choice=choices, place=drawn.places, values=drawn.values(is_new=True))
    def get_or_create(self, choice, place, values):
        program, values = self.program(choice), self.timed(values)
        is_there = self.live(key_of(place)) is not None
        whole = self.whole(program, {**place, **values}, unique=True)
        made = self.act(
            "get_or_create",
            lambda: program.model.get_or_create(defaults=copy.deepcopy(values), **place),
            lambda: Expected(self.records) if is_there else self.carried_out(whole),
            writes=0,
        )
        if isinstance(made, tuple):
            assert made[1] is not is_there
            self.twin(program, made[0])

    # Updates.

    def known_by(self, parts: Item, actions: Any, given: Any, may_create: bool) -> tuple[Known, dict[str, Any]]:
        """Return what is known by what is said of an item, and the keyword that says it."""
        if given is None:
            return Known({}), {}
        if given == {"right": True}:
            _, needed = basis(ACCOUNTS, actions, may_create)
            current = self.shown(key_of(parts)) or {}
            given = {name: current.get(name) for name in needed}
        absent = frozenset(name for name, value in given.items() if value is None)
        return Known(clean(given), may_change=False, absent=absent), {"given": copy.deepcopy(given)}

    @sharing(
        "write by key",
        times=5,
        choice=choices,
        update=drawn.updates(),
        verb=st.sampled_from(["update_item", "update_item", "patch"]),
        demanded=drawn.demands,
    )
    def update_item(self, choice, update, verb, demanded):
        program, (parts, actions, given) = self.program(choice), update
        actions, is_patch = self.timed_actions(actions), verb == "patch"
        known, options = self.known_by(parts, actions, given, not is_patch)
        done, updates = drawn.arguments(actions)
        made = self.act(
            f"{verb} with given" if options else verb,
            lambda: getattr(program.model, verb)(*done, *said(demanded), **parts, **options, **updates),
            lambda: self.carried_out(
                self.demanding(
                    demanded,
                    self.updated(program, parts, actions, known, must_exist=is_patch, may_create=not is_patch),
                )
            ),
            at=key_of(parts),
        )
        if isinstance(made, program.model):
            self.is_returned(program, made, parts)

    @sharing(
        "write by key",
        times=2,
        choice=choices,
        update=drawn.updates(),
        plan=st.sampled_from(["a", "a", "a", ""]),
        demanded=drawn.demands,
    )
    def upsert(self, choice, update, plan, demanded):
        program, (parts, actions, given) = self.program(choice), update
        actions = self.timed_actions(actions)
        if plan and not any(action.path[0] == "plan" for action in actions):
            actions.append(Action("set", ("plan",), plan))
        known, options = self.known_by(parts, actions, given, True)
        done, updates = drawn.arguments(actions)
        supplied = {action.path[0] for action in actions if len(action.path) == 1 and action.kind != "remove"}

        def expect() -> Expected:
            expected = self.carried_out(self.demanding(demanded, self.updated(program, parts, actions, known)))
            if not set(ACCOUNTS.required) <= supplied | set(parts):
                return refused("DynaModelException", *expected.refusals)
            return expected

        made = self.act(
            "upsert",
            lambda: program.model.upsert(*done, *said(demanded), **parts, **options, **updates),
            expect,
            at=key_of(parts),
        )
        if isinstance(made, program.model):
            self.is_returned(program, made, parts)

    def is_returned(self, program: Any, made: Any, parts: Item) -> None:
        twin = self.twin(program, made)
        assert twin.held == self.known_fields(program, self.records[key_of(parts)].shown)

    @sharing("write by key", choice=choices, place=drawn.places, demanded=drawn.demands)
    def delete_item(self, choice, place, demanded):
        program = self.program(choice)
        self.act(
            "delete_item",
            lambda: program.model.delete_item(*said(demanded), **place),
            lambda: self.carried_out(self.demanding(demanded, self.deleted(program, key_of(place)))),
            at=key_of(place),
        )

    def of_an_old_program(self, old: Any, shouts: bool) -> tuple[Key, Record]:
        """Return what an old program stores, which knows of no guards: here it leaves alone what is guarded."""
        version, place, values, keys = old
        item, key = {**place, **self.timed(values)}, key_of(place)
        record = self.live(key)
        secured = frozenset() if record is None else record.secured
        if record is not None and secured:
            now = in_form(record.item, record.version, version)
            item = {name: one for name, one in item.items() if name not in ON_GUARDS}
            item |= {name: one for name, one in now.items() if name in ON_GUARDS}
            if version == 1 and "email" in item and shouts:
                item["email"] = item["email"].upper()
        return key, Record(item, version, keys, secured)

    @sharing("write by key", times=3, old=drawn.old_items(), shouts=st.booleans())
    def put_of_an_old_program(self, old, shouts):
        key, made = self.of_an_old_program(old, shouts)
        self.table.put_item(Item=made.stored)
        self.counts[f"put of version {made.version}", "made"] += 1
        self.records = {**self.records, key: made}

    # Others who write just before a move does.

    def let_others_write(self, data: Any) -> None:
        verbs = [None, None, None, None, "update", "old put", "delete", "put", "beside"]
        verb = data.draw(st.sampled_from(verbs), "others")
        self.others, self.is_late = None, data.draw(st.booleans(), "late")
        if verb == "old put":
            self.others = self.others_put_old(data.draw(drawn.old_items()))
        elif verb == "update":
            self.others = self.others_update(data.draw(drawn.places), data.draw(drawn.settings()))
        elif verb == "delete":
            self.others = self.others_delete(data.draw(drawn.places))
        elif verb == "beside":
            place, beside = data.draw(drawn.places), data.draw(drawn.beside)
            self.others = lambda: self.beside(place, beside)
        elif verb == "put":
            self.others = self.others_put(data.draw(drawn.items()))

    def others_put_old(self, old: Any) -> Callable[[], Others | None]:
        def others() -> Others:
            key, made = self.of_an_old_program(old, False)
            return Others({**self.records, key: made}, lambda: self.table.put_item(Item=made.stored))

        return others

    def others_update(self, place: Item, actions: list[Action]) -> Callable[[], Others | None]:
        def others() -> Others | None:
            timed, model = self.timed_actions(actions), self.programs[0].model
            known, options = self.known_by(place, timed, {"right": True}, True)
            done, updates = drawn.arguments(timed)
            after = self.carried_out(self.updated(self.programs[0], place, timed, known)).after
            return (
                None
                if after is None
                else Others(after, lambda: model.update_item(*done, **place, **options, **updates))
            )

        return others

    def others_delete(self, place: Item) -> Callable[[], Others | None]:
        def others() -> Others | None:
            after = self.carried_out(self.deleted(self.programs[0], key_of(place))).after
            return None if after is None else Others(after, lambda: self.programs[0].model.delete_item(**place))

        return others

    def others_put(self, values: Item) -> Callable[[], Others | None]:
        def others() -> Others | None:
            timed = self.timed(values)
            after = self.carried_out(self.whole(self.programs[0], timed)).after
            return None if after is None else Others(after, lambda: self.programs[0].model.put(copy.deepcopy(timed)))

        return others

    # Time, DynamoDB, and who knows nothing of models.

    @sharing("write by key", choice=choices, seconds=st.sampled_from([1, 1, 5, 50]))
    def time_passes(self, choice, seconds):
        self.now += seconds
        self.counts["time passes", "made"] += 1

    @sharing("write by key", place=drawn.places, is_guard=st.booleans())
    def dynamodb_deletes(self, place, is_guard):
        """DynamoDB deletes what is expired, items and guards in any order."""
        for raw in self.raw_items():
            key = raw["home"], raw["id"]
            if "until" in raw and raw["until"] <= self.now and ("_holder" in raw) is is_guard:
                self.table.delete_item(Key={"home": key[0], "id": key[1]})
                self.records = {one: record for one, record in self.records.items() if one != key}
                self.counts["DynamoDB deletes", "made"] += 1
                return

    @sharing("write by key", times=2, place=drawn.places, beside=drawn.beside)
    def write_beside(self, place, beside):
        done = self.beside(place, beside)
        if done is not None:
            done.do()
            self.records = done.after
            self.counts["boto3 beside", "made"] += 1

    def beside(self, place: Item, beside: drawn.Beside) -> Others | None:
        """Return what it is to set an attribute of an item in the form that it has."""
        key = key_of(place)
        record = self.records.get(key)
        if record is None or record.version not in beside.versions:
            return None
        after = {**self.records, key: record._replace(item={**record.item, beside.name: beside.value})}
        update = {
            "UpdateExpression": "SET #n = :v",
            "ExpressionAttributeNames": {"#n": beside.name},
            "ExpressionAttributeValues": {":v": beside.value},
        }
        return Others(after, lambda: self.table.update_item(Key=place, **update))
