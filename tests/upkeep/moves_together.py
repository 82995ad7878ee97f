"""Moves of several items at once."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

import dynamorm
from dynamorm import BatchWriter, Transaction
from dynamorm.exceptions import DynamoException

from ..composites.machine import sharing
from . import drawn
from .machine import Expected, Program, Twin, Wanted, refused
from .moves_by_key import choices, said
from .moves_of_instances import MovesOfInstances
from .plain_accounts import Item, key_of

Record = Callable[[Any], None]


class MovesTogether(MovesOfInstances):
    @rule(data=st.data())
    def write_together(self, data):
        self.let_others_write(data)
        self.one_of_group("write together", data)

    def one_after_the_other(self, moves: list[Callable[[], Expected]], *, stops: bool = False) -> Expected:
        """Return what several moves come to of which each may be refused by itself."""
        before, refusals = self.records, frozenset[str]()
        try:
            for move in moves:
                expected = move()
                if expected.after is None:
                    refusals |= expected.refusals
                    if stops:
                        break
                else:
                    self.records = expected.after
            return Expected(self.records, refusals, in_part=bool(refusals))
        finally:
            self.records = before

    def alone(self, wanted: Callable[[], Wanted]) -> Callable[[], Expected]:
        return lambda: self.carried_out(wanted())

    @sharing(
        "write together",
        choice=choices,
        several=st.lists(drawn.items(), min_size=1, max_size=3, unique_by=key_of),
        by_writer=st.booleans(),
        deletes=st.booleans(),
    )
    def write_batch(self, choice, several, by_writer, deletes):
        program, several = self.program(choice), [self.timed(values) for values in several]
        deletes = deletes and by_writer

        def expect() -> Expected:
            wholes = [self.whole(program, values) for values in several[deletes:]]
            if any(one.refusals for one in wholes):
                return refused("ValidationError")  # before anything is sent
            moves = [self.alone(lambda values=values: self.whole(program, values)) for values in several]
            if deletes:
                moves[0] = self.alone(lambda: self.deleted(program, key_of(several[0])))
            return self.one_after_the_other(moves)

        def write() -> None:
            with BatchWriter() as writer:
                for number, values in enumerate(several):
                    if deletes and not number:
                        writer.delete(program.model, home=values["home"], id=values["id"])
                    else:
                        writer.put(program.model, copy.deepcopy(values))

        if by_writer:
            self.act("BatchWriter", write, expect, writes=len(several))
        else:
            ours = lambda: program.model.put_batch(*copy.deepcopy(several))  # noqa: E731
            self.act("put_batch", ours, expect, writes=len(several))

    @sharing("write together", choice=choices, several=st.lists(drawn.places, min_size=1, max_size=3, unique_by=key_of))
    def delete_batch(self, choice, several):
        program = self.program(choice)
        moves = [self.alone(lambda parts=parts: self.deleted(program, key_of(parts))) for parts in several]
        self.act(
            "delete_batch",
            lambda: program.model.delete_batch(*several),
            lambda: self.one_after_the_other(moves),
            writes=len(several),
        )

    @sharing("write an instance", first=choices, second=choices, verb=st.sampled_from(["save", "sync", "delete"]))
    def write_several(self, first, second, verb):
        twins = list({twin.key: twin for twin in (self.one_of(first), self.one_of(second))}.values())

        def expect_of(twin: Twin) -> Expected:
            if verb == "save":
                return self.carried_out(self.saved(twin))
            if verb == "sync":
                return self.synced(twin)
            return refused("InvalidKey") if twin.key_changed else self.carried_out(Wanted(twin.program, twin.key))

        moves = [lambda twin=twin: expect_of(twin) for twin in twins]
        instances = [twin.instance for twin in twins]
        result = self.act(
            f"dynamorm.{verb}",
            lambda: getattr(dynamorm, verb)(*instances),
            lambda: self.one_after_the_other(moves, stops=True),
            writes=0 if verb == "sync" else len(instances),
        )
        for twin in twins:
            if isinstance(result, DynamoException):
                self.twins.remove(twin)  # of which it is not clear how far it came
            elif verb == "save":
                twin.pending = {}
            elif verb == "sync":
                self.is_as_stored(twin)

    # Transactions.

    @sharing(
        "write together",
        times=3,
        choice=choices,
        places=st.lists(drawn.places, min_size=1, max_size=3, unique_by=key_of),
        data=st.data(),
    )
    def transaction(self, choice, places, data):
        moves: list[Record] = []
        wanted: list[Callable[[], Wanted]] = []
        done: list[tuple[str, Twin]] = []
        for number, parts in enumerate(places):
            twins = [twin for twin in self.twins if twin.key == key_of(parts)]
            own = ["put", "update by key", "delete by key", "check"]
            verb = data.draw(st.sampled_from(own + (["save", "partial save", "update", "delete"] if twins else [])))
            if verb in ("save", "partial save", "update", "delete"):
                twin = data.draw(st.sampled_from(twins))
                done.append((verb, twin))
                wanted.append(self.recorded(twin, verb, moves, data))
            else:
                wanted.append(self.recorded_by_key(self.program(choice + number), parts, verb, moves, data))
        result = self.carry_out("transaction", moves, wanted)
        for verb, twin in done:
            if not isinstance(result, DynamoException):
                if verb in ("save", "partial save"):
                    twin.pending = {}
                if verb in ("partial save", "update"):
                    self.twins.remove(twin)  # of which some attributes may count as not loaded

    def carry_out(self, move: str, moves: list[Record], wanted: list[Callable[[], Wanted]]) -> Any:
        def ours() -> None:
            with Transaction() as tx:
                for record in moves:
                    record(tx)

        expect = lambda: self.carried_out(*(one() for one in wanted), is_transaction=True)  # noqa: E731
        return self.act(move, ours, expect, writes=len(moves))

    def recorded(self, twin: Twin, verb: str, moves: list[Record], data: Any) -> Callable[[], Wanted]:
        instance = twin.instance
        if verb == "save":
            moves.append(lambda tx: tx.save(instance))
            return lambda: self.saved(twin)
        if verb == "partial save":
            moves.append(lambda tx: tx.save(instance, partial=True))
            return lambda: self.partly_saved(twin, retries=False)
        if verb == "update":
            actions = self.timed_actions(data.draw(drawn.actions()))
            done, updates = drawn.arguments(actions)
            moves.append(lambda tx: tx.update(instance, *done, **updates))
            return lambda: self.changed_instance(twin, actions, retries=False)
        moves.append(lambda tx: tx.delete(instance))
        refusals = frozenset({"InvalidKey"} if twin.key_changed else ())
        return lambda: Wanted(twin.program, twin.key, refusals=refusals)

    def recorded_by_key(
        self, program: Program, parts: Item, verb: str, moves: list[Record], data: Any
    ) -> Callable[[], Wanted]:
        model, key = program.model, key_of(parts)
        if verb == "put":
            values, demanded = self.timed({**parts, **data.draw(drawn.values(is_new=True))}), data.draw(drawn.demands)
            moves.append(lambda tx: tx.put(model, copy.deepcopy(values), conditions=said(demanded)))
            return lambda: self.demanding(demanded, self.whole(program, values))
        if verb == "update by key":
            actions = self.timed_actions(data.draw(drawn.actions()))
            known, options = self.known_by(parts, actions, data.draw(st.sampled_from([None, {"right": True}])), True)
            done, updates = drawn.arguments(actions)
            demanded = data.draw(drawn.demands)
            moves.append(lambda tx: tx.update(model, *done, *said(demanded), **options, **parts, **updates))
            return lambda: self.demanding(demanded, self.updated(program, parts, actions, known, retries=False))
        if verb == "delete by key":
            moves.append(lambda tx: tx.delete(model, **parts))
            return lambda: self.deleted(program, key)
        demanded = data.draw(drawn.demands)
        moves.append(lambda tx: tx.check(model, *said(demanded), **parts))

        def checked() -> Wanted:
            refusals = frozenset({"ConditionFailed"} if demanded is None and self.live(key) is None else ())
            return self.demanding(demanded, Wanted(program, key, changes_nothing=True, refusals=refusals))

        return checked

    @sharing(
        "write together",
        times=2,
        choice=choices,
        places=st.permutations(drawn.PLACES),
        name=st.sampled_from(["email", "slug"]),
    )
    def swap(self, choice, places, name):
        """Let two items swap what nobody else may have."""
        program = self.program(choice)
        items = [item for parts in places if (item := self.shown(key_of(parts))) is not None][:2]
        if len(items) < 2 or any(item.get(name) is None for item in items):
            return
        moves, wanted = [], []
        for own, other in (items, items[::-1]):
            self.record_set(program, own, {name: other[name]}, moves, wanted)
        self.carry_out(f"transaction that swaps {name}", moves, wanted)

    def record_set(
        self, program: Program, item: Item, values: Item, moves: list[Record], wanted: list[Callable[[], Wanted]]
    ) -> None:
        parts = {name: item[name] for name in ("home", "id")}
        actions = [drawn.Action("set", (name,), value) for name, value in values.items()]
        known, options = self.known_by(parts, actions, {"right": True}, True)
        moves.append(lambda tx: tx.update(program.model, **options, **parts, **values))
        wanted.append(lambda: self.updated(program, parts, actions, known, retries=False))

    @sharing("write together", times=2, choice=choices, places=st.permutations(drawn.PLACES), by_put=st.booleans())
    def pass_on(self, choice, places, by_put):
        """Let an item that is deleted pass on what nobody else may have."""
        program = self.program(choice)
        items = [item for parts in places if (item := self.shown(key_of(parts))) is not None]
        heirs = [parts for parts in places if not items or key_of(parts) != key_of(items[0])]
        if not items:
            return
        values = {name: items[0][name] for name in ("email", "tenant", "slug", "until") if name in items[0]}
        parts, old = heirs[0], {name: items[0][name] for name in ("home", "id")}
        moves: list[Record] = [lambda tx: tx.delete(program.model, **old)]
        wanted = [lambda: self.deleted(program, key_of(old))]
        if by_put:
            moves.append(lambda tx: tx.put(program.model, {**parts, **values, "plan": "a"}))
            wanted.append(lambda: self.whole(program, {**parts, **values, "plan": "a"}))
        else:
            self.record_set(program, parts, {**values, "plan": "a"}, moves, wanted)
        self.carry_out("transaction that passes on", moves, wanted)
