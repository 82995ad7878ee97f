"""Moves of several items at once."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

import dynamorm
from dynamorm import BatchWriter, Transaction
from dynamorm.exceptions import DynamoException

from . import drawn
from .machine import Expected, Table, sharing
from .moves_by_key import MovesByKey
from .moves_of_instances import MovesOfInstances, choices
from .plain_shop import Item, Key, Kind


class MovesTogether(MovesByKey, MovesOfInstances):
    @rule(data=st.data())
    def write_together(self, data):
        self.one_of_group("write together", data)

    def together(self, parts: list[Expected], keys: list[Key], *refusals: str) -> Expected:
        """Return what several writes come to of which each may be refused by itself."""
        after: Table = dict(self.items)
        for one, key in zip(parts, keys, strict=True):
            if one.after is not None:
                after.pop(key, None)
                if key in one.after:
                    after[key] = one.after[key]
        names = frozenset().union(*(one.refusals for one in parts))
        return Expected(after, names | set(refusals) if names else names, in_part=True)

    @sharing(
        "write together",
        several=st.lists(drawn.items(), min_size=1, max_size=3),
        by_writer=st.booleans(),
        deletes=st.booleans(),
    )
    def write_batch(self, several, by_writer, deletes):
        unique = {}
        for kind, values in several:
            unique[kind.key(values)] = (kind, values)
        expected = [self.whole(kind, values) for kind, values in unique.values()]
        if any("ValidationError" in one.refusals for one in expected):
            expected = [Expected(one.after, one.refusals | {"ValidationError"}) for one in expected]
        if by_writer:
            deleted = next(iter(unique.values())) if deletes else None
            if deleted is not None:
                expected[0] = self.deleted(deleted[0], deleted[0].key(deleted[1]))

            def ours() -> None:
                with BatchWriter() as writer:
                    for number, (kind, values) in enumerate(unique.values()):
                        if deletes and not number:
                            writer.delete(self.model(kind), **{name: values[name] for name in kind.parts})
                        else:
                            writer.put(self.model(kind), copy.deepcopy(values))

            self.act("BatchWriter", ours, self.together(expected, list(unique), "BatchError"))
            return
        kind = several[0][0]
        own = [number for number, (one, _) in enumerate(unique.values()) if one is kind]
        expected = [expected[number] for number in own]
        keys = [list(unique)[number] for number in own]
        values = [list(unique.values())[number][1] for number in own]
        self.act(
            "put_batch",
            lambda: self.model(kind).put_batch(*copy.deepcopy(values)),
            self.together(expected, keys, "BatchError"),
        )

    @sharing("write together", several=st.lists(drawn.places, min_size=1, max_size=3))
    def delete_batch(self, several):
        kind = several[0][0]
        unique = {kind.key(parts): parts for other, parts in several if other is kind}
        expected = self.together([self.deleted(kind, key) for key in unique], list(unique), "BatchError")
        self.act("delete_batch", lambda: self.model(kind).delete_batch(*unique.values()), expected)

    @sharing("write an instance", first=choices, second=choices, verb=st.sampled_from(["save", "sync", "delete"]))
    def write_several(self, first, second, verb):
        twins = {twin.key: twin for twin in (self.one_of(first), self.one_of(second))}
        if verb == "save":
            expected = [self.saved(twin) for twin in twins.values()]
        elif verb == "sync":
            expected = [self.synced(twin) for twin in twins.values()]
        else:
            expected = [
                Expected(None, frozenset({"InvalidKey"})) if twin.key_changed else self.deleted(twin.kind, key)
                for key, twin in twins.items()
            ]
        instances = [twin.instance for twin in twins.values()]
        result = self.act(
            f"dynamorm.{verb}", lambda: getattr(dynamorm, verb)(*instances), self.together(expected, list(twins))
        )
        for twin in twins.values():
            if isinstance(result, DynamoException):
                self.twins.remove(twin)  # of which it is not clear how far it came
            elif verb == "save":
                twin.pending = {}
            elif verb == "sync":
                self.is_as_stored(twin)

    # Transactions.

    @sharing("write together", times=3, places=st.lists(drawn.places, min_size=1, max_size=3), data=st.data())
    def transaction(self, places, data):
        unique = {kind.key(parts): (kind, parts) for kind, parts in places}
        tx_moves: list[Any] = []
        expected: list[Expected] = []
        saved = []
        for key, (kind, parts) in unique.items():
            twins = [twin for twin in self.twins if twin.key == key and twin.kind is kind]
            own = ["put", "update by key", "delete by key", "check"]
            verb = data.draw(st.sampled_from(own + (["save", "partial save", "update", "delete"] if twins else [])))
            if verb in ("save", "partial save", "update", "delete"):
                twin = data.draw(st.sampled_from(twins))
                saved.append((verb, twin))
                expected.append(self.recorded(twin, verb, tx_moves, data))
            else:
                expected.append(self.recorded_by_key(kind, parts, verb, tx_moves, data))

        def ours() -> None:
            with Transaction() as tx:
                for move in tx_moves:
                    move(tx)

        together = self.together(expected, list(unique), "TransactionCanceled")._replace(in_part=False)
        if together.refusals:
            together = Expected(None, together.refusals)
        result = self.act("transaction", ours, together)
        for verb, twin in saved:
            if not isinstance(result, DynamoException):
                if verb in ("save", "partial save"):
                    twin.pending = {}
                if verb in ("partial save", "update"):
                    self.twins.remove(twin)  # of which some attributes may count as not loaded

    def recorded(self, twin: Any, verb: str, moves: list[Any], data: Any) -> Expected:
        instance = twin.instance
        if verb == "save":
            moves.append(lambda tx: tx.save(instance))
            return self.saved(twin)
        if verb == "partial save":
            moves.append(lambda tx: tx.save(instance, partial=True))
            return self.partly_saved(twin, retries=False)
        if verb == "update":
            actions = data.draw(drawn.actions_of(twin.kind))
            done, updates = drawn.arguments(actions)
            moves.append(lambda tx: tx.update(instance, *done, **updates))
            return self.changed_instance(twin, actions, retries=False)
        moves.append(lambda tx: tx.delete(instance))
        return Expected(None, frozenset({"InvalidKey"})) if twin.key_changed else self.deleted(twin.kind, twin.key)

    def recorded_by_key(self, kind: Kind, parts: Item, verb: str, moves: list[Any], data: Any) -> Expected:
        model, key = self.model(kind), kind.key(parts)
        if verb == "put":
            values = {**parts, **data.draw(drawn.values_of(kind, is_new=True))}
            moves.append(lambda tx: tx.put(model, copy.deepcopy(values)))
            return self.whole(kind, values)
        if verb == "update by key":
            actions = data.draw(drawn.actions_of(kind))
            known, options = self.said(kind, parts, actions, data.draw(st.sampled_from([None, {"right": True}])), True)
            done, updates = drawn.arguments(actions)
            moves.append(lambda tx: tx.update(model, *done, **options, **parts, **updates))
            return self.updated(kind, parts, actions, known, retries=False)
        if verb == "delete by key":
            moves.append(lambda tx: tx.delete(model, **parts))
            return self.deleted(kind, key)
        moves.append(lambda tx: tx.check(model, **parts))
        is_there = key in self.items and self.items[key]["kind"] == kind.name
        return Expected(self.items, frozenset() if is_there else frozenset({"TransactionCanceled"}))
