"""Writes to all that a query matches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from . import drawn
from .looks import Looks, comparisons
from .machine import Expected, Table, sharing
from .plain_shop import KINDS, Action, Item, Unfit, changed

safe = st.sampled_from([0, 3, 7, 100])


class MovesOfQueries(Looks):
    def matched(self, kind: str, holds: Callable[[Item], bool], change: Callable[[Item], Item | None]) -> Expected:
        """Return what it comes to if each item that matches is changed."""
        after: Table = dict(self.items)
        for item in self.those(kind, holds):
            key = KINDS[kind].key(item)
            now = change(item)
            if now is None:
                del after[key]
            else:
                try:
                    KINDS[kind].stored(now)
                except Unfit:
                    return Expected(after, frozenset({"ValidationError"}), in_part=True)
                after[key] = now
        return Expected(after)

    def write(self, move: str, ours: Callable[[], Any], expected: Expected, wanted: int) -> None:
        result = self.act(move, ours, expected)
        if isinstance(result, int):
            assert result == wanted

    @sharing(
        "write together",
        email=st.sampled_from(drawn.EMAILS),
        total=comparisons("total", drawn.numbers),
        actions=drawn.actions_of(KINDS["order"]),
        concurrency=st.integers(1, 2),
    )
    def update_orders_of_a_customer(self, email, total, actions, concurrency):
        def holds(item: Item) -> bool:
            return item["email"] == email and total[1](item)

        actions = [action for action in actions if action.kind != "set" or isinstance(action.value, (str, int))]
        if not actions:
            return
        done, updates = drawn.arguments(actions)
        query = self.models["order"].query(email=email, **total[0])
        expected = self.matched("order", holds, lambda item: changed(item, actions))
        if "ValidationError" in expected.refusals:
            return  # how far it comes depends on the order of the items
        self.write(
            "query().update() of the table",
            lambda: query.update(*done, concurrency=concurrency, **updates),
            expected,
            len(self.those("order", holds)),
        )

    @sharing(
        "write together",
        status=st.sampled_from(["open", "late"]),
        total=comparisons("total", safe),
        to=drawn.states,
        more=safe,
    )
    def update_orders_by_status(self, status, total, to, more):
        def holds(item: Item) -> bool:
            return item.get("status") == status and "total" in item and total[1](item)

        actions = [Action("set", ("status",), to), Action("plus", ("total",), more)]
        self.write(
            "query().update() of an index",
            lambda: self.models["order"].ByStatus.query(status=status, **total[0]).update(status=to, total__plus=more),
            self.matched("order", holds, lambda item: changed(item, actions)),
            len(self.those("order", holds)),
        )

    @sharing("write together", visits=drawn.numbers, city=drawn.texts)
    def update_customers_by_visits(self, visits, city):
        query = self.models["Customer"].ByVisits.query(visits=visits)
        self.act(
            "query().update() of an index of keys",
            lambda: query.update(city=city),
            Expected(None, frozenset({"NotProjected"})),
        )
        holds = lambda item: item.get("visits") == visits and {"alias", "city"} <= item.keys()  # noqa: E731
        self.write(
            "query().update() of an index of keys",
            lambda: query.update(memo=city),
            self.matched("Customer", holds, lambda item: {**item, "memo": city}),
            len(self.those("Customer", holds)),
        )

    @sharing(
        "write together",
        email=st.sampled_from(drawn.EMAILS),
        id=comparisons("id", drawn.texts, is_text=True),
        index=st.booleans(),
    )
    def delete_orders(self, email, id, index):
        def is_late(item: Item) -> bool:
            return item.get("status") == "late" and "total" in item

        def holds(item: Item) -> bool:
            return item["email"] == email and id[1](item) and (is_late(item) or not index)

        keywords = {"email": email, **id[0]}
        order = self.models["order"]
        query = order.ByStatus.query(status="late", **keywords) if index else order.query(**keywords)
        self.write(
            "query().delete()",
            query.delete,
            self.matched("order", holds, lambda item: None),
            len(self.those("order", holds)),
        )
