"""Reads by every program, held against everything that there is, and writes to all that a query matches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from ..composites.machine import Known, sharing
from ..composites.plain_shop import clean
from . import drawn
from .machine import Expected, Program, Wanted
from .moves_by_key import choices
from .moves_together import MovesTogether
from .plain_accounts import CURRENT, Record, key_of


class Looks(MovesTogether):
    @rule(data=st.data())
    def look(self, data):
        self.one_of_group("look", data)

    def those(self, holds: Callable[[Record], bool]) -> list[Record]:
        """Return what is shown, in the order of the table, of what is stored in some way."""
        found = sorted(self.records.items())
        return [record for key, record in found if self.live(key) is not None and holds(record)]

    def found(self, look: str, program: Program, instances: list[Any], wanted: list[Record]) -> None:
        self.counts[look, "made"] += 1
        held = [self.twin(program, one).held for one in instances]
        by_key = sorted(held, key=key_of)
        assert by_key == [self.known_fields(program, record.shown) for record in wanted]
        assert not any(one.is_dirty for one in instances)

    @sharing("look", choice=choices, several=st.lists(drawn.places, max_size=4, unique_by=key_of))
    def get_batch(self, choice, several):
        program = self.program(choice)
        keys = {key_of(parts) for parts in several}
        found = list(program.model.get_batch(several, consistent=True))
        self.found("get_batch", program, found, self.those(lambda record: key_of(record.item) in keys))
        in_order = program.model.get_batch(several, consistent=True, ordered=True)
        assert [one is not None for one in in_order] == [self.live(key_of(parts)) is not None for parts in several]

    @sharing("look", choice=choices, memo=st.one_of(st.none(), drawn.texts))
    def scan(self, choice, memo):
        program = self.program(choice)
        query = program.model.scan().consistent()
        query = query if memo is None else query.filter(memo=memo)
        self.found("scan", program, query.all(), self.those(lambda record: memo in (None, record.item.get("memo"))))

    @sharing("look", choice=choices, home=st.sampled_from(["a", "b"]), points=st.one_of(st.none(), drawn.numbers))
    def query(self, choice, home, points):
        """Filters see what is stored."""
        program = self.program(choice)
        query = program.model.query(home=home).consistent()
        query = query if points is None else query.filter(points=points)
        wanted = self.those(lambda one: one.item["home"] == home and points in (None, one.item.get("points")))
        self.found("query", program, query.all(), wanted)

    @sharing("look", choice=choices, last=drawn.names, first=st.one_of(st.none(), drawn.names))
    def by_name(self, choice, last, first):
        program = self.program(choice)
        query = program.model.ByName.query(last=last, **({} if first is None else {"first": first}))
        begin = "" if first is None else f"{first}#"
        wanted = self.those(
            lambda one: (
                one.keys.get("gsi1pk") == f"NAME#{last}"
                and one.keys.get("gsi1sk", "-").startswith(begin)
                and "gsi1sk" in one.keys
            )
        )
        self.found("query of an index", program, query.all(), wanted)

    @sharing("look", choice=choices, place=drawn.places, data=st.data())
    def get_a_part(self, choice, place, data):
        """Load a part of an item in the current form: others are read by whole."""
        program, record = self.program(choice), self.live(key_of(place))
        if record is None or record.version != CURRENT:
            return
        names = data.draw(st.lists(st.sampled_from(sorted(drawn.VALUES)), min_size=1, max_size=3, unique=True))
        found = program.model.get(consistent=True, attrs=names, **place)
        held = self.twin(program, found, is_partial=True).held
        wanted = {*place, "until", *names}
        assert held == {name: one for name, one in self.known_fields(program, record.shown).items() if name in wanted}

    # Writes to what matches.

    def matched(self, holds: Callable[[Record], bool], want: Callable[[Record], Wanted]) -> tuple[Expected, int]:
        """Return what it comes to if each item that matches is changed, and how many these are."""
        matching = self.those(holds)
        expected = self.one_after_the_other([lambda one=one: self.carried_out(want(one)) for one in matching])
        return expected, len(matching)

    def write(self, move: str, ours: Callable[[], Any], expected: Expected, count: int) -> None:
        result = self.act(move, ours, lambda: expected, writes=0)
        assert result == count

    @sharing(
        "write together",
        choice=choices,
        home=st.sampled_from(["a", "b"]),
        memo=st.one_of(st.none(), st.none(), drawn.texts),
        actions=drawn.actions(),
        concurrency=st.integers(1, 2),
    )
    def update_matching(self, choice, home, memo, actions, concurrency):
        program, actions = self.program(choice), self.timed_actions(actions)
        done, updates = drawn.arguments(actions)

        def want(record: Record) -> Wanted:
            item = record.shown
            parts = {name: item[name] for name in ("home", "id")}
            return self.updated(program, parts, actions, Known(clean(item), is_whole=True), may_create=False)

        def holds(one: Record) -> bool:
            return one.item["home"] == home and memo in (None, one.item.get("memo"))

        expected, count = self.matched(holds, want)
        if expected.refusals:
            return  # how far it comes depends on the order of the items
        if len(self.those(holds)) < sum(map(holds, self.records.values())) and any(one.value == -1 for one in actions):
            return  # what is expired may be looked at, and refused
        query = program.model.query(home=home)
        query = query if memo is None else query.filter(memo=memo)
        self.write("query().update()", lambda: query.update(*done, concurrency=concurrency, **updates), expected, count)

    @sharing("write together", choice=choices, last=drawn.names, to=drawn.names, more=st.sampled_from([0, 7]))
    def update_by_name(self, choice, last, to, more):
        program = self.program(choice)
        actions = [drawn.Action("set", ("last",), to), drawn.Action("plus", ("points",), more)]

        def want(record: Record) -> Wanted:
            item = record.shown
            parts = {name: item[name] for name in ("home", "id")}
            return self.updated(program, parts, actions, Known(clean(item), is_whole=True), may_create=False)

        def holds(one: Record) -> bool:
            return one.keys.get("gsi1pk") == f"NAME#{last}" and "gsi1sk" in one.keys

        expected, count = self.matched(holds, want)
        if expected.refusals:
            return
        self.write(
            "query().update() of an index",
            lambda: program.model.ByName.query(last=last).update(last=to, points__plus=more),
            expected,
            count,
        )

    @sharing(
        "write together",
        choice=choices,
        home=st.sampled_from(["a", "b"]),
        memo=drawn.texts,
        rechecks=st.booleans(),
    )
    def delete_matching(self, choice, home, memo, rechecks):
        program = self.program(choice)

        def holds(one: Record) -> bool:
            return one.item["home"] == home and one.item.get("memo") == memo

        if not rechecks and len(self.those(holds)) < sum(map(holds, self.records.values())):
            return  # what is expired may be deleted, and may be counted
        expected, count = self.matched(holds, lambda record: self.deleted(program, key_of(record.item)))
        query = program.model.query(home=home).filter(memo=memo)
        self.write("query().delete()", lambda: query.delete(recheck=rechecks), expected, count)
