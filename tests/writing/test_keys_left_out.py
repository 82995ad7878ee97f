"""Keys of an index that a condition leaves out: what an update has to know of an item to say so."""

from __future__ import annotations

import pytest

from dynamorm import Composite, F, GlobalIndex, IncompleteKey, ProjectAll, Q

from ..libraries import integer, text


@pytest.fixture
def order(library, dynamo_tables):
    class Open(GlobalIndex):
        name = "open"
        hash_key = "open_pk"
        range_key = "open_sk"
        projection = ProjectAll()

    fields = {name: integer() for name in ("total", "paid")}
    model = library.model(
        "Order",
        {"name": "orders", "hash_key": "id"},
        {"id": text(required=True), "status": text(), **fields},
        open_pk=Composite("{status}", when=Q(status="open") & ~Q(total__lt=10)),
        open_sk=Composite("{total:06d}"),
        unpaid=Composite("UNPAID", when=Q(total__gt=F("paid"))),
        Open=Open,
    )
    dynamo_tables(model)
    return model


def stored(model):
    return {name: value for name, value in model.Table.get(id="1").items() if name in ("open_pk", "open_sk", "unpaid")}


def test_what_rules_a_key_out_needs_nothing_else_to_be_known(order):
    order.put({"id": "1", "status": "open", "total": 20, "paid": 20})
    assert stored(order) == {"open_pk": "open", "open_sk": "000020"}
    order.patch(id="1", status="sent")
    assert stored(order) == {"open_sk": "000020"}


def test_what_does_not_rule_it_out_still_has_to_be_told_the_rest(order):
    order.put({"id": "1", "status": "sent", "total": 20, "paid": 20})
    with pytest.raises(IncompleteKey, match="total"):
        order.patch(id="1", status="open")
    with pytest.raises(IncompleteKey, match="total"):
        order.patch(id="1", status__if_not_exists="sent")
    order.patch(id="1", status="open", given={"total": 20})
    assert stored(order) == {"open_pk": "open", "open_sk": "000020"}


def test_a_field_that_is_removed_rules_it_out_as_well(order):
    order.put({"id": "1", "status": "open", "total": 20, "paid": 20})
    order.patch(id="1", status=None)
    assert stored(order) == {"open_sk": "000020"}


def test_a_key_follows_a_field_that_its_condition_only_compares_with(order):
    order.put({"id": "1", "status": "open", "total": 20, "paid": 20})
    assert "unpaid" not in stored(order)
    found = order.get(id="1")
    found.update(paid=5)
    assert stored(order)["unpaid"] == "UNPAID"
    with pytest.raises(IncompleteKey, match="total"):
        order.patch(id="1", paid=20)
    found.update(paid=20)
    assert "unpaid" not in stored(order)


def test_an_update_that_rules_it_out_minds_no_change_of_the_rest(order):
    order.put({"id": "1", "status": "open", "total": 20, "paid": 20})
    seen = order.get(id="1")
    order.patch(id="1", total=30, given={"status": "open", "paid": 20})
    seen.update(status="sent")  # which does not depend on the total that it saw
    assert order.Table.get(id="1")["total"] == 30
    assert "open_pk" not in stored(order)
