"""Reads by parts of keys, held against a search of everything."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

import dynamorm.exceptions

from . import drawn
from .machine import Shop, refused, sharing
from .moves_of_instances import MovesOfInstances
from .plain_shop import KINDS, OPEN, Item

ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    "": operator.eq,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


@st.composite
def comparisons(draw: Any, name: str, values: st.SearchStrategy[Any], *, is_text: bool = False) -> Any:
    """Return keyword arguments that compare a field, and whether an item has what they say."""
    operators = ["", "gt", "gte", "lt", "lte", "between", "none"]
    chosen = draw(st.sampled_from([*operators, *(["begins_with"] if is_text else [])]))
    value = draw(values)
    if chosen == "none":
        return {}, lambda item: True
    if chosen == "between":
        low, high = sorted([value, draw(values)])
        return {f"{name}__between": (low, high)}, lambda item: name in item and low <= item[name] <= high
    if chosen == "begins_with":
        return {f"{name}__begins_with": value}, lambda item: item.get(name, "\0").startswith(value)
    keyword = f"{name}__{chosen}" if chosen else name
    return {keyword: value}, lambda item: name in item and ORDERINGS[chosen](item[name], value)


class Looks(MovesOfInstances):
    @rule(data=st.data())
    def look(self, data):
        self.one_of_group("look", data)

    def those(self, kind: str, holds: Callable[[Item], bool]) -> list[Item]:
        return [item for item in self.items.values() if item["kind"] == kind and holds(item)]

    def found(self, look: str, query: Any, wanted: list[Item], order: str) -> None:
        """Hold what a query finds against what it must find, in the order of its key."""
        instances = query.all()
        self.counts[look, "made"] += 1
        texts = [KINDS[item["kind"]].stored(item)[order] for item in wanted]
        assert {(one.pk, one.sk) for one in instances} == {KINDS[item["kind"]].key(item) for item in wanted}
        assert len(instances) == len(wanted)
        assert [getattr(one, order) for one in instances] == sorted(texts, key=str.encode)

    def held(self, instances: Any) -> dict[Any, Any]:
        return {(one.pk, one.sk): one for one in instances}

    @sharing(
        "look",
        status=drawn.states,
        total=comparisons("total", drawn.numbers.filter(lambda number: number >= 0)),
        memo=comparisons("memo", drawn.texts, is_text=True),
        by_find=st.booleans(),
    )
    def orders_by_status(self, status, total, memo, by_find):
        keywords = {"status": status, **total[0], **memo[0]}
        order = self.models["order"]
        query = order.find(**keywords) if by_find else order.ByStatus.query(**keywords)
        if status not in OPEN:
            try:
                query.all()
            except dynamorm.exceptions.InvalidKey:
                self.counts["query against when", "InvalidKey"] += 1
                return
            raise AssertionError("the index has no such orders")
        wanted = self.those(
            "order", lambda item: item.get("status") == status and "total" in item and total[1](item) and memo[1](item)
        )
        self.found("find" if by_find else "query of orders by status", query, wanted, "gsi1sk")

    @sharing(
        "look",
        email=st.sampled_from(drawn.EMAILS),
        placed=comparisons("placed", st.sampled_from(drawn.DAYS)),
        id=comparisons("id", drawn.texts, is_text=True),
        total=comparisons("total", drawn.numbers),
        is_reversed=st.booleans(),
    )
    def orders_by_time(self, email, placed, id, total, is_reversed):
        query = self.models["order"].query(email=email, **placed[0], **id[0], **total[0])
        wanted = self.those(
            "order", lambda item: item["email"] == email and placed[1](item) and id[1](item) and total[1](item)
        )
        if is_reversed:
            assert query.reverse().count() == len(wanted)
        self.found("query of orders by time", query, wanted, "sk")

    @sharing(
        "look",
        city=drawn.texts,
        name=comparisons("name", drawn.texts, is_text=True),
        visits=comparisons("visits", drawn.numbers),
    )
    def customers_by_city(self, city, name, visits):
        query = self.models["Customer"].ByCity.query(city=city, **name[0], **visits[0])
        if name[0] == {"name": ""}:
            self.act("query by an empty key", query.all, refused("ValidationError"))
            return
        wanted = self.those(
            "Customer", lambda item: item.get("city") == city and item.get("name") and name[1](item) and visits[1](item)
        )
        self.found("query of customers by city", query, wanted, "gsi1sk")

    @sharing("look", visits=drawn.numbers, hydrated=st.booleans())
    def customers_by_visits(self, visits, hydrated):
        query = self.models["Customer"].ByVisits.query(visits=visits)
        wanted = self.those("Customer", lambda item: item.get("visits") == visits and {"alias", "city"} <= item.keys())
        if hydrated:
            found = {one.email: one for one in query.hydrate()}
            assert found.keys() == {item["email"] for item in wanted}
            for item in wanted:
                self.is_whole(found[item["email"]], item)
            return
        self.found("query of an index of keys", query, wanted, "gsi2sk")

    def is_whole(self, instance: Any, item: Item) -> None:
        twin = self.twin(KINDS[item["kind"]], instance)
        assert twin.held == self.known_fields(item)

    @sharing("look", note=drawn.texts, status=comparisons("status", drawn.states, is_text=True))
    def orders_by_note(self, note, status):
        query = self.models["order"].ByNote.query(note=note, placed=drawn.DAYS[1], **status[0])
        try:
            query.explain()
        except dynamorm.exceptions.NotProjected:
            # a month does not say which moment it is, nor a text whether a status is as long as another
            self.counts["query of orders by note", "NotProjected"] += 1
            return
        wanted = self.those(
            "order", lambda item: item.get("note") == note and item["placed"] == drawn.DAYS[1] and status[1](item)
        )
        wanted = [item for item in wanted if "status" in item]
        self.found("query of orders by note", query, wanted, "gsi2sk")

    @sharing("look", sku=drawn.texts, spare=drawn.texts, qty=comparisons("qty", st.sampled_from([0, 3, 7, 100])))
    def lines_by_sku(self, sku, spare, qty):
        query = self.models["Line"].BySku.query(sku=sku, spare=spare, **qty[0])
        wanted = self.those(
            "Line",
            lambda item: (
                (item["sku"], item.get("spare")) == (sku, spare)
                and "hidden" not in item.get("meta", {})
                and "qty" in item
                and qty[1](item)
            ),
        )
        try:
            self.found("query of lines by sku", query, wanted, "gsi2sk")
        except dynamorm.exceptions.NotProjected:
            self.counts["query of lines by sku", "NotProjected"] += 1

    @sharing(
        "look",
        email=st.sampled_from(drawn.EMAILS),
        label=comparisons("label", st.sampled_from(["", "a", "a.b", "a/b"]), is_text=True),
        no=comparisons("no", st.sampled_from([0, 1, 12])),
    )
    def lines_of_a_customer(self, email, label, no):
        query = self.models["Line"].query(email=email, **label[0], **no[0])
        wanted = self.those("Line", lambda item: item["email"] == email and label[1](item) and no[1](item))
        self.found("query of lines", query, wanted, "sk")

    @sharing("look", email=st.sampled_from(drawn.EMAILS), by_scan=st.booleans())
    def everything_of_a_customer(self, email, by_scan):
        found = (self.base.scan() if by_scan else self.base.query(email=email)).all()
        wanted = [item for item in self.items.values() if by_scan or item["email"] == email]
        self.counts["read of all kinds", "made"] += 1
        assert len(found) == len(wanted)
        for instance in found:
            item = self.items[instance.pk, instance.sk]
            assert type(instance) is self.models[item["kind"]]
            self.is_whole(instance, item)
        for item in wanted:
            key = KINDS[item["kind"]].key(item)
            assert type(self.base.get(pk=key[0], sk=key[1], consistent=True)) is self.models[item["kind"]]


assert issubclass(Looks, Shop)
