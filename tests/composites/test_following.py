"""What has to be known so that keys follow an update."""

from __future__ import annotations

import pytest

from dynamorm import F, IncompleteKey, InvalidKey

from .drawn import DAYS

ORDER = {"email": "a", "placed": DAYS[0], "id": "1"}


def test_what_is_copied_over_need_not_be_known(shop):
    shop.order.put({**ORDER, "note": "old", "memo": "new"})
    shop.order.update_item(**ORDER, note=F("memo"), given={"memo": "new"})
    assert shop.order.get(**ORDER).note == "new"
    assert [one.id for one in shop.order.ByNote.query(gsi2pk="NOTE#new")] == []  # which has no status
    with pytest.raises(IncompleteKey, match="memo"):
        shop.order.update_item(**ORDER, note=F("memo"))


def test_find_says_which_fields_lead_to_an_index(shop):
    with pytest.raises(InvalidKey, match="one of email, status, note"):
        shop.order.find(status="done").all()
