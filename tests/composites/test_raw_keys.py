"""Keys that are given as they are stored."""

from __future__ import annotations

import pytest

from dynamorm import InvalidKey

from .drawn import DAYS

ORDER = {"pk": "CUSTOMER#a", "sk": "ORDER#2024-01-02T03:04:05#1"}


@pytest.mark.parametrize("verb", ["update_item", "upsert", "patch"])
@pytest.mark.parametrize("part", [{"email": "b"}, {"id": "2"}, {"placed": DAYS[1]}])
def test_a_part_beside_a_key_that_says_otherwise_is_refused(shop, sent, verb, part):
    with pytest.raises(InvalidKey, match="contradicts"):
        getattr(shop.order, verb)(**ORDER, **part, memo="x")
    with pytest.raises(InvalidKey, match="contradicts"):
        shop.order.get(**ORDER, **part)
    assert sent == []


def test_a_part_beside_a_key_that_says_the_same_does_no_harm(shop):
    shop.order.update_item(**ORDER, email="a", id="1", placed=DAYS[0], memo="x")
    assert shop.order.get(**ORDER, email="a").memo == "x"


@pytest.mark.parametrize("verb", ["update_item", "upsert"])
def test_no_item_is_made_under_a_key_of_another_form(shop, sent, verb):
    with pytest.raises(InvalidKey, match="no key of Customer"):
        getattr(shop.customer, verb)(**ORDER, memo="x")
    assert sent == []
    assert shop.base.scan().all() == []
