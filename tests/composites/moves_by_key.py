"""Moves by key: models write, and so does somebody beside them."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from . import drawn
from .machine import Expected, Known, Shop, refused, sharing
from .plain_shop import UNKNOWN, Item, Kind, basis, clean


class MovesByKey(Shop):
    @rule(data=st.data())
    def write_by_key(self, data):
        self.one_of_group("write by key", data)

    @sharing("write by key", times=2, drawn_item=drawn.items(), as_instance=st.booleans(), unique=st.booleans())
    def put(self, drawn_item, as_instance, unique):
        kind, values = drawn_item
        model = self.model(kind)
        given = model(**copy.deepcopy(values)) if as_instance else copy.deepcopy(values)
        verb = "put_unique" if unique else "put"
        self.act(verb, lambda: getattr(model, verb)(given), self.whole(kind, values, unique=unique))

    @sharing("write by key", drawn_item=drawn.items())
    def create(self, drawn_item):
        kind, values = drawn_item
        expected = self.whole(kind, values, unique=True)
        made = self.act("create", lambda: self.model(kind).create(**copy.deepcopy(values)), expected)
        if isinstance(made, self.model(kind)):
            self.twin(kind, made)

    @sharing("write by key", place=drawn.places, data=st.data())
    def get_or_create(self, place, data):
        kind, parts = place
        values = data.draw(drawn.values_of(kind, is_new=True))
        key = kind.key(parts)
        is_there = key in self.items and self.items[key]["kind"] == kind.name
        expected = Expected(self.items) if is_there else self.whole(kind, {**parts, **values}, unique=True)
        made = self.act(
            "get_or_create", lambda: self.model(kind).get_or_create(defaults=copy.deepcopy(values), **parts), expected
        )
        if isinstance(made, tuple):
            assert made[1] is not is_there
            self.twin(kind, made[0])

    # Updates.

    def key_given(self, kind: Kind, parts: Item, as_stored: bool) -> dict[str, Any]:
        return dict(zip(("pk", "sk"), kind.key(parts), strict=True)) if as_stored else parts

    def said(self, kind: Kind, parts: Item, actions: Any, given: Any, may_create: bool) -> tuple[Known, dict[str, Any]]:
        """Return what is known by what is said of an item, and the keyword that says it."""
        if given is None:
            return Known({}), {}
        if given == {"right": True}:
            _, needed = basis(kind, actions, may_create)
            current = self.items.get(kind.key(parts), {})
            given = {name: current.get(name) for name in needed}
        absent = frozenset(name for name, value in given.items() if value is None)
        return Known(clean(given), may_change=False, absent=absent), {"given": copy.deepcopy(given)}

    @sharing(
        "write by key",
        times=5,
        update=drawn.updates(),
        as_stored=st.booleans(),
        verb=st.sampled_from(["update_item", "update_item", "patch"]),
    )
    def update_item(self, update, as_stored, verb):
        kind, parts, actions, given = update
        is_patch = verb == "patch"
        known, options = self.said(kind, parts, actions, given, not is_patch)
        done, updates = drawn.arguments(actions)
        key = self.key_given(kind, parts, as_stored)
        expected = self.updated(kind, parts, actions, known, must_exist=is_patch, may_create=not is_patch)
        made = self.act(
            f"{verb} with given" if options else verb,
            lambda: getattr(self.model(kind), verb)(*done, **key, **options, **updates),
            expected,
        )
        if isinstance(made, self.model(kind)):
            self.twin(kind, made)

    @sharing("write by key", times=2, update=drawn.updates(), as_stored=st.booleans())
    def upsert(self, update, as_stored):
        kind, parts, actions, given = update
        known, options = self.said(kind, parts, actions, given, True)
        done, updates = drawn.arguments(actions)
        expected = self.updated(kind, parts, actions, known)
        supplied = {action.path[0] for action in actions if len(action.path) == 1 and action.kind != "remove"}
        if not set(kind.required) <= supplied | set(parts):
            expected = refused("DynaModelException", *expected.refusals)
        key = self.key_given(kind, parts, as_stored)
        made = self.act("upsert", lambda: self.model(kind).upsert(*done, **key, **options, **updates), expected)
        if isinstance(made, self.model(kind)):
            self.twin(kind, made)

    @sharing("write by key", place=drawn.places, as_stored=st.booleans())
    def delete_item(self, place, as_stored):
        kind, parts = place
        key = self.key_given(kind, parts, as_stored)
        self.act("delete_item", lambda: self.model(kind).delete_item(**key), self.deleted(kind, kind.key(parts)))

    # What is refused.

    @sharing(
        "write by key",
        place=drawn.places,
        other=st.sampled_from(sorted(drawn.VALUES)),
        verb=st.sampled_from(["update_item", "patch", "upsert", "delete_item", "delete_batch"]),
    )
    def write_to_the_key_of_another_kind(self, place, other, verb):
        kind, parts = place
        key = kind.key(parts)
        if other == kind.name or other in kind.meets:
            return
        raw = {"pk": key[0], "sk": key[1]}
        model = self.models[other]
        if verb.startswith("delete"):
            expected = self.deleted(drawn.KINDS[other], key)
            ours = (lambda: model.delete_batch(raw)) if verb == "delete_batch" else lambda: model.delete_item(**raw)
        else:
            expected = refused("ConditionFailed", "InvalidKey", "DoesNotExist", "DynaModelException")
            ours = lambda: getattr(model, verb)(**raw, memo="from elsewhere")  # noqa: E731
        self.act(f"{verb} of another kind", ours, expected)

    @sharing(
        "write by key",
        place=drawn.places,
        email=st.sampled_from(drawn.EMAILS),
        verb=st.sampled_from(["update_item", "delete_item"]),
    )
    def contradict_the_key(self, place, email, verb):
        kind, parts = place
        if parts["email"] == email:
            return
        raw = self.key_given(kind, parts, True)
        updates = {"memo": "contradicting"} if verb == "update_item" else {}
        self.act(
            f"{verb} with a contradicting key",
            lambda: getattr(self.model(kind), verb)(**raw, email=email, **updates),
            refused("InvalidKey"),
        )

    @sharing("write by key", place=drawn.places)
    def write_an_expression(self, place):
        kind, parts = place
        raw = {"UpdateExpression": "SET memo = :m", "ExpressionAttributeValues": {":m": "raw"}}
        self.act(
            "an UpdateExpression",
            lambda: self.model(kind).update_item(**parts, update_item_kwargs=raw),
            refused("InvalidExpression"),
        )

    # Somebody else writes.

    @sharing(
        "write by key", times=2, place=drawn.places, name=st.sampled_from(["memo", "memo", UNKNOWN]), text=drawn.texts
    )
    def write_beside(self, place, name, text):
        kind, parts = place
        key = kind.key(parts)
        if key not in self.items:
            return
        self.base.Table.table.update_item(
            Key={"pk": key[0], "sk": key[1]},
            UpdateExpression="SET #n = :v",
            ExpressionAttributeNames={"#n": name},
            ExpressionAttributeValues={":v": text},
        )
        self.counts["boto3 beside", "made"] += 1
        self.items = self.with_item(key, {**self.items[key], name: text})
